"""Reads a policy folder: YAML files whose top keys are sections, and the calendars (.ics) that they name.

Windows, freezes, protections, approvers and roles may be spread over files, because their order means nothing. In every
other section the first entry that matches decides, so such a section stands in one file: no reader has to know which
file comes first. Every mistake is collected, so that one run of the lint shows all; a policy with a mistake is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Any

from oakum.errors import InputError, LimitError, OakumError, Place
from oakum.fleet.yaml_events import Cell, Node, decoded, texts
from oakum.policy import sections
from oakum.policy.entries import Approver
from oakum.policy.fields import Fields
from oakum.policy.model import Order, Policy
from oakum.policy.openings import Calendar
from oakum.policy.schedules import unknown_zone

#: One file, all files of a folder, and how many they may be.
MAX_BYTES = 1024 * 1024
MAX_FOLDER_BYTES = 8 * 1024 * 1024
MAX_FILES = 200
#: Entries of all sections, and events of all calendars counted for each entry that names one.
MAX_ENTRIES = 2000
MAX_SCHEDULES = 20_000
_DEEPEST = 8
_LONGEST_NAME = 100

_UNORDERED: dict[str, Callable[[Fields, sections.Calendars], Any]] = {
    "windows": sections.window,
    "freezes": sections.freeze,
    "protected": lambda fields, _: sections.protected(fields),
    "approvers": lambda fields, _: sections.approver(fields),
}
_ORDERED: dict[str, Callable[[Fields], Any]] = {
    "emergency": sections.emergency,
    "budgets": sections.budget,
    "canary": sections.canary,
    "soak": sections.soak,
    "gates": sections.gate,
    "guardrails": sections.guardrail,
    "approvals": sections.approval,
    "escalation": sections.escalation,
    "drain": sections.drain,
}
_STAGES = "order.stages"
SECTIONS = ("version", "roles", *_UNORDERED, "order", *_ORDERED)


class Reading:
    """What a folder says: the ``policy`` of all that was understood, and the ``errors`` of the rest.

    ``unreadable`` are errors of whole files: no YAML, no UTF-8, too large. ``calendars`` are the .ics files given.
    """

    def __init__(self) -> None:
        self.policy = Policy()
        self.errors: list[OakumError] = []
        self.unreadable: list[OakumError] = []
        self.calendars: dict[str, str] = {}
        self.used_calendars: set[str] = set()
        self.entries: dict[tuple[str, str], Fields] = {}
        self.section_places: dict[str, Place] = {}

    def place(self, section: str, name: str, *keys: str) -> Place:
        """Where an entry stands, or the first of the fields that it gives."""
        fields = self.entries.get((section, name))
        if fields is None:
            return self.section_places.get(section, Place(field=section))
        key = next((each for each in keys if each in fields.keys), "")
        return fields.place_of(key) if key else fields.place

    def checked(self) -> Policy:
        """The policy. Raises the first error where there is one, and says how many more there are."""
        errors = [*self.unreadable, *self.errors]
        if errors:
            more = f"oakum policy lint shows {len(errors) - 1} more"
            if len(errors) > 1 and more not in errors[0].remedy:
                errors[0].remedy = f"{errors[0].remedy}; {more}" if errors[0].remedy else more
            raise errors[0]
        return self.policy

    def unknown_zones(self, zones: Mapping[str, tzinfo]) -> dict[tuple[str, str], InputError]:
        """Section and name of every entry with a time zone that is not among those loaded, and its error."""
        found: dict[tuple[str, str], InputError] = {}
        for section in ("windows", "freezes"):
            for entry in getattr(self.policy, section):
                missing = {name for each in entry.schedules for name in each.zone_names} - zones.keys()
                if missing:
                    error = unknown_zone(min(missing))
                    error.place = self.place(section, entry.name, "calendar", "time_zone")
                    found[section, entry.name] = error
        return found

    def calendar(self, zones: Mapping[str, tzinfo]) -> Calendar:
        """The openings of a policy that is right. Raises its first error, an unknown time zone included."""
        policy = self.checked()
        for error in self.unknown_zones(zones).values():
            raise error
        return Calendar(policy, zones)


def read(files: Mapping[str, bytes]) -> Reading:
    """Read the files of a folder by their paths in it. Nothing is raised: see ``Reading``."""
    reading = Reading()
    documents: dict[str, Node] = {}
    if len(files) > MAX_FILES or sum(map(len, files.values())) > MAX_FOLDER_BYTES:
        what = f"{len(files)} files, {sum(map(len, files.values())) >> 20} MiB"
        remedy = f"at most {MAX_FILES} files and {MAX_FOLDER_BYTES >> 20} MiB are read"
        reading.unreadable.append(LimitError(what, remedy=remedy))
        return reading
    for name in sorted(files):
        try:
            text = decoded(files[name], name, MAX_BYTES)
            if name.lower().endswith(".ics"):
                reading.calendars[name] = text
            else:
                documents[name] = texts(text, name, deepest=_DEEPEST)
        except OakumError as error:
            reading.unreadable.append(error)
    found: dict[str, list[Any]] = {}
    for name, node in documents.items():
        _document(node, Place(name), reading, found)
    if not reading.section_places and not reading.errors and not reading.unreadable:
        empty = InputError("the policy says nothing", remedy="oakum policy init DIR writes an example")
        reading.unreadable.append(empty)
    _bounded(reading, found)
    _one_person_a_key(reading, found.get("approvers", []))
    values = {key: tuple(entries) for key, entries in found.items() if key in (*_UNORDERED, *_ORDERED)}
    roles = dict(found.get("roles", []))
    order = found.get("order", [Order()])[0]
    reading.policy = Policy(roles=roles, order=order, **values)
    return reading


def _bounded(reading: Reading, found: dict[str, list[Any]]) -> None:
    """A policy that is right and still takes minutes to ask is refused, and what was read of it forgotten."""
    schedules = sum(len(each.schedules) for key in ("windows", "freezes") for each in found.get(key, []))
    if schedules > MAX_SCHEDULES:
        what, remedy = f"{schedules} schedules and events", f"at most {MAX_SCHEDULES} are read: take shorter calendars"
        reading.unreadable.append(LimitError(what, remedy=remedy))
        found.clear()


def _one_person_a_key(reading: Reading, approvers: list[Approver]) -> None:
    """A key under two names would let one person count as two."""
    seen: dict[str, str] = {}
    for each in approvers:
        for key in each.keys:
            other = seen.setdefault(key, each.name)
            if other != each.name:
                what = f"{each.name!r} has a key of {other!r}"
                place = reading.place("approvers", each.name, "keys")
                reading.errors.append(InputError(what, place=place, remedy="keep it at one of them"))


def _document(node: Node, place: Place, reading: Reading, found: dict[str, list[Any]]) -> None:
    """Take the sections of one file into ``found``."""
    if node == [] or (isinstance(node, Cell) and not node.value):
        return
    try:
        fields = Fields(node, place)
    except OakumError as error:
        error.remedy = f"the sections are {', '.join(SECTIONS)}"
        reading.errors.append(error)
        return
    for section in fields.keys:
        try:
            _section(section, fields, reading, found)
        except OakumError as error:
            reading.errors.append(error)


def _section(section: str, fields: Fields, reading: Reading, found: dict[str, list[Any]]) -> None:
    if section not in SECTIONS:
        fields.fail(section, f"unknown section {section!r}", f"the sections are {', '.join(SECTIONS)}")
    place = fields.place_of(section)
    first = reading.section_places.setdefault(section, place)
    if first.file != place.file and section not in (*_UNORDERED, "roles", "version"):
        fields.fail(section, f"{section} stands in {first.file} too", "keep it in one file: the first match decides")
    if section == "version":
        if fields.text("version") != "1":
            fields.fail("version", f"version {fields.text('version')} of the format is not known", "write version: 1")
    elif section == "roles":
        _roles(fields, found)
    elif section == "order":
        found["order"] = [_order(Fields(dict(fields.mapping("order")), place), reading)]
    else:
        entries = found.setdefault(section, [])
        for each in _children(section, fields, reading):
            made = _entry(section, each, reading)
            if made is not None:
                entries.append(made)


def _children(section: str, fields: Fields, reading: Reading) -> list[Fields]:
    if fields.has(section):
        return fields.children(section)
    return []


def _make(section: str, fields: Fields, reading: Reading) -> Any:
    if section in _UNORDERED:
        if fields.has("calendar"):
            reading.used_calendars.add(fields.text("calendar"))
        return _UNORDERED[section](fields, reading.calendars)
    return sections.stage(fields) if section == _STAGES else _ORDERED[section](fields)


def _entry(section: str, fields: Fields, reading: Reading) -> Any:
    """The entry; None where it has a mistake, which is kept."""
    try:
        name = fields.text("name")
        if len(name) > _LONGEST_NAME or not name.isprintable():
            fields.fail("name", "a name of more than 100 characters, or of odd ones", "shorten it")
        if len(reading.entries) >= MAX_ENTRIES:
            fields.fail("name", f"more than {MAX_ENTRIES} entries", "divide the policy, or widen its scopes")
        if (section, name) in reading.entries:
            other = reading.entries[section, name].place
            fields.fail("name", f"the name {name!r} stands twice in {section}", f"the other is at {other}")
        reading.entries[section, name] = fields
        made = _make(section, fields, reading)
        fields.done()
    except OakumError as error:
        reading.errors.append(error)
        return None
    return made


def _roles(fields: Fields, found: dict[str, list[Any]]) -> None:
    given = fields.mapping("roles")
    inner = Fields(dict(given), fields.place_of("roles"))
    for role in given:
        if any(role == each for each, _ in found.get("roles", [])):
            inner.fail(role, f"the role {role!r} stands twice", "drop one of them")
        found.setdefault("roles", []).append((role, inner.text(role, "")))


def _order(fields: Fields, reading: Reading) -> Order:
    default = Order()
    stages = [_entry(_STAGES, each, reading) for each in fields.children("stages")]
    order = Order(
        tuple(each for each in stages if each is not None),
        fields.texts("node_roles") or default.node_roles,
        fields.texts("pools"),
    )
    fields.done()
    return order
