"""The remedy as data of what a kind of change says of a target, where the kind itself cannot give it.

The least is to leave the target out of the intent, which weakens nothing; where the intent is for nothing else, it is
to want what is there already.
"""

from __future__ import annotations

import msgspec

from oakum.changes.intents.kinds import UNKNOWN_VERSION, Wanted
from oakum.changes.intents.model import Intent
from oakum.changes.planning.reasons import intent_edit, machine_edit, object_edit, of_left_out
from oakum.changes.plans.model import LeftOut
from oakum.changes.plans.why_not import Edit, Reason, Remedy
from oakum.changes.state.model import Machine, State

_VERSIONS = frozenset({"downgrade", UNKNOWN_VERSION})


def cured(left: LeftOut, intent: Intent, come: Wanted, state: State) -> Reason:
    """The reason of a target that a kind leaves out, with edits where there are any."""
    reason = of_left_out(left)
    if left.edits:
        return reason
    edits = _edits(left, intent, come, state)
    return msgspec.structs.replace(reason, remedy=Remedy(says=reason.remedy.says, edits=tuple(edits)))


def _edits(left: LeftOut, intent: Intent, come: Wanted, state: State) -> list[Edit]:
    machine = state.by_id.get(left.subject)
    if left.rule == "managed":
        return [intent_edit(intent.name, "wants.managed", True)]
    if left.rule == "paused":
        cluster, _, name = left.subject.partition("/")
        return [object_edit(cluster, name, "spec.paused", False)]
    if left.rule == "unknown-target" and machine is not None:
        return _facts(intent, machine)
    if come.changes or come.done:
        return [intent_edit(intent.name, "scope.and", _without(left.subject, machine))]
    if left.rule in _VERSIONS and machine is not None:
        current = _current(machine, left.why)
        return [intent_edit(intent.name, "wants.to", current)] if current else []
    return []


def _current(machine: Machine, why: str) -> str:
    """The version in effect of the software that a kind speaks of: the one with the longest name in its words."""
    named = [name for name, each in machine.software.items() if f"{name} " in f"{why} " and each.current in why]
    return machine.software[max(named, key=len)].current if named else ""


def _facts(intent: Intent, machine: Machine) -> list[Edit]:
    """Values of the facts that the scope asks for, so that it is known to be for the machine."""
    unknown = intent.scope.unknown_facts(machine.target(intent.kind, "reversible"))
    return [
        machine_edit(machine.id, f"facts|{name}", intent.scope.facts[name][0])
        for name in unknown
        if name in ("environment", "region", "tier")
    ]


def _without(subject: str, machine: Machine | None) -> str:
    """A condition that holds for everything but one target; an intent for objects names their namespace itself."""
    if machine is not None:
        return f'!(cluster == "{machine.cluster}" && node == "{machine.name}")'
    cluster, kind, _, name = subject.split("/")
    return f'!(cluster == "{cluster}" && workload == "{kind}/{name}")'
