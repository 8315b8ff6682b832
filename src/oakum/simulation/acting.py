"""What each act does to a world, behind the preconditions that the real world checks.

What a host outside of clusters answers is told by ``host_program``. For everything else in this order: an act of a key
that was done before is answered as then; a fencing token lower than the lease's (which whoever acts reads again with
each request), or than one that the subject has seen, is refused; the API server has to take writes; uid,
resourceVersion and boot id have to be those given. Everything that changes a node is one patch.
Parameters that acts read, all optional: ``holder`` and ``seconds`` of a lease; ``step`` and
``cordon`` ("false") of a claim; ``copy`` (the key of a snapshot) of undo and
discard; ``name`` of a machine that is made; ``until`` (a time) or ``seconds`` of a silence.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from oakum.changes.running.acts import Act, Outcome
from oakum.changes.running.observed import Claim
from oakum.simulation.answers import DONE, GONE, UNKNOWN, US, refused
from oakum.simulation.disruption import GRANTED, SEVERAL, answer
from oakum.simulation.host_program import HostProgram
from oakum.simulation.things import Cluster, Machine, Pod, Soft, Workload

if TYPE_CHECKING:
    from oakum.simulation.world import World

#: Acts on the machine itself, which has to run and to answer.
_ON_MACHINE = frozenset({"snapshot", "apply", "reboot", "undo", "discard"})
#: Acts that write an object of the cluster.
_ON_API = frozenset({"claim", "evict", "delete-pod", "release", "create-node", "delete-node"})
#: What is asked of whoever watches a machine, not of the machine.
_OF_ALARMS = frozenset({"silence", "unsilence"})


class Acting:
    """The acts of one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._host_program = HostProgram(world)
        self._answers: dict[str, Outcome] = {}
        self._do: dict[str, Callable[[Act, Machine], Outcome]] = {
            "claim": self._claim, "evict": self._evict, "delete-pod": self._delete_pod, "snapshot": self._snapshot,
            "apply": self._apply, "reboot": self._reboot, "undo": self._undo, "release": self._release,
            "create-node": self._create_node, "delete-node": self._delete_node, "silence": self._silence,
            "unsilence": self._unsilence, "discard": self._discard,
        }  # fmt: skip

    def act(self, act: Act, executor: str) -> Outcome:
        """Does an act, or refuses it."""
        if act.do == "lease":
            return self.world.lease.take(act, executor)
        machine = self.world.machines.get(act.subject.id)
        host = machine if machine is not None and machine.cluster is None and act.do not in _OF_ALARMS else None
        known = self._answers.get(act.key) if host is None else self._host_program.known(act, host)
        if known is not None:
            return known
        self.world.watch.asked(act, executor)
        outcome = self._checked(act) if host is None else self._host_program.answer(act, host)
        if outcome.result == "done" and host is None:
            self._answers[act.key] = outcome
        self.world.watch.acted(act, outcome, executor)
        return outcome

    def _checked(self, act: Act) -> Outcome:
        if act.token < self.world.lease.token:
            return refused(f"token {self.world.lease.token} has been given out since", "fenced")
        cluster = self.world.clusters.get(act.subject.cluster)
        if act.subject.kind == "object":
            return GONE if cluster is None else self._object(act, cluster)
        machine = self.world.machines.get(act.subject.id)
        if machine is None:
            return GONE
        if machine.uid != (act.uid or act.subject.uid or machine.uid) and act.do not in ("evict", "delete-pod"):
            return refused("another machine has that name now", "gone")
        if act.token < machine.token:
            return refused(f"{machine.id} has seen token {machine.token}", "fenced")
        if act.do in _ON_MACHINE and not (machine.alive and machine.answers):
            return UNKNOWN
        if act.do in _ON_API and cluster is not None:
            if cluster.cut:
                return UNKNOWN
            if not cluster.writable:
                return refused("the API server does not take writes")
        if act.resource_version and act.resource_version != str(machine.version):
            return refused("the object was changed since it was looked at", "changed")
        machine.token = max(machine.token, act.token)
        return self._do[act.do](act, machine)

    # The node's object

    def _claim(self, act: Act, machine: Machine) -> Outcome:
        claim, step = machine.claim, act.parameters.get("step", "")
        if claim is not None and (claim.run, claim.step) != (act.run, step):
            return refused(f"{claim.run} holds it", "changed")
        if claim is None:
            wanted = [mark.partition("=") for mark in act.parameters.get("marks", "").split()]
            marks = {place: (_marked(machine, place), value) for place, _, value in wanted}
            machine.claim = Claim(run=act.run, step=step, token=act.token, cordoned=machine.unschedulable, marks=marks)
            if act.parameters.get("cordon") != "false" and not machine.unschedulable:
                machine.unschedulable, machine.cordoner = True, US
            for place, _, value in wanted:
                _mark(machine, place, value)
        else:
            machine.claim = Claim(
                run=claim.run, step=claim.step, token=act.token, cordoned=claim.cordoned, marks=claim.marks
            )
        self.world.hosts.touch(machine)
        return DONE

    def _release(self, act: Act, machine: Machine) -> Outcome:
        claim = machine.claim
        if claim is None:
            return DONE
        if claim.run != act.run:
            return refused(f"{claim.run} holds it", "changed")
        machine.claim = None
        for place, (before, ours) in claim.marks.items():
            if _marked(machine, place) == ours:
                _mark(machine, place, before)
        if machine.cordoner == US or act.parameters.get("cordon") != "false":
            machine.unschedulable = claim.cordoned
            machine.cordoner = machine.cordoner if machine.unschedulable else ""
        self.world.hosts.touch(machine)
        if machine.cluster is not None:
            self.world.controllers[machine.cluster.name].joined(machine)
        return DONE

    # Pods

    def _evict(self, act: Act, machine: Machine) -> Outcome:
        cluster = machine.cluster
        namespace, _, name = act.pod.partition("/")
        pod = cluster.pods.get((namespace, name)) if cluster is not None else None
        if pod is None or cluster is None or (act.uid and pod.uid != act.uid):
            return GONE
        fresh = pod.deleted < 0
        outcome = self.evict_for(pod, cluster, US)
        if fresh and outcome is DONE:
            self.world.evictions += 1
        return outcome

    def evict_for(self, pod: Pod, cluster: Cluster, by: str) -> Outcome:
        """The answer of the API server to somebody's eviction of a pod."""
        if pod.deleted >= 0:
            return DONE
        if self.world.eviction_webhook_down:
            self.world.happened("webhook-down", pod.machine.id if pod.machine is not None else "")
            return refused("an admission webhook denied the request")
        code, why, spends = answer(pod)
        if code != GRANTED:
            return refused(why, "never" if code == SEVERAL else "not-now")
        for budget in pod.budgets if spends else ():
            budget.allowed -= 1
            budget.grants[pod.name] = self.world.timeline.now
        self.world.pods[cluster.name].delete(pod, "eviction", by)
        return DONE

    def _delete_pod(self, act: Act, machine: Machine) -> Outcome:
        cluster = machine.cluster
        namespace, _, name = act.pod.partition("/")
        pod = cluster.pods.get((namespace, name)) if cluster is not None else None
        if pod is None or cluster is None or (act.uid and pod.uid != act.uid):
            return GONE
        self.world.pods[cluster.name].delete(pod, "delete", US)
        return DONE

    # The machine

    def _snapshot(self, act: Act, machine: Machine) -> Outcome:
        self.world.hosts.snapshot(machine, act.key)
        return DONE

    def _apply(self, act: Act, machine: Machine) -> Outcome:
        if any(work.state == "running" for work in machine.work.values()):
            return refused("other work is under way on the machine")
        self.world.hosts.apply(machine, act.key, act.changes)
        return DONE

    def _undo(self, act: Act, machine: Machine) -> Outcome:
        if any(work.state == "running" for work in machine.work.values()):
            return refused("other work is under way on the machine")
        copy = act.parameters.get("copy", "")
        if copy:
            self.world.hosts.put_back(machine, act.key, copy)
        else:
            self.world.hosts.apply(machine, act.key, act.changes, back=True)
        return DONE

    def _reboot(self, act: Act, machine: Machine) -> Outcome:
        if act.boot_id and act.boot_id != machine.boot_id:
            return refused("it has restarted since it was looked at", "changed")
        self.world.hosts.reboot(machine, US)
        return DONE

    def _discard(self, act: Act, machine: Machine) -> Outcome:
        machine.copies.pop(act.parameters.get("copy", ""), None)
        machine.news = True
        return DONE

    def _silence(self, act: Act, machine: Machine) -> Outcome:
        until = act.parameters.get("until", "")
        seconds = float(act.parameters.get("seconds", "3600"))
        time = self.world.timeline
        machine.silenced_until = time.seconds(datetime.fromisoformat(until)) if until else time.now + seconds
        return DONE

    def _unsilence(self, act: Act, machine: Machine) -> Outcome:
        machine.silenced_until = -1.0
        return DONE

    # Replacement, and objects

    def _create_node(self, act: Act, machine: Machine) -> Outcome:
        cluster = machine.cluster
        if cluster is None:
            return refused("it is no node", "never")
        name = act.parameters.get("name") or f"{machine.name}-new"
        if name in cluster.machines:
            return refused(f"there is a node {name}", "changed")
        self.world.hosts.begin(machine, act.key, 90)
        self.world.timeline.after(
            89, self.world.replaced, machine, name, {each.component: each for each in act.changes}
        )
        return DONE

    def _delete_node(self, act: Act, machine: Machine) -> Outcome:
        self.world.hosts.remove(machine, US)
        return DONE

    def _object(self, act: Act, cluster: Cluster) -> Outcome:
        kind, _, rest = act.subject.name.partition("/")
        namespace, _, name = rest.partition("/")
        workload = next((each for key, each in cluster.workloads.items() if key == (kind, namespace, name)), None)
        if workload is None or workload.gone or workload.uid != (act.uid or act.subject.uid or workload.uid):
            return GONE
        if act.token < workload.token:
            return refused(f"{act.subject.id} has seen token {workload.token}", "fenced")
        if cluster.cut:
            return UNKNOWN
        if not cluster.writable:
            return refused("the API server does not take writes")
        if act.resource_version and act.resource_version != str(workload.generation):
            return refused("the object was changed since it was looked at", "changed")
        workload.token = max(workload.token, act.token)
        if act.do in ("apply", "undo"):
            for change in act.changes:
                self.world.set_image(cluster, workload, change.after)
        return DONE


def copy_of(soft: Soft, version: str) -> Soft:
    """The same software in another version, as a clean image brings it."""
    return Soft(
        installed=version or soft.installed, running=version or soft.running, part=soft.part, effect=soft.effect,
        ecosystem=soft.ecosystem, offers=soft.offers, kept=soft.kept, closes=soft.closes, security=soft.security,
        packages=soft.packages,
    )  # fmt: skip


def image_of(workload: Workload) -> str:
    """The version of an object's pods."""
    return workload.image


def _marked(machine: Machine, place: str) -> str | None:
    """The mark at ON:KEY of a node; None where there is none."""
    on, _, key = place.partition(":")
    return machine.marks(on).get(key)


def _mark(machine: Machine, place: str, value: str | None) -> None:
    on, _, key = place.partition(":")
    if value is None:
        machine.marks(on).pop(key, None)
    else:
        machine.marks(on)[key] = value
