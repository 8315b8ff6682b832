"""The life of a pod: created, bound, started, deleted, ended; and what its node's state makes of it.

After kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle and .../architecture/nodes: a deleted pod stays until its
containers have ended and its finalizers are gone; on a node that does not run nothing ends, and the pod stays
terminating until the node returns or its object is deleted; pods of a node that is not ready are unready at once and
deleted after their toleration (five minutes).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oakum.fleet.cluster.objects import Selector
from oakum.fleet.cluster.selecting import selects
from oakum.simulation.disruption import recount
from oakum.simulation.scheduling import place
from oakum.simulation.things import Budget, Cluster, Machine, Pod, Workload

if TYPE_CHECKING:
    from oakum.simulation.world import World


class Pods:
    """The pods of one cluster, with the scheduler, the kubelets and the disruption controller."""

    def __init__(self, cluster: Cluster, world: World) -> None:
        self.cluster, self.world, self.time = cluster, world, world.timeline

    def create(self, workload: Workload, *, ordinal: int = -1, machine: Machine | None = None) -> Pod | None:
        """A new pod; None where the API server or a fail-closed webhook refuses it for now."""
        if not self.cluster.writable or self.refused(workload):
            return None
        workload.made += 1
        name = f"{workload.name}-{workload.made if ordinal < 0 else ordinal}"
        pod = Pod(
            name=name, uid=self.world.uid("pod"), workload=workload, ordinal=ordinal, generation=workload.generation,
            crashes=workload.crashes, image=workload.image, budgets=workload.budgets,
        )  # fmt: skip
        if workload.volume and ordinal >= 0:
            pod.zone = workload.annotations.get(f"zone-{ordinal}", "")
        if workload.local == "local-volume":
            pod.pinned = workload.annotations.get(f"node-{max(ordinal, 0)}", "")
        for each in pod.budgets:
            each.pods[pod.uid] = pod
        self.cluster.pods[workload.namespace, name] = workload.pods[pod.uid] = pod
        self.touch(pod)
        if machine is not None:
            self.bind(pod, machine)
        else:
            self.cluster.pending[pod.uid] = pod
            self.place_soon()
        return pod

    def refused(self, workload: Workload) -> bool:
        """Whether a fail-closed webhook without a backend keeps new pods of a workload out."""
        return any(
            each.fail_closed
            and workload.namespace not in each.exempt
            and (not each.backend.ready or each.down_until > self.time.now)
            for each in self.cluster.webhooks
        )

    def place_soon(self) -> None:
        """Has the scheduler look at what waits."""
        if self.cluster.pending and not self.cluster.placing:
            self.cluster.placing = True
            self.time.after(self.world.times.schedule, self._place)

    def _place(self) -> None:
        self.cluster.placing = False
        if not self.cluster.writable:
            self.time.after(self.world.times.retry, self.place_soon)
            return
        full: set[str] = set()
        for pod in list(self.cluster.pending.values()):
            kind = f"{pod.workload.uid}/{pod.zone}/{pod.pinned}"
            if kind not in full:
                machine = place(pod, self.cluster)
                if machine is None:
                    full.add(kind)
                else:
                    self.bind(pod, machine)

    def bind(self, pod: Pod, machine: Machine) -> None:
        """Gives a pod to a node, whose kubelet starts it."""
        self.cluster.pending.pop(pod.uid, None)
        pod.machine = machine
        machine.pods[pod.uid] = pod
        machine.used += pod.workload.cpu
        self.touch(pod)
        delay = self.world.times.start
        if pod.workload.volume:
            machine.attached[self.volume(pod)] = True
            delay += self.world.times.attach
        self.start(pod, delay)

    def start(self, pod: Pod, delay: float) -> None:
        """The kubelet starts the containers of a pod, for the first time or again."""
        pod.turn += 1
        self.time.after(delay + pod.workload.starts, self._started, pod, pod.turn)

    def _started(self, pod: Pod, turn: int) -> None:
        machine = pod.machine
        if pod.turn != turn or machine is None or machine.gone or not machine.alive or machine.sick or not pod.active:
            return
        pod.phase = "Running"
        self.touch(pod)
        if not pod.crashes:
            self.set_ready(pod, True)
        if pod.workload.runs:
            self.finish_later(pod)

    def finish_later(self, pod: Pod) -> None:
        """Has a pod that runs to its end come to it."""
        self.time.after(pod.workload.runs, self._finished, pod, pod.turn)

    def _finished(self, pod: Pod, turn: int) -> None:
        if pod.turn == turn and pod.active and pod.ready:
            self.set_ready(pod, False)
            pod.phase = "Succeeded"
            self.touch(pod)
            self.world.controllers[self.cluster.name].soon(pod.workload)

    def set_ready(self, pod: Pod, ready: bool) -> None:
        """Turns a pod's condition Ready, and counts."""
        if pod.ready == ready:
            return
        workload = pod.workload
        if workload.kind not in ("DaemonSet", "Job"):
            workload.missed += max(0, workload.replicas - workload.ready) * (self.time.now - workload.counted)
            workload.counted = self.time.now
        pod.ready = ready
        workload.ready += 1 if ready else -1
        self.touch(pod)
        if ready and (workload.rolling or workload.kind == "StatefulSet"):
            self.world.controllers[self.cluster.name].soon(workload)

    def delete(self, pod: Pod, why: str, by: str) -> None:
        """Marks a pod deleted; it ends when its kubelet has stopped it."""
        if pod.deleted >= 0 or pod.uid not in pod.workload.pods:
            return
        if pod.ready:
            self.world.watch.ended(pod, pod.machine, why, by)
        pod.deleted = self.time.now
        pod.workload.ending += 1
        pod.evicted = why == "eviction"
        self.set_ready(pod, False)
        self.touch(pod)
        self.world.controllers[self.cluster.name].soon(pod.workload)
        if pod.machine is None or pod.phase != "Running":
            self.end(pod)
        else:
            self._stop(pod, by)

    def let_go(self, workload: Workload) -> None:
        """The finalizer of a workload's pods no longer holds them."""
        workload.held = False
        for pod in list(workload.pods.values()):
            if pod.deleted >= 0:
                self._stop(pod, "")

    def _stop(self, pod: Pod, by: str) -> None:
        machine = pod.machine
        if machine is not None and machine.alive and not machine.sick and not pod.workload.held:
            self.time.after(min(pod.workload.stops, pod.workload.grace), self._stopped, pod, machine, machine.boots, by)

    def _stopped(self, pod: Pod, machine: Machine, boot: int, by: str) -> None:
        if machine.alive and machine.boots == boot and not machine.gone:
            if pod.workload.local == "emptyDir":
                self.world.watch.lost(pod, by)
            self.end(pod)

    def end(self, pod: Pod) -> None:
        """Takes a pod's object away; its volume is detached after a while."""
        if pod.workload.pods.pop(pod.uid, None) is None:
            return
        pod.workload.ending -= pod.deleted >= 0
        self.set_ready(pod, False)
        self.cluster.pending.pop(pod.uid, None)
        if self.cluster.pods.get((pod.workload.namespace, pod.name)) is pod:
            del self.cluster.pods[pod.workload.namespace, pod.name]
        machine = pod.machine
        if machine is not None and machine.pods.pop(pod.uid, None) is not None:
            machine.used -= pod.workload.cpu
            if machine.claim is not None:
                self.world.stir()
            if pod.workload.volume:
                self.time.after(self.world.times.detach, self._detach, machine, self.volume(pod))
        self.touch(pod)
        for each in pod.budgets:
            each.pods.pop(pod.uid, None)
        if pod.workload.kind == "DaemonSet" and machine is not None and not pod.workload.rolling:
            self.world.controllers[self.cluster.name].on_soon(pod.workload, machine)
        else:
            self.world.controllers[self.cluster.name].soon(pod.workload)
        self.place_soon()

    def _detach(self, machine: Machine, volume: str) -> None:
        if not any(pod.workload.volume and self.volume(pod) == volume for pod in machine.pods.values()):
            machine.attached.pop(volume, None)
            self.cluster.version += 1
            if machine.claim is not None:
                self.world.stir()

    def volume(self, pod: Pod) -> str:
        """The name of a pod's persistent volume."""
        return f"pv-{pod.workload.namespace}-{pod.name}"

    def touch(self, pod: Pod) -> None:
        """Something about a pod has changed: its object is made anew, its budgets are counted again with their lag."""
        pod.slim = None
        self.cluster.version += 1
        for each in pod.budgets:
            self.count_soon(each)

    def count_soon(self, budget: Budget) -> None:
        """Has the disruption controller look at a budget."""
        budget.slim = None
        if not budget.waiting:
            budget.waiting = True
            self.time.after(self.world.times.budget, self._count, budget)

    def _count(self, budget: Budget) -> None:
        budget.waiting = False
        if not self.cluster.writable:
            self.time.after(self.world.times.retry, self.count_soon, budget)
            return
        recount(budget, self.time.now, self.cluster.pods)
        budget.slim = None
        self.cluster.version += 1
        if budget.grants:
            self.time.after(self.world.times.grant, self.count_soon, budget)

    # What a node does to its pods

    def down(self, machine: Machine, why: str, by: str) -> None:
        """The containers of a node end with its operating system."""
        for pod in machine.pods.values():
            if pod.ready:
                if pod.workload.kind != "DaemonSet":
                    self.world.watch.ended(pod, machine, why, by)
                self.set_ready(pod, False)
            pod.turn += 1

    def back(self, machine: Machine) -> None:
        """A kubelet is there again: it starts what is bound to its node, and ends what was deleted meanwhile."""
        for pod in list(machine.pods.values()):
            if pod.deleted >= 0:
                self._stop(pod, "")
            elif pod.active:
                self.start(pod, self.world.times.start)

    def abandon(self, machine: Machine, since: float) -> None:
        """The taint of a node that is not ready for so long deletes its pods."""
        if not machine.ready and machine.since == since and not machine.gone and self.cluster.writable:
            for pod in list(machine.pods.values()):
                if pod.workload.kind != "DaemonSet":
                    self.delete(pod, "not-ready", machine.down_by)

    def orphan(self, machine: Machine, by: str) -> None:
        """The node's object is gone: so are its pods."""
        for pod in list(machine.pods.values()):
            if pod.workload.local and pod.active:
                self.world.watch.lost(pod, by)
            if pod.deleted < 0:
                pod.deleted = self.time.now
                pod.workload.ending += 1
            self.end(pod)
        machine.attached.clear()


def guards(budget: Budget, workload: Workload) -> bool:
    """Whether a budget selects the pods of a workload."""
    selector = Selector(match_labels=budget.labels, match_expressions=budget.expressions)
    return budget.namespace == workload.namespace and selects(selector, workload.labels)
