"""A deterministic fleet behind the ports of a run: clusters, hosts, faults, and what must never happen in them.

``world.World`` is the twin of the adapters: the same acts, the same looks. Everything in it happens on one simulated
clock and from one seed, so that whatever a schedule of faults has shown can be shown again. Nothing here knows how a
plan is made: the world and its invariants judge what was done by what is true.
"""

from __future__ import annotations

from oakum.simulation.stating import state_of
from oakum.simulation.world import World

__all__ = ["World", "state_of"]
