"""From inputs to an outcome: one row of one table, with what would change it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from oakum.risk.inputs import Input
from oakum.risk.tables import Change, table


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a table says about one vulnerability on one asset.

    ``urgency`` is the place of the outcome in its table, 0 the most urgent: the class order of a backlog. ``days`` is
    what the outcome allows from the day on which the decision became due, None where the table names no number.
    """

    table: str
    version: str
    row: int
    outcome: str
    urgency: int
    days: int | None
    inputs: tuple[Input, ...]
    changes: tuple[Change, ...]

    @property
    def defaults(self) -> tuple[Input, ...]:
        """The inputs that nobody answered."""
        return tuple(each for each in self.inputs if each.default)


def decide(inputs: Mapping[str, Input], name: str) -> Decision:
    """Ask one table; inputs of other tables are left aside.

    Raises UsageError for an unknown table, a missing input or a value that the table does not know.
    """
    asked = table(name)
    used = tuple(inputs[key] for key in asked.keys if key in inputs)
    row = asked.row({each.key: each.value for each in used})
    return Decision(
        table=asked.name,
        version=asked.source.version,
        row=row.number,
        outcome=row.outcome.name,
        urgency=row.outcome.urgency,
        days=row.outcome.days,
        inputs=used,
        changes=row.changes,
    )
