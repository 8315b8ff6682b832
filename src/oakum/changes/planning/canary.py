"""Which machines go first: workers of different pools and failure domains, whose drains have nothing to wait for.

A lost worker costs a node, a lost control plane a member of the quorum: so the control plane is the first only where
nothing else changes. A machine that Oakum runs on is never the first, where there is another.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from oakum.changes.planning.drafts import Draft, natural
from oakum.policy.entries import Canary


def canaries(drafts: Sequence[Draft]) -> list[Draft]:
    """The first of some machines' drafts, in their order; by each canary entry of the policy so many as it says."""
    drafts = [each for each in drafts if each.machine is not None and not each.machine.ours] or list(drafts)
    by_entry: dict[str, list[Draft]] = {}
    entries: dict[str, Canary] = {}
    for each in drafts:
        assert each.settings is not None
        entry = each.settings.canary
        by_entry.setdefault(entry.name, []).append(each)
        entries[entry.name] = max(entry, entries.get(entry.name, entry), key=lambda one: one.soak)
    return [first for name, several in sorted(by_entry.items()) for first in _first(several, entries[name])]


def _first(drafts: Sequence[Draft], entry: Canary) -> list[Draft]:
    candidates = [each for each in drafts if each.machine is not None and each.machine.role != "control-plane"]
    candidates = candidates or list(drafts)
    count = entry.nodes(len(drafts))
    if candidates[0].machine is not None and candidates[0].machine.role == "control-plane":
        count = 1
    return _spread(candidates)[:count]


def _spread(drafts: Sequence[Draft]) -> list[Draft]:
    """Turn by turn from each pool, and in a pool from each failure domain."""
    pools: dict[str, dict[str, deque[Draft]]] = {}
    for each in sorted(drafts, key=lambda one: (_waits(one), natural(one.id))):
        pool = each.machine.pool if each.machine is not None else ""
        pools.setdefault(pool, {}).setdefault(each.domain, deque()).append(each)
    turns = deque(deque(pools[name][domain] for domain in sorted(pools[name])) for name in sorted(pools))
    found: list[Draft] = []
    while turns:
        domains = turns.popleft()
        drafts_here = domains.popleft()
        found.append(drafts_here.popleft())
        if drafts_here:
            domains.append(drafts_here)
        if domains:
            turns.append(domains)
    return found


def _waits(draft: Draft) -> int:
    return 0 if draft.evictions is None else len(draft.evictions.waits)
