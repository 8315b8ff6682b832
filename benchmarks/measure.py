"""Measure a command or a case: wall time, CPU time of the process and its children, peak memory.

Everything runs in a process of its own, so that no measurement warms another's caches or counts its memory.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
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
    starter = (sys.executable, "-I", "-S", str(ROOT / "benchmarks" / "launch.py"), str(output or os.devnull))
    done = subprocess.run([*starter, *words], env=dict(env), cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return msgspec.json.decode(done.stdout, type=Cost)


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
        output = work / "case.json"
        cost = run((sys.executable, "-m", "benchmarks.cases", name, str(work), *words), environment(work), output)
        if cost.code:
            raise SystemExit(f"benchmark case {name} {' '.join(words)} ended with {cost.code}")
        found.append({**msgspec.json.decode(output.read_bytes(), type=dict[str, float]), "peak": float(cost.peak)})
    return found
