"""What each section of a policy says: one function an entry, from its fields to its type.

A field that is not given takes the careful default of the type; what nobody may switch off has no field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeVar, cast

from oakum.errors import OakumError, Place
from oakum.expressions import TypeName, compile
from oakum.policy.calendars import read_calendar
from oakum.policy.entries import (
    FINAL_RUNGS,
    RUNGS,
    Approval,
    Approver,
    Budget,
    Canary,
    Drain,
    Emergency,
    Escalation,
    Freeze,
    Gate,
    Guardrail,
    Metric,
    Protected,
    Rung,
    Soak,
    Stage,
    Step,
    Window,
)
from oakum.policy.fields import Fields
from oakum.policy.recurrence import Rule
from oakum.policy.rule_text import parse
from oakum.policy.schedules import Moment, Schedule
from oakum.policy.ssh_keys import read_key
from oakum.policy.times import moment, schedule, zone_name

#: What a gate's conditions over a measurement may use.
METRIC_TYPES: dict[str, TypeName] = {"value": "double"}
_TIMES = ("dtstart", "dtend", "duration", "rrule", "rdate", "exdate")

#: Texts of the policy folder's calendars, by their path in it.
Calendars = Mapping[str, str]

_Read = TypeVar("_Read")


def window(fields: Fields, calendars: Calendars) -> Window:
    """One of ``windows``."""
    always = fields.flag("always")
    schedules = () if always else _schedules(fields, calendars)
    for key in (*_TIMES, "calendar"):
        if always and fields.has(key):
            fields.fail(key, f"{key} beside always: yes", "keep one of them")
    fields.has("time_zone")
    return Window(fields.text("name"), fields.scope(), schedules, always)


def freeze(fields: Fields, calendars: Calendars) -> Freeze:
    """One of ``freezes``."""
    return Freeze(fields.text("name"), fields.scope(), _schedules(fields, calendars), fields.text("reason"))


def emergency(fields: Fields) -> Emergency:
    """One of ``emergency``."""
    default = Emergency("", fields.scope(), ())
    return Emergency(
        fields.text("name"),
        fields.scope(),
        _some(fields, "roles"),
        tuple(sorted("*" if each == "all" else each for each in fields.texts("lifts"))),
        fields.flag("outside_windows"),
        fields.number("approvals", default.approvals, low=1, high=20),
        fields.seconds("lasts", default.lasts),
    )


def budget(fields: Fields) -> Budget:
    """One of ``budgets``."""
    default = Budget("", fields.scope())
    return Budget(
        fields.text("name"),
        fields.scope(),
        fields.amount("max_unavailable", default.max_unavailable),
        fields.number("at_least", default.at_least),
        "pool" if fields.choice("per", ("cluster", "pool"), default.per) == "pool" else "cluster",
        fields.number("max_domains", default.max_domains, low=1),
        fields.text("domain_label", default.domain_label),
        fields.number("smallest_pool", default.smallest_pool, low=1),
    )


def canary(fields: Fields) -> Canary:
    """One of ``canary``."""
    default = Canary("", fields.scope())
    return Canary(
        fields.text("name"),
        fields.scope(),
        fields.amount("nodes", default.amount),
        fields.seconds("soak", default.soak),
    )


def soak(fields: Fields) -> Soak:
    """One of ``soak``."""
    return Soak(fields.text("name"), fields.scope(), fields.seconds("after_node", 0), fields.seconds("after_wave", 0))


def stage(fields: Fields) -> Stage:
    """One of the ``stages`` of ``order``."""
    return Stage(fields.text("name"), fields.scope(), fields.seconds("soak", 0))


def gate(fields: Fields) -> Gate:
    """One of ``gates``."""
    default = Gate("", fields.scope())
    return Gate(
        fields.text("name"),
        fields.scope(),
        fields.seconds("ready_within", default.ready_within),
        fields.flag("rescan") if fields.has("rescan") else default.rescan,
        tuple(_metric(each) for each in fields.children("metrics")),
        tuple(sorted(fields.texts("quiet_alarms"))),
    )


def _metric(fields: Fields) -> Metric:
    default = Metric("", "", "")
    metric = Metric(
        fields.text("name"),
        fields.text("query"),
        fields.text("success"),
        fields.text("failure", default.failure),
        fields.seconds("interval", default.interval),
        fields.number("count", default.count, low=1),
        fields.number("max_failures", default.max_failures),
        fields.number("max_inconclusive", default.max_inconclusive),
        fields.number("max_errors", default.max_errors),
    )
    for key in ("success", "failure"):
        text = getattr(metric, key)
        try:
            if text:
                compile(text, METRIC_TYPES, name=key)
        except OakumError as error:
            fields.fail(key, f"{error.what} ({error.place})", error.remedy)
    fields.done()
    return metric


def guardrail(fields: Fields) -> Guardrail:
    """One of ``guardrails``."""
    default = Guardrail("", fields.scope())
    return Guardrail(
        fields.text("name"),
        fields.scope(),
        fields.amount("stop_at_failed", default.stop_at_failed),
        fields.number("stop_at_lost", default.stop_at_lost, low=1),
        tuple(sorted(fields.texts("alarms"))),
    )


def approval(fields: Fields) -> Approval:
    """One of ``approvals``."""
    default = Approval("", fields.scope())
    roles = tuple(sorted(fields.texts("roles")))
    return Approval(
        fields.text("name"),
        fields.scope(),
        fields.number("count", default.count, low=1, high=20),
        roles,
        fields.number("forward_only_count", default.forward_only_count, low=1, high=20),
        tuple(sorted(fields.texts("forward_only_roles"))) or roles,
    )


def escalation(fields: Fields) -> Escalation:
    """One of ``escalation``; whether its last rung leaves nothing open the lint says."""
    steps = tuple(_step(each) for each in fields.children("steps"))
    if not steps:
        fields.fail("steps", "a ladder without steps", f"add steps, the last of them {' or '.join(FINAL_RUNGS[:2])}")
    return Escalation(fields.text("name"), fields.scope(), steps)


def _step(fields: Fields) -> Step:
    do = fields.choice("do", RUNGS)
    seconds, roles = fields.seconds("for", 0), tuple(sorted(fields.texts("roles")))
    if do == "wait" and not seconds:
        fields.fail("for", "a wait of no time", "add for: 30m")
    if do != "wait" and seconds:
        fields.fail("for", f"{do} takes no time", "put a wait before it")
    if do in ("notify", "force-evict") and not roles:
        fields.fail("roles", f"{do} without roles", "name the roles that are told, or that have to agree")
    fields.done()
    return Step(cast("Rung", do), seconds, roles)


def drain(fields: Fields) -> Drain:
    """One of ``drain``."""
    default = Drain("", fields.scope())
    actions = ("block", "evict")
    return Drain(
        fields.text("name"),
        fields.scope(),
        fields.seconds("timeout", default.timeout),
        fields.seconds("max_grace", default.max_grace),
        "evict" if fields.choice("local_data", actions, default.local_data) == "evict" else "block",
        "evict" if fields.choice("unreplicated", actions, default.unreplicated) == "evict" else "block",
    )


def protected(fields: Fields) -> Protected:
    """One of ``protected``."""
    return Protected(fields.text("name"), fields.scope(), fields.text("reason"))


def approver(fields: Fields) -> Approver:
    """One of ``approvers``."""
    keys: list[str] = []
    for cell in fields.cells("keys"):
        try:
            keys.append(read_key(cell.value))
        except OakumError as error:
            place = fields.place_of("keys")
            error.place = Place(place.file, cell.line, place.field)
            raise
    if not keys:
        fields.fail("keys", "keys is missing", "give the lines of the person's .pub files")
    return Approver(fields.text("name"), _some(fields, "roles"), tuple(sorted(set(keys))), fields.flag("break_glass"))


def _some(fields: Fields, key: str) -> tuple[str, ...]:
    found = tuple(sorted(fields.texts(key)))
    return found or fields.fail(key, f"{key} is missing", f"give {key}: [NAME]")


def _schedules(fields: Fields, calendars: Calendars) -> tuple[Schedule, ...]:
    """``calendar``, or the times in the entry itself."""
    zone = ""
    if fields.has("time_zone"):
        zone = _read(fields, "time_zone", lambda: zone_name(fields.text("time_zone")))
    if fields.has("calendar"):
        for key in _TIMES:
            if fields.has(key):
                fields.fail(key, f"{key} beside calendar", "keep one of them")
        path = fields.text("calendar")
        if path not in calendars:
            known = ", ".join(sorted(calendars)) or "there is no .ics file in the folder"
            fields.fail("calendar", f"no calendar {path!r} in the policy folder", f"known: {known}")
        return read_calendar(calendars[path], path, zone)
    start = _moments(fields, "dtstart", zone)
    if len(start) != 1:
        fields.fail("dtstart", "dtstart is one time", "say when it is open first, as in dtstart: 2026-01-05T22:00")
    end = _moments(fields, "dtend", zone)
    rule: Rule | None = None
    if fields.has("rrule"):
        rule = _read(fields, "rrule", lambda: parse(fields.text("rrule")))
    span = fields.span("duration") if fields.has("duration") else None
    extra, without = _moments(fields, "rdate", zone), _moments(fields, "exdate", zone)
    try:
        made = schedule(
            start[0], zone=zone, end=end[0] if end else None, span=span, rule=rule, extra=extra, without=without
        )
    except OakumError as error:
        fields.fail("dtstart", error.what, error.remedy)
    return (made,)


def _moments(fields: Fields, key: str, zone: str) -> list[Moment | date]:
    found: list[Moment | date] = []
    for cell in fields.cells(key):
        try:
            found.append(moment(cell.value, zone))
        except OakumError as error:
            place = fields.place_of(key)
            error.place = Place(place.file, cell.line, place.field)
            raise
    return found


def _read(fields: Fields, key: str, read: Callable[[], _Read]) -> _Read:
    """What ``read`` gives; its error told at the field."""
    try:
        return read()
    except OakumError as error:
        error.place = fields.place_of(key)
        raise
