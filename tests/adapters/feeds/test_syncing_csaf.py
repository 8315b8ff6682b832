"""Folders of CSAF documents, synced: the archive first, then what changed; nothing twice; what is in force stays."""

from __future__ import annotations

import json
import tarfile
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.adapters.feeds.csaf_publisher import (
    RED_HAT,
    SUSE,
    Folder,
    of_suse,
    packed,
    red_hat,
    red_hat_folder,
    suse_folder,
    tarred,
)
from tests.adapters.feeds.publisher import Publisher, cut_after, serving, status
from tests.adapters.feeds.test_csaf_import import sbom, scan
from tests.adapters.feeds.test_syncing import Site
from tests.advisories.suse_documents import SLES, suse
from tests.data import shared

from oakum.adapters.feeds import coming_csaf
from oakum.adapters.feeds.downloads import Download, states
from oakum.adapters.feeds.store import FeedStore
from oakum.adapters.feeds.web import Web
from oakum.advisories.model import Advisory, Problem
from oakum.cli.main import main

VEX, ARCHIVE = "redhat-csaf-vex", f"{RED_HAT}/csaf_vex_2026-02-25.tar.zst"
LISTS = {f"{RED_HAT}/changes.csv": 1, f"{RED_HAT}/deletions.csv": 1}
LATER = "2026-02-28T10:00:00+00:00"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with serving() as publisher, Web(plain=True) as web:
        yield Site(tmp_path / "feeds", publisher, web)


@pytest.fixture
def folder(site: Site) -> Folder:
    return red_hat_folder(site.publisher)


def asked(publisher: Publisher) -> Counter[str]:
    """How often each address was asked since the last time."""
    found = publisher.counts()
    publisher.asked.clear()
    return found


def fixes(site: Site, name: str = VEX) -> dict[str, str]:
    """The fixed version of each vulnerability as it is in force."""
    with FeedStore.open(site.folder) as store:
        facts = [one.fact for one in store.facts(name) if not one.until]
    return {fact.id: dict(fact.affected[0].ranges[0].events)["fixed"] for fact in facts if isinstance(fact, Advisory)}


def problems(site: Site, name: str = VEX) -> tuple[Problem, ...]:
    with FeedStore.open(site.folder) as store:
        return next(one.problems for one in store.sources() if one.name == name)


def path(number: int) -> str:
    return f"2024/cve-2024-{number}.json"


def test_first_comes_the_archive_and_then_only_what_changed(site: Site, folder: Folder) -> None:
    outcome = site.one(VEX)
    assert (outcome.result, outcome.why, outcome.facts) == ("new", "", 20)
    assert asked(site.publisher) == LISTS | {
        f"{RED_HAT}/archive_latest.txt": 1, ARCHIVE: 1, f"{ARCHIVE}.sha256": 1,
    }  # fmt: skip
    assert site.one(VEX).result == "same"
    assert [one.status for one in site.publisher.asked] == [304, 304]
    assert asked(site.publisher) == LISTS
    folder.put(path(1003), red_hat(1003, "2-1"), LATER)
    folder.put(path(2000), red_hat(2000), LATER)
    folder.publish()
    outcome = site.one(VEX)
    assert (outcome.result, outcome.added, outcome.changed, outcome.closed) == ("new", 1, 1, 0)
    changed = (f"{RED_HAT}/{path(1003)}", f"{RED_HAT}/{path(2000)}")
    counts = asked(site.publisher)
    assert {key: count for key, count in counts.items() if ".csv" not in key} == {
        each: 1 for one in changed for each in (one, f"{one}.sha256")
    }  # fmt: skip
    assert fixes(site)["CVE-2024-1003"] == "2-1"
    assert site.one(VEX).result == "same"
    assert asked(site.publisher) == LISTS


def test_by_deltas_or_by_the_archive_it_is_one_state(site: Site, folder: Folder) -> None:
    site.one(VEX)
    folder.put(path(1003), red_hat(1003, "2-1"), LATER)
    folder.remove(path(1004), LATER)
    folder.publish()
    by_delta = site.one(VEX).digest
    folder.pack("csaf_vex_2026-03-01.tar.zst")
    other = Site(site.folder.with_name("other"), site.publisher, site.web)
    assert other.one(VEX).digest == by_delta


def test_what_changed_after_the_archive_was_made_is_fetched_in_the_first_sync(site: Site, folder: Folder) -> None:
    folder.put(path(1003), red_hat(1003, "2-1"), LATER)
    folder.publish()
    assert site.one(VEX).facts == 20
    assert fixes(site)["CVE-2024-1003"] == "2-1"
    assert asked(site.publisher)[f"{RED_HAT}/{path(1003)}"] == 1
    assert site.one(VEX).result == "same"


def test_what_was_withdrawn_goes_and_what_came_back_stays(site: Site, folder: Folder) -> None:
    site.one(VEX)
    folder.remove(path(1004), LATER)
    folder.publish()
    outcome = site.one(VEX)
    assert (outcome.closed, "CVE-2024-1004" in fixes(site)) == (1, False)
    folder.put(path(1004), red_hat(1004, "3-1"), "2026-03-01T00:00:00Z")
    folder.publish()
    assert (site.one(VEX).added, fixes(site)["CVE-2024-1004"]) == (1, "3-1")
    assert site.one(VEX).result == "same"
    # The list of what was withdrawn still names it, with a time before it came back.
    assert fixes(site)["CVE-2024-1004"] == "3-1"


def test_what_the_archive_still_has_and_was_withdrawn_before_is_not_taken(site: Site, folder: Folder) -> None:
    whole = dict(folder.data)
    folder.remove(path(1004), "2026-02-24T00:00:00Z")
    folder.pack("csaf_vex_2026-02-25.tar.zst", data=tarred(whole))
    folder.publish()
    assert (site.one(VEX).facts, "CVE-2024-1004" in fixes(site)) == (19, False)


def test_many_changes_are_settled_by_a_newer_archive(
    site: Site, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coming_csaf, "MANY", 5)
    site.one(VEX)
    for number in range(1000, 1012):
        folder.put(path(number), red_hat(number, "2-1"), LATER)
    folder.publish()
    asked(site.publisher)
    # There is none yet: one by one.
    assert site.one(VEX).changed == 12
    counts = asked(site.publisher)
    assert (counts[f"{RED_HAT}/archive_latest.txt"], counts[ARCHIVE]) == (1, 0)
    for number in range(1000, 1012):
        folder.put(path(number), red_hat(number, "3-1"), "2026-03-01T10:00:00Z")
    folder.pack("csaf_vex_2026-03-02.tar.zst")
    folder.publish()
    assert site.one(VEX).changed == 12
    counts = asked(site.publisher)
    assert counts[f"{RED_HAT}/csaf_vex_2026-03-02.tar.zst"] == 1
    assert not [one for one in counts if one.endswith(".json")]
    assert set(fixes(site).values()) == {"1-1", "3-1"}


def test_what_is_newer_than_a_newer_archive_is_not_fetched_again(
    site: Site, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.one(VEX)
    folder.put(path(1001), red_hat(1001, "9-1"), "2026-03-03T10:00:00Z")
    folder.publish()
    site.one(VEX)
    monkeypatch.setattr(coming_csaf, "MANY", 5)
    newest = folder.data[path(1001)]
    folder.data[path(1001)] = json.dumps(red_hat(1001, "1-1")).encode()
    for number in range(1002, 1010):
        folder.put(path(number), red_hat(number, "3-1"), "2026-03-01T10:00:00Z")
    folder.pack("csaf_vex_2026-03-02.tar.zst")
    folder.data[path(1001)] = newest
    folder.publish()
    asked(site.publisher)
    assert site.one(VEX).changed == 8
    assert not [one for one in asked(site.publisher) if one.endswith(".json")]
    assert fixes(site)["CVE-2024-1001"] == "9-1"


def test_suses_folder_has_its_archive_beside_it_and_no_list_of_what_went(site: Site) -> None:
    folder = suse_folder(site.publisher)
    assert (site.one("suse-csaf-vex").result, site.facts()) == ("new", {"suse-csaf-vex": 20})
    counts = asked(site.publisher)
    assert counts[f"{SUSE.rpartition('/')[0]}/csaf-vex.tar.bz2"] == 1
    assert not [one for one in counts if one.endswith(".json")]
    assert site.one("suse-csaf-vex").result == "same"
    assert asked(site.publisher) == {f"{SUSE}/changes.csv": 1}
    later = "2026-09-20T00:00:00Z"
    for number in (1003, 1004, 1005, 1006, 1007):
        folder.put(f"cve-2024-{number}.json", of_suse(number, "2-1"), later)
    folder.remove("cve-2024-1009.json", later)
    folder.publish()
    outcome = site.one("suse-csaf-vex")
    assert (outcome.changed, outcome.closed) == (5, 1)
    counts = asked(site.publisher)
    # Who has no digest for the first few documents is not asked for more.
    assert sum(count for one, count in counts.items() if one.endswith(".sha256")) == 3
    assert sum(count for one, count in counts.items() if one.endswith(".json")) == 5
    assert fixes(site, "suse-csaf-vex")["CVE-2024-1003"] == "2-1"


def test_a_newer_archive_of_suse_is_the_same_address(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coming_csaf, "MANY", 5)
    folder, archive = suse_folder(site.publisher), f"{SUSE.rpartition('/')[0]}/csaf-vex.tar.bz2"
    site.one("suse-csaf-vex")
    for number in range(1000, 1010):
        folder.put(f"cve-2024-{number}.json", of_suse(number, "2-1"), "2026-03-01T00:00:00Z")
    folder.publish()
    asked(site.publisher)
    assert site.one("suse-csaf-vex").changed == 10
    assert site.publisher.statuses(archive) == [304]
    for number in range(1000, 1010):
        folder.put(f"cve-2024-{number}.json", of_suse(number, "3-1"), "2026-03-02T00:00:00Z")
    folder.pack("../csaf-vex.tar.bz2", folder="csaf-vex/")
    folder.publish()
    asked(site.publisher)
    assert site.one("suse-csaf-vex").changed == 10
    counts = asked(site.publisher)
    assert counts[archive] == 1
    assert not [one for one in counts if one.endswith(".json")]


@pytest.mark.parametrize("where", ["changes.csv", "deletions.csv", "archive_latest.txt", "csaf_vex_2026-02-25.tar.zst"])
def test_a_busy_publisher_is_asked_again_and_who_sends_us_away_is_left_alone(
    site: Site, folder: Folder, where: str
) -> None:
    site.publisher.fault(f"{RED_HAT}/{where}", status(503), status(429, Retry_After="3"), status(500))
    assert site.one(VEX).result == "new"
    assert site.publisher.statuses(f"{RED_HAT}/{where}")[:4] == [503, 429, 500, 200]
    other = Site(site.folder.with_name("other"), site.publisher, site.web)
    site.publisher.fault(f"{RED_HAT}/{where}", status(429, Retry_After="3600"))
    assert "come back after 3600 s" in other.one(VEX).why
    before = len(site.publisher.asked)
    other.now += timedelta(minutes=59)
    assert other.one(VEX).result == "failed"
    assert len(site.publisher.asked) == before
    other.now += timedelta(minutes=1)
    assert other.one(VEX).result == "new"


def test_suses_folder_on_a_bad_day(site: Site) -> None:
    folder, archive = suse_folder(site.publisher), f"{SUSE.rpartition('/')[0]}/csaf-vex.tar.bz2"
    whole = site.publisher.documents[archive].data
    site.publisher.fault(f"{SUSE}/changes.csv", status(500), status(429, Retry_After="2"))
    site.publisher.fault(archive, cut_after(len(whole) // 3), status(503))
    assert (site.one("suse-csaf-vex").result, site.facts()) == ("new", {"suse-csaf-vex": 20})
    assert site.publisher.statuses(archive) == [200, 503, 206]
    folder.put("cve-2024-1003.json", of_suse(1003, "2-1"), "2026-09-25T00:00:00Z")
    folder.put("cve-2024-1004.json", b'{"document":', "2026-09-25T00:00:00Z")
    folder.publish()
    # Cut off on its way, which its length tells.
    site.publisher.fault(f"{SUSE}/cve-2024-1003.json", cut_after(50, reset=True), status(500))
    before = site.digest()
    assert (site.one("suse-csaf-vex").changed, site.digest() != before) == (1, True)
    assert fixes(site, "suse-csaf-vex")["CVE-2024-1003"] == "2-1"
    assert [one.record for one in problems(site, "suse-csaf-vex")] == ["cve-2024-1004"]
    other = Site(site.folder.with_name("other"), site.publisher, site.web)
    folder.pack("../csaf-vex.tar.bz2", data=tarred({"csaf-vex/../../x.json": b"{}"}))
    assert "leads out of it" in other.one("suse-csaf-vex").why
    del site.publisher.documents[archive]
    assert "404" in other.one("suse-csaf-vex").why
    assert (other.facts(), site.one("suse-csaf-vex").result) == ({}, "same")


def test_an_archive_that_broke_off_goes_on_in_the_next_sync(site: Site, folder: Folder) -> None:
    data = site.publisher.documents[ARCHIVE].data
    site.publisher.fault(ARCHIVE, cut_after(len(data) // 2), *[status(500)] * 4)
    assert site.one(VEX).result == "failed"
    assert site.one(VEX).result == "new"
    assert site.publisher.sent(ARCHIVE) == len(data) + 4 * len(b"no")


def test_changed_documents_that_came_in_are_not_fetched_again(site: Site, folder: Folder) -> None:
    site.one(VEX)
    for number in range(1000, 1010):
        folder.put(path(number), red_hat(number, "2-1"), f"2026-02-28T10:00:{number - 1000:02}Z")
    folder.publish()
    site.publisher.fault(f"{RED_HAT}/{path(1007)}", *[status(500)] * 5)
    asked(site.publisher)
    before = site.digest()
    outcome = site.one(VEX)
    assert (outcome.result, site.digest()) == ("failed", before)
    # Killed while it wrote.
    with (Download(site.folder, VEX).folder / "incoming" / "changed.jsonl").open("ab") as file:
        file.write(b'["2024/cve-2024-1009.json",{"tim')
    assert site.one(VEX).changed == 10
    counts = asked(site.publisher)
    assert {number: counts[f"{RED_HAT}/{path(number)}"] for number in range(1000, 1010)} == {
        **dict.fromkeys(range(1000, 1010), 1), 1007: 6,
    }  # fmt: skip
    assert site.one(VEX).result == "same"


@pytest.mark.parametrize("what", ["archive", "document"])
def test_what_is_not_as_its_digest_says_is_not_used(site: Site, folder: Folder, what: str) -> None:
    if what == "document":
        site.one(VEX)
        folder.put(path(1003), red_hat(1003, "2-1"), LATER)
        folder.publish()
    where = ARCHIVE if what == "archive" else f"{RED_HAT}/{path(1003)}"
    digest = site.publisher.documents[f"{where}.sha256"].data
    site.publisher.put(f"{where}.sha256", b"0" * 64 + b"  x\n")
    outcome = site.one(VEX)
    assert (outcome.result, "SHA-256 is not what its publisher says" in outcome.why) == ("failed", True)
    assert set(fixes(site).values() if what == "document" else []) <= {"1-1"}
    site.publisher.put(f"{where}.sha256", digest)
    assert site.one(VEX).result == "new"


def bomb() -> bytes:
    return tarred({f"2024/cve-2024-{number}.json": b" " * (200 << 20) for number in range(2)})


def link(kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo("2024/link.json")
    info.type, info.linkname = kind, "/etc/passwd"
    return info


GOOD = {f"2024/cve-2024-{number}.json": json.dumps(red_hat(number)).encode() for number in range(1000, 1020)}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (lambda: tarred(GOOD | {"../../etc/cron.d/x.json": b"{}"}), "leads out of it"),
        (lambda: tarred(GOOD | {"2024/../../x.json": b"{}"}), "leads out of it"),
        (lambda: tarred(GOOD | {"/etc/x.json": b"{}"}), "leads out of it"),
        (lambda: tarred(GOOD, link=link(tarfile.SYMTYPE)), "holds a link"),
        (lambda: tarred(GOOD, link=link(tarfile.LNKTYPE)), "holds a hard link"),
        (bomb, "larger than"),
        (lambda: tarred({}), "holds nothing"),
        (lambda: tarred({"README": b"x"}), "no document that says anything"),
        (lambda: tarred(GOOD)[:4000], "cut off"),
        (lambda: b"x" * 5000, "no sound tar archive"),
    ],
    ids=["dots", "inner dots", "absolute", "link", "hard link", "bomb", "nothing", "no document", "cut", "no tar"],
)
def test_a_hostile_or_damaged_archive_is_refused_as_a_whole(
    site: Site, folder: Folder, data: object, why: str, tmp_path: Path
) -> None:
    assert callable(data)
    folder.pack("csaf_vex_2026-02-25.tar.zst", data=data())
    outcome = site.one(VEX)
    assert (outcome.result, why in outcome.why) == ("failed", True), outcome.why
    assert site.facts() == {}
    folder.pack("csaf_vex_2026-02-25.tar.zst")
    assert site.one(VEX).result == "new"


@pytest.mark.parametrize("packing", ["zst", "bz2", "gz", "xz"])
def test_a_stream_that_is_damaged_is_refused(site: Site, packing: str) -> None:
    folder = Folder(site.publisher, RED_HAT, deletions=True, sums=False)
    folder.put(path(1000), red_hat(1000), "2026-02-20T00:00:00Z")
    folder.publish()
    name = f"csaf_vex_2026-02-25.tar.{packing}"
    folder.pack(name)
    whole = site.publisher.documents[f"{RED_HAT}/{name}"].data
    for broken in (whole[:-9], whole[: len(whole) // 2], whole[:40] + b"\xff" * 40 + whole[80:]):
        site.publisher.put(f"{RED_HAT}/{name}", broken, modified="Wed, 25 Feb 2026 00:00:00 GMT")
        assert site.one(VEX).result == "failed"
        assert site.facts() == {}
    site.publisher.put(f"{RED_HAT}/{name}", whole, modified="Wed, 25 Feb 2026 00:00:00 GMT")
    assert site.one(VEX).result == "new"


@pytest.mark.parametrize(
    "broken",
    [
        b"{", b"", b"not json", b"[]", b'{"document": {"csaf_version": "9"}}', b"\xff\xfe", b"[" * 100_000,
        b'{"a": 1, "a": 2}',
    ],
    ids=["cut", "empty", "text", "list", "version", "bytes", "deep", "twice"],
)  # fmt: skip
@pytest.mark.parametrize("by", ["archive", "delta"])
def test_a_broken_document_is_a_problem_and_the_others_go_on(
    site: Site, folder: Folder, broken: bytes, by: str
) -> None:
    if by == "delta":
        site.one(VEX)
        folder.put(path(1005), red_hat(1005, "2-1"), LATER)
    folder.put(path(1003), broken, LATER)
    if by == "archive":
        folder.pack("csaf_vex_2026-03-25.tar.zst")
    folder.publish()
    assert site.one(VEX).result == "new"
    assert [(one.file, one.record) for one in problems(site)] == [(path(1003), "cve-2024-1003")]
    known = fixes(site)
    if by == "delta":
        assert (known["CVE-2024-1003"], known["CVE-2024-1005"]) == ("1-1", "2-1"), "what was known stays known"
    else:
        assert (len(known), "CVE-2024-1003" in known) == (19, False)
    asked(site.publisher)
    assert site.one(VEX).result == "same"
    assert asked(site.publisher) == LISTS, "it is not fetched again until it changes"
    folder.put(path(1003), red_hat(1003, "4-1"), "2026-03-26T00:00:00Z")
    folder.publish()
    assert (site.one(VEX).result, fixes(site)["CVE-2024-1003"], problems(site)) == ("new", "4-1", ())


def test_a_notice_that_is_broken_keeps_what_it_said_of_each_vulnerability(site: Site, folder: Folder) -> None:
    notice = "2024/rhsa-2024_0001.json"
    folder.put(notice, red_hat(5000), "2026-02-20T00:00:00Z")
    folder.pack("csaf_vex_2026-02-25.tar.zst")
    folder.publish()
    assert site.one(VEX).facts == 21
    folder.put(notice, b"{", LATER)
    folder.publish()
    assert (site.one(VEX).closed, fixes(site)["CVE-2024-5000"]) == (0, "1-1")
    assert [one.record for one in problems(site)] == ["rhsa-2024_0001"]


def test_what_is_listed_as_changed_and_as_withdrawn_since_is_not_asked_for(site: Site, folder: Folder) -> None:
    site.one(VEX)
    folder.put(path(1003), red_hat(1003, "2-1"), LATER)
    folder.publish()
    folder.deleted[path(1003)] = "2026-03-01T00:00:00Z"
    folder.publish()
    asked(site.publisher)
    assert (site.one(VEX).closed, "CVE-2024-1003" in fixes(site)) == (1, False)
    assert [one for one in asked(site.publisher) if one.endswith(".json")] == []


def test_a_document_that_is_listed_and_not_there_keeps_its_former_state_and_is_asked_for_again(
    site: Site, folder: Folder
) -> None:
    site.one(VEX)
    folder.put(path(1003), red_hat(1003, "2-1"), LATER)
    folder.put(path(1004), red_hat(1004, "2-1"), LATER)
    folder.publish()
    gone = site.publisher.documents.pop(f"{RED_HAT}/{path(1003)}")
    assert site.one(VEX).changed == 1
    assert [one.why for one in problems(site)] == ["is listed as changed and is not there"]
    assert fixes(site)["CVE-2024-1003"] == "1-1"
    site.publisher.documents[f"{RED_HAT}/{path(1003)}"] = gone
    assert (site.one(VEX).changed, fixes(site)["CVE-2024-1003"], problems(site)) == (1, "2-1", ())


@pytest.mark.parametrize("name", [VEX, "suse-csaf-vex"])
def test_trap_16_a_feed_that_shrank_by_half_is_refused_until_it_is_accepted(site: Site, name: str) -> None:
    folder = (red_hat_folder if name == VEX else suse_folder)(site.publisher)
    site.one(name)
    for each in list(folder.data)[:10]:
        folder.remove(each, LATER)
    folder.publish()
    for _ in range(2):
        outcome = site.one(name)
        assert (outcome.result, "from 20 facts to 10" in outcome.why) == ("refused", True)
        assert f"--accept-shrink {name}" in outcome.why
    assert site.facts() == {name: 20}
    (outcome,) = site.sync(name, accept=(name,))
    assert (outcome.result, site.facts()) == ("new", {name: 10})


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        ("changes.csv", b""),
        ("changes.csv", b'"2024/cve-2024-1003.json"\n'),
        ("changes.csv", b'"2024/cve-2024-1003.json","yesterday"\n'),
        ("changes.csv", b'"../../../etc/passwd.json","2026-02-28T10:00:00Z"\n'),
        ("changes.csv", b'"https://other.example/x.json","2026-02-28T10:00:00Z"\n'),
        ("changes.csv", b'"2024/cve.json","2026-02-28T10:00:00Z","more"\n'),
        ("changes.csv", b'"2024/cve.json,2026-02-28T10:00:00Z\n'),
        ("deletions.csv", b'"2024/..","2026-02-28T10:00:00Z"\n'),
        ("archive_latest.txt", b"../../other.tar.zst"),
        ("archive_latest.txt", b"https://other.example/x.tar.zst"),
        ("archive_latest.txt", b"<!DOCTYPE html>"),
    ],
)
def test_a_list_that_is_none_is_refused_and_nothing_is_asked_for_because_of_it(
    site: Site, folder: Folder, where: str, rows: bytes
) -> None:
    if where != "archive_latest.txt":
        site.one(VEX)
    before = site.facts()
    asked(site.publisher)
    site.publisher.put(f"{RED_HAT}/{where}", rows)
    outcome = site.one(VEX)
    assert (outcome.result, bool(outcome.why)) == ("failed", True)
    assert site.facts() == before
    assert set(asked(site.publisher)) <= {*LISTS, f"{RED_HAT}/archive_latest.txt"}


def test_an_archive_that_vanished_is_an_outage_in_the_first_sync_and_no_loss_later(
    site: Site, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = site.publisher.documents.pop(ARCHIVE)
    outcome = site.one(VEX)
    assert (outcome.result, "404" in outcome.why, site.facts()) == ("failed", True, {})
    site.publisher.documents[ARCHIVE] = archive
    assert site.one(VEX).result == "new"
    monkeypatch.setattr(coming_csaf, "MANY", 5)
    site.publisher.put(f"{RED_HAT}/archive_latest.txt", b"csaf_vex_2026-03-01.tar.zst")
    for number in range(1000, 1010):
        folder.put(path(number), red_hat(number, "2-1"), LATER)
    folder.publish()
    assert (site.one(VEX).changed, site.facts()) == (10, {VEX: 20})


def test_far_more_changes_than_can_be_fetched_one_by_one_are_told(
    site: Site, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.one(VEX)
    monkeypatch.setattr(coming_csaf, "MANY", 2)
    monkeypatch.setattr(coming_csaf, "MOST", 3)
    for number in range(1000, 1010):
        folder.put(path(number), red_hat(number, "2-1"), LATER)
    folder.publish()
    asked(site.publisher)
    assert "10 documents changed since its archive" in site.one(VEX).why
    assert not [one for one in asked(site.publisher) if one.endswith(".json")]


def test_without_the_tool_no_archive_is_fetched(site: Site, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oakum.adapters.files.zstd.shutil.which", lambda _: None)
    assert "install the tool zstd" in site.one(VEX).why
    assert asked(site.publisher)[ARCHIVE] == 0


def test_a_mirror_of_archives_alone_is_enough(site: Site, folder: Folder) -> None:
    for each in ("changes.csv", "deletions.csv"):
        del site.publisher.documents[f"{RED_HAT}/{each}"]
    assert site.one(VEX).result == "new"
    asked(site.publisher)
    assert site.one(VEX).result == "same"
    assert asked(site.publisher)[ARCHIVE] == 0


@pytest.mark.parametrize("what", ["store", "document", "version", "another address"])
def test_what_is_held_and_is_of_no_use_any_more_is_made_anew(site: Site, folder: Folder, what: str) -> None:
    site.one(VEX)
    held = Download(site.folder, VEX).held
    more: dict[str, object] = {}
    if what == "store":
        for each in site.folder.glob("*.sqlite*"):
            each.unlink()
    elif what == "document":
        held.write_bytes(held.read_bytes()[:-50])
    elif what == "version":
        from oakum.adapters.feeds import csaf_held

        csaf_held.FIRST, former = "oakum-csaf-facts-0", csaf_held.FIRST
        try:
            assert site.one(VEX).result == "same"
        finally:
            csaf_held.FIRST = former
    else:
        folder.root = "/mirror/vex"
        folder.pack("csaf_vex_2026-02-25.tar.zst")
        folder.publish()
        more["url"] = f"{site.publisher.url}/mirror/vex/"
    asked(site.publisher)
    outcome = site.one(VEX, **more)
    assert (outcome.result, site.facts()) == ("new" if what == "store" else "same", {VEX: 20})
    archives = sum(count for one, count in asked(site.publisher).items() if one.endswith(".tar.zst"))
    assert archives == (0 if what == "store" else 1)


def test_red_hats_own_layout_is_read(site: Site) -> None:
    """Its lists and one of its advisories, as published; of its archive only the name, for that file is none."""
    real = shared("feeds/rhel/csaf/server")
    root = "/security.access.redhat.com/data/csaf/v2/advisories"
    for each in ("archive_latest.txt", "changes.csv", "deletions.csv", "2024/rhsa-2024_0010.json"):
        site.publisher.put(f"{root}/{each}", (real / each).read_bytes())
    other = (shared("feeds/rhel/csaf/advisories") / "2024/rhsa-2024_6163.json").read_bytes()
    name = (real / "archive_latest.txt").read_text().strip()
    old = {
        "2024/rhea-2024_5245.json": json.dumps(red_hat(5245)).encode(),
        "2024/rhsa-2024_6163.json": other,
        "2024/rhsa-2024_4444.json": json.dumps(red_hat(4444)).encode(),
    }
    site.publisher.put(f"{root}/{name}", packed(tarred(old), name))
    outcome = site.one("redhat-csaf-advisories")
    assert outcome.result == "new", outcome.why
    with FeedStore.open(site.folder) as store:
        (source,) = store.sources()
        found = {one.fact.id for one in store.facts(source.name) if isinstance(one.fact, Advisory)}
    assert {"CVE-2024-4444", "CVE-2024-8088"} <= found
    assert "CVE-2024-5245" not in found, "it was withdrawn before the archive"
    missing = {"rhsa-2024_11255", "rhsa-2024_5555", "rhsa-2024_6666"}
    assert {one.record for one in source.problems} == missing


def test_what_is_held_makes_a_bundle_for_a_machine_without_a_network(
    site: Site, folder: Folder, tmp_path: Path
) -> None:
    from oakum.adapters.feeds import checking
    from oakum.adapters.feeds.sources import Source

    outcome = site.one(VEX)
    held = Download(site.folder, VEX).held
    feed = checking.read(held, Source(name=VEX, url="https://x.example/", format="csaf"))
    assert (feed.digest, feed.parsed.format, len(feed.parsed.facts)) == (outcome.digest, "csaf", 20)
    state = states(site.folder)[VEX]
    assert (state.result, state.confirmed) == ("new", "2026-03-01T12:00:00Z")


def test_a_machine_without_a_network_goes_on_where_it_has_one(site: Site, folder: Folder, tmp_path: Path) -> None:
    from oakum.local.feed_bundles import export, take
    from oakum.local.ledger.keys import make_key

    outcome = site.one(VEX)
    key = tmp_path / "feeds.key"
    public = make_key("example.com/feeds", key)
    table = [one for one in site.table if one.name == VEX]
    export(site.folder, tmp_path / "feeds.tar", key, (), table, site.now)
    other = Site(tmp_path / "apart" / "feeds", site.publisher, site.web)
    _, (taken,), errors = take(other.folder, tmp_path / "feeds.tar", [public], other.now)
    assert (taken.feed.digest, errors, other.facts()) == (outcome.digest, [], {VEX: 20})
    folder.put(path(1003), red_hat(1003, "2-1"), LATER)
    folder.publish()
    asked(site.publisher)
    assert other.one(VEX).changed == 1
    assert [one for one in asked(site.publisher) if one.endswith((".zst", ".json"))] == [f"{RED_HAT}/{path(1003)}"]


def test_at_the_command_line_from_a_sync_to_an_answer(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Folder(site.publisher, SUSE, deletions=False, sums=False)
    folder.put("cve-2024-1001.json", suse((SLES, "foo-1.0-150500.5.14.1", "recommended")), "2026-02-20T00:00:00Z")
    folder.pack("../csaf-vex.tar.bz2", folder="csaf-vex/")
    folder.publish()
    data = tmp_path / "data"
    old, new = sbom(tmp_path, "1.0-150500.5.13.1"), sbom(tmp_path, "1.0-150500.5.14.1")
    found, gaps = scan(capsys, data, old)
    assert (found, any("sles:15.5" in one for one in gaps)) == ([], True)
    words = ["feeds", "sync", "suse-csaf-vex", "--mirror", site.publisher.url, "--allow-http", "--data", str(data)]
    assert main(words) == 0
    found, gaps = scan(capsys, data, old)
    assert (found, any("sles:15.5" in one for one in gaps)) == ([("CVE-2024-1001", "1.0-150500.5.14.1", "")], False)
    assert scan(capsys, data, new)[0] == []
