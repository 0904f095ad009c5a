"""The languages of `backprop code`: a Target each."""

from __future__ import annotations

from .arrays import JAX, NUMPY, TORCH
from .base import Target
from .c import C
from .javascript import JAVASCRIPT
from .python import PYTHON

TARGETS: dict[str, Target] = {target.name: target for target in (PYTHON, NUMPY, TORCH, JAX, C, JAVASCRIPT)}
