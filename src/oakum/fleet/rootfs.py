"""One front door for a machine or a root file system: every package database in it, and what could not be read.

Only the databases of this root are read, at the places where its own package tools look: roots that lie below it
(unpacked images, chroots, containers' layers) are other assets. A tree without any package, or a database that is
broken, is never an empty clean inventory but a gap.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from oakum.errors import OakumError
from oakum.fleet import apk, bottlerocket, dnf_channels, dpkg, host, languages, os_release, products, rpmdb
from oakum.fleet.assets import Asset, Gap
from oakum.fleet.ecosystems import release_from_os_release
from oakum.fleet.languages.owners import owners
from oakum.fleet.packages import Package, package_set
from oakum.fleet.releases import Release
from oakum.ports import Tree


def _deb(tree: Tree, namespace: str, distro: str) -> tuple[list[Package], list[Gap]]:
    """The dpkg database, with what the lists of apt say to be a third party's."""
    # Imported when first needed: what unpacks apt's lists is for machines of this family alone.
    from oakum.fleet import apt_origins

    packages, gaps = dpkg.read(tree, namespace, distro)
    foreign, missing = apt_origins.strangers(tree, packages)
    if foreign:
        packages = [
            msgspec.structs.replace(package, channel=foreign.get((package.name, package.version), ""))
            for package in packages
        ]
    return packages, [*gaps, *missing]


def _rpm(tree: Tree, namespace: str, distro: str) -> tuple[list[Package], list[Gap]]:
    """The rpm database, with what the configuration of dnf, yum or zypp holds back."""
    packages, gaps = rpmdb.read(tree, namespace, distro)
    held = dnf_channels.held(tree, packages)
    if held:
        packages = [
            msgspec.structs.replace(package, held=True) if dnf_channels.is_held(package.name, held) else package
            for package in packages
        ]
    return packages, gaps


#: What a machine or a root file system may hold and no reader looks for yet.
_NOT_READ = ("packages of languages (pip, npm, gems, jars, Go binaries)", "container images")
_MACHINE_ID = re.compile(r"[0-9a-f]{32}")
_Reader = Callable[[Tree, str, str], tuple[list[Package], list[Gap]]]
_DATABASES: tuple[tuple[str, Callable[[Tree], bool], _Reader], ...] = (
    ("dpkg", dpkg.present, _deb),
    ("apk", apk.present, apk.read),
    ("rpm", rpmdb.present, _rpm),
    ("Bottlerocket's inventory", bottlerocket.present, bottlerocket.read),
)


def read_root(tree: Tree, *, name: str, key: str | None = None) -> Asset:
    """Read a whole root; ``key`` identifies the asset, None takes its machine-id or else its ``name``."""
    found = _inventory(tree, name)
    facts, missing = host.read(tree, found.packages)
    return Asset(
        kind="host" if tree.live else "rootfs",
        key=key or _machine_id(tree) or name,
        name=name,
        source=found.source,
        packages=package_set(found.release, found.packages),
        host=facts,
        gaps=(*found.gaps, *missing),
        not_read=_NOT_READ,
    )


def read_image(tree: languages.Stored, *, name: str, key: str, form: str, platform: str) -> Asset:
    """Read the root of an image; ``form`` says how it was kept, ``platform`` is the operating system it is for.

    It has nothing of a machine: the kernel under it is the one of each node that runs it, whatever lies in its /boot.
    """
    found = _inventory(tree, name)
    packages, missing = languages.read(tree)
    owned = owners(tree, {package.path for package in packages})
    packages = [
        msgspec.structs.replace(package, owner=owned[package.path]) if package.path in owned else package
        for package in packages
    ]
    gaps = [*found.gaps, *missing]
    if found.bare and packages and not missing and {package.path for package in packages}.issuperset(tree.programs()):
        # Made from scratch: nothing in it is of a distribution, and every program says what it is made of.
        gaps = []
    return Asset(
        kind="image",
        key=key,
        name=name,
        source=f"{found.source} in {form}",
        packages=package_set(found.release, [*found.packages, *packages]),
        gaps=tuple(gaps),
        platform=platform,
    )


class _Inventory(NamedTuple):
    """What the databases of the system list; ``bare`` where there is none, and nothing names a system."""

    release: Release | None
    packages: list[Package]
    source: str
    gaps: list[Gap]
    bare: bool


def _inventory(tree: Tree, name: str) -> _Inventory:
    fields, release, gaps = _release(tree)
    namespace = fields.get("ID", "").lower()
    version = fields.get("VERSION_ID", "")
    distro = f"{namespace}-{version}" if namespace and version else namespace
    packages: list[Package] = []
    sources: list[str] = []
    for database, present, read in _DATABASES:
        try:
            if not present(tree):
                continue
            sources.append(database)
            some, missing = read(tree, namespace, distro)
        except PermissionError as error:
            gaps.append(_gap(error.filename, "the package database may not be read", "run oakum as root"))
        except OakumError as error:
            gaps.append(_gap(str(error.place or database), error.what, error.remedy))
        else:
            packages += some
            gaps += missing
    whole = products.of_os_release(fields)
    told = any(package.type in products.PRODUCTS and products.PRODUCTS[package.type].whole for package in whole)
    if not packages and not told and not _of_inventory(gaps):
        why = f"the databases of {', '.join(sources)} list no package" if sources else "it has no package database"
        gaps.append(_gap(name, why, "give the root of an installed system, or the SBOM of what was built without one"))
    packages.extend(whole)
    return _Inventory(release, packages, ", ".join(sources) or "files", gaps, not sources and not fields)


def _of_inventory(gaps: list[Gap]) -> list[Gap]:
    """Those gaps that already say why packages are missing."""
    return [gap for gap in gaps if gap.kind == "incomplete-inventory"]


def _release(tree: Tree) -> tuple[dict[str, str], Release | None, list[Gap]]:
    remedy = "correct /etc/os-release of that system"
    try:
        fields, path = os_release.read(tree)
    except PermissionError as error:
        return {}, None, [Gap("unknown-release", str(error.filename), "it may not be read", "run oakum as root")]
    except OakumError as error:
        where = str(error.place) if error.place is not None else "/etc/os-release"
        return {}, None, [Gap("unknown-release", where, error.what, error.remedy or remedy)]
    if not fields:
        why = "neither os-release nor an older file names the system"
        return {}, None, [Gap("unknown-release", "/etc/os-release", why, remedy)]
    release = release_from_os_release(fields)
    gaps = [] if release else [Gap("unknown-release", path, "it names no system in ID", remedy)]
    return fields, release, gaps


def _machine_id(tree: Tree) -> str:
    """The machine-id; empty where there is none, as in a root that has never been booted ("uninitialized")."""
    try:
        found = _MACHINE_ID.fullmatch(tree.read("/etc/machine-id", 100).decode("ascii", "replace").strip())
    except (OakumError, FileNotFoundError, PermissionError):
        return ""
    return found[0] if found else ""


def _gap(what: str, why: str, remedy: str) -> Gap:
    return Gap("incomplete-inventory", what, why, remedy)
