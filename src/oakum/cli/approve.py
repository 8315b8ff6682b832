"""``oakum approve``: agree to just this plan, by its hash, with an SSH key; or see who agreed and who is missing."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from oakum.cli import machine
from oakum.errors import UsageError
from oakum.naming import listed
from oakum.reports.printable import printable

if TYPE_CHECKING:
    from oakum.changes.approvals import Earned, Statement
    from oakum.changes.plans import Plan

#: Changes that somebody is told before they sign; oakum plan told them all.
_MOST_CHANGES = 6
_EXAMPLES = """\
Examples:
  oakum approve plan.json --key ~/.ssh/id_ed25519 --out plan.approval
  oakum approve plan.json --key ~/.ssh/id_ed25519.pub --step etcd@shop/cp-1    a key of the agent; one step alone
  oakum approve plan.json --key token.pub --break-glass 'CVE-2026-1 is exploited here'
  oakum approve plan.json --check plan.approval --requested-by plan.request --policy policy/

What is signed is the text that --text prints, for the namespace oakum-plan@oakum.dev, so that it may be elsewhere:
  oakum approve plan.json --text > text; ssh-keygen -Y sign -n oakum-plan@oakum.dev -f KEY text
  cat text text.sig > plan.approval

With --check: ends with 0 where enough people agreed, 1 where somebody is missing."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.epilog = _EXAMPLES
    add = parser.add_argument
    add("plan", metavar="PLAN", type=Path, help="the file that oakum plan --out wrote")
    add("--key", metavar="SSHKEY", type=Path, help="your private key, or a .pub file whose key your agent has")
    add("--step", metavar="STEP", help="agree to this step, which has no way back, instead of the plan")
    help_ = "with --step: agree that pods there are deleted past their budget"
    add("--force-evict", action="store_true", help=help_)
    add("--break-glass", metavar="REASON", help="agree alone, where the policy lets you; the reason is recorded")
    add("--request", action="store_true", help="ask for the run instead of agreeing to it (oakum run does that too)")
    add("--reason", metavar="TEXT", default="", help="why; it is recorded")
    add("--expires", metavar="DURATION", default="7d", help="for how long it holds (default: 7d, at most 30d)")
    add("--out", metavar="FILE", type=Path, help="write it to a file (default: to the output)")
    add("--run", dest="name", metavar="RUN", help="hand it to this run as well, which goes on with it")
    add("--text", action="store_true", help="print what is to be signed, and sign nothing")
    add("--check", metavar="FILE", type=Path, action="append", default=[], help="say what this approval is worth")
    add("--requested-by", metavar="FILE", type=Path, help="with --check: the request for the run")
    add("--policy", metavar="DIR", type=Path, help="with --check: the folder of the policy")
    add("--data", metavar="DIR", help="with --run: the data folder (default: the user's)")
    add("-o", "--output", choices=("table", "json"), default="table", help="with --check: the form of the answer")


def run(arguments: argparse.Namespace) -> int:
    """Sign, or check."""
    from oakum.local.plans import read_plan

    plan = read_plan(arguments.plan)
    if arguments.check:
        return _check(arguments, plan)
    if arguments.key is None and not arguments.text:
        raise UsageError("--key is missing", remedy="name your SSH key, or print what is to be signed with --text")
    return _sign(arguments, plan)


def _sign(arguments: argparse.Namespace, plan: Plan) -> int:
    from oakum.changes.approvals import text_of
    from oakum.local.approvals import signed_file
    from oakum.local.plans import write

    statement = _statement(arguments, plan)
    if arguments.text:
        sys.stdout.write(text_of(statement).decode())
        return 0
    _say(plan, statement)
    data = signed_file(statement, arguments.key)
    if arguments.name is not None:
        from oakum.local.runs import hand_over

        hand_over(arguments.data, arguments.name, data)
    if arguments.out is not None:
        write(arguments.out, data)
    elif arguments.name is None:
        sys.stdout.write(data.decode())
    return 0


def _statement(arguments: argparse.Namespace, plan: Plan) -> Statement:
    from datetime import timedelta

    from oakum.changes.approvals import Statement
    from oakum.local.approvals import statement_until
    from oakum.policy.amounts import span

    lasts = span(arguments.expires)
    if lasts is None or not lasts.exact:
        raise UsageError(f"--expires {arguments.expires[:40]!r} is no duration", remedy="write 12h or 7d")
    if arguments.request and (arguments.break_glass is not None or arguments.step):
        raise UsageError("a request is for the whole plan, and agrees to nothing", remedy="leave the others out")
    if arguments.step and arguments.step not in plan.steps:
        known = ", ".join(list(plan.steps)[:6])
        raise UsageError(f"the plan has no step {arguments.step[:60]!r}", remedy=f"its first steps: {known}")
    at, until = statement_until(datetime.now(UTC), timedelta(seconds=lasts.exact))
    alone = arguments.break_glass is not None
    return Statement(
        says="request" if arguments.request else "break-glass" if alone else "approve",
        plan=plan.hash, step=arguments.step or "", force_evict=arguments.force_evict,
        reason=arguments.break_glass if alone else arguments.reason, at=at, until=until,
    )  # fmt: skip


def _say(plan: Plan, statement: Statement) -> None:
    """What somebody is about to sign, in words."""
    from oakum.reports.plans import doing

    steps = [plan.steps[statement.step]] if statement.step else list(plan.steps.values())
    subjects = sorted({step.subject.id for step in steps})
    final = sum(step.reversibility == "forward-only" for step in steps)
    changes = list(dict.fromkeys(doing(step) for step in steps))
    more = f" and {len(changes) - _MOST_CHANGES} other changes" if len(changes) > _MOST_CHANGES else ""
    waves = f"{len(plan.waves)} wave{'s' if len(plan.waves) != 1 else ''}"
    size = f"{waves}, {len(steps)} step{'s' if len(steps) != 1 else ''}"
    lines = [
        f"{statement.says}: {statement.step or size} on {listed(subjects, 6)}",
        f"{', '.join(changes[:_MOST_CHANGES])}{more}",
        f"plan {plan.hash}",
        f"holds until {statement.until:%Y-%m-%d %H:%M} UTC",
    ]
    if final:
        lines.append(f"{final} of these steps have no way back, and need an approval of their own (--step)")
    for line in lines:
        print(printable(line), file=sys.stderr)


def _check(arguments: argparse.Namespace, plan: Plan) -> int:
    from oakum.changes.approvals import earned
    from oakum.local.approvals import read_approvals
    from oakum.local.policies import calendar_of

    if arguments.policy is None:
        raise UsageError("--policy is missing", remedy="whose approval counts stands in the policy")
    policy, _ = calendar_of(arguments.policy)
    request = read_approvals([arguments.requested_by])[0][1] if arguments.requested_by is not None else None
    given = [signed for _, signed in read_approvals(arguments.check)]
    found = earned(plan, policy, request, given, datetime.now(UTC))
    if arguments.output == "json":
        machine.print_json(_answer(plan, found))
    else:
        from oakum.reports.runs import approvals_text

        sys.stdout.write(approvals_text(found))
    return 1 if found.missing else 0


def _answer(plan: Plan, found: Earned) -> dict[str, object]:
    return {
        "plan": plan.hash, "enough": not found.missing, "missing": list(found.missing),
        "approvals": [
            {
                "file": each.signed.source, "by": each.who, "says": each.signed.statement.says,
                "step": each.signed.statement.step, "counts": not each.refused, "why_not": each.refused,
            }
            for each in found.judged
        ],
    }  # fmt: skip
