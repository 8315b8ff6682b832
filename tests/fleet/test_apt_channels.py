"""apt: configured sources, their pockets, and what their lists offer."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import json
import lzma
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fleet.memory_tree import MemoryTree

from oakum.errors import InputError, OakumError
from oakum.fleet import apt_channels, apt_lists, apt_sources
from oakum.fleet.apt_lists import Offer

LIST = "/etc/apt/sources.list"
DEB822 = "/etc/apt/sources.list.d/x.sources"
LISTS = "/var/lib/apt/lists/"


def pockets(line: str, **others: bytes) -> list[tuple[str, bool]]:
    channels, gaps = apt_channels.read(MemoryTree({LIST: line.encode(), **others}))
    assert not gaps
    return [(channel.pocket, channel.enabled) for channel in channels]


@pytest.mark.parametrize(
    ("line", "pocket"),
    [
        ("deb http://mirror.example.org/debian bookworm main", "main"),
        ("deb http://mirror.example.org/debian bookworm-updates main", "updates"),
        ("deb http://mirror.example.org/debian-security bookworm-security main", "security"),
        ("deb http://security.debian.org/ buster/updates main", "security"),
        ("deb http://mirror.example.org/debian bookworm-backports main", "backports"),
        (
            "deb [arch=amd64,i386 signed-by=/a b.gpg] http://de.archive.ubuntu.com/ubuntu jammy-security universe",
            "security",
        ),
        ("deb https://esm.ubuntu.com/infra/ubuntu jammy-infra-security main", "esm-infra"),
        ("deb https://esm.ubuntu.com/apps/ubuntu jammy-apps-updates main", "esm-apps"),
        ("deb https://esm.ubuntu.com/fips/ubuntu jammy main", "extended"),
        ("deb http://deb.freexian.com/extended-lts buster-lts main", "extended"),
        ("deb http://deb.freexian.com/other buster main", "third-party"),
        ("deb https://download.docker.com/linux/debian bookworm stable", "third-party"),
        ("deb https://packages.microsoft.com/debian/12/prod bookworm main", "third-party"),
        ("deb https://ppa.launchpadcontent.net/a/b/ubuntu jammy main", "third-party"),
        ("deb http://mirror.example/debian bookworm main # ours", "main"),
        ("deb cdrom:[Debian 12 _Bookworm_]/ bookworm main", "main"),
        ("deb https://example.org/flat ./", "third-party"),
    ],
)
def test_trap_05_pockets(line: str, pocket: str) -> None:
    assert pockets(line) == [(pocket, True)]


def test_trap_05_esm_without_an_attached_subscription_is_not_enabled() -> None:
    def status(attached: bool) -> dict[str, bytes]:
        services = [{"name": "esm-infra", "status": "enabled", "more": 1}]
        return {
            "/var/lib/ubuntu-advantage/status.json": json.dumps({"attached": attached, "services": services}).encode()
        }

    line = "deb https://esm.ubuntu.com/infra/ubuntu jammy-infra-security main"
    assert pockets(line, **status(True)) == [("esm-infra", True)]
    assert pockets(line, **status(False)) == [("esm-infra", False)]


def test_deb822_stanzas() -> None:
    text = b"""# head
Types: deb deb-src
URIs: http://mirror.example.org/debian
Suites: bookworm
 bookworm-updates
Components: main
# between
 contrib

Enabled: no
types: deb
URIs: http://mirror.example.org/debian
Suites: bookworm-backports
Components: main

Types: deb-src
URIs: http://mirror.example.org/debian
Suites: bookworm
Components: main
"""
    found = list(apt_sources.deb822(text, DEB822))
    assert [(s.suite, s.component, s.enabled) for s in found] == [
        ("bookworm", "main", True),
        ("bookworm", "contrib", True),
        ("bookworm-updates", "main", True),
        ("bookworm-updates", "contrib", True),
        ("bookworm-backports", "main", False),
    ]
    assert found[-1].line == 10


def test_passwords_are_not_told() -> None:
    channels, _ = apt_channels.read(MemoryTree({LIST: b"deb https://me:secret@example.org/debian bookworm main"}))
    assert "secret" not in repr(channels)


@pytest.mark.parametrize("text", ["debs x", "deb http://x", "deb http://x bookworm", "deb http://x a/ main"])
def test_an_entry_that_is_no_source_is_a_gap_with_its_line(text: str) -> None:
    _, gaps = apt_channels.read(MemoryTree({LIST: f"\n{text}\n".encode()}))
    assert [gap.what for gap in gaps] == [f"{LIST}:2"]


PACKAGES = b"""Package: libssl3
Version: 3.0.17-1~deb12u2
Source: openssl
Architecture: amd64

Package: libgcc-s1
Source: gcc-12 (12.2.0-14)
Version: 12.2.0-14+b1

Package: other
Version: 1
"""
BASE = f"{LISTS}mirror.example.org_debian_dists_bookworm"
SOURCE = b"deb http://mirror.example.org/debian bookworm main\n"


@pytest.mark.parametrize(
    ("suffix", "pack"),
    [("", bytes), (".gz", gzip.compress), (".xz", lzma.compress), (".bz2", bz2.compress)],
)
def test_offers_of_the_wanted_packages_and_their_date(suffix: str, pack: Callable[[bytes], bytes]) -> None:
    files: dict[str, bytes | None] = {
        LIST: SOURCE,
        f"{BASE}_main_binary-amd64_Packages{suffix}": pack(PACKAGES),
        f"{BASE}_InRelease": b"Origin: Debian\nDate: Sat, 11 Jul 2026 10:16:37 UTC\nSHA256:\n x\n",
        f"{LISTS}old.example_debian_dists_bookworm_main_binary-amd64_Packages": PACKAGES.replace(b"3.0.17", b"9"),
    }
    found = apt_lists.offers(MemoryTree(files), {"libssl3", "libgcc-s1", "absent"})
    assert found.packages == {
        "libssl3": (Offer("3.0.17-1~deb12u2", "3.0.17-1~deb12u2", "Debian bookworm/main"),),
        "libgcc-s1": (Offer("12.2.0-14+b1", "12.2.0-14", "Debian bookworm/main"),),
    }
    assert found.dates["Debian bookworm/main"].isoformat() == "2026-07-11T10:16:37+00:00"
    assert not found.gaps


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("other", b"", "never downloaded"),
        ("_main_binary-amd64_Packages.lz4", b"", "nothing here unpacks lz4"),
        ("_main_binary-amd64_Packages.gz", gzip.compress(PACKAGES)[:-20], "truncated"),
        ("_main_binary-amd64_Packages.xz", b"no", "truncated"),
        ("_main_binary-amd64_Packages.gz", b"nonsense", "cannot be unpacked"),
        ("_main_binary-amd64_Packages", b"<html>", "no list"),
        ("_main_binary-amd64_Packages", None, "may not be read"),
    ],
)
def test_a_channel_whose_list_cannot_be_read_is_a_gap(name: str, content: bytes | None, why: str) -> None:
    found = apt_lists.offers(MemoryTree({LIST: SOURCE, f"{BASE}{name}": content}), {"libssl3"})
    assert not found.packages
    assert [why in gap.why for gap in found.gaps] == [True]


def test_a_bomb_is_stopped_at_the_limit() -> None:
    data = gzip.compress(bytes(10_000_000))
    with pytest.raises(InputError, match="larger"):
        apt_lists._UNPACK[".gz"](data, 1000)


@given(
    st.one_of(st.binary(max_size=200), st.text(alphabet="deb [a=]http://x/ #:\nTypesURI", max_size=200).map(str.encode))
)
def test_any_bytes_give_channels_gaps_or_a_clear_error(data: bytes) -> None:
    paths = (LIST, DEB822, "/var/lib/ubuntu-advantage/status.json")
    apt_channels.read(MemoryTree(dict.fromkeys(paths, data)))
    with contextlib.suppress(OakumError):
        apt_lists.scan(data, {b"a"})
    apt_lists.offers(
        MemoryTree({LIST: SOURCE, f"{BASE}_main_binary-amd64_Packages.xz": data, f"{BASE}_InRelease": data}), {"a"}
    )
