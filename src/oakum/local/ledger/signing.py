"""Signs how far a ledger has come; what contradicts an earlier checkpoint of it is never signed."""

from __future__ import annotations

from pathlib import Path

from oakum.errors import InputError, OakumError, Place
from oakum.ledger.checkpoints import Checkpoint, read_checkpoint, signed
from oakum.ledger.entries import read_entry
from oakum.ledger.merkle import Tree, leaf_hash
from oakum.ledger.notes import read_note
from oakum.local.ledger.keys import FileSigner
from oakum.local.ledger.store import Store


def sign(ledger: Path, key: Path) -> bytes:
    """A new checkpoint of all entries, which is also kept in the ledger's file. Raises OakumError.

    The tree is computed from the entries anew, and every checkpoint that was signed before must be on its way: a log
    must not sign what is inconsistent with what it has signed (C2SP tlog-checkpoint).
    """
    signer = FileSigner(key)
    if not ledger.is_file():
        # Says what is missing.
        Store(ledger)
    with Store(ledger, write=True) as store:
        place = Place(str(ledger))
        remedy = "restore the ledger from a copy that oakum ledger verify finds right"
        before = [read_checkpoint(read_note(note)) for _, note in store.checkpoints()]
        tree = Tree()
        for number, data in enumerate(store.entries()):
            try:
                read_entry(data)
            except OakumError as error:
                raise InputError(f"index {number}: {error.what}", place=place, remedy=remedy) from None
            tree.append(leaf_hash(data))
        for each in before:
            if each.origin != signer.name:
                what = f"this ledger is {each.origin}, and the key is of {signer.name}"
                raise InputError(what, place=place, remedy="sign with the key of this ledger")
            if each.size > len(tree) or tree.root(each.size) != each.root:
                what = f"its first {each.size} entries are not those that were signed"
                raise InputError(what, place=place, remedy=remedy)
        if tree.root() != store.root(len(tree)):
            raise InputError("the nodes of its tree are not those of its entries", place=place, remedy=remedy)
        note = signed(Checkpoint(signer.name, len(tree), tree.root()), signer)
        if not before or store.newest()[1] != note:
            store.keep(len(tree), note)
        return note
