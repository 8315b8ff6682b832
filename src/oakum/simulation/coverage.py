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
_IN_HAND = frozenset({"cordoned", "snapshotted", "draining", "applying", "rebooting", "late", "lost", "verifying"})
_BOOT = "it strikes at a boot, and but for other faults a machine boots while it is rebooting"
_INSTALL = "it strikes when something is installed"
_NO_ACT = "nothing is asked for a step that is over, and a step leaves the state snapshotted at once"
_LOOK = "it strikes a look at everything, and counts for a step in hand, or none; snapshotted is left at once"
_CLUSTER = "it strikes a cluster, and counts for a step in hand, or none"
_NO_PODS = "no pod under a budget is left on a drained node"
_DOWN = "the machine does not run then"


def _all_but(*states: str) -> frozenset[str]:
    return frozenset(STATES) - frozenset(states)


#: For kinds that strike at an occasion of their own: the states in which that occasion comes, and why in no other.
#: Two faults together may bring it about elsewhere; that is counted, and not asked for.
ONLY: dict[str, tuple[frozenset[str], str]] = {
    **{kind: (frozenset({"rebooting"}), _BOOT)
       for kind in ("slow-boot", "returns-late", "never-returns", "old-kernel", "reboot-loop")},
    **{kind: (frozenset({"applying"}), _INSTALL) for kind in ("half-installed", "held-lock", "full-disk")},
    **{kind: (_all_but("snapshotted", *_OVER), _NO_ACT)
       for kind in ("request-fails", "answer-lost", "arrives-late", "throttling")},
    **{kind: (_all_but("snapshotted", *_OVER), _LOOK) for kind in ("stale-read", "watch-gap")},
    **{kind: (_all_but(*_OVER), _CLUSTER) for kind in ("partition", "node-added", "etcd-down")},
    **{kind: (frozenset({"waiting", "admitted", "cordoned", "snapshotted", "draining"}), _NO_PODS)
       for kind in ("budget-impossible", "budget-closed", "finalizer")},
    **{kind: (_all_but("late", "lost"), _DOWN) for kind in ("crash", "human-restarts")},
    **{kind: (_all_but(*_IN_HAND, "restoring"), "the mark that we set on a node in hand keeps the autoscaler from it")
       for kind in ("scaled-in", "scaled-in-elsewhere")},
    **{kind: (_all_but("cordoned", "snapshotted", "draining", "late", "lost"), "a node in hand is cordoned already")
       for kind in ("human-cordons", "human-drains")},
    "human-uncordons": (_IN_HAND | {"restoring"}, "no node but one in hand is cordoned"),
    "pod-deleted": (_all_but("cordoned", "snapshotted", "late", "lost", "restoring"), "a drained node has no pod"),
    "crash-elsewhere": (_all_but("cordoned", "snapshotted", "late", "lost"), "it strikes a node in service"),
    "foreign-upgrade": (
        _all_but("rebooting", "late", "lost", "verifying", "restoring", "soaking", "done"),
        "what is offered is installed by then",
    ),
    "snapshot-fails": (frozenset({"cordoned"}), "it strikes when a copy is made"),
    "webhook-down": (frozenset({"draining"}), "it strikes an eviction"),
    "bad-patch": (
        frozenset({"soaking", "done"}), "it shows minutes after the version came into effect, when that is proven",
    ),
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
