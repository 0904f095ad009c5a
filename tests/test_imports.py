"""The walls of the design: what may import what, where the libraries are loaded, and how long a file may be.

`python tests/test_imports.py` writes docs/dev/code.md, the map of the modules, from these walls and the docstrings.
"""

from __future__ import annotations

import ast
import graphlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

import backprop_cli
from backprop_cli.cli.options import OPTIONS
from support.command import PATIENCE
from support.suites import in_a_loop

ROOT = Path(backprop_cli.__file__).parent
TESTS = Path(__file__).parent
LIBRARIES = {
    "click", "platformdirs", "rich", "sympy", "mpmath", "flint", "numpy", "polars", "pyarrow", "scipy", "matplotlib"
}  # fmt: skip

ROOMS = {
    "errors": "every error that a person can meet: message, place and hint",
    "runtime": "what a run has to work with: time and memory, text in and out, files",
    "rules": "what a primitive is: formulas as data, their printer, THE TABLE",
    "graph": "the circuit, no numbers: nodes, the graph, modules opened",
    "language": "text → tokens → SymPy's tree → graph, with positions",
    "arithmetic": "one number system a file: which functions and guards it brings",
    "passes": "forward, backward → trace; second derivatives, digits that hold, exact numbers",
    "study": "what is found out by means of traces: the referee, claims, mistakes, nudges",
    "descent": "a loss made small: objectives, methods that go down, least squares",
    "points": "one graph at many points",
    "view": "what is shown: a file a view",
    "api": "the library's face",
    "cli": "the command line: options, the way in, one file a command",
    "__main__": "the console command",
}
"""The rooms, in the order in which data goes through them, and what is found there. Imports go up this list only."""

MAY_LOAD = {
    "click": "cli.commands cli.commands.* cli.expression cli.manual cli.progress",
    "rich": "cli.output view.columns",
    "sympy": "language.tree arithmetic.symbolic arithmetic.symbolic_forms arithmetic.symbolic_functions passes.exact "
    "study.claims view.latex",
    "mpmath": "arithmetic.*",
    "flint": "arithmetic.ball arithmetic.ball_functions arithmetic.balls arithmetic.box arithmetic.box_functions "
    "arithmetic.boxes arithmetic.decimals",
    "numpy": "api.columns arithmetic.array_functions arithmetic.arrays arithmetic.axes arithmetic.columns "
    "arithmetic.digamma arithmetic.loops arithmetic.square_matrices arithmetic.tape cli.columns passes.arrays "
    "passes.arrays_backward passes.arrays_forward passes.arrays_underflow passes.column_run passes.columns "
    "passes.entries passes.straight "
    "passes.nested passes.origins passes.uncertain points.blocks points.columns points.frames points.kept "
    "points.objects points.records points.tables study.entries api.descents descent.* view.descents view.fits",
    "pyarrow": "api.columns",
    "polars": "points.frames",
    "scipy": "descent.*",
    "matplotlib": "view.plot_files",
    "platformdirs": "cli.cache",
}
"""Which modules may import a library, wherever in the file. `x.*` stands for the modules in x."""

LIGHT = [
    "backprop_cli",
    "api",
    "cli.commands",
    "passes.backpropagate",
    "view.json",
    "view.csv",
    "view.markdown",
    "view.picture.dot",
    "view.words.explain",
    "view.code.staged",
]
"""Modules that no library is loaded for when they are imported, be it by what they import (click for the commands)."""


class Import(NamedTuple):
    """An import statement: of one of our modules (`render.cells`) or of a library (`sympy`)."""

    name: str
    ours: bool
    at_top: bool


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts) or "backprop_cli"


PATHS = {module_name(path): path for path in sorted(ROOT.rglob("*.py"))}


def statements(
    node: ast.AST, at_top: bool = True, checking: bool = False
) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """The import statements below a node; those that only a type checker sees if `checking`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, at_top
        elif isinstance(child, ast.expr):
            continue  # no statement stands in one
        elif checking or not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
            yield from statements(child, at_top and not inside, checking)


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports(name: str, *, checking: bool = False) -> list[Import]:
    path, found = PATHS[name], []
    package = path.relative_to(ROOT).parent.parts
    for statement, at_top in statements(parsed(path), checking=checking):
        if isinstance(statement, ast.Import):
            found += [Import(alias.name.partition(".")[0], False, at_top) for alias in statement.names]
        elif statement.level == 0:
            found.append(Import((statement.module or "").partition(".")[0], False, at_top))
        else:
            base = [*package[: len(package) - statement.level + 1], *(statement.module or "").split(".")]
            source = ".".join(filter(None, base))
            for alias in statement.names:
                below = f"{source}.{alias.name}".lstrip(".")
                found.append(Import(below if below in PATHS else source or "backprop_cli", True, at_top))
    assert not any(each.name == "backprop_cli" and not each.ours for each in found), "import our own modules by a dot"
    return found


def room(name: str) -> str:
    """The room that a module is in."""
    return name.partition(".")[0]


@in_a_loop("name", PATHS)
def test_imports_go_up_the_list_of_rooms_only(name: str) -> None:
    rooms = list(ROOMS)
    if name == "backprop_cli":
        return  # the face shows what it names, from wherever it comes
    for each in imports(name):
        if each.ours and each.name != "backprop_cli":
            assert rooms.index(room(each.name)) <= rooms.index(room(name)), f"{name} imports {each.name}"


def test_every_room_is_on_the_list() -> None:
    assert {room(name) for name in PATHS} == {*ROOMS, "backprop_cli"}


def test_imports_point_one_way() -> None:
    order = {name: [each.name for each in imports(name) if each.ours] for name in PATHS if name != "backprop_cli"}
    list(graphlib.TopologicalSorter(order).static_order())  # raises CycleError


def beside(name: str) -> str:
    """`x.*` for a module in x."""
    return f"{name.rpartition('.')[0]}.*"


@pytest.mark.parametrize("library", sorted(LIBRARIES))
def test_which_modules_load_a_library(library: str) -> None:
    users = {name for name in PATHS for each in imports(name) if each.name == library and not each.ours}
    allowed = MAY_LOAD[library].split()
    assert {name for name in users if name not in allowed and beside(name) not in allowed} == set()
    assert {word for word in allowed if word not in users and word not in map(beside, users)} == set()


@pytest.mark.parametrize("name", LIGHT)
def test_importing_loads_no_library(name: str) -> None:
    """What is imported at the top of a module, and at the top of what that imports, takes no time to load."""
    seen, queue, allowed = {name}, [name], {"click"} if name == "cli.commands" else set()
    while queue:
        for each in imports(queue.pop()):
            if not each.ours:
                assert not each.at_top or each.name not in LIBRARIES - allowed
            elif each.at_top and each.name not in seen:
                seen.add(each.name)
                queue.append(each.name)


def test_only_the_standard_library_beside_these() -> None:
    known = LIBRARIES | set(sys.stdlib_module_names)
    assert {each.name for name in PATHS for each in imports(name) if not each.ours} <= known


@in_a_loop("path", sorted(TESTS.rglob("*.py")))
def test_no_test_imports_a_test(path: Path) -> None:
    """What several tests use is in support/."""
    found = [each for each, _ in statements(parsed(path))]
    names = {each.module or "" for each in found if isinstance(each, ast.ImportFrom)}
    names |= {alias.name for each in found for alias in each.names}
    assert [name for name in names if name.startswith("test_")] == []


@in_a_loop("name", PATHS)
def test_what_is_never_called(name: str) -> None:
    """The recursion limit stays (raising it ends in a crash); text reaches SymPy in language/tree.py alone."""
    names = {
        node.id if isinstance(node, ast.Name) else node.attr
        for node in ast.walk(parsed(PATHS[name]))
        if isinstance(node, ast.Name | ast.Attribute)
    }
    assert not names & {"setrecursionlimit", "sympify"}
    assert "exec" not in names or name in ("passes.compiled", "arithmetic.tape")  # which compile rows of the table
    assert "parse_expr" not in names or name == "language.tree"


# -- Parameters --------------------------------------------------------------------------------------------------------

PARAMETERS = {
    "graph": "the circuit",
    "trace": "what a forward and a backward pass leave behind",
    "node, gate, edge": "one of the graph's, or of the trace's",
    "op": "a row of the tables",
    "slot": "the number of an input of a gate, from 0",
    "inputs, out": "the values of a gate's inputs, and its own",
    "operands": "what stands for a gate's inputs in a formula",
    "upstream": "the gradient of the output by a gate, of that gate's shape",
    "given": "a value for each variable, as somebody gave it: a number, a text or an array",
    "point": "the same as numbers of an arithmetic",
    "wrt": "the variables that get gradients; all, if None",
    "ties": "what inputs of max and min that tie receive: `both`, `split` or `first`",
    "arithmetic, system": "a number system",
    "settings": "what is asked of a trace, or of an operation on arrays",
    "options": "how wide, in which colours and with how many digits a view draws",
    "subject": "what a view draws, of the kind that VIEWS has under `what`",
    "digits": "significant ones that are shown; None for as many as are usual",
    "source, span": "the text of an expression or program, and a place in it: its start and its end",
    "name": "of a node, a function or a file",
    "formula": "a rule as data",
    "value, values": "a number or an array; of each node, by position",
    "shape": "the length of each axis; () of a number",
    "language": "that sentences are told in, or that a program is written in",
    "command, asked": "a command by its name, and what its command line asks for",
}
"""What parameters of these names are, in whatever function; so are those that are called as an option is."""
KNOWN = {name for names in PARAMETERS for name in names.split(", ")} | {option.parameter for option in OPTIONS}
OWN = {"self", "cls"}


def public_functions(body: Sequence[ast.stmt]) -> Iterator[ast.FunctionDef]:
    for each in body:
        if isinstance(each, ast.ClassDef) and not each.name.startswith("_"):
            yield from public_functions(each.body)
        elif isinstance(each, ast.FunctionDef) and not each.name.startswith("_"):
            yield each


@in_a_loop("name", PATHS)
def test_from_three_parameters_on_each_is_told(name: str) -> None:
    """A function without a docstring is told of where it is overridden, or as a command."""
    for function in public_functions(parsed(PATHS[name]).body):
        given = function.args
        names = {each.arg.lstrip("_") for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)} - OWN
        told = ast.get_docstring(function)
        if told and len(names) >= 3:
            untold = [each for each in names - KNOWN if not re.search(rf"\b{each}\b[^\n:]*: |`{each}`", told)]
            assert untold == [], f"{name}.{function.name} does not tell what these are (`x: what it is`)"


TOLD = re.compile(r"(?:^|(?<=[;.] ))([a-z_]+(?:, [a-z_]+)*): (?!as in )")


@in_a_loop("name", PATHS)
def test_three_that_are_told_have_a_line_each(name: str) -> None:
    kinds = (ast.FunctionDef, ast.ClassDef)
    for each in ast.walk(parsed(PATHS[name])):
        lines = ((isinstance(each, kinds) and ast.get_docstring(each)) or "").splitlines()
        told = [(found, line) for line in lines for found in TOLD.finditer(line.strip())]
        if sum(found[1].count(",") + 1 for found, _ in told) >= 3:
            assert [line for found, line in told if found.start()] == [], name


# -- The map of the modules ------------------------------------------------------------------------------------------

PAGE = ROOT.parent / "docs" / "dev" / "code.md"
INTRODUCTION = """\
# The code

- A wrong number: **rules/** (the formula), **arithmetic/** (the function), **passes/** (the chain rule: backward.py).
- A wrong word: **view/**, and of sentences **view/words/languages/**; of a primitive, **rules/table.py**; in an error
  or a warning, where it is raised (**language/**, **passes/**, **cli/**). A wrong hint: **cli/hints.py**.
- A caret in the wrong place, or a text that is misread: **language/** (LaTeX: **language/latex/**); and **errors.py**.
- A new view or file format: a file in **view/**, and a line of VIEWS there; of SUFFIXES, if files have a new ending.
- A new option: a row in **cli/options.py**, and a parameter of the same name in what its command runs. A new command: a
  file in **cli/commands/**, and its name in COMMANDS of **cli/options.py**.
- A new primitive: a row in **rules/table.py**; a function that nobody has, in **arithmetic/**, **view/code/targets/**.
- A new number system: **arithmetic/**. A language of `backprop code`: **view/code/targets/**, PROGRAMS of **view/**.

A call goes down this list, and imports go up it: `tests/test_imports.py` holds them to it, and writes this page.
"""


@cache
def first_sentence(name: str) -> str:
    words = " ".join((ast.get_docstring(parsed(PATHS[name])) or "").partition("\n\n")[0].split())
    return re.split(r"(?<=[.?]) (?=[A-Z`])", words)[0].rstrip(".")


def page() -> str:
    parts = [INTRODUCTION.rstrip(), "\n".join(f"- **{each}**: {what}" for each, what in ROOMS.items())]
    for each in ROOMS:
        names = [name for name in PATHS if room(name) == each]
        if len(names) > 1:
            rows = (f"| `{PATHS[name].relative_to(ROOT).as_posix()}` | {first_sentence(name)} |" for name in names)
            parts.append("\n".join([f"## {each}/", "", "| file | what it is |", "|---|---|", *rows]))
    told = (
        f"| {', '.join(f'`{name}`' for name in names.split(', '))} | {what} |" for names, what in PARAMETERS.items()
    )
    parts.append(
        "\n".join(["## Parameters that mean the same everywhere", "", "| name | what it is |", "|---|---|", *told])
    )
    return "\n\n".join(parts) + "\n"


def test_the_map_of_the_modules() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()
    assert all(first_sentence(name) for name in PATHS)


# -- What a run really loads ---------------------------------------------------------------------------------------


def loaded(*words: str) -> set[str]:
    """The libraries that are in memory after this command line."""
    code = "import json, sys; from backprop_cli.cli.commands import run_command; assert run_command(sys.argv[1:]) == 0"
    return _modules(f"{code}; print(chr(0), json.dumps(sorted(sys.modules)))", words)


def _modules(code: str, words: Sequence[str] = ()) -> set[str]:
    result = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, encoding="utf-8", timeout=PATIENCE, check=True
    )
    return set(json.loads(result.stdout.rpartition("\0")[2])) & LIBRARIES


@pytest.mark.parametrize(
    "words",
    [["--help"], ["--version"], ["eval", "--help"], ["explain", "--help"], ["ops"], ["ops", "--json"]],
    ids=" ".join,
)
def test_help_and_version_load_nothing(words: list[str]) -> None:
    assert loaded(*words) == {"click"}


@pytest.mark.parametrize(
    "words",
    [[], ["--json"], ["--format", "csv"], ["--format", "markdown"], ["--get", "value"]],
    ids=" ".join,
)
def test_no_pipe_loads_rich(words: list[str]) -> None:
    assert "rich" not in loaded("eval", "x*sin(x)", "--x", "2", *words)


def test_colours_and_wide_letters_load_rich(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the tests above test something."""
    assert "rich" in loaded("eval", "数*2", "--数", "2")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert loaded("eval", "x*sin(x)", "--x", "2", "--no-cache") >= {"rich", "sympy", "click"}
    assert "rich" not in loaded("eval", "x*sin(x)", "--x", "2", "--json")


def test_importing_the_command_loads_nothing_at_all() -> None:
    """Until `main` is called, an interrupt ends in Python's traceback: so it comes as soon as can be."""
    code = (
        "import sys; before = set(sys.modules); from backprop_cli.__main__ import main; "
        "print(*sorted(set(sys.modules) - before))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert result.stdout.split() == ["backprop_cli", "backprop_cli.__main__"]


def test_importing_the_package_loads_nothing() -> None:
    code = "import json, sys, backprop_cli; print(chr(0), json.dumps(sorted(sys.modules)))"
    assert _modules(code) == set()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
