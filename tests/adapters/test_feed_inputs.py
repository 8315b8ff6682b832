"""Feed inputs: which sources a path holds, and archives that mean harm."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.adapters.feeds.inputs import read_feeds, read_folder, source_name
from oakum.adapters.feeds.unpack import Limits, raw, unpack
from oakum.errors import InputError, LimitError, OakumError, UsageError

KEV = b'{"catalogVersion":"1","vulnerabilities":[{"cveID":"CVE-2024-1001","dateAdded":"2025-01-01"}]}'


def osv(id_: str) -> bytes:
    return json.dumps({"id": id_, "modified": "2024-01-02T03:04:05Z", "affected": []}).encode()


def zipped(**entries: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def zstd(data: bytes) -> bytes:
    tool = shutil.which("zstd")
    if tool is None:
        pytest.skip("this machine has no zstd")
    return subprocess.run([tool, "-q", "-c"], input=data, capture_output=True, check=True).stdout


def sources(path: Path) -> dict[str, int]:
    return {feed.source: len(feed.parsed.facts) for feed in read_feeds(path).feeds}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/tmp/go.jsonl.gz", "go"),
        ("a/all.zip", "all"),
        ("v3.20-main.yaml", "v3.20-main"),
        ("DSA", "DSA"),
        (".gz", ".gz"),
    ],
)
def test_a_source_is_named_after_its_file(path: str, name: str) -> None:
    assert source_name(path) == name


def test_single_records_of_a_folder_are_one_source_named_after_it(tmp_path: Path) -> None:
    folder = tmp_path / "vulndb"
    (folder / "2024").mkdir(parents=True)
    (folder / "GO-1.json").write_bytes(osv("GO-1"))
    (folder / "2024" / "GO-2.json").write_bytes(osv("GO-2"))
    (folder / "README.md").write_text("no feed")
    (folder / ".git").mkdir()
    (folder / ".git" / "x.json").write_bytes(b"{")
    assert sources(folder) == {"vulndb": 2}
    assert read_folder(folder)[0][0] == "vulndb"


def test_whole_feeds_of_a_folder_are_a_source_each(tmp_path: Path) -> None:
    (tmp_path / "v3.20").mkdir()
    (tmp_path / "kev.json").write_bytes(KEV)
    (tmp_path / "v3.20" / "go.jsonl.gz").write_bytes(gzip.compress(osv("A") + b"\n" + osv("B") + b"\n"))
    assert sources(tmp_path) == {"kev": 1, "v3.20-go": 2}


def test_a_zip_of_records_is_one_source_and_a_single_file_keeps_its_name(tmp_path: Path) -> None:
    (tmp_path / "npm.zip").write_bytes(zipped(**{"A.json": osv("A"), "B.json": osv("B")}))
    assert sources(tmp_path / "npm.zip") == {"npm": 2}
    (tmp_path / "A.json").write_bytes(osv("A"))
    assert sources(tmp_path / "A.json") == {"A": 1}
    folder = tmp_path / "one"
    folder.mkdir()
    (folder / "A.json").write_bytes(osv("A"))
    assert sources(folder) == {"one": 1}


def test_the_digest_is_of_the_content_and_not_of_the_packing_of_other_files(tmp_path: Path) -> None:
    digests = set()
    for name, entries in (("a", ("A", "B")), ("b", ("B", "A")), ("c", ("A", "C"))):
        path = tmp_path / name / "x.zip"
        path.parent.mkdir()
        path.write_bytes(zipped(**{f"{one}.json": osv(one) for one in entries}))
        digests.add(read_feeds(path).feeds[0].digest)
    assert len(digests) == 2


def test_a_broken_file_spoils_only_itself_and_is_a_problem_of_its_siblings(tmp_path: Path) -> None:
    for id_ in ("A", "B"):
        (tmp_path / f"{id_}.json").write_bytes(osv(id_))
    (tmp_path / "C.json").write_bytes(osv("C")[:-5])
    reading = read_feeds(tmp_path)
    assert [len(feed.parsed.facts) for feed in reading.feeds] == [2]
    assert [problem.record for problem in reading.feeds[0].parsed.problems] == ["C"]
    assert [str(error.place) for error in reading.errors] == ["C.json:1"]
    assert [name for name, _ in read_folder(tmp_path)] == [tmp_path.name]


def test_a_broken_feed_of_a_folder_is_shown_as_a_source_without_facts(tmp_path: Path) -> None:
    (tmp_path / "kev.json").write_bytes(KEV)
    (tmp_path / "go.jsonl").write_bytes(b"")
    assert [(name, len(parsed.facts), len(parsed.problems)) for name, parsed in read_folder(tmp_path)] == [
        ("kev", 1, 0),
        ("go", 0, 1),
    ]


def test_nothing_to_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no feed"):
        read_folder(tmp_path)
    with pytest.raises(UsageError, match="no such file"):
        read_folder(tmp_path / "absent")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="no regular file"):
        raw(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"x" * 100)
    with pytest.raises(LimitError):
        raw(tmp_path / "large", Limits(file=10))


def errors(data: bytes, limits: Limits) -> list[OakumError]:
    return [one.error for one in unpack(data, "f", limits) if one.error is not None]


SMALL = Limits(file=1 << 20, total=3 << 20, entries=5, ratio=20, free=1 << 16)


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(b"0" * (2 << 20)),
        gzip.compress(b"0" * (1 << 17)),
        zipped(bomb=b"0" * (2 << 20)),
        zipped(**{"a.gz": gzip.compress(b"0" * (1 << 17))}),
        zipped(**{str(number): b"0" for number in range(6)}),
    ],
    ids=["too large", "too dense", "zip too large", "gzip in zip", "too many"],
)
def test_a_bomb_is_refused_while_it_unpacks(data: bytes) -> None:
    (error,) = errors(data, SMALL)
    assert isinstance(error, LimitError)
    assert error.remedy


def test_one_file_is_limited_whatever_its_ratio() -> None:
    (error,) = errors(gzip.compress(os.urandom(2 << 20)), SMALL)
    assert isinstance(error, LimitError)


def test_the_sum_of_an_archive_is_limited() -> None:
    data = zipped(**{str(number): os.urandom(900 << 10) for number in range(4)})
    assert [type(error) for error in errors(data, SMALL)] == [LimitError]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zstd], ids=lambda one: one.__name__)
def test_each_packing_of_publishers_is_read_within_limits(pack: Callable[[bytes], bytes]) -> None:
    packed = pack(KEV)
    assert [one.data for one in unpack(packed, "f", SMALL)] == [KEV]
    for cut in (packed[:-1], packed[: len(packed) // 2]):
        (error,) = errors(cut, SMALL)
        assert error.remedy
    (error,) = errors(pack(bytes(4 << 20)), SMALL)
    assert isinstance(error, LimitError)


def test_an_xz_of_several_streams_with_padding_is_one_file() -> None:
    packed = lzma.compress(b"a" * 9) + bytes(8) + lzma.compress(b"b") + bytes(4)
    assert [one.data for one in unpack(packed, "f", SMALL)] == [b"aaaaaaaaab"]
    (error,) = errors(packed + b"noise", SMALL)
    assert "damaged" in str(error)


def test_an_xz_that_wants_gigabytes_of_memory_is_refused() -> None:
    hungry = lzma.compress(KEV, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30}])
    (error,) = errors(hungry, SMALL)
    assert "damaged" in str(error)


def test_without_the_tool_of_zstd_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    (error,) = errors(b"\x28\xb5\x2f\xfd....", SMALL)
    assert "unpack it with: zstd -d" in error.remedy


@pytest.mark.parametrize(
    "data",
    [gzip.compress(b"abc" * 1000)[:-10], zipped(a=b"abc")[:-10], b"PK\x03\x04" + b"x" * 50, zipped()],
    ids=["gzip cut", "zip cut", "zip of noise", "zip of nothing"],
)
def test_a_damaged_archive_is_a_clear_error(data: bytes) -> None:
    (error,) = errors(data, SMALL)
    assert str(error).startswith("f")
    assert error.remedy


def test_a_hostile_name_leads_nowhere_and_steers_no_terminal(tmp_path: Path) -> None:
    name = "../../etc/\x1b[31mpasswd"
    (one,) = unpack(zipped(**{name: b"x"}), "f")
    assert (one.name, one.data) == ("f/../../etc/?[31mpasswd", b"x")


@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\x00"]),
)
def test_any_bytes_unpack_or_are_an_error(data: bytes, magic: bytes) -> None:
    for one in unpack(magic + data, "f", SMALL):
        assert one.error is None or one.error.remedy


@given(st.data())
def test_any_mutation_of_an_archive_unpacks_or_is_an_error(data: st.DataObject) -> None:
    archive = bytearray(data.draw(st.sampled_from([zipped(a=b"abc" * 50, b=b"x"), gzip.compress(b"abc" * 50)])))
    for _ in range(data.draw(st.integers(1, 5))):
        archive[data.draw(st.integers(0, len(archive) - 1))] = data.draw(st.integers(0, 255))
    for one in unpack(bytes(archive), "f", SMALL):
        assert one.error is None or one.error.remedy
