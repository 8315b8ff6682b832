"""A reboot: begun under the boot id that was seen, over when another boot id is seen and the machine serves.

A restarted kubelet is no reboot, and a machine that was asked and goes on running has not rebooted. One that takes
longer than the slow ones of its class is late, then lost; a lost one keeps its place in the limits, and when it comes
back after all it is looked at like any other. One that restarts again and again is taken for broken.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.changes.running.actions import Action
from oakum.changes.running.journal import Attempt, States
from oakum.changes.running.leaving import fail, give_back, lost_after, rest_fits
from oakum.changes.running.observed import Seen
from oakum.changes.running.turn import Visit

#: More boots than this in one visit are a loop.
MOST_BOOTS = 3
#: How often a reboot that does not happen is asked for.
_TRIES = 2
#: Lost ones are given up after so many times the limit for being lost.
_PATIENCE = 4


def _asked(visit: Visit, last: Attempt) -> float:
    """Seconds since it was asked for: whoever has only now agreed to restart serves for a moment still."""
    return (visit.turn.now - last.at).total_seconds()


def rebooting(visit: Visit, seen: Seen | None) -> Iterator[Action]:
    """Asks for the reboot, and waits for the machine; also where it is late or lost."""
    state, before = visit.progress.state, visit.facts.get("boot", "")
    if seen is not None and seen.boot_id and seen.boot_id != before:
        yield from _booted(visit, seen)
        return
    if state == "lost":
        yield from _lost(visit, seen)
        return
    last = visit.progress.attempts.get("reboot") if state == "late" else visit.progress.tried("reboot")
    if last is None and seen is None:
        yield visit.watch("it does not answer", until=lost_after(visit))
    elif last is None or (last.open and seen is not None and seen.up):
        yield _ask(visit, before)
    elif last.outcome is not None and last.outcome.code == "never":
        yield fail(visit, f"the reboot was refused: {last.outcome.why}")
    elif last.outcome is not None and last.outcome.result == "refused":
        yield _ask(visit, before)
    elif seen is not None and seen.up and min(visit.elapsed, _asked(visit, last)) > visit.step.takes.back.p95:
        # It serves, and still under the old boot id: the reboot was not carried out.
        if last.number - int(visit.facts.get("tries-reboot", "0")) >= _TRIES:
            yield fail(visit, "it was asked to reboot and goes on running")
        else:
            yield _ask(visit, before)
    else:
        yield from _waiting(visit)


def _ask(visit: Visit, before: str) -> Action:
    """Asks for the reboot; a machine that serves meanwhile is not restarted outside of its window."""
    fits = rest_fits(visit)
    if visit.back or visit.drains or fits.fits:
        return visit.ask("reboot", "another boot id", version=True, boot_id=before)
    return visit.enter("applying", f"its restart does not fit any more: {fits.why}", rebooted="")


def _waiting(visit: Visit) -> Iterator[Action]:
    late, lost = float(visit.step.takes.back.p95), lost_after(visit)
    if visit.progress.state == "late":
        lost -= late
        if visit.elapsed >= lost:
            yield visit.enter("lost", "it did not come back from its reboot", lost="true", left_in="rebooting")
        else:
            yield visit.watch("it is late", until=lost)
    elif visit.elapsed >= late:
        yield visit.enter("late", "it takes longer than the slow ones of its class")
    else:
        yield visit.watch("it reboots", until=late)


def _booted(visit: Visit, seen: Seen) -> Iterator[Action]:
    """It has booted again: once is what was wanted, more often is a loop."""
    boots = int(visit.facts.get("boots", "0"))
    if seen.boot_id != visit.facts.get("booted", ""):
        boots += 1
        if boots > MOST_BOOTS:
            yield fail(visit, f"it restarted {boots} times")
            return
        if not seen.up:
            state = visit.progress.state if visit.progress.state != "lost" else "rebooting"
            yield visit.enter(state, "it starts", booted=seen.boot_id, boots=str(boots))
            return
    if seen.up:
        yield visit.enter("verifying", booted=seen.boot_id, boots=str(max(boots, 1)), lost="")
    elif visit.progress.state == "lost":
        yield from _lost(visit, seen)
    else:
        yield from _waiting(visit)


def _lost(visit: Visit, seen: Seen | None) -> Iterator[Action]:
    """It keeps its place until it comes back, until people stop the run, or for good."""
    if visit.turn.stopping or visit.elapsed > _PATIENCE * lost_after(visit):
        why = visit.facts.get("failed") or "it did not come back"
        yield give_back(visit, "failed", why, failed=why)
    elif seen is not None and seen.up and visit.facts.get("boot", "") in ("", seen.boot_id):
        # What was begun on it may still be under way, or over.
        state: States = "applying" if visit.facts.get("left_in") == "applying" else "verifying"
        yield visit.enter(state, "it is back", lost="")
    else:
        yield visit.watch("it is lost", until=_PATIENCE * lost_after(visit))
