"""Small answers of scans of clusters, for tests of what is written about them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from oakum.findings.model import Fix, Step
from oakum.fleet.assets import Context, Fact, Relation
from oakum.reports.answer import (
    ActionEntry,
    Answer,
    AssetEntry,
    BlastEntry,
    ClosingEntry,
    DecisionEntry,
    ExposureEntry,
    FindingEntry,
    PackageEntry,
    PathEntry,
    ScoreEntry,
    ShiftEntry,
    Tool,
)

_FACT = Fact("", "default", default=True)
_CONTEXT = Context(_FACT, _FACT, _FACT, _FACT, _FACT, _FACT, _FACT, _FACT, _FACT)
_UNKNOWN = Step("unknown", "")
_FIX = Fix("published", "2", "", _UNKNOWN, _UNKNOWN, _UNKNOWN, _UNKNOWN)
OUTCOMES = ("3 days", "14 days", "60 days")


def asset(key: str, kind: str) -> AssetEntry:
    """An asset that is called what the last part of its key says."""
    return AssetEntry(
        key=key, name=key.rpartition(":")[2], kind=kind, source="test", release="", packages=0, package_set="",
        coverage=(), context=_CONTEXT,
    )  # fmt: skip


def exposure(
    key: str, *ways: Sequence[str], level: str = "open", default: bool = False, why: str = "why",
    closings: Iterable[ClosingEntry] = (),
) -> ExposureEntry:  # fmt: skip
    """An exposure; each way is its source and its hops."""
    return ExposureEntry(
        asset=key, name=key.rpartition(":")[2], level=level, public=level == "open", default=default, why=why,
        source="test", time="", assumptions=(), closings=tuple(closings),
        paths=tuple(PathEntry(way[0], "443/TCP", tuple(way[1:])) for way in ways),
    )  # fmt: skip


def finding(name: str, *assets: str, order: int = 0, score: float = 50.0) -> FindingEntry:
    """A finding with the deadline of that order."""
    decision = DecisionEntry(
        table="t", row=1, outcome=OUTCOMES[order], order=order, due_days=3, inputs=(), changes=()
    )  # fmt: skip
    return FindingEntry(
        key=name, id=name, aliases=(), cves=(), bundles=(), scope="", assets=assets, fix=_FIX, evidence=(),
        package=PackageEntry(name=f"package of {name}", version="1", purl="", type="golang"), severities=(),
        severity="high", decision=decision, score=ScoreEntry(score, (), ""), kev=False, epss=None, summary="",
        published="", notes=(),
    )  # fmt: skip


def action(rank: int, *assets: str) -> ActionEntry:
    """An action on some assets."""
    return ActionEntry(
        key=str(rank), rank=rank, kind="pool", title=f"Do {rank}", outcome="3 days", order=0, due_days=3,
        assets=assets, moves=(), findings=(), risk=1, disruption=1, why=(),
    )  # fmt: skip


def closing(what: str, leaves: str = "controlled", **moves: int) -> ClosingEntry:
    """A closing; ``first=2`` moves two findings of the most urgent deadline to the least, ``second`` of the next."""
    places = {"first": OUTCOMES[0], "second": OUTCOMES[1]}
    return ClosingEntry(
        what, leaves, tuple(ShiftEntry(places[one], OUTCOMES[2], count) for one, count in moves.items())
    )


def answer(
    *exposures: ExposureEntry,
    assets: Iterable[AssetEntry] = (),
    findings: Iterable[FindingEntry] = (),
    actions: Iterable[ActionEntry] = (),
    blast: Iterable[BlastEntry] = (),
    relations: Iterable[Relation] = (),
) -> Answer:
    """The answer with all of it."""
    return Answer(
        tool=Tool("oakum", "1"), now="2026-01-01T00:00:00Z", as_of="", reconstructed=False, feeds="", sources=(),
        assets=tuple(assets), findings=tuple(findings), actions=tuple(actions), not_assessable=(),
        exposures=exposures, blast=tuple(blast), relations=tuple(relations),
    )  # fmt: skip
