"""Makes assets of a snapshot: the cluster, its nodes, components, workloads and images, and how they hang together.

Keys are natural: the uid of kube-system for the cluster, uids for nodes and workloads (names where a manifest has
none), digests for images, and name, namespace, version and vendor for a component. Equal objects give equal estates.
What nobody has read is a gap and never an empty answer: a node is known by what its kubelet reports, an image by the
SBOM given for its digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec

from oakum.errors import InputError
from oakum.fleet.assets import Asset, Gap, Kind, Relation
from oakum.fleet.cluster.component_rules import Role
from oakum.fleet.cluster.components import Components
from oakum.fleet.cluster.images import Image
from oakum.fleet.cluster.nodes import NodeFacts, facts_of, node_asset
from oakum.fleet.cluster.objects import ClusterVersion, Node
from oakum.fleet.cluster.parts import Part, Parts
from oakum.fleet.cluster.snapshot import Snapshot
from oakum.fleet.cluster.workloads import Owned, Owners, WorkloadKey
from oakum.fleet.packages import Package, package_set
from oakum.fleet.products import of_cluster_version

_HIDDEN = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd")


class ComponentFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a component is: ``rule`` recognised it; ``by_name`` says that only a name in an unknown registry did."""

    name: str
    role: Role
    namespace: str
    version: str
    vendor: str
    rule: str
    by_name: bool


class Estate(msgspec.Struct, frozen=True, kw_only=True):
    """The assets of a cluster in a fixed order (cluster, nodes, components, workloads, images) and their relations.

    The facts stand by the key of the asset that they are about.
    """

    assets: tuple[Asset, ...]
    relations: tuple[Relation, ...]
    nodes: dict[str, NodeFacts] = msgspec.field(default_factory=dict)
    components: dict[str, ComponentFacts] = msgspec.field(default_factory=dict)
    workloads: dict[str, WorkloadKey] = msgspec.field(default_factory=dict)


def estate(snapshot: Snapshot, components: Components, *, sboms: Mapping[str, Asset] | None = None) -> Estate:
    """The estate of a snapshot; ``sboms`` are by image digest (``sha256:...``).

    Raises InputError where an SBOM is for a digest that nothing in the cluster runs.
    """
    owners = Owners(snapshot)
    parts = Parts(snapshot, owners, components)
    return _Estate(snapshot, owners, parts, components).built(dict(sboms or {}))


def cluster_key(snapshot: Snapshot) -> str:
    """``cluster/UID``; a dump without kube-system is known by its name and the digest of its objects."""
    if snapshot.uid:
        return f"cluster/{snapshot.uid}"
    digest = hashlib.sha256(msgspec.json.encode(sorted(snapshot.items.items()))).hexdigest()
    return f"cluster/{snapshot.source.removeprefix('dump ')}@{digest[:16]}"


def node_key(cluster: str, node: Node) -> str:
    """The key of a node's asset; a node that is made anew has another uid and is another node."""
    return f"{cluster}/node/{node.metadata.uid or node.metadata.name}"


def workload_key(cluster: str, key: WorkloadKey) -> str:
    """The key of a workload's asset."""
    return f"{cluster}/workload/{key.uid or f'{key.kind}/{key.namespace}/{key.name}'}"


class _Estate:
    """Gathers assets and relations."""

    def __init__(self, snapshot: Snapshot, owners: Owners, parts: Parts, components: Components) -> None:
        self._snapshot = snapshot
        self._owners = owners
        self._parts = parts
        self._components = components
        self._cluster = cluster_key(snapshot)
        self._nodes = {one.metadata.name: node_key(self._cluster, one) for one in snapshot.of(Node, "Node")}
        self._relations: list[Relation] = []

    def built(self, sboms: dict[str, Asset]) -> Estate:
        facts: dict[str, NodeFacts] = {}
        nodes: list[Asset] = []
        for node in self._snapshot.of(Node, "Node"):
            key = self._nodes[node.metadata.name]
            facts[key] = facts_of(node, self._components)
            in_pods = self._parts.has("kube-proxy")
            nodes.append(node_asset(node, key, facts[key], source=self._snapshot.source, proxy_in_pods=in_pods))
        known: dict[str, ComponentFacts] = {}
        found = [self._component(part, known) for part in self._parts.found]
        keys: dict[str, WorkloadKey] = {}
        workloads = [self._workload(each, keys) for each in self._owners.workloads]
        held = [*nodes, *found, *workloads]
        holds = [Relation(self._cluster, "holds", asset.key) for asset in held]
        return Estate(
            assets=(self._whole(), *held, *self._contents(sboms)),
            relations=(*holds, *self._relations),
            nodes=facts,
            components=known,
            workloads=keys,
        )

    def _whole(self) -> Asset:
        """The cluster itself, with the gaps that belong to no part of it."""
        gaps = [*self._snapshot.gaps, *self._parts.gaps]
        shown = {part.component.name for part in self._parts.found}
        hidden = [name for name in _HIDDEN if name not in shown]
        if hidden and self._nodes:
            why = "no pod of the snapshot shows them: a provider runs them, or they are services of a host"
            remedy = "follow the provider's bulletins, or scan the hosts of the control plane with: oakum scan host"
            gaps.append(Gap("unknown-component", ", ".join(hidden), why, remedy))
        openshift = self._openshift(gaps)
        name = self._snapshot.source.removeprefix("dump ").removeprefix("live cluster ")
        asset = self._asset("cluster", self._cluster, name, gaps)
        return msgspec.structs.replace(asset, packages=package_set(None, openshift)) if openshift else asset

    def _openshift(self, gaps: list[Gap]) -> tuple[Package, ...]:
        """OpenShift in the last version that was reached: while an update runs, some parts are still of that."""
        for one in self._snapshot.of(ClusterVersion, "ClusterVersion"):
            told = (step.version for step in one.status.history if step.state == "Completed" and step.version)
            if found := of_cluster_version(next(told, "")):
                return found
            why = "its history names no version that was completed"
            remedy = "look at it with: oc get clusterversion version -o yaml"
            gaps.append(Gap("unknown-component", f"OpenShift (ClusterVersion {one.metadata.name})", why, remedy))
        return ()

    def _component(self, part: Part, known: dict[str, ComponentFacts]) -> Asset:
        one = part.component
        version = one.version or "unknown"
        vendor = f"/{one.vendor}" if one.vendor else ""
        key = f"{self._cluster}/component/{one.name}/{part.namespace}/{version}{vendor}"
        known[key] = ComponentFacts(
            name=one.name, role=one.role, namespace=part.namespace, version=one.version, vendor=one.vendor,
            rule=one.rule, by_name=one.by_name,
        )  # fmt: skip
        self._related(key, part.nodes, part.images)
        owned = sorted(workload_key(self._cluster, each) for each in part.workloads)
        self._relations += [Relation(key, "owns", each) for each in owned]
        asset = self._asset("component", key, f"{one.name} {one.version}".rstrip(), part.gaps())
        return msgspec.structs.replace(asset, packages=package_set(None, one.packages))

    def _workload(self, owned: Owned, keys: dict[str, WorkloadKey]) -> Asset:
        key = workload_key(self._cluster, owned.key)
        keys[key] = owned.key
        self._related(key, owned.nodes, self._parts.used[owned.key])
        return self._asset("workload", key, f"{owned.key.namespace}/{owned.key.name}[{owned.key.kind}]", [])

    def _related(self, key: str, nodes: Mapping[str, int], images: Mapping[str, int]) -> None:
        for name, count in sorted(nodes.items()):
            if name in self._nodes:
                self._relations.append(Relation(key, "runs-on", self._nodes[name], count))
        self._relations += [Relation(key, "uses", image, count) for image, count in sorted(images.items())]

    def _contents(self, sboms: dict[str, Asset]) -> list[Asset]:
        """The images, each with the packages that the SBOM for its digest names."""
        assets: list[Asset] = []
        images = self._parts.images
        for key in sorted(images):
            image = images[key]
            name = str(image.reference or image.given)
            sbom = sboms.pop(image.digest, None) if image.digest else None
            if sbom is not None:
                assets.append(msgspec.structs.replace(sbom, kind="image", key=key, name=name))
            else:
                assets.append(self._asset("image", key, name, [_unread(image, name)]))
        if sboms:
            which = ", ".join(sorted(sboms)[:3])
            remedy = "give the digest that the pod's status names in imageID, or leave the SBOM out"
            raise InputError(f"an SBOM for an image that nothing here runs: {which}", remedy=remedy)
        return assets

    def _asset(self, kind: Kind, key: str, name: str, gaps: list[Gap]) -> Asset:
        packages = package_set(None, ())
        return Asset(kind=kind, key=key, name=name, source=self._snapshot.source, packages=packages, gaps=tuple(gaps))


def _unread(image: Image, name: str) -> Gap:
    if image.digest:
        remedy = f"have it read from its registry: --pull-images, or give an SBOM: --sbom {image.digest}=FILE"
        return Gap("unread-image", name, "its contents were not read", remedy)
    why = "its contents were not read, and only its reference is known: no container reports its digest"
    return Gap("unread-image", name, why, "scan the cluster while it runs, or name the image by its digest")
