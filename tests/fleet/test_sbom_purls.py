"""Package URLs: the fast way must answer exactly what the reference answers, or leave the question to it."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packageurl import PackageURL
from tests.fleet.examples import at_least

from oakum.fleet.sbom.purls import Purl, _split, parse, source_rpm, upstream


def reference(text: str) -> Purl | None:
    try:
        purl = PackageURL.from_string(text)
    except ValueError:
        return None
    parts = (purl.type, purl.namespace or "", purl.name, purl.version or "")
    return Purl(*parts, dict(purl.qualifiers or {}), purl.subpath or "")


SPLINTERS = st.sampled_from(
    ["1", ":", "%3A", "%3a", "+", "%2B", "~", "%7E", "^", ".", "-", "_", "a", "Z", "%", "%2", "%20", "%2F", "/",
     "@", "%40",
     "?", "#", "&", "=", "é", " ", "(",
     ")", "%28", "..", "el8", "%00", "%C3%A9", "%zz"]
)  # fmt: skip
PART = st.lists(SPLINTERS, min_size=1, max_size=6).map("".join)
QUALIFIERS = st.lists(
    st.tuples(st.sampled_from(["arch", "distro", "epoch", "upstream", "ARCH", "odd key", "x", ""]), PART),
    max_size=4,
).map(lambda pairs: "&".join(f"{key}={value}" for key, value in pairs))
PURL = st.builds(
    lambda scheme, type_, namespace, name, version, rest: f"{scheme}{type_}/{namespace}/{name}@{version}?{rest}",
    st.sampled_from(["pkg:", "pkg:/", "pkg://", "PKG:"]),
    st.sampled_from(["deb", "rpm", "apk", "DEB", "npm"]),
    st.sampled_from(["debian", "Debian", "alma", "", "a/b", "red%20hat"]),
    PART,
    PART,
    QUALIFIERS,
)


@given(PURL)
@example("pkg:deb/debian/1@%20?arch=1")
@example("pkg:deb/debian/1@1%20?arch=%20")
@settings(max_examples=at_least(1500))
def test_the_fast_way_and_the_reference_agree(text: str) -> None:
    fast = _split(text)
    if fast is not None:
        assert fast == reference(text)
    assert parse(text) == reference(text.strip())


@given(st.text(max_size=80))
@settings(max_examples=at_least(300))
def test_nothing_raises(text: str) -> None:
    parse(text)
    parse("pkg:" + text)
    upstream(text)
    source_rpm(text)


@pytest.mark.parametrize(
    "text",
    [
        "pkg:deb/debian/bsdutils@1%3A2.38.1-5%2Bdeb12u3?arch=amd64&distro=debian-12&upstream=util-linux%402.38.1-5%2Bdeb12u3",
        "pkg:deb/debian/libstdc%2B%2B6@12.2.0-14?arch=amd64&distro=debian-12.13",
        "pkg:rpm/amazon/gdbm@1.13-6.amzn2.0.2?arch=x86_64&distro=amazon-2+%28Karoo%29&epoch=1",
        "pkg:apk/alpine/zlib@1.3.1-r1?arch=x86_64&distro=3.20.8",
    ],
)
def test_real_purls_go_the_fast_way(text: str) -> None:
    assert _split(text) is not None
    assert _split(text) == reference(text)


@pytest.mark.parametrize("text", ["", "pkg:", "pkg:deb", "deb/debian/x@1", "http://a/b", "x" * 9000])
def test_what_is_no_purl_is_none(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    ("text", "name", "version"),
    [
        ("util-linux", "util-linux", ""),
        ("util-linux@2.38.1-5+deb12u3", "util-linux", "2.38.1-5+deb12u3"),
        ("foo-bar-1.2-3.el8.src.rpm", "foo-bar", "1.2-3.el8"),
        ("foo-1.2-3.nosrc.rpm", "foo", "1.2-3"),
        ("(none)", "", ""),
        ("broken.src.rpm", "", ""),
        ("foo-1-2.x86_64.rpm", "", ""),
        ("", "", ""),
    ],
)
def test_every_spelling_of_upstream(text: str, name: str, version: str) -> None:
    assert upstream(text) == (name, version)
