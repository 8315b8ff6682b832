"""One document in another notation: real SBOMs as CycloneDX XML, SPDX tag-value and SPDX 3, written for tests.

SPDX 3 comes in two ways: from SPDX 2, and from CycloneDX as cdxgen's converter does it, which puts what SPDX has no
field for into the extension for CycloneDX's properties.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape, quoteattr

Json = dict[str, Any]


def cyclonedx_xml(bom: Json, version: str) -> bytes:
    """A CycloneDX JSON document in XML, with what surrounds packages in real ones: licences, hashes, references."""
    metadata = bom.get("metadata", {})
    tools = metadata.get("tools", {})
    listed = tools.get("components", []) if isinstance(tools, dict) else tools
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<bom xmlns="http://cyclonedx.org/schema/bom/{version}" serialNumber={quoteattr(bom["serialNumber"])}>',
        "<metadata>",
        "<tools>",
        *(
            f"<tool><vendor>v</vendor><name>{escape(one['name'])}</name><version>{one['version']}</version></tool>"
            for one in listed
        ),
        "</tools>",
        *(_component(metadata["component"]) if "component" in metadata else ()),
        "</metadata>",
        "<components>",
        *(line for one in bom["components"] for line in _component(one)),
        "</components>",
        "</bom>",
    ]
    return "\n".join(lines).encode()


def _component(one: Json) -> Iterator[str]:
    yield f"<component type={quoteattr(one['type'])}>"
    if "supplier" in one:
        yield f"<supplier><name>{escape(one['supplier']['name'])}</name></supplier>"
    for key in ("publisher", "group", "name", "version"):
        if key in one:
            yield f"<{key}>{escape(one[key])}</{key}>"
    yield "<licenses><license><name>not the name of it</name></license></licenses>"
    yield "<hashes><hash alg='SHA-1'>da39a3ee5e6b4b0d3255bfef95601890afd80709</hash></hashes>"
    if "purl" in one:
        yield f"<purl>{escape(one['purl'])}</purl>"
    yield "<pedigree><ancestors><component type='library'><name>a</name><purl>pkg:npm/not-there@1.0.0</purl>"
    yield "</component></ancestors></pedigree>"
    if "properties" in one:
        yield "<properties>"
        for each in one["properties"]:
            yield f"<property name={quoteattr(each['name'])}>{escape(each.get('value', ''))}</property>"
        yield "</properties>"
    yield "</component>"


def tag_value(document: Json, version: str = "SPDX-2.3") -> bytes:
    """An SPDX 2 JSON document in tag-value."""
    lines = [
        f"SPDXVersion: {version}",
        "DataLicense: CC0-1.0",
        "SPDXID: SPDXRef-DOCUMENT",
        f"DocumentName: {document['name']}",
        f"DocumentNamespace: {document['documentNamespace']}",
        *(f"Creator: {creator}" for creator in document["creationInfo"]["creators"]),
        "DocumentComment: <text>Several lines,",
        "PackageName: of which this is one</text>",
    ]
    for one in document["packages"]:
        lines += ["", "# a package", f"PackageName: {one['name']}", f"SPDXID: {one['SPDXID']}"]
        for tag, key in (
            ("PackageVersion", "versionInfo"),
            ("PackageSupplier", "supplier"),
            ("PackageSourceInfo", "sourceInfo"),
            ("PrimaryPackagePurpose", "primaryPackagePurpose"),
        ):
            if key in one:
                value = f"<text>{one[key]}</text>" if tag == "PackageSourceInfo" else one[key]
                lines.append(f"{tag}: {value}")
        for each in one.get("externalRefs", ()):
            lines.append(f"ExternalRef: {each['referenceCategory']} {each['referenceType']} {each['referenceLocator']}")
        for each in one.get("annotations", ()):
            lines += [f"Annotator: {each['annotator']}", "AnnotationDate: 2026-01-18T19:32:43Z"]
            lines += ["AnnotationType: OTHER", f"SPDXREF: {one['SPDXID']}", f"AnnotationComment: {each['comment']}"]
    lines += ["", "FileName: ./etc/passwd", "SPDXID: SPDXRef-File", "FileChecksum: SHA1: da39a3ee"]
    for each in document["relationships"]:
        lines.append(f"Relationship: {each['spdxElementId']} {each['relationshipType']} {each['relatedSpdxElement']}")
    return "\n".join(lines).encode()


def spdx_3(document: Json, version: str = "3.0.1") -> Json:
    """An SPDX 2 JSON document as a graph of SPDX 3."""
    base = document["documentNamespace"]
    tools = [each.removeprefix("Tool: ") for each in document["creationInfo"]["creators"] if each.startswith("Tool: ")]
    graph: list[Json] = [
        {"type": "CreationInfo", "@id": "_:made", "specVersion": version, "createdUsing": [f"{base}#tool-0"]},
        *(
            {"type": "Tool", "spdxId": f"{base}#tool-{n}", "creationInfo": "_:made", "name": tool}
            for n, tool in enumerate(tools)
        ),
    ]
    suppliers: dict[str, str] = {}
    for one in document["packages"]:
        element: Json = {
            "type": "software_Package",
            "spdxId": f"{base}#{one['SPDXID']}",
            "creationInfo": "_:made",
            "name": one["name"],
        }
        purls = [each["referenceLocator"] for each in one.get("externalRefs", ()) if each["referenceType"] == "purl"]
        if purls:
            element["software_packageUrl"] = purls[0]
            element["externalIdentifier"] = [
                {"type": "ExternalIdentifier", "externalIdentifierType": "packageUrl", "identifier": purls[0]},
                {"type": "ExternalIdentifier", "externalIdentifierType": "cpe23", "identifier": "cpe:2.3:a:x:x:1"},
            ]
        for key, theirs in (("software_packageVersion", "versionInfo"), ("software_sourceInfo", "sourceInfo")):
            if theirs in one:
                element[key] = one[theirs]
        if "supplier" in one:
            name = one["supplier"].removeprefix("Organization: ")
            element["suppliedBy"] = suppliers.setdefault(name, f"{base}#supplier-{len(suppliers)}")
        if "primaryPackagePurpose" in one:
            first, *others = one["primaryPackagePurpose"].lower().split("-")
            element["software_primaryPurpose"] = first + "".join(word.capitalize() for word in others)
        graph.append(element)
        for n, each in enumerate(one.get("annotations", ())):
            graph.append(
                {
                    "type": "Annotation",
                    "spdxId": f"{element['spdxId']}-remark-{n}",
                    "creationInfo": "_:made",
                    "annotationType": "other",
                    "subject": element["spdxId"],
                    "statement": each["comment"],
                }
            )
    graph += [
        {"type": "Organization", "spdxId": key, "creationInfo": "_:made", "name": name}
        for name, key in suppliers.items()
    ]
    about = [r["relatedSpdxElement"] for r in document["relationships"] if r["relationshipType"] == "DESCRIBES"]
    graph += [
        {
            "type": "software_Sbom",
            "spdxId": f"{base}#sbom",
            "creationInfo": "_:made",
            "rootElement": [f"{base}#{each}" for each in about],
        },
        {
            "type": "SpdxDocument",
            "spdxId": base,
            "creationInfo": "_:made",
            "name": document["name"],
            "rootElement": [f"{base}#sbom"],
        },
    ]
    return {"@context": f"https://spdx.org/rdf/{version}/spdx-context.jsonld", "@graph": graph}


def spdx_3_of_cyclonedx(bom: Json) -> Json:
    """A CycloneDX JSON document as a graph of SPDX 3, in the way of cdx-convert 12.8: no subject, no tools."""
    base = bom["serialNumber"].replace("urn:uuid", "urn:cdxgen:spdx")
    subject = bom["metadata"]["component"]
    graph: list[Json] = [{"type": "CreationInfo", "@id": f"{base}#made", "specVersion": "3.0.1"}]
    for number, one in enumerate([subject, *bom["components"]]):
        element: Json = {
            "type": "software_File" if one["type"] == "file" else "software_Package",
            "spdxId": f"{base}#{number}",
            "creationInfo": f"{base}#made",
            "name": f"{one['group']}/{one['name']}" if "group" in one else one["name"],
        }
        for key, theirs in (("software_packageVersion", "version"), ("software_packageUrl", "purl")):
            if theirs in one:
                element[key] = one[theirs]
        entries = [("bomRef", one.get("bom-ref", ""))]
        entries += [(f"properties.{each['name']}", each.get("value", "")) for each in one.get("properties", ())]
        if "supplier" in one:
            entries.append(("supplier", json.dumps(one["supplier"])))
        if "publisher" in one:
            entries.append(("publisher", one["publisher"]))
        element["extension"] = [
            {
                "type": "extension_CdxPropertiesExtension",
                "extension_cdxProperty": [
                    {
                        "type": "extension_CdxPropertyEntry",
                        "extension_cdxPropName": name,
                        "extension_cdxPropValue": value,
                    }
                    for name, value in entries
                ],
            }
        ]
        graph.append(element)
    graph.append({"type": "SpdxDocument", "spdxId": f"{base}#doc", "name": subject["name"]})
    return {"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": graph}


def as_bytes(document: Json) -> bytes:
    """JSON as tools write it."""
    return json.dumps(document, indent=1).encode()
