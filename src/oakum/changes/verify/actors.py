"""Whether a plan reckons with everybody else who acts on its machines, as their own documentation says."""

from __future__ import annotations

from collections.abc import Iterator

from oakum.actors.marks import Said, said_of
from oakum.actors.shields import Shield, beside, in_the_way
from oakum.changes.verify.given import Given, Placed, violation
from oakum.changes.verify.model import Violation


def reckoned(given: Given) -> Iterator[Violation]:
    """Each visit of a node names its other actors, bears their marks, and is of no node on which another one acts."""
    shields: dict[str, Shield] = {}
    told: dict[str, set[str]] = {}
    for each in given.placed:
        said = _said(given, each)
        if said is None:
            if each.step.actors:
                yield each.broken("actors", "it names others that act on a node, and it is of none")
            continue
        for one in in_the_way(said, each.machine.kept_away if each.machine is not None else ()):
            if one.stance == "acts" or not given.plan.undoes:
                does = "acts on it now" if one.stance == "acts" else "will act on it by itself"
                yield each.broken("actors", f"{one.actor} {does}: {one.why} ({one.mark})")
        wanted = beside(said)
        if each.step.actors != tuple(shield.actor for shield in wanted):
            names = ", ".join(shield.actor for shield in wanted)
            yield each.broken("actors", f"others that act on it are {names}, in this order")
        for shield in wanted:
            shields[shield.actor] = shield
            mine = told.setdefault(shield.actor, set())
            mine.update(one.why for one in said if one.stance != "kept-away" and _named(one, shield))
    yield from _table(given, shields, told)


def _named(said: Said, shield: Shield) -> bool:
    """Whether a shield is against the actor of a mark, in the plan that the mark is of."""
    return shield.actor in (said.actor, f"{said.actor}: {said.found.key.rpartition('/')[2]}")


def _said(given: Given, placed: Placed) -> tuple[Said, ...] | None:
    """What the marks on a step's node say; None where it is not the visit of a node."""
    cluster = given.state.clusters_by_name.get(placed.cluster)
    if cluster is None or placed.machine is None:
        return None
    node = cluster.around.node(placed.machine.name)
    return () if node is None else said_of(node)


def _table(given: Given, shields: dict[str, Shield], told: dict[str, set[str]]) -> Iterator[Violation]:
    listed = {actor.name: actor for actor in given.plan.actors}
    if len(listed) != len(given.plan.actors) or set(listed) != set(told):
        yield violation("actors", f"the others of its steps are {', '.join(sorted(told)) or 'none'}, each once")
        return
    for name, shield in shields.items():
        actor = listed[name]
        mark = shield.on, shield.key, shield.value, shield.says, shield.source
        if (actor.on, actor.key, actor.value, actor.says, actor.source) != mark:
            yield violation("actors", "its mark is not the one that it documents", object_=name)
        if sorted(actor.does) != sorted(told[name]):
            yield violation("actors", "what it does is not what its marks say", object_=name)
