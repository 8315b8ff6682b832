"""What the policy's entry allows of an emergency override, and in which words the rest is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from tests.changes.planning.worlds import (
    ALWAYS,
    KNOWLEDGE,
    NOW,
    good,
    intent,
    kernel,
    order_of,
    out,
    policy,
    refused,
    rules_of,
    soft,
    state,
    workers,
)

from oakum.changes.planning.overriding import checked_override
from oakum.changes.plans.model import Override
from oakum.changes.verify import verify
from oakum.errors import InputError
from oakum.policy import entries
from oakum.policy.model import Policy
from oakum.policy.openings import Calendar
from oakum.policy.scopes import Scope

FREEZES = tuple(entries.Freeze(name, Scope(), (), "busy") for name in ("sale", "peak"))
#: Lasts four hours.
ENTRY = entries.Emergency("cve", Scope(), ("duty", "lead"), lifts=("peak",), approvals=2)


def asked(**more: Any) -> Override:
    given: dict[str, Any] = {"emergency": "cve", "reason": "it is exploited", "by": ("ann", "bob"),
                             "until": NOW + timedelta(hours=4), "lifts": ("peak",)}  # fmt: skip
    return Override(**given | more)


def checked(override: Override | None, **more: Any) -> Override | None:
    changed = {name: more.get(name, getattr(ENTRY, name)) for name in ENTRY.__struct_fields__}
    rules = policy(emergency=(entries.Emergency("other", Scope(), ()), entries.Emergency(**changed)), freezes=FREEZES)
    return checked_override(rules, override, NOW)


@pytest.mark.parametrize(
    ("override", "entry"),
    [
        (asked(), {}),
        (asked(until=NOW + timedelta(seconds=1)), {}),
        (asked(by=("ann", "bob", "eve")), {}),
        (asked(lifts=()), {}),
        (asked(lifts=("peak", "sale")), {"lifts": ("*",)}),
        (asked(outside_windows=True), {"outside_windows": True}),
        (asked(), {"outside_windows": True}),
    ],
)
def test_what_the_entry_allows_is_given_back(override: Override, entry: dict[str, Any]) -> None:
    assert checked(override, **entry) is override


def test_without_an_override_there_is_nothing_to_check() -> None:
    assert checked(None) is None


@pytest.mark.parametrize(
    ("wrong", "entry", "what", "remedy"),
    [
        ({"emergency": "fire"}, {}, "the policy has no emergency entry 'fire'", "its entries are: other, cve"),
        ({"reason": " \n"}, {}, "an override without a reason", "give the reason, which is recorded and reviewed"),
        ({"by": ("ann",)}, {}, "1 of 2 people have agreed", "let 2 of duty, lead agree"),
        ({"by": ("ann", "ann")}, {}, "1 of 2 people have agreed", "let 2 of duty, lead agree"),
        ({"by": ("ann", " ")}, {}, "1 of 2 people have agreed", "let 2 of duty, lead agree"),
        ({"until": NOW}, {}, "it is over already", "give an end in UTC that lies ahead"),
        ({"until": NOW - timedelta(hours=1)}, {}, "it is over already", "give an end in UTC that lies ahead"),
        ({"until": NOW.replace(hour=23, tzinfo=None)}, {}, "it is over already", "give an end in UTC that lies ahead"),
        ({"until": NOW + timedelta(seconds=14_401)}, {}, "cve lasts at most 14400 seconds",
         "end it by 2026-03-03 02:00:00+00:00"),
        ({"lifts": ("peak", "sale")}, {}, "cve does not lift the freeze 'sale'", "it lifts peak"),
        ({"lifts": ("sale",)}, {"lifts": ()}, "cve does not lift the freeze 'sale'", "it lifts none"),
        ({"lifts": ("snow",)}, {"lifts": ("*",)}, "there is no freeze 'snow'", "the freezes are peak, sale"),
        ({"lifts": ("snow",)}, {"lifts": ("snow",)}, "there is no freeze 'snow'", "the freezes are peak, sale"),
        ({"outside_windows": True}, {}, "cve does not allow to act outside of windows", "leave outside_windows out"),
    ],
)  # fmt: skip
def test_what_the_entry_does_not_allow_is_refused_in_plain_words(
    wrong: dict[str, Any], entry: dict[str, Any], what: str, remedy: str
) -> None:
    with pytest.raises(InputError) as refused:
        checked(asked(**wrong), **entry)
    assert (refused.value.what, refused.value.remedy, str(refused.value.place)) == (what, remedy, "override")


def test_a_policy_without_an_entry_says_that_it_has_none() -> None:
    with pytest.raises(InputError) as refused:
        checked_override(policy(), asked(), NOW)
    assert refused.value.remedy == "its entries are: none"


def whole(**more: Any) -> tuple[Override, Policy]:
    """An override until four hours from now, under an entry for some targets."""
    scope = more.pop("scope", Scope())
    entry = entries.Emergency("cve", scope, ("duty",), lifts=("peak",), outside_windows=True)
    return asked(by=("ann",), **more), policy(emergency=(entry,), freezes=FREEZES[1:])


@pytest.mark.parametrize("kind", ["kernel", "packages"])
def test_under_an_override_nothing_is_done_that_its_emergency_is_not_for(kind: str) -> None:
    override, rules = whole(scope=Scope(facts={"change": (kind,)}))
    world = state(*workers(2, software=kernel() | {"lib": soft("1", "2", kept=("1",))}))
    wants = (intent(), intent("packages", names=("lib",)))
    (reason,) = refused(world, *wants, rules=rules, override=override).reasons
    assert (reason.rule, reason.object) == ("override", "c: cve")
    assert reason.why == "the emergency is not for all that it changes, and under an override nothing else is done"
    one = next(each for each in wants if each.kind == kind)
    assert len(good(world, one, rules=rules, override=override).steps) == 2


def test_under_an_override_machines_that_its_emergency_is_not_for_stay() -> None:
    override, rules = whole(scope=Scope(facts={"node": ("w-2",)}))
    world = state(*workers(3))
    found = good(world, rules=rules, override=override)
    assert (order_of(found), out(found)) == ([["w-2"]], {"c/w-1": "override", "c/w-3": "override"})
    assert verify(found, world, policy=rules, calendar=Calendar(rules, {}), knowledge=KNOWLEDGE) == ()


@pytest.mark.parametrize(
    ("windows", "minutes", "rules"),
    [
        ((ALWAYS,), 3, ["override"]),
        ((), 240, ["no-window"]),
        ((), 3, ["no-window", "override"]),
    ],
)
def test_an_override_that_is_too_short_is_told_beside_a_window_that_is_missing(
    windows: tuple[entries.Window, ...], minutes: int, rules: list[str]
) -> None:
    override, given = whole(until=NOW + timedelta(minutes=minutes))
    found = refused(state(*workers(2)), rules=msgspec.structs.replace(given, windows=windows), override=override)
    assert rules_of(found) == rules
    if rules == ["override"]:
        assert found.reasons[0].why.endswith("and the override ends at 2026-03-02 22:03 UTC")
        assert found.reasons[0].figures["longest"] == 180
