"""What is asked before a run begins, and how one is begun, taken up and taken back.

In this order, each a reason not to begin: the policy is that of the plan, the state is fresh, the plan breaks no rule
in it, somebody whom the policy lists asks for the run, and enough others agreed to just this plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, closing, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from oakum.changes.approvals import Earned, Signed, Statement, earned
from oakum.changes.durations import Durations
from oakum.changes.intents.catalogue import KINDS
from oakum.changes.planning import rollback
from oakum.changes.plans import Plan, WhyNot
from oakum.changes.run import Ended
from oakum.changes.running.journal import Journal, Noted
from oakum.changes.state import State
from oakum.changes.verify import Violation, brings_back
from oakum.errors import InputError, NotAssessableError, OakumError, UsageError
from oakum.local.approvals import LASTS, check, read_approvals, signed_file, statement_until
from oakum.local.compat import knowledge
from oakum.local.evidence import TakeLook, keep
from oakum.local.ledger.runs import record_all
from oakum.local.ledger.store import ledger_file
from oakum.local.paths import data_folder
from oakum.local.plans import verify_plan
from oakum.local.policies import calendar_of, policy_files
from oakum.local.running import Consent, Left, Listener, World, carry_out
from oakum.local.runs import Run, make_run, new_name, of_plan, open_run, run_names
from oakum.policy.amounts import spoken
from oakum.policy.model import Policy
from oakum.reports.runs import Summary, summary

#: The rule of the verifier that a plan was made from just this state.
_EARLIER = "other-state"


class OpenWorld(Protocol):
    """How the machines of a plan are reached for a run."""

    def __call__(
        self, plan: Plan, *, run: str, hosts: Sequence[str], data: str | None
    ) -> AbstractContextManager[World]:
        """The world, for as long as it is needed. Raises OakumError for what cannot be reached in principle."""


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks for a run: the ``key`` to sign with, or a ``request`` that was signed before."""

    key: Path | None = None
    request: Path | None = None
    break_glass: str = ""


class Refused(Exception):  # noqa: N818 (an answer, not an error: somebody is missing)
    """Not enough people agreed."""

    def __init__(self, found: Earned) -> None:
        super().__init__("; ".join(found.missing))
        self.found = found


def objections(
    plan: Plan, state: State, policy: Path, now: datetime, *, compat: Sequence[Path] = (),
    oldest: timedelta = timedelta(days=1),
) -> tuple[Policy, tuple[Violation, ...]]:  # fmt: skip
    """The policy, and what the plan breaks in a fresh state. Raises UsageError, NotAssessableError."""
    rules, _ = calendar_of(policy)
    if rules.digest != plan.policy:
        raise UsageError(
            f"the plan was made under another policy ({plan.policy[:20]}..., and this is {rules.digest[:20]}...)",
            remedy="plan again under the policy as it is now, and have that plan approved",
        )
    age = now - state.at
    if age > oldest:
        raise NotAssessableError(
            f"the state is {spoken(int(age.total_seconds()))} old, so that nobody knows whether the plan still fits",
            remedy="read the machines again, or say how old it may be with --max-state-age",
        )
    # That it was made from an earlier state is why the fresh one is asked.
    return rules, tuple(each for each in verify_plan(plan, state, policy, compat=compat) if each.rule != _EARLIER)


def asked_for(
    plan: Plan, policy: Policy, asking: Asking, approvals: Sequence[Path], now: datetime
) -> tuple[bytes, list[bytes], Earned]:
    """The request, the files of approvals and what they earn. Raises Refused, UsageError, InputError."""
    at, until = statement_until(now, LASTS)
    if asking.request is not None:
        request, signed = read_approvals([asking.request])[0]
    elif asking.key is not None:
        request = signed_file(Statement(says="request", plan=plan.hash, at=at, until=until), asking.key)
        signed = check(request, str(asking.key))
    else:
        raise UsageError(
            "nobody says who asks for this run, so that nobody else can agree to it",
            remedy="name your SSH key with --key, or what oakum approve --request wrote with --request",
        )
    _is_request(signed, plan, policy, now)
    files = list(read_approvals(approvals))
    if asking.break_glass:
        if asking.key is None:
            raise UsageError("breaking the glass is signed", remedy="name your SSH key with --key")
        alone = Statement(says="break-glass", plan=plan.hash, reason=asking.break_glass, at=at, until=until)
        data = signed_file(alone, asking.key)
        files.append((data, check(data, str(asking.key))))
    found = earned(plan, policy, signed, [each for _, each in files], now)
    if f"approve:{plan.hash}" not in found.wishes:
        raise Refused(found)
    return request, [data for data, _ in files], found


def _is_request(signed: Signed, plan: Plan, policy: Policy, now: datetime) -> None:
    if signed.statement.says != "request" or signed.statement.plan != plan.hash:
        raise UsageError("this is no request for a run of this plan", remedy="make one with oakum approve --request")
    if now >= signed.statement.until:
        raise UsageError("the request has ended", remedy="make one anew with oakum approve --request")
    if not any(signed.key in each.keys for each in policy.approvers):
        raise UsageError(
            "the policy lists nobody with the key that asks for this run",
            remedy="add the key to the section approvers of the policy, and plan again",
        )


def start(
    plan: Plan, policy: Path, asking: Asking, approvals: Sequence[Path], now: datetime, *, hosts: Sequence[Path],
    data: str | None, open_world: OpenWorld, listener: Listener, take_look: TakeLook | None = None,
    feeds: Path | None = None,
) -> tuple[str, Ended]:  # fmt: skip
    """Begins a run and carries it out; its name and how it ended. Raises Refused, Left, OakumError.

    ``take_look`` looks at the machines before and after, by the advisories of the folder ``feeds``.
    """
    rules, _ = calendar_of(policy)
    _first_of(plan, data)
    if plan.undoes:
        _is_way_back(plan, data)
    request, agreed, _ = asked_for(plan, rules, asking, approvals, now)
    name = new_name(plan, now)
    places = [str(each.absolute()) for each in hosts]
    with open_world(plan, run=name, hosts=places, data=data) as world:
        run = make_run(
            data, name, plan, policy_files(policy), now, request=request, approvals=agreed, hosts=places,
            feeds="" if feeds is None else str(feeds.absolute()),
        )  # fmt: skip
        try:
            # From here on, for two that put the run into the ledger side by side would be in each other's way.
            with run.holding():
                return name, _proven(data, run, world, listener, take_look)
        finally:
            run.close()


def _first_of(plan: Plan, data: str | None) -> None:
    """Raises UsageError where a run of the same plan is not over: it may have begun what this one would begin."""
    for name in reversed(run_names(data)):
        if not of_plan(name, plan):
            continue
        with suppress(OakumError), closing(open_run(data, name)) as run:
            if run.plan.hash == plan.hash and ended(run) is None:
                break
    else:
        return
    raise UsageError(
        f"the run {name} of this plan is not over", remedy=f"go on with it: oakum resume {name}, or see oakum runs list"
    )


def _is_way_back(plan: Plan, data: str | None) -> None:
    """Raises UsageError where a roll-back is not that of a run that was made here."""
    remedy = "oakum rollback RUN makes the plan that takes a run back, where the run was made"
    for name in run_names(data):
        former: Plan | None = None
        with suppress(OakumError), closing(open_run(data, name)) as run:
            former = run.plan
        if former is None or former.hash != plan.undoes:
            continue
        found = next(brings_back(plan, former), None)
        if found is not None:
            raise UsageError(f"{found.step} is no part of the way back of {name}: {found.why}", remedy=remedy)
        return
    raise UsageError(f"it takes back the plan {plan.undoes[:80]}, of which no run was made here", remedy=remedy)


def resume(
    data: str | None, name: str, approvals: Sequence[Path], now: datetime, *, open_world: OpenWorld,
    listener: Listener, take_look: TakeLook | None = None,
) -> tuple[str, Ended]:  # fmt: skip
    """Takes a run up again where its journal ends. Raises UsageError where it is over or carried out, Left."""
    run = open_run(data, name)
    try:
        if ended(run) is not None:
            raise UsageError(f"{run.name} is over", remedy=f"oakum runs show {run.name} says how it ended")
        for each, signed in read_approvals(approvals):
            if signed.statement.plan != run.plan.hash:
                raise UsageError(f"{signed.source} is about another plan", remedy=f"the run is of {run.plan.hash}")
            run.file.agree(each, now)
        if by := run.carried_by():
            remedy = f"wait for it, or ask it to stop: oakum stop {run.name}"
            raise UsageError(f"{run.name} is carried out by {by}", remedy=remedy)
        with open_world(run.plan, run=run.name, hosts=run.about.hosts, data=data) as world, run.holding():
            return run.name, _proven(data, run, world, listener, take_look)
    finally:
        run.close()


def _proven(data: str | None, run: Run, world: World, listener: Listener, take_look: TakeLook | None) -> Ended:
    """Carries a run out, and has the ledger know it: what it begins with before anything is done, all of it after.

    What a crash keeps from the ledger comes when the run is taken up again; whatever ends it says how.
    """
    ledger = ledger_file(None, data_folder(data))
    try:
        if not run.file.length:
            _look(data, run, "before", take_look)
        record_all(ledger, run)
        try:
            return carry_out(run, world, listener)
        finally:
            try:
                if ended(run) is not None:
                    _look(data, run, "after", take_look)
            finally:
                record_all(ledger, run)
    except (InputError, NotAssessableError) as error:
        resume_ = f"then oakum resume {run.name}"
        error.remedy = f"{error.remedy}; {resume_}" if error.remedy else resume_
        raise
    except (Left, OakumError):
        raise
    except (Exception, KeyboardInterrupt) as error:  # a defect, a full disk or a person: whatever ended it is told on
        error.add_note(f"What is in hand stays as it is. Look at the run, and go on with it: oakum resume {run.name}")
        raise


def _look(data: str | None, run: Run, when: Literal["before", "after"], take_look: TakeLook | None) -> None:
    """Looks at the machines of a run and keeps what was seen; who cannot be looked at is no reason not to begin."""
    with suppress(InputError, NotAssessableError):
        look = None if take_look is None else take_look(
            run.plan, hosts=run.about.hosts, data=data, feeds=run.about.feeds
        )  # fmt: skip
        if look is not None:
            keep(run, when, look)


def ended(run: Run) -> Noted | None:
    """The note that ended a run; None where it is not over."""
    notes = Journal(run.records()).notes
    return next((note for note in reversed(notes) if note.what in ("done", "stopped")), None)


def summary_of(run: Run, now: datetime, *, policy: str = "DIR") -> Summary:
    """A run as people ask for it; what to type names the folder ``policy``."""
    rules, _ = run.policy()
    request = run.request()
    asked = next((each.name for each in rules.approvers if request is not None and request.key in each.keys), "")
    return summary(
        run.name, run.plan, list(run.records()), carried_by=run.carried_by(), requested_by=asked,
        agreed=Consent(run).at(now), policy=policy,
    )  # fmt: skip


def way_back(
    run: Run, state: State, policy: Path, now: datetime, *, what: Literal["failed", "all"], compat: Sequence[Path] = ()
) -> Plan | WhyNot:
    """The plan that takes a run back, under the policy as it is now. Raises UsageError where the run is not over."""
    if ended(run) is None:
        raise UsageError(
            f"{run.name} is not over", remedy=f"end it first: oakum stop {run.name}, and oakum resume {run.name}"
        )
    rules, calendar = calendar_of(policy)
    return rollback(
        run.plan, Journal(run.records()), state, rules, now, what=what, calendar=calendar, knowledge=knowledge(compat),
        durations=Durations({kind.name: kind.prior for kind in KINDS.values()}),
    )  # fmt: skip
