"""The order of waves: which is over before which begins, and which may run together.

A wave begins when the waves that it needs are over. So of two waves one is always over before the other begins exactly
if there is a way of needs from one to the other; all other pairs, and the steps within a wave, may run together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from oakum.changes.plans import Wave


def circle(waves: Sequence[Wave]) -> tuple[str, ...]:
    """Ids of waves that can never begin since they wait for each other; empty where there are none."""
    known = {wave.id for wave in waves}
    left = {wave.id: {need for need in wave.needs if need in known} for wave in waves}
    while True:
        free = [id_ for id_, needs in left.items() if not needs]
        if not free:
            return tuple(left)
        for id_ in free:
            del left[id_]
        done = set(free)
        left = {id_: needs - done for id_, needs in left.items()}


class Order:
    """The order of some waves (without a circle), by their places in the plan; sets of waves are bits of a number."""

    def __init__(self, waves: Sequence[Wave]) -> None:
        self.waves = waves
        place = {wave.id: number for number, wave in enumerate(waves)}
        self.needs = [[place[need] for need in wave.needs] for wave in waves]
        self.sorted = self._sorted()
        self.ancestors = [0] * len(waves)
        for number in self.sorted:
            for need in self.needs[number]:
                self.ancestors[number] |= self.ancestors[need] | (1 << need)

    def _sorted(self) -> list[int]:
        """The places in an order in which each comes after what it needs."""
        wanted_by: list[list[int]] = [[] for _ in self.waves]
        missing = [len(needs) for needs in self.needs]
        for number, needs in enumerate(self.needs):
            for need in needs:
                wanted_by[need].append(number)
        found = [number for number, count in enumerate(missing) if not count]
        for number in found:
            for later in wanted_by[number]:
                missing[later] -= 1
                if not missing[later]:
                    found.append(later)
        return found

    def before(self, one: int, other: int) -> bool:
        """Whether one is always over before the other begins."""
        return bool(self.ancestors[other] >> one & 1)

    def together(self, one: int, other: int) -> bool:
        """Whether steps of the two may run at the same time."""
        return not (self.before(one, other) or self.before(other, one))

    def all_before(self, several: int, one: int) -> bool:
        """Whether all of several waves (bits) are over before one begins."""
        return several & ~self.ancestors[one] == 0

    def missing(self, several: int, one: int) -> Iterable[int]:
        """Those of several waves (bits) that are not always over before one begins."""
        return bits(several & ~self.ancestors[one])

    def watched(self, first: int) -> list[int | None]:
        """For each wave the seconds that certainly lie between the end of ``first``'s steps and its own begin.

        None for waves that do not come after ``first``. A wave waits for all that it needs, so the longest way counts.
        """
        seconds: list[int | None] = [None] * len(self.waves)
        for number in self.sorted:
            for need in self.needs[number]:
                at = self.waves[need].soak if need == first else seconds[need]
                if at is not None:
                    total = at if need == first else at + self.waves[need].soak
                    seconds[number] = max(total, seconds[number] or 0)
        return seconds


def bits(several: int) -> Iterable[int]:
    """The places of the bits of a number."""
    while several:
        low = several & -several
        yield low.bit_length() - 1
        several ^= low
