"""Whether a step fits into an opening: of every calendar at once, and before the override ends."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.changes.planning.worlds import ALWAYS, NOW, policy

from oakum.changes.planning.windows import Fit, Windows
from oakum.changes.plans.model import Override
from oakum.policy import entries
from oakum.policy.amounts import Span
from oakum.policy.openings import Calendar
from oakum.policy.schedules import Moment, Schedule
from oakum.policy.scopes import Scope


def at(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


def schedule(*openings: tuple[int, int]) -> tuple[Schedule, ...]:
    """Openings from a minute on for some minutes."""
    return tuple(
        Schedule(start=Moment(at(start).replace(tzinfo=None), "UTC"), span=Span(0, 60 * length))
        for start, length in openings
    )


#: Three years, in minutes.
YEARS = 3 * 365 * 24 * 60
#: By name: from which minute on, and for how many minutes.
WINDOWS = {
    "early": ((10, 30),), "late": ((20, 60),), "twice": ((10, 5), (50, 20)), "far": ((300, 10),),
    "begun": ((-30, 60),), "years": ((YEARS, 60),),
}  # fmt: skip
RULES = policy(
    windows=(ALWAYS, *(entries.Window(name, Scope(), schedule(*times)) for name, times in WINDOWS.items())),
    freezes=(entries.Freeze("peak", Scope(), schedule((15, 10)), "busy"),),
)


def fit(minutes: int, *calendars: str, until: int | None = None, overridden: bool = True) -> Fit:
    """``early-peak`` is the window early without the freeze peak."""
    parts = [tuple(each.split("-")) for each in calendars]
    pairs = [(part[:1], part[1:]) for part in parts]
    ends = None if until is None else at(until)
    override = None if ends is None else Override(emergency="cve", reason="r", by=(), until=ends)
    windows = Windows(Calendar(RULES, {}), NOW, override)
    return windows.fit(pairs, 60 * minutes, overridden=overridden and override is not None)


def opened(start: int, end: int, *names: str) -> Fit:
    return Fit(at(start), at(end), 0, names)


@pytest.mark.parametrize(
    ("minutes", "calendars", "found"),
    [
        (30, ["early"], opened(10, 40, "early")),
        (31, ["early"], Fit(None, None, 30 * 60, ("early",))),
        (20, ["twice"], opened(50, 70, "twice")),
        (30, ["begun"], opened(0, 30, "begun")),
        (15, ["early-peak"], opened(25, 40, "early")),
        (16, ["early-peak"], Fit(None, None, 15 * 60, ("early",))),
        (1, ["none"], Fit(None, None, 0, ("none",))),
        (60, ["years"], opened(YEARS, YEARS + 60, "years")),
    ],
)
def test_a_step_fits_into_the_first_opening_that_is_long_enough(minutes: int, calendars: list[str], found: Fit) -> None:
    assert fit(minutes, *calendars) == found


@pytest.mark.parametrize(
    ("minutes", "calendars", "found"),
    [
        (20, ["early", "late"], opened(20, 40, "early", "late")),
        (21, ["early", "late"], Fit(None, None, 20 * 60, ("early", "late"))),
        (20, ["twice", "late"], opened(50, 70, "late", "twice")),
        (5, ["twice", "always"], opened(10, 15, "always", "twice")),
        (6, ["twice", "always"], opened(50, 70, "always", "twice")),
        (21, ["twice", "always"], Fit(None, None, 20 * 60, ("always", "twice"))),
        (15, ["early-peak", "late"], opened(25, 40, "early", "late")),
        (1, ["early", "far"], Fit(None, None, 0, ("early", "far"))),
        (20, ["early", "late", "begun"], Fit(None, None, 10 * 60, ("begun", "early", "late"))),
        (30, ["begun", "always"], opened(0, 30, "always", "begun")),
    ],
)
def test_of_several_calendars_all_have_to_be_open_at_once(minutes: int, calendars: list[str], found: Fit) -> None:
    assert fit(minutes, *calendars) == found


def test_openings_that_only_touch_have_nothing_in_common() -> None:
    rules = policy(
        windows=(entries.Window("a", Scope(), schedule((10, 10))), entries.Window("b", Scope(), schedule((20, 5))))
    )
    windows = Windows(Calendar(rules, {}), NOW, None)
    assert windows.fit([(("a",), ()), (("b",), ())], 0) == Fit(None, None, 0, ("a", "b"))


def test_without_a_calendar_it_is_open_at_any_time() -> None:
    assert fit(10_000) == Fit(NOW, None, 0, ())


@pytest.mark.parametrize(
    ("minutes", "calendars", "until", "found"),
    [
        (60, [], 60, Fit(NOW, at(60))),
        (61, [], 60, Fit(None, None, 3600)),
        (1, [], -5, Fit(None, None, 0)),
        (20, ["early"], 60, opened(10, 40, "early")),
        (20, ["early"], 30, opened(10, 30, "early")),
        (21, ["early"], 30, Fit(None, None, 20 * 60, ("early",))),
        (5, ["far"], 60, Fit(None, None, 0, ("far",))),
        (15, ["early", "late"], 35, opened(20, 35, "early", "late")),
        (16, ["early", "late"], 35, Fit(None, None, 15 * 60, ("early", "late"))),
    ],
)
def test_under_an_override_a_step_is_over_before_it_ends(
    minutes: int, calendars: list[str], until: int, found: Fit
) -> None:
    assert fit(minutes, *calendars, until=until) == found


def test_an_override_that_is_not_for_the_step_ends_nothing() -> None:
    assert fit(30, "early", until=20, overridden=False) == opened(10, 40, "early")
    assert fit(30, until=20, overridden=False) == Fit(NOW, None, 0, ())


def test_each_question_has_its_own_answer() -> None:
    override = Override(emergency="cve", reason="r", by=(), until=at(30))
    windows = Windows(Calendar(RULES, {}), NOW, override)
    early, late = [(("early",), ())], [(("late",), ())]
    asked = [(early, 600, False), (early, 600, True), (early, 1800, True), (late, 600, False)]
    told = [windows.fit(pairs, seconds, overridden=overridden) for pairs, seconds, overridden in asked * 2]
    assert told[:4] == told[4:]
    assert told[:4] == [
        opened(10, 40, "early"), opened(10, 30, "early"), Fit(None, None, 1200, ("early",)), opened(20, 80, "late"),
    ]  # fmt: skip
    assert windows.fit(early, 600) == opened(10, 40, "early")
