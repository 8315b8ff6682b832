"""One document, one answer: the same packages come out of an SBOM in whichever notation it is written."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path

import pytest
from tests.data import shared
from tests.fleet.notations import Json, as_bytes, cyclonedx_xml, spdx_3, spdx_3_of_cyclonedx, tag_value

from oakum.errors import InputError, LimitError
from oakum.fleet.assets import Asset
from oakum.fleet.sbom import markup, read, spdx_tags

SPDX = ["alpine_3.20", "debian_12-slim", "ubuntu_24.04"]
CYCLONEDX = ["alpine_3.18", "almalinux_8-minimal", "amazonlinux_2", "debian_12-slim", "rockylinux_9-minimal"]


def document(file: Path) -> Json:
    data = file.read_bytes()
    found = json.loads(zlib.decompress(data, 31) if data[:2] == b"\x1f\x8b" else data)
    assert isinstance(found, dict)
    return found


def cyclonedx(image: str, tool: str) -> Json:
    return document(next(shared("sbom").glob(f"{image}_{tool}.cdx.json*")))


def spdx(image: str) -> Json:
    return document(next(shared("sbom/spdx").glob(f"{image}_trivy.spdx.json*")))


def same(one: Asset, other: Asset) -> None:
    assert one.packages == other.packages
    assert (one.kind, one.name, one.key, one.gaps) == (other.kind, other.name, other.key, other.gaps)
    assert one.subject == other.subject
    assert one.packages.packages


@pytest.mark.parametrize("tool", ["syft", "trivy"])
@pytest.mark.parametrize("image", CYCLONEDX)
def test_cyclonedx_in_xml_is_cyclonedx_in_json(image: str, tool: str) -> None:
    bom = cyclonedx(image, tool)
    expected = read(json.dumps(bom).encode(), name="x")
    found = read(cyclonedx_xml(bom, "1.6"), name="x")
    same(found, expected)
    assert found.source == expected.source


@pytest.mark.parametrize("version", ["1.2", "1.3", "1.4", "1.5", "1.6", "1.7"])
def test_every_version_of_cyclonedx_is_read_in_both_notations(version: str) -> None:
    bom = cyclonedx("alpine_3.20", "trivy")
    found = read(cyclonedx_xml(bom, version), name="x")
    assert found.source == f"CycloneDX {version} by trivy 0.67.2"
    same(found, read(json.dumps({**bom, "specVersion": version}).encode(), name="x"))


@pytest.mark.parametrize("version", ["V1_2", "V1_3", "V1_4", "V1_5", "V1_6"])
def test_the_xml_of_cyclonedx_s_own_library_is_read(version: str) -> None:
    from cyclonedx.model.bom import Bom
    from cyclonedx.output import make_outputter
    from cyclonedx.schema import OutputFormat, SchemaVersion

    bom = cyclonedx("alpine_3.20", "trivy")
    # Without a look at the types of the class, whose constructor from JSON is made by a decorator.
    made = Bom.from_json(bom)  # type: ignore[attr-defined]
    xml = make_outputter(made, OutputFormat.XML, SchemaVersion[version]).output_as_string()
    found, expected = read(xml.encode(), name="x"), read(json.dumps(bom).encode(), name="x")
    assert {(p.name, p.version, p.arch) for p in found.packages.packages} == {
        (p.name, p.version, p.arch) for p in expected.packages.packages
    }
    if version != "V1_2":  # properties, in which the source packages stand, came with 1.3
        assert found.packages.digest == expected.packages.digest


@pytest.mark.parametrize("version", ["SPDX-2.2", "SPDX-2.3"])
@pytest.mark.parametrize("image", SPDX)
def test_spdx_in_tag_value_is_spdx_in_json(image: str, version: str) -> None:
    given = spdx(image)
    found = read(tag_value(given, version), name="x")
    same(found, read(json.dumps(given).encode(), name="x"))
    assert found.source == f"{version.replace('-', ' ')} by trivy 0.67.2"


@pytest.mark.parametrize("version", ["3.0.0", "3.0.1"])
@pytest.mark.parametrize("image", SPDX)
def test_spdx_3_is_spdx_2(image: str, version: str) -> None:
    given = spdx(image)
    found = read(as_bytes(spdx_3(given, version)), name="x")
    same(found, read(json.dumps(given).encode(), name="x"))
    assert found.source == f"SPDX {version} by trivy 0.67.2"


@pytest.mark.parametrize("tool", ["syft", "trivy"])
@pytest.mark.parametrize("image", [*CYCLONEDX, "opensuse_leap_15.5", "ubuntu_20.04"])
def test_spdx_3_that_was_cyclonedx_tells_sources_modules_and_vendors(image: str, tool: str) -> None:
    bom = cyclonedx(image, tool)
    found = read(as_bytes(spdx_3_of_cyclonedx(bom)), name="x").packages
    expected = read(json.dumps(bom).encode(), name="x").packages
    assert found.packages == expected.packages
    assert found.digest == expected.digest
    assert len(found.packages) > 10


def test_a_notation_is_told_by_its_content_and_may_be_packed() -> None:
    bom, given = cyclonedx("alpine_3.20", "trivy"), spdx("alpine_3.20")
    for data in (cyclonedx_xml(bom, "1.5"), tag_value(given), as_bytes(spdx_3(given))):
        plain = read(data, name="x")
        assert read(gzip.compress(data), name="x.txt").packages == plain.packages
        assert read(b"\xef\xbb\xbf" + data, name="x.json").packages == plain.packages
    commented = b"# made by hand\n\n  # and mended\n" + tag_value(given)
    assert read(commented, name="x").packages == read(tag_value(given), name="x").packages
    windows = tag_value(given).replace(b"\n", b"\r\n")
    assert read(windows, name="x").packages == read(tag_value(given), name="x").packages


ROW = '<component type="library"><name>x</name><version>1</version><purl>pkg:npm/x@1.0.0</purl>{}</component>'
BOM = '<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><components>{}</components></bom>'


def in_xml(*more: str) -> bytes:
    return BOM.format("".join(ROW.format(each) for each in more)).encode()


def names(data: bytes) -> list[str]:
    return [package.name for package in read(data, name="x").packages.packages]


def test_what_stands_in_a_component_is_another_and_what_it_was_made_of_is_none() -> None:
    inner = "<components><component type='library'><name>y</name><purl>pkg:npm/y@2.0.0</purl></component></components>"
    assert names(in_xml(inner)) == ["x", "y"]
    assert names(in_xml(f"<pedigree><variants>{inner}</variants></pedigree>")) == ["x"]
    assert names(in_xml(f"<o:more xmlns:o='urn:other'>{inner}</o:more>")) == ["x"]
    assert names(in_xml(inner.replace("<components>", "<components xmlns='urn:other'>"))) == ["x"]


def test_prefixed_names_and_character_data_are_the_same_words() -> None:
    data = (
        b'<c:bom xmlns:c="http://cyclonedx.org/schema/bom/1.4"><c:components><c:component type="library">'
        b"<c:name><![CDATA[x]]></c:name><c:purl> pkg:npm/x<!-- not a part of it -->@1.0.0\n</c:purl></c:component>"
        b"</c:components></c:bom>"
    )
    assert names(data) == ["x"]


BOMB = '<!DOCTYPE bom [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
XML: dict[str, tuple[bytes, str, int]] = {
    "a document type": (b"<?xml version='1.0'?>\n<!DOCTYPE bom>\n" + in_xml(""), "DOCTYPE", 2),
    "growing entities": (BOMB.encode() + in_xml("<group>&b;</group>"), "DOCTYPE", 1),
    "an entity that is a file": (
        b'<!DOCTYPE bom [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + in_xml("<group>&x;</group>"),
        "DOCTYPE",
        1,
    ),
    "an unknown entity": (in_xml("<group>\n&x;</group>"), "undefined entity", 2),
    "truncated": (in_xml("")[:-3], "not valid XML", 1),
    "two purls": (in_xml("\n<purl>pkg:npm/y@1.0.0</purl>"), "purl stands twice", 2),
    "two lists": (BOM.format("").replace("</bom>", "\n<components/></bom>").encode(), "components stands twice", 2),
    "no version of ours": (in_xml("").replace(b"bom/1.6", b"bom/1.1"), "CycloneDX 1.1", 0),
    "a later version": (in_xml("").replace(b"bom/1.6", b"bom/2.0"), "CycloneDX 2.0", 0),
    "an encoding": (b'<?xml version="1.0" encoding="ISO-8859-1"?>' + in_xml(""), "ISO-8859-1", 1),
    "another kind": (b"<project><modelVersion>4.0.0</modelVersion></project>", "XML of another kind (project", 1),
    "rdf": (
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>',
        "SPDX in RDF/XML",
        0,
    ),
    "no element": (b"<?xml version='1.0'?>", "not valid XML", 1),
}


@pytest.mark.parametrize("case", XML)
def test_xml_that_is_hostile_or_broken_is_refused_with_its_line(case: str) -> None:
    data, words, line = XML[case]
    with pytest.raises(InputError) as caught:
        read(data, name="the-file")
    assert words in caught.value.what
    assert caught.value.remedy
    assert caught.value.place is not None
    assert (caught.value.place.file, caught.value.place.line or 0) == ("the-file", line)


def test_xml_is_read_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LimitError, match="too deep"):
        read(BOM.format("<a>" * 200 + "</a>" * 200).encode(), name="x")
    deep = "<components><component>" * 40 + "</component></components>" * 40
    with pytest.raises(LimitError, match="32 levels"):
        read(in_xml(deep), name="x")
    monkeypatch.setattr(markup, "MAX_OBJECTS", 10)
    with pytest.raises(LimitError, match="10 elements"):
        read(BOM.format("<a/>" * 20).encode(), name="x")


HEAD = "SPDXVersion: SPDX-2.3\nDocumentName: n\n"
PACKAGE = "PackageName: x\nSPDXID: SPDXRef-x\nPackageVersion: 1\nExternalRef: PACKAGE-MANAGER purl pkg:npm/x@1.0.0\n"
TAGS: dict[str, tuple[str, str, int]] = {
    "no version": ("DocumentName: n\n", "without spdxVersion", 0),
    "an old version": ("SPDXVersion: SPDX-1.2\n", "SPDX-1.2", 1),
    "a later version": ("# c\nSPDXVersion: SPDX-2.9\n", "SPDX-2.9", 2),
    "no tag": (f"{HEAD}{PACKAGE}what is this\n", "no tag and value", 7),
    "an open text": (f"{HEAD}PackageName: x\nPackageDescription: <text>and\nso on\n", "has no end", 4),
    "behind a text": (f"{HEAD}PackageName: x\nPackageDescription: <text>a</text> b\n", "behind the end", 4),
    "two versions": (f"{HEAD}{PACKAGE}PackageVersion: 2\n", "PackageVersion stands twice", 7),
    "two documents": (f"{HEAD}SPDXVersion: SPDX-2.3\n", "SPDXVersion stands twice", 3),
    "a short reference": (f"{HEAD}PackageName: x\nExternalRef: purl pkg:npm/x@1\n", "of 2 words", 4),
    "a short relationship": (f"{HEAD}Relationship: SPDXRef-DOCUMENT DESCRIBES\n", "of 2 words", 3),
}


@pytest.mark.parametrize("case", TAGS)
def test_tag_value_that_is_broken_is_refused_with_its_line(case: str) -> None:
    text, words, line = TAGS[case]
    with pytest.raises(InputError) as caught:
        read(text.encode(), name="the-file")
    assert words in caught.value.what
    assert caught.value.remedy
    assert caught.value.place is not None
    assert (caught.value.place.file, caught.value.place.line or 0) == ("the-file", line)


def test_a_nameless_package_begins_with_its_identifier() -> None:
    """One tool leaves the line with the name out where a name is empty."""
    nameless = "SPDXID: SPDXRef-DocumentRoot-Image-\nPrimaryPackagePurpose: CONTAINER\n"
    about = "Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-DocumentRoot-Image-\n"
    asset = read(f"{HEAD}SPDXID: SPDXRef-DOCUMENT\n\n{nameless}\n{PACKAGE}{about}".encode(), name="x")
    assert asset.kind == "image"
    assert [package.name for package in asset.packages.packages] == ["x"]
    assert asset.gaps == ()
    older = HEAD.replace("2.3", "2.2") + PACKAGE + nameless.partition("Primary")[0] + about
    assert read(older.encode(), name="x").kind == "image"
    other = PACKAGE.replace(": x", ": y").replace("/x@", "/y@")
    between = read(f"{HEAD}{PACKAGE}\n{nameless}{other}{about}".encode(), name="x")
    assert len(between.packages.packages) == 2


def test_tag_value_is_read_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spdx_tags, "MAX_OBJECTS", 10)
    for line in ("PackageName: x\n", "PackageName: x\n" + PACKAGE.splitlines()[-1] + "\n", "AnnotationComment: x\n"):
        with pytest.raises(LimitError):
            read((HEAD + line * 20).encode(), name="x")


def small() -> Json:
    """An SPDX 3 document of one package, as the specification's own examples are built."""
    return {
        "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
        "@graph": [
            {"type": "CreationInfo", "@id": "_:c", "specVersion": "3.0.1", "createdBy": ["urn:x:person"]},
            {"type": "Person", "spdxId": "urn:x:person", "creationInfo": "_:c", "name": "somebody"},
            {"type": "SpdxDocument", "spdxId": "urn:x:doc", "creationInfo": "_:c", "name": "n", "element": ["urn:x:p"]},
            {
                "type": "software_Package",
                "spdxId": "urn:x:p",
                "creationInfo": "_:c",
                "name": "x",
                "software_packageVersion": "1.0.0",
                "externalIdentifier": [
                    {
                        "type": "ExternalIdentifier",
                        "externalIdentifierType": "packageUrl",
                        "identifier": "pkg:npm/x@1.0.0",
                    }
                ],
            },
        ],
    }


def test_spdx_3_of_one_package() -> None:
    asset = read(as_bytes(small()), name="x")
    assert [(package.name, package.version) for package in asset.packages.packages] == [("x", "1.0.0")]
    assert (asset.key, asset.name, asset.source) == ("urn:x:doc", "n", "SPDX 3.0.1")
    # An element may stand where its identifier could.
    given = small()
    given["@graph"][3]["suppliedBy"] = {"type": "Organization", "spdxId": "urn:x:o", "name": "Somebody"}
    given["@graph"][3]["creationInfo"] = {"type": "CreationInfo", "specVersion": "3.0.1"}
    assert read(as_bytes(given), name="x").packages.packages[0].name == "x"


def test_spdx_3_of_another_version_or_in_names_that_are_not_read_is_refused() -> None:
    given = small()
    given["@context"] = given["@context"].replace("3.0.1", "3.1.0")
    refused(given, "SPDX 3.1.0")
    given = small()
    given["@graph"][0]["specVersion"] = "4.0.0"
    refused(given, "SPDX 4.0.0")
    given = small()
    del given["@graph"][0]
    given["@context"] = ["https://spdx.org/rdf/"]
    refused(given, "without a version")
    given = small()
    given["@graph"][3]["@type"] = "https://spdx.org/rdf/3.0.1/terms/Software/Package"
    del given["@graph"][3]["type"]
    refused(given, "without type")
    given = small()
    given["@graph"][3]["type"] = "https://spdx.org/rdf/3.0.1/terms/Software/Package"
    refused(given, "spelled out in full")


def test_a_package_of_spdx_3_inside_another_element_is_not_overlooked() -> None:
    given = small()
    inside = given["@graph"].pop()
    given["@graph"][2]["rootElement"] = [inside]
    refused(given, "1 packages stand inside other elements")


def test_a_key_that_stands_twice_in_spdx_3_is_refused() -> None:
    text = as_bytes(small()).replace(b'"identifier"', b'"identifier": "pkg:npm/y@1.0.0", "identifier"')
    with pytest.raises(InputError, match="stands twice"):
        read(text, name="x")


def test_a_property_of_spdx_3_that_stands_twice_is_refused() -> None:
    text = as_bytes(spdx_3_of_cyclonedx(cyclonedx("debian_12-slim", "trivy")))
    first = b'"extension_cdxPropValue": "glibc"'
    assert first in text
    with pytest.raises(InputError, match="stands twice"):
        read(text.replace(first, b'"extension_cdxPropValue": "libc6", ' + first, 1), name="x")


def test_what_tools_write_otherwise_than_spdx_3_says_is_understood() -> None:
    given = small()
    given["@graph"][3]["suppliedBy"] = ["urn:x:person"]
    given["@graph"][3]["software_packageUrl"] = "pkg:rpm/fedora/x@1.0.0-1"
    given["@graph"].append(
        {"type": "software_Package", "name": "fedora", "software_packageVersion": "42", "spdxId": "urn:x:f"}
    )
    given["@graph"][4]["software_primaryPurpose"] = "operating_system"
    asset = read(as_bytes(given), name="x")
    assert {package.vendor for package in asset.packages.packages if package.type == "rpm"} == {"somebody"}
    assert asset.packages.release is not None
    assert asset.packages.release.scope == "fedora:42"
    assert not asset.gaps


@pytest.mark.parametrize(
    "words", ['{"name": 1}', '["AlmaLinux"]', "AlmaLinux", '{"name": "Alma', "", '{"x": ' + "[" * 100_000],
    ids=["number", "list", "plain", "cut off", "nothing", "deep"],
)  # fmt: skip
def test_a_supplier_that_a_converter_broke_leaves_the_publisher(words: str) -> None:
    given = small()
    entries = [("supplier", words), ("publisher", "AlmaLinux")]
    given["@graph"][3]["software_packageUrl"] = "pkg:rpm/almalinux/x@1.0.0-1?distro=almalinux-9"
    given["@graph"][3]["extension"] = [
        {"extension_cdxProperty": [{"extension_cdxPropName": n, "extension_cdxPropValue": v} for n, v in entries]}
    ]
    assert "AlmaLinux" in {package.vendor for package in read(as_bytes(given), name="x").packages.packages}


@pytest.mark.parametrize(
    ("purls", "told"),
    [
        (["pkg:deb/debian/libc6@2.36?distro=debian-12"], False),
        (["pkg:deb/debian/libc6@2.36?distro=debian-12&upstream=glibc"], True),
        (["pkg:deb/debian/base-files@12.4?distro=debian-12", "pkg:deb/debian/tzdata@2025?distro=debian-12"], True),
        (["pkg:deb/ubuntu/login@4.13?distro=ubuntu-24.04", "pkg:deb/ubuntu/bash@5?distro=ubuntu-24.04"], False),
        (["pkg:apk/alpine/libcrypto3@3.3.3-r0?distro=alpine-3.20"], False),
        (["pkg:apk/alpine/libcrypto3@3.3.3-r0?distro=alpine-3.20&upstream=openssl"], True),
        (["pkg:apk/alpine/musl@1.2.5-r9?distro=alpine-3.20"], True),
        (["pkg:rpm/rocky/glibc-common@2.34-1?distro=rocky-9"], True),
    ],
)
def test_a_system_whose_source_packages_are_not_told_is_not_clean(purls: list[str], told: bool) -> None:
    given = small()
    given["@graph"][3]["externalIdentifier"] = [
        {"externalIdentifierType": "packageUrl", "identifier": purl} for purl in purls
    ]
    gaps = read(as_bytes(given), name="x").gaps
    assert [gap.kind for gap in gaps] == ([] if told else ["incomplete-inventory"])
    if not told:
        assert f"{len(purls)} packages" in gaps[0].what or len(purls) == 1
        assert "upstream=" in gaps[0].remedy


def refused(given: Json, words: str) -> None:
    with pytest.raises(InputError) as caught:
        read(as_bytes(given), name="the-file")
    assert words in caught.value.what
    assert caught.value.remedy
    assert caught.value.place is not None
    assert caught.value.place.file == "the-file"
