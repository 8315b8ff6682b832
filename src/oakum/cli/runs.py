"""``oakum runs``: the runs of this data folder, and how each of them stands."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

from oakum.cli import machine
from oakum.errors import OakumError, UsageError
from oakum.reports.printable import printable

_EXAMPLES = """\
Examples:
  oakum runs list
  oakum runs show 20261128-2210-3f0c1a-9b2e
  oakum runs show 20261128 -o json

A run is new, running, interrupted (its process has ended before it did), done or stopped."""


def configure(parser: argparse.ArgumentParser) -> None:
    """``list`` and ``show``."""
    parser.epilog = _EXAMPLES
    commands = parser.add_subparsers(dest="runs_command", metavar="COMMAND", title="commands")
    for name, line in (
        ("list", "all runs, the newest first"),
        ("show", "one run: its steps, what it waits for, what people can do now"),
    ):
        sub = commands.add_parser(
            name, help=line, description=line, epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        if name == "show":
            sub.add_argument("name", metavar="RUN", help="its name, or the beginning of it")
            sub.add_argument("--all", action="store_true", help="every step and every note")
        sub.add_argument("--data", metavar="DIR", help="the data folder (default: the user's)")
        help_ = "the form of the answer"
        sub.add_argument("-o", "--output", choices=("table", "json"), default="table", help=help_)


def run(arguments: argparse.Namespace) -> int:
    """List or show."""
    if arguments.runs_command is None:
        raise UsageError("list or show?", remedy="oakum runs list")
    return _list(arguments) if arguments.runs_command == "list" else _show(arguments)


def _list(arguments: argparse.Namespace) -> int:
    import msgspec

    from oakum.cli.widths import width
    from oakum.local.runs import open_run, run_names
    from oakum.local.starting import summary_of
    from oakum.reports.runs import list_text

    found, code = [], 0
    for name in reversed(run_names(arguments.data)):
        try:
            run_ = open_run(arguments.data, name)
            try:
                found.append(summary_of(run_, datetime.now(UTC)))
            finally:
                run_.close()
        except OakumError as error:
            # One that was damaged hides no other.
            print(printable(f"oakum runs: {error}"), file=sys.stderr)
            code = error.exit_code
    if arguments.output == "json":
        machine.print_json([msgspec.to_builtins(each) for each in found])
    else:
        sys.stdout.write(list_text(found, width=width()))
    return code


def _show(arguments: argparse.Namespace) -> int:
    from oakum.cli.run import show
    from oakum.local.runs import open_run
    from oakum.local.starting import summary_of

    run_ = open_run(arguments.data, arguments.name)
    try:
        show(summary_of(run_, datetime.now(UTC)), arguments.output, everything=arguments.all)
    finally:
        run_.close()
    return 0
