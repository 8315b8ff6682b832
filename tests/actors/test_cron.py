"""Schedules: a table of what robfig/cron takes and refuses, and a walk through every minute beside the search.

Sources: parser.go, spec.go, constantdelay.go and their tests, of github.com/robfig/cron v3.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.actors.cron import Cron, Every, next_after, parse
from oakum.errors import InputError, OakumError


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# schedule, moment, next time
HITS = [
    # strictly after, at whole minutes
    ("* * * * *", "2012-07-09 14:45", "2012-07-09 14:46"),
    ("* * * * *", "2012-07-09 14:45:59.999999", "2012-07-09 14:46"),
    ("* * * * *", "2012-07-09 14:44:59.5", "2012-07-09 14:45"),
    ("0/15 * * * *", "2012-07-09 14:45", "2012-07-09 15:00"),
    ("5/15 * * * *", "2012-07-09 14:51", "2012-07-09 15:05"),
    ("20-35/15 * * * *", "2012-07-09 14:45", "2012-07-09 15:20"),
    # over hours, days, months, years
    ("20-35/15 * * * *", "2012-07-09 23:46", "2012-07-10 00:20"),
    ("15/35 20-23/2 * * *", "2012-07-09 23:46", "2012-07-10 20:15"),
    ("15,50 1/2 * * *", "2012-07-09 23:46", "2012-07-09 23:50"),
    ("15,50 10-12 * * *", "2012-07-09 23:46", "2012-07-10 10:15"),
    ("0 0 9 apr-oct ?", "2012-07-09 23:35", "2012-08-09 00:00"),
    ("0 0 * Feb Mon", "2012-07-09 23:35", "2013-02-04 00:00"),
    ("0 0 * FEB MON/2", "2012-07-09 23:35", "2013-02-01 00:00"),
    ("0 0 29 2 *", "2012-07-09 23:35", "2016-02-29 00:00"),
    # either kind of day where both are limited, both where one is a star
    ("0 0 13 * fri", "2026-02-01 00:00", "2026-02-06 00:00"),
    ("0 0 13 * *", "2026-02-01 00:00", "2026-02-13 00:00"),
    ("0 0 */2 * sun", "2026-03-01 00:00", "2026-03-03 00:00"),
    ("0 0 */1 * sun", "2026-03-01 00:00", "2026-03-08 00:00"),
    ("0 0 1-31 * sun", "2026-03-01 00:00", "2026-03-02 00:00"),
    ("0 0 *,5 * sun", "2026-03-01 00:00", "2026-03-08 00:00"),
    ("0 0 ? * sun", "2026-03-01 00:00", "2026-03-08 00:00"),
    ("0 0 31 * ?", "2026-03-31 00:00", "2026-05-31 00:00"),
    # names of schedules
    ("@hourly", "2026-03-01 00:00", "2026-03-01 01:00"),
    ("@daily", "2026-03-01 00:00", "2026-03-02 00:00"),
    ("@midnight", "2026-03-01 00:01", "2026-03-02 00:00"),
    ("@weekly", "2026-03-02 00:00", "2026-03-08 00:00"),
    ("@monthly", "2026-03-02 00:00", "2026-04-01 00:00"),
    ("@yearly", "2026-03-02 00:00", "2027-01-01 00:00"),
    ("@annually", "2026-01-01 00:00", "2027-01-01 00:00"),
    # odd but taken
    (" 0  0 * * * ", "2026-03-01 00:00", "2026-03-02 00:00"),
    (",0,, 0 * * *", "2026-03-01 00:00", "2026-03-02 00:00"),
    ("*-5 * * * *", "2026-03-01 00:30", "2026-03-01 00:31"),
    ("*/100 +3 * * *", "2026-03-01 00:30", "2026-03-01 03:00"),
    # never within five years
    ("0 0 31 2 *", "2026-03-01 00:00", None),
    ("0 0 30 feb ?", "2026-03-01 00:00", None),
    (", * * * *", "2026-03-01 00:00", None),
    ("* * * * ,", "2026-03-01 00:00", None),
    ("0 0 29 2 *", "2096-03-01 00:00", None),
    ("0 0 29 2 *", "2099-03-01 00:00", "2104-02-29 00:00"),
    # a fixed distance, in whole seconds
    ("@every 1h30m", "2026-03-01 00:00:10.5", "2026-03-01 01:30:10"),
    ("@every 1.5h", "2026-03-01 00:00", "2026-03-01 01:30"),
    ("@every 10ms", "2026-03-01 00:00", "2026-03-01 00:00:01"),
    ("@every -1h", "2026-03-01 00:00", "2026-03-01 00:00:01"),
    ("@every 1m0.7s", "2026-03-01 00:00", "2026-03-01 00:01"),
]
REFUSED = [
    "", " ", "*", "* * * *", "* * * * * *", "@", "@wrongly", "@Daily", "@daily x", "@every", "@every x", "@every  1h",
    "@every 1", "@every .", "@every 1h!", "@every 99999999999h", "@every ", "0 0 * * tue-mon", "0 0 * * 7",
    "60 * * * *",
    "-1 * * * *", "0 24 * * *", "0 0 0 * *", "0 0 32 * *", "0 0 1 0 *", "0 0 1 13 *", "0 0 1 janu *", "1-2-3 * * * *",
    "*/2/3 * * * *", "*/0 * * * *", "*/-1 * * * *", "1- * * * *", "/5 * * * *", "a * * * *", "jan * * * *",
    "1_0 * * * *",
    "5-60/5 * * * *", "\u0661 * * * *", "9999999999999999999999 * * * *", "TZ=UTC 0 0 * * *", "TZ=UTC @daily",
    "CRON_TZ=Europe/Rome 0 0 * * *",
]  # fmt: skip


@pytest.mark.parametrize(("schedule", "moment", "hit"), HITS)
def test_the_next_time_is_that_of_robfig_cron(schedule: str, moment: str, hit: str | None) -> None:
    assert next_after(parse(schedule), at(moment)) == (None if hit is None else at(hit))


@pytest.mark.parametrize("schedule", REFUSED)
def test_what_robfig_cron_refuses_is_an_error_with_its_field(schedule: str) -> None:
    with pytest.raises(InputError) as error:
        parse(schedule, "budgets[0].schedule")
    assert str(error.value.place) == "budgets[0].schedule"


def test_times_with_another_zone_are_read_in_utc() -> None:
    moment = datetime.fromisoformat("2026-03-01T01:30:00+02:00")
    assert next_after(parse("@daily"), moment) == at("2026-03-01 00:00")


def test_at_the_end_of_the_calendar_the_search_stops_with_an_error() -> None:
    for schedule in ("0 0 1 1 *", "@every 1h"):
        with pytest.raises(InputError, match="1 to 9999"):
            next_after(parse(schedule), at("9999-12-31 23:59:58"))


@st.composite
def fields(draw: st.DrawFn, low: int, high: int) -> tuple[str, set[int], bool]:
    """A field as text, the values it stands for, whether it has a plain star; nothing is parsed for that."""
    texts, values, star = [], set(), False
    for _ in range(draw(st.integers(1, 2))):
        kind = draw(st.sampled_from(["star", "step", "one", "range", "open"]))
        first, second = sorted((draw(st.integers(low, high)), draw(st.integers(low, high))))
        step = draw(st.integers(1, high + 5))
        if kind == "star":
            texts.append(draw(st.sampled_from("*?")))
            values |= set(range(low, high + 1))
            star = True
        elif kind == "step":
            texts.append(f"*/{step}")
            values |= {each for each in range(low, high + 1) if (each - low) % step == 0}
            star = star or step == 1
        elif kind == "one":
            texts.append(str(first))
            values.add(first)
        elif kind == "range":
            texts.append(f"{first}-{second}/{step}")
            values |= {each for each in range(first, second + 1) if (each - first) % step == 0}
        else:
            texts.append(f"{first}/{step}")
            values |= {each for each in range(first, high + 1) if (each - first) % step == 0}
    return ",".join(texts), values, star


MOMENTS = st.datetimes(datetime(1999, 1, 1), datetime(2105, 1, 1), timezones=st.just(UTC))


@given(fields(0, 59), fields(0, 23), fields(1, 31), fields(1, 12), fields(0, 6), MOMENTS)
def test_the_search_finds_what_a_walk_through_every_minute_finds(
    minute: tuple[str, set[int], bool], hour: tuple[str, set[int], bool], day: tuple[str, set[int], bool],
    month: tuple[str, set[int], bool], weekday: tuple[str, set[int], bool], moment: datetime,
) -> None:  # fmt: skip
    text = " ".join(field[0] for field in (minute, hour, day, month, weekday))
    got = next_after(parse(text), moment)

    def right_day(when: datetime) -> bool:
        in_month, in_week = when.day in day[1], when.isoweekday() % 7 in weekday[1]
        days = in_month and in_week if day[2] or weekday[2] else in_month or in_week
        return days and when.month in month[1]

    when = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
    end = (moment.replace(microsecond=0) + timedelta(seconds=1)).year + 5
    while when.year <= end:
        if not right_day(when):
            when = when.replace(hour=0, minute=0) + timedelta(days=1)
        elif when.hour not in hour[1]:
            when = when.replace(minute=0) + timedelta(hours=1)
        elif when.minute not in minute[1]:
            when += timedelta(minutes=1)
        else:
            assert got == when
            return
    assert got is None


PIECES = st.lists(st.sampled_from([*"0159*?/-,@ \n", "mon", "feb", "@every ", "1h", "TZ=UTC "]), max_size=14)


@given(st.one_of(st.text(), PIECES.map("".join)), st.datetimes(timezones=st.timezones()))
def test_any_text_is_a_schedule_or_an_error(text: str, moment: datetime) -> None:
    try:
        schedule = parse(text)
        assert isinstance(schedule, Cron | Every)
        found = next_after(schedule, moment)
    except OakumError:
        return
    assert found is None or found > moment
