"""A plan made ready for being carried out: what is asked in every turn, indexed once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from oakum.changes.plans.model import Group, Plan, Step, Wave
from oakum.changes.running.gates import Measure, measures_of
from oakum.policy.openings import Calendar

#: Kinds of change that leave the members of etcd and the API servers of their machine alone.
_QUIET_KINDS = frozenset({"packages", "script"})


class Compiled:
    """A plan with its indexes, and the calendar of the policy that it was made under."""

    def __init__(self, plan: Plan, calendar: Calendar) -> None:
        self.plan, self.calendar, self.hash = plan, calendar, plan.hash
        self.steps: dict[str, Step] = plan.steps
        self.waves: dict[str, Wave] = {wave.id: wave for wave in plan.waves}
        self.wave_of: dict[str, Wave] = {step.id: wave for wave in plan.waves for step in wave.steps}
        self.groups: dict[str, Group] = {group.id: group for group in plan.groups}
        self.members: dict[str, frozenset[str]] = {group.id: frozenset(group.members) for group in plan.groups}

    @cached_property
    def groups_of(self) -> Mapping[str, tuple[str, ...]]:
        """The groups that each machine counts for, by its id."""
        found: dict[str, list[str]] = {}
        for group in self.plan.groups:
            for member in group.members:
                found.setdefault(member, []).append(group.id)
        return {member: tuple(groups) for member, groups in found.items()}

    @cached_property
    def clusters_of(self) -> Mapping[str, tuple[str, ...]]:
        """The clusters of each group's members, by the id of the group; the empty name for hosts."""
        return {group: tuple(sorted({cluster_of(each) for each in several})) for group, several in self.members.items()}

    @cached_property
    def clusters_in(self) -> Mapping[str, tuple[str, ...]]:
        """The clusters of the machines of each wave."""
        return {
            wave.id: tuple(sorted({step.subject.cluster for step in wave.steps if step.subject.kind == "machine"}))
            for wave in self.plan.waves
        }

    @cached_property
    def needed_by(self) -> Mapping[str, tuple[str, ...]]:
        """The waves that need each wave."""
        found: dict[str, list[str]] = {wave: [] for wave in self.waves}
        for wave in self.plan.waves:
            for needed in wave.needs:
                found[needed].append(wave.id)
        return {wave: tuple(several) for wave, several in found.items()}

    @cached_property
    def masters(self) -> Mapping[str, tuple[str, ...]]:
        """The machines of each cluster that serial groups have: those of its control plane, by its name."""
        found: dict[str, dict[str, None]] = {}
        for group in self.plan.groups:
            if group.serial:
                for member in group.members:
                    found.setdefault(cluster_of(member), {})[member] = None
        return {cluster: tuple(members) for cluster, members in found.items() if cluster}

    def group(self, step: Step) -> Group:
        """The limits of a step."""
        return self.groups[step.group]

    def measures(self, wave: str) -> tuple[Measure, ...]:
        """The metrics of a wave's gates, those of all its groups."""
        if wave not in self._measures:
            groups = dict.fromkeys(step.group for step in self.waves[wave].steps)
            metrics = {each: None for group in groups for each in self.groups[group].gate.metrics}
            self._measures[wave] = measures_of(tuple(metrics))
        return self._measures[wave]

    @cached_property
    def _measures(self) -> dict[str, tuple[Measure, ...]]:
        return {}

    def quiet_alarms(self, wave: str) -> frozenset[str]:
        """The alarms that must not fire when a wave ends."""
        groups = dict.fromkeys(step.group for step in self.waves[wave].steps)
        return frozenset(alarm for group in groups for alarm in self.groups[group].gate.quiet_alarms)


def cluster_of(id: str) -> str:
    """The cluster in the id of a machine; empty for a host."""
    cluster, slash, _ = id.partition("/")
    return cluster if slash else ""


def drains(step: Step) -> bool:
    """Whether a step takes its machine out of service first: only a machine of a cluster is drained."""
    return bool(step.subject.cluster) and (
        step.kind == "replace" or step.evictions is not None or any(change.drain for change in step.changes)
    )


def disturbs_control_plane(step: Step) -> bool:
    """Whether a step on a machine of the control plane may stop its member of etcd or its API server for a while."""
    return step.reboot or step.kind == "replace" or any(change.kind not in _QUIET_KINDS for change in step.changes)


def need(step: Step, group: Group) -> int:
    """The seconds that have to be left of a window when a step starts: its work, its soak and its way back."""
    return step.takes.work.p95 + group.soak_node + step.takes.back.p95
