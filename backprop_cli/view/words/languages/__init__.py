"""The languages of explanations: a file of templates each."""

from __future__ import annotations

from collections.abc import Mapping

LANGUAGES: Mapping[str, str] = {"en": "english", "ko": "korean"}
"""The module of each language, the default first."""
