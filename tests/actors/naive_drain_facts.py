"""The facts of one pod that the naive evaluator of drains rests on, and the answer of the eviction API.

From Kubernetes' public documentation of labels, disruption budgets and evictions, and from the API server's rules
(``pkg/registry/core/pod/storage/eviction.go``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

Object = Mapping[str, Any]


@dataclass(frozen=True)
class Expected:
    """What is known of the answer for one pod; None where the sources leave it open."""

    verdict: str | None
    reason: str | None = ""
    object: str | None = None
    duration: str | None = None
    order: int | None = None


@dataclass(frozen=True)
class Question:
    """One pod and all that its answer rests on."""

    pod: Object
    items: tuple[Object, ...]
    now: datetime
    options: Mapping[str, Any]

    def find(self, group: str, kind: str, namespace: str | None, name: str) -> Object | None:
        """The object of this kind, whatever its version."""
        for each in self.of(group, kind):
            if each["metadata"].get("namespace") == namespace and each["metadata"]["name"] == name:
                return each
        return None

    def of(self, group: str, kind: str) -> Iterator[Object]:
        """All objects of a kind of an API group."""
        return (each for each in self.items if each["kind"] == kind and group_of(each) == group)

    @property
    def namespace(self) -> str:
        """The namespace of the pod."""
        return str(self.pod["metadata"]["namespace"])

    @property
    def finished(self) -> bool:
        """Whether the pod ran to its end."""
        return self.pod["status"]["phase"] in ("Succeeded", "Failed")

    @property
    def controller(self) -> Object | None:
        """The owner that is marked as controller."""
        owners = self.pod["metadata"].get("ownerReferences", [])
        return next((owner for owner in owners if owner.get("controller")), None)

    @property
    def deleted(self) -> datetime | None:
        """The moment at which the pod was to be gone."""
        at = self.pod["metadata"].get("deletionTimestamp")
        return None if at is None else moment(at)

    def annotation(self, key: str) -> str | None:
        """The value of an annotation of the pod."""
        value: str | None = self.pod["metadata"].get("annotations", {}).get(key)
        return value

    def deleted_longer_than(self, seconds: int) -> bool:
        """Whether more whole seconds than these have gone since the deletion."""
        return self.deleted is not None and int((self.now - self.deleted).total_seconds()) > seconds


def moment(text: str) -> datetime:
    """An RFC 3339 time."""
    return datetime.fromisoformat(text)


def span(text: str) -> timedelta:
    """A Go duration of hours, minutes and seconds."""
    unit = {"h": 3600, "m": 60, "s": 1}
    return timedelta(seconds=sum(int(number) * unit[of] for number, of in re.findall(r"(\d+)([hms])", text)))


def group_of(thing: Object) -> str:
    """The API group of an object or of an owner reference."""
    return str(thing["apiVersion"]).rpartition("/")[0]


def selects(selector: Object, thing: Object) -> bool:
    """Whether a label selector, which is there, matches; an empty one matches everything."""
    labels = thing["metadata"].get("labels", {})
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    return all(holds(each, labels) for each in selector.get("matchExpressions", []))


def holds(expression: Object, labels: Mapping[str, str]) -> bool:
    """Whether one expression of a selector is true of these labels."""
    there = expression["key"] in labels
    among = there and labels[expression["key"]] in expression.get("values", [])
    return {"Exists": there, "DoesNotExist": not there, "In": among, "NotIn": not among}[expression["operator"]]


def is_ready(thing: Object, status: str = "True") -> bool:
    """Whether the condition Ready of a pod or node has this status."""
    conditions = thing["status"].get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == status for each in conditions)


def budgets(question: Question) -> list[Object]:
    """The disruption budgets of the pod."""
    every = question.of("policy", "PodDisruptionBudget")
    near = [each for each in every if each["metadata"]["namespace"] == question.namespace]
    return [each for each in near if covers(each, question.pod)]


def covers(budget: Object, pod: Object) -> bool:
    """A missing selector matches nothing; an empty one everything, but nothing in policy/v1beta1."""
    selector = budget["spec"].get("selector")
    nothing = selector is None or (not selector and budget["apiVersion"] == "policy/v1beta1")
    return not nothing and selects(selector, pod)


def named(budget: Object) -> str:
    """A budget as the object to mend."""
    return f"PodDisruptionBudget/{budget['metadata']['namespace']}/{budget['metadata']['name']}"


def has_empty_dir(question: Question) -> bool:
    """Whether the pod has an emptyDir, of whatever medium."""
    return any("emptyDir" in volume for volume in question.pod["spec"].get("volumes", []))


# The eviction API


def eviction(question: Question) -> Expected:
    """What the API server would answer to an eviction now."""
    pod = question.pod
    reason = None if goes_with_a_warning(question) else ""
    if question.finished or pod["status"]["phase"] == "Pending" or question.deleted:
        return Expected("evict", reason)
    mine = budgets(question)
    if len(mine) > 1:
        return Expected("blocked", "multiple-pdb", duration="for-ever")
    if not mine or may_go_unhealthy(pod, mine[0]) or has_room(mine[0]):
        return Expected("evict", reason)
    return Expected("blocked", "pdb", named(mine[0]), how_long(question, mine[0]))


def may_go_unhealthy(pod: Object, budget: Object) -> bool:
    """A pod that is not ready goes by the policy, or while its application has the healthy pods it needs."""
    always = budget["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow"
    status = budget["status"]
    return not is_ready(pod) and (always or status["currentHealthy"] >= status["desiredHealthy"] > 0)


def is_stale(budget: Object) -> bool:
    """Whether the controller has not yet seen this budget as it is."""
    return bool(budget["status"].get("observedGeneration", 0) < budget["metadata"]["generation"])


def has_room(budget: Object) -> bool:
    """Whether one more pod may go."""
    return not is_stale(budget) and budget["status"]["disruptionsAllowed"] > 0


def how_long(question: Question, budget: Object) -> str | None:
    """For ever where it wants no eviction or all replicas of its one controller; open where that is not there.

    Pods without a controller count as healthy, and to nobody's scale: with one of them even a budget that wants no
    eviction has room, against its documentation (``pkg/controller/disruption``, ``getExpectedScale``).
    """
    near = [each for each in question.of("", "Pod") if each["metadata"]["namespace"] == question.namespace]
    owners = [replace(question, pod=each).controller for each in near if covers(budget, each)]
    if None in owners:
        return None
    if budget["spec"].get("maxUnavailable") in (0, "0%") or budget["spec"].get("minAvailable") == "100%":
        return "for-ever"
    replicas = replicas_of(question, owners[0]) if all(each == owners[0] for each in owners) else None
    return None if not replicas else "for-ever" if wanted(budget["spec"], replicas) >= replicas else "now"


def replicas_of(question: Question, owner: Object | None) -> int | None:
    """The scale of the pods' controller, where it is there and has one."""
    if owner is None or owner["kind"] not in ("ReplicaSet", "StatefulSet") or group_of(owner) != "apps":
        return None
    found = question.find("apps", owner["kind"], question.namespace, owner["name"])
    return int(found["spec"]["replicas"]) if found is not None and found["metadata"]["uid"] == owner["uid"] else None


def wanted(spec: Object, replicas: int) -> int:
    """How many of so many pods have to stay; a percentage is rounded up."""
    field = "minAvailable" if "minAvailable" in spec else "maxUnavailable"
    value = spec[field]
    counted: int = value if isinstance(value, int) else -(-replicas * int(value.rstrip("%")) // 100)
    return counted if field == "minAvailable" else max(replicas - counted, 0)


def goes_with_a_warning(question: Question) -> bool:
    """Whether kubectl and Cluster API would have something to say of the pod although they let it go."""
    owner = question.controller
    doubtful = owner is None or owner["kind"] == "DaemonSet" or has_empty_dir(question)
    return bool(question.deleted) or (doubtful and not question.finished)
