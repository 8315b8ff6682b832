"""A rival after Rancher's system-upgrade-controller: a Plan selects nodes, and a Job upgrades each of them.

A Plan lists how many nodes are worked on at once. For each it makes a Job, whose pod runs on the node: a prepare
container, a cordon or a drain, then the upgrade container. When the Job completes, the controller labels the node with
the hash of the Plan, which is how it knows what it has done, and uncordons it.

A reimplementation from public documentation: the API reference (doc/plan.md) and the README of
github.com/rancher/system-upgrade-controller, docs.k3s.io/upgrades/automated, and what its maintainers say in issues.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from functools import partial

import msgspec

from oakum.changes.plans.model import Change
from oakum.simulation.rivals.draining import DRAINED, Flags, drain
from oakum.simulation.rivals.hands import Hands
from oakum.simulation.rivals.model import Process, Scene, installed
from oakum.simulation.rivals.windows import DayWindow
from oakum.simulation.things import Machine

#: The label of a node by which the controller knows what it has done; ``disabled`` keeps a node out.
LABEL = "plan.upgrade.cattle.io/"
DISABLED = "disabled"
#: Seconds between two looks of the controller, and until a failed pod of a Job is tried again.
LOOK, BACK_OFF = 15.0, 60.0


class Requirement(msgspec.Struct, frozen=True, kw_only=True):
    """One expression of a nodeSelector."""

    key: str
    operator: str = "Exists"
    values: tuple[str, ...] = ()

    def matches(self, labels: dict[str, str]) -> bool:
        """As Kubernetes has it (kubernetes.io/docs/concepts/overview/working-with-objects/labels)."""
        there = self.key in labels
        match self.operator:
            case "Exists":
                return there
            case "DoesNotExist":
                return not there
            case "In":
                return there and labels[self.key] in self.values
            case _:
                return not there or labels[self.key] not in self.values


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The spec of a Plan, by its fields; the defaults are its own. ``after`` is the Plan that its prepare waits for.

    ``changes`` gives what the upgrade container does on a node (by id), and with it which version the Plan has.
    """

    name: str
    version: str
    changes: dict[str, tuple[Change, ...]]
    concurrency: int = 1
    selector: tuple[Requirement, ...] = ()
    cordon: bool = False
    drain: Flags | None = None
    tolerations: frozenset[str] = frozenset()
    exclusive: bool = False
    windows: tuple[DayWindow, ...] = ()
    deadline: float = 900.0
    delay: float = 0.0
    after: str = ""

    @property
    def hash(self) -> str:
        """The hash of the spec, by which a node is known to be done."""
        told = [self.version, str(self.cordon), str(self.drain), *(str(each) for each in self.selector)]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


#: The drain of a Plan by default: its README says that it ignores DaemonSets and deletes local data.
DRAIN = Flags(ignore_daemonsets=True, delete_emptydir_data=True)


class Job(msgspec.Struct, kw_only=True, eq=False):
    """The Job of one node: until when it may take, and how it ended."""

    machine: Machine
    until: float
    state: str = "active"
    drained: bool = False


class Controller:
    """The controller with the Plans of one cluster. Labels, Jobs and statuses outlive its process."""

    def __init__(self, scene: Scene, hands: Hands, plans: tuple[Plan, ...]) -> None:
        self.scene, self.hands, self.plans = scene, hands, plans
        self.world, self.time = scene.world, scene.world.timeline
        self.jobs: dict[str, dict[str, Job]] = {each.name: {} for each in plans}
        self._active: dict[str, dict[str, Job]] = {each.name: {} for each in plans}
        self._hashes = {each.name: each.hash for each in plans}
        self._ids = {each.name: sorted(each.changes) for each in plans}
        self.last: dict[str, float] = {}
        #: Plans that do nothing more until somebody changes them.
        self.given_up: dict[str, str] = {}

    def selected(self, plan: Plan) -> list[Machine]:
        """The nodes that a Plan is for and that are not done, by name."""
        found = []
        for id in self._ids[plan.name]:
            machine = self.world.machines.get(id)
            if machine is None or not all(each.matches(machine.labels) for each in plan.selector):
                continue
            label = machine.labels.get(LABEL + plan.name, "")
            if label not in (self._hashes[plan.name], DISABLED):
                found.append(machine)
        return found

    def complete(self, plan: Plan) -> bool:
        """The condition Complete: every selected node is done."""
        return not self.selected(plan)

    def applying(self, plan: Plan) -> list[Job]:
        """The Jobs that are under way."""
        jobs = self._active[plan.name]
        for id in [id for id, each in jobs.items() if each.state != "active"]:
            del jobs[id]
        return list(jobs.values())

    def control(self, plan: Plan) -> Process:
        """The controller's work for one Plan."""
        while plan.name not in self.given_up:
            self._collect(plan)
            active = len(self.applying(plan))
            if not active and self.complete(plan):
                return
            if active < plan.concurrency and self._may_start(plan):
                self._start(plan)
            yield LOOK

    def _may_start(self, plan: Plan) -> bool:
        if plan.name in self.given_up:
            return False
        if plan.windows and not any(each.open(self.time.wall()) for each in plan.windows):
            return False
        others = [each for each in self.plans if each.name != plan.name and each.exclusive]
        if plan.exclusive and any(self.applying(each) for each in others):
            return False
        return not plan.delay or self.time.now >= self.last.get(plan.name, float("-inf")) + plan.delay

    def _start(self, plan: Plan) -> None:
        jobs = self.jobs[plan.name]
        for machine in self.selected(plan):
            if len(self._active[plan.name]) >= plan.concurrency:
                return
            if machine.id in self._active[plan.name]:
                continue
            if not self.hands.reachable(machine.cluster):
                continue
            until = self.time.now + plan.deadline if plan.deadline else float("inf")
            job = jobs[machine.id] = self._active[plan.name][machine.id] = Job(machine=machine, until=until)
            self.scene.entered("admitted", machine)
            self.scene.begin(f"job {plan.name} {machine.name}", partial(self.job, plan, job))

    def _collect(self, plan: Plan) -> None:
        """What became of the Jobs: done, over their time, or of a node that is gone."""
        for job in self.applying(plan):
            machine = job.machine
            if machine.gone:
                job.state = "gone"
            elif self.time.now >= job.until:
                job.state = "failed"
                self.given_up[plan.name] = f"the Job on {machine.name} did not complete in {plan.deadline:.0f} s"
                self.scene.entered("failed", machine)

    def done(self, plan: Plan, job: Job) -> bool:
        """The controller sees a Job complete: it labels the node, and uncordons it where the Plan cordons."""
        machine = job.machine
        if not self.hands.reachable(machine.cluster):
            return False
        machine.labels[LABEL + plan.name] = self._hashes[plan.name]
        self.world.hosts.touch(machine)
        if plan.cordon or plan.drain is not None:
            self.hands.uncordon(machine)
        job.state = "complete"
        self.last[plan.name] = self.time.now
        self.scene.believe(machine, plan.changes[machine.id])
        self.scene.entered("done", machine)
        return True

    # The Job

    def job(self, plan: Plan, job: Job) -> Process:
        """The pod of a Job on its node; it begins again when its node restarts or a container fails."""
        machine = job.machine
        while job.state == "active" and not machine.gone:
            if not (machine.alive and machine.ready) or set(machine.taints) - plan.tolerations:
                # Its pod waits: a cordon it tolerates, a node that is not ready or another taint it does not.
                yield LOOK
                continue
            if plan.after and not self._prepared(plan):
                yield LOOK
                continue
            failed = yield from self._containers(plan, job)
            if failed is None:
                while job.state == "active" and not machine.gone and not self.done(plan, job):
                    yield LOOK
                return
            yield BACK_OFF if failed else LOOK

    def _prepared(self, plan: Plan) -> bool:
        """The prepare container waits until the Plan before is complete."""
        return all(self.complete(each) for each in self.plans if each.name == plan.after)

    def _containers(self, plan: Plan, job: Job) -> Generator[float, None, str | None]:
        """None where all containers have ended well, else why one failed (empty: its node restarted)."""
        machine, boots = job.machine, job.machine.boots
        changes = plan.changes[machine.id]
        if plan.drain is not None and not job.drained:
            self.scene.entered("cordoned", machine)
            why = yield from drain(self.hands, machine, plan.drain, lambda: self.scene.entered("draining", machine))
            if machine.boots != boots or job.state != "active":
                return ""
            if why != DRAINED:
                return why
        elif plan.cordon and plan.drain is None:
            self.scene.entered("cordoned", machine)
            if not self.hands.cordon(machine):
                return "the node could not be cordoned"
        job.drained = True
        missing = tuple(each for each in changes if not installed(machine, each))
        if missing:
            self.scene.entered("applying", machine)
            key = self.hands.apply(machine, missing)
            while key and self.hands.state_of(machine, key) == "running" and machine.boots == boots:
                yield 5.0
            if machine.boots != boots:
                return ""
            if not key or self.hands.state_of(machine, key) != "done":
                return "the upgrade container failed"
        if any(each.reboot and machine.software[each.component].running != each.after for each in changes):
            self.scene.entered("rebooting", machine)
            self.hands.reboot(machine)
            while machine.boots == boots and job.state == "active" and not machine.gone:
                yield 5.0
            return ""
        return None
