"""Who else acts on the machines of a plan: whom a visit keeps away by its mark, and who keeps the visit away.

Whoever acts on a node already, or will of its own accord with nothing on the node to stop it, keeps the node out of the
plan: two drains and two restarts that know nothing of each other break what each of them keeps by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from oakum.actors.marks import Said, Told, said_of
from oakum.actors.shields import SHIELDS, Shield, beside, in_the_way
from oakum.changes.planning.drafts import Draft
from oakum.changes.planning.reasons import because, machine_edit, object_edit
from oakum.changes.plans.model import Actor
from oakum.changes.plans.why_not import Edit, Reason
from oakum.changes.state.model import Machine


def reckon(draft: Draft) -> Iterable[Reason]:
    """Fills in who else acts on the node of a draft, and says who of them keeps it out.

    The way back of a machine waits only for those who act on it now.
    """
    machine, cluster = draft.machine, draft.cluster
    if machine is None or cluster is None:
        return
    node = cluster.around.node(machine.name)
    draft.said = () if node is None else said_of(node)
    draft.shields = beside(draft.said)
    found: dict[tuple[str, bool], list[Said]] = {}
    for each in in_the_way(draft.said, machine.kept_away):
        found.setdefault((each.actor, each.stance == "acts"), []).append(each)
    for (name, acts), several in found.items():
        if acts:
            yield _acts(machine, name, several)
        elif not draft.undoes:
            yield _means_to(machine, name, several)


def _acts(machine: Machine, name: str, several: Sequence[Said]) -> Reason:
    return because(
        f"other-acts/{name.replace(' ', '-')}", machine.id, f"{name} acts on it now: {_told(several)}",
        several[0].source,
        f"let {name} finish, or stop it; its mark is gone when it is done",
        [_without(machine, each.found) for each in several],
    )  # fmt: skip


def _means_to(machine: Machine, name: str, several: Sequence[Said]) -> Reason:
    shield = SHIELDS[name]
    return because(
        f"other-means-to/{name.replace(' ', '-')}", machine.id,
        f"{name} will act on it by itself: {_told(several)}", shield.source,
        f"{shield.says}; then say that it is kept away: annotate the node oakum.dev/kept-away={name}, and take that "
        "away afterwards as well",
        [machine_edit(machine.id, f"kept_away|{name}", name)],
    )  # fmt: skip


def _told(several: Sequence[Said]) -> str:
    return "; ".join(dict.fromkeys(f"{each.why} ({each.mark})" for each in several))


def _without(machine: Machine, mark: Told) -> Edit:
    """The node without a mark."""
    field = "spec.taints" if mark.on == "taint" else f"metadata.{mark.on}s"
    return object_edit(machine.cluster, f"Node//{machine.name}", f"{field}|{mark.key}", None)


def excused(draft: Draft) -> Iterable[str]:
    """The actors that do not keep a step out of a plan only because people say that they keep them away."""
    return dict.fromkeys(each.actor for each in in_the_way(draft.said))


def table(drafts: Iterable[Draft]) -> tuple[Actor, ...]:
    """All actors that the steps of some drafts name, each once."""
    does: dict[str, dict[str, None]] = {}
    shields: dict[str, Shield] = {}
    for draft in drafts:
        for shield in draft.shields:
            shields[shield.actor] = shield
            said = does.setdefault(shield.actor, {})
            said |= dict.fromkeys(each.why for each in draft.said if _is_of(each, shield))
    order = list(SHIELDS)
    return tuple(
        Actor(
            name=name, does=tuple(does[name]), on=shield.on, says=shield.says, source=shield.source, key=shield.key,
            value=shield.value,
        )
        for name, shield in sorted(shields.items(), key=lambda each: (order.index(each[0].partition(":")[0]), each[0]))
    )  # fmt: skip


def _is_of(said: Said, shield: Shield) -> bool:
    """Whether a mark tells what an actor does that a shield is against."""
    name, _, plan = shield.actor.partition(": ")
    return said.actor == name and said.stance != "kept-away" and (not plan or said.found.key == shield.key)
