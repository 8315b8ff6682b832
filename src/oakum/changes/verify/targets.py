"""Whether every target of every intent is accounted for, and nothing is touched that must be left alone."""

from __future__ import annotations

from collections.abc import Iterator

from oakum.changes.verify.given import Given, violation
from oakum.changes.verify.model import Violation


def accounted(given: Given) -> Iterator[Violation]:
    """Each wanted target is in a step or left out; what is done already, or is no target, is in neither."""
    covered = {(change.intent, each.step.subject.id): each for each in given.placed for change in each.step.changes}
    left = {each.subject: each for each in given.plan.left_out}
    reasons: set[str] = set()
    for name, found in given.wanted.items():
        obstacles = {each.subject: each for each in found.obstacles}
        reasons.update(obstacles, found.changes)
        missing: list[str] = []
        for subject in (*found.changes, *obstacles):
            if (name, subject) in covered:
                continue
            if subject in left:
                missing.append(subject)
                continue
            yield violation("targets", f"the intent {name} wants it, and it is in no step and not left out",
                            object_=subject)  # fmt: skip
        if missing and given.intents[name].whole:
            why = f"the intent {name} asks for all targets or none, and it is left out"
            yield violation("targets", why, object_=missing[0])
    for (name, subject), each in covered.items():
        if name in given.wanted and subject not in given.wanted[name].changes:
            yield each.broken("targets", f"the intent {name} does not want it")
    for entry in given.plan.left_out:
        if not given.plan.undoes and entry.subject not in reasons:
            yield violation("targets", "it is left out, and no intent wants it", object_=entry.subject)
        if not (entry.rule and entry.why and entry.remedy):
            yield violation("targets", "it is left out without rule, reason or remedy", object_=entry.subject)


def untouched(given: Given) -> Iterator[Violation]:
    """No step on a machine that is out of service, that somebody else holds, or that the policy protects.

    A plan that undoes another is for machines that this one left broken, so their health does not count there.
    """
    for each in given.placed:
        for settings in each.settings:
            for entry in settings.protected:
                yield each.broken("protected", f"the policy protects it: {entry.name}: {entry.reason}")
        machine = each.machine
        if machine is None:
            continue
        if machine.healthy is not True and not given.plan.undoes:
            known = "its health is not known" if machine.healthy is None else "it is not in service"
            yield each.broken("untouchable", known)
        if machine.cordoned and not machine.owner:
            yield each.broken("untouchable", "somebody else has cordoned it")
