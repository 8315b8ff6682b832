"""What a scan is told about a cluster: a survey, and several of them as one."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from oakum.fleet.assets import Asset, Context, Relation
from oakum.fleet.images.united import united
from oakum.reports.answer import BlastEntry
from oakum.reports.exposures import Reached
from oakum.risk.bundles import Estimate


class Survey(msgspec.Struct, frozen=True):
    """One cluster, or several together: everything by asset key."""

    assets: tuple[Asset, ...] = ()
    estimates: dict[str, Estimate] = msgspec.field(default_factory=dict)
    relations: tuple[Relation, ...] = ()
    reached: Reached = Reached()
    blast: tuple[BlastEntry, ...] = ()


def combined(surveys: Sequence[Survey]) -> Survey:
    """Several clusters as one; an image that runs in more than one of them is one asset in its most urgent context."""
    if len(surveys) < 2:
        return surveys[0] if surveys else Survey()
    assets: dict[str, Asset] = {}
    costs: dict[str, Estimate] = {}
    for survey in surveys:
        for asset in survey.assets:
            assets[asset.key] = _both(assets.get(asset.key, asset), asset)
        for key, one in survey.estimates.items():
            before = costs.get(key, Estimate())
            costs[key] = Estimate(before.weight + one.weight, (*before.words, *one.words), one.pool, one.cluster)
    relations = tuple(relation for survey in surveys for relation in survey.relations)
    return Survey(
        assets=tuple(assets.values()),
        estimates=costs,
        relations=relations,
        reached=_together([survey.reached for survey in surveys]),
        blast=tuple(entry for survey in surveys for entry in survey.blast),
    )


def _both(one: Asset, other: Asset) -> Asset:
    """The first of two that are the same asset; an image may have been read for other platforms in the second cluster,
    or not at all."""
    return united((one, other)) if one.kind == "image" and one != other else one


def _together(several: Sequence[Reached]) -> Reached:
    """Several clusters as one: what two of them share (an image) has the most urgent of its contexts, always."""
    from oakum.fleet.cluster.context import worst

    contexts: dict[str, Context] = {}
    for one in several:
        for key, context in one.contexts.items():
            contexts[key] = worst((contexts[key], context)) if key in contexts else context
    closed = []
    for place, one in enumerate(several):
        others = [other.contexts for number, other in enumerate(several) if number != place]
        for closing in one.closings:
            shared = {
                key: worst((context, *(each[key] for each in others if key in each)))
                for key, context in closing.contexts.items()
            }
            closed.append(msgspec.structs.replace(closing, contexts=shared))
    exposures = {key: exposure for one in several for key, exposure in one.exposures.items()}
    return Reached(exposures, tuple(closed), contexts)
