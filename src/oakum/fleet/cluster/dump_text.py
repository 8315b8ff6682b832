"""From the bytes of a dump to its documents: JSON, several JSON values after one another, or YAML; gzip as well.

JSON stays text, so that each of its objects is decoded straight into its struct; YAML becomes values. Limits stand
before memory is spent: the size as given and unpacked, the depth, what YAML aliases repeat.
"""

from __future__ import annotations

import re
import zlib

import msgspec

from oakum.errors import InputError, LimitError, Place
from oakum.fleet.yaml_events import values

#: Bytes of one dump, unpacked; ten thousand pods take about 100 MB.
LARGEST = 1 << 30
_DEEPEST = 100
_CHUNK = 1 << 22
#: What the JSON decoder found wrong, and at which byte; a text that was cut has none.
_TROUBLE = re.compile(r"(\w[^:]*) \(byte (\d+)\)")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class Parsed(msgspec.Struct, frozen=True):
    """One document as a JSON value."""

    value: object


def documents(data: bytes, *, name: str, limit: int = LARGEST) -> list[msgspec.Raw | Parsed]:
    """The documents of one file in order, empty ones left out. Raises InputError, LimitError."""
    text = _unpacked(data, name, limit)
    if text[:2] in _UTF16:
        text = _decoded(text, "utf-16", name).encode()
    text = text.removeprefix(b"\xef\xbb\xbf").strip()
    if not text:
        raise InputError("empty", place=Place(name), remedy="write it with: kubectl get ... --all-namespaces -o json")
    if text[:1] in b"{[":
        return _of_json(text, name)
    found = values(_decoded(text, "utf-8", name), name, deepest=_DEEPEST)
    try:
        return [Parsed(value) for value in found if value is not None]
    except RecursionError:
        raise LimitError("nested too deeply", place=Place(name), remedy="write it flatter") from None


def _of_json(text: bytes, name: str) -> list[msgspec.Raw | Parsed]:
    """One JSON value, or several after one another (JSON lines, the outputs of several commands in one file)."""
    found: list[msgspec.Raw | Parsed] = []
    view, at = memoryview(text), 0
    while at < len(text):
        end = len(text)
        try:
            found.append(msgspec.json.decode(view[at:], type=msgspec.Raw))
        except RecursionError:
            raise LimitError("nested too deeply", place=Place(name), remedy="no object nests that deep") from None
        except msgspec.DecodeError as error:
            trouble = _TROUBLE.search(str(error))
            if trouble is None:
                line = text.count(b"\n") + 1
                what = "not valid JSON: it ends in the middle, or half of a surrogate pair is missing"
                raise InputError(what, place=Place(name, line), remedy="copy or write the dump again") from None
            what, end = trouble[1], at + int(trouble[2])
            if what != "trailing characters":
                line = text.count(b"\n", 0, end) + 1
                raise InputError(f"not valid JSON: {what}", place=Place(name, line), remedy="mend the line") from None
            end -= 1  # it has read the first character behind the value
            found.append(msgspec.json.decode(view[at:end], type=msgspec.Raw))
        at = end
    return found


def _decoded(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        what = f"not {encoding.upper()} text"
        raise InputError(what, place=Place(name, line), remedy="give JSON or YAML in UTF-8, or gzip of it") from None


def _unpacked(data: bytes, name: str, limit: int) -> bytes:
    if data[:2] != b"\x1f\x8b":
        if len(data) > limit:
            raise LimitError(
                f"larger than {limit:,} bytes", place=Place(name), remedy="divide it into a folder of files"
            )
        return data
    out = bytearray()
    try:
        while data:
            member = zlib.decompressobj(wbits=31)
            while not member.eof:
                piece = member.decompress(data, _CHUNK)
                if not piece and not member.eof:
                    raise zlib.error("it ends in the middle")
                out += piece
                data = member.unconsumed_tail
                if len(out) > limit:
                    what = f"unpacked it is larger than {limit:,} bytes"
                    raise LimitError(what, place=Place(name), remedy="divide it into a folder of files")
            data = member.unused_data.lstrip(b"\0")
    except zlib.error as error:
        raise InputError(f"not valid gzip: {error}", place=Place(name), remedy="copy or pack it again") from None
    return bytes(out)
