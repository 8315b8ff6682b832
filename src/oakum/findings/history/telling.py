"""What is told of a step: few lines, whatever happened.

One update of a feed, or one new model of EPSS, may touch thousands of findings. What has one cause is one line as soon
as it would be many; and where the causes are many, the kind is one line. What entered KEV is never folded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from oakum.findings.history.model import Event
from oakum.findings.history.scores import Move

#: As many lines of one kind are told each by itself; more are a storm.
STORM = 20
_ORDER = ("reopened", "new", "not-assessable", "closed", "assessable")


class Line(msgspec.Struct, frozen=True):
    """One line: how many vulnerabilities (``findings``: pairs of one and a package) on how many assets.

    A single one has an ``id`` and a ``package``; a ``storm`` has its ``cause``, empty where there are several.
    """

    kind: str
    findings: int
    assets: int
    id: str = ""
    package: str = ""
    cause: str = ""
    why: str = ""
    reason: str = ""
    storm: bool = False


def told(events: Iterable[Event], moved: Iterable[Move]) -> list[Line]:
    """The lines of a step, the most urgent kind first."""
    lines: list[Line] = []
    moved = list(moved)
    lines += [Line(move.kind, 1, 0, id=move.cve) for move in moved if move.kind != "epss"]
    kinds: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        kinds["first" if event.first else event.kind].append(event)
    for kind in _ORDER:
        lines += _of_kind(kind, kinds[kind])
    if kinds["first"]:
        lines.append(_storm("first", kinds["first"], ""))
    lines += _scores([move for move in moved if move.kind == "epss"])
    return lines


def _of_kind(kind: str, events: Sequence[Event]) -> Iterator[Line]:
    by_cause: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        by_cause[event.cause].append(event)
    lines = [line for cause, same in sorted(by_cause.items()) for line in _of_cause(kind, cause, same)]
    if len(lines) > STORM:
        yield _storm(kind, events, "")
    else:
        yield from lines


def _of_cause(kind: str, cause: str, events: Sequence[Event]) -> Iterator[Line]:
    single: defaultdict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in events:
        single[event.id, event.item.package].append(event)
    if len(single) > STORM:
        yield _storm(kind, events, cause)
        return
    for (id_, package), same in sorted(single.items()):
        first = same[0]
        assets = len({each.item.asset for each in same})
        yield Line(
            kind, 1, assets, id=id_, package=package, cause=cause, why=first.why, reason=first.item.reason
        )  # fmt: skip


def _storm(kind: str, events: Sequence[Event], cause: str) -> Line:
    findings = len({(event.id, event.item.package) for event in events})
    return Line(kind, findings, len({event.item.asset for event in events}), cause=cause, storm=True)


def _scores(moved: Sequence[Move]) -> Iterator[Line]:
    if len(moved) > STORM:
        causes = {move.cause for move in moved}
        yield Line("epss", len(moved), 0, cause=causes.pop() if len(causes) == 1 else "", storm=True)
        return
    for move in moved:
        yield Line("epss", 1, 0, id=move.cve, cause=move.cause, why=f"{move.before:.2f} -> {move.after:.2f}")
