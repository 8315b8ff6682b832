"""zstd, which the standard library cannot unpack before Python 3.14, by its own tool: piece by piece through pipes.

One thread feeds and drains the tool in turn, so that whoever lends the packed bytes is never asked by two at once. The
tool refuses windows above 128 MB by itself.
"""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import weakref
from collections.abc import Mapping
from functools import partial

from oakum.errors import InputError
from oakum.fleet.images.sources import CHUNK, Source, Unpack

_PIECE = 1 << 16


def unpackers() -> Mapping[str, Unpack]:
    """What this machine can unpack beside gzip, by name."""
    tool = shutil.which("zstd")
    return {} if tool is None else {"zstd": partial(Zstd, tool)}


class Zstd:
    """The state of unpacking a zstd source; see ``oakum.fleet.images.sources.Unpacking``."""

    def __init__(self, tool: str, packed: Source) -> None:
        self._packed = packed
        self._offset = 0
        self._waiting = b""
        self._process = subprocess.Popen(  # noqa: S603 (fixed command)
            (tool, "-d", "-c", "-q"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        os.set_blocking(self._stdin.fileno(), False)
        self._stop = weakref.finalize(self, _stop, self._process)

    def next(self) -> bytes:
        """The next bytes, none at the end; InputError where the stream is damaged or cut off."""
        if not self._stop.alive:
            return b""
        out = self._stdout.fileno()
        while True:
            feeding = not self._stdin.closed
            readable, writable, _ = select.select([out], [self._stdin.fileno()] if feeding else [], [])
            if readable:
                data = os.read(out, CHUNK)
                if not data:
                    self._ended()
                return data
            if writable:
                self._feed()

    def copy(self) -> None:
        """The tool's state cannot be copied."""

    def _feed(self) -> None:
        if not self._waiting:
            self._waiting = self._packed.read_at(self._offset, _PIECE)
            self._offset += len(self._waiting)
        if not self._waiting:
            self._stdin.close()
            return
        try:
            written = os.write(self._stdin.fileno(), self._waiting)
        except BlockingIOError:
            return
        except BrokenPipeError:
            # The tool has given up; its exit code says so when its output ends.
            self._stdin.close()
            return
        self._waiting = self._waiting[written:]

    def _ended(self) -> None:
        fed = self._stdin.closed
        failed = self._process.wait()
        self._stop()
        if failed or not fed:
            raise InputError("the zstd stream is damaged or cut off", remedy="fetch or build it again")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    process.wait()
