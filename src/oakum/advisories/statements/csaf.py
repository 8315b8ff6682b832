"""Statements of CSAF 2.0 and 2.1 documents: VEX and security advisories alike.

A product's status is that of its vulnerability (``product_status``); flags and threats say why it is not affected,
remediations what to do where it is. A flag has a time of its own; else a statement is of the document's current
release. A draft states nothing yet. Sources: CSAF 2.0 section 3.2.3, CSAF 2.1 section 3.2.4.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec

from oakum.advisories.statements.csaf_products import Products
from oakum.advisories.statements.fields import Json, as_text, names, refused, text
from oakum.advisories.statements.model import Reading, Refusal, Statement, Status, distinct
from oakum.advisories.vex import csaf20_shape, csaf21_shape
from oakum.advisories.vex.document import Document, listed
from oakum.advisories.vex.instants import instant
from oakum.advisories.vex.model import Problem, shown
from oakum.advisories.vex.structure import compare
from oakum.errors import InputError

_SHAPES = {"2.0": csaf20_shape.SHAPE, "2.1": csaf21_shape.SHAPE}
#: What a word says; "recommended" names where to go, not how a product is.
_STATUSES: dict[str, Status | None] = {
    "first_affected": "affected",
    "first_fixed": "fixed",
    "fixed": "fixed",
    "known_affected": "affected",
    "known_not_affected": "not_affected",
    "last_affected": "affected",
    "recommended": None,
    "under_investigation": "under_investigation",
    "unknown": "under_investigation",
}
#: Where a wrong structure takes away who or what a statement is about.
_BEARING = re.compile(
    r"/vulnerabilities/\d+(?:/(?:flags|ids|product_status)(?:/.*)?)?"
    r"|/product_tree/(?:product_groups|relationships|product_paths)/.*"
    r"|/product_tree/.*/(?:product_id|purls?)(?:/\d+)?|/vulnerabilities|/product_tree"
)


class _Word(msgspec.Struct, frozen=True):
    """What a vulnerability says of one product."""

    status: Status
    time: str
    justification: str = ""
    impact: str = ""
    action: str = ""


def read(whole: Json, file: str, *, recommended: Status | None = None) -> Reading:
    """What a document states. Raises InputError where nothing of it can be understood, LimitError where it explodes.

    ``recommended`` is what that word says where a publisher states by it how a product is.
    """
    head = whole["document"]
    version = head.get("csaf_version")
    if not isinstance(version, str) or version not in _SHAPES:
        raise refused("/document/csaf_version", f"{shown(version)} is no known version of CSAF")
    kept, problems = compare(_SHAPES[version], whole)
    document = Document(kept, version)
    if document.status == "draft":
        raise refused("/document/tracking/status", "the document is a draft")
    issued = text(document.tracking, "current_release_date", "/document/tracking")
    if instant(issued) is None:
        raise refused("/document/tracking/current_release_date", "the document has no time")
    author = text(document.document.get("publisher", {}), "name", "/document/publisher")
    told = [*_bearing(problems), *_unknown(whole)]
    products = Products(document)
    statements: list[Statement] = []
    for path, vulnerability in document.each_vulnerability:
        try:
            statements += _statements(vulnerability, path, document, products, issued, author, file, recommended)
        except InputError as error:
            told.append(Refusal(error.place.field if error.place else path, error.what))
    return Reading(tuple(statements), tuple(told))


def _bearing(problems: Sequence[Problem]) -> Iterator[Refusal]:
    for problem in problems:
        if _BEARING.fullmatch(problem.path):
            yield Refusal(problem.path, problem.problem)


def _unknown(whole: Json) -> Iterator[Refusal]:
    """Statuses that are no words of CSAF; what has been compared with the structure no longer has them."""
    vulnerabilities = whole.get("vulnerabilities")
    for at, each in enumerate(vulnerabilities if isinstance(vulnerabilities, list) else ()):
        status = each.get("product_status") if isinstance(each, dict) else None
        for word in status if isinstance(status, dict) else ():
            if word not in _STATUSES:
                yield Refusal(f"/vulnerabilities/{at}/product_status", f"{shown(word)} is not a known status")


def _statements(
    vulnerability: Json,
    path: str,
    document: Document,
    products: Products,
    issued: str,
    author: str,
    file: str,
    recommended: Status | None,
) -> Iterator[Statement]:
    """One statement for all products of which the same is said."""
    said: defaultdict[_Word, dict[str, None]] = defaultdict(dict)
    notes = _Notes(vulnerability, path, document)
    for kind, members in vulnerability.get("product_status", {}).items():
        status = recommended if kind == "recommended" else _STATUSES.get(kind)
        if status is not None:
            for member in filter(None, members):
                said[notes.word(status, member, issued)][member] = None
    if not said:
        return
    name, aliases = _names(vulnerability, path)
    for word, ids in said.items():
        found = distinct(product for each in ids for product in products.of(as_text(each, path)))
        yield Statement(
            vulnerability=name, aliases=aliases, products=found, status=word.status,
            time=word.time, justification=word.justification, impact=word.impact, action=word.action, author=author,
            file=file,
        )  # fmt: skip


def _names(vulnerability: Json, path: str) -> tuple[str, tuple[str, ...]]:
    others = tuple(text(each, "text", at) for at, each in listed(vulnerability, "ids", path))
    # A number of a bug tracker and an address are no names.
    found = [text(vulnerability, "cve", path), *(each for each in others if not each.isdigit() and "://" not in each)]
    name = next(filter(None, found), "")
    if not name:
        raise refused(path, "it names no vulnerability")
    return name, names(name, tuple(found))


class _Notes:
    """What flags, threats and remediations of a vulnerability say of each product."""

    def __init__(self, vulnerability: Json, path: str, document: Document) -> None:
        self._flags: dict[str, tuple[str, str]] = {}
        self._impacts: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._actions: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for at, flag in listed(vulnerability, "flags", path):
            label, date = text(flag, "label", at), text(flag, "date", at)
            for member in _members(flag, document):
                self._flags[member] = (label, date if instant(date) is not None else "")
        for at, threat in listed(vulnerability, "threats", path):
            if threat.get("category") == "impact":
                for member in _members(threat, document):
                    self._impacts[member][text(threat, "details", at)] = None
        for at, remedy in listed(vulnerability, "remediations", path):
            words = f"{text(remedy, 'category', at).replace('_', ' ')}: {text(remedy, 'details', at)}"
            for member in _members(remedy, document):
                self._actions[member][words] = None

    def word(self, status: Status, member: str, issued: str) -> _Word:
        if status == "not_affected":
            label, date = self._flags.get(member) or self._flags.get("", ("", ""))
            return _Word(status, date or issued, label, impact=_joined(self._impacts, member))
        if status == "affected":
            return _Word(status, issued, action=_joined(self._actions, member))
        return _Word(status, issued)


def _members(item: Json, document: Document) -> set[str]:
    """The products that an item is about; the empty id where it names none, for all of them."""
    return document.members(item) or {""}


def _joined(said: Json, member: str) -> str:
    return "\n".join(dict.fromkeys((*said.get(member, ()), *said.get("", ()))))
