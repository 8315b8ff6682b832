"""SPDX 2.3 and 2.2, by any tool: its JSON, and what any notation of SPDX means.

SPDX 2 has no field for a source package. Trivy writes ``built package from: NAME VERSION`` into
``sourceInfo``, others leave it to the purl's ``upstream=``. Until 2.3 nothing says what kind of thing a
package is, so that the identifier (``SPDXRef-OperatingSystem-``) must. Source: SPDX specification 2.3,
chapters 6 and 7.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256

import msgspec

from oakum.errors import InputError, Place
from oakum.fleet.assets import Asset
from oakum.fleet.ecosystems import release_from_name
from oakum.fleet.sbom.document import decode, refuse_duplicates
from oakum.fleet.sbom.inventory import Inventory, Said
from oakum.fleet.sbom.properties import Property, is_heading, said
from oakum.fleet.sbom.purls import parse

VERSIONS = ("SPDX-2.2", "SPDX-2.3")
_BUILT_FROM = re.compile(r"built package from: (\S+) (\S+)")
#: How Syft tells in which file it found a package; behind a comma come others that say the same.
_ACQUIRED = re.compile(r"acquired package info from [^:]{1,100}: (/[^,]+)")
_NOTHING = frozenset({"NOASSERTION", "NONE"})
#: How the identifier of an image begins that Syft's documents are about.
_ROOT = "SPDXRef-DocumentRoot-Image-"
#: Kinds of package that are no software of their own, or that stand for the subject.
_NO_SOFTWARE = frozenset({"FILE", "DEVICE", "CONTAINER"})
#: Trivy's annotation for the module stream of an rpm.
_MODULE = "Modularitylabel: "
_PATH = "FilePath: "


class Reference(msgspec.Struct, gc=False, rename="camel"):
    """A reference to elsewhere; the package URL is one."""

    reference_type: str = ""
    reference_locator: str = ""


class Annotation(msgspec.Struct, gc=False):
    """A remark of a tool, each with its own words."""

    comment: str = ""


class Package(msgspec.Struct, rename="camel"):
    """What is read of a package."""

    spdxid: str = msgspec.field(default="", name="SPDXID")
    name: str = ""
    version_info: str | None = None
    supplier: str | None = None
    source_info: str | None = None
    primary_package_purpose: str | None = None
    external_refs: list[Reference] | None = None
    annotations: list[Annotation] | None = None


class Creation(msgspec.Struct):
    """Who made the document."""

    creators: list[str] | None = None


class Relationship(msgspec.Struct, gc=False, rename="camel"):
    """How two elements hang together."""

    relationship_type: str = ""
    related_spdx_element: str = ""


class Document(msgspec.Struct, rename="camel"):
    """What is read of a document, in whichever of its notations it was written."""

    spdx_version: str = ""
    name: str = ""
    document_namespace: str | None = None
    creation_info: Creation | None = None
    packages: list[Package] | None = None
    document_describes: list[str] | None = None
    relationships: list[Relationship] | None = None


_DECODER = msgspec.json.Decoder(Document)


def read(data: bytes, *, name: str) -> Asset:
    """The asset that an SPDX 2 document (unpacked UTF-8 JSON) describes; ``name`` is the input's for
    messages."""
    document = decode(_DECODER, data, name)
    require_version(document.spdx_version, name)
    _refuse_duplicates(data, document, document.packages or [], name)
    return describe(document, data, name)


def require_version(version: str, name: str, line: int | None = None) -> None:
    """Raises InputError for a version of SPDX 2 that is not known here."""
    if version not in VERSIONS:
        raise InputError(
            f"{version or 'SPDX without spdxVersion'} is not known here",
            place=Place(name, line, "spdxVersion"),
            remedy=f"write it as one of {', '.join(VERSIONS)}, or as CycloneDX 1.6",
        )


def describe(
    document: Document, data: bytes, name: str, properties: Mapping[str, Sequence[Property]] | None = None
) -> Asset:
    """The asset that a document describes.

    ``data`` are its bytes, by which it is known where it has no namespace. ``properties`` are what tools say about
    packages beside what SPDX has fields for, by the packages' identifiers.
    """
    properties = properties or {}
    packages = document.packages or []
    subjects = _described(document)
    inventory = Inventory()
    digest, kind = "", "sbom"
    named: list[str] = []
    for package in packages:
        is_subject = package.spdxid in subjects
        purpose = package.primary_package_purpose or ""
        purls = _purls(package)
        remarks = properties.get(package.spdxid, ())
        if is_subject:
            named += purls
        if purpose == "OPERATING-SYSTEM" or package.spdxid.startswith("SPDXRef-OperatingSystem"):
            version = _given(package.version_info)
            inventory.system(f"{package.name} {version}".strip(), release_from_name(package.name, version))
        elif is_subject and (purpose == "CONTAINER" or package.spdxid.startswith(_ROOT) or any(map(_is_image, purls))):
            kind, digest = "image", digest or _digest(purls, package)
        elif purls:
            for purl in purls:
                inventory.add(purl, package.name, _given(package.version_info), _said(package, remarks))
        elif not is_subject and purpose not in _NO_SOFTWARE and not _is_heading(package, remarks):
            inventory.nameless(purpose.lower() or "package", package.name)
    found, gaps = inventory.finish()
    return Asset(
        kind="image" if kind == "image" else "sbom",
        key=digest or document.document_namespace or f"sha256:{sha256(data).hexdigest()}",
        name=document.name or name,
        source=f"{document.spdx_version.replace('-', ' ')}{_tool(document)}",
        packages=found,
        gaps=gaps,
        subject=tuple(dict.fromkeys(filter(None, (*named, document.document_namespace)))),
    )


def _refuse_duplicates(data: bytes, document: Document, packages: list[Package], name: str) -> None:
    counts = {
        b"packages": int(document.packages is not None),
        b"externalRefs": sum(package.external_refs is not None for package in packages),
        b"referenceLocator": sum(len(package.external_refs or ()) for package in packages),
        b"versionInfo": sum(package.version_info is not None for package in packages),
        b"sourceInfo": sum(package.source_info is not None for package in packages),
    }
    refuse_duplicates(data, counts, name)


def _described(document: Document) -> set[str]:
    described = {
        relation.related_spdx_element
        for relation in document.relationships or ()
        if relation.relationship_type == "DESCRIBES"
    }
    return described.union(document.document_describes or ())


def _purls(package: Package) -> list[str]:
    """Usually one; a package that is known under several has the advisories of each."""
    found = (
        reference.reference_locator
        for reference in package.external_refs or ()
        if reference.reference_type.rpartition("/")[2] == "purl"
    )
    return list(dict.fromkeys(found))


def _is_image(purl: str) -> bool:
    return purl.startswith(("pkg:oci/", "pkg:docker/"))


def _given(text: str | None) -> str:
    return "" if text is None or text in _NOTHING else text


def _said(package: Package, properties: Sequence[Property]) -> Said:
    found = said(properties, vendor=_given(package.supplier).removeprefix("Organization: "))
    built = _BUILT_FROM.match(package.source_info or "")
    if built is not None:
        found.source, found.source_version = built[1], built[2]
    elif (acquired := _ACQUIRED.match(package.source_info or "")) is not None:
        found.path = found.path or acquired[1]
    for annotation in package.annotations or ():
        if annotation.comment.startswith(_MODULE):
            found.module = annotation.comment[len(_MODULE) :]
        elif annotation.comment.startswith(_PATH):
            found.path = annotation.comment[len(_PATH) :]
    return found


def _is_heading(package: Package, properties: Sequence[Property]) -> bool:
    """Trivy's SPDX has as an annotation what its CycloneDX has as a property."""
    return is_heading(properties) or any(
        annotation.comment.startswith("Class: ") for annotation in package.annotations or ()
    )


def _digest(purls: list[str], package: Package) -> str:
    named = [purl.version for text in purls if (purl := parse(text))]
    return next((version for version in (*named, package.version_info or "") if version.startswith("sha256:")), "")


def _tool(document: Document) -> str:
    """``by trivy 0.67.2`` of the creator ``Tool: trivy-0.67.2``."""
    creators = (document.creation_info.creators if document.creation_info else None) or []
    for creator in creators:
        if creator.startswith("Tool: "):
            tool, _, version = creator.removeprefix("Tool: ").rpartition("-")
            return f" by {tool} {version}" if tool else f" by {version}"
    return ""
