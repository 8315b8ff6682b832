"""Red Hat's own documents against builds of its own: what is fixed where, what has no fix, and whose build it is.

Each row that is affected stands beside one that is not, which differs in one thing: the build, its line, its module.
"""

from __future__ import annotations

import gzip
from functools import cache

import pytest
from tests.data import shared
from tests.traps.answers import findings, index_of, library, matched, record, rpm, upto

from oakum.advisories.index import Index
from oakum.advisories.model import Advisory
from oakum.advisories.parsers import parse
from oakum.advisories.parsers.merging import merged
from oakum.fleet.packages import Package
from oakum.fleet.releases import Release

EXPAT = "vex/trustify--cve-2024-50602.json.gz"
LIBSSH = "vex/claircore--cve-2026-0968.json.gz"
POSTGRESQL = "vex/trustify--cve-2023-2455.json.gz"
RHSA = "feeds/rhel/csaf/advisories/"
PYTHON = f"{RHSA}2024/rhsa-2024_6163.json {RHSA}2024/rhsa-2024_9371.json"
RUBY = f"{RHSA}rhsa-2023_3821.json {RHSA}rhsa-2023_7025.json {RHSA}rhsa-2024_1431.json"
SUDO = f"{RHSA}rhsa-2024_0811.json"
BIND = f"{RHSA}2025/rhsa-2025_23414.json"
OPENSHIFT = "vex/trustify--rhsa-2024_2049.json.gz"


@cache
def known(files: str) -> Index:
    """What some documents say together, as one source."""
    facts = []
    for file in files.split():
        data = shared(file).read_bytes()
        facts += parse(gzip.decompress(data) if file.endswith(".gz") else data, name=file).facts
    return index_of(*merged(fact for fact in facts if isinstance(fact, Advisory)))


def built(name: str, version: str, source: str = "", module: str = "", arch: str = "x86_64") -> Package:
    epoch, _, rest = version.rpartition(":")
    return rpm(name, rest, epoch=int(epoch or 0), source=source or name, source_version=rest, module=module, arch=arch)


def verdict(files: str, release: str, package: Package, cve: str) -> str:
    """The fix and its channel, the word where there is none, or why it is not affected; "" where nothing is said."""
    system = Release("rhel", release)
    for found in findings(known(files), system, package):
        if found.id == cve:
            return f"{found.fix.version} {found.fix.channel}".strip() or found.evidence[0].state
    answer = matched(known(files), system, package)
    for gap in answer.gaps:
        if gap.what.endswith(cve):
            return f"? {gap.why}"
    return next((f"- {one.why}" for one in answer.cleared if one.record.advisory.id == cve), "")


@pytest.mark.parametrize(
    ("release", "package", "expected"),
    [
        ("9", built("expat", "2.5.0-1.el9"), "2.5.0-3.el9_5.1"),
        ("9", built("expat", "2.5.0-3.el9_5.1"), ""),
        ("9", built("expat-devel", "2.5.0-3.el9_5", "expat"), "2.5.0-3.el9_5.1"),
        # The fix of 9.4 is older than that of 9.5: who has it is not affected, on any machine.
        ("9", built("expat", "2.5.0-2.el9_4.2"), "- 2.5.0-2.el9_4.2 of channel eus:9.4 or newer is installed"),
        ("9", built("expat", "2.5.0-2.el9_4.3"), "- 2.5.0-2.el9_4.2 of channel eus:9.4 or newer is installed"),
        ("9", built("expat", "2.5.0-2.el9_4.1"), "2.5.0-3.el9_5.1"),
        # Above the fix of 9.4 by the order of versions, and of another line.
        ("9", built("expat", "2.5.0-2.el9_5.9"), "2.5.0-3.el9_5.1"),
        ("9", built("expat", "2.5.0-2.el9.9"), "2.5.0-3.el9_5.1"),
        ("8", built("expat", "2.2.5-15.el8"), "2.2.5-16.el8_10"),
        ("8", built("expat", "2.2.5-16.el8_10"), ""),
        ("8", built("mingw64-expat", "2.4.8-2.el8", "mingw-expat"), "Will not fix"),
        ("9", built("mingw64-expat", "2.4.8-2.el9", "mingw-expat"), ""),
        ("7", built("expat", "2.1.0-15.el7_9"), "Out of support scope"),
        ("7", built("expat-static", "2.1.0-15.el7_9", "expat"), "Out of support scope"),
        ("6", built("expat", "2.0.1-13.el6_8"), ""),
    ],
)
def test_trap_05_a_fix_of_the_builds_own_line_counts(release: str, package: Package, expected: str) -> None:
    assert verdict(EXPAT, release, package, "CVE-2024-50602") == expected


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        (built("sudo", "1.9.5p2-7.el9_0.3"), "1.9.5p2-10.el9_3"),
        (built("sudo", "1.9.5p2-7.el9_0.4"), "- 1.9.5p2-7.el9_0.4 of channel eus:9.0 or newer is installed"),
        (built("sudo", "1.9.5p2-9.el9_2.1"), "1.9.5p2-10.el9_3"),
        (built("sudo", "1.9.5p2-9.el9_2.2"), "- 1.9.5p2-9.el9_2.2 of channel eus:9.2 or newer is installed"),
        (built("sudo", "1.9.5p2-9.el9_1.5"), "1.9.5p2-10.el9_3"),
        (built("sudo", "1.9.5p2-10.el9_3"), ""),
    ],
)
def test_trap_05_each_minor_release_has_its_own_fix(package: Package, expected: str) -> None:
    assert verdict(SUDO, "9", package, "CVE-2023-42465") == expected


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        (built("bind-libs", "32:9.8.2-0.68.rc1.el6_10.8", "bind"), "32:9.8.2-0.68.rc1.el6_10.17 els:6"),
        (built("bind-libs", "32:9.8.2-0.68.rc1.el6_10.17", "bind"), ""),
        # Of the same source; its vendor says that the flaw is not in it.
        (built("bind-chroot", "32:9.8.2-0.68.rc1.el6_10.8", "bind"), ""),
    ],
)
def test_trap_05_a_fix_for_the_entitled_alone_is_told_with_its_channel(package: Package, expected: str) -> None:
    assert verdict(BIND, "6", package, "CVE-2025-40778") == expected


@pytest.mark.parametrize(
    ("release", "package", "expected"),
    [
        ("10", built("libssh", "0.11.1-1.el10"), "Affected"),
        ("8", built("libssh-config", "0.9.6-14.el8", "libssh"), "Fix deferred"),
        ("8", built("libssh2", "1.9.0-5.el8"), ""),
        ("7", built("libssh2", "1.8.0-4.el7"), "- feed says known not affected: vulnerable code not present"),
        ("7", built("libssh", "0.7.1-7.el7"), ""),
    ],
)
def test_trap_04_what_has_no_fix_has_its_vendors_word(release: str, package: Package, expected: str) -> None:
    assert verdict(LIBSSH, release, package, "CVE-2026-0968") == expected


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        (built("python3", "3.9.18-3.el9_4.4", "python3.9"), "3.9.19-8.el9"),
        (built("python3", "3.9.18-3.el9_4.5", "python3.9"), "- 3.9.18-3.el9_4.5 or newer is installed"),
        (built("python3", "3.9.19-7.el9", "python3.9"), "3.9.19-8.el9"),
        (built("python3-libs", "3.9.19-8.el9", "python3.9"), ""),
        (built("python3.11", "3.11.9-7.el9", "python3.11"), ""),
    ],
)
def test_trap_03_two_notices_of_one_release_fix_one_vulnerability(package: Package, expected: str) -> None:
    assert verdict(PYTHON, "9", package, "CVE-2024-8088") == expected


_STREAMS = "? fixed in 2.5.9-111.module+el8.9.0+19193+435404ae of one module stream and in "


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        (built("ruby", "2.5.9-110.module+el8.6.0+1+a", module="ruby:2.5"), "2.5.9-111.module+el8.9.0+19193+435404ae"),
        (built("ruby", "2.5.9-111.module+el8.9.0+19193+435404ae", module="ruby:2.5:8090020:1"),
         "- the advisory is for module ruby:2.7, this build belongs to ruby:2.5:8090020:1"),
        (built("ruby", "2.7.8-138.module+el8.8.0+1+a", module="ruby:2.7"), "2.7.8-139.module+el8.8.0+18745+f1bef313"),
        (built("ruby", "3.0.4-141.module+el8.8.0+1+a", module="ruby:3.0"),
         "- the advisory is for module ruby:3.1, this build belongs to ruby:3.0"),
        (built("ruby", "2.5.9-1.el8"),
         "- the advisory is for a module stream, this build belongs to none"),
        (built("ruby", "2.5.9-110.module+el8.6.0+1+a"), "3.1.4-142.module+el8.9.0+21471+7d1e4a35"),
    ],
)  # fmt: skip
def test_trap_06_only_builds_of_one_stream_are_compared(package: Package, expected: str) -> None:
    assert verdict(RUBY, "8", package, "CVE-2023-28755") == expected


def test_trap_06_a_build_that_has_the_fix_of_one_stream_alone_is_not_assessable_without_its_stream() -> None:
    unlabelled = built("ruby", "2.5.9-111.module+el8.9.0+19193+435404ae")
    assert verdict(RUBY, "8", unlabelled, "CVE-2023-28755").startswith(_STREAMS)
    newest = built("ruby", "3.1.4-142.module+el8.9.0+21471+7d1e4a35")
    assert verdict(RUBY, "8", newest, "CVE-2023-28755") == ""


@pytest.mark.parametrize(
    ("release", "package", "expected"),
    [
        ("9", built("postgresql", "13.10-1.el9_1"), "13.11-1.el9_2"),
        (
            "9",
            built("postgresql", "13.11-1.el9_2"),
            "- the advisory is for a module stream, this build belongs to none",
        ),
        # An old document, which names the stream of no fix: of two streams, nobody knows which one this build has.
        ("8", built("postgresql", "12.15-1.module+el8.8.0+19427+d1071523", module="postgresql:12"), "? fixed in "),
        ("8", built("postgresql", "10.22-1.module+el8.6.0+1+a", module="postgresql:10"), "15.3-1.module+el8.8.0+19565"),
        ("9", built("postgresql", "15.2-1.module+el9.1.0+1+a", module="postgresql:15"), "15.3-1.module+el9.2.0.z"),
        # Below the fix of the plain build, and of a stream that has another.
        ("9", built("postgresql", "12.9-1.module+el9.1.0+1+a", module="postgresql:12"), "15.3-1.module+el9.2.0.z"),
        ("6", built("postgresql-libs", "8.4.20-8.el6_9", "postgresql"), "Out of support scope"),
    ],
)
def test_trap_06_builds_of_modules_and_plain_ones_have_their_own_fixes(
    release: str, package: Package, expected: str
) -> None:
    found = verdict(POSTGRESQL, release, package, "CVE-2023-2455")
    assert found.startswith(expected)
    assert bool(found) == bool(expected)


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        (built("podman", "3:4.4.1-5.2.rhaos4.13.el8"), "3:4.4.1-5.3.rhaos4.13.el8 openshift:4.13"),
        (built("podman", "3:4.4.1-5.3.rhaos4.13.el8"), ""),
        # Nothing here says that 4.12 has the fix.
        (built("podman", "3:4.4.1-5.rhaos4.12.el8"), "3:4.4.1-5.3.rhaos4.13.el8 openshift:4.13"),
        # RHEL's own, below OpenShift's fix: that one says nothing of it.
        (built("podman", "3:4.2.0-1.module+el8.8.0+1+a", module="container-tools:rhel8"),
         "- the advisory is for the rhaos build"),
    ],
)  # fmt: skip
def test_trap_07_a_product_that_stands_on_the_system_has_fixes_of_its_own(package: Package, expected: str) -> None:
    assert verdict(OPENSHIFT, "8", package, "CVE-2024-1753") == expected


@pytest.mark.parametrize(
    ("fix", "judged"), [("1.0-2.rhaos4.13.el9", False), ("1.0-2.el9", True)], ids=["OpenShift's", "its own"]
)
def test_trap_03_the_fix_of_another_products_build_does_not_judge_the_files_of_this_one(fix: str, judged: bool) -> None:
    owner = built("python3-tool", "1.0-1.el9")
    files = library("pypi", "tool", "1.0", "usr/lib/python3.9/site-packages/tool/METADATA")
    index = index_of(
        record("CVE-2024-1", upto("pypi", "tool")),
        vendor=[record("CVE-2024-1", upto("rhel:9", "python3-tool", fix, channel="" if judged else "openshift:4.13"))],
    )
    answer = matched(index, Release("rhel", "9"), owner, files)
    assert [hit.package.name for hit in answer.hits] == (["python3-tool"] if judged else [])
    assert [gap.what for gap in answer.gaps] == ([] if judged else ["tool 1.0: CVE-2024-1"])
