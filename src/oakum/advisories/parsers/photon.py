"""Photon OS' vulnerabilities as JSON: one row for each package of each vulnerability.

Source: packages.broadcom.com/photon/photon_cve_metadata (``cve_data_photon4.0.json``). A file is of one release, and
says so only by the mark of its builds (``7.88.1-4.ph4``); a row with another mark is a problem. ``status`` came later;
before it, every row was a fix. "NA" stands in the place of a version that there is none of. What is called fixed and
names no version is undetermined: its vendor says that it is mended, and nobody can compare. Ids of other databases
(``BDSA-...``) are kept as they are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import msgspec

from oakum.advisories.model import Advisory, Affected, Parsed, Range, Severity
from oakum.advisories.parsers.content import Content
from oakum.advisories.parsers.merging import merged
from oakum.advisories.words import cve_of
from oakum.errors import InputError, Place
from oakum.versions import Unparsable
from oakum.versions.rpm import key

FORMAT = "photon"
_VENDOR = "Photon OS"
_BUILD = re.compile(r"\.ph(?P<release>\d+)(?:\b|_)")
#: Ids are names of a vulnerability; other words in their place ("Re", "UNK-1") are none of anybody's database.
_ID = re.compile(r"[A-Z]{3,8}-\d{4}-\d{2,19}")
_NONE = frozenset({"", "na", "n/a", "none"})
#: The part of the builds of a file that must be of its release.
_NEARLY_ALL = 0.9
_KEYS = frozenset({"cve_id", "pkg", "res_ver"})


class _Row(msgspec.Struct):
    cve_id: str
    pkg: str
    res_ver: str | None = None
    aff_ver: str | None = None
    status: str | None = None
    cve_score: float | str | None = None


def matches(content: Content) -> bool:
    """An array of objects with ``cve_id``, ``pkg`` and ``res_ver``."""
    first = content.first
    return isinstance(first, dict) and first.keys() >= _KEYS


def parse(content: Content) -> Parsed:
    """One advisory for each vulnerability, with what the release says of each package."""
    rows: list[tuple[_Row, int | None]] = []
    for number, value in enumerate(content.records(), start=1):
        try:
            rows.append((msgspec.convert(value.value, _Row), value.line))
        except msgspec.ValidationError as error:
            content.problem(f"row {number}", str(error), value.line)
    return content.parsed(FORMAT, [*merged(_advisories(rows, _release(rows, content.name), content))])


def _release(rows: list[tuple[_Row, int | None]], name: str) -> str:
    """The release whose mark nearly all builds bear. Raises InputError where there is none."""
    marks = Counter(found["release"] for row, _ in rows if (found := _BUILD.search(row.res_ver or "")))
    ((release, most),) = marks.most_common(1) or [("", 0)]
    if not release or most < marks.total() * _NEARLY_ALL:
        raise InputError(
            f"is of {'no release' if not marks else 'several releases'}: its builds end with "
            f"{', '.join(f'.ph{one}' for one in sorted(marks)) or 'no mark (.ph4)'}",
            place=Place(name, field="res_ver"),
            remedy="import the file of one release of Photon OS as its publisher serves it",
        )
    return release


def _advisories(rows: list[tuple[_Row, int | None]], release: str, content: Content) -> Iterator[Advisory]:
    for row, line in rows:
        id_ = row.cve_id.strip()
        try:
            if not _ID.fullmatch(id_):
                raise ValueError(f"{id_[:40]!r} is no id of a vulnerability")
            yield Advisory(cve_of(id_) or id_, severities=_severities(row), affected=(_affected(row, release),))
        except ValueError as error:
            content.problem(f"{row.pkg[:60]} {id_[:40]}", str(error), line)


def _severities(row: _Row) -> tuple[Severity, ...]:
    try:
        score = float(row.cve_score) if row.cve_score is not None else 0.0
    except ValueError:
        return ()
    return (Severity(_VENDOR, f"{score:.1f}", _VENDOR),) if 0 < score <= 10 else ()


def _affected(row: _Row, release: str) -> Affected:
    scope = f"photon:{release}"
    if not row.pkg or len(row.pkg) > 200:
        raise ValueError("names no package")
    version, word = (row.res_ver or "").strip(), (row.status or "").strip()
    named = version.lower() not in _NONE
    if word.lower() in ("fixed", "") and named:
        found = _BUILD.search(version)
        if found is None or found["release"] != release or isinstance(key(version), Unparsable):
            raise ValueError(f"{version[:60]!r} is no build of Photon OS {release}")
        upto = Range("ECOSYSTEM", (("introduced", "0"), ("fixed", version)))
        return Affected(scope, row.pkg, ranges=(upto,), state=word or "fixed", state_class="fixed")
    if word.lower() == "not affected" and not named:
        return Affected(scope, row.pkg, state=word, state_class="not-affected")
    if word.lower() == "fixed":
        why = "called fixed, and no version is named"
        return Affected(scope, row.pkg, state=why, state_class="undetermined")
    raise ValueError(f"has the status {word[:40]!r} with the version {version[:60] or 'none'!r}")
