"""What tools say about a component in properties: a name and a value, whose names are each tool's own.

CycloneDX carries them; SPDX 3 does in its extension for them, into which converters take them over. Trivy's
``aquasecurity:trivy:*`` and Syft's ``syft:*`` are known.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from oakum.fleet.sbom.inventory import Said

#: Property -> what it says. Trivy writes a source's version, release and epoch apart.
_MEANINGS = {
    "aquasecurity:trivy:SrcName": "source",
    "aquasecurity:trivy:SrcVersion": "version",
    "aquasecurity:trivy:SrcRelease": "release",
    "aquasecurity:trivy:SrcEpoch": "source_epoch",
    "aquasecurity:trivy:Modularitylabel": "module",
    "aquasecurity:trivy:FilePath": "path",
    "syft:metadata:source": "source",
    "syft:metadata:sourceVersion": "version",
    "syft:metadata:originPackage": "source",
    "syft:metadata:sourceRpm": "source_rpm",
    "syft:metadata:epoch": "epoch",
    "syft:metadata:modularityLabel": "module",
    "syft:location:0:path": "path",
}


class Property(msgspec.Struct, gc=False):
    """A name and a value that a tool added."""

    name: str = ""
    value: str | None = None


class Supplier(msgspec.Struct, gc=False):
    """Who supplied a component."""

    name: str | None = None


def said(properties: Iterable[Property] | None, *, vendor: str = "") -> Said:
    """What the properties of one component say about it; ``vendor`` is who supplied it."""
    found: dict[str, str] = {}
    for item in properties or ():
        meaning = _MEANINGS.get(item.name)
        if meaning and item.value:
            found[meaning] = item.value
    version = found.get("version", "")
    if version:
        if "source_epoch" in found:
            version = f"{found['source_epoch']}:{version}"
        if "release" in found:
            version = f"{version}-{found['release']}"
    return Said(
        source=found.get("source", ""),
        source_version=version,
        source_rpm=found.get("source_rpm", ""),
        epoch=found.get("epoch", ""),
        module=found.get("module", ""),
        path=found.get("path", ""),
        vendor=vendor,
    )


def is_heading(properties: Iterable[Property] | None) -> bool:
    """Whether a component only groups others: Trivy lists lock files so, and an image's system."""
    return any(item.name == "aquasecurity:trivy:Class" for item in properties or ())
