"""Series of versions that a vendor keeps under one name, each with fixes and notices of its own.

Amazon Linux 2's topics (``kernel-5.10``, ``php8.0``) put a newer series in the place of the core one; Oracle keeps
several Unbreakable Enterprise Kernels for one release. A package of an older series is not mended by those of a newer,
and a newer one is above every fix of an older; a rebuild (Ksplice, FIPS) is above all plain builds by its epoch. So a
row speaks of its own series, and a kernel or a rebuild of which nobody speaks is not assessed, however high its version
is. Sources: Amazon Linux 2's extras; Oracle's UEK releases and errata.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from oakum.advisories.index import Row
from oakum.findings.kernels import is_image
from oakum.fleet.flavours import flavour
from oakum.fleet.packages import Package

#: A repository of Amazon Linux 2's extras whose name ends with the series that it holds.
_TOPIC = re.compile(r"extras:.*?[a-z-](?P<series>\d+(?:\.\d+)*)")
#: Rebuilds of a distribution's own packages with notices of their own.
_REBUILT = frozenset({"ksplice", "fips"})
#: Distributions that keep several series of the kernel for one release.
_SEVERAL = ("amzn:", "ol:")


def other_series(package: Package, fix: str, channel: str) -> str:
    """Why a row is about another series; empty where it is not.

    What a topic holds beside its series (``libzip`` in ``php8.0``) is compared as everything else.
    """
    fixed, own = _upstream(fix), _upstream(package.version)
    if topic := _TOPIC.fullmatch(channel):
        series = tuple(topic["series"].split("."))
    elif package.name.startswith("kernel-uek") and fix:
        series = fixed[:2]
    else:
        return ""
    if fixed[: len(series)] == series != own[: len(series)]:
        return f"the advisory is for the series {'.'.join(series)}, this build is of {'.'.join(own[: len(series)])}"
    return ""


def apart(package: Package, scope: str) -> bool:
    """Whether a package is one with notices of its own: a rebuild, or a kernel where each series has them."""
    if package.type != "rpm":
        return False
    return flavour(package.version) in _REBUILT or (scope.startswith(_SEVERAL) and is_image(package))


def unspoken(package: Package, rows: Iterable[Row]) -> str:
    """Why nobody here speaks of the rebuild, or of the series of a kernel; empty where somebody does."""
    if (rebuilt := flavour(package.version)) in _REBUILT:
        spoken = any(flavour(row.fix) == rebuilt for row in rows)
        return "" if spoken else f"no imported source speaks about the {rebuilt} build of {package.name}"
    series = _upstream(package.version)[:2]
    if any(_upstream(row.fix)[:2] == series for row in rows if row.fix):
        return ""
    return f"no imported source speaks about the series {'.'.join(series)} of {package.name}"


def _upstream(version: str) -> tuple[str, ...]:
    """The numbers of a version before its release: ``("5", "10", "118")`` of ``5.10.118-111.515.amzn2``."""
    return tuple(version.rpartition(":")[2].partition("-")[0].split("."))
