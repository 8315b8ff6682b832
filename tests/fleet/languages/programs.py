"""ELF files and zip archives with just what the readers look for."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping


def elf(
    sections: Mapping[bytes, bytes] | None, *, wide: bool = True, order: str = "<", data: bytes = b"", far: bytes = b""
) -> bytes:
    """An ELF file of these sections, None for no table of them; ``data`` is a writable segment at address 0x1000.

    ``far`` stands between the names of the sections and their table.
    """
    head, section, segment = (64, 64, 56) if wide else (52, 40, 32)
    body = data
    data_at = head + segment
    rows = [(0, 0, 0, 0)]
    names = b"\0"
    for name, content in {**(sections or {}), b".shstrtab": b""}.items():
        if name == b".shstrtab":
            content = names + name + b"\0"
        rows.append((len(names), 1, data_at + len(body), len(content)))
        names += name + b"\0"
        body += content
    body += far
    sections_at = data_at + len(body) if sections is not None else 0
    word = "Q" if wide else "I"
    ident = b"\x7fELF" + bytes((2 if wide else 1, 1 if order == "<" else 2, 1)) + bytes(9)
    made = ident + struct.pack(
        f"{order}HHI3{word}I6H",
        2,
        62,
        1,
        0,
        head,
        sections_at,
        0,
        head,
        segment,
        1,
        section,
        len(rows) if sections_at else 0,
        len(rows) - 1,
    )
    if wide:
        made += struct.pack(f"{order}IIQQQQQQ", 1, 6, data_at, 0x1000, 0, len(data), len(data), 16)
    else:
        made += struct.pack(f"{order}8I", 1, data_at, 0x1000, 0, len(data), len(data), 6, 16)
    made += body
    for place, kind, offset, size in rows:
        made += struct.pack(f"{order}II4{word}II2{word}", place, kind, 0, 0, offset, size, 0, 0, 0, 0)
    return made


def framed(modules: str) -> bytes:
    return b"\xf0" * 16 + modules.encode() + b"\xf1" * 16 if modules else b""


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes((value & 127 | 128,))
        value >>= 7
    return out + bytes((value,))


def inline(version: str, modules: str = "") -> bytes:
    """Go's build information since 1.18."""
    texts = (version.encode(), framed(modules))
    head = b"\xff Go buildinf:\x08\x02"
    return head.ljust(32, b"\0") + b"".join(varint(len(text)) + text for text in texts)


def pointed(version: str, modules: str, *, wide: bool, order: str) -> bytes:
    """Go's build information until 1.17, at the beginning of data at the address 0x1000."""
    form = f"{order}2{'Q' if wide else 'I'}"
    size = struct.calcsize(form)
    texts = (version.encode(), framed(modules))
    headers = 0x1000 + 32
    start = headers + 2 * size
    made = (b"\xff Go buildinf:" + bytes((8 if wide else 4, order == ">"))).ljust(16, b"\0")
    made += struct.pack(form, headers, headers + size).ljust(16, b"\0")
    return made + b"".join((
        struct.pack(form, start, len(texts[0])), struct.pack(form, start + len(texts[0]), len(texts[1])), *texts
    ))  # fmt: skip


def archive(members: Mapping[str, str | bytes], *, method: int = zipfile.ZIP_DEFLATED, before: bytes = b"") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return before + made.getvalue()


def pom(group: str, artifact: str, version: str) -> dict[str, str]:
    text = f"#Created by Maven\nversion={version}\ngroupId={group}\nartifactId={artifact}\n"
    return {f"META-INF/maven/{group}/{artifact}/pom.properties": text}
