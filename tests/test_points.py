"""`backprop points`: many points by the stream, in both formats, a line for a line."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backprop_cli import backprop
from backprop_cli.errors import InputError
from backprop_cli.language.program import Program
from backprop_cli.passes.settings import Settings
from backprop_cli.points import evaluate as points
from backprop_cli.points import rows
from support.command import PATIENCE, Result, plain, run
from support.hostile import hang_guard
from support.schemas import TRACE

CSV = 'x,y,label\n1,2,a\n-3,1/4,"b,c"\n0.5, 2 ,"say ""hi"""\n'
LINES = '{"id": 7, "x": 1, "y": 2}\n{"x": -3.0, "y": "1/4"}\n{"y": 2, "x": 5e-1, "tags": ["é", 1.10]}\n'


def stream(expression: str, text: str | bytes, *words: str) -> Result:
    return run("points", expression, "-", *words, stdin=text)


def out(expression: str, text: str | bytes, *words: str) -> str:
    result = stream(expression, text, *words)
    assert (result.status, result.err) == (0, "")
    return result.out


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


# -- What comes out ------------------------------------------------------------------------------------------------


def test_csv_to_csv() -> None:
    assert out("x*y", CSV) == (
        "x,y,label,value,gradient.x,gradient.y\n"
        "1,2,a,2.0,2.0,1.0\n"
        '-3,1/4,"b,c",-0.75,0.25,-3.0\n'
        '0.5, 2 ,"say ""hi""",1.0,2.0,0.5\n'
    )


def test_json_to_json() -> None:
    """What was read is not touched: 1.10 stays so."""
    assert out("x*y", LINES) == (
        '{"id": 7, "x": 1, "y": 2, "value": 2.0, "gradient": {"x": 2.0, "y": 1.0}}\n'
        '{"x": -3.0, "y": "1/4", "value": -0.75, "gradient": {"x": 0.25, "y": -3.0}}\n'
        '{"y": 2, "x": 5e-1, "tags": ["é", 1.10], "value": 1.0, "gradient": {"x": 2.0, "y": 0.5}}\n'
    )


@pytest.mark.parametrize("words", [["--json"], ["--format", "json"]])
def test_csv_to_json(words: list[str]) -> None:
    assert out("x*y", CSV, *words).splitlines()[1] == (
        '{"x": -3.0, "y": 0.25, "label": "b,c", "value": -0.75, "gradient": {"x": 0.25, "y": -3.0}}'
    )


def test_json_to_csv() -> None:
    text = '{"id": 7, "x": 1, "ok": true, "at": [1, {"b": null}]}\n{"x": 0.10, "id": null}\n{"id": "a,b", "x": 3}\n'
    assert out("x*x", text, "--format", "csv") == (
        "id,x,ok,at,value,gradient.x\n"
        '7,1,true,"[1, {""b"": null}]",1.0,2.0\n'
        ",0.10,,,0.010000000000000002,0.2\n"
        '"a,b",3,,,9.0,6.0\n'
    )
    broken = stream("x", text + '{"x": 1, "new": 2}\n', "--format", "csv", "--on-error", "skip")
    assert broken.err.startswith("error: line 4: the first object, which gives the columns, has no 'new'\n")


@pytest.mark.parametrize(
    ("words", "result"),
    [
        ([], '"value": 6.0, "gradient": {"x": 3.0, "y": 2.0}'),
        (["--wrt", "y"], '"value": 6.0, "gradient": {"y": 2.0}'),
        (["--get", "value"], '"value": 6.0'),
        (["--get", "y"], '"gradient": {"y": 2.0}'),
        (["--get", "y", "--get", "value", "--get", "x"], '"value": 6.0, "gradient": {"y": 2.0, "x": 3.0}'),
        (["--hessian", "--get", "value"],
         '"value": 6.0, "hessian": {"x": {"x": 0.0, "y": 1.0}, "y": {"x": 1.0, "y": 0.0}}'),
        (["--exact", "--get", "x"], '"gradient": {"x": "3"}'),
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_is_asked_for(words: list[str], result: str) -> None:
    assert out("x*y", '{"x": 2, "y": 3}\n', *words) == f'{{"x": 2, "y": 3, {result}}}\n'


def test_get_in_csv() -> None:
    assert out("x*y", "x,y\n2,3\n", "--get", "y", "--get", "x") == "x,y,gradient.y,gradient.x\n2,3,2.0,3.0\n"


def test_the_gradient_of_a_stage() -> None:
    result = out("q = x + y; f = q*z", '{"x": -2, "y": 5, "z": -4}\n', "--get", "q", "--get", "z")
    assert objects(result)[0]["gradient"] == {"q": -4.0, "z": 3.0}


def test_the_whole_document() -> None:
    for line, at in zip(objects(out("x*y", LINES, "--trace")), ("1 2", "-3 1/4", "0.5 2"), strict=True):
        TRACE.validate(line["trace"])
        x, y = at.split()
        assert line["trace"] == json.loads(run("eval", "x*y", "--x", x, "--y", y, "--json").out)


def test_more_digits_come_from_the_text() -> None:
    """0.1 is a tenth there, in CSV and in JSON, as a number and as a string."""
    for text in ("x\n0.1\n", '{"x": 0.1}\n', '{"x": "0.1"}\n'):
        assert '"value": "0.3"' in out("3*x", text, "--precision", "30", "--json")
    assert objects(out("x/3", '{"x": 1}\n', "--exact"))[0]["value"] == "1/3"


def test_numbers_are_those_of_eval() -> None:
    expression = "(x + σ(y)) / (σ(x) + (x+y)**2)"
    places = [("3", "-4"), ("1e-300", "2"), ("-0.0", "1/3"), ("12345678901234567890", "pi/4"), ("+.5", " 7. ")]
    text = "".join(json.dumps({"x": x, "y": y}) + "\n" for x, y in places)
    result = stream(expression, text)
    assert result.status == 0
    assert result.err.startswith("warning: line 4: ")  # where a slope is too small for doubles
    assert result.err.count("\n") == 1
    for line, (x, y) in zip(objects(result.out), places, strict=True):
        trace = backprop(expression, x=x, y=y)
        assert (line["value"], line["gradient"]) == (trace.value, trace.gradient)


def test_no_variables_and_no_gradient() -> None:
    assert out("2*pi", '{"id": 1}\n{}\n') == ('{"id": 1, "value": 6.283185307179586}\n{"value": 6.283185307179586}\n')


@pytest.mark.parametrize("text", ["", "\n \n", "\ufeff"])
def test_nothing(text: str) -> None:
    assert stream("x", text) == (0, "", "warning: there are no points\n")
    assert out("x", "x\n") == "x,value,gradient.x\n"


# -- What goes in --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "x,y\n1,2\n3,4",
        "\ufeffx,y\n1,2\n3,4\n",
        "x,y\r\n1,2\r\n3,4\r\n",
        "\n\n x , y \n\n1,2\n   \n3,4\n\n",
        '"x","y"\n"1","2"\n"3","4"\n',
        "ｘ,𝐲\n1,2\n3,4\n",
        '{"x": 1, "y": 2}\n{"x": 3, "y": 4}',
        '\ufeff{"x": 1, "y": 2}\r\n\r\n  {"x":3,"y":4}  \r\n',
        '{"ｘ": 1, "y": 2}\n{"x": "3", "𝐲": "2*2"}\n',
    ],
)
def test_forms_of_input(text: str) -> None:
    found = out("x*y", text, "--json")
    assert [line["gradient"] for line in objects(found)] == [{"x": 2.0, "y": 1.0}, {"x": 4.0, "y": 3.0}]


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text(CSV)
    assert run("points", "x*y", str(path)) == (0, out("x*y", CSV), "")


def test_fixed_variables() -> None:
    expected = "x,value,gradient.x,gradient.y\n2,1.0,0.5,2.0\n"
    assert out("x*y", "x\n2\n", "--y", "1/2") == expected
    assert out("x*y", "x\n2\n", "--at", '{"y": 0.5}') == expected


def test_a_field_of_several_lines() -> None:
    text = 'x,note\n1,"two\n\nlines"\nz,bad\n3,"a"\n'
    result = stream("x", text, "--on-error", "skip")
    assert result.out == 'x,note,value,gradient.x\n1,"two\n\nlines",1.0,1.0\n3,a,3.0,1.0\n'
    assert result.err.startswith("error: line 5: in the value of x")


def test_a_column_that_spells_a_constant() -> None:
    """It is a variable then, as with --e 3."""
    assert out("e*x", "x,e\n2,3\n") == "x,e,value,gradient.e,gradient.x\n2,3,6.0,2.0,3.0\n"
    assert objects(out("e*x", '{"x": 2, "e": 3}\n'))[0]["gradient"] == {"e": 2.0, "x": 3.0}
    constant = stream("e*x", "x\n2\n1\n")
    assert constant.err == "warning: e is read as the constant 2.71828…; give e a value to make it a variable\n"


def test_infinities() -> None:
    text = '{"x": Infinity, "id": 7, "s": "NaN bread"}\n{"x": "-inf"}\n{"x": NaN}\n'
    lines = objects(out("x*x", text, "--allow-nonfinite"))
    assert [line["value"] for line in lines] == ["Infinity", "Infinity", "NaN"]
    assert lines[0] == {
        "x": "Infinity", "id": 7, "s": "NaN bread", "value": "Infinity", "gradient": {"x": "Infinity"}
    }  # fmt: skip
    assert out("x*x", "x\n-inf\nnan\n", "--allow-nonfinite") == ("x,value,gradient.x\n-inf,inf,-inf\nnan,nan,nan\n")
    assert stream("x*x", text).status == 2


def test_what_was_read_stays_as_it_was_written() -> None:
    """But for the three words that JSON does not have."""
    kept = (
        r'"x": 1.10, "s": "NaN \" Infinity\\", "big": [1e999, -1E+999, 123456789012345678901234567890], "o": {"a": 0.0}'
    )
    result = out("x", f'{{{kept}, "n": [NaN, -Infinity]}}\n')
    assert result.startswith(f'{{{kept}, "n": ["NaN", "-Infinity"], "value": 1.1')
    assert json.loads(result)["s"] == 'NaN " Infinity\\'


def test_a_name_has_one_value_in_whatever_spelling() -> None:
    twice = stream("x*3", '{"x": 1, "ｘ": 2}\n{"x": 1, "\\uff58": 2}\n', "--on-error", "skip")
    assert reasons(twice) == ["line 1: 'x' is given twice", "line 2: 'x' is given twice"]
    fixed = stream("x*y", '{"y": 1}\n{"y": 1, "ｘ": 2}\n', "--x", "5", "--on-error", "skip")
    assert reasons(fixed) == ["line 2: 'x' has a value from the command line already"]
    assert objects(out("x*y", '{"y": 1, "x": 2}\n{"y": 1, "ｘ": 3}\n'))[1]["value"] == 3
    assert out("x*y", '{"ｘ": 3, "y": 1}\n', "--format", "csv") == "x,y,value,gradient.x,gradient.y\n3,1,3.0,1.0,3.0\n"


def test_encodings_that_lack_characters() -> None:
    result = run("points", "σ1*x", "-", stdin='{"σ1": 1, "x": 2, "s": "😀 é"}\n', encoding="ascii")
    assert result.out.isascii()
    assert objects(result.out) == [{"σ1": 1, "x": 2, "s": "😀 é", "value": 2.0, "gradient": {"σ1": 2.0, "x": 1.0}}]
    assert run("points", "x", "-", stdin="x,é\n1,ü\n", encoding="ascii").out.isascii()


def test_a_lone_surrogate_passes() -> None:
    text = '{"x": 1, "s": "\\ud800"}\n'
    assert objects(out("x", text))[0]["s"] == "\ud800"
    assert out("x", text, "--format", "csv") == "x,s,value,gradient.x\n1,\\ud800,1.0,1.0\n"


# -- Points without a result ---------------------------------------------------------------------------------------

BAD = 'x,id\n1,a\n0,b\n2\n1_0,c\n"3"4,d\n4,e\n'
BAD_LINES = '{"x": 1}\n{"x": 0}\n[]\n{"x": true}\n{"y": 1}\n{"x": 1\n{"x": 4}\n'
REASONS = [
    "line 3: q1 = log(x) has no finite value at x = 0",
    "line 4: 1 field, where the header has 2",
    "line 5: in the value of x: an operator is missing before '_0'",
    """line 6: not CSV: ',' expected after '"'""",
]


def reasons(result: Result) -> list[str]:
    return [line.removeprefix("error: ") for line in result.err.splitlines()[:-1]]


def test_stop() -> None:
    result = stream("log(x)*2", BAD)
    assert result.out == "x,id,value,gradient.x\n1,a,0.0,2.0\n"
    assert result.err == (
        "error: line 3, after 1 point: q1 = log(x) has no finite value at x = 0\n"
        "  log(x)*2\n  ^^^^^^\nhint: log(x) needs x > 0\n"
    )
    assert result.status == 1
    assert stream("log(x)", "x\n\n7\nseven\n").status == 2


def test_skip() -> None:
    result = stream("log(x)*2", BAD, "--on-error", "skip")
    assert [row["id"] for row in table(result.out)] == ["a", "e"]
    assert len(result.err.splitlines()) == 5
    assert reasons(result)[0] == REASONS[0]
    assert reasons(result)[1] == REASONS[1]
    assert reasons(result)[2].startswith("line 5: in the value of x: ")
    assert reasons(result)[3] == REASONS[3]
    assert result.err.endswith("\n4 of 6 points left out\n")
    assert result.status == 1


def test_null_in_csv() -> None:
    result = stream("log(x)*2", BAD, "--on-error", "null")
    found = table(result.out)
    assert [row["id"] for row in found] == ["a", "b", "", "c", "", "e"]
    assert [bool(row["error"]) for row in found] == [False, True, True, True, True, False]
    for row in found:
        assert (row["value"] == row["gradient.x"] == "") == bool(row["error"])
    told = [row["error"] for row in found if row["error"]]
    assert [reason.partition(": ")[2] for reason in reasons(result)] == told
    assert result.err.endswith("\n4 of 6 points without a result\n")
    assert result.status == 1


def test_a_key_that_is_taken_stays_the_only_one() -> None:
    """Where the name of a part of the result is why there is none, the object has it once, as it was."""
    text = '{"x": 1, "value": 3}\n{"x": 1, "error": 3}\n{"x": 1, "gradient": 3}\n'
    result = stream("x", text, "--on-error", "null")
    assert result.out.splitlines() == [
        """{"x": 1, "value": 3, "gradient": {"x": null}, "error": "'value' is what a part of the result is called"}""",
        '{"x": 1, "error": 3, "value": null, "gradient": {"x": null}}',
        """{"x": 1, "gradient": 3, "value": null, "error": "'gradient' is what a part of the result is called"}""",
    ]
    header = stream("x", text, "--on-error", "null", "--format", "csv")
    assert (header.status, header.out) == (2, "")


def test_null_in_json() -> None:
    result = stream("log(x)*2", BAD_LINES, "--on-error", "null", "--trace")
    found = objects(result.out)
    assert [line["error"] for line in found] == [
        None,
        "q1 = log(x) has no finite value at x = 0",
        "not a JSON object",
        "the value of 'x' is true or false, not a number",
        "no value for x",
        "not JSON: expecting ',' delimiter",
        None,
    ]
    assert found[1] == {"x": 0, "value": None, "gradient": {"x": None}, "trace": None, "error": found[1]["error"]}
    assert found[4]["y"] == 1
    assert result.err.endswith("\n5 of 7 points without a result\n")


def test_bytes_that_are_no_text() -> None:
    text = b"x,s\n1,a\n2,\xff\n3,b\n"
    result = stream("x", text, "--on-error", "skip")
    assert result.out == "x,s,value,gradient.x\n1,a,1.0,1.0\n3,b,3.0,1.0\n"
    assert result.err == "error: line 3: the line is not UTF-8 text\n1 of 3 points left out\n"


@pytest.mark.parametrize("head", ["x\n", '{"x": 1}\n'])
def test_a_long_line_takes_no_memory_and_ends(head: str) -> None:
    class Endless(io.RawIOBase):
        """A head, then 100 MB without an end of line, then one good line."""

        parts = iter([head.encode(), *[b"1" * 1_000_000] * 100, b"\n", head.encode().replace(b"x\n", b"2\n")])

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            part = next(self.parts, b"")
            buffer[: len(part)] = part
            return len(part)

    source = rows.read(lines := rows.Lines(io.BufferedReader(Endless(), 2_000_000)))
    found = list(source.rows)
    assert [type(row.error) for row in found][-2:] == [InputError, type(None)]
    assert "longer than" in str(found[-2].error)
    assert lines.size > 100_000_000
    assert lines.number == 3


def test_an_open_quote_ends_somewhere() -> None:
    text = 'x,s\n1,"' + "never closed\n" * 20_000 + "2,b\n"
    result = stream("x", text, "--on-error", "skip")
    assert "not CSV" in result.err
    assert result.status == 1


def test_warnings_come_once() -> None:
    text = "".join(f'{{"x": {x}, "y": 1}}\n' for x in (0, 1, 1, 2, 1))
    result = stream("max(x, y)", text)
    assert result.status == 0
    assert result.err == (
        "warning: line 2: f = max(x, y) has a tie of x, y: each gets 1 by convention (--ties both)\n"
        "warning: the same of f at 2 points more\n"
    )
    assert [line.get("warnings", [{}])[0].get("kind") for line in objects(result.out)] == [
        None, "tie", "tie", None, "tie",
    ]  # fmt: skip
    split = stream("max(x, y)", text, "--ties", "split")
    assert objects(split.out)[1]["gradient"] == {"x": 0.5, "y": 0.5}


@pytest.mark.slow
def test_each_point_has_its_time() -> None:
    """Also where it is computed in doubles alone."""
    stages = "\n".join(f"q{i} = sin(q{i - 1})*x + x" for i in range(1, 20_000))
    result = stream(f"q0 = x\n{stages}", '{"x": 1}\n' * 2, "--on-error", "skip", "--time-limit", "0.001")
    assert result.err.count("this takes longer than 0.001 seconds") == 2
    assert result.status == 1


def test_warnings_of_many_nodes_are_few() -> None:
    program = "where(x > 1, x, " * 30 + "x" + ")" * 30
    lines = stream(program, '{"x": 1}\n{"x": 1}\n').err.splitlines()
    assert lines[-1] == "warning: 36 more of the kind 'border'"
    assert len(lines) == 25


def test_csv_that_is_none() -> None:
    assert reasons(stream("x", "x,y\n1,2\r3,4\n5,6\n", "--on-error", "skip")) == [
        "line 2: not CSV: a carriage return stands inside a line"
    ]
    assert reasons(stream("x", 'x,y\n1,"2\n3,4\n', "--on-error", "skip")) == [
        "line 2: not CSV: a quote that opens here is never closed"
    ]


def test_empty_lines_are_skipped_but_not_empty_cells() -> None:
    assert out("x", "x\n1\n\n  \n2\n").splitlines()[1:] == ["1,1.0,1.0", "2,2.0,1.0"]
    assert out("x", "x,y\n1,\n \n\n2,\n").splitlines()[1:] == ["1,,1.0,1.0", "2,,2.0,1.0"]
    empty = stream("x + y", "x,y\n,\n1,1\n", "--on-error", "skip")
    assert reasons(empty) == ["line 2: the value of x is empty"]


def test_a_column_that_spells_a_constant_may_be_asked_for() -> None:
    assert out("e*x", "x,e\n2,3\n", "--wrt", "e") == "x,e,value,gradient.e\n2,3,6.0,2.0\n"
    assert out("e*x", '{"x": 2, "e": 3}\n', "--wrt", "e").endswith('"value": 6.0, "gradient": {"e": 2.0}}\n')


def test_a_fixed_value_is_judged_once_and_first() -> None:
    """Whatever the arithmetic, and before a header is written."""
    for words in ([], ["--precision", "20"], ["--exact"], ["--allow-nonfinite"]):
        result = stream("x*y", "x\n1\n2\n", "--y", "foo", "--on-error", "skip", *words)
        assert result == (2, "", "error: in the value of y: 'foo' is not a constant\n  foo\n  ^^^\n")
    assert (
        out("x*y", "x\n1\n", "--y", "1e400", "--precision", "5") == "x,value,gradient.x,gradient.y\n1,1e+400,1e+400,1\n"
    )


def test_a_value_is_not_the_program(tmp_path: Path) -> None:
    """Errors name the file of a program only where they are in it."""
    (tmp_path / "net.bp").write_text("q = x*2; q")
    value = run("points", "--file", str(tmp_path / "net.bp"), "-", stdin='{"x": "y=3"}\n')
    assert "net.bp" not in value.err
    (tmp_path / "net.bp").write_text("q = log(x)*2; q")
    inside = run("points", "--file", str(tmp_path / "net.bp"), "-", stdin='{"x": -1}\n')
    assert "net.bp, line 1, column 5:" in inside.err


WIDE = {
    "a header": (",".join(f"k{i}" for i in range(40_000)) + ",x\n" + "1," * 40_000 + "1\n", [], 0),
    "a key twice": ("{" + ", ".join(f'"k{i}": 1' for i in range(40_000)) + ', "x": 1, "k7": 2}\n', [], 2),
    "keys as columns": (("{" + "".join(f'"k{i}": 1, ' for i in range(10_000)) + '"x": 1}\n') * 10, ["--format=csv"], 0),
}


@pytest.mark.parametrize("text", WIDE)
def test_wide_points_take_no_longer_than_they_are(text: str) -> None:
    """Each of these took from 4 to 40 seconds, because something was looked for in a list, again and again."""
    points_of, words, status = WIDE[text]
    with hang_guard(4):
        assert stream("x*2", points_of, "--get", "value", *words).status == status


@pytest.mark.slow
def test_many_variables_take_no_longer_than_they_are() -> None:
    names = [f"x{i}" for i in range(10_000)]
    point_of = json.dumps(dict.fromkeys(names, 1.0))
    with hang_guard(10):
        assert stream("+".join(names), point_of, "--get", "value").status == 0


# -- Quickly and carefully ------------------------------------------------------------------------------------------

NUMBERS = ["1.5", "-2.0", "0", "-0.0", "3", "0.1", "1e308", "1e999", "5e-324", "1e-200", "123456789012345678901"]
TEXTS = ['"2"', '" 7. "', '"1/3"', '"1_0"', '"nan"', '"inf"', '""']
ENTRIES = [*NUMBERS, *TEXTS, "NaN", "-Infinity", "true", "null", "[1]"]
KEYS = ["x", "y", "ｘ", "id", "q1", "value", "é", "x ", "NaN"]
EXTRA = ['"id": 7', '"ｙ": 2', '"big": [1e999, -1e999, 1.10, "\\\\\\"NaN"]', '"x": 1', '"s": "NaN"']
EXTRA += ['"t": {"a": [1, null]}', '"t": {"a": 1, "a": 2}', '"s": "\\ud800 \\u0041"']
WHOLE = ["{}", "[]", "", "  ", "{", '{"x": 1', '{"x": 1} {"y": 2}', '{"x" 1}', "1", "null", "x", '"', "[" * 2_000]
FORMULAS = ["x*y", "max(x, y)*x", "relu(x) + y", "log(x)/y", "x", "m(t) = t*t; m(x)*y", "e*x", "q = x + y; q*q", "2*pi"]
FORMS = [["--format", "csv"], ["--json"]]
WAYS = [[], ["--wrt", "y"], ["--get", "x"], ["--get", "value"], ["--y", "2"], ["--allow-nonfinite"], *FORMS]

mostly_numbers = st.sampled_from(NUMBERS[:6]) | st.sampled_from(NUMBERS[:6]) | st.sampled_from(ENTRIES)


@st.composite
def json_lines(draw: st.DrawFn) -> str:
    if draw(st.integers(0, 9)) == 9:
        return draw(st.sampled_from(WHOLE))
    entries = [f'"x": {draw(mostly_numbers)}', f'"y": {draw(mostly_numbers)}']
    if draw(st.integers(0, 4)) == 4:
        entries[draw(st.integers(0, 1))] = f'"{draw(st.sampled_from(KEYS))}": {draw(mostly_numbers)}'
    entries += draw(st.lists(st.sampled_from(EXTRA), max_size=1))
    space, end = draw(st.sampled_from(["", "", " ", "\t"])), draw(st.sampled_from(["", "", "\r", " ", "\xa0"]))
    return f"{{{space}{f',{space}'.join(entries)}{space}}}{end}"


@st.composite
def csv_lines(draw: st.DrawFn) -> str:
    other = st.sampled_from(["a", "", '"b,c"', '"d\ne"', '"', "é", "f,g"])
    entries = draw(st.tuples(mostly_numbers, mostly_numbers, other))
    return ",".join(each.strip('"') if draw(st.booleans()) else each for each in entries)


@settings(deadline=None, database=None, max_examples=150)
@given(
    st.lists(json_lines(), min_size=1, max_size=8) | st.lists(csv_lines(), max_size=8).map(lambda x: ["x,y,id", *x]),
    st.sampled_from(FORMULAS),
    st.sampled_from(WAYS),
    st.sampled_from(["skip", "null", "stop"]),
)
@example(['{"x": 5e-324, "y": 5e-324}'], "m(t) = t*t; m(x)*y", [], "skip")
def test_what_is_quick_says_the_same(lines: list[str], formula: str, words: list[str], on_error: str) -> None:
    """As where every line goes the long way, to the byte."""
    text = "\n".join(['{"x": 2, "y": 3}', *lines] if not lines[0].startswith("x,") else lines)
    words = [*words, "--on-error", on_error]
    quickly = stream(formula, text.encode("utf-8", "surrogatepass"), *words)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(points.Job, "calculator", lambda _: None)
        assert stream(formula, text.encode("utf-8", "surrogatepass"), *words) == quickly


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_plain_lines_are_answered_quickly(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every plain line but the first, which tells what the points look like."""
    evaluated = []
    results = points.Job.results

    def watched(job: points.Job, found: Iterator[points.Row], *more: Any) -> Iterator[points.Result]:
        for result in results(job, found, *more):
            evaluated.append(result.row.line)
            yield result

    monkeypatch.setattr(points.Job, "results", watched)
    lines = [
        '{"x": 1, "y": 2}',
        '{"x": 1, "y": 2.5}',
        '{"y": "1", "x": "2"}',
        '{"x": 2, "y": 2}',
        '{"x": 3, "é": [], "y": 1}',
    ]
    result = run("points", "max(x, y)", "-", stdin="\n".join(lines), encoding=encoding)
    assert len(result.out.splitlines()) == 5
    assert evaluated == ([1, 4] if encoding == "utf-8" else [1, 2, 3, 4, 5])


# -- One at a time -------------------------------------------------------------------------------------------------


def test_a_result_is_there_before_the_next_row_is_asked_for() -> None:
    asked = []

    def one_by_one() -> Iterator[points.Row]:
        for number in range(1, 4):
            asked.append(number)
            yield points.Row(number, {"x": float(number)}, "")

    graph = Program("x*x").graph()
    for count, result in enumerate(points.Job(graph, {}, Settings()).results(one_by_one()), 1):
        assert len(asked) == count
        assert result.trace is not None
        assert result.trace.value == count * count


@contextmanager
def coprocess(*words: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "backprop_cli", "points", *words, "-"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def told(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()


def answer(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_a_conversation_in_json() -> None:
    """Gradient descent by another program: each question depends on the answer before."""
    with coprocess("(x - 3)**2", "--on-error", "null") as process:
        x = 0.0
        for _ in range(30):
            told(process, json.dumps({"x": x}))
            x -= 0.25 * json.loads(answer(process))["gradient"]["x"]
        assert x == pytest.approx(3, abs=1e-6)
        told(process, "nonsense")
        assert json.loads(answer(process))["error"].startswith("not JSON")
        told(process, '{"x": 3}')
        assert json.loads(answer(process))["value"] == 0.0
        _, err = process.communicate(timeout=PATIENCE)
        assert err.splitlines()[-1] == "1 of 32 points without a result"
        assert process.returncode == 1


def test_a_conversation_in_csv() -> None:
    with coprocess("x*y", "--y", "2") as process:
        told(process, "x,note")
        assert answer(process) == "x,note,value,gradient.x,gradient.y\n"
        for x in (1, 2, 3):
            told(process, f'{x},"a ""b"""')
            assert answer(process) == f'{x},"a ""b""",{2.0 * x},2.0,{float(x)}\n'
        assert process.communicate(timeout=PATIENCE) == ("", "")
        assert process.returncode == 0


def test_an_interrupt_leaves_whole_lines() -> None:
    with coprocess("x*x") as process:
        told(process, '{"x": 3}')
        assert json.loads(answer(process))["value"] == 9.0
        process.send_signal(signal.SIGINT)
        assert "".join(process.communicate(timeout=PATIENCE)).strip() == ""
        assert process.returncode == 130


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text("x\n" + "1\n" * 20_000)
    command = f"{sys.executable} -m backprop_cli points x {path} | head -n 1"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (result.stdout, result.stderr) == ("x,value,gradient.x\n", "")


def test_only_what_is_needed_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text("x\n1\n")
    code = (
        "import sys; from backprop_cli.cli.commands import run_command\n"
        "assert run_command(['points', 'x*x', '-', '--json']) == 0\n"
        "assert not {'rich', 'numpy', 'polars'} & set(sys.modules)"
    )
    with path.open() as lines:
        subprocess.run([sys.executable, "-c", code], stdin=lines, check=True, capture_output=True, timeout=PATIENCE)


@pytest.mark.slow
def test_memory_stays_the_same() -> None:
    """Over 10⁵ points; what keeps a hundred bytes of each fails."""
    code = """
import io, sys
from backprop_cli.cli.commands import run_command
marks = []
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096
class Many(io.RawIOBase):
    count = 0
    def readable(self): return True
    def readinto(self, buffer):
        self.count += 1
        if self.count in (5_000, 100_000): marks.append(resident())
        text = b"x,id\\n" if self.count == 1 else b"%d,%d\\n" % (self.count % 7 - 1, self.count)
        text = text if self.count <= 100_000 else b""
        buffer[:len(text)] = text
        return len(text)
sys.stdin = io.TextIOWrapper(io.BufferedReader(Many()))
sys.stdout = open("/dev/null", "w")
status = run_command(["points", "max(x, 2)", "-"])
assert len(marks) == 2 and status == 0
sys.exit(0 if marks[1] - marks[0] < 4_000_000 else 3)
"""
    if not Path("/proc/self/statm").exists():
        pytest.skip("tells its memory elsewhere")
    subprocess.run([sys.executable, "-c", code], check=True, timeout=PATIENCE, stderr=subprocess.PIPE)


# -- On a terminal -------------------------------------------------------------------------------------------------


def on_terminal(path: Path, *words: str, stdout: int | None = subprocess.DEVNULL) -> str:
    """Standard error of the command, which is a terminal of its own. stdout: None for the same terminal."""
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "backprop_cli", "points", "log(x)", str(path), *words]
    target = theirs if stdout is None else stdout
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=target, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:
                break
            if not part:
                break
            shown += part
        process.wait(timeout=PATIENCE)
    os.close(ours)
    return shown.decode()


def test_a_bar_is_no_wider_than_the_terminal_nor_in_the_way_of_a_pipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "points.csv"
    path.write_text("x\n" + "2\n" * 1000)
    monkeypatch.setenv("COLUMNS", "40")
    assert max(map(len, re.split(r"[\r\n]+", on_terminal(path)))) <= 40
    assert on_terminal(path, stdout=subprocess.PIPE) == ""


def test_progress_is_shown_on_a_terminal(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text("x\n" + "2\n" * 3000 + "0\n")
    shown = on_terminal(path, "--on-error", "skip")
    assert "points" in shown
    assert "100%" in shown
    assert "\x1b[Kerror: line 3002: f = log(x) has no finite value at x = 0\r\n" in plain(shown)
    assert shown.endswith("1 of 3,001 points left out\r\n")


def test_no_progress_where_the_results_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text("x\n2\n")
    assert on_terminal(path, stdout=None) == "x,value,gradient.x\r\n2,0.6931471805599453,0.5\r\n"
    path.write_text("x,n\n2,\x1b[31mé\x07\n")
    assert on_terminal(path, stdout=None) == "x,n,value,gradient.x\r\n2,\\x1b[31mé\\x07,0.6931471805599453,0.5\r\n"
    assert "2,\x1b[31mé\x07,0.69" in run("points", "log(x)", str(path)).out


# -- Names in the result -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["value", "gradient.x", "error"])
def test_columns_never_clash(name: str) -> None:
    assert stream("x", f"x,{name}\n1,2\n", "--on-error", "null").status == 2
    result = stream("x", f"x,{name}\n1,2\n", "--get", "x" if name == "value" else "value")
    assert (result.status, len(set(result.out.splitlines()[0].split(",")))) == (0, 3)


@pytest.mark.parametrize("name", ["value", "gradient", "warnings", "error", "trace"])
def test_keys_never_clash(name: str) -> None:
    result = stream("x", f'{{"x": 1, "{name}": 2}}\n', "--on-error", "null", "--trace")
    assert f"'{name}' is what a part of the result is called" in result.err


# -- Tables as other people write them -----------------------------------------------------------------------------

TSV = "sepal length\tkind\n5\tset,osa\n"
TABLES: dict[str, tuple[list[str], str, str]] = {
    "tabs": (["x*y"], "x\ty\n1\t2\n", "x\ty\tvalue\tgradient.x\tgradient.y\n1\t2\t2.0\t2.0\t1.0\n"),
    "tabs, by name": (["x", "--delimiter", "tab"], "x\tn\n1\ta\n", "x\tn\tvalue\tgradient.x\n1\ta\t1.0\t1.0\n"),
    "a sign": (["x*y", "--delimiter", ":", "--get", "x"], "x:y\n1:2\n", "x:y:gradient.x\n1:2:2.0\n"),
    "a sign of the header": (["x*y", "--get", "x"], "x;y\n1;2\n", "x;y;gradient.x\n1;2;2.0\n"),
    "other names": (["x*y", "--rename", "x=a b,y=c", "--get", "x"], "a b,c\n1,2\n", "a b,c,gradient.x\n1,2,2.0\n"),
    "another name": (
        ["x**2", "--rename", "x=sepal length", "--get", "x"],
        TSV,
        "sepal length\tkind\tgradient.x\n5\tset,osa\t10.0\n",
    ),
    "another name, to JSON": (
        ["x", "--rename", "x=sepal length", "--json", "--get", "value"],
        TSV,
        '{"sepal length": 5.0, "kind": "set,osa", "value": 5.0}\n',
    ),
    "another name, JSON": (
        ["x", "--rename", "x = a b", "--get", "value"],
        '{"a b": 1, "z": [2]}\n',
        '{"a b": 1, "z": [2], "value": 1.0}\n',
    ),
    "another name, JSON to CSV": (
        ["x", "--rename", "x=a b", "--get", "value", "--format", "csv", "--delimiter", "|"],
        '{"a b": 1, "z": [2]}\n',
        "a b|z|value\n1|[2]|1.0\n",
    ),
    "a name for another": (["x", "--rename", "x=y", "--get", "value"], "y,x1\n3,4\n", "y,x1,value\n3,4,3.0\n"),
}
"""Words behind `points`, the input, and the output."""


@pytest.mark.parametrize("name", TABLES)
def test_tables_as_other_people_write_them(name: str) -> None:
    words, text, expected = TABLES[name]
    assert run("points", *words, stdin=text) == (0, expected, "")  # what is piped in needs no `-`
    assert run("points", *words, stdin=gzip.compress(text.encode())) == (0, expected, "")


WRONG = {
    "--delimiter ab": "takes one character",
    '--delimiter "': "takes one character",
    "--rename x": "takes NAME=COLUMN",
    "--rename x=": "takes NAME=COLUMN",
    "--rename x=lenght": "there is no column 'lenght'",
    "--rename length=lenght": "there is no column 'lenght'",
    "--rename q=length": "the expression has no variable 'q'",
    "--rename x=length --rename x=kind": "'x' is given twice",
}


@pytest.mark.parametrize("words", WRONG)
def test_what_is_no_name_of_a_column(words: str) -> None:
    for text in ("length,kind\n1,a\n", '{"length": 1, "kind": "a"}\n'):
        result = run("points", "x", "-", *words.split(), stdin=text)
        assert (result.status, result.out) == (2, "")
        assert WRONG[words] in result.err.splitlines()[0]


def test_damaged_gzip_is_told() -> None:
    packed = gzip.compress(b"x\n" + b"1\n" * 9999)
    for data in (packed[:40], packed[:-9]):
        result = run("points", "x", "--get", "value", stdin=data)
        assert result.status == 2
        assert result.err.endswith("the points cannot be read: its gzip data is damaged\n")


def test_the_time_limit_is_that_of_each_point() -> None:
    points = '{"x": 1, "y": 2}\n' * 2_000
    result = run("points", "x*sin(y)", "-", "--trace", "--time-limit", "0.2", stdin=points)
    assert (result.status, result.err, result.out.count("\n")) == (0, "", 2_000)


ARRAYS: list[tuple[str, str, str]] = [
    ("sum(x*x)", '{"x": [1, 2]}\n{"x": [[3]], "id": 7}', "[5.0, [2.0, 4.0], 9.0, [[6.0]]]"),
    ("sum(W @ x) --W [[1,2],[3,4]] --wrt x", '{"x": [1, 2]}', "[16.0, [4.0, 6.0]]"),
    ("g(t) = t*t; q = g(x); sum(q)*y", '{"x": [1, 2], "y": 3}', "[15.0, [6.0, 12.0], 5.0]"),
    ("sum([x, y]**2) --format json", "x,y\n1,2", "[5.0, 2.0, 4.0]"),
    ("sum(x*x) --exact", '{"x": ["1/3", 2]}', '["37/9", ["2/3", "4"]]'),
    ("sum(x*x) --on-error null", '{"x": [1, null]}\n{"x": [2]}', "[null, null, 4.0, [4.0]]"),
]
"""Programs and options, rows, and the value and the gradients of each row."""


def test_points_of_arrays(tmp_path: Path) -> None:
    for line, text, expected in ARRAYS:
        expression, *options = line.split(" --")
        words = [word for option in options for word in f"--{option}".split(" ")]
        (file := tmp_path / ("rows.jsonl" if text.startswith("{") else "rows.csv")).write_text(f"{text}\n")
        for result in (
            run("points", expression, *words, stdin=f"{text}\n"),
            run("points", expression, str(file), *words),
        ):
            found = [json.loads(each) for each in result.out.splitlines()]
            numbers = [part for each in found for part in (each["value"], *each["gradient"].values())]
            assert json.dumps(numbers) == expected, (line, result.err)
    for words, told in (
        (["sum(x*x)", "--format", "csv"], "an array does not fit in a cell of CSV"),
        (["sum(x*x)", "--reduce", "sum"], "--reduce adds doubles, which an array does not fit"),
        (["x*x"], "the output x*x is a vector of 2"),
        (["sum(x*x)", "--enclose"], ""),
    ):
        result = run("points", *words, stdin='{"x": [1, 2]}\n')
        assert result.status == 2, words
        assert told in result.err, words
    assert run("points", "sum(x*x)", stdin="").err == "warning: there are no points\n"
