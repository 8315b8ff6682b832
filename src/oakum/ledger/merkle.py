"""The Merkle tree of RFC 6962 (2.1), grown by one leaf at a time, and the proofs that it gives.

A node is named by its level and its number there: node (l, i) is the root of the 2**l entries from i * 2**l on. Only
nodes whose entries are all there are ever asked for, so that a node that exists never changes. Whoever keeps the nodes
(a list in memory, a table, tiles) hands in a function that finds one; an entry then costs as many hashes as the tree
is high at most, and a proof as well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator

#: Finds the hash of a node by level and number; the node's entries are all there.
Node = Callable[[int, int], bytes]

HASH_SIZE = 32
#: The root of no entries at all (RFC 6962, 2.1).
EMPTY_ROOT = hashlib.sha256().digest()


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry as a leaf."""
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of the node above two others."""
    return hashlib.sha256(b"\1" + left + right).digest()


def appended(size: int, leaf: bytes, node: Node) -> Iterator[tuple[int, int, bytes]]:
    """The nodes (level, number, hash) that one more leaf makes in a tree of ``size`` entries, from the leaf upwards."""
    level, number = 0, size
    yield level, number, leaf
    while number & 1:
        leaf = node_hash(node(level, number - 1), leaf)
        level, number = level + 1, number >> 1
        yield level, number, leaf


def root_of(size: int, node: Node) -> bytes:
    """The root of the first ``size`` entries."""
    return _root(0, size, node) if size else EMPTY_ROOT


def inclusion(index: int, size: int, node: Node) -> list[bytes]:
    """The audit path of an entry in the tree of the first ``size`` (RFC 6962, 2.1.1); 0 <= index < size."""
    if not 0 <= index < size:
        raise ValueError(f"no entry {index} among {size}")
    begin, end, path = 0, size, []
    while end - begin > 1:
        middle = _split(begin, end)
        if index < middle:
            path.append(_root(middle, end, node))
            end = middle
        else:
            path.append(_root(begin, middle, node))
            begin = middle
    return path[::-1]


def consistency(old: int, new: int, node: Node) -> list[bytes]:
    """The proof that the first ``new`` entries begin with the first ``old`` (RFC 6962, 2.1.2); 0 < old <= new."""
    if not 0 < old <= new:
        raise ValueError(f"no proof leads from {old} entries to {new}")
    begin, end, path = 0, new, []
    while end != old:
        middle = _split(begin, end)
        if old <= middle:
            path.append(_root(middle, end, node))
            end = middle
        else:
            path.append(_root(begin, middle, node))
            begin = middle
    # The root of the first ``old`` is known to whoever asks; of anything less it has to be told.
    if begin:
        path.append(_root(begin, end, node))
    return path[::-1]


def _split(begin: int, end: int) -> int:
    """Where a range divides: after the largest power of two that is smaller than its length."""
    return begin + (1 << ((end - begin - 1).bit_length() - 1))


def _root(begin: int, end: int, node: Node) -> bytes:
    """The root of a range as the tree divides it: complete subtrees from large to small, joined from the right."""
    peaks: list[bytes] = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        peaks.append(node(level, begin >> level))
        begin += 1 << level
    root = peaks.pop()
    while peaks:
        root = node_hash(peaks.pop(), root)
    return root


class Tree:
    """A tree whose nodes are all in memory: ``levels[l][i]`` is node (l, i)."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        """``leaves`` are hashes of entries."""
        row = list(leaves)
        self.levels: list[list[bytes]] = [row]
        # Level by level: half of the time that one leaf after the other takes.
        while len(row) > 1:
            row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row) - 1, 2)]
            self.levels.append(row)

    def __len__(self) -> int:
        return len(self.levels[0])

    def append(self, leaf: bytes) -> None:
        """Takes up the hash of one more entry."""
        for level, _, found in appended(len(self), leaf, self.node):
            if level == len(self.levels):
                self.levels.append([])
            self.levels[level].append(found)

    def node(self, level: int, number: int) -> bytes:
        """The hash of a complete node. Raises IndexError for one that is not."""
        return self.levels[level][number]

    def root(self, size: int | None = None) -> bytes:
        """The root of the first ``size`` entries, of all without."""
        return root_of(len(self) if size is None else size, self.node)
