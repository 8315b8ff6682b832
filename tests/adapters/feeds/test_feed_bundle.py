"""A bundle of feeds: signed, every byte foreseen, never back in time unless that is wanted."""

from __future__ import annotations

import io
import json
import tarfile
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.adapters.feeds.publisher import Publisher, epss, kev, osv, serving, zipped

from oakum.adapters.feeds import bundle
from oakum.adapters.feeds.bundle import Manifest
from oakum.adapters.feeds.downloads import states
from oakum.adapters.feeds.sources import TABLE, chosen, mirrored
from oakum.adapters.feeds.store import FeedStore
from oakum.adapters.feeds.web import Web
from oakum.adapters.http.waiting import Clockwork
from oakum.cli.main import main
from oakum.errors import InputError, OakumError, UsageError
from oakum.ledger.keys import PublicKey
from oakum.local.feed_bundles import export, take
from oakum.local.ledger.keys import make_key
from oakum.local.syncing import sync

KEV = "/www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"
EPSS = "/epss.empiricalsecurity.com/epss_scores-current.csv.gz"
GO = "/osv-vulnerabilities.storage.googleapis.com/Go/all.zip"
ALPINE = "/secdb.alpinelinux.org/v3.22/main.json"
NAMES = ("kev", "epss", "osv-go", "alpine-v3.22-main")
DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = DAY + timedelta(days=2)
SECDB = {"apkurl": "x", "distroversion": "v3.22", "reponame": "main", "urlprefix": "https://x.alpinelinux.org",
         "packages": [{"pkg": {"name": "a", "secfixes": {"1-r0": ["CVE-2024-1000"]}}}]}  # fmt: skip


class Here:
    """A machine with a network, and another one without."""

    def __init__(self, folder: Path, publisher: Publisher) -> None:
        self.connected, self.apart = folder / "connected", folder / "apart"
        self.file, self.key = folder / "feeds.tar", folder / "feeds.key"
        self.public = make_key("example.com/feeds", self.key)
        self.publisher = publisher
        publisher.put(KEV, kev(20))
        publisher.put(EPSS, epss(5))
        publisher.put(GO, zipped({f"GO-{n}.json": osv(f"GO-{n}") for n in range(3)}))
        publisher.put(ALPINE, json.dumps(SECDB).encode())

    def export(self, at: datetime = DAY, *names: str) -> Manifest:
        sources = chosen(mirrored(TABLE, self.publisher.url), NAMES)
        with Web(plain=True) as web:
            outcomes = sync(self.connected, sources, web, clock=Clockwork(now=lambda: at, sleep=lambda _: None))
        assert {one.result for one in outcomes} <= {"new", "same"}
        return export(self.connected, self.file, self.key, names, sources, at)

    def take(self, **more: bool) -> list[OakumError]:
        return take(self.apart, self.file, [self.public], LATER, **more)[2]

    def facts(self) -> dict[str, int]:
        with FeedStore.open(self.apart) as store:
            return {one.name: one.facts for one in store.sources()}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Here]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with serving() as publisher:
        yield Here(tmp_path, publisher)


def test_what_is_in_force_there_comes_into_force_here(here: Here) -> None:
    manifest = here.export()
    assert not here.take()
    assert here.facts() == {"alpine-v3.22-main": 1, "epss": 5, "kev": 20, "osv-go": 3}
    with FeedStore.open(here.connected) as there, FeedStore.open(here.apart) as apart:
        digests = {one.name: one.digest for one in apart.sources()}
        assert digests == {one.name: one.digest for one in there.sources()}
        ages = {one.name: one.as_of for one in apart.sources()}
    # What gives no date is as old as the question to its publisher, not as its way here.
    assert ages["alpine-v3.22-main"] == "2026-03-01T12:00:00Z"
    assert ages["kev"] == "2026-01-01T00:00:00Z"
    assert states(here.apart)["kev"].confirmed == "2026-03-01T12:00:00Z"
    assert manifest.snapshot.startswith("sha256:")


def test_a_bundle_goes_on_from_hand_to_hand(here: Here) -> None:
    first = here.export()
    here.take()
    second = export(here.apart, here.file, here.key, (), TABLE, LATER)
    assert second.snapshot == first.snapshot
    assert {one.confirmed for one in second.sources} == {"2026-03-01T12:00:00Z"}


def test_some_sources_are_enough(here: Here) -> None:
    assert [one.name for one in here.export(DAY, "kev", "kev").sources] == ["kev"]
    assert not here.take()
    assert here.facts() == {"kev": 20}


def test_an_older_bundle_is_refused_as_a_whole_unless_it_is_wanted(here: Here) -> None:
    here.export()
    old = here.file.read_bytes()
    here.publisher.put(KEV, kev(21, "2026-03-02T00:00:00Z"))
    here.export(DAY + timedelta(days=1))
    assert not here.take()
    here.file.write_bytes(old)
    with pytest.raises(UsageError, match="older than what is in force"):
        here.take()
    assert here.facts()["kev"] == 21
    assert not here.take(accept_older=True)
    assert here.facts()["kev"] == 20


def test_a_feed_that_shrank_is_refused_and_the_others_come(here: Here) -> None:
    here.export()
    here.take()
    with FeedStore.open(here.apart) as store:
        assert len(list(store.facts("kev"))) == 20
    # The connected side accepted it; that is no word for this side.
    from oakum.adapters.feeds.store import FeedStore as Store

    here.publisher.put(KEV, kev(5, "2026-03-02T00:00:00Z"))
    sources = chosen(mirrored(TABLE, here.publisher.url), NAMES)
    at = DAY + timedelta(days=1)
    with Web(plain=True) as web:
        sync(here.connected, sources, web, accept_shrink=("kev",), clock=Clockwork(now=lambda: at))
    export(here.connected, here.file, here.key, (), sources, at)
    (error,) = here.take()
    assert "shrank from 20 facts to 5" in str(error)
    assert here.facts()["kev"] == 20
    assert not here.take(allow_shrink=True)
    with Store.open(here.apart) as store:
        assert {one.name: one.facts for one in store.sources()}["kev"] == 5


def test_without_the_right_key_nothing_is_believed(here: Here, tmp_path: Path) -> None:
    here.export()
    other = make_key("example.com/feeds", tmp_path / "other.key")
    for keys in ([other], []):
        with pytest.raises(OakumError):
            take(here.apart, here.file, keys, LATER)
    assert not here.facts()


def test_what_was_imported_by_hand_or_is_not_in_force_is_not_exported(here: Here) -> None:
    here.export()
    with pytest.raises(UsageError, match="'osv-npm' was not fetched here"):
        export(here.connected, here.file, here.key, ("osv-npm",), TABLE, DAY)
    (here.connected / "downloads/kev/held/kev").write_bytes(kev(3))
    with pytest.raises(InputError, match="not what is in force"):
        export(here.connected, here.file, here.key, ("kev",), TABLE, DAY)
    with pytest.raises(UsageError, match="no source was synced here"):
        export(here.apart, here.file, here.key, (), TABLE, DAY)


def test_tar_reads_it(here: Here) -> None:
    here.export()
    with tarfile.open(here.file) as archive:
        assert archive.getnames() == ["oakum-feeds", *(f"feeds/{name}" for name in sorted(NAMES))]
        member = archive.extractfile("feeds/kev")
        assert member is not None
        assert member.read() == kev(20)


def test_at_the_command_line(here: Here, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    here.export()
    data = tmp_path / "data"
    public = str(here.key.with_name("feeds.key.pub"))
    assert main(["feeds", "import", str(here.file), "--data", str(data)]) == 2
    assert "--key" in capsys.readouterr().err
    assert main(["feeds", "import", str(here.file), "--key", public, "--data", str(data)]) == 0
    assert capsys.readouterr().out.startswith("4 sources imported, 0 error(s)\nthe bundle's snapshot: sha256:")
    out = tmp_path / "again.tar"
    words = ["feeds", "export", str(out), "kev", "--sign", str(here.key), "--data", str(data), "-o", "json"]
    assert main(words) == 0
    manifest = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in manifest["sources"]] == ["kev"]
    assert main(["feeds", "import", str(out), "x.json", "--key", public, "--data", str(data)]) == 2
    assert "imported alone" in capsys.readouterr().err
    assert main(["feeds", "import", str(out), "--source", "x", "--key", public, "--data", str(data)]) == 2
    assert main(["feeds", "import", str(out), "--key", public, "--data", str(data), "-o", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["imported"][0]["source"], told["snapshot"]) == ("kev", manifest["snapshot"])
    assert main(["feeds", "status", "-o", "json", "--data", str(data)]) == 0
    status = json.loads(capsys.readouterr().out)
    assert {one["source"]: one["confirmed"] for one in status["synced"]}["kev"] == "2026-03-01T12:00:00Z"
    assert status["snapshot"].startswith("sha256:")


class _Signer:
    """A key in memory."""

    def __init__(self) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        self._key = Ed25519PrivateKey.from_private_bytes(bytes(32))
        self.name = "example.com/feeds"
        self.public_key = self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


@lru_cache
def small() -> tuple[bytes, PublicKey]:
    """A bundle of two small documents, and who signed it."""
    import hashlib

    signer = _Signer()
    with tempfile.TemporaryDirectory() as folder:
        paths, entries = [], []
        for name, data in (("kev", kev(1)), ("empty", b"")):
            path = Path(folder) / name
            path.write_bytes(data)
            paths.append(path)
            entries.append(
                bundle.Entry(
                    name=name, format="kev", url="https://x.example/", entries="", size=len(data),
                    sha256=hashlib.sha256(data).hexdigest(), digest="", facts=1, as_of="", confirmed="",
                )
            )  # fmt: skip
        file = io.BytesIO()
        bundle.write(file, Manifest(made="", snapshot="", sources=tuple(entries)), paths, signer)
    return file.getvalue(), PublicKey(signer.name, signer.public_key)


def read(data: bytes) -> Manifest:
    with tempfile.TemporaryDirectory() as folder:
        return bundle.read(io.BytesIO(data), [small()[1]], lambda entry: Path(folder) / entry.name)


def test_it_is_read_as_it_was_written() -> None:
    assert [one.name for one in read(small()[0]).sources] == ["kev", "empty"]


@pytest.mark.parametrize("bit", [1, 128])
def test_every_byte_counts(bit: int) -> None:
    whole = small()[0]
    for at in range(0, len(whole), 7):
        with pytest.raises(OakumError):
            read(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :])


@given(st.integers(0, len(small()[0]) - 1))
def test_a_bundle_that_is_cut_is_refused(size: int) -> None:
    with pytest.raises(OakumError):
        read(small()[0][:size])


@given(st.binary(max_size=2000))
def test_any_bytes_are_no_bundle(data: bytes) -> None:
    with pytest.raises(OakumError):
        read(data)
    with pytest.raises(OakumError):
        read(small()[0] + data + b"x")


@given(st.data())
def test_any_mutation_is_refused(data: st.DataObject) -> None:
    whole = bytearray(small()[0])
    before = bytes(whole)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(whole) - 1))
        kind = data.draw(st.sampled_from(["set", "insert", "delete", "copy"]))
        if kind == "set":
            whole[at] = data.draw(st.integers(0, 255))
        elif kind == "insert":
            whole[at:at] = data.draw(st.binary(min_size=1, max_size=512))
        elif kind == "delete":
            del whole[at : at + data.draw(st.integers(1, 600))]
            whole = whole or bytearray(1)
        else:
            whole[at:at] = whole[:512]
    if bytes(whole) != before:
        with pytest.raises(OakumError):
            read(bytes(whole))


@pytest.mark.parametrize(
    "change",
    [{"name": "../x"}, {"name": ".hidden"}, {"sha256": "x"}, {"size": -1}, {"size": 1 << 40}, {"name": "empty"}],
)
def test_what_cannot_be_is_refused_even_where_it_is_signed(change: dict[str, object]) -> None:
    import msgspec

    from oakum.ledger.notes import Note, Signature

    signer = _Signer()
    entries = read(small()[0]).sources
    bad = Manifest(made="", snapshot="", sources=(msgspec.structs.replace(entries[0], **change), entries[1]))
    text = f"oakum feeds bundle 1\n{msgspec.json.encode(bad).decode()}\n"
    public = PublicKey(signer.name, signer.public_key)
    note = Note(text, (Signature(public.name, public.id, signer.sign(text.encode())),)).encode()
    data = bundle._header("oakum-feeds", len(note)) + note + bundle._padding(len(note))
    with pytest.raises(InputError, match="names what cannot be"):
        read(data)
