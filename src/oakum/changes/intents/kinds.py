"""The form that all kinds of change share: what a person may write, for which targets, and what follows from it.

A kind is one module. It declares its fields, its place in the order of a cluster, how long it takes before anything was
learned, and a function from a target to its changes: none where it is in effect already, ``LeftOut`` where it cannot be
planned, and None where the target has nothing of that kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from oakum.changes.intents.model import Intent
from oakum.changes.plans.model import Change, LeftOut, Reversibility, Subject, Times
from oakum.changes.plans.why_not import Edit
from oakum.changes.state.model import Cluster, Machine, Software, State
from oakum.errors import InputError, Place
from oakum.versions import compare, scheme

Wants = Mapping[str, str | bool | tuple[str, ...]]
Found = tuple[Change, ...] | LeftOut | None

#: Rules that keep a target out because something about it is not known; every other one is a known obstacle.
UNKNOWN_TARGET, UNKNOWN_VERSION = "unknown-target", "version-unknown"
UNKNOWN_OFFERS, UNKNOWN_PACKAGES, UNKNOWN_IMAGE = "unknown-offers", "unknown-packages", "unknown-image"
UNKNOWN = frozenset({UNKNOWN_TARGET, UNKNOWN_VERSION, UNKNOWN_OFFERS, UNKNOWN_PACKAGES, UNKNOWN_IMAGE})


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A field of a kind's wants: what it says, and whether it is a text, a list of texts, or yes and no."""

    says: str
    form: type = str
    needed: bool = False


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of change.

    ``rank`` orders kinds within a cluster: what has a lower one is over in the whole cluster before the next begins,
    and machines are visited once for all kinds of one rank. ``prior`` is how long the change itself takes (without
    drain and reboot) where nothing was learned. ``of_machine`` finds changes of a machine, ``of_cluster`` those of the
    objects of a cluster.
    """

    name: str
    says: str
    rank: int
    fields: dict[str, Field]
    prior: Times
    source: str
    of_machine: Callable[[Intent, Machine], Found] | None = None
    of_cluster: Callable[[Intent, Cluster], Iterable[tuple[Subject, Found]]] | None = None
    check: Callable[[Intent], None] | None = None


class Wanted(msgspec.Struct, frozen=True):
    """What an intent comes to: ``changes`` by their subject's id, ``done`` where it is in effect, ``obstacles``."""

    changes: dict[str, tuple[Change, ...]]
    subjects: dict[str, Subject]
    done: tuple[str, ...]
    obstacles: tuple[LeftOut, ...]


def checked(kind: Kind, intent: Intent) -> Intent:
    """The intent, when its wants are those of its kind. Raises InputError naming the field."""
    for name, value in intent.wants.items():
        field = kind.fields.get(name)
        if field is None:
            raise _wrong(intent, name, "no field of this kind", f"the fields are {', '.join(kind.fields) or 'none'}")
        if not isinstance(value, field.form):
            form = {str: "a text", tuple: "a list of texts", bool: "yes or no"}[field.form]
            raise _wrong(intent, name, f"is not {form}", field.says)
    for name, field in kind.fields.items():
        if field.needed and not intent.wants.get(name):
            raise _wrong(intent, name, "is missing", field.says)
    if kind.check is not None:
        kind.check(intent)
    return intent


def _wrong(intent: Intent, field: str, what: str, remedy: str) -> InputError:
    return InputError(f"{field[:40]}: {what}", place=Place(field=f"intent {intent.name[:60]}"), remedy=remedy)


def wanted_of(kind: Kind, intent: Intent, state: State) -> Wanted:
    """Asks the kind for every target that the intent's scope selects, in the order of the state."""
    changes: dict[str, tuple[Change, ...]] = {}
    subjects: dict[str, Subject] = {}
    done: list[str] = []
    obstacles: list[LeftOut] = []

    def take(subject: Subject, found: Found) -> None:
        if isinstance(found, LeftOut):
            obstacles.append(found)
        elif found:
            changes[subject.id], subjects[subject.id] = found, subject
        elif found is not None:
            done.append(subject.id)

    if kind.of_machine is not None:
        for machine in state.machines:
            matches = intent.scope.matches(machine.target(kind.name, "reversible"))
            if matches is None:
                why = "whether the intent is for it is not known"
                remedy = "state the facts of the machine that the intent's scope asks for"
                obstacles.append(left_out(machine.id, UNKNOWN_TARGET, why, remedy))
            elif matches:
                take(subject_of(machine), kind.of_machine(intent, machine))
    if kind.of_cluster is not None:
        for cluster in state.clusters:
            for subject, found in kind.of_cluster(intent, cluster):
                take(subject, found)
    return Wanted(changes, subjects, tuple(done), tuple(obstacles))


def subject_of(machine: Machine) -> Subject:
    """The machine as a subject of steps."""
    return Subject(kind="machine", cluster=machine.cluster, name=machine.name, uid=machine.uid)


def left_out(subject: str, rule: str, why: str, remedy: str, source: str = "", edits: tuple[Edit, ...] = ()) -> LeftOut:
    """A target that stays as it is; ``edits`` are the remedy as data."""
    return LeftOut(subject=subject, rule=rule, why=why, remedy=remedy, source=source, edits=edits)


def is_newer(software: Software, one: str, other: str) -> bool | None:
    """Whether version ``one`` is newer than ``other``; None where nobody can order them."""
    ordered = scheme(software.ecosystem)
    if ordered is None:
        return None
    sign = compare(ordered, one, other).sign
    return None if sign == "?" else sign == ">"


def class_of(machine: Machine, software: Software, *, kept: bool = False) -> Reversibility:
    """How a change of some software can be undone: the old version is put back, or a copy of the machine, or not."""
    if kept or software.current in software.kept:
        return "reversible"
    return "needs-snapshot" if machine.snapshots else "forward-only"


def aim(machine: Machine, name: str, software: Software, to: str) -> str | LeftOut | None:
    """The version to go to: ``to``, or the newest offered one for ``newest``; None where that is in effect.

    What is installed and only waits for its effect is an aim as well. A version is given back as the machine's
    channels write it (``1.31.4`` may be their ``v1.31.4``). Where nobody knows what the channels offer, only what is
    installed already can be an aim.
    """
    if to == "newest":
        if software.offers is None:
            return _unknown_offers(machine, name, software.installed)
        version = software.offers[-1] if software.offers else software.installed
        if is_newer(software, software.installed, version):
            version = software.installed
    else:
        version = next(
            (each for each in (software.installed, *(software.offers or ())) if _same(software, each, to)), to
        )
    if _same(software, version, software.current):
        return None
    newer = is_newer(software, version, software.current)
    if newer is None:
        why = f"nobody can tell which of {software.current} and {version} of {name} is newer"
        return left_out(machine.id, UNKNOWN_VERSION, why, "name a version as the machine's packages write it")
    if not newer:
        if to == "newest":
            return None
        why = f"{name} is at {software.current}, which is newer than {version}"
        return left_out(machine.id, "downgrade", why, f"name a version above {software.current}")
    if version != software.installed and software.offers is None:
        return _unknown_offers(machine, name, version)
    if version not in (software.installed, *(software.offers or ())):
        said = ", ".join((software.offers or ())[-3:]) or "no newer version"
        why = f"its channels offer {said} of {name}, not {version}"
        edits = (_offer(machine, name, *(software.offers or ()), version),)
        remedy = f"bring {name} {version} into a channel of the machine"
        return left_out(machine.id, "not-offered", why, remedy, edits=edits)
    return version


def _unknown_offers(machine: Machine, name: str, version: str) -> LeftOut:
    """Nobody has looked into the machine's channels, so nothing is known to be there, or not to be."""
    why = f"not assessable: nobody has told which versions of {name} its channels offer"
    remedy = f"say it in an inventory: nodes or hosts, {machine.id}, software: {{{name}: {{offers: [VERSION, ...]}}}}"
    return left_out(machine.id, UNKNOWN_OFFERS, why, remedy, edits=(_offer(machine, name, version),))


def _offer(machine: Machine, name: str, *versions: str) -> Edit:
    """The machine with these versions in its channels."""
    return Edit(of="state", object=machine.id, field=f"software|{name}|offers", value=list(versions))


def _same(software: Software, one: str, other: str) -> bool:
    """Whether two texts are one version; where nobody can order them, whether they are one text."""
    if one == other:
        return True
    ordered = scheme(software.ecosystem)
    return ordered is not None and compare(ordered, one, other).sign == "="


def change_of(
    intent: Intent,
    machine: Machine,
    name: str,
    to: str,
    reversibility: Reversibility,
    *,
    drain: bool,
    reboot: bool,
    proof: Sequence[str],
) -> Change:
    """The change of one software of a machine to a version; outside of a cluster there is nothing to drain."""
    software = machine.software[name]
    waits = software.installed if software.installed != software.current else ""
    back = "" if reversibility == "forward-only" else software.current
    closes = tuple(sorted({one for version in (to,) for one in software.closes.get(version, ())}))
    return Change(
        intent=intent.name, kind=intent.kind, component=name, before=software.current, after=to,
        reversibility=reversibility, installed=waits, back=back, drain=drain and bool(machine.cluster), reboot=reboot,
        proof=tuple(proof), closes=closes,
    )  # fmt: skip
