"""Which packages on which assets a product of a statement stands for; each row has its negative twin."""

from __future__ import annotations

import pytest
from tests.findings.stated import asset, of_kind, product

from oakum.findings.statements.platforms import is_platform
from oakum.findings.statements.ranges import contains
from oakum.findings.statements.scope import Place
from oakum.fleet.packages import Package
from oakum.fleet.releases import Release

DIGEST = f"sha256:{'ab' * 32}"
OTHER = f"sha256:{'cd' * 32}"
IMAGE = f"pkg:oci/debian@{DIGEST}?repository_url=index.docker.io%2Flibrary%2Fdebian&arch=amd64"
OPENSSL = "pkg:deb/debian/openssl@1:3.0.11-1?arch=amd64&distro=debian-12&upstream=openssl3%401:3.0.11-1"
EPOCH = "pkg:rpm/redhat/bind@9.11-1.el8?arch=x86_64&epoch=32&distro=rhel-8.9&upstream=bind-9.11-1.el8.src.rpm"

#: package, what a statement names, what it names in the twin
PACKAGES = {
    "version": ("pkg:npm/left@1.0.0", "pkg:npm/left@1.0.0", "pkg:npm/left@1.0.1"),
    "no version": ("pkg:npm/left@1.0.0", "pkg:npm/left", "pkg:npm/right"),
    "type": ("pkg:npm/left@1.0.0", "pkg:npm/left", "pkg:pypi/left"),
    "a longer version": ("pkg:npm/left@1.0.0", "pkg:npm/left@1.0.0", "pkg:npm/left@1.0"),
    "scope of npm": ("pkg:npm/%40acme/left@1.0.0", "pkg:npm/%40acme/left@1.0.0", "pkg:npm/left@1.0.0"),
    "encoded scope": ("pkg:npm/%40acme/left@1.0.0", "pkg:npm/@acme/left@1.0.0", "pkg:npm/%40evil/left@1.0.0"),
    "namespace": ("pkg:maven/org.a/core@2.0", "pkg:maven/org.a/core", "pkg:maven/org.b/core"),
    "namespace of a distribution": (OPENSSL, "pkg:deb/debian/openssl", "pkg:deb/ubuntu/openssl"),
    "no namespace": (OPENSSL, "pkg:deb/debian/openssl", "pkg:deb/openssl"),
    "encoded plus": ("pkg:deb/debian/libstdc%2B%2B6@12", "pkg:deb/debian/libstdc++6", "pkg:deb/debian/libstdc6"),
    "encoded version": ("pkg:pypi/a@1.0%2Blocal", "pkg:pypi/a@1.0+local", "pkg:pypi/a@1.0"),
    "spelling of PyPI": ("pkg:pypi/zope-interface@5", "pkg:pypi/Zope.Interface@5", "pkg:pypi/zopeinterface@5"),
    "case of Go": (
        "pkg:golang/github.com/burntsushi/toml@v1.0.0",
        "pkg:golang/github.com/BurntSushi/toml@v1.0.0",
        "pkg:golang/github.com/BurntSushi/toml/v2@v1.0.0",
    ),
    "v of Go": ("pkg:golang/stdlib@1.22.0", "pkg:golang/stdlib@v1.22.0", "pkg:golang/stdlib@v1.22.1"),
    "architecture": (OPENSSL, "pkg:deb/debian/openssl?arch=amd64", "pkg:deb/debian/openssl?arch=arm64"),
    "distribution": (OPENSSL, "pkg:deb/debian/openssl?distro=debian-12", "pkg:deb/debian/openssl?distro=debian-11"),
    "another word for it": (
        OPENSSL, "pkg:deb/debian/openssl?distro=bookworm", "pkg:deb/debian/openssl?distro=bullseye",
    ),
    "epoch of a deb": (OPENSSL, "pkg:deb/debian/openssl@1:3.0.11-1", "pkg:deb/debian/openssl@2:3.0.11-1"),
    "epoch apart": (OPENSSL, "pkg:deb/debian/openssl@3.0.11-1?epoch=1", "pkg:deb/debian/openssl@3.0.11-1?epoch=2"),
    "no epoch of a deb is 0": (OPENSSL, "pkg:deb/debian/openssl@1:3.0.11-1", "pkg:deb/debian/openssl@3.0.11-1"),
    "epoch of an rpm": (EPOCH, "pkg:rpm/redhat/bind@9.11-1.el8?epoch=32", "pkg:rpm/redhat/bind@9.11-1.el8?epoch=31"),
    "epoch of an rpm in the version": (
        EPOCH, "pkg:rpm/redhat/bind@32:9.11-1.el8", "pkg:rpm/redhat/bind@0:9.11-1.el8",
    ),
    "source": (OPENSSL, "pkg:deb/debian/openssl3?arch=source", "pkg:deb/debian/openssl?arch=source"),
    "source with version": (
        EPOCH, "pkg:rpm/redhat/bind@9.11-1.el8?arch=src", "pkg:rpm/redhat/bind@9.11-2.el8?arch=src",
    ),
    "qualifier that is not known": (
        "pkg:maven/org.a/core@2.0?type=jar", "pkg:maven/org.a/core@2.0?type=jar", "pkg:maven/org.a/core?classifier=x",
    ),
    "subpath": ("pkg:golang/a.b/c@v1#sub/d", "pkg:golang/a.b/c@v1#sub/d", "pkg:golang/a.b/c@v1#sub/e"),
    "module as Syft writes it": (
        "pkg:golang/github.com/go-git/go-git@v5.12.0#v5", "pkg:golang/github.com/go-git/go-git/v5@v5.12.0",
        "pkg:golang/github.com/go-git/go-git@v5.12.0",
    ),
    "statement as Syft writes it": (
        "pkg:golang/github.com/go-git/go-git/v5@v5.12.0", "pkg:golang/github.com/go-git/go-git@v5.12.0#v5",
        "pkg:golang/github.com/go-git/go-git@v5.12.0#v4",
    ),
    "subpath of a whole": ("pkg:golang/a.b/c@v1", "pkg:golang/a.b/c@v1", "pkg:golang/a.b/c@v1#sub"),
    "no package URL": ("pkg:npm/left@1.0.0", "pkg:npm/left", "https://example.com/left"),
    "broken package URL": ("pkg:npm/left@1.0.0", "pkg:npm/left", "pkg:npm"),
}  # fmt: skip


def package(purl: str) -> Package:
    """The package of a purl, as an SBOM's reader makes it."""
    (one,) = asset(purl, distro="debian:12" if ":deb" in purl else "").packages.packages
    return one


@pytest.mark.parametrize("row", PACKAGES)
def test_a_package(row: str) -> None:
    purl, named, other = PACKAGES[row]
    place = Place(asset(purl, distro="debian:12" if "pkg:deb" in purl else ""))
    assert place.concerns(product(named), package(purl))
    assert not place.concerns(product(other), package(purl))


#: what a statement names, the asset that it is, the asset that it is not
WHOLES = {
    "a part of an image": (
        f"pkg:deb/debian/openssl in {IMAGE}",
        asset(OPENSSL, subject=IMAGE, container=True),
        asset(OPENSSL, subject=IMAGE.replace(DIGEST, OTHER), container=True),
    ),
    "any version of an image": (
        "pkg:deb/debian/openssl in pkg:oci/debian?repository_url=docker.io/library/debian",
        asset(OPENSSL, subject=IMAGE, container=True),
        asset(OPENSSL, subject=IMAGE.replace("library", "evil"), container=True),
    ),
    "an image that has no package URL": (
        f"pkg:deb/debian/openssl in pkg:oci/web@{DIGEST}?repository_url=registry.example.com/team/web",
        of_kind(asset(OPENSSL), "image", f"image/{DIGEST}", f"registry.example.com/team/web:1.0@{DIGEST}"),
        of_kind(asset(OPENSSL), "image", f"image/{OTHER}", f"registry.example.com/team/web:1.0@{OTHER}"),
    ),
    "Docker's registry by another name": (
        "pkg:deb/debian/openssl in pkg:oci/debian?repository_url=index.docker.io/library/debian",
        of_kind(asset(OPENSSL), "image", DIGEST, "debian:12"),
        of_kind(asset(OPENSSL), "image", DIGEST, "quay.io/library/debian:12"),
    ),
    "a whole image": (
        IMAGE,
        asset(OPENSSL, subject=IMAGE, container=True),
        asset(OPENSSL, subject=IMAGE.replace(DIGEST, OTHER), container=True),
    ),
    "the subject of an SBOM": (
        "pkg:npm/left in pkg:npm/app@3.0.0",
        asset("pkg:npm/left@1.0.0", subject="pkg:npm/app@3.0.0"),
        asset("pkg:npm/left@1.0.0", subject="pkg:npm/app@3.0.1"),
    ),
    "a part of nothing that is known": (
        "pkg:npm/left", asset("pkg:npm/left@1.0.0"), asset("pkg:npm/right@1.0.0"),
    ),
    "a part is not everywhere": (
        "pkg:npm/left in pkg:npm/app",
        asset("pkg:npm/left@1.0.0", subject="pkg:npm/app@3.0.0"),
        asset("pkg:npm/left@1.0.0", "pkg:npm/app@3.0.0"),
    ),
    "an operating system": (
        "pkg:rpm/redhat/bind in cpe:/o:redhat:enterprise_linux:8::baseos",
        asset(EPOCH, distro="rhel:8.9"),
        asset(EPOCH.replace("rhel-8.9", "rhel-9.2"), distro="rhel:9.2"),
    ),
    "an operating system as a whole": (
        "cpe:/o:redhat:enterprise_linux:8",
        asset(EPOCH, distro="rhel:8.9"),
        asset("pkg:npm/left@1.0.0", distro="rhel:8.9"),
    ),
    "another operating system": (
        "pkg:rpm/redhat/bind in cpe:/o:redhat:enterprise_linux:8",
        asset(EPOCH, distro="rhel:8.9"),
        asset(EPOCH.replace("rhel-8.9", "almalinux-8.9"), distro="almalinux:8.9"),
    ),
    "a pinned image, whatever product it is of": (
        f"pkg:deb/debian/openssl in {IMAGE} in cpe:/a:vendor:suite:1",
        asset(OPENSSL, subject=IMAGE, container=True),
        asset(OPENSSL, container=True),
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", WHOLES)
def test_what_it_stands_inside_of(row: str) -> None:
    named, here, elsewhere = WHOLES[row]
    assert any(Place(here).concerns(product(named), one) for one in here.packages.packages)
    assert not any(Place(elsewhere).concerns(product(named), one) for one in elsewhere.packages.packages)


@pytest.mark.parametrize(
    ("cpe", "release", "is_it"),
    [
        ("cpe:/o:redhat:enterprise_linux:9::baseos", Release("rhel", "9", "9.4"), True),
        ("cpe:/o:redhat:enterprise_linux:9.4", Release("rhel", "9", "9.4"), True),
        ("cpe:/o:redhat:enterprise_linux:9.2", Release("rhel", "9", "9.4"), False),
        ("cpe:/o:redhat:enterprise_linux:9.4", Release("rhel", "9", "9.40"), False),
        ("cpe:/a:redhat:rhel_eus:9.4::appstream", Release("rhel", "9", "9.4"), False),
        ("cpe:/o:redhat:enterprise_linux", Release("rhel", "9", "9.4"), True),
        ("cpe:2.3:o:redhat:enterprise_linux:9:*:*:*:*:*:*:*", Release("rhel", "9", "9.4"), True),
        ("cpe:2.3:o:redhat:enterprise_linux:*:*:*:*:*:*:*:*", Release("rhel", "9", "9.4"), True),
        ("cpe:/o:suse:sles:15:sp5", Release("sles", "15.5", "15.5"), True),
        ("cpe:/o:suse:sles:15:sp4", Release("sles", "15.5", "15.5"), False),
        ("cpe:/o:debian:debian_linux:12", Release("debian", "12", "12.13"), True),
        ("cpe:/o:debian:debian_linux:1", Release("debian", "12", "12.13"), False),
        ("cpe:/o:redhat:enterprise_linux:9", Release("rhel"), False),
        ("cpe:/o:redhat:enterprise_linux:9", None, False),
        ("cpe:/", Release("rhel", "9", "9.4"), False),
        ("no cpe", Release("rhel", "9", "9.4"), False),
    ],
)
def test_a_platform(cpe: str, release: Release | None, is_it: bool) -> None:
    assert is_platform(cpe, release) is is_it


@pytest.mark.parametrize(
    ("versions", "inside", "outside"),
    [
        ("vers:npm/>=1.0.0|<2.0.0", "1.9.9", "2.0.0"),
        ("vers:npm/<=2.0.0", "2.0.0", "2.0.1"),
        ("vers:npm/>2.0.0", "2.0.1", "2.0.0"),
        ("vers:npm/1.0.0|>=3.0.0", "1.0.0", "2.0.0"),
        ("vers:npm/<1.0.0|>=2.0.0|<3.0.0|>=4.0.0", "2.5.0", "3.5.0"),
        ("vers:npm/<1.0.0|>=2.0.0|<3.0.0|>=4.0.0", "0.9.0", "1.5.0"),
        ("vers:npm/<1.0.0|>=2.0.0|<3.0.0|>=4.0.0", "4.0.0", "3.0.0"),
        ("vers:npm/>=1.0.0|!=1.5.0|<2.0.0", "1.4.0", "1.5.0"),
        ("vers:npm/!=1.0.0", "1.0.1", "1.0.0"),
        ("vers:deb/<1%3A2.0-1", "1:1.9-1", "1:2.0-1"),
        ("vers:all/*", "anything", ""),
        ("", "", "1.0.0"),
        ("vers:none/*", "", "1.0.0"),
        ("vers:generic/<9", "", "1.0.0"),
        ("vers:npm/<2.0.0", "1.0.0", "no version"),
        ("vers:npm/>=2.0.0|>=1.0.0", "", "3.0.0"),
    ],
)
def test_a_range(versions: str, inside: str, outside: str) -> None:
    assert not inside or contains(versions, inside)
    assert not outside or not contains(versions, outside)
