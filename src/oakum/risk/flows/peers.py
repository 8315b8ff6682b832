"""Who can connect inside of the cluster: its pods, and the pods that manifests would make.

A pod counts from its creation until it is Succeeded or Failed (then its network is gone); one that is being deleted
still runs. A workload or virtual machine without any pod in the snapshot stands for the pods that its template would
make, whatever its number of replicas: it says what they could reach. A pod is named after the top of its controllers:
the chain of owner references with ``controller`` set is followed as long as the owners themselves are in the snapshot,
so that the last one may be known by its reference only (kind ``Pod`` where the reference has none). A static pod, which
its node owns, is its own.

The label ``kubernetes.io/metadata.name`` is on every namespace, because the API server sets it; a namespace that the
snapshot lacks has that label alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from oakum.fleet.cluster.objects import (
    ContainerPort,
    CronJob,
    Map,
    Meta,
    Object,
    OwnerReference,
    Pod,
    PodSpec,
    VirtualMachine,
    Workload,
)
from oakum.fleet.cluster.snapshot import Snapshot

NAME_LABEL = "kubernetes.io/metadata.name"
FINISHED = frozenset({"Succeeded", "Failed"})
_TEMPLATES = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob")
_MACHINE = "VirtualMachine"

Key = tuple[str, str, str]


class Peer(msgspec.Struct, frozen=True):
    """A pod, or what a template would make (``pod`` None), under the name and kind of its top controller.

    ``labels`` are the pod's, ``ports`` those container ports that have a name, ``node`` is empty where it has none yet.
    """

    namespace: str
    name: str
    kind: str
    labels: Map
    namespace_labels: Map
    ports: tuple[ContainerPort, ...] = ()
    host_network: bool = False
    pod: Pod | None = None
    node: str = ""

    @property
    def text(self) -> str:
        """As connections name it: ``namespace/name[Kind]``."""
        return f"{self.namespace}/{self.name}[{self.kind}]"

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What tells it from the others: namespace, kind, name, and the pod's own name (empty for a template)."""
        return self.namespace, self.kind, self.name, self.pod.metadata.name if self.pod else ""

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses that the pod has, as text; none are known of a template."""
        if self.pod is None:
            return ()
        status = self.pod.status
        known = (*(each.ip for each in status.pod_ips), status.pod_ip)
        return tuple(dict.fromkeys(each for each in known if each))


def namespace_of(meta: Meta) -> str:
    """The object's namespace; a manifest that names none goes to ``default``."""
    return meta.namespace or "default"


def peers_of(snapshot: Snapshot) -> tuple[Peer, ...]:
    """Every peer of the snapshot, in the order of namespace, name, kind and pod."""
    labels = {one.metadata.name: one.metadata.labels for one in snapshot.all("Namespace")}
    owners = {
        (each.kind, namespace_of(each.metadata), each.metadata.name): each
        for each in snapshot.all(*_TEMPLATES, _MACHINE)
    }
    peers: list[Peer] = []
    served: set[Key] = set()
    for pod in snapshot.of(Pod, "Pod"):
        kind, namespace, name = _top(pod, owners, served)
        if pod.status.phase not in FINISHED:
            peers.append(_peer(namespace, name, kind, pod.metadata.labels, pod.spec, labels, pod))
    for key, each in owners.items():
        if key in served or _idle(each, owners):
            continue
        kind, namespace, name = key
        meta, spec = _template(each)
        peers.append(_peer(namespace, name, kind, meta.labels, spec, labels, None))
    return tuple(sorted(peers, key=lambda peer: peer.key))


def _peer(
    namespace: str, name: str, kind: str, labels: Map, spec: PodSpec, namespaces: dict[str, Map], pod: Pod | None
) -> Peer:
    return Peer(
        namespace=namespace,
        name=name,
        kind=kind,
        labels=labels,
        namespace_labels={**namespaces.get(namespace, {}), NAME_LABEL: namespace},
        ports=tuple(_named(spec)),
        host_network=spec.host_network,
        pod=pod,
        node=spec.node_name if pod is not None else "",
    )


def _named(spec: PodSpec) -> Iterable[ContainerPort]:
    """The named ports of the containers that keep running: the ordinary ones and the sidecars."""
    sidecars = (each for each in spec.init_containers if each.restart_policy == "Always")
    return (port for each in (*spec.containers, *sidecars) for port in each.ports if port.name)


def _top(pod: Pod, owners: dict[Key, Object], served: set[Key]) -> Key:
    """Who controls the pod in the end; every owner on the way is noted as one that has pods."""
    namespace = namespace_of(pod.metadata)
    top: Key = ("Pod", namespace, pod.metadata.name)
    for owner in _chain(pod, namespace, owners):
        top = (owner.kind or "Pod", namespace, owner.name)
        served.add(top)
    return top


def _chain(child: Object, namespace: str, owners: dict[Key, Object]) -> Iterator[OwnerReference]:
    seen: set[Key] = set()
    here: Object | None = child
    while here is not None:
        owner = here.metadata.controller
        if owner is None or owner.kind == "Node" or not owner.name:
            return
        key = (owner.kind, namespace, owner.name)
        if key in seen or (here is not child and key not in owners):
            return
        seen.add(key)
        yield owner
        here = owners.get(key)
        if here is None and owner.kind == "VirtualMachineInstance":
            # An instance bears the name of its machine; instances are not read.
            here = owners.get((_MACHINE, namespace, owner.name))
            if here is not None:
                yield OwnerReference(kind=_MACHINE, name=owner.name)


def _idle(each: Object, owners: dict[Key, Object]) -> bool:
    """Whether the workload is another's: that one speaks for it; or an old revision that is scaled to nothing."""
    owner = each.metadata.controller
    if owner is None:
        return False
    if (owner.kind, namespace_of(each.metadata), owner.name) in owners:
        return True
    return isinstance(each, Workload) and each.spec.replicas == 0


def _template(each: Object) -> tuple[Meta, PodSpec]:
    if isinstance(each, CronJob):
        template = each.spec.job_template.spec.template
    elif isinstance(each, Workload | VirtualMachine):
        template = each.spec.template
    else:
        return Meta(), PodSpec()
    return template.metadata, template.spec
