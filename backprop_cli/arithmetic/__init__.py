"""The second table: number systems, one file each. A rule is written once and serves them all."""

from .floats import FLOATS, IEEE
from .system import Arithmetic, Rule, Value

__all__ = ["FLOATS", "IEEE", "Arithmetic", "Rule", "Value"]
