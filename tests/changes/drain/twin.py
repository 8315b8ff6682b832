"""The pods and budgets of a real cluster's namespace in the simulation, to be asked the same questions."""

from __future__ import annotations

from oakum.changes.budgets import is_ready, is_terminating
from oakum.changes.drain import Surroundings
from oakum.fleet.cluster import objects as k
from oakum.simulation import disruption
from oakum.simulation.things import Budget, Pod, Workload


class Twin:
    """Pods and budgets by name; the pods of one controller share their workload."""

    def __init__(self, around: Surroundings, space: str) -> None:
        self.budgets: dict[str, Budget] = {}
        self.pods: dict[str, Pod] = {}
        self._workloads: dict[str, Workload] = {}
        for each in around.pods:
            if each.metadata.namespace == space:
                self.pods[each.metadata.name] = self._pod(each, around)

    def _pod(self, one: k.Pod, around: Surroundings) -> Pod:
        pod = Pod(
            name=one.metadata.name, uid=one.metadata.uid, workload=self._workload(one, around),
            phase=one.status.phase, ready=is_ready(one), deleted=0.0 if is_terminating(one) else -1.0,
            budgets=tuple(self._budget(each) for each in around.budgets.guarding(one)),
        )  # fmt: skip
        pod.workload.pods[pod.uid] = pod
        pod.workload.ready += pod.ready and pod.deleted < 0
        for each in pod.budgets:
            each.pods[pod.uid] = pod
            each.workloads[pod.workload.uid] = pod.workload
        return pod

    def _workload(self, one: k.Pod, around: Surroundings) -> Workload:
        meta, owner, scale = one.metadata, one.metadata.controller, around.scales.of(one)
        if owner is None:
            return Workload(kind="Pod", namespace=meta.namespace, name=meta.name, uid=meta.uid)
        if scale is None:  # a Job stands for every controller that has no scale
            return Workload(kind="Job", namespace=meta.namespace, name=owner.name, uid=owner.uid)
        made = Workload(
            kind="Deployment", namespace=meta.namespace, name=owner.name, uid=scale.uid, replicas=scale.replicas
        )
        return self._workloads.setdefault(scale.uid, made)

    def _budget(self, one: k.DisruptionBudget) -> Budget:
        status, spec = one.status, one.spec
        return self.budgets.setdefault(
            one.metadata.name,
            Budget(
                namespace=one.metadata.namespace, name=one.metadata.name, uid=one.metadata.uid, labels={},
                min_available=spec.min_available, max_unavailable=spec.max_unavailable,
                unhealthy=spec.unhealthy_pod_eviction_policy or "", generation=one.metadata.generation,
                observed=status.observed_generation, allowed=status.disruptions_allowed,
                healthy=status.current_healthy, desired=status.desired_healthy, expected=status.expected_pods,
            ),
        )  # fmt: skip

    def asked(self, name: str) -> int:
        """The answer to an eviction."""
        return disruption.answer(self.pods[name])[0]

    def evict(self, name: str) -> int:
        """The answer, with what a grant changes."""
        pod = self.pods[name]
        code, _, spends = disruption.answer(pod)
        for each in pod.budgets if spends else ():
            each.allowed -= 1
            each.grants[name] = 0.0
        if code == disruption.GRANTED:
            pod.workload.ready -= pod.ready and pod.deleted < 0
            pod.deleted = 0.0
        return code

    def counted(self, name: str) -> tuple[int, int, int, int]:
        """Allowed, healthy, desired and expected of a budget, counted anew as the simulated controller does."""
        budget = self.budgets[name]
        pods = {(budget.namespace, each.name): each for each in self.pods.values()}
        disruption.recount(budget, 0.0, pods)
        return budget.allowed, budget.healthy, budget.desired, budget.expected
