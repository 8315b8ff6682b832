"""bzip2 and xz, as some publishers pack their archives, by the standard library: piece by piece, within limits.

See ``oakum.fleet.images.sources.Unpacking``; both may hold several streams behind one another.
"""

from __future__ import annotations

import bz2
import lzma
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from oakum.errors import InputError, LimitError
from oakum.fleet.images.sources import CHUNK, Source, Unpack

_IN = 1 << 16
#: Bytes of memory for a dictionary of xz; its highest preset takes 65 MiB.
_MEMORY = 128 << 20
_REMEDY = "fetch it again"


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class Streams:
    """The state of unpacking at one place; it cannot be copied."""

    def __init__(self, begin: Callable[[], _Decompressor], packed: Source) -> None:
        self._begin = begin
        self._packed = packed
        self._offset = 0
        self._waiting = b""
        #: None between two streams.
        self._stream: _Decompressor | None = None

    def next(self) -> bytes:
        """The next bytes, none at the end; InputError where a stream is damaged or cut off."""
        while True:
            if not self._waiting and (self._stream is None or self._stream.needs_input):
                self._waiting = self._packed.read_at(self._offset, _IN)
                self._offset += len(self._waiting)
                if not self._waiting:
                    if self._stream is not None:
                        raise InputError("what is packed is cut off", remedy=_REMEDY)
                    return b""
            stream = self._stream = self._stream or self._begin()
            try:
                chunk = stream.decompress(self._waiting, CHUNK)
            except lzma.LZMAError as error:
                if "limit" in str(error).lower():
                    raise LimitError("its packing takes too much memory", remedy="check where it comes from") from error
                raise InputError(f"cannot be unpacked: {error}", remedy=_REMEDY) from error
            except (OSError, ValueError, EOFError) as error:
                raise InputError(f"cannot be unpacked: {error}", remedy=_REMEDY) from error
            self._waiting = b""
            if stream.eof:
                self._waiting, self._stream = stream.unused_data, None
            if chunk:
                return chunk

    def copy(self) -> None:
        """The state cannot be copied."""


def _xz() -> _Decompressor:
    return lzma.LZMADecompressor(memlimit=_MEMORY)


def unpackers() -> Mapping[str, Unpack]:
    """What unpacks these, by the name of the packing."""
    return {"bzip2": partial(Streams, bz2.BZ2Decompressor), "xz": partial(Streams, _xz)}
