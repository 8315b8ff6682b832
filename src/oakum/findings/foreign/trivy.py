"""Trivy's own JSON, schema 2: results by target, each with its vulnerabilities.

A vulnerability names its package by URL since 0.49; before, the kind of its result says what it is. Results about
secrets, licences and misconfiguration are passed over. Source: Trivy's types for reports, schema 2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from oakum.errors import InputError, Place
from oakum.findings.foreign.model import Claim, Report, State
from oakum.fleet.distributions import distribution
from oakum.fleet.ecosystems import release_from_name
from oakum.fleet.packages import Package
from oakum.fleet.releases import Release
from oakum.fleet.sbom.document import decode, refuse_duplicates
from oakum.fleet.sbom.inventory import package_of

SCHEMA = 2
_STATES: dict[str, State] = {
    "affected": "affected",
    "fixed": "fixed",
    "not_affected": "not-affected",
    "will_not_fix": "will-not-fix",
    "fix_deferred": "deferred",
    "end_of_life": "end-of-life",
    "under_investigation": "undetermined",
}
#: The kinds of results about packages of languages -> the type of a package URL.
_LANGUAGES = {
    "bundler": "gem", "gemspec": "gem", "rubygems": "gem",
    "cargo": "cargo", "rust-binary": "cargo", "rustbinary": "cargo",
    "composer": "composer", "composer-vendor": "composer",
    "npm": "npm", "yarn": "npm", "pnpm": "npm", "bun": "npm", "node-pkg": "npm", "jar": "maven", "pom": "maven",
    "gradle": "maven", "sbt": "maven", "nuget": "nuget", "dotnet-core": "nuget", "packages-props": "nuget",
    "pip": "pypi", "pipenv": "pypi", "poetry": "pypi", "uv": "pypi", "python-pkg": "pypi", "pylock": "pypi",
    "gobinary": "golang", "gomod": "golang", "hex": "hex", "pub": "pub", "swift": "swift", "cocoapods": "cocoapods",
}  # fmt: skip
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class _Identifier(msgspec.Struct, gc=False):
    purl: str | None = msgspec.field(default=None, name="PURL")


class _DataSource(msgspec.Struct, gc=False):
    id: str = msgspec.field(default="", name="ID")


class _Vulnerability(msgspec.Struct, rename="pascal"):
    id: str = msgspec.field(default="", name="VulnerabilityID")
    vendor_ids: list[str] | None = msgspec.field(default=None, name="VendorIDs")
    pkg_name: str = ""
    pkg_path: str = ""
    pkg_identifier: _Identifier | None = None
    installed_version: str = ""
    fixed_version: str = ""
    status: str = ""
    severity: str = ""
    severity_source: str = ""
    data_source: _DataSource | None = None


class _Modified(msgspec.Struct, rename="pascal"):
    type: str = ""
    status: str = ""
    statement: str = ""
    finding: msgspec.Raw = msgspec.Raw()


class _Result(msgspec.Struct, rename="pascal"):
    target: str = ""
    class_: str = msgspec.field(default="", name="Class")
    type: str = ""
    vulnerabilities: list[_Vulnerability] | None = None
    modified: list[_Modified] | None = msgspec.field(default=None, name="ExperimentalModifiedFindings")


class _System(msgspec.Struct, rename="pascal"):
    family: str = ""
    name: str = ""


class _Metadata(msgspec.Struct, rename="pascal"):
    system: _System | None = msgspec.field(default=None, name="OS")
    image_id: str = msgspec.field(default="", name="ImageID")
    repo_digests: list[str] | None = None
    repo_tags: list[str] | None = None


class _Tool(msgspec.Struct, rename="pascal"):
    version: str = ""


class _Document(msgspec.Struct, rename="pascal"):
    schema_version: int | None = None
    trivy: _Tool | None = None
    created_at: str = ""
    artifact_name: str = ""
    metadata: _Metadata | None = None
    results: list[_Result] | None = None


_DECODER = msgspec.json.Decoder(_Document)
_FINDING = msgspec.json.Decoder(_Vulnerability)


def read(data: bytes, *, name: str) -> Report:
    """The report that Trivy made (unpacked UTF-8 JSON); ``name`` is the input's for messages."""
    document = decode(_DECODER, data, name)
    if document.schema_version != SCHEMA:
        said = "without SchemaVersion" if document.schema_version is None else f"of schema {document.schema_version}"
        raise InputError(
            f"a Trivy report {said} is not known here",
            place=Place(name, field="SchemaVersion"),
            remedy=f"make it with a Trivy that writes schema {SCHEMA}",
        )
    results = document.results or []
    listed = sum(len(one.vulnerabilities or ()) for one in results)
    set_aside = sum(each.type == "vulnerability" for one in results for each in one.modified or ())
    refuse_duplicates(
        data, {b"VulnerabilityID": listed + set_aside, b"Results": int(document.results is not None)}, name
    )
    metadata = document.metadata or _Metadata()
    system = metadata.system
    release = release_from_name(system.family, system.name) if system is not None and system.family else None
    subject = document.artifact_name or next(iter(metadata.repo_tags or ()), "")
    return Report(
        tool=f"Trivy {document.trivy.version}".rstrip() if document.trivy else "Trivy",
        file=name,
        subject=subject,
        digests=frozenset(_DIGEST.findall(" ".join([metadata.image_id, *(metadata.repo_digests or ())]))),
        release=release,
        claims=tuple(claim for one in results for claim in _claims(one, release, name)),
        built=document.created_at[:10],
    )


def _claims(result: _Result, release: Release | None, name: str) -> Iterator[Claim]:
    for one in result.vulnerabilities or ():
        yield _claim(one, result, release)
    for each in result.modified or ():
        if each.type == "vulnerability" and bytes(each.finding):
            words = ", ".join(filter(None, (each.status.replace("_", " "), each.statement))) or "a rule of theirs"
            found = decode(_FINDING, bytes(each.finding), name)
            yield msgspec.structs.replace(_claim(found, result, release), set_aside=words)


def _claim(one: _Vulnerability, result: _Result, release: Release | None) -> Claim:
    purl = (one.pkg_identifier.purl if one.pkg_identifier is not None else None) or ""
    return Claim(
        id=one.id,
        aliases=tuple(each for each in one.vendor_ids or () if each != one.id),
        named=one.pkg_name,
        version=one.installed_version,
        package=_package(one, purl, result, release),
        purl=purl,
        path=one.pkg_path or ("" if result.class_ == "os-pkgs" else result.target),
        fixes=tuple(filter(None, (each.strip() for each in one.fixed_version.split(",")))),
        state=_STATES.get(one.status, "fixed" if one.fixed_version and not one.status else ""),
        word=one.status,
        severity=one.severity.lower(),
        scorer=one.severity_source,
        source=one.data_source.id if one.data_source is not None else "",
    )


def _package(one: _Vulnerability, purl: str, result: _Result, release: Release | None) -> Package | None:
    if purl:
        return package_of(purl, one.pkg_name, one.installed_version)
    type_ = _LANGUAGES.get(result.type, "")
    if not type_ and release is not None and result.class_ in ("os-pkgs", ""):
        product = distribution(release.product)
        type_ = product.type if product is not None else ""
    if not type_:
        return None
    # Imported when first needed: reports of today have package URLs.
    from packageurl import PackageURL

    separator = ":" if type_ == "maven" else "/"
    namespace, _, name = one.pkg_name.rpartition(separator)
    try:
        made = PackageURL(type_, namespace or None, name, one.installed_version or None).to_string()
    except ValueError:
        return None
    return package_of(made, one.pkg_name, one.installed_version)
