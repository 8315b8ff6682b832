"""``oakum rollout next``: who may go next in a roll-out, by the rules of the tool that carries it out."""

from __future__ import annotations

import argparse

from oakum.cli import machine

_EXAMPLES = """\
Examples:
  oakum rollout next --request request.json              {"kind": "next-nodes", "nodes": [...], "target": "...", ...}
  oakum rollout next --batch requests.jsonl -o json      one JSON object a line: id, kind, and the fields of the kind

Kinds: clusters (Open Cluster Management's strategies), next-nodes (pools of nodes with a desired configuration),
budget (disruption budgets with cron windows), max-unavailable and order. Times come in the request."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The command below ``rollout``."""
    parser.epilog = "Example: oakum rollout next --request request.json"
    commands = parser.add_subparsers(dest="rollout_command", metavar="COMMAND", title="commands", required=True)
    line = "which clusters or nodes a roll-out takes next, and how many it may"
    sub = commands.add_parser(
        "next", help=line, description=line, epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    sub.add_argument("--batch", metavar="FILE", help="answer one JSON request a line ('-': standard input)")
    sub.add_argument("--request", metavar="FILE", help="answer the one JSON request in a file")
    sub.add_argument("-o", "--output", choices=("json",), default="json", help="the form of the answer")


def run(arguments: argparse.Namespace) -> int:
    """Answer; 2 where a request was bad, 3 where its kind is unknown."""
    return machine.serve(arguments, _answer)


def _answer(request: machine.Request) -> machine.Answer:
    from oakum.actors.kinds import answer, kind_of

    return answer(kind_of("rollout next", request.pop("kind", None)), request)
