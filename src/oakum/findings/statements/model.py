"""What is stated about a finding, and which statements decided nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from oakum.findings.model import Finding

if TYPE_CHECKING:
    # Most scans have no statements, and need none of what reads them.
    from oakum.advisories.statements.model import Product, Statement


class Ruled(msgspec.Struct, frozen=True):
    """A finding on the assets of which one thing is stated; ``statement`` is None where nothing is.

    ``products`` are those of the statement that stand for the package there.
    """

    finding: Finding
    statement: Statement | None = None
    products: tuple[Product, ...] = ()
    suppressed: bool = False


class Unused(msgspec.Struct, frozen=True):
    """A statement that decided nothing, and why."""

    statement: Statement
    why: str
