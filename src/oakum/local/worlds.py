"""How the machines of a plan are reached from a terminal, and what cannot be reached from here."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

from oakum.changes.plans import Plan
from oakum.errors import NotAssessableError
from oakum.local.running import World


def open_world(plan: Plan, *, run: str, hosts: Sequence[str], data: str | None) -> AbstractContextManager[World]:
    """The world of a plan's machines. Raises NotAssessableError where this version has no way to act on them."""
    clusters = sorted({step.subject.cluster for step in plan.steps.values() if step.subject.cluster})
    what = f"machines of the clusters {', '.join(clusters)}" if clusters else "hosts"
    raise NotAssessableError(
        f"this version of Oakum has no way to act on {what}: nothing was begun and nothing was touched",
        remedy="see what would happen with --rehearse",
    )
