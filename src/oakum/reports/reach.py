"""Who can be reached, as text: the ways in, what closing one thing would change, and which nodes come first.

Each way and each closing is told once, with all that it is about; the most urgent first (``reports.ways``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from oakum.reports.answer import Answer
from oakum.reports.ways import Door, Held, Reachable, Way, moved, some, within

#: Ways, closings and nodes on one screen, and names in one line; the machine forms hold them all.
WAYS, DOORS, NODES, NAMES = 3, 2, 3, 4
_MORE = "-o json or --all shows them"


def reach(answer: Answer, width: int, everything: bool) -> Iterable[str]:
    """The sections of a table; nothing where no exposure was measured."""
    if not answer.exposures:
        return
    found = Reachable(answer)
    yield ""
    yield from wrap(f"REACHABLE: {found.counts()}", width)
    ways = found.ways()
    yield from _listed([_way(one, everything) for one in ways], WAYS, "way", width, everything)
    doors = [one for one in found.doors() if everything or one.shifts]
    if doors:
        yield ""
        yield "WHAT CLOSING ONE THING WOULD CHANGE (whoever uses it is cut off)"
        yield from _listed([_door(one, everything) for one in doors], DOORS, "closing", width, everything)
    nodes = found.nodes()
    if nodes:
        yield ""
        yield "NODES FIRST: the open ones, then by what somebody holds who holds the node"
        yield from _listed([_node(one, everything) for one in nodes], NODES, "node", width, everything)


def _listed(lines: Sequence[str], limit: int, what: str, width: int, everything: bool) -> Iterator[str]:
    shown = lines if everything else lines[:limit]
    for line in shown:
        yield from wrap(f"- {line}", width, subsequent_indent="  ", break_on_hyphens=False)
    if len(lines) > len(shown):
        left = len(lines) - len(shown)
        yield f"... and {left} more {what}{'' if left == 1 else 's'}; {_MORE}"


def _way(way: Way, everything: bool) -> str:
    """One way: what it reaches, how, and what stands behind it."""
    names = within(some(way.names, None if everything else NAMES), way.cluster)
    how = f"assumed: {way.reached[0].why}" if way.assumed else way.words
    count = len(way.findings)
    behind = ""
    if count:
        first = way.findings[0]
        behind = f"; behind it {count} finding{'' if count == 1 else 's'}, {first.id} in {first.package.name} first"
    return f"{names}: {how}{behind}"


def _door(door: Door, everything: bool) -> str:
    """One closing: the deadlines that it moves, and what it leaves."""
    limit = None if everything else NAMES
    left = "; ".join(f"leaves {some(names, limit)} {level}" for level, names in door.leaves.items())
    return f"{door.what}: {moved(door.shifts) or 'no deadline moves'}; {left}"


def _node(node: Held, everything: bool) -> str:
    """One node: how exposed, what patches it, and what is lost with it."""
    ranks = [str(rank) for rank in node.actions]
    patched = f", action{'' if len(ranks) == 1 else 's'} {', '.join(ranks)}" if ranks else ""
    parts = node.blast.parts
    shown = parts if everything else parts[:1]
    rest = f"; and {len(parts) - len(shown)} more" if len(parts) > len(shown) else ""
    return f"{node.name} ({node.level or 'not measured'}{patched}): {'; '.join(shown) or 'nothing'}{rest}"
