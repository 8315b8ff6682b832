"""Trap 13: an advisory holds for one release of one product; an unknown release is not assessable, never clean."""

from __future__ import annotations

import pytest
from tests.traps.answers import deb, findings, ids, index_of, matched, record, rpm, upto

from oakum.fleet.packages import Package
from oakum.fleet.releases import Release

TOOL = deb("tool", "1.0-1")
INDEX = index_of(
    record("CVE-2024-12", upto("debian:12", "tool", "1.0-2")),
    record("CVE-2024-22", upto("ubuntu:22.04", "tool", "1.0-2")),
    record("RHSA-9", upto("rhel:9", "tool", "1.0-2")),
)


@pytest.mark.parametrize(
    ("release", "package", "expected"),
    [
        (Release("debian", "12"), TOOL, ["CVE-2024-12"]),
        (Release("ubuntu", "22.04"), TOOL, ["CVE-2024-22"]),
        (Release("linuxmint", "21", parent="ubuntu:22.04"), TOOL, ["CVE-2024-22"]),
        (Release("rhel", "9"), rpm("tool", "1.0-1"), ["RHSA-9"]),
    ],
)
def test_trap_13_release_scoping_each_release_has_its_own(
    release: Release, package: Package, expected: list[str]
) -> None:
    assert ids(findings(INDEX, release, package)) == expected


@pytest.mark.parametrize(
    ("release", "package", "kind"),
    [
        (Release("debian", "11"), TOOL, "no-feed"),
        (Release("ubuntu", "24.04"), TOOL, "no-feed"),
        (Release("centos-stream", "9"), rpm("tool", "1.0-1"), "no-feed"),
        (Release("debian"), TOOL, "unknown-release"),
        (None, TOOL, "unknown-release"),
    ],
)
def test_trap_13_release_scoping_of_what_nobody_speaks_about_is_a_gap(
    release: Release | None, package: Package, kind: str
) -> None:
    answer = matched(INDEX, release, package)
    assert answer.hits == ()
    assert [gap.kind for gap in answer.gaps] == [kind]
    assert answer.gaps[0].remedy
