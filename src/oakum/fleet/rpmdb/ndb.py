"""``Packages.db``: rpm's own database format ("ndb"), which SUSE uses.

Everything is little-endian. A 32-byte head (magic ``RpmP``, version 0, generation, number of slot pages)
stands at the start of the first page of 4,096 bytes; the rest of the slot pages are slots of 16 bytes
(``Slot``, package number, first block, number of blocks; a free slot has block 0). Blocks are 16 bytes. A
blob has a head (``BlbS``, package number, time, length), the header, zeros up to a whole block, and a tail
(Adler-32 over all before, length, ``BlbE``). Source: rpm's lib/backend/ndb/rpmpkg.c.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from oakum.errors import InputError
from oakum.fleet.rpmdb.records import Record

_PAGE = 4096
_BLOCK = 16
_HEAD = 32
_SLOT = struct.Struct("<4sIII")
_BLOB_HEAD = struct.Struct("<4sIII")
_BLOB_TAIL = struct.Struct("<II4s")

_REMEDY = "copy the whole file again, or rebuild it with 'rpm --rebuilddb'"


def records(data: bytes) -> Iterator[Record]:
    """Every header of a ``Packages.db``; raises InputError where the file as a whole is broken or truncated."""
    slots = _slots(data)
    seen: set[int] = set()
    budget = len(data)
    for number, block, blocks in slots:
        if number in seen:
            yield Record(number, damage=f"two slots claim package number {number}")
            continue
        seen.add(number)
        budget -= blocks * _BLOCK
        if budget < 0:
            raise InputError("the slots claim more bytes than the file has: they overlap", remedy=_REMEDY)
        yield _record(data, number, block * _BLOCK, blocks * _BLOCK)


def _slots(data: bytes) -> list[tuple[int, int, int]]:
    if len(data) < _HEAD:
        raise InputError(f"truncated: {len(data)} bytes, where the head alone has {_HEAD}", remedy=_REMEDY)
    magic, version, _, pages = struct.unpack_from("<4sIII", data)
    if magic != b"RpmP":
        raise InputError("not an ndb database: it does not start with 'RpmP'", remedy=_REMEDY)
    if version != 0:
        raise InputError(f"ndb version {version} is not known (only 0 is)", remedy="update oakum")
    if pages < 1 or pages * _PAGE > len(data):
        raise InputError(f"truncated: {pages} slot pages declared, {len(data)} bytes present", remedy=_REMEDY)
    slots = []
    for at, (magic, number, block, blocks) in enumerate(_SLOT.iter_unpack(data[_HEAD : pages * _PAGE])):
        if magic != b"Slot":
            raise InputError(f"slot {at} has no mark: the table of slots is overwritten", remedy=_REMEDY)
        if not block:
            continue
        if (block + blocks) * _BLOCK > len(data):
            raise InputError(
                f"truncated: package number {number} ends at byte {(block + blocks) * _BLOCK}, the file at {len(data)}",
                remedy=_REMEDY,
            )
        if not number or not blocks or block * _BLOCK < pages * _PAGE:
            raise InputError(f"slot {at} points into the table of slots, or at nothing", remedy=_REMEDY)
        slots.append((number, block, blocks))
    return slots


def _record(data: bytes, number: int, start: int, size: int) -> Record:
    if size < _BLOB_HEAD.size + _BLOB_TAIL.size:
        return Record(number, damage=f"{size} bytes are too few for a header")
    magic, owner, _, length = _BLOB_HEAD.unpack_from(data, start)
    end = start + size - _BLOB_TAIL.size
    checksum, length_again, tail_magic = _BLOB_TAIL.unpack_from(data, end)
    body = start + _BLOB_HEAD.size
    if magic != b"BlbS" or tail_magic != b"BlbE" or owner != number:
        return Record(number, damage=f"the blob at byte {start} lacks its marks")
    if length != length_again or not end - _BLOCK < body + length <= end:
        return Record(number, damage=f"the blob at byte {start} declares {length} bytes, its slot {size}")
    if zlib.adler32(memoryview(data)[start:end]) != checksum:
        return Record(number, damage=f"the blob at byte {start} does not have its checksum")
    return Record(number, data[body : body + length])
