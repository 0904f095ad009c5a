// Korean particles, as words/particles.py has them: by how what stands before ends.
const PARTICLES = { "을(를)": ["을", "를"], "이(가)": ["이", "가"], "은(는)": ["은", "는"], "과(와)": ["과", "와"], "(으)로": ["으로", "로"] };
const LETTERS = { l: 2, m: 1, n: 1, r: 2, ε: 1, ο: 1, υ: 1 }, WORDS = { clip: 1, step: 1, logit: 1, mul: 2, ceil: 2 };
const finalOf = read => {
  const text = read.replace(/[)\]|…"'. ]+$/, ""), last = text.slice(-1), code = last.charCodeAt(0) - 0xac00;
  if (code >= 0 && code < 11172) return code % 28 === 8 ? 2 : Math.min(code % 28, 1);
  if (/[⁰¹²³⁴-⁹]$/.test(text) || /e[+−-]?\d+$/.test(text)) return 1;
  if (/\d$/.test(text)) return /(^|[^\p{L}\d_.])\d+0{12}$/u.test(text) ? 0 : [1, 2, 0, 1, 0, 0, 1, 2, 2, 0][last];
  const word = text.match(/\p{L}*$/u)[0].toLowerCase();
  if (word.length === 1) return LETTERS[word] || 0;
  return WORDS[word] || (/(ng|m|n)$/.test(word) ? 1 : /l$/.test(word) ? 2 : 0);
};
const particles = said => {
  let before = "";
  return said.map(each => {
    if (typeof each !== "string") { before += each.c; return each; }
    const settled = each.replace(/을\(를\)|이\(가\)|은\(는\)|과\(와\)|\(으\)로/g, (pair, at) => {
      const end = finalOf(before + each.slice(0, at));
      return PARTICLES[pair][end === 0 || (end === 2 && pair === "(으)로") ? 1 : 0];
    });
    before += settled;
    return settled;
  });
};
