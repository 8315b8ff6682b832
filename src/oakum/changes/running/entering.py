"""The beginning of a visit: admitted, silenced, claimed, and where the change wants one, a copy.

The claim is one patch that records who takes the machine and how it was, cordons it where the change drains, and marks
it for other actors. Nothing is done to a machine before the claim was seen on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from oakum.changes.running.actions import Action
from oakum.changes.running.admission import outdated
from oakum.changes.running.compiled import need
from oakum.changes.running.leaving import give_back, lost_after
from oakum.changes.running.observed import Seen
from oakum.changes.running.turn import Visit

#: How often a copy is tried before the visit is given back.
_COPIES = 3


def admitted(visit: Visit, seen: Seen) -> Iterator[Action]:
    """Silences and claims the machine; then it is cordoned, or copied, or changed."""
    if visit.turn.stopping:
        yield give_back(visit, "waiting", "the run stops before its change")
        return
    claim = seen.claim
    if claim is not None and not visit.ours:
        yield give_back(visit, "skipped", f"{claim.run} holds the machine")
        return
    if visit.ours and visit.fresh(seen.at):
        if visit.drains:
            yield visit.enter("cordoned")
        elif visit.step.snapshot:
            yield from copying(visit, seen)
        else:
            yield visit.enter("applying")
        return
    fits = visit.turn.windows.fit(visit.group, need(visit.step, visit.group))
    if not fits.fits:
        # Admitted by somebody who was cut off before the claim, and taken up when it is too late.
        yield give_back(visit, "waiting", f"it does not fit any more: {fits.why}")
        return
    if seen.cordoned and claim is None:
        yield give_back(visit, "skipped", "somebody has cordoned it meanwhile", foreign="true")
        return
    if visit.watched > lost_after(visit):
        yield give_back(visit, "skipped", "it could not be claimed")
        return
    refused = outdated(visit)
    if refused:
        yield give_back(visit, "waiting", f"it would not be admitted any more: {refused}")
        return
    if not seen.silenced:
        # Three times what it takes: a machine that is late must not set off the alarms that stop the run.
        until = visit.turn.now + timedelta(seconds=3 * need(visit.step, visit.group))
        yield visit.ask("silence", "the alarms of the machine are silenced", until=until.isoformat())
    cordon = "true" if visit.drains else "false"
    yield visit.ask(
        "claim", "our record is on the machine" + (", and it is cordoned" if visit.drains else ""),
        version=True, step=visit.step.id, cordon=cordon, marks=" ".join(visit.turn.plan.marks(visit.step)),
    )  # fmt: skip


def cordoned(visit: Visit, seen: Seen) -> Iterator[Action]:
    """The machine is ours and takes nothing new: a copy where one is wanted, then the drain."""
    if visit.turn.stopping:
        yield give_back(visit, "waiting", "the run stops before its change")
    elif visit.step.snapshot:
        yield from copying(visit, seen)
    else:
        yield visit.enter("draining", begun=visit.turn.now.isoformat(), blocked="")


def snapshotted(visit: Visit, seen: Seen) -> Iterator[Action]:
    """The copy is there."""
    if visit.turn.stopping:
        yield give_back(visit, "waiting", "the run stops before its change")
    elif visit.drains:
        yield visit.enter("draining", begun=visit.turn.now.isoformat(), blocked="")
    else:
        yield visit.enter("applying")


def copying(visit: Visit, seen: Seen) -> Iterator[Action]:
    """Makes the copy, and goes on when it is there."""
    last = visit.progress.tried("snapshot")
    work = seen.work.get(last.act.key) if last is not None else None
    if last is not None and last.act.key in seen.copies and (work is None or work.state == "done"):
        yield visit.enter("snapshotted", copy=last.act.key)
    elif work is not None and work.state == "running":
        yield visit.watch("a copy is being made")
    elif work is not None and work.state == "failed" and last is not None and last.number >= _COPIES:
        yield give_back(visit, "skipped", f"no copy of it could be made: {work.why}")
    elif last is not None and last.outcome is not None and last.outcome.code == "never":
        yield give_back(visit, "skipped", f"no copy of it can be made: {last.outcome.why}")
    elif visit.watched > lost_after(visit):
        yield give_back(visit, "skipped", "it does not answer when a copy is asked for")
    elif visit.unseen(last):
        yield visit.watch("a copy was begun, and the machine does not answer")
    else:
        yield visit.ask("snapshot", "a copy of the machine is being made", version=True)
