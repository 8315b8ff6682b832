"""Quantities of Kubernetes as numbers: ``500m`` is half of one, ``2Gi`` 2 * 2^30.

Grammar: kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity.
"""

from __future__ import annotations

import re
from functools import lru_cache

_QUANTITY = re.compile(
    r"([+-]?[0-9]{0,18}(?:\.[0-9]{0,12})?)(?:([eE][+-]?[0-9]{1,2})|([numkMGTPE]|[KMGTPE]i)?)", re.ASCII
)
_SUFFIXES = {
    "": 1.0, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50, "Ei": 2.0**60,
}  # fmt: skip


@lru_cache(maxsize=16_384)
def quantity(value: int | float | str) -> float | None:
    """The number that a quantity is; None where the text is none."""
    if not isinstance(value, str):
        return float(value)
    found = _QUANTITY.fullmatch(value.strip())
    if found is None or not found[1].strip("+-."):
        return None
    number = float(found[1] + (found[2] or ""))
    return number * _SUFFIXES[found[3] or ""]
