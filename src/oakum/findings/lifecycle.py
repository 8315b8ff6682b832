"""Whether a release still gets advisories: after its end of life, silence is no evidence.

Dates come from endoflife.date, whose product names differ from os-release's in a few cases.
"""

from __future__ import annotations

from collections.abc import Iterable

from oakum.advisories.index import Index
from oakum.fleet.assets import Gap
from oakum.fleet.releases import Release

_PRODUCTS = {
    "alpine": "alpine-linux",
    "amzn": "amazon-linux",
    "ol": "oracle-linux",
    "opensuse-leap": "opensuse",
    "rocky": "rocky-linux",
    "photon": "photon",
}


def ended(release: Release | None, index: Index, day: str) -> Iterable[Gap]:
    """A gap where the release's life ended before the day (any RFC 3339 text; its date counts)."""
    if release is None or not release.version:
        return
    for product in {release.product, _PRODUCTS.get(release.product, release.product)}:
        for cycle, source in index.lifecycles(product):
            if cycle.cycle != release.version:
                continue
            if cycle.eol and cycle.eol <= day[:10]:
                extended = f"; extended support ends {cycle.extended}" if cycle.extended else ""
                yield Gap(
                    "end-of-life",
                    release.scope,
                    f"{source.name}: regular support ended {cycle.eol}{extended}, silence since then is no evidence",
                    "move to a supported release, or attach extended support and import its advisories",
                )
