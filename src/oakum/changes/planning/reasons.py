"""Reasons, and how they are put together: one for each rule and object, with the least that would remove it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from oakum.changes.plans.model import LeftOut
from oakum.changes.plans.why_not import Edit, Reason, Remedy, Value

#: What tells one reason from another.
Key = tuple[str, str, bytes]


def because(
    rule: str,
    object: str,
    why: str,
    source: str,
    says: str,
    edits: Iterable[Edit],
    **figures: int | str,
) -> Reason:
    """One reason; ``says`` is the remedy in words."""
    remedy = Remedy(says=says, edits=tuple(edits))
    return Reason(rule=rule, object=object, why=why, source=source, remedy=remedy, figures=figures)


def key_of(reason: Reason) -> Key:
    """The same obstacle has the same key, whichever target met it."""
    return reason.rule, reason.object, msgspec.json.encode(reason.remedy.edits)


def of_left_out(left: LeftOut) -> Reason:
    """What a kind of change says of a target, as a reason."""
    return because(left.rule, left.subject, left.why, left.source, left.remedy, left.edits)


def left_out(subject: str, reason: Reason) -> LeftOut:
    """A target that a reason keeps out; the reason's object is named where it is another one."""
    why = reason.why if reason.object == subject else f"{reason.object}: {reason.why}"
    return LeftOut(
        subject=subject, rule=reason.rule, why=why, remedy=reason.remedy.says, source=reason.source,
        edits=reason.remedy.edits,
    )  # fmt: skip


def machine_edit(machine: str, field: str, value: Value) -> Edit:
    """An edit of a machine of the state."""
    return Edit(of="state", object=machine, field=field, value=value)


def object_edit(cluster: str, object: str, field: str, value: Value) -> Edit:
    """An edit of an object of a cluster, Kind/namespace/name; the empty field is the whole object."""
    return Edit(of="state", object=object, field=field, value=value, cluster=cluster)


def policy_edit(section: str, name: str, field: str, value: Value) -> Edit:
    """An edit of an entry of the policy; the empty field is the whole entry."""
    return Edit(of="policy", object=f"{section}/{name}", field=field, value=value)


def intent_edit(intent: str, field: str, value: Value) -> Edit:
    """An edit of an intent."""
    return Edit(of="intents", object=intent, field=field, value=value)
