"""A download as it comes in: the bytes so far, and of which edition of the document they are.

It survives the process. What came in of one edition is gone on with only while the server still has that edition
(RFC 9110, If-Range with a strong validator); a whole one that nobody has taken yet is not fetched again.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

import msgspec


class Edition(msgspec.Struct, frozen=True):
    """Which edition of a document: where it was asked for, its validators, its coding and its length (-1: not said).

    ``range_by`` is the validator by which a part of it may be asked for, empty where none is strong enough.
    """

    url: str = ""
    etag: str = ""
    modified: str = ""
    range_by: str = ""
    coding: str = ""
    length: int = -1
    checksums: tuple[tuple[str, str], ...] = ()
    whole: bool = False


class Incoming:
    """The file of a download, and beside it ``.edition``; both are absent before its first byte."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._beside = path.with_name(f"{path.name}.edition")

    def edition(self, url: str) -> Edition | None:
        """Of which edition of this address the bytes are; None where there are none, or nobody knows."""
        try:
            found = msgspec.json.decode(self._beside.read_bytes(), type=Edition)
        except (OSError, msgspec.MsgspecError):
            return None
        whole = found.whole and found.length == self.size
        return msgspec.structs.replace(found, whole=whole) if found.url == url and self.size else None

    @property
    def size(self) -> int:
        """Bytes so far."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def begin(self, edition: Edition) -> BinaryIO:
        """Empty, and of a new edition; what is written to the file that comes back is appended."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.drop()
        self._beside.write_bytes(msgspec.json.encode(edition))
        return self.path.open("wb")

    def more(self) -> BinaryIO:
        """The same edition, gone on with."""
        return self.path.open("ab")

    def end(self, edition: Edition) -> Edition:
        """All of it is there and on the disk."""
        with self.path.open("rb") as file:
            os.fsync(file.fileno())
        ended = msgspec.structs.replace(edition, length=self.size, whole=True)
        self._beside.write_bytes(msgspec.json.encode(ended))
        return ended

    def drop(self) -> None:
        """Away with it."""
        self._beside.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)
