"""What is not arithmetic: signs that people type and that no expression takes, and what to tell them."""

from __future__ import annotations

import re
import unicodedata

from ..errors import InputError, Span, quote
from ..rules.table import CONSTANTS, spellings
from .names import NAME, RAISED
from .spellings import OF_ARRAYS, PREFIXES
from .token import Token

_REFUSED: list[tuple[str, str, str]] = [
    (r"[–—‐‑]", "an unusual dash is not an operator here", "write -"),
    (r"[∙•∗]", "an unusual dot is not an operator here", "write *"),
    (r"[^\S \t\r\n\x0b\x0c]", "an unusual kind of space is not part of an expression", "write a plain one"),
    (r"=>", "an arrow is not part of an expression", "a module is a function: f(x) = EXPRESSION; 'at least' is >="),
    (r"->|[→⇒↦⟼]", "an arrow is not part of an expression", "a module is a function: f(x) = EXPRESSION"),
    (r"=<", "'=<' compares nothing here", "write <="),
    (r"<>|~=", "this sign compares nothing here", "write !="),
    (r"=(?<=[=!]=)=?", "this sign compares nothing here", "two signs do: == or !="),
    (r"[⁄∕⊘]", "an unusual slash is not an operator here", "write /"),
    (r"∘", "'∘' is not an operator here", "entry by entry, write *; of functions, f(g(x))"),
    (r"⊗", "'⊗' is not an operator here", "of vectors, write outer(x, y); entry by entry, *"),
    (
        r":=|=",
        "an assignment is not part of an expression",
        "== compares; statements are NAME = EXPRESSION, with ; between",
    ),
    (r";", "no statement can end here", "';' stands behind a whole statement, outside parentheses"),
    (r"\"|'|`|“|”|‘|’|„", "a string is not part of an expression", "leave the quotes out"),
    (r"\$+", "a dollar sign is not part of an expression", "leave the dollar signs out"),
    (r"\.(?=[*/^])", "'.' before an operator is not needed here", "leave the point out"),
    (r"\.(?=\s*[^\W\d])", "attribute access is not part of an expression", ""),
    (r"::", "a namespace is not part of an expression", ""),
    (r"[∂∇]", "a derivative is not part of an expression", ""),
    (r"[‖∥]", "'‖' is not an operator here", "the length of a vector is norm(x), of numbers hypot(x, y)"),
    (r"∜", "'∜' is not an operator here", "the fourth root of x is x**(1/4)"),
    (r"≈", "this sign compares nothing here", "write ==, or abs(x - y) < 0.001"),
    (r"∑", "a sum over an index is not part of an expression", "write its terms: x1 + x2; of an array, sum(x)"),
    (r"∏", "a product over an index is not part of an expression", "write its factors: x1*x2; of an array, prod(x)"),
    (r"∫", "an integral is not part of an expression", ""),
    (r"//", "'//' is not an operator here", "write floor(x/y)"),
    (r"±", "an uncertainty belongs to a value, and not to the expression", "for example: --x 2.0±0.1"),
    (r"°", "'°' is not an operator here", "an angle of x degrees is x*pi/180"),
    (r"!", "'!' is not an operator here", "the factorial of x is written x!; before a condition, write not"),
    (r"\|", "'|' is not an operator here", "the absolute value of x is |x|; between conditions, write or"),
    (r"&", "'&' is not an operator here", "between conditions, write and"),
    (
        r"~",
        "'~' is not an operator here",
        "before a condition, write not; y ~ a*x is the model a*x of fit, with --target y",
    ),
    (r"\\\[[A-Z][a-z]+\]", "an escape is not part of an expression", ""),
    (r"\\(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2})", "an escape is not part of an expression", ""),
    (r"\\[A-Za-z]*", "no LaTeX is read here", ""),
    (r"""\{(?=\s*(["']?)\w+\1\s*:)""", "JSON is not part of an expression", "values of variables are given by --at"),
    (r"[{}]", "only round parentheses group an expression", "write ( and )"),
    (rf"[⁺⁻]?[ⁿ{RAISED}]+", "letters are not raised here", "write **{}"),
    (r"[∕⁄]", "an unusual slash is not an operator here", "write /"),
    (r"[⁺⁻]", "this superscript is not an operator here", "write **…"),
    (r"\.", "a number needs a digit beside its point", ""),
]
_REFUSED_AT = [(re.compile(pattern), message, hint) for pattern, message, hint in _REFUSED]
_PLAIN = {
    **dict.fromkeys("–—‐‑", "-"), **dict.fromkeys("∙•∗", "*"), **dict.fromkeys("⁄∕⊘", "/"),
    "=<": "<=", "<>": "!=", "~=": "!=",
    **dict.fromkeys("\"'`“”‘’„", ""),
}  # fmt: skip
"""What stands for a sign that is refused, and means one thing."""
_QUOTES = {"'": "'", '"': '"', "`": "`", "“": "”", "‘": "’", "„": "“"}
"""What opens a text, and what closes it."""
_DIGITS = re.compile(r"\d+")
_IN_ANGLE = re.compile(r"(?:sin|cos|tan|sec|csc|cot)[²^2]*\([^()]*$", re.IGNORECASE)
_SETTING = re.compile(r"\w+\s*=(?!=)")
_WHOLE = re.compile(r"[-−+]?\d+")
_PRIMES = frozenset("'’`")
_BEFORE = re.compile(rf"({NAME}|[\^*])[ \t]*$")
_AFTER = re.compile(rf"(?:(?:\.|::)\s*({NAME}))+")  # the last of them
_WORD = re.compile(r"(?<![^\W\d_])(?<!\\)[^\W\d_]{3,}(?![^\W\d_]|[ \t]*\()")
"""Letters that are no product of them, as they would be in LaTeX."""
_CALLED = re.compile(rf"[ \t]*(\(|{NAME})")
_NEAR = 300  # characters before a place that a hint looks at
_LATEX = {
    "\\frac": "write (a)/(b)", "\\dfrac": "write (a)/(b)",
    "\\cdot": "write *", "\\times": "write *", "\\div": "write /",
    "\\left": "leave it out", "\\right": "leave it out", "\\": "leave it out", "\\operatorname": "leave it out",
    "\\mathrm": "leave it out", "\\sqrt": "write sqrt(x)", "\\lvert": "write abs(x)", "\\ln": "write log(x)",
}  # fmt: skip


def _of_function(source: str, position: int, name: str) -> str:
    """What to write for `sin^{2}(x)` and `log_{2}(x)`; empty where it is something else that has braces."""
    from .guesses import power_of_function, unknown_function

    plain = source.translate({ord("{"): "(", ord("}"): ")"})
    closes = plain.find(")", position)
    behind = _CALLED.match(plain, closes + 1)
    if closes == -1 or behind is None:
        return ""
    if source[:position].endswith("_") and behind[1] == "(":
        return unknown_function(plain, spellings(), name, (behind.start(), behind.start(1))).hint
    return power_of_function(
        plain, spellings(), Token("(" if behind[1] == "(" else "variable", behind[1], behind.span(1))
    )


def refusal(source: str, position: int) -> InputError:
    """Why no token begins there."""
    for pattern, message, hint in _REFUSED_AT:
        match = pattern.match(source, position)
        if match:
            plain = unicodedata.normalize("NFKC", match[0]).replace("−", "-")
            hint = _hint(source, position, match[0], plain) or hint.format(plain)
            error = InputError(message, source, match.span(), hint)
            if message.startswith("an assignment"):
                from .named import without_names

                if call := without_names(source, position):
                    error.hint = f"inputs stand in their order, without names: {call[1]}"
                    return error.repaired(*call)
                if part := _left_over(source, *match.span()):
                    return error.repaired(part, "")
            return _repaired(error, source, position, match[0], plain)
    character = source[position]
    if digits := _DIGITS.match(source, position):
        plain = "".join(str(unicodedata.decimal(digit)) for digit in digits[0])
    else:
        plain = unicodedata.normalize("NFKC", character)
    is_one = len(plain) == 1 or plain.isalnum()  # an ellipsis is three points
    hint = f"write {quote(plain)}" if plain != character and is_one and plain.isascii() and plain.strip() else ""
    error = InputError(f"unexpected character {quote(character)}", source, (position, position + 1), hint)
    is_blank = unicodedata.category(character) == "Cf"  # which stands between a function and its parenthesis
    end = digits.end() if digits else position + 1
    return error.repaired((position, end), "" if is_blank else plain) if hint or is_blank else error


def _left_over(source: str, start: int, end: int) -> Span | None:
    """What to leave out of an equation: `1/f =`, or `= 3` where the right side is a number; None where it is none.

    start, end: of the sign
    """
    left, right = source[:start], source[end:]
    is_number = not re.search(NAME, right)  # as in f(x, y) = x*y = -12
    is_outside = left.count("(") == left.count(")") and left.count("=") <= is_number and "=" not in right
    if not is_outside or "\n" in source or not right.strip() or left.rstrip().endswith(tuple("+-*/%^&|")):
        return None
    return (start, len(source)) if is_number else (0, end)


def _repaired(error: InputError, source: str, position: int, sign: str, plain: str) -> InputError:
    """The error, with what belongs in place of what is refused, where that is one thing.

    sign: what is refused, as it stands there;
    plain: the same in plain letters
    """
    from .latex import translated
    from .recipes import behind_call

    end = position + len(sign)
    ends = behind_call(source, position)
    owner = _operand_before(source, position)
    if sign in _PLAIN and sign not in _QUOTES:
        return error.repaired((position, end), _PLAIN[sign])
    if sign[0] == "$":
        return error.repaired((position, end), "")
    if sign.isspace():
        return error.repaired((position, end), " ")
    if error.hint == f"write **{plain}" and "raised" in error.message:
        return error.repaired((position, end), f"**{plain}" if plain.isalnum() and len(plain) == 1 else f"**({plain})")
    if sign[0] in "\\{$" and (formula := translated(source)) and error.hint == f"write {formula}":
        return error.repaired((0, len(source)), formula)
    is_angle = owner[-1:].isdigit() or _IN_ANGLE.search(source, max(0, position - _NEAR), position)
    if sign == "°" and owner and is_angle:
        return error.repaired((position - len(owner), end), f"({owner}*pi/180)")
    if sign in _QUOTES and not owner and (closes := source.find(_QUOTES[sign], end)) > 0:
        return error.repaired((position, closes + 1), source[end:closes])
    if sign in _PRIMES and error.hint.startswith("the transpose"):
        return error.repaired((position, end), ".T")
    if sign == "|" and error.hint.startswith("a function needs") and (bar := source.find("|", end)) > 0:
        return error.repaired((position, bar + 1), f"({source[position : bar + 1]})")
    if sign == "{" and ends > 0:
        is_below = source[:position].endswith("_") and source[end : ends - 1].isalnum()
        inside = source[end : ends - 1]
        return error.repaired((position, ends), inside if is_below else f"({inside})")
    if sign in (".", "::") and error.hint.startswith("write ") and (after := _AFTER.match(source, position)):
        ends = behind_call(source, after.end()) if source[after.end() :][:1] == "(" else after.end()
        return error.repaired((position - len(owner), ends), error.hint.removeprefix("write "))
    return error


def _without_point(source: str, position: int, after: re.Match[str]) -> str:
    """What to write for `math.foo.exp(x)`, `x.exp()` and `f(x).sum(axis=0)`. after: the names behind the point."""
    from ..rules.arrays import functions as known_functions
    from .guesses import with_axis
    from .recipes import ADVICE, RENAMED, bracketed, recipe

    name, functions = after[1], known_functions()
    is_call = source[after.end() : after.end() + 1] == "("
    inputs = [each for each in bracketed(source, after.end()) if each] if is_call else []
    known = RENAMED.get(name, name if name in functions else name.lower())
    owner = _operand_before(source, position)
    if owner.startswith("(") and bracketed(owner, 0):
        owner = ", ".join(bracketed(owner, 0))
    if owner in ("self", "this") and not is_call:
        return f"write {name}"
    if known not in functions:
        written = recipe(name, [owner, *inputs]) or recipe(known, [owner, *inputs]) or recipe(name, inputs)
        return f"write {written or name}" if written or name in CONSTANTS else ADVICE.get(name, "")
    plain = [each for each in inputs if not _SETTING.match(each)]
    takes = {each for op in functions[known] for each in getattr(op, "takes", ())}
    is_literal = "axis" in takes and len(plain) == 1 and _WHOLE.fullmatch(plain[0])
    if is_literal and known == "norm":
        return {"1": f"write sum(abs({owner}))", "2": f"write norm({owner})"}.get(plain[0], "")
    if is_literal:  # X.mean(0)
        inputs[0] = f"axis={plain[0]}"
    if owner in OF_ARRAYS and (call := with_axis((owner, known), functions, source, after.end())):
        return f"write {call[1]}"
    if owner not in PREFIXES and (
        is_literal or "lengths" in takes or not any(op.accepts(len(plain)) for op in functions[known])
    ):
        inputs = [owner, *inputs]
    return f"write {known}({', '.join(inputs)})"


def _operand_before(source: str, end: int) -> str:
    """The operand that ends there: a name, or a bracket with the name before it."""
    depth, start = 0, end
    while start > max(0, end - _NEAR):
        sign = source[start - 1]
        depth += (sign in ")]") - (sign in "([")
        if depth < 0 or (depth == 0 and not (sign.isalnum() or sign in "_.([")):
            break
        start -= 1
    return source[start:end].lstrip(".")


def _hint(source: str, position: int, sign: str, plain: str) -> str:
    """What to write instead, where the text around shows it: `np.exp(x)`, `Sin[x]`, `x^{2}`, `sin²(x)`, `\\sin x`."""
    from .latex import translated
    from .recipes import DERIVATIVES, bracketed
    from .settings import meant_setting

    if sign in "∂∇":
        return DERIVATIVES
    if sign.startswith("\\["):
        return f"write {sign[2:-1].lower()}"  # \[Alpha], as Mathematica has it
    if code := re.fullmatch(r"\\[ux]([0-9A-Fa-f]{2,})", sign):
        return f"write {chr(int(code[1], 16))}"
    before = _BEFORE.search(source, max(0, position - _NEAR), position)
    name = before[1] if before else ""
    if sign == "=" and (setting := meant_setting(source, name, position)):
        return f"write {setting}"
    if sign == ";" and source.count("[", 0, position) > source.count("]", 0, position):
        return "a matrix is a list of its rows: [[1, 2], [3, 4]]"
    is_latex = (sign[0] in "\\$" and "\\" in source) or (sign == "{" and name.endswith(("^", "_")))
    if is_latex and not (sign == "{" and _WORD.search(source)) and (formula := translated(source)):
        return f"write {formula}"
    functions = spellings()
    if sign == "|" and name in functions:
        absolute, bar, _ = source[position + 1 :].partition("|")
        return f"a function needs parentheses: {name}(|{absolute}|)" if bar and absolute.strip() else ""
    if sign in (".", "::") and (after := _AFTER.match(source, position)):
        return _without_point(source, position, after)
    if sign in _PRIMES and before and before.end() == position:
        return DERIVATIVES if source[position + 1 : position + 2] == "(" else f"the transpose of {name} is {name}.T"
    if sign == "{":
        inside = bracketed(source, position)
        text = ", ".join(inside)
        if hint := _of_function(source, position, f"{name}{text}"):
            return hint
        if name == "^" or name == "*":
            sign = "**" if name == "^" or source[:position].rstrip().endswith("**") else "*"
            return f"write {sign}({text})"
        if name.endswith("_") and text.isalnum():
            return f"write {name}{text}"
        return f"write {name}{text}" if name and text.isdecimal() else ""
    if sign[0] == "\\":
        word = sign[1:]
        if source[position + len(sign) :][:1] == "_":
            return ""
        return _LATEX.get(sign) or f"write {word}" + "(x)" * (word in functions and word not in "σΓψζ")
    if name in functions and plain.lstrip("+-").isdecimal():
        inside = bracketed(source, position + len(sign)) if source[position + len(sign) :][:1] == "(" else ["x"]
        power = f"{name}({', '.join(inside)})"
        inverse = f" or a{power}" * (f"a{name}" in functions)
        return f"write 1/{power}{inverse}" if plain == "-1" else f"write {power}**{plain}"
    return ""
