"""``oakum cvss``: score a vector."""

from __future__ import annotations

import argparse

from oakum.cli import machine
from oakum.errors import UsageError
from oakum.risk import cvss


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = (
        "Examples:\n"
        "  oakum cvss CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\n"
        '  oakum cvss --batch requests.jsonl -o json     one {"id", "vector"} a line, \'-\' is standard input'
    )
    parser.add_argument("vector", nargs="?", metavar="VECTOR", help="a CVSS vector of version 2.0, 3.0, 3.1 or 4.0")
    parser.add_argument("--batch", metavar="FILE", help="answer one JSON request a line, one JSON answer a line")
    parser.add_argument("--request", metavar="FILE", help="answer the one JSON request in a file")
    parser.add_argument("-o", "--output", choices=("table", "json"), default="table", help="the form of the answer")


def run(arguments: argparse.Namespace) -> int:
    """Score; an invalid vector ends with 2 and the reason."""
    asked = [each for each in (arguments.vector, arguments.batch, arguments.request) if each is not None]
    if len(asked) != 1:
        raise UsageError("give one VECTOR, --batch or --request", remedy="see oakum cvss --help")
    if arguments.batch is not None:
        return machine.answer_batch(arguments.batch, machine.read_lines(arguments.batch), answer)
    if arguments.request is not None:
        return machine.answer_request(arguments.request, answer)
    scores = answer({"vector": arguments.vector})
    if arguments.output == "json":
        machine.print_json(scores)
    else:
        for name, value in scores.items():
            print(f"{name:14}{'not defined' if value is None else value}")
    return 0


def answer(request: machine.Request) -> machine.Answer:
    """The scores of ``vector``: base, temporal and environmental of 2.0 and 3.x, or the one score of 4.0."""
    vector = machine.text_field(request, "vector")
    scores = cvss.score(vector)
    numbers: dict[str, object]
    if scores.version == "4.0":
        numbers = {"score": scores.score}
    else:
        numbers = {
            "base": scores.base,
            "temporal": scores.temporal,
            "environmental": scores.environmental,
        }
    return {"version": scores.version, **numbers, "severity": scores.severity}
