"""Times on the command line and in requests: RFC 3339, with a zone, given back in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from oakum.errors import InputError, Place

_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)


def time_of(text: str, name: str) -> datetime:
    """The moment that ``text`` says, in UTC. Raises InputError; ``name`` is what the person calls the field."""
    try:
        if _TIME.fullmatch(text):
            # Seconds have six digits at most in Python; more of them say nothing here.
            return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text.upper())).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    what = f"{text[:60]!r} is no time with a zone"
    raise InputError(what, place=Place(field=name), remedy="write it in UTC, as 2026-01-31T06:00:00Z")


def text_of(moment: datetime) -> str:
    """RFC 3339 in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
