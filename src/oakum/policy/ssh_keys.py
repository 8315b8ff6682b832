"""SSH public keys and signatures as they are written: their form and whose key it is, without any cryptography.

Whether a signature is right says ``ssh-keygen -Y verify``. Sources: RFC 4253 (6.6), RFC 5656, RFC 8709, and OpenSSH's
PROTOCOL.u2f, PROTOCOL.sshsig.
"""

from __future__ import annotations

import base64
import binascii

import msgspec

from oakum.errors import InputError

#: Kinds of keys that may sign. No certificates: who a person is says the policy, not an authority; no DSA.
KINDS = (
    "ssh-ed25519", "sk-ssh-ed25519@openssh.com", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
    "sk-ecdsa-sha2-nistp256@openssh.com", "ssh-rsa",
)  # fmt: skip
BEGIN, END = b"-----BEGIN SSH SIGNATURE-----", b"-----END SSH SIGNATURE-----"
_MAGIC = b"SSHSIG"
_VERSION = 1
_LONGEST = 16_384
_ED25519 = 32
#: Bits below which an RSA key proves nothing (NIST SP 800-131A).
_RSA_BITS = 2048


class Signature(msgspec.Struct, frozen=True):
    """What a signature says of itself: the key, as ``KIND BASE64``, and for what it was made."""

    key: str
    namespace: str


def read_key(text: str) -> str:
    """The key of one line of a .pub file, as ``KIND BASE64``; its comment is left out. Raises InputError."""
    words = text.split()
    if len(words) < 2 or words[0] not in KINDS:
        known = ", ".join(KINDS)
        raise InputError("this is no public SSH key", remedy=f"one line of a .pub file; the kinds are {known}")
    try:
        blob = base64.b64decode(words[1], validate=True)
    except binascii.Error:
        raise InputError("the key is not base64", remedy="copy the whole line of the .pub file") from None
    return _key(blob, words[0])


def read_signature(armoured: bytes) -> Signature:
    """What an armoured signature says. Raises InputError where it is none."""
    body = armoured.strip()
    if len(body) > _LONGEST or not body.startswith(BEGIN) or not body.endswith(END):
        raise InputError("this is no SSH signature", remedy="give what ssh-keygen -Y sign wrote")
    try:
        data = base64.b64decode(b"".join(body[len(BEGIN) : -len(END)].split()), validate=True)
    except binascii.Error:
        raise InputError("the signature is not base64", remedy="give what ssh-keygen -Y sign wrote") from None
    if not data.startswith(_MAGIC) or int.from_bytes(data[6:10]) != _VERSION:
        raise InputError("this is no SSH signature of version 1", remedy="give what ssh-keygen -Y sign wrote")
    parts = _strings(data[10:])
    if len(parts) != 5:
        raise InputError("the signature is cut off", remedy="sign again")
    kind = _strings(parts[0], most=1)
    return Signature(
        _key(parts[0], kind[0].decode("ascii", "replace") if kind else ""), parts[1].decode("utf-8", "replace")
    )


def _key(blob: bytes, kind: str) -> str:
    parts = _strings(blob)
    if kind not in KINDS or not parts or parts[0] != kind.encode():
        raise InputError(f"a key of the kind {kind[:60]!r} may not sign", remedy=f"use one of {', '.join(KINDS)}")
    if kind == "ssh-ed25519" and (len(parts) != 2 or len(parts[1]) != _ED25519):
        raise InputError("the key is cut off", remedy="copy the whole line of the .pub file")
    if kind == "ssh-rsa" and (len(parts) != 3 or int.from_bytes(parts[2]).bit_length() < _RSA_BITS):
        raise InputError("the RSA key is too short", remedy=f"use {_RSA_BITS} bits, or ssh-keygen -t ed25519")
    return f"{kind} {base64.b64encode(blob).decode()}"


def _strings(data: bytes, most: int = 8) -> list[bytes]:
    """The strings of the SSH wire format; an empty list where they do not fill it exactly (or up to ``most``)."""
    found: list[bytes] = []
    at = 0
    while at < len(data) and len(found) < most:
        length = int.from_bytes(data[at : at + 4])
        if at + 4 + length > len(data):
            return []
        found.append(data[at + 4 : at + 4 + length])
        at += 4 + length
    return found
