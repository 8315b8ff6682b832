"""The passes of a whole search: how often each kind of thing may happen on a path of which world, in which times."""

from __future__ import annotations

from typing import NamedTuple


class Limits(NamedTuple):
    """How often each kind of thing may still happen on a path."""

    crashes: int = 1
    overtakings: int = 1
    others: int = 1

    def __str__(self) -> str:
        return f"{self.crashes} deaths, {self.overtakings} overtakings, {self.others} of somebody else's acts"


class Pass(NamedTuple):
    """One search of one world; ``fine`` keeps all times as they are, instead of ticks."""

    limits: Limits
    fine: bool = False

    def __str__(self) -> str:
        return f"{self.limits}, in {'all times' if self.fine else 'ticks'}"


#: What is searched: all three kinds on one path where one node changes, each two of them where all three do: how much
#: there is to search grows with the power of how much may happen. Other limits can be asked for.
PAIRS = (Pass(Limits(1, 1, 0)), Pass(Limits(1, 0, 1)), Pass(Limits(0, 1, 1)))
TOGETHER = (Pass(Limits(1, 1, 1)),)
#: Each kind alone in all times, where the states are fewest: there the ticks hide nothing.
FINE = tuple(Pass(each, fine=True) for each in (Limits(1, 0, 0), Limits(0, 1, 0), Limits(0, 0, 1)))
SEARCHES = {
    "one-packages": TOGETHER + FINE,
    "one-kernel": TOGETHER,
    "packages": PAIRS,
    "kernel": PAIRS,
    "two-at-a-time": PAIRS,
}
