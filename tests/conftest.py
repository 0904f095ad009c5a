"""What holds for all tests: no cache but one of their own, SymPy as most people have it, interrupts that arrive, and
random examples that are the same in each run.
"""

import atexit
import gc
import importlib
import os
import pkgutil
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator

import pytest
from hypothesis import settings

# Byte code is kept, also where the environment says otherwise, as in many a container: the tests start hundreds of
# processes, each of which would compile the libraries anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# What is loaded and collected stays until the end: to look through it for what can go took half of the collection.
gc.disable()

pytest.register_assert_rewrite("support")

os.environ["BACKPROP_CACHE_DIR"] = tempfile.mkdtemp(prefix="backprop-tests-")
atexit.register(shutil.rmtree, os.environ["BACKPROP_CACHE_DIR"], ignore_errors=True)

# SymPy takes its whole numbers from FLINT where there is one.
os.environ.setdefault("SYMPY_GROUND_TYPES", "python")

# A shell has its background jobs ignore interrupts, and what these start would too.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The same code has the same verdict; `--hypothesis-profile=default` tries other examples in each run. Hypothesis draws
# from the constants of what is loaded too, which must not depend on the tests that ran before.
settings.register_profile("same", derandomize=True)
settings.load_profile("same")
for module in pkgutil.walk_packages(importlib.import_module("backprop_cli").__path__, "backprop_cli."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--each", type=int, default=1, metavar="N", help="of a test with many cases, only each N-th")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With --each N only each N-th case of a test that has more than a dozen; the large slow ones, in which `slow` and
    `exhaustive` meet, are for `-m exhaustive`.
    """
    each = config.getoption("--each")
    if each == 1:
        return
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    left = {item for group in cases.values() for item in (group if len(group) <= 12 else group[::each])}
    left -= {item for item in left if item.get_closest_marker("exhaustive")}
    config.hook.pytest_deselected(items=[item for item in items if item not in left])
    items[:] = [item for item in items if item in left]


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


@pytest.fixture
def step(request: pytest.FixtureRequest) -> int:
    """The N of --each, for a slow test that goes through many cases in a loop of its own."""
    return int(request.config.getoption("--each"))


@pytest.fixture
def models() -> Iterator[None]:
    """The model rows, in the table."""
    from backprop_cli.rules.table import TABLE
    from support.rows import MODELS

    TABLE.extend(MODELS)
    yield
    for op in MODELS:
        TABLE.remove(op)
