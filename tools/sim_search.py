"""Searches small worlds exhaustively: every moment at which a run may die, be taken over, or meet somebody else.

    make sim-search                        the whole of it
    python -m tools.sim_search --only A    one world

A run is driven through a world of three nodes and two workloads with disruption budgets. Before its requests (where it
makes a difference) the search branches, and every branch is followed to its end. What it gives up is told where it does
so: of times in ``tools.search.ticks``, of leases in ``turns``, of who acts when in ``happenings``, of processes that
were overtaken in ``states``.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import msgspec

from tools.search.exhaust import Found, replay, search
from tools.search.passes import SEARCHES, Limits, Pass
from tools.search.worlds import WORLDS


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", choices=sorted(SEARCHES), help="one world")
    parser.add_argument("--crashes", type=int, help="at most so many on a path (0 where another is given)")
    parser.add_argument("--overtakings", type=int, help="at most so many on a path (0 where another is given)")
    parser.add_argument("--others", type=int, help="at most so many on a path (0 where another is given)")
    parser.add_argument("--fine", action="store_true", help="keep all times as they are, instead of ticks")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="branches that run at once")
    parser.add_argument("--bits", type=int, default=23, help="the table holds two to the power of so many states")
    parser.add_argument("--most", type=int, default=0, help="no more branches than that")
    parser.add_argument(
        "--replay", metavar="PATH", help="go one path again, as a finding names it, and print its trace"
    )
    parser.add_argument("--report", type=Path, help="write what was found there, as JSON")
    asked = parser.parse_args()
    given = (asked.crashes, asked.overtakings, asked.others)
    passes = None if given == (None, None, None) else (Pass(Limits(*(each or 0 for each in given))),)
    if asked.replay:
        return replay(asked.only or next(iter(WORLDS)), asked.replay)
    found: list[Found] = []
    for name in [asked.only] if asked.only else SEARCHES:
        for each in passes or SEARCHES[name]:
            limits, fine = one_pass = each._replace(fine=each.fine or asked.fine)
            found.append(one := search(name, limits, asked.most, fine=fine, jobs=asked.jobs, bits=asked.bits))
            print(
                f"{name}, {one_pass}: {one.states:,} states visited, {one.branches:,} branches, {one.ends:,} ends, "
                f"{len(one.unsafe)} unsafe, {one.seconds:.0f} s",
                flush=True,
            )
            for line in sorted(set(one.unsafe))[:20]:
                print("  " + line)
    if asked.report:
        asked.report.write_bytes(msgspec.json.format(msgspec.json.encode(found)))
    return 1 if any(each.unsafe for each in found) else 0


if __name__ == "__main__":
    raise SystemExit(main())
