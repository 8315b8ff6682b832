"""What is kept of images: by digest, platform and readers, and never believed when it is damaged or another's."""

from __future__ import annotations

import hashlib
import os
import stat
from importlib import resources
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.fleet.assets import Asset, Gap
from oakum.fleet.images.manifests import Platform
from oakum.fleet.packages import Package, package_set
from oakum.fleet.releases import Release
from oakum.local import image_cache
from oakum.local.image_cache import ImageCache, Reading, readers_version

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
AMD64, ARM64 = Platform("amd64", "linux"), Platform("arm64", "linux", "v8")
READERS = "0123456789abcdef"


def reading(*names: str) -> Reading:
    packages = [Package(type="deb", name=name, version="1", epoch=None, owner="x") for name in names]
    found = package_set(Release("debian", "12", given="Debian"), packages)
    gaps = (Gap("incomplete-inventory", "a", "b", "c"),)
    return Reading(Asset(kind="image", key=A, name="web", source="dpkg", packages=found, gaps=gaps), AMD64)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_what_is_put_is_had_for_its_digest_platform_and_readers_only(tmp_path: Path) -> None:
    cache = ImageCache(tmp_path, READERS)
    cache.put(A, AMD64, reading("bash"))
    assert ImageCache(tmp_path, READERS).get(A, AMD64) == reading("bash")
    assert cache.get(B, AMD64) is cache.get(A, ARM64) is cache.get(A, None) is None
    assert ImageCache(tmp_path, "f" * 16).get(A, AMD64) is None
    (file,) = files(tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_every_damaged_byte_is_noticed(tmp_path: Path) -> None:
    cache = ImageCache(tmp_path, READERS)
    cache.put(A, AMD64, reading("bash"))
    (file,) = files(tmp_path)
    sound = file.read_bytes()
    for at in range(len(sound)):
        file.write_bytes(sound[:at] + bytes([sound[at] ^ 1]) + sound[at + 1 :])
        assert cache.get(A, AMD64) is None
        assert not file.exists()
        file.write_bytes(sound[:at])
        assert cache.get(A, AMD64) is None


def test_a_file_in_anothers_place_is_not_believed(tmp_path: Path) -> None:
    cache = ImageCache(tmp_path, READERS)
    cache.put(A, AMD64, reading("bash"))
    (one,) = files(tmp_path)
    cache.put(B, AMD64, reading("bash", "curl"))
    (other,) = set(files(tmp_path)) - {one}
    other.write_bytes(one.read_bytes())
    assert cache.get(B, AMD64) is None


@given(st.binary(max_size=200))
def test_any_bytes_are_passed_over(data: bytes) -> None:
    assert image_cache._decoded(data, A, str(AMD64)) is None
    assert image_cache._decoded(hashlib.sha256(data).digest() + data, A, str(AMD64)) is None


def test_a_list_of_packages_that_is_not_the_one_of_its_digest_is_not_believed(tmp_path: Path) -> None:
    cache = ImageCache(tmp_path, READERS)
    given = reading("bash")
    packages = msgspec.structs.replace(given.asset.packages, packages=())
    asset = msgspec.structs.replace(given.asset, packages=packages)
    cache.put(A, AMD64, Reading(asset, AMD64))
    assert cache.get(A, AMD64) is None


def test_the_oldest_go_first_and_what_other_readers_left_goes(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("stays")
    ImageCache(tmp_path, "f" * 16).put(A, AMD64, reading("old"))
    cache = ImageCache(tmp_path, READERS)
    for number in range(4):
        cache.put(f"sha256:{number:064}", AMD64, reading("bash"))
        os.utime(max(files(tmp_path / READERS), key=lambda file: file.stat().st_mtime_ns), (number, number))
    cache.get(f"sha256:{0:064}", AMD64)  # it was used
    size = max(file.stat().st_size for file in files(tmp_path / READERS))
    ImageCache(tmp_path, READERS, most=2 * size).tidy()
    assert [number for number in range(4) if cache.get(f"sha256:{number:064}", AMD64)] == [0, 3]
    assert (tmp_path / "mine" / "file").read_text() == "stays"
    assert not (tmp_path / ("f" * 16)).exists()


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = ImageCache(tmp_path / "file", READERS)
    cache.put(A, AMD64, reading("bash"))
    cache.tidy()
    assert cache.get(A, AMD64) is None


def test_readers_that_changed_have_another_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = readers_version()
    package = tmp_path / "fleet"
    package.mkdir()
    (package / "dpkg.py").write_text("one")
    monkeypatch.setattr(resources, "files", lambda _: package)
    readers_version.cache_clear()
    one = readers_version()
    (package / "dpkg.py").write_text("two")
    readers_version.cache_clear()
    assert len({before, one, readers_version()}) == 3
    readers_version.cache_clear()
