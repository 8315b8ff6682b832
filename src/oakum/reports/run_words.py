"""What happens in a run, in words for somebody who has to trust it: what is done where, what is waited for.

The journal's own states are for machines; here stands what they mean for the step at hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from oakum.changes.plans import Plan, Step, Wave
from oakum.changes.running.journal import OVER, Journal, Noted, Turned
from oakum.naming import listed
from oakum.policy.amounts import spoken
from oakum.reports.plans import doing

#: Machines that a line names.
_NAMED = 3
_HALF_A_DAY = 43_200
#: Why a wave whose steps are over is not over itself, while nothing is wrong.
WATCHED = "it is watched"
Tone = Literal["", "good", "bad", "busy"]


class Row(msgspec.Struct, frozen=True):
    """How a wave stands: its label, steps that are over and all, in words; ``tone`` for a terminal with colours."""

    wave: str
    over: str
    text: str
    tone: Tone = ""


def label(wave: Wave) -> str:
    """The id of a wave, and that it is a canary."""
    return f"{wave.id} canary" if "canary" in wave.name.split(", ") else wave.id


def named(names: Sequence[str], most: int = _NAMED) -> str:
    """The first few names, and how many more there are."""
    return listed(names, most)


def back_of(step: Step) -> str:
    """What a step is brought back to."""
    return ", ".join(f"{each.component} {each.back or each.before}" for each in step.changes)


def in_hand(step: Step, state: str, *, back: bool) -> str:
    """What is being done in a state, in few words."""
    match state:
        case "applying":
            return f"going back to {back_of(step)}" if back else f"changing {doing(step)}"
        case "verifying":
            return "going back, checked" if back else "changed, being checked"
        case "admitted":
            return "begins"
        case "cordoned" | "snapshotted":
            return "taken out of service" if state == "cordoned" else "copied"
        case "draining":
            return "drained"
        case "rebooting":
            return "restarting"
        case "late":
            return "restarted, and not back in time"
        case "lost":
            return "LOST: it does not answer"
        case "restoring":
            return "given back"
        case "soaking":
            return "back in service, watched"
    return state


def turned(step: Step, record: Turned, facts: dict[str, str]) -> tuple[str, Tone]:
    """A line for a step that entered a state, by the facts that are kept of it; empty where it says nothing new."""
    name, why, back = step.subject.id, record.why, facts.get("way") == "back"
    because = f": {why}" if why else ""
    match record.state:
        case "done":
            return f"{name}: {doing(step)} is in effect", "good"
        case "undone":
            return f"{name}: back at {back_of(step)}, as before", "bad"
        case "failed":
            return f"{name}: FAILED{because}", "bad"
        case "skipped":
            return f"{name}: left out{because}", "" if facts.get("already") else "bad"
        case "waiting":
            return f"{name}: not begun{because}", ""
        case "applying" if back:
            return f"{name}: FAILED{because}; going back to {back_of(step)}", "bad"
        case "applying":
            return f"{name}: changing {doing(step)}{because}", ""
        case "verifying":
            return f"{name}: {'back, being checked' if back else 'changed, being checked'}{because}", ""
        case "restoring" | "admitted":
            # What follows at once says it better, unless something was drained.
            return (f"{name}: being put back into service", "") if step.evictions is not None else ("", "")
        case "late" | "lost":
            return f"{name}: {in_hand(step, record.state, back=back)}{because}", "bad"
    return f"{name}: {in_hand(step, record.state, back=back)}{because}", ""


def told(note: Noted, plan: Plan) -> str:
    """A note in words; a step is called by its machine, a wave with what it is for."""
    names = {wave.id: label(wave) for wave in plan.waves}
    step = plan.steps.get(note.about)
    about = names.get(note.about, note.about) if step is None else step.subject.id
    what = {"wave-over": "is over", "gate-failed": "its gate has failed", "handed-over": "left to you"}.get(
        note.what, note.what
    )
    roles = f" (to {note.facts['roles']})" if note.facts.get("roles") else ""
    return f"{f'{about} ' if about else ''}{what}{f': {note.why}' if note.why else ''}{roles}"


def watched_until(wave: Wave, journal: Journal) -> datetime | None:
    """Until when a wave is watched; None where a step of it is not over, or the wave is."""
    if any(note.what == "wave-over" and note.about == wave.id for note in journal.notes):
        return None
    ends: list[datetime] = []
    for step in wave.steps:
        progress = journal.steps.get(step.id)
        if progress is None or progress.state not in OVER or progress.since is None:
            return None
        ends.append(progress.since)
    return max(ends) + timedelta(seconds=wave.soak) if ends else None


def rows(plan: Plan, journal: Journal, now: datetime) -> Iterator[Row]:
    """How each wave stands."""
    over = {note.about for note in journal.notes if note.what == "wave-over"}
    stopping = any(note.what == "stopping" for note in journal.notes)
    gates = {group.id: group.gate.ready_within for group in plan.groups}
    for wave in plan.waves:
        states = {step.id: journal.state(step.id) for step in wave.steps}
        count = f"{sum(state in OVER for state in states.values())}/{len(states)}"
        bad = [step.subject.id for step in wave.steps if states[step.id] in ("failed", "undone", "skipped")]
        hand = [
            f"{step.subject.id} {_lasting(step, journal, now, gates[step.group])}" for step in wave.steps
            if states[step.id] not in OVER and states[step.id] != "waiting"
        ]  # fmt: skip
        until = watched_until(wave, journal)
        if hand:
            yield Row(label(wave), count, named(hand), "busy")
        elif wave.id in over:
            yield Row(label(wave), count, f"over, without {named(bad)}" if bad else "over", "bad" if bad else "good")
        elif stopping:
            yield Row(label(wave), count, "stopped" if any(state in OVER for state in states.values()) else "untouched")
        elif until is not None:
            left = spoken(max(0, round((until - now).total_seconds())))
            yield Row(label(wave), count, f"watched until {clock(wave, until)}, {left} left", "busy")
        else:
            needs = [each for each in wave.needs if each not in over]
            yield Row(label(wave), count, f"after {named(needs)}" if needs else "waits")


def _lasting(step: Step, journal: Journal, now: datetime, patience: int) -> str:
    """What is being done with a step, and for how long; ``patience`` is what its gate gives it to be ready."""
    progress = journal.steps[step.id]
    doing_ = in_hand(step, progress.state, back=progress.facts.get("way") == "back")
    seconds = 0 if progress.since is None else max(0, int((now - progress.since).total_seconds()))
    limit = patience if progress.state == "verifying" else 0
    within = f" of at most {spoken(limit)}" if limit else ""
    late = ", longer than usual" if seconds > step.takes.work.p95 else ""
    return f"{doing_}, {spoken(seconds)}{within}{late}" if seconds else doing_


def waiting(plan: Plan, journal: Journal, why: str, until: datetime) -> str:
    """What is waited for, and until when; a step is called by its machine, a wave with what it is for."""
    about, sign, rest = why.partition(": ")
    step = plan.steps.get(about) if sign else None
    wave = next((each for each in plan.waves if sign and each.id == about), None)
    watched = watched_until(wave, journal) if wave is not None else None
    if wave is not None and watched is not None and rest == WATCHED:
        return f"waits for {label(wave)}: {rest} until {clock(wave, watched)}"
    said = f"{step.subject.id}: {rest}" if step is not None else f"{label(wave)}: {rest}" if wave is not None else why
    return f"waits for {said}; looks again by {until:%H:%M:%S} UTC"


def clock(wave: Wave, until: datetime) -> str:
    """The end of a soak; with its day where that may be another one."""
    return f"{until:{'%Y-%m-%d ' if wave.soak >= _HALF_A_DAY else ''}%H:%M:%S} UTC"


def shown_waves(found: Sequence[Row], most: int) -> Iterator[Row | str]:
    """The waves that fit: those at hand, the last ones that are over and the next ones; what is left out as a text."""
    if len(found) <= most:
        yield from found
        return
    first = next((at for at, row in enumerate(found) if row.text != "over"), len(found) - 1)
    start = max(0, min(first - 1, len(found) - most))
    if start:
        yield f"{start} before these are over"
    yield from found[start : start + most]
    if start + most < len(found):
        yield f"and {len(found) - start - most} more after these"
