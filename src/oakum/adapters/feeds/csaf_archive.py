"""The documents in a publisher's archive of CSAF: read from the stream as it unpacks, none of them written anywhere.

A tar, packed by zstd, bzip2, gzip or xz. A name that leads out of the archive, a link, or an archive that unpacks to
more than such a feed may is a reason to use nothing of it: somebody else has made it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path

from oakum.adapters.feeds.csaf_lists import is_document
from oakum.adapters.feeds.unpack import shown
from oakum.adapters.files import bunzip, zstd
from oakum.adapters.files.images import FileSource
from oakum.errors import InputError, LimitError, NotAssessableError
from oakum.fleet.images import tar
from oakum.fleet.images.sources import unpacked

#: Bytes of one document; the largest of Red Hat's has a hundred million.
LARGEST = 256 << 20
_ENTRIES = 2_000_000
#: Real archives unpack to a hundred times their size; the ratio counts only beyond ``_FREE`` bytes.
_RATIO, _FREE = 1000, 64 << 20
_WHERE = "see to its address"
_TOOL = "install the tool zstd, or take a bundle from a machine that has it"


def check(name: str) -> None:
    """Raises InputError where nothing here unpacks an archive of this name: better before it comes than after."""
    if name.endswith(".zst") and not zstd.unpackers():
        raise InputError("nothing here unpacks zstd", remedy=_TOOL)


def documents(path: Path, folder: str, limit: int) -> Iterator[tuple[str, bytes]]:
    """Each document with its path below ``folder``, the publisher's own folder, in the order of the archive.

    ``limit`` is how many bytes it may unpack to. Raises InputError and LimitError, at whatever place they show.
    """
    packed = FileSource(path)
    most = min(limit, max(_FREE, _RATIO * path.stat().st_size))
    try:
        whole = unpacked(packed, {**zstd.unpackers(), **bunzip.unpackers()}, limit=most)
    except NotAssessableError as error:
        raise InputError(error.what, remedy=_TOOL) from None
    if whole is None:
        raise InputError("is no packed archive", remedy=_WHERE)
    count = 0
    for count, entry in enumerate(tar.entries(whole), start=1):
        if count > _ENTRIES:
            raise LimitError(f"holds more than {_ENTRIES} entries", remedy=_WHERE)
        name = posixpath.normpath(entry.path)
        if entry.path.startswith("/") or ".." in entry.path.split("/"):
            raise InputError(f"holds a name that leads out of it: {shown(entry.path)[:100]!r}", remedy=_WHERE)
        if entry.kind == "directory":
            continue
        if entry.kind != "file":
            raise InputError(f"holds a {entry.kind}: {shown(entry.path)[:100]!r}", remedy=_WHERE)
        if entry.size > LARGEST:
            raise LimitError(f"{shown(name)[:100]} is larger than {LARGEST >> 20} MiB", remedy=_WHERE)
        name = name.removeprefix(f"{folder}/")
        if not is_document(name):
            continue
        data = whole.read_at(entry.offset, entry.size)
        if len(data) < entry.size:
            raise InputError(f"is cut off in {shown(name)[:100]}", remedy="fetch it again")
        yield name, data
    # What stands behind the end of the tar is read, too: only there the packing tells that it is whole.
    whole.finish()
    if not count:
        raise InputError("holds nothing", remedy=_WHERE)
