"""Vendors' CSAF documents as facts: VEX files (one vulnerability) and security advisories (all that they close).

What a document states is read as ``--vex`` reads it (``oakum.advisories.statements.csaf``); here it becomes what can be
compared. The unit is the vulnerability and not the notice: of one notice a vendor says of each package which of its
vulnerabilities it has, and several notices fix one vulnerability in different products. So each vulnerability is one
record, and the records of one id are united. How a publisher names platforms and components is said in
``csaf_publishers``. Containers and what is no rpm are left out: no inventory here has them under these names.
Sources: CSAF 2.0 and 2.1; Red Hat's notes on its VEX files for the words of remediations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from oakum.advisories.model import Advisory, Affected, Parsed, Problem, Range, Severity, StateClass
from oakum.advisories.parsers.content import Content
from oakum.advisories.parsers.csaf_components import Component
from oakum.advisories.parsers.csaf_publishers import Platform, Publisher, UnknownProductError, publisher
from oakum.advisories.parsers.merging import merged
from oakum.advisories.statements.model import Statement
from oakum.advisories.words import instant, unique
from oakum.errors import OakumError

FORMAT = "csaf"
_OPEN = Range("ECOSYSTEM", (("introduced", "0"),))
_LEFT_OUT = "; what is said of it is left out"
#: Characters of a summary that is taken from a text.
_SUMMARY = 300
#: What stands in a remediation where there is no fix -> its class.
_WORDS: dict[str, StateClass] = {
    "affected": "affected",
    "fix deferred": "deferred",
    "will not fix": "will-not-fix",
    # The product gets fixes of graver flaws only.
    "out of support scope": "will-not-fix",
}


class _Vector(msgspec.Struct, rename="camel"):
    vector_string: str = ""


class _Score(msgspec.Struct):
    cvss_v2: _Vector | None = None
    cvss_v3: _Vector | None = None
    cvss_v4: _Vector | None = None


class _Metric(msgspec.Struct):
    content: _Score


class _Item(msgspec.Struct):
    category: str = ""
    details: str = ""
    url: str = ""


class _Id(msgspec.Struct):
    text: str = ""


class _Note(msgspec.Struct):
    category: str = ""
    text: str = ""


class _Reference(msgspec.Struct):
    summary: str = ""
    url: str = ""


class _Vulnerability(msgspec.Struct):
    cve: str = ""
    ids: list[_Id] = []
    title: str = ""
    release_date: str = ""
    scores: list[_Score] = []
    metrics: list[_Metric] = []
    threats: list[_Item] = []
    remediations: list[_Item] = []
    notes: list[_Note] = []

    @property
    def name(self) -> str:
        """By what it is called: the first name that is no number of a bug tracker."""
        names = (self.cve, *(one.text for one in self.ids))
        return next((name for name in names if name and not name.isdigit() and "://" not in name), "")

    @property
    def summary(self) -> str:
        """Its title, or where that repeats its name the first line of what it is."""
        if self.title and self.title != self.name:
            return self.title
        told = next((one.text for one in self.notes if one.category == "general"), "")
        return told.strip().partition("\n")[0][:_SUMMARY]


class _Publisher(msgspec.Struct):
    name: str = ""


class _Tracking(msgspec.Struct):
    current_release_date: str
    initial_release_date: str = ""


class _Head(msgspec.Struct):
    tracking: _Tracking
    publisher: _Publisher
    title: str = ""
    references: list[_Reference] = []


class _Document(msgspec.Struct):
    document: _Head
    vulnerabilities: list[_Vulnerability] = []


#: What is said of a component of a product, of whatever architectures.
_Said = tuple[Platform, Component, str, StateClass, str]


def matches(content: Content) -> bool:
    """An object whose ``document`` has a ``csaf_version``."""
    first = content.first
    head = first.get("document") if isinstance(first, dict) else None
    return isinstance(head, dict) and "csaf_version" in head


def parse(content: Content, *, may_be_empty: bool = False) -> Parsed:
    """One advisory for each vulnerability, with what every document says of it.

    ``may_be_empty``: a document that cannot be read is one without facts; else that raises InputError.
    """
    found: list[Advisory] = []
    silent = False
    for number, value in enumerate(content.records(), start=1):
        try:
            unknown: dict[str, None] = {}
            if _is_silent(value.value):
                silent = True
                continue
            # All of a document or nothing of it.
            found.extend(tuple(_advisories(value.value, unknown)))
            for why in unknown:
                name = _id(value.value) or f"record {number}"
                content.problem(name, f"{why}{_LEFT_OUT}", value.line)
        except (OakumError, msgspec.ValidationError, ValueError) as error:
            place = f"{error.place.field}: " if isinstance(error, OakumError) and error.place else ""
            why = f"{place}{error.what}" if isinstance(error, OakumError) else str(error)
            content.problem(_id(value.value) or f"record {number}", why, value.line)
    content.problems[:] = gathered(content.problems)
    facts = merged(found)
    as_of = max((one.modified for one in facts), default="")
    return content.parsed(FORMAT, [*facts], as_of, may_be_empty=may_be_empty or (silent and not content.problems))


def gathered(problems: Iterable[Problem]) -> list[Problem]:
    """Each platform that is not known as one problem, in however many documents it stands; all others as they are."""
    found: list[Problem] = []
    left: dict[str, list[Problem]] = {}
    for one in problems:
        if one.why.endswith(_LEFT_OUT):
            left.setdefault(one.why, []).append(one)
        else:
            found.append(one)
    for same in left.values():
        more = f" (in {len(same)} documents)" if len(same) > 1 else ""
        found.append(msgspec.structs.replace(same[0], why=f"{same[0].why}{more}"))
    return found


def _is_silent(value: object) -> bool:
    """An update that closes no vulnerability; with SUSE also a CVE of which it knows no product of its own."""
    if not isinstance(value, dict) or not isinstance(value.get("document"), dict):
        return False
    if "vulnerabilities" in value:
        return bool(value["vulnerabilities"] == [])
    return "product_tree" not in value and not _writer(value).strict


def _writer(value: dict[str, Any]) -> Publisher:
    head = value["document"].get("publisher")
    name = head.get("name") if isinstance(head, dict) else None
    return publisher(name if isinstance(name, str) else "")


def _id(value: object) -> str:
    """The document's own id; "" where it has none."""
    for key in ("document", "tracking", "id"):
        value = value.get(key) if isinstance(value, dict) else None
    return value[:100] if isinstance(value, str) else ""


def _advisories(value: object, unknown: dict[str, None]) -> Iterator[Advisory]:
    """The vulnerabilities of a document; why platforms are not known comes into ``unknown``."""
    # Imported when first needed: most feeds are no CSAF, and the structure of its documents is a long table.
    from oakum.advisories.statements import csaf
    from oakum.advisories.vex.lint import measure

    if not isinstance(value, dict) or not isinstance(value.get("document"), dict):
        raise ValueError("it is no CSAF document")
    measure(value)
    writer = _writer(value)
    reading = csaf.read(value, "", recommended=writer.recommended)
    if reading.refused:
        # Half of an answer would leave out what is affected.
        raise ValueError(f"{reading.refused[0].place}: {reading.refused[0].why}")
    if not reading.statements:
        raise ValueError("it states nothing about a product")
    whole = msgspec.convert(value, _Document)
    by_name: dict[str, list[Statement]] = {}
    for statement in reading.statements:
        by_name.setdefault(statement.vulnerability, []).append(statement)
    for name, statements in by_name.items():
        given = next((one for one in whole.vulnerabilities if one.name == name), _Vulnerability())
        yield _advisory(name, statements, given, whole.document, writer, unknown)


def _advisory(
    name: str,
    statements: list[Statement],
    given: _Vulnerability,
    head: _Head,
    writer: Publisher,
    unknown: dict[str, None],
) -> Advisory:
    named = head.publisher.name
    scorer = writer.name if named.startswith(writer.name) else named
    fixes = [one.url for one in given.remediations if one.category == "vendor_fix"]
    fixes += [one.url for one in head.references if one.summary.startswith(writer.notices)]
    return Advisory(
        name,
        aliases=statements[0].aliases,
        summary=given.summary or head.title,
        published=instant(given.release_date or head.tracking.initial_release_date) or "",
        modified=instant(head.tracking.current_release_date) or "",
        severities=_severities(given, scorer),
        affected=tuple(_affected(_said(statements, writer, unknown))),
        references=unique(filter(None, fixes)),
    )


def _severities(given: _Vulnerability, scorer: str) -> tuple[Severity, ...]:
    """Vectors and words of severity; a vendor may have several, one for each product."""
    found = [
        Severity(f"CVSS_{version}", vector.vector_string, scorer)
        for score in (*given.scores, *(one.content for one in given.metrics))
        for version, vector in (("V2", score.cvss_v2), ("V3", score.cvss_v3), ("V4", score.cvss_v4))
        if vector is not None and vector.vector_string
    ]
    words = [one.details for one in given.threats if one.category == "impact" and one.details.isalpha()]
    return tuple(dict.fromkeys((*found, *(Severity(scorer, word, scorer) for word in words))))


def _said(statements: Iterable[Statement], writer: Publisher, unknown: dict[str, None]) -> Iterator[_Said]:
    for statement in statements:
        state, class_, reason = _word(statement)
        for product in statement.products:
            try:
                # What is not inside of anything is a whole product, or has none.
                platforms = writer.platforms(product.path[-1])
            except UnknownProductError as error:
                if writer.strict:
                    raise
                unknown[str(error)] = None
                continue
            part = writer.component(product, class_ == "fixed") if platforms else None
            if part is None:
                continue
            if class_ == "fixed" and not part.evr:
                raise ValueError(f"{product.part.text[:100]} is called fixed and names no version")
            for where in platforms:
                if where.channel and part.naming == "either" and not writer.beside:
                    continue  # It may be of anything: an image, a library of Java.
                if class_ == "not-affected" and (part.evr or not where.whole):
                    # A word about the very build that a notice brings says nothing of the builds before it, and one
                    # about what is added to a system nothing of the packages that it has from elsewhere.
                    continue
                yield where._replace(whole=True), part, state, class_, reason


def _word(statement: Statement) -> tuple[str, StateClass, str]:
    """The vendor's word, its class and the reason."""
    if statement.status == "fixed":
        return "fixed", "fixed", ""
    if statement.status == "not_affected":
        # One word there is a severity.
        told = statement.impact.partition("\n")[0]
        why = statement.justification.replace("_", " ") or ("" if told.isalpha() else told)
        return "known not affected", "not-affected", why
    if statement.status == "under_investigation":
        return "under investigation", "undetermined", ""
    kinds = [line.partition(": ") for line in statement.action.split("\n")]
    for _, _, details in kinds:
        if details.lower() in _WORDS:
            return details, _WORDS[details.lower()], ""
    if any(kind == "no fix planned" for kind, _, _ in kinds):
        return "no fix planned", "will-not-fix", ""
    return "known affected", "affected", ""


def _affected(said: Iterable[_Said]) -> Iterator[Affected]:
    arches: dict[_Said, dict[str, None]] = {}
    built: set[tuple[Platform, str, str]] = set()
    for where, part, state, class_, reason in said:
        key = (where, msgspec.structs.replace(part, arch=""), state, class_, reason)
        arches.setdefault(key, {})[part.arch] = None
        if part.naming == "binary":
            built.add((where, part.module, part.evr))
    for (where, part, state, class_, reason), some in arches.items():
        if class_ == "fixed" and part.naming == "source" and (where, part.module, part.evr) in built:
            continue  # The binaries that are built from it are listed, and those that are not have no fix in it.
        ranges: tuple[Range, ...] = ()
        if class_ == "fixed":
            ranges = (Range("ECOSYSTEM", (("introduced", "0"), ("fixed", part.evr))),)
        elif class_ not in ("not-affected", "undetermined"):
            ranges = (_OPEN,)
        named = tuple(sorted(some)) if some.keys().isdisjoint(("", "noarch", "src")) else ()
        yield Affected(
            where.scope, part.name, part.naming, where.channel, part.module, named, ranges, (), state, class_, reason
        )
