"""The variables that a ``--fail-on`` condition may use: a name, its type in CEL, and what it means.

One finding is asked at a time. What is not known about it (an EPSS score that nobody published) is not given a value:
ask ``has_epss && epss > 0.5``.
"""

from __future__ import annotations

from typing import NamedTuple

from oakum.expressions import TypeName


class Variable(NamedTuple):
    """A variable of a condition."""

    type: TypeName
    meaning: str


FAIL_ON: dict[str, Variable] = {
    "id": Variable("string", "the vulnerability: its CVE where it has one, else the advisory's id"),
    "aliases": Variable("list of string", "all other ids of the same vulnerability"),
    "asset": Variable("string", "the name of the asset"),
    # CEL reserves the word "package".
    "package_name": Variable("string", "the name of the installed package"),
    "version": Variable("string", "the installed version"),
    "ecosystem": Variable("string", "whose advisories decide: debian:12, go, pypi"),
    "verdict": Variable("string", "affected or not-assessable"),
    "fix_state": Variable("string", "none, published, available, installed or effective"),
    "fixed_version": Variable("string", "the first version with the fix; empty where there is none"),
    "decision": Variable("string", "the outcome of the decision table: '3 days', 'fix on system upgrade'"),
    "urgency": Variable("int", "the outcome's place in its table: 0 is the most urgent"),
    "has_due_days": Variable("bool", "whether the outcome names a number of days"),
    "due_days": Variable("int", "the days that the outcome allows"),
    "score": Variable("double", "the exposure score, 0.0 to 100.0"),
    "severity": Variable("string", "none, low, medium, high, critical or unknown"),
    "cvss": Variable("double", "the CVSS base score behind the severity, 0.0 to 10.0"),
    "has_kev": Variable("bool", "whether a catalogue of exploited vulnerabilities was at hand to look into"),
    "kev": Variable("bool", "whether CISA's catalogue lists the vulnerability as exploited"),
    "exploitation": Variable("string", "none, public poc or active"),
    "has_epss": Variable("bool", "whether there is an EPSS score"),
    "epss": Variable("double", "the EPSS probability, 0.0 to 1.0"),
    "exposed": Variable("bool", "whether the asset is publicly exposed"),
    "tier": Variable("int", "the criticality of the asset, 1 (most critical) to 4"),
    "has_age": Variable("bool", "whether the day of publication is known"),
    "age_days": Variable("int", "whole days since the advisory was published"),
}

#: What ``oakum.expressions.compile`` wants.
FAIL_ON_TYPES: dict[str, TypeName] = {name: variable.type for name, variable in FAIL_ON.items()}
