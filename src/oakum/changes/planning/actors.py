"""Who else acts on the machines of a plan: whom a visit keeps away by its mark, and who keeps the visit away.

Whoever acts on a node already, or will of its own accord with nothing on the node to stop it, keeps the node out of the
plan: two drains and two restarts that know nothing of each other break what each of them keeps by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from oakum.actors.marks import Said, said_of
from oakum.actors.shields import SHIELDS, beside, in_the_way
from oakum.changes.planning.drafts import Draft
from oakum.changes.planning.reasons import because, machine_edit, object_edit
from oakum.changes.plans.model import Actor
from oakum.changes.plans.why_not import Edit, Reason
from oakum.changes.state.model import Machine
from oakum.fleet.cluster.objects import Node


def reckon(draft: Draft) -> Iterable[Reason]:
    """Fills in who else acts on the node of a draft, and says who of them keeps it out.

    The way back of a machine waits only for those who act on it now.
    """
    machine, cluster = draft.machine, draft.cluster
    if machine is None or cluster is None:
        return
    node = cluster.around.node(machine.name)
    draft.said = () if node is None else said_of(node)
    draft.actors = beside(draft.said)
    found: dict[tuple[str, bool], list[Said]] = {}
    for each in in_the_way(draft.said, machine.kept_away):
        found.setdefault((each.actor, each.stance == "acts"), []).append(each)
    for (name, acts), several in found.items():
        if acts and node is not None:
            yield _acts(draft, node, name, several)
        elif not draft.undoes:
            yield _means_to(machine, name, several)


def _acts(draft: Draft, node: Node, name: str, several: Sequence[Said]) -> Reason:
    return because(
        "other-acts", f"{draft.id}", f"{name} acts on it now: {_told(several)}", several[0].source,
        f"let {name} finish, or stop it; its mark is gone when it is done",
        [_without(draft.subject.cluster, node, each) for each in several],
    )  # fmt: skip


def _means_to(machine: Machine, name: str, several: Sequence[Said]) -> Reason:
    shield = SHIELDS[name]
    return because(
        "other-means-to", machine.id, f"{name} will act on it by itself: {_told(several)}", shield.source,
        f"{shield.says}; then say so: oakum.dev/kept-away: {name} on the node",
        [machine_edit(machine.id, "kept_away", [*machine.kept_away, name])],
    )  # fmt: skip


def _told(several: Sequence[Said]) -> str:
    return "; ".join(dict.fromkeys(f"{each.why} ({each.mark})" for each in several))


def _without(cluster: str, node: Node, said: Said) -> Edit:
    """The node without a mark."""
    name, found = f"Node//{node.metadata.name}", said.found
    if found.on == "taint":
        left: list[Any] = [msgspec.to_builtins(each) for each in node.spec.taints if each.key != found.key]
        return object_edit(cluster, name, "spec.taints", left)
    return object_edit(cluster, name, f"metadata.{found.on}s|{found.key}", None)


def table(drafts: Iterable[Draft]) -> tuple[Actor, ...]:
    """All actors that the steps of some drafts name, each once."""
    does: dict[str, dict[str, None]] = {}
    for draft in drafts:
        for name in draft.actors:
            does.setdefault(name, {})
        for each in draft.said:
            if each.actor in does and each.stance != "kept-away":
                does[each.actor][each.why] = None
    return tuple(
        Actor(
            name=name, does=tuple(does[name]), on=shield.on, says=shield.says, source=shield.source, key=shield.key,
            value=shield.value,
        )
        for name, shield in SHIELDS.items()
        if name in does
    )  # fmt: skip
