"""Whether what the plan says about when, how long, how gently and under whose eyes is what the policy says.

Equal or stricter will do for soaks, gates, guardrails, approvals and drains. Windows and freezes have to be the very
ones of each target. An escalation has no stricter or laxer: it has to be the ladder of one of the targets, and may use
force only where all of them do.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec

from oakum.changes.plans import Group, Override, Takes
from oakum.changes.verify.given import Given, Placed, violation
from oakum.changes.verify.model import Violation
from oakum.changes.verify.settings import Pair, Settings
from oakum.errors import OakumError
from oakum.policy.entries import Approval, Drain, Gate
from oakum.policy.openings import Opening

#: How far ahead several calendars at once are looked through.
_AHEAD = timedelta(days=366)
_ALL = "*"


def governed(given: Given) -> Iterator[Violation]:
    """Every rule about settings of the policy."""
    for group in given.plan.groups:
        seen: set[int] = set()
        for each in given.by_group.get(group.id, ()):
            for settings in each.settings:
                if id(settings) not in seen:
                    seen.add(id(settings))
                    yield from _group(given, group, settings, each)
            if any(entry.escalation.steps == group.escalation.steps for entry in each.settings):
                continue
            yield each.broken("escalation", f"the ladder of {group.id} is none of the policy's for it", group.id)
    yield from _waves(given)
    yield from _stop(given)
    yield from _calendars(given)
    yield from _override(given)
    for each in given.placed:
        yield from _takes(each)


def _group(given: Given, group: Group, settings: Settings, each: Placed) -> Iterator[Violation]:
    if group.soak_node < settings.soak.after_node:
        why = f"{group.soak_node} s after each machine, {settings.soak.name} says {settings.soak.after_node} s"
        yield each.broken("soak", why, group.id)
    for rule, wrong, entry in (
        ("gate", _laxer_gate(group.gate, settings.gate), settings.gate.name),
        ("approval", _laxer_approval(group.approval, settings.approval), settings.approval.name),
        ("drain", _rougher(group.drain, settings.drain), settings.drain.name),
    ):
        if wrong:
            yield each.broken(rule, f"{wrong} ({entry})", group.id)
    forces = any(step.do == "force-evict" for step in group.escalation.steps)
    if forces and not any(step.do == "force-evict" for step in settings.escalation.steps):
        yield each.broken("escalation", f"it forces, {settings.escalation.name} does not", group.id)


def _laxer_gate(gate: Gate, wanted: Gate) -> str:
    """What a gate leaves out of what is wanted; empty where it leaves out nothing."""
    if wanted.ready_within and not 0 < gate.ready_within <= wanted.ready_within:
        return f"readiness within {gate.ready_within} s, not {wanted.ready_within} s"
    if wanted.rescan and not gate.rescan:
        return "no scan of our own"
    for metric in wanted.metrics:
        # Its name may be another, since two gates may call two metrics alike.
        if all(msgspec.structs.replace(each, name=metric.name) != metric for each in gate.metrics):
            return f"the metric {metric.name} is missing or another"
    names = sorted(each.name for each in gate.metrics)
    for one, other in pairwise(names):
        if one == other:
            return f"several metrics are called {one}"
    missing = set(wanted.quiet_alarms) - set(gate.quiet_alarms)
    return f"the alarm {min(missing)} may fire" if missing else ""


def _laxer_approval(approval: Approval, wanted: Approval) -> str:
    for count, needed, roles, allowed, what in (
        (approval.count, wanted.count, approval.roles, wanted.roles, "people"),
        (
            approval.forward_only_count, wanted.forward_only_count, approval.forward_only_roles,
            wanted.forward_only_roles, "people for a forward-only step",
        ),
    ):  # fmt: skip
        if count < needed:
            return f"{count} {what}, not {needed}"
        if allowed and (not roles or set(roles) - set(allowed)):
            return f"{what} of the roles {', '.join(roles) or 'any'}, not of {', '.join(allowed)}"
    return ""


def _rougher(drain: Drain, wanted: Drain) -> str:
    if drain.timeout > wanted.timeout:
        return f"it lasts up to {drain.timeout} s, not {wanted.timeout} s"
    if drain.max_grace > wanted.max_grace:
        return f"pods have up to {drain.max_grace} s, not {wanted.max_grace} s"
    if drain.local_data == "evict" != wanted.local_data:
        return "local data is deleted"
    if drain.unreplicated == "evict" != wanted.unreplicated:
        return "unreplicated pods are evicted"
    return ""


def _waves(given: Given) -> Iterator[Violation]:
    needed: dict[int, tuple[int, str]] = {}
    for each in given.placed:
        for settings in each.settings:
            soak = settings.soak.after_wave
            if soak > needed.get(each.wave, (-1, ""))[0]:
                needed[each.wave] = soak, settings.soak.name
    for number, (soak, name) in needed.items():
        wave = given.plan.waves[number]
        if wave.soak < soak:
            yield violation(
                "soak", f"{wave.soak} s after the wave, {name} says {soak} s", wave=wave.id, object_=wave.id
            )


def _stop(given: Given) -> Iterator[Violation]:
    stop = given.plan.stop
    total = len({each.step.subject.id for each in given.placed})
    for settings in {id(one): one for each in given.placed for one in each.settings}.values():
        guardrail = settings.guardrail
        if not 0 < stop.failed <= guardrail.failed(total):
            yield violation("guardrail", f"it stops at {stop.failed} failed, {guardrail.name} says "
                            f"{guardrail.failed(total)} of {total}", object_=guardrail.name)  # fmt: skip
        if not 0 < stop.lost <= guardrail.stop_at_lost:
            why = f"it stops at {stop.lost} lost, {guardrail.name} says {guardrail.stop_at_lost}"
            yield violation("guardrail", why, object_=guardrail.name)
        for alarm in sorted(set(guardrail.alarms) - set(stop.alarms)):
            yield violation("guardrail", f"it does not stop at the alarm {alarm}", object_=guardrail.name)


def _calendars(given: Given) -> Iterator[Violation]:
    """The windows and freezes of each step, and whether the time that it may take is ever open."""
    override = given.plan.override
    lifted = override.lifts if override else ()
    fits: dict[tuple[frozenset[Pair], int], str] = {}
    for each in given.placed:
        pairs = frozenset((one.windows, _held(one.freezes, lifted)) for one in each.settings)
        if override is not None and override.outside_windows:
            pairs = frozenset()
        group = each.group
        told = frozenset((frozenset(windows), frozenset(freezes)) for windows, freezes in group.calendars)
        if told != pairs:
            yield each.broken("calendar", f"it obeys {_said(told)}, the policy says {_said(pairs)}", group.id)
            continue
        takes = each.step.takes
        needs = takes.work.p95 + group.soak_node + takes.back.p95
        if (pairs, needs) not in fits:
            fits[pairs, needs] = _fit(given, pairs, needs)
        if fits[pairs, needs]:
            yield each.broken("calendar", fits[pairs, needs], group.id)


def _held(freezes: frozenset[str], lifted: tuple[str, ...]) -> frozenset[str]:
    return frozenset() if _ALL in lifted else freezes - set(lifted)


def _said(pairs: frozenset[Pair]) -> str:
    told = [
        f"windows {', '.join(sorted(windows)) or 'none'} without {', '.join(sorted(freezes)) or 'freezes'}"
        for windows, freezes in pairs
    ]
    return " and ".join(sorted(told)) or "no calendar"


def _fit(given: Given, pairs: frozenset[Pair], needs: int) -> str:
    """Why a time never fits into all of some calendars; empty where it does."""
    override, at, length = given.plan.override, given.plan.at, timedelta(seconds=needs)
    if not pairs:
        if override is not None and at + length > override.until:
            return f"it may take {needs} s, and the override ends at {override.until}"
        return ""
    try:
        if len(pairs) == 1:
            ((windows, freezes),) = pairs
            found = given.calendar.next_of(windows, freezes, at, length)
            return "" if isinstance(found, Opening) else f"it may take {needs} s, and no opening is that long"
        open_ = [(at, at + _AHEAD)]
        for windows, freezes in pairs:
            openings = given.calendar.openings_of(windows, freezes, at, at + _AHEAD)
            open_ = _both(open_, [(each.start, each.end) for each in openings])
    except OakumError as error:
        return error.what
    if any(end - start >= length for start, end in open_):
        return ""
    return f"it may take {needs} s, and its calendars are never open together for that long"


def _both(
    one: list[tuple[datetime, datetime]], other: list[tuple[datetime, datetime]]
) -> list[tuple[datetime, datetime]]:
    """What two sorted lists of intervals have in common."""
    found: list[tuple[datetime, datetime]] = []
    here = there = 0
    while here < len(one) and there < len(other):
        start, end = max(one[here][0], other[there][0]), min(one[here][1], other[there][1])
        if start < end:
            found.append((start.astimezone(UTC), end.astimezone(UTC)))
        if one[here][1] <= other[there][1]:
            here += 1
        else:
            there += 1
    return found


def _override(given: Given) -> Iterator[Violation]:
    override = given.plan.override
    if override is None:
        return
    if not override.reason.strip():
        yield violation("override", "it has no reason", object_=override.emergency)
    told: set[str] = set()
    for each in given.placed:
        for settings in each.settings:
            wrong = _too_much(given, override, settings)
            if wrong and wrong not in told:
                told.add(wrong)
                yield each.broken("override", wrong, override.emergency)


def _too_much(given: Given, override: Override, settings: Settings) -> str:
    """What an override takes that the policy does not give for a target; empty where that is nothing."""
    entry = settings.emergency
    if entry is None or entry.name != override.emergency:
        return f"{override.emergency} is no emergency that the policy has for it"
    if _ALL not in entry.lifts and set(override.lifts) - set(entry.lifts):
        return f"it lifts {min(set(override.lifts) - set(entry.lifts))}, which {entry.name} does not"
    if override.outside_windows and not entry.outside_windows:
        return f"it acts outside of windows, which {entry.name} does not let it"
    people = len({each for each in override.by if each.strip()})
    if people < entry.approvals:
        return f"{people} people have agreed, {entry.name} asks for {entry.approvals}"
    if not given.plan.at < override.until <= given.plan.at + timedelta(seconds=entry.lasts):
        return f"it holds until {override.until}, {entry.name} lets it last {entry.lasts} s"
    return ""


def _takes(each: Placed) -> Iterator[Violation]:
    takes: Takes = each.step.takes
    for name, times in (("work", takes.work), ("way back", takes.back)):
        none = name == "way back" and not each.step.back
        if not 0 <= times.p50 <= times.p95 or (times.p95 == 0 and not none):
            yield each.broken("takes", f"the {name} takes {times.p50} s or, at worst, {times.p95} s")
    evictions = each.step.evictions
    if evictions is not None and takes.work.p95 < evictions.grace * max(1, evictions.rounds):
        why = f"{evictions.rounds} rounds of {evictions.grace} s of grace do not fit into {takes.work.p95} s"
        yield each.broken("takes", why)
