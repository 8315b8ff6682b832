"""Reads a calendar (.ics, RFC 5545) as schedules, so that holidays and change freezes come from where people keep them.

icalendar divides the content lines; what they mean is decided by the same code as for YAML, so that one time reads the
same in both. Events count; to-dos, journals and the calendar's own VTIMEZONE definitions do not: a TZID has to be an
IANA name (or one of Outlook's, of which CLDR says what it is). A cancelled event is none, an event with RECURRENCE-ID
replaces that occurrence, and what would be misread is refused: RANGE=THISANDFUTURE, EXRULE, several RRULEs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import lru_cache
from typing import NoReturn, cast

import msgspec

from oakum.errors import InputError, LimitError, OakumError, Place
from oakum.policy.amounts import Span, span
from oakum.policy.recurrence import Rule
from oakum.policy.rule_text import parse
from oakum.policy.schedules import Moment, Schedule
from oakum.policy.times import moment, schedule, zone_name

_LONGEST_LINE = 16_384
_MOST_EVENTS = 2000
_MOST_DATES = 1000
_ONCE = ("DTSTART", "DTEND", "DURATION", "RRULE", "RECURRENCE-ID", "STATUS", "UID")
_MANY = ("RDATE", "EXDATE", "EXRULE")


class _Property(msgspec.Struct, frozen=True):
    """A content line: its value and parameters, and the physical line on which it begins."""

    value: str
    parameters: dict[str, str]
    line: int


class _Event(msgspec.Struct, frozen=True):
    """A VEVENT: what it says of times, and the line on which it begins."""

    line: int
    properties: dict[str, list[_Property]] = msgspec.field(default_factory=dict)

    def one(self, name: str) -> _Property | None:
        found = self.properties.get(name)
        return found[0] if found else None


def read_calendar(text: str, name: str, zone: str) -> tuple[Schedule, ...]:
    """The schedules of the events of a calendar; ``zone`` is for times that state none ("" where there is none).

    Many entries may name one calendar: it is read once. Raises InputError with the line for what is not understood,
    LimitError for what is too much.
    """
    found = _read_once(text, name, zone)
    if isinstance(found, OakumError):
        raise type(found)(found.what, place=found.place, remedy=found.remedy)
    return found


@lru_cache(maxsize=64)
def _read_once(text: str, name: str, zone: str) -> tuple[Schedule, ...] | OakumError:
    try:
        return _read(text, name, zone)
    except OakumError as error:
        return error


def _read(text: str, name: str, zone: str) -> tuple[Schedule, ...]:
    events = list(_events(text, name))
    replaced: dict[str, list[Moment | date]] = {}
    for event in events:
        uid, instead = event.one("UID"), event.one("RECURRENCE-ID")
        if instead is not None:
            with_line = _At(name, instead.line)
            if "RANGE" in instead.parameters:
                raise with_line.error("RECURRENCE-ID with RANGE", "divide the event in the calendar program")
            replaced.setdefault(uid.value if uid else "", []).extend(with_line.moments(instead, zone))
    found: list[Schedule] = []
    for event in events:
        status = event.one("STATUS")
        if status is None or status.value.upper() != "CANCELLED":
            uid = event.one("UID")
            own = replaced.get(uid.value if uid else "", []) if event.one("RECURRENCE-ID") is None else []
            found += _schedules(event, name, zone, own)
    if not found:
        raise InputError("the calendar has no events", place=Place(name), remedy="export it with its events")
    return tuple(sorted(set(found), key=msgspec.json.encode))


def _schedules(event: _Event, name: str, zone: str, replaced: list[Moment | date]) -> Iterator[Schedule]:
    start, end, length, rule = (event.one(key) for key in ("DTSTART", "DTEND", "DURATION", "RRULE"))
    if start is None:
        raise InputError("an event without DTSTART", place=Place(name, event.line), remedy="export it again")
    for each in event.properties.get("EXRULE", []):
        raise _At(name, each.line).error("EXRULE, which RFC 5545 took away", "write EXDATE")
    extra: list[Moment | date] = []
    for each in event.properties.get("RDATE", []):
        if each.parameters.get("VALUE", "").upper() == "PERIOD":
            yield from _periods(each, _At(name, each.line), zone)
        else:
            extra += _At(name, each.line).moments(each, zone)
    without = [*replaced]
    for each in event.properties.get("EXDATE", []):
        without += _At(name, each.line).moments(each, zone)
    at = _At(name, start.line)
    try:
        first = at.moments(start, zone)[0]
        yield schedule(
            first,
            # Days begin where the calendar is read.
            zone=zone if not isinstance(first, Moment) else first.zone,
            end=_At(name, end.line).moments(end, zone)[0] if end else None,
            span=_At(name, length.line).span(length.value) if length else None,
            rule=_At(name, rule.line).rule(rule.value) if rule else None,
            extra=extra,
            without=without,
        )
    except OakumError as error:
        raise at.at(error) from None


def _periods(given: _Property, at: _At, zone: str) -> Iterator[Schedule]:
    """RDATE of type PERIOD: each is an occurrence of its own length (section 3.3.9)."""
    for text in given.value.split(",")[:_MOST_DATES]:
        begin, slash, end = text.partition("/")
        if not slash:
            raise at.error(f"{text[:40]!r} is no period", "write START/END or START/DURATION")
        start = at.moments(msgspec.structs.replace(given, value=begin), zone)[0]
        try:
            if end[:1] in "Pp+":
                yield schedule(start, zone=zone, span=at.span(end))
            else:
                yield schedule(start, zone=zone, end=at.moments(msgspec.structs.replace(given, value=end), zone)[0])
        except OakumError as error:
            raise at.at(error) from None


class _At:
    """Reads values of one line, and says so in their errors."""

    def __init__(self, name: str, line: int) -> None:
        self._place = Place(name, line)

    def error(self, what: str, remedy: str) -> InputError:
        return InputError(what, place=self._place, remedy=remedy)

    def at(self, error: OakumError) -> OakumError:
        """The same error, here, unless it knows a place of its own."""
        error.place = error.place or self._place
        return error

    def span(self, text: str) -> Span:
        return span(text) or self._fail(f"{text[:40]!r} is no duration", "write PT6H or P1D")

    def rule(self, text: str) -> Rule:
        try:
            return parse(text)
        except OakumError as error:
            raise self.at(error) from None

    def moments(self, given: _Property, zone: str) -> list[Moment | date]:
        """The times of a line, which may be several with commas between them."""
        texts = given.value.split(",")
        if len(texts) > _MOST_DATES:
            raise LimitError(f"{len(texts)} times in one line", place=self._place, remedy=f"at most {_MOST_DATES}")
        try:
            named = given.parameters.get("TZID")
            return [moment(each, zone if named is None else _iana(named)) for each in texts]
        except OakumError as error:
            raise self.at(error) from None

    def _fail(self, what: str, remedy: str) -> NoReturn:
        raise self.error(what, remedy)


def _iana(name: str) -> str:
    """An IANA name from a TZID: Outlook writes names of its own."""
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    known = WINDOWS_TO_OLSON.get(name)
    return str(known) if known else zone_name(name)


def _events(text: str, name: str) -> Iterator[_Event]:
    """The events, each with the lines that matter here; what is inside of an event (an alarm) is not the event."""
    open_: list[str] = []
    event: _Event | None = None
    count = 0
    for line, key, parameters, value in _lines(text, name):
        at = _At(name, line)
        if key == "BEGIN":
            if len(open_) > 8:
                raise at.error("components nested too deeply", "export the calendar again")
            if (value.upper() == "VCALENDAR") != (not open_):
                raise at.error("this is no calendar", "a calendar begins with BEGIN:VCALENDAR")
            open_.append(value.upper())
            if value.upper() == "VEVENT":
                count += 1
                if count > _MOST_EVENTS:
                    raise LimitError(f"more than {_MOST_EVENTS} events", place=Place(name, line), remedy="divide it")
                event = _Event(line)
        elif key == "END":
            if not open_ or open_.pop() != value.upper():
                raise at.error(f"END:{value[:40]} ends nothing that is open", "export the calendar again")
            if value.upper() == "VEVENT" and event is not None:
                yield event
                event = None
        elif not open_:
            raise at.error("this is no calendar", "a calendar begins with BEGIN:VCALENDAR")
        elif event is not None and open_[-1] == "VEVENT" and key in (*_ONCE, *_MANY):
            if key in _ONCE and key in event.properties:
                raise at.error(f"{key} stands twice in one event", "export it again, or divide the event")
            event.properties.setdefault(key, []).append(_Property(value, parameters, line))
    if open_:
        raise InputError(f"{open_[-1]} has no end", place=Place(name), remedy="the file is cut off: export it again")


def _lines(text: str, name: str) -> Iterator[tuple[int, str, dict[str, str], str]]:
    """Line number, name, parameters and value of each content line, folded lines put together (section 3.1)."""
    from icalendar.parser import Contentline

    divide = cast("Callable[[str], Contentline]", Contentline.from_ical)
    for number, line in _unfolded(text):
        if len(line) > _LONGEST_LINE:
            raise LimitError(f"a line of {len(line)} characters", place=Place(name, number), remedy="export it again")
        # Only what can be a time or a frame is divided: a broken description is nobody's problem.
        key = line.replace(":", ";", 1).partition(";")[0].upper()
        if key not in (*_ONCE, *_MANY, "BEGIN", "END"):
            if ":" not in line:
                raise InputError("a line without a colon", place=Place(name, number), remedy="export it again")
            continue
        try:
            _, parameters, value = divide(line).parts()
        except ValueError as error:
            what = str(error).rpartition(": ")[2][:100]
            raise InputError(f"not a line of a calendar: {what}", place=Place(name, number)) from None
        yield number, key, {str(each).upper(): str(parameters[each]) for each in parameters}, str(value).strip()


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    held: list[str] = []
    begun = 0
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if line[:1] in (" ", "\t") and held:
            held.append(line[1:])
            continue
        if held:
            yield begun, "".join(held)
        held, begun = ([line], number) if line.strip() else ([], number)
    if held:
        yield begun, "".join(held)
