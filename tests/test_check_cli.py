"""`backprop check` as a person runs it: sessions as a reader sees them, claims in every form, exit status, streams."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from backprop_cli.cli import output
from support.command import PATIENCE, environment, on_a_terminal, run

NEURON = [
    "1/(1+exp(-(w0*x0 + w1*x1 + w2)))", "--w0", "2", "--x0", "-1", "--w1", "-3", "--x1", "-2", "--w2", "-3",
]  # fmt: skip
CIRCUIT = ["(x+y)*z", "--x", "-2", "--y", "5", "--z", "-4"]
PRODUCT = ["x*y", "--x", "2", "--y", "3"]

# -- Sessions, as whole text -----------------------------------------------------------------------------------------

SESSIONS: list[tuple[list[str], int, str]] = [
    (
        [*CIRCUIT, "--claim", "x=4", "--claim", "y=1", "--claim", "z = x + y"],
        1,
        """\
x: WRONG  4; the gradient is -4
    proved wrong
    the sign is flipped: this is −∂f/∂x
y: WRONG  1; the gradient is -4
    proved wrong
    the upstream gradient is forgotten: this is ∂q1/∂y, still to be multiplied by ∂f/∂q1 = -4
z: right  x + y is 3 here
    proved by simplification
""",
    ),
    (
        [*NEURON, "--claim", "w0=-0.20", "--claim", "x0=0.39", "--claim", "w1=-0.39", "--claim", "x1=-0.59"],
        0,
        """\
w0: right  -0.20; the gradient is -0.196612
    proved to the digits given
x0: right  0.39; the gradient is 0.393224
    proved to the digits given
w1: right  -0.39; the gradient is -0.393224
    proved to the digits given
x1: right  -0.59; the gradient is -0.589836
    proved to the digits given
""",
    ),
    (
        ["(x+y)*z", "--x", "-2", "--y", "5", "--z", "-4", "--claim", "y=7"],
        1,
        """\
y: WRONG  7; the gradient is -4
    proved wrong
    ∂f/∂q1 through f = q1 * z: upstream 1 × local -4 (z) = -4
    ∂f/∂y through q1 = x + y: upstream -4 × local 1 = -4
""",
    ),
    (
        ["x*y + x*z", "--x", "3", "--y", "2", "--z", "-5", "--claim", "x=y", "--claim", "z=17"],
        1,
        """\
x: WRONG  y is 2 here; the gradient is -3
    proved wrong
    a branch of a fork is forgotten, though branches add up: only the edge from x into q1 = x * y is counted
z: WRONG  17; the gradient is 3
    proved wrong
    ∂f/∂q2 through f = q1 + q2: upstream 1 × local 1 = 1
    ∂f/∂z through q2 = x * z: upstream 1 × local 3 (x) = 3
""",
    ),
    (
        ["x/y", "--x", "3", "--y", "2", "--claim", "x=1/2", "--claim", "y=1/y"],
        1,
        """\
x: right  1/2 is 0.5 here
    proved
y: WRONG  1/y is 0.5 here; the gradient is -0.75
    proved wrong
    the quotient rule goes wrong: in f = x / y, the rules for x and y are exchanged
""",
    ),
    (
        ["x**2", "--x", "3", "--claim", "x = x + 3"],
        1,
        """\
x: WRONG  x + 3 is 6 here
    it holds at this point, but not at others: at x = 3.094 it is 6.09417, and the gradient is 6.18834
    ∂f/∂x through f = x**2: upstream 1 × local 6 (2·x) = 6
""",
    ),
    (
        ["relu(w*x)", "--w", "-1", "--x", "2", "--claim", "w=2", "--claim", "x=0"],
        1,
        """\
w: WRONG  2; the gradient is 0
    proved wrong
    max, min, relu or a choice passes the gradient to an input that it did not select: \
f = relu(q1) is 0 and passes nothing on here
x: right  0
    proved
""",
    ),
    (
        ["abs(x)*y", "--x", "-2", "--y", "3"],
        0,
        """\
abs(x)*y = 6

 variable   method         gradient   digits
───────────────────────────────────────────────────────────────────────────
 x          backprop             -3       16
            complex step          –            q1 = abs(x) is not analytic
            differences          -3       16
            SymPy diff           -3       16
            proven               -3
 y          backprop              2       16
            complex step          2       16
            differences           2       16
            SymPy diff            2       16
            proven                2

 the methods agree; proved: all digits shown hold
""",
    ),
]


@pytest.mark.parametrize(("words", "status", "out"), SESSIONS, ids=[" ".join(words) for words, _, _ in SESSIONS])
def test_session(words: list[str], status: int, out: str) -> None:
    assert run("check", *words) == (status, out, "")


def test_a_terminal_of_80_columns() -> None:
    # A real process, on a terminal: nothing is cut, and what does not fit goes on in the next line.
    command = [sys.executable, "-m", "backprop_cli", "check", "abs(length)*exp(y)", "--length", "-2", "--y", "0.1"]
    primary, secondary = os.openpty()
    with subprocess.Popen(command, stdout=secondary, env=environment({"COLUMNS": "80", "NO_COLOR": "1"})) as process:
        assert process.wait(PATIENCE) == 0
    os.close(secondary)
    text = os.read(primary, 100_000).decode().replace("\r\n", "\n")
    os.close(primary)
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)  # bold is no colour
    assert max(map(len, text.splitlines())) == 80
    assert "the methods agree" in text
    assert "-1.10517 " in text
    assert "not analytic" in " ".join(text.split())


# -- Claims in every form --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["--claim", "x=3", "--claim", "y=2"],
        ["--claim=x=3", "--claim=y=2"],
        ["--claim", " x = 3 ", "--claim", "y =2"],
        ["--claims", '{"x": 3, "y": 2}'],
        ["--claims", ' {"x": "3", "y": "x"}'],
        ['--claims={"x": 3}', "--claim", "y=2"],
        ["--claim", "x=y", "--claims", '{"y": 2.0}'],
    ],
)
def test_each_form_of_claims(words: list[str]) -> None:
    data = json.loads(run("check", *PRODUCT, *words, "--json").out)
    assert {each["variable"]: each["right"] for each in data["claims"]} == {"x": True, "y": True}
    assert run("check", *words, *PRODUCT).status == 0


def test_claims_from_a_file_and_from_standard_input(tmp_path: Path) -> None:
    file = tmp_path / "homework.json"
    file.write_text('{"x": 3,\n "y": "-x"}', encoding="utf-8")
    expected = (
        "x: right  3\n    proved\n"
        "y: WRONG  -x is -2 here; the gradient is 2\n    proved wrong\n    the sign is flipped: this is −∂f/∂y\n"
    )
    assert run("check", *PRODUCT, "--claims", str(file)) == (1, expected, "")
    assert run("check", *PRODUCT, "--claims", "-", stdin=file.read_bytes()) == (1, expected, "")
    assert run("check", "-", *PRODUCT[1:], "--claims", str(file), stdin="x*y\n") == (1, expected, "")


def test_numbers_keep_their_digits_when_they_come_from_json() -> None:
    # 2σ′(−2) = 0.2099871708…: 0.2 is right, and 0.20 is not.
    neuron = ["sigmoid(w*x)", "--w", "2", "--x", "-1"]
    for claim, status in (("0.2", 0), ("0.20", 1), ("0.21", 0), ("0.210", 0), ("0.2100", 0), ("0.21000", 1)):
        assert run("check", *neuron, "--claims", f'{{"x": {claim}}}').status == status, claim
        assert run("check", *neuron, "--claim", f"x={claim}").status == status, claim
    (claim,) = json.loads(run("check", *neuron, "--claims", '{"x": 0.20}', "--json").out)["claims"]
    assert claim["claim"] == "0.20"


def test_a_claim_for_some_variables_only() -> None:
    assert run("check", *CIRCUIT, "--claim", "z=3") == (0, "z: right  3\n    proved\n", "")


def test_claims_stand_in_the_order_in_which_they_are_given() -> None:
    out = run("check", *CIRCUIT, "--claims", '{"z": 3}', "--claim", "x=-4", "--claim", "y=-4").out
    assert [line[0] for line in out.splitlines() if not line.startswith(" ")] == ["z", "x", "y"]


def test_names_are_read_as_expressions_spell_them() -> None:
    assert run("check", "ℎ*σ", "--h", "2", "--σ", "3", "--claim", "ℎ=σ").status == 0
    assert run("check", "2*x", "--x", "1", "--claim", "x=1+1").status == 0
    assert run("check", "2*x", "--x", "1", "--claim", "x=2×1").status == 0


def test_ties_in_claims() -> None:
    tie = ["max(x, y)", "--x", "1", "--y", "1", "--claim", "x=0.5"]
    assert run("check", *tie, "--ties", "split").status == 0
    assert run("check", *tie).status == 1
    note = "    f = max(x, y) has a tie of x, y: each gets 1 by convention (--ties both)\n"
    assert note in run("check", *tie).out


# -- Exit status -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ([*CIRCUIT], 0),
        ([*CIRCUIT, "--claim", "x=-4"], 0),
        ([*CIRCUIT, "--claim", "x=-4", "--claim", "y=4"], 1),
        (["relu(x)", "--x", "0"], 1),  # no second opinion at a kink
        (["max(x, y)", "--x", "1", "--y", "1", "--ties", "split"], 1),
        (["log(x)", "--x", "-1"], 1),
        (["log(x)", "--x", "-1", "--claim", "x=1"], 1),
        (["x*y", "--x", "1"], 2),
        (["x*y", "--x", "1", "--y", "2", "--z", "3"], 2),
        ([*CIRCUIT, "--ties", "none"], 2),
        ([*CIRCUIT, "--claim"], 2),
        (["x**y", "--x", "-2", "--y", "3"], 1),
        (["x**y", "--x", "-2", "--y", "3", "--wrt", "x"], 0),
        (["x**y", "--x", "-2", "--y", "3", "--claim", "x=12"], 0),
        (["--help"], 0),
    ],
)
def test_exit_status(words: list[str], status: int) -> None:
    assert run("check", *words).status == status


def test_wrt_leaves_out_the_rest() -> None:
    data = json.loads(run("check", *CIRCUIT, "--wrt", "z,x", "--json").out)
    assert list(data["methods"]) == ["x", "z"]
    assert data["agree"] is True


def test_wrt_is_about_claims_too() -> None:
    """A claim may stand beside one that has no gradient; one that was left out is none."""
    nearly = ["sqrt(x)*y", "--x", "0", "--y", "1", "--claim", "y=0"]
    assert run("check", *nearly, "--wrt", "y").out == "y: right  0\n    proved\n"
    refused = run("check", *nearly, "--claim", "x=1", "--wrt", "y")
    assert (refused.status, refused.err) == (2, "error: a claim for 'x', which gets no gradient (see --wrt)\n")


# -- Errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "err"),
    [
        (["--claim", "w=3"], "error: a claim for 'w', which is not a variable of the expression, nor a gate\n"),
        (
            ["--claim", "x=2*w"],
            "error: in the claim for x: the expression has no variable 'w'\n  2*w\n    ^\n",
        ),
        (
            ["--claim", "x=3 +* 2"],
            "error: in the claim for x: something is missing between '+' and '*'\n  3 +* 2\n     ^\n",
        ),
        (
            ["--claim", "x=sine(y)"],
            "error: in the claim for x: unknown function 'sine'\n  sine(y)\n  ^^^^\nhint: write sin(y)\n",
        ),
        (
            ["--claim", "x"],
            "error: --claim takes NAME=CLAIM, not 'x'\nhint: for example: --claim \"x = 2*x*y\"\n",
        ),
        (["--claim", "=3"], "error: '' is not a variable's name\n"),
        (["--claim", "x=3", "--claim", "x=2"], "error: there are two claims for x\n"),
        (["--claim", "x=3", "--claims", '{"x": 3}'], "error: there are two claims for x\n"),
        (["--claims", '{"x": 3, "x": 2}'], "error: 'x' is given twice in --claims\n"),
        (["--claims", '{"x": null}'], "error: the value of 'x' in --claims is null, not a number\n"),
    ],
)
def test_a_claim_that_cannot_be_read(words: list[str], err: str) -> None:
    assert run("check", *PRODUCT, *words) == (2, "", err)


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ("[1, 2]", "error: --claims holds no JSON object"),
        ('{"x": 3', "error: --claims is not JSON: expecting ',' delimiter"),
        ("no-such-file.json", "error: --claims cannot be read from 'no-such-file.json': no such file or directory"),
    ],
)
def test_claims_that_cannot_be_read(claims: str, message: str) -> None:
    result = run("check", *PRODUCT, "--claims", claims)
    assert (result.status, result.out) == (2, "")
    assert result.err.splitlines()[0] == message


@pytest.mark.parametrize("words", [["-", "--claims", "-"], ["x", "--at", "-", "--claims", "-"]])
def test_standard_input_serves_once(words: list[str]) -> None:
    err = "error: the expression, --at and --claims cannot come from standard input together\n"
    assert run("check", *words, stdin="x") == (2, "", err)


# -- JSON ------------------------------------------------------------------------------------------------------------


def test_the_json_document_of_claims() -> None:
    result = run("check", *CIRCUIT, "--claim", "x=4", "--claim", "z=x+y", "--claim", "y=7", "--json")
    assert (result.status, result.err) == (1, "")
    assert json.loads(result.out) == {
        "expression": "(x+y)*z",
        "right": False,
        "claims": [
            {
                "variable": "x",
                "claim": "4",
                "right": False,
                "proved": True,
                "value": "4",
                "gradient": "-4",
                "how": "proved wrong",
                "mistake": "sign",
                "explanation": "the sign is flipped: this is −∂f/∂x",
                "steps": [],
            },
            {
                "variable": "z",
                "claim": "x+y",
                "right": True,
                "proved": True,
                "value": "3",
                "gradient": "3",
                "how": "proved by simplification",
                "mistake": None,
                "explanation": None,
                "steps": [],
            },
            {
                "variable": "y",
                "claim": "7",
                "right": False,
                "proved": True,
                "value": "7",
                "gradient": "-4",
                "how": "proved wrong",
                "mistake": None,
                "explanation": None,
                "steps": [
                    "∂f/∂q1 through f = q1 * z: upstream 1 × local -4 (z) = -4",
                    "∂f/∂y through q1 = x + y: upstream -4 × local 1 = -4",
                ],
            },
        ],
    }


def test_a_claim_without_a_value_in_json() -> None:
    (claim,) = json.loads(run("check", *PRODUCT, "--claim", "x=log(-y)", "--json").out)["claims"]
    assert (claim["right"], claim["value"], claim["gradient"]) == (False, None, "3")
    assert claim["how"].startswith("the claim has no value here: ")


# -- Marking homework ------------------------------------------------------------------------------------------------


def test_marking_homework_in_a_shell_loop(tmp_path: Path) -> None:
    for name, claims in {
        "ada": '{"x": -4, "y": -4, "z": 3}',
        "ben": '{"x": 1, "y": 1, "z": 3}',
        "cem": '{"x": "z", "y": "z", "z": "x + y"}',
        "dot": "not JSON",
    }.items():
        (tmp_path / f"{name}.json").write_text(claims, encoding="utf-8")
    script = f"""
        for file in *.json; do
            {sys.executable} -m backprop_cli check "(x+y)*z" --x -2 --y 5 --z -4 --claims "$file" > /dev/null 2>&1
            case $? in 0) echo "${{file%.json}} passed";; 1) echo "${{file%.json}} failed";; *) echo "$file?";; esac
        done
    """
    done = subprocess.run(
        ["sh", "-c", script], cwd=tmp_path, env=environment({}), capture_output=True, text=True, check=True
    )
    assert done.stdout == "ada passed\nben failed\ncem passed\ndot.json?\n"
    assert done.stderr == ""


def test_colours_of_verdicts_and_errors_on_a_terminal() -> None:
    right = on_a_terminal("check", "x*y", "--x", "2", "--y", "3", "--claim", "x=3")
    assert right == "x: \x1b[32mright\x1b[0m  3\n    proved\n"
    assert "\x1b" not in run("check", "x*y", "--x", "2", "--y", "3", "--claim", "x=3").out


def test_errors_are_coloured_where_the_terminal_is() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(output, "_painter", lambda _stream: lambda text, style: f"<{style}>{text}</>")
        shown = run("eval", "sine(x)", "--x", "1").err.splitlines()
    assert shown[0] == "<bold red>error:</> unknown function 'sine'"
    assert shown[2] == "<bold red>  ^^^^</>"
    assert shown[3].startswith("<bold green>hint:</> ")
    assert "\x1b" not in run("eval", "sine(x)", "--x", "1").err
