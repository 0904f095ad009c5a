"""Every error that a person can meet: one sentence, the place, and a hint. An error draws itself."""

from collections.abc import Iterable, Sequence

Span = tuple[int, int]
"""Half-open range of character positions in a source text."""

FEW = 12
"""Names that a message lists, and warnings of a kind that are told."""
# Letters of other alphabets, each with the Latin one that it looks like (UTS #39).
_LOOKS = "аaсcԁdеeһhіiјjкkӏlмmоoрpԛqѕsтtԝwхxуyАAВBСCЕEНHІIЈJКKМMОOРPЅSТTХXҮY"
_LOOKS += "αaγyηnιiκkνvοoρpτtυuχxωwΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧX"
_COMPARED = 200  # known words of which each is compared with a wrong one: that takes a millisecond


class Source(str):
    """A text that spans point into; `file` is where it comes from, empty if that is not worth telling."""

    __slots__ = ("file",)
    file: str

    def __new__(cls, text: str, file: str = "") -> "Source":
        """Nothing but text to whoever does not ask."""
        source = super().__new__(cls, text)
        source.file = file
        return source


COLUMNS = 80
"""Of a screen, where nobody says how wide it is."""


class BackpropError(Exception):
    """An error about the user's input or mathematics.

    message: one sentence without a full stop;
    source: the text that `span` points into;
    hint: what to do, where something is likely. `str(error)` is the whole drawing, for a screen of 80 columns.
    """

    exit_code = 2

    def __init__(self, message: str, source: str = "", span: Span | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.source = source
        self.span = span
        self.hint = hint
        self.file = source.file if isinstance(source, Source) else ""

    def __reduce__(self) -> tuple[object, ...]:
        return _again, (type(self), self.message, self.__dict__)

    @property
    def line(self) -> int:
        """The line of the source at which `span` starts, counted from 1."""
        return 1 + self.source.count("\n", 0, self.span[0]) if self.span else 1

    @property
    def column(self) -> int:
        """The column at which `span` starts, counted in characters from 1."""
        return self.span[0] - self.source.rfind("\n", 0, self.span[0]) if self.span else 1

    def __str__(self) -> str:
        return "\n".join(self.drawn(COLUMNS))

    def drawn(self, columns: int) -> list[str]:
        """The lines of the error: the message, its place in the source, on a screen of that width, and the hint."""
        lines = [f"error: {printable(self.message)}"]
        if self.span is not None and self.source.strip():
            if self.file or "\n" in self.source.strip():
                name = f"{printable(self.file)}, " if self.file not in ("", "-") else ""
                lines.append(f"  {name}line {self.line}, column {self.column}:")
            lines += [f"  {line}".rstrip() for line in _draw(self.source, self.span, columns - 4)]
        if self.hint:
            lines.append(f"hint: {printable(self.hint)}")
        return lines


def _again(kind: type[BackpropError], message: str, parts: dict[str, object]) -> BackpropError:
    """An error out of a pickle, whatever its kind is made of."""
    error = kind.__new__(kind, message)
    error.__dict__.update(parts)
    return error


class InputError(BackpropError):
    """What was typed is wrong (exit status 2).

    repair: what belongs in place of which part of the source, where that is known.
    """

    repair: tuple[Span, str] | None = None

    def repaired(self, span: Span, text: str) -> "InputError":
        """The error, with what belongs in place of that part of the source."""
        self.repair = span, text
        return self


class MathError(BackpropError):
    """What was typed is fine, but the mathematics has no answer there (exit status 1)."""

    exit_code = 1


class UnprovenError(MathError):
    """What is known of the numbers does not decide a gate; more digits may."""


class OutputError(BackpropError):
    """The result cannot be drawn or written (exit status 1)."""

    exit_code = 1


class FaultError(BackpropError):
    """The program contradicts itself (exit status 1)."""

    exit_code = 1

    def __init__(self, message: str, source: str = "") -> None:
        hint = "this is a fault of backprop, please report it with the whole command"
        super().__init__(message, source, hint=hint)


def missing(library: str, extra: str, what: str) -> InputError:
    """The error where a library is not installed.

    library: its name, as pip has it;
    extra: of the package, that brings it;
    what: what needs it.
    """
    return InputError(f"{what} needs {library}, which is not installed", hint=f"pip install 'backprop-cli[{extra}]'")


def printable(text: str) -> str:
    """`text` with control characters, lone surrogates and the like written as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def reason(error: Exception, otherwise: str = "it is not the name of a file") -> str:
    """Why the system refuses something, in its own words; `otherwise` where it gives none."""
    words = getattr(error, "strerror", None) or otherwise
    return f"{words[:1].lower()}{words[1:]}"


def shorten(text: str, limit: int = 60) -> str:
    """`text` on one line, shortened in the middle to about `limit` characters."""
    if len(text) > limit:
        half = (limit - 1) // 2
        text = f"{text[:half]}…{text[-half:]}"
    return printable(text)


def quote(text: str) -> str:
    """`text` in quotes, shortened."""
    return f"'{shorten(text, 40)}'"


def few(names: Sequence[str]) -> list[str]:
    """The first FEW names, and how many more there are."""
    return [*names[:FEW], f"{len(names) - FEW:,} more"] if len(names) > FEW else [*names]


def counted(count: int, word: str) -> str:
    """So many: `1 row`, `2,000 rows`."""
    return f"{count:,} {word}{'s' * (count != 1)}"


def suggest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """The known word that was probably meant; empty if none.

    One that looks the same is; else a common beginning counts most: cosine is cos.

    word: what was typed;
    known: those that there are;
    cutoff: how alike two words have to be, from 0 to 1.
    """
    import difflib

    known = list(known)
    for each in known:
        if looks(each) == looks(word):
            return each
    if len(known) > _COMPARED:
        known = sorted(known, key=lambda each: (_common_ends(word, each), -abs(len(each) - len(word))))[-_COMPARED:]
    same = [each for each in known if each.lower() == word.lower()]
    close = same or difflib.get_close_matches(word, known, n=5, cutoff=cutoff)
    return max(close, key=lambda each: _common_beginning(word, each), default="")


def looks(word: str) -> str:
    """The word in the Latin letters that it looks like, without accents: naïve is naive, and so are Greek letters."""
    if word.isascii():
        return word
    from unicodedata import combining, normalize

    bare = "".join(c for c in normalize("NFKD", word) if not combining(c))
    return bare.translate(dict(zip(map(ord, _LOOKS[::2]), _LOOKS[1::2], strict=True)))


def did_you_mean(word: str, close: str) -> str:
    """The question whether another word was meant; what looks the same is told by the name of a letter."""
    question = f"did you mean {quote(close)}"
    if looks(word) != looks(close) or len(word) != len(close):
        return f"{question}?"
    from unicodedata import name

    letter = next(c for b, c in zip(word, close, strict=True) if b != c)
    return f"{question}, with {name(letter, letter).capitalize()}?"


def _common_ends(one: str, two: str) -> int:
    return _common_beginning(one, two) + _common_beginning(one[::-1], two[::-1])


def _common_beginning(one: str, two: str) -> int:
    return next((i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))


def _draw(source: str, span: Span, columns: int) -> tuple[str, str]:
    """The source line that holds the start of `span`, cut to fit, and a line of carets under the span."""
    start, end = span
    first = source.rfind("\n", 0, start) + 1
    last = source.find("\n", start)
    last = len(source) if last < 0 else last
    last -= source[first:last].endswith("\r") and start < last
    left = right = start
    room = columns
    if last - first <= columns and _width(_line(source[first:last])) <= columns:
        left, right = first, last
    else:
        room -= 2  # for the signs that something is cut
        while left > first and (cost := _cost(source[left - 1])) <= room - columns // 2:
            left, room = left - 1, room - cost
        while right < last and (cost := _cost(source[right])) <= room:
            right, room = right + 1, room - cost
        while left > first and (cost := _cost(source[left - 1])) <= room:
            left, room = left - 1, room - cost
    before, inside = _line(source[left:start]), _line(source[start : min(end, right)])
    head, tail = "…" * (left > first), "…" * (right < last)
    line = f"{head}{before}{inside}{_line(source[max(start, min(end, right)) : right])}{tail}"
    return line, " " * _width(head + before) + "^" * max(1, _width(inside))


def _cost(character: str) -> int:
    return max(1, _width(_line(character)))  # a million combining marks take no column, but are no drawing either


def _line(text: str) -> str:
    return printable(text.replace("\t", " "))


def _width(text: str) -> int:
    """Terminal columns that `text` takes (UAX #11: wide and fullwidth characters take two)."""
    if text.isascii():
        return len(text)
    import unicodedata

    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
