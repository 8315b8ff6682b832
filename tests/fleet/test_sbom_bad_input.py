"""Whatever is handed over instead of an SBOM: a clear error with place and remedy, never an empty set."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.data import shared
from tests.fleet.examples import at_least

from oakum.errors import InputError, LimitError, OakumError
from oakum.fleet.sbom import document, read

CYCLONEDX = (
    b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": ['
    b'{"type": "library", "name": "x", "version": "1", "purl": "pkg:deb/debian/x@1?arch=all&distro=debian-12"}]}'
)
SPDX = (
    b'{"spdxVersion": "SPDX-2.3", "name": "n", "packages": [{"name": "x", "versionInfo": "1", "externalRefs": ['
    b'{"referenceType": "purl", "referenceLocator": "pkg:deb/debian/x@1?arch=all&distro=debian-12"}]}]}'
)
SYFT = (
    b'{"artifacts": [{"name": "x", "version": "1", "type": "deb", '
    b'"purl": "pkg:deb/debian/x@1?arch=all&distro=debian-12"}], "schema": {"version": "16.0.0"}}'
)
SPDX_3 = (
    b'{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": [{"type": "software_Package", '
    b'"name": "x", "software_packageVersion": "1", '
    b'"software_packageUrl": "pkg:deb/debian/x@1?arch=all&distro=debian-12"}]}'
)
XML = (
    b'<?xml version="1.0"?>\n<bom xmlns="http://cyclonedx.org/schema/bom/1.6">\n<components><component type="library">'
    b"<name>x</name> <version>1</version>\n<purl>pkg:deb/debian/x@1?arch=all&amp;distro=debian-12</purl>"
    b"</component></components></bom>"
)
TAG_VALUE = (
    b"SPDXVersion: SPDX-2.3\nDocumentName: n\nPackageName: x\nPackageVersion: 1\n"
    b"ExternalRef: PACKAGE-MANAGER purl pkg:deb/debian/x@1?arch=all&distro=debian-12\n"
)
TRIVY = (
    b'{"SchemaVersion": 2, "ArtifactName": "x", "Results": [{"Class": "os-pkgs", "Type": "debian", "Packages": [{'
    b'"Name": "x", "Version": "1", "Identifier": {"PURL": "pkg:deb/debian/x@1?arch=all&distro=debian-12"}}]}]}'
)
GRYPE = (
    b'{"matches": [{"vulnerability": {"id": "CVE-2024-1"}, "artifact": {"name": "x", "version": "1", "type": "deb", '
    b'"purl": "pkg:deb/debian/x@1?arch=all&distro=debian-12", "upstreams": []}}], "descriptor": {"name": "grype"}}'
)
FORMS = {
    "cyclonedx": CYCLONEDX, "spdx": SPDX, "syft": SYFT, "spdx 3": SPDX_3, "xml": XML, "trivy": TRIVY, "grype": GRYPE,
}  # fmt: skip

BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty"),
    "blank": (b" \n\t", "empty"),
    "text": (b"hello", "not a JSON object"),
    "a list": (b"[]", "not a JSON object"),
    "another object": (b'{"kind": "Pod"}', "unknown kind"),
    "latin-1": ('{"bomFormat": "é"}'.encode("latin-1"), "not UTF-8"),
    "utf-16": (CYCLONEDX.decode().encode("utf-16"), "UTF-16"),
    "utf-32": (CYCLONEDX.decode().encode("utf-32-le"), "UTF-16"),
    "a later trivy report": (TRIVY.replace(b": 2,", b": 3,"), "schema 3"),
    "a trivy report without schema": (b'{"ArtifactName": "alpine", "Results": []}', "without SchemaVersion"),
    "a trivy report of a cluster": (TRIVY.replace(b'"ArtifactName"', b'"ClusterName"'), "whole cluster"),
    "matches of another tool": (GRYPE.replace(b'"grype"', b'"grope"'), "by 'grope'"),
    "two lists of packages": (
        TRIVY.replace(b'"Packages"', b'"Packages": [], "Packages"'), "Packages"
    ),
    "two package urls": (GRYPE.replace(b'"purl"', b'"purl": "pkg:npm/y@1", "purl"'), "purl"),
    "sarif": (b'{"version": "2.1.0", "runs": []}', "SARIF"),
    "attestation": (b'{"predicateType": "https://cyclonedx.org/bom", "predicate": {}}', "in-toto"),
    "envelope": (b'{"payloadType": "application/vnd.in-toto+json", "payload": "e30="}', "DSSE"),
    "old cyclonedx": (CYCLONEDX.replace(b"1.6", b"1.1"), "CycloneDX 1.1"),
    "new cyclonedx": (CYCLONEDX.replace(b"1.6", b"2.0"), "CycloneDX 2.0"),
    "no cyclonedx version": (b'{"bomFormat": "CycloneDX"}', "without specVersion"),
    "new spdx": (SPDX.replace(b"2.3", b"2.9"), "SPDX-2.9"),
    "new syft": (SYFT.replace(b"16.0", b"99.0"), "99.0"),
    "no syft version": (b'{"artifacts": []}', "without version"),
    "wrong type": (CYCLONEDX.replace(b'"1", "purl"', b'1, "purl"'), "wrong type"),
    "components an object": (b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": {}}', "wrong type"),
    "spdx wrong type": (SPDX.replace(b'"n"', b"[]"), "wrong type"),
    "syft wrong type": (SYFT.replace(b'"1"', b"{}"), "wrong type"),
    "trailing": (CYCLONEDX + b"x", "not valid JSON"),
    "deep": (b'{"x": ' + b"[" * 200_000, "deep"),
    "deep components": (
        b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": ' + b'[{"components": ' * 50_000,
        "deep",
    ),
    "nested components": (
        b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "components":'
        + b'[{"components":' * 40 + b"[]" + b"}]" * 40 + b"}",
        "deeper than",
    ),
    "duplicate purl": (
        CYCLONEDX.replace(b'"purl"', b'"purl": "pkg:deb/debian/y@1?distro=debian-12", "purl"'),
        "stands twice",
    ),
    "escaped duplicate": (CYCLONEDX.replace(b'"purl"', b'"\\u0070url": "pkg:deb/debian/y@1", "purl"'), "stands twice"),
    "duplicate components": (CYCLONEDX[:-1] + b', "components": []}', "stands twice"),
    "duplicate version": (CYCLONEDX.replace(b'"specVersion"', b'"specVersion": "1.4", "specVersion"'), "stands twice"),
    "duplicate spdx": (SPDX[:-1] + b', "packages": []}', "stands twice"),
    "latin-1 xml": (XML.replace(b">x<", b">\xe9<"), "not UTF-8"),
    "utf-16 xml": (XML.decode().encode("utf-16"), "UTF-16"),
    "latin-1 tag-value": (TAG_VALUE.replace(b": x", b": \xe9"), "not UTF-8"),
    "spdx 3 wrong type": (SPDX_3.replace(b'"x"', b"[]"), "wrong type"),
    "spdx 3 of strings": (SPDX_3.replace(b"[{", b'["x", {'), "wrong type"),
    "duplicate spdx 3": (SPDX_3[:-1] + b', "@graph": []}', "stands twice"),
    "spdx 4": (SPDX_3.replace(b"3.0.1", b"4.0.0"), "SPDX 4.0.0"),
    "duplicate syft": (SYFT[:-1] + b', "artifacts": []}', "stands twice"),
    "truncated gzip": (gzip.compress(CYCLONEDX)[:-9], "truncated"),
    "broken gzip": (gzip.compress(CYCLONEDX)[:12] + b"\xff" * 40, "gzip"),
    "many gzip members": (gzip.compress(b"") * 1000, "members"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_says_what_where_and_the_remedy(case: str) -> None:
    data, words = BAD[case]
    with pytest.raises(InputError) as caught:
        read(data, name="the-file")
    assert words in caught.value.what
    assert caught.value.place is not None
    assert caught.value.place.file == "the-file"
    assert caught.value.remedy


@pytest.mark.parametrize("form", FORMS)
def test_every_truncation_is_an_error_with_its_line(form: str) -> None:
    data = FORMS[form]
    assert len(read(data, name="x").packages.packages) == 1
    for length in range(len(data)):
        with pytest.raises(InputError):
            read(data[:length], name="x")
    with pytest.raises(InputError) as caught:
        read(data.replace(b", ", b",\n")[:-2], name="x")
    assert caught.value.place is not None
    assert caught.value.place.line is not None
    assert caught.value.place.line > 1


def test_a_gzip_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "MAX_BYTES", 1 << 20)
    with pytest.raises(LimitError):
        read(gzip.compress(b" " * (4 << 20)), name="x")
    with pytest.raises(LimitError):
        read(b" " * (4 << 20), name="x")


def test_millions_of_empty_components_are_refused_before_they_are_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "MAX_OBJECTS", 1_000_000)
    with pytest.raises(LimitError):
        read(CYCLONEDX.replace(b"[{", b"[" + b"{}," * 1_500_000 + b"{"), name="x")


@given(st.binary(max_size=200))
@settings(max_examples=at_least(300))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    for content in (data, b"{" + data, b"\x1f\x8b\x08" + data):
        with pytest.raises(OakumError):
            read(content, name="x")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(
        ["CycloneDX", "1.6", "SPDX-2.3", "https://spdx.org/rdf/3.0.1/", "software_Package", "CreationInfo"]
    ),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["bomFormat", "specVersion", "spdxVersion", "components", "packages", "artifacts", "metadata", "purl",
             "schema", "version", "name", "properties", "value", "externalRefs", "referenceLocator", "tools",
             "component", "distro", "@context", "@graph", "type", "specVersion", "rootElement", "createdUsing"]
        ),
        inner,
        max_size=5,
    ),
    max_leaves=12,
)  # fmt: skip


@given(
    JSON,
    st.sampled_from(["cyclonedx", "spdx", "syft", "spdx 3"]),
    st.sampled_from(["components", "packages", "artifacts", "metadata", "@graph", "@context"]),
)
@settings(max_examples=at_least(300))
def test_no_document_raises_anything_else(value: object, form: str, key: str) -> None:
    for content in ({**json.loads(FORMS[form]), key: value}, value):
        try:
            read(json.dumps(content).encode(), name="x")
        except OakumError as error:
            assert error.remedy


@given(st.integers(0, 2**32), st.integers(0, 255))
@settings(max_examples=at_least(150))
def test_one_changed_byte_of_a_real_sbom_raises_nothing_else(position: int, byte: int) -> None:
    data = bytearray(shared("sbom/alpine_3.20_trivy.cdx.json").read_bytes())
    data[position % len(data)] = byte
    try:
        read(bytes(data), name="x")
    except OakumError as error:
        assert error.remedy


SPLINTERS = st.sampled_from(
    ["<component>", "</component>", "<components>", "</components>", "<purl>pkg:npm/x@1</purl>", "<!DOCTYPE a>", "&lt;",
     "&x;", "<![CDATA[", "]]>", "<!--", "-->", "<?x?>", "<property name='a'>", "</property>", "<tools>", "<tool/>",
     "PackageName: x", "SPDXID: y", "<text>", "</text>", "ExternalRef: A purl pkg:npm/x@1", "SPDXREF: y", "\0", "é",
     "AnnotationComment: z", "SPDXVersion: SPDX-2.3", "Relationship: a DESCRIBES b", "#", ":", "PackageVersion: 1",
     "\n"]
)  # fmt: skip


@given(st.lists(SPLINTERS | st.text(max_size=3), max_size=12), st.sampled_from(["", "\n"]), st.integers(0, 200))
@settings(max_examples=at_least(300))
def test_no_splinters_of_xml_or_tag_value_raise_anything_else(parts: list[str], by: str, at: int) -> None:
    for whole in (XML.decode(), TAG_VALUE.decode()):
        at %= len(whole)
        text = whole[:at] + by + by.join(parts) + by + whole[at:]
        try:
            read(text.encode("utf-8", "surrogatepass"), name="x")
        except OakumError as error:
            assert error.remedy
            assert error.place is not None


def test_a_truncated_tag_value_document_is_an_error_or_says_that_nothing_is_in_it() -> None:
    assert len(read(TAG_VALUE, name="x").packages.packages) == 1
    for length in range(TAG_VALUE.index(b"pkg:")):
        try:
            asset = read(TAG_VALUE[:length], name="x")
        except InputError as error:
            assert error.remedy
        else:
            assert asset.packages.packages == ()
            assert asset.gaps
