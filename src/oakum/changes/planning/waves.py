"""The order of steps as a graph of waves: stages, clusters, phases, canaries, roles, pools, and the own machines last.

Clusters of one stage need nothing of each other; a stage needs the one before it, and a segment (a barrier between
intents) all that came before. Within a cluster each wave needs the one before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from oakum.changes.planning.canary import canaries
from oakum.changes.planning.drafts import Draft, natural
from oakum.changes.plans.model import Step, Wave
from oakum.policy.model import Order

#: What the machines of a role are called.
_ROLES: dict[str, str] = {"control-plane": "control-plane machines", "worker": "workers"}


class _Part(msgspec.Struct):
    """A wave in the making."""

    name: str
    drafts: list[Draft]
    needs: list[int]
    soak: int


class Waves:
    """The waves of some drafts. ``steps`` makes the step of a draft."""

    def __init__(self, order: Order, steps: Callable[[Draft], Step], impaired: frozenset[str], *, canary: bool) -> None:
        self._order, self._steps, self._impaired, self._canary = order, steps, impaired, canary
        self._parts: list[_Part] = []

    def of(self, drafts: Sequence[Draft]) -> tuple[Wave, ...]:
        """The waves, each after those that it needs."""
        chains = _chains(drafts)
        before: list[int] = []
        for (at, stage), clusters in _by_stage(chains):
            ends = [self._chain(cluster, chains[at, stage, cluster], before) for cluster in clusters]
            for end in ends:
                self._parts[end].soak = max(self._parts[end].soak, self._stage_soak(stage))
            before = ends
        return tuple(
            Wave(
                id=f"w{number + 1}", name=part.name, needs=tuple(f"w{each + 1}" for each in part.needs),
                steps=tuple(self._steps(each) for each in part.drafts), soak=part.soak,
            )
            for number, part in enumerate(self._parts)
        )  # fmt: skip

    def _stage_soak(self, stage: int) -> int:
        return self._order.stages[stage].soak if stage < len(self._order.stages) else 0

    def _chain(self, cluster: str, drafts: Sequence[Draft], before: Sequence[int]) -> int:
        """The waves of one cluster in one stage; the number of the last one."""
        needs = list(before)
        phases = sorted({each.phase for each in drafts})
        for phase in phases:
            here = [each for each in drafts if each.phase == phase]
            kinds = ", ".join(dict.fromkeys(change.kind for each in here for change in each.changes))
            for name, several, soak in self._sections(here):
                where = cluster or "hosts"
                called = f"{where}: {kinds}, {name}" if name else f"{where}: {kinds}"
                self._parts.append(_Part(called, several, needs, soak))
                needs = [len(self._parts) - 1]
        return needs[-1]

    def _sections(self, drafts: Sequence[Draft]) -> Iterable[tuple[str, list[Draft], int]]:
        """What follows each other in one phase of a cluster: name, drafts in order, soak."""
        objects = [each for each in drafts if each.machine is None]
        machines = [each for each in drafts if each.machine is not None]
        first = canaries(machines, self._order.pools) if self._canary else []
        # Where all are canaries they are no wave of their own, but what comes first is watched as they are.
        alone = len(first) == len(machines)
        if not alone:
            soak = max(_soak(first), _watched(first))
            # Control planes go one at a time, and never beside workers.
            for masters in (False, True):
                several = [each for each in first if _is_master(each) == masters]
                if several:
                    yield "canary", self._sorted(several), soak
        else:
            first = []
        gone = {id(each) for each in first}
        rest = [each for each in machines if id(each) not in gone]
        sections: dict[tuple[bool, int, int], list[Draft]] = {}
        for each in rest:
            sections.setdefault(self._section(each), []).append(each)
        for place, key in enumerate(sorted(sections), 1):
            own, _, _ = key
            machine = sections[key][0].machine
            name = "own machines" if own or machine is None else _ROLES.get(machine.role, machine.role)
            pools = {one.machine.pool for one in sections[key] if one.machine is not None} - {""}
            if self._order.pools and not own:
                name = f"{name} {', '.join(sorted(pools, key=natural))}".strip()
            soak = _soak(sections[key])
            if alone and place < len(sections):
                soak = max(soak, _watched(sections[key]))
            yield name, self._sorted(sections[key]), soak
        if objects:
            yield "", objects, _soak(objects)

    def _section(self, draft: Draft) -> tuple[bool, int, int]:
        machine = draft.machine
        assert machine is not None
        return machine.ours, _index(self._order.node_roles, machine.role), _index(self._order.pools, machine.pool)

    def _sorted(self, drafts: Iterable[Draft]) -> list[Draft]:
        """One failure domain after the other, those that are disturbed already first."""

        def key(draft: Draft) -> tuple[object, ...]:
            pool = draft.machine.pool if draft.machine is not None else ""
            place = _index(self._order.pools, pool)
            return place, draft.domain not in self._impaired, natural(draft.domain), natural(pool), natural(draft.id)

        return sorted(drafts, key=key)


def _is_master(draft: Draft) -> bool:
    return draft.machine is not None and draft.machine.role == "control-plane"


def _index(order: Sequence[str], value: str) -> int:
    return order.index(value) if value in order else len(order)


def _soak(drafts: Iterable[Draft]) -> int:
    return max((each.settings.soak.after_wave for each in drafts if each.settings is not None), default=0)


def _watched(drafts: Iterable[Draft]) -> int:
    """The longest time for which one of some canaries has to be watched."""
    entries = (one for each in drafts if each.settings is not None for one in each.settings.canaries)
    return max((one.soak for one in entries), default=0)


def _chains(drafts: Iterable[Draft]) -> dict[tuple[int, int, str], list[Draft]]:
    """Drafts by segment, stage and cluster; a cluster is in the last stage of any of its drafts."""
    several = list(drafts)
    stages: dict[str, int] = {}
    for each in several:
        cluster = each.subject.cluster
        stage = each.settings.stage if each.settings is not None else 0
        stages[cluster] = max(stages.get(cluster, 0), stage)
    found: dict[tuple[int, int, str], list[Draft]] = {}
    for each in several:
        cluster = each.subject.cluster
        stage = stages[cluster] if cluster else each.settings.stage if each.settings is not None else 0
        found.setdefault((each.phase.segment, stage, cluster), []).append(each)
    return found


def _by_stage(chains: Iterable[tuple[int, int, str]]) -> Iterable[tuple[tuple[int, int], list[str]]]:
    found: dict[tuple[int, int], list[str]] = {}
    for segment, stage, cluster in sorted(chains, key=lambda each: (each[0], each[1], natural(each[2]))):
        found.setdefault((segment, stage), []).append(cluster)
    return found.items()
