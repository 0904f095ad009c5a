"""Text → statements: `q = x + y`, `sigma(t) = 1/(1 + exp(-t))`, and an expression without a name at the end.

A statement ends at a semicolon, or with its line; a line goes on below where an operator or a parenthesis is open.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ..errors import InputError, Span, quote
from .names import as_name
from .tokens import MAX_CHARACTERS, NOTHING_BEHIND

_SPACE = " \t\r\n"  # no other kind of space is part of a program
_COMMENT = re.compile(r"#[^\n]*")
_LINE = re.compile(r"[^ \t\r\n](?:[^\n]*[^ \t\r\n])?")  # what stands in a line, if anything
_MARK = re.compile(r"[;()\[\]]")
_COMPARED = "<>!=≤≥≠?:&|"
_HALF_DONE = frozenset(f"+-*/^,−×·⋅⊙÷{_COMPARED}")  # behind one of these, a line goes on
_GOES_ON = frozenset(f"*/^,)×·⋅⊙÷{_COMPARED}")  # before one of these, the line above goes on
_WORD_BEFORE = re.compile(r"\b(?:and|or|not|if|else)\Z")  # and behind one of these words
_WORD_BEHIND = re.compile(r"(?:and|or|if|else)\b")  # and before one of these
_SIGNS = frozenset("+-−")  # before one of these it may
_CALL = re.compile(r"([^\s()]+)\s*\((.*)\)", re.DOTALL).fullmatch


class Statement(NamedTuple):
    """A stage, a module, or an expression alone.

    name: of the stage or the module, empty for an expression alone;
    inputs: of a module, None for a stage;
    head: where the name stands;
    body: where the expression stands.
    """

    name: str
    inputs: tuple[str, ...] | None
    head: Span
    body: Span


def split(source: str) -> list[Statement]:
    """The statements of a program, one at least. A source without any assignment is one expression, whatever its lines.
    Where it defines functions and nothing else, the last is the output: `f(x, y) = x*y`.

    Raises InputError for too much text, for a module's head that is none, and for a line of which nobody knows whether
    it goes on.
    """
    if "=" not in source and ";" not in source:
        return [whole(source)]
    if len(source) > MAX_CHARACTERS:
        raise InputError(f"the program has {len(source):,} characters; the limit is {MAX_CHARACTERS:,}")
    code = _COMMENT.sub(lambda comment: " " * len(comment[0]), source)
    pieces, doubtful = _pieces(code)
    if not pieces:
        return [Statement("", None, (0, 0), (0, 0))]
    statements = [_statement(source, code, piece) for piece in pieces]
    if not any(each.name for each in statements):
        if len(statements) == 1 and not doubtful:
            return statements
        if ";" not in source:
            return [whole(source)]
    if doubtful:
        at = doubtful[0]
        hint = "put the sign at the end of the line above, or the whole expression in parentheses"
        message = f"a line that begins with {quote(source[at])} may belong to the line above, or not"
        raise InputError(message, source, (at, at + 1), hint)
    *modules, last = statements
    if last.inputs is not None and all(each.inputs is not None for each in modules):  # as in a textbook
        name = source[slice(*last.head)].partition("(")[0].rstrip(_SPACE)
        statements[-1] = Statement(last.name, None, (last.head[0], last.head[0] + len(name)), last.body)
    for each in statements[:-1]:
        if not each.name:
            if each.body[0] == each.body[1]:  # `=` alone, as a spreadsheet's formula
                raise InputError(NOTHING_BEHIND, source, (each.body[0] - 1, each.body[0]))
            message = "only the last statement may go without a name: nothing can use this one"
            raise InputError(message, source, each.body, "write NAME = before it")
    return statements


def whole(source: str) -> Statement:
    """All of the source as one expression."""
    return Statement("", None, (0, 0), (0, len(source)))


def _pieces(code: str) -> tuple[list[Span], list[int]]:
    """Where the statements stand, and the signs at which a line may or may not go on. code: without comments."""
    pieces: list[Span] = []
    doubtful: list[int] = []
    begin = end = depth = 0  # of the statement; depth: the parentheses that are open

    for line in _LINE.finditer(code):
        start = line.start()
        goes_on = code[end - 1] in _HALF_DONE or _WORD_BEFORE.search(code, begin, end)
        if begin < end and depth == 0 and not goes_on:
            if code[start] in _SIGNS:
                doubtful.append(start)
            elif code[start] not in _GOES_ON and not _WORD_BEHIND.match(code, start):
                pieces.append((begin, end))
                begin = start
        for mark in _MARK.finditer(code, start, line.end()):
            if mark[0] != ";":
                depth = max(0, depth + (1 if mark[0] in "([" else -1))
            elif depth == 0:
                pieces.append((begin, mark.start()))
                begin = mark.end()
        end = line.end()
    stripped = [_stripped(code, piece) for piece in (*pieces, (begin, end))]
    return [(start, end) for start, end in stripped if start < end], doubtful


def _stripped(code: str, piece: Span) -> Span:
    start, end = piece
    text = code[start:end].rstrip(_SPACE)
    return start + len(text) - len(text.lstrip(_SPACE)), start + len(text)


def _statement(source: str, code: str, piece: Span) -> Statement:
    """`NAME = …` or `NAME(NAME, …) = …`; whatever else it is, it is an expression, good or bad."""
    start, end = piece
    equals = code.find("=", start, end)
    is_first = not code[:start].strip(_SPACE)
    if is_first and equals == start and source[start + 1 : start + 2] not in ("=", ">", "<"):  # as in a spreadsheet
        return Statement("", None, (start, start), (start + 1, end))
    if equals > start and source[equals + 1 : equals + 2] not in ("=", ">", "<") and source[equals - 1] not in "<>!:":
        left = code[start:equals].rstrip(_SPACE)
        head, body = (start, start + len(left)), (equals + 1, end)
        if name := as_name(left):
            return Statement(name, None, head, body)
        if (call := _CALL(left)) and (name := as_name(call[1])):
            return Statement(name, _inputs(source, start + call.start(2), call[2]), head, body)
    return Statement("", None, (start, start), piece)


def _inputs(source: str, position: int, inputs: str) -> tuple[str, ...]:
    names: dict[str, None] = {}  # an ordered set
    for entry in inputs.split(","):
        start, text = position + len(entry) - len(entry.lstrip(_SPACE)), entry.strip(_SPACE)
        span = (start, start + max(len(text), 1))
        name = as_name(text)
        if not name:
            message = f"{quote(text)} is not a name" if text else "the name of an input is missing"
            raise InputError(message, source, span, "a module is written NAME(NAME, …) = EXPRESSION")
        if name in names:
            raise InputError(f"the module has two inputs {quote(name)}", source, span)
        names[name] = None
        position += len(entry) + 1
    return tuple(names)
