"""``oakum ledger``: the log of what was decided and done; verified by anybody, offline, with a pinned key."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from oakum.cli import machine
from oakum.errors import UsageError
from oakum.reports.printable import printable

if TYPE_CHECKING:
    from oakum.ledger import Entry, Verdict

_VERIFY = """\
WHERE is a folder of tiles or a .tar, as oakum ledger export writes them, or the ledger's own file. KEY is a .pub file
or the line in it, got from somebody you trust, not from where the ledger is from. A checkpoint that you have kept shows
that nothing before it was changed, whoever signed the new one.

Examples:
  oakum ledger verify ledger.tar --key example.com+3f0c77aa+AYc2...
  oakum ledger verify export/ --key ledger.pub --checkpoint january.checkpoint

Ends with 0 where all is right, 1 and the first bad index, tile or checkpoint, 2 where there is no ledger or no key."""
_SHOW = """\
Shows what stands there; it verifies nothing.

Examples:
  oakum ledger show --from 100
  oakum ledger show ledger.tar --run r-2026-04 -o json"""
_CHECKPOINT = """\
Without --sign the newest checkpoint is printed.

Examples:
  oakum ledger checkpoint --sign ledger.key
  oakum ledger checkpoint > january.checkpoint     keep it where the ledger's owner cannot change it"""
_PROOF = """\
With INDEX: the proof that an entry is in the ledger. With --old: the proof that a ledger only grew since that size.
Both are for the newest checkpoint, or --size. With --request or --batch: whether a proof holds.

A request has kind inclusion (leaf_hash, leaf_index, tree_size, root, proof) or consistency (size1, size2, root1, root2,
proof); hashes in base64. The answer has valid, and why where it is false.

Examples:
  oakum ledger proof 12
  oakum ledger proof 12 -o json | oakum ledger proof --request -
  oakum ledger proof --old 100 -o json

Ends with 1 where the proof of --request does not hold."""
_EXPORT = """\
Writes the ledger up to its newest checkpoint as tiles (C2SP tlog-tiles): a folder that any web server can serve, or one
file where OUT ends with .tar. A later export into the same folder adds to it.

Example: oakum ledger export ledger.tar --sign ledger.key"""
_APPEND = """\
FILE has one entry a line, as a JSON object ("-": standard input): kind, at, actor and body, and what, subject, run,
step, plan, policy, feeds. All of them are added, or none. What looks like a secret or a mail address is refused.

Example:
  echo '{"kind": "note", "at": "2026-01-31T06:00:00Z", "actor": "oakum", "what": "drill",
  "body": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}' |
  tr -d '\\n' | oakum ledger append -"""
_KEYGEN = """\
NAME is the ledger's name, best like an address that is yours. FILE becomes the private key, FILE.pub the public one.

Example: oakum ledger keygen example.com/oakum --out ledger.key"""
_COMMANDS = {
    "verify": ("name the first bad index, tile or checkpoint, or say that there is none", _VERIFY),
    "show": ("list entries", _SHOW),
    "checkpoint": ("sign how many entries there are and the root of their tree, or print what was signed", _CHECKPOINT),
    "proof": ("prove that an entry is there or that the ledger only grew, or check such a proof", _PROOF),
    "export": ("write the ledger as tiles", _EXPORT),
    "append": ("add entries", _APPEND),
    "keygen": ("make the key that signs checkpoints", _KEYGEN),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """The commands below ``ledger``."""
    parser.epilog = "Example: oakum ledger verify ledger.tar --key ledger.pub"
    commands = parser.add_subparsers(dest="ledger_command", metavar="COMMAND", title="commands", required=True)
    subs: dict[str, argparse.ArgumentParser] = {}
    for name, (line, examples) in _COMMANDS.items():
        subs[name] = commands.add_parser(
            name, help=line, description=line, epilog=examples, formatter_class=argparse.RawDescriptionHelpFormatter
        )
    add = subs["verify"].add_argument
    add("where", metavar="WHERE", type=Path, help="the ledger")
    add("--key", dest="keys", metavar="KEY", action="append", required=True, help="a pinned key; repeat for more")
    add("--checkpoint", dest="kept", metavar="FILE", type=Path, action="append", default=[],
        help="a checkpoint that was kept; repeat for more")  # fmt: skip
    add("--origin", metavar="NAME", help="the name of the ledger, where it is not that of the key")
    add = subs["show"].add_argument
    add("where", metavar="WHERE", type=Path, nargs="?", help="the ledger (default: the one in the data folder)")
    add("--from", dest="begin", metavar="INDEX", type=_number, default=0, help="begin there (default: 0)")
    add("--to", dest="end", metavar="INDEX", type=_number, help="end before it (default: all)")
    add("--run", dest="of_run", metavar="RUN", help="only entries of that run")
    add = subs["proof"].add_argument
    add("index", metavar="INDEX", type=_number, nargs="?", help="the entry to prove")
    add("--old", metavar="SIZE", type=_number, help="the size from which on it only grew")
    add("--size", metavar="SIZE", type=_number, help="the size that is proven (default: that of the newest checkpoint)")
    add("--batch", metavar="FILE", help="check one JSON request a line ('-': standard input)")
    add("--request", metavar="FILE", help="check the one JSON request in a file")
    subs["export"].add_argument("out", metavar="OUT", type=Path, help="a folder, or a file that ends with .tar")
    subs["append"].add_argument("file", metavar="FILE", help="the entries")
    subs["keygen"].add_argument("name", metavar="NAME", help="the name of the ledger")
    subs["keygen"].add_argument("--out", metavar="FILE", type=Path, required=True, help="where the key is written")
    for name in ("checkpoint", "export"):
        help_ = "sign a checkpoint of all entries with this private key"
        subs[name].add_argument("--sign", metavar="KEYFILE", type=Path, help=help_)
    subs["checkpoint"].add_argument("--out", metavar="FILE", type=Path, help="write it to a file instead")
    for name in ("checkpoint", "proof", "export", "append"):
        help_ = "the ledger's own file (default: ledger.sqlite in the data folder)"
        subs[name].add_argument("--ledger", metavar="FILE", type=Path, help=help_)
    for name in ("verify", "show", "proof"):
        help_ = "the form of the answer"
        subs[name].add_argument("-o", "--output", choices=("table", "json"), default="table", help=help_)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 19):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no number from 0 on")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Carry out one of them."""
    does: dict[str, Callable[[argparse.Namespace], int]] = {
        "verify": _verify, "show": _show, "checkpoint": _checkpoint, "proof": _proof, "export": _export,
        "append": _append, "keygen": _keygen,
    }  # fmt: skip
    return does[arguments.ledger_command](arguments)


def _verify(arguments: argparse.Namespace) -> int:
    from oakum.ledger import verify
    from oakum.local.ledger.keys import public_keys
    from oakum.local.ledger.places import opened, read_kept

    keys, kept = public_keys(arguments.keys), read_kept(arguments.kept)
    with opened(arguments.where) as source:
        verdict = verify(source, keys, origin=arguments.origin, kept=kept)
    if arguments.output == "json":
        machine.print_json(_answer_of(verdict))
    else:
        _print_verdict(verdict, len(kept))
    return 1 if verdict.faults else 0


def _answer_of(verdict: Verdict) -> dict[str, object]:
    from oakum.ledger.base64 import encoded

    head = verdict.checkpoint
    return {
        "valid": not verdict.faults,
        "checkpoint": head and {"origin": head.origin, "size": head.size, "root": encoded(head.root)},
        "faults": [
            {"where": each.where, "name": each.name, "why": each.why, "remedy": each.remedy} for each in verdict.faults
        ],
    }


def _print_verdict(verdict: Verdict, kept: int) -> None:
    from oakum.ledger.base64 import encoded

    head = verdict.checkpoint
    for each in verdict.faults:
        print(printable(str(each)))
    if head is not None and not verdict.faults:
        checked = f", and it goes on from {kept} kept checkpoint{'s' if kept > 1 else ''}" if kept else ""
        print(printable(f"{head.origin}: {head.size} entries, all as they were signed{checked}."))
        print(f"root {encoded(head.root)}")


def _show(arguments: argparse.Namespace) -> int:
    from oakum.ledger import canonical, read_entry
    from oakum.local.ledger.places import entries
    from oakum.local.ledger.store import ledger_file

    where = arguments.where or ledger_file(None)
    for number, data in entries(where, arguments.begin, arguments.end):
        entry = read_entry(data)
        if arguments.of_run is not None and entry.run != arguments.of_run:
            continue
        if arguments.output == "json":
            sys.stdout.write(f'{{"index":{number},"entry":{canonical(entry).decode()}}}\n')
            continue
        about = " ".join(each for each in (entry.step, entry.subject) if each)
        at = entry.at.strftime("%Y-%m-%dT%H:%M:%SZ")
        actor = entry.actor[:10]
        print(printable(f"{number:>7}  {at}  {entry.kind:11}  {entry.what:14}  {actor:10}  {about}".rstrip()))
    return 0


def _checkpoint(arguments: argparse.Namespace) -> int:
    from oakum.local.ledger.places import write
    from oakum.local.ledger.signing import sign
    from oakum.local.ledger.store import Store, ledger_file

    file = ledger_file(arguments.ledger)
    if arguments.sign is not None:
        note = sign(file, arguments.sign)
    else:
        with Store(file) as store:
            note = store.newest()[1]
    if arguments.out is None:
        sys.stdout.write(note.decode())
    else:
        write(arguments.out, note)
    return 0


def _export(arguments: argparse.Namespace) -> int:
    from oakum.local.ledger.places import export
    from oakum.local.ledger.signing import sign
    from oakum.local.ledger.store import Store, ledger_file

    file = ledger_file(arguments.ledger)
    if arguments.sign is not None:
        sign(file, arguments.sign)
    with Store(file) as store:
        size, left = store.newest()[0], store.size()
        export(store.files(), arguments.out)
    since = f"; {left - size} more were added since, and are not signed" if left > size else ""
    print(printable(f"{arguments.out}: {size} entries{since}"))
    return 0


def _append(arguments: argparse.Namespace) -> int:
    from oakum.local.ledger.store import Store, ledger_file

    # Read to the end before the ledger is opened: a mistake in the last line leaves no ledger behind.
    made = list(_entries(arguments.file))
    with Store(ledger_file(arguments.ledger), write=True) as store:
        size = store.append(made)
    print(f"{len(made)} added, {size} entries")
    return 0


def _entries(name: str) -> Iterator[Entry]:
    """The entries in the lines of a file."""
    import msgspec

    from oakum.errors import InputError, OakumError, Place
    from oakum.ledger import Entry as Entry_
    from oakum.ledger import canonical

    shown = "standard input" if name == "-" else name
    for number, line in enumerate(machine.read_lines(name), 1):
        if not line.strip():
            continue
        place = Place(shown, number)
        try:
            entry = msgspec.convert(machine.read_object(line, place), Entry_)
            canonical(entry)
        except msgspec.ValidationError as error:
            raise InputError(str(error), place=place, remedy="see the reference of entries") from None
        except OakumError as error:
            field = error.place.field if error.place is not None else ""
            raise InputError(error.what, place=Place(shown, number, field), remedy=error.remedy) from None
        yield entry


def _keygen(arguments: argparse.Namespace) -> int:
    from oakum.local.ledger.keys import make_key

    public = make_key(arguments.name, arguments.out)
    print(printable(public.text))
    note = f"{arguments.out} signs, and stays with you; {arguments.out}.pub is for whoever verifies."
    print(printable(note), file=sys.stderr)
    return 0


# Proofs


def _proof(arguments: argparse.Namespace) -> int:
    asked = (arguments.index, arguments.old, arguments.batch, arguments.request)
    if sum(each is not None for each in asked) != 1:
        raise UsageError("one of INDEX, --old, --batch and --request is needed", remedy="see oakum ledger proof --help")
    if arguments.batch is None and arguments.request is None:
        return _make_proof(arguments)
    for option, given in (("--size", arguments.size), ("--ledger", arguments.ledger)):
        if given is not None:
            raise UsageError(f"{option} has no part in checking a proof", remedy="a request holds all that is needed")
    from oakum.ledger.requests import answer

    if arguments.batch is not None:
        return machine.answer_batch(arguments.batch, machine.read_lines(arguments.batch), answer)
    valid: list[object] = []

    def answer_one(request: machine.Request) -> machine.Answer:
        found = answer(request)
        valid.append(found["valid"])
        return found

    machine.answer_request(arguments.request, answer_one)
    return 0 if valid == [True] else 1


def _make_proof(arguments: argparse.Namespace) -> int:
    from oakum.ledger.requests import of_consistency, of_inclusion
    from oakum.local.ledger.store import Store, ledger_file

    with Store(ledger_file(arguments.ledger)) as store:
        size = store.newest()[0] if arguments.size is None else arguments.size
        held = store.size()
        first, last = (arguments.index, size - 1) if arguments.old is None else (arguments.old, size)
        if size > held or first > last or (arguments.old == 0):
            what = f"the ledger has {held} entries, and {size} are to be proven"
            raise UsageError(what, remedy="give an INDEX below the size, or an old size from 1 to it")
        if arguments.old is None:
            entry = next(store.entries(first, first + 1))
            request = of_inclusion(entry, first, size, store.root(size), store.inclusion(first, size))
        else:
            proof = store.consistency(first, size)
            request = of_consistency(first, size, store.root(first), store.root(size), proof)
    if arguments.output == "json":
        machine.print_json(request)
        return 0
    for name, value in request.items():
        lines = value if isinstance(value, list) else [value]
        for line in lines or ["(none is needed)"]:
            print(printable(f"{name:12}{line}"))
    return 0
