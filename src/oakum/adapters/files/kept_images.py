"""What was found in images, kept by digest, so that no image is fetched twice.

A digest names contents that never change, and who reads them is this version of the program: both are in the name of a
file, with the platform. A file holds its own digest, so that one which was cut off or changed counts for nothing.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

import msgspec

from oakum import __version__
from oakum.fleet.assets import Asset

#: Raised when a reader of images finds more or other things than before.
READERS = 1
#: Files that are kept; an image has some hundred kilobytes.
MOST = 4000
_MARK = 32


class KeptImages:
    """A folder of them; whatever goes wrong with it only means that an image is fetched again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, digest: str, platform: str) -> Asset | None:
        """What was found in the image of a digest; None where nobody has looked."""
        path = self._path(digest, platform)
        try:
            data = path.read_bytes()
        except OSError:
            return None
        if hashlib.sha256(data[_MARK:]).digest() != data[:_MARK]:
            return None
        try:
            found = msgspec.msgpack.decode(data[_MARK:], type=Asset)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        with suppress(OSError):
            os.utime(path)  # what is used stays the longest
        return found

    def put(self, digest: str, platform: str, asset: Asset) -> None:
        """Keep what was found, all of it or nothing."""
        data = msgspec.msgpack.encode(asset)
        path = self._path(digest, platform)
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            self._make_room()
            handle, name = tempfile.mkstemp(prefix=".", dir=self._folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(hashlib.sha256(data).digest() + data)
                Path(name).replace(path)
            except OSError:
                Path(name).unlink(missing_ok=True)

    def _make_room(self) -> None:
        files = [(entry.stat().st_mtime, entry.path) for entry in os.scandir(self._folder) if entry.is_file()]
        for _, path in sorted(files)[: max(0, len(files) - MOST + 1)]:
            Path(path).unlink(missing_ok=True)

    def _path(self, digest: str, platform: str) -> Path:
        named = f"{digest} {platform} {__version__} {READERS}"
        return self._folder / hashlib.sha256(named.encode()).hexdigest()
