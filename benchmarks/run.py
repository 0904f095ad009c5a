"""How long a call takes, a point, a gate: beside other tools and beside the floors, in one run, as ratios.

    pip install -e '.[bench,bench-torch]'        the libraries beside us; each may be missing
    python benchmarks/run.py                     everything: an hour or two
    python benchmarks/run.py --quick             the same, small: what works, not how fast
    python benchmarks/run.py --only startup,engine --rounds 3

It builds a wheel of this checkout and measures that, installed with byte code, beside the packages of the Python that
runs it. docs/dev/benchmarks.md says what the numbers mean.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import install
from harness import Settings, Table, unpacked
from oneshot import environment
from report import document, write_into

GROUPS = ("startup", "loop", "stream", "parsing", "library", "engine", "arrays", "columns", "digits")
FULL = Settings(7, 1_000, 100_000, (1_000, 10_000, 100_000, 1_000_000), (100, 1_000, 10_000))
QUICK = Settings(2, 4, 100, (1_000,), (100,))
SIZES = {"loop": "calls", "stream": "points", "columns": "points", "parsing": "terms"}
"""The goals of these groups are for so many calls, points or terms as FULL has. (Those of engine name theirs.)"""


def main() -> int:
    arguments = options().parse_args()
    with tempfile.TemporaryDirectory() as folder:
        try:
            python = arguments.python or install.build(Path(folder))
            backprop = install.command(python)
        except (FileNotFoundError, subprocess.CalledProcessError) as error:
            return fail(str(error))
        if doubt := install.doubts(python):
            print(f"note: {doubt}", file=sys.stderr)
        settings = chosen(arguments)._replace(backprop=str(backprop), features=install.features(backprop))
        tables: list[Table] = []
        failed = []
        for group in arguments.only:
            print(group, file=sys.stderr, flush=True)
            try:
                tables += measured(python, group, settings, Path(folder) / "home")
            except subprocess.CalledProcessError:
                failed.append(group)
        text = document(
            install.facts(python, settings.rounds), tables, arguments.markdown or arguments.write is not None
        )
    if arguments.write is None:
        print(text)
    else:
        write_into(arguments.write, text)
    return fail(f"could not be measured: {', '.join(failed)}") if failed else 0


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=groups, default=list(GROUPS), metavar="GROUPS", help=f"of {', '.join(GROUPS)}")
    parser.add_argument("--rounds", type=positive, help=f"turns of each contender [{FULL.rounds}]")
    parser.add_argument("--calls", type=positive, help=f"calls in a shell loop [{FULL.calls:,}]")
    parser.add_argument("--points", type=positive, help=f"points in a stream [{FULL.points:,}]")
    parser.add_argument("--gates", type=sizes, help="sizes of graphs [1000,10000,100000,1000000]")
    parser.add_argument("--quick", action="store_true", help="small sizes and few rounds, where not given")
    parser.add_argument("--counts", action="store_true", help="instructions of one call too (valgrind)")
    parser.add_argument("--python", type=Path, help="the Python of an environment where backprop is installed")
    parser.add_argument("--markdown", action="store_true", help="print Markdown")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the tables into a page")
    return parser


def chosen(arguments: argparse.Namespace) -> Settings:
    """The sizes asked for, the others by default."""
    given = {name: getattr(arguments, name) for name in ("rounds", "calls", "points", "gates")}
    base = QUICK if arguments.quick else FULL
    return base._replace(counts=arguments.counts, **{name: value for name, value in given.items() if value is not None})


def measured(python: Path, group: str, settings: Settings, home: Path) -> list[Table]:
    """The tables of one group, from a process of its own: no group's imports slow another down."""
    words = [str(python), str(Path(__file__).parent / "inside.py"), group, json.dumps(settings)]
    result = subprocess.run(words, stdout=subprocess.PIPE, env=environment(home), encoding="utf-8", check=True)
    return [weighed(unpacked(table), group, settings) for table in json.loads(result.stdout.splitlines()[-1])]


def weighed(table: Table, group: str, settings: Settings) -> Table:
    """The table of a group, whose goals know whether they were measured at the size that they are for."""
    size = SIZES.get(group)
    is_large = size is None or getattr(settings, size) >= getattr(FULL, size)
    return table._replace(goals=tuple(goal._replace(is_large=is_large) for goal in table.goals))


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def sizes(text: str) -> tuple[int, ...]:
    return tuple(sorted(positive(word) for word in text.split(",")))


def groups(text: str) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if name not in GROUPS]:
        raise argparse.ArgumentTypeError(f"no group {', '.join(unknown)}; there are {', '.join(GROUPS)}")
    return names


def fail(message: str) -> int:
    print(f"error: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
