"""Version skew: every version that comes into effect leaves its cluster in a state that the skew policy allows.

What was illegal before we came is not ours, and neither is what another agent has installed; a new violation by an
installation of ours is. Nodes that run the same versions count as one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import ClassVar

from oakum.changes.running.acts import Act
from oakum.changes.skew import COMPONENTS, Instance, Release, State, check, parse_release
from oakum.changes.skew.model import API_SERVER, CONTROLLERS
from oakum.errors import OakumError
from oakum.simulation.invariants.base import Court, Invariant
from oakum.simulation.things import Machine

Versions = tuple[tuple[str, str], ...]


class Skew(Invariant):
    """Judged whenever a component of Kubernetes comes into effect in another version."""

    name: ClassVar[str] = "version-skew"
    rule: ClassVar[str] = "no version comes into effect beside which another one of its cluster is not supported"
    source: ClassVar[str] = "https://kubernetes.io/releases/version-skew-policy/"

    def __init__(self, court: Court) -> None:
        super().__init__(court)
        self._of: dict[str, Versions] = {}
        self._machines: dict[str, Machine] = {}
        self._kinds: dict[str, Counter[Versions]] = {}
        self._wrong: dict[str, frozenset[str]] = {}
        #: What our installations change, by the uid of the machine and their keys; None for everything.
        self._works: dict[tuple[str, str], frozenset[str] | None] = {}
        for cluster in self.world.clusters.values():
            for machine in cluster.machines.values():
                self._take(machine)
        self._wrong = {name: self._violations(name) for name in self._kinds}

    def asked(self, act: Act, executor: str) -> None:
        """An installation may begin."""
        machine = self.world.machines.get(act.subject.id)
        if machine is not None and act.do in ("apply", "undo"):
            everything = bool(act.parameters.get("copy"))
            changes = frozenset(each.component for each in act.changes)
            self._works[machine.uid, act.key] = None if everything else changes

    def _ours(self, machine: Machine, component: str) -> bool:
        """Whether an installation of ours is bringing a component in."""
        for key, work in machine.work.items():
            if work.state == "running" and (machine.uid, key) in self._works:
                changes = self._works[machine.uid, key]
                if changes is None or component in changes:
                    return True
        return False

    def version(self, machine: Machine, component: str) -> None:
        """Another version is in effect on a machine."""
        if machine.cluster is None or component not in COMPONENTS:
            return
        name = machine.cluster.name
        before = dict(self._of.get(machine.uid, ()))
        self._take(machine)
        after = dict(self._of[machine.uid])
        ours = self._ours(machine, component)
        if ours and component == API_SERVER and component in before:
            self._step(machine, before[component], after[component])
        wrong = self._violations(name)
        for each in sorted(wrong - self._wrong.get(name, frozenset())) if ours else ():
            self.report(name, f"{each}, since {machine.id} runs {component} {after[component]}")
        self._wrong[name] = wrong

    def turned(self, machine: Machine) -> None:
        """A machine that is gone runs nothing."""
        if machine.gone and machine.uid in self._of and machine.cluster is not None:
            self._drop(machine)

    def _step(self, machine: Machine, before: str, after: str) -> None:
        old, new = _release(before), _release(after)
        if old is not None and new is not None and (new.minor > old.minor + 1 or new.minor < old.minor):
            how = "skips a minor version" if new.minor > old.minor else "goes back a minor version"
            self.report(machine.id, f"kube-apiserver {how}: {before} to {after}")

    def _take(self, machine: Machine) -> None:
        if machine.cluster is None:
            return
        self._drop(machine)
        versions = versions_of(machine)
        self._of[machine.uid] = versions
        self._kinds.setdefault(machine.cluster.name, Counter())[versions] += 1

    def _drop(self, machine: Machine) -> None:
        before = self._of.pop(machine.uid, None)
        if before is not None and machine.cluster is not None:
            kinds = self._kinds[machine.cluster.name]
            kinds[before] -= 1
            if not kinds[before]:
                del kinds[before]

    def _violations(self, cluster: str) -> frozenset[str]:
        states = [tuple(_instances(number, each)) for number, each in enumerate(sorted(self._kinds.get(cluster, {})))]
        shared = [one for each in states for one in each if one.component not in CONTROLLERS or not _served(each)]
        broken: set[str] = set()
        # kubeadm has the controllers of a machine ask the API server beside them, and no other one.
        for state in (shared, *(each for each in states if _served(each))):
            if any(each.component == API_SERVER for each in state):
                rules = check(State(tuple(state)))
                broken |= {f"{each.rule.id} is broken by {_words(each.instance)}" for each in rules}
        return frozenset(broken)

    def recheck(self) -> None:
        """Counts anew."""
        for name, kinds in self._kinds.items():
            machines = self.world.clusters[name].machines.values()
            found = Counter(versions_of(each) for each in machines if each.uid in self._of)
            assert found == kinds, f"{name}: {found} runs, {kinds} was counted"


def versions_of(machine: Machine) -> Versions:
    """The components of Kubernetes that are in effect on a machine, as far as the skew policy speaks of them."""
    return tuple(sorted((name, each.running) for name, each in machine.software.items() if name in COMPONENTS))


def _instances(number: int, versions: Versions) -> Iterator[Instance]:
    for component, version in versions:
        release = _release(version)
        if release is not None:
            yield Instance(component, f"{component} {version} beside {number}", release, str(number))


def _served(instances: tuple[Instance, ...]) -> bool:
    """Whether an API server runs beside them."""
    return any(each.component == API_SERVER for each in instances)


def _words(instance: Instance | None) -> str:
    return "the cluster" if instance is None else f"{instance.component} {instance.release.line}"


def _release(version: str) -> Release | None:
    try:
        return parse_release(version)
    except OakumError:
        return None
