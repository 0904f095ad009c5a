"""What may come next on a command line: the words themselves, and in the three shells as people press Tab."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from backprop_cli.cli.completion import SHELLS, completions
from backprop_cli.cli.options import COMMANDS, by_name
from support.command import environment, run

NEXT = {
    # The words before, with what is begun behind the last space, and words that come next; -word for one that does not.
    " e": "eval explain -check",
    " -": "--help --version",
    " frobnicate --": "",
    "eval -": "--format --help -h -o -x",
    "eval x*y --": "--x --y --json -z",
    "eval x*y ": "--x --y",
    "eval x*y --x 1 --": "--y --json -x",
    "eval x*y --x=1 ": "--y",
    "eval --x 1 x*y ": "--y",
    "eval x*y --x ": "",
    "eval x*y --json --": "--x --get -json -format-",
    "eval x*y --get x --": "--get",
    "eval x*y --get ": "value x y",
    "eval x*y --wrt ": "x y",
    "eval x*y --format ": "table json csv markdown",
    "eval x*y --format c": "csv",
    "eval x*y --format=c": "--format=csv",
    "eval x*y --format =": "table",
    "eval x*y --format = c": "csv",
    "eval x*y --ties s": "split",
    "eval x*y --digits ": "",
    "code x*y --to num": "numpy",
    "fit a*x --data d.csv --target ": "y w",
    "fit a*x --data=d.csv --weights w": "w",
    "fit a*x --data none.csv --target ": "",
    "graph q=a+b;q*c ": "--a --b --c",
    "eval --file net.bp ": "--p --q",
    "eval (x ": "",
    "eval e*x+json ": "--x",
    "ops sig": "sigmoid sign",
    "ops -": "--json",
    "completion ": "bash zsh fish",
    "cache --": "--clear",
}


@pytest.mark.parametrize("line", NEXT)
def test_what_may_come_next(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.bp").write_text("f = p*q\n")
    Path("d.csv").write_text("x,y,sepal length,w\n1,2,3,4\n")
    *words, begun = line.lstrip().split(" ")
    found = [word.text for word in completions(words, begun)]
    expected = NEXT[line].split()
    assert {word for word in expected if word.startswith("--") or word[:1] != "-"} <= {*found}
    assert not {f"-{word}" for word in expected if re.match("-[a-z]{2,}$", word)} & {*found}
    assert bool(found) == bool(expected)
    assert all(word.startswith(begun) or begun == "=" for word in found)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_completed(command: str) -> None:
    assert {word.text for word in completions([command], "-")} >= {*by_name(command)} - {"-"}


FILES = ["eval --file ", "eval x --at ", "graph x -o ", "points x ", "check x --claims "]


@pytest.mark.parametrize("line", FILES)
def test_names_of_files_are_left_to_the_shell(line: str) -> None:
    *words, begun = line.split(" ")
    assert any(word.is_file for word in completions(words, begun))


@pytest.mark.parametrize(
    "changes",
    [
        {"_BACKPROP_COMPLETE": "bash_complete"},
        {"_BACKPROP_COMPLETE": "zsh_complete", "COMP_WORDS": "backprop", "COMP_CWORD": "x"},
        {"_BACKPROP_COMPLETE": "bash_complete", "COMP_WORDS": "backprop '\udcff \"", "COMP_CWORD": "-7"},
        {"_BACKPROP_COMPLETE": "fish_complete", "COMP_WORDS": "backprop eval '(", "COMP_CWORD": "--"},
        {"_BACKPROP_COMPLETE": "powershell_complete"},
        {"_BACKPROP_COMPLETE": "bash_source"},
        {"_BACKPROP_COMPLETE": "\n"},
        {"_BACKPROP_CLI_COMPLETE": "bash_complete"},
    ],
    ids=lambda changes: " ".join(changes.values()).encode("ascii", "replace").decode(),
)
def test_no_environment_gives_a_traceback(changes: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in changes.items():
        monkeypatch.setenv(name, text)
    assert run().status in (0, 2)
    assert run("eval", "x", "--x", "2", "--get", "x") == (0, "1.0\n", "")


def test_a_script_for_each_shell() -> None:
    for shell in SHELLS:
        result = run("completion", shell)
        assert (result.status, result.err) == (0, "")
        assert f"_BACKPROP_COMPLETE={shell}_complete" in result.out
    assert run("completion", "tcsh").status == 2


# -- The real shells -------------------------------------------------------------------------------------------------

START = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i"],
}
SETUP = {
    "bash": 'bind "set bell-style none"; PS1="> "; eval "$(backprop completion bash)"',
    "zsh": 'PS1="> "; autoload -U compinit; compinit -u -D; eval "$(backprop completion zsh)"',
    "fish": "function fish_prompt; echo '> '; end; backprop completion fish | source",
}
TYPED = {
    # What is typed before Tab, and what the line becomes.
    "backprop der": "backprop derive",
    "backprop eval 'alpha*b' --alp": "backprop eval 'alpha*b' --alpha",
    "backprop eval 'x * y' --x 1 --hess": "backprop eval 'x * y' --x 1 --hessian",
    "backprop graph 'x*y' --format mer": "backprop graph 'x*y' --format mermaid",
}


@pytest.mark.slow
@pytest.mark.parametrize("shell", SHELLS)
def test_tab_in_a_real_shell(shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed here")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    env = environment({"TERM": "dumb", "PATH": path, "HOME": str(tmp_path), "COLUMNS": "150"})
    ours, theirs = pty.openpty()

    def take_terminal() -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    with subprocess.Popen(
        START[shell],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=env,
        cwd=tmp_path,
        start_new_session=True,
        preexec_fn=take_terminal,
    ) as child:
        os.close(theirs)
        os.write(ours, f"{SETUP[shell]}; echo re''ady\n".encode())
        heard = listen(ours, "ready\r")
        for typed, completed in TYPED.items():
            os.write(ours, f"{typed}\t".encode())
            assert listen(ours, completed), heard
            os.write(ours, b"\x15\x0b\x03\n")
            listen(ours, "> ")
        child.kill()
        os.close(ours)


def listen(terminal: int, awaited: str) -> str:
    """What the terminal shows, until it shows that; empty where it does not within some seconds."""
    heard, until = "", time.monotonic() + 15
    while time.monotonic() < until:
        if select.select([terminal], [], [], 0.2)[0]:
            heard += os.read(terminal, 65536).decode(errors="replace")
            shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\x1b\][^\x07]*\x07|\x08", "", heard)
            if awaited in shown:
                return shown
    return ""
