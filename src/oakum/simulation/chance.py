"""Chance that can be had again: generators made from a seed and a name, never the process's own."""

from __future__ import annotations

# The core makes no random number; a simulated world draws all of its own from one integer, and needs no secrets.
from random import Random  # noqa: TID251 - seeded here, never the shared generator

__all__ = ["Random", "chance"]


def chance(seed: int, name: str = "") -> Random:
    """A generator of its own for a use: drawing more for one use changes nothing for another."""
    return Random(f"{seed}/{name}")  # noqa: S311 - a simulation, no secret
