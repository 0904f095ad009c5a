"""The JSON document and the JSON Schema that ships with the package: each document fits, and each fault is found."""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from support.command import Result, document, run
from support.documents import CASES, PUBLISHED
from support.schemas import SCHEMAS, TRACE
from support.suites import in_a_loop, thinned


@cache
def evaluated(name: str) -> Result:
    return run("eval", "--json", *CASES[name])


def published_document(name: str) -> dict[str, Any]:
    """The document of a case; some of the published commands show an error instead."""
    status, out, err = evaluated(name)
    if name in PUBLISHED and status:
        pytest.skip(f"an example of an error (exit {status})")
    assert status == 0, err
    data: dict[str, Any] = json.loads(out)
    return data


def complaints(data: Any) -> list[str]:
    return [error.message for error in TRACE.iter_errors(data)]


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schema_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])
    assert SCHEMAS[name]["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_there_are_many_documents() -> None:
    assert len(PUBLISHED) >= 10
    assert len(CASES) >= 60


@pytest.mark.parametrize("name", thinned(CASES, 2))
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


@in_a_loop("name key", members())
def test_a_missing_key_is_a_fault(name: str, key: str) -> None:
    data = copy.deepcopy(SAMPLE)
    del at(data, PLACES[name])[key]
    assert complaints(data)


@pytest.mark.parametrize("name", PLACES)
def test_an_extra_key_is_a_fault(name: str) -> None:
    data = copy.deepcopy(SAMPLE)
    at(data, PLACES[name])["extra"] = 1
    assert complaints(data)


@in_a_loop("name key wrong", [(*each, wrong) for each in members() for wrong in (True, [1], {"x": [1]}, None)])
def test_a_wrong_type_is_a_fault(name: str, key: str, wrong: object) -> None:
    if wrong is None and key in ("upstream", "local", "chained"):
        return  # null stands where there is no gradient
    if wrong in (True, None) and key == "value" and name in ("node", "gate"):
        return  # a condition is true or false, and in a branch not taken there may be no value
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
