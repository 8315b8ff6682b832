"""A world made of a state: the nodes, workloads, pods, budgets and webhooks of a real cluster's dump.

What a dump does not tell is taken as follows: a pod starts in ten seconds and stops in two, or in its grace period
where that is shorter; capacity is counted in pods, a quarter more than a node has now and at least sixteen; a machine
is a virtual one. A budget that selects by expressions guards the workloads whose pods it selects now.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from oakum.changes.state.model import Cluster as ClusterState
from oakum.changes.state.model import Machine as MachineState
from oakum.changes.state.model import Software, State
from oakum.fleet.cluster import objects as k
from oakum.fleet.cluster.selecting import selects
from oakum.simulation.build import settle
from oakum.simulation.pods import guards
from oakum.simulation.things import ZONE, Budget, Cluster, Machine, Member, Pod, Soft, Webhook, Workload
from oakum.simulation.watching import Watch
from oakum.simulation.world import World

Kind = Literal["Deployment", "StatefulSet", "DaemonSet", "Job", "Pod"]
_KINDS: tuple[Kind, ...] = ("Deployment", "StatefulSet", "DaemonSet", "Job")
_SPARE, _LEAST = 1.25, 16


def world_of(state: State, seed: int, watch: Watch | None = None) -> World:
    """The world that a state tells of, at the state's time."""
    world = World(seed, state.at, watch=watch)
    for given in state.clusters:
        cluster = world.add_cluster(
            Cluster(name=given.name, uid=given.uid, facts=dict(given.facts), managed=given.managed or not given.etcd)
        )
        for machine in state.by_cluster.get(given.name, ()):
            _machine(world, machine, cluster)
        _Objects(world, cluster, given).build()
        for member in given.etcd:
            found = world.machines.get(member.machine)
            if found is not None:
                down = member.healthy is False and found.ready
                cluster.etcd.append(Member(name=member.name, machine=found, learner=member.learner, down=down))
        settle(cluster, world.timeline.now)
    for machine in state.by_cluster.get("", ()):
        _machine(world, machine, None)
    return world


def _machine(world: World, given: MachineState, cluster: Cluster | None) -> None:
    healthy = given.healthy is not False
    machine = Machine(
        name=given.name, uid=given.uid, id=given.id, cluster=cluster, role=given.role, pool=given.pool,
        speed=given.speed, zone=given.labels.get(ZONE, ""), facts=dict(given.facts), labels=dict(given.labels),
        unschedulable=given.cordoned, cordoner="human" if given.cordoned else "", alive=healthy, ready=healthy,
        snapshots=given.snapshots, image=given.image, ours=given.ours, cpu=1 << 30,
        software={name: _soft(each) for name, each in given.software.items()},
        taints=("node-role.kubernetes.io/control-plane",) if given.role == "control-plane" else (),
    )  # fmt: skip
    world.add_machine(machine)


def _soft(given: Software) -> Soft:
    return Soft(
        installed=given.installed, running=given.current, part=given.part, effect=given.effect,
        ecosystem=given.ecosystem, offers=given.offers or (), kept=given.kept, closes=dict(given.closes),
        security=given.security,
    )  # fmt: skip


class _Objects:
    """The objects of one cluster on their way into its world."""

    def __init__(self, world: World, cluster: Cluster, given: ClusterState) -> None:
        self.world, self.cluster = world, cluster
        self.snapshot, self.hooks = given.around.snapshot, given.webhooks
        self.workloads: dict[str, Workload] = {}
        self.above: dict[str, str] = {}

    def build(self) -> None:
        """Workloads, then budgets, then pods where they are, then webhooks."""
        for one in self.snapshot.all(*_KINDS, "ReplicaSet"):
            owner = one.metadata.controller
            if owner is not None and one.kind == "ReplicaSet":
                self.above[one.metadata.uid] = owner.uid
            elif isinstance(one, k.Workload):
                self._workload(one)
        pods = [one for one in self.snapshot.all("Pod") if isinstance(one, k.Pod)]
        counts = _count(pod.spec.node_name for pod in pods)
        for machine in self.cluster.machines.values():
            machine.cpu = max(_LEAST, round(_SPARE * counts.get(machine.name, 0)))
        for one in self.snapshot.all("PodDisruptionBudget"):
            if isinstance(one, k.DisruptionBudget):
                self._budget(one, pods)
        for workload in self.cluster.workloads.values():
            self._guarded(workload)
        backends: dict[str, Workload] = {}
        for pod in pods:
            backends[f"{pod.metadata.namespace}/{pod.metadata.name}"] = self._pod(pod)
        for hook in self.hooks:
            served = next((backends[each] for each in hook.pods if each in backends), None)
            if served is not None:
                self.cluster.webhooks.append(
                    Webhook(name=hook.name, backend=served, fail_closed=hook.fail_closed, exempt=hook.exempt)
                )

    def _workload(self, one: k.Workload) -> None:
        kind: Kind = next((each for each in _KINDS if each == one.kind), "Deployment")
        replicas = one.spec.replicas if one.spec.replicas is not None else 1
        self._add(kind, one.metadata, replicas, one.spec.template.metadata.labels, one.spec.template.spec)

    def _add(self, kind: Kind, meta: k.Meta, replicas: int, labels: dict[str, str], spec: k.PodSpec) -> Workload:
        grace = spec.termination_grace_period_seconds
        image = spec.containers[0].image if spec.containers else ""
        volumes = {type_of(each) for each in spec.volumes}
        local: Literal["", "emptyDir", "hostPath"] = "emptyDir" if "emptyDir" in volumes else ""
        if "hostPath" in volumes and not local:
            local = "hostPath"
        if kind == "DaemonSet":
            local = ""
        workload = Workload(
            kind=kind, namespace=meta.namespace, name=meta.name, uid=meta.uid, replicas=replicas,
            labels=dict(labels), grace=30 if grace is None else grace, local=local, image=image,
            volume="persistentVolumeClaim" in volumes and kind == "StatefulSet",
        )  # fmt: skip
        workload.stops = min(2.0, float(workload.grace))
        self.workloads[meta.uid] = self.cluster.workloads[workload.key] = workload
        return workload

    def _budget(self, one: k.DisruptionBudget, pods: list[k.Pod]) -> None:
        selector, name = one.spec.selector, one.metadata.name
        labels = dict(selector.match_labels) if selector is not None else {}
        if selector is not None and selector.match_expressions:
            labels = {f"simulation/budget-{name}": "yes"}
            for pod in pods:
                workload = self._owner(pod)
                same = pod.metadata.namespace == one.metadata.namespace
                if workload is not None and same and selects(selector, pod.metadata.labels):
                    workload.labels |= labels
        self.cluster.budgets[one.metadata.namespace, name] = Budget(
            namespace=one.metadata.namespace, name=name, uid=one.metadata.uid, labels=labels,
            min_available=one.spec.min_available, max_unavailable=one.spec.max_unavailable,
            unhealthy=one.spec.unhealthy_pod_eviction_policy,
        )  # fmt: skip

    def _guarded(self, workload: Workload) -> None:
        found = [each for each in self.cluster.budgets.values() if guards(each, workload)]
        workload.budgets = tuple(sorted(found, key=lambda each: each.name))

    def _owner(self, pod: k.Pod) -> Workload | None:
        owner = pod.metadata.controller
        return None if owner is None else self.workloads.get(self.above.get(owner.uid, owner.uid))

    def _pod(self, one: k.Pod) -> Workload:
        workload = self._owner(one)
        if workload is None:
            workload = self._add("Pod", one.metadata, 1, one.metadata.labels, one.spec)
            self._guarded(workload)
        workload.made += 1
        machine = self.cluster.machines.get(one.spec.node_name)
        ready = any(each.type == "Ready" and each.status == "True" for each in one.status.conditions)
        suffix = one.metadata.name.rpartition("-")[2]
        pod = Pod(
            name=one.metadata.name, uid=one.metadata.uid, workload=workload, machine=machine, image=workload.image,
            phase=one.status.phase if machine is not None else "Pending", ready=ready and machine is not None,
            ordinal=int(suffix) if workload.kind == "StatefulSet" and suffix.isdigit() else -1,
            crashes=not ready and one.status.phase == "Running", budgets=workload.budgets, turn=1,
        )  # fmt: skip
        self.cluster.pods[workload.namespace, pod.name] = workload.pods[pod.uid] = pod
        for each in pod.budgets:
            each.pods[pod.uid] = pod
        workload.ready += pod.ready
        if machine is None:
            if pod.active:
                self.cluster.pending[pod.uid] = pod
            return workload
        machine.pods[pod.uid] = pod
        machine.used += workload.cpu
        if workload.volume:
            pod.zone = machine.zone
            machine.attached[self.world.pods[self.cluster.name].volume(pod)] = True
        return workload


def _count(names: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for each in names:
        counts[each] = counts.get(each, 0) + 1
    return counts


def type_of(volume: k.Volume) -> str:
    """What kind of volume it is, as manifests call it; empty for any other."""
    if volume.empty_dir is not None:
        return "emptyDir"
    if volume.host_path is not None:
        return "hostPath"
    return "persistentVolumeClaim" if volume.persistent_volume_claim is not None else ""
