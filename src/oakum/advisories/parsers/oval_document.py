"""The parts of an OVAL definition that vendors' rules read: its words about itself, its criteria, and their tests."""

from __future__ import annotations

from typing import Literal

import msgspec

from oakum.advisories.parsers.xml_text import Element


class Criterion(msgspec.Struct, frozen=True):
    """One condition: what it says in words, and the test that decides it."""

    comment: str
    test: str


class Criteria(msgspec.Struct, frozen=True):
    """Conditions that hold all together, or of which one is enough."""

    operator: Literal["AND", "OR"]
    criteria: tuple[Criterion, ...] = ()
    inside: tuple[Criteria, ...] = ()


class Definition(msgspec.Struct, frozen=True):
    """One definition; ``references`` are (source, id, address), the source in lower case."""

    id: str
    line: int
    title: str
    platforms: tuple[str, ...]
    references: tuple[tuple[str, str, str], ...]
    severity: str
    issued: str
    patchable: str
    description: str
    criteria: Criteria

    @property
    def namespace(self) -> str:
        """Whose it is: ``com.oracle.elsa`` of ``oval:com.oracle.elsa:def:20219151``."""
        parts = self.id.split(":")
        return parts[1] if len(parts) == 4 and parts[0] == "oval" and parts[2] == "def" else ""


class Test(msgspec.Struct, frozen=True):
    """Which object a test looks at, and which state it asks for."""

    object: str
    state: str


class Tests(msgspec.Struct, frozen=True):
    """The tests of a document with what they refer to; the state of a test is (operation, version)."""

    tests: dict[str, Test]
    objects: dict[str, str]
    states: dict[str, tuple[str, str]]

    def of(self, name: str) -> tuple[str, str, str] | None:
        """The package, the operation and the version of a test; None where the document does not hold all of it.

        Raises ValueError where the test looks at no package, or asks for no version.
        """
        test = self.tests.get(name)
        if test is None or test.object not in self.objects or test.state not in self.states:
            return None
        package, (operation, evr) = self.objects[test.object], self.states[test.state]
        if not package or not evr:
            raise ValueError(f"the test {name[:100]} names no package and version")
        return package, operation, evr


def definition(element: Element) -> Definition:
    """A definition. Raises ValueError where it is none."""
    about = element.one("metadata")
    notice = about.one("advisory")
    return Definition(
        element.get("id"),
        element.line,
        _words(about.one("title").text),
        tuple(each.text for each in about.one("affected").all("platform")),
        tuple((e.get("source").lower(), e.get("ref_id"), e.get("ref_url")) for e in about.all("reference")),
        notice.one("severity").text or about.one("severity").text,
        notice.one("issued").get("date") or about.one("advisory_date").text,
        about.one("patchable").text,
        _words(about.one("description").text),
        _criteria(element.one("criteria")),
    )


def _criteria(element: Element) -> Criteria:
    operator = element.get("operator") or "AND"
    if operator not in ("AND", "OR"):
        raise ValueError(f"has criteria that are joined by {operator[:20]!r}")
    criteria = []
    for each in element.inside:
        if each.get("negate").lower() not in ("", "false", "0"):
            raise ValueError("has a criterion that is negated")
        if each.name == "criterion":
            criteria.append(Criterion(_words(each.get("comment")), each.get("test_ref")))
        elif each.name != "criteria":
            raise ValueError(f"has a {each.name[:40]} among its criteria")
    return Criteria(
        "AND" if operator == "AND" else "OR", tuple(criteria), tuple(map(_criteria, element.all("criteria")))
    )


def _words(text: str) -> str:
    return " ".join(text.split())
