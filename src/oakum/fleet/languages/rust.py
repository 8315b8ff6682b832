"""Rust programs: the crates that ``cargo auditable`` writes into them, in the section ``.dep-v0``.

It holds JSON, packed by zlib: the packages with name, version, source and kind; packages that only the build needed are
not in the program. Source: cargo-auditable's documentation (PARSING.md) and its JSON schema.
"""

from __future__ import annotations

import zlib

import msgspec

from oakum.errors import InputError
from oakum.fleet.languages.elf import Elf
from oakum.fleet.languages.sources import library, sound
from oakum.fleet.packages import Package

#: What it is called.
SECTION = b".dep-v0"
#: Bytes of the section, and unpacked; a thousand crates have 200 kB.
_PACKED_LIMIT, _LIMIT = 1 << 20, 1 << 22


class _Crate(msgspec.Struct):
    name: str
    version: str
    kind: str = "runtime"


class _Audit(msgspec.Struct):
    packages: list[_Crate]


def read(elf: Elf, path: str) -> list[Package]:
    """The crates of a program; none where it says nothing. InputError where what it says is damaged."""
    section = elf.section(SECTION)
    if section is None:
        return []
    if section.size > _PACKED_LIMIT:
        raise InputError(f"its list of crates is larger than {_PACKED_LIMIT} bytes")
    try:
        text = zlib.decompressobj().decompress(elf.source.read_at(section.offset, section.size), _LIMIT)
        audit = msgspec.json.decode(text, type=_Audit)
    except (zlib.error, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"its list of crates is damaged: {error}") from error
    return [
        library("cargo", crate.name, crate.version, path)
        for crate in audit.packages
        if crate.kind != "build" and sound(crate.name, crate.version)
    ]
