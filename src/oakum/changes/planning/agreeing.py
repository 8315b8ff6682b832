"""Whether anybody may agree to a visit: whoever does agrees to all of its changes, each under its own entry.

A step has one requirement. Where two entries name roles that have none in common no people of one kind could meet both,
and to ask only those of one entry would set the other aside.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from oakum.changes.planning.drafts import Draft
from oakum.changes.planning.reasons import because, policy_edit
from oakum.changes.planning.settings import Names, asks, shared
from oakum.changes.plans.why_not import Reason
from oakum.policy.entries import Approval


def disagreeing(draft: Draft) -> Iterable[Reason]:
    """Why nobody may agree to all that a visit changes."""
    if draft.settings is not None:
        yield from _apart(draft.settings.approvals, "roles", "")
        yield from _apart(draft.settings.approvals, "forward_only_roles", ": forward-only")


def _apart(several: Sequence[Approval], field: str, about: str) -> Iterable[Reason]:
    roles: dict[str, Names] = {each.name: getattr(each, field) for each in several if getattr(each, field)}
    if not roles or shared(list(roles.values())):
        return
    most = max((each for each in several if each.name in roles), key=asks)
    # The role that most of them name already; of several, one of the entry that asks for most people.
    role = min(
        {each for named in roles.values() for each in named},
        key=lambda role: (-sum(role in named for named in roles.values()), role not in roles[most.name], role),
    )
    names = ", ".join(sorted(roles))
    lack = [name for name in sorted(roles) if role not in roles[name]]
    said = "; ".join(f"{name} asks for {' or '.join(roles[name])}" for name in sorted(roles))
    yield because(
        "approvals", f"approvals {names}{about}",
        f"one visit makes changes of all of them, and nobody may agree to every one by one role: {said}",
        f"policy: approvals {names}",
        f"name in {', '.join(lack)} a role of people who may agree to all of it, such as {role}",
        [policy_edit("approvals", name, field, [*roles[name], role]) for name in lack],
    )  # fmt: skip
