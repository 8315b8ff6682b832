"""The verifier: walks every state that a plan can bring about, forward and back, and names each rule that one breaks.

It shares the types, the policy, the kinds of change and the published rules with the planner, and nothing else: neither
the planner nor what carries plans out may be imported here (an import contract holds that), so that a mistake in one of
them is not repeated.
"""

from __future__ import annotations

from oakum.changes.verify.model import Rule, Violation
from oakum.changes.verify.rules import RULES
from oakum.changes.verify.undoing import brings_back
from oakum.changes.verify.whole import verify

__all__ = ["RULES", "Rule", "Violation", "brings_back", "verify"]
