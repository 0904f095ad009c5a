"""The JSON Schemas that ship with the package, by name, each with its validator."""

from __future__ import annotations

import importlib.resources
import json
from typing import Any

from jsonschema import Draft202012Validator

SCHEMAS: dict[str, dict[str, Any]] = {
    file.name.removesuffix(".json"): json.loads(file.read_text("utf-8"))
    for file in importlib.resources.files("backprop_cli").joinpath("view/schemas").iterdir()
}
TRACE, EXPLANATION, PRIMITIVES, MINIMUM, FIT = (
    Draft202012Validator(SCHEMAS[name]) for name in ("trace", "explanation", "primitives", "minimum", "fit")
)
