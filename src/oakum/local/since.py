"""A scan beside what earlier scans saw: what is new, what was closed and by what, what can no longer be told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set

import msgspec

from oakum.advisories.index import Index
from oakum.findings.history.advance import advance
from oakum.findings.history.evidence import Evidence
from oakum.findings.history.model import Item, Look, Sighting, Step
from oakum.findings.history.scores import Move, Score, moves
from oakum.findings.history.telling import told
from oakum.findings.model import Matched
from oakum.findings.statements.model import Ruled
from oakum.fleet.assets import Asset, Gap, Relation
from oakum.local.histories import Looked, Past, Written
from oakum.reports.answer import SourceAge
from oakum.reports.histories import NAMED, history_entry, since_entry
from oakum.reports.history_entries import HistoryEntry, SinceEntry

#: Gaps of a cluster that leave open whether a part of it is there.
_UNREAD = ("unread-objects", "incomplete-inventory")


class Since(msgspec.Struct, frozen=True):
    """What a scan makes of a history: what is to be written, what is told, since when each finding is known, and what
    can no longer be told."""

    written: Written
    entry: HistoryEntry
    known: dict[str, SinceEntry]
    gaps: tuple[Gap, ...]

    def known_since(self, ruled: Ruled) -> SinceEntry:
        """Since when a finding is known."""
        return self.known[_place(ruled)]


def since(
    past: Past,
    file: str,
    now: str,
    *,
    assets: Sequence[Asset],
    targets: Set[str],
    matched: Mapping[str, Matched],
    ruled: Sequence[Ruled],
    relations: Iterable[Relation],
    index: Index,
    ages: Mapping[int, SourceAge],
    max_age_days: float | None,
) -> Since:
    """The step of a history. ``targets`` are the keys of the assets that were named, not found in a cluster."""
    called = _called(assets, targets)
    distrusted = {
        age.name: "is older than allowed"
        for age in ages.values()
        if max_age_days is not None and (age.age_days is None or age.age_days > max_age_days)
    }
    sightings = _sightings(ruled)
    looks = {
        called[asset.key]: Look(
            tuple(sightings[asset.key]),
            Evidence(asset, matched[asset.key], index, distrusted).ending,
            before=called[asset.key] in past.assets,
        )
        for asset in assets
    }
    holders = {one.object: one.subject for one in relations if one.kind == "holds"}
    step = advance(past.items, looks, now, gone=_gone(past, assets, looks.keys()))
    scores, moved = _scores(past, ruled, index)
    waiting = sum(not item.closed and item.asset not in looks for item in past.items) - sum(
        event.cause == "gone" for event in step.events
    )
    unassessed = _unassessed(past, step)
    return Since(
        Written(
            now,
            index.digest,
            step.changed,
            {called[asset.key]: Looked(now, holders.get(asset.key, "")) for asset in assets},
            scores,
        ),
        history_entry(file, past.since, waiting, told(step.events, moved), step.events, unassessed),
        _known(past, ruled, step, called, now),
        tuple(_gaps(unassessed)),
    )


def _called(assets: Sequence[Asset], targets: Set[str]) -> dict[str, str]:
    """By which name each asset is known through time."""
    named: defaultdict[str, list[str]] = defaultdict(list)
    for asset in assets:
        if asset.key in targets and asset.kind in NAMED and asset.name:
            named[f"{asset.kind}:{asset.name}"].append(asset.key)
    return {asset.key: asset.key for asset in assets} | {
        keys[0]: name for name, keys in named.items() if len(keys) == 1
    }


def _sightings(ruled: Iterable[Ruled]) -> defaultdict[str, list[Sighting]]:
    found: defaultdict[str, list[Sighting]] = defaultdict(list)
    for one in ruled:
        finding = one.finding
        statement = ""
        if one.suppressed and one.statement is not None:
            statement = f"{one.statement.author}: {one.statement.status} ({one.statement.file})"
        sighting = Sighting(
            finding.package.type,
            finding.package.name,
            finding.id,
            tuple(sorted({finding.id, *finding.aliases, *(each.record for each in finding.evidence)})),
            finding.package.evr,
            tuple(sorted({each.source for each in finding.evidence})),
            statement,
        )
        for key in finding.assets:
            found[key].append(sighting)
    return found


def _gone(past: Past, assets: Sequence[Asset], looked: Iterable[str]) -> set[str]:
    """The parts of clusters that are no longer in them: only where the whole of the cluster was read."""
    whole = {
        asset.key for asset in assets if asset.kind == "cluster" and not any(gap.kind in _UNREAD for gap in asset.gaps)
    }
    return {name for name, one in past.assets.items() if one.holder in whole} - set(looked)


def _scores(past: Past, ruled: Iterable[Ruled], index: Index) -> tuple[dict[str, Score], list[Move]]:
    formats = {source.format for source in index.sources.values()}
    now: dict[str, Score] = {}
    models: set[str] = set()
    for cve in {cve for one in ruled if not one.suppressed for cve in one.finding.cves}:
        intel = index.intel(cve)
        if intel.epss is not None:
            models.add(intel.epss[0].model)
        epss = intel.epss[0].probability if intel.epss is not None else None
        now[cve] = Score(epss, intel.exploited is not None if "kev" in formats else None)
    return moves(past.scores, now, models.pop() if len(models) == 1 else "")


def _known(
    past: Past, ruled: Iterable[Ruled], step: Step, called: Mapping[str, str], now: str
) -> dict[str, SinceEntry]:  # fmt: skip
    former = {_item(one): one for one in past.items}
    reopened = {_item(event.item) for event in step.events if event.kind == "reopened"}
    found: dict[str, SinceEntry] = {}
    for one in ruled:
        finding = one.finding
        what = (finding.package.type, finding.package.name, finding.id)
        items = {key: step.known[called[key]][what] for key in finding.assets}
        new = {key for key, item in items.items() if _item(item) not in former or _item(item) in reopened}
        changed = {key for key, item in items.items() if key not in new and _differs(former[_item(item)], item)}
        # Beside nothing, everything would be new.
        found[_place(one)] = since_entry(items.values(), now, *((new, changed) if past.since else ()))
    return found


def _differs(before: Item, now: Item) -> bool:
    """Whether an item that goes on is told otherwise: another version or name, assessable again, suppressed."""
    return (before.version, before.called, before.unassessed, bool(before.closed)) != (
        now.version, now.called, now.unassessed, bool(now.closed),
    )  # fmt: skip


def _item(one: Item) -> tuple[str, str, str, str]:
    return one.asset, one.type, one.package, one.id


def _place(ruled: Ruled) -> str:
    """What an entry of the answer is known by: where a statement holds on some assets, they have one of their own."""
    return f"{ruled.finding.key} {ruled.finding.assets}"


def _unassessed(past: Past, step: Step) -> list[Item]:
    """What was open and can no longer be told, of the assets that were looked at, now and until it can."""
    items = {_item(one): one for one in (*past.items, *step.changed)}
    return [one for one in items.values() if one.asset in step.known and one.unassessed and not one.closed]


def _gaps(unassessed: Iterable[Item]) -> Iterable[Gap]:
    """One gap for each asset and reason."""
    groups: defaultdict[tuple[str, str, str], list[Item]] = defaultdict(list)
    for item in unassessed:
        groups[item.asset, item.unassessed, item.why].append(item)
    for (asset, time, why), same in sorted(groups.items()):
        names = sorted({item.called for item in same})
        shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        what = f"{len(same)} open finding{'s' if len(same) != 1 else ''} of {asset} ({shown})"
        remedy = "bring back what said so (oakum feeds status), or what could be read then"
        yield Gap("not-assessable-since", what, f"not assessable since {time[:10]}: {why}", remedy)
