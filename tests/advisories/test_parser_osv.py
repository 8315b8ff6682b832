"""OSV: what a record says is kept as it is written; what nobody understands is a problem and never silence."""

from __future__ import annotations

import gzip
import json
from typing import Any

import msgspec
import pytest
from tests.data import shared

from oakum.advisories.model import Advisory, Range, Severity
from oakum.advisories.parsers import detect, parse


def record(**more: Any) -> dict[str, Any]:
    return {"id": "X-1", "modified": "2024-01-02T03:04:05Z", "affected": [], **more}


def one(value: dict[str, Any]) -> Advisory:
    (fact,) = parse(json.dumps(value).encode(), name="feed.json").facts
    assert isinstance(fact, Advisory)
    return fact


def affecting(*events: dict[str, str], ecosystem: str = "npm", **more: Any) -> dict[str, Any]:
    ranges = [{"type": "SEMVER", "events": list(events)}]
    return {"package": {"ecosystem": ecosystem, "name": "left-pad"}, "ranges": ranges, **more}


@pytest.mark.parametrize(
    ("file", "records"),
    [("go", 4291), ("almalinux", 5637), ("bitnami", 2000), ("psf", 132), ("kubernetes-sig-cve-feed", 47)],
)
def test_every_real_record_is_read(file: str, records: int) -> None:
    data = gzip.decompress(shared(f"advisories/{file}.jsonl.gz").read_bytes())
    parsed = parse(data, name=file)
    assert (len(parsed.facts), parsed.problems) == (records, [])


def test_records_of_one_id_lose_nothing_when_they_are_united() -> None:
    data = gzip.decompress(shared("advisories/almalinux.jsonl.gz").read_bytes())
    given: dict[str, set[tuple[str, str, str]]] = {}
    for line in data.splitlines():
        raw = json.loads(line)
        for affected in raw["affected"]:
            row = (affected["package"]["ecosystem"][-2:].strip(":"), affected["package"]["name"],
                   affected["ranges"][0]["events"][1]["fixed"])  # fmt: skip
            given.setdefault(raw["id"], set()).add(row)
    for fact in parse(data, name="almalinux").facts:
        assert isinstance(fact, Advisory)
        rows = {(a.scope.rpartition(":")[2], a.package, a.ranges[0].events[1][1]) for a in fact.affected}
        assert rows == given.pop(fact.id)
    assert not given


def test_parts_of_one_advisory_are_united() -> None:
    parts = [
        record(id="ALSA-1", affected=[affecting({"introduced": "0"}, ecosystem=f"AlmaLinux:{release}")],
               related=[f"CVE-2024-100{release}"], modified=f"2024-01-0{release}", published="2024-01-01",
               withdrawn=withdrawn)
        for release, withdrawn in (("9", "2024-02-01"), ("8", None))
    ]  # fmt: skip
    (fact,) = parse(json.dumps(parts).encode(), name="feed.json").facts
    assert isinstance(fact, Advisory)
    assert [affected.scope for affected in fact.affected] == ["almalinux:9", "almalinux:8"]
    assert fact.cves == ("CVE-2024-1009", "CVE-2024-1008")
    assert (fact.published, fact.modified, fact.withdrawn) == ("2024-01-01T00:00:00Z", "2024-01-09T00:00:00Z", "")


def test_real_fixtures_of_scanners_are_read_or_named() -> None:
    lines = gzip.decompress(shared("advisories/mixed-fixtures.jsonl.gz").read_bytes()).splitlines()
    data = b"\n".join(json.dumps(json.loads(line)["record"]).encode() for line in lines) + b"\n"
    parsed = parse(data, name="mixed")
    # Two fixtures have the empty id on purpose.
    assert {problem.why for problem in parsed.problems} <= {"its id is empty"}
    assert len(parsed.facts) > 150


def test_trap_12_events_stay_as_written_unsorted_and_several() -> None:
    events = ({"introduced": "2.0.0"}, {"fixed": "2.1.0"}, {"introduced": "0"}, {"last_affected": "1.4.0"},
              {"limit": "*"})  # fmt: skip
    (affected,) = one(record(affected=[affecting(*events, versions=["9.9.9"])])).affected
    assert affected.ranges == (
        Range(
            "SEMVER",
            (("introduced", "2.0.0"), ("fixed", "2.1.0"), ("introduced", "0"), ("last_affected", "1.4.0"),
             ("limit", "*")),
        ),
    )  # fmt: skip
    assert affected.versions == ("9.9.9",)


def test_trap_12_a_range_of_commits_without_a_package_stands_under_its_repository() -> None:
    ranges = [{"type": "GIT", "repo": "https://example.org/r", "events": [{"introduced": "0"}]}]
    (affected,) = one(record(affected=[{"ranges": ranges}])).affected
    assert (affected.scope, affected.package, affected.ranges[0].kind) == ("git", "https://example.org/r", "GIT")


@pytest.mark.parametrize(
    "affected",
    [
        affecting({"introduced": "0", "patched": "2"}),
        affecting({}),
        {"package": {"ecosystem": "npm", "name": "p"}, "ranges": [{"type": "NEW", "events": []}]},
        {"package": {"ecosystem": "npm", "name": ""}},
        {"package": {"ecosystem": "", "name": "p"}},
        {"package": {"ecosystem": "npm", "name": "p"}, "versions": "1.0"},
    ],
)
def test_what_the_schema_does_not_know_is_a_problem_and_the_others_go_on(affected: dict[str, Any]) -> None:
    parsed = parse(json.dumps([record(id="BAD-1", affected=[affected]), record()]).encode(), name="feed.json")
    assert [problem.record for problem in parsed.problems] == ["BAD-1"]
    assert len(parsed.facts) == 1


def test_an_ecosystem_that_nobody_knows_is_kept_under_its_own_name() -> None:
    (affected,) = one(record(affected=[affecting({"introduced": "0"}, ecosystem="Ecosystem1")])).affected
    assert affected.scope == "ecosystem1"


@pytest.mark.parametrize(
    ("id_", "aliases", "bundle", "cves"),
    [
        ("ALSA-2024:1", (), True, ("CVE-2024-1001", "CVE-2024-1002")),
        ("RLSA-2024:1", (), True, ("CVE-2024-1001", "CVE-2024-1002")),
        ("RHSA-2024:1", (), True, ("CVE-2024-1001", "CVE-2024-1002")),
        ("DSA-5380-1", (), True, ("CVE-2024-1001", "CVE-2024-1002")),
        ("SUSE-SU-2023:3313-1", (), True, ("CVE-2024-1001", "CVE-2024-1002")),
        ("GO-2024-1", (), False, ()),
        ("GHSA-aaaa-bbbb-cccc", (), False, ()),
    ],
)
def test_trap_15_related_closes_only_what_a_bundle_closes(
    id_: str, aliases: tuple[str, ...], bundle: bool, cves: tuple[str, ...]
) -> None:
    fact = one(record(id=id_, related=["CVE-2024-1001", "CVE-2024-1002", "GO-2020-1"]))
    assert (fact.aliases, fact.bundle, fact.cves) == (aliases, bundle, cves)


def test_trap_15_aliases_of_a_bundle_are_what_it_closes() -> None:
    fact = one(record(id="DSA-3029-1", aliases=["CVE-2014-3616"]))
    assert (fact.aliases, fact.bundle, fact.cves) == ((), True, ("CVE-2014-3616",))


def test_trap_15_a_record_for_one_vulnerability_is_an_alias_of_its_upstream() -> None:
    fact = one(record(id="UBUNTU-CVE-2021-3782", upstream=["CVE-2021-3782"], related=["USN-5614-1"]))
    assert (fact.aliases, fact.bundle) == (("CVE-2021-3782",), False)
    fact = one(record(id="CGA-224q-ccj5-2p53", upstream=["CVE-2025-32464", "GHSA-frg5-h47x-75j9"]))
    assert (fact.aliases, fact.bundle) == (("CVE-2025-32464", "GHSA-frg5-h47x-75j9"), False)


def test_trap_15_upstream_with_several_vulnerabilities_is_a_bundle_of_them() -> None:
    fact = one(record(id="JLSEC-2025-1", upstream=["CVE-2016-1001", "CVE-2016-1002"]))
    assert (fact.aliases, fact.bundle, fact.cves) == ((), True, ("CVE-2016-1001", "CVE-2016-1002"))


def test_trap_15_several_cves_as_aliases_stay_aliases() -> None:
    fact = one(record(id="GO-2024-1", aliases=["CVE-2024-1001", "CVE-2024-1002"]))
    assert fact.aliases == ("CVE-2024-1001", "CVE-2024-1002")


def test_a_notice_of_ubuntu_closes_the_cves_behind_its_upstream_and_map() -> None:
    data = shared("feeds/ubuntu/osv/usn/USN-5614-1.json").read_bytes()
    (fact,) = parse(data, name="usn").facts
    assert isinstance(fact, Advisory)
    assert (fact.bundle, fact.cves, fact.aliases) == (True, ("CVE-2021-3782",), ())
    assert {affected.naming for affected in fact.affected} == {"source"}


def test_trap_05_paid_pockets_of_ubuntu_are_channels() -> None:
    data = shared("feeds/ubuntu/osv-esm-cases/cve/2014/UBUNTU-CVE-2014-9913.json").read_bytes()
    (fact,) = parse(data, name="ubuntu").facts
    assert isinstance(fact, Advisory)
    assert [(affected.scope, affected.channel) for affected in fact.affected] == [
        ("ubuntu:14.04", "esm-infra"),
        ("ubuntu:16.04", ""),
    ]


def test_trap_06_a_stream_that_the_record_names_is_kept() -> None:
    affected = affecting({"introduced": "0"}, ecosystem="AlmaLinux:8",
                         ecosystem_specific={"rpm_modularity": "go-toolset:rhel8"})  # fmt: skip
    assert one(record(id="ALSA-1", affected=[affected])).affected[0].module == "go-toolset:rhel8"


def test_trap_16_a_withdrawn_record_keeps_its_facts_and_the_time() -> None:
    fact = one(record(withdrawn="2025-08-01T19:34:27.123456Z", affected=[affecting({"introduced": "0"})]))
    assert fact.withdrawn == "2025-08-01T19:34:27Z"
    assert fact.affected
    parsed = parse(json.dumps([record(withdrawn="soon"), record(id="X-2")]).encode(), name="feed.json")
    assert [problem.record for problem in parsed.problems] == ["X-1"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("0001-01-01T00:00:00Z", ""),
        ("2024-05-01", "2024-05-01T00:00:00Z"),
        ("2024-05-01T02:00:00+02:00", "2024-05-01T00:00:00Z"),
        ("2024-05-01T02:03:04.999Z", "2024-05-01T02:03:04Z"),
        ("2024-05-01T02:03:04", "2024-05-01T02:03:04Z"),
        ("yesterday", ""),
        ("2024-13-01", ""),
    ],
)
def test_trap_17_times_are_utc_and_the_year_1_is_unknown(given: str, expected: str) -> None:
    assert one(record(published=given)).published == expected


def test_trap_17_a_feed_without_dates_has_no_date_of_its_own() -> None:
    data = gzip.decompress(shared("advisories/go.jsonl.gz").read_bytes())
    first = data[: data.index(b"\n") + 1]
    assert parse(first, name="go").as_of == ""


def test_trap_18_every_severity_is_kept_with_who_gave_it() -> None:
    affected = affecting({"introduced": "0"}, severity=[{"type": "CVSS_V4", "score": "CVSS:4.0/AV:N"}],
                         ecosystem_specific={"severity": "MEDIUM"})  # fmt: skip
    fact = one(record(id="GHSA-a", severity=[{"type": "CVSS_V3", "score": "CVSS:3.1/AV:L"}],
                      database_specific={"severity": "HIGH"}, affected=[affected]))  # fmt: skip
    assert fact.severities == (
        Severity("CVSS_V3", "CVSS:3.1/AV:L", "GitHub"),
        Severity("GitHub", "HIGH", "GitHub"),
    )
    assert fact.affected[0].severities == (
        Severity("CVSS_V4", "CVSS:4.0/AV:N", "GitHub"),
        Severity("GitHub", "MEDIUM", "GitHub"),
    )
    assert one(record(id="ALSA-1", summary="Important: kernel update")).severities == (
        Severity("AlmaLinux", "Important", "AlmaLinux"),
    )


def test_facts_survive_the_form_in_which_they_are_stored() -> None:
    fact = one(record(affected=[affecting({"introduced": "0"})]))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(fact), type=Advisory) == fact


def test_the_components_of_kubernetes_are_their_own_feed() -> None:
    data = gzip.decompress(shared("advisories/kubernetes-sig-cve-feed.jsonl.gz").read_bytes())
    assert detect(data, "k") == "kubernetes"
    assert {a.scope for fact in parse(data, name="k").facts if isinstance(fact, Advisory) for a in fact.affected} == {
        "kubernetes"
    }


@pytest.mark.parametrize(
    ("summary", "module"),
    [
        ("Important: nodejs:18 security update", "nodejs:18"),
        ("new module: perl:5.30", "perl:5.30"),
        ("Moderate: virt:rhel and virt-devel:rhel security update", "virt:rhel or virt-devel:rhel"),
        ("Moderate: httpd:2.4/httpd security update", "httpd:2.4"),
        ("Red Hat Security Advisory: python39:3.9 security update", "python39:3.9"),
        ("ALSA-2022:5468: php:8.0 security update (Important)", "php:8.0"),
        ("Moderate: varnish security update", ""),
        ("Important: see https://errata.example/8: a bug fix", ""),
        ("", ""),
    ],
)
def test_trap_06_the_stream_of_a_modular_build_is_named_in_the_summary(summary: str, module: str) -> None:
    def advised(fixed: str, **specific: str) -> str:
        events = ({"introduced": "0"}, {"fixed": fixed})
        part = affecting(*events, ecosystem="AlmaLinux:8", ecosystem_specific=specific)
        return one(record(id="ALSA-1", summary=summary, affected=[part])).affected[0].module

    assert advised("1:18.18.2-1.module_el8.8.0+3652+0e111ba0") == module
    assert advised("0:3.3.1-2.module+el9.4.0+20787+4c237fd3") == module
    # What is written beside the package counts first, and a build outside of modules is of no stream.
    assert advised("1.6.0-1.module_el8.5.0+2604+960c7771", rpm_modularity="go-toolset:rhel8") == "go-toolset:rhel8"
    assert advised("4.18.0-553.30.1.el8_10") == ""


def test_trap_06_nearly_every_modular_advisory_of_almalinux_names_its_stream() -> None:
    data = gzip.decompress(shared("advisories/almalinux.jsonl.gz").read_bytes())
    facts = [fact for fact in parse(data, name="almalinux").facts if isinstance(fact, Advisory)]
    parts = [part for fact in facts for part in fact.affected]
    modular = [part for part in parts if ".module" in part.ranges[0].events[1][1]]
    assert sum(not part.module for part in modular) < len(modular) / 40
    assert sum(bool(part.module) for part in parts) == sum(bool(part.module) for part in modular)
    streams = {one for part in modular if part.module for one in part.module.split(" or ")}
    assert all(":" in one and not one.startswith("ALSA") for one in streams)
