"""Proofs in the machine form: a request that holds all that a proof is about, and the answer whether it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from oakum.errors import InputError, Place
from oakum.ledger.base64 import decoded, encoded
from oakum.ledger.merkle import leaf_hash
from oakum.ledger.proofs import why_not_consistent, why_not_included

_FIELDS = {
    "inclusion": ("leaf_hash", "leaf_index", "tree_size", "root", "proof"),
    "consistency": ("size1", "size2", "root1", "root2", "proof"),
}
#: A tree is at most 64 levels high; more is refused before it is read.
_LONGEST = 256


def of_inclusion(entry: bytes, index: int, size: int, root: bytes, proof: Sequence[bytes]) -> dict[str, object]:
    """The request for the proof that an entry is in a tree."""
    return {
        "kind": "inclusion", "leaf_hash": encoded(leaf_hash(entry)), "leaf_index": index, "tree_size": size,
        "root": encoded(root), "proof": [encoded(each) for each in proof],
    }  # fmt: skip


def of_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> dict[str, object]:
    """The request for the proof that a tree begins another."""
    return {
        "kind": "consistency", "size1": old, "size2": new, "root1": encoded(old_root), "root2": encoded(new_root),
        "proof": [encoded(each) for each in proof],
    }  # fmt: skip


def answer(request: Mapping[str, object]) -> dict[str, object]:
    """``valid``, and ``why`` where it is false. Raises InputError where the request is none, with the field.

    A hash of another length, an index beyond the tree and the like are no mistakes of form: such a proof holds not.
    """
    kind = request.get("kind")
    if not isinstance(kind, str) or kind not in _FIELDS:
        raise InputError("no kind of proof", place=Place(field="kind"), remedy=f"kinds: {', '.join(_FIELDS)}")
    unknown = next((key for key in request if key != "kind" and key not in _FIELDS[kind]), None)
    if unknown is not None:
        remedy = f"fields: {', '.join(_FIELDS[kind])}"
        raise InputError(f"no field of {kind}", place=Place(field=unknown[:40]), remedy=remedy)
    proof = _proof(request)
    if kind == "inclusion":
        index, size = _number(request, "leaf_index"), _number(request, "tree_size")
        why = why_not_included(index, size, _hash(request, "leaf_hash"), proof, _hash(request, "root"))
    else:
        old, new = _number(request, "size1"), _number(request, "size2")
        why = why_not_consistent(old, new, _hash(request, "root1"), _hash(request, "root2"), proof)
    return {"valid": False, "why": why} if why else {"valid": True}


def _number(request: Mapping[str, object], name: str) -> int:
    value = request.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise InputError("no whole number", place=Place(field=name), remedy=f"give {name} as a number")
    return value


def _hash(request: Mapping[str, object], name: str) -> bytes:
    value = request.get(name)
    # Other programs write an empty list of bytes as null.
    return b"" if value is None and name in request else _decoded(value, name)


def _proof(request: Mapping[str, object]) -> list[bytes]:
    value = request.get("proof")
    if value is None and "proof" in request:
        return []
    if not isinstance(value, list):
        raise InputError(
            "no list", place=Place(field="proof"), remedy="give the hashes in base64, from the leaf upwards"
        )
    if len(value) > _LONGEST:
        raise InputError(f"more than {_LONGEST} hashes", place=Place(field="proof"), remedy="no tree is so high")
    return [b"" if each is None else _decoded(each, f"proof[{at}]") for at, each in enumerate(value)]


def _decoded(value: object, name: str) -> bytes:
    if not isinstance(value, str):
        raise InputError("no text", place=Place(field=name), remedy="give the hash in base64")
    try:
        return decoded(value)
    except InputError as error:
        raise InputError(error.what, place=Place(field=name), remedy=error.remedy) from None
