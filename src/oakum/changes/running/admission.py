"""Which steps start now: those that the approval, windows, alarms and limits let in, and that nothing keeps back.

Asked in this order, from what holds the whole run to what holds one machine; the first that objects is the reason. Each
admission counts for those after it in the same turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from oakum.changes.plans.model import Group, Step
from oakum.changes.running.actions import Action, Rest
from oakum.changes.running.busy import Busy
from oakum.changes.running.compiled import need
from oakum.changes.running.draining import tell
from oakum.changes.running.journal import Turned
from oakum.changes.running.ladder import due
from oakum.changes.running.obstacles import Obstacle, obstacle
from oakum.changes.running.turn import Turn, Visit

#: The first so many of each bucket are looked at in one turn, and so many of those that something keeps back.
MOST = 32
#: An admission holds for so many seconds until the claim; then it is asked for again.
AGED = 5.0
#: Facts of an earlier visit of the same machine that mean nothing in the next.
_FORGOTTEN = dict.fromkeys(
    ("way", "failed", "ending", "copy", "rebooted", "boot", "booted", "boots", "uncordoned", "blocked", "lost", "new",
     "failed-soak", "given_back"), ""
)  # fmt: skip


def admissions(turn: Turn) -> Iterator[Action]:
    """What starts in this turn, and why the next ones do not."""
    if turn.stopping or not turn.standing.begun:
        return
    if not turn.approved():
        yield _hold(turn, f"waits for an approval of the plan {turn.compiled.hash}", 30)
        return
    if turn.standing.paused:
        yield _hold(turn, "paused by somebody", 30)
        return
    busy = Busy(turn)
    for begun, (group_id, _), steps in list(turn.standing.frontier(MOST)):
        group = turn.compiled.groups[group_id]
        closed, full = _closed(turn, group), busy.full(group)
        if closed or full:
            yield _hold(turn, closed or full, 15, about=begun.wave.id, held=bool(closed) or not busy.in_flight)
        if closed:
            continue
        for id in steps:
            step = turn.compiled.steps[id]
            # A machine that is out of service takes up a place itself; what keeps it back is its own matter.
            itself = busy.is_out(group, step)
            if full and not itself:
                continue
            refused = busy.refuses(group, step)
            if refused and not itself:
                yield _hold(turn, refused, 15, about=begun.wave.id, held=not busy.in_flight)
                # It is told once; those behind it that are out of service themselves are still looked at.
                full = refused
                continue
            yield from _try(turn, busy, group, step, refused)
    for begun in list(turn.standing.begun.values()):
        for id in _some(turn, list(begun.obstructed)):
            step = turn.compiled.steps[id]
            group = turn.compiled.groups[step.group]
            yield from _try(turn, busy, group, step, _closed(turn, group) or busy.refuses(group, step))


def outdated(visit: Visit) -> str:
    """Why a step that was admitted a while ago, and has taken nothing yet, would not be admitted now; else empty.

    Whoever takes a run up may find an admission by somebody who was cut off before the claim: since then others may
    have gone out of service, and alarms may have begun.
    """
    if visit.elapsed <= AGED:
        return ""
    return _closed(visit.turn, visit.group) or Busy(visit.turn).refuses(visit.group, visit.step)


def _some(turn: Turn, ids: list[str]) -> list[str]:
    """The ones that are looked at in this turn: another few in every minute, where there are many."""
    if len(ids) <= MOST:
        return ids
    start = int(turn.now.timestamp() / 60) * MOST % len(ids)
    return (ids + ids)[start : start + MOST]


def _closed(turn: Turn, group: Group) -> str:
    """Why nothing of a group may start by the alarms."""
    quiet = group.gate.quiet_alarms
    if not quiet:
        return ""
    alarms = turn.observed.alarms
    if alarms is None:
        return "nobody could say which alarms fire"
    firing = sorted(alarms.intersection(quiet))
    return f"the alarm {firing[0]} fires" if firing else ""


def _try(turn: Turn, busy: Busy, group: Group, step: Step, refused: str = "") -> Iterator[Action]:
    if step.subject.id in busy.in_flight:
        yield _hold(turn, "another step is at work there", 15, about=step.id, held=False)
        return
    visit = turn.visit(step)
    if step.reversibility == "forward-only" and not turn.approved(step.id):
        yield _hold(turn, "waits for an approval of its own, since it cannot be undone", 30, about=step.id)
        return
    fits = turn.windows.fit(group, need(step, group))
    if not fits.fits:
        until = max(fits.again or turn.now, turn.now + timedelta(seconds=15))
        about = turn.compiled.wave_of[step.id].id
        yield Rest(until=until, why=fits.why, about=about, held=True, sharp=True)
        return
    found = obstacle(visit)
    if found is not None:
        yield from _obstructed(visit, found)
    elif refused:
        yield _hold(turn, refused, 15, about=step.id, held=False)
    else:
        busy.admit(step)
        yield _admitted(visit)


def _admitted(visit: Visit) -> Turned:
    seen = visit.seen
    facts = dict(_FORGOTTEN)
    if seen is not None:
        facts |= {"boot": seen.boot_id, "cordoned": "true" if seen.cordoned else "false"}
    return visit.enter("admitted", **facts)


def _obstructed(visit: Visit, found: Obstacle) -> Iterator[Action]:
    """Leaves it out, or waits as long as the ladder does and tells whom it says."""
    if found.kind == "already":
        yield visit.enter("skipped", found.why, already="true")
        return
    if found.kind == "final":
        yield visit.enter("skipped", found.why)
        return
    if found.kind in ("unknown", "shared"):
        yield visit.rest(15 if found.why else 0, found.why, held=bool(found.why))
        return
    if not visit.progress.why:
        yield visit.enter("waiting", found.why)
        return
    ladder = visit.group.escalation
    rung = due(ladder, visit.watched)
    for number in rung.told:
        yield from tell(visit, number, found.why)
    if rung.do == "wait":
        yield visit.rest(30 if rung.until is None else max(rung.until - visit.watched, 1), found.why, held=True)
    elif rung.do == "force-evict" and found.kind == "drain" and visit.watched < visit.group.drain.timeout:
        yield visit.rest(30, f"waits for an approval to delete pods past their budgets: {found.why}", held=True)
    else:
        if rung.do == "stop-and-report" and found.kind == "drain":
            yield visit.turn.note("stopping", about=visit.step.id, why=found.why)
        yield visit.enter("skipped", found.why)


def _hold(turn: Turn, why: str, seconds: float, *, about: str = "", held: bool = True) -> Rest:
    return Rest(until=turn.now + timedelta(seconds=seconds), why=why, about=about, held=held)
