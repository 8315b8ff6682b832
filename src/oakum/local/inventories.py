"""Hosts from an inventory of others, each as it would have been added alone: with keys, and a known way to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import msgspec

from oakum.adapters.ssh.connections import fingerprint
from oakum.adapters.ssh.inventories.model import Entry, Hop, Inventory
from oakum.adapters.ssh.inventories.reading import read_inventory
from oakum.adapters.ssh.model import Host
from oakum.errors import InputError, OakumError, Place, UsageError
from oakum.naming import listed

#: Hosts that one message names.
_NAMED = 8
#: The host keys and the authorities that are known of an address and a port.
KeysOf = Callable[[str, int], tuple[tuple[str, ...], tuple[str, ...]]]


def read(path: Path, groups: Sequence[str] = ()) -> Inventory:
    """The inventory in a file; with ``groups`` only the hosts of those. Raises OakumError."""
    if path.is_dir():
        raise UsageError(
            f"{path} is a folder, and an inventory is one file",
            remedy="have Ansible put it together: ansible-inventory -i FOLDER --list --yaml --output FILE.yaml",
        )
    try:
        data = path.read_bytes()
    except OSError as error:
        what = error.strerror or str(error)
        raise InputError(what, place=Place(str(path)), remedy="check the path and its permissions") from None
    found = read_inventory(data, str(path))
    known = sorted({each for entry in found.entries for each in entry.groups})
    for name in groups:
        if name not in known:
            raise UsageError(f"no host is in a group {name[:60]!r}", remedy=f"the groups: {', '.join(known[:20])}")
    entries = tuple(each for each in found.entries if not groups or set(groups) & set(each.groups))
    beside = [name for name in ("group_vars", "host_vars") if path.with_name(name).is_dir()]
    notes = [f"{' and '.join(beside)} beside it are not read; ansible-inventory --list --yaml puts them in"]
    return Inventory(entries=entries, notes=(*found.notes, *(notes if beside else ())))


def hosts_of(
    entries: Sequence[Entry], base: Host, keys_of: KeysOf, known: Mapping[str, Host], file: str
) -> dict[str, Host]:
    """The hosts as they are kept: what an entry does not say is that of ``base``; groups become labels ``group/NAME``.

    ``known`` are the hosts that one may go through beside those of the inventory. Raises OakumError, for all hosts
    together where no key of theirs is known.
    """
    found: dict[str, Host] = {}
    unknown: list[str] = []
    for entry in entries:
        place = Place(file, entry.line)
        try:
            host = _host(entry, base, keys_of)
        except OakumError as error:
            error.place = error.place or place
            raise
        found[entry.name] = host
        if not host.host_keys and not host.host_cas:
            unknown.append(f"{entry.name} ({host.address})")
    if unknown:
        raise UsageError(
            f"nothing says which keys these have: {listed(unknown, _NAMED)}", place=Place(file),
            remedy="give --known-hosts or --host-ca, or oakum_host_key beside each; nothing is added before that",
        )  # fmt: skip
    ways = {**known, **found}
    for entry in entries:
        if entry.jump is not None:
            jump = _named(entry, entry.jump[-1], ways, file) if entry.jump else ""
        else:
            jump = base.jump if base.jump != entry.name else ""
        found[entry.name] = ways[entry.name] = msgspec.structs.replace(found[entry.name], jump=jump)
    for entry in entries:
        if entry.jump is not None and len(entry.jump) > 1:
            _same_way(entry, ways, file)
    return found


def _host(entry: Entry, base: Host, keys_of: KeysOf) -> Host:
    user, port = entry.user or base.user, entry.port or base.port
    keys, authorities = keys_of(entry.address, port)
    for key in entry.host_keys:
        fingerprint(key)
    identities = base.identities
    if entry.identity:
        path = Path(entry.identity).expanduser().absolute()
        if not path.is_file():
            raise InputError(f"no file {entry.identity[:200]!r} with a private key", remedy="check the path")
        identities = (str(path),)
    sudo = base.sudo if entry.sudo is None else entry.sudo
    return msgspec.structs.replace(
        base, address=entry.address, port=port, user=user, sudo=sudo and user != "root", identities=identities,
        host_keys=tuple(dict.fromkeys((*entry.host_keys, *keys))), host_cas=(*base.host_cas, *authorities),
        environment=entry.environment or base.environment, region=entry.region or base.region,
        pool=entry.pool or base.pool, tier=entry.tier or base.tier,
        labels={**base.labels, **{f"group/{name}": "yes" for name in entry.groups}, **entry.labels},
        health=tuple(each if "." in each else f"{each}.service" for each in entry.health) or base.health,
    )  # fmt: skip


def _named(entry: Entry, hop: Hop, known: Mapping[str, Host], file: str) -> str:
    fits = [
        name for name, host in known.items()
        if hop.address in (name, host.address) and hop.user in ("", host.user) and hop.port in (0, host.port)
        and name != entry.name
    ]  # fmt: skip
    if not fits:
        raise UsageError(
            f"{entry.name} is reached through {hop}, which is not known", place=Place(file, entry.line),
            remedy=f"add that one first: oakum host add {hop.address.split('.')[0]} {hop}; or list it in the inventory",
        )  # fmt: skip
    return hop.address if hop.address in fits else fits[0]


def _same_way(entry: Entry, ways: Mapping[str, Host], file: str) -> None:
    """Raises UsageError where the host before the last one is not reached through the one that the inventory names."""
    names = [_named(entry, hop, ways, file) for hop in entry.jump or ()]
    for before, after in pairwise(names):
        if ways[after].jump != before:
            raise UsageError(
                f"{entry.name} is reached through {before} and {after}, but {after} is not known to be reached through"
                f" {before}", place=Place(file, entry.line), remedy=f"give {after} its own jump host {before}",
            )  # fmt: skip
