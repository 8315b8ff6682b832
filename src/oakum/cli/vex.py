"""``oakum vex``: whether VEX documents are sound, by the rules of their format."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from oakum.cli import machine
from oakum.cli.widths import width
from oakum.errors import InputError, LimitError, OakumError, Place, UsageError
from oakum.reports.printable import printable

if TYPE_CHECKING:
    from oakum.advisories.vex.lint import Judgement

#: The largest file and the longest line of a batch; published documents stay below 64 MiB.
LARGEST = 128 * 1024 * 1024
#: Problems of one file that are shown one by one; the others are counted (-o json has all of them).
_SHOWN = 50

_LINT = """\
Examples:
  oakum vex lint advisory.json                   CSAF 2.0, CSAF 2.1 or OpenVEX: each document says which it is
  oakum vex lint csaf/*.json -o json             one answer with the files in it
  oakum vex lint --batch requests.jsonl          one JSON object a line: id, document
  oakum vex lint --request request.json

Each problem names the number of the mandatory test of CSAF that fails (6.1.1 to 6.1.66), or "schema" where the
structure is not that of the format. Optional tests (6.2, 6.3) are left out.
Ends with 1 where a document is invalid (a batch does not), 2 where one could not be read."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The command below ``vex``."""
    parser.epilog = "Example: oakum vex lint advisory.json"
    commands = parser.add_subparsers(dest="vex_command", metavar="COMMAND", title="commands", required=True)
    line = "what is wrong with VEX documents: CSAF 2.0 and 2.1 with all mandatory tests, OpenVEX"
    sub = commands.add_parser(
        "lint", help=line, description=line, epilog=_LINT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    sub.add_argument("files", nargs="*", metavar="FILE", help="documents ('-': standard input)")
    sub.add_argument("--batch", metavar="FILE", help="answer one JSON request a line ('-': standard input)")
    sub.add_argument("--request", metavar="FILE", help="answer the one JSON request in a file")
    sub.add_argument("-o", "--output", choices=("table", "json"), default="table", help="the form of the answer")


def run(arguments: argparse.Namespace) -> int:
    """Judge; 1 where a document is invalid, unless it is a line of a batch, 2 where one could not be judged."""
    forms = (arguments.files or None, arguments.batch, arguments.request)
    if sum(each is not None for each in forms) != 1:
        raise UsageError("one of FILE, --batch and --request is needed", remedy="see oakum vex lint --help")
    if arguments.files:
        return _files(arguments.files, as_json=arguments.output == "json")
    valid = True

    def answer(request: machine.Request) -> machine.Answer:
        nonlocal valid
        judgement = _of_request(request)
        valid = judgement.valid
        return as_answer(judgement)

    code = machine.serve(arguments, answer, longest=LARGEST)
    # The lines of a batch have their answers, and no is one.
    return code if arguments.batch is not None or valid else code or 1


def as_answer(judgement: Judgement) -> dict[str, object]:
    """The answer to a request: whether the document is valid, and its problems."""
    problems = [
        {"path": each.path, "problem": each.problem, "remedy": each.remedy, "test": each.test}
        for each in judgement.problems
    ]
    return {"valid": judgement.valid, "format": judgement.format, "problems": problems}


def _of_request(request: machine.Request) -> Judgement:
    from oakum.advisories.vex.lint import lint

    place = Place(field="document")
    if "document" not in request:
        raise InputError("the field is missing", place=place, remedy='give {"id": 1, "document": {...}}')
    document = request["document"]
    if isinstance(document, str):
        document = machine.read_object(document.encode(errors="surrogatepass"), place)
    if not isinstance(document, dict):
        raise InputError("the field is no document", place=place, remedy="give an object, or its JSON as a text")
    return lint(document)


def _files(names: list[str], *, as_json: bool) -> int:
    """Judge each file by itself: one that cannot be read harms no other."""
    answers: list[dict[str, object]] = []
    code = 0
    for name in names:
        try:
            judgement = _of_file(name)
        except OakumError as error:
            code = 2
            answers.append({"file": name, "error": str(error.within(name))})
            if not as_json:
                print(printable(f"oakum vex: {error}"), file=sys.stderr)
            continue
        code = code or (0 if judgement.valid else 1)
        if as_json:
            answers.append({"file": name, **as_answer(judgement)})
        else:
            _print(name, judgement)
    if as_json:
        machine.print_json({"files": answers})
    return code


def _of_file(name: str) -> Judgement:
    from oakum.advisories.vex.lint import lint

    shown = "standard input" if name == "-" else name
    text = _read(name)
    try:
        document = machine.read_object(text, Place(shown))
    except InputError as error:
        why = error.__context__
        if isinstance(why, json.JSONDecodeError):
            error.place = Place(shown, why.lineno)
        raise
    try:
        return lint(document)
    except OakumError as error:
        raise error.within(shown) from None


def _read(name: str) -> bytes:
    try:
        if name == "-":
            text = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with Path(name).open("rb") as file:
                text = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        # ValueError: a name with a NUL character.
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(f"cannot be read: {why}", place=Place(name), remedy="name a readable file") from None
    if len(text) > LARGEST:
        raise LimitError(f"the file is larger than {LARGEST} bytes", place=Place(name), remedy="split the document")
    return text


def _print(name: str, judgement: Judgement) -> None:
    """A line for the file, then each problem: test and place, what is wrong, what to do."""
    count = len(judgement.problems)
    verdict = "valid" if judgement.valid else f"{count} problem{'s' if count > 1 else ''}"
    print(printable(f"{name}: {judgement.format}, {verdict}"))
    columns = width()
    for each in judgement.problems[:_SHOWN]:
        what = each.problem.removeprefix(f"{each.test} ")
        head = f"  {each.test:<10} {each.path or '/'}"
        if len(head) + 2 + len(what) <= columns:
            print(printable(f"{head}  {what}"))
        else:
            print(printable(head))
            print(printable(f"             {what}"))
        print(printable(f"             -> {each.remedy}"))
    if count > _SHOWN:
        print(f"  and {count - _SHOWN} more: see them with -o json")
