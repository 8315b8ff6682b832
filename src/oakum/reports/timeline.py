"""A run over time as a picture: a bar for each step, by wave, from its admission to its end; as inline SVG.

What the bars show stands in a table beside them too, and each part of a bar has its name, so that neither colour nor
the picture is needed to read it. A run of very many steps has a bar for each wave instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from html import escape
from typing import Literal, Protocol

import msgspec

from oakum.changes.plans.model import Plan
from oakum.changes.running.journal import OVER, Journal, Noted, Record, Turned
from oakum.reports.run_words import label

Kind = Literal["prepare", "change", "restart", "back", "restore", "watch", "lost"]
#: What a step is about in a state.
KINDS: dict[str, Kind] = {
    "admitted": "prepare", "cordoned": "prepare", "snapshotted": "prepare", "draining": "prepare",
    "applying": "change", "verifying": "change", "rebooting": "restart", "late": "lost", "lost": "lost",
    "restoring": "restore", "soaking": "watch",
}  # fmt: skip
WORDS: dict[Kind, str] = {
    "prepare": "prepared", "change": "changed and verified", "restart": "restarted", "back": "taken back",
    "restore": "given back", "watch": "watched", "lost": "out of reach",
}  # fmt: skip
_ENDS = {"done": "done", "undone": "undone", "failed": "FAILED", "skipped": "left out"}
#: More steps than this are shown by wave.
_MOST = 60
_LEFT, _WIDE, _RIGHT, _ROW, _TOP = 190, 980, 90, 24, 26
#: Letters of a label that fit.
_LETTERS = 27
#: Seconds between two ticks; the first that gives at most eight of them.
_TICKS = (1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 6 * 3600, 86_400, 7 * 86_400, 30 * 86_400)

STYLE = """
.picture { min-width: 46rem } .picture text { font: 13px system-ui, sans-serif; fill: var(--ink) }
.picture .tick { fill: var(--soft) } .picture line { stroke: var(--line) } .picture .wave { font-weight: 600 }
.prepare { fill: #8a94a0 } .change { fill: #2f6fde } .restart { fill: #8f5bd6 } .restore { fill: #5f7f95 }
.back { fill: #c77700 } .watch { fill: #2e8b57 } .lost { fill: #c9372c }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; list-style: none; padding: 0; font-size: .9rem }
.legend svg { width: .9rem; height: .9rem; vertical-align: -.1rem; margin-right: .35rem }
"""


class Position(Protocol):
    """Where a moment stands on the axis of time."""

    def __call__(self, moment: datetime) -> float:
        """Units from the left edge."""


class Phase(msgspec.Struct, frozen=True):
    """A part of a visit, from when to when."""

    kind: Kind
    begin: datetime
    end: datetime


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A step over time: its phases, and the state that it reached last with the reason; ``name`` is its wave's."""

    wave: str
    name: str
    step: str
    subject: str
    phases: tuple[Phase, ...]
    state: str
    why: str = ""

    @property
    def begin(self) -> datetime | None:
        """When it was begun; None where it was not."""
        return self.phases[0].begin if self.phases else None

    @property
    def end(self) -> datetime | None:
        """When it ended, or was last heard of."""
        return self.phases[-1].end if self.phases else None


def visits(plan: Plan, records: Sequence[Record]) -> list[Visit]:
    """The steps of a plan over time, in the plan's order; records of somebody who was overtaken do not count."""
    last = records[-1].at if records else plan.at
    turns: dict[str, list[Turned]] = {}
    journal = Journal()

    def follow(record: Record) -> None:
        if isinstance(record, Turned):
            turns.setdefault(record.step, []).append(record)

    journal.followers.append(follow)
    for record in records:
        journal.add(record)
    found = []
    for wave in plan.waves:
        for step in wave.steps:
            several = turns.get(step.id, [])
            found.append(
                Visit(
                    wave=wave.id, name=label(wave), step=step.id, subject=step.subject.id,
                    phases=tuple(_phases(several, last)), state=journal.state(step.id),
                    why=several[-1].why if several else "",
                )
            )  # fmt: skip
    return found


def _phases(turns: Sequence[Turned], last: datetime) -> Iterator[Phase]:
    begin: datetime | None = None
    kind: Kind | None = None
    way = ""
    for turn in turns:
        now, way = KINDS.get(turn.state), turn.facts.get("way", way)
        if way == "back" and now in ("change", "restart"):
            now = "back"
        if now != kind:
            if kind is not None and begin is not None:
                yield Phase(kind, begin, max(turn.at, begin))
            begin, kind = turn.at, now
    if kind is not None and begin is not None:
        yield Phase(kind, begin, max(last, begin))


class _Row(msgspec.Struct, frozen=True):
    """A line of the picture: its label, its bars, and the word at their end; a ``heading`` is that of a wave."""

    label: str
    phases: tuple[Phase, ...]
    ended: str = ""
    heading: bool = False


def picture(found: Sequence[Visit], records: Sequence[Record]) -> Iterable[str]:
    """The picture of a run that has begun, and its legend; nothing where no step was begun."""
    over = {each.about: each.at for each in records if isinstance(each, Noted) and each.what == "wave-over"}
    rows = list(_rows(found, over))
    phases = [phase for row in rows for phase in row.phases]
    if not phases:
        return
    begin = min([records[0].at, *(phase.begin for phase in phases)])
    end = max([begin + timedelta(seconds=1), *(phase.end for phase in phases)])
    high = _TOP + _ROW * len(rows) + 8
    scale = (_WIDE - _LEFT - _RIGHT) / (end - begin).total_seconds()

    def at(moment: datetime) -> float:
        return round(_LEFT + (moment - begin).total_seconds() * scale, 1)

    told = f"{len(found)} steps from {begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC; the table below says the same"
    yield '<div class="wide" tabindex="0" role="region" aria-label="Picture of the run over time">'
    yield f'<svg class="picture" viewBox="0 0 {_WIDE} {high}" role="img" aria-label="{escape(told)}">'
    yield from _axis(begin, end, at, high)
    for number, row in enumerate(rows):
        yield from _drawn(row, _TOP + _ROW * number, at)
    yield "</svg></div>"
    yield from _legend({phase.kind for phase in phases})


def _rows(found: Sequence[Visit], over: Mapping[str, datetime]) -> Iterator[_Row]:
    """Each wave with the time for which it was watched, and its steps below it."""
    for wave in dict.fromkeys(each.wave for each in found):
        several = [each for each in found if each.wave == wave]
        ends = [each.end for each in several if each.end is not None]
        watched = (Phase("watch", max(ends), over[wave]),) if ends and wave in over and over[wave] > max(ends) else ()
        if len(found) > _MOST:
            count = sum(each.state in OVER for each in several)
            phases = tuple(phase for each in several for phase in each.phases)
            yield _Row(f"{several[0].name}: {count} of {len(several)}", (*phases, *watched), heading=True)
            continue
        yield _Row(f"wave {several[0].name}", watched, heading=True)
        for each in several:
            yield _Row(each.subject, each.phases, _ENDS.get(each.state, each.state))


def _drawn(row: _Row, y: int, at: Position) -> Iterator[str]:
    text = row.label if len(row.label) <= _LETTERS else f"{row.label[: _LETTERS - 2]}..."
    place = 'x="0" class="wave"' if row.heading else 'x="12"'
    yield f'<text {place} y="{y + 16}">{escape(text)}<title>{escape(row.label)}</title></text>'
    for phase in row.phases:
        x, wide = at(phase.begin), max(at(phase.end) - at(phase.begin), 1.5)
        said = f"{row.label} {WORDS[phase.kind]} from {phase.begin:%H:%M:%S} to {phase.end:%H:%M:%S}"
        yield (
            f'<rect class="{phase.kind}" x="{x}" y="{y + 4}" width="{wide:.1f}" height="16" rx="2">'
            f"<title>{escape(said)}</title></rect>"
        )
    if row.phases and row.ended:
        yield f'<text x="{at(row.phases[-1].end) + 6}" y="{y + 16}">{escape(row.ended)}</text>'


def _axis(begin: datetime, end: datetime, at: Position, high: int) -> Iterator[str]:
    whole = (end - begin).total_seconds()
    step = next((each for each in _TICKS if whole / each <= 8), int(whole / 8) + 1)
    first = begin.timestamp() // step * step + step
    day = begin.date()
    yield f'<text class="tick" x="0" y="14">{begin:%Y-%m-%d} (UTC)</text>'
    while first < end.timestamp():
        moment = datetime.fromtimestamp(first, tz=begin.tzinfo)
        text = f"{moment:%H:%M:%S}" if step < 60 else f"{moment:%H:%M}"
        if moment.date() != day or step >= 86_400:
            text, day = f"{moment:%m-%d}" if step >= 86_400 else f"{moment:%m-%d %H:%M}", moment.date()
        x = at(moment)
        yield f'<line x1="{x}" y1="{_TOP - 6}" x2="{x}" y2="{high - 8}"></line>'
        yield f'<text class="tick" x="{x}" y="14" text-anchor="middle">{text}</text>'
        first += step


def _legend(kinds: set[Kind]) -> Iterator[str]:
    items = "".join(
        f'<li><svg viewBox="0 0 10 10" aria-hidden="true"><rect class="{kind}" width="10" height="10" rx="2"></rect>'
        f"</svg>{word}</li>"
        for kind, word in WORDS.items()
        if kind in kinds
    )
    yield f'<ul class="legend" aria-label="What the parts of a bar mean">{items}</ul>'
