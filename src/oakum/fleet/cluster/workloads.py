"""Which workload a pod belongs to, and what a workload has: replicas, pods, nodes.

Owner references decide, never labels (Kubernetes concepts, "Owners and Dependents"): a pod's controller, and its
controller in turn, up to the object that a person changes. Deployments, StatefulSets, DaemonSets and CronJobs are
where that ends, even if an operator owns them. A ReplicaSet, ReplicationController or Job goes on to its owner where
that is here, or is of a kind that is never read (an Argo Rollout, a DeploymentConfig): then the reference itself
stands for it. An owner of a kind that is read but is not here leaves the last object that is. A mirror pod stands for
a file on its node (``kubernetes.io/config.mirror``), whatever owns it.
"""

from __future__ import annotations

from collections import defaultdict

import msgspec

from oakum.fleet.cluster.objects import CronJob, Object, OwnerReference, Pod, PodSpec, VirtualMachine, Workload
from oakum.fleet.cluster.snapshot import KINDS, Snapshot

MIRROR = "kubernetes.io/config.mirror"
_TOP = frozenset({"Deployment", "StatefulSet", "DaemonSet", "CronJob", "VirtualMachine"})
_BETWEEN = frozenset({"ReplicaSet", "ReplicationController", "Job"})
_READ = frozenset(kind for _, _, kind in KINDS)
_LONGEST_CHAIN = 8


class WorkloadKey(msgspec.Struct, frozen=True, order=True):
    """A workload by kind, namespace, name and uid; the uid is empty where the input gave none (manifests)."""

    kind: str
    namespace: str
    name: str
    uid: str = ""


class Owned(msgspec.Struct, frozen=True, kw_only=True):
    """A workload with what it has.

    ``object`` is None where only a reference to it was read. ``wanted`` and ``ready`` count pods. ``pods`` are all of
    its pods in the order of their names, ``running`` those that have not ended; ``nodes`` counts the running ones by
    the name of their node.
    """

    key: WorkloadKey
    object: Object | None
    wanted: int
    ready: int
    pods: tuple[Pod, ...] = ()
    running: tuple[Pod, ...] = ()
    nodes: dict[str, int] = msgspec.field(default_factory=dict)

    @property
    def static(self) -> bool:
        """Whether this is a mirror pod: changed by a file on its node, not through the API."""
        return self.object is not None and MIRROR in self.object.metadata.annotations

    @property
    def template(self) -> PodSpec | None:
        """What its next pod will be made of; None where that was not read."""
        return template(self.object) if self.object is not None else None


class Owners:
    """The workloads of a snapshot, and the one that each pod belongs to."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._by_uid: dict[str, Object] = {}
        self._by_name: dict[tuple[str, str, str], Object] = {}
        for one in snapshot.all(*sorted(_TOP | _BETWEEN)):
            self._by_name[one.key] = one
            if one.metadata.uid:
                self._by_uid[one.metadata.uid] = one
        self._tops: dict[tuple[str, str, str], WorkloadKey] = {}
        pods: defaultdict[WorkloadKey, list[Pod]] = defaultdict(list)
        self._found: dict[WorkloadKey, Object | None] = {}
        for pod in snapshot.of(Pod, "Pod"):
            pods[self.of(pod)].append(pod)
        for one in self._by_name.values():
            self._top(one)
        self._workloads = {key: _owned(key, self._found[key], pods[key]) for key in sorted(self._found)}

    @property
    def workloads(self) -> tuple[Owned, ...]:
        """Every workload, those without pods too, in the order of their keys."""
        return tuple(self._workloads.values())

    def of(self, pod: Pod) -> WorkloadKey:
        """The workload of a pod of the snapshot; a pod that nothing controls is its own."""
        key = self._tops.get(pod.key)
        if key is None:
            key = self._tops[pod.key] = self._top(pod)
        return key

    def workload(self, pod: Pod) -> Owned:
        """What the workload of a pod of the snapshot has."""
        return self._workloads[self.of(pod)]

    def _top(self, start: Object) -> WorkloadKey:
        one = start
        for _ in range(_LONGEST_CHAIN):
            reference = one.metadata.controller
            if reference is None or one.kind in _TOP or MIRROR in one.metadata.annotations or reference.kind == "Node":
                break
            owner = self._owner(reference, one.metadata.namespace)
            if owner is None:
                if one.kind == "Pod" or reference.kind not in _READ:
                    namespace = one.metadata.namespace
                    key = WorkloadKey(reference.kind, namespace, reference.name, reference.uid)
                    self._found.setdefault(key, None)
                    return key
                break
            one = owner
        key = WorkloadKey(one.kind, one.metadata.namespace, one.metadata.name, one.metadata.uid)
        self._found[key] = one
        return key

    def _owner(self, reference: OwnerReference, namespace: str) -> Object | None:
        """The owner itself: by uid; by name only where one of the two has no uid (another uid is another object).

        An owner in another namespace is none (Owners and Dependents: such references are disallowed by design).
        """
        found = self._by_uid.get(reference.uid) if reference.uid else None
        if found is None or found.metadata.namespace != namespace:
            kind = "VirtualMachine" if reference.kind == "VirtualMachineInstance" else reference.kind
            found = self._by_name.get((kind, namespace, reference.name))
            known = found is not None and found.metadata.uid and reference.uid
            if known and kind == reference.kind:
                return None
        return found


def template(one: Object) -> PodSpec | None:
    """The pod that an object makes, or is."""
    match one:
        case Pod():
            return one.spec
        case Workload():
            return one.spec.template.spec
        case CronJob():
            return one.spec.job_template.spec.template.spec
        case VirtualMachine():
            return one.spec.template.spec
    return None


def ended(pod: Pod) -> bool:
    """Whether all containers of a pod have ended for good."""
    return pod.status.phase in {"Succeeded", "Failed"}


def ready(pod: Pod) -> bool:
    """Whether a pod serves."""
    return any(each.type == "Ready" and each.status == "True" for each in pod.status.conditions)


def _owned(key: WorkloadKey, one: Object | None, pods: list[Pod]) -> Owned:
    running = tuple(pod for pod in pods if not ended(pod))
    nodes: dict[str, int] = {}
    for pod in running:
        if pod.spec.node_name:
            nodes[pod.spec.node_name] = nodes.get(pod.spec.node_name, 0) + 1
    wanted, serving = _counts(one, running)
    return Owned(
        key=key, object=one, wanted=wanted, ready=serving, pods=tuple(pods), running=running,
        nodes=dict(sorted(nodes.items())),
    )  # fmt: skip


def _counts(one: Object | None, running: tuple[Pod, ...]) -> tuple[int, int]:
    """How many pods are wanted and how many serve, by the workload's own word where it has one."""
    serving = sum(1 for pod in running if ready(pod))
    if isinstance(one, Workload) and one.kind == "DaemonSet":
        return one.status.desired_number_scheduled, one.status.number_ready
    if isinstance(one, Workload) and one.kind != "Job":
        return 1 if one.spec.replicas is None else one.spec.replicas, one.status.ready_replicas
    return len(running), serving
