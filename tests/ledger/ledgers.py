"""Ledgers for the tests: with a key that is always the same, and their files in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from oakum.errors import LimitError
from oakum.ledger.checkpoints import Checkpoint, signed
from oakum.ledger.entries import Entry, canonical, digest
from oakum.ledger.keys import PublicKey
from oakum.ledger.merkle import Tree, leaf_hash
from oakum.ledger.sources import CHECKPOINT
from oakum.ledger.tiles import bundle_bytes, tile_bytes, tiles_of

BEGIN = datetime(2026, 1, 31, 6, tzinfo=UTC)
ORIGIN = "example.com/oakum"


class Hand:
    """A signer made from a word."""

    def __init__(self, name: str = ORIGIN, word: str = "one") -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(word.encode()).digest())
        self.name = name
        self.public_key = self._key.public_key().public_bytes_raw()
        self.public = PublicKey(name, self.public_key)

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


HAND = Hand()


def entry(number: int, **changes: object) -> Entry:
    fields: dict[str, object] = {
        "kind": ("act", "outcome", "observation")[number % 3],
        "at": BEGIN + timedelta(seconds=number),
        "actor": "p-" + hashlib.sha256(b"jo").hexdigest()[:32],
        "what": "evict",
        "subject": f"shop/w-{number}",
        "run": "r-1",
        "step": "kernel",
        "plan": digest(b"plan"),
        "body": digest(str(number).encode()),
    }
    return Entry(**{**fields, **changes})  # type: ignore[arg-type]  # a table of fields


def written(count: int) -> list[bytes]:
    return [canonical(entry(number)) for number in range(count)]


def note(entries: Sequence[bytes], *hands: Hand, origin: str = ORIGIN) -> bytes:
    tree = Tree(map(leaf_hash, entries))
    return signed(Checkpoint(origin, len(tree), tree.root()), *(hands or (HAND,)))


def files(entries: Sequence[bytes]) -> dict[str, bytes]:
    """The files of an export, in the order of an archive."""
    tree = Tree(map(leaf_hash, entries))
    found = {CHECKPOINT: note(entries)}
    for tile in tiles_of(len(entries)):
        if tile.level < 0:
            found[tile.path] = bundle_bytes(entries[tile.begin : tile.begin + tile.width])
        else:
            found[tile.path] = tile_bytes(tile, tree.node)
    return found


class Files:
    """The ``Source`` of files in memory."""

    def __init__(self, found: dict[str, bytes]) -> None:
        self.found = found
        self.expected: Sequence[str] = ()

    def read(self, path: str, limit: int) -> bytes:
        if path not in self.found:
            raise FileNotFoundError(path)
        if len(self.found[path]) > limit:
            raise LimitError("too large")
        return self.found[path]

    def expect(self, paths: Sequence[str]) -> None:
        self.expected = paths

    def strangers(self) -> Iterator[str]:
        return (path for path in self.found if path not in self.expected)
