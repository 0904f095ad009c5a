"""One cold call beside what it cannot do without: importing SymPy. Prints medians, and ratios to that import.

    python benchmarks/startup.py [--rounds 15]

The commands take turns, so that a busy machine is busy for all of them. Run it from an installed package: byte code
that must be compiled at each start is not what users have (this is checked, and said).
"""

import argparse
import os
import statistics
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

BACKPROP = str(Path(sysconfig.get_path("scripts")) / "backprop")
EXAMPLE = ["(x+y)*z", "--x", "-2", "--y", "5", "--z", "-4"]
COMMANDS = {
    "python -c 'import sympy'": [sys.executable, "-c", "import sympy"],
    "backprop eval --json": [BACKPROP, "eval", *EXAMPLE, "--json"],
    "backprop eval (table)": [BACKPROP, "eval", *EXAMPLE],
    "backprop --version": [BACKPROP, "--version"],
    "python -c 'import click'": [sys.executable, "-c", "import click"],
    "python -c pass": [sys.executable, "-c", "pass"],
}


def measure(rounds: int) -> dict[str, list[float]]:
    """Seconds of each command in each round; one round before them warms the file cache."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for round_ in range(rounds + 1):
        for name, command in COMMANDS.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
            if round_:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    import backprop_cli

    if not (Path(backprop_cli.__file__).parent / "__pycache__").exists():
        print("note: backprop_cli has no byte code yet; the first round writes it")
    seconds = measure(rounds)
    floor = statistics.median(seconds["python -c 'import sympy'"])
    print(f"median of {rounds} rounds            ms   ratio to import sympy")
    for name, times in seconds.items():
        median = statistics.median(times)
        print(f"{name:<28}{1000 * median:>7.0f}   {median / floor:.2f}")


if __name__ == "__main__":
    main()
