"""One State of several sources, whatever their order: dumps and written states, with inventories laid over them.

Two sources that contradict each other are an error, for nobody can tell which of them is right: a cluster or a machine
under two names, two clusters or hosts of one name, a version here and another there. A source that says more than the
other is no contradiction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import msgspec

from oakum.changes.state.document import digest_of
from oakum.changes.state.inventory import ClusterEntry, Inventory, MemberEntry
from oakum.changes.state.laying import host_of, laid, offered
from oakum.changes.state.missing import ALL, LISTABLE, etcd_of
from oakum.changes.state.model import Cluster, EtcdMember, Machine, State
from oakum.changes.state.of_cluster import Dump, Found, read_cluster, with_region
from oakum.errors import InputError, OakumError, Place
from oakum.fleet.assets import Gap
from oakum.fleet.cluster.components import Components


def join(
    dumps: Sequence[Dump],
    states: Sequence[tuple[str, State]],
    inventories: Sequence[Inventory],
    components: Components,
    now: datetime,
) -> State:
    """The state that they are together; each written state comes with the name of its source.

    Its time is that of its oldest source, ``now`` where none says its own. Raises InputError where two of them
    contradict each other, or an inventory speaks of a cluster that nobody brings.
    """
    entries = _entries(inventories)
    joining = _Joining()
    for dump in sorted(dumps, key=lambda each: each.source):
        name = _name_of(dump, entries)
        entry = entries.get(name, (None, ""))[0]
        joining.take(dump.source, read_cluster(dump, components, name=name, listed=_listed(entry)))
    for source, state in states:
        joining.state(source, state)
    joining.inventories(sorted(inventories, key=lambda each: each.source), entries)
    times = [each.at for each in inventories if each.at] + [state.at for _, state in states]
    times += [moment for dump in dumps if (moment := _read_at(dump))]
    return joining.joined(min(times, default=now))


def _entries(inventories: Iterable[Inventory]) -> dict[str, tuple[ClusterEntry, str]]:
    """What inventories say of clusters, with the source that says it."""
    found: dict[str, tuple[ClusterEntry, str]] = {}
    for inventory in inventories:
        for name, entry in inventory.clusters.items():
            before = found.get(name)
            if before is not None and before[0] != entry:
                raise _clash(f"cluster {name}", before[1], inventory.source, "say all of it in one inventory")
            found[name] = entry, inventory.source
    return found


def _name_of(dump: Dump, entries: dict[str, tuple[ClusterEntry, str]]) -> str:
    """What a person called the dump, what an inventory calls a cluster of its uid, what it says itself, its file."""
    uid = dump.around.snapshot.uid
    listed = [name for name, (entry, _) in sorted(entries.items()) if uid and entry.uid == uid]
    if len(listed) > 1:
        place = Place(entries[listed[1]][1], field=f"clusters.{listed[1]}")
        raise InputError(f"its uid is that of {listed[0]} as well", place=place, remedy="drop one of them")
    if dump.named:
        return dump.name
    return listed[0] if listed else dump.said or dump.name


def _listed(entry: ClusterEntry | None) -> tuple[str, ...]:
    if entry is None:
        return ()
    return LISTABLE if ALL in entry.listed else entry.listed


def _read_at(dump: Dump) -> datetime | None:
    """When a dump was read, as it says itself."""
    try:
        found = msgspec.convert(dump.around.snapshot.read_at, datetime)
        return found.astimezone(UTC) if found.tzinfo is not None else None
    except (msgspec.ValidationError, OverflowError):
        return None


class _Joining:
    """What has been joined so far, and where it came from."""

    def __init__(self) -> None:
        self._clusters: dict[str, Cluster] = {}
        self._machines: dict[str, Machine] = {}
        self._gaps: list[Gap] = []
        self._sources: dict[str, str] = {}
        self._uids: dict[str, str] = {}

    def take(self, source: str, found: Found) -> None:
        """A cluster of a dump."""
        self._cluster(source, found.cluster)
        for machine in found.machines:
            self._machine(source, machine)
        self._gaps += found.gaps

    def state(self, source: str, state: State) -> None:
        """A state that was written before."""
        for cluster in state.clusters:
            self._cluster(source, cluster)
        for machine in state.machines:
            self._machine(source, machine)
        self._gaps += state.gaps

    def inventories(self, inventories: Sequence[Inventory], entries: dict[str, tuple[ClusterEntry, str]]) -> None:
        """Lays over what inventories say: clusters, hosts, nodes, and last what many machines are offered."""
        for name, (entry, source) in sorted(entries.items()):
            self._lay_cluster(name, entry, Place(source, field=f"clusters.{name}"))
        for inventory in inventories:
            for name, host in inventory.hosts.items():
                self._machine(inventory.source, host_of(name, host))
        said: dict[str, tuple[object, str]] = {}
        for inventory in inventories:
            for id, node in inventory.nodes.items():
                before = said.setdefault(id, (node, inventory.source))
                if before[0] != node:
                    raise _clash(f"node {id}", before[1], inventory.source, "say all of it in one inventory")
                self._lay_node(id, inventory)
        for id in sorted(self._machines):
            machine = with_region(self._machines[id])
            for inventory in inventories:
                machine = offered(machine, inventory)
            self._machines[id] = machine

    def joined(self, at: datetime) -> State:
        """The whole."""
        state = State(
            at=at, digest="", machines=tuple(self._machines[id] for id in sorted(self._machines)),
            clusters=tuple(self._clusters[name] for name in sorted(self._clusters)),
            gaps=tuple(sorted(set(self._gaps), key=msgspec.structs.astuple)),
        )  # fmt: skip
        return msgspec.structs.replace(state, digest=digest_of(state))

    def _cluster(self, source: str, cluster: Cluster) -> None:
        before = self._clusters.get(cluster.name)
        if before is not None:
            remedy = "put the files of one cluster into a folder, or name two clusters: --from NAME=FILE"
            raise _clash(f"cluster {cluster.name}", self._sources[f"cluster {cluster.name}"], source, remedy)
        self._known(f"cluster {cluster.name}", cluster.uid, source)
        self._clusters[cluster.name] = cluster

    def _machine(self, source: str, machine: Machine) -> None:
        before = self._machines.get(machine.id)
        if before is not None and before != machine:
            raise _clash(f"machine {machine.id}", self._sources[machine.id], source, "say all of it in one place")
        self._known(machine.id, machine.uid, source)
        self._machines[machine.id] = machine

    def _known(self, what: str, uid: str, source: str) -> None:
        """Notes where something comes from; a uid stands for one thing."""
        other = self._uids.setdefault(uid, what) if uid else what
        if other != what:
            why = f"{what} has the uid of {other} ({self._sources[other]})"
            raise InputError(why, place=Place(source), remedy="give each cluster and each machine once")
        self._sources[what] = source

    def _lay_cluster(self, name: str, entry: ClusterEntry, place: Place) -> None:
        cluster = self._clusters.get(name)
        if cluster is None:
            what = f"no dump brings a cluster {name}"
            known = ", ".join(sorted(self._clusters)) or "none"
            raise InputError(what, place=place, remedy=f"add it with --from {name}=FILE; the clusters are {known}")
        if entry.uid and entry.uid != cluster.uid:
            what = f"the cluster {name} has the uid {cluster.uid or 'that no dump tells'}"
            raise InputError(what, place=place, remedy="mend the uid, or name the dump: --from NAME=FILE")
        stated = {key: value for key in ("environment", "region", "tier") if (value := getattr(entry, key)) is not None}
        _agree(cluster.facts, stated, place)
        asked = {key: text if isinstance(text, str) else ", ".join(text) for key, text in entry.facts.items()}
        changes: dict[str, object] = {"facts": {**cluster.facts, **asked, **stated}}
        if entry.managed is not None:
            changes["managed"] = entry.managed
        if entry.etcd is not None:
            changes["etcd"] = self._members(name, entry.etcd, place)
            self._gaps = [gap for gap in self._gaps if gap.what != etcd_of(name)]
        self._clusters[name] = msgspec.structs.replace(cluster, **changes)
        for id, machine in self._machines.items():
            if machine.cluster == name:
                # What a node says of itself counts before what is said of its cluster.
                self._machines[id] = msgspec.structs.replace(machine, facts={**stated, **machine.facts})

    def _members(self, cluster: str, stated: dict[str, MemberEntry], place: Place) -> tuple[EtcdMember, ...]:
        members = []
        for name, member in sorted(stated.items()):
            id = f"{cluster}/{member.machine}" if member.machine else ""
            if id and id not in self._machines:
                field = f"{place.field}.etcd.{name}"
                what, remedy = f"there is no node {member.machine}", "name a node of the cluster, or leave machine out"
                raise InputError(what, place=Place(place.file, field=field), remedy=remedy)
            members.append(EtcdMember(name=name, machine=id, learner=member.learner, healthy=member.healthy))
        return tuple(members)

    def _lay_node(self, id: str, inventory: Inventory) -> None:
        place = Place(inventory.source, field=f"nodes.{id}")
        machine = self._machines.get(id)
        if machine is not None:
            try:
                self._machines[id] = laid(machine, inventory.nodes[id])
            except OakumError as error:
                error.place = Place(place.file, field=f"{place.field}.{error.place.field if error.place else ''}")
                raise
            return
        cluster = id.partition("/")[0]
        if cluster not in self._clusters:
            known = ", ".join(sorted(self._clusters)) or "none"
            remedy = f"add its dump with --from {cluster}=FILE; the clusters are {known}"
            raise InputError(f"no dump brings the cluster {cluster}", place=place, remedy=remedy)
        why, remedy = "the inventory knows it, and the dump of its cluster does not", "take both at one time"
        self._gaps.append(Gap("incomplete-inventory", f"node {id}", why, remedy, asset=cluster))


def _agree(before: dict[str, str], after: dict[str, str], place: Place) -> None:
    for key, value in after.items():
        if before.get(key, value) != value:
            what = f"{key} is {before[key]!r} in the cluster's own words and {value!r} here"
            raise InputError(what, place=place, remedy="mend one of them")


def _clash(what: str, one: str, other: str, remedy: str) -> InputError:
    return InputError(f"{what} stands in {one} too, and says something else", place=Place(other), remedy=remedy)
