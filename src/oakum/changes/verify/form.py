"""The plan as a document: what has to be right before anything else about it can be asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

from oakum.changes.intents.catalogue import KINDS
from oakum.changes.plans import Plan
from oakum.changes.state import State
from oakum.changes.verify.given import violation
from oakum.changes.verify.model import Violation
from oakum.changes.verify.order import circle
from oakum.policy.model import Policy

FORMAT = "oakum-plan/1"
#: The kind whose steps replace machines.
REPLACEMENT = "node-replacement"
#: Whoever has more to do makes several plans.
MOST_INTENTS = 1000
#: The times that can be counted with: from when to when, and for how many seconds at most (three years).
FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
LONGEST = 100_000_000


def form(plan: Plan) -> Iterator[Violation]:
    """What is wrong with the ids, the names and the graph. With one of these nothing else is looked at."""
    if plan.format != FORMAT:
        yield violation("form", f"the format is {plan.format[:40]!r}, not {FORMAT}")
    yield from _times(plan)
    if len(plan.intents) > MOST_INTENTS:
        yield violation("form", f"it has {len(plan.intents)} intents, and {MOST_INTENTS} are the most")
        return
    steps = [step.id for wave in plan.waves for step in wave.steps]
    for what, ids in (
        ("step", steps), ("wave", [wave.id for wave in plan.waves]), ("group", [group.id for group in plan.groups]),
        ("intent", [intent.name for intent in plan.intents]),
    ):  # fmt: skip
        for id_, count in Counter(ids).items():
            if count > 1 or not id_:
                yield violation("form", f"{count} of the plan's {what}s are called {id_!r}", object_=id_)
    yield from _waves(plan)
    yield from _steps(plan)
    yield from _intents(plan)


def _times(plan: Plan) -> Iterator[Violation]:
    """Times that can be counted with: in a zone, of these years, and no longer than anybody waits."""
    for moment in (plan.at,) if plan.override is None else (plan.at, plan.override.until):
        if moment.tzinfo is None:
            yield violation("form", "it gives a time without a zone")
        elif not FIRST <= moment <= LAST:
            yield violation("form", f"it gives the time {moment}, and is of a year from {FIRST.year} to {LAST.year}")
    for group in plan.groups:
        if abs(group.soak_node) > LONGEST:
            yield violation("form", f"machines soak for {group.soak_node} s", object_=group.id)
    for wave in plan.waves:
        if abs(wave.soak) > LONGEST:
            yield violation("form", f"its soak is {wave.soak} s", wave=wave.id, object_=wave.id)
        for step in wave.steps:
            takes = step.takes
            longest = max(takes.work.p50, takes.work.p95, takes.back.p50, takes.back.p95, key=abs)
            if abs(longest) > LONGEST:
                yield violation("form", f"it takes {longest} s", wave=wave.id, step=step.id, object_=step.subject.id)


def _waves(plan: Plan) -> Iterator[Violation]:
    known = {wave.id for wave in plan.waves}
    for wave in plan.waves:
        for need in wave.needs:
            if need not in known:
                yield violation("form", f"it needs the wave {need!r}, which does not exist", wave=wave.id, object_=need)
        if not wave.steps:
            yield violation("form", "it has no step", wave=wave.id, object_=wave.id)
        if wave.soak < 0:
            yield violation("form", f"its soak is {wave.soak} s", wave=wave.id, object_=wave.id)
    waiting = circle(plan.waves)
    if waiting:
        yield violation("form", f"waves wait for each other: {', '.join(waiting[:5])}", object_=waiting[0])


def _steps(plan: Plan) -> Iterator[Violation]:
    groups = {group.id for group in plan.groups}
    intents = {intent.name: intent.kind for intent in plan.intents}
    for wave in plan.waves:
        for step in wave.steps:
            if step.group not in groups:
                why = f"its group {step.group!r} does not exist"
                yield violation("form", why, wave=wave.id, step=step.id, object_=step.group)
            if not step.changes:
                yield violation("form", "it changes nothing", wave=wave.id, step=step.id, object_=step.subject.id)
            if (step.kind == "set-object") != (step.subject.kind == "object"):
                why = f"a {step.kind} of a {step.subject.kind}"
                yield violation("form", why, wave=wave.id, step=step.id, object_=step.subject.id)
            if (step.kind == "replace") != any(change.kind == REPLACEMENT for change in step.changes):
                why = f"a {step.kind} that makes {', '.join(sorted({change.kind for change in step.changes}))}"
                yield violation("form", why, wave=wave.id, step=step.id, object_=step.subject.id)
            for change in step.changes:
                if intents.get(change.intent) != change.kind:
                    why = f"{change.component} is changed for the intent {change.intent!r} of kind {change.kind!r}"
                    yield violation(
                        "form", f"{why}, which the plan does not have", wave=wave.id, step=step.id,
                        object_=change.intent,
                    )  # fmt: skip


def _intents(plan: Plan) -> Iterator[Violation]:
    left = {intent.name: set(intent.after) for intent in plan.intents}
    for intent in plan.intents:
        if intent.kind not in KINDS:
            yield violation("form", f"{intent.kind[:40]!r} is no kind of change", object_=intent.name)
        for each in intent.after:
            if each not in left:
                yield violation("form", f"it comes after {each!r}, which the plan does not have", object_=intent.name)
    while left:
        free = [name for name, after in left.items() if not after & left.keys()]
        if not free:
            yield violation("form", f"intents wait for each other: {', '.join(sorted(left))}", object_=min(left))
            return
        for name in free:
            del left[name]


def origin(plan: Plan, state: State, policy: Policy) -> Iterator[Violation]:
    """Whether the plan was made from this state and this policy."""
    if plan.state != state.digest:
        yield violation("other-state", f"it was made from {plan.state[:80]}, this is {state.digest[:80]}")
    if plan.at < state.at:
        yield violation("other-state", f"it was made at {plan.at}, before the state was seen at {state.at}")
    digest = policy.digest
    if plan.policy != digest:
        yield violation("other-policy", f"it was made under {plan.policy[:80]}, this is {digest[:80]}")
