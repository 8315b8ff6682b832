"""What happens in a world from outside, by name: people, providers, hardware, networks, clocks.

Scenarios name these events, and faults are made of them. Each finds its subject (``on``: the id of a machine, of a
cluster, or Kind/namespace/name in one), passes after ``lasts`` seconds where it can, and says whether there was
anything for it to happen to. ``by`` is who does it, ``what`` a detail.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import TYPE_CHECKING

from oakum.errors import InputError
from oakum.simulation.others import AUTOSCALER
from oakum.simulation.things import NO_SCALE_DOWN, Budget, Cluster, Machine, Member, Workload

if TYPE_CHECKING:
    from oakum.simulation.world import World

HUMAN = "human"
#: Every event with what it is; ``what`` in brackets.
EVENTS: dict[str, str] = {
    "cordon": "somebody cordons a node; lifts it again after its time",
    "uncordon": "somebody uncordons a node, whoever had cordoned it",
    "drain": "somebody cordons a node and evicts what its budgets let go",
    "delete-pod": "somebody deletes a pod past its budget [namespace/name, or any pod of the node]",
    "crash": "a machine loses power; it starts again after its time, or never",
    "restart": "somebody restarts a machine",
    "sick": "a kubelet, or the service of a host, stops working though the machine runs",
    "heal": "a sick machine works again",
    "unreachable": "a machine runs and can't be reached by us",
    "delete-node": "somebody deletes a node with its machine",
    "recreate-node": "a node is deleted, and another machine of the same name joins",
    "join-node": "another node like this one joins [its name]",
    "lock": "another program holds the lock of the package manager",
    "full": "a disk is full",
    "held": "somebody holds a package back [its name]",
    "withdrawn": "the channels of a machine have a package no more [its name]",
    "end-work": "somebody ends the work on a machine before its time",
    "half-install": "the next installation stops half-way",
    "fail-snapshot": "copies of a machine fail",
    "old-kernel": "the boot loader starts the kernel before",
    "slow-boot": "the next boot takes many times as long [how many]",
    "no-boot": "the next boot does not come to its end; with a time: only after that",
    "boot-loop": "the next boots restart themselves [how many]",
    "foreign-upgrade": "another program installs what a channel offers [the component]",
    "bad": "a version turns out to be bad [component version sick|alarm|metric seconds]",
    "budget": "somebody changes a disruption budget [namespace/name=min 2, or =max 10%]",
    "freeze-budget": "the budget over a pod of the node becomes one that never allows any",
    "scale": "somebody changes the replicas of a workload [how many]",
    "image": "somebody sets the image of a workload [the image]",
    "hold": "a finalizer holds the pods of a workload, or of all on the node",
    "webhook-down": "a webhook refuses all evictions",
    "admission-down": "the admission webhooks of a cluster do not answer, and those that fail closed keep new pods out",
    "cut": "the API of a cluster can't be reached by us",
    "etcd-down": "a member of etcd stops [the machine's name, else any]",
    "autoscale-in": "the autoscaler deletes the node, unless it is marked",
    "autoscale-out": "the autoscaler adds a node",
    "alarm": "an alarm fires [its name]",
    "metrics-bad": "the metrics turn bad",
    "metrics-dark": "alarms and metrics can't be asked",
    "lease-lost": "the lease of the run is taken from its holder, who does not know",
    "clock-jump": "the clock of the run jumps [seconds]",
    "pause": "people ask the run to pause", "resume": "people ask it to go on",
    "stop": "people ask it to stop", "rollback": "people ask it to bring back what it did",
    "wish": "people ask for something else [the wish]",
}  # fmt: skip


class Events:
    """The events of one world."""

    def __init__(self, world: World) -> None:
        self._world, self._time = world, world.timeline
        self._on_machine: dict[str, Callable[[Machine, str, str, float], bool]] = {
            "cordon": self._cordon, "uncordon": self._uncordon, "drain": self._drain, "crash": self._crash,
            "restart": self._restart, "sick": self._sick, "heal": self._heal, "unreachable": self._unreachable,
            "delete-node": self._delete_node, "recreate-node": self._recreate, "join-node": self._join,
            "delete-pod": self._delete_pod, "foreign-upgrade": self._foreign_upgrade,
            "freeze-budget": self._freeze_budget, "hold": self._hold, "autoscale-in": self._scale_in,
            "held": self._held, "withdrawn": self._withdrawn, "end-work": self._end_work,
        }  # fmt: skip
        self._on_cluster: dict[str, Callable[[Cluster, str, str, float], bool]] = {
            "admission-down": self._admission_down, "budget": self._budget, "cut": self._cut,
            "etcd-down": self._etcd_down, "autoscale-out": self._scale_out,
        }  # fmt: skip
        self._on_workload: dict[str, Callable[[Cluster, Workload, str, float], bool]] = {
            "scale": self._scale, "image": self._image, "hold": self._hold_workload,
        }  # fmt: skip

    def happen(self, do: str, on: str = "", what: str = "", by: str = "", lasts: float = float("inf")) -> bool:
        """Has an event happen; whether there was anything for it to happen to. Raises InputError for an unknown one."""
        if do not in EVENTS:
            raise InputError(f"no event is called {do[:40]!r}", remedy=f"they are {', '.join(EVENTS)}")
        cluster = self._world.clusters.get(on.partition("/")[0])
        machine = self._world.machines.get(on)
        if machine is not None and do in TROUBLES:
            return self._trouble(machine, do, what, lasts)
        if machine is not None and do in self._on_machine:
            return self._on_machine[do](machine, what, by or HUMAN, lasts)
        if do in self._on_workload and cluster is not None:
            found = next((each for key, each in cluster.workloads.items() if on.endswith("/".join(key))), None)
            return found is not None and self._on_workload[do](cluster, found, what, lasts)
        if do in self._on_cluster:
            return cluster is not None and self._on_cluster[do](cluster, what, by, lasts)
        if do in TROUBLES or do in self._on_machine:
            return False
        return self._on_world(do, what, lasts)

    def _later(self, lasts: float, do: Callable[..., object], *given: object) -> None:
        if isfinite(lasts):
            self._time.after(lasts, do, *given)

    # On machines

    def _trouble(self, machine: Machine, do: str, what: str, lasts: float) -> bool:
        """Sets up what strikes when the machine next does something; that is told when it does."""
        name = TROUBLES[do]
        if name in ("half", "loop", "slow"):
            machine.troubles[name] = float(what or {"half": 1, "loop": 2, "slow": 8}[name])
        else:
            machine.troubles[name] = self._time.now + lasts
        return True

    def _cordon(self, machine: Machine, what: str, by: str, lasts: float) -> bool:
        if machine.unschedulable:
            return False
        machine.unschedulable, machine.cordoner = True, by
        self._world.hosts.touch(machine)
        self._later(lasts, self._lift, machine, by)
        return True

    def _lift(self, machine: Machine, by: str) -> None:
        if machine.cordoner == by and not machine.gone:
            self._uncordon(machine, "", by, 0.0)

    def _uncordon(self, machine: Machine, what: str, by: str, lasts: float) -> bool:
        if not machine.unschedulable:
            return False
        machine.unschedulable, machine.cordoner = False, ""
        self._world.hosts.touch(machine)
        if machine.cluster is not None:
            self._world.controllers[machine.cluster.name].joined(machine)
        return True

    def _drain(self, machine: Machine, what: str, by: str, lasts: float) -> bool:
        done = self._cordon(machine, what, by, lasts)
        for pod in list(machine.pods.values()):
            if pod.workload.kind != "DaemonSet" and machine.cluster is not None:
                self._world.acting.evict_for(pod, machine.cluster, by)
        return done

    def _delete_pod(self, machine: Machine, what: str, by: str, lasts: float) -> bool:
        cluster = machine.cluster
        pods = [each for each in machine.pods.values() if each.deleted < 0 and each.workload.kind != "DaemonSet"]
        pod = next((each for each in pods if not what or each.full_name == what), None)
        if pod is None or cluster is None:
            return False
        self._world.pods[cluster.name].delete(pod, "delete", by)
        return True

    def _crash(self, machine: Machine, what: str, by: str, lasts: float) -> bool:
        if not machine.alive:
            return False
        self._world.hosts.crash(machine, "", lasts if isfinite(lasts) else None)
        return True

    def _restart(self, machine: Machine, what: str, by: str, lasts: float) -> bool:
        if not machine.alive:
            return False
        self._world.hosts.reboot(machine, by)
        return True

    def _sick(self, machine: Machine, what: str, by: str, lasts: float) -> bool:
        if machine.sick:
            return False
        self._world.hosts.fall_sick(machine)
        self._later(lasts, self._heal, machine)
        return True

    def _heal(self, machine: Machine, what: str = "", by: str = "", lasts: float = 0.0) -> bool:
        if not machine.sick or machine.gone:
            return False
        self._world.hosts.heal(machine)
        return True

    def _unreachable(self, machine: Machine, what: str, by: str, lasts: float) -> bool:
        if not machine.answers:
            return False
        machine.answers = False
        if machine.cluster is None:
            self._world.hosts.ready(machine, False)
        self._later(lasts, self._reachable, machine)
        return True

    def _reachable(self, machine: Machine) -> None:
        machine.answers = True
        if machine.cluster is None and machine.alive and not machine.sick:
            self._world.hosts.ready(machine, True)

    def _delete_node(self, machine: Machine, what: str, by: str, lasts: float) -> bool:
        self._world.hosts.remove(machine, by)
        return True

    def _recreate(self, machine: Machine, what: str, by: str, lasts: float) -> bool:
        self._world.hosts.remove(machine, by)
        self._time.after(lasts if isfinite(lasts) else 60.0, self._world.join, machine, machine.name)
        return True

    def _join(self, machine: Machine, what: str, by: str, lasts: float) -> bool:
        name = what or f"{machine.name}-more"
        if machine.cluster is None or name in machine.cluster.machines:
            return False
        self._world.join(machine, name)
        return True

    def _foreign_upgrade(self, machine: Machine, what: str, by: str, lasts: float) -> bool:
        for name, soft in machine.software.items():
            if soft.offers and soft.offers[-1] != soft.installed and name == (what or name):
                soft.installed = soft.offers[-1]
                if soft.effect != "reboot":
                    self._world.hosts.effect(machine, name, soft)
                return True
        return False

    def _held(self, machine: Machine, what: str, by: str, lasts: float) -> bool:
        machine.troubles[f"held/{what}"] = self._time.now + lasts
        return what in machine.software

    def _withdrawn(self, machine: Machine, what: str, by: str, lasts: float) -> bool:
        soft = machine.software.get(what)
        if soft is not None:
            soft.offers, soft.kept = (), soft.put_by
        return soft is not None

    def _end_work(self, machine: Machine, what: str, by: str, lasts: float) -> bool:
        return self._world.hosts.end_work(machine, "it was ended before its time")

    # On pods and their budgets

    def _freeze_budget(self, machine: Machine, what: str, by: str, lasts: float) -> bool:
        budget = next((each for pod in machine.pods.values() for each in pod.budgets), None)
        return budget is not None and machine.cluster is not None and self._set(machine.cluster, budget, "max 0", lasts)

    def _budget(self, cluster: Cluster, what: str, by: str, lasts: float) -> bool:
        name, _, value = what.partition("=")
        namespace, _, rest = name.partition("/")
        budget = cluster.budgets.get((namespace, rest))
        return budget is not None and self._set(cluster, budget, value, lasts)

    def _set(self, cluster: Cluster, budget: Budget, value: str, lasts: float) -> bool:
        before = budget.min_available, budget.max_unavailable
        which, _, amount = value.strip().partition(" ")
        number: int | str = amount if amount.endswith("%") else int(amount)
        self._put(cluster, budget, (number, None) if which == "min" else (None, number))
        self._later(lasts, self._put, cluster, budget, before)
        return True

    def _put(self, cluster: Cluster, budget: Budget, value: tuple[int | str | None, int | str | None]) -> None:
        budget.min_available, budget.max_unavailable = value
        budget.generation += 1
        self._world.pods[cluster.name].count_soon(budget)
        cluster.version += 1

    def _hold(self, machine: Machine, what: str, by: str, lasts: float) -> bool:
        if machine.cluster is None:
            return False
        several = {each.workload.uid: each.workload for each in machine.pods.values()}
        ordinary = [each for each in several.values() if each.kind != "DaemonSet" and not each.held]
        for each in ordinary:
            self._hold_workload(machine.cluster, each, what, lasts)
        return bool(ordinary)

    def _hold_workload(self, cluster: Cluster, workload: Workload, what: str, lasts: float) -> bool:
        if workload.held:
            return False
        workload.held = True
        self._later(lasts, self._world.pods[cluster.name].let_go, workload)
        return True

    def _scale(self, cluster: Cluster, workload: Workload, what: str, lasts: float) -> bool:
        before, workload.replicas = workload.replicas, int(what)
        for each in workload.budgets:
            self._world.pods[cluster.name].count_soon(each)
        self._world.reshaped(cluster, workload)
        self._later(lasts, self._scale, cluster, workload, str(before), float("inf"))
        return True

    def _image(self, cluster: Cluster, workload: Workload, what: str, lasts: float) -> bool:
        self._world.set_image(cluster, workload, what)
        return True

    # On clusters

    def _cut(self, cluster: Cluster, what: str, by: str, lasts: float) -> bool:
        if cluster.cut:
            return False
        cluster.cut = True
        self._later(lasts, setattr, cluster, "cut", False)
        return True

    def _admission_down(self, cluster: Cluster, what: str, by: str, lasts: float) -> bool:
        closed = [each for each in cluster.webhooks if each.fail_closed]
        for each in closed:
            each.down_until = self._time.now + lasts
        return bool(closed)

    def _etcd_down(self, cluster: Cluster, what: str, by: str, lasts: float) -> bool:
        member = next((each for each in cluster.etcd if each.healthy and each.name == (what or each.name)), None)
        if member is None:
            return False
        member.stopped = True
        self._world.watch.settled(cluster)
        self._later(lasts, self._member_back, cluster, member)
        return True

    def _member_back(self, cluster: Cluster, member: Member) -> None:
        member.stopped = False
        self._world.watch.settled(cluster)

    def _scale_in(self, machine: Machine, what: str, by: str, lasts: float) -> bool:
        if machine.role == "control-plane" or machine.annotations.get(NO_SCALE_DOWN) == "true":
            return False
        self._world.hosts.remove(machine, AUTOSCALER)
        return True

    def _scale_out(self, cluster: Cluster, what: str, by: str, lasts: float) -> bool:
        like = next((each for each in cluster.machines.values() if each.role != "control-plane"), None)
        if like is None:
            return False
        return self._join(like, what or f"{like.pool}-auto-{self._world.uid('n')}", by, lasts)

    # On everything

    def _on_world(self, do: str, what: str, lasts: float) -> bool:
        world, now = self._world, self._time.now
        until = now + lasts
        match do:
            case "alarm":
                world.alarm(what or "ErrorsHigh", lasts)
            case "metrics-bad":
                world.alarms.bad_until = until
            case "metrics-dark":
                world.alarms.dark_until = until
            case "webhook-down":
                world.no_evictions_until = until
            case "lease-lost":
                held = world.lease.held
                world.lease.lose()
                return held
            case "clock-jump":
                self._time.offset += (ahead := float(what or 3600))
                world.hosts.retell(ahead)
            case "bad":
                component, version, how, delay = what.split(" ")
                world.bad[component, version] = (float(delay), how)
            case "resume":
                world.wishes.discard("pause")
                world.wishes.add("resume")
            case "pause":
                world.wishes.discard("resume")
                world.wishes.add("pause")
            case "stop" | "rollback":
                world.wishes.add(do)
            case "wish":
                world.wishes.add(what)
            case _:
                return False
        return True


#: The events that wait on a machine for their occasion, and the trouble that each is.
TROUBLES: dict[str, str] = {
    "lock": "locked", "full": "full", "half-install": "half", "fail-snapshot": "unsnapshot", "old-kernel": "old-kernel",
    "slow-boot": "slow", "no-boot": "never", "boot-loop": "loop",
}  # fmt: skip
