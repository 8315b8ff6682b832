"""Whether a journal is a legal path of the step machine for its plan: worked out anew, record by record.

Nothing of what decides the next act is used here, only what its words mean: which state may follow which, in which
state an act is meant, that an answer has an intent before it, that a fencing token is one person's, and that steps
begin when people had agreed, windows were open and the waves before were over. A record of somebody whose lease was
taken over is void, as it was for the run; it proves nothing and is no fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from oakum.changes.plans.model import Change, Plan, Step
from oakum.changes.proof.container import JOURNAL
from oakum.changes.proof.model import Fault
from oakum.changes.proof.permission import Permission
from oakum.changes.running.acts import Act
from oakum.changes.running.journal import (
    NEXT,
    OVER,
    Answered,
    Journal,
    Meant,
    Noted,
    Record,
    Started,
    Turned,
    decode,
    encode,
)

#: In which states of its step an act may be meant; what is not named may be meant by nobody.
WHEN: dict[str, frozenset[str]] = {
    do: frozenset(states.split())
    for do, states in {
        "silence": "admitted",
        "claim": "admitted",
        "create-node": "admitted",
        "snapshot": "admitted cordoned",
        "evict": "draining",
        "delete-pod": "draining",
        "apply": "applying",
        "undo": "applying",
        "reboot": "rebooting late lost",
        "delete-node": "admitted cordoned snapshotted draining applying restoring",
        "release": "restoring",
        "unsilence": "restoring",
        "discard": "restoring soaking",
    }.items()
}
_MOST = 20


def legal(plan: Plan, run: str, records: Sequence[Record], permission: Permission) -> Iterator[Fault]:
    """What is wrong with a journal, by the numbers of its records from 1; the first twenty."""
    path = _Path(plan, run, permission)
    found = 0
    for number, record in enumerate(records, 1):
        for why in path.follow(record):
            yield Fault(JOURNAL, f"record {number}", why)
            found += 1
            if found == _MOST:
                return


class _Path:
    """Where a run stands after the records so far."""

    def __init__(self, plan: Plan, run: str, permission: Permission) -> None:
        self._plan, self._run, self._permission = plan, run, permission
        self._hash = plan.hash
        self._waves = {wave.id: wave for wave in plan.waves}
        self._wave_of = {step.id: wave for wave in plan.waves for step in wave.steps}
        self._groups = {group.id: group for group in plan.groups}
        self._begun = False
        self._token = 0
        self._holders: dict[int, str] = {}
        self._states: dict[str, str] = {}
        self._busy: dict[str, set[str]] = {group: set() for group in self._groups}
        self._meant: dict[str, Act] = {}
        #: Keys under which whoever had the lease meant an act; an answer to what is void says nothing of his.
        self._counted: set[str] = set()
        self._answered: set[str] = set()
        self._over: set[str] = set()
        self._ended = ""

    def follow(self, record: Record) -> Iterator[str]:
        """What is wrong with the next record."""
        if not self._begun and not isinstance(record, Started):
            yield "nobody had taken the run up"
        if self._ended and not self._after_the_end(record):
            yield f"the run was {self._ended} before it"
        match record:
            case Started():
                self._begun = True
                if record.run != self._run or record.plan != self._hash:
                    yield f"it is of run {record.run[:80]} and plan {record.plan[:24]}"
            case Meant():
                yield from self._means(record)
            case Answered():
                yield from self._answers(record)
            case Turned():
                if record.token >= self._token:
                    yield from self._turns(record)
            case Noted():
                if record.token >= self._token:
                    yield from self._notes(record)

    def _after_the_end(self, record: Record) -> bool:
        """Whether it may stand after the end: what somebody writes who has not seen it yet, and leases."""
        match record:
            case Started() | Answered():
                return True
            case Meant():
                return record.act.do == "lease" or record.act.token < self._token
            case Turned() | Noted():
                return record.token < self._token

    # Acts and answers

    def _means(self, record: Meant) -> Iterator[str]:
        act = record.act
        if act.run != self._run or act.plan != self._hash:
            yield f"the act {act.do} is of run {act.run[:80]} and plan {act.plan[:24]}"
        earlier = self._meant.setdefault(act.key, act)
        if (earlier.do, earlier.subject, earlier.changes, earlier.pod) != (act.do, act.subject, act.changes, act.pod):
            yield f"the key {act.key[:120]} was that of another act"
        if act.do == "lease":
            if record.step:
                yield "a lease is of no step"
            return
        if act.token < self._token:
            return
        self._counted.add(act.key)
        if act.key in self._answered:
            yield f"{act.do} was answered under this key before, and is meant again"
        yield from self._known_token(act.token)
        step = self._plan.steps.get(record.step)
        if step is None:
            yield f"the plan has no step {record.step[:120]}"
            return
        state = self._states.get(step.id, "waiting")
        if state not in WHEN.get(act.do, ()):
            yield f"{act.do} is meant while the step is {state}"
        if not act.key.startswith(f"{self._run}/{step.id}/{act.do}"):
            yield f"its key is that of another act: {act.key[:120]}"
        if act.subject != step.subject and (step.kind != "replace" or act.do != "delete-node"):
            yield f"{act.do} is meant for {act.subject.id[:120]}, and the step is about {step.subject.id}"
        yield from _other_changes(act, step)
        if act.do == "delete-pod" and (why := self._permission.why_not_forced(step, record.at)):
            yield why

    def _answers(self, record: Answered) -> Iterator[str]:
        act = self._meant.get(record.key)
        if act is None:
            yield f"an answer to what nobody had meant: {record.key[:120]}"
            return
        if record.outcome.result != "unknown" and record.key in self._counted:
            self._answered.add(record.key)
        if act.do != "lease" or record.outcome.result != "done":
            return
        token, holder = record.outcome.token, act.parameters.get("holder", "")
        if token < 1 or self._holders.setdefault(token, holder) != holder:
            yield f"the fencing token {token} was given to another before"
        self._token = max(self._token, token)

    def _known_token(self, token: int) -> Iterator[str]:
        if not self._token:
            yield "nobody had the right to carry the run out yet"
        elif token > self._token:
            yield f"the fencing token {token} was given to nobody"

    # States

    def _turns(self, record: Turned) -> Iterator[str]:
        yield from self._known_token(record.token)
        step = self._plan.steps.get(record.step)
        if step is None:
            yield f"the plan has no step {record.step[:120]}"
            return
        before = self._states.get(step.id, "waiting")
        if record.state not in NEXT.get(before, ()):
            yield f"{step.id} is {record.state} after {before}, which cannot follow"
        if record.state == "admitted" and before == "waiting":
            yield from self._admits(step, record.at)
        self._states[step.id] = record.state
        busy = self._busy[step.group]
        if record.state in OVER or record.state == "waiting":
            busy.discard(step.id)
        else:
            busy.add(step.id)

    def _admits(self, step: Step, now: datetime) -> Iterator[str]:
        if why := self._permission.why_not_admitted(step, now):
            yield f"{step.id} is begun: {why}"
        waits = [need for need in self._wave_of[step.id].needs if need not in self._over]
        if waits:
            yield f"{step.id} is begun before the wave {waits[0]} was over"
        group = self._groups[step.group]
        busy = len(self._busy[group.id] - {step.id})
        most = 1 if group.serial else max(1, group.max_unavailable)
        if busy >= most:
            yield f"{step.id} is begun beside {busy} others of its group, of which {most} may be in hand at once"

    def _notes(self, record: Noted) -> Iterator[str]:
        if record.what == "wave-over":
            wave = self._waves.get(record.about)
            open_ = [] if wave is None else [each.id for each in wave.steps if self._states.get(each.id) not in OVER]
            if wave is None:
                yield f"the plan has no wave {record.about[:80]}"
            elif open_:
                yield f"the wave {wave.id} is over, and its step {open_[0]} is not"
            self._over.add(record.about)
        elif record.what == "done":
            left = self._waves.keys() - self._over
            if left:
                yield f"the run is done, and the wave {min(left)} is not over"
            self._ended = "done"
        elif record.what == "stopped":
            self._ended = "stopped"


def _other_changes(act: Act, step: Step) -> Iterator[str]:
    """Changes that are none of the step's: those of the plan on the way there, the same versions on the way back."""
    if act.do in ("apply", "create-node") and act.changes != step.changes:
        yield f"{act.do} makes other changes than the plan"
    if act.do == "undo":
        allowed = {_move(each) for each in step.back}
        allowed |= {(each.component, each.after, each.back or each.before) for each in step.changes}
        if any(_move(each) not in allowed for each in act.changes):
            yield "undo makes other changes than the way back of the plan"


def _move(change: Change) -> tuple[str, str, str]:
    return change.component, change.before, change.after


def state_of(plan: Plan, records: Sequence[Record]) -> dict[str, str]:
    """The last state of every step, without what void records say."""
    journal = Journal(records)
    return {step: journal.state(step) for step in plan.steps}


def read_records(data: bytes) -> tuple[list[Record], list[Fault]]:
    """The records of a journal, a line each, and what is wrong with the first line that is none."""
    records: list[Record] = []
    lines = data.split(b"\n")
    if lines[-1]:
        return records, [Fault(JOURNAL, f"record {len(lines)}", "the last line is cut off")]
    for number, line in enumerate(lines[:-1], 1):
        try:
            record = decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, TypeError):
            return records, [Fault(JOURNAL, f"record {number}", "it is not understood")]
        if record.at.tzinfo is None or encode(record) != line:
            return records, [Fault(JOURNAL, f"record {number}", "it is not written in its one form")]
        records.append(record)
    return records, []
