"""Versions of Go modules and of the Go toolchain with its standard library.

Modules follow semver (golang.org/x/mod/semver); the leading ``v`` is optional, since the vulnerability database
leaves it out. A pseudo-version (``v0.0.0-20240102150405-abcdefabcdef``) is a pre-release of the version that it
names and sorts by its time stamp; ``+incompatible`` is build metadata and does not count.

Toolchains are written ``go1.21rc2``, ``go1.20`` or ``go1.21.3-custom`` and in the database ``1.21.0-rc.2``: all become
the latter form, as the vulnerability database maps them; a custom suffix does not count.

``(devel)`` and ``devel ...`` name a build from a working tree, and ``v0.0.0-00010101000000-000000000000`` stands for a
module that a replace directive has swapped: neither tells which code was built, so neither has a place.
"""

from __future__ import annotations

import re

from oakum.versions import semver
from oakum.versions.unparsable import Unparsable

_TOOLCHAIN = re.compile(r"(?:go)?([0-9]+(?:\.[0-9]+)*)(?:(alpha|beta|rc)([0-9]+))?(?:[-+ ].*)?\Z", re.DOTALL)
_NO_TIME = "-00010101000000-000000000000"


def key(text: str) -> bytes | Unparsable:
    """The sort key of one module or toolchain version."""
    if (plain := semver.release_key(text)) is not None:
        return plain
    version = text.strip()
    if version in ("(devel)", "devel") or version.startswith("devel "):
        return Unparsable(text, "built from a working tree, which names no version")
    if version.endswith(_NO_TIME):
        return Unparsable(text, "the place-holder of a replaced module, which names no version")
    if (toolchain := _TOOLCHAIN.match(version)) and (version.startswith("go") or toolchain[2]):
        numbers, stage, count = toolchain.groups()
        version = f"{numbers}-{stage}.{count}" if stage else numbers
    parts = semver.key(version)
    return Unparsable(text, parts.why) if isinstance(parts, Unparsable) else parts
