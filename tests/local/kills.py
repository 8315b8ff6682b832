"""Runs on three real machines whose ``oakum`` is killed at random moments; what came of each is read from outside.

One set of machines is used for many runs: each takes some packages of the lab up, or back to their former versions.
``Field.play`` carries one out to its end and returns what is wrong afterwards by dpkg's, systemd's and the machine's
own word: nothing, where every version was installed once and nothing of Oakum's is left.
"""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from tests.adapters.ssh.labs import START, UNIT
from tests.lab.hosts import Host as Machine
from tests.lab.hosts import HostsLab
from tests.lab.hosts_repo import package
from tests.local.desk import Desk

from oakum.changes.running.journal import OVER, Journal
from oakum.cli.main import main
from oakum.local.plans import read_plan
from oakum.local.runs import open_run, run_names
from oakum.local.starting import summary_of

OLD, NEW = "1.0", "1.1"
#: Each with a service that its update restarts.
QUICK, SLOW, BOOT = "kill-quick", "kill-slow", "kill-boot"
#: Its service is one that no run restarts: what it uses comes into effect with the next boot.
_LASTING = "libvirtd"
#: The script of the slow one takes so many seconds, in which a kill may find an installation in flight.
_SLOW = "[ $1 != configure ] || sleep 2"
#: A program of the package itself that stays mapped: a copy of one of the machine's.
_COPIES = (
    "#!/bin/sh\nset -e\ncp /usr/bin/sleep /usr/sbin/kill-boot.new\nmv /usr/sbin/kill-boot.new /usr/sbin/kill-boot\n"
)
_LASTS = "[Service]\nExecStart=/usr/sbin/kill-boot infinity\n[Install]\nWantedBy=multi-user.target\n"
#: Writes down each boot, as a machine's own record that no program of ours keeps.
_BOOTS = (
    "[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\n"
    "ExecStart=/bin/sh -c 'cat /proc/sys/kernel/random/boot_id >>/var/log/boots'\n[Install]\nWantedBy=basic.target\n"
)
#: Seconds: a process that nobody kills has ended by then, and the latest first kill of a run.
_PATIENCE, _FIRST = 180.0, 5.0
#: After so many starts of one run nobody kills any more.
_STARTS = 40


class Field:
    """Three machines with the packages of old, and a desk from which they are patched."""

    def __init__(self, desk: Desk, machines: list[Machine], lab: HostsLab, seed: int) -> None:
        self.desk, self.machines, self.lab = desk, machines, lab
        self.dice = random.Random(seed)
        self.numbers = itertools.count(1)
        #: kills: of a process; resumed: beginnings after one; refused: of two at once; installed, booted: by machines.
        self.counts: Counter[str] = Counter()
        #: What was in hand when a process was killed, by the run's own journal and by the machines.
        self.moments: Counter[str] = Counter()
        #: What was taken up by the run before, and is to go back.
        self.up: tuple[str, ...] = ()
        self._last = ""
        self._offer()

    def _offer(self) -> None:
        work = self.lab.folder / "packages"
        work.mkdir(exist_ok=True)
        for version in (OLD, NEW):
            for name, script in ((QUICK, ""), (SLOW, _SLOW), (BOOT, "")):
                unit = _LASTING if name == BOOT else name
                files = {f"/usr/sbin/{name}": "#!/bin/sh\nexec sleep 100000\n", f"/usr/share/{name}/version": version}
                files[f"/lib/systemd/system/{unit}.service"] = _LASTS if name == BOOT else UNIT.format(name=name)
                after = _COPIES + f"systemctl enable --quiet {unit}\n" if name == BOOT else START.format(name=name)
                if name == BOOT:
                    after += f"systemctl is-active --quiet {unit} || systemctl start {unit}\n"
                deb = package(work, name, version, files=files, scripts={"postinst": f"{after}{script}\n"})
                self.lab.repository.add(deb, security=version == NEW)
        self.lab.repository.publish()
        for each in self.machines:
            each.run("cat >/etc/systemd/system/boots.service; systemctl enable --quiet boots", input=_BOOTS)
            first = " ".join(f"{name}={OLD}" for name in (QUICK, SLOW, BOOT))
            each.run(f"apt-get -qq update; apt-get -qq -y install {first} >/dev/null")

    # One run

    def play(self, *, kills: int, boots: bool) -> list[str]:
        """One run with at most so many kills; what is wrong after it. ``boots``: it takes up what needs a reboot."""
        number = next(self.numbers)
        file, back = f"run-{number}.json", bool(self.up)
        if back:
            given = [
                "--from",
                self.desk.scan(),
                "--policy",
                str(self.desk.policy),
                "--out",
                str(self.desk.folder / file),
            ]
            code = main(["rollback", self._last, "--all", *given])
            changed, self.up = self.up, ()
        else:
            changed = self.up = self._some(boots)
            code = self._plan(file, changed)
        if code != 0:
            return [f"no plan of run {number}"]
        steps = read_plan(self.desk.folder / file).steps
        reboots = any(change.component == BOOT for step in steps.values() for change in step.changes)
        before = {each.name: (log(each, "dpkg.log"), log(each, "boots")) for each in self.machines}
        wrong = self._killed(file, kills)
        wanted = dict.fromkeys(changed, OLD if back else NEW)
        for each in self.machines:
            wrong += self._told(each, before[each.name], wanted, boots=int(reboots))
        self.counts["runs"] += 1
        return [f"run {number}: {each}" for each in wrong]

    def _some(self, boots: bool) -> tuple[str, ...]:
        several = self.dice.choice(((QUICK,), (SLOW,), (QUICK, SLOW)))
        return (*several, BOOT) if boots else several

    def _plan(self, file: str, names: tuple[str, ...]) -> int:
        intent = self.desk.folder / "intent.yaml"
        intent.write_text(
            f"version: 1\nintents:\n- {{name: up, kind: packages, wants: {{names: [{', '.join(names)}]}}}}\n"
        )
        words = ["--from", self.desk.scan(), "--intent", str(intent), "--policy", str(self.desk.policy)]
        return main(["plan", *words, "--out", str(self.desk.folder / file)])

    def _killed(self, file: str, kills: int) -> list[str]:
        """Approved and run; each process is killed at a random moment, and the run resumed, until it has ended."""
        path, approval = self.desk.folder / file, self.desk.folder / f"{file}.approval"
        main(["approve", str(path), "--key", str(self.desk.keys / "agrees"), "--out", str(approval)])
        begin = ["run", str(path), "--from", str(self.desk.state), "--policy", str(self.desk.policy)]
        begin += ["--key", str(self.desk.keys / "asks"), "--approval", str(approval)]
        known = set(run_names(None))
        twice = self.dice.randrange(1, 4)
        for killed in range(_STARTS):
            mine = [each for each in run_names(None) if each not in known]
            words = ["resume", *mine] if mine else begin
            within = self.dice.uniform(0.3, _FIRST * 1.07**killed) if killed < kills else _PATIENCE
            if mine and killed >= twice:
                twice = _STARTS
                code = self._both(words, within)
            else:
                code = self._one(words, within)
            self._last = next((each for each in run_names(None) if each not in known), "")
            if code == 0:
                return []
            if code != -9:
                return [f"oakum {words[0]} ended with {code}"]
            self.counts["kills"] += 1
            self.moments[self._moment()] += 1
            if self._over():
                return []
        return [f"it does not end after {_STARTS} starts"]

    def _over(self) -> bool:
        """Whether the run has ended well: its process may be killed between its last record and its last word."""
        if not self._last:
            return False
        run = open_run(None, self._last)
        try:
            return summary_of(run, datetime.now(UTC)).well
        finally:
            run.close()

    def _moment(self) -> str:
        """Where a run stood when its process was killed: the states in hand, and whether a machine is at work."""
        if not self._last:
            return "no run yet"
        run = open_run(None, self._last)
        try:
            journal = Journal(run.records())
        finally:
            run.close()
        states = {journal.state(step) for step in run.plan.steps} - OVER - {"waiting"}
        work = any(state(path) == "running" for each in self.machines for path in works(each))
        return ", ".join(sorted(states)) + (" (a machine at work)" if work else "") if states else "between steps"

    def _begun(self, words: list[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "oakum", *words], cwd=self.desk.folder, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def _one(self, words: list[str], within: float) -> int:
        return self._ended(self._begun(words), within)

    def _ended(self, process: subprocess.Popen[str], within: float) -> int:
        try:
            said, _ = process.communicate(timeout=within)
        except subprocess.TimeoutExpired:
            process.kill()
            said, _ = process.communicate()
        if process.returncode not in (0, -9):
            print(said)
        return process.returncode

    def _both(self, words: list[str], within: float) -> int:
        """Two at once: one is refused, the other goes on; killed, where its time is over."""
        # Long enough for one of them to be refused on a machine that is busy.
        end = time.monotonic() + within + 4
        first, second = self._begun(words), self._begun(words)
        while first.poll() is None and second.poll() is None and time.monotonic() < end:
            time.sleep(0.02)
        refused, other = (second, first) if second.poll() is not None else (first, second)
        if refused.poll() == 2:
            said = refused.communicate()[0]
            assert "is carried out by process" in said, said
            self.counts["refused"] += 1
            return self._ended(other, max(0.0, end - time.monotonic()))
        codes = {self._ended(other, 0.0 if refused.poll() is None else _PATIENCE), self._ended(refused, 0.0)}
        return min(codes)

    # What came of it

    def _told(
        self, machine: Machine, before: tuple[list[str], list[str]], wanted: dict[str, str], *, boots: int
    ) -> list[str]:
        """What is wrong on one machine, by what is there and by its own logs."""
        found: list[str] = []

        def expect(what: str, is_so: object, should: object) -> None:
            if is_so != should:
                found.append(f"{machine.name}: {what} {is_so!r}, not {should!r}")

        for name, version in wanted.items():
            expect(f"{name} is", machine.version(name), version)
            other = OLD if version == NEW else NEW
            lines = [" ".join(line.split()[2:]) for line in log(machine, "dpkg.log")[len(before[0]) :]]
            done = [line for line in lines if f" {name}:" in line and line.startswith(("upgrade", "install", "remove"))]
            expect(f"by dpkg.log {name} was changed", done, [f"upgrade {name}:all {other} {version}"])
            self.counts["installed"] += len(done)
        started = log(machine, "boots")[len(before[1]) :]
        self.counts["booted"] += len(started)
        expect("boots", len(started), boots)
        expect("dpkg --audit", machine.run("dpkg --audit"), "")
        expect("failed services", machine.run("systemctl list-units --failed --plain --no-legend"), "")
        expect("work under way", machine.run("systemctl list-units --all --plain --no-legend 'oakum-*'"), "")
        expect("claim", (machine.root / "var/lib/oakum/claim").exists(), False)
        expect("work", {state(each) for each in works(machine)}, {"done"})
        for name in (QUICK, SLOW, _LASTING):
            expect(f"{name}.service", machine.run(f"systemctl is-active {name}", check=False), "active")
        return found


def log(machine: Machine, name: str) -> list[str]:
    """The lines of one of a machine's logs, read from its disk."""
    path = Path(machine.root / "var/log" / name)
    return path.read_text().splitlines() if path.exists() else []


def works(machine: Machine) -> list[Path]:
    """The folders of long work on a machine."""
    return list((machine.root / "var/lib/oakum/work").glob("*"))


def state(work: Path) -> str:
    """How a work stands, by what its machine wrote down."""
    try:
        return (work / "state").read_text().strip()
    except FileNotFoundError:
        return "not begun"
