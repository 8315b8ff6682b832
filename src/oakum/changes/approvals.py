"""Statements with which people ask for a run and agree to it, and which wishes of a run enough of them have earned.

A statement is a small text that names the plan by its hash; its author signs the bytes of that text, so that anybody
can make one by hand and check one by hand. Here the signatures are right already: what is decided is who counts. Nobody
counts who asked for the run, whoever has two keys counts once, and a statement holds until its end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal, cast

import msgspec

from oakum.changes.plans.model import Plan, Step
from oakum.errors import InputError, Place
from oakum.policy.entries import Approver
from oakum.policy.model import Policy

#: For what signatures are made (``ssh-keygen -Y sign -n``), so that one for something else is none of these.
NAMESPACE = "oakum-plan@oakum.dev"
FORMAT = "oakum-approval/1"
#: A statement may hold for so long, and clocks may differ by so much.
LONGEST = timedelta(days=30)
SKEW = timedelta(minutes=5)
#: What a statement may say.
SAYS: dict[str, str] = {
    "request": "I ask for this run; whoever says this approves nothing of it",
    "approve": "I agree to the plan, or to one step of it",
    "break-glass": "I agree alone, for this reason",
}
Says = Literal["request", "approve", "break-glass"]
_LONGEST_REASON = 500
_FIELDS = ("says", "plan", "step", "force-evict", "reason", "at", "until")
_TIME = "%Y-%m-%dT%H:%M:%SZ"


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody says about the plan of a hash: about all of it, one ``step``, or pods there past their budget.

    It holds from ``at`` to ``until`` (UTC, whole seconds).
    """

    says: Says
    plan: str
    at: datetime
    until: datetime
    step: str = ""
    force_evict: bool = False
    reason: str = ""


def text_of(statement: Statement) -> bytes:
    """The bytes that are signed. Raises InputError for what no statement may say."""
    if statement.force_evict and not statement.step:
        raise InputError("pods are forced out on one machine at a time", remedy="name the step")
    if statement.says == "break-glass" and not statement.reason.strip():
        raise InputError("breaking the glass needs a reason", remedy="say why; it is recorded and reviewed")
    if len(statement.reason) > _LONGEST_REASON:
        raise InputError("the reason is too long", remedy=f"at most {_LONGEST_REASON} characters")
    if not timedelta() < statement.until - statement.at <= LONGEST:
        raise InputError("a statement holds for up to 30 days", remedy="give a shorter time")
    values = {
        "says": statement.says, "plan": statement.plan, "step": statement.step,
        "force-evict": "yes" if statement.force_evict else "", "reason": statement.reason.strip(),
        "at": statement.at.astimezone(UTC).strftime(_TIME), "until": statement.until.astimezone(UTC).strftime(_TIME),
    }  # fmt: skip
    wrong = next((key for key, value in values.items() if not value.isprintable()), None)
    if wrong is not None:
        raise InputError(f"{wrong} holds characters that nobody sees", remedy="write one line of plain text")
    return "".join([f"{FORMAT}\n", *(f"{key}: {value}\n" for key, value in values.items() if value)]).encode()


def read_statement(text: bytes) -> Statement:
    """The statement of a text, which has exactly the form that ``text_of`` gives it. Raises InputError."""
    try:
        lines = text.decode().split("\n")
    except UnicodeDecodeError:
        raise InputError("the statement is not UTF-8", remedy="oakum approve writes one") from None
    if lines[0] != FORMAT:
        raise InputError(f"this is no statement: it does not begin with {FORMAT}", remedy="oakum approve writes one")
    values: dict[str, str] = {}
    for number, line in enumerate(lines[1:], 2):
        if not line:
            continue
        key, colon, value = line.partition(": ")
        if not colon or key not in _FIELDS or key in values:
            raise InputError(
                f"{line[:60]!r} is no line of a statement", place=Place(line=number), remedy="write it anew"
            )
        values[key] = value
    says = values.get("says", "")
    if says not in SAYS:
        raise InputError(f"a statement cannot say {says[:40]!r}", remedy=f"one of {', '.join(SAYS)}")
    found = Statement(
        says=cast("Says", says), plan=values.get("plan", ""), step=values.get("step", ""),
        force_evict=values.get("force-evict") == "yes", reason=values.get("reason", ""),
        at=_moment(values, "at"), until=_moment(values, "until"),
    )  # fmt: skip
    if text_of(found) != text:
        raise InputError("the statement is not in its one form", remedy="oakum approve writes one")
    return found


def _moment(values: dict[str, str], key: str) -> datetime:
    try:
        return datetime.strptime(values.get(key, ""), _TIME).replace(tzinfo=UTC)
    except ValueError:
        what = f"{key} is no time: {values.get(key, '')[:40]!r}"
        raise InputError(what, remedy="write it as 2026-01-31T06:00:00Z") from None


class Signed(msgspec.Struct, frozen=True):
    """A statement whose signature by ``key`` (``KIND BASE64``) was found right, and where it came from."""

    statement: Statement
    key: str
    source: str = ""


class Judged(msgspec.Struct, frozen=True):
    """A statement, whose it is (empty: nobody's that the policy lists), and why it does not count (empty: it does)."""

    signed: Signed
    who: str = ""
    refused: str = ""


class Earned(msgspec.Struct, frozen=True, kw_only=True):
    """What came of all statements: the ``wishes`` of the run, each of them judged, and what is ``missing``, in words.

    It is so until the time ``until``, when the next statement begins or ceases to count (None: for ever).
    """

    wishes: frozenset[str]
    judged: tuple[Judged, ...]
    missing: tuple[str, ...]
    until: datetime | None = None

    @property
    def broken_glass(self) -> tuple[Judged, ...]:
        """Statements by which somebody acts alone."""
        return tuple(each for each in self.judged if each.signed.statement.says == "break-glass" and not each.refused)


def earned(plan: Plan, policy: Policy, request: Signed | None, given: Iterable[Signed], now: datetime) -> Earned:
    """What statements have earned for a run of ``plan`` that ``request`` asks for, at a time.

    Without a request nobody knows that an approval is another person's, so that none counts.
    """
    people = {key: each for each in policy.approvers for key in each.keys}
    asked = people.get(request.key) if request is not None and _asks(request.statement, plan) else None
    judged = tuple(_judge(each, people, plan, asked, now) for each in given)
    wishes: set[str] = set()
    missing: list[str] = []
    lacks = list(_lacks(plan, policy, _agreed(judged, people, "", force=False), _alone(judged, "", force=False)))
    missing += [f"the plan: {each}" for each in lacks]
    if not lacks and plan.steps:
        wishes.add(f"approve:{plan.hash}")
    groups = {group.id: group for group in plan.groups}
    for step in plan.steps.values():
        need = groups[step.group].approval
        if step.reversibility == "forward-only":
            agreed, alone = _agreed(judged, people, step.id, force=False), _alone(judged, step.id, force=False)
            lack = None if alone else _lack(agreed, need.forward_only_count, need.forward_only_roles)
            if lack is None:
                wishes.add(f"approve:{plan.hash}/{step.id}")
            else:
                missing.append(f"step {step.id}, which has no way back: {lack}")
        roles = _forcing(plan, step)
        if roles is not None:
            agreed, alone = _agreed(judged, people, step.id, force=True), _alone(judged, step.id, force=True)
            # Not missing: nobody has to agree to that before its drain is stuck.
            if alone or _lack(agreed, need.count, roles) is None:
                wishes.add(f"approve:{plan.hash}/{step.id}/force-evict")
    edges = [edge for each in judged for edge in (each.signed.statement.at - SKEW, each.signed.statement.until)]
    return Earned(
        wishes=frozenset(wishes), judged=judged, missing=tuple(missing),
        until=min((edge for edge in edges if edge > now), default=None),
    )  # fmt: skip


def _asks(said: Statement, plan: Plan) -> bool:
    return said.says == "request" and said.plan == plan.hash


def _judge(signed: Signed, people: dict[str, Approver], plan: Plan, asked: Approver | None, now: datetime) -> Judged:
    """Whose a statement is, and the first thing that keeps it from counting."""
    said, person = signed.statement, people.get(signed.key)
    if person is None:
        return Judged(signed, refused="the policy lists nobody with this key")
    return Judged(signed, person.name, next(_objections(said, person, plan, asked, now), ""))


def _objections(said: Statement, person: Approver, plan: Plan, asked: Approver | None, now: datetime) -> Iterator[str]:
    if said.plan != plan.hash:
        yield f"it is about another plan ({said.plan[:20]}...)"
    if said.says == "request":
        yield "it asks for the run and agrees to nothing"
    if now >= said.until:
        yield f"it ended at {said.until.strftime(_TIME)}"
    if said.at > now + SKEW:
        yield f"it begins at {said.at.strftime(_TIME)}, which is to come"
    if asked is None:
        yield "nobody that the policy lists has asked for this run, so that it may be the same person's"
    step = plan.steps.get(said.step) if said.step else None
    if said.step and step is None:
        yield f"the plan has no step {said.step[:60]}"
    if step is not None and said.force_evict and _forcing(plan, step) is None:
        yield "the policy forces no pods out there"
    if step is not None and not said.force_evict and step.reversibility != "forward-only":
        yield "that step has a way back, and needs no approval of its own"
    if said.says == "break-glass" and not person.break_glass:
        yield f"the policy does not let {person.name} break the glass"
    if said.says == "approve" and asked is not None and person.name == asked.name:
        yield "whoever asks for a run approves nothing of it"


def _about(judged: Iterable[Judged], says: Says, step: str, *, force: bool) -> Iterator[Judged]:
    for each in judged:
        said = each.signed.statement
        if not each.refused and said.says == says and said.step == step and said.force_evict == force:
            yield each


def _agreed(judged: Iterable[Judged], people: dict[str, Approver], step: str, *, force: bool) -> list[Approver]:
    """The distinct people who agreed to something."""
    found = {each.who: people[each.signed.key] for each in _about(judged, "approve", step, force=force)}
    return list(found.values())


def _alone(judged: Iterable[Judged], step: str, *, force: bool) -> bool:
    return any(True for _ in _about(judged, "break-glass", step, force=force))


def _lacks(plan: Plan, policy: Policy, agreed: list[Approver], alone: bool) -> Iterator[str]:
    """What the whole plan lacks: the people of each of its groups, and those of its emergency."""
    if alone:
        return
    used = {step.group for step in plan.steps.values()}
    for group in plan.groups:
        lack = _lack(agreed, group.approval.count, group.approval.roles) if group.id in used else None
        if lack is not None:
            yield f"{lack} (for {group.id})"
    if plan.override is not None:
        name = plan.override.emergency
        entry = next((each for each in policy.emergency if each.name == name), None)
        if entry is None:
            yield f"the policy has no emergency {name}"
        elif (lack := _lack(agreed, entry.approvals, entry.roles)) is not None:
            yield f"{lack} (for the emergency {name})"


def _lack(agreed: Iterable[Approver], count: int, roles: Collection[str]) -> str | None:
    """How many people are missing, in words; None where enough agreed."""
    have = sum(1 for each in agreed if not roles or set(each.roles) & set(roles))
    if have >= count:
        return None
    whom = f" of {' or '.join(roles)}" if roles else ""
    return f"{count - have} more {'person' if count - have == 1 else 'people'}{whom}"


def _forcing(plan: Plan, step: Step) -> tuple[str, ...] | None:
    """The roles that may have pods of a step deleted past their budget; None where the policy never does that."""
    group = next(each for each in plan.groups if each.id == step.group)
    rung = next((each for each in group.escalation.steps if each.do == "force-evict"), None)
    return None if rung is None else rung.roles
