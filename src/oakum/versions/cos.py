"""Versions of Container-Optimized OS: a milestone and a build of it, as its images are named.

``cos-109-17800-147-54`` is build 17800.147.54 of milestone 109 (cloud.google.com/container-optimized-os/docs/concepts/
versioning); os-release says VERSION_ID=109 and BUILD_ID=17800.147.54. Images of other channels and architectures bear
a word more (``cos-stable-109-...``, ``cos-arm64-109-...``) and are the same build. A build without its milestone, or a
milestone without its build, is no version.
"""

from __future__ import annotations

import re

from oakum.versions.encoding import number
from oakum.versions.unparsable import Unparsable

_SHAPE = re.compile(
    r"(?:cos-(?:arm64-)?(?:stable-|beta-|dev-|lts-)?)?([0-9]+)-([0-9]+)[-.]([0-9]+)[-.]([0-9]+)\Z", re.ASCII
)


def key(text: str) -> bytes | Unparsable:
    """The sort key of one version of Container-Optimized OS."""
    found = _SHAPE.match(text.strip())
    if found is None:
        return Unparsable(text, "not of the form cos-MILESTONE-BUILD-BRANCH-PATCH")
    return b"".join(map(number, found.groups()))
