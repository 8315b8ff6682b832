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

_OVER = frozenset({"done", "failed", "undone", "skipped"})
_DRAINED = frozenset({"applying", "rebooting", "late", "lost", "verifying", "restoring", "soaking"}) | _OVER
_BOOT = "it strikes at a boot, and but for other faults a machine boots while it is rebooting"
_INSTALL = "it strikes when something is installed"
_NO_ACT = "nothing is asked for a step that is over"
_LOOK = "it strikes a look at everything, and counts for a step in hand, or none"
_NO_PODS = "no pod under a budget is left on a drained node"


def _all_but(*states: str) -> frozenset[str]:
    return frozenset(STATES) - frozenset(states)


#: For kinds that strike at an occasion of their own: the states in which that occasion comes, and why in no other.
#: Two faults together may bring it about elsewhere; that is counted, and not asked for.
ONLY: dict[str, tuple[frozenset[str], str]] = {
    **{kind: (frozenset({"rebooting"}), _BOOT)
       for kind in ("slow-boot", "returns-late", "never-returns", "old-kernel", "reboot-loop")},
    **{kind: (frozenset({"applying"}), _INSTALL) for kind in ("half-installed", "held-lock", "full-disk")},
    **{kind: (_all_but(*_OVER), _NO_ACT) for kind in ("request-fails", "answer-lost", "arrives-late", "throttling")},
    **{kind: (_all_but(*_OVER), _LOOK) for kind in ("stale-read", "watch-gap")},
    **{kind: (_all_but(*_DRAINED), _NO_PODS) for kind in ("budget-impossible", "budget-closed")},
    "snapshot-fails": (frozenset({"cordoned"}), "it strikes when a copy is made"),
    "webhook-down": (frozenset({"draining"}), "it strikes an eviction"),
    "bad-patch": (
        frozenset({"soaking", "done"}), "it shows minutes after the version came into effect, when that is proven",
    ),
    "finalizer": (_all_but("applying", "rebooting", "late", "lost", "verifying"), "no pod is left on a drained node"),
}  # fmt: skip


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
    """Pairs that were struck and are called impossible: two faults came together there."""
    pairs = [key.partition("/") for key in faults]
    return [(kind, state) for kind, _, state in pairs if impossible(kind, state)]
