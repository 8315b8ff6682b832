"""What comes next in a run: one pure function of the plan, the journal, a look at the world, and the time.

The answer is what to write, what to try, and until when nothing is to be done. Nothing is remembered between two turns
but the journal; the indexes beside it follow from its records. A turn costs what is in flight and the few steps of each
bucket that may start next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from oakum.changes.plans.model import Step
from oakum.changes.running import entering, guarding, objects, replacing
from oakum.changes.running.actions import Action
from oakum.changes.running.admission import MOST, admissions
from oakum.changes.running.applying import applying
from oakum.changes.running.compiled import Compiled
from oakum.changes.running.draining import draining
from oakum.changes.running.journal import Journal, Noted
from oakum.changes.running.leaving import lost_after
from oakum.changes.running.observed import Observed, Seen
from oakum.changes.running.rebooting import rebooting
from oakum.changes.running.restoring import restoring
from oakum.changes.running.soaking import soaking
from oakum.changes.running.standing import standing_of
from oakum.changes.running.turn import Turn, Visit
from oakum.changes.running.verifying import verifying

__all__ = ["next_actions", "subjects"]

#: Rules for a machine that is seen, by the state of its step.
_SEEN: dict[str, Callable[[Visit, Seen], Iterator[Action]]] = {
    "admitted": entering.admitted, "cordoned": entering.cordoned, "snapshotted": entering.snapshotted,
    "draining": draining, "applying": applying, "verifying": verifying, "soaking": soaking,
}  # fmt: skip
#: Rules that also have something to say of a machine that is not seen.
_ANYHOW: dict[str, Callable[[Visit, Seen | None], Iterator[Action]]] = {
    "rebooting": rebooting, "late": rebooting, "lost": rebooting, "restoring": restoring,
}  # fmt: skip
_REPLACING: dict[str, Callable[[Visit], Iterator[Action]]] = {
    "applying": replacing.deleting, "verifying": replacing.proving, "soaking": replacing.settling,
}  # fmt: skip
_BEFORE = frozenset({"admitted", "cordoned", "snapshotted", "draining"})


def next_actions(compiled: Compiled, journal: Journal, observed: Observed, now: datetime) -> list[Action]:
    """Everything that is to be done now, in order.

    Records that end something (``stopping``) come alone: what follows from them is the next turn's answer.
    """
    turn = Turn(compiled, journal, observed, now)
    if turn.standing.ended:
        return []
    first = [*guarding.wishes(turn), *guarding.guardrails(turn)]
    if any(isinstance(each, Noted) for each in first):
        return first
    actions: list[Action] = []
    for id in list(journal.active):
        step = compiled.steps.get(id)
        if step is not None:
            actions += _step(turn, step)
    actions += guarding.waves(turn)
    if not any(isinstance(each, Noted) and each.what == "stopping" for each in actions):
        actions += admissions(turn)
    actions += guarding.ending(turn)
    return actions


def _step(turn: Turn, step: Step) -> Iterator[Action]:
    """What follows for one step that is in flight."""
    visit = turn.visit(step)
    state = visit.progress.state
    if step.kind == "set-object":
        return objects.changing(visit)
    if step.kind == "replace" and state in _REPLACING:
        return _REPLACING[state](visit)
    seen = visit.seen
    if (seen is not None and seen.uid != step.subject.uid) or (
        seen is None and turn.observed.found(step.subject.id) is False
    ):
        return _gone(visit)
    if step.kind == "replace" and state == "admitted" and seen is not None:
        return replacing.surging(visit, seen)
    if step.kind == "replace" and state == "restoring":
        return _unreplaced(visit)
    if state in _ANYHOW:
        return _ANYHOW[state](visit, seen)
    return _unseen(visit) if seen is None else _SEEN[state](visit, seen)


def _unreplaced(visit: Visit) -> Iterator[Action]:
    open_ends = list(replacing.removing(visit))
    yield from open_ends or restoring(visit, visit.seen)


def _gone(visit: Visit) -> Iterator[Action]:
    """The machine was deleted, or another one has its name: what was done to it, and owed to it, went with it."""
    why = "it does not exist any more" if visit.seen is None else "another machine has its name now"
    state = visit.progress.state
    if visit.step.kind == "replace":
        open_ends = [each for each in replacing.removing(visit) if visit.facts.get("left") != "true"]
        if open_ends:
            yield from open_ends
            return
    if state in _BEFORE or (state == "restoring" and visit.facts.get("ending") in ("skipped", "waiting")):
        yield visit.enter("skipped", why)
    else:
        yield visit.enter("failed", visit.facts.get("failed") or why)


def _unseen(visit: Visit) -> Iterator[Action]:
    """It cannot be looked at: nothing is done, and after a while it counts as lost where its change has begun."""
    if visit.progress.state in ("applying", "verifying") and visit.watched > lost_after(visit):
        state = visit.progress.state
        yield visit.enter("lost", "it could not be looked at for a long time", lost="true", left_in=state)
    else:
        yield visit.rest(15, "it could not be looked at")


def subjects(compiled: Compiled, journal: Journal) -> tuple[str, ...]:
    """What a turn has to look at: the subjects in flight, those that may start next, and what their rules ask about."""
    standing = standing_of(compiled, journal)
    found: dict[str, None] = {}
    clusters: dict[str, None] = {}

    def take(step: Step) -> None:
        found[step.subject.id] = None
        clusters[step.subject.cluster] = None
        if step.kind == "replace":
            found[replacing.successor(journal.run, step.id, step.subject).id] = None

    for id in journal.active:
        if id in compiled.steps:
            take(compiled.steps[id])
    if not standing.stopping:
        for _, _, steps in standing.frontier(MOST):
            for id in steps:
                take(compiled.steps[id])
        for begun in standing.begun.values():
            for id in begun.obstructed:
                take(compiled.steps[id])
            if not begun.left:
                found[begun.wave.id] = None
    for id in standing.lost:
        found[compiled.steps[id].subject.id] = None
    for cluster in clusters:
        found.update(dict.fromkeys(compiled.masters.get(cluster, ())))
    return tuple(found)
