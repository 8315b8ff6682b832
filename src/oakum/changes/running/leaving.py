"""The ways out of a visit that does not end well: given back before its change, or on its way back after it."""

from __future__ import annotations

from typing import Literal

from oakum.changes.running.journal import Turned
from oakum.changes.running.turn import Visit
from oakum.changes.running.windows import Fit

#: How a visit ends once its machine is restored; ``waiting`` is for another try, in another window or run.
Ending = Literal["done", "failed", "undone", "skipped", "waiting"]


def give_back(visit: Visit, ending: Ending, why: str, **facts: str) -> Turned:
    """The machine is restored, and the step ends as told."""
    return visit.enter("restoring", why, ending=ending, **facts)


def fail(visit: Visit, why: str) -> Turned:
    """The change did not work: the way back is taken on the same machine, which is drained; if that fails too, it ends.

    Where the way back did not work either the machine is left to people as it is, but nothing of ours stays on it.
    """
    why = visit.told(why)
    if visit.back:
        told = visit.facts.get("failed", "")
        return give_back(visit, "failed", f"{told}; and the way back failed: {why}" if told else why)
    if copy_of(visit) or (visit.step.back and visit.step.reversibility == "reversible"):
        return visit.enter("applying", why, way="back", failed=why)
    return give_back(visit, "failed", why, failed=why)


def copy_of(visit: Visit) -> str:
    """The key of the copy that was made in this visit; empty where there is none."""
    return visit.facts.get("copy", "")


def rest_fits(visit: Visit) -> Fit:
    """Whether what is left of the windows is enough for the changes, the restart and the way back."""
    return visit.turn.windows.fit(visit.group, 2 * visit.step.takes.back.p95)


def lost_after(visit: Visit) -> float:
    """The seconds after which a machine that does not come back counts as lost.

    Twice what the slow ones of its class take for changes, reboot and proof, and what the gate gives it to be ready.
    """
    return 2.0 * visit.step.takes.back.p95 + visit.group.gate.ready_within
