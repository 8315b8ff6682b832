"""The lab holds objects of every kind that Oakum reads, and fake nodes with their pods."""

from __future__ import annotations

import pytest
from tests.lab.control_plane import ControlPlane
from tests.lab.crds import CUSTOM, Custom
from tests.lab.kwok import fake_node, fake_pod, kwok, load

from oakum.fleet.cluster.snapshot import KINDS


def test_every_kind_that_oakum_reads_is_served(control_plane: ControlPlane) -> None:
    groups = control_plane.request("GET", "/apis")["groups"]
    roots = ["/api/v1", *(f"/apis/{version['groupVersion']}" for group in groups for version in group["versions"])]
    served = set()
    for root in roots:
        group = root.split("/")[2] if root.startswith("/apis/") else ""
        for resource in control_plane.request("GET", root)["resources"]:
            served.add((group, resource["name"], resource["kind"]))
    assert set(KINDS) <= served


@pytest.mark.parametrize(
    "version", [(each, name) for each in CUSTOM for name in each.versions], ids=lambda v: f"{v[0].kind}-{v[1]}"
)
def test_an_object_of_a_custom_kind_keeps_whatever_it_says(
    version: tuple[Custom, str], control_plane: ControlPlane, namespace: str
) -> None:
    custom, name = version
    metadata = {"name": namespace} | ({"namespace": namespace} if custom.namespaced else {})
    status = {"status": {"addresses": [{"value": "192.0.2.1"}]}} if custom.status else {}
    wanted = {
        "apiVersion": f"{custom.group}/{name}",
        "kind": custom.kind,
        "metadata": metadata,
        "spec": {"anything": [{"port": 1}, {"port": "x"}]},
        **status,
    }
    control_plane.apply([wanted])
    read = control_plane.request("GET", control_plane.client.path(wanted))
    assert {key: read.get(key) for key in wanted if key != "metadata"} == {
        key: value for key, value in wanted.items() if key != "metadata"
    }
    control_plane.request("DELETE", control_plane.client.path(wanted))


def test_a_load_is_ready_nodes_and_running_pods(lab_programs: None) -> None:
    with ControlPlane(controllers=False, scheduler=False) as plane:
        plane.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other"}}])
        load(plane, nodes=5, pods=40, namespaces=("default", "other"))
        nodes = plane.request("GET", "/api/v1/nodes")["items"]
        pods = plane.request("GET", "/api/v1/pods")["items"]
    assert len(nodes) == 5
    assert all(node["status"]["conditions"][0]["status"] == "True" for node in nodes)
    assert {pod["status"]["phase"] for pod in pods} == {"Running"}
    for space in ("default", "other"):
        assert sum(pod["metadata"]["namespace"] == space for pod in pods) == 20
    for node in nodes:
        assert sum(pod["spec"]["nodeName"] == node["metadata"]["name"] for pod in pods) == 8
    assert len({pod["status"]["podIP"] for pod in pods}) == 40


def test_kwok_runs_the_pods_of_fake_nodes_only(control_plane: ControlPlane, namespace: str, kwok_program: None) -> None:
    path = f"/api/v1/namespaces/{namespace}/pods"
    control_plane.request("POST", path, fake_pod(1, "not-fake"))
    bare = fake_node(7) | {"status": {}}
    control_plane.request("POST", "/api/v1/nodes", bare)
    with kwok(control_plane):
        control_plane.request("POST", path, fake_pod(2, "fake-7"))

        def running(name: str) -> bool:
            return bool(control_plane.request("GET", f"{path}/{name}")["status"]["phase"] == "Running")

        def ready() -> bool:
            conditions = control_plane.request("GET", "/api/v1/nodes/fake-7")["status"].get("conditions", ())
            return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)

        control_plane.wait_until(ready, "the node is ready", "kwok", seconds=20)
        control_plane.wait_until(lambda: running("fake-2"), "its pod runs", "kwok", seconds=20)
        assert not running("fake-1")
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "fake-2"}}
        control_plane.request("POST", f"{path}/fake-2/eviction", eviction)
        left = ["fake-1"]
        control_plane.wait_until(
            lambda: [pod["metadata"]["name"] for pod in control_plane.request("GET", path)["items"]] == left,
            "the evicted pod is gone",
            "kwok",
            seconds=20,
        )
    control_plane.request("DELETE", "/api/v1/nodes/fake-7")
    control_plane.request("DELETE", f"{path}/fake-1?gracePeriodSeconds=0")
