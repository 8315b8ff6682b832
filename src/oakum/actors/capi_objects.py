"""The objects of Cluster API in a dump: Clusters, MachineSets, and what these refer to.

Both API versions are read, v1beta1 (references with ``apiVersion``) and v1beta2 (with ``apiGroup``): see
api/core of github.com/kubernetes-sigs/cluster-api. A control plane may be of any kind: only its ``spec.version`` and
``status.version`` are asked for, which the contract for control plane providers fixes
(cluster-api.sigs.k8s.io/developer/providers/contracts/control-plane).

A dump need not say everything: without ``spec.clusterName`` (or the label) a MachineSet belongs to the only Cluster
there is, and an object without namespace is in any.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

from oakum.errors import InputError, NotAssessableError, Place
from oakum.fleet.cluster.objects import Meta, Slim

CORE = "cluster.x-k8s.io"
BOOTSTRAP = "bootstrap.cluster.x-k8s.io"
CONTROL_PLANE = "controlplane.cluster.x-k8s.io"
_CLUSTER_NAME = f"{CORE}/cluster-name"
#: Of a text that comes from outside so much is shown.
_SHOWN = 60

_T = TypeVar("_T")


class Reference(Slim, frozen=True):
    """A reference to another object: v1beta1 names an API version, v1beta2 a group."""

    api_version: str = ""
    api_group: str = ""
    kind: str = ""
    name: str = ""
    namespace: str = ""

    @property
    def defined(self) -> bool:
        """Whether it refers to anything."""
        return any((self.kind, self.name, self.api_group, self.api_version))

    @property
    def group(self) -> str | None:
        """The API group, None where the API version is malformed."""
        if self.api_group or self.api_version.count("/") > 1:
            return self.api_group or None
        return self.api_version.rpartition("/")[0]


class _ClusterSpec(Slim, frozen=True):
    control_plane_ref: Reference = Reference()
    topology: dict[str, object] | None = None


class Cluster(Slim, frozen=True):
    """A Cluster."""

    api_version: str = ""
    metadata: Meta = Meta()
    spec: _ClusterSpec = _ClusterSpec()

    @property
    def topology(self) -> str | None:
        """The version in its topology, "" where that has none; None for a cluster without managed topology."""
        given = self.spec.topology
        # v1beta1 has a pointer, v1beta2 takes a topology in which nothing is set for none.
        if given is None or (self.api_version.endswith("/v1beta2") and not _anything(given)):
            return None
        version = given.get("version", "")
        if not isinstance(version, str):
            place = Place(field=f"{named('Cluster', self.metadata)}: spec.topology.version")
            raise InputError("no text", place=place, remedy='write it as "v1.34.1"')
        return version


class _Bootstrap(Slim, frozen=True):
    config_ref: Reference = Reference()


class _MachineSpec(Slim, frozen=True):
    version: str = ""
    bootstrap: _Bootstrap = _Bootstrap()


class _MachineTemplate(Slim, frozen=True):
    spec: _MachineSpec = _MachineSpec()


class _MachineSetSpec(Slim, frozen=True):
    cluster_name: str = ""
    template: _MachineTemplate = _MachineTemplate()


class MachineSet(Slim, frozen=True):
    """A MachineSet."""

    api_version: str = ""
    metadata: Meta = Meta()
    spec: _MachineSetSpec = _MachineSetSpec()

    @property
    def version(self) -> str:
        """The version of the Machines it makes, "" where it is not set."""
        return self.spec.template.spec.version

    @property
    def config_ref(self) -> Reference:
        """The template of the Machines' bootstrap configuration."""
        return self.spec.template.spec.bootstrap.config_ref

    @property
    def name(self) -> str:
        """What a person calls it."""
        return named("MachineSet", self.metadata)


class Other(NamedTuple):
    """An object of any kind that one may refer to."""

    group: str
    kind: str
    namespace: str
    name: str
    item: Mapping[str, object]

    def version(self, part: str) -> str | None:
        """The version in ``spec`` or ``status``, None where there is none. Raises InputError where it is no text."""
        whole = self.item.get(part, {})
        if not isinstance(whole, dict):
            raise InputError("no object", place=Place(field=f"{self}: {part}"), remedy="mend the object")
        version = whole.get("version")
        if version is not None and not isinstance(version, str):
            raise InputError("no text", place=Place(field=f"{self}: {part}.version"), remedy='write it as "v1.34.1"')
        return version

    def annotation(self, name: str) -> str:
        """One annotation, "" where it is not set."""
        meta = self.item.get("metadata")
        annotations = meta.get("annotations") if isinstance(meta, dict) else None
        value = annotations.get(name) if isinstance(annotations, dict) else None
        return value if isinstance(value, str) else ""

    def __str__(self) -> str:
        return " ".join((self.kind[:_SHOWN], "/".join(each[:_SHOWN] for each in (self.namespace, self.name) if each)))


class Objects(NamedTuple):
    """What a dump holds: ``machine_sets`` in its order, and what they may refer to."""

    machine_sets: Sequence[MachineSet]
    clusters: Sequence[Cluster]
    others: Sequence[Other]

    def cluster_of(self, machine_set: MachineSet) -> Cluster:
        """The cluster of a MachineSet. Raises NotAssessableError where the dump does not have it."""
        meta = machine_set.metadata
        name = machine_set.spec.cluster_name or meta.labels.get(_CLUSTER_NAME, "")
        found = [
            each
            for each in self.clusters
            if name in ("", each.metadata.name) and _same_place(meta.namespace, each.metadata.namespace)
        ]
        what = f"Cluster {name[:_SHOWN]}".rstrip()
        cluster = _only(found, what, machine_set.name)
        if cluster is None:
            raise NotAssessableError(
                f"not assessable: {what} is not in the dump", place=Place(field=machine_set.name),
                remedy=f"add it: kubectl get clusters.{CORE} --all-namespaces -o json",
            )  # fmt: skip
        return cluster

    def find(self, reference: Reference, namespace: str) -> Other | None:
        """What a reference means that stands in ``namespace``; None where the dump does not have it."""
        inside, group = reference.namespace or namespace, reference.group
        found = [
            each
            for each in self.others
            if (each.kind, each.name) == (reference.kind, reference.name)
            and group in ("", each.group)
            and _same_place(inside, each.namespace)
        ]
        return _only(found, f"{reference.kind[:_SHOWN]} {reference.name[:_SHOWN]}", "dump")


def named(kind: str, meta: Meta) -> str:
    """What a person calls an object: its kind, and its namespace and name."""
    return " ".join((kind, "/".join(each[:_SHOWN] for each in (meta.namespace, meta.name) if each))).rstrip()


def _anything(value: object) -> bool:
    """Whether anything is set in it."""
    return any(map(_anything, value.values())) if isinstance(value, dict) else bool(value)


def _same_place(one: str, other: str) -> bool:
    return not one or not other or one == other


def _only(found: Sequence[_T], what: str, where: str) -> _T | None:
    """The only one of these; what stands twice and is the same counts once. Raises InputError for several."""
    if any(each != found[0] for each in found[1:]):
        raise InputError(
            f"several objects may be meant: {what}", place=Place(field=where), remedy="name it, and give it once"
        )
    return found[0] if found else None
