"""Traps 18 and 19 in a whole answer: every severity with its scorer, KEV for a CVE only, no EPSS is not 0."""

from __future__ import annotations

import sqlite3

from tests.traps.answers import DEBIAN, asset, deb, facts, record, upto
from tests.traps.scans import scanned

from oakum.advisories.index import Index, Recorded, build
from oakum.advisories.model import Advisory, Epss, Exploited, Severity
from oakum.fleet.packages import package_set
from oakum.reports.answer import FindingEntry

MACHINE = asset("a", package_set(DEBIAN, [deb("bash", "5.2-1")]), "sbom")
NVD = Severity("CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "NVD")
CNA = Severity("CVSS_V3", "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N", "CNA")


def only(advisory: Advisory, *known: Exploited | Epss) -> FindingEntry:
    connection = sqlite3.connect(":memory:")
    build(connection, [facts("feed", [Recorded(one) for one in (advisory, *known)])])
    (found,) = scanned(Index(connection), MACHINE).findings
    return found


def test_trap_18_severity_plurality_reaches_the_answer_with_scorers_and_the_rule() -> None:
    found = only(record("CVE-2024-1", upto("debian:12", "bash", severities=(NVD,)), severities=(CNA,)))
    assert {(one.value, one.scorer) for one in found.severities} == {(NVD.value, "NVD"), (CNA.value, "CNA")}
    assert [one.chosen for one in found.severities].count(True) == 1
    assert found.score.rule


def test_trap_18_severity_plurality_of_another_release_is_not_taken() -> None:
    advisory = record(
        "CVE-2024-1", upto("debian:12", "bash", severities=(CNA,)), upto("debian:11", "bash", severities=(NVD,))
    )
    assert [one.scorer for one in only(advisory).severities] == ["CNA"]


def test_trap_19_kev_and_epss_misuse_absent_epss_is_unknown_and_not_0() -> None:
    advisory = record("CVE-2024-1", upto("debian:12", "bash"))
    assert only(advisory).epss is None
    assert only(advisory, Epss("CVE-2024-1", 0.0, 0.0, "2024-01-01")).epss == 0.0


def test_trap_19_kev_and_epss_misuse_a_finding_without_a_cve_gets_neither() -> None:
    found = only(record("GHSA-a", upto("debian:12", "bash")), Exploited("CVE-2024-1", "2024-01-01"))
    assert (found.kev, found.epss, found.cves) == (False, None, ())


def test_trap_19_kev_and_epss_misuse_a_high_epss_alone_changes_no_decision() -> None:
    advisory = record("CVE-2024-1", upto("debian:12", "bash"))
    likely = only(advisory, Epss("CVE-2024-1", 0.97, 0.999, "2024-01-01"))
    assert likely.decision.outcome == only(advisory).decision.outcome
