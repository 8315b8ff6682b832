"""The proof of a change: what a run leaves behind for a stranger, as one file, and the verifier of it.

Everything here is data in, data out: whether a signature is right, and what time zones there are, is handed in. Nothing
of the planner or of what decides the next act is used; the verifier only shares the words of plans and journals.
"""

from __future__ import annotations

from oakum.changes.proof.container import bundled, opened
from oakum.changes.proof.model import GAPS, Fault, Gap
from oakum.changes.proof.whole import About, Proof, verify

__all__ = ["GAPS", "About", "Fault", "Gap", "Proof", "bundled", "opened", "verify"]
