"""Where a run stands: which waves have begun, what still waits in each, and how many steps ended how.

It follows the journal record by record, so that a turn costs what is in flight and what may start next, not the plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from oakum.changes.plans.model import Step, Wave
from oakum.changes.running.compiled import Compiled
from oakum.changes.running.journal import OVER, Journal, Meant, Noted, Record, Turned

#: Steps that wait in the same bucket are kept from starting by the same limits: their group and their failure domain.
Bucket = tuple[str, str]


class Begun(msgspec.Struct, kw_only=True):
    """A wave that has begun and is not over.

    ``left`` counts steps that are not over; ``waiting`` holds those that may start, by bucket, in their order;
    ``obstructed`` those that something about their machine keeps back. ``since`` is when the last step ended.
    """

    wave: Wave
    left: int
    waiting: dict[Bucket, dict[str, None]]
    obstructed: dict[str, None]
    done: int = 0
    since: datetime | None = None


class Standing:
    """The waves and counts of one run."""

    def __init__(self, compiled: Compiled, journal: Journal) -> None:
        self.compiled = compiled
        self.begun: dict[str, Begun] = {}
        self.over: set[str] = set()
        self.failed: set[str] = set()
        self.lost: set[str] = set()
        #: The machines that were changed and are not in hand, with their step; and those whose step is done.
        self.changed: dict[str, str] = {}
        self._done: dict[str, str] = {}
        self.told: set[tuple[str, str]] = set()
        self.evicted: dict[str, datetime] = {}
        #: Judgements of drains by step: what they were made of, the answer, and when. They save time, nothing else.
        self.judged: dict[str, tuple[tuple[object, ...], object, datetime]] = {}
        self.stopping = self.paused = self.ended = False
        self.paused_since: datetime | None = None
        self._journal = journal
        for note in journal.notes:
            self._noted(note)
        # In the order in which they came into their states, as ``follow`` would have seen them.
        for step, progress in sorted(journal.steps.items(), key=lambda each: each[1].entered):
            self._count(step, progress.state)
            if "left_in" in progress.facts and step in compiled.steps:
                # It was lost once, in whatever state it is now.
                self.lost.add(step)
            for attempt in progress.attempts.values():
                if attempt.act.pod:
                    self.evicted[attempt.act.pod] = max(attempt.at, self.evicted.get(attempt.act.pod, attempt.at))
        for wave in compiled.plan.waves:
            self._begin(wave)
        journal.followers.append(self.follow)

    def follow(self, record: Record) -> None:
        """Takes up one more record."""
        if isinstance(record, Turned):
            self._turned(record)
        elif isinstance(record, Meant):
            if record.act.pod:
                self.evicted[record.act.pod] = record.at
        elif isinstance(record, Noted):
            self._noted(record)

    def _begin(self, wave: Wave) -> None:
        if wave.id in self.over or wave.id in self.begun or not set(wave.needs) <= self.over:
            return
        begun = Begun(wave=wave, left=len(wave.steps), waiting={}, obstructed={})
        self.begun[wave.id] = begun
        for step in wave.steps:
            progress = self._journal.steps.get(step.id)
            state = "waiting" if progress is None else progress.state
            if state == "waiting":
                self._waits(begun, step, bool(progress and progress.why))
            elif state in OVER and progress is not None:
                begun.left -= 1
                begun.done += _shows(state, progress.facts.get("already", ""))
                if progress.since is not None and (begun.since is None or progress.since > begun.since):
                    begun.since = progress.since

    def _waits(self, begun: Begun, step: Step, obstructed: bool) -> None:
        if obstructed:
            begun.obstructed[step.id] = None
        else:
            begun.waiting.setdefault((step.group, step.domain), {})[step.id] = None

    def _turned(self, record: Turned) -> None:
        self._count(record.step, record.state)
        wave = self.compiled.wave_of.get(record.step)
        begun = self.begun.get(wave.id) if wave is not None else None
        if begun is None:
            return
        step = self.compiled.steps[record.step]
        bucket = (step.group, step.domain)
        begun.obstructed.pop(step.id, None)
        waiting = begun.waiting.get(bucket)
        if waiting is not None and waiting.pop(step.id, step) is None and not waiting:
            del begun.waiting[bucket]
        if record.state == "waiting":
            self._waits(begun, step, bool(record.why))
        elif record.state in OVER:
            begun.left -= 1
            begun.done += _shows(record.state, record.facts.get("already", ""))
            begun.since = record.at

    def _count(self, step: str, state: str) -> None:
        known = self.compiled.steps.get(step)
        if known is None:
            return
        if state in ("failed", "undone"):
            self.failed.add(step)
        if state == "lost":
            self.lost.add(step)
        if known.subject.kind == "machine":
            id = known.subject.id
            if state == "done":
                self._done[id] = step
            elif state in ("failed", "undone"):
                self._done.pop(id, None)
            if state in ("waiting", *OVER) and id in self._done:
                # Another step of it waits, or was skipped: what an earlier one changed is in effect.
                self.changed[id] = self._done[id]
            else:
                self.changed.pop(id, None)

    def _noted(self, note: Noted) -> None:
        if note.what == "wave-over" and note.about in self.compiled.waves:
            self.over.add(note.about)
            self.begun.pop(note.about, None)
            for needing in self.compiled.needed_by[note.about]:
                self._begin(self.compiled.waves[needing])
        elif note.what == "stopping":
            self.stopping = True
        elif note.what == "notify":
            self.told.add((note.about, note.facts.get("rung", "")))
        elif note.what in ("paused", "resumed"):
            self.paused = note.what == "paused"
            self.paused_since = note.at if self.paused else None
        elif note.what in ("done", "stopped"):
            self.ended = True

    def frontier(self, most: int) -> Iterator[tuple[Begun, Bucket, list[str]]]:
        """The steps that may start next: of every bucket of every wave that has begun, the first ``most``."""
        for begun in self.begun.values():
            for bucket, steps in begun.waiting.items():
                first: list[str] = []
                for step in steps:
                    first.append(step)
                    if len(first) == most:
                        break
                yield begun, bucket, first


def _shows(state: str, already: str) -> bool:
    """Whether a step that is over shows that the change works."""
    return state == "done" or (state == "skipped" and bool(already))


def standing_of(compiled: Compiled, journal: Journal) -> Standing:
    """The standing of a journal under a plan: made once, then kept up to date by the journal itself."""
    for follower in journal.followers:
        owner = getattr(follower, "__self__", None)
        if isinstance(owner, Standing) and owner.compiled is compiled:
            return owner
    return Standing(compiled, journal)
