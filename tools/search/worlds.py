"""The small worlds that are searched: three nodes, two workloads with disruption budgets, and one change each."""

from __future__ import annotations

_HEADER = """
start: 2026-03-02T22:00:00Z
lasts: 1d
world:
  clusters:
    - name: c
      facts: {environment: prod, region: eu, tier: "1"}
      managed: true
      pools:
%s
      workloads:
        - {name: web, namespace: shop, replicas: 2, starts: 10s, apart: true}
        - {name: db, kind: StatefulSet, namespace: shop, replicas: 2, starts: 15s}
      budgets:
        - {name: web, namespace: shop, for: web, max_unavailable: 1}
        - {name: db, namespace: shop, for: db, min_available: 1}
expect: {ends: [done, stopped]}
"""
_POOL = """
        - name: %s
          count: %d
          cpu: 8
          kernel: %s
          kubelet: 1.31.4
          offers: {kernel: [6.1.100]}
          packages: {openssl: [%s]}
"""
_OLD, _NEW = ("6.1.90", "3.0.15, 3.0.16"), ("6.1.100", "3.0.16")
#: The pools of the three nodes: all of them are to change, or one beside two that are as they should be.
POOLS = {
    "": _POOL % ("w", 3, *_OLD),
    "one-": _POOL % ("w", 1, *_OLD) + _POOL % ("x", 2, *_NEW),
}
#: The worlds, each a scenario that differs in what is changed and under which limits.
WORLDS = {
    "kernel": """
name: kernel
title: A kernel with reboots
about: Three nodes, one at a time.
intents: [{name: kernel, kind: kernel, wants: {to: 6.1.100}}]
policy: {windows: [{name: always, always: yes}], guardrails: [{name: g, stop_at_failed: 3, stop_at_lost: 2}]}
""",
    "packages": """
name: packages
title: A package without a drain
about: Three nodes, two at a time, nobody has to leave.
intents: [{name: openssl, kind: packages, wants: {names: [openssl]}}]
policy:
  windows: [{name: always, always: yes}]
  budgets: [{name: two, max_unavailable: 2, max_domains: 3}]
  guardrails: [{name: g, stop_at_failed: 3, stop_at_lost: 2}]
""",
    "two-at-a-time": """
name: two-at-a-time
title: Two nodes at a time under budgets of one
about: The budgets let one pod of each workload go at a time, the policy two nodes.
intents: [{name: kernel, kind: kernel, wants: {to: 6.1.100}}]
policy:
  windows: [{name: always, always: yes}]
  budgets: [{name: two, max_unavailable: 2, max_domains: 3}]
  guardrails: [{name: g, stop_at_failed: 3, stop_at_lost: 2}]
""",
}


def text_of(name: str) -> str:
    """A world's scenario; ``one-NAME`` is NAME with one node to change."""
    few = "one-" if name.startswith("one-") else ""
    return WORLDS[name.removeprefix(few)] + _HEADER % POOLS[few]
