"""The JSON document and the JSON Schema that ships with the package: each document fits, and each fault is found."""

from __future__ import annotations

import copy
import importlib.resources
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from test_cli import document, run

from backprop_cli.rules import table as ops

ROOT = Path(__file__).parent.parent
SCHEMA = json.loads(importlib.resources.files("backprop_cli").joinpath("view/schemas/trace.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)


def published() -> list[str]:
    """The commands in examples/, on the pages and in --help, as far as they need no shell."""
    files = [*sorted((ROOT / "examples").glob("*.sh")), ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    text = "\n".join(
        [run("eval", "--help").out, *(file.read_text(encoding="utf-8") for file in files if file.exists())]
    )
    lines = re.findall(r"^(?:\$ | +)?backprop eval (.*?)(?: \|.*)?$", text, re.MULTILINE)
    return list(dict.fromkeys(line for line in lines if not re.search(r'[`<>\\]|"\$|\$\(|--help', line)))


def without_formats(words: list[str]) -> list[str]:
    """The words but for --get and --format, which would print something else."""
    pairs = list(zip(words, [*words[1:], ""], strict=True))
    skipped = {i + k for i, (word, _) in enumerate(pairs) if word in ("--get", "--format") for k in (0, 1)}
    return [word for i, word in enumerate(words) if i not in skipped and not word.startswith(("--get=", "--format="))]


PUBLISHED = published()
CASES: dict[str, list[str]] = {
    "variable": ["x", "--x", "3"],
    "constant": ["2*pi"],
    "number": ["2"],
    "constants": ["e*x + pi + E", "--x", "1/3"],
    "wrt": ["(x+y)*z", "--x", "-2", "--y", "5", "--z", "-4", "--wrt", "x,z"],
    "tie": ["max(x, y, 3)", "--x", "3", "--y", "3"],
    "tie split": ["min(x, y)", "--x", "3", "--y", "3", "--ties", "split"],
    "tie first": ["min(x, y)", "--x", "3", "--y", "3", "--ties", "first"],
    "kinks": ["abs(x) + relu(x) + sign(x) + floor(y) + ceil(y)", "--x", "0", "--y", "2"],
    "inactive": ["max(sqrt(x), y)", "--x", "0", "--y", "1"],
    "infinite": ["1/x + exp(y)", "--x", "0", "--y", "1e9", "--allow-nonfinite"],
    "not a number": ["x - x", "--x", "inf", "--allow-nonfinite"],
    "extremes": ["x*y + z", "--x", "5e-324", "--y", "-0.0", "--z", "1.7976931348623157e308"],
    "names": ["σ*q1 + f + json", "--σ", "1", "--q1", "2", "--f", "3", "--set", "json=4"],
    "fork": ["x*x*x + x", "--x", "2"],
    "many edges": ["max(" + ",".join(f"v{i}" for i in range(300)) + ")", *(f"--v{i}={i}" for i in range(300))],
    "many gates": ["+".join(["x"] * 1500), "--x", "1"],
    "long": ["+".join(["sin(x)*y"] * 100), "--x", "1", "--y", "2"],
    "precision": ["x/3 + sin(y)", "--x", "1", "--y", "2/7", "--precision", "40"],
    **{line: without_formats(shlex.split(line)) for line in PUBLISHED},
}


def every_primitive() -> Iterator[tuple[str, list[str]]]:
    for op in ops.TABLE:
        names = [*op.inputs, "w"] if op.variadic else list(op.inputs)
        # Where each of them has a value and a gradient (acosh needs more than 1, asin and atanh less).
        inside = "3/2" if op.name == "acosh" else "1/2"
        yield op.call, [op.written(names), *(word for name in names for word in (f"--{name}", inside))]


CASES |= dict(every_primitive())


def published_document(name: str) -> dict[str, Any]:
    """The document of a case; some of the published commands show an error instead."""
    words = CASES[name]
    if name in PUBLISHED and (status := run("eval", *words).status):
        pytest.skip(f"an example of an error (exit {status})")
    return document(*words)


def complaints(data: Any) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(data)]


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_there_are_many_documents() -> None:
    assert len(PUBLISHED) >= 10
    assert len(CASES) >= 60


@pytest.mark.parametrize("name", CASES)
def test_document_fits(name: str) -> None:
    assert complaints(published_document(name)) == []


@pytest.mark.parametrize("name", CASES)
def test_document_holds_together(name: str) -> None:
    """What a schema cannot say."""
    data = published_document(name)
    nodes = data["nodes"]
    assert nodes[-1]["name"] == data["output"]
    assert nodes[-1]["value"] == data["value"]
    seen: set[str] = set()
    for node in nodes:
        assert {edge["name"] for edge in node["inputs"]} <= seen, "forward order"
        assert bool(node["inputs"]) == (node["op"] not in ("input", "constant"))
        seen.add(node["name"])
    inputs = [node for node in nodes if node["op"] == "input"]
    assert {node["name"]: node["value"] for node in inputs} == data["point"]
    gradient = {node["name"]: node["upstream"] for node in inputs if node["upstream"] is not None}
    assert gradient == data["gradient"]
    gates = [node["name"] for node in nodes if node["inputs"]]
    assert len(set(gates)) == len(gates)
    assert not set(gates) & set(data["point"])


@pytest.mark.parametrize("name", ["variable", "wrt", "fork", "kinks", "extremes"])
def test_gradients_are_sums_of_chained(name: str) -> None:
    data = document(*CASES[name])
    for name, total in data["gradient"].items():
        edges = [edge["chained"] for node in data["nodes"] for edge in node["inputs"] if edge["name"] == name]
        if edges:
            assert sum(edges) == pytest.approx(total, rel=1e-12)


# -- Faults --------------------------------------------------------------------------------------------------------

SAMPLE = document("max(x, y)*2", "--x", "3", "--y", "3")
PLACES: dict[str, list[str | int]] = {
    "document": [],
    "node": ["nodes", 0],
    "gate": ["nodes", -1],
    "edge": ["nodes", -1, "inputs", 0],
    "warning": ["warnings", 0],
}


def at(data: Any, place: list[str | int]) -> Any:
    for key in place:
        data = data[key]
    return data


def members() -> list[tuple[str, str]]:
    return [(name, key) for name, place in PLACES.items() for key in at(SAMPLE, place)]


def test_the_sample_has_every_part() -> None:
    assert complaints(SAMPLE) == []
    assert SAMPLE["warnings"]
    assert {name for name, _ in members()} == set(PLACES)


@pytest.mark.parametrize(("name", "key"), members())
def test_a_missing_key_is_a_fault(name: str, key: str) -> None:
    data = copy.deepcopy(SAMPLE)
    del at(data, PLACES[name])[key]
    assert complaints(data)


@pytest.mark.parametrize("name", PLACES)
def test_an_extra_key_is_a_fault(name: str) -> None:
    data = copy.deepcopy(SAMPLE)
    at(data, PLACES[name])["extra"] = 1
    assert complaints(data)


@pytest.mark.parametrize("wrong", [True, [1], {"x": [1]}, None], ids=json.dumps)
@pytest.mark.parametrize(("name", "key"), members())
def test_a_wrong_type_is_a_fault(name: str, key: str, wrong: object) -> None:
    if wrong is None and key in ("upstream", "local", "chained"):
        pytest.skip("null stands where there is no gradient")
    data = copy.deepcopy(SAMPLE)
    at(data, PLACES[name])[key] = wrong
    assert complaints(data)


@pytest.mark.parametrize("key", ["point", "constants", "gradient"])
@pytest.mark.parametrize("wrong", [None, True, [], {}], ids=json.dumps)
def test_only_numbers_stand_beside_names(key: str, wrong: object) -> None:
    data = copy.deepcopy(SAMPLE)
    data[key]["x"] = wrong
    assert complaints(data)


@pytest.mark.parametrize("wrong", ["banana", "", "1,5", "inf", "nan"])
def test_a_double_is_not_just_any_string(wrong: str) -> None:
    data = copy.deepcopy(SAMPLE)
    data["value"] = wrong
    assert complaints(data)


def test_other_faults() -> None:
    for key, wrong in (("nodes", []), ("nodes", SAMPLE["nodes"][0]), ("warnings", {}), ("expression", 1)):
        assert complaints({**SAMPLE, key: wrong})
    data = copy.deepcopy(SAMPLE)
    data["warnings"][0]["kind"] = "joke"
    assert complaints(data)
    assert complaints([SAMPLE])


def test_the_text_is_json_for_every_reader() -> None:
    """No bare NaN or Infinity, which only some readers take, and no key twice."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    def refuse(name: str) -> None:
        raise AssertionError(name)

    for name in ("infinite", "not a number", "names", "extremes"):
        text = run("eval", "--json", *CASES[name]).out
        assert json.loads(text, parse_constant=refuse, object_pairs_hook=unique)["nodes"]
        assert text.endswith("}\n")
