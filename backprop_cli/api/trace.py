"""The Trace that `backprop()` gives: it shows itself, and has every command of the command line as a method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from types import NoneType
from typing import Any

from ..errors import InputError
from ..graph.graph import Graph
from ..passes import point
from ..passes import trace as passes
from ..passes.compute import compute
from ..passes.settings import TAKES, Settings, numbers_alone
from ..view import LANGUAGES, THEMES
from ..view.picture.circuit import PLAIN, Look
from ..view.picture.circuit import Circuit as Picture
from ..view.picture.circuit import scale as read_scale
from .shown import Checked, Shown, Text, rendered
from .values import Given, expect, number, one_of, text, texts

FORMULAS = 100
"""Gates up to which a notebook is given the formulas too."""


class Trace(Shown, passes.Trace):
    """One forward and one backward pass, as `backprop()` gives them.

    value: of the output;
    gradient: ∂output/∂variable for each variable asked for, by name;
    graph: the circuit; called, it is drawn: `trace.graph("f.svg")`;
    values, upstream: for each node of the graph, its value and ∂output/∂node;
    edges: all of them, each with its local and its chained gradient;
    hessian: ∂²output/∂row∂column by the names of two variables, if it was asked for;
    point: the value of each variable;
    uncertainty: if a value was uncertain (`x="2.0±0.1"`), the `sigma` of the output, and `shares` of it by name;
    warnings: ties, kinks, constants, and what nothing uses.

    It prints as the table, and a notebook shows the table and the circuit. It can be pickled and copied.
    """

    kind = "trace"
    graph: Circuit

    def __init__(self, trace: passes.Trace, given: Mapping[str, str], settings: Settings) -> None:
        """given: the texts of the variables' values; settings: what was computed."""
        super().__init__(**trace.parts() | {"graph": Circuit.of(self, trace.graph)})
        self.given, self.settings = given, settings

    @classmethod
    def of(cls, graph: Graph, given: Mapping[str, str], settings: Settings) -> Trace:
        """The trace of a graph at these values. Raises BackpropError where there is none."""
        point.ensure(graph, given, settings.wrt)
        return cls(compute(graph, given, settings), given, settings)

    @property
    def subject(self) -> Trace:
        """The views of a trace take itself."""
        return self

    def __str__(self) -> str:
        return str(self.render())

    def _repr_markdown_(self) -> None:
        """The table is HTML already."""

    def _repr_latex_(self) -> str | None:
        few = sum(1 for _ in self.graph.gates) <= FORMULAS
        return super()._repr_latex_() if few else None

    def _repr_svg_(self) -> str | None:
        from ..view.html import is_picture

        return self.graph()._repr_svg_() if is_picture(self.graph) else None

    def _check_given(self, command: str) -> None:
        """Raise InputError where a value is no number and no array, and of none of the kinds that the command takes."""
        numbers_alone(self.given, command, TAKES[command])

    def explain(self, *, nudge: Given | None = None, lang: str = "en") -> Text:
        """Both passes in words and numbers, as `backprop explain` tells them.

        nudge: a step, to see f beside what the gradient says of it;
        lang: the language in which it is told, `en` or `ko`.
        """
        from ..view.words.explain import Explanation
        from ..view.words.language import language

        self._check_given("explain")
        one_of("lang", lang, LANGUAGES)
        step = None if nudge is None else text("nudge", nudge)
        expect("nudge", step, (str, NoneType), "a number")
        told = Explanation.of(self, step)._replace(language=language(lang), ties=self.settings.ties)
        return Text("explanation", told)

    def page(self, file: str | PathLike[str] | None = None, *, lang: str = "en", digits: int | None = None) -> Text:
        """The page that walks through both passes, as `backprop page` makes it; a notebook shows it in a frame.

        file: where it is written, wholly or not at all;
        lang: the language in which it is told, `en` or `ko`;
        digits: how many are shown of a number, 1 to 17.
        Raises InputError for a circuit that is too large, and for numbers that are no doubles.
        """
        from ..view.page import Page
        from ..view.words.language import language

        one_of("lang", lang, LANGUAGES)
        return Text("page", Page(self, self.settings.ties, language(lang))).written(file, "html", digits)

    def derive(self, values: Mapping[str, Given] | None = None, /, *, steps: bool = False, **variables: Given) -> Text:
        """The gradient as formulas, as `backprop derive` gives it.

        steps: whether the table of all gates is a part of it;
        values, variables: for variables that shall be numbers in it.
        """
        from ..passes import exact

        expect("steps", steps, bool, "True or False")
        self._check_given("derive")
        if self.has_axes:
            from ..passes.matrices import matrices

            return Text("matrices", matrices(self.graph, self.given, self.settings.wrt, steps=steps))
        known = texts(values, variables)
        point.check(self.graph, known)
        return Text("derivation", replace(exact.derive(self.graph, known, wrt=self.settings.wrt), steps=steps))

    def check(self, claims: Mapping[str, Given] | None = None, /, *, lang: str = "en", **gradients: Given) -> Checked:
        """Whether gradients that somebody derived by hand are right, as `backprop check` judges them.

        claims, gradients: by variable or gate, a number, an array, or the text of a formula. Without any, the gradient
            is computed by other methods too;
        lang: the language in which verdicts are told, `en` or `ko`.
        What is returned is true where all is right.
        """
        from ..study.checks import judge, review
        from ..view.verdicts import Judged
        from ..view.words.language import language

        one_of("lang", lang, LANGUAGES)
        graph, claimed = self._opened(), texts(claims, gradients)
        for name, claim in () if self.has_axes else claimed.items():
            expect(f"the claim for {name}", claim, str, "a number or a formula")
        settings = self.settings._replace(precision=None) if self.has_axes else self.settings
        spoken = language(lang)
        if not claimed:
            if lang != "en":
                raise InputError("lang is for claims: it is what verdicts are told in")
            view, result = review(graph, self.given, settings)
            return Checked(view, result, result.agree and result.compared)
        verdicts = judge(graph, self.given, claimed, settings)
        return Checked("verdicts", Judged(graph, verdicts, language=spoken), all(each.right for each in verdicts))

    def code(self, language: str = "python", *, function: bool = False) -> str:
        """The staged program that a person would write, as `backprop code` writes it.

        language: one of those that `backprop code` knows, or latex;
        function: whether the variables are parameters of a function, in place of their values.
        """
        from ..view.code import StagedProgram

        expect("function", function, bool, "True or False")
        self._check_given("code")
        doubles = Settings(self.settings.wrt, self.settings.ties)
        program = StagedProgram.of(self._opened(), {} if function else self.given, doubles)
        return str(rendered("program", program, language))

    def to_dict(self) -> dict[str, Any]:
        """The document that `backprop eval --json` prints, as plain data."""
        from ..view import json

        return json.document(self)

    def _opened(self) -> Graph:
        """The graph, with the gates of modules in place of their calls."""
        from ..graph.expand import expand

        return expand(self.graph, modules_only=True) if self.graph.modules else self.graph


class Circuit(Graph):
    """The graph of a Trace. Called, it is drawn."""

    trace: Trace

    @classmethod
    def of(cls, trace: Trace, graph: Graph) -> Circuit:
        """The graph that is drawn with the numbers of this trace."""
        circuit = cls(*graph)
        circuit.trace = trace
        return circuit

    def __call__(
        self,
        file: str | PathLike[str] | None = None,
        *,
        form: str = "",
        digits: int | None = None,
        theme: str = PLAIN.theme,
        transparent: bool = PLAIN.transparent,
        scale: float = PLAIN.scale,
        local: bool = PLAIN.local,
    ) -> Text:
        """Draw the circuit, as `backprop graph` does; a notebook shows the picture, and as text it is a tree.

        file: where it is written, wholly or not at all; the end of the name says the format (.svg, .png, .pdf, .dot …);
        form: the format, where the name does not say it;
        digits: how many are shown of a number, 1 to 17;
        theme: `light` or `dark`;
        transparent: whether the picture has no ground of its own;
        scale: its size, from 0.1 to 10;
        local: whether it shows local gradients.
        Raises InputError for a name that means no format, and where a format needs Graphviz and there is none.
        """
        self.trace._check_given("graph")
        one_of("theme", theme, THEMES)
        look = Look(theme, transparent, read_scale(str(number("scale", scale))), local)
        return Text("circuit", Picture(self, self.trace, look)).written(file, form, digits)
