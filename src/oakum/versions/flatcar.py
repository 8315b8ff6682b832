"""Versions of Flatcar Container Linux: MAJOR.BRANCH.PATCH, all three numbers, compared one after the other.

The major number counts the days since CoreOS began and names a line; the second is 0 in Alpha, 1 in Beta, 2 in Stable
and 3 in LTS since 2021, and only a count before (flatcar.org/docs/latest/setup/releases, "Release naming"). That one
number is higher says which release came later in the order of lines, and not which fixes it has: what a fix means for
other lines is told by ``oakum.advisories.lines``. A development build (``4000.0.0+nightly-20240601``) is no release.
"""

from __future__ import annotations

import re

from oakum.versions.encoding import number
from oakum.versions.unparsable import Unparsable

_SHAPE = re.compile(r"v?([0-9]+)\.([0-9]+)\.([0-9]+)\Z")


def key(text: str) -> bytes | Unparsable:
    """The sort key of one Flatcar version."""
    found = _SHAPE.match(text.strip())
    if found is None:
        return Unparsable(text, "not of the form MAJOR.BRANCH.PATCH")
    return b"".join(map(number, found.groups()))
