"""Small corruptions of a plan: one thing of it is another, everything else stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from oakum.changes.plans import Change, Group, Plan, Step, Wave

replace = msgspec.structs.replace


def on_wave(plan: Plan, id_: str, edit: Callable[[Wave], Wave]) -> Plan:
    return replace(plan, waves=tuple(edit(wave) if wave.id == id_ else wave for wave in plan.waves))


def wave(plan: Plan, id_: str, **fields: Any) -> Plan:
    """A wave with other fields."""
    return on_wave(plan, id_, lambda one: replace(one, **fields))


def on_step(plan: Plan, id_: str, edit: Callable[[Step], Step]) -> Plan:
    return replace(
        plan,
        waves=tuple(
            replace(wave, steps=tuple(edit(step) if step.id == id_ else step for step in wave.steps))
            for wave in plan.waves
        ),
    )


def step(plan: Plan, id_: str, **fields: Any) -> Plan:
    """A step with other fields."""
    return on_step(plan, id_, lambda one: replace(one, **fields))


def without(plan: Plan, id_: str) -> Plan:
    """The plan without a step."""
    waves = (replace(wave, steps=tuple(step for step in wave.steps if step.id != id_)) for wave in plan.waves)
    return replace(plan, waves=tuple(waves))


def moved(plan: Plan, id_: str, to: str) -> Plan:
    """The plan with a step in another wave."""
    found = plan.step(id_)
    return on_wave(without(plan, id_), to, lambda one: replace(one, steps=(*one.steps, found)))


def swapped(plan: Plan, one: str, other: str) -> Plan:
    """Two waves with each other's steps."""
    of = {wave.id: wave.steps for wave in plan.waves}
    return wave(wave(plan, one, steps=of[other]), other, steps=of[one])


def group(plan: Plan, id_: str, **fields: Any) -> Plan:
    """A group with other fields."""
    groups = (replace(each, **fields) if each.id == id_ else each for each in plan.groups)
    return replace(plan, groups=tuple(groups))


def on_group(plan: Plan, id_: str, edit: Callable[[Group], Group]) -> Plan:
    return replace(plan, groups=tuple(edit(each) if each.id == id_ else each for each in plan.groups))


def change(plan: Plan, id_: str, **fields: Any) -> Plan:
    """A step whose first change has other fields."""

    def edit(one: Step) -> Step:
        first: Change = replace(one.changes[0], **fields)
        return replace(one, changes=(first, *one.changes[1:]))

    return on_step(plan, id_, edit)


def back(plan: Plan, id_: str, **fields: Any) -> Plan:
    """A step whose first change of the way back has other fields."""
    return on_step(plan, id_, lambda one: replace(one, back=(replace(one.back[0], **fields), *one.back[1:])))
