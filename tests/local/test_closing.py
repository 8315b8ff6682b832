"""Which findings an offered version closes, by the source's version where the feed speaks of sources."""

from __future__ import annotations

from msgspec.structs import replace
from tests.fleet.memory_tree import MemoryTree
from tests.fleet.test_apt_channels import BASE, LIST, PACKAGES, SOURCE
from tests.reports.answers import answer, asset, finding

from oakum.changes.state.inventory import SoftwareEntry
from oakum.findings.model import Fix, Step
from oakum.fleet.assets import Asset
from oakum.fleet.packages import PackageSet
from oakum.local.closing import closing, with_closes
from oakum.local.targets import Target
from oakum.reports.answer import FindingEntry, PackageEntry

KEY, NEW = "host:a", "3.0.17-1~deb12u2"
UNKNOWN = Step("unknown", "")


def target() -> Target:
    """A machine whose channel offers a newer libssl3, and libgcc-s1 in a build of its own."""
    tree = MemoryTree({
        LIST: SOURCE, f"{BASE}_main_binary-amd64_Packages": PACKAGES, "/var/lib/dpkg/status": b"",
        f"{BASE}_InRelease": b"Origin: Debian\nDate: Sat, 11 Jul 2026 10:16:37 UTC\nSHA256:\n x\n",
    })  # fmt: skip
    packages = PackageSet(release=None, packages=(), digest="")
    return Target(Asset(kind="host", key=KEY, name="a", source="test", packages=packages), tree)


def found(id_: str, package: str, fixed: str, *, source: str = "") -> FindingEntry:
    return replace(
        finding(id_, KEY), fix=Fix("published", fixed, "", UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
        package=PackageEntry(name=package, version="1", purl="", type="deb", source_version=source),
    )  # fmt: skip


def test_a_version_closes_what_is_fixed_in_it_or_before_it() -> None:
    told = answer(assets=[asset(KEY, "host")], findings=[
        found("CVE-1", "libssl3", "3.0.17-1~deb12u1"), found("CVE-2", "libssl3", NEW),
        found("CVE-3", "libssl3", "3.0.18-1"), found("CVE-4", "libssl3", ""), found("CVE-5", "absent", "1"),
        # The source's version is the fixed one; that of the package has a suffix of its build.
        found("CVE-6", "libgcc-s1", "12.2.0-14", source="12.2.0-13"),
        found("CVE-7", "libgcc-s1", "12.2.0-14+b1", source="12.2.0-13"),
        found("CVE-8", "libgcc-s1", "12.2.0-14+b1"),
    ])  # fmt: skip
    assert closing(told, [target()]) == {KEY: {
        "libssl3": {NEW: ("CVE-1", "CVE-2")}, "absent": {}, "libgcc-s1": {"12.2.0-14+b1": ("CVE-6", "CVE-8")},
    }}  # fmt: skip


def test_a_machine_without_findings_or_lists_has_none() -> None:
    assert closing(answer(assets=[asset(KEY, "host")]), [target()]) == {}
    told = answer(assets=[asset(KEY, "host")], findings=[found("CVE-1", "libssl3", "1")])
    assert closing(told, [replace(target(), tree=None)]) == {}


def test_only_what_is_offered_closes_anything_and_what_says_so_itself_stays() -> None:
    software = {
        "libssl3": SoftwareEntry(installed="1", offers=("2", "3")), "held": SoftwareEntry(installed="1", offers=()),
        "rpm": SoftwareEntry(installed="1", offers=("2",), closes={"2": ("RHSA-1",)}),
    }  # fmt: skip
    closes: dict[str, dict[str, tuple[str, ...]]] = {
        "libssl3": {"3": ("CVE-2", "CVE-1"), "4": ("CVE-3",)}, "held": {"2": ("CVE-1",)}, "rpm": {"2": ("CVE-9",)},
        "absent": {"2": ("CVE-1",)},
    }  # fmt: skip
    laid = with_closes(software, closes)
    assert laid["libssl3"].closes == {"3": ("CVE-1", "CVE-2")}
    assert {**laid, "libssl3": software["libssl3"]} == software
