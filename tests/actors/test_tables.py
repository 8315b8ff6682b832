"""Tables of what other actors do, written from their public documentation, against the machine form.

Each file under ``tables/`` is one profile or kind of request; each row has its rule and source. Those who wrote the
rows had not seen the code. ``answer`` holds only what the rule determines: numbers stand for the length of a list,
``refused`` for an answer that is an error, ``error: true`` for an answer that says why there is none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator

from oakum.actors.kinds import kinds
from oakum.cli.main import main
from oakum.local.schemas import schema_of, schema_of_answer, schema_of_request

TABLES = Path(__file__).parent / "tables"
FEWEST = 25


@cache
def table(name: str) -> dict[str, Any]:
    """A table with the building blocks of its rows put in."""
    read: dict[str, Any] = yaml.safe_load((TABLES / f"{name}.yaml").read_text())
    objects = read.get("objects", {})
    for row in read["rows"]:
        row["request"] = _built(row["request"], objects)
    return read


def _built(value: Any, objects: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_built(each, objects) for each in value]
    if not isinstance(value, dict):
        return value
    own = {key: _built(each, objects) for key, each in value.items() if key != "use"}
    return _merged(_built(objects[value["use"]], objects), own) if "use" in value else own


def _merged(base: Any, own: Any) -> Any:
    if not isinstance(base, dict) or not isinstance(own, dict):
        return own
    return {**base, **{key: _merged(base.get(key), each) for key, each in own.items()}}


def rows() -> Iterator[Any]:
    for path in sorted(TABLES.glob("*.yaml")):
        for number, row in enumerate(table(path.stem)["rows"]):
            yield pytest.param(path.stem, number, id=f"{path.stem}: {row['name']}")


def written(batch: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(batch.read_text())
    return found


@cache
def validators(command: str, kind: str | None) -> tuple[Validator, Validator]:
    """The published JSON Schemas of a kind's requests and answers."""
    other = next((each for each in kinds() if each.name == kind), None)
    if other is not None:
        schemas = (schema_of_request(other.request, "request", other.name), schema_of_answer(other.reply, "answer"))
    else:
        word = kind or {"drain explain": "drain", "skew path": "path"}[command]
        schemas = (schema_of(f"{word}-request"), schema_of(f"{word}-answer"))
    first, second = (Draft202012Validator(each) for each in schemas)
    return first, second


@pytest.mark.parametrize(("name", "number"), list(rows()))
def test_the_machine_form_answers_as_the_other_tool_does(
    name: str, number: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = table(name)
    row = whole["rows"][number]
    batch = tmp_path / "requests.jsonl"
    batch.write_text(json.dumps({"id": number, **row["request"]}, default=str) + "\n")
    code = main([*whole["command"].split(), "--batch", str(batch), "-o", "json"])
    said = json.loads(capsys.readouterr().out)
    assert said["id"] == number
    wanted = row["answer"]
    asked, answered = validators(whole["command"], row["request"].get("kind"))
    if "error" not in said or code == 0:
        asked.validate({key: each for key, each in written(batch).items() if each is not None})
        answered.validate(said)
    if wanted.get("refused"):
        assert "error" in said and code == 2, f"{row['rule']} ({row['source']}): {said}"
        return
    difference = list(_different(said, wanted, name))
    assert not difference, f"{row['rule']} ({row['source']}): {difference}; the whole answer is {said}"


def _different(said: dict[str, Any], wanted: dict[str, Any], name: str) -> Iterator[str]:
    if wanted.get("error") is True:
        if not said.get("error"):
            yield "there should be no answer"
        return
    if said.get("error"):
        yield f"an error: {said['error']}"
        return
    for key, value in wanted.items():
        got: Any = said.get(key)
        if key == "pods":
            yield from _pods(got, value)
        elif key == "violations":
            pairs = {(each["component"], each["rule"]) for each in got}
            if pairs != {(each["component"], each["rule"]) for each in value}:
                yield f"violations: {sorted(pairs)} and not {value}"
        elif isinstance(value, int) and not isinstance(value, bool) and isinstance(got, list):
            if len(got) != value:
                yield f"{key}: {got} and not {value} of them"
        elif key in ("checks", "removed", "timed_out") and isinstance(value, list):
            if sorted(got or []) != sorted(value):
                yield f"{key}: {got} and not {value}"
        elif got != value:
            yield f"{key}: {got} and not {value}"


def _pods(got: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> Iterator[str]:
    found = {(each["namespace"], each["name"]): each for each in got}
    named = {(each.get("namespace", "default"), each["name"]) for each in wanted}
    if found.keys() != named:
        yield f"pods: {sorted(found)} and not {sorted(named)}"
        return
    for each in wanted:
        one = found[each.get("namespace", "default"), each["name"]]
        for key, value in each.items():
            if (one.get(key) or None) != (value or None):
                yield f"{each['name']}.{key}: {one.get(key)!r} and not {value!r}"


def test_every_table_is_long_enough_and_every_row_has_its_source() -> None:
    assert sorted(path.stem for path in TABLES.glob("*.yaml"))
    for path in TABLES.glob("*.yaml"):
        several = table(path.stem)["rows"]
        assert len(several) >= FEWEST, path.name
        assert len({row["name"] for row in several}) == len(several), path.name
        for row in several:
            assert row["source"].startswith("https://"), row["name"]
            assert row["rule"] and row["answer"], row["name"]
