"""CSAF as a feed: which package of which line each status is about, and what is refused."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.advisories.csaf_documents import affected, document, parsed
from tests.data import shared

from oakum.advisories.model import Advisory, Range, Severity
from oakum.advisories.parsers import parse
from oakum.errors import InputError

OPEN = (Range("ECOSYSTEM", (("introduced", "0"),)),)


def upto(version: str) -> tuple[Range, ...]:
    return (Range("ECOSYSTEM", (("introduced", "0"), ("fixed", version))),)


@pytest.mark.parametrize(
    ("component", "name", "version", "naming", "module", "arches"),
    [
        ("pkg:rpm/redhat/a@1.0-1.el9?arch=x86_64", "a", "1.0-1.el9", "binary", "", ("x86_64",)),
        ("pkg:rpm/redhat/a@1.0-1.el9?arch=noarch", "a", "1.0-1.el9", "binary", "", ()),
        ("pkg:rpm/redhat/a@1.0-1.el9?arch=src", "a", "1.0-1.el9", "source", "", ()),
        ("pkg:rpm/redhat/a@1.0-1.el9?arch=x86_64&epoch=32", "a", "32:1.0-1.el9", "binary", "", ("x86_64",)),
        ("pkg:rpm/redhat/a@1.0-1.el9?arch=x86_64&epoch=0", "a", "1.0-1.el9", "binary", "", ("x86_64",)),
        ("pkg:rpm/redhat/a@2-1?arch=s390x&rpmmod=ruby:2.7:80800:63b", "a", "2-1", "binary", "ruby:2.7", ("s390x",)),
        ("a-b-0:1.0-1.el9.x86_64", "a-b", "1.0-1.el9", "binary", "", ("x86_64",)),
        ("a-b-1:1.0-1.el9.src", "a-b", "1:1.0-1.el9", "source", "", ()),
        ("a-0:2-1.module+el9+1+a.aarch64::ruby:3.1", "a", "2-1.module+el9+1+a", "binary", "ruby:3.1", ("aarch64",)),
    ],
)
def test_a_build_is_the_fix_of_its_package(
    component: str, name: str, version: str, naming: str, module: str, arches: tuple[str, ...]
) -> None:
    (one,) = affected(("9-baseos", component, "fixed"))
    assert (one.scope, one.channel, one.package, one.naming, one.module) == ("rhel:9", "", name, naming, module)
    assert (one.ranges, one.arches, one.state, one.state_class) == (upto(version), arches, "fixed", "fixed")


@pytest.mark.parametrize(
    ("component", "name", "naming", "module"),
    [
        ("pkg:rpm/redhat/expat?arch=src", "expat", "source", ""),
        ("pkg:rpm/redhat/libssh-devel", "libssh-devel", "binary", ""),
        ("pkg:rpm/redhat/libssh.src", "libssh", "source", ""),
        ("libssh.src", "libssh", "source", ""),
        ("postgresql", "postgresql", "either", ""),
        ("postgresql:15/postgresql", "postgresql", "either", "postgresql:15"),
        ("pkg:rpm/redhat/389-ds-base?arch=src", "389-ds-base", "source", ""),
    ],
)
def test_a_package_without_a_fix_is_affected_in_every_version(
    component: str, name: str, naming: str, module: str
) -> None:
    (one,) = affected(("9", component, "known_affected"))
    assert (one.package, one.naming, one.module, one.ranges) == (name, naming, module, OPEN)


@pytest.mark.parametrize(
    ("category", "details", "state", "class_"),
    [
        ("none_available", "Affected", "Affected", "affected"),
        ("none_available", "Fix deferred", "Fix deferred", "deferred"),
        ("no_fix_planned", "Will not fix", "Will not fix", "will-not-fix"),
        ("no_fix_planned", "Out of support scope", "Out of support scope", "will-not-fix"),
        ("no_fix_planned", "Not worth it", "no fix planned", "will-not-fix"),
        ("workaround", "Do not use it", "known affected", "affected"),
    ],
)
def test_trap_04_the_word_in_a_remediation_has_its_class(category: str, details: str, state: str, class_: str) -> None:
    remediation = {"category": category, "details": details, "product_ids": ["9:pkg:rpm/redhat/a"]}
    workaround = {"category": "workaround", "details": "Turn it off:\nhow", "product_ids": ["9:pkg:rpm/redhat/a"]}
    (one,) = affected(("9", "pkg:rpm/redhat/a", "known_affected"), remediations=[workaround, remediation])
    assert (one.state, one.state_class, one.ranges) == (state, class_, OPEN)


def test_trap_04_not_affected_has_its_reason_and_a_word_about_one_build_says_nothing_of_others() -> None:
    flag = {"label": "vulnerable_code_not_present", "product_ids": ["9:pkg:rpm/redhat/a"]}
    (one,) = affected(("9", "pkg:rpm/redhat/a", "known_not_affected"), flags=[flag])
    assert (one.state, one.state_class, one.reason) == (
        "known not affected", "not-affected", "vulnerable code not present",
    )  # fmt: skip
    assert one.ranges == ()
    assert affected(("9", "pkg:rpm/redhat/a@1-1?arch=x86_64", "known_not_affected")) == ()


def test_trap_04_under_investigation_is_undetermined() -> None:
    (one,) = affected(("9", "pkg:rpm/redhat/a", "under_investigation"))
    assert (one.state, one.state_class, one.ranges) == ("under investigation", "undetermined", ())


def test_trap_05_each_platform_is_its_release_and_channel() -> None:
    build = "pkg:rpm/redhat/a@1-1?arch=x86_64"
    found = affected(*((platform, build, "fixed") for platform in ("9", "9-eus", "8-openshift", "openshift")))
    assert [(one.scope, one.channel) for one in found] == [
        ("rhel:9", ""), ("rhel:9", "eus:9.4"), ("rhel:8", "openshift:4.13"),
    ]  # fmt: skip


def test_trap_02_a_source_stands_for_no_binary_of_a_notice_that_lists_them() -> None:
    source, binary = "pkg:rpm/redhat/bind@1-1?arch=src", "pkg:rpm/redhat/bind-libs@1-1?arch=x86_64"
    assert [one.package for one in affected(("9", source, "fixed"), ("9", binary, "fixed"))] == ["bind-libs"]
    assert [one.package for one in affected(("9", source, "fixed"), ("9-eus", binary, "fixed"))] == [
        "bind", "bind-libs",
    ]  # fmt: skip


def test_the_architectures_of_a_build_are_one_row() -> None:
    builds = [f"pkg:rpm/redhat/a@1-1?arch={arch}" for arch in ("x86_64", "aarch64")]
    (one,) = affected(*(("9", build, "fixed") for build in builds))
    assert one.arches == ("aarch64", "x86_64")


def test_what_is_no_package_of_a_system_is_left_out() -> None:
    assert (
        affected(
            ("9", "pkg:oci/a@sha256:00?repository_url=registry.redhat.io/a", "fixed"),
            ("9", "rhel8/postgresql-13", "known_affected"),
            ("openshift", "pkg:rpm/redhat/a", "known_affected"),
            ("8-openshift", "log4j-core", "known_affected"),
        )
        == ()
    )


def test_a_vulnerability_is_one_record_whatever_notices_speak_of_it() -> None:
    plain = document(("9", "pkg:rpm/redhat/a@2-1.el9_5?arch=x86_64", "fixed"))
    extended = document(("9-eus", "pkg:rpm/redhat/a@1-1.el9_4?arch=x86_64", "fixed"))
    (fact,) = parsed(plain, extended).facts
    assert isinstance(fact, Advisory)
    assert (fact.id, fact.bundle, [one.channel for one in fact.affected]) == ("CVE-2024-1001", False, ["", "eus:9.4"])


def test_who_scored_when_and_where_is_kept() -> None:
    whole = document(
        ("9", "pkg:rpm/redhat/a", "known_affected"),
        title="the title", release_date="2024-04-30T00:00:00Z",
        ids=[{"system_name": "Bugzilla", "text": "12345"}],
        scores=[{"products": [], "cvss_v3": {"vectorString": "CVSS:3.1/AV:N", "version": "3.1"}}],
        threats=[{"category": "impact", "details": "Moderate"}, {"category": "exploit_status", "details": "Yes"}],
        remediations=[{"category": "vendor_fix", "details": "x", "url": "https://a/RHSA-1"}],
    )  # fmt: skip
    (fact,) = parsed(whole).facts
    assert isinstance(fact, Advisory)
    assert (fact.summary, fact.published, fact.modified, fact.aliases, fact.references) == (
        "the title", "2024-04-30T00:00:00Z", "2024-05-02T03:04:05Z", (), ("https://a/RHSA-1",),
    )  # fmt: skip
    assert fact.severities == (
        Severity("CVSS_V3", "CVSS:3.1/AV:N", "Red Hat"), Severity("Red Hat", "Moderate", "Red Hat"),
    )  # fmt: skip


def broken(**changes: Any) -> dict[str, Any]:
    return {**document(("9", "pkg:rpm/redhat/a", "known_affected")), **changes}


@pytest.mark.parametrize(
    ("whole", "why"),
    [
        (document(("9", "pkg:rpm/redhat/a", "known_effected")), "not a known status"),
        (document(("9", "pkg:rpm/redhat/a", "fixed")), "names no version"),
        (document(), "too few fields"),
        (document(("9", "pkg:rpm/redhat/a", "recommended")), "states nothing"),
        (broken(product_tree={}), "too few fields"),
        (broken(product_tree={"product_groups": []}), "no release is known"),
        (broken(vulnerabilities=[{"cve": "CVE-2024-1", "product_status": {"fixed": "9"}}]), "vulnerabilities"),
        (broken(document={"csaf_version": "3.0"}), "no known version"),
        (broken(document={"csaf_version": "2.0", "tracking": {"status": "draft"}}), "draft"),
    ],
)
def test_half_of_a_document_is_no_answer(whole: dict[str, Any], why: str) -> None:
    good = document(("9", "pkg:rpm/redhat/b", "known_affected"), cve="CVE-2024-1002")
    found = parsed(whole, good)
    assert [fact.id for fact in found.facts if isinstance(fact, Advisory)] == ["CVE-2024-1002"]
    assert [(problem.line, why in problem.why) for problem in found.problems] == [(1, True)]
    with pytest.raises(InputError):
        parse(json.dumps(whole).encode(), name="alone")


def test_the_platforms_of_another_vendor_are_not_silence() -> None:
    whole = json.loads(json.dumps(document(("9", "pkg:rpm/redhat/a", "known_affected"))).replace("redhat:", "suse:"))
    assert "no release is known" in parsed(whole, document(("9", "a", "known_affected"))).problems[0].why


_PLATFORM = st.sampled_from(["9", "9-baseos", "9-eus", "8-openshift"])
_STATUS = st.sampled_from(["fixed", "known_affected", "known_not_affected", "under_investigation"])
_ROW = st.tuples(_PLATFORM, st.sampled_from("abc"), st.sampled_from(["1-1", "2:2-1"]), _STATUS)
_SAID = st.lists(_ROW, min_size=1, unique=True)
_WHERE = {"9": ("rhel:9", ""), "9-baseos": ("rhel:9", ""), "9-eus": ("rhel:9", "eus:9.4"),
          "8-openshift": ("rhel:8", "openshift:4.13")}  # fmt: skip


@given(_SAID)
def test_nothing_that_is_said_of_a_package_is_lost_or_made_up(said: list[tuple[str, str, str, str]]) -> None:
    rows: dict[tuple[str, str, str], None] = {}
    expected = set()
    for platform, name, evr, status in said:
        epoch, _, version = evr.rpartition(":")
        build = f"@{version}?arch=x86_64" + (f"&epoch={epoch}" if epoch else "")
        rows[platform, f"pkg:rpm/redhat/{name}{build if status == 'fixed' else ''}", status] = None
        expected.add((*_WHERE[platform], name, status, evr if status == "fixed" else ""))
    words = {"fixed": "fixed", "known affected": "known_affected", "known not affected": "known_not_affected",
             "under investigation": "under_investigation"}  # fmt: skip
    got = [
        (one.scope, one.channel, one.package, words[one.state], dict(one.ranges[0].events).get("fixed", "")
         if one.ranges else "")
        for one in affected(*rows)
    ]  # fmt: skip
    assert set(got) == expected
    assert len(got) == len(set(got))


@pytest.mark.parametrize(
    ("file", "records", "rows"),
    [
        ("vex/trustify--cve-2024-50602.json.gz", 1, 14),
        ("vex/claircore--cve-2023-4154.json.gz", 1, 130),
        ("vex/go-vex--rhsa-2020_1358.json.gz", 2, 352),
        ("vex/vulnerablecode--rhsa-2010_0002.json.gz", 1, 4),
        ("feeds/rhel/csaf/advisories/rhsa-2024_0811.json", 3, 72),
        ("feeds/rhel/csaf/advisories/2025/rhsa-2025_23414.json", 2, 8),
    ],
)
def test_red_hats_own_documents_are_read_whole(file: str, records: int, rows: int) -> None:
    data = shared(file).read_bytes()
    found = parse(gzip.decompress(data) if file.endswith(".gz") else data, name=file)
    advisories = [fact for fact in found.facts if isinstance(fact, Advisory)]
    assert (len(advisories), sum(len(one.affected) for one in advisories), found.problems) == (records, rows, [])
