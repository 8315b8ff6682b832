"""ELF files, as far as it takes to find a section by its name or a place by its address.

Source: System V ABI, generic, chapters 4 and 5 (object files, program loading). Only the tables are read, in few
pieces and onwards, since contents in a packed layer are dear to go back to.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from oakum.errors import InputError
from oakum.fleet.languages.sources import Source

#: Sections and segments of one file that are looked at, and bytes of the names of sections.
_TABLE_LIMIT, _NAMES_LIMIT = 4096, 1 << 18
#: Segments are described at the beginning; the names of sections stand before the table of sections, at the end.
_HEAD, _BEFORE = 4096, 1 << 14
_LOAD, _WRITABLE, _NOTHING = 1, 2, 8


class NoElfError(InputError):
    """Bytes that are no ELF file, or one whose tables are damaged."""


class Part(NamedTuple):
    """A section or a segment: where it stands in memory and in the file."""

    address: int
    offset: int
    size: int
    writable: bool = False


class Elf:
    """The tables of an ELF file."""

    def __init__(self, source: Source) -> None:
        """Raises NoElfError where it is no ELF file or its tables are damaged."""
        self.source = source
        self._offset, self._kept = 0, source.read_at(0, _HEAD)
        head = self._kept[:64]
        if len(head) < 52 or head[:4] != b"\x7fELF" or head[4] not in (1, 2) or head[5] not in (1, 2):
            raise NoElfError("no ELF file")
        self.wide = head[4] == 2
        self.order = "<" if head[5] == 1 else ">"
        try:
            form = f"{self.order}{'QQQ' if self.wide else 'III'}I6H"
            fields = struct.unpack_from(form, head, 24)
            _, self._segments_at, self._sections_at, _, _, self._segment, self._segments, *rest = fields
            self._section, self._sections, self._names = rest
        except struct.error as error:
            raise NoElfError("the header of the ELF file is cut off") from error
        #: Whether there is a table of sections, which may be stripped.
        self.named = bool(self._sections_at and self._sections)
        self._loaded = self._segments_of()
        self._tables: tuple[bytes, bytes] | None = None

    def mentions(self, *names: bytes) -> bool:
        """Whether the table of sections may have one of these names, which costs less than to look for it."""
        _, known = self._section_names()
        return any(name + b"\0" in known for name in names)

    def section(self, name: bytes) -> Part | None:
        """The section of that name; None where there is none, or where the table of sections was stripped."""
        if not self.mentions(name):
            return None
        table, names = self._section_names()
        for at in range(0, len(table), self._section):
            place, kind, _, address, offset, size = self._section_of(table, at)
            if kind != _NOTHING and names[place : place + len(name) + 1] == name + b"\0":
                return Part(address, offset, size)
        return None

    def _section_names(self) -> tuple[bytes, bytes]:
        """The table of sections, and the names that it points into; read once."""
        if self._tables is None:
            table = self._table(self._sections_at, self._sections, self._section, 64 if self.wide else 40)
            names = b""
            if self._names * self._section < len(table):
                _, _, _, _, at, size = self._section_of(table, self._names * self._section)
                names = self._read(at, min(size, _NAMES_LIMIT))
            self._tables = table, names
        return self._tables

    def _section_of(self, table: bytes, at: int) -> tuple[int, ...]:
        return struct.unpack_from(f"{self.order}{'IIQQQQ' if self.wide else 'IIIIII'}", table, at)

    def segments(self) -> list[Part]:
        """The segments that are loaded, as far as the file has them."""
        return self._loaded

    def _segments_of(self) -> list[Part]:
        found = []
        table = self._table(self._segments_at, self._segments, self._segment, 56 if self.wide else 32)
        for at in range(0, len(table), self._segment or 1):
            if self.wide:
                kind, flags, offset, address, _, size = struct.unpack_from(f"{self.order}IIQQQQ", table, at)
            else:
                kind, offset, address, _, size, _, flags = struct.unpack_from(f"{self.order}7I", table, at)
            if kind == _LOAD:
                found.append(Part(address, offset, size, bool(flags & _WRITABLE)))
        return found

    def read(self, address: int, size: int) -> bytes:
        """Bytes of memory as the file fills it; fewer or none where it does not."""
        for part in self.segments():
            if part.address <= address < part.address + part.size:
                return self.source.read_at(
                    part.offset + address - part.address, min(size, part.address + part.size - address)
                )
        return b""

    def _table(self, offset: int, count: int, size: int, least: int) -> bytes:
        if not count or not offset:
            return b""
        if size < least or size > 256 or count > _TABLE_LIMIT:
            raise NoElfError("the tables of the ELF file make no sense")
        data = self._read(offset, count * size)
        if len(data) < count * size:
            raise NoElfError("the ELF file is cut off")
        return data

    def _read(self, offset: int, size: int) -> bytes:
        """Bytes of the file, out of the piece that was read last where they are in it."""
        if not self._offset <= offset <= offset + size <= self._offset + len(self._kept):
            self._offset = max(0, offset - _BEFORE)
            self._kept = self.source.read_at(self._offset, offset - self._offset + size)
        return self._kept[offset - self._offset : offset - self._offset + size]
