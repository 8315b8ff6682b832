"""Soak the change engine: many fault schedules over all scenarios, on several processes, with a table of results.

    python -m tools.sim_soak --schedules 100000 --processes 2 --json soak.json --markdown soak.md

``--page FILE`` writes the tables between the marks of a page. ``--begin`` takes other seeds than an
earlier soak did; ``--add FILE`` adds its totals to those of an earlier one. ``--processes 0 --add FILE`` only reports.
``--keep FILE`` keeps what is done: the same command goes on from there when it was ended before.
Where too little struck in some scenarios, others make up for what is missing.
Ends with 1 where a state was unsafe or a run was stuck.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from multiprocessing import get_context
from pathlib import Path

import msgspec

from oakum.simulation.report import markdown, summary
from oakum.simulation.scenarios import read
from oakum.simulation.soak import TRIES, Share, Totals, fill, shares, soak

#: Worlds larger than this don't make up for others; and how often others make up for what is missing.
SMALL, ROUNDS = 100, 3


class Kept(msgspec.Struct):
    """What a soak has come to: which one it is, the numbers of the shares that are done, and their totals.

    ``round`` counts how often other scenarios made up for those in which too little struck.
    """

    soak: list[str]
    done: list[int]
    totals: Totals
    round: int = 0


START, END = "<!-- soak: start -->", "<!-- soak: end -->"


def placed(page: str, text: str) -> str:
    """The page with the text between its marks."""
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n\n{text}\n{END}{after}"


def _share(given: tuple[int, Share]) -> tuple[int, Totals]:
    return given[0], soak(given[1])


def _kept(file: Path | None, which: list[str]) -> Kept:
    """What is kept of this soak. Raises SystemExit where the file is of another one."""
    if file is None or not file.exists():
        return Kept(which, [], Totals())
    kept = msgspec.json.decode(file.read_bytes(), type=Kept)
    if kept.soak != which:
        raise SystemExit(f"{file} keeps another soak: {' '.join(kept.soak)}")
    return kept


def _rest(kept: Kept, schedules: int, begin: int) -> list[Share]:
    """The shares that make up for what is missing, with seeds that were not taken before.

    They are of small scenarios in which most schedules deliver a fault: those that got all that they were to get.
    """
    missing = schedules - kept.totals.schedules
    if missing <= 0:
        return []
    wanted = Counter[str]()
    for share in shares(schedules, begin=begin):
        wanted[share.scenario] += share.count
    full = [name for name, count in wanted.items() if kept.totals.by_scenario.get(name, 0) >= count]
    small = [name for name in full if read(name).size <= SMALL]
    return shares(missing, small, begin=begin + kept.round * schedules * TRIES) if small else []


def _write(file: Path, value: object) -> None:
    written = file.with_name(f"{file.name}.new")
    written.write_bytes(msgspec.json.encode(value))
    written.replace(file)


def main(arguments: list[str] | None = None) -> int:
    """Soak, report, and say by the exit code whether all went well."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", nargs="*", help="only these (default: all)")
    parser.add_argument("--schedules", type=int, default=100_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--begin", type=int, default=0, help="the first seed of each scenario")
    parser.add_argument("--fill", action="store_true", help="aim at pairs of fault and state that were not met")
    parser.add_argument("--json", type=Path, help="write the totals here")
    parser.add_argument("--keep", type=Path, help="keep what is done here, and go on from there")
    parser.add_argument("--markdown", type=Path, help="write the tables here")
    parser.add_argument("--page", type=Path, help="write the tables between the marks of this page")
    parser.add_argument("--add", type=Path, help="totals of an earlier soak")
    given = parser.parse_args(arguments)
    whole = msgspec.json.decode(given.add.read_bytes(), type=Totals) if given.add else Totals()
    kept = _kept(given.keep, [str(given.schedules), str(given.begin), *given.scenarios])
    whole.add(kept.totals)
    began = last = time.monotonic()

    def work(todo: list[Share]) -> None:
        nonlocal last
        left = [(number, share) for number, share in enumerate(todo) if number not in set(kept.done)]
        for number, part in pool.imap_unordered(_share, left):
            whole.add(part)
            kept.totals.add(part)
            kept.done.append(number)
            now = time.monotonic()
            if now - last >= 10 or len(kept.done) == len(todo):
                last = now
                print(f"{now - began:7.0f} s  {len(kept.done)}/{len(todo)}  {summary(whole)}", flush=True)
                if given.keep:
                    _write(given.keep, kept)
                if given.json:
                    _write(given.json, whole)

    # A process of its own for each worker, started afresh: nothing of one run is in the next.
    with get_context("spawn").Pool(max(1, given.processes)) as pool:
        if given.processes:
            if not kept.round:
                work(shares(given.schedules, given.scenarios, begin=given.begin))
            while not given.scenarios and kept.round < ROUNDS:
                kept.round, kept.done = kept.round + 1, []
                work(_rest(kept, given.schedules, given.begin))
    if given.fill:
        whole.add(fill(whole))
        if given.json:
            _write(given.json, whole)
    text = markdown(whole)
    if given.markdown:
        given.markdown.write_text(text)
    if given.page:
        given.page.write_text(placed(given.page.read_text(), text))
    print(text)
    return 1 if whole.unsafe or whole.stuck else 0


if __name__ == "__main__":
    sys.exit(main())
