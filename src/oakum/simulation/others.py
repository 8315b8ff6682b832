"""Everybody else who acts by itself in a cluster: its autoscaler, its health checks, its GitOps controller.

They keep to what they document: the autoscaler leaves nodes alone that carry its scale-down annotation, health checks
those that are excluded from remediation; GitOps sets back what differs from its repository. People are in ``events``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from oakum.simulation.things import NO_REMEDIATION, NO_SCALE_DOWN, Cluster, Machine, Workload

if TYPE_CHECKING:
    from oakum.simulation.world import World

AUTOSCALER, HEALTH_CHECK, GITOPS = "autoscaler", "health-check", "gitops"
#: By this label of an object others see that GitOps owns it.
MANAGED_BY = "app.kubernetes.io/managed-by"


class Actor(Protocol):
    """Somebody who acts by itself."""

    def unready(self, machine: Machine) -> None:
        """A machine has stopped being ready."""

    def changed(self, cluster: Cluster, workload: Workload) -> None:
        """Somebody has changed a workload's object."""


class Others:
    """All other actors of a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.actors: list[Actor] = []

    def unready(self, machine: Machine) -> None:
        """Tells all that a machine has stopped being ready."""
        for each in self.actors:
            each.unready(machine)

    def changed(self, cluster: Cluster, workload: Workload) -> None:
        """Tells all that a workload's object was changed."""
        for each in self.actors:
            each.changed(cluster, workload)


def add_actors(world: World, cluster: Cluster, autoscaler: bool, health_check: bool, gitops: bool) -> None:
    """Has the actors of a cluster begin their work."""
    if autoscaler:
        world.others.actors.append(Autoscaler(world, cluster))
    if health_check:
        world.others.actors.append(HealthCheck(world, cluster))
    if gitops:
        world.others.actors.append(GitOps(world, cluster))


class Autoscaler:
    """Adds a node where a pod finds none, and deletes nodes that have been empty for ten minutes.

    github.com/kubernetes/autoscaler, FAQ: scans every few seconds (here: ``SCAN``), scale-down-unneeded-time of ten
    minutes, never a node with the annotation scale-down-disabled, never below the minimum of the group (here: one node
    less than there was at first, two more at most).
    """

    SCAN, UNNEEDED, PROVISION, MORE = 30.0, 600.0, 90.0, 2

    def __init__(self, world: World, cluster: Cluster) -> None:
        self._world, self._cluster = world, cluster
        self._first = sum(each.role != "control-plane" for each in cluster.machines.values())
        self._empty: dict[str, float] = {}
        self._coming = 0
        self._made = 0
        world.timeline.after(self.SCAN, self._scan)

    def unready(self, machine: Machine) -> None:
        """Of no interest to it."""

    def changed(self, cluster: Cluster, workload: Workload) -> None:
        """Of no interest to it."""

    def _scan(self) -> None:
        time = self._world.timeline
        workers = [each for each in self._cluster.machines.values() if each.role != "control-plane"]
        if self._cluster.pending and len(workers) + self._coming < self._first + self.MORE:
            self.add()
        for each in workers:
            if any(pod.workload.kind != "DaemonSet" for pod in each.pods.values()):
                self._empty.pop(each.uid, None)
            elif self._empty.setdefault(each.uid, time.now) + self.UNNEEDED <= time.now:
                self.take(each)
        time.after(self.SCAN, self._scan)

    def add(self) -> bool:
        """Has the provider make another node, from the image that its group has; whether there is any to be like."""
        like = next((each for each in self._cluster.machines.values() if each.role != "control-plane"), None)
        if like is None:
            return False
        self._coming += 1
        self._made += 1
        self._world.timeline.after(self.PROVISION, self._join, like, f"{like.pool}-auto-{self._made}")
        return True

    def _join(self, like: Machine, name: str) -> None:
        self._coming -= 1
        if name not in self._cluster.machines:
            self._world.join(like, name)

    def take(self, machine: Machine) -> bool:
        """Deletes a node, unless it is marked or the group is at its minimum."""
        workers = sum(each.role != "control-plane" for each in self._cluster.machines.values())
        if machine.annotations.get(NO_SCALE_DOWN) == "true" or workers < self._first:
            return False
        self._empty.pop(machine.uid, None)
        self._world.hosts.remove(machine, AUTOSCALER)
        return True


class HealthCheck:
    """Restarts the machine of a node that has not been ready for five minutes, unless it is excluded.

    github.com/medik8s/node-healthcheck-operator: unhealthy conditions of 300 seconds by default, minHealthy of 51 %,
    and the label remediation.medik8s.io/exclude-from-remediation.
    """

    UNHEALTHY, LEAST = 300.0, 0.51

    def __init__(self, world: World, cluster: Cluster) -> None:
        self._world, self._cluster = world, cluster

    def unready(self, machine: Machine) -> None:
        """Begins to count."""
        if machine.cluster is self._cluster:
            self._world.timeline.after(self.UNHEALTHY, self._remedy, machine, machine.since)

    def changed(self, cluster: Cluster, workload: Workload) -> None:
        """Of no interest to it."""

    def _remedy(self, machine: Machine, since: float) -> None:
        if machine.gone or machine.ready or machine.since != since:
            return
        machines = self._cluster.machines.values()
        if sum(each.ready for each in machines) < self.LEAST * len(machines):
            return
        if machine.labels.get(NO_REMEDIATION) == "true":
            return
        if machine.alive:
            self._world.hosts.reboot(machine, HEALTH_CHECK)
        else:
            self._world.timeline.after(self._world.boot_time(machine), self._world.hosts.boot, machine, machine.boots)


class GitOps:
    """Sets the image of its workloads back to what its repository says, three minutes after a change.

    argo-cd.readthedocs.io, "Automated Sync Policy": self-heal, and a reconciliation every three minutes.
    """

    SYNC = 180.0

    def __init__(self, world: World, cluster: Cluster) -> None:
        self._world, self._cluster = world, cluster
        self.wanted = {each.key: each.image for each in cluster.workloads.values()}
        for each in cluster.workloads.values():
            each.labels[MANAGED_BY] = "argocd"

    def unready(self, machine: Machine) -> None:
        """Of no interest to it."""

    def changed(self, cluster: Cluster, workload: Workload) -> None:
        """Sees a difference at its next look."""
        if cluster is self._cluster and workload.image != self.wanted.get(workload.key, workload.image):
            self._world.timeline.after(self.SYNC, self._sync, workload)

    def _sync(self, workload: Workload) -> None:
        wanted = self.wanted.get(workload.key, workload.image)
        if workload.image != wanted and self._cluster.writable:
            self._world.happened("gitops-reverts", f"{self._cluster.name}/{'/'.join(workload.key)}")
            self._world.set_image(self._cluster, workload, wanted)
