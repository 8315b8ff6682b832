"""Syft's own JSON.

It knows more than any interchange format: the epoch as a number or null, the source rpm, the module stream
and the whole os-release. Source: the published JSON schemas of Syft, majors 3 to 16; the fields read here are
the same in all.
"""

from __future__ import annotations

from hashlib import sha256

import msgspec

from oakum.errors import InputError, Place
from oakum.fleet.assets import Asset
from oakum.fleet.ecosystems import release_from_os_release
from oakum.fleet.sbom.document import decode, refuse_duplicates
from oakum.fleet.sbom.inventory import Inventory, Said

_SCHEMAS = range(3, 17)


_ABSENT = msgspec.Raw()


class _Metadata(msgspec.Struct, gc=False, rename="camel"):
    source: str | None = None
    source_version: str | None = None
    source_rpm: str | None = None
    origin_package: str | None = None
    epoch: int | None = None
    modularity_label: str | None = None
    vendor: str | None = None


class _Location(msgspec.Struct, gc=False):
    path: str = ""


class _Artifact(msgspec.Struct):
    name: str = ""
    version: str = ""
    type: str = ""
    purl: str | None = None
    locations: list[_Location] | None = None
    metadata: msgspec.Raw = _ABSENT
    metadata_type: str | None = msgspec.field(default=None, name="metadataType")


class _Distro(msgspec.Struct, rename="camel"):
    id: str | None = None
    name: str | None = None
    version: str | None = None
    pretty_name: str | None = None
    version_id: str | None = msgspec.field(default=None, name="versionID")
    version_codename: str | None = None


class _Image(msgspec.Struct, rename="camel"):
    user_input: str | None = None
    manifest_digest: str | None = None


class _Source(msgspec.Struct):
    id: str | None = None
    name: str | None = None
    version: str | None = None
    type: str | None = None
    metadata: msgspec.Raw = _ABSENT
    target: msgspec.Raw = _ABSENT


class _Descriptor(msgspec.Struct):
    name: str = "syft"
    version: str = ""


class _Schema(msgspec.Struct):
    version: str = ""


class _Document(msgspec.Struct):
    artifacts: list[_Artifact] | None = None
    source: _Source | None = None
    distro: _Distro | None = None
    descriptor: _Descriptor = msgspec.field(default_factory=_Descriptor)
    schema: _Schema = msgspec.field(default_factory=_Schema)


_DECODER = msgspec.json.Decoder(_Document)
_METADATA = msgspec.json.Decoder(_Metadata)
_IMAGE = msgspec.json.Decoder(_Image)
#: The metadata of these types have the fields that are read here; others' are of other shapes.
_OS_METADATA = ("dpkg", "rpm", "apk", "Dpkg", "Rpm", "Apk", "alpm", "Alpm")


def read(data: bytes, *, name: str) -> Asset:
    """The asset that a Syft document (unpacked UTF-8 JSON) describes; ``name`` is the input's for
    messages."""
    document = decode(_DECODER, data, name)
    major = document.schema.version.partition(".")[0]
    if not (major.isascii() and major.isdigit() and len(major) < 4 and int(major) in _SCHEMAS):
        raise InputError(
            f"Syft's JSON schema {document.schema.version or 'without version'} is not known here",
            place=Place(name, field="schema.version"),
            remedy="write CycloneDX instead: syft -o cyclonedx-json",
        )
    artifacts = document.artifacts or []
    purls = sum(artifact.purl is not None for artifact in artifacts)
    refuse_duplicates(data, {b"purl": purls, b"artifacts": 1}, name)
    inventory = Inventory()
    distro = document.distro
    if distro is not None and (distro.id or distro.name):
        given = distro.pretty_name or f"{distro.id or distro.name} {distro.version_id or distro.version or ''}"
        inventory.system(given.strip(), release_from_os_release(_os_release(distro)))
    for artifact in artifacts:
        if artifact.purl:
            inventory.add(artifact.purl, artifact.name, artifact.version, _said(artifact, name))
        else:
            inventory.nameless(artifact.type or "package", artifact.name)
    packages, gaps = inventory.finish()
    source = document.source or _Source()
    image = _image(source, name)
    is_image = source.type == "image"
    display = (image.user_input if is_image else None) or _named(source)
    tool = f"{document.descriptor.name} {document.descriptor.version}".rstrip()
    return Asset(
        kind="image" if is_image else "sbom",
        key=(image.manifest_digest if is_image else None) or f"sha256:{sha256(data).hexdigest()}",
        name=display or name,
        source=f"Syft JSON {document.schema.version} by {tool}",
        packages=packages,
        gaps=gaps,
    )


def _os_release(distro: _Distro) -> dict[str, str]:
    fields = {
        "ID": distro.id or distro.name,
        "VERSION_ID": distro.version_id,
        "VERSION": distro.version,
        "VERSION_CODENAME": distro.version_codename,
        "PRETTY_NAME": distro.pretty_name,
    }
    return {key: value for key, value in fields.items() if value}


def _said(artifact: _Artifact, name: str) -> Said:
    path = artifact.locations[0].path if artifact.locations else ""
    if not bytes(artifact.metadata) or not (artifact.metadata_type or "").startswith(_OS_METADATA):
        return Said(path=path)
    known = decode(_METADATA, bytes(artifact.metadata), name)
    return Said(
        source=known.source or known.origin_package or "",
        source_version=known.source_version or "",
        source_rpm=known.source_rpm or "",
        epoch="" if known.epoch is None else str(known.epoch),
        module=known.modularity_label or "",
        path=path,
        vendor=known.vendor or "",
    )


def _image(source: _Source, name: str) -> _Image:
    raw = bytes(source.metadata) or bytes(source.target)  # until schema 11 the image stood in ``target``
    if source.type != "image" or not raw:
        return _Image()
    return decode(_IMAGE, raw, name)


def _named(source: _Source) -> str:
    return f"{source.name or ''}:{source.version}" if source.version else source.name or ""
