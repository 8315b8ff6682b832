"""Roots with real rpm databases: packages made by rpmbuild, installed by rpm, and the three formats of one content.

Debian's rpm writes only the SQLite format. The Berkeley DB files are loaded from the same headers by db_load; the ndb
file is written here by the layout of rpm's rpmpkg.c (files that rpm's own C code wrote were compared byte by byte).
"""

from __future__ import annotations

import shutil
import sqlite3
import struct
import subprocess
import zlib
from collections.abc import Mapping
from pathlib import Path

import pytest

from oakum.errors import LimitError
from oakum.ports import Kind

SPEC = """
Name: alpha
Version: 1.2~rc1
Release: 3.module+el8.9.0+19519+e25b965a^git1
Summary: Pre-release of a module stream
License: MIT
Vendor: Größe & Söhne
ModularityLabel: nodejs:18:8090020231019152822:a75119d5
%description
{long}
%package -n beta
Summary: Architecture-independent, with an epoch that is stated and zero
Version: 2.0^post3
Release: 1
Epoch: 0
BuildArch: noarch
%description -n beta
{long}
%package -n gamma
Summary: With an epoch
Version: 2.0
Release: 1.el8
Epoch: 2
%description -n gamma
Short.
%package -n kernel-core
Summary: A kernel
Version: 4.18.0
Release: 553.el8_10
%description -n kernel-core
Short.
%package -n kernel-headers
Summary: Not a kernel
Version: 4.18.0
Release: 553.el8_10
%description -n kernel-headers
Short.
%files
%files -n beta
%files -n gamma
%files -n kernel-core
%files -n kernel-headers
"""

PLAIN_SPEC = """
Name: plain-with-dashes
Version: 10
Release: 0
Summary: Without vendor and module
License: MIT
BuildArch: noarch
%description
Short.
%files
"""

KEY = """-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEawStBRYJKwYBBAHaRw8BAQdAGr9dTTA8byc90EgvdCOe8lcqHCjg5JZsQ87u
QHbUJnu0G1Rlc3Qga2V5IDx0ZXN0QGV4YW1wbGUub3JnPoiQBBMWCAA4FiEEvI4B
5fDWtfMmZl/CRLV0SoPsyCUFAmsErQUCGwMFCwkIBwIGFQoJCAsCBBYCAwECHgEC
F4AACgkQRLV0SoPsyCU64wEA71ltsC5o4/mUO1yOjMMvi7+5DrGYqtqOFDOZwVZq
mzMBAPaDYEP/Fr62TG4P0paqdk2quG/NljJ6EA56p1uxTAgB
=GpMT
-----END PGP PUBLIC KEY BLOCK-----
"""

FOLDER = "/var/lib/rpm"


class Files:
    """A ``Tree`` of a few files in memory."""

    live = False

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)

    def read(self, path: str, limit: int) -> bytes:
        if path not in self.files:
            raise FileNotFoundError(path)
        if len(self.files[path]) > limit:
            raise LimitError(f"larger than {limit} bytes")
        return self.files[path]

    def names(self, path: str) -> tuple[str, ...]:
        start = path.rstrip("/") + "/"
        return tuple(sorted({name[len(start) :].split("/")[0] for name in self.files if name.startswith(start)}))

    def kind(self, path: str) -> Kind | None:
        if path in self.files:
            return "file"
        return "directory" if self.names(path) else None

    def readlink(self, path: str) -> str | None:
        return None


def run(*command: str, cwd: Path) -> str:
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True, timeout=60).stdout


def need(*tools: str) -> None:
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (Debian packages: rpm, db5.3-util)")


def query(root: Path, form: str) -> list[list[str]]:
    """What rpm itself answers, one row a package."""
    text = run(
        "rpm", "--root", str(root), "--dbpath", FOLDER, "-qa", "--qf", form.replace(" ", "\\t") + "\\n", cwd=root
    )
    return [line.split("\t") for line in text.splitlines()]


def build(root: Path) -> None:
    """Make the packages and install them, and a public key, into the database of ``root``."""
    need("rpm", "rpmbuild")
    work = root.parent / "work"
    work.mkdir()
    long = "\n".join(
        f"A long description, line {number}, so that the header needs many pages." for number in range(900)
    )
    (work / "alpha.spec").write_text(SPEC.replace("{long}", long))
    (work / "plain.spec").write_text(PLAIN_SPEC)
    (work / "key.asc").write_text(KEY)
    for spec in ("alpha.spec", "plain.spec"):
        folders = (f"_topdir {work}", f"_rpmdir {work}/rpms")
        run("rpmbuild", "-bb", "--quiet", "--define", folders[0], "--define", folders[1], spec, cwd=work)
    rpm = ("rpm", "--root", str(root), "--dbpath", FOLDER)
    root.mkdir()
    packages = sorted(str(path) for path in work.glob("rpms/*/*.rpm"))
    run(*rpm, "-i", "--nodeps", "--justdb", "--nosignature", "--ignorearch", *packages, cwd=work)
    run(*rpm, "--import", "key.asc", cwd=work)


def headers(root: Path) -> dict[int, bytes]:
    """The header blobs by number, read by SQLite itself."""
    connection = sqlite3.connect(f"file:{root}{FOLDER}/rpmdb.sqlite?mode=ro", uri=True)
    try:
        return dict(connection.execute("SELECT hnum, blob FROM Packages").fetchall())
    finally:
        connection.close()


def bdb(blobs: Mapping[int, bytes], folder: Path, *, big_endian: bool, page_size: int) -> bytes:
    """The blobs as a Berkeley DB hash, with rpm's counter under number 0."""
    need("db5.3_load")
    order = ">" if big_endian else "<"
    items = [struct.pack(f"{order}I", 0), struct.pack(f"{order}I", max(blobs, default=0))]
    for number, blob in blobs.items():
        items += [struct.pack(f"{order}I", number), blob]
    head = (
        f"VERSION=3\nformat=bytevalue\ntype=hash\ndb_lorder={4321 if big_endian else 1234}\ndb_pagesize={page_size}\n"
    )
    text = head + "HEADER=END\n" + "".join(f" {item.hex()}\n" for item in items) + "DATA=END\n"
    folder.mkdir(parents=True)
    (folder / "dump").write_text(text)
    run("db5.3_load", "-f", "dump", "Packages", cwd=folder)
    return (folder / "Packages").read_bytes()


def ndb(blobs: Mapping[int, bytes], *, slot_pages: int = 1) -> bytes:
    """The blobs as an ndb file; a slot is left free before each used one."""
    slots = b""
    body = b""
    first = slot_pages * 256
    for number, blob in blobs.items():
        blocks = (16 + len(blob) + 12 + 15) // 16
        slots += struct.pack("<4sIII4sIII", b"Slot", 0, 0, 0, b"Slot", number, first + len(body) // 16, blocks)
        data = struct.pack("<4sIII", b"BlbS", number, 1700000000, len(blob)) + blob
        data += bytes(blocks * 16 - 12 - len(data))
        body += data + struct.pack("<II4s", zlib.adler32(data), len(blob), b"BlbE")
    free = slot_pages * 256 - 2 - len(slots) // 16
    return struct.pack("<4s7I", b"RpmP", 0, 1, slot_pages, 1, 0, 0, 0) + slots + free * (b"Slot" + bytes(12)) + body


def blob(tags: Mapping[int, int | str | bytes], *, kinds: Mapping[int, int] | None = None) -> bytes:
    """A header blob of these tags in this order (a number as INT32, text as STRING), types replaced by ``kinds``."""
    index = b""
    store = b""
    for tag, value in tags.items():
        if isinstance(value, int):
            store += bytes(-len(store) % 4)
            kind, data = 4, struct.pack(">I", value)
        else:
            kind, data = 6, (value.encode() if isinstance(value, str) else value) + b"\0"
        index += struct.pack(">IIII", tag, (kinds or {}).get(tag, kind), len(store), 1)
        store += data
    return struct.pack(">II", len(tags), len(store)) + index + store


def package(name: str, **tags: int | str) -> bytes:
    """The blob of a small package."""
    numbers = {"epoch": 1003, "vendor": 1011, "arch": 1022, "source_rpm": 1044, "label": 5096}
    stated: dict[int, int | str | bytes] = {1000: name, 1001: "1", 1002: "2"}
    return blob(stated | {numbers[key]: value for key, value in tags.items()})
