"""What was found on the machines of a run before and after it: their versions, and what advisories said of them.

Two looks are compared here. A finding is closed when the later look does not tell it any more, could have told it, and
the package is another one by then (or the machine has booted since, where that was all that was missing); where it is
just no longer told, because other advisories were asked or nobody could look, that is unclear and never closed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec

from oakum.changes.plans.model import Change, Plan
from oakum.changes.proof.container import AFTER, BEFORE, FOUND_AFTER, FOUND_BEFORE, JOURNAL
from oakum.changes.proof.model import Fault, Gap
from oakum.changes.remediations.model import ABSENT
from oakum.changes.state.inventory import InventoryDocument, MachineEntry
from oakum.changes.state.software import KERNEL
from oakum.fleet.assets import GAPS as OF_SCANS
from oakum.ledger.entries import digest
from oakum.naming import listed

#: Machines that a gap names.
_NAMED = 3
_LATER = "it cannot be made good: scan the machines again, and keep that answer beside the bundle"


class ToldFinding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A vulnerability (``id``, the CVE where there is one) of a package in the version that was installed.

    ``fixed`` is the version to reach, ``state`` how far its fix had come there (``none``, ``published``, ``available``,
    ``installed``), ``severity`` a word, ``decision`` by when it has to be closed, ``exploited`` whether it is known to
    be. ``package`` may stand there in one version only.
    """

    id: str
    package: str
    version: str
    fixed: str = ""
    state: str = ""
    severity: str = ""
    decision: str = ""
    exploited: bool = False


class ToldGap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What could not be judged, why, and the remedy."""

    kind: str
    what: str
    why: str
    remedy: str = ""


class ToldMachine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A machine: how many packages it has, for how many of them advisories were at hand, and what those say."""

    packages: int = 0
    assessed: int = 0
    findings: tuple[ToldFinding, ...] = ()
    gaps: tuple[ToldGap, ...] = ()


class FindingsDocument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the advisories of ``feeds`` (a digest; empty: there were none) say of the inventory of a digest."""

    format: Literal["oakum-findings/1"] = "oakum-findings/1"
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    feeds: str = ""
    inventory: str
    machines: dict[str, ToldMachine] = {}


class LookedAt(msgspec.Struct, frozen=True):
    """One look: ``when`` it was, the inventory and the findings as they were read; None where there are none."""

    inventory: InventoryDocument | None = None
    findings: FindingsDocument | None = None

    def machine(self, name: str) -> MachineEntry | None:
        """A machine of the inventory."""
        return None if self.inventory is None else self.inventory.hosts.get(name)

    def told(self, name: str) -> ToldMachine | None:
        """What was said of a machine, where advisories could say anything."""
        found = None if self.findings is None else self.findings.machines.get(name)
        return found if found is not None and found.assessed else None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A finding of a machine and what became of it: ``closed``, ``remains``, ``new`` or ``unclear``, and ``why``.

    ``now`` is the version of its package in the later look.
    """

    machine: str
    finding: ToldFinding
    became: Literal["closed", "remains", "new", "unclear"]
    now: str = ""
    why: str = ""


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """One change of a step as both looks show it: the state of the step, the versions seen, and whether they fit.

    ``shown``: ``yes``, ``no`` (another version than the journal tells), ``unknown`` (nobody looked), or ``nothing``
    where the journal tells nothing of the version (a step that has not begun, or has failed).
    """

    step: str
    machine: str
    change: Change
    state: str
    before: str = ""
    after: str = ""
    shown: Literal["yes", "no", "unknown", "nothing"] = "nothing"


def read_look(when: Literal["before", "after"], members: Mapping[str, bytes]) -> tuple[LookedAt, list[Fault]]:
    """The documents of a look, and what is wrong with their form."""
    places = (BEFORE, FOUND_BEFORE) if when == "before" else (AFTER, FOUND_AFTER)
    faults: list[Fault] = []
    inventory: InventoryDocument | None = None
    findings: FindingsDocument | None = None
    data = members.get(places[0])
    if data is not None:
        try:
            inventory = msgspec.json.decode(data, type=InventoryDocument)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            faults.append(Fault(places[0], "", f"it is no inventory: {error}"))
    told = members.get(places[1])
    if told is None and data is not None:
        # The ledger has an entry for each of the two, and the findings tell when it was.
        faults.append(Fault(places[0], "", f"no {places[1]} stands beside it, so that it is in no ledger"))
    if told is not None:
        try:
            findings = msgspec.json.decode(told, type=FindingsDocument)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            faults.append(Fault(places[1], "", f"these are no findings: {error}"))
    if findings is not None and (data is None or findings.inventory != digest(data)):
        faults.append(Fault(places[1], "", f"it is about another inventory than {places[0]}"))
        findings = None
    return LookedAt(inventory, findings), faults


def effects(plan: Plan, states: Mapping[str, str], before: LookedAt, after: LookedAt) -> Iterator[Effect]:
    """Every change of the plan as both looks show it."""
    for step in plan.steps.values():
        state = states.get(step.id, "waiting")
        name = step.subject.id
        one, other = before.machine(name), after.machine(name)
        for change in step.changes:
            was, is_ = _version(one, change.component), _version(other, change.component)
            expected = {"done": change.after, "undone": change.back or change.before}.get(state, "")
            if expected == ABSENT and other is not None and not is_:
                # What can be taken off again is not told of where it is not there.
                is_ = ABSENT
            shown: Literal["yes", "no", "unknown", "nothing"] = "nothing"
            if expected:
                shown = "unknown" if not is_ else "yes" if is_ == expected else "no"
                if shown == "yes" and other is not None and other.uid and other.uid != step.subject.uid:
                    shown = "no"
                if shown == "yes" and state == "done" and change.reboot and not _booted(one, other):
                    shown = "unknown" if one is None or not one.boot_id or other is None or not other.boot_id else "no"
            yield Effect(
                step=step.id, machine=name, change=change, state=state, before=was, after=is_, shown=shown
            )  # fmt: skip


def contradicted(found: Sequence[Effect]) -> Iterator[Fault]:
    """Where the later look shows something else than the journal tells."""
    for each in found:
        if each.shown == "no":
            wanted = each.change.after if each.state == "done" else each.change.back or each.change.before
            why = f"{each.change.component} on {each.machine} is {each.after or 'not there'}"
            why += f", and {JOURNAL} says of {each.step} that it is {each.state}, which is {wanted}"
            if each.after == wanted:
                why = f"{each.machine} is another machine, or has not booted since, and {each.step} is {each.state}"
            yield Fault(AFTER, each.machine, why, "look at the machine: somebody has changed it, or the run did not")


def outcomes(before: LookedAt, after: LookedAt) -> list[Outcome]:
    """What became of every finding, by machine; nothing where one of the looks has none at all."""
    if before.findings is None or after.findings is None:
        return []
    found: list[Outcome] = []
    for name in sorted(before.findings.machines.keys() | after.findings.machines.keys()):
        earlier, later = before.told(name), after.told(name)
        was = {} if earlier is None else {(each.id, each.package): each for each in earlier.findings}
        now = {} if later is None else {(each.id, each.package): each for each in later.findings}
        for key, each in was.items():
            found.append(_became(name, each, now.get(key), before, after))
        for key, each in now.items():
            if key not in was:
                became: Literal["new", "unclear"] = "new" if earlier is not None else "unclear"
                why = "" if earlier is not None else "advisories could not judge the machine before"
                found.append(Outcome(machine=name, finding=each, became=became, now=each.version, why=why))
    return found


def _became(name: str, was: ToldFinding, now: ToldFinding | None, before: LookedAt, after: LookedAt) -> Outcome:
    one, other = before.machine(name), after.machine(name)
    version = "" if other is None or was.package not in other.software else other.software[was.package].installed
    if now is not None:
        return Outcome(machine=name, finding=was, became="remains", now=now.version)
    told = other is not None and after.told(name) is not None
    if not told:
        why = "advisories could not judge the machine after" if other is not None else "nobody could read it after"
        return Outcome(machine=name, finding=was, became="unclear", now=version, why=why)
    if version != was.version:
        return Outcome(machine=name, finding=was, became="closed", now=version, why="" if version else "it is gone")
    ran, runs = _version(one, KERNEL), _version(other, KERNEL)
    if ran and runs and ran != runs and ran in was.package and _booted(one, other):
        # The package of the former kernel stays beside the one that runs.
        return Outcome(machine=name, finding=was, became="closed", now=version, why=f"the machine runs {runs} now")
    if was.state == "installed" and _booted(one, other):
        return Outcome(machine=name, finding=was, became="closed", now=version, why="the machine has booted since")
    why = "it is no longer told, and the package is the same: other advisories were asked"
    return Outcome(machine=name, finding=was, became="unclear", now=version, why=why)


def gaps(
    plan: Plan, before: LookedAt, after: LookedAt, shown: Sequence[Effect], became: Sequence[Outcome]
) -> Iterator[Gap]:
    """What the two looks cannot show."""
    machines = sorted({step.subject.id for step in plan.steps.values()})
    for when, look in (("before", before), ("after", after)):
        if look.inventory is None:
            yield Gap("no-inventory", f"the machines {when} the run", "nobody looked at them", _LATER)
        else:
            unread = [name for name in machines if name not in look.inventory.hosts]
            if unread:
                yield Gap("unread-machine", ", ".join(unread), f"could not be read {when} the run", _LATER)
        yield from _unjudged(when, look, machines)
    for each in shown:
        if each.shown == "unknown" and after.machine(each.machine) is not None:
            why = "the later look does not show it, or whether the machine has booted"
            yield Gap("unread-machine", f"{each.change.component} on {each.machine}", why, _LATER)
    for each_ in became:
        if each_.became == "unclear":
            what = f"{each_.finding.id} of {each_.finding.package} on {each_.machine}"
            yield Gap("unclear-finding", what, each_.why, _LATER)


def _unjudged(when: str, look: LookedAt, machines: Sequence[str]) -> Iterator[Gap]:
    if look.inventory is None:
        return
    told = {} if look.findings is None else look.findings.machines
    remedy = "for the next run: import feeds before it, as oakum feeds import --help tells"
    if not any(each.assessed for each in told.values()):
        yield Gap("no-findings", f"findings {when} the run", "no advisories were at hand for these machines", remedy)
        return
    silent = [
        name
        for name in machines
        if name in look.inventory.hosts and not ((one := told.get(name)) and (one.assessed or one.gaps))
    ]
    if silent:
        what = f"{listed(silent, _NAMED)}, {when} the run"
        yield Gap("not-assessed", what, "no advisory at hand could say anything of its packages", remedy)
    alike: dict[ToldGap, list[str]] = {}
    for name, each in sorted(told.items()):
        for gap in each.gaps:
            alike.setdefault(gap, []).append(name)
    for gap, names in alike.items():
        kind = gap.kind if gap.kind in OF_SCANS else "not-assessed"
        yield Gap(kind, f"{listed(names, _NAMED)}, {when} the run: {gap.what}", gap.why, gap.remedy)


def _version(machine: MachineEntry | None, component: str) -> str:
    """The version in effect of a component; empty where nobody knows."""
    software = None if machine is None else machine.software.get(component)
    return "" if software is None else software.running or software.installed


def _booted(one: MachineEntry | None, other: MachineEntry | None) -> bool:
    """Whether a machine has booted between two looks; boot ids are random, so another one is another boot."""
    return one is not None and other is not None and "" not in (one.boot_id, other.boot_id) and (
        one.boot_id != other.boot_id
    )  # fmt: skip
