"""The end of a visit: the machine is given back exactly as its record says, and nothing of ours is left on it.

The release is one patch. Where a person has changed the scheduling while we held the machine that is what stays. The
silence ends, and the copies of a visit that did not end well are thrown away; those of one that did are kept until its
soak is over.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.changes.running.actions import Action
from oakum.changes.running.leaving import Ending
from oakum.changes.running.observed import Seen
from oakum.changes.running.turn import Visit
from oakum.changes.running.verifying import differing, expected

_ENDINGS: dict[str, Ending] = {
    "done": "done", "failed": "failed", "undone": "undone", "skipped": "skipped", "waiting": "waiting",
}  # fmt: skip
#: A request that was not answered may still arrive for so many seconds.
_ARRIVES = 120.0
#: A machine that is out of service is asked for so many seconds to give back what is on it.
_REACH = 1800.0


def restoring(visit: Visit, seen: Seen | None) -> Iterator[Action]:
    """Gives it back piece by piece, each seen to be done before the step ends."""
    ending = _ENDINGS[visit.facts.get("ending", "failed")]
    open_ends = list(_claim(visit, seen)) + list(_silence(visit, seen)) + list(_under_way(visit, seen))
    why, away = visit.progress.why, out_of_reach(visit, seen)
    copies = list(discarding(visit, seen)) if ending != "done" else []
    # The record of a node is an object of its API, which answers although the node does not.
    left = [*([] if away and not visit.step.subject.cluster else open_ends), *([] if away else copies)]
    if left:
        yield from left
        return
    if open_ends or copies:
        why = f"{why}; what is ours could not be taken away, for it does not answer"
    if ending == "done" and seen is not None and differing(expected(visit.step, back=False), seen):
        ending, why = "failed", f"it did not stay: {differing(expected(visit.step, back=False), seen)}"
    if ending == "done" and (seen is None or not seen.up):
        if visit.watched < visit.group.gate.ready_within:
            yield visit.watch("it fell out of service when it was given back")
            return
        ending, why = "failed", visit.told("it fell out of service when it was given back")
    if ending == "done":
        soak = visit.group.soak_node
        # Without a soak only a copy is left to be thrown away, which is done as if it had soaked.
        kept = next(discarding(visit, seen), None) is not None
        yield visit.enter("soaking", soak=str(soak)) if soak or kept else visit.enter("done")
        return
    if ending == "failed":
        yield visit.turn.note("handed-over", about=visit.step.id, why=why)
    if ending == "waiting":
        # Another visit starts from the beginning; its tries are counted from here on.
        counts = {f"tries-{do}": str(_number(visit, do)) for do in ("apply", "undo", "reboot")}
        yield visit.enter("waiting", "", given_back=why, copy="", ending="", **counts)
    else:
        yield visit.enter(ending, why)


def out_of_reach(visit: Visit, seen: Seen | None) -> bool:
    """Whether a machine has been out of service for so long that what is on it is left there."""
    return (seen is None or not seen.up) and visit.watched > _REACH


def _under_way(visit: Visit, seen: Seen | None) -> Iterator[Action]:
    """Requests of which nobody knows may still arrive, and would stay behind; so long they are waited for."""
    for do in ("silence", "claim", "snapshot"):
        last = visit.progress.attempts.get(do)
        if last is None or not last.open:
            continue
        version = last.act.resource_version
        if seen is not None and version and seen.resource_version != version:
            # What it asks for is no longer so: it would be refused.
            continue
        left = _ARRIVES - (visit.turn.now - (last.answered or last.at)).total_seconds()
        if 0 < left <= _ARRIVES:
            yield visit.rest(left, f"a request ({do}) may still arrive")


def _number(visit: Visit, do: str) -> int:
    last = visit.progress.attempts.get(do)
    if last is None:
        return 0
    # One without an answer is tried again under its own key, and counts for the visit in which it is.
    return last.number - 1 if last.open else last.number


def _claim(visit: Visit, seen: Seen | None) -> Iterator[Action]:
    last = visit.progress.tried("release")
    done = last is not None and last.outcome is not None and last.outcome.result == "done"
    gone = last is not None and last.outcome is not None and last.outcome.code == "gone"
    if gone or (seen is None and done):
        return
    if seen is not None:
        # The record of a node is read from its API, that of a host on the host itself.
        looked = seen.at if visit.step.subject.cluster else seen.scanned
        current = last is None or last.answered is None or (looked is not None and looked >= last.answered)
        if current and not visit.ours and visit.fresh(looked) and not _owed(visit, "claim", "release"):
            return
        if done and not current:
            # A host that is down shows what was found on it last; the answer says more.
            if seen.up:
                yield visit.watch("whether it was given back is not seen yet")
            return
    keep = "false" if not visit.drains or visit.facts.get("uncordoned") == "true" else "true"
    yield visit.ask("release", "its record is gone, and it is as it was before", version=True, cordon=keep)


def _owed(visit: Visit, take: str, give: str) -> bool:
    """Whether what an act has taken, or may have, was not given back since, whatever a look shows.

    A cache that has missed the claim shows a machine without our record, and calls that the present.
    """
    owed = False
    begins = f"{visit.turn.journal.run}/{visit.step.id}/"
    for key, outcome in visit.progress.outcomes.items():
        do = key.removeprefix(begins).partition("/")[0]
        if do == take and outcome.result != "refused":
            owed = True
        elif do == give and (outcome.result == "done" or outcome.code == "gone"):
            owed = False
    return owed


def _silence(visit: Visit, seen: Seen | None) -> Iterator[Action]:
    last = visit.progress.tried("unsilence")
    answered = last is not None and last.outcome is not None and last.outcome.result in ("done", "refused")
    asked = "silence" in visit.progress.attempts
    silenced = seen is not None and (seen.silenced or _owed(visit, "silence", "unsilence"))
    if (seen is not None and silenced and not _older(seen, visit)) or (seen is None and asked and not answered):
        if last is not None and last.outcome is not None and last.outcome.code == "gone":
            return
        yield visit.ask("unsilence", "our silence has ended")


def _older(seen: Seen, visit: Visit) -> bool:
    """Whether the look is from before our silence was ended."""
    last = visit.progress.tried("unsilence")
    return last is not None and last.answered is not None and seen.at < last.answered


def discarding(visit: Visit, seen: Seen | None) -> Iterator[Action]:
    """Throws away the copies that this step has made; those of a machine that does not answer are out of reach."""
    if seen is None:
        return
    ours = f"{visit.turn.journal.run}/{visit.step.id}/snapshot/"
    for copy in seen.copies:
        if copy.startswith(ours):
            yield visit.ask("discard", "the copy is gone", copy=copy)
            return
    if any(key.startswith(ours) and work.state == "running" for key, work in seen.work.items()):
        # Given back now, it would stay behind when it is made.
        yield visit.watch("a copy is still being made, which has to be thrown away")
