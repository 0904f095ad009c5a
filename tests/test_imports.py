"""The walls of the design: what may import what, where the libraries are loaded, and how long a file may be.

`python tests/test_imports.py` writes docs/code.md, the map of the modules, from these walls and from their docstrings.
"""

from __future__ import annotations

import ast
import graphlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

import backprop_cli

ROOT = Path(backprop_cli.__file__).parent
LIBRARIES = {"click", "platformdirs", "rich", "sympy", "mpmath", "flint", "numpy"}

MAY_IMPORT = {
    "errors": "",
    "formula": "",
    "lazy": "",
    "ops": "formula",
    # Text to graph
    "names": "",
    "refusals": "errors",
    "tokens": "errors names ops refusals",
    "statements": "errors names tokens",
    "tree": "ops",
    "syntax": "tokens tree",
    "nodes": "errors ops",
    "graph": "errors formula ops nodes",
    "flatten": "errors ops tokens tree",
    "lower": "errors ops statements tokens syntax flatten graph nodes",
    "expand": "formula ops graph nodes",
    # Graph to trace
    "arithmetic": "arithmetic.system arithmetic.floats",
    "arithmetic.*": "errors formula ops arithmetic.system arithmetic.special arithmetic.balls",
    "trace": "arithmetic formula graph",
    "faults": "arithmetic errors formula graph",
    "tape": "arithmetic formula ops graph lazy nodes",
    "forward": "arithmetic errors graph faults",
    "backward": "arithmetic errors graph lazy trace faults forward",
    "engine": "arithmetic backward errors forward graph trace tape",
    "point": "names arithmetic errors graph lower forward",
    "hessian": "arithmetic arithmetic.dual errors graph engine point",
    "cache": "backprop_cli graph lower names nodes ops",
    "certain": "arithmetic arithmetic.precise errors expand graph trace engine point hessian forward",
    "exact": "arithmetic arithmetic.symbolic errors graph trace engine point hessian",
    "referee": "arithmetic arithmetic.* errors graph trace engine point exact forward",
    "nudge": "arithmetic errors trace forward",
    "mistakes": "arithmetic trace",
    "claims": "arithmetic arithmetic.* errors formula graph lower trace engine point exact mistakes forward",
    "api": "arithmetic errors expand graph lower trace engine point hessian certain exact",
    "stages": "arithmetic formula graph ops forward",
    "reference": "errors formula graph names ops tokens trace engine",
    "points": "api arithmetic engine errors graph point trace",
    "rows": "errors names point points",
    "plain_line": "errors names points rows",
    # A view is a function of what these find out
    "render": "",
    "render.*": "arithmetic errors formula graph trace exact referee claims render.cells",
    "render.circuit": "arithmetic formula graph ops trace render.cells",
    "render.dot": "render.circuit",
    "render.mermaid": "render.circuit",
    "render.wording": "arithmetic formula graph trace render.cells",
    "render.roles": "graph trace render.wording",
    "render.story": "arithmetic graph ops trace render.cells render.roles render.wording",
    "render.nudges": "arithmetic nudge render.cells render.wording",
    "render.reference": "formula ops reference trace render.*",
    "render.points": "arithmetic errors names points trace render.*",
    "render.explain": "arithmetic formula nudge trace render.* render.nudges render.story render.wording",
    "render.staged_latex": "formula graph ops stages trace render.latex",
    "render.code": "errors formula graph stages trace render.targets render.targets.*",
    "render.targets": "render.targets.*",
    "render.targets.*": "formula render.targets.*",
    # What a person types
    "arguments": "errors point",
    "streams": "errors",
    "files": "errors",
    "request": "arguments cache errors expand graph lower point streams",
    "output": "errors render.* streams trace",
    "plain_call": "api arguments arithmetic errors output request streams",
    "cli": "backprop_cli errors streams",
    "cli.code": "arithmetic output streams point api stages render.code render.staged_latex cli.expression",
    "cli.*": "errors output request streams files arguments point cache api exact referee claims nudge "
    "ops reference points rows plain_line arithmetic trace graph "
    "render.* render.circuit render.dot render.explain render.mermaid render.points "
    "render.reference cli.expression cli.points cli.progress",
    "__main__": "cli plain_call",
    "backprop_cli": "api errors trace",
}
"""What each module may import of ours, wherever in the file. `x.*` stands for the modules in x that have no line."""

AREAS = {
    "errors": "What all the others use",
    "names": "Text to graph",
    "arithmetic": "Graph to trace, and what comes of traces",
    "render": "Views",
    "arguments": "What a person types",
}
"""The parts of MAY_IMPORT, each by its first line."""

MAY_LOAD = {
    "click": "cli cli.code cli.*",
    "rich": "output cli.graph render.table render.tree",
    "sympy": "tree arithmetic.symbolic exact claims render.latex",
    "mpmath": "arithmetic.*",
    "flint": "arithmetic.balls",
    "numpy": "",
    "platformdirs": "cache",
}
"""Which modules may import a library, wherever in the file."""

LIGHT = [
    "backprop_cli",
    "api",
    "cli",
    "engine",
    "render.json",
    "render.csv",
    "render.markdown",
    "render.dot",
    "render.explain",
    "render.code",
]
"""Modules that no library is loaded for when they are imported, be it by what they import (but click for `cli`)."""


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
        elif checking or not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from statements(child, at_top and not inside, checking)


def imports(name: str, *, checking: bool = False) -> list[Import]:
    path, found = PATHS[name], []
    package = path.relative_to(ROOT).parent.parts
    for statement, at_top in statements(ast.parse(path.read_text(encoding="utf-8")), checking=checking):
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


IMPORTS = {name: imports(name) for name in PATHS}


def line_for(name: str) -> str:
    """The key of a module's line in MAY_IMPORT."""
    package = name.rpartition(".")[0]
    return f"{package}.*" if package and name not in MAY_IMPORT else name


@pytest.mark.parametrize("name", PATHS)
def test_walls(name: str) -> None:
    assert line_for(name) in MAY_IMPORT, f"{name} is a new module: say in MAY_IMPORT what it may import"
    allowed = MAY_IMPORT[line_for(name)].split()
    for each in IMPORTS[name]:
        if each.ours:
            assert each.name in allowed or line_for(each.name) in allowed, f"{name} may not import {each.name}"


def test_the_table_of_walls_has_no_stale_line() -> None:
    assert set(MAY_IMPORT) == set(map(line_for, PATHS))


@pytest.mark.parametrize("line", MAY_IMPORT)
def test_the_table_of_walls_has_no_stale_word(line: str) -> None:
    """Whatever may be imported is, by one module of the line at least. TYPE_CHECKING counts, as the reader sees it."""
    modules = [name for name in PATHS if line_for(name) == line]
    used = {each.name for name in modules for each in imports(name, checking=True) if each.ours}
    stale = {word for word in MAY_IMPORT[line].split() if word not in used and word not in map(line_for, used)}
    assert stale == set()


def test_imports_point_one_way() -> None:
    order = {name: [each.name for each in IMPORTS[name] if each.ours] for name in PATHS if name != "backprop_cli"}
    list(graphlib.TopologicalSorter(order).static_order())  # raises CycleError


@pytest.mark.parametrize("library", sorted(LIBRARIES))
def test_which_modules_load_a_library(library: str) -> None:
    users = {name for name in PATHS for each in IMPORTS[name] if each.name == library and not each.ours}
    allowed = MAY_LOAD[library].split()
    assert {name for name in users if name not in allowed and line_for(name) not in allowed} == set()
    assert {word for word in allowed if word not in users and word not in map(line_for, users)} == set()


@pytest.mark.parametrize("name", LIGHT)
def test_importing_loads_no_library(name: str) -> None:
    """What is imported at the top of a module, and at the top of what that imports, takes no time to load."""
    seen, queue, allowed = {name}, [name], {"click"} if name == "cli" else set()
    while queue:
        for each in IMPORTS[queue.pop()]:
            if not each.ours:
                assert not each.at_top or each.name not in LIBRARIES - allowed
            elif each.at_top and each.name not in seen:
                seen.add(each.name)
                queue.append(each.name)


def test_only_the_standard_library_beside_these() -> None:
    known = LIBRARIES | set(sys.stdlib_module_names)
    assert {each.name for found in IMPORTS.values() for each in found if not each.ours} <= known


@pytest.mark.parametrize("name", PATHS)
def test_no_file_is_long(name: str) -> None:
    assert len(PATHS[name].read_text(encoding="utf-8").splitlines()) <= 300


@pytest.mark.parametrize("name", PATHS)
def test_what_is_never_called(name: str) -> None:
    """The recursion limit stays (raising it ends in a crash); text reaches SymPy by `parse_expr` in tree.py alone."""
    names = {
        node.id if isinstance(node, ast.Name) else node.attr
        for node in ast.walk(ast.parse(PATHS[name].read_text(encoding="utf-8")))
        if isinstance(node, ast.Name | ast.Attribute)
    }
    assert not names & {"setrecursionlimit", "sympify"}
    assert "exec" not in names or name == "tape"  # which compiles rows of the table
    assert "parse_expr" not in names or name == "tree"


# -- The map of the modules ------------------------------------------------------------------------------------------

PAGE = ROOT.parent / "docs" / "code.md"
INTRODUCTION = """\
# The code

Where a thing lives. (This page is made of the first sentence of each module: `python tests/test_imports.py` writes it.)

A call goes one way: text → tokens (`tokens.py`) → a tree of SymPy's (`syntax.py`, `tree.py`) → the flat graph
(`lower.py`, `graph.py`) → forward and backward (`engine.py`) → a trace (`trace.py`) → a view (`render/`). Imports point
the same way, and `tests/test_imports.py` holds them to it.

- **A primitive** is a row of the table in `ops.py`. Its tests, its page, its LaTeX and its code come by themselves; a
  function that an arithmetic or a language lacks is a line in `arithmetic/` or `render/targets/`.
- **A number system** is a file in `arithmetic/`, **a view** a file in `render/`, **a language** for `backprop code` a
  file in `render/targets/`, **a command** a file in `cli/`.
"""


def first_sentence(name: str) -> str:
    words = " ".join(
        (ast.get_docstring(ast.parse(PATHS[name].read_text(encoding="utf-8"))) or "").partition("\n\n")[0].split()
    )
    return re.split(r"(?<=[.?]) (?=[A-Z`])", words)[0].rstrip(".")


def page() -> str:
    rows: dict[str, list[str]] = {}
    area = ""
    for line in MAY_IMPORT:
        area = AREAS.get(line, area)
        names = sorted(name for name in PATHS if line_for(name) == line)
        files = (PATHS[name].relative_to(ROOT).as_posix() for name in names)
        rows.setdefault(area, []).extend(
            f"| `{file}` | {first_sentence(name)} |" for file, name in zip(files, names, strict=True)
        )
    parts = (f"## {area}\n\n| file | what it is |\n|---|---|\n" + "\n".join(found) for area, found in rows.items())
    return "\n\n".join([INTRODUCTION.rstrip(), *parts]) + "\n"


def test_the_map_of_the_modules() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()
    assert all(first_sentence(name) for name in PATHS)


# -- What a run really loads ---------------------------------------------------------------------------------------


def loaded(*words: str) -> set[str]:
    """The libraries that are in memory after this command line."""
    code = "import json, sys; from backprop_cli.cli import run_command; assert run_command(sys.argv[1:]) == 0"
    return _modules(f"{code}; print(chr(0), json.dumps(sorted(sys.modules)))", words)


def _modules(code: str, words: Sequence[str] = ()) -> set[str]:
    result = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, encoding="utf-8", timeout=60, check=True
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
    [["--json"], ["--format", "csv"], ["--format", "markdown"], ["--get", "value"]],
    ids=" ".join,
)
def test_only_the_table_loads_rich(words: list[str]) -> None:
    assert "rich" not in loaded("eval", "x*sin(x)", "--x", "2", *words)


def test_the_table_loads_rich() -> None:
    """So that the tests above test something."""
    assert loaded("eval", "x*sin(x)", "--x", "2", "--no-cache") >= {"rich", "sympy", "click"}


def test_importing_the_command_loads_nothing_at_all() -> None:
    """Until `main` is called, an interrupt ends in Python's traceback: so it comes as soon as can be."""
    code = (
        "import sys; before = set(sys.modules); from backprop_cli.__main__ import main; "
        "print(*sorted(set(sys.modules) - before))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert result.stdout.split() == ["__future__", "backprop_cli", "backprop_cli.__main__"]


def test_importing_the_package_loads_nothing() -> None:
    code = "import json, sys, backprop_cli; print(chr(0), json.dumps(sorted(sys.modules)))"
    assert _modules(code) == set()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
