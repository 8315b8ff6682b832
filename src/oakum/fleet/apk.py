"""The apk database of a file tree (Alpine, Wolfi): which packages are installed, and from which origin.

One stanza a package, one letter a field: ``P`` name, ``V`` version, ``A`` architecture, ``o`` origin, the source
package that advisories name; an origin and its packages share one version. A package that ``/etc/apk/world`` pins to a
version counts as held. Source: apk-package(5), apk-world(5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

from oakum.errors import InputError, NotAssessableError, Place
from oakum.fleet.assets import Gap
from oakum.fleet.packages import Package
from oakum.ports import Tree

#: Where apk keeps its database: releases with merged /usr, all others. One may be a link to the other.
DATABASES = ("/usr/lib/apk/db/installed", "/lib/apk/db/installed")
#: Bytes; a large real database has 20 MB.
SIZE_LIMIT = 1 << 27
#: How many broken stanzas are told one by one; with more the file is no apk database.
DAMAGE_LIMIT = 50

_NAME = re.compile(rb"[A-Za-z0-9_][A-Za-z0-9+._-]*")
_VERSION = re.compile(rb"[A-Za-z0-9.+~:_-]+")
_PIN = re.compile(r"([A-Za-z0-9_][A-Za-z0-9+._-]*)=[A-Za-z0-9.+~:_-]+(@\S*)?")
_REMEDY = "run 'apk audit --system' and 'apk fix' on that machine"


def present(tree: Tree) -> bool:
    """Whether the tree has an apk database, readable or not."""
    return any(tree.kind(path) is not None for path in DATABASES)


def read(tree: Tree, namespace: str, distro: str = "") -> tuple[list[Package], list[Gap]]:
    """The installed packages, and what of them could not be read; see ``oakum.fleet.dpkg.read`` for all else."""
    path = next((path for path in DATABASES if tree.kind(path) is not None), None)
    if path is None:
        raise NotAssessableError(
            "no apk database was found", place=Place(DATABASES[1]), remedy="give the root of a system that has one"
        )
    data = tree.read(path, SIZE_LIMIT).replace(b"\r\n", b"\n")
    gaps: list[Gap] = []
    if data and not data.endswith(b"\n"):
        gaps.append(_gap(path, data.count(b"\n") + 1, "the file ends within a line: it is truncated"))
    tail = f"&distro={quote(distro, safe=':')}" if distro else ""
    head = f"pkg:apk/{quote(namespace.lower())}/" if namespace else "pkg:apk/"
    pinned = _pinned(tree)
    packages: list[Package] = []
    for start, stanza in _stanzas(data):
        try:
            packages.append(_package(stanza, pinned, head, tail))
        except InputError as error:
            gaps.append(_gap(path, data.count(b"\n", 0, start) + 1, error.what))
            if len(gaps) > DAMAGE_LIMIT:
                what = f"more than {DAMAGE_LIMIT} stanzas are damaged, the last one: {error.what}"
                raise InputError(what, place=Place(path), remedy=_REMEDY) from error
    return packages, gaps


def _pinned(tree: Tree) -> frozenset[str]:
    """The names that /etc/apk/world pins to one version."""
    try:
        world = tree.read("/etc/apk/world", 1 << 20).decode("utf-8", "replace")
    except FileNotFoundError:
        return frozenset()
    return frozenset(found[1] for word in world.split() if (found := _PIN.fullmatch(word)))


def _stanzas(data: bytes) -> Iterator[tuple[int, bytes]]:
    start = 0
    for stanza in data.split(b"\n\n"):
        if stanza.strip():
            yield start + len(stanza) - len(stanza.lstrip(b"\n")), b"\n" + stanza + b"\n"
        start += len(stanza) + 2


def _package(stanza: bytes, pinned: frozenset[str], head: str, tail: str) -> Package:
    name = _field(stanza, b"\nP:", _NAME)
    version = _field(stanza, b"\nV:", _VERSION)
    if not name or not version:
        raise InputError(f"a stanza has no {'version' if name else 'name'}")
    arch = _field(stanza, b"\nA:", _NAME)
    address = f"{head}{name.lower()}@{version}".replace("+", "%2B")
    return Package(
        type="apk",
        name=name,
        version=version,
        arch=arch,
        source=_field(stanza, b"\no:", _NAME) or name,
        source_version=version,
        held=name in pinned,
        purl=f"{address}?arch={arch}{tail}" if arch else f"{address}{tail.replace('&', '?', 1)}",
    )


def _field(stanza: bytes, field: bytes, form: re.Pattern[bytes]) -> str:
    """The value of a field; empty where the stanza has none."""
    at = stanza.find(field)
    if at < 0:
        return ""
    value = stanza[at + 3 : stanza.index(b"\n", at + 3)].strip()
    if not form.fullmatch(value) or stanza.find(field, at + 3) >= 0:
        shown = ascii(value[:60].decode("utf-8", "replace"))
        raise InputError(f"the field {chr(field[1])} has no usable value or stands there twice: {shown}")
    return value.decode("ascii")


def _gap(path: str, line: int | None, why: str) -> Gap:
    return Gap("incomplete-inventory", str(Place(path, line)), why, _REMEDY)
