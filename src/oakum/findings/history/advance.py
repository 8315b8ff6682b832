"""One step of a history: what a scan makes of what was known before.

Nothing ends by not being there. A finding that a scan does not show is closed only with evidence; without, it stays
open and is not assessable since then. What a scan did not look at stays as it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set

import msgspec

from oakum.findings.history.model import Ending, Event, Item, Kind, Look, Sighting, Step

Place = tuple[str, str]
Known = tuple[str, str, str]


def advance(
    items: Iterable[Item], looks: Mapping[str, Look], now: str, *, gone: Set[str] = frozenset()
) -> Step:  # fmt: skip
    """The step from ``items`` by what a scan at ``now`` saw; ``gone`` are assets that are proven not to be any more."""
    before: defaultdict[str, list[Item]] = defaultdict(list)
    for item in items:
        before[item.asset].append(item)
    changed: list[Item] = []
    events: list[Event] = []
    known: dict[str, dict[Known, Item]] = {}
    for asset, look in looks.items():
        step = _Asset(asset, before[asset], look, now)
        step.run()
        changed.extend(step.changed)
        events.extend(step.events)
        known[asset] = step.known
    for asset in sorted(gone - looks.keys()):
        for item in before[asset]:
            if not item.closed:
                ended = _closed(item, Ending("gone", "the asset is no longer there"), now)
                changed.append(ended)
                events.append(Event("closed", ended, ended.called, "gone", ended.why))
    return Step(tuple(changed), tuple(events), known)


def _closed(item: Item, ending: Ending, now: str) -> Item:
    return msgspec.structs.replace(item, closed=now, reason=ending.fate, why=ending.why, unassessed="")


class _Asset:
    """The step of one asset."""

    def __init__(self, asset: str, items: list[Item], look: Look, now: str) -> None:
        self._asset = asset
        self._items = items
        self._look = look
        self._now = now
        self.changed: list[Item] = []
        self.events: list[Event] = []
        self.known: dict[Known, Item] = {}

    def run(self) -> None:
        """Every sighting, then every item that nothing sighted."""
        sightings = list(_single(self._look.sightings))
        claimed = _claims(self._items, sightings)
        taken = {_key(item) for item in claimed.values()}
        named: defaultdict[Place, set[str]] = defaultdict(set)
        for sighting in sightings:
            if not sighting.statement:
                named[sighting.type, sighting.package].update(sighting.names)
            self._seen(sighting, claimed.get((sighting.type, sighting.package, sighting.id)))
        for item in self._items:
            # Two items that turn out to be one vulnerability stand and fall together.
            merged = not named[item.type, item.package].isdisjoint(item.names)
            if not item.closed and _key(item) not in taken and not merged:
                self._unseen(item)

    def _seen(self, sighting: Sighting, item: Item | None) -> None:
        names = tuple(sorted({*sighting.names, *((item.id,) if item else ())}))
        if item is None:
            now = Item(
                self._asset, sighting.type, sighting.package, self._unused(sighting), sighting.id, names,
                sighting.version, sighting.sources, self._now,
            )  # fmt: skip
        else:
            why = item.why if item.closed else ""
            now = msgspec.structs.replace(
                item,
                called=sighting.id,
                names=names,
                version=sighting.version,
                sources=sighting.sources,
                unassessed="",
                why=why,
            )
        if sighting.statement:
            if not now.closed:
                now = _closed(now, Ending("statement", sighting.statement), self._now)
                if item is not None:
                    self._tell("closed", now, sighting, "statement", sighting.statement)
        elif item is None:
            self._tell("new", now, sighting, _said_by(sighting), first=not self._look.before)
        elif item.closed:
            now = msgspec.structs.replace(now, reopened=self._now, closed="", reason="", why="")
            moved = item.version != sighting.version
            cause = f"{sighting.package} {sighting.version}" if moved else _said_by(sighting)
            self._tell("reopened", now, sighting, cause, f"it was closed on {item.closed[:10]} ({item.reason})")
        elif item.unassessed:
            self._tell("assessable", now, sighting, _said_by(sighting), f"it was not since {item.unassessed[:10]}")
        if now != item:
            self.changed.append(now)
        self.known[sighting.type, sighting.package, sighting.id] = now

    def _unused(self, sighting: Sighting) -> str:
        """The id of a new item; its own may be that of an item which goes on under another name."""
        used = {item.id for item in self._items if _place(item) == _place(sighting)}
        number = 1
        while (name := f"{sighting.id}#{number}" if number > 1 else sighting.id) in used:
            number += 1
        return name

    def _unseen(self, item: Item) -> None:
        ending = self._look.ending(item)
        if ending.fate == "stands":
            return
        if ending.fate == "unknown":
            if not item.unassessed:
                waiting = msgspec.structs.replace(item, unassessed=self._now, why=ending.why)
                self.changed.append(waiting)
                self.events.append(Event("not-assessable", waiting, item.called, ending.why, ending.why))
            return
        ended = _closed(item, ending, self._now)
        self.changed.append(ended)
        cause = ending.fate if ending.fate in ("fixed", "removed", "not-running") else ", ".join(item.sources)
        self.events.append(Event("closed", ended, item.called, cause, ending.why))

    def _tell(
        self, kind: Kind, item: Item, sighting: Sighting, cause: str, why: str = "", *, first: bool = False
    ) -> None:
        self.events.append(Event(kind, item, sighting.id, cause, why, first))


def _key(item: Item) -> Known:
    return item.type, item.package, item.id


def _said_by(sighting: Sighting) -> str:
    return ", ".join(sighting.sources)


def _single(sightings: Iterable[Sighting]) -> Iterator[Sighting]:
    """One sighting of a vulnerability of a package: two versions of it are suppressed only where both are."""
    same: defaultdict[Known, list[Sighting]] = defaultdict(list)
    for one in sightings:
        same[one.type, one.package, one.id].append(one)
    for several in same.values():
        counting = [one for one in several if not one.statement] or several
        yield msgspec.structs.replace(
            counting[0],
            names=tuple(sorted({name for one in several for name in one.names})),
            version=", ".join(sorted({one.version for one in counting})),
            sources=tuple(sorted({source for one in several for source in one.sources})),
        )


def _claims(items: Iterable[Item], sightings: Iterable[Sighting]) -> dict[Known, Item]:
    """The item of each sighting, none of two: the one that is called so, else was, else has a name in common."""
    free = {_key(item): item for item in sorted(items, key=lambda one: (one.first_seen, one.id))}
    claimed: dict[Known, Item] = {}
    rest = list(sightings)
    for fits in (_called_so, _named_so, _alias_of):
        waiting, rest = rest, []
        for one in waiting:
            found = [item for item in free.values() if _place(item) == _place(one) and fits(item, one)]
            if found:
                # What is open goes before what was closed; there are several only where names are ambiguous.
                item = found[0] if fits is not _alias_of else min(found, key=lambda each: bool(each.closed))
                claimed[one.type, one.package, one.id] = free.pop(_key(item))
            else:
                rest.append(one)
    return claimed


def _place(one: Item | Sighting) -> Place:
    return one.type, one.package


def _called_so(item: Item, one: Sighting) -> bool:
    return item.called == one.id


def _named_so(item: Item, one: Sighting) -> bool:
    return item.id == one.id


def _alias_of(item: Item, one: Sighting) -> bool:
    return not set(item.names).isdisjoint(one.names)
