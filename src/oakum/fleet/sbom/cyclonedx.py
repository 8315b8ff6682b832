"""CycloneDX, 1.2 to 1.7, by any tool: its JSON, and what either notation means.

The source package stands in ``upstream=`` of the purl or in properties. Source: CycloneDX specification 1.2 to
1.7.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from oakum.errors import InputError, LimitError, Place
from oakum.fleet.assets import Asset
from oakum.fleet.ecosystems import LANGUAGE_TYPES, release_from_name, release_from_os_release
from oakum.fleet.releases import Release
from oakum.fleet.sbom.document import decode, refuse_duplicates
from oakum.fleet.sbom.inventory import Inventory, Said
from oakum.fleet.sbom.properties import Property, Supplier, is_heading, said
from oakum.fleet.sbom.purls import parse

if TYPE_CHECKING:
    from oakum.fleet.cluster.components import Components

VERSIONS = ("1.2", "1.3", "1.4", "1.5", "1.6", "1.7")
#: Components may hold components; nobody needs more levels than this.
_DEEPEST = 32

#: Kinds of component that are no software in their own right; a kind that is not named, or not known, may be.
_NO_SOFTWARE = frozenset(
    {"file", "data", "platform", "device", "operating-system", "cryptographic-asset", "machine-learning-model"}
)

#: Syft's properties of the operating system component -> os-release's keys.
_OS_RELEASE = {
    "syft:distro:id": "ID",
    "syft:distro:versionID": "VERSION_ID",
    "syft:distro:version": "VERSION",
    "syft:distro:versionCodename": "VERSION_CODENAME",
    "syft:distro:prettyName": "PRETTY_NAME",
}


class Component(msgspec.Struct, gc=False):
    """What is read of a component."""

    type: str = ""
    name: str = ""
    group: str | None = None
    version: str | None = None
    purl: str | None = None
    publisher: str | None = None
    supplier: Supplier | None = None
    properties: list[Property] | None = None
    components: list[Component] | None = None


class Tools(msgspec.Struct):
    """The makers of the document, as they are written since 1.5; before, they are a plain list."""

    components: list[Component] | None = None


class Metadata(msgspec.Struct):
    """What the document says about itself; ``component`` is its subject."""

    component: Component | None = None
    tools: Tools | list[Component] | None = None
    properties: list[Property] | None = None


class Bom(msgspec.Struct, rename="camel"):
    """What is read of a document, in whichever of its notations it was written."""

    bom_format: str = ""
    spec_version: str = ""
    serial_number: str | None = None
    metadata: Metadata | None = None
    components: list[Component] | None = None
    properties: list[Property] | None = None


_DECODER = msgspec.json.Decoder(Bom)


def read(data: bytes, *, name: str, rules: Callable[[], Components] | None = None) -> Asset:
    """The asset that a CycloneDX document (unpacked UTF-8 JSON) describes; ``name`` is the input's for
    messages, ``rules`` as for ``describe``."""
    bom = decode(_DECODER, data, name)
    require_version(bom.spec_version, name)
    _refuse_duplicates(data, bom, name)
    return describe(bom, data, name, rules)


def require_version(version: str, name: str) -> None:
    """Raises InputError for a version of CycloneDX that is not known here."""
    if version not in VERSIONS:
        raise InputError(
            f"CycloneDX {version or 'without specVersion'} is not known here",
            place=Place(name, field="specVersion"),
            remedy=f"convert it to one of {', '.join(VERSIONS)} (for example with cyclonedx convert)",
        )


def describe(bom: Bom, data: bytes, name: str, rules: Callable[[], Components] | None = None) -> Asset:
    """The asset that a document describes; ``data`` are its bytes, by which it is known where it has no identity.

    ``rules`` gives the rules by which parts of a cluster are recognised; it is called for a cluster's bill only.
    """
    metadata = bom.metadata or Metadata()
    subject = metadata.component or Component()
    tools = tools_of(metadata)
    components = flatten([subject, *(bom.components or [])], name)
    tool = f" by {tools[0].name} {tools[0].version or ''}".rstrip() if tools else ""
    key = _digest(subject) or bom.serial_number or f"sha256:{sha256(data).hexdigest()}"
    source = f"CycloneDX {bom.spec_version}{tool}"
    named = tuple(filter(None, (subject.purl, bom.serial_number)))
    if is_cluster(subject):
        # What follows knows the parts of clusters, and is loaded for their bills alone.
        from oakum.fleet.sbom import kbom

        asset = kbom.describe(components, rules, key=key, name=name, source=source)
        return msgspec.structs.replace(asset, subject=named)
    inventory = Inventory()
    for component in components:
        if component.purl is not None:
            if component is not subject or _is_package(component.purl):
                inventory.add(component.purl, full_name(component), component.version or "", _said(component))
        elif component.type == "operating-system":
            inventory.system(f"{component.name} {component.version or ''}".strip(), release_of(component))
        elif component.type not in _NO_SOFTWARE and component is not subject and not is_heading(component.properties):
            inventory.nameless(component.type or "no type", full_name(component))
    packages, gaps = inventory.finish()
    return Asset(
        kind="image" if subject.type == "container" else "sbom",
        key=key,
        name=_display(subject) or name,
        source=source,
        packages=packages,
        gaps=gaps,
        subject=named,
    )


def tools_of(metadata: Metadata) -> list[Component]:
    """Who made the document, in either way in which that is written."""
    return metadata.tools.components or [] if isinstance(metadata.tools, Tools) else metadata.tools or []


def is_cluster(subject: Component) -> bool:
    """Whether a document is a bill of materials of a whole Kubernetes cluster (KBOM), as Trivy makes it."""
    if subject.type == "platform" and (subject.purl or "").startswith("pkg:k8s/"):
        return True
    return ("aquasecurity:trivy:resource:Type", "cluster") in {
        (each.name, each.value) for each in subject.properties or ()
    }


def flatten(roots: list[Component], name: str) -> list[Component]:
    """Components with those inside them, level by level."""
    level, every = roots, []
    for _ in range(_DEEPEST):
        every += level
        level = [inner for outer in level if outer.components for inner in outer.components]
        if not level:
            return every
    raise LimitError(
        f"components are nested deeper than {_DEEPEST} levels",
        place=Place(name, field="components"),
        remedy="flatten them",
    )


def _refuse_duplicates(data: bytes, bom: Bom, name: str) -> None:
    metadata = bom.metadata or Metadata()
    subject = metadata.component or Component()
    components = [*flatten([subject, *(bom.components or [])], name), *tools_of(metadata)]
    purls = lists = properties = 0
    by_version = False
    for component in components:
        purls += component.purl is not None
        by_version |= component.purl is not None and component.version is not None and "@" not in component.purl
        lists += component.components is not None
        properties += component.properties is not None
    lists += (bom.components is not None) + (
        isinstance(metadata.tools, Tools) and metadata.tools.components is not None
    )
    properties += (bom.properties is not None) + (metadata.properties is not None)
    counts = {b"purl": purls, b"components": lists, b"properties": properties, b"specVersion": 1}
    if by_version:
        # The version beside the purl decides; a second one can hide among the many others of a document.
        counts[b"version"] = -1
    refuse_duplicates(data, counts, name)


def _said(component: Component) -> Said:
    supplier = component.supplier.name if component.supplier is not None else None
    return said(component.properties, vendor=supplier or component.publisher or "")


def release_of(component: Component) -> Release | None:
    """The release that an operating system component names."""
    fields = {
        _OS_RELEASE[item.name]: item.value
        for item in component.properties or ()
        if item.name in _OS_RELEASE and item.value
    }
    if "ID" in fields:
        return release_from_os_release(fields)
    return release_from_name(component.name, component.version or "")


def _is_package(text: str) -> bool:
    """Whether the SBOM's subject is itself a package that advisories know: a module, or Kubernetes."""
    purl = parse(text)
    return purl is not None and (purl.type == "k8s" or purl.type in LANGUAGE_TYPES)


def full_name(component: Component) -> str:
    """The name with the group that it stands in."""
    return f"{component.group}/{component.name}" if component.group else component.name


def _digest(subject: Component) -> str:
    purl = parse(subject.purl) if subject.purl else None
    for text in (purl.version if purl else "", subject.version or ""):
        if text.startswith("sha256:"):
            return text
    return ""


def _display(subject: Component) -> str:
    """``almalinux:8-minimal``, whether the tool wrote the tag into the name or into the version."""
    name, version = full_name(subject), subject.version or ""
    if subject.type == "container" and version and not version.startswith("sha256:") and ":" not in name:
        return f"{name}:{version}"
    return name
