"""Disruption budgets: no healthy pod that a budget needs ends by us, except as the API server grants it."""

from __future__ import annotations

from typing import ClassVar

from oakum.simulation.disruption import truly_healthy, wanted
from oakum.simulation.invariants.base import US, Invariant
from oakum.simulation.things import Machine, Pod

#: How a pod ends that nobody was asked for.
_UNASKED = frozenset({"down", "delete", "removed"})


class DisruptionBudget(Invariant):
    """A pod that was evicted was granted by the API server; one that ended otherwise by us has to be dispensable."""

    name: ClassVar[str] = "disruption-budget"
    rule: ClassVar[str] = "no act of ours brings the healthy pods of a disruption budget below what it wants"
    source: ClassVar[str] = "https://kubernetes.io/docs/concepts/workloads/pods/disruptions/"

    def ended(self, pod: Pod, machine: Machine | None, why: str, by: str) -> None:
        """A healthy pod is about to end."""
        if by != US or why not in _UNASKED or self._forced(pod):
            return
        for budget in pod.budgets:
            counted = wanted(budget)
            healthy = truly_healthy(budget) - 1
            if counted is None or healthy < counted[1]:
                least = "some" if counted is None else counted[1]
                place = machine.id if machine is not None else "no node"
                how = {"down": "went down with", "delete": "was deleted on", "removed": "was removed with"}[why]
                self.report(
                    f"{budget.namespace}/{budget.name}",
                    f"{pod.full_name} {how} {place}: {healthy} healthy pods are left of {least} that are needed",
                )

    def _forced(self, pod: Pod) -> bool:
        """Whether people have agreed that this pod's node is emptied past its budgets."""
        act = self.court.acting
        step = self.terms.step(act) if act is not None else None
        return (
            act is not None
            and act.do == "delete-pod"
            and step is not None
            and f"approve:{act.plan}/{step.id}/force-evict" in self.world.wishes
        )
