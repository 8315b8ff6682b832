"""The verifier of bundles: everything from the file alone, each part of it held against the others.

The plan against its hash, the policy against the plan, statements against their signatures and the policy, the journal
against plan, statements and windows, all of it against the signed ledger, and what machines showed against the journal.
What cannot be shown is a gap and never a good word.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Literal

import msgspec
from msgspec.structs import replace

from oakum.changes.approvals import Earned, Signed
from oakum.changes.plans.model import Plan, canonical
from oakum.changes.proof.container import ABOUT, APPROVALS, ENTRIES, JOURNAL, PLAN, POLICY, REQUEST, Opened
from oakum.changes.proof.entries import Checked, Ledger, first_other_entry, first_other_record, pieces_of
from oakum.changes.proof.evidence import (
    Effect,
    LookedAt,
    Outcome,
    contradicted,
    effects,
    gaps,
    outcomes,
    read_look,
)
from oakum.changes.proof.model import Fault, Gap, may_accept
from oakum.changes.proof.path import legal, read_records, state_of
from oakum.changes.proof.permission import Permission
from oakum.changes.recorded import over
from oakum.changes.running.journal import Record, Turned
from oakum.changes.verify.form import form
from oakum.errors import InputError, OakumError
from oakum.ledger.keys import PublicKey
from oakum.policy.model import Policy
from oakum.policy.openings import Calendar
from oakum.policy.reading import read

#: Checks the signature of a statement's file, and gives what it says. Raises InputError where it is not right,
#: UsageError where nothing here can tell.
Check = Callable[[bytes, str], Signed]
#: Loads time zones by their names.
Zones = Callable[[Collection[str]], Mapping[str, tzinfo]]
_REMEDY = "get the file anew from whoever made it: oakum runs export"
_MOST = 50


class About(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a bundle is about: the name of the run, the hash of its plan, the digest of the feeds that it went by."""

    format: Literal["oakum-bundle/1"] = "oakum-bundle/1"
    run: str
    plan: str
    feeds: str = ""


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What a bundle shows.

    ``faults`` are what is wrong, the first the one to look at; ``gaps`` what it cannot show. The rest is what was read
    of it, as far as it could be: ``state`` is done, stopped or open, ``agreed`` every statement as it stood when the
    first step was begun, ``effects`` each change as the looks show it, ``outcomes`` what became of each finding.
    """

    faults: tuple[Fault, ...] = ()
    gaps: tuple[Gap, ...] = ()
    about: About | None = None
    plan: Plan | None = None
    policy: Policy | None = None
    records: tuple[Record, ...] = ()
    state: Literal["done", "stopped", "open"] = "open"
    requested_by: str = ""
    agreed: Earned | None = None
    before: LookedAt = LookedAt()
    after: LookedAt = LookedAt()
    effects: tuple[Effect, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    ledger: Ledger = Ledger()

    @property
    def open_gaps(self) -> tuple[Gap, ...]:
        """Gaps that nobody has accepted."""
        return tuple(each for each in self.gaps if not each.accepted)

    @property
    def verdict(self) -> Literal["proven", "not proven", "incomplete"]:
        """``proven`` where all is there and right, ``incomplete`` where something could not be shown."""
        return "not proven" if self.faults else "incomplete" if self.open_gaps else "proven"


def verify(
    bundle: Opened, *, check: Check, zones: Zones, keys: Sequence[PublicKey] = (),
    kept: Mapping[str, bytes] | None = None, accepted: Collection[str] = (),
) -> Proof:  # fmt: skip
    """What a bundle shows, under the pinned ``keys`` of its ledger and checkpoints that were ``kept``, by file.

    ``accepted`` are kinds of gaps that the caller takes as they are, where that may be (``may_accept``).
    """
    if bundle.faults or bundle.damaged:
        # What was damaged is named, and not interpreted any further.
        return Proof(faults=tuple(_damage(bundle))[:_MOST])
    proof = _Verifier(bundle, check, zones).proof(keys, kept or {})
    told = [replace(gap, accepted=gap.kind in accepted and may_accept(gap.kind)) for gap in dict.fromkeys(proof.gaps)]
    return replace(proof, faults=tuple(dict.fromkeys(proof.faults))[:_MOST], gaps=tuple(told))


def _damage(bundle: Opened) -> Iterator[Fault]:
    """What is damaged, with the part of it where one can be told."""
    yield from bundle.faults
    why = "its bytes are not those that were put in"
    for member in bundle.members:
        if member in bundle.damaged and not any(each.member == member for each in bundle.faults):
            part = ""
            if member == JOURNAL and (number := first_other_record(bundle.members)):
                part = f"record {number}"
            elif member == ENTRIES and (number := first_other_entry(bundle.members)):
                part = f"entry {number}"
            yield Fault(member, part, why, _REMEDY)


class _Verifier:
    def __init__(self, bundle: Opened, check: Check, zones: Zones) -> None:
        self._members, self._check, self._zones = bundle.members, check, zones
        self._faults: list[Fault] = []
        self._gaps: list[Gap] = []

    def proof(self, keys: Sequence[PublicKey], kept: Mapping[str, bytes]) -> Proof:
        """Everything that can be said."""
        ledger = Checked(self._members, keys, kept)
        about, plan = self._about(), self._plan()
        if about is None or plan is None or any(form(plan)):
            if plan is not None and about is not None:
                self._wrong(PLAN, "", f"it is no plan: {next(iter(form(plan))).why}")
            return Proof(faults=(*self._faults, *ledger.faults), gaps=tuple(ledger.gaps), about=about)
        if about.plan != plan.hash:
            self._wrong(PLAN, "", f"its hash is {plan.hash}, and {ABOUT} tells {about.plan[:80]}")
        under = self._policy(plan)
        request = self._request()
        approvals = self._approvals()
        journal = self._members.get(JOURNAL, b"")
        records, wrong = read_records(journal)
        if JOURNAL not in self._members:
            wrong = [Fault(JOURNAL, "", "it is missing", _REMEDY)]
        self._faults += wrong
        looks = {when: read_look(when, self._members) for when in ("before", "after")}
        for _, several in looks.values():
            self._faults += several
        before, after = looks["before"][0], looks["after"][0]
        people = self._people(under[0] if under else None, request, approvals)
        ledger.compare(
            about.run,
            pieces_of(
                about.run, plan, about.feeds, request, approvals, records, journal,
                {
                    when: (look, self._members.get(f"{when}/inventory.json", b""),
                           self._members.get(f"{when}/findings.json", b""))
                    for when, (look, _) in looks.items()
                },
            ),
            people,
        )  # fmt: skip
        agreed = None
        if under is not None:
            signed = [each for _, each in approvals.values()]
            permission = Permission(plan, *under, None if request is None else request[1], signed)
            try:
                self._faults += legal(plan, about.run, records, permission)
                agreed = permission.at(_begun(records, plan))
            except (OverflowError, OakumError) as error:
                self._wrong(JOURNAL, "", f"a time in it, or a duration of the plan, is impossible: {error}")
        states = state_of(plan, records)
        shown, became = tuple(effects(plan, states, before, after)), tuple(outcomes(before, after))
        self._faults += contradicted(shown)
        state = over(records) or "open"
        if state == "open":
            remedy = "bring it to its end (oakum resume), and export it again"
            self._gaps.append(Gap("not-over", about.run, "the run is not over", remedy))
        self._gaps += gaps(plan, before, after, shown, became)
        return Proof(
            faults=(*self._faults, *ledger.faults), gaps=(*ledger.gaps, *self._gaps), about=about, plan=plan,
            policy=under[0] if under else None, records=tuple(records), state=state,
            requested_by=people.get(REQUEST, ""), agreed=agreed, before=before, after=after, effects=shown,
            outcomes=became, ledger=ledger.ledger,
        )  # fmt: skip

    def _wrong(self, member: str, part: str, why: str) -> None:
        self._faults.append(Fault(member, part, why, _REMEDY))

    def _about(self) -> About | None:
        data = self._members.get(ABOUT)
        try:
            found = msgspec.json.decode(data or b"", type=About)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            self._wrong(ABOUT, "", "it is missing" if data is None else f"it is not understood: {error}")
            return None
        if msgspec.json.encode(found, order="sorted") != data:
            self._wrong(ABOUT, "", "it is not written in its one form")
        return found

    def _plan(self) -> Plan | None:
        data = self._members.get(PLAN)
        try:
            found = msgspec.json.decode(data or b"", type=Plan)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            self._wrong(PLAN, "", "it is missing" if data is None else f"it is no plan: {error}")
            return None
        if canonical(found) != data:
            self._wrong(PLAN, "", "it is not written in its one form")
        return found

    def _policy(self, plan: Plan) -> tuple[Policy, Calendar] | None:
        """The policy and its openings, where it is the one of the plan."""
        files = {name.removeprefix(POLICY): data for name, data in self._members.items() if name.startswith(POLICY)}
        try:
            reading = read(files)
            policy = reading.checked()
            if policy.digest != plan.policy:
                self._wrong(
                    POLICY, "", f"its digest is {policy.digest}, and the plan was made under {plan.policy[:80]}"
                )
                return None
            return policy, reading.calendar(self._zones(policy.zone_names))
        except OakumError as error:
            place = error.place.file if error.place is not None else ""
            member = f"{POLICY}{place}" if place in files else POLICY
            self._wrong(member, "", f"it is no policy: {error.what}")
            return None

    def _request(self) -> tuple[bytes, Signed] | None:
        data = self._members.get(REQUEST)
        if data is None:
            return None
        signed = self._signed(REQUEST, data)
        return None if signed is None else (data, signed)

    def _approvals(self) -> dict[str, tuple[bytes, Signed]]:
        found: dict[str, tuple[bytes, Signed]] = {}
        for name in sorted(each for each in self._members if each.startswith(APPROVALS)):
            signed = self._signed(name, self._members[name])
            if signed is not None:
                found[name] = (self._members[name], signed)
        return found

    def _signed(self, name: str, data: bytes) -> Signed | None:
        try:
            return self._check(data, name)
        except InputError as error:
            self._wrong(name, "", error.what)
            return None

    def _people(
        self, policy: Policy | None, request: tuple[bytes, Signed] | None,
        approvals: Mapping[str, tuple[bytes, Signed]],
    ) -> dict[str, str]:  # fmt: skip
        """Who signed each member: the name that the policy lists for the key, else the key."""
        names = {} if policy is None else {key: each.name for each in policy.approvers for key in each.keys}
        signed = {name: each for name, (_, each) in approvals.items()}
        if request is not None:
            signed[REQUEST] = request[1]
            signed[PLAN] = request[1]
        return {member: names.get(each.key, each.key) for member, each in signed.items()}


def _begun(records: Sequence[Record], plan: Plan) -> datetime:
    """When the first step was begun."""
    for each in records:
        if isinstance(each, Turned) and each.state == "admitted":
            return each.at
    return records[0].at if records else plan.at
