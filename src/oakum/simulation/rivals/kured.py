"""A rival after kured (kured.dev), the Kubernetes reboot daemon: nodes that ask for a reboot get one, one at a time.

The packages are somebody else's business: the machine installs its updates by itself (as unattended-upgrades does) and
leaves the sentinel file. The daemon of each node looks for that file, takes a lock that stands in an annotation of its
DaemonSet, drains, reboots, and when its node is back uncordons and releases the lock.

A reimplementation from public documentation: kured.dev/docs/configuration and .../operation name every flag and what it
does. What they leave open is taken from the project's issues, or said to be an assumption.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from functools import partial

import msgspec

from oakum.simulation.chance import chance
from oakum.simulation.rivals.draining import DRAINED, Flags, drain
from oakum.simulation.rivals.hands import Hands
from oakum.simulation.rivals.model import Process, Scene, installed
from oakum.simulation.rivals.windows import DayWindow
from oakum.simulation.things import Machine

#: Seconds between two looks of a daemon whose node does not run, and between two tries of a request.
DOWN, AGAIN = 30.0, 10.0
#: The name under which somebody takes the lock so that nothing reboots.
MANUAL = "manual"
IN_PROGRESS, NEEDED = "weave.works/kured-reboot-in-progress", "weave.works/kured-most-recent-reboot-needed"


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The flags of the daemon, by their names; durations in seconds, the defaults are its own.

    ``windows`` stand for reboot-days, start-time, end-time and time-zone. ``alerts`` says that a Prometheus is asked.
    ``blocking`` are selectors of pods, each labels that a pod has to have.
    """

    period: float = 3600.0
    windows: tuple[DayWindow, ...] = ()
    alerts: bool = False
    alert_filter: str = ""
    alert_match_only: bool = False
    blocking: tuple[tuple[tuple[str, str], ...], ...] = ()
    concurrency: int = 1
    lock_ttl: float = 0.0
    lock_release_delay: float = 0.0
    drain_timeout: float = 0.0
    drain_selector: tuple[tuple[str, str], ...] = ()
    skip_wait: float = 0.0
    force_reboot: bool = False
    reboot_delay: float = 0.0
    annotate: bool = False
    pre_labels: tuple[tuple[str, str], ...] = ()
    post_labels: tuple[tuple[str, str], ...] = ()


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """One node in the annotation: since when, until when (-1: for ever), and how its node was before."""

    node: str
    created: float
    until: float = -1.0
    unschedulable: bool = False


class Lock:
    """The annotation on the DaemonSet: as many holders as may reboot at once. It outlives every daemon."""

    def __init__(self, room: int) -> None:
        self._room = room
        self.holders: dict[str, Holder] = {}

    def take(self, holder: Holder, now: float) -> bool:
        """Takes a place; whoever's time is over has lost his. Whoever holds it keeps what he wrote."""
        if MANUAL in self.holders:
            return False
        for node in [node for node, each in self.holders.items() if 0 <= each.until <= now]:
            del self.holders[node]
        if holder.node in self.holders:
            return True
        if len(self.holders) >= self._room:
            return False
        self.holders[holder.node] = holder
        return True

    def release(self, node: str) -> None:
        """Gives a place back."""
        self.holders.pop(node, None)


class Kured:
    """The DaemonSet of one cluster."""

    def __init__(self, scene: Scene, hands: Hands, cluster: str, options: Options) -> None:
        self.scene, self.hands, self.cluster, self.options = scene, hands, cluster, options
        self.world, self.time = scene.world, scene.world.timeline
        self.lock = Lock(options.concurrency)
        #: Where the sentinel file lies: on which boot of which machine. A reboot takes it away: /var/run is no disk.
        self.sentinels: dict[str, int] = {}
        self._alerts = re.compile(options.alert_filter) if options.alert_filter else None

    # The machine's own package manager

    def updates(self, machine: Machine, at: float, again: float = 86_400.0) -> Process:
        """Installs what is wanted, once a day until it is there, and leaves the sentinel where a reboot is missing."""
        yield at
        number = 0
        while not machine.gone:
            missing = tuple(each for each in self.scene.changes[machine.id] if not installed(machine, each))
            if not missing:
                if self._waits_for_boot(machine):
                    self.sentinels[machine.uid] = machine.boots
                return
            if machine.alive and not any(each.state == "running" for each in machine.work.values()):
                number += 1
                key = f"unattended-{machine.uid}-{number}"
                self.world.hosts.apply(machine, key, missing)
                while machine.work[key].state == "running" and machine.alive:
                    yield AGAIN
                if self._waits_for_boot(machine):
                    self.sentinels[machine.uid] = machine.boots
                if machine.work[key].state == "done":
                    continue
                yield again
            else:
                yield DOWN

    def _waits_for_boot(self, machine: Machine) -> bool:
        return machine.alive and any(
            each.effect == "reboot" and each.installed != each.running for each in machine.software.values()
        )

    # The DaemonSet, and the daemon of one node

    def daemon_set(self, first: dict[str, float]) -> Process:
        """Has a daemon, and the machine's own updates, on every node of a cluster, also of those that come later."""
        dice = chance(self.scene.seed, "unattended-upgrades")
        known: set[str] = set()
        while True:
            for cluster in self.world.clusters.values():
                if cluster.name != self.cluster:
                    continue
                for machine in list(cluster.machines.values()):
                    if machine.uid not in known:
                        known.add(machine.uid)
                        begins = first.get(machine.name, 0.0)
                        self.scene.begin(f"kured {machine.name}", partial(self.daemon, machine, begins))
                        if machine.id in self.scene.changes:
                            at = dice.uniform(0.0, 600.0)
                            self.scene.begin(f"apt {machine.name}", partial(self.updates, machine, at))
            yield 60.0

    def required(self, machine: Machine) -> bool:
        """Whether the sentinel is there."""
        return self.sentinels.get(machine.uid) == machine.boots

    def blocked(self, machine: Machine) -> str:
        """What keeps a node from being rebooted now, though it asks for it; empty where nothing does."""
        now = self.time.wall()
        if self.options.windows and not any(each.open(now) for each in self.options.windows):
            return "outside of its schedule"
        if self.options.alerts:
            active = self.active_alerts()
            if active is None:
                return "alerts could not be asked for"
            if active:
                return f"active alerts: {', '.join(sorted(active))}"
        for selector in self.options.blocking:
            for pod in machine.pods.values():
                if pod.active and all(pod.workload.labels.get(name) == value for name, value in selector):
                    return f"a blocking pod: {pod.full_name}"
        return ""

    def active_alerts(self) -> frozenset[str] | None:
        """The alerts that block a reboot; None where nobody answers. In this world every active alert is firing."""
        firing = self.world.alarms.firing
        if firing is None or self._alerts is None:
            return firing
        matching = frozenset(each for each in firing if self._alerts.search(each))
        return matching if self.options.alert_match_only else firing - matching

    def daemon(self, machine: Machine, offset: float) -> Process:
        """The daemon of one node. It runs only while its node does, and knows nothing but what the API tells."""
        yield offset
        boots = machine.boots
        while not machine.gone:
            if not (machine.alive and not machine.sick and machine.ready):
                yield DOWN
                continue
            if machine.name in self.lock.holders:
                # It holds the lock, and it has just begun: its node has come back, or it was killed before the reboot.
                if machine.boots == boots and self.required(machine):
                    yield from self._reboot(machine)
                else:
                    yield from self._finish(machine)
                boots = machine.boots
                continue
            boots = machine.boots
            if not self.required(machine) or self.blocked(machine):
                yield self.options.period
                continue
            if not self._acquire(machine):
                yield self.options.period
                continue
            self.scene.entered("admitted", machine)
            yield from self._reboot(machine)

    def _acquire(self, machine: Machine) -> bool:
        if not self.hands.reachable(machine.cluster):
            return False
        if self.world.wishes & {"pause", "stop"}:
            return False  # somebody has taken the lock by hand
        until = self.time.now + self.options.lock_ttl if self.options.lock_ttl else -1.0
        holder = Holder(node=machine.name, created=self.time.now, until=until, unschedulable=machine.unschedulable)
        return self.lock.take(holder, self.time.now)

    def _reboot(self, machine: Machine) -> Process:
        options, boots = self.options, machine.boots
        if options.annotate:
            machine.annotations[IN_PROGRESS] = machine.annotations[NEEDED] = self.time.wall().isoformat()
        machine.labels |= dict(options.pre_labels)
        self.scene.entered("cordoned", machine)
        flags = Flags(
            force=True, ignore_daemonsets=True, delete_emptydir_data=True, timeout=options.drain_timeout,
            selector=options.drain_selector, skip_wait=options.skip_wait,
        )  # fmt: skip
        why = yield from self._drain(machine, flags)
        if machine.gone or machine.boots != boots:
            return
        if why != DRAINED and not options.force_reboot:
            # The lock is given back first, which may take its delay; then whoever cordoned the node, it is uncordoned.
            yield from self._release(machine)
            yield from self._uncordon(machine)
            self.scene.entered("failed", machine)
            yield options.period
            return
        yield options.reboot_delay
        self.scene.entered("rebooting", machine)
        while machine.boots == boots and not machine.gone:
            if machine.alive:
                self.hands.reboot(machine)
            yield DOWN

    def _drain(self, machine: Machine, flags: Flags) -> Generator[float, None, str]:
        why = yield from drain(self.hands, machine, flags, lambda: self.scene.entered("draining", machine))
        return why

    def _finish(self, machine: Machine) -> Process:
        """After the reboot: uncordons, unless the annotation says that the node was cordoned before; then releases."""
        self.scene.entered("verifying", machine)
        if not self.lock.holders[machine.name].unschedulable:
            yield from self._uncordon(machine)
        machine.labels |= dict(self.options.post_labels)
        machine.annotations.pop(IN_PROGRESS, None)
        yield from self._release(machine)
        changes = self.scene.changes.get(machine.id, ())
        self.scene.believe(machine, tuple(each for each in changes if installed(machine, each)))
        self.scene.entered("done", machine)

    def _uncordon(self, machine: Machine) -> Process:
        while not self.hands.uncordon(machine) and not machine.gone:
            yield AGAIN

    def _release(self, machine: Machine) -> Process:
        yield self.options.lock_release_delay
        while not self.hands.reachable(machine.cluster):
            yield AGAIN
        self.lock.release(machine.name)


def offsets(seed: int, cluster: str, names: list[str], period: float) -> dict[str, float]:
    """When each daemon looks first: within its period, no two alike."""
    dice = chance(seed, f"kured/{cluster}")
    return {name: dice.uniform(0.0, period) for name in names}
