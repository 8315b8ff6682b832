"""Trivy's own JSON as an inventory: the packages that it lists beside its findings.

With ``--list-all-pkgs`` (the default of newer versions for JSON) each result holds every package that was found, with
its source package. Without, only findings name packages, and those of an operating system then lack the source by which
most advisories speak of them: looked up by their own names they would seem clean. So of such a result packages of
languages are taken, no others, and all that is not known is a gap. Source: Trivy's types for reports, schema 2
(trivy.dev/docs/latest/configuration/reporting).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256

import msgspec

from oakum.errors import InputError, Place
from oakum.fleet.assets import Asset, Gap
from oakum.fleet.ecosystems import release_from_name
from oakum.fleet.sbom.document import decode, refuse_duplicates
from oakum.fleet.sbom.inventory import Inventory, Said

SCHEMA = 2
_SYSTEM, _LANGUAGE = "os-pkgs", "lang-pkgs"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_REMEDY = "make it with trivy --list-all-pkgs -f json, or scan the image itself"


class _Identifier(msgspec.Struct, gc=False):
    purl: str | None = msgspec.field(default=None, name="PURL")


class _Package(msgspec.Struct, rename="pascal"):
    name: str = ""
    identifier: _Identifier | None = None
    version: str = ""
    release: str = ""
    epoch: int = 0
    src_name: str = ""
    src_version: str = ""
    src_release: str = ""
    src_epoch: int = 0
    maintainer: str = ""
    module: str = msgspec.field(default="", name="Modularitylabel")
    file_path: str = ""


class _Vulnerability(msgspec.Struct, rename="pascal"):
    pkg_name: str = ""
    pkg_path: str = ""
    pkg_identifier: _Identifier | None = None
    installed_version: str = ""


class _Result(msgspec.Struct, rename="pascal"):
    target: str = ""
    class_: str = msgspec.field(default="", name="Class")
    type: str = ""
    packages: list[_Package] | None = None
    vulnerabilities: list[_Vulnerability] | None = None


class _System(msgspec.Struct, rename="pascal"):
    family: str = ""
    name: str = ""


class _Metadata(msgspec.Struct, rename="pascal"):
    system: _System | None = msgspec.field(default=None, name="OS")
    image_id: str = msgspec.field(default="", name="ImageID")
    repo_digests: list[str] | None = None


class _Tool(msgspec.Struct, rename="pascal"):
    version: str = ""


class _Document(msgspec.Struct, rename="pascal"):
    schema_version: int | None = None
    trivy: _Tool | None = None
    artifact_name: str = ""
    metadata: _Metadata | None = None
    results: list[_Result] | None = None


_DECODER = msgspec.json.Decoder(_Document)


def read(data: bytes, *, name: str) -> Asset:
    """The asset that a report (unpacked UTF-8 JSON) is of; ``name`` is the input's for messages."""
    document = decode(_DECODER, data, name)
    if document.schema_version != SCHEMA:
        said = "without SchemaVersion" if document.schema_version is None else f"of schema {document.schema_version}"
        raise InputError(
            f"a Trivy report {said} is not known here",
            place=Place(name, field="SchemaVersion"),
            remedy=f"make it with a Trivy that writes schema {SCHEMA}, or scan the image itself",
        )
    results = document.results or []
    _refuse_duplicates(data, results, name)
    metadata = document.metadata or _Metadata()
    inventory = Inventory()
    if metadata.system is not None and metadata.system.family:
        given = f"{metadata.system.family} {metadata.system.name}".strip()
        inventory.system(given, release_from_name(metadata.system.family, metadata.system.name))
    missing: list[Gap] = []
    for result in results:
        if result.class_ in ("", _SYSTEM, _LANGUAGE):
            missing += _take(result, inventory)
    packages, gaps = inventory.finish()
    digest = next(iter(_DIGEST.findall(" ".join(metadata.repo_digests or ()))), "")
    return Asset(
        kind="image" if digest or metadata.image_id else "sbom",
        key=digest or f"sha256:{sha256(data).hexdigest()}",
        name=document.artifact_name or name,
        source=f"report of Trivy {document.trivy.version if document.trivy else ''}".rstrip(),
        packages=packages,
        gaps=(*gaps, *missing),
    )


def _refuse_duplicates(data: bytes, results: Sequence[_Result], name: str) -> None:
    listed = [package.identifier for one in results for package in one.packages or ()]
    found = [each.pkg_identifier for one in results for each in one.vulnerabilities or ()]
    purls = sum(one is not None and one.purl is not None for one in (*listed, *found))
    lists = sum(one.packages is not None for one in results)
    refuse_duplicates(data, {b"PURL": purls, b"Packages": lists, b"Results": 1}, name)


def _take(result: _Result, inventory: Inventory) -> list[Gap]:
    """Takes in what a result lists; the gap of one that lists nothing."""
    if result.packages is not None:
        for package in result.packages:
            _add(package, result, inventory)
        return []
    found = result.vulnerabilities or []
    if result.class_ == _LANGUAGE:
        seen = dict.fromkeys(
            (_purl(one.pkg_identifier), one.pkg_name, one.installed_version, one.pkg_path) for one in found
        )
        for purl, name, version, path in seen:
            if purl:
                inventory.add(purl, name, version, Said(path=path))
            else:
                inventory.nameless(result.type or "package", name)
        what = f"packages of {result.target or result.type} in which Trivy found nothing"
        why = "the report lists findings and no packages: about all others nothing is known"
    else:
        what = f"packages of {result.target or result.type or 'the system'}"
        named = len({(one.pkg_name, one.installed_version) for one in found})
        why = (
            f"the report lists findings and no packages: {named} are named, without the source packages by which "
            "advisories speak of them, and about all others nothing is known"
        )
    return [Gap("incomplete-inventory", what, why, _REMEDY)]


def _add(package: _Package, result: _Result, inventory: Inventory) -> None:
    purl = _purl(package.identifier)
    if not purl:
        inventory.nameless(result.type or "package", package.name)
        return
    said = Said(
        source=package.src_name,
        source_version=_version(package.src_epoch, package.src_version, package.src_release),
        epoch=str(package.epoch) if package.epoch else "",
        module=package.module,
        path=package.file_path,
        vendor=package.maintainer,
    )
    inventory.add(purl, package.name, _version(0, package.version, package.release), said)


def _purl(identifier: _Identifier | None) -> str:
    return (identifier.purl if identifier is not None else None) or ""


def _version(epoch: int, version: str, release: str) -> str:
    """A version that Trivy writes in parts, as the package's own tools print it."""
    whole = f"{version}-{release}" if release else version
    return f"{epoch}:{whole}" if epoch and whole else whole
