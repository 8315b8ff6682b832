"""``oakum versions compare``: two versions, or a list of comparisons, as an ecosystem's own tools order them."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from typing import TextIO

import msgspec

from oakum.cli import machine
from oakum.errors import InputError, NotAssessableError, Place, UsageError
from oakum.versions import Scheme, compare, scheme
from oakum.versions.schemes import NAMES

_SIGNS = frozenset("<=>?")
_SPACE = re.compile(r"[ \t]+")
_SHOWN = 80
_EXAMPLES = """\
Examples:
  oakum versions compare deb 1.0~rc1-1 1.0-1
  oakum versions compare PyPI -- -old 1.0             a version that begins with a hyphen
  oakum versions compare maven --batch comparisons.txt
  oakum versions compare rpm --batch - -o json        lines on standard input
A batch has one "A OP B" a line, where OP is <, =, > or ? (not comparable); # and // begin a comment.
It ends with 0 where all lines agree, 1 where one disagrees, 2 where one could not be read.
"""


class _Line(msgspec.Struct):
    """A line of a batch: its ``number`` from 1, its ``text``, and the comparison that it claims."""

    number: int
    text: str
    left: str
    sign: str
    right: str


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = _EXAMPLES
    actions = parser.add_subparsers(metavar="ACTION", title="actions", required=True)
    line = "compare two versions, or the lines of a file"
    action = actions.add_parser(
        "compare",
        help=line,
        description=line,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    action.add_argument("ecosystem", metavar="ECOSYSTEM", help="deb, rpm, apk, pep440, maven... or a name of OSV")
    action.add_argument("versions", metavar="VERSION", nargs="*", help="the two versions to compare")
    action.add_argument("--batch", metavar="FILE", help="check one comparison a line; - is standard input")
    action.add_argument("-o", "--output", choices=("table", "json"), default="table", help="the form of the answer")


def run(arguments: argparse.Namespace) -> int:
    """Compare; 1 where a line of a batch disagrees, 2 where one is bad, 3 where two versions are not comparable."""
    known = scheme(arguments.ecosystem)
    if known is None:
        raise UsageError(
            f"no ecosystem is called {arguments.ecosystem!r}",
            remedy=f"use one of {', '.join(NAMES)}, or the name that OSV uses",
        )
    if arguments.batch is not None:
        if arguments.versions:
            raise UsageError("--batch takes no versions", remedy="give two versions or --batch FILE")
        return _batch(known, arguments.batch, json=arguments.output == "json")
    if len(arguments.versions) != 2:
        raise UsageError("a comparison needs two versions", remedy="see oakum versions compare --help")
    return _single(known, arguments.ecosystem, *arguments.versions, json=arguments.output == "json")


def _single(known: Scheme, ecosystem: str, left: str, right: str, *, json: bool) -> int:
    answer = compare(known, left, right)
    why = {"why": answer.why or "the two have no order"} if answer.sign == "?" else {}
    if json:
        machine.print_json({"ecosystem": ecosystem, "a": left, "op": answer.sign, "b": right, **why})
    else:
        _say(" ".join((answer.sign, *why.values())), sys.stdout)
    return NotAssessableError.exit_code if why else 0


def _batch(known: Scheme, name: str, *, json: bool) -> int:
    disagreements: list[dict[str, object]] = []
    counts = {"agree": 0, "disagree": 0, "not comparable": 0}
    bad = False
    for line in _lines(name):
        if isinstance(line, InputError):
            _say(f"oakum versions: {line}", sys.stderr)
            bad = True
            continue
        answer = compare(known, line.left, line.right)
        if answer.sign == line.sign:
            counts["agree"] += 1
            continue
        counts["not comparable" if answer.sign == "?" else "disagree"] += 1
        if json:
            disagreements.append({"line": line.number, "text": _shown(line.text), "got": answer.sign})
        else:
            why = f" ({answer.why})" if answer.why else ""
            _say(f"{line.number}: {line.text}: got {answer.sign}{why}", sys.stdout)
    if json:
        machine.print_json({"checked": sum(counts.values()), "disagreements": disagreements})
    else:
        print(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    if not bad and not any(counts.values()):
        raise InputError("holds no comparison", place=Place(_named(name)), remedy="write A OP B, one a line")
    if bad:
        return InputError.exit_code
    if counts["disagree"]:
        return 1
    return NotAssessableError.exit_code if counts["not comparable"] else 0


def _lines(name: str) -> Iterator[_Line | InputError]:
    """The comparisons of a batch, read as they come; a line that is none comes as the error that says so."""
    shown = _named(name)
    for number, raw in enumerate(machine.read_lines(name), 1):
        text = raw.decode("utf-8-sig" if number == 1 else "utf-8", "surrogateescape").strip(" \t\r\n")
        if not text or text.startswith(("#", "//")):
            continue
        words = _SPACE.split(text)
        signs = [at for at, word in enumerate(words) if word in _SIGNS and 0 < at < len(words) - 1]
        if len(signs) == 1:
            at = signs[0]
            yield _Line(number, text, " ".join(words[:at]), words[at], " ".join(words[at + 1 :]))
        else:
            what = f"{text[:_SHOWN]!r} is not a comparison"
            yield InputError(what, place=Place(shown, number), remedy="write A OP B, where OP is <, =, > or ?")


def _named(name: str) -> str:
    return "standard input" if name == "-" else name


def _shown(text: str) -> str:
    """Text that any JSON reader takes: bytes that were no UTF-8 become replacement characters."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _say(text: str, stream: TextIO) -> None:
    """Print a line on any terminal: what its encoding lacks is written as an escape."""
    encoding = stream.encoding or "utf-8"
    print(_shown(text).encode(encoding, "backslashreplace").decode(encoding), file=stream)
