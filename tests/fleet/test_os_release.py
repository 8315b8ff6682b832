"""os-release and its forerunners."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data import shared
from tests.fleet.memory_tree import MemoryTree

from oakum.errors import InputError, OakumError
from oakum.fleet import os_release
from oakum.fleet.ecosystems import release_from_os_release


def test_every_real_file_names_its_product_and_release() -> None:
    files = sorted(shared("os-release").glob("*.txt"))
    assert len(files) == 56
    for file in files:
        fields = os_release.parse(file.read_bytes(), file.name)
        release = release_from_os_release(fields)
        stated = re.search(rb'^ID="?([a-z]+)"?$', file.read_bytes(), re.MULTILINE)
        version = re.search(rb'^VERSION_ID="?([0-9.]+)', file.read_bytes(), re.MULTILINE)
        assert release is not None, file.name
        assert stated is not None, file.name
        assert release.product == stated[1].decode(), file.name
        if version and not release.rolling:
            assert version[1].decode().startswith(release.version), file.name


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("ID=a", "a"),
        ('ID="a b"', "a b"),
        ("ID='a \"b'", 'a "b'),
        (r'ID="\"\$\\\`\n"', '"$\\`\\n'),
        ("ID=", ""),
        ("#ID=no\nID=first\nID=last\r\n", "last"),
        ("not an assignment\nID=x", "x"),
    ],
)
def test_quotation_is_the_shells(text: str, value: str) -> None:
    assert os_release.parse(text.encode())["ID"] == value


@pytest.mark.parametrize("text", ['ID="a', "ID='", r'ID="a\"'])
def test_a_quotation_without_end_is_an_error_with_its_line(text: str) -> None:
    with pytest.raises(InputError) as caught:
        os_release.parse(f"NAME=x\n{text}\n".encode(), "f")
    assert str(caught.value).startswith("f:2: ID")


@pytest.mark.parametrize(
    ("path", "content", "scope"),
    [
        ("/usr/lib/os-release", b"ID=debian\nVERSION_ID=12\n", "debian:12"),
        ("/etc/alpine-release", b"3.18.12\n", "alpine:3.18"),
        ("/etc/debian_version", b"11.9\n", "debian:11"),
        ("/etc/redhat-release", b"CentOS Linux release 7.9.2009 (Core)\n", "centos:7"),
        ("/etc/redhat-release", b"Red Hat Enterprise Linux Server release 6.10 (Santiago)\n", "rhel:6"),
        ("/etc/redhat-release", b"AlmaLinux release 8.10 (Cerulean Leopard)\n", "almalinux:8"),
        ("/etc/redhat-release", b"Rocky Linux release 9.3 (Blue Onyx)\n", "rocky:9"),
        ("/etc/oracle-release", b"Oracle Linux Server release 8.9\n", "ol:8"),
        ("/etc/lsb-release", b"DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=14.04\n", "ubuntu:14.04"),
    ],
)
def test_older_files_name_the_release_too(path: str, content: bytes, scope: str) -> None:
    fields, source = os_release.read(MemoryTree({path: content}))
    release = release_from_os_release(fields)
    assert source == path
    assert release is not None
    assert release.scope == scope


@given(st.one_of(st.binary(max_size=200), st.text(alphabet="ID=\"'\\$\n a1.", max_size=100).map(str.encode)))
def test_any_bytes_give_fields_or_a_clear_error(data: bytes) -> None:
    paths = ("/etc/os-release", "/etc/lsb-release", "/etc/redhat-release", "/etc/debian_version")
    for path in paths:
        with contextlib.suppress(OakumError):
            os_release.read(MemoryTree({path: data}))
