"""What the configured channels of a scanned machine offer, read only when something there needs a fix."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from oakum.fleet.assets import Asset
from oakum.local.targets import Target

if TYPE_CHECKING:
    from oakum.fleet.apt_lists import Offers


def offers_of(targets: Iterable[Target]) -> Callable[[Asset, frozenset[str]], Offers | None]:
    """A function from an asset and package names to what is offered; None where its lists cannot tell."""
    trees = {target.asset.key: target.tree for target in targets}

    def offered(asset: Asset, names: frozenset[str]) -> Offers | None:
        tree = trees.get(asset.key)
        if tree is None:
            return None
        from oakum.adapters.files.unpack import unpackers
        from oakum.fleet import apt_lists, dpkg

        if not dpkg.present(tree):
            return None
        return apt_lists.offers(tree, names, unpackers())

    return offered
