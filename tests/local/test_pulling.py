"""Images of clusters from registries that lie, fail, lead elsewhere or take their time: what is a gap, what is asked
again, who is sent what, and when it ends.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec
import pytest
from tests.adapters.registry.servers import Reply, Request, Server, basic, docker_config, free_port, of_layout
from tests.fleet.images.builder import INDEX, Files, file, for_platform, layer, layout

from oakum.adapters.registry.pull_secrets import Entries, entries
from oakum.errors import InputError
from oakum.errors import Place as Where
from oakum.fleet.assets import Asset, Gap
from oakum.fleet.cluster.images import parse
from oakum.fleet.cluster.pulls import Place, PullSecret, Wanted
from oakum.fleet.images.manifests import Platform
from oakum.local.image_cache import ImageCache
from oakum.local.pull_limits import FAILURES, Budget
from oakum.local.pull_secrets import PullSecrets
from oakum.local.pulling import MOST_KEYS, Puller, Told

AMD64 = Platform("amd64", "linux")
OS = file("etc/os-release", 'ID=debian\nVERSION_ID="12"\n')
DPKG = file("var/lib/dpkg/status", "Package: bash\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n\n")
FILES = [layout(layer(OS, DPKG, file("noise", f"{number}" * 3_000)), packing="") for number in range(8)]
LETS_IN = Reply(401, headers={"WWW-Authenticate": 'Basic realm="r"'})
Answer = Callable[[Request], Reply]


def digest(files: Files) -> str:
    return str(json.loads(files["index.json"])["manifests"][0]["digest"])


def layer_of(files: Files) -> str:
    manifest = json.loads(files[f"blobs/{digest(files).replace(':', '/')}"])
    return str(manifest["layers"][0]["digest"])


def want(
    host: str, number: int = 0, *, repository: str = "", secrets: Sequence[PullSecret] = (), wanted: str = ""
) -> Wanted:
    known = wanted or digest(FILES[number])
    reference = parse(f"{host}/{repository or f'web{number}'}@{known}")
    assert reference is not None
    places = (Place(reference, tuple(secrets)),)
    return Wanted(key=f"image/{known}", name=f"web{number}", digest=known, places=places, platforms=(AMD64,), pods=1)


def stocked(change: Mapping[str, Reply | Answer] = {}) -> Answer:
    """An honest registry with all images, each in its own repository, but for paths that end so."""
    honest = [of_layout(files, name=f"web{number}") for number, files in enumerate(FILES)]

    def answer(request: Request) -> Reply:
        for end, reply in change.items():
            if request.path.endswith(end):
                return reply(request) if callable(reply) else reply
        for each in honest:
            if (found := each(request)).status == 200:
                return found
        return Reply(404)

    return answer


class Given(PullSecrets):
    """Pull secrets that are known without a cluster; ``asked`` are those that were looked at."""

    def __init__(self, known: Mapping[PullSecret, Mapping[str, object]]) -> None:
        super().__init__("cluster")
        self._given = known
        self.asked: list[PullSecret] = []

    def entries(self, secret: PullSecret) -> Entries:
        self.asked.append(secret)
        if secret not in self._given:
            raise InputError("there is none", place=Where(f"Secret {secret}"))
        content = json.dumps({"auths": self._given[secret]}).encode()
        return entries("kubernetes.io/dockerconfigjson", content, Where(f"Secret {secret}"))


class Desk:
    """A puller and what it told."""

    def __init__(self, folder: Path) -> None:
        self.cache = ImageCache(folder / "pulled", "0123456789abcdef")
        self.told: list[Told] = []
        self._folder = folder

    def read(
        self,
        images: Sequence[Wanted],
        *hosts: Server | str,
        budget: Budget | None = None,
        secrets: PullSecrets | None = None,
    ) -> dict[str, Asset | Gap]:
        puller = Puller(
            budget or Budget(60, 1 << 30),
            self.cache,
            insecure=frozenset(host if isinstance(host, str) else host.host for host in hosts),
            tell=self.told.append,
            environment={"DOCKER_CONFIG": str(self._folder / "docker"), "PATH": os.environ["PATH"]},
        )
        return puller.read(images, secrets)

    @property
    def notes(self) -> list[str]:
        return [one.text for one in self.told if one.note]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    # One after another, so that what is asked can be counted.
    monkeypatch.setattr("oakum.local.pulling.PARALLEL", 1)
    return Desk(tmp_path)


def read(found: Mapping[str, Asset | Gap]) -> list[str]:
    return sorted(key for key, one in found.items() if isinstance(one, Asset) and one.packages.packages)


def gap(found: Mapping[str, Asset | Gap], image: Wanted) -> Gap:
    one = found[image.key]
    assert isinstance(one, Gap)
    assert (one.kind, one.what) == ("unread-image", image.name)
    assert one.remedy
    return one


def test_each_is_asked_for_once_and_never_again(desk: Desk) -> None:
    with Server(stocked()) as server:
        images = [want(server.host, number) for number in range(3)]
        found = desk.read(images, server)
        assert read(found) == sorted(image.key for image in images)
        paths = [request.path for request in server.asked if request.path != "/v2/"]
        assert len(paths) == len(set(paths)) == 9  # a manifest, a configuration and a layer of each
        server.asked.clear()
        assert desk.read(images, server) == found
        assert server.asked == []
    assert [one.done for one in desk.told] == [1, 2, 3, 1, 2, 3]


# What a registry does wrong.


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply(404), "there is no such image"),
        (Reply(403), "does not let this be read"),
        (Reply(418), "answers with 418"),
        (
            Reply(429, headers={"Retry-After": "3600"}),
            "too many requests from here, and asks to come back after 3600 s",
        ),
        (Reply(body=b"{}"), "its digest is"),
        (Reply(200, b"x" * 5_000_000), "larger than"),
    ],
    ids=["missing", "denied", "odd", "busy", "lie", "endless"],
)
def test_what_is_wrong_with_one_image_is_its_own_gap(desk: Desk, reply: Reply, why: str) -> None:
    bad = digest(FILES[0])
    with Server(stocked({bad: reply})) as server:
        images = [want(server.host, number) for number in range(3)]
        found = desk.read(images, server)
    assert why in gap(found, images[0]).why
    assert read(found) == sorted(image.key for image in images[1:])
    assert desk.notes == []


def test_a_layer_that_lies_is_refused_and_not_kept(desk: Desk) -> None:
    bad = layer_of(FILES[0])
    with Server(stocked({bad: Reply(body=b"x" * len(FILES[0][f"blobs/{bad.replace(':', '/')}"]))})) as server:
        image = want(server.host)
        for _ in range(2):
            assert f"layer {bad}: its digest is" in gap(desk.read([image], server), image).why
        assert len([request for request in server.asked if request.path.endswith(bad)]) == 2
    assert desk.cache.get(image.digest, AMD64) is None


def test_another_repository_is_asked_where_one_has_it_not(desk: Desk) -> None:
    with Server(stocked()) as server:
        one, other = want(server.host), want(server.host, repository="gone")
        image = msgspec.structs.replace(one, places=(*other.places, *one.places))
        assert read(desk.read([image], server)) == [image.key]


def test_a_registry_that_is_away_is_left_alone_and_that_is_told_once(desk: Desk) -> None:
    away = f"localhost:{free_port()}"
    with Server(stocked()) as server:
        lost = [want(away, number) for number in range(6)]
        found = desk.read([*lost, want(server.host, 7)], server, away)
    gaps = [gap(found, image) for image in lost]
    assert ["cannot be reached" in one.why for one in gaps] == [True] * 6
    assert ["was not asked any more" in one.why for one in gaps] == [False] * FAILURES + [True] * (6 - FAILURES)
    assert read(found) == [f"image/{digest(FILES[7])}"]
    (note,) = desk.notes
    assert note.startswith(f"{away} is not asked any more: it has failed {FAILURES} times: localhost cannot be reached")


def test_a_registry_that_is_too_busy_is_left_alone(desk: Desk) -> None:
    with Server(lambda _: Reply(429, headers={"Retry-After": "3600"})) as server:
        images = [want(server.host, number) for number in range(8)]
        found = desk.read(images, server)
        assert len([request for request in server.asked if "/manifests/" in request.path]) == FAILURES
    assert len([1 for image in images if "was not asked any more" in gap(found, image).why]) == 8 - FAILURES


@pytest.mark.parametrize("given", [None, "wrong"], ids=["none", "wrong"])
def test_refusals_are_counted_for_those_that_ask_alike(desk: Desk, tmp_path: Path, given: str | None) -> None:
    """Three without a secret are let in nowhere; one with a secret is asked for all the same."""
    secret = PullSecret("shop", "regcred")
    with Server(guarded) as server:
        if given:
            docker_config(tmp_path / "docker", {"auths": {server.host: {"auth": basic("me", given)}}})
        refused = [want(server.host, number) for number in range(5)]
        let_in = want(server.host, 5, secrets=[secret])
        secrets = Given({secret: {server.host: {"auth": basic()}}})
        found = desk.read([*refused, let_in], server, secrets=secrets)
    assert read(found) == [let_in.key]
    asked = ["was not asked any more" not in gap(found, image).why for image in refused]
    assert asked == [True] * FAILURES + [False] * (5 - FAILURES)
    (note,) = desk.notes
    assert note.startswith(f"{server.host} with no pull secret is not asked any more")


def test_what_is_not_for_us_does_not_keep_the_rest_away(desk: Desk) -> None:
    """A server of tokens lets everybody have some repositories, and says of all others that they want credentials."""

    def answer(request: Request) -> Reply:
        if request.path.startswith("/token"):
            return Reply(body=json.dumps({"token": "let-in" if "web7" in request.path else "nothing"}).encode())
        if request.headers.get("authorization") == "Bearer let-in":
            return stocked()(request)
        realm = f'Bearer realm="http://{request.headers["host"]}/token",service="s"'
        return Reply(401, headers={"WWW-Authenticate": realm})

    with Server(answer) as server:
        images = [want(server.host, number) for number in range(8)]
        found = desk.read(images, server)
    assert read(found) == [images[7].key]
    assert all("wants credentials, and none are known" in gap(found, image).why for image in images[:7])
    assert desk.notes == []


# Who is sent what.


def guarded(request: Request) -> Reply:
    return stocked()(request) if request.headers.get("authorization") == f"Basic {basic()}" else LETS_IN


def sent(server: Server) -> set[str]:
    return {value for request in server.asked if (value := request.headers.get("authorization", ""))}


MINE, OTHERS = PullSecret("shop", "mine"), PullSecret("other", "theirs")


def test_ones_own_credentials_go_before_the_secrets_of_pods(desk: Desk, tmp_path: Path) -> None:
    with Server(guarded) as server:
        docker_config(tmp_path / "docker", {"auths": {server.host: {"auth": basic()}}})
        secrets = Given({MINE: {server.host: {"auth": basic("pod", "x")}}})
        image = want(server.host, secrets=[MINE])
        assert read(desk.read([image], server, secrets=secrets)) == [image.key]
        assert (sent(server), secrets.asked) == ({f"Basic {basic()}"}, [])


def test_a_secret_goes_in_where_ones_own_credentials_do_not(desk: Desk, tmp_path: Path) -> None:
    with Server(guarded) as server:
        docker_config(tmp_path / "docker", {"auths": {server.host: {"auth": basic("me", "old")}}})
        image = want(server.host, secrets=[MINE, OTHERS])
        known = {MINE: {server.host: {"auth": basic("pod", "old")}}, OTHERS: {server.host: {"auth": basic()}}}
        assert read(desk.read([image], server, secrets=Given(known))) == [image.key]


def test_a_broken_configuration_of_ones_own_does_not_keep_the_secrets_away(desk: Desk, tmp_path: Path) -> None:
    with Server(guarded) as server:
        docker_config(tmp_path / "docker", {"auths": 5})
        image = want(server.host, secrets=[MINE])
        given = Given({MINE: {server.host: {"auth": basic()}}})
        assert read(desk.read([image], server, secrets=given)) == [image.key]
        image = want(server.host, 1)
        assert "config.json: no configuration of Docker" in gap(desk.read([image], server), image).why


def test_a_secret_is_sent_to_the_host_that_it_names_and_for_its_own_image(desk: Desk) -> None:
    with Server(guarded) as server, Server(guarded) as other:
        secrets = Given({MINE: {other.host: {"auth": basic()}}, OTHERS: {server.host: {"auth": basic()}}})
        images = [want(server.host, 0, secrets=[MINE]), want(server.host, 1)]
        found = desk.read(images, server, other, secrets=secrets)
        assert read(found) == []
        assert (sent(server), other.asked, secrets.asked) == (set(), [], [MINE])


def test_a_secret_does_not_follow_to_where_a_registry_leads(desk: Desk) -> None:
    with Server(stocked()) as storage:

        def elsewhere(request: Request) -> Reply:
            if "/blobs/" in request.path and request.headers.get("authorization"):
                return Reply(307, headers={"Location": f"http://{storage.host}{request.path}"})
            return guarded(request)

        with Server(elsewhere) as server:
            image = want(server.host, secrets=[MINE])
            given = Given({MINE: {server.host: {"auth": basic()}}})
            assert read(desk.read([image], server, storage, secrets=given)) == [image.key]
        assert sent(server) == {f"Basic {basic()}"}
    assert storage.asked
    assert sent(storage) == set()


def test_wrong_credentials_are_given_once_each_and_not_too_many(desk: Desk) -> None:
    spaces = [PullSecret(f"shop-{number}", "regcred") for number in range(40)]
    with Server(guarded) as server:
        given = Given(
            {one: {server.host: {"auth": basic("pod", f"old-{number % 3}")}} for number, one in enumerate(spaces)}
        )
        image = want(server.host, secrets=spaces)
        gap(desk.read([image], server, secrets=given), image)
        assert len([1 for request in server.asked if "authorization" in request.headers]) == 3
        server.asked.clear()
        given = Given({one: {server.host: {"auth": basic(one.namespace)}} for one in spaces})
        gap(desk.read([image], server, secrets=given), image)
        assert len([1 for request in server.asked if "authorization" in request.headers]) == MOST_KEYS


def test_no_secret_is_looked_at_where_nobody_asks(desk: Desk) -> None:
    with Server(stocked()) as server:
        secrets = Given({})
        image = want(server.host, secrets=[MINE])
        assert read(desk.read([image], server, secrets=secrets)) == [image.key]
        # That an image is not there is believed where nobody has asked who wants it.
        missing = want(server.host, repository="gone", secrets=[MINE], wanted="sha256:" + "0" * 64)
        assert "there is no such image" in gap(desk.read([missing], server, secrets=secrets), missing).why
        assert secrets.asked == []


# Limits.


def test_what_does_not_fit_is_left_out_before_its_layers_come(desk: Desk) -> None:
    with Server(stocked()) as server:
        images = [want(server.host, number) for number in range(3)]
        size = len(FILES[0][f"blobs/{layer_of(FILES[0]).replace(':', '/')}"])
        found = desk.read(images, server, budget=Budget(60, 2 * size))
        assert read(found) == [images[0].key]
        layers = [request for request in server.asked if request.path.endswith(layer_of(FILES[1]))]
        assert layers == []
    assert "(--pull-bytes)" in gap(found, images[1]).why
    assert "not pulled twice" in gap(found, images[1]).remedy


def test_a_small_one_still_fits_after_a_large_one_did_not(desk: Desk) -> None:
    large = layout(layer(OS, file("noise", os.urandom(90_000))), packing="")
    with Server(of_layout(large, name="large")) as one, Server(stocked()) as other:
        images = [want(one.host, repository="large", wanted=digest(large)), want(other.host, 1)]
        found = desk.read(images, one, other, budget=Budget(60, 60_000))
    assert read(found) == [images[1].key]


def test_a_manifest_that_lies_about_sizes_is_told_as_that(desk: Desk) -> None:
    """One that an index leads to: what it says of sizes counts for nothing before its digest is compared."""
    files = Files()
    one = files.image([layer(OS, DPKG)], packing="", **for_platform("linux/amd64"))
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [one]}
    files.index(files.document(index, INDEX))
    manifest = json.loads(files[f"blobs/{one['digest'].replace(':', '/')}"])
    manifest["layers"][0]["size"] = 1 << 34
    lie = Reply(body=json.dumps(manifest).encode(), headers={"Content-Type": manifest["mediaType"]})
    honest = of_layout(files, name="web")
    with Server(lambda request: lie if request.path.endswith(one["digest"]) else honest(request)) as server:
        image = want(server.host, repository="web", wanted=digest(files))
        why = gap(desk.read([image], server, budget=Budget(60, 1 << 20)), image).why
    assert f"blob {one['digest']}: it has more bytes" in why or "its digest is" in why
    assert "--pull-bytes" not in why


def test_what_was_set_aside_and_did_not_come_is_left_for_others(desk: Desk) -> None:
    size = sum(len(data) for path, data in FILES[0].items() if path.startswith("blobs/"))
    with Server(stocked({layer_of(FILES[0]): Reply(404)})) as server:
        images = [want(server.host, number) for number in range(2)]
        found = desk.read(images, server, budget=Budget(60, size + 1500))
    assert read(found) == [images[1].key]
    lost = found[images[0].key]
    assert isinstance(lost, Asset)
    assert [each.why for each in lost.gaps] == ["it is missing"]


def test_when_the_time_is_over_the_rest_is_left_out_and_what_was_read_stays(desk: Desk) -> None:
    now = [0.0]

    def slow(request: Request) -> Reply:
        if request.path.endswith(layer_of(FILES[1])):
            now[0] += 100
        return stocked()(request)

    with Server(slow) as server:
        images = [want(server.host, number) for number in range(4)]
        found = desk.read(images, server, budget=Budget(60, 1 << 30, lambda: now[0]))
        assert not [request for request in server.asked if "/web2/" in request.path]
        assert read(found) == [images[0].key]
        assert all("1 min for pulling images (--pull-budget) were over" in gap(found, one).why for one in images[1:])
        # The first is known, and the others are read with new time.
        assert len(read(desk.read(images, server))) == 4
        assert len([1 for request in server.asked if request.path.endswith(layer_of(FILES[0]))]) == 1


@pytest.mark.parametrize("hanging", ["head", "layer"])
def test_a_server_that_hangs_is_given_up_when_the_time_is_over(desk: Desk, hanging: str) -> None:
    end = "/" + (digest(FILES[0]) if hanging == "head" else layer_of(FILES[0]))
    begun = time.monotonic()

    def slow(request: Request) -> Reply:
        reply = stocked()(request)
        if not request.path.endswith(end):
            return reply
        if hanging == "head":
            time.sleep(8)
        return reply._replace(pause=0.01)  # seconds for each byte: a minute and more

    with Server(slow) as server:
        images = [want(server.host, number) for number in range(2)]
        found = desk.read(images, server, budget=Budget(1, 1 << 30))
        assert time.monotonic() - begun < 7
    assert read(found) == []
    assert "--pull-budget" in gap(found, images[1]).why


def test_an_interruption_ends_what_is_at_work(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oakum.local.pulling.PARALLEL", 2)

    def interrupted(_: Told) -> None:
        raise KeyboardInterrupt

    with Server(stocked()) as server:
        puller = Puller(Budget(60, 1 << 30), desk.cache, insecure=frozenset([server.host]), tell=interrupted)
        with pytest.raises(KeyboardInterrupt):
            puller.read([want(server.host, number) for number in range(8)])
        assert len({request.path.split("/")[2] for request in server.asked if "/web" in request.path}) < 8


def test_a_layer_that_cannot_be_read_here_is_not_kept(desk: Desk) -> None:
    odd = layout(b"BZh9 no archive that is read here", packing="")
    with Server(of_layout(odd)) as server:
        image = want(server.host, repository="web", wanted=digest(odd))
        one = desk.read([image], server)[image.key]
    assert isinstance(one, Asset)
    assert [each.kind for each in one.gaps] == ["unread-image"]
    assert desk.cache.get(image.digest, AMD64) is None


def test_an_image_without_a_name_of_a_registry_is_a_gap(desk: Desk) -> None:
    image = Wanted(key="image/ref:x", name="x", digest="", places=(), platforms=(AMD64,), pods=1)
    assert "no registry is known" in gap(desk.read([image]), image).why
