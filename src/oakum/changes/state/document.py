"""A state as a document: what a plan was made from, so that anybody can make and verify it again.

The form is JSON, canonical: sorted keys, machines and clusters by name, the objects of a cluster as one Kubernetes List
that says which kinds it lists. What the readers of dumps do not keep of an object is not in it. The digest is that of
the document without its time, so that the same facts have one digest whenever they were read, and from which files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec

from oakum.changes.drain import Surroundings
from oakum.changes.drain import machines as machine_objects
from oakum.changes.drain import storage as storage_objects
from oakum.changes.drain.items import items_of
from oakum.changes.state.model import Cluster, EtcdMember, Machine, State, Webhook
from oakum.changes.state.of_cluster import with_listed
from oakum.errors import InputError, LimitError, Place
from oakum.fleet.assets import Gap
from oakum.fleet.cluster.dump import LISTED, list_annotations, read_dump
from oakum.fleet.cluster.dump_text import LARGEST, documents
from oakum.fleet.cluster.objects import Slim

FORMAT = "oakum-state/1"
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_KINDS = machine_objects.KINDS | storage_objects.KINDS.keys()


class ClusterDocument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A cluster; ``objects`` is a Kubernetes List, as ``kubectl get -o json`` writes it.

    ``listed`` names the kinds of which all objects are there, be it none.
    """

    name: str
    uid: str
    objects: msgspec.Raw
    listed: tuple[str, ...] = ()
    facts: dict[str, str] = {}
    etcd: tuple[EtcdMember, ...] = ()
    webhooks: tuple[Webhook, ...] = ()
    managed: bool = False


class StateDocument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A state of ``at`` (RFC 3339). Everything else makes up its digest."""

    format: Literal["oakum-state/1"]
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    machines: tuple[Machine, ...] = ()
    clusters: tuple[ClusterDocument, ...] = ()
    gaps: tuple[Gap, ...] = ()


def state_document(state: State) -> bytes:
    """The canonical document."""
    return msgspec.json.encode(_document(state), order="sorted")


def digest_of(state: State) -> str:
    """``sha256:`` and the hash of what the state says, whenever it was read."""
    timeless = _document(msgspec.structs.replace(state, at=_NEVER, clusters=tuple(map(_timeless, state.clusters))))
    return f"sha256:{hashlib.sha256(msgspec.json.encode(timeless, order='sorted')).hexdigest()}"


def read_state(data: bytes, name: str) -> State:
    """The state of a document; ``name`` is what errors call it. Raises InputError, LimitError."""
    if len(data) > LARGEST:
        raise LimitError(f"larger than {LARGEST:,} bytes", place=Place(name), remedy="divide it by clusters")
    try:
        found = msgspec.json.decode(data, type=StateDocument)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        remedy = "write it again with oakum plan --save-state"
        raise InputError(f"no {FORMAT}: {error}", place=Place(name), remedy=remedy) from None
    except RecursionError:
        raise LimitError("nested too deeply", place=Place(name), remedy="no state nests that deep") from None
    clusters = tuple(_cluster(each, name) for each in found.clusters)
    _once([each.name for each in clusters], "cluster", name)
    _once([each.id for each in found.machines], "machine", name)
    by_name = {each.name: each for each in clusters}
    for machine in found.machines:
        cluster = by_name.get(machine.cluster)
        node = cluster.around.node(machine.name) if cluster is not None else None
        if machine.cluster and (node is None or node.metadata.uid != machine.uid):
            where = "is of a cluster that is not in it" if cluster is None else "is not a node of its cluster's objects"
            raise InputError(f"the machine {machine.id} {where}", place=Place(name), remedy="write the state again")
    state = State(
        at=found.at.astimezone(UTC), digest="", machines=tuple(sorted(found.machines, key=lambda each: each.id)),
        clusters=tuple(sorted(clusters, key=lambda each: each.name)), gaps=found.gaps,
    )  # fmt: skip
    return msgspec.structs.replace(state, digest=digest_of(state))


def _timeless(cluster: Cluster) -> Cluster:
    around = cluster.around
    snapshot = msgspec.structs.replace(around.snapshot, read_at="")
    return msgspec.structs.replace(cluster, around=Surroundings(snapshot, around.machines, around.storage))


def _document(state: State) -> StateDocument:
    return StateDocument(
        format="oakum-state/1",
        at=state.at,
        machines=tuple(sorted(state.machines, key=lambda each: each.id)),
        clusters=tuple(_written(each) for each in sorted(state.clusters, key=lambda each: each.name)),
        gaps=tuple(sorted(set(state.gaps), key=msgspec.structs.astuple)),
    )


def _written(cluster: Cluster) -> ClusterDocument:
    return ClusterDocument(
        name=cluster.name, uid=cluster.uid, objects=_list_of(cluster.around),
        listed=tuple(sorted(cluster.around.snapshot.listed)), facts=cluster.facts,
        etcd=tuple(sorted(cluster.etcd, key=lambda each: each.name)),
        webhooks=tuple(sorted(cluster.webhooks, key=lambda each: each.name)), managed=cluster.managed,
    )  # fmt: skip


def _list_of(around: Surroundings) -> msgspec.Raw:
    """The objects as a List; the gaps of the snapshot stand in its annotations.

    A List without a word about kinds counts as listing those that it holds: the word stands there, be it none.
    """
    said = list_annotations(around.snapshot)
    annotations = {key: value for key, value in said.items() if value or key == LISTED}
    items: list[object] = []
    for kind in sorted(around.snapshot.items):
        in_order = sorted(around.snapshot.items[kind], key=lambda each: each.key)
        items += in_order
    items += _others(around)
    whole = {"apiVersion": "v1", "kind": "List", "metadata": {"annotations": annotations}, "items": items}
    return msgspec.Raw(msgspec.json.encode(whole, order="sorted"))


def _others(around: Surroundings) -> Iterator[dict[str, object]]:
    """The objects that a snapshot has no kind for."""
    for kind, one in around.machines.objects:
        yield {"apiVersion": f"{machine_objects.GROUP}/v1beta1", **_plain(one), "kind": kind}
    for kind, one in around.storage.objects:
        yield {**_plain(one), "apiVersion": storage_objects.KINDS[kind], "kind": kind}


def _plain(one: Slim) -> dict[str, object]:
    found: dict[str, object] = msgspec.to_builtins(one, order="sorted")
    return found


def _cluster(found: ClusterDocument, source: str) -> Cluster:
    where = f"cluster {found.name} of {source}"
    data = bytes(found.objects)
    snapshot = read_dump(data, name=where)
    items = list(items_of(documents(data, name=where), _KINDS))
    around = Surroundings(snapshot, machine_objects.read_machines(items), storage_objects.read_storage(items))
    around = with_listed(around, frozenset(found.listed))
    if snapshot.uid and snapshot.uid != found.uid:
        what = f"its uid is {found.uid!r}, and that of its namespace kube-system {snapshot.uid!r}"
        raise InputError(what, place=Place(where), remedy="write the state again")
    return Cluster(
        name=found.name, uid=found.uid, around=around, facts=found.facts, etcd=found.etcd, webhooks=found.webhooks,
        managed=found.managed,
    )  # fmt: skip


def _once(names: list[str], what: str, source: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InputError(f"the {what} {name} stands twice", place=Place(source), remedy="write the state again")
        seen.add(name)
