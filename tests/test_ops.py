"""`backprop ops`: the table of primitives, as people and programs read it."""

from __future__ import annotations

import json
import math
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from backprop_cli import backprop
from backprop_cli.graph.graph import validate
from backprop_cli.language.program import Program
from backprop_cli.rules import table as ops
from backprop_cli.rules.arrays import ARRAYS
from backprop_cli.rules.formula import READ_BY_THE_FIRST, Formula
from backprop_cli.rules.op import ROLES, WORDS, Op
from backprop_cli.rules.printer import READING
from backprop_cli.rules.table import CONSTANTS, TABLE, exp, log, out, polygamma, selected, where, x
from backprop_cli.study import reference
from backprop_cli.view import Options
from backprop_cli.view import primitives as view
from support.command import PATIENCE, run
from support.rows import NUMERIC, SPECIAL, WITH_ORDER
from support.schemas import PRIMITIVES, TRACE
from support.suites import in_a_loop

every_row = in_a_loop("op", TABLE)


def shown(*words: str) -> str:
    result = run("ops", *words)
    assert (result.status, result.err) == (0, "")
    return result.out


def document(*words: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(shown("--json", *words))
    PRIMITIVES.validate(data)
    return data


# -- All of them ---------------------------------------------------------------------------------------------------


def test_every_row_is_listed_in_every_format() -> None:
    lines = shown().splitlines()
    listed = [line.split()[0] for line in lines[2 : lines.index("")] if line[1] != " "]
    rows = [*TABLE, *ARRAYS]
    assert listed == [op.name for op in rows]
    assert [each["call"] for each in document()["primitives"]] == [op.call for op in rows]
    page = shown("--format", "markdown")
    for op in TABLE:
        assert f"| `{op.name}` | `{op.call}" in page
        assert all(f"∂/∂{name} = " in page for name in op.inputs)


@cache
def listed() -> str:
    return " ".join(shown().split())


@every_row
def test_what_the_table_says_of_a_row_is_in_the_list(op: Op) -> None:
    words = listed()
    for partial in op.partials:
        assert READING.text(partial) in words
    gates = ops.gates_of(op)
    assert gates is None or f"{op.call}: {READING.text(gates)}" in words
    for said in (op.domain, op.note, ROLES.get(op.role, ""), *op.aliases):
        assert said in words


def test_equal_remarks_stand_once() -> None:
    out = shown()
    assert "abs, sign, relu: 0 at x = 0\n" in out
    assert "routes (max, min, relu, where, if, ?:, Piecewise, clip): hands its upstream to the selected input" in out


def test_no_format_of_the_list_computes_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "backpropagate", None)
    assert shown()
    assert shown("--format", "markdown")
    assert document()


# -- How it is laid out --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_lines_fit_the_terminal(width: int) -> None:
    out = as_text(Options(width=width))
    assert max(map(len, out.splitlines())) <= width
    assert words_of(out) >= words_of(as_text(Options())) - {"name"}  # which no record has


def as_text(options: Options) -> str:
    return view.as_text(view.Primitives(TABLE), options)


def words_of(out: str) -> set[str]:
    return {word for word in out.split() if "─" not in word}


def test_a_pipe_cuts_and_wraps_nothing() -> None:
    lines = shown().splitlines()
    power = ops.primitive("pow")
    assert any(power.domain in line for line in lines)
    assert any(power.note in line for line in lines)
    assert not any(line != line.rstrip() for line in lines)


def test_columns_stand_in_line() -> None:
    header, _, *rows = shown().splitlines()
    start = header.index("local gradient")
    for row in rows[: rows.index("")]:
        assert row[start - 2 : start].isspace() or len(row) < start


def test_headings_are_set_off() -> None:
    out = as_text(Options(width=80, paint=lambda words, style: f"<{words}>" if style == "bold" else words))
    assert out.startswith("< ><name ")
    assert "\n< conventions>\n" in out


# -- One of them ---------------------------------------------------------------------------------------------------

SPELLED = [(spelling, op) for op in NUMERIC for spelling in (op.name, *reference.spellings(op))]


@in_a_loop("spelling op", SPELLED)
def test_any_accepted_spelling_finds_it(spelling: str, op: Op) -> None:
    assert op in reference.find(spelling)
    if spelling.replace(".", "_").isidentifier():
        assert op in ops.spellings()[spelling]
    else:
        operands = [f"({name})" for name in op.inputs]
        typed = f"{operands[0]}{spelling}{operands[1]}" if len(operands) == 2 else f"{spelling}{operands[0]}"
        trace = backprop(typed, dict.fromkeys(op.inputs, 3))
        assert trace.graph.nodes.ops[-1] is op


def test_every_operator_is_a_spelling_of_one() -> None:
    from backprop_cli.rules.table import OPERATORS

    assert {*OPERATORS, *OPERATORS.values(), *"+%<>", "=="} == {
        each
        for op in TABLE
        for each in (op.name, *reference.spellings(op))
        if not op.chooses and (each in ("and", "or") or not each.replace(".", "_").isidentifier())
    }


@pytest.mark.parametrize(
    ("name", "calls"),
    [
        ("log", ["log(x)", "log(x, base)"]),
        ("-", ["x - y", "-x"]),
        ("−", ["x - y", "-x"]),
        (" sin ", ["sin(x)"]),
        ("ｓｉｎ", ["sin(x)"]),
    ],
)
def test_a_name_may_mean_several(name: str, calls: list[str]) -> None:
    assert [op.call for op in reference.find(name)] == calls
    assert [each["call"] for each in document(name)["primitives"]] == calls


def test_several_names() -> None:
    assert [each["call"] for each in document("cos", "sin", "cos")["primitives"]] == ["cos(x)", "sin(x)"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["sinus"], "error: no primitive is called 'sinus'\nhint: did you mean 'sin'?\n"),
        (["LOGIT"], "error: no primitive is called 'LOGIT'\nhint: did you mean 'logit'?\n"),
        (["zyzzyva"], "error: no primitive is called 'zyzzyva'\nhint: backprop ops lists them all\n"),
        ([""], "error: no primitive is called ''\nhint: backprop ops lists them all\n"),
        (["x+y"], "error: no primitive is called 'x+y'\nhint: backprop ops lists them all\n"),
        (["sin", "tanhh"], "error: no primitive is called 'tanhh'\nhint: did you mean 'tanh'?\n"),
        (["-x"], "error: no primitive is called '-x'\nhint: did you mean '-'?\n"),
        (["--jsn"], "error: no option '--jsn'\nhint: did you mean --json?\n"),
        (["--format", "csv"], "error: invalid value for '--format': 'csv' is not one of 'text', 'markdown', 'json'\n"
         "hint: csv belongs to eval\n"),
    ],
)  # fmt: skip
def test_errors(words: list[str], message: str) -> None:
    assert run("ops", *words) == (2, "", message)


# -- Worked examples -----------------------------------------------------------------------------------------------


@every_row
def test_the_worked_example_is_what_eval_prints(op: Op) -> None:
    trace = reference.example(op)
    assert trace is not None
    validate(trace.graph)
    command = reference.command(trace)
    words = shlex.split(command)[1:]
    alone = next(each for each in document(op.name)["primitives"] if each["call"] == op.call)
    assert alone["example"]["command"] == command
    TRACE.validate(alone["example"]["trace"])
    assert alone["example"]["trace"] == json.loads(run(*words, "--json").out)
    assert f" for example\n   {command}\n\n{run(*words).out}" in shown(op.name)
    assert f"`{command}`\n\n{run(*words, '--format', 'markdown').out}" in shown(op.name, "--format", "markdown")


@every_row
def test_the_point_tells_something(op: Op) -> None:
    trace = reference.example(op)
    assert trace is not None
    assert not trace.warnings
    assert len(set(trace.point.values())) == len(trace.point)


@every_row
def test_formulas_in_the_document_are_expressions(op: Op) -> None:
    """What a program reads there can be evaluated again, and gives the local gradients of the example."""
    row = next(each for each in document(op.name)["primitives"] if each["call"] == op.call)
    trace = row["example"]["trace"]
    gate = trace["nodes"][-1]
    for each, edge in zip(row["inputs"], gate["inputs"], strict=False):
        formula = each["local"]
        if formula is None or "if" in formula.split() or formula.startswith("Piecewise("):  # c is no number
            continue
        inputs = [trace["point"][each["name"]] for each in gate["inputs"]] if op.variadic else []
        rest = math.prod(inputs[1:])
        orders = {op.inputs[slot]: float(gate["inputs"][slot]["name"]) for slot in op.orders}
        values = {**trace["point"], **orders, "out": gate["value"], "count": len(inputs), "others": rest}
        used = [node.name for node in Program(formula).graph().variables]
        assert backprop(formula, {name: values[name] for name in used}, wrt=[]).value == pytest.approx(
            edge["local"], rel=1e-12
        )


def test_a_row_without_an_example() -> None:
    never = Op("never", "x", log(-1 - x * x), 0, domain="nowhere")
    assert reference.example(never) is None


# -- Words that are no primitives ----------------------------------------------------------------------------------


def test_every_word_of_a_rule_is_a_primitive_or_explained() -> None:
    written_out = {"none", "nan", *READ_BY_THE_FIRST}
    known = {op.name for op in TABLE} | set(CONSTANTS) | written_out | {call.partition("(")[0] for call in WORDS}
    for op in TABLE:
        for formula in (op.value, *op.partials, op.kink or op.value):
            used = {head for head in reference.heads_read(formula) if not Formula(head).is_number}
            assert used <= known | set(op.inputs), op.call


def test_only_words_that_occur_are_explained() -> None:
    assert document("sigmoid")["words"] == {"out": WORDS["out"]}
    assert document("sin")["words"] == {}
    assert document("polygamma")["words"] == {}
    assert "words of the rules" not in shown("sin")
    assert "x in max(x, …): each of the inputs in turn" in shown("max")


# -- A new row -----------------------------------------------------------------------------------------------------


@pytest.fixture
def new_row() -> Iterator[Op]:
    row = Op(
        "lump", "x", exp(log(-4 - x)), where(ops.gt(x, 5), polygamma(2, x), selected(x, out) * out),
        role="routes", domain="x < −4", kink=ops.eq(x, -5), note="0 at x = −5", aliases="Λ bump",
    )  # fmt: skip
    TABLE.append(row)
    yield row
    TABLE.remove(row)


def test_a_new_row_appears(new_row: Op) -> None:
    for words in ([], ["Λ"], ["bump"], ["lump", "--format", "markdown"], ["--format", "markdown"]):
        out = shown(*words)
        for part in (
            "lump",
            "exp(log(−4 − x))",
            "polygamma(2, x) if x > 5 else selected(x, out)·out",
            "x < −4",
            "0 at x = −5",
            "Λ  bump",
        ):
            assert part in out
    assert document("bump")["primitives"][0]["example"]["command"] == 'backprop eval "lump(x)" --x -10'
    assert document("bump")["primitives"][0]["kink"] == "x == -5"


# -- Lean ----------------------------------------------------------------------------------------------------------

LEAN = [
    op
    for op in TABLE
    if not {"digamma", "polygamma"} & {h for f in (op.value, *op.partials) for h in reference.heads_read(f)}
    and op not in (*SPECIAL, *WITH_ORDER)
    and op.name != "sinpi"  # the slope of whose example is 0, and digits tell that nothing has underflowed
]
"""The rows whose numbers need nothing but the standard library."""


def test_examples_load_neither_sympy_nor_mpmath() -> None:
    names = sorted({op.name for op in LEAN})
    assert len(names) >= 40
    code = (
        "import sys; from backprop_cli.cli.commands import run_command\n"
        "for form in ('text', 'markdown', 'json'): assert run_command(['ops', '--format', form, *sys.argv[1:]]) == 0\n"
        "assert not {'sympy', 'mpmath', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, *names], check=True, capture_output=True, timeout=PATIENCE)
