"""Reads a file of compatibility data, the shipped ones and a site's alike, and refuses what it does not understand.

The format is YAML with ``version: 1`` (docs/reference/compatibility.md). Texts are taken as they are written, so that
1.20 stays 1.20. Every entry has a source and the day on which it was read; two entries of one file that contradict each
other are an error, because nobody could say which of them holds.
"""

from __future__ import annotations

import re
from datetime import date

from oakum.changes.compat.facts import TYPES
from oakum.changes.compat.model import Api, Edge, Knowledge, Pairing, Source
from oakum.changes.compat.ranges import Range, parse_range
from oakum.errors import InputError, OakumError, Place
from oakum.expressions import Condition
from oakum.expressions import compile as compile_condition
from oakum.fleet.yaml_events import decoded, texts
from oakum.policy.fields import Fields

#: One file.
MAX_BYTES = 256 * 1024
_FORMAT = "1"
_SECTIONS = ("version", "apis_until", "apis", "compatible", "edges")
_DEEPEST = 6
_LONGEST_NAME = 100
#: Ranges of one entry, and entries of one component: all of them are held against each other.
_MOST_RANGES = 10
_MOST_ENTRIES = 200
_API = re.compile(r"(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?/)?v[0-9]{1,4}(?:(?:alpha|beta)[0-9]{1,4})?\Z")
_KIND = re.compile(r"[A-Za-z][A-Za-z0-9]{0,62}\Z")
_MINOR = re.compile(r"1\.(0|[1-9][0-9]{0,2})\Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_URL = re.compile(r"https://[!-~]{4,500}\Z")


def read(data: bytes, name: str) -> Knowledge:
    """Read one file; ``name`` is what errors call it. Raises InputError, LimitError at the first mistake."""
    fields = Fields(texts(decoded(data, name, MAX_BYTES), name, deepest=_DEEPEST), Place(name))
    for key in fields.keys:
        if key not in _SECTIONS:
            fields.fail(key, f"unknown section {key!r}", f"the sections are {', '.join(_SECTIONS)}")
    if fields.text("version") != _FORMAT:
        version = fields.text("version")
        fields.fail(
            "version", f"version {version[:20]!r} of the format is not known", "write version: 1, or update Oakum"
        )
    knowledge = Knowledge(
        apis=tuple(api for each in fields.children("apis") for api in _apis(each)),
        pairings=tuple(_pairing(each) for each in fields.children("compatible")),
        edges=tuple(_edge(each) for each in fields.children("edges")),
        apis_until=_minor(fields, "apis_until") if fields.has("apis_until") else None,
    )
    if not (knowledge.apis or knowledge.pairings or knowledge.edges):
        raise InputError("the file says nothing", place=Place(name), remedy="give apis, compatible or edges")
    _consistent(knowledge, fields)
    return knowledge


def _apis(fields: Fields) -> list[Api]:
    version = fields.text("api")
    if not _API.match(version):
        fields.fail("api", f"{version[:60]!r} is no API version", "write GROUP/VERSION, as policy/v1beta1")
    kinds = fields.texts("kinds")
    for kind in kinds:
        if not _KIND.match(kind):
            fields.fail("kinds", f"{kind[:60]!r} is no kind", "write kinds as PodDisruptionBudget")
    if not kinds:
        fields.fail("kinds", "kinds is missing", "give kinds: [KIND, ...]")
    deprecated = _minor(fields, "deprecated") if fields.has("deprecated") else None
    removed = _minor(fields, "removed") if fields.has("removed") else None
    if deprecated is None and removed is None:
        fields.fail("removed", "neither deprecated nor removed is given", "give the release of one of them")
    if deprecated is not None and removed is not None and deprecated > removed:
        fields.fail("deprecated", "deprecated after it was removed", "exchange the two releases")
    replacement = fields.text("replacement", "")
    if replacement and not _API.match(replacement):
        fields.fail("replacement", f"{replacement[:60]!r} is no API version", "write GROUP/VERSION, as policy/v1")
    since = _minor(fields, "replacement_since") if fields.has("replacement_since") else None
    source = _source(fields)
    fields.done()
    return [
        Api(
            api_version=version,
            kind=kind,
            deprecated=deprecated,
            removed=removed,
            replacement=replacement,
            replacement_since=since,
            source=source,
        )
        for kind in kinds
    ]


def _pairing(fields: Fields) -> Pairing:
    made = Pairing(
        component=_name(fields, "component"),
        versions=tuple(_range(fields, "versions", each) for each in fields.texts("versions")),
        kubernetes=_range(fields, "kubernetes", fields.text("kubernetes")),
        compatible=fields.choice("answer", ("compatible", "incompatible")) == "compatible",
        why=fields.text("why"),
        source=_source(fields),
    )
    if not 0 < len(made.versions) <= _MOST_RANGES:
        fields.fail("versions", f"{len(made.versions)} ranges of versions", f"give 1 to {_MOST_RANGES}")
    fields.done()
    return made


def _edge(fields: Fields) -> Edge:
    made = Edge(
        name=_name(fields, "name"),
        components=_components(fields),
        before=_range(fields, "from", fields.text("from")),
        after=_range(fields, "to", fields.text("to")),
        condition=_condition(fields) if fields.has("when") else None,
        why=fields.text("why"),
        remedy=fields.text("remedy"),
        source=_source(fields),
    )
    fields.done()
    return made


def _components(fields: Fields) -> tuple[str, ...]:
    found = fields.texts("components")
    if not found:
        fields.fail("components", "no component is named", "give components: [etcd]")
    return tuple(_named(fields, "components", each) for each in found)


def _condition(fields: Fields) -> Condition:
    try:
        return compile_condition(fields.text("when"), TYPES, name="when")
    except OakumError as error:
        where = error.place.field if error.place else "when"
        fields.fail("when", f"{error.what} ({where})", error.remedy)


def _source(fields: Fields) -> Source:
    url, day = fields.text("source"), fields.text("read")
    if not _URL.match(url):
        fields.fail("source", f"{url[:60]!r} is no address", "give the page it was read on, as https://...")
    try:
        if not _DAY.match(day):
            raise ValueError
        date.fromisoformat(day)
    except ValueError:
        fields.fail("read", f"{day[:20]!r} is no day", "give the day on which the source was read, as 2026-11-24")
    return Source(url, day)


def _name(fields: Fields, key: str) -> str:
    return _named(fields, key, fields.text(key))


def _named(fields: Fields, key: str, value: str) -> str:
    if len(value) > _LONGEST_NAME or not value.isprintable():
        fields.fail(key, "a name of more than 100 characters, or of odd ones", "shorten it")
    return value


def _range(fields: Fields, key: str, text: str) -> Range:
    try:
        return parse_range(text)
    except OakumError as error:
        fields.fail(key, error.what, error.remedy)


def _minor(fields: Fields, key: str) -> int:
    value = fields.text(key)
    found = _MINOR.match(value)
    if found is None:
        fields.fail(key, f"{value[:20]!r} is no release of Kubernetes", "give it as 1.25")
    return int(found[1])


def _consistent(knowledge: Knowledge, fields: Fields) -> None:
    """Refuse a kind that has two lives, two edges of one name, and a pair that is compatible and is not."""
    lives: set[tuple[str, str]] = set()
    for api in knowledge.apis:
        if (api.api_version, api.kind) in lives:
            fields.fail("apis", f"{api.api_version} {api.kind} stands twice", "drop one of them")
        lives.add((api.api_version, api.kind))
    names: set[str] = set()
    for edge in knowledge.edges:
        if edge.name in names:
            fields.fail("edges", f"the name {edge.name!r} stands twice", "give each edge its own name")
        names.add(edge.name)
    of: dict[str, list[Pairing]] = {}
    for pairing in knowledge.pairings:
        of.setdefault(pairing.component.casefold(), []).append(pairing)
    for several in of.values():
        if len(several) > _MOST_ENTRIES:
            what = f"{len(several)} entries of {several[0].component}"
            fields.fail("compatible", what, f"at most {_MOST_ENTRIES}: join ranges")
        _agreeing(several, fields)


def _agreeing(several: list[Pairing], fields: Fields) -> None:
    good = [each for each in several if each.compatible]
    for bad in (each for each in several if not each.compatible):
        other = next((each for each in good if each.meets(bad)), None)
        if other is not None:
            versions = f"{', '.join(r.text for r in bad.versions)} and {', '.join(r.text for r in other.versions)}"
            fields.fail(
                "compatible",
                f"{bad.component} {versions} are told incompatible and compatible beside one Kubernetes",
                "narrow one of the ranges: nobody can say which of the two holds",
            )
