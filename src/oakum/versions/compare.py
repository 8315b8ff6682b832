"""Two versions of one ecosystem: before, equal, after, or not comparable and why."""

from __future__ import annotations

from typing import Literal

import msgspec

from oakum.versions.schemes import Scheme
from oakum.versions.unparsable import Unparsable

Sign = Literal["<", "=", ">", "?"]


class Comparison(msgspec.Struct, frozen=True):
    """``sign`` as the command line prints it; ``why`` is given for ``?`` only."""

    sign: Sign
    why: str = ""


def compare(scheme: Scheme, left: str, right: str) -> Comparison:
    """Compare two version texts; never raises, whatever the texts."""
    if scheme.pairwise is not None and (sign := scheme.pairwise(left, right)) is not None:
        return Comparison(sign)
    keys = []
    for text in (left, right):
        key = scheme.key(text)
        if isinstance(key, Unparsable):
            return Comparison("?", key.why)
        keys.append(key)
    if scheme.apart is not None and (why := scheme.apart(left, right)) is not None:
        return Comparison("?", why)
    if keys[0] == keys[1] or (scheme.alike is not None and scheme.alike(left, right)):
        return Comparison("=")
    return Comparison("<" if keys[0] < keys[1] else ">")
