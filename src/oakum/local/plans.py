"""Plans on one's own machine: made from files, written, and verified against a state; nothing here decides."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from oakum.changes.durations import Durations
from oakum.changes.intents.catalogue import KINDS, wanted
from oakum.changes.intents.kinds import UNKNOWN
from oakum.changes.intents.model import Intent
from oakum.changes.intents.reading import MAX_BYTES, read_intents
from oakum.changes.planning import plan
from oakum.changes.plans import Override, Plan, Reason, Subject, WhyNot
from oakum.changes.state import State
from oakum.changes.state.missing import require
from oakum.changes.verify import Violation, verify
from oakum.errors import InputError, LimitError, Place
from oakum.local.compat import knowledge
from oakum.local.policies import calendar_of
from oakum.local.remediations import check_pinned, pinned
from oakum.policy.model import Policy
from oakum.policy.openings import Calendar

#: A plan of five thousand machines has some ten MiB.
_LARGEST = 1 << 28
_FORMAT = "oakum-plan/1"
#: Rules that keep a target out because something is not known.
_NOT_KNOWN = UNKNOWN | {
    "api-server-unknown", "facts-unknown", "health-unknown", "node-unknown", "uid-unknown", "volumes-unknown",
}  # fmt: skip
_SUFFIXES = (".yaml", ".yml", ".json")
_MOST_FILES = 200


class Emergency(msgspec.Struct, frozen=True, kw_only=True):
    """An override as somebody asks for it: the policy's entry, the reason, who agreed, its end (None: the latest)."""

    name: str
    reason: str
    by: tuple[str, ...] = ()
    until: datetime | None = None


def make_plan(
    state: State,
    intents: Sequence[Intent],
    policy: Path,
    now: datetime,
    *,
    compat: Sequence[Path] = (),
    remediations: Sequence[Path] = (),
    emergency: Emergency | None = None,
) -> Plan | WhyNot:
    """The plan for a state under the policy of a folder, or why there is none. Raises OakumError.

    NotAssessableError tells what the dump of a cluster lacks that the intents are for.
    """
    rules, calendar = calendar_of(policy)
    return plan_under(
        rules, calendar, state, pinned(intents, rules, remediations), now, compat=compat, emergency=emergency
    )


def plan_under(
    rules: Policy,
    calendar: Calendar,
    state: State,
    intents: Sequence[Intent],
    now: datetime,
    *,
    compat: Sequence[Path] = (),
    emergency: Emergency | None = None,
) -> Plan | WhyNot:
    """The plan under a policy that has been read, for intents whose remediations are pinned. Raises OakumError."""
    _require(state, [subject for each in intents for subject in wanted(each, state).subjects.values()])
    return plan(
        state, intents, rules, now, calendar=calendar, knowledge=knowledge(compat),
        durations=Durations({kind.name: kind.prior for kind in KINDS.values()}),
        override=None if emergency is None else _override(emergency, rules, now),
    )  # fmt: skip


def lacks_knowledge(found: WhyNot) -> bool:
    """Whether every reason is something that nobody has told, so that the answer is not assessable rather than no."""

    def unknown(reason: Reason) -> bool:
        stated = [edit.field.startswith("facts|") for edit in reason.remedy.edits]
        return reason.rule in _NOT_KNOWN or (bool(stated) and all(stated))

    return all(map(unknown, found.reasons))


def _override(emergency: Emergency, policy: Policy, now: datetime) -> Override:
    """All that the policy's entry lifts, for as long as it lasts; whether enough people agreed the planner says."""
    entry = next((each for each in policy.emergency if each.name == emergency.name), None)
    if entry is None:
        known = ", ".join(each.name for each in policy.emergency) or "none"
        what = f"the policy has no emergency {emergency.name[:60]!r}"
        raise InputError(what, place=Place(field="--override"), remedy=f"its emergencies: {known}")
    freezes = tuple(each.name for each in policy.freezes)
    return Override(
        emergency=entry.name, reason=emergency.reason, by=emergency.by,
        until=emergency.until or now + timedelta(seconds=entry.lasts),
        lifts=freezes if "*" in entry.lifts else tuple(each for each in entry.lifts if each in freezes),
        outside_windows=entry.outside_windows,
    )  # fmt: skip


def read_intent_files(paths: Sequence[Path]) -> tuple[Intent, ...]:
    """The intents of files, and of all .yaml, .yml and .json files in folders. Raises OakumError with the place."""
    files: dict[str, bytes] = {}
    for path in paths:
        try:
            inside = sorted(each for each in path.iterdir() if each.suffix in _SUFFIXES) if path.is_dir() else [path]
            if not inside:
                raise InputError("no .yaml file in the folder", place=Place(str(path)), remedy="name a file")
            for file in inside:
                with file.open("rb") as opened:
                    files[str(file)] = opened.read(MAX_BYTES + 1)
        except (OSError, ValueError) as error:
            raise _unreadable(path, error) from None
        if len(files) > _MOST_FILES:
            raise LimitError(f"more than {_MOST_FILES} files", place=Place(str(path)), remedy="join some of them")
    return read_intents(files)


def read_plan(path: Path) -> Plan:
    """A plan that was written. Raises InputError, LimitError naming the file."""
    try:
        with path.open("rb") as file:
            return parse_plan(file.read(_LARGEST + 1), str(path))
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None


def parse_plan(data: bytes, name: str) -> Plan:
    """The plan in the bytes of a file; ``name`` is what errors call it. Raises InputError, LimitError."""
    place = Place(name)
    if len(data) > _LARGEST:
        raise LimitError(f"larger than {_LARGEST:,} bytes", place=place, remedy="no plan is so large")
    try:
        found = msgspec.json.decode(data, type=Plan)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"no plan: {error}", place=place, remedy="give what oakum plan --out FILE wrote") from None
    if found.format != _FORMAT:
        what = f"format {found.format[:40]!r} is not known"
        raise InputError(what, place=place, remedy="make the plan again, or update Oakum")
    return found


def verify_plan(plan: Plan, state: State, policy: Path, *, compat: Sequence[Path] = ()) -> tuple[Violation, ...]:
    """What a plan breaks for a state under the policy of a folder. Raises OakumError.

    NotAssessableError where it breaks nothing, and the dump of a cluster that it touches lacks what that rests on.
    """
    rules, calendar = calendar_of(policy)
    check_pinned(plan.intents, rules)
    found = verify(plan, state, policy=rules, calendar=calendar, knowledge=knowledge(compat))
    if not found:
        _require(state, [step.subject for step in plan.steps.values()])
    return found


def _require(state: State, touched: Sequence[Subject]) -> None:
    """Raises NotAssessableError where the dump of a cluster that would be touched lacks something."""
    masters = {each.id for each in state.machines if each.role == "control-plane"}
    require(state.gaps, {each.cluster for each in touched}, {each.cluster for each in touched if each.id in masters})


def write(path: Path, data: bytes) -> None:
    """Writes all of a file or nothing. Raises InputError."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.absolute().parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(name).chmod(0o644 & ~_umask())
            Path(name).replace(path)
        except BaseException:  # whatever ends the write, nothing half-written stays
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _unreadable(path, error, "name a file in a folder that may be written") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _unreadable(path: Path, error: OSError | ValueError, remedy: str = "name a file that may be read") -> InputError:
    what = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return InputError(what, place=Place(str(path)), remedy=remedy)
