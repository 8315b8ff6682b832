"""Liveness, judged without the planner or the run: may it stop here, may it wait here, may it give this machine up?

A run without a blocking fault ends done. The oracle looks at the world every quarter of an hour of its time: whether
somebody who sees everything would find a step that may begin now, or one in hand with nothing in its way. Where there
was one for hours and the journal stands still, the run is stuck. At the end every step that is not done needs an
excuse, and so does a run that stopped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from oakum.changes.plans.model import Group, Plan, Step, Wave
from oakum.changes.running.acts import Act, Outcome
from oakum.changes.running.journal import OVER, Journal, Meant, Record, Started, Turned
from oakum.policy.openings import NoOpening
from oakum.simulation.alarms import NODE_DOWN
from oakum.simulation.disruption import GRANTED, answer
from oakum.simulation.faults import KINDS
from oakum.simulation.invariants.base import US, Terms
from oakum.simulation.invariants.cordons import foreign
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
        move = self.safe_move()
        if not move:
            self._free_since = now
        elif now - max(self._free_since, self._moved) >= PATIENCE:
            self._stuck.setdefault(move, f"nothing was done for {PATIENCE / 3600:.0f} hours, and {move}")
        self._world.timeline.after(EVERY, self._look)

    @property
    def _plan(self) -> Plan | None:
        return next(iter(self._terms.plans.values()), None)

    def safe_move(self) -> str:
        """Something that could be done now, in words; empty where there is nothing."""
        plan = self._plan
        if plan is None or self.waits_for_people(plan) or self._guarded(plan):
            return ""
        for id in list(self._journal.active):
            step = plan.steps.get(id)
            if step is not None and self._free(step):
                return f"{id} was in hand with nothing in its way"
        groups = {each.id: each for each in plan.groups}
        for wave in plan.waves:
            if all(self._over(plan, need) for need in wave.needs):
                for step in wave.steps:
                    if self._journal.state(step.id) == "waiting" and self._may_begin(step, groups[step.group], plan):
                        return f"{step.id} could have begun"
        return ""

    def waits_for_people(self, plan: Plan) -> bool:
        """Whether people have to say something first, or have said to do nothing."""
        wishes = self._world.wishes
        return f"approve:{plan.hash}" not in wishes or bool(wishes & {"pause", "stop", "rollback"})

    def _guarded(self, plan: Plan) -> bool:
        """Whether an alarm fires, nobody can ask for alarms and metrics, or metrics are bad."""
        alarms, now = self._world.alarms, self._world.timeline.now
        watched = {*plan.stop.alarms, *(name for group in plan.groups for name in group.gate.quiet_alarms)}
        measured = any(group.gate.metrics for group in plan.groups)
        dark = alarms.dark_until > now and bool(watched or measured)
        return dark or bool(alarms.true & watched) or (measured and alarms.bad_until > now)

    def _over(self, plan: Plan, id: str) -> bool:
        """Whether a wave is over, with its soak and the time that its gate may take."""
        wave = next(each for each in plan.waves if each.id == id)
        if any(each.what == "wave-over" and each.about == id for each in self._journal.notes):
            return True
        latest = [self._journal.of(step.id).since for step in wave.steps if self._journal.state(step.id) in OVER]
        if len(latest) < len(wave.steps):
            return False
        return self._world.timeline.wall() >= max(each for each in latest if each) + timedelta(
            seconds=self._watched(plan, wave)
        )

    @staticmethod
    def _watched(plan: Plan, wave: Wave) -> float:
        groups = {each.id: each for each in plan.groups}
        gates = [groups[step.group].gate for step in wave.steps]
        return wave.soak + max((sum(m.interval * (m.count + 1) for m in each.metrics) for each in gates), default=0)

    def _free(self, step: Step) -> bool:
        """Whether nothing is in the way of a step in hand."""
        machine = self._world.machines.get(step.subject.id)
        if machine is None or machine.uid != step.subject.uid or self._broken(machine):
            return False
        if any(work.state == "running" for work in machine.work.values()) or foreign(machine):
            return False
        if not self._quorum(machine):
            return False
        return self._journal.state(step.id) != "draining" or self._drains(machine)

    @staticmethod
    def _broken(machine: Machine) -> bool:
        """Whether a machine, or the way to it, does not work."""
        cluster = machine.cluster
        away = not machine.alive or not machine.answers or machine.sick or not machine.ready
        return away or (cluster is not None and (cluster.cut or not cluster.writable))

    def _may_begin(self, step: Step, group: Group, plan: Plan) -> bool:
        machine = self._world.machines.get(step.subject.id)
        if machine is None:
            return (
                step.subject.kind == "object"
                and self._open(step, group)
                and not self._waiting_pods(step.subject.cluster)
            )
        if machine.uid != step.subject.uid or self._broken(machine) or machine.unschedulable or machine.claim:
            return False
        if machine.id in self._harm:
            # What was done to it by others (another version on it, say) may rightly keep a run away.
            return False
        if step.reversibility == "forward-only" and f"approve:{plan.hash}/{step.id}" not in self._world.wishes:
            return False
        drains = any(each.drain for each in step.changes)
        return (
            self._open(step, group)
            and self._room(machine, group)
            and self._quorum(machine)
            and not (drains and (not self._drains(machine) or self._waiting_pods(step.subject.cluster)))
        )

    def _open(self, step: Step, group: Group) -> bool:
        """Whether all windows are open for as long as the step and its way back take."""
        now = self._world.timeline.wall()
        needs = timedelta(seconds=step.takes.work.p95 + group.soak_node + step.takes.back.p95)
        for windows, freezes in group.calendars:
            found = self._terms.calendar.next_of(windows, freezes, now, needs)
            if isinstance(found, NoOpening) or found.start > now:
                return False
        return True

    def _room(self, machine: Machine, group: Group) -> bool:
        """Whether one more may be out of service, and in that domain."""
        members = set(group.members)
        out = [each for index in self._world.indexes for each in index.values() if each.id in members]
        ids = {each.id for each in out} | {self._subject(id) for id in self._journal.active} & members
        ids |= {self._subject(id) for id, each in self._journal.steps.items() if each.state == "lost"} & members
        domains = {group.domain_of.get(each, "") for each in ids} | {group.domain_of.get(machine.id, "")}
        soaking = self._soaking(group)
        most = 1 if group.serial else group.max_unavailable
        return len(ids | soaking) < most and len(domains) <= group.max_domains

    def _soaking(self, group: Group) -> set[str]:
        if not group.soak_node:
            return set()
        after = self._world.timeline.wall() - timedelta(seconds=group.soak_node)
        recent = [
            id for id, each in self._journal.steps.items() if each.state in OVER and each.since and each.since > after
        ]
        return {self._subject(each) for each in recent}

    def _subject(self, step: str) -> str:
        plan = self._plan
        found = plan.steps.get(step) if plan is not None else None
        return found.subject.id if found is not None else ""

    def _quorum(self, machine: Machine) -> bool:
        member = self._world.member(machine)
        if member is None or machine.cluster is None:
            return True
        voters = [each for each in machine.cluster.etcd if not each.learner]
        left = sum(each.healthy for each in voters if each is not member)
        return 2 * left > len(voters) and len(voters) == len(machine.cluster.etcd)

    def _waiting_pods(self, cluster: str) -> bool:
        """Whether pods of a cluster find no place already."""
        known = self._world.clusters.get(cluster)
        return known is not None and bool(known.pending)

    def _drains(self, machine: Machine) -> bool:
        """Whether every pod that has to go may go now."""
        cluster = machine.cluster
        if cluster is None:
            return True
        if self._world.eviction_webhook_down:
            return False
        hooks = {each.backend.uid: each for each in cluster.webhooks if each.fail_closed}
        for pod in machine.pods.values():
            workload = pod.workload
            if workload.kind == "DaemonSet":
                continue
            if workload.held or workload.sticks or workload.kind == "Pod" or workload.local:
                return False
            if workload.uid in hooks and workload.ready < 2:
                return False
            if pod.deleted < 0 and answer(pod)[0] != GRANTED:
                return False
        return True

    # At the end

    def verdict(self, result: str, states: Mapping[str, str]) -> tuple[str, ...]:
        """What nobody can accept of how a run ended; ``states`` are those of all steps."""
        plan = self._plan
        found = list(self._stuck.values())
        if plan is not None:
            found += self._given_up(plan, states)
            if result == "stopped" and not self._may_stop(plan, states):
                found.append("it stopped, and nothing that it may stop for has happened")
            if result == "held" and (move := self.safe_move()) and self._idle:
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
        if machine.uid != step.subject.uid or foreign(machine) or not self._drains(machine):
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
