"""Which known-bad edges a change of version goes along: exposed, not exposed, or unknown where a fact is missing.

The three answers are those of conditional updates in OpenShift's cluster-version-operator
(github.com/openshift/enhancements, update/targeted-update-edge-blocking.md): an edge whose condition cannot be
evaluated is neither recommended nor condemned.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

import msgspec

from oakum.changes.compat.facts import FACTS, OF_CLUSTER
from oakum.changes.compat.model import Edge, Knowledge
from oakum.changes.compat.ranges import Span, span
from oakum.expressions import Failure

Exposure = Literal["exposed", "not exposed", "unknown"]


class EdgeVerdict(msgspec.Struct, frozen=True):
    """What one edge means for one change in one cluster; ``why`` tells the harm, or what is not known.

    ``missing`` are the facts that would tell, where the exposure is unknown for the lack of them.
    """

    edge: Edge
    exposure: Exposure
    why: str
    missing: tuple[str, ...] = ()


def edges(
    component: str, from_version: str, to_version: str, facts: Mapping[str, object], knowledge: Knowledge
) -> tuple[EdgeVerdict, ...]:
    """Every known-bad edge that a change of one component goes along, or may go along; empty where none is known.

    ``facts`` are those of ``OF_CLUSTER`` by name; what is left out or None is not known.
    """
    before, after = span(from_version), span(to_version)
    known = {name: value for name, value in facts.items() if name in OF_CLUSTER}
    if before is not None and after is not None:
        known |= _change(before, after)
    found = []
    for edge in knowledge.edges_of.get(component.casefold(), ()):
        on = _both(
            None if before is None else edge.before.covers(before), None if after is None else edge.after.covers(after)
        )
        if on is not False:
            found.append(_verdict(edge, on is True, known, f"{from_version} to {to_version}"))
    return tuple(found)


def _verdict(edge: Edge, certain: bool, facts: Mapping[str, object], change: str) -> EdgeVerdict:
    holds = True if edge.condition is None else edge.condition.holds(facts)
    if holds is False:
        return EdgeVerdict(edge, "not exposed", f"not so here: {edge.condition.text if edge.condition else ''}")
    if isinstance(holds, Failure):
        missing = _missing(edge, facts)
        why = f"not known: {', '.join(missing)}" if missing else f"the condition has no answer: {holds.why}"
        return EdgeVerdict(edge, "unknown", why, missing)
    if not certain:
        return EdgeVerdict(edge, "unknown", f"{change} is not precise enough: give versions with three numbers")
    return EdgeVerdict(edge, "exposed", edge.why)


def _missing(edge: Edge, facts: Mapping[str, object]) -> tuple[str, ...]:
    """The facts that a condition asks for and nobody gave."""
    asked = set(re.findall(r"\w+", edge.condition.text)) if edge.condition else set()
    return tuple(name for name in FACTS if name in asked and facts.get(name) is None)


def _change(before: Span, after: Span) -> dict[str, object]:
    """The facts that two versions tell; two that overlap do not tell which is older."""
    told: dict[str, object] = {
        "from_major": before.numbers[0],
        "from_minor": before.numbers[1],
        "to_major": after.numbers[0],
        "to_minor": after.numbers[1],
    }
    if after.high <= before.low:
        told["downgrade"] = True
    elif before.high <= after.low or (before == after and before.high == before.low + b"\x00"):
        told["downgrade"] = False
    return told


def _both(one: bool | None, other: bool | None) -> bool | None:
    """Whether both hold; no is sure with one no."""
    if one is False or other is False:
        return False
    return None if one is None or other is None else True
