"""The order of intents: phases by their ranks, and barriers where one has to be done everywhere before another begins.

A phase holds intents that are carried out in one visit of a machine. An intent has the rank of its kind, or the lower
one of an intent that comes after it, so that what has to come first does. Within a cluster phases follow each other;
a phase of a later segment begins when those of the segment before are over in all clusters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from oakum.changes.intents.catalogue import kind_of
from oakum.changes.intents.model import Intent
from oakum.errors import InputError, Place


class Phase(NamedTuple):
    """When in a plan: ``segment`` counts barriers, ``rank`` is that of the kinds, ``depth`` tells equal ranks apart."""

    segment: int
    rank: int
    depth: int


def phases(intents: Sequence[Intent]) -> dict[str, Phase]:
    """The phase of each intent, by its name.

    Raises InputError for a name that stands twice, an unknown one in ``after``, and a cycle, which it names.
    """
    by_name: dict[str, Intent] = {}
    for each in intents:
        if each.name in by_name:
            raise _wrong(each.name, "two intents have this name", "give each intent its own name")
        by_name[each.name] = each
    for each in intents:
        for name in each.after:
            if name not in by_name:
                raise _wrong(
                    each.name, f"comes after {name[:60]!r}, which is no intent", f"one of {', '.join(by_name)}"
                )
    order = _sorted(by_name)
    ranks = {name: kind_of(by_name[name]).rank for name in order}
    for name in reversed(order):
        for before in by_name[name].after:
            ranks[before] = min(ranks[before], ranks[name])
    depths: dict[str, int] = {}
    for name in order:
        same = [depths[each] + 1 for each in by_name[name].after if ranks[each] == ranks[name]]
        depths[name] = max(same, default=0)
    segments: dict[str, int] = {}
    reached = 0
    for name in sorted(order, key=lambda each: (ranks[each], depths[each])):
        # Whatever has a higher rank in some cluster also waits for the barriers of the lower ones.
        reached = max([reached, *(segments[each] + 1 for each in by_name[name].after)])
        segments[name] = reached
    return {name: Phase(segments[name], ranks[name], depths[name]) for name in by_name}


def _sorted(by_name: Mapping[str, Intent]) -> list[str]:
    """Names with all that come before an intent before it. Raises InputError naming a cycle."""
    done: dict[str, None] = {}
    for start in by_name:
        way: list[str] = []
        _visit(start, by_name, done, way)
    return list(done)


def _visit(name: str, by_name: Mapping[str, Intent], done: dict[str, None], way: list[str]) -> None:
    stack = [(name, iter(by_name[name].after))]
    way.append(name)
    while stack:
        current, rest = stack[-1]
        following = next((each for each in rest if each not in done), None)
        if following is None:
            done[current] = None
            stack.pop()
            way.pop()
        elif following in way:
            cycle = [*way[way.index(following) :], following]
            raise _wrong(following, f"each waits for the next: {' after '.join(cycle)}", "drop one `after` of these")
        else:
            stack.append((following, iter(by_name[following].after)))
            way.append(following)


def _wrong(intent: str, what: str, remedy: str) -> InputError:
    return InputError(what, place=Place(field=f"intent {intent[:60]}"), remedy=remedy)
