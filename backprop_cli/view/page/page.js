// What is shown of a page, and what one may do.
// -- The picture: made once, and filled with what is known at each step
const SVG = "http://www.w3.org/2000/svg";
const draw = (tag, attributes, parent, text) => {
  const made = document.createElementNS(SVG, tag);
  for (const key in attributes) made.setAttribute(key, attributes[key]);
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
};
const picture = $("picture"), groups = { wires: draw("g", {}, picture), boxes: draw("g", {}, picture), texts: draw("g", {}, picture) };
let end = 0; // of what is left of a column; each is told by the gap before it
D.C.forEach(column => { column[0] += end; end = column[0] + column[1]; });
// A column begins at its left; a box stands in its middle, and a wire crosses it where its texts stand.
const boxes = {}, forks = {}, middle = column => D.C[column][0] + D.C[column][1] / 2, right = column => D.C[column][0] + D.C[column][1];
D.B.forEach(([n, column, y, width, isFork]) => {
  const x = middle(column), sort = N[n].d ? "constant" : !isGate(n) ? "input" : kindOf(n).module ? "module" : "gate";
  const g = draw("g", { class: isFork ? "fork" : sort }, groups.boxes), label = isGate(n) ? kindOf(n).sign : name(n).length > 24 ? `${name(n).slice(0, 23)}…` : name(n);
  (isFork ? forks : boxes)[n] = { element: g, sort, x, y, column, half: width / 2 };
  if (isFork) { draw("circle", { cx: x, cy: y, r: 3 }, g); return; }
  if (isGate(n)) {
    if (label.length === 1) draw("circle", { cx: x, cy: y, r: 17 }, g);
    else draw("rect", { x: x - width / 2, y: y - 17, width, height: 34, rx: 6 }, g);
  }
  draw("text", { x, y: y + (isGate(n) ? 6 : 5) }, g, label);
  draw("title", {}, g, N[n].f || name(n));
});
const gateOf = e => FIRST.findIndex((first, n) => e >= first && e < first + INPUTS[n].length);
const wires = D.W.map(([n, e, ...rises]) => {
  let level = 0;
  const heights = rises.map(rise => level += rise);
  const isStem = e < 0, gate = isStem ? -1 : gateOf(e), from = isStem ? boxes[n] : forks[n] || boxes[n], to = isStem ? forks[n] : boxes[gate];
  let d = `M${from.x + from.half} ${from.y}H${right(from.column)}`, x = right(from.column), y = from.y;
  [...heights, to ? to.y : heights.at(-1)].forEach((height, i) => {
    const column = from.column + i + 1;
    if (!D.C[column]) return;
    const left = D.C[column][0], half = (x + left) / 2;
    d += `C${half} ${y} ${half} ${height} ${left} ${height}H${to && column === to.column ? to.x - to.half : right(column)}`;
    [x, y] = [right(column), height];
  });
  const line = draw("path", { d, class: "wire" }, groups.wires), text = {}, isQuiet = !!N[n].d;
  const put = (sort, dy, words = "") => {
    const room = draw("text", { x: middle(from.column + 1), y: heights[0] + dy, class: sort }, groups.texts);
    room.append(words);
    text[sort] = room.firstChild;
  };
  put("v", -5);
  if (isGate(n) && isStem === (n in forks || n === out)) put("n", -19, name(n));
  if (!isQuiet) put("g", 14);
  if (!isQuiet && !isStem) put("l", 26);
  const own = WANTED[n] ? ` · ${gradient(n)}${isStem || uses[n] === 1 ? "" : ` (${T["page share"]})`}` : "";
  draw("title", {}, line, name(n) + own);
  return { n, e, gate, element: line, text, isStem, isQuiet, since: stepOf[`v${n}`] || 0, backSince: stepOf[isStem ? `u${n}` : `c${gate}`] };
});

// -- What is shown: of a value that moves only what is other than before is written, since what is written is laid out
let now = 0, at = -1, t = passes(0, D.start), wrong = fault(t), ask = null;
const drawn = x => x === undefined ? "" : typeof x === "object" ? shape(x) : minus(shown(x, D.pictured));
const write = (text, words) => { if (text && text.holds !== words) text.data = text.holds = words; };
const dress = (part, words) => { if (part.dressed !== words) part.element.setAttribute("class", part.dressed = words); };
const set = (attribute, id, value) => { if ($(id)[attribute] !== value) $(id)[attribute] = value; };
// Parts are words, formulas, and elements: { tag, parts }; a room knows what it holds.
const renew = (room, parts) => {
  const holds = room.holds ||= [];
  parts.forEach((part, i) => {
    const words = part.c ?? part, tag = part.tag || (words === part ? "" : "CODE");
    if (holds[i]?.tag !== tag) {
      const node = tag ? document.createElement(tag) : new Text(), text = tag === "CODE" ? node.appendChild(new Text()) : node;
      if (i < holds.length) holds[i].node.replaceWith(node); else room.append(node);
      holds[i] = { tag, node, text };
    }
    const here = holds[i];
    if (part.tag) renew(here.node, part.parts);
    else if (here.words !== words) here.text.data = here.words = words;
    if (part.sort) here.node.className = part.sort;
  });
  holds.splice(parts.length).forEach(({ node }) => node.remove());
};
const show = () => {
  const step = S[now], isAsked = part => ask && ask.step.k === "f" && ask.step.n === part;
  for (const wire of wires) {
    const { n, e, text } = wire, known = wire.since <= now && (!wrong || Number.isFinite(t.v[n]));
    const back = wire.backSince <= now, flows = wire.isStem ? t.u[n] : t.c[e], isShown = back && !wrong && flows !== undefined && !(ask && ask.hides(wire));
    write(text.v, known && !isAsked(n) && !(wire.isQuiet && drawn(t.v[n]) === minus(name(n))) ? drawn(t.v[n]) : "");
    write(text.g, isShown ? drawn(flows) : "");
    write(text.l, !back || wrong || t.c[e] === undefined ? "" : (E[e].w === 1 ? E[e].r : E[e].w) || (t.l[e] !== undefined ? `${T["page local"]} ${drawn(t.l[e])}` : ""));
    const isNew = (step.k === "f" && step.n === n) || (step.k === "g" && wire.gate === step.n) || (step.k === "s" && step.n === n && wire.isStem);
    dress(wire, `wire${wire.isQuiet ? " quiet" : ""}${!wire.isStem && back && !wrong && t.c[e] !== undefined && !t.a[e] ? " idle" : ""}${isNew ? " new" : ""}${wire.isLit ? " lit" : ""}`);
  }
  for (const n in boxes) dress(boxes[n], `${boxes[n].sort}${step.n === +n && !ask ? " current" : ""}${wrong && wrong.n === +n ? " bad" : ""}`);
  if (at !== now) {
    $("count").textContent = `${T[`page ${step.k === "a" || step.k === "f" ? "forward" : step.k === "z" ? "end" : "backward"}`]} · ${now + 1} / ${S.length}`;
    $("scrub").value = now;
    $("scrub").ariaValueText = $("count").textContent;
    $("first").disabled = $("back").disabled = now === 0;
    $("on").disabled = $("last").disabled = now === S.length - 1;
    renew($("says"), []);  // so that a step is read aloud as a whole
    at = now;
  }
  const said = wrong ? wrong.says : ask ? [[ask.question]] : sentences(t, now);
  set("className", "says", wrong ? "bad" : "");
  renew($("says"), said.map(parts => ({ tag: "P", parts })));
  renew($("tables"), ask || wrong ? [] : tables(now));
  set("hidden", "ask", !ask || !!wrong);
  D.asked.concat(D.fixed).forEach(n => renew(rows[n].result, isKnown("u", n) && !wrong && t.u[n] !== undefined && !ask ? result(n) : []));
  tell.held?.(t);
  const f = isKnown("v", out) && !wrong && !isAsked(out);
  set("textContent", "value", f ? PLAIN(equation(code(name(out)), number(t.v[out]))) : "");
};
const go = i => {
  now = Math.max(0, Math.min(S.length - 1, i));
  ask = null;
  show();
  const box = boxes[S[now].n], room = $("stage");
  if (box) room.scrollTo({ left: box.x * picture.clientWidth / D.width - room.clientWidth / 2, top: box.y * picture.clientHeight / D.height - room.clientHeight / 2 });
};

// -- Predict first: the numbers of the next step are asked for before they are shown
const isAsked = ({ right }) => typeof right === "number";
const questions = step => {
  if (step.k === "f" && isGate(step.n) && typeof t.v[step.n] === "number") return [{ key: "page ask value", parts: [code(N[step.n].f.split(" = ")[0])], right: t.v[step.n], mistakes: [] }];
  if (step.k === "g") return flowing(t, step.n).map(each => ({ key: uses[each.m] > 1 ? "page ask share" : "page ask chained", parts: [code(gradient(each.m)), code(N[step.n].f), code(name(each.m))], right: t.c[each.e], mistakes: mistakes(each), e: each.e })).filter(isAsked);
  if (step.k === "s" && isAsked({ right: t.u[step.n] })) return [{ key: "page ask sum", parts: [code(gradient(step.n)), code(name(step.n))], right: t.u[step.n], mistakes: [...step.e.map(e => ["branch", t.c[e], PLAIN(say("page only", code(N[gateOf(e)].f)))]), ["sign", -t.u[step.n]]] }];
  return [];
};
// The mistakes that learners make at one gate, as the table behind `check --claim` names them, the most telling first.
const mistakes = ({ e, n, m, s }) => {
  const op = kindOf(n), u = t.u[n], local = t.l[e] || 0, [x, y] = INPUTS[n].map(i => t.v[i]), f = t.v[n], found = [];
  const add = (kind, wrongLocal) => found.push([kind, u * wrongLocal]);
  found.push(["sign", -u * local]);
  if (G[0].s[n] === SELECTS_MANY || G[0].s[n] === SELECTS) add("loser", local ? 0 : 1);
  if (n !== out) found.push(["upstream", local]);
  if (op.name === "div") (s ? [1 / y, -x / y, -1 / (y * y), 1 / x, -x] : [-x / (y * y), -y / (x * x), 1 / (y * y), y]).forEach(each => add("quotient", each));
  const power = { pow: y, sqrt: 1 / 2, cbrt: 1 / 3 }[op.name], [base, exponent] = { exp: [Math.E, x], exp2: [2, x] }[op.name] || [x, y];
  if (power !== undefined && s === 0) [local / power, power * f, power * f * x, (power - 1) * local / power, power * x].forEach(each => add("power", each));
  if ((op.name === "pow" && s === 1) || base !== x) [exponent * f / base, f].forEach(each => add("power", each));
  add("factor", 1);
  INPUTS[n].forEach((_, other) => { if (other !== s && t.l[FIRST[n] + other] !== undefined) add("input", t.l[FIRST[n] + other]); });
  D.asked.forEach(other => { if (other !== m) found.push(["input", t.u[other]]); });
  return found;
};
const close = (x, y) => Math.abs(x - y) <= 1e-6 * Math.max(Math.abs(x), Math.abs(y), 1e-12);
const isRight = (text, right) => {
  const places = (text.split(".")[1] || "").replace(/e.*/i, "").length, power = +(text.split(/e/i)[1] || 0);
  return close(+text, right) || (/[.e]/i.test(text) && Math.abs(+text - right) <= 0.5000001 * 10 ** (power - places) && places >= 2);
};
const on = () => {
  if (now >= S.length - 1) return;
  if (!$("predict").checked || wrong) { go(now + 1); return; }
  if (ask) { answer(); return; }
  const left = questions(S[now + 1]);
  go(now + 1);
  if (left.length) asks(left, left);
};
const asks = (left, every) => {
  const [first] = left, open = new Set(left.map(each => each.e));
  ask = { ...first, left, every, step: S[now], question: "", hides: wire => S[now].k === "s" ? wire.isStem && wire.n === S[now].n : open.has(wire.e) || (wire.isStem && false) };
  ask.question = PLAIN(say(first.key, ...first.parts));
  $("answer").value = "";
  $("verdict").replaceChildren();
  show();
  $("answer").focus();
};
const answer = () => {
  const text = $("answer").value.trim().replace(/−/g, "-").replace(",", ".");
  if (!text || !Number.isFinite(+text)) { $("verdict").textContent = T["page number"]; return; }
  if (isRight(text, ask.right)) { next(T["page right"]); return; }
  const made = ask.mistakes.find(([, x]) => Number.isFinite(x) && !close(x, ask.right) && isRight(text, x));
  $("verdict").textContent = made ? `${T["page wrong"]} ${T[`mistake ${made[0]}`]}${made[2] ? `: ${made[2]}` : ""}.` : `${T["page wrong"]} ${T["page try"]}`;
};
const next = word => {
  const left = ask.left.slice(1), every = ask.every;
  if (left.length) asks(left, every); else { ask = null; go(now); $("on").focus(); }
  $("verdict").textContent = word;
};

// -- What one may do
const rows = {};
[...D.asked, ...D.fixed].forEach(n => {
  const row = made("div", { className: "row" }, $("rows"));
  control(n, row);
  rows[n] = { result: made("output", { ariaLabel: gradient(n) }, row) };
  const light = is => { wires.forEach(wire => { wire.isLit = is && wire.n === n; }); show(); };
  row.addEventListener("focusin", () => light(true));
  row.addEventListener("focusout", () => light(false));
  row.addEventListener("mouseenter", () => light(true));
  row.addEventListener("mouseleave", () => light(false));
});
const click = (id, act) => $(id).addEventListener("click", act);
click("first", () => go(0));
click("back", () => go(now - 1));
click("on", on);
click("last", () => go(S.length - 1));
click("tell", () => next(minus(shown(ask.right, D.digits))));
$("ask").addEventListener("submit", event => { event.preventDefault(); answer(); });
$("predict").addEventListener("change", () => { ask = null; show(); });
$("scrub").max = S.length - 1;
$("scrub").addEventListener("input", () => go(+$("scrub").value));
// On paper: what is shown, or a sheet for each step.
const title = document.querySelector("h1");
addEventListener("beforeprint", () => {
  if (!$("slides").checked) return;
  const [before, asked] = [now, ask];
  ask = null;
  S.forEach((_, i) => {
    now = i;
    show();
    const sheet = made("section", {}, $("sheets"));
    for (const id of ["picture", "count", "says", "tables"]) sheet.append($(id).cloneNode(true));
    sheet.querySelectorAll("[id]").forEach(each => { each.classList.add(each.id); each.removeAttribute("id"); });
  });
  [now, ask] = [before, asked];
  show();
  $("sheets").firstChild.prepend(title.cloneNode(true));
  title.hidden = $("main").hidden = true;
});
addEventListener("afterprint", () => { $("sheets").replaceChildren(); title.hidden = $("main").hidden = false; });
document.addEventListener("keydown", event => {
  const act = { ArrowRight: on, ArrowLeft: () => go(now - 1), Home: () => go(0), End: () => go(S.length - 1) }[event.key];
  if (!act || event.target.matches("input:not([type=checkbox])") || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  act();
});
$("text").remove();
$("main").hidden = false;
go(0);
