"""Images made to hurt: each is read or refused with the reason, in bounded memory and time, and nothing gets out.

Measured is a whole process: its peak of memory beside what the program itself takes, and its processor time.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.fleet.images.builder import Node, file, folder, hard, layer, layout, link

OS = file("etc/os-release", 'ID=debian\nVERSION_ID="12"\n')
CURL = b"Package: curl\nStatus: install ok installed\nVersion: 7.0-1\nArchitecture: amd64\n\n"
SYSTEM = layer(OS, file("var/lib/dpkg/status", CURL))
MEASURE = """
import re, sys, time
from pathlib import Path
from oakum.local.targets import read_target
peak = lambda: int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
memory, seconds = peak(), time.process_time()
asset = read_target(sys.argv[1]).asset
print(" ".join(package.name for package in asset.packages.packages))
print(";".join(f"{gap.kind} {gap.what}: {gap.why}" for gap in asset.gaps))
print((peak() - memory) >> 10, time.process_time() - seconds)
"""


class Read(NamedTuple):
    """What a scan of an image ends with: names of packages, gaps, megabytes and seconds."""

    packages: str
    gaps: str
    memory: int
    seconds: float


def read(*layers: bytes, at: Path) -> Read:
    path = layout(*layers).write(at / "image")
    ended = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True, timeout=600
    )
    packages, gaps, last = ended.stdout.splitlines()
    memory, seconds = last.split()
    return Read(packages, gaps, int(memory), float(seconds))


def sparse(path: str, size: int) -> bytes:
    """A file of that size and nothing in it, as GNU tar writes it in pax archives."""
    holes = b"1\n0\n0\n".ljust(512, b"\0")
    member = tarfile.TarInfo(f"GNUSparseFile.0/{path}")
    member.size = len(holes)
    member.pax_headers = {
        "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": path, "GNU.sparse.realsize": str(size),
    }  # fmt: skip
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(member, io.BytesIO(holes))
    return made.getvalue()


def claimed(path: str, size: int) -> bytes:
    """The header of a file of that size, and the end of the archive in place of its content."""
    member = tarfile.TarInfo(path)
    member.size = size
    return member.tobuf(tarfile.GNU_FORMAT) + bytes(1024)


def empty(count: int) -> bytes:
    """So many empty files, a thousand in each directory."""
    block = tarfile.TarInfo("000/000").tobuf(tarfile.USTAR_FORMAT)
    total = sum(block) - sum(block[148:156]) + 8 * 32 - sum(block[:7])
    parts = []
    for number in range(count):
        name = b"%03d/%03d" % (number // 1000 % 1000, number % 1000)
        parts.append(name + block[7:148] + b"%06o\0 " % (total + sum(name)) + block[156:])
    return b"".join(parts)


def devices() -> Iterator[Node]:
    for name, kind in (("null", tarfile.CHRTYPE), ("sda", tarfile.BLKTYPE), ("pipe", tarfile.FIFOTYPE)):
        yield Node(f"dev/{name}", kind=kind)


WHOLE: dict[str, Callable[[], bytes]] = {
    "paths that lead out": lambda: layer(file("../../../../etc/passwd", "x"), file("/etc/shadow", "x")),
    "links that lead out": lambda: layer(link("l", "../../../.."), link("m", "/../../etc"), file("l/tmp/n", "x")),
    "links in a circle": lambda: layer(link("a", "b"), link("b", "a"), link("etc/alternatives", "alternatives")),
    "device files": lambda: layer(folder("dev"), *devices(), link("var/lib/apt", "../../dev/pipe")),
    "a sparse file of 10 GB": lambda: sparse("opt/large", 10 << 30),
    "archives in archives": lambda: layer(file("a.tar", layer(file("b.tar", layer(file("etc/os-release", "ID=x")))))),
    "directories in each other": lambda: layer(*(folder("/".join(["a"] * 45) + f"/{n}") for n in range(1500))),
    "files that are emptied again and again": lambda: layer(
        *(file(f"q/{n}") for n in range(20_000)), *(file("q/.wh..wh..opq") for _ in range(2_000))
    ),
    "names of terminals": lambda: layer(file("\x1b]0;owned\x07\x1b[2J", "x"), file("a\nb", "x")),
}  # fmt: skip


@pytest.mark.parametrize("name", WHOLE)
def test_what_is_odd_beside_the_packages_hides_none_of_them(name: str, tmp_path: Path) -> None:
    found = read(SYSTEM, WHOLE[name](), at=tmp_path)
    assert (found.packages, found.gaps) == ("curl", "")
    assert (found.memory < 60, found.seconds < 10) == (True, True), found


@pytest.mark.e2e
def test_many_layers_of_nothing_take_no_more_memory_than_one_large_one(tmp_path: Path) -> None:
    found = read(SYSTEM, *[layer(file("zeros", bytes(256 << 20)))] * 40, at=tmp_path)
    assert (found.packages, found.gaps) == ("curl", "")
    assert (found.memory < 110, found.seconds < 60) == (True, True), found


LOST: dict[str, tuple[Callable[[], bytes], str]] = {
    "a sparse package database of 10 GB": (lambda: sparse("var/lib/dpkg/status", 10 << 30), "a sparse file"),
    "a package database of nothing but zeros": (
        lambda: layer(file("var/lib/dpkg/status", bytes(129 << 20))), "larger than 134217728 bytes",
    ),
    "a file of 10 GB that is not there": (lambda: claimed("opt/large", 10 << 30), "cut off"),
    "a package database that is a pipe": (
        lambda: layer(file("var/lib/dpkg/.wh.status"), Node("var/lib/dpkg/status", kind=tarfile.FIFOTYPE)), "",
    ),
    "a package database that leads to itself": (
        lambda: layer(link("var/lib/dpkg/status", "/var/lib/dpkg/status")), "symbolic links",
    ),
    "a hard link out of the image": (lambda: layer(hard("h", "../../../etc/passwd")), "hard link to nothing"),
}  # fmt: skip


@pytest.mark.parametrize("name", LOST)
def test_what_is_in_place_of_the_packages_is_told_and_never_a_clean_image(name: str, tmp_path: Path) -> None:
    made, why = LOST[name]
    found = read(SYSTEM, made(), at=tmp_path)
    assert found.packages == ""
    assert found.gaps.startswith(("incomplete-inventory ", "unread-image ")) and why in found.gaps
    assert (found.memory < 300, found.seconds < 20) == (True, True), found


def test_files_of_the_machine_that_scans_are_never_read(tmp_path: Path) -> None:
    (tmp_path / "status").write_bytes(CURL)
    away = "../" * 20 + str(tmp_path / "status").lstrip("/")
    for target in (str(tmp_path / "status"), away):
        found = read(layer(OS, link("var/lib/dpkg/status", target)), at=tmp_path)
        assert found.packages == ""
        assert found.gaps.startswith("incomplete-inventory ")


@pytest.mark.e2e
def test_a_million_empty_files_take_bounded_memory_and_time(tmp_path: Path) -> None:
    found = read(SYSTEM, empty(1_000_000), at=tmp_path)
    assert (found.packages, found.gaps) == ("curl", "")
    assert (found.memory < 190, found.seconds < 60) == (True, True), found
