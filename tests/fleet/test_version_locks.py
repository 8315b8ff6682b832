"""Which packages the entries of versionlock keep: what dnf itself answered, and the forms of dnf and of yum."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fleet.rpm_roots import Files, ndb
from tests.fleet.rpm_roots import package as blob

from oakum.fleet.dnf_channels import held, is_held
from oakum.fleet.packages import Package
from oakum.fleet.rootfs import read_root
from oakum.fleet.version_locks import locked


def package(name: str, version: str = "1-1", arch: str = "x86_64", epoch: int | None = None) -> Package:
    return Package(type="rpm", name=name, version=version, arch=arch, epoch=epoch)


LAB = [package(name, "1.0-1.el9") for name in ("lock", "lock-core", "lock-core-lib", "lock-core-12")]
#: What `dnf check-update` of dnf 4.14 with dnf-plugins-core 4.3 no longer listed of these under each entry, with 1.1 of
#: all of them in the repository.
ANSWERED = {
    "lock-core-0:1.0-1.el9.*": "lock-core",
    "lock-core-0:9.0-1.el9.*": "lock-core",
    "lock-core-0:1.0*": "lock-core",
    "lock-core-lib-1.0-1.el9.x86_64": "lock-core-lib",
    "lock-core-1.0": "lock lock-core",
    "lock-core-*": "lock",
    "lock-core.x86_64": "lock",
    "lock-core-lib": "lock lock-core",
    "lock-core-12": "lock lock-core",
    "lock": "",
    "lock*": "",
}


@pytest.mark.parametrize(("entry", "names"), ANSWERED.items())
def test_an_entry_keeps_what_dnf_does_not_upgrade(entry: str, names: str) -> None:
    assert locked([entry], LAB) == set(names.split())


REAL = [
    package("python3-dnf-plugins-core", "4.3.0-11.el9", "noarch"), package("python3-dnf", "4.14.0-8.el9", "noarch"),
    package("glibc", "2.34-60.el9"), package("glibc-minimal-langpack", "2.34-60.el9"), package("gcc-c++", "11.4-1.el9"),
    package("vim-minimal", "8.2.2637-20.el9_1", epoch=2), package("openssl", "1.0.2k-25.el7_9", epoch=1),
    package("openssl-libs", "1.0.2k-25.el7_9", epoch=1), package("php-cli", "5.4.16-48.el7"),
    package("java-1.8.0-openjdk-headless", "1.8.0.392.b08-4.el9", epoch=1), package("kernel", "5.14.0-362.el9"),
    package("kernel-core", "5.14.0-362.el9"), package("python3.11", "3.11.5-1.el9"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "names"),
    [
        ("python3-dnf-plugins-core-0:4.4.2-1.el9.*", "python3-dnf-plugins-core"),
        ("glibc-minimal-langpack-2.34-60.el9.x86_64", "glibc-minimal-langpack"),
        ("glibc-minimal-langpack-2.34-60.el9", "glibc-minimal-langpack"),
        ("gcc-c++-0:11.4-1.el9.*", "gcc-c++"),
        ("vim-minimal-2:8.2.2637-20.el9_1.*", "vim-minimal"),
        ("java-1.8.0-openjdk-headless-1:1.8.0.392.b08-4.el9.*", "java-1.8.0-openjdk-headless"),
        ("0:openssl-libs-1.0.2k-26.el7_9.*", "openssl-libs"),
        ("0:php*-5.4.16-48.el7.*", "php-cli"),
        ("kernel-core-0:5.14.0-*", "kernel-core"),
        ("kernel-core-0:*", ""),
        ("kernel*-0:5.14.0-362.el9.*", "kernel kernel-core"),
        ("python3.11-3.11.5-1.el9.x86_64", "python3.11"),
        ("a b", ""),
        ("nothing-0:1-1.*", ""),
    ],
)
def test_a_name_ends_where_the_version_begins_however_many_dashes_it_has(entry: str, names: str) -> None:
    assert locked([entry], REAL) == set(names.split())


def test_an_epoch_is_a_part_of_the_version_and_an_absent_one_is_zero() -> None:
    """All versions of one epoch are a lock for packages of another one, and none for those of the same."""
    for epoch, free in ((None, True), (0, True), (3, False)):
        assert (locked(["lib-0:*"], [package("lib", "r1-1", epoch=epoch)]) == set()) is free


def test_what_one_entry_leaves_free_another_does_not_lock() -> None:
    assert locked(["lock-core-0:1.0-1.el9.*", "lock-core"], LAB) == {"lock"}


def test_packages_of_a_root_are_held_as_dnf_holds_them() -> None:
    lock = b"# Added lock on Fri May  2 2025\nglibc-minimal-langpack-0:1-2.*\n!gcc-0:1-2.*\nkernel-core-0:1-2.*\n"
    names = ("gcc", "glibc", "glibc-minimal-langpack", "kernel", "kernel-core")
    database = ndb({number: blob(name) for number, name in enumerate(names, 1)})
    tree = Files({"/var/lib/rpm/Packages.db": database, "/etc/dnf/plugins/versionlock.list": lock})
    asset = read_root(tree, name="r")
    assert {each.name for each in asset.packages.packages if each.held} == {"glibc-minimal-langpack", "kernel-core"}


def test_locks_of_zypper_are_names_and_stay_whole() -> None:
    locks = b"\ntype: package\nmatch_type: glob\ncase_sensitive: on\nsolvable_name: glibc-minimal-langpack\n\n"
    locks += b"type: package\nmatch_type: glob\ncase_sensitive: on\nsolvable_name: kernel-default-*\n"
    patterns = held(Files({"/etc/zypp/locks": locks}), REAL)
    assert patterns == {"glibc-minimal-langpack", "kernel-default-*"}
    assert [is_held(name, patterns) for name in ("glibc", "kernel-default", "kernel-default-devel")] == [
        False, False, True
    ]  # fmt: skip


@given(st.lists(st.text(alphabet="a1-.:*?[]!~ (", max_size=60), max_size=3))
def test_any_entries_lock_installed_packages_alone(entries: list[str]) -> None:
    assert locked(entries, [package("a"), package("a-1")]) <= {"a", "a-1"}


def test_long_entries_take_linear_time() -> None:
    long = ["a-" * 1_000_000, "a." * 1_000_000, "1:" * 1_000_000, "-" * 1024, "a-1" * 341, "1:" + "a-" * 511]
    assert locked([*long, "9" * 1000 + ":a-1-1.x", "*?" * 500], REAL) == set()
