"""The languages of `backprop code`: a Target each."""

from __future__ import annotations

from .base import Target
from .c import C
from .javascript import JAVASCRIPT
from .jax import JAX
from .numpy import NUMPY
from .python import PYTHON
from .torch import TORCH

TARGETS: dict[str, Target] = {target.name: target for target in (PYTHON, NUMPY, TORCH, JAX, C, JAVASCRIPT)}
