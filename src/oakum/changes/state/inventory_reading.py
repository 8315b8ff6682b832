"""Reads an inventory (YAML, or JSON, which YAML includes) and refuses what it does not understand, with its line.

``kubectl`` and package managers write versions that look like numbers (1.30): every scalar is the text that was
written. Aliases and tags are refused.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar, get_args

import msgspec

from oakum.actors.shields import BY_PEOPLE
from oakum.changes.compat.facts import OF_CLUSTER
from oakum.changes.state.inventory import (
    FORMAT,
    ClusterEntry,
    Inventory,
    MachineEntry,
    MemberEntry,
    OfferEntry,
    SoftwareEntry,
)
from oakum.changes.state.missing import ALL, LISTABLE
from oakum.changes.state.model import Effect, Part
from oakum.errors import InputError, Place
from oakum.fleet.yaml_events import Cell, decoded, texts
from oakum.policy.fields import Fields
from oakum.versions import scheme

#: One file: thousands of hosts with some hundred packages each.
MAX_BYTES = 64 * 1024 * 1024
_SECTIONS = ("format", "at", "clusters", "hosts", "nodes", "offers")
_DEEPEST = 8
_LONGEST_NAME = 253
_STATED = ("environment", "region", "tier")
_TIERS = ("1", "2", "3", "4", "")
#: Facts that an offer may be scoped by: those that a machine has.
_MACHINE_FACTS = frozenset({"cluster", "environment", "region", "tier", "node_role", "pool", "zone", "node"})
#: A time that tells its zone.
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
_T = TypeVar("_T")


def read_inventory(data: bytes, name: str) -> Inventory:
    """Read one file; ``name`` is what errors call it. Raises InputError or LimitError at the first mistake."""
    fields = Fields(texts(decoded(data, name, MAX_BYTES), name, deepest=_DEEPEST), Place(name))
    for key in fields.keys:
        if key not in _SECTIONS:
            fields.fail(key, f"unknown section {key[:40]!r}", f"the sections are {', '.join(_SECTIONS)}")
    if fields.text("format") != FORMAT:
        given = fields.text("format")
        fields.fail("format", f"format {given[:40]!r} is not known", f"write format: {FORMAT}, or update Oakum")
    found = Inventory(
        source=name,
        at=_time(fields, "at") if fields.has("at") else None,
        clusters={key: _cluster(each) for key, each in _named(fields, "clusters").items()},
        hosts={key: _machine(each, host=True) for key, each in _named(fields, "hosts").items()},
        nodes={key: _machine(each, host=False) for key, each in _nodes(fields).items()},
        offers=tuple(_offer(each) for each in fields.children("offers")),
    )
    if not (found.clusters or found.hosts or found.nodes or found.offers):
        raise InputError(
            "the inventory says nothing", place=Place(name), remedy="give hosts, nodes, clusters or offers"
        )
    return found


def _named(fields: Fields, key: str) -> dict[str, Fields]:
    """The mappings of a section by their names."""
    given = fields.mapping(key)
    inner = Fields(dict(given), fields.place_of(key)) if given else fields
    found: dict[str, Fields] = {}
    for name, node in given.items():
        slash = "/" in name and key in ("hosts", "clusters")
        if not name or len(name) > _LONGEST_NAME or not name.isprintable() or slash:
            inner.fail(name, f"{name[:40]!r} is no name", "give 1 to 253 characters that can be printed, without /")
        # "name:" with nothing behind it says nothing of it.
        empty = isinstance(node, Cell) and not node.value
        found[name] = Fields({} if empty else node, inner.place_of(name))
    return found


def _nodes(fields: Fields) -> dict[str, Fields]:
    found = _named(fields, "nodes")
    for name, each in found.items():
        cluster, _, node = name.partition("/")
        if not (cluster and node) or "/" in node:
            raise InputError(
                f"{name[:60]!r} is no node", place=each.place, remedy="write CLUSTER/NODE, as prod/worker-1"
            )
    return found


def _cluster(fields: Fields) -> ClusterEntry:
    listed = fields.texts("listed")
    for kind in listed:
        if kind != ALL and kind not in LISTABLE:
            fields.fail(
                "listed", f"{kind[:40]!r} is no kind that a plan asks for", f"one of {ALL}, {', '.join(LISTABLE)}"
            )
    members = _named(fields, "etcd")
    made = ClusterEntry(
        uid=fields.text("uid", ""),
        **_facts(fields),
        managed=_flag(fields, "managed"),
        etcd={name: _member(each) for name, each in members.items()} if "etcd" in fields.keys else None,
        listed=listed,
        facts=_conditions(fields),
    )
    fields.done()
    return made


def _conditions(fields: Fields) -> dict[str, str | tuple[str, ...]]:
    """Facts that conditions ask for, in the form that each has."""
    given = fields.mapping("facts")
    inner = Fields(dict(given), fields.place_of("facts")) if given else fields
    found: dict[str, str | tuple[str, ...]] = {}
    for name in given:
        if name in _STATED:
            inner.fail(name, f"{name} is a field of its own", f"write it beside facts: {name}")
        variable = OF_CLUSTER.get(name)
        form = variable.type if variable is not None else "string"
        if form == "bool":
            found[name] = "true" if inner.flag(name) else "false"
        elif form == "int":
            found[name] = str(inner.number(name, 0))
        elif form == "list of string":
            found[name] = _list(inner, name)
        else:
            found[name] = inner.text(name, "")
    return found


def _member(fields: Fields) -> MemberEntry:
    made = MemberEntry(
        machine=fields.text("machine", ""), learner=fields.flag("learner"), healthy=_flag(fields, "healthy")
    )
    fields.done()
    return made


def _machine(fields: Fields, *, host: bool) -> MachineEntry:
    labels = fields.mapping("labels")
    inner = Fields(dict(labels), fields.place_of("labels")) if labels else fields
    made = MachineEntry(
        uid=fields.text("uid") if host else fields.text("uid", ""),
        **_facts(fields),
        pool=_word(fields, "pool"),
        speed=_word(fields, "speed"),
        labels={key: inner.text(key, "") for key in labels},
        healthy=_flag(fields, "healthy"),
        cordoned=_flag(fields, "cordoned"),
        boot_id=fields.text("boot_id", ""),
        snapshots=_flag(fields, "snapshots"),
        image=_word(fields, "image"),
        ours=_flag(fields, "ours"),
        kept_away=_kept_away(fields),
        software={name: _software(each, whole=host) for name, each in _named(fields, "software").items()},
    )
    fields.done()
    return made


def _kept_away(fields: Fields) -> tuple[str, ...] | None:
    names = _texts(fields, "kept_away")
    for name in names or ():
        if name not in BY_PEOPLE:
            why = f"{name[:40]!r} is none of the actors that people keep away by other things"
            fields.fail("kept_away", why, f"one of {', '.join(BY_PEOPLE)}")
    return names


def _software(fields: Fields, *, whole: bool) -> SoftwareEntry:
    ecosystem = fields.text("ecosystem", "")
    if ecosystem and scheme(ecosystem) is None:
        fields.fail(
            "ecosystem", f"no order of versions is known for {ecosystem[:40]!r}", "deb, rpm, apk, kubernetes ..."
        )
    made = SoftwareEntry(
        installed=fields.text("installed") if whole else fields.text("installed", ""),
        running=fields.text("running", ""),
        part=_one_of(fields, "part", get_args(Part)),
        effect=_one_of(fields, "effect", get_args(Effect)),
        ecosystem=ecosystem,
        offers=_texts(fields, "offers"),
        kept=_texts(fields, "kept"),
        security=_texts(fields, "security"),
        closes=_by_version(fields, "closes"),
        packages=_by_version(fields, "packages"),
    )
    fields.done()
    return made


def _by_version(fields: Fields, key: str) -> dict[str, tuple[str, ...]] | None:
    """Lists of texts by version; None where the field is not there."""
    if key not in fields.keys:
        return None
    given = fields.mapping(key)
    inner = Fields(dict(given), fields.place_of(key)) if given else fields
    return {version: _list(inner, version) for version in given}


def _offer(fields: Fields) -> OfferEntry:
    scope = fields.scope()
    for fact in scope.facts:
        if fact not in _MACHINE_FACTS:
            fields.fail("for", f"{fact} is no fact of a machine", f"one of {', '.join(sorted(_MACHINE_FACTS))}, labels")
    software = {name: _software(each, whole=False) for name, each in _named(fields, "software").items()}
    if not software:
        fields.fail("software", "software is missing", "give software: and below it NAME: {offers: [VERSION]}")
    fields.done()
    return OfferEntry(scope=scope, software=software)


def _facts(fields: Fields) -> dict[str, Any]:
    return {
        "environment": _word(fields, "environment"),
        "region": _word(fields, "region"),
        "tier": _one_of(fields, "tier", _TIERS),
    }


def _word(fields: Fields, key: str) -> str | None:
    """A text; "" where the field is there and empty, None where it is not there."""
    return fields.text(key, "") if key in fields.keys else None


def _one_of(fields: Fields, key: str, allowed: tuple[_T, ...]) -> _T | None:
    """One of some words; None where the field is not there."""
    value = _word(fields, key)
    if value is None:
        return None
    found = [each for each in allowed if each == value]
    if not found:
        known = ", ".join(str(each) for each in allowed if each)
        fields.fail(key, f"{key} cannot be {value[:40]!r}", f"one of {known}")
    return found[0]


def _flag(fields: Fields, key: str) -> bool | None:
    """Yes or no; None where the field is not there or empty."""
    return fields.flag(key) if fields.has(key) else None


def _texts(fields: Fields, key: str) -> tuple[str, ...] | None:
    """A list of texts, which may be empty; None where the field is not there."""
    return _list(fields, key) if key in fields.keys else None


def _list(fields: Fields, key: str) -> tuple[str, ...]:
    """A list of texts, which may be empty."""
    return () if fields.is_empty_list(key) else fields.texts(key)


def _time(fields: Fields, key: str) -> datetime:
    given = fields.text(key)
    try:
        found = msgspec.convert(given.replace(" ", "T"), Moment).astimezone(UTC)
    except (msgspec.ValidationError, OverflowError):
        fields.fail(key, f"{given[:40]!r} is no time with a zone", "write it in UTC, as 2026-01-31T06:00:00Z")
    return found
