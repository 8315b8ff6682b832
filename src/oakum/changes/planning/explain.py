"""A plan, or why there is none, in plain words for somebody who has just been woken.

First what happens and what people may notice, then why that is safe, in which order, when, how it goes back and when it
stops; at the end what stays as it is and who can change that. Every number is counted in the plan, and can be counted
again in the state.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from oakum.changes.planning.drafts import natural
from oakum.changes.planning.steps import KEPT_AWAY, OWNS
from oakum.changes.plans.model import Evictions, Group, LeftOut, Plan, Step
from oakum.changes.plans.why_not import Reason, WhyNot
from oakum.naming import listed
from oakum.policy.amounts import spoken

_WIDTH = 110
_TOLD = 6
#: What a step says of itself that is no drain and no restart of the machine.
_SAFE = ("the API server", "the etcd member", "the kubelet", "the container runtime", "its pods are replaced")


def explain(found: Plan | WhyNot, width: int = _WIDTH) -> Iterator[str]:
    """Lines of text of at most ``width`` characters (but for long words), without a line end."""
    for line in _plan(found) if isinstance(found, Plan) else _why_not(found):
        indent = " " * (len(line) - len(line.lstrip()))
        bullet = "  " if line.lstrip()[:2] == "- " else ""
        yield from textwrap.wrap(
            line, width, subsequent_indent=indent + bullet, break_long_words=False, break_on_hyphens=False
        ) or [""]


def _plan(plan: Plan) -> Iterator[str]:
    yield f"Plan {plan.hash}"
    yield f"made {plan.at:%Y-%m-%d %H:%M} UTC from state {_short(plan.state)} under policy {_short(plan.policy)}"
    if plan.undoes:
        yield f"It brings back steps of the plan {plan.undoes}."
    if plan.override is not None:
        yield from _override(plan)
    steps = list(plan.steps.values())
    yield ""
    if steps:
        yield "What it does"
        yield from _does(steps)
        for title, lines in (
            ("What people may notice, and why it is safe", _disturbs(plan, steps)),
            ("Who else acts there", _others(plan, steps)),
            ("In which order", _order(plan)),
            ("When", _when(plan)),
            ("The way back, and who has to agree", _back(plan, steps)),
            ("When it stops", _stops(plan)),
        ):
            told = list(lines)
            if told:
                yield ""
                yield title
                yield from told
    else:
        yield "Nothing is to be done: what can be changed is in effect already."
    if plan.left_out:
        yield ""
        yield f"What stays as it is ({_count(len({each.subject for each in plan.left_out}), 'target')})"
        yield from _left_out(plan.left_out)


def _override(plan: Plan) -> Iterator[str]:
    override = plan.override
    assert override is not None
    lifts = [f"the {'freezes' if len(override.lifts) > 1 else 'freeze'} {', '.join(override.lifts)}"]
    lifts = [*(lifts if override.lifts else []), *(["all windows"] if override.outside_windows else [])]
    yield (
        f"EMERGENCY OVERRIDE {override.emergency}, agreed by {', '.join(override.by)}: {override.reason.rstrip('. ')}. "
        f"It sets aside {' and '.join(lifts) or 'nothing'} until {override.until:%Y-%m-%d %H:%M} UTC."
    )


def _does(steps: Sequence[Step]) -> Iterator[str]:
    found: dict[tuple[str, str, str, str], list[Step]] = {}
    for step in steps:
        for change in step.changes:
            found.setdefault((change.kind, change.component, change.before, change.after), []).append(step)
    for (kind, component, before, after), several in found.items():
        where = _names(sorted((step.subject.id for step in several), key=natural))
        what = _count(len(several), "machine" if several[0].subject.kind == "machine" else "object")
        closes = sorted({one for step in several for each in step.changes for one in each.closes
                         if (each.component, each.after) == (component, after)})  # fmt: skip
        said = f"; closes {_names(closes)}" if closes else ""
        yield f"- {kind}: {component} {before} -> {after} on {what} ({where}){said}"


def _disturbs(plan: Plan, steps: Sequence[Step]) -> Iterator[str]:
    reboots = sum(step.reboot for step in steps)
    replaced = sum(step.kind == "replace" for step in steps)
    if reboots:
        yield f"- {_count(reboots, 'machine restarts', 'machines restart')}."
    if replaced:
        are = _count(replaced, "machine is replaced by a new one", "machines are replaced by new ones")
        yield f"- {are}; the new one is up before the old one goes."
    yield from _drained([step.evictions for step in steps if step.evictions is not None])
    for text in dict.fromkeys(text for step in steps for text in step.disturbs):
        if text.startswith(_SAFE):
            yield f"- {text[0].upper()}{text[1:]} ({_count(sum(text in step.disturbs for step in steps), 'step')})."
    for group in plan.groups:
        yield f"- {_limit(group, [step for step in steps if step.group == group.id])}"


def _drained(evictions: Sequence[Evictions]) -> Iterator[str]:
    if not evictions:
        return
    pods, stay = sum(each.pods for each in evictions), sum(each.stay for each in evictions)
    nodes = _count(len(evictions), "node is", "nodes are")
    if pods:
        yield (
            f"- {nodes} drained: {_count(pods, 'pod moves', 'pods move')} to other nodes, each by an eviction that its "
            "disruption budgets allow, and only when there is room for it. No pod is deleted by force."
        )
    else:
        yield f"- {nodes} drained; no pod has to move."
    if stay:
        yield f"- {_count(stay, 'pod stays', 'pods stay')} on these nodes (DaemonSets, static pods)."
    waits = [name for each in evictions for name in each.waits]
    if waits:
        yield f"- {_count(len(waits), 'pod has', 'pods have')} to be waited for, as things stand: {_names(waits)}."


def _limit(group: Group, steps: Sequence[Step]) -> str:
    if group.serial:
        what = "machine" if steps[0].subject.kind == "machine" else "object"
        return f"{group.id}: one {what} at a time, and only while the others of {len(group.members)} are in service."
    domains = len(set(group.domain_of.values()))
    one = f", in {group.max_domains} of {domains} failure domains" if domains > 1 else ""
    return (
        f"{group.id}: at most {group.max_unavailable} of {_count(len(group.members), 'machine')} out of service at "
        f"once{one}; those that others have taken out count."
    )


def _others(plan: Plan, steps: Sequence[Step]) -> Iterator[str]:
    for actor in plan.actors:
        names = sorted((step.subject.id for step in steps if actor.name in step.actors), key=natural)
        does = f": {'; '.join(actor.does)}" if actor.does else ", if it is there"
        where = _count(len(set(names)), "machine") if len(names) > _TOLD else _names(names)
        yield f"- {actor.name} on {where}{does}."
        kept = [step.subject.id for step in steps if f"{KEPT_AWAY}{actor.name}" in step.disturbs]
        if actor.mark:
            yield f"  While a machine is ours it bears the {actor.on} {actor.key}={actor.value}: {actor.says}."
        elif len(kept) == len(names):
            yield f"  {KEPT_AWAY[0].upper()}{KEPT_AWAY[1:].rstrip(': ')}. When all is over, they let it go on."
        else:
            yield f"  Nothing on a node keeps it away: {actor.says}."
    for step in steps:
        for text in step.disturbs if step.subject.kind == "object" else ():
            if OWNS in text:
                yield f"- {step.subject.id}: {text}."


def _order(plan: Plan) -> Iterator[str]:
    last = {need for wave in plan.waves for need in wave.needs}
    for wave in plan.waves:
        needs = f"after {', '.join(wave.needs)}: " if wave.needs else ""
        soak = f", then {spoken(wave.soak)} of watching" if wave.soak and wave.id in last else ""
        yield f"- {wave.id} {needs}{wave.name}: {_names([step.subject.name for step in wave.steps])}{soak}"


def _when(plan: Plan) -> Iterator[str]:
    for group in plan.groups:
        steps = [step for step in plan.steps.values() if step.group == group.id]
        longest = max(steps, key=lambda step: step.takes.work.p95 + step.takes.back.p95)
        work, back = longest.takes.work, longest.takes.back
        needs = work.p95 + group.soak_node + back.p95
        opened = [
            f"windows {', '.join(windows) or '(none)'}" + (f" outside of {', '.join(freezes)}" if freezes else "")
            for windows, freezes in group.calendars
        ]
        where = " and ".join(opened) or "at any time"
        yield (
            f"- {group.id}: {where}. A step starts only if {spoken(needs)} are left: work {spoken(work.p95)} (usually "
            f"{spoken(work.p50)}), soak {spoken(group.soak_node)}, way back {spoken(back.p95)}."
        )


def _back(plan: Plan, steps: Sequence[Step]) -> Iterator[str]:
    by_class: dict[str, list[Step]] = {}
    for step in steps:
        by_class.setdefault(step.reversibility, []).append(step)
    if "reversible" in by_class:
        count = _count(len(by_class["reversible"]), "step")
        yield f"- {count} can be undone: the old version is put back the same way."
    if "needs-snapshot" in by_class:
        several = [step.subject.id for step in by_class["needs-snapshot"]]
        yield f"- {_count(len(several), 'step')} can be undone by a copy that is made before ({_names(several)})."
    for step in by_class.get("forward-only", ()):
        group = next(each for each in plan.groups if each.id == step.group)
        approval = group.approval
        roles = f" of {', '.join(approval.forward_only_roles)}" if approval.forward_only_roles else ""
        yield (
            f"- {step.subject.id} has NO way back ({', '.join(each.component for each in step.changes)}): it waits for "
            f"{_count(approval.forward_only_count, 'approval')}{roles} of its own."
        )
    approvals = dict.fromkeys((group.approval.count, group.approval.roles) for group in plan.groups)
    for number, who in approvals:
        said = f" ({', '.join(who)})" if who else ""
        agree = _count(number, "person agrees", "people agree")
        yield f"- Before anything starts {agree}{said} to this hash; whoever asked for it does not count."


def _stops(plan: Plan) -> Iterator[str]:
    stop = plan.stop
    lost = _count(stop.lost, "machine does", "machines do")
    yield f"- At {_count(stop.failed, 'failed step')}, or when {lost} not come back."
    if stop.alarms:
        yield f"- When one of these alarms fires: {', '.join(stop.alarms)}."
    for group in plan.groups:
        gate = group.gate
        parts = [f"ready within {spoken(gate.ready_within)}"] if gate.ready_within else []
        parts += ["our own scan sees the new version"] if gate.rescan else []
        parts += [f"{each.name}: {each.success}" for each in gate.metrics]
        parts += [f"{', '.join(gate.quiet_alarms)} quiet"] if gate.quiet_alarms else []
        if parts:
            yield f"- {group.id}: after each step and wave it goes on only if {'; '.join(parts)}."
    yield "- Whatever cannot be measured holds the run; it never counts as good."


def _left_out(several: Iterable[LeftOut]) -> Iterator[str]:
    found: dict[tuple[str, str, str], list[LeftOut]] = {}
    for each in several:
        found.setdefault((each.rule, each.remedy, each.source), []).append(each)
    for (rule, remedy, source), alike in found.items():
        subjects = [each.subject for each in alike]
        yield f"- {_names(subjects)}: {alike[0].why}. [{rule}]"
        yield f"  To bring {'it' if len(set(subjects)) == 1 else 'them'} in: {remedy}."
        if source:
            yield f"  Source: {source}"


def _why_not(found: WhyNot) -> Iterator[str]:
    count = len(found.reasons)
    yield f"There is no plan: {_count(count, 'thing stands', 'things stand')} in the way."
    yield f"asked {found.at:%Y-%m-%d %H:%M} UTC of state {_short(found.state)} under policy {_short(found.policy)}"
    if count > 1:
        yield "Each of them alone is enough to stop it; when all are mended there is a plan."
    for number, reason in enumerate(found.reasons, 1):
        yield ""
        yield from _reason(number, reason)


def _reason(number: int, reason: Reason) -> Iterator[str]:
    yield f"{number}. {reason.object}"
    yield f"   {reason.why}."
    if reason.subjects and tuple(reason.subjects) != (reason.object,):
        yield f"   It keeps out {_count(len(reason.subjects), 'target')}: {_names(reason.subjects)}."
    yield f"   Do: {reason.remedy.says}."
    yield f"   Rule {reason.rule}" + (f", source {reason.source}" if reason.source else "")


def _names(names: Sequence[str]) -> str:
    """Some names, and how many more there are."""
    return listed(dict.fromkeys(names), _TOLD)


def _count(number: int, one: str, several: str = "") -> str:
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"


def _short(digest: str) -> str:
    head, _, rest = digest.partition(":")
    return f"{head}:{rest[:12]}" if rest else digest
