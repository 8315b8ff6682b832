"""``Packages``: a Berkeley DB hash file, as rpm wrote it up to version 4.16 (RHEL 8, Amazon Linux 2, SLES
12).

Page 0 holds the metadata; bucket ``b`` starts at page ``b + spares[bits of b]`` and goes on in a chain of
pages. A page has a head of 26 bytes and a table of offsets to items, which fill the page from its end: key,
value, key, value. A key is the 4-byte number of a header (0 is rpm's counter and no header); a value stands
on the page or, mostly, in a chain of overflow pages. Numbers have the byte order of the machine that made the
file. Source: rpm's read-only reader, lib/backend/bdb_ro.c; Berkeley DB 5.3's dbinc/db_page.h.

No page is followed twice, so that a chain cannot be a circle and all blobs together are no larger than the
file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from oakum.errors import InputError
from oakum.fleet.rpmdb.records import Record

_MAGIC = 0x061561
_BTREE_MAGIC = 0x053162
_VERSIONS = range(8, 11)
_META = 512  # bytes of metadata at the start of page 0
_PAGE_HEAD = 26
_HASH_PAGES = (2, 13)  # unsorted, sorted
_OVERFLOW_PAGE = 7
_ON_PAGE, _OFF_PAGE = 1, 3

_REMEDY = "copy the whole file again, or rebuild it with 'rpm --rebuilddb'"


class _DamagedError(Exception):
    """A record or a chain that cannot be followed; never leaves this module."""


def records(data: bytes) -> Iterator[Record]:
    """Every header of a ``Packages`` file; raises InputError where the file as a whole is broken or truncated."""
    return _File(data).records()


class _File:
    def __init__(self, data: bytes) -> None:
        if len(data) < _META:
            raise InputError(f"truncated: {len(data)} bytes, where the metadata alone has {_META}", remedy=_REMEDY)
        self.data = data
        self.order = ">" if struct.unpack_from(">I", data, 12)[0] in (_MAGIC, _BTREE_MAGIC) else "<"
        magic, version, self.page_size = struct.unpack_from(self.order + "III", data, 12)
        if magic == _BTREE_MAGIC:
            raise InputError("a Berkeley DB tree, where rpm keeps its packages in a hash", remedy=_REMEDY)
        if magic != _MAGIC:
            raise InputError("not a Berkeley DB hash file: its magic number is absent", remedy=_REMEDY)
        if version not in _VERSIONS:
            raise InputError(f"Berkeley DB hash version {version} is not known (8 to 10 are)", remedy=_REMEDY)
        if data[24] or data[26] & 1:
            raise InputError("the database is encrypted or has page checksums, which rpm never writes", remedy=_REMEDY)
        if self.page_size not in (512, 1024, 2048, 4096, 8192, 16384, 32768, 65536):
            raise InputError(f"the page size {self.page_size} is not possible", remedy=_REMEDY)
        (last,) = struct.unpack_from(self.order + "I", data, 32)
        (self.last_bucket,) = struct.unpack_from(self.order + "I", data, 72)
        self.spares: tuple[int, ...] = struct.unpack_from(self.order + "32I", data, 96)
        self.pages = last + 1
        if self.pages * self.page_size > len(data):
            raise InputError(
                f"truncated: {self.pages} pages of {self.page_size} bytes declared, {len(data)} bytes present",
                remedy=_REMEDY,
            )
        if self.last_bucket >= self.pages:
            raise InputError(f"{self.last_bucket + 1} buckets do not fit into {self.pages} pages", remedy=_REMEDY)
        self.followed = bytearray(self.pages)

    def records(self) -> Iterator[Record]:
        for bucket in range(self.last_bucket + 1):
            page = bucket + self.spares[bucket.bit_length()]
            while page:
                try:
                    items, following = self._hash_page(page)
                except _DamagedError as damage:
                    yield Record(0, damage=f"bucket {bucket} of the hash: {damage}")
                    break
                yield from self._page_records(items)
                page = following

    def _page_records(self, items: list[bytes]) -> Iterator[Record]:
        for key, value in zip(items[::2], items[1::2], strict=True):
            if len(key) != 5 or key[0] != _ON_PAGE:
                yield Record(0, damage="a key is not the 4-byte number of a header")
                continue
            number: int = struct.unpack_from(self.order + "I", key, 1)[0]
            if not number:
                continue
            try:
                yield Record(number, self._value(value))
            except _DamagedError as damage:
                yield Record(number, damage=str(damage))

    def _page(self, page: int, kinds: tuple[int, ...]) -> int:
        """The byte where a page starts, once it is known to be itself, of a kind, and not followed before."""
        if not 0 < page < self.pages:
            raise _DamagedError(f"page {page} is outside the file")
        if self.followed[page]:
            raise _DamagedError(f"page {page} belongs to two chains, or its chain is a circle")
        self.followed[page] = 1
        start: int = page * self.page_size
        (itself,) = struct.unpack_from(self.order + "I", self.data, start + 8)
        if itself != page or self.data[start + 25] not in kinds:
            raise _DamagedError(f"page {page} is overwritten")
        return start

    def _hash_page(self, page: int) -> tuple[list[bytes], int]:
        """The items of a page, each with its leading byte of kind, and the number of the next page of the chain."""
        start = self._page(page, _HASH_PAGES)
        (following,) = struct.unpack_from(self.order + "I", self.data, start + 16)
        (count,) = struct.unpack_from(self.order + "H", self.data, start + 20)
        floor = _PAGE_HEAD + 2 * count
        if count % 2 or floor > self.page_size:
            raise _DamagedError(f"page {page} declares {count} items")
        offsets = struct.unpack_from(f"{self.order}{count}H", self.data, start + _PAGE_HEAD)
        items = []
        end = self.page_size
        for offset in offsets:
            if not floor <= offset < end:
                raise _DamagedError(f"page {page} has an item outside its bounds")
            items.append(self.data[start + offset : start + end])
            end = offset
        return items, following

    def _value(self, item: bytes) -> bytes:
        if item[0] == _ON_PAGE:
            return item[1:]
        if item[0] != _OFF_PAGE or len(item) != 12:
            raise _DamagedError(f"a value has the unknown kind {item[0]}")
        page, wanted = struct.unpack_from(self.order + "II", item, 4)
        parts: list[bytes] = []
        while wanted:
            start = self._page(page, (_OVERFLOW_PAGE,))
            (length,) = struct.unpack_from(self.order + "H", self.data, start + 22)
            if not 0 < length <= min(wanted, self.page_size - _PAGE_HEAD):
                raise _DamagedError(f"overflow page {page} declares {length} of {wanted} bytes still missing")
            parts.append(self.data[start + _PAGE_HEAD : start + _PAGE_HEAD + length])
            (page,) = struct.unpack_from(self.order + "I", self.data, start + 16)
            wanted -= length
        return b"".join(parts)
