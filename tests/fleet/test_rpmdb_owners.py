"""Which rpm owns a file: from databases that rpm itself wrote, in each of their formats, against what rpm answers."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fleet.memory_tree import MemoryTree
from tests.fleet.rpm_roots import FOLDER, Files, bdb, blob, headers, ndb, need, run
from tests.fleet.rpm_roots import package as small

from oakum.adapters.files.tree import DirectoryTree
from oakum.fleet import rpmdb
from oakum.fleet.assets import Stale
from oakum.fleet.rootfs import read_root

SPEC = """
Name: libssl
Version: 3.0
Release: 1
Summary: Files in several folders
License: MIT
BuildArch: noarch
%description
Short.
%package -n tools
Summary: The same base name in another folder
%description -n tools
Short.
%package -n empty
Summary: Without files
%description -n empty
Short.
%install
for path in usr/lib64/libssl.so.3 lib64/libcrypto.so.3 usr/lib64/engines/pad.so opt/größe/x usr/bin/tool \\
    opt/tools/libssl.so.3 opt/tools/libssl.so.3.old opt/tools/alibssl.so.3; do
    mkdir -p %{buildroot}/${path%/*}
    echo $path >%{buildroot}/$path
done
%files
/usr/lib64
/lib64/libcrypto.so.3
/opt/größe
%files -n tools
/usr/bin/tool
/opt/tools
%files -n empty
"""
FORMS = ["sqlite", "ndb", "bdb"]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need("rpm", "rpmbuild")
    work = tmp_path_factory.mktemp("owners")
    (work / "files.spec").write_text(SPEC)
    folders = (f"_topdir {work}", f"_rpmdir {work}/rpms")
    run("rpmbuild", "-bb", "--quiet", "--define", folders[0], "--define", folders[1], "files.spec", cwd=work)
    made = work / "root"
    made.mkdir()
    packages = sorted(str(path) for path in work.glob("rpms/*/*.rpm"))
    rpm = ("rpm", "--root", str(made), "--dbpath", FOLDER)
    run(*rpm, "-i", "--nodeps", "--justdb", "--nosignature", *packages, cwd=work)
    return made


@pytest.fixture
def tree(request: pytest.FixtureRequest, root: Path, tmp_path: Path) -> Files | DirectoryTree:
    if request.param == "sqlite":
        return DirectoryTree(root)
    if request.param == "ndb":
        return Files({f"{FOLDER}/Packages.db": ndb(headers(root))})
    return Files({f"{FOLDER}/Packages": bdb(headers(root), tmp_path / "dump", big_endian=False, page_size=4096)})


@pytest.mark.parametrize("tree", FORMS, indirect=True)
def test_every_file_has_the_owner_that_rpm_says(root: Path, tree: Files | DirectoryTree) -> None:
    said = run("rpm", "--root", str(root), "--dbpath", FOLDER, "-qa", "--qf", "[%{FILENAMES}\\t%{=NAME}\\n]", cwd=root)
    rows = [line.split("\t") for line in said.splitlines()]
    expected = {path: name for path, name in rows if name != "empty"}
    assert len(expected) == 12
    assert rpmdb.owners(tree, expected) == expected
    for path, name in expected.items():
        assert rpmdb.owners(tree, [path]) == {path: name}


@pytest.mark.parametrize("tree", FORMS, indirect=True)
def test_a_base_name_in_another_folder_is_another_file(tree: Files | DirectoryTree) -> None:
    nobodys = ["/usr/lib/libssl.so.3", "/opt/libssl.so.3", "/usr/lib64/ssl.so.3", "/opt/tools/libssl.so"]
    assert rpmdb.owners(tree, nobodys) == {}
    assert rpmdb.owners(tree, ["/opt/tools/libssl.so.3", "/usr/lib64/libssl.so.3"]) == {
        "/opt/tools/libssl.so.3": "tools", "/usr/lib64/libssl.so.3": "libssl",
    }  # fmt: skip


def test_a_file_is_found_under_both_of_the_names_that_it_has_since_usr_was_merged(root: Path) -> None:
    tree = DirectoryTree(root)
    paths = ["/usr/lib64/libcrypto.so.3", "/lib64/libssl.so.3", "/bin/tool"]
    assert rpmdb.owners(tree, paths) == dict(zip(paths, ["libssl", "libssl", "tools"], strict=True))


MOUNTS = b"20 1 08:01 / / rw - xfs /dev/root rw\n"
MAPS = b"""7f01-7f02 r-xp 0000 08:01 1                      /usr/lib64/libssl.so.3;65f0a1b2 (deleted)
7f02-7f03 r-xp 0000 08:01 1                      /usr/lib64/libcrypto.so.3 (deleted)
7f03-7f04 r-xp 0000 08:01 1                      /opt/own/libssl.so.3 (deleted)
"""


def live(**files: bytes | None) -> MemoryTree:
    """A machine with one process that maps three files which were replaced."""
    process = {"/proc/self/mountinfo": MOUNTS, "/proc/7/mountinfo": MOUNTS, "/proc/7/comm": b"httpd\n"}
    return MemoryTree({"/etc/os-release": b"ID=rocky\nVERSION_ID=9.4\n", **process, **files}, live=True)


def test_trap_09_processes_that_map_a_replaced_file_of_an_rpm_name_its_package(root: Path) -> None:
    database = (root / FOLDER[1:] / "rpmdb.sqlite").read_bytes()
    host = read_root(live(**{"/proc/7/maps": MAPS, f"{FOLDER}/rpmdb.sqlite": database}), name="x").host
    assert host is not None
    assert host.stale == (
        Stale(7, "httpd", "/opt/own/libssl.so.3"),
        Stale(7, "httpd", "/usr/lib64/libcrypto.so.3", "libssl"),
        Stale(7, "httpd", "/usr/lib64/libssl.so.3", "libssl"),
    )
    assert host.stale_known


@pytest.mark.parametrize("database", [None, b"", b"SQLite format 3\0", os.urandom(9000)])
def test_a_database_that_cannot_be_read_names_no_owner_and_hides_no_process(database: bytes | None) -> None:
    asset = read_root(live(**{"/proc/7/maps": MAPS, f"{FOLDER}/rpmdb.sqlite": database}), name="x")
    assert asset.host is not None
    assert [(one.path, one.package) for one in asset.host.stale] == [
        ("/opt/own/libssl.so.3", ""), ("/usr/lib64/libcrypto.so.3", ""), ("/usr/lib64/libssl.so.3", "")
    ]  # fmt: skip
    assert [gap.kind for gap in asset.gaps if "rpmdb" in gap.what] == ["incomplete-inventory"]


def test_the_database_is_not_read_where_nothing_was_replaced() -> None:
    class Counting(Files):
        reads = 0

        def read(self, path: str, limit: int) -> bytes:
            self.reads += 1
            return super().read(path, limit)

    tree = Counting({f"{FOLDER}/Packages.db": ndb({1: small("a")})})
    assert rpmdb.owners(tree, ()) == {}
    assert tree.reads == 0


def test_whole_paths_of_rpm_3_are_read() -> None:
    old = blob({1000: "ancient", 1001: "1", 1002: "1", 1027: "/sbin/old"}, kinds={1027: 8})
    tree = Files({f"{FOLDER}/Packages.db": ndb({1: small("a"), 2: old})})
    assert rpmdb.owners(tree, ["/usr/sbin/old", "/sbin/older"]) == {"/usr/sbin/old": "ancient"}


def one_file(package: str, name: str) -> bytes:
    """A header with one file in /usr/lib."""
    tags: dict[int, int | str | bytes] = {1000: package, 1001: "1", 1002: "1", 1116: 0, 1117: name, 1118: "/usr/lib/"}
    return blob(tags, kinds={1117: 8, 1118: 8})


def broken(**tags: tuple[int, int, int]) -> bytes:
    """A header with the file x, and some entries replaced by (type, offset, count)."""
    numbers = {"indexes": 1116, "names": 1117, "folders": 1118}
    made = bytearray(one_file("b", "x"))
    for at in range(8, 8 + 16 * 6, 16):
        for name, values in tags.items():
            if struct.unpack_from(">I", made, at)[0] == numbers[name]:
                struct.pack_into(">III", made, at + 4, *values)
    return bytes(made)


def test_a_header_whose_lists_of_files_are_broken_owns_nothing_and_the_others_do() -> None:
    sound = broken()
    assert rpmdb.owners(Files({f"{FOLDER}/Packages.db": ndb({1: sound})}), ["/usr/lib/x"]) == {"/usr/lib/x": "b"}
    for tags in (
        {"indexes": (4, 2**32 - 1, 1)}, {"indexes": (4, 0, 1)}, {"names": (8, 12, 2**31)}, {"folders": (8, 2**31, 1)},
        {"names": (8, 2**31, 1)},
    ):  # fmt: skip
        tree = Files({f"{FOLDER}/Packages.db": ndb({1: broken(**tags), 2: one_file("other", "y")})})
        assert rpmdb.owners(tree, ["/usr/lib/x", "/usr/lib/y"]) == {"/usr/lib/y": "other"}


@given(st.binary(max_size=300), st.integers(0, 250))
def test_any_bytes_in_a_header_raise_nothing(noise: bytes, at: int) -> None:
    made = bytearray(broken())
    made[at : at + len(noise)] = noise
    tree = Files({f"{FOLDER}/Packages.db": ndb({1: bytes(made)})})
    assert set(rpmdb.owners(tree, ["/usr/lib/x"])) <= {"/usr/lib/x"}
