"""Real advisories on machines as they are: each case beside its negative twin, the smallest change that turns it.

The expectations are written from the publishers' words, not from the code. Every case goes the way of a scan: the
feed's own parser, a real index, the readers of the machine's own files, the match, the verdict and the action.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cases.advisories import index_of
from tests.cases.machines import inventory
from tests.traps.scans import CONTEXT

from oakum.local.scan import Options, scan

TABLES = Path(__file__).parent / "tables"
#: The fewest cases of each class.
FEWEST = {"esm": 14, "extended": 12, "modularity": 14, "kernels": 10, "sources": 6, "flavours": 10}
HOW_FAR = ("state", "action")
NOW = "2026-01-02T00:00:00Z"
Case = dict[str, Any]


def cases() -> Iterator[tuple[str, Case]]:
    """Class and case; ``base`` of a table is what its cases have in common."""
    for path in sorted(TABLES.glob("*.yaml")):
        for case in yaml.safe_load(path.read_text())["cases"]:
            yield path.stem, case


ALL = list(cases())


BOTH = [
    pytest.param(case, side, id=f"{kind}: {case['name']}: {side}") for kind, case in ALL for side in ("case", "twin")
]


def merged(base: Any, change: Any) -> Any:
    """``base`` with what ``change`` says; None takes a key away."""
    if not isinstance(base, dict) or not isinstance(change, dict):
        return change
    both = {**base, **{key: merged(base.get(key), value) for key, value in change.items()}}
    return {key: value for key, value in both.items() if value is not None}


def verdict(case: Case, machine: dict[str, Any], advisories: list[dict[str, Any]], ask: str = "") -> dict[str, Any]:
    """What a scan says of the case's vulnerability (or of ``ask``) in the case's package."""
    ask = ask or case["ask"]
    asset, offers = inventory(machine)
    assert not asset.gaps or any(gap.kind == "unowned-kernel" for gap in asset.gaps), asset.gaps
    index = index_of(advisories)
    answer = scan([asset], index, lambda _: CONTEXT, Options(now=NOW, show_cleared=True), offers_of=offers).answer
    name = case["package"] if "sbom" in machine else machine["package"]["name"]
    found = [
        one
        for one in answer.findings
        if one.package.name == name and ask in (one.id, *one.aliases, *one.cves, *one.bundles)
    ]
    if found:
        one = found[0]
        (action,) = [each for each in answer.actions if one.key in each.findings]
        said = {"verdict": "affected", "fix": one.fix.version, "channel": one.fix.channel, "state": one.fix.state,
                "action": action.kind, "running": one.package.version, "because": " ".join(one.notes)}  # fmt: skip
        return {**said, "word": one.evidence[0].state}
    if answer.not_assessable:
        return {"verdict": "not assessable", "gap": answer.not_assessable[0].kind,
                "because": " ".join(f"{gap.what}: {gap.why}" for gap in answer.not_assessable)}  # fmt: skip
    assert any(part.assessed for part in answer.assets[0].coverage)
    return {"verdict": "not affected", "because": " ".join(one.why for one in answer.cleared if one.package == name)}


def side_of(case: Case, side: str) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
    given = case["advisory"]
    advisories = given if isinstance(given, list) else [given]
    if side == "case":
        return case["machine"], advisories, case["expected"]
    twin = case["twin"]
    if "advisory" in twin:
        advisories = twin["advisory"] if isinstance(twin["advisory"], list) else [twin["advisory"]]
    return merged(case["machine"], twin.get("machine", {})), advisories, twin["expected"]


@pytest.mark.parametrize(("case", "side"), BOTH)
def test_a_case_and_its_negative_twin(case: Case, side: str) -> None:
    machine, advisories, expected = side_of(case, side)
    said = verdict(case, machine, advisories, case["twin"].get("ask", "") if side == "twin" else "")
    assert expected.keys() <= said.keys(), said
    for key, value in expected.items():
        assert value in said[key] if key == "because" else said[key] == value, said


def test_the_table_is_large_enough_in_each_class() -> None:
    counted = Counter(kind for kind, _ in ALL)
    assert counted.keys() == FEWEST.keys()
    assert all(counted[kind] >= fewest for kind, fewest in FEWEST.items()), counted
    assert sum(counted.values()) >= 60


@pytest.mark.parametrize(("kind", "case"), [pytest.param(kind, case, id=case["name"]) for kind, case in ALL])
def test_a_row_is_whole(kind: str, case: Case) -> None:
    assert {"name", "claim", "source", "publisher", "ask", "advisory", "machine", "expected", "twin"} <= case.keys()
    assert re.fullmatch(r"https://\S+", case["source"])
    assert case["ask"]
    assert {"change", "expected"} <= case["twin"].keys()
    assert case["twin"].keys() & {"machine", "advisory"}, "a twin differs in something"
    machine, advisories, expected = side_of(case, "twin")
    given = side_of(case, "case")
    assert (machine, advisories) != given[:2]
    assert {key: expected.get(key) for key in expected} != {key: case["expected"].get(key) for key in expected}
    assert expected["verdict"] in ("affected", "not affected", "not assessable")
    if expected["verdict"] == case["expected"]["verdict"]:
        # How far the fix has come, or whether a subscription is missing.
        assert {key: expected.get(key) for key in HOW_FAR} != {key: case["expected"].get(key) for key in HOW_FAR}


def test_names_are_distinct() -> None:
    assert len({case["name"] for _, case in ALL}) == len(ALL)
