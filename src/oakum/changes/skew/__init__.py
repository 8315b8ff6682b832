"""Kubernetes version skew: which versions may stand beside each other, and by which steps a cluster reaches a target.

One contract for all callers: a ``State`` is what runs, ``check`` names the rules that it breaks, ``walk`` does the same
for every state of a control plane's upgrade, and ``find_path`` orders all steps to a target or says why there are none.
"""

from __future__ import annotations

from oakum.changes.skew.check import Stage, check, walk, way_back
from oakum.changes.skew.model import COMPONENTS, Instance, State
from oakum.changes.skew.path import Path, Step, WhyNot, find_path
from oakum.changes.skew.release import Release, parse_release
from oakum.changes.skew.route import Missing, find_route
from oakum.changes.skew.rules import RULES, Rule
from oakum.changes.skew.violations import Move, Remedy, Violation

__all__ = [
    "COMPONENTS",
    "RULES",
    "Instance",
    "Missing",
    "Move",
    "Path",
    "Release",
    "Remedy",
    "Rule",
    "Stage",
    "State",
    "Step",
    "Violation",
    "WhyNot",
    "check",
    "find_path",
    "find_route",
    "parse_release",
    "walk",
    "way_back",
]
