"""SPDX 3.0 JSON (JSON-LD): a graph of elements instead of a tree, with the same things to say.

What SPDX 2 nests stands apart here and is put together by identifiers: annotations, suppliers, makers, and what the
document is about. Compact names of the published context are read; a document that spells them out in full is refused,
because its elements would not be seen. Source: SPDX specification 3.0.1, profiles Core and Software, and its JSON
schema.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress

import msgspec

from oakum.errors import InputError, Place
from oakum.fleet.assets import Asset
from oakum.fleet.sbom import spdx
from oakum.fleet.sbom.document import decode, refuse_duplicates
from oakum.fleet.sbom.properties import Property, Supplier

VERSIONS = ("3.0.0", "3.0.1")
_CONTEXT = re.compile(r"spdx\.org/rdf/([^/\"]+)/")
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
#: The identifier of a document whose maker gave it no namespace: that of every other one by the same maker.
_NO_NAMESPACE = re.compile(r"https?://spdx\.org/spdxdocs/SPDXRef-[^/#]*")
#: What stands before the name of a property that a converter took over from CycloneDX.
_TAKEN_OVER = "properties."
#: Elements that stand for others: what the document, or the SBOM in it, is about.
_COLLECTIONS = ("SpdxDocument", "software_Sbom", "Bom", "Bundle")


class _Identifier(msgspec.Struct, gc=False, rename="camel"):
    external_identifier_type: str = ""
    identifier: str = ""


class _Entry(msgspec.Struct, gc=False):
    """A property of CycloneDX, in SPDX's extension for them."""

    name: str = msgspec.field(default="", name="extension_cdxPropName")
    value: str | None = msgspec.field(default=None, name="extension_cdxPropValue")


class _Extension(msgspec.Struct):
    properties: list[_Entry] | None = msgspec.field(default=None, name="extension_cdxProperty")


class _Element(msgspec.Struct, rename="camel"):
    """Any element of the graph, with what is read of packages, annotations, collections and makers.

    What another element is named by may be its identifier or the element itself.
    """

    type: str = ""
    spdx_id: str = ""
    id: str = msgspec.field(default="", name="@id")
    name: str = ""
    spec_version: str = ""
    version: str | None = msgspec.field(default=None, name="software_packageVersion")
    purl: str | None = msgspec.field(default=None, name="software_packageUrl")
    source_info: str | None = msgspec.field(default=None, name="software_sourceInfo")
    purpose: str | None = msgspec.field(default=None, name="software_primaryPurpose")
    external_identifier: list[_Identifier] | None = None
    extension: list[_Extension] | None = None
    supplied_by: str | _Element | list[str | _Element] | None = None
    subject: str | _Element | None = None
    statement: str | None = None
    root_element: list[str | _Element] | None = None
    created_using: list[str | _Element] | None = None
    creation_info: str | _Element | None = None
    relationship_type: str = ""
    source: str | _Element | None = msgspec.field(default=None, name="from")
    to: list[str | _Element] | None = None

    @property
    def key(self) -> str:
        return self.spdx_id or self.id


class _Graph(msgspec.Struct):
    context: msgspec.Raw = msgspec.field(name="@context")
    graph: list[_Element] | None = msgspec.field(default=None, name="@graph")


_GRAPH = msgspec.json.Decoder(_Graph)
_SINGLE = msgspec.json.Decoder(_Element)
_SUPPLIER = msgspec.json.Decoder(Supplier)


def read(data: bytes, *, name: str) -> Asset:
    """The asset that an SPDX 3 document (unpacked UTF-8 JSON) describes; ``name`` is the input's for messages."""
    top = decode(_GRAPH, data, name)
    elements = [decode(_SINGLE, data, name)] if top.graph is None else top.graph
    version = _version(bytes(top.context), elements, name)
    _refuse_unseen(data, top, elements, name)
    by_key = {one.key: one for one in elements if one.key}
    remarks: dict[str, list[spdx.Annotation]] = {}
    for one in elements:
        if one.type == "Annotation" and one.statement:
            remarks.setdefault(_key(one.subject), []).append(spdx.Annotation(one.statement))
    document = next((one for one in elements if one.type == "SpdxDocument"), _Element())
    packages = [one for one in elements if one.type == "software_Package"]
    return spdx.describe(
        spdx.Document(
            spdx_version=f"SPDX-{version}",
            name=document.name,
            document_namespace=None if _NO_NAMESPACE.fullmatch(document.key) else document.key or None,
            creation_info=spdx.Creation([f"Tool: {made_by}" for made_by in _makers(document, elements, by_key)]),
            packages=[_package(one, by_key, remarks) for one in packages],
            document_describes=sorted(_described(document, elements, by_key)),
        ),
        data,
        name,
        {one.key: found for one in packages if (found := _properties(one))},
    )


def _version(context: bytes, elements: Iterable[_Element], name: str) -> str:
    """The one version that the context and everything that was created name."""
    found = _CONTEXT.search(context.decode())
    named = {one.spec_version for one in _creations(elements) if one.spec_version}
    named |= {found[1]} if found else set()
    for version in sorted(named):
        if version not in VERSIONS:
            raise InputError(
                f"SPDX {version} is not known here",
                place=Place(name, field="@context" if found and version == found[1] else "specVersion"),
                remedy=f"write it as SPDX {' or '.join(VERSIONS)} or 2.3, or as CycloneDX 1.6",
            )
    if not named:
        raise InputError(
            "SPDX 3 without a version",
            place=Place(name, field="@context"),
            remedy="its context and its CreationInfo name one: write the SBOM again",
        )
    return max(named)


def _creations(elements: Iterable[_Element]) -> Iterator[_Element]:
    for one in elements:
        if one.type == "CreationInfo":
            yield one
        elif isinstance(one.creation_info, _Element):
            yield one.creation_info


def _refuse_unseen(data: bytes, top: _Graph, elements: list[_Element], name: str) -> None:
    """Refuse a document whose packages are not all seen, or in which a key stands twice."""
    for position, one in enumerate(elements):
        if not one.type:
            raise InputError(
                "an element without type",
                place=Place(name, field=f"@graph[{position}]"),
                remedy="write it in the compact form of SPDX's JSON schema, with the names of its context",
            )
    packages = sum(one.type == "software_Package" for one in elements)
    if data.count(b'"software_Package"') != packages or b"/terms/Software/Package" in data:
        inside = _count_packages(data, name)
        if inside != packages:
            raise InputError(
                f"{inside - packages} packages stand inside other elements, or under names spelled out in full",
                place=Place(name, field="@graph"),
                remedy="write each package as an element of @graph, in the compact form of SPDX's JSON schema",
            )
    identifiers = [each for one in elements for each in one.external_identifier or ()]
    extensions = [each for one in elements for each in one.extension or ()]
    entries = [entry for one in elements for entry in _entries(one)]
    counts = {
        b"@graph": int(top.graph is not None),
        b"software_packageUrl": sum(one.purl is not None for one in elements),
        b"software_packageVersion": sum(one.version is not None for one in elements),
        b"software_sourceInfo": sum(one.source_info is not None for one in elements),
        b"externalIdentifier": sum(one.external_identifier is not None for one in elements),
        b"identifier": len(identifiers),
        b"extension": sum(one.extension is not None for one in elements),
        b"extension_cdxProperty": sum(each.properties is not None for each in extensions),
        b"extension_cdxPropValue": sum(entry.value is not None for entry in entries),
    }
    refuse_duplicates(data, counts, name)


def _count_packages(data: bytes, name: str) -> int:
    """How many objects are packages, wherever they stand and however their type is spelled."""
    count, left = 0, [json.loads(data, parse_int=len, parse_float=len)]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            kinds = (value.get("type"), value.get("@type"))
            count += any(str(kind).endswith(("software_Package", "/Software/Package")) for kind in kinds)
            left.extend(value.values())
        elif isinstance(value, list):
            left.extend(value)
    return count


def _key(named: str | _Element | None) -> str:
    return named.key if isinstance(named, _Element) else named or ""


def _name(named: str | _Element | list[str | _Element] | None, by_key: dict[str, _Element]) -> str:
    if isinstance(named, list):  # SPDX has one supplier; some tools write a list of them
        named = named[0] if named else None
    found = named if isinstance(named, _Element) else by_key.get(named or "")
    return found.name if found is not None else ""


def _makers(document: _Element, elements: list[_Element], by_key: dict[str, _Element]) -> list[str]:
    """The tools that made the document, by name; of one that does not say, those that made anything in it."""
    own = document.creation_info
    created = own if isinstance(own, _Element) else by_key.get(own or "")
    for one in [created] if created is not None else _creations(elements):
        if names := [found for tool in one.created_using or () if (found := _name(tool, by_key))]:
            return names
    return []


def _described(document: _Element, elements: list[_Element], by_key: dict[str, _Element]) -> set[str]:
    """What the document is about, through the collections that stand for it."""
    left = [_key(one) for one in document.root_element or ()]
    left += [
        _key(to)
        for one in elements
        if one.type == "Relationship" and one.relationship_type == "describes"
        for to in one.to or ()
    ]
    described: set[str] = set()
    while left:
        key = left.pop()
        if key not in described:
            described.add(key)
            one = by_key.get(key)
            if one is not None and one.type in _COLLECTIONS:
                left += [_key(each) for each in one.root_element or ()]
    return described


def _package(one: _Element, by_key: dict[str, _Element], remarks: dict[str, list[spdx.Annotation]]) -> spdx.Package:
    purls = [each.identifier for each in one.external_identifier or () if each.external_identifier_type == "packageUrl"]
    return spdx.Package(
        spdxid=one.key,
        name=one.name,
        version_info=one.version,
        supplier=_name(one.supplied_by, by_key) or _supplier(one),
        source_info=one.source_info,
        primary_package_purpose=_CAPITAL.sub("-", one.purpose).replace("_", "-").upper() if one.purpose else None,
        external_refs=[spdx.Reference("purl", purl) for purl in ([one.purl] if one.purl else []) + purls],
        annotations=remarks.get(one.key),
    )


def _entries(one: _Element) -> Iterator[_Entry]:
    for each in one.extension or ():
        yield from each.properties or ()


def _properties(one: _Element) -> list[Property]:
    return [Property(entry.name.removeprefix(_TAKEN_OVER), entry.value) for entry in _entries(one)]


def _supplier(one: _Element) -> str | None:
    """The supplier, before the publisher, of the component of CycloneDX that a package was."""
    publisher = None
    for entry in _entries(one):
        if entry.name == "supplier" and entry.value:
            with suppress(msgspec.DecodeError, RecursionError):
                return _SUPPLIER.decode(entry.value).name
        elif entry.name == "publisher":
            publisher = entry.value
    return publisher
