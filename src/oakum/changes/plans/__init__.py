"""Plans: what would be done, in which order, under which limits, with the way back; or why nothing can be."""

from __future__ import annotations

from oakum.changes.plans.model import (
    Actor,
    Change,
    Evictions,
    Group,
    LeftOut,
    Override,
    Plan,
    Reversibility,
    Step,
    Stop,
    Subject,
    Takes,
    Times,
    Wave,
    canonical,
    digest_of,
)
from oakum.changes.plans.why_not import Edit, Reason, Remedy, WhyNot

__all__ = [
    "Actor",
    "Change",
    "Edit",
    "Evictions",
    "Group",
    "LeftOut",
    "Override",
    "Plan",
    "Reason",
    "Remedy",
    "Reversibility",
    "Step",
    "Stop",
    "Subject",
    "Takes",
    "Times",
    "Wave",
    "WhyNot",
    "canonical",
    "digest_of",
]
