"""Runs on one real machine on which something is wrong, and what is left of each of them: on the machine, in files."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.adapters.ssh.labs import until
from tests.lab.hosts import Host as Machine
from tests.lab.hosts import HostsLab
from tests.local.desk import Desk, provide

from oakum.adapters.ssh import commands, connections
from oakum.changes import run
from oakum.changes.running import applying
from oakum.cli.main import main
from oakum.local.runs import open_run, run_names
from oakum.local.starting import summary_of

#: Seconds on a host, and what they are for a test: how long a lock is waited for, and a package script.
_SHORTER = {
    b"LOCKED=90": b"LOCKED=3",
    b"HANGS=1800": b"HANGS=6",
    b"MENDS=1200": b"MENDS=6",
}  # fmt: skip


def script(name: str, does: str) -> dict[str, str]:
    """The script of a version that does something on the way to it only, until somebody has mended that."""
    return {"postinst": f"#!/bin/sh\n[ -e /opt/mended-{name} ] && exit 0\n{does}\n"}


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody waits for seconds where else it would be minutes."""
    program = commands.program()
    for long, short in _SHORTER.items():
        assert program.count(long) == 1, long
        program = program.replace(long, short)
    monkeypatch.setattr(commands, "program", lambda: program)
    monkeypatch.setattr(applying, "_PAUSE", 1.0)
    monkeypatch.setattr(run, "_IDLE", 2.0)
    monkeypatch.setattr(connections, "_KEEPALIVE", 1)
    monkeypatch.setattr(connections, "CONNECT", 3.0)


class Patient:
    """One machine with a package that is to go from 1.0 to 1.1, and the desk from which it is patched."""

    def __init__(
        self, folder: Path, keys: Path, machine: Machine, lab: HostsLab, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.folder, self.machine, self.lab, self._capsys = folder, machine, lab, capsys
        self.desk = Desk(folder, keys, [machine], ready="30s")
        self.printed, self.last = "", ""

    def has(self, name: str, **parts: object) -> None:
        """Version 1.0 is installed, 1.1 is offered with these parts."""
        provide([self.machine], self.lab, name, "1.0")
        self.offers(name, **parts)  # type: ignore[arg-type]  # words of a test

    def offers(self, name: str, version: str = "1.1", **parts: object) -> None:
        """A newer version."""
        from tests.adapters.ssh.labs import offer

        offer(self.lab, name, "0.1", version, **parts)  # type: ignore[arg-type]  # words of a test
        self.machine.run("apt-get -qq update")

    def plan(self, name: str) -> None:
        """Plans the update."""
        self.desk.plan(name)

    def run(self, name: str) -> tuple[int, str]:
        """Carries the plan out: the exit code, and all that a person was told."""
        return self.told_of(self.ready(name))

    def told_of(self, words: list[str]) -> tuple[int, str]:
        """What became of a command, and all that a person was told of it, also by `oakum runs show`."""
        self.told()
        before = set(run_names(None))
        code = main(words)
        said = self.told()
        (self.last,) = set(run_names(None)) - before
        main(["runs", "show", self.last, "--all"])
        main(["runs", "show", self.last, "-o", "json"])
        return code, said + self.told()

    def ready(self, name: str) -> list[str]:
        """Approved by another, and the machine read anew: the words that carry the plan out."""
        file, approval = self.folder / f"{name}.json", self.folder / f"{name}.json.approval"
        keys = self.desk.keys
        assert main(["approve", str(file), "--key", str(keys / "agrees"), "--out", str(approval)]) == 0
        words = ["--from", self.desk.scan(), "--policy", str(self.desk.policy), "--key", str(keys / "asks")]
        return ["run", str(file), *words, "--approval", str(approval)]

    def told(self) -> str:
        """What was printed since."""
        out, err = self._capsys.readouterr()
        self.printed += out + err
        return out + err

    def counts(self) -> dict[str, int]:
        """The steps of the last run by their states."""
        found = open_run(None, self.last)
        try:
            return summary_of(found, datetime.now(UTC)).counts
        finally:
            found.close()

    def nothing_is_left(self) -> None:
        """No claim of ours, nothing half-way, nothing of ours under way."""
        assert not (self.machine.root / "var/lib/oakum/claim").exists()
        assert self.machine.run("dpkg --audit") == ""
        assert self.machine.run("systemctl list-units --plain --no-legend 'oakum-*'") == ""

    def is_well_again(self, name: str) -> None:
        """The same is planned anew, and comes to a good end."""
        self.plan(name)
        code, said = self.run(name)
        assert code == 0, said
        assert self.machine.version(name) == "1.1"
        self.nothing_is_left()

    def said_nowhere(self, secret: str) -> None:
        """It stands in no file of ours, nothing that was printed, and not in the machine's journal."""
        for file in self.folder.rglob("*"):
            assert not file.is_file() or secret.encode() not in file.read_bytes(), file
        assert secret not in self.printed + self.told()
        assert self.machine.run(f"journalctl --no-pager | grep -c {secret}", check=False) == "0"


def fails(patient: Patient, name: str, *words: str, counts: dict[str, int] | None = None) -> str:
    """The run fails, says these words, and leaves the old version and nothing of ours."""
    patient.plan(name)
    code, said = patient.run(name)
    assert code == 1, said
    for each in words:
        assert each in said, said
    assert patient.counts() == (counts or {"undone": 1})
    assert patient.machine.version(name) == "1.0"
    patient.nothing_is_left()
    return said


@contextmanager
def meanwhile(work: Callable[[], object]) -> Iterator[None]:
    """Something happens while a run is carried out here."""
    failed: list[BaseException] = []

    def go() -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=go)
    thread.start()
    yield
    thread.join()
    if failed:
        raise failed[0]


def there(path: Path) -> None:
    """Waits for a file on the disk of a machine."""
    until(path.exists, 120)
