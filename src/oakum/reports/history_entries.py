"""The parts of an answer that come from a history of scans."""

from __future__ import annotations

import msgspec


class SinceEntry(msgspec.Struct, frozen=True):
    """Since when a finding is known, on whichever of its assets first; ``reopened`` is the last time it came back.

    ``age_days`` counts from ``first_seen``, which no upgrade that leaves the flaw in begins anew. ``new_on`` are the
    assets (keys) on which the look before did not find it, ``changed_on`` those on which it did, and it was of another
    version or name, was not assessable, or no statement suppressed it; both are empty in the first scan of a history.
    """

    first_seen: str
    age_days: float
    reopened: str = ""
    new_on: tuple[str, ...] = ()
    changed_on: tuple[str, ...] = ()


class ToldEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of what changed since the last scan; a ``storm`` stands for many with one cause, or of one kind."""

    kind: str
    text: str
    findings: int
    assets: int
    storm: bool


class EventEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One vulnerability of one package of which the same became on some assets, and why.

    ``kind`` is new, reopened, closed, not-assessable or assessable; ``first`` marks the first look at these assets;
    ``reason`` is that of a closed one.
    """

    kind: str
    id: str
    package: str
    type: str
    reason: str
    why: str
    cause: str
    first: bool
    assets: tuple[str, ...]


class UnassessedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A finding that is open, that this scan does not show, and of which nothing proves that it ended.

    ``since`` is the time of the first scan that could not assess it.
    """

    id: str
    package: str
    type: str
    since: str
    why: str
    assets: tuple[str, ...]


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What became of findings since the last scan with the same history (``since``; empty for the first one).

    ``not_looked_at`` counts open findings of assets that this scan did not look at: they stay open. ``told`` are lines
    for people, ``events`` everything. ``unassessed`` are all that wait, of the assets that were looked at. Assets
    stand in both as they are called through time: by key, or as ``sbom:`` or ``image:`` and the name of a target.
    """

    file: str
    since: str
    not_looked_at: int
    told: tuple[ToldEntry, ...]
    events: tuple[EventEntry, ...]
    unassessed: tuple[UnassessedEntry, ...] = ()
