"""What is asked for a reference: Docker's normal form, the server behind it, and whether it may be asked plainly.

The grammar is that of the distribution project (reference/reference.go), the normal form that of its normalize.go.
"""

from __future__ import annotations

import httpx2 as httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.adapters.registry.addresses import Addresses, insecure_hosts, loopback
from oakum.errors import UsageError
from oakum.fleet.cluster.images import Reference, parse
from oakum.fleet.images.sources import UnreachedError

HEX = "0123456789abcdef" * 4
DIGEST = f"sha256:{HEX}"
NORMAL = {
    "nginx": "docker.io/library/nginx:latest",
    "nginx:1.27": "docker.io/library/nginx:1.27",
    "team/web": "docker.io/team/web:latest",
    "docker.io/nginx": "docker.io/library/nginx:latest",
    "index.docker.io/nginx": "docker.io/library/nginx:latest",
    "docker.io/team/web:1": "docker.io/team/web:1",
    "localhost/web": "localhost/web:latest",
    "localhost:5000/web": "localhost:5000/web:latest",
    "localhost:5000/team/web:1": "localhost:5000/team/web:1",
    "localhost:5000": "docker.io/library/localhost:5000",
    "127.0.0.1/web": "127.0.0.1/web:latest",
    "[::1]:5000/web": "[::1]:5000/web:latest",
    "quay.io/team/web": "quay.io/team/web:latest",
    "quay.io:443/a/b/c/d:x": "quay.io:443/a/b/c/d:x",
    "a.b/c": "a.b/c:latest",
    "Registry/web": "Registry/web:latest",
    f"nginx@{DIGEST}": f"docker.io/library/nginx@{DIGEST}",
    f"nginx:1.27@{DIGEST}": f"docker.io/library/nginx:1.27@{DIGEST}",
    "a__b/c--d/e_f.g": "docker.io/a__b/c--d/e_f.g:latest",
    "web:TAG_1.2-x": "docker.io/library/web:TAG_1.2-x",
    "web:" + "t" * 128: "docker.io/library/web:" + "t" * 128,
}
NONE = [
    "", ":", "@", "/", "web:", ":1", "web@", "web/", "/web", "a//b", "Web", "team/Web", "web:1:2", "web:-1", "web:.x",
    "web:" + "t" * 129, "a___b", "a..b/c/d", "-a", "a-", "a/-b", HEX, DIGEST, f"web@{DIGEST[:-1]}",
    f"web@md5:{HEX[:32]}",
    f"web@{DIGEST.upper()}", "https://quay.io/web", "docker://nginx", "localhost:x/web", "quay.io:/web", "a.b-/c",
    "-a.b/c", "we b", "web:1\n2", "wéb", "quay.io/" + "a" * 256, "a@b@c", "../x", "web?x=1", "web#1", "web%2f",
]  # fmt: skip


@pytest.mark.parametrize(("text", "normal"), NORMAL.items())
def test_a_reference_has_dockers_normal_form(text: str, normal: str) -> None:
    found = parse(text)
    assert str(found) == normal
    assert parse(normal) == found


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_reference_is_none(text: str) -> None:
    assert parse(text) is None


WORD = st.from_regex(r"[a-z0-9]{1,6}(?:(?:\.|_|__|-{1,3})[a-z0-9]{1,6}){0,2}", fullmatch=True)
REPOSITORY = st.lists(WORD, min_size=1, max_size=4).map("/".join)
LABEL = st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,5}[a-z0-9])?", fullmatch=True)
PORT = st.one_of(st.just(""), st.integers(1, 65535).map(":{}".format))
REGISTRY = st.one_of(
    st.tuples(st.lists(LABEL, min_size=2, max_size=3).map(".".join), PORT).map("".join),
    st.tuples(st.just("localhost"), PORT).map("".join),
)
TAG = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True)


@given(REGISTRY, REPOSITORY, st.one_of(st.just(""), TAG), st.sampled_from(["", DIGEST, f"sha512:{HEX}{HEX}"]))
def test_a_reference_that_follows_the_grammar_is_read_as_it_is_written(
    registry: str, repository: str, tag: str, digest: str
) -> None:
    text = f"{registry}/{repository}" + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
    found = parse(text)
    assert found == Reference(registry, repository, tag or ("" if digest else "latest"), digest)
    assert parse(str(found)) == found
    addresses = Addresses(registry)
    host, _, port = registry.partition(":")
    assert (addresses.secure.host, addresses.secure.port) == (host, None if port in ("", "443") else int(port))


@given(st.text(max_size=40))
def test_any_text_is_a_reference_in_its_normal_form_or_none(text: str) -> None:
    found = parse(text)
    assert found is None or parse(str(found)) == found


@given(st.text("abAB01.:/@-_ []", max_size=30))
def test_every_reference_has_an_address_below_its_own_registry(text: str) -> None:
    found = parse(text)
    if found is None:
        return
    try:
        base = Addresses(found.registry).secure
    except UsageError:
        return
    asked = base.join(f"{found.repository}/manifests/{found.digest or found.tag}")
    assert (asked.scheme, asked.netloc) == (base.scheme, base.netloc)
    assert asked.path == f"/v2/{found.repository}/manifests/{found.digest or found.tag}"


def test_docker_hub_is_asked_where_it_answers() -> None:
    assert str(Addresses("docker.io").secure) == "https://registry-1.docker.io/v2/"
    assert str(Addresses("[::1]:5000").plain) == "http://[::1]:5000/v2/"
    for registry in ("host:99999", "host:0", "a" * 64 + ".test", ".".join(["a" * 60] * 5)):
        with pytest.raises(UsageError, match="is no registry"):
            Addresses(registry)


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True), ("a.localhost", True), ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True),
        ("localhost.example.org", False), ("notlocalhost", False), ("10.0.0.1", False), ("0.0.0.0", False),
        ("::", False), ("127.0.0.1.example.org", False),
    ],
)  # fmt: skip
def test_this_machine_is_known(host: str, here: bool) -> None:
    assert loopback(host) is here


def test_registries_that_may_be_asked_plainly_are_named() -> None:
    assert insecure_hosts(["Mirror.lan:5000", "[::1]:80"]) == {"mirror.lan:5000", "[::1]"}
    assert Addresses("mirror.lan:5000", frozenset({"mirror.lan:5000"})).named_insecure
    assert Addresses("mirror.lan:80", insecure_hosts(["mirror.lan"])).named_insecure
    assert Addresses("mirror.lan", insecure_hosts(["mirror.lan:80"])).named_insecure
    assert not Addresses("mirror.lan", frozenset({"mirror.lan:5000"})).named_insecure
    for word in ("", "http://mirror.lan", "mirror.lan/x", "*", "a b", "mirror.lan:"):
        with pytest.raises(UsageError, match="is no registry"):
            insecure_hosts([word])


@pytest.mark.parametrize(
    ("start", "there", "may"),
    [
        ("https://a.test/", "https://b.test/", True),
        ("http://localhost/", "https://b.test/", True),
        ("http://localhost:5000/", "http://127.0.0.1:9000/", True),
        ("http://mirror.lan/", "http://mirror.lan/x", True),
        ("http://mirror.lan/", "http://b.test/", False),
        ("https://a.test/", "http://a.test/", False),
        ("https://a.test/", "http://localhost/", False),
        ("https://mirror.lan/", "http://mirror.lan/", False),
    ],
)
def test_nothing_leads_from_tls_down_to_plain_http(start: str, there: str, may: bool) -> None:
    addresses = Addresses("mirror.lan", frozenset({"mirror.lan"}))
    if may:
        assert addresses.led(httpx.URL(start), httpx.URL(there)) == httpx.URL(there)
        return
    with pytest.raises(UnreachedError, match="only https is followed"):
        addresses.led(httpx.URL(start), httpx.URL(there))
