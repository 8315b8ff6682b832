"""The states that were met: of each only a hash is kept, in one table that all forks share."""

from __future__ import annotations

import hashlib
import mmap
import os
from select import select

import msgspec


class Seen:
    """The states that were met, shared by all forks: a table of 64-bit hashes in shared memory, and counters beside it.

    Two branches may run at once. They do not lock each other out: where both take up a state in the same place of the
    table one of the two is forgotten, and gone through again when it is met again; nothing is ever taken for met that
    was not. Each slot (``taken`` and ``given``, as make has them for its jobs) has counters of its own.
    """

    def __init__(self, bits: int = 23, jobs: int = 1) -> None:
        self._size = 1 << bits
        self._memory = mmap.mmap(-1, 8 * self._size)
        self._table = memoryview(self._memory).cast("Q")
        self._counts = memoryview(mmap.mmap(-1, 4096)).cast("Q")
        self._jobs, self.slot = jobs, 0
        self._free, self._give = os.pipe()
        os.set_blocking(self._free, False)
        os.write(self._give, bytes(range(1, jobs)))

    def add(self, digest: bytes, *, state: bool = True) -> bool:
        """Takes a state (or another fact) up; whether it is new. Raises MemoryError where the table is nearly full."""
        wanted = int.from_bytes(digest[:8], "little") or 1
        place = int.from_bytes(digest[8:14], "little") % self._size
        table = self._table
        while found := table[place]:
            if found == wanted:
                return False
            place = (place + 1) % self._size
        if self.count(0) + self.count(3) > 0.9 * self._size:
            raise MemoryError("the table of states is full")
        table[place] = wanted
        self.more(0 if state else 3)
        return True

    def count(self, kind: int) -> int:
        """A counter: 0 states, 1 branches, 2 paths that came to an end, 3 acts that came late."""
        return sum(self._counts[8 * slot + kind] for slot in range(self._jobs))

    def more(self, kind: int) -> None:
        """Counts one."""
        self._counts[8 * self.slot + kind] += 1

    def take(self, *, wait: bool = False) -> int | None:
        """A free slot, or None where there is none and it is not waited for."""
        while True:
            try:
                return os.read(self._free, 1)[0]
            except BlockingIOError:
                if not wait:
                    return None
                select([self._free], [], [])

    def give(self, slot: int) -> None:
        """A slot is free again."""
        os.write(self._give, bytes((slot,)))


def hashed(found: object) -> bytes:
    """The hash of a state, or of a part of one."""
    return hashlib.blake2b(msgspec.msgpack.encode(found), digest_size=16).digest()
