"""A small cluster with a judge in it, a plan made by hand, and acts by hand: what a run would do, and must not."""

from __future__ import annotations

from datetime import datetime

from oakum.changes.plans.model import Change, Group, Plan, Reversibility, Step, Stop, Subject, Takes, Times, Wave
from oakum.changes.running.acts import Act, Do, Outcome
from oakum.changes.running.journal import States, Turned
from oakum.policy.entries import Approval, Drain, Escalation, Gate
from oakum.policy.scopes import Scope
from oakum.simulation.build import build
from oakum.simulation.invariants import Judge, Terms
from oakum.simulation.scenarios import parse
from oakum.simulation.scenarios.reading import calendar_of, policy_of
from oakum.simulation.things import Machine

POLICY = "{windows: [{name: always, always: yes}]}"
WORLD = """
name: court
title: A small cluster
about: Three control planes, four workers, a host.
start: 2026-03-02T22:00:00Z
world:
  clusters:
    - name: c
      facts: {environment: prod, region: eu, tier: "1"}
      pools:
        - {name: cp, role: control-plane, count: 3, zones: [a, b, c], kernel: "1", kubelet: 1.31.4, etcd: 3.5.15,
           control_plane: 1.31.4, offers: {kernel: ["2"], kubelet: [1.32.1], control_plane: [1.32.1]}}
        - {name: w, count: 4, zones: [a, b], kernel: "1", kubelet: 1.31.4, offers: {kernel: ["2"], kubelet: [1.32.1]},
           packages: {openssl: ["3", "4"]}, snapshots: true}
      workloads: WORKLOADS
      budgets: BUDGETS
      webhooks: WEBHOOKS
  hosts: [{name: h, count: 2, kernel: "1", offers: {kernel: ["2"]}}]
intents: []
policy: POLICY
"""


class Courtroom:
    """A world with its judge. ``do`` tries an act as a run would; ``verdicts`` are the names of broken rules so far."""

    def __init__(
        self,
        *,
        workloads: str = "[{name: web, replicas: 4}]",
        budgets: str = "[]",
        webhooks: str = "[]",
        policy: str = POLICY,
        reversibility: Reversibility = "reversible",
        approved: bool = True,
    ) -> None:
        text = WORLD.replace("WORKLOADS", workloads).replace("BUDGETS", budgets).replace("WEBHOOKS", webhooks)
        scenario = parse(text.replace("POLICY", policy), "court.yaml")
        self.world = build(scenario, 1)
        found = policy_of(scenario)
        self.plan = plan_of([*self.world.machines.values()], reversibility, self.world.timeline.start)
        terms = Terms(policy=found, calendar=calendar_of(found))
        terms.agree(self.plan)
        if approved:
            self.world.wishes.add(f"approve:{self.plan.hash}")
        self.judge = Judge(self.world, terms, recheck=1)
        self.world.watch = self.judge
        self._keys = 0
        self.token = 1
        self.executor = "e1"

    @property
    def verdicts(self) -> set[str]:
        """The names of the rules that were broken."""
        return {each.name for each in self.judge.broken}

    def pass_time(self, seconds: float) -> None:
        """Lets the world go on."""
        self.world.timeline.run_to(self.world.timeline.now + seconds)

    def machine(self, id: str) -> Machine:
        """A machine by its id."""
        return self.world.machines[id]

    def do(
        self,
        do: Do,
        on: str,
        *,
        key: str = "",
        plan: str = "",
        uid: str = "",
        pod: str = "",
        changes: tuple[Change, ...] = (),
        cordon: str = "true",
    ) -> Outcome:
        """One act on a machine."""
        self._keys += 1
        cluster, _, name = on.rpartition("/")
        step = self.plan.steps.get(f"kernel@{on}")
        if step is not None and do in ("apply", "undo"):
            changes = changes or step.changes
        subject = Subject(kind="machine", cluster=cluster, name=name, uid=uid or self.world.machines[on].uid)
        act = Act(
            key=key or f"k{self._keys}", do=do, run="r", plan=plan or self.plan.hash, token=self.token,
            subject=subject, changes=changes, pod=pod, parameters={"step": f"kernel@{on}", "cordon": cordon},
        )  # fmt: skip
        return self.world.acting.act(act, self.executor)

    def visit(self, on: str) -> None:
        """A whole visit by the book: claim, drain, apply, reboot, release."""
        assert self.do("claim", on).result == "done"
        self.drain(on)
        self.do("apply", on)
        self.pass_time(120)
        self.do("reboot", on)
        self.pass_time(200)
        self.do("release", on)
        self.pass_time(60)

    def drain(self, on: str) -> None:
        """Evicts every pod that a drain evicts, by the API."""
        for pod in list(self.machine(on).pods.values()):
            if pod.workload.kind != "DaemonSet":
                self.do("evict", on, pod=pod.full_name)
        self.pass_time(60)

    def say(self, on: str, state: States) -> None:
        """Writes into the journal that a step has reached a state."""
        at = self.world.timeline.wall()
        self.judge.wrote(Turned(at=at, step=f"kernel@{on}", state=state), self.executor)


def subject_of(machine: Machine) -> Subject:
    """The machine as the subject of a step."""
    cluster = machine.cluster.name if machine.cluster else ""
    return Subject(kind="machine", cluster=cluster, name=machine.name, uid=machine.uid)


def plan_of(machines: list[Machine], reversibility: Reversibility, at: datetime) -> Plan:
    """A plan that brings the kernel of every machine to version 2, in one wave."""
    times = Takes(work=Times(p50=300, p95=600), back=Times(p50=100, p95=200))
    steps = tuple(
        Step(
            id=f"kernel@{each.id}", kind="visit", group="g", reversibility=reversibility, back=(), takes=times,
            subject=subject_of(each),
            changes=(
                Change(
                    intent="i", kind="kernel", component="linux", before="1", after="2", back="1",
                    reversibility=reversibility, drain=True, reboot=True,
                ),
            ),
            after={"linux": "2"}, reboot=True,
        )
        for each in machines
    )  # fmt: skip
    scope = Scope()
    group = Group(
        id="g", members=tuple(each.id for each in machines), max_unavailable=1, max_domains=1, domain_of={},
        serial=False, calendars=(), soak_node=0, gate=Gate("g", scope), drain=Drain("d", scope),
        escalation=Escalation("e", scope), approval=Approval("a", scope),
    )  # fmt: skip
    return Plan(
        at=at, state="s", policy="p", intents=(), groups=(group,), stop=Stop(failed=1, lost=1),
        waves=(Wave(id="w1", name="all", needs=(), steps=steps),),
    )  # fmt: skip
