"""From statements to the entries of an answer, and to words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import wrap
from typing import TYPE_CHECKING

from msgspec import UnsetType

from oakum.naming import listed
from oakum.reports.answer import Answer, FindingEntry
from oakum.reports.statement_entries import StatementEntry, StatementsEntry, UnusedEntry

if TYPE_CHECKING:
    from oakum.advisories.statements.model import Product, Stated, Statement
    from oakum.findings.statements.model import Unused

#: Findings whose statement says what to do, on one screen.
_LINES = 4


def statement_entry(one: Statement, products: Iterable[Product]) -> StatementEntry:
    """A statement as it was made, about some of its products."""
    return StatementEntry(
        vulnerability=one.vulnerability,
        aliases=one.aliases,
        products=tuple(map(str, products)),
        status=one.status,
        justification=one.justification,
        impact=one.impact,
        action=one.action,
        author=one.author,
        time=one.time,
        file=one.file,
    )


def statements_entry(stated: Stated, unused: Iterable[Unused]) -> StatementsEntry:
    """What became of all statements that were handed in."""
    entries = tuple(UnusedEntry(statement_entry(each.statement, each.statement.products), each.why) for each in unused)
    return StatementsEntry(stated.files, len(stated.statements), entries)


def reason(one: StatementEntry) -> str:
    """What is stated and why, in one line, with who says it and when."""
    words = (one.status, one.justification or " ".join(one.impact.split()))
    why = ", ".join(word.replace("_", " ") for word in words if word)
    return f"{why} ({one.author}, {one.time[:10]})" if one.author else f"{why} ({one.time[:10]})"


def stated(answer: Answer, width: int, everything: bool) -> Iterator[str]:
    """What statements took away, what they say of the rest, and which of them concern nothing here."""
    given = answer.statements
    if isinstance(given, UnsetType):
        return
    gone = answer.suppressed
    yield ""
    yield f"STATEMENTS ({given.statements} in {given.files} file{'' if given.files == 1 else 's'})"
    lines = [f"- {_line(one)}" for one in gone]
    yield from _listed(f"{len(gone)} finding{'' if len(gone) == 1 else 's'} suppressed", lines, width, everything)
    acting = [one for one in answer.open if _status(one) == "affected"]
    for one in acting[: None if everything else _LINES]:
        words = f"- {_line(one)}{_action(one)}"
        yield from wrap(words, width, subsequent_indent="  ", break_on_hyphens=False)
    unused = [
        f"- {said.vulnerability} in {listed(said.products, 1)}: {one.why} ({said.file})"
        for one in given.unused
        if (said := one.statement)
    ]
    if unused:
        yield from _listed(f"{len(unused)} concern no finding here", unused, width, everything)


def _listed(words: str, lines: list[str], width: int, everything: bool) -> Iterator[str]:
    yield words + ("" if everything or not lines else "; -v or -o json shows which")
    for line in lines if everything else ():
        yield from wrap(line, width, subsequent_indent="  ", break_on_hyphens=False)


def _line(one: FindingEntry) -> str:
    said = "" if isinstance(one.statement, UnsetType) else f": {reason(one.statement)}"
    return f"{one.id} in {one.package.name} {one.package.version}{said}"


def _action(one: FindingEntry) -> str:
    action = "" if isinstance(one.statement, UnsetType) else " ".join(one.statement.action.split())
    return f". Do: {action}" if action else ""


def _status(one: FindingEntry) -> str:
    return "" if isinstance(one.statement, UnsetType) else one.statement.status
