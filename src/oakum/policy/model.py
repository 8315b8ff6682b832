"""The policy: frozen, with a canonical form and its digest, and the questions that the planner asks.

One rule of precedence: for settings the first entry that matches decides; windows of all matches are a union; all
matching freezes and protections hold. Where no entry of a section matches, the careful default below decides. The
digest is independent of the order of files, of windows, freezes, protections and approvers, of comments and of
formatting.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from oakum.errors import NotAssessableError, Place
from oakum.policy.entries import (
    Approval,
    Approver,
    Budget,
    Canary,
    Drain,
    Emergency,
    Entry,
    Escalation,
    Freeze,
    Gate,
    Guardrail,
    Protected,
    Soak,
    Stage,
    Window,
)
from oakum.policy.scopes import Scope, Target

#: The name of a decision that no entry of the policy took.
DEFAULT = "(default)"
_ALL = Scope()
_Setting = TypeVar("_Setting", bound=Entry)


class Order(msgspec.Struct, frozen=True):
    """What goes first: clusters by stage, then nodes by role and by pool; what is not named comes last."""

    stages: tuple[Stage, ...] = ()
    node_roles: tuple[str, ...] = ("control-plane", "worker")
    pools: tuple[str, ...] = ()


class Policy(msgspec.Struct, frozen=True):
    """Everything that a policy folder says. ``roles`` are the roles of people, each with what it may do."""

    roles: dict[str, str] = msgspec.field(default_factory=dict)
    windows: tuple[Window, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    protected: tuple[Protected, ...] = ()
    emergency: tuple[Emergency, ...] = ()
    budgets: tuple[Budget, ...] = ()
    order: Order = Order()
    canary: tuple[Canary, ...] = ()
    soak: tuple[Soak, ...] = ()
    gates: tuple[Gate, ...] = ()
    guardrails: tuple[Guardrail, ...] = ()
    approvals: tuple[Approval, ...] = ()
    escalation: tuple[Escalation, ...] = ()
    drain: tuple[Drain, ...] = ()
    approvers: tuple[Approver, ...] = ()

    @property
    def zone_names(self) -> frozenset[str]:
        """The IANA time zones that a caller has to load."""
        return frozenset(
            name
            for schedules in (each.schedules for entries in (self.windows, self.freezes) for each in entries)
            for schedule in schedules
            for name in schedule.zone_names
        )

    def canonical(self) -> bytes:
        """The canonical form: JSON with sorted keys, everything whose order means nothing sorted by name."""
        unordered = {
            key: tuple(sorted(getattr(self, key), key=lambda each: each.name))
            for key in ("windows", "freezes", "protected", "approvers")
        }
        policy = msgspec.structs.replace(self, **unordered)
        return msgspec.json.encode({"format": "oakum-policy/1", "policy": policy}, order="sorted")

    @property
    def digest(self) -> str:
        """``sha256:`` and the hash of the canonical form."""
        return f"sha256:{hashlib.sha256(self.canonical()).hexdigest()}"

    def windows_for(self, target: Target) -> tuple[Window, ...]:
        """The windows that are known to be for the target."""
        return tuple(each for each in self.windows if each.scope.matches(target))

    def freezes_for(self, target: Target) -> tuple[Freeze, ...]:
        """The freezes that hold for the target, those included of which it is not known whether they do."""
        return tuple(each for each in self.freezes if each.scope.matches(target) is not False)

    def protections_for(self, target: Target) -> tuple[Protected, ...]:
        """Why the target may not be touched; empty where it may. What is not known counts as protected."""
        return tuple(each for each in self.protected if each.scope.matches(target) is not False)

    def emergency_for(self, target: Target) -> Emergency | None:
        """Who may override freezes or windows for the target; None where nobody may."""
        return _first(self.emergency, target, "emergency")

    def budget_for(self, target: Target) -> Budget:
        """How much may be unavailable. By default one node, in one domain."""
        return _first(self.budgets, target, "budgets") or Budget(DEFAULT, _ALL)

    def canary_for(self, target: Target) -> Canary:
        """Who goes first. By default one node, watched for no longer than any other."""
        return _first(self.canary, target, "canary") or Canary(DEFAULT, _ALL)

    def soak_for(self, target: Target) -> Soak:
        """How long to watch. By default no longer than the gates take."""
        return _first(self.soak, target, "soak") or Soak(DEFAULT, _ALL)

    def gate_for(self, target: Target) -> Gate:
        """What must be shown. By default readiness within 15 minutes, and our own scan."""
        return _first(self.gates, target, "gates") or Gate(DEFAULT, _ALL)

    def guardrail_for(self, target: Target) -> Guardrail:
        """When the run stops. By default at the first failed or lost node."""
        return _first(self.guardrails, target, "guardrails") or Guardrail(DEFAULT, _ALL)

    def approval_for(self, target: Target) -> Approval:
        """Who has to agree. By default anybody but the requester, and again before a forward-only step."""
        return _first(self.approvals, target, "approvals") or Approval(DEFAULT, _ALL)

    def escalation_for(self, target: Target) -> Escalation:
        """The ladder for a blocked drain. By default wait 30 minutes, then skip the node and report it."""
        return _first(self.escalation, target, "escalation") or Escalation(DEFAULT, _ALL)

    def drain_for(self, target: Target) -> Drain:
        """How to drain. By default an hour, and local data and unreplicated pods block."""
        return _first(self.drain, target, "drain") or Drain(DEFAULT, _ALL)

    def stage_for(self, target: Target) -> int:
        """The place of the target's stage, from 0; what is in no stage comes after all of them."""
        stage = _first(self.order.stages, target, "order.stages")
        return len(self.order.stages) if stage is None else self.order.stages.index(stage)


def _first(entries: Sequence[_Setting], target: Target, section: str) -> _Setting | None:
    """The first entry that matches. Raises NotAssessableError where a fact that decides it is not known."""
    for each in entries:
        matches = each.scope.matches(target)
        if matches is None:
            facts = ", ".join(each.scope.unknown_facts(target))
            raise NotAssessableError(
                f"whether {each.name!r} decides is not known: {facts}",
                place=Place(field=f"policy {section}"),
                remedy="state the fact of the target, or put an entry that needs no such fact before it",
            )
        if matches:
            return each
    return None
