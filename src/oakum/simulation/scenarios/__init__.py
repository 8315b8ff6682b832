"""Scenarios: fleets, what is wanted of them, what happens to them meanwhile, and how that has to end; as YAML files."""

from __future__ import annotations

from oakum.simulation.scenarios.model import Scenario
from oakum.simulation.scenarios.reading import names, parse, read

__all__ = ["Scenario", "names", "parse", "read"]
