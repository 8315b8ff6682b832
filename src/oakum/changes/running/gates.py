"""Gates: whether what was measured after a wave says that the change is good, bad, or nothing yet.

A metric is measured ``count`` times; of its newest measurements more failures than allowed fail the gate, more
inconclusive values or errors than allowed hold it, and so do fewer measurements than that. A measurement from before
the steps of the wave were over says nothing about them (Argo Rollouts took zero measurements for a success).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

from oakum.changes.running.observed import Sample
from oakum.expressions import Condition, Failure, compile
from oakum.policy.entries import Metric

Verdict = Literal["success", "failure", "inconclusive", "error"]


class Measure:
    """A metric with its conditions, checked."""

    def __init__(self, metric: Metric) -> None:
        self.metric = metric
        self._success = _condition(metric.success, f"metric {metric.name}: success")
        self._failure = _condition(metric.failure, f"metric {metric.name}: failure") if metric.failure else None

    def judge(self, sample: Sample) -> Verdict:
        """What one measurement says."""
        if sample.value is None:
            return "error"
        facts = {"value": float(sample.value)}
        # A value that is a failure is one, whatever else it is.
        failed = self._failure.holds(facts) if self._failure is not None else False
        good = self._success.holds(facts)
        if isinstance(failed, Failure) or isinstance(good, Failure):
            return "error"
        return "failure" if failed else "success" if good else "inconclusive"


def _condition(text: str, name: str) -> Condition:
    return compile(text, {"value": "double"}, name=name)


def measures_of(metrics: Iterable[Metric]) -> tuple[Measure, ...]:
    """The metrics with their conditions compiled."""
    return tuple(Measure(each) for each in metrics)


class Gate(msgspec.Struct, frozen=True):
    """What a gate says: ``passed``, ``failed``, or neither, with the reason."""

    passed: bool
    failed: bool = False
    why: str = ""


def weigh(measures: Iterable[Measure], samples: Iterable[Sample], since: datetime) -> Gate:
    """Judges the measurements that were taken at ``since`` or later."""
    fresh: dict[str, list[Sample]] = {}
    for sample in samples:
        if sample.at >= since:
            fresh.setdefault(sample.metric, []).append(sample)
    held = ""
    for measure in measures:
        metric = measure.metric
        newest = sorted(fresh.get(metric.name, ()), key=lambda one: one.at)[-metric.count :]
        verdicts = [measure.judge(each) for each in newest]
        if verdicts.count("failure") > metric.max_failures:
            return Gate(False, True, f"{metric.name} failed {verdicts.count('failure')} of {len(verdicts)} times")
        if held:
            continue
        if len(verdicts) < metric.count:
            held = f"{metric.name} was not measured{f' {metric.count} times' if metric.count > 1 else ''} yet"
        elif verdicts.count("inconclusive") > metric.max_inconclusive:
            held = f"{metric.name} is neither good nor bad"
        elif verdicts.count("error") > metric.max_errors:
            held = f"{metric.name} could not be measured"
    return Gate(not held, False, held)
