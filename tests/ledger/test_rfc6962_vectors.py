"""The reference values of the certificate-transparency code base: eight leaves, the roots and proofs of their trees."""

from __future__ import annotations

import pytest

from oakum.ledger.merkle import EMPTY_ROOT, Tree, consistency, inclusion, leaf_hash, root_of
from oakum.ledger.proofs import why_not_consistent, why_not_included

LEAVES = [
    bytes.fromhex(each)
    for each in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
ROOTS = [
    EMPTY,
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
#: (index, size) -> the proof.
INCLUSION = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
#: (old size, new size) -> the proof.
CONSISTENCY = {
    (1, 1): [],
    (1, 8): INCLUSION[0, 8],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): INCLUSION[1, 5][1:],
}
HASHES = [leaf_hash(each) for each in LEAVES]
TREE = Tree(HASHES)


def unhex(proof: list[str]) -> list[bytes]:
    return [bytes.fromhex(each) for each in proof]


@pytest.mark.parametrize("size", range(9))
def test_roots(size: int) -> None:
    assert TREE.root(size).hex() == ROOTS[size]
    assert root_of(size, TREE.node) == Tree(HASHES[:size]).root()


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert EMPTY_ROOT.hex() == EMPTY


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_inclusion_proofs(index: int, size: int) -> None:
    proof = unhex(INCLUSION[index, size])
    assert inclusion(index, size, TREE.node) == proof
    assert why_not_included(index, size, HASHES[index], proof, bytes.fromhex(ROOTS[size])) == ""


@pytest.mark.parametrize(("old", "new"), CONSISTENCY)
def test_consistency_proofs(old: int, new: int) -> None:
    proof = unhex(CONSISTENCY[old, new])
    assert consistency(old, new, TREE.node) == proof
    assert why_not_consistent(old, new, bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[new]), proof) == ""


WRONG = b"WrongRoot"


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_an_inclusion_proof_holds_for_nothing_else(index: int, size: int) -> None:
    proof, root, leaf = unhex(INCLUSION[index, size]), TREE.root(size), HASHES[index]
    others = [
        *((at, size, leaf, proof, root) for at in (index - 1, index + 1, index ^ 2, 2**64 - 1)),
        *((index, other, leaf, proof, root) for other in (size * 2, size // 2)),
        (index, size, b"WrongLeaf", proof, root),
        *((index, size, leaf, proof, other) for other in (EMPTY_ROOT, b"", WRONG)),
        *((index, size, leaf, [*proof[:at], EMPTY_ROOT, *proof[at + 1 :]], root) for at in range(len(proof))),
        *((index, size, leaf, [*proof, extra], root) for extra in (b"", root)),
        *((index, size, leaf, [extra, *proof], root) for extra in (b"", root)),
        *([(index, size, leaf, proof[:-1], root)] if proof else []),
    ]
    for each in others:
        assert why_not_included(*each), each


@pytest.mark.parametrize(("old", "new"), [each for each in CONSISTENCY if each != (1, 1)])
def test_a_consistency_proof_holds_for_nothing_else(old: int, new: int) -> None:
    proof, one, two = unhex(CONSISTENCY[old, new]), TREE.root(old), TREE.root(new)
    others = [
        *((size, new, one, two, proof) for size in (old - 1, old + 1, old ^ 2)),
        *((old, size, one, two, proof) for size in (new * 2, new // 2)),
        *((old, new, wrong, two, proof) for wrong in (WRONG, EMPTY_ROOT)),
        *((old, new, one, wrong, proof) for wrong in (WRONG, EMPTY_ROOT)),
        (old, new, two, one, proof),
        (old, new, one, two, []),
        *((old, new, one, two, [*proof[:at], EMPTY_ROOT, *proof[at + 1 :]]) for at in range(len(proof))),
        *((old, new, one, two, [*proof, extra]) for extra in (b"", one, two)),
        *((old, new, one, two, [extra, *proof]) for extra in (b"", one, two, proof[0])),
        (old, new, one, two, proof[:-1]),
    ]
    for each in others:
        assert why_not_consistent(*each), each


@pytest.mark.parametrize(
    ("old", "new", "one", "two", "proof", "holds"),
    [
        (0, 0, b"x", b"x", [], True),
        (1, 1, b"x", b"x", [], True),
        (0, 0, b"x", b"y", [], False),
        (1, 1, b"x", b"y", [], False),
        (0, 0, EMPTY_ROOT, EMPTY_ROOT, [EMPTY_ROOT], False),
        (1, 1, EMPTY_ROOT, EMPTY_ROOT, [EMPTY_ROOT], False),
        (0, 1, EMPTY_ROOT, HASHES[0], [], False),
        (0, 1, EMPTY_ROOT, EMPTY_ROOT, [EMPTY_ROOT], False),
        (1, 0, HASHES[0], EMPTY_ROOT, [], False),
        (2, 1, TREE.root(2), HASHES[0], [], False),
        (1, 2, HASHES[0], TREE.root(2), [], False),
    ],
)
def test_edges_of_consistency(old: int, new: int, one: bytes, two: bytes, proof: list[bytes], holds: bool) -> None:
    assert (why_not_consistent(old, new, one, two, proof) == "") is holds


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 1)])
def test_no_proof_is_made_of_what_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no entry"):
        inclusion(index, size, TREE.node)
    with pytest.raises(ValueError, match="no proof"):
        consistency(index - size if index < 0 else index + size + 1, size, TREE.node)
