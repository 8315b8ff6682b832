"""Whether a proof holds: an entry stands in a tree, or an earlier tree is the beginning of a later one.

Source: RFC 9162, 2.1.3.2 and 2.1.4.2 (the trees are those of RFC 6962). Each index and size has one length of proof,
and no other is taken. That a root is one of a tree of that size no proof can show: a checkpoint says it.
"""

from __future__ import annotations

from collections.abc import Sequence

from oakum.ledger.merkle import HASH_SIZE, node_hash


def why_not_included(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> str:
    """Why an inclusion proof does not show that the leaf hash is entry ``index`` of ``size``; empty where it does."""
    if not 0 <= index < size:
        return f"there is no entry {index} among {size}"
    if problem := _wrong_length([leaf, root, *proof]):
        return problem
    number, last, found = index, size - 1, leaf
    for each in proof:
        if last == 0:
            return "the proof is too long"
        if number & 1 or number == last:
            found = node_hash(each, found)
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            found = node_hash(found, each)
        number, last = number >> 1, last >> 1
    if last:
        return "the proof is too short"
    return "" if found == root else "the proof leads to another root"


def why_not_consistent(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> str:
    """Why a consistency proof does not show that the tree of ``old`` entries begins the one of ``new``; else empty.

    Two trees of one size are consistent if their roots are equal. From an empty tree no proof leads anywhere: every
    tree begins with it, and nothing is shown by that.
    """
    if not 0 <= old <= new:
        return f"{old} entries cannot come before {new}"
    if old == new:
        if proof:
            return "two trees of one size need no proof"
        return "" if old_root == new_root else "two roots of one size differ"
    if old == 0:
        return "a proof from an empty tree shows nothing"
    if problem := _wrong_length([old_root, new_root, *proof]):
        return problem
    # A tree that is one complete subtree of the later one is its own first hash.
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return "the proof is empty"
    number, last = old - 1, new - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    before = after = path[0]
    for each in path[1:]:
        if last == 0:
            return "the proof is too long"
        if number & 1 or number == last:
            before, after = node_hash(each, before), node_hash(each, after)
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            after = node_hash(after, each)
        number, last = number >> 1, last >> 1
    if last:
        return "the proof is too short"
    if before != old_root:
        return "the proof leads to another root of the earlier tree"
    return "" if after == new_root else "the proof leads to another root of the later tree"


def _wrong_length(hashes: Sequence[bytes]) -> str:
    return "" if all(len(each) == HASH_SIZE for each in hashes) else f"a hash has another length than {HASH_SIZE} bytes"
