"""Answers hang on what is in a request, not on the order in which it lists it, nor on which minor version is meant.

The requests are the rows of the tables: their lists and objects are shuffled, or all their minor versions moved on.
"""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest

from oakum.cli.main import main
from tests.actors.test_tables import TABLES, table

#: Lists whose order says nothing; an object's keys never do.
ORDERLESS = {"items", "nodes", "statuses", "groups", "budgets", "kube-apiserver"}
#: Tables of rules that have been the same for all minor versions, and are told with them alone.
TIMELESS = ("kubeadm", "available-upgrades", "plan-check", "preflight", "skew-path")
#: Texts for people, which name places of the request.
WORDS = {"id", "why", "remedy", "problems", "details", "way_back"}
_MINOR = re.compile(r'(?<![\d.])1\.(\d+)(?=[.\-+"_@: ,)\]]|$)')


def asked(command: str, requests: list[Any], folder: Path, capsys: pytest.CaptureFixture[str]) -> list[Any]:
    batch = folder / "requests.jsonl"
    batch.write_text("".join(json.dumps({"id": number, **each}) + "\n" for number, each in enumerate(requests)))
    main([*command.split(), "--batch", str(batch), "-o", "json"])
    return [settled(json.loads(line)) for line in capsys.readouterr().out.splitlines()]


def settled(value: Any) -> Any:
    """An answer without its words for people and without the order of its lists; an error is an error."""
    if isinstance(value, dict):
        if "error" in value:
            return "error"
        return {key: settled(each) for key, each in value.items() if key not in WORDS}
    if isinstance(value, list):
        return sorted(map(settled, value), key=lambda each: json.dumps(each, sort_keys=True))
    return value


def shuffled(value: Any, dice: random.Random, key: str = "") -> Any:
    if isinstance(value, dict):
        keys = dice.sample(list(value), len(value))
        return {each: shuffled(value[each], dice, each) for each in keys}
    if isinstance(value, list):
        return [shuffled(each, dice) for each in (dice.sample(value, len(value)) if key in ORDERLESS else value)]
    return value


def moved(value: Any, minors: int) -> Any:
    return json.loads(_MINOR.sub(lambda found: f"1.{int(found[1]) + minors}", json.dumps(value)))


def requests_of(name: str) -> list[Any]:
    read: list[Any] = json.loads(json.dumps([row["request"] for row in table(name)["rows"]], default=str))
    return read


@pytest.mark.parametrize("name", sorted(path.stem for path in TABLES.glob("*.yaml")))
def test_the_order_of_a_request_says_nothing(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    requests, dice, command = requests_of(name), random.Random(name), table(name)["command"]
    answers = asked(command, requests, tmp_path, capsys)
    assert answers == asked(command, [shuffled(each, dice) for each in requests], tmp_path, capsys)


@pytest.mark.parametrize("name", TIMELESS)
def test_all_minor_versions_may_move_on(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    requests, command = requests_of(name), table(name)["command"]
    answers = asked(command, requests, tmp_path, capsys)
    assert [settled(moved(each, 3)) for each in answers] == asked(
        command, [moved(each, 3) for each in requests], tmp_path, capsys
    )
