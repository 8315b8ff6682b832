"""Trees of any size: equal to a naive one written from the text of RFC 6962, and no proof holds but the true one."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from oakum.ledger.merkle import Tree, appended, consistency, inclusion, leaf_hash, root_of
from oakum.ledger.proofs import why_not_consistent, why_not_included

LARGEST = 70
ENTRIES = [number.to_bytes(2, "big") for number in range(LARGEST)]
TREE = Tree(map(leaf_hash, ENTRIES))


# RFC 6962, 2.1 to 2.1.2, as it stands there.


def k_of(n: int) -> int:
    """The largest power of two smaller than n."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def mth(d: list[bytes]) -> bytes:
    if not d:
        return hashlib.sha256(b"").digest()
    if len(d) == 1:
        return hashlib.sha256(b"\x00" + d[0]).digest()
    k = k_of(len(d))
    return hashlib.sha256(b"\x01" + mth(d[:k]) + mth(d[k:])).digest()


def path(m: int, d: list[bytes]) -> list[bytes]:
    if len(d) == 1:
        return []
    k = k_of(len(d))
    return [*path(m, d[:k]), mth(d[k:])] if m < k else [*path(m - k, d[k:]), mth(d[:k])]


def subproof(m: int, d: list[bytes], b: bool) -> list[bytes]:
    if m == len(d):
        return [] if b else [mth(d)]
    k = k_of(len(d))
    if m <= k:
        return [*subproof(m, d[:k], b), mth(d[k:])]
    return [*subproof(m - k, d[k:], False), mth(d[:k])]


sizes = st.integers(1, LARGEST)


@given(st.lists(st.binary(max_size=40), max_size=40))
def test_the_root_is_that_of_the_text(entries: list[bytes]) -> None:
    assert Tree(map(leaf_hash, entries)).root() == mth(entries)


def test_a_tree_of_many_leaves_is_the_one_that_grows_by_each() -> None:
    grown = Tree()
    for size in range(LARGEST + 1):
        assert Tree(TREE.levels[0][:size]).levels == grown.levels
        if size < LARGEST:
            grown.append(TREE.node(0, size))


@given(sizes, st.data())
def test_proofs_are_those_of_the_text(size: int, data: st.DataObject) -> None:
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    assert inclusion(index, size, TREE.node) == path(index, ENTRIES[:size])
    assert consistency(old, size, TREE.node) == subproof(old, ENTRIES[:size], True)


def test_every_proof_of_every_small_tree_holds() -> None:
    for size in range(1, LARGEST + 1):
        root = TREE.root(size)
        for at in range(size):
            assert why_not_included(at, size, TREE.node(0, at), inclusion(at, size, TREE.node), root) == ""
            proof = consistency(at + 1, size, TREE.node)
            assert why_not_consistent(at + 1, size, TREE.root(at + 1), root, proof) == ""


SMALL = range(1, 18)


# A proof binds no size: that a root is one of a tree of a size is what its checkpoint says. For the size of the root it
# holds for one index only, and for no place that needs a proof of another length.


def test_a_proof_of_one_entry_holds_for_one_index_and_one_length() -> None:
    places = [(index, size) for size in SMALL for index in range(size)]
    needed = {place: len(inclusion(*place, TREE.node)) for place in places}
    for index, size in places:
        leaf, root, proof = TREE.node(0, index), TREE.root(size), inclusion(index, size, TREE.node)
        held = [place for place in places if not why_not_included(*place, leaf, proof, root)]
        assert [place for place in held if place[1] == size] == [(index, size)]
        assert {needed[place] for place in held} == {len(proof)}


def test_a_proof_of_growth_holds_for_one_old_size_and_one_length() -> None:
    pairs = [(old, new) for new in SMALL for old in range(1, new)]
    needed = {pair: len(consistency(*pair, TREE.node)) for pair in pairs}
    for old, new in pairs:
        one, two, proof = TREE.root(old), TREE.root(new), consistency(old, new, TREE.node)
        held = [pair for pair in pairs if not why_not_consistent(*pair, one, two, proof)]
        assert [pair for pair in held if pair[1] == new] == [(old, new)]
        assert {needed[pair] for pair in held} == {len(proof)}
        for at in range(2 + len(proof)):
            bad = flipped([one, two, *proof], at, old)
            assert why_not_consistent(old, new, bad[0], bad[1], bad[2:]), (old, new, at)


def flipped(hashes: list[bytes], at: int, bit: int) -> list[bytes]:
    changed = bytearray(hashes[at])
    changed[bit // 8] ^= 1 << bit % 8
    return [*hashes[:at], bytes(changed), *hashes[at + 1 :]]


@given(sizes, st.data())
def test_no_tampered_inclusion_proof_holds(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    # Leaf, root, then the path.
    hashes = [TREE.node(0, index), TREE.root(size), *inclusion(index, size, TREE.node)]
    bad = flipped(hashes, data.draw(st.integers(0, len(hashes) - 1)), data.draw(st.integers(0, 255)))
    assert why_not_included(index, size, bad[0], bad[2:], bad[1])
    other_index = data.draw(st.integers(0, 2 * LARGEST).filter(lambda at: at != index))
    assert why_not_included(other_index, size, hashes[0], hashes[2:], hashes[1])
    shorter = [*hashes[2:]]
    if shorter:
        shorter.pop(data.draw(st.integers(0, len(shorter) - 1)))
        assert why_not_included(index, size, hashes[0], shorter, hashes[1])
    longer = [*hashes[2:]]
    longer.insert(data.draw(st.integers(0, len(longer))), data.draw(st.sampled_from(hashes)))
    assert why_not_included(index, size, hashes[0], longer, hashes[1])


@given(st.integers(2, LARGEST), st.data())
def test_no_tampered_consistency_proof_holds(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, size - 1))
    hashes = [TREE.root(old), TREE.root(size), *consistency(old, size, TREE.node)]
    bad = flipped(hashes, data.draw(st.integers(0, len(hashes) - 1)), data.draw(st.integers(0, 255)))
    assert why_not_consistent(old, size, bad[0], bad[1], bad[2:])
    other = data.draw(st.integers(0, size).filter(lambda each: each != old))
    assert why_not_consistent(other, size, hashes[0], hashes[1], hashes[2:])
    shorter = [*hashes[2:]]
    shorter.pop(data.draw(st.integers(0, len(shorter) - 1)))
    assert why_not_consistent(old, size, hashes[0], hashes[1], shorter)
    longer = [*hashes[2:]]
    longer.insert(data.draw(st.integers(0, len(longer))), data.draw(st.sampled_from(hashes)))
    assert why_not_consistent(old, size, hashes[0], hashes[1], longer)


@given(
    st.integers(-3, 2**70), st.integers(-3, 2**70), st.binary(max_size=34), st.binary(max_size=34),
    st.lists(st.binary(max_size=34) | st.binary(min_size=32, max_size=32), max_size=80),
)  # fmt: skip
def test_nothing_at_all_is_taken_for_a_proof(one: int, two: int, a: bytes, b: bytes, proof: list[bytes]) -> None:
    assert why_not_included(one, two, a, proof, b)
    if one != two or a != b or proof:
        assert why_not_consistent(one, two, a, b, proof)


def test_an_entry_costs_few_hashes() -> None:
    asked: list[tuple[int, int]] = []

    def node(level: int, number: int) -> bytes:
        asked.append((level, number))
        return bytes(32)

    assert len(list(appended(2**40 - 1, bytes(32), node))) == 41
    assert len(asked) == 40
    asked.clear()
    inclusion(12345, 2**40 + 2**20 + 1, node)
    assert len(asked) < 50
    asked.clear()
    root_of(2**40 + 2**20 + 1, node)
    assert len(asked) == 3
