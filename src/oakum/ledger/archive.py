"""A ledger as one file: the files of its tiles in a tar archive of which every bit is determined.

Source: POSIX.1-1988 (ustar). Owner, mode and time are always the same, and the members stand in one order: checkpoint,
bundles, hash tiles by level. So the same ledger is the same file, and nothing in it can be changed unnoticed. Any tar
unpacks it; one that was packed by hand is not accepted, its folder is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from oakum.errors import InputError, LimitError
from oakum.ledger.sources import CHECKPOINT

BLOCK = 512
_END = bytes(2 * BLOCK)
_MAGIC = slice(257, 265)
_USTAR = b"ustar\x0000"
_REMEDY = "get the file anew; if it was packed by hand, unpack it and verify the folder"


class Bytes(Protocol):
    """Bytes that are sliced: in memory, or of a file that is mapped into it."""

    def __len__(self) -> int: ...

    def __getitem__(self, key: slice, /) -> bytes: ...


def packed(files: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """The archive of some files, piece by piece."""
    for path, data in files:
        yield header(path, len(data))
        yield data
        yield bytes(-len(data) % BLOCK)
    yield _END


def header(path: str, size: int) -> bytes:
    """The only header that a member can have. Raises ValueError for a path of more than 100 bytes."""
    name = path.encode()
    if len(name) > 100:
        raise ValueError(f"{path} is too long for the archive")
    fields = (
        name.ljust(100, b"\0"), b"0000644\0", b"0000000\0", b"0000000\0", b"%011o\0" % size, b"%011o\0" % 0,
        b" " * 8, b"0", bytes(100), _USTAR, bytes(32 + 32), b"0000000\0", b"0000000\0", bytes(155 + 12),
    )  # fmt: skip
    block = b"".join(fields)
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def looks_like_an_archive(data: Bytes) -> bool:
    """Whether a file is meant to be one, be it damaged or not."""
    return data[_MAGIC] == _USTAR or data[: len(CHECKPOINT) + 1] == b"%s\0" % CHECKPOINT.encode()


class ArchiveSource:
    """The files of an archive, each compared with the only form that it can have."""

    def __init__(self, data: Bytes) -> None:
        self._data = data
        self._members = list(_walk(data))
        self._at = {CHECKPOINT: 0}

    def read(self, path: str, limit: int) -> bytes:
        """A member. Raises InputError where its header or the space after it is not as it has to be."""
        at = self._at.get(path)
        if at is None or at >= len(self._members):
            raise FileNotFoundError(path)
        begin, size = self._members[at]
        if size > limit:
            raise LimitError(f"larger than {limit:,} bytes", remedy=_REMEDY)
        end = begin + BLOCK + size
        if end > len(self._data):
            raise InputError("the archive ends here", remedy=_REMEDY)
        if self._data[begin : begin + BLOCK] != header(path, size):
            raise InputError("its header in the archive was changed", remedy=_REMEDY)
        if any(self._data[end : end + (-size % BLOCK)]):
            raise InputError("there is something in the empty space after it", remedy=_REMEDY)
        return self._data[begin + BLOCK : end]

    def expect(self, paths: Sequence[str]) -> None:
        """Members are found by their place, for a name may be what was changed."""
        self._at = {path: at for at, path in enumerate(paths)}

    def strangers(self) -> Iterator[str]:
        """What stands where the archive has to end, if that is anything but its end."""
        last = len(self._at) - 1
        if last < len(self._members):
            begin, size = self._members[last]
            end = begin + BLOCK + size + (-size % BLOCK)
            if self._data[end : end + len(_END) + 1] != _END:
                yield "the end of the archive"


def _walk(data: Bytes) -> Iterator[tuple[int, int]]:
    """Where each member begins, and its size; as far as the sizes make sense."""
    at = 0
    while at + BLOCK <= len(data):
        block = data[at : at + BLOCK]
        if not any(block) and at:
            return
        try:
            size = int(block[124:135], 8)
        except ValueError:
            size = 0
        if size < 0:
            size = 0
        yield at, size
        at += BLOCK + size + (-size % BLOCK)
