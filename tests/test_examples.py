"""Every example is run as printed, and its whole output compared: examples/, README, docs and --help.

`python tests/test_examples.py` writes their present output into the files; the diff then shows what changed.
"""

import contextlib
import doctest
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from backprop_cli.cli.options import COMMANDS, by_name
from support.command import PATIENCE, call
from support.warm import warm_command

ROOT = Path(__file__).parent.parent
SCRIPTS = sorted((ROOT / "examples").glob("*.sh"))
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
GENERATED = {
    ROOT / "docs" / "ops.md": "backprop ops --format markdown",
    ROOT / "man" / "backprop.1": "python -m backprop_cli.cli.manual",
}
"""Pages that are the output of a command, whole."""
STALE = "if the new output is right, `python tests/test_examples.py` writes it"
_NEEDS = {"jq"}


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder whose `backprop` has its libraries loaded already."""
    with warm_command(tmp_path_factory.mktemp("warm")) as folder:
        yield folder


def run(command: list[str], cwd: Path = ROOT, commands: Path = Path(sys.executable).parent) -> str:
    """Output and messages of a command as they appear on a screen that is not one: no colour, no width.

    commands: where `backprop` is
    """
    path = os.pathsep.join([*dict.fromkeys(map(str, [commands, Path(sys.executable).parent])), os.environ["PATH"]])
    keep = {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "COLUMNS")}
    environment = {**keep, "PATH": path, "PYTHONIOENCODING": "utf-8"}
    result = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=PATIENCE,
        check=False,
    )
    return result.stdout.decode()


_PLAIN = re.compile(r"""backprop(?: +(?:"[^"$`\\!]*"|'[^']*'|[\w=.,:/+%@±-]+))*""")  # nothing for a shell to do


def shown(command: str, cwd: Path, commands: Path) -> str:
    """What a typed command shows. A process for each would take most of the time of all tests."""
    if not _PLAIN.fullmatch(command):
        return run(["bash", "-c", command], cwd, commands)
    with contextlib.chdir(cwd):
        return call(*shlex.split(command)[1:], together=True).out


def texts_of(picture: Path) -> list[str]:
    """What is written in an SVG, in the order in which it is drawn."""
    return [text.text or "" for text in ElementTree.parse(picture).iter("{http://www.w3.org/2000/svg}text")]


def test_the_picture_in_the_readme_is_what_its_command_draws(tmp_path: Path) -> None:
    (command,) = re.findall(r"^\$ (.* -o neuron\.svg)$", PAGES[0].read_text(), re.MULTILINE)
    assert run(["bash", "-c", command], cwd=tmp_path) == ""
    assert texts_of(tmp_path / "neuron.svg") == texts_of(ROOT / "docs" / "neuron.svg")


_LIBRARIES = {"scipy": "backprop fit|bfgs|import fit", "matplotlib": r"--plot \S+\.(svg|png|pdf)"}
"""Those that not everybody has, and what says that they are needed."""


def skip_without_tools(text: str) -> None:
    for library, needs in _LIBRARIES.items():
        if re.search(needs, text):
            pytest.importorskip(library)
    for tool in _NEEDS:
        if re.search(rf"\b{tool}\b", text) and shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed here")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_example_script(script: Path, warm: Path) -> None:
    skip_without_tools(script.read_text())
    assert run(["sh", str(script)], ROOT, warm) == script.with_suffix(".txt").read_text(), STALE


def test_every_script_says_what_to_see() -> None:
    assert len(SCRIPTS) >= 8
    for script in SCRIPTS:
        opening = script.read_text().splitlines()[:4]
        assert opening[0] == "#!/bin/sh"
        assert opening[1].startswith("# ")
        assert opening[2].startswith("# ")
        assert not opening[3].startswith("#"), f"{script.name} opens with two lines, not more"


def sessions(page: Path) -> list[tuple[str, str]]:
    """(command, output) of each `$ ` line in the page's console blocks."""
    blocks = re.findall(r"^```console\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)
    return [session for block in blocks for session in in_block(block)]


def in_block(block: str) -> list[tuple[str, str]]:
    """(command, output) of each `$ ` line in one block; a command may go on behind a backslash."""
    found = []
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        while command.endswith("\\"):
            more, _, output = output.partition("\n")
            command += f"\n{more}"
        found.append((command, output))
    return found


DOCUMENTED = [(page, command, output) for page in PAGES for command, output in sessions(page)]


@pytest.mark.parametrize(("page", "command", "output"), DOCUMENTED, ids=[f"{p.name}: {c}" for p, c, _ in DOCUMENTED])
def test_documented_session(page: Path, command: str, output: str, tmp_path: Path, warm: Path) -> None:
    skip_without_tools(command)
    assert shown(command, tmp_path, warm).rstrip() == output.rstrip(), STALE


@pytest.mark.parametrize("page", GENERATED, ids=lambda page: page.name)
def test_generated_page(page: Path) -> None:
    assert run(["bash", "-c", GENERATED[page]]) == page.read_text(), STALE


PYTHON = {page: re.findall(r"^```python\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE) for page in PAGES}
"""The blocks of Python in each page, which follow each other as in one session."""


@pytest.mark.parametrize("page", [page for page in PYTHON if PYTHON[page]], ids=lambda page: page.name)
def test_python_in_the_pages(page: Path) -> None:
    skip_without_tools("".join(PYTHON[page]))
    session = doctest.DocTestParser().get_doctest("\n".join(PYTHON[page]), {}, page.name, str(page), 0)
    assert session.examples
    said: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(session, out=said.append)
    assert not said, "".join(said)


def test_help_examples_are_documented_with_their_output() -> None:
    whole = ["--help-all" if "--help-all" in by_name(command) else "--help" for command in COMMANDS]
    texts = [run([sys.executable, "-m", "backprop_cli", *words]) for words in zip(COMMANDS, whole, strict=True)]
    without = [command for command, text in zip(COMMANDS, texts, strict=True) if "Examples:" not in text]
    assert without == ["cache", "completion"]
    examples = re.findall(r"^ +(backprop .*)$", "".join(text.partition("Examples:")[2] for text in texts), re.MULTILINE)
    assert len(examples) >= 10
    documented = {command for _, command, _ in DOCUMENTED}
    assert [example for example in examples if example not in documented] == []


def test_the_example_of_the_design_is_the_first_thing_in_the_readme() -> None:
    readme = PAGES[0].read_text()
    first = sessions(PAGES[0])[0]
    assert first[0] == 'backprop eval "(x+y)*z" --x -2 --y 5 --z -4'
    assert readme.index("```console") < 1500


def write() -> None:
    """Put the present output of every example where the tests expect it."""
    for script in SCRIPTS:
        script.with_suffix(".txt").write_text(run(["sh", str(script)]))
    for page, command in GENERATED.items():
        page.write_text(run(["bash", "-c", command]))
    for page in PAGES:
        text = page.read_text()
        for block in re.findall(r"^```console\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
            with tempfile.TemporaryDirectory() as folder:
                fresh = "".join(
                    f"$ {command}\n{run(['bash', '-c', command], cwd=Path(folder)).strip(chr(10))}\n"
                    for command, _ in in_block(block)
                )
            text = text.replace(f"```console\n{block}```", f"```console\n{fresh}```")
        page.write_text(text)


if __name__ == "__main__":
    write()
