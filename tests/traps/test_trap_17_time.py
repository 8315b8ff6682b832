"""Trap 17: an answer as of a day knows what was known then, and nothing of later days."""

from __future__ import annotations

import sqlite3

from tests.traps.answers import DEBIAN, asset, deb, facts, record, upto
from tests.traps.scans import scanned

from oakum.advisories.index import Index, Recorded, build
from oakum.advisories.model import Advisory, Exploited
from oakum.fleet.packages import package_set

MACHINE = asset("a", package_set(DEBIAN, [deb("bash", "5.2-1")]), "sbom")
OPEN = record("CVE-2024-1", upto("debian:12", "bash"), published="2024-01-02T00:00:00Z")
FIXED = record("CVE-2024-1", upto("debian:12", "bash", "5.2-2"), published="2024-01-02T00:00:00Z")


def index(*recorded: Recorded, as_of: str) -> Index:
    connection = sqlite3.connect(":memory:")
    build(connection, [facts("feed", recorded)])
    return Index(connection, as_of=as_of)


def history(as_of: str) -> Index:
    return index(
        Recorded(OPEN, "2024-01-03T00:00:00Z", "2024-02-01T00:00:00Z"),
        Recorded(FIXED, "2024-02-01T00:00:00Z"),
        Recorded(Exploited("CVE-2024-1", "2024-03-01"), "2024-03-01T00:00:00Z"),
        as_of=as_of,
    )


def test_trap_17_time_the_fix_and_the_exploitation_are_as_known_on_the_day() -> None:
    seen = {}
    for day in ("2024-01-15", "2024-02-15", "2024-03-15", ""):
        (found,) = scanned(history(f"{day}T00:00:00Z" if day else ""), MACHINE).findings
        seen[day] = (found.fix.version, found.kev)
    assert seen == {
        "2024-01-15": ("", False),
        "2024-02-15": ("5.2-2", False),
        "2024-03-15": ("5.2-2", True),
        "": ("5.2-2", True),
    }


def test_trap_17_time_a_past_answer_can_be_repeated() -> None:
    day = "2024-02-15T00:00:00Z"
    assert scanned(history(day), MACHINE) == scanned(history(day), MACHINE)


def test_trap_17_time_before_the_first_import_only_publishers_dates_can_answer_and_that_is_said() -> None:
    later = "2024-06-01T00:00:00Z"
    unpublished = record("CVE-2024-2", upto("debian:12", "bash"), published="2024-05-01T00:00:00Z")
    given: list[Advisory] = [OPEN, unpublished]
    answer = scanned(index(*(Recorded(one, later) for one in given), as_of="2024-02-15T00:00:00Z"), MACHINE)
    assert answer.reconstructed
    assert [one.id for one in answer.findings] == ["CVE-2024-1"]


def test_trap_17_time_published_and_first_seen_are_two_times() -> None:
    (found,) = scanned(history(""), MACHINE).findings
    assert found.published == "2024-01-02T00:00:00Z"
