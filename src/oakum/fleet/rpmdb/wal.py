"""The write-ahead log beside an SQLite file: the newest pages, which the file itself does not have yet.

A log is a head of 32 bytes and frames of 24 bytes plus one page. A frame counts where it repeats the head's
two salts and its checksum, which runs over head and all frames so far, is right; a transaction counts where
its last frame names the size of the database. All after the first frame that does not count is left over from
an earlier use of the log. Source: https://www.sqlite.org/fileformat2.html#walformat ("The Write-Ahead Log",
recovery).
"""

from __future__ import annotations

import struct

from oakum.errors import InputError

_HEAD = 32
_FRAME_HEAD = 24
_MAIN_HEAD = 100
_MAGIC = (0x377F0682, 0x377F0683)  # the last bit says that checksums are over big-endian words
_VERSION = 3_007_000
_WORD = 0xFFFFFFFF

_REMEDY = "copy the database and its -wal again, both from the same machine"


def replay(main: bytearray, log: bytes) -> None:
    """Write the committed pages of a log into the database they belong to.

    A log whose head is not valid holds nothing, as SQLite itself has it. Raises InputError where the log belongs to
    another page size, or commits a database larger than both files together.
    """
    if len(log) < _HEAD:
        return
    magic, version, page_size, _, salt1, salt2, sum1, sum2 = struct.unpack_from(">8I", log)
    if magic not in _MAGIC or version != _VERSION or not _power(page_size):
        return
    order = ">" if magic & 1 else "<"
    sums = _checksum(order, log[:24], (0, 0))
    if sums != (sum1, sum2):
        return
    if len(main) >= _MAIN_HEAD and page_size % 65535 != int.from_bytes(main[16:18], "big"):  # 65536 is written as 1
        raise InputError(f"the log has pages of {page_size} bytes and the database has not", remedy=_REMEDY)
    pending: dict[int, int] = {}
    committed: dict[int, int] = {}
    size = 0
    for at in range(_HEAD, len(log) - _FRAME_HEAD - page_size + 1, _FRAME_HEAD + page_size):
        page, commit, *salts_and_sums = struct.unpack_from(">6I", log, at)
        sums = _checksum(order, log[at : at + 8], sums)
        body = at + _FRAME_HEAD
        sums = _checksum(order, log[body : body + page_size], sums)
        if salts_and_sums != [salt1, salt2, *sums] or not page:
            break
        pending[page] = body
        if commit:
            committed.update(pending)
            pending.clear()
            size = commit
    if size:
        _write(main, log, committed, size, page_size)


def _write(main: bytearray, log: bytes, pages: dict[int, int], size: int, page_size: int) -> None:
    length = size * page_size
    if length > len(main) + len(log):
        what = f"the log commits {size} pages of {page_size} bytes, more than both files hold"
        raise InputError(what, remedy=_REMEDY)
    del main[length:]
    main.extend(bytes(length - len(main)))
    for page, body in pages.items():
        if page <= size:
            main[(page - 1) * page_size : page * page_size] = log[body : body + page_size]


def _power(page_size: int) -> bool:
    return 512 <= page_size <= 65536 and page_size & (page_size - 1) == 0


def _checksum(order: str, data: bytes, sums: tuple[int, int]) -> tuple[int, int]:
    first, second = sums
    words = iter(struct.unpack(f"{order}{len(data) // 4}I", data))
    for even, odd in zip(words, words, strict=True):
        first = (first + even + second) & _WORD
        second = (second + odd + first) & _WORD
    return first, second
