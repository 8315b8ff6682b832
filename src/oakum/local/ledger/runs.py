"""Puts a run into the ledger: its plan and intents once, and each record of its journal once."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from oakum.changes.approvals import Statement
from oakum.changes.plans.model import Plan
from oakum.changes.recorded import entries_of, entries_of_intents, entry_of_approval, entry_of_plan
from oakum.changes.running.journal import Record
from oakum.ledger.discretion import pseudonym
from oakum.ledger.entries import Entry, tellable
from oakum.local.ledger.keys import pseudonym_secret
from oakum.local.ledger.store import Store


def record_plan(store: Store, plan: Plan, *, by: str, feeds: str = "") -> int:
    """Adds a plan, its intents, and the policy and feeds that it goes by; gives the size of the ledger after it.

    ``by`` is who had it made, in the clear; ``feeds`` the digest of the feeds.
    """
    actor = pseudonym(by, pseudonym_secret(store.path))
    made = entry_of_plan(plan, actor=actor, feeds=feeds)
    under: list[Entry] = []
    if made.policy:
        under.append(Entry(kind="policy", at=plan.at, actor="oakum", body=made.policy))
    if feeds:
        under.append(Entry(kind="feeds", at=plan.at, actor="oakum", body=feeds))
    return store.append([*under, *entries_of_intents(plan, actor=actor), made])


def record_approval(store: Store, statement: Statement, signed: bytes, *, by: str) -> int:
    """Adds what somebody has signed about a plan; gives the size after it. ``by`` is who, in the clear."""
    actor = pseudonym(by, pseudonym_secret(store.path))
    return store.append([entry_of_approval(statement, signed, actor=actor)])


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
