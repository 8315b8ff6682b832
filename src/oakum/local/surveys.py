"""What a scan is told about a cluster: a survey, and several of them as one."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from oakum.fleet.assets import Asset, Context, Relation
from oakum.risk.actions import Estimate


class Survey(msgspec.Struct, frozen=True):
    """One cluster, or several together: everything by asset key."""

    assets: tuple[Asset, ...] = ()
    contexts: dict[str, Context] = msgspec.field(default_factory=dict)
    estimates: dict[str, Estimate] = msgspec.field(default_factory=dict)
    relations: tuple[Relation, ...] = ()


def combined(surveys: Sequence[Survey]) -> Survey:
    """Several clusters as one; an image that runs in more than one of them is one asset in its most urgent context."""
    if len(surveys) < 2:
        return surveys[0] if surveys else Survey()
    from oakum.fleet.cluster.context import worst

    assets: dict[str, Asset] = {}
    contexts: dict[str, Context] = {}
    costs: dict[str, Estimate] = {}
    for survey in surveys:
        for asset in survey.assets:
            assets.setdefault(asset.key, asset)
        for key, context in survey.contexts.items():
            contexts[key] = worst((contexts[key], context)) if key in contexts else context
        for key, one in survey.estimates.items():
            before = costs.get(key, Estimate())
            costs[key] = Estimate(before.weight + one.weight, (*before.words, *one.words), one.pool)
    relations = tuple(relation for survey in surveys for relation in survey.relations)
    return Survey(tuple(assets.values()), contexts, costs, relations)
