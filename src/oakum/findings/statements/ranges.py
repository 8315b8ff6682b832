"""Whether a version lies in a range that a statement names (vers).

A range whose order is not known here, or that is not in its canonical form, holds nothing. Source:
https://github.com/package-url/vers-spec ("Checking if a version is contained within a range").
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from oakum.advisories.vex.ranges import fault
from oakum.versions import Scheme, compare, scheme

_CONSTRAINT = re.compile(r"(!=|<=|>=|<|>|)(.*)", re.DOTALL)
_HOLDS = {"": "=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def contains(versions: str, version: str) -> bool:
    """Whether a version lies in a range."""
    kind, _, constraints = versions.removeprefix("vers:").partition("/")
    if kind == "all":
        return True
    # "generic" is the order of nobody in particular.
    order = None if kind in ("none", "generic") else scheme(kind)
    if order is None or fault(versions):
        return False
    found = [match.groups() for match in map(_CONSTRAINT.fullmatch, constraints.split("|")) if match]
    pairs = [(comparator, unquote(bound)) for comparator, bound in found]
    if any(comparator == "!=" and _sign(order, version, bound) in "=?" for comparator, bound in pairs):
        return False
    if any(comparator == "" and _sign(order, version, bound) == "=" for comparator, bound in pairs):
        return True
    bounds = [pair for pair in pairs if pair[0] not in ("", "!=")]
    if bounds and bounds[0][0][0] == "<":
        bounds = [("", ""), *bounds]
    # Lower and upper bounds take turns; the last lower one may have no upper one.
    for lower, upper in zip(bounds[::2], [*bounds[1::2], ("", "")], strict=False):
        if all(not bound or _sign(order, version, bound) in _HOLDS[comparator] for comparator, bound in (lower, upper)):
            return True
    return not bounds and any(comparator == "!=" for comparator, _ in pairs)


def _sign(order: Scheme, left: str, right: str) -> str:
    return compare(order, left, right).sign
