"""R package versions as R's ``package_version`` orders them: lists of numbers, where ``-`` separates like ``.``.

A shorter list sorts before a longer one that it begins: ``1.0`` is older than ``1.0.0``.
"""

from __future__ import annotations

import re

from oakum.versions.encoding import number
from oakum.versions.unparsable import Unparsable

_SHAPE = re.compile(r"\s*([0-9]+(?:[.-][0-9]+)*)\s*\Z")
_END = b"\x01"


def key(text: str) -> bytes | Unparsable:
    """The sort key of one R package version."""
    found = _SHAPE.match(text)
    if not found:
        return Unparsable(text, "R admits only numbers separated by . or -")
    return b"".join(map(number, found[1].replace("-", ".").split("."))) + _END
