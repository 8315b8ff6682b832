"""Statements of OpenVEX 0.0.1 and 0.2.0 documents.

A statement without a time of its own is of its document's time (specification, "Inheritance Flow"). Source:
https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from oakum.advisories.statements.fields import (
    Json,
    as_text,
    identity,
    items,
    names,
    object_of,
    refused,
    text,
    texts,
    time,
)
from oakum.advisories.statements.model import Identity, Product, Reading, Refusal, Statement, Status
from oakum.advisories.vex.openvex import CONTEXTS
from oakum.errors import InputError

_STATUSES: dict[str, Status] = {word: word for word in get_args(Status)}


def read(document: Json, file: str) -> Reading:
    """What a document states. Raises InputError where nothing of it can be understood."""
    context = text(document, "@context", "")
    if context.rstrip("/") not in CONTEXTS:
        raise refused("/@context", f"{context[:100]!r} is no known context of OpenVEX")
    author, issued = text(document, "author", ""), time(document, "", "timestamp")
    statements: list[Statement] = []
    problems: list[Refusal] = []
    for path, each in items(document, "statements", ""):
        try:
            if not isinstance(each, dict):
                raise refused(path, "not an object")
            statements.append(_statement(each, path, issued, author, file))
        except InputError as error:
            problems.append(Refusal(error.place.field if error.place else path, error.what))
    return Reading(tuple(statements), tuple(problems))


def _statement(each: Json, path: str, issued: str, author: str, file: str) -> Statement:
    word = text(each, "status", path)
    status = _STATUSES.get(word)
    if status is None:
        raise refused(f"{path}/status", f"{word[:50]!r} is no known status")
    name, aliases = _vulnerability(each, path)
    # The status is what was known when the statement was last changed.
    when = time(each, path, "timestamp", "last_updated") or issued
    if not when:
        raise refused(path, "neither the statement nor its document has a time")
    products = tuple(_products(each, path))
    if not products:
        raise refused(path, "it names no product")
    return Statement(
        vulnerability=name,
        aliases=names(name, aliases),
        products=products,
        status=status,
        time=when,
        justification=text(each, "justification", path),
        impact=text(each, "impact_statement", path) or text(each, "status_notes", path),
        action=text(each, "action_statement", path),
        author=author,
        file=file,
    )


def _vulnerability(each: Json, path: str) -> tuple[str, tuple[str, ...]]:
    """The name and the aliases; until 0.0.1 a vulnerability was a text."""
    if isinstance(each.get("vulnerability"), str):
        held: Json = {"name": each["vulnerability"]}
    else:
        held = object_of(each, "vulnerability", path)
    place = f"{path}/vulnerability"
    name = text(held, "name", place) or text(held, "@id", place).rstrip("/").rpartition("/")[2]
    if not name:
        raise refused(place, "it names no vulnerability")
    return name, texts(held, "aliases", place)


def _products(each: Json, path: str) -> Iterator[Product]:
    """Each product with each of its subcomponents; in 0.0.1 these are texts, and stand beside the products."""
    beside = [part for at, one in items(each, "subcomponents", path) for part in _identities(one, at)]
    for place, one in items(each, "products", path):
        inner = items(one, "subcomponents", place) if isinstance(one, dict) else iter(())
        parts = [*beside, *(part for at, component in inner for part in _identities(component, at))]
        for whole in _identities(one, place):
            if parts:
                yield from (Product(part, (whole,)) for part in parts)
            else:
                yield Product(whole)


def _identities(component: object, path: str) -> list[Identity]:
    """A component under each of its package URLs, else by its IRI. Raises InputError where nothing identifies it."""
    if isinstance(component, str):
        found = [as_text(component, path)]
    elif isinstance(component, dict):
        purl = text(object_of(component, "identifiers", path), "purl", f"{path}/identifiers")
        found = [text(component, "@id", path), purl]
    else:
        raise refused(path, "not a product")
    known = [identity(each) for each in dict.fromkeys(filter(None, found))]
    purls = [each for each in known if each.purl is not None]
    if not known:
        raise refused(path, "no IRI and no package URL identifies it")
    return purls or known
