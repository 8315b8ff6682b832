"""Several readings of one image as one: an index stands for another image on each platform, and what is wrong with one
of them is wrong with what runs.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from oakum.fleet.assets import Asset, Gap
from oakum.fleet.packages import package_set


def united(readings: Sequence[Asset]) -> Asset:
    """The first of the readings with the packages and the gaps of all.

    A package set has one release: the packages of another one are a gap, for which nothing stands in.
    """
    first = readings[0]
    full = [each for each in readings if each.packages.packages] or [first]
    release = full[0].packages.release
    packages = list(first.packages.packages)
    gaps = dict.fromkeys(first.gaps)
    for each in readings[1:]:
        gaps.update(dict.fromkeys(each.gaps))
        if each.packages.digest == first.packages.digest or not each.packages.packages:
            continue
        if each.packages.release == release:
            packages += each.packages.packages
        else:
            why = f"{each.source}: it is of another release than {first.source}"
            remedy = "scan it alone: oakum scan image:REF --platform OS/ARCH"
            gaps[Gap("unread-image", first.name, why, remedy)] = None
    return msgspec.structs.replace(
        first,
        source=" and ".join(dict.fromkeys(each.source for each in full)),
        packages=package_set(release, packages),
        gaps=tuple(gaps),
        subject=tuple(dict.fromkeys(purl for each in readings for purl in each.subject)),
    )
