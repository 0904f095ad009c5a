// Draw each Mermaid text of a JSON array on standard input with the real mermaid package, and print an array of
// SVG documents, or of errors. There is no browser here: jsdom is the page, and every text is as wide as it is long.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { readFileSync } from "node:fs";

const require = createRequire(`${process.argv[2]}/`);
const { JSDOM } = require("jsdom");
const { window } = new JSDOM("<!DOCTYPE html><body></body>", { pretendToBeVisual: true });
const words = "document DOMParser Element HTMLElement SVGElement Node XMLSerializer MutationObserver getComputedStyle " +
  "DocumentFragment HTMLTemplateElement NodeFilter";
Object.assign(globalThis, { window }, Object.fromEntries(words.split(" ").map((word) => [word, window[word]])));
globalThis.CSSStyleSheet = class {
  cssRules = [];
  replaceSync() {}
  insertRule(rule) { this.cssRules.push({ cssText: rule }); }
};
function box() {
  const width = 8 * (this.textContent ?? "").length + 10;
  return { x: 0, y: 0, left: 0, top: 0, right: width, bottom: 20, width, height: 20 };
}
window.SVGElement.prototype.getBBox = box;
window.Element.prototype.getBoundingClientRect = box;
window.SVGElement.prototype.getComputedTextLength = function () { return box.call(this).width; };

const { default: mermaid } = await import(pathToFileURL(require.resolve("mermaid")).href);
mermaid.initialize({ startOnLoad: false });
const drawn = [];
for (const text of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    drawn.push({ svg: (await mermaid.render(`picture${drawn.length}`, text)).svg });
  } catch (error) {
    drawn.push({ error: String(error) });
  }
}
process.stdout.write(JSON.stringify(drawn), () => process.exit(0));
