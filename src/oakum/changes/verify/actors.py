"""Whether a plan reckons with everybody else who acts on its machines, as their own documentation says."""

from __future__ import annotations

from collections.abc import Iterator

from oakum.actors.marks import Said, said_of
from oakum.actors.shields import SHIELDS, beside, in_the_way
from oakum.changes.plans import Actor
from oakum.changes.verify.given import Given, Placed, violation
from oakum.changes.verify.model import Violation


def reckoned(given: Given) -> Iterator[Violation]:
    """Each visit of a node names its other actors, bears their marks, and is of no node on which another one acts."""
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
        if each.step.actors != wanted:
            yield each.broken("actors", f"others that act on it are {', '.join(wanted)}, in this order")
        for name in wanted:
            why = {one.why for one in said if one.actor == name and one.stance != "kept-away"}
            told.setdefault(name, set()).update(why)
    yield from _table(given, told)


def _said(given: Given, placed: Placed) -> tuple[Said, ...] | None:
    """What the marks on a step's node say; None where it is not the visit of a node."""
    cluster = given.state.clusters_by_name.get(placed.cluster)
    if cluster is None or placed.machine is None:
        return None
    node = cluster.around.node(placed.machine.name)
    return () if node is None else said_of(node)


def _table(given: Given, told: dict[str, set[str]]) -> Iterator[Violation]:
    listed = {actor.name: actor for actor in given.plan.actors}
    if len(listed) != len(given.plan.actors) or set(listed) != set(told):
        yield violation("actors", f"the others of its steps are {', '.join(sorted(told)) or 'none'}, each once")
        return
    for name, does in told.items():
        shield = SHIELDS[name]
        wanted = Actor(
            name=name, does=listed[name].does, on=shield.on, says=shield.says, source=shield.source, key=shield.key,
            value=shield.value,
        )  # fmt: skip
        if listed[name] != wanted:
            yield violation("actors", "its mark is not the one that it documents", object_=name)
        if set(listed[name].does) != does:
            yield violation("actors", "what it does is not what its marks say", object_=name)
