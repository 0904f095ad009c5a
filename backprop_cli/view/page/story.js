// The story of both passes as `explain` tells it, of numbers; what `t` holds is what the passes left.
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
const isNothing = x => typeof x === "object" ? x.d.every(one => !one) : x === 0, isStopped = (t, n) => isNothing(t.u[n]) && flowing(t, n).every(each => isNothing(t.c[each.e]));
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
const inProduct = ({ c }) => c.startsWith("−") || (c.includes(" ") && !/^[([]/.test(c)) ? `(${c})` : c;
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
const does = (t, n, given, found = notices(t, n)) => {
  const op = kindOf(n), says = [], known = S.slice(0, S.findIndex(step => step.k === "g" && step.n === n)).some(step => step.k === "g" && N[step.n].t === N[n].t && !isStopped(t, step.n));
  if (!op.module) {
    const here = given || meaning(t, n);
    const rules = known && here.length ? "" : op.does;
    const key = [op.role && "role", rules && "does", here.length && "here"].filter(Boolean).join(" ");
    if (key && key !== "role") says.push(say(key, op.name, ...(op.role ? [T[op.role]] : []), ...(rules ? [rules] : []), here));
  } else if (!known) says.push(say("module", code(op.name)));
  says.push(...found.map(([, said]) => said));
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
const multiple = x => { const size = shown(x, D.digits); return size === "1" ? D.h : /^[\d.]+$/.test(size) ? size + D.h : `${size}·${D.h}`; };
// A node by its name, and a gate by what it is, here or inside a module.
const named = (t, n) => t.graph ? G[t.graph].n[n] : name(n), titled = (t, n) => t.graph ? G[t.graph].f[n] : N[n].f;
const place = (t, n) => [...new Set(G[t.graph].i[n])].filter(m => t.v[m] !== undefined && isNaN(named(t, m))).map(m => `${named(t, m)} ${isRounded(t.v[m], 6) ? "≈" : "="} ${shown(t.v[m], 6)}`).slice(0, 8).join(", ");

// Poles of functions are at whole numbers up to 1, those of powers and quotients at 0; what is infinite elsewhere is too large.
const DIVIDES = { pow: 0, div: 1 }, isPole = (name, xs) => name in DIVIDES ? xs[DIVIDES[name]] === 0 : xs.some(x => Number.isInteger(x) && x <= 1);

// -- What is said at a step
const sentences = (t, i) => {
  const step = S[i];
  const opened = step.o.map(each => [each]);
  if (step.k === "a") {
    const points = D.point.map(([n, x]) => x === undefined ? equation(code(name(n)), number(t.v[n])) : equation(code(n), number(x)));
    const all = [...points.slice(0, LISTED), ...(points.length > LISTED ? [say("and more", String(points.length - LISTED))] : [])];
    return [...(all.length ? [say("at", all.flatMap((each, j) => j ? [", ", ...each] : each))] : []), ...D.notes.map(note => [note]), [D.first]];
  }
  if (step.k === "f") return [...opened, tell.forward(t, step.n)];
  if (step.k === "t") return [say("chain rule" + (uses.some(count => count > 1) ? ", forks" : "") + tell.arrays, equation(code(gradient(out)), code("1")))];
  if (step.k === "g") return [...opened, ...tell.backward(t, step)];
  if (step.k === "s") return summed(t, step);
  return D.asked.length ? [say("small steps"), ...tell.ends(t)] : [say("no gradient")];
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
// A slider and a field for a number that `get` reads and `set` changes; what is returned reads it anew.
const slide = (n, row, get, set) => {
  made("label", { htmlFor: `r${n}`, textContent: name(n) }, row);
  row.classList.toggle("long", name(n).length > 5);
  const range = made("input", { type: "range", id: `r${n}`, step: "any" }, row);
  const field = made("input", { type: "number", step: "any", ariaLabel: `${name(n)}: ${T["page number field"]}` }, row);
  const reach = far => { range.max = far; range.min = -far; };
  const read = () => {
    const x = get(), scale = 10 ** Math.floor(Math.log10(Math.abs(x) || 1));
    reach(scale * [2, 5, 10, 20].find(each => each * scale >= 2 * Math.abs(x) || each === 20));
    range.value = field.value = x;
  };
  const take = () => {
    const x = Number(field.value);
    if (field.value === "" || !Number.isFinite(x)) return;
    set(x);
    move();
  };
  range.addEventListener("input", () => { field.value = +(+range.value).toPrecision(6); take(); });
  field.addEventListener("input", () => { const x = +field.value; if (Math.abs(x) > +range.max) reach(2 * Math.abs(x)); range.value = x; take(); });
  read();
  putBack.push(read);
  return read;
};
const one = (n, row) => { const j = G[0].x.indexOf(n); slide(n, row, () => values[j], x => { values[j] = x; }); };
$("reset").addEventListener("click", () => { values.splice(0, values.length, ...D.start); putBack.forEach(each => each()); move(); });
