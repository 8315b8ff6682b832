"""``make bench-hosts``: scan 50 real machines of the lab and upgrade them behind a canary, for docs/benchmarks.md.

    python -m benchmarks.hosts [MACHINES]

All machines run on this one, so that their work is part of the time that is measured. What is told of CPU and memory
is that of the ``oakum`` process alone; its connections are read from the kernel's table while it runs.
"""

from __future__ import annotations

import os
import shutil
import socket
import struct
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.adapters.ssh.labs import START, UNIT
from tests.lab.go import LabUnavailable
from tests.lab.hosts import Host, HostsLab
from tests.lab.hosts_base import SUITE
from tests.lab.hosts_base import run as command
from tests.lab.hosts_repo import PORT, SECURITY, package
from tests.local.desk import Desk
from tests.local.estate import make_keys

from benchmarks.measure import OAKUM, Cost, environment, run, spread
from benchmarks.page import machine, mebibytes, rewrite, seconds, table
from oakum.local.plans import read_plan

MACHINES, SCANS = 50, 3
#: So many boot at once: each needs a core for a few seconds.
AT_ONCE = 4
NAME, OLD, NEW = "bench", "1.0", "1.1"
#: Each systemd watches some files; a kernel allows one account 128 watchers where nobody says otherwise (inotify(7)).
WATCHERS, ENOUGH = Path("/proc/sys/fs/inotify/max_user_instances"), 4096
#: A canary of two machines, then at most ten at a time.
POLICY = {"budgets:": "budgets: [{name: ten, max_unavailable: 10, max_domains: 99}]",
          "canary:": "canary: [{name: two, nodes: 2, soak: 1s}]"}  # fmt: skip


class Wire:
    """The connections of this machine to the lab's network, as often as the kernel's table is read."""

    def __init__(self, subnet: str) -> None:
        self._subnet = subnet
        self.most, self.all = 0, set[tuple[str, str]]()

    @contextmanager
    def watched(self) -> Iterator[None]:
        over = threading.Event()

        def watch() -> None:
            while not over.wait(0.05):
                found = set(self._established())
                self.all |= found
                self.most = max(self.most, len(found))

        thread = threading.Thread(target=watch)
        thread.start()
        yield
        over.set()
        thread.join()

    def _established(self) -> Iterator[tuple[str, str]]:
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            _, here, there, state, *_ = line.split()
            address, _, port = there.partition(":")
            plain = socket.inet_ntoa(struct.pack("<I", int(address, 16)))
            if state == "01" and int(port, 16) == 22 and plain.startswith(f"{self._subnet}."):
                yield here, there


@contextmanager
def watchers() -> Iterator[None]:
    """Room for the watchers of all machines."""
    before = WATCHERS.read_text()
    if int(before) < ENOUGH:
        WATCHERS.write_text(str(ENOUGH))
    yield
    WATCHERS.write_text(before)


def prepared(lab: HostsLab, count: int) -> list[Host]:
    """The machines, each with the older version of a package that has a service; a newer one is offered."""
    work = lab.folder / "packages"
    work.mkdir()
    for version in (OLD, NEW):
        files = {f"/usr/sbin/{NAME}": "#!/bin/sh\nexec sleep 100000\n", f"/usr/share/{NAME}/version": version,
                 f"/lib/systemd/system/{NAME}.service": UNIT.format(name=NAME)}  # fmt: skip
        start = START.format(name=NAME).replace("set -e\n", "set -e\n[ -d /run/systemd/system ] || exit 0\n")
        lab.repository.add(package(work, NAME, version, files=files, scripts={"postinst": start}),
                           security=version == NEW)  # fmt: skip
    lab.repository.publish()
    lab.base = _base(lab)
    machines: list[Host] = []
    for number in range(0, count, AT_ONCE):
        machines += lab.start(*(f"host-{each + 1:02}" for each in range(number, min(number + AT_ONCE, count))))
    return machines


def _base(lab: HostsLab) -> Path:
    """The lab's base with the package in it, so that it is not installed fifty times."""
    made = lab.folder / "base"
    made.mkdir()
    shutil.copy(lab.base / "lab.gpg", made)
    root = made / "root"
    command("cp", "-a", "--reflink=auto", lab.base / "root", root)
    shutil.copy(lab.base / "lab.gpg", root / "usr/share/keyrings/lab.gpg")
    site = f"[signed-by=/usr/share/keyrings/lab.gpg] http://{lab.gateway}:{PORT}"
    (root / "etc/apt/sources.list").write_text(f"deb {site} {SUITE} main\ndeb {site} {SECURITY} main\n")
    unit = root / f"etc/systemd/system/multi-user.target.wants/{NAME}.service"
    command("systemd-nspawn", "--quiet", "--pipe", "--register=no", "--keep-unit", f"--directory={root}", "sh", "-c",
            f"apt-get -qq update && apt-get -qq -y install {NAME}={OLD}")  # fmt: skip
    unit.symlink_to(f"/lib/systemd/system/{NAME}.service")
    return made


class Bench:
    """A desk with all machines, and what its commands take."""

    def __init__(self, lab: HostsLab, folder: Path, machines: list[Host]) -> None:
        self.folder, self.machines, self.subnet = folder, machines, lab.subnet
        os.environ["OAKUM_DATA"] = str(folder / "data")
        self.desk = Desk(folder, make_keys(folder / "keys"), machines, f"{NAME}.service")
        file = self.desk.policy / "policy.yaml"
        lines = file.read_text().splitlines()
        kept = [next((new for old, new in POLICY.items() if line.startswith(old)), line) for line in lines]
        file.write_text("\n".join(kept) + "\n")
        self.environment = environment(folder) | {"OAKUM_DATA": os.environ["OAKUM_DATA"]}

    def measured(self, *words: str) -> tuple[Cost, Wire]:
        """One command of ours."""
        wire = Wire(self.subnet)
        with wire.watched():
            cost = run((*OAKUM, *words), self.environment, self.folder / "said")
        return cost, wire

    def scan(self, *, save: bool) -> tuple[Cost, Wire]:
        """All machines; ``save``: with what a plan asks beside."""
        found = self.measured("host", "scan", *(("--save", str(self.desk.state)) if save else ()))
        if not self._said().startswith(f"{len(self.machines)} assets"):
            raise SystemExit(f"not all machines were scanned: {self._said()[:500]}")
        return found

    def upgrade(self) -> tuple[Cost, Wire, int]:
        """Planned, approved by another and run; by the machines' own disks everything is at the newer version."""
        plan = self.desk.plan(NAME)
        approval, file = self.folder / "approval", self.folder / f"{NAME}.json"
        words = ["approve", str(file), "--key", str(self.desk.keys / "agrees"), "--out", str(approval)]
        self.measured(*words)
        words = ["run", str(file), "--from", str(self.desk.state), "--policy", str(self.desk.policy)]
        cost, wire = self.measured(*words, "--key", str(self.desk.keys / "asks"), "--approval", str(approval))
        behind = [each.name for each in self.machines if each.version(NAME) != NEW]
        if behind or cost.code:
            raise SystemExit(f"oakum run ended with {cost.code}; behind are {behind}: {self._said()}")
        assert read_plan(file) == plan
        return cost, wire, len(plan.waves)

    def _said(self) -> str:
        return (self.folder / "said").read_text()


def row(what: str, taken: Sequence[tuple[Cost, Wire]]) -> list[str]:
    """What one command took, each time."""
    wall, cpu = (spread(getattr(cost, name) for cost, _ in taken) for name in ("wall", "cpu"))
    most, total = max(wire.most for _, wire in taken), max(len(wire.all) for _, wire in taken)
    peak = mebibytes(max(cost.peak for cost, _ in taken))
    return [what, seconds(wall), seconds(cpu), peak, str(most), str(total)]


def main() -> None:
    """Measures, and writes the page where all machines took part."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else MACHINES
    try:
        lab = HostsLab()
    except LabUnavailable as error:
        raise SystemExit(str(error)) from None
    with lab, watchers(), tempfile.TemporaryDirectory() as work:
        bench = Bench(lab, Path(work), prepared(lab, count))
        load = os.getloadavg()[0]
        scans = [bench.scan(save=False) for _ in range(SCANS + 1)][1:]
        saved = [bench.scan(save=True) for _ in range(SCANS)]
        cost, wire, waves = bench.upgrade()
    rows = [
        row(f"`oakum host scan`, {count} hosts", scans),
        row(f"`oakum host scan --save`, {count} hosts", saved),
        row(f"`oakum run`, {count} hosts, {waves} waves, canary of two", [(cost, wire)]),
    ]
    head = ("command", "wall", "CPU of `oakum`", "peak", "connections at once", "connections in all")
    text = f"{machine('make bench-hosts')} Load before: {load:.1f}.\n\n{table(head, rows)}"
    print(text)
    if count == MACHINES:
        rewrite("hosts", text)


if __name__ == "__main__":
    main()
