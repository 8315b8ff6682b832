"""Grype's own JSON as an inventory: the packages in which it found something, and no others.

About every package without a match nothing is known, whatever Grype was given: that is a gap of each such report.
An operating system's package is taken where the report tells its source package (``upstreams``, or ``upstream=`` of the
package URL); reports from before 0.12 do not, and looked up by its own name alone it would seem clean. Source: Grype's
presenter for JSON (github.com/anchore/grype, grype/presenter/models).
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import msgspec

from oakum.errors import InputError, Place
from oakum.fleet.assets import Asset, Gap
from oakum.fleet.ecosystems import OS_TYPES, release_from_name
from oakum.fleet.sbom.document import decode, refuse_duplicates
from oakum.fleet.sbom.inventory import Inventory, Said
from oakum.fleet.sbom.purls import parse

_ABSENT = msgspec.Raw()
_REMEDY = "scan the image itself, or the SBOM that Grype was given (syft -o json)"


class _Upstream(msgspec.Struct, gc=False):
    name: str = ""
    version: str = ""


class _Location(msgspec.Struct, gc=False):
    path: str = ""


class _Metadata(msgspec.Struct, gc=False):
    epoch: int | None = None
    module: str | None = msgspec.field(default=None, name="modularityLabel")


class _Artifact(msgspec.Struct):
    name: str = ""
    version: str = ""
    type: str = ""
    purl: str | None = None
    upstreams: list[_Upstream] | None = None
    locations: list[_Location] | None = None
    metadata: msgspec.Raw = _ABSENT


class _Match(msgspec.Struct):
    artifact: _Artifact


class _Target(msgspec.Struct, rename="camel"):
    user_input: str | None = None
    manifest_digest: str | None = None


class _Source(msgspec.Struct):
    type: str = ""
    target: msgspec.Raw = _ABSENT


class _Distro(msgspec.Struct):
    name: str = ""
    version: str = ""


class _Descriptor(msgspec.Struct):
    name: str = "grype"
    version: str = ""


class _Document(msgspec.Struct):
    matches: list[_Match] | None = None
    ignored: list[_Match] | None = msgspec.field(default=None, name="ignoredMatches")
    source: _Source | None = None
    distro: _Distro | None = None
    descriptor: _Descriptor = msgspec.field(default_factory=_Descriptor)


_DECODER = msgspec.json.Decoder(_Document)
_METADATA = msgspec.json.Decoder(_Metadata | None)
_TARGET = msgspec.json.Decoder(_Target | str | None)


def read(data: bytes, *, name: str) -> Asset:
    """The asset that a report (unpacked UTF-8 JSON) is of; ``name`` is the input's for messages."""
    document = decode(_DECODER, data, name)
    descriptor = document.descriptor
    if descriptor.name.lower() != "grype":
        raise InputError(
            f"a report with matches by {descriptor.name[:60]!r}, which is not known here",
            place=Place(name, field="descriptor.name"),
            remedy="give a report of Grype (grype -o json), or scan the image itself",
        )
    matches = [*(document.matches or ()), *(document.ignored or ())]
    purls = sum(one.artifact.purl is not None for one in matches)
    refuse_duplicates(data, {b"purl": purls, b"artifact": len(matches), b"matches": 1}, name)
    inventory = Inventory()
    distro = document.distro
    if distro is not None and distro.name:
        inventory.system(f"{distro.name} {distro.version}".strip(), release_from_name(distro.name, distro.version))
    sourceless = _take(matches, inventory, name)
    packages, gaps = inventory.finish()
    target = _target(document.source, name)
    is_image = document.source is not None and document.source.type == "image"
    tool = f"Grype {descriptor.version}".rstrip()
    return Asset(
        kind="image" if is_image else "sbom",
        key=(target.manifest_digest if is_image else "") or f"sha256:{sha256(data).hexdigest()}",
        name=target.user_input or name,
        source=f"report of {tool}",
        packages=packages,
        gaps=(*gaps, *sourceless, Gap(
            "incomplete-inventory", "packages in which Grype found nothing",
            "the report lists findings and no packages: about all others nothing is known", _REMEDY,
        )),
    )  # fmt: skip


def _take(matches: Sequence[_Match], inventory: Inventory, name: str) -> list[Gap]:
    """Takes in each package once; the gap of those without their source."""
    sourceless: set[str] = set()
    seen: set[tuple[str, str, str, str]] = set()
    for match in matches:
        one = match.artifact
        path = one.locations[0].path if one.locations else ""
        key = (one.purl or "", one.name, one.version, path)
        if key in seen:
            continue
        seen.add(key)
        if not one.purl:
            inventory.nameless(one.type or "package", one.name)
        elif one.upstreams is None and _needs_source(one.purl):
            sourceless.add(one.name)
        else:
            inventory.add(one.purl, one.name, one.version, _said(one, path, name))
    if not sourceless:
        return []
    shown = ", ".join(sorted(sourceless)[:5]) + (", ..." if len(sourceless) > 5 else "")
    what = f"{len(sourceless)} package{'s' if len(sourceless) > 1 else ''} of the system ({shown})"
    why = "the report does not tell the source packages by which advisories speak of them"
    return [Gap("incomplete-inventory", what, why, _REMEDY)]


def _needs_source(text: str) -> bool:
    purl = parse(text)
    return purl is not None and purl.type in OS_TYPES and "upstream" not in purl.qualifiers


def _said(one: _Artifact, path: str, name: str) -> Said:
    upstream = one.upstreams[0] if one.upstreams else _Upstream()
    is_file = upstream.name.endswith(".rpm")
    known = _Metadata()
    if one.type == "rpm" and bytes(one.metadata):
        known = decode(_METADATA, bytes(one.metadata), name) or known
    return Said(
        source="" if is_file else upstream.name,
        source_version="" if is_file else upstream.version,
        source_rpm=upstream.name if is_file else "",
        epoch="" if known.epoch is None else str(known.epoch),
        module=known.module or "",
        path=path,
    )


def _target(source: _Source | None, name: str) -> _Target:
    if source is None or not bytes(source.target):
        return _Target()
    found = decode(_TARGET, bytes(source.target), name)
    return found if isinstance(found, _Target) else _Target(user_input=found)
