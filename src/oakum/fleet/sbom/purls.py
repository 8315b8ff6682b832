"""Package URLs as SBOMs carry them, read fast for operating system packages.

``packageurl`` is the reference; at some ten microseconds a purl it would be the most of reading an SBOM, and
versions differ so much that caching whole purls does not help. The few shapes that dpkg, rpm and apk packages
have in practice are therefore split here by one linear regular expression; whatever deviates goes to
``packageurl``. Both must agree on everything the fast way answers (a property test holds them together).
Source: package-url/purl-spec.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

import msgspec


class Purl(msgspec.Struct, frozen=True, gc=False):
    """The decoded parts of a package URL; absent parts are empty."""

    type: str
    namespace: str
    name: str
    version: str
    qualifiers: dict[str, str]
    subpath: str = ""


_OS_PURL = re.compile(
    r"pkg:(deb|rpm|apk)/([a-z0-9._-]+)/([A-Za-z0-9._+%-]+)@([A-Za-z0-9._+~^:%-]+)\?([A-Za-z0-9._+~^:%=&()@/-]+)"
)
#: The qualifiers that occur on such packages; an unusual one goes the long way.
_QUALIFIERS = frozenset(
    {"arch", "distro", "epoch", "upstream", "package-id", "rpmmod", "modularitylabel", "distro_name", "vcs_url"}
)
#: No package's URL is longer; what is, is not parsed.
_LONGEST = 4096


def parse(text: str) -> Purl | None:
    """The parts of a purl, percent-decoded and normalised as the specification says; None where it is
    none."""
    return _split(text) or _reference(text)


def _split(text: str) -> Purl | None:
    """The usual shape of an operating system package's purl, or None: not "invalid" but "ask the
    reference"."""
    found = _OS_PURL.fullmatch(text)
    if found is None:
        return None
    type_, namespace, name, version, rest = found.groups()
    if "%" in name:
        name = unquote(name)
        if not name.isprintable() or "/" in name or " " in name:
            return None
    if "%" in version:
        version = unquote(version)
        if version != version.strip():
            return None
    if type_ == "apk" and not name.islower():
        return None
    qualifiers = {}
    for pair in rest.split("&"):
        key, _, value = pair.partition("=")
        if not value or key not in _QUALIFIERS:
            return None
        qualifiers[key] = unquote(value) if "%" in value else value
    return Purl(type_, namespace, name, version, qualifiers)


@lru_cache(maxsize=8192)
def _reference(text: str) -> Purl | None:
    # Imported when first needed: it takes longer to load than most SBOMs take to read.
    from packageurl import PackageURL

    if len(text) > _LONGEST:
        return None
    try:
        purl = PackageURL.from_string(text.strip())
    except ValueError:
        return None
    return Purl(
        purl.type,
        purl.namespace or "",
        purl.name,
        purl.version or "",
        dict(purl.qualifiers or {}),
        purl.subpath or "",
    )


def upstream(text: str) -> tuple[str, str]:
    """The source package that an ``upstream`` qualifier names, as (name, version); the version may be empty.

    Three spellings occur: ``util-linux``, ``util-linux@2.38.1-5`` and a source rpm ``foo-1.2-3.el8.src.rpm``.
    Where several are listed, the first one counts.
    """
    first = text.partition(",")[0].strip()
    if first.endswith(".rpm"):
        return source_rpm(first)
    name, _, version = first.partition("@")
    return ("", "") if name == "(none)" else (name, version)


def source_rpm(text: str) -> tuple[str, str]:
    """Name and version-release of a source rpm's file name; empty where it names none (``(none)``)."""
    stem = text.removesuffix(".rpm")
    stem, _, architecture = stem.rpartition(".")
    parts = stem.rsplit("-", 2)
    if architecture not in {"src", "nosrc"} or len(parts) != 3 or not parts[0]:
        return "", ""
    return parts[0], f"{parts[1]}-{parts[2]}"
