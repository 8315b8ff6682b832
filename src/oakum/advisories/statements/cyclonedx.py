"""Statements of CycloneDX documents (1.4 to 1.7): vulnerabilities with an analysis.

What is affected is a reference: a component of this document, one of another document (BOM-Link), or a package URL. A
component of a document that names its subject, or has a serial number, is meant inside of that, and an analysis there
says nothing about the same package elsewhere. Sources: CycloneDX specification (JSON), ``vulnerabilities``; "BOM-Link",
https://cyclonedx.org/capabilities/bomlink/.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from msgspec.structs import replace

from oakum.advisories.statements.fields import Json, identity, names, object_of, objects, refused, text, texts, time
from oakum.advisories.statements.model import Identity, Product, Reading, Refusal, Statement, Status, distinct
from oakum.advisories.vex.ranges import fault
from oakum.errors import InputError
from oakum.versions import scheme

_STATES: dict[str, Status] = {
    "exploitable": "affected",
    "false_positive": "not_affected",
    "in_triage": "under_investigation",
    "not_affected": "not_affected",
    "resolved": "fixed",
    "resolved_with_pedigree": "fixed",
}
_LINK = re.compile(r"urn:cdx:([0-9A-Fa-f-]{36})/[0-9]+(?:#(.*))?", re.DOTALL)
#: Components may hold components; nobody needs more levels than this.
_DEEPEST = 32
_VERSIONS = ("1.4", "1.5", "1.6", "1.7")


def read(document: Json, file: str) -> Reading:
    """What a document states. Raises InputError where nothing of it can be understood."""
    version = text(document, "specVersion", "")
    if version not in _VERSIONS:
        raise refused("/specVersion", f"CycloneDX {version[:20] or 'without specVersion'} is not known here")
    metadata = object_of(document, "metadata", "")
    issued = time(metadata, "/metadata", "timestamp")
    author = _author(metadata)
    references = _References(document, metadata)
    statements: list[Statement] = []
    problems: list[Refusal] = []
    for path, each in objects(document, "vulnerabilities", ""):
        if each.get("analysis") is None:
            continue
        try:
            statements += _statements(each, path, references, issued, author, file)
        except InputError as error:
            problems.append(Refusal(error.place.field if error.place else path, error.what))
    return Reading(tuple(statements), tuple(problems))


_MAKERS = ("supplier", "manufacturer", "manufacture")


def _author(metadata: Json) -> str:
    named = [text(one, "name", at) for at, one in objects(metadata, "authors", "/metadata")]
    named += [text(object_of(metadata, key, "/metadata"), "name", f"/metadata/{key}") for key in _MAKERS]
    return ", ".join(filter(None, named))


def _statements(
    each: Json, path: str, references: _References, issued: str, author: str, file: str
) -> Iterator[Statement]:
    analysis, place = object_of(each, "analysis", path), f"{path}/analysis"
    state = text(analysis, "state", place)
    if state not in _STATES:
        raise refused(f"{place}/state", f"{state[:50]!r} is no known state")
    when = time(analysis, place, "firstIssued", "lastUpdated") or issued
    if not when:
        raise refused(path, "neither the analysis nor its document has a time")
    name = text(each, "id", path)
    if not name:
        raise refused(path, "it names no vulnerability")
    aliases = tuple(text(one, "id", at) for at, one in objects(each, "references", path))
    by_status: dict[Status, list[Product]] = {}
    for at, target in objects(each, "affects", path):
        for status, product in _targets(target, at, _STATES[state], references):
            by_status.setdefault(status, []).append(product)
    if not by_status:
        raise refused(f"{path}/affects", "it names no product")
    detail = text(analysis, "detail", place)
    for status, products in by_status.items():
        yield Statement(
            vulnerability=name,
            aliases=names(name, aliases),
            products=distinct(products),
            status=status,
            time=when,
            justification=text(analysis, "justification", place) if status == "not_affected" else "",
            impact=detail if status != "affected" else "",
            action=_action(each, analysis, path, detail) if status == "affected" else "",
            author=author,
            file=file,
        )


def _action(each: Json, analysis: Json, path: str, detail: str) -> str:
    responses = analysis.get("response")
    # A single response as a text is not of the schema, and common.
    listed = (responses,) if isinstance(responses, str) else texts(analysis, "response", f"{path}/analysis")
    said = (text(each, "recommendation", path), text(each, "workaround", path), detail, ", ".join(listed))
    return "\n".join(dict.fromkeys(filter(None, said)))


def _targets(target: Json, path: str, status: Status, references: _References) -> Iterator[tuple[Status, Product]]:
    """The product of a reference, at each of the versions that stand beside it."""
    product = references.product(text(target, "ref", path), path)
    versions = list(objects(target, "versions", path))
    if not versions:
        yield status, product
    for at, one in versions:
        yield _status(text(one, "status", at), status, at), _at(product, one, at)


def _status(word: str, status: Status, path: str) -> Status:
    """The analysis speaks of the versions that are listed; a word beside one of them may narrow it."""
    if not word:
        return status
    if word == "unknown":
        return "under_investigation"
    if word == "affected" and status in ("affected", "under_investigation"):
        return "affected"
    if word == "unaffected":
        return status if status in ("not_affected", "fixed") else "not_affected"
    raise refused(f"{path}/status", f"{word[:50]!r} contradicts the analysis, or is no known status")


def _at(product: Product, one: Json, path: str) -> Product:
    version, versions = text(one, "version", path), text(one, "range", path)
    purl = product.part.purl
    if purl is None:
        raise refused(path, "a version of what no package URL identifies cannot be found")
    if version:
        if purl.version not in ("", version):
            raise refused(f"{path}/version", "it is not the version of the reference")
        part = replace(product.part, purl=replace(purl, version=version), text=f"{product.part.text} ({version})")
        return replace(product, part=part)
    kind = versions.removeprefix("vers:").partition("/")[0]
    ordered = kind in ("all", "none") or (kind != "generic" and scheme(kind) is not None)
    if not versions.startswith("vers:") or fault(versions) or not ordered:
        raise refused(f"{path}/range", f"{versions[:100]!r} is no range whose order is known here")
    return replace(product, part=replace(product.part, versions=versions))


class _References:
    """What a reference stands for."""

    def __init__(self, document: Json, metadata: Json) -> None:
        subject = object_of(metadata, "component", "/metadata")
        serial = text(document, "serialNumber", "")
        self._known: dict[str, Identity] = {}
        self._whole: tuple[Identity, ...] = ()
        self._subject = text(subject, "bom-ref", "/metadata/component")
        known = text(subject, "purl", "/metadata/component") or serial
        if known:
            self._whole = (identity(known),)
        elif subject:
            self._whole = (Identity(text(subject, "name", "/metadata/component")),)
        self._collect([("/metadata/component", subject), *objects(document, "components", "")])

    def _collect(self, level: list[tuple[str, Json]]) -> None:
        for _ in range(_DEEPEST):
            if not level:
                return
            below: list[tuple[str, Json]] = []
            for path, one in level:
                reference = text(one, "bom-ref", path)
                if reference:
                    self._known[reference] = identity(text(one, "purl", path) or text(one, "name", path))
                below += objects(one, "components", path)
            level = below
        raise refused("/components", f"nested deeper than {_DEEPEST} levels")

    def product(self, reference: str, path: str) -> Product:
        """The product of a reference. Raises InputError where nothing here or in it says what that is."""
        if reference and reference == self._subject:
            return Product(self._whole[0])
        if reference in self._known:
            return Product(self._known[reference], self._whole)
        if link := _LINK.fullmatch(reference):
            other = Identity(f"urn:uuid:{link[1].lower()}")
            part = unquote(link[2] or "")
            return Product(identity(part), (other,)) if part else Product(other)
        if reference.lower().startswith("pkg:"):
            return Product(identity(reference))
        raise refused(f"{path}/ref", f"{reference[:100]!r} is no component here, no BOM-Link and no package URL")
