"""An emergency override: what the policy's entry allows of it, checked before anything is lifted."""

from __future__ import annotations

from datetime import datetime, timedelta

from oakum.changes.plans.model import Override
from oakum.errors import InputError, Place
from oakum.policy.model import Policy

_PLACE = Place(field="override")


def checked_override(policy: Policy, override: Override | None, now: datetime) -> Override | None:
    """The override, where its entry allows it. Raises InputError saying what it does not allow."""
    if override is None:
        return None
    entry = next((each for each in policy.emergency if each.name == override.emergency), None)
    if entry is None:
        names = ", ".join(each.name for each in policy.emergency) or "none"
        raise _wrong(f"the policy has no emergency entry {override.emergency[:60]!r}", f"its entries are: {names}")
    if not override.reason.strip():
        raise _wrong("an override without a reason", "give the reason, which is recorded and reviewed")
    people = {each for each in override.by if each.strip()}
    if len(people) < entry.approvals:
        raise _wrong(
            f"{len(people)} of {entry.approvals} people have agreed",
            f"let {entry.approvals} of {', '.join(entry.roles)} agree",
        )
    if override.until.tzinfo is None or override.until <= now:
        raise _wrong("it is over already", "give an end in UTC that lies ahead")
    if override.until > now + timedelta(seconds=entry.lasts):
        raise _wrong(
            f"{entry.name} lasts at most {entry.lasts} seconds", f"end it by {now + timedelta(seconds=entry.lasts)}"
        )
    if "*" not in entry.lifts:
        for name in override.lifts:
            if name not in entry.lifts:
                lifts = ", ".join(entry.lifts) or "none"
                raise _wrong(f"{entry.name} does not lift the freeze {name[:60]!r}", f"it lifts {lifts}")
    known = {each.name for each in policy.freezes}
    for name in override.lifts:
        if name not in known:
            raise _wrong(f"there is no freeze {name[:60]!r}", f"the freezes are {', '.join(sorted(known)) or 'none'}")
    if override.outside_windows and not entry.outside_windows:
        raise _wrong(f"{entry.name} does not allow to act outside of windows", "leave outside_windows out")
    return override


def _wrong(what: str, remedy: str) -> InputError:
    return InputError(what, place=_PLACE, remedy=remedy)
