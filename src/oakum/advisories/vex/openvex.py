"""OpenVEX documents: their structure, and what their statements have to say.

Sources: https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md and its JSON schema for 0.2.0; for 0.0.1 the text of
that version, in which products are texts and fields that it does not know are not barred. An impact statement may stand
beside a justification, as the text of the specification recommends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from oakum.advisories.vex import forms
from oakum.advisories.vex.model import MOST_PROBLEMS, Problem
from oakum.advisories.vex.shapes import TEXT, Fields, Items, Number, Shape, Text, words
from oakum.advisories.vex.structure import compare

SPECIFICATION = "https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md"
#: The context of 0.0.1 had no version at first.
CONTEXTS = {
    "https://openvex.dev/ns": "0.0.1",
    "https://openvex.dev/ns/v0.0.1": "0.0.1",
    "https://openvex.dev/ns/v0.2.0": "0.2.0",
}
#: The rules beside the structure, by the word that stands for them as test.
RULES = {
    "openvex-not-affected": "a statement not_affected has a justification or an impact statement",
    "openvex-affected": "a statement affected has an action statement",
    "openvex-product": "a product or subcomponent is identified by @id, identifiers or hashes",
}

_TIME = Text(form=forms.DATE_TIME)
_IRI = Text(form=forms.IRI)
_ANY = Text(least=0)
_STATUSES = words("affected", "fixed", "not_affected", "under_investigation")
_JUSTIFICATIONS = words(
    "component_not_present", "inline_mitigations_already_exist", "vulnerable_code_cannot_be_controlled_by_adversary",
    "vulnerable_code_not_in_execute_path", "vulnerable_code_not_present",
)  # fmt: skip
_HASHES = (
    "md5", "sha1", "sha-256", "sha-384", "sha-512", "sha3-224", "sha3-256", "sha3-384", "sha3-512", "blake2s-256",
    "blake2b-256", "blake2b-512",
)  # fmt: skip
_SAYING: dict[str, Shape] = {
    "status": _STATUSES,
    "justification": _JUSTIFICATIONS,
    "status_notes": _ANY,
    "impact_statement": _ANY,
    "action_statement": _ANY,
    "action_statement_timestamp": _TIME,
    "timestamp": _TIME,
    "last_updated": _TIME,
    "supplier": _ANY,
}
_HEAD: dict[str, Shape] = {
    "@context": TEXT,
    "@id": _IRI,
    "author": TEXT,
    "role": _ANY,
    "timestamp": _TIME,
    "last_updated": _TIME,
    "tooling": _ANY,
}
_NEED = ("@context", "@id", "author", "timestamp", "version", "statements")


def _new() -> Fields:
    identifiers = Fields(of={"purl": TEXT, "cpe22": TEXT, "cpe23": TEXT, "@cpe22": TEXT, "@cpe23": TEXT}, barred=True)
    component: dict[str, Shape] = {
        "@id": _IRI,
        "identifiers": identifiers,
        "hashes": Fields(of=dict.fromkeys(_HASHES, TEXT), barred=True),
        "supplier": _ANY,
    }
    subcomponents = Items(of=Fields(of=dict(component), barred=True), least=0, unique=True)
    product = Fields(of={**component, "subcomponents": subcomponents}, barred=True)
    vulnerability = Fields(
        of={"@id": _IRI, "name": TEXT, "description": _ANY, "aliases": Items(of=_ANY, least=0, unique=True)},
        need=("name",),
        barred=True,
    )
    statement = Fields(
        of={
            "@id": _IRI,
            "version": Number(low=0, whole=True),
            "vulnerability": vulnerability,
            "products": Items(of=product, least=0, unique=True),
            **_SAYING,
        },
        need=("vulnerability", "status"),
        barred=True,
    )
    statements = Items(of=statement, unique=True)
    return Fields(of={**_HEAD, "version": Number(low=1, whole=True), "statements": statements}, need=_NEED, barred=True)


def _old() -> Fields:
    statement = Fields(
        of={"vulnerability": TEXT, "products": Items(of=TEXT), "subcomponents": Items(of=TEXT, least=0), **_SAYING},
        need=("vulnerability", "status"),
    )
    return Fields(of={**_HEAD, "version": TEXT, "statements": Items(of=statement)}, need=_NEED)


_SHAPES = {"0.0.1": _old(), "0.2.0": _new()}


def problems(document: Mapping[str, Any], version: str) -> list[Problem]:
    """What is wrong with an OpenVEX document of a version."""
    kept, found = compare(_shape(document, version), document)
    statements = enumerate(kept.get("statements", ()))
    said = (each for at, statement in statements for each in _statement(statement, f"/statements/{at}"))
    return [*found, *islice(said, MOST_PROBLEMS)]


def _shape(document: Mapping[str, Any], version: str) -> Fields:
    """The shape of a version; the versions after 0.0.1 kept its context until they got their own.

    There the version of a document is a number, and a vulnerability an object.
    """
    own = _SHAPES[version]
    if version != "0.0.1":
        return own
    number = document.get("version")
    if isinstance(number, int) and not isinstance(number, bool):
        own = Fields(of={**own.of, "version": Number(low=1, whole=True)}, need=own.need)
    statements = document.get("statements")
    first = statements[0] if isinstance(statements, list) and statements else None
    if isinstance(first, dict) and isinstance(first.get("vulnerability"), dict):
        return _SHAPES["0.2.0"]
    return own


def _statement(statement: Mapping[str, Any], path: str) -> Iterator[Problem]:
    status = statement.get("status")
    if status == "not_affected" and not (statement.get("justification") or statement.get("impact_statement")):
        yield _problem(
            "openvex-not-affected", f"{path}/justification", "nothing says why the products are not affected",
            "add a justification, or an impact_statement",
        )  # fmt: skip
    if status == "affected" and not statement.get("action_statement"):
        yield _problem(
            "openvex-affected", f"{path}/action_statement", "nothing says what to do about it",
            "add an action_statement",
        )  # fmt: skip
    for at, product in enumerate(statement.get("products", ())):
        if isinstance(product, dict):
            yield from _component(product, f"{path}/products/{at}")
            for inner, part in enumerate(product.get("subcomponents", ())):
                yield from _component(part, f"{path}/products/{at}/subcomponents/{inner}")


def _component(component: Mapping[str, Any], path: str) -> Iterator[Problem]:
    if not (component.get("@id") or component.get("identifiers") or component.get("hashes")):
        yield _problem("openvex-product", path, "nothing identifies it", "add an @id, identifiers or hashes")


def _problem(test: str, path: str, what: str, remedy: str) -> Problem:
    return Problem(path=path, problem=f"{test} {what}", remedy=remedy, test=test)
