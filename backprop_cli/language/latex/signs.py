"""What the signs of LaTeX stand for, and which of them belong together."""

from __future__ import annotations

import re

PIECE = re.compile(
    r"\s+|\\(?:[A-Za-z]+|.)|\d{1,3}(?:(?:\\,|\{,\})\d{3})+(?:\.\d*)?(?!\d)|\d+(?:\.\d*)?|\.\d+|.", re.DOTALL
)
EMPTY = {
    *r"\left \right \big \Big \bigg \Bigg \bigl \bigr \Bigl \Bigr \biggl \biggr".split(),
    *r"\displaystyle \limits \quad \qquad \, \; \: \! \ ~ $ \[ \] \( \) \rm \it \boxed".split(),
}
SPACES = frozenset(r"\quad \qquad \, \; \: ~".split()) | {"\\ "}
"""Those that set apart what stands around them."""
DROPPED = re.compile(
    r"\\(?:label|tag|color|cite|ref)\*?\{[^{}]*\}|\\(?:nonumber|notag)(?![A-Za-z])"
    r"|[.,;]\s*(?=[$\s]*(?:\\\]|\\\)|\\end\b|$))"
)
"""What belongs to the text around a formula."""
EQUALS = re.compile(r"=|\\(?:equiv|coloneqq|triangleq|propto|sim|approx)(?![A-Za-z])")
SIGNS = {
    r"\cdot": "*", r"\times": "*", r"\ast": "*", "*": "*", r"\odot": "*", r"\,": "@", r"\div": "/", "/": "/",
    "+": "+", "-": "-", ",": ",", ";": ",",
    "<": "<", ">": ">", r"\lt": "<", r"\gt": ">", r"\le": "<=", r"\leq": "<=", r"\ge": ">=", r"\geq": ">=",
    r"\bmod": "%", r"\mod": "%",
    r"\ne": "!=", r"\neq": "!=", r"\land": "and", r"\wedge": "and", r"\lor": "or", r"\vee": "or",
}  # fmt: skip
BRACKETS = {
    "(": ("", ")"), "[": ("", "]"), "{": ("", "}"), r"\{": ("", r"\}"), "|": ("abs", "|"), r"\|": ("abs", r"\|"),
    r"\vert": ("abs", r"\vert"), r"\lvert": ("abs", r"\rvert"), r"\lfloor": ("floor", r"\rfloor"),
    r"\lceil": ("ceil", r"\rceil"), r"\lVert": ("norm", r"\rVert"),
}  # fmt: skip
"""What opens, the function that it stands for, and what closes."""
TRANSPOSED, TOPS = ".T", ([r"\top"], ["{", r"\top", "}"], [r"\intercal"])
BOLD_TOPS = (*TOPS, ["T"], ["{", "T", "}"])
NORMS = {"": "norm({})", "2": "norm({})", "F": "norm({})", "1": "sum(abs({}))", r"\infty": "max(abs({}))"}
"""What a norm is by its subscript."""
OF_ARRAYS = re.compile(
    r"\\(?:top|odot|lVert|frac\{\\partial|begin\{[bp]?matrix\}|mathbf|boldsymbol|bm|\|_)|\\operatorname\{(?:outer|sum|mean|spread|place|inv|det|logdet"
    r"|solve|trace|concat|reshape|pick|softmax|log\\_softmax)\}"
)
SETTINGS = ("axis", "keepdims")
OF_MATRIX = re.compile(r"[A-ZΓΔΘΛΞΠΣΦΨΩ]\w*|(?:Sigma|Lambda|Gamma|Omega|Theta|Phi|Psi)(?:_\w+)?|.*(?:@|\.T\b).*")
"""What has an inverse in `A^{-1}`, rather than a reciprocal, where there are arrays."""
DERIVATIVE = re.compile(
    r"\{(d|\\mathrm\{d\}|\\partial)(?![^{}]*(?:[-+]|\\cdot|\\times))(?:[^{}]|\{\w+\})*\}\{\1(?!\\cdot|\\times)\\?[A-Za-z]"
)
"""A fraction, behind its sign, of d and dx, with a function and an order, or without."""
UNREAD = {
    r"\sum": "terms are written out: x_1 + x_2", r"\prod": "factors are written out: x_1 x_2",
    r"\int": "there are no integrals here", r"\lim": "there are no limits here",
    **dict.fromkeys((r"\cdots", r"\ldots", r"\dots"), "terms are written out, as far as they go"),
    r"\over": r"write \frac{a}{b}", r"\bullet": r"write \cdot", r"\%": "write /100", r"\lg": r"write \log_{10}",
    r"\mathbb": r"write \begin{cases} x & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}",
    "'": r"another name is \hat{y}, or y_1", r"\circ": r"an angle of x degrees is x \pi/180; of a name, leave it out",
    r"\pm": "an uncertainty belongs to a value: --x 2.0±0.1", r"\approx": "a condition is x = y, or |x - y| < 0.001",
}  # fmt: skip
"""What to tell of signs that are not read."""
POWERS = {"²": "2", "³": "3"}
LETTERS = {"sigma": "σ", "Gamma": "Γ", "Phi": "Φ"}
"""Greek letters by which functions are called, too."""
GREEK = set(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi"
    " omega varepsilon vartheta varphi varrho hbar ell"
    " Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()
)
ACCENTS = {
    **{rf"\{name}": name for name in ("hat", "bar", "tilde", "dot", "vec")},
    r"\overline": "bar", r"\widehat": "hat", r"\widetilde": "tilde",
}  # fmt: skip
"""What stands above a letter, and is a part of its name."""
ORDERED = {
    "J": "besselj", "Y": "bessely", "I": "besseli", "K": "besselk", r"\zeta": "zetaderiv", r"\psi": "polygamma",
}  # fmt: skip
"""Functions of an order, which stands below (J_2) or in parentheses above (ψ^{(2)})."""
PLAIN = {r"\zeta": "zeta", r"\psi": "digamma", "W": "lambertw", "B": "beta", "Ai": "airyai", "Ai'": "airyaiprime"}
"""What letters are before a parenthesis."""
LOGIC, WHERE, OTHERWISE = ("and", "or", "not"), ("if", "for", "when"), ("otherwise", "else")
"""Words of conditions, those in front of one, and those in place of one."""
MATRICES = ("{matrix}", "{bmatrix}", "{pmatrix}")
ALIGNED = ("align", "align*", "aligned", "gather", "gather*", "equation", "equation*", "split")
STOPS = ("&", r"\\", r"\end", r"\approx", "")
"""What ends a formula in an environment, and everywhere."""
BOLD = (r"\mathbf", r"\boldsymbol", r"\bm")
NAMED = (r"\operatorname", r"\mathrm", r"\text", r"\mathit", r"\textrm", r"\mathop", r"\mathcal", r"\mathsf", *BOLD)
BEFORE_OPERAND = {*SIGNS, *STOPS, *BRACKETS, "="}
BEHIND_OPERAND = {*SIGNS, *STOPS, *(closes for _, closes in BRACKETS.values()), "=", "^", "_", "!"}
LOOSE = ("+", "-", ",", "<", ">", "<=", ">=", "==", "!=", "and", "or")
"""Signs that bind less than a product."""
