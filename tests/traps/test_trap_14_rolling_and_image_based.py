"""Trap 14: systems without releases are scoped by their name, systems without a package database are a gap."""

from __future__ import annotations

import msgspec
import pytest
from tests.traps.answers import findings, ids, index_of, matched, record, upto

from oakum.findings.match import match
from oakum.fleet.cluster.components import parse_components
from oakum.fleet.cluster.nodes import facts_of, node_asset
from oakum.fleet.cluster.objects import Node
from oakum.fleet.ecosystems import release_from_os_release
from oakum.fleet.packages import Package
from oakum.fleet.releases import Release


def test_trap_14_rolling_and_image_based_wolfi_needs_no_release() -> None:
    release = release_from_os_release({"ID": "wolfi", "VERSION_ID": "20230201", "PRETTY_NAME": "Wolfi"})
    assert release is not None and release.scope == "wolfi"
    index = index_of(record("CGA-1", upto("wolfi", "curl", "8.7.1-r0")))
    curl = Package(type="apk", name="curl", version="8.6.0-r0", source="curl", source_version="8.6.0-r0")
    assert ids(findings(index, release, curl)) == ["CGA-1"]


@pytest.mark.parametrize(
    "fields",
    [
        {"ID": "talos", "VERSION_ID": "v1.7.0"},
        {"ID": "flatcar", "VERSION_ID": "3815.2.0"},
        {"ID": "bottlerocket", "VERSION_ID": "1.19.0"},
        {"ID": "cos", "VERSION_ID": "109"},
        {"ID": "almalinux", "VERSION_ID": "8.10"},
    ],
    ids=lambda fields: fields["ID"],
)
def test_trap_14_rolling_and_image_based_a_system_without_a_package_list_is_a_gap(fields: dict[str, str]) -> None:
    release = release_from_os_release(fields)
    assert isinstance(release, Release)
    answer = matched(index_of(record("ALSA-1", upto("almalinux:8", "bash", "9"))), release)
    (gap,) = answer.gaps
    assert gap.kind == "incomplete-inventory"
    assert release.scope in gap.what


@pytest.mark.parametrize(
    ("image", "kubelet", "ids_", "kinds"),
    [
        ("Talos (v1.6.7)", "v1.29.2", ["CVE-2024-1"], ["no-feed"]),
        ("Flatcar Container Linux by Kinvolk 3815.2.0", "v1.29.2", ["CVE-2024-1"], ["no-feed"]),
        ("Bottlerocket OS 1.19.0 (aws-k8s-1.29)", "v1.29.2-eks-5e0fdde", [], ["no-feed", "vendor-build"]),
        ("Container-Optimized OS from Google", "v1.29.2-gke.1060000", [], ["vendor-build"]),
        ("Red Hat Enterprise Linux CoreOS 416.94", "v1.29.2+f67aeb3", [], ["vendor-build"]),
        ("Talos (v1.6.8)", "v1.29.3", [], ["no-feed"]),
        ("Container-Optimized OS from Google", "v1.29.3-gke.1", [], []),
    ],
)
def test_trap_14_rolling_and_image_based_nodes_have_their_kubelet_judged_and_their_packages_as_a_gap(
    image: str, kubelet: str, ids_: list[str], kinds: list[str]
) -> None:
    info = {"osImage": image, "kubeletVersion": kubelet, "containerRuntimeVersion": "containerd://1.7.13"}
    node = msgspec.convert({"metadata": {"name": "n"}, "status": {"nodeInfo": info}}, Node)
    facts = facts_of(node, parse_components(b"components: []\n", "rules"))
    asset = node_asset(node, "n", facts, source="test", proxy_in_pods=True)
    # The version of Flatcar alone tells what there is to tell; the packages of the others are known on the node only.
    assert [gap.kind for gap in asset.gaps] == ([] if "Flatcar" in image else ["unread-node"])
    assert all(image in gap.what for gap in asset.gaps)
    index = index_of(
        record("CVE-2024-1", upto("kubernetes", "k8s.io/kubelet", "1.29.3")),
        record("GO-1", upto("golang", "github.com/containerd/containerd", "1.7.11")),
    )
    answer = match(asset.packages, index, kind=asset.kind, platform="linux")
    assert [hit.record.advisory.id for hit in answer.hits] == ids_
    assert sorted(gap.kind for gap in answer.gaps) == kinds
