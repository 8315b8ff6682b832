"""Whether a step might begin when it did: what people had agreed to by then, the windows, the time that it takes."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace
from tests.changes.proof.makings import CALENDAR, NOW, UNDER, given, group, plan, step

from oakum.changes.approvals import Signed
from oakum.changes.plans.model import Override, Plan, Step
from oakum.changes.proof.permission import Permission

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
#: What a step takes at the most, the soak after it included: 10 minutes, 1 minute, 5 minutes back.
TAKES = 16 * MINUTE
NOBODY = "nobody had agreed enough by then"


def made(*calendars: tuple[tuple[str, ...], tuple[str, ...]], reversibility: str = "reversible") -> tuple[Plan, Step]:
    """A plan of one step in these windows."""
    of = step("web-1", reversibility=reversibility)
    return plan(groups=[group(calendars=calendars or ((("always",), ()),))], waves=[[of]]), of


def asked(about: Plan, *said: Signed) -> Permission:
    return Permission(about, UNDER, CALENDAR, given(about, "asks", "request", at=NOW - 9 * HOUR), said)


def agreed(about: Plan, *more: Signed) -> Permission:
    return asked(about, given(about, "agrees", at=NOW - 9 * HOUR, until=NOW + 99 * HOUR), *more)


def test_a_step_begins_only_while_enough_people_agree() -> None:
    about, of = made()
    one = asked(about, given(about, "agrees", at=NOW, until=NOW + HOUR))
    # In whatever order it is asked: what was found for one time is not taken for another.
    for now, may in (
        (NOW, True), (NOW + HOUR, False), (NOW + HOUR - SECOND, True), (NOW + 9 * HOUR, False),
        (NOW + 10 * HOUR, False), (NOW - HOUR, False), (NOW, True), (NOW - 5 * MINUTE - SECOND, False),
        (NOW - 5 * MINUTE, True), (NOW + HOUR, False),
    ):  # fmt: skip
        why = one.why_not_admitted(of, now)
        assert (why == "") == may and (may or why == f"{NOBODY}: the plan: 1 more person of platform (for hosts)")


def test_an_approval_that_was_given_later_is_none_before() -> None:
    about, of = made()
    later = asked(about, given(about, "agrees", at=NOW + HOUR, until=NOW + 2 * HOUR))
    assert later.why_not_admitted(of, NOW + HOUR) == ""
    assert later.why_not_admitted(of, NOW).startswith(NOBODY)
    assert later.at(NOW).until == NOW + HOUR - 5 * MINUTE


def test_a_step_without_a_way_back_has_an_approval_of_its_own() -> None:
    about, of = made(reversibility="forward-only")
    assert agreed(about).why_not_admitted(of, NOW) == ("it has no way back, and nobody had agreed to that step by then")
    assert agreed(about, given(about, "fourth", step=of.id)).why_not_admitted(of, NOW) == ""
    back, step_ = made()
    assert agreed(back).why_not_admitted(step_, NOW) == ""


def test_pods_past_their_budget_have_an_approval_of_their_own() -> None:
    about, of = made()
    why = "nobody had agreed by then that pods there are deleted past their budget"
    assert agreed(about).why_not_forced(of, NOW) == why
    forced = given(about, "fourth", step=of.id, force_evict=True, until=NOW + HOUR)
    assert agreed(about, forced).why_not_forced(of, NOW) == ""
    assert agreed(about, forced).why_not_forced(of, NOW + HOUR) == why


WINDOWS: dict[str, tuple[list[tuple[tuple[str, ...], tuple[str, ...]]], datetime, str]] = {
    "always": ([(("always",), ())], NOW + 5 * HOUR, ""),
    "at its beginning": ([(("night",), ())], NOW, ""),
    "before it": ([(("night",), ())], NOW - SECOND, "night"),
    "at the last moment for what it takes": ([(("night",), ())], NOW + HOUR - TAKES, ""),
    "too late for what it takes": ([(("night",), ())], NOW + HOUR - TAKES + SECOND, "night"),
    "in none that is long enough": ([(("minutes",), ())], NOW, "minutes"),
    "in one of several": ([(("minutes", "night"), ())], NOW, ""),
    "in neither of two": ([(("night", "minutes"), ())], NOW - HOUR, "night, minutes"),
    "in both calendars": ([(("always",), ()), (("night",), ())], NOW, ""),
    "in one calendar of two": ([(("always",), ()), (("night",), ())], NOW - HOUR, "night"),
    "without a window": ([((), ())], NOW, "no window"),
}  # fmt: skip


@pytest.mark.parametrize(("calendars", "now", "names"), WINDOWS.values(), ids=WINDOWS)
def test_a_step_begins_in_its_windows_and_fits_them(
    calendars: list[tuple[tuple[str, ...], tuple[str, ...]]], now: datetime, names: str
) -> None:
    about, of = made(*calendars)
    why = f"it was begun outside of its windows ({names}), or too late in them for the time that it takes"
    assert agreed(about).why_not_admitted(of, now) == (why if names else "")


@pytest.mark.parametrize(("begun", "may"), [
    (NOW, True), (NOW + HOUR - TAKES, True), (NOW + HOUR - TAKES + SECOND, False), (NOW + 5 * HOUR, False),
])  # fmt: skip
def test_a_step_of_an_emergency_is_over_before_the_emergency_is(begun: datetime, may: bool) -> None:
    about, of = made()
    override = Override(emergency="exploited", reason="it burns", by=("a",), until=NOW + HOUR)
    about = replace(about, override=override)
    allowed = agreed(about, given(about, "fourth", at=NOW - HOUR, until=NOW + 99 * HOUR))
    expected = "" if may else "the override exploited would have ended before it"
    assert allowed.why_not_admitted(of, begun) == expected
