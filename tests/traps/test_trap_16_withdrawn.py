"""Trap 16: what its publisher takes back is closed with the reason and stays in history; it may come back."""

from __future__ import annotations

import sqlite3

import pytest
from tests.traps.answers import DEBIAN, deb, facts, findings, ids, index_of, matched, record, upto

from oakum.advisories.index import Index, Recorded, build

BASH = deb("bash", "5.2-1")
TAKEN_BACK = record("CVE-2024-1", upto("debian:12", "bash"), withdrawn="2024-05-01T00:00:00Z")
OTHER = record("CVE-2024-2", upto("debian:12", "zsh"))


def test_trap_16_withdrawn_is_closed_with_the_reason() -> None:
    answer = matched(index_of(TAKEN_BACK), DEBIAN, BASH)
    assert answer.hits == ()
    assert [one.why for one in answer.cleared] == ["feed withdrew it on 2024-05-01"]


def test_trap_16_withdrawn_held_until_then() -> None:
    before = index_of(TAKEN_BACK, as_of="2024-04-30T00:00:00Z")
    assert ids(findings(before, DEBIAN, BASH)) == ["CVE-2024-1"]


@pytest.mark.parametrize(
    ("day", "expected"),
    [("2024-01-15", ["CVE-2024-1"]), ("2024-02-15", []), ("2024-03-15", ["CVE-2024-1"])],
)
def test_trap_16_withdrawn_and_resurrected_each_time_is_known(day: str, expected: list[str]) -> None:
    first = record("CVE-2024-1", upto("debian:12", "bash"))
    connection = sqlite3.connect(":memory:")
    recorded = [
        Recorded(first, "2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z"),
        Recorded(first, "2024-03-01T00:00:00Z"),
        Recorded(OTHER, "2024-01-01T00:00:00Z"),
    ]
    build(connection, [facts("feed", recorded)])
    assert ids(findings(Index(connection, as_of=f"{day}T00:00:00Z"), DEBIAN, BASH)) == expected


def test_trap_16_withdrawn_twin_does_not_speak() -> None:
    taken_back = record(
        "GHSA-a", upto("debian:12", "bash", "9"), aliases=("CVE-2024-1",), withdrawn="2024-05-01T00:00:00Z"
    )
    (found,) = findings(index_of(record("CVE-2024-1", upto("debian:12", "bash")), other=[taken_back]), DEBIAN, BASH)
    assert [one.record for one in found.evidence] == ["CVE-2024-1"]
