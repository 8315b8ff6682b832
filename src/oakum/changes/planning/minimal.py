"""The fewest reasons: each is one without which there would still be no plan.

Reasons are gathered until their remedies together give a plan; then each is tried without the others' help, and the
ones that were not needed are dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from oakum.changes.planning.attempt import Attempt, Question, attempt
from oakum.changes.planning.edits import apply_edits
from oakum.changes.planning.reasons import Key, key_of
from oakum.changes.plans.why_not import Reason, WhyNot
from oakum.errors import OakumError

#: New reasons may show when others are mended; so often they are looked for.
_ROUNDS = 12
#: So many machines are planned for again, over all tries, to find reasons that are not needed; small fleets need few.
_TRIED = 30_000


def why_not(question: Question, found: Attempt) -> WhyNot:
    """The reasons why there is no plan."""
    gathered: dict[Key, Reason] = {}
    for _ in range(_ROUNDS):
        added = [each for each in _chosen(found) if key_of(each) not in gathered]
        for each in added:
            subjects = found.met.get(key_of(each), ())
            gathered[key_of(each)] = msgspec.structs.replace(each, subjects=subjects)
        mended = _mended(question, gathered.values()) if added else None
        if mended is None or mended.plan is not None:
            break
        found = mended
    if len(gathered) * max(1, len(question.state.machines)) <= _TRIED:
        gathered = _fewest(question, gathered)
    return WhyNot(
        at=question.now, state=question.state.digest, policy=question.policy.digest, reasons=tuple(gathered.values())
    )


def _chosen(found: Attempt) -> Sequence[Reason]:
    """The reasons of an attempt that have to go: all that are needed, or else the set that frees most targets."""
    if found.needed:
        return list({key_of(each): each for each in found.needed}.values())
    counts: dict[tuple[Key, ...], int] = {}
    sets: dict[tuple[Key, ...], tuple[Reason, ...]] = {}
    for several in found.any_of:
        keys = tuple(sorted(key_of(each) for each in several))
        counts[keys] = counts.get(keys, 0) + 1
        sets[keys] = several
    best = min(counts, key=lambda keys: (len(keys), any(not key[2].strip(b"[]") for key in keys), -counts[keys], keys))
    return sets[best]


def _fewest(question: Question, gathered: dict[Key, Reason]) -> dict[Key, Reason]:
    for key in reversed(list(gathered)):
        rest = {other: reason for other, reason in gathered.items() if other != key}
        mended = _mended(question, rest.values()) if rest else None
        if mended is not None and mended.plan is not None:
            gathered = rest
    return gathered


def _mended(question: Question, reasons: Iterable[Reason]) -> Attempt | None:
    """An attempt with all remedies applied; None where it cannot be made."""
    edits = [edit for each in reasons for edit in each.remedy.edits]
    try:
        state, intents, policy = apply_edits(question.state, question.intents, question.policy, edits)
        changed = msgspec.structs.replace(
            question, state=state, intents=tuple(intents), policy=policy, calendar=question.calendar.of(policy)
        )
        return attempt(changed)
    except OakumError:
        return None
