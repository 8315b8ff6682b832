"""A bundle of feeds in one file: what a machine without a network takes from one that has it.

A tar (POSIX ustar) of one form: first ``oakum-feeds``, a signed note (C2SP signed-note) with the manifest, then each
document as ``feeds/NAME`` in the manifest's order. Every byte is foreseen: a header is compared with the one that would
be written, so that there is nothing in a bundle that no digest or signature covers. The signature is checked before a
word of the manifest is believed.
"""

from __future__ import annotations

import hashlib
import re
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from oakum.errors import InputError, LimitError, OakumError
from oakum.ledger.keys import PublicKey
from oakum.ledger.notes import LARGEST, Note, Signature, read_note, signers
from oakum.ports import Signer

MANIFEST = "oakum-feeds"
_HEAD = "oakum feeds bundle 1\n"
_BLOCK = 512
_END = bytes(2 * _BLOCK)
_CHUNK = 1 << 20
#: What a header of ustar can say of a size.
_MOST = (8 << 30) - 1
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,79}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DIGITS = re.compile(rb"[0-7]{11}\0")
_REMEDY = "get it anew from whoever made it"


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One document: where it came from, what it is, and until when its publisher said so (RFC 3339 UTC)."""

    name: str
    format: str
    url: str
    entries: str
    size: int
    sha256: str
    digest: str
    facts: int
    as_of: str
    confirmed: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a bundle holds; ``snapshot`` is the digest of its feeds, ``made`` when (RFC 3339 UTC)."""

    made: str
    snapshot: str
    sources: tuple[Entry, ...]


def looks_like_a_bundle(path: Path) -> bool:
    """Whether a file begins as a bundle does."""
    try:
        with path.open("rb") as file:
            return file.read(len(MANIFEST) + 1) == MANIFEST.encode() + b"\0"
    except OSError:
        return False


def write(file: BinaryIO, manifest: Manifest, documents: Sequence[Path], signer: Signer) -> None:
    """Write a bundle. Raises InputError where a document is not the one of the manifest."""
    text = f"{_HEAD}{msgspec.json.encode(manifest).decode()}\n"
    public = PublicKey(signer.name, signer.public_key)
    note = Note(text, (Signature(public.name, public.id, signer.sign(text.encode())),)).encode()
    if len(note) > LARGEST:
        raise LimitError("so many sources make no bundle", remedy="make several")
    file.write(_header(MANIFEST, len(note)) + note + _padding(len(note)))
    for entry, path in zip(manifest.sources, documents, strict=True):
        file.write(_header(f"feeds/{entry.name}", entry.size))
        with path.open("rb") as document:
            _copy(document, entry, file.write)
            if document.read(1):
                raise InputError(f"the document of {entry.name} grew", remedy="export again")
        file.write(_padding(entry.size))
    file.write(_END)


def read(file: BinaryIO, keys: Sequence[PublicKey], place: Callable[[Entry], Path]) -> Manifest:
    """Verify a bundle, and put each document where ``place`` says; nothing else is written.

    Raises InputError where one of the keys has not signed it, or a byte is another.
    """
    manifest = _manifest(file, keys)
    for entry in manifest.sources:
        _expect(file, _header(f"feeds/{entry.name}", entry.size), f"the header of {entry.name}")
        path = place(entry)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as out:
            _copy(file, entry, out.write)
        _expect(file, _padding(entry.size), f"what follows {entry.name}")
    _expect(file, _END, "its end")
    if file.read(1):
        raise _damaged("something follows its end")
    return manifest


def _manifest(file: BinaryIO, keys: Sequence[PublicKey]) -> Manifest:
    header = file.read(_BLOCK)
    digits = header[124:136]
    size = int(digits[:11], 8) if _DIGITS.fullmatch(digits) else -1
    if not 0 <= size <= LARGEST or header != _header(MANIFEST, size):
        raise _damaged("its first header is another")
    data = file.read(size)
    try:
        note = read_note(data)
        signers(note, keys)
    except OakumError as error:
        raise InputError(f"is not signed by the key that is pinned: {error.what}", remedy=_REMEDY) from None
    _expect(file, _padding(size), "what follows the manifest")
    if not note.text.startswith(_HEAD):
        raise InputError("what is signed is no manifest of feeds", remedy="give a bundle of oakum feeds export")
    try:
        found = msgspec.json.decode(note.text[len(_HEAD) :], type=Manifest)
    except msgspec.MsgspecError as error:
        raise InputError(f"its manifest is of another form: {error}", remedy="use the version that made it") from None
    names = [entry.name for entry in found.sources]
    sound = all(
        _NAME.fullmatch(each.name) and _SHA256.fullmatch(each.sha256) and 0 <= each.size <= _MOST
        for each in found.sources
    )
    if len(set(names)) != len(names) or not sound:
        raise InputError("its manifest names what cannot be", remedy=_REMEDY)
    return found


def _header(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size = size
    return member.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict")


def _padding(size: int) -> bytes:
    return bytes(-size % _BLOCK)


def _copy(file: BinaryIO, entry: Entry, write_: Callable[[bytes], object]) -> None:
    found, left = hashlib.sha256(), entry.size
    while left:
        chunk = file.read(min(left, _CHUNK))
        if not chunk:
            raise _damaged(f"ends within {entry.name}")
        found.update(chunk)
        write_(chunk)
        left -= len(chunk)
    if found.hexdigest() != entry.sha256:
        raise _damaged(f"the document of {entry.name} is another")


def _expect(file: BinaryIO, wanted: bytes, what: str) -> None:
    if file.read(len(wanted)) != wanted:
        raise _damaged(f"{what} is not as it was written")


def _damaged(why: str) -> InputError:
    return InputError(f"is damaged or was changed: {why}", remedy=_REMEDY)
