"""The three formats of one database, made by rpm's own tools, against what rpm itself answers."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from packageurl import PackageURL
from tests.fleet.rpm_roots import FOLDER, Files, bdb, build, headers, ndb, query, run
from tests.fleet.rpm_roots import package as small

from oakum.adapters.files.tree import DirectoryTree
from oakum.errors import InputError, LimitError, NotAssessableError
from oakum.fleet import rpmdb
from oakum.fleet.packages import Package
from oakum.fleet.rpmdb import header

NONE = "(none)"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rpm") / "root"
    build(path)
    return path


def placed(root: Path, tmp_path: Path, form: str) -> Path:
    """A root that holds the same headers in another format."""
    if form == "sqlite":
        return root
    folder = tmp_path / "root" / FOLDER[1:]
    folder.mkdir(parents=True)
    if form == "ndb":
        (folder / "Packages.db").write_bytes(ndb(headers(root)))
    else:
        order, size = form.split("-")[1:]
        data = bdb(headers(root), tmp_path / "dump", big_endian=order == "big", page_size=int(size))
        (folder / "Packages").write_bytes(data)
    return tmp_path / "root"


FORMS = ["sqlite", "ndb", "bdb-little-4096", "bdb-big-4096", "bdb-little-512", "bdb-big-65536"]


@pytest.mark.parametrize("form", FORMS)
def test_every_field_is_what_rpm_answers(root: Path, tmp_path: Path, form: str) -> None:
    packages, gaps = rpmdb.read(DirectoryTree(placed(root, tmp_path, form)), "almalinux", "almalinux-8.10")
    rows = query(root, "%{NAME} %{VERSION}-%{RELEASE} %{EPOCH} %{ARCH} %{VENDOR} %{SOURCERPM} %{MODULARITYLABEL}")
    expected = {tuple(row) for row in rows if row[0] != "gpg-pubkey"}
    assert len(expected) == len(rows) - 1 == 6
    assert gaps == []
    got = {
        (
            package.name,
            package.version,
            NONE if package.epoch is None else str(package.epoch),
            package.arch,
            package.vendor or NONE,
            f"{package.source}-{package.source_version}.src.rpm",
        )
        for package in packages
    }
    assert got == {row[:6] for row in expected}
    for package in packages:
        (label,) = {row[6] for row in expected if row[0] == package.name}
        assert package.module == ("" if label == NONE else ":".join(label.split(":")[:2]))


def test_rpm_itself_reads_the_berkeley_db_files_of_these_tests(root: Path, tmp_path: Path) -> None:
    other = placed(root, tmp_path, "bdb-big-4096")
    command = ("rpm", "--define", "_db_backend bdb_ro", "--root", str(other), "--dbpath", FOLDER, "-qa")
    assert set(run(*command, cwd=other).split()) == set(
        run("rpm", "--root", str(root), "--dbpath", FOLDER, "-qa", cwd=root).split()
    )


def test_trap_01_an_absent_epoch_is_none_and_a_stated_zero_is_zero(root: Path) -> None:
    packages, _ = rpmdb.read(DirectoryTree(root), "almalinux")
    assert {package.name: package.epoch for package in packages if package.name in ("alpha", "beta", "gamma")} == {
        "alpha": None,
        "beta": 0,
        "gamma": 2,
    }
    assert {package.name: package.evr for package in packages}["gamma"] == "2:2.0-1.el8"


def test_trap_02_a_subpackage_names_its_source_and_the_version_of_the_source(root: Path) -> None:
    packages, _ = rpmdb.read(DirectoryTree(root), "almalinux")
    beta = next(package for package in packages if package.name == "beta")
    assert (beta.version, beta.source) == ("2.0^post3-1", "alpha")
    assert beta.source_version == "1.2~rc1-3.module+el8.9.0+19519+e25b965a^git1"


def test_public_keys_are_no_packages(root: Path) -> None:
    assert ["gpg-pubkey"] in query(root, "%{NAME}")
    packages, gaps = rpmdb.read(DirectoryTree(root), "almalinux")
    assert "gpg-pubkey" not in {package.name for package in packages}
    assert gaps == []


def test_the_purl_is_canonical(root: Path) -> None:
    packages, _ = rpmdb.read(DirectoryTree(root), "AlmaLinux", "almalinux-8.10")
    for package in packages:
        parsed = PackageURL.from_string(package.purl)
        assert parsed.to_string() == package.purl
        assert (parsed.type, parsed.namespace, parsed.name) == ("rpm", "almalinux", package.name)
        assert parsed.version == package.version
        qualifiers = parsed.qualifiers
        assert isinstance(qualifiers, dict)
        assert qualifiers["distro"] == "almalinux-8.10"
        assert qualifiers.get("epoch") == (None if package.epoch is None else str(package.epoch))
        assert qualifiers["upstream"] == f"{package.source}-{package.source_version}.src.rpm"


def test_the_headers_need_overflow_pages(root: Path) -> None:
    """So that the comparison above speaks about chains of pages at all."""
    assert max(len(blob) for blob in headers(root).values()) > 60_000


def one(blob: bytes) -> Package:
    packages, gaps = rpmdb.read(Files({f"{FOLDER}/Packages.db": ndb({1: blob})}), "x")
    assert gaps == []
    return packages[0]


@pytest.mark.parametrize(
    ("source_rpm", "source", "version"),
    [
        ("gcc-toolset-12-gcc-12.2.1-7.4.el8.src.rpm", "gcc-toolset-12-gcc", "12.2.1-7.4.el8"),
        ("driver-1-2.nosrc.rpm", "driver", "1-2"),
        ("(none)", "", ""),
        ("unversioned.src.rpm", "", ""),
        ("a-1-2", "", ""),
        ("-1-2.src.rpm", "", ""),
    ],
)
def test_the_source_is_what_the_header_says_or_empty(source_rpm: str, source: str, version: str) -> None:
    found = one(small("a", source_rpm=source_rpm))
    assert (found.source, found.source_version) == (source, version)


def test_a_broken_header_is_a_gap_that_names_it_and_the_others_go_on() -> None:
    data = ndb({7: small("a"), 8: small("b")[:-1], 9: small("c")})
    packages, gaps = rpmdb.read(Files({f"{FOLDER}/Packages.db": data}), "x")
    assert [package.name for package in packages] == ["a", "c"]
    assert [(gap.kind, gap.what) for gap in gaps] == [("incomplete-inventory", f"header 8 of {FOLDER}/Packages.db")]
    assert gaps[0].why
    assert "rpm" in gaps[0].remedy


def test_a_file_of_nothing_but_broken_headers_is_an_error() -> None:
    data = ndb(dict.fromkeys(range(1, 1003), b"broken"), slot_pages=9)
    with pytest.raises(InputError, match="1000 headers are damaged"):
        rpmdb.read(Files({f"{FOLDER}/Packages.db": data}), "x")


def test_the_database_is_found_in_each_folder_and_through_links(root: Path, tmp_path: Path) -> None:
    copy = tmp_path / "root"
    (copy / "usr/lib/sysimage").mkdir(parents=True)
    (copy / "var/lib").mkdir(parents=True)
    shutil.copytree(root / FOLDER[1:], copy / "usr/lib/sysimage/rpm")
    (copy / "var/lib/rpm").symlink_to("../../usr/lib/sysimage/rpm")
    packages, gaps = rpmdb.read(DirectoryTree(copy), "fedora")
    assert (len(packages), gaps) == (6, [])


def test_a_second_database_is_a_gap() -> None:
    files = {f"{FOLDER}/Packages.db": ndb({1: small("a")}), f"{FOLDER}/Packages": b"old"}
    packages, gaps = rpmdb.read(Files(files), "x")
    assert [package.name for package in packages] == ["a"]
    assert [gap.what for gap in gaps] == [f"{FOLDER}/Packages"]


def test_no_database_is_not_assessable_and_an_empty_one_is_empty() -> None:
    assert not rpmdb.present(Files({"/etc/os-release": b""}))
    with pytest.raises(NotAssessableError, match="no rpm database"):
        rpmdb.read(Files({}), "x")
    empty = Files({f"{FOLDER}/Packages.db": ndb({})})
    assert rpmdb.present(empty)
    assert rpmdb.read(empty, "x") == ([], [])


def test_a_database_that_may_not_be_read_or_is_too_large_is_an_error_with_its_place() -> None:
    class Closed(Files):
        def read(self, path: str, limit: int) -> bytes:
            raise PermissionError(13, "Permission denied", path)

    class Locked(Files):
        def kind(self, path: str) -> None:
            raise PermissionError(13, "Permission denied", path)

    class Huge(Files):
        def read(self, path: str, limit: int) -> bytes:
            raise LimitError(f"larger than {limit} bytes")

    files = {f"{FOLDER}/Packages": b""}
    for closed in (Closed(files), Locked(files)):
        assert rpmdb.present(closed)
        with pytest.raises(NotAssessableError, match=r"rpm.*may not be read"):
            rpmdb.read(closed, "x")
    with pytest.raises(LimitError, match=f"^{FOLDER}/Packages: larger"):
        rpmdb.read(Huge(files), "x")


def test_the_header_parser_reads_what_rpm_wrote(root: Path) -> None:
    tags = [header.parse(blob) for blob in headers(root).values()]
    assert {(tag.name, tag.version, tag.release) for tag in tags} == {
        (row[0], row[1], row[2]) for row in query(root, "%{NAME} %{VERSION} %{RELEASE}")
    }
