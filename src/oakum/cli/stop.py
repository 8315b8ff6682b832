"""``oakum stop``: ask a run to finish or restore what is in hand, and to start nothing more."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

_EXAMPLES = """\
Examples:
  oakum stop 20261128-2210-3f0c1a-9b2e
  oakum stop 20261128-2210-3f0c1a-9b2e --reason 'the release is called off'

A run whose process has ended keeps the wish, and ends by it when it is resumed."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.epilog = _EXAMPLES
    add = parser.add_argument
    add("name", metavar="RUN", help="its name, or the beginning of it")
    add("--reason", metavar="TEXT", default="", help="why; it is kept")
    add("--data", metavar="DIR", help="the data folder (default: the user's)")


def run(arguments: argparse.Namespace) -> int:
    """Ask."""
    from oakum.errors import UsageError
    from oakum.local.runs import open_run
    from oakum.local.starting import ended

    run_ = open_run(arguments.data, arguments.name)
    try:
        if ended(run_) is not None:
            raise UsageError(f"{run_.name} is over", remedy=f"oakum runs show {run_.name} says how it ended")
        run_.file.ask("stop", datetime.now(UTC), arguments.reason)
        by = run_.carried_by()
        if by:
            print(f"Asked: {by} finishes or restores what is in hand. oakum runs show {run_.name} follows it.")
        else:
            print(
                f"Kept: nobody carries the run out now. oakum resume {run_.name} restores what is in hand and ends it."
            )
    finally:
        run_.close()
    return 0
