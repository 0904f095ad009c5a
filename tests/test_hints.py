"""Hints lead to a command that works, or are not there: each of the table is followed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from backprop_cli.cli import hints
from backprop_cli.cli.arguments import PositionError
from backprop_cli.cli.options import COMMANDS, OPTIONS, by_name
from support.command import run
from support.hostile import hang_guard

FOLLOWED = {
    "eval x*y --x 1 --y 2 -o f.mmd": "graph x*y --x 1 --y 2 -o f.mmd",
    "eval x*y --x 1 --y 2 -o f.xyz": "",
    "eval x*y --x 1 --y 2 --theme dark": "graph x*y --x 1 --y 2 --theme dark -o circuit.svg",
    "explain x*y --x 1 --y 2 --steps": "derive x*y --x 1 --y 2 --steps",
    "check x --x 1 --steps --scale 2": "graph x --x 1 --steps --scale 2 -o step-%02d.svg",
    "eval x*y --theme dark -o f.png": "graph x*y --theme dark -o f.png",
    "graph 'x*y' --x 1..2 --y 2 --json": "eval 'x*y' --x 1..2 --y 2 --json",
    "graph 'x*y' --x 1±0.1 --y 2 --exact": "eval 'x*y' --x 1±0.1 --y 2 --exact",
    "graph 'x>y' --x 1 --y 2 --json": "",
    # Names that were meant as products.
    "eval 2xy+y --x 2 --y 3": "eval 2(x*y)+y --x 2 --y 3",
    "eval 2πx --x 2": "eval 2(π*x) --x 2",
    "eval πr² --r 2": "eval π*r² --r 2",
    "eval (4/3)πr^3*h --r 2 --h 3": "eval (4/3)π*r^3*h --r 2 --h 3",
    "eval 1/πr^2 --r 2": "",
    "eval x+sinx --x 2": "eval x+(sin(x)) --x 2",
    "eval 2πx+cos(2πy) --x 2 --y 3": "eval 2(π*x)+cos(2(π*y)) --x 2 --y 3",
    "eval sinx+cosy+u --x 2 --y 3": "eval (sin(x))+(cos(y))+u --x 2 --y 3 --u 1",
    # Letters by which functions are called, too.
    "eval 'x*gamma - y'": "eval 'x*gamma - y' --x 1 --gamma 1 --y 1",
    r"eval 'e^{-\beta t}' --from latex": r"eval 'e^{-\beta t}' --from latex --beta 1 --t 1",
    r"eval 'e^{-\gamma t}' --from latex": r"eval 'e^{-\gamma t}' --from latex --gamma 1 --t 1",
    "eval ζω+t --ω 2 --t 1": "eval (ζ*ω)+t --ω 2 --t 1 --ζ 1",
    "eval 학습 --학 2": "",
    "eval 'sign + x'": "eval 'sign + x' --sign 1 --x 1",
    # Options of other commands.
    "graph x*y --json": "derive x*y --json",
    "graph --json x*y": "derive --json x*y",
    "derive x*y --to latex": "code x*y --to latex",
    "explain x*y --x 2 --y 3 --get x": "eval x*y --x 2 --y 3 --get x",
    "check x*y --x 2 --y 3 --nudge 0.1": "explain x*y --x 2 --y 3 --nudge 0.1",
    "eval x*y --claim x=3 --x 2 --y 3": "check x*y --claim x=3 --x 2 --y 3",
    "code x*y --precision 30 --x 1 --y 2": "eval x*y --precision 30 --x 1 --y 2",
    "eval x*y p.csv --delimiter ,": "points x*y p.csv --delimiter=,",
    # Commands, and choices.
    "check x*y --points p.csv": "points x*y p.csv",
    "eval x*y --x 2 --y 3 --explain": "explain x*y --x 2 --y 3",
    "eval x*y --graph --x 2": "graph x*y --x 2 --y 1",
    "eval x*y --x 1 --y 2 --csv": "eval x*y --x 1 --y 2 --format csv",
    "eval x*y --mermaid": "graph x*y --format mermaid",
    "code x*y --numpy": "code x*y --format numpy",
    "eval x*y --x 1 --y 2 --format svg": "graph x*y --x 1 --y 2 --format svg",
    "derive x*y --format csv": "eval x*y --format csv --x 1 --y 1",
    # Options of most programs.
    "eval x*y --x 1 --y 2 --verbose": "explain x*y --x 1 --y 2",
    "eval --expr x*y --x 1 --y 2": "eval x*y --x 1 --y 2",
    "derive x*y --quiet": "",
    "--verbose eval x*y": "--help",
    "eval --version": "--version",
    "--json eval x*y --x 1 --y 2": "eval x*y --x 1 --y 2 --json",
    # Words in their places.
    "eval x*y -x 1 -y 2": "eval x*y --x 1 --y 2",
    "eval x*y x=1 y=2": "eval x*y --x 1 --y 2",
    "eval x=1 y=2 x*y": "eval x*y --x 1 --y 2",
    "eval x*y x=1,y=2": "eval x*y --x 1 --y 2",
    """eval x*y '{"x":1,"y":2}'""": """eval x*y --at '{"x":1,"y":2}'""",
    """derive '{"x":1}' x*y""": """derive x*y --at '{"x":1}'""",
    """points x*y '{"x":1,"y":2}'""": """eval x*y --at '{"x":1,"y":2}'""",
    """minimize x^2 '{"x":1}'""": """minimize x^2 --start '{"x":1}'""",
    "eval x*y --at 'x=1 y=2'": "eval x*y --x 1 --y 2",
    "eval x*y --at x=1 y=2": "eval x*y --x 1 --y 2",
    "eval x*y --at x 1 y 2": "eval x*y --x 1 --y 2",
    "eval x*y x = 1 y:=2 --json": "eval x*y --x 1 --y 2 --format=json",
    "eval x*y x= 1 y =2": "eval x*y --x 1 --y 2",
    "eval x*y --x 1 --y 2 --wrt x y": "eval x*y --wrt x,y --x 1 --y 2",
    "derive x*y y": "derive x*y --wrt y",
    "check x*y --x 1 --y 2 --claim 'df/dx = 2'": "check x*y --x 1 --y 2 --claim x=2",
    "check x*y --x 1 --y 2 --claim 'df/dx = y' --claim ∂f/∂y=x": "check x*y --x 1 --y 2 --claim x=y --claim y=x",
    "check x*y --x 1 --y 2 --claim x==2": "check x*y --x 1 --y 2 --claim x=2",
    "check x*y --x 1 --y 2 q=2": "",
    "check x*y --x 1 --y 2 --1=1": "check --help",
    "eval x*y --x 1 --y 2 --claim q=1": "",
    "minimize x^2 q=2": "",
    "page sin*x --json": "derive sin*x --json",
    "page 'sin)' --json": "",
    "check x*y --x 1 --y 2 --claims x=2,y=1": "check x*y --x 1 --y 2 --claim x=2 --claim y=1",
    "points p.csv x*y": "points x*y p.csv",
    "eval 'x*y --x 1 --y 2'": "eval x*y --x 1 --y 2",
    "eval x*y '--x 1' '--y 2'": "eval x*y --x 1 --y 2",
    "'eval x*y --x 1'": "eval x*y --x 1 --y 1",
    "eval x*y --x = 1 --y '= 2'": "eval x*y --x=1 --y=2",
    "eval x*y --x:1 --y:=2": "eval x*y --x=1 --y=2",
    "eval x*y --x 1, --y 2;": "eval x*y --x 1 --y 2",
    "eval x*y -get x --x 1 --y 2": "eval x*y --get x --x 1 --y 2",
    "eval x*y --var x=1 --var y=2": "eval x*y --x 1 --y 2",
    "eval x*y --values 1,2": "eval x*y --x 1 --y 2",
    "eval x*y -Dx=1": "eval x*y --x 1 --y 1",
    "eval x*y -q": "eval --help",
    "diff x*y x": "derive x*y --wrt x",
    "-e x*y": "eval x*y --x 1 --y 1",
    "version": "--version",
    "-V": "--version",
    "/?": "--help",
    "man points": "points --help",
    "cache clear": "cache --clear",
    "eval x*y {x:1,y:2}": "eval x*y --x 1 --y 2",
    """eval x*y --at "{'x': 1, 'y': 2}" """: "eval x*y --x 1 --y 2",
    "eval x*y 1 2": "eval x*y --x 1 --y 2",
    "eval x*y '(1, 2)'": "eval x*y --x 1 --y 2",
    "eval x*y 1 2 3": "",
    "eval x*y at x=1 y=2": "eval x*y --x 1 --y 2",
    "eval 'max(x,y), x=1, y=-2'": "eval 'max(x,y)' --x 1 --y -2",
    "eval 'x*y; x=1; y=2'": "eval x*y --x 1 --y 2",
    "check 'x*y where x=1, y=2' --claim x=2": "check x*y --x 1 --y 2 --claim x=2",
    "eval 'x*y where x=1 and y=2'": "eval x*y --x 1 --y 2",
    "eval 'x², at x = 3'": "eval x² --x 3",
    """eval 'cos(ωt)' --at '{"ω": 1, "t": 2}' """: """eval 'cos((ω*t))' --at '{"ω": 1, "t": 2}' """,
    "eval '3x10^8*t' --t 2": "eval '3*10^8*t' --t 2",
    "eval '1.5f*x + .5f + 2L' --x 2": "eval '1.5*x + .5 + 2' --x 2",
    "eval 'M_PI*r' --r 2": "eval pi*r --r 2",
    "eval x*y -x=1 -y=2": "eval x*y --x 1 --y 2",
    "eval x*y x 1 y 2": "eval x*y --x 1 --y 2",
    "eval x*y -x 1": "eval x*y --x 1 --y 1",
    "eval x*y x=1 --y 2": "eval x*y --x 1 --y 2",
    "eval x + y --x 1 --y 2": "eval 'x + y' --x 1 --y 2",
    "eval sum(W@x)": "eval sum(W@x) --W [[2,1],[1,2]] --x [1,2]",
    "check sum(W@x)+b --x [1,2,3]": "check sum(W@x)+b --x [1,2,3] --W [[2,1,1],[1,2,1],[1,1,2]] --b 1",
    "explain pick(x@W,y) --x [1,2]": "explain pick(x@W,y) --x [1,2] --W [[2,1],[1,2]] --y 1",
    "explain m(t)=t@t;m(y[3:])*z": "explain m(t)=t@t;m(y[3:])*z --y [1,2] --z 1",
    "graph sum(reshape(x,2,3)@y) --x [1,2,3,4,5,6]": "graph sum(reshape(x,2,3)@y) --x [1,2,3,4,5,6] --y [1,2,3]",
    "minimize sum((A@w)**2) --A [[1,2]]": "minimize sum((A@w)**2) --A [[1,2]] --start w=[1,2]",
    "eval x@y --x 1": "",
    "graph x + y": "graph 'x + y'",
    "eval x y z": "",
    "eval x*y -x1": "eval --help",
    "eval x*y x:1 y:2": "eval x*y --x 1 --y 2",
    "check x*y --x 1 --y 2 x=2": "check x*y --claim x=2 --x 1 --y 2",
    "code x*y numpy": "code x*y --format numpy",
    "eval x*y csv --x 1 --y 2": "eval x*y --format csv --x 1 --y 2",
    "evla x*y --x 1": "eval x*y --x 1 --y 1",
    "gradient x*y --x 1 --y 2": "eval x*y --x 1 --y 2",
    "plot x*y": "graph x*y",
    "Differentiate x*y": "derive x*y",
    "train x^2 --start x=1": "minimize x^2 --start x=1",
    "maximize x^2 --start x=1": "--help",
    "net.bp --x 1 --y 2": "eval --file net.bp --x 1 --y 2",
    "eval x*y --x 1 --y 2 --pretty": "eval --help",
    "eval x*y --x 1 --y 2 --log-level 1": "eval --help",
    "help": "--help",
    "help points": "points --help",
    "points p.csv": "",
    "x*y -x 2 -y 3": "eval x*y --x 2 --y 3",
    "x*y --x 2": "eval x*y --x 2 --y 1",
    # Where to begin.
    "minimize (x-3)^2": "minimize '(x-3)^2' --start x=1",
    "minimize (x-3)^2 x=1": "minimize '(x-3)^2' --start x=1",
    "minimize (x-a)^2+y^2 x=1 y=2 --a 3": "minimize '(x-a)^2+y^2' --start x=1,y=2 --a 3",
    "minimize (x-a)^2 --start x=1 a=2": "minimize '(x-a)^2' --a 2 --start=x=1",
    # Dashes of texts that were set, and options in place of values.
    "eval x*y —x 1 –y=2 −−json": "eval x*y --x 1 --y=2 --json",
    "minimize x^2 —start x=1": "minimize x^2 --start x=1",
    "eval x*y -2 —x": "eval --help",
    "eval x --x -o f.json": "eval x --x 1 -o f.json",
    "minimize x^2 --start x=1 --plot -o f.svg": "minimize --help",
    "minimize x^2 --start x=1 /dev/null": "",
    # Files.
    "minimize (p-y)^2 p.csv --start p=1 --reduce sum": "minimize '(p-y)^2' --data p.csv --start=p=1 --reduce=sum",
    "fit a*x p.csv --target y --start a=1": "fit a*x --data p.csv --target=y --start=a=1",
    "fit 'y ~ a*x' --data p.csv --start a=1": "fit a*x --data p.csv --start a=1 --target y",
    "fit 'y = a*x' --data p.csv --start a=1": "fit a*x --data p.csv --start a=1 --target y",
    "fit a*x --data p.csv --start a=1": "",
    "eval p*x p.csv --p 2": "points p*x p.csv --p 2",
    "points p*x p.csv p=2": "points p*x p.csv --p 2",
    "points p*x --data p.csv --p 2": "points p*x p.csv --p 2",
    "eval p*x --data p.csv --p 2 --reduce sum": "points p*x p.csv --p 2 --reduce sum",
    "eval --reduce sum --data=p.csv p*x --p 2": "points --reduce sum p*x --p 2 p.csv",
    "eval net.bp --x 1 --y 2": "eval --file net.bp --x 1 --y 2",
    "eval net.bp": "eval --file net.bp --x 1 --y 1",
    "derive ./net.bp": "derive --file ./net.bp",
    "eval x*y --at p.csv": "points x*y p.csv",
    "eval x*y --at one.json --enclose --exact": "",
    "eval x*y --at x=1,y=2": "eval x*y --x 1 --y 2",
    "eval x*y --at=x=1,y=2": "eval x*y --x 1 --y 2",
    "eval x*y --x=1,2": "",
    "eval x*y*z --at p.csv": "points 'x*y*z' p.csv --z 1",
    # Names.
    "eval xy --x 1 --y 2": "eval x*y --x 1 --y 2",
    "eval 1/xy+2 --x 1 --y 2": "eval '1/(x*y)+2' --x 1 --y 2",
    "eval '2*exp -x' --x 1": "eval '2*exp(-x)' --x 1",
    "eval exp*x --x 1": "eval exp*x --x 1 --exp 1",
    "eval sinx --x 1": "eval 'sin(x)' --x 1",
    "eval x*y": "eval x*y --x 1 --y 1",
    "eval x*y --x --y 2": "eval x*y --x 1 --y 2",
    "eval x*y --x= --y 2": "eval x*y --x 1 --y 2",
    "eval x*json": "eval x*json --x 1 --set json=1",
    "eval x*verbose --x 1 --verbose": "eval x*verbose --x 1 --verbose 1",
}
"""Command lines that fail, and the command that the hint is, empty where it is none."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.bp").write_text("q = x + y\nf = q*x\n")
    Path("p.csv").write_text("x,y\n1,2\n")
    Path("one.json").write_text('{"x": 1, "y": 2}')


@pytest.mark.parametrize("line", FOLLOWED)
def test_what_a_hint_leads_to(line: str) -> None:
    result = run(*shlex.split(line))
    assert (result.status, result.out) == (2, "")
    found = re.search(r"^hint: (?:.*: )?backprop (.*)$", result.err, re.MULTILINE)
    words = shlex.split(found[1]) if found else []
    assert words == shlex.split(FOLLOWED[line])
    if words:
        assert run(*words).status == 0


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_another_command_is_told_as_one(command: str) -> None:
    words = ["x*y"] if command not in ("cache", "ops") else []
    for option in OPTIONS:
        for name in option.names:
            if name.startswith("--") and name not in by_name(command):
                for more in ([], ["1"]):
                    result = run(command, *words, name, *more)
                    assert result.status == 2
                    assert result.err.startswith(
                        f"error: {name} is no option of backprop {command}\nhint: {name} belongs to "
                    )


@pytest.mark.parametrize("word", hints.COMMON)
def test_options_of_most_programs_are_no_variables(word: str) -> None:
    assert not any(f"--{word}" in option.names for option in OPTIONS)
    for more in ([], ["x*y"]):
        result = run("eval", "x*y", f"--{word}", *more)
        assert result.status == 2
        assert f"--{word} is no option of backprop eval" in result.err or more


def test_an_option_of_another_command_may_be_a_variable() -> None:
    assert run("eval", "to*verbose", "--to", "2", "--verbose", "3", "--get", "value").out == "6.0\n"


def test_a_terminal_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is piped in, what is missing is told."""
    monkeypatch.setattr("backprop_cli.cli.arguments.Line.is_piped", False)
    assert run("eval").err.startswith("error: there is no expression\nhint: for example: backprop eval ")
    assert run("points", "x*y").err.startswith("error: there are no points\nhint: points are lines of a file, or come ")
    assert run("eval", "--verbose", "x*y").err.startswith("error: --verbose is no option of backprop eval")


def test_a_hint_has_no_option_that_the_command_does_not_have() -> None:
    for line in ("minimize x^2 --start x=nan", "code x --x inf", "check x*1e308 --x 1e10", "page x --x nan"):
        assert "--allow-nonfinite" not in run(*line.split()).err
    assert "--allow-nonfinite" in run("eval", "x", "--x", "nan").err


def test_hints_are_short() -> None:
    """Where very many values are missing, and in a program of many lines."""
    many = run("eval", "+".join(f"x{i}" for i in range(399)))
    assert max(map(len, many.err.splitlines())) < 200
    Path("long.bp").write_text("# notes\nq = x + y  # a sum\nf = q*z\n")
    lines = run("eval", Path("long.bp").read_text())
    assert "hint: backprop eval 'q = x + y; f = q*z' --x 1 --y 1 --z 1\n" in lines.err


def test_what_looks_the_same() -> None:
    """Letters of Greek and Cyrillic, in the place of Latin ones or the other way round, and accents."""
    for line, meant in {
        "eval ѕin(x) --x 1": "'sin', with Latin small letter s",
        "eval ехр(x) --x 1": "'exp', with Latin small letter e",
        "eval х*y --x 1 --y 2": "'х', with Cyrillic small letter ha",
        "eval x*y --х 1 --y 2": "'x', with Latin small letter x",
        "eval х+x --x 1": "'x', with Latin small letter x",
        "eval е*x --x 1": "'e', with Latin small letter e",
        "eval ω*2 --w 1": "'ω', with Greek small letter omega",
        "eval x --x 1 --get х": "'x', with Latin small letter x",
        "eval x --x 1 --wrt х": "'x', with Latin small letter x",
        "eval x --x 1 --format jsοn": "'json', with Latin small letter o",
        "eval naïve --naive 1": "'naïve', with Latin small letter i with diaeresis",
        "eval x --x 1 --get vlaue": "'value'",
        "eval x --x 1 --ties spilt": "'split'",
        "check x --x 1 --claim х=2": "'x', with Latin small letter x",
        "ops ѕin": "'sin', with Latin small letter s",
    }.items():
        assert run(*line.split()).err.endswith(f"\nhint: did you mean {meant}?\n"), line


def test_of_thousands_of_names_the_nearest_is_meant() -> None:
    names = [f"name{i}" for i in range(4000)]
    assert run("eval", "+".join(names), "--nam1", "2").err.endswith("\nhint: did you mean 'name1'?\n")


def test_options_without_an_expression() -> None:
    for words in (["--x:1"], ["--var", "--x 1"], ["--format", "--values", "kr"], ["x", "a" * 300]):
        for command in ("explain", "fit", "points", "minimize"):
            result = run(command, *words)
            assert (result.status, result.out) == (2, ""), words
            assert result.err.startswith("error: ")


def test_what_people_call_choices() -> None:
    for line, choice in {"code x --to js": "javascript", "explain x --x 1 --lang 한국어": "ko"}.items():
        assert f"did you mean '{choice}'?" in run(*line.split()).err
    assert {*hints.CHOSEN} <= {choice for option in OPTIONS for choice in option.choices}


def test_gradients_by_other_names() -> None:
    for name in ("df/dx", "∂f/∂x", "gradient.x", "dx"):
        assert "hint: write --get x\n" in run("eval", "x*y", "--x", "1", "--y", "2", "--get", name).err
    assert "hint: write --get x --get value\n" in run("eval", "x", "--x", "1", "--get", "x,value").err


def test_a_wrong_choice_is_quoted_short() -> None:
    assert len(run("eval", "x", "--x", "1", "--ties", "z " * 9_999).err) < 200
    assert "is one name" not in run("eval", "x", "+", f"1/{'y' * 300}", "--x", "1").err  # nor of a file


def test_options_by_their_beginnings() -> None:
    for word, more, meant in (("prec", "30", "precision"), ("hess", "", "hessian"), ("out", "a.txt", "output")):
        result = run("eval", "x*y", "--x", "1", "--y", "2", f"--{word}", *more.split())
        assert result.status == 2
        assert re.search(f"hint: did you mean '?--{meant}", result.err), result.err
    result = run("points", "x*y", "p.csv", "--bounds", "x=0..1")
    assert result.err == "error: --bounds is no option of backprop points\nhint: --bounds belongs to minimize and fit\n"


@pytest.mark.parametrize("piece", [" ", "a=1,", "x=", "- ", " at ", "@ ", "∂x/∂"])
def test_a_long_text_has_no_hint_that_takes_long(piece: str) -> None:
    """Each piece a thousand times, where patterns that go back would take for ever, and where there is no hint."""
    for count in (900 // len(piece), 100_000 // len(piece)):
        with hang_guard(10):
            for words in (["eval", f"x,a={piece * count}!"], ["eval", "x", f"b={piece * count}!"]):
                assert run(*words).status == 2
            assert run("check", "x", "--x", "1", "--claim", f"x={piece * count}!").status == 2


def test_an_example_for_a_missing_expression_is_the_commands_own() -> None:
    for command in ("derive", "explain", "minimize", "check", "graph", "page", "code"):
        hint = hints.hinted(PositionError("there is no expression"), [command]).hint
        assert hint.startswith(f"for example: backprop {command} ")


def test_a_name_of_a_file_that_a_shell_puts_in_place_of_an_expression(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.npy").write_bytes(b"")
    result = run("eval", "x.npy", "--x", "1", "--y", "2")  # x*y without quotes
    assert result.err.endswith("hint: a shell puts names of files in place of *: an expression stands in quotes\n")
