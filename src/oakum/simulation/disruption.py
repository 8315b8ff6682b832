"""Disruption budgets as the control plane keeps them: the controller's arithmetic, and the answer to an eviction.

The rules are those of ``oakum.changes.budgets`` with its sources; here they run over counters, since a world asks for
them after every change. A test holds both against each other.
"""

from __future__ import annotations

from collections.abc import Mapping

from oakum.changes.budgets import ALWAYS_ALLOW, IF_HEALTHY, scaled
from oakum.simulation.things import Budget, Pod

#: A granted eviction counts for so many seconds, though the pod be there still.
GRANT_LASTS = 120.0
GRANTED, TOO_MANY, SEVERAL = 201, 429, 500
_SCALES = ("Deployment", "StatefulSet")


def recount(budget: Budget, now: float, pods: Mapping[tuple[str, str], Pod]) -> None:
    """What the disruption controller writes when it looks at a budget; ``pods`` are all of its cluster."""
    counted = wanted(budget)
    if counted is None:
        budget.allowed = 0
        return
    budget.expected, budget.desired = counted
    granted: dict[str, float] = {}
    # A deleted pod is never ready, so that the ready ones of its workloads are those that a budget counts.
    healthy = sum(each.ready for each in budget.workloads.values())
    for name, at in budget.grants.items():
        pod = pods.get((budget.namespace, name))
        if pod is not None and pod.deleted < 0 and pod.uid in budget.pods and at + GRANT_LASTS >= now:
            granted[name] = at
            healthy -= pod.ready
    budget.grants, budget.healthy = granted, healthy
    budget.allowed = max(0, budget.healthy - budget.desired) if budget.expected > 0 else 0
    budget.observed = budget.generation


def wanted(budget: Budget) -> tuple[int, int] | None:
    """How many pods a budget expects, and how many must stay healthy; None where its controllers do not tell."""
    if budget.max_unavailable is None and not isinstance(budget.min_available, str):
        return (0, 0) if budget.min_available is None else (len(budget.pods), budget.min_available)
    expected = 0
    for workload in budget.workloads.values():
        if workload.kind == "Pod" or not workload.pods:
            continue
        if workload.kind not in _SCALES or workload.gone:
            return None
        expected += workload.replicas
    if budget.max_unavailable is not None:
        most = scaled(budget.max_unavailable, expected)
        return None if most is None else (expected, max(0, expected - most))
    least = scaled(budget.min_available or 0, expected)
    return None if least is None else (expected, least)


def answer(pod: Pod) -> tuple[int, str, bool]:
    """The API server's answer to an eviction: its code, why, and whether it spends a disruption."""
    if pod.phase == "Pending" or not pod.active or not pod.budgets:
        return GRANTED, "", False
    if len(pod.budgets) > 1:
        return SEVERAL, f"{len(pod.budgets)} disruption budgets select the pod", False
    (budget,) = pod.budgets
    policy = budget.unhealthy or IF_HEALTHY
    if not pod.ready:
        if policy == ALWAYS_ALLOW or (policy == IF_HEALTHY and budget.healthy >= budget.desired > 0):
            return GRANTED, "", False
        if policy not in (ALWAYS_ALLOW, IF_HEALTHY):
            return TOO_MANY, f"{budget.namespace}/{budget.name} has an unknown unhealthyPodEvictionPolicy", False
    if budget.observed < budget.generation:
        return TOO_MANY, f"{budget.namespace}/{budget.name} was changed and not looked at since", False
    if budget.allowed <= 0:
        why = f"{budget.namespace}/{budget.name} needs {budget.desired} healthy pods, and {budget.healthy} are"
        return TOO_MANY, why, False
    return GRANTED, "", True


def truly_healthy(budget: Budget) -> int:
    """How many of its pods are healthy in truth, whatever the controller has seen."""
    return sum(pod.ready and pod.deleted < 0 for pod in budget.pods.values())
