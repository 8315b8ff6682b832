"""Which versions of two things can ever stand beside each other while a plan runs.

Each thing has a chain of versions: the first at the start, each next one after a step. While a plan runs, any set of
its steps may be done that holds, with a step, all steps of the waves that the step's wave waits for. ``meet`` says
whether such a set exists in which one thing is at one of its versions and another at one of its own:

The smallest set with both steps done that led there is these two steps, and all of the waves that one of theirs waits
for. It goes too far only if it holds the next step of one of the two, that is, if the wave of that next step is waited
for by the wave of the other's step (by its own it can't be). If it does not go too far it is such a set; if it does,
every larger set does as well. So asking for the two next steps alone is exact, and no interleaving has to be tried.

The rules about versions (skew, pairs of components) are all about two things at a time: the newest and the oldest API
server are one API server each, so that a state breaks a rule exactly if two things in it do. To ask about all pairs of
versions that can meet is therefore to ask about all states.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from oakum.changes.verify.given import Placed
from oakum.changes.verify.order import Order

#: The wave of what holds at the start.
START = -1


class Link(msgspec.Struct, frozen=True):
    """A version, and the step that leads to it (None at the start)."""

    version: str
    step: Placed | None = None

    @property
    def wave(self) -> int:
        """The place of the step's wave."""
        return START if self.step is None else self.step.wave


class Chain(msgspec.Struct, frozen=True, eq=False):
    """One thing (``component`` on ``node``, or of the whole cluster) through its versions."""

    component: str
    name: str
    node: str
    links: tuple[Link, ...]

    @property
    def kind(self) -> tuple[object, ...]:
        """What chains have in common that go through the same versions in the same waves."""
        return (self.component, *((link.version, link.wave) for link in self.links))

    @property
    def moves(self) -> bool:
        """Whether the plan changes it."""
        return len(self.links) > 1


def meet(order: Order, one: Chain, other: Chain) -> Iterator[tuple[Link, Link]]:
    """Pairs of versions of two things that can stand beside each other, those of the start left out."""
    for number, here in enumerate(one.links):
        next_here = one.links[number + 1] if number + 1 < len(one.links) else None
        for place, there in enumerate(other.links):
            if number == place == 0:
                continue
            next_there = other.links[place + 1] if place + 1 < len(other.links) else None
            if not (_too_late(order, next_here, there) or _too_late(order, next_there, here)):
                yield here, there


def _too_late(order: Order, next_: Link | None, done: Link) -> bool:
    """Whether a step is always done when another is; one visit brings all of its machine's parts at once."""
    if next_ is None or done.step is None:
        return False
    return next_.step is done.step or order.before(next_.wave, done.wave)


def unlike(chains: list[Chain]) -> list[Chain]:
    """One chain of each kind."""
    return list({chain.kind: chain for chain in reversed(chains)}.values())
