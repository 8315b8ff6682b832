"""A folder as a ``Tree``: every path is resolved inside it, as chroot(2) would.

Foreign roots (an unpacked image, a debootstrap folder) hold links made by somebody else: ``/etc/os-release`` may point
to ``/usr/lib/os-release``, which must mean the one of that root, or to ``../../../../etc/shadow``, which must not mean
ours. So each component is opened below its parent's descriptor with O_NOFOLLOW, and links are followed here: an
absolute target starts again at the root, ``..`` stops there. The rule is RESOLVE_IN_ROOT of openat2(2), which Python
does not offer. Descriptors are opened with O_PATH first, so that a FIFO or a device is recognised and never opened.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from oakum.errors import InputError, LimitError, Place, UsageError
from oakum.ports import Kind

#: How many links one path may pass through, as the kernel limits it (MAXSYMLINKS).
MAX_LINKS = 40
#: How deep a path may lead; no package database stands deeper.
MAX_DEPTH = 128

_LOOK = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_CHUNK = 1 << 16


class DirectoryTree:
    """The ``Tree`` of one folder; ``/`` itself is the live machine."""

    def __init__(self, root: Path) -> None:
        """Raises UsageError where ``root`` is no folder that may be entered."""
        self._root = root
        try:
            own, running = root.stat(), Path("/").stat()
        except (OSError, ValueError) as error:
            raise UsageError(
                f"the root cannot be entered: {_reason(error)}",
                place=Place(str(root)),
                remedy="name an existing folder that holds a root file system",
            ) from error
        if not stat.S_ISDIR(own.st_mode):
            raise UsageError(
                "the root is no folder",
                place=Place(str(root)),
                remedy="name the folder that holds the root file system",
            )
        self._live = (own.st_dev, own.st_ino) == (running.st_dev, running.st_ino)

    @property
    def live(self) -> bool:
        """Whether this is the root of the running machine."""
        return self._live

    def read(self, path: str, limit: int) -> bytes:
        """The whole content of a regular file; see ``oakum.ports.Tree``. InputError where it is no regular file."""
        with _translated(path), self._found(path, follow=True) as found:
            if found is None:
                raise FileNotFoundError(path)
            parent, name, seen = found
            if not stat.S_ISREG(seen.st_mode):
                raise InputError("this is no regular file", place=Place(path))
            if seen.st_size > limit:
                raise _too_large(path, limit)
            descriptor = os.open(name, _READ, dir_fd=parent)
            try:
                opened = os.fstat(descriptor)
                if (opened.st_dev, opened.st_ino) != (seen.st_dev, seen.st_ino):
                    raise InputError("this was replaced while it was read", place=Place(path), remedy="try again")
                return _drain(descriptor, path, seen.st_size, limit)
            finally:
                os.close(descriptor)

    def names(self, path: str) -> tuple[str, ...]:
        """The sorted names in a directory; empty where there is none; PermissionError where it may not be listed."""
        with _translated(path), self._found(path, follow=True) as found:
            if found is None or not stat.S_ISDIR(found[2].st_mode):
                return ()
            descriptor = os.open(found[1], _READ | os.O_DIRECTORY, dir_fd=found[0])
            try:
                with os.scandir(descriptor) as entries:
                    return tuple(sorted(entry.name for entry in entries))
            finally:
                os.close(descriptor)

    def kind(self, path: str) -> Kind | None:
        """What stands at the path, without following a final link; None where nothing does."""
        with _translated(path), self._found(path, follow=False) as found:
            if found is None:
                return None
            mode = found[2].st_mode
            if stat.S_ISREG(mode):
                return "file"
            if stat.S_ISDIR(mode):
                return "directory"
            return "link" if stat.S_ISLNK(mode) else "other"

    def readlink(self, path: str) -> str | None:
        """The target of a symbolic link as it is written; None where the path is no link."""
        with _translated(path), self._found(path, follow=False) as found:
            if found is None or not stat.S_ISLNK(found[2].st_mode):
                return None
            return os.readlink(found[1], dir_fd=found[0])

    @contextmanager
    def _found(self, path: str, *, follow: bool) -> Iterator[tuple[int, str, os.stat_result] | None]:
        """The parent's descriptor, the last name below it, and what stands there; None where nothing does."""
        # The descriptors from the root down to where the walk stands; ".." closes the last one.
        walk = [os.open(self._root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)]
        try:
            yield _walk(walk, path, follow)
        finally:
            for descriptor in walk:
                os.close(descriptor)


def _walk(walk: list[int], path: str, follow: bool) -> tuple[int, str, os.stat_result] | None:
    """Descend from the root, ``walk[0]``, along ``path``."""
    waiting = _parts(path)
    links = 0
    while waiting:
        name = waiting.pop()
        if name == "..":
            if len(walk) > 1:
                os.close(walk.pop())
            continue
        parent = walk[-1]
        try:
            seen = os.stat(name, dir_fd=parent, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return None
        if stat.S_ISLNK(seen.st_mode) and (waiting or follow):
            links += 1
            if links > MAX_LINKS:
                raise InputError(f"more than {MAX_LINKS} symbolic links lead from one to another", place=Place(path))
            target = os.readlink(name, dir_fd=parent)
            waiting.extend(_parts(target))
            if target.startswith("/"):
                while len(walk) > 1:
                    os.close(walk.pop())
            continue
        if not waiting:
            return parent, name, seen
        if not stat.S_ISDIR(seen.st_mode):
            return None
        if len(walk) >= MAX_DEPTH:
            raise LimitError(f"the path leads deeper than {MAX_DEPTH} folders", place=Place(path))
        walk.append(os.open(name, _LOOK | os.O_DIRECTORY, dir_fd=parent))
    return walk[-1], ".", os.stat(".", dir_fd=walk[-1])


def _parts(path: str) -> list[str]:
    """The components of a path, the first one last."""
    return [part for part in reversed(path.split("/")) if part not in ("", ".")]


def _drain(descriptor: int, path: str, expected: int, limit: int) -> bytes:
    """Read to the end; files in /proc state a size of 0, so the end is where a read gives nothing."""
    data = os.read(descriptor, min(expected, limit) + 1)
    if not data or len(data) == expected:
        # A regular read that ends exactly at the stated size is the end, except in /proc, where that size is 0.
        return data
    chunks = [data]
    size = len(data)
    while size <= limit:
        data = os.read(descriptor, _CHUNK)
        if not data:
            return b"".join(chunks)
        chunks.append(data)
        size += len(data)
    raise _too_large(path, limit)


def _too_large(path: str, limit: int) -> LimitError:
    return LimitError(f"larger than {limit} bytes", place=Place(path), remedy="check whether this file is genuine")


@contextmanager
def _translated(path: str) -> Iterator[None]:
    """Turn the system's errors into the port's words; what may not be read stays a PermissionError."""
    try:
        yield
    except FileNotFoundError:
        raise
    except PermissionError as error:
        raise PermissionError(error.errno, error.strerror, path) from error
    except ProcessLookupError as error:
        # A process whose folder in /proc was just read has ended.
        raise FileNotFoundError(path) from error
    except (OSError, ValueError) as error:
        raise InputError(f"this cannot be read: {_reason(error)}", place=Place(path)) from error


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
