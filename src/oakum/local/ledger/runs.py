"""Puts a run into the ledger: what it was started from, each approval and each record of its journal, all of it once.

What of a run is there already the ledger's file knows by the number of each piece, so that whoever was cut off calls
again and adds what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import groupby
from pathlib import Path

from msgspec.structs import replace

from oakum.changes.approvals import Signed
from oakum.changes.recorded import (
    entries_of,
    entries_of_look,
    entries_of_plan,
    entry_of_approval,
    entry_of_whole,
    over,
    veiled,
)
from oakum.changes.running.journal import Record, encode
from oakum.errors import InputError
from oakum.ledger.discretion import pseudonym
from oakum.ledger.entries import Entry, tellable
from oakum.local.approvals import check
from oakum.local.evidence import read, told
from oakum.local.ledger.keys import pseudonym_secret
from oakum.local.ledger.store import Store
from oakum.local.runs import Run


def record_run(store: Store, run: str, records: Iterable[Record], *, policy: str = "", feeds: str = "") -> int:
    """Adds those records of a run's journal, given from the first on, that are not there yet; gives how many.

    After a crash between journal and ledger the same call adds what is missing.
    """
    known = store.recorded(run)
    who = partial(pseudonym, secret=pseudonym_secret(store.path))
    made = list(entries_of(records, pseudonym=who, policy=policy, feeds=feeds))[known:]
    if any(each.run != tellable(run) for each in made):
        raise ValueError(f"the records are not those of {run}")
    if made:
        store.append(made, run=run, first=known)
    return len(made)


def record_all(ledger: Path, run: Run) -> int:
    """Adds everything of a run that is not there yet; gives how many entries. Raises OakumError.

    Called before a run's first act it keeps what was agreed to and seen; called again at its end, and when it is taken
    up, what was done. People are the names that the run's policy lists for their keys, and stand there as pseudonyms.
    The feeds are those of the look before the run.
    """
    policy, _ = run.policy()
    secret = pseudonym_secret(ledger)

    def actor(signed: Signed | None) -> str:
        if signed is None:
            return "oakum"
        listed = (each.name for each in policy.approvers if signed.key in each.keys)
        return pseudonym(next(listed, signed.key), secret)

    look = told(read(run, "before"))
    feeds = look.feeds if look is not None else ""
    added = 0
    with Store(ledger, write=True) as store:
        for series, pieces in (
            ("plan", enumerate(entries_of_plan(run.plan, actor=actor(run.request()), feeds=feeds))),
            ("request", _signed([run.file.inputs().get("request", b"")], actor)),
            ("approvals", _signed(run.file.approvals(), actor)),
            ("before", enumerate(_of_look(run, "before"))),
        ):
            added += _add(store, run, series, pieces)
        added += record_run(store, run.name, run.records(), policy=run.plan.policy, feeds=feeds)
        added += _add(store, run, "after", enumerate(_of_look(run, "after")))
        return added + _add(store, run, "whole", enumerate(_of_whole(run, secret)))


def series_of(run: str, series: str) -> str:
    """The name under which a ledger's file keeps one part of a run."""
    # A space stands in no name of a run, so that such a series is nobody's journal.
    return run if series == "journal" else f"{run} {series}"


def _add(store: Store, run: Run, series: str, pieces: Iterable[tuple[int, Entry]]) -> int:
    """Adds those of some numbered pieces that are not there yet; gives how many."""
    name = series_of(run.name, series)
    known = store.recorded(name)
    new = [(number, replace(entry, run=tellable(run.name))) for number, entry in pieces if number >= known]
    # Pieces that follow one another are one transaction.
    for _, group in groupby(enumerate(new), key=lambda each: each[1][0] - each[0]):
        numbered = [piece for _, piece in group]
        store.append([entry for _, entry in numbered], run=name, first=numbered[0][0])
    return len(new)


def _of_look(run: Run, when: str) -> list[Entry]:
    """The entries of a look that was kept; those of one that is damaged are none."""
    look = read(run, when)
    document = told(look)
    if look is None or document is None:
        return []
    return entries_of_look(
        when, run.plan, at=document.at, inventory=look.inventory, findings=look.findings, feeds=document.feeds
    )  # fmt: skip


def _of_whole(run: Run, secret: bytes) -> list[Entry]:
    """That these are all records, where the run is over."""
    records = list(run.records())
    if not over(records):
        return []
    return [entry_of_whole(run.plan, journal_of(records, secret), at=records[-1].at)]


def journal_of(records: Iterable[Record], secret: bytes) -> bytes:
    """A journal as it is shown to others: a record a line, with the pseudonyms that the ledger uses."""
    who = partial(pseudonym, secret=secret)
    return b"".join(encode(veiled(each, who)) + b"\n" for each in records)


def _signed(files: Sequence[bytes], actor: Callable[[Signed], str]) -> Iterator[tuple[int, Entry]]:
    """The entries of signed statements, by the numbers of their files; what is none has agreed to nothing."""
    for number, data in enumerate(files):
        with suppress(InputError):
            signed = check(data, "a statement")
            yield number, entry_of_approval(signed.statement, data, actor=actor(signed))
