"""Builds of Red Hat Enterprise Linux CoreOS: a stream, the minute of the build, and a count.

``414.92.202403270157-0`` is a build for OpenShift 4.14 on RHEL 9.2 (``43.81.202003052336.0`` in older ones, for 4.3 on
RHEL 8.1), as OSTREE_VERSION says. From OpenShift 4.19 on the first layer is named by RHEL alone (``9.6.20250523-0``):
which of a build of one kind and one of the other is newer nobody says, so they are not compared.
"""

from __future__ import annotations

import re

from oakum.versions.encoding import number
from oakum.versions.unparsable import Unparsable

_SHAPE = re.compile(r"([0-9]+)\.([0-9]+)\.([0-9]{8,14})[-.]([0-9]+)\Z")
#: OpenShift 4.x is written 4x in front: 41 for 4.1, 410 for 4.10. No RHEL is numbered so.
_LEAST_OPENSHIFT = number("40")


def key(text: str) -> bytes | Unparsable:
    """The sort key of one build."""
    found = _SHAPE.match(text.strip())
    if found is None:
        return Unparsable(text, "not of the form STREAM.RHEL.YYYYMMDDHHMM-N")
    openshift, rhel, built, count = found.groups()
    # A build that names only its day is before those of a minute of that day.
    return b"".join(map(number, (openshift, rhel, built.ljust(14, "0"), count)))


def apart(left: str, right: str) -> str | None:
    """Why two builds must not be compared although both have keys, or None where they may be."""
    one, two = _SHAPE.match(left.strip()), _SHAPE.match(right.strip())
    if one is None or two is None or (number(one[1]) < _LEAST_OPENSHIFT) == (number(two[1]) < _LEAST_OPENSHIFT):
        return None
    return f"{left} and {right}: one is named by OpenShift's release and one by RHEL's, nothing tells which is newer"
