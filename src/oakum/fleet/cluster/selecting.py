"""Whether labels satisfy a selector, by the Kubernetes API reference (LabelSelector).

All parts must hold. An empty selector selects everything, an absent one (None) nothing, and an operator that is not
known nothing either, since the API server would have refused it.
"""

from __future__ import annotations

from oakum.fleet.cluster.objects import Map, Requirement, Selector


def selects(selector: Selector | None, labels: Map) -> bool:
    """Whether a label selector selects an object with these labels."""
    if selector is None:
        return False
    return all(labels.get(key) == value for key, value in selector.match_labels.items()) and all(
        _holds(each, labels) for each in selector.match_expressions
    )


def _holds(requirement: Requirement, labels: Map) -> bool:
    value = labels.get(requirement.key)
    if requirement.operator == "In":
        return value is not None and value in requirement.values
    if requirement.operator == "NotIn":
        return value is None or value not in requirement.values
    if requirement.operator == "Exists":
        return value is not None
    return requirement.operator == "DoesNotExist" and value is None
