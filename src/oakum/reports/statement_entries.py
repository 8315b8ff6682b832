"""Statements of others (VEX) in an answer: a part of the same contract as the answer."""

from __future__ import annotations

import msgspec


class StatementEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody states about a vulnerability in products (VEX), with the file that says so.

    ``products`` are as the document names them, a part of a product as "part in product". ``action`` is what to do
    where they are affected.
    """

    vulnerability: str
    aliases: tuple[str, ...]
    products: tuple[str, ...]
    status: str
    justification: str
    impact: str
    action: str
    author: str
    time: str
    file: str


class UnusedEntry(msgspec.Struct, frozen=True):
    """A statement that decided nothing, and why."""

    statement: StatementEntry
    why: str


class StatementsEntry(msgspec.Struct, frozen=True):
    """What became of the statements of ``files`` documents; ``unused`` are those that concern no finding here."""

    files: int
    statements: int
    unused: tuple[UnusedEntry, ...]
