"""Bytes out of files and archives, within limits.

Nothing is written to disk, so a name inside an archive can lead nowhere; it is only shown. A small file that unpacks
to gigabytes is refused while it unpacks: by its size, by the sum of an archive, and by a ratio that no feed reaches.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from oakum.errors import InputError, LimitError, OakumError, Place, UsageError

if TYPE_CHECKING:
    from oakum.fleet.images.sources import Unpacking

_CHUNK = 1 << 20
#: Memory that unpacking an xz may take: what ``xz -9`` needs; a file may name dictionaries of gigabytes.
_XZ_MEMORY = 80 << 20
#: Packings by their first bytes.
_GZIP, _XZ, _BZIP2, _ZSTD = b"\x1f\x8b", b"\xfd7zXZ\x00", b"BZh", b"\x28\xb5\x2f\xfd"
#: Other compressions by their first bytes, and what unpacks them.
_FOREIGN = {_ZSTD: "zstd -d", b"7z\xbc\xaf": "7z x"}


#: What zipfile raises for an archive or an entry that it cannot read: RuntimeError for one that is encrypted,
#: NotImplementedError for a packing that it does not know, and what the packings themselves say of damage.
UNREADABLE = (
    zipfile.BadZipFile, RuntimeError, NotImplementedError, ValueError, OSError, EOFError, zlib.error, lzma.LZMAError,
)  # fmt: skip


class _Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Limits(msgspec.Struct, frozen=True):
    """How much a reader is willing to take: bytes of one file, bytes and entries of one archive, unpacked to packed."""

    file: int = 1 << 30
    total: int = 4 << 30
    entries: int = 1_000_000
    #: Real feeds pack up to 30 to 1; the ratio counts only beyond ``free`` bytes.
    ratio: int = 200
    free: int = 64 << 20


DEFAULT_LIMITS = Limits()


class Unpacked(msgspec.Struct, frozen=True):
    """A file as it is read: its name for people (an entry behind its archive's name), its bytes or an error."""

    name: str
    data: bytes = b""
    error: OakumError | None = None


def shown(name: str) -> str:
    """A name with everything replaced that could steer a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in name)[:300]


def raw(path: Path, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """The content of a regular file as it stands on disk."""
    name = shown(path.name)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError("is no regular file", place=Place(name), remedy="give a file or a folder")
        if status.st_size > limits.file:
            raise _too_large(name, limits.file)
        return path.read_bytes()
    except FileNotFoundError:
        raise UsageError("there is no such file or folder", place=Place(str(path)), remedy="check the path") from None
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", place=Place(name), remedy="check who may read it"
        ) from None


def unpack(data: bytes, name: str, limits: Limits = DEFAULT_LIMITS) -> Iterator[Unpacked]:
    """The files in ``data``: itself, what its gzip, bzip2, xz or zstd holds, or every entry of a zip.

    Errors come as values. zstd wants the tool of that name.
    """
    try:
        if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            yield from _zip(data, name, limits)
        else:
            yield Unpacked(name, _single(data, name, limits))
    except OakumError as error:
        yield Unpacked(name, error=error)


def plain(path: Path, name: str, largest: int) -> bytes:
    """A single file as its transfer may have packed it, of at most ``largest`` bytes as it stands on disk.

    Raises OakumError.
    """
    (one,) = unpack(raw(path, Limits(file=largest)), name, Limits(file=largest * 4))
    if one.error is not None:
        raise one.error
    return one.data


def _single(data: bytes, name: str, limits: Limits) -> bytes:
    if data.startswith(_GZIP):
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            return _bounded(stream, name, len(data), limits)
    if data.startswith(_BZIP2):
        with bz2.BZ2File(io.BytesIO(data)) as unpacked:
            return _bounded(unpacked, name, len(data), limits)
    if data.startswith(_XZ):
        return _bounded(_Xz(data), name, len(data), limits)
    if data.startswith(_ZSTD) and (zstd := _zstd(data)) is not None:
        return _bounded(zstd, name, len(data), limits)
    for magic, tool in _FOREIGN.items():
        if data.startswith(magic):
            raise InputError(
                "is packed in a way that is not read here", place=Place(name), remedy=f"unpack it with: {tool}"
            )
    return data


class _Xz:
    """The streams of an xz file one after the other, in bounded memory."""

    def __init__(self, data: bytes) -> None:
        self._waiting = data
        self._stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY)

    def read(self, size: int, /) -> bytes:
        """At most so many of the next bytes, none at the end."""
        while True:
            if self._stream.eof:
                # Between streams and behind the last may stand zeros (xz's file format, "Stream Padding").
                self._waiting = self._stream.unused_data.lstrip(b"\0")
                if not self._waiting:
                    return b""
                self._stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY)
            given, self._waiting = self._waiting, b""
            data = self._stream.decompress(given, size)
            if data:
                return data
            if self._stream.needs_input and not self._stream.eof:
                raise EOFError("the xz stream ends before its end mark")


class _Zstd:
    """What the tool gives, piece by piece."""

    def __init__(self, unpacking: Unpacking) -> None:
        self._unpacking = unpacking

    def read(self, _size: int, /) -> bytes:
        """The next bytes, none at the end."""
        return self._unpacking.next()


def _zstd(data: bytes) -> _Zstd | None:
    """None where this machine has no zstd."""
    from oakum.adapters.files.zstd import unpackers
    from oakum.fleet.images.sources import Memory

    begin = unpackers().get("zstd")
    return None if begin is None else _Zstd(begin(Memory(data)))


def _zip(data: bytes, name: str, limits: Limits) -> Iterator[Unpacked]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, UnicodeError, EOFError) as error:
        raise InputError(f"is no readable zip: {error}", place=Place(name), remedy="fetch it again") from None
    if len(entries) > limits.entries:
        raise LimitError(
            f"holds {len(entries)} entries, more than {limits.entries}", place=Place(name), remedy="split it"
        )
    if not entries:
        raise InputError("holds no file", place=Place(name), remedy="fetch it again")
    total = 0
    for entry in entries:
        inner = f"{name}/{shown(entry.filename)}"
        try:
            with archive.open(entry) as stream:
                content = _bounded(stream, inner, max(entry.compress_size, 1), limits)
            content = _single(content, inner, limits)
        except UNREADABLE as error:
            why = InputError(f"cannot be unpacked: {error}", place=Place(inner), remedy="fetch the archive again")
            yield Unpacked(inner, error=why)
            continue
        except OakumError as error:
            yield Unpacked(inner, error=error)
            continue
        total += len(content)
        if total > limits.total or (total > limits.free and total > limits.ratio * len(data)):
            raise _too_large(name, limits.total)
        yield Unpacked(inner, content)


def _bounded(stream: _Stream, name: str, packed: int, limits: Limits) -> bytes:
    parts = []
    size = 0
    try:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > limits.file or (size > limits.free and size > limits.ratio * packed):
                raise _too_large(name, limits.file)
            parts.append(chunk)
    except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
        raise InputError(f"is cut short or damaged: {error}", place=Place(name), remedy="fetch it again") from None
    return b"".join(parts)


def _too_large(name: str, limit: int) -> LimitError:
    return LimitError(
        f"is or unpacks to more than a feed may ({limit >> 20} MiB, or out of proportion to its packed size)",
        place=Place(name),
        remedy="check where it comes from; split it if it is genuine",
    )
