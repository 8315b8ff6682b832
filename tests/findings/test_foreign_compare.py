"""Reports of other scanners beside ours: who says what, where they differ, and the rule that ours follows."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import msgspec
import pytest
from tests.data import ROOT, shared
from tests.findings.foreign import Json, beside, grype, here, matching, only, rows, trivy, vulnerability
from tests.findings.stated import statement
from tests.traps.answers import ALMA, DEBIAN, deb, findings, index_of, library, record, rpm, running, upto

from oakum.advisories.index import Index
from oakum.advisories.model import Affected
from oakum.findings.foreign.differences import Judged, differences
from oakum.findings.foreign.model import Comparison, Report, Row
from oakum.findings.foreign.reading import read
from oakum.findings.foreign.rules import RULES
from oakum.findings.statements.model import Ruled
from oakum.fleet.assets import Asset
from oakum.fleet.packages import Package
from oakum.fleet.releases import Release

LEFT = "pkg:npm/left@1.0.0"
APP = here(None, library("npm", "left", "1.0.0"))
ZLIB = "pkg:deb/debian/zlib1g@1.2.13?arch=amd64&distro=debian-12&upstream=zlib"
MACHINE = here(DEBIAN, deb("zlib1g", "1.2.13", "zlib"), deb("bash", "5.2-1"))
OS = ("debian", "12.5")


def flaw(fixed: str = "2.0.0", *aliases: str, id_: str = "CVE-2025-1", name: str = "left", kind: str = "npm") -> Index:
    return index_of(record(id_, upto(kind, name, fixed), aliases=aliases, published="2025-01-01T00:00:00Z"))


def distribution(fixed: str = "", package: str = "zlib", **rest: object) -> Index:
    affected = upto("debian:12", package, fixed)
    return index_of(record("CVE-2025-1", msgspec.structs.replace(affected, **rest)))


@pytest.mark.parametrize("make", ["trivy", "grype"])
def test_what_both_say_is_agreed(make: str) -> None:
    report = (
        trivy(vulnerability("CVE-2025-1", LEFT, "1.0.0", "2.0.0"), kind="npm")
        if make == "trivy"
        else grype(matching("CVE-2025-1", LEFT, "1.0.0", "2.0.0"))
    )
    found = beside(report, APP, flaw())
    assert rows(found) == [("agreed", "CVE-2025-1", "left", "agreed")]
    assert not found.disagrees
    assert (found.fit, found.doubts) == ("fits", ())
    assert only(found).finding == findings(flaw(), None, *APP.packages.packages)[0].key


def test_trap_15_names_are_joined_by_whoever_knows_that_they_are_one() -> None:
    theirs = grype(matching("GHSA-x", LEFT, "1.0.0", "2.0.0", related=["CVE-2025-1"]))
    assert only(beside(theirs, APP, flaw())).kind == "agreed"
    ours = grype(matching("GHSA-x", LEFT, "1.0.0", "2.0.0"))
    assert only(beside(ours, APP, flaw("2.0.0", "GHSA-x"))).kind == "agreed"
    assert only(beside(ours, APP, flaw("2.0.0", "GHSA-x"))).aliases == ("GHSA-x",)
    vendors = trivy(vulnerability("CVE-2025-1", LEFT, "1.0.0", "2.0.0", VendorIDs=["GHSA-x"]), kind="npm")
    assert only(beside(vendors, APP, flaw(id_="GHSA-x"))).kind == "agreed"
    # Nobody says that they are one.
    assert [kind for kind, *_ in rows(beside(ours, APP, flaw()))] == ["theirs", "ours"]


def test_a_claim_about_a_bundle_speaks_of_every_finding_in_it() -> None:
    package = rpm("nss", "3.44.0-7.el8")
    index = index_of(
        record("CVE-2025-1", upto("almalinux:8", "nss", "3.44.0-8.el8")),
        record("CVE-2025-2", upto("almalinux:8", "nss", "3.44.0-8.el8")),
        record("ALSA-1", upto("almalinux:8", "nss", "3.44.0-8.el8"), bundle=True, cves=("CVE-2025-1", "CVE-2025-2")),
    )
    purl = "pkg:rpm/alma/nss@3.44.0-7.el8?arch=x86_64&distro=alma-8.10"
    found = beside(grype(matching("ALSA-1", purl, "3.44.0-7.el8", "0:3.44.0-8.el8")), here(ALMA, package), index)
    assert [(kind, id_) for kind, id_, *_ in rows(found)] == [("agreed", "CVE-2025-1"), ("agreed", "CVE-2025-2")]


def test_the_same_claim_for_several_paths_is_one_row() -> None:
    one = matching("GHSA-x", LEFT, "1.0.0", related=["CVE-2025-9"])
    other = matching("CVE-2025-9", LEFT, "1.0.0")
    row = only(beside(grype(one, other, one), APP, index_of(record("CVE-2025-1", upto("npm", "other", "1")))))
    assert (row.id, row.aliases, len(row.claims)) == ("CVE-2025-9", ("GHSA-x",), 3)


class TestTheyAlone:
    """What they say and we do not, by the evidence that is nearest."""

    def reason(self, index: Index, asset: Asset = MACHINE, report: Json | None = None) -> Row:
        report = report or grype(matching("CVE-2025-1", ZLIB, "1.2.13"), os=OS)
        rows = [row for row in beside(report, asset, index).rows if row.kind in ("theirs", "unassessed")]
        (row,) = rows
        assert row.rule in RULES
        return row

    def test_the_distribution_says_not_affected(self) -> None:
        row = self.reason(distribution(state="not-affected", state_class="not-affected", ranges=()))
        assert (row.kind, row.rule, row.why) == ("theirs", "vendor-word", "feed says not-affected")

    def test_the_fix_is_installed(self) -> None:
        row = self.reason(distribution("1.2.12-5"))
        assert (row.kind, row.rule) == ("theirs", "fix-installed")
        assert row.why == "CVE-2025-1 (feed): fixed in 1.2.12-5, and 1.2.13 is installed"

    def test_the_flaw_came_later(self) -> None:
        row = self.reason(index_of(record("CVE-2025-1", upto("debian:12", "zlib", "1.4", since="1.3"))))
        assert (row.kind, row.rule) == ("theirs", "not-in-range")

    def test_an_alias_of_theirs_finds_our_record(self) -> None:
        report = grype(matching("GHSA-x", ZLIB, "1.2.13", related=["CVE-2025-1"]), os=OS)
        assert self.reason(distribution("1.2.12-5"), report=report).rule == "fix-installed"

    def test_our_sources_do_not_name_it(self) -> None:
        row = self.reason(index_of(record("CVE-2025-2", upto("debian:12", "zlib", "1.0"))))
        assert (row.kind, row.rule) == ("theirs", "not-named")
        by_cpe = matching("CVE-2025-1", ZLIB, "1.2.13", namespace="nvd:cpe")
        assert self.reason(distribution("1.0", "bash"), report=grype(by_cpe, os=OS)).rule == "by-cpe"

    def test_trap_03_the_operating_system_owns_the_files(self) -> None:
        place = "/usr/lib/python3.6/site-packages/urllib3-1.24.2.dist-info/METADATA"
        files = library("pypi", "urllib3", "1.24.2", place)
        owner = rpm("python3-urllib3", "1.24.2-5.el8")
        upstream = record("GHSA-a", upto("pypi", "urllib3", "1.24.3"), aliases=("CVE-2019-1",))
        fixed = upto("almalinux:8", "python3-urllib3", "1.24.2-4.el8")
        report = grype(matching("GHSA-a", "pkg:pypi/urllib3@1.24.2", "1.24.2", "1.24.3", related=["CVE-2019-1"]))
        row = self.reason(
            index_of(upstream, record("ALSA-1", fixed, bundle=True, cves=("CVE-2019-1",))),
            here(ALMA, owner, files), report,
        )  # fmt: skip
        assert (row.kind, row.rule) == ("theirs", "owner")
        assert "belong to python3-urllib3" in row.why
        silent = index_of(upstream, record("ALSA-2", fixed, bundle=True, cves=("CVE-2019-2",)))
        row = self.reason(silent, here(ALMA, owner, files), report)
        assert (row.kind, row.rule) == ("unassessed", "undecided")

    def test_it_was_withdrawn(self) -> None:
        gone = record("CVE-2025-1", upto("debian:12", "zlib", "9"), withdrawn="2025-03-01T00:00:00Z")
        assert self.reason(index_of(gone)).rule == "withdrawn"

    def test_it_is_about_another_build(self) -> None:
        package = rpm("nodejs", "18.1-1.module_el8", module="nodejs:18")
        index = index_of(record("ALSA-1", upto("almalinux:8", "nodejs", "20.1-1.module_el8", module="nodejs:20")))
        purl = "pkg:rpm/alma/nodejs@18.1-1.module_el8?arch=x86_64&distro=alma-8.10"
        report = grype(matching("ALSA-1", purl, "18.1-1.module_el8", "20.1-1.module_el8"))
        assert self.reason(index, here(ALMA, package), report).rule == "other-build"

    def test_it_concerns_windows(self) -> None:
        kubelet = Package(type="kubernetes", name="k8s.io/kubelet", version="1.9.1")
        index = index_of(record("CVE-2018-1002101", upto("kubernetes", "k8s.io/kubelet", "1.9.10")))
        report = trivy(vulnerability("CVE-2018-1002101", "pkg:k8s/k8s.io%2Fkubelet@1.9.1", "1.9.1"), kind="kubernetes")
        assert self.reason(index, here(None, kubelet, platform="linux"), report).rule == "other-platform"

    def test_a_kernel_runs_elsewhere(self) -> None:
        kernel = deb("linux-image-6.1.0-18-amd64", "6.1.76-1", "linux")
        index = index_of(record("CVE-2025-1", upto("debian:12", "linux", "6.1.90-1")))
        purl = "pkg:deb/debian/linux-image-6.1.0-18-amd64@6.1.76-1?arch=amd64&distro=debian-12"
        report = grype(matching("CVE-2025-1", purl, "6.1.76-1", "6.1.90-1"))
        image = here(DEBIAN, kernel, kind="image")
        assert self.reason(index, image, report).rule == "kernel"
        host = here(DEBIAN, kernel, kind="host", host=running("6.1.0-18-amd64", kernel.name, kernel.version))
        assert only(beside(report, host, index)).kind == "agreed"

    def test_nothing_can_be_said_here(self) -> None:
        row = self.reason(index_of(record("CVE-2025-1", upto("npm", "left", "1"))))
        assert (row.kind, row.rule, row.why) == ("unassessed", "no-feed", "no imported source speaks about debian:12")
        row = self.reason(distribution("1.3"), here(None, deb("zlib1g", "1.2.13", "zlib")))
        assert (row.kind, row.rule, row.why) == ("unassessed", "no-feed", "the release is not known")
        row = self.reason(distribution(state="undetermined", state_class="undetermined", ranges=()))
        assert (row.kind, row.rule) == ("unassessed", "undecided")
        built = here(ALMA, rpm("curl", "7-1.el8", vendor="Somebody Else"))
        purl = "pkg:rpm/alma/curl@7-1.el8?arch=x86_64&distro=alma-8.10"
        row = self.reason(index_of(record("ALSA-1", upto("almalinux:8", "curl", "8-1.el8"))), built,
                          grype(matching("ALSA-1", purl, "7-1.el8")))  # fmt: skip
        assert (row.kind, row.rule) == ("unassessed", "foreign-package")

    def test_only_the_maker_of_a_build_can_tell(self) -> None:
        kubelet = Package(type="kubernetes", name="k8s.io/kubelet", version="v1.29.3-eks-ae9a62a", vendor="EKS")
        index = index_of(record("CVE-2025-1", upto("kubernetes", "k8s.io/kubelet", "1.29.5")))
        purl = "pkg:k8s/k8s.io%2Fkubelet@v1.29.3-eks-ae9a62a"
        report = trivy(vulnerability("CVE-2025-1", purl, "v1.29.3-eks-ae9a62a", "1.29.5"), kind="kubernetes")
        row = self.reason(index, here(None, kubelet), report)
        assert (row.kind, row.rule) == ("unassessed", "vendor-build")

    def test_it_is_not_here(self) -> None:
        newer = grype(matching("CVE-2025-1", ZLIB.replace("1.2.13", "1.2.14"), "1.2.14"))
        row = self.reason(distribution("1.0"), report=newer)
        assert (row.kind, row.rule, row.why) == ("theirs", "other-version", "1.2.14 is not here; here is 1.2.13")
        gone = grype(matching("CVE-2025-1", ZLIB.replace("zlib1g", "zlib2g"), "1.2.13"))
        assert self.reason(distribution("1.0"), report=gone).rule == "not-here"
        odd = grype(matching("CVE-2025-1", "pkg:generic/java@17", "17"))
        row = self.reason(distribution("1.0"), report=odd)
        assert (row.kind, row.rule) == ("unassessed", "unknown-package")


class TestWeAlone:
    """What we say and they do not."""

    def reason(self, report: Json, index: Index, asset: Asset = APP) -> str:
        found = [row for row in beside(report, asset, index).rows if row.kind == "ours"]
        assert found[0].rule in RULES
        return found[0].rule

    def test_an_advisory_names_it(self) -> None:
        assert self.reason(grype(), flaw()) == "advisory"

    def test_no_fix_is_published_and_they_leave_such_out(self) -> None:
        other = matching("CVE-2025-9", LEFT, "1.0.0", "1.1.0")
        assert self.reason(grype(other), flaw("")) == "unfixed"
        assert self.reason(grype(other, matching("CVE-2025-8", LEFT, "1.0.0")), flaw("")) == "advisory"
        assert self.reason(grype(other), flaw()) == "advisory"

    def test_it_is_newer_than_their_database(self) -> None:
        newer = index_of(record("CVE-2025-1", upto("npm", "left", "2"), published="2026-02-25T00:00:00Z"))
        assert self.reason(grype(), newer) == "newer"

    def test_they_read_no_such_packages(self) -> None:
        other = matching("CVE-2025-9", ZLIB, "1.2.13")
        assert self.reason(grype(other), flaw()) == "not-their-kind"
        assert self.reason(grype(other, matching("CVE-2025-8", LEFT, "1.0.0")), flaw()) == "advisory"

    def test_what_a_statement_took_away_and_they_do_not_name_is_no_row(self) -> None:
        (finding,) = findings(flaw(), None, *APP.packages.packages)
        gone = Ruled(finding, statement(LEFT), (), suppressed=True)
        assert rows(beside(grype(), APP, flaw(), ruled=[gone])) == []


class TestBothDiffer:
    """What both name and say differently."""

    def differences(self, report: Json, index: Index, asset: Asset = APP, **more: object) -> list[tuple[str, ...]]:
        row = only(beside(report, asset, index, **more))  # type: ignore[arg-type]  # passed on as given
        assert row.kind == ("different" if row.differences else "agreed")
        assert {each.rule for each in row.differences} <= RULES.keys()
        return [(each.what, each.ours, each.theirs, each.rule) for each in row.differences]

    def test_the_fix(self) -> None:
        one = grype(matching("CVE-2025-1", ZLIB, "1.2.13", "1.3.0"), os=OS)
        expected = [("fix", "1.2.13-1+deb12u1", "1.3.0", "vendor-fix")]
        assert self.differences(one, distribution("1.2.13-1+deb12u1"), MACHINE) == expected
        none = grype(matching("CVE-2025-1", ZLIB, "1.2.13"), os=OS)
        assert self.differences(none, distribution("1.3"), MACHINE) == [("fix", "1.3", "none", "vendor-fix")]
        assert self.differences(one, distribution(), MACHINE) == [("fix", "none", "1.3.0", "no-fix")]
        state = distribution(state="will_not_fix", state_class="will-not-fix")
        assert self.differences(one, state, MACHINE) == [("fix", "none", "1.3.0", "vendor-state")]
        esm = distribution("1.3", channel="esm-infra")
        assert self.differences(none, esm, MACHINE) == [("fix", "1.3", "none", "channel")]

    def test_equal_fixes_in_other_words_are_no_difference(self) -> None:
        several = trivy(vulnerability("CVE-2025-1", LEFT, "1.0.0", "3.1.0, 2.0.0, 1.9.0"), kind="npm")
        assert self.differences(several, flaw("2.0.0")) == []
        package = here(ALMA, rpm("curl", "7-1.el8"))
        purl = "pkg:rpm/alma/curl@7-1.el8?arch=x86_64&distro=alma-8.10"
        epoch = grype(matching("CVE-2025-1", purl, "7-1.el8", "0:8-1.el8"))
        assert (
            self.differences(epoch, index_of(record("CVE-2025-1", upto("almalinux:8", "curl", "8-1.el8"))), package)
            == []
        )

    def test_several_records_are_closed_by_the_highest(self) -> None:
        index = index_of(
            record("GHSA-a", upto("npm", "left", "1.5.0"), aliases=("CVE-2025-1",)),
            record("OTHER-b", upto("npm", "left", "2.0.0"), aliases=("CVE-2025-1",)),
        )
        one = grype(matching("CVE-2025-1", LEFT, "1.0.0", "1.5.0"))
        assert self.differences(one, index) == [("fix", "2.0.0", "1.5.0", "all-records")]

    def test_the_severity(self) -> None:
        one = grype(matching("CVE-2025-1", LEFT, "1.0.0", "2.0.0", severity="Low"))
        assert self.differences(one, flaw()) == [("severity", "high", "low", "severity")]
        same = trivy(vulnerability("CVE-2025-1", LEFT, "1.0.0", "2.0.0", "NEGLIGIBLE"), kind="npm")
        assert self.differences(same, flaw(), severity="low") == []
        for unknown in ("Unknown", ""):
            assert (
                self.differences(grype(matching("CVE-2025-1", LEFT, "1.0.0", "2.0.0", severity=unknown)), flaw()) == []
            )
        assert self.differences(one, flaw(), severity="unknown") == []

    def test_who_says_that_it_is_exploited(self) -> None:
        (finding,) = findings(flaw(), None, *APP.packages.packages)
        report = grype(matching("CVE-2025-1", LEFT, "1.0.0", "2.0.0", knownExploited=[{"cve": "CVE-2025-1"}]))
        claims = read(json.dumps(report).encode(), name="x").claims
        for exploited, expected in ((True, []), (None, []), (False, ["exploited"])):
            found = differences(Ruled(finding), claims, Judged("high", "", exploited), by_source=False)
            assert [each.what for each in found] == expected

    def test_the_vendor_s_word_where_nobody_names_a_fix(self) -> None:
        index = distribution(state="will_not_fix", state_class="will-not-fix")
        open_ = grype(matching("CVE-2025-1", ZLIB, "1.2.13"), os=OS)
        assert self.differences(open_, index, MACHINE) == [("status", "will-not-fix", "affected", "vendor-state")]
        same = grype(matching("CVE-2025-1", ZLIB, "1.2.13", state="wont-fix"), os=OS)
        assert self.differences(same, index, MACHINE) == []

    def test_a_statement_takes_away_what_they_count(self) -> None:
        (finding,) = findings(flaw(), None, *APP.packages.packages)
        gone = Ruled(finding, statement(LEFT), (), suppressed=True)
        one = grype(matching("CVE-2025-1", LEFT, "1.0.0", "2.0.0"))
        assert self.differences(one, flaw(), ruled=[gone]) == [("status", "does not apply", "affected", "statement")]

    def test_they_set_it_aside(self) -> None:
        ignored = matching("CVE-2025-1", LEFT, "1.0.0", "2.0.0") | {"appliedIgnoreRules": [{"reason": "we know"}]}
        report = grype(ignoredMatches=[ignored])
        assert self.differences(report, flaw()) == [("status", "affected", "set aside", "set-aside")]
        assert rows(beside(report, APP, index_of(record("CVE-2025-2", upto("npm", "x", "1"))))) == []
        modified = {
            "Type": "vulnerability", "Status": "not_affected", "Statement": "no",
            "Finding": vulnerability("CVE-2025-1", LEFT, "1.0.0", "2.0.0"),
        }  # fmt: skip
        report = trivy(kind="npm")
        report["Results"][0]["ExperimentalModifiedFindings"] = [modified]
        assert self.differences(report, flaw()) == [("status", "affected", "set aside", "set-aside")]

    def test_they_name_the_source_package(self) -> None:
        one = trivy(vulnerability("CVE-2025-1", ZLIB.replace("zlib1g", "zlib"), "1.2.13", "1.3"), os=OS)
        found = beside(one, MACHINE, distribution("1.3"))
        assert rows(found) == [("different", "CVE-2025-1", "zlib1g", "source-name")]
        assert found.fit == "fits"

    def test_an_installed_fix_that_is_not_effective(self) -> None:
        old, new = (
            deb("linux-image-6.1.0-18-amd64", "6.1.76-1", "linux"),
            deb("linux-image-6.1.0-21-amd64", "6.1.90-1", "linux"),
        )
        host = here(DEBIAN, old, new, kind="host", host=running("6.1.0-18-amd64", old.name, old.version))
        index = index_of(record("CVE-2025-1", upto("debian:12", "linux", "6.1.90-1")))
        purl = f"pkg:deb/debian/{old.name}@6.1.76-1?arch=amd64&distro=debian-12"
        one = grype(matching("CVE-2025-1", purl, "6.1.76-1", "6.1.90-1"))
        expected = [("status", "fix installed, not effective", "affected", "not-effective")]
        assert self.differences(one, index, host) == expected


DIGEST, OTHER = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"


def fit(report: Json, asset: Asset = MACHINE) -> tuple[str, list[str]]:
    found = beside(report, asset, distribution("1.3"))
    return found.fit, [doubt.partition(":")[0] for doubt in found.doubts]


def test_a_report_of_another_target_is_noticed() -> None:
    known = matching("CVE-2025-1", ZLIB, "1.2.13")
    assert fit(grype(known, os=OS)) == ("fits", [])
    assert fit(grype(known, os=("debian", "11"))) == ("other", ["it is about debian"])
    moved = matching("CVE-2025-1", ZLIB.replace("1.2.13", "1.2.11"), "1.2.11")
    assert fit(grype(moved, os=OS)) == ("other", ["1 package that it names stand here at other versions"])
    again = matching("CVE-2025-1", "pkg:deb/debian/bash@5.1-1?arch=amd64&distro=debian-12", "5.1-1")
    assert fit(grype(known, moved, again, os=OS)) == (
        "other",
        ["2 packages that it names stand here at other versions"],
    )
    assert fit(grype(known, moved, os=OS)) == ("doubtful", ["1 package that it names stand here at other versions"])
    gone = matching("CVE-2025-1", "pkg:npm/left@1.0.0", "1.0.0")
    assert fit(grype(gone, os=OS)) == ("other", ["1 package that it names are not here"])
    assert fit(grype(known, gone, os=OS)) == ("doubtful", ["1 package that it names are not here"])
    assert fit(grype(os=OS)) == ("doubtful", ["it names no package, so nothing shows what it is about"])


def test_a_digest_proves_the_target() -> None:
    image = here(DEBIAN, *MACHINE.packages.packages, kind="image", key=DIGEST)
    known = matching("CVE-2025-1", ZLIB, "1.2.13")

    def of(digest: str, *matches: Json) -> Json:
        return grype(*matches, os=OS, source={"type": "image", "target": {"userInput": "x", "manifestDigest": digest}})

    assert fit(of(DIGEST, known), image) == ("same", [])
    assert fit(of(DIGEST), image) == ("same", [])
    assert fit(of(OTHER, known), image)[0] == "doubtful"
    assert fit(of(OTHER), image)[0] == "doubtful"
    # The key of a machine or a file is no digest of an image.
    assert fit(of(OTHER, known), msgspec.structs.replace(image, kind="sbom")) == ("fits", [])
    repositories = trivy(vulnerability("CVE-2025-1", ZLIB, "1.2.13"), os=OS)
    repositories["Metadata"]["RepoDigests"] = [f"debian@{DIGEST}"]
    assert fit(repositories, image) == ("same", [])


def test_of_several_targets_the_one_that_fits_best_is_compared() -> None:
    other = here(DEBIAN, deb("bash", "5.2-1"), key="b")
    known = grype(matching("CVE-2025-1", ZLIB, "1.2.13"), os=OS)
    assert beside(known, other, distribution("1.3"), MACHINE).asset == "a"
    assert beside(known, MACHINE, distribution("1.3"), other).asset == "a"


def test_epochs_and_prefixes_do_not_make_other_versions() -> None:
    index = index_of(record("CVE-2025-1", upto("almalinux:8", "curl", "1:8-1.el8")))
    asset = here(ALMA, rpm("curl", "7-1.el8", epoch=1))
    for purl in ("pkg:rpm/alma/curl@7-1.el8?arch=x86_64&epoch=1", "pkg:rpm/alma/curl@7-1.el8?arch=x86_64"):
        assert only(beside(grype(matching("CVE-2025-1", purl, "7-1.el8", "1:8-1.el8")), asset, index)).kind == "agreed"
    other = grype(matching("CVE-2025-1", "pkg:rpm/alma/curl@7-1.el8?arch=x86_64&epoch=2", "7-1.el8"))
    assert [row.rule for row in beside(other, asset, index).rows if row.kind == "theirs"] == ["other-version"]
    module = here(None, library("golang", "example.org/m", "v1.2.0"))
    go = index_of(record("CVE-2025-1", upto("golang", "example.org/m", "1.3.0")))
    report = trivy(vulnerability("CVE-2025-1", "pkg:golang/example.org/m@1.2.0", "1.2.0", "1.3.0"), kind="gobinary")
    assert only(beside(report, module, go)).kind == "agreed"


def test_every_rule_is_on_the_page_and_only_those() -> None:
    page = (ROOT / "docs/reference/comparisons.md").read_text().partition("## Rules")[2]
    assert re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", page, re.MULTILINE) == list(RULES.items())


def real(name: str) -> Report:
    file = shared("reports") / name
    return read(Path(file).read_bytes(), name=file.name)


def rebuilt(report: Report) -> Asset:
    """The target of a report, as far as it names packages."""
    return here(report.release, *(claim.package for claim in report.claims if claim.package is not None))


def test_a_real_report_beside_a_feed_that_says_the_same() -> None:
    report = real("reports_grype_kubevuln_alpine-cve.json.gz")
    affected: dict[str, list[Affected]] = {}
    for claim in report.claims:
        assert claim.package is not None
        for fix in claim.fixes:
            affected.setdefault(claim.id, []).append(upto("alpine:3.17", claim.package.source, fix))
    index = index_of(*(record(id_, *some) for id_, some in affected.items()))
    data = (shared("reports") / "reports_grype_kubevuln_alpine-cve.json.gz").read_bytes()
    found = of_bytes(data, rebuilt(report), index)
    assert {row.kind for row in found.rows} == {"agreed"}
    assert len(found.rows) == len({(claim.named, claim.id) for claim in report.claims}) == 20


def of_bytes(data: bytes, asset: Asset, index: Index) -> Comparison:
    report = json.loads(gzip.decompress(data))
    return beside(report, asset, index, severity="unknown")


def test_a_release_without_sources_leaves_everything_unassessed() -> None:
    report = grype(matching("CVE-2025-1", ZLIB, "1.2.13"), os=OS)
    asset = here(Release("debian", "12"), deb("zlib1g", "1.2.13", "zlib"))
    found = beside(report, asset, index_of(record("CVE-2025-1", upto("npm", "left", "1"))))
    assert [row.kind for row in found.rows] == ["unassessed"]
    assert not found.disagrees
