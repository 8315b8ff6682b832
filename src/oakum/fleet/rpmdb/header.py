"""An rpm header blob: the tags of one installed package.

A blob is two big-endian counts (index entries, bytes of data), the index (tag, type, offset, count, four
bytes each) and the data store. Entries that rpm adds at installation stand behind the immutable region and
win over it. Versions 3, 4 and 6 of the package format share this layout. Source: rpm's
docs/manual/format_header.md and tags.md, lib/header.c.

Nothing in a blob is believed: each offset, count and string is checked against the bytes that are there.
"""

from __future__ import annotations

import struct

import msgspec

from oakum.errors import InputError, Place

_NAME, _VERSION, _RELEASE, _EPOCH, _VENDOR = 1000, 1001, 1002, 1003, 1011
_ARCH, _SOURCE_RPM, _MODULARITY_LABEL = 1022, 1044, 5096
_TAGS = {
    _NAME: "NAME",
    _VERSION: "VERSION",
    _RELEASE: "RELEASE",
    _EPOCH: "EPOCH",
    _VENDOR: "VENDOR",
    _ARCH: "ARCH",
    _SOURCE_RPM: "SOURCERPM",
    _MODULARITY_LABEL: "MODULARITYLABEL",
}
_INT32 = 4
_STRING_TYPES = (6, 9)  # a string; a translated string, of which the first one is the untranslated

_INDEX_LIMIT = 0x10000  # entries, as in rpm itself
_STRING_LIMIT = 4096  # bytes; the longest real one is a vendor of about 100

_REMEDY = "rebuild the database on that machine with 'rpm --rebuilddb', or restore it from a backup"


class Header(msgspec.Struct, frozen=True, gc=False):
    """The tags of one package that an inventory needs; a tag that is absent is empty, an absent epoch None."""

    name: str
    version: str
    release: str
    epoch: int | None = None
    arch: str = ""
    vendor: str = ""
    source_rpm: str = ""
    modularity_label: str = ""


def parse(blob: bytes) -> Header:
    """Read one header blob; raises InputError, with the tag as field, where it is broken."""
    if len(blob) < 8:
        raise _broken("", f"the header has {len(blob)} bytes and needs at least 8")
    entries, size = struct.unpack_from(">II", blob)
    start = 8 + 16 * entries
    if not 0 < entries <= _INDEX_LIMIT:
        raise _broken("", f"the header declares {entries} index entries")
    if start + size != len(blob):
        raise _broken("", f"the header declares {start + size} bytes and has {len(blob)}")
    texts: dict[int, str] = {}
    epoch: int | None = None
    for tag, kind, offset, count in struct.iter_unpack(">IIII", memoryview(blob)[8:start]):
        if tag in _TAGS:
            if tag == _EPOCH:
                epoch = _integer(blob, kind, start + offset, count)
            else:
                texts[tag] = _text(blob, tag, kind, start + offset)
    for tag in (_NAME, _VERSION, _RELEASE):
        if not texts.get(tag):
            raise _broken(_TAGS[tag], "the header has no such tag, or an empty one")
    for tag in (_NAME, _VERSION, _RELEASE, _ARCH, _SOURCE_RPM):
        text = texts.get(tag, "")
        if not text.isprintable() or " " in text:
            raise _broken(_TAGS[tag], f"the text {text[:80]!r} has spaces, or characters that do not print")
    return Header(
        texts[_NAME],
        texts[_VERSION],
        texts[_RELEASE],
        epoch,
        texts.get(_ARCH, ""),
        texts.get(_VENDOR, ""),
        texts.get(_SOURCE_RPM, ""),
        texts.get(_MODULARITY_LABEL, ""),
    )


def _integer(blob: bytes, kind: int, at: int, count: int) -> int:
    if kind != _INT32 or count < 1 or at + 4 > len(blob):
        raise _broken("EPOCH", f"the entry (type {kind}, count {count}) is no 32-bit number inside the header")
    value: int = struct.unpack_from(">I", blob, at)[0]
    return value


def _text(blob: bytes, tag: int, kind: int, at: int) -> str:
    if kind not in _STRING_TYPES:
        raise _broken(_TAGS[tag], f"the entry has type {kind} and not that of a string")
    if at >= len(blob):
        raise _broken(_TAGS[tag], "the entry points outside the header")
    end = blob.find(b"\0", at, at + _STRING_LIMIT + 1)
    if end < 0:
        raise _broken(_TAGS[tag], f"the string does not end within {_STRING_LIMIT} bytes and the header")
    try:
        return blob[at:end].decode()
    except UnicodeDecodeError:
        if tag == _VENDOR:  # old packages carry Latin-1 names of people and companies; nothing is compared with it
            return blob[at:end].decode("latin-1")
        raise _broken(_TAGS[tag], "the string is not UTF-8") from None


def _broken(tag: str, what: str) -> InputError:
    return InputError(what, place=Place(field=tag), remedy=_REMEDY)
