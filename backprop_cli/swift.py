"""A plain line answered all in one: an object of doubles in, one of doubles out, and nothing unusual on the way.

It gives what `rows`, `points` and `render.points` give one after the other, in a third of the time, or it gives up.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from .errors import InputError
from .points import Calculator
from .rows import decoder


def answering(
    calculate: Calculator, refused: Collection[str], form: str, tell: Callable[[str], None]
) -> Callable[[str], bool]:
    """What answers a line, or does nothing where that takes more, and gives whether it has.

    refused: names that no entry may have; form: the numbers of the result, in the manner of printf; tell: takes the
    line of the answer.
    """
    scan: Callable[[str, int], tuple[object, int]] = vars(decoder(as_text=False))["scan_once"]
    is_free = frozenset(refused).isdisjoint

    def answer(line: str) -> bool:
        text = line.strip()
        try:
            given, end = scan(text, 0)
            if type(given) is not dict or end != len(text) or not is_free(given):
                return False
            _, numbers = calculate(given)
        except (ArithmeticError, KeyError, ValueError, StopIteration, RecursionError, InputError):
            return False
        if not given or "NaN" in text or "Infinity" in text:
            return False
        tell(f"{{{text[1:-1].strip()}, {form % numbers}}}\n")
        return True

    return answer
