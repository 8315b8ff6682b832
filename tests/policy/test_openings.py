"""When windows are open: tables across summer time in five zones, and a slow reference that walks minute by minute."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.errors import InputError, UsageError
from oakum.local.zones import time_zones
from oakum.policy.amounts import Span, span
from oakum.policy.entries import Freeze, Window
from oakum.policy.model import Policy
from oakum.policy.openings import Calendar, NoOpening, Opening
from oakum.policy.recurrence import Rule
from oakum.policy.rule_text import parse
from oakum.policy.schedules import Moment, Schedule
from oakum.policy.scopes import Scope, Target

NAMES = (
    "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Africa/Casablanca", "Pacific/Apia",
)  # fmt: skip
ZONES = time_zones(NAMES)
ALL = Scope()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def schedule(
    zone: str, start: str, length: str, rule: str = "", extra: tuple[Moment, ...] = (), without: tuple[Moment, ...] = ()
) -> Schedule:
    found = span(length)
    assert found is not None
    moment = Moment(datetime.fromisoformat(start), zone)
    return Schedule(moment, span=found, rule=parse(rule) if rule else None, extra=extra, without=without)


def calendar(*windows: Window, freezes: tuple[Freeze, ...] = ()) -> Calendar:
    return Calendar(Policy(windows=windows, freezes=freezes), ZONES)


def window(name: str, *schedules: Schedule, scope: Scope = ALL) -> Window:
    return Window(name, scope, schedules)


def freeze(name: str, *schedules: Schedule, scope: Scope = ALL) -> Freeze:
    return Freeze(name, scope, schedules, "because")


#: Zone, local start, duration, UTC start and end, why.
#: Transitions by tzdata: Berlin 29 March and 25 October 2026 at 01:00Z;
#: New York 8 March 07:00Z and 1 November 06:00Z; Lord Howe (half an hour) 4 April 15:00Z and 3 October 15:30Z; Santiago
#: 5 April 03:00Z and 6 September 04:00Z, at midnight; Casablanca 15 February 02:00Z and 22 March 02:00Z, for Ramadan;
#: Apia left out the whole 30 December 2011.
CLOCKS = """\
Europe/Berlin 2026-03-28T22:00 6h 2026-03-28T21:00 2026-03-29T03:00 overnight into summer is an exact length
Europe/Berlin 2026-10-24T22:00 6h 2026-10-24T20:00 2026-10-25T02:00 overnight out of summer is an exact length
Europe/Berlin 2026-03-28T12:00 1d 2026-03-28T11:00 2026-03-29T10:00 a nominal day into summer has 23 hours
Europe/Berlin 2026-10-24T12:00 1d 2026-10-24T10:00 2026-10-25T11:00 a nominal day out of summer has 25 hours
Europe/Berlin 2026-03-28T12:00 24h 2026-03-28T11:00 2026-03-29T11:00 24 hours are 24 hours
Europe/Berlin 2026-03-28T01:00 1d2h 2026-03-28T00:00 2026-03-29T02:00 a day and hours: the day first
Europe/Berlin 2026-03-29T02:30 1h 2026-03-29T01:30 2026-03-29T02:30 02:30 does not exist: the offset before the gap
Europe/Berlin 2026-10-25T02:30 1h 2026-10-25T00:30 2026-10-25T01:30 02:30 occurs twice: the first
America/New_York 2026-03-08T02:30 1h 2026-03-08T07:30 2026-03-08T08:30 02:30 does not exist
America/New_York 2026-11-01T01:30 1h 2026-11-01T05:30 2026-11-01T06:30 01:30 occurs twice
America/New_York 2026-03-07T23:00 4h 2026-03-08T04:00 2026-03-08T08:00 overnight into summer
America/New_York 2026-10-31T23:00 4h 2026-11-01T03:00 2026-11-01T07:00 overnight out of summer
Australia/Lord_Howe 2026-10-04T02:15 1h 2026-10-03T15:45 2026-10-03T16:45 02:15 does not exist
Australia/Lord_Howe 2026-04-05T01:45 1h 2026-04-04T14:45 2026-04-04T15:45 01:45 occurs twice
Australia/Lord_Howe 2026-04-04T12:00 1d 2026-04-04T01:00 2026-04-05T01:30 a nominal day has 24.5 hours
America/Santiago 2026-09-06T00:00 2h 2026-09-06T04:00 2026-09-06T06:00 midnight does not exist
America/Santiago 2026-04-04T23:30 2h 2026-04-05T02:30 2026-04-05T04:30 23:30 occurs twice
America/Santiago 2026-09-05T00:00 1d 2026-09-05T04:00 2026-09-06T04:00 a nominal day to no midnight
Africa/Casablanca 2026-02-15T02:30 1h 2026-02-15T01:30 2026-02-15T02:30 02:30 occurs twice
Africa/Casablanca 2026-03-22T02:30 1h 2026-03-22T02:30 2026-03-22T03:30 02:30 does not exist
Pacific/Apia 2011-12-30T10:00 1h 2011-12-30T20:00 2011-12-30T21:00 a day that does not exist
Europe/Berlin 2028-02-29T23:00 2h 2028-02-29T22:00 2028-03-01T00:00 leap day
America/New_York 2026-12-31T23:00 2h 2027-01-01T04:00 2027-01-01T06:00 the end of the year
UTC 2026-12-31T23:00 2h 2026-12-31T23:00 2027-01-01T01:00 the end of the year in UTC
"""


@pytest.mark.parametrize("row", CLOCKS.splitlines())
def test_trap_15_the_clock_of_the_zone(row: str) -> None:
    zone, start, length, begin, end, _ = row.split(" ", 5)
    found = calendar(window("w", schedule(zone, start, length))).openings(
        Target(), at(begin) - timedelta(days=3), at(end) + timedelta(days=3)
    )
    assert found == [Opening(at(begin), at(end), ("w",))]


def test_a_weekly_night_keeps_its_local_time_over_the_year() -> None:
    nights = window("night", schedule("Europe/Berlin", "2026-01-05T22:00", "6h", "FREQ=WEEKLY;BYDAY=MO"))
    found = calendar(nights).openings(Target(), at("2026-03-23"), at("2026-04-01"))
    assert [(each.start, each.end) for each in found] == [
        (at("2026-03-23T21:00"), at("2026-03-24T03:00")),
        (at("2026-03-30T20:00"), at("2026-03-31T02:00")),
    ]


def test_an_end_gives_every_occurrence_the_exact_length_of_the_first() -> None:
    """RFC 5545, 3.8.5.3: DTEND is exact, where DURATION of days is nominal."""
    start, end = (Moment(datetime(2026, 3, day, 12), "Europe/Berlin") for day in (27, 28))
    each = Schedule(start, end=end, rule=parse("FREQ=DAILY;COUNT=3"))
    assert each.intervals(ZONES, at("2026-03-28T12:00"), at("2026-03-29T09:59")) == [
        (at("2026-03-28T11:00"), at("2026-03-29T11:00"))
    ]


def test_until_is_a_moment_and_belongs_to_the_rule() -> None:
    # The night of the 29th begins at 20:00Z, that of the 28th at 21:00Z.
    until = schedule("Europe/Berlin", "2026-03-27T22:00", "1h", "FREQ=DAILY;UNTIL=20260329T200000Z")
    starts = [start for start, _ in until.intervals(ZONES, at("2026-03-01"), at("2026-05-01"))]
    assert starts == [at("2026-03-27T21:00"), at("2026-03-28T21:00"), at("2026-03-29T20:00")]


def test_until_counts_moments_where_the_wall_goes_another_way() -> None:
    # On Lord Howe 02:15 is in the gap of 4 October, which makes it 15:45Z; 02:30 is 15:30Z.
    rule = "FREQ=DAILY;BYMINUTE=15,30;UNTIL=20261003T153500Z"
    each = schedule("Australia/Lord_Howe", "2026-10-03T02:15", "1m", rule)
    starts = [f"{start:%d %H:%M}" for start, _ in each.intervals(ZONES, at("2026-10-01"), at("2026-10-10"))]
    assert starts == ["02 15:45", "02 16:00", "03 15:30"]


def test_one_moment_written_twice_is_one_occurrence() -> None:
    twice = schedule("Europe/Berlin", "2026-03-29T02:00", "1h", "FREQ=DAILY;COUNT=2;BYHOUR=2,3")
    assert twice.intervals(ZONES, at("2026-03-28"), at("2026-03-31")) == [
        (at("2026-03-29T01:00"), at("2026-03-29T02:00"))
    ]


def test_dates_are_added_and_taken_away() -> None:
    berlin = "Europe/Berlin"
    each = schedule(
        berlin, "2026-01-05T22:00", "1h", "FREQ=WEEKLY;COUNT=3",
        extra=(Moment(datetime(2026, 1, 7, 22), berlin),),
        # The same moment as 2026-01-12T22:00 in Berlin.
        without=(Moment(datetime(2026, 1, 12, 21), "UTC"),),
    )  # fmt: skip
    starts = [start.day for start, _ in each.intervals(ZONES, at("2026-01-01"), at("2026-02-01"))]
    assert starts == [5, 7, 19]
    days_left = msgspec.structs.replace(each, without_days=(date(2026, 1, 19),))
    assert [start.day for start, _ in days_left.intervals(ZONES, at("2026-01-01"), at("2026-02-01"))] == [5, 7]
    assert each.excluded(ZONES, Moment(datetime(2026, 1, 12, 21), "UTC"))
    assert each.excluded(ZONES, Moment(datetime(2026, 1, 7, 22), berlin))
    assert not each.excluded(ZONES, Moment(datetime(2026, 1, 12, 22), "UTC"))
    assert each.excluded(ZONES, datetime(2026, 1, 19).date())
    assert not each.excluded(ZONES, datetime(2026, 1, 20).date())


def test_windows_that_touch_are_one_opening_with_both_names() -> None:
    one, two = schedule("UTC", "2026-12-31T20:00", "4h"), schedule("UTC", "2027-01-01T00:00", "2h")
    found = calendar(window("b", two), window("a", one)).openings(Target(), at("2026-12-01"), at("2027-02-01"))
    assert found == [Opening(at("2026-12-31T20:00"), at("2027-01-01T02:00"), ("a", "b"))]


def test_a_freeze_divides_a_window_and_names_stay_with_their_part() -> None:
    early, late = schedule("UTC", "2026-05-01T00:00", "4h"), schedule("UTC", "2026-05-01T03:00", "9h")
    closed = freeze("f", schedule("UTC", "2026-05-01T04:00", "1h"))
    found = calendar(window("early", early), window("late", late), freezes=(closed,)).openings(
        Target(), at("2026-04-01"), at("2026-06-01")
    )
    assert found == [
        Opening(at("2026-05-01T00:00"), at("2026-05-01T04:00"), ("early", "late")),
        Opening(at("2026-05-01T05:00"), at("2026-05-01T12:00"), ("late",)),
    ]


def test_scopes_decide_and_what_is_not_known_is_taken_carefully() -> None:
    prod, dev = Scope({"environment": ("prod",)}), Scope({"environment": ("dev",)})
    hour = schedule("UTC", "2026-05-01T00:00", "1h")
    days = calendar(window("p", hour, scope=prod), freezes=(freeze("f", hour, scope=dev),))

    def opens(target: Target) -> bool:
        return bool(days.openings(target, at("2026-04-01"), at("2026-06-01")))

    assert opens(Target(environment="prod"))
    assert not opens(Target(environment="dev"))
    assert not opens(Target()), "a window does not open for what may not be meant"
    always = Calendar(Policy(windows=(Window("w", ALL, always=True),), freezes=(freeze("f", hour, scope=dev),)), ZONES)
    assert always.frozen(Target(), at("2026-05-01T00:30")), "a freeze holds for what may be meant"
    assert not always.frozen(Target(environment="prod"), at("2026-05-01T00:30"))


def test_trap_15_a_window_shorter_than_the_work_is_passed_over() -> None:
    short = schedule("UTC", "2026-05-01T00:00", "1h", "FREQ=DAILY")
    long = schedule("UTC", "2026-05-06T12:00", "3h", "FREQ=WEEKLY")
    days = calendar(window("short", short), window("long", long))
    assert days.next_opening(Target(), at("2026-05-01T00:30"), timedelta(minutes=30)) == Opening(
        at("2026-05-01T00:30"), at("2026-05-01T01:00"), ("short",)
    )
    late = days.next_opening(Target(), at("2026-05-01T00:31"), timedelta(minutes=30))
    assert isinstance(late, Opening)
    assert late.start == at("2026-05-02T00:00")
    fits = days.next_opening(Target(), at("2026-05-01T00:00"), timedelta(hours=3))
    assert fits == Opening(at("2026-05-06T12:00"), at("2026-05-06T15:00"), ("long",))
    never = days.next_opening(Target(), at("2026-05-01T00:00"), timedelta(hours=4))
    assert isinstance(never, NoOpening)
    assert never.longest is not None
    assert never.longest.length == timedelta(hours=3)


def test_at_the_end_of_a_window_nothing_is_left_of_it() -> None:
    once = calendar(window("w", schedule("UTC", "2026-05-01T00:00", "1h")))
    assert isinstance(once.next_opening(Target(), at("2026-05-01T01:00")), NoOpening)
    assert once.openings(Target(), at("2026-05-01T00:30"), at("2026-05-01T00:30")) == []


def test_what_began_long_before_is_still_open() -> None:
    month = schedule("UTC", "2026-12-10T00:00", "40d", "FREQ=YEARLY")
    hours = schedule("UTC", "2026-12-10T00:00", "960h", "FREQ=YEARLY")
    for each in (month, hours):
        found = calendar(window("w", each)).openings(Target(), at("2028-01-10"), at("2028-02-01"))
        assert found == [Opening(at("2028-01-10"), at("2028-01-19"), ("w",))]


def test_an_interval_holds_its_start_and_not_its_end() -> None:
    hour = schedule("UTC", "2026-05-01T00:00", "1h")
    assert hour.intervals(ZONES, at("2026-05-01T01:00"), at("2026-05-02")) == []
    assert hour.intervals(ZONES, at("2026-04-01"), at("2026-05-01T00:00")) == []
    days = calendar(window("w", hour), freezes=(freeze("f", hour),))
    assert [bool(days.frozen(Target(), at(f"2026-05-01T{each}"))) for each in ("00:00", "00:59", "01:00")] == [
        True, True, False,
    ]  # fmt: skip


#: Zone of a nightly window 22:00 for 6 hours; when is asked and how much is needed; when it may begin. What stands in
#: brackets is what is left of the night. A freeze takes the New Year out, 31 December 12:00 for a day.
ADMISSIONS = """\
Europe/Berlin 2026-03-28T20:00 6h 2026-03-28T21:00 the night into summer has its six hours
Europe/Berlin 2026-03-28T23:30 4h 2026-03-29T20:00 three and a half are left (to 03:00Z): the next night, now in summer
Europe/Berlin 2026-03-28T23:00 4h 2026-03-28T23:00 four are left
Europe/Berlin 2026-10-24T22:00 4h 2026-10-24T22:00 four are left (to 02:00Z)
Europe/Berlin 2026-10-24T22:01 4h 2026-10-25T21:00 the next night, now in winter
America/New_York 2026-03-08T05:00 4h 2026-03-08T05:00 four are left (to 09:00Z)
America/New_York 2026-03-08T05:01 4h 2026-03-09T02:00 the next night, now in summer
America/New_York 2026-11-01T05:00 4h 2026-11-02T03:00 three are left (to 08:00Z), so the next night, now in winter
Australia/Lord_Howe 2026-04-04T13:00 4h 2026-04-04T13:00 four are left (11:00Z to 17:00Z)
Australia/Lord_Howe 2026-04-04T13:01 4h 2026-04-05T11:30 the next night, half an hour later
Australia/Lord_Howe 2026-10-03T13:31 4h 2026-10-04T11:00 the next night, half an hour earlier
America/Santiago 2026-04-05T03:01 4h 2026-04-06T02:00 the night in which summer time ends began at 01:00Z
America/Santiago 2026-09-06T02:00 6h 2026-09-06T02:00 the night in which midnight is left out
America/Santiago 2026-09-06T02:01 6h 2026-09-07T01:00 the next night, now in summer
Europe/Berlin 2028-02-28T22:00 6h 2028-02-29T21:00 leap day
Europe/Berlin 2026-12-31T00:00 6h 2027-01-01T21:00 the freeze takes the last night of the year
Europe/Berlin 2026-12-30T21:00 6h 2026-12-30T21:00 the night before the freeze
"""


@pytest.mark.parametrize("row", ADMISSIONS.splitlines())
def test_trap_15_a_node_is_admitted_only_where_its_time_fits(row: str) -> None:
    zone, asked, needs, begins, _ = row.split(" ", 4)
    new_year = freeze("new year", schedule("Europe/Berlin", "2026-12-31T12:00", "1d", "FREQ=YEARLY"))
    nights = calendar(window("w", schedule(zone, "2026-01-05T22:00", "6h", "FREQ=DAILY")), freezes=(new_year,))
    found = nights.next_opening(Target(), at(asked), timedelta(hours=int(needs[:-1])))
    assert isinstance(found, Opening)
    assert found.start == at(begins)


def test_a_lifted_freeze_does_not_hold() -> None:
    hour = schedule("UTC", "2026-05-01T00:00", "1h")
    days = calendar(
        window("w", hour), freezes=(freeze("f", hour), freeze("g", schedule("UTC", "2026-05-01T00:30", "1h")))
    )
    assert isinstance(days.next_opening(Target(), at("2026-04-01")), NoOpening)
    found = days.next_opening(Target(), at("2026-04-01"), lifted=["f"])
    assert found == Opening(at("2026-05-01T00:00"), at("2026-05-01T00:30"), ("w",))
    assert [(each.name, until) for each, until in days.frozen(Target(), at("2026-05-01T00:45"))] == [
        ("f", at("2026-05-01T01:00")),
        ("g", at("2026-05-01T01:30")),
    ]


def test_a_window_without_end_is_open_to_the_horizon() -> None:
    days = Calendar(Policy(windows=(Window("w", ALL, always=True),)), {})
    found = days.next_opening(Target(), at("2026-05-01T00:00"), timedelta(days=400))
    assert found == Opening(at("2026-05-01T00:00"), at("2036-05-01T00:00"), ("w",))


def test_leap_days_are_found_across_2100() -> None:
    leap = calendar(window("w", schedule("UTC", "2096-02-29T00:00", "1h", "FREQ=YEARLY")))
    found = leap.next_opening(Target(), at("2096-03-01"))
    assert isinstance(found, Opening)
    assert found.start == at("2104-02-29")


def test_questions_that_cannot_be_asked() -> None:
    days = calendar(window("w", schedule("Mars/Olympus", "2026-05-01T00:00", "1h")))
    with pytest.raises(InputError, match="'Mars/Olympus' is not known"):
        days.next_opening(Target(), at("2026-05-01"))
    with pytest.raises(UsageError, match="without zone"):
        days.next_opening(Target(), datetime(2026, 5, 1))
    with pytest.raises(UsageError, match="negative"):
        days.next_opening(Target(), at("2026-05-01"), timedelta(-1))
    with pytest.raises(UsageError, match="the year 9999"):
        days.next_opening(Target(), at("9999-05-01"))
    for hours, moment in ((-14, datetime.max), (14, datetime.min)):
        with pytest.raises(UsageError, match=f"the year {moment.year}"):
            days.next_opening(Target(), moment.replace(tzinfo=timezone(timedelta(hours=hours))))


def test_thousands_of_questions_a_second() -> None:
    nights = [
        window(f"w{number}", schedule("Europe/Berlin", "2026-01-05T22:00", "6h", "FREQ=WEEKLY;BYDAY=MO,TU"))
        for number in range(20)
    ]
    days = calendar(*nights, freezes=(freeze("f", schedule("UTC", "2026-12-19T00:00", "16d", "FREQ=YEARLY")),))
    days.next_opening(Target(), at("2026-05-01"))
    begun = time.perf_counter()
    for number in range(2000):
        days.next_opening(Target(), at("2026-05-01") + timedelta(minutes=number), timedelta(hours=5))
    assert 2000 / (time.perf_counter() - begun) > 1000


# --- The slow reference: which minutes are open, found by asking every minute for its time on the wall.

TRANSITIONS = (
    "2026-03-27",
    "2026-10-23",
    "2026-03-06",
    "2026-10-30",
    "2026-04-03",
    "2026-10-02",
    "2026-09-04",
    "2026-12-29",
)
MINUTE = timedelta(minutes=1)
STEP = 15
Walls = dict[datetime, datetime]


@st.composite
def cases(draw: st.DrawFn) -> tuple[datetime, list[Window], list[Freeze]]:
    """Windows and freezes that begin around a transition, on whole quarters of an hour."""
    begin = at(draw(st.sampled_from(TRANSITIONS)))

    def some() -> Schedule:
        minutes = draw(st.integers(-48 * 4, 96 * 2)) * STEP
        start = Moment(
            (begin + timedelta(days=2, minutes=minutes)).replace(tzinfo=None), draw(st.sampled_from([*NAMES, "UTC"]))
        )
        length = Span(draw(st.integers(0, 2)), draw(st.integers(1, 60)) * STEP * 60)
        rules = (None, Rule("DAILY"), Rule("DAILY", interval=2), Rule("DAILY", count=3), Rule("WEEKLY"))
        return Schedule(start, span=length, rule=draw(st.sampled_from(rules)))

    windows = [window(f"w{number}", some()) for number in range(draw(st.integers(1, 3)))]
    freezes = [freeze(f"f{number}", some()) for number in range(draw(st.integers(0, 2)))]
    return begin, windows, freezes


def walls(zone: tzinfo, first: datetime, last: datetime) -> Walls:
    """Wall time -> the first moment at which the clock shows it; a time in a gap by the offset before the gap."""
    shown: dict[datetime, datetime] = {}
    moment, before = first, first.astimezone(zone).replace(tzinfo=None)
    while moment < last:
        wall = moment.astimezone(zone).replace(tzinfo=None)
        # The clock sprang forward: what it left out is counted on from before.
        missing = before + MINUTE * STEP
        while missing < wall:
            shown.setdefault(missing, moment + (missing - before - MINUTE * STEP))
            missing += MINUTE * STEP
        shown.setdefault(wall, moment)
        moment, before = moment + MINUTE * STEP, wall
    return shown


def minutes_of(
    each: Schedule, first: datetime, last: datetime, tables: dict[str, dict[datetime, datetime]]
) -> Iterator[datetime]:
    table = tables[each.start.zone]
    step = {"DAILY": 1, "WEEKLY": 7}[each.rule.frequency] * each.rule.interval if each.rule else 0
    starts = [each.start.local + timedelta(days=step * number) for number in range(40 if step else 1)]
    if each.rule and each.rule.count:
        starts = starts[: each.rule.count]
    for start in starts:
        if start not in table or start + timedelta(days=each.span.days) not in table:
            continue
        moment = table[start]
        end = table[start + timedelta(days=each.span.days)] + timedelta(seconds=each.span.seconds)
        while moment < end:
            if first <= moment < last:
                yield moment
            moment += MINUTE * STEP


@given(cases())
def test_a_walk_minute_by_minute_finds_the_same(case: tuple[datetime, list[Window], list[Freeze]]) -> None:
    begin, windows, freezes = case
    last = begin + timedelta(days=6)
    zones: dict[str, tzinfo] = {**ZONES, "UTC": UTC}
    used = {each.schedules[0].start.zone for each in windows} | {each.schedules[0].start.zone for each in freezes}
    tables = {name: walls(zones[name], begin - timedelta(days=9), last + timedelta(days=9)) for name in used}
    open_: dict[datetime, set[str]] = {}
    for each in windows:
        for moment in minutes_of(each.schedules[0], begin, last, tables):
            open_.setdefault(moment, set()).add(each.name)
    for closed in freezes:
        for moment in minutes_of(closed.schedules[0], begin, last, tables):
            open_.pop(moment, None)
    found = calendar(*windows, freezes=tuple(freezes)).openings(Target(), begin, last)
    mine: set[datetime] = set()
    for opening in found:
        moments = [opening.start + MINUTE * STEP * number for number in range(int(opening.length / (MINUTE * STEP)))]
        assert opening.start + MINUTE * STEP * len(moments) == opening.end
        assert mine.isdisjoint(moments)
        mine.update(moments)
        assert set(opening.names) == set().union(*(open_.get(moment, set()) for moment in moments))
    assert mine == open_.keys()
    assert all(one.end < two.start for one, two in pairwise(found)), "sorted, and none touches"
