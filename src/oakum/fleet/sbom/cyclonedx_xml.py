"""CycloneDX XML, 1.2 to 1.7: the same document as in JSON, in its other notation.

The version stands in the namespace. Until 1.4 the makers stand in ``tools`` as ``tool``, since 1.5 as components.
Source: the XML schemas of the CycloneDX specification, 1.2 to 1.7.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from oakum.errors import InputError, Place
from oakum.fleet.assets import Asset
from oakum.fleet.sbom import markup
from oakum.fleet.sbom.cyclonedx import (
    Bom,
    Component,
    Metadata,
    Tools,
    describe,
    require_version,
)
from oakum.fleet.sbom.markup import Element
from oakum.fleet.sbom.properties import Property, Supplier

if TYPE_CHECKING:
    from oakum.fleet.cluster.components import Components

_NAMESPACE = "http://cyclonedx.org/schema/bom/"
_WANTED = frozenset(
    {"metadata", "component", "components", "tools", "tool", "properties", "property", "name", "group", "version"}
    | {"purl", "publisher", "supplier"}
)
#: What else is XML and is handed over as an SBOM: a word of its namespace or root, its name, the remedy.
_OTHERS = (
    ("rdf-syntax-ns#", "SPDX in RDF/XML", "write the SBOM as SPDX JSON or tag-value, or as CycloneDX"),
    ("swid", "a SWID tag", "make an SBOM of the whole image or machine"),
    ("oval", "an OVAL definition", "import it as a feed, or make an SBOM"),
)  # fmt: skip


def read(data: bytes, *, name: str, rules: Callable[[], Components] | None = None) -> Asset:
    """The asset that a CycloneDX document (unpacked UTF-8 XML) describes; ``name`` is the input's for messages.

    Raises InputError also where it is XML of another kind.
    """
    namespace, root = markup.read(data, _WANTED, name=name)
    if root.name != "bom" or not namespace.startswith(_NAMESPACE):
        raise _refused(namespace, root, name)
    version = namespace.removeprefix(_NAMESPACE)
    require_version(version, name)
    metadata = root.one("metadata", name)
    return describe(
        Bom(
            bom_format="CycloneDX",
            spec_version=version,
            serial_number=root.attributes.get("serialNumber"),
            metadata=None if metadata is None else _metadata(metadata, name),
            components=_components(root, name),
        ),
        data,
        name,
        rules,
    )


def _refused(namespace: str, root: Element, name: str) -> InputError:
    words = f"{namespace} {root.name}".lower()
    for word, what, remedy in _OTHERS:
        if word in words:
            return InputError(f"this is {what}, which is not read here", place=Place(name), remedy=remedy)
    kind = f"{root.name[:60]} of {namespace[:100] or 'no namespace'}"
    return InputError(
        f"this is XML of another kind ({kind})",
        place=Place(name, root.line),
        remedy="give an SBOM as CycloneDX, whose root is bom in CycloneDX's namespace",
    )


def _metadata(element: Element, name: str) -> Metadata:
    component, tools = element.one("component", name), element.one("tools", name)
    made_by: Tools | list[Component] | None = None
    if tools is not None:
        listed = _components(tools, name)
        plain = [
            Component(name=one.word("name", name) or "", version=one.word("version", name)) for one in tools.all("tool")
        ]
        made_by = plain if listed is None else Tools(listed)
    return Metadata(component=None if component is None else _component(component, name), tools=made_by)


def _components(element: Element, name: str) -> list[Component] | None:
    found = element.one("components", name)
    return None if found is None else [_component(one, name) for one in found.all("component")]


def _component(element: Element, name: str) -> Component:
    supplier = element.one("supplier", name)
    listed = element.one("properties", name)
    properties = [] if listed is None else listed.all("property")
    return Component(
        type=element.attributes.get("type", ""),
        name=element.word("name", name) or "",
        group=element.word("group", name),
        version=element.word("version", name),
        purl=element.word("purl", name),
        publisher=element.word("publisher", name),
        supplier=None if supplier is None else Supplier(supplier.word("name", name)),
        properties=[Property(one.attributes.get("name", ""), one.text) for one in properties],
        components=_components(element, name),
    )
