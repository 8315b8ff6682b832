"""Measured exposures as entries of an answer, with what closing something would do to the decisions.

A closing changes the business context of some assets; the findings on them are judged again in that context, by the
same assessor, and those whose outcome differs are counted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from oakum.findings.model import Finding
from oakum.fleet.assets import Context
from oakum.reports.answer import ClosingEntry, ExposureEntry, PathEntry, ShiftEntry
from oakum.risk.assess import Assessor
from oakum.risk.exposure.model import Exposure


class Closed(msgspec.Struct, frozen=True):
    """What could be closed, and by key of the asset: the level that is left, and the contexts that change."""

    what: str
    leaves: dict[str, str]
    contexts: dict[str, Context]


class Reached(msgspec.Struct, frozen=True):
    """The exposures of a cluster's workloads, components and nodes, what could be closed, and the contexts of all
    assets: by key of the asset.
    """

    exposures: dict[str, Exposure] = msgspec.field(default_factory=dict)
    closings: tuple[Closed, ...] = ()
    contexts: dict[str, Context] = msgspec.field(default_factory=dict)


def exposure_entries(
    one: Reached,
    names: Mapping[str, str],
    findings: Sequence[Finding],
    contexts: Mapping[str, Context],
    assessor: Assessor,
) -> tuple[ExposureEntry, ...]:
    """The entries in the order of the exposures. ``names`` are by key of the asset."""
    placed: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        for key in finding.assets:
            placed[key].append(finding)
    outcomes = _Outcomes(assessor)
    by_asset: defaultdict[str, list[ClosingEntry]] = defaultdict(list)
    for closing in one.closings:
        shifts = _shifts(closing.contexts, placed, contexts, outcomes)
        for key, leaves in closing.leaves.items():
            by_asset[key].append(ClosingEntry(closing.what, leaves, shifts))
    return tuple(_entry(key, names[key], exposure, by_asset[key]) for key, exposure in one.exposures.items())


def _entry(key: str, name: str, exposure: Exposure, closed: Iterable[ClosingEntry]) -> ExposureEntry:
    ordered = sorted(closed, key=lambda each: (-sum(shift.findings for shift in each.shifts), each.what))
    return ExposureEntry(
        asset=key,
        name=name,
        level=exposure.level,
        public=exposure.public,
        default=exposure.default,
        why=exposure.why,
        source=exposure.source,
        time=exposure.time,
        paths=tuple(PathEntry(path.source, path.ports, tuple(map(str, path.hops))) for path in exposure.paths),
        assumptions=exposure.assumptions,
        closings=tuple(ordered),
    )


class _Outcomes:
    """Outcomes of findings in contexts, each judged once."""

    def __init__(self, assessor: Assessor) -> None:
        self._assessor = assessor
        self._known: dict[tuple[str, Context], tuple[int, str]] = {}

    def of(self, finding: Finding, context: Context) -> tuple[int, str]:
        """Its urgency (0 first) and its words."""
        found = self._known.get((finding.key, context))
        if found is None:
            decision = self._assessor.judge(finding, context).decision
            found = self._known[finding.key, context] = (decision.urgency, decision.outcome)
        return found


def _shifts(
    changed: Mapping[str, Context],
    placed: Mapping[str, list[Finding]],
    contexts: Mapping[str, Context],
    outcomes: _Outcomes,
) -> tuple[ShiftEntry, ...]:
    """How many findings move: each counts by its most urgent placement, as it does in the answer."""
    touched = {finding.key: finding for key in changed for finding in placed.get(key, ())}
    moved: Counter[tuple[int, str, str]] = Counter()
    for finding in touched.values():
        now = min(outcomes.of(finding, contexts[key]) for key in finding.assets)
        then = min(outcomes.of(finding, changed.get(key) or contexts[key]) for key in finding.assets)
        if now != then:
            moved[now[0], now[1], then[1]] += 1
    return tuple(ShiftEntry(outcome, to, count) for (_, outcome, to), count in sorted(moved.items()))
