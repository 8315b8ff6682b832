"""The processes and the work folder of one run of the lab, so that nothing of it outlives it.

A run has a folder of its own, ``oakum-lab-PID-RANDOM`` below the temporary folder, which it holds locked. Its processes
die with it (``tether``). What a killed run left all the same is found by the prefix when the next one starts: a folder
that nobody holds locked. A process in there is killed only where its pid, its start time and its command line are all
still those that were recorded, since the kernel gives a pid to somebody else sooner or later.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PREFIX = "oakum-lab-"
_TETHER = Path(__file__).with_name("tether.py")
# A child dies with the thread that started it. This thread stays until the interpreter ends; a test's may not.
_SPAWNER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="oakum-lab")


class ProcessError(RuntimeError):
    """A process of the lab ended or did not get ready; the text holds the end of its log."""


class RunFolder:
    """The work folder of a run, with its processes by name. ``close`` ends them and removes the folder."""

    def __init__(self) -> None:
        sweep()
        parent = Path(tempfile.gettempdir())
        new = Path(tempfile.mkdtemp(prefix=f".{PREFIX}", dir=parent))
        # Locked before it has the name that others look for.
        self._lock = (new / "lock").open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        for name in ("pids", "logs"):
            (new / name).mkdir()
        self.path = new.rename(parent / f"{PREFIX}{os.getpid()}-{new.name.rpartition('-')[2]}")
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, program: Path, arguments: Sequence[str]) -> None:
        """Start a program; its output goes to ``logs/NAME.log``."""
        command = [sys.executable, "-I", "-S", str(_TETHER), str(os.getpid()), str(program), *arguments]
        with self.log(name).open("ab") as log:
            process = _SPAWNER.submit(_spawn, command, log.fileno(), self.path).result()
        self._running[name] = process
        started = start_time(process.pid)
        (self.path / "pids" / name).write_text(json.dumps({"pid": process.pid, "started": started}))

    def log(self, name: str) -> Path:
        """The file with a process's output."""
        return self.path / "logs" / f"{name}.log"

    def check(self, name: str) -> None:
        """Raise ProcessError if a process has ended."""
        code = self._running[name].poll()
        if code is not None:
            raise self.failure(f"{name} ended with status {code}", name)

    def failure(self, what: str, name: str) -> ProcessError:
        """An error that shows the end of a process's log."""
        lines = self.log(name).read_text(errors="replace").splitlines()[-25:]
        return ProcessError("\n".join([f"{what}; the end of its log:", *(line[:500] for line in lines)]))

    def pid(self, name: str) -> int:
        """The process id of a running process."""
        return self._running[name].pid

    def stop(self, *names: str, grace: float) -> None:
        """End some processes: ask all, then kill after ``grace`` seconds those that are still there."""
        processes = {name: self._running.pop(name) for name in names if name in self._running}
        for process in processes.values():
            process.terminate()
        deadline = time.monotonic() + grace
        for name, process in processes.items():
            try:
                process.wait(max(0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            (self.path / "pids" / name).unlink()

    def close(self) -> None:
        """End every process and remove the folder. What they hold is thrown away, so they get no time to save it."""
        self.stop(*self._running, grace=1)
        shutil.rmtree(self.path)
        self._lock.close()


def _spawn(command: Sequence[str], log: int, folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder)


def start_time(pid: int) -> int:
    """When a process started, in clock ticks since the machine did (proc(5), stat, field 22); 0 if there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    return int(stat.rpartition(")")[2].split()[19])  # the name before may hold blanks and parentheses


def sweep() -> None:
    """Remove what runs left that were killed: their processes, then their folders."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if folder.is_symlink() or not folder.is_dir() or folder.stat().st_uid != os.getuid():
            continue
        try:
            lock = (folder / "lock").open("r")
        except FileNotFoundError:  # somebody else sweeps it, or it is none of ours
            continue
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            for record in (folder / "pids").glob("*"):
                _kill_recorded(record, folder)
            shutil.rmtree(folder, ignore_errors=True)


def _kill_recorded(record: Path, folder: Path) -> None:
    """Kill the process of a record, unless its pid has become somebody else's."""
    try:
        recorded = json.loads(record.read_text())
        pid, started = int(recorded["pid"]), int(recorded["started"])
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError, KeyError):  # cut off while it was written, or the process is gone
        return
    if started and start_time(pid) == started and os.fsencode(folder) in command:
        os.kill(pid, signal.SIGKILL)
