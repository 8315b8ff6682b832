"""Checkpoints: how many entries a ledger has, and the root of its tree, signed.

Source: C2SP tlog-checkpoint. Two checkpoints of one ledger that no consistency proof joins show that somebody has told
two stories, whoever signed them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from oakum.errors import InputError
from oakum.ledger.base64 import decoded, encoded
from oakum.ledger.keys import PublicKey
from oakum.ledger.merkle import EMPTY_ROOT, HASH_SIZE
from oakum.ledger.notes import Note, Signature, read_note, signers
from oakum.ports import Signer

#: A size is told in at most 19 digits; C2SP tiles end at 2**63.
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


class Checkpoint(msgspec.Struct, frozen=True):
    """The head of a ledger: its ``origin`` (name), the number of its entries, the root of its tree (32 bytes).

    ``extensions`` are further lines of the text, which say nothing to Oakum.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What is signed."""
        lines = (self.origin, str(self.size), encoded(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)


def read_checkpoint(note: Note) -> Checkpoint:
    """The checkpoint in a note's text, whether it is signed or not. Raises InputError."""
    lines = note.text.removesuffix("\n").split("\n")
    if len(lines) < 3 or not all(lines):
        raise _no_checkpoint("it has not three lines: origin, size, root")
    origin, size, root, *extensions = lines
    if not _SIZE.fullmatch(size):
        raise _no_checkpoint("its second line is no size")
    try:
        hash_ = decoded(root)
    except InputError:
        hash_ = b""
    if len(hash_) != HASH_SIZE:
        raise _no_checkpoint("its third line is no hash in base64")
    if size == "0" and hash_ != EMPTY_ROOT:
        raise _no_checkpoint("an empty ledger has another root")
    return Checkpoint(origin, int(size), hash_, tuple(extensions))


def open_checkpoint(data: bytes, keys: Sequence[PublicKey], origin: str | None = None) -> Checkpoint:
    """A checkpoint that one of the keys has signed. Raises InputError, LimitError.

    ``origin`` is the ledger's name where it is not that of the key.
    """
    note = read_note(data)
    found = read_checkpoint(note)
    by = {key.name for key in signers(note, keys)}
    names = by if origin is None else {origin}
    if found.origin not in names:
        raise InputError(
            f"it is of the ledger {found.origin[:200]!r}, not of {', '.join(sorted(names))}",
            remedy="give the checkpoint of that ledger, or name the one that you mean with --origin",
        )
    return found


def signed(checkpoint: Checkpoint, *by: Signer) -> bytes:
    """The checkpoint as a note that each of them has signed."""
    text = checkpoint.text
    lines = [Signature(each.name, PublicKey(each.name, each.public_key).id, each.sign(text.encode())) for each in by]
    return Note(text, tuple(lines)).encode()


def _no_checkpoint(why: str) -> InputError:
    return InputError(f"no checkpoint: {why}", remedy="give a checkpoint as oakum ledger checkpoint writes it")
