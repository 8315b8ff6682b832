"""What came from a registry, kept in a private file without a name for as long as an image is read.

A layer must be whole before a byte of it is believed, since its digest is over all of it; and contents are read from
it again, in the order of the readers and not of the archive. To ask the registry anew each time would transfer a layer
many times over, and memory is too small for it: so it lies, packed as it came, in a file that nobody else can open and
that is gone with this process however it ends.
"""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Callable
from pathlib import Path

from oakum.errors import LimitError
from oakum.fleet.images.sources import UNPACKED_LIMIT, UnreachedError


class Held:
    """The file; its pieces are written one after another."""

    def __init__(self, limit: int = UNPACKED_LIMIT, watch: Callable[[], None] = lambda: None) -> None:
        """``limit`` is for all pieces together, in bytes; ``watch`` is called at each step, to end it by raising."""
        self.limit = limit
        self.watch = watch
        self.end = 0
        try:
            self.descriptor, name = tempfile.mkstemp(prefix="oakum-")
        except OSError as error:
            raise _unkept(error) from None
        weakref.finalize(self, os.close, self.descriptor)
        Path(name).unlink()

    def piece(self) -> Piece:
        """A new piece behind the last one, which must be complete."""
        return Piece(self)


class Piece:
    """One blob; see ``oakum.fleet.images.sources.Source``."""

    shared = True

    def __init__(self, held: Held) -> None:
        self._held = held
        self._start = held.end
        self.size = 0

    def write(self, data: bytes) -> None:
        """Append; LimitError where too much came in all, UnreachedError where there is no room for it."""
        if self._start + self.size + len(data) > self._held.limit:
            raise LimitError(
                f"packed it is larger than {self._held.limit >> 20} MB", remedy="check whether it is genuine"
            )
        self._held.watch()
        rest = memoryview(data)
        while rest:
            try:
                written = os.pwrite(self._held.descriptor, rest, self._start + self.size)
            except OSError as error:
                raise _unkept(error) from None
            self.size += written
            rest = rest[written:]
        self._held.end = self._start + self.size

    def restart(self) -> None:
        """Forget what was written."""
        self.size = 0
        self._held.end = self._start

    def read_at(self, offset: int, size: int) -> bytes:
        """See ``Source``."""
        self._held.watch()
        size = min(size, self.size - offset)
        return os.pread(self._held.descriptor, size, self._start + offset) if size > 0 else b""


def _unkept(error: OSError) -> UnreachedError:
    return UnreachedError(
        f"cannot be kept in {tempfile.gettempdir()} while it is read: {error.strerror}",
        remedy="set TMPDIR to a folder with room for the packed image",
    )
