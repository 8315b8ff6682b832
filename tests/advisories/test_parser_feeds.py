"""Every feed but OSV: Debian's tracker and lists, secdb, Kubernetes, KEV, EPSS, Vulnrichment, endoflife."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from tests.data import shared

from oakum.advisories.model import (
    NO_VERSIONS,
    Advisory,
    Affected,
    Enrichment,
    Epss,
    Exploited,
    Fact,
    Lifecycle,
    Range,
    Severity,
)
from oakum.advisories.parsers import parse
from oakum.errors import InputError

OPEN = (Range("ECOSYSTEM", (("introduced", "0"),)),)


def facts(document: object, name: str = "feed.json") -> list[Fact]:
    return parse(json.dumps(document).encode(), name=name).facts


def tracker(**release: Any) -> Affected:
    (fact,) = facts({"curl": {"CVE-2024-1001": {"releases": {"bookworm": release}}}})
    assert isinstance(fact, Advisory)
    return fact.affected[0]


@pytest.mark.parametrize(
    ("release", "state", "class_", "reason"),
    [
        ({"status": "open", "urgency": "low"}, "open", "affected", ""),
        ({"status": "open", "urgency": "end-of-life"}, "end-of-life", "end-of-life", ""),
        ({"status": "open", "nodsa": "Minor issue", "nodsa_reason": ""}, "no-dsa", "deferred", "Minor issue"),
        ({"status": "open", "nodsa": "Wait", "nodsa_reason": "postponed"}, "postponed", "deferred", "Wait"),
        ({"status": "open", "nodsa": "Too old", "nodsa_reason": "ignored"}, "ignored", "will-not-fix", "Too old"),
    ],
)
def test_trap_04_open_in_debian_is_affected_with_the_word_the_class_and_the_reason(
    release: dict[str, str], state: str, class_: str, reason: str
) -> None:
    found = tracker(**release)
    assert (found.state, found.state_class, found.reason, found.ranges) == (state, class_, reason, OPEN)
    assert (found.scope, found.package, found.naming) == ("debian:12", "curl", "source")


def test_trap_04_fixed_version_0_of_debian_was_never_affected() -> None:
    found = tracker(status="resolved", fixed_version="0", urgency="unimportant")
    assert (found.state_class, found.ranges) == ("not-affected", ())
    assert found.severities == (Severity("debian-urgency", "unimportant", "Debian"),)


def test_trap_04_undetermined_is_neither_affected_nor_not() -> None:
    found = tracker(status="undetermined", urgency="not yet assigned")
    assert (found.state, found.state_class, found.ranges, found.severities) == ("undetermined", "undetermined", (), ())


def test_a_resolved_issue_of_debian_is_fixed_in_its_version() -> None:
    found = tracker(status="resolved", fixed_version="7.88.1-10", urgency="not yet assigned")
    assert found.ranges == (Range("ECOSYSTEM", (("introduced", "0"), ("fixed", "7.88.1-10"))),)
    assert found.state_class == "fixed"


def test_a_status_that_debian_does_not_have_is_a_problem() -> None:
    issue = {"CVE-2024-1001": {"releases": {"sid": {"status": "fine"}}}, "CVE-2024-1002": {"releases": []}}
    parsed = parse(json.dumps({"curl": issue}).encode(), name="tracker")
    assert [problem.record for problem in parsed.problems] == ["curl CVE-2024-1001"]
    assert len(parsed.facts) == 1


def test_the_tracker_gathers_the_packages_of_a_cve() -> None:
    release = {"releases": {"sid": {"status": "open"}}}
    (fact,) = facts({"a": {"CVE-2024-1001": release}, "b": {"CVE-2024-1001": release}})
    assert isinstance(fact, Advisory)
    assert [(one.scope, one.package) for one in fact.affected] == [("debian:sid", "a"), ("debian:sid", "b")]


def test_the_real_tracker_sample_is_read() -> None:
    parsed = parse(shared("feeds/debian/input/debian.json").read_bytes(), name="debian.json")
    assert (parsed.format, len(parsed.facts), parsed.problems) == ("debian-tracker", 7, [])


def test_both_forms_of_the_debian_lists_say_the_same() -> None:
    text = (
        "[29 Mar 2023] DSA-5380-1 xorg-server - security update\n\t{CVE-2023-1393 CVE-2023-1394}\n"
        "\t[bullseye] - xorg-server 2:1.20.11-1+deb11u6\n\t[buster] - xorg-server <not-affected> (Not built)\n"
        "\tNOTE: a remark\n"
    )
    row = {
        "id": "DSA-5380-1", "date": "29 Mar 2023", "package": "xorg-server", "summary": "security update",
        "cves": ["CVE-2023-1393", "CVE-2023-1394"],
        "fixes": [{"release": "bullseye", "package": "xorg-server", "fixed": "2:1.20.11-1+deb11u6"},
                  {"release": "buster", "package": "xorg-server", "fixed": "<not-affected>"}],
    }  # fmt: skip
    (listed,), (rowed,) = parse(text.encode(), name="DSA").facts, facts(row)
    assert isinstance(listed, Advisory)
    assert isinstance(rowed, Advisory)
    assert (listed.id, listed.bundle, listed.cves) == ("DSA-5380-1", True, ("CVE-2023-1393", "CVE-2023-1394"))
    assert (listed.published, listed.summary) == ("2023-03-29T00:00:00Z", "xorg-server - security update")
    assert listed.affected[0] == rowed.affected[0]
    assert [(one.scope, one.state_class, one.reason) for one in listed.affected] == [
        ("debian:11", "fixed", ""),
        ("debian:10", "not-affected", "Not built"),
    ]
    assert (rowed.cves, rowed.published, rowed.summary) == (listed.cves, listed.published, listed.summary)


def test_the_real_lists_of_debian_are_read_whole() -> None:
    data = gzip.decompress(shared("advisories/dsa-dla.jsonl.gz").read_bytes())
    parsed = parse(data, name="dsa-dla")
    assert (len(parsed.facts), parsed.problems) == (8668, [])
    rows = [one for fact in parsed.facts if isinstance(fact, Advisory) for one in fact.affected]
    assert len({one.scope for one in rows}) == 10
    parsed = parse(shared("feeds/debian/input/DSA").read_bytes(), name="DSA")
    assert (len(parsed.facts), parsed.problems) == (10, [])


def secdb(secfixes: dict[str, list[str]], **head: str) -> list[Advisory]:
    document = {"apkurl": "x", "distroversion": "v3.20", "packages": [{"pkg": {"name": "xen", "secfixes": secfixes}}]}
    return [fact for fact in facts({**document, **head}) if isinstance(fact, Advisory)]


def test_trap_04_key_0_of_alpine_was_never_affected() -> None:
    (fact,) = secdb({"0": ["CVE-2019-1001"]})
    assert (fact.affected[0].state, fact.affected[0].state_class, fact.affected[0].ranges) == ("0", "not-affected", ())


@pytest.mark.parametrize(
    ("entry", "ids", "aliases", "others"),
    [
        ("CVE-2019-1001", ["CVE-2019-1001"], (), ()),
        ("CVE-2018-3620   XSA-273", ["CVE-2018-3620"], (), ("XSA-273",)),
        ("CVE-????-?????  XSA-295", ["XSA-295"], (), ()),
        ("CVE-2017-5753 CVE-2017-5715 XSA-254 XPTI", ["CVE-2017-5753", "CVE-2017-5715"], (), ("XSA-254",)),
        ("CVE-2020-1234 GHSA-2345-6789-cfgh", ["CVE-2020-1234"], ("GHSA-2345-6789-cfgh",), ()),
        ("GHSA-2345-6789-CFGH", ["GHSA-2345-6789-cfgh"], (), ()),
        ("CVE_2019-2426", ["CVE-2019-2426"], (), ()),
        ("CVE 2018-16859", ["CVE-2018-16859"], (), ()),
        ("CVE-2017-8073.patch", ["CVE-2017-8073"], (), ()),
        ("CVE-2017-17434-1", ["CVE-2017-17434"], (), ()),
        ("wnpa-sec-2017-18", ["wnpa-sec-2017-18"], (), ()),
        ("ZBX-11023", ["ZBX-11023"], (), ()),
    ],
)
def test_trap_15_an_entry_of_secdb_names_each_cve_and_no_report_is_its_alias(
    entry: str, ids: list[str], aliases: tuple[str, ...], others: tuple[str, ...]
) -> None:
    found = secdb({"1.2-r3": [entry]})
    assert [fact.id for fact in found] == ids
    assert {(fact.aliases, fact.references) for fact in found} == {(aliases, others)}


def test_a_note_of_secdb_is_kept_as_the_reason() -> None:
    (fact,) = secdb({"1.2-r3": ["CVE-2017-2616 (+ regression fix)"]})
    assert (fact.id, fact.affected[0].reason) == ("CVE-2017-2616", "+ regression fix")


def test_versions_of_secdb_stay_text_in_yaml() -> None:
    text = "distroversion: v3.10\nreponame: main\npackages:\n  - pkg:\n      name: a\n      secfixes:\n"
    text += "        3.10:\n          - CVE-2019-1001\n        0:\n          - CVE-2019-1002\n"
    found = [fact for fact in parse(text.encode(), name="main.yaml").facts if isinstance(fact, Advisory)]
    assert found[0].affected[0].scope == "alpine:3.10"
    assert found[0].affected[0].ranges[0].events[1] == ("fixed", "3.10")
    assert found[1].affected[0].state_class == "not-affected"


def test_wolfi_is_known_by_where_its_packages_are() -> None:
    found = secdb({"1-r0": ["CVE-2024-1001"]}, distroversion="", urlprefix="https://packages.wolfi.dev")
    assert found[0].affected[0].scope == "wolfi"


def test_every_real_secdb_is_read_whole() -> None:
    rows = 0
    for path in sorted(shared("advisories/alpine-secdb").iterdir()):
        parsed = parse(path.read_bytes(), name=path.name)
        assert not parsed.problems
        rows += sum(len(fact.affected) for fact in parsed.facts if isinstance(fact, Advisory))
    assert rows > 11_000


def test_the_official_feed_of_kubernetes_names_vulnerabilities_without_versions() -> None:
    item = {
        "id": "CVE-2024-3177", "summary": "bypass", "url": "https://example.org/issues/1",
        "date_published": "2024-04-16T00:00:00Z", "_kubernetes_io": {"issue_number": 1}, "status": "fixed",
    }  # fmt: skip
    feed = {
        "version": "https://jsonfeed.org/version/1.1", "items": [item, {"id": None}],
        "_kubernetes_io": {"updated_at": "2024-05-01T10:00:00Z"},
    }  # fmt: skip
    parsed = parse(json.dumps(feed).encode(), name="index.json")
    (fact,) = parsed.facts
    assert isinstance(fact, Advisory)
    assert (parsed.format, parsed.as_of, len(parsed.problems)) == ("kubernetes", "2024-05-01T10:00:00Z", 1)
    assert (fact.id, fact.published) == ("CVE-2024-3177", "2024-04-16T00:00:00Z")
    (whole,) = fact.affected
    assert (whole.scope, whole.package, whole.reason) == ("kubernetes", "k8s.io/kubernetes", NO_VERSIONS)
    assert [one.events for one in whole.ranges] == [()], "nothing to compare, so nothing is clear of it either"
    assert len(facts([item], "old-form.json")) == 1


def test_kev_is_read_whole_and_keeps_the_product() -> None:
    parsed = parse(shared("intel/known_exploited_vulnerabilities.json").read_bytes(), name="kev.json")
    assert (len(parsed.facts), parsed.problems, parsed.as_of) == (1404, [], "2025-08-25T17:04:19Z")
    first = parsed.facts[0]
    assert isinstance(first, Exploited)
    assert (first.cve, first.added, first.due, first.product) == (
        "CVE-2025-48384", "2025-08-25", "2025-09-15", "Git Git",
    )  # fmt: skip
    assert sum(fact.ransomware for fact in parsed.facts if isinstance(fact, Exploited)) > 100


def test_trap_16_a_catalogue_with_fewer_entries_than_it_counts_says_so() -> None:
    parsed = parse(shared("feeds/kev/valid-catalog-1.json").read_bytes(), name="kev.json")
    assert (len(parsed.facts), [problem.record for problem in parsed.problems]) == (3, ["count"])


def test_trap_17_epss_carries_its_day_and_its_model() -> None:
    parsed = parse(shared("feeds/epss/example-1.csv").read_bytes(), name="epss.csv")
    assert parsed.facts[0] == Epss("CVE-1999-0001", 0.00383, 0.73075, "2025-02-20", "v2023.03.01")
    assert parsed.as_of == "2025-02-20T00:00:00Z"


@pytest.mark.parametrize(("file", "line"), [("invalid-header.csv", 2), ("missing-date.csv", 1)])
def test_trap_17_epss_without_columns_or_day_is_refused(file: str, line: int) -> None:
    with pytest.raises(InputError) as caught:
        parse(shared(f"feeds/epss/{file}").read_bytes(), name=file)
    assert caught.value.place is not None
    assert (caught.value.place.line, bool(caught.value.remedy)) == (line, True)


@pytest.mark.parametrize("row", ["CVE-2024-1001,2,0.5", "CVE-2024-1001,nan,0.5", "CVE-2024-1001,0.5", "x,0.5,0.5"])
def test_a_row_of_epss_that_is_no_probability_is_a_problem(row: str) -> None:
    text = f"#model_version:v1,score_date:2025-02-20\ncve,epss,percentile\n{row}\nCVE-2024-1002,0.5,0.5\n"
    parsed = parse(text.encode(), name="epss.csv")
    assert ([problem.line for problem in parsed.problems], len(parsed.facts)) == ([3], 1)


def test_epss_that_breaks_off_within_a_number_is_refused() -> None:
    text = "#model_version:v1,score_date:2025-02-20\ncve,epss,percentile\nCVE-2024-1001,0.5,0.5\nCVE-2024-1002,0.91,0.9"
    with pytest.raises(InputError, match="cut short"):
        parse(text.encode(), name="epss.csv")


def test_vulnrichment_is_read_whole_with_its_dirty_casing() -> None:
    data = gzip.decompress(shared("intel/vulnrichment.tsv.gz").read_bytes())
    parsed = parse(data, name="vulnrichment.tsv")
    found = [fact for fact in parsed.facts if isinstance(fact, Enrichment)]
    assert (len(found), parsed.problems) == (44_130, [])
    assert {fact.exploitation for fact in found} == {"", "none", "poc", "active"}
    assert sum(bool(fact.exploitation) for fact in found) == 44_026
    assert {one.system for fact in found for one in fact.severities} == {"CVSS_V2", "CVSS_V3", "CVSS_V4"}


def test_a_cve_record_gives_the_decision_points_of_cisa_and_who_scored() -> None:
    (fact,) = parse(shared("feeds/cve5/CVE-2023-44487.json").read_bytes(), name="cve").facts
    assert isinstance(fact, Enrichment)
    assert (fact.exploitation, fact.automatable, fact.technical_impact) == ("active", "yes", "partial")
    assert (fact.decided, fact.kev_added, fact.state) == ("2024-07-23T20:34:21Z", "2023-10-10", "PUBLISHED")
    assert {one.scorer for one in fact.severities} == {"ADP"}
    (fact,) = parse(shared("feeds/cve5/CVE-2024-6387.json").read_bytes(), name="cve").facts
    assert isinstance(fact, Enrichment)
    assert Severity("Red Hat severity rating", "Important", "CNA") in fact.severities


def test_a_decision_outside_the_vocabulary_is_a_problem_and_no_decision() -> None:
    text = "cve\tstate\tex\tau\tti\tts\tkev\tcna_cvss\tadp_cvss\n"
    text += "CVE-2024-1001\tPUBLISHED\tmaybe\tno\ttotal\t\t\t\t\nCVE-2024-1002\tPUBLISHED\tPoC\tNo\tTotal\t\t\t\t\n"
    parsed = parse(text.encode(), name="v.tsv")
    assert [problem.record for problem in parsed.problems] == ["CVE-2024-1001"]
    assert parsed.facts == [
        Enrichment("CVE-2024-1002", "poc", "no", "total", state="PUBLISHED"),
    ]


def test_endoflife_in_both_layouts() -> None:
    found = parse(shared("feeds/eol/valid-eol-response.json").read_bytes(), name="eol.json").facts
    assert Lifecycle("python", "2.7", "2010-07-03", "2020-01-01", "", is_eol=True) in found
    classic = [
        {"cycle": "12", "releaseDate": "2023-06-10", "eol": "2026-06-10", "latest": "12.11", "extendedSupport": False},
        {"cycle": "sid", "eol": False},
    ]
    assert facts(classic, "debian.json") == [
        Lifecycle("debian", "12", "2023-06-10", "2026-06-10", "", None, "12.11"),
        Lifecycle("debian", "sid", is_eol=False),
    ]


def test_what_is_no_feed_is_refused_by_its_name() -> None:
    for file in (
        "advisories/rustsec-native.jsonl.gz",
        "feeds/nvd/full-page.json",
        "feeds/amazon/input/2_rss.xml",
        "feeds/rhel/csaf/server/changes.csv",
    ):
        data = shared(file).read_bytes()
        with pytest.raises(InputError) as caught:
            parse(gzip.decompress(data) if file.endswith(".gz") else data, name=file)
        assert caught.value.remedy
        assert str(caught.value).startswith(file)


@pytest.mark.parametrize(("id_", "channel"), [("ELA-1000-1", "elts"), ("DLA-3377-1", ""), ("DSA-5474-1", "")])
def test_trap_05_a_fix_of_extended_lts_is_for_those_who_pay_for_it(id_: str, channel: str) -> None:
    text = f"[16 Nov 2023] {id_} ceph - security update\n\t{{CVE-2023-1}}\n\t[stretch] - ceph 10.2.11-2+deb9u3\n"
    (fact,) = parse(text.encode(), name="list").facts
    assert isinstance(fact, Advisory)
    assert [(one.scope, one.channel) for one in fact.affected] == [("debian:9", channel)]
