"""Which of some wanted paths one installed package has, by its header blob.

A header has three arrays: base names, folders, and for each base name the number of its folder; packages of rpm 3 have
whole paths instead. Most headers list none of the wanted base names, and are left after a search of these bytes.
Source: rpm's docs/manual/tags.md (BASENAMES, DIRNAMES, DIRINDEXES, OLDFILENAMES).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping

_OLD_FILE_NAMES, _DIR_INDEXES, _BASE_NAMES, _DIR_NAMES = 1027, 1116, 1117, 1118
_Entry = tuple[int, int, int, int]


def by_base_name(paths: Iterable[bytes]) -> dict[bytes, set[bytes]]:
    """Paths by their base names."""
    found: dict[bytes, set[bytes]] = {}
    for path in paths:
        found.setdefault(path.rpartition(b"/")[2], set()).add(path)
    return found


def listed(blob: bytes, wanted: Mapping[bytes, set[bytes]]) -> set[bytes]:
    """Those of the ``wanted`` paths, given by their base names, that a header lists; none where it is broken."""
    try:
        return _listed(blob, wanted)
    except (IndexError, struct.error):
        return set()


def _listed(blob: bytes, wanted: Mapping[bytes, set[bytes]]) -> set[bytes]:
    (count,) = struct.unpack_from(">I", blob)
    entries: list[_Entry] = list(struct.iter_unpack(">IIII", memoryview(blob)[8 : 8 + 16 * count]))
    named = _entry(entries, _BASE_NAMES) or _entry(entries, _OLD_FILE_NAMES)
    if named is None:
        return set()
    names = _data(blob, entries, named)
    if named[0] == _OLD_FILE_NAMES:
        return {path for paths in wanted.values() for path in paths}.intersection(names.split(b"\0")[: named[3]])
    if not any(b"\0%b\0" % name in names for name in wanted) and not names.startswith(
        tuple(b"%b\0" % name for name in wanted)
    ):
        return set()
    folders_at, indexes_at = _entry(entries, _DIR_NAMES), _entry(entries, _DIR_INDEXES)
    if folders_at is None or indexes_at is None:
        return set()
    folders = _data(blob, entries, folders_at).split(b"\0")
    indexes = struct.unpack_from(f">{named[3]}I", blob, 8 + 16 * count + indexes_at[2])
    return {
        path
        for name, index in zip(names.split(b"\0"), indexes, strict=False)
        if name in wanted and (path := folders[index] + name) in wanted[name]
    }


def _entry(entries: Iterable[_Entry], tag: int) -> _Entry | None:
    return next((entry for entry in entries if entry[0] == tag), None)


def _data(blob: bytes, entries: list[_Entry], of: _Entry) -> bytes:
    """The bytes of an entry: up to where the next one begins."""
    start = 8 + 16 * len(entries)
    end = min((offset for _, _, offset, _ in entries if offset > of[2]), default=len(blob) - start)
    return blob[start + of[2] : start + end]
