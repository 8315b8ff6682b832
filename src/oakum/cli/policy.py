"""``oakum policy``: write an example of a policy, and find what is wrong with one."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from oakum.cli import machine
from oakum.cli.times import time_of
from oakum.reports.printable import printable

if TYPE_CHECKING:
    from oakum.policy.lint import Problem
    from oakum.policy.model import Policy

_INIT_EXAMPLE = """\
The example is a company with prod and staging in three regions: windows, freezes, budgets, canaries, gates,
approvals. It is right as it stands (oakum policy lint), and meant to be changed.

Example: oakum policy init policy/"""
_LINT_EXAMPLE = """\
Ends with 0 where nothing is wrong, 1 where something is, 2 where a file could not be read at all.

Example: oakum policy lint policy/"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The two commands below ``policy``."""
    parser.epilog = "Example: oakum policy init policy/ && oakum policy lint policy/"
    commands = parser.add_subparsers(dest="policy_command", metavar="COMMAND", title="commands", required=True)
    for name, line, example in (
        ("init", "write an example policy into a new folder", _INIT_EXAMPLE),
        ("lint", "find contradictions and mistakes, with file, line and remedy", _LINT_EXAMPLE),
    ):
        sub = commands.add_parser(
            name, help=line, description=line, epilog=example, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        sub.add_argument("folder", metavar="DIR", help="the folder of the policy")
        sub.add_argument("-o", "--output", choices=("table", "json"), default="table", help="the form of the answer")
        if name == "lint":
            sub.add_argument("--at", metavar="TIME", help="look for windows from then on (RFC 3339; default: now)")


def run(arguments: argparse.Namespace) -> int:
    """Carry out one of them."""
    folder = Path(arguments.folder)
    if arguments.policy_command == "init":
        return _init(folder, arguments.output)
    now = datetime.now(UTC) if arguments.at is None else time_of(arguments.at, "--at")
    return _lint(folder, now, arguments.output)


def _init(folder: Path, output: str) -> int:
    from oakum.local.policies import write_example

    written = write_example(folder)
    if output == "json":
        machine.print_json({"folder": str(folder), "files": written})
        return 0
    for name in written:
        print(printable(str(folder / name)))
    print(printable(f"Read the comments, change what is not yours, then: oakum policy lint {folder}"))
    return 0


def _lint(folder: Path, now: datetime, output: str) -> int:
    from oakum.local.policies import read_policy, within
    from oakum.local.zones import time_zones
    from oakum.policy.lint import lint

    reading = read_policy(folder)
    problems = lint(reading, time_zones(reading.policy.zone_names), now)
    places = [within(folder, each.place) for each in problems]
    understood = not reading.errors and not reading.unreadable
    if output == "json":
        listed = [
            {
                "rule": each.rule,
                "file": place.file,
                "line": place.line,
                "field": place.field,
                "what": each.what,
                "remedy": each.remedy,
            }
            for each, place in zip(problems, places, strict=True)
        ]
        machine.print_json({"policy": reading.policy.digest if understood else None, "problems": listed})
    else:
        for each, place in zip(problems, places, strict=True):
            print(printable(_line(each, str(place))))
        _summary(reading.policy, len(problems), understood)
    return 2 if reading.unreadable else 1 if problems else 0


def _line(problem: Problem, place: str) -> str:
    remedy = f" ({problem.remedy})" if problem.remedy else ""
    return f"{place}: {problem.what}{remedy} [{problem.rule}]"


def _summary(policy: Policy, problems: int, understood: bool) -> None:
    if problems:
        print(f"{problems} problem{'s' if problems > 1 else ''}", file=sys.stderr)
    if understood:
        parts = [_counted(len(policy.windows), "window"), _counted(len(policy.freezes), "freeze")]
        parts += [_counted(len(policy.budgets), "budget"), _counted(len(policy.order.stages), "stage")]
        print(f"{', '.join(parts)}; {policy.digest}")


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
