"""``oakum plan``: a verified order of steps for what is wanted, or the fewest reasons why there is none."""

from __future__ import annotations

import argparse
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from oakum.cli import machine
from oakum.cli.times import time_of
from oakum.errors import UsageError
from oakum.reports.printable import printable

if TYPE_CHECKING:
    from oakum.changes.plans import Plan, WhyNot
    from oakum.changes.state import State
    from oakum.local.plans import Emergency

_SCHEMAS = (
    "plan", "why-not", "state", "inventory", "intents",
    *(f"{asked}-{part}" for asked in ("plan", "simulate", "drain", "window", "state", "upgrade", "path", "vex-lint")
      for part in ("request", "answer")),
)  # fmt: skip
#: One line of a batch may hold whole dumps.
LONGEST_LINE = 1 << 29
_EXAMPLES = """\
Examples:
  oakum plan --from prod.json --intent kernel.yaml --policy policy/
  oakum plan --from prod=dump.json --from inventory.yaml --intent intents/ --policy policy/ --out plan.json
  oakum plan --from prod.json --intent cve.yaml --policy policy/ \\
      --override 'exploited vulnerability' --reason CVE-2026-1 --agreed jo --agreed kim
  oakum plan verify plan.json --from prod.json --policy policy/
  oakum plan --batch requests.jsonl -o json          one JSON object a line: id, now, states, intents, policy

A STATE is a dump of a cluster, a folder with one, an inventory (oakum-inventory/1) or a state that --save-state wrote.
A dump with all that a plan asks for:
  kubectl get -A -o json nodes,ns,pods,pdb,deploy,rs,sts,ds,rc,jobs,services,pv,pvc,volumeattachments,\\
validatingwebhookconfigurations,mutatingwebhookconfigurations > prod.json

Ends with 0 and a plan, 1 and the reasons why there is none, 2 for bad input, 3 where the state does not tell enough."""
_VERIFY_EXAMPLES = """\
Examples:
  oakum plan verify plan.json --from prod.json --policy policy/
  oakum plan verify plan.json --from state.json --policy policy/ --hash sha256:3f0c...

Ends with 1 where a rule is broken or another hash was approved, 3 where the state lacks what the verdict rests on."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The command itself, and ``verify`` below it."""
    parser.epilog = _EXAMPLES
    _inputs(parser)
    add = parser.add_argument
    add("--intent", dest="intents", metavar="FILE", type=Path, action="append", default=[],
        help="what is wanted: a file of intents, or a folder of them; repeat for more")  # fmt: skip
    add("--remediations", metavar="DIR", type=Path, action="append", default=[],
        help="remediations of the site, each signed by somebody whom the policy lists; repeat for more")  # fmt: skip
    add("--now", metavar="TIME", help="plan as of this time (RFC 3339; default: the clock)")
    add("--override", metavar="NAME", help="declare an emergency of the policy, by its name")
    add("--reason", metavar="TEXT", help="why there is an emergency; it is recorded in the plan")
    add("--agreed", metavar="WHO", action="append", default=[], help="who agreed to the emergency; repeat for more")
    add("--until", metavar="TIME", help="when the emergency ends (default: as late as the policy lets it)")
    add("--explain", action="store_true", help="say it in whole sentences: what happens, when, and why it is safe")
    add("--out", metavar="FILE", type=Path, help="write the canonical plan, or the reasons, to a file as well")
    add("--save-state", metavar="FILE", type=Path, help="write the state that was planned from (oakum-state/1)")
    add("--schema", choices=_SCHEMAS, help="print a JSON Schema, and end")
    add("--batch", metavar="FILE", help="answer one JSON request a line: id, now, states, intents, policy")
    add("--request", metavar="FILE", help="answer the one JSON request in a file")
    add("-o", "--output", choices=("table", "json", "yaml"), default="table", help="the form of the answer")
    commands = parser.add_subparsers(dest="plan_command", metavar="COMMAND", title="commands")
    line = "walk every state that a written plan can bring about, and list the rules that it breaks"
    sub = commands.add_parser(
        "verify", help=line, description=line, epilog=_VERIFY_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    sub.add_argument("plan", metavar="PLAN", type=Path, help="the file that --out wrote")
    _inputs(sub)
    sub.add_argument("--hash", metavar="HASH", help="the hash that was approved")
    sub.add_argument("--now", metavar="TIME", help="the time of the state, where it tells none (default: the clock)")
    help_ = "the form of the answer"
    sub.add_argument("-o", "--output", choices=("table", "json", "yaml"), default="table", help=help_)


def _inputs(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--from", dest="states", metavar="STATE", action="append", default=[],
        help="what there is: a dump (or -), NAME=DUMP, a folder, an inventory or a state; repeat for more")  # fmt: skip
    add("--policy", metavar="DIR", type=Path, help="the folder of the policy")
    add("--compat", metavar="FILE", type=Path, action="append", default=[],
        help="compatibility data of the site, which counts before ours; repeat for more")  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Plan, or verify a plan."""
    if arguments.plan_command == "verify":
        return _verify(arguments)
    if arguments.schema is not None:
        return _schema(arguments.schema)
    if arguments.batch is not None or arguments.request is not None:
        return _machine(arguments)
    for option, given in (
        ("--from", arguments.states),
        ("--intent", arguments.intents),
        ("--policy", arguments.policy),
    ):
        if not given:
            raise UsageError(f"{option} is missing", remedy="oakum plan --from STATE --intent FILE --policy DIR")
    if arguments.explain and arguments.output != "table":
        raise UsageError("--explain is a text for people", remedy="leave -o out, or --explain")
    now = time_of(arguments.now, "--now") if arguments.now else datetime.now(UTC)
    return _plan(arguments, now, _emergency(arguments))


def _machine(arguments: argparse.Namespace) -> int:
    if arguments.states or arguments.intents or arguments.policy or arguments.now:
        raise UsageError("--from, --intent, --policy and --now stand in the request", remedy="give them there")
    return machine.serve(arguments, _answer, longest=LONGEST_LINE)


def _answer(request: machine.Request) -> machine.Answer:
    import msgspec

    from oakum.actors.requests import read
    from oakum.local.requests import PlanRequest, planned

    answer: machine.Answer = msgspec.to_builtins(planned(read(request, PlanRequest)))
    return answer


def _emergency(arguments: argparse.Namespace) -> Emergency | None:
    from oakum.local.plans import Emergency

    if arguments.override is None:
        if arguments.reason is not None or arguments.agreed or arguments.until is not None:
            what = "--reason, --agreed and --until belong to an emergency"
            raise UsageError(what, remedy="name it: --override NAME, as the policy does")
        return None
    if not (arguments.reason or "").strip():
        raise UsageError("--override needs a reason", remedy="add --reason TEXT; it is recorded and reviewed")
    until = time_of(arguments.until, "--until") if arguments.until else None
    return Emergency(name=arguments.override, reason=arguments.reason, by=tuple(arguments.agreed), until=until)


def _plan(arguments: argparse.Namespace, now: datetime, emergency: Emergency | None) -> int:
    from oakum.changes.plans import Plan, canonical
    from oakum.changes.state.document import state_document
    from oakum.local.plans import lacks_knowledge, make_plan, read_intent_files, write
    from oakum.local.states import read_states
    from oakum.reports.plans import next_text

    intents = read_intent_files(arguments.intents)
    state = read_states(arguments.states, now)
    if arguments.save_state is not None:
        write(arguments.save_state, state_document(state) + b"\n")
    found = make_plan(
        state, intents, arguments.policy, now, compat=arguments.compat, remediations=arguments.remediations,
        emergency=emergency,
    )  # fmt: skip
    written = canonical(found) + b"\n"
    if arguments.out is not None:
        write(arguments.out, written)
    if arguments.output == "table":
        _print(found, state, explain=arguments.explain)
        if isinstance(found, Plan) and found.steps and arguments.out is not None:
            sys.stdout.write(next_text(str(arguments.out), arguments.states, str(arguments.policy)))
    else:
        _write(written, arguments.output)
    if isinstance(found, Plan):
        return 0
    return 3 if lacks_knowledge(found) else 1


def _print(found: Plan | WhyNot, state: State, *, explain: bool) -> None:
    from oakum.changes.planning.explain import explain as explained
    from oakum.changes.plans import Plan
    from oakum.reports.plans import gaps_text, plan_text, why_not_text

    width = _width()
    if explain:
        text = "".join(f"{printable(line)}\n" for line in explained(found, width)) + gaps_text(state.gaps, width=width)
    elif isinstance(found, Plan):
        text = plan_text(found, state.gaps, width=width)
    else:
        text = why_not_text(found, state.gaps, width=width)
    sys.stdout.write(text)


def _verify(arguments: argparse.Namespace) -> int:
    from oakum.local.plans import read_plan, verify_plan
    from oakum.local.states import read_states

    for option, given in (("--from", arguments.states), ("--policy", arguments.policy)):
        if not given:
            raise UsageError(f"{option} is missing", remedy="oakum plan verify PLAN --from STATE --policy DIR")
    plan = read_plan(arguments.plan)
    now = time_of(arguments.now, "--now") if arguments.now else datetime.now(UTC)
    state = read_states(arguments.states, now)
    found = verify_plan(plan, state, arguments.policy, compat=arguments.compat)
    other = arguments.hash is not None and arguments.hash != plan.hash
    if arguments.output == "table":
        from oakum.reports.plans import violations_text

        if other:
            print(printable(f"The plan has the hash {plan.hash}, and {arguments.hash} was approved."))
        sys.stdout.write(violations_text(plan, found, width=_width()))
    else:
        import msgspec

        answer = {
            "hash": plan.hash, "approved": None if arguments.hash is None else not other,
            "violations": [msgspec.to_builtins(each) for each in found],
        }  # fmt: skip
        _write(msgspec.json.encode(answer), arguments.output)
    return 1 if found or other else 0


def _schema(what: str) -> int:
    from oakum.local.schemas import schema_of

    machine.print_json(schema_of(what))
    return 0


def _write(document: bytes, form: str) -> None:
    """One JSON document as it is, or the same as YAML."""
    if form == "json":
        sys.stdout.write(document.decode().rstrip("\n") + "\n")
        return
    import json

    import yaml

    yaml.safe_dump(json.loads(document), sys.stdout, allow_unicode=True, sort_keys=True)


def _width() -> int:
    return max(60, shutil.get_terminal_size((100, 40)).columns)
