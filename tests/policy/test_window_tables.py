"""Windows, freezes and admission across summer time in four zones, leap day and the end of the year, to the second.

Every moment here was worked out by hand from the rules of the tz database, none by the code. The rules for 2026:

* Europe/Berlin: UTC+1, and UTC+2 from 29 March 01:00Z to 25 October 01:00Z.
* America/New_York: UTC-5, and UTC-4 from 8 March 07:00Z to 1 November 06:00Z.
* Australia/Lord_Howe: UTC+11 until 4 April 15:00Z, UTC+10:30 until 3 October 15:30Z, then UTC+11: half an hour.
* America/Santiago: UTC-3 until 5 April 03:00Z, UTC-4 until 6 September 04:00Z, then UTC-3: at midnight.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from oakum.local.zones import time_zones
from oakum.policy.amounts import span
from oakum.policy.entries import Freeze, Window
from oakum.policy.model import Policy
from oakum.policy.openings import Calendar, Opening
from oakum.policy.rule_text import parse
from oakum.policy.schedules import Moment, Schedule
from oakum.policy.scopes import Scope, Target

ZONES = time_zones(("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago"))
ALL, ANY = Scope(), Target()
SECOND = timedelta(seconds=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def schedule(zone: str, start: str, length: str, rule: str = "") -> Schedule:
    found = span(length)
    assert found is not None
    return Schedule(Moment(datetime.fromisoformat(start), zone), span=found, rule=parse(rule) if rule else None)


def calendar(windows: tuple[Schedule, ...] = (), freezes: tuple[Schedule, ...] = ()) -> Calendar:
    """One window of each schedule (one that is always open where there are none), and one freeze of each."""
    opened = tuple(Window(f"w{number}", ALL, (each,)) for number, each in enumerate(windows))
    closed = tuple(Freeze(f"f{number}", ALL, (each,), "because") for number, each in enumerate(freezes))
    return Calendar(Policy(windows=opened or (Window("w", ALL, always=True),), freezes=closed), ZONES)


#: Zone, the first moment of another offset, the offset before and after it, in minutes east of UTC.
TRANSITIONS = """\
Europe/Berlin 2026-03-29T01:00 60 120
Europe/Berlin 2026-10-25T01:00 120 60
America/New_York 2026-03-08T07:00 -300 -240
America/New_York 2026-11-01T06:00 -240 -300
Australia/Lord_Howe 2026-04-04T15:00 660 630
Australia/Lord_Howe 2026-10-03T15:30 630 660
America/Santiago 2026-04-05T03:00 -180 -240
America/Santiago 2026-09-06T04:00 -240 -180
"""


@pytest.mark.parametrize("row", TRANSITIONS.splitlines())
def test_the_rules_of_the_zones_are_those_that_the_tables_were_worked_out_from(row: str) -> None:
    zone, moment, before, after = row.split()
    offsets = [(at(moment) - each).astimezone(ZONES[zone]).utcoffset() for each in (SECOND, timedelta())]
    assert offsets == [timedelta(minutes=int(before)), timedelta(minutes=int(after))]


#: Zone, local start and length of a freeze, its first moment and the first one after it in UTC, and why.
FREEZES = """\
Europe/Berlin 2026-03-29T00:00 1d 2026-03-28T23:00 2026-03-29T22:00 the day of the change into summer has 23 hours
Europe/Berlin 2026-10-25T00:00 1d 2026-10-24T22:00 2026-10-25T23:00 the day of the change out of summer has 25 hours
Europe/Berlin 2026-03-28T20:00 48h 2026-03-28T19:00 2026-03-30T19:00 48 hours stay 48 hours
Europe/Berlin 2026-03-27T12:00 3d 2026-03-27T11:00 2026-03-30T10:00 noon to noon over the change
Europe/Berlin 2026-03-29T02:30 30m 2026-03-29T01:30 2026-03-29T02:00 02:30 does not exist: by the offset before
Europe/Berlin 2026-10-25T02:00 1h 2026-10-25T00:00 2026-10-25T01:00 the hour that occurs twice is frozen the first time
Europe/Berlin 2026-12-19T00:00 16d 2026-12-18T23:00 2027-01-03T23:00 over the end of the year
Europe/Berlin 2028-02-28T12:00 2d 2028-02-28T11:00 2028-03-01T11:00 over a leap day
America/New_York 2026-03-08T00:00 1d 2026-03-08T05:00 2026-03-09T04:00 23 hours
America/New_York 2026-11-01T00:00 1d 2026-11-01T04:00 2026-11-02T05:00 25 hours
America/New_York 2026-03-08T02:00 1h 2026-03-08T07:00 2026-03-08T08:00 the hour that does not exist
America/New_York 2026-11-01T01:00 1h 2026-11-01T05:00 2026-11-01T06:00 the hour that occurs twice
America/New_York 2026-11-26T00:00 4d 2026-11-26T05:00 2026-11-30T05:00 a long week-end in winter
America/New_York 2026-12-31T00:00 2d 2026-12-31T05:00 2027-01-02T05:00 the last day of the year and the first
America/New_York 2028-02-29T00:00 1d 2028-02-29T05:00 2028-03-01T05:00 the leap day
Australia/Lord_Howe 2026-04-05T00:00 1d 2026-04-04T13:00 2026-04-05T13:30 24 and a half hours
Australia/Lord_Howe 2026-10-04T00:00 1d 2026-10-03T13:30 2026-10-04T13:00 23 and a half hours
Australia/Lord_Howe 2026-10-04T02:00 30m 2026-10-03T15:30 2026-10-03T16:00 the half hour that does not exist
Australia/Lord_Howe 2026-04-05T01:30 30m 2026-04-04T14:30 2026-04-04T15:00 the half hour that occurs twice
Australia/Lord_Howe 2026-12-31T18:00 1d 2026-12-31T07:00 2027-01-01T07:00 the end of the year, in UTC and at home
Australia/Lord_Howe 2028-02-28T00:00 7d 2028-02-27T13:00 2028-03-05T13:00 a week with a leap day
America/Santiago 2026-04-04T00:00 1d 2026-04-04T03:00 2026-04-05T04:00 midnight comes twice: the day ends at the second
America/Santiago 2026-09-06T00:00 1d 2026-09-06T04:00 2026-09-07T03:00 midnight does not come: 23 hours
America/Santiago 2026-09-05T12:00 12h 2026-09-05T16:00 2026-09-06T04:00 up to the midnight that does not come
America/Santiago 2026-12-31T22:00 5h 2027-01-01T01:00 2027-01-01T06:00 begins in another year than at home
America/Santiago 2028-02-29T12:00 1d 2028-02-29T15:00 2028-03-01T15:00 the leap day
"""


@pytest.mark.parametrize("row", FREEZES.splitlines())
def test_trap_15_a_freeze_holds_from_its_first_moment_to_its_last(row: str) -> None:
    zone, start, length, first, after, _ = row.split(" ", 5)
    days = calendar(freezes=(schedule(zone, start, length),))
    moments = (at(first) - SECOND, at(first), at(after) - SECOND, at(after))
    assert [bool(days.frozen(ANY, each)) for each in moments] == [False, True, True, False]
    assert days.frozen(ANY, at(first))[0][1] == at(after)
    begin, end = at(first) - timedelta(days=2), at(after) + timedelta(days=2)
    found = [(each.start, each.end) for each in days.openings(ANY, begin, end)]
    assert found == [(begin, at(first)), (at(after), end)]


#: A window every night from 22:00 for six hours. Zone, when is asked, the seconds that are left of the night, and when
#: the next night begins for whoever needs one second more.
ADMISSIONS = """\
Europe/Berlin 2026-03-29T00:59:59 7201 2026-03-29T20:00 a second before the clock goes forward; the night ends at 03:00Z
Europe/Berlin 2026-03-29T01:00:00 7200 2026-03-29T20:00 and at that second
Europe/Berlin 2026-10-25T00:30:00 5400 2026-10-25T21:00 the first 02:30; the night ends at 02:00Z
Europe/Berlin 2026-10-25T01:30:00 1800 2026-10-25T21:00 the second 02:30
Europe/Berlin 2028-02-28T23:30:00 12600 2028-02-29T21:00 half an hour into the leap day; until 03:00Z
Europe/Berlin 2026-12-31T23:00:00 14400 2027-01-01T21:00 midnight of the new year at home; until 03:00Z
Europe/Berlin 2026-12-31T23:59:59 10801 2027-01-01T21:00 a second before the new year in UTC
America/New_York 2026-03-08T06:59:59 7201 2026-03-09T02:00 from 03:00Z to 09:00Z
America/New_York 2026-03-08T07:00:00 7200 2026-03-09T02:00 and at that second
America/New_York 2026-11-01T05:30:00 9000 2026-11-02T03:00 the first 01:30; until 08:00Z
America/New_York 2026-11-01T06:30:00 5400 2026-11-02T03:00 the second 01:30
America/New_York 2028-03-01T05:00:00 14400 2028-03-02T03:00 the midnight that ends the leap day; until 09:00Z
America/New_York 2027-01-01T05:00:00 14400 2027-01-02T03:00 midnight of the new year; until 09:00Z
Australia/Lord_Howe 2026-04-04T14:45:00 8100 2026-04-05T11:30 the first 01:45; from 11:00Z to 17:00Z
Australia/Lord_Howe 2026-04-04T15:15:00 6300 2026-04-05T11:30 the second 01:45
Australia/Lord_Howe 2026-10-03T15:29:59 7201 2026-10-04T11:00 from 11:30Z to 17:30Z
Australia/Lord_Howe 2028-02-29T12:00:00 18000 2028-03-01T11:00 the night after the leap day; until 17:00Z
Australia/Lord_Howe 2026-12-31T13:00:00 14400 2027-01-01T11:00 midnight of the new year; until 17:00Z
America/Santiago 2026-04-05T02:30:00 16200 2026-04-06T02:00 the first 23:30; from 01:00Z to 07:00Z
America/Santiago 2026-04-05T03:30:00 12600 2026-04-06T02:00 the second 23:30
America/Santiago 2026-09-06T03:59:59 14401 2026-09-07T01:00 a second before the midnight left out; until 08:00Z
America/Santiago 2028-03-01T02:00:00 18000 2028-03-02T01:00 the night after the leap day; until 07:00Z
America/Santiago 2027-01-01T03:00:00 14400 2027-01-02T01:00 midnight of the new year; until 07:00Z
"""


@pytest.mark.parametrize("row", ADMISSIONS.splitlines())
def test_trap_15_a_node_is_admitted_to_the_second(row: str) -> None:
    zone, asked, left, begins, _ = row.split(" ", 4)
    nights = calendar((schedule(zone, "2026-01-05T22:00", "6h", "FREQ=DAILY"),))
    fits = nights.next_opening(ANY, at(asked), timedelta(seconds=int(left)))
    assert fits == Opening(at(asked), at(asked) + timedelta(seconds=int(left)), ("w0",))
    later = nights.next_opening(ANY, at(asked), timedelta(seconds=int(left) + 1))
    assert isinstance(later, Opening)
    assert later.start == at(begins)


#: Zone, a day that is frozen from midnight to midnight, what is left of the night (22:00 for six hours) that begins
#: before it, what is left of the next one, which is four hours each time, and the beginning of the night after.
FROZEN_DAYS = """\
Europe/Berlin 2026-03-29 2026-03-28T21:00 2026-03-28T23:00 2026-03-29T22:00 2026-03-30T02:00 2026-03-30T20:00
Europe/Berlin 2026-10-25 2026-10-24T20:00 2026-10-24T22:00 2026-10-25T23:00 2026-10-26T03:00 2026-10-26T21:00
America/New_York 2026-03-08 2026-03-08T03:00 2026-03-08T05:00 2026-03-09T04:00 2026-03-09T08:00 2026-03-10T02:00
America/New_York 2026-11-01 2026-11-01T02:00 2026-11-01T04:00 2026-11-02T05:00 2026-11-02T09:00 2026-11-03T03:00
Australia/Lord_Howe 2026-04-05 2026-04-04T11:00 2026-04-04T13:00 2026-04-05T13:30 2026-04-05T17:30 2026-04-06T11:30
Australia/Lord_Howe 2026-10-04 2026-10-03T11:30 2026-10-03T13:30 2026-10-04T13:00 2026-10-04T17:00 2026-10-05T11:00
America/Santiago 2026-04-05 2026-04-05T01:00 2026-04-05T04:00 2026-04-06T04:00 2026-04-06T08:00 2026-04-07T02:00
America/Santiago 2026-09-06 2026-09-06T02:00 2026-09-06T04:00 2026-09-07T03:00 2026-09-07T07:00 2026-09-08T01:00
Europe/Berlin 2028-02-29 2028-02-28T21:00 2028-02-28T23:00 2028-02-29T23:00 2028-03-01T03:00 2028-03-01T21:00
America/Santiago 2027-01-01 2027-01-01T01:00 2027-01-01T03:00 2027-01-02T03:00 2027-01-02T07:00 2027-01-03T01:00
"""


@pytest.mark.parametrize("row", FROZEN_DAYS.splitlines())
def test_trap_15_a_frozen_day_takes_its_part_of_both_nights(row: str) -> None:
    zone, day, *moments = row.split()
    begins, ends, again, until, after = map(at, moments)
    nights = calendar(
        (schedule(zone, "2026-01-05T22:00", "6h", "FREQ=DAILY"),), (schedule(zone, f"{day}T00:00", "1d"),)
    )
    found = [(each.start, each.end) for each in nights.openings(ANY, begins, after)]
    assert found == [(begins, ends), (again, until)]
    four = timedelta(hours=4)
    asked = {needs: nights.next_opening(ANY, begins, needs) for needs in (four, four + SECOND)}
    starts = [each.start for each in asked.values() if isinstance(each, Opening)]
    assert starts == [again, after]


#: Zone, local start and rule of a window of an hour; from when is asked; when it is open next; why.
RULES = """\
Europe/Berlin 2026-01-31T23:30 MONTHLY;BYMONTHDAY=-1 2027-02-01 2027-02-28T22:30 the last day of February
Europe/Berlin 2026-01-31T23:30 MONTHLY;BYMONTHDAY=-1 2028-02-01 2028-02-29T22:30 in a leap year
Europe/Berlin 2026-01-31T23:30 MONTHLY;BYMONTHDAY=-1 2026-12-01 2026-12-31T22:30 into the new year at home
America/New_York 2026-01-31T23:30 MONTHLY;BYMONTHDAY=-1 2026-12-02 2027-01-01T04:30 in the new year of UTC
America/New_York 2026-01-31T02:00 MONTHLY 2026-02-01 2026-03-31T06:00 months without a 31st are left out
America/Santiago 2024-02-29T10:00 YEARLY 2026-01-01 2028-02-29T13:00 years without a leap day are left out
Europe/Berlin 2026-03-29T01:30 YEARLY;BYMONTH=3;BYDAY=-1SU 2027-01-01 2027-03-28T00:30 over the change
Europe/Berlin 2026-10-25T01:30 YEARLY;BYMONTH=10;BYDAY=-1SU 2027-01-01 2027-10-30T23:30 and the other
America/New_York 2026-03-08T01:30 YEARLY;BYMONTH=3;BYDAY=2SU 2027-01-01 2027-03-14T06:30 over the change
Australia/Lord_Howe 2026-04-05T01:45 YEARLY;BYMONTH=4;BYDAY=1SU 2027-01-01 2027-04-03T14:45 the first 01:45
"""


@pytest.mark.parametrize("row", RULES.splitlines())
def test_trap_15_rules_meet_leap_days_year_ends_and_summer_time(row: str) -> None:
    zone, start, rule, asked, first, _ = row.split(" ", 5)
    found = calendar((schedule(zone, start, "1h", f"FREQ={rule}"),)).next_opening(ANY, at(asked))
    assert found == Opening(at(first), at(first) + timedelta(hours=1), ("w0",))


def test_a_freeze_of_every_year_end_holds_in_each_year_on_both_sides() -> None:
    days = calendar(freezes=(schedule("Europe/Berlin", "2025-12-20T00:00", "15d", "FREQ=YEARLY"),))
    for year in (2026, 2027, 2028):
        moments = (
            f"{year}-12-19T22:59:59",
            f"{year}-12-19T23:00",
            f"{year + 1}-01-03T22:59:59",
            f"{year + 1}-01-03T23:00",
        )
        assert [bool(days.frozen(ANY, at(each))) for each in moments] == [False, True, True, False]


def test_openings_of_several_calendars_are_asked_each_by_itself() -> None:
    """A step that obeys two pairs of windows and freezes has to fit into both, which stand in two zones."""
    berlin, york = (
        schedule(zone, "2026-01-05T22:00", "8h", "FREQ=DAILY") for zone in ("Europe/Berlin", "America/New_York")
    )
    days = calendar((berlin, york))
    # The night of 28 March: Berlin in winter, 21:00Z to 05:00Z, New York in summer, from 02:00Z: three hours together.
    asked = at("2026-03-29T02:00")
    for needs, both in ((timedelta(hours=3), True), (timedelta(hours=3) + SECOND, False)):
        ends = [days.next_of({name}, (), asked, needs) for name in ("w0", "w1")]
        assert [isinstance(each, Opening) and each.start == asked for each in ends] == [both, True]
