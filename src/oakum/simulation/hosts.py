"""Machines as machines: work on them that takes time, boots, failures, and when their node is seen to be ready.

Work (apply, undo, snapshot) runs on the machine and is cut off when it goes down. What a version needs to come into
effect is the ``effect`` of its software: a kernel waits for the next boot, a kubelet is restarted at once. ``troubles``
of a machine are faults that wait for their occasion, each with the time until which it lasts:

* ``locked``: somebody else holds the package manager's lock, which is waited for a while; ``full``: no space left;
  ``held/NAME``: a package is held back; ``half``: the next installation stops half-way; ``old-kernel``: the boot
  loader's default is the kernel before; ``slow``: the next boot takes that many times as long; ``never``: it does not
  come back before; ``loop``: it restarts that many times; ``unsnapshot``: its copies fail.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from math import isfinite
from typing import TYPE_CHECKING

from msgspec.structs import replace

from oakum.changes.intents.scripts import ABSENT
from oakum.changes.plans.model import Change
from oakum.changes.running.observed import Work
from oakum.simulation.answers import US
from oakum.simulation.things import Machine, Soft

if TYPE_CHECKING:
    from oakum.simulation.world import World

#: How many seconds a change of each part takes on a machine.
TAKES: dict[str, float] = {
    "package": 30, "kernel": 60, "container-runtime": 30, "kubelet": 25, "kube-proxy": 10, "control-plane": 60,
    "etcd": 40, "image": 120,
}  # fmt: skip
_RESTARTS = {"control-plane": 20.0, "etcd": 15.0}
#: Seconds that an installation waits for the package manager's lock.
_LOCK = 90.0


class Hosts:
    """All machines of a world."""

    def __init__(self, world: World) -> None:
        self.world, self.time = world, world.timeline

    # Work

    def begin(self, machine: Machine, key: str, seconds: float, why: str = "") -> None:
        """Begins work that ends by itself; ``why`` is given where it is going to fail."""
        machine.work[key] = Work(key=key, state="running", since=self.time.wall())
        machine.news = True
        self.time.after(seconds, self._over, machine, key, why)

    def _over(self, machine: Machine, key: str, why: str) -> None:
        if machine.work[key].state == "running":
            machine.work[key] = Work(key=key, state="failed" if why else "done", since=self.time.wall(), why=why)
            machine.news = True

    def apply(self, machine: Machine, key: str, changes: Sequence[Change], *, back: bool = False) -> None:
        """Begins to bring versions in; each is in place when its share of the time is over. ``back``: the way back."""
        trouble = machine.troubles
        passed = max(0.0, trouble.get("locked", -1.0) - self.time.now)
        if passed:
            self.world.happened("held-lock", machine.id)
        if passed > _LOCK:
            self.begin(machine, key, _LOCK, "the lock of the package manager is held by another process")
            return
        why = self._obstacle(machine, changes, back)
        if why:
            self.begin(machine, key, passed + 5, why)
            return
        fails = not back and trouble.pop("half", 0) > 0
        for component in [name for name, each in machine.software.items() if each.half]:
            # What was cut off is brought to its end before anything else.
            self.time.after(passed, self._installed, machine, key, component, machine.software[component].installed)
        for number, change in enumerate(changes):
            soft = machine.software.get(change.component)
            part = soft.part if soft is not None else "package"
            takes = TAKES[part] * self.world.speed(machine)
            passed += takes
            stops = fails and number >= len(changes) // 2
            if stops or machine.cluster is None:
                self.time.after(passed - (0 if stops else takes / 2), self._unpacked, machine, key, change, stops)
            if stops:
                break
            self.time.after(passed, self._installed, machine, key, change.component, change.after)
        self.begin(machine, key, passed + 1, "the installation stopped half-way" if fails else "")

    def _obstacle(self, machine: Machine, changes: Sequence[Change], back: bool) -> str:
        """Why an installation ends before it has changed anything; empty where nothing hinders it."""
        soft = machine.software
        due = [each for each in changes if each.component not in soft or soft[each.component].installed != each.after]
        if due and machine.troubles.get("full", -1.0) > self.time.now:
            self.world.happened("full-disk", machine.id)
            return "no space left on /"
        for change in due:
            name, known = change.component, soft.get(change.component)
            if machine.troubles.get(f"held/{name}", -1.0) > self.time.now:
                return f"{name} is held"
            if known is None or machine.cluster is not None or change.kind != "packages":
                continue
            there = (*known.kept, *known.offers)
            if not back and change.reversibility == "reversible" and known.installed not in there:
                return f"the former version of {name} is in no channel any more, and cannot be kept"
            if change.after not in there:
                return "a version is in no channel of the machine any more"
        for change in due:
            known = soft.get(change.component)
            if known is not None and machine.cluster is None and known.installed not in known.put_by:
                known.put_by += (known.installed,)
                known.kept += () if known.installed in known.kept else (known.installed,)
        return ""

    def _unpacked(self, machine: Machine, key: str, change: Change, stops: bool) -> None:
        """Unpacked and not configured: the version on disk is new, and it is not in effect."""
        if machine.work[key].state == "running":
            soft = self._soft(machine, change.component)
            soft.installed, soft.half, machine.news = change.after, True, True
            if stops:
                self.world.happened("half-installed", machine.id)

    def _installed(self, machine: Machine, key: str, component: str, version: str) -> None:
        if machine.work[key].state == "running" and not machine.gone:
            soft = self._soft(machine, component)
            soft.installed, soft.half, machine.news = version, False, True
            if soft.effect != "reboot":
                self.effect(machine, component, soft)

    def _soft(self, machine: Machine, component: str) -> Soft:
        """Software by its name; what was never there (a script's effect, say) is absent until it is in effect."""
        return machine.software.setdefault(component, Soft(installed=ABSENT, running=ABSENT))

    def effect(self, machine: Machine, component: str, soft: Soft) -> None:
        """What is installed comes into effect, with what follows from that."""
        if soft.running == soft.installed:
            return
        soft.running = soft.installed
        machine.news = True
        self.touch(machine)
        self.world.watch.version(machine, component)
        pause = _RESTARTS.get(soft.part, 0)
        if pause and machine.cluster is not None and soft.part == "control-plane" and component == "kube-apiserver":
            machine.cluster.restarting.add(machine.name)
            self.time.after(pause, machine.cluster.restarting.discard, machine.name)
        member = self.world.member(machine) if pause and soft.part == "etcd" else None
        if member is not None and machine.cluster is not None:
            member.down = True
            self.world.watch.settled(machine.cluster)
            self.time.after(pause, self._member_back, machine)
        for (bad, version), (delay, how) in self.world.bad.items():
            if bad == component and version == soft.running:
                self.time.after(delay, self._shows, machine, component, version, how)
        if machine.sick and machine.troubles.pop(f"bad/{component}", None) is not None:
            self.heal(machine)

    def _member_back(self, machine: Machine) -> None:
        member = self.world.member(machine)
        if member is not None and machine.cluster is not None:
            member.down = False
            self.world.watch.settled(machine.cluster)

    def _shows(self, machine: Machine, component: str, version: str, how: str) -> None:
        """A bad version shows what it does, if it is still in effect."""
        soft = machine.software.get(component)
        if machine.gone or soft is None or soft.running != version or f"bad/{component}" in machine.troubles:
            return
        machine.troubles[f"bad/{component}"] = float("inf")
        self.world.happened("bad-patch", machine.id)
        if how == "alarm":
            self.world.alarm("ErrorsHigh", 1800)
        elif how == "metric":
            self.world.alarms.bad_until = self.time.now + 3600
        else:
            self.fall_sick(machine, "us")

    def retell(self, seconds: float) -> None:
        """The clock of a run has jumped: hosts tell times by their own, which the next look sets against it."""
        for machine in self.world.machines.values():
            for key, work in machine.work.items() if machine.cluster is None else ():
                machine.work[key] = replace(work, since=work.since + timedelta(seconds=seconds))
            machine.news = True

    def end_work(self, machine: Machine, why: str) -> bool:
        """Work on a machine ends before its time; whether there was any."""
        running = [key for key, work in machine.work.items() if work.state == "running"]
        for key in running:
            machine.work[key] = Work(key=key, state="failed", since=self.time.wall(), why=why)
        machine.news = True
        return bool(running)

    def snapshot(self, machine: Machine, key: str) -> None:
        """Begins a copy of the machine's versions."""
        if machine.troubles.get("unsnapshot", -1.0) > self.time.now:
            self.world.happened("snapshot-fails", machine.id)
            self.begin(machine, key, 20, "the copy failed")
            return
        self.begin(machine, key, 60)
        self.time.after(59, self._copied, machine, key)

    def _copied(self, machine: Machine, key: str) -> None:
        if machine.work[key].state == "running":
            machine.news = True
            machine.copies[key] = {name: (each.installed, each.running) for name, each in machine.software.items()}

    def put_back(self, machine: Machine, key: str, copy: str) -> None:
        """Begins to put a copy back; a host starts from it anew."""
        if copy not in machine.copies:
            self.begin(machine, key, 5, f"there is no copy {copy}")
            return
        if machine.cluster is None:
            machine.work[key] = Work(key=key, state="running", since=self.time.wall())
            machine.news = True
            self.time.after(120, self._exchanged, machine, key, copy)
            return
        self.begin(machine, key, 121)
        for name, (installed, _) in machine.copies[copy].items():
            self.time.after(120, self._installed, machine, key, name, installed)

    def _exchanged(self, machine: Machine, key: str, copy: str) -> None:
        """The copy stands in the place of what was: with it the machine starts, and the work has come to its end."""
        work = machine.work[key]
        if work.state == "running" and machine.alive:
            for name, (installed, _) in machine.copies[copy].items():
                soft = self._soft(machine, name)
                soft.installed, soft.half = installed, False
            self.reboot(machine, US)
            machine.work[key] = work

    # Down and up

    def reboot(self, machine: Machine, by: str) -> None:
        """An orderly restart: the kubelet says that it goes, and comes back after the boot."""
        self._stop(machine, by)
        self.time.after(1, self._unready, machine, machine.boots)
        self._boot_after(machine, self.world.boot_time(machine))

    def crash(self, machine: Machine, by: str = "", lasts: float | None = None) -> None:
        """Its power goes; it is back after ``lasts`` seconds and its boot, or never (None)."""
        if machine.alive:
            self._stop(machine, by)
            self.time.after(self.world.times.not_ready, self._unready, machine, machine.boots)
            if lasts is not None:
                self._boot_after(machine, lasts + self.world.boot_time(machine))

    def _stop(self, machine: Machine, by: str) -> None:
        machine.alive = False
        machine.down_by = by
        self.end_work(machine, "the machine went down meanwhile")
        if machine.cluster is not None:
            self.world.pods[machine.cluster.name].down(machine, "down", by)
            self.world.watch.settled(machine.cluster)
        else:
            self.ready(machine, False)

    def _boot_after(self, machine: Machine, seconds: float) -> None:
        until = machine.troubles.get("never", -1.0)
        if until > self.time.now:
            self.world.happened("never-returns", machine.id)
            if isfinite(until):
                self.time.after(until - self.time.now, self.boot, machine, machine.boots)
            return
        factor = machine.troubles.pop("slow", 1.0)
        if factor > 1:
            self.world.happened("slow-boot" if factor < 30 else "returns-late", machine.id)
        self.time.after(seconds * factor, self.boot, machine, machine.boots)

    def boot(self, machine: Machine, boots: int) -> None:
        """The machine starts, with what is installed unless its boot loader says otherwise."""
        if machine.gone or machine.alive or machine.boots != boots:
            return
        machine.boots += 1
        machine.alive = True
        member = self.world.member(machine)
        if member is not None:
            # A member whose process had stopped starts again with its machine.
            member.down = member.stopped = False
        if machine.cluster is None and not any(name.startswith("bad/") for name in machine.troubles):
            # The services of a host start with it.
            machine.sick = False
        old = machine.troubles.get("old-kernel", -1.0) > self.time.now
        for key, work in machine.work.items():
            if work.state == "running":
                # What goes on over a boot has put another system in the place of the former.
                machine.work[key] = Work(key=key, state="done", since=self.time.wall())
        for name, soft in machine.software.items():
            if soft.effect != "reboot" and not soft.half:
                self.effect(machine, name, soft)
            elif soft.effect == "reboot" and soft.running != soft.installed:
                if old:
                    self.world.happened("old-kernel", machine.id)
                else:
                    self.effect(machine, name, soft)
        self.touch(machine)
        if machine.troubles.get("loop", 0) > 0:
            machine.troubles["loop"] -= 1
            self.world.happened("reboot-loop", machine.id)
            self.time.after(60, self._again, machine, machine.boots)
        elif not machine.sick:
            self.time.after(self.world.times.kubelet, self._serves, machine, machine.boots)
        if machine.cluster is not None:
            self.world.watch.settled(machine.cluster)

    def _again(self, machine: Machine, boots: int) -> None:
        if machine.alive and machine.boots == boots:
            # Nobody asked for that one.
            self.reboot(machine, "")

    def _serves(self, machine: Machine, boots: int) -> None:
        if machine.alive and machine.boots == boots and not machine.sick and not machine.gone:
            machine.down_by = ""
            machine.known_boot = machine.boot_id
            self.ready(machine, machine.answers or machine.cluster is not None)
            if machine.cluster is not None:
                self.world.pods[machine.cluster.name].back(machine)
                self.world.controllers[machine.cluster.name].joined(machine)

    def fall_sick(self, machine: Machine, by: str = "") -> None:
        """Its kubelet, or the service of a host, no longer works, though the machine runs."""
        if not machine.sick:
            machine.sick = True
            # Whoever had taken it down before has done so still.
            machine.down_by = by if machine.alive else machine.down_by
            if machine.cluster is None:
                # Nobody reports it with a lag: whoever looks sees it.
                self.ready(machine, False)
            self.time.after(self.world.times.not_ready, self._unready, machine, machine.boots)

    def heal(self, machine: Machine) -> None:
        """It works again."""
        machine.sick = False
        if machine.alive:
            self.time.after(
                self.world.times.kubelet if machine.cluster is not None else 0.0, self._serves, machine, machine.boots
            )

    def _unready(self, machine: Machine, boots: int) -> None:
        if (not machine.alive or machine.sick) and machine.boots == boots and not machine.gone:
            self.ready(machine, False)
            if machine.cluster is not None:
                self.world.pods[machine.cluster.name].down(machine, "not-ready", machine.down_by)
                self.time.after(
                    self.world.times.toleration, self.world.pods[machine.cluster.name].abandon, machine, machine.since
                )

    def ready(self, machine: Machine, ready: bool) -> None:
        """What the API server says of the node changes."""
        if machine.ready != ready and not machine.gone:
            machine.ready = ready
            machine.since = self.time.now
            self.touch(machine)
            if not ready:
                self.world.others.unready(machine)

    def touch(self, machine: Machine) -> None:
        """The node's object has changed: another resourceVersion, and the index of what is out of service."""
        machine.version += 1
        machine.slim = None
        machine.news = True
        index = self.world.impaired(machine)
        if machine.impaired and (machine.cluster is None or not machine.gone):
            index[machine.id] = machine
        else:
            index.pop(machine.id, None)
        if machine.cluster is not None:
            machine.cluster.version += 1
        self.world.watch.turned(machine)
        self.world.stir()

    def remove(self, machine: Machine, by: str) -> None:
        """The machine and its node's object are deleted."""
        if machine.gone:
            return
        cluster = machine.cluster
        if cluster is None:
            # Nobody tells that a host is gone: it does not answer any more.
            self.crash(machine, by)
            machine.gone = True
            self.touch(machine)
            return
        if machine.alive:
            self.world.pods[cluster.name].down(machine, "removed", by)
        machine.alive, machine.gone, machine.down_by = False, True, by
        self.touch(machine)
        self.world.pods[cluster.name].orphan(machine, by)
        cluster.machines.pop(machine.name, None)
        cluster.order, cluster.servers = (), None
        cluster.restarting.discard(machine.name)
        self.world.watch.settled(cluster)
        if self.world.machines.get(machine.id) is machine:
            del self.world.machines[machine.id]
