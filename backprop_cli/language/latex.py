r"""LaTeX → the signs of this language: `\frac{1}{1+e^{-x}}` is `1/(1 + exp(-x))`.

What is made is text, which is then read as any other.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import takewhile
from typing import NamedTuple

from ..errors import InputError, quote
from ..rules.arrays import functions
from .names import as_name
from .recipes import INVERSES

MAX_CHARACTERS = 250_000
_LONGEST = 1_000  # characters of a hint
_DEEPEST = 50  # brackets, groups and functions inside each other
_LONGEST_FUNCTION = 20  # letters
_PIECE = re.compile(r"\s+|\\(?:[A-Za-z]+|.)|\d+(?:\.\d*)?|\.\d+|.", re.DOTALL)
_EMPTY = {
    *r"\left \right \big \Big \bigg \Bigg \bigl \bigr \Bigl \Bigr \biggl \biggr".split(),
    *r"\displaystyle \limits \quad \qquad \, \; \: \! \ ~ $".split(),
}
_SIGNS = {
    r"\cdot": "*", r"\times": "*", r"\ast": "*", "*": "*", r"\odot": "*", r"\,": "@", r"\div": "/", "/": "/",
    "+": "+", "-": "-", ",": ",",
    "<": "<", ">": ">", r"\lt": "<", r"\gt": ">", r"\le": "<=", r"\leq": "<=", r"\ge": ">=", r"\geq": ">=",
    r"\bmod": "%", r"\mod": "%",
    r"\ne": "!=", r"\neq": "!=", r"\land": "and", r"\wedge": "and", r"\lor": "or", r"\vee": "or",
}  # fmt: skip
_BRACKETS = {
    "(": ("", ")"), "[": ("", "]"), "{": ("", "}"), r"\{": ("", r"\}"), "|": ("abs", "|"), r"\|": ("abs", r"\|"),
    r"\vert": ("abs", r"\vert"), r"\lvert": ("abs", r"\rvert"), r"\lfloor": ("floor", r"\rfloor"),
    r"\lceil": ("ceil", r"\rceil"), r"\lVert": ("norm", r"\rVert"),
}  # fmt: skip
"""What opens, the function that it stands for, and what closes."""
_TRANSPOSED, _TOPS = ".T", ([r"\top"], ["{", r"\top", "}"], [r"\intercal"])
_BOLD_TOPS = (*_TOPS, ["T"], ["{", "T", "}"])
_NORMS = {"": "norm({})", "2": "norm({})", "F": "norm({})", "1": "sum(abs({}))", r"\infty": "max(abs({}))"}
"""What a norm is by its subscript."""
_OF_ARRAYS = re.compile(
    r"\\(?:top|odot|lVert|frac\{\\partial|begin\{[bp]?matrix\}|mathbf|boldsymbol|bm|\|_)|\\operatorname\{(?:outer|sum|mean|spread|place|inv|det|logdet"
    r"|solve|trace|concat|reshape|pick|softmax|log\\_softmax)\}"
)
_SETTINGS = ("axis", "keepdims")
_OF_MATRIX = re.compile(r"[A-ZΓΔΘΛΞΠΣΦΨΩ]\w*|(?:Sigma|Lambda|Gamma|Omega|Theta|Phi|Psi)(?:_\w+)?|.*(?:@|\.T\b).*")
"""What has an inverse in `A^{-1}`, rather than a reciprocal, where there are arrays."""
_POWERS = {"²": "2", "³": "3"}
_LETTERS = {"sigma": "σ", "Gamma": "Γ", "Phi": "Φ"}
"""Greek letters by which functions are called, too."""
_GREEK = set(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi"
    " omega varepsilon vartheta varphi varrho hbar ell"
    " Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()
)
_ACCENTS = (r"\hat", r"\bar", r"\tilde", r"\dot", r"\vec")
"""What stands above a letter, and is a part of its name."""
_ORDERED = {
    "J": "besselj", "Y": "bessely", "I": "besseli", "K": "besselk", r"\zeta": "zetaderiv", r"\psi": "polygamma",
}  # fmt: skip
"""Functions of an order, which stands below (J_2) or in parentheses above (ψ^{(2)})."""
_PLAIN = {r"\zeta": "zeta", r"\psi": "digamma", "W": "lambertw", "B": "beta", "Ai": "airyai", "Ai'": "airyaiprime"}
"""What letters are before a parenthesis."""
_LOGIC, _WHERE, _OTHERWISE = ("and", "or", "not"), ("if", "for", "when"), ("otherwise", "else")
"""Words of conditions, those in front of one, and those in place of one."""
_MATRICES = ("{matrix}", "{bmatrix}", "{pmatrix}")
_ALIGNED = ("align", "align*", "aligned", "gather", "gather*", "equation", "equation*", "split")
_STOPS = ("&", r"\\", r"\end", r"\approx", "")
"""What ends a formula in an environment, and everywhere."""
_BOLD = (r"\mathbf", r"\boldsymbol", r"\bm")
_NAMED = (r"\operatorname", r"\mathrm", r"\text", r"\mathit", r"\textrm", r"\mathop", r"\mathcal", r"\mathsf", *_BOLD)
_BEFORE_OPERAND = {*_SIGNS, *_STOPS, *_BRACKETS, "="}
_BEHIND_OPERAND = {*_SIGNS, *_STOPS, *(closes for _, closes in _BRACKETS.values()), "=", "^", "_", "!"}
_LOOSE = ("+", "-", ",", "<", ">", "<=", ">=", "==", "!=", "and", "or")
"""Signs that bind less than a product."""


class _Part(NamedTuple):
    """A piece of what is written. kind: `one` for what holds together, `product`, `sum`, `list` or `sign`."""

    text: str
    kind: str = "one"


class _UnknownError(Exception):
    """There is something that this language has no sign for."""


def translated(source: str) -> str:
    """The formula in the signs of this language, for a hint; empty where it says what they cannot."""
    try:
        return read(source) if len(source) <= _LONGEST else ""
    except InputError:
        return ""


def read(source: str) -> str:
    """The formula in the signs of this language. Raises InputError where it says what they cannot."""
    if len(source) > MAX_CHARACTERS:
        raise InputError(f"LaTeX of more than {MAX_CHARACTERS:,} characters is not read")
    empty = _EMPTY if r"\begin" in source else {*_EMPTY, "&"}
    of_arrays = _OF_ARRAYS.search(source)  # where there are any, a thin space between two is their product
    empty = empty - {r"\,"} if of_arrays else empty
    found = [each for each in _PIECE.finditer(source) if not each[0].isspace() and each[0] not in empty]
    if of_arrays:
        around = zip(["", *(each[0] for each in found)], [*(each[0] for each in found[1:]), ""], strict=False)
        found = [each for each, (before, behind) in zip(found, around, strict=True)
                 if each[0] != r"\," or not (before in _BEFORE_OPERAND or behind in _BEHIND_OPERAND)]  # fmt: skip
    reader = _Reader([each[0] for each in found], of_arrays=bool(of_arrays), ours=r"\frac{\partial" in source)
    try:
        return reader.whole()
    except _UnknownError:
        place = max(reader.place - 1, 0)
    if place >= len(found):
        raise InputError("this LaTeX ends too early", source, (len(source), len(source)))
    raise InputError(f"{quote(found[place][0])} is LaTeX that is not read here", source, found[place].span())


class _Reader:
    """of_arrays: whether there are any; ours: whether this program wrote it, with braces around what has a power."""

    def __init__(self, signs: list[str], *, of_arrays: bool, ours: bool) -> None:
        self.signs, self.place, self.depth = signs, 0, 0
        self.of_arrays, self.ours = of_arrays, ours
        self.functions = functions()
        self.rest = ""  # digits behind the one that was taken: in `x^23`, of which 2 is the exponent
        self.conditions = 0  # inside how many conditions this is, where = compares
        self.bold: set[str] = set()  # names of arrays

    @property
    def next(self) -> str:
        return self.rest or (self.signs[self.place] if self.place < len(self.signs) else "")

    def take(self) -> str:
        sign, self.rest = self.next, ""
        self.place += 1
        return sign

    def whole(self) -> str:
        if self.next == r"\begin" and "".join(self.signs[2:]).startswith(tuple(f"{each}}}" for each in _ALIGNED)):
            return "\n".join(self.lines())
        head = self.head()
        written = self.formula("")
        if self.place < len(self.signs):
            raise _UnknownError
        return f"{head}{written.text}"

    def head(self) -> str:
        """`L = `, or `f(x) = `, where the formula begins so."""
        if "=" not in self.signs:
            return ""
        try:
            name = self.operand().text
            inputs = f"({self.bracketed(self.take()).text})" if self.next == "(" else ""
            if as_name(name) and self.take() == "=":
                return f"{name}{inputs} = "
        except _UnknownError:
            pass
        self.place, self.rest, self.depth, self.conditions = 0, "", 0, 0
        return ""

    def lines(self) -> Iterator[str]:
        r"""The stages in an environment of equations, `q &= x + y = 3 \\`; what is said of partials is no stage."""
        self.take()
        name = self.word()
        while self.next not in (r"\end", ""):
            ahead = self.signs[self.place : self.place + 3]
            if ahead != [r"\frac", "{", r"\partial"] and ahead[:2] != ["&", r"\text"]:
                yield f"{self.assigned()} = {self.formula('=').text}"
            depth = 0
            while self.next and (depth or self.next not in (r"\\", r"\end")):
                sign = self.take()
                depth += (sign == r"\begin") - (sign == r"\end")
            self.skip(r"\\")
        self.take()
        if self.word() != name or self.next:
            raise _UnknownError

    def assigned(self) -> str:
        """The name of a stage."""
        name = self.operand().text
        self.skip("&")
        if not as_name(name) or self.take() not in ("=", r"\approx"):
            raise _UnknownError
        return name

    def skip(self, *signs: str) -> None:
        if self.next in signs:
            self.take()

    def deepen(self) -> None:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _UnknownError

    def formula(self, close: str) -> _Part:
        """What stands before a closing bracket, or before the end."""
        self.deepen()
        parts: list[_Part] = []
        while self.next not in (close, *_STOPS) and self.worded() not in (*_OTHERWISE, *_WHERE):
            parts.append(self.part(close))
        if parts and parts[-1].kind == "sign":
            raise _UnknownError
        self.depth -= 1
        return _joined(parts, self.bold)

    def cases(self) -> _Part:
        r"""`\begin{cases} x & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}` behind its first sign."""
        if "".join(self.signs[self.place : self.place + 7]) != "{cases}":
            raise _UnknownError
        self.word()
        cases = []
        while self.next != r"\end":
            value = self.formula(",").text
            self.skip(",")
            self.skip("&")
            word = self.worded()
            if word in _OTHERWISE:
                self.worded(take=True)
                condition = "True"
            else:
                self.conditions += 1
                if word in _WHERE:
                    self.worded(take=True)
                condition = self.formula("").text
                self.conditions -= 1
            if not (value and condition):
                self.place += not self.next
                raise _UnknownError
            cases.append(f"({value}, {condition})")
            self.skip(r"\\")
        self.take()
        if not cases or self.word() != "cases":
            raise _UnknownError
        return _Part(f"Piecewise({', '.join(cases)})")

    def matrix(self) -> _Part:
        r"""`\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}` behind its first sign; of one row or column, a vector."""
        name, rows = self.word(), [list[str]()]
        while self.next != r"\end":
            rows[-1].append(self.formula("").text)
            sign = self.next
            self.skip("&", r"\\")
            if not rows[-1][-1] or sign not in ("&", r"\\", r"\end") or (sign, self.next) == ("&", r"\end"):
                raise _UnknownError
            if sign == r"\\" and self.next != r"\end":
                rows.append([])
        self.take()
        if self.word() != name or len({*map(len, rows)}) > 1 or not rows[0]:
            raise _UnknownError
        if len(rows) == 1 or (len(rows[0]) == 1 and not self.ours):
            rows = [[each for row in rows for each in row]]
        texts = [f"[{', '.join(row)}]" for row in rows]
        return _Part(texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]")

    def worded(self, *, take: bool = False) -> str:
        r"""The word of `\text{if }`, where it is one of a condition; empty where none is next."""
        if self.next not in _NAMED:
            return ""
        start = self.place
        self.take()
        word = self.word()
        is_known = word in (*_LOGIC, *_WHERE, *_OTHERWISE)
        if not (take and is_known):
            self.place = start
        return word if is_known else ""

    def part(self, close: str) -> _Part:
        """A sign, or an operand with its subscript and exponent."""
        if self.next == "=" and self.conditions:
            self.take()
            return _Part("==", "sign")
        if word := self.worded(take=True):
            return _Part(word, "sign")
        if self.next in _SIGNS:
            return _Part(_SIGNS[self.take()], "sign")
        start = self.place
        if self.next in _NAMED and self.signs[start + 2 : start + 3] and (setting := self.setting()):
            return _Part(setting, "sign")
        name = self.function()
        base = self.applied(name, close) if name else self.lettered() or self.operand()
        is_whole = self.signs[start] != "{"
        while self.next in ("^", "!", "_", *_POWERS):
            if (sign := self.take()) == "_" and self.signs[start] in (r"\|", r"\lVert"):
                base = self.norm(base)
            elif sign == "_":  # of a name it is a part: `{x}_{0}` is an entry
                base = _Part(f"{_held(base)}[{self.entry()}]")
            elif sign == "^" and self.transposes(base):
                base = _Part(f"{_held(base)}{_TRANSPOSED}")
            elif sign == "!":
                base = _Part(f"{_held(base)}!")
            elif sign in _POWERS:
                base = _Part(f"{_held(base)}**{_POWERS[sign]}", "product")
            else:
                exponent = self.group()
                if self.next == "^":  # nor does TeX know which of two ways to read it
                    self.take()
                    raise _UnknownError
                if exponent.text == "-1" and is_whole and self.is_matrix(base):
                    base = _Part(f"inv({base.text})")
                    continue
                is_e = base.text == "e"
                base = _Part(f"exp({exponent.text})") if is_e else _Part(f"{_held(base)}**{_held(exponent)}", "product")
        return base

    def setting(self) -> str:
        r"""`axis=`, of `\mathrm{axis}=0`; empty where none is next."""
        start = self.place
        self.take()
        word = self.word()
        if word in _SETTINGS and self.next == "=":
            return f"{word}{self.take()}"
        self.place = start
        return ""

    def is_matrix(self, base: _Part) -> bool:
        """Whether what has the exponent -1 has an inverse."""
        is_known = self.ours or base.text in self.bold or _OF_MATRIX.fullmatch(base.text) is not None
        return self.of_arrays and is_known

    def entry(self) -> str:
        """Which entry of an array, by its place: `0`, `{0, 1}`."""
        place = self.below().replace("_", ", ")
        if not re.fullmatch("[-0-9:, ]+", place):
            raise _UnknownError
        return place

    def norm(self, base: _Part) -> _Part:
        r"""`\|x\|_{1}`, by its subscript."""
        form = _NORMS.get(self.below() if self.next == "{" else self.take())
        if form is None:
            raise _UnknownError
        return _Part(form.format(base.text.partition("(")[2][:-1]))

    def transposes(self, base: _Part) -> bool:
        r"""Whether the exponent is `\top`, which is taken then; of what is bold, T is one, too."""
        tops = _BOLD_TOPS if base.text in self.bold else _TOPS
        count = next((len(each) for each in tops if self.signs[self.place : self.place + len(each)] == each), 0)
        self.place += count
        return count > 0

    def lettered(self) -> _Part | None:
        r"""A function that has a letter, and what it is applied to: `J_{2}(x)`, `\zeta(x)`, `\operatorname{Ai}'(x)`."""
        if self.next not in (*_NAMED, *_ORDERED, *_PLAIN):
            return None
        start = self.place
        sign = self.take()
        if sign in _NAMED:
            sign = self.word()
        if self.next == "'":
            sign += self.take()
        order, ahead = "", self.signs[self.place : self.place + 7]
        if sign in _ORDERED and not sign.startswith("\\") and self.next == "_":
            self.take()
            order = self.group().text
        elif sign in _ORDERED and ahead[:3] + ahead[4:] == [*"^{()}("] and ahead[3].isalnum():
            order = ahead[3]
            self.place += 6
        name = _ORDERED.get(sign, "") if order else _PLAIN.get(sign, "")
        if not name or self.next != "(":
            self.place = start
            return None
        inside = self.bracketed(self.take()).text
        order = order[1:-1] if order.startswith("(") else order
        return _Part(f"{name}({order}, {inside})" if order else f"{name}({inside})")

    def function(self) -> str:
        """The function that is called here, as this language calls it; empty where none is."""
        sign, functions, start = self.next, self.functions, self.place
        word = sign[1:]
        if sign in _NAMED:
            self.take()
            word = self.word()
            known = word if word in functions else word.lower()
            if known in functions and (sign == r"\operatorname" or self.applies()):
                return known
            self.place = start
            return ""
        if run := self.spelled():
            self.place += len(run)
            return run
        if not sign.startswith("\\"):
            return ""
        if word in _LETTERS:
            behind = "".join(self.signs[self.place + 1 : self.place + 7])
            if not behind.startswith(("(", "{", "^{-1}(")) or _LETTERS[word] not in functions:
                return ""
            word = _LETTERS[word]
        elif word in _GREEK or word in ("frac", "sqrt") or sign in _ACCENTS or word not in functions:
            return ""
        self.take()
        return functions[word][0].name if word in _LETTERS.values() else word

    def applies(self) -> bool:
        r"""Whether a word is applied to what is next: `\mathrm{log}_{2} x`, not `\mathrm{log}_{2} + x`."""
        start = self.place
        while self.next in ("^", "_"):
            self.take()
            self.group()
        found = self.next not in _BEHIND_OPERAND
        self.place, self.rest = start, ""
        return found

    def applied(self, name: str, close: str) -> _Part:
        r"""A function with what it is applied to: `\sin x`, `\sin^2(x)`, `\log_2 x`, `\max(x, y)`."""
        start = self.place
        base, power = "", ""
        while self.next in ("^", "_"):
            if self.take() == "^":
                power = _held(self.group())
            else:
                base = self.subscript(start)
        if power == "(-1)":
            name, power = INVERSES.get(self.functions[name][0].name, f"a{name}"), ""
            if name not in self.functions:
                raise _UnknownError
        if self.next in ("(", "[", "{", r"\{"):
            inside = self.bracketed(self.take()).text
        else:
            self.deepen()
            parts: list[_Part] = []
            while self.next not in (close, *_STOPS, *_SIGNS) and not (parts and self.calls()):
                is_call = self.calls()
                parts.append(self.part(close))
                if is_call:  # \log\sigma(x)
                    break
            self.depth -= 1
            inside = _joined(parts, self.bold).text
        if base and name in ("log", "lg"):
            name, inside = (f"log{base}", inside) if base in ("2", "10") else (name, f"{inside}, {base}")
        elif base or not inside:
            self.place = start
            raise _UnknownError
        if name == "log" and inside.startswith("abs(beta(") and "(" not in inside[9:]:
            name, inside = "lbeta", inside[9:-2]
        called = f"{name}({inside})"
        return _Part(f"{called}**{power}", "product") if power else _Part(called)

    def subscript(self, start: int) -> str:
        """That of a function; of `\\sum`, which has none here, the sign itself is what is not read."""
        try:
            return self.group().text
        except _UnknownError:
            self.place = start
            raise

    def calls(self) -> bool:
        """Whether a function is called next."""
        start = self.place
        found = self.function()
        self.place = start
        return bool(found)

    def operand(self) -> _Part:
        sign = self.take()
        if sign in _BRACKETS:
            function, _ = _BRACKETS[sign]
            inside = self.bracketed(sign)
            if not inside.text:
                raise _UnknownError
            if sign == "{" and inside.kind == "one":
                return inside
            is_array = sign == "[" and (inside.kind == "list" or inside.text.startswith("["))
            return _Part(f"[{inside.text}]" if is_array else f"{function}({inside.text})")
        if sign == r"\begin":
            is_matrix = "".join(self.signs[self.place : self.place + 9]).startswith(_MATRICES)
            return self.matrix() if is_matrix else self.cases()
        if sign in (r"\frac", r"\dfrac", r"\tfrac"):
            above, below = self.group(), self.group()
            return _Part(f"{_held(above, product=True)}/{_held(below)}", "product")
        if sign == r"\binom":
            n, k = _held(self.group()), _held(self.group())
            return _Part(f"gamma({n} + 1)/(gamma({k} + 1)*gamma({n} - {k} + 1))", "product")
        if sign in _ACCENTS:
            return _Part(f"{self.group().text}_{sign[1:]}")
        if sign == r"\sqrt":
            return self.root()
        if sign[-1:].isdecimal() or sign[:1].isdecimal():
            return _Part(sign)
        if sign in _NAMED:
            name = self.word()
        elif sign[:1] == "\\" and sign[1:] in _GREEK:
            name = sign[1:]
        elif as_name(sign) and sign != "_":
            name = sign
        else:
            raise _UnknownError
        while self.next in ("_", "."):  # of a gate inside another: f.q_{1}
            name += f"_{self.below() if self.take() == '_' else self.operand().text}"
        if not as_name(name):
            raise _UnknownError
        if sign in _BOLD:
            self.bold.add(name)
        return _Part(name)

    def below(self) -> str:
        r"""The subscript of a name: `1`, `{ij}`, `{i,j}`, `{\mathrm{max}}`."""
        if self.next != "{":
            return self.group().text
        self.take()
        letters = ""
        while self.next not in ("}", ""):
            sign = self.take()
            letters += self.word() if sign in _NAMED else "_" if sign == "," else sign.removeprefix("\\")
        self.expect("}")
        return letters

    def bracketed(self, sign: str) -> _Part:
        """What stands behind an opening bracket; in parentheses, = compares."""
        _, end = _BRACKETS[sign]
        self.conditions += sign == "("
        inside = self.formula(end)
        self.conditions -= sign == "("
        self.expect(end)
        return inside

    def spelled(self) -> str:
        """Letters before a parenthesis that are the name of a function: `exp(x)`, without a backslash."""
        letters = "".join(takewhile(str.isalpha, self.signs[self.place : self.place + _LONGEST_FUNCTION]))
        behind = self.signs[self.place + len(letters) : self.place + len(letters) + 1]
        return letters if len(letters) > 1 and behind == ["("] and letters in self.functions else ""

    def root(self) -> _Part:
        if self.next != "[":
            return _Part(f"sqrt({self.group().text})")
        self.take()
        degree = self.formula("]")
        self.expect("]")
        inside = self.group()
        if degree.text == "3":
            return _Part(f"cbrt({inside.text})")
        return _Part(f"{_held(inside)}**(1/{_held(degree)})", "product")

    def group(self) -> _Part:
        r"""What stands in braces, or the one sign that does without: `x^2`, `\frac12`."""
        self.deepen()
        if self.next == "{":
            self.take()
            inside = self.formula("}")
            self.expect("}")
        elif self.next[:1].isdecimal():
            digits = self.take()
            inside = _Part(digits[0])
            if digits[1:]:
                self.rest, self.place = digits[1:], self.place - 1
        else:
            inside = self.operand()
        if not inside.text:
            raise _UnknownError
        self.depth -= 1
        return inside

    def word(self) -> str:
        """Letters in braces."""
        if self.take() != "{":
            raise _UnknownError
        letters = ""
        while self.next not in ("}", ""):
            letters += "_" if (sign := self.take()) == r"\_" else sign.removeprefix("\\")
        self.expect("}")
        return letters

    def expect(self, sign: str) -> None:
        if self.take() != sign:
            raise _UnknownError


def _held(part: _Part, *, product: bool = False) -> str:
    """A part as a factor, or as the base of a power; product: whether a product needs no parentheses there."""
    return part.text if part.kind == "one" or (product and part.kind == "product") else f"({part.text})"


def _between(before: _Part, part: _Part, bold: Collection[str], *, is_matrix: bool) -> str:
    """What stands between factors: behind a transpose the product is that of matrices, and before one it is unclear.

    bold: names of arrays, whose product it is too
    is_matrix: whether the product is one of matrices so far
    """
    is_bold = before.text in bold and part.text.removesuffix(_TRANSPOSED) in bold
    if is_matrix or is_bold or before.text.endswith(_TRANSPOSED) or before.text.startswith(("inv(", "[[")):
        return " @ "
    unclear = (part.text.endswith(_TRANSPOSED) or part.text.startswith("[")) and as_name(before.text)
    return " " if unclear else "*"


def _joined(parts: Sequence[_Part], bold: Collection[str]) -> _Part:
    """The parts in a row, with `*` where nothing stands between two of them."""
    kind, text = "one" if len(parts) == 1 and parts[0].kind != "sign" else "product", ""
    before, between = _Part("", "sign"), ""
    for part in parts:
        if part.kind == "sign":
            is_unary = before.kind == "sign"
            loose = part.text in _LOOSE
            kind = "sum" if loose else kind
            space = " " if loose and not is_unary else ""
            text += part.text + " " if part.text in (",", "not") else f"{space}{part.text}{space}"
            between = ""
        else:
            is_first = before.text in ("", *_LOOSE)
            factor = f"({part.text})" if part.kind == "product" and "/" in part.text and not is_first else part.text
            between = "" if before.kind == "sign" else _between(before, part, bold, is_matrix=between == " @ ")
            text += f"{between}{factor}"
        before = part
    if len(parts) == 1:
        kind = parts[0].kind
    elif any(part.text == "," for part in parts):
        kind = "list"
    return _Part(text, kind)
