"""From the core's types to the entries of an answer."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from oakum.findings.statements.model import Ruled
from oakum.reports.answer import (
    ActionEntry,
    ChangeEntry,
    DecisionEntry,
    FindingEntry,
    InputEntry,
    MoveEntry,
    PackageEntry,
    PartEntry,
    ScoreEntry,
    SeverityEntry,
)
from oakum.reports.history_entries import SinceEntry
from oakum.reports.stated import statement_entry
from oakum.risk.actions import Action
from oakum.risk.assess import Judgement


def finding_entry(ruled: Ruled, judgement: Judgement, since: SinceEntry | UnsetType = UNSET) -> FindingEntry:
    """A finding as it was judged, with what is stated about it."""
    finding = ruled.finding
    package = finding.package
    chosen = judgement.severity.chosen
    return FindingEntry(
        key=finding.key,
        id=finding.id,
        aliases=finding.aliases,
        cves=finding.cves,
        bundles=finding.bundles,
        package=PackageEntry(
            name=package.name,
            version=package.version,
            purl=package.purl,
            type=package.type,
            arch=package.arch,
            epoch=package.epoch,
            source=package.source,
            source_version=package.source_version,
            path=package.path,
        ),
        scope=finding.scope,
        assets=finding.assets,
        fix=finding.fix,
        evidence=finding.evidence,
        severities=_severities(judgement),
        severity=chosen.band if chosen else "unknown",
        decision=_decision(judgement),
        score=_score(judgement),
        kev=judgement.kev,
        epss=judgement.epss,
        summary=finding.summary,
        published=finding.published,
        notes=finding.notes,
        suppressed=ruled.suppressed,
        statement=UNSET if ruled.statement is None else statement_entry(ruled.statement, ruled.products),
        since=since,
    )


def _severities(judgement: Judgement) -> tuple[SeverityEntry, ...]:
    choice = judgement.severity
    chosen = [choice.chosen.given] if choice.chosen else []
    others = [*(reading.given for reading in choice.others), *choice.unreadable]
    return tuple(
        SeverityEntry(given.system, given.value, given.scorer, given in chosen) for given in (*chosen, *others)
    )


def _decision(judgement: Judgement) -> DecisionEntry:
    decision = judgement.decision
    return DecisionEntry(
        table=decision.table,
        row=decision.row,
        outcome=decision.outcome,
        order=decision.urgency,
        due_days=decision.days,
        inputs=tuple(
            InputEntry(each.key, each.value, each.source, each.time, each.default) for each in decision.inputs
        ),
        changes=tuple(ChangeEntry(each.key, each.value, each.outcome) for each in decision.changes),
    )


def _score(judgement: Judgement) -> ScoreEntry:
    score = judgement.score
    parts = tuple(PartEntry(each.name, each.value, each.factor, each.source, each.default) for each in score.parts)
    return ScoreEntry(score.value, parts, score.severity.rule)


def action_entry(action: Action) -> ActionEntry:
    """A ranked action."""
    return ActionEntry(
        key=action.key,
        rank=action.rank,
        kind=action.kind,
        title=action.title,
        outcome=action.outcome,
        order=action.order,
        due_days=action.due_days,
        assets=action.assets,
        moves=tuple(
            MoveEntry(move.packages, move.source, move.found, move.target, move.channel) for move in action.moves
        ),
        findings=action.findings,
        risk=action.risk,
        disruption=action.disruption,
        why=action.why,
    )
