"""Bills of materials of clusters (KBOM): what the judge of components assesses, and what is not in them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.data import shared
from tests.fleet.notations import cyclonedx_xml

from oakum.fleet.assets import Asset
from oakum.fleet.packages import DISTRIBUTION
from oakum.fleet.sbom import read
from oakum.local.components import component_rules

Json = dict[str, Any]
RULES = component_rules()
PREFIX = "aquasecurity:trivy:"


def cluster(*components: Json, version: str = "1.29.3") -> Asset:
    subject = part(
        "k8s.io/kubernetes", version, type="platform", **{"resource:Name": "prod", "resource:Type": "cluster"}
    )
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": "urn:uuid:1",
        "metadata": {"component": subject},
        "components": list(components),
    }
    return read(json.dumps(bom).encode(), name="x", rules=lambda: RULES)


def part(name: str, version: str = "", purl: str | None = None, type: str = "application", **said: str) -> Json:
    if purl is None and name.startswith("k8s.io/"):
        purl = f"pkg:k8s/{name.replace('/', '%2F')}@{version}"
    listed = [{"name": PREFIX + key, "value": value} for key, value in said.items()]
    return {"type": type, "name": name, "version": version, "properties": listed, **({"purl": purl} if purl else {})}


def node(name: str, system: str = "linux") -> Json:
    return part(name, type="platform", NodeRole="worker", HostName=name, OperatingSystem=system)


def system(name: str, version: str) -> Json:
    return part(name, version, type="operating-system")


def image(reference: str) -> Json:
    name = reference.partition(":")[0]
    return part(name, "sha256:" + "0" * 64, f"pkg:oci/x@sha256:{'0' * 64}", type="container", PkgID=reference)


def found(asset: Asset) -> dict[str, str]:
    return {package.name: package.version for package in asset.packages.packages}


def test_the_parts_of_a_real_cluster_are_assessed() -> None:
    file = shared("sbom/kbom.json")
    asset = read(file.read_bytes(), name=file.name, rules=lambda: RULES)
    kubernetes = {p.name: p.version for p in asset.packages.packages if p.type == "kubernetes"}
    assert kubernetes == {
        f"k8s.io/{name}": "1.27.4"
        for name in ("apiserver", "controller-manager", "kube-proxy", "kube-scheduler", "kubelet")
    }
    modules = {p.name: p.version for p in asset.packages.packages if p.type == "golang"}
    assert modules == {
        "github.com/coredns/coredns": "v1.10.1",
        "github.com/docker/docker": "v24.0.4",
        "go.etcd.io/etcd/server/v3": "v3.5.7",
        "go.etcd.io/etcd/v3": "v3.5.7",
    }
    assert (asset.name, asset.platform) == ("minikube", "linux")
    assert asset.packages.release is not None
    assert asset.packages.release.scope == "ubuntu:22.04"
    assert [(gap.kind, gap.what) for gap in asset.gaps] == [
        ("unread-node", "the packages of minikube (ubuntu 22.04.2)"),
        (
            "unread-image",
            "the contents of 6 images (registry.k8s.io/coredns/coredns:1.10.1, registry.k8s.io/etcd:3.5.7-0, "
            "registry.k8s.io/kube-apiserver:1.27.4, registry.k8s.io/kube-controller-manager:1.27.4, "
            "registry.k8s.io/kube-proxy:1.27.4, ...)",
        ),
    ]


def test_a_cluster_in_xml_is_the_same_cluster() -> None:
    file = shared("sbom/kbom.json")
    bom = json.loads(file.read_bytes())
    expected = read(file.read_bytes(), name="x", rules=lambda: RULES)
    asset = read(cyclonedx_xml(bom, "1.5"), name="x", rules=lambda: RULES)
    assert (asset.packages, asset.gaps, asset.platform) == (expected.packages, expected.gaps, expected.platform)


def test_without_rules_images_are_not_guessed() -> None:
    file = shared("sbom/kbom.json")
    asset = read(file.read_bytes(), name=file.name)
    assert "github.com/coredns/coredns" not in found(asset)
    assert found(asset)["k8s.io/kubelet"] == "1.27.4"
    assert "unread-image" in {gap.kind for gap in asset.gaps}


@pytest.mark.parametrize(
    ("name", "version", "module", "expected", "vendor"),
    [
        ("github.com/containerd/containerd", "1.7.1", "github.com/containerd/containerd", "v1.7.1", ""),
        ("containerd", "2.0.4", "github.com/containerd/containerd/v2", "v2.0.4", ""),
        ("containerd", "1.6.20~ds1", "github.com/containerd/containerd", "v1.6.20", DISTRIBUTION),
        ("github.com/cri-o/cri-o", "1.29.1", "github.com/cri-o/cri-o", "v1.29.1", ""),
    ],
)
def test_a_runtime_is_its_module(name: str, version: str, module: str, expected: str, vendor: str) -> None:
    one = part(name, version, f"pkg:golang/{name}@{version}", **{"resource:Type": "node"})
    (package,) = [each for each in cluster(one).packages.packages if each.type == "golang"]
    assert (package.name, package.version, package.vendor) == (module, expected, vendor)


def test_a_control_plane_that_is_not_seen_is_the_cluster_as_a_whole() -> None:
    assert found(cluster(part("k8s.io/kubelet", "1.29.3"))) == {
        "k8s.io/kubelet": "1.29.3",
        "k8s.io/kubernetes": "1.29.3",
    }
    assert found(cluster(part("k8s.io/apiserver", "1.29.3"))) == {"k8s.io/apiserver": "1.29.3"}


def test_a_vendor_s_nodes_make_the_whole_cluster_that_vendor_s() -> None:
    version = "1.29.3-eks-ae9a62a"
    runtime = part("containerd", "1.7.1", "pkg:golang/containerd@1.7.1", **{"resource:Type": "node"})
    asset = cluster(part("k8s.io/kubelet", f"v{version}"), runtime, version=version)
    vendors = {package.name: package.vendor for package in asset.packages.packages}
    assert vendors["k8s.io/kubelet"] == "EKS"
    assert vendors["github.com/containerd/containerd"] == "EKS"


def test_nodes_of_several_systems_have_no_platform_and_no_release_in_common() -> None:
    asset = cluster(node("a"), node("b", "windows"), system("ubuntu", "22.04"), system("windows", "2022"))
    assert asset.platform == ""
    assert asset.packages.release is None
    (gap,) = asset.gaps
    assert (gap.kind, gap.what) == ("unread-node", "the packages of a, b (ubuntu 22.04, windows 2022)")
    assert cluster(node("a"), node("b")).platform == "linux"


def test_what_is_not_known_is_said() -> None:
    asset = cluster(
        image("registry.example.org/team/thing:1.0"),
        image("not a reference"),
        part("rkt", "1.30.0", "pkg:golang/rkt@1.30.0", **{"resource:Type": "node"}),
        part("some-thing", "1.0"),
        part("node-core-components"),
    )
    gaps = [(gap.kind, gap.what) for gap in asset.gaps]
    assert gaps == [
        ("unknown-component", "image registry.example.org/team/thing:1.0"),
        ("unknown-component", "image not a reference"),
        ("unknown-component", "rkt 1.30.0"),
        ("unknown-component", "some-thing 1.0"),
        ("unread-image", "the contents of 2 images (not a reference, registry.example.org/team/thing:1.0)"),
    ]
    assert all(gap.remedy for gap in asset.gaps)


def test_an_image_whose_component_is_listed_is_not_counted_twice() -> None:
    asset = cluster(part("k8s.io/apiserver", "1.29.3"), image("registry.k8s.io/kube-apiserver:v1.29.3"))
    assert [each.version for each in asset.packages.packages if each.name == "k8s.io/apiserver"] == ["1.29.3"]
    alone = cluster(image("registry.k8s.io/kube-apiserver:v1.29.3"))
    assert found(alone)["k8s.io/apiserver"] == "v1.29.3"
