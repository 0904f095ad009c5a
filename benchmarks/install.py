"""What is measured: a wheel of this checkout, with byte code, beside the packages of the Python that runs this.

A checkout is not what users have: it may have no byte code, and an editable install adds work to every start.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = (
    "backprop-cli",
    "click",
    "rich",
    "sympy",
    "mpmath",
    "python-flint",
    "cypari",
    "symengine",
    "autograd",
    "micrograd",
    "torch",
    "jax",
    "casadi",
    "numpy",
)


def build(folder: Path) -> Path:
    """A virtual environment in `folder` with a wheel of this checkout. Returns its Python."""
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", str(folder), str(ROOT)], check=True)
    (wheel,) = folder.glob("*.whl")
    home = folder / "venv"
    venv.create(home, symlinks=os.name != "nt")
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    subprocess.run([*pip, "--python", str(python), "install", "--no-deps", "--compile", str(wheel)], check=True)
    packages = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
    (site(python) / "peers.pth").write_text("\n".join(packages), encoding="utf-8")
    return python


def site(python: Path) -> Path:
    """Where that Python keeps its packages."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return Path(subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip())


def command(python: Path) -> Path:
    """The `backprop` that belongs to a Python. Raises FileNotFoundError where it has none."""
    path = python.parent / ("backprop.exe" if os.name == "nt" else "backprop")
    if not path.exists():
        raise FileNotFoundError(f"{python} has no backprop beside it: install the wheel there first")
    return path


def doubts(python: Path) -> str:
    """Why what is installed there is not what users have; empty if it is."""
    package = site(python) / "backprop_cli"
    if not package.exists():
        return "backprop is not installed there as a wheel: an editable install starts more slowly"
    return "" if (package / "__pycache__").exists() else "backprop has no byte code there: each start compiles it"


def features(backprop: Path) -> tuple[str, ...]:
    """What this version can do, by its own help: commands, and options of eval, among those that some groups need."""
    texts = [
        subprocess.run([backprop, *words], capture_output=True, encoding="utf-8", check=False).stdout
        for words in (["--help"], ["eval", "--help"], ["eval", "--help-all"])
    ]
    return tuple(name for name in ("--no-cache", "points", "--file") if any(f"  {name} " in text for text in texts))


_VERSIONS = """
import sys
from importlib import metadata
found = {each.name.lower().replace("_", "-"): each.version for each in metadata.distributions()}
print("Python", sys.version.split()[0], *(f"· {name} {found[name]}" for name in sys.argv[1:] if name in found))
"""


def facts(python: Path, rounds: int) -> str:
    """One paragraph: with which versions, and on what."""
    words = [str(python), "-c", _VERSIONS, *PACKAGES]
    versions = subprocess.run(words, capture_output=True, encoding="utf-8", check=True).stdout.strip()
    load = f", load {os.getloadavg()[0]:.1f} at the end" if hasattr(os, "getloadavg") else ""
    system = f"{platform.system()} {platform.machine()}, {processor()}, {os.cpu_count()} cores{load}"
    return f"{versions}\n{system}. Rounds: {rounds}, fewer where one takes long.\n"


def processor() -> str:
    """The name of the processor, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"
