"""Signed notes: a text, and below it lines with signatures.

Source: C2SP signed-note. A signature of a key that is not known is ignored; one of a known key that is wrong spoils the
whole note; without a good one of a known key the text is worth nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from oakum.errors import InputError, LimitError
from oakum.ledger.base64 import decoded, encoded
from oakum.ledger.keys import PublicKey
from oakum.ledger.signatures import is_good

#: A note has to hold at least sixteen signatures, and some kinds have five kilobytes each.
LARGEST = 1 << 20
_MOST_SIGNATURES = 100
_DASH = "\N{EM DASH}"
_LINE = re.compile(rf"{_DASH} ([^\s+]+) ([A-Za-z0-9+/]+={{0,2}})")
_CONTROL = re.compile("[\0-\x09\x0b-\x1f]")


class Signature(msgspec.Struct, frozen=True):
    """A line below a note: who says to have signed, the id of the key, the signature."""

    name: str
    id: bytes
    signature: bytes

    @property
    def line(self) -> str:
        """The line as it stands in the note."""
        return f"{_DASH} {self.name} {encoded(self.id + self.signature)}\n"


class Note(msgspec.Struct, frozen=True):
    """A text, with its last line break, and its signatures, of which none is verified."""

    text: str
    signatures: tuple[Signature, ...]

    def encode(self) -> bytes:
        """The note as bytes."""
        return f"{self.text}\n{''.join(each.line for each in self.signatures)}".encode()


def read_note(data: bytes) -> Note:
    """The parts of a note. Raises InputError, LimitError."""
    if len(data) > LARGEST:
        raise LimitError(f"larger than {LARGEST:,} bytes", remedy="no checkpoint is so large")
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise _no_note(f"not UTF-8 at byte {error.start}") from None
    if _CONTROL.search(whole):
        raise _no_note("it has control characters")
    text, separator, below = whole.rpartition("\n\n")
    if not separator or not text:
        raise _no_note("no blank line stands between text and signatures")
    if not below.endswith("\n"):
        raise _no_note("its last line is cut off")
    lines = below[:-1].split("\n")
    if len(lines) > _MOST_SIGNATURES:
        raise LimitError(f"more than {_MOST_SIGNATURES} signatures", remedy="leave out those that nobody needs")
    return Note(f"{text}\n", tuple(_signature(line) for line in lines))


def _signature(line: str) -> Signature:
    found = _LINE.fullmatch(line)
    if found is None:
        raise _no_note("a line below the text is no signature")
    try:
        raw = decoded(found[2])
    except InputError:
        raise _no_note("a signature is not base64") from None
    if len(raw) <= 4:
        raise _no_note("a signature is too short")
    return Signature(found[1], raw[:4], raw[4:])


def signers(note: Note, keys: Sequence[PublicKey]) -> tuple[PublicKey, ...]:
    """Those of the known keys that have signed the text. Raises InputError where none has, or a signature is wrong."""
    known = {(key.name, key.id): key for key in keys}
    found: list[PublicKey] = []
    for each in note.signatures:
        key = known.get((each.name, each.id))
        if key is None:
            continue
        if not is_good(key.key, note.text.encode(), each.signature):
            raise InputError(
                f"the signature of {key.name} is wrong",
                remedy="the text was changed, or somebody else signed it; get the checkpoint anew from its source",
            )
        if key not in found:
            found.append(key)
    if not found:
        names = ", ".join(sorted({f"{each.name}+{each.id.hex()}" for each in note.signatures}))
        wanted = ", ".join(f"{key.name}+{key.id.hex()}" for key in keys)
        raise InputError(
            f"not signed by {wanted}, but by {names[:300]}", remedy="give the key of the ledger that you mean"
        )
    return tuple(found)


def _no_note(why: str) -> InputError:
    return InputError(f"no signed note: {why}", remedy="give a checkpoint as oakum ledger checkpoint writes it")
