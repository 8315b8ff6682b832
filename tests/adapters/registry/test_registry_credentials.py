"""Credentials as Docker keeps them: which entry counts for which registry, and what is never told of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.adapters.registry.servers import basic, docker_config

from oakum.adapters.registry.credentials import Credentials, config_file, credentials
from oakum.errors import InputError

ENTRY = {"auth": basic()}
READER = Credentials("reader", "correct horse")
SECRET = "hush-hush"


def known(folder: Path, registry: str, content: object) -> Credentials | None:
    docker_config(folder, content)  # type: ignore[arg-type]  # also what is no configuration
    return credentials(registry, {"DOCKER_CONFIG": str(folder), "PATH": str(folder)})


@pytest.mark.parametrize(
    ("key", "registry", "counts"),
    [
        ("quay.io", "quay.io", True),
        ("https://quay.io", "quay.io", True),
        ("https://quay.io/v1/", "quay.io", True),
        ("http://quay.io/v2", "quay.io", True),
        ("QUAY.io", "quay.io", True),
        ("quay.io:443", "quay.io", False),
        ("quay.io", "quay.io:443", False),
        ("notquay.io", "quay.io", False),
        ("quay.io.evil.test", "quay.io", False),
        ("https://evil.test/quay.io", "quay.io", False),
        ("quay.io/team", "quay.io", False),
        ("localhost:5000", "localhost:5000", True),
        ("https://index.docker.io/v1/", "docker.io", True),
        ("index.docker.io", "docker.io", True),
        ("docker.io", "docker.io", False),
    ],
)
def test_an_entry_counts_for_its_own_registry_only(key: str, registry: str, counts: bool, tmp_path: Path) -> None:
    assert known(tmp_path, registry, {"auths": {key: ENTRY}}) == (READER if counts else None)


def test_the_very_name_goes_before_others(tmp_path: Path) -> None:
    entries = {"https://quay.io/v1/": {"auth": basic("other")}, "quay.io": ENTRY}
    assert known(tmp_path, "quay.io", {"auths": entries}) == READER


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({}, None),
        ({"auth": ""}, None),
        ({"auth": basic("reader", "a:b:c")}, Credentials("reader", "a:b:c")),
        ({"username": "reader", "password": "correct horse"}, READER),
        ({"identitytoken": "i"}, Credentials(identity="i")),
        ({"registrytoken": "t"}, Credentials(token="t")),
    ],
)
def test_the_forms_of_an_entry(entry: dict[str, str], expected: Credentials | None, tmp_path: Path) -> None:
    assert known(tmp_path, "quay.io", {"auths": {"quay.io": entry}, "HttpHeaders": {"x": "y"}}) == expected


@pytest.mark.parametrize(
    "content",
    [
        {"auths": {"quay.io": {"auth": SECRET}}},
        {"auths": {"quay.io": {"auth": "aHVzaC1odXNo"}}},
        {"auths": {SECRET: {"auth": 5}}},
        {"auths": [SECRET]},
        {"credsStore": "../bin/evil"},
        {"credsStore": "-x y; rm"},
        {"credHelpers": {"quay.io": "missing"}},
        [SECRET],
    ],
)
def test_what_is_wrong_with_a_configuration_is_told_without_a_word_of_it(content: object, tmp_path: Path) -> None:
    with pytest.raises(InputError) as told:
        known(tmp_path, "quay.io", content)
    assert str(tmp_path / "config.json") in str(told.value)
    assert SECRET not in str(told.value)


def test_nothing_is_known_where_there_is_no_configuration(tmp_path: Path) -> None:
    assert credentials("quay.io", {"DOCKER_CONFIG": str(tmp_path / "none")}) is None
    (tmp_path / "file").write_text("")
    assert credentials("quay.io", {"DOCKER_CONFIG": str(tmp_path / "file")}) is None
    assert known(tmp_path, "quay.io", {}) is None


def test_the_configuration_lies_where_docker_has_it() -> None:
    assert config_file({"DOCKER_CONFIG": "/there", "HOME": "/home/one"}) == Path("/there/config.json")
    assert config_file({"HOME": "/home/one"}) == Path("/home/one/.docker/config.json")


def test_a_helper_for_one_registry_goes_before_the_store_for_all(tmp_path: Path) -> None:
    for name in ("one", "all"):
        program = tmp_path / f"docker-credential-{name}"
        answer = json.dumps({"Username": name, "Secret": "s"})
        # Words of its own only: the path has nothing but the helpers.
        program.write_text(f"#!/bin/sh\nread server\necho '{answer}'\n")
        program.chmod(0o755)
    content = {"credHelpers": {"quay.io": "one"}, "credsStore": "all", "auths": {"quay.io": ENTRY}}
    assert known(tmp_path, "quay.io", content) == Credentials("one", "s")
    assert known(tmp_path, "ghcr.io", content) == Credentials("all", "s")


def test_a_helper_is_a_name_and_never_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docker-credential-x").mkdir()
    (tmp_path / "evil").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    (tmp_path / "evil").chmod(0o755)
    with pytest.raises(InputError, match="names a helper that is no name"):
        known(tmp_path, "quay.io", {"credsStore": "x/../evil"})
    assert not (tmp_path / "ran").exists()
