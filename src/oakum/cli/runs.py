"""``oakum runs``: the runs of this data folder, how each of them stands, and the proof of one as a file.

``verify`` needs no data folder, no network and no secret: a stranger calls it.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from oakum.cli import machine
from oakum.errors import OakumError, UsageError
from oakum.reports.printable import printable

if TYPE_CHECKING:
    from oakum.changes.proof import Proof

_EXAMPLES = """\
Examples:
  oakum runs list
  oakum runs show 20261128-2210-3f0c1a-9b2e
  oakum runs show 20261128 -o html > run.html
  oakum runs export 20261128 --sign ledger.key --out run.bundle
  oakum runs verify run.bundle --key ledger.pub

A run is new, running, interrupted (its process has ended before it did), done or stopped."""
_EXPORT = """\
One file with the plan, the policy, who asked and agreed, the journal, what was found on the machines before and
after, and the proof that all of it stands in the signed ledger. It is a tar archive; sha256sum -c SHA256SUMS checks it.
Programs that carried the run out stand in it as pseudonyms; people do by the names that the policy has for them.

The ledger has to be signed behind the end of the run: name its key with --sign, or sign it before with
oakum ledger checkpoint. The file is verified as it is made, and what it will not show is told.

Example: oakum runs export 20261128 --sign ledger.key --out run.bundle

Ends with 0 where the file was written, 1 where it was and something in it is wrong, 2 for bad input, 3 where the
ledger is not signed far enough."""
_VERIFY = """\
Checks everything from the file alone: the plan's hash, the policy, the signatures of those who asked and agreed and
whether they might, every record of the journal, that all of it is in the signed ledger, and what the machines showed.
KEY is the ledger's public key, a .pub file or the line in it, got from somebody you trust. Without it the key that
came with the file is used, which proves nothing about who made it: that is told, and is no full proof.

Examples:
  oakum runs verify run.bundle --key ledger.pub
  oakum runs verify run.bundle --key ledger.pub --checkpoint january.checkpoint -o json
  oakum runs verify run.bundle --key ledger.pub -o html > run.html

Ends with 0 where all is shown, 1 where something is wrong (the first place is named), 2 where the file is no bundle, is
cut off or is hostile, 3 where nothing is wrong and something could not be shown, unless its kind is accepted."""
_COMMANDS = {
    "list": ("all runs, the newest first", _EXAMPLES),
    "show": ("one run: its steps, what it waits for, what people can do now; or a page about it", _EXAMPLES),
    "export": ("the proof of a run as one file, for strangers", _EXPORT),
    "verify": ("whether the proof of a run is right, from its file alone", _VERIFY),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """``list``, ``show``, ``export`` and ``verify``."""
    parser.epilog = _EXAMPLES
    commands = parser.add_subparsers(dest="runs_command", metavar="COMMAND", title="commands")
    subs: dict[str, argparse.ArgumentParser] = {}
    for name, (line, examples) in _COMMANDS.items():
        subs[name] = commands.add_parser(
            name, help=line, description=line, epilog=examples, formatter_class=argparse.RawDescriptionHelpFormatter
        )
    for name in ("show", "export"):
        subs[name].add_argument("name", metavar="RUN", help="its name, or the beginning of it")
    subs["show"].add_argument("--all", action="store_true", help="every step and every note")
    add = subs["export"].add_argument
    add("--out", metavar="FILE", type=Path, required=True, help="where the file goes")
    add("--sign", metavar="KEYFILE", type=Path, help="sign the ledger as it is now with this private key first")
    add("--key", metavar="KEY", help="the ledger's public key, which is put in (with --sign it is anyhow)")
    help_ = "the ledger's own file (default: ledger.sqlite in the data folder)"
    add("--ledger", metavar="FILE", type=Path, help=help_)
    add = subs["verify"].add_argument
    add("file", metavar="FILE", type=Path, help="what oakum runs export wrote")
    add("--key", dest="keys", metavar="KEY", action="append", default=[], help="a pinned key; repeat for more")
    add("--checkpoint", dest="kept", metavar="FILE", type=Path, action="append", default=[],
        help="a checkpoint that was kept; repeat for more")  # fmt: skip
    add("--accept-unassessed", dest="accepted", metavar="KIND", action="append", default=[],
        help="take what could not be shown of this kind as it is; repeat for more")  # fmt: skip
    for name in ("list", "show", "export"):
        subs[name].add_argument("--data", metavar="DIR", help="the data folder (default: the user's)")
    for name, forms in (("list", ()), ("show", ("html",)), ("verify", ("html",))):
        choices = ("table", "json", *forms)
        subs[name].add_argument("-o", "--output", choices=choices, default="table", help="the form of the answer")


def run(arguments: argparse.Namespace) -> int:
    """One of them."""
    does = {"list": _list, "show": _show, "export": _export, "verify": _verify}
    if arguments.runs_command is None:
        raise UsageError("list, show, export or verify?", remedy="oakum runs list")
    return does[arguments.runs_command](arguments)


def _list(arguments: argparse.Namespace) -> int:
    import msgspec

    from oakum.cli.widths import width
    from oakum.local.runs import open_run, run_names
    from oakum.local.starting import summary_of
    from oakum.reports.runs import list_text

    found, code = [], 0
    for name in reversed(run_names(arguments.data)):
        try:
            run_ = open_run(arguments.data, name)
            try:
                found.append(summary_of(run_, datetime.now(UTC)))
            finally:
                run_.close()
        except OakumError as error:
            # One that was damaged hides no other.
            print(printable(f"oakum runs: {error}"), file=sys.stderr)
            code = error.exit_code
    if arguments.output == "json":
        machine.print_json([msgspec.to_builtins(each) for each in found])
    else:
        sys.stdout.write(list_text(found, width=width()))
    return code


def _show(arguments: argparse.Namespace) -> int:
    from oakum.cli.run import show
    from oakum.local.runs import open_run
    from oakum.local.starting import summary_of

    run_ = open_run(arguments.data, arguments.name)
    try:
        summary = summary_of(run_, datetime.now(UTC))
        if arguments.output != "html":
            show(summary, arguments.output, everything=arguments.all)
            return 0
        from oakum.local.bundles import shown
        from oakum.local.ledger.store import ledger_file
        from oakum.local.paths import data_folder
        from oakum.reports.html_run import run_page

        proof = shown(run_, ledger_file(None, data_folder(arguments.data)))
        sys.stdout.buffer.write(run_page(proof, now=summary.now))
    finally:
        run_.close()
    return 0


def _export(arguments: argparse.Namespace) -> int:
    from oakum.local.bundles import export
    from oakum.local.ledger.keys import FileSigner, public_keys
    from oakum.local.ledger.store import ledger_file
    from oakum.local.paths import data_folder
    from oakum.local.runs import open_run

    public = next(iter(public_keys([arguments.key])), None) if arguments.key else None
    if public is None and arguments.sign is not None:
        public = FileSigner(arguments.sign).public
    run_ = open_run(arguments.data, arguments.name)
    try:
        ledger = ledger_file(arguments.ledger, data_folder(arguments.data))
        proof = export(run_, ledger, arguments.out, key=arguments.sign, public=public)
        name = run_.name
    finally:
        run_.close()
    print(printable(f"{arguments.out}: the proof of {name}, {proof.ledger.entries} entries of the ledger"))
    for fault in proof.faults:
        print(printable(f"WRONG: {fault}"), file=sys.stderr)
    for gap in proof.gaps:
        if gap.kind not in ("unpinned-key", "no-ledger"):
            print(printable(f"not shown: {gap}"), file=sys.stderr)
    return 1 if proof.faults else 0


def _verify(arguments: argparse.Namespace) -> int:
    from oakum.changes.proof.model import GAPS, may_accept
    from oakum.cli.widths import width
    from oakum.fleet.assets import GAPS as OF_SCANS
    from oakum.local.bundles import read_bundle, verified
    from oakum.local.ledger.keys import public_keys
    from oakum.local.ledger.places import read_kept
    from oakum.reports.proofs import proof_document, proof_text

    for kind in arguments.accepted:
        if not may_accept(kind):
            takes = ", ".join(filter(may_accept, (*GAPS, *OF_SCANS)))
            raise UsageError(f"{kind[:40]!r} cannot be accepted", remedy=f"one of {takes}")
    keys, kept = public_keys(arguments.keys), read_kept(arguments.kept)
    proof = verified(read_bundle(arguments.file), keys=keys, kept=kept, accepted=arguments.accepted)
    if arguments.output == "json":
        machine.print_json(proof_document(proof))
    elif arguments.output == "html":
        from oakum.reports.html_run import run_page

        sys.stdout.buffer.write(run_page(proof))
    else:
        sys.stdout.write(proof_text(proof, width=width()))
    return _code(proof)


def _code(proof: Proof) -> int:
    return {"proven": 0, "not proven": 1, "incomplete": 3}[proof.verdict]
