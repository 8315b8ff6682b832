"""Lay the policies of other tools beside ours: the same scenarios, settings and schedules of faults for all.

    python -m tools.sim_rivals --runs 20 --processes 2 --json rivals.json

The rivals are reimplementations from public documentation, not the programs. Ends with 1 where a state of ours was
unsafe or a run of ours ended as it must not.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import msgspec

from oakum.local.simulate import LARGE, SHORT, US, Report, Row, merged, rivals_of, simulate
from oakum.simulation.invariants import INVARIANTS
from oakum.simulation.scenarios import names, read


def trials(seed: int, runs: int, scenario: str) -> list[Row]:
    """The rows of one scenario: its undisturbed run, and so many seeds."""
    rows: list[Row] = []
    for given in (None, seed):
        count, rivals = 1 if given is None else runs, rivals_of(list(SHORT))
        *_, report = simulate([read(scenario)], seed=given, runs=count, rivals=rivals)
        rows = merged(rows, report.rows) if isinstance(report, Report) else rows
    return rows


def table(rows: list[Row]) -> str:
    """One column for each policy, ours first; of the invariants those that anybody has broken."""
    lines = [["", *(f"{each.policy}" for each in rows)], ["---", *("---" for _ in rows)]]
    said = {
        "trials": [f"{each.trials:,}" for each in rows],
        "faults that struck": [f"{each.faults:,}" for each in rows],
        "unsafe states": [f"{sum(each.unsafe.values()):,}" for each in rows],
        **{f"- {name}": [f"{each.unsafe.get(name, 0):,}" for each in rows] for name in _broken(rows)},
        "machines with something left": [f"{each.stranded:,}" for each in rows],
        "machines patched": [_share(each) for each in rows],
        "trials with all machines patched": [f"{each.complete:,}" for each in rows],
        "minutes until then (mean)": [f"{each.patched / 60:,.0f}" for each in rows],
        "evictions": [f"{each.evictions:,}" for each in rows],
        "pod minutes lost": [f"{each.pod_minutes:,.0f}" for each in rows],
    }
    lines += [[name, *cells] for name, cells in said.items()]
    return "\n".join("| " + " | ".join(each) + " |" for each in lines)


def _broken(rows: list[Row]) -> list[str]:
    return [each.name for each in INVARIANTS if any(row.unsafe.get(each.name) for row in rows)]


def _share(row: Row) -> str:
    return f"{row.finished:,} of {row.targets:,} ({100 * row.finished / row.targets:.1f} %)" if row.targets else "0"


def main(arguments: list[str] | None = None) -> int:
    """Run all, print the table, and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", type=Path, help="write the rows here")
    given = parser.parse_args(arguments)
    several = [name for name in names() if read(name).size <= LARGE]
    rows: list[Row] = []
    with get_context("spawn").Pool(given.processes) as pool:
        work = pool.imap_unordered(partial(trials, given.seed, given.runs), several)
        for number, part in enumerate(work, 1):
            rows = merged(rows, part)
            print(f"{number}/{len(several)}", file=sys.stderr, flush=True)
            if given.json:
                given.json.write_bytes(msgspec.json.encode(rows))
    print(table(rows))
    ours = next(each for each in rows if each.policy == US)
    return 1 if ours.unsafe or ours.stuck or ours.unexpected else 0


if __name__ == "__main__":
    sys.exit(main())
