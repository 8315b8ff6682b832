"""The controllers of workloads: each brings its pods to what is wanted, one look at a time and with a lag.

After kubernetes.io/docs/concepts/workloads/controllers: a ReplicaSet counts pods that are neither deleted nor finished
and makes the rest; a rolling update takes one surge pod at a time; a StatefulSet makes its pods in order, the next when
those before are ready, never two of one identity; a DaemonSet has one pod on every node, cordoned ones included; a Job
makes a pod again until one succeeds. What nothing owns is not made again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oakum.simulation.pods import Pods
from oakum.simulation.things import Cluster, Kinds, Machine, Workload

if TYPE_CHECKING:
    from oakum.simulation.world import World

#: The kinds that have a controller here.
KINDS: tuple[Kinds, ...] = ("Deployment", "StatefulSet", "DaemonSet", "Job")


class Controllers:
    """The controllers of one cluster."""

    def __init__(self, cluster: Cluster, world: World, pods: Pods) -> None:
        self.cluster, self.world, self.pods = cluster, world, pods
        self._look = {
            "Deployment": self._deployment,
            "StatefulSet": self._stateful_set,
            "DaemonSet": self._daemon_set,
            "Job": self._job,
        }

    def soon(self, workload: Workload) -> None:
        """Has the workload's controller look at it."""
        if not workload.waiting and workload.kind != "Pod":
            workload.waiting = True
            self.world.timeline.after(self.world.times.controller, self._now, workload)

    def _now(self, workload: Workload) -> None:
        workload.waiting = False
        if workload.gone:
            return
        if not self._look[workload.kind](workload):
            workload.waiting = True
            self.world.timeline.after(self.world.times.retry, self._now, workload)

    def _deployment(self, workload: Workload) -> bool:
        """Whether all that was wanted could be asked for."""
        if not workload.rolling and len(workload.pods) - workload.ending == workload.replicas:
            return True
        active = [pod for pod in workload.pods.values() if pod.active]
        old = [pod for pod in active if pod.generation != workload.generation]
        new = len(active) - len(old)
        room = workload.replicas + (1 if old else 0) - len(active)
        for _ in range(min(room, workload.replicas - new)):
            if self.pods.create(workload) is None:
                return False
        workload.rolling = bool(old)
        ready = sum(pod.ready for pod in active)
        broken = next((pod for pod in old if not pod.ready), None)
        if broken is not None:
            self.pods.delete(broken, "roll-out", "")
        elif old and ready > workload.replicas:
            self.pods.delete(old[0], "roll-out", "")
        elif not old and len(active) > workload.replicas:
            least = min(active, key=lambda pod: (pod.ready, -int(pod.name.rpartition("-")[2])))
            self.pods.delete(least, "scale-in", "")
            self.soon(workload)
        return True

    def _stateful_set(self, workload: Workload) -> bool:
        there = {pod.ordinal: pod for pod in workload.pods.values()}
        for ordinal in range(workload.replicas):
            pod = there.get(ordinal)
            if pod is None:
                return self.pods.create(workload, ordinal=ordinal) is not None
            if not pod.ready:
                return True
        old = [pod for pod in there.values() if pod.generation != workload.generation]
        workload.rolling = bool(old)
        if old:
            self.pods.delete(max(old, key=lambda pod: pod.ordinal), "roll-out", "")
        return True

    def _daemon_set(self, workload: Workload) -> bool:
        there = {pod.machine.name: pod for pod in workload.pods.values() if pod.machine is not None}
        for machine in self.cluster.machines.values():
            if machine.name not in there and wants(workload, machine):
                pod = self.pods.create(workload, machine=machine)
                if pod is None:
                    return False
                there[machine.name] = pod
        old = [pod for pod in there.values() if pod.generation != workload.generation and pod.deleted < 0]
        workload.rolling = any(pod.generation != workload.generation for pod in there.values())
        # One at a time; pods of nodes that are out of service do not hold the others up.
        if old and all(pod.ready for pod in there.values() if pod.machine is not None and pod.machine.ready):
            self.pods.delete(next((pod for pod in old if pod.ready), old[0]), "roll-out", "")
        return True

    def on_soon(self, workload: Workload, machine: Machine) -> None:
        """Has a DaemonSet's controller look at one node, where nothing else has changed."""
        self.world.timeline.after(self.world.times.controller, self._on, workload, machine)

    def _on(self, workload: Workload, machine: Machine) -> None:
        if workload.gone or not wants(workload, machine):
            return
        here = any(pod.workload is workload for pod in machine.pods.values())
        if not here and self.pods.create(workload, machine=machine) is None:
            self.world.timeline.after(self.world.times.retry, self._on, workload, machine)

    def _job(self, workload: Workload) -> bool:
        pods = workload.pods.values()
        if not any(pod.phase == "Succeeded" for pod in pods) and not any(pod.active for pod in pods):
            return self.pods.create(workload) is not None
        return True

    def joined(self, machine: Machine) -> None:
        """A node is there, or in service again: daemons start on it, and what waits may be placed."""
        for each in self.cluster.workloads.values():
            if each.kind == "DaemonSet":
                self.on_soon(each, machine)
        self.pods.place_soon()

    def rolled_out(self, workload: Workload) -> bool:
        """Whether every pod is of the newest generation, and ready."""
        pods = [pod for pod in workload.pods.values() if pod.deleted < 0]
        wanted = (
            sum(wants(workload, each) for each in self.cluster.machines.values())
            if workload.kind == "DaemonSet"
            else workload.replicas
        )
        return len(pods) >= wanted and all(pod.ready and pod.generation == workload.generation for pod in pods)


def wants(workload: Workload, machine: Machine) -> bool:
    """Whether a DaemonSet wants a pod on a node."""
    return not machine.gone and (not workload.pools or machine.pool in workload.pools)
