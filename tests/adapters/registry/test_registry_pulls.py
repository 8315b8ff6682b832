"""Images of real registries: the same as the same images on disk, however the registry lets us in."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
import trustme
from tests.adapters.registry.servers import (
    HTPASSWD,
    NAME,
    PASSWORD,
    Tokens,
    basic,
    docker_config,
    push,
    registry,
    skopeo,
)  # fmt: skip
from tests.fleet.images.builder import Files, file, for_platform, layer, named

from oakum.cli.main import main
from oakum.errors import InputError, UsageError
from oakum.fleet.assets import Asset
from oakum.fleet.images.choice import read_platform
from oakum.fleet.images.sources import UnreachedError
from oakum.local.targets import read_target

OS = file("etc/os-release", 'ID=debian\nVERSION_ID="12"\n')


def status(*packages: str) -> bytes:
    text = "Package: {}\nStatus: install ok installed\nVersion: 1.0-1\nArchitecture: amd64\n\n"
    return "".join(map(text.format, packages)).encode()


ONE = layer(OS, file("var/lib/dpkg/status", status("bash", "old")))
TWO = layer(file("var/lib/dpkg/status", status("bash", "curl")), file("usr/share/doc/big", bytes(300_000)))


class Stocked(NamedTuple):
    """A storage with images in it, the layouts that they are from, and their digests by name."""

    layouts: Path
    storage: Path
    digests: dict[str, str]


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Stocked:
    """``web:1`` (gzip), ``zstd:1``, ``docker:1`` (Docker's schema 2), ``all:1`` (two platforms), ``public/web:1``."""
    folder = tmp_path_factory.mktemp("stock")
    made: dict[str, Files] = {}
    for name, packing in (("web", "+gzip"), ("zstd", "+zstd")):
        made[name] = Files()
        made[name].index(made[name].image([ONE, TWO], packing=packing, **named("1")))
    made["all"] = Files()
    listed = [
        made["all"].image(layers, built_for=built_for, **for_platform(built_for))
        for built_for, layers in (("linux/amd64", [ONE]), ("linux/s390x", [ONE, TWO]))
    ]
    index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": listed}
    made["all"].index(made["all"].document(index, index["mediaType"], **named("1")))  # type: ignore[arg-type]  # a str
    for name, files in made.items():
        files.write(folder / name)
    with registry(folder / "run", folder / "storage") as host:
        for name in made:
            push(f"oci:{folder}/{name}:1", host, f"{name}:1", "--preserve-digests")
        push(f"oci:{folder}/web:1", host, "public/web:1", "--preserve-digests")
        push(f"oci:{folder}/web:1", host, "docker:1", "--format", "v2s2")
        digests = {
            name: json.loads(skopeo("inspect", "--tls-verify=false", f"docker://{host}/{name}:1"))["Digest"]
            for name in (*made, "docker")
        }
    return Stocked(folder, folder / "storage", digests)


@pytest.fixture(scope="module")
def open_to_all(stocked: Stocked, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with registry(tmp_path_factory.mktemp("open"), stocked.storage) as host:
        yield host


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nobody's own credentials and proxies count here."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    return tmp_path / "docker"


def asset(target: str, platform: str = "") -> Asset:
    return read_target(target, read_platform(platform) if platform else None).asset


def same(pulled: Asset, on_disk: Asset) -> None:
    """All but what it is called is the same."""
    assert pulled.packages.packages
    assert pulled.source == on_disk.source.replace("OCI layout", "registry image")
    neutral = {"name": "", "source": "", "subject": ()}
    assert msgspec.structs.replace(pulled, **neutral) == msgspec.structs.replace(on_disk, **neutral)


@pytest.mark.parametrize("name", ["web", "zstd"])
def test_an_image_of_a_registry_is_the_same_as_on_disk(name: str, stocked: Stocked, open_to_all: str) -> None:
    pulled = asset(f"image:{open_to_all}/{name}:1")
    same(pulled, asset(f"{stocked.layouts}/{name}:1"))
    assert pulled.key == stocked.digests[name]
    assert pulled.name == f"{open_to_all}/{name}:1"
    (purl,) = pulled.subject
    assert purl.startswith(f"pkg:oci/{name}@{pulled.key}?arch=amd64&repository_url=localhost:")


def test_dockers_own_media_types_are_read(stocked: Stocked, open_to_all: str) -> None:
    pulled = asset(f"image:{open_to_all}/docker:1")
    assert pulled.key == stocked.digests["docker"] != stocked.digests["web"]
    assert pulled.packages == asset(f"{stocked.layouts}/web:1").packages


def test_a_digest_is_enough_and_goes_before_a_tag(stocked: Stocked, open_to_all: str) -> None:
    digest = stocked.digests["web"]
    for reference in (f"web@{digest}", f"web:1@{digest}", f"web:no-such-tag@{digest}"):
        pulled = asset(f"image:{open_to_all}/{reference}")
        assert (pulled.key, pulled.name) == (digest, f"{open_to_all}/{reference}")
    with pytest.raises(InputError, match="there is no such image"):
        asset(f"image:{open_to_all}/web@{digest[:-4]}0000")


@pytest.mark.parametrize("platform", ["linux/amd64", "linux/s390x"])
def test_of_an_index_the_platform_is_chosen_as_on_disk(platform: str, stocked: Stocked, open_to_all: str) -> None:
    pulled = asset(f"image:{open_to_all}/all:1", platform)
    same(pulled, asset(f"{stocked.layouts}/all:1", platform))
    with pytest.raises(UsageError, match="there are: linux/amd64, linux/s390x"):
        asset(f"image:{open_to_all}/all:1", "linux/arm64")


def test_what_is_not_there_is_said(open_to_all: str) -> None:
    for reference in ("web:2", "nothing:1"):
        with pytest.raises(InputError, match=f"{open_to_all}/{reference}: there is no such image"):
            asset(f"image:{open_to_all}/{reference}")
    with pytest.raises(UsageError, match="no reference of an image"):
        asset("image:Not A Reference")


def test_the_answer_of_a_scan_is_the_same(
    stocked: Stocked, open_to_all: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    feeds = tmp_path / "feeds"
    feeds.mkdir()
    events = [{"introduced": "0"}, {"fixed": "8.0-1"}]
    affected = [
        {"package": {"ecosystem": "Debian:12", "name": "curl"}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}
    ]
    record = {"id": "CVE-2025-1", "modified": "2026-02-28T12:00:00Z", "affected": affected}
    (feeds / "debian.jsonl").write_text(json.dumps(record) + "\n")
    answers = []
    for target in (f"image:{open_to_all}/web:1", f"{stocked.layouts}/web:1"):
        assert main(["scan", target, "--feeds", str(feeds), "--now", "2026-03-01T12:00:00Z", "-o", "json"]) == 0
        answers.append(json.loads(capsys.readouterr().out))
    pulled, on_disk = answers
    assert [one["id"] for one in pulled["findings"]] == ["CVE-2025-1"]
    assert pulled["findings"] == on_disk["findings"]
    assert pulled["assets"][0]["key"] == on_disk["assets"][0]["key"]


# Who is let in.


@pytest.fixture(scope="module")
def behind_password(stocked: Stocked, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("password")
    (folder / "htpasswd").write_text(HTPASSWD)
    auth = {"htpasswd": {"realm": "of the test", "path": str(folder / "htpasswd")}}
    with registry(folder, stocked.storage, auth=auth) as host:
        yield host


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tokens]:
    found = Tokens(tmp_path_factory.mktemp("tokens"))
    with found.server:
        yield found


@pytest.fixture(scope="module")
def behind_tokens(stocked: Stocked, tokens: Tokens, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with registry(tmp_path_factory.mktemp("behind"), stocked.storage, auth=tokens.auth) as host:
        yield host


def test_a_name_and_a_password_open_a_registry(stocked: Stocked, behind_password: str, home: Path) -> None:
    with pytest.raises(UnreachedError, match=f"wants credentials, and none are known.*docker login {behind_password}"):
        asset(f"image:{behind_password}/web:1")
    docker_config(home, {"auths": {behind_password: {"auth": basic(password="wrong horse")}}})
    with pytest.raises(UnreachedError, match="does not take the credentials") as told:
        asset(f"image:{behind_password}/web:1")
    assert "horse" not in str(told.value)
    for entry in ({"auth": basic()}, {"username": NAME, "password": PASSWORD}):
        docker_config(home, {"auths": {behind_password: entry}})
        same(asset(f"image:{behind_password}/web:1"), asset(f"{stocked.layouts}/web:1"))


def test_a_token_opens_a_registry_to_all_or_to_whom_it_knows(
    stocked: Stocked, behind_tokens: str, tokens: Tokens, home: Path
) -> None:
    same(asset(f"image:{behind_tokens}/public/web:1"), asset(f"{stocked.layouts}/web:1"))
    with pytest.raises(UnreachedError, match="wants credentials, and none are known"):
        asset(f"image:{behind_tokens}/web:1")
    docker_config(home, {"auths": {behind_tokens: {"auth": basic(password="wrong horse")}}})
    with pytest.raises(UnreachedError, match="does not take the credentials"):
        asset(f"image:{behind_tokens}/web:1")
    for entry in ({"auth": basic()}, {"identitytoken": tokens.identity}):
        docker_config(home, {"auths": {f"https://{behind_tokens}/v2/": entry}})
        tokens.server.asked.clear()
        same(asset(f"image:{behind_tokens}/web:1"), asset(f"{stocked.layouts}/web:1"))
        assert len(tokens.server.asked) == 1, "one token serves for all parts of an image"


def test_a_token_that_has_ended_is_not_taken(
    behind_tokens: str, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The registry allows a minute for clocks that differ.
    monkeypatch.setattr(tokens, "seconds", -120)
    with pytest.raises(UnreachedError, match="wants credentials"):
        asset(f"image:{behind_tokens}/public/web:1")


@pytest.fixture
def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Writes a credential helper of that text in sh; the file in which it keeps what it was asked."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=":")

    def write(text: str) -> Path:
        program = folder / "docker-credential-of-the-test"
        program.write_text(f'#!/bin/sh\necho "$@" >{tmp_path}/asked\ncat >>{tmp_path}/asked\n{text}\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return tmp_path / "asked"

    return write


@pytest.mark.parametrize("how", ["credHelpers", "credsStore"])
def test_a_helper_is_asked_by_its_protocol(
    how: str, stocked: Stocked, behind_password: str, home: Path, helper: Callable[[str], Path]
) -> None:
    named_helper: object = {behind_password: "of-the-test"} if how == "credHelpers" else "of-the-test"
    docker_config(home, {how: named_helper, "auths": {behind_password: {}}})
    asked = helper(f"""echo '{{"ServerURL": "x", "Username": "{NAME}", "Secret": "{PASSWORD}"}}'""")
    same(asset(f"image:{behind_password}/web:1"), asset(f"{stocked.layouts}/web:1"))
    assert asked.read_text() == f"get\n{behind_password}"


def test_a_helper_may_give_an_identity_token(
    stocked: Stocked, behind_tokens: str, tokens: Tokens, home: Path, helper: Callable[[str], Path]
) -> None:
    docker_config(home, {"credsStore": "of-the-test"})
    helper(f"""echo '{{"Username": "<token>", "Secret": "{tokens.identity}"}}'""")
    same(asset(f"image:{behind_tokens}/web:1"), asset(f"{stocked.layouts}/web:1"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("echo 'credentials not found in native keychain'; exit 1", "none are known"),
        ("echo 'hush: correct horse'; exit 1", "docker-credential-of-the-test ended with code 1"),
        ("echo 'hush: correct horse'", "did not print a name and a secret"),
    ],
)
def test_what_a_helper_says_is_never_repeated(
    text: str, told: str, behind_password: str, home: Path, helper: Callable[[str], Path]
) -> None:
    docker_config(home, {"credsStore": "of-the-test"})
    helper(text)
    with pytest.raises(InputError, match=told) as error:
        asset(f"image:{behind_password}/web:1")
    assert "horse" not in str(error.value)


def test_nobody_is_asked_for_credentials_that_are_not_wanted(
    open_to_all: str, home: Path, helper: Callable[[str], Path]
) -> None:
    docker_config(home, {"credsStore": "of-the-test"})
    asked = helper("exit 7")
    asset(f"image:{open_to_all}/web:1")
    assert not asked.exists()


def test_tls_is_trusted_by_the_usual_means(
    stocked: Stocked, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "certificate.pem")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    (tmp_path / "htpasswd").write_text(HTPASSWD)
    tls = {"certificate": str(tmp_path / "certificate.pem"), "key": str(tmp_path / "key.pem")}
    auth = {"htpasswd": {"realm": "of the test", "path": str(tmp_path / "htpasswd")}}
    with registry(tmp_path / "run", stocked.storage, http={"tls": tls}, auth=auth) as host:
        docker_config(home, {"auths": {host: {"auth": basic()}}})
        with pytest.raises(UnreachedError, match=r"signed by nobody who is trusted here.*SSL_CERT_FILE"):
            asset(f"image:{host}/web:1")
        authority.cert_pem.write_to_path(tmp_path / "authority.pem")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        same(asset(f"image:{host}/web:1"), asset(f"{stocked.layouts}/web:1"))
