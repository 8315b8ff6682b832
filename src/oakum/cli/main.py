"""``oakum``: the entry point, one module per command.

Each command module has ``NAMES`` served here by a table of texts, so that ``oakum --help`` and start-up import nothing:
a command's module, and what it needs, is imported when that command is called. A module offers ``configure(parser)``
and ``run(arguments) -> exit code``.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper

from oakum import __version__
from oakum.errors import OakumError

#: command -> (module, one line)
COMMANDS: dict[str, tuple[str, str]] = {
    "scan": ("scan", "what is vulnerable here, how far each fix has come, and what to do first"),
    "feeds": ("feeds", "import advisories and see how old they are"),
    "versions": ("versions", "compare versions as an ecosystem's own tools do"),
    "decide": ("decide", "look a row up in a decision table, and see what would change it"),
    "cvss": ("cvss", "score a CVSS vector"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0 all well, 1 the answer is no, 2 wrong use or bad input, 3 not assessable."""
    words = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # Names from outside may hold what the terminal's encoding lacks.
            stream.reconfigure(errors="backslashreplace")
    command = next((word for word in words if not word.startswith("-")), "")
    parser = _parser(command)
    arguments = parser.parse_args(words)
    if not command:
        parser.print_help()
        return 0
    try:
        return int(arguments.run(arguments))
    except OakumError as error:
        if arguments.debug:
            raise
        from oakum.reports.printable import printable

        print(printable(f"oakum {command}: {error}"), file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        # The reader of our output has gone; pointing stdout elsewhere keeps the interpreter's own flush quiet.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def _parser(command: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="oakum",
        description="Patch management and vulnerability response for container hosts and Kubernetes.",
        epilog="Example: oakum scan host",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"oakum {__version__}")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")
    for name, (module, line) in COMMANDS.items():
        sub = commands.add_parser(
            name, help=line, description=line, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        if name == command:
            loaded = import_module(f"oakum.cli.{module}")
            loaded.configure(sub)
            sub.set_defaults(run=loaded.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
