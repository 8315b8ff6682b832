"""What a finding means on an asset: decided by a table, scored, and with the facts that a condition may ask for.

A vendor's bundle closes several CVEs: it is as urgent as the most urgent of them. The same question (these CVEs, these
severities, this context) has one answer, however many packages and machines ask it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from oakum.advisories.index import Intel as Known
from oakum.advisories.model import Severity
from oakum.findings.model import Finding
from oakum.fleet.assets import Context
from oakum.risk.decide import Decision, decide
from oakum.risk.inputs import Intel, inputs
from oakum.risk.score import Score, score
from oakum.risk.severity import Choice, choose

TABLE = "cisa-bod-26-04"


class Judgement(msgspec.Struct, frozen=True):
    """The decision and the score, for the CVE that decides ("" where no CVE is known)."""

    cve: str
    decision: Decision
    score: Score
    kev: bool
    has_kev: bool
    exploitation: str
    epss: float | None

    @property
    def severity(self) -> Choice:
        """The severity that the score used, and the others."""
        return self.score.severity


Question = tuple[tuple[str, ...], tuple[Severity, ...], Context]


class Assessor:
    """Judges findings. ``known`` looks intelligence about a CVE up; ``as_of`` limits it to a past time."""

    def __init__(
        self, known: Callable[[str], Known], *, as_of: str = "", catalogue: str = "", table: str = TABLE
    ) -> None:
        self._known = known
        self._as_of = as_of
        self._catalogue = catalogue
        self._table = table
        self._answers: dict[Question, Judgement] = {}

    def judge(self, finding: Finding, context: Context) -> Judgement:
        """What the finding means in a business context."""
        question = (finding.cves, finding.severities, context)
        answer = self._answers.get(question)
        if answer is None:
            answers = [self._of_cve(cve, finding.severities, context) for cve in finding.cves or ("",)]
            answer = min(answers, key=lambda one: (one.decision.urgency, -one.score.value, one.cve))
            self._answers[question] = answer
        return answer

    def _of_cve(self, cve: str, severities: tuple[Severity, ...], context: Context) -> Judgement:
        known = self._known(cve) if cve else Known()
        enrichment = known.enrichment[0] if known.enrichment else None
        choice = choose((*severities, *(enrichment.severities if enrichment else ())))
        intel = Intel(
            severity=choice,
            exploited=known.exploited[0] if known.exploited else None,
            catalogue=self._catalogue,
            enrichment=enrichment,
        )
        answers = inputs(intel, context, as_of=self._as_of)
        return Judgement(
            cve,
            decide(answers, self._table),
            score(choice, context),
            answers["in_kev"].value == "yes",
            not answers["in_kev"].default,
            answers["exploitation"].value,
            known.epss[0].probability if known.epss else None,
        )


def facts(finding: Finding, judgement: Judgement, asset: str, context: Context, now: str) -> dict[str, object]:
    """The variables of ``oakum.risk.conditions.FAIL_ON`` for one finding on one asset; None where not known."""
    chosen = judgement.severity.chosen
    decision = judgement.decision
    age = _days(finding.published, now)
    return {
        "id": finding.id,
        "aliases": list(finding.aliases),
        "asset": asset,
        "package_name": finding.package.name,
        "version": finding.package.evr,
        "ecosystem": finding.scope,
        "verdict": "affected",
        "fix_state": finding.fix.state,
        "fixed_version": finding.fix.version,
        "decision": decision.outcome,
        "urgency": decision.urgency,
        "has_due_days": decision.days is not None,
        "due_days": decision.days,
        "score": judgement.score.value,
        "severity": chosen.band if chosen else "unknown",
        "cvss": chosen.score if chosen else None,
        "has_kev": judgement.has_kev,
        # Without a catalogue nobody knows: a gate on it stays shut.
        "kev": judgement.kev if judgement.has_kev else None,
        "exploitation": judgement.exploitation,
        "has_epss": judgement.epss is not None,
        "epss": judgement.epss,
        "exposed": context.public_exposure.value == "yes",
        "tier": int(context.tier.value) if context.tier.value.isdigit() else None,
        "has_age": age is not None,
        "age_days": age,
    }


def _days(since: str, until: str) -> int | None:
    try:
        return (datetime.fromisoformat(until) - datetime.fromisoformat(since)).days
    except (ValueError, TypeError):
        # A publisher's date may be a bare day or no date at all: then the age is not known.
        return None
