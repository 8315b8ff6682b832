"""The assets of a cluster: natural keys, relations, gaps for what nobody read, and what nodes say of themselves."""

from __future__ import annotations

import pytest
from tests.data import ROOT

from oakum.errors import InputError
from oakum.fleet.assets import GAPS, Asset
from oakum.fleet.cluster.components import parse_components
from oakum.fleet.cluster.dump import read_dump, read_value
from oakum.fleet.cluster.graph import Estate, estate
from oakum.fleet.packages import Package, package_set

COMPONENTS = parse_components((ROOT / "src/oakum/fleet/cluster/components.yaml").read_bytes(), "components.yaml")
A = "sha256:" + "a1" * 32
Value = dict[str, object]


def namespace(name: str, uid: str) -> Value:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "uid": uid}}


def node(name: str = "n1", uid: str = "node-1", **info: str) -> Value:
    said = {
        "kubeletVersion": "v1.29.3",
        "containerRuntimeVersion": "containerd://1.7.13",
        "operatingSystem": "linux",
    } | info
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "uid": uid}, "status": {"nodeInfo": said}}


def pod(name: str, image: str, *, where: str = "shop", on: str = "n1", image_id: str = "", **meta: object) -> Value:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": where, "uid": f"pod-{name}", **meta},
        "spec": {"nodeName": on, "containers": [{"name": "c", "image": image}]},
        "status": {"phase": "Running", "containerStatuses": [{"name": "c", "imageID": image_id}]},
    }


def built(*objects: Value, sboms: dict[str, Asset] | None = None) -> Estate:
    return estate(read_value(list(objects), name="d"), COMPONENTS, sboms=sboms)


SYSTEM = namespace("kube-system", "cluster-1")


def of_kind(found: Estate, kind: str) -> list[Asset]:
    return [asset for asset in found.assets if asset.kind == kind]


def test_keys_are_uids_and_digests_and_never_names_alone() -> None:
    found = built(SYSTEM, node(), pod("web", "nginx:1.25", image_id=f"docker.io/library/nginx@{A}"))
    keys = {asset.kind: asset.key for asset in found.assets}
    assert keys == {
        "cluster": "cluster/cluster-1",
        "node": "cluster/cluster-1/node/node-1",
        "workload": "cluster/cluster-1/workload/pod-web",
        "image": f"image/{A}",
    }


def test_a_node_that_was_made_anew_is_another_node() -> None:
    before, after = (of_kind(built(SYSTEM, node(uid=uid)), "node")[0] for uid in ("old", "new"))
    assert before.name == after.name
    assert before.key != after.key


def test_a_cluster_that_was_made_anew_is_another_cluster() -> None:
    before, after = (built(namespace("kube-system", uid), node()) for uid in ("one", "two"))
    assert {asset.key for asset in before.assets}.isdisjoint(asset.key for asset in after.assets)


def test_a_dump_without_the_clusters_identity_is_known_by_its_objects() -> None:
    one, same, other = built(node()), built(node()), built(node(uid="another"))
    assert one.assets[0].key == same.assets[0].key
    assert one.assets[0].key != other.assets[0].key


def test_relations_say_what_holds_runs_on_and_uses() -> None:
    pods = [
        pod(
            f"web-{n}",
            "nginx:1.25",
            on=on,
            image_id=f"nginx@{A}",
            ownerReferences=[
                {"kind": "StatefulSet", "name": "web", "uid": "s", "controller": True, "apiVersion": "apps/v1"}
            ],
        )
        for n, on in enumerate(["n1", "n1", "n2"])
    ]
    found = built(SYSTEM, node(), node("n2", "node-2"), *pods)
    said = {
        (each.subject.rpartition("/")[2], each.kind, each.object.rpartition("/")[2], each.count)
        for each in found.relations
    }
    assert said == {
        ("cluster-1", "holds", "node-1", 0),
        ("cluster-1", "holds", "node-2", 0),
        ("cluster-1", "holds", "s", 0),
        ("s", "runs-on", "node-1", 2),
        ("s", "runs-on", "node-2", 1),
        ("s", "uses", A, 3),
    }
    keys = {asset.key for asset in found.assets}
    assert all(each.subject in keys and each.object in keys for each in found.relations)


def test_an_image_that_nobody_read_is_a_gap_with_its_remedy() -> None:
    unknown, known = of_kind(built(SYSTEM, pod("a", "nginx:1.25", image_id=f"nginx@{A}"), pod("b", "redis:7")), "image")
    assert [gap.kind for gap in (*known.gaps, *unknown.gaps)] == ["unread-image", "unread-image"]
    assert f"--sbom {A}=FILE" in known.gaps[0].remedy
    assert "only its reference is known" in unknown.gaps[0].why
    assert (known.name, unknown.name) == ("docker.io/library/nginx:1.25", "docker.io/library/redis:7")


def test_an_sbom_speaks_for_its_digest_and_for_no_other() -> None:
    contents = package_set(None, [Package(type="golang", name="example.com/x", version="v1.0.0")])
    sbom = Asset(kind="sbom", key="sbom/x", name="x", source="CycloneDX", packages=contents)
    objects = (SYSTEM, pod("a", "nginx:1.25", image_id=f"nginx@{A}"))
    (image,) = of_kind(built(*objects, sboms={A: sbom}), "image")
    assert (image.kind, image.key, image.packages, image.gaps) == ("image", f"image/{A}", contents, ())
    with pytest.raises(InputError, match="nothing here runs"):
        built(*objects, sboms={"sha256:" + "b2" * 32: sbom})


def test_a_component_is_known_by_name_namespace_version_and_vendor() -> None:
    found = built(
        SYSTEM,
        node(),
        pod("coredns-1", "registry.k8s.io/coredns/coredns:v1.11.1", where="kube-system"),
        pod("coredns-2", "registry.k8s.io/coredns/coredns:v1.11.3", where="kube-system"),
    )
    assert [asset.key.partition("component/")[2] for asset in of_kind(found, "component")] == [
        "CoreDNS/kube-system/v1.11.1",
        "CoreDNS/kube-system/v1.11.3",
    ]
    assert {facts.name for facts in found.components.values()} == {"CoreDNS"}


def test_a_control_plane_that_no_pod_shows_is_a_gap() -> None:
    (whole,) = of_kind(built(SYSTEM, node()), "cluster")
    hidden = next(gap for gap in whole.gaps if gap.kind == "unknown-component")
    assert hidden.what == "kube-apiserver, kube-controller-manager, kube-scheduler, etcd"


def test_an_unknown_image_in_a_namespace_of_the_system_is_a_gap() -> None:
    (whole,) = of_kind(
        built(SYSTEM, pod("x", "example.com/odd:1", where="kube-system"), pod("y", "example.com/app:1")), "cluster"
    )
    assert [gap.what for gap in whole.gaps if gap.what.startswith("image")] == ["image example.com/odd in kube-system"]


NODES: list[tuple[dict[str, str], dict[str, str], set[str]]] = [
    # what the kubelet reports, packages, what is unknown
    ({}, {"k8s.io/kubelet": "v1.29.3", "github.com/containerd/containerd": "v1.7.13"}, set()),
    (
        {"containerRuntimeVersion": "containerd://2.0.1"},
        {"k8s.io/kubelet": "v1.29.3", "github.com/containerd/containerd/v2": "v2.0.1"},
        set(),
    ),
    (
        {"containerRuntimeVersion": "containerd://1.7.13-k3s1"},
        {"k8s.io/kubelet": "v1.29.3", "github.com/containerd/containerd": "v1.7.13"},
        set(),
    ),
    (
        {"containerRuntimeVersion": "cri-o://1.29.1"},
        {"k8s.io/kubelet": "v1.29.3", "github.com/cri-o/cri-o": "v1.29.1"},
        set(),
    ),
    (
        {"containerRuntimeVersion": "docker://24.0.7"},
        {"k8s.io/kubelet": "v1.29.3", "github.com/docker/docker": "v24.0.7"},
        set(),
    ),
    ({"containerRuntimeVersion": "containerd://Unknown"}, {"k8s.io/kubelet": "v1.29.3"}, {"container runtime of n1"}),
    ({"containerRuntimeVersion": "rkt://1.30.0"}, {"k8s.io/kubelet": "v1.29.3"}, {"container runtime of n1"}),
    ({"containerRuntimeVersion": ""}, {"k8s.io/kubelet": "v1.29.3"}, {"container runtime of n1"}),
    ({"kubeletVersion": ""}, {"github.com/containerd/containerd": "v1.7.13"}, {"kubelet of n1"}),
    (
        {"kubeletVersion": "v1.29.3-eks-ae9a62a"},
        {"k8s.io/kubelet": "v1.29.3-eks-ae9a62a", "github.com/containerd/containerd": "v1.7.13"},
        set(),
    ),
    (
        {"kubeProxyVersion": "v1.29.3"},
        {"k8s.io/kubelet": "v1.29.3", "github.com/containerd/containerd": "v1.7.13", "k8s.io/kube-proxy": "v1.29.3"},
        set(),
    ),
]


@pytest.mark.parametrize("row", NODES, ids=lambda row: " ".join(row[0].values()) or "plain")
def test_a_node_has_what_its_kubelet_reports(row: tuple[dict[str, str], dict[str, str], set[str]]) -> None:
    info, packages, unknown = row
    (found,) = of_kind(built(SYSTEM, node(**info)), "node")
    assert {each.name: each.version for each in found.packages.packages} == packages
    assert {gap.what for gap in found.gaps if gap.kind == "unknown-component"} == unknown
    assert any(gap.kind == "unread-node" for gap in found.gaps)


RUNTIMES = [
    # kubelet, the runtime's own version, whose build the runtime is
    ("v1.29.3", "containerd://1.7.13", ""),
    ("v1.29.3", "containerd://1.7.13-k3s1", ""),
    ("v1.29.3+k3s1", "containerd://1.7.13-k3s1", "k3s"),
    ("v1.29.3+rke2r1", "containerd://1.7.11-k3s2", "RKE2"),
    ("v1.29.3-eks-ae9a62a", "containerd://1.7.11", "EKS"),
    ("v1.29.4-gke.1043002", "containerd://1.7.15", "GKE"),
    ("v1.29.3", "containerd://1.6.20~ds1", "the node's distribution"),
    ("v1.29.3", "containerd://1.7.12-0ubuntu2~22.04.1", "the node's distribution"),
    ("v1.29.3", "containerd://1.7.12-0ubuntu4", "the node's distribution"),
    ("v1.29.3", "docker://20.10.24+dfsg1", "the node's distribution"),
    ("v1.29.3", "cri-o://1.29.4-4.rhaos4.16.gitd25e2df.el9", "the node's distribution"),
    ("v1.29.3", "containerd://1.6.23-1.fc38", "the node's distribution"),
    ("v1.29.3", "containerd://1.7.13-rc.1", ""),
    ("v1.29.3", "cri-o://1.29.1", ""),
]


@pytest.mark.parametrize("row", RUNTIMES, ids=lambda row: " ".join(row[:2]))
def test_a_runtime_is_its_nodes_vendors_or_its_distributions_build(row: tuple[str, str, str]) -> None:
    kubelet, runtime, vendor = row
    (found,) = of_kind(built(SYSTEM, node(kubeletVersion=kubelet, containerRuntimeVersion=runtime)), "node")
    (one,) = [each for each in found.packages.packages if each.type == "golang"]
    assert one.vendor == vendor


def test_kube_proxy_counts_once_where_it_runs_as_pods() -> None:
    proxy = pod("kube-proxy-1", "registry.k8s.io/kube-proxy:v1.29.3", where="kube-system")
    (found,) = of_kind(built(SYSTEM, node(kubeProxyVersion="v1.28.0"), proxy), "node")
    assert "k8s.io/kube-proxy" not in {each.name for each in found.packages.packages}


def test_a_nodes_facts_are_its_own_words() -> None:
    one = node(
        osImage="Ubuntu 22.04.4 LTS",
        kernelVersion="5.15.0-101-generic",
        architecture="amd64",
        kubeletVersion="v1.29.3-eks-1",
    )
    one["spec"] = {"providerID": "aws:///eu-west-1a/i-1"}
    one["metadata"] = {"name": "n1", "uid": "u", "labels": {"eks.amazonaws.com/nodegroup": "blue"}}
    (facts,) = built(SYSTEM, one).nodes.values()
    assert (facts.os, facts.arch, facts.kernel, facts.os_image) == (
        "linux",
        "amd64",
        "5.15.0-101-generic",
        "Ubuntu 22.04.4 LTS",
    )
    assert (facts.provider, facts.pool, facts.vendor) == ("aws", "blue", "EKS")


def test_equal_objects_give_equal_estates_in_any_order() -> None:
    objects = [SYSTEM, node(), node("n2", "node-2"), pod("a", "nginx:1"), pod("b", "redis:7")]
    assert built(*objects) == built(*reversed(objects))


def test_the_demo_has_an_estate_whose_every_gap_has_a_remedy() -> None:
    found = estate(read_dump((ROOT / "demo/cluster.yaml").read_bytes(), name="demo"), COMPONENTS)
    assert {asset.kind for asset in found.assets} == {"cluster", "node", "component", "workload", "image"}
    keys = [asset.key for asset in found.assets]
    assert len(keys) == len(set(keys))
    for gap in (gap for asset in found.assets for gap in asset.gaps):
        assert gap.kind in GAPS
        assert gap.what
        assert gap.why
        assert gap.remedy


def openshift(*history: tuple[str, str]) -> Value:
    steps = [{"state": state, "version": version, "image": "q"} for state, version in history]
    return {
        "apiVersion": "config.openshift.io/v1",
        "kind": "ClusterVersion",
        "metadata": {"name": "version"},
        "status": {"desired": {"version": "4.15.0"}, "history": steps},
    }


@pytest.mark.parametrize(
    ("history", "version"),
    [
        ((("Completed", "4.14.20"), ("Completed", "4.13.40")), "4.14.20"),
        # An update that is on its way: its fixes are not everywhere yet.
        ((("Partial", "4.15.0"), ("Completed", "4.14.20")), "4.14.20"),
        # One that was given up, and the way back.
        ((("Completed", "4.14.20"), ("Partial", "4.15.0"), ("Completed", "4.14.20")), "4.14.20"),
    ],
)
def test_openshift_is_in_the_last_version_that_was_reached(history: tuple[tuple[str, str], ...], version: str) -> None:
    (cluster,) = of_kind(built(SYSTEM, openshift(*history)), "cluster")
    assert [(one.type, one.name, one.version) for one in cluster.packages.packages] == [
        ("openshift", "openshift", version)
    ]


@pytest.mark.parametrize("history", [(), (("Partial", "4.15.0"),), (("Completed", ""),)])
def test_openshift_that_tells_no_version_is_a_gap(history: tuple[tuple[str, str], ...]) -> None:
    (cluster,) = of_kind(built(SYSTEM, openshift(*history)), "cluster")
    assert not cluster.packages.packages
    assert "OpenShift (ClusterVersion version)" in {gap.what for gap in cluster.gaps}
