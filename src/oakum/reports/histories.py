"""From the step of a history to the entries of an answer, and to words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from textwrap import wrap
from typing import TYPE_CHECKING

from msgspec import UnsetType

from oakum.naming import listed
from oakum.reports.history_entries import EventEntry, HistoryEntry, SinceEntry, ToldEntry, UnassessedEntry

if TYPE_CHECKING:
    from oakum.findings.history.model import Event, Item
    from oakum.findings.history.telling import Line
    from oakum.reports.answer import Answer, AssetEntry, FindingEntry

#: What became of a finding, in words.
KINDS = {
    "kev": "known exploited now (KEV)", "left-kev": "no longer in KEV", "reopened": "reopened", "new": "new",
    "not-assessable": "open, not assessable since now", "closed": "closed", "assessable": "assessable again",
    "epss": "EPSS", "first": "found by a first look",
}  # fmt: skip
#: Kinds of assets whose key changes with each build or document: through time they are known by what they were called.
NAMED = ("sbom", "image")
_LINES = 12


def since_entry(
    items: Iterable[Item], now: str, new_on: Iterable[str] = (), changed_on: Iterable[str] = ()
) -> SinceEntry:  # fmt: skip
    """Of the items of one finding on several assets, what is known the longest, and on which of them it is new."""
    several = list(items)
    first = min(one.first_seen for one in several)
    age = (datetime.fromisoformat(now) - datetime.fromisoformat(first)).total_seconds() / 86400
    return SinceEntry(
        first, round(age, 2), max(one.reopened for one in several), tuple(sorted(new_on)), tuple(sorted(changed_on))
    )  # fmt: skip


def history_entry(
    file: str, since: str, waiting: int, lines: Iterable[Line], events: Iterable[Event], unassessed: Iterable[Item] = ()
) -> HistoryEntry:
    """The whole of what is told."""
    same: defaultdict[tuple[str, str, str, str, str, str, str, bool], list[str]] = defaultdict(list)
    for one in events:
        item = one.item
        key = (one.kind, one.id, item.package, item.type, item.reason, one.why, one.cause, one.first)
        same[key].append(item.asset)
    return HistoryEntry(
        file=file,
        since=since,
        not_looked_at=waiting,
        told=tuple(
            ToldEntry(
                kind=line.kind, text=_text(line), findings=line.findings, assets=line.assets, storm=line.storm
            )
            for line in lines
        ),
        events=tuple(
            EventEntry(
                kind=kind, id=id_, package=package, type=type_, reason=reason, why=why, cause=cause, first=first,
                assets=tuple(sorted(assets)),
            )
            for (kind, id_, package, type_, reason, why, cause, first), assets in same.items()
        ),
        unassessed=tuple(_unassessed(unassessed)),
    )  # fmt: skip


def _unassessed(items: Iterable[Item]) -> Iterator[UnassessedEntry]:
    same: defaultdict[tuple[str, str, str, str, str], list[str]] = defaultdict(list)
    for one in items:
        same[one.called, one.package, one.type, one.unassessed, one.why].append(one.asset)
    for (id_, package, type_, since, why), assets in sorted(same.items()):
        yield UnassessedEntry(
            id=id_, package=package, type=type_, since=since, why=why, assets=tuple(sorted(assets))
        )  # fmt: skip


def called(assets: Iterable[AssetEntry]) -> dict[str, AssetEntry]:
    """The assets of an answer by what they are called through time."""
    found: dict[str, AssetEntry] = {}
    for asset in assets:
        found[asset.key] = asset
        if asset.kind in NAMED:
            found.setdefault(f"{asset.kind}:{asset.name}", asset)
    return found


def _text(line: Line) -> str:
    word = KINDS[line.kind]
    where = f" on {line.assets} assets" if line.assets > 1 else ""
    if line.storm:
        by = f" ({line.cause})" if line.cause else " (several causes)" if line.kind != "first" else ""
        if line.kind == "epss":
            return f"{line.findings} EPSS scores moved{by}"
        return f"{line.findings} findings {word} on {line.assets} asset{'s' if line.assets != 1 else ''}{by}"
    reason = f" ({line.reason})" if line.kind == "closed" else ""
    package = f" in {line.package}" if line.package else ""
    why = f": {line.why}" if line.why else f": {line.cause}" if line.cause else ""
    return f"{word}{reason}: {line.id}{package}{where}{why}"


def since_words(finding: FindingEntry) -> str:
    """The day on which a finding was first seen, and its age."""
    one = finding.since
    return "-" if isinstance(one, UnsetType) else f"{one.first_seen[:10]} ({one.age_days:.0f} d)"


def since_last(answer: Answer, width: int, everything: bool) -> Iterator[str]:
    """The part of a text that says what changed; nothing without a history."""
    history = answer.history
    if isinstance(history, UnsetType):
        return
    yield ""
    if not history.since:
        yield "SINCE THE LAST SCAN: this history begins now; when anything was first there is not known"
    else:
        yield f"SINCE THE LAST SCAN ({history.since})" + ("" if history.told else ": nothing changed")
    shown = history.told if everything else history.told[:_LINES]
    for line in shown:
        yield from wrap(f"- {line.text}", width, subsequent_indent="  ", break_on_hyphens=False)
    if left := len(history.told) - len(shown):
        yield f"... and {left} more; -o json or --all shows them"
    if history.not_looked_at:
        words = f"{history.not_looked_at} open findings stand on assets that this scan did not look at"
        yield from wrap(f"- {words}", width, subsequent_indent="  ")
    known = [(one.since.age_days, one.id) for one in answer.open if not isinstance(one.since, UnsetType)]
    if history.since and known:
        oldest = max(known)
        names = [name for age, name in sorted(known, reverse=True) if age == oldest[0]]
        yield from wrap(f"Open the longest, {oldest[0]:.1f} days: {listed(names, 3)}", width, subsequent_indent="  ")
