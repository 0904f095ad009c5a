"""The second table: number systems, one file each. A rule is written once and serves them all."""

from .floats import FLOATS
from .ieee import IEEE
from .system import TIES, Arithmetic, InsideError, Rule, TooWideError, Value, share

__all__ = ["FLOATS", "IEEE", "TIES", "Arithmetic", "InsideError", "Rule", "TooWideError", "Value", "share"]
