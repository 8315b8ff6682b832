"""Trap 12: what an OSV range means: order of events, several branches, inclusive ends, listed versions, commits."""

from __future__ import annotations

import itertools

import pytest
from tests.traps.answers import findings, ids, index_of, library, matched, record

from oakum.advisories.model import Affected, EventKind, Range

BRANCHES: tuple[tuple[EventKind, str], ...] = (
    ("introduced", "0"), ("fixed", "1.2.0"), ("introduced", "2.0.0"), ("fixed", "2.1.0"),
)  # fmt: skip


def hits(version: str, *events: tuple[EventKind, str], kind: str = "SEMVER", versions: tuple[str, ...] = ()) -> bool:
    one = Affected("npm", "left", ranges=(Range(kind, events),) if events else (), versions=versions)
    return bool(ids(findings(index_of(record("GHSA-1", one)), None, library("npm", "left", version))))


@pytest.mark.parametrize("events", list(itertools.permutations(BRANCHES)))
def test_trap_12_osv_ranges_in_any_order_of_events(events: tuple[tuple[EventKind, str], ...]) -> None:
    given = ["1.1.9", "1.2.0", "1.9.0", "2.0.0", "2.0.9", "2.1.0"]
    assert [version for version in given if hits(version, *events)] == ["1.1.9", "2.0.0", "2.0.9"]


def test_trap_12_osv_ranges_last_affected_is_inclusive() -> None:
    assert hits("1.2.0", ("introduced", "1.0.0"), ("last_affected", "1.2.0"))
    assert not hits("1.2.1", ("introduced", "1.0.0"), ("last_affected", "1.2.0"))


def test_trap_12_osv_ranges_limit_cuts() -> None:
    assert hits("1.9.9", ("introduced", "1.0.0"), ("limit", "2.0.0"))
    assert not hits("2.0.0", ("introduced", "1.0.0"), ("limit", "2.0.0"))


def test_trap_12_osv_ranges_a_listed_version_counts_whatever_the_range_says() -> None:
    assert hits("3.0.0", ("introduced", "0"), ("fixed", "1.0.0"), versions=("3.0.0",))


def test_trap_12_osv_ranges_introduced_0_is_before_every_version() -> None:
    assert hits("0.0.0-alpha", ("introduced", "0"), ("fixed", "1.0.0"))


def test_trap_12_osv_ranges_of_commits_beside_listed_versions_leave_no_question() -> None:
    one = Affected(
        "npm", "left", ranges=(Range("GIT", (("introduced", "0"), ("fixed", "c0ffee"))),), versions=("1.2.0",)
    )
    for version, expected in (("1.2.0", ["GHSA-1"]), ("1.3.0", [])):
        answer = matched(index_of(record("GHSA-1", one)), None, library("npm", "left", version))
        assert ([hit.record.advisory.id for hit in answer.hits], answer.gaps) == (expected, ())


def test_trap_12_osv_ranges_that_cannot_be_evaluated_stay_a_gap_beside_listed_versions() -> None:
    events: tuple[tuple[EventKind, str], ...] = (("introduced", "0"), ("fixed", "no version"))
    one = Affected("npm", "left", ranges=(Range("SEMVER", events),), versions=("1.2.0",))
    answer = matched(index_of(record("GHSA-1", one)), None, library("npm", "left", "1.3.0"))
    assert answer.hits == ()
    assert [gap.kind for gap in answer.gaps] == ["unusable-advisory"]


def test_trap_12_osv_ranges_of_commits_alone_are_a_gap_and_not_clean() -> None:
    one = Affected("npm", "left", ranges=(Range("GIT", (("introduced", "0"), ("fixed", "abc"))),))
    answer = matched(index_of(record("GHSA-1", one)), None, library("npm", "left", "1.0.0"))
    assert answer.hits == ()
    assert [gap.kind for gap in answer.gaps] == ["unusable-advisory"]


@pytest.mark.parametrize("events", list(itertools.permutations(BRANCHES)))
def test_trap_12_osv_ranges_of_a_component_in_any_order_of_events(events: tuple[tuple[EventKind, str], ...]) -> None:
    index = index_of(record("CVE-1", Affected("kubernetes", "k8s.io/kubelet", ranges=(Range("SEMVER", events),))))
    given = ["v1.1.9", "v1.2.0", "v1.9.0", "v2.0.0", "v2.0.9+k3s1", "v2.1.0", "v2.1.0-eks-ae9a62a"]
    hit = [version for version in given if ids(findings(index, None, library("kubernetes", "k8s.io/kubelet", version)))]
    assert hit == ["v1.1.9", "v2.0.0", "v2.0.9+k3s1"]


def test_trap_12_osv_ranges_of_a_component_that_cannot_be_evaluated_are_a_gap_and_not_clean() -> None:
    one = Affected("kubernetes", "k8s.io/kubelet", ranges=(Range("GIT", (("introduced", "0"), ("fixed", "abc"))),))
    answer = matched(index_of(record("CVE-1", one)), None, library("kubernetes", "k8s.io/kubelet", "v1.29.3"))
    assert answer.hits == ()
    assert [gap.kind for gap in answer.gaps] == ["unusable-advisory"]


@pytest.mark.parametrize("form", ["v{}", "v{}+k3s1", "v{}+rke2r1"])
def test_trap_12_osv_ranges_of_a_component_end_where_the_last_affected_version_does(form: str) -> None:
    last: tuple[tuple[EventKind, str], ...] = (("introduced", "1.0.0"), ("last_affected", "1.29.3"))
    index = index_of(record("CVE-1", Affected("kubernetes", "k8s.io/kubelet", ranges=(Range("SEMVER", last),))))
    given = ["0.9.0", "1.0.0", "1.29.3", "1.29.4"]
    hit = [
        version
        for version in given
        if ids(findings(index, None, library("kubernetes", "k8s.io/kubelet", form.format(version))))
    ]
    assert hit == ["1.0.0", "1.29.3"]


def test_trap_12_osv_ranges_of_a_component_that_end_in_one_build_do_not_hold_the_next() -> None:
    last: tuple[tuple[EventKind, str], ...] = (("introduced", "1.0.0"), ("last_affected", "1.29.3-gke.5"))
    index = index_of(record("GCP-1", Affected("kubernetes", "k8s.io/kubelet", ranges=(Range("SEMVER", last),))))
    for version, expected in (("v1.29.3-gke.4", 1), ("v1.29.3-gke.5", 1), ("v1.29.3-gke.6", 0), ("v1.29.4-gke.1", 0)):
        answer = matched(index, None, library("kubernetes", "k8s.io/kubelet", version))
        assert len(answer.hits) + len(answer.gaps) == expected, version
