"""``oakum drain``: what each actor would do with every pod of a node, and what has to be mended first."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from oakum.cli import machine
from oakum.cli.times import time_of
from oakum.errors import InputError, Place, UsageError
from oakum.reports.printable import printable

if TYPE_CHECKING:
    from oakum.changes.drain import Explained, Judged, Surroundings

#: One line of a batch holds a whole dump.
LONGEST_LINE = 1 << 29
_PROFILES = ("oakum", "kubectl", "cluster-autoscaler", "cluster-api")
#: The order in which a person reads them: what stops the drain comes first.
_ORDER = ("error", "blocked", "wait", "evict", "ignore")
#: Pods without anything to mend are told by name up to this number of each kind.
_SHOWN = 10
_EXAMPLES = """\
Examples:
  oakum drain explain node-1 --from prod.json
  oakum drain explain node-1 node-2 --from dumps/ --profile kubectl --option ignore_daemonsets=true
  oakum drain explain node-1 --from prod.json --profile cluster-autoscaler --now 2026-01-31T06:00:00Z
  oakum drain explain --batch requests.jsonl -o json     one JSON object a line: id, nodes, now, profile, options, dump

A dump with all that is asked for:
  kubectl get -A -o json pods,pdb,nodes,ns,rs,deploy,sts,ds,rc,jobs,pv,pvc,volumeattachments > prod.json

Ends with 1 where a pod is blocked, 3 where the dump lacks what the answer rests on."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The command below ``drain``."""
    parser.epilog = "Example: oakum drain explain node-1 --from prod.json"
    commands = parser.add_subparsers(dest="drain_command", metavar="COMMAND", title="commands", required=True)
    line = "what would be done with every pod of a node: evict, ignore, wait, blocked now or for ever, and what to mend"
    sub = commands.add_parser(
        "explain", help=line, description=line, epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = sub.add_argument
    add("nodes", metavar="NODE", nargs="*", help="a node's name")
    add("--from", dest="dump", metavar="DUMP", help="a dump, a folder of dumps or manifests, or '-': standard input")
    add("--profile", choices=_PROFILES, help="by whose rules (default: oakum)")
    help_ = "an option of the profile, as NAME=VALUE with a JSON value or a text; repeat for more"
    add("--option", metavar="NAME=VALUE", action="append", help=help_)
    add("--now", metavar="TIME", help="the time of the question (default: when the dump was read, if it says so)")
    add("--batch", metavar="FILE", help="answer one JSON request a line ('-': standard input)")
    add("--request", metavar="FILE", help="answer the one JSON request in a file")
    add("-o", "--output", choices=("table", "json"), default="table", help="the form of the answer")


def run(arguments: argparse.Namespace) -> int:
    """Answer; 1 where a pod is blocked, 2 where a line of a batch was bad, 3 where the dump lacks something."""
    forms = (arguments.dump, arguments.batch, arguments.request)
    if sum(each is not None for each in forms) != 1:
        raise UsageError("one of --from, --batch and --request is needed", remedy="see oakum drain explain --help")
    if arguments.dump is None:
        if arguments.nodes or any(each is not None for each in (arguments.profile, arguments.option, arguments.now)):
            raise UsageError("nodes, --profile, --option and --now stand in the request", remedy="give them there")
        return machine.serve(arguments, _answer, longest=LONGEST_LINE)
    if not arguments.nodes:
        raise UsageError("no node is named", remedy="oakum drain explain NODE --from DUMP")
    return _explain(arguments)


# The machine form


def _answer(request: machine.Request) -> machine.Answer:
    from oakum.changes.drain import explain
    from oakum.changes.drain.answers import explained
    from oakum.local.questions import DrainRequest, known_fields

    given = {key: value for key, value in request.items() if value is not None}
    known_fields(given, DrainRequest, "a drain")
    nodes = given.get("nodes")
    if not isinstance(nodes, list) or not nodes or not all(isinstance(each, str) for each in nodes):
        raise InputError("no list of nodes", place=Place(field="nodes"), remedy='give {"nodes": ["node-1"], ...}')
    options = given.get("options", {})
    if not isinstance(options, dict):
        raise InputError("no object", place=Place(field="options"), remedy='give {"force": true}')
    profile = machine.text_field(given, "profile") if "profile" in given else "oakum"
    now = time_of(machine.text_field(given, "now"), "now") if "now" in given else None
    around = _surroundings(given)
    return explained(explain(around, nodes, profile=profile, options=options, now=now))


def _surroundings(request: Mapping[str, object]) -> Surroundings:
    from oakum.local.drain import of_bytes, of_value

    dump, name = request.get("dump"), "the request's dump"
    if isinstance(dump, str):
        return of_bytes(dump.encode(errors="replace"), name)
    if not isinstance(dump, dict | list):
        raise InputError("no dump", place=Place(field="dump"), remedy="give a List of objects, or one as a text")
    return of_value(dump, name)


# For people


def _explain(arguments: argparse.Namespace) -> int:
    from oakum.changes.drain import explain
    from oakum.changes.drain.answers import explained

    around = _of_file(arguments.dump)
    found = explain(
        around,
        arguments.nodes,
        profile=arguments.profile or "oakum",
        options=_options(arguments.option or ()),
        now=_now(arguments.now, around),
    )
    if arguments.output == "json":
        machine.print_json(explained(found))
    else:
        _print(found)
    stopped = any(each.outcome.verdict in ("blocked", "error") for each in found.pods)
    return 1 if stopped else 3 if found.gaps else 0


def _of_file(name: str) -> Surroundings:
    from oakum.local.drain import of_bytes, of_saved

    if name != "-":
        return of_saved(Path(name))
    from oakum.fleet.cluster.dump_text import LARGEST

    return of_bytes(b"".join(machine.read_lines("-", longest=LARGEST)), "standard input")


def _now(given: str | None, around: Surroundings) -> datetime | None:
    text = given or around.snapshot.read_at
    return time_of(text, "--now") if text else None


def _options(given: Sequence[str]) -> dict[str, object]:
    options: dict[str, object] = {}
    for each in given:
        name, sign, value = each.partition("=")
        if not sign or not name:
            place = Place(field="--option")
            raise UsageError(f"{each[:40]!r} is no NAME=VALUE", place=place, remedy="write --option force=true")
        try:
            options[name] = json.loads(value)
        except ValueError:
            options[name] = value
    return options


def _print(found: Explained) -> None:
    pods = sorted(found.pods, key=lambda one: (*_place(one), one.outcome.order or 0, _name(one)))
    counts = ((verdict, len(list(group))) for verdict, group in groupby(pods, key=lambda one: one.outcome.verdict))
    _say("; ".join(f"{count} {verdict}" for verdict, count in counts) or "No pods.")
    for (_, reason, duration, verdict), group in groupby(pods, key=_place):
        each = list(group)
        label = {"for-ever": "blocked for ever", "now": "blocked now"}.get(duration, verdict)
        _say(f"\n{label}{f' ({reason})' if reason else ''}")
        shown = len(each) if verdict in ("blocked", "error") else _SHOWN
        for one in each[:shown]:
            _print_pod(one)
        if len(each) > shown:
            _say(f"  and {len(each) - shown} more")
    for node, volume in found.volumes:
        _say(f"\nThe volume {volume} has to be detached from {node} before the drain is done.")
    for gap in found.gaps:
        _say(f"Not assessable: {gap.what}: {gap.why} ({gap.remedy})")


def _print_pod(one: Judged) -> None:
    outcome = one.outcome
    about = f" [{outcome.object}]" if outcome.object and outcome.object != f"Pod/{_name(one)}" else ""
    _say(f"  {_name(one)}{about}{f': {outcome.why}' if outcome.why else ''}")
    if outcome.remedy:
        _say(f"    {outcome.remedy} ({one.source})")


def _place(one: Judged) -> tuple[int, str, str, str]:
    """Under which heading a pod stands, and which heading comes first."""
    outcome = one.outcome
    return _ORDER.index(outcome.verdict), outcome.reason, outcome.duration, outcome.verdict


def _name(one: Judged) -> str:
    return f"{one.pod.metadata.namespace}/{one.pod.metadata.name}"


def _say(text: str) -> None:
    for line in text.split("\n"):
        print(printable(line))
