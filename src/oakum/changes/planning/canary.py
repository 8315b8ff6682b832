"""Which machines go first: workers of different pools and failure domains, whose drains have nothing to wait for.

A lost worker costs a node, a lost control plane a member of the quorum: so the control plane is the first only where
nothing else changes. A machine that Oakum runs on is never the first, where there is another.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from oakum.changes.planning.drafts import Draft, natural
from oakum.policy.entries import Canary


def canaries(drafts: Sequence[Draft], pools: Sequence[str] = ()) -> list[Draft]:
    """The first of some machines' drafts; by each set of canary entries of the policy, as many as the fewest of them.

    ``pools`` are those that the policy orders, from which the first are taken.
    """
    drafts = [each for each in drafts if each.machine is not None and not each.machine.ours] or list(drafts)
    by_names: dict[tuple[str, ...], list[Draft]] = {}
    for each in drafts:
        by_names.setdefault(tuple(sorted(one.name for one in _entries(each))), []).append(each)
    return [first for _, several in sorted(by_names.items()) for first in _first(several, pools)]


def _entries(draft: Draft) -> Sequence[Canary]:
    assert draft.settings is not None
    return draft.settings.canaries


def _first(drafts: Sequence[Draft], pools: Sequence[str]) -> list[Draft]:
    candidates = [each for each in drafts if each.machine is not None and each.machine.role != "control-plane"]
    candidates = candidates or list(drafts)
    count = min(entry.nodes(len(drafts)) for entry in _entries(drafts[0]))
    if candidates[0].machine is not None and candidates[0].machine.role == "control-plane":
        count = 1
    return _spread(candidates, pools)[:count]


def _spread(drafts: Sequence[Draft], order: Sequence[str]) -> list[Draft]:
    """Turn by turn from each pool, and in a pool from each failure domain."""
    pools: dict[str, dict[str, deque[Draft]]] = {}
    for each in sorted(drafts, key=lambda one: (_waits(one), natural(one.id))):
        pool = each.machine.pool if each.machine is not None else ""
        pools.setdefault(pool, {}).setdefault(each.domain, deque()).append(each)
    names = sorted(pools, key=lambda name: (order.index(name) if name in order else len(order), name))
    turns = deque(deque(pools[name][domain] for domain in sorted(pools[name])) for name in names)
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
