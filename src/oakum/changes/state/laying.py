"""Lays an inventory's words over a machine: what it adds counts, what contradicts the machine is an error.

A node reports its running kernel; which one is installed, and waits for a reboot, only the machine itself tells. For
every other part the version that a dump shows is the one in effect too.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cmp_to_key

import msgspec

from oakum.changes.state.inventory import Inventory, MachineEntry, SoftwareEntry
from oakum.changes.state.model import Machine, Software
from oakum.changes.state.software import made
from oakum.errors import InputError, Place
from oakum.versions import compare, scheme

_FACTS = ("environment", "region", "tier")
_SIGNS = {"<": -1, "=": 0, ">": 1}


def host_of(name: str, entry: MachineEntry) -> Machine:
    """A machine outside of any cluster."""
    return laid(Machine(name=name, uid=entry.uid), entry)


def laid(machine: Machine, entry: MachineEntry) -> Machine:
    """The machine with what the entry says. Raises InputError at the field that contradicts it."""
    if entry.uid and entry.uid != machine.uid:
        raise _wrong("uid", f"the machine has the uid {machine.uid}", "take the inventory and the dump at one time")
    changes: dict[str, object] = {}
    facts = {key: value for key in _FACTS if (value := getattr(entry, key)) is not None}
    changes["facts"] = {**machine.facts, **facts}
    for key in ("pool", "speed", "image", "snapshots", "ours", "healthy", "cordoned"):
        value = getattr(entry, key)
        if value is not None:
            changes[key] = value
    changes["kept_away"] = tuple(sorted({*machine.kept_away, *(entry.kept_away or ())}))
    if machine.healthy is False and entry.healthy:
        raise _wrong("healthy", "its node is not Ready", "leave healthy out: the dump tells it")
    if machine.cordoned and entry.cordoned is False:
        raise _wrong("cordoned", "its node is cordoned", "leave cordoned out: the dump tells it")
    if entry.boot_id and machine.boot_id not in ("", entry.boot_id):
        raise _wrong("boot_id", f"the node reports the boot id {machine.boot_id}", "take both at one time")
    changes["boot_id"] = entry.boot_id or machine.boot_id
    changes["labels"] = {**entry.labels, **machine.labels}
    software = dict(machine.software)
    for name, each in entry.software.items():
        software[name] = _software(name, software.get(name), each)
    changes["software"] = software
    return msgspec.structs.replace(machine, **changes)


def offered(machine: Machine, inventory: Inventory) -> Machine:
    """The machine with what an inventory says for many alike; what is known of it already counts before that."""
    software = dict(machine.software)
    for entry in inventory.offers:
        here = {name: each for name, each in entry.software.items() if name in software}
        if not here or entry.scope.matches(machine.target("", "")) is not True:
            continue
        for name, each in here.items():
            software[name] = _known_first(software[name], each)
    return machine if software == machine.software else msgspec.structs.replace(machine, software=software)


def _known_first(before: Software, entry: SoftwareEntry) -> Software:
    after = _software("", before, msgspec.structs.replace(entry, installed="", running=""))
    if before.offers is not None:
        after = msgspec.structs.replace(
            after, offers=before.offers, security=before.security, closes=before.closes, packages=before.packages
        )
    return msgspec.structs.replace(after, kept=before.kept) if before.kept else after


def _software(name: str, before: Software | None, entry: SoftwareEntry) -> Software:
    if before is None:
        if not entry.installed:
            field = f"software.{name}.installed"
            raise _wrong(field, "nobody has told which version is installed", "give installed: VERSION")
        before = made(entry.part or "package", entry.installed)
        running = entry.running
    else:
        if entry.part is not None and entry.part != before.part:
            raise _wrong(f"software.{name}.part", f"the dump shows it as {before.part}", "leave part out")
        running = entry.running or (before.current if entry.installed else before.running)
        if running and running != before.current:
            what = f"{before.current} is in effect by the dump, and {running} here"
            raise _wrong(f"software.{name}.running", what, "take the inventory and the dump at one time")
        if before.part != "kernel" and entry.installed not in ("", before.installed, before.current):
            what = f"the dump shows {before.installed}, and {entry.installed} stands here"
            raise _wrong(f"software.{name}.installed", what, "take the inventory and the dump at one time")
    installed = entry.installed or before.installed
    ecosystem = entry.ecosystem or before.ecosystem
    return Software(
        installed=installed,
        running="" if running == installed else running,
        part=before.part,
        effect=entry.effect or before.effect,
        ecosystem=ecosystem,
        offers=before.offers if entry.offers is None else in_order(entry.offers, ecosystem),
        kept=before.kept if entry.kept is None else in_order(entry.kept, ecosystem),
        closes=before.closes if entry.closes is None else dict(entry.closes),
        packages=before.packages if entry.packages is None else dict(entry.packages),
        security=before.security if entry.security is None else in_order(entry.security, ecosystem),
    )


def in_order(versions: Iterable[str], ecosystem: str) -> tuple[str, ...]:
    """The versions, oldest first; in the order given where nobody can order all of them."""
    given, ordered = tuple(versions), scheme(ecosystem)
    if ordered is None:
        return given

    def sign(one: str, other: str) -> int:
        return _SIGNS[compare(ordered, one, other).sign]

    try:
        return tuple(sorted(sorted(given), key=cmp_to_key(sign)))
    except KeyError:
        return given


def _wrong(field: str, what: str, remedy: str) -> InputError:
    return InputError(what, place=Place(field=field), remedy=remedy)
