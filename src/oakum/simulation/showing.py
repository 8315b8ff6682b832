"""A simulated cluster as whoever reads its API sees it: the whole snapshot, or what a drain asks of one node.

``Shown.around`` gives the surroundings of now, which make each object when it is asked for: a look at one node of five
thousand costs what is on that node. They tell of the moment for which they were asked and are of no use later;
``Shown.whole`` is a picture that lasts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property, partial
from typing import TypeVar, cast

from oakum.changes.budgets import Budgets, Scales
from oakum.changes.drain import Surroundings
from oakum.changes.drain.machines import NO_MACHINES
from oakum.changes.drain.storage import Storage
from oakum.changes.drain.surroundings import Key
from oakum.fleet.cluster.objects import DisruptionBudget, Namespace, Node, NodeSelector, Object, OwnerReference, Pod
from oakum.fleet.cluster.snapshot import Snapshot
from oakum.simulation.slim import (
    budget_object,
    namespaces_of,
    node_object,
    pod_object,
    reach_of,
    storage_of,
    workload_objects,
)
from oakum.simulation.things import Cluster

T = TypeVar("T", bound=Object)
_WORKLOADS = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job")
#: The kinds of which a reader of the cluster gets all objects.
LISTED = frozenset(("Node", "Namespace", "Pod", "PodDisruptionBudget", "ReplicationController", *_WORKLOADS))


class Shown:
    """One cluster for whoever reads its API."""

    def __init__(self, cluster: Cluster, start: datetime) -> None:
        self.cluster, self.start = cluster, start
        self._version = self._shape = -1
        self._items = _Items(self)
        self._live: Live | None = None
        self._workloads: Mapping[tuple[str, str, str], Object] = {}
        self._scales = Scales(())

    def around(self, at: str) -> Surroundings:
        """The surroundings of now, read ``at``; what was made for others is used again until something changes."""
        if self._version != self.cluster.version:
            self._items, self._live = _Items(self), None
            self._version = self.cluster.version
        if self._live is None or self._live.snapshot.read_at != at:
            self._live = Live(self, at, self._items)
        return self._live

    def whole(self, at: str) -> Surroundings:
        """All objects of now, as they will still be told later."""
        return Surroundings(self.snapshot(at), storage=storage_of(self.cluster))

    def snapshot(self, at: str) -> Snapshot:
        """All objects of now."""
        made = self.items
        items = {kind: make() for kind, make in made.items()}
        source, version = f"live cluster {self.cluster.name}", release_of(self.cluster)
        return Snapshot(source=source, read_at=at, version=version, items=items, listed=LISTED)

    @property
    def items(self) -> dict[str, Callable[[], tuple[Object, ...]]]:
        """How the objects of each kind are made."""
        cluster, start = self.cluster, self.start
        made: dict[str, Callable[[], tuple[Object, ...]]] = {
            "Node": lambda: tuple(node_object(each) for _, each in sorted(cluster.machines.items())),
            "Namespace": lambda: namespaces_of(cluster),
            "Pod": lambda: tuple(pod_object(each, start) for _, each in sorted(cluster.pods.items())),
            "PodDisruptionBudget": lambda: tuple(
                budget_object(each, start) for _, each in sorted(cluster.budgets.items())
            ),
        }
        for kind in _WORKLOADS:
            made[kind] = partial(self._of_kind, kind)
        return made

    def _of_kind(self, kind: str) -> tuple[Object, ...]:
        return tuple(each for key, each in sorted(self.workloads.items()) if key[0] == kind)

    @property
    def workloads(self) -> Mapping[tuple[str, str, str], Object]:
        """The objects of workloads by kind, namespace and name; made anew when one of them changes."""
        if self._shape != self.cluster.shape:
            made = (each for workload in self.cluster.workloads.values() for each in workload_objects(workload))
            self._workloads = {each.key: each for each in made}
            self._scales = Scales(self._workloads.values())
            self._shape = self.cluster.shape
        return self._workloads

    @property
    def scales(self) -> Scales:
        """How many pods each controller wants."""
        return self._scales if self.workloads is not None else Scales(())


def release_of(cluster: Cluster) -> str:
    """What the API server that answers says of its own version."""
    if cluster.servers is None:
        cluster.servers = tuple(each for each in cluster.machines.values() if "kube-apiserver" in each.software)
    found = cluster.servers[0].software["kube-apiserver"].running if cluster.servers else cluster.release
    return f"v{found}" if found and not found.startswith("v") else found


class _Items(dict[str, tuple[Object, ...]]):
    """The objects by kind, made when a kind is asked for."""

    def __init__(self, shown: Shown) -> None:
        super().__init__()
        self._made = shown.items

    def get(self, kind: str, default: object = None) -> tuple[Object, ...]:
        if kind not in self and kind in self._made:
            self[kind] = self._made[kind]()
        return self[kind] if kind in self else cast("tuple[Object, ...]", default)


class Live(Surroundings):
    """The surroundings of this moment, by look-ups in the world instead of indexes over copies."""

    def __init__(self, shown: Shown, at: str, items: _Items) -> None:
        source = f"live cluster {shown.cluster.name}"
        version = release_of(shown.cluster)
        snapshot = Snapshot(source=source, read_at=at, version=version, items=items, listed=LISTED)
        super().__init__(snapshot, NO_MACHINES, LiveStorage(shown))
        self._shown = shown

    def on(self, node: str) -> tuple[Pod, ...]:
        """The pods that are bound to a node."""
        machine = self._shown.cluster.machines.get(node)
        if machine is None:
            return ()
        pods = sorted(machine.pods.values(), key=lambda each: (each.workload.namespace, each.name))
        return tuple(pod_object(each, self._shown.start) for each in pods)

    def node(self, name: str) -> Node | None:
        """A node by its name."""
        machine = self._shown.cluster.machines.get(name)
        return None if machine is None else node_object(machine)

    def namespace(self, name: str) -> Namespace | None:
        """A namespace by its name."""
        return next((each for each in namespaces_of(self._shown.cluster) if each.metadata.name == name), None)

    def owner(self, pod: Pod, reference: OwnerReference) -> Object | None:
        """The object that a pod's owner reference names, whatever its uid."""
        return self._shown.workloads.get((reference.kind, pod.metadata.namespace, reference.name))

    @cached_property
    def budgets(self) -> Budgets:
        """All disruption budgets."""
        return LiveBudgets(self._shown)

    @cached_property
    def scales(self) -> Scales:
        """How many pods each controller wants."""
        return self._shown.scales

    @cached_property
    def selected(self) -> Mapping[Key, Sequence[Pod]]:
        """The pods of every budget."""
        return _Selected(self._shown)


class LiveBudgets(Budgets):
    """The budgets of a pod, as the world knows them."""

    def __init__(self, shown: Shown) -> None:
        super().__init__(())
        self._shown = shown

    def guarding(self, pod: Pod) -> tuple[DisruptionBudget, ...]:
        """The budgets that select a pod, by name."""
        found = self._shown.cluster.pods.get((pod.metadata.namespace, pod.metadata.name))
        if found is None or found.uid != pod.metadata.uid:
            return ()
        return tuple(budget_object(each, self._shown.start) for each in found.budgets)


class _Selected(Mapping[Key, Sequence[Pod]]):
    """The pods of budgets, made by budget."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown
        self._made: dict[Key, Sequence[Pod]] = {}

    def __getitem__(self, key: Key) -> Sequence[Pod]:
        if key not in self._made:
            pods = self._shown.cluster.budgets[key].pods.values()
            ordered = sorted(pods, key=lambda each: each.name)
            self._made[key] = tuple(pod_object(each, self._shown.start) for each in ordered)
        return self._made[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._shown.cluster.budgets)

    def __len__(self) -> int:
        return len(self._shown.cluster.budgets)


class LiveStorage(Storage):
    """What ties pods to disks, as the world knows it."""

    def __init__(self, shown: Shown) -> None:
        super().__init__()
        self._shown = shown

    def local_volume(self, pod: Pod) -> str:
        """The name of a persistent volume of the pod that only this node has."""
        found = self._shown.cluster.pods.get((pod.metadata.namespace, pod.metadata.name))
        local = found is not None and found.workload.local == "local-volume"
        return f"pv-{pod.metadata.namespace}-{pod.metadata.name}" if local else ""

    def knows(self, pod: Pod) -> bool:
        """Whether the volume of every claim of a pod is known."""
        return True

    def volumes_of(self, pod: Pod) -> tuple[str, ...]:
        """The names of the persistent volumes of a pod."""
        claims = any(each.persistent_volume_claim is not None for each in pod.spec.volumes)
        return (f"pv-{pod.metadata.namespace}-{pod.metadata.name}",) if claims else ()

    def reach(self, pod: Pod) -> tuple[NodeSelector, ...]:
        """From which nodes the volumes of a pod can be reached."""
        found = self._shown.cluster.pods.get((pod.metadata.namespace, pod.metadata.name))
        reach = reach_of(found) if found is not None and self.volumes_of(pod) else None
        return (reach,) if reach is not None else ()

    def attached_to(self, node: str) -> tuple[str, ...]:
        """The persistent volumes that are attached to a node."""
        machine = self._shown.cluster.machines.get(node)
        return () if machine is None else tuple(sorted(machine.attached))
