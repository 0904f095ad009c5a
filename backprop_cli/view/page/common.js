// What every page knows: the circuit, how numbers are written, sentences, and its steps.
// Short names, because they travel with every page: v values, l local gradients, c chained ones, u upstream gradients,
// w whether anything flows back to a node, a whether along an edge, k the gates at a kink, z edges where digits are lost.
const $ = id => document.getElementById(id), D = JSON.parse($("data").textContent), { G, N, E, O, T } = D;
// Of each graph: i the inputs of each node, e its first edge, s how it selects, w whether it gets a gradient, x variables,
// u the gates whose values may be too small for doubles.
G.forEach(graph => {
  let count = 0;
  graph.i = graph.i.map(inputs => inputs || []);
  graph.e = graph.i.map(inputs => (count += inputs.length) - inputs.length);
  graph.w = [...graph.w].map(Number);
});
const out = N.length - 1, INPUTS = G[0].i, FIRST = G[0].e, WANTED = G[0].w, CHOICE = G[0].c, LISTED = 12, SELECTS_MANY = 1, SELECTS = 2;
// Whether a double has fewer digits than others.
const isTiny = x => Math.abs(x) < 2 ** -1022;
const isGate = n => INPUTS[n].length > 0, kindOf = n => O[N[n].t];

// -- Numbers, as the tables of the program write them: `%.6g`, ties to even
const digitsOf = (x, d) => {
  const short = x.toExponential(d - 1), end = short.indexOf("e"), e = +short.slice(end + 1);
  // What lies in the middle of two numbers of d digits is a whole number of 2^(e - d), and rare.
  const cut = Number.isInteger(x * 2 ** (d - e + 1)) ? x.toExponential(d) : "", tied = cut.indexOf("e") - 1;
  const isTie = cut[tied] === "5" && cut[tied - 1] % 2 === 0 && +cut === x, from = x < 0 ? 1 : 0;
  return isTie ? [(cut[from] + cut.slice(from + 2, tied)).replace(/0+$/, ""), +cut.slice(tied + 2)] : [(short[from] + short.slice(from + 2, end)).replace(/0+$/, ""), e];
};
const shown = (x, d) => {
  if (typeof x === "boolean") return String(x);
  if (typeof x === "object") return asText(x, d);
  if (!x) return x === 0 ? "0" : "–";
  const [digits, e] = digitsOf(x, d), sign = x < 0 ? "-" : "", rest = digits.slice(1);
  if (e < -4 || e >= d) return `${sign}${digits[0]}${rest && `.${rest}`}e${e < 0 ? "-" : "+"}${String(Math.abs(e)).padStart(2, 0)}`;
  if (e < 0) return `${sign}0.${"0".repeat(-e - 1)}${digits}`;
  const whole = digits.padEnd(e + 1, 0);
  return `${sign}${whole.slice(0, e + 1)}${whole.length > e + 1 ? `.${whole.slice(e + 1)}` : ""}`;
};
const isRounded = (x, d) => {
  if (typeof x === "object") return isRoundedArray(x, d);
  if (typeof x !== "number" || x === 0) return false;
  const known = digitsOf(x, 15)[0];
  return known.length >= 15 || digitsOf(x, d)[0] !== known;
};
const made = (tag, attributes, parent) => parent.appendChild(Object.assign(document.createElement(tag), attributes));
const minus = text => text.replace(/-/g, "−");

// Of a gate that selects: 1 for what is the output; a node that competes with itself wins by its first slot.
const shares = (nodes, isOutput) => {
  const alone = nodes.map((m, s) => isOutput[s] && nodes.indexOf(m) === s ? 1 : 0), ties = alone.filter(Boolean).length;
  if (D.ties === "split") return alone.map(each => each / ties);
  return D.ties === "first" ? alone.map((each, s) => each && alone.indexOf(1) === s ? 1 : 0) : alone;
};

// -- Sentences: words are strings, formulas and numbers are { c: text, r: whether it is rounded }
const code = (c, r) => ({ c, r });
const number = x => code(minus(shown(x, D.digits)).replace(/^[^[].* .*/, "[$&]"), isRounded(x, D.digits));
const say = (key, ...parts) => settled(T[key].split(/(\{\d+\})/).flatMap(piece => /^\{\d+\}$/.test(piece) ? parts[piece.slice(1, -1)] : piece ? [piece] : []));
const settled = said => D.lang === "ko" ? particles(said) : said;
const about = x => isRounded(x, D.digits) ? say("about", number(x)) : [number(x)];
const chain = (parts, last) => parts.reduce((said, part, i) => i ? say(i === parts.length - 1 ? last : "comma", said, part) : part, []);
const listed = names => {
  const all = [...new Set(names)].map(name => [code(name)]);
  return chain(all.length > LISTED + 1 ? [...all.slice(0, LISTED), say("more", String(all.length - LISTED))] : all, "and");
};
const equation = (first, ...parts) => {
  let before = first, text = first.c;
  for (const part of parts) {
    if (part.c !== before.c) text += ` ${part.r || before.r ? "≈" : "="} ${part.c}`;
    before = part;
  }
  return [code(text)];
};
const edges = n => INPUTS[n].map((m, s) => ({ e: FIRST[n] + s, s, n, m, ...E[FIRST[n] + s] }));
const asked = n => edges(n).filter(each => WANTED[n] && WANTED[each.m]);

// The steps: a the point, f a gate forward, t the turn, g a gate backward, s the sum at a fork, z the end. An edge out of a
// fork knows which of its shares it is.
const uses = N.map(() => 0), arrived = {}, S = D.S.map(([k, n, o]) => ({ k, n, o: o || [], turns: {} }));
INPUTS.forEach((_, n) => asked(n).forEach(each => { uses[each.m]++; }));
S.forEach(step => {
  if (step.k === "g") asked(step.n).forEach(each => { if (uses[each.m] > 1) step.turns[each.s] = (arrived[each.m] = [...arrived[each.m] || [], each.e]).length; });
  if (step.k === "s") step.e = arrived[step.n];
});
const dotted = name => name.includes(".") ? `(${name})` : name;
const partial = (above, below) => `∂${dotted(above)}/∂${dotted(below)}`;
const name = n => N[n].n, gradient = (n, of = out) => partial(name(of), name(n));
const flowing = (t, n) => edges(n).filter(each => t.c[each.e] !== undefined);

const PLAIN = said => said.map(each => each.c ?? each).join("");
const stepOf = {};  // when each thing is known: "v" a value, "u" an upstream gradient, "c" what goes along the edges of a gate
S.forEach((step, i) => {
  if (step.k === "f") stepOf[`v${step.n}`] = i;
  if (step.k === "t") stepOf[`u${out}`] = i;
  if (step.k === "g") { stepOf[`c${step.n}`] = i; asked(step.n).forEach(each => { if (uses[each.m] === 1) stepOf[`u${each.m}`] = i; }); }
  if (step.k === "s") stepOf[`u${step.n}`] = i;
});
const isKnown = (key, n) => key === "v" && !(`v${n}` in stepOf) ? true : stepOf[key + n] <= now;
