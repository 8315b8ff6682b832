"""Liveness, judged without the planner or the run: may it stop here, may it wait here, may it give this machine up?

A run without a blocking fault ends done. The oracle looks at the world every quarter of an hour of its time: whether
somebody who sees everything would find a step that may begin now, or one in hand with nothing in its way. Where there
was one for hours and the journal stands still, the run is stuck. At the end every step that is not done needs an
excuse, and so does a run that stopped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from oakum.changes.plans.model import Plan, Step
from oakum.changes.running.acts import Act, Outcome
from oakum.changes.running.journal import OVER, Journal, Meant, Record, Started, Turned
from oakum.simulation.alarms import NODE_DOWN
from oakum.simulation.faults import KINDS
from oakum.simulation.invariants.base import US, Terms
from oakum.simulation.invariants.cordons import foreign
from oakum.simulation.moves import Moves
from oakum.simulation.things import Machine
from oakum.simulation.watching import Watch

if TYPE_CHECKING:
    from oakum.simulation.scenarios.model import Scenario
    from oakum.simulation.world import World

#: The oracle looks so often, and calls a run stuck that could have gone on for so long.
EVERY, PATIENCE = 900.0, 3 * 3600.0
#: Faults that pass, or that leave a way on: they excuse neither a stop nor a machine that was given up.
PASSING = frozenset({
    "killed", "outage", "zombie", "second-executor", "lease-lost", "request-fails", "answer-lost", "arrives-late",
    "throttling", "stale-read", "watch-gap", "node-added", "pause", "pod-deleted", "human-cordons", "human-drains",
})  # fmt: skip
#: The same of the events of a scenario, where they pass.
_PASSING_EVENTS = frozenset({
    "cordon", "drain", "pause", "resume", "lease-lost", "webhook-down", "autoscale-out", "join-node", "cut",
    "delete-pod", "metrics-dark",
})  # fmt: skip
#: Final states in which a step has not had its effect.
_NOT_DONE = frozenset({"failed", "undone", "skipped"})


class Oracle(Watch):
    """Watches one run. ``scenario`` tells what happens for certain, and who else is at work."""

    def __init__(self, world: World, terms: Terms, scenario: Scenario) -> None:
        self._world, self._terms = world, terms
        self._journal = Journal()
        #: What is wrong with machines, clusters or (under the empty id) everything, that a run may give way to.
        self._harm: dict[str, set[str]] = {}
        self._acting = ""
        self._moved = self._free_since = 0.0
        self._stuck: dict[str, str] = {}
        self._lost: set[str] = set()
        for cluster in scenario.world.clusters:
            if cluster.actors.gitops:
                # It puts its own images back.
                self._harm[cluster.name] = {"gitops"}
        for each in scenario.events:
            if each.do not in _PASSING_EVENTS or each.lasts == float("inf"):
                self._harm.setdefault(each.on, set()).add(each.do)
        self._moves = Moves(world, terms, self._journal, self._harm)
        world.timeline.after(EVERY, self._look)

    # What it hears

    def struck(self, kind: str, subject: str, delivered: bool) -> None:
        """A fault that does not pass excuses what it has struck."""
        if delivered and kind == "outage":
            # Nobody is there to do anything until then.
            self._moved = max(self._moved, self._world.timeline.now + KINDS[kind].lasts)
        if delivered and kind not in PASSING:
            everywhere = kind in KINDS and KINDS[kind].where == "world"
            self._harm.setdefault("" if everywhere else subject, set()).add(kind)

    def asked(self, act: Act, executor: str) -> None:
        """What happens now is by us."""
        self._acting = act.subject.id

    def acted(self, act: Act, outcome: Outcome, executor: str) -> None:
        """What happens from now on is not."""
        self._acting = ""

    def turned(self, machine: Machine) -> None:
        """Somebody else has taken a machine out, or has lifted our cordon."""
        if self._acting == machine.id:
            return
        if foreign(machine) or (
            machine.claim is not None and not machine.unschedulable and machine.cluster is not None
        ):
            self._harm.setdefault(machine.id, set()).add("cordon")
        if machine.gone:
            self._harm.setdefault(machine.id, set()).add("gone")
        if not machine.ready and machine.down_by != US:
            self._harm.setdefault(machine.id, set()).add("down")

    def wrote(self, record: Record, executor: str) -> None:
        """The journal goes on."""
        self._journal.add(record)
        if isinstance(record, Turned) and record.state == "lost":
            self._lost.add(record.step)
        if not isinstance(record, Started) and not (isinstance(record, Meant) and record.act.do == "lease"):
            self._moved = max(self._moved, self._world.timeline.now)

    # While it runs

    def _look(self) -> None:
        now = self._world.timeline.now
        if self._plan is None or any(each.what in ("done", "stopped") for each in self._journal.notes[-3:]):
            return
        move = self._moves.safe()
        if not move:
            self._free_since = now
        elif now - max(self._free_since, self._moved) >= PATIENCE:
            self._stuck.setdefault(move, f"nothing was done for {PATIENCE / 3600:.0f} hours, and {move}")
        self._world.timeline.after(EVERY, self._look)

    @property
    def _plan(self) -> Plan | None:
        return next(iter(self._terms.plans.values()), None)

    # At the end

    def verdict(self, result: str, states: Mapping[str, str]) -> tuple[str, ...]:
        """What nobody can accept of how a run ended; ``states`` are those of all steps."""
        plan = self._plan
        found = list(self._stuck.values())
        if plan is not None:
            found += self._given_up(plan, states)
            if result == "stopped" and not self._may_stop(plan, states):
                found.append("it stopped, and nothing that it may stop for has happened")
            if result == "held" and (move := self._moves.safe()) and self._idle:
                found.append(f"it was held at the end, and {move}")
            if result == "done":
                found += [f"done, and {id} is {state}" for id, state in states.items() if state not in OVER]
        return tuple(found)

    @property
    def _idle(self) -> bool:
        return self._world.timeline.now - self._moved >= PATIENCE

    def _given_up(self, plan: Plan, states: Mapping[str, str]) -> Iterator[str]:
        for id, state in states.items():
            if state in _NOT_DONE and not self.excused(plan.steps[id]):
                yield f"{id} is {state} ({self._journal.of(id).why}), and nothing has happened to it"

    def excused(self, step: Step) -> bool:
        """Whether anything has happened that a run may give a step up for."""
        harm = self._harm
        if harm.get("") or harm.get(step.subject.id) or harm.get(step.subject.cluster):
            return True
        machine = self._world.machines.get(step.subject.id)
        if machine is None:
            return step.subject.kind == "machine" or bool(self._others_in(step.subject.cluster))
        if machine.uid != step.subject.uid or foreign(machine) or not self._moves.drains(machine):
            return True
        return any(work.state == "failed" for work in machine.work.values()) or bool(
            self._others_in(step.subject.cluster)
        )

    def _others_in(self, cluster: str) -> list[str]:
        """What has happened to other machines of a cluster: their pods come here, their domain is hurt."""
        return [each for each in self._harm if each.partition("/")[0] == cluster and cluster]

    def _may_stop(self, plan: Plan, states: Mapping[str, str]) -> bool:
        wishes, alarms = self._world.wishes, self._world.alarms
        if wishes & {"stop", "rollback"}:
            return True
        fallen = {step.id for step in plan.steps.values() if self._fallen(step) and states[step.id] == "done"}
        bad = ("failed", "undone", "lost")
        gone = [id for id, state in states.items() if state in bad or id in fallen or id in self._lost]
        if len(gone) >= min(plan.stop.failed, plan.stop.lost):
            return True
        if any(all(states[step.id] in _NOT_DONE for step in wave.steps) for wave in plan.waves if wave.steps):
            # Nothing of a wave was changed: there is no evidence for those that need it.
            return True
        fired = set(alarms.began) | ({NODE_DOWN} if self._harm else set())
        watched = {*plan.stop.alarms, *(name for group in plan.groups for name in group.gate.quiet_alarms)}
        measured = any(group.gate.metrics for group in plan.groups)
        if fired & watched or (measured and alarms.bad_until >= 0):
            return True
        ladders = {step.do for group in plan.groups for step in group.escalation.steps}
        return "stop-and-report" in ladders and any(state in ("skipped", "waiting") for state in states.values())

    def _fallen(self, step: Step) -> bool:
        """Whether the machine of a step does not serve now, whatever was shown of it before."""
        machine = self._world.machines.get(step.subject.id)
        return machine is not None and (machine.sick or not machine.ready)
