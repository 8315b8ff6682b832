"""The journal of a run: what was decided, meant, answered and reached, in order; and the state that follows from it.

Whoever reads the same records knows the same: a run that was cut off anywhere goes on from its journal and the world.
An intent to act is written before the act (``Meant``), its answer after it (``Answered``).
"""

from __future__ import annotations

from collections.abc import Iterable
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


class Noted(msgspec.Struct, frozen=True, kw_only=True, tag="noted"):
    """Something about the whole run or a wave: ``what`` is a word of the machine (wave-over, held, paused...)."""

    at: datetime
    what: str
    about: str = ""
    why: str = ""
    facts: dict[str, str] = msgspec.field(default_factory=dict)


Record = Started | Meant | Answered | Turned | Noted
_DECODER = msgspec.json.Decoder(Record)


def encode(record: Record) -> bytes:
    """One record as a line of JSON."""
    return msgspec.json.encode(record, order="sorted")


def decode(line: bytes) -> Record:
    """A record from a line. Raises msgspec.ValidationError or DecodeError for what is none."""
    found: Record = _DECODER.decode(line)
    return found


class Progress(msgspec.Struct, kw_only=True):
    """One step as the journal tells it.

    ``since`` is when it entered its state. ``facts`` are all that its turns remembered, the newest of each name.
    ``pending`` are acts without an answer, ``outcomes`` the answers, both by key; ``tries`` counts acts by kind.
    """

    state: States = "waiting"
    since: datetime | None = None
    why: str = ""
    facts: dict[str, str] = msgspec.field(default_factory=dict)
    pending: dict[str, Act] = msgspec.field(default_factory=dict)
    outcomes: dict[str, Outcome] = msgspec.field(default_factory=dict)
    tries: dict[str, int] = msgspec.field(default_factory=dict)


class Journal:
    """The folded records: the progress of every step that has any, and the notes, newest last."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self.run = self.plan = ""
        self.started: datetime | None = None
        self.steps: dict[str, Progress] = {}
        self.notes: list[Noted] = []
        self.whole = Progress()
        self.active: dict[str, Progress] = {}
        self._step_of: dict[str, str] = {}
        for each in records:
            self.add(each)

    def add(self, record: Record) -> None:
        """Takes up one more record."""
        match record:
            case Started():
                self.run, self.plan = record.run, record.plan
                self.started = self.started or record.at
            case Meant():
                self._step_of[record.act.key] = record.step
                progress = self.of(record.step)
                progress.pending[record.act.key] = record.act
                progress.tries[record.act.do] = progress.tries.get(record.act.do, 0) + 1
            case Answered():
                progress = self.of(self._step_of.get(record.key, ""))
                progress.outcomes[record.key] = record.outcome
                if record.outcome.result != "unknown":
                    progress.pending.pop(record.key, None)
            case Turned():
                progress = self.of(record.step)
                progress.state, progress.since, progress.why = record.state, record.at, record.why
                progress.facts.update(record.facts)
                if record.state in OVER:
                    self.active.pop(record.step, None)
                elif record.state != "waiting":
                    self.active[record.step] = progress
            case Noted():
                self.notes.append(record)

    def of(self, step: str) -> Progress:
        """The progress of a step; of the whole run for the empty id."""
        if not step:
            return self.whole
        return self.steps.setdefault(step, Progress())

    def state(self, step: str) -> States:
        """The state of a step."""
        found = self.steps.get(step)
        return "waiting" if found is None else found.state
