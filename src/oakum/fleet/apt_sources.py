"""apt's configured sources, in the one-line and in the deb822 form. Source: sources.list(5).

Only binary sources count: what offers no packages offers no fixes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from oakum.errors import InputError, Place
from oakum.ports import Tree

_FOLDER = "/etc/apt/sources.list.d"
_LIMIT = 1 << 20
_LINE = re.compile(r"(?P<type>deb|deb-src)[ \t]+(?:\[(?P<options>[^\]]*)\][ \t]*)?(?P<rest>\S.*)")
_CDROM = re.compile(r"(cdrom:\[[^\]]*\]\S*)[ \t]+(.*)")
_REMEDY = "correct the entry; 'apt-get update' names it too"
#: Who writes more combinations than this into one stanza is not configuring a machine.
_MOST = 10_000


class Source(msgspec.Struct, frozen=True):
    """One suite's component (empty for an exact path, a suite that ends in "/") at one address, and where it stands."""

    uri: str
    suite: str
    component: str
    enabled: bool
    file: str
    line: int


def read(tree: Tree) -> tuple[list[Source], list[InputError]]:
    """All sources in apt's order, and the errors of entries that cannot be understood; PermissionError passes."""
    paths = ["/etc/apt/sources.list", *(f"{_FOLDER}/{name}" for name in tree.names(_FOLDER))]
    sources: list[Source] = []
    errors: list[InputError] = []
    for path in paths:
        form = deb822 if path.endswith(".sources") else one_line
        if not path.endswith((".list", ".sources")):
            continue
        try:
            sources.extend(form(tree.read(path, _LIMIT), path))
        except FileNotFoundError:
            continue
        except InputError as error:
            errors.append(error)
    return sources, errors


def one_line(data: bytes, file: str) -> Iterator[Source]:
    """``deb [options] uri suite component...``; a commented line is no source. Raises InputError with the line."""
    for number, raw in enumerate(data.decode("utf-8", "replace").split("\n"), 1):
        line = raw.partition("#")[0].strip()
        if not line:
            continue
        entry = _LINE.fullmatch(line)
        if entry is None:
            raise InputError("the line is no source", place=Place(file, number), remedy=_REMEDY)
        disc = _CDROM.fullmatch(entry["rest"])
        uri, words = (disc[1], disc[2].split()) if disc else ("", entry["rest"].split())
        if not uri:
            uri, *words = words
        if not words or (words[0].endswith("/") == (len(words) > 1)):
            raise InputError("the source has no suite or no component", place=Place(file, number), remedy=_REMEDY)
        if entry["type"] == "deb":
            for component in words[1:] or ("",):
                yield Source(uri, words[0], component, True, file, number)


def deb822(data: bytes, file: str) -> Iterator[Source]:
    """Stanzas with Types, URIs, Suites, Components and Enabled. Raises InputError with the line."""
    for number, fields in _stanzas(data.decode("utf-8", "replace"), file):
        types, uris, suites, components = (
            fields.get(name, "").split() for name in ("types", "uris", "suites", "components")
        )
        exact = [suite for suite in suites if suite.endswith("/")]
        if not types or not uris or not suites or (len(exact) != len(suites) and not components):
            what = "the stanza lacks one of Types, URIs, Suites, Components"
            raise InputError(what, place=Place(file, number), remedy=_REMEDY)
        if len(uris) * len(suites) * max(1, len(components)) > _MOST:
            raise InputError(f"the stanza names more than {_MOST} sources", place=Place(file, number), remedy=_REMEDY)
        enabled = fields.get("enabled", "yes").strip().lower() not in {"no", "false", "without", "off", "disable", "0"}
        if "deb" not in types:
            continue
        for uri in uris:
            for suite in suites:
                for component in ("",) if suite in exact else components:
                    yield Source(uri, suite, component, enabled, file, number)


def _stanzas(text: str, file: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The line where each stanza starts and its fields, names in lower case, continuation lines joined by spaces."""
    fields: dict[str, list[str]] = {}
    start = 1
    current: list[str] | None = None
    for number, line in enumerate([*text.split("\n"), ""], 1):
        if line.startswith("#"):
            continue
        if not line.strip():
            if fields:
                yield start, {name: " ".join(parts) for name, parts in fields.items()}
            fields, current = {}, None
        elif line[0] in " \t":
            if current is None:
                raise InputError("the line continues nothing", place=Place(file, number), remedy=_REMEDY)
            current.append(line.strip())
        else:
            name, colon, value = line.partition(":")
            key = name.strip().lower()
            if not colon or not key or key in fields:
                what = "the field stands there twice" if key in fields else "the line is no 'Field: value'"
                raise InputError(what, place=Place(file, number, key), remedy=_REMEDY)
            if not fields:
                start = number
            current = fields[key] = [value.strip()]
