"""Which pods of a node can ever leave by eviction, in which order, and which budgets never let the others go.

The world is played forward in rounds. In a round every pod that still waits asks for its eviction as the API server
would answer it; unready pods ask first, since their end makes nothing worse. Between rounds the controllers bring the
budgets up to date and replace what left: a pod whose controller wants it comes up healthy on another node. A healthy
pod that nothing replaces uses up its budget for good, so those ask only in rounds that grant no other. It ends when a
round grants nothing. A grant uses one budget alone, so that no other order frees more pods.

Whether there is room for the replacements is not asked here: a planner does that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from oakum.changes.budgets import (
    SEVERAL,
    Answer,
    Budgets,
    Scales,
    ask,
    is_finished,
    is_ready,
    is_terminating,
    never_allows,
    recomputed,
)
from oakum.fleet.cluster.objects import DisruptionBudget, DisruptionBudgetStatus, Pod

Key = tuple[str, str]


class Stuck(msgspec.Struct, frozen=True):
    """A pod that no order of evictions frees; ``for_ever`` unless its budget waits for pods that are not healthy."""

    pod: Pod
    answer: Answer
    for_ever: bool


class Departures(msgspec.Struct, frozen=True):
    """``rounds``: pods that may go at once, then those that may go when these are replaced, and so on; and the rest."""

    rounds: tuple[tuple[Pod, ...], ...]
    stuck: tuple[Stuck, ...]


def departures(
    leaving: Iterable[Pod], selected: Mapping[Key, Sequence[Pod]], budgets: Budgets, scales: Scales
) -> Departures:
    """Plays the evictions of ``leaving``; ``selected`` are all pods of the cluster by budget (``budgets.members``)."""
    world = _World(budgets, scales, selected)
    waiting, rounds = sorted(leaving, key=is_ready), []
    while waiting:
        gone = [pod for pod in waiting if world.recovers(pod) and world.evict(pod).granted]
        gone = gone or [pod for pod in waiting if world.evict(pod).granted]
        if not gone:
            break
        rounds.append(tuple(gone))
        left = {id(pod) for pod in gone}
        waiting = [pod for pod in waiting if id(pod) not in left]
        world.turn(gone)
    return Departures(tuple(rounds), tuple(world.stuck(pod) for pod in waiting))


class _World:
    """The statuses of the budgets while pods leave and are replaced."""

    def __init__(self, budgets: Budgets, scales: Scales, selected: Mapping[Key, Sequence[Pod]]) -> None:
        self._budgets, self._scales, self._members = budgets, scales, selected
        self._lost: set[int] = set()
        self._now: dict[Key, DisruptionBudget] = {}

    def evict(self, pod: Pod) -> Answer:
        """Asks, and where it is granted the pod is gone."""
        guarding = self._guarding(pod)
        answer = ask(pod, guarding)
        if answer.granted:
            for each in guarding:
                status = each.status
                self._change(each, status.current_healthy - _counts(pod), status.disruptions_allowed - answer.spent)
        return answer

    def recovers(self, pod: Pod) -> bool:
        """Whether no budget has less when the pod is gone, and replaced, than it had before."""
        return not _counts(pod) or self._made_again(pod) or not self._budgets.guarding(pod)

    def turn(self, gone: Iterable[Pod]) -> None:
        """The end of a round: what has left comes up healthy elsewhere where a controller wants it, and is counted."""
        for pod in gone:
            again = self._made_again(pod)
            if not again:
                self._lost.add(id(pod))
            for each in self._guarding(pod):
                healthy = each.status.current_healthy + again
                self._change(each, healthy, max(0, healthy - each.status.desired_healthy))

    def stuck(self, pod: Pod) -> Stuck:
        """Why a pod stays."""
        answer = ask(pod, self._guarding(pod))
        several = answer.code == SEVERAL
        return Stuck(pod, answer, several or any(self.refuses_always(each) for each in answer.budgets))

    def refuses_always(self, budget: DisruptionBudget) -> bool:
        """Whether a budget refuses also when all of its pods are healthy."""
        members = self._members.get(_key(budget), ())
        left = [pod for pod in members if id(pod) not in self._lost] if self._lost else members
        if len(left) == len(members):
            return self._budgets.never(budget, members, self._scales)
        return never_allows(budget, left, self._scales)

    def _made_again(self, pod: Pod) -> bool:
        """Whether a controller makes another pod when this one is gone; most do so as soon as it ends."""
        owner = pod.metadata.controller
        early = owner is not None and owner.kind != "StatefulSet" and (is_finished(pod) or is_terminating(pod))
        return self._scales.of(pod) is not None and not early

    def _guarding(self, pod: Pod) -> tuple[DisruptionBudget, ...]:
        return tuple(self._current(each) for each in self._budgets.guarding(pod))

    def _current(self, budget: DisruptionBudget) -> DisruptionBudget:
        """A budget at this moment; one that its controller has not looked at yet as it will be then."""
        key = _key(budget)
        if key not in self._now:
            status, generation = budget.status, budget.metadata.generation
            if status.observed_generation < generation or status == DisruptionBudgetStatus():
                status = recomputed(budget, self._members.get(key, ()), self._scales)
            self._now[key] = msgspec.structs.replace(budget, status=status)
        return self._now[key]

    def _change(self, budget: DisruptionBudget, healthy: int, allowed: int) -> None:
        status = msgspec.structs.replace(budget.status, current_healthy=healthy, disruptions_allowed=allowed)
        self._now[_key(budget)] = msgspec.structs.replace(budget, status=status)


def _counts(pod: Pod) -> bool:
    """Whether a budget counts the pod as healthy."""
    return is_ready(pod) and not is_terminating(pod)


def _key(budget: DisruptionBudget) -> Key:
    return budget.metadata.namespace, budget.metadata.name
