"""Groups: the limits that steps share, and which steps cannot start at all under them as things stand.

Who counts against a limit are all machines of the cluster (or the pool) for which the policy's same budget decides;
those out of service already use up what is allowed. Control planes go one at a time, and only their own machines count
during the run; while it is planned the others out of service count as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from oakum.changes.planning.drafts import Draft
from oakum.changes.planning.reasons import because, machine_edit, policy_edit
from oakum.changes.planning.settings import Doing, Policies, Settings
from oakum.changes.plans.model import Group
from oakum.changes.plans.why_not import Edit, Reason
from oakum.changes.state.model import Machine, State
from oakum.errors import NotAssessableError
from oakum.naming import listed
from oakum.policy.entries import Budget
from oakum.policy.model import DEFAULT

_SERIAL = "https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-upgrade/"


class Count(msgspec.Struct, frozen=True):
    """The machines for which one budget decides in one cluster or pool, how many may be out, and which are."""

    budget: Budget
    members: tuple[str, ...]
    allowed: int
    out: tuple[str, ...]
    domains: frozenset[str]


class Limits:
    """The groups of a plan. ``groups`` has them by id; drafts get theirs by ``place``."""

    def __init__(self, state: State, policies: Policies) -> None:
        self._state, self._policies = state, policies
        self._counts: dict[object, Count] = {}
        self._ids: dict[bytes, str] = {}
        self._full: dict[tuple[object, ...], tuple[Reason, ...]] = {}
        self.groups: dict[str, Group] = {}

    def place(self, draft: Draft) -> None:
        """Gives a draft its failure domain and its group, and blocks it where no step of it could start now."""
        settings, machine = draft.settings, draft.machine
        assert settings is not None
        if machine is None:
            return
        counts = [self._count(machine, budget, draft.doings) for budget in settings.budgets]
        label = _label(settings.budgets)
        draft.domain = machine.labels.get(label, "")
        for count in counts:
            # Machines of one failure domain meet the same limits, unless they are out themselves.
            mine = machine.id if is_out(machine) else ""
            key = id(count), machine.labels.get(count.budget.domain_label, ""), mine
            if key not in self._full:
                self._full[key] = tuple(_blocked(machine, count, self._state.by_id))
            # The way back of a machine that is out already makes nothing worse.
            for reason in () if draft.undoes and mine else self._full[key]:
                draft.block(reason)
        if machine.role == "control-plane":
            for reason in self._serial(machine):
                draft.block(reason)

    def _serial(self, machine: Machine) -> Iterable[Reason]:
        """Another control-plane machine that is out of service: one at a time counts it."""
        masters = [each for each in self._state.by_cluster.get(machine.cluster, ()) if each.role == "control-plane"]
        out = [each.id for each in masters if each.id != machine.id and is_out(each)]
        if out:
            yield because(
                "control-plane-serial", f"{machine.cluster}: control plane",
                f"{', '.join(out)} of {len(masters)} control-plane machines {'is' if len(out) == 1 else 'are'} out of "
                "service, and they are disturbed one at a time",
                _SERIAL, f"bring {', '.join(out)} back into service", _mended(out, self._state.by_id),
                machines=len(masters), out=len(out),
            )  # fmt: skip

    def enter(self, drafts: Sequence[Draft]) -> None:
        """Puts drafts that become steps into groups."""
        objects: dict[tuple[str, bytes], list[Draft]] = {}
        masters: dict[tuple[str, str, bytes], list[Draft]] = {}
        for draft in drafts:
            assert draft.settings is not None
            key = _limits_key(draft.settings)
            if draft.machine is None:
                objects.setdefault((draft.subject.cluster, key), []).append(draft)
            elif draft.machine.role == "control-plane":
                label = _label(draft.settings.budgets)
                masters.setdefault((draft.subject.cluster, label, key), []).append(draft)
            else:
                draft.group = self._group(draft, draft.machine)
        for several in masters.values():
            self._group_of_masters(several)
        for several in objects.values():
            self._group_of_objects(several)

    def _count(self, machine: Machine, budget: Budget, doings: Sequence[Doing]) -> Count:
        pool = machine.pool if budget.per == "pool" else None
        key = (machine.cluster, pool, budget.name, tuple(doings))
        if key not in self._counts:
            members = tuple(
                each
                for each in self._state.by_cluster.get(machine.cluster, ())
                if (pool is None or each.pool == pool) and self._decides(budget, each, doings)
            )
            out = tuple(each for each in members if is_out(each))
            domains = frozenset(each.labels.get(budget.domain_label, "") for each in out)
            self._counts[key] = Count(
                budget, tuple(each.id for each in members), budget.nodes(len(members)), tuple(each.id for each in out),
                domains,
            )  # fmt: skip
        return self._counts[key]

    def _decides(self, budget: Budget, machine: Machine, doings: Sequence[Doing]) -> bool:
        """Whether a budget is that of a machine for one of some changes; a machine that nobody can place counts."""
        try:
            return any(each.name == budget.name for each in self._policies.of_machine(machine, doings).budgets)
        except NotAssessableError:
            return True

    def _group(self, draft: Draft, machine: Machine) -> str:
        settings = draft.settings
        assert settings is not None
        counts = [self._count(machine, budget, draft.doings) for budget in settings.budgets]
        key = msgspec.json.encode(
            [
                (machine.cluster, draft.doings),
                [(each.budget, machine.pool if each.budget.per == "pool" else "") for each in counts],
            ]
        ) + _limits_key(settings)
        if key not in self._ids:
            pool = machine.pool if any(each.budget.per == "pool" for each in counts) else ""
            made = self._made(
                settings,
                members=tuple(dict.fromkeys(name for each in counts for name in each.members)),
                most=min(each.allowed for each in counts),
                domains=min(each.max_domains for each in settings.budgets),
            )
            self._ids[key] = self._add(made, "/".join(filter(None, (machine.cluster or "hosts", machine.role, pool))))
        return self._ids[key]

    def _group_of_masters(self, drafts: Sequence[Draft]) -> None:
        """One group for the whole control plane, whatever budgets decide: one at a time is stricter."""
        several = [each.settings for each in drafts if each.settings is not None]
        cluster = drafts[0].subject.cluster
        around = self._state.by_cluster.get(cluster, ())
        made = self._made(
            several[0],
            members=tuple(each.id for each in around if each.role == "control-plane"),
            most=1,
            domains=min(budget.max_domains for each in several for budget in each.budgets),
            serial=True,
        )
        id = self._add(made, f"{cluster}/control-plane")
        for each in drafts:
            each.group = id

    def _made(
        self, settings: Settings, *, members: tuple[str, ...], most: int, domains: int, serial: bool = False
    ) -> Callable[[str], Group]:
        label, by_id = _label(settings.budgets), self._state.by_id

        def made(id: str) -> Group:
            return Group(
                id=id, members=members, max_unavailable=most, max_domains=domains, serial=serial,
                domain_of={name: by_id[name].labels.get(label, "") if name in by_id else "" for name in members},
                calendars=settings.calendars, soak_node=settings.soak.after_node, gate=settings.gate,
                drain=settings.drain, escalation=settings.escalation, approval=settings.approval,
            )  # fmt: skip

        return made

    def _group_of_objects(self, drafts: Sequence[Draft]) -> None:
        settings = drafts[0].settings
        assert settings is not None
        members = tuple(dict.fromkeys(each.id for each in drafts))
        made = self._made(settings, members=members, most=1, domains=1, serial=True)
        id = self._add(made, f"{drafts[0].subject.cluster}/objects")
        for each in drafts:
            each.group = id

    def _add(self, made: Callable[[str], Group], name: str) -> str:
        """Under a readable id; groups that are alike in everything are one."""
        number = 1
        while True:
            id = name if number == 1 else f"{name}#{number}"
            group = made(id)
            if self.groups.setdefault(id, group) == group:
                return id
            number += 1


def is_out(machine: Machine) -> bool:
    """Whether a machine counts as unavailable: cordoned, not healthy, or nobody knows."""
    return machine.cordoned or machine.healthy is not True


def _limits_key(settings: Settings) -> bytes:
    return msgspec.json.encode(
        [settings.calendars, settings.soak.after_node, settings.gate, settings.drain, settings.escalation,
         settings.approval]
    )  # fmt: skip


def _label(budgets: Iterable[Budget]) -> str:
    """The label of the budget that allows the fewest domains."""
    return min(budgets, key=lambda each: (each.max_domains, each.domain_label)).domain_label


def _blocked(machine: Machine, count: Count, by_id: Mapping[str, Machine]) -> Iterable[Reason]:
    """Why no step of the group, or of this failure domain, could start as things stand."""
    budget, where = count.budget, machine.cluster or "hosts"
    others = [name for name in count.out if name != machine.id]
    source = f"policy: budgets {budget.name}"
    if count.allowed == 0:
        yield because(
            "max-unavailable-none", f"{where}: budget {budget.name}",
            f"{budget.max_unavailable} of {len(count.members)} machines rounds down to none that may be out of service",
            source, "say at_least: 1 in the budget, or a larger max_unavailable", _one_at_least(budget),
            members=len(count.members), max_unavailable=str(budget.max_unavailable),
        )  # fmt: skip
        return
    if len(others) >= count.allowed:
        mend = others[: len(others) - count.allowed + 1]
        yield because(
            "max-unavailable", f"{where}: budget {budget.name}",
            f"{len(others)} of {len(count.members)} machines {'is' if len(others) == 1 else 'are'} out of service, and "
            f"at most {count.allowed} may be",
            source, f"bring {listed(mend, 5)} back into service",
            _mended(mend, by_id), members=len(count.members), out=len(others), allowed=count.allowed,
        )  # fmt: skip
    label = budget.domain_label
    domain = machine.labels.get(label, "")
    out: dict[str, list[str]] = {}
    for name in others:
        out.setdefault(by_id[name].labels.get(label, ""), []).append(name)
    if len({*out, domain}) > budget.max_domains:
        fewest = sorted((each for each in out if each != domain), key=lambda each: (len(out[each]), each))
        mend = [name for each in fewest[: len({*out, domain}) - budget.max_domains] for name in out[each]]
        yield because(
            "max-domains", f"{where}: {label} {domain or '(none)'}",
            f"machines are out of service in {', '.join(sorted(each or '(none)' for each in out))}, and at most "
            f"{budget.max_domains} failure {'domain' if budget.max_domains == 1 else 'domains'} may be disturbed",
            source, f"bring {listed(mend, 5)} back into service", _mended(mend, by_id),
            domains=len(out), allowed=budget.max_domains,
        )  # fmt: skip


def _one_at_least(budget: Budget) -> list[Edit]:
    if budget.name == DEFAULT:
        return []
    return [policy_edit("budgets", budget.name, "at_least", 1)]


def _mended(names: Iterable[str], by_id: Mapping[str, Machine]) -> list[Edit]:
    edits: list[Edit] = []
    for name in names:
        machine = by_id[name]
        if machine.healthy is not True:
            edits.append(machine_edit(name, "healthy", True))
        if machine.owner:
            edits.append(machine_edit(name, "owner", ""))
        if machine.cordoned:
            edits.append(machine_edit(name, "cordoned", False))
    return edits
