"""The lists that lie beside a publisher's CSAF documents, and the one that names its archive.

``changes.csv`` names each document with the time of its last change, ``deletions.csv`` those that were withdrawn and
when (``"PATH","TIME"``, in any order), ``archive_latest.txt`` the newest archive, ``X.sha256`` the digest of X.
Sources: CSAF 2.0 sections 7.1.12, 7.1.13 (directory-based distribution) and 7.1.18 (integrity); Red Hat's notes.
"""

from __future__ import annotations

import csv
import re
from urllib.parse import quote, urljoin

from oakum.advisories.words import instant
from oakum.errors import InputError

_PATH = re.compile(r"(?:[A-Za-z0-9_+-][A-Za-z0-9._+-]*/){0,4}[A-Za-z0-9_+-][A-Za-z0-9._+-]*\.json")
_ARCHIVE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,200}\.tar\.(?:zst|bz2|gz|xz)")
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})")
_SHA256 = re.compile(r"([0-9a-fA-F]{64})(?:\s|\Z)")
_LONGEST_PATH = 300
_LATER = "try again later"
#: JSON files that lie beside documents and are none.
_NO_DOCUMENT = frozenset({"provider-metadata.json", "aggregator.json", "index.json"})


def is_document(path: str) -> bool:
    """Whether a path can be one of a document: below the publisher's folder, and JSON."""
    return len(path) <= _LONGEST_PATH and bool(_PATH.fullmatch(path)) and path.rpartition("/")[2] not in _NO_DOCUMENT


def listed(data: bytes, name: str, *, may_be_empty: bool = False) -> dict[str, str]:
    """Path -> the latest time that a list says of it (RFC 3339 UTC).

    Raises InputError where a line is none, or where there is none at all.
    """
    found: dict[str, str] = {}
    try:
        for number, row in enumerate(csv.reader(data.decode("utf-8", "replace").splitlines(), strict=True), start=1):
            if not row:
                continue
            time = instant(row[1]) if len(row) == 2 else None
            if not time or not is_document(row[0]):
                raise InputError(f"line {number} of {name} is no path and time", remedy=_LATER)
            found[row[0]] = max(time, found.get(row[0], ""))
    except csv.Error as error:
        raise InputError(f"{name} is no list: {error}", remedy=_LATER) from None
    if not found and not may_be_empty:
        raise InputError(f"{name} lists nothing", remedy=_LATER)
    return found


def archive_named(data: bytes) -> str:
    """The archive that a file names. Raises InputError where that is no name of one."""
    name = data.decode("utf-8", "replace").strip()
    if not _ARCHIVE.fullmatch(name):
        raise InputError(f"the newest archive is called {name[:60]!r}, which is no name of one", remedy=_LATER)
    return name


def day_of(name: str) -> str:
    """The first second of the day that an archive's name says (RFC 3339 UTC), "" where it says none."""
    found = _DAY.search(name)
    return (instant(found[1]) or "") if found else ""


def digest_in(data: bytes) -> str:
    """The SHA-256 in a file of ``sha256sum``'s form, lower case. Raises InputError where there is none."""
    found = _SHA256.match(data.decode("utf-8", "replace").strip())
    if found is None:
        raise InputError("holds no SHA-256", remedy=_LATER)
    return found[1].lower()


def address(base: str, path: str) -> str:
    """Where something lies, relative to the publisher's folder."""
    return urljoin(base, quote(path))
