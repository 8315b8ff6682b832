"""The answers that a simulated world gives to acts, and by whom it says that things are done which acts do."""

from __future__ import annotations

from typing import Literal

from oakum.changes.running.acts import Outcome

DONE = Outcome(result="done")
UNKNOWN = Outcome(result="unknown")
GONE = Outcome(result="refused", code="gone", why="it is not there any more")
#: By whom things are done that acts do.
US = "us"


def refused(why: str, code: Literal["fenced", "changed", "gone", "not-now", "never"] = "not-now") -> Outcome:
    """A refusal."""
    return Outcome(result="refused", code=code, why=why)
