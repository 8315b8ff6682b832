"""The part of the page about who can be reached: the ways in, what closing one thing would change, which nodes first.

The same grouping as on a terminal (``reports.ways``), with every way of each exposure folded in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from oakum.reports.answer import Answer, ExposureEntry, PathEntry
from oakum.reports.html_table import Tables
from oakum.reports.ways import Door, Held, Reachable, Way, moved

#: So many things that one way reaches are told at once, the others folded.
_TOLD = 12


def reach_section(answer: Answer, tables: Tables) -> Iterable[str]:
    """The section; nothing where no exposure was measured."""
    if not answer.exposures:
        return
    found = Reachable(answer)
    yield '<section aria-labelledby="reach"><h2 id="reach">Reachable from outside</h2>'
    yield f'<p class="soft">{escape(found.counts())}.</p>'
    ways = found.ways()
    if ways:
        yield from tables.table(
            ("Reached", "Way in", "Findings behind it"),
            map(_way, ways),
            "Ways in, the most urgent first",
        )
    doors = found.doors()
    if doors:
        yield '<h3 id="closings">What closing one thing would change</h3>'
        yield '<p class="soft">Whoever uses it is cut off. Until a fix is in place, it buys time.</p>'
        yield from tables.table(
            ("To close", "Deadlines that move", "What it leaves"), map(_door, doors), "Closings, the most urgent first"
        )
    nodes = found.nodes()
    if nodes:
        yield '<h3 id="nodes">Which nodes first</h3>'
        yield '<p class="soft">The open ones, then by what somebody holds who holds the node.</p>'
        heads = ("Node", "Exposure", "Actions", "Whoever holds it holds", "Weight")
        yield from tables.table(heads, map(_node, nodes), "Nodes by exposure and blast radius", numbers=(4,))
    yield "</section>"


def _way(way: Way) -> Sequence[str]:
    names = [f"<li>{_exposure(one)}</li>" for one in way.reached]
    if len(names) > _TOLD + 1:
        others = f"<details><summary>and {len(names) - _TOLD} more</summary><ul>{''.join(names[_TOLD:])}</ul></details>"
        names = [*names[:_TOLD], f"<li>{others}</li>"]
    how = _path(way.path) if way.path is not None else escape(way.words)
    assumed = '<span class="tag">assumed</span> ' if way.assumed else ""
    first = ", ".join(dict.fromkeys(one.id for one in way.findings[:3]))
    rest = f" and {len(way.findings) - 3} more" if len(way.findings) > 3 else ""
    where = f'<p class="soft">in {escape(way.cluster)}</p>' if way.cluster else ""
    return f'<ul class="plain">{"".join(names)}</ul>{where}', assumed + how, f"{escape(first)}{rest}" or "none"


def _exposure(one: ExposureEntry) -> str:
    """The name; every other way and what it rests on fold into it."""
    name = escape(one.name)
    inside = "".join(f"<li>{_path(path)}</li>" for path in one.paths[1:])
    notes = "".join(f"<li>{escape(text)}</li>" for text in one.assumptions)
    if not inside and not notes:
        return name
    ways = f'<p>Other ways:</p><ul class="plain">{inside}</ul>' if inside else ""
    rests = f"<p>Rests on:</p><ul>{notes}</ul>" if notes else ""
    return f"<details><summary>{name}</summary>{ways}{rests}</details>"


def _path(path: PathEntry) -> str:
    hops = "".join(f"<li>{escape(hop)}</li>" for hop in (path.source, *path.hops))
    ports = f' <span class="soft">{escape(path.ports)}</span>' if path.ports else ""
    return f'<ol class="path">{hops}</ol>{ports}'


def _door(door: Door) -> Sequence[str]:
    left = "".join(
        f"<details><summary>{len(names)} {escape(level)}</summary><ul>{_items(names)}</ul></details>"
        for level, names in door.leaves.items()
    )
    return escape(door.what), escape(moved(door.shifts)) or "none", left


def _items(names: Iterable[str]) -> str:
    return "".join(f"<li>{escape(name)}</li>" for name in names)


def _node(node: Held) -> Sequence[str]:
    actions = ", ".join(f'<a href="#action-{rank}">{rank}</a>' for rank in node.actions) or "-"
    held = f"<ul>{_items(node.blast.parts)}</ul>" if node.blast.parts else "nothing"
    return escape(node.name), escape(node.level or "not measured"), actions, held, f"{node.blast.value:.0f}"
