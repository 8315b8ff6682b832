"""Objects of a small cluster for tests of drains, as the API writes them, and the answers of a profile in short.

Everything stands in the namespace ``shop`` and runs on node ``n1``, unless a test says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from oakum.changes.drain import Explained, Surroundings, explain
from oakum.fleet.cluster.snapshot import KINDS
from oakum.local.drain import of_value

Json = dict[str, Any]
NOW = datetime(2026, 1, 31, 6, 0, tzinfo=UTC)
API = {"ReplicaSet": "apps/v1", "StatefulSet": "apps/v1", "DaemonSet": "apps/v1", "Deployment": "apps/v1",
       "Job": "batch/v1", "ReplicationController": "v1"}  # fmt: skip
EVERY_KIND = frozenset(kind for _, _, kind in KINDS)


def ago(seconds: float) -> str:
    """A time before the question, as the API writes it."""
    return (NOW - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def owned(kind: str = "ReplicaSet", name: str = "web", version: str | None = None) -> Json:
    """The owner reference of a controller."""
    api_version = API.get(kind, "example.org/v1") if version is None else version
    return {"apiVersion": api_version, "kind": kind, "name": name, "uid": f"{kind}/{name}", "controller": True}


def pod(name: str = "p", owner: Json | None = None, **more: Any) -> Json:
    """A running pod on n1; ``ready`` is its condition, ``phase`` its phase, ``deleted`` seconds since its deletion."""
    meta: Json = {"name": name, "namespace": more.pop("namespace", "shop"), "uid": f"Pod/{name}"}
    if owner is not None:
        meta["ownerReferences"] = [owner]
    for key in ("labels", "annotations"):
        if key in more:
            meta[key] = more.pop(key)
    if "deleted" in more:
        meta["deletionTimestamp"] = ago(more.pop("deleted"))
    if "created" in more:
        meta["creationTimestamp"] = ago(more.pop("created"))
    ready = more.pop("ready", True)
    status: Json = {"phase": more.pop("phase", "Running")}
    if ready is not None:
        status["conditions"] = [{"type": "Ready", "status": "True" if ready else "False"}]
    spec: Json = {"nodeName": more.pop("node", "n1"), "containers": [{"name": "c"}], **more}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": status}


def controller(kind: str = "ReplicaSet", name: str = "web", replicas: int | None = 3, **more: Any) -> Json:
    """A controller with the uid that ``owned`` gives."""
    meta: Json = {"name": name, "namespace": more.pop("namespace", "shop"), "uid": more.pop("uid", f"{kind}/{name}")}
    if "owner" in more:
        meta["ownerReferences"] = [more.pop("owner")]
    spec = {} if replicas is None or kind == "DaemonSet" else {"replicas": replicas}
    return {"apiVersion": API[kind], "kind": kind, "metadata": meta, "spec": spec}


def budget(name: str = "pdb", allowed: int = 0, healthy: int = 3, desired: int = 3, **more: Any) -> Json:
    """A disruption budget for app: web with a fresh status; ``selector`` None leaves it out."""
    meta = {"name": name, "namespace": more.pop("namespace", "shop"), "generation": more.pop("generation", 1)}
    status = {
        "disruptionsAllowed": allowed,
        "currentHealthy": healthy,
        "desiredHealthy": desired,
        "expectedPods": more.pop("expected", 3),
        "observedGeneration": more.pop("observed", 1),
        **more.pop("status", {}),
    }
    selector = more.pop("selector", {"matchLabels": {"app": "web"}})
    spec: Json = {} if selector is None else {"selector": selector}
    policy = more.pop("policy", None)
    if policy is not None:
        spec["unhealthyPodEvictionPolicy"] = policy
    spec |= more or {"maxUnavailable": 1}
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta, "spec": spec, "status": status}


WEB: Json = {"labels": {"app": "web"}}


def namespace(name: str = "shop", **labels: str) -> Json:
    """A namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def node(name: str = "n1", ready: str = "True") -> Json:
    """A node."""
    conditions = [{"type": "Ready", "status": ready}]
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "status": {"conditions": conditions}}


def surroundings(objects: Iterable[Json]) -> Surroundings:
    """A cluster of which every kind was listed."""
    around = of_value({"apiVersion": "v1", "kind": "List", "items": [node(), *objects]}, "made up")
    snapshot = msgspec.structs.replace(around.snapshot, listed=EVERY_KIND, gaps=())
    return Surroundings(snapshot, around.machines, around.storage)


def drain(profile: str, *objects: Json, nodes: Iterable[str] = ("n1",), **options: Any) -> Explained:
    """The whole answer of a profile."""
    return explain(surroundings(objects), list(nodes), profile=profile, options=options, now=NOW)


def verdicts(profile: str, *objects: Json, **options: Any) -> dict[str, tuple[str, ...]]:
    """By pod: the verdict and, where there are any, reason and duration."""
    return shortened(drain(profile, *objects, **options))


def shortened(found: Explained) -> dict[str, tuple[str, ...]]:
    """By pod: the verdict and, where there are any, reason and duration."""
    return {
        each.pod.metadata.name: tuple(
            part for part in (each.outcome.verdict, each.outcome.reason, each.outcome.duration) if part
        )
        for each in found.pods
    }


def check(profile: str, objects: Iterable[Json], options: Mapping[str, Any], expected: str) -> None:
    """``expected`` is the answer for the pod ``p`` in words: "evict", or "blocked pdb now"."""
    assert " ".join(verdicts(profile, *objects, **options)["p"]) == expected
