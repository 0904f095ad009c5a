"""SymPy takes its whole numbers from FLINT where there is one. The tests are to see what most people have: Python's."""

import os

os.environ.setdefault("SYMPY_GROUND_TYPES", "python")
