"""The rpm database of a file tree, without any rpm library: which packages are installed.

rpm has had three formats (``rpmdb.sqlite``, ``Packages.db``, ``Packages``) in three folders; all of them hold
the same header blobs. A database that is broken as a whole raises; a single broken header is a gap that names
it. Public keys that rpm stores as packages (``gpg-pubkey``) are no software and are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import quote

from oakum.errors import InputError, LimitError, NotAssessableError, OakumError, Place
from oakum.fleet.assets import Gap
from oakum.fleet.packages import Package
from oakum.fleet.rpmdb import bdb, files, header, ndb, sqlite
from oakum.fleet.rpmdb.kernels import kernels
from oakum.fleet.rpmdb.modular import is_modular, module_of, streams
from oakum.fleet.rpmdb.records import COUNT_LIMIT, DAMAGE_LIMIT, SIZE_LIMIT, Record
from oakum.fleet.usr_merge import spellings
from oakum.ports import Tree

__all__ = ["is_modular", "kernels", "owners", "present", "read", "streams"]

#: Where rpm keeps its database: SUSE and Fedora, everybody before, rpm-ostree. One is mostly a link to another.
_FOLDERS = ("/usr/lib/sysimage/rpm", "/var/lib/rpm", "/usr/share/rpm")
_SQLITE, _NDB, _BDB = "rpmdb.sqlite", "Packages.db", "Packages"
_REMEDY = "rebuild the database on that machine with 'rpm --rebuilddb', and check it with 'rpm -qa'"
_HOT_JOURNAL = bytes.fromhex("d9d505f920a163d7")


def present(tree: Tree) -> bool:
    """Whether the tree has an rpm database, readable or not."""
    try:
        return bool(_databases(tree))
    except PermissionError:
        return True


def read(tree: Tree, namespace: str, distro: str = "") -> tuple[list[Package], list[Gap]]:
    """The installed packages in the order of the database, and what of them could not be read.

    ``namespace`` is os-release's ID, ``distro`` the purl qualifier of that name ("almalinux-8.10"). A sound database
    without packages gives two empty lists: rpm as a tool on a machine of another kind has one. Raises InputError
    where the database is truncated, malformed or too large, NotAssessableError where there is none or it may not be
    read.
    """
    try:
        databases = _databases(tree)
        if not databases:
            raise NotAssessableError(
                "no rpm database was found",
                place=Place(_FOLDERS[1]),
                remedy=f"give the root of a system that has one in {', '.join(_FOLDERS)}",
            )
        return _packages(tree, databases, namespace, distro)
    except PermissionError as error:
        raise NotAssessableError(
            "the rpm database may not be read",
            place=Place(str(error.filename or _FOLDERS[1])),
            remedy="run oakum as a user who may read it",
        ) from error


def owners(tree: Tree, paths: Iterable[str]) -> dict[str, str]:
    """The package that owns each path, without those that nobody does, or where the database cannot say.

    The database is read only where there is a path to look for, and of its headers only those that list one.
    """
    wanted = {spelling: path for path in paths for spelling in spellings(path)}
    found: dict[str, str] = {}
    if not wanted:
        return found
    by_name = files.by_base_name(wanted)
    try:
        for database in _databases(tree)[:1]:
            for record in _records(tree, database, []):
                for spelling in files.listed(record.blob, by_name):
                    tags, _ = _tags(record)
                    if tags is not None:
                        found.setdefault(wanted[spelling], tags.name)
    except (OakumError, OSError):
        pass  # what was found until then holds; the inventory itself tells what is wrong with the database
    return found


def _databases(tree: Tree) -> list[str]:
    found: list[str] = []
    for folder in _FOLDERS:
        if found and tree.kind(folder) == "link":
            continue  # the folder before, under its other name
        found += [f"{folder}/{name}" for name in (_SQLITE, _NDB, _BDB) if tree.kind(f"{folder}/{name}") is not None]
    return found


def _packages(tree: Tree, databases: list[str], namespace: str, distro: str) -> tuple[list[Package], list[Gap]]:
    path, *others = databases
    packages: list[Package] = []
    why = f"there is another database, and only {path} was read"
    gaps = [_gap(other, why, "remove the one that rpm does not use") for other in others]
    try:
        damaged = 0
        for count, record in enumerate(_records(tree, path, gaps), 1):
            if count > COUNT_LIMIT:
                raise LimitError(f"the database has more than {COUNT_LIMIT} headers", remedy=_REMEDY)
            tags, damage = _tags(record)
            if tags is None:
                damaged += 1
                where = f"header {record.number}" if record.number else "a header"
                gaps.append(_gap(f"{where} of {path}", damage, _REMEDY))
            elif tags.name != "gpg-pubkey":
                packages.append(_package(tags, namespace, distro))
            if damaged > DAMAGE_LIMIT:
                raise InputError(
                    f"more than {DAMAGE_LIMIT} headers are damaged, the last one: {damage}", remedy=_REMEDY
                )
    except OakumError as error:
        error.within(path)
        raise
    return packages, gaps


def _tags(record: Record) -> tuple[header.Header | None, str]:
    if record.damage:
        return None, record.damage
    try:
        return header.parse(record.blob), ""
    except InputError as error:
        return None, f"{error.place}: {error.what}" if str(error.place) else error.what


def _records(tree: Tree, path: str, gaps: list[Gap]) -> Iterator[Record]:
    data = tree.read(path, SIZE_LIMIT)
    if path.endswith(_SQLITE):
        if _beside(tree, f"{path}-journal").startswith(_HOT_JOURNAL):
            why = "a transaction was interrupted: its journal stands beside the database"
            gaps.append(_gap(path, why, "run 'rpm -qa' as root on that machine, which rolls it back"))
        return sqlite.records(data, _beside(tree, f"{path}-wal"))
    return ndb.records(data) if path.endswith(_NDB) else bdb.records(data)


def _beside(tree: Tree, path: str) -> bytes:
    try:
        return tree.read(path, SIZE_LIMIT)
    except FileNotFoundError:
        return b""


def _package(tags: header.Header, namespace: str, distro: str) -> Package:
    source, source_version = _source(tags.source_rpm)
    version = f"{tags.version}-{tags.release}"
    return Package(
        type="rpm",
        name=tags.name,
        version=version,
        arch=tags.arch,
        epoch=tags.epoch,
        source=source,
        source_version=source_version,
        module=module_of(tags.modularity_label),
        vendor=tags.vendor,
        purl=_purl(tags, version, namespace, distro),
    )


def _source(source_rpm: str) -> tuple[str, str]:
    """Name and version-release of ``name-version-release.src.rpm`` (or ``.nosrc.rpm``); empty where it is not one."""
    stem = source_rpm.removesuffix(".rpm").removesuffix(".nosrc").removesuffix(".src")
    parts = stem.rsplit("-", 2)
    if stem == source_rpm or len(parts) != 3 or not all(parts):
        return "", ""
    return parts[0], f"{parts[1]}-{parts[2]}"


def _purl(tags: header.Header, version: str, namespace: str, distro: str) -> str:
    """The package URL as purl-spec's rpm type has it, qualifiers in the order of their names.

    Composed here since the general library takes longer than everything else about a package together.
    """
    qualifiers = [
        ("arch", tags.arch),
        ("distro", distro),
        ("epoch", "" if tags.epoch is None else str(tags.epoch)),
        ("rpmmod", tags.modularity_label),
        ("upstream", tags.source_rpm),
    ]
    written = "&".join(f"{key}={quote(value, safe=':')}" for key, value in qualifiers if value)
    path = "/".join(quote(part, safe=":") for part in (namespace.lower(), tags.name) if part)
    return f"pkg:rpm/{path}@{quote(version, safe=':')}{'?' if written else ''}{written}"


def _gap(what: str, why: str, remedy: str) -> Gap:
    return Gap("incomplete-inventory", what, why, remedy)
