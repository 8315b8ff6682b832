"""The question "when may this run?", answered with what a person wants to know beside it.

An answer names the freezes that hold at the moment of asking, and the windows and freezes of which it is not known
whether they are for the target: the first were not counted, the second were.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from oakum.errors import InputError, Place, UsageError
from oakum.policy.entries import Freeze, Window
from oakum.policy.model import Policy
from oakum.policy.openings import Calendar, NoOpening, Opening
from oakum.policy.schedules import HORIZON_YEARS
from oakum.policy.scopes import FACTS, Target

_LONGEST_FACT = 1000


class Held(msgspec.Struct, frozen=True):
    """A freeze that holds now, until when, and why."""

    name: str
    until: datetime
    reason: str


class Doubt(msgspec.Struct, frozen=True):
    """A window or freeze of which it is not known whether it is for the target, and the facts that would say."""

    kind: str
    name: str
    facts: tuple[str, ...]


class Answer(msgspec.Struct, frozen=True):
    """The first opening that fits, or ``why`` there is none and the ``longest`` that there is."""

    opening: Opening | None
    why: str = ""
    longest: Opening | None = None
    frozen: tuple[Held, ...] = ()
    doubts: tuple[Doubt, ...] = ()


def ask(
    policy: Policy, calendar: Calendar, target: Target, at: datetime, needs: timedelta, lifted: tuple[str, ...] = ()
) -> Answer:
    """The next opening for a target, from ``at`` on, in which ``needs`` fits; ``lifted`` freezes do not count."""
    unknown = next((name for name in lifted if all(each.name != name for each in policy.freezes)), None)
    if unknown is not None:
        raise UsageError(
            f"{unknown!r} is no freeze of the policy",
            remedy=f"the freezes are {', '.join(each.name for each in policy.freezes) or 'none'}",
        )
    frozen = tuple(
        Held(freeze.name, until, freeze.reason)
        for freeze, until in calendar.frozen(target, at)
        if freeze.name not in lifted
    )
    doubts = tuple(_doubts(policy, target))
    found = calendar.next_opening(target, at, needs, lifted=lifted)
    if isinstance(found, Opening):
        return Answer(found, frozen=frozen, doubts=doubts)
    return Answer(None, _why(policy, found), found.longest, frozen, doubts)


def ask_window(policy: Policy, calendar: Calendar, window: Window, at: datetime, needs: timedelta) -> Answer:
    """The same for one window by itself, whatever the target: without the freezes that may be for its targets."""
    freezes = {each.name for each in policy.freezes if not each.scope.apart_from(window.scope)}
    found = calendar.next_of({window.name}, freezes, at, needs)
    if isinstance(found, Opening):
        return Answer(found)
    return Answer(None, _why(policy, found), found.longest)


def target_of(facts: Mapping[str, object]) -> Target:
    """A target from texts by fact, ``labels`` a mapping of texts. Raises InputError for what is no fact or no text."""
    for name, value in facts.items():
        if name != "labels":
            if name not in FACTS:
                what = f"{name[:60]!r} is no fact of a target"
                raise InputError(what, place=Place(field="target"), remedy=f"the facts are {', '.join(FACTS)}, labels")
            _check(name, value)
        elif not isinstance(value, Mapping):
            raise InputError(
                "labels is no mapping", place=Place(field="target"), remedy='write {"labels": {"KEY": "V"}}'
            )
        else:
            for key, label in value.items():
                _check(f"labels.{key}", label)
    return msgspec.convert(dict(facts), Target)


def _check(name: str, value: object) -> None:
    if not isinstance(value, str) or len(value) > _LONGEST_FACT:
        raise InputError(
            f"{name[:60]} is no text", place=Place(field="target"), remedy='give texts; "" is known to be none'
        )


def _doubts(policy: Policy, target: Target) -> list[Doubt]:
    kinds: list[tuple[str, tuple[Window, ...] | tuple[Freeze, ...]]] = [
        ("window", policy.windows),
        ("freeze", policy.freezes),
    ]
    return [
        Doubt(kind, each.name, each.scope.unknown_facts(target))
        for kind, entries in kinds
        for each in entries
        if each.scope.matches(target) is None
    ]


def _why(policy: Policy, found: NoOpening) -> str:
    if not found.windows:
        return "no window of the policy is for this target" if policy.windows else "the policy has no window"
    if found.longest is None:
        closed = f" without {', '.join(found.freezes)}" if found.freezes else ""
        return f"no window in the next {HORIZON_YEARS} years: {', '.join(found.windows)}{closed} is never open"
    return f"no window in the next {HORIZON_YEARS} years is that long"
