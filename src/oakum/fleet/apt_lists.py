"""Which versions the configured channels offer, from the lists that apt has downloaded.

Only lists of enabled sources count: others are leftovers. A channel without a readable list is a gap, since from its
silence nothing follows. The lists of one release have 50 MB; they are searched as bytes for the wanted names only.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Protocol

import msgspec

from oakum.errors import InputError, LimitError, OakumError, Place
from oakum.fleet import apt_channels, apt_index, apt_sources
from oakum.fleet.assets import Gap
from oakum.ports import Tree

#: Bytes of one list, unpacked; Debian's largest has 60 MB.
SIZE_LIMIT = 1 << 28

#: Unpack bytes; LimitError where the result is larger than the given number of bytes, InputError where it is damaged.
Unpack = Callable[[bytes, int], bytes]


class Offer(msgspec.Struct, frozen=True):
    """A version that a channel offers: of the binary package, and of the source it is built from."""

    version: str
    source_version: str
    channel: str


class Offers(msgspec.Struct, frozen=True):
    """What is offered by name of the binary package, how old each channel's list is, and what could not be read."""

    packages: dict[str, tuple[Offer, ...]]
    dates: dict[str, datetime]
    gaps: tuple[Gap, ...]


class _Decompressor(Protocol):
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def offers(tree: Tree, names: Collection[str], unpack: Mapping[str, Unpack] | None = None) -> Offers:
    """What the enabled channels offer for the binary packages ``names``, in the order of the sources.

    ``unpack`` adds formats that the standard library lacks, by suffix (".lz4"); without it such a list is a gap.
    """
    sources, _ = apt_sources.read(tree)
    channels, _ = apt_channels.read(tree)
    wanted = frozenset(name.encode() for name in names)
    found: dict[str, dict[Offer, None]] = {}
    dates: dict[str, datetime] = {}
    gaps: list[Gap] = []
    present = tree.names(apt_index.LISTS)
    for source, channel in zip(sources, channels, strict=True):
        if not channel.enabled:
            continue
        lists = apt_index.lists(source, present)
        if not lists:
            gaps.append(_gap(channel.name, "its list of packages was never downloaded", "run 'apt-get update'"))
        if lists and (date := apt_index.release(tree, source).date):
            dates[channel.name] = date
        for name, packed in lists:
            path = f"{apt_index.LISTS}/{name}"
            try:
                data = unpacked(tree, path, packed, unpack or {})
                for package, version, source_version in scan(data, wanted):
                    offer = Offer(version, source_version, channel.name)
                    found.setdefault(package, {})[offer] = None
            except OakumError as error:
                gaps.append(_gap(path, error.what, error.remedy or "run 'apt-get update'"))
            except (FileNotFoundError, PermissionError):
                gaps.append(_gap(path, "it may not be read", "run oakum as root"))
    return Offers({name: tuple(some) for name, some in found.items()}, dates, tuple(gaps))


def scan(data: bytes, wanted: Collection[bytes]) -> list[tuple[str, str, str]]:
    """Name, version and source version of every stanza whose package is wanted. InputError where data is no list."""
    data = b"\n" + data + b"\n\n"
    found: list[tuple[str, str, str]] = []
    at = data.find(b"\nPackage:")
    if at < 0 and data.strip():
        raise InputError("it is no list of packages")
    while at >= 0:
        end = data.index(b"\n", at + 1)
        name = data[at + 9 : end].strip()
        if name in wanted:
            stop = data.index(b"\n\n", at)
            version = _field(data, b"\nVersion:", at, stop)
            if not version:
                line = data.count(b"\n", 0, at + 1)
                raise InputError(f"{name.decode()} has no version", place=Place("", line, "Version"))
            source = _field(data, b"\nSource:", at, stop)
            stated = source.partition("(")[2].partition(")")[0].strip()
            found.append((name.decode(), version, stated or version))
        at = data.find(b"\nPackage:", end)
    return found


def _field(data: bytes, field: bytes, start: int, stop: int) -> str:
    at = data.find(field, start, stop)
    if at < 0:
        return ""
    return data[at + len(field) : data.index(b"\n", at + 1)].strip().decode("utf-8", "replace")


def unpacked(tree: Tree, path: str, packed: str, unpack: Mapping[str, Unpack]) -> bytes:
    """A list as text. Raises OakumError where it is too large, damaged, or packed with what nothing here unpacks."""
    data = tree.read(path, SIZE_LIMIT)
    if not packed:
        return data
    unpacker = unpack.get(packed) or _UNPACK.get(packed)
    if unpacker is None:
        raise InputError(f"nothing here unpacks {packed[1:]}", remedy=f"install {packed[1:]} and scan again")
    return unpacker(data, SIZE_LIMIT)


def _bounded(data: bytes, limit: int, one: _Decompressor) -> bytes:
    try:
        unpacked = one.decompress(data, limit + 1)
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
        raise InputError(f"it cannot be unpacked: {error}") from error
    if len(unpacked) > limit:
        raise LimitError(f"unpacked it is larger than {limit} bytes")
    if not getattr(one, "eof", True):
        raise InputError("it is truncated")
    return unpacked


_UNPACK: dict[str, Unpack] = {
    ".gz": lambda data, limit: _bounded(data, limit, zlib.decompressobj(zlib.MAX_WBITS | 16)),
    ".xz": lambda data, limit: _bounded(data, limit, lzma.LZMADecompressor(memlimit=1 << 28)),
    ".lzma": lambda data, limit: _bounded(data, limit, lzma.LZMADecompressor(memlimit=1 << 28)),
    ".bz2": lambda data, limit: _bounded(data, limit, bz2.BZ2Decompressor()),
}


def _gap(what: str, why: str, remedy: str) -> Gap:
    return Gap("incomplete-inventory", what, why, remedy)
