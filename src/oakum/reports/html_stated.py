"""Statements on the page: which findings they suppress and why, and which of them concern nothing here."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from msgspec import UnsetType

from oakum.reports.answer import Answer, FindingEntry
from oakum.reports.html_table import Tables
from oakum.reports.plain import evr, named
from oakum.reports.stated import reason
from oakum.reports.statement_entries import StatementEntry


def stated_section(answer: Answer, tables: Tables) -> Iterable[str]:
    """A section behind that of the findings, where statements were handed in; its end is left to what follows."""
    given = answer.statements
    if isinstance(given, UnsetType):
        return
    yield '</section><section aria-labelledby="stated"><h2 id="stated">Suppressed by statements</h2>'
    yield (
        f'<p class="soft">Statements: {given.statements}, in files: {given.files}. Findings that they suppress, '
        f"and that count for nothing above: {len(answer.suppressed)}.</p>"
    )
    rows = [(one, one.statement) for one in answer.suppressed if not isinstance(one.statement, UnsetType)]
    if rows:
        heads = ("Vulnerability", "Package", "Statement", "File")
        yield from tables.table(heads, (_row(*row) for row in rows), "Findings that statements suppress")
    if given.unused:
        unused = "".join(
            f"<li>{escape(one.statement.vulnerability)}: {escape(', '.join(one.statement.products[:3]))}: "
            f"{escape(one.why)} (<code>{escape(one.statement.file)}</code>)</li>"
            for one in given.unused
        )
        count = f"Statements that concern no finding here: {len(given.unused)}"
        yield f"<details><summary>{count}</summary><ul>{unused}</ul></details>"


def stated_notes(finding: FindingEntry) -> Iterable[str]:
    """What is stated about a finding that stays, as text."""
    if not isinstance(finding.statement, UnsetType):
        yield f"stated: {reason(finding.statement)}"
        if finding.statement.action:
            yield f"to do, as stated: {finding.statement.action}"


def _row(finding: FindingEntry, one: StatementEntry) -> tuple[str, ...]:
    return (
        escape(named(finding)),
        f"{escape(finding.package.name)}<br><code>{escape(evr(finding))}</code>",
        f"{escape(reason(one))}<br>{escape(one.impact)}",
        f"<code>{escape(one.file)}</code>",
    )
