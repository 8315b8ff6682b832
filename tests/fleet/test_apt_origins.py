"""Whose archive an installed deb comes from, by what the machine's own lists say."""

from __future__ import annotations

import gzip

import pytest
from tests.fleet.memory_tree import MemoryTree

from oakum.fleet.apt_origins import strangers
from oakum.fleet.packages import Package
from oakum.fleet.rootfs import read_root

DEBIAN = "deb http://archive.example.org/debian bookworm main\n"
DOCKER = "deb [signed-by=/etc/apt/keyrings/docker.asc] https://download.docker.com/linux/debian bookworm stable\n"
NGINX = "deb https://nginx.org/packages/debian bookworm nginx\n"
LISTS = "/var/lib/apt/lists/"
OURS = f"{LISTS}archive.example.org_debian_dists_bookworm_main_binary-amd64_Packages"
THEIRS = f"{LISTS}download.docker.com_linux_debian_dists_bookworm_stable_binary-amd64_Packages"
FROM_NGINX = f"{LISTS}nginx.org_packages_debian_dists_bookworm_nginx_binary-amd64_Packages"


def offered(*packages: str) -> bytes:
    return "".join("Package: {}\nVersion: {}\n\n".format(*one.split("=")) for one in packages).encode()


def tree(sources: str, **files: bytes | None) -> MemoryTree:
    return MemoryTree({"/etc/apt/sources.list": sources.encode(), **files})


def deb(text: str) -> Package:
    name, version = text.split("=")
    return Package(type="deb", name=name, version=version)


BASH, NEWER_NGINX, OWN_NGINX = "bash=5.2.15-2+b2", "nginx=1.26.1-1~bookworm", "nginx=1.22.1-9"


@pytest.mark.parametrize(
    ("installed", "expected"),
    [
        # Of no archive of Debian's under that name: any version of it is theirs.
        ("docker-ce=5:24.0.7-1~debian.12~bookworm", "Docker"),
        ("docker-ce=5:20.10.0~3-0~debian-buster", "Docker"),
        # Debian has the name, too: the version tells.
        (NEWER_NGINX, "nginx.org"),
        (OWN_NGINX, ""),
        # Neither has this version: it may be an older build of either.
        ("nginx=1.22.0-1", ""),
        (BASH, ""),
        ("made-here=1.0", ""),
    ],
)
def test_trap_also_third_party_debs_are_told_by_the_lists(installed: str, expected: str) -> None:
    machine = tree(
        DEBIAN + DOCKER + NGINX,
        **{
            OURS: offered(BASH, OWN_NGINX),
            THEIRS: offered("docker-ce=5:24.0.7-1~debian.12~bookworm"),
            FROM_NGINX: offered(NEWER_NGINX),
            f"{LISTS}download.docker.com_linux_debian_dists_bookworm_InRelease": b"Origin: Docker\nSHA256:\n",
        },
    )
    package = deb(installed)
    found, gaps = strangers(machine, [package, deb(BASH)])
    assert found == ({(package.name, package.version): expected} if expected else {})
    assert gaps == []


def test_trap_also_a_mirror_of_the_distribution_makes_nothing_foreign() -> None:
    mirror = "deb https://files.example/artifacts/deb bookworm main\n"
    listed = f"{LISTS}files.example_artifacts_deb_dists_bookworm_main_binary-amd64_Packages"
    found, gaps = strangers(tree(DEBIAN + mirror, **{OURS: offered(BASH), listed: offered(BASH)}), [deb(BASH)])
    assert (found, gaps) == ({}, [])


def test_trap_also_the_version_alone_tells_where_the_distributions_lists_are_not_here() -> None:
    machine = tree(DEBIAN + DOCKER, **{THEIRS: offered("docker-ce=2", "bash=9")})
    assert strangers(machine, [deb("docker-ce=2"), deb("bash=5")])[0] == {("docker-ce", "2"): "download.docker.com"}


@pytest.mark.parametrize(
    "content",
    [None, b"\x04\x22\x4d\x18 packed with lz4", b"no list"],
    ids=["not allowed", "packed with what is not here", "damaged"],
)
def test_trap_also_an_archive_whose_list_cannot_be_read_is_a_gap(content: bytes | None) -> None:
    name = f"{THEIRS}.lz4" if content and content[0] == 4 else THEIRS
    for machine in (tree(DEBIAN + DOCKER, **{name: content}), tree(DEBIAN + DOCKER)):
        found, gaps = strangers(machine, [deb("docker-ce=2")])
        assert found == {}
        assert [(gap.kind, gap.what) for gap in gaps] == [("foreign-package", "packages of download.docker.com")]


@pytest.mark.parametrize("uri", ["mirror+file:///etc/apt/mirrors/debian.list", "file:/srv/debs", "copy:/srv/debs"])
def test_trap_also_a_list_of_mirrors_and_a_folder_name_nobody(uri: str) -> None:
    assert strangers(tree(f"{DEBIAN}deb {uri} bookworm main\n"), [deb(BASH)]) == ({}, [])


def test_trap_also_what_is_not_enabled_leaves_no_question_and_its_lists_still_tell() -> None:
    address = "https://download.docker.com/linux/debian"
    disabled = f"Enabled: no\nTypes: deb\nURIs: {address}\nSuites: bookworm\nComponents: stable\n"
    files: dict[str, bytes | None] = {"/etc/apt/sources.list.d/docker.sources": disabled.encode()}
    assert strangers(MemoryTree(files), [deb("docker-ce=2")]) == ({}, [])
    files[f"{THEIRS}.gz"] = gzip.compress(offered("docker-ce=2"))
    assert strangers(MemoryTree(files), [deb("docker-ce=2")])[0] == {("docker-ce", "2"): "download.docker.com"}


def test_trap_also_an_inventory_names_the_archive() -> None:
    status = "Package: {}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {}\n\n"
    machine = tree(
        DEBIAN + DOCKER,
        **{
            OURS: offered(BASH),
            THEIRS: offered("docker-ce=2"),
            "/etc/os-release": b"ID=debian\nVERSION_ID=12\n",
            "/var/lib/dpkg/status": (status.format("docker-ce", "2") + status.format("bash", "5.2.15-2+b2")).encode(),
        },
    )
    found = {package.name: package.channel for package in read_root(machine, name="x").packages.packages}
    assert found == {"docker-ce": "download.docker.com", "bash": ""}
