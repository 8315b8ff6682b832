"""Time in ticks of half a minute, and no chance: what the search gives up of times.

Unless it is told to be ``fine``, looks and requests take no time, everything else that takes any ends on a tick, and
what falls on the same tick happens before the requests of that tick. Somebody's cordon lasts until the ten minutes are
over, whenever it was set. Whatever depends on a smaller difference (a controller that looks between two requests of one
turn, say) is the soak's. Boots take a fixed time in any case.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from oakum.simulation.timeline import Timeline

#: The seconds between two ticks; somebody's cordon lasts until the next multiple of so many.
TICK, CORDONED = 30.0, 600.0


class Fixed(Random):
    """Chance without chance: every boot takes as long as the others."""

    def uniform(self, a: float, b: float) -> float:
        """The middle."""
        return (a + b) / 2


class Ticking(Timeline):
    """A time in which everything happens on the ticks of one clock: what takes a moment ends with the tick."""

    __slots__ = ()

    def after(self, seconds: float, do: Callable[..., object], *given: object) -> None:
        """Has something happen at the first tick after so many seconds."""
        super().after(tick_after(self.now + max(0.0, seconds)) - self.now, do, *given)


def tick_after(at: float) -> float:
    """The first tick that is not before a time."""
    return -(-at // TICK) * TICK
