"""The state of a cluster from its objects: a machine for each node, and what is missing before anything is planned.

Facts that policies ask for (``environment``, ``region``, ``tier``) are stated by annotations ``oakum.dev/...`` of the
node or of the namespace kube-system, which speaks for the cluster; a region also by the node's well-known label. What
nobody states is not known. What the dump does not hold is a gap of its cluster, never taken to be absent.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from oakum.actors.kured import held_by_people
from oakum.actors.shields import BY_PEOPLE
from oakum.changes.drain import Surroundings
from oakum.changes.skew.model import API_SERVER
from oakum.changes.state.missing import etcd_of, missing_objects
from oakum.changes.state.model import Cluster, EtcdMember, Machine, Software
from oakum.changes.state.software import ETCD, of_node, of_pods
from oakum.changes.state.webhooks import Configuration, webhooks_of
from oakum.fleet.assets import Gap
from oakum.fleet.cluster.components import Components
from oakum.fleet.cluster.context import PREFIX, Statements
from oakum.fleet.cluster.nodes import facts_of
from oakum.fleet.cluster.objects import Namespace, Node, Pod, Workload

#: Annotation on a node: the run that has taken it.
CLAIM = f"{PREFIX}claim"
#: Annotations that state a fact of policies.
FACTS = ("environment", "region")
#: Annotation of kube-system: what policies call the cluster.
CLUSTER = f"{PREFIX}cluster"
#: Annotation on a node, or on kube-system for all nodes: actors that somebody keeps away, with commas between them.
KEPT_AWAY = f"{PREFIX}kept-away"
#: Annotation on a node: its machine can be copied and put back.
SNAPSHOTS = f"{PREFIX}snapshots"
_ROLES = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")
_REGIONS = ("topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region")
_ZONE, _FORMER_ZONE = "topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"
_TYPES = ("node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type")
_IMAGES = ("eks.amazonaws.com/nodegroup-image", "kubernetes.azure.com/node-image-version")
_UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
_OAKUM = "app.kubernetes.io/part-of"
_LONGEST = 256
_KNOWN = ", ".join(BY_PEOPLE)


class Dump(msgspec.Struct, frozen=True, kw_only=True):
    """The objects of one cluster, as one source has them.

    ``name`` is what a person called it (``named``), or where nobody did the name of the file. ``webhooks`` are the
    configurations of admission webhooks, which ``around`` has no kind for; ``listed`` those kinds of theirs of which
    there is a list, be it empty.
    """

    source: str
    name: str
    around: Surroundings
    named: bool = False
    webhooks: tuple[Configuration, ...] = ()
    listed: frozenset[str] = frozenset()

    @property
    def said(self) -> str:
        """The cluster's name as an annotation of its kube-system says it; empty where it does not, or has a slash."""
        spaces = self.around.snapshot.of(Namespace, "Namespace")
        said = next((_noted(each, CLUSTER) for each in spaces if each.metadata.name == "kube-system"), "")
        return said if "/" not in said else ""


class Found(msgspec.Struct, frozen=True):
    """A cluster with its machines, and its gaps."""

    cluster: Cluster
    machines: tuple[Machine, ...]
    gaps: tuple[Gap, ...]


def read_cluster(dump: Dump, components: Components, *, name: str, listed: Collection[str] = ()) -> Found:
    """The cluster of a dump under its ``name``; somebody says that all objects of the kinds ``listed`` are in it."""
    return _Reading(dump, components, name).found(frozenset(listed))


class _Reading:
    """One cluster while it is read."""

    def __init__(self, dump: Dump, components: Components, name: str) -> None:
        snapshot = dump.around.snapshot
        self._dump, self._around, self._components, self._name = dump, dump.around, components, name
        self._statements = Statements(snapshot)
        spaces = snapshot.of(Namespace, "Namespace")
        self._system = next((each for each in spaces if each.metadata.name == "kube-system"), None)
        self._software: dict[str, dict[str, Software]] = {}
        self._members: list[EtcdMember] = []
        self._gaps: list[Gap] = []
        self._own_plane = False
        self._locked: frozenset[str] = frozenset()

    def found(self, said: frozenset[str]) -> Found:
        """Everything."""
        snapshot = self._around.snapshot
        nodes = snapshot.of(Node, "Node")
        known = {node.metadata.name for node in nodes}
        if any(held_by_people(each, known) for each in snapshot.of(Workload, "DaemonSet")):
            self._locked = frozenset({"kured"})
        for pod, name, software in of_pods(self._around.pods, self._components):
            self._pod(pod, name, software, known)
        machines = tuple(self._machine(node) for node in nodes)
        self._own_plane = self._own_plane or any(each.role == "control-plane" for each in machines)
        if self._own_plane and not self._members:
            why = "no pod shows a member of it, so nobody can tell whether it keeps its quorum"
            remedy = f"state its members in an inventory: clusters, {self._name}, etcd"
            self._gaps.append(self._gap("unknown-component", etcd_of(self._name), why, remedy))
        webhooks, unserved = webhooks_of(self._dump.webhooks, snapshot, self._name)
        listed = snapshot.listed | said | self._dump.listed | {each.kind for each in self._dump.webhooks}
        cluster = Cluster(
            name=self._name, uid=snapshot.uid, around=with_listed(self._around, listed), facts=self._facts(None),
            etcd=tuple(sorted(self._members, key=lambda each: each.name)), webhooks=tuple(webhooks),
            managed=not self._own_plane,
        )  # fmt: skip
        gaps = (*missing_objects(self._around, self._name, listed), *self._gaps, *unserved)
        return Found(cluster, machines, gaps)

    def _pod(self, pod: Pod, name: str, software: Software, known: set[str]) -> None:
        node, meta = pod.spec.node_name, pod.metadata
        if name == API_SERVER:
            self._own_plane = True
        if node not in known:
            return
        if name == ETCD:
            ready = next((each.status for each in pod.status.conditions if each.type == "Ready"), "")
            healthy = {"True": True, "False": False}.get(ready)
            self._members.append(EtcdMember(name=node, machine=f"{self._name}/{node}", healthy=healthy))
        if not software.installed:
            why, remedy = "its image's tag tells no version", f"state it in an inventory: nodes, {self._name}/{node}"
            what = f"{name} in pod {meta.namespace}/{meta.name}"
            self._gaps.append(self._gap("unknown-component", what, why, remedy))
            return
        self._software.setdefault(node, {})[name] = software

    def _machine(self, node: Node) -> Machine:
        meta, labels = node.metadata, node.metadata.labels
        pods = self._around.on(meta.name)
        software = {**of_node(node), **self._software.get(meta.name, {})}
        runs_plane = any(each.part in ("control-plane", "etcd") for each in software.values())
        ready = next((each.status for each in node.status.conditions if each.type == "Ready"), "")
        if not meta.uid:
            why, remedy = "it has no uid, so a re-created node could not be told from it", "give the whole object"
            self._gaps.append(self._gap("unread-objects", f"Node {meta.name}", why, remedy))
        return Machine(
            name=meta.name, uid=meta.uid, cluster=self._name,
            role="control-plane" if runs_plane or any(role in labels for role in _ROLES) else "worker",
            pool=facts_of(node, self._components).pool, speed=_first(labels, _TYPES), facts=self._facts(node),
            labels=_modern(labels), healthy=None if not ready else ready == "True", cordoned=_cordoned(node),
            owner=owner_of(meta.annotations.get(CLAIM, "")), boot_id=node.status.node_info.boot_id,
            software=software, snapshots=_noted(node, SNAPSHOTS) in ("yes", "true"),
            image=_first(labels, _IMAGES), ours=any(_is_ours(pod) for pod in pods), kept_away=self._kept_away(node),
        )  # fmt: skip

    def _facts(self, node: Node | None) -> dict[str, str]:
        """The facts of a node, or of the cluster where none is given."""
        speakers = [each for each in (node, self._system) if each is not None]
        facts = {}
        for fact in FACTS:
            value = next((text for each in speakers if (text := _noted(each, f"{PREFIX}{fact}"))), "")
            if value:
                facts[fact] = value
        stated = self._statements.of(node) if node is not None else self._statements.cluster()
        if "tier" in stated.facts:
            facts["tier"] = stated.facts["tier"].value
        return facts

    def _kept_away(self, node: Node) -> tuple[str, ...]:
        """The actors that somebody says to be kept away from a node, and kured where a person holds its lock."""
        names = set(self._locked)
        speakers = [each for each in (node, self._system) if each is not None]
        for each in speakers:
            for name in filter(None, (part.strip() for part in _noted(each, KEPT_AWAY).split(","))):
                if name in BY_PEOPLE:
                    names.add(name)
                else:
                    why = f"{KEPT_AWAY} names {name}, which is none of the actors that people keep away by other things"
                    gap = self._gap("unread-objects", f"{each.kind} {each.metadata.name}", why, f"name one of {_KNOWN}")
                    self._gaps += [gap] if gap not in self._gaps else []
        return tuple(sorted(names))

    def _gap(self, kind: str, what: str, why: str, remedy: str) -> Gap:
        return Gap(kind, what, why, remedy, asset=self._name)


def with_region(machine: Machine) -> Machine:
    """The machine in the region that its node's label names, where nobody states one in words of the site."""
    region = _first(machine.labels, _REGIONS)
    if not region or "region" in machine.facts:
        return machine
    return msgspec.structs.replace(machine, facts={**machine.facts, "region": region})


def owner_of(claim: str) -> str:
    """The run that a claim names: JSON with ``run``, or the name itself; "" where there is no claim."""
    try:
        found = msgspec.json.decode(claim)
    except (msgspec.DecodeError, RecursionError):
        return claim
    run = found.get("run") if isinstance(found, dict) else None
    return run if isinstance(run, str) and run else claim


def _noted(one: Node | Namespace, key: str) -> str:
    """An annotation or a label of ours, as a short text; "" where it is none."""
    value = (one.metadata.annotations.get(key) or one.metadata.labels.get(key) or "").strip()
    return value if len(value) <= _LONGEST and value.isprintable() else ""


def with_listed(around: Surroundings, listed: frozenset[str]) -> Surroundings:
    """The same surroundings, where the kinds that somebody vouches for count as listed."""
    snapshot = around.snapshot
    if listed <= snapshot.listed:
        return around
    gaps = tuple(gap for gap in snapshot.gaps if gap.what.removesuffix(" objects") not in listed)
    snapshot = msgspec.structs.replace(snapshot, listed=snapshot.listed | listed, gaps=gaps)
    return Surroundings(snapshot, around.machines, around.storage)


def _cordoned(node: Node) -> bool:
    return node.spec.unschedulable or any(each.key == _UNSCHEDULABLE for each in node.spec.taints)


def _is_ours(pod: Pod) -> bool:
    return pod.metadata.labels.get(_OAKUM) == "oakum"


def _modern(labels: Mapping[str, str]) -> dict[str, str]:
    """The labels, with that of the zone under its present name as well (it moved in 1.17)."""
    return {_ZONE: labels[_FORMER_ZONE], **labels} if _FORMER_ZONE in labels else dict(labels)


def _first(labels: dict[str, str], keys: tuple[str, ...]) -> str:
    return next((labels[key] for key in keys if labels.get(key)), "")
