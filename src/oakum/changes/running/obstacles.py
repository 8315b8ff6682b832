"""What keeps a step from starting that lies in its own machine or object, whatever else goes on.

Some of it is final: the machine is gone or another one has its name, what was planned is in effect already, or somebody
has changed it to something else. The rest may pass: somebody has cordoned it, it is out of service, its pods could not
leave. Those wait as long as the escalation ladder waits, and are then left out with the reason, so that one machine
does not keep back a whole fleet. What could not be seen is neither: it holds.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from oakum.changes.running.compiled import drains
from oakum.changes.running.judging import left
from oakum.changes.running.live import quorum, skew
from oakum.changes.running.turn import Visit
from oakum.changes.running.verifying import differing, expected


class Obstacle(msgspec.Struct, frozen=True):
    """``final`` leaves the step out at once, ``passing`` after a while, ``unknown`` and ``shared`` hold it."""

    kind: Literal["final", "already", "passing", "drain", "unknown", "shared"]
    why: str


def obstacle(visit: Visit) -> Obstacle | None:
    """The first thing in the way; None where the step may start."""
    step, seen, turn = visit.step, visit.seen, visit.turn
    if seen is None:
        found = turn.observed.found(step.subject.id)
        if found is False:
            return Obstacle("final", "it does not exist any more")
        return Obstacle("passing" if found else "unknown", "it could not be looked at")
    if step.subject.uid and seen.uid != step.subject.uid:
        return Obstacle("final", f"another of that name was planned for: {step.subject.uid}, not {seen.uid}")
    if seen.claim is not None and not visit.ours:
        return Obstacle("passing", f"{seen.claim.run} holds it")
    if seen.cordoned and not visit.ours:
        return Obstacle("passing", "somebody else has cordoned it")
    if seen.up is None:
        return Obstacle("unknown", "whether it is in service is not known")
    if not seen.up and not turn.plan.undoes:
        return Obstacle("passing", visit.told("it is out of service before anything was done to it"))
    return _versions(visit) or _others(visit)


def _versions(visit: Visit) -> Obstacle | None:
    seen, started = visit.seen, visit.turn.journal.started
    if seen is None or seen.scanned is None or (started is not None and seen.scanned < started):
        return Obstacle("unknown", "what runs there was not looked at since the run began")
    if not differing(expected(visit.step, back=False), seen):
        return Obstacle("already", "what was planned is in effect already")
    for change in visit.step.changes:
        running = seen.running.get(change.component)
        if running is None and change.before != "absent":
            return Obstacle("passing", f"the version of {change.component} is not known")
        if running not in (change.before, change.after, None):
            return Obstacle("final", f"{change.component} is at {running}, and was planned from {change.before}")
    return None


def _others(visit: Visit) -> Obstacle | None:
    """What others would feel: the members of etcd, the version skew, the pods that would have to leave."""
    step = visit.step
    shared = quorum(visit) or skew(visit)
    if shared:
        return Obstacle("shared", shared)
    if not drains(step):
        return None
    found = left(visit, None)
    if found.later:
        return Obstacle("unknown", "")
    if found.unknown:
        return Obstacle("unknown", found.unknown)
    forced = visit.turn.approved(step.id, "force-evict") and all(each.budget for each in found.stuck)
    if found.stuck and not forced:
        return Obstacle("drain", f"its drain would be blocked: {found.why}")
    return None
