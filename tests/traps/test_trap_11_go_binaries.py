"""Trap 11: what a Go binary says of its parts: toolchain, replaced and unreleased modules, records without a fix."""

from __future__ import annotations

import pytest
from tests.traps.answers import findings, ids, index_of, library, matched, record, upto

from oakum.advisories.model import Affected, EventKind, Range
from oakum.fleet.packages import Package
from oakum.risk.severity import choose


def test_trap_11_go_binaries_the_standard_library_has_the_version_of_the_toolchain() -> None:
    index = index_of(record("GO-1", upto("golang", "stdlib", "1.21.8")))
    assert ids(findings(index, None, library("golang", "stdlib", "go1.21.7"))) == ["GO-1"]
    assert ids(findings(index, None, library("golang", "stdlib", "go1.21rc2"))) == ["GO-1"]
    assert ids(findings(index, None, library("golang", "stdlib", "go1.21.8"))) == []


@pytest.mark.parametrize("version", ["(devel)", "v0.0.0-00010101000000-000000000000", "unknown"])
def test_trap_11_go_binaries_without_a_version_are_a_gap_and_not_clean(version: str) -> None:
    index = index_of(record("GO-1", upto("golang", "example.org/m", "1.2.0")))
    answer = matched(index, None, library("golang", "example.org/m", version))
    assert answer.hits == ()
    assert [gap.kind for gap in answer.gaps] == ["unparsable-version"]


def test_trap_11_go_binaries_pseudo_versions_stand_before_the_version_they_lead_to() -> None:
    index = index_of(record("GO-1", upto("golang", "example.org/m", "0.0.0-20240501000000-aaaaaaaaaaaa")))
    for day, expected in (("20240430235959", ["GO-1"]), ("20240501000000", []), ("20240502000000", [])):
        found = findings(index, None, library("golang", "example.org/m", f"v0.0.0-{day}-aaaaaaaaaaaa"))
        assert ids(found) == expected


def test_trap_11_go_binaries_incompatible_is_no_part_of_the_version() -> None:
    index = index_of(record("GO-1", upto("golang", "example.org/m", "25.0.6+incompatible")))
    assert ids(findings(index, None, library("golang", "example.org/m", "v25.0.5+incompatible"))) == ["GO-1"]
    assert ids(findings(index, None, library("golang", "example.org/m", "v25.0.6+incompatible"))) == []


def test_trap_11_go_binaries_a_record_without_fix_and_severity_is_still_a_finding() -> None:
    (found,) = findings(
        index_of(record("GO-1", upto("golang", "example.org/m"))), None, library("golang", "example.org/m", "v1.0.0")
    )
    assert (found.fix.state, found.fix.version, found.severities) == ("none", "", ())
    assert choose(found.severities).chosen is None


def test_trap_11_go_binaries_names_of_modules_with_capitals_are_found() -> None:
    index = index_of(record("GO-1", upto("golang", "github.com/Masterminds/goutils", "1.1.1")))
    assert ids(findings(index, None, library("golang", "github.com/Masterminds/goutils", "v1.1.0"))) == ["GO-1"]


@pytest.mark.parametrize("module", ["k8s.io/client-go", "k8s.io/apiserver", "k8s.io/mount-utils"])
@pytest.mark.parametrize(
    ("version", "affected"),
    [
        ("v0.17.0", True), ("v0.18.18", True), ("v0.18.19", False), ("v0.19.0", True), ("v0.19.11", False),
        ("v0.20.0-alpha.2", False), ("v0.29.3", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("major", ["1", "0"])
def test_trap_11_go_binaries_staging_modules_are_compared_in_the_numbers_of_the_record(
    major: str, module: str, version: str, affected: bool
) -> None:
    fixed: tuple[tuple[EventKind, str], ...] = (
        ("introduced", "0"),
        ("fixed", f"{major}.18.19"),
        ("introduced", f"{major}.19.0"),
    )
    numbered = Affected("golang", module, ranges=(Range("SEMVER", (*fixed, ("fixed", f"{major}.19.11"))),))
    index = index_of(record("GHSA-1", numbered))
    assert ids(findings(index, None, library("golang", module, version))) == (["GHSA-1"] if affected else [])


def test_trap_11_go_binaries_staging_modules_with_a_flaw_that_no_release_mends() -> None:
    index = index_of(
        record("GHSA-1", upto("golang", "k8s.io/api", since="1.20.0")), record("GHSA-2", upto("golang", "k8s.io/api"))
    )
    assert ids(findings(index, None, library("golang", "k8s.io/api", "v0.19.0"))) == ["GHSA-2"]
    assert ids(findings(index, None, library("golang", "k8s.io/api", "v0.29.3"))) == ["GHSA-1", "GHSA-2"]


def test_trap_11_go_binaries_other_modules_below_1_are_no_kubernetes() -> None:
    index = index_of(record("GHSA-1", upto("golang", "example.org/m", "1.20.7")))
    assert ids(findings(index, None, library("golang", "example.org/m", "v0.29.3"))) == ["GHSA-1"]


@pytest.mark.parametrize("fixed", ["1.20.7", "0.20.7", "0.0.0-20190927203648-9ce6eca90e73"])
def test_trap_11_go_binaries_staging_modules_within_kubernetes_have_no_version_of_their_own(fixed: str) -> None:
    index = index_of(record("GHSA-1", upto("golang", "k8s.io/apimachinery", fixed)))
    answer = matched(index, None, library("golang", "k8s.io/apimachinery", "v0.0.0"))
    assert answer.hits == ()
    assert [gap.kind for gap in answer.gaps] == ["unparsable-version"]


def test_trap_11_go_binaries_pseudo_versions_of_a_component_stand_where_go_puts_them() -> None:
    index = index_of(record("GO-1", upto("golang", "k8s.io/ingress-nginx", "0.0.0-20260319175635-5183b7d86137")))
    for day, expected in (("20260319175634", ["GO-1"]), ("20260319175635", []), ("20260401000000", [])):
        pseudo = library("golang", "k8s.io/ingress-nginx", f"v0.0.0-{day}-5183b7d86137")
        assert ids(findings(index, None, pseudo)) == expected


@pytest.mark.parametrize(
    ("vendor", "name", "version", "kinds"),
    [
        ("", "github.com/coredns/coredns", "v1.10.1", []),
        ("RKE2", "github.com/coredns/coredns", "v1.10.1", []),
        ("EKS", "github.com/coredns/coredns", "v1.10.1", ["vendor-build"]),
        ("EKS", "github.com/coredns/coredns", "v1.11.4", []),
        ("EKS", "github.com/aws/amazon-vpc-cni-k8s", "v1.10.1", []),
    ],
)
def test_trap_11_go_binaries_of_an_add_on_that_a_vendor_built_anew_are_not_assessable_below_the_fix(
    vendor: str, name: str, version: str, kinds: list[str]
) -> None:
    index = index_of(record("GO-1", upto("golang", name, "1.11.4")), record("GO-2", upto("golang", name, "1.11.2")))
    package = Package(type="golang", name=name, version=version, vendor=vendor)
    answer = matched(index, None, package)
    assert [gap.kind for gap in answer.gaps] == kinds
    assert sorted(hit.record.advisory.id for hit in answer.hits) == (
        [] if kinds or version == "v1.11.4" else ["GO-1", "GO-2"]
    )
    assert not kinds or "GO-1, GO-2" in answer.gaps[0].why
