"""Vendors' OVAL definitions as facts: Oracle Linux, and Azure Linux with CBL-Mariner.

OVAL (oval.mitre.org, 5.3 and 5.11) says when a machine is vulnerable by criteria over tests, and leaves to each vendor
how it writes that down. So each vendor's definitions are read by its own rules, which know every word that it uses
there; the namespace of a definition's id says whose it is. A definition of somebody else, or with a criterion that is
not known, is a problem and no answer. Definitions refer to tests, objects and states that stand behind them.
"""

from __future__ import annotations

from collections.abc import Callable

from oakum.advisories.model import Advisory, Fact, Parsed
from oakum.advisories.parsers import oval_azure, oval_oracle, xml_text
from oakum.advisories.parsers.content import Content
from oakum.advisories.parsers.merging import merged
from oakum.advisories.parsers.oval_document import Definition, Test, Tests, definition
from oakum.advisories.parsers.xml_text import Element
from oakum.advisories.words import instant

FORMAT = "oval"
#: The namespace of ids -> how such a definition is read.
_VENDORS: dict[str, Callable[[Definition, Tests], Advisory]] = {
    "com.oracle.elsa": oval_oracle.advisory,
    "com.microsoft.cbl-mariner": oval_azure.advisory,
    "com.microsoft.azurelinux": oval_azure.advisory,
}
_RECORDS = frozenset({"generator", "definition", "rpminfo_test", "rpminfo_object", "rpminfo_state"})


def matches(content: Content) -> bool:
    """XML whose root is ``oval_definitions``."""
    return content.root == "oval_definitions"


def parse(content: Content) -> Parsed:
    """One advisory for each notice (Oracle) or vulnerability (Azure Linux)."""
    reading = _Reading(content)
    xml_text.records(content.text, content.name, _RECORDS, reading.take)
    return content.parsed(FORMAT, reading.facts(), reading.as_of)


class _Reading:
    """What came so far. Definitions wait for the tests behind them."""

    def __init__(self, content: Content) -> None:
        self.as_of = ""
        self._content = content
        self._definitions: list[Definition] = []
        self._tests: dict[str, Test] = {}
        self._objects: dict[str, str] = {}
        self._states: dict[str, tuple[str, str]] = {}

    def take(self, each: Element) -> None:
        """One record."""
        try:
            self._taken(each)
        except ValueError as error:
            self._content.problem(each.get("id")[:100] or f"the {each.name} in line {each.line}", str(error), each.line)

    def _taken(self, each: Element) -> None:
        id_ = each.get("id")
        if each.name == "generator":
            self.as_of = instant(each.one("timestamp").text) or ""
        elif each.name == "definition":
            self._definitions.append(definition(each))
        elif each.name == "rpminfo_test":
            self._tests[id_] = Test(each.one("object").get("object_ref"), each.one("state").get("state_ref"))
        elif each.name == "rpminfo_object":
            self._objects[id_] = each.one("name").text
        else:
            self._states[id_] = (each.one("evr").get("operation"), each.one("evr").text)

    def facts(self) -> list[Fact]:
        """Every definition that could be read."""
        tests = Tests(self._tests, self._objects, self._states)
        found: list[Advisory] = []
        for one in self._definitions:
            try:
                read = _VENDORS.get(one.namespace)
                if read is None:
                    raise ValueError(f"is a definition of nobody who is known here ({one.namespace[:60] or 'no id'})")
                found.append(read(one, tests))
            except ValueError as error:
                self._content.problem(one.id[:100] or f"the definition in line {one.line}", str(error), one.line)
        return [*merged(found)]
