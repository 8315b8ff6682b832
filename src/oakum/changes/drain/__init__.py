"""Draining a node: what each actor would do with every pod on it, and what stops it.

``explain`` judges the pods of nodes by a profile: Oakum's own, or the published rules of kubectl, the cluster
autoscaler and Cluster API. ``departures`` plays evictions forward for planners; ``oakum.changes.budgets`` is the
eviction itself.
"""

from __future__ import annotations

from oakum.changes.drain.departures import Departures, Stuck, departures
from oakum.changes.drain.explain import PROFILES, Explained, explain
from oakum.changes.drain.model import Judged, Outcome, Profile, Rule
from oakum.changes.drain.surroundings import Surroundings

__all__ = [
    "PROFILES",
    "Departures",
    "Explained",
    "Judged",
    "Outcome",
    "Profile",
    "Rule",
    "Stuck",
    "Surroundings",
    "departures",
    "explain",
]
