"""Which package of the system owns a file, by the system's own lists of files.

dpkg keeps one list a package (``info/NAME.list``; distroless images ``status.d/NAME.md5sums``), apk all of them in its
database (apk-package(5): ``F`` a folder, ``R`` a file in it), rpm in its headers. A list that cannot be read proves no
owner. Paths are compared under both of their names since /usr was merged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from typing import Protocol

from oakum.errors import OakumError
from oakum.fleet import apk, dpkg, rpmdb
from oakum.fleet.usr_merge import spellings
from oakum.ports import Tree

_DPKG = re.compile(rf"^{dpkg.FOLDER}/(?:info/(?P<list>[^/:]+)(?::[^/]+)?\.list|status\.d/(?P<sums>[^/]+)\.md5sums)$")
_LIMIT = 1 << 26


class _Stored(Tree, Protocol):
    def files(self, wanted: Callable[[str], object]) -> Sequence[str]: ...


def owners(tree: _Stored, paths: Collection[str]) -> dict[str, str]:
    """The package that owns each path, without those that none does."""
    if not paths:
        return {}
    wanted = {spelling: path for path in paths for spelling in spellings(path)}
    found: dict[str, str] = {}
    for package, listed in (*_dpkg(tree), *_apk(tree)):
        for spelling in wanted.keys() & listed:
            found.setdefault(wanted[spelling], package)
    return found | rpmdb.owners(tree, [path for path in paths if path not in found])


def _dpkg(tree: _Stored) -> Iterator[tuple[str, set[bytes]]]:
    for path in tree.files(_DPKG.match):
        match = _DPKG.match(path)
        with suppress(OakumError, OSError):
            lines = tree.read(path, _LIMIT).split(b"\n")
            if match is not None and match["list"]:
                yield match["list"], set(lines)
            elif match is not None:
                yield match["sums"], {b"/" + line.partition(b"  ")[2].removeprefix(b"./") for line in lines}


def _apk(tree: _Stored) -> Iterator[tuple[str, set[bytes]]]:
    data = b""
    for path in apk.DATABASES:
        with suppress(OakumError, OSError):
            data = tree.read(path, apk.SIZE_LIMIT)
            break
    for stanza in data.split(b"\n\n"):
        name, folder, listed = "", b"", set()
        for line in stanza.split(b"\n"):
            if line.startswith(b"P:"):
                name = line[2:].decode("utf-8", "replace")
            elif line.startswith(b"F:"):
                folder = b"/" + line[2:]
            elif line.startswith(b"R:"):
                listed.add(folder.rstrip(b"/") + b"/" + line[2:])
        if name:
            yield name, listed
