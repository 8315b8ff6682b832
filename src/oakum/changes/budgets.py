"""Disruption budgets: what the API server answers to an eviction, and what its controller computes for a budget.

``ask`` is the eviction subresource for one pod, from the status that the budgets have now. ``recomputed`` is the
disruption controller: expected pods, the healthy ones that must stay, and how many may go. ``never_allows`` tells a
budget that waits for something from one that will refuse until somebody changes it.

Sources: kubernetes.io/docs/concepts/scheduling-eviction/api-eviction (the answers), .../docs/tasks/run-application/
configure-pdb (percentages are rounded up, empty and absent selectors, unhealthyPodEvictionPolicy, arbitrary
controllers), the API reference of PodDisruptionBudgetStatus (disruptedPods, observedGeneration), KEP-85 and KEP-3017.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from oakum.errors import InputError, Place
from oakum.fleet.cluster.objects import (
    DisruptionBudget,
    DisruptionBudgetStatus,
    Object,
    OwnerReference,
    Pod,
    Workload,
)
from oakum.fleet.cluster.selecting import selects

CREATED, FORBIDDEN, TOO_MANY, SEVERAL = 201, 403, 429, 500
ALWAYS_ALLOW, IF_HEALTHY = "AlwaysAllow", "IfHealthyBudget"
#: So many evictions may be granted before the controller has seen them; then the API server refuses more.
MOST_DISRUPTED = 2_000
#: A granted eviction after which the pod is still there counts for so long.
GRANT_LASTS = timedelta(minutes=2)

_PERCENT = re.compile(r"([0-9]{1,9})%", re.ASCII)
#: Controllers that have no scale subresource: no share of their pods can be computed.
_WITHOUT_SCALE = frozenset({("batch", "Job"), ("apps", "DaemonSet"), ("", "Node")})
_GROUPS = {"ReplicaSet": ("apps", "extensions"), "StatefulSet": ("apps",), "ReplicationController": ("",)}


class Answer(msgspec.Struct, frozen=True):
    """What the API server says to an eviction: its HTTP status, the budgets that decided, and why.

    ``spent`` says that the grant took one of the disruptions that the budget allows.
    """

    code: int
    budgets: tuple[DisruptionBudget, ...] = ()
    why: str = ""
    spent: bool = False

    @property
    def granted(self) -> bool:
        """Whether the pod is deleted."""
        return self.code == CREATED


class Scale(msgspec.Struct, frozen=True):
    """How many pods a controller wants; ``object`` is Kind/namespace/name."""

    uid: str
    replicas: int
    object: str


class Scales:
    """The controllers of pods and how many they want, as the disruption controller finds them: by name and uid.

    A ReplicaSet of a Deployment counts as that Deployment. Other kinds than these and ReplicationController and
    StatefulSet are found by their scale subresource, which no dump has; DaemonSet and Job have none.
    """

    def __init__(self, workloads: Iterable[Object]) -> None:
        self._workloads = {one.key: one for one in workloads if isinstance(one, Workload)}
        self._known: dict[tuple[str, str, str, str, str], Scale | None] = {}

    def of(self, pod: Pod) -> Scale | None:
        """The scale of a pod's controller; None where it has none, or it is not known."""
        owner = pod.metadata.controller
        if owner is None:
            return None
        key = pod.metadata.namespace, owner.kind, owner.name, owner.uid, owner.api_version
        if key not in self._known:
            self._known[key] = self._found(pod.metadata.namespace, owner)
        return self._known[key]

    def _found(self, namespace: str, owner: OwnerReference) -> Scale | None:
        if owner.api_version.rpartition("/")[0] not in _GROUPS.get(owner.kind, ()):
            return None
        found = self._workloads.get((owner.kind, namespace, owner.name))
        if found is None or found.metadata.uid != owner.uid:
            return None
        above = found.metadata.controller
        if above is not None and above.kind == "Deployment" and owner.kind == "ReplicaSet":
            found = self._workloads.get(("Deployment", namespace, above.name))
            if found is None or found.metadata.uid != above.uid:
                return None
        replicas = 1 if found.spec.replicas is None else found.spec.replicas
        return Scale(found.metadata.uid, replicas, f"{found.kind}/{namespace}/{found.metadata.name}")


class Budgets:
    """The disruption budgets of a cluster, found by the pods that they select."""

    def __init__(self, budgets: Iterable[DisruptionBudget]) -> None:
        self._by_namespace: defaultdict[str, list[DisruptionBudget]] = defaultdict(list)
        for each in budgets:
            self._by_namespace[each.metadata.namespace].append(each)
        self._known: dict[tuple[str, frozenset[tuple[str, str]]], tuple[DisruptionBudget, ...]] = {}
        self._never: dict[tuple[str, str], bool] = {}

    def guarding(self, pod: Pod) -> tuple[DisruptionBudget, ...]:
        """The budgets of a pod's namespace that select it, by name."""
        namespace = pod.metadata.namespace
        several = self._by_namespace.get(namespace)
        if not several:
            return ()
        key = namespace, frozenset(pod.metadata.labels.items())
        if key not in self._known:
            found = [each for each in several if selects(each.spec.selector, pod.metadata.labels)]
            self._known[key] = tuple(sorted(found, key=lambda each: each.metadata.name))
        return self._known[key]

    def named(self, namespace: str, name: str) -> DisruptionBudget | None:
        """A budget by its name."""
        return next((each for each in self._by_namespace.get(namespace, ()) if each.metadata.name == name), None)

    def never(self, budget: DisruptionBudget, pods: Sequence[Pod], scales: Scales) -> bool:
        """Whether a budget never allows any (``never_allows``), asked once: ``pods`` are all that it selects."""
        key = budget.metadata.namespace, budget.metadata.name
        if key not in self._never:
            self._never[key] = never_allows(budget, pods, scales)
        return self._never[key]


def is_ready(pod: Pod) -> bool:
    """Whether a pod counts as healthy: its condition Ready is True."""
    for each in pod.status.conditions:
        if each.type == "Ready":
            return each.status == "True"
    return False


def is_finished(pod: Pod) -> bool:
    """Whether all containers of a pod have ended for good."""
    return pod.status.phase in ("Succeeded", "Failed")


def is_terminating(pod: Pod) -> bool:
    """Whether somebody has deleted the pod already."""
    return bool(pod.metadata.deletion_timestamp)


def passes_budgets(pod: Pod) -> bool:
    """Whether no budget is asked: the pod is pending, finished or terminating, so that nothing healthy is disrupted."""
    return pod.status.phase == "Pending" or is_finished(pod) or is_terminating(pod)


def ask(pod: Pod, guarding: Sequence[DisruptionBudget]) -> Answer:
    """The API server's answer to an eviction of a pod under the budgets that select it, as they stand now."""
    if passes_budgets(pod) or not guarding:
        return Answer(CREATED)
    several = tuple(guarding)
    if len(several) > 1:
        return Answer(SEVERAL, several, f"{len(several)} disruption budgets select the pod, an eviction allows for one")
    (budget,) = several
    status, policy = budget.status, budget.spec.unhealthy_pod_eviction_policy or IF_HEALTHY
    if not is_ready(pod):
        if policy == ALWAYS_ALLOW or (
            policy == IF_HEALTHY and status.current_healthy >= status.desired_healthy > 0
        ):  # fmt: skip
            return Answer(CREATED, several)
        if policy not in (ALWAYS_ALLOW, IF_HEALTHY):
            # The API reference asks of every client to take an unknown policy as a no for unhealthy pods.
            return Answer(TOO_MANY, several, f"its unhealthyPodEvictionPolicy {policy[:40]!r} is unknown")
    if status.observed_generation < budget.metadata.generation:
        return Answer(TOO_MANY, several, "the budget was changed, and its controller has not looked at it since")
    if status.disruptions_allowed < 0:
        return Answer(FORBIDDEN, several, "disruptionsAllowed is negative")
    if len(status.disrupted_pods) > MOST_DISRUPTED:
        return Answer(FORBIDDEN, several, f"more than {MOST_DISRUPTED:,} granted evictions are not yet confirmed")
    if status.disruptions_allowed == 0:
        needs = f"it needs {status.desired_healthy} healthy pods, and {status.current_healthy} are"
        return Answer(TOO_MANY, several, needs)
    return Answer(CREATED, several, spent=True)


def recomputed(
    budget: DisruptionBudget, pods: Sequence[Pod], scales: Scales, now: datetime | None = None
) -> DisruptionBudgetStatus:
    """What the disruption controller writes into a budget's status; ``pods`` are those that it selects.

    Where it cannot tell how many pods to expect (a controller without a scale, a value that is no percentage) it
    allows none and leaves the rest as it was. ``now`` ends grants that are over; without it all still count.
    """
    counted = _expected(budget, pods, scales)
    if counted is None:
        return msgspec.structs.replace(budget.status, disruptions_allowed=0)
    expected, desired = counted
    granted = {
        name: at
        for name, at in budget.status.disrupted_pods.items()
        if now is None or moment(at, "disruptedPods") + GRANT_LASTS >= now
    }
    here = [pod for pod in pods if not is_terminating(pod)]
    healthy = sum(is_ready(pod) for pod in here if pod.metadata.name not in granted)
    allowed = max(0, healthy - desired) if expected > 0 else 0
    names = {pod.metadata.name for pod in here}
    return DisruptionBudgetStatus(
        disruptions_allowed=allowed,
        current_healthy=healthy,
        desired_healthy=desired,
        expected_pods=expected,
        observed_generation=budget.metadata.generation,
        disrupted_pods={name: at for name, at in granted.items() if name in names},
    )


def never_allows(budget: DisruptionBudget, pods: Sequence[Pod], scales: Scales) -> bool:
    """Whether a budget refuses even when all of its pods are there and healthy; then only a change of it helps.

    ``pods`` are those that it selects. Where a pod's controller is not known, the budget's own expected pods count.
    """
    if budget.spec.max_unavailable is None and budget.spec.min_available is None:
        return True
    owners = [pod.metadata.controller for pod in pods if pod.metadata.controller is not None]
    counts_pods = budget.spec.max_unavailable is None and not isinstance(budget.spec.min_available, str)
    if not counts_pods and any((each.api_version.rpartition("/")[0], each.kind) in _WITHOUT_SCALE for each in owners):
        return True
    found = [scales.of(pod) for pod in pods if pod.metadata.controller is not None]
    known = {scale.uid: scale.replicas for scale in found if scale is not None}
    if all(scale is not None for scale in found):
        counted = _expected(budget, pods, scales)
        if counted is None:
            return True
        expected, needed = counted
        alone = sum(pod.metadata.controller is None and not is_finished(pod) for pod in pods)
        best = sum(known.values()) + alone
        return min(expected, best) <= 0 or best - needed <= 0
    expected = budget.status.expected_pods or len(pods)
    desired = _desired(budget, expected)
    return desired is None or expected - desired <= 0


def moment(text: str, field: str) -> datetime:
    """The time that an object says. Raises InputError naming the field."""
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found
    except ValueError:
        pass
    raise InputError(f"{text[:60]!r} is no time with a zone", place=Place(field=field), remedy="write RFC 3339 in UTC")


def _expected(budget: DisruptionBudget, pods: Sequence[Pod], scales: Scales) -> tuple[int, int] | None:
    """How many pods there should be, and how many must stay healthy; None where that cannot be told."""
    spec = budget.spec
    if spec.max_unavailable is None and not isinstance(spec.min_available, str):
        # A number that must stay: the pods that are there are what is expected, whoever made them.
        return (len(pods), spec.min_available) if spec.min_available is not None else (0, 0)
    by_controller: dict[str, int] = {}
    for pod in pods:
        if pod.metadata.controller is not None:
            scale = scales.of(pod)
            if scale is None:
                return None
            by_controller[scale.uid] = scale.replicas
    expected = sum(by_controller.values())
    desired = _desired(budget, expected)
    return None if desired is None else (expected, desired)


def _desired(budget: DisruptionBudget, expected: int) -> int | None:
    spec = budget.spec
    if spec.max_unavailable is not None:
        most = scaled(spec.max_unavailable, expected)
        return None if most is None else max(0, expected - most)
    return 0 if spec.min_available is None else scaled(spec.min_available, expected)


def scaled(value: int | str, total: int) -> int | None:
    """A number as it is, a percentage of ``total`` rounded up; None where a text is no percentage."""
    if isinstance(value, int):
        return value
    found = _PERCENT.fullmatch(value)
    return -(-int(found[1]) * total // 100) if found else None


def members(pods: Iterable[Pod], budgets: Budgets) -> Mapping[tuple[str, str], Sequence[Pod]]:
    """The pods that each budget selects, by its namespace and name."""
    found: defaultdict[tuple[str, str], list[Pod]] = defaultdict(list)
    for pod in pods:
        for each in budgets.guarding(pod):
            found[each.metadata.namespace, each.metadata.name].append(pod)
    return found
