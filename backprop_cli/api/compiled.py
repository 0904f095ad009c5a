"""`compile`, the function: an expression parsed once, to be called at many points."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from ..arithmetic import TIES
from ..errors import BackpropError, InputError, few, quote
from ..passes import point
from ..passes.backpropagate import LARGE
from ..passes.compiled import UnusualError
from ..passes.compiled_lines import MISSING, size, with_names
from ..passes.settings import Settings, check
from .trace import Trace
from .values import Given, expect, has_axes, names_of, texts


class ValueAndGradient(NamedTuple):
    """What a compiled expression gives: the value, and ∂output/∂variable by name."""

    value: float
    gradient: dict[str, float]


class Compiled:
    """An expression that was parsed once. Called with a value for each variable, it gives the value and the gradient.

    expression: its text;
    variables: their names, in the order in which it takes values without a name.

    The numbers are those of `backprop()`, to the last bit, and so are the errors. It can be called in several threads
    at once, and pickled.

    >>> from backprop_cli import compile
    >>> f = compile("(x+y)*z")
    >>> f(x=-2, y=5, z=-4)
    ValueAndGradient(value=-12.0, gradient={'x': -4.0, 'y': -4.0, 'z': 3.0})
    """

    __slots__ = ("__call__", "__weakref__", "_graph", "_of_arrays", "_settings", "_whole", "expression", "variables")
    # That a call goes straight to the function, and not by a method, is a third of its time.
    __call__: Callable[..., ValueAndGradient]

    def __init__(self, expression: str, settings: Settings) -> None:
        """settings: what is to be computed, of which only `wrt` and `ties` are regarded."""
        from ..language.program import Program

        self.expression, self._settings = expression, settings
        self._graph = graph = Program(expression).graph()
        if settings.wrt is not None:
            point.check_wrt(graph, settings.wrt)
        self.variables = tuple(node.name for node in graph.variables)
        self._of_arrays = graph.of_arrays
        self._whole: Callable[[Mapping[str, Any]], tuple[Any, dict[str, Any]]] | None = None
        self.__call__ = self._function()

    def _function(self) -> Callable[..., ValueAndGradient]:
        if (
            not self._of_arrays and size(self._graph) < LARGE
        ):  # for a larger one a loop is better, and `backprop()` takes it
            with suppress(UnusualError):
                return with_names(self._graph, self._settings.wrt, ValueAndGradient, self._carefully)
        return lambda *values, **variables: self._carefully(values, variables)

    def trace(self, /, *values: Given, **variables: Given) -> Trace:
        """The whole Trace there. Raises BackpropError as `backprop()` does."""
        if len(values) > len(self.variables):
            raise InputError(
                f"{quote(self.expression)} has {len(self.variables)} variables: these are {len(values)} values"
            )
        by_order = {name: value for name, value in zip(self.variables, values, strict=False) if value is not MISSING}
        given = texts(by_order, variables)
        graph = self._graph
        if not given.keys() <= {*self.variables}:  # a name that is a constant, unless it has a value, may be among them
            from ..language.program import Program

            graph = Program(self.expression).graph(given)
        return Trace.of(graph, given, self._settings)

    def _carefully(self, values: Sequence[Given], variables: Mapping[str, Given]) -> ValueAndGradient:
        at = {**dict(zip(self.variables, values, strict=False)), **variables}
        if self._of_arrays or any(map(has_axes, at.values())):
            with suppress(ArithmeticError, ValueError, BackpropError):  # the careful passes tell what is the matter
                return ValueAndGradient(*self._over_arrays(at))
        trace = self.trace(*values, **variables)
        return ValueAndGradient(trace.value, trace.gradient)

    def _over_arrays(self, at: Mapping[str, Given]) -> tuple[Any, dict[str, Any]]:
        """The value and the gradient at arrays of NumPy's."""
        if self._whole is None:
            from ..passes.arrays import gradient

            self._whole = gradient(self._graph, self._settings.wrt)
        return self._whole(at)

    def __repr__(self) -> str:
        return f"<compiled {quote(self.expression)}: {', '.join(few(self.variables))}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return Compiled, (self.expression, self._settings)


def compile(  # noqa: A001  # as `re.compile` is called
    expression: str, /, *, wrt: Collection[str] | str | None = None, ties: str = TIES[0]
) -> Compiled:
    """The expression or program parsed once, to be called at many points: for the value and the gradient alone.

    wrt: the variables that get gradients, all by default; names, or one text of names with commas between them;
    ties: what inputs of max and min that tie receive.
    Raises InputError where the text is wrong. What it returns raises BackpropError, as `backprop()` does.

    >>> f = compile("sigmoid(w*x)", wrt="w")
    >>> value, gradient = f(w=2, x=0)
    >>> value, gradient
    (0.5, {'w': 0.0})
    """
    expect("the expression", expression, str, "text")
    expect("ties", ties, str, "text")
    settings = Settings(names_of(wrt), ties)
    check(settings)
    return Compiled(expression, settings)
