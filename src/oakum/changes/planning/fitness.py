"""Whether a target may be touched at all: nobody protects it, nobody holds it, and it is known to be in service.

A cordon has no owner in Kubernetes: one that is not ours is somebody's wish to be left alone. A machine that is not
healthy stays out, since nothing that is seen on it afterwards would tell what a change has done.
"""

from __future__ import annotations

from collections.abc import Iterable

from oakum.changes.planning.drafts import Draft
from oakum.changes.planning.reasons import because, machine_edit, policy_edit
from oakum.changes.plans.why_not import Reason
from oakum.changes.state.model import Machine

_CORDON = "https://kubernetes.io/docs/concepts/architecture/nodes/#manual-node-administration"
_HEALTH = "https://kubernetes.io/docs/reference/node/node-status/#condition"


def unfit(draft: Draft) -> Iterable[Reason]:
    """Why a target may not be touched."""
    for each in draft.settings.protections if draft.settings is not None else ():
        yield because(
            "protected", draft.id, f"protected by {each.name}: {each.reason}", f"policy: protected {each.name}",
            f"leave it out of the intent, or let whoever protects it take {each.name} away",
            [policy_edit("protected", each.name, "", None)],
        )  # fmt: skip
    if draft.machine is not None:
        yield from _held(draft.machine)
        if not draft.undoes:
            # What a plan has left broken is what its way back is for.
            yield from _sick(draft.machine)


def _held(machine: Machine) -> Iterable[Reason]:
    if not machine.uid:
        yield because(
            "uid-unknown", machine.id, "its uid is not known, so another machine could stand under its name", _HEALTH,
            "read it again", [machine_edit(machine.id, "uid", machine.name)],
        )  # fmt: skip
    if machine.owner:
        yield because(
            "held", machine.id, f"the run {machine.owner} has taken it and not given it back", _CORDON,
            f"let the run {machine.owner} go on to its end",
            [machine_edit(machine.id, "owner", ""), machine_edit(machine.id, "cordoned", False)],
        )  # fmt: skip
    elif machine.cordoned:
        yield because(
            "foreign-cordon", machine.id, "somebody has cordoned it, and Oakum never lifts a cordon of others",
            _CORDON, "ask whoever cordoned it; when they are done: kubectl uncordon " + machine.name,
            [machine_edit(machine.id, "cordoned", False)],
        )  # fmt: skip


def _sick(machine: Machine) -> Iterable[Reason]:
    if machine.healthy is None:
        yield because(
            "health-unknown", machine.id, "nobody can tell whether it is in service", _HEALTH,
            "mend the way to it, so that its health can be read", [machine_edit(machine.id, "healthy", True)],
        )  # fmt: skip
    elif not machine.healthy:
        yield because(
            "unhealthy", machine.id, "it is not in service", _HEALTH, "mend it first",
            [machine_edit(machine.id, "healthy", True)],
        )  # fmt: skip
