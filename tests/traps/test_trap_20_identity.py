"""Trap 20: a finding is what is vulnerable and to what; never how bad, how worded, where, or since when."""

from __future__ import annotations

import pytest
from tests.traps.answers import DEBIAN, asset, deb, findings, index_of, record, upto
from tests.traps.scans import scanned

from oakum.advisories.model import Advisory, Severity
from oakum.fleet.packages import package_set

BASH = deb("bash", "5.2-1")
FLAW = record("CVE-2024-1", upto("debian:12", "bash", "5.2-2"))
INDEX = index_of(FLAW)


def key(*advisories: Advisory, **rest: str) -> str:
    (found,) = findings(index_of(*advisories), DEBIAN, deb("bash", rest.get("version", "5.2-1"), **{
        name: value for name, value in rest.items() if name != "version"
    }))  # fmt: skip
    return found.key


@pytest.mark.parametrize(
    "changed",
    [
        record("CVE-2024-1", upto("debian:12", "bash", "5.2-2"), summary="Another text"),
        record(
            "CVE-2024-1", upto("debian:12", "bash", "5.2-2"), severities=(Severity("debian-urgency", "high", "Debian"),)
        ),
        record("CVE-2024-1", upto("debian:12", "bash", "5.2-3"), modified="2024-05-01T00:00:00Z"),
        record("CVE-2024-1", upto("debian:12", "bash")),
        record("DEBIAN-CVE-2024-1", upto("debian:12", "bash", "5.2-2"), aliases=("CVE-2024-1",)),
    ],
    ids=["text", "severity", "fix", "no fix", "source"],
)
def test_trap_20_identity_does_not_depend_on_what_is_said_about_it(changed: Advisory) -> None:
    assert key(changed) == key(FLAW)


def test_trap_20_identity_does_not_depend_on_the_spelling_of_the_purl() -> None:
    assert key(FLAW, purl="pkg:deb/debian/bash@5.2-1?arch=amd64") == key(FLAW, purl="pkg:deb/debian/bash@5.2-1")


def test_trap_20_identity_another_version_or_vulnerability_is_another_item() -> None:
    other = record("CVE-2024-2", upto("debian:12", "bash", "5.2-2"))
    assert len({key(FLAW), key(FLAW, version="5.2-0"), key(other)}) == 3


def test_trap_20_identity_500_placements_are_one_item_and_one_action() -> None:
    assets = [asset(f"node-{number}", package_set(DEBIAN, [BASH]), "sbom") for number in range(500)]
    answer = scanned(INDEX, *assets)
    (found,) = answer.findings
    (action,) = answer.actions
    assert (len(found.assets), len(action.assets)) == (500, 500)


def test_trap_20_identity_the_same_package_in_another_set_is_the_same_item() -> None:
    one = asset("web:1.0", package_set(DEBIAN, [BASH]), "image")
    two = asset("web:2.0", package_set(DEBIAN, [BASH, deb("zsh", "5")]), "image")
    (found,) = scanned(INDEX, one, two).findings
    assert sorted(found.assets) == ["web:1.0", "web:2.0"]


def test_trap_20_identity_what_comes_back_after_a_rollback_is_the_same_item() -> None:
    before, fixed, after = (
        scanned(INDEX, asset("a", package_set(DEBIAN, [deb("bash", version)]), "sbom")).findings
        for version in ("5.2-1", "5.2-2", "5.2-1")
    )
    assert fixed == ()
    assert [one.key for one in before] == [one.key for one in after]
