"""What holds for components whatever their versions, makers and records are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.findings.announced import API, CORE, KUBELET
from tests.traps.answers import index_of, record

from oakum.advisories.model import Advisory, Affected, EventKind, Range
from oakum.findings.component_facts import FACTS, WHOLE
from oakum.findings.match import match
from oakum.findings.model import Matched
from oakum.findings.vendor_builds import VENDORS
from oakum.fleet.assets import GAPS
from oakum.fleet.packages import Package, package_set

VERSIONS = st.builds(lambda minor, patch: f"1.{minor}.{patch}", st.integers(0, 4), st.integers(0, 4))
KINDS: st.SearchStrategy[EventKind] = st.sampled_from(("introduced", "fixed", "last_affected"))
EVENTS = st.lists(st.tuples(KINDS, VERSIONS | st.just("0")), min_size=1, max_size=5).map(tuple)
NAMES = st.sampled_from((*CORE, WHOLE))
CVES = st.sampled_from(("CVE-2024-1", "CVE-2024-2", *FACTS))
MARKS = {
    "EKS": "-eks-ae9a62a", "GKE": "-gke.7", "VMware": "+vmware.1", "AKS": "", "OpenShift": "+f67aeb3",
    "k3s": "+k3s1", "RKE2": "+rke2r2", "k0s": "+k0s.0", "": "-acme.1",
}  # fmt: skip


@st.composite
def advisories(draw: st.DrawFn) -> list[Advisory]:
    cves = draw(st.lists(CVES, min_size=1, max_size=5, unique=True))
    return [
        record(cve, Affected("kubernetes", draw(NAMES), naming="binary", ranges=(Range("SEMVER", draw(EVENTS)),)))
        for cve in cves
    ]


def asked(records: list[Advisory], version: str, vendor: str = "", name: str = KUBELET, platform: str = "") -> Matched:
    package = Package(type="kubernetes", name=name, version=version, vendor=vendor)
    return match(package_set(None, [package]), index_of(*records), kind="component", platform=platform)


def hit_ids(answer: Matched) -> set[str]:
    return {hit.record.advisory.id for hit in answer.hits}


@given(advisories(), VERSIONS, st.sampled_from(sorted(MARKS)), NAMES, st.sampled_from(("", "linux", "windows")))
def test_a_build_is_open_to_what_its_base_is_open_to(
    records: list[Advisory], version: str, vendor: str, name: str, platform: str
) -> None:
    """As a finding, or as something that only its maker can tell; a packaging of upstream exactly as upstream."""
    base = hit_ids(asked(records, version, name=name, platform=platform))
    answer = asked(records, version + MARKS[vendor], vendor, name, platform)
    told = " ".join(gap.why for gap in answer.gaps if gap.kind == "vendor-build")
    untold = {cve for cve in base if f"{cve}: " in told}
    assert hit_ids(answer) | untold == base
    assert not hit_ids(answer) & untold
    by_design = {cve for cve in base if cve in FACTS and FACTS[cve].by_design}
    if vendor and VENDORS[vendor].by_base:
        assert (hit_ids(answer), told) == (base, "")
    else:
        assert hit_ids(answer) == by_design


@given(advisories(), st.text(max_size=30), st.text(max_size=12), NAMES)
def test_no_version_and_no_vendor_breaks_it_or_passes_in_silence(
    records: list[Advisory], version: str, vendor: str, name: str
) -> None:
    answer = asked(records, version, vendor, name)
    assert {gap.kind for gap in answer.gaps} <= GAPS.keys()
    assert all(gap.what and gap.why and gap.remedy for gap in answer.gaps)
    known = any(character.isdigit() for character in version)
    assert known or [gap.kind for gap in answer.gaps if gap.kind == "unparsable-version"]


@given(advisories(), VERSIONS)
def test_a_linux_node_has_never_more_than_a_node_whose_system_is_not_known(
    records: list[Advisory], version: str
) -> None:
    linux = hit_ids(asked(records, version, platform="linux"))
    windows = hit_ids(asked(records, version, platform="windows"))
    unknown = hit_ids(asked(records, version))
    assert linux <= windows == unknown
    assert {cve for cve in windows - linux if not FACTS[cve].windows} == set()


def test_every_fact_names_its_source_and_says_something() -> None:
    for cve, fact in FACTS.items():
        said = (fact.components, fact.windows, fact.by_design, fact.condition, fact.announced, fact.source != "text")
        assert fact.source and any(said), cve
        assert set(fact.components) <= set(CORE), cve
        assert not (fact.by_design and (fact.announced or fact.windows)), cve


def test_every_vendor_names_its_source_and_where_it_announces_fixes() -> None:
    for name, vendor in VENDORS.items():
        assert vendor.name == name and vendor.source and vendor.bulletins
        assert not API.startswith(vendor.own) if vendor.own else True
