"""One attempt at a plan: drafts go through every rule, and those that none objects to become steps in waves.

An attempt never weakens a rule to find room. What stays out is told with its reasons; whether that makes a plan or a
reason why there is none is decided at the end: an intent that is ``whole`` wants all of its targets, and a plan that
would change nothing although something is wanted is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from oakum.changes.compat import Knowledge
from oakum.changes.durations import Durations
from oakum.changes.intents.model import Intent
from oakum.changes.planning.actors import reckon, table
from oakum.changes.planning.agreeing import disagreeing
from oakum.changes.planning.compatible import Compatible
from oakum.changes.planning.drafts import Draft, Drafted, drafts_of, natural
from oakum.changes.planning.drains import judge
from oakum.changes.planning.fitness import unfit
from oakum.changes.planning.limits import Limits, is_out
from oakum.changes.planning.openings import closed
from oakum.changes.planning.order import Phase, phases
from oakum.changes.planning.overriding import checked_override
from oakum.changes.planning.quorum import together, without_quorum
from oakum.changes.planning.reasons import Key, because, key_of, left_out, machine_edit
from oakum.changes.planning.room import Room
from oakum.changes.planning.settings import Policies
from oakum.changes.planning.skewed import Versions
from oakum.changes.planning.steps import Lengths, step_of
from oakum.changes.planning.undoing import Undo, drafts_back
from oakum.changes.planning.waves import Waves
from oakum.changes.planning.webhooks import Hooks
from oakum.changes.planning.windows import Windows
from oakum.changes.plans.model import LeftOut, Override, Plan, Stop
from oakum.changes.plans.why_not import Reason
from oakum.changes.state.model import State
from oakum.errors import NotAssessableError
from oakum.policy.entries import Guardrail
from oakum.policy.model import Policy
from oakum.policy.openings import Calendar


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """All that a plan is made from; ``undo`` names the steps of another plan that it brings back."""

    state: State
    intents: tuple[Intent, ...]
    policy: Policy
    now: datetime
    calendar: Calendar
    knowledge: Knowledge
    durations: Durations
    override: Override | None = None
    undo: Undo | None = None


class Attempt(msgspec.Struct, frozen=True):
    """A plan; or None and, intent by intent that wants all of its targets, the reasons; or those of all targets.

    ``needed`` are reasons that all stand in the way; ``any_of`` are sets of reasons of which it is enough to remove one
    set, with how many targets each would free. ``met`` tells which targets met each reason.
    """

    plan: Plan | None
    needed: tuple[Reason, ...] = ()
    any_of: tuple[tuple[Reason, ...], ...] = ()
    met: dict[Key, tuple[str, ...]] = msgspec.field(default_factory=dict)


def attempt(question: Question) -> Attempt:
    """A plan, or what stands in its way."""
    order = phases(question.intents)
    policies = Policies(question.policy, checked_override(question.policy, question.override, question.now))
    if question.undo is None:
        drafted = drafts_of(question.state, question.intents, order)
    else:
        drafted = drafts_back(question.state, question.undo, order)
    drafts = drafted.drafts
    _settle(drafts, policies)
    limits = Limits(question.state, policies)
    placed = [each for each in drafts if each.settings is not None]
    for draft in placed:
        for reason in (*unfit(draft), *reckon(draft), *disagreeing(draft)):
            draft.block(reason)
        limits.place(draft)
    _drain(question.state, placed)
    lengths, windows = Lengths(question.durations), Windows(question.calendar, question.now, question.override)
    for draft in placed:
        draft.takes = lengths.of(draft)
        for reason in closed(draft, windows, question):
            draft.block(reason)
    for draft in placed:
        for reason in without_quorum(draft):
            draft.block(reason)
    _in_order(question, drafted, order)
    return _decided(question, drafted, limits)


def _settle(drafts: Iterable[Draft], policies: Policies) -> None:
    for draft in drafts:
        try:
            if draft.machine is not None:
                draft.settings = policies.of_machine(draft.machine, draft.doings)
            elif draft.object is not None and draft.cluster is not None:
                draft.settings = policies.of_object(draft.object, draft.cluster, draft.doings)
        except NotAssessableError as error:
            if draft.machine is None:
                raise
            missing = [name for name in ("environment", "region", "tier") if name not in draft.machine.facts]
            if not missing:
                raise
            edits = [machine_edit(draft.id, f"facts|{name}", "" if name == "tier" else "unknown") for name in missing]
            draft.block(because("facts-unknown", draft.id, error.what, str(error.place or ""), error.remedy, edits))


def _drain(state: State, drafts: Sequence[Draft]) -> None:
    by_cluster: dict[str, list[Draft]] = {}
    for draft in drafts:
        if draft.machine is not None and draft.drains:
            by_cluster.setdefault(draft.subject.cluster, []).append(draft)
    for name, several in by_cluster.items():
        cluster = state.clusters_by_name.get(name)
        if cluster is None:
            raise NotAssessableError(
                f"not assessable: the state has no objects of cluster {name[:80]}, so that no drain can be judged",
                remedy="read the cluster, or give its dump",
            )
        judge(cluster, several)
        room, hooks = Room(cluster, state.by_cluster.get(name, ())), Hooks(cluster)
        for draft in several:
            for reason in (*room.lacking(draft), *hooks.closed_by(draft)):
                draft.block(reason)


def _in_order(question: Question, drafted: Drafted, order: dict[str, Phase]) -> None:
    """Phase by phase, what depends on the phases before: `after`, the versions, and control planes as a whole."""
    state, intents = question.state, {each.name: each for each in question.intents}
    compatible = Compatible(state, question.knowledge)
    versions: dict[str, Versions] = {}
    by_intent: dict[str, list[Draft]] = {name: [] for name in intents}
    earlier: dict[tuple[str, str], Draft] = {}
    for draft in drafted.drafts:
        for name in dict.fromkeys(change.intent for change in draft.changes):
            by_intent[name].append(draft)
    for phase in sorted({each.phase for each in drafted.drafts}):
        here = [each for each in drafted.drafts if each.phase == phase]
        # The phases of a way back are those of no intent.
        for name in (name for name, at in order.items() if at == phase):
            _follow(intents[name], drafted, by_intent)
        by_cluster: dict[str, list[Draft]] = {}
        for draft in here:
            by_cluster.setdefault(draft.subject.cluster, []).append(draft)
            for change in draft.changes:
                # The same component once more: without the first step the second does not start where it was planned.
                for reason in (
                    earlier[draft.id, change.component].reasons if (draft.id, change.component) in earlier else ()
                ):
                    draft.block(reason)
        for cluster, several in by_cluster.items():
            found = state.clusters_by_name.get(cluster)
            compatible.check(found, several)
            if question.undo is None:
                together(several, drafted.blocked)
            if found is not None:
                versions.setdefault(cluster, Versions(state, found)).phase(several)
        earlier |= {(draft.id, change.component): draft for draft in here for change in draft.changes}


def _follow(intent: Intent, drafted: Drafted, by_intent: dict[str, list[Draft]]) -> None:
    """What has to come first on all of its targets, and does not, keeps out whatever comes after it."""
    for before in intent.after:
        reasons = [*drafted.obstacles[before], *(one for each in by_intent[before] for one in each.reasons)]
        reasons = list({key_of(each): each for each in reasons}.values())
        for draft in by_intent[intent.name]:
            for reason in reasons:
                draft.block(reason)


def _decided(question: Question, drafted: Drafted, limits: Limits) -> Attempt:
    drafts = drafted.drafts
    whole = [each.name for each in question.intents if each.whole and question.undo is None]
    needed = [reason for name in whole for reason in drafted.obstacles[name]]
    needed += [
        reason
        for draft in drafts
        if any(change.intent in whole for change in draft.changes)
        for reason in draft.reasons
    ]
    free = [each for each in drafts if not each.reasons]
    stuck = drafts or (drafted.blocked and question.undo is None)
    if needed or (not free and stuck):
        any_of = [tuple(each.reasons) for each in drafts]
        any_of += [(reason,) for _, reason in drafted.blocked]
        return Attempt(None, tuple(needed), tuple(any_of) if not free else (), _met(drafted))
    limits.enter(free)
    return Attempt(_plan(question, drafted, free, limits))


def _met(drafted: Drafted) -> dict[Key, tuple[str, ...]]:
    found: dict[Key, dict[str, None]] = {}
    for subject, reason in (
        *drafted.blocked,
        *((each.id, reason) for each in drafted.drafts for reason in each.reasons),
    ):
        found.setdefault(key_of(reason), {})[subject] = None
    return {key: tuple(subjects) for key, subjects in found.items()}


def _plan(question: Question, drafted: Drafted, free: Sequence[Draft], limits: Limits) -> Plan:
    used = dict.fromkeys(each.group for each in free)
    impaired = frozenset(
        domain
        for id in used
        for name, domain in limits.groups[id].domain_of.items()
        if name in question.state.by_id and is_out(question.state.by_id[name])
    )
    waves = Waves(question.policy.order, step_of, impaired, canary=question.undo is None).of(free)
    return Plan(
        at=question.now,
        state=question.state.digest,
        policy=question.policy.digest,
        intents=question.intents,
        groups=tuple(limits.groups[id] for id in sorted(used, key=natural)),
        waves=waves,
        stop=_stop(free),
        actors=table(free),
        left_out=_left_out(drafted),
        override=question.override,
        undoes="" if question.undo is None else question.undo.plan,
    )


def _left_out(drafted: Drafted) -> tuple[LeftOut, ...]:
    found: dict[tuple[str, str, str], LeftOut] = {}
    told = [(each.id, reason) for each in drafted.drafts for reason in each.reasons]
    for subject, reason in (*drafted.blocked, *told):
        found.setdefault((subject, reason.rule, reason.object), left_out(subject, reason))
    return tuple(found[key] for key in sorted(found, key=lambda key: (natural(key[0]), key[1:])))


def _stop(drafts: Sequence[Draft]) -> Stop:
    """The strictest of what the policy says of any step. A percentage is one of machines, however often each is met."""
    subjects: dict[str, set[str]] = {}
    rails: dict[str, Guardrail] = {}
    for each in drafts:
        assert each.settings is not None
        for rail in each.settings.guardrails:
            subjects.setdefault(rail.name, set()).add(each.id)
            rails[rail.name] = rail
    return Stop(
        failed=min((rail.failed(len(subjects[name])) for name, rail in rails.items()), default=1),
        lost=min((rail.stop_at_lost for rail in rails.values()), default=1),
        alarms=tuple(sorted({name for rail in rails.values() for name in rail.alarms})),
    )
