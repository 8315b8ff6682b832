"""What a policy says about one step: the strictest of what it says about each change that the step makes.

A fleet has few different answers: machines that look alike to every scope of the policy share theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec

from oakum.changes.plans.model import Override
from oakum.changes.state.model import Cluster, Machine
from oakum.fleet.cluster.objects import Object
from oakum.policy.entries import (
    Approval,
    Budget,
    Canary,
    Drain,
    Entry,
    Escalation,
    Gate,
    Guardrail,
    Metric,
    Protected,
    Soak,
)
from oakum.policy.model import Policy
from oakum.policy.scopes import FACTS, Scope, Target

Names = tuple[str, ...]
#: Kind and reversibility of a change: what a policy may tell apart beside the target.
Doing = tuple[str, str]
_Entry = TypeVar("_Entry", bound=Entry)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a step obeys. ``budgets``, ``canaries``, ``guardrails``, ``approvals`` are those of its changes, each once.

    How many machines canaries and guardrails mean is known only when the machines are counted. ``approval`` is what
    meets all ``approvals``, if anything does. ``overridden`` says whether the override is for all of the changes.
    """

    budgets: tuple[Budget, ...]
    protections: tuple[Protected, ...]
    calendars: tuple[tuple[Names, Names], ...]
    canaries: tuple[Canary, ...]
    soak: Soak
    gate: Gate
    guardrails: tuple[Guardrail, ...]
    approvals: tuple[Approval, ...]
    approval: Approval
    escalation: Escalation
    drain: Drain
    overridden: bool
    stage: int

    @property
    def options(self) -> dict[str, object]:
        """The options of our drain profile."""
        return {"delete_emptydir_data": self.drain.local_data == "evict"}


class Policies:
    """The answers of one policy, kept by what its scopes can tell apart."""

    def __init__(self, policy: Policy, override: Override | None) -> None:
        self.policy, self.override = policy, override
        self._facts, self._labels, self._whole_labels = _asked(policy)
        self._kept: dict[object, Settings] = {}

    def of_machine(self, machine: Machine, doings: Sequence[Doing]) -> Settings:
        """The settings of a visit. Raises NotAssessableError where a fact that decides is not known."""
        seen = (machine.cluster, machine.role, machine.pool)
        labels = tuple(machine.labels.get(each) for each in self._labels)
        facts = tuple(machine.facts.get(each) for each in ("environment", "region", "tier"))
        zone = machine.labels.get("topology.kubernetes.io/zone")
        rest = (machine.name,) if "node" in self._facts or self._whole_labels else ()
        key = (seen, labels, facts, zone, rest, tuple(doings))
        if key not in self._kept:
            self._kept[key] = self._found([(machine.target(*each), each) for each in doings])
        return self._kept[key]

    def of_object(self, one: Object, cluster: Cluster, doings: Sequence[Doing]) -> Settings:
        """The settings of the change of an object. Raises NotAssessableError likewise."""
        return self._found([(target_of(one, cluster, *each), each) for each in doings])

    def _found(self, several: Sequence[tuple[Target, Doing]]) -> Settings:
        policy = self.policy
        targets = [target for target, _ in several]
        approvals = _distinct(policy.approval_for(each) for each in targets)
        emergencies = {"" if each is None else each.name for each in map(policy.emergency_for, targets)}
        # One that is not for every change of the visit lifts nothing for any of them.
        chosen = self.override if self.override is not None and emergencies == {self.override.emergency} else None
        lifts = chosen.lifts if chosen is not None else ()
        calendars = {
            (
                tuple(sorted(each.name for each in policy.windows_for(target))),
                tuple(sorted(each.name for each in policy.freezes_for(target) if each.name not in lifts)),
            )
            for target in targets
        }
        protections = {each.name: each for target in targets for each in policy.protections_for(target)}
        return Settings(
            budgets=_distinct(policy.budget_for(each) for each in targets),
            protections=tuple(protections[name] for name in sorted(protections)),
            calendars=() if chosen is not None and chosen.outside_windows else tuple(sorted(calendars)),
            canaries=_distinct(policy.canary_for(each) for each in targets),
            soak=_soak([policy.soak_for(each) for each in targets]),
            gate=_gate([policy.gate_for(each) for each in targets]),
            guardrails=_distinct(policy.guardrail_for(each) for each in targets),
            approvals=approvals,
            approval=_approval(approvals),
            escalation=_escalation([policy.escalation_for(each) for each in targets]),
            drain=_drain([policy.drain_for(each) for each in targets]),
            overridden=chosen is not None,
            stage=max(policy.stage_for(each) for each in targets),
        )


def target_of(one: Object, cluster: Cluster, change: str, reversibility: str) -> Target:
    """An object of a cluster as a policy sees it."""
    return Target(
        cluster=cluster.name, environment=cluster.facts.get("environment"), region=cluster.facts.get("region"),
        tier=cluster.facts.get("tier"), node_role="", pool="", zone="", node="", namespace=one.metadata.namespace,
        workload=f"{one.kind}/{one.metadata.name}", change=change, reversibility=reversibility,
        labels=dict(one.metadata.labels),
    )  # fmt: skip


def _asked(policy: Policy) -> tuple[frozenset[str], tuple[str, ...], bool]:
    """The facts and labels that the scopes of a policy ask for, and whether a condition may ask for any label."""
    sections = (
        policy.windows, policy.freezes, policy.protected, policy.emergency, policy.budgets, policy.order.stages,
        policy.canary, policy.soak, policy.gates, policy.guardrails, policy.approvals, policy.escalation, policy.drain,
    )  # fmt: skip
    scopes: list[Scope] = [each.scope for section in sections for each in section]
    words = {word for each in scopes for word in re.findall(r"\w+", each.condition)}
    facts = {name for each in scopes for name in each.facts} | (words & FACTS.keys())
    labels = {name for each in scopes for name in each.labels}
    return frozenset(facts), tuple(sorted(labels)), "labels" in words


def _distinct(several: Iterable[_Entry]) -> tuple[_Entry, ...]:
    return tuple({each.name: each for each in several}.values())


def _soak(several: Sequence[Soak]) -> Soak:
    node, wave = max(each.after_node for each in several), max(each.after_wave for each in several)
    return msgspec.structs.replace(several[0], after_node=node, after_wave=wave)


def _gate(several: Sequence[Gate]) -> Gate:
    asked = [each.ready_within for each in several if each.ready_within]
    metrics: dict[str, Metric] = {}
    for gate in several:
        for metric in gate.metrics:
            one = metric
            # What is measured is told apart by its name alone.
            while metrics.setdefault(one.name, one) != one:
                one = msgspec.structs.replace(one, name=f"{gate.name}: {one.name}")
    return msgspec.structs.replace(
        several[0],
        ready_within=min(asked, default=0),
        rescan=any(each.rescan for each in several),
        metrics=tuple(metrics.values()),
        quiet_alarms=tuple(sorted({name for each in several for name in each.quiet_alarms})),
    )


def _approval(several: Sequence[Approval]) -> Approval:
    """Those who may agree to all of it; where nobody may no step is made, and never does it become anybody."""
    most = max(several, key=asks)
    return msgspec.structs.replace(
        most,
        count=max(each.count for each in several),
        roles=shared([each.roles for each in several]) or most.roles,
        forward_only_count=max(each.forward_only_count for each in several),
        forward_only_roles=shared([each.forward_only_roles for each in several]) or most.forward_only_roles,
    )


def asks(one: Approval) -> tuple[int, int, str]:
    """A key that puts entries which ask for more people behind others."""
    return one.count, one.forward_only_count, one.name


def shared(several: Sequence[Names]) -> Names:
    """The roles that all name who name any; none where nobody does, or they have none in common."""
    named = [set(each) for each in several if each]
    return tuple(sorted(set.intersection(*named))) if named else ()


def _escalation(several: Sequence[Escalation]) -> Escalation:
    """A ladder that ends without force, where one does."""
    return min(several, key=lambda each: any(step.do == "force-evict" for step in each.steps))


def _drain(several: Sequence[Drain]) -> Drain:
    return msgspec.structs.replace(
        several[0],
        timeout=min(each.timeout for each in several),
        max_grace=min(each.max_grace for each in several),
        local_data="block" if any(each.local_data == "block" for each in several) else "evict",
        unreplicated="block" if any(each.unreplicated == "block" for each in several) else "evict",
    )
