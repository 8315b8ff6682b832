"""A vendor's bulletins decide about that vendor's own builds, and about nobody else's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.traps.answers import index_of, matched, record, upto

from oakum.advisories.index import Index
from oakum.advisories.model import Advisory
from oakum.advisories.parsers import parse
from oakum.findings.match import match
from oakum.findings.model import Matched
from oakum.fleet.packages import Package, package_set
from oakum.fleet.products import of_cluster_version
from oakum.fleet.releases import Release

KUBELET, API = "k8s.io/kubelet", "k8s.io/apiserver"
URL = "https://vendor.example/bulletins#"
#: What upstream says: fixed in 1.29.4, and before that in 1.28.9.
UPSTREAM = record(
    "CVE-2024-3177", upto("kubernetes", KUBELET, "1.28.9"), upto("kubernetes", KUBELET, "1.29.4", "1.29.0")
)  # fmt: skip


def entry(product: str, *fixed: str, **rest: Any) -> dict[str, Any]:
    id_ = f"{product.upper()}-2024-1"
    given = {"id": id_, "url": f"{URL}{id_}", "product": product, "cves": ["CVE-2024-3177"], **rest}
    return given | ({"fixed": list(fixed)} if fixed else {})


def index(*entries: dict[str, Any], upstream: bool = True) -> Index:
    document = {"bulletins": 1, "publisher": "Vendor", "entries": list(entries)}
    parsed = parse(json.dumps(document).encode(), name="b.json")
    assert parsed.problems == []
    told = [fact for fact in parsed.facts if isinstance(fact, Advisory)]
    return index_of(UPSTREAM, bulletins=told) if upstream else index_of(bulletins=told)


def of(version: str, told: Index, vendor: str = "", name: str = KUBELET) -> Matched:
    package = Package(type="kubernetes", name=name, version=version, vendor=vendor)
    return match(package_set(None, [package]), told, kind="component", platform="linux")


def word(answer: Matched) -> str:
    kinds = {gap.kind for gap in answer.gaps}
    return "affected" if answer.hits else "not assessable" if kinds else "not affected"


GKE = entry("gke", "1.27.13-gke.1166000", "1.28.8-gke.1095000", "1.29.3-gke.1282000")
EKS = entry("eks", "1.28.8-eks-adc7111", "1.29.3-eks-adc7111")
AKS = entry("aks", "1.28.9", "1.29.2")


@pytest.mark.parametrize(
    ("version", "vendor", "expected"),
    [
        # below, at and above the fix of the build's own minor, though upstream's number is higher
        ("v1.28.8-gke.1000000", "GKE", "affected"),
        ("v1.28.8-gke.1095000", "GKE", "not affected"),
        ("v1.29.3-gke.1093000", "GKE", "affected"),
        ("v1.29.3-gke.1282000", "", "not affected"),
        ("v1.29.3-gke.1282001", "GKE", "not affected"),
        ("v1.30.0-gke.1", "GKE", "not affected"),
        # a hash has no order: one patch, two builds
        ("v1.29.2-eks-ae9a62a", "EKS", "affected"),
        ("v1.29.3-eks-ae9a62a", "EKS", "not assessable"),
        ("v1.29.3-eks-adc7111", "EKS", "not affected"),
        ("v1.29.4-eks-036c24b", "EKS", "not affected"),
        # AKS reports upstream's plain versions
        ("v1.29.1", "AKS", "affected"),
        ("v1.29.2", "AKS", "not affected"),
        ("v1.28.8", "AKS", "affected"),
        # nobody else is judged by them
        ("v1.29.2", "", "affected"),
        ("v1.29.4", "", "not affected"),
        ("v1.29.3+vmware.1", "VMware", "not assessable"),
        ("v1.29.3+f67aeb3", "OpenShift", "not assessable"),
        ("v1.29.3+k3s1", "k3s", "affected"),
    ],
)
def test_trap_10_a_build_is_judged_by_its_own_vendors_bulletin(version: str, vendor: str, expected: str) -> None:
    answer = of(version, index(GKE, EKS, AKS), vendor)
    assert word(answer) == expected
    assert len({(hit.record.source.name, hit.fix) for hit in answer.hits}) == len(answer.hits) <= 1


def test_what_an_upstream_build_lacks_is_said_by_upstream_and_not_by_a_vendor() -> None:
    (hit,) = of("v1.29.2", index(GKE)).hits
    assert (hit.record.source.name, hit.fix) == ("feed", "1.29.4")


def test_a_finding_and_a_clearance_cite_the_bulletin() -> None:
    (hit,) = of("v1.29.3-gke.1093000", index(GKE)).hits
    assert (hit.fix, hit.record.source.name) == ("1.29.3-gke.1282000", "bulletins")
    assert hit.detail.reason == f"GKE-2024-1: {URL}GKE-2024-1"
    (cleared,) = of("v1.29.3-gke.1282000", index(GKE)).cleared
    assert "1.29.3-gke.1282000 has the fix" in cleared.why


def test_without_a_bulletin_the_gap_says_where_to_look_and_what_to_import() -> None:
    (gap,) = of("v1.29.3-gke.1093000", index(EKS)).gaps
    assert gap.kind == "vendor-build"
    assert "security-bulletins" in gap.remedy and "oakum feeds import" in gap.remedy


def test_a_vendor_that_is_not_affected_clears_what_upstream_says_of_its_builds() -> None:
    told = index(entry("gke", not_affected="the plugin is not in the build"))
    answer = of("v1.29.2-gke.1", told, "GKE")
    assert word(answer) == "not affected"
    assert all("the plugin is not in the build" in one.why and URL in one.why for one in answer.cleared)
    assert word(of("v1.29.2-eks-ae9a62a", told, "EKS")) == "not assessable"


def test_a_flaw_without_a_fix_is_in_every_build_from_the_first_on() -> None:
    told = index(entry("gke", unfixed=True, introduced="1.28.0"), upstream=False)
    assert [word(of(version, told, "GKE")) for version in ("v1.28.1-gke.1", "v1.31.0-gke.2")] != ["not affected"] * 2
    assert of("v1.31.0-gke.2", told, "GKE").hits and not of("v1.27.9-gke.2", told, "GKE").hits


def test_a_bulletin_is_told_where_nobody_speaks_of_kubernetes_which_stays_a_gap() -> None:
    answer = of("v1.29.3-gke.1093000", index(GKE, upstream=False), "GKE")
    assert [hit.record.advisory.id for hit in answer.hits] == ["CVE-2024-3177"]
    assert [gap.kind for gap in answer.gaps] == ["no-feed"]
    assert word(of("v1.29.3", index(GKE, upstream=False))) == "not assessable"


def test_a_bulletin_about_one_part_is_not_about_another() -> None:
    told = index(entry("gke", "1.29.3-gke.1282000", part="kube-apiserver", cves=["CVE-2024-9001"]))
    assert [hit.record.advisory.id for hit in of("v1.29.0-gke.1", told, "GKE", API).hits] == ["CVE-2024-9001"]
    assert of("v1.29.3-gke.1282000", told, "GKE", KUBELET).hits == ()


def test_what_upstream_announced_beyond_its_record_adds_nothing_to_a_vendors_bulletin() -> None:
    """Upstream announced that 1.22.2 fixes CVE-2021-25741; AKS says that its 1.22.1 does."""
    told = index(entry("aks", "1.21.5", "1.22.1", cves=["CVE-2021-25741"]), upstream=False)
    assert [bool(of(version, told, "AKS").hits) for version in ("v1.22.0", "v1.22.1", "v1.21.5")] == [
        True,
        False,
        False,
    ]


def product(type_: str, version: str, told: Index) -> Matched:
    return matched(told, Release(type_, rolling=True), Package(type=type_, name=type_, version=version))


@pytest.mark.parametrize(
    ("type_", "fixed", "lacks", "has"),
    [
        ("cos", ("cos-105-17412-370-50", "cos-109-17800-147-54"), "cos-109-17800-147-28", "cos-105-17412-370-50"),
        ("talos", ("v1.6.8", "v1.7.1"), "v1.7.0", "v1.6.8"),
        ("rhcos", ("414.92.202403270157-0",), "414.92.202402130420-0", "415.92.202403191241-0"),
        ("flatcar", ("3815.2.2", "3913.0.0"), "3815.2.1", "3815.2.2"),
        ("bottlerocket", ("1.20.4",), "1.20.3", "v1.20.4"),
    ],
)
def test_trap_14_rolling_and_image_based_a_system_is_judged_by_its_version(
    type_: str, fixed: tuple[str, ...], lacks: str, has: str
) -> None:
    told = index(entry(type_, *fixed))
    (hit,) = product(type_, lacks, told).hits
    assert (hit.record.advisory.id, hit.scope) == ("CVE-2024-3177", type_)
    assert URL in hit.detail.reason
    assert product(type_, has, told).hits == ()
    unknown = product(type_, "nightly", told)
    assert unknown.hits == () and "unparsable-version" in {gap.kind for gap in unknown.gaps}


@pytest.mark.parametrize("type_", ["bottlerocket", "cos", "flatcar", "rhcos", "talos"])
def test_trap_14_rolling_and_image_based_without_a_feed_the_gap_names_what_to_import(type_: str) -> None:
    answer = product(type_, "1.0.0", index_of(UPSTREAM))
    (gap,) = [gap for gap in answer.gaps if gap.kind == "no-feed"]
    assert type_ in gap.what and "oakum feeds" in gap.remedy
    assert {"flatcar": "releases.json", "bottlerocket": "updateinfo.xml"}.get(type_, "bulletins") in gap.remedy


def test_trap_14_rolling_and_image_based_the_packages_of_red_hat_coreos_are_judged_as_those_of_rhel() -> None:
    """Beside them, what somebody wrote down about its builds is told where it is there, and missed where it is not."""
    rhel = record("CVE-2024-2961", upto("rhel:9", "glibc", "2.34-83.el9_3.12"))
    glibc = Package(type="rpm", name="glibc", version="2.34-60.el9", arch="x86_64")
    system = Package(type="rhcos", name="rhcos", version="414.92.202403270157-0")
    told = index(entry("rhcos", "414.92.202404010000-0"), upstream=False)
    alone = matched(index_of(rhel), Release("rhel", "9"), glibc, system)
    assert ([hit.record.advisory.id for hit in alone.hits], alone.gaps) == (["CVE-2024-2961"], ())
    assert [hit.scope for hit in matched(told, Release("rhel", "9"), glibc, system).hits] == ["rhcos"]
    bare = matched(index_of(rhel), Release("rhel", "9"), system)
    assert sorted(gap.kind for gap in bare.gaps) == ["incomplete-inventory", "no-feed"]


KERNEL = Package(type="bottlerocket", name="kernel-6.1", version="6.1.50-1.1690000000.br1", arch="x86_64")
FIX = "6.1.61-1.1700513487.br1"


@pytest.mark.parametrize(
    ("version", "fix", "arches", "expected"),
    [
        (KERNEL.version, FIX, ("x86_64", "aarch64"), "affected"),
        ("6.1.61-1.1700513487.br1", FIX, (), "not affected"),
        ("6.1.70-1.1710000000.br1", FIX, (), "not affected"),
        (KERNEL.version, FIX, ("aarch64",), "not affected"),
        ("1.16.0-5d2b2ea", "1.16.1-0", (), "affected"),
        ("1.16.1-763f6d4c", "1.16.1-0", (), "not affected"),
        # the version of a package beside that of the whole system says nothing
        (KERNEL.version, "1.16.1-0", (), "not assessable"),
        ("1.16.1-763f6d4c", FIX, (), "not assessable"),
    ],
)
def test_packages_of_bottlerocket_are_compared_in_one_form_only(
    version: str, fix: str, arches: tuple[str, ...], expected: str
) -> None:
    told = index_of(record("GHSA-868r-x68r-5c5p", upto("bottlerocket", "kernel-6.1", fix, arches=arches)))
    package = Package(type="bottlerocket", name="kernel-6.1", version=version, arch="x86_64")
    assert word(matched(told, Release("bottlerocket", rolling=True), package)) == expected


@pytest.mark.parametrize(
    ("version", "expected"),
    [("4.14.19", "affected"), ("4.14.20", "not affected"), ("4.13.40", "affected"), ("4.13.41", "not affected")],
)
def test_openshift_is_judged_by_its_own_line(version: str, expected: str) -> None:
    told = index(entry("openshift", "4.13.41", "4.14.20"), upstream=False)
    answer = match(package_set(None, of_cluster_version(version)), told, kind="cluster", platform="linux")
    assert word(answer) == expected
    silent = match(package_set(None, of_cluster_version(version)), index_of(), kind="cluster", platform="linux")
    assert [(gap.kind, "openshift" in gap.why) for gap in silent.gaps] == [("no-feed", True)]
