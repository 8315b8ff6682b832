"""Documents over HTTP: only what changed, gone on with where it broke off, whole or not at all."""

from __future__ import annotations

import base64
import gzip
import hashlib
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from pathlib import Path
from threading import Event

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st
from tests.adapters.feeds.publisher import NOW, Handler, Publisher, cut_after, serving, status

from oakum.adapters.feeds.fetching import SentAwayError, VanishedError, Wanted, fetch
from oakum.adapters.feeds.incoming import Edition, Incoming
from oakum.adapters.feeds.web import REDIRECTS, Web
from oakum.adapters.http.waiting import AWAY, FIRST, LONGEST, Clockwork, pause, retry_after
from oakum.errors import InputError, LimitError, OakumError, UsageError

DATA = bytes(range(256)) * 2000
OLD = formatdate(NOW - 7200, usegmt=True)


class Time:
    """Time that passes only when somebody waits, or looks."""

    def __init__(self, step: float = 0.0) -> None:
        self.at, self.step = 0.0, step
        self.waited: list[float] = []

    def seconds(self) -> float:
        self.at += self.step
        return self.at

    def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.at += seconds

    @property
    def clock(self) -> Clockwork:
        return Clockwork(
            seconds=self.seconds, now=lambda: datetime.fromtimestamp(NOW, UTC), sleep=self.sleep, chance=lambda: 1.0
        )


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with serving() as found:
        yield found


@pytest.fixture
def web() -> Iterator[Web]:
    with Web(plain=True) as found:
        yield found


@pytest.fixture
def incoming(tmp_path: Path) -> Incoming:
    return Incoming(tmp_path / "in" / "x")


def wanted(publisher: Publisher, held: Edition | None = None, **more: float) -> Wanted:
    largest, seconds = int(more.get("largest", 1 << 20)), more.get("seconds", 600.0)
    return Wanted(url=f"{publisher.url}/x", largest=largest, seconds=seconds, held=held)


def got(web: Web, publisher: Publisher, incoming: Incoming, time: Time | None = None, **more: float) -> Edition | None:
    return fetch(web, wanted(publisher, None, **more), incoming, (time or Time()).clock)


def test_a_document_comes_whole_and_once(web: Web, publisher: Publisher, incoming: Incoming) -> None:
    publisher.put("/x", DATA)
    edition = got(web, publisher, incoming)
    assert edition is not None
    assert (incoming.path.read_bytes(), edition.length, edition.whole) == (DATA, len(DATA), True)
    assert publisher.asked[0].headers["user-agent"].startswith("oakum/")
    # A second process takes what the first one fetched and nobody took.
    assert got(web, publisher, incoming) == edition
    assert publisher.statuses("/x") == [200, 304]


@pytest.mark.parametrize("by_date", [False, True])
def test_what_is_held_and_current_is_not_fetched(
    web: Web, publisher: Publisher, incoming: Incoming, by_date: bool
) -> None:
    publisher.put("/x", DATA, **({"etag": "", "modified": OLD} if by_date else {}))
    held = got(web, publisher, incoming)
    incoming.drop()
    assert fetch(web, wanted(publisher, held), incoming, Time().clock) is None
    publisher.documents["/x"].data = b"new"
    publisher.documents["/x"].modified = formatdate(NOW - 3600, usegmt=True) if by_date else ""
    assert fetch(web, wanted(publisher, held), incoming, Time().clock) is not None
    assert publisher.statuses("/x") == [200, 304, 200]


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("by_date", [False, True])
def test_what_broke_off_is_gone_on_with(
    web: Web, publisher: Publisher, incoming: Incoming, reset: bool, by_date: bool
) -> None:
    publisher.put("/x", DATA, **({"etag": "", "modified": OLD} if by_date else {}))
    publisher.fault("/x", cut_after(300_000, reset=reset))
    time = Time()
    assert got(web, publisher, incoming, time) is not None
    assert incoming.path.read_bytes() == DATA
    assert time.waited == [FIRST]
    first, second = publisher.asked
    assert second.headers["if-range"] == (OLD if by_date else publisher.documents["/x"].tag)
    if not reset:
        assert (first.sent, second.status, second.sent) == (300_000, 206, len(DATA) - 300_000)


def test_another_process_goes_on_too(web: Web, publisher: Publisher, incoming: Incoming) -> None:
    publisher.put("/x", DATA)
    publisher.fault("/x", cut_after(200_000), *[status(500)] * 4)
    with pytest.raises(InputError, match="500"):
        got(web, publisher, incoming)
    assert incoming.size == 200_000
    assert got(web, publisher, Incoming(incoming.path)) is not None
    assert incoming.path.read_bytes() == DATA
    assert publisher.asked[-1].status == 206


def test_an_edition_that_changed_in_between_comes_from_its_beginning(
    web: Web, publisher: Publisher, incoming: Incoming
) -> None:
    publisher.put("/x", DATA)

    def other(handler: Handler) -> bool:
        publisher.put("/x", DATA[::-1])
        return False

    publisher.fault("/x", cut_after(300_000), other)
    assert got(web, publisher, incoming) is not None
    assert incoming.path.read_bytes() == DATA[::-1]
    assert publisher.statuses("/x") == [200, 200]


@pytest.mark.parametrize("etag", ['W/"weak"', ""])
def test_without_a_strong_validator_nothing_is_put_together(
    web: Web, publisher: Publisher, incoming: Incoming, etag: str
) -> None:
    publisher.put("/x", DATA, etag=etag, modified=formatdate(NOW - 1, usegmt=True))
    publisher.fault("/x", cut_after(300_000))
    assert got(web, publisher, incoming) is not None
    assert incoming.path.read_bytes() == DATA
    assert "range" not in publisher.asked[1].headers


@pytest.mark.parametrize("range_", ["bytes 5-511999/512000", "bytes 300000-511999/999999", "rubbish", ""])
def test_a_part_that_does_not_fit_is_never_put_together(
    web: Web, publisher: Publisher, incoming: Incoming, range_: str
) -> None:
    publisher.put("/x", DATA)

    def wrong(handler: Handler) -> bool:
        handler.answer(206, DATA[300_000:], {"Content-Range": range_, "ETag": publisher.documents["/x"].tag})
        return True

    publisher.fault("/x", cut_after(300_000), wrong)
    assert got(web, publisher, incoming) is not None
    assert incoming.path.read_bytes() == DATA
    assert publisher.statuses("/x") == [200, 206, 200]


def test_a_part_past_the_end_begins_anew(web: Web, publisher: Publisher, incoming: Incoming) -> None:
    publisher.put("/x", DATA)
    publisher.fault("/x", cut_after(300_000), status(416))
    assert got(web, publisher, incoming) is not None
    assert publisher.statuses("/x") == [200, 416, 200]


@pytest.mark.parametrize(
    ("after", "seconds"), [("7", 7.0), (formatdate(NOW + 90, usegmt=True), 90.0), ("soon", FIRST), ("", FIRST)]
)
def test_a_server_that_is_busy_is_asked_again_when_it_says(
    web: Web, publisher: Publisher, incoming: Incoming, after: str, seconds: float
) -> None:
    publisher.put("/x", DATA)
    publisher.fault("/x", status(429, Retry_After=after))
    time = Time()
    assert got(web, publisher, incoming, time) is not None
    assert time.waited == [seconds]


def test_a_server_that_sends_us_away_for_long_is_left_alone(web: Web, publisher: Publisher, incoming: Incoming) -> None:
    publisher.fault("/x", status(503, Retry_After="999999999"))
    time = Time()
    with pytest.raises(SentAwayError) as caught:
        got(web, publisher, incoming, time)
    assert (caught.value.seconds, time.waited, len(publisher.asked)) == (AWAY, [], 1)


def test_waits_grow_and_end(web: Web, publisher: Publisher, incoming: Incoming) -> None:
    publisher.fault("/x", *[status(500)] * 9)
    time = Time()
    with pytest.raises(InputError, match="answers with 500"):
        got(web, publisher, incoming, time)
    assert time.waited == [1.0, 2.0, 4.0, 8.0]
    publisher.asked.clear()
    with pytest.raises(InputError, match="answers with 500"):
        got(web, publisher, incoming, time, seconds=2.5)
    assert len(publisher.asked) == 2


@pytest.mark.parametrize("code", [400, 401, 403, 451, 204])
def test_what_will_not_be_better_is_not_asked_again(
    web: Web, publisher: Publisher, incoming: Incoming, code: int
) -> None:
    publisher.fault("/x", status(code))
    with pytest.raises(InputError, match=str(code)):
        got(web, publisher, incoming)
    assert len(publisher.asked) == 1


def test_what_is_gone_says_so(web: Web, publisher: Publisher, incoming: Incoming) -> None:
    with pytest.raises(VanishedError):
        got(web, publisher, incoming)


def test_nothing_changed_without_anything_held_is_no_answer(web: Web, publisher: Publisher, incoming: Incoming) -> None:
    publisher.fault("/x", status(304))
    with pytest.raises(InputError, match="nothing is here"):
        got(web, publisher, incoming)


def google(data: bytes) -> str:
    return f"crc32c=AAAAAA==,md5={base64.b64encode(hashlib.md5(data).digest()).decode()}"


def repr_digest(data: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


@pytest.mark.parametrize(("header", "of"), [("x-goog-hash", google), ("Repr-Digest", repr_digest)])
def test_a_published_checksum_must_be_right(
    web: Web, publisher: Publisher, incoming: Incoming, header: str, of: object
) -> None:
    assert callable(of)
    publisher.put("/x", DATA, headers={header: of(DATA)})
    assert got(web, publisher, incoming) is not None
    incoming.drop()
    publisher.put("/x", DATA, headers={header: of(b"other")})
    with pytest.raises(InputError, match="is not what its publisher says"):
        got(web, publisher, incoming)
    assert incoming.size == 0


def test_a_wrong_sum_over_two_parts_is_tried_once_from_the_beginning(
    web: Web, publisher: Publisher, incoming: Incoming
) -> None:
    publisher.put("/x", DATA, headers={"x-goog-hash": google(DATA)})

    def other(handler: Handler) -> bool:
        handler.publisher.documents["/x"].data = bytes(len(DATA))
        return False

    def right(handler: Handler) -> bool:
        handler.publisher.documents["/x"].data = DATA
        return False

    publisher.documents["/x"].etag = '"lies"'
    publisher.fault("/x", cut_after(300_000), other, right)
    # The headers of a cut answer have no sum, so that the one of the second part counts.
    assert got(web, publisher, incoming) is not None
    assert incoming.path.read_bytes() == DATA
    assert publisher.statuses("/x") == [200, 206, 200]


def test_redirects_are_followed_a_few_times(web: Web, publisher: Publisher, incoming: Incoming) -> None:
    publisher.put("/y", DATA)
    publisher.fault("/x", status(302, Location="/y"))
    assert got(web, publisher, incoming) is not None
    publisher.asked.clear()
    publisher.fault("/x", *[status(307, Location="/x#again")] * 20)
    with pytest.raises(InputError, match=f"more than {REDIRECTS}"):
        got(web, publisher, incoming)
    assert len(publisher.asked) == REDIRECTS + 1


@pytest.mark.parametrize(
    "location",
    ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1", "data:,x", "http://user:pw@127.0.0.1/"],
)
def test_a_redirect_to_another_scheme_is_not_followed(
    web: Web, publisher: Publisher, incoming: Incoming, location: str
) -> None:
    publisher.fault("/x", status(302, Location=location))
    with pytest.raises(OakumError):
        got(web, publisher, incoming)
    assert len(publisher.asked) == 1


def test_plain_http_wants_a_word_of_its_own(publisher: Publisher, incoming: Incoming) -> None:
    with Web() as strict, pytest.raises(UsageError, match="plain http"):
        got(strict, publisher, incoming)
    assert not publisher.asked


def test_https_never_leads_down_to_http(web: Web) -> None:
    with pytest.raises(InputError, match="only https"):
        web._next("https://a.example/x", "http://a.example/y")
    assert web._next("https://a.example/x", "//b.example/y") == "https://b.example/y"


def test_a_trickle_ends_at_the_limit_of_time_and_is_gone_on_with(
    web: Web, publisher: Publisher, incoming: Incoming
) -> None:
    publisher.put("/x", DATA)
    with pytest.raises(LimitError, match="takes longer than 20 s"):
        got(web, publisher, incoming, Time(step=15), seconds=20)
    had = incoming.size
    assert 0 < had < len(DATA)
    assert got(web, publisher, incoming) is not None
    assert publisher.asked[-1].sent == len(DATA) - had


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize(
    "sent", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;"]
)
def test_a_head_that_trickles_is_cut_in_time(incoming: Incoming, tmp_path: Path, sent: bytes, tls: bool) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    never = Event()

    def trickle(handler: Handler) -> bool:
        handler.close_connection = True
        try:
            handler.wfile.write(sent)
            while not never.wait(0.02):
                handler.wfile.write(b"x")
        except OSError:
            pass
        return True

    with serving(context if tls else None) as publisher, Web(ca=str(tmp_path / "ca.pem"), plain=True) as web:
        publisher.fault("/x", *[trickle] * 9)
        with pytest.raises(OakumError):
            fetch(web, wanted(publisher, None, seconds=0.4), incoming, Clockwork(sleep=lambda _: None))
        never.set()
    assert len(publisher.asked) < 9


def endless(handler: Handler) -> bool:
    handler.asked.status = 200
    handler.send_response_only(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    try:
        for _ in range(1000):
            handler.wfile.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")
    except OSError:
        handler.close_connection = True
    return True


def test_what_is_too_large_is_refused_by_word_and_by_deed(web: Web, publisher: Publisher, incoming: Incoming) -> None:
    publisher.put("/x", DATA)
    with pytest.raises(LimitError):
        got(web, publisher, incoming, largest=1000)
    publisher.fault("/x", endless)
    with pytest.raises(LimitError):
        got(web, publisher, incoming)
    assert incoming.size == 0


def test_a_web_page_is_no_feed(web: Web, publisher: Publisher, incoming: Incoming) -> None:
    publisher.put("/x", b"<html>sign in", kind="text/html; charset=utf-8")
    with pytest.raises(InputError, match="web page"):
        got(web, publisher, incoming)
    publisher.put("/x", b"x", headers={"Content-Encoding": "br"})
    with pytest.raises(InputError, match="coding"):
        got(web, publisher, incoming)


def test_a_packed_transfer_is_kept_as_it_is(web: Web, publisher: Publisher, incoming: Incoming) -> None:
    publisher.put("/x", gzip.compress(DATA), headers={"Content-Encoding": "gzip", "x-goog-hash": google(b"unpacked")})
    edition = fetch(
        web, Wanted(url=f"{publisher.url}/x", largest=1 << 20, seconds=9, coded=True), incoming, Time().clock
    )
    assert edition is not None
    assert (edition.coding, gzip.decompress(incoming.path.read_bytes())) == ("gzip", DATA)
    assert publisher.asked[0].headers["accept-encoding"] == "gzip"


def test_everything_goes_through_a_proxy(publisher: Publisher, incoming: Incoming) -> None:
    publisher.put("/proxied/feeds.invalid/x", DATA)
    with Web(proxy=publisher.url, plain=True) as web:
        assert fetch(
            web, Wanted(url="http://feeds.invalid/x", largest=1 << 20, seconds=9), incoming, Time().clock
        ) is not None  # fmt: skip
    assert incoming.path.read_bytes() == DATA


def test_the_proxy_of_the_environment_is_used(
    publisher: Publisher, incoming: Incoming, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher.put("/proxied/feeds.invalid/x", DATA)
    monkeypatch.setenv("http_proxy", publisher.url)
    with Web(plain=True) as web:
        assert fetch(
            web, Wanted(url="http://feeds.invalid/x", largest=1 << 20, seconds=9), incoming, Time().clock
        ) is not None  # fmt: skip


def test_an_authority_of_ones_own_is_trusted_and_nobody_else(incoming: Incoming, tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    time = Time()
    with serving(context) as publisher:
        # The handshake that fails is told by the server's thread; only the client's word counts here.
        publisher.server.handle_error = lambda *_: None  # type: ignore[method-assign]  # quiet
        publisher.put("/x", DATA)
        with Web(ca=str(tmp_path / "ca.pem")) as web:
            assert got(web, publisher, incoming, time) is not None
        incoming.drop()
        with Web() as web, pytest.raises(InputError, match="signed by nobody who is trusted here"):
            got(web, publisher, incoming, time)
    assert not time.waited


@pytest.mark.parametrize("more", [{"proxy": "what is this"}, {"ca": "/nonexistent.pem"}])
def test_a_proxy_or_authority_that_is_none_is_wrong_use(more: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        Web(**more)  # type: ignore[arg-type]  # both are texts


def test_nobody_there(web: Web, incoming: Incoming) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/x"
        time = Time()
        with pytest.raises(InputError, match="cannot be reached"):
            fetch(web, Wanted(url=url, largest=1, seconds=60), incoming, time.clock)
        assert len(time.waited) == 4


def test_a_host_is_asked_by_two_at_once(web: Web, publisher: Publisher, tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    at_once, most, go = [0], [0], Event()

    def busy(handler: Handler) -> bool:
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        go.wait(0.05)
        at_once[0] -= 1
        return False

    for number in range(6):
        publisher.put(f"/{number}", DATA)
        publisher.fault(f"/{number}", busy)
    with ThreadPoolExecutor(6) as workers:
        asked = [Wanted(url=f"{publisher.url}/{number}", largest=1 << 20, seconds=60) for number in range(6)]
        found = workers.map(lambda one: fetch(web, one, Incoming(tmp_path / one.url[-1]), Time().clock), asked)
        assert all(found)
    assert most[0] == 2


@given(st.text(max_size=40))
def test_any_retry_after_is_seconds_or_nothing(text: str) -> None:
    found = retry_after(text, datetime(2026, 1, 1, tzinfo=UTC))
    assert found is None or 0 <= found <= AWAY


@given(st.integers(0, 50), st.floats(0, 1))
def test_every_wait_is_bounded(attempt: int, chance: float) -> None:
    assert FIRST / 2 <= pause(attempt, chance) <= LONGEST


def test_a_date_in_the_past_is_now() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT", now) == 0
    assert retry_after(formatdate((now + timedelta(days=9)).timestamp(), usegmt=True), now) == AWAY


@given(st.binary(max_size=60))
def test_any_bytes_beside_a_download_are_an_edition_or_none(data: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        incoming = Incoming(Path(folder) / "x")
        incoming.path.write_bytes(b"x")
        (Path(folder) / "x.edition").write_bytes(data)
        assert incoming.edition("u") is None or data
