"""Values of a JSON document by their type, with the place where one is of another.

Every text that leaves a document goes through here: one that no UTF-8 can carry is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from oakum.advisories.statements.model import Identity
from oakum.advisories.vex.instants import instant
from oakum.advisories.words import cve_of, is_bundle, unique
from oakum.errors import InputError, Place
from oakum.fleet.sbom.purls import parse

Json = Mapping[str, Any]

#: No name or sentence of a statement is longer.
_LONGEST = 100_000
_PURL = re.compile(r"pkg:", re.IGNORECASE)


def refused(path: str, what: str, remedy: str = "correct the document, or leave it out") -> InputError:
    """The error of a place in a document."""
    return InputError(what, place=Place(field=path), remedy=remedy)


def text(holder: Json, key: str, path: str) -> str:
    """The text of a field; empty where it is absent or null. Raises InputError where it is none."""
    return as_text(holder.get(key), f"{path}/{key}")


def as_text(value: object, path: str) -> str:
    """A value as text; empty for null. Raises InputError where it is none."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise refused(path, "not a text")
    if len(value) > _LONGEST:
        raise refused(path, f"longer than {_LONGEST} characters")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise refused(path, "not a text that UTF-8 can carry") from None
    return value.strip()


def object_of(holder: Json, key: str, path: str) -> Json:
    """The object of a field, empty where it is absent. Raises InputError where it is none."""
    value = holder.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise refused(f"{path}/{key}", "not an object")
    return value


def items(holder: Json, key: str, path: str) -> Iterator[tuple[str, Any]]:
    """The items of a list with their places; none where it is absent. Raises InputError where it is none."""
    value = holder.get(key)
    if value is None:
        return
    if not isinstance(value, list):
        raise refused(f"{path}/{key}", "not a list")
    for at, each in enumerate(value):
        yield f"{path}/{key}/{at}", each


def objects(holder: Json, key: str, path: str) -> Iterator[tuple[str, Json]]:
    """The objects of a list with their places. Raises InputError where one is none."""
    for place, each in items(holder, key, path):
        if not isinstance(each, dict):
            raise refused(place, "not an object")
        yield place, each


def texts(holder: Json, key: str, path: str) -> tuple[str, ...]:
    """The texts of a list. Raises InputError where one is none."""
    return tuple(as_text(each, place) for place, each in items(holder, key, path))


def time(holder: Json, path: str, *keys: str) -> str:
    """The latest time of some fields; empty where none is there. Raises InputError where one is no date-time."""
    known = {}
    for key in keys:
        if given := text(holder, key, path):
            moment = instant(given)
            if moment is None:
                raise refused(f"{path}/{key}", f"{given[:50]!r} is no date-time (RFC 3339)")
            known[given] = moment
    return max(known, key=lambda each: known[each], default="")


def names(name: str, aliases: tuple[str, ...]) -> tuple[str, ...]:
    """The other names of a vulnerability, those left out that may stand for more than it.

    An update notice closes several vulnerabilities, and two CVEs are two of them.
    """
    others = [alias for alias in aliases if alias and alias != name and is_bundle(alias) == is_bundle(name)]
    several = len({cve for each in (name, *others) if (cve := _cve(each))}) > 1
    return unique(alias for alias in others if not (several and _cve(alias)))


def _cve(name: str) -> str:
    """The CVE that a name is or carries; empty for none. Its number is taken as it is written, right or not."""
    upper = name.upper()
    return cve_of(name) or (upper if upper.startswith("CVE-") else "")


def identity(given: str, *, cpe: str = "", versions: str = "") -> Identity:
    """What a text identifies: a package URL, else whatever calls itself by this text."""
    purl = parse(given) if _PURL.match(given) else None
    subpath = given.partition("#")[2].strip("/") if purl is not None else ""
    return Identity(given, purl, subpath, "" if purl is not None else cpe, versions)
