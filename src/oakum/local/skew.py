"""The state of a cluster for the skew policy, from a saved dump or a parsed one, by the shipped rules of components."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

from oakum.changes.skew.model import State
from oakum.changes.skew.observed import state_of
from oakum.fleet.assets import Gap
from oakum.fleet.cluster.components import Components, parse_components
from oakum.fleet.cluster.snapshot import Snapshot


def observe(snapshot: Snapshot) -> tuple[State, tuple[Gap, ...]]:
    """What runs in a cluster, and what of it could not be told."""
    return state_of(snapshot, _shipped())


@lru_cache(maxsize=1)
def _shipped() -> Components:
    name = "components.yaml"
    return parse_components(resources.files("oakum.fleet.cluster").joinpath(name).read_bytes(), name)
