"""Images on disk: a folder or a file as what ``oakum.fleet.images`` reads from.

A file is opened for each piece that is read and closed again, since an image may have more layers than a process may
have open files; that it is still the same one is asked each time.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from oakum.adapters.files.zstd import unpackers
from oakum.errors import InputError, OakumError, Place
from oakum.fleet.images import tar
from oakum.fleet.images.archives import ArchiveStore
from oakum.fleet.images.reading import Store
from oakum.fleet.images.sources import Source, unpacked

_AHEAD = 1 << 16
_OPEN = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class FileSource:
    """The bytes of a regular file."""

    shared = True

    def __init__(self, path: Path) -> None:
        """Raises InputError where it is no regular file or may not be read, FileNotFoundError where it is not there."""
        self._path = path
        #: A place and the bytes from there on, as they were read last; one value, so that threads see both or neither.
        self._ahead = (0, b"")
        self._seen: tuple[int, ...] | None = None
        self._read(0, 0)

    def read_at(self, offset: int, size: int) -> bytes:
        """See ``oakum.fleet.images.sources.Source``."""
        start, ahead = self._ahead
        if offset < start or offset + size > start + len(ahead):
            start, ahead = offset, self._read(offset, max(size, _AHEAD))
            if len(ahead) <= _AHEAD:
                self._ahead = start, ahead
        return ahead[offset - start : offset - start + size]

    def _read(self, offset: int, size: int) -> bytes:
        try:
            descriptor = os.open(self._path, _OPEN)
        except FileNotFoundError:
            raise
        except OSError as error:
            remedy = "check the path and its permissions"
            raise InputError(error.strerror or str(error), place=Place(str(self._path)), remedy=remedy) from error
        try:
            seen = os.fstat(descriptor)
            if not stat.S_ISREG(seen.st_mode):
                raise InputError("this is no regular file", place=Place(str(self._path)))
            now = (seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns)
            if now != (self._seen or now):
                raise InputError("this was changed while it was read", place=Place(str(self._path)), remedy="try again")
            self._seen = now
            return os.pread(descriptor, size, offset)
        except OSError as error:
            raise InputError(error.strerror or str(error), place=Place(str(self._path))) from error
        finally:
            os.close(descriptor)


class FolderStore:
    """The parts of an image in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self, path: str) -> Source | None:
        """The file at a relative path; None where there is none."""
        try:
            return FileSource(self._folder / path)
        except FileNotFoundError:
            return None


def image_store(path: Path) -> Store | None:
    """What may hold images: a folder that says so, a tar archive, packed or not; None for all else.

    Raises InputError where an archive is damaged, NotAssessableError where nothing here unpacks it.
    """
    if path.is_dir():
        return FolderStore(path) if (path / "oci-layout").is_file() else None
    file = FileSource(path)
    archive = unpacked(file, unpackers()) or file
    try:
        if not tar.begins(archive):
            return None
    except OakumError:
        # What is damaged at once is for whoever reads all other files to tell.
        return None
    return ArchiveStore(archive)
