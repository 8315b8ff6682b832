"""``make bench-cluster``: measure what concerns clusters, print the tables, and write them into docs/benchmarks.md."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import msgspec

from benchmarks.cluster import RUNS, measured
from benchmarks.measure import environment, run, spread
from benchmarks.page import machine, rewrite, seconds, table

#: Module, its arguments, what the arguments are, and the seconds that it tells by name.
CASES = (
    ("flows", "2000 300", "2,000 pods, 300 policies; asked: under 2 s", ("network", "connections")),
    ("flows", "2000 300 lone", "2,000 pods without owners, 300 policies; asked: under 2 s", ("network", "connections")),
    ("flows", "10000 1000", "10,000 pods, 1,000 policies", ("network", "connections")),
    ("exposure", "2000 300", "2,000 pods, 300 Services", ("measure", "closing")),
    ("exposure", "10000 1500", "10,000 pods, 1,500 Services", ("measure", "closing")),
)
WHAT = {
    "network": "effective connections: the policies read",
    "connections": "effective connections: every one told",
    "measure": "exposure of every workload and node",
    "closing": "what closing each door would leave",
}


def pure(work: Path) -> str:
    """Flows and exposure in a process each, from a snapshot in memory."""
    rows = []
    for module, words, of, names in CASES:
        output, found = work / "figures.json", []
        for _ in range(RUNS):
            cost = run((sys.executable, "-m", f"benchmarks.{module}", *words.split()), environment(work), output)
            if cost.code:
                raise SystemExit(f"benchmarks.{module} {words} ended with {cost.code}")
            found.append(msgspec.json.decode(output.read_bytes(), type=dict[str, float]))
        peak = f"{max(one['peak_mb'] for one in found):.0f} MiB"
        rows += [(WHAT[name], of, seconds(spread(one[name] for one in found)), peak) for name in names]
    return f"### Flows and exposure\n\n{table(('what', 'of', 'wall', 'peak memory'), rows)}"


def main() -> None:
    """Measure, and write the page."""
    with tempfile.TemporaryDirectory(prefix="oakum-bench-") as folder:
        work = Path(folder)
        parts = [measured(1_000, 10_000, work), pure(work)]
    text = "\n\n".join([machine("make bench-cluster"), *parts])
    print(text)
    rewrite("cluster", text)


if __name__ == "__main__":
    main()
