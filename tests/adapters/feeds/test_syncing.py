"""A sync of sources in their publishers' layouts: what is new comes into force; whatever goes wrong, the old stays."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.adapters.feeds.publisher import Publisher, cut_after, epss, kev, osv, serving, status, zipped
from tests.data import shared

from oakum.adapters.feeds import coming, osv_delta
from oakum.adapters.feeds.downloads import Download, alone, states
from oakum.adapters.feeds.settling import Outcome
from oakum.adapters.feeds.sources import TABLE, Source, chosen, mirrored
from oakum.adapters.feeds.store import FeedStore
from oakum.adapters.feeds.web import Web
from oakum.adapters.http.waiting import Clockwork
from oakum.cli.main import main
from oakum.errors import InputError, NotAssessableError
from oakum.local.feeds import open_index
from oakum.local.syncing import Telling, sync

KEV = "/www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"
EPSS = "/epss.empiricalsecurity.com/epss_scores-current.csv.gz"
GO = "/osv-vulnerabilities.storage.googleapis.com/Go"
ALPINE = "/secdb.alpinelinux.org/v3.22/main.json"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Site:
    """A data folder and a publisher, and the time."""

    def __init__(self, folder: Path, publisher: Publisher, web: Web) -> None:
        self.folder, self.publisher, self.web = folder, publisher, web
        self.now = START
        self.table = mirrored(TABLE, publisher.url)

    def sync(self, *names: str, accept: tuple[str, ...] = (), **more: object) -> list[Outcome]:
        clock = Clockwork(now=lambda: self.now, sleep=lambda _: None)
        sources = [msgspec_replace(one, **more) for one in chosen(self.table, names)]
        return sync(self.folder, sources, self.web, accept_shrink=accept, clock=clock)

    def one(self, name: str, **more: object) -> Outcome:
        (outcome,) = self.sync(name, **more)  # type: ignore[arg-type]  # tests name the fields
        return outcome

    def facts(self) -> dict[str, int]:
        with FeedStore.open(self.folder) as store:
            return {one.name: one.facts for one in store.sources()}

    def digest(self) -> str:
        with FeedStore.open(self.folder) as store:
            return store.digest()


def msgspec_replace(source: Source, **more: object) -> Source:
    import msgspec

    return msgspec.structs.replace(source, **more) if more else source


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with serving() as publisher, Web(plain=True) as web:
        yield Site(tmp_path / "feeds", publisher, web)


def test_a_source_comes_once_and_then_only_when_it_changed(site: Site) -> None:
    site.publisher.put(KEV, kev(20), kind="application/json")
    assert (site.one("kev").result, site.facts()) == ("new", {"kev": 20})
    before = site.digest()
    site.now += timedelta(hours=1)
    assert (site.one("kev").result, site.digest()) == ("same", before)
    site.publisher.put(KEV, kev(21, "2026-03-01T00:00:00Z"))
    assert site.one("kev").added == 1
    assert site.publisher.statuses(KEV) == [200, 304, 200]
    state = states(site.folder)["kev"]
    assert (state.result, state.tried, state.confirmed) == ("new", "2026-03-01T13:00:00Z", "2026-03-01T13:00:00Z")


def test_the_same_content_under_another_tag_is_the_same(site: Site) -> None:
    site.publisher.put(KEV, kev(20))
    site.one("kev")
    site.publisher.documents[KEV].etag = '"other"'
    assert site.one("kev").result == "same"
    assert site.one("kev").result == "same"
    assert site.publisher.statuses(KEV) == [200, 200, 304]


def test_what_is_in_force_is_what_a_scan_reads(site: Site) -> None:
    site.publisher.put(KEV, kev(20))
    site.one("kev")
    index = open_index(site.folder, None)
    assert [source.name for source in index.sources.values()] == ["kev"]
    assert index.digest == site.digest()


def test_trap_16_a_feed_that_shrank_by_half_is_refused_until_it_is_accepted(site: Site) -> None:
    site.publisher.put(KEV, kev(20))
    site.one("kev")
    site.publisher.put(KEV, kev(9, "2026-03-02T00:00:00Z"))
    for _ in range(2):
        outcome = site.one("kev")
        assert outcome.result == "refused"
        assert "from 20 facts to 9" in outcome.why
        assert "--accept-shrink kev" in outcome.why
    assert site.facts() == {"kev": 20}
    state = states(site.folder)["kev"]
    assert (state.result, state.confirmed) == ("refused", "2026-03-01T12:00:00Z")
    (outcome,) = site.sync("kev", accept=("kev",))
    assert (outcome.result, site.facts()) == ("new", {"kev": 9})
    # What was refused lay here: it was fetched once.
    assert site.publisher.statuses(KEV) == [200, 200, 304, 304]


def test_an_older_edition_is_refused(site: Site) -> None:
    site.publisher.put(KEV, kev(20, "2026-02-02T00:00:00Z"))
    site.one("kev")
    site.publisher.put(KEV, kev(20, "2026-02-01T00:00:00Z"))
    outcome = site.one("kev")
    assert outcome.result == "refused"
    assert "what is in force is of 2026-02-02" in outcome.why


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is empty"),
        (kev(20)[:-30], "cut short"),
        (epss(20), "epss and not one feed of kev"),
        (b"<?xml version='1.0'?><x/>", "is XML"),
        (gzip.compress(kev(20))[:-9], "damaged"),
        (gzip.compress(b" " * (70 << 20)), "unpacks to more"),
    ],
    ids=["empty", "cut", "another feed", "xml", "damaged", "bomb"],
)
def test_what_is_no_whole_feed_is_refused_and_the_old_stays(site: Site, data: bytes, why: str) -> None:
    site.publisher.put(KEV, kev(20))
    site.one("kev")
    before = site.digest()
    site.publisher.put(KEV, data)
    outcome = site.one("kev", unpacked=1 << 26)
    assert outcome.result in ("refused", "failed")
    assert why in outcome.why
    assert site.digest() == before
    site.publisher.put(KEV, kev(21))
    assert (site.one("kev").result, site.facts()) == ("new", {"kev": 21})


def damaged(data: bytes) -> bytes:
    at = data.index(b"GO-2.json") + 9 + 5
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


@pytest.mark.parametrize(
    "archive",
    [
        damaged(zipped({f"GO-{n}.json": osv(f"GO-{n}") for n in range(4)})),
        zipped({f"GO-{n}.json": osv(f"GO-{n}") for n in range(4)})[:-40],
        zipped({"GO-1.json": osv("GO-1"), "bomb.json": b" " * (80 << 20)}),
        zipped({}),
    ],
    ids=["one bit", "cut", "bomb", "nothing"],
)
def test_an_archive_that_is_not_whole_is_refused_as_a_whole(site: Site, archive: bytes) -> None:
    site.publisher.put(f"{GO}/all.zip", archive)
    outcome = site.one("osv-go")
    assert outcome.result == "refused"
    assert outcome.why
    assert site.facts() == {}


def test_a_source_that_vanished_keeps_its_old_state(site: Site) -> None:
    site.publisher.put(KEV, kev(20))
    site.publisher.put(EPSS, epss(5))
    site.sync("kev", "epss")
    del site.publisher.documents[KEV]
    site.now += timedelta(days=1)
    failed, same = site.sync("kev", "epss")
    assert (failed.result, same.result) == ("failed", "same")
    assert "404" in failed.why
    assert site.facts() == {"epss": 5, "kev": 20}
    state = states(site.folder)["kev"]
    assert (state.tried, state.confirmed) == ("2026-03-02T12:00:00Z", "2026-03-01T12:00:00Z")


def test_a_publisher_that_sends_us_away_is_not_asked_before(site: Site) -> None:
    site.publisher.fault(KEV, status(429, Retry_After="3600"))
    site.publisher.put(KEV, kev(20))
    assert site.one("kev").result == "failed"
    site.now += timedelta(minutes=59)
    assert "asked not to be asked before 2026-03-01T13:00:00Z" in site.one("kev").why
    assert len(site.publisher.asked) == 1
    site.now += timedelta(minutes=1)
    assert site.one("kev").result == "new"


def test_a_store_made_anew_is_filled_from_what_is_held(site: Site) -> None:
    site.publisher.put(KEV, kev(20))
    site.one("kev")
    for path in site.folder.glob("*.sqlite*"):
        path.unlink()
    assert (site.one("kev").result, site.facts()) == ("new", {"kev": 20})
    assert site.publisher.statuses(KEV) == [200, 304]


def test_what_is_held_and_was_changed_is_fetched_anew(site: Site) -> None:
    site.publisher.put(KEV, kev(20))
    site.one("kev")
    Download(site.folder, "kev").held.write_bytes(b"x")
    assert site.one("kev").result == "same"
    assert site.publisher.statuses(KEV) == [200, 200]


def test_a_source_without_a_date_is_recorded_anew_when_it_is_confirmed(site: Site) -> None:
    secdb = {"apkurl": "x", "distroversion": "v3.22", "reponame": "main", "urlprefix": "https://x.alpinelinux.org",
             "packages": [{"pkg": {"name": "a", "secfixes": {"1-r0": ["CVE-2024-1000"]}}}]}  # fmt: skip
    site.publisher.put(ALPINE, json.dumps(secdb).encode())
    assert site.one("alpine-v3.22-main").result == "new"
    site.now += timedelta(days=3)
    assert site.one("alpine-v3.22-main").result == "same"
    with FeedStore.open(site.folder) as store:
        (source,) = store.sources()
        assert (source.as_of, source.recorded) == ("", "2026-03-04T12:00:00Z")
        assert [one.recorded for one in store.imports(source.name)] == ["2026-03-01T12:00:00Z", "2026-03-04T12:00:00Z"]
    assert open_index(site.folder, None).digest == site.digest()


def ecosystem(publisher: Publisher, records: dict[str, str], *, archive: bool = True, path: str = GO) -> None:
    """Records (id -> day) as OSV lays them out."""
    made = {name: osv(name, f"2026-{day}T00:00:00.5Z") for name, day in records.items()}
    rows = sorted(((f"2026-{day}T00:00:00.5Z", name) for name, day in records.items()), reverse=True)
    publisher.put(f"{path}/modified_id.csv", "".join(f"{at},{name}\n" for at, name in rows).encode(), kind="text/csv")
    for name, data in made.items():
        publisher.put(f"{path}/{name}.json", data)
    if archive:
        publisher.put(f"{path}/all.zip", zipped({f"{name}.json": data for name, data in made.items()}))


def test_of_an_osv_ecosystem_only_what_changed_is_fetched(site: Site) -> None:
    records = {f"GO-{number}": "01-01" for number in range(30)}
    ecosystem(site.publisher, records)
    assert (site.one("osv-go").result, site.facts()) == ("new", {"osv-go": 30})
    assert site.one("osv-go").result == "same"
    assert site.publisher.counts() == {f"{GO}/modified_id.csv": 2, f"{GO}/all.zip": 1}
    site.publisher.asked.clear()
    ecosystem(site.publisher, records | {"GO-3": "01-05", "GO-99": "01-06"})
    outcome = site.one("osv-go")
    assert (outcome.result, outcome.added, outcome.changed) == ("new", 1, 1)
    assert site.publisher.counts() == {
        f"{GO}/modified_id.csv": 1, f"{GO}/GO-3.json": 1, f"{GO}/GO-99.json": 1,
    }  # fmt: skip
    site.publisher.asked.clear()
    assert site.one("osv-go").result == "same"
    assert [one.status for one in site.publisher.asked] == [304]
    assert site.facts() == {"osv-go": 31}


def test_a_delta_and_the_archive_are_one_state(site: Site) -> None:
    records = {f"GO-{number}": "01-01" for number in range(30)}
    ecosystem(site.publisher, records)
    site.one("osv-go")
    ecosystem(site.publisher, records | {"GO-3": "01-05", "GO-99": "01-06"})
    by_delta = site.one("osv-go").digest
    other = Site(site.folder.with_name("other"), site.publisher, site.web)
    assert other.one("osv-go").digest == by_delta


def test_a_record_that_is_gone_is_settled_by_the_archive(site: Site) -> None:
    records = {f"GO-{number}": "01-01" for number in range(30)}
    ecosystem(site.publisher, records)
    site.one("osv-go")
    del records["GO-7"]
    ecosystem(site.publisher, records)
    outcome = site.one("osv-go")
    assert (outcome.closed, site.facts()) == (1, {"osv-go": 29})
    assert site.publisher.statuses(f"{GO}/all.zip") == [200, 200]


def test_an_archive_that_lags_behind_its_list_is_no_reason_to_fetch_it_again_and_again(site: Site) -> None:
    records = {f"GO-{number}": "01-01" for number in range(300)}
    ecosystem(site.publisher, records)
    site.one("osv-go")
    ecosystem(site.publisher, dict.fromkeys(records, "01-09"), archive=False)
    assert site.one("osv-go").result == "same"
    assert site.publisher.statuses(f"{GO}/all.zip") == [200, 304]
    ecosystem(site.publisher, dict.fromkeys(records, "01-09"))
    assert site.one("osv-go").changed == 300


def test_records_newer_than_the_archive_come_with_the_next_sync(site: Site) -> None:
    ecosystem(site.publisher, {"GO-1": "01-01", "GO-2": "01-01"})
    archive = site.publisher.documents[f"{GO}/all.zip"]
    ecosystem(site.publisher, {"GO-1": "01-03", "GO-2": "01-01"})
    site.publisher.documents[f"{GO}/all.zip"] = archive
    assert site.one("osv-go").result == "new"
    ecosystem(site.publisher, {"GO-1": "01-03", "GO-2": "01-04"})
    assert site.one("osv-go").changed == 2
    assert site.publisher.counts()[f"{GO}/all.zip"] == 1


def test_a_mirror_of_archives_alone_is_enough(site: Site) -> None:
    site.publisher.put(f"{GO}/all.zip", zipped({"GO-1.json": osv("GO-1")}))
    assert site.one("osv-go").result == "new"
    assert site.one("osv-go").result == "same"
    assert site.publisher.statuses(f"{GO}/all.zip") == [200, 304]


@pytest.mark.parametrize(
    "wrong", [b"{}", osv("GO-2", "2026-01-05T00:00:00Z"), b"not json"], ids=["nothing", "another", "noise"]
)
def test_a_wrong_record_spoils_nothing_that_is_in_force(site: Site, wrong: bytes) -> None:
    records = {f"GO-{number}": "01-01" for number in range(30)}
    ecosystem(site.publisher, records)
    site.one("osv-go")
    before = site.digest()
    ecosystem(site.publisher, records | {"GO-1": "01-05"})
    site.publisher.put(f"{GO}/GO-1.json", wrong)
    assert site.one("osv-go").result == "failed"
    assert site.digest() == before


@pytest.mark.parametrize("rows", [b"", b"\n\n", b"x,GO-1\n", b"2026-01-01T00:00:00Z,../../etc\n", b"2026,\n"])
def test_a_list_that_is_none_is_refused(rows: bytes) -> None:
    with pytest.raises(InputError, match="modified_id"):
        osv_delta.listed(rows)


def test_a_list_may_have_a_head_and_other_line_ends() -> None:
    assert osv_delta.listed(b"modified,id\r\n2026-01-01T00:00:00Z,A\r\n") == {"A": "2026-01-01T00:00:00Z"}


def test_two_at_once_are_told_apart(site: Site) -> None:
    site.publisher.put(KEV, kev(20))
    with alone(site.folder), pytest.raises(NotAssessableError, match="another sync of this data folder is at work"):
        site.one("kev")
    assert not site.publisher.asked
    assert site.one("kev").result == "new"


def test_one_bad_source_keeps_no_other_back(site: Site) -> None:
    site.publisher.put(KEV, kev(20))
    site.publisher.put(EPSS, b"noise")
    results = [(one.source, one.result) for one in site.sync("intel")]
    assert results == [("kev", "new"), ("epss", "refused"), ("vulnrichment", "failed")]


def test_a_transfer_that_broke_off_goes_on_in_the_next_sync(site: Site) -> None:
    data = kev(2000)
    site.publisher.put(KEV, data)
    site.publisher.fault(KEV, cut_after(50_000), *[status(500)] * 4)
    assert site.one("kev").result == "failed"
    assert site.one("kev").result == "new"
    assert site.publisher.sent(KEV) == len(data) + 4 * len(b"no")


def test_a_record_of_another_form_in_an_archive_is_a_problem_and_keeps_nothing_back(site: Site) -> None:
    other = osv("CVE-1", affected=[{"package": {"ecosystem": "kubernetes", "name": "k8s.io/kubelet"}}])
    site.publisher.put(f"{GO}/all.zip", zipped({"GO-1.json": osv("GO-1"), "GO-2.json": osv("GO-2"), "X.json": other}))
    assert site.one("osv-go").result == "new"
    with FeedStore.open(site.folder) as store:
        (source,) = store.sources()
    assert source.facts == 2
    assert [problem.why for problem in source.problems] == ["1 facts in the form kubernetes"]


def test_ctrl_c_ends_it_and_the_old_state_stays(site: Site) -> None:
    site.publisher.put(KEV, kev(20))
    site.publisher.put(EPSS, epss(5))
    site.sync("kev", "epss")
    site.publisher.put(KEV, kev(21))
    site.publisher.fault(EPSS, *[status(500)] * 9)

    class Impatient(Telling):
        def says(self, text: str) -> None:
            raise KeyboardInterrupt

    before = site.digest()
    sources = chosen(site.table, ["kev", "epss"])
    with pytest.raises(KeyboardInterrupt):
        sync(site.folder, sources, site.web, telling=Impatient())
    assert site.digest() == before
    site.publisher.faults.clear()
    assert site.one("kev").result == "new"
    assert site.publisher.statuses(KEV)[-1] == 304, "what came in whole is not fetched again"


def test_what_was_imported_by_hand_under_the_same_name_is_gone_on_with(site: Site, tmp_path: Path) -> None:
    (tmp_path / "kev.json").write_bytes(kev(20))
    words = ["feeds", "import", str(tmp_path / "kev.json"), "--source", "kev", "--data", str(site.folder.parent)]
    assert main([*words, "--recorded-at", "2026-02-01T00:00:00Z"]) == 0
    site.publisher.put(KEV, kev(21))
    outcome = site.one("kev")
    assert (outcome.result, outcome.added, site.facts()) == ("new", 1, {"kev": 21})


def test_a_full_disk_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.publisher.put(KEV, kev(20))
    site.one("kev")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    site.publisher.put(KEV, kev(21))
    monkeypatch.setattr("oakum.adapters.feeds.incoming.Incoming.begin", full)
    outcome = site.one("kev")
    assert outcome.result == "failed"
    assert "No space left" in outcome.why
    assert site.facts() == {"kev": 20}


def test_real_feeds_in_their_publishers_layouts(site: Site) -> None:
    """Every format of the table, from real data."""
    feeds, advisories = shared("feeds"), shared("advisories")

    def lines(name: str) -> list[bytes]:
        return gzip.decompress((advisories / name).read_bytes()).splitlines()

    for path, name in (("Go", "go.jsonl.gz"), ("AlmaLinux", "almalinux.jsonl.gz")):
        folder = f"/osv-vulnerabilities.storage.googleapis.com/{quote(path)}"
        records = {json.loads(line)["id"]: line for line in lines(name)[:1000]}
        site.publisher.put(f"{folder}/all.zip", zipped({f"{key}.json": line for key, line in records.items()}))
        rows = "".join(f"{json.loads(line)['modified']},{key}\n" for key, line in records.items())
        site.publisher.put(f"{folder}/modified_id.csv", rows.encode())
    site.publisher.put(
        "/github.com/kubernetes-sigs/cve-feed-osv/archive/refs/heads/main.zip",
        zipped({
            "cve-feed-osv-main/README.md": b"x",
            "cve-feed-osv-main/go.mod": b"module x",
            **{f"cve-feed-osv-main/vulns/{json.loads(line)['id']}.json": line
               for line in lines("kubernetes-sig-cve-feed.jsonl.gz")},
        }),
    )  # fmt: skip
    cve5 = {
        f"vulnrichment-develop/2024/0xxx/{path.name}": path.read_bytes() for path in (feeds / "cve5").glob("*.json")
    }
    site.publisher.put("/github.com/cisagov/vulnrichment/archive/refs/heads/develop.zip", zipped(cve5))
    site.publisher.put(KEV, shared("intel/known_exploited_vulnerabilities.json").read_bytes())
    site.publisher.put(EPSS, gzip.compress((feeds / "epss/example-1.csv").read_bytes()))
    site.publisher.put(
        "/security-tracker.debian.org/tracker/data/json", (feeds / "debian/input/debian.json").read_bytes()
    )
    site.publisher.put(
        "/salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data/DSA/list",
        (feeds / "debian/input/DSA").read_bytes(), kind="text/plain; charset=utf-8",
    )  # fmt: skip
    site.publisher.put("/endoflife.date/api/v1/products/full", (feeds / "eol/valid-eol-response.json").read_bytes())
    alpine = "secdb.alpinelinux.org"
    site.publisher.put(f"/{alpine}/v3.22/main.json", (advisories / "alpine-secdb/v3.11-main.yaml").read_bytes())
    names = (
        "osv-go", "osv-almalinux", "kubernetes", "vulnrichment", "kev", "epss", "debian-tracker",
        "debian-dsa", "endoflife", "alpine-v3.22-main",
    )  # fmt: skip
    outcomes = site.sync(*names)
    assert {one.source: (one.result, one.why) for one in outcomes} == dict.fromkeys(names, ("new", ""))
    facts = {one.source: one.facts for one in outcomes}
    assert (facts["osv-go"], facts["kubernetes"], facts["kev"]) == (1000, 47, 1404)
    assert facts["vulnrichment"] == len(cve5)
    before = site.digest()
    site.publisher.asked.clear()
    site.now += timedelta(minutes=1)
    assert {one.result for one in site.sync(*names)} == {"same"}
    assert {one.status for one in site.publisher.asked} == {304}
    assert site.digest() == before


def test_any_zip_that_was_built_is_the_same_for_the_same_records(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.write_bytes(zipped({"A.json": osv("A"), "B.json": osv("B")}))
    for name in ("one", "two"):
        osv_delta.followed(old, {"B": osv("B", "2026-05-05T00:00:00Z"), "C": osv("C")}, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    with zipfile.ZipFile(tmp_path / "one") as archive:
        assert archive.namelist() == ["A.json", "B.json", "C.json"]
    (tmp_path / "bad").write_bytes(b"PK")
    with pytest.raises(InputError, match="damaged"):
        osv_delta.followed(tmp_path / "bad", {}, tmp_path / "three")


def test_damage_inside_what_is_packed_is_an_error_with_a_remedy_or_reads_as_nothing(tmp_path: Path) -> None:
    archive = tmp_path / "all.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("A.json", json.dumps({"id": "A", "modified": "2026-01-01T00:00:00Z", "text": "x" * 5_000}))
    with zipfile.ZipFile(archive) as whole:
        (entry,) = whole.infolist()
    data = bytearray(archive.read_bytes())
    begin = entry.header_offset + 30 + len(entry.filename)
    # A block of a kind that deflate does not have (RFC 1951, 3.2.3).
    data[begin] = 0x07
    archive.write_bytes(data)
    with pytest.raises(InputError, match="damaged"):
        osv_delta.followed(archive, {"B": b"{}"}, tmp_path / "new.zip")
    assert coming._contained(archive, {"A": "2026-01-01T00:00:00Z"}) == {}
