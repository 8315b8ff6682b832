"""What another scanner claims, and how it compares with what we say."""

from __future__ import annotations

from typing import Literal

import msgspec

from oakum.fleet.packages import Package
from oakum.fleet.releases import Release

#: What a report says about the fix of a finding, in our words; "" where it says nothing.
State = Literal["", "affected", "fixed", "not-affected", "will-not-fix", "deferred", "end-of-life", "undetermined"]
#: agreed: both say it. different: both say it, and not the same about it. ours, theirs: only one says it. unassessed:
#: they say it, and here nothing can be said.
Kind = Literal["agreed", "different", "ours", "theirs", "unassessed"]
#: same: its digest is the target's. fits: what it names is here. doubtful: not all of it. other: another target.
Fit = Literal["same", "fits", "doubtful", "other"]


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """One finding of a report.

    ``package`` is in the form that packages of SBOMs take, None where the report does not say what it is; ``named`` and
    ``version`` are as written. ``scorer`` is whose severity it is, ``source`` whose advisory. ``by_cpe``: matched by a
    product's name in NVD and by no package. ``exploited`` is None where the report does not speak about it.
    ``set_aside`` is why the report itself does not count it.
    """

    id: str
    aliases: tuple[str, ...]
    named: str
    version: str
    package: Package | None = None
    purl: str = ""
    path: str = ""
    fixes: tuple[str, ...] = ()
    state: State = ""
    word: str = ""
    severity: str = ""
    scorer: str = ""
    source: str = ""
    by_cpe: bool = False
    exploited: bool | None = None
    set_aside: str = ""

    @property
    def names(self) -> frozenset[str]:
        """Every name of the vulnerability that it gives."""
        return frozenset((self.id, *self.aliases))


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A report of another scanner: who made it, of what, and its claims.

    ``built`` is the day of its database, or that of the report itself; empty where neither is told. ``notes`` are what
    a reader must know of it.
    """

    tool: str
    file: str
    subject: str
    digests: frozenset[str]
    release: Release | None
    claims: tuple[Claim, ...]
    built: str = ""
    notes: tuple[str, ...] = ()


class Reason(msgspec.Struct, frozen=True):
    """The rule that decided (a key of ``rules.RULES``), and the evidence in words."""

    rule: str
    why: str


class Difference(msgspec.Struct, frozen=True):
    """Where both say something and not the same: ``what`` is fix, severity, status, exploited or package."""

    what: str
    ours: str
    theirs: str
    rule: str
    why: str


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One vulnerability in one package, as both see it; ``finding`` is the key of ours, "" where there is none."""

    kind: Kind
    id: str
    aliases: tuple[str, ...]
    package: str
    version: str
    purl: str
    finding: str = ""
    claims: tuple[Claim, ...] = ()
    differences: tuple[Difference, ...] = ()
    rule: str
    why: str


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """A report beside our answer about one asset (its key); ``doubts`` are why it may be about something else."""

    report: Report
    asset: str
    fit: Fit
    doubts: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def disagrees(self) -> bool:
        """Whether anything is said by one alone, or differently by both."""
        return any(row.kind in ("different", "ours", "theirs") for row in self.rows)
