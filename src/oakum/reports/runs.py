"""Runs for people: how far one has come, what it waits for, what is left to do now; and who agreed to a plan.

A summary is worked out from the journal alone, so that it says of a run that was cut off what was known then.
"""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from textwrap import wrap

import msgspec

from oakum.changes.approvals import Earned
from oakum.changes.plans import Plan
from oakum.changes.running.journal import OVER, Answered, Journal, Meant, Record
from oakum.policy.amounts import spoken
from oakum.reports.plain import table
from oakum.reports.plans import doing
from oakum.reports.printable import printable
from oakum.reports.run_words import named, told

#: Steps and notes on one screen; -o json holds them all.
_MOST_STEPS, _MOST_NOTES = 40, 12
_TOLD = ("held", "notify", "stopping", "handed-over", "gate-failed", "overdue")
_BAD = ("failed", "undone", "lost", "skipped")
#: Machines that a line names.
_MOST_NAMED = 8
_COMMAND = "oakum "
#: One of several commands that semicolons part; one in quotes parts nothing.
_ONE = re.compile(r"""(?:[^;'"]|'[^']*'|"[^"]*")+""")


class StepLine(msgspec.Struct, frozen=True, kw_only=True):
    """A step: its wave, what it changes where, the state it reached, since when, why, and how long it took so far.

    ``touched`` says whether anything was ever asked of its machine.
    """

    wave: str
    step: str
    subject: str
    change: str
    state: str
    touched: bool
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
    agreed: Earned | None = None, rehearsal: bool = False, policy: str = "DIR",
) -> Summary:  # fmt: skip
    """The summary of a run; what to type names the folder ``policy``."""
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
        steps=list(_steps(plan, journal, records)), notes=list(_notes(journal, plan)),
        now=[] if rehearsal else list(_now(name, state, plan, journal, agreed, policy)), rehearsal=rehearsal,
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
                wave=wave.id, step=step.id, subject=step.subject.id, change=doing(step), state=state, since=since,
                why=progress.why if progress is not None else "", seconds=max(0, int(took)), touched=step.id in first,
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


def _notes(journal: Journal, plan: Plan) -> Iterator[str]:
    for note in journal.notes:
        if note.what in _TOLD:
            yield told(note, plan)


def _now(name: str, state: str, plan: Plan, journal: Journal, agreed: Earned | None, policy: str) -> Iterator[str]:
    """What people can do now: in words, and behind a colon what to type."""
    missing = agreed.missing if agreed is not None and state not in ("done", "stopped") else ()
    if missing:
        yield f"get what is missing ({'; '.join(missing)}): oakum approve PLAN --key SSHKEY --run {name}"
    if state in ("interrupted", "new"):
        yield f"go on with it: oakum resume {name}"
        yield f"or end it, with everything finished or restored: oakum stop {name}; oakum resume {name}"
    if state == "running":
        yield f"follow it: oakum runs show {name}"
        yield f"ask it to stop, if need be: oakum stop {name}"
    handed = [note.about for note in journal.notes if note.what == "handed-over"]
    if handed:
        yield f"look at {', '.join(dict.fromkeys(handed))} yourself: nothing of the run is left there"
    if state not in ("done", "stopped"):
        return
    ended = {kind: [step for step in plan.steps if journal.state(step) == kind] for kind in OVER | {"lost"}}
    read = "" if any(step.subject.cluster for step in plan.steps.values()) else "oakum host scan --save now.json; "
    state_ = "now.json" if read else "STATE"
    back = f"--from {state_} --policy {shlex.quote(policy)} --out back.json"
    if ended["failed"] or ended["lost"]:
        yield f"bring back what failed: {read}oakum rollback {name} {back}"
    if ended["done"] and not plan.undoes:
        yield f"take all of it back: {read}oakum rollback {name} --all {back}"
    if ended["undone"] and not ended["done"]:
        where = "; what package scripts printed stays on a host, below /var/lib/oakum/work" if read else ""
        yield f"nothing is left to take back: find out why before you plan again{where}"
    yield f"prove it to others: oakum runs export {name} --sign KEYFILE --out run.bundle"


def summary_text(found: Summary, *, width: int = 100, everything: bool = False) -> str:
    """A run for a terminal: how it stands, what is changed and what is not, why, and what to type now."""
    why = f": {found.why}" if found.why else ""
    lines = wrap(f"{found.run}: {found.state}{why}", width)
    for each in _standing(found):
        lines += wrap(each, width, subsequent_indent="  ")
    lines += ["", *_about(found, width)]
    for each in found.broken_glass:
        lines += wrap(f"GLASS BROKEN by {each}", width)
    shown = found.steps if everything else sorted(found.steps, key=_weight)[:_MOST_STEPS]
    if shown:
        rows = [(each.wave, each.subject, each.change, _state(found, each), _took(each)) for each in shown]
        head = ("WAVE", "TARGET", "CHANGE", "STATE", "TOOK")
        lines += ["", *table([head, *rows], width, stretch=2, optional=(4,))]
    if len(shown) < len(found.steps):
        lines.append(f"and {len(found.steps) - len(shown)} more; --all shows them")
    lines += _reasons(shown, width)
    # Why it stopped stands above.
    notes = found.notes if everything else [each for each in found.notes if each != f"stopping: {found.why}"]
    notes = notes if everything else notes[-_MOST_NOTES:]
    if notes:
        lines += ["", "NOTES"]
        for each in notes:
            lines += wrap(each, width, initial_indent="- ", subsequent_indent="  ")
    if found.now:
        lines += ["", "NOW"]
        for each in found.now:
            lines += _to_type(each, width)
    return "\n".join(map(printable, lines)) + "\n"


def _standing(found: Summary) -> Iterator[str]:
    """What is in effect, what is as it was, and what is neither, by name."""
    over = found.state in ("done", "stopped")
    parts = {
        "Brought back" if found.undoes else "In effect": [each for each in found.steps if each.state == "done"],
        "Taken back, as before": [each for each in found.steps if each.state == "undone"],
        "FAILED, look at it": [each for each in found.steps if each.state in ("failed", "lost")],
        "Left out": [each for each in found.steps if each.state == "skipped"],
        "In hand": [each for each in found.steps if each.state not in OVER and each.state not in ("waiting", "lost")],
        "Untouched": [each for each in found.steps if each.state == "waiting" and not each.touched],
        "Given back, not changed": [each for each in found.steps if each.state == "waiting" and each.touched],
    }
    for says, steps in parts.items():
        if steps and (over or says != "Untouched"):
            yield f"{says}: {named(list(dict.fromkeys(each.subject for each in steps)), _MOST_NAMED)}."
        elif steps:
            yield f"Not begun: {len(steps)} of {len(found.steps)} steps."


def _about(found: Summary, width: int) -> Iterator[str]:
    """When, by whom, and of which plan."""
    if found.rehearsal:
        yield from wrap("a simulation: nothing real was touched, nothing is kept, approvals were taken as given", width)
    if found.evictions or found.deleted:
        deleted = f", {found.deleted} deleted past their budget" if found.deleted else ""
        yield f"{found.evictions} pods evicted{deleted}"
    if found.began is not None and found.last is not None:
        times = f", taken up {found.taken_up} times" if found.taken_up > 1 else ""
        took = spoken(int((found.last - found.began).total_seconds()))
        lasted = f"took {took}" if found.state in ("done", "stopped") else f"{took} until its last record"
        yield f"began {found.began:%Y-%m-%d %H:%M:%S} UTC{times}, {lasted}"
    if found.carried_by:
        yield from wrap(f"carried out by {found.carried_by}", width)
    if not found.rehearsal:
        asked = found.requested_by or "nobody known"
        yield from wrap(f"asked for by {asked}; agreed: {', '.join(found.approved_by) or 'nobody'}", width)
    yield f"plan    {found.plan}"
    if found.undoes:
        yield f"undoes  {found.undoes}"


def _state(found: Summary, line: StepLine) -> str:
    """The state of a step; one that waits in a run that is over was not begun."""
    if line.state != "waiting" or found.state not in ("done", "stopped"):
        return line.state
    return "not changed" if line.touched else "untouched"


def _reasons(shown: Iterable[StepLine], width: int) -> Iterator[str]:
    """Why steps are as they are, in full; steps with one reason together."""
    reasons: dict[str, list[str]] = {}
    for each in shown:
        if each.why:
            reasons.setdefault(each.why, []).append(each.subject)
    if reasons:
        yield from ("", "WHY")
    for why, subjects in reasons.items():
        text = f"{named(list(dict.fromkeys(subjects)), _MOST_NAMED)}: {why}"
        yield from wrap(text, width, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)


def _to_type(item: str, width: int) -> Iterator[str]:
    """What to do; each command on a line of its own, uncut, so that it can be copied."""
    says, sign, commands = item.partition(f": {_COMMAND}")
    mark = ":" if sign else ""
    yield from wrap(f"{says}{mark}", width, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)
    if sign:
        for each in _ONE.findall(f"{_COMMAND}{commands}"):
            yield f"    {each.strip()}"


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
