"""``oakum run``: carry an approved plan out from here, or rehearse it in a simulation of the machines' state."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from oakum.cli import machine
from oakum.errors import UsageError

if TYPE_CHECKING:
    from oakum.changes.plans import Plan
    from oakum.changes.run import Ended
    from oakum.local.running import Left
    from oakum.reports.runs import Summary

_EXAMPLES = """\
Examples:
  oakum run plan.json --from state.json --policy policy/ \\
      --key ~/.ssh/id_ed25519 --approval plan.approval
  oakum run plan.json --from state.json --policy policy/ --rehearse
  oakum run plan.json --from state.json --policy policy/ \\
      --key token.pub --break-glass 'CVE-2026-1 is exploited here'

Before anything is begun: the policy is that of the plan, the state is fresh, the plan breaks no rule in it, somebody
whom the policy lists asks for the run (--key, or $OAKUM_KEY), and enough others agreed to just this plan.

Ctrl-C asks the run to stop: what is in hand is finished or restored. A second one leaves at once; oakum resume goes on.

Ends with 0 where everything planned is in effect, 1 where it is not (or may not begin), 2 for wrong use or bad input,
3 where the state is too old, or nothing here can act on the machines, 130 where it was left."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.epilog = _EXAMPLES
    add = parser.add_argument
    add("plan", metavar="PLAN", type=Path, help="the file that oakum plan --out wrote")
    add("--from", dest="states", metavar="STATE", action="append", default=[],
        help="what there is now: a dump, a folder, an inventory or a state; repeat for more")  # fmt: skip
    add("--policy", metavar="DIR", type=Path, help="the folder of the policy that the plan was made under")
    add("--hosts", metavar="FILE", type=Path, action="append", default=[],
        help="how hosts are reached, beside those of oakum host add; repeat for more")  # fmt: skip
    add("--approval", metavar="FILE", type=Path, action="append", default=[],
        help="what oakum approve wrote; repeat for more")  # fmt: skip
    add("--key", metavar="SSHKEY", type=Path, help="your key, which asks for the run (default: $OAKUM_KEY)")
    add("--request", metavar="FILE", type=Path, help="instead: what oakum approve --request wrote")
    add("--break-glass", metavar="REASON", default="", help="begin alone, where the policy lets you; it is recorded")
    add("--rehearse", action="store_true", help="in a simulation made of STATE; nothing real is touched or kept")
    add("--max-state-age", metavar="DURATION", default="1d", help="how old STATE may be (default: 1d)")
    help_ = "advisories that the machines are held against before and after (default: the data folder's)"
    add("--feeds", metavar="DIR", type=Path, help=help_)
    add("--compat", metavar="FILE", type=Path, action="append", default=[], help="compatibility data of the site")
    add("--data", metavar="DIR", help="the data folder (default: the user's)")
    add("-o", "--output", choices=("table", "json"), default="table", help="the form of the answer")


def run(arguments: argparse.Namespace) -> int:
    """Check everything, then rehearse or run."""
    from oakum.local.plans import read_plan
    from oakum.local.starting import objections
    from oakum.local.states import read_states
    from oakum.reports.plans import violations_text

    for option, given in (("--from", arguments.states), ("--policy", arguments.policy)):
        if not given:
            raise UsageError(f"{option} is missing", remedy="oakum run PLAN --from STATE --policy DIR")
    plan = read_plan(arguments.plan)
    now = datetime.now(UTC)
    state = read_states(arguments.states, now)
    # A rehearsal may be of a state of long ago.
    oldest = timedelta(days=36_500) if arguments.rehearse else _duration(arguments.max_state_age)
    _, found = objections(plan, state, arguments.policy, now, compat=arguments.compat, oldest=oldest)
    if found:
        print(violations_text(plan, found), file=sys.stderr)
        return 1
    if not plan.steps:
        print("Nothing to do: the plan has no steps.", file=sys.stderr)
        return 0
    if arguments.rehearse:
        return _rehearse(arguments, plan, now)
    return _start(arguments, plan, now)


def _start(arguments: argparse.Namespace, plan: Plan, now: datetime) -> int:
    from oakum.cli.progress import progress
    from oakum.local.evidence import by_ssh
    from oakum.local.running import Left
    from oakum.local.starting import Asking, Refused, start
    from oakum.local.worlds import open_world
    from oakum.reports.runs import approvals_text

    key = arguments.key or (Path(os.environ["OAKUM_KEY"]) if os.environ.get("OAKUM_KEY") else None)
    asking = Asking(key=key, request=arguments.request, break_glass=arguments.break_glass)
    try:
        with progress(plan, quiet=arguments.output == "json") as listener:
            name, ended = start(
                plan, arguments.policy, asking, arguments.approval, now, hosts=arguments.hosts,
                data=arguments.data, open_world=open_world, listener=listener, take_look=by_ssh, feeds=arguments.feeds,
            )  # fmt: skip
    except Refused as refused:
        print("Not begun: not enough people agreed to this plan.", file=sys.stderr)
        sys.stderr.write(approvals_text(refused.found))
        return 1
    except Left as left:
        return left_behind(left)
    return tell(arguments.data, name, ended, arguments.output, policy=str(arguments.policy))


def left_behind(left: Left) -> int:
    """What whoever left at once has to know; the exit code."""
    print(
        f"Left: what is in hand stays as it is. It is finished or restored by: oakum resume {left.run}", file=sys.stderr
    )
    return 130


def tell(data: str | None, name: str, ended: Ended, output: str, *, policy: str = "DIR") -> int:
    """How a run stands when its process ends, what to type names the folder ``policy``; the exit code."""
    from oakum.local.runs import open_run
    from oakum.local.starting import summary_of

    run_ = open_run(data, name)
    try:
        found = summary_of(run_, datetime.now(UTC), policy=policy)
    finally:
        run_.close()
    if ended.result == "fenced":
        print(f"Another process carries out {name} now: {ended.why}", file=sys.stderr)
    show(found, output)
    return 0 if found.well else 1


def show(found: Summary, output: str, *, everything: bool = False) -> None:
    """A summary, for people or machines."""
    import msgspec

    from oakum.cli.widths import width
    from oakum.reports.runs import summary_text

    if output == "json":
        machine.print_json(msgspec.to_builtins(found))
    else:
        text = summary_text(found, width=width(), everything=everything)
        sys.stdout.write("\n" + _headed(text, found))


def _headed(text: str, found: Summary) -> str:
    """The text with its first line in colour, where that is a terminal that takes any; the words say the same."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    head, sign, rest = text.partition("\n")
    colour = "32" if found.well else "31" if found.state in ("done", "stopped") else "33"
    return f"\x1b[1;{colour}m{head}\x1b[0m{sign}{rest}"


def _rehearse(arguments: argparse.Namespace, plan: Plan, now: datetime) -> int:
    from oakum.cli.progress import progress
    from oakum.local.rehearsal import rehearse
    from oakum.local.states import read_states

    said = (
        "REHEARSAL in a simulation made of the state: nothing real is touched, approvals are taken as given, no fault"
    )
    print(f"{said} strikes.", file=sys.stderr)
    with progress(plan, "rehearsal ", quiet=arguments.output == "json") as listener:
        found = rehearse(plan, read_states(arguments.states, now), arguments.policy, now, listener)
    show(found.summary, arguments.output)
    if found.ended is None:
        print("It would wait for longer than a month, so the rehearsal ends here.", file=sys.stderr)
    return 0 if found.summary.well else 1


def _duration(text: str) -> timedelta:
    from oakum.policy.amounts import span

    found = span(text)
    if found is None:
        raise UsageError(f"--max-state-age {text[:40]!r} is no duration", remedy="write 6h or 1d")
    return timedelta(seconds=found.exact)
