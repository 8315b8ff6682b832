"""Why there is no plan: the fewest reasons, each with its object, its rule, and the least that would remove it.

No reason can be left out: with all others removed there would still be no plan. A remedy is an edit of the state, the
intents or the policy that a person would make; it never weakens a rule that is not its reason.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

#: Anything that JSON can say.
Value = object


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """A remedy as data: in ``of``, the ``field`` of ``object`` becomes ``value``.

    ``object`` is the id of a machine, Kind/namespace/name in ``cluster``, the name of an intent, or
    SECTION/NAME of a policy.
    """

    of: Literal["state", "intents", "policy"]
    object: str
    field: str
    value: Value
    cluster: str = ""


class Remedy(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody can do: in words, and as edits."""

    says: str
    edits: tuple[Edit, ...]


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that stands in the way. ``figures`` are the numbers that ``why`` tells, each as the state has them."""

    rule: str
    object: str
    why: str
    source: str
    remedy: Remedy
    subjects: tuple[str, ...] = ()
    figures: dict[str, int | str] = msgspec.field(default_factory=dict)


class WhyNot(msgspec.Struct, frozen=True, kw_only=True):
    """The reasons, most important first."""

    at: datetime
    state: str
    policy: str
    reasons: tuple[Reason, ...]
    format: str = "oakum-why-not/1"
