"""What a host has sent of itself in one answer, as a ``Tree``: the readers of a scan read it like the machine itself.

The answer is a tar archive, made by a program that we gave, on a machine that may be hostile: it is never unpacked to
a disk, its size and its number of entries are limited, links are resolved inside it, and whatever is no file, folder or
link is left out. Files that the account may not read are named in ``/.oakum/denied``.
"""

from __future__ import annotations

import io
import tarfile
import zlib

from oakum.adapters.ssh.commands import COLLECT, COLLECT_ONCE
from oakum.errors import InputError, LimitError, Place
from oakum.ports import Kind

__all__ = ["COLLECT", "COLLECT_ONCE", "CollectedTree"]

#: Bytes of an answer, packed and unpacked, and its entries.
PACKED, UNPACKED, ENTRIES = 1 << 26, 1 << 29, 200_000
_LINKS = 40


class CollectedTree:
    """The files of one answer; raises InputError where it is no such archive, or cut off."""

    live = True

    def __init__(self, answer: bytes, name: str) -> None:
        self._name = name
        self._files: dict[str, bytes] = {}
        self._links: dict[str, str] = {}
        self._folders: dict[str, set[str]] = {"/": set()}
        self._take(_unpacked(answer, name))
        denied = self._files.get("/.oakum/denied")
        if denied is None:
            raise InputError("the answer is cut off", place=Place(name), remedy="scan the host again")
        self._denied = frozenset(denied.decode("utf-8", "replace").splitlines())

    def _take(self, data: bytes) -> None:
        try:
            with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
                for number, entry in enumerate(archive):
                    if number >= ENTRIES:
                        raise LimitError(f"more than {ENTRIES:,} entries", place=Place(self._name))
                    self._enter(archive, entry)
        except tarfile.TarError as error:
            remedy = "see what the account's shell prints before a command (it has to print nothing)"
            raise InputError(f"the answer is no archive: {error}", place=Place(self._name), remedy=remedy) from None

    def _enter(self, archive: tarfile.TarFile, entry: tarfile.TarInfo) -> None:
        parts = [part for part in entry.name.split("/") if part not in ("", ".")]
        if ".." in parts:
            raise InputError("an entry leads out of the archive", place=Place(self._name))
        path = "/" + "/".join(parts)
        if entry.isfile():
            content = archive.extractfile(entry)
            self._files[path] = content.read() if content is not None else b""
        elif entry.issym():
            self._links[path] = entry.linkname
        elif entry.isdir():
            self._folders.setdefault(path, set())
        else:
            return
        while parts:
            name = parts.pop()
            self._folders.setdefault("/" + "/".join(parts), set()).add(name)

    def read(self, path: str, limit: int) -> bytes:
        """The content of a file; see ``oakum.ports.Tree``."""
        found = self._resolved(path)
        if found in self._denied:
            raise PermissionError(13, "Permission denied", path)
        content = self._files.get(found)
        if content is None:
            if found in self._folders:
                raise InputError("this is no regular file", place=Place(path))
            raise FileNotFoundError(path)
        if len(content) > limit:
            raise LimitError(f"larger than {limit} bytes", place=Place(path))
        return content

    def names(self, path: str) -> tuple[str, ...]:
        """The sorted names in a folder."""
        return tuple(sorted(self._folders.get(self._resolved(path), ())))

    def kind(self, path: str) -> Kind | None:
        """What stands at a path, a final link unresolved."""
        folder, _, name = path.rstrip("/").rpartition("/")
        found = f"{self._resolved(folder).rstrip('/')}/{name}" if name else "/"
        if found in self._links:
            return "link"
        if found in self._files or found in self._denied:
            return "file"
        return "directory" if found in self._folders else None

    def readlink(self, path: str) -> str | None:
        """The target of a link as it is written."""
        folder, _, name = path.rstrip("/").rpartition("/")
        return self._links.get(f"{self._resolved(folder).rstrip('/')}/{name}")

    def _resolved(self, path: str) -> str:
        waiting = [part for part in reversed(path.split("/")) if part not in ("", ".")]
        found: list[str] = []
        links = 0
        while waiting:
            part = waiting.pop()
            if part == "..":
                if found:
                    found.pop()
                continue
            target = self._links.get("/" + "/".join([*found, part]))
            if target is None:
                found.append(part)
                continue
            links += 1
            if links > _LINKS:
                raise InputError(f"more than {_LINKS} symbolic links lead from one to another", place=Place(path))
            waiting += [each for each in reversed(target.split("/")) if each not in ("", ".")]
            if target.startswith("/"):
                found = []
        return "/" + "/".join(found)


def _unpacked(answer: bytes, name: str) -> bytes:
    if answer[:2] != b"\x1f\x8b":
        return answer
    one = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        data = one.decompress(answer, UNPACKED + 1)
    except zlib.error as error:
        raise InputError(f"the answer is damaged: {error}", place=Place(name), remedy="scan the host again") from None
    if len(data) > UNPACKED:
        raise LimitError(f"unpacked it is larger than {UNPACKED:,} bytes", place=Place(name))
    if not one.eof:
        raise InputError("the answer is cut off", place=Place(name), remedy="scan the host again")
    return data
