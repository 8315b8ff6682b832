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
#: How much of it is unpacked at once at least; more where all was taken the last time. What is not taken is copied, as
#: often as there are members, and every copy of the state holds on to it.
_LEAST = 1 << 12
_REMEDY = "fetch or build it again"
_DAMAGED = cast(type[Exception], zlib.error)


class _Packed(Protocol):
    def read_at(self, offset: int, size: int) -> bytes: ...


class _Member(Protocol):
    """A decompression object, as zlib-ng has it and does not tell the type checker."""

    eof: bool
    unused_data: bytes
    unconsumed_tail: bytes

    def decompress(self, data: memoryview, max_length: int, /) -> bytes: ...
    def copy(self) -> _Member: ...


class Gunzip:
    """The state of unpacking a gzip source; see ``oakum.fleet.images.sources.Unpacking``."""

    def __init__(self, packed: _Packed) -> None:
        self._packed = packed
        #: The piece that was taken in last, where it begins, and how much of it was unpacked.
        self._piece = b""
        self._begins = 0
        self._done = 0
        #: None between two members.
        self._member: _Member | None = None
        self._next = _LEAST

    def next(self) -> bytes:
        """The next bytes, none at the end; InputError where the stream is damaged or cut off."""
        while True:
            if self._done == len(self._piece):
                self._begins, self._done = self._begins + self._done, 0
                self._piece = self._packed.read_at(self._begins, _IN)
            ended = not self._piece
            if self._member is None:
                if ended:
                    return b""
                self._member = cast(_Member, zlib.decompressobj(zlib.MAX_WBITS | 16))
                self._next = _LEAST
            given = memoryview(self._piece)[self._done : self._done + self._next]
            try:
                chunk = self._member.decompress(given, _OUT)
            except _DAMAGED as error:
                raise InputError(f"it cannot be unpacked: {error}", remedy=_REMEDY) from error
            over = self._member.eof
            taken = len(given) - len(self._member.unused_data if over else self._member.unconsumed_tail)
            self._done += taken
            self._next = min(2 * self._next, _IN) if taken == len(given) else max(_LEAST, taken)
            if over:
                self._member = None
            elif ended and not chunk:
                raise InputError("the gzip stream is cut off", remedy=_REMEDY)
            if chunk:
                return chunk

    def copy(self) -> Gunzip:
        """The same state once more, without the packed bytes: many copies would hold many of them."""
        twin = Gunzip(self._packed)
        twin._begins = self._begins + self._done
        twin._member = None if self._member is None else self._member.copy()
        twin._next = self._next
        return twin
