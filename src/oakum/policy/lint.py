"""What is wrong with a policy that could be read: contradictions, and entries that can never decide.

Each rule says where, what and the remedy. A rule speaks only where it is certain: scopes with conditions may overlap or
not, and are then left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, tzinfo

import msgspec

from oakum.errors import OakumError, Place
from oakum.policy.entries import FINAL_RUNGS, Budget, Entry, Freeze, Window
from oakum.policy.openings import Calendar, NoOpening
from oakum.policy.reading import Reading
from oakum.policy.schedules import HORIZON_YEARS, Moment

#: Rule -> what it finds; docs and tests hold each.
RULES: dict[str, str] = {
    "unreadable": "a file that is no YAML or no UTF-8, says a key twice, or is too large",
    "not-understood": "an unknown field, section, fact or word, a missing value, a condition with a wrong type",
    "no-window": "a policy without windows, under which nothing may ever run",
    "window-never-opens": "a window without an opening in the next ten years",
    "freeze-covers-window": "a window that freezes close whenever it would be open",
    "exdate-without-effect": "an exception at a time at which nothing would have been open",
    "unknown-time-zone": "a time zone that the time zone database lacks",
    "unknown-role": "a role that the section roles does not list",
    "unknown-freeze": "an override of a freeze that does not exist",
    "override-of-nothing": "an emergency that may override nothing",
    "unused-calendar": "a calendar file that no window and no freeze names",
    "unreachable-entry": "an entry whose every target an earlier entry takes",
    "budget-allows-nothing": "a budget that rounds down to no node in the smallest pool",
    "canary-over-budget": "a canary of more nodes than the budget lets go at once",
    "ladder-ends-in-nothing": "an escalation whose last rung leaves the node as it is, or with rungs after the last",
}

_ORDERED = ("emergency", "budgets", "canary", "soak", "gates", "guardrails", "approvals", "escalation", "drain")
#: A large cluster, at which percentages are compared.
_LARGE = 1000


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong: the rule that found it, where, what, and the remedy."""

    rule: str
    place: Place
    what: str
    remedy: str


def lint(reading: Reading, zones: Mapping[str, tzinfo], now: datetime) -> list[Problem]:
    """Everything that is wrong, by file and line. ``zones`` are those of ``reading.policy.zone_names`` that exist."""
    problems = [_of_error("unreadable", each) for each in reading.unreadable]
    problems += [_of_error("not-understood", each) for each in reading.errors]
    if reading.section_places:
        problems += _times(reading, zones, now)
        problems += _names(reading)
        problems += _shadows(reading)
        problems += _amounts(reading)
        problems += _ladders(reading)
    return sorted(problems, key=lambda each: (each.place.file, each.place.line or 0, each.rule, each.what))


def _of_error(rule: str, error: OakumError) -> Problem:
    return Problem(rule, error.place or Place(), error.what, error.remedy)


def _times(reading: Reading, zones: Mapping[str, tzinfo], now: datetime) -> Iterator[Problem]:
    policy = reading.policy
    if all(section != "windows" for section, _ in reading.entries):
        what, remedy = (
            "there is no window, so nothing may ever run",
            "add windows; always: yes is one that never closes",
        )
        yield Problem("no-window", reading.section_places.get("windows", Place(field="windows")), what, remedy)
    calendar = Calendar(policy, zones)
    unknown = reading.unknown_zones(zones)
    known: list[Window] = []
    for section, entries in (("windows", policy.windows), ("freezes", policy.freezes)):
        for entry in entries:
            if (section, entry.name) in unknown:
                yield _of_error("unknown-time-zone", unknown[section, entry.name])
                continue
            yield from _exceptions(reading, section, entry, zones)
            if isinstance(entry, Window):
                known.append(entry)
    for window in known:
        place = reading.place("windows", window.name, "rrule", "dtstart", "calendar")
        if isinstance(calendar.next_of({window.name}, (), now), NoOpening):
            what = f"{window.name!r} never opens: no window in the next {HORIZON_YEARS} years"
            yield Problem("window-never-opens", place, what, "give it a later UNTIL or a new dtstart, or drop it")
            continue
        freezes = [each for each in policy.freezes if ("freezes", each.name) not in unknown]
        freezes = [each for each in freezes if each.scope.covers(window.scope)]
        if isinstance(calendar.next_of({window.name}, {each.name for each in freezes}, now), NoOpening):
            named = ", ".join(repr(each.name) for each in freezes)
            what = f"{window.name!r} is never open: {named} closes it whenever it would be"
            yield Problem("freeze-covers-window", place, what, "shorten the freeze, or move the window")


def _exceptions(
    reading: Reading, section: str, entry: Window | Freeze, zones: Mapping[str, tzinfo]
) -> Iterator[Problem]:
    """Other programs leave old exceptions in calendars: only what stands in the policy itself is asked."""
    place = reading.place(section, entry.name, "exdate")
    if not place.field.endswith(".exdate"):
        return
    for schedule in entry.schedules:
        exceptions: list[Moment | date] = [*schedule.without, *schedule.without_days]
        for each in exceptions:
            if not schedule.excluded(zones, each):
                shown = each.local.isoformat(timespec="minutes") if isinstance(each, Moment) else each.isoformat()
                what = f"{entry.name!r} would not have been open at {shown} anyway"
                remedy = "give the day, or the exact start, of an occurrence"
                yield Problem("exdate-without-effect", place, what, remedy)


def _names(reading: Reading) -> Iterator[Problem]:
    policy = reading.policy
    freezes = {each.name for each in policy.freezes} | {name for part, name in reading.entries if part == "freezes"}
    used: list[tuple[str, str, str, Sequence[str]]] = []
    for each in policy.emergency:
        used.append(("emergency", each.name, "roles", each.roles))
        for name in each.lifts:
            if name != "*" and name not in freezes:
                place = reading.place("emergency", each.name, "lifts")
                remedy = f"the freezes are {', '.join(sorted(freezes)) or 'none'}; all means every one"
                yield Problem("unknown-freeze", place, f"{each.name!r} lifts {name!r}, which is no freeze", remedy)
        if not each.lifts and not each.outside_windows:
            place = reading.place("emergency", each.name)
            remedy = "add lifts: all, or outside_windows: yes"
            yield Problem("override-of-nothing", place, f"{each.name!r} allows to override nothing", remedy)
    for approval in policy.approvals:
        used.append(("approvals", approval.name, "roles", approval.roles))
        if approval.forward_only_roles != approval.roles:
            used.append(("approvals", approval.name, "forward_only_roles", approval.forward_only_roles))
    for ladder in policy.escalation:
        used += [("escalation", ladder.name, "steps", step.roles) for step in ladder.steps]
    used += [("approvers", each.name, "roles", each.roles) for each in policy.approvers]
    for section, name, key, roles in used:
        for role in roles:
            if role not in policy.roles:
                remedy = f"the roles are {', '.join(policy.roles) or 'none: add the section roles'}"
                yield Problem("unknown-role", reading.place(section, name, key), f"{role!r} is no role", remedy)
    for path in sorted(reading.calendars.keys() - reading.used_calendars):
        remedy = f"name it, as in calendar: {path}, or take it out"
        yield Problem("unused-calendar", Place(path), "no window and no freeze names this calendar", remedy)


def _shadows(reading: Reading) -> Iterator[Problem]:
    """In the sections where the first match decides: entries that come too late."""
    policy = reading.policy
    sections: list[tuple[str, Sequence[Entry]]] = [(name, getattr(policy, name)) for name in _ORDERED]
    for section, entries in [*sections, ("order.stages", policy.order.stages)]:
        for number, entry in enumerate(entries):
            earlier = next((each for each in entries[:number] if each.scope.covers(entry.scope)), None)
            if earlier is not None:
                what = f"{entry.name!r} never decides: {earlier.name!r} before it is for {earlier.scope}"
                remedy = f"put it before {earlier.name!r}, or drop it"
                yield Problem("unreachable-entry", reading.place(section, entry.name), what, remedy)


def _amounts(reading: Reading) -> Iterator[Problem]:
    policy = reading.policy
    for budget in policy.budgets:
        if budget.nodes(budget.smallest_pool) == 0:
            yield _nothing(reading, budget)
    for canary in policy.canary:
        for budget in policy.budgets:
            if canary.scope.apart_from(budget.scope):
                continue
            for total in (budget.smallest_pool, _LARGE):
                allowed, wanted = budget.nodes(total), canary.nodes(total)
                if 0 < allowed < wanted:
                    what = (
                        f"of {total} nodes {canary.name!r} takes {wanted}; the budget {budget.name!r} allows {allowed}"
                    )
                    remedy = "take a smaller canary, or a larger budget"
                    yield Problem("canary-over-budget", reading.place("canary", canary.name, "nodes"), what, remedy)
                    break
            if budget.scope.covers(canary.scope):
                break


def _nothing(reading: Reading, budget: Budget) -> Problem:
    place = reading.place("budgets", budget.name, "max_unavailable")
    if not budget.max_unavailable.number:
        return Problem(
            "budget-allows-nothing", place, f"{budget.name!r} allows no node at all", "write max_unavailable: 1"
        )
    fewest = -(-100 // budget.max_unavailable.number)
    nodes = "1 node" if budget.smallest_pool == 1 else f"{budget.smallest_pool} nodes"
    what = f"{budget.max_unavailable} of {nodes} rounds down to none"
    remedy = f"add at_least: 1, or smallest_pool: {fewest} where no pool has fewer nodes"
    return Problem("budget-allows-nothing", place, what, remedy)


def _ladders(reading: Reading) -> Iterator[Problem]:
    for ladder in reading.policy.escalation:
        place = reading.place("escalation", ladder.name, "steps")
        last = ladder.steps[-1].do
        if last not in FINAL_RUNGS:
            what = f"{ladder.name!r} ends with {last}, and the node stays half drained"
            yield Problem("ladder-ends-in-nothing", place, what, f"end with {' or '.join(FINAL_RUNGS[:2])}")
        early = next((each.do for each in ladder.steps[:-1] if each.do in FINAL_RUNGS), None)
        if early is not None:
            what = f"in {ladder.name!r} nothing after {early} ever happens"
            yield Problem("ladder-ends-in-nothing", place, what, "make it the last step")
