"""Success: what the journal says was reached is so in the world at that moment."""

from __future__ import annotations

from typing import ClassVar

from oakum.changes.plans.model import Step
from oakum.changes.running.journal import Record, Turned
from oakum.simulation.invariants.base import Court, Invariant
from oakum.simulation.things import Machine


class Success(Invariant):
    """Judged when the journal says done or undone: versions in effect, another boot, a machine in service."""

    name: ClassVar[str] = "success-without-effect"
    rule: ClassVar[str] = "no step is called done (or undone) whose change is not in effect (or is still)"
    source: ClassVar[str] = "docs/decisions/0008-one-step-machine.md"

    def __init__(self, court: Court) -> None:
        super().__init__(court)
        self._boots = {each.uid: each.boots for each in self.world.machines.values()}
        self._gone: dict[str, float] = {}

    def turned(self, machine: Machine) -> None:
        """Remembers when a machine was deleted."""
        if machine.gone:
            self._gone.setdefault(machine.uid, self.world.timeline.now)

    def wrote(self, record: Record, executor: str) -> None:
        """A record has been written to the journal."""
        if not isinstance(record, Turned) or record.state not in ("done", "undone"):
            return
        if record.token and record.token < self.world.lease.token:
            # What somebody who was cut off still writes is void in the journal.
            return
        step = next((plan.steps[record.step] for plan in self.terms.plans.values() if record.step in plan.steps), None)
        if step is None:
            self.report(record.step, f"{record.state}, and no plan of this run has it")
        elif step.subject.kind == "object":
            self._object(step, record.state)
        elif step.kind == "replace":
            self._replaced(step, record.state)
        else:
            self._visit(step, record.state)

    def _visit(self, step: Step, state: str) -> None:
        machine = self.world.machines.get(step.subject.id)
        if machine is None or machine.uid != step.subject.uid:
            if not self.court.fresh(self._gone.get(step.subject.uid, float("-inf"))):
                self.report(step.id, f"{state}, and the machine is not there")
            return
        self._versions(step, machine, state)
        if state == "done":
            changed = [each for each in step.changes if each.reboot]
            if changed and machine.boots <= self._boots.get(machine.uid, 0):
                self.report(step.id, "done, and the machine has not restarted")
            if not machine.ready and not self.court.fresh(machine.since):
                self.report(step.id, "done, and the machine is not in service")

    def _versions(self, step: Step, machine: Machine, state: str) -> None:
        for change in step.changes:
            soft = machine.software.get(change.component)
            running = soft.running if soft is not None else ""
            wanted = {change.after} if state == "done" else {change.before, change.back}
            if running not in wanted:
                self.report(step.id, f"{state}, and {change.component} runs {running or 'not at all'}")

    def _replaced(self, step: Step, state: str) -> None:
        old = self.world.machines.get(step.subject.id)
        if state == "done" and old is not None and old.uid == step.subject.uid:
            self.report(step.id, "done, and the old machine is still there")

    def _object(self, step: Step, state: str) -> None:
        cluster = self.world.clusters.get(step.subject.cluster)
        kind, _, rest = step.subject.name.partition("/")
        namespace, _, name = rest.partition("/")
        workload = None if cluster is None else cluster.workloads.get((kind, namespace, name))
        if cluster is None or workload is None or workload.gone:
            self.report(step.id, f"{state}, and the object is not there")
            return
        wanted = {each.after if state == "done" else each.before for each in step.changes}
        if workload.image not in wanted:
            self.report(step.id, f"{state}, and its image is {workload.image}")
