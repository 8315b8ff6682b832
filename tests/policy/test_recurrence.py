"""Recurrence rules: the examples of RFC 5545 section 3.8.5.3, another implementation, and what is refused."""

from __future__ import annotations

import datetime as datetime_module
import time
from datetime import date, datetime, timedelta
from unittest.mock import patch

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from oakum.errors import InputError, LimitError
from oakum.policy.recurrence import occurrences
from oakum.policy.rule_text import parse


def first(rule: str, start: datetime, count: int) -> list[date]:
    found = occurrences(parse(rule), start, start, start + timedelta(days=366 * 40))
    return [each.date() for each, _ in zip(found, range(count), strict=False)]


def days(*texts: str) -> list[date]:
    return [date.fromisoformat(each) for each in texts]


NINE = datetime(1997, 9, 2, 9)

#: Rule, start, the first dates: all from the RFC.
EXAMPLES = {
    "daily for 10 occurrences": ("FREQ=DAILY;COUNT=3", NINE, days("1997-09-02", "1997-09-03", "1997-09-04")),
    "every other day": ("FREQ=DAILY;INTERVAL=2", NINE, days("1997-09-02", "1997-09-04", "1997-09-06", "1997-09-08")),
    "every day in January": (
        "FREQ=YEARLY;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA", datetime(1998, 1, 1, 9),
        [date(1998, 1, day) for day in range(1, 32)] + days("1999-01-01"),
    ),
    "every other week": ("FREQ=WEEKLY;INTERVAL=2;WKST=SU", NINE, days("1997-09-02", "1997-09-16", "1997-09-30")),
    "every other week on Monday, Wednesday and Friday": (
        "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=MO,WE,FR", datetime(1997, 9, 1, 9),
        days("1997-09-01", "1997-09-03", "1997-09-05", "1997-09-15", "1997-09-17", "1997-09-19", "1997-09-29"),
    ),
    "the week start matters, Monday": (
        "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", datetime(1997, 8, 5, 9),
        days("1997-08-05", "1997-08-10", "1997-08-19", "1997-08-24"),
    ),
    "the week start matters, Sunday": (
        "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", datetime(1997, 8, 5, 9),
        days("1997-08-05", "1997-08-17", "1997-08-19", "1997-08-31"),
    ),
    "first Friday": ("FREQ=MONTHLY;BYDAY=1FR", datetime(1997, 9, 5, 9), days("1997-09-05", "1997-10-03", "1997-11-07")),
    "first and last Sunday of every other month": (
        "FREQ=MONTHLY;INTERVAL=2;BYDAY=1SU,-1SU", datetime(1997, 9, 7, 9),
        days("1997-09-07", "1997-09-28", "1997-11-02", "1997-11-30", "1998-01-04", "1998-01-25", "1998-03-01"),
    ),
    "second-to-last Monday": (
        "FREQ=MONTHLY;BYDAY=-2MO", datetime(1997, 9, 22, 9), days("1997-09-22", "1997-10-20", "1997-11-17")
    ),
    "third-to-last day of the month": (
        "FREQ=MONTHLY;BYMONTHDAY=-3", datetime(1997, 9, 28, 9),
        days("1997-09-28", "1997-10-29", "1997-11-28", "1997-12-29", "1998-01-29", "1998-02-26"),
    ),
    "first and last day of the month": (
        "FREQ=MONTHLY;BYMONTHDAY=1,-1", datetime(1997, 9, 30, 9),
        days("1997-09-30", "1997-10-01", "1997-10-31", "1997-11-01", "1997-11-30"),
    ),
    "tenth to fifteenth, every 18 months": (
        "FREQ=MONTHLY;INTERVAL=18;BYMONTHDAY=10,11,12,13,14,15", datetime(1997, 9, 10, 9),
        [date(1997, 9, day) for day in range(10, 16)] + days("1999-03-10", "1999-03-11"),
    ),
    "June and July": ("FREQ=YEARLY;BYMONTH=6,7", datetime(1997, 6, 10, 9), days("1997-06-10", "1997-07-10")),
    "every third year on the 1st, 100th and 200th day": (
        "FREQ=YEARLY;INTERVAL=3;BYYEARDAY=1,100,200", datetime(1997, 1, 1, 9),
        days("1997-01-01", "1997-04-10", "1997-07-19", "2000-01-01", "2000-04-09", "2000-07-18", "2003-01-01"),
    ),
    "20th Monday of the year": (
        "FREQ=YEARLY;BYDAY=20MO", datetime(1997, 5, 19, 9), days("1997-05-19", "1998-05-18", "1999-05-17")
    ),
    "Monday of week 20": (
        "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", datetime(1997, 5, 12, 9), days("1997-05-12", "1998-05-11", "1999-05-17")
    ),
    "every Thursday in March": (
        "FREQ=YEARLY;BYMONTH=3;BYDAY=TH", datetime(1997, 3, 13, 9),
        days("1997-03-13", "1997-03-20", "1997-03-27", "1998-03-05"),
    ),
    "Friday the 13th": (
        "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", datetime(1998, 2, 13, 9),
        days("1998-02-13", "1998-03-13", "1998-11-13", "1999-08-13", "2000-10-13"),
    ),
    "first Saturday after the first Sunday": (
        "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13", datetime(1997, 9, 13, 9),
        days("1997-09-13", "1997-10-11", "1997-11-08", "1997-12-13", "1998-01-10"),
    ),
    "presidential election day": (
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8", datetime(1996, 11, 5, 9),
        days("1996-11-05", "2000-11-07", "2004-11-02"),
    ),
    "third of Tuesday, Wednesday or Thursday": (
        "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", datetime(1997, 9, 4, 9),
        days("1997-09-04", "1997-10-07", "1997-11-06"),
    ),
    "second-to-last weekday of the month": (
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", datetime(1997, 9, 29, 9),
        days("1997-09-29", "1997-10-30", "1997-11-27", "1997-12-30", "1998-01-29"),
    ),
    "an invalid date is ignored": (
        "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", datetime(2007, 1, 15, 9),
        days("2007-01-15", "2007-01-30", "2007-02-15", "2007-03-15", "2007-03-30"),
    ),
    "leap day": ("FREQ=YEARLY", datetime(2024, 2, 29, 9), days("2024-02-29", "2028-02-29", "2032-02-29")),
    "no leap day in 2100": ("FREQ=YEARLY", datetime(2096, 2, 29, 9), days("2096-02-29", "2104-02-29")),
    "the 31st": ("FREQ=MONTHLY", datetime(2026, 1, 31, 9), days("2026-01-31", "2026-03-31", "2026-05-31")),
    "the last day of the year": ("FREQ=YEARLY;BYYEARDAY=-1", datetime(2023, 12, 31), days("2023-12-31", "2024-12-31")),
    # Section 3.3.10: what the rule does not say comes from DTSTART, here the day of the week.
    "week 20 alone": ("FREQ=YEARLY;BYWEEKNO=20", datetime(1997, 5, 12, 9), days("1997-05-12", "1998-05-11")),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "start", "expected"), EXAMPLES.values(), ids=EXAMPLES)
def test_the_examples_of_the_rfc(rule: str, start: datetime, expected: list[date]) -> None:
    assert first(rule, start, len(expected)) == expected


def test_several_starts_a_day() -> None:
    start = datetime(1997, 9, 2, 9)
    found = occurrences(parse("FREQ=DAILY;BYHOUR=9,10;BYMINUTE=0,20,40"), start, start, datetime(1997, 9, 3, 9))
    assert [each.strftime("%d %H:%M") for each in found] == [
        "02 09:00", "02 09:20", "02 09:40", "02 10:00", "02 10:20", "02 10:40", "03 09:00",
    ]  # fmt: skip


def numbers(low: int, high: int, *, negative: bool = False) -> st.SearchStrategy[str]:
    each = st.integers(low, high)
    if negative:
        each = st.one_of(each, st.integers(-high, -low))
    return st.lists(each, min_size=1, max_size=3, unique=True).map(lambda found: ",".join(map(str, found)))


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Rules on which RFC and dateutil agree: see the test below for where they don't."""
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = {
        "FREQ": frequency,
        "INTERVAL": str(draw(st.integers(1, 4))),
        "WKST": draw(st.sampled_from(["MO", "SU", "WE"])),
    }
    if draw(st.booleans()):
        parts["BYMONTH"] = draw(numbers(1, 12))
    if frequency != "WEEKLY" and draw(st.booleans()):
        parts["BYMONTHDAY"] = draw(numbers(1, 31, negative=True))
    names = st.lists(st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]), min_size=1, max_size=4, unique=True)
    if frequency == "YEARLY" and draw(st.booleans()):
        # Without BYDAY they differ.
        parts |= {"BYWEEKNO": draw(numbers(1, 53, negative=True)), "BYDAY": ",".join(draw(names))}
    elif frequency == "YEARLY" and draw(st.booleans()):
        parts["BYYEARDAY"] = draw(numbers(1, 366, negative=True))
    elif draw(st.booleans()):
        # dateutil joins "every Monday" and "the first Tuesday" by "and".
        nth = st.just("")
        if frequency in ("MONTHLY", "YEARLY") and draw(st.booleans()):
            nth = st.sampled_from(["1", "2", "-1", "5"])
        parts["BYDAY"] = ",".join(draw(nth) + name for name in draw(names))
    if draw(st.integers(0, 4)) == 0:
        parts["BYHOUR"] = draw(numbers(0, 23))
    if frequency != "WEEKLY" and len(parts) > 3 and draw(st.integers(0, 3)) == 0:
        parts["BYSETPOS"] = draw(numbers(1, 4, negative=True))
    if draw(st.integers(0, 4)) == 0:
        parts["COUNT"] = str(draw(st.integers(1, 40)))
    return ";".join(f"{key}={value}" for key, value in parts.items())


@given(
    rules(),
    st.datetimes(datetime(2000, 1, 1), datetime(2030, 12, 31)).map(lambda each: each.replace(second=0, microsecond=0)),
    st.integers(-100, 1500),
    st.integers(0, 900),
)
def test_another_implementation_agrees(rule: str, start: datetime, after: int, length: int) -> None:
    begin = start + timedelta(days=after)
    end = begin + timedelta(days=length)
    mine = list(occurrences(parse(rule), start, begin, end))
    # dateutil looks for a rule that never happens to the end of all years: let them end soon.
    with patch.object(datetime_module, "MAXYEAR", end.year):
        assert mine == rrulestr(rule, dtstart=start).between(begin, end, inc=True)


def test_where_dateutil_reads_the_rfc_otherwise() -> None:
    """BYDAY is a union; BYSETPOS counts the whole first week, also the part of it before DTSTART."""
    start = datetime(2030, 4, 2, 13, 30)
    found = list(
        occurrences(parse("FREQ=WEEKLY;BYDAY=TH,MO,TU;BYSETPOS=1;WKST=WE"), start, start, start + timedelta(12))
    )
    assert found == [datetime(2030, 4, 4, 13, 30), datetime(2030, 4, 11, 13, 30)]


def test_a_rule_that_never_happens_costs_no_more_than_one_that_does() -> None:
    start = datetime(2026, 1, 1)
    begun = time.perf_counter()
    assert not list(occurrences(parse("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"), start, start, start + timedelta(3653)))
    assert time.perf_counter() - begun < 1


def test_a_question_far_from_the_start_walks_from_where_it_asks() -> None:
    start, ask = datetime(1970, 1, 1), datetime(2190, 1, 1)
    begun = time.perf_counter()
    assert list(occurrences(parse("FREQ=DAILY;INTERVAL=3"), start, ask, ask + timedelta(3))) == [datetime(2190, 1, 2)]
    assert time.perf_counter() - begun < 0.5


BAD = {
    "": "no part",
    "FREQ=HOURLY": "FREQ is HOURLY",
    "BYDAY=MO": "FREQ is missing",
    "FREQ=DAILY;FREQ=DAILY": "stands twice",
    "FREQ=DAILY;BYEASTER=1": "unknown part",
    "FREQ=DAILY;INTERVAL=0": "INTERVAL=0",
    "FREQ=DAILY;INTERVAL=1,2": "one number",
    "FREQ=DAILY;COUNT=2;UNTIL=20270101T000000Z": "COUNT beside UNTIL",
    "FREQ=DAILY;UNTIL=20270101T000000": "no UTC time",
    "FREQ=DAILY;UNTIL=tomorrow": "no UTC time",
    "FREQ=DAILY;BYWEEKNO=3": "BYWEEKNO with FREQ=DAILY",
    "FREQ=MONTHLY;BYYEARDAY=3": "BYYEARDAY with FREQ=MONTHLY",
    "FREQ=WEEKLY;BYMONTHDAY=3": "BYMONTHDAY with FREQ=WEEKLY",
    "FREQ=WEEKLY;BYDAY=2MO": "BYDAY with a number",
    "FREQ=YEARLY;BYWEEKNO=2;BYDAY=2MO": "BYDAY with a number",
    "FREQ=MONTHLY;BYDAY=XX": "BYDAY=XX",
    "FREQ=MONTHLY;BYDAY=54MO": "BYDAY=54MO",
    "FREQ=MONTHLY;BYMONTHDAY=32": "BYMONTHDAY=32",
    "FREQ=MONTHLY;BYMONTHDAY=0": "BYMONTHDAY=0",
    "FREQ=MONTHLY;BYMONTH=-1": "BYMONTH=-1",
    "FREQ=MONTHLY;BYSETPOS=1": "BYSETPOS alone",
    "FREQ=WEEKLY;WKST=XX": "WKST=XX",
    "FREQ=DAILY;BYHOUR=٣": "BYHOUR=٣",
}


@pytest.mark.parametrize(("rule", "what"), BAD.items(), ids=BAD)
def test_a_rule_that_is_refused_says_why(rule: str, what: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(rule)
    assert what in caught.value.what
    assert caught.value.remedy


def test_a_flood_is_refused() -> None:
    every = ",".join(map(str, range(60)))
    with pytest.raises(LimitError, match="60 starts a day"):
        parse(f"FREQ=DAILY;BYMINUTE={every}")
    with pytest.raises(LimitError, match="characters"):
        parse("FREQ=DAILY;" + "BYHOUR=1," * 500)
