"""What dnf or zypper offers, by what a host says: which versions, which are security updates, what goes back."""

from __future__ import annotations

import string
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from oakum.adapters.packages.entries import in_order, newer
from oakum.adapters.packages.rpm import Offered, read_advisories, read_kept, read_offered, software_of
from oakum.changes.state.inventory import SoftwareEntry
from oakum.fleet.assets import Channel

CHANNELS = (
    Channel("baseos", "main", "http://rpm.example/baseos"),
    Channel("updates", "updates", "http://rpm.example/updates"),
    Channel("shop", "third-party", "http://shop.example"),
)
OFFERED = """\
openssl-libs 1:3.0.7-24.el9 x86_64 baseos
openssl-libs 1:3.0.7-27.el9 x86_64 updates
openssl-libs 1:3.0.7-28.el9 x86_64 updates
openssl-libs 1:3.0.7-99.el9 aarch64 updates
openssl-libs 1:3.0.7-99.el9 src updates
openssl-libs 3.0.8-1.el9 x86_64 updates
shopd 2.0-1 x86_64 shop
shopd 1.0-1 x86_64 shop
curl 8.0-1.el9 x86_64 shop
curl 7.76.1-29.el9 x86_64 updates
curl 7.76.1-26.el9 x86_64 baseos
tzdata 2024b-1.el9 noarch updates
kernel-core 5.14.0-503.el9 x86_64 updates
"""
ADVISORIES = """\
RHSA-2024:1 security - openssl-libs 1:3.0.7-27.el9 x86_64 CVE-2024-0001,CVE-2024-0002
RHBA-2024:2 bugfix - openssl-libs 1:3.0.7-28.el9 x86_64 -
RHSA-2023:9 security - openssl-libs 1:3.0.7-20.el9 x86_64 CVE-2023-0009
RHSA-2024:3 security reboot curl 7.76.1-28.el9 x86_64 CVE-2024-0003
RHEA-2024:4 enhancement - tzdata 2024b-1.el9 noarch -
"""
INSTALLED = {
    "openssl-libs": [("1:3.0.7-24.el9", "x86_64")],
    "shopd": [("1.0-1", "x86_64")],
    "curl": [("7.76.1-26.el9", "x86_64")],
    "tzdata": [("2024a-1.el9", "noarch")],
    "kernel-core": [("5.14.0-427.el9", "x86_64")],
    "gone": [("1-1", "x86_64")],
    "twice": [("1-1", "x86_64"), ("2-1", "x86_64")],
}


def of(name: str, **given: object) -> SoftwareEntry:
    words: dict[str, object] = {"several": {"kernel-core"}, "offered": read_offered(OFFERED)} | given
    advisories, _ = read_advisories(ADVISORIES)
    return software_of(INSTALLED, advisories=advisories, channels=CHANNELS, **words)[name]  # type: ignore[arg-type]


def test_newer_versions_of_the_machines_own_architecture_are_offered_in_order_of_their_epochs() -> None:
    assert of("openssl-libs").offers == ("1:3.0.7-27.el9", "1:3.0.7-28.el9"), "3.0.8 without the epoch is older"
    assert of("tzdata").offers == ("2024b-1.el9",)
    assert of("gone").offers == ()


def test_a_third_partys_version_is_offered_only_for_what_is_theirs() -> None:
    assert of("shopd").offers == ("2.0-1",)
    assert of("curl").offers == ("7.76.1-29.el9",)


def test_a_security_update_is_any_that_holds_the_fix_of_an_advisory() -> None:
    openssl = of("openssl-libs")
    assert openssl.security == ("1:3.0.7-27.el9", "1:3.0.7-28.el9"), "the bug fix holds the security fix before it"
    assert openssl.closes == {
        "1:3.0.7-27.el9": ("CVE-2024-0001", "CVE-2024-0002", "RHSA-2024:1"),
        "1:3.0.7-28.el9": ("CVE-2024-0001", "CVE-2024-0002", "RHBA-2024:2", "RHSA-2024:1"),
    }, "what is closed already (CVE-2023-0009) is not closed once more"
    assert of("curl").security == ("7.76.1-29.el9",), "the build of the advisory itself is in no repository any more"
    assert of("tzdata").security == ()


def test_a_reboot_is_planned_where_an_advisory_or_a_service_asks_for_one() -> None:
    assert of("curl").effect == "reboot"
    assert of("openssl-libs").effect == "at-once"
    assert of("openssl-libs", reboot=["openssl-libs"]).effect == "reboot"


def test_of_what_is_held_or_cannot_be_asked_nothing_is_offered() -> None:
    assert of("curl", held={"curl"}).offers == ()
    unknown = of("curl", offered=None)
    assert (unknown.installed, unknown.offers, unknown.kept, unknown.security) == ("7.76.1-26.el9", None, None, None)
    kernel = of("kernel-core")
    assert (kernel.installed, kernel.offers) == ("5.14.0-427.el9", None), "kernels stand side by side"
    assert of("curl", advised=False).security is None, "a list of advisories could not be read"


def test_a_name_that_is_installed_twice_is_left_out() -> None:
    found = software_of(INSTALLED, read_offered(OFFERED), (), CHANNELS)
    assert "twice" not in found


def test_the_way_back_is_open_to_what_a_repository_has_or_the_host_keeps() -> None:
    assert of("openssl-libs").kept == ("3.0.8-1.el9", "1:3.0.7-24.el9")
    kept = read_kept("curl 7.76.1-20.el9 x86_64 abc\ncurl 9-1 x86_64 abc\n\nx\n")
    assert of("curl", kept=kept).kept == ("7.76.1-20.el9", "7.76.1-26.el9")
    assert of("gone").kept == ()


def test_lines_that_are_none_are_left_out() -> None:
    for line in ("a b", "-x 1-1 x86_64 r", "a 1 x86_64 r", "a 0:1-1 x86_64 r", "a $(reboot)-1 x86_64 r", "a;b 1-1 x r"):
        assert read_offered(f"{line}\n") == []
    assert read_offered("a 1-1 x86_64 r\n") == [Offered("a", "1-1", "x86_64", "r")]
    found, whole = read_advisories("unread\nX security - a 1-1 x86_64 CVE-1,<b>,CVE-1\nX security - a 1 x86_64 -\n")
    assert [each.closes for each in found] == [("X", "CVE-1")]
    assert not whole
    assert read_advisories("")[1]


VERSIONS = st.builds(
    lambda epoch, version, release: f"{epoch}:{version}-{release}" if epoch else f"{version}-{release}",
    st.integers(0, 2), st.text("0129.a~^", min_size=1, max_size=4).map(lambda text: f"1{text}"), st.sampled_from("12"),
)  # fmt: skip


@given(VERSIONS, st.lists(VERSIONS, max_size=6), st.lists(VERSIONS, max_size=4))
def test_offers_rise_above_the_installed_version_and_the_way_back_does_not(
    version: str, offered: list[str], fixes: list[str]
) -> None:
    text = "".join(f"SA security - x {fix} noarch CVE-{number}\n" for number, fix in enumerate(fixes))
    entry = software_of(
        {"x": [(version, "noarch")]}, [Offered("x", each, "noarch", "baseos") for each in offered],
        read_advisories(text)[0], CHANNELS,
    )["x"]  # fmt: skip
    assert entry.offers is not None and entry.kept is not None and entry.security is not None
    assert set(entry.offers) | set(entry.kept) == set(offered)
    assert all(newer(each, version, "rpm") for each in entry.offers)
    assert not any(newer(each, version, "rpm") for each in entry.kept)
    assert not any(newer(one, other, "rpm") for one, other in pairwise(entry.offers))
    assert set(entry.security) == {
        each
        for each in entry.offers
        if any(newer(fix, version, "rpm") and not newer(fix, each, "rpm") for fix in fixes)
    }


@given(st.text(string.printable, max_size=200))
def test_any_text_is_read_without_an_error(text: str) -> None:
    read_offered(text)
    read_advisories(text)
    read_kept(text)


def test_the_order_is_that_of_rpm() -> None:
    versions = ("1~rc-1", "1^git-1", "2-1", "10-1", "1:1-1")
    assert in_order(reversed(versions), "rpm") == versions
