"""Another scanner's report beside ours in an answer: a part of the same contract as the answer."""

from __future__ import annotations

import msgspec


class DifferenceEntry(msgspec.Struct, frozen=True):
    """What both say differently: ``what`` is fix, severity, status, exploited or package; ``rule`` is the one that ours
    follows."""

    what: str
    ours: str
    theirs: str
    rule: str
    why: str


class ClaimEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What they say, in their words; ``set_aside`` is why their own report does not count it."""

    id: str
    package: str
    version: str
    fixes: tuple[str, ...]
    state: str
    severity: str
    scorer: str
    source: str
    path: str
    set_aside: str = ""


class RowEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One vulnerability in one package, as both see it.

    ``kind`` is agreed, different, ours, theirs or unassessed; ``finding`` the key of ours, empty where there is none;
    ``rule`` and ``why`` tell what our side rests on.
    """

    kind: str
    id: str
    aliases: tuple[str, ...]
    package: str
    version: str
    purl: str
    finding: str
    rule: str
    why: str
    differences: tuple[DifferenceEntry, ...] = ()
    theirs: tuple[ClaimEntry, ...] = ()


class ComparisonEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A report beside our findings about one asset, the one that it fits best.

    ``fit`` is same (proven by digest), fits, doubtful or other; ``doubts`` are why. ``built`` is the day of their
    database, or of their report.
    """

    file: str
    tool: str
    subject: str
    built: str
    asset: str
    fit: str
    doubts: tuple[str, ...]
    notes: tuple[str, ...]
    rows: tuple[RowEntry, ...]
