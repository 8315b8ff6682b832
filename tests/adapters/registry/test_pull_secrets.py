"""Which entries of a pull secret are for which image, as Kubernetes documents it ("Interpretation of config.json")."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.adapters.registry.servers import basic

from oakum.adapters.registry.credentials import Credentials
from oakum.adapters.registry.pull_secrets import FORMS, Entries, entries
from oakum.errors import InputError, Place
from oakum.fleet.cluster.images import parse

PLACE = Place("Secret shop/regcred")
JSON, CFG = FORMS
HUSH = "hush-hush"


def read(auths: object, form: str = JSON) -> Entries:
    return entries(form, json.dumps({"auths": auths} if form == JSON else auths).encode(), PLACE)


def names(found: Entries, image: str) -> list[str]:
    reference = parse(image)
    assert reference is not None
    return [one.name for one in found.of(reference)]


@pytest.mark.parametrize(
    ("key", "image", "fits"),
    [
        ("quay.io", "quay.io/team/web:1", True),
        ("https://quay.io", "quay.io/team/web", True),
        ("http://quay.io/v2/", "quay.io/team/web", True),
        ("https://quay.io/v1/", "quay.io/team/web", True),
        ("QUAY.io", "quay.io/team/web", True),
        ("quay.io", "quay.io.evil.test/team/web", False),
        ("quay.io", "evil.test/quay.io", False),
        ("quay.io", "notquay.io/web", False),
        ("quay.io", "sub.quay.io/web", False),
        ("quay.io", "quay.io:5000/web", False),
        ("quay.io:5000", "quay.io:5000/web", True),
        ("quay.io:5000", "quay.io/web", False),
        ("quay.io:443", "quay.io/web", False),
        ("10.0.0.1:5000", "10.0.0.1:5000/web", True),
        ("localhost:5000", "localhost:5000/web", True),
        # A path confines it, by whole parts.
        ("quay.io/team", "quay.io/team/web", True),
        ("quay.io/team/", "quay.io/team/web", True),
        ("quay.io/team/web", "quay.io/team/web", True),
        ("quay.io/team/web", "quay.io/team", False),
        ("quay.io/team", "quay.io/team-evil/web", False),
        ("quay.io/team", "quay.io/other/web", False),
        ("https://quay.io/v2/team", "quay.io/team/web", True),
        ("https://quay.io/v2team", "quay.io/web", False),
        # Patterns: each label for one, as in the examples of the documentation.
        ("*.kubernetes.io", "abc.kubernetes.io/web", True),
        ("*.kubernetes.io", "kubernetes.io/web", False),
        ("*.kubernetes.io", "abc.xyz.kubernetes.io/web", False),
        ("*.*.kubernetes.io", "abc.xyz.kubernetes.io/web", True),
        ("prefix.*.io", "prefix.kubernetes.io/web", True),
        ("*-good.kubernetes.io", "prefix-good.kubernetes.io/web", True),
        ("*-good.kubernetes.io", "prefix-bad.kubernetes.io/web", False),
        ("*.kubernetes.io:8443/team", "abc.kubernetes.io:8443/team/web", True),
        ("*", "quay.io/web", False),
        # Docker Hub has several names.
        ("https://index.docker.io/v1/", "nginx", True),
        ("index.docker.io", "team/web", True),
        ("docker.io", "docker.io/team/web", True),
        ("registry-1.docker.io", "team/web", True),
        ("docker.io/team", "team/web", True),
        ("docker.io/team", "nginx", False),
        ("https://index.docker.io/v1/", "quay.io/web", False),
        ("", "quay.io/web", False),
        ("https://", "quay.io/web", False),
        ("user@quay.io", "quay.io/web", False),
    ],
)
@pytest.mark.parametrize("form", [JSON, CFG], ids=["json", "cfg"])
def test_an_entry_is_for_the_host_that_it_names(key: str, image: str, fits: bool, form: str) -> None:
    assert names(read({key: {"auth": basic("n", "p")}}, form), image) == (["n"] if fits else [])


def test_the_most_confined_is_tried_first_and_all_that_fit() -> None:
    keys = {
        "quay.io": "host",
        "quay.io/team": "team",
        "quay.io/team/web": "web",
        "quay.io/other": "other",
        "*.io": "any",
    }
    found = read({key: {"auth": basic(name)} for key, name in keys.items()})
    assert names(found, "quay.io/team/web:1") == ["web", "team", "host", "any"]


def test_one_that_is_broken_does_not_keep_others_away() -> None:
    broken, sound = {"auth": HUSH}, {"username": "n", "password": "p"}
    found = read({"quay.io/team": broken, "quay.io": sound})
    reference = parse("quay.io/team/web")
    assert reference is not None
    assert found.of(reference) == [Credentials("n", "p")]
    with pytest.raises(InputError) as told:
        read({"quay.io": broken}).of(reference)
    assert "Secret shop/regcred" in str(told.value)
    assert HUSH not in str(told.value)
    # What is for others is no problem of this image.
    assert read({"ghcr.io": broken}).of(reference) == []


@pytest.mark.parametrize("form", [JSON, CFG], ids=["json", "cfg"])
@pytest.mark.parametrize(
    "content",
    [b"", HUSH.encode(), b"[]", b'{"auths": "hush-hush"}', b'{"hush-hush": 5, "auths": 5}', b"\xff", b"[" * 100_000],
    ids=["nothing", "text", "list", "string", "number", "bytes", "deep"],
)
def test_what_is_no_configuration_is_told_without_a_word_of_it(form: str, content: bytes) -> None:
    with pytest.raises(InputError) as told:
        entries(form, content, PLACE)
    assert str(told.value).startswith("Secret shop/regcred: no configuration of Docker")
    assert HUSH not in str(told.value)


def test_no_text_of_an_object_tells_a_secret() -> None:
    found = read({"quay.io": {"username": "n", "password": HUSH, "identitytoken": HUSH, "auth": ""}})
    reference = parse("quay.io/web")
    assert reference is not None
    assert HUSH not in repr(found) + str(found) + repr(found.of(reference)) + repr(found.__dict__)


KEYS = st.sampled_from(["auths", "auth", "quay.io", "*.io", "[", "]:"])
ANYTHING = st.recursive(
    st.none() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
)


@given(st.binary(max_size=200) | ANYTHING.map(lambda value: json.dumps(value).encode()), st.sampled_from([JSON, CFG]))
def test_whatever_stands_in_it_raises_nothing_else(content: bytes, form: str) -> None:
    reference = parse("quay.io/team/web")
    assert reference is not None
    try:
        entries(form, content, PLACE).of(reference)
    except InputError as error:
        assert error.place == PLACE


def test_a_pattern_takes_no_time() -> None:
    found = read({"*a" * 200 + ".io": {"auth": basic()}, "[" * 500: {"auth": basic()}, "*?" * 250: {"auth": basic()}})
    assert names(found, f"{'a' * 60}b.io/web") == []
