"""``oakum resume``: go on with a run whose process has ended, from where its journal and its machines stand."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

_EXAMPLES = """\
Examples:
  oakum resume 20261128-2210-3f0c1a-9b2e
  oakum resume 20261128 --approval step.approval

The journal says what was begun, and every machine is looked at before anything is done to it. One process at a time
carries a run out; a second one is refused. Ends as oakum run does."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.epilog = _EXAMPLES
    add = parser.add_argument
    add("name", metavar="RUN", help="its name, or the beginning of it")
    add("--approval", metavar="FILE", type=Path, action="append", default=[],
        help="one more approval; repeat for more")  # fmt: skip
    add("--data", metavar="DIR", help="the data folder (default: the user's)")
    add("-o", "--output", choices=("table", "json"), default="table", help="the form of the answer")


def run(arguments: argparse.Namespace) -> int:
    """Go on."""
    from oakum.cli.progress import progress
    from oakum.cli.run import left_behind, tell
    from oakum.local.evidence import by_ssh
    from oakum.local.running import Left
    from oakum.local.runs import open_run
    from oakum.local.starting import resume
    from oakum.local.worlds import open_world

    run_ = open_run(arguments.data, arguments.name)
    name, plan = run_.name, run_.plan
    run_.close()
    try:
        with progress(plan, quiet=arguments.output == "json") as listener:
            _, ended = resume(
                arguments.data, name, arguments.approval, datetime.now(UTC), open_world=open_world,
                listener=listener, take_look=by_ssh,
            )  # fmt: skip
    except Left as left:
        return left_behind(left)
    return tell(arguments.data, name, ended, arguments.output)
