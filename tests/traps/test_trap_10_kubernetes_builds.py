"""Trap 10: vendors' builds of Kubernetes are never below their base, and two vendors' builds are not comparable."""

from __future__ import annotations

import pytest
from tests.traps.answers import findings, ids, index_of, library, matched, record, upto

UPSTREAM = index_of(record("CVE-2024-1", upto("kubernetes", "k8s.io/kubelet", "1.29.3")))
GKE = index_of(record("GCP-1", upto("kubernetes", "k8s.io/kubelet", "1.29.3-gke.1282000")))


@pytest.mark.parametrize("build", ["v1.29.3-eks-ae9a62a", "v1.29.3-gke.1282000", "v1.29.3+k3s2", "v1.29.3+rke2r1"])
def test_trap_10_kubernetes_builds_of_the_fixed_version_have_the_fix(build: str) -> None:
    assert ids(findings(UPSTREAM, None, library("kubernetes", "k8s.io/kubelet", build))) == []


@pytest.mark.parametrize("build", ["v1.29.2+rke2r1", "v1.29.2+k3s2", "v1.29.2"])
def test_trap_10_kubernetes_builds_of_an_older_version_lack_it(build: str) -> None:
    assert ids(findings(UPSTREAM, None, library("kubernetes", "k8s.io/kubelet", build))) == ["CVE-2024-1"]


@pytest.mark.parametrize("build", ["v1.29.2-eks-ae9a62a", "v1.29.2-gke.1", "v1.29.2+vmware.1", "v1.29.2+f67aeb3"])
def test_trap_10_kubernetes_builds_that_may_hold_a_backport_are_not_assessable_below_the_fix(build: str) -> None:
    answer = matched(UPSTREAM, None, library("kubernetes", "k8s.io/kubelet", build))
    assert (answer.hits, answer.cleared) == ((), ())
    (gap,) = answer.gaps
    assert gap.kind == "vendor-build"
    assert "CVE-2024-1" in gap.why


@pytest.mark.parametrize("build", ["v1.29.3-eks-ae9a62a", "v1.29.3+k3s9", "v1.29.3+vmware.1"])
def test_trap_10_kubernetes_builds_of_another_vendor_are_not_comparable_and_that_is_a_gap(build: str) -> None:
    answer = matched(GKE, None, library("kubernetes", "k8s.io/kubelet", build))
    assert (answer.hits, answer.cleared) == ((), ())
    (gap,) = answer.gaps
    assert gap.kind == "vendor-build"
    assert "different vendors" in gap.why


def test_trap_10_kubernetes_builds_of_the_same_vendor_are_compared() -> None:
    for build, expected in (("v1.29.3-gke.1281000", ["GCP-1"]), ("v1.29.3-gke.1282000", []), ("v1.29.3", ["GCP-1"])):
        answer = matched(GKE, None, library("kubernetes", "k8s.io/kubelet", build))
        assert [hit.record.advisory.id for hit in answer.hits] == expected
        assert answer.gaps == ()
