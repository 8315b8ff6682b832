"""Registries that lie, break off, lead elsewhere or never end: refused with the blob's name, and no secret told."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from tests.adapters.registry.servers import Reply, Request, Server, basic, docker_config, free_port, of_layout
from tests.fleet.images.builder import Files, digest, file, layer, layout

from oakum.adapters.files.zstd import unpackers
from oakum.adapters.http.waiting import ATTEMPTS, Clockwork
from oakum.adapters.registry import held
from oakum.adapters.registry.credentials import Credentials
from oakum.adapters.registry.images import Repository
from oakum.adapters.registry.wire import REDIRECTS, Patience
from oakum.cli.main import main
from oakum.errors import InputError, LimitError
from oakum.fleet.cluster.images import parse
from oakum.fleet.images.choice import Choice
from oakum.fleet.images.manifests import DOCUMENT_LIMIT, ChangedError
from oakum.fleet.images.reading import Image, read_described
from oakum.fleet.images.sources import UnreachedError
from oakum.fleet.images.stacking import Means

ONE = layer(file("etc/os-release", "ID=one\n"), file("noise", os.urandom(200_000)))
FILES = layout(ONE)
HONEST = of_layout(FILES)
MANIFEST = json.loads(FILES["index.json"])["manifests"][0]["digest"]
_DOCUMENT = json.loads(FILES[f"blobs/{MANIFEST.replace(':', '/')}"])
LAYER, CONFIG = _DOCUMENT["layers"][0]["digest"], _DOCUMENT["config"]["digest"]
SECRET = "hush-hush"


class World:
    """A clock whose waiting takes no time and is kept."""

    def __init__(self) -> None:
        self.waited: list[float] = []

    @property
    def clock(self) -> Clockwork:
        return Clockwork(sleep=self.waited.append, chance=lambda: 0.5)


def pull(
    server: Server | str,
    world: World | None = None,
    *,
    known: Credentials | None = None,
    patience: Patience | None = None,
    insecure: frozenset[str] = frozenset(),
    name: str = "web:1",
) -> Image:
    host = server if isinstance(server, str) else server.host
    reference = parse(f"{host}/{name}")
    assert reference is not None
    clock = (world or World()).clock
    with Repository(reference, insecure=insecure, known=lambda: known, clock=clock, patience=patience) as repository:
        return read_described(
            repository.described(), repository, Choice(), Means(unpackers()), "there", form="registry image"
        ).image()


def but(changed: Mapping[str, Callable[[Request], Reply] | Reply]) -> Callable[[Request], Reply]:
    """An honest registry but for the paths that end so."""

    def answer(request: Request) -> Reply:
        for end, reply in changed.items():
            if request.path.partition("?")[0].endswith(end):
                return reply if isinstance(reply, Reply) else reply(request)
        return HONEST(request)

    return answer


def blob(wanted: str) -> bytes:
    return FILES[f"blobs/{wanted.replace(':', '/')}"]


@pytest.fixture(autouse=True)
def neutral(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))


def test_the_honest_one_is_read() -> None:
    with Server(HONEST) as server:
        image = pull(server)
    assert image.tree is not None
    assert image.tree.read("/etc/os-release", 100) == b"ID=one\n"
    assert (image.digest, image.gaps) == (MANIFEST, ())
    assert [request.path for request in server.asked] == [
        "/v2/",
        "/v2/web/manifests/1",
        f"/v2/web/blobs/{CONFIG}",
        f"/v2/web/blobs/{LAYER}",
    ]
    assert not any("authorization" in request.headers for request in server.asked)


# What lies.


def flipped(data: bytes) -> bytes:
    return data[:-9] + bytes([data[-9] ^ 1]) + data[-8:]


@pytest.mark.parametrize("wanted", [LAYER, CONFIG], ids=["layer", "configuration"])
def test_a_blob_with_other_bytes_is_refused_by_its_name(wanted: str) -> None:
    with (
        Server(but({wanted: Reply(body=flipped(blob(wanted)))})) as server,
        pytest.raises(ChangedError, match=rf"there: (layer|blob) {wanted}: its digest is .*, not {wanted}"),
    ):
        pull(server)


@pytest.mark.parametrize(
    ("body", "told"),
    [(blob(LAYER)[:-1], "has \\d+ bytes where its descriptor says"), (blob(LAYER) + b"x", "it has more bytes")],
    ids=["shorter", "longer"],
)
def test_a_layer_of_another_length_is_refused_by_its_name(body: bytes, told: str) -> None:
    with (
        Server(but({LAYER: Reply(body=body)})) as server,
        pytest.raises(ChangedError, match=f"layer {LAYER}: .*{told}"),
    ):
        pull(server)


def test_a_manifest_with_another_digest_is_refused() -> None:
    other = flipped(blob(MANIFEST))
    told = {"Content-Type": _DOCUMENT["mediaType"], "Docker-Content-Digest": MANIFEST}
    with (
        Server(but({"manifests/1": Reply(body=other, headers=told)})) as server,
        pytest.raises(ChangedError, match=f"{server.host}/web:1: manifest: its digest is .*, not {MANIFEST}"),
    ):
        pull(server)
    # A server that tells no digest of its own is still held to the one that was asked for.
    told = {"Content-Type": _DOCUMENT["mediaType"]}
    with (
        Server(but({MANIFEST: Reply(body=other, headers=told)})) as server,
        pytest.raises(ChangedError, match="manifest"),
    ):
        pull(server, name=f"web@{MANIFEST}")


def test_a_manifest_in_an_index_is_held_to_the_digest_there() -> None:
    files = Files()
    inner = files.image([ONE])
    index = files.document({"schemaVersion": 2, "manifests": [inner]}, "application/vnd.oci.image.index.v1+json")
    honest = of_layout(files.index(index))
    lie = Reply(body=flipped(files[f"blobs/{inner['digest'].replace(':', '/')}"]), headers={"Content-Type": MANIFEST})
    with (
        Server(lambda request: lie if inner["digest"] in request.path else honest(request)) as server,
        pytest.raises(ChangedError, match=f"blob {inner['digest']}: its digest is"),
    ):
        pull(server)
    with Server(honest) as server:
        assert pull(server).digest == inner["digest"]


def test_a_huge_manifest_is_not_read_to_its_end() -> None:
    # Whoever reads on finds that it breaks off.
    body = b"{" + b" " * (DOCUMENT_LIMIT + (1 << 20))
    endless = Reply(body=body, headers={"Content-Length": str(1 << 40)}, cut=len(body))
    with Server(but({"manifests/1": endless})) as server, pytest.raises(LimitError, match="larger than 4 MB"):
        pull(server)


def test_what_is_no_image_is_said() -> None:
    for kind, told in (
        ("application/vnd.docker.distribution.manifest.v1+prettyjws", "is no image manifest that is known here"),
        ("text/html", "is no image manifest that is known here"),
        (_DOCUMENT["mediaType"], "not understood"),
    ):
        reply = Reply(body=b"<html>", headers={"Content-Type": kind})
        with Server(but({"manifests/1": reply})) as server, pytest.raises(InputError, match=told):
            pull(server)


def test_a_registry_that_tells_no_media_type_is_asked_by_the_document() -> None:
    files = Files()
    described = files.image([ONE])
    manifest = json.loads(files[f"blobs/{described['digest'].replace(':', '/')}"])
    # What a configuration is called comes first here, and is not what the document is.
    text = json.dumps({"config": manifest.pop("config"), **manifest}).encode()
    honest = of_layout(files.index(described))
    reply = Reply(body=text, headers={"Content-Type": "application/json"})
    with Server(lambda request: reply if request.path.endswith("manifests/1") else honest(request)) as server:
        assert pull(server).digest == digest(text)


def test_a_layer_that_is_missing_leaves_nothing_to_be_said() -> None:
    with Server(but({LAYER: Reply(404)})) as server:
        image = pull(server)
    assert image.tree is None
    assert [(gap.kind, gap.what, gap.why) for gap in image.gaps] == [
        ("unread-image", f"layer {LAYER}", "it is missing")
    ]


# What breaks off, and what never ends.


def test_a_layer_that_breaks_off_is_gone_on_with() -> None:
    data = blob(LAYER)

    def broken(request: Request) -> Reply:
        begun = re.fullmatch(r"bytes=(\d+)-", request.headers.get("range", ""))
        start = int(begun[1]) if begun else 0
        headers = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}
        return Reply(206 if begun else 200, data[start:], headers, cut=90_000)

    world = World()
    with Server(but({LAYER: broken})) as server:
        assert pull(server, world).tree is not None
    ranges = [request.headers.get("range") for request in server.asked if request.path.endswith(LAYER)]
    assert ranges[0] is None
    assert len(ranges) == 3
    assert world.waited == [0.75, 1.5]


@pytest.mark.parametrize("stated", ["bytes 0-9/10", "nothing", ""])
def test_a_part_of_something_else_is_not_added(stated: str) -> None:
    data, asked = blob(LAYER), []

    def strange(request: Request) -> Reply:
        asked.append(request.headers.get("range"))
        if len(asked) == 1:
            return Reply(body=data, cut=1000)
        return Reply(206, data[:10], {"Content-Range": stated}) if asked[-1] else Reply(body=data)

    with Server(but({LAYER: strange})) as server:
        assert pull(server).tree is not None
    assert asked == [None, "bytes=1000-", None]


def test_a_length_that_is_never_reached_is_refused() -> None:
    lie = Reply(body=blob(LAYER), headers={"Content-Length": str(len(blob(LAYER)) + 100)}, cut=len(blob(LAYER)))
    with Server(but({LAYER: lie})) as server, pytest.raises(UnreachedError, match=f"there: layer {LAYER}: "):
        pull(server)


def test_a_layer_that_always_breaks_off_is_no_gap_but_an_error() -> None:
    with (
        Server(but({LAYER: lambda _: Reply(body=blob(LAYER), cut=1000)})) as server,
        pytest.raises(UnreachedError, match=f"there: layer {LAYER}: .*the connection broke off"),
    ):
        pull(server)
    assert sum(request.path.endswith(LAYER) for request in server.asked) == ATTEMPTS


def test_a_trickle_is_not_waited_for() -> None:
    begun = time.monotonic()
    slow = Reply(body=blob(LAYER), pause=0.05)
    with Server(but({LAYER: slow})) as server, pytest.raises(UnreachedError, match=f"layer {LAYER}: .*too slow"):
        pull(server, patience=Patience(3.0, 1 << 10))
    assert time.monotonic() - begun < 60


def test_a_head_that_never_comes_is_not_waited_for() -> None:
    def silent(request: Request) -> Reply:
        time.sleep(3)
        return HONEST(request)

    with Server(but({"manifests/1": silent})) as server, pytest.raises(UnreachedError, match=r"too slow|in time"):
        pull(server, patience=Patience(0.3, 1 << 30))


def test_the_head_of_a_large_layer_is_not_waited_for_as_long_as_its_body() -> None:
    def silent(_: Request) -> Reply:
        time.sleep(5)
        return Reply(body=blob(LAYER))

    with Server(but({LAYER: silent})) as server, pytest.raises(UnreachedError, match=f"layer {LAYER}: .*in time"):
        pull(server, patience=Patience(1.5, 1))


@pytest.mark.parametrize(("code", "asks", "waits"), [(429, "7", 7.0), (503, "", 0.75), (500, "soon", 0.75)])
def test_who_is_sent_away_comes_back_when_it_was_told(code: int, asks: str, waits: float) -> None:
    seen = []

    def busy(request: Request) -> Reply:
        seen.append(request)
        return Reply(code, headers={"Retry-After": asks} if asks else {}) if len(seen) == 1 else HONEST(request)

    world = World()
    with Server(but({"manifests/1": busy})) as server:
        assert pull(server, world).digest == MANIFEST
    assert world.waited == [waits]


def test_who_is_sent_away_for_long_says_so() -> None:
    world = World()
    with (
        Server(but({"manifests/1": Reply(429, headers={"Retry-After": "3600"})})) as server,
        pytest.raises(UnreachedError, match="too many requests from here, and asks to come back after 3600 s"),
    ):
        pull(server, world)
    assert not world.waited


@pytest.mark.parametrize("code", [403, 418])
def test_a_refusal_of_a_layer_is_an_error(code: int) -> None:
    with Server(but({LAYER: Reply(code)})) as server, pytest.raises(UnreachedError, match=f"layer {LAYER}"):
        pull(server)


def test_nobody_there_is_said() -> None:
    with pytest.raises(UnreachedError, match=r"cannot be reached: .*refused"):
        pull(f"localhost:{free_port()}", world := World())
    assert not world.waited, "who has never answered is not asked again"


# Where it leads, and what goes along.


def moved(there: str, code: int = 307) -> Reply:
    return Reply(code, headers={"Location": there, "Set-Cookie": "session=hush-hush"})


def guarded(request: Request) -> Reply | None:
    """The challenge of a registry that wants a password."""
    if request.headers.get("authorization") == f"Basic {basic()}":
        return None
    return Reply(401, headers={"WWW-Authenticate": 'Basic realm="of the test"'})


READER = Credentials("reader", "correct horse")


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_storage_elsewhere_is_followed_and_gets_no_credentials(code: int) -> None:
    with Server(HONEST) as storage:
        there = f"http://127.0.0.1:{storage.port}/v2/web/blobs/{LAYER}?signature={SECRET}"
        answer = but({LAYER: moved(there, code)})
        with Server(lambda request: guarded(request) or answer(request)) as server:
            assert pull(server, known=READER).tree is not None
    (asked,) = storage.asked
    assert asked.path.endswith(f"{LAYER}?signature={SECRET}")
    assert "authorization" not in asked.headers
    assert "cookie" not in asked.headers
    assert all("authorization" in request.headers for request in server.asked[2:])


def test_storage_elsewhere_may_not_ask_for_credentials() -> None:
    challenge = {"WWW-Authenticate": 'Basic realm="of somebody else"'}
    with Server(lambda _: Reply(401, headers=challenge)) as storage:
        answer = but({LAYER: moved(f"http://127.0.0.1:{storage.port}/there")})
        with (
            Server(lambda request: guarded(request) or answer(request)) as server,
            pytest.raises(UnreachedError, match=r"127\.0\.0\.1 answers with 401"),
        ):
            pull(server, known=READER)
    assert len(storage.asked) == 1
    assert "authorization" not in storage.asked[0].headers


def test_an_endless_redirect_ends() -> None:
    with (
        Server(but({LAYER: lambda request: moved(request.path)})) as server,
        pytest.raises(UnreachedError, match=f"layer {LAYER}: leads from address to address"),
    ):
        pull(server)
    assert sum(request.path.endswith(LAYER) for request in server.asked) == REDIRECTS + 1


@pytest.mark.parametrize(
    "there",
    [
        "http://registry.invalid/x",
        "ftp://localhost/x",
        "file:///etc/passwd",
        f"https://u:{SECRET}@localhost/",
        "http://[",
        "//",
        "https://localhost:99999/",
        "https://" + "a" * 64 + "/",
    ],
)
def test_no_redirect_leads_where_nothing_may_be_asked(there: str) -> None:
    with Server(but({LAYER: moved(there)})) as server, pytest.raises(UnreachedError) as told:
        pull(server)
    assert SECRET not in str(told.value)


def test_plain_http_is_for_this_machine_and_for_hosts_that_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # A name that leads here without being known to.
    import socket

    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *more, **words: real("127.0.0.1" if "mirror" in str(host) else host, *more, **words),
    )
    with Server(HONEST) as server:
        host = f"mirror.test:{server.port}"
        with pytest.raises(UnreachedError, match="cannot be reached"):
            pull(host)
        assert not server.asked
        assert pull(host, insecure=frozenset({host})).digest == MANIFEST
        server.asked.clear()
        words = ["scan", f"image:{host}/web:1", "--data", str(tmp_path), "--insecure-registry"]
        assert main([*words, f"http://{host}"]) == 2
        assert not server.asked
        assert main([*words, "elsewhere.test", "--insecure-registry", host]) == 3, "without feeds nothing is assessed"
        assert server.asked


def test_no_proxy_stands_between_this_machine_and_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    with Server(HONEST) as server:
        for host in (server.host, f"127.0.0.1:{server.port}"):
            assert pull(host).digest == MANIFEST


# Tokens.


def token_world(told: Callable[[Request], Reply]) -> tuple[Server, Callable[[Request], Reply], list[str]]:
    """A server of tokens; an honest registry that takes each token it gives ``uses`` times; the tokens."""
    valid: list[str] = []
    server = Server(told)

    def answer(request: Request) -> Reply:
        if request.path == "/v2/" or (valid and request.headers.get("authorization") == f"Bearer {valid[-1]}"):
            return HONEST(request)
        realm = (
            f'Bearer realm="http://localhost:{server.port}/token?a=b",service="s&t",scope="repository:web:pull,push"'
        )
        return Reply(401, headers={"WWW-Authenticate": realm})

    return server, answer, valid


def test_a_token_that_ends_on_the_way_is_followed_by_another() -> None:
    def told(_: Request) -> Reply:
        valid.append(f"token-{len(valid)}")
        return Reply(body=json.dumps({"token": valid[-1]}).encode())

    tokens, answer, valid = token_world(told)

    def ending(request: Request) -> Reply:
        reply = answer(request)
        if reply.status == 200 and request.path != "/v2/":
            valid.append("ended")
        return reply

    with tokens, Server(ending) as server:
        assert pull(server).digest == MANIFEST
    assert len(tokens.asked) == 3
    # Nothing but pulling is asked for, whatever the registry says.
    assert {request.path for request in tokens.asked} == {"/token?a=b&scope=repository%3Aweb%3Apull&service=s%26t"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"token": ""}',
        b'{"token": "a b"}',
        b'{"token": "a\\r\\nX: y"}',
        b'{"token": 1}',
        b"[" * 99_999,
        b"x" * (2 << 20),
    ],
)
def test_what_is_no_token_is_not_used(body: bytes) -> None:
    tokens, answer, _ = token_world(lambda _: Reply(body=body))
    with tokens, Server(answer) as server, pytest.raises(UnreachedError, match="localhost gave no token"):
        pull(server)


def test_a_server_of_tokens_that_is_busy_is_asked_again() -> None:
    seen = []

    def told(request: Request) -> Reply:
        seen.append(request)
        if len(seen) == 1:
            return Reply(429, headers={"Retry-After": "3"})
        valid.append("one")
        return Reply(body=b'{"access_token": "one"}')

    tokens, answer, valid = token_world(told)
    world = World()
    with tokens, Server(answer) as server:
        assert pull(server, world).digest == MANIFEST
    assert world.waited == [3.0]


@pytest.mark.parametrize(
    "realm", ["http://registry.invalid/", "https://user:hush-hush@localhost/", "nonsense", "file:///x"]
)
def test_a_realm_that_may_not_be_asked_gets_no_credentials(realm: str) -> None:
    challenge = {"WWW-Authenticate": f'Bearer realm="{realm}"'}
    with (
        Server(lambda request: HONEST(request) if request.path == "/v2/" else Reply(401, headers=challenge)) as server,
        pytest.raises(UnreachedError, match="names no server of tokens that may be asked") as told,
    ):
        pull(server, known=READER)
    assert SECRET not in str(told.value)


def test_a_challenge_of_an_unknown_kind_is_said() -> None:
    with (
        Server(lambda _: Reply(401, headers={"WWW-Authenticate": "Negotiate abc=="})) as server,
        pytest.raises(UnreachedError, match="in a way that is not known here"),
    ):
        pull(server, known=READER)


# Secrets and bounds.


def test_no_secret_is_told_by_errors_or_logs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    challenge = Reply(401, headers={"WWW-Authenticate": f'Basic realm="{SECRET}"'}, body=SECRET.encode())
    with Server(lambda request: challenge) as server:
        docker_config(tmp_path, {"auths": {server.host: {"auth": basic("reader", SECRET)}}})
        assert main(["scan", f"image:{server.host}/web:1"]) == 2
    told = capsys.readouterr()
    assert "does not take the credentials" in told.err
    for text in (told.err, told.out, caplog.text):
        assert SECRET not in text
        assert basic("reader", SECRET) not in text
    assert SECRET not in repr(Credentials("reader", SECRET, SECRET, SECRET))


def test_no_signed_address_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Server(HONEST) as storage:
        there = f"http://127.0.0.1:{storage.port}/v2/web/blobs/{LAYER}?signature={SECRET}"
        with Server(but({LAYER: moved(there)})) as server:
            pull(server)
        for lie in (moved(f"http://127.0.0.1:1/x?signature={SECRET}"), moved(there.replace("/web/", "/other/"))):
            with Server(but({LAYER: lie})) as server:
                try:
                    assert pull(server).gaps
                except UnreachedError as error:
                    assert SECRET not in str(error)
    assert SECRET not in caplog.text


def test_all_that_is_kept_is_gone_at_once_and_is_nobody_elses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    piece = held.Held().piece()
    piece.write(b"abc")
    assert not list(tmp_path.iterdir())
    assert os.fstat(piece._held.descriptor).st_mode & 0o077 == 0
    assert (piece.read_at(1, 10), piece.read_at(3, 1), piece.read_at(9, 1)) == (b"bc", b"", b"")


def test_pieces_stand_behind_each_other_and_may_begin_anew() -> None:
    kept = held.Held(limit=10)
    first = kept.piece()
    first.write(b"broken")
    first.restart()
    first.write(b"one")
    second = kept.piece()
    second.write(b"two")
    assert (first.read_at(0, 9), second.read_at(0, 9)) == (b"one", b"two")
    with pytest.raises(LimitError):
        second.write(b"three")


def test_a_disk_without_room_is_an_error_and_no_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with Server(HONEST) as server:
        monkeypatch.setattr(os, "pwrite", full)
        with pytest.raises(UnreachedError, match=r"No space left on device.*TMPDIR"):
            pull(server)


#: A scan in a process of its own, and by how many MB it has grown at its peak.
MEASURE = """
import re, sys
from pathlib import Path
from oakum.local.targets import read_target
peak = lambda: int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
read_target(sys.argv[1])
before = peak()
read_target(sys.argv[2])
print(peak() - before >> 10)
"""


def test_memory_does_not_grow_with_the_image() -> None:
    noise = os.urandom(1 << 20)
    small, large = (
        of_layout(layout(layer(file("etc/os-release", "ID=debian\n"), *(file(f"d/{n}", noise) for n in range(count)))))
        for count in (1, 60)
    )
    with Server(small) as one, Server(large) as other:
        words = [f"image:{server.host}/web:1" for server in (one, other)]
        done = subprocess.run([sys.executable, "-c", MEASURE, *words], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 16
