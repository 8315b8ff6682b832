"""What changed since the last scan, on the page: the lines for people, then every event, folded by what became of it.

A storm is one line above and thousands of events below: of each kind the page holds some, the JSON answer all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from html import escape

from msgspec import UnsetType

from oakum.naming import listed
from oakum.reports.answer import Answer, FindingEntry
from oakum.reports.histories import KINDS, called, since_words
from oakum.reports.history_entries import EventEntry, HistoryEntry, UnassessedEntry
from oakum.reports.html_table import Tables

#: So many events of one kind, and names of assets in one cell.
_EVENTS, _ASSETS = 200, 12
_ORDER = ("reopened", "new", "closed", "not-assessable", "assessable")


def since_section(answer: Answer, tables: Tables) -> Iterable[str]:
    """The section; nothing without a history."""
    history = answer.history
    if isinstance(history, UnsetType):
        return
    yield '<section aria-labelledby="since"><h2 id="since">Since the last scan</h2>'
    names = {key: asset.name for key, asset in called(answer.assets).items()}
    if not history.since:
        yield "<p>The history begins now: when anything was first there is not known.</p>"
    else:
        told = "" if history.told else " Nothing changed."
        yield f'<p class="soft">The last scan was at {escape(history.since)}.{told}</p>'
    if history.told:
        yield f"<ul>{''.join(f'<li>{escape(line.text)}</li>' for line in history.told)}</ul>"
    if history.not_looked_at:
        yield (
            f"<p>{history.not_looked_at} open findings stand on assets that this scan did not look at. "
            "They stay open.</p>"
        )
    yield from _unassessed(history.unassessed, names, tables)
    yield from _events(history, names, tables)
    yield "</section>"


def since_notes(finding: FindingEntry) -> Iterable[str]:
    """Since when a finding is known, as text."""
    one = finding.since
    if not isinstance(one, UnsetType):
        yield f"first seen: {since_words(finding)}"
        if one.reopened:
            yield f"reopened: {one.reopened[:10]}"


def is_new(finding: FindingEntry) -> bool:
    """Whether a finding is new, or there again, on some of its assets."""
    return not isinstance(finding.since, UnsetType) and bool(finding.since.new_on)


def _unassessed(entries: Sequence[UnassessedEntry], names: dict[str, str], tables: Tables) -> Iterable[str]:
    if not entries:
        return
    yield '<h3 id="unassessed">Open, and not assessable</h3>'
    yield "<p>This scan does not show them, and nothing proves that they ended.</p>"
    rows = (
        (escape(one.id), escape(one.package), _assets(one.assets, names), escape(one.since[:10]), escape(one.why))
        for one in entries[:_EVENTS]
    )
    heads = ("Vulnerability", "Package", "Assets", "Since", "Why")
    yield from tables.table(heads, rows, "Open findings that cannot be assessed")
    yield from _more(len(entries))


def _events(history: HistoryEntry, names: dict[str, str], tables: Tables) -> Iterable[str]:
    kinds: defaultdict[str, list[EventEntry]] = defaultdict(list)
    for event in history.events:
        kinds["first" if event.first else event.kind].append(event)
    for kind in (*_ORDER, "first"):
        events = kinds[kind]
        if not events:
            continue
        words = KINDS[kind]
        yield f"<details><summary>Every one: {escape(words)} ({len(events)})</summary>"
        heads = ("Vulnerability", "Package", "Assets", "Why")
        rows = (_event(event, names) for event in events[:_EVENTS])
        yield from tables.table(heads, rows, f"Findings: {words}")
        yield from _more(len(events))
        yield "</details>"


def _event(event: EventEntry, names: dict[str, str]) -> Sequence[str]:
    reason = f'<span class="soft">{escape(event.reason)}</span> ' if event.reason else ""
    return (
        escape(event.id),
        escape(event.package),
        _assets(event.assets, names),
        reason + escape(event.why or event.cause),
    )


def _assets(keys: Sequence[str], names: dict[str, str]) -> str:
    return escape(listed([names.get(key, key) for key in keys], _ASSETS))


def _more(count: int) -> Iterable[str]:
    if count > _EVENTS:
        yield f"<p>And {count - _EVENTS} more, which the JSON answer holds.</p>"
