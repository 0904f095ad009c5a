"""A plain line answered all in one: an object of doubles in, one of doubles out, and nothing unusual on the way.

It gives what `rows`, `evaluate` and `lines` give one after the other, or it gives up.
"""

from __future__ import annotations

from collections.abc import Callable

from ..errors import InputError
from ..language.names import is_normal
from .evaluate import Calculator, Job
from .rows import decoder


def answering(job: Job, calculate: Calculator, form: str, tell: Callable[[str], None]) -> Callable[[str], bool]:
    """What answers a line, or does nothing where that takes more, and gives whether it has.

    job: what is asked for at each line
    calculate: the function that the graph is compiled to
    form: the numbers of the result, in the manner of printf
    tell: takes the line of the answer
    """
    read = decoder(as_text=False).raw_decode
    wanted, is_free = job.varying, job.refused.isdisjoint
    only = len(wanted) if is_free(wanted) else -1  # of so many entries with values, none has another name

    def answer(line: str) -> bool:
        text = line.strip()
        try:
            given, end = read(text)
            if type(given) is not dict or end != len(text):
                return False
            if len(given) != only and not (is_free(given) and is_normal("".join(given))):
                return False
            _, numbers = calculate(given)
        except (ArithmeticError, KeyError, ValueError, RecursionError, InputError):
            return False
        if not given or "NaN" in text or "Infinity" in text or not text.isprintable():
            return False
        tell(f"{{{text[1:-1].strip()}, {form % numbers}}}\n")
        return True

    return answer
