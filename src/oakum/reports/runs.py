"""Runs for people: how far one has come, what it waits for, what is left to do now; and who agreed to a plan.

A summary is worked out from the journal alone, so that it says of a run that was cut off what was known then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from textwrap import wrap

import msgspec

from oakum.changes.approvals import Earned
from oakum.changes.plans import Plan
from oakum.changes.running.journal import OVER, Answered, Journal, Meant, Noted, Record
from oakum.policy.amounts import spoken
from oakum.reports.plain import table
from oakum.reports.printable import printable

#: Steps and notes on one screen; -o json holds them all.
_MOST_STEPS, _MOST_NOTES = 40, 12
_TOLD = ("held", "notify", "stopping", "handed-over", "gate-failed", "overdue")
_BAD = ("failed", "undone", "lost", "skipped")


class StepLine(msgspec.Struct, frozen=True, kw_only=True):
    """A step: its wave, what it changes where, the state it reached, since when, why, and how long it took so far."""

    wave: str
    step: str
    subject: str
    state: str
    since: datetime | None
    why: str
    seconds: int


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A run as its journal tells it.

    ``state``: new, running, interrupted, done or stopped. ``counts`` are steps by state, ``evictions`` pods that were
    evicted, ``deleted`` those past their budget. ``notes`` are what people should know, ``now`` what they can do.
    """

    run: str
    plan: str
    state: str
    why: str
    began: datetime | None
    last: datetime | None
    carried_by: str
    waves: int
    waves_over: int
    counts: dict[str, int]
    evictions: int
    deleted: int
    taken_up: int
    requested_by: str
    approved_by: list[str]
    broken_glass: list[str]
    undoes: str
    steps: list[StepLine]
    notes: list[str]
    now: list[str]
    rehearsal: bool = False
    format: str = "oakum-run-summary/1"

    @property
    def well(self) -> bool:
        """Whether it is over and everything that was planned is in effect."""
        return self.state == "done" and not any(self.counts.get(each) for each in ("failed", "undone", "skipped"))


def summary(
    name: str, plan: Plan, records: Sequence[Record], *, carried_by: str = "", requested_by: str = "",
    agreed: Earned | None = None, rehearsal: bool = False,
) -> Summary:  # fmt: skip
    """The summary of a run."""
    journal = Journal(records)
    end = next((note for note in reversed(journal.notes) if note.what in ("done", "stopped")), None)
    counts = Counter(journal.state(step) for step in plan.steps)
    if end is not None:
        state = end.what
    elif carried_by:
        state = "running"
    else:
        state = "interrupted" if records else "new"
    judged = [] if agreed is None else [each for each in agreed.judged if not each.refused]
    broken = () if agreed is None else agreed.broken_glass
    began = records[0].at if records else None
    return Summary(
        run=name, plan=plan.hash, state=state, why=end.why if end is not None else "", began=began,
        last=records[-1].at if records else None, carried_by=carried_by, waves=len(plan.waves),
        waves_over=sum(note.what == "wave-over" for note in journal.notes),
        counts={key: counts[key] for key in sorted(counts)}, evictions=_pods(records, "evict"),
        deleted=_pods(records, "delete-pod"), taken_up=sum(type(each).__name__ == "Started" for each in records),
        requested_by=requested_by, undoes=plan.undoes,
        approved_by=sorted({each.who for each in judged if each.signed.statement.says == "approve"}),
        broken_glass=[f"{each.who}: {each.signed.statement.reason}" for each in broken],
        steps=list(_steps(plan, journal, records)), notes=list(_notes(journal)),
        now=[] if rehearsal else list(_now(name, state, plan, journal, agreed)), rehearsal=rehearsal,
    )  # fmt: skip


def _steps(plan: Plan, journal: Journal, records: Sequence[Record]) -> Iterator[StepLine]:
    first: dict[str, datetime] = {}
    for each in records:
        if isinstance(each, Meant) and each.step:
            first.setdefault(each.step, each.at)
    last = records[-1].at if records else None
    for wave in plan.waves:
        for step in wave.steps:
            progress = journal.steps.get(step.id)
            since = progress.since if progress is not None else None
            state = journal.state(step.id)
            end = since if state in OVER else last
            took = (end - first[step.id]).total_seconds() if step.id in first and end is not None else 0
            yield StepLine(
                wave=wave.id, step=step.id, subject=step.subject.id, state=state, since=since,
                why=progress.why if progress is not None else "", seconds=max(0, int(took)),
            )  # fmt: skip


def _pods(records: Iterable[Record], do: str) -> int:
    """How many pods an act was granted for."""
    pods: dict[str, str] = {}
    granted: set[str] = set()
    for each in records:
        if isinstance(each, Meant) and each.act.do == do:
            pods[each.act.key] = each.act.uid or each.act.pod
        elif isinstance(each, Answered) and each.outcome.result == "done" and each.key in pods:
            granted.add(pods[each.key])
    return len(granted)


def _notes(journal: Journal) -> Iterator[str]:
    for note in journal.notes:
        if note.what in _TOLD:
            yield told(note)


def told(note: Noted) -> str:
    """A note in words."""
    if note.what in ("wave-over", "done", "stopped"):
        whole = f"wave {note.about} is over" if note.what == "wave-over" else f"the run is {note.what}"
        return f"{whole}: {note.why}" if note.why else whole
    about = f" {note.about}" if note.about else ""
    roles = f" (to {note.facts['roles']})" if note.facts.get("roles") else ""
    return f"{note.what}{about}: {note.why}{roles}"


def _now(name: str, state: str, plan: Plan, journal: Journal, agreed: Earned | None) -> Iterator[str]:
    """What people can do now."""
    missing = agreed.missing if agreed is not None and state not in ("done", "stopped") else ()
    if missing:
        yield f"get what is missing ({'; '.join(missing)}): oakum approve PLAN --key SSHKEY --run {name}"
    if state in ("interrupted", "new"):
        yield f"go on with it: oakum resume {name}"
        yield f"or end it, with everything finished or restored: oakum stop {name}, then oakum resume {name}"
    if state == "running":
        yield f"ask it to stop, if need be: oakum stop {name}"
    handed = [note.about for note in journal.notes if note.what == "handed-over"]
    if handed:
        yield f"look at {', '.join(dict.fromkeys(handed))} yourself: nothing of the run is left there"
    if state in ("done", "stopped"):
        bad = [step for step in plan.steps if journal.state(step) in ("failed", "lost")]
        changed = any(journal.state(step) == "done" for step in plan.steps)
        back = f"oakum rollback {name} --from STATE --policy DIR --out back.json"
        if bad:
            yield f"bring back what failed: {back}"
        if changed:
            yield f"take all of it back: {back} --all"


def summary_text(found: Summary, *, width: int = 100, everything: bool = False) -> str:
    """A run for a terminal."""
    over = sum(number for state, number in found.counts.items() if state in OVER)
    done = found.counts.get("done", 0)
    why = f": {found.why}" if found.why else ""
    lines = wrap(f"{found.run}: {found.state}{why}", width)
    lines += wrap(
        f"{found.waves_over} of {found.waves} waves over, {done} of {sum(found.counts.values())} steps done"
        f"{f', {over - done} ended otherwise' if over > done else ''}"
        f"{f', {found.evictions} pods evicted' if found.evictions else ''}"
        f"{f', {found.deleted} deleted past their budget' if found.deleted else ''}",
        width,
    )
    if found.began is not None and found.last is not None:
        times = f"{found.taken_up} times" if found.taken_up > 1 else "once"
        took = spoken(int((found.last - found.began).total_seconds()))
        lines.append(f"began {found.began:%Y-%m-%d %H:%M:%S} UTC, taken up {times}, {took} until its last record")
    if found.carried_by:
        lines += wrap(f"carried out by {found.carried_by}", width)
    if found.undoes:
        lines.append(f"brings back the plan {found.undoes}")
    lines.append(f"plan {found.plan}")
    if found.rehearsal:
        lines += wrap("a simulation: nothing real was touched, nothing is kept, approvals were taken as given", width)
    people = f"asked for by {found.requested_by or 'nobody known'}; agreed: {', '.join(found.approved_by) or 'nobody'}"
    lines += [] if found.rehearsal else wrap(people, width)
    for each in found.broken_glass:
        lines += wrap(f"GLASS BROKEN by {each}", width)
    shown = found.steps if everything else sorted(found.steps, key=_weight)[:_MOST_STEPS]
    if shown:
        rows = [(each.wave, each.step, each.state, _took(each), each.why) for each in shown]
        lines += ["", *table([("WAVE", "STEP", "STATE", "TOOK", "WHY"), *rows], width, stretch=4, optional=(3,))]
    if len(shown) < len(found.steps):
        lines.append(f"and {len(found.steps) - len(shown)} more; --all shows them")
    notes = found.notes if everything else found.notes[-_MOST_NOTES:]
    if notes:
        lines += ["", "NOTES"]
        for each in notes:
            lines += wrap(each, width, initial_indent="- ", subsequent_indent="  ")
    if found.now:
        lines += ["", "NOW"]
        for each in found.now:
            lines += wrap(each, width, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)
    return "\n".join(map(printable, lines)) + "\n"


def _weight(line: StepLine) -> int:
    """What went wrong, then what is in hand, then the rest, each in the order of the plan."""
    if line.state in _BAD:
        return 0
    return 1 if line.state not in OVER and line.state != "waiting" else 2


def _took(line: StepLine) -> str:
    return spoken(line.seconds) if line.seconds else ""


def list_text(found: Sequence[Summary], *, width: int = 100) -> str:
    """All runs, the newest first."""
    if not found:
        return "No run so far.\n"
    rows = [
        (
            each.run, each.state, f"{each.waves_over}/{each.waves}",
            f"{each.counts.get('done', 0)}/{sum(each.counts.values())}",
            f"{each.began:%Y-%m-%d %H:%M}" if each.began else "", each.why or "; ".join(each.notes[-1:]),
        )
        for each in found
    ]  # fmt: skip
    head = ("RUN", "STATE", "WAVES", "DONE", "BEGAN (UTC)", "WHY")
    return "\n".join(map(printable, table([head, *rows], width, stretch=5, optional=(4,)))) + "\n"


def approvals_text(found: Earned, *, width: int = 100) -> str:
    """Who agreed, whose statement does not count and why, and who is missing."""
    lines: list[str] = []
    for each in found.judged:
        said = each.signed.statement
        about = said.step or "the plan"
        what = f"{each.who or each.signed.source}: {said.says} {about}"
        reason = f" ({said.reason})" if said.reason else ""
        counts = f"does not count: {each.refused}" if each.refused else f"counts until {said.until:%Y-%m-%d %H:%M} UTC"
        lines += wrap(f"{what}{reason}: {counts}", width, initial_indent="- ", subsequent_indent="  ")
    lines += ["", "Missing:"] if found.missing else ["", "Enough people agreed."]
    for text in found.missing:
        lines += wrap(text, width, initial_indent="- ", subsequent_indent="  ")
    return "\n".join(map(printable, lines)).lstrip("\n") + "\n"
