"""What holds for all tests: no cache but one of their own, and SymPy as most people have it."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite("support")

os.environ["BACKPROP_CACHE_DIR"] = tempfile.mkdtemp(prefix="backprop-tests-")
atexit.register(shutil.rmtree, os.environ["BACKPROP_CACHE_DIR"], ignore_errors=True)

# SymPy takes its whole numbers from FLINT where there is one.
os.environ.setdefault("SYMPY_GROUND_TYPES", "python")


@pytest.fixture
def models() -> Iterator[None]:
    """The model rows, in the table."""
    from backprop_cli.rules.table import TABLE
    from support.rows import MODELS

    TABLE.extend(MODELS)
    yield
    for op in MODELS:
        TABLE.remove(op)
