"""`backprop graph` as a person runs it: formats, files, terminals, and what is missing."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from backprop_cli.cli.commands import run_command
from backprop_cli.errors import OutputError
from backprop_cli.runtime import files
from backprop_cli.view import SUFFIXES, VIEWS, form_of
from backprop_cli.view.picture import graphviz
from support.command import PATIENCE, command, environment, on_a_terminal, plain, process, run, streams

EXAMPLE = ["(x+y)*z", "--x", "-2", "--y", "5", "--z", "-4"]
BEGINS = {
    "tree": b"(x+y)*z = -12", "dot": b"digraph", "mermaid": b"flowchart LR", "html": b"<!DOCTYPE html>",
    "svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF-",
}  # fmt: skip


def drawn(*words: str) -> bytes:
    """What standard output receives."""
    with streams() as (out, err):
        assert run_command(["graph", *words]) == 0, err.getvalue()
    return out.getvalue()


# -- Formats -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", BEGINS)
def test_each_format_goes_to_a_pipe(form: str) -> None:
    assert drawn(*EXAMPLE, "--format", form).startswith(BEGINS[form])


@pytest.mark.parametrize("suffix", [end for end, forms in SUFFIXES.items() if {*forms.split()} & {*VIEWS["circuit"]}])
def test_the_name_of_the_file_says_the_format(suffix: str, tmp_path: Path) -> None:
    for name in (f"a{suffix}", f"b.c{suffix.upper()}"):
        assert drawn(*EXAMPLE, "-o", str(tmp_path / name)) == b""
        assert (tmp_path / name).read_bytes().startswith(BEGINS[form_of(name, VIEWS["circuit"])])


def test_format_wins_over_the_name(tmp_path: Path) -> None:
    file = tmp_path / "a.svg"
    drawn(*EXAMPLE, "--output", str(file), "--format", "dot")
    assert file.read_bytes() == drawn(*EXAMPLE, "--format", "dot")
    drawn(*EXAMPLE, "-o", str(tmp_path / "noname"), "--format", "mermaid")
    assert (tmp_path / "noname").read_bytes() == drawn(*EXAMPLE, "--format", "mermaid")


def test_steps_are_files_that_differ(tmp_path: Path) -> None:
    assert drawn(*EXAMPLE, "--steps", "-o", str(tmp_path / "s-%02d.dot")) == b""
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == [f"s-0{number}.dot" for number in range(1, 7)]
    assert len({file.read_bytes() for file in files}) == 6
    assert files[-1].read_bytes().replace(b", penwidth=3", b"") == drawn(*EXAMPLE, "--format", "dot")


@pytest.mark.parametrize(
    "name", ["s.svg", "%s.svg", "%d-%d.svg", "%99d.svg", "%(x)d.svg", "%.svg", "%%d.svg", "%0d.svg"]
)
def test_steps_need_a_number_in_the_name(name: str, tmp_path: Path) -> None:
    result = run("graph", *EXAMPLE, "--steps", "-o", str(tmp_path / name))
    assert result.status == 2
    assert "--steps needs the name of its files, with %d for the number" in result.err
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    "words", ["--theme dark", "--scale 2 --format dot", "--no-local", "--steps", "--transparent --format mermaid"]
)
def test_a_look_that_a_format_does_not_have_is_refused(words: str) -> None:
    result = run("graph", *EXAMPLE, *words.split())
    assert result.status == 2
    assert f"{words.split()[0]} changes nothing in a" in result.err


@pytest.mark.parametrize("scale", ["0", "-1", "nan", "inf", "11", "x", ""])
def test_a_scale_is_a_number_of_some_size(scale: str) -> None:
    result = run("graph", *EXAMPLE, f"--scale={scale}", "--format", "svg")
    assert result.status == 2
    assert result.err.startswith("error: --scale takes a number from 0.1 to 10, not '")
    assert result.err.endswith("hint: for example: --scale 2\n")


def test_without_values_it_is_the_structure() -> None:
    assert drawn("(x+y)*z").decode() == "f = (x+y)*z\n\nf = q1 * z\n├─ q1 = x + y\n│  ├─ x\n│  ╰─ y\n╰─ z\n"
    for form in ("dot", "mermaid", "svg"):
        assert b"local" not in drawn("(x+y)*z", "--format", form)
        assert b"local" in drawn(*EXAMPLE, "--format", form)


def test_an_expression_of_constants_alone_has_values() -> None:
    assert drawn("2 + 3").decode().startswith("2 + 3 = 5\n")


def test_values_in_part_are_an_error() -> None:
    result = run("graph", *EXAMPLE[:3])
    assert result.status == 2
    assert result.err.startswith("error: no value for y and z")


def test_options_that_bear_on_numbers() -> None:
    assert "0.333 " in drawn("x/3", "--x", "1", "--digits", "3").decode()
    assert "0.3333<" in drawn("x/3", "--x", "1", "--format", "dot").decode()
    assert "0.333333<" in drawn("x/3", "--x", "1", "--format", "dot", "--digits", "6").decode()
    assert "0.5" in drawn("max(x, y)", "--x", "1", "--y", "1", "--ties", "split").decode()
    assert "inf" in drawn("1/x", "--x", "0", "--allow-nonfinite").decode()
    assert "–" in drawn("x*y", "--x", "2", "--y", "3", "--wrt", "x").decode()


def test_warnings_do_not_disturb_the_picture() -> None:
    result = run("graph", "max(x, y)", "--x", "1", "--y", "1", "--format", "mermaid")
    assert result.out.startswith("flowchart")
    assert result.err.startswith("warning: f = max(x, y) has a tie")


def test_programs_and_expand(tmp_path: Path) -> None:
    program = tmp_path / "net.bp"
    program.write_text("sigma(t) = 1/(1 + exp(-t))  # a module\nq = w*x\nf = sigma(q)\n")
    closed = drawn("--file", str(program), "--format", "mermaid").decode()
    opened = drawn("--file", str(program), "--format", "mermaid", "--expand").decode()
    assert '[["sigma"]]' in closed
    assert 'subgraph g0["f #61; sigma#40;…#41;"]' in opened


# -- -o ------------------------------------------------------------------------------------------------------------


def test_o_is_an_option_only_as_a_word_of_its_own(tmp_path: Path) -> None:
    """-o*x and -o=x are expressions (the second a wrong one), and o a variable like any other."""
    assert drawn("-o*x").decode().startswith("f = -o*x\n")
    assert drawn("-o", str(tmp_path / "a.txt"), "-o*x", "--o", "2", "--x", "1") == b""
    assert (tmp_path / "a.txt").read_text().startswith("-o*x = -2\n")
    assert drawn("--", "-o").decode().startswith("f = -o\n")
    assert run("graph", "-o=x").status == 2


@pytest.mark.parametrize("words", [["-o", "a.svg", "-o", "b.svg"], ["-o", "a.svg", "--output", "b.svg"]])
def test_o_twice(words: list[str]) -> None:
    result = run("graph", "x", *words)
    assert result.status == 2
    assert "contradict each other" in result.err


# -- Files ---------------------------------------------------------------------------------------------------------


def test_a_file_is_replaced_and_nothing_else_stays(tmp_path: Path) -> None:
    file = tmp_path / "a.dot"
    file.write_text("before")
    file.chmod(0o640)
    drawn("x*y", "-o", str(file))
    assert file.read_bytes() == drawn("x*y", "--format", "dot")
    assert [each.name for each in tmp_path.iterdir()] == ["a.dot"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    drawn("x*y", "-o", str(tmp_path / "a.dot"))
    (tmp_path / "other").write_text("")
    assert (tmp_path / "a.dot").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.dot").write_text("before")
    (tmp_path / "link.dot").symlink_to("real.dot")
    drawn("x*y", "-o", str(tmp_path / "link.dot"))
    assert (tmp_path / "link.dot").is_symlink()
    assert (tmp_path / "real.dot").read_text().startswith("digraph")


def test_a_device_is_written_to() -> None:
    drawn("x*y", "-o", "/dev/null", "--format", "dot")
    assert Path("/dev/null").is_char_device()
    assert b"digraph" in process("graph", "x*y", "-o", "/dev/stdout", "--format", "dot").stdout


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nowhere/a.svg", "no such file or directory"),
        ("folder.svg", "is a directory"),
        ("file/a.svg", "not a directory"),
        ("a\0.svg", "not the name of a file"),
        ("x" * 300 + ".svg", "file name too long"),
    ],
)
def test_where_nothing_can_be_written(name: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "folder.svg").mkdir()
    (tmp_path / "file").write_text("")
    result = run("graph", "x*y", "-o", f"{tmp_path}/{name}")
    assert result.status == 1
    assert "cannot be written: " in result.err
    assert reason in result.err
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "folder.svg"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_unwritable(tmp_path: Path) -> None:
    protected = tmp_path / "a.dot"
    protected.write_text("before")
    protected.chmod(0o444)
    assert "permission denied" in run("graph", "x", "-o", str(protected)).err
    assert protected.read_text() == "before"
    tmp_path.chmod(0o555)
    assert "permission denied" in run("graph", "x", "-o", str(tmp_path / "b.dot")).err
    tmp_path.chmod(0o755)


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_disk_that_fails(step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.dot"
    file.write_text("before")

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os if step == "fsync" else Path, step, fails)
    with pytest.raises(OutputError, match="no space left on device"):
        files.write_file(str(file), b"after")
    assert file.read_text() == "before"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_full_device() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    result = run("graph", "x*y", "-o", "/dev/full", "--format", "dot")
    assert (result.status, result.err) == (1, "error: '/dev/full' cannot be written: no space left on device\n")


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGKILL])
def test_killed_in_the_middle(signal_number: int, tmp_path: Path) -> None:
    """While the new file is being written, the old one stands; and after Ctrl-C it stands alone."""
    file = tmp_path / "a.dot"
    file.write_text("before")
    code = (
        "import os, sys, time; from backprop_cli.__main__ import main; from backprop_cli.runtime import files\n"
        "def waits(_): print('now', flush=True); [time.sleep(0.1) for _ in range(600)]\n"
        "files.os.fsync = waits\n"
        "sys.argv = ['backprop', 'graph', 'x*y', '-o', sys.argv[1]]\n"
        "main()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(file)], stdout=subprocess.PIPE, env=environment({})
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"now\n"
        assert file.read_text() == "before"
        running.send_signal(signal_number)
        status = running.wait(PATIENCE)
    assert file.read_text() == "before"
    if signal_number == signal.SIGINT:
        assert status == 130
        assert len(list(tmp_path.iterdir())) == 1


def test_an_error_of_the_mathematics_leaves_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.dot"
    file.write_text("before")
    assert run("graph", "1/x", "--x", "0", "-o", str(file)).status == 1
    assert file.read_text() == "before"


# -- Graphviz ------------------------------------------------------------------------------------------------------


def without_pygraphviz(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda *_: None)


def test_without_graphviz(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    without_pygraphviz(monkeypatch)
    monkeypatch.setattr(shutil, "which", lambda *_: None)
    result = run("graph", "x*y", "-o", str(tmp_path / "a.png"))
    assert (result.status, result.err) == (
        2,
        "error: png needs Graphviz, which is not installed here\n"
        "hint: pip install 'backprop-cli[pictures]' brings it; --format dot and --format mermaid need nothing\n",
    )
    assert list(tmp_path.iterdir()) == []
    for form in ("tree", "dot", "mermaid"):
        assert run("graph", "x*y", "--format", form).status == 0


def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """The program `dot`, as this script."""
    without_pygraphviz(monkeypatch)
    dot = tmp_path / "dot"
    dot.write_text(f"#!/bin/sh\n{script}\n")
    dot.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda *_: str(dot))


def test_the_program_dot_serves_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, monkeypatch, 'echo "$@"; cat')
    assert graphviz.picture(b"digraph {}", "svg") == b"-Tsvg -Gdpi=72\ndigraph {}"
    assert graphviz.picture(b"digraph {}", "png") == b"-Tpng -Gdpi=192\ndigraph {}"


def test_a_program_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, monkeypatch, "echo 'Error: out of wire' >&2; exit 1")
    result = run("graph", "x", "--format", "svg")
    hint = "\nhint: --format dot and --format mermaid write the circuit without it\n"
    assert (result.status, result.out, result.err) == (1, "", f"error: Graphviz fails: Error: out of wire{hint}")
    program(tmp_path, monkeypatch, "exit 3")
    assert run("graph", "x", "--format", "svg").err == f"error: Graphviz fails: exit status 3{hint}"
    (tmp_path / "dot").write_text("#!/nowhere\n")
    no_start = f"error: Graphviz fails: it does not start: no such file or directory{hint}"
    assert run("graph", "x", "--format", "svg").err == no_start


def test_a_program_has_the_time_that_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, monkeypatch, "ulimit -t >&2; exit 1")
    assert run("graph", "x", "--format", "svg", "--time-limit", "300").err.startswith("error: Graphviz fails: 300\n")
    program(tmp_path, monkeypatch, "kill -XCPU $$")
    error, hint = run("graph", "x", "--format", "svg").err.splitlines()
    assert (error, hint) == ("error: Graphviz takes longer than 8 seconds", "hint: --time-limit 80 gives it more")


def test_what_stands_in_the_folder_is_not_loaded(tmp_path: Path) -> None:
    """A file pygraphviz.py in the working directory is not the library."""
    (tmp_path / "pygraphviz.py").write_text("open('canary', 'w')")
    words = [*command("graph", "x*y", "-o", "a.svg")]
    code = "import sys; sys.path = [p for p in sys.path if p]; from backprop_cli.__main__ import main; main()"
    words[1:3] = ["-c", code]
    subprocess.run(words, cwd=tmp_path, env=environment({}), check=True)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.svg", "pygraphviz.py"]


# -- Terminals -----------------------------------------------------------------------------------------------------


def test_two_colours_on_a_terminal() -> None:
    shown = on_a_terminal("graph", *EXAMPLE)
    assert "\x1b[32m-12\x1b[0m" in shown
    assert "\x1b[31m-4\x1b[0m" in shown
    assert plain(shown) == drawn(*EXAMPLE).decode()


def test_no_colour_where_none_is_wanted() -> None:
    shown = on_a_terminal("graph", *EXAMPLE, NO_COLOR="1")
    assert "\x1b[3" not in shown
    assert plain(shown) == drawn(*EXAMPLE).decode()
    assert on_a_terminal("graph", *EXAMPLE, TERM="dumb") == drawn(*EXAMPLE).decode()
    assert b"\x1b" not in process("graph", *EXAMPLE, TERM="xterm-256color").stdout


@pytest.mark.parametrize("form", ["png", "pdf"])
def test_binary_formats_are_not_for_a_terminal(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with streams() as (out, err):
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
        assert run_command(["graph", *EXAMPLE, "--format", form]) == 2
    assert out.getvalue() == b""
    assert err.getvalue().decode() == (
        f"error: {form} is not for a terminal\nhint: -o circuit.{form} writes it to a file\n"
    )


def test_a_terminal_that_is_not_utf8() -> None:
    shown = process("graph", "x*x", PYTHONIOENCODING="ascii").stdout.decode("ascii")
    assert shown == "f = x*x\n\nf = x * x\n|- x\n`- ^ x\n"
    assert "−".encode() in process("graph", "-2*x", "--x", "1", "--format", "dot", PYTHONIOENCODING="ascii").stdout


def test_a_closed_pipe_is_quiet() -> None:
    for form in ("tree", "svg"):
        words = " ".join(["graph", "'x*y'", "--format", form])
        shell = f"{sys.executable} -m backprop_cli {words} | true"
        result = subprocess.run(["sh", "-c", shell], capture_output=True, env=environment({}), check=False)
        assert result.stderr == b""


def test_no_picture_loads_a_library_in_this_process() -> None:
    code = (
        "import sys; from backprop_cli.cli.commands import run_command\n"
        "assert run_command(['graph', 'x*y', '--format', 'svg', '-o', '/dev/null']) == 0\n"
        "print(sorted({'rich', 'pygraphviz'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment({}), check=True)
    assert result.stdout == b"[]\n"
