"""``oakum scan`` of clusters whose images are read from real registries (Debian's docker-registry)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.adapters.kubernetes.faults import Between
from tests.adapters.registry.servers import HTPASSWD, Tokens, basic, docker_config, push, registry, skopeo
from tests.cli.pulls import Api, account, dump, exposed, namespace, node, pod, pull_secret
from tests.fleet.images.builder import Files, file, for_platform, layer, named

from oakum.cli.main import main

Json = dict[str, Any]
Scan = Callable[..., Json]
NOW = "2026-09-01T12:00:00Z"
OS = file("etc/os-release", 'ID=debian\nVERSION_ID="12"\n')
SECRET = "correct horse"
INDEX = "application/vnd.oci.image.index.v1+json"


def installed(**packages: str) -> bytes:
    text = "Package: {}\nStatus: install ok installed\nVersion: {}\nArchitecture: amd64\n\n"
    return layer(OS, file("var/lib/dpkg/status", "".join(text.format(*each) for each in packages.items())))


class Stock(NamedTuple):
    """A storage with images in it, and their digests by name."""

    storage: Path
    digests: dict[str, str]


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Stock:
    """``team/web:1``, ``team/api:1``, ``other/db:1``, and ``team/all:1`` of two platforms with different packages."""
    folder = tmp_path_factory.mktemp("stock")
    made = {name: Files() for name in ("team/web", "team/api", "other/db", "team/all")}
    for name, packages in (("team/web", {"openssl": "1"}), ("team/api", {"zlib": "1"}), ("other/db", {"pg": "1"})):
        made[name].index(made[name].image([installed(**packages)], **named("1")))
    both = made["team/all"]
    listed = [
        both.image([installed(**packages)], built_for=built_for, **for_platform(built_for))
        for built_for, packages in (("linux/amd64", {"intel": "1"}), ("linux/arm64", {"acorn": "1"}))
    ]
    both.index(both.document({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed}, INDEX, **named("1")))
    digests = {}
    with registry(folder / "run", folder / "storage") as host:
        for name, files in made.items():
            files.write(folder / name)
            push(f"oci:{folder}/{name}:1", host, f"{name}:1", "--preserve-digests")
            found = json.loads(skopeo("inspect", "--tls-verify=false", f"docker://{host}/{name}:1"))
            digests[name] = found["Digest"]
    return Stock(folder / "storage", digests)


@pytest.fixture(scope="module")
def open_to_all(stock: Stock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with registry(tmp_path_factory.mktemp("open"), stock.storage) as host:
        yield host


@pytest.fixture(scope="module")
def locked(stock: Stock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("locked")
    (folder / "htpasswd").write_text(HTPASSWD)
    auth = {"htpasswd": {"realm": "of the test", "path": str(folder / "htpasswd")}}
    with registry(folder, stock.storage, auth=auth) as host:
        yield host


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's own credentials, proxies and data count here."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.setenv("OAKUM_DATA", str(tmp_path / "data"))
    # One advisory, so that findings can be counted.
    affected = [{"package": {"ecosystem": "Debian:12", "name": "openssl"}, "ranges": [RANGE]}]
    record = {"id": "DSA-1", "modified": "2026-08-01T00:00:00Z", "affected": affected, "aliases": ["CVE-2026-1"]}
    (tmp_path / "osv").mkdir()
    (tmp_path / "osv/DSA-1.json").write_text(json.dumps(record))


RANGE = {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2"}]}


@pytest.fixture
def scan(tmp_path: Path) -> Scan:
    """Scans with the one advisory; the JSON answer."""

    def run(*words: str, code: int = 3) -> Json:
        out = tmp_path / "answer.json"
        out.unlink(missing_ok=True)
        given = ["scan", *words, "--feeds", str(tmp_path / "osv"), "--now", NOW, "-o", f"json={out}"]
        assert main(given) == code
        text = out.read_text() if out.exists() else "{}"
        assert SECRET not in text
        assert basic() not in text
        return dict(json.loads(text))

    return run


def images(answer: Json) -> dict[str, Json]:
    return {one["key"]: one for one in answer["assets"] if one["kind"] == "image"}


def unread(answer: Json) -> list[Json]:
    return [one for one in answer["not_assessable"] if one["kind"] == "unread-image"]


def test_an_image_is_read_once_for_all_its_pods(
    scan: Scan, stock: Stock, open_to_all: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    web = f"{open_to_all}/team/web@{stock.digests['team/web']}"
    pods = [pod(f"web-{number}", f"{open_to_all}/team/web:1", runs=web, on=f"n{number % 2}") for number in range(5)]
    words = ("--from", dump(tmp_path, node("n0"), node("n1"), *pods), "--insecure-registry", open_to_all)
    before = scan(*words)
    assert [gap["what"] for gap in unread(before)] == [f"{open_to_all}/team/web:1"]
    assert before["findings"] == []
    capsys.readouterr()
    answer = scan(*words, "--pull-images")
    assert unread(answer) == []
    (image,) = images(answer).values()
    assert image["key"] == f"image/{stock.digests['team/web']}"
    assert image["name"] == f"{open_to_all}/team/web:1"
    (finding,) = answer["findings"]
    assert (finding["id"], finding["package"]["name"]) == ("DSA-1", "openssl")
    assert [each["asset"] for each in finding["placements"]] == [image["key"]]
    users = [one for one in answer["relations"] if (one["kind"], one["object"]) == ("uses", image["key"])]
    assert sum(one["count"] for one in users) == 5
    # Somebody who is no terminal reads plain lines, one for each image.
    lines = capsys.readouterr().err.splitlines()
    assert len([line for line in lines if line.startswith("oakum scan: images: 1 of 1, ")]) == 1
