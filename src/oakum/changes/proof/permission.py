"""Whether people had agreed to what was done when it was done, and whether it fitted its windows then.

Everything is worked out anew from the enclosed policy, the statements with their signatures, and the times that the
journal tells. Who counts says ``oakum.changes.approvals``; windows and freezes are those that the plan names for the
groups of its steps, which people have agreed to with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from oakum.changes.approvals import Earned, Signed, earned
from oakum.changes.plans.model import Group, Plan, Step
from oakum.policy.model import Policy
from oakum.policy.openings import Calendar, NoOpening


class Permission:
    """What people had agreed to at any time, and which windows were open."""

    def __init__(
        self, plan: Plan, policy: Policy, calendar: Calendar, request: Signed | None, given: Sequence[Signed]
    ) -> None:
        self._plan, self._policy, self._calendar = plan, policy, calendar
        self._request, self._given = request, given
        self._groups = {group.id: group for group in plan.groups}
        self._hash = plan.hash
        self._found: Earned | None = None
        self._since = datetime.max

    def at(self, now: datetime) -> Earned:
        """What the statements had earned at a time."""
        found = self._found
        if found is None or now < self._since or (found.until is not None and now >= found.until):
            found = self._found = earned(self._plan, self._policy, self._request, self._given, now)
            self._since = now
        return found

    def why_not_admitted(self, step: Step, now: datetime) -> str:
        """Why a step must not have been begun then; empty where it might."""
        agreed = self.at(now)
        if f"approve:{self._hash}" not in agreed.wishes:
            return f"nobody had agreed enough by then: {'; '.join(agreed.missing) or 'the plan has no steps'}"
        if step.reversibility == "forward-only" and f"approve:{self._hash}/{step.id}" not in agreed.wishes:
            return "it has no way back, and nobody had agreed to that step by then"
        return self._why_closed(step, self._groups[step.group], now)

    def why_not_forced(self, step: Step, now: datetime) -> str:
        """Why no pod of a step must have been deleted past its budget then; empty where it might."""
        if f"approve:{self._hash}/{step.id}/force-evict" in self.at(now).wishes:
            return ""
        return "nobody had agreed by then that pods there are deleted past their budget"

    def _why_closed(self, step: Step, group: Group, now: datetime) -> str:
        needs = timedelta(seconds=step.takes.work.p95 + group.soak_node + step.takes.back.p95)
        override = self._plan.override
        if override is not None and now + needs > override.until:
            return f"the override {override.emergency} would have ended before it"
        for windows, freezes in group.calendars:
            found = self._calendar.next_of(windows, freezes, now, needs)
            if isinstance(found, NoOpening) or found.start > now:
                names = ", ".join(windows) or "no window"
                return f"it was begun outside of its windows ({names}), or too late in them for the time that it takes"
        return ""
