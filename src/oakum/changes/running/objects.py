"""The change of one object of a cluster: its new version is set, and its own controller rolls it out.

Done is a rollout of which all pods are of the new generation and available, seen after the act. The way back sets the
version before.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.changes.running.actions import Action
from oakum.changes.running.acts import Do
from oakum.changes.running.applying import reversed_of
from oakum.changes.running.compiled import need
from oakum.changes.running.leaving import fail
from oakum.changes.running.observed import Seen
from oakum.changes.running.turn import Visit
from oakum.changes.running.verifying import differing, expected


def changing(visit: Visit) -> Iterator[Action]:
    """The state that the object's step is in, and what follows."""
    seen, state = visit.seen, visit.progress.state
    if seen is None:
        if visit.turn.observed.found(visit.step.subject.id) is False:
            yield visit.enter("skipped" if state == "admitted" else "failed", "it does not exist any more")
        else:
            yield visit.rest(15, "it could not be looked at")
    elif visit.step.subject.uid and seen.uid != visit.step.subject.uid:
        yield visit.enter("skipped" if state == "admitted" else "failed", "another object has its name now")
    elif state == "admitted":
        yield visit.enter("applying")
    elif state == "applying":
        yield from _applying(visit, seen)
    elif state == "verifying":
        yield from _verifying(visit, seen)
    elif state == "restoring":
        yield _ended(visit)
    else:
        yield from _soaking(visit, seen)


def _applying(visit: Visit, seen: Seen) -> Iterator[Action]:
    do: Do = "undo" if visit.back else "apply"
    last = visit.progress.tried(do)
    if last is not None and last.outcome is not None:
        if last.outcome.result == "done":
            yield visit.enter("verifying")
            return
        if last.outcome.code == "never":
            yield fail(visit, f"refused: {last.outcome.why}")
            return
    if last is not None and last.open and not differing(expected(visit.step, back=visit.back), seen):
        yield visit.enter("verifying")
    elif last is None and not visit.back and _too_late(visit):
        yield visit.enter("waiting", "")
    else:
        step = visit.step
        back = step.back or tuple(reversed_of(change) for change in step.changes)
        changes = back if visit.back else step.changes
        yield visit.ask(do, "its pods are replaced by those of the new version", version=True, changes=changes)


def _too_late(visit: Visit) -> bool:
    """Whether the change must not begin any more: the run stops, or a process came back after its window."""
    return visit.turn.stopping or not visit.turn.windows.fit(visit.group, need(visit.step, visit.group)).fits


def _verifying(visit: Visit, seen: Seen) -> Iterator[Action]:
    wanted = expected(visit.step, back=visit.back)
    limit = float(max(visit.step.takes.work.p95, visit.group.gate.ready_within))
    wrong = differing(wanted, seen) if visit.fresh(seen.at) else "it was not looked at since"
    if not wrong and seen.up:
        ending = "undone" if visit.back else "done"
        yield visit.enter("restoring", visit.facts.get("failed", ""), ending=ending)
    elif visit.watched >= limit:
        yield fail(visit, wrong or "its rollout did not end")
    else:
        yield visit.watch(wrong or "its pods are being replaced", until=limit)


def _ended(visit: Visit) -> Action:
    ending = visit.facts.get("ending", "failed")
    if ending == "done":
        return visit.enter("soaking", soak=str(visit.group.soak_node))
    return visit.enter("undone" if ending == "undone" else "failed", visit.progress.why)


def _soaking(visit: Visit, seen: Seen) -> Iterator[Action]:
    soak = float(visit.facts.get("soak", "0"))
    if visit.elapsed < soak:
        yield visit.rest(min(max(soak - visit.elapsed, 5.0), 30.0), "it is watched")
    elif differing(expected(visit.step, back=False), seen):
        # Whoever owns it has put its own version back; there is nothing to undo.
        yield visit.enter("failed", f"it did not stay: {differing(expected(visit.step, back=False), seen)}")
    elif soak and not seen.up:
        yield fail(visit, "its pods did not stay available")
    else:
        yield visit.enter("done")
