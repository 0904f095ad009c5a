"""Every error that a person can meet: one sentence, the place, and a hint. An error draws itself."""

import unicodedata

Span = tuple[int, int]
"""Half-open range of character positions in a source text."""

_WINDOW = 60  # characters of a long source line that are shown around the place


class BackpropError(Exception):
    """An error about the user's input or mathematics.

    message: one sentence without a full stop; source: the text that `span` points into;
    hint: what to do, where something is likely. `str(error)` is the whole drawing.
    """

    exit_code = 2

    def __init__(self, message: str, source: str = "", span: Span | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.source = source
        self.span = span
        self.hint = hint

    def __str__(self) -> str:
        lines = [f"error: {printable(self.message)}"]
        if self.span is not None and self.source.strip():
            lines += [f"  {line}".rstrip() for line in _draw(self.source, self.span)]
        if self.hint:
            lines.append(f"hint: {printable(self.hint)}")
        return "\n".join(lines)


class InputError(BackpropError):
    """What was typed is wrong (exit status 2)."""


class MathError(BackpropError):
    """What was typed is fine, but the mathematics has no answer there (exit status 1)."""

    exit_code = 1


def printable(text: str) -> str:
    """`text` with control characters, lone surrogates and the like written as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def quote(text: str, limit: int = 40) -> str:
    """`text` in quotes, shortened in the middle to about `limit` characters."""
    if len(text) > limit:
        half = (limit - 1) // 2
        text = f"{text[:half]}…{text[-half:]}"
    return f"'{printable(text)}'"


def _draw(source: str, span: Span) -> tuple[str, str]:
    """The source line that holds the start of `span`, and a line of carets under the span."""
    start, end = span
    first = source.rfind("\n", 0, start) + 1
    last = source.find("\n", start)
    last = len(source) if last < 0 else last
    end = min(max(end, start + 1), max(last, start + 1))
    left, right = "", ""
    if last - first > 2 * _WINDOW:
        cut = max(first, start - _WINDOW)
        left, first = ("…" if cut > first else ""), cut
        cut = min(last, max(start + _WINDOW, first + 2 * _WINDOW))
        right, last = ("…" if cut < last else ""), cut
        end = min(end, max(last, start + 1))
    before, inside, after = (printable(part) for part in (source[first:start], source[start:end], source[end:last]))
    carets = " " * _width(left + before) + "^" * max(1, _width(inside))
    return f"{left}{before}{inside}{after}{right}", carets


def _width(text: str) -> int:
    """Terminal columns that `text` takes (UAX #11: wide and fullwidth characters take two)."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
