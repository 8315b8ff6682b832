"""``oakum simulate``: the change engine in a deterministic fleet, under faults, beside the policies of other tools."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

import msgspec

from oakum.cli import machine
from oakum.errors import UsageError
from oakum.reports.printable import printable

if TYPE_CHECKING:
    from oakum.local.simulate import Report, Row

_EXAMPLES = """\
Examples:
  oakum simulate --list                                    every scenario, with a line about it
  oakum simulate foreign-cordon                            without faults: does it end as the scenario says?
  oakum simulate --all --seed 1 --runs 20                  twenty schedules of faults for each scenario
  oakum simulate --all --seed 1 --rival kured --rival naive
  oakum simulate lost-lease --seed 4711 --trace            every act, record and fault of one trial
  oakum simulate lost-lease --seed 4711 --shrink           the smallest schedule that still fails, with its trace
  oakum simulate mine.yaml --seed 1                        a scenario of your own
  oakum simulate --from prod.json --intent kernel.yaml --policy policy/ --seed 1 --runs 10

Rivals are reimplementations from public documentation, not the programs. Ends with 1 where a state of ours was unsafe,
something of ours was left, or a run ended as it must not."""
_SHOWN = 20


def configure(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.epilog, parser.formatter_class = _EXAMPLES, argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("scenarios", metavar="SCENARIO", nargs="*", help="the name of a scenario, or a file with one")
    add("--all", action="store_true", help="every scenario that comes with Oakum, but the largest")
    add("--list", action="store_true", help="list the scenarios")
    add("--seed", type=int, metavar="N", help="faults of this seed strike (default: none do)")
    add("--runs", type=int, metavar="N", default=1, help="so many seeds from there on (default: 1)")
    help_ = "the same trials by this rival too: kured, suc or naive; repeat for more"
    add("--rival", metavar="NAME", action="append", default=[], help=help_)
    add("--trace", action="store_true", help="every act, record and fault of a single trial")
    add("--shrink", action="store_true", help="the smallest schedule of faults that still fails")
    add("--from", dest="dump", metavar="DUMP", action="append", help="a world made of a cluster's dump or a state file")
    add("--intent", metavar="FILE", action="append", help="what is wanted (with --from)")
    add("--policy", metavar="DIR", help="the policy (with --from)")
    add("--batch", metavar="FILE", help="answer one JSON request a line: id, scenario, seed, runs, rivals, trace")
    add("--request", metavar="FILE", help="answer the one JSON request in a file")
    add("-o", "--output", choices=("table", "json"), default="table", help="the form of the answer")


def run(arguments: argparse.Namespace) -> int:
    """Simulate; 1 where a state was unsafe, something was left, or a run ended as it must not."""
    from oakum.local import simulate as local
    from oakum.simulation.scenarios import names, read

    if arguments.list:
        for name in names():
            print(f"{name:26} {read(name).title}")
        return 0
    given = arguments.scenarios
    if arguments.batch is not None or arguments.request is not None:
        if given or arguments.all or arguments.dump is not None or arguments.seed is not None:
            raise UsageError("scenarios and --seed stand in the request", remedy="give scenario and seed there")
        return machine.serve(arguments, _replied)
    if sum((bool(given), arguments.all, arguments.dump is not None)) != 1:
        raise UsageError("name scenarios, or give one of --all and --from", remedy="oakum simulate --list")
    if arguments.runs < 1 or (arguments.runs > 1 and arguments.seed is None):
        raise UsageError("--runs counts seeds from --seed on", remedy="give --seed N --runs M")
    if arguments.dump is not None:
        scenarios = [local.of_dump(arguments.dump, arguments.intent or (), arguments.policy)]
    else:
        several = [name for name in names() if read(name).size <= local.LARGE] if arguments.all else given
        scenarios = [local.scenario_of(each) for each in several]
    single = len(scenarios) == 1 and arguments.runs == 1
    if arguments.trace and not single:
        raise UsageError("a trace is of one trial", remedy="name one scenario and one seed")
    for said in local.simulate(
        scenarios, seed=arguments.seed, runs=arguments.runs, rivals=local.rivals_of(arguments.rival),
        trace=arguments.trace, smallest=arguments.shrink,
    ):  # fmt: skip
        if not isinstance(said, str):
            return _answer(said, arguments.output)
        if not single:
            print(said, file=sys.stderr)
    return 0


def _replied(request: machine.Request) -> machine.Answer:
    from oakum.actors.requests import read
    from oakum.local.requests import SimulateRequest, simulated

    answer: machine.Answer = msgspec.to_builtins(simulated(read(request, SimulateRequest)))
    return answer


def _answer(report: Report, output: str) -> int:
    if output == "json":
        machine.print_json(msgspec.to_builtins(report))
    else:
        _print(report)
    ours = report.rows[0]
    return 1 if ours.unsafe or ours.stuck or ours.unexpected else 0


def _print(report: Report) -> None:
    from oakum.local.simulate import US, told
    from oakum.simulation.rivals import NOT_THE_PROGRAM

    for line in report.trace:
        print(printable(line))
    if report.shrunk is not None:
        print(f"\nThe smallest schedule that still fails, in the world of seed {report.shrunk.seed}:")
        for strike in report.shrunk.strikes:
            print(f"  {told(strike)}")
        print()
    if report.why and report.rows[0].trials == 1:
        print(printable(f"{next(iter(report.rows[0].ends))}: {report.why}"))
    for row in report.rows:
        said = "" if row.policy == US else f" ({NOT_THE_PROGRAM})"
        print(f"{row.policy}{said}")
        for name, value in _lines(row):
            print(f"  {name:22} {value}")
    for each in report.wrong[:_SHOWN]:
        seed = "" if each.seed is None else f" --seed {each.seed}"
        print(printable(f"{each.kind}: oakum simulate {each.scenario}{seed} --trace: {each.what}"))
    if len(report.wrong) > _SHOWN:
        print(f"and {len(report.wrong) - _SHOWN} more; -o json lists all")


def _lines(row: Row) -> list[tuple[str, str]]:
    unsafe = ", ".join(f"{name} {number}" for name, number in sorted(row.unsafe.items()))
    share = f"{row.finished} of {row.targets}" + (f" ({100 * row.finished / row.targets:.1f} %)" if row.targets else "")
    whole = f"{row.patched / 60:.0f} minutes (mean of {row.complete} that were complete)"
    found = [
        ("trials", f"{row.trials}, {row.faults} faults struck"),
        ("unsafe states", f"{sum(row.unsafe.values())}" + (f": {unsafe}" if unsafe else "")),
        ("left on machines", str(row.stranded)),
        ("ends", ", ".join(f"{number} {name}" for name, number in sorted(row.ends.items()))),
        ("patched", share),
        ("time to patched", whole if row.complete else "none came to an end with all patched"),
        ("evictions", str(row.evictions)),
        ("pod minutes lost", f"{row.pod_minutes:.0f}"),
    ]
    if row.stuck or row.unexpected:
        found.append(("not as it must end", f"{row.stuck} stuck, {row.unexpected} not as the scenario says"))
    return found
