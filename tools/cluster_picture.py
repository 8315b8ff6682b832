"""Draws who can be reached in a cluster, and what to do about it, from the JSON answer of a scan.

The ways in are one tree, since they begin alike: from the internet hop by hop to what is reached, and beside that the
first actions on it. At the foot stands what closing one thing would change. Colours are those of the other picture; it
names no font to fetch, and every word is text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import NamedTuple

from oakum.reports.answer import ActionEntry, Answer
from oakum.reports.ways import Reachable, Way, moved

WIDTH, LEFT, RIGHT, INDENT = 1200, 24, 600, 24
_ROW, _LINE = 30, 19
#: Hops that say no more than the end of the way itself.
_INNER = ("pod port", "process")
#: Actions beside one end, and characters of one.
_ACTIONS, _LONGEST = 3, 70

_STYLE = """
text { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: 13.5px; fill: #e6edf3 }
.soft { fill: #9da7b1 } .now { fill: #ff8f86; font-weight: 700 } .soon { fill: #f0b35c; font-weight: 700 }
.later { fill: #79b8ff } .head { font-weight: 700 } path { stroke: #57606a; fill: none }
.end { fill: #21262d; stroke: #ff8f86 } .hop { fill: #21262d; stroke: #30363d }
"""
_CLASSES = {0: "now", 1: "now", 2: "soon", 3: "later"}


class Row(NamedTuple):
    """One line of the tree: how deep, the words, and at the end of a way what is reached there."""

    depth: int
    words: str
    way: Way | None = None


def drawn(answer: Answer) -> str:
    """The picture, SVG."""
    found = Reachable(answer)
    rows = list(_rows(found.ways()))
    body = list(_tree(rows, answer))
    height = _height(rows) + 62
    foot: list[str] = []
    for door in [one for one in found.doors() if one.shifts][:1]:
        left = ", ".join(f"{len(names)} {level}" for level, names in door.leaves.items())
        for words in (f"Closing {door.what} would leave {left} and move", f"  {moved(door.shifts)}"):
            foot.append(_text(LEFT, height, words))
            height += _LINE
    total = height + 8
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {total}" role="img" '
            'aria-labelledby="cluster-t cluster-d">',
            '<title id="cluster-t">Who can be reached in the demo cluster, and what to do first</title>',
            f'<desc id="cluster-d">{escape(_description(rows))}</desc>',
            f"<style>{_STYLE}</style>",
            f'<rect width="{WIDTH}" height="{total}" rx="8" fill="#161b22"/>',
            _text(LEFT, 34, "Reachable from outside", "head"),
            _text(RIGHT, 34, "What to do first", "head"),
            *body,
            *foot,
            "</svg>\n",
        )
    )


def _rows(ways: Iterable[Way]) -> Iterator[Row]:
    """The ways as lines of one tree: what they have in common is told once, and ends come before longer ways."""
    told: list[str] = []
    chains = [
        ([way.path.source, *(hop for hop in way.path.hops if not hop.startswith(_INNER))], way)
        for way in ways
        if way.path is not None
    ]
    for chain, way in sorted(chains, key=lambda one: one[0]):
        same = 0
        while same < min(len(told), len(chain)) and told[same] == chain[same]:
            same += 1
        for depth in range(same, len(chain)):
            yield Row(depth, chain[depth])
        yield Row(len(chain), "", way)
        told = chain


def _tree(rows: list[Row], answer: Answer) -> Iterator[str]:
    top = 54.0
    places: dict[int, float] = {}
    for row in rows:
        middle = top + _ROW / 2 - 4
        x = LEFT + row.depth * INDENT
        if row.depth:
            yield f'<path d="M{x - INDENT + 9} {places[row.depth - 1] + 11:g}V{middle:g}H{x}"/>'
        places[row.depth] = middle
        if row.way is None:
            width = len(row.words) * 8.2 + 18
            yield f'<rect class="hop" x="{x}" y="{middle - 12:g}" width="{width:g}" height="24" rx="5"/>'
            yield _text(x + 9, middle + 5, row.words)
        else:
            yield from _end(row, x, middle, answer)
        top += _tall(row)


def _end(row: Row, x: float, middle: float, answer: Answer) -> Iterator[str]:
    """What is reached, and beside it the first actions on it."""
    assert row.way is not None
    names = row.way.names
    yield (
        f'<rect class="end" x="{x}" y="{middle - 12:g}" width="{RIGHT - 24 - x}" '
        f'height="{_LINE * len(names) + 8}" rx="5"/>'
    )
    for number, name in enumerate(names):
        yield _text(x + 9, middle + 5 + number * _LINE, name, "head" if number == 0 else "soft")
    reached = {one.asset for one in row.way.reached}
    reached |= {each.object for each in answer.relations if each.kind == "uses" and each.subject in reached}
    chosen = [action for action in answer.actions if reached & set(action.assets)][:_ACTIONS]
    for number, action in enumerate(chosen):
        yield _text(RIGHT, middle + 5 + number * _LINE, *_action(action))


def _action(action: ActionEntry) -> tuple[str, str]:
    words = f"{action.rank}. {action.outcome}: {action.title}"
    short = words if len(words) <= _LONGEST else words[: _LONGEST - 3] + "..."
    return short, _CLASSES.get(action.order, "soft")


def _tall(row: Row) -> float:
    if row.way is None:
        return _ROW
    return _LINE * max(len(row.way.reached), _ACTIONS) + 18


def _height(rows: list[Row]) -> float:
    return sum(map(_tall, rows))


def _text(x: float, y: float, words: str, style: str = "") -> str:
    kind = f' class="{style}"' if style else ""
    return f'<text x="{x:g}" y="{y:g}"{kind} xml:space="preserve">{escape(words)}</text>'


def _description(rows: list[Row]) -> str:
    ends = [", ".join(row.way.names) for row in rows if row.way is not None]
    return (
        f"A tree from the internet, hop by hop, to {'; and to '.join(ends)}. Beside each end the first actions on it."
    )
