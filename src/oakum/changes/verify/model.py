"""What the verifier says of a plan: which rule is broken, where, by which object, and why."""

from __future__ import annotations

import msgspec


class Violation(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that a plan breaks.

    ``rule`` is a name of ``RULES``; ``wave`` and ``step`` are ids, empty where the whole plan, or a whole wave, is
    wrong. ``object`` names what is in danger or is told wrongly. ``source`` says where the rule is written.
    """

    rule: str
    wave: str
    step: str
    object: str
    why: str
    source: str


class Rule(msgspec.Struct, frozen=True):
    """One rule: what it asks of a plan, and where that is written."""

    says: str
    source: str
