"""Kubernetes' vulnerabilities over vendors' builds: the program against what the announcements say, cell by cell.

The expected answer is made from two things written down by hand: the announcements (``announced``), and for each form
of build who makes it and whether that maker changes upstream's code. A build at or above the fix has it; below it, a
packaging of upstream lacks it, and of any other build only its maker knows.
"""

from __future__ import annotations

import gzip
import json
from functools import cache
from itertools import product
from typing import Literal, NamedTuple

import pytest
from tests.data import shared
from tests.findings.announced import (
    ANNOUNCED,
    API,
    AZURE_FILE,
    CLIENT,
    CORE,
    CSI_PROXY,
    INGRESS_NGINX,
    KUBECTL,
    KUBELET,
    SECRETS_STORE,
)
from tests.traps.answers import index_of, record, upto

from oakum.advisories.index import Index
from oakum.advisories.model import Advisory
from oakum.advisories.parsers import parse
from oakum.findings.match import match
from oakum.findings.model import Matched
from oakum.fleet.packages import Package, package_set

Word = Literal["affected", "not affected", "not assessable"]
#: What a build is below the fixed version, and at or above it.
UPSTREAM_CODE: tuple[Word, Word] = ("affected", "not affected")
OWN_FIXES: tuple[Word, Word] = ("not assessable", "not affected")
NOBODY_KNOWN: tuple[Word, Word] = ("not assessable", "not assessable")


class Build(NamedTuple):
    """How a maker writes a version, what the inventory knows about the maker, and what its version tells."""

    form: str
    vendor: str
    told: tuple[Word, Word]


BUILDS = {
    "upstream": Build("v{}", "", UPSTREAM_CODE),
    "EKS": Build("v{}-eks-ae9a62a", "EKS", OWN_FIXES),
    "EKS, by the mark alone": Build("v{}-eks-036c24b", "", OWN_FIXES),
    "EKS Distro": Build("v{}-eks-1-29-7", "EKS Distro", OWN_FIXES),
    "GKE": Build("v{}-gke.1282000", "GKE", OWN_FIXES),
    "GKE, with a dot": Build("v{}-gke.1093000.1", "", OWN_FIXES),
    "OpenShift": Build("v{}+f67aeb3", "OpenShift", OWN_FIXES),
    "AKS, plain as upstream": Build("v{}", "AKS", OWN_FIXES),
    "AKS, hot fix": Build("v{}-hotfix.20240301", "AKS", OWN_FIXES),
    "VMware": Build("v{}+vmware.1", "VMware", OWN_FIXES),
    "VMware, FIPS": Build("v{}+vmware.1-fips.1", "", OWN_FIXES),
    "Alibaba Cloud": Build("v{}-aliyun.1", "", OWN_FIXES),
    "Tencent Cloud": Build("v{}-tke.3", "", OWN_FIXES),
    "IBM Cloud": Build("v{}+IKS", "", OWN_FIXES),
    "k3s": Build("v{}+k3s2", "k3s", UPSTREAM_CODE),
    "k3s, as a tag": Build("v{}-k3s1", "", UPSTREAM_CODE),
    "RKE2": Build("v{}+rke2r1", "RKE2", UPSTREAM_CODE),
    "RKE": Build("v{}-rancher1-1", "RKE", UPSTREAM_CODE),
    "k0s": Build("v{}+k0s.0", "k0s", UPSTREAM_CODE),
    "a hash of nobody known": Build("v{}+4fab27b", "", NOBODY_KNOWN),
    "a mark of nobody known": Build("v{}-acme.1", "", NOBODY_KNOWN),
    "an old microk8s": Build("v{}-41+b5cdb79a4060a3", "", NOBODY_KNOWN),
}  # fmt: skip
RELEASES = (
    "1.9.3", "1.9.9", "1.12.4", "1.13.6", "1.13.10", "1.15.3", "1.15.9", "1.16.10", "1.17.12", "1.18.17", "1.19.2",
    "1.20.7", "1.21.14", "1.22.1", "1.24.16", "1.25.3", "1.27.2", "1.28.0", "1.29.3", "1.29.4", "1.30.2", "1.31.0",
)  # fmt: skip
PLATFORMS = ("linux", "windows", "")


def test_the_table_is_as_large_as_it_must_be() -> None:
    makers = {name.partition(",")[0] for name, build in BUILDS.items() if build.told != NOBODY_KNOWN}
    assert len(BUILDS) >= 12 and len(makers) >= 6 and len(RELEASES) >= 10


def test_the_announcements_are_those_of_the_feed() -> None:
    with gzip.open(shared("advisories/kubernetes-sig-cve-feed.jsonl.gz")) as lines:
        assert {json.loads(line)["id"] for line in lines} == set(ANNOUNCED)
    assert len(ANNOUNCED) == 47


@pytest.mark.parametrize("build", BUILDS.values(), ids=BUILDS)
def test_trap_10_every_component_of_every_release_in_a_vendors_build(build: Build) -> None:
    wrong = []
    for release, component, platform in product(RELEASES, (*CORE, KUBECTL, CLIENT), PLATFORMS):
        package = Package(type="kubernetes", name=component, version=build.form.format(release), vendor=build.vendor)
        answer = matched(package, platform)
        said = words(answer)
        for cve in ANNOUNCED:
            expected = expected_word(cve, release, component, platform, build)
            if said.get(cve, rest(answer)) != expected:
                wrong.append((package.version, component, platform, cve, expected, said.get(cve, rest(answer))))
    assert wrong == []


@pytest.mark.parametrize(
    ("component", "version", "platform", "expected"),
    [
        (KUBECTL, "v1.9.5", "", {"CVE-2018-1002100", "CVE-2019-11244", "CVE-2019-11249", "CVE-2020-8565"}),
        (KUBECTL, "v1.15.1", "", {"CVE-2019-11249", "CVE-2020-8565"}),
        (KUBECTL, "v1.15.3", "", {"CVE-2019-11251", "CVE-2020-8565"}),
        (KUBECTL, "v1.19.6", "", set()),
        (CLIENT, "v1.12.4", "", {"CVE-2019-11243"}),
        (CLIENT, "v1.13.1", "", set()),
        (SECRETS_STORE, "v1.3.2", "linux", {"CVE-2023-2878"}),
        (SECRETS_STORE, "v1.3.3", "linux", set()),
        (AZURE_FILE, "v1.29.3", "linux", {"CVE-2024-3744"}),
        (AZURE_FILE, "v1.29.4", "linux", set()),
        (AZURE_FILE, "v1.30.0", "linux", {"CVE-2024-3744"}),
        (CSI_PROXY, "v1.1.2", "windows", {"CVE-2023-3893"}),
        (CSI_PROXY, "v1.1.2", "linux", set()),
        (CSI_PROXY, "v1.1.3", "windows", set()),
        (CSI_PROXY, "v2.0.0-alpha.0", "windows", {"CVE-2023-3893"}),
        (CSI_PROXY, "v2.0.0-alpha.1", "windows", set()),
        (INGRESS_NGINX, "v1.11.1", "linux", {"CVE-2024-7646"}),
        (INGRESS_NGINX, "v1.11.2", "linux", set()),
    ],
)
def test_what_is_not_part_of_kubernetes_itself_has_versions_of_its_own(
    component: str, version: str, platform: str, expected: set[str]
) -> None:
    answer = matched(Package(type="kubernetes", name=component, version=version), platform)
    assert {hit.record.advisory.id for hit in answer.hits} == expected
    assert answer.gaps == ()


def test_a_driver_that_a_cloud_develops_itself_is_upstreams_where_that_cloud_built_it() -> None:
    answer = matched(Package(type="kubernetes", name=AZURE_FILE, version="v1.29.3", vendor="AKS"), "linux")
    assert [hit.record.advisory.id for hit in answer.hits] == ["CVE-2024-3744"]
    other = matched(Package(type="kubernetes", name=AZURE_FILE, version="v1.29.3", vendor="GKE"), "linux")
    assert (other.hits, [gap.kind for gap in other.gaps]) == ((), ["vendor-build"])


def test_the_gap_of_a_vendors_build_names_vulnerabilities_and_where_the_vendor_tells() -> None:
    answer = matched(Package(type="kubernetes", name=API, version="v1.29.3-gke.1282000", vendor="GKE"), "linux")
    (gap,) = answer.gaps
    assert (gap.kind, gap.what) == ("vendor-build", f"{API} v1.29.3-gke.1282000")
    assert "CVE-2024-3177: fixed upstream in 1.29.4" in gap.why
    assert "cloud.google.com/kubernetes-engine/security-bulletins" in gap.remedy


def test_a_finding_says_under_which_configuration_it_matters() -> None:
    answer = matched(Package(type="kubernetes", name=API, version="v1.29.3"), "linux")
    (hit,) = answer.hits
    assert any("envFrom" in note for note in hit.notes)


def test_where_an_announcement_says_more_than_its_record_the_finding_says_so() -> None:
    answer = matched(Package(type="kubernetes", name=KUBELET, version="v1.22.1"), "linux")
    (hit,) = [hit for hit in answer.hits if hit.record.advisory.id == "CVE-2021-25741"]
    assert (hit.fix, hit.version) == ("1.22.2", "v1.22.1")
    assert any("its announcement does otherwise (issue 104980" in note for note in hit.notes)


def test_a_version_that_is_none_is_a_gap() -> None:
    for version in ("latest", "1.29+", "v1.29.x"):
        answer = matched(Package(type="kubernetes", name=API, version=version), "linux")
        assert (answer.hits, [gap.kind for gap in answer.gaps]) == ((), ["unparsable-version"])


def test_a_withdrawn_record_is_cleared_for_every_build() -> None:
    gone = record("CVE-2024-1", upto("kubernetes", KUBELET, "1.29.3"), withdrawn="2024-05-01T00:00:00Z")
    still = record("CVE-2024-2", upto("kubernetes", API, "1.29.3"))
    for version in ("v1.29.2", "v1.29.2-eks-ae9a62a"):
        package = Package(type="kubernetes", name=KUBELET, version=version)
        answer = match(package_set(None, [package]), index_of(gone, still))
        assert (answer.hits, answer.gaps) == ((), ())
        assert [one.why for one in answer.cleared] == ["feed withdrew it on 2024-05-01"]


def expected_word(cve: str, release: str, component: str, platform: str, build: Build) -> Word:
    below, above = build.told
    said = ANNOUNCED[cve]
    if component not in said.components or not any(holds(interval, release) for interval in said.affected.split()):
        return above
    return "not affected" if said.windows and platform == "linux" else below


def holds(interval: str, release: str) -> bool:
    first, _, fixed = interval.partition("-")
    return numbers(first) <= numbers(release) < numbers(fixed)


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def words(answer: Matched) -> dict[str, Word]:
    """What the answer says of each vulnerability that it names."""
    said: dict[str, Word] = {one.record.advisory.id: "not affected" for one in answer.cleared}
    for gap in answer.gaps:
        assert (gap.kind, bool(gap.remedy)) == ("vendor-build", True)
        said.update({cve: "not assessable" for cve in ANNOUNCED if cve in gap.why})
    said.update({hit.record.advisory.id: "affected" for hit in answer.hits})
    return said


def rest(answer: Matched) -> Word:
    """What the answer says of a vulnerability that it does not name: clear, unless the whole build is unknown."""
    return "not assessable" if any("who made this build" in gap.why for gap in answer.gaps) else "not affected"


def matched(package: Package, platform: str) -> Matched:
    return match(package_set(None, [package]), feed(), kind="component", platform=platform)


@cache
def feed() -> Index:
    path = shared("advisories/kubernetes-sig-cve-feed.jsonl.gz")
    facts = parse(gzip.decompress(path.read_bytes()), name=path.name).facts
    return index_of(*(fact for fact in facts if isinstance(fact, Advisory)))
