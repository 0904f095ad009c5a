// Numbers: both passes, what is only a convention in them, what each gradient says, and what has no value.
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
      if (a[e] && u[n] && !sort[n] && (small.has(e) || (l[e] && isTiny(c[e]) && ![u[n], l[e]].some(x => x * x === 1)))) z.push([n, m]);
      if (a[e]) { u[m] = w[m] ? u[m] + c[e] : c[e]; w[m] = 1; }
    });
  }
  inputs.forEach((_, n) => { u[n] = wanted[n] ? u[n] || 0 : undefined; });
  return { graph, v, l, c, u, w, a, k, z, lost, bad, calls, wanted, itself };
};

// What is only a convention, each with its kind: a tie, a kink, a border; inside a module the outermost call is told, and the last.
const notices = (t, n) => {
  const { i: { [n]: inputs }, e: first, c: choice } = G[t.graph], found = [], ties = tiesOf(t, n), op = code(titled(t, n));
  const border = t.w[n] && n in choice && borderOf(t, inputs[choice[n][0]]);
  if (border) found.push(["border", say("border", op, code(titled(t, border).split(" = ").slice(1).join(" = ")))]);
  if (t.w[n] && t.k.includes(n)) found.push(["kink", say("kink", op, place(t, n), shown(t.l[first[n] + inputs.findIndex(m => t.wanted[m])], 6))]);
  if (ties.length > 1) found.push(["tie", say(`tie ${D.ties}`, op, ties.map(m => named(t, m)).join(", "), String(ties.length))]);
  const small = t.z.find(each => each[0] === n), inner = t.calls[n];
  if (small) found.push(["digits", say("page digits", op, code(partial(named(t, n), named(t, small[1]))))]);
  else if (t.w[n] && +G[t.graph].u[n] && isTiny(t.v[n]) && (t.v[n] || inputs.every(m => t.v[m]))) found.push(["digits", say("page digits", op, code(named(t, n)))]);
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
const felt = t => {
  const seen = new Set([out]);
  for (let n = out; n >= 0; n--) if (seen.has(n)) edges(n).forEach(each => { if (t.a[each.e] && t.l[each.e] !== undefined && each.r !== "0") seen.add(each.m); });
  return seen;
};
// What has no value, or no gradient, as a sentence; nothing where all is well. Of a module it is told what it is inside.
const fault = t => {
  const { i: inputs, e: first, c: choice, o: names } = G[t.graph], last = inputs.length - 1, bad = x => typeof x === "number" && !Number.isFinite(x);
  const op = n => code(titled(t, n)), values = n => inputs[n].map(m => t.v[m]);
  const inside = n => {
    const found = t.calls[n] && fault(t.calls[n]);
    return found && { n, says: [say("in call", op(n), found.says[0]), ...found.says.slice(1)] };
  };
  if (t.v[last] === undefined) {
    const n = Object.keys(choice).length ? t.lost[last] : Math.min(...Object.values(t.lost));
    const zero = names[n] === "div" && t.v[inputs[n][1]] === 0, needs = G[t.graph].q[n];
    const key = zero ? "division by zero" : Number.isNaN(t.bad[n]) ? "no real value" : n in names && isPole(names[n], values(n)) ? "no finite value" : "overflows";
    return inside(n) || { n, says: [say(key, op(n), place(t, n)), ...(needs && key !== "overflows" ? [say("needs", needs)] : [])] };
  }
  for (let n = last; n >= 0; n--) for (const [s, m] of inputs[n].entries()) {
    const e = first[n] + s, rule = t.graph ? "" : ` = ${E[e].r}`;
    if (t.c[e] === undefined || !t.a[e]) continue;
    if (bad(t.l[e])) {
      const key = Number.isNaN(t.l[e]) ? "no local" : isPole(names[n], values(n)) ? "infinite local" : "local overflows";
      return inside(n) || { n, says: [say(key, code(partial(named(t, n), named(t, m)) + rule), place(t, n), op(n))] };
    }
    if (bad(t.c[e]) || bad(t.u[m])) return { n, says: [say("overflows", code(partial(named(t, last), named(t, m))), place(t, n))] };
  }
  return null;
};

// What is told at the end: what has lost digits, and what each gradient says.
const ends = t => {
  const told = INPUTS.flatMap((_, m) => notices(t, m).map(([kind, says]) => [m, kind, says])), isLost = ([, kind]) => kind === "digits";
  const decided = told.filter(each => !isLost(each)), [lost] = told.filter(isLost).reverse();
  return [...(lost ? [lost[2]] : []), ...D.asked.map(n => { const [line, arrow, says] = tells(t, n, decided); return [...line, ": ", ...arrow, ". ", ...says]; })];
};
const tell = { forward: computed, backward: through, arrays: "", ends };
const control = one, result = n => [PLAIN(equation(code(gradient(n)), number(t.u[n])))];
const tables = () => [];
