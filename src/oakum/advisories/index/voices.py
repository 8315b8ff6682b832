"""Several sources about one package: which of its records name the same vulnerability.

Two sources may disagree about one vulnerability. Whoever judges a row can ask here what the other records of the same
package, in the same scope, say about it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oakum.advisories.index.read import Index, Record, Row, Rules, Statement


class Voices:
    """The records of one package by their names, with the rows and the denial of each. Made once for each package."""

    __slots__ = ("_denied", "_names", "_rows", "_shared")

    def __init__(self, rules: Rules, index: Index) -> None:
        self._rows: dict[int, list[Row]] = {}
        for row in rules.rows:
            self._rows.setdefault(row.record, []).append(row)
        self._denied: dict[int, Statement] = {}
        for statement in rules.statements:
            if not statement.why and index.detail(statement.detail).state_class == "not-affected":
                self._denied[statement.record] = statement
        self._names: dict[str, list[int]] = {}
        for number in self._rows.keys() | self._denied.keys():
            record = index.record(number)
            if record is not None:
                for name in (record.advisory.id, *record.advisory.aliases):
                    self._names.setdefault(name, []).append(number)
        # Nearly always every record speaks for itself, and nothing needs to be looked for at each row.
        self._shared = any(len(numbers) > 1 for numbers in self._names.values())

    def denial(self, record: Record, channel: str, module: str, index: Index) -> Record | None:
        """Another record that says of everything this record is about: this package is not affected.

        ``channel`` and ``module`` are those of the row that is asked about; a word of another's denies nothing.
        """
        if not self._denied:
            return None
        advisory = record.advisory
        names = advisory.cves if advisory.bundle else (advisory.id, *advisory.aliases)
        # Who names CVEs is denied by them alone: a record about two of them is not answered by a word about one.
        wanted = [name for name in names if name.startswith("CVE-")] or list(names)
        found = [
            number for name in wanted if (number := self._denying(name, record.id, channel, module, index)) is not None
        ]
        return index.record(found[0]) if found and len(found) == len(wanted) else None

    def _denying(self, name: str, asked: int, channel: str, module: str, index: Index) -> int | None:
        for number in sorted(self._names.get(name, ())):
            if number == asked or number in self._rows or number not in self._denied:
                continue
            detail = index.detail(self._denied[number].detail)
            if detail.channel in ("", channel) and detail.module in ("", module):
                return number
        return None

    def twins(self, record: Record) -> list[tuple[int, list[Row]]]:
        """The other records with one of this record's names, with their rows."""
        if not self._shared:
            return []
        advisory = record.advisory
        names = (advisory.id, *advisory.aliases)
        numbers = {number for name in names for number in self._names.get(name, ())} - {record.id}
        return [(number, self._rows[number]) for number in sorted(numbers & self._rows.keys())]
