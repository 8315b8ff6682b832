"""Trap 10: which component of Kubernetes a record is about, on which nodes, and what no version will ever fix."""

from __future__ import annotations

import json
from collections.abc import Sequence

import msgspec
import pytest
from tests.findings.announced import API, CORE, KUBELET
from tests.traps.answers import index_of, record, upto

from oakum.advisories.index import Index
from oakum.advisories.model import Advisory
from oakum.advisories.parsers import parse
from oakum.findings.judge import judge
from oakum.findings.match import match
from oakum.findings.model import Matched
from oakum.fleet.packages import Package, package_set

BY_DESIGN = {
    "CVE-2020-8554": API, "CVE-2020-8561": API, "CVE-2020-8562": API, "CVE-2021-25740": API, "CVE-2025-1767": KUBELET,
}  # fmt: skip
WHOLE = "k8s.io/kubernetes"


def component(name: str, version: str, vendor: str = "") -> Package:
    return Package(type="kubernetes", name=name, version=version, vendor=vendor)


def asked(index: Index, package: Package, platform: str = "") -> Matched:
    return match(package_set(None, [package]), index, kind="component", platform=platform)


def hit_ids(answer: Matched) -> list[str]:
    return sorted(hit.record.advisory.id for hit in answer.hits)


def official(*cves: str) -> list[Advisory]:
    """The project's own feed (a JSON Feed), which names vulnerabilities and no versions."""
    items = [{"id": cve, "summary": cve, "date_published": "2021-07-14T00:00:00Z"} for cve in cves]
    feed = {"version": "https://jsonfeed.org/version/1.1", "items": items, "_kubernetes_io": {"updated_at": ""}}
    return [fact for fact in parse(json.dumps(feed).encode(), name="index.json").facts if isinstance(fact, Advisory)]


def test_trap_10_kubernetes_components_get_only_the_records_about_them() -> None:
    index = index_of(record("CVE-2024-1", upto("kubernetes", KUBELET, "1.29.3")))
    assert [name for name in CORE if hit_ids(asked(index, component(name, "v1.29.2")))] == [KUBELET]


def test_trap_10_kubernetes_components_share_what_is_said_of_kubernetes_as_a_whole() -> None:
    index = index_of(record("CVE-2024-1", upto("kubernetes", WHOLE, "1.29.3")))
    assert [name for name in CORE if hit_ids(asked(index, component(name, "v1.29.2")))] == list(CORE)
    for other in ("k8s.io/kubectl", "k8s.io/client-go", "k8s.io/ingress-nginx"):
        assert hit_ids(asked(index, component(other, "v1.29.2"))) == []


def test_trap_10_kubernetes_components_as_a_whole_have_the_flaws_of_each() -> None:
    index = index_of(
        record("CVE-2024-1", upto("kubernetes", KUBELET, "1.29.3")),
        record("CVE-2024-2", upto("kubernetes", WHOLE, "1.29.3")),
        record("CVE-2024-3", upto("kubernetes", "k8s.io/kubectl", "1.29.3")),
        *official("CVE-2020-8554"),
    )
    assert hit_ids(asked(index, component(WHOLE, "v1.29.2"))) == ["CVE-2020-8554", "CVE-2024-1", "CVE-2024-2"]


@pytest.mark.parametrize(("build", "hits", "gaps"), [("v1.27.16", 1, 0), ("v1.27.101", 0, 1), ("v1.28.5", 0, 0)])
def test_trap_10_kubernetes_components_builds_of_a_cloud_beyond_upstreams_last_may_hold_more(
    build: str, hits: int, gaps: int
) -> None:
    index = index_of(record("CVE-2024-1", upto("kubernetes", KUBELET, "1.28.5")))
    answer = asked(index, component(KUBELET, build), "linux")
    assert (len(answer.hits), [gap.kind for gap in answer.gaps]) == (hits, ["vendor-build"] * gaps)


def test_trap_10_kubernetes_components_in_two_numbers_of_one_record_count_once() -> None:
    both = record("CVE-2024-1", upto("kubernetes", WHOLE, "1.29.3"), upto("kubernetes", KUBELET, "1.29.3"))
    assert hit_ids(asked(index_of(both), component(KUBELET, "v1.29.2"))) == ["CVE-2024-1"]


@pytest.mark.parametrize(("platform", "hit"), [("windows", True), ("", True), ("linux", False)])
def test_trap_10_kubernetes_components_windows_flaws_need_a_windows_node(platform: str, hit: bool) -> None:
    index = index_of(record("CVE-2023-5528", upto("kubernetes", KUBELET, "1.28.4", since="1.8.0")))
    answer = asked(index, component(KUBELET, "v1.28.3"), platform)
    assert bool(answer.hits) == hit
    assert [("Windows nodes only" in one.why, "linux" in one.why) for one in answer.cleared] == (
        [] if hit else [(True, True)]
    )
    unsure = [note for one in answer.hits for note in one.notes if "not known" in note]
    assert len(unsure) == (platform == "" and hit)


@pytest.mark.parametrize("build", ["v1.36.1", "v1.36.1-gke.1", "v1.36.1+k3s1", "v1.36.1-acme.1", "v1.2.0", "latest"])
@pytest.mark.parametrize("cve", BY_DESIGN)
def test_trap_10_kubernetes_components_flaws_of_design_stay_open_in_every_build(cve: str, build: str) -> None:
    index = index_of(*official(cve))
    package = component(BY_DESIGN[cve], build)
    answer = asked(index, package, "linux")
    assert hit_ids(answer) == [cve]
    (finding,) = judge(answer, package_set(None, [package]), ("a",))
    assert (finding.fix.state, finding.fix.version) == ("none", "")
    assert any("no version will fix it; mitigation: " in note for note in finding.notes)
    for name in set(CORE) - {BY_DESIGN[cve]}:
        assert hit_ids(asked(index, component(name, build), "linux")) == []


def test_trap_10_kubernetes_components_a_fix_that_a_record_claims_for_a_flaw_of_design_closes_nothing() -> None:
    index = index_of(record("CVE-2020-8562", upto("kubernetes", API, "1.22.0")))
    assert hit_ids(asked(index, component(API, "v1.29.2"))) == ["CVE-2020-8562"]


def test_trap_10_kubernetes_components_a_flaw_without_versions_is_a_gap_and_not_clean() -> None:
    index = index_of(*official("CVE-2025-9999", "CVE-2024-3177", "CVE-2020-8554"))
    for name in CORE:
        (gap,) = asked(index, component(name, "v1.29.2"), "linux").gaps
        assert (gap.kind, gap.what) == (
            "unusable-advisory",
            "2 vulnerabilities of Kubernetes (CVE-2024-3177, CVE-2025-9999)",
        )


def test_trap_10_kubernetes_components_versions_of_another_source_complete_the_projects_own_feed() -> None:
    ranged = [record("CVE-2024-3177", upto("kubernetes", API, "1.29.4"))]
    index = index_of(project=official("CVE-2024-3177"), ranges=ranged)
    answer = asked(index, component(API, "v1.29.3"), "linux")
    assert (hit_ids(answer), answer.gaps) == (["CVE-2024-3177"], ())
    assert asked(index, component(API, "v1.29.4"), "linux").gaps == ()


@pytest.mark.parametrize("build", ["v1.29.3-eks-ae9a62a", "v1.29.3+k3s9", "v1.29.2-eks-1-29-7", "v1.29.2+k3s1"])
def test_trap_10_kubernetes_components_fixes_of_another_vendor_say_nothing(build: str) -> None:
    index = index_of(record("GCP-1", upto("kubernetes", KUBELET, "1.29.3-gke.1282000")))
    answer = asked(index, component(KUBELET, build), "linux")
    assert (answer.hits, [gap.kind for gap in answer.gaps]) == ((), ["vendor-build"])
    assert "names builds by GKE" in answer.gaps[0].why


@pytest.mark.parametrize(
    ("build", "hits", "gaps"),
    [
        ("v1.29.2-gke.1521000", [], 0),
        ("v1.29.2-gke.1520000", ["GCP-1"], 0),
        ("v1.29.3-gke.1", [], 0),
        ("v1.29.2-eks-ae9a62a", [], 1),
        ("v1.29.2", ["CVE-2024-1", "GCP-1"], 0),
    ],
)
def test_trap_10_kubernetes_components_the_vendors_own_word_decides_about_its_builds(
    build: str, hits: Sequence[str], gaps: int
) -> None:
    theirs = [record("GCP-1", upto("kubernetes", KUBELET, "1.29.2-gke.1521000"), aliases=("CVE-2024-1",))]
    index = index_of(upstream=[record("CVE-2024-1", upto("kubernetes", KUBELET, "1.29.3"))], google=theirs)
    answer = asked(index, component(KUBELET, build), "linux")
    assert (hit_ids(answer), len(answer.gaps)) == (list(hits), gaps)


def test_trap_10_kubernetes_components_an_announcement_of_upstream_adds_nothing_to_a_vendors_own_word() -> None:
    theirs = record("GCP-1", upto("kubernetes", KUBELET, "1.19.14-gke.100"), aliases=("CVE-2021-25741",))
    for build, hits in (("v1.19.14-gke.99", ["GCP-1"]), ("v1.19.14-gke.100", []), ("v1.19.14-gke.101", [])):
        answer = asked(index_of(theirs), component(KUBELET, build), "linux")
        assert (hit_ids(answer), answer.gaps) == (hits, ())
    upstream = record("CVE-2021-25741", upto("kubernetes", KUBELET, "1.19.16"))
    answer = asked(index_of(upstream=[upstream], google=[theirs]), component(KUBELET, "v1.19.14-gke.101"), "linux")
    assert (answer.hits, answer.gaps) == ((), ())
    assert ["1.19.14-gke.100 has the fix" in one.why for one in answer.cleared] == [True]


def test_trap_10_kubernetes_components_a_denial_by_another_source_closes_a_record_for_every_build() -> None:
    no = msgspec.structs.replace(upto("kubernetes", API), ranges=(), state="not affected", state_class="not-affected")
    index = index_of(
        one=[record("CVE-2024-1", upto("kubernetes", API, "1.29.3"))], other=[record("CVE-2024-1", no)]
    )  # fmt: skip
    for build in ("v1.29.2", "v1.29.2+k3s1", "v1.29.2-gke.1"):
        answer = asked(index, component(API, build), "linux")
        assert (answer.hits, answer.gaps) == ((), ())
        assert any("other says of CVE-2024-1 that it is not affected" in one.why for one in answer.cleared)


def test_trap_10_kubernetes_components_sources_that_disagree_about_a_fix_are_both_heard() -> None:
    index = index_of(
        one=[record("CVE-2024-3177", upto("kubernetes", API))],
        other=[record("CVE-2024-3177", upto("kubernetes", API, "1.29.4"))],
    )
    (hit,) = asked(index, component(API, "v1.29.4"), "linux").hits
    assert [("envFrom" in note, "says fixed in 1.29.4, which is installed" in note) for note in hit.notes] == [
        (True, False), (False, True),
    ]  # fmt: skip


def test_trap_10_kubernetes_components_two_builds_that_only_a_hash_tells_apart_are_not_compared() -> None:
    index = index_of(record("ALAS-1", upto("kubernetes", KUBELET, "1.29.3-eks-ae9a62a")))
    for build in ("v1.29.3-eks-0000000", "v1.29.3-eks-fffffff"):
        answer = asked(index, component(KUBELET, build), "linux")
        assert (answer.hits, [gap.kind for gap in answer.gaps]) == ((), ["vendor-build"])
        assert "which of the two is newer" in answer.gaps[0].why
    assert hit_ids(asked(index, component(KUBELET, "v1.29.2-eks-fffffff"), "linux")) == ["ALAS-1"]
    assert asked(index, component(KUBELET, "v1.29.3-eks-ae9a62a"), "linux").gaps == ()
