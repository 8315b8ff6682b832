"""The ledger: a tamper-evident log of what was decided and done, whose proof needs nobody's word.

Entries are the leaves of a Merkle tree (RFC 6962). A signed checkpoint binds the whole of it in one hash; whoever has
kept one notices every change of what stood before it. The forms are those of public transparency logs, so that other
programs read them: checkpoints (C2SP tlog-checkpoint, signed-note), tiles (C2SP tlog-tiles), proofs (RFC 9162).

Everything here is data in, data out. Where a ledger is kept and where its key lies is the caller's business.
"""

from __future__ import annotations

from oakum.ledger.checkpoints import Checkpoint, open_checkpoint, signed
from oakum.ledger.entries import KINDS, Entry, canonical, digest, read_entry
from oakum.ledger.keys import PublicKey, read_public_key
from oakum.ledger.verification import Fault, Verdict, verify

__all__ = [
    "KINDS",
    "Checkpoint",
    "Entry",
    "Fault",
    "PublicKey",
    "Verdict",
    "canonical",
    "digest",
    "open_checkpoint",
    "read_entry",
    "read_public_key",
    "signed",
    "verify",
]
