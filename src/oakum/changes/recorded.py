"""What the ledger keeps of a run: one entry for each record of its journal, in their order.

An entry tells in the clear what was done to which thing, when, under which plan, policy and feeds; the texts, facts and
answers of a record stand in it by their digest only, for they may hold what programs and people wrote. In the record
that the digest is of, pseudonyms stand for the names of executors: a digest hides nothing that can be guessed. Whoever
has the journal, and may know the names, makes the same entries from it again, and so shows that nothing was added, left
out or put in another order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Literal, assert_never

from msgspec.structs import replace

from oakum.changes.approvals import Statement
from oakum.changes.intents.model import Intent
from oakum.changes.plans.model import Plan, canonical
from oakum.changes.running.journal import Answered, Journal, Meant, Noted, Record, Started, Turned, encode
from oakum.ledger.entries import Entry, Kind, digest, tellable

#: In the key of an act that asks for a lease, between the run and the executor.
_LEASE = "/lease/"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def entries_of(
    records: Iterable[Record], *, pseudonym: Callable[[str], str], policy: str = "", feeds: str = ""
) -> Iterator[Entry]:
    """The entries for the records of one run from its first on.

    ``pseudonym`` gives what stands for an executor, ``policy`` and ``feeds`` are the digests that the run goes by.
    """
    run = plan = executor = ""
    # A late writer's records stand between those of whoever has taken over: the token tells whose each is.
    holders: dict[int, str] = {}
    acts: dict[str, tuple[Meant, str]] = {}
    for record in records:
        kind: Kind
        step, what, subject, who = "", "", "", executor
        match record:
            case Started():
                run, plan, executor = record.run, record.plan, record.executor
                kind, who = "run", executor
            case Meant():
                kind, what, step, subject = "act", record.act.do, record.step, record.act.subject.id
                who = _of_lease(record) or holders.get(record.act.token, executor)
                acts[record.act.key] = (record, who)
            case Answered():
                kind, what = "outcome", record.outcome.result
                meant, who = acts.get(record.key, (None, executor))
                if record.outcome.code:
                    what += f"/{record.outcome.code}"
                if meant is not None:
                    step, subject = meant.step, meant.act.subject.id
                    if meant.act.do == "lease" and record.outcome.result == "done":
                        holders[record.outcome.token] = who
            case Turned():
                kind, what, step = "observation", record.state, record.step
                who = holders.get(record.token, executor)
            case Noted():
                kind, what, step = "note", record.what, record.about
                who = holders.get(record.token, executor)
            case _:
                assert_never(record)
        kinds, place = _divided(step)
        yield Entry(
            kind=kind, at=record.at, actor=pseudonym(who) if who else "oakum", what=what,
            subject=tellable(subject or place),
            run=tellable(run), step=tellable(kinds), plan=_digest(plan), policy=policy, feeds=feeds,
            body=digest(encode(veiled(record, pseudonym))),
        )  # fmt: skip


def veiled(record: Record, pseudonym: Callable[[str], str]) -> Record:
    """The record with pseudonyms for the executors that it names: who takes up a run, who asks for its lease.

    The words of an answer to the latter are left out, for they name whoever has it.
    """
    match record:
        case Started():
            return replace(record, executor=pseudonym(record.executor))
        case Meant() if record.act.do == "lease":
            parameters = dict(record.act.parameters)
            if "holder" in parameters:
                parameters["holder"] = pseudonym(parameters["holder"])
            act = replace(record.act, key=_veiled_key(record.act.key, pseudonym), parameters=parameters)
            return replace(record, act=act)
        case Answered() if _LEASE in record.key:
            # Whoever is refused is told by whom.
            outcome = replace(record.outcome, why="")
            return replace(record, key=_veiled_key(record.key, pseudonym), outcome=outcome)
        case _:
            return record


def _veiled_key(key: str, pseudonym: Callable[[str], str]) -> str:
    run, lease, rest = key.partition(_LEASE)
    who, slash, at = rest.rpartition("/")
    return f"{run}{lease}{pseudonym(who)}{slash}{at}" if slash else key


def entries_of_plan(plan: Plan, *, actor: str, feeds: str = "") -> list[Entry]:
    """What a run begins with: the policy and the feeds that its plan goes by, what it is for, and the plan itself."""
    made = entry_of_plan(plan, actor=actor, feeds=feeds)
    under: list[Entry] = []
    if made.policy:
        under.append(Entry(kind="policy", at=plan.at, actor="oakum", body=made.policy))
    if feeds:
        under.append(Entry(kind="feeds", at=plan.at, actor="oakum", body=feeds))
    return [*under, *entries_of_intents(plan, actor=actor), made]


def entries_of_look(
    when: str, plan: Plan, *, at: datetime, inventory: bytes, findings: bytes, feeds: str = ""
) -> list[Entry]:
    """The entries for a look at the machines ``before`` or ``after`` a run: their inventory, and the findings in it."""
    kinds: tuple[tuple[Kind, bytes], ...] = (("inventory", inventory), ("findings", findings))
    return [
        Entry(
            kind=kind, at=at, actor="oakum", body=digest(data), what=when, plan=plan.hash, policy=_digest(plan.policy),
            feeds=_digest(feeds) if kind == "findings" else "",
        )
        for kind, data in kinds
    ]  # fmt: skip


def over(records: Iterable[Record]) -> Literal["done", "stopped", ""]:
    """How a run ended; empty where it is not over. What somebody says whose lease was taken over does not count."""
    notes = Journal(records).notes
    word = next((note.what for note in reversed(notes) if note.what in ("done", "stopped")), "")
    return "done" if word == "done" else "stopped" if word else ""


def entry_of_whole(plan: Plan, journal: bytes, *, at: datetime) -> Entry:
    """The last entry of a run that is over: the digest of all of its records, a line each, with pseudonyms."""
    return Entry(
        kind="run", at=at, actor="oakum", body=digest(journal), what="whole", plan=plan.hash,
        policy=_digest(plan.policy),
    )  # fmt: skip


def entry_of_plan(plan: Plan, *, actor: str, feeds: str = "") -> Entry:
    """The entry for a plan that was made; its body is the plan's hash."""
    return Entry(
        kind="plan", at=plan.at, actor=actor, body=plan.hash, plan=plan.hash, policy=_digest(plan.policy), feeds=feeds,
        what="rollback" if plan.undoes else "",
    )  # fmt: skip


def entry_of_approval(statement: Statement, signed: bytes, *, actor: str) -> Entry:
    """The entry for what somebody has signed about a plan; ``signed`` is the whole of it, with the signature."""
    kinds, place = _divided(statement.step)
    return Entry(
        kind="approval", at=statement.at, actor=actor, body=digest(signed), what=statement.says,
        plan=_digest(statement.plan), step=tellable(kinds), subject=tellable(place),
    )  # fmt: skip


def entries_of_intents(plan: Plan, *, actor: str) -> Iterator[Entry]:
    """An entry for each intent that a plan carries out."""
    for each in plan.intents:
        yield _entry_of_intent(each, plan, actor)


def _entry_of_intent(intent: Intent, plan: Plan, actor: str) -> Entry:
    return Entry(
        kind="intent", at=plan.at, actor=actor, body=digest(canonical(intent)), plan=plan.hash,
        policy=_digest(plan.policy), what=intent.kind,
    )  # fmt: skip


def _of_lease(record: Meant) -> str:
    """Who asks for the right to carry out the run: the key of a lease has the name in it."""
    rest = record.act.key.partition(_LEASE)[2]
    return rest.rpartition("/")[0] if record.act.do == "lease" else ""


def _divided(step: str) -> tuple[str, str]:
    """The id of a step in two: what is changed, and where. What has no such form is one word."""
    kinds, _, place = step.partition("@")
    return kinds, place


def _digest(text: str) -> str:
    return text if _DIGEST.fullmatch(text) else ""
