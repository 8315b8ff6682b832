"""Zip archives read at any place: the list of members at their end, and one member at a time.

Source: PKWARE's APPNOTE.TXT (4.3.7, 4.3.12, 4.3.16). Stored and deflated members are read, which is what Java writes;
archives of the form Zip64 are not.
"""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

from oakum.errors import InputError, LimitError
from oakum.fleet.images.sources import Memory, Part
from oakum.fleet.languages.sources import Source

#: Bytes of the list of members; fifty thousand classes have five megabytes.
_LIST_LIMIT = 1 << 23
_END, _MEMBER, _LOCAL = b"PK\5\6", b"PK\1\2", b"PK\3\4"
_STORED, _DEFLATED = 0, 8


class Member(NamedTuple):
    """A member by its name: how it is packed, and where."""

    name: str
    method: int
    packed: int
    offset: int


class Zip:
    """The members of an archive."""

    def __init__(self, source: Source) -> None:
        """Raises InputError where it is no sound archive, LimitError where it has too many members."""
        self._source = source
        tail_at = max(0, source.size - 22 - 0xFFFF)
        tail = source.read_at(tail_at, source.size - tail_at)
        end = tail.rfind(_END)
        if end < 0 or end + 22 > len(tail):
            raise InputError("no sound zip archive: its end is missing")
        size, offset = struct.unpack_from("<II", tail, end + 12)
        if size > _LIST_LIMIT:
            raise LimitError(f"its list of members has {size} bytes, more than {_LIST_LIMIT}")
        # What stands before the archive, as a script that starts it, shifts all places.
        shift = tail_at + end - size - offset
        if shift < 0:
            raise InputError("no sound zip archive: its end does not fit")
        self.members = _members(source.read_at(offset + shift, size), shift)

    def open(self, member: Member, limit: int) -> Source:
        """The content of a member; LimitError where it unpacks to more than ``limit`` bytes."""
        head = self._source.read_at(member.offset, 30)
        if len(head) < 30 or head[:4] != _LOCAL:
            raise InputError(f"no sound zip archive: {member.name[:200]!a} is not where its list says")
        name, extra = struct.unpack_from("<HH", head, 26)
        packed = Part(self._source, member.offset + 30 + name + extra, member.packed)
        if member.method == _STORED:
            return packed
        if member.method != _DEFLATED:
            raise InputError(f"{member.name[:200]!a} is packed in the unknown way {member.method}")
        unpacking = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            data = unpacking.decompress(packed.read_at(0, min(packed.size, limit)), limit + 1)
        except zlib.error as error:
            raise InputError(f"{member.name[:200]!a} cannot be unpacked: {error}") from error
        if len(data) > limit:
            raise LimitError(f"{member.name[:200]!a} is larger than {limit} bytes")
        if not unpacking.eof:
            raise InputError(f"{member.name[:200]!a} is cut off")
        return Memory(data)


def _members(listed: bytes, shift: int) -> list[Member]:
    found = []
    at = 0
    while at < len(listed):
        if listed[at : at + 4] != _MEMBER or at + 46 > len(listed):
            raise InputError("no sound zip archive: its list of members is damaged")
        (method,) = struct.unpack_from("<H", listed, at + 10)
        packed, _, name, extra, comment = struct.unpack_from("<IIHHH", listed, at + 20)
        (offset,) = struct.unpack_from("<I", listed, at + 42)
        text = listed[at + 46 : at + 46 + name].decode("utf-8", "replace")
        found.append(Member(text, method, packed, offset + shift))
        at += 46 + name + extra + comment
    return found
