"""Versions of Bottlerocket and of what it is made of, in the order of rpm.

Bottlerocket's build makes rpm packages and lists them with version and release; its advisories name them so
(``6.1.61-1.1700513487.br1``). Until 2024 both named the version of the whole system in their place
(bottlerocket.dev/en/os, "Software inventory and security advisories": kernel-6.1, version 1.16.1, release 0). The two
must never meet: 6.1.61 of a kernel is no later than 1.16.1 of a system. A release of the build ends in ``.br1``; where
one side has it and the other one has not, they are not compared.
"""

from __future__ import annotations

import re

from oakum.versions import rpm
from oakum.versions.unparsable import Unparsable

_OWN_BUILD = re.compile(r"-[^-]*\.br[0-9]+\Z", re.ASCII)
_TAG = re.compile(r"v(?=[0-9])", re.ASCII)
_NUMBER = re.compile(r"[0-9]", re.ASCII)


def key(text: str) -> bytes | Unparsable:
    """The sort key of one version; the ``v`` of a tag does not count."""
    version = _TAG.sub("", text.strip(), count=1) if _TAG.match(text.strip()) else text.strip()
    if not _NUMBER.match(version):
        return Unparsable(text, "does not begin with a number")
    made = rpm.key(version)
    return Unparsable(text, made.why) if isinstance(made, Unparsable) else made


def apart(left: str, right: str) -> str | None:
    """Why two versions must not be compared although both have keys, or None where they may be."""
    if (_OWN_BUILD.search(left) is None) == (_OWN_BUILD.search(right) is None):
        return None
    return f"{left} and {right}: one is a package's own version, the other one that of the whole system"
