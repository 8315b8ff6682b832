"""Measure a command or a case: wall time, CPU time of the process and its children, peak memory.

Everything runs in a process of its own, so that no measurement warms another's caches or counts its memory.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
OAKUM = (sys.executable, "-m", "oakum")


class Cost(msgspec.Struct, frozen=True):
    """What one run took: seconds, and bytes of resident memory at its peak."""

    wall: float
    cpu: float
    peak: int
    code: int = 0


class Spread(msgspec.Struct, frozen=True):
    """The median of several runs, with the least and the most."""

    median: float
    least: float
    most: float


def spread(values: Iterable[float]) -> Spread:
    """Median, minimum and maximum; ``values`` is not empty."""
    known = list(values)
    return Spread(statistics.median(known), min(known), max(known))


def environment(work: Path) -> dict[str, str]:
    """The environment of what is measured: byte code is kept, as an installer leaves it, but not in the sources."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": str(work / "bytecode"), "HOME": str(work / "home"), "PYTHONHASHSEED": "0"}


def run(words: Sequence[str], env: Mapping[str, str], output: Path | None = None) -> Cost:
    """Run one command to its end; what it prints goes to ``output`` or nowhere."""
    quiet = os.open(output or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        start = time.perf_counter()
        process = subprocess.Popen(words, env=dict(env), cwd=ROOT, stdout=quiet, stderr=subprocess.DEVNULL)
        # wait4 gives the use of this child alone; RUSAGE_CHILDREN would give the greatest memory of all of them.
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    finally:
        os.close(quiet)
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, process.returncode)


def in_turn(commands: Mapping[str, Sequence[str]], env: Mapping[str, str], times: int) -> dict[str, list[Cost]]:
    """Run several commands in turn, so that whatever else the machine does falls on all of them alike."""
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for turn in range(times + 1):
        for name, words in commands.items():
            cost = run(words, env)
            if turn:  # the first turn fills the page cache
                costs[name].append(cost)
    return costs


def case(name: str, work: Path, *words: str, times: int = 1) -> list[dict[str, float]]:
    """Run one function of ``benchmarks.cases`` ``times`` over, each in a new process; its figures and its peak."""
    found = []
    for _ in range(times):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.cases", name, str(work), *words],
            cwd=ROOT,
            env=environment(work),
            stdout=subprocess.PIPE,
            check=True,
        )
        found.append(msgspec.json.decode(done.stdout, type=dict[str, float]))
    return found
