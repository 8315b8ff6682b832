"""Ids and times in one spelling.

Times become RFC 3339 UTC to the second, so that texts sort as times do; a time in the year 1 is Go's zero value and
means that nobody knows (the git copy of the Go database has 0001-01-01 everywhere). The bundle prefixes are those of
update notices: one notice closes many vulnerabilities, so a notice is no alias of any of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(?::(\d\d))?(?:[.,]\d+)?\s*(?:([Zz])|([+-])(\d\d):?(\d\d))?)?\Z"
)
_CVE = re.compile(r"(?:[A-Z0-9.]+-)*?(CVE-\d{4}-\d{4,19})\Z", re.IGNORECASE)
_BUNDLE = re.compile(
    r"(?:(?:AL|RH|RL|RX|EL|CL)[SBE]A|D[LST]A|DTSA|ELA|USN|LSN|ALAS[\w.]*|(?:open)?SUSE-[A-Z]U|MGAS?A|OESA|PHSA"
    r"|openEuler-SA|FEDORA|GLSA|ASA|BELL-SA|ALINUX\d*-SA|TSSA)-",
    re.IGNORECASE,
)


def instant(text: str) -> str | None:
    """A time or day as ``YYYY-MM-DDTHH:MM:SSZ``, "" for none or a year before 1000; None where it is no time.

    A time without an offset is taken for UTC, a day for its first second; parts of a second are dropped.
    """
    if not text:
        return ""
    if len(text) > 64 or (found := _TIME.fullmatch(text.strip())) is None:
        return None
    day, minute, second, _, sign, hours, minutes = found.groups()
    try:
        time = datetime.fromisoformat(f"{day}T{minute or '00:00'}:{second or '00'}+00:00")
        if sign:
            offset = timedelta(hours=int(hours), minutes=int(minutes))
            time = time - offset if sign == "+" else time + offset
    except (ValueError, OverflowError):
        return None
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if time.year >= 1000 else ""


def day(text: str) -> str | None:
    """A day as ``YYYY-MM-DD``, "" for none; None where it is no day."""
    time = instant(text)
    return time[:10] if time else time


def cve_of(name: str) -> str | None:
    """The CVE that an id is, or that a publisher's id for a single vulnerability carries (``UBUNTU-CVE-...``)."""
    found = _CVE.fullmatch(name.strip()) if len(name) <= 200 else None
    return found[1].upper() if found else None


def is_bundle(name: str) -> bool:
    """Whether an id is an update notice that closes any number of vulnerabilities."""
    return _BUNDLE.match(name) is not None


def names(
    id_: str, aliases: Iterable[str], upstream: Iterable[str], related: Iterable[str]
) -> tuple[tuple[str, ...], bool, tuple[str, ...]]:
    """Which ids mean the same vulnerability, whether the record is a bundle, and then the CVEs that it closes.

    ``upstream`` names what a distribution's record is about (OSV schema 1.7): one vulnerability, which is then the
    same, or several, which makes a bundle of the record. ``related`` counts only for bundles, where AlmaLinux, Rocky
    and SUSE list what a notice closes.
    """
    aliases, upstream = list(aliases), list(upstream)
    if is_bundle(id_):
        closed = unique(cve for name in (*upstream, *related, *aliases) if (cve := cve_of(name)))
        return unique(name for name in aliases if is_bundle(name)), True, closed
    same = unique(name for name in aliases if name != id_ and not is_bundle(name))
    own = cve_of(id_)
    if own:
        return (same if own == id_ else unique((*same, own))), False, ()
    above = unique(cve for name in upstream if (cve := cve_of(name)))
    if len(above) > 1:
        return unique(name for name in same if cve_of(name) is None), True, above
    return unique((*same, *above, *(name for name in upstream if name.startswith("GHSA-")))), False, ()


def unique(values: Iterable[str]) -> tuple[str, ...]:
    """The values in their order, each once."""
    return tuple(dict.fromkeys(values))
