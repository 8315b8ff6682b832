"""Where the update notices of an rpm repository lie: the list of mirrors, ``repomd.xml``, and what that names.

Sources: createrepo_c and librepo for ``repodata/repomd.xml`` (a ``data`` element for each document, with its place
below the repository and its checksum); Amazon Linux, whose repositories lie behind a ``mirror.list`` of addresses that
change with each edition. Checksums weaker than SHA-1 say nothing; SHA-1 only tells that a transfer went well, which
https does as well.
"""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from oakum.adapters.feeds.sources import Source
from oakum.advisories.parsers import xml_text
from oakum.advisories.parsers.xml_text import Element
from oakum.errors import InputError

INDEX = "repodata/repomd.xml"
MIRRORS = "mirror.list"
_KINDS = {
    "sha": "sha1", "sha1": "sha1", "sha224": "sha224", "sha256": "sha256", "sha384": "sha384", "sha512": "sha512",
}  # fmt: skip
_LATER = "try again later; the repository may be published at this moment"


class Named(msgspec.Struct, frozen=True):
    """What an index names: the address of the notices, and the checksum of the packed file."""

    url: str
    kind: str
    checksum: str

    def is_of(self, path: Path) -> bool:
        """Whether a file is the one that is named."""
        if not path.is_file():
            return False
        with path.open("rb") as file:
            found = hashlib.file_digest(file, partial(hashlib.new, self.kind, usedforsecurity=False)).hexdigest()
        return found == self.checksum


def first(mirrors: bytes) -> str:
    """The index of the first repository of a list of mirrors. Raises InputError where it lists none."""
    for line in mirrors.decode("utf-8", "replace").splitlines():
        if line.strip() and not line.startswith("#"):
            parts = urlsplit(line.strip())
            if parts.scheme not in ("https", "http") or not parts.netloc or parts.query:
                break
            return f"{line.strip().rstrip('/')}/{INDEX}"
    raise InputError("mirror.list names no repository", remedy="try again later")


def updateinfo(index: bytes, address: str) -> Named:
    """What ``repomd.xml`` at an address says of the notices. Raises InputError where that is nothing, or no answer."""
    found: list[Element] = []
    xml_text.records(index.decode("utf-8", "replace"), "repomd.xml", frozenset({"data"}), found.append)
    notices = [each for each in found if each.get("type") == "updateinfo"]
    if len(notices) != 1:
        what = "names no updateinfo" if not notices else "names several updateinfo"
        raise InputError(f"repomd.xml {what}", remedy="its publisher may have given them up; see to its address")
    try:
        checksum, location = notices[0].one("checksum"), notices[0].one("location")
    except ValueError as error:
        raise InputError(f"repomd.xml: {error}", remedy=_LATER) from None
    kind = _KINDS.get(checksum.get("type").lower())
    if kind is None or len(checksum.text) != hashlib.new(kind, usedforsecurity=False).digest_size * 2:
        raise InputError("repomd.xml gives no checksum that proves anything", remedy="see to its address")
    href = location.get("href")
    parts = urlsplit(href)
    inside = parts.path and not (parts.scheme or parts.netloc or parts.query or parts.path.startswith("/"))
    if not inside or ".." in parts.path.split("/") or location.get("base"):
        raise InputError(f"repomd.xml leads out of its repository ({href[:100]!r})", remedy="see to its address")
    return Named(f"{address.removesuffix(INDEX)}{href}", kind, checksum.text.lower())


def through(source: Source, address: str) -> str:
    """An address that a publisher names, behind the mirror that the source is fetched through."""
    parts = urlsplit(address)
    return f"{source.mirror}/{parts.netloc}{parts.path}" if source.mirror else address
