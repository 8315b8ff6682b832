from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fleet.images.builder import Files, file, for_platform, layer, layout, named, saved

from oakum.errors import InputError, OakumError, UsageError
from oakum.fleet.images.choice import read_platform
from oakum.local.targets import read_target

OS = file("etc/os-release", 'ID=debian\nVERSION_ID="12"\n')


def status(*packages: str) -> bytes:
    text = "Package: {}\nStatus: install ok installed\nVersion: 1.0-1\nArchitecture: amd64\n\n"
    return "".join(map(text.format, packages)).encode()


DEBIAN = layer(OS, file("var/lib/dpkg/status", status("bash", "old")))
NEWER = layer(file("var/lib/dpkg/status", status("bash", "curl", "linux-image-6.1.0-20-amd64")))


def packages(target: str, platform: str = "") -> list[str]:
    asset = read_target(target, read_platform(platform) if platform else None).asset
    assert asset.kind == "image"
    assert asset.host is None
    return sorted(package.name for package in asset.packages.packages)


def test_an_image_is_an_asset_of_its_digest_with_the_packages_of_its_last_layer(tmp_path: Path) -> None:
    files = Files()
    described = files.image([DEBIAN, NEWER], **named("quay.io/x/web:1.27"))
    files.index(described).write(tmp_path / "layout")
    (tmp_path / "archive.tar").write_bytes(files.tar())
    for name in ("layout", "archive.tar"):
        asset = read_target(f"{tmp_path}/{name}").asset
        assert sorted(package.name for package in asset.packages.packages) == [
            "bash",
            "curl",
            "linux-image-6.1.0-20-amd64",
        ]
        assert (asset.kind, asset.key, asset.name) == ("image", described["digest"], "quay.io/x/web:1.27")
        assert asset.source == "dpkg in OCI layout, linux/amd64"
        digest = described["digest"]
        assert asset.subject == (f"pkg:oci/web@{digest}?arch=amd64&repository_url=quay.io/x/web&tag=1.27",)
        assert asset.packages.release is not None
        assert (asset.packages.release.scope, asset.platform, asset.gaps) == ("debian:12", "linux", ())
        purls = {package.purl for package in asset.packages.packages}
        assert "pkg:deb/debian/bash@1.0-1?arch=amd64&distro=debian-12" in purls


def test_a_tag_or_a_digest_stands_behind_the_path(tmp_path: Path) -> None:
    files = Files()
    one = files.image([DEBIAN], **named("quay.io/x/web:1"))
    two = files.image([DEBIAN, NEWER], **named("2"))
    files.index(one, two).write(tmp_path / "with:colon@sign")
    (tmp_path / "with").mkdir()
    for selector in ("1", "quay.io/x/web:1"):
        assert packages(f"{tmp_path}/with:colon@sign:{selector}") == ["bash", "old"]
    assert len(packages(f"{tmp_path}/with:colon@sign:2")) == 3
    assert len(packages(f"{tmp_path}/with:colon@sign@{two['digest']}")) == 3
    saved({"web:1": [DEBIAN], "web:2": [DEBIAN, NEWER]}).write(tmp_path / "saved")
    (tmp_path / "saved.tar").write_bytes(saved({"web:1": [DEBIAN], "web:2": [DEBIAN, NEWER]}).tar())
    assert packages(f"{tmp_path}/saved.tar:web:1") == ["bash", "old"]
    with pytest.raises(UsageError, match=r"there are: quay\.io/x/web:1, 2"):
        packages(f"{tmp_path}/with:colon@sign")


def test_a_platform_is_asked_for(tmp_path: Path) -> None:
    files = Files()
    listed = [
        files.image([DEBIAN, *more], built_for=name, **for_platform(name))
        for name, more in {"linux/s390x": (), "linux/ppc64le": (NEWER,)}.items()
    ]
    files.index(*listed).write(tmp_path / "layout")
    assert len(packages(f"{tmp_path}/layout", "linux/s390x")) == 2
    assert len(packages(f"{tmp_path}/layout", "linux/ppc64le")) == 3
    with pytest.raises(UsageError, match="--platform or by digest; there are: linux/ppc64le, linux/s390x"):
        packages(f"{tmp_path}/layout")


def test_an_image_that_cannot_be_read_has_no_packages_and_says_why(tmp_path: Path) -> None:
    layout(DEBIAN, b"no archive" * 99).write(tmp_path / "layout")
    asset = read_target(f"{tmp_path}/layout").asset
    assert (asset.kind, asset.packages.packages) == ("image", ())
    assert [gap.kind for gap in asset.gaps] == ["unread-image"]


def test_an_image_without_a_package_database_is_not_clean(tmp_path: Path) -> None:
    layout(layer(OS)).write(tmp_path / "layout")
    assert [gap.kind for gap in read_target(f"{tmp_path}/layout").asset.gaps] == ["incomplete-inventory"]


@pytest.mark.parametrize(
    ("make", "name", "why"),
    [
        (lambda path: None, "none", "no such file"),
        (lambda path: None, "", "empty"),
        (lambda path: path.mkdir(), "x:tag", "no images"),
        (lambda path: path.write_bytes(b"{}"), "x:tag", "no images"),
        (lambda path: path.write_bytes(layer(OS)), "x", "neither an OCI layout"),
        (lambda path: path.write_bytes(layout(DEBIAN).tar().partition(b"manifests")[0]), "x", "cut off"),
        (lambda path: path.write_bytes(b"\x28\xb5\x2f\xfdnoise"), "x", "not UTF-8|zstd"),
        (lambda path: None, "x\0y", "no such file"),
        (lambda path: None, "x" * 5000, "too long"),
    ],
)
def test_what_is_no_image_is_an_error_that_names_it(
    make: Callable[[Path], object], name: str, why: str, tmp_path: Path
) -> None:
    make(tmp_path / "x")
    with pytest.raises(OakumError, match=why):
        read_target(f"{tmp_path}/{name}" if name else "")


def test_a_lie_names_the_image_and_the_blob(tmp_path: Path) -> None:
    files = layout(DEBIAN)
    path = max(files, key=lambda path: len(files[path]) if path.startswith("blobs/") else 0)
    files[path] += b"x"
    files.write(tmp_path / "layout")
    with pytest.raises(InputError, match=rf"{tmp_path}/layout: .*descriptor says .*again"):
        read_target(f"{tmp_path}/layout")
