"""Parentheses and what stands in them: the inputs of calls, their settings, conditions, choices and cases."""

from __future__ import annotations

import re

from ..errors import InputError, Span, quote
from ..rules.array_op import ArrayOp
from ..rules.arrays import row
from ..rules.op import Op
from .operands import Operands
from .settings import lengths, setting
from .token import Group, Token

MAX_NESTING = 10_000
NAME_RESULTS = "give intermediate results a name: q = x + y; f = q*z"
SPACE = r"(?:[ \t\r\n]++|#[^\n]*+\n)*+"
BEFORE_NOT = frozenset(("(", ",", "and", "or", "not", "if", "else", "?", ":"))
_REST = re.compile(rf"{SPACE}[,)]")  # what follows a case
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?![0-9,])")
_COMPARISONS = frozenset(("<", "<=", ">", ">=", "==", "!="))
_CHOICES = {"if": "else", "?": ":"}
_OPENED = {closing: opening for opening, closing in _CHOICES.items()}
_WRITE_CHOICE = "write a if c else b, or c ? a : b; a choice in the middle of another stands in parentheses"


class Groups(Operands):
    """Operands in parentheses, and the signs that stand between them there."""

    def logic(self, sign: str, span: Span) -> None:
        kind = "compared" if sign in _COMPARISONS else sign
        token = Token(kind, sign, span)
        if kind == "not":
            if not self.wants_operand:
                raise self.missing_operator(token)
            if self.tokens and self.tokens[-1].kind not in BEFORE_NOT:
                hint = f"put it in parentheses: {self.typed(self.tokens[-1].span)[1:-1]} (not …)"
                raise self.fail(f"'not' cannot stand behind {self.typed(self.tokens[-1].span)}", span, hint)
            self.tokens.append(token)
            return
        if self.wants_operand:
            last = self.tokens[-1] if self.tokens else None
            raise self.fail(
                f"{self.typed(span)} has nothing on its left"
                if last is None or last.kind == "("
                else f"something is missing between {self.typed(last.span)} and {self.typed(span)}",
                span,
                _WRITE_CHOICE if kind in _CHOICES or kind in _OPENED else "",
            )
        choices = self.open[-1].choices if self.open else self.choices
        if kind in _CHOICES:
            if choices and choices[-1].kind == "if":  # the condition of that is no choice itself
                raise self.fail(f"{quote(sign)} stands in a condition", span, _WRITE_CHOICE)
            choices.append(token)
        elif kind in _OPENED and not (choices and choices.pop().kind == _OPENED[kind]):
            raise self.fail(f"{quote(sign)} belongs to no {quote(_OPENED[kind])}", span, _WRITE_CHOICE)
        self.tokens.append(token)
        self.wants_operand = True

    def chosen(self, choices: list[Token]) -> None:
        """Each choice has both branches."""
        if choices:
            token = choices[-1]
            raise self.fail(f"{quote(token.text)} has no {quote(_CHOICES[token.kind])}", token.span, _WRITE_CHOICE)

    def opening(self, span: Span) -> None:
        last = self.tokens[-1] if self.tokens else None
        if last is not None and last.kind == "call":
            candidates = self.functions[last.text]
            call = len(self.tokens) - 1
            self.open.append(Group(span[0], call, candidates, [], [], power=self.power, settings={}))
            self.power = None
        elif self.wants_operand and self.begins_case(last):
            self.open.append(Group(span[0], None, (), [], [], is_case=True))
            return
        else:
            token = Token("(", "(", span)
            if not self.wants_operand:
                self.multiply(token)
            self.open.append(Group(span[0], None, (), [], [], place=len(self.tokens)))
        if len(self.open) > MAX_NESTING:
            raise self.fail(f"more than {MAX_NESTING:,} nested parentheses", span, NAME_RESULTS)
        self.tokens.append(Token("(", "(", span))

    def begins_case(self, last: Token | None) -> bool:
        """Whether a parenthesis is that of a case (value, condition). last: the token before it."""
        return bool(self.open) and self.open[-1].takes_cases and last is not None and last.kind in ("(", ",")

    def comma(self, span: Span) -> None:
        is_second = bool(self.open) and self.open[-1].is_case and not self.open[-1].commas
        if not is_second and (not self.open or self.open[-1].call is None):
            hint = "a decimal point is written '.'" if self.between_digits(span[0]) else ""
            if grouped := _GROUPED.match(self.source, len(self.source[: span[0]].rstrip("0123456789"))):
                hint = f"write {grouped[0].replace(',', '')}"
            error = self.fail("a comma only separates the inputs of a function", span, hint)
            if grouped:
                raise error.repaired(grouped.span(), grouped[0].replace(",", ""))
            raise error.repaired(span, ".") if hint and self.source[span[0]] == "," else error
        if any(self.source[each] != self.source[span[0]] for each in self.open[-1].commas[-1:]):
            raise self.fail("both ',' and ';' separate inputs here", span, "a decimal point is written '.'")
        self.need_operand_before(span)
        self.chosen(self.open[-1].choices)
        if self.open[-1].takes_cases:
            self.need_case_before(span[0])
        self.open[-1].commas.append(span[0])
        self.tokens.append(Token(",", ",", span))
        self.wants_operand = True

    def between_digits(self, position: int) -> bool:
        return self.source[max(0, position - 1)].isdigit() and self.source[position + 1 : position + 2].isdigit()

    def setting(self, start: int) -> int | None:
        """A setting such as `axis=0`, which leaves no token. Return where it ends; None where none stands there."""
        if not (self.open and self.open[-1].commas and self.wants_operand and self.open[-1].takes):
            return None
        found = setting(self.source, start, self.end)
        if found is None:
            return None
        name, value, end = found
        group, text = self.open[-1], self.source[start:end]
        if name in group.settings:
            raise self.fail(f"{name} is given twice", (start, end))
        if name not in group.takes:
            function = self.tokens[group.call or 0].text
            raise self.fail(f"{function} takes no {quote(text)}", (start, end))
        group.settings[name] = value
        self.tokens.pop()  # the comma
        group.commas.pop()
        self.wants_operand = False
        return end

    def lengths(self, start: int) -> int:
        """The shape behind the comma of `reshape(x, 2, 3)`. Return where it ends."""
        self.need_operand_before((start, start + 1))
        self.open[-1].settings["lengths"], end = lengths(self.source, start + 1, self.end)
        return end

    def closing(self, span: Span, sign: str = ")") -> None:
        if not self.open:
            raise self.fail(f"{quote(sign)} closes nothing", span)
        group = self.open[-1]
        if group.closes != sign:
            raise self.never_closed()
        empty = self.tokens[-1].kind == "("
        if group.call is None or not empty:
            self.need_operand_before(span)
        self.chosen(group.choices)
        self.open.pop()
        if group.is_case:
            self.close_case(group, span)
            return
        if group.call is not None:
            op = self.close_call(group, 0 if empty else len(group.commas) + 1, span[1])
            for name, place in op.read.items():
                self.tokens += [Token(",", ",", span), Token("variable", name, place)]
        self.tokens.append(Token(")", ")", span))
        self.wants_operand = False
        if group.power:
            self.add_power(*group.power, span)
        self.ended(group.place if group.call is None else group.call)
        if group.power and not self.bare:
            self.bare = "²"

    def never_closed(self) -> InputError:
        at = self.open[-1].start
        hint = "between conditions, write or" if self.source[at] == "|" else ""
        return self.fail(f"{self.typed((at, at + 1))} is never closed", (at, at + 1), hint)

    def close_case(self, case: Group, span: Span) -> None:
        """The end of (value, condition). A condition that is True leaves no token: what is left over is the value."""
        if not case.commas:
            raise self.fail("a case is a pair", (case.start, span[1]), "write (value, condition)")
        *_, before, last = self.tokens
        rest = _REST.match(self.source, span[1], self.end)
        is_true = last.text == "True" and last.kind == "variable" and last.text not in self.variables
        if is_true and before.span[0] == case.commas[0]:
            if rest and rest[0].endswith(","):
                raise self.fail("the cases behind True are never reached", (case.start, span[1]))
            del self.tokens[-2:]
        if not rest:
            hint = "the cases of Piecewise stand in parentheses, with commas between them"
            raise self.fail("a case ends here", (case.start, span[1]), hint)
        self.case_end = len(self.tokens)
        self.wants_operand = False

    def need_case_before(self, end: int) -> None:
        if self.case_end != len(self.tokens):
            hint = "write Piecewise((value, condition), (value, True))"
            raise self.fail("a case is a pair", (self.tokens[-1].span[0], end), hint)

    def close_call(self, group: Group, count: int, end: int) -> Op:
        """The operation of a call.

        group: its parentheses
        count: how many inputs it has
        end: where it ends
        """
        assert group.call is not None
        token = self.tokens[group.call]
        if group.takes_cases and count:
            self.need_case_before(end)
            self.tokens[group.call] = token._replace(op=group.candidates[0])
            return group.candidates[0]
        if count == 1 and token.text in ("concat", "concatenate"):
            count = self.unlisted(group.call)
        settings = group.settings
        fit = [op for op in group.candidates if not settings or (isinstance(op, ArrayOp) and op.takes >= {*settings})]
        op = next((op for op in fit if op.accepts(count + len(op.read))), None)
        if op is not None and isinstance(op, ArrayOp) and (settings or "lengths" in op.takes):
            if "lengths" in op.takes and not settings:
                raise self.fail(f"{token.text} takes a shape", (token.span[0], end), f"write {token.text}(x, 2, 3)")
            op = row(op.name, **settings)
        if op is None and token.text == "array":
            raise self.fail("an array has one entry at least", (token.span[0], end))
        if op is None and settings and count > 1:
            typed = ", ".join(f"{name}={value}" for name, value in settings.items())
            hint = f"as one array: {token.text}([x, y], {typed})"
            raise self.fail(f"with {next(iter(settings))}, {token.text} takes one input", (token.span[0], end), hint)
        if op is None:
            from .guesses import wrong_count

            candidates = [op for op in fit if not op.of_arrays] or fit

            raise wrong_count(self.source, token, (group.start, end), candidates, count)
        self.tokens[group.call] = token._replace(op=op)
        return op

    def unlisted(self, call: int) -> int:
        """Of `concat([x, y])`, NumPy's way, leave concat(x, y). Return how many inputs there are."""
        depth, count = 0, 1
        for place in range(call + 2, len(self.tokens)):
            kind = self.tokens[place].kind
            depth += (kind == "(") - (kind == ")")
            count += depth == 1 and kind == ","
            if depth == 0 and kind != "call" and place < len(self.tokens) - 1:
                return 1
        if self.tokens[call + 2].text != "array" or self.tokens[call + 2].kind != "call":
            return 1
        del self.tokens[-1], self.tokens[call + 2 : call + 4]
        return count
