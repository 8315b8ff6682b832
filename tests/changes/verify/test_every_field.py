"""Every field of a plan counts: some other value of it is found out, or the field is on a short list, with the reason.

The plans of ``worlds`` are taken apart field by field; each is tried with other values of its type.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from tests.changes.verify.corrupting import emergency
from tests.changes.verify.worlds import World, kernels, upgrade

from oakum.changes.intents.model import Intent
from oakum.changes.plans import (
    Actor,
    Change,
    Evictions,
    Group,
    LeftOut,
    Override,
    Plan,
    Step,
    Stop,
    Subject,
    Times,
    Wave,
)
from oakum.policy.entries import Approval, Drain, Escalation, Gate
from oakum.policy.scopes import Scope

#: Fields of which no other value is wrong, and why.
HARMLESS = {
    "Wave.name": "a name for people",
    "Step.disturbs": "words for people",
    "LeftOut.source": "words for people; the reason itself has to be there",
    "LeftOut.edits": "the remedy as data, which nothing carries out by itself",
}
#: What a group holds as the policy gave it has its own rows in the table of corruptions.
OF_POLICY = (Approval, Drain, Escalation, Gate, Scope)


#: Words that fields of few words may hold.
WORDS = ("forward-only", "reversible", "object", "set-object", "replace", "label", "elsewhere")


def others(value: object) -> Iterator[object]:
    """Other values of a field."""
    match value:
        case bool():
            yield not value
        case int():
            yield from (value + 1, value - 1, 0, value * 10 + 10_000)
        case str():
            yield from (f"{value}-x", "", *WORDS)
        case datetime():
            yield from (value - timedelta(days=400), value + timedelta(days=400))
        case dict():
            yield from ({}, {**value, "x": "y"})
        case tuple():
            yield from ((), ("x",), (*value, "x"), value[:-1])


def fields(value: object, put: Any) -> Iterator[tuple[str, object, Any]]:
    """Every field below a value: what it is called, what it holds, and how a plan is made with another value there."""
    if isinstance(value, msgspec.Struct):
        if isinstance(value, OF_POLICY):
            return
        for name in value.__struct_fields__:
            held = getattr(value, name)

            def within(other: object, name: str = name) -> Plan:
                found: Plan = put(msgspec.structs.replace(value, **{name: other}))
                return found

            if held is not None and not isinstance(held, msgspec.Struct):
                yield f"{type(value).__name__}.{name}", held, within
            yield from fields(held, within)
    elif isinstance(value, tuple):
        for number, each in enumerate(value):

            def at(other: object, number: int = number) -> Plan:
                found: Plan = put((*value[:number], other, *value[number + 1 :]))
                return found

            if isinstance(each, msgspec.Struct):
                yield from fields(each, at)


def plans() -> list[tuple[World, Plan]]:
    """The legal plans with all that a plan can hold: somebody left out, an override, kernels, a control plane."""
    fire, world = World(), World()
    reason = LeftOut(subject="edge/w-4", rule="drain", why="a pod stays", remedy="move the pod")
    with_left_out = kernels(world).plan()
    with_left_out = msgspec.structs.replace(
        with_left_out,
        left_out=(reason,),
        waves=tuple(
            msgspec.structs.replace(wave, steps=tuple(step for step in wave.steps if step.subject.id != "edge/w-4"))
            for wave in with_left_out.waves
        ),
    )
    return [(world, with_left_out), (fire, emergency(fire, kernels(fire).plan())), _of(upgrade)]


def _of(draft: Any) -> tuple[World, Plan]:
    world = World()
    return world, draft(world).plan()


@pytest.fixture(scope="module")
def caught() -> dict[str, bool]:
    """By field: whether some other value of it was found out."""
    found: dict[str, bool] = {}
    for world, plan in plans():
        assert world.ask(plan) == ()
        kept = world.state
        for name, value, put in fields(plan, lambda whole: whole):
            if found.get(name):
                continue
            found.setdefault(name, False)
            for other in others(value):
                try:
                    # What no file can hold is refused before anybody verifies it.
                    other_plan = msgspec.json.decode(msgspec.json.encode(put(other)), type=Plan)
                except msgspec.ValidationError:
                    continue
                if world.ask(other_plan, kept):
                    found[name] = True
                    break
    return found


def test_each_field_is_found_out_or_harmless(caught: dict[str, bool]) -> None:
    assert {name for name, is_caught in caught.items() if not is_caught} == HARMLESS.keys()


def test_no_part_of_a_plan_was_forgotten(caught: dict[str, bool]) -> None:
    parts = (Plan, Intent, Wave, Step, Subject, Change, Times, Evictions, Group, Actor, Stop, LeftOut, Override)
    assert {name.partition(".")[0] for name in caught} == {part.__name__ for part in parts}
