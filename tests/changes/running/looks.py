"""A small plan, a look made by hand, and a run that is played turn by turn: what a test shows it, it sees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from oakum.changes.drain import Surroundings
from oakum.changes.drain.storage import Storage
from oakum.changes.plans import Change, Evictions, Group, Plan, Step, Stop, Subject, Takes, Times, Wave
from oakum.changes.running.actions import Action, Rest
from oakum.changes.running.acts import Act, Outcome
from oakum.changes.running.compiled import Compiled
from oakum.changes.running.journal import Answered, Journal, Meant, Noted, Started, Turned
from oakum.changes.running.next_actions import next_actions
from oakum.changes.running.observed import Claim, Etcd, Sample, Seen, Work
from oakum.changes.running.turn import Turn
from oakum.changes.state.model import Webhook
from oakum.fleet.cluster import objects as k
from oakum.fleet.cluster.snapshot import Snapshot
from oakum.policy.entries import Approval, Drain, Escalation, Gate, Window
from oakum.policy.entries import Step as Rung
from oakum.policy.model import Policy
from oakum.policy.openings import Calendar
from oakum.policy.schedules import Moment, Schedule
from oakum.policy.scopes import Scope

NOW = datetime(2026, 3, 2, 22, tzinfo=UTC)
OLD, NEW = "6.1.90", "6.1.100"
RUN = "run-1"
ALL = Scope()
ALWAYS = Calendar(Policy(windows=(Window("always", ALL, always=True),)), {})
LISTED = frozenset(
    ("Node", "Namespace", "Pod", "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet", "Job",
     "ReplicationController", "PodDisruptionBudget")
)  # fmt: skip
#: Wait a while, tell the owners, wait again, leave it.
LADDER = Escalation("ladder", ALL, (Rung("wait", 600), Rung("notify", roles=("owners",)), Rung("skip-and-report")))


def change(**given: Any) -> Change:
    """The kernel, with its reboot."""
    standard: dict[str, Any] = {
        "intent": "kernel", "kind": "kernel", "component": "linux", "before": OLD, "after": NEW, "back": OLD,
        "reversibility": "reversible", "drain": True, "reboot": True, "proof": ("boot", "running", "ready", "rescan"),
    }  # fmt: skip
    return Change(**(standard | given))


def step(name: str = "w-1", cluster: str = "shop", changes: Iterable[Change] = (), **given: Any) -> Step:
    """A visit of one machine."""
    made = tuple(changes) or (change(drain=bool(cluster)),)
    back = tuple(
        msgspec.structs.replace(each, before=each.after, after=each.back, back=each.after)
        for each in reversed(made)
        if each.back
    )
    standard: dict[str, Any] = {
        "id": f"kernel@{cluster}/{name}" if cluster else f"kernel@{name}", "kind": "visit",
        "subject": Subject(kind="machine", cluster=cluster, name=name, uid=f"uid-{name}"), "group": "g",
        "changes": made, "reversibility": made[0].reversibility, "back": back,
        "takes": Takes(work=Times(p50=300, p95=900), back=Times(p50=200, p95=600)),
        "after": {each.component: each.after for each in made}, "reboot": any(each.reboot for each in made),
        "evictions": Evictions(pods=1, rounds=1) if any(each.drain for each in made) else None, "domain": "a",
    }  # fmt: skip
    return Step(**(standard | given))


def group(steps: Iterable[Step], **given: Any) -> Group:
    """Limits of one at a time, and a ladder that waits ten minutes."""
    several = tuple(steps)
    standard: dict[str, Any] = {
        "id": "g", "members": tuple(each.subject.id for each in several if each.subject.kind == "machine"),
        "max_unavailable": 1, "max_domains": 1, "domain_of": {each.subject.id: each.domain for each in several},
        "serial": False, "calendars": ((("always",), ()),), "soak_node": 0, "gate": Gate("gate", ALL),
        "drain": Drain("drain", ALL), "escalation": LADDER, "approval": Approval("approval", ALL),
    }  # fmt: skip
    return Group(**(standard | given))


def plan(*steps: Step, waves: Iterable[Wave] = (), stop: Stop | None = None, **limits: Any) -> Plan:
    """One wave of these steps under one group, unless waves are given."""
    several = tuple(waves) or (Wave(id="w1", name="all", needs=(), steps=steps),)
    all_steps = [each for wave in several for each in wave.steps]
    return Plan(
        at=NOW, state="sha256:state", policy="sha256:policy", intents=(), groups=(group(all_steps, **limits),),
        waves=several, stop=stop or Stop(failed=1, lost=1),
    )  # fmt: skip


def pod(name: str, node: str = "w-1", **given: Any) -> k.Pod:
    """A ready pod of the ReplicaSet web."""
    owner = k.OwnerReference(kind="ReplicaSet", name="web", uid="rs", controller=True, api_version="apps/v1")
    ready = "True" if given.get("ready", True) else "False"
    meta = k.Meta(
        name=name, namespace="shop", uid=given.get("uid", f"uid-{name}"), labels={"app": "web"},
        owner_references=given.get("owners", (owner,)), deletion_timestamp=given.get("deleted", ""),
        annotations=given.get("annotations", {}),
    )  # fmt: skip
    return k.Pod(
        api_version="v1", kind="Pod", metadata=meta,
        spec=k.PodSpec(
            node_name=node, termination_grace_period_seconds=given.get("grace", 30), volumes=given.get("volumes", ())
        ),
        status=k.PodStatus(phase="Running", conditions=(k.Condition(type="Ready", status=ready),)),
    )  # fmt: skip


def budget(allowed: int, *, least: int = 1, name: str = "web") -> k.DisruptionBudget:
    """A budget over the pods of web that allows so many evictions now."""
    return k.DisruptionBudget(
        api_version="policy/v1", kind="PodDisruptionBudget",
        metadata=k.Meta(name=name, namespace="shop", uid=f"pdb-{name}", generation=1),
        spec=k.DisruptionBudgetSpec(min_available=least, selector=k.Selector(match_labels={"app": "web"})),
        status=k.DisruptionBudgetStatus(
            disruptions_allowed=allowed, current_healthy=least + allowed, desired_healthy=least,
            expected_pods=least + allowed, observed_generation=1,
        ),
    )  # fmt: skip


class Sight:
    """A look (``Observed``) made by hand."""

    def __init__(self) -> None:
        self.at = NOW
        self.lease: tuple[str, int] | None = ("me", 1)
        self.alarms: frozenset[str] | None = frozenset()
        self.wishes: frozenset[str] = frozenset()
        self.machines: dict[str, Seen] = {}
        self.unseen: dict[str, bool | None] = {}
        self.pods: list[k.Pod] = []
        self.budgets: list[k.DisruptionBudget] = []
        self.replicas = 3
        self.listed = LISTED
        self.read_at: datetime | None = None
        self.members: Etcd | None = None
        self.hooks: tuple[Webhook, ...] | None = ()
        self.measured: tuple[Sample, ...] = ()
        self.kubelets: dict[str, str] = {}
        self.storage = Storage()
        self.daemons: tuple[str, ...] = ()
        #: The same answer every time, as long as nothing of the cluster changes.
        self.kept: Surroundings | None = None

    def seen(self, subject: str) -> Seen | None:
        return self.machines.get(subject)

    def found(self, subject: str) -> bool | None:
        return True if subject in self.machines else self.unseen.get(subject, False)

    def impaired(self, cluster: str) -> Mapping[str, Seen]:
        return {
            id: seen
            for id, seen in self.machines.items()
            if id.startswith(f"{cluster}/" if cluster else "") and (seen.cordoned or not seen.up)
        }

    def around(self, cluster: str) -> Surroundings:
        if self.kept is not None:
            return self.kept
        spec = k.WorkloadSpec(replicas=self.replicas)
        web = k.Workload(
            api_version="apps/v1", kind="ReplicaSet", metadata=k.Meta(name="web", namespace="shop", uid="rs"), spec=spec
        )
        nodes = tuple(
            k.Node(
                api_version="v1", kind="Node", metadata=k.Meta(name=id.partition("/")[2], uid=seen.uid),
                status=k.NodeStatus(node_info=k.NodeInfo(kubelet_version=self.kubelets.get(id, "1.31.4"))),
            )
            for id, seen in self.machines.items()
        )  # fmt: skip
        items: dict[str, tuple[k.Object, ...]] = {
            "Node": nodes,
            "Pod": tuple(self.pods), "PodDisruptionBudget": tuple(self.budgets), "ReplicaSet": (web,),
            "DaemonSet": tuple(
                k.Workload("apps/v1", "DaemonSet", k.Meta(name=name, namespace="shop", uid="ds"))
                for name in self.daemons
            ),
        }  # fmt: skip
        read_at = (self.read_at or self.at).isoformat()
        snapshot = Snapshot(source="test", read_at=read_at, items=items, listed=self.listed)
        return Surroundings(snapshot, storage=self.storage)

    def etcd(self, cluster: str) -> Etcd | None:
        return self.members

    def webhooks(self, cluster: str) -> tuple[Webhook, ...] | None:
        return self.hooks

    def samples(self, about: str) -> tuple[Sample, ...]:
        return tuple(each for each in self.measured if each.about == about)


DONE = Outcome(result="done")


def _facts(facts: dict[str, str]) -> str:
    return f" ({', '.join(f'{name}={value}' for name, value in sorted(facts.items()))})" if facts else ""


class Play:
    """A run, turn by turn. Acts are answered as ``answers`` has it by their kind, and done otherwise."""

    def __init__(self, made: Plan, calendar: Calendar = ALWAYS, *, approved: bool = True) -> None:
        self.plan, self.compiled = made, Compiled(made, calendar)
        self.sight = Sight()
        self.answers: dict[str, Outcome] = {}
        if approved:
            self.sight.wishes = frozenset({f"approve:{made.hash}"})
        for each in made.steps.values():
            self.show(
                each.subject.id, uid=each.subject.uid, running={one.component: one.before for one in each.changes}
            )
        lease = Act(
            key="lease", do="lease", run=RUN, plan=made.hash, token=0,
            subject=Subject(kind="object", cluster="", name=RUN, uid=""),
        )  # fmt: skip
        outcome = Outcome(result="done", token=1)
        self.journal = Journal(
            (
                Started(at=NOW, run=RUN, plan=made.hash, executor="me"),
                Meant(at=NOW, act=lease),
                Answered(at=NOW, key="lease", outcome=outcome),
            )
        )
        self.actions: list[Action] = []
        self.tried: list[Act] = []

    # What is seen

    def show(self, id: str, **given: Any) -> Seen:
        """Shows a machine as told; what is not told stays as it was. It is seen and scanned now."""
        before = self.sight.machines.get(id) or Seen(
            at=NOW, uid="uid", up=True, since=NOW - timedelta(days=9), boot_id="boot-1", resource_version="7"
        )
        seen = msgspec.structs.replace(before, **({"at": self.sight.at, "scanned": self.sight.at} | given))
        self.sight.machines[id] = seen
        return seen

    def hide(self, id: str, found: bool | None) -> None:
        """The machine is not seen; whether it is known to be there."""
        self.sight.machines.pop(id, None)
        self.sight.unseen[id] = found

    def later(self, seconds: float) -> None:
        """Time goes by, and everything is looked at again."""
        self.sight.at += timedelta(seconds=seconds)
        for id in list(self.sight.machines):
            self.show(id)

    def claimed(self, id: str = "shop/w-1", step: str = "kernel@shop/w-1", **given: Any) -> None:
        """Our record stands on a machine."""
        cordoned = bool(given.pop("before", False))
        claim = Claim(run=RUN, step=step, token=1, cordoned=cordoned)
        self.show(id, **({"claim": claim, "cordoned": True, "silenced": True} | given))

    def works(self, id: str, do: str, state: str, why: str = "", *, for_good: bool = False) -> None:
        """The work that the newest act of a kind has begun is in a state."""
        act = next(each for each in reversed(self.acts()) if each.do == do)
        found = Work(key=act.key, state=state, since=self.sight.at, why=why, for_good=for_good)  # type: ignore[arg-type] # a test's own word
        self.show(id, work={**self.sight.machines[id].work, act.key: found})

    # What is done

    def turn(self, turns: int = 1) -> list[Action]:
        """So many turns on this look; the actions of the last one."""
        for _ in range(turns):
            self.actions = next_actions(self.compiled, self.journal, self.sight, self.sight.at)
            for each in self.actions:
                if isinstance(each, Rest):
                    continue
                self.journal.add(each)
                if isinstance(each, Meant):
                    outcome = self.answers.get(each.act.do, Outcome(result="done"))
                    self.tried.append(each.act)
                    self.journal.add(Answered(at=self.sight.at, key=each.act.key, outcome=outcome))
        return self.actions

    def acts(self) -> list[Act]:
        """All acts so far."""
        return list(self.tried)

    def did(self) -> list[str]:
        """The kinds of the acts of the last turn."""
        return [each.act.do for each in self.actions if isinstance(each, Meant)]

    def ever(self, do: str) -> bool:
        """Whether an act of a kind was ever tried."""
        return any(each.do == do for each in self.tried)

    def state(self, step: str = "kernel@shop/w-1") -> str:
        """The state of a step."""
        return self.journal.state(step)

    def why(self, step: str = "kernel@shop/w-1") -> str:
        """Why it is in its state."""
        return self.journal.of(step).why

    def whys(self) -> str:
        """What the last turn waits for."""
        return "; ".join(each.why for each in self.actions if isinstance(each, Rest))

    def noted(self, what: str) -> list[Noted]:
        """The notes of a kind."""
        return [each for each in self.journal.notes if each.what == what]

    def puts(self, step: str, state: str, why: str = "", **facts: str) -> None:
        """The journal says that a step is in a state."""
        self.journal.add(
            Turned(at=self.sight.at, step=step, state=state, why=why, facts=facts, token=self.journal.token)  # type: ignore[arg-type] # a test's own word
        )

    def said(self, step: str = "kernel@shop/w-1") -> list[str]:
        """The last turn's actions about a step, a wave, or (for the empty name) the whole run, each in a line."""
        return [line for about, line in map(self._line, self.actions) if about == step]

    def _line(self, action: Action) -> tuple[str, str]:
        match action:
            case Rest():
                seconds = (action.until - self.sight.at).total_seconds()
                how = f"{', held' if action.held else ''}{' to the second' if action.sharp else ''}"
                return action.about, f"{seconds:g} s{how}: {action.why}"
            case Meant():
                return action.step, action.act.key.removeprefix(f"{RUN}/{action.step}/")
            case Turned():
                return action.step, f"{action.state}: {action.why}{_facts(action.facts)}"
            case Noted():
                return action.about, f"noted {action.what}: {action.why}{_facts(action.facts)}"

    def meant(
        self, do: str, number: int = 1, outcome: Outcome | None = DONE, step: str = "kernel@shop/w-1", **given: Any
    ) -> Act:
        """The journal says that an act was tried so many times, and how the last try was answered (None: not)."""
        subject = self.plan.steps[step].subject
        slot = f"{do}/{given.get('uid', subject.uid)}" if "pod" in given or do == "delete-node" else do
        known = self.journal.of(step).attempts.get(slot)
        standard: dict[str, Any] = {
            "uid": subject.uid, "token": 1, "subject": subject, "run": RUN, "plan": self.plan.hash,
        }  # fmt: skip
        for each in range(1 if known is None else min(known.number + 1, number), number + 1):
            act = Act(key=f"{RUN}/{step}/{slot}/{each}", do=do, **(standard | given))  # type: ignore[arg-type] # a test's own word
            self.tried.append(act)
            self.journal.add(Meant(at=self.sight.at, act=act, step=step))
            answer = outcome if each == number else DONE
            if answer is not None:
                self.journal.add(Answered(at=self.sight.at, key=act.key, outcome=answer))
        return act

    def answered(self, key: str, outcome: Outcome) -> None:
        """The journal says how the act of a key was answered now."""
        self.journal.add(Answered(at=self.sight.at, key=key, outcome=outcome))

    def turn_of(self) -> Turn:
        """What the run knows now."""
        return Turn(self.compiled, self.journal, self.sight, self.sight.at)

    def stops(self) -> None:
        """The journal says that the run stops."""
        self.journal.add(Noted(at=self.sight.at, what="stopping", why="a test", token=self.journal.token))

    def resumed(self, seconds: float = 0.0) -> None:
        """Somebody took the run up so many seconds after its beginning."""
        at = NOW + timedelta(seconds=seconds)
        self.journal.add(Started(at=at, run=RUN, plan=self.plan.hash, executor="two"))

    # Short ways

    def drained(self, id: str = "shop/w-1", step: str = "kernel@shop/w-1") -> None:
        """Plays until the machine is claimed and has nothing left on it: it is ``applying`` then."""
        self.turn(2)
        self.claimed(id, step)
        self.turn(3)
        assert self.state(step) == "applying", (self.state(step), self.whys())

    def rebooting(self, id: str = "shop/w-1", step: str = "kernel@shop/w-1") -> None:
        """Plays until the machine has been asked to reboot."""
        self.drained(id, step)
        self.turn()
        self.later(60)
        self.works(id, "apply", "done")
        self.turn(2)
        assert self.state(step) == "rebooting"

    def verified(self, id: str = "shop/w-1", step: str = "kernel@shop/w-1") -> None:
        """Plays until the new version was shown to be in effect: it is ``restoring`` then."""
        self.rebooting(id, step)
        self.later(120)
        self.show(id, boot_id="boot-2", running={"linux": NEW})
        self.turn(2)
        assert self.state(step) == "restoring"

    def released(self, id: str = "shop/w-1") -> None:
        """Everything of ours is seen to be gone from a machine."""
        self.later(1)
        self.show(id, claim=None, cordoned=False, silenced=False, copies=())


def schedules_of(*spans: tuple[int, int]) -> tuple[Schedule, ...]:
    """Openings from and to so many minutes after NOW."""
    local = NOW.replace(tzinfo=None)
    return tuple(
        Schedule(Moment(local + timedelta(minutes=first), "UTC"), Moment(local + timedelta(minutes=last), "UTC"))
        for first, last in spans
    )


def open_for(*spans: tuple[int, int]) -> Calendar:
    """A calendar whose window "always" is open only from and to so many minutes after NOW."""
    return Calendar(Policy(windows=(Window("always", ALL, schedules_of(*spans)),)), {})
