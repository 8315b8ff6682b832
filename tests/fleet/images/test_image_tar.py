from __future__ import annotations

import io
import shutil
import struct
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fleet.images.builder import Node, file, folder, hard, layer, link

from oakum.errors import InputError, LimitError, OakumError
from oakum.fleet.images import tar
from oakum.fleet.images.sources import Memory

LONG = "directory/" * 30 + "é" * 100
NODES = [
    folder("a"), file("a/b", "content"), file(LONG, "x" * 1000), link("l", "t" * 300), hard(f"{LONG}h", LONG),
    Node("c", kind=tarfile.CHRTYPE), Node("p", kind=tarfile.FIFOTYPE), file("empty"),
]  # fmt: skip
KINDS = {
    tarfile.REGTYPE: "file", tarfile.DIRTYPE: "directory", tarfile.SYMTYPE: "link", tarfile.LNKTYPE: "hard link",
    tarfile.CHRTYPE: "other", tarfile.FIFOTYPE: "other",
}  # fmt: skip


def entries(data: bytes) -> list[tar.Entry]:
    return list(tar.entries(Memory(data)))


def block(name: bytes = b"f", *, flag: bytes = b"0", size: bytes = b"00000000000\0", **fields: bytes) -> bytes:
    """A header with a right checksum."""
    head = bytearray(512)
    head[: len(name)] = name
    head[124:136] = size
    head[156:157] = flag
    head[257:265] = fields.get("magic", b"ustar\x0000")
    prefix = fields.get("prefix", b"")
    head[345 : 345 + len(prefix)] = prefix
    head[482:483] = fields.get("more", b"\0")
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head)


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 512)


def pax(**records: bytes) -> bytes:
    data = b"".join(record(key.replace("__", ".").encode(), value) for key, value in records.items())
    return block(b"x", flag=b"x", size=b"%011o\0" % len(data)) + padded(data)


def record(key: bytes, value: bytes) -> bytes:
    body = b" %b=%b\n" % (key, value)
    length = len(body)
    while length != len(body) + len(str(length)):
        length = len(body) + len(str(length))
    return str(length).encode() + body


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT], ids=["pax", "gnu"])
def test_entries_are_those_that_were_written(form: int) -> None:
    data = layer(*NODES, form=form)
    found = entries(data)
    assert [(each.path.rstrip("/"), each.kind, each.target) for each in found] == [
        (node.path, KINDS[node.kind], node.target) for node in NODES
    ]
    assert [data[each.offset : each.offset + each.size] for each in found] == [node.content for node in NODES]


@pytest.mark.parametrize("form", ["gnu", "oldgnu", "pax", "ustar", "v7"])
def test_archives_of_gnu_tar_are_read(form: str, tmp_path: Path) -> None:
    if shutil.which("tar") is None:
        pytest.skip("not installed: tar")
    (tmp_path / "some/folder").mkdir(parents=True)
    (tmp_path / "some/folder/file").write_text("content")
    (tmp_path / "some/link").symlink_to("folder")
    (tmp_path / "some/hard").hardlink_to(tmp_path / "some/folder/file")
    name = "some/" + "p" * 70 + ("" if form == "v7" else "/" + "n" * 90)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("far")
    data = subprocess.run(
        ["tar", "--sort=name", f"--format={form}", "-cf", "-", "some"], cwd=tmp_path, capture_output=True, check=True
    ).stdout
    found = {each.path.rstrip("/"): each for each in entries(data)}
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        assert found.keys() == {member.name for member in archive}
    assert found["some"].kind == found["some/folder"].kind == "directory"
    assert found["some/link"].target == "folder"
    assert {found["some/hard"].kind, found["some/folder/file"].kind} == {"hard link", "file"}
    far = found[name]
    assert data[far.offset : far.offset + far.size] == b"far"


@pytest.mark.parametrize("form", ["gnu", "pax"])
def test_sparse_files_are_told(form: str, tmp_path: Path) -> None:
    if shutil.which("tar") is None:
        pytest.skip("not installed: tar")
    with (tmp_path / "holes").open("wb") as holes:
        for number in range(40):
            holes.seek(number << 20)
            holes.write(b"data")
    (tmp_path / "next").write_text("plain")
    command = ["tar", f"--format={form}", "-S", "-cf", "-", "holes", "next"]
    data = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout
    holes_, after = entries(data)
    assert (holes_.path, holes_.sparse, after.path, after.sparse) == ("holes", True, "next", False)
    assert data[after.offset : after.offset + after.size] == b"plain"


def test_what_an_entry_says_is_taken_as_runtimes_take_it() -> None:
    size = b"%011o\0" % 512
    data = (
        block(b"old/", flag=b"\0") + block(b"l", flag=b"1", size=size) + block(b"d", flag=b"3", size=size)
        + block(b"g", flag=b"g", size=size) + bytes(512) + pax(path=b"named", size=b"3") + block(b"x", size=size)
        + padded(b"abc") + block(b"name", prefix=b"some/prefix") + block(b"name", prefix=b"1234", magic=b"ustar  \0")
        + block(b"\xff\xfe") + block(b"big", size=b"\x80" + struct.pack(">3xQ", 2)) + padded(b"ab")
    )  # fmt: skip
    assert [(each.path, each.kind, each.size) for each in entries(data + bytes(1024))] == [
        ("old/", "directory", 0), ("l", "hard link", 0), ("d", "other", 0), ("named", "file", 3),
        ("some/prefix/name", "file", 0), ("name", "file", 0), ("\udcff\udcfe", "file", 0), ("big", "file", 2),
    ]  # fmt: skip
    assert entries(data) == entries(data + bytes(512)) == entries(data + bytes(5000))
    assert entries(b"") == entries(bytes(1024)) == []


DAMAGED = {
    "a wrong checksum": block().replace(b"f", b"g", 1),
    "a size that is not octal": block(size=b"0000000009z\0"),
    "a negative size": block(size=b"\xff" * 12),
    "a size beyond all": block(size=b"\x80" + b"\x7f" * 11),
    "a negative pax size": pax(size=b"-1") + block(),
    "a pax size beyond all": pax(size=b"9" * 20) + block(),
    "a pax size of many digits": pax(size=b"9" * 9999) + block(),
    "an unknown kind": block(flag=b"Z"),
    "a name with NUL": pax(path=b"a\0b") + block(),
    "a target with NUL": pax(linkpath=b"a\0b") + block(flag=b"2"),
    "a path too long": pax(path=b"a/" * 3000) + block(),
    "a pax record too long": block(flag=b"x", size=b"00000000012\0") + padded(b"99 path=a\n"),
    "a pax record of no length": block(flag=b"x", size=b"00000000012\0") + padded(b"path=abcd\n"),
    "a pax record without a value": block(flag=b"x", size=b"00000000007\0") + padded(b"7 path\n"),
    "a pax record without its end": block(flag=b"x", size=b"00000000012\0") + padded(b"10 path=ab"),
    "headers of nothing": pax(path=b"a"),
    "headers without end": pax(path=b"a") * 9 + block(),
    "something behind the end": bytes(512) + block(),
    "a header that is cut off": block()[:300],
    "content that is cut off": block(size=b"%011o\0" % 600) + bytes(599),
    "a sparse map that is cut off": block(flag=b"S", more=b"\1"),
    "a pax header that is cut off": block(flag=b"x", size=b"00000001000\0") + b"10 path=a\n",
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damage_is_an_error_with_its_place(name: str) -> None:
    with pytest.raises(InputError, match=r"at byte \d+"):
        entries(DAMAGED[name])


def test_a_huge_header_is_not_read() -> None:
    for flag in (b"x", b"L", b"K"):
        with pytest.raises(LimitError):
            entries(block(flag=flag, size=b"%011o\0" % (2 << 20)) + bytes(3 << 20))


def test_a_checksum_may_be_larger_than_what_adler_32_counts_to() -> None:
    large = block(b"\xff" * 100, prefix=b"\xff" * 155, more=b"\xff", size=b"0" * 11 + b"\0")
    total = int(large[148:154], 8)
    assert total > 65521
    [entry] = entries(large + bytes(1024))
    assert len(entry.path) == 155 + 1 + 100
    with pytest.raises(InputError, match="checksum"):
        entries(large[:148] + b"%06o\0 " % (total - 65521) + large[156:] + bytes(1024))


def test_a_checksum_of_signed_bytes_is_right_too() -> None:
    head = bytearray(block(b"\xe9\xe8"))
    head[148:156] = b"%06o\0 " % (sum(head[:148]) + sum(head[156:]) + 256 - 512)
    assert entries(bytes(head))[0].path == "\udce9\udce8"


@given(st.binary(max_size=2000) | st.lists(st.binary(max_size=600)).map(lambda parts: block() + b"".join(parts)))
def test_noise_is_read_or_refused(data: bytes) -> None:
    try:
        entries(data)
        tar.begins(Memory(data))
    except OakumError:
        pass


@given(st.data())
def test_a_changed_header_is_read_or_refused(data: st.DataObject) -> None:
    archive = bytearray(layer(*NODES))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(archive) - 1))
        archive[at] = data.draw(st.integers(0, 255))
        header = at // 512 * 512
        if data.draw(st.booleans()):
            archive[header + 148 : header + 156] = b" " * 8
            archive[header + 148 : header + 156] = b"%06o\0 " % sum(archive[header : header + 512])
    try:
        found = entries(bytes(archive[: data.draw(st.integers(0, len(archive)))]))
    except OakumError:
        return
    assert all(each.size >= 0 and "\0" not in each.path for each in found)
