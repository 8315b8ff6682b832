"""What stands beside an answer, a history of scans and reports of other scanners: for tests of what is written."""

from __future__ import annotations

from oakum.reports.comparison_entries import ClaimEntry, ComparisonEntry, DifferenceEntry, RowEntry
from oakum.reports.history_entries import EventEntry, HistoryEntry, ToldEntry, UnassessedEntry


def event(kind: str, name: str, *assets: str, reason: str = "", why: str = "", first: bool = False) -> EventEntry:
    """Something that became of a finding."""
    return EventEntry(
        kind=kind, id=name, package=f"package of {name}", type="golang", reason=reason, why=why, cause="debian",
        first=first, assets=assets,
    )  # fmt: skip


def unassessed(name: str, *assets: str, since: str = "2025-12-30T00:00:00Z", why: str = "no feed") -> UnassessedEntry:
    """A finding that waits for somebody who can assess it."""
    return UnassessedEntry(
        id=name, package=f"package of {name}", type="golang", since=since, why=why, assets=assets
    )  # fmt: skip


def history(
    *events: EventEntry, told: tuple[str, ...] = (), since: str = "2025-12-31T00:00:00Z", left: int = 0,
    waiting: tuple[UnassessedEntry, ...] = (),
) -> HistoryEntry:  # fmt: skip
    """A history with its last scan a day before the answer of ``tests.reports.answers``."""
    lines = tuple(ToldEntry(kind="new", text=text, findings=1, assets=1, storm=False) for text in told)
    return HistoryEntry(
        file="history.sqlite", since=since, not_looked_at=left, told=lines, events=events, unassessed=waiting
    )  # fmt: skip


def row(
    kind: str, name: str, *differences: DifferenceEntry, rule: str = "agreed", why: str = "",
    theirs: tuple[ClaimEntry, ...] = (),
) -> RowEntry:  # fmt: skip
    """One vulnerability as both see it."""
    return RowEntry(
        kind=kind, id=name, aliases=(), package=f"package of {name}", version="1", purl="",
        finding=name if kind in ("ours", "agreed", "different") else "", rule=rule, why=why, differences=differences,
        theirs=theirs,
    )  # fmt: skip


def claim(name: str, **more: str) -> ClaimEntry:
    """What they say."""
    words = {"state": "", "severity": "", "scorer": "", "source": "", "path": "", "set_aside": ""} | more
    return ClaimEntry(id=name, package=f"package of {name}", version="1", fixes=("2",), **words)


def comparison(
    asset: str, *rows: RowEntry, fit: str = "fits", tool: str = "Trivy 0.69.1", doubts: tuple[str, ...] = ()
) -> ComparisonEntry:  # fmt: skip
    """A report beside the findings of an asset."""
    return ComparisonEntry(
        file="trivy.json", tool=tool, subject="web:1.27", built="2026-02-24", asset=asset, fit=fit, doubts=doubts,
        notes=(), rows=rows,
    )  # fmt: skip
