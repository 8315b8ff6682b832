"""How many nodes may be out of service, and in how many failure domains: the policy's budgets, counted in truth.

Judged when we take a machine out: with it, and with all that are out already by anybody, there may be no more than the
budget allows. Who is out when others break more afterwards is not ours. A machine that was out already when we took it
takes nothing from anybody. Machines that came after the start are nobody's capacity yet, and control planes are counted
for themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from oakum.policy.entries import Budget
from oakum.simulation.invariants.base import US, Court, Invariant, kinds_of, targets
from oakum.simulation.things import ZONE, Machine

#: Cluster, pool (empty: the whole cluster), whether control plane, the budget's name, and the kind of change.
_Group = tuple[str, str, bool, str, tuple[str, str]]


class _Counting(Invariant):
    """Follows which machines are out of service or in our hands."""

    def __init__(self, court: Court) -> None:
        super().__init__(court)
        self._known = {each.uid for each in self.world.machines.values()}
        self._out: dict[str, dict[str, Machine]] = {}
        self._taken: set[str] = set()
        self._totals: dict[_Group, int] = {}
        for each in self.world.machines.values():
            if is_out(each):
                self._of(each)[each.uid] = each
            if taken(each):
                self._taken.add(each.uid)

    def _of(self, machine: Machine) -> dict[str, Machine]:
        return self._out.setdefault(machine.cluster.name if machine.cluster else "", {})

    def turned(self, machine: Machine) -> None:
        """The service, the cordon or the claim of a machine has changed."""
        if machine.uid not in self._known:
            return
        out = self._of(machine)
        was_out = machine.uid in out
        if is_out(machine):
            out[machine.uid] = machine
        else:
            out.pop(machine.uid, None)
        if not taken(machine):
            self._taken.discard(machine.uid)
        elif machine.uid not in self._taken:
            self._taken.add(machine.uid)
            if not was_out:
                self._judge(machine)

    def _judge(self, machine: Machine) -> None:
        act = self.court.acting
        step = self.terms.step(act) if act is not None else None
        for kind, target in zip(kinds := kinds_of(step), targets(machine, kinds), strict=True):
            budget = self.terms.policy.budget_for(target)
            group = self._group(machine, budget, kind)
            self.judge(machine, budget, group, list(self._others(machine, budget, group)))

    def judge(self, machine: Machine, budget: Budget, group: _Group, others: list[Machine]) -> None:
        """Whether ``machine`` may be out beside the ``others`` of its group."""

    def _group(self, machine: Machine, budget: Budget, kind: tuple[str, str]) -> _Group:
        cluster = machine.cluster.name if machine.cluster else ""
        return cluster, machine.pool if budget.per == "pool" else "", machine.role == "control-plane", budget.name, kind

    def _others(self, machine: Machine, budget: Budget, group: _Group) -> Iterator[Machine]:
        """Those of its group that are out and could be seen to be."""
        for each in self._of(machine).values():
            if each is machine or not self._member(each, budget, group):
                continue
            if taken(each) or not self.court.fresh(self.court.seen_since.get(each.id, -1e9)):
                yield each

    def _member(self, machine: Machine, budget: Budget, group: _Group) -> bool:
        if (budget.per == "pool" and machine.pool != group[1]) or (machine.role == "control-plane") is not group[2]:
            return False
        (target,) = targets(machine, [group[4]])
        return self.terms.policy.budget_for(target).name == budget.name

    def total(self, budget: Budget, group: _Group) -> int:
        """How many machines the group has at the most: now, or when it was counted before."""
        if group not in self._totals:
            machines = [
                each for each in self.world.machines.values() if (each.cluster.name if each.cluster else "") == group[0]
            ]
            self._totals[group] = sum(self._member(each, budget, group) for each in machines)
        return self._totals[group]

    def recheck(self) -> None:
        """Counts anew."""
        found = {each.uid for each in self.world.machines.values() if each.uid in self._known and is_out(each)}
        kept = {uid for out in self._out.values() for uid in out}
        assert found == kept, f"{sorted(found ^ kept)} were counted wrongly"


class NodeBudget(_Counting):
    """No more nodes than the budget allows are out of service when we have taken one."""

    name: ClassVar[str] = "node-budget"
    rule: ClassVar[str] = "we take no node while, with it, more are out of service than the policy's budget allows"
    source: ClassVar[str] = "policy: budgets.max_unavailable"

    def judge(self, machine: Machine, budget: Budget, group: _Group, others: list[Machine]) -> None:
        """Counts nodes."""
        most = budget.nodes(self.total(budget, group))
        if len(others) + 1 > most:
            names = ", ".join(sorted(each.id for each in others)) or "no other"
            self.report(machine.id, f"taken while {names} is out; {budget.name!r} allows {most} at once")


class DomainBudget(_Counting):
    """No more failure domains than the budget allows have a node out of service when we have taken one."""

    name: ClassVar[str] = "domain-budget"
    rule: ClassVar[str] = "we take no node while, with it, more failure domains are hurt than the policy allows"
    source: ClassVar[str] = "policy: budgets.max_domains"

    def judge(self, machine: Machine, budget: Budget, group: _Group, others: list[Machine]) -> None:
        """Counts domains; where a machine has no label its domain is not known, and not counted here."""
        domain = domain_of(machine, budget.domain_label)
        hurt = {domain_of(each, budget.domain_label) for each in others} - {""}
        if domain and domain not in hurt and len(hurt) + 1 > budget.max_domains:
            others_hurt = ", ".join(sorted(hurt))
            why = f"taken in {domain} while {others_hurt} is hurt; {budget.name!r} allows {budget.max_domains}"
            self.report(machine.id, why)


def taken(machine: Machine) -> bool:
    """Whether we have it in our hands: claimed, cordoned or taken down by us."""
    ours = machine.claim is not None or (machine.unschedulable and machine.cordoner == US)
    return not machine.gone and (ours or (not machine.alive and machine.down_by == US))


def is_out(machine: Machine) -> bool:
    """Whether it is out of service for anybody who looks, or in our hands."""
    return not machine.gone and (machine.impaired or taken(machine))


def domain_of(machine: Machine, label: str) -> str:
    """The failure domain of a machine; empty where nobody says."""
    return machine.labels.get(label) or (machine.zone if label == ZONE else "")
