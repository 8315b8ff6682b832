"""Compatibility: which versions run beside each other, which APIs a release drops, which upgrades harm.

The answers come from data files with sources (``data/``, and those of a site); this package reads them and judges.
What no source tells is unknown, and unknown is never compatible. The skew of Kubernetes's own parts is judged by
``oakum.changes.skew``.
"""

from __future__ import annotations

from oakum.changes.compat.edges import EdgeVerdict, edges
from oakum.changes.compat.facts import FACTS
from oakum.changes.compat.model import Api, Edge, Knowledge, Pairing, Source, joined
from oakum.changes.compat.pairs import Compatibility, Installed, Judged, Judgement, Pair, Verdict, pairs_of
from oakum.changes.compat.preflight import Hit, preflight
from oakum.changes.compat.reading import read

__all__ = [
    "FACTS",
    "Api",
    "Compatibility",
    "Edge",
    "EdgeVerdict",
    "Hit",
    "Installed",
    "Judged",
    "Judgement",
    "Knowledge",
    "Pair",
    "Pairing",
    "Source",
    "Verdict",
    "edges",
    "joined",
    "pairs_of",
    "preflight",
    "read",
]
