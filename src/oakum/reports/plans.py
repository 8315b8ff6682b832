"""A plan, why there is none, and what a plan breaks, as text for a terminal of any width, without colours."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from oakum.changes.plans import Change, Group, LeftOut, Plan, Step, Times, Wave, WhyNot
from oakum.changes.verify import RULES, Violation
from oakum.fleet.assets import Gap
from oakum.naming import listed
from oakum.policy.amounts import spoken
from oakum.reports.plain import table
from oakum.reports.printable import printable

#: Targets that are left out, and gaps, on one screen; -o json holds them all.
_MOST = 12
#: Targets of one reason that are named.
_NAMED = 4
_HEAD = ("WAVE", "TARGET", "CHANGE", "EVICTS", "WITHIN (95 %)", "WAY BACK")
_BACK = {"reversible": "undo", "needs-snapshot": "copy", "forward-only": "NONE"}


def plan_text(plan: Plan, gaps: Sequence[Gap] = (), *, width: int = 100) -> str:
    """A plan: its waves with their steps, the limits, what it leaves out, and the hash that people approve."""
    steps = sum(len(wave.steps) for wave in plan.waves)
    lines: list[str] = []
    if steps:
        final = sum(step.reversibility == "forward-only" for step in plan.steps.values())
        tail = f"; {_count(final, 'step')} without a way back" if final else ""
        subjects = len({step.subject.id for step in plan.steps.values()})
        head = f"{_count(len(plan.waves), 'wave')}, {_count(steps, 'step')} on {_count(subjects, 'target')}"
        lines += wrap(f"{head}{tail}.", width)
        lines += ["", *table([_HEAD, *_rows(plan)], width, stretch=2, optional=(3, 4))]
        lines += _waits(plan.waves, width)
        lines += _limits(plan.groups, width)
    else:
        lines += wrap("Nothing to do: all that is wanted and possible is in effect.", width)
    if plan.override is not None:
        given = plan.override
        until = given.until.strftime("%Y-%m-%d %H:%M UTC")
        lifted = ", ".join(given.lifts) or "no freeze"
        windows = ", and acts outside of windows" if given.outside_windows else ""
        text = f"EMERGENCY {given.emergency}, until {until}, because: {given.reason}. It lifts {lifted}{windows}."
        lines += ["", *wrap(text, width)]
    lines += _left_out(plan.left_out, width)
    lines += _gaps(gaps, width)
    lines += ["", f"hash    {plan.hash}", f"state   {plan.state}", f"policy  {plan.policy}"]
    return _joined(lines)


def next_text(file: str, states: Sequence[str], policy: str) -> str:
    """What to type when a plan was written to a file; each command on a line of its own, so that it can be copied."""
    given = " ".join(f"--from {shlex.quote(each)}" for each in states)
    name, rules = shlex.quote(file), shlex.quote(policy)
    lines = [
        "", "NOW", "- somebody else agrees to it:",
        f"    oakum approve {name} --key SSHKEY --out {shlex.quote(f'{file}.approval')}",
        "- then it is run:",
        f"    oakum run {name} --approval {shlex.quote(f'{file}.approval')} {given} --policy {rules} --key SSHKEY",
    ]  # fmt: skip
    return _joined(lines)


def why_not_text(found: WhyNot, gaps: Sequence[Gap] = (), *, width: int = 100) -> str:
    """Why there is no plan: each reason with its object, what would remove it, and where its rule is written."""
    lines = [f"There is no plan, for {_count(len(found.reasons), 'reason')}:"]
    for number, each in enumerate(found.reasons, 1):
        lines += ["", *_item(f"{number}. ", f"{each.object}: {each.why}", width)]
        lines += _item("   ", f"What helps: {each.remedy.says}", width)
        source = f" ({each.source})" if each.source else ""
        lines += _item("   ", f"Rule: {each.rule}{source}", width)
    return _joined([*lines, *_gaps(gaps, width)])


def gaps_text(gaps: Sequence[Gap], *, width: int = 100) -> str:
    """What of the state could not be told; nothing where there is none."""
    return _joined(_gaps(gaps, width)) if gaps else ""


def violations_text(plan: Plan, found: Sequence[Violation], *, width: int = 100) -> str:
    """What a plan breaks, or that it breaks nothing."""
    if not found:
        steps = sum(len(wave.steps) for wave in plan.waves)
        return f"{_count(steps, 'step')} in {_count(len(plan.waves), 'wave')}: no rule is broken.\n"
    lines = [f"{_count(len(found), 'violation')}:"]
    for each in found:
        where = " ".join(part for part in (each.wave, each.step) if part)
        about = f" [{each.object}]" if each.object and each.object != each.step.rpartition("@")[2] else ""
        lines += ["", *_item("- ", f"{where or 'the plan'}{about}: {each.why}", width)]
        rule = RULES.get(each.rule)
        says = f": {rule.says}" if rule is not None else ""
        lines += _item("  ", f"Rule {each.rule}{says} ({each.source})", width)
    return _joined(lines)


def _rows(plan: Plan) -> Iterator[tuple[str, ...]]:
    for wave in plan.waves:
        for number, step in enumerate(wave.steps):
            yield (
                wave.id if number == 0 else "", step.subject.id, doing(step), _evicts(step),
                _time(step.takes.work), _BACK[step.reversibility],
            )  # fmt: skip


def doing(step: Step) -> str:
    """The changes of a step in one line."""
    done = ", ".join(_change(each) for each in step.changes)
    return f"{done}, reboot" if step.reboot else done


def _change(change: Change) -> str:
    after = "" if change.installed == change.after else f" {change.before} ->"
    return f"{change.component}{after} {change.after}"


def _evicts(step: Step) -> str:
    if step.evictions is None:
        return "-"
    return _count(step.evictions.pods, "pod")


def _time(times: Times) -> str:
    return spoken(-(-times.p95 // 60) * 60)


def _waits(waves: Sequence[Wave], width: int) -> Iterator[str]:
    yield ""
    for wave in waves:
        needs = f" after {', '.join(wave.needs)}" if wave.needs else ""
        soak = f", then watched for {spoken(wave.soak)}" if wave.soak else ""
        yield from _item(f"{wave.id}: ", f"{wave.name}{needs}{soak}", width)


def _limits(groups: Sequence[Group], width: int) -> Iterator[str]:
    yield ""
    for group in groups:
        one = group.serial or group.max_unavailable == 1
        many = "one" if one else f"{group.max_unavailable}"
        # A limit of domains says nothing where all are in one, or one machine at a time goes anyway.
        zones = (
            f" in {_count(group.max_domains, 'domain')}" if len(set(group.domain_of.values())) > 1 and not one else ""
        )
        windows = "; ".join(", ".join(names) or "never" for names, _ in group.calendars) or "at any time"
        approval = group.approval
        people = f"{_count(approval.count, 'approval')}{' of ' + ', '.join(approval.roles) if approval.roles else ''}"
        text = f"at most {many} of {len(group.members)} out of service{zones}; windows: {windows}; {people}"
        yield from _item(f"{group.id}: ", text, width)


def _left_out(left: Sequence[LeftOut], width: int) -> Iterator[str]:
    """What the plan does not touch; targets that one thing keeps out stand together."""
    if not left:
        return
    alike: dict[tuple[str, str, str], list[str]] = {}
    for each in left:
        alike.setdefault((each.why, each.remedy, each.rule), []).append(each.subject)
    yield from ("", f"LEFT OUT ({len(left)})")
    for (why, remedy, rule), subjects in list(alike.items())[:_MOST]:
        yield from _item("- ", f"{listed(subjects, _NAMED)}: {why} ({remedy}) [{rule}]", width)
    if len(alike) > _MOST:
        yield f"- and {len(alike) - _MOST} more reasons; -o json shows them"


def _gaps(gaps: Sequence[Gap], width: int) -> Iterator[str]:
    if not gaps:
        return
    yield from ("", f"NOT ASSESSABLE ({len(gaps)})")
    for each in gaps[:_MOST]:
        yield from _item("- ", f"{each.what}: {each.why} ({each.remedy})", width)
    if len(gaps) > _MOST:
        yield f"- and {len(gaps) - _MOST} more"


def _item(mark: str, text: str, width: int) -> list[str]:
    """Wrapped text behind a mark, with its further lines under its first."""
    return wrap(text, width, initial_indent=mark, subsequent_indent=" " * min(len(mark), 8), break_on_hyphens=False)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(map(printable, lines)) + "\n"
