"""A whole scan of a few assets in an ordinary business context."""

from __future__ import annotations

import msgspec

from oakum.advisories.index import Index
from oakum.fleet.assets import Asset, Context, Fact
from oakum.local.scan import Options, scan
from oakum.reports.answer import Answer

CONTEXT = Context(
    owner=Fact("", "default", True),
    tier=Fact("2", "default", True),
    confidentiality=Fact("medium", "default", True),
    integrity=Fact("medium", "default", True),
    availability=Fact("medium", "default", True),
    data_sensitivity=Fact("internal", "default", True),
    public_exposure=Fact("no", "default", True),
    system_exposure=Fact("controlled", "default", True),
    human_impact=Fact("medium", "default", True),
)


def scanned(index: Index, *assets: Asset, now: str = "2024-06-01T00:00:00Z", **tiers: str) -> Answer:
    """The answer; ``tiers`` gives assets another tier by name."""

    def context(asset: Asset) -> Context:
        stated = tiers.get(asset.name)
        return msgspec.structs.replace(CONTEXT, tier=Fact(stated, "test")) if stated else CONTEXT

    return scan(assets, index, context, Options(now=now, as_of=index.as_of, show_cleared=True)).answer
