"""Kubernetes builds: trap 10, and the forms in which vendors name their builds."""

from __future__ import annotations

import pytest
from tests.versions.pairs import osv_versions

from oakum.versions import Unparsable, compare, kubernetes, scheme

BUILDS = [
    "v1.29.3-eks-ae9a62a", "v1.29.3-eks-1-29-7", "v1.29.3-gke.1282000", "v1.29.3+k3s2", "v1.29.3-k3s2",
    "v1.29.3+rke2r1", "v1.29.3+vmware.1-fips", "v1.29.3-aks", "v1.29.3+IKS", "v1.29.3+k0s.0", "v1.29.3+4fab27b",
    "v1.29.3-aliyun.1", "v1.29.3-tke.3", "v1.29.3-5-gabcdef0", "v1.29.3-hotfix.20240301", "v1.29.3-r0-28.0.4",
]  # fmt: skip


def sign(left: str, right: str) -> str:
    known = scheme("kubernetes")
    assert known is not None
    return compare(known, left, right).sign


@pytest.mark.parametrize("build", BUILDS)
def test_trap_10_a_vendor_build_is_never_below_its_base(build: str) -> None:
    assert sign(build, "1.29.3") == ">"
    assert sign("v1.29.3", build) == "<"
    assert sign(build, "v1.29.4-alpha.0") == "<"
    assert sign(build, "v1.29.3-rc.2") == ">"
    assert sign(build, "v1.30.0-gke.1") == "<"
    assert sign(build, build.removeprefix("v")) == "="


@pytest.mark.parametrize(
    "ascending",
    [
        ("v1.29.0-0", "v1.29.0-alpha.1", "v1.29.0-alpha.10", "v1.29.0-beta.0", "v1.29.0-rc", "v1.29.0-rc.1", "v1.29.0"),
        ("v1.30.0-rc.1", "v1.30.0-rc.1+k3s1", "v1.30.0-rc2", "v1.30.0", "v1.30.0+k3s1"),
        ("v1.29.3-gke.93000", "v1.29.3-gke.1093000", "v1.29.3-gke.1282000", "v1.29.3-gke.1282000.1"),
        ("v1.29.3+k3s1", "v1.29.3-k3s2", "v1.29.3+k3s10"),
        ("v1.29.3+rke2r1", "v1.29.3-rke2r2-build20240515", "v1.29.3+rke2r10"),
        ("v1.29.3+vmware.1-fips.1", "v1.29.3+vmware.2", "v1.29.3+vmware.11-fips.1"),
        ("v1.29.3-eks-1-29-7", "v1.29.3-eks-1-29-12"),
        ("v1.29.3+k0s.0", "v1.29.3+k0s.1"),
    ],
)
def test_trap_10_what_has_an_order_is_ordered(ascending: tuple[str, ...]) -> None:
    for at, left in enumerate(ascending):
        assert [sign(left, right) for right in ascending[at + 1 :]] == ["<"] * (len(ascending) - at - 1)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("v1.29.3-gke.1282000", "v1.29.3+k3s2"),
        ("v1.29.3-eks-ae9a62a", "v1.29.3-eks-b77c3f2"),
        ("v1.29.3-eks-ae9a62a", "v1.29.3-eks-1-29-7"),
        ("v1.29.3+4fab27b", "v1.29.3+5fab27b"),
        ("v1.29.3+4fab27b", "v1.29.3+k3s1"),
        ("v1.29.3+vmware.1", "v1.29.3+vmware.1-fips.1"),
    ],
)
def test_trap_10_other_builds_of_one_base_are_not_comparable(left: str, right: str) -> None:
    known = scheme("k8s")
    assert known is not None
    answer = compare(known, left, right)
    assert answer.sign == "?"
    assert left in answer.why
    assert right in answer.why
    assert compare(known, right, left).sign == "?"


@pytest.mark.parametrize("text", ["", "1.29+", "1", "v1.29.3.4", "latest", "1.29.x", "v1.29.3 ", "v1.29.3-"])
def test_what_names_no_release_says_why(text: str) -> None:
    key = kubernetes.key(text)
    if text == "v1.29.3 ":
        assert key == kubernetes.key("1.29.3")
    else:
        assert isinstance(key, Unparsable)
        assert key.why


def test_every_version_of_the_official_feed_has_a_place() -> None:
    versions = osv_versions("kubernetes-sig-cve-feed.jsonl.gz")
    assert len(versions) > 100
    assert not [version for version in versions if isinstance(kubernetes.key(version), Unparsable)]


@pytest.mark.parametrize(
    ("text", "vendor", "base"),
    [
        ("v1.29.3", None, "v1.29.3"),
        ("1.30.0-rc.1", None, "1.30.0-rc.1"),
        ("v1.29.3-eks-ae9a62a", "EKS", "v1.29.3"),
        ("v1.10.1-eksbuild.1", "EKS", "v1.10.1"),
        ("v1.29.3-eks-1-29-7", "EKS Distro", "v1.29.3"),
        ("v1.29.3-gke.1282000", "GKE", "v1.29.3"),
        ("v1.30.0-rc.1+k3s1", "k3s", "v1.30.0-rc.1"),
        ("v1.29.3-rke2r1", "RKE2", "v1.29.3"),
        ("v1.24.17-rancher1-1", "RKE", "v1.24.17"),
        ("v1.29.3+k0s.0", "k0s", "v1.29.3"),
        ("v1.29.3+vmware.1-fips.1", "VMware", "v1.29.3"),
        ("v1.29.3-hotfix.20240301", "AKS", "v1.29.3"),
        ("v1.27.14-akslts", "AKS", "v1.27.14"),
        ("v1.27.101-akslts", "AKS", "v1.27.101"),
        ("v1.27.101", "AKS", "v1.27.101"),
        ("v1.29.3+IKS", "IBM Cloud", "v1.29.3"),
        ("v1.29.3-aliyun.1", "Alibaba Cloud", "v1.29.3"),
        ("v1.29.3-tke.3", "Tencent Cloud", "v1.29.3"),
        ("v1.29.3+4fab27b", "", "v1.29.3"),
        ("v1.18.2-41+b5cdb79a4060a3", "", "v1.18.2"),
        ("latest", None, "latest"),
    ],
)
def test_trap_10_a_build_tells_who_made_it_and_of_which_version(text: str, vendor: str | None, base: str) -> None:
    assert (kubernetes.vendor(text), kubernetes.base(text)) == (vendor, base)
