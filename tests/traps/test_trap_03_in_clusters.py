"""Trap 3 in a cluster: a runtime that a vendor or a distribution built may hold fixes that its number does not tell."""

from __future__ import annotations

import pytest
from tests.data import ROOT
from tests.traps.answers import index_of, record, upto
from tests.traps.scans import scanned

from oakum.fleet.cluster.components import parse_components
from oakum.fleet.cluster.dump import read_value
from oakum.fleet.cluster.graph import estate

COMPONENTS = parse_components((ROOT / "src/oakum/fleet/cluster/components.yaml").read_bytes(), "components.yaml")
INDEX = index_of(record("GO-1", upto("golang", "github.com/containerd/containerd", "1.7.14")))
AFFECTED, CLEAR, UNTOLD = "affected", "clear", "not assessable"


@pytest.mark.parametrize(
    ("kubelet", "runtime", "expected"),
    [
        ("v1.29.3", "containerd://1.7.13", AFFECTED),
        ("v1.29.3", "containerd://1.7.14", CLEAR),
        ("v1.29.3+k3s1", "containerd://1.7.13-k3s1", AFFECTED),
        ("v1.29.3-eks-ae9a62a", "containerd://1.7.13", UNTOLD),
        ("v1.29.3-eks-ae9a62a", "containerd://1.7.14", CLEAR),
        ("v1.29.4-gke.1043002", "containerd://1.7.13", UNTOLD),
        ("v1.29.3", "containerd://1.7.13~ds1", UNTOLD),
        ("v1.29.3", "containerd://1.7.13-0ubuntu2", UNTOLD),
        ("v1.29.3", "containerd://1.7.14~ds1", CLEAR),
    ],
)
def test_trap_03_backport_blindness_of_container_runtimes(kubelet: str, runtime: str, expected: str) -> None:
    info = {"kubeletVersion": kubelet, "containerRuntimeVersion": runtime, "operatingSystem": "linux"}
    node = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": "n1", "uid": "n1"},
        "status": {"nodeInfo": info},
    }
    answer = scanned(INDEX, *estate(read_value([node], name="d"), COMPONENTS).assets)
    gaps = [gap for gap in answer.not_assessable if gap.kind == "vendor-build"]
    assert (len(answer.findings), len(gaps)) == (expected == AFFECTED, expected == UNTOLD)
    assert not gaps or "GO-1" in gaps[0].why
