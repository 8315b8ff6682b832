"""The bytes of an SBOM: unpacked within bounds, decoded into typed structures, refused with the place.

Decoders here keep only the fields that a reader declares, which is what makes reading cheap. Such a decoder
takes the last of two equal keys; whoever writes both could show one tool one package and this one another. So
the identity-bearing keys are counted in the raw bytes, and only where the count differs from what was decoded
is the document read a second time, slowly and exactly.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping
from typing import TypeVar

import msgspec

from oakum.errors import InputError, LimitError, Place

#: The largest SBOM that is read, unpacked: Syft's own form of a large image with all its files stays below
#: 100 MiB.
MAX_BYTES = 256 * 1024 * 1024
#: The most JSON objects: each costs some hundred bytes of memory, however few it takes to write. An image with a
#: hundred thousand files, each listed with its digests, has a third of that.
MAX_OBJECTS = 2_000_000
#: Smaller documents cannot hold enough objects to matter and are not counted.
_MANY_BYTES = 4 * 1024 * 1024
#: A letter that is escaped without need could hide a second key from the count.
_ESCAPED_LETTER = re.compile(rb"\\u00[4-7]")
#: A gzip file is one member; concatenated ones are legal, thousands of empty ones an attack.
_MEMBERS = 64

T = TypeVar("T")


def unpack(data: bytes, name: str) -> bytes:
    """UTF-8 text as it stands or out of gzip, without a byte order mark.

    Raises InputError (empty, truncated, another encoding) or LimitError (larger than MAX_BYTES when
    unpacked).
    """
    if data[:2] == b"\x1f\x8b":
        data = _gunzip(data, name)
    if len(data) > MAX_BYTES:
        raise LimitError(f"the file is larger than {MAX_BYTES >> 20} MiB", place=Place(name), remedy="split it")
    if len(data) > _MANY_BYTES and data.count(b"{") > MAX_OBJECTS:
        raise LimitError(f"more than {MAX_OBJECTS} objects", place=Place(name), remedy="split it")
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not data or data.isspace():
        raise InputError("the file is empty", place=Place(name), remedy="write it again")
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\x00" in data[:4]:
        raise InputError("the file is UTF-16 or UTF-32, not UTF-8", place=Place(name), remedy="convert it to UTF-8")
    if not data.isascii():
        try:
            data.decode()
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise InputError("the file is not UTF-8", place=Place(name, line), remedy="convert it to UTF-8") from None
    return data


def _gunzip(data: bytes, name: str) -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        while data:
            if len(parts) == _MEMBERS:
                raise LimitError("too many gzip members", place=Place(name), remedy="unpack it")
            member = zlib.decompressobj(wbits=31)
            parts.append(member.decompress(data, MAX_BYTES + 1 - size))
            size += len(parts[-1])
            if size > MAX_BYTES:
                raise LimitError(
                    f"unpacks to more than {MAX_BYTES >> 20} MiB", place=Place(name), remedy="unpack and split it"
                )
            if not member.eof:
                raise InputError("the gzip data are truncated", place=Place(name), remedy="fetch the file again")
            data = member.unused_data.lstrip(b"\0")
    except zlib.error as error:
        raise InputError(f"broken gzip data: {error}", place=Place(name), remedy="fetch the file again") from None
    return b"".join(parts)


def decode(decoder: msgspec.json.Decoder[T], data: bytes, name: str) -> T:
    """Decode, with every way in which JSON can be wrong told as an InputError with its line or field."""
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        what, _, field = str(error).partition(" - at ")
        raise InputError(
            f"wrong type: {what}",
            place=Place(name, field=field.strip("`")),
            remedy="the format's schema says otherwise",
        ) from None
    except msgspec.DecodeError as error:
        offset = re.search(r"byte (\d+)", str(error))
        line = data.count(b"\n", 0, int(offset[1])) + 1 if offset else data.count(b"\n") + 1
        raise InputError(f"not valid JSON: {error}", place=Place(name, line), remedy="write it again") from None
    except RecursionError:
        raise LimitError("nested too deeply", place=Place(name), remedy="nothing real needs that depth") from None


def refuse_duplicates(data: bytes, decoded: Mapping[bytes, int], name: str) -> None:
    """Refuse a document in which a key stands twice in one object.

    ``decoded`` says for each identity-bearing key how often the typed decoder met it.
    """
    spelled_out = b"\\u00" not in data or _ESCAPED_LETTER.search(data) is None
    if spelled_out and all(data.count(b'"%b"' % key) == count for key, count in decoded.items()):
        return
    try:
        json.loads(data, object_pairs_hook=_once, parse_int=len, parse_float=len)
    except _DuplicateKeyError as error:
        raise InputError(
            f"the key {error} stands twice in one object",
            place=Place(name, field=str(error)),
            remedy="readers disagree about which one counts: write it again",
        ) from None
    except RecursionError:
        raise LimitError("nested too deeply", place=Place(name), remedy="nothing real needs that depth") from None
    except ValueError as error:
        raise InputError(f"not valid JSON: {error}", place=Place(name), remedy="write it again") from None


class _DuplicateKeyError(ValueError):
    pass


def _once(pairs: list[tuple[str, object]]) -> None:
    keys = {key for key, _ in pairs}
    if len(keys) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _DuplicateKeyError(key)
            seen.add(key)
