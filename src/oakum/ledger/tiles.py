"""Tiles: a ledger as files that never change once they are full, and that any web server can serve.

Source: C2SP tlog-tiles. A hash tile has up to 256 hashes of one level; each hash above level 0 stands for a full tile
below. An entry bundle has the entries of a tile of level 0, each after its length in two bytes, big-endian.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from oakum.errors import LimitError
from oakum.ledger.merkle import HASH_SIZE, Node

WIDTH = 256
#: Two bytes tell the length of an entry.
LARGEST_ENTRY = 0xFFFF
LARGEST_TILE = WIDTH * HASH_SIZE
LARGEST_BUNDLE = WIDTH * (LARGEST_ENTRY + 2)


class Tile(msgspec.Struct, frozen=True):
    """One tile: ``level`` -1 is the level of the entry bundles. ``width`` is how many hashes or entries are in it."""

    level: int
    number: int
    width: int

    @property
    def path(self) -> str:
        """Its path below the ledger's folder."""
        level = "entries" if self.level < 0 else str(self.level)
        parts: list[str] = []
        number = self.number
        while True:
            number, last = divmod(number, 1000)
            parts.append(f"{last:03}" if not parts else f"x{last:03}")
            if not number:
                break
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{level}/{'/'.join(reversed(parts))}{partial}"

    @property
    def begin(self) -> int:
        """The number of its first hash (or entry) on its level."""
        return self.number * WIDTH


def tiles_of(size: int) -> Iterator[Tile]:
    """Every tile of a ledger of ``size`` entries: the bundles, then the levels from the leaves upwards."""
    yield from _row(-1, size)
    level, count = 0, size
    while count:
        yield from _row(level, count)
        level, count = level + 1, count // WIDTH


def _row(level: int, count: int) -> Iterator[Tile]:
    full, rest = divmod(count, WIDTH)
    for number in range(full):
        yield Tile(level, number, WIDTH)
    if rest:
        yield Tile(level, full, rest)


def tile_bytes(tile: Tile, node: Node) -> bytes:
    """The content of a hash tile."""
    return b"".join(node(8 * tile.level, number) for number in range(tile.begin, tile.begin + tile.width))


def bundle_bytes(entries: Sequence[bytes]) -> bytes:
    """The content of an entry bundle. Raises LimitError for an entry of more than 65,535 bytes."""
    parts: list[bytes] = []
    for each in entries:
        if len(each) > LARGEST_ENTRY:
            raise LimitError(f"an entry is larger than {LARGEST_ENTRY} bytes", remedy="name the body by its digest")
        parts += (len(each).to_bytes(2, "big"), each)
    return b"".join(parts)


def entries_in(bundle: bytes, width: int) -> tuple[list[bytes], str]:
    """The ``width`` entries of a bundle as far as they go, and what is wrong with the next; empty where nothing is."""
    found: list[bytes] = []
    at = 0
    while len(found) < width:
        begin = at + 2
        at = begin + int.from_bytes(bundle[at:begin], "big")
        if begin > len(bundle) or at > len(bundle):
            return found, "the bundle ends before the end of this entry"
        found.append(bundle[begin:at])
    return found, "" if at == len(bundle) else f"the bundle goes on after its {width} entries"
