"""``--as-of``: a past answer is reproduced from what was recorded then, whatever the feeds have become since.

Everything goes through the commands: ``feeds import --recorded-at`` makes the history, ``scan --as-of`` reads it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from oakum.cli.main import main

NOW = "2026-04-01T00:00:00Z"
FIRST, SECOND = "2026-01-10T06:00:00Z", "2026-02-10T06:00:00Z"
BETWEEN, LATER = "2026-01-20", "2026-03-01"
PACKAGES = ("bash", "curl", "glibc", "openssl", "zlib")
Record = dict[str, Any]
Scan = Callable[..., bytes]


def record(number: int, package: str, fixed: str = "2-1", ecosystem: str = "Debian:12", **more: str) -> Record:
    events = [{"introduced": "0"}, {"fixed": fixed}]
    affected = {
        "package": {"ecosystem": ecosystem, "name": package},
        "ranges": [{"type": "ECOSYSTEM", "events": events}],
    }
    return {
        "id": f"DEBIAN-CVE-2025-{number}",
        "upstream": [f"CVE-2025-{number}"],
        "modified": "2026-01-01T00:00:00Z",
        "published": "2026-01-01T00:00:00Z",
        "affected": [affected],
        **more,
    }


@pytest.fixture
def feed(tmp_path: Path) -> Callable[..., None]:
    """Import records, as one whole source, at a time."""

    def write(at: str, records: Iterable[Record], source: str = "debian") -> None:
        file = tmp_path / f"{source}.jsonl"
        file.write_text("".join(json.dumps(one) + "\n" for one in records))
        arguments = ["--data", str(tmp_path), "--recorded-at", at, "--allow-shrink"]
        assert main(["feeds", "import", str(file), *arguments]) == 0

    return write


@pytest.fixture
def kev(tmp_path: Path) -> Callable[..., None]:
    """Import a KEV catalogue at a time; every entry was added on 5 January 2026."""

    def write(at: str, cves: Iterable[str]) -> None:
        rows = [
            {
                "cveID": cve,
                "vendorProject": "v",
                "product": "p",
                "vulnerabilityName": "n",
                "dateAdded": "2026-01-05",
                "shortDescription": "s",
                "requiredAction": "update",
                "dueDate": "2026-01-26",
                "knownRansomwareCampaignUse": "Unknown",
            }
            for cve in cves
        ]
        catalogue = {
            "title": "CISA Catalog of Known Exploited Vulnerabilities",
            "catalogVersion": "2026.01.05",
            "dateReleased": "2026-01-05T00:00:00.0000Z",
            "count": len(rows),
            "vulnerabilities": rows,
        }
        file = tmp_path / "kev.json"
        file.write_text(json.dumps(catalogue))
        arguments = ["--data", str(tmp_path), "--recorded-at", at, "--allow-shrink"]
        assert main(["feeds", "import", str(file), *arguments]) == 0

    return write


@pytest.fixture
def scan(tmp_path: Path) -> Scan:
    """The JSON answer about five packages of Debian 12 at version 1-1."""
    components = [
        {"type": "library", "name": name, "version": "1-1", "purl": f"pkg:deb/debian/{name}@1-1?distro=debian-12"}
        for name in PACKAGES
    ]
    sbom = tmp_path / "sbom.cdx.json"
    sbom.write_text(
        json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components})
    )

    def run(as_of: str = "", expected: int = 0) -> bytes:
        out = tmp_path / "answer.json"
        words = ["--as-of", as_of] if as_of else []
        assert main(["scan", str(sbom), "--data", str(tmp_path), "--now", NOW, *words, "-o", f"json={out}"]) == expected
        return out.read_bytes()

    return run


def found(answer: bytes) -> dict[str, str]:
    """CVE -> the fixed version."""
    return {one["id"]: one["fix"]["version"] for one in json.loads(answer)["findings"]}


def test_trap_17_the_findings_of_a_past_answer_are_reproduced(feed: Callable[..., None], scan: Scan) -> None:
    feed(FIRST, [record(1001, "bash"), record(1002, "curl"), record(1003, "glibc"), record(1004, "openssl", "1-1")])
    then = scan(BETWEEN)
    assert found(then) == {"CVE-2025-1001": "2-1", "CVE-2025-1002": "2-1", "CVE-2025-1003": "2-1"}
    # One fix is corrected, one record vanishes, one turns out to be affected, one is new and dated back.
    feed(SECOND, [record(1001, "bash", "3-1"), record(1003, "glibc"), record(1004, "openssl"), record(1005, "zlib")])
    assert found(scan()) == {
        "CVE-2025-1001": "3-1",
        "CVE-2025-1003": "2-1",
        "CVE-2025-1004": "2-1",
        "CVE-2025-1005": "2-1",
    }
    assert found(scan(BETWEEN)) == found(then)
    assert found(scan(LATER)) == found(scan())
    again = json.loads(scan(BETWEEN))
    assert {**again, "feeds": "", "sources": []} == {**json.loads(then), "feeds": "", "sources": []}


def test_trap_17_a_past_answer_is_reproduced_byte_for_byte(feed: Callable[..., None], scan: Scan) -> None:
    """The sources too stand as they were: their digest, their age and how many facts they held."""
    feed(FIRST, [record(1001, "bash"), record(1002, "curl")])
    then = scan(BETWEEN)
    feed(SECOND, [record(1001, "bash", "3-1")])
    assert scan(BETWEEN) == then


def test_the_moment_of_an_import_is_the_first_at_which_it_counts(feed: Callable[..., None], scan: Scan) -> None:
    feed(FIRST, [record(1001, "bash")])
    feed(SECOND, [record(1001, "bash"), record(1002, "curl")])
    assert set(found(scan("2026-02-10T05:59:59Z"))) == {"CVE-2025-1001"}
    assert set(found(scan(SECOND))) == {"CVE-2025-1001", "CVE-2025-1002"}
    # A day counts to its end.
    assert set(found(scan("2026-02-10"))) == {"CVE-2025-1001", "CVE-2025-1002"}
    assert set(found(scan("2026-02-10T07:59:59+02:00"))) == {"CVE-2025-1001"}


def test_before_the_first_recording_the_publishers_dates_answer_and_this_is_said(
    feed: Callable[..., None], scan: Scan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    feed(FIRST, [record(1001, "bash", published="2025-03-01T00:00:00Z"), record(1002, "curl")])
    answer = scan("2025-06-01")
    assert json.loads(answer)["reconstructed"] is True
    assert set(found(answer)) == {"CVE-2025-1001"}
    capsys.readouterr()
    words = ["--data", str(tmp_path), "--now", NOW, "--as-of", "2025-06-01"]
    assert main(["scan", str(tmp_path / "sbom.cdx.json"), *words]) == 0
    assert "reconstructed" in " ".join(capsys.readouterr().out.split())
    assert json.loads(scan(BETWEEN))["reconstructed"] is False


def test_trap_16_a_withdrawn_record_counts_until_it_was_withdrawn(feed: Callable[..., None], scan: Scan) -> None:
    feed(FIRST, [record(1001, "bash"), record(1002, "curl", withdrawn="2026-01-25T00:00:00Z")])
    assert set(found(scan("2026-01-24"))) == {"CVE-2025-1001", "CVE-2025-1002"}
    assert set(found(scan("2026-01-26"))) == {"CVE-2025-1001"}
    assert set(found(scan())) == {"CVE-2025-1001"}


def test_trap_16_a_withdrawal_recorded_later_does_not_change_what_was_known(
    feed: Callable[..., None], scan: Scan
) -> None:
    feed(FIRST, [record(1001, "bash"), record(1002, "curl")])
    then = scan(BETWEEN)
    # The publisher dates the withdrawal back; on that day nobody here could know.
    feed(SECOND, [record(1001, "bash"), record(1002, "curl", withdrawn="2026-01-15T00:00:00Z")])
    assert found(scan(BETWEEN)) == found(then) == {"CVE-2025-1001": "2-1", "CVE-2025-1002": "2-1"}
    assert set(found(scan())) == {"CVE-2025-1001"}


def test_trap_16_an_entry_that_kev_removed_later_is_seen_as_of_then(
    feed: Callable[..., None], kev: Callable[..., None], scan: Scan
) -> None:
    feed(FIRST, [record(1001, "bash"), record(1002, "curl")])
    kev(FIRST, ["CVE-2025-1001", "CVE-2025-1002"])
    then = json.loads(scan(BETWEEN))
    kev(SECOND, ["CVE-2025-1002"])
    listed = {one["id"]: one["kev"] for one in json.loads(scan())["findings"]}
    assert listed == {"CVE-2025-1001": False, "CVE-2025-1002": True}
    assert [one["kev"] for one in then["findings"]] == [True, True]
    assert json.loads(scan(BETWEEN))["findings"] == then["findings"]


def test_a_kev_entry_counts_from_its_own_day(feed: Callable[..., None], kev: Callable[..., None], scan: Scan) -> None:
    feed(FIRST, [record(1001, "bash", published="2025-03-01T00:00:00Z")])
    kev(FIRST, ["CVE-2025-1001"])
    assert [one["kev"] for one in json.loads(scan("2026-01-04"))["findings"]] == [False]
    assert [one["kev"] for one in json.loads(scan("2026-01-05"))["findings"]] == [True]


def test_a_source_that_came_later_is_no_silence_about_the_days_before(feed: Callable[..., None], scan: Scan) -> None:
    """Another source was there first; of Debian nothing was known yet, and that is not "not affected"."""
    feed(FIRST, [record(2001, "bash", ecosystem="Alpine:v3.20")], source="alpine")
    feed(SECOND, [record(1001, "bash")])
    answer = json.loads(scan(BETWEEN, expected=3))
    assert answer["findings"] == []
    assert answer["not_assessable"]
    assert answer["not_assessable"][0]["remedy"]


def test_a_scope_that_a_source_lost_is_still_answered_for_the_day_when_it_had_it(
    feed: Callable[..., None], scan: Scan
) -> None:
    other = record(2001, "bash", ecosystem="Debian:11")
    feed(FIRST, [record(1001, "bash"), other])
    then = scan(BETWEEN)
    feed(SECOND, [other])
    assert set(found(then)) == {"CVE-2025-1001"}
    assert found(scan(BETWEEN)) == found(then)
    assert json.loads(scan(expected=3))["not_assessable"]
