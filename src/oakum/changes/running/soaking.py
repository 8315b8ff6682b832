"""The soak of one machine: it is back in service, and watched for a while before another takes its place.

What shows only after minutes shows here. The machine is no longer drained, so that it is not undone in place: the step
has failed, the guardrail counts it, and a rollback is a plan of its own with the same guards.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.changes.running.actions import Action
from oakum.changes.running.observed import Seen
from oakum.changes.running.restoring import discarding, out_of_reach
from oakum.changes.running.turn import Visit
from oakum.changes.running.verifying import differing, expected

#: A machine that is away for less than this while it soaks is not taken for broken: a lost heartbeat is no failure.
_BLINK = 60.0


def soaking(visit: Visit, seen: Seen) -> Iterator[Action]:
    """Watches, then throws the copy away and ends the step."""
    soak = float(visit.facts.get("soak", "0"))
    if visit.facts.get("failed-soak"):
        copies = [] if out_of_reach(visit, seen) else list(discarding(visit, seen))
        yield from copies
        if not copies:
            yield visit.turn.note("handed-over", about=visit.step.id, why=visit.progress.why)
            yield visit.enter("failed", visit.progress.why)
        return
    if seen.up is False:
        away = (visit.turn.now - seen.since).total_seconds() if seen.since is not None else visit.elapsed
        # Without a soak it is as if it had just been given back: it may take as long as it may to become ready.
        patience = _BLINK if soak else visit.group.gate.ready_within
        if away >= patience or (soak and visit.elapsed >= soak):
            why = visit.told("it fell out of service while it was watched")
            yield visit.enter("soaking", why, **{"failed-soak": "true"})
            return
    if visit.elapsed < soak or not seen.up:
        yield visit.rest(min(max(soak - visit.elapsed, 5.0), 30.0), "it is watched")
        return
    wrong = differing(expected(visit.step, back=False), seen)
    if wrong:
        yield visit.enter("soaking", f"it did not stay: {wrong}", **{"failed-soak": "true"})
        return
    copies = list(discarding(visit, seen))
    yield from copies
    if not copies:
        yield visit.enter("done")
