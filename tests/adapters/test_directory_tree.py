"""A folder as a tree: nothing outside it is ever reached, and nothing in it can make a reader wait."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oakum.adapters.files.tree import MAX_DEPTH, DirectoryTree
from oakum.errors import InputError, LimitError, OakumError, UsageError

SECRET = b"outside"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_bytes(SECRET)
    inside = tmp_path / "root"
    (inside / "usr/lib").mkdir(parents=True)
    (inside / "etc").mkdir()
    (inside / "usr/lib/os-release").write_bytes(b"ID=inside\n")
    return inside


@pytest.fixture
def never_waits() -> Iterator[None]:
    signal.alarm(5)
    yield
    signal.alarm(0)


def test_reads_a_file_and_lists_a_folder(root: Path) -> None:
    tree = DirectoryTree(root)
    assert tree.read("/usr/lib/os-release", 100) == b"ID=inside\n"
    assert tree.names("/") == ("etc", "usr")
    assert tree.names("/usr/lib/") == ("os-release",)
    assert tree.names("/nowhere") == tree.names("/usr/lib/os-release") == ()
    assert not tree.live


def test_the_root_of_the_machine_is_live() -> None:
    assert DirectoryTree(Path("/")).live


@pytest.mark.parametrize(
    "target",
    ["/usr/lib/os-release", "../usr/lib/os-release", "../../../../usr/lib/os-release", "//usr/./lib/../lib/os-release"],
)
def test_links_are_followed_inside_the_root(root: Path, target: str) -> None:
    (root / "etc/os-release").symlink_to(target)
    tree = DirectoryTree(root)
    assert tree.read("/etc/os-release", 100) == b"ID=inside\n"
    assert tree.kind("/etc/os-release") == "link"
    assert tree.readlink("/etc/os-release") == target


@pytest.mark.parametrize(
    "target", ["../../secret", "../secret", "{outside}/secret", "../../../../../../{outside}/secret"]
)
def test_no_link_leads_out(root: Path, target: str) -> None:
    (root / "etc/passwd").symlink_to(target.format(outside=root.parent))
    with pytest.raises(FileNotFoundError):
        DirectoryTree(root).read("/etc/passwd", 100)


def test_no_linked_folder_leads_out(root: Path) -> None:
    (root / "var").symlink_to(root.parent)
    (root / "up").symlink_to("..")
    tree = DirectoryTree(root)
    assert tree.names("/var") == ()
    assert tree.kind("/var/secret") is None
    assert tree.names("/up") == ("etc", "up", "usr", "var")
    with pytest.raises(FileNotFoundError):
        tree.read("/up/secret", 100)
    with pytest.raises(FileNotFoundError):
        tree.read("/../../secret", 100)


def test_dots_after_a_link_go_up_from_where_it_leads(root: Path) -> None:
    (root / "link").symlink_to("usr/lib")
    assert DirectoryTree(root).read("/link/../lib/os-release", 100) == b"ID=inside\n"


def test_a_loop_of_links_is_an_error(root: Path) -> None:
    (root / "a").symlink_to("b")
    (root / "b").symlink_to("a")
    (root / "self").symlink_to("self/x")
    for path in ("/a", "/a/x", "/self"):
        with pytest.raises(InputError, match="links"):
            DirectoryTree(root).read(path, 100)


def test_a_path_deeper_than_any_real_one_is_an_error(root: Path) -> None:
    (root / ("d/" * (MAX_DEPTH + 2))).mkdir(parents=True)
    with pytest.raises(LimitError):
        DirectoryTree(root).kind("/d" * (MAX_DEPTH + 2))


def test_the_limit_is_inclusive(root: Path) -> None:
    (root / "f").write_bytes(b"x" * 10)
    tree = DirectoryTree(root)
    assert tree.read("/f", 10) == b"x" * 10
    with pytest.raises(LimitError) as caught:
        tree.read("/f", 9)
    assert caught.value.place is not None
    assert caught.value.place.file == "/f"


def test_a_sparse_giant_costs_nothing(root: Path) -> None:
    with (root / "f").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(LimitError):
        DirectoryTree(root).read("/f", 1 << 20)


def test_files_without_a_stated_size_are_read_whole_and_limited() -> None:
    tree = DirectoryTree(Path("/"))
    assert b"[stack]" in tree.read("/proc/self/maps", 1 << 24)
    with pytest.raises(LimitError):
        tree.read("/proc/self/maps", 1000)


@pytest.mark.usefixtures("never_waits")
def test_a_pipe_or_device_is_refused_without_waiting(root: Path) -> None:
    os.mkfifo(root / "pipe")
    tree = DirectoryTree(root)
    assert tree.kind("/pipe") == "other"
    with pytest.raises(InputError, match="regular"):
        tree.read("/pipe", 100)
    assert tree.names("/pipe") == ()
    with pytest.raises(InputError, match="regular"):
        DirectoryTree(Path("/")).read("/dev/zero", 100)


def test_a_folder_is_no_file(root: Path) -> None:
    with pytest.raises(InputError, match="regular"):
        DirectoryTree(root).read("/usr", 100)


def test_what_may_not_be_read_says_so_with_its_path(root: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    (root / "closed").write_bytes(b"")
    (root / "closed").chmod(0)
    with pytest.raises(PermissionError) as caught:
        DirectoryTree(root).read("/closed", 100)
    assert caught.value.filename == "/closed"


@pytest.mark.parametrize("name", ["missing", "file", "nul\0"])
def test_a_root_that_is_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="root"):
        DirectoryTree(tmp_path / name)


def test_names_that_are_not_utf8_are_listed_and_read(root: Path) -> None:
    Path(os.fsdecode(bytes(root) + b"/etc/\xff")).write_bytes(b"1")
    tree = DirectoryTree(root)
    (name,) = tree.names("/etc")
    assert tree.read(f"/etc/{name}", 10) == b"1"


@given(st.text(alphabet="ab./\0\ud800é", max_size=60), st.text(alphabet="ab./é", min_size=1, max_size=30))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_path_stays_inside(root: Path, path: str, target: str) -> None:
    link = root / "a"
    link.unlink(missing_ok=True)
    link.symlink_to(target)
    (root.parent / "b").write_bytes(SECRET)
    tree = DirectoryTree(root)
    with contextlib.suppress(FileNotFoundError, OakumError):
        assert tree.read(path, 100) != SECRET
    with contextlib.suppress(OakumError):
        assert "secret" not in tree.names(path)
        tree.kind(path)
        tree.readlink(path)
