"""The index: one read-only SQLite file in which "affected?" is an indexed range look-up."""

from __future__ import annotations

from oakum.advisories.index.build import Detail, Recorded, SourceFacts, build, scheme_of_scope
from oakum.advisories.index.read import Index, Intel, Record, Row, Rules, Source, Statement

__all__ = [
    "Detail", "Index", "Intel", "Record", "Recorded", "Row", "Rules", "Source", "SourceFacts", "Statement", "build",
    "scheme_of_scope",
]  # fmt: skip
