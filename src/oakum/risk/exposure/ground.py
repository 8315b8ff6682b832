"""The pods whose exposure is measured.

Pods of one workload that nothing can tell apart (labels, ports, where their nodes stand) are measured once. Whether a
pod is ready now does not matter: it becomes so without anybody's decision, so that ``publishNotReadyAddresses`` makes
no difference either. Pods that have ended do not count; a workload without running pods stands for those of its
template, except a Job, whose end is its end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import msgspec

from oakum.fleet.cluster.objects import Container, ContainerPort, Map, Pod, PodSpec, Workload
from oakum.fleet.cluster.snapshot import Snapshot
from oakum.fleet.cluster.workloads import Owned, Owners, WorkloadKey, ended
from oakum.risk.exposure.nodes import Nodes
from oakum.risk.flows.network import Network
from oakum.risk.flows.peers import Peer, namespace_of

#: Workloads that make no new pods when theirs have ended.
_ONCE = ("Job", "Pod")


class Target(msgspec.Struct, frozen=True):
    """Pods of one workload that are alike; ``peer`` is one of them."""

    workload: WorkloadKey
    peer: Peer
    spec: PodSpec
    node: str

    @property
    def text(self) -> str:
        """Namespace and name of the workload."""
        return f"{self.workload.namespace}/{self.workload.name}"

    @property
    def containers(self) -> tuple[Container, ...]:
        """The containers that keep running, sidecars included."""
        return (*self.spec.containers, *(one for one in self.spec.init_containers if one.restart_policy == "Always"))

    def ports(self) -> Iterator[tuple[Container, ContainerPort]]:
        """Every port that a container names."""
        for container in self.containers:
            for port in container.ports:
                yield container, port

    def number(self, port: int | str, protocol: str) -> int | None:
        """A container port's number by number or name; None where no container has a port of that name."""
        if isinstance(port, int):
            return port
        if port.isdecimal():
            return int(port)
        found = (one.container_port for _, one in self.ports() if one.name == port and one.protocol == protocol)
        return next(found, None)

    def process(self, protocol: str, port: int) -> str:
        """The container behind a port: the one that names it, else any of them."""
        for container, one in self.ports():
            if (one.protocol, one.container_port) == (protocol, port):
                return container.name
        return " or ".join(each.name for each in self.containers) or self.workload.name


def running(snapshot: Snapshot) -> Snapshot:
    """The snapshot without pods that have ended and that their workload will replace: ask its ``Network``."""
    owners = Owners(snapshot)
    pods = snapshot.of(Pod, "Pod")
    kept = tuple(pod for pod in pods if not ended(pod) or owners.of(pod).kind in _ONCE)
    if len(kept) == len(pods):
        return snapshot
    return msgspec.structs.replace(snapshot, items={**snapshot.items, "Pod": kept})


class Ground:
    """The targets by their places in a list, and how to find them."""

    def __init__(self, snapshot: Snapshot, network: Network, nodes: Nodes) -> None:
        self.nodes = nodes
        self.targets: list[Target] = []
        #: Every workload with the places of its targets; none where nothing of it runs.
        self.workloads: dict[WorkloadKey, list[int]] = {}
        #: Why a workload without targets has none, and whether that is known.
        self.absent: dict[WorkloadKey, tuple[str, bool]] = {}
        #: (namespace, pod) -> place; also of pods that are measured by another one alike.
        self.of_pod: dict[tuple[str, str], int] = {}
        #: Node name -> the targets of which a pod runs there.
        self.on_node: defaultdict[str, set[int]] = defaultdict(set)
        self.by_address: defaultdict[str, set[int]] = defaultdict(set)
        self._labelled: defaultdict[tuple[str, str, str], set[int]] = defaultdict(set)
        self._in_namespace: defaultdict[str, set[int]] = defaultdict(set)
        self._alike: dict[object, int] = {}
        pods, templates = {}, {}
        for peer in network.peers:
            if peer.pod is not None:
                pods[peer.namespace, peer.pod.metadata.name] = peer
            else:
                templates[peer.kind, peer.namespace, peer.name] = peer
        for owned in Owners(snapshot).workloads:
            self._place(owned, pods, templates)

    def _place(
        self, owned: Owned, pods: dict[tuple[str, str], Peer], templates: dict[tuple[str, str, str], Peer]
    ) -> None:
        key = owned.key
        places = self.workloads.setdefault(key, [])
        for pod in owned.running:
            namespace = namespace_of(pod.metadata)
            peer = pods.get((namespace, pod.metadata.name))
            if peer is None:
                continue
            place = self._add(Target(key, peer, pod.spec, peer.node), places)
            self.of_pod[namespace, pod.metadata.name] = place
            if peer.node:
                self.on_node[peer.node].add(place)
            for address in peer.addresses:
                self.by_address[address].add(place)
        if owned.running:
            return
        peer = templates.get((key.kind, key.namespace or "default", key.name))
        if peer is not None and owned.template is not None:
            self._add(Target(key, peer, owned.template, ""), places)
        else:
            self.absent[key] = _absent(owned)

    def _add(self, target: Target, places: list[int]) -> int:
        place = self._alike.setdefault(self._shape(target), len(self.targets))
        if place < len(self.targets):
            return place
        self.targets.append(target)
        places.append(place)
        peer = target.peer
        self._in_namespace[peer.namespace].add(place)
        for key, value in peer.labels.items():
            self._labelled[peer.namespace, key, value].add(place)
        return place

    def _shape(self, target: Target) -> object:
        """What tells pods apart. A way to a node's port names an address of some node where these are alike."""
        peer = target.peer
        ports = tuple((container.name, container.image, container.ports) for container in target.containers)
        on_node = peer.host_network or any(port.host_port for _, port in target.ports())
        zone = self.nodes.zone(target.node).source if on_node else ""
        families = (frozenset(":" in address for address in peer.addresses), bool(peer.pod))
        return target.workload, tuple(sorted(peer.labels.items())), ports, peer.host_network, zone, families

    def select(self, namespace: str, labels: Map) -> list[int]:
        """The targets of a namespace with these labels, all of them where there are none."""
        sets = sorted((self._labelled.get((namespace, *pair), set()) for pair in labels.items()), key=len)
        if not sets:
            return sorted(self._in_namespace.get(namespace, ()))
        return sorted(sets[0].intersection(*sets[1:]))

    def listens(self, place: int, protocol: str, number: int) -> bool:
        """Whether a pod may be meant by an address and port: those on a node's network share its address, and one of
        them has the port, if it names any ports."""
        target = self.targets[place]
        named = {(port.protocol, port.container_port) for _, port in target.ports()}
        return not target.peer.host_network or not named or (protocol, number) in named


def _absent(owned: Owned) -> tuple[str, bool]:
    """Why nothing of a workload runs; and whether that is all there is to know."""
    if owned.pods and (owned.key.kind in _ONCE or all(pod.spec.restart_policy != "Always" for pod in owned.pods)):
        return "all of its pods have ended", True
    if isinstance(owned.object, Workload) and owned.object.spec.replicas == 0:
        return "it has no pods, and wants none", True
    return "no pod of it was read, nor what its pods will be", False
