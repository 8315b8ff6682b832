"""Named breaks: rules of the change engine broken on purpose, each with the tests that have to notice.

``tests/mutants/named.yaml`` has them as data: in ``file`` (below ``oakum.changes``) the text ``find``, which stands
there once, becomes ``replace``. ``rule`` is the invariant of the simulation that the break is against.
"""

from __future__ import annotations

import ast
from pathlib import Path

import msgspec

from tools.mutants import Mutant

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "src/oakum/changes"
NAMED = ROOT / "tests/mutants/named.yaml"


class Break(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One broken rule."""

    name: str
    rule: str
    file: str
    find: str
    replace: str
    tests: tuple[str, ...]

    @property
    def path(self) -> Path:
        """The module."""
        return SOURCES / self.file

    def mutant(self) -> Mutant:
        """The module with the rule broken. Raises ValueError where the text is not there exactly once."""
        source = self.path.read_text(encoding="utf-8")
        if source.count(self.find) != 1:
            raise ValueError(f"{self.name}: {self.file} has {self.find!r} {source.count(self.find)} times")
        line = source[: source.index(self.find)].count("\n") + 1
        last = line + self.find.count("\n")
        tree = ast.parse(source.replace(self.find, self.replace))
        return Mutant(self.file, "named", self.name, self.rule, line, last, lambda: tree)


def breaks() -> list[Break]:
    """All of them, in the order of the file."""
    return msgspec.yaml.decode(NAMED.read_bytes(), type=list[Break])
