"""Sortable version keys, one module per ecosystem.

One contract: ``key(text) -> bytes | Unparsable``. The bytewise order of keys is the order of versions, equal keys are
equal versions, and no function here raises on any string. What cannot be compared says why. A key can therefore be
stored as a BLOB, and "affected?" becomes a range look-up in an index.
"""

from __future__ import annotations

from oakum.versions.compare import Comparison, compare
from oakum.versions.schemes import Scheme, scheme
from oakum.versions.unparsable import Unparsable

__all__ = ["Comparison", "Scheme", "Unparsable", "compare", "scheme"]
