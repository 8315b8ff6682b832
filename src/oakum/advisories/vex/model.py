"""What is said of a document: problems, and the rules that find them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Literal

import msgspec

from oakum.advisories.vex.document import Document

Version = Literal["2.0", "2.1"]
#: So many problems are told of one test; a hostile document could have millions.
MOST_PROBLEMS = 10_000
#: Where something is wrong (a JSON pointer), and what.
Found = tuple[str, str]
_SPECIFICATIONS: dict[Version, str] = {
    "2.0": "https://docs.oasis-open.org/csaf/csaf/v2.0/os/csaf-v2.0-os.html",
    "2.1": "https://docs.oasis-open.org/csaf/csaf/v2.1/csaf-v2.1.html",
}


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that makes a document invalid: the ``path`` is a JSON pointer, ``test`` the number of the rule."""

    path: str
    problem: str
    remedy: str
    test: str


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One mandatory test of CSAF: its section, what it says, the remedy, and how it is looked for.

    A rule without ``look`` is a matter of structure alone: the shapes name it as their test.
    """

    id: str
    says: str
    remedy: str
    versions: tuple[Version, ...]
    look: Callable[[Document], Iterable[Found]] | None = None

    @property
    def source(self) -> str:
        """The specification of the first version that has the rule, with the section."""
        return f"{_SPECIFICATIONS[self.versions[0]]} section {self.id}"

    def problems(self, document: Document) -> Iterator[Problem]:
        """What the rule finds in a document."""
        found = self.look(document) if self.look is not None else ()
        for path, what in islice(found, MOST_PROBLEMS):
            yield Problem(path=path, problem=f"{self.id} {what}", remedy=self.remedy, test=self.id)


BOTH: tuple[Version, ...] = ("2.0", "2.1")
OLD: tuple[Version, ...] = ("2.0",)
NEW: tuple[Version, ...] = ("2.1",)


def shown(value: Any) -> str:
    """A value of a document in a sentence: quoted, and no longer than a reader wants."""
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:97]}..."
