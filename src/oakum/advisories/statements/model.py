"""A statement in the one form that all formats are brought to, and what of a document was not understood.

The words of the status are those of the minimum requirements for VEX (CISA, 2023), which OpenVEX uses as they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from oakum.fleet.assets import Gap
from oakum.fleet.sbom.purls import Purl

Status = Literal["not_affected", "affected", "fixed", "under_investigation"]


class Identity(msgspec.Struct, frozen=True, gc=False):
    """What identifies a product or a part of one: ``text`` as the document writes it.

    ``purl`` is None where that is no package URL; ``subpath`` is its part behind ``#``. ``cpe`` identifies a platform
    where there is no package URL; ``versions`` is a range (vers) that restricts a package URL without a version.
    ``name`` is what the document calls it for people, "" where that is not read.
    """

    text: str
    purl: Purl | None = None
    subpath: str = ""
    cpe: str = ""
    versions: str = ""
    name: str = ""

    @property
    def names_version(self) -> bool:
        """Whether it is one version, not all of them or a range."""
        return self.purl is not None and bool(self.purl.version) and not self.versions

    @property
    def is_pinned(self) -> bool:
        """Whether it is an image by its digest: what is in it does not depend on where it stands."""
        return self.purl is not None and self.purl.type == "oci" and self.purl.version.startswith("sha256:")


class Product(msgspec.Struct, frozen=True, gc=False):
    """What a statement is about: the ``part`` of what it stands ``inside`` of (nothing: wherever it stands)."""

    part: Identity
    inside: tuple[Identity, ...] = ()

    @property
    def path(self) -> tuple[Identity, ...]:
        """The part, then what contains it."""
        return (self.part, *self.inside)

    @property
    def names_version(self) -> bool:
        """Whether it is about one version."""
        return any(each.names_version for each in self.path)

    def __str__(self) -> str:
        return " in ".join(each.text + (f" ({each.versions})" if each.versions else "") for each in self.path)


def distinct(products: Iterable[Product]) -> tuple[Product, ...]:
    """The products, each once."""
    # A release and an image of it may have one CPE and two names.
    return tuple({(str(each), *(one.name for one in each.path)): each for each in products}.values())


class Statement(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One assertion of an author at a ``time`` (RFC 3339) about a vulnerability in products.

    ``aliases`` are other names of the same vulnerability: never an update notice that closes several, and no second
    CVE. ``impact`` says in words why products are not affected, ``action`` what to do where they are.
    """

    vulnerability: str
    aliases: tuple[str, ...]
    products: tuple[Product, ...]
    status: Status
    time: str
    justification: str = ""
    impact: str = ""
    action: str = ""
    author: str = ""
    file: str = ""


class Refusal(msgspec.Struct, frozen=True):
    """A part of a document (a JSON pointer, empty for the whole) that was not understood, and why."""

    place: str
    why: str


class Reading(msgspec.Struct, frozen=True):
    """What a document states, and what of it was not understood; never both empty."""

    statements: tuple[Statement, ...]
    refused: tuple[Refusal, ...] = ()


class Stated(msgspec.Struct, frozen=True):
    """The statements of several files; what of them was not understood is not assessable."""

    files: int
    statements: tuple[Statement, ...]
    gaps: tuple[Gap, ...] = ()
