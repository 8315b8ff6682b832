"""The answer of a scan as one document: the machine form, from which every other form is written.

Field names are a contract with other programs (docs/reference/scan.schema.json is generated from these types): fields
are added, never renamed. Times are RFC 3339 UTC.
"""

from __future__ import annotations

import msgspec

from oakum.findings.model import Coverage, Evidence, Fix
from oakum.fleet.assets import Context, Gap, Host, Relation
from oakum.reports.comparison_entries import ComparisonEntry
from oakum.reports.history_entries import HistoryEntry, SinceEntry
from oakum.reports.statement_entries import StatementEntry, StatementsEntry

VERSION = "1"


class Tool(msgspec.Struct, frozen=True):
    """Who wrote the document."""

    name: str
    version: str


class SourceAge(msgspec.Struct, frozen=True):
    """A source of advisories: the publisher's date of its data, when it was imported, and its age in days at ``now``.

    The age counts from the publisher's date where there is one, else from the import; None where neither is known.
    """

    name: str
    format: str
    as_of: str
    recorded: str
    age_days: float | None
    facts: int
    digest: str


class AssetEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An asset that was scanned, with how much of it was assessed by what.

    ``not_read`` names what such an asset may hold and no reader here looks for: nothing is said about it.
    """

    key: str
    name: str
    kind: str
    source: str
    release: str
    packages: int
    package_set: str
    coverage: tuple[Coverage, ...]
    context: Context
    host: Host | None = None
    not_read: tuple[str, ...] = ()


class PackageEntry(msgspec.Struct, frozen=True, kw_only=True):
    """The package of a finding, with the package URL exactly as the input gave it."""

    name: str
    version: str
    purl: str
    type: str
    arch: str = ""
    epoch: int | None = None
    source: str = ""
    source_version: str = ""
    path: str = ""


class SeverityEntry(msgspec.Struct, frozen=True):
    """One scorer's severity; ``chosen`` marks the one that the score uses."""

    system: str
    value: str
    scorer: str
    chosen: bool = False


class InputEntry(msgspec.Struct, frozen=True):
    """One input of a decision: its value, whose it is, from when, and whether it is a default nobody stated."""

    key: str
    value: str
    source: str
    time: str = ""
    default: bool = False


class ChangeEntry(msgspec.Struct, frozen=True):
    """A single input whose change would change the outcome."""

    key: str
    value: str
    outcome: str


class DecisionEntry(msgspec.Struct, frozen=True, kw_only=True):
    """The row of the decision table that applies, and what would change it. ``order`` 0 is the most urgent."""

    table: str
    row: int
    outcome: str
    order: int
    due_days: int | None
    inputs: tuple[InputEntry, ...]
    changes: tuple[ChangeEntry, ...]


class PartEntry(msgspec.Struct, frozen=True):
    """One part of an exposure score: what it was, the factor it gave, and where it came from."""

    name: str
    value: str
    factor: float
    source: str
    default: bool = False


class ScoreEntry(msgspec.Struct, frozen=True):
    """The exposure score, 0 to 100, with its parts and the rule that chose the severity."""

    value: float
    parts: tuple[PartEntry, ...]
    rule: str


class FindingEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One vulnerability on one package with its placements; see ``oakum.findings.model.Finding``.

    ``assets`` are keys of ``assets``; the decision and the score are those of the most urgent placement. A finding that
    a statement says does not apply is ``suppressed``: it counts for nothing. Where a statement holds on some assets
    only, they have an entry of their own with the same key.
    """

    key: str
    id: str
    aliases: tuple[str, ...]
    cves: tuple[str, ...]
    bundles: tuple[str, ...]
    package: PackageEntry
    scope: str
    assets: tuple[str, ...]
    fix: Fix
    evidence: tuple[Evidence, ...]
    severities: tuple[SeverityEntry, ...]
    severity: str
    decision: DecisionEntry
    score: ScoreEntry
    kev: bool
    epss: float | None
    summary: str
    published: str
    notes: tuple[str, ...]
    suppressed: bool = False
    statement: StatementEntry | msgspec.UnsetType = msgspec.UNSET
    since: SinceEntry | msgspec.UnsetType = msgspec.UNSET


class MoveEntry(msgspec.Struct, frozen=True):
    """One package to move, by its source's name."""

    packages: tuple[str, ...]
    source: str
    found: tuple[str, ...]
    target: str
    channel: str


class ActionEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One ranked action with the keys of the findings it closes."""

    key: str
    rank: int
    kind: str
    title: str
    outcome: str
    order: int
    due_days: int | None
    assets: tuple[str, ...]
    moves: tuple[MoveEntry, ...]
    findings: tuple[str, ...]
    risk: float
    disruption: float
    why: tuple[str, ...]


class GapEntry(msgspec.Struct, frozen=True):
    """What could not be assessed, why, and the remedy; ``accepted`` by the caller or not."""

    kind: str
    what: str
    why: str
    remedy: str
    asset: str = ""
    accepted: bool = False


class ClearedEntry(msgspec.Struct, frozen=True):
    """A record that names a package and does not apply to it, with the evidence."""

    id: str
    package: str
    version: str
    why: str


class PathEntry(msgspec.Struct, frozen=True):
    """How something is reached: from the ``source`` (internet, private network, cluster, node, unknown) hop by hop."""

    source: str
    ports: str
    hops: tuple[str, ...]


class ShiftEntry(msgspec.Struct, frozen=True):
    """How many findings would move from one outcome of the decision table to another."""

    outcome: str
    to: str
    findings: int


class ClosingEntry(msgspec.Struct, frozen=True):
    """What could be closed, the exposure that is left then, and what that does to the decisions."""

    what: str
    leaves: str
    shifts: tuple[ShiftEntry, ...]


class ExposureEntry(msgspec.Struct, frozen=True, kw_only=True):
    """The measured exposure of a workload, component or node, by the key of its asset.

    ``level`` is open, controlled or small; ``default`` marks a level that was not measured but assumed.
    """

    asset: str
    name: str
    level: str
    public: bool
    default: bool
    why: str
    source: str
    time: str
    paths: tuple[PathEntry, ...]
    assumptions: tuple[str, ...]
    closings: tuple[ClosingEntry, ...]


class BlastEntry(msgspec.Struct, frozen=True):
    """What somebody holds who holds this node: ``value`` orders nodes, ``parts`` say what it is made of."""

    asset: str
    name: str
    value: float
    parts: tuple[str, ...]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The whole answer. ``now`` is the time of the scan; ``as_of`` the day asked about, empty for now."""

    schema: str = VERSION
    tool: Tool
    now: str
    as_of: str
    reconstructed: bool
    feeds: str
    sources: tuple[SourceAge, ...]
    assets: tuple[AssetEntry, ...]
    findings: tuple[FindingEntry, ...]
    actions: tuple[ActionEntry, ...]
    not_assessable: tuple[GapEntry, ...]
    cleared: tuple[ClearedEntry, ...] = ()
    baseline: str = ""
    exposures: tuple[ExposureEntry, ...] = ()
    blast: tuple[BlastEntry, ...] = ()
    relations: tuple[Relation, ...] = ()
    statements: StatementsEntry | msgspec.UnsetType = msgspec.UNSET
    comparisons: tuple[ComparisonEntry, ...] | msgspec.UnsetType = msgspec.UNSET
    history: HistoryEntry | msgspec.UnsetType = msgspec.UNSET

    @property
    def open(self) -> tuple[FindingEntry, ...]:
        """The findings that count: no statement says that they do not apply."""
        return tuple(one for one in self.findings if not one.suppressed)

    @property
    def suppressed(self) -> tuple[FindingEntry, ...]:
        """The findings of which a statement says that they do not apply."""
        return tuple(one for one in self.findings if one.suppressed)


def gap_entry(gap: Gap, accepted: frozenset[str]) -> GapEntry:
    """A gap with whether the caller accepts its kind."""
    return GapEntry(gap.kind, gap.what, gap.why, gap.remedy, gap.asset, gap.kind in accepted)
