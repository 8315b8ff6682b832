"""Feeds as facts: the bytes of one file in, what its publisher says out.

The format is known by content and never by name, so that a renamed file is still read right and a foreign one is
refused. Nothing here opens a file, judges a package or drops a record silently: what could not be read is a problem.
"""

from __future__ import annotations

from collections.abc import Callable

from oakum.advisories.model import Parsed
from oakum.advisories.parsers import (
    alpine_secdb,
    arch,
    bottlerocket,
    bulletins,
    csaf,
    debian_tracker,
    dsa,
    endoflife,
    epss,
    fedora,
    flatcar,
    kev,
    kubernetes,
    osv,
    oval,
    photon,
    updateinfo,
    vulnrichment,
)
from oakum.advisories.parsers.content import Content, read
from oakum.errors import InputError, Place

__all__ = ["FORMATS", "detect", "parse"]

#: format -> (whether a file is one, its parser); the first that matches, so the narrower come first.
FORMATS: dict[str, tuple[Callable[[Content], bool], Callable[[Content], Parsed]]] = {
    "kev": (kev.matches, kev.parse),
    "vulnrichment": (vulnrichment.matches, vulnrichment.parse),
    "endoflife": (endoflife.matches, endoflife.parse),
    "epss": (epss.matches, epss.parse),
    "bottlerocket": (bottlerocket.matches, bottlerocket.parse),
    "updateinfo": (updateinfo.matches, updateinfo.parse),
    "oval": (oval.matches, oval.parse),
    "csaf": (csaf.matches, csaf.parse),
    "bulletins": (bulletins.matches, bulletins.parse),
    "flatcar": (flatcar.matches, flatcar.parse),
    "alpine-secdb": (alpine_secdb.matches, alpine_secdb.parse),
    "dsa": (dsa.matches, dsa.parse),
    "kubernetes": (kubernetes.matches, kubernetes.parse),
    "photon": (photon.matches, photon.parse),
    "arch": (arch.matches, arch.parse),
    "fedora": (fedora.matches, fedora.parse),
    "osv": (osv.matches, osv.parse),
    "debian-tracker": (debian_tracker.matches, debian_tracker.parse),
}
_UNREAD = {
    "rustsec": "is in RustSec's own form",
    "rss": "is an RSS feed, whose items name notices and no packages",
    "xml": "is XML of another form than update notices (updateinfo) or OVAL",
    "": "is in no form that is known here",
}
#: What to take instead, where there is something better than another file.
_INSTEAD = {"rss": "take the notices themselves; Amazon's: oakum feeds sync amazon"}


def detect(data: bytes, name: str) -> str:
    """The format of a feed file, by its content. Raises ``InputError`` where it is none."""
    return _format(read(data, name))


def parse(data: bytes, *, name: str) -> Parsed:
    """The facts of a feed file of any known format; ``name`` is how errors call it.

    Records that could not be read stand in ``problems``. Raises ``InputError`` where the file as a whole is broken,
    empty or of no known format.
    """
    content = read(data, name)
    return FORMATS[_format(content)][1](content)


def _format(content: Content) -> str:
    for name, (matches, _) in FORMATS.items():
        if matches(content):
            return name
    foreign = _foreign(content)
    formats = f"formats read here: {', '.join(FORMATS)}; most databases are also published as OSV"
    raise InputError(_UNREAD[foreign], place=Place(content.name), remedy=_INSTEAD.get(foreign, formats))


def _foreign(content: Content) -> str:
    first = content.first
    if isinstance(first, dict) and {"advisory", "versions"} <= first.keys():
        return "rustsec"
    if content.root == "rss":
        return "rss"
    return "xml" if content.text.lstrip()[:1] == "<" else ""
