"""Time zones for the core, which reads no files: from the system's database, else from the tzdata package."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

#: Names that mean something else on each machine, or nothing.
_OF_THE_MACHINE = frozenset({"localtime", "posixrules", "Factory"})


def time_zones(names: Iterable[str]) -> dict[str, ZoneInfo]:
    """The IANA time zones of those names; a name that the database lacks is left out, for the caller to report."""
    found: dict[str, ZoneInfo] = {}
    for name in names:
        if name in _OF_THE_MACHINE:
            continue
        try:
            found[name] = ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            # ValueError: a path out of the database, or a file that is no zone; OSError: a folder of it.
            continue
    return found
