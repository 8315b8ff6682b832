"""Go programs: the modules and the toolchain that the linker writes into every one of them.

The build information stands in the section ``.go.buildinfo``, or where the table of sections was stripped at the
beginning of the writable data: 16 bytes of which 14 are a mark, then the texts themselves (Go 1.18 and later), or
pointers to them. The standard library counts as the module ``stdlib`` of the toolchain's version, as Go's vulnerability
database names it; a replaced module is the one in its place. Source: Go's debug/buildinfo and runtime/debug.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from oakum.errors import InputError
from oakum.fleet.languages.elf import Elf, Part
from oakum.fleet.languages.sources import Source, library, sound
from oakum.fleet.packages import Package

#: What the linker calls it.
SECTION = b".go.buildinfo"
_MARK = b"\xff Go buildinf:"
#: How far into the writable data the mark is looked for, as Go does; it stands at a multiple of 16.
_SEARCHED, _ALIGNED = 1 << 16, 16
#: Bytes of the list of modules; the largest programs have 100 kB.
_LIMIT = 1 << 22
#: Before and behind the list of modules stand 16 bytes by which a debugger finds it.
_FRAME = 16


def read(elf: Elf, path: str) -> list[Package]:
    """The modules of a program; none where Go did not build it. InputError where what it says is damaged."""
    found = _texts(elf)
    if found is None:
        return []
    version, modules = found
    packages = [library("golang", name, stated, path) for name, stated in _modules(modules) if sound(name, stated)]
    toolchain = version.split(" ")[0]
    if sound(toolchain):
        packages.append(library("golang", "stdlib", toolchain, path))
    return packages


def _texts(elf: Elf) -> tuple[str, str] | None:
    """The version of the toolchain and the list of modules; None where there is no mark."""
    if elf.named:
        parts = [section] if (section := elf.section(SECTION)) is not None else []
    else:
        parts = [part for part in elf.segments() if part.writable][:1]
    for part in parts:
        data = elf.source.read_at(part.offset, min(part.size, _SEARCHED))
        at = _marked(data)
        if at >= 0:
            return _inline(elf.source, part, at) if data[at + 15] & 2 else _pointed(elf, data[at : at + 32])
    return None


def _marked(data: bytes) -> int:
    at = data.find(_MARK)
    while at >= 0 and (at % _ALIGNED or at + 32 > len(data)):
        at = data.find(_MARK, at + 1)
    return at


def _inline(source: Source, part: Part, at: int) -> tuple[str, str]:
    offset = part.offset + at + 32
    texts = []
    for _ in range(2):
        size, offset = _varint(source.read_at(offset, 10), offset)
        texts.append(_text(source.read_at(offset, size), size))
        offset += size
    return texts[0], _unframed(texts[1])


def _varint(data: bytes, offset: int) -> tuple[int, int]:
    value = 0
    for place, byte in enumerate(data):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value if value <= _LIMIT else _damaged(), offset + place + 1
    return _damaged(), 0


def _pointed(elf: Elf, head: bytes) -> tuple[str, str]:
    """Both texts by the addresses of their headers, each an address and a length."""
    wide = head[14] == 8
    order = ">" if head[15] & 1 else "<"
    form = f"{order}2{'Q' if wide else 'I'}"
    size = struct.calcsize(form)
    texts = []
    for address in struct.unpack_from(form, head, 16):
        header = elf.read(address, size)
        if len(header) < size:
            texts.append("")
            continue
        start, length = struct.unpack(form, header)
        if length > _LIMIT:
            _damaged()
        texts.append(_text(elf.read(start, length), length))
    return texts[0], _unframed(texts[1])


def _unframed(text: str) -> str:
    whole = len(text) >= 2 * _FRAME + 1 and text[-_FRAME - 1] == "\n"
    return text[_FRAME:-_FRAME] if whole else ""


def _text(data: bytes, size: int) -> str:
    # One character a byte, so that the frame, which is no text, keeps its length; names of modules are ASCII.
    return data.decode("latin-1") if len(data) == size else str(_damaged())


def _damaged() -> int:
    raise InputError("the build information of this Go program is damaged")


def _modules(text: str) -> Iterator[tuple[str, str]]:
    """Name and version of every module, the main one first."""
    waiting: tuple[str, str] | None = None
    for line in text.split("\n"):
        word, *rest = line.split("\t")
        if word in ("mod", "dep", "=>") and len(rest) >= 2:
            if waiting is not None and word != "=>":
                yield waiting
            # A module that is replaced by a folder has no version any more; it keeps its name.
            waiting = (rest[0], rest[1]) if rest[1] or waiting is None else (waiting[0], "(devel)")
    if waiting is not None:
        yield waiting
