"""A comparison with another scanner's report: as entries of an answer, and as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from msgspec import UnsetType

from oakum.reports.answer import Answer
from oakum.reports.comparison_entries import ClaimEntry, ComparisonEntry, DifferenceEntry, RowEntry

if TYPE_CHECKING:
    from oakum.findings.foreign.model import Claim, Comparison, Row

#: Lines of one kind on one screen.
_LINES = 5
#: What each kind of row is, in words, in the order in which they are told.
HEADS = {
    "different": "said differently",
    "theirs": "said by them alone",
    "ours": "said by us alone",
    "unassessed": "said by them, and not assessable here",
    "agreed": "said by both",
}
#: How well a report fits, in words.
FITS = {
    "same": "the same image, by its digest",
    "fits": "what it names is here",
    "doubtful": "it may not be about this target",
    "other": "IT IS ABOUT ANOTHER TARGET",
}


def comparison_entry(one: Comparison) -> ComparisonEntry:
    """A comparison as the answer holds it."""
    report = one.report
    return ComparisonEntry(
        file=report.file, tool=report.tool, subject=report.subject, built=report.built, asset=one.asset, fit=one.fit,
        doubts=one.doubts, notes=report.notes, rows=tuple(map(_row, one.rows)),
    )  # fmt: skip


def _row(row: Row) -> RowEntry:
    return RowEntry(
        kind=row.kind, id=row.id, aliases=row.aliases, package=row.package, version=row.version, purl=row.purl,
        finding=row.finding, rule=row.rule, why=row.why,
        differences=tuple(
            DifferenceEntry(each.what, each.ours, each.theirs, each.rule, each.why) for each in row.differences
        ),
        theirs=tuple(map(_claim, row.claims)),
    )  # fmt: skip


def _claim(claim: Claim) -> ClaimEntry:
    return ClaimEntry(
        id=claim.id, package=claim.named, version=claim.version, fixes=claim.fixes, state=claim.word,
        severity=claim.severity, scorer=claim.scorer, source=claim.source, path=claim.path, set_aside=claim.set_aside,
    )  # fmt: skip


def compared(answer: Answer, width: int, everything: bool) -> Iterator[str]:
    """Each report beside ours: how it fits, how much agrees, and what does not with the rule that decides."""
    if isinstance(answer.comparisons, UnsetType):
        return
    names = {asset.key: asset.name for asset in answer.assets}
    for one in answer.comparisons:
        yield ""
        made = ", ".join(filter(None, (one.file, one.built and f"of {one.built}")))
        yield from wrap(f"COMPARED WITH {one.tool} ({made})", width, break_on_hyphens=False)
        whose = f" ({one.subject})" if one.subject else ""
        yield from wrap(f"{names.get(one.asset, one.asset)}{whose}: {FITS[one.fit]}", width, break_on_hyphens=False)
        for doubt in (*one.doubts, *one.notes):
            yield from wrap(f"- {doubt}", width, subsequent_indent="  ", break_on_hyphens=False)
        kinds = kinds_of(one)
        yield from wrap(", ".join(f"{len(kinds[kind])} {words}" for kind, words in HEADS.items()), width)
        if one.fit == "other" and not everything:
            yield "Which they are is of no use then; -o json or --all shows them"
            continue
        for kind, words in HEADS.items():
            if kinds[kind] and (everything or kind != "agreed"):
                yield from _kind(kinds[kind], words, width, None if everything else _LINES)


def kinds_of(one: ComparisonEntry) -> dict[str, list[RowEntry]]:
    """The rows of a comparison by their kind, every kind among them."""
    kinds: dict[str, list[RowEntry]] = {kind: [] for kind in HEADS}
    for row in one.rows:
        kinds[row.kind].append(row)
    return kinds


def _kind(rows: Sequence[RowEntry], words: str, width: int, limit: int | None) -> Iterator[str]:
    yield f"{words[0].upper()}{words[1:]}:"
    for row in rows[:limit]:
        for line in _lines(row):
            yield from wrap(line, width, subsequent_indent="  ", break_on_hyphens=False)
    if limit is not None and len(rows) > limit:
        yield f"  ... and {len(rows) - limit} more; -o json or --all shows them"


def _lines(row: RowEntry) -> Iterator[str]:
    head = f"- {row.id} in {row.package} {row.version}"
    if row.kind == "agreed":
        yield head
    elif not row.differences:
        yield f"{head}: [{row.rule}] {row.why}"
    else:
        for each in row.differences:
            yield f"{head}: {each.what}: ours {each.ours}, theirs {each.theirs} [{each.rule}] {each.why}"
