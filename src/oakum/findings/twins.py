"""Two records about one vulnerability of one package that disagree.

Within one scope a distribution that states "not affected" has looked; a copy of the upstream range in another feed has
not, so the statement wins and stands as the evidence. Where one record has a fix that is installed and its twin has
none, nobody has denied anything: the finding stays and says so.
"""

from __future__ import annotations

from oakum.advisories.index import Detail, Index, Record, Row, Rules
from oakum.versions import Scheme


def denied(record: Record, detail: Detail, rules: Rules, index: Index) -> str:
    """Why another record of the same package and scope closes this one; empty where none does."""
    if not rules.statements:
        return ""
    other = index.voices(rules).denial(record, detail.channel, detail.module, index)
    return f"{other.source.name} says of {other.advisory.id} that it is not affected" if other is not None else ""


def disagreement(record: Record, row: Row, key: bytes, rules: Rules, order: Scheme, index: Index) -> tuple[str, ...]:
    """A word where a twin of a record without a fix names one that is installed."""
    if row.fix or len(rules.rows) == 1:
        return ()
    for number, rows in index.voices(rules).twins(record):
        if any(each.low <= key < each.high for each in rows):
            continue
        fixes = [each.fix for each in rows if each.fix and each.high <= key]
        other = index.record(number)
        if fixes and other is not None:
            newest = max(fixes, key=lambda fix: found if isinstance(found := order.key(fix), bytes) else b"")
            return (
                f"{other.advisory.id} ({other.source.name}) says fixed in {newest}, which is installed; "
                f"{record.advisory.id} names no fix",
            )
    return ()
