"""The inventory of a Bottlerocket system: the packages that it was built from, as the build wrote them down.

``/usr/share/bottlerocket/application-inventory.json`` holds ``Content``, a list of packages with Name, Version,
Release, Architecture and, in newer ones, Epoch (bottlerocket.dev/en/os, "Variants", part "Software inventory and
security advisories"; in a running system also below ``/var/lib/bottlerocket/inventory``). Nothing is installed later:
the root is not writable.
"""

from __future__ import annotations

import json
from urllib.parse import quote

import msgspec

from oakum.errors import InputError, NotAssessableError, Place
from oakum.fleet.assets import Gap
from oakum.fleet.packages import Package
from oakum.ports import Tree

INVENTORIES = (
    "/usr/share/bottlerocket/application-inventory.json",
    "/var/lib/bottlerocket/inventory/application.json",
    "/var/lib/bottlerocket/inventory/applications.json",
)
_LIMIT = 1 << 24
_REMEDY = "look at that file on the machine; a Bottlerocket system has it from its build"


class _Entry(msgspec.Struct):
    name: str = msgspec.field(name="Name")
    version: str = msgspec.field(name="Version")
    release: str = msgspec.field(name="Release", default="")
    epoch: str | int = msgspec.field(name="Epoch", default="")
    architecture: str = msgspec.field(name="Architecture", default="")


class _Inventory(msgspec.Struct):
    content: list[object] = msgspec.field(name="Content")


def present(tree: Tree) -> bool:
    """Whether the tree has such an inventory, readable or not."""
    return any(tree.kind(path) is not None for path in INVENTORIES)


def read(tree: Tree, namespace: str, distro: str = "") -> tuple[list[Package], list[Gap]]:
    """The packages of the build, and which of its entries could not be read. Raises InputError, NotAssessableError."""
    path = next((path for path in INVENTORIES if tree.kind(path) is not None), None)
    if path is None:
        raise NotAssessableError(
            "no inventory was found", place=Place(INVENTORIES[0]), remedy="give the root of a Bottlerocket system"
        )
    try:
        inventory = msgspec.convert(json.loads(tree.read(path, _LIMIT)), _Inventory)
    except (ValueError, RecursionError) as error:
        raise InputError(f"is no inventory: {str(error)[:200]}", place=Place(path), remedy=_REMEDY) from None
    packages: list[Package] = []
    gaps: list[Gap] = []
    for number, given in enumerate(inventory.content, start=1):
        try:
            packages.append(_package(msgspec.convert(given, _Entry)))
        except ValueError as error:
            gaps.append(Gap("incomplete-inventory", f"{path}: entry {number}", str(error)[:200], _REMEDY))
    return packages, gaps


def _package(entry: _Entry) -> Package:
    if not entry.name or not entry.version:
        raise ValueError("it names no package with a version")
    version = f"{entry.version}-{entry.release}" if entry.release else entry.version
    epoch = str(entry.epoch)
    if epoch and not (epoch.isascii() and epoch.isdigit() and len(epoch) < 10):
        raise ValueError(f"its epoch is no number: {epoch[:40]!r}")
    qualifiers = "&".join(
        f"{key}={quote(value)}"
        for key, value in (("arch", entry.architecture), ("epoch", epoch))
        if value not in ("", "0")
    )
    return Package(
        type="bottlerocket", name=entry.name, version=version, epoch=int(epoch) if epoch else None,
        arch=entry.architecture,
        purl=f"pkg:rpm/bottlerocket/{quote(entry.name)}@{quote(version)}{'?' if qualifiers else ''}{qualifiers}",
    )  # fmt: skip
