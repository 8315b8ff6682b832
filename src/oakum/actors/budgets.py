"""Karpenter's disruption budgets: how many nodes of a pool it may disrupt now, and whether a budget is active.

Source: ``Budget`` in pkg/apis/v1/nodepool.go of github.com/kubernetes-sigs/karpenter (``IsActive``,
``GetAllowedDisruptions``, ``MustGetAllowedDisruptions``), its validation of NodePools, and
karpenter.sh/docs/concepts/disruption. Of what is allowed Karpenter takes off the nodes that are not ready or already
on their way out; that is left to those who ask.

What the API server would not take as a NodePool is an error here. A schedule that has the right form and still does
not parse is found by Karpenter only: it then allows nothing, whatever the reasons of that budget are; the answer is
0 and says why in ``problems``. Whether such a budget is active has no answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec

from oakum.actors import cron
from oakum.actors.model import Kind, Request, Rule
from oakum.errors import InputError, Place

_NODEPOOL = "https://github.com/kubernetes-sigs/karpenter/blob/main/pkg/apis/v1/nodepool.go"
_DOCS = "https://karpenter.sh/docs/concepts/disruption/#nodepool-disruption-budgets"
_CRON = "https://github.com/robfig/cron/blob/v3.0.1/parser.go"

Reason = Literal["Underutilized", "Empty", "Drifted"]

#: The patterns of the fields in the definition of NodePools; numbers have an end here.
_NODES = re.compile(r"(100|[0-9]{1,2})%|([0-9]{1,19})")
_DURATION = re.compile(r"(?:([0-9]{1,18})h(?:([0-9]{1,18})m)?|([0-9]{1,18})m)(?:0s)?")

#: Karpenter says "unbounded" with the greatest number of 32 bits.
_UNBOUNDED = 2**31 - 1
_INT64 = 2**63 - 1
#: Go counts nanoseconds in 64 bits.
_LONGEST = timedelta(microseconds=_INT64 // 1000)
#: The definition of NodePools takes so many budgets, and reasons in one.
_MOST = 50
_SHOWN = 40

Count = Annotated[int, msgspec.Meta(ge=0, le=_UNBOUNDED)]


class Budget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """``nodes``: how many may be disrupted, a number or a percentage of the pool, rounded up (default: "10%").

    ``schedule`` (cron, in UTC) and ``duration`` (hours and minutes, as "8h" or "1h30m") come together: the budget is
    active from each hit on for so long. Without them it always is. ``reasons``: what it is for; without them, or null,
    it is for all. An empty list is for none, as it is for Karpenter.
    """

    nodes: Annotated[int, msgspec.Meta(ge=-_INT64, le=_INT64)] | str | None = None
    schedule: str | None = None
    duration: str | None = None
    reasons: Annotated[tuple[Reason, ...], msgspec.Meta(max_length=_MOST)] | None = None


class BudgetRequest(Request, frozen=True, kw_only=True):
    """``budgets`` of a pool (default: one of "10%"; an empty list is no budget), and the pool's ``nodes``.

    ``nodes`` is a number or a list; only percentages need it. ``now`` is an RFC 3339 time; only schedules need it.
    ``reason``: why nodes would be disrupted; without one every budget counts, whatever its reasons. ``ask``: allowed
    (default), or active, where neither ``nodes`` nor ``reason`` matters.
    """

    budgets: Annotated[tuple[Budget, ...], msgspec.Meta(max_length=_MOST)] | None = None
    nodes: Count | list[Any] | None = None
    reason: Reason | None = None
    now: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    ask: Literal["allowed", "active"] | None = None


class BudgetReply(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``allowed``: how many nodes may be disrupted, null without a bound. Or ``active``: for one budget true or false,
    for none or several a list with one for each. ``problems``: the schedules for which nothing is allowed, with the
    reason; only there where there are some.
    """

    allowed: int | msgspec.UnsetType | None = msgspec.UNSET
    active: bool | list[bool] | msgspec.UnsetType = msgspec.UNSET
    problems: list[str] | msgspec.UnsetType = msgspec.UNSET


def answer(request: BudgetRequest) -> BudgetReply:
    """What the budgets allow now, or which are active.

    Raises InputError naming the field of a budget that no NodePool may have, and where ``now`` or ``nodes`` is needed
    and missing; for ``active`` also for a schedule that does not parse.
    """
    budgets = (Budget(),) if request.budgets is None else request.budgets
    if request.ask == "active":
        found = [_is_active(each, request.now, at) for at, each in enumerate(budgets)]
        return BudgetReply(active=found[0] if len(found) == 1 else found)
    total = len(request.nodes) if isinstance(request.nodes, list) else request.nodes
    return _allowed(budgets, total, request.reason, request.now)


def _allowed(budgets: Sequence[Budget], total: int | None, reason: str | None, now: datetime | None) -> BudgetReply:
    least = _UNBOUNDED
    problems: list[str] = []
    for at, budget in enumerate(budgets):
        limit = _limit(budget, total, at)
        try:
            active = _is_active(budget, now, at)
        except cron.ScheduleError as error:
            problems.append(f"{error.place}: {error.what}")
            continue
        if active and (reason is None or budget.reasons is None or reason in budget.reasons):
            least = min(least, limit)
    if problems:
        return BudgetReply(allowed=0, problems=problems)
    return BudgetReply(allowed=None if least == _UNBOUNDED else least)


def _limit(budget: Budget, total: int | None, at: int) -> int:
    text = "10%" if budget.nodes is None else str(budget.nodes)
    found = _NODES.fullmatch(text)
    if found is None or (found[2] and int(found[2]) > _UNBOUNDED):
        raise InputError(
            f"{text[:_SHOWN]!r} is neither a number of nodes nor a percentage",
            place=Place(field=f"budgets[{at}].nodes"), remedy='give it as "5", or as "0%" to "100%"',
        )  # fmt: skip
    if found[2]:
        return int(found[2])
    if total is None:
        remedy = "a percentage is of the nodes of the pool"
        raise InputError("the field is missing", place=Place(field="nodes"), remedy=remedy)
    return -(-int(found[1]) * total // 100)


def _is_active(budget: Budget, now: datetime | None, at: int) -> bool:
    """Whether the schedule has a hit in the last ``duration``: one right at its beginning is over, one now counts."""
    if budget.schedule is None and budget.duration is None:
        return True
    if budget.schedule is None or budget.duration is None:
        missing = "schedule" if budget.schedule is None else "duration"
        remedy = "schedule and duration come together"
        raise InputError("the field is missing", place=Place(field=f"budgets[{at}].{missing}"), remedy=remedy)
    if now is None:
        raise InputError("the field is missing", place=Place(field="now"), remedy="a schedule needs the time")
    duration = _duration(budget.duration, f"budgets[{at}].duration")
    schedule = cron.parse(budget.schedule, f"budgets[{at}].schedule")
    if isinstance(schedule, cron.Every):
        what = f"{budget.schedule[:_SHOWN]!r} is no schedule of a NodePool"
        remedy = "give five fields, or @yearly to @hourly"
        raise InputError(what, place=Place(field=f"budgets[{at}].schedule"), remedy=remedy)
    try:
        before = now - duration
    except OverflowError:
        what = "the duration of a budget reaches back before the year 1"
        raise InputError(what, place=Place(field="now"), remedy="give a time nearer to today") from None
    hit = cron.next_after(schedule, before)
    # A schedule without any hit in five years counts as one that has hit: Karpenter takes "never" for long ago.
    return hit is None or hit <= now


def _duration(text: str, field: str) -> timedelta:
    found = _DURATION.fullmatch(text)
    try:
        if found:
            long = timedelta(hours=int(found[1] or 0), minutes=int(found[2] or found[3] or 0))
            if long <= _LONGEST:
                return long
    except OverflowError:
        pass
    what = f"{text[:_SHOWN]!r} is no duration in hours and minutes"
    raise InputError(what, place=Place(field=field), remedy="give it as 8h, 30m or 1h30m")


RULES = (
    Rule(id="default", source=_NODEPOOL, says="a pool without budgets has one of 10%; with an empty list it has none"),
    Rule(
        id="always", source=_NODEPOOL,
        says="a budget without schedule and duration is always active; one of the two alone is refused",
    ),
    Rule(
        id="window", source=_NODEPOOL,
        says="a budget is active where its schedule has a hit after now less the duration, and not after now",
    ),
    Rule(id="never", source=_CRON, says="a schedule without any hit in the next five years counts as active"),
    Rule(id="utc", source=_DOCS, says="schedules are in UTC; one with a zone in front does not parse"),
    Rule(
        id="schedule", source=_CRON,
        says="a schedule has five fields, or is @yearly, @annually, @monthly, @weekly, @daily, @midnight or @hourly",
    ),
    Rule(id="duration", source=_NODEPOOL, says="a duration has hours and minutes only; 0s behind them is allowed"),
    Rule(id="inactive", source=_DOCS, says="a budget that is not active does not limit; where none is, all may go"),
    Rule(
        id="reasons", source=_NODEPOOL,
        says="a budget without reasons is for all of them, Underutilized, Empty and Drifted; else for those it lists",
    ),
    Rule(
        id="form", source=_NODEPOOL,
        says="nodes are digits, or 0% to 100%; a NodePool with another form, or with a duration in seconds, is refused",
    ),
    Rule(id="percent", source=_NODEPOOL, says="a percentage is of the nodes of the pool, and rounded up"),
    Rule(id="strictest", source=_DOCS, says="of the active budgets for a reason the smallest number counts"),
    Rule(
        id="fail-closed", source=_NODEPOOL,
        says="where the schedule of any budget of the pool does not parse nothing is allowed, whatever its reasons are",
    ),
)  # fmt: skip

KINDS: tuple[Kind, ...] = (
    Kind(
        command="rollout next", name="budget", actor="Karpenter",
        says="how many nodes of a pool its disruption budgets allow to be disrupted now, or whether they are active",
        request=BudgetRequest, reply=BudgetReply, answer=answer, rules=RULES,
        example={
            "budgets": [
                {"nodes": "20%", "reasons": ["Empty", "Drifted"]},
                {"nodes": "5"},
                {"nodes": "0", "schedule": "0 9 * * mon-fri", "duration": "8h", "reasons": ["Drifted"]},
            ],
            "nodes": 19, "reason": "Drifted", "now": "2026-06-15T18:30:00Z",
        },
    ),
)  # fmt: skip
