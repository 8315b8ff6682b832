"""The changes themselves, ahead and back: begun by one act, watched by its key, tried again a few times if they fail.

What is under way on a machine is seen as its work. An apply that failed (a held lock, a full disk) is tried again after
a pause; if it goes on failing, or another try would come to the same, the way back is taken. Before the first try
everything that had to hold for it is asked once more.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.changes.plans.model import Change
from oakum.changes.running.actions import Action
from oakum.changes.running.draining import taken
from oakum.changes.running.journal import Attempt
from oakum.changes.running.leaving import copy_of, fail, give_back, lost_after, rest_fits
from oakum.changes.running.live import quorum, skew
from oakum.changes.running.observed import Seen, Work
from oakum.changes.running.turn import Visit

#: How often an apply or its undo is tried.
TRIES = 3
#: Seconds before a failed one is tried again: a package manager's lock is mostly held for a minute or two.
_PAUSE = 60.0
#: Seconds until somebody looks again whether a window has opened.
_AGAIN = 300.0
#: An installation that takes so many times as long as the slow ones is told.
_HANGS = 3


def applying(visit: Visit, seen: Seen) -> Iterator[Action]:
    """Begins the changes, or the way back, and goes on when they are made."""
    do = "undo" if visit.back else "apply"
    last = visit.progress.attempts.get(do)
    if last is not None and last.number <= _before(visit):
        last = None
    work = seen.work.get(last.act.key) if last is not None else None
    if not visit.back and (last is None or (work is None and _cut_off(visit, last, seen))):
        refusal = _refusal(visit, seen)
        if refusal is not None:
            yield refusal
            return
    if work is not None and work.state == "running":
        if visit.watched > _HANGS * visit.step.takes.work.p95:
            yield visit.rest(60, "the installation does not end: somebody has to look at the machine", held=True)
        else:
            yield visit.watch("the way back is under way" if visit.back else "the changes are under way")
    elif work is not None and work.state == "done":
        yield from _made(visit, seen)
    elif work is not None and last is not None:
        yield from _failed(visit, last, work)
    elif last is not None and last.outcome is not None and last.outcome.code == "never":
        yield fail(visit, f"refused: {last.outcome.why}")
    elif last is not None and not seen.up and visit.watched > lost_after(visit):
        yield visit.enter("lost", "it is out of service, and its changes were begun", lost="true", left_in="applying")
    elif visit.unseen(last):
        yield visit.watch("it was begun, and the machine does not answer", until=lost_after(visit))
    elif last is not None and visit.watched > lost_after(visit) and not last.open and last.number > TRIES:
        yield fail(visit, "it could not be begun")
    else:
        yield _begin(visit)


def _cut_off(visit: Visit, last: Attempt, seen: Seen) -> bool:
    """Whether an act has no answer, and was meant in an earlier visit, or by somebody who was cut off over it.

    A look since then has shown that it was not begun: that may be hours later, and what held for it is asked again.
    """
    if not last.open:
        return False
    resumed = visit.turn.journal.resumed
    cut_off = resumed is not None and last.at < resumed and seen.scanned is not None and seen.scanned >= resumed
    return cut_off or last.place < visit.progress.entered


def _refusal(visit: Visit, seen: Seen) -> Action | None:
    """Why the changes must not begin now; None where they may."""
    if visit.turn.stopping:
        return give_back(visit, "waiting", "the run stops before its change")
    if visit.drains and taken(visit, seen):
        return give_back(visit, "skipped", taken(visit, seen), uncordoned="true")
    if not visit.ours:
        return give_back(visit, "skipped", "our record was taken away from the machine")
    fits = rest_fits(visit)
    if not fits.fits:
        return give_back(visit, "waiting", f"the change does not fit any more: {fits.why}")
    shaky = quorum(visit) or skew(visit)
    if not shaky:
        return None
    if visit.watched > visit.group.drain.timeout:
        return give_back(visit, "waiting", shaky)
    return visit.watch(shaky)


def _begin(visit: Visit) -> Action:
    step = visit.step
    # Also the way back, and another try, takes the member of etcd down on a machine that has one.
    shaky = quorum(visit)
    if shaky:
        return visit.watch(shaky)
    if not visit.back:
        return visit.ask("apply", "the changes are under way", version=True, changes=step.changes)
    copy = copy_of(visit)
    if copy:
        return visit.ask("undo", "the copy is being put back", version=True, copy=copy)
    changes = step.back or tuple(reversed_of(change) for change in reversed(step.changes))
    return visit.ask("undo", "the way back is under way", version=True, changes=changes)


def reversed_of(change: Change) -> Change:
    """The change with its roles swapped."""
    return Change(
        intent=change.intent, kind=change.kind, component=change.component, before=change.after,
        after=change.back or change.before, reversibility=change.reversibility, back=change.after, drain=change.drain,
        reboot=change.reboot, proof=change.proof, parameters=change.parameters,
    )  # fmt: skip


def _failed(visit: Visit, last: Attempt, work: Work) -> Iterator[Action]:
    tries, ago = last.number - _before(visit), (visit.turn.now - work.since).total_seconds()
    # Hours may lie between two tries where nobody was there: what is half-made is brought back, and not made up for.
    fits = rest_fits(visit)
    if work.for_good or tries >= TRIES:
        yield fail(visit, work.why)
    elif not visit.back and not fits.fits:
        yield fail(visit, f"{work.why}; another try does not fit any more: {fits.why}")
    elif 0 <= ago < _PAUSE * tries:
        yield visit.rest(_PAUSE * tries - ago, f"to be tried again: {work.why}")
    else:
        yield _begin(visit)


def _before(visit: Visit) -> int:
    """How many tries were made in earlier visits of the machine."""
    return int(visit.facts.get("tries-undo" if visit.back else "tries-apply", "0"))


def _made(visit: Visit, seen: Seen) -> Iterator[Action]:
    """The changes are in place: what needs a reboot reboots; what was undone before its reboot needs none."""
    if not visit.step.reboot or (visit.back and visit.facts.get("rebooted", "") != "true"):
        yield visit.enter("verifying", boot=seen.boot_id)
    elif not visit.back and visit.drains and not seen.cordoned:
        yield fail(visit, "somebody has uncordoned it before its reboot")
    elif not visit.back and not visit.drains and not (fits := rest_fits(visit)).fits:
        # It serves: restarted outside of its window it would fall out of service when nobody expects that.
        if visit.turn.stopping:
            yield fail(visit, "the run stops before its restart")
        else:
            yield visit.rest(
                _AGAIN, f"its changes are made, and its restart does not fit any more: {fits.why}", held=True
            )
    else:
        shaky = quorum(visit)
        if shaky:
            yield visit.watch(shaky)
        else:
            yield visit.enter("rebooting", boot=seen.boot_id, rebooted="true", boots="0")
