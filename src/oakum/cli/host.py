"""``oakum host``: hosts by SSH: which are known, by which keys, what is vulnerable there, what they have to allow."""

from __future__ import annotations

import argparse
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from oakum.cli import scan as scanning
from oakum.cli.outputs import write
from oakum.errors import InputError, OakumError, Place, UsageError
from oakum.reports.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oakum.adapters.ssh.model import Host
    from oakum.local.closing import Closes
    from oakum.local.inventories import KeysOf
    from oakum.reports.answer import Answer

_EXAMPLES = """\
Examples:
  oakum host add web1 admin@192.0.2.11 --sudo --known-hosts ~/.ssh/known_hosts --label zone=a
  oakum host add --from inventory.ini --group web --known-hosts ~/.ssh/known_hosts
  oakum host scan web1 web2 --save web.json
  oakum host sudoers --user admin"""
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}\Z")


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``host``."""
    parser.epilog = _EXAMPLES
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_arguments(commands.add_parser("add", help="a host, or those of an inventory, with the keys they are known by"))
    listed = commands.add_parser("list", help="the known hosts")
    listed.add_argument("-o", "--output", choices=("table", "json"), default="table")
    removed = commands.add_parser("remove", help="forget hosts; nothing is done on them")
    removed.add_argument("names", nargs="+", metavar="NAME")
    scanned = commands.add_parser("scan", help="what is vulnerable on hosts, in one round trip to each")
    scanned.add_argument("names", nargs="*", metavar="NAME", help="hosts (default: all)")
    scanned.add_argument("--save", metavar="FILE", type=Path, help="keep an inventory for `oakum plan --from`")
    scanned.add_argument("--at-once", metavar="N", type=int, default=20, help="so many hosts at once (20)")
    scanning.configure_answer(scanned)
    allowed = commands.add_parser("sudoers", help="print what a host's root has to allow an account, and no more")
    allowed.add_argument("--user", default="oakum", help="the account (oakum)")
    allowed.add_argument("--read-only", action="store_true", help="scans and looks, no changes")
    allowed.add_argument("--program", action="store_true", help="print the program that is allowed")
    for sub, run_ in ((listed, _list), (removed, _remove), (scanned, _scan), (allowed, _sudoers)):
        if sub is not scanned and sub is not allowed:
            _data(sub)
        sub.set_defaults(host=run_)


def _data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", metavar="DIR", type=Path, help="the data folder (default: the user's)")


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("name", metavar="NAME", nargs="?", help="what plans and inventories call it")
    add("address", metavar="[USER@]ADDRESS[:PORT]", nargs="?", help="user root and port 22 where none is given")
    add("--from", dest="inventory", metavar="FILE", type=Path,
        help="instead: the hosts of an inventory of Ansible (INI, YAML), or of a CSV table")  # fmt: skip
    add("--group", metavar="NAME", action="append", default=[], help="with --from: only hosts of this group; repeat")
    add("--user", metavar="NAME", default="", help="with --from: the account where the inventory names none (root)")
    add("--host-key", metavar="KEY", action="append", default=[], help="its public key: ssh-ed25519 AAAA..., or a file")
    add("--known-hosts", metavar="FILE", type=Path, help="take its keys from a known_hosts file")
    add("--host-ca", metavar="KEY", action="append", default=[], help="the key of an authority that signs host keys")
    add("--trust-first-use", action="store_true", help="take the key that it shows now, and print its fingerprint")
    add("--identity", metavar="FILE", action="append", default=[], help="a private key (default: those of the agent)")
    add("--certificate", metavar="FILE", action="append", default=[], help="a certificate of such a key")
    add("--no-agent", action="store_true", help="do not ask the agent")
    add("--jump", metavar="NAME", default="", help="another known host to go through")
    add("--ssh-config", metavar="FILE", default="", help="read this OpenSSH configuration first")
    add("--sudo", action="store_true", help="the account is not root and runs our program by sudo")
    for fact in ("environment", "region", "pool"):
        add(f"--{fact}", default="", help="for policies")
    add("--tier", default="", choices=("1", "2", "3", "4"), help="for policies; 1 is the most critical")
    add("--label", metavar="KEY=VALUE", action="append", default=[], help="for policies; repeat for more")
    add("--health", metavar="SERVICE", action="append", default=[], help="a service that has to be active")
    add("--ours", action="store_true", help="Oakum itself runs there: it is changed last")
    add("--replace", action="store_true", help="in place of what is known under that name")
    _data(parser)
    parser.set_defaults(host=_add)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; exit codes as everywhere, 3 where a host could not be scanned."""
    return int(arguments.host(arguments))


def _folder(arguments: argparse.Namespace) -> Path:
    from oakum.local.paths import data_folder

    return data_folder(str(arguments.data) if arguments.data else None)


def _add(arguments: argparse.Namespace) -> int:
    from oakum.adapters.ssh.connections import fingerprint
    from oakum.adapters.ssh.hosts_file import changing, checked_name

    if arguments.inventory is not None:
        return _add_all(arguments)
    if arguments.name is None or arguments.address is None:
        raise UsageError("which host?", remedy="oakum host add NAME ADDRESS, or oakum host add --from INVENTORY")
    if arguments.group or arguments.user:
        raise UsageError("--group and --user go with --from", remedy="write USER@ADDRESS")
    name = checked_name(arguments.name)
    host = _host(arguments)
    with changing(_folder(arguments)) as hosts:
        if name in hosts and not arguments.replace:
            raise UsageError(f"{name} is known already", remedy="take another name, or --replace")
        hosts[name] = host
    for key in host.host_keys:
        print(printable(f"{name}: host key {fingerprint(key)} ({key.split()[0]})"))
    for key in host.host_cas:
        print(printable(f"{name}: host keys signed by {fingerprint(key)} ({key.split()[0]})"))
    return 0


def _add_all(arguments: argparse.Namespace) -> int:
    """The hosts of an inventory, all of them or none."""
    from oakum.adapters.ssh.hosts_file import changing
    from oakum.local.inventories import hosts_of, read

    if arguments.name is not None or arguments.host_key or arguments.trust_first_use:
        raise UsageError(
            "NAME, --host-key and --trust-first-use are for one host",
            remedy="give --known-hosts or --host-ca for those of an inventory",
        )
    if arguments.user and not _USER.match(arguments.user):
        raise UsageError(f"{arguments.user[:40]!r} is no account", remedy="small letters, digits, hyphens")
    found = read(arguments.inventory, arguments.group)
    for note in found.notes:
        print(printable(f"{arguments.inventory}: {note}"), file=sys.stderr)
    with changing(_folder(arguments)) as hosts:
        base = _given(arguments, user=arguments.user or "root")
        added = hosts_of(found.entries, base, _known(arguments), hosts, str(arguments.inventory))
        other = [name for name, host in added.items() if name in hosts and hosts[name] != host]
        if other and not arguments.replace:
            raise UsageError(f"known already, and otherwise: {', '.join(other[:8])}", remedy="see to it, or --replace")
        new = sum(name not in hosts for name in added)
        hosts.update(added)
    same = len(added) - new - len(other)
    parts = ((new, "added"), (len(other), "replaced"), (same, "known already"))
    print(f"{', '.join(f'{count} {word}' for count, word in parts if count) or 'no host'}; see oakum host list")
    return 0


def _host(arguments: argparse.Namespace) -> Host:
    from oakum.adapters.ssh.connections import fingerprint, host_key

    user, address, port = _address(arguments.address)
    found, signed = _known(arguments)(address, port)
    if arguments.known_hosts and not found and not signed:
        place = Place(str(arguments.known_hosts))
        raise InputError(f"it has no key of {address}", place=place, remedy="give it by --host-key")
    keys = [*(_key(each) for each in arguments.host_key), *found]
    if arguments.trust_first_use:
        keys.append(host_key(address, port))
        print(
            printable(f"trusted on first use, compare it with the host's own: {fingerprint(keys[-1])}"), file=sys.stderr
        )
    host = _given(arguments, user=user, address=address, port=port, keys=keys, authorities=signed)
    if not host.host_keys and not host.host_cas:
        raise UsageError(
            f"nothing says which key {address} has",
            remedy="give --host-key, --known-hosts or --host-ca; or --trust-first-use, and compare the fingerprint",
        )
    for each in (*host.host_keys, *host.host_cas):
        fingerprint(each)
    return host


def _known(arguments: argparse.Namespace) -> KeysOf:
    """What the file of ``--known-hosts`` has for an address; nothing where none is named."""
    from oakum.adapters.ssh.connections import KnownHosts

    if not arguments.known_hosts:
        return lambda address, port: ((), ())
    try:
        return KnownHosts(_text(arguments.known_hosts)).of
    except OakumError as error:
        raise error.within(str(arguments.known_hosts)) from None


def _given(
    arguments: argparse.Namespace, *, user: str, address: str = "", port: int = 22, keys: Sequence[str] = (),
    authorities: Sequence[str] = (),
) -> Host:  # fmt: skip
    """A host by what the options say."""
    from oakum.adapters.ssh.model import Host

    for unit in arguments.health:
        if not re.fullmatch(r"[A-Za-z0-9@._:][A-Za-z0-9@._:-]*", unit):
            raise UsageError(f"{unit[:60]!r} is no name of a service", remedy="as nginx.service")
    labels = dict(_label(each) for each in arguments.label)
    signed = [*(_key(each) for each in arguments.host_ca), *authorities]
    return Host(
        address=address, port=port, user=user, sudo=arguments.sudo, host_keys=tuple(dict.fromkeys(keys)),
        host_cas=tuple(dict.fromkeys(signed)), identities=tuple(_files(arguments.identity)),
        certificates=tuple(_files(arguments.certificate)), agent=not arguments.no_agent, jump=arguments.jump,
        config=next(iter(_files([arguments.ssh_config] if arguments.ssh_config else [])), ""),
        environment=arguments.environment, region=arguments.region, tier=arguments.tier, pool=arguments.pool,
        labels=labels, health=tuple(unit if "." in unit else f"{unit}.service" for unit in arguments.health),
        ours=arguments.ours,
    )  # fmt: skip


def _address(text: str) -> tuple[str, str, int]:
    user, sign, rest = text.rpartition("@")
    found = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9][A-Za-z0-9._-]*))(?::(\d{1,5}))?", rest)
    port = int(found[3] or 22) if found else 0
    if found is None or (sign and not _USER.match(user)) or not 0 < port < 65536:
        raise UsageError(f"{text[:80]!r} is no address", remedy="[USER@]NAME[:PORT], an IPv6 address in brackets")
    return user or "root", found[1] or found[2], port


def _key(text: str) -> str:
    """A key as it is given, or as it stands in a file."""
    if not text.startswith(("ssh-", "ecdsa-", "sk-")):
        text = _text(Path(text).expanduser())
    return " ".join(text.split()[:2])


def _text(path: Path) -> str:
    try:
        return path.expanduser().read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        what = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(what, place=Place(str(path)), remedy="check the path and its permissions") from None


def _files(given: list[str]) -> list[str]:
    found = []
    for each in given:
        path = Path(each).expanduser().absolute()
        if not path.is_file():
            raise InputError("no such file", place=Place(each), remedy="check the path")
        found.append(str(path))
    return found


def _label(text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not sign or not key:
        raise UsageError(f"{text[:60]!r} is no label", remedy="as zone=a")
    return key, value


def _list(arguments: argparse.Namespace) -> int:
    import msgspec

    from oakum.adapters.ssh.hosts_file import Hosts, read_hosts

    hosts = read_hosts(_folder(arguments))
    if arguments.output == "json":
        print(msgspec.json.format(msgspec.json.encode(Hosts(hosts=hosts)), indent=2).decode())
        return 0
    if not hosts:
        print("no host is known; add one: oakum host add NAME ADDRESS")
        return 0
    rows = [("NAME", "ACCOUNT", "KNOWN BY", "THROUGH", "FACTS")]
    for name, host in sorted(hosts.items()):
        port = "" if host.port == 22 else f":{host.port}"
        known = [f"{len(host.host_keys)} key{'s' if len(host.host_keys) != 1 else ''}"] if host.host_keys else []
        known += ["an authority"] if host.host_cas else []
        facts = [host.environment, host.region, host.pool, f"tier {host.tier}" if host.tier else ""]
        facts += [f"{key}={value}" for key, value in sorted(host.labels.items())]
        account = f"{host.user}@{host.address}{port}{' (sudo)' if host.sudo else ''}"
        rows.append((name, account, " and ".join(known), host.jump or "-", " ".join(filter(None, facts)) or "-"))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print(printable("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()))
    return 0


def _remove(arguments: argparse.Namespace) -> int:
    from oakum.adapters.ssh.hosts_file import changing

    with changing(_folder(arguments)) as hosts:
        for name in arguments.names:
            if name not in hosts:
                raise UsageError(f"no host {name!r} is known", remedy="see them: oakum host list")
            through = [other for other, each in hosts.items() if each.jump == name and other not in arguments.names]
            if through:
                raise UsageError(f"{', '.join(through)} are reached through {name}", remedy="remove those, too")
        for name in dict.fromkeys(arguments.names):
            del hosts[name]
    return 0


def _scan(arguments: argparse.Namespace) -> int:
    from oakum.adapters.ssh.hosts_file import read_hosts
    from oakum.local.closing import closing
    from oakum.local.hosts import chosen, clock_told, inventory, scan_hosts
    from oakum.local.targets import distinct

    if arguments.at_once < 1:
        raise UsageError(f"--at-once {arguments.at_once} scans nothing", remedy="a number from 1 on")
    known = read_hosts(_folder(arguments))
    names = list(chosen(known, arguments.names))
    scans = scan_hosts(known, names, limit=arguments.at_once, plans=bool(arguments.save))
    unread = [each.error for each in scans if each.error is not None]
    for error in unread:
        print(printable(f"oakum host scan: {error}"), file=sys.stderr)
    for told in filter(None, (clock_told(each, datetime.now(UTC)) for each in scans)):
        print(printable(f"oakum host scan: {told}"), file=sys.stderr)
    targets = distinct([each.target for each in scans if each.target is not None])
    # Where nothing can be judged it is an inventory all the same; what offers close is not told then.
    closes: Closes | None = None

    def judged(answer: Answer) -> None:
        nonlocal closes
        closes = closing(answer, targets) if arguments.save else None

    try:
        code = scanning.answered(arguments, targets, [], 0, lambda _: None, judged) if targets else 3
    finally:
        if arguments.save:
            write(inventory(scans, known, datetime.now(UTC), closes), arguments.save)
    return _joined(code, unread)


def _joined(code: int, unread: list[OakumError]) -> int:
    """A host that could not be read is not assessed, unless its input was bad; of several codes 2, then 1, then 3."""
    codes = {code, *(error.exit_code for error in unread)} - {0}
    return next((each for each in (2, 1, 3) if each in codes), 0)


def _sudoers(arguments: argparse.Namespace) -> int:
    from oakum.adapters.ssh.commands import program
    from oakum.local.hosts import sudoers

    if arguments.program:
        sys.stdout.write(program().decode())
        return 0
    if not _USER.match(arguments.user):
        raise UsageError(f"{arguments.user[:40]!r} is no account", remedy="small letters, digits, hyphens")
    sys.stdout.write(sudoers(arguments.user, read_only=arguments.read_only))
    return 0
