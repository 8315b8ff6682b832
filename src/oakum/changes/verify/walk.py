"""Walks each machine and object through its steps: what is changed, from where, to where, and whether back again.

Changes of a step are worked out anew from its intents and the machine as the steps before have left it, so that a
change that nobody wants, starts elsewhere, claims to be reversible or forgets its drain or its proof is found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec

from oakum.changes.intents.replacement import IMAGE
from oakum.changes.plans import Change, LeftOut, Step
from oakum.changes.state import Machine, Software
from oakum.changes.verify.given import Given, Placed
from oakum.changes.verify.model import Violation
from oakum.naming import listed

_WORST = ("reversible", "needs-snapshot", "forward-only")


def walked(given: Given) -> Iterator[Violation]:
    """Every subject through all of its steps."""
    for several in given.by_subject.values():
        ordered = sorted(several, key=lambda each: given.order.ancestors[each.wave].bit_count())
        for one, other in pairwise(ordered):
            if not given.order.before(one.wave, other.wave):
                yield other.broken("chain", f"it may run together with the step {one.step.id} on the same subject")
        machine, versions = ordered[0].machine, _versions(ordered[0])
        for number, each in enumerate(ordered):
            yield from _wanted(given, each, machine, first=number == 0)
            yield from _chained(given, each, versions, machine)
            versions = versions | {change.component: change.after for change in each.step.changes}
            machine = machine and _moved(machine, each.step.changes)
            yield from _after(each, versions)
            yield from _way_back(each)


def _versions(each: Placed) -> dict[str, str]:
    """The versions in effect at the start."""
    if each.machine is not None:
        found = {name: software.current for name, software in each.machine.software.items()}
        return {IMAGE: each.machine.image, **found} if each.machine.image else found
    containers = each.workload.spec.template.spec.containers if each.workload else ()
    return {f"image/{one.name}": one.image for one in containers}


def _moved(machine: Machine, changes: Sequence[Change]) -> Machine:
    """The machine after some changes."""
    software = dict(machine.software)
    for change in changes:
        if change.component == IMAGE and IMAGE not in software:
            machine = msgspec.structs.replace(machine, image=change.after)
            continue
        before = software.get(change.component, Software(installed=change.before))
        software[change.component] = msgspec.structs.replace(before, installed=change.after, running="")
    return msgspec.structs.replace(machine, software=software)


def _wanted(given: Given, each: Placed, machine: Machine | None, *, first: bool) -> Iterator[Violation]:
    """Whether the step makes what its intents come to; in a plan that undoes they come to nothing."""
    step = each.step
    for name in dict.fromkeys(change.intent for change in step.changes):
        if name not in given.wanted:
            continue
        found = given.wanted[name].changes.get(step.subject.id)
        of_machine = given.kinds[name].of_machine
        if not first:
            if machine is None or of_machine is None:
                continue
            now = of_machine(given.intents[name], machine)
            if isinstance(now, LeftOut) or not now:
                why = now.why if isinstance(now, LeftOut) else "it is in effect by then"
                yield each.broken("changes", f"nothing is to be changed there for {name}: {why}")
                continue
            found = now
        mine = tuple(change for change in step.changes if change.intent == name)
        if found is not None and _sorted(mine) != _sorted(found):
            yield each.broken("changes", f"for {name} it makes {_told(mine)}; wanted is {_told(found)}")


def _sorted(changes: Sequence[Change]) -> list[Change]:
    return sorted(changes, key=lambda change: (change.component, change.after))


def _told(changes: Sequence[Change]) -> str:
    return listed(changes, 3, _words)


def _words(change: Change) -> str:
    """A change in a few words, with what two that look alike may differ in."""
    return (
        f"{change.component} {change.before} to {change.after} "
        f"({change.reversibility}{', drained' if change.drain else ''}{', reboot' if change.reboot else ''}, "
        f"proof {' '.join(change.proof) or 'none'})"
    )


def _chained(given: Given, each: Placed, versions: dict[str, str], machine: Machine | None) -> Iterator[Violation]:
    """Whether each change starts from what is in effect, and no two go to different versions."""
    aims: dict[str, str] = {}
    for change in each.step.changes:
        now = versions.get(change.component)
        known = {now}
        if given.plan.undoes and machine is not None and change.component in machine.software:
            # What is undone may have been installed without having come into effect.
            known.add(machine.software[change.component].installed)
        if now is not None and change.before not in known:
            yield each.broken("chain", f"{change.component} is at {now} by then, not at {change.before}")
        if now is None and change.kind != "script":
            yield each.broken("chain", f"it has no {change.component}")
        if aims.setdefault(change.component, change.after) != change.after:
            yield each.broken("chain", f"{change.component} goes to {aims[change.component]} and to {change.after}")
        if change.before == change.after:
            yield each.broken("chain", f"{change.component} is at {change.after} already")


def _after(each: Placed, versions: dict[str, str]) -> Iterator[Violation]:
    told = each.step.after
    for component in dict.fromkeys(change.component for change in each.step.changes):
        if component not in told:
            yield each.broken("after", f"it does not say in which version {component} is then")
    for component, version in told.items():
        if versions.get(component) != version:
            is_at = versions.get(component, "not there")
            yield each.broken("after", f"it says {component} {version}, and {component} is {is_at}")


def _way_back(each: Placed) -> Iterator[Violation]:
    """Whether a step is what it says of itself, and whether its way back leads where it came from."""
    step = each.step
    worst = max((change.reversibility for change in step.changes), key=_WORST.index)
    if step.reversibility != worst:
        yield each.broken("reversibility", f"it says {step.reversibility}, and one of its changes is {worst}")
    if worst == "needs-snapshot" and not step.snapshot:
        yield each.broken("reversibility", "it needs a copy, and makes none")
    if step.snapshot and each.machine is not None and not each.machine.snapshots:
        yield each.broken("reversibility", "no copy of this machine can be made")
    if step.reboot != any(change.reboot for change in step.changes):
        yield each.broken("reboot", f"it {'reboots' if step.reboot else 'does not reboot'}, its changes say otherwise")
    for change in (*step.changes, *step.back):
        if not change.proof:
            yield each.broken("proof", f"nothing shows that {change.component} {change.after} is in effect")
    if worst == "forward-only":
        if step.back:
            yield each.broken("way-back", "it is forward-only, and has a way back")
        return
    yield from _leads_back(each, step)


def _leads_back(each: Placed, step: Step) -> Iterator[Violation]:
    ahead = {(change.component, change.after, change.before): change for change in step.changes}
    back = {(change.component, change.before, change.after): change for change in step.back}
    for key, change in ahead.items():
        found = back.get(key)
        if found is None or change.back != change.before:
            yield each.broken("way-back", f"no way leads {change.component} from {change.after} to {change.before}")
        elif (found.reboot, found.kind, found.parameters) != (change.reboot, change.kind, change.parameters):
            why = f"the way back of {change.component} is of another kind, or its reboot or its parameters are"
            yield each.broken("way-back", why)
    for key, change in back.items():
        if key not in ahead:
            yield each.broken("way-back", f"it brings {change.component} to {change.after}, where it was not before")
