"""Series of versions that a vendor keeps under one name, each with fixes and notices of its own.

Amazon Linux 2's topics (``kernel-5.10``, ``php8.0``) put a newer series in the place of the core one; Oracle keeps
several Unbreakable Enterprise Kernels for one release. A package of an older series is not mended by those of a newer,
and a newer one is above every fix of an older. So a row speaks of its own series, and a kernel of whose series nobody
speaks is not assessed, however high its version is. Sources: Amazon Linux 2's extras; Oracle's UEK releases.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from oakum.advisories.index import Row
from oakum.findings.kernels import is_image
from oakum.fleet.packages import Package

#: A repository of Amazon Linux 2's extras whose name ends with the series that it holds.
_TOPIC = re.compile(r"extras:.*?[a-z-](?P<series>\d+(?:\.\d+)*)")
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
    """Whether a package is a kernel where each series has notices of its own."""
    return package.type == "rpm" and scope.startswith(_SEVERAL) and is_image(package)


def unspoken(package: Package, rows: Iterable[Row]) -> str:
    """Why nobody here speaks of the series of a kernel; empty where somebody does."""
    series = _upstream(package.version)[:2]
    if any(_upstream(row.fix)[:2] == series for row in rows if row.fix):
        return ""
    return f"no imported source speaks about the series {'.'.join(series)} of {package.name}"


def _upstream(version: str) -> tuple[str, ...]:
    """The numbers of a version before its release: ``("5", "10", "118")`` of ``5.10.118-111.515.amzn2``."""
    return tuple(version.rpartition(":")[2].partition("-")[0].split("."))
