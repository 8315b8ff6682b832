"""What a rival does to a world: the same acts as ours, through the same checks, under its own name.

Evictions, deletions, changes and restarts go through the port of its executor. A cordon and its end are patches of the
node as ``kubectl cordon`` makes them: no record of who did it is written, and an uncordon asks nobody. In the ground
truth of the world the rival is the party that is judged, as we are.
"""

from __future__ import annotations

from oakum.changes.plans.model import Change, Subject
from oakum.changes.running.acts import Act, Do, Outcome
from oakum.simulation.answers import DONE, UNKNOWN, US, refused
from oakum.simulation.things import Cluster, Machine, Pod
from oakum.simulation.world import World


class Hands:
    """One rival's hands. ``plan`` is the hash under which its acts are judged."""

    def __init__(self, world: World, name: str, plan: str) -> None:
        self.world, self.name, self._plan = world, name, plan
        self._number = 0

    def reachable(self, cluster: Cluster | None) -> bool:
        """Whether the API server of a cluster answers and takes writes."""
        return cluster is not None and not cluster.cut and cluster.writable

    def cordon(self, machine: Machine) -> bool:
        """kubectl cordon: no more pods are scheduled there. On a node that is cordoned it changes nothing."""
        return self._patch("claim", machine, True)

    def uncordon(self, machine: Machine) -> bool:
        """kubectl uncordon, whoever has cordoned it."""
        return self._patch("release", machine, False)

    def _patch(self, do: Do, machine: Machine, unschedulable: bool) -> bool:
        act = self._act(do, machine)
        self.world.watch.asked(act, self.name)
        outcome = DONE
        if machine.gone:
            outcome = refused("it is not there any more", "gone")
        elif machine.cluster is None or machine.cluster.cut:
            outcome = UNKNOWN
        elif not machine.cluster.writable:
            outcome = refused("the API server does not take writes")
        elif machine.unschedulable is not unschedulable:
            machine.unschedulable, machine.cordoner = unschedulable, US if unschedulable else ""
            self.world.hosts.touch(machine)
            if not unschedulable:
                self.world.controllers[machine.cluster.name].joined(machine)
        self.world.watch.acted(act, outcome, self.name)
        return outcome.result == "done"

    def evict(self, pod: Pod) -> Outcome:
        """Asks the API server to evict a pod."""
        return self._on_pod("evict", pod)

    def delete(self, pod: Pod) -> Outcome:
        """Deletes a pod past its budgets."""
        return self._on_pod("delete-pod", pod)

    def _on_pod(self, do: Do, pod: Pod) -> Outcome:
        if pod.machine is None:
            return DONE
        return self._try(self._act(do, pod.machine, pod=pod))

    def apply(self, machine: Machine, changes: tuple[Change, ...]) -> str:
        """Begins changes on a machine; the key of the work, empty where it did not begin."""
        act = self._act("apply", machine, changes=changes)
        return act.key if self._try(act).result == "done" else ""

    def state_of(self, machine: Machine, key: str) -> str:
        """How work on a machine stands: running, done, failed, or empty where its machine went down meanwhile."""
        work = machine.work.get(key)
        return "" if work is None else work.state

    def reboot(self, machine: Machine) -> bool:
        """Restarts a machine; whether the request was taken."""
        return self._try(self._act("reboot", machine)).result == "done"

    def _try(self, act: Act) -> Outcome:
        return self.world.port(self.name).act(act)

    def _act(self, do: Do, machine: Machine, *, pod: Pod | None = None, changes: tuple[Change, ...] = ()) -> Act:
        self._number += 1
        cluster = machine.cluster.name if machine.cluster is not None else ""
        return Act(
            key=f"{self.name}-{self._number}", do=do, run=self.name, plan=self._plan, token=self.world.lease.token,
            subject=Subject(kind="machine", cluster=cluster, name=machine.name, uid=machine.uid), changes=changes,
            uid=pod.uid if pod is not None else machine.uid, pod=pod.full_name if pod is not None else "",
            parameters={"step": machine.id},
        )  # fmt: skip
