// Arrays: both passes over them, and the story of them as `explain` tells it. An array is { s: shape, d: entries }.
// An entry that has no value is NaN; one to which nothing flows back is undefined.
const H = D.H, dims = x => (x && x.s) || [], size = s => s.reduce((a, b) => a * b, 1), flat = x => x && x.s ? x.d : [x];
const whole = (s, d) => s.length ? { s, d } : d[0], upTo = n => [...Array(n).keys()];
// What reads the entry of x that meets an entry of a shape.
const reader = (x, s) => {
  if (!x || !x.s) return () => x;
  if (`${x.s}` === `${s}`) return i => x.d[i];
  const steps = x.s.map((n, k) => n > 1 ? size(x.s.slice(k + 1)) : 0);
  return i => {
    let at = 0;
    for (let k = s.length - 1, j = steps.length - 1; j >= 0; k--, j--) { at += (i % s[k]) * steps[j]; i = Math.floor(i / s[k]); }
    return x.d[at];
  };
};
const joined = xs => upTo(Math.max(...xs.map(x => dims(x).length))).map(k => xs.reduce((n, x) => { const each = dims(x).at(-1 - k) ?? 1; return each === 1 ? n : each; }, 1)).reverse();
const each = (f, s, ...xs) => { const read = xs.map(x => reader(x, s)); return whole(s, upTo(size(s)).map(i => f(...read.map(at => at(i))))); };
const top = all => all.reduce((a, b) => Math.max(a, b), -Infinity), least = all => -top(all.map(x => -x));
const map = (f, ...xs) => each(f, joined(xs), ...xs);
const plus = (a, b) => a === undefined ? b : b === undefined ? a : a + b;
// The sum over the axes along which something of a shape was broadcast.
const summedTo = (x, s) => {
  const d = Array(size(s)).fill(undefined), at = reader({ s, d: upTo(d.length) }, dims(x));
  flat(x).forEach((one, i) => { d[at(i)] = plus(d[at(i)], one); });
  return whole(s, d);
};
const transposed = x => dims(x).length < 2 ? x : whole([...x.s].reverse(), upTo(x.d.length).map(i => x.d[(i % x.s[0]) * x.s[1] + Math.floor(i / x.s[0])]));
// Whether a product has sunk below the doubles; a sum has lost it if it is no larger.
let sunk = false;
const TINY = 2 ** -960;
const times = (a, b) => { const p = a * b; sunk ||= isTiny(p) && a && b; return p; };
const power = x => { const p = Math.exp(x); sunk ||= p < TINY && x > -Infinity; return p; };
const matmul = (x, y) => {
  const inner = x.s.at(-1), columns = y.s[1] ?? 1, rows = x.d.length / inner;
  return whole([...x.s.slice(0, -1), ...y.s.slice(1)], upTo(rows * columns).map(i => {
    const before = sunk, sum = upTo(inner).reduce((sum, k) => sum + times(x.d[Math.floor(i / columns) * inner + k], y.d[k * columns + i % columns]), 0);
    sunk = before || (sunk && Math.abs(sum) < TINY);
    return sum;
  }));
};
const matrix_ = n => whole([n, n], upTo(n * n).map(i => i % (n + 1) ? 0 : 1));
// The solution of x @ z = y and the determinant of x, by Gauss's elimination.
const eliminated = (x, y) => {
  const n = x.s[0], width = y.d.length / n, rows = upTo(n).map(i => [...x.d.slice(i * n, (i + 1) * n), ...y.d.slice(i * width, (i + 1) * width)]);
  let det = 1;
  for (let c = 0; c < n; c++) {
    const p = upTo(n).slice(c).reduce((best, i) => Math.abs(rows[i][c]) > Math.abs(rows[best][c]) ? i : best, c);
    if (p !== c) { [rows[c], rows[p]] = [rows[p], rows[c]]; det = -det; }
    const pivot = rows[c][c];
    det *= pivot;
    rows[c] = rows[c].map(a => a / pivot);
    rows.forEach((row, i) => { const factor = row[c]; if (i !== c) rows[i] = row.map((a, k) => a - factor * rows[c][k]); });
  }
  return [whole(y.s, rows.flatMap(row => row.slice(n))), det];
};
// The words of rules, for one gate: a are its axes, d whether they stay as axes of length 1.
const words = ({ a, d: stays }) => {
  const kept = s => s.map((n, k) => a.includes(k) ? 1 : n);
  const groups = s => { const found = upTo(size(kept(s))).map(() => []), at = reader({ s: kept(s), d: upTo(found.length) }, s); upTo(size(s)).forEach(i => found[at(i)].push(i)); return found; };
  const over = (x, f, stay = stays) => whole(stay ? kept(x.s) : x.s.filter((_, k) => !a.includes(k)), groups(x.s).map(all => f(all.map(i => x.d[i]))));
  const along = (x, f) => { const d = []; groups(x.s).forEach(all => { const found = f(all.map(i => x.d[i])); all.forEach((i, k) => { d[i] = found[k]; }); }); return whole(x.s, d); };
  const total = all => all.reduce((sum, x) => sum + x, 0), more = less => Math.log1p(total(less.map(x => x === 0 ? 0 : Math.exp(x))) + (less.filter(x => x === 0).length - 1));
  const both = (u, o, f) => along(whole(o.s, upTo(o.d.length)), all => f(all.map(i => u.d[i]), all.map(i => o.d[i])));
  const parts = all => { const most = top(all), powers = all.map(x => power(x - most)), sum = total(powers); return powers.map(x => x / sum); };
  const spread = (u, x) => each(one => one, x.s, whole(kept(x.s), flat(u)));
  const minor = (x, i, j) => { const n = x.s[0]; return eliminated({ s: [n - 1, n - 1], d: x.d.filter((_, k) => Math.floor(k / n) !== i && k % n !== j) }, { s: [n - 1, 0], d: [] })[1]; };
  return {
    add: (x, y) => map((a, b) => a + b, x, y),
    sub: (x, y) => map((a, b) => a - b, x, y),
    mul: (x, y) => map(times, x, y),
    div: (x, y) => map((a, b) => a / b, x, y),
    neg: x => map(a => -a, x),
    exp: x => map(power, x),
    T: transposed,
    matmul: matmul,
    outer: (x, y) => whole([x.d.length, y.d.length], x.d.flatMap(a => y.d.map(b => times(a, b)))),
    total: x => over(x, total),
    mean: x => over(x, all => finite(total(all)) ? total(all) / all.length : total(all.map(x => x / all.length))),
    rowsum: x => over(x, total, true),
    product: (x, f) => over(x, f),
    largest: x => over(x, top),
    smallest: x => over(x, least),
    length: x => over(x, all => all.reduce((r, x) => Math.hypot(r, x), 0)),
    logtotal: x => over(x, all => { const most = top(all); return most + more(all.map(x => x - most)); }),
    portions: x => along(x, parts),
    softmax: x => along(x, parts),
    log_softmax: x => along(x, all => { const most = top(all), less = all.map(x => x - most), sum = more(less); return less.map(x => x - sum); }),
    above: (u, o) => both(u, o, (u, p) => { const most = total(u.filter((_, i) => p[i] > 0.5)), rest = u.map(x => x - most), mean = total(rest.map((x, i) => times(x, p[i]))); return rest.map(x => x - mean); }),
    unscored: (u, o) => both(u, o, (u, o) => {
      const p = o.map(power), [most, others] = [true, false].map(is => total(u.filter((_, i) => p[i] > 0.5 === is)));
      return u.map((x, i) => p[i] > 0.5 ? -Math.expm1(o[i]) * x - times(p[i], others) : x - times(p[i], others + most));
    }),
    spread: spread,
    count: x => size(a.map(k => x.s[k])),
    rest: (x, f) => along(x, all => all.map((_, i) => { const rest = all.filter((_, k) => k !== i), p = f(rest); sunk ||= isTiny(p) && !rest.includes(0); return p; })),
    selected: (x, out) => map((a, b) => a === b ? 1 : 0, x, spread(out, x)),
    counted: x => over(x, total),
    trace: x => total(upTo(Math.min(...x.s)).map(i => x.d[i * (x.s[1] + 1)])),
    eye: x => whole(x.s, x.d.map((_, i) => i % (x.s[1] + 1) ? 0 : 1)),
    inv: x => eliminated(x, matrix_(x.s[0]))[0],
    det: x => eliminated(x, { s: [x.s[0], 0], d: [] })[1],
    logdet: x => Math.log(eliminated(x, { s: [x.s[0], 0], d: [] })[1]),
    solve: (x, y) => eliminated(x, y)[0],
    cofactors: x => whole(x.s, x.d.map((_, k) => { const i = Math.floor(k / x.s[0]), j = k % x.s[0]; return (i + j) % 2 ? -minor(x, i, j) : minor(x, i, j); })),
  };
};

// -- Both passes
const isNone = x => x !== x, finite = x => typeof x === "boolean" || Number.isFinite(x);
const passes = (graph, given) => {
  const v = [], l = [], c = [], u = [], w = [], a = [], k = {}, z = [], bad = {}, from = {}, ties = {}, wrong = [];
  D.K.forEach((x, n) => { if (x !== null) v[n] = x; });
  G[0].x.forEach((n, j) => { v[n] = given[j]; });
  const entries = (n, s, f) => { let i = -1; return each((...x) => { i += 1; return f(x, i); }, H[n], ...s); };
  const taken_ = (n, x) => { const [condition, yes, no] = CHOICE[n]; return x[condition] ? yes : no; };
  const value = n => {
    const g = F[n], xs = INPUTS[n].map(m => v[m]);
    const lost = slot => { from[n] = from[n] ?? INPUTS[n][slot]; return NaN; };
    if (D.M[n]) {
      const all = xs.flatMap(flat), found = whole(H[n], D.M[n].map(i => all[i]));
      if (flat(found).some(isNone)) lost(xs.findIndex(x => flat(x).some(isNone)));
      return found;
    }
    if (g.a) {
      const none = xs.findIndex(x => flat(x).some(isNone));
      if (none >= 0) { lost(none); return whole(H[n], Array(size(H[n])).fill(NaN)); }
      const found = g.v(words(g), ...xs), i = flat(found).findIndex(x => !finite(x));
      if (i >= 0) bad[n] = { x: flat(found)[i] };
      return i < 0 ? found : whole(H[n], Array(size(H[n])).fill(NaN));
    }
    return entries(n, xs, (x, i) => {
      if (n in CHOICE) {
        if (isNone(x[CHOICE[n][0]])) return lost(CHOICE[n][0]);
        const slot = taken_(n, x);
        if (slot !== null) return isNone(x[slot]) ? lost(slot) : x[slot];
      } else if (x.some(isNone)) return lost(x.findIndex(isNone));
      const found = g.v(...x);
      if (!finite(found)) { bad[n] = bad[n] || { x: found, i }; return NaN; }
      return found;
    });
  };
  INPUTS.forEach((inputs, n) => { if (inputs.length) v[n] = value(n); });
  const zeros = n => whole(H[n], Array(size(H[n])).fill(0));
  // Nothing comes of an input that only says which entries are taken.
  const isFlat = (n, s) => !!(D.M[n] || F[n].a) && /^\d$/.test(E[FIRST[n] + s].r) && !E[FIRST[n] + s].w;
  // The local gradient, and what flows back along an edge, in the shape of the input.
  const back = (n, s, shares) => {
    const g = F[n], m = INPUTS[n][s], x = INPUTS[n].map(i => v[i]), flow = u[n], is = G[0].s[n];
    if (isFlat(n, s)) return [+E[FIRST[n] + s].r, zeros(m)];
    if (D.M[n]) {
      const first = INPUTS[n].slice(0, s).reduce((sum, i) => sum + flat(v[i]).length, 0);
      const d = Array(flat(v[m]).length).fill(undefined), from = flat(flow);
      D.M[n].forEach((i, j) => { if (i >= first && i - first < d.length) d[i - first] = plus(d[i - first], from[j]); });
      return [undefined, whole(H[m], d)];
    }
    if (g.a) {
      const w = words(g), rule = g.p[s], told = found => { if (sunk) z.push([n, m]); return found; };
      sunk = false;
      if (g.u[s]) return told([undefined, rule(w, x[0], x[1], v[n], map(one => one ?? 0, flow))]);
      let local = rule(w, x[0], x[1], v[n]);
      if (is) {
        if (g.o) local = whole(local.s, local.d.map((one, i) => one * g.o[i]));
        const count = flat(w.counted(local)), tied = count.map((one, i) => one > 1 && flat(flow)[i] !== undefined);
        if (tied.some(Boolean)) ties[n] = { many: top(count), tied };
        if (D.ties === "split") local = map((one, n) => one / n, local, w.spread(w.counted(local), x[0]));
        if (D.ties === "first") { const first = [], group = flat(w.spread(whole(H[n], upTo(count.length)), x[0])); local = whole(local.s, local.d.map((one, i) => one && (first[group[i]] ??= i) === i ? 1 : 0)); }
      }
      return told([local, map((one, l) => one === undefined || (is && !l) ? undefined : times(one, l), w.spread(flow, x[0]), local)]);
    }
    const isOff = x => n in CHOICE && taken_(n, x) !== s, rule = shares ? shares[s] : g.l[s];
    const local = shares ? rule : typeof rule === "number" ? rule : entries(n, [...x, v[n], flow], all => {
      const one = all.pop();
      return one === undefined || isOff(all) ? undefined : rule(...all);
    });
    const full = entries(n, [...x, v[n], flow, local], all => {
      const l = all.pop(), one = all.pop(), f = all.pop();
      if (one === undefined || isOff(all) || (is && !l)) return undefined;
      const isSmall = !is && g.z[s] && Math.abs(l) < TINY && !(l === 0 && g.z[s](...all, f));
      if (one && (isSmall || (l && isTiny(one * l)))) z.push([n, m]);
      return one * l;
    });
    return [local, summedTo(full, H[m])];
  };
  // Of max and min of several: entry by entry, 1 for what is the output.
  const sharesOf = n => {
    const all = [], won = [], tied = [], o = F[n].o;
    entries(n, [...INPUTS[n].map(m => v[m]), v[n], u[n]], (x, i) => {
      const one = x.pop(), f = x.pop();
      won[i] = x.map((each, s) => each === f && (o ? o[s][i] : INPUTS[n].indexOf(INPUTS[n][s]) === s));
      all[i] = shares(INPUTS[n], won[i]);
      tied[i] = one !== undefined && won[i].filter(Boolean).length > 1;
    });
    const i = tied.indexOf(true);
    if (i >= 0) ties[n] = { names: INPUTS[n].filter((_, s) => won[i][s]), tied };
    return INPUTS[n].map((_, s) => whole(H[n], all.map(each => each[s])));
  };
  if (WANTED[out] && !flat(v[out]).some(isNone)) u[out] = D.seed;
  for (let n = out; n >= 0; n--) {
    if (!INPUTS[n].length || !WANTED[n]) continue;
    const g = F[n], flows = u[n] !== undefined, many = flows && !g?.a && G[0].s[n] === SELECTS_MANY ? sharesOf(n) : undefined;
    w[n] = flows;
    INPUTS[n].forEach((m, s) => {
      const e = FIRST[n] + s;
      if (!WANTED[m]) return;
      let [local, chained] = flows ? back(n, s, many) : [];
      a[e] = flows && flat(chained).some(x => x !== undefined);
      const i = a[e] ? [local, chained].map(x => flat(x).findIndex(one => one !== undefined && !finite(one))) : [-1, -1];
      if (i[0] >= 0 || i[1] >= 0) wrong.push({ n, m, e, i: i[0] >= 0 ? i[0] : i[1], x: i[0] >= 0 ? flat(local)[i[0]] : undefined });
      if (a[e] && !isFlat(n, s)) u[m] = u[m] === undefined ? chained : map(plus, u[m], chained);
      l[e] = !flows && g && !g.a && typeof g.l[s] === "number" ? g.l[s] : !flows || (!a[e] && !flat(local).some(x => x !== undefined)) ? undefined : local;
      c[e] = a[e] ? map(x => x ?? 0, chained) : zeros(m);
    });
    if (flows && g && g.k) {
      const marks = [];
      entries(n, [...INPUTS[n].map(m => v[m]), v[n], u[n]], (x, i) => { const one = x.pop(); marks[i] = one !== undefined && !!g.k(...x); });
      if (marks.some(Boolean)) k[n] = marks;
    }
  }
  INPUTS.forEach((_, n) => { u[n] = WANTED[n] ? map(x => x ?? 0, u[n] ?? zeros(n)) : undefined; });
  v.forEach((x, n) => { if (isNone(x)) v[n] = undefined; });
  return { graph: 0, v, l, c, u, w, a, k, z, bad, from, ties, wrong, calls: {}, wanted: WANTED, itself: n => n };
};

// -- Numbers: up to eight entries are written out, of more the least, the largest and the mean
const shape = x => `[${x.s.join("×")}]`;
const asText = (x, d) => {
  const entry = one => one === undefined || isNone(one) ? "–" : shown(one, d), { s, d: all } = x;
  if (all.length <= 8 && s.length < 3) return `[${upTo(s.length > 1 ? s[0] : 1).map(i => all.slice(i * s.at(-1), (i + 1) * s.at(-1)).map(entry).join(" ")).join("; ")}]`;
  const holds = all.filter(one => one === true).length;
  if (typeof all[0] === "boolean") return `true ${holds}×, false ${all.length - holds}×`;
  const known = all.filter(one => one !== undefined && !isNone(one)), low = least(known), high = top(known);
  if (!known.length) return "–";
  if (low === high) return `all ${shown(low, d)}`;
  const mean = known.reduce((sum, one) => sum + one, 0) / known.length;
  return `${shown(low, d)} … ${shown(high, d)}, mean ${shown(Math.abs(mean) < Math.max(-low, high) * 1e-13 ? 0 : mean, d)}`;
};
const figures = text => text.replace(/[eE].*|[^0-9]/g, "").replace(/^0+|0+$/g, "");
const isRoundedArray = (x, d) => { const whole = { ...x, d: x.d.map(one => finite(one) ? one : 0) }, known = figures(asText(whole, 15)); return known.length >= 15 || figures(asText(whole, d)) !== known; };

// -- The story
const hasAxes = n => H[n].length > 0 || INPUTS[n].some(m => H[m].length > 0), unsaid = said => said.map(each => Array.isArray(each) ? code(each[0]) : each);
const entryOf = (n, i) => { const place = []; [...H[n]].reverse().forEach(length => { place.unshift(i % length); i = Math.floor(i / length); }); return `[${place.join(", ")}]`; };
const forward = (t, n) => {
  if (!hasAxes(n) || !isGate(n)) return computed(t, n);
  const result = t.v[n] === undefined ? say("no value", code(N[n].f)) : equation(code(N[n].f), number(t.v[n]));
  return N[n].j && t.v[n] !== undefined ? say("joined", result, N[n].j) : result;
};
const along = (t, each, turn) => {
  const { e, n, m } = each, own = code(gradient(m, n)), slope = code(gradient(m)), total = number(t.c[e]), x = E[e];
  const read = ([kind, i, isTurned]) => isTurned ? transposed(t[kind][i]) : t[kind][i];
  let says = [];
  if (!t.a[e]) says = [say("no flow", code(name(m)))];
  else if (x.f) says = [...x.f.map(unsaid), equation(slope, code(x.r), ...(x.p ? [code(putIn(x.p, x.q.map(read)).c)] : []), total)];
  else {
    const local = number(t.l[e]), begin = equation(own, code(x.r), local), up = number(t.u[n]), times = code(`upstream · ${own.c}`);
    if (F[n]?.a || D.M[n]) says = n === out ? [begin] : [begin, equation(slope, times, total)];
    else if (x.x) says = [begin, unsaid(x.x[0]), equation(slope, code(x.x[1]), total)];
    else says = [begin, equation(slope, times, code(`${up.c} · ${inProduct(local)}`, up.r || local.r), total)];
  }
  if (!turn) return says;
  const last = says.pop(), text = PLAIN(last), chained = text.startsWith(slope.c) ? [code(text.slice(slope.c.length).replace(/^[ =≈]+/, ""))] : last;
  return [...says, say("share", String(turn), String(uses[m]), code(name(m)), chained)];
};
const backward = (t, step) => {
  const n = step.n, says = [say("upstream", code(N[n].f), equation(code(gradient(n)), number(t.u[n])))];
  let flow = flowing(t, n);
  if (isStopped(t, n)) {
    const none = flow.filter(each => !step.turns[each.s]).map(each => equation(code(gradient(each.m)), number(t.c[each.e])));
    return [...says, say("stopped"), ...none];
  }
  if (flow.length > LISTED) flow = flow.filter(each => !isNothing(t.c[each.e]));
  const edge = each => hasAxes(n) ? along(t, each, step.turns[each.s]) : step.turns[each.s] ? share(t, each, step.turns[each.s]) : told(t, each);
  return [...says, ...does(t, n, hasAxes(n) && []), ...flow.flatMap(edge)];
};
const there = (n, marks, s = H[n]) => { const count = marks.filter(Boolean).length - 1; return s.length ? `, entry ${entryOf(n, marks.indexOf(true))}${count ? ` and ${count.toLocaleString("en")} more` : ""}` : ""; };
// The numbers that meet at an entry of a gate.
const numbers = (t, n, i) => INPUTS[n].map(m => reader(t.v[m], H[n])(i));
const meeting = (t, n, i) => [...new Set(INPUTS[n])].map(m => [m, reader(t.v[m], H[n])(i)]).filter(([m, x]) => x !== undefined && isNaN(name(m))).slice(0, 8).map(([m, x]) => `${name(m)} ${isRounded(x, 6) ? "≈" : "="} ${shown(x, 6)}`).join(", ");
const border = (t, n) => {
  const waiting = [INPUTS[n][CHOICE[n][0]]];
  while (waiting.length) {
    const m = waiting.pop(), joins = G[0].b[m];
    if (joins) waiting.push(...INPUTS[m]);
    else if (joins === "" && INPUTS[m].some(i => WANTED[i]) && flat(map((a, b) => a === b, ...INPUTS[m].map(i => t.v[i]))).some(Boolean)) return m;
  }
  return undefined;
};
const notices = (t, n) => {
  const op = code(N[n].f), found = [], at = t.w[n] && n in CHOICE ? border(t, n) : undefined, tie = t.ties[n];
  if (at !== undefined) found.push(["border", say("border", op, code(N[at].f.split(" = ").slice(1).join(" = ")))]);
  if (t.k[n]) {
    const i = t.k[n].indexOf(true), s = INPUTS[n].findIndex(m => WANTED[m]), local = flat(t.l[FIRST[n] + s]);
    found.push(["kink", say("kink", op, meeting(t, n, i) + there(n, t.k[n]), shown(local[local.length > 1 ? i : 0] ?? 0, 6))]);
  }
  if (tie) {
    const many = tie.names ? tie.names.length : tie.many, s = FIRST[n];
    found.push(["tie", say(`tie ${D.ties}`, op, (tie.names ? tie.names.map(name).join(", ") : `${many} entries`) + there(n, tie.tied), String(many))]);
  }
  const small = t.z.find(each => each[0] === n);
  if (small) found.push(["digits", say("page digits", op, code(gradient(small[1], n)))]);
  return found;
};
// What the gradient of a variable says: of an array, of the entry to which f is most sensitive.
const tells = (t, n) => {
  const all = flat(t.u[n]), sizes = all.map(x => isNone(x) ? -1 : Math.abs(x)), i = sizes.indexOf(top(sizes)), f = code(name(out)), isOne = !H[n].length;
  const moved = isOne ? name(n) : name(n) + entryOf(n, i), line = equation(code(gradient(n)), number(t.u[n]));
  if (!sizes[i]) return [...line, ": ", code(`${name(n)} + ${D.h} → ${f.c}`), ...(isOne ? [] : [". ", ...say("no entry", code(name(n)), f)])];
  const by = code(minus(multiple(sizes[i]))), arrow = code(`${moved} + ${D.h} → ${f.c} ${all[i] < 0 ? "−" : "+"} ${by.c}`);
  return [...line, ": ", arrow, ...(isOne ? [] : [". ", ...say("most sensitive", f, code(moved), code(D.h), say(all[i] < 0 ? "decreases" : "increases", f, by))])];
};
const ends = t => {
  const lost = INPUTS.flatMap((_, n) => notices(t, n)).find(([kind]) => kind === "digits");
  return [...(lost ? [lost[1]] : []), ...D.asked.map(n => tells(t, n))];
};
const held = {};  // where the numbers of arrays stand
const tell = { forward, backward, arrays: ", arrays", ends, held: t => { for (const n in held) renew(held[n], matrix(t.v[n])); } };
const fault = t => {
  const { o: names, q: needs } = G[0], at = (n, i, said) => H[n].length && i !== undefined ? say("page at entry", said, entryOf(n, i)) : said;
  if (t.v[out] === undefined) {
    let n = out;
    while (!t.bad[n] && t.from[n] !== undefined) n = t.from[n];
    const { x, i } = t.bad[n], op = code(N[n].f), where = i === undefined ? place(t, n) : meeting(t, n, i), isAtPole = n in names && (i === undefined || isPole(names[n], numbers(t, n, i)));
    const key = names[n] === "div" && isAtPole ? "division by zero" : isNone(x) ? "no real value" : isAtPole ? "no finite value" : "overflows";
    return { n, says: [at(n, i, say(key, op, where)), ...(needs[n] && key !== "overflows" ? [say("needs", needs[n])] : [])] };
  }
  if (!t.wrong.length) return null;
  const { n, m, e, i, x } = t.wrong[0], op = code(N[n].f), where = meeting(t, n, i);
  if (x === undefined) return { n, says: [at(n, i, say("overflows", code(gradient(m)), where))] };
  return { n, says: [at(n, i, say(isNone(x) ? "no local" : i !== undefined && !F[n].a && isPole(names[n], numbers(t, n, i)) ? "infinite local" : "local overflows", code(`${gradient(m, n)} = ${E[e].r}`), where, op))] };
};

// -- Arrays as tables: a small one with its numbers, a large one with what is told of them; a vector is a row
const matrix = x => {
  if (typeof x !== "object") return [minus(shown(x, D.pictured))];
  if (x.d.length > D.largest || !x.d.length) return [`${shape(x)}: ${minus(asText(x, D.pictured))}`];
  const [height, width] = [x.s.at(-2) || 1, x.s.at(-1)], cell = one => ({ tag: "TD", parts: [one === undefined || isNone(one) ? "–" : minus(shown(one, D.pictured))] });
  const pieces = (all, length, make) => upTo(all.length / length).map(i => make(all.slice(i * length, (i + 1) * length)));
  const lines = pieces(x.d, width, all => ({ tag: "TR", parts: all.map(cell) }));
  return [{ tag: "TABLE", parts: pieces(lines, height, parts => ({ tag: "TBODY", parts })) }];
};
const tables = i => {
  const { k, n } = S[i], back = k === "g" || k === "s", all = k === "f" ? [...new Set([...INPUTS[n], n])].map(m => [m]) : back ? [[n], ...(k === "g" ? asked(n).map(each => [each.m, each.e]) : [])] : [];
  return all.filter(([m]) => H[m].length && (back || t.v[m] !== undefined)).map(([m, e]) => {
    const x = e !== undefined ? t.c[e] : back ? t.u[m] : t.v[m], share = e !== undefined && uses[m] > 1 ? ` (${T["page share"]})` : "";
    const caption = `${back ? gradient(m) : name(m)}${share}  ${shape(x)}`;
    return { tag: "FIGURE", parts: [{ tag: "FIGCAPTION", sort: back ? "g" : "v", parts: [caption] }, ...matrix(x)] };
  });
};
const control = (n, row) => {
  if (!H[n].length && !D.still.includes(n)) { one(n, row); return; }
  row.classList.add("array");
  const j = G[0].x.indexOf(n), still = D.still.includes(n);
  if (still) made("span", { textContent: name(n) }, row);
  else {
    let at = 0;
    const read = slide(n, row, () => values[j].d[at], x => { values[j] = { s: H[n], d: values[j].d.with(at, x) }; });
    const entry = document.createElement("select");
    entry.ariaLabel = `${name(n)}: ${T["page entry"]}`;
    upTo(D.start[j].d.length).forEach(i => made("option", { value: i, textContent: entryOf(n, i) }, entry));
    entry.addEventListener("change", () => { at = +entry.value; read(); });
    row.firstChild.after(entry);
  }
  held[n] = made("div", { className: "held", tabIndex: 0, ariaLabel: name(n) }, row);
  held[n].setAttribute("role", "group");
};
const result = n => typeof t.u[n] === "object" ? [`${gradient(n)} = `, ...matrix(t.u[n])] : [PLAIN(equation(code(gradient(n)), number(t.u[n])))];
