"""The replacement of a node: a new machine first, proven, then the old one is drained and deleted.

The new machine's name follows from run and step, so that whoever resumes finds it. One that never came into service is
deleted again where the replacement is given up; one that did may serve pods by then, and is left to people with a note.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from oakum.changes.plans.model import Subject
from oakum.changes.running.actions import Action
from oakum.changes.running.draining import taken
from oakum.changes.running.entering import admitted
from oakum.changes.running.leaving import give_back, lost_after, rest_fits
from oakum.changes.running.live import quorum
from oakum.changes.running.observed import Seen
from oakum.changes.running.turn import Visit
from oakum.changes.running.verifying import differing, expected

_TRIES = 3


def successor(run: str, step_id: str, subject: Subject) -> Subject:
    """The machine that takes the place of a step's subject."""
    tail = hashlib.sha256(f"{run}/{step_id}".encode()).hexdigest()[:6]
    return Subject(kind="machine", cluster=subject.cluster, name=f"{subject.name}-{tail}", uid="")


def new_of(visit: Visit) -> Subject:
    """The new machine of a visit."""
    return successor(visit.turn.journal.run, visit.step.id, visit.step.subject)


def surging(visit: Visit, seen: Seen) -> Iterator[Action]:
    """Makes the new machine; when it is proven the old one is taken like any other."""
    if visit.facts.get("new"):
        yield from admitted(visit, seen)
        return
    if visit.turn.stopping:
        yield give_back(visit, "waiting", "the run stops before its change")
        return
    fits = rest_fits(visit)
    if not fits.fits:
        yield give_back(visit, "waiting", f"it does not fit any more: {fits.why}")
        return
    subject = new_of(visit)
    new = visit.turn.observed.seen(subject.id)
    last = visit.progress.attempts.get("create-node")
    work = seen.work.get(last.act.key) if last is not None else None
    wanted = expected(visit.step, back=False)
    limit = visit.step.takes.work.p95 + lost_after(visit)
    if new is not None and new.up and visit.fresh(new.scanned) and not differing(wanted, new):
        yield visit.enter("admitted", new=subject.name, **{"new-uid": new.uid})
    elif visit.watched > limit:
        yield give_back(visit, "skipped", "the new machine did not come into service as it should")
    elif new is not None or (work is not None and work.state != "failed"):
        yield visit.watch("the new machine comes up", until=limit)
    elif last is not None and last.number >= _TRIES and work is not None:
        yield give_back(visit, "skipped", f"no new machine could be made: {work.why}")
    elif last is not None and last.outcome is not None and last.outcome.code == "never":
        yield give_back(visit, "skipped", f"no new machine can be made: {last.outcome.why}")
    elif visit.unseen(last):
        yield visit.watch("a new machine was asked for", until=limit)
    else:
        yield visit.ask("create-node", "a new machine joins", name=subject.name, changes=visit.step.changes)


def deleting(visit: Visit) -> Iterator[Action]:
    """Deletes the drained machine, and is done with it when it is gone."""
    seen = visit.seen
    if _gone(visit):
        yield visit.enter("verifying")
    elif seen is None:
        yield visit.watch("whether it is gone is not seen")
    elif visit.turn.stopping and _untouched(visit):
        yield give_back(visit, "waiting", "the run stops before its change")
    elif taken(visit, seen):
        yield give_back(visit, "skipped", taken(visit, seen), uncordoned="true")
    else:
        shaky = quorum(visit)
        if shaky:
            yield visit.watch(shaky)
        else:
            yield visit.ask("delete-node", "it is gone", version=True)


def _untouched(visit: Visit) -> bool:
    """Whether nobody has begun to delete the machine: it was never asked for, or refused each time."""
    last = visit.progress.attempts.get(f"delete-node/{visit.step.subject.uid}")
    if last is None:
        return True
    return last.outcome is not None and last.outcome.result == "refused" and last.refusals == last.number - 1


def proving(visit: Visit) -> Iterator[Action]:
    """The old machine is gone: the new one has to serve."""
    new = visit.turn.observed.seen(new_of(visit).id)
    limit = lost_after(visit)
    if new is not None and new.up and visit.fresh(new.at) and not differing(expected(visit.step, back=False), new):
        yield visit.enter("soaking", soak=str(visit.group.soak_node))
    elif visit.watched >= limit:
        why = "the new machine fell out of service"
        yield visit.turn.note("handed-over", about=visit.step.id, why=why)
        yield visit.enter("failed", why)
    else:
        yield visit.watch("the new machine is looked at", until=limit)


def settling(visit: Visit) -> Iterator[Action]:
    """The soak of the new machine."""
    soak = float(visit.facts.get("soak", "0"))
    new = visit.turn.observed.seen(new_of(visit).id)
    if visit.elapsed < soak:
        yield visit.rest(min(max(soak - visit.elapsed, 5.0), 30.0), "it is watched")
    elif soak and (new is None or not new.up):
        why = "the new machine fell out of service while it was watched"
        yield visit.turn.note("handed-over", about=visit.step.id, why=why)
        yield visit.enter("failed", why)
    else:
        yield visit.enter("done")


def removing(visit: Visit) -> Iterator[Action]:
    """Where the replacement is given up: the new machine goes again, if it never came into service."""
    subject = new_of(visit)
    new = visit.turn.observed.seen(subject.id)
    if new is None and visit.turn.observed.found(subject.id) is None:
        yield visit.rest(15, "whether there is a new machine is not seen")
    elif new is not None and not visit.facts.get("new") and not new.up:
        yield visit.ask("delete-node", "the new machine is gone", subject=subject, uid=new.uid)
    elif new is not None and not visit.facts.get("left"):
        why = f"the new machine {subject.name} is in service beside the old one"
        yield visit.turn.note("handed-over", about=visit.step.id, why=why)
        yield visit.enter("restoring", visit.progress.why, left="true")


def _gone(visit: Visit) -> bool:
    subject = visit.step.subject
    if visit.seen is None:
        return visit.turn.observed.found(subject.id) is False
    return visit.seen.uid != subject.uid
