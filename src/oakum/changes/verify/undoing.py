"""A roll-back beside the plan that it brings back: it makes changes of that plan's way back, and no others.

``verify`` sees one plan alone, and cannot ask what its changes should come to where that stands in another one. Whoever
has the other one asks this as well, before anything is done.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from oakum.changes.plans import Change, Plan, Subject
from oakum.changes.verify.given import violation
from oakum.changes.verify.model import Violation


def brings_back(plan: Plan, former: Plan) -> Iterator[Violation]:
    """What a roll-back changes that is no way back of a step of ``former``; all of it where that is another plan."""
    ways: dict[tuple[str, str], list[tuple[Subject, Change]]] = {}
    for before in former.steps.values() if plan.undoes == former.hash else ():
        for change in before.back:
            way = before.subject, replace(change, reversibility="reversible")
            ways.setdefault((before.subject.id, change.component), []).append(way)
    for wave in plan.waves:
        for step in wave.steps:
            for change in step.changes:
                known = ways.get((step.subject.id, change.component), ())
                if (step.subject, replace(change, reversibility="reversible")) not in known:
                    goes = f"goes back from {change.component} {change.before} to {change.after}"
                    why = f"no step of {plan.undoes[:80]} on it {goes}"
                    yield violation("undoes", why, wave=wave.id, step=step.id, object_=step.subject.id)
