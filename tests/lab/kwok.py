"""Fake nodes and pods in a number that no machine here could run: ``load`` makes them, and kwok plays their kubelets.

``load`` gives pods their node and their status itself, over several connections at once, which takes less time than
the scheduler and kwok would. Fake nodes carry the annotation that kwok looks for, so that nodes made by hand stay as a
test made them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.lab.build import programs
from tests.lab.client import Client
from tests.lab.control_plane import ControlPlane

_STAGES = Path(__file__).with_name("stages.yaml")
_FAKE = {"kwok.x-k8s.io/node": "fake"}
_CONNECTIONS = 8
_SINCE = "2026-01-01T00:00:00Z"


@contextmanager
def kwok(plane: ControlPlane) -> Iterator[None]:
    """While the block runs, fake nodes are ready, pods on them run, and those that are deleted go.

    Raises LabUnavailable where kwok can't be had.
    """
    arguments = [
        f"--kubeconfig={plane.admin}",
        f"--config={_STAGES}",
        "--manage-nodes-with-annotation-selector=" + ",".join(f"{key}={value}" for key, value in _FAKE.items()),
        "--node-lease-duration-seconds=120",
        "--node-ip=127.0.0.1",
    ]
    plane.run.start("kwok", programs("kwok")["kwok"], arguments)
    try:
        yield
    finally:
        plane.run.stop("kwok", grace=2)


class Loaded(NamedTuple):
    """How long it took, in seconds."""

    nodes: float
    pods: float


def load(plane: ControlPlane, *, nodes: int, pods: int, namespaces: Sequence[str] = ("default",)) -> Loaded:
    """Make ready nodes ``fake-0``.. and running pods ``fake-0``.., evenly spread over the nodes and the namespaces.

    kwok need not run: it keeps the nodes ready for longer than three minutes, and lets deleted pods go.
    """
    begin = time.monotonic()
    _in_parallel(plane, range(nodes), lambda client, n: client.request("POST", "/api/v1/nodes", fake_node(n)))
    middle = time.monotonic()

    def make(client: Client, number: int) -> None:
        path = f"/api/v1/namespaces/{namespaces[number % len(namespaces)]}/pods"
        pod = fake_pod(number, f"fake-{number % nodes}")
        client.request("POST", path, pod)  # the server drops the status
        status = {"status": pod["status"]}
        client.request("PATCH", f"{path}/fake-{number}/status", status, "application/merge-patch+json")

    _in_parallel(plane, range(pods), make)
    return Loaded(middle - begin, time.monotonic() - middle)


def fake_node(number: int) -> dict[str, Any]:
    """A ready node that kwok takes care of."""
    resources = {"cpu": "32", "memory": "256Gi", "pods": "250"}
    labels = {
        "kubernetes.io/hostname": f"fake-{number}",
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "topology.kubernetes.io/zone": f"zone-{number % 3}",
    }
    info = {
        "machineID": f"machine-{number}",
        "systemUUID": f"system-{number}",
        "bootID": f"boot-{number}",
        "kernelVersion": "6.1.0-50-amd64",
        "osImage": "Debian GNU/Linux 12 (bookworm)",
        "containerRuntimeVersion": "containerd://1.7.24",
        "kubeletVersion": "v1.35.4",
        "kubeProxyVersion": "",
        "operatingSystem": "linux",
        "architecture": "amd64",
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": f"fake-{number}", "labels": labels, "annotations": _FAKE},
        "status": {
            "capacity": resources,
            "allocatable": resources,
            "nodeInfo": info,
            "conditions": [_condition("Ready", "KubeletReady")],
            "addresses": [{"type": "Hostname", "address": f"fake-{number}"}],
        },
    }


def fake_pod(number: int, node: str) -> dict[str, Any]:
    """A running pod on a node; ten of them are one application (label ``app``)."""
    app = f"app-{number // 10}"
    image = f"registry.example/{app}:1"
    container = {
        "name": "main",
        "image": image,
        "imageID": f"registry.example/{app}@sha256:{number // 10:064x}",
        "ready": True,
        "started": True,
        "restartCount": 0,
        "state": {"running": {"startedAt": _SINCE}},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"fake-{number}", "labels": {"app": app}},
        "spec": {
            "nodeName": node,
            "containers": [{"name": "main", "image": image, "ports": [{"containerPort": 8080}]}],
            "terminationGracePeriodSeconds": 0,
        },
        "status": {
            "phase": "Running",
            "startTime": _SINCE,
            "podIP": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}",
            "conditions": [_condition("Ready"), _condition("ContainersReady")],
            "containerStatuses": [container],
        },
    }


def _condition(type_: str, reason: str = "") -> dict[str, str]:
    return {"type": type_, "status": "True", "reason": reason, "lastTransitionTime": _SINCE}


def _in_parallel(plane: ControlPlane, numbers: range, make: Callable[[Client, int], object]) -> None:
    """Make one object a number, over a few connections; an error of any of them is raised."""

    def work(share: range) -> None:
        with plane.connect() as client:
            for number in share:
                make(client, number)

    with ThreadPoolExecutor(_CONNECTIONS) as threads:
        for _ in threads.map(work, (numbers[first::_CONNECTIONS] for first in range(_CONNECTIONS))):
            pass
