"""The escalation ladder of a policy: which rung is due when a drain has been blocked for some time.

No rung forces anything without an approval of its own; a ladder without a final rung ends by leaving the machine.
"""

from __future__ import annotations

import msgspec

from oakum.policy.entries import FINAL_RUNGS, Escalation, Rung


class Due(msgspec.Struct, frozen=True):
    """The rung that is due, until when (seconds of being blocked; None: for good), and the rungs that tell somebody."""

    do: Rung
    until: float | None
    told: tuple[int, ...] = ()


def due(ladder: Escalation, blocked: float) -> Due:
    """The rung after ``blocked`` seconds."""
    passed, told = 0.0, list[int]()
    for number, step in enumerate(ladder.steps):
        if step.do in FINAL_RUNGS:
            return Due(step.do, None, tuple(told))
        if step.do == "notify":
            told.append(number)
        else:
            passed += step.seconds
            if blocked < passed:
                return Due("wait", passed, tuple(told))
    return Due("skip-and-report", None, tuple(told))
