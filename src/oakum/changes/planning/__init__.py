"""Planning: from a state, intents and a policy to a plan whose every step is safe, or the fewest reasons why not.

Pure: the same input gives the same bytes. Whatever the input does not tell is never taken for a good sign.
"""

from __future__ import annotations

from oakum.changes.planning.edits import apply_edits
from oakum.changes.planning.explain import explain
from oakum.changes.planning.planner import plan
from oakum.changes.planning.rollback import rollback

__all__ = ["apply_edits", "explain", "plan", "rollback"]
