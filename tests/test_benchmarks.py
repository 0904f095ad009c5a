"""The harness of the benchmarks: its arithmetic, its turns, its tables. No time is asserted."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import digits
import engine
import graphs
import install
import library
import oneshot
import peers
import report
import run
from backprop_cli.graph.graph import validate
from harness import NOT_AVAILABLE, Contender, Goal, Row, Settings, Table, compare, seconds, take_turns, unpacked

ROOT = Path(__file__).parent.parent
SMALL = Settings(2, 2, 5, (200,), (10,))
TABLE = Table(
    "Speed",
    "ms",
    (Row("ours", (1.0, 2.0, 4.0)), Row("theirs", (3.0, 2.0, 20.0), "a | b"), Row("absent", note="not installed")),
    "ours",
    (Goal("theirs ÷ ours", 3.0, "at least", 2.0), Goal("absent ÷ ours", None, "at most", 2.0)),
)


class Clock:
    """Time that passes only when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def takes(self, duration: float) -> Callable[[], None]:
        def work() -> None:
            self.now += duration

        return work


def test_seconds_is_the_time_of_the_call() -> None:
    clock = Clock()
    clock.takes(7)()
    assert seconds(clock.takes(2.5), clock) == 2.5


@pytest.mark.slow
def test_contenders_take_turns_and_another_begins_each_round() -> None:
    order: list[str] = []

    def measure(name: str) -> Callable[[], float]:
        def turn() -> float:
            order.append(name)
            return len(order)

        return turn

    samples = take_turns({name: measure(name) for name in "abc"}, 3)
    assert order == [*"abc", *"bca", *"cab"]
    assert samples == {"a": (1, 6, 8), "b": (2, 4, 9), "c": (3, 5, 7)}


def test_ratios_are_taken_within_a_round() -> None:
    """In the third round the machine was busy: both took long, and the ratio says so of neither."""
    assert TABLE.median("ours") == 2.0
    assert TABLE.median("theirs") == 3.0
    assert TABLE.ratio("theirs", "ours") == 3.0  # of 3, 1 and 5
    assert TABLE.ratio("ours", "ours") == 1.0
    assert TABLE.ratio("absent", "ours") is None
    assert TABLE.ratio("ours", "nobody") is None


@pytest.mark.parametrize(
    ("measured", "sense", "verdict"),
    [
        (1.0, "at most", "held"),
        (1.1, "at most", "missed"),
        (1.0, "at least", "held"),
        (0.9, "at least", "missed"),
        (None, "at most", "not measured"),
    ],
)
def test_goals(measured: float | None, sense: str, verdict: str) -> None:
    assert Goal("a ÷ b", measured, sense, 1.0).verdict == verdict


def test_a_goal_is_judged_at_the_size_that_it_is_for() -> None:
    quick, full = (run.weighed(TABLE, "stream", each).goals for each in (run.QUICK, run.FULL))
    assert [goal.verdict for goal in full] == ["held", "not measured"]
    assert [goal.verdict for goal in quick] == ["too small to tell", "not measured"]
    assert run.weighed(TABLE, "startup", run.QUICK) == TABLE
    assert {*run.SIZES} <= {*run.GROUPS}
    assert all(getattr(run.QUICK, size) < getattr(run.FULL, size) for size in run.SIZES.values())


def test_goals_of_a_table() -> None:
    assert TABLE.at_least(3, "theirs", "ours") == Goal("theirs ÷ ours", 3.0, "at least", 3)
    assert TABLE.at_most(3, "absent", "ours", "why").verdict == "not measured"


def test_what_fails_or_is_absent_is_a_row_and_no_error() -> None:
    calls: list[str] = []

    def broken() -> float:
        calls.append("broken")
        raise ValueError("wrong\nnumbers")

    contenders = [
        Contender("fine", lambda: 2.0, "note"),
        Contender("broken", broken),
        Contender("absent", None, "not installed"),
        Contender("wrong", lambda: 1.0, prepare=broken),
    ]
    table = compare("Title", "ms", contenders, 3, "fine")
    reason = "failed: ValueError: wrong numbers"
    assert table.rows == (
        Row("fine", (2.0, 2.0, 2.0), "note"),
        Row("broken", (), reason),
        Row("absent", (), "not installed"),
        Row("wrong", (), reason),
    )
    assert calls == ["broken", "broken"]


def test_tables_survive_json() -> None:
    assert unpacked(json.loads(json.dumps(TABLE))) == TABLE


def test_a_table_for_a_terminal() -> None:
    assert report.document("Facts.\n", [TABLE]).splitlines() == [
        "Facts.",
        "",
        "Speed",
        "             ms        spread   × ours",
        "  ours     2.00   1.00 … 4.00     1.00",
        "  theirs   3.00   2.00 … 20.0     3.00   a | b",
        "  absent      –             –        –   not installed",
        "",
        "What should hold",
        "  goal                    limit   measured",
        "  theirs ÷ ours   at least 2.00       3.00   held",
        "  absent ÷ ours    at most 2.00          –   not measured",
    ]


def test_a_table_for_the_page(tmp_path: Path) -> None:
    text = report.document("Facts.\n", [TABLE], as_markdown=True)
    assert "### Speed\n\n|  | ms | spread | × ours |  |\n| --- | --: | --: | --: | --- |\n" in text
    assert "| theirs | 3.00 | 2.00 … 20.0 | 3.00 | a \\| b |" in text
    page = tmp_path / "page.md"
    page.write_text(f"before\n{report.MARKS[0]}\nold\n{report.MARKS[1]}\nafter\n", encoding="utf-8")
    report.write_into(page, text)
    assert page.read_text(encoding="utf-8") == f"before\n{report.MARKS[0]}\n{text}\n{report.MARKS[1]}\nafter\n"
    page.write_text("no place\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no place for the tables"):
        report.write_into(page, text)


def test_the_page_in_docs_has_its_place() -> None:
    text = (ROOT / "docs/dev/benchmarks.md").read_text(encoding="utf-8")
    assert all(text.count(mark) == 1 for mark in report.MARKS)


@pytest.mark.parametrize(
    ("value", "text"), [(1234.5, "1,234"), (99.96, "100.0"), (12.34, "12.3"), (1.234, "1.23"), (0.0123, "0.012")]
)
def test_figures(value: float, text: str) -> None:
    assert report.figure(value) == text


# -- Graphs and peers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("circuit", [graphs.blocks(40), graphs.blocks(5_000), graphs.chain(1), graphs.chain(501)])
def test_circuits_are_graphs_of_ours(circuit: graphs.Circuit) -> None:
    validate(peers.graph(circuit))
    assert math.isfinite(graphs.forward(circuit, circuit.point))


def test_circuits_have_their_size_and_are_the_same_each_time() -> None:
    assert len(graphs.chain(501).gates) == 501
    assert 5_000 <= len(graphs.blocks(5_000).gates) < 5_000 + 2 * graphs.BLOCK + 2
    assert graphs.blocks(500) == graphs.blocks(500)


@pytest.mark.parametrize(
    "build", [peers.ours, peers.ours_once, *(peer.build for peer in peers.OTHERS if not peer.missing)]
)
def test_gradients_are_those_of_small_steps(build: Callable[[graphs.Circuit], peers.Gradient]) -> None:
    circuit = graphs.blocks(100)

    def stepped(slot: int, step: float) -> float:
        point = list(circuit.point)
        point[slot] += step
        return float(graphs.forward(circuit, point))

    expected = [(stepped(i, 1e-6) - stepped(i, -1e-6)) / 2e-6 for i in range(len(circuit.point))]
    assert build(circuit)() == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_another_gradient_is_not_measured() -> None:
    engine.agree(lambda: [1.0, 1e-13], lambda: [1.0, 0.0])
    with pytest.raises(ValueError, match="its gradient differs by 1e-09"):
        engine.agree(lambda: [1.0, 1e-9], lambda: [1.0, 0.0])
    with pytest.raises(ValueError, match="differs by nan"):
        engine.agree(lambda: [math.nan], lambda: [1.0])


@pytest.mark.slow
def test_the_engine_group() -> None:
    tables = engine.measure(SMALL)
    assert [table.title for table in tables] == [
        "Forward and backward, a graph of 200 gates",
        "Memory, a graph of 200 gates",
        "Forward and backward, a chain of 200 gates",
        "A program file",
    ]
    speed, memory, chain, files = tables
    assert len(speed.row(engine.OURS).samples) == 2
    assert all(sample > 0 for table in (speed, memory, chain) for row in table.rows for sample in row.samples)
    assert {row.name for row in speed.rows} == {engine.OURS, engine.ONCE, *(peer.name for peer in peers.OTHERS)}
    assert all(row.samples or row.note for row in speed.rows)
    assert files.rows == (Row("backprop eval --file", note=NOT_AVAILABLE),)


def test_a_program_is_the_circuit_a_gate_a_line() -> None:
    assert engine.program(graphs.chain(3)) == "q1 = x0 + x1\nq2 = tanh(q1)\nq3 = q2 + x1\n"


def test_digits_are_compared_before_they_are_measured() -> None:
    table = digits.beside("50 digits", library.EXPRESSIONS["9 gates"], library.POINT, 50, 1)
    assert table.row(digits.OURS).samples
    assert all(row.samples or row.note == "not installed" for row in table.rows)
    lost = digits.beside("50 digits", digits.LOST, digits.LOST_AT, 50, 1)
    assert lost.row(digits.OURS).samples
    assert lost.row("SymPy's formulas by mpmath").note == "failed: ValueError: answered 0.0"


# -- One call ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", [each for each in oneshot.PEERS if not each.missing], ids=lambda call: call.name)
def test_peers_compute_the_same(call: oneshot.OneShot, tmp_path: Path) -> None:
    call.check(oneshot.environment(tmp_path))


def test_our_own_call_and_a_loop(tmp_path: Path) -> None:
    backprop = install.command(Path(sys.executable))
    call = oneshot.ours(SMALL._replace(backprop=str(backprop)), "--json")
    call.check(oneshot.environment(tmp_path))
    assert '"$x"' in call.script()
    call.loop(1, oneshot.environment(tmp_path))


def test_wrong_numbers_are_noticed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="printed '1 2 3 4'"):
        oneshot.python("wrong", "print(1, 2, 3, 4)", "sys").check(oneshot.environment(tmp_path))


def test_a_shell_loop_changes_x(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    words = ["sh", "-c", f"read line; echo \"$line $0\" >> '{seen}'", "x={x}"]
    oneshot.OneShot("spy", words, "text {x}").loop(3, oneshot.environment(tmp_path))
    assert seen.read_text() == "text 0 x=0\ntext 1 x=1\ntext 2 x=2\n"


def test_what_is_not_installed() -> None:
    assert oneshot.python("nobody", "pass", "no_such_module").missing == "not installed"
    assert oneshot.OneShot("nobody", ["no-such-program"]).missing == "not installed"
    assert oneshot.FLOORS[0].missing == ""


# -- The command ---------------------------------------------------------------------------------------------------


def test_options() -> None:
    arguments = run.options().parse_args(["--quick", "--rounds", "3", "--gates", "2000,100", "--only", "engine,loop"])
    assert run.chosen(arguments) == run.QUICK._replace(rounds=3, gates=(100, 2000))
    assert arguments.only == ["engine", "loop"]


@pytest.mark.parametrize("words", [["--rounds", "0"], ["--only", "engin"], ["--gates", "a"], ["--python", "nowhere"]])
def test_wrong_options(words: list[str]) -> None:
    result = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks/run.py"), *words], capture_output=True, encoding="utf-8", check=False
    )
    assert result.returncode
    assert "Traceback" not in result.stderr
    assert words[-1] in result.stderr


@pytest.mark.slow
def test_the_command_prints_tables(tmp_path: Path) -> None:
    """With what is installed here; a wheel takes a package registry, which the tests do without."""
    words = ["--python", sys.executable, "--only", "engine", "--gates", "100", "--rounds", "1", "--markdown"]
    result = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks/run.py"), *words],
        capture_output=True,
        encoding="utf-8",
        check=False,
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stderr
    assert "### Forward and backward, a graph of 100 gates\n\n|  | µs a gate | spread | × ours |  |\n" in result.stdout


def test_all_that_this_version_can_do_is_measured() -> None:
    assert install.features(install.command(Path(sys.executable))) == ("--no-cache", "points", "--file")
