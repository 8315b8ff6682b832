"""The last step of most drains: what the API server would answer to the eviction of a pod now, as an outcome.

Source: kubernetes.io/docs/concepts/scheduling-eviction/api-eviction. A refusal by one budget is for now, unless that
budget refuses also when all of its pods are there and healthy; several budgets on one pod are refused for ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from oakum.changes.budgets import (
    FORBIDDEN,
    SEVERAL,
    Answer,
    ask,
    never_allows,
)
from oakum.changes.drain.model import BLOCKED, FOR_EVER, NOW, Opt, Outcome, Rule, Scene, named
from oakum.changes.drain.surroundings import Key
from oakum.fleet.cluster.objects import DisruptionBudget, Pod
from oakum.naming import listed

SOURCE = "https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/"
BUDGETS = "https://kubernetes.io/docs/tasks/run-application/configure-pdb/"
_TOLD = 3


def outcome_of(pod: Pod, scene: Scene[Opt]) -> Outcome | None:
    """How an eviction of the pod would be refused now; None where it would be granted."""
    answer = ask(pod, scene.around.budgets.guarding(pod))
    if answer.granted:
        return None
    return refused(pod, answer, _never(answer.budgets[0], scene), scene)


def settle(pods: Sequence[Pod], scene: Scene[Opt]) -> Mapping[Key, Outcome]:
    """The refusals of some pods, each asked for alone."""
    outcomes = ((pod, outcome_of(pod, scene)) for pod in pods)
    return {(pod.metadata.namespace, pod.metadata.name): found for pod, found in outcomes if found is not None}


def refused(pod: Pod, answer: Answer, ever: bool, scene: Scene[Opt]) -> Outcome:
    """A refusal in words, with the least that mends it; ``ever`` says for one budget whether it never allows any."""
    budget = answer.budgets[0]
    if answer.code == SEVERAL:
        names = [named(each) for each in answer.budgets]
        return Outcome(
            verdict=BLOCKED, reason="multiple-pdb", duration=FOR_EVER, object=names[0],
            why=f"{answer.why}: {', '.join(names)}",
            remedy=f"change the selectors of {', '.join(names[1:])} so that the pod stays under one budget",
        )  # fmt: skip
    return Outcome(
        verdict=BLOCKED, reason="pdb", duration=FOR_EVER if ever else NOW, object=named(budget), why=answer.why,
        remedy=_for_ever(budget, scene) if ever else _for_now(pod, budget, answer, scene),
    )  # fmt: skip


def _never(budget: DisruptionBudget, scene: Scene[Opt]) -> bool:
    return never_allows(budget, scene.around.members(budget), scene.around.scales)


def _for_ever(budget: DisruptionBudget, scene: Scene[Opt]) -> str:
    """Growing the workload weakens nothing, where that helps; else the budget has to allow one."""
    found = (scene.around.scales.of(pod) for pod in scene.around.members(budget))
    scale = next((each for each in found if each is not None), None)
    if scale is not None and isinstance(budget.spec.min_available, int) and budget.spec.min_available >= scale.replicas:
        return (
            f"scale {scale.object} to {budget.spec.min_available + 1} replicas, or let the budget allow one disruption"
        )
    return "let the budget allow one disruption (maxUnavailable of 1, or a lower minAvailable)"


def _for_now(pod: Pod, budget: DisruptionBudget, answer: Answer, scene: Scene[Opt]) -> str:
    if answer.code == FORBIDDEN:
        return "wait for the disruption controller to bring the budget's status up to date"
    sick = scene.around.unready(budget)
    if not sick:
        return "wait until another pod of the budget is healthy"
    if all(named(each) == named(pod) for each in sick):
        return "mend the pod; or set unhealthyPodEvictionPolicy: AlwaysAllow, since the pod itself is the unhealthy one"
    names = listed(sick, _TOLD, lambda each: f"{each.metadata.namespace}/{each.metadata.name}")
    return f"mend the unhealthy pods of the budget, or wait for them: {names}"


def rule(name: str = "eviction") -> Rule[Opt]:
    """The eviction as a rule, for the reference."""
    return Rule(
        name=name,
        says="the API server grants the eviction; a budget that allows none, or several budgets, refuse it",
        source=SOURCE,
        example="disruptionsAllowed: 0 -> blocked, pdb; two budgets -> blocked for ever, multiple-pdb",
        decide=outcome_of,
    )
