"""The real hosts of the contract: Debian machines of the lab, and the adapter that a run reaches them by."""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from tests.adapters.ssh.labs import DIES, SERVES, START, UNIT, way
from tests.contract.twins import PACKAGES, Twin
from tests.lab.hosts import Host as Machine
from tests.lab.hosts_repo import package

from oakum.adapters.ssh import commands, connections
from oakum.adapters.ssh.connections import Connections
from oakum.adapters.ssh.world import HostsWorld
from oakum.changes.running.acts import Act, Outcome
from oakum.changes.running.observed import Observed

#: Seconds after which nothing comes about any more, and for which a lock is waited for.
_PATIENCE, _LOCKED = 120.0, 4
_SERVICE = "contract"
_UNIT = "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n"
#: Copies, roots in whose place one was put, and what stands beside the root.
_FORGET = (
    "cd /run/oakum/top/.oakum 2>/dev/null && { for each in copies/* former/* new/*; do "
    "[ ! -d $each ] || btrfs -q subvolume delete $each; done; rm -rf state/*; cd /; }"
)
#: The end of the script of an update, by what it does.
_SCRIPTS = {
    "takes": "[ -z $2 ] || {{ touch /run/{name}; sleep 8; }}\n",
    "fails": "[ -z $2 ] || [ -e /run/{name} ] || {{ touch /run/{name}; exit 1; }}\n",
}


class Stock:
    """The packages of the lab, published before the first test, and the service of the host."""

    def __init__(self, machine: Machine) -> None:
        self.machine, self.lab = machine, machine.lab
        self._withdrawn: set[str] = set()
        unit = f"/etc/systemd/system/{_SERVICE}.service"
        machine.run(f"cat >{unit}; systemctl enable --now --quiet {_SERVICE}", input=_UNIT)
        (self.lab.folder / "packages").mkdir(exist_ok=True)
        for name in PACKAGES:
            self._add(name)
        self._publish()

    def has(self, name: str) -> None:
        """Brings back what a test has withdrawn."""
        if name in self._withdrawn:
            self._withdrawn.discard(name)
            self._add(name)
            self._publish()

    def withdraw(self, name: str) -> None:
        """No channel has it any more."""
        self._withdrawn.add(name)
        self.lab.repository.withdraw(name)
        self._publish()

    def _add(self, name: str) -> None:
        does = PACKAGES[name]
        for version in ("1.0", "1.1")[: 1 if does == "none" else 2]:
            newest = version == "1.1"
            script, program = _SCRIPTS.get(does, "") if newest else "", DIES if newest and does == "harms" else SERVES
            files = {f"/usr/sbin/{name}": program, f"/lib/systemd/system/{name}.service": UNIT.format(name=name),
                     f"/usr/share/{name}/version": version}  # fmt: skip
            scripts = {"postinst": START.format(name=name) + script.format(name=name)}
            deb = package(self.lab.folder / "packages", name, version, files=files, scripts=scripts)
            self.lab.repository.add(deb, security=newest)

    def _publish(self) -> None:
        self.lab.repository.publish()
        self.machine.run("apt-get -qq update")


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cut cable is noticed in seconds, and a lock is waited for a few."""
    program = re.sub(rb"(?m)^LOCKED=\d+$", b"LOCKED=%d" % _LOCKED, commands.program())
    assert b"LOCKED=%d" % _LOCKED in program
    monkeypatch.setattr(commands, "program", lambda: program)
    monkeypatch.setattr(connections, "_KEEPALIVE", 1)
    monkeypatch.setattr(connections, "CONNECT", 3.0)


class Real(Twin):
    """A machine of the lab; a context, which leaves nothing of ours on it."""

    def __init__(self, stock: Stock) -> None:
        super().__init__()
        self.stock, self.machine, self.host = stock, stock.machine, stock.machine.name
        self._packages: list[str] = []
        self._ahead = timedelta(0)
        self._stack = ExitStack()

    def __enter__(self) -> Real:
        hosts = {self.host: way(self.machine, health=(f"{_SERVICE}.service",))}
        opened = self._stack.enter_context(Connections(hosts))
        self._world = HostsWorld(hosts, opened, {self.host: ""}, run=self.run, now=self._now)
        self.up()
        return self

    def _now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        if (self.machine.folder / "off").exists():
            self.machine.power_on()
        self.machine.wait()
        names = " ".join(self._packages)
        self.machine.run(
            f"systemctl stop 'oakum-*'; systemctl start {_SERVICE}; {_FORGET}; rm -rf /var/lib/oakum /run/lab-*; "
            f"dpkg --configure -a; apt-mark unhold {names}; dpkg --purge --force-all {names}; "
            "rm -f /run/lab-*; apt-get clean; systemctl reset-failed; true", check=False,
        )  # fmt: skip

    def tell(self, act: Act) -> Outcome:
        outcome = self._world.act(act)
        # What an answer that did not come says of the connection is the adapter's own.
        return outcome if outcome.result != "unknown" else Outcome(result="unknown")

    def look(self) -> Observed:
        return self._world.observe([self.host])

    def until(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + _PATIENCE
        while not condition():
            assert time.monotonic() < end, f"it does not come about that {what}"
            time.sleep(0.2)

    def provide(self, name: str) -> None:
        self.stock.has(name)
        self.machine.run(f"apt-get -qq -y install {name}=1.0 >/dev/null")
        self._packages.append(name)

    def withdraw(self, name: str) -> None:
        self.stock.withdraw(name)
        self.machine.run(f"rm -f /var/cache/apt/archives/{name}_*")

    def hold(self, name: str) -> None:
        self.machine.run(f"apt-mark hold {name}")

    @contextmanager
    def locked(self, *, long: bool) -> Iterator[None]:
        seconds = _LOCKED * 10 if long else _LOCKED - 1
        lock = "/var/lib/dpkg/lock-frontend"
        self.machine.run(f"systemd-run --quiet --collect --unit=lab-lock -p Type=exec flock {lock} sleep {seconds}")
        self.until(lambda: bool(self.machine.run(f"flock -n {lock} true || echo held", check=False)), "it is locked")
        yield
        self.machine.run("systemctl stop lab-lock", check=False)

    @contextmanager
    def full(self) -> Iterator[None]:
        self.machine.run("mount -t tmpfs -o size=1m lab-full /boot")
        yield
        self.machine.run("umount /boot")

    @contextmanager
    def cut(self) -> Iterator[None]:
        with self.machine.cut():
            yield

    @contextmanager
    def lost(self) -> Iterator[None]:
        # The host's own lock keeps the request from being answered before the cable is out; then it is let go.
        lock = "/var/lib/oakum/lock"
        self.machine.run(
            f"mkdir -p /var/lib/oakum; systemd-run --quiet --collect --unit=lab-hold flock {lock} sleep 60"
        )
        self.until(lambda: bool(self.machine.run(f"flock -n {lock} true || echo held", check=False)), "it is locked")
        over = threading.Event()

        def cut() -> None:
            time.sleep(1)
            with self.machine.cut():
                over.wait(30)

        thread = threading.Thread(target=cut)
        thread.start()
        yield
        over.set()
        thread.join()
        self.machine.run("systemctl stop lab-hold")

    def power(self, on: bool) -> None:
        if on:
            self.machine.power_on()
            self.machine.wait()
        else:
            self.machine.run("sync")
            self.machine.pull_plug()

    def restart(self) -> None:
        self.machine.run("systemctl --no-block reboot", check=False)
        self.until(lambda: self.seen.up is False, "it goes down")

    def made_anew(self) -> None:
        self.machine.run("rm -rf /var/lib/oakum")
        (self.machine.root / "etc/machine-id").write_text(f"{secrets.token_hex(16)}\n")
        self.restart()
        self.up()

    def kill_service(self) -> None:
        self.machine.run(f"systemctl kill --signal=KILL {_SERVICE}")

    def start_service(self) -> None:
        self.machine.run(f"systemctl reset-failed {_SERVICE}; systemctl start {_SERVICE}")

    def clock(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)

    def end_work(self) -> None:
        self.machine.run("systemctl kill --kill-whom=all --signal=KILL 'oakum-*'")

    def at_work(self, key: str) -> None:
        names = " ".join(f"/run/{name}" for name in self._packages)
        self.until(lambda: bool(self.machine.run(f"ls {names} 2>/dev/null", check=False)), "it is in the middle")
