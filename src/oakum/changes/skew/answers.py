"""The answers about skew as plain values, in the field names of the machine form; texts use the same parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from oakum.changes.skew.check import Stage, check, walk, way_back
from oakum.changes.skew.model import API_SERVER, State
from oakum.changes.skew.path import Path, WhyNot, find_path
from oakum.changes.skew.release import Release
from oakum.changes.skew.route import Missing, find_route
from oakum.changes.skew.violations import Violation
from oakum.errors import NotAssessableError
from oakum.fleet.assets import Gap

Answer = dict[str, object]


def checked(state: State, gaps: Sequence[Gap], target: Release | None) -> Answer:
    """The answer to a check: ``violations`` by component and rule, ``details`` by object; null where not assessable."""
    details = list(first_broken(stages_of(state, gaps, target)))
    named = dict.fromkeys((each.component, each.rule.name) for _, each in details)
    answer: Answer = {
        "allowed": False if named else None if gaps else True,
        "violations": [{"component": component, "rule": rule} for component, rule in named],
    }
    if details:
        answer["details"] = [{"state": stage_name(stage), **violation_of(each)} for stage, each in details]
    if target is not None and not named:
        answer["way_back"] = [violation_of(each) for each in way_back(state, target)]
    if gaps:
        answer["not_assessable"] = [{"what": gap.what, "why": gap.why, "remedy": gap.remedy} for gap in gaps]
    return answer


def violation_of(each: Violation) -> Answer:
    """One violation: the rule with its source, the object, and what mends it."""
    rule = each.rule
    return {
        "component": each.component,
        "rule": rule.name,
        "object": each.instance.name if each.instance else None,
        "version": each.instance.release.text if each.instance else None,
        "why": each.why,
        "says": rule.says,
        "source": rule.source,
        "since": rule.since,
        "remedy": each.remedy.text,
    }


def steps_of(state: State, gaps: Sequence[Gap], target: Release, available: Sequence[Release] | None) -> Path | WhyNot:
    """The path of a cluster. Raises NotAssessableError where something has no version: a path must hold for all."""
    if gaps:
        raise NotAssessableError(f"no path can be told: {gaps[0].what}: {gaps[0].why}", remedy=gaps[0].remedy)
    return find_path(state, target, available)


def routed(current: Release, target: Release, available: Sequence[Release] | None) -> Answer:
    """The stops of an API server, or the error that says which is missing."""
    found = find_route(current, target, available, candidates=True)
    if target.is_before(current) and target.text.removeprefix("v") != target.line:
        return {"error": f"the target {target.text} is older than {current.text}, and no way leads back"}
    return {"error": found.why} if isinstance(found, Missing) else {"steps": [each.text for each in found]}


def stepped(state: State, gaps: Sequence[Gap], target: Release, available: Sequence[Release] | None) -> Answer:
    """Every step of a cluster, or the error with its reasons."""
    found = steps_of(state, gaps, target, available)
    if isinstance(found, WhyNot):
        error = "; ".join(each.why for each in found.reasons)
        return {"error": error, "reasons": [violation_of(each) for each in found.reasons]}
    steps = [
        {"component": each.instance.component, "object": each.instance.name, "from": each.instance.release.text,
         "to": each.to.text, **({"drain": True} if each.drain else {})}
        for each in found.steps
    ]  # fmt: skip
    return {"steps": steps}


def stages_of(state: State, gaps: Sequence[Gap], target: Release | None) -> tuple[Stage, ...]:
    """The states to look at: the present one, or with a target all of the upgrade.

    Raises NotAssessableError where no API server is known, with the gap that may be why.
    """
    if gaps and not state.of(API_SERVER):
        why = next((gap for gap in gaps if gap.what.startswith(API_SERVER)), gaps[0])
        raise NotAssessableError(f"no kube-apiserver is known: {why.what}: {why.why}", remedy=why.remedy)
    return (Stage(None, check(state)),) if target is None else walk(state, target)


def first_broken(stages: Iterable[Stage]) -> Iterator[tuple[Stage, Violation]]:
    """Every violation where it first stands; it may stay for many states."""
    seen: set[tuple[str, tuple[str, str] | None]] = set()
    for stage in stages:
        for each in stage.violations:
            key = each.rule.id, each.instance.key if each.instance else None
            if key not in seen:
                seen.add(key)
                yield stage, each


def stage_name(stage: Stage) -> str:
    """Which state a stage is, in words."""
    return f"with {stage.moved} at {stage.moved.release.text}" if stage.moved else "as it stands"
