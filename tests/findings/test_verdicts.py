"""What is said of packages for others to read, and what is better left unsaid."""

from __future__ import annotations

import pytest
from tests.findings.stated import asset, finding, statement

from oakum.advisories.index import Record, Source
from oakum.advisories.model import Advisory
from oakum.findings.model import Cleared, Matched
from oakum.findings.statements.model import Ruled
from oakum.findings.verdicts import Verdict, verdicts
from oakum.fleet.assets import Asset, Gap
from oakum.fleet.packages import Package

CURL = "pkg:deb/debian/curl@8.0-1?arch=amd64"
HERE = asset(CURL, "pkg:npm/left@1.0.0", distro="debian:12")
PACKAGES = {one.name: one for one in HERE.packages.packages}
SOURCE = Source(1, "tracker", "debian", "", "", "", 1, 0)
PRODUCT = "pkg:deb/debian/curl@8.0-1?arch=amd64&distro=debian-12"


def cleared(name: str, *, package: Package = PACKAGES["curl"], fixed: bool = False, bundle: bool = False) -> Cleared:
    """What a record of a distribution does not apply to."""
    cves = ("CVE-2026-0001",) if bundle else ()
    return Cleared(package, Record(1, Advisory(name, bundle=bundle, cves=cves), SOURCE, "", ""), "it says so", fixed)


def of(*items: Cleared | Gap, ruled: tuple[Ruled, ...] = (), here: Asset = HERE) -> list[Verdict]:
    hushed = tuple(one for one in items if isinstance(one, Cleared))
    gaps = tuple(one for one in items if isinstance(one, Gap))
    return verdicts({here.key: here}, {here.key: Matched((), hushed, gaps, ())}, ruled)


def shown(*items: Cleared | Gap, ruled: tuple[Ruled, ...] = ()) -> list[tuple[str, str]]:
    return [(one.vulnerability, one.status) for one in of(*items, ruled=ruled)]


def test_the_evidence_makes_the_status() -> None:
    assert of(cleared("CVE-2026-0001")) == [Verdict("CVE-2026-0001", PRODUCT, "", "not_affected", "it says so")]
    assert shown(cleared("CVE-2026-0001", fixed=True)) == [("CVE-2026-0001", "fixed")]
    gap = Gap("undetermined", "curl: CVE-2026-0002", "the vendor has not decided", "wait")
    assert shown(gap) == [("CVE-2026-0002", "under_investigation")]
    (one,) = of(ruled=(Ruled(finding(PACKAGES["curl"], HERE.key, id_="CVE-2026-0001")),))
    assert (one.status, one.product, one.why) == ("affected", PRODUCT, "No fix is published; watch for one")


@pytest.mark.parametrize(
    "unsaid",
    [
        cleared("CVE-2026-0001", package=PACKAGES["left"]),
        cleared("DSA-1-1", bundle=True),
        Gap("no-feed", "curl: CVE-2026-0002", "why", "remedy"),
        Gap("undetermined", "wget: CVE-2026-0002", "why", "remedy"),
    ],
    ids=["a library that only this machine's packages vouch for", "a notice", "another gap", "another package"],
)
def test_what_is_not_said(unsaid: Cleared | Gap) -> None:
    assert shown(unsaid) == []


@pytest.mark.parametrize("suppressed", [True, False])
def test_a_record_that_hits_is_not_denied_by_another(suppressed: bool) -> None:
    hit = finding(PACKAGES["curl"], HERE.key, id_="CVE-2026-0001", aliases=("DEBIAN-CVE-2026-0001",))
    ruled = Ruled(hit, statement(CURL) if suppressed else None, (), suppressed)
    expected = [] if suppressed else [("CVE-2026-0001", "affected")]
    assert shown(cleared("CVE-2026-0001"), ruled=(ruled,)) == expected
    assert shown(cleared("DEBIAN-CVE-2026-0001"), ruled=(ruled,)) == expected
    assert ("CVE-2026-0003", "not_affected") in shown(cleared("CVE-2026-0003"), ruled=(ruled,))


def test_the_subject_of_an_sbom_is_not_called_unaffected_with_all_that_is_in_it() -> None:
    here = asset(CURL, subject=PRODUCT, distro="debian:12")
    (package,) = here.packages.packages
    assert of(cleared("CVE-2026-0001", package=package), here=here) == []
