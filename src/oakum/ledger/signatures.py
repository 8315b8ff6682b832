"""Whether an Ed25519 signature is good (RFC 8032).

The one place of the core that knows the library ``cryptography``: to verify is pure computation over three values. To
sign needs a secret, and is a port (``oakum.ports.Signer``); to make a key needs chance, and is the caller's.
"""

from __future__ import annotations

SIGNATURE_SIZE = 64


def is_good(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` is one of ``message`` under the public ``key`` (32 bytes)."""
    # Imported when it is needed: commands that verify nothing start without it.
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if len(signature) != SIGNATURE_SIZE:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
