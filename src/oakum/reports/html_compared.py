"""Reports of other scanners beside ours, on the page: how each fits, how much agrees, and row by row what does not.

What is agreed is folded; what is said differently stands first, with the rule that our side follows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from msgspec import UnsetType

from oakum.reports.answer import Answer
from oakum.reports.compared import FITS, HEADS, kinds_of
from oakum.reports.comparison_entries import ClaimEntry, ComparisonEntry, RowEntry
from oakum.reports.html_table import Tables

#: So many rows of one kind are on the page; the JSON answer holds all.
_ROWS = 500


def compared_section(answer: Answer, tables: Tables) -> Iterable[str]:
    """The section; nothing where no report was compared."""
    if isinstance(answer.comparisons, UnsetType):
        return
    names = {asset.key: asset.name for asset in answer.assets}
    yield '<section aria-labelledby="compared"><h2 id="compared">Compared with other scanners</h2>'
    for number, one in enumerate(answer.comparisons, start=1):
        yield from _report(one, number, names.get(one.asset, one.asset), tables)
    yield "</section>"


def _report(one: ComparisonEntry, number: int, asset: str, tables: Tables) -> Iterable[str]:
    made = ", ".join(filter(None, (one.file, one.built and f"of {one.built}")))
    yield f'<h3 id="compared-{number}">{escape(one.tool)} <span class="soft">({escape(made)})</span></h3>'
    subject = f" ({escape(one.subject)})" if one.subject else ""
    fit = f"<strong>{FITS[one.fit]}</strong>" if one.fit == "other" else FITS[one.fit]
    yield f"<p>{escape(asset)}{subject}: {fit}</p>"
    if one.doubts or one.notes:
        yield f"<ul>{''.join(f'<li>{escape(each)}</li>' for each in (*one.doubts, *one.notes))}</ul>"
    kinds = kinds_of(one)
    yield f"<p>{', '.join(f'{len(kinds[kind])} {words}' for kind, words in HEADS.items())}</p>"
    for kind, words in HEADS.items():
        rows = kinds[kind]
        if not rows:
            continue
        folded = kind == "agreed" or one.fit == "other"
        head = f"{words[0].upper()}{words[1:]} ({len(rows)})"
        yield f"<details{'' if folded else ' open'}><summary>{head}</summary>"
        heads = ("Vulnerability", "Package", "Ours", "Theirs", "Why")
        yield from tables.table(heads, map(_row, rows[:_ROWS]), f"{one.tool}, {one.file}: {words}")
        if len(rows) > _ROWS:
            yield f"<p>And {len(rows) - _ROWS} more, which the JSON answer holds.</p>"
        yield "</details>"


def _row(row: RowEntry) -> Sequence[str]:
    claims = "".join(f"<li>{_claim(claim)}</li>" for claim in row.theirs)
    said = f"<details><summary>in their words</summary><ul>{claims}</ul></details>" if claims else ""
    names = f'<br><span class="soft">{escape(", ".join(row.aliases))}</span>' if row.aliases else ""
    if row.differences:
        ours, theirs, why = (
            _list(each)
            for each in zip(
                *(
                    (
                        f"{escape(one.what)}: {escape(one.ours)}",
                        f"{escape(one.what)}: {escape(one.theirs)}",
                        f"<code>{escape(one.rule)}</code> {escape(one.why)}",
                    )
                    for one in row.differences
                ),
                strict=True,
            )
        )
    else:
        ours = "not assessable" if row.kind == "unassessed" else "affected" if row.finding else "not said"
        theirs = "said" if row.theirs else "not said"
        why = f"<code>{escape(row.rule)}</code> {escape(row.why)}"
    package = f"{escape(row.package)}<br><code>{escape(row.version)}</code>"
    return f"{escape(row.id)}{names}", package, ours, theirs + said, why


def _list(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"


def _claim(claim: ClaimEntry) -> str:
    parts = (
        f"{claim.id} in {claim.package} {claim.version}",
        claim.state,
        f"fixed in {', '.join(claim.fixes)}" if claim.fixes else "",
        f"{claim.severity}{f' by {claim.scorer}' if claim.scorer else ''}" if claim.severity else "",
        f"from {claim.source}" if claim.source else "",
        f"at {claim.path}" if claim.path else "",
        f"set aside: {claim.set_aside}" if claim.set_aside else "",
    )
    return escape(", ".join(filter(None, parts)))
