"""Bytes that can be read at any place: files, parts of files, and what is packed inside of them.

An archive in an archive (a packed layer in a packed archive) is a chain of such sources. Nothing is ever held but the
chunk that was read last, so that the size of a source does not matter.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Protocol

from oakum.errors import InputError, LimitError, NotAssessableError, Place
from oakum.fleet.images.gzip import Gunzip

#: How much is read at once.
CHUNK = 1 << 18
#: The same where a digest is taken: a thread that hashes so much seldom waits for the interpreter.
_PASSED = 1 << 20
#: Bytes that the layers of one image may unpack to. Images for machine learning have layers of ten gigabytes.
UNPACKED_LIMIT = 1 << 35
#: Bytes that may be unpacked again, beside four times the whole, to reach contents that were passed before.
AGAIN_LIMIT = 1 << 34
#: How many chunks are unpacked ahead of the one that is looked at next.
_AHEAD = 1
#: Bytes between two places from which unpacking can go on; a place costs 50 kB of memory.
STRIDE = 1 << 22
#: Beyond this many places every second one is dropped, and the stride doubled.
MOST_PLACES = 512

_MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2", b"\xfd7zXZ\0": "xz"}
_REMEDIES = {
    "zstd": "install the tool zstd and scan again",
    "bzip2": "pack it with gzip or zstd: skopeo copy does",
    "xz": "pack it with gzip or zstd: skopeo copy does",
}


class UnreachedError(InputError):
    """What holds the bytes cannot be asked now; that says nothing of them."""


class DeniedError(UnreachedError):
    """What holds the bytes does not give them to whoever asks; others it may.

    ``whole`` where it gives whoever asks nothing at all, not only not this.
    """

    def __init__(self, what: str, *, place: Place | None = None, remedy: str = "", whole: bool = False) -> None:
        super().__init__(what, place=place, remedy=remedy)
        self.whole = whole


class Readable(Protocol):
    """Bytes at places counted from 0."""

    def read_at(self, offset: int, size: int) -> bytes:
        """The bytes from there on; fewer than ``size`` only at the end, none beyond it.

        Raises InputError where the source is damaged, LimitError where it is larger than anybody follows.
        """


class Source(Readable, Protocol):
    """Bytes from outside, at places counted from 0."""

    @property
    def shared(self) -> bool:
        """Whether several threads may read at once, each at its own place without a cost."""


class Unpacking(Protocol):
    """The state of unpacking at one place of a stream."""

    def next(self) -> bytes:
        """The next bytes, a megabyte at most; none at the end. InputError where the stream is damaged or cut off."""

    def copy(self) -> Unpacking | None:
        """The same state once more, to go on from here again; None where the format allows only the beginning."""


#: Begins to unpack a source.
Unpack = Callable[[Source], Unpacking]


class Memory:
    """Bytes in memory."""

    shared = True

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def read_at(self, offset: int, size: int) -> bytes:
        """See ``Source``."""
        return self._data[offset : offset + size]


class Part:
    """A part of another source."""

    def __init__(self, whole: Readable, offset: int, size: int, *, shared: bool = False) -> None:
        self._whole = whole
        self._offset = offset
        self.size = size
        self.shared = shared

    def read_at(self, offset: int, size: int) -> bytes:
        """See ``Source``."""
        size = min(size, self.size - offset)
        return self._whole.read_at(self._offset + offset, size) if size > 0 else b""


class _Onward:
    """Unpacks what was never passed before, in a thread, a few chunks ahead of whoever asks for them."""

    def __init__(self, state: Unpacking, place: int, kept: int, stride: int) -> None:
        """``state`` stands at ``place``; ``kept`` is the last place before to which one can return."""
        self.stride = stride
        self._state = state
        self._place = place
        self._kept = kept
        self._failed = False

    def step(self) -> tuple[bytes, Unpacking | None]:
        """The next chunk, and the state behind it where that is a place to return to. InputError after any error."""
        if self._failed:
            raise InputError("what stands behind a damage is not read", remedy="fetch or build it again")
        self._failed = True
        chunk = self._state.next()
        self._failed = False
        self._place += len(chunk)
        if not chunk or self._place - self._kept < self.stride:
            return chunk, None
        self._kept = self._place
        return chunk, self._state.copy()


class Unpacked:
    """What a packed source holds. What is passed for the first time is digested; places to return to are kept.

    Until all was passed once, a thread unpacks the next chunks while the last one is digested and looked at: nobody
    else may read from the packed source meanwhile, unless it is ``shared``.
    """

    shared = False

    def __init__(self, packed: Source, unpack: Unpack, *, limit: int = UNPACKED_LIMIT) -> None:
        self._begin: Callable[[], Unpacking] = partial(unpack, packed)
        self._limit = limit
        self._state = self._begin()
        self._start = 0
        self._chunk = b""
        #: The farthest place that was ever reached, the digest up to there, and whether that is the end.
        self._reached = 0
        self._digest = hashlib.sha256()
        self._ended = False
        self._given_up = False
        self._thread = ThreadPoolExecutor(1, "unpack")
        self._onward: _Onward | None = None
        self._coming: deque[Future[tuple[bytes, Unpacking | None]]] = deque()
        self._again = 0
        self._stride = STRIDE
        self._places: list[tuple[int, Unpacking]] = []

    def read_at(self, offset: int, size: int) -> bytes:
        """See ``Source``."""
        inside = offset - self._start
        if inside >= 0 and inside + size <= len(self._chunk):
            return self._chunk[inside : inside + size]
        if inside < 0 or (offset > self._start + STRIDE and self._place(offset)[0] > self._start):
            self._go(offset)
        parts: list[bytes] = []
        while size > 0:
            inside = offset - self._start
            if inside >= len(self._chunk):
                if not self._advance():
                    break
                continue
            part = self._chunk[inside : inside + size]
            parts.append(part)
            offset += len(part)
            size -= len(part)
        return b"".join(parts)

    def finish(self) -> str:
        """Pass all that is left; the digest of the whole content."""
        while not self._ended:
            self._advance()
        self._thread.shutdown()
        self._coming.clear()
        self._onward = None
        # Many layers wait for readers who may never come; none holds on to a chunk meanwhile.
        self._start, self._chunk = self._start + len(self._chunk), b""
        return f"sha256:{self._digest.hexdigest()}"

    def give_up(self) -> None:
        """Let whoever reads fail at the next chunk; then the packed source is asked for nothing any more."""
        self._given_up = True
        self._thread.shutdown()

    @property
    def places(self) -> int:
        """From how many places unpacking can go on."""
        return len(self._places)

    def thin(self) -> None:
        """Drop every second one of them."""
        del self._places[::2]

    @property
    def behind(self) -> int:
        """Up to where bytes are gone: to read them means to unpack them again."""
        return self._start

    @property
    def reached(self) -> int:
        """How many bytes were passed until now."""
        return self._reached

    def _advance(self) -> bool:
        """Go to the next chunk; False at the end."""
        if self._given_up:
            raise InputError("it is not read any further")
        end = self._start + len(self._chunk)
        if end < self._reached:
            chunk = self._state.next()
        elif self._ended:
            return False
        else:
            chunk = self._next(end)
        end += len(chunk)
        self._pass(chunk, end - self._reached)
        if not chunk:
            self._ended = True
            return False
        self._start, self._chunk = end - len(chunk), chunk
        return True

    def _next(self, place: int) -> bytes:
        """The chunk behind all that was passed."""
        if self._onward is None:
            self._onward = _Onward(self._state, place, self._places[-1][0] if self._places else 0, self._stride)
        while len(self._coming) <= _AHEAD:
            self._coming.append(self._thread.submit(self._onward.step))
        chunk, state = self._coming.popleft().result()
        if state is not None:
            self._keep(place + len(chunk), state)
        return chunk

    def _pass(self, chunk: bytes, new: int) -> None:
        """Digest and count the last ``new`` bytes of a chunk; how a stream falls into chunks may differ each time."""
        if new > 0:
            self._digest.update(chunk[len(chunk) - new :])
            self._reached += new
        self._again += len(chunk) - max(new, 0)
        remedy = "unpack it first (gunzip, zstd -d), and scan that"
        if self._reached > self._limit:
            self._given_up = True
            raise too_large(self._limit)
        if self._again > 4 * self._reached + AGAIN_LIMIT:
            self._given_up = True
            raise LimitError("its contents stand in an order that takes too long to read", remedy=remedy)

    def _keep(self, place: int, state: Unpacking) -> None:
        self._places.append((place, state))
        if len(self._places) > MOST_PLACES:
            del self._places[::2]
            self._stride *= 2
            if self._onward is not None:
                self._onward.stride = self._stride

    def _place(self, offset: int) -> tuple[int, Unpacking | None]:
        """The nearest place before an offset from which unpacking can go on."""
        number = bisect_right(self._places, offset, key=lambda place: place[0])
        return self._places[number - 1] if number else (0, None)

    def _go(self, offset: int) -> None:
        wait(self._coming)
        self._coming.clear()
        self._onward = None
        place, kept = self._place(offset)
        self._state = (kept.copy() if kept is not None else None) or self._begin()
        self._start, self._chunk = place, b""


def too_large(limit: int) -> LimitError:
    """What is said of something that unpacks to more than that many bytes."""
    return LimitError(f"unpacked it is larger than {limit >> 20} MB", remedy="check whether it is genuine")


def packing(source: Source) -> str:
    """How a source is packed, by its first bytes: "gzip", "zstd", "bzip2", "xz", or "" where it is not."""
    start = source.read_at(0, 8)
    return next((name for magic, name in _MAGIC.items() if start.startswith(magic)), "")


def unpacked(source: Source, unpackers: Mapping[str, Unpack], limit: int = UNPACKED_LIMIT) -> Unpacked | None:
    """What a packed source holds; None where it is not packed. NotAssessableError where nothing here unpacks it."""
    name = packing(source)
    if not name:
        return None
    unpack: Unpack | None = Gunzip if name == "gzip" else unpackers.get(name)
    if unpack is None:
        raise NotAssessableError(f"nothing here unpacks {name}", remedy=_REMEDIES[name])
    return Unpacked(source, unpack, limit=limit)


def chunks(source: Source, size: int | None = None) -> Iterator[bytes]:
    """All bytes of a source, or its first ``size``, in order."""
    offset = 0
    while size is None or offset < size:
        chunk = source.read_at(offset, _PASSED if size is None else min(_PASSED, size - offset))
        if not chunk:
            return
        yield chunk
        offset += len(chunk)
