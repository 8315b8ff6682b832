"""apk's database and repositories."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL
from tests.fleet.memory_tree import MemoryTree

from oakum.errors import InputError, OakumError
from oakum.fleet import apk, apk_channels
from oakum.fleet.assets import Kernel
from oakum.fleet.kernels import kernels

INSTALLED = b"""C:Q1abc=
P:libcrypto3
V:3.1.4-r0
A:x86_64
o:openssl
p:so:libcrypto.so.3=3
F:lib
R:libcrypto.so.3

C:Q1abd=
P:linux-lts
V:6.6.7-r2
A:x86_64

"""


def tree(installed: bytes = INSTALLED, path: str = apk.DATABASES[1], **others: bytes) -> MemoryTree:
    return MemoryTree({path: installed, **others})


@pytest.mark.parametrize("path", apk.DATABASES)
def test_trap_02_origin_is_the_source(path: str) -> None:
    packages, gaps = apk.read(
        tree(path=path, **{"/etc/apk/world": b"libcrypto3=3.1.4-r0 linux-lts\n"}), "alpine", "alpine-3.18"
    )
    assert not gaps
    first, kernel = packages
    assert (first.name, first.version, first.source, first.source_version) == (
        "libcrypto3",
        "3.1.4-r0",
        "openssl",
        "3.1.4-r0",
    )
    assert first.held
    assert not kernel.held
    assert kernel.source == "linux-lts"
    assert PackageURL.from_string(first.purl).to_string() == first.purl


def test_trap_08_alpine_kernel_release() -> None:
    packages, _ = apk.read(tree(), "alpine")
    assert kernels(tree(), packages)[0] == (Kernel("6.6.7-2-lts", "linux-lts", "6.6.7-r2"),)


@pytest.mark.parametrize("broken", [b"P:x\n\n", b"V:1\n\n", b"P:x\nV:1\nV:2\n\n", b"P:\xff\nV:1\n\n"])
def test_a_broken_stanza_is_a_gap_with_its_line(broken: bytes) -> None:
    packages, gaps = apk.read(tree(broken + INSTALLED), "alpine")
    assert len(packages) == 2
    assert [gap.what for gap in gaps] == [f"{apk.DATABASES[1]}:1"]


def test_truncated_and_foreign_files() -> None:
    assert "truncated" in apk.read(tree(INSTALLED[:-40]), "alpine")[1][0].why
    with pytest.raises(InputError):
        apk.read(tree(b"x\n\n" * 100), "alpine")


@given(st.one_of(st.binary(max_size=200), st.text(alphabet="PVAo:1-r\n ", max_size=200).map(str.encode)))
def test_any_bytes_give_packages_gaps_or_a_clear_error(data: bytes) -> None:
    with contextlib.suppress(OakumError):
        apk.read(tree(data), "alpine")
    apk_channels.read(MemoryTree({"/etc/apk/repositories": data}))


def test_repositories() -> None:
    text = b"""# comment
https://dl-cdn.alpinelinux.org/alpine/v3.18/main
@edge https://mirror.example/alpine/edge/testing
https://example.org/own
https://mirror.example/alpine/v3.22 main community
"""
    channels, gaps = apk_channels.read(MemoryTree({"/etc/apk/repositories": text}))
    assert not gaps
    assert [(c.name, c.pocket, c.enabled) for c in channels] == [
        ("Alpine v3.18/main", "main", True),
        ("Alpine edge/testing @edge", "main", False),
        ("https://example.org/own", "third-party", True),
        ("Alpine v3.22/main", "main", True),
        ("Alpine v3.22/community", "main", True),
    ]
