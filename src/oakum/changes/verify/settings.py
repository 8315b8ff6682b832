"""What the policy says for a target, all of it at once, and once for all targets that the policy cannot tell apart.

A fleet has many machines and few kinds of them. Two targets whose facts differ only in what no entry of the policy asks
for get the very same ``Settings``, so that whoever compares groups with settings compares each pair once.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from oakum.errors import NotAssessableError
from oakum.policy.entries import (
    Approval,
    Budget,
    Canary,
    Drain,
    Emergency,
    Entry,
    Escalation,
    Gate,
    Guardrail,
    Protected,
    Soak,
)
from oakum.policy.model import Policy
from oakum.policy.scopes import FACTS, Target

Pair = tuple[frozenset[str], frozenset[str]]


class Settings(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The entries that decide for a target. ``stage`` is the place of its stage."""

    windows: frozenset[str]
    freezes: frozenset[str]
    protected: tuple[Protected, ...]
    emergency: Emergency | None
    budget: Budget
    canary: Canary
    soak: Soak
    gate: Gate
    guardrail: Guardrail
    approval: Approval
    escalation: Escalation
    drain: Drain
    stage: int


class Book:
    """The settings of a policy, by what it can tell apart."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        scopes = [entry.scope for entry in _entries(policy)]
        whole = any(scope.condition for scope in scopes)
        self._facts = tuple(FACTS) if whole else tuple(sorted({fact for scope in scopes for fact in scope.facts}))
        self._labels = tuple(sorted({label for scope in scopes for label in scope.labels}))
        self._known: dict[object, Settings | NotAssessableError] = {}

    def of(self, target: Target) -> Settings:
        """What the policy says for a target. Raises NotAssessableError where a fact that decides is not known."""
        key = self._key(target)
        found = self._known.get(key)
        if found is None:
            try:
                found = self._ask(target)
            except NotAssessableError as error:
                found = error
            self._known[key] = found
        if isinstance(found, NotAssessableError):
            raise found
        return found

    def _key(self, target: Target) -> object:
        facts = tuple(getattr(target, fact) for fact in self._facts)
        labels = target.labels
        if labels is None:
            return facts
        # Where a condition may ask for any label, all facts together name the machine or object, and it has its labels.
        return facts, tuple(labels.get(label) for label in self._labels)

    def _ask(self, target: Target) -> Settings:
        policy = self._policy
        return Settings(
            windows=frozenset(each.name for each in policy.windows_for(target)),
            freezes=frozenset(each.name for each in policy.freezes_for(target)),
            protected=policy.protections_for(target),
            emergency=policy.emergency_for(target),
            budget=policy.budget_for(target),
            canary=policy.canary_for(target),
            soak=policy.soak_for(target),
            gate=policy.gate_for(target),
            guardrail=policy.guardrail_for(target),
            approval=policy.approval_for(target),
            escalation=policy.escalation_for(target),
            drain=policy.drain_for(target),
            stage=policy.stage_for(target),
        )


def _entries(policy: Policy) -> Iterable[Entry]:
    for several in (
        policy.windows, policy.freezes, policy.protected, policy.emergency, policy.budgets, policy.order.stages,
        policy.canary, policy.soak, policy.gates, policy.guardrails, policy.approvals, policy.escalation, policy.drain,
    ):  # fmt: skip
        yield from several
