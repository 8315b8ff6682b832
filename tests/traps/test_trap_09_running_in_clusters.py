"""Trap 9 in a cluster: the version that runs is judged, not the one that was put there and waits for a restart."""

from __future__ import annotations

from typing import Any

import pytest
from tests.data import ROOT
from tests.traps.answers import index_of, record, upto
from tests.traps.scans import scanned

from oakum.fleet.cluster.components import parse_components
from oakum.fleet.cluster.dump import read_value
from oakum.fleet.cluster.graph import estate

COMPONENTS = parse_components((ROOT / "src/oakum/fleet/cluster/components.yaml").read_bytes(), "components.yaml")
CONTAINERD, KUBELET, API_SERVER = "github.com/containerd/containerd", "k8s.io/kubelet", "k8s.io/apiserver"
IMAGE = "registry.k8s.io/kube-apiserver"


def node(kubelet: str = "v1.29.3", runtime: str = "containerd://1.7.13") -> dict[str, Any]:
    """A node; its label says what somebody has installed, as tools that upgrade nodes write it."""
    info = {"kubeletVersion": kubelet, "containerRuntimeVersion": runtime, "operatingSystem": "linux"}
    labels = {"example.com/installed": "v1.30.9"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": "n1", "uid": "n1", "labels": labels},
        "status": {"nodeInfo": info},
    }


def api_server(asked: str, runs: str) -> dict[str, Any]:
    """A static pod by its mirror: what its manifest asks for, and the image of the container that runs."""
    status = {"name": "kube-apiserver", "image": runs, "imageID": f"{IMAGE}@sha256:{'a1' * 32}"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "kube-apiserver-n1",
            "namespace": "kube-system",
            "annotations": {"kubernetes.io/config.mirror": "1"},
        },
        "spec": {"nodeName": "n1", "containers": [{"name": "kube-apiserver", "image": asked}]},
        "status": {"phase": "Running", "containerStatuses": [status]},
    }


def found(*objects: dict[str, Any]) -> list[tuple[str, str]]:
    """The package and version of each finding about one flaw of each of the three."""
    index = index_of(
        record("CVE-2024-1", upto("golang", CONTAINERD, "1.7.20")),
        record("CVE-2024-2", upto("kubernetes", KUBELET, "1.29.4")),
        record("CVE-2024-3", upto("kubernetes", API_SERVER, "1.29.4")),
    )
    assets = estate(read_value(list(objects), name="d"), COMPONENTS).assets
    answer = scanned(index, *assets)
    return sorted((one.package.name, one.package.version) for one in answer.findings)


def test_trap_09_running_in_clusters_kubelet_and_runtime_are_judged_by_what_the_kubelet_reports() -> None:
    assert found(node()) == [(CONTAINERD, "v1.7.13"), (KUBELET, "v1.29.3")]
    assert found(node(kubelet="v1.29.4")) == [(CONTAINERD, "v1.7.13")]
    assert found(node(kubelet="v1.29.4", runtime="containerd://1.7.20")) == []


@pytest.mark.parametrize(
    ("asked", "runs", "version"),
    [
        ("v1.29.4", "v1.29.3", "v1.29.3"),
        ("v1.29.3", "v1.29.3", "v1.29.3"),
        ("v1.29.3", "stable", "v1.29.3"),
        ("stable", "v1.29.3", "v1.29.3"),
        ("v1.29.3", "v1.29.4", ""),
        ("v1.29.4", "v1.29.4", ""),
    ],
)
def test_trap_09_running_in_clusters_a_manifest_that_asks_for_a_fix_does_not_run_it_yet(
    asked: str, runs: str, version: str
) -> None:
    server = api_server(f"{IMAGE}:{asked}", f"{IMAGE}:{runs}")
    assert found(server) == ([(API_SERVER, version)] if version else [])
