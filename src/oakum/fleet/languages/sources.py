"""What the readers of languages share: contents read at any place, and a package as all of them name it."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import quote

from oakum.fleet.names import canonical
from oakum.fleet.packages import Package


class Source(Protocol):
    """A content of known size that is read at any place."""

    @property
    def size(self) -> int:
        """How many bytes it has."""

    def read_at(self, offset: int, size: int) -> bytes:
        """The bytes from there on; fewer only at the end."""


def library(type_: str, name: str, version: str, path: str) -> Package:
    """A package of a language as the readers of SBOMs have it; of maven the name is ``group:artifact``."""
    if type_ == "pypi":
        name = canonical(type_, name)
    parts = name.replace(":", "/", 1).split("/") if type_ == "maven" else name.split("/")
    # The names of Go's modules have no capitals in a purl (purl-spec, "golang").
    written = "/".join(quote(part.lower() if type_ in ("golang", "composer") else part, safe="") for part in parts)
    purl = f"pkg:{type_}/{written}@{quote(version, safe='')}"
    return Package(type=type_, name=name, version=version, path=path, purl=purl)


def sound(*values: object) -> bool:
    """Whether values are names and versions as somebody may have given them: short texts that can be printed."""
    return all(isinstance(value, str) and 0 < len(value) <= 500 and value.isprintable() for value in values)
