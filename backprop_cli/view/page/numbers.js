// Numbers: both passes, and the story of them as `explain` tells it.
// -- Both passes over a graph, from the values of its variables
const passes = (graph, given, asked = G[graph].w, twins = {}) => {
  const { i: inputs, e: first, s: sort, c: choice, x, y: handsOn, b: conditions } = G[graph];
  const v = [], l = [], c = [], u = [], w = [], a = [], k = [], z = [], calls = {}, lost = {}, bad = {}, small = new Set();
  const wanted = inputs.reduce((known, all, n) => [...known, asked[n] || (!(n in conditions) && all.some(m => known[m]))], []);
  // The node that a node is: what a module hands on as it is, is no other; and it may be handed one node twice.
  const itself = n => n in handsOn ? itself(inputs[n][handsOn[n]]) : twins[n] ?? n;
  x.forEach((n, j) => { v[n] = given[j]; });
  // The value of a gate: none where an input that it needs has none, or it is not finite; `lost` tells through which gate.
  const checked = (n, value) => {
    const needed = n in choice ? [v[inputs[n][choice[n][0]]] ? 1 : 2, 0].map(place => inputs[n][choice[n][place]]).reverse() : inputs[n];
    const without = needed.find(m => m !== undefined && v[m] === undefined);
    if (without !== undefined) { lost[n] = lost[without]; return undefined; }
    if (value === undefined || (typeof value === "number" && !Number.isFinite(value))) { lost[n] = n; bad[n] = value; return undefined; }
    return value;
  };
  P[graph](v, l, k, checked, (callee, values, L, edge) => {
    const n = first.lastIndexOf(edge), asked = [], twins = {}, { x } = G[callee];
    x.forEach((m, j) => { asked[m] = wanted[inputs[n][j]]; twins[m] = x[inputs[n].findIndex(i => itself(i) === itself(inputs[n][j]))]; });
    const r = calls[n] = passes(callee, values, asked, twins);
    x.forEach((m, j) => { L[edge + j] = r.u[m]; });
    return r.v.at(-1);
  }, (e, isZero) => { if (Math.abs(l[e]) < 2 ** -960 && !(l[e] === 0 && isZero)) small.add(e); });
  const last = inputs.length - 1;
  if (wanted[last]) u[last] = w[last] = 1;
  for (let n = last; n >= 0; n--) {
    if (!inputs[n].length) continue;
    if (sort[n] === SELECTS_MANY) shares(inputs[n].map(itself), inputs[n].map(m => v[m] === v[n])).forEach((share, s) => { l[first[n] + s] = share; });
    inputs[n].forEach((m, s) => {
      const e = first[n] + s;
      if (!wanted[n] || !wanted[m]) { l[e] = c[e] = undefined; return; }
      a[e] = !!w[n] && v[n] !== undefined && (calls[n] ? !!calls[n].w[G[calls[n].graph].x[s]] : !((sort[n] === SELECTS_MANY || sort[n] === SELECTS) && l[e] === 0));
      if (v[n] === undefined || (!a[e] && !Number.isFinite(l[e]))) l[e] = undefined;
      c[e] = a[e] ? u[n] * l[e] : 0;
      if (a[e] && u[n] && !sort[n] && (small.has(e) || (l[e] && !c[e]))) z.push([n, m]);
      if (a[e]) { u[m] = w[m] ? u[m] + c[e] : c[e]; w[m] = 1; }
    });
  }
  inputs.forEach((_, n) => { u[n] = wanted[n] ? u[n] || 0 : undefined; });
  return { graph, v, l, c, u, w, a, k, z, lost, bad, calls, wanted, itself };
};
// Of a gate that selects: 1 for what is the output; a node that competes with itself wins by its first slot.
const shares = (nodes, isOutput) => {
  const alone = nodes.map((m, s) => isOutput[s] && nodes.indexOf(m) === s ? 1 : 0), ties = alone.filter(Boolean).length;
  if (D.ties === "split") return alone.map(each => each / ties);
  return D.ties === "first" ? alone.map((each, s) => each && alone.indexOf(1) === s ? 1 : 0) : alone;
};

const UP = "⁰¹²³⁴⁵⁶⁷⁸⁹";
// A formula with numbers put in. A hole says where a number stands in brackets: if negative, if it has an exponent; and s
// for an exponent, which is set high if it is a whole number. A bracket alone is there if the number is negative.
const putIn = (template, values) => {
  let text = "", r = false;
  template.split(/(\{\d+[nes()]*\})/).forEach((piece, i) => {
    if (i % 2 === 0) { text += piece; return; }
    const [, slot, flags] = piece.match(/(\d+)(.*)\}/), x = values[slot], one = x === undefined ? "–" : shown(x, D.digits);
    if (/[()]/.test(flags)) { text += one.startsWith("-") ? flags : ""; return; }
    r = r || isRounded(x, D.digits);
    if (flags.includes("s") && /^-?\d+$/.test(one)) {
      text = text.replace(/\^$/, "") + one.replace(/./g, d => d === "-" ? "⁻" : UP[d]);
    } else {
      const set = minus(one), inBrackets = (set.startsWith("−") && flags.includes("n")) || (/e/.test(one) && typeof x === "number" && flags.includes("e"));
      text += inBrackets ? `(${set})` : set;
    }
  });
  return code(text, r);
};
// -- The story, as `explain` tells it; what `t` holds is what the passes left
const applied = (t, n) => putIn(kindOf(n).over, INPUTS[n].map(m => t.v[m]));
const computed = (t, n) => {
  const node = N[n], value = number(t.v[n]), operation = code(node.f);
  if (!isGate(n)) return equation(operation, value);
  if (t.v[n] === undefined) return say("no value", operation);
  const op = kindOf(n);
  if (op.truth) return say(t.v[n] ? "holds" : "fails", operation, applied(t, n));
  if (n in CHOICE) return equation(operation, ...[taken(t, n)].filter(m => m !== undefined).map(m => code(name(m))), value);
  return equation(operation, applied(t, n), value);
};
const taken = (t, n) => {
  const [condition, yes, no] = CHOICE[n], slot = t.v[INPUTS[n][condition]] ? yes : no;
  return slot === null ? undefined : INPUTS[n][slot];
};
const byConvention = (t, each) => each.z && INPUTS[each.n].some(m => t.v[m] === 0);
const tiesOf = (t, n) => {
  const { s: sort, i: { [n]: inputs } } = G[t.graph], nodes = inputs.map(t.itself);
  return sort[n] === SELECTS_MANY && t.wanted[n] ? inputs.filter((m, s) => t.v[m] === t.v[n] && nodes.indexOf(nodes[s]) === s) : [];
};
const rule = (t, each) => {
  if (tiesOf(t, each.n).length > 1) return [];
  if (each.q) return [code(`(${each.r})`)];
  return byConvention(t, each) || !each.p ? [code(each.r)] : [code(each.r), putIn(each.p, t.v)];
};
const product = (t, each) => [putIn("{0} · {1n}", [t.u[each.n], t.l[each.e]]), number(t.c[each.e])];
const isStopped = (t, n) => t.u[n] === 0 && flowing(t, n).every(each => t.c[each.e] === 0);
const through = (t, step) => {
  const n = step.n, says = [say("upstream", code(N[n].f), equation(code(gradient(n)), number(t.u[n])))];
  let flow = flowing(t, n);
  if (isStopped(t, n)) {
    const none = flow.filter(each => !step.turns[each.s]).map(each => equation(code(gradient(each.m)), code("0")));
    return [...says, say("stopped"), ...none];
  }
  if (flow.length > LISTED) flow = flow.filter(each => t.c[each.e] !== 0);
  return [...says, ...does(t, n), ...flow.flatMap(each => step.turns[each.s] ? share(t, each, step.turns[each.s]) : told(t, each))];
};
const told = (t, each) => {
  const own = code(gradient(each.m, each.n));
  if (t.l[each.e] === undefined) return [say("not needed", own), equation(code(gradient(each.m)), code("0"))];
  const says = [equation(own, ...rule(t, each), number(t.l[each.e]))];
  if (each.n !== out) says.push(equation(code(gradient(each.m)), code(`${gradient(each.n)} · ${own.c}`), ...product(t, each)));
  return says;
};
const inProduct = ({ c }) => c.startsWith("−") || (c.includes(" ") && !c.startsWith("(")) ? `(${c})` : c;
const share = (t, each, turn) => {
  const says = [], isNamed = each.n !== out && INPUTS[each.n].filter(m => m === each.m).length === 1;
  let factor = code(gradient(each.m, each.n)), chained;
  if (t.l[each.e] === undefined) chained = say("not selected");
  else {
    if (isNamed) says.push(equation(factor, ...rule(t, each), number(t.l[each.e])));
    else factor = rule(t, each)[0] || number(t.l[each.e]);
    chained = equation(code(`${gradient(each.n)} · ${inProduct(factor)}`), ...product(t, each));
  }
  return [...says, say("share", String(turn), String(uses[each.m]), code(name(each.m)), chained)];
};
const summed = (t, step) => {
  const parts = step.e.map(e => t.c[e]), few = parts.length > LISTED ? [...parts.slice(0, LISTED / 2), null, ...parts.slice(-LISTED / 2)] : parts;
  const terms = few.map((x, i) => { const one = x === null ? "…" : number(x).c; return i && one.startsWith("−") ? `(${one})` : one; });
  const sum = code(terms.join(" + "), parts.some(x => isRounded(x, D.digits)));
  return [say("sum", code(name(step.n)), String(parts.length), code(gradient(step.n))), equation(code(gradient(step.n)), sum, number(t.u[step.n]))];
};
const does = (t, n) => {
  const op = kindOf(n), says = [], known = S.slice(0, S.findIndex(step => step.k === "g" && step.n === n)).some(step => step.k === "g" && N[step.n].t === N[n].t && !isStopped(t, step.n));
  if (!op.module) {
    const here = meaning(t, n), rules = known && here.length ? "" : op.does;
    const key = [op.role && "role", rules && "does", here.length && "here"].filter(Boolean).join(" ");
    if (key && key !== "role") says.push(say(key, op.name, ...(op.role ? [T[op.role]] : []), ...(rules ? [rules] : []), here));
  } else if (!known) says.push(say("module", code(op.name)));
  says.push(...notices(t, n).map(([, said]) => said));
  if (op.note && flowing(t, n).some(each => byConvention(t, each))) says.push(say("at 0", op.note));
  const still = { constant: [], condition: [], fixed: [] }, plural = { constant: "constants", condition: "conditions", fixed: "fixed" };
  edges(n).filter(each => t.c[each.e] === undefined).forEach(({ m }) => still[N[m].d !== undefined ? "constant" : isGate(m) && kindOf(m).truth ? "condition" : "fixed"].push(name(m)));
  for (const key in still) if (still[key].length) says.push(say(new Set(still[key]).size === 1 ? `one ${key}` : plural[key], listed(still[key])));
  return says;
};
// What a gate does with its upstream here: who gets how much of it.
const meaning = (t, n) => {
  const op = kindOf(n), flow = flowing(t, n), inputs = INPUTS[n];
  if (op.role === "distributes") {
    const names = flow.map(each => name(each.m)), count = new Set(names).size;
    return say((count === 1 ? "one gets" : "each gets") + (count < names.length ? " on edges" : ""), listed(names), about(t.u[n]));
  }
  if (op.role === "switches") {
    if (inputs.length !== 2) return [];
    if (inputs[0] === inputs[1]) return say("twins", code(name(inputs[0])));
    const names = flow.flatMap(each => [code(name(each.m)), code(name(inputs[1 - each.s]))]);
    return say(flow.length > 1 ? "switched both" : "switched", ...names);
  }
  if (op.role === "routes") return routes(t, n, op, flow);
  if (flow.length > LISTED || flow.some(each => byConvention(t, each))) return [];
  const parts = flow.map((each, i) => say(`${i ? "then" : "gets"} ${each.h || "times"}`, code(name(each.m)), code(each.y || each.r)));
  return parts.length ? say("stop", chain(parts, "and then")) : [];
};
const all = (m, others) => others.length ? say("all to, none to", code(name(m)), listed(others)) : say("all to", code(name(m)));
const routes = (t, n, op, flow) => {
  const inputs = INPUTS[n];
  if (n in CHOICE) {
    const condition = inputs[CHOICE[n][0]], m = taken(t, n);
    if (m === undefined || !isGate(condition)) return [];
    const others = flow.filter(each => !t.a[each.e]).map(each => name(each.m));
    const follows = others.length === flow.length ? say("taken, none to", code(name(m)), listed(others)) : all(m, others);
    return say(t.v[condition] ? "holds, so" : "fails, so", code(N[condition].f), applied(t, condition), follows);
  }
  if (inputs.length === 1) {
    const [each] = flow, none = t.l[each.e] === 0, follows = say(none ? "nothing to" : "all to", code(name(each.m)));
    return each.q ? say(none ? "false, so" : "true, so", code(each.q), follows) : follows;
  }
  const got = {};
  flow.forEach(each => { got[each.s] = t.l[each.e]; });
  const selected = inputs.map((m, s) => s).filter(s => got[s] === undefined ? t.v[inputs[s]] === t.v[n] : got[s] !== 0);
  if (selected.length !== 1) return [];
  const m = inputs[selected[0]], others = inputs.filter((each, s) => s in got && each !== m).map(name);
  if (new Set(inputs).size === 1) return say("itself", code(name(m)));
  const rest = inputs.filter(each => each !== m).map(each => t.v[each]), end = rest.length === 1 ? "er" : "est";
  const rank = rest.every(x => t.v[m] > x) ? `larg${end}, so` : rest.every(x => t.v[m] < x) ? `small${end}, so` : "selected, so";
  return say(rank, code(name(m)), selected[0] in got ? all(m, others) : say("none to", listed(others)));
};
// A node by its name, and a gate by what it is, here or inside a module.
const named = (t, n) => t.graph ? G[t.graph].n[n] : name(n), titled = (t, n) => t.graph ? G[t.graph].f[n] : N[n].f;
const place = (t, n) => [...new Set(G[t.graph].i[n])].filter(m => t.v[m] !== undefined && isNaN(named(t, m))).map(m => `${named(t, m)} ${isRounded(t.v[m], 6) ? "≈" : "="} ${shown(t.v[m], 6)}`).slice(0, 8).join(", ");
// What is only a convention, each with its kind: a tie, a kink, a border; inside a module the outermost call is told, and the last.
const notices = (t, n) => {
  const { i: { [n]: inputs }, e: first, c: choice } = G[t.graph], found = [], ties = tiesOf(t, n), op = code(titled(t, n));
  const border = t.w[n] && n in choice && borderOf(t, inputs[choice[n][0]]);
  if (border) found.push(["border", say("border", op, code(titled(t, border).split(" = ").slice(1).join(" = ")))]);
  if (t.w[n] && t.k.includes(n)) found.push(["kink", say("kink", op, place(t, n), shown(t.l[first[n] + inputs.findIndex(m => t.wanted[m])], 6))]);
  if (ties.length > 1) found.push(["tie", say(`tie ${D.ties}`, op, ties.map(m => named(t, m)).join(", "), String(ties.length))]);
  const small = t.z.find(each => each[0] === n), inner = t.calls[n];
  if (small) found.push(["digits", say("page digits", op, code(partial(named(t, n), named(t, small[1]))))]);
  if (inner) for (let m = G[inner.graph].i.length - 1; m >= 0; m--) {
    found.push(...notices(inner, m).filter(([kind]) => t.w[n] || kind === "tie").map(([kind, said]) => [kind, say("in call", op, said)]));
  }
  return found;
};
// The condition that is at a border beneath a node, none for a node that is not.
const borderOf = (t, n) => {
  const { b: conditions, i: { [n]: inputs } } = G[t.graph], joins = conditions[n];
  if (joins === undefined || t.v[n] === undefined) return 0;
  if (t.calls[n]) return borderOf(t.calls[n], G[t.calls[n].graph].i.length - 1) ? n : 0;
  if (!joins) return t.itself(inputs[0]) !== t.itself(inputs[1]) && inputs.some(m => t.wanted[m]) && t.v[inputs[0]] === t.v[inputs[1]] ? n : 0;
  const found = inputs.map(m => borderOf(t, m));
  return found.some((at, s) => !at && t.v[inputs[s]] === (joins === "or")) ? 0 : found.find(Boolean) || 0;
};
const below = n => { const seen = new Set([n]); INPUTS.forEach((inputs, m) => { if (inputs.some(i => seen.has(i))) seen.add(m); }); return seen; };
const tells = (t, n, decided) => {
  const slope = t.u[n], f = code(name(out)), h = D.h, size = minus(multiple(Math.abs(slope))), over = decided.length ? below(n) : new Set();
  const isBorder = decided.some(([, kind]) => kind === "border");
  const key = decided.some(([m]) => over.has(m)) ? isBorder ? "if, at a border" : "if, by convention" : "if";
  const arrow = slope === 0 ? f.c : `${f.c} ${slope < 0 ? "−" : "+"} ${size}`;
  const how = slope > 0 ? "increases" : "decreases";
  const follows = slope === 0 ? say(felt(t).has(n) ? "does not change at first" : "does not change", f) : size === h ? say(`${how} as much`, f) : say(how, f, code(size));
  return [equation(code(gradient(n)), number(slope)), [code(`${name(n)} + ${h} → ${arrow}`)], say(key, code(name(n)), code(h), follows)];
};
const multiple = x => { const size = shown(x, D.digits); return size === "1" ? D.h : /^[\d.]+$/.test(size) ? size + D.h : `${size}·${D.h}`; };
const felt = t => {
  const seen = new Set([out]);
  for (let n = out; n >= 0; n--) if (seen.has(n)) edges(n).forEach(each => { if (t.a[each.e] && t.l[each.e] !== undefined && each.r !== "0") seen.add(each.m); });
  return seen;
};
const DIVIDES = { pow: 0, div: 1 };
// What has no value, or no gradient, as a sentence; nothing where all is well. Of a module it is told what it is inside.
const fault = t => {
  const { i: inputs, e: first, c: choice, o: names } = G[t.graph], last = inputs.length - 1, bad = x => typeof x === "number" && !Number.isFinite(x);
  const op = n => code(titled(t, n)), values = n => inputs[n].map(m => t.v[m]);
  // Poles of functions are at whole numbers up to 1, those of powers and quotients at 0; what is infinite elsewhere is too large.
  const isPole = n => names[n] in DIVIDES ? values(n)[DIVIDES[names[n]]] === 0 : values(n).some(x => Number.isInteger(x) && x <= 1);
  const inside = n => {
    const found = t.calls[n] && fault(t.calls[n]);
    return found && { n, says: [say("in call", op(n), found.says[0]), ...found.says.slice(1)] };
  };
  if (t.v[last] === undefined) {
    const n = Object.keys(choice).length ? t.lost[last] : Math.min(...Object.values(t.lost));
    const zero = names[n] === "div" && t.v[inputs[n][1]] === 0, needs = G[t.graph].q[n];
    const key = zero ? "division by zero" : Number.isNaN(t.bad[n]) ? "no real value" : n in names && isPole(n) ? "no finite value" : "overflows";
    return inside(n) || { n, says: [say(key, op(n), place(t, n)), ...(needs && key !== "overflows" ? [say("needs", needs)] : [])] };
  }
  for (let n = last; n >= 0; n--) for (const [s, m] of inputs[n].entries()) {
    const e = first[n] + s, rule = t.graph ? "" : ` = ${E[e].r}`;
    if (t.c[e] === undefined || !t.a[e]) continue;
    if (bad(t.l[e])) {
      const key = Number.isNaN(t.l[e]) ? "no local" : isPole(n) ? "infinite local" : "local overflows";
      return inside(n) || { n, says: [say(key, code(partial(named(t, n), named(t, m)) + rule), place(t, n), op(n))] };
    }
    if (bad(t.c[e]) || bad(t.u[m])) return { n, says: [say("overflows", code(partial(named(t, last), named(t, m))), place(t, n))] };
  }
  return null;
};

// -- What is said at a step
const sentences = (t, i) => {
  const step = S[i];
  const opened = step.o.map(each => [each]);
  if (step.k === "a") {
    const points = D.point.map(([n, x]) => x === undefined ? equation(code(name(n)), number(t.v[n])) : equation(code(n), number(x)));
    const all = [...points.slice(0, LISTED), ...(points.length > LISTED ? [say("and more", String(points.length - LISTED))] : [])];
    return [...(all.length ? [say("at", all.flatMap((each, j) => j ? [", ", ...each] : each))] : []), ...D.notes.map(note => [note]), [D.first]];
  }
  if (step.k === "f") return [...opened, computed(t, step.n)];
  if (step.k === "t") return [say(uses.some(count => count > 1) ? "chain rule, forks" : "chain rule", equation(code(gradient(out)), code("1")))];
  if (step.k === "g") return [...opened, ...through(t, step)];
  if (step.k === "s") return summed(t, step);
  const told = INPUTS.flatMap((_, m) => notices(t, m).map(([kind, says]) => [m, kind, says])), isLost = ([, kind]) => kind === "digits";
  const decided = told.filter(each => !isLost(each)), [lost] = told.filter(isLost).reverse();
  return D.asked.length ? [say("small steps"), ...(lost ? [lost[2]] : []), ...D.asked.map(n => { const [line, arrow, says] = tells(t, n, decided); return [...line, ": ", ...arrow, ". ", ...says]; })] : [say("no gradient")];
};

// -- What may be moved: a slider and a field for each variable
const values = [...D.start], putBack = [];
// However often a value moves between two frames, all is computed once.
let due = 0;
const move = () => {
  due = due || requestAnimationFrame(() => {
    [due, ask, t] = [0, null, passes(0, values)];
    wrong = fault(t);
    show();
  });
};
const control = (n, row) => {
  const j = G[0].x.indexOf(n), x = D.start[j];
  const scale = 10 ** Math.floor(Math.log10(Math.abs(x) || 1)), far = scale * [2, 5, 10, 20].find(each => each * scale >= 2 * Math.abs(x) || each === 20);
  made("label", { htmlFor: `r${n}`, textContent: name(n) }, row);
  row.classList.toggle("long", name(n).length > 5);
  const range = made("input", { type: "range", id: `r${n}`, min: -far, max: far, step: "any", value: x }, row);
  const field = made("input", { type: "number", step: "any", value: x, ariaLabel: `${name(n)}: ${T["page number field"]}` }, row);
  const take = text => {
    const x = Number(text);
    if (text === "" || !Number.isFinite(x)) return;
    values[j] = x;
    move();
  };
  range.addEventListener("input", () => { field.value = +(+range.value).toPrecision(6); take(field.value); });
  field.addEventListener("input", () => { const x = +field.value; if (Math.abs(x) > +range.max) { range.max = 2 * Math.abs(x); range.min = -range.max; } range.value = x; take(field.value); });
  putBack.push(() => { values[j] = D.start[j]; range.value = field.value = D.start[j]; });
};
$("reset").addEventListener("click", () => { putBack.forEach(each => each()); move(); });
const result = n => [PLAIN(equation(code(gradient(n)), number(t.u[n])))];
const tables = () => [];
