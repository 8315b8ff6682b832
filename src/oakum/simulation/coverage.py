"""Which faults struck in which states of a step's run, and which of those pairs cannot be.

The table has a row for each kind of fault and a column for each state. A pair is impossible where the fault waits on
its machine for something that a run never does in that state; each such rule says why. A pair that is possible and has
not been struck is a gap of the soak.
"""

from __future__ import annotations

from collections.abc import Mapping

from oakum.simulation.faults import KINDS

#: The states in which a step is, or was, when a fault struck it.
STATES = (
    "waiting", "admitted", "cordoned", "snapshotted", "draining", "applying", "rebooting", "late", "lost", "verifying",
    "restoring", "soaking", "done", "failed", "undone", "skipped",
)  # fmt: skip

_BOOTS = "it strikes when the machine boots, and boots only come with a restart"
#: For kinds that strike at an occasion of their own: the states in which that occasion comes, and why in no other.
ONLY: dict[str, tuple[frozenset[str], str]] = {}


def count(faults: Mapping[str, int], kind: str, state: str) -> int:
    """How often a fault struck in a state."""
    return faults.get(f"{kind}/{state}", 0)


def impossible(kind: str, state: str) -> str:
    """Why a fault cannot strike in a state; empty where it can."""
    only = ONLY.get(kind)
    return only[1] if only is not None and state not in only[0] else ""


def gaps(faults: Mapping[str, int]) -> list[tuple[str, str]]:
    """Pairs that are possible and were not struck."""
    return [
        (kind, state)
        for kind in KINDS
        for state in STATES
        if not count(faults, kind, state) and not impossible(kind, state)
    ]


def surprises(faults: Mapping[str, int]) -> list[tuple[str, str]]:
    """Pairs that were struck and are called impossible."""
    pairs = [tuple(key.split("/", 1)) for key in faults]
    return [(kind, state) for kind, state in pairs if impossible(kind, state)]
