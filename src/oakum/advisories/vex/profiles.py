"""Rules about profiles: what a document of a category has to hold, and which names other categories must not take."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator

from oakum.advisories.vex.document import Document, listed
from oakum.advisories.vex.model import BOTH, NEW, Found, Rule, Version, shown

PROFILES: dict[Version, tuple[str, ...]] = {
    "2.0": (
        "csaf_base", "csaf_informational_advisory", "csaf_security_advisory", "csaf_security_incident_response",
        "csaf_vex",
    ),
    "2.1": (
        "csaf_base", "csaf_deprecated_security_advisory", "csaf_informational_advisory", "csaf_security_advisory",
        "csaf_security_incident_response", "csaf_superseded", "csaf_vex", "csaf_vulnerability_report",
        "csaf_withdrawn",
    ),
}  # fmt: skip
#: A block of strokes of shorthand, some of which look like dashes or lines.
_STROKES = range(0x1BC00, 0x1BCA0)
_TELLING = frozenset({"description", "details", "general", "summary"})

Look = Callable[[Document], Iterator[Found]]


def only_for(*categories: str, new: tuple[str, ...] = ()) -> Callable[[Look], Look]:
    """Look only at documents of some categories, in 2.1 at those of ``new`` ones as well."""

    def limit(look: Look) -> Look:
        def limited(document: Document) -> Iterator[Found]:
            if document.is_of(*categories, *(new if document.version == "2.1" else ())):
                yield from look(document)

        return limited

    return limit


def _prohibited(document: Document) -> Iterator[Found]:
    category = document.category
    known = PROFILES["2.0" if document.version == "2.0" else "2.1"]
    if not category or category in known:
        return
    plain = _plain(category)
    if _is_reserved(category):
        yield "/document/category", f"{shown(category)} begins with csaf_, but is no profile"
    for profile in known[1:]:
        if plain in (_plain(profile), _plain(profile.removeprefix("csaf_"))):
            yield "/document/category", f"{shown(category)} could be taken for the profile {profile}"


def _plain(text: str) -> str:
    """A category without what may look like a blank, a dash or an underscore, or cannot be seen at all."""
    return "".join(letter for letter in text.casefold() if _tells(letter))


def _tells(letter: str) -> bool:
    if letter.isascii():
        return letter.isprintable() and letter not in " -_"
    kind = unicodedata.category(letter)
    return kind[0] in "LN" and kind != "Lm" and ord(letter) not in _STROKES


def _is_reserved(category: str) -> bool:
    """Whether a category begins with csaf_, in whatever case and with whatever kind of underscore."""
    seen = category.lower().lstrip("".join(letter for letter in set(category) if not _tells(letter)))
    return seen.startswith("csaf") and unicodedata.category(seen[4:5] or "a") == "Pc"


@only_for("csaf_informational_advisory", "csaf_security_incident_response")
def _notes(document: Document) -> Iterator[Found]:
    if not any(note.get("category") in _TELLING for note in document.document.get("notes", ())):
        yield "/document/notes", f"no note has a category of {', '.join(sorted(_TELLING))}"


@only_for("csaf_informational_advisory", "csaf_security_incident_response", new=("csaf_superseded",))
def _references(document: Document) -> Iterator[Found]:
    # A reference without category is an external one (the default of the schema); for 2.1 OASIS settled that here the
    # category must be written (github.com/oasis-tcs/csaf/pull/1602).
    references = document.document.get("references", ())
    silent = "external" if document.version == "2.0" else ""
    if not any(each and each.get("category", silent) == "external" for each in references):
        yield "/document/references", "no reference has the category external"


@only_for("csaf_informational_advisory", new=("csaf_superseded", "csaf_withdrawn"))
def _no_vulnerabilities(document: Document) -> Iterator[Found]:
    if "vulnerabilities" in document.whole:
        yield "/vulnerabilities", f"a document of the category {document.category} has no vulnerabilities"


_ADVISING = ("csaf_security_advisory", "csaf_vex")


@only_for(*_ADVISING, new=("csaf_deprecated_security_advisory", "csaf_vulnerability_report"))
def _product_tree(document: Document) -> Iterator[Found]:
    if "product_tree" not in document.whole:
        yield "/product_tree", f"a document of the category {document.category} has a product tree"


@only_for(*_ADVISING, new=("csaf_deprecated_security_advisory",))
def _vulnerability_notes(document: Document) -> Iterator[Found]:
    for path, vulnerability in document.each_vulnerability:
        if "notes" not in vulnerability:
            yield f"{path}/notes", "the vulnerability has no notes"


@only_for("csaf_security_advisory", new=("csaf_deprecated_security_advisory",))
def _product_status(document: Document) -> Iterator[Found]:
    for path, vulnerability in document.each_vulnerability:
        if "product_status" not in vulnerability:
            yield f"{path}/product_status", "the vulnerability has no product status"


@only_for(*_ADVISING, new=("csaf_deprecated_security_advisory", "csaf_vulnerability_report"))
def _vulnerabilities(document: Document) -> Iterator[Found]:
    if "vulnerabilities" not in document.whole:
        yield "/vulnerabilities", f"a document of the category {document.category} has vulnerabilities"


_ENDED = ("csaf_superseded", "csaf_withdrawn")


@only_for(*_ENDED)
def _description(document: Document) -> Iterator[Found]:
    if not any(note.get("category") == "description" for note in document.document.get("notes", ())):
        yield "/document/notes", "no note has the category description"


@only_for(*_ENDED)
def _no_product_tree(document: Document) -> Iterator[Found]:
    if "product_tree" in document.whole:
        yield "/product_tree", f"a document of the category {document.category} has no product tree"


@only_for(*_ENDED)
def _one_revision(document: Document) -> Iterator[Found]:
    if len(document.tracking.get("revision_history", ())) < 2:
        yield "/document/tracking/revision_history", "what is withdrawn or superseded has been released before"


@only_for("csaf_withdrawn")
def _withdrawal(document: Document) -> Iterator[Found]:
    if document.is_english:
        yield from titled_note(document, "Reasoning for Withdrawal", "description")


@only_for("csaf_superseded")
def _supersession(document: Document) -> Iterator[Found]:
    if document.is_english:
        yield from titled_note(document, "Reasoning for Supersession", "description")


def titled_note(document: Document, title: str, category: str) -> Iterator[Found]:
    """What is wrong where just one note of the document has to have a title, and the category."""
    notes = [
        (path, note) for path, note in listed(document.document, "notes", "/document") if note.get("title") == title
    ]
    if not notes:
        yield "/document/notes", f"no note has the title {title!r}"
    for path, _ in notes[1:]:
        yield path, f"another note has the title {title!r} already"
    for path, note in notes[:1]:
        if note.get("category") != category:
            yield f"{path}/category", f"the note {title!r} has not the category {category}"


@only_for("csaf_superseded")
def _superseding(document: Document) -> Iterator[Found]:
    if not document.is_english:
        return
    named = [
        (path, each)
        for path, each in listed(document.document, "references", "/document")
        if each.get("summary", "").startswith("Superseding Document")
    ]
    if not named:
        yield "/document/references", "no reference has a summary that begins with 'Superseding Document'"
    for path, each in named:
        if each.get("category") != "external":
            yield f"{path}/category", "the reference to the superseding document has not the category external"


_REPORTED = (("Vulnerability Summary", "summary"), ("CVE Description", "description"))


@only_for("csaf_vulnerability_report")
def _reported(document: Document) -> Iterator[Found]:
    if not document.is_english:
        return
    for path, vulnerability in document.each_vulnerability:
        notes = vulnerability.get("notes", ())
        if not any((note.get("title"), note.get("category")) in _REPORTED for note in notes):
            yield f"{path}/notes", "no note is titled Vulnerability Summary (summary) or CVE Description (description)"


def _rule(number: int, look: Look, says: str, remedy: str, versions: tuple[Version, ...]) -> Rule:
    return Rule(id=f"6.1.27.{number}", look=look, says=says, remedy=remedy, versions=versions)


_CHOOSE = ", or choose another document category"
RULES = (
    Rule(
        id="6.1.26", versions=BOTH, look=_prohibited,
        says="a category that is no profile does not look like one",
        remedy="name the profile exactly, or use a category that resembles none",
    ),
    _rule(
        1, _notes, "an informational advisory or incident response has a note that tells of it",
        f"add a note of the category description, details, general or summary{_CHOOSE}", BOTH,
    ),
    _rule(
        2, _references, "an informational advisory or incident response (2.1: superseded) has an external reference",
        f"add a reference of the category external{_CHOOSE}", BOTH,
    ),
    _rule(
        3, _no_vulnerabilities, "an informational advisory (2.1: withdrawn, superseded) has no vulnerabilities",
        f"remove the vulnerabilities{_CHOOSE}", BOTH,
    ),
    _rule(
        4, _product_tree, "a security advisory or VEX (2.1: vulnerability report) has a product tree",
        f"add a product_tree{_CHOOSE}", BOTH,
    ),
    _rule(
        5, _vulnerability_notes, "every vulnerability of a security advisory or VEX has notes",
        f"add notes{_CHOOSE}", BOTH,
    ),
    _rule(
        6, _product_status, "every vulnerability of a security advisory has a product status",
        f"add a product_status{_CHOOSE}", BOTH,
    ),
    _rule(
        11, _vulnerabilities, "a security advisory or VEX (2.1: vulnerability report) has vulnerabilities",
        f"add vulnerabilities{_CHOOSE}", BOTH,
    ),
    _rule(
        14, _description, "what is withdrawn or superseded has a note of the category description",
        f"add such a note{_CHOOSE}", NEW,
    ),
    _rule(
        15, _no_product_tree, "what is withdrawn or superseded has no product tree",
        f"remove the product_tree{_CHOOSE}", NEW,
    ),
    _rule(
        16, _one_revision, "what is withdrawn or superseded has more than one revision",
        f"keep the history of the document{_CHOOSE}", NEW,
    ),
    _rule(
        17, _withdrawal, "an English withdrawn document has one note that gives the reason",
        "add one note titled 'Reasoning for Withdrawal' of the category description", NEW,
    ),
    _rule(
        18, _supersession, "an English superseded document has one note that gives the reason",
        "add one note titled 'Reasoning for Supersession' of the category description", NEW,
    ),
    _rule(
        19, _superseding, "an English superseded document refers to the one that supersedes it",
        "add an external reference whose summary begins with 'Superseding Document'", NEW,
    ),
    _rule(
        20, _reported, "every vulnerability of an English vulnerability report has a note that sums it up",
        "add a note titled 'Vulnerability Summary' of the category summary", NEW,
    ),
)  # fmt: skip
