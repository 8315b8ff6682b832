"""The journal of a run: what was decided, meant, answered and reached, in order; and the state that follows from it.

Whoever reads the same records knows the same: a run that was cut off anywhere goes on from its journal and the world.
An intent to act is written before the act (``Meant``), its answer after it (``Answered``).

A record carries the fencing token of who wrote it. A lease that was taken over raises the token, and what somebody with
a lower one still writes after that is void: the world refuses his acts, and the journal his conclusions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Literal

import msgspec

from oakum.changes.running.acts import Act, Outcome

#: The states of one step, in the usual order; those of ``OVER`` are final.
States = Literal[
    "waiting", "admitted", "snapshotted", "cordoned", "draining", "applying", "rebooting", "late", "lost", "verifying",
    "restoring", "soaking", "done", "failed", "undone", "skipped",
]  # fmt: skip
OVER: frozenset[str] = frozenset({"done", "failed", "undone", "skipped"})
#: Which state may follow which. A state that may follow itself is entered again to remember something new.
NEXT: dict[str, frozenset[str]] = {
    state: frozenset(following.split())
    for state, following in {
        "waiting": "waiting admitted skipped",
        "admitted": "admitted cordoned snapshotted applying restoring skipped failed",
        "cordoned": "snapshotted draining restoring skipped",
        "snapshotted": "draining applying restoring skipped",
        "draining": "draining applying restoring skipped",
        "applying": "applying rebooting verifying restoring lost waiting failed",
        "rebooting": "rebooting late verifying applying restoring failed",
        "late": "late lost verifying applying restoring failed",
        "lost": "rebooting applying verifying restoring failed",
        "verifying": "verifying applying restoring soaking lost failed",
        "restoring": "restoring soaking done failed undone skipped waiting",
        "soaking": "soaking applying done failed",
    }.items()
}


class Started(msgspec.Struct, frozen=True, kw_only=True, tag="started"):
    """Somebody takes up the run: for the first time, or after an interruption. ``plan`` is the approved hash."""

    at: datetime
    run: str
    plan: str
    executor: str


class Meant(msgspec.Struct, frozen=True, kw_only=True, tag="meant"):
    """An act is about to be tried, for a step (empty: for the whole run)."""

    at: datetime
    act: Act
    step: str = ""


class Answered(msgspec.Struct, frozen=True, kw_only=True, tag="answered"):
    """The answer to the act of a key."""

    at: datetime
    key: str
    outcome: Outcome


class Turned(msgspec.Struct, frozen=True, kw_only=True, tag="turned"):
    """A step enters a state. ``facts`` are what was seen and has to be remembered (the boot id before a reboot)."""

    at: datetime
    step: str
    state: States
    why: str = ""
    facts: dict[str, str] = msgspec.field(default_factory=dict)
    token: int = 0


class Noted(msgspec.Struct, frozen=True, kw_only=True, tag="noted"):
    """Something about the whole run or a wave: ``what`` is a word of ``NOTES``."""

    at: datetime
    what: str
    about: str = ""
    why: str = ""
    facts: dict[str, str] = msgspec.field(default_factory=dict)
    token: int = 0


#: What a run notes beside the states of its steps.
NOTES: dict[str, str] = {
    "held": "nothing can be done about `about` (a step, a wave, or empty: the run) now, and why",
    "paused": "somebody asked to start nothing more for now; what is in hand is finished",
    "resumed": "the pause is over",
    "overdue": "a pause has lasted for so long that somebody should look",
    "notify": "a rung of an escalation ladder: the roles in `facts` are to be told",
    "stopping": "nothing more is started, and what is in hand is finished or restored, and why",
    "handed-over": "a machine is left to people as it is, and why; nothing of ours is left on it",
    "gate-failed": "a gate measured more failures than it allows",
    "wave-over": "all steps of a wave are over, it has soaked, and its gate was measured and passed",
    "done": "the run is over: all waves are",
    "stopped": "the run is over before all waves were",
}

Record = Started | Meant | Answered | Turned | Noted
_DECODER = msgspec.json.Decoder(Record)


def encode(record: Record) -> bytes:
    """One record as a line of JSON."""
    return msgspec.json.encode(record, order="sorted")


def decode(line: bytes) -> Record:
    """A record from a line. Raises msgspec.ValidationError or DecodeError for what is none."""
    found: Record = _DECODER.decode(line)
    return found


class Attempt(msgspec.Struct, kw_only=True):
    """The newest try of one act of a step (for acts on pods: on one pod).

    ``number`` counts from 1 and is the last part of the key; it grows when a try was answered and another is made.
    ``repeats`` counts how often it was tried under that key, ``refusals`` how many in a row were refused before it.
    ``place`` is the number of its record in the journal: what was meant after a state was entered has a higher one.
    """

    act: Act
    at: datetime
    place: int
    number: int = 1
    repeats: int = 1
    refusals: int = 0
    outcome: Outcome | None = None
    answered: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether nobody knows if it took effect."""
        return self.outcome is None or self.outcome.result == "unknown"


def slot(act: Act) -> str:
    """The name of an act among the attempts of its step: its kind, with the uid where there may be several."""
    return f"{act.do}/{act.uid}" if act.pod or act.do == "delete-node" else act.do


class Progress(msgspec.Struct, kw_only=True):
    """One step as the journal tells it.

    ``since`` is when it entered its state, ``entered`` the number of that record. ``facts`` are all that its turns
    remembered, the newest of each name. ``pending`` are acts without an answer, ``outcomes`` the answers, both by key;
    ``tries`` counts acts by kind; ``attempts`` are the newest tries by their slot.
    """

    state: States = "waiting"
    since: datetime | None = None
    why: str = ""
    entered: int = 0
    facts: dict[str, str] = msgspec.field(default_factory=dict)
    pending: dict[str, Act] = msgspec.field(default_factory=dict)
    outcomes: dict[str, Outcome] = msgspec.field(default_factory=dict)
    tries: dict[str, int] = msgspec.field(default_factory=dict)
    attempts: dict[str, Attempt] = msgspec.field(default_factory=dict)

    def tried(self, name: str) -> Attempt | None:
        """The newest try of a slot since the state was entered."""
        found = self.attempts.get(name)
        return found if found is not None and found.place > self.entered else None


class Journal:
    """The folded records: the progress of every step that has any, and the notes, newest last.

    ``started`` is when the run was taken up first, ``resumed`` when last. ``token`` is the highest fencing token that
    was given out, ``held`` what was noted to be held, with the reason. ``followers`` are told of every record that
    counts.
    """

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self.run = self.plan = self.executor = ""
        self.started: datetime | None = None
        self.resumed: datetime | None = None
        self.steps: dict[str, Progress] = {}
        self.notes: list[Noted] = []
        self.whole = Progress()
        self.active: dict[str, Progress] = {}
        self.token = self.length = 0
        self.held: set[tuple[str, str]] = set()
        self.followers: list[Callable[[Record], None]] = []
        self._step_of: dict[str, str] = {}
        for each in records:
            self.add(each)

    def add(self, record: Record) -> None:
        """Takes up one more record; one of somebody whose lease was taken over is void."""
        self.length += 1
        match record:
            case Started():
                self.run, self.plan, self.executor = record.run, record.plan, record.executor
                self.started, self.resumed = self.started or record.at, record.at
            case Meant():
                if record.act.do != "lease" and record.act.token < self.token:
                    return
                self._meant(record)
            case Answered():
                if not self._answered(record):
                    return
            case Turned():
                if record.token < self.token:
                    return
                self._turned(record)
            case Noted():
                if record.token < self.token:
                    return
                self.notes.append(record)
                if record.what == "held":
                    self.held.add((record.about, record.why))
        for each in self.followers:
            each(record)

    def _meant(self, record: Meant) -> None:
        act, progress, name = record.act, self.of(record.step), slot(record.act)
        self._step_of[act.key] = record.step
        progress.pending[act.key] = act
        progress.tries[act.do] = progress.tries.get(act.do, 0) + 1
        last = progress.attempts.get(name)
        new = Attempt(act=act, at=record.at, place=self.length)
        if last is not None and last.act.key == act.key:
            new.number, new.repeats, new.refusals = last.number, last.repeats + 1, last.refusals
        elif last is not None:
            refused = last.outcome is not None and last.outcome.result == "refused"
            new.number, new.refusals = last.number + 1, last.refusals + 1 if refused else 0
        progress.attempts[name] = new

    def _answered(self, record: Answered) -> bool:
        if record.key not in self._step_of:
            return False
        progress = self.of(self._step_of[record.key])
        act = progress.pending.get(record.key)
        progress.outcomes[record.key] = record.outcome
        if record.outcome.result != "unknown":
            progress.pending.pop(record.key, None)
        if act is not None:
            attempt = progress.attempts.get(slot(act))
            if attempt is not None and attempt.act.key == record.key:
                attempt.outcome, attempt.answered = record.outcome, record.at
            if act.do == "lease":
                self.token = max(self.token, record.outcome.token)
        return True

    def _turned(self, record: Turned) -> None:
        progress = self.of(record.step)
        progress.state, progress.since, progress.why = record.state, record.at, record.why
        progress.entered = self.length
        progress.facts.update(record.facts)
        if record.state in OVER or record.state == "waiting":
            self.active.pop(record.step, None)
        else:
            self.active[record.step] = progress

    def of(self, step: str) -> Progress:
        """The progress of a step; of the whole run for the empty id."""
        if not step:
            return self.whole
        return self.steps.setdefault(step, Progress())

    def state(self, step: str) -> States:
        """The state of a step."""
        found = self.steps.get(step)
        return "waiting" if found is None else found.state
