"""The entries of a tar archive, by their headers only: names, kinds, and where the content stands.

Read are the forms that images are made of: ustar and pax (POSIX.1-2017, pax, "ustar Interchange Format"), and GNU's
long names, numbers in base 256 and sparse files. What an entry says is taken as the container runtimes take it: links,
directories and devices have no content whatever size they state; global pax headers say nothing.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Literal, NamedTuple
from zlib import adler32

from oakum.errors import InputError, LimitError
from oakum.fleet.images.sources import Source

Kind = Literal["file", "directory", "link", "hard link", "other"]

BLOCK = 512
#: Bytes of a pax header or a GNU long name; the runtimes allow as many.
SPECIAL_LIMIT = 1 << 20
#: Bytes of a path, as Linux has it (PATH_MAX).
PATH_LIMIT = 4096
#: How many headers in a row may speak of the entry behind them.
_SPECIALS_LIMIT = 8

_HEADER = struct.Struct("100s8s8s8s12s12s8sc100s8s32s32s8s8s155s12x")
_KINDS: dict[bytes, Kind] = {
    b"0": "file", b"\0": "file", b"7": "file", b"S": "file",
    b"1": "hard link", b"2": "link", b"3": "other", b"4": "other", b"5": "directory", b"6": "other",
}  # fmt: skip
_OCTAL = re.compile(rb"[0-7]*")
_DECIMAL = re.compile(rb"[0-9]{1,20}")
_REMEDY = "fetch or build it again"
_ZEROS = bytes(BLOCK)


class Entry(NamedTuple):
    """One entry: its ``path`` and ``target`` as written, in UTF-8 (other bytes as surrogates).

    ``offset`` and ``size`` say where the content of a file stands; a ``sparse`` one has holes that are left out there.
    """

    path: str
    kind: Kind
    target: str
    offset: int
    size: int
    sparse: bool


class _Said(NamedTuple):
    """What headers before an entry say of it."""

    path: bytes | None = None
    target: bytes | None = None
    size: int | None = None
    sparse: bool = False


def entries(source: Source) -> Iterator[Entry]:
    """Every entry, in order. InputError with the place where the archive is damaged, cut off or impossible."""
    at, end = 0, 0
    said, specials = _Said(), 0
    while True:
        block = source.read_at(at, BLOCK)
        if len(block) < BLOCK or block == _ZEROS:
            if block.strip(b"\0") or specials:
                raise _bad("it is cut off in a header", at)
            if end and not source.read_at(end - 1, 1):
                raise _bad("it is cut off in the content of its last entry", at)
            if block and source.read_at(at + BLOCK, BLOCK).strip(b"\0"):
                raise _bad("something stands behind its end", at)
            return
        fields = _HEADER.unpack(block)
        _check(block, fields[6], at)
        flag, content = fields[7], at + BLOCK
        size = _number(fields[4], at)
        if flag in (b"x", b"g", b"L", b"K"):
            if flag != b"g":
                specials += 1
                if size > SPECIAL_LIMIT:
                    raise LimitError(f"a header of {size} bytes stands at byte {at}", remedy=_REMEDY)
                if specials > _SPECIALS_LIMIT:
                    raise _bad("too many headers speak of one entry", at)
                said = _special(flag, _content(source, content, size, at), said, at)
            at = content + _padded(size)
            end = content + size
            continue
        kind = _KINDS.get(flag)
        if kind is None:
            raise _bad(f"an entry of the unknown kind {flag.decode('latin-1')!a}", at)
        path = said.path if said.path is not None else _path(fields)
        target = said.target if said.target is not None else _text(fields[8])
        if flag == b"\0" and path.endswith(b"/"):
            kind = "directory"
        if flag == b"S":
            content = _behind_sparse_map(source, block, content)
        size = 0 if kind != "file" else size if said.size is None else said.size
        yield Entry(
            _name(path, at), kind, _name(target, at) if kind in ("link", "hard link") else "", content, size,
            said.sparse or flag == b"S",
        )  # fmt: skip
        end = content + size
        at = content + _padded(size)
        said, specials = _Said(), 0


def begins(source: Source) -> bool:
    """Whether a source begins as a tar archive does: with a header whose checksum is right."""
    block = source.read_at(0, BLOCK)
    if len(block) < BLOCK:
        return False
    try:
        _check(block, block[148:156], 0)
    except InputError:
        return False
    return True


def _check(block: bytes, stated: bytes, at: int) -> None:
    """The sum of a header's bytes, its own field taken as spaces; old archives have summed them as signed."""
    total = _sum(block) - _sum(block[148:156]) + 8 * 32
    signed = total if block.isascii() else total - 256 * sum(byte > 127 for byte in block[:148] + block[156:])
    if _number(stated, at) not in (total, signed):
        raise _bad("a header is damaged: its checksum is another one", at)


def _sum(data: bytes) -> int:
    """The sum of at most 512 bytes; of ASCII it is less than 65521, so that Adler-32 has it (RFC 1950, 8.2)."""
    return (adler32(data) & 0xFFFF) - 1 if data.isascii() else sum(data)


def _number(field: bytes, at: int) -> int:
    if field[0] & 0x80:
        value = int.from_bytes(field, "big", signed=False) & ((1 << (8 * len(field) - 1)) - 1)
        if field[0] & 0x40 or value >= 1 << 62:
            raise _bad("a number is negative or too large", at)
        return value
    digits = field.strip(b" \0").partition(b"\0")[0]
    if not _OCTAL.fullmatch(digits):
        raise _bad("a number is not octal", at)
    return int(digits or b"0", 8)


def _path(fields: tuple[bytes, ...]) -> bytes:
    name, prefix = _text(fields[0]), _text(fields[14])
    # GNU's own form ("ustar  ") has other things where ustar has the prefix.
    return prefix + b"/" + name if prefix and fields[9] == b"ustar\x0000" else name


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _name(path: bytes, at: int) -> str:
    if b"\0" in path:
        raise _bad("a name has a NUL character", at)
    if len(path) > PATH_LIMIT:
        raise _bad(f"a name is longer than {PATH_LIMIT} bytes", at)
    return path.decode("utf-8", "surrogateescape")


def _special(flag: bytes, data: bytes, said: _Said, at: int) -> _Said:
    if flag == b"L":
        return said._replace(path=_text(data))
    if flag == b"K":
        return said._replace(target=_text(data))
    named = sparse_name = None
    for key, value in _records(data, at):
        if key == b"path":
            named = value
        elif key == b"linkpath":
            said = said._replace(target=value)
        elif key == b"size":
            if not _DECIMAL.fullmatch(value) or int(value) >= 1 << 62:
                raise _bad("the size in a pax header is no size", at)
            said = said._replace(size=int(value))
        elif key.startswith(b"GNU.sparse."):
            said = said._replace(sparse=True)
            sparse_name = value if key == b"GNU.sparse.name" else sparse_name
    path = sparse_name if sparse_name is not None else named
    return said if path is None else said._replace(path=path)


def _records(data: bytes, at: int) -> Iterator[tuple[bytes, bytes]]:
    """The records of a pax header, "LENGTH KEY=VALUE\\n"."""
    start = 0
    while start < len(data):
        space = data.find(b" ", start, start + 21)
        length = data[start:space] if space > 0 else b""
        stop = start + int(length) if _DECIMAL.fullmatch(length) else 0
        mark = data.find(b"=", space, stop)
        if not space < mark < stop <= len(data) or data[stop - 1 : stop] != b"\n":
            raise _bad("a pax header is damaged", at)
        yield data[space + 1 : mark], data[mark + 1 : stop - 1]
        start = stop


def _behind_sparse_map(source: Source, block: bytes, content: int) -> int:
    """Where the content of GNU's old sparse files begins: behind more blocks of the map, each saying if one follows."""
    more = block[482]
    while more:
        more = _content(source, content, BLOCK, content)[504]
        content += BLOCK
    return content


def _content(source: Source, offset: int, size: int, at: int) -> bytes:
    data = source.read_at(offset, size)
    if len(data) < size:
        raise _bad("it is cut off in a header", at)
    return data


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _bad(what: str, at: int) -> InputError:
    return InputError(f"no sound tar archive: {what} at byte {at}", remedy=_REMEDY)
