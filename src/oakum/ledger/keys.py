"""Keys of a ledger: a name and an Ed25519 key, as a line of text that can be pinned.

Source: C2SP signed-note (the id of a key), and the text form that the tools of signed notes share: NAME+ID+KEY for the
public half, PRIVATE+KEY+NAME+ID+KEY for the private one. ID is eight hexadecimal digits; KEY is base64 of the kind of
signature (1: Ed25519) and 32 bytes.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

import msgspec

from oakum.errors import InputError
from oakum.ledger.base64 import decoded, encoded

ED25519 = b"\x01"
KEY_SIZE = 32
LONGEST_NAME = 200
_PRIVATE = "PRIVATE+KEY+"
_ID = re.compile(r"[0-9a-f]{8}")


class PublicKey(msgspec.Struct, frozen=True):
    """Who signs: the ledger's ``name`` and the public half of its Ed25519 key (RFC 8032, 32 bytes)."""

    name: str
    key: bytes

    @property
    def id(self) -> bytes:
        """Four bytes that tell keys of one name apart."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.key).digest()[:4]

    @property
    def text(self) -> str:
        """The line that is pinned: NAME+ID+KEY."""
        return f"{self.name}+{self.id.hex()}+{encoded(ED25519 + self.key)}"


class PrivateKey(msgspec.Struct, frozen=True):
    """The private half as it stands in its file: who it says it is, and the 32 bytes that the key is made from."""

    name: str
    id: bytes
    seed: bytes

    def __repr__(self) -> str:
        # It may come into a traceback or a log.
        return f"PrivateKey(name={self.name!r}, id={self.id.hex()}, seed=<hidden>)"


def checked_name(name: str) -> str:
    """The name of a ledger, where it may be one. Raises InputError."""
    bad = next((each for each in name if each == "+" or each.isspace() or unicodedata.category(each)[0] in "CZ"), None)
    if not name or len(name) > LONGEST_NAME or bad is not None:
        what = f"{name[:60]!r} is no name of a ledger"
        remedy = f"1 to {LONGEST_NAME} characters without spaces and +, best like an address: example.com/oakum"
        raise InputError(what, remedy=remedy)
    return name


def read_public_key(text: str) -> PublicKey:
    """The key in a line of text. Raises InputError where it is none, or was changed."""
    line = text.strip()
    if line.startswith(_PRIVATE):
        raise InputError(
            "this is a private key, and a public one is wanted",
            remedy="give the file that ends with .pub; keep this one to whoever signs",
        )
    name, id, key = _parts(line, "public")
    found = PublicKey(name, key)
    if found.id != id:
        raise _no_key("public", "its id belongs to another key")
    return found


def read_private_key(text: str) -> PrivateKey:
    """The private key in a line of text. Raises InputError, which never shows any of it."""
    line = text.strip()
    if not line.startswith(_PRIVATE):
        raise _no_key("private", "it does not begin with PRIVATE+KEY+")
    return PrivateKey(*_parts(line.removeprefix(_PRIVATE), "private"))


def private_text(name: str, id: bytes, seed: bytes) -> str:
    """The line of a private key's file."""
    return f"{_PRIVATE}{name}+{id.hex()}+{encoded(ED25519 + seed)}"


def _parts(line: str, half: str) -> tuple[str, bytes, bytes]:
    # Base64 has plus signs of its own; the name and the id have none.
    parts = line.split("+", 2)
    if len(parts) != 3 or not _ID.fullmatch(parts[1]):
        raise _no_key(half, "it has not the form NAME+ID+KEY")
    try:
        name = checked_name(parts[0])
        raw = decoded(parts[2])
    except InputError as error:
        raise _no_key(half, error.what if half == "public" else "it is damaged") from None
    if len(raw) != 1 + KEY_SIZE or raw[:1] != ED25519:
        raise _no_key(half, "it is no Ed25519 key")
    return name, bytes.fromhex(parts[1]), raw[1:]


def _no_key(half: str, why: str) -> InputError:
    return InputError(f"no {half} key of a ledger: {why}", remedy="give what oakum ledger keygen wrote")
