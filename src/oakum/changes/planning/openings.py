"""Why a step fits into no opening, and the least that would give it one.

A missing or short window is mended by one extra window of the length that is needed, for the cluster and the kinds of
change alone; no window or freeze that is there is weakened. Where a freeze never leaves room, the freeze is the reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from oakum.changes.planning.drafts import Draft
from oakum.changes.planning.reasons import because, policy_edit
from oakum.changes.planning.steps import needs_of
from oakum.changes.planning.windows import Windows
from oakum.changes.plans.why_not import Edit, Reason
from oakum.policy.amounts import Span, spoken
from oakum.policy.entries import Window
from oakum.policy.openings import Calendar, Opening
from oakum.policy.schedules import Moment, Schedule
from oakum.policy.scopes import Scope

if TYPE_CHECKING:
    from oakum.changes.planning.attempt import Question

_RFC = "https://www.rfc-editor.org/rfc/rfc5545#section-3.8.5.3"


def closed(draft: Draft, windows: Windows, question: Question) -> tuple[Reason, ...]:
    """Why a step fits into no opening; nothing where it does. Steps that are alike share an answer."""
    settings = draft.settings
    assert settings is not None
    kinds = tuple(sorted({each.kind for each in draft.changes}))
    key = (draft.subject.cluster, kinds, settings.calendars, settings.overridden, settings.soak.after_node, draft.takes)
    if key not in windows.told:
        windows.told[key] = tuple(_closed(draft, windows, question))
    return windows.told[key]


def _closed(draft: Draft, windows: Windows, question: Question) -> Iterable[Reason]:
    settings = draft.settings
    assert settings is not None and draft.takes is not None
    where, override = draft.subject.cluster or "hosts", question.override
    if override is not None and not settings.overridden:
        yield because(
            "override", f"{where}: {override.emergency}",
            "the emergency is not for all that it changes, and under an override nothing else is done",
            f"policy: emergency {override.emergency}", "leave it to a plan without the override", [],
        )  # fmt: skip
        return
    seconds = needs_of(draft)
    fit = windows.fit(settings.calendars, seconds, overridden=settings.overridden)
    if fit.start is not None:
        return
    names = sorted({name for opened, _ in settings.calendars for name in opened})
    freezes = sorted({name for _, frozen in settings.calendars for name in frozen})
    figures = {
        "needs": seconds, "work": draft.takes.work.p95, "soak": settings.soak.after_node,
        "back": draft.takes.back.p95, "longest": fit.longest,
    }  # fmt: skip
    needs = (
        f"a step needs {spoken(seconds)} (work {spoken(draft.takes.work.p95)}, "
        f"soak {spoken(settings.soak.after_node)}, way back {spoken(draft.takes.back.p95)}; 95 of 100 take no longer)"
    )
    if override is not None and windows.fit(settings.calendars, seconds).start is not None:
        yield because(
            "override", f"{where}: {override.emergency}",
            f"{needs}, and the override ends at {override.until:%Y-%m-%d %H:%M} UTC",
            f"policy: emergency {override.emergency}", "ask for an override that lasts longer", [], **figures,
        )  # fmt: skip
        return
    unfrozen = windows.fit(tuple((opened, ()) for opened, _ in settings.calendars), seconds)
    if unfrozen.start is not None:
        yield because(
            "freeze", f"{where}: {', '.join(freezes)}", f"{needs}, and the freezes leave {spoken(fit.longest)} at most",
            f"policy: freezes {', '.join(freezes)}", "let a freeze end earlier, or ask for an emergency override",
            [policy_edit("freezes", name, "", None) for name in freezes], **figures,
        )  # fmt: skip
        return
    said = f"{', '.join(names)}: the longest opening has {spoken(fit.longest)}" if names else "no window is for it"
    yield because(
        "window" if names else "no-window", f"{where}: {', '.join(names) or 'windows'}", f"{needs}; {said}",
        f"policy: windows {', '.join(names) or '(none)'}; {_RFC}", f"open a window of {spoken(seconds)} or longer",
        _extra(draft, seconds, question), **figures,
    )  # fmt: skip


def _extra(draft: Draft, seconds: int, question: Question) -> list[Edit]:
    """One window more, for this cluster and these kinds, at the first time that no freeze takes away."""
    settings = draft.settings
    assert settings is not None
    kinds = tuple(sorted({each.kind for each in draft.changes}))
    scope = Scope(facts={"cluster": (draft.subject.cluster,), "change": kinds})
    freezes = sorted({name for _, frozen in settings.calendars for name in frozen})
    start = _start(freezes, seconds, question)
    local = start.replace(tzinfo=None)
    schedule = Schedule(start=Moment(local, "UTC"), span=Span(0, seconds))
    name = f"extra for {'+'.join(kinds)} in {draft.subject.cluster or 'hosts'}, {spoken(seconds)}"
    window = Window(name, scope, (schedule,))
    return [policy_edit("windows", name, "", msgspec.to_builtins(window))]


def _start(freezes: Iterable[str], seconds: int, question: Question) -> datetime:
    start = question.now.astimezone(UTC).replace(microsecond=0) + timedelta(minutes=1)
    always = Window("always", Scope(), (), always=True)
    policy = msgspec.structs.replace(question.policy, windows=(always,))
    calendar: Calendar = question.calendar.of(policy)
    found = calendar.next_of(("always",), tuple(freezes), start, timedelta(seconds=seconds))
    return found.start if isinstance(found, Opening) else start
