"""Packages, acts and looks for tests that change real machines."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from pathlib import Path

from tests.lab.hosts import Host as Machine
from tests.lab.hosts import HostsLab
from tests.lab.hosts_repo import package

from oakum.adapters.ssh.connections import Connections
from oakum.adapters.ssh.model import Host
from oakum.adapters.ssh.world import HostsWorld
from oakum.changes.plans.model import Change, Subject
from oakum.changes.running.acts import Act, Do, Outcome
from oakum.changes.running.observed import Seen, Work

RUN = "run-1"
_NUMBERS = itertools.count(1)
UNIT = "[Service]\nExecStart=/usr/sbin/{name}\n[Install]\nWantedBy=multi-user.target\n"
SERVES = "#!/bin/sh\nexec sleep 100000\n"
DIES = "#!/bin/sh\nexit 1\n"
START = "#!/bin/sh\nset -e\nsystemctl daemon-reload\nsystemctl enable --quiet {name}\nsystemctl restart {name}\n"


def way(machine: Machine, **given: object) -> Host:
    """How a machine of the lab is reached."""
    known: dict[str, object] = {
        "address": machine.address, "host_keys": (machine.host_key,), "identities": (str(machine.lab.key),),
        "agent": False,
    }  # fmt: skip
    return Host(**(known | given))  # type: ignore[arg-type]  # words of a test


def offer(
    lab: HostsLab,
    name: str,
    *versions: str,
    program: str = SERVES,
    files: dict[str, str] | None = None,
    scripts: dict[str, str] | None = None,
    conffiles: tuple[str, ...] = (),
    depends: str = "",
) -> None:
    """Publishes a package with a service, in some versions; the first is in the main suite, others are updates."""
    work = lab.folder / "packages"
    work.mkdir(exist_ok=True)
    for number, version in enumerate(versions):
        parts = {
            f"/usr/sbin/{name}": program,
            f"/lib/systemd/system/{name}.service": UNIT.format(name=name),
            f"/usr/share/{name}/version": version,
        }
        deb = package(
            work, name, version, files=parts | (files or {}), conffiles=conffiles, depends=depends,
            scripts={"postinst": START.format(name=name)} | (scripts or {}),
        )  # fmt: skip
        lab.repository.add(deb, security=number > 0)
    lab.repository.publish()


class Bench:
    """The world of some machines, and acts in it as a run would ask for them."""

    def __init__(self, connections: Connections, *machines: Machine, run: str = RUN, **hosts: Host) -> None:
        self.hosts = {each.name: way(each) for each in machines} | hosts
        ids = {each.name: (each.root / "etc/machine-id").read_text().strip() for each in machines}
        self.world = HostsWorld(self.hosts, connections, ids, run=run)
        self.run = run
        self.token = 1

    def act(self, do: Do, name: str, *, key: str = "", changes: tuple[Change, ...] = (), **given: object) -> Outcome:
        """One act."""
        parameters = {"step": f"packages@{name}", "cordon": "false"} if do == "claim" else {}
        wanted: dict[str, object] = {
            "key": key or f"{self.run}/packages@{name}/{do}/{next(_NUMBERS)}", "do": do, "run": self.run, "plan": "p",
            "token": self.token, "subject": subject(name), "changes": changes, "parameters": parameters,
        }  # fmt: skip
        return self.world.act(Act(**(wanted | given)))  # type: ignore[arg-type]  # words of a test

    def seen(self, name: str) -> Seen:
        """The machine now."""
        seen = self.world.observe([name]).seen(name)
        assert seen is not None
        return seen

    def over(self, name: str, key: str, seconds: float = 90) -> Work:
        """The work of a key, when it has ended."""
        found: list[Work] = []

        def ended() -> bool:
            work = self.seen(name).work.get(key)
            found.append(work) if work is not None and work.state != "running" else None
            return bool(found)

        until(ended, seconds)
        return found[0]

    def made(self, do: Do, name: str, *changes: Change) -> Work:
        """Begins the changes and waits for their end."""
        key = f"{self.run}/packages@{name}/{do}/{next(_NUMBERS)}"
        answer = self.act(do, name, key=key, changes=changes)
        assert answer == Outcome(result="done"), answer
        return self.over(name, key)


def subject(name: str) -> Subject:
    """A host as the subject of a step."""
    return Subject(kind="machine", cluster="", name=name, uid="")


def change(name: str, before: str, after: str, **given: object) -> Change:
    """A package that goes to another version."""
    standard: dict[str, object] = {
        "intent": "i", "kind": "packages", "component": name, "before": before, "after": after, "back": before,
        "reversibility": "reversible", "proof": ("running", "rescan"),
    }  # fmt: skip
    return Change(**(standard | given))  # type: ignore[arg-type]  # words of a test


def until(condition: Callable[[], bool], seconds: float = 240) -> None:
    """Asks again and again."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it does not come about"
        time.sleep(0.2)


def installs(machine: Machine, name: str) -> list[str]:
    """What dpkg's own log says of a package, whoever asked for it."""
    log = Path(machine.root / "var/log/dpkg.log").read_text().splitlines()
    return [
        " ".join(line.split()[2:]) for line in log if line.split()[2] in ("upgrade", "install") and f" {name}:" in line
    ]
