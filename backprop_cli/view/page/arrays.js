// Arrays: what the passes left and what `explain` tells of it, as it was when the page was made.
const passes = () => ({ v: D.V, u: D.U.map(x => x ?? undefined), l: E.map(each => each.l), c: E.map(each => each.c), a: E.map(each => !each.i), w: [], k: [] });
const fault = () => null;
const sentences = (t, i) => [...S[i].o, ...S[i].says].map(said => [said].flat().map(each => Array.isArray(each) ? code(each[0]) : each));

// -- Arrays as tables: a small one with its numbers, a large one with what is told of them; a vector is a row
const matrix = x => {
  if (typeof x !== "object") return [minus(shown(x, D.pictured))];
  if (x.m) return [`${x.s}: ${x.m}`];
  const table = document.createElement("table");
  x.r.forEach(rows => {
    const body = made("tbody", {}, table);
    rows.forEach(row => { const line = made("tr", {}, body); row.forEach(each => made("td", { textContent: each }, line)); });
  });
  return [table];
};
const tables = i => S[i].arrays.map(([n, isGradient, e]) => {
  const figure = document.createElement("figure"), x = e !== undefined ? t.c[e] : isGradient ? t.u[n] : t.v[n];
  const share = e !== undefined && uses[n] > 1 ? ` (${T["page share"]})` : "";
  made("figcaption", { textContent: `${isGradient ? gradient(n) : name(n)}${share}${typeof x === "object" ? `  ${x.s}` : ""}`, className: isGradient ? "g" : "v" }, figure);
  figure.append(...matrix(x));
  return figure;
});
const control = (n, row) => {
  row.classList.add("array");
  row.tabIndex = 0;
  row.setAttribute("role", "group");
  row.ariaLabel = name(n);
  made("span", { textContent: name(n) }, row);
  made("div", { className: "held" }, row).append(...matrix(t.v[n]));
};
const result = n => typeof t.u[n] === "object" ? [`${gradient(n)} = `, ...matrix(t.u[n])] : [PLAIN(equation(code(gradient(n)), number(t.u[n])))];
