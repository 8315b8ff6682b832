"""The dpkg database of a file tree: which packages are installed, in which state, built from which source.

Read are ``status``, the updates of an interrupted dpkg beside it, and ``status.d``, which images without a package
manager (distroless) have instead. A package counts as installed from the moment its files may be on the disk until
they are removed: half-installed and unpacked ones do, those of which only configuration is left do not. Sources:
dpkg(1) on package states, deb822(5), deb-src-control(5) on ``Source``.

The file is searched as bytes, stanza by stanza, for the five fields that are needed: decoding and splitting the rest
(descriptions, dependencies) would take ten times as long.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote

from oakum.errors import InputError, NotAssessableError, Place
from oakum.fleet.assets import Gap
from oakum.fleet.packages import Package, State
from oakum.ports import Tree

FOLDER = "/var/lib/dpkg"
#: Bytes; the largest real status files have about 10 MB.
SIZE_LIMIT = 1 << 27
#: How many broken stanzas of one file are told one by one; with more the file is no dpkg database.
DAMAGE_LIMIT = 50

_STATES: dict[bytes, State] = {
    b"installed": "installed",
    b"half-installed": "half-installed",
    b"half-configured": "half-configured",
    b"unpacked": "unpacked",
    b"triggers-awaited": "triggers",
    b"triggers-pending": "triggers",
}
_ABSENT = frozenset({b"config-files", b"not-installed"})
_WANTS = frozenset({b"unknown", b"install", b"hold", b"deinstall", b"purge"})
_FIELDS = (b"\npackage:", b"\nstatus:", b"\nversion:", b"\narchitecture:", b"\nsource:")
_NAME = re.compile(rb"[A-Za-z0-9][A-Za-z0-9+._-]*")
_VERSION = re.compile(rb"[A-Za-z0-9.+~:_-]+")
_ARCHITECTURE = re.compile(rb"[a-z0-9-]*")
_SOURCE = re.compile(rb"([A-Za-z0-9][A-Za-z0-9+._-]*)(?:[ \t]*\(([A-Za-z0-9.+~:_-]+)\))?")
_REMEDY = "compare with 'dpkg --audit' on that machine, or restore the file from /var/backups"


class _Stanza(NamedTuple):
    """The package of one stanza, None where it is not installed, under the key by which a later one replaces it."""

    key: tuple[str, str]
    package: Package | None


def present(tree: Tree) -> bool:
    """Whether the tree has a dpkg database, readable or not."""
    return tree.kind(f"{FOLDER}/status") is not None or tree.kind(f"{FOLDER}/status.d") is not None


def read(tree: Tree, namespace: str, distro: str = "") -> tuple[list[Package], list[Gap]]:
    """The installed packages, and what of them could not be read.

    ``namespace`` is os-release's ID, ``distro`` the purl qualifier of that name ("debian-12"). A sound database without
    packages gives two empty lists. Raises InputError where a file is no dpkg database or too large, NotAssessableError
    where none is there, PermissionError where it may not be read.
    """
    if not present(tree):
        raise NotAssessableError(
            "no dpkg database was found", place=Place(FOLDER), remedy="give the root of a system that has one"
        )
    found: dict[tuple[str, str], Package | None] = {}
    gaps: list[Gap] = []
    tail = purl_tail(distro)
    head = f"pkg:deb/{quote(namespace.lower())}/" if namespace else "pkg:deb/"
    for path, update in _files(tree):
        try:
            data = tree.read(path, SIZE_LIMIT)
        except FileNotFoundError:
            continue
        damage: list[Gap] = []
        for key, package in _stanzas(data, path, (head, tail), damage):
            if not update and found.get(key) and package and found[key] != package:
                damage.append(_gap(path, None, f"{key[0]} ({key[1]}) stands there twice"))
            found[key] = package
        gaps += damage
    return [package for package in found.values() if package is not None], gaps


def purl_tail(distro: str) -> str:
    """The qualifiers after the architecture, in the canonical order of a package URL."""
    return f"&distro={quote(distro, safe=':')}" if distro else ""


def _files(tree: Tree) -> Iterator[tuple[str, bool]]:
    """The files of the database in the order in which dpkg reads them, and whether each only updates the former."""
    yield f"{FOLDER}/status", False
    for name in tree.names(f"{FOLDER}/status.d"):
        if not name.endswith(".md5sums"):
            yield f"{FOLDER}/status.d/{name}", False
    for name in tree.names(f"{FOLDER}/updates"):
        if name.isdecimal():
            yield f"{FOLDER}/updates/{name}", True


def _stanzas(data: bytes, path: str, purl: tuple[str, str], damage: list[Gap]) -> Iterator[_Stanza]:
    """Every stanza that names a package; what is broken is added to ``damage``."""
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
    if data and not data.endswith(b"\n"):
        damage.append(_gap(path, data.count(b"\n") + 1, "the file ends within a line: it is truncated"))
    # Field names are case-insensitive; offsets in the lower-case copy are those of the data.
    data = b"\n" + data + b"\n\n"
    lower = data.lower()
    start, end = 0, len(data)
    stated = ".d/" in path
    while start < end:
        stop = lower.find(b"\n\n", start)
        stop = end - 1 if stop < 0 else stop
        if stop > start:
            try:
                yield _stanza(data, lower, start, stop + 1, stated, purl)
            except InputError as error:
                damage.append(_gap(path, data.count(b"\n", 0, start + 1), error.what))
                if len(damage) > DAMAGE_LIMIT:
                    raise InputError(
                        f"more than {DAMAGE_LIMIT} stanzas are damaged, the last one: {error.what}",
                        place=Place(path),
                        remedy=_REMEDY,
                    ) from error
        start = stop + 1


def _stanza(data: bytes, lower: bytes, start: int, stop: int, installed: bool, purl: tuple[str, str]) -> _Stanza:
    """Read one stanza; InputError says what is wrong with it. ``installed`` holds where no status is stated."""
    values: list[bytes | None] = []
    for field in _FIELDS:
        at = lower.find(field, start, stop)
        if at < 0:
            values.append(None)
            continue
        after = at + len(field)
        if lower.find(field, after, stop) >= 0:
            raise InputError(f"the field {field[1:-1].decode()} stands there twice")
        values.append(data[after : data.index(b"\n", after)].strip())
    name_bytes, status, version_bytes, architecture, source_bytes = values
    if name_bytes is None:
        raise InputError("a stanza has no Package field")
    if not _NAME.fullmatch(name_bytes):
        raise InputError(f"{_shown(name_bytes)} is no package name")
    name = name_bytes.decode("ascii")
    if architecture and not _ARCHITECTURE.fullmatch(architecture):
        raise InputError(f"{_shown(architecture)} is no architecture of {name}")
    arch = architecture.decode("ascii") if architecture else ""
    state, held = _state(name, status, installed)
    if state is None:
        return _Stanza((name, arch), None)
    if not version_bytes or not _VERSION.fullmatch(version_bytes):
        raise InputError(
            f"{_shown(version_bytes)} is no version of {name}" if version_bytes else f"{name} ({state}) has no version"
        )
    version = version_bytes.decode("ascii")
    source, source_version = name, version
    if source_bytes:
        matched = _SOURCE.fullmatch(source_bytes)
        if matched is None:
            raise InputError(f"{_shown(source_bytes)} is no source of {name}")
        source = matched[1].decode("ascii")
        source_version = matched[2].decode("ascii") if matched[2] else version
    # All characters are checked above, and "+" is the only one among them that a package URL encodes.
    address = f"{purl[0]}{name.lower()}@{version}".replace("+", "%2B")
    return _Stanza(
        (name, arch),
        Package(
            type="deb",
            name=name,
            version=version,
            arch=arch,
            source=source,
            source_version=source_version,
            state=state,
            held=held,
            purl=f"{address}?arch={arch}{purl[1]}" if arch else f"{address}{purl[1].replace('&', '?', 1)}",
        ),
    )


def _state(name: str, status: bytes | None, installed: bool) -> tuple[State | None, bool]:
    """The state, None for a package that is not installed, and whether it is held."""
    if status == b"install ok installed":
        return "installed", False
    if status is None:
        if installed:
            return "installed", False
        raise InputError(f"{name} has no Status field")
    words = status.split()
    if len(words) != 3 or words[0] not in _WANTS:
        raise InputError(f"{_shown(status)} is no status of {name}")
    state = _STATES.get(words[2])
    if state is None and words[2] not in _ABSENT:
        raise InputError(f"{_shown(status)} is no status of {name}")
    return state, words[0] == b"hold"


def _shown(value: bytes) -> str:
    """A piece of a broken value, safe to print."""
    return ascii(value[:60].decode("utf-8", "replace"))


def _gap(path: str, line: int | None, why: str) -> Gap:
    return Gap("incomplete-inventory", str(Place(path, line)), why, _REMEDY)
