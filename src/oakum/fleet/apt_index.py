"""Where apt keeps the downloaded index of a source, and what that index says about itself.

File names are the address with its special characters quoted and each "/" turned into "_", as apt's URItoFileName
does; user and password are left out.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec

from oakum.errors import InputError
from oakum.fleet.apt_sources import Source
from oakum.ports import Tree

LISTS = "/var/lib/apt/lists"
_LIMIT = 1 << 25
_SPECIAL = re.compile(r"[\\|{}\[\]<>\"^~_=!@#$%&*\x00-\x20\x7f-\xff]")
_LIST = re.compile(r"(?:_binary-[a-z0-9-]+)?_Packages(?P<packed>\.(?:gz|xz|bz2|lz4|zst|lzma))?")


class IndexRelease(msgspec.Struct, frozen=True):
    """What a downloaded InRelease or Release file states: whose archive it is and when it was made (UTC)."""

    origin: str = ""
    date: datetime | None = None


def release(tree: Tree, source: Source) -> IndexRelease:
    """The release file of a source; empty where it was never downloaded or cannot be read."""
    for name in ("InRelease", "Release"):
        try:
            text = tree.read(f"{LISTS}/{_base(source)}_{name}", _LIMIT)
        except (FileNotFoundError, PermissionError, InputError):
            continue
        # The checksums that follow the head are megabytes of no interest.
        head = re.split(rb"\n(?:MD5Sum|SHA1|SHA256|SHA512):", text, maxsplit=1)[0].decode("utf-8", "replace")
        fields = dict(line.split(": ", 1) for line in head.split("\n") if ": " in line)
        return IndexRelease(fields.get("Origin", "").strip(), _date(fields.get("Date", "").strip()))
    return IndexRelease()


def lists(source: Source, names: tuple[str, ...]) -> list[tuple[str, str]]:
    """Of the ``names`` in the folder of lists those that hold this source's packages, and how each is packed ("",
    ".gz" ...); a list that stands there packed and plain is given once, plain."""
    prefix = f"{_base(source)}_{_quoted(source.component)}" if source.component else _base(source)
    found: dict[str, tuple[str, str]] = {}
    for name in names:
        if name.startswith(prefix) and (end := _LIST.fullmatch(name, len(prefix))):
            packed = end["packed"] or ""
            found.setdefault(name.removesuffix(packed), (name, packed))
    return list(found.values())


def _base(source: Source) -> str:
    address = source.uri.partition("://")[2] or source.uri.partition(":")[2]
    name, slash, path = address.partition("/")
    address = f"{name.rpartition('@')[2]}{slash}{path}".rstrip("/")
    if source.suite.endswith("/"):
        return _quoted(f"{address}/{source.suite.strip('/')}".rstrip("/"))
    return _quoted(f"{address}/dists/{source.suite}")


def _quoted(text: str) -> str:
    return _SPECIAL.sub(lambda found: f"%{ord(found[0]):02x}", text).replace("/", "_")


def _date(text: str) -> datetime | None:
    for form in ("%a, %d %b %Y %H:%M:%S UTC", "%a, %d %b %Y %H:%M:%S GMT", "%a, %d %b %Y %H:%M:%S +0000"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None
