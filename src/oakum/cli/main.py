"""``oakum``: the entry point, one module per command.

Each command module has ``NAMES`` served here by a table of texts, so that ``oakum --help`` and start-up import nothing:
a command's module, and what it needs, is imported when that command is called. A module offers ``configure(parser)``
and ``run(arguments) -> exit code``.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path

from oakum import __version__
from oakum.errors import OakumError

#: command -> (module, one line)
COMMANDS: dict[str, tuple[str, str]] = {
    "scan": ("scan", "what is vulnerable here, how far each fix has come, and what to do first"),
    "host": ("host", "hosts by SSH: which are known, what is vulnerable there, what they have to allow"),
    "feeds": ("feeds", "import advisories and see how old they are"),
    "versions": ("versions", "compare versions as an ecosystem's own tools do"),
    "decide": ("decide", "look a row up in a decision table, and see what would change it"),
    "flows": ("flows", "who can connect to whom under the network policies, before and after a change"),
    "skew": ("skew", "which versions of Kubernetes may stand beside each other, and the steps to a newer one"),
    "rollout": ("rollout", "who may go next in a roll-out, by the rules of the tool that carries it out"),
    "drain": ("drain", "what each actor would do with every pod of a node, and what has to be mended first"),
    "explain": ("explain", "what each actor would do with a node now, and why"),
    "plan": ("plan", "the safe order of steps for what is wanted, or the fewest reasons why there is none"),
    "approve": ("approve", "agree to a plan with an SSH key, or see who agreed and who is missing"),
    "run": ("run", "carry an approved plan out from here, or rehearse it"),
    "resume": ("resume", "go on with a run whose process has ended"),
    "stop": ("stop", "ask a run to finish or restore what is in hand, and to start nothing more"),
    "rollback": ("rollback", "the plan that takes a run back"),
    "runs": ("runs", "the runs of this data folder, and how each stands"),
    "simulate": ("simulate", "the change engine in a simulated fleet under faults, beside the policies of other tools"),
    "policy": ("policy", "write a policy's folder, and find what is wrong with one"),
    "window": ("window", "when a change may run under a policy: windows without freezes"),
    "ledger": ("ledger", "the tamper-evident log of what was decided and done: verify it, prove what is in it"),
    "cvss": ("cvss", "score a CVSS vector"),
    "vex": ("vex", "what is wrong with VEX documents: CSAF 2.0, CSAF 2.1, OpenVEX"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0 all well, 1 the answer is no, 2 wrong use or bad input, 3 not assessable."""
    words = list(sys.argv[1:] if argv is None else argv)
    _fill_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # Names from outside may hold what the terminal's encoding lacks.
            stream.reconfigure(errors="backslashreplace")
    command = next((word for word in words if not word.startswith("-")), "")
    parser, own = _parser(command)
    if own is None:
        arguments = parser.parse_args(words)
    else:
        # Targets and options of such a command may stand in any order, which argparse allows to no sub-parser.
        at = words.index(command)
        arguments = own.parse_intermixed_args(words[at + 1 :], parser.parse_args(words[:at]))
    if not command:
        parser.print_help()
        return 0
    try:
        code = int(arguments.run(arguments))
        sys.stdout.flush()
        return code
    except OakumError as error:
        if arguments.debug:
            # The exit code stays what the error says it is.
            traceback.print_exception(error)
            return error.exit_code
        from oakum.reports.printable import printable

        print(printable(f"oakum {command}: {error}"), file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        # The reader of our output has gone.
        # As a shell reports it: who lost the answer must not take it for "all well".
        _discard_output()
        return 141
    except KeyboardInterrupt as error:
        _tell_notes(error)
        return 130
    except Exception as error:  # noqa: BLE001 (a defect or a full disk is no answer; Python's exit code, 1, means "no")
        if arguments.debug:
            traceback.print_exception(error)
        else:
            why = (
                error.strerror if isinstance(error, OSError) and error.strerror else f"{type(error).__name__}: {error}"
            )
            print(f"oakum {command}: stopped without an answer: {why!a} (see more with --debug)", file=sys.stderr)
            _tell_notes(error)
        _discard_output()
        return 2


def _tell_notes(error: BaseException) -> None:
    """What somebody on the way up added for people: how to go on."""
    for note in getattr(error, "__notes__", ()):
        print(note, file=sys.stderr)


def _fill_closed_streams() -> None:
    """A stream that the caller closed is None here, and its number would go to the next file that is opened."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115 (open as long as the process)


def _discard_output() -> None:
    """Point standard output elsewhere, so that the interpreter's own last flush stays quiet."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser(command: str) -> tuple[argparse.ArgumentParser, argparse.ArgumentParser | None]:
    """The whole parser, and that of the command where its words may stand in any order (``INTERMIXED``)."""
    own = None
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
            own = sub if getattr(loaded, "INTERMIXED", False) else None
    return parser, own


if __name__ == "__main__":
    sys.exit(main())
