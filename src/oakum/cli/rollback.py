"""``oakum rollback``: the plan that takes a run back, approved and carried out like any other."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from oakum.errors import UsageError

_EXAMPLES = """\
Examples:
  oakum rollback 20261128-2210-3f0c1a-9b2e --from state.json --policy policy/ --out back.json
  oakum rollback 20261128-2210-3f0c1a-9b2e --all --from state.json --policy policy/ --out back.json

Then as with any plan: oakum approve back.json --key SSHKEY, and oakum run back.json. What failed goes back, or whose
machine is out of service; with --all everything that was changed. What cannot be undone is named.

Ends with 0 and a plan, 1 and the reasons why there is none, 2 for bad input or a run that is not over."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.epilog = _EXAMPLES
    add = parser.add_argument
    add("name", metavar="RUN", help="its name, or the beginning of it")
    add("--all", action="store_true", help="take back everything, not only what failed")
    add("--from", dest="states", metavar="STATE", action="append", default=[],
        help="what there is now: a dump, a folder, an inventory or a state; repeat for more")  # fmt: skip
    add("--policy", metavar="DIR", type=Path, help="the folder of the policy")
    add("--out", metavar="FILE", type=Path, help="where the plan goes")
    add("--compat", metavar="FILE", type=Path, action="append", default=[], help="compatibility data of the site")
    add("--data", metavar="DIR", help="the data folder (default: the user's)")
    add("-o", "--output", choices=("table", "json"), default="table", help="the form of the answer")


def run(arguments: argparse.Namespace) -> int:
    """Plan the way back."""
    from oakum.changes.plans import Plan, canonical
    from oakum.cli.widths import width
    from oakum.local.plans import write
    from oakum.local.runs import open_run
    from oakum.local.starting import way_back
    from oakum.local.states import read_states
    from oakum.reports.plans import next_text, plan_text, why_not_text

    for option, given in (("--from", arguments.states), ("--policy", arguments.policy)):
        if not given:
            raise UsageError(f"{option} is missing", remedy="oakum rollback RUN --from STATE --policy DIR --out FILE")
    now = datetime.now(UTC)
    run_ = open_run(arguments.data, arguments.name)
    try:
        state = read_states(arguments.states, now)
        found = way_back(
            run_, state, arguments.policy, now, what="all" if arguments.all else "failed", compat=arguments.compat
        )
    finally:
        run_.close()
    data = canonical(found) + b"\n"
    if arguments.out is not None:
        write(arguments.out, data)
    if arguments.output == "json":
        sys.stdout.write(data.decode())
    elif isinstance(found, Plan):
        sys.stdout.write(plan_text(found, width=width()))
        if found.steps and arguments.out is not None:
            sys.stdout.write(next_text(str(arguments.out), arguments.states, str(arguments.policy)))
    else:
        sys.stdout.write(why_not_text(found, width=width()))
    return 0 if isinstance(found, Plan) else 1
