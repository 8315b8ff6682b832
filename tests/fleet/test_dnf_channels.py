"""Repositories and holds of dnf, yum and zypp."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fleet.rpm_roots import Files

from oakum.errors import InputError, OakumError
from oakum.fleet.assets import Channel
from oakum.fleet.dnf_channels import channels, held, is_held
from oakum.fleet.dnf_pockets import pocket
from oakum.fleet.ini import sections
from oakum.fleet.packages import Package

BASEOS = b"""\
# AlmaLinux
[baseos]
name=AlmaLinux $releasever - BaseOS
mirrorlist=https://mirrors.example.org/mirrorlist/$releasever/baseos
; baseurl=https://repo.example.org/almalinux/$releasever/BaseOS/$basearch/os/
enabled=1
gpgkey=file:///etc/pki/one
       file:///etc/pki/two

[baseos-debuginfo]
name=debug
mirrorlist=https://mirrors.example.org/mirrorlist/$releasever/baseos-debuginfo
enabled=0
"""


def test_repositories_are_read_as_they_are_written() -> None:
    found, gaps = channels(Files({"/etc/yum.repos.d/almalinux-baseos.repo": BASEOS, "/etc/yum.repos.d/note.txt": b"x"}))
    file = "/etc/yum.repos.d/almalinux-baseos.repo"
    address = "https://mirrors.example.org/mirrorlist/$releasever/baseos"
    assert found == [
        Channel("baseos", "main", address, True, file),
        Channel("baseos-debuginfo", "main", f"{address}-debuginfo", False, file),
    ]
    assert gaps == []


def test_a_repository_is_enabled_unless_it_says_no_and_the_first_address_counts() -> None:
    text = b"[a]\nbaseurl = https://one.example.org/$basearch , https://two.example.org\n   https://three.example.org\n"
    text += b"metalink=https://meta.example.org\n[b]\nenabled = False\nmetalink=https://meta.example.org\n[c]\nenabled=maybe\n"
    found, gaps = channels(Files({"/etc/yum.repos.d/x.repo": text}))
    assert [(channel.name, channel.url, channel.enabled) for channel in found] == [
        ("a", "https://one.example.org/$basearch", True),
        ("b", "https://meta.example.org", False),
        ("c", "", False),
    ]
    assert [(gap.kind, gap.what) for gap in gaps] == [("incomplete-inventory", "/etc/yum.repos.d/x.repo:8")]


def test_passwords_in_addresses_are_left_out() -> None:
    found, _ = channels(Files({"/etc/yum.repos.d/x.repo": b"[a]\nbaseurl=https://user:p@ss@repo.example.org/x@y\n"}))
    assert found[0].url == "https://repo.example.org/x@y"


def test_zypp_main_file_reposdir_and_overrides() -> None:
    files = {
        "/etc/dnf/dnf.conf": b"[main]\ngpgcheck=1\nreposdir=/etc/a, /etc/b\n[local]\nbaseurl=file:///srv\n",
        "/etc/yum.conf": b"[main]\nexclude=ignored\n",
        "/etc/a/a.repo": b"[one]\nenabled=0\n",
        "/etc/b/b.repo": b"[two]\nenabled=1\n[one]\nenabled=1\n",
        "/etc/yum.repos.d/not-read.repo": b"[three]\n",
        "/etc/zypp/repos.d/repo-oss.repo": b"[openSUSE:repo-oss]\nenabled=1\nautorefresh=1\nbaseurl=https://x.example.org/oss/\n",
        "/etc/dnf/repos.override.d/99.repo": b"[tw*]\nenabled=0\n[one]\ncost=5\n",
    }
    found, gaps = channels(Files(files))
    assert gaps == []
    assert {channel.name: channel.enabled for channel in found} == {
        "local": True,
        "one": False,
        "two": False,
        "openSUSE:repo-oss": True,
    }


POCKETS = {
    "main": "baseos appstream extras powertools crb BaseOS AppStream base ol8_baseos_latest ol9_UEKR7 amzn2-core "
    "amzn2extra-docker amazonlinux fedora rhel-9-for-x86_64-baseos-rpms ubi-8-appstream-rpms repo-oss "
    "openSUSE:repo-non-oss SLES:SLE-Module-Basesystem15-SP5-Pool azurelinux-official-base photon "
    "rhel-8-for-x86_64-baseos-rhui-rpms baseos-source appstream-debuginfo",
    "updates": "updates repo-update openSUSE:repo-sle-update repo-backports-update updates-testing amzn-updates "
    "Basesystem_Module_15_SP5_x86_64:SLE-Module-Basesystem15-SP5-Updates photon-updates",
    "security": "security",
    "extended": "rhel-8-for-x86_64-baseos-eus-rpms rhel-8-for-x86_64-appstream-e4s-rpms rhel-7-server-els-rpms "
    "rhel-8-for-x86_64-baseos-aus-rpms rhel-8-for-x86_64-baseos-tus-rpms SLES:SLE-Product-SLES15-SP3-LTSS-Updates",
    "third-party": "epel epel-testing docker-ce-stable kubernetes pgdg14-updates-testing elrepo-kernel rpmfusion-free "
    "ol8_developer_EPEL copr:copr.fedorainfracloud.org:group:project percona-release-security nodesource "
    "my-baseos baseos-internal-copy",
}


@pytest.mark.parametrize(
    ("name", "expected"), [(name, key) for key, names in POCKETS.items() for name in names.split()]
)
def test_trap_05_the_pocket_of_a_repository(name: str, expected: str) -> None:
    assert pocket(name) == expected


def test_held_packages_of_dnf_yum_and_zypp() -> None:
    files = {
        "/etc/dnf/dnf.conf": b"[main]\nexclude=kernel* foo,bar\nexcludepkgs = baz\n",
        "/etc/dnf/plugins/versionlock.list": b"# lock\nbash-0:4.4.20-5.el8.*\n!bad-0:1-1.*\ngcc-c++-0:8.5.0-2.el8.*\n",
        "/etc/yum/pluginconf.d/versionlock.list": b"0:openssl-libs-1.0.2k-26.el7_9.*\n\n",
        "/etc/dnf/versionlock.toml": b'version = "1.0"\n[[packages]]\nname = "vim"\n[[packages]]\nnote = "x"\n',
        "/etc/zypp/locks": b"\ntype: package\nmatch_type: glob\ncase_sensitive: on\nsolvable_name: docker*\n\n"
        b"type: patch\nsolvable_name: some-patch\n\nmatch_type: regex\nsolvable_name: ^a\n",
    }
    tree = Files(files)
    names = ("bash", "bad", "gcc-c++", "gcc", "openssl", "openssl-libs")
    patterns = held(tree, [Package(type="rpm", name=name, version="1-1") for name in names])
    assert patterns == {"kernel*", "foo", "bar", "baz", "bash", "gcc-c++", "openssl-libs", "vim", "docker*"}
    assert is_held("kernel-core", patterns)
    assert not is_held("bash-completion", patterns)
    assert [gap.what for gap in channels(tree)[1]] == ["/etc/dnf/versionlock.toml: packages", "/etc/zypp/locks"]


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        (b"[a]\nenabled=1\nnonsense\n", 3, "no 'key=value'"),
        (b"enabled=1\n[a]\n", 1, "before the first section"),
        (b"[a\nenabled=1\n", 1, "']'"),
        (b"[]\n", 1, "no name"),
        (b"[a]\nname=\xff\n", 2, "UTF-8"),
        (b"[a]\n=1\n", 2, "no 'key=value'"),
        ("[a]\nname=x\n".encode("utf-16"), 1, "UTF-8"),
    ],
)
def test_a_broken_file_is_a_gap_with_its_line_and_the_others_go_on(text: bytes, line: int, what: str) -> None:
    found, gaps = channels(Files({"/etc/yum.repos.d/broken.repo": text, "/etc/yum.repos.d/good.repo": b"[good]\n"}))
    assert [channel.name for channel in found] == ["good"]
    assert [(gap.kind, gap.what) for gap in gaps] == [("incomplete-inventory", f"/etc/yum.repos.d/broken.repo:{line}")]
    assert what in gaps[0].why
    assert gaps[0].remedy
    with pytest.raises(InputError):
        sections(text, "broken.repo")


def test_files_that_may_not_be_read_or_nest_too_deep_are_gaps() -> None:
    class Closed(Files):
        def read(self, path: str, limit: int) -> bytes:
            if path.endswith("secret.repo"):
                raise PermissionError(13, "Permission denied", path)
            return super().read(path, limit)

    deep = b"packages = " + b"[" * 100_000
    tree = Closed({"/etc/yum.repos.d/secret.repo": b"", "/etc/dnf/versionlock.toml": deep, "/etc/zypp/locks": b"\xff"})
    found, gaps = channels(tree)
    assert found == []
    assert [gap.what for gap in gaps] == [
        "/etc/yum.repos.d/secret.repo",
        "/etc/dnf/versionlock.toml",
        "/etc/zypp/locks",
    ]
    assert held(tree, ()) == set()


def test_long_lines_and_values_take_linear_time() -> None:
    """A pattern with two open ends, or adding to a string, would need minutes for these."""
    spaces = b"[a]\nx" + b" " * 2_000_000 + b"y=1\n"
    assert len(sections(spaces, "f")) == 1
    lines = b"[a]\nx=1\n" + b" a\n" * 500_000
    assert sections(lines, "f")[0].values["x"].count("\n") == 500_000
    assert pocket("rhel-" + "a-" * 1_000_000 + "!") == "third-party"


INI = st.text(alphabet="[]=#; \t\r\n,ab:1$é\x00", max_size=200).map(str.encode)


@given(st.one_of(INI, st.binary(max_size=200)))
def test_any_bytes_as_any_of_the_files_raise_nothing(data: bytes) -> None:
    names = ("yum.repos.d/x.repo", "dnf/dnf.conf", "dnf/plugins/versionlock.list", "dnf/versionlock.toml", "zypp/locks")
    tree = Files({f"/etc/{name}": data for name in (*names, "dnf/repos.override.d/x.repo")})
    found, gaps = channels(tree)
    patterns = held(tree, [Package(type="rpm", name="bash", version="5.1-1")])
    assert all(gap.why and gap.what and gap.remedy for gap in gaps)
    assert is_held("bash", patterns) in (True, False)
    try:
        assert {section.name for section in sections(data, "f")} >= {channel.name for channel in found} - {""}
    except OakumError as error:
        assert error.remedy
