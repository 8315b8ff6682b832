"""The files that CSAF comes in and is held in: whatever bytes they have, they are read or refused, and lead nowhere."""

from __future__ import annotations

import bz2
import io
import json
import lzma
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.adapters.feeds.csaf_publisher import packed, red_hat, tarred

from oakum.adapters.feeds import csaf_archive, csaf_held, csaf_lists
from oakum.adapters.feeds.csaf_held import Document, Head, Journal, read_document
from oakum.adapters.files import bunzip
from oakum.errors import InputError, LimitError
from oakum.fleet.images.sources import Memory, Unpacked

PATHS = ("2024/cve-2024-1000.json", "2024/cve-2024-1001.json")
FILES = {each: json.dumps(red_hat(1000 + number)).encode() for number, each in enumerate(PATHS)}
DOCUMENTS = {each: read_document(each, data).marked("2026-01-01T00:00:00Z") for each, data in FILES.items()}


def mutated(data: bytes, draw: Callable[[st.SearchStrategy[int]], int]) -> bytes:
    """Cut, with a byte changed, or with bytes put in."""
    at = draw(st.integers(0, len(data) - 1))
    match draw(st.integers(0, 2)):
        case 0:
            return data[:at]
        case 1:
            return data[:at] + bytes([data[at] ^ draw(st.integers(1, 255))]) + data[at + 1 :]
        case _:
            return data[:at] + draw(st.integers(0, 1 << 64)).to_bytes(9, "big") + data[at:]


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("2024/cve-2024-1.json", True), ("cve-2024-1.json", True), ("suse-su-2024_1-1.json", True),
        ("white/2024/x.json", True), ("../x.json", False), ("2024/../x.json", False), ("/x.json", False),
        ("2024//x.json", False), ("./x.json", False), ("x.json.asc", False), ("https://a.example/x.json", False),
        ("2024/.json", False), ("a\\..\\x.json", False), ("x%2e%2e/y.json", False), ("x.json\n", False),
        ("provider-metadata.json", False), ("a/" * 6 + "x.json", False), (f"{'x' * 400}.json", False),
    ],
)  # fmt: skip
def test_only_what_lies_below_the_folder_is_a_document(path: str, is_one: bool) -> None:
    assert csaf_lists.is_document(path) == is_one


def test_of_a_document_that_is_listed_twice_the_latest_time_counts() -> None:
    rows = b'"a.json","2026-01-02T00:00:00Z"\r\na.json,2026-01-01T00:00:00Z\n\n"b.json","2026-01-01T02:00:00.5+02:00"\n'
    assert csaf_lists.listed(rows, "x") == {"a.json": "2026-01-02T00:00:00Z", "b.json": "2026-01-01T00:00:00Z"}


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_list_or_are_refused(data: bytes) -> None:
    try:
        found = csaf_lists.listed(data, "x")
    except InputError as error:
        assert error.what
    else:
        assert found
        assert all(csaf_lists.is_document(each) and len(time) == 20 for each, time in found.items())


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_name_an_archive_beside_the_documents_or_are_refused(data: bytes) -> None:
    for read in (csaf_lists.archive_named, csaf_lists.digest_in):
        try:
            found = read(data)
        except InputError:
            continue
        assert "/" not in found
    base = "https://a.example/csaf/vex/"
    try:
        address = csaf_lists.address(base, csaf_lists.archive_named(data))
    except InputError:
        return
    assert address.startswith(base)


@pytest.mark.parametrize("name", ["x.tar.zst", "x.tar.bz2", "x.tar.gz", "x.tar.xz"])
@given(data=st.data())
def test_an_archive_of_any_bytes_is_read_whole_or_refused(name: str, data: st.DataObject) -> None:
    whole = packed(tarred(FILES), name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(whole)
        assert dict(csaf_archive.documents(path, "vex", 1 << 30)) == FILES
        path.write_bytes(mutated(whole, data.draw))
        try:
            found = dict(csaf_archive.documents(path, "vex", 1 << 30))
        except (InputError, LimitError) as error:
            assert error.what
        else:
            # No packing covers every bit of itself: what is read is what was packed.
            assert found == FILES
        assert [each.name for each in Path(folder).iterdir()] == [name], "nothing is written"


@given(st.data())
def test_a_tar_of_any_bytes_leads_nowhere(data: st.DataObject) -> None:
    whole = packed(mutated(tarred(FILES), data.draw), "x.tar.gz")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.tar.gz")
        path.write_bytes(whole)
        try:
            found = dict(csaf_archive.documents(path, "vex", 1 << 30))
        except (InputError, LimitError):
            return
        assert all(csaf_lists.is_document(each) for each in found)


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress])
@given(parts=st.lists(st.binary(max_size=3000), max_size=4), size=st.integers(1, 700))
def test_streams_behind_one_another_are_one(pack: Callable[[bytes], bytes], parts: list[bytes], size: int) -> None:
    unpack = bunzip.unpackers()["bzip2" if pack is bz2.compress else "xz"]
    whole = Unpacked(Memory(b"".join(map(pack, parts))), unpack)
    got = b""
    while chunk := whole.read_at(len(got), size):
        got += chunk
    assert got == b"".join(parts)


def test_what_is_small_and_unpacks_to_much_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.tar.gz"
    many = {f"2024/cve-2024-{number}.json": b" " * (100 << 20) for number in range(2)}
    path.write_bytes(packed(tarred(many), path.name))
    with pytest.raises(LimitError):
        list(csaf_archive.documents(path, "vex", 1 << 40))


def test_the_publishers_folder_in_the_archive_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "x.tar.gz"
    path.write_bytes(packed(tarred({f"./csaf-vex/{each}": data for each, data in FILES.items()}), path.name))
    assert [each for each, _ in csaf_archive.documents(path, "csaf-vex", 1 << 30)] == [*PATHS]


def test_a_sparse_entry_of_a_huge_size_is_refused(tmp_path: Path) -> None:
    info = tarfile.TarInfo("2024/cve-2024-1.json")
    info.size = 1 << 40
    path = tmp_path / "x.tar.gz"
    path.write_bytes(packed(info.tobuf(tarfile.GNU_FORMAT), path.name))
    with pytest.raises(LimitError, match="larger than"):
        list(csaf_archive.documents(path, "vex", 1 << 50))


def held(path: Path) -> None:
    csaf_held.write(path, Head(base="https://a.example/", archive="x.tar.gz"), sorted(DOCUMENTS.items()))


def test_what_is_held_is_read_as_it_was_written(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for each in (one, two):
        held(each)
    assert one.read_bytes() == two.read_bytes()
    assert csaf_held.is_one(one)
    assert csaf_held.head(one) == Head(base="https://a.example/", archive="x.tar.gz")
    assert dict(csaf_held.documents(one)) == DOCUMENTS
    later = {each: document.marked("2026-02-02T00:00:00Z") for each, document in DOCUMENTS.items()}
    csaf_held.write(two, Head(base="https://b.example/"), sorted(later.items()))
    assert csaf_held.read(one, "a", "x").digest == csaf_held.read(two, "a", "x").digest
    csaf_held.write(two, Head(base="https://a.example/"), [*DOCUMENTS.items()][:1])
    assert csaf_held.read(one, "a", "x").digest != csaf_held.read(two, "a", "x").digest


@given(st.data())
def test_what_is_held_and_damaged_is_refused_or_the_same(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "held")
        held(path)
        whole = csaf_held.read(path, "a", "x")
        path.write_bytes(mutated(path.read_bytes(), data.draw))
        try:
            found = csaf_held.read(path, "a", "x")
        except (InputError, LimitError) as error:
            assert error.what
        else:
            assert found.parsed.facts == whole.parsed.facts


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"facts": [1]}', b'{"time": 3}', b"\xff", b'{"facts": [["CVE-1", [], 5]]}']
)
def test_a_document_that_is_held_in_another_form_is_refused(tmp_path: Path, content: bytes) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(csaf_held.FIRST, json.dumps({"base": "https://a.example/"}))
        archive.writestr("a.json", content)
    path = tmp_path / "held"
    path.write_bytes(buffer.getvalue())
    with pytest.raises(InputError):
        csaf_held.read(path, "a", "x")


@given(st.data())
def test_a_journal_that_broke_off_has_what_is_whole_and_goes_on(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder, "x", "journal"))
        assert journal.read() == {}
        for each, document in DOCUMENTS.items():
            journal.add(each, document)
        assert journal.read() == DOCUMENTS
        content = journal.path.read_bytes()
        journal.path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
        found = journal.read()
        assert [*found.items()] == [*DOCUMENTS.items()][: len(found)]
        journal.add(PATHS[1], Document(sha256="x"))
        assert journal.read() == {**found, PATHS[1]: Document(sha256="x")}
        journal.drop()
        assert journal.read() == {}


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_any_bytes_are_a_document_with_facts_or_with_a_problem(data: bytes) -> None:
    found = read_document("2024/cve-2024-1.json", data)
    assert (found.facts, [one.record for one in found.problems]) == ((), ["cve-2024-1"])
