"""The answer of a host is hostile until it is read: cut off, damaged, too large, or leading out of itself."""

from __future__ import annotations

import gzip
import io
import tarfile

import pytest

from oakum.adapters.ssh import collected, commands
from oakum.adapters.ssh.collected import CollectedTree
from oakum.errors import InputError, LimitError
from oakum.fleet import dnf_channels

END = {".oakum/denied": b"/etc/shadow\n"}


def archive(files: dict[str, bytes], links: dict[str, str] | None = None) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
        for name, target in (links or {}).items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            tar.addfile(entry)
    return out.getvalue()


def test_files_folders_and_links_are_read_as_on_the_machine() -> None:
    files = {"usr/lib/os-release": b"ID=debian\n", "./etc/apt/sources.list.d/a.list": b"", **END}
    tree = CollectedTree(archive(files, {"etc/os-release": "../usr/lib/os-release", "lib": "/usr/lib"}), "h")
    assert tree.live
    assert tree.read("/etc/os-release", 100) == tree.read("/lib/os-release", 100) == b"ID=debian\n"
    assert tree.names("/etc") == ("apt", "os-release")
    assert tree.names("/lib") == ("os-release",)
    assert tree.kind("/etc/os-release") == "link"
    assert tree.kind("/etc/apt") == "directory"
    assert tree.kind("/lib/os-release") == "file"
    assert tree.kind("/nothing") is None
    assert tree.readlink("/etc/os-release") == "../usr/lib/os-release"
    with pytest.raises(FileNotFoundError):
        tree.read("/nothing", 1)
    with pytest.raises(LimitError):
        tree.read("/etc/os-release", 3)


def test_what_the_account_may_not_read_is_no_missing_file() -> None:
    tree = CollectedTree(archive(END), "h")
    with pytest.raises(PermissionError):
        tree.read("/etc/shadow", 100)
    assert tree.kind("/etc/shadow") == "file"


def test_links_stay_inside_and_circles_end() -> None:
    links = {"a": "b", "b": "a", "up": "../../../../etc/secret"}
    tree = CollectedTree(archive(END, links), "h")
    with pytest.raises(InputError, match="symbolic links"):
        tree.read("/a", 1)
    with pytest.raises(FileNotFoundError):
        tree.read("/up", 1)


@pytest.mark.parametrize("cut", [0, 3, 40, -1, -9])
def test_an_answer_that_is_cut_off_is_never_a_smaller_machine(cut: int) -> None:
    whole = gzip.compress(archive({"var/lib/dpkg/status": b"Package: a\n" * 500, **END}))
    with pytest.raises(InputError):
        CollectedTree(whole[:cut], "h")


def test_an_answer_without_its_end_is_refused() -> None:
    with pytest.raises(InputError, match="cut off"):
        CollectedTree(archive({"etc/os-release": b""}), "h")


def test_what_an_account_prints_at_sign_in_is_named_as_the_cause() -> None:
    with pytest.raises(InputError, match="prints before a command"):
        CollectedTree(b"Welcome to h!\n" + archive(END), "h")


def test_an_entry_that_leads_out_is_refused() -> None:
    with pytest.raises(InputError, match="leads out"):
        CollectedTree(archive({"../etc/passwd": b"", **END}), "h")


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collected, "UNPACKED", 1 << 16)
    with pytest.raises(LimitError):
        CollectedTree(gzip.compress(bytes(1 << 20)), "h")


def test_too_many_entries_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collected, "ENTRIES", 10)
    with pytest.raises(LimitError):
        CollectedTree(archive({f"f{number}": b"" for number in range(11)} | END), "h")


def test_whatever_is_read_of_repositories_and_holds_of_rpm_hosts_is_sent() -> None:
    class Asked(CollectedTree):
        def __init__(self) -> None:
            super().__init__(archive(END), "h")
            self.files: set[str] = set()
            self.folders: set[str] = set()

        def read(self, path: str, limit: int) -> bytes:
            self.files.add(path)
            return super().read(path, limit)

        def names(self, path: str) -> tuple[str, ...]:
            self.folders.add(path)
            return super().names(path)

    tree = Asked()
    dnf_channels.channels(tree)
    assert {"/etc/dnf/dnf.conf", "/etc/dnf/versionlock.toml", "/etc/zypp/locks"} <= tree.files
    words = set(commands.program().decode().split())
    assert tree.files <= words
    assert {f"{folder}/*" for folder in tree.folders} <= words
