"""The state of a cluster from its objects: kubelets by nodes, static pods and kube-proxy by image tags."""

from __future__ import annotations

from typing import Any

import pytest

from oakum.changes.skew import State, check
from oakum.fleet.assets import GAPS, Gap
from oakum.fleet.cluster.dump import read_value
from oakum.local.skew import observe

Item = dict[str, Any]


def node(name: str, kubelet: str) -> Item:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name},
        "status": {"nodeInfo": {"kubeletVersion": kubelet, "kubeProxyVersion": "v1.2.3"}},
    }


def pod(name: str, image: str, on: str, *, namespace: str = "kube-system", phase: str = "Running") -> Item:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"nodeName": on, "containers": [{"name": "c", "image": image}]},
        "status": {"phase": phase},
    }


def static(component: str, tag: str, on: str) -> Item:
    return pod(f"{component}-{on}", f"registry.k8s.io/{component}:{tag}", on)


def seen(*items: Item) -> tuple[State, tuple[Gap, ...]]:
    return observe(read_value({"apiVersion": "v1", "kind": "List", "items": list(items)}, name="dump"))


def versions(state: State) -> list[tuple[str, str, str]]:
    return sorted((one.component, one.node, one.release.text) for one in state.instances)


WHOLE = (
    static("kube-apiserver", "v1.30.2", "cp1"),
    static("kube-apiserver", "v1.29.7", "cp2"),
    static("kube-controller-manager", "v1.29.7", "cp1"),
    static("kube-scheduler", "v1.29.7", "cp2"),
    pod("kube-proxy-a", "registry.k8s.io/kube-proxy:v1.28.1", "w1"),
    pod("etcd-cp1", "registry.k8s.io/etcd:3.5.12-0", "cp1"),
    pod("coredns-1", "registry.k8s.io/coredns/coredns:v1.11.1", "w1"),
    pod("web", "docker.io/library/nginx:1.25.0", "w1", namespace="shop"),
    node("cp1", "v1.29.7"),
    node("w1", "v1.27.16"),
)


def test_a_kubeadm_cluster() -> None:
    state, gaps = seen(*WHOLE)
    assert versions(state) == [
        ("kube-apiserver", "cp1", "v1.30.2"),
        ("kube-apiserver", "cp2", "v1.29.7"),
        ("kube-controller-manager", "cp1", "v1.29.7"),
        ("kube-proxy", "w1", "v1.28.1"),
        ("kube-scheduler", "cp2", "v1.29.7"),
        ("kubelet", "cp1", "v1.29.7"),
        ("kubelet", "w1", "v1.27.16"),
    ]
    assert not gaps
    assert not check(state)


@pytest.mark.parametrize(
    "image",
    [
        "mirror.example:5000/k8s/kube-apiserver:v1.30.2",
        "registry.k8s.io/kube-apiserver-amd64:v1.30.2",
        "registry.k8s.io/kube-apiserver:v1.30.2@sha256:" + "a" * 64,
        "rancher/hardened-kubernetes:v1.30.2-rke2r1-build20240619",
    ],
)
def test_the_version_of_an_api_server_is_its_images_tag(image: str) -> None:
    state, gaps = seen(pod("kube-apiserver-cp1", image, "cp1"), node("cp1", "v1.30.2"))
    assert not gaps
    assert [one.release.line for one in state.of("kube-apiserver")] == ["1.30"]


def test_trap_08_a_node_too_new_for_the_oldest_api_server_is_found_in_a_dump() -> None:
    state, _ = seen(*WHOLE, node("w2", "v1.30.2"))
    assert [(each.rule.id, each.instance.name if each.instance else "") for each in check(state)] == [
        ("kubelet/newer", "w2")
    ]


def test_a_pod_that_has_ended_runs_nothing() -> None:
    old = pod("kube-proxy-old", "registry.k8s.io/kube-proxy:v1.20.1", "w1", phase="Failed")
    state, _ = seen(*WHOLE, old)
    assert len(state.of("kube-proxy")) == 1


def test_two_containers_of_one_component_are_one_instance() -> None:
    proxy = pod("kube-proxy-b", "registry.k8s.io/kube-proxy:v1.28.1", "w2")
    proxy["spec"]["containers"].append({"name": "d", "image": "registry.k8s.io/kube-proxy:v1.28.1"})
    state, _ = seen(*WHOLE, proxy)
    assert len(state.of("kube-proxy")) == 2


def test_each_container_of_a_pod_is_looked_at() -> None:
    whole = pod("control-plane-cp3", "registry.k8s.io/kube-apiserver:v1.30.2", "cp3")
    whole["spec"]["containers"] += [
        {"name": name, "image": f"registry.k8s.io/{name}:v1.30.2"}
        for name in ("openstack-cloud-controller-manager", "kube-controller-manager", "kube-scheduler")
    ]
    state, gaps = seen(whole, node("cp3", "v1.30.2"))
    assert not gaps
    assert [component for component, _, _ in versions(state)] == [
        "cloud-controller-manager",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "kubelet",
    ]


def test_a_pods_name_counts_only_for_a_first_container_whose_image_says_nothing() -> None:
    tunnel = pod("kube-apiserver-tunnel", "registry.k8s.io/kas-network-proxy/proxy-agent:v0.30.3", "cp1")
    tunnel["spec"]["containers"].append({"name": "d", "image": "mirror.example/watcher:v1.2.3"})
    state, gaps = seen(*WHOLE, tunnel)
    assert not gaps
    assert versions(state) == versions(seen(*WHOLE)[0])


def test_a_container_that_ran_before_the_others_or_was_put_in_by_hand_is_not_what_runs() -> None:
    proxy = pod("kube-proxy-b", "registry.k8s.io/kube-proxy:v1.28.1", "w2")
    old = {"name": "old", "image": "registry.k8s.io/kube-proxy:v1.20.1"}
    proxy["spec"] |= {"initContainers": [old], "ephemeralContainers": [{**old, "name": "debugger"}]}
    state, _ = seen(proxy)
    assert versions(state) == [("kube-proxy", "w2", "v1.28.1")]
    proxy["spec"] = {"nodeName": "w2", "initContainers": [{**old, "restartPolicy": "Always"}], "containers": []}
    state, _ = seen(proxy)
    assert versions(state) == [("kube-proxy", "w2", "v1.20.1")]
    other = pod("web", "docker.io/library/nginx:1.25.0", "w2")
    other["spec"] |= {"initContainers": [old], "ephemeralContainers": [{**old, "name": "debugger"}]}
    assert not seen(other)[0].instances


def test_a_pod_elsewhere_is_not_the_control_plane() -> None:
    state, _ = seen(*WHOLE, pod("fake", "registry.k8s.io/kube-apiserver:v1.20.1", "w1", namespace="shop"))
    assert len(state.of("kube-apiserver")) == 2


def test_an_api_server_that_no_pod_shows_is_known_by_its_own_word() -> None:
    items = [
        node("n1", "v1.29.3-eks-ae9a62a"),
        pod("kube-proxy-1", "x.example/eks/kube-proxy:v1.29.3-eksbuild.2", "n1"),
    ]
    dump = {
        "apiVersion": "v1",
        "kind": "List",
        "metadata": {"annotations": {"oakum.dev/server-version": "v1.30.4-eks-a737599"}},
        "items": items,
    }
    state, gaps = observe(read_value(dump, name="dump"))
    assert [one.release.text for one in state.of("kube-apiserver")] == ["v1.30.4-eks-a737599"]
    assert not check(state)
    assert not gaps
    # Where pods show them, the one that answered is among these.
    state, _ = observe(read_value({**dump, "items": list(WHOLE)}, name="dump"))
    assert versions(state) == versions(seen(*WHOLE)[0])


@pytest.mark.parametrize(
    ("item", "what", "why"),
    [
        (pod("kube-apiserver-cp3", "registry.k8s.io/kube-apiserver:latest", "cp3"),
         "kube-apiserver kube-system/kube-", "its image's tag tells none"),
        (pod("kube-scheduler-cp3", "registry.k8s.io/kube-scheduler@sha256:" + "b" * 64, "cp3"),
         "kube-scheduler kube-", "its image's tag tells none"),
        (node("w9", ""), "kubelet w9", "its kubelet has not reported a version"),
        (node("w9", "unknown"), "kubelet w9", "'unknown' is no version"),
        (pod("ccm", "docker.io/hetznercloud/hcloud-cloud-controller-manager:v1.20.0", "cp1"),
         "hcloud-cloud-controller-manager in kube-system/ccm", "its releases are not known"),
    ],
)  # fmt: skip
def test_what_tells_no_version_is_a_gap_and_never_passed_over(item: Item, what: str, why: str) -> None:
    state, gaps = seen(*WHOLE, item)
    (gap,) = gaps
    assert gap.what.startswith(what)
    assert gap.kind in GAPS
    assert gap.why.startswith(why)
    assert gap.remedy
    assert versions(state) == versions(seen(*WHOLE)[0])


def test_a_cloud_controller_manager_that_follows_kubernetes_is_measured() -> None:
    image = "registry.k8s.io/provider-os/openstack-cloud-controller-manager:v1.28.2"
    state, gaps = seen(*WHOLE, pod("ccm", image, "cp1"))
    assert not gaps
    assert {each.rule.id for each in check(state)} == {"cloud-controller-manager/older"}


@pytest.mark.parametrize("left_out", ["Node", "Pod"])
def test_a_dump_without_nodes_or_pods_has_a_gap(left_out: str) -> None:
    _, gaps = seen(*(item for item in WHOLE if item["kind"] != left_out))
    assert [gap.what for gap in gaps] == [f"{left_out} objects"]
