"""Trap 15: an alias is a revocable assertion; twins count once; a bundle is no alias; two CVEs are two."""

from __future__ import annotations

from tests.traps.answers import DEBIAN, deb, findings, ids, index_of, library, record, upto

MODULE = library("golang", "example.org/m", "v1.1.0")
GO = record("GO-1", upto("golang", "example.org/m", "1.2.0"), aliases=("CVE-2024-1", "GHSA-a"))


def test_trap_15_aliases_twins_count_once_and_the_fix_of_either_is_known() -> None:
    twin = record("GHSA-a", upto("golang", "example.org/m"), aliases=("CVE-2024-1",))
    (found,) = findings(index_of(GO, ghsa=[twin]), None, MODULE)
    assert (found.id, set(found.aliases)) == ("CVE-2024-1", {"GO-1", "GHSA-a"})
    assert found.fix.version == "1.2.0"
    assert len(found.evidence) == 2


def test_trap_15_aliases_a_twin_whose_fix_is_installed_is_named() -> None:
    twin = record("GHSA-a", upto("golang", "example.org/m"), aliases=("CVE-2024-1",))
    (found,) = findings(index_of(GO, ghsa=[twin]), None, library("golang", "example.org/m", "v1.2.0"))
    assert found.notes == ("GO-1 (feed) says fixed in 1.2.0, which is installed; GHSA-a names no fix",)


def test_trap_15_aliases_unrelated_records_are_no_twins() -> None:
    other = record("GHSA-b", upto("golang", "example.org/m"), aliases=("CVE-2024-9",))
    (found,) = findings(index_of(GO, ghsa=[other]), None, library("golang", "example.org/m", "v1.2.0"))
    assert (found.id, found.notes) == ("CVE-2024-9", ())


def test_trap_15_aliases_that_are_revoked_split_again() -> None:
    together = record("GHSA-a", upto("golang", "example.org/m", "1.3.0"), aliases=("CVE-2024-1",))
    apart = record("GHSA-a", upto("golang", "example.org/m", "1.3.0"), aliases=("CVE-2024-2",))
    alone = record("GO-1", upto("golang", "example.org/m", "1.2.0"), aliases=("CVE-2024-1",))
    assert ids(findings(index_of(alone, ghsa=[together]), None, MODULE)) == ["CVE-2024-1"]
    assert ids(findings(index_of(alone, ghsa=[apart]), None, MODULE)) == ["CVE-2024-1", "CVE-2024-2"]


def test_trap_15_aliases_of_two_cves_do_not_merge_them() -> None:
    both = record("GO-2", upto("golang", "example.org/m", "1.2.0"), aliases=("CVE-2024-1", "CVE-2024-2"))
    one = record("CVE-2024-1", upto("golang", "example.org/m", "1.2.0"))
    two = record("CVE-2024-2", upto("golang", "example.org/m", "1.2.0"))
    assert ids(findings(index_of(both, one, two), None, MODULE)) == ["CVE-2024-1", "CVE-2024-2", "GO-2"]


DSA = record("DSA-1", upto("debian:12", "bash", "5.2-2"), bundle=True, cves=("CVE-2024-1", "CVE-2024-2"))
ONE, TWO = (record(cve, upto("debian:12", "bash", "5.2-2")) for cve in DSA.cves)


def test_trap_15_aliases_a_bundle_merges_nothing_and_says_nothing_more() -> None:
    found = findings(index_of(DSA, ONE, TWO), DEBIAN, deb("bash", "5.2-1"))
    assert [(one.id, one.bundles) for one in found] == [("CVE-2024-1", ("DSA-1",)), ("CVE-2024-2", ("DSA-1",))]


def test_trap_15_aliases_a_bundle_stays_where_it_closes_what_no_other_record_names() -> None:
    found = findings(index_of(DSA, ONE), DEBIAN, deb("bash", "5.2-1"))
    assert [(one.id, one.cves) for one in found] == [("CVE-2024-1", ("CVE-2024-1",)), ("DSA-1", DSA.cves)]
