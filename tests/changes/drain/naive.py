"""Drains judged a second time: on the dump as plain values, each actor's documentation read as one long condition.

It shares nothing with the program but the words of the answer. Sources are those of the tables beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]
Said = tuple[str, str | None, int | None]
CA = "cluster-autoscaler.kubernetes.io/"


class Cluster:
    """A dump by kind, and the questions that all actors ask."""

    def __init__(self, objects: Iterable[Json], now: datetime) -> None:
        self.now = now
        self.all = list(objects)

    def of(self, kind: str) -> list[Json]:
        return [each for each in self.all if each["kind"] == kind]

    def has(self, kind: str, space: str, name: str) -> Json | None:
        for each in self.of(kind):
            meta = each["metadata"]
            if meta["name"] == name and meta.get("namespace", "") == space:
                return each
        return None

    def budgets(self, pod: Json) -> list[Json]:
        found = []
        for each in self.of("PodDisruptionBudget"):
            if each["metadata"]["namespace"] != pod["metadata"]["namespace"]:
                continue
            if matches(each["spec"].get("selector"), labels(pod), absent=False):
                found.append(each)
        return sorted(found, key=lambda each: str(each["metadata"]["name"]))

    def evict(self, pod: Json) -> str | None:
        """The reason for which the API server refuses; None where it grants."""
        if pod["status"]["phase"] in ("Pending", "Succeeded", "Failed") or "deletionTimestamp" in pod["metadata"]:
            return None
        budgets = self.budgets(pod)
        if len(budgets) >= 2:
            return "multiple-pdb"
        for each in budgets:
            status = each["status"]
            if not ready(pod):
                if each["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
                    return None
                if status["desiredHealthy"] > 0 and status["currentHealthy"] >= status["desiredHealthy"]:
                    return None
            if each["metadata"]["generation"] > status["observedGeneration"] or status["disruptionsAllowed"] <= 0:
                return "pdb"
        return None

    def deleted_for(self, pod: Json) -> float:
        then = datetime.strptime(pod["metadata"]["deletionTimestamp"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        return (self.now - then).total_seconds()


def labels(one: Json) -> dict[str, str]:
    return dict(one["metadata"].get("labels", {}))


def notes(one: Json) -> dict[str, str]:
    return dict(one["metadata"].get("annotations", {}))


def ready(pod: Json) -> bool:
    return any(each["type"] == "Ready" and each["status"] == "True" for each in pod["status"].get("conditions", []))


def boss(pod: Json) -> Json | None:
    for each in pod["metadata"].get("ownerReferences", []):
        if each.get("controller"):
            return dict(each)
    return None


def ended(pod: Json) -> bool:
    return pod["status"]["phase"] in ("Succeeded", "Failed")


def matches(selector: Json | None, have: dict[str, str], *, absent: bool) -> bool:
    if selector is None:
        return absent
    for key, value in selector.get("matchLabels", {}).items():
        if have.get(key) != value:
            return False
    for each in selector.get("matchExpressions", []):
        inside = key_in(each, have)
        if not inside:
            return False
    return True


def key_in(each: Json, have: dict[str, str]) -> bool:
    key, operator = each["key"], each["operator"]
    if operator == "Exists":
        return key in have
    if operator == "DoesNotExist":
        return key not in have
    if operator == "In":
        return key in have and have[key] in each["values"]
    return key not in have or have[key] not in each["values"]


def kubectl(cluster: Cluster, pod: Json, options: Json) -> Said:
    owner, space = boss(pod), pod["metadata"]["namespace"]
    wait = options.get("skip_wait_for_delete_timeout", 0)
    if wait > 0 and "deletionTimestamp" in pod["metadata"] and int(cluster.deleted_for(pod)) > wait:
        return "ignore", "terminating", None
    if owner and owner["kind"] == "DaemonSet" and owner["apiVersion"] == "apps/v1" and not ended(pod):
        if cluster.has("DaemonSet", space, owner["name"]):
            return ("ignore" if options.get("ignore_daemonsets") else "blocked"), "daemonset", None
        if not options.get("force"):
            return "blocked", "orphan", None
    if "kubernetes.io/config.mirror" in notes(pod):
        return "ignore", "mirror", None
    if not ended(pod):
        if any("emptyDir" in each for each in pod["spec"].get("volumes", [])) and not options.get(
            "delete_emptydir_data"
        ):
            return "blocked", "local-data", None
        if owner is None and not options.get("force"):
            return "blocked", "unreplicated", None
    why = None if options.get("disable_eviction") else cluster.evict(pod)
    return ("blocked", why, None) if why else ("evict", None, None)


def autoscaler(cluster: Cluster, pod: Json, options: Json) -> Said:
    owner, space, note = boss(pod), pod["metadata"]["namespace"], notes(pod)
    phase, restart = pod["status"]["phase"], pod["spec"].get("restartPolicy", "Always")
    kind = owner["kind"] if owner else ""
    custom = options.get("skip_nodes_with_custom_controller_pods", True)
    if "kubernetes.io/config.mirror" in note:
        return "ignore", "mirror", None
    limit = pod["spec"].get("terminationGracePeriodSeconds", 30) + 30
    if "deletionTimestamp" in pod["metadata"] and cluster.deleted_for(pod) > limit:
        return "ignore", "terminating", None
    if custom and owner and kind in ("ReplicationController", "ReplicaSet", "StatefulSet", "Job", "DaemonSet"):
        marked = note.get(CA + "daemonset-pod") == "true"
        foreign = kind in ("StatefulSet", "DaemonSet") and not owner["apiVersion"].startswith("apps/")
        if kind in ("ReplicationController", "DaemonSet") or not marked:
            found = cluster.has(kind, space, owner["name"])
            if not foreign and found is None:
                return "blocked", "orphan", None
            replicas = 10**9 if found is None else found["spec"].get("replicas", 10**9)
            if kind in ("ReplicationController", "ReplicaSet") and replicas < options.get("min_replica_count", 0):
                return "blocked", "unreplicated", None
    if kind == "DaemonSet" or note.get(CA + "daemonset-pod") == "true":
        return "evict", "daemonset", None
    safe = note.get(CA + "safe-to-evict")
    if safe == "true" or phase == "Failed" or (phase == "Succeeded" and restart != "Always"):
        return "evict", None, None
    if safe == "on-completion":
        return "wait", "on-completion", None
    if not owner or (custom and kind not in ("ReplicationController", "ReplicaSet", "StatefulSet", "Job")):
        return "blocked", "unreplicated", None
    budgets = cluster.budgets(pod)
    if options.get("skip_nodes_with_system_pods", True) and space == "kube-system" and not budgets:
        return "blocked", "system", None  # no pod of the random dumps has an age
    if safe == "false":
        return "blocked", "not-safe-to-evict", None
    if options.get("skip_nodes_with_local_storage", True):
        fine = note.get(CA + "safe-to-evict-local-volumes", "").split(",")
        for each in pod["spec"].get("volumes", []):
            disk = "hostPath" in each or ("emptyDir" in each and each["emptyDir"].get("medium") != "Memory")
            if disk and each["name"] not in fine:
                return "blocked", "local-data", None
    if any(each["status"]["disruptionsAllowed"] < 1 for each in budgets):
        return "blocked", "pdb", None
    return "evict", None, None


def cluster_api(cluster: Cluster, pod: Json, options: Json) -> Said:
    owner, space = boss(pod), pod["metadata"]["namespace"]
    wait = options.get("skip_wait_for_delete_timeout", 0)
    deleted = "deletionTimestamp" in pod["metadata"]
    if wait > 0 and deleted and int(cluster.deleted_for(pod)) > wait:
        return "ignore", "terminating", None
    if owner and owner["kind"] == "DaemonSet" and not ended(pod) and cluster.has("DaemonSet", space, owner["name"]):
        return "ignore", "daemonset", None
    if "kubernetes.io/config.mirror" in notes(pod):
        return "ignore", "mirror", None
    mark = labels(pod).get("cluster.x-k8s.io/drain", "").lower()
    if mark == "skip":
        return "ignore", "drain-label", None
    if mark in ("waitcompleted", "wait-completed"):
        return "wait", "drain-label", 0
    home = cluster.has("Namespace", "", space)
    if home is None:
        return "error", "namespace-missing", None
    order = 0
    for rule in sorted(cluster.of("MachineDrainRule"), key=lambda each: str(each["metadata"]["name"])):
        pods = rule["spec"].get("pods", [])
        hit = any(
            matches(each.get("selector"), labels(pod), absent=True)
            and matches(each.get("namespaceSelector"), labels(home), absent=True)
            for each in pods
        )
        if pods and not hit:
            continue
        what = rule["spec"]["drain"]
        if what["behavior"] == "Skip":
            return "ignore", "drain-rule", None
        if what["behavior"] == "WaitCompleted":
            return "wait", "drain-rule", 0
        if what["behavior"] != "Drain":
            return "error", "unknown-behavior", None
        order = what.get("order", 0)
        break
    if deleted:
        return "wait", "terminating", order
    why = cluster.evict(pod)
    return ("blocked", why, order) if why else ("evict", None, order)


JUDGES = {"kubectl": kubectl, "cluster-autoscaler": autoscaler, "cluster-api": cluster_api}
