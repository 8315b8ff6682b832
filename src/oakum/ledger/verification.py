"""Whether a ledger is what its checkpoint says: every entry, every tile, and every checkpoint that somebody has kept.

The signature binds the checkpoint, the checkpoint the root, the root every entry. Tiles repeat what follows from the
entries; where the two differ, the root tells which of them was changed, so that the first bad entry, tile or checkpoint
can be named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from oakum.errors import OakumError
from oakum.ledger.checkpoints import Checkpoint, open_checkpoint
from oakum.ledger.entries import read_entry
from oakum.ledger.keys import PublicKey
from oakum.ledger.merkle import HASH_SIZE, Tree, leaf_hash
from oakum.ledger.notes import LARGEST
from oakum.ledger.sources import CHECKPOINT, Source
from oakum.ledger.tiles import LARGEST_BUNDLE, WIDTH, Tile, bundle_bytes, entries_in, tile_bytes, tiles_of

#: More entries than any ledger of one site will have; a size beyond it is not worth looking for files.
MOST_ENTRIES = 1 << 28
MOST_FAULTS = 20
_WIDTHS = frozenset(map(str, range(1, WIDTH)))


class Fault(msgspec.Struct, frozen=True):
    """What is wrong. ``where``: the kind of place (index, tile or checkpoint), ``name``: which one."""

    where: str
    name: str
    why: str
    remedy: str = ""

    def __str__(self) -> str:
        place = f"index {self.name}" if self.where == "index" else self.name
        return f"{place}: {self.why}{f' ({self.remedy})' if self.remedy else ''}"


class Verdict(msgspec.Struct, frozen=True):
    """The checkpoint, where it is good, the number of entries behind it, and what is wrong, the first first."""

    checkpoint: Checkpoint | None
    faults: tuple[Fault, ...]
    entries: int = 0


def verify(
    source: Source,
    keys: Sequence[PublicKey],
    *,
    origin: str | None = None,
    kept: Mapping[str, bytes] | None = None,
) -> Verdict:
    """The verdict over a ledger under pinned keys. ``kept`` are earlier checkpoints by the names of their files.

    ``origin`` is the ledger's name where it is not that of the key. Raises FileNotFoundError where there is no
    checkpoint at all.
    """
    try:
        checkpoint = open_checkpoint(source.read(CHECKPOINT, LARGEST), keys, origin)
    except OakumError as error:
        return Verdict(None, (_fault("checkpoint", CHECKPOINT, error),))
    if checkpoint.size > MOST_ENTRIES:
        why = f"it tells of {checkpoint.size:,} entries, more than {MOST_ENTRIES:,}"
        return Verdict(checkpoint, (Fault("checkpoint", CHECKPOINT, why, "no ledger of ours is so large"),))
    held: list[tuple[str, Checkpoint]] = []
    faults: list[Fault] = []
    for name, data in (kept or {}).items():
        try:
            held.append((name, open_checkpoint(data, keys, origin)))
        except OakumError as error:
            faults.append(_fault("checkpoint", name, error))
    found = _Contents(source, checkpoint)
    faults += found.faults()
    if found.proven:
        # Of entries that nobody has signed it says nothing that they are not those of an earlier checkpoint either.
        faults += _broken_promises(checkpoint, held, found.tree)
    return Verdict(checkpoint, tuple(faults[:MOST_FAULTS]), len(found.tree))


def _broken_promises(now: Checkpoint, kept: Sequence[tuple[str, Checkpoint]], tree: Tree) -> Iterator[Fault]:
    """Where an earlier checkpoint is of another story than this ledger."""
    for name, then in kept:
        if then.size > now.size:
            why = f"it tells of {then.size} entries, and the ledger has {now.size}"
            yield Fault("checkpoint", name, why, "the ledger was cut, or is an older copy: get the newest one")
        elif then.size <= len(tree) and tree.root(then.size) != then.root:
            why = f"the first {then.size} entries are not those that it was signed for"
            yield Fault("checkpoint", name, why, "something before it was changed: both were signed, so ask the signer")


class _Contents:
    """What the files of a ledger say: entries from the bundles, hashes of entries from the tiles of level 0.

    ``tree`` is that of the entries as far as they go without a gap; ``proven``: it is the one that was signed.
    """

    def __init__(self, source: Source, checkpoint: Checkpoint) -> None:
        self._source, self._checkpoint = source, checkpoint
        self._tiles = list(tiles_of(checkpoint.size))
        source.expect([CHECKPOINT, *(tile.path for tile in self._tiles)])
        self.tree, self.proven = Tree(), False
        self._leaves: list[bytes] = []
        self._files: dict[Tile, Fault] = {}
        #: The first entry that no bundle holds, and why; entries that are no entries, by number.
        self._gap: Fault | None = None
        self._forms: list[Fault] = []
        self._hashes: dict[Tile, bytes] = {}

    def faults(self) -> Iterator[Fault]:
        """What is wrong, the cause before what follows from it."""
        for tile in self._tiles:
            if tile.level < 0:
                self._read_bundle(tile)
            else:
                self._read_tile(tile)
        self.tree = Tree(self._leaves)
        self.proven = len(self.tree) == self._checkpoint.size and self.tree.root() == self._checkpoint.root
        if self.proven:
            yield from self._forms
            yield from self._wrong_tiles()
        else:
            yield from self._wrong_entries()
        yield from self._strangers()

    def _read(self, tile: Tile, limit: int) -> bytes | None:
        try:
            return self._source.read(tile.path, limit)
        except FileNotFoundError:
            remedy = "get the file from where the ledger is kept, or export it again"
            self._files[tile] = Fault("tile", tile.path, "it is missing", remedy)
        except PermissionError:
            self._files[tile] = Fault("tile", tile.path, "it may not be read", "give yourself the right to read it")
        except OakumError as error:
            self._files[tile] = _fault("tile", tile.path, error)
        return None

    def _read_bundle(self, tile: Tile) -> None:
        data = self._read(tile, LARGEST_BUNDLE)
        if self._gap is not None:
            return
        if data is None:
            self._gap = self._files[tile]
            return
        entries, problem = entries_in(data, tile.width)
        for each in entries:
            self._check_form(each)
            self._leaves.append(leaf_hash(each))
        if problem:
            index = tile.begin + len(entries)
            # With all entries there, what is too much belongs to the file.
            whole = len(entries) == tile.width
            fault = Fault("tile", tile.path, problem) if whole else Fault("index", str(index), problem)
            self._gap = self._files[tile] = fault

    def _check_form(self, data: bytes) -> None:
        if len(self._forms) >= MOST_FAULTS:
            return
        try:
            read_entry(data)
        except OakumError as error:
            why = f"{error.what}{f' ({error.place})' if error.place else ''}"
            remedy = "it was signed as it stands: ask who wrote it"
            self._forms.append(Fault("index", str(len(self._leaves)), why, remedy))

    def _read_tile(self, tile: Tile) -> None:
        data = self._read(tile, WIDTH * HASH_SIZE)
        if data is None:
            return
        if len(data) != tile.width * HASH_SIZE:
            why = f"it has {len(data)} bytes, not {tile.width * HASH_SIZE}"
            self._files[tile] = Fault("tile", tile.path, why)
            return
        self._hashes[tile] = data

    def _wrong_tiles(self) -> Iterator[Fault]:
        """The entries are proven by the root: every tile follows from them."""
        for tile in self._tiles:
            if tile in self._files:
                yield self._files[tile]
            elif (
                tile.level >= 0 and (at := _first_difference(self._hashes[tile], tile_bytes(tile, self.tree.node))) >= 0
            ):
                why = f"its hash {at} is not the one that follows from the entries"
                yield Fault("tile", tile.path, why, "the entries are right: make the tile from them again")

    def _wrong_entries(self) -> Iterator[Fault]:
        """The entries do not lead to the root; what the tiles of level 0 tell shows from where on."""
        told = [self._hashes.get(tile) for tile in self._tiles if tile.level == 0]
        size = self._checkpoint.size
        proven = None not in told and Tree(_hashes_of(told)).root() == self._checkpoint.root
        read = self.tree.levels[0]
        first = next((at for at, each in enumerate(_hashes_of(told)) if at < len(read) and each != read[at]), None)
        if first is not None:
            why = "it is not the entry that the ledger was signed with" if proven else "it differs from its tile"
            yield Fault("index", str(first), why, "compare it with another copy of the ledger")
        if self._gap is not None and (first is None or len(read) >= size):
            yield self._gap
        yield from (each for tile, each in self._files.items() if each is not self._gap)
        if first is None and self._gap is None:
            yield from self._wrong_root(read)

    def _wrong_root(self, read: Sequence[bytes]) -> Iterator[Fault]:
        """Entries and the tiles of level 0 agree on something that was not signed; those above may be older."""
        for tile in self._tiles:
            if tile.level < 1 or tile not in self._hashes:
                continue
            at = _first_difference(self._hashes[tile], tile_bytes(tile, self.tree.node))
            if at >= 0:
                span = 256**tile.level
                begin = (tile.begin + at) * span
                why = f"this entry or one of the {span - 1} after it is not the one that the ledger was signed with"
                yield Fault("index", str(begin), why, "compare them with another copy of the ledger")
                return
        why = f"its root is not that of the {len(read)} entries"
        yield Fault(
            "checkpoint", CHECKPOINT, why, "entries and tiles were changed together, or belong to another ledger"
        )

    def _strangers(self) -> Iterator[Fault]:
        """What is there beside the tiles; a narrower copy of the last tile of a level is left by an earlier export."""
        by_place = {tile.path.partition(".p/")[0]: tile for tile in self._tiles}
        for path in self._source.strangers():
            head, dot, width = path.rpartition(".p/")
            tile = by_place.get(head)
            if dot and tile is not None and width in _WIDTHS and int(width) < tile.width:
                yield from self._narrow(path, Tile(tile.level, tile.number, int(width)))
                continue
            why = f"it belongs to no ledger of {self._checkpoint.size} entries"
            yield Fault("tile", path, why, "take it away, or get the checkpoint that it belongs to")

    def _narrow(self, path: str, tile: Tile) -> Iterator[Fault]:
        leaves = 256 ** max(tile.level, 0)
        if (tile.begin + tile.width) * leaves > len(self.tree):
            return
        try:
            data = self._source.read(path, LARGEST_BUNDLE)
        except (OSError, OakumError):
            data = b""
        if tile.level >= 0:
            same = data == tile_bytes(tile, self.tree.node)
        else:
            entries, problem = entries_in(data, tile.width)
            same = not problem and bundle_bytes(entries) == data
            same = same and [*map(leaf_hash, entries)] == self.tree.levels[0][tile.begin : tile.begin + tile.width]
        if not same:
            yield Fault("tile", path, "it is not the beginning of the wider tile", "take it away: nobody needs it now")


def _hashes_of(tiles: Sequence[bytes | None]) -> Iterator[bytes]:
    """The hashes of the tiles one after the other, as far as no tile is missing."""
    for tile in tiles:
        if tile is None:
            return
        yield from (tile[at : at + HASH_SIZE] for at in range(0, len(tile), HASH_SIZE))


def _first_difference(one: bytes, other: bytes) -> int:
    """The number of the first hash that differs; -1 where none does."""
    if one == other:
        return -1
    return next(
        at for at in range(len(other) // HASH_SIZE + 1) if one[at * 32 : at * 32 + 32] != other[at * 32 : at * 32 + 32]
    )


def _fault(where: str, name: str, error: OakumError) -> Fault:
    return Fault(where, name, error.what, error.remedy)
