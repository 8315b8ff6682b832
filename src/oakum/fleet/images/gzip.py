"""gzip, unpacked piece by piece from a state that can be copied, so that unpacking can begin anew at many places.

A file may have several members (RFC 1952, 2.2), as pigz and eStargz write them; anything else behind the last one is
damage. zlib-ng is zlib with the same interface, and half again as fast.
"""

from __future__ import annotations

from typing import Protocol, cast

from zlib_ng import zlib_ng as zlib

from oakum.errors import InputError

#: How much is taken in and given out at once: enough that handing it from thread to thread is no matter.
_IN, _OUT = 1 << 18, 1 << 20
_REMEDY = "fetch or build it again"
_DAMAGED = cast(type[Exception], zlib.error)


class _Packed(Protocol):
    def read_at(self, offset: int, size: int) -> bytes: ...


class _Member(Protocol):
    """A decompression object, as zlib-ng has it and does not tell the type checker."""

    eof: bool
    unused_data: bytes
    unconsumed_tail: bytes

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...
    def copy(self) -> _Member: ...


class Gunzip:
    """The state of unpacking a gzip source; see ``oakum.fleet.images.sources.Unpacking``."""

    def __init__(self, packed: _Packed) -> None:
        self._packed = packed
        self._offset = 0
        self._waiting = b""
        #: None between two members.
        self._member: _Member | None = None

    def next(self) -> bytes:
        """The next bytes, none at the end; InputError where the stream is damaged or cut off."""
        while True:
            if not self._waiting:
                self._waiting = self._packed.read_at(self._offset, _IN)
                self._offset += len(self._waiting)
            ended = not self._waiting
            if self._member is None:
                if ended:
                    return b""
                self._member = cast(_Member, zlib.decompressobj(zlib.MAX_WBITS | 16))
            try:
                chunk = self._member.decompress(self._waiting, _OUT)
            except _DAMAGED as error:
                raise InputError(f"it cannot be unpacked: {error}", remedy=_REMEDY) from error
            if self._member.eof:
                self._waiting = self._member.unused_data
                self._member = None
            else:
                self._waiting = self._member.unconsumed_tail
                if ended and not chunk:
                    raise InputError("the gzip stream is cut off", remedy=_REMEDY)
            if chunk:
                return chunk

    def copy(self) -> Gunzip:
        """The same state once more."""
        twin = Gunzip(self._packed)
        twin._offset, twin._waiting = self._offset, self._waiting
        twin._member = None if self._member is None else self._member.copy()
        return twin
