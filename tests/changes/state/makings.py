"""Objects, dumps and inventories for the tests of states."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from oakum.changes.drain.items import items_of
from oakum.changes.drain.machines import KINDS as MACHINES
from oakum.changes.drain.machines import read_machines
from oakum.changes.drain.storage import KINDS as STORAGE
from oakum.changes.drain.storage import read_storage
from oakum.changes.drain.surroundings import Surroundings
from oakum.changes.state import Machine, State
from oakum.changes.state.inventory import Inventory
from oakum.changes.state.inventory_reading import read_inventory
from oakum.changes.state.joining import join
from oakum.changes.state.of_cluster import Dump
from oakum.changes.state.webhooks import KINDS as WEBHOOKS
from oakum.changes.state.webhooks import read_webhooks
from oakum.fleet.cluster.dump import read_value
from oakum.fleet.cluster.dump_text import Parsed
from oakum.local.states import shipped_components

Item = dict[str, Any]
NOW = datetime(2026, 11, 28, 6, tzinfo=UTC)
#: Kinds of which nothing need be in a dump of the tests, where its List says so.
LISTED = (
    "Node,Namespace,Pod,Service,PodDisruptionBudget,Deployment,ReplicaSet,StatefulSet,DaemonSet,Job,"
    "ReplicationController"
)
NO_WEBHOOKS = "format: oakum-inventory/1\nclusters: {prod: {listed: [all]}}\n"


def node(name: str = "w-1", *, ready: str = "True", control: bool = False, **meta: Any) -> Item:
    labels = {"kubernetes.io/hostname": name, **meta.pop("labels", {})}
    if control:
        labels["node-role.kubernetes.io/control-plane"] = ""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "uid": f"uid-{name}", "labels": labels, **meta},
        "status": {
            "conditions": [{"type": "MemoryPressure", "status": "False"}, {"type": "Ready", "status": ready}],
            "nodeInfo": {
                "kubeletVersion": "v1.30.2",
                "kubeProxyVersion": "v1.30.2",
                "containerRuntimeVersion": "containerd://1.7.20",
                "kernelVersion": "6.1.0-18-amd64",
                "osImage": "Debian GNU/Linux 12 (bookworm)",
                "bootID": f"boot-{name}",
            },
        },
    }


def namespace(name: str = "kube-system", **meta: Any) -> Item:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "uid": f"ns-{name}", **meta}}


def pod(name: str, on: str = "w-1", *, image: str = "registry.example/web:1", owner: str = "", **meta: Any) -> Item:
    space = meta.pop("namespace", "shop")
    references = [{"kind": owner, "name": "owner", "uid": "o", "controller": True, "apiVersion": "v1"}] if owner else []
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": space, "uid": f"p-{name}", "ownerReferences": references, **meta},
        "spec": {"nodeName": on, "containers": [{"name": "c", "image": image}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    }


def static(component: str, tag: str, on: str) -> Item:
    """A static pod of the control plane, as kubeadm and the kubelet name it."""
    image = f"registry.k8s.io/{component}:{tag}"
    return pod(f"{component}-{on}", on, image=image, owner="Node", namespace="kube-system")


def dump(*items: Item, listed: str | None = LISTED, read_at: str = "2026-11-28T05:00:00Z") -> Item:
    annotations = {"oakum.dev/read-at": read_at} if read_at else {}
    if listed is not None:
        annotations["oakum.dev/listed"] = listed
    return {"apiVersion": "v1", "kind": "List", "metadata": {"annotations": annotations}, "items": list(items)}


def source(value: Item, name: str = "prod", *, file: str = "", named: bool = False) -> Dump:
    """A dump as the readers of files hand it over."""
    items = list(items_of([Parsed(value)], MACHINES | STORAGE.keys() | set(WEBHOOKS)))
    around = Surroundings(read_value(value, name=file or f"{name}.json"), read_machines(items), read_storage(items))
    return Dump(source=file or f"{name}.json", name=name, around=around, named=named, webhooks=read_webhooks(items))


def inventory(text: str, name: str = "inventory.yaml") -> Inventory:
    return read_inventory(text.encode(), name)


def state_of(*given: Item | str | Dump) -> State:
    """The state of dumps (of a cluster ``prod`` where they are only values) and inventories."""
    dumps = [each if isinstance(each, Dump) else source(each) for each in given if not isinstance(each, str)]
    texts = [inventory(each, f"inventory-{number}.yaml") for number, each in enumerate(given) if isinstance(each, str)]
    return join(dumps, [], texts, shipped_components(), NOW)


def machine_of(*given: Item | str | Dump, id: str = "prod/w-1") -> Machine:
    return state_of(*given).by_id[id]


def text_of(value: Item) -> bytes:
    return json.dumps(value).encode()
