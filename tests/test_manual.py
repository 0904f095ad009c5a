"""The manual page says what `--help` says, and is well-formed.

python -m backprop_cli.cli.manual >man/backprop.1    writes it.
"""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from backprop_cli.cli.manual import page
from backprop_cli.cli.options import COMMANDS, by_name
from support.command import PATIENCE

ROOT = Path(__file__).parent.parent


def test_the_page_is_in_the_wheel() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["shared-data"] == {"man/backprop.1": "share/man/man1/backprop.1"}
    assert (ROOT / "man" / "backprop.1").exists()


def test_it_reads_well() -> None:
    """All commands, options and examples, as man shows them; and no complaint of the formatter."""
    if shutil.which("groff") is None:
        pytest.skip("groff is not installed here")
    command = ["groff", "-man", "-Tutf8", "-K", "utf8", "-ww", "-P-cbou", "-rLL=78n"]
    result = subprocess.run(command, input=page(), capture_output=True, encoding="utf-8", timeout=PATIENCE, check=True)
    assert result.stderr == ""
    for name in COMMANDS:
        assert f"backprop {name}" in result.stdout
        assert all(each in result.stdout for each in by_name(name))
    assert """backprop eval "sigmoid(w*x)" --at '{"w": 2, "x": -1}' --wrt w --precision 30""" in result.stdout
    assert r"printf 'x,y\n1,2\n3,4\n' | backprop points" in result.stdout
