"""Kind ``packages``: packages of machines, by name, by the findings that they close, or all security updates.

A package goes to the newest version that the machine's channels offer, for a channel rarely keeps the others. What only
a reboot brings into effect (a library of the init system, microcode) reboots in the same visit.
"""

from __future__ import annotations

from oakum.changes.intents.kinds import (
    UNKNOWN_OFFERS,
    UNKNOWN_PACKAGES,
    Field,
    Found,
    Kind,
    aim,
    change_of,
    class_of,
    left_out,
)
from oakum.changes.intents.model import Intent
from oakum.changes.plans.model import Change, LeftOut, Times
from oakum.changes.plans.why_not import Edit
from oakum.changes.state.model import Machine, Software
from oakum.errors import InputError, Place
from oakum.naming import listed

_WAYS = ("names", "closes", "security")


def _check(intent: Intent) -> None:
    given = [way for way in _WAYS if intent.wants.get(way)]
    if len(given) != 1:
        raise InputError(
            f"{len(given)} of names, closes and security are given",
            place=Place(field=f"intent {intent.name[:60]}"), remedy="give exactly one of them",
        )  # fmt: skip


def _of_machine(intent: Intent, machine: Machine) -> Found:
    packages = machine.of("package")
    if not packages:
        why = "not assessable: nobody has told which packages it has"
        return left_out(machine.id, UNKNOWN_PACKAGES, why, f"give the packages of {machine.id} in an inventory")
    unknown = sorted(name for name, each in packages.items() if each.offers is None)
    if unknown and not intent.wants.get("names"):
        why = f"not assessable: nobody has told what its channels offer of {listed(unknown, 1)}"
        return left_out(machine.id, UNKNOWN_OFFERS, why, f"say it in the inventory of {machine.id}: offers: [VERSION]")
    selected = {name: each for name, each in sorted(packages.items()) if _selects(intent, name, each)}
    if not selected:
        return None
    changes: list[Change] = []
    for name, software in selected.items():
        version = aim(machine, name, software, "newest")
        if isinstance(version, LeftOut):
            return version
        wanted = _listed(intent, "closes")
        if version is None:
            if wanted & {one for several in software.closes.values() for one in several}:
                why = f"no channel of it offers a version of {name} above {software.current}"
                remedy = "bring the fixed version into a channel of the machine, or mitigate"
                fixed = next((each for each, found in software.closes.items() if wanted & set(found)), "")
                offers = [*(software.offers or ()), fixed]
                edit = Edit(of="state", object=machine.id, field=f"software|{name}|offers", value=offers)
                return left_out(machine.id, "not-offered", why, remedy, edits=(edit,))
            continue
        reboot = software.effect == "reboot"
        class_ = class_of(machine, software)
        proof = ("running", "rescan", "boot") if reboot else ("running", "rescan")
        changes.append(change_of(intent, machine, name, version, class_, drain=reboot, reboot=reboot, proof=proof))
    return tuple(changes)


def _selects(intent: Intent, name: str, software: Software) -> bool:
    if intent.wants.get("security"):
        return bool(software.security)
    names = _listed(intent, "names")
    if names:
        return name in names
    return bool(_listed(intent, "closes") & {one for several in software.closes.values() for one in several})


def _listed(intent: Intent, field: str) -> frozenset[str]:
    value = intent.wants.get(field)
    return frozenset(value) if isinstance(value, tuple) else frozenset()


KIND = Kind(
    name="packages",
    says="packages of machines: named ones, those that close given findings, or all security updates",
    rank=50,
    fields={
        "names": Field(says="the packages' names", form=tuple),
        "closes": Field(says="findings or advisories to close", form=tuple),
        "security": Field(says="yes: every package with a security update", form=bool),
    },
    prior=Times(p50=60, p95=600),
    source="https://www.debian.org/doc/manuals/debian-handbook/sect.apt-get.html",
    of_machine=_of_machine,
    check=_check,
)
