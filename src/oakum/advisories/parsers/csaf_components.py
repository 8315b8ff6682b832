"""Which rpm package a component of a CSAF document is: by its package URL, else by how its publisher writes it.

Red Hat names a component that has a fix by its build, for each architecture and as source ("src"), and one that has
none by its name alone; older documents name only sources there, and have no package URLs. A component of a module is
``rpmmod`` of its package URL, ``NAME:STREAM/`` before its name, or ``::NAME:STREAM`` behind its build.

SUSE names a build as ``NAME-VERSION-RELEASE`` (VEX) or with its architecture (advisories, the later ones with the epoch
before the version), and what has no fix by its bare name. The package URL of a bare name may be torn apart at a hyphen
of the name (``libfoo@1_0-18`` for ``libfoo-1_0-18``): then it says nothing of where it was built, and the name counts.
"""

from __future__ import annotations

import re

import msgspec

from oakum.advisories.model import Naming
from oakum.advisories.statements.model import Identity, Product

_BUILD = re.compile(
    r"(?P<name>[^\s:/]+)-(?P<epoch>\d+):(?P<version>[^\s:/-]+-[^\s:/-]+)\.(?P<arch>[a-z0-9_]+)(?:::(?P<module>[^\s/]+))?"
)
_NAME = re.compile(r"(?:(?P<module>[A-Za-z0-9._+-]+:[A-Za-z0-9._+-]+)/)?(?P<name>[A-Za-z0-9._+-]+?)(?P<source>\.src)?")
_SOURCES = frozenset({"src", "source", "nosrc"})
#: Architectures behind the release in SUSE's names of builds; a release may end in other words.
_ARCHES = (
    "aarch64|aarch64_ilp32|armv6hl|armv7hl|i[3-6]86|ia64|noarch|nosrc|ppc|ppc64|ppc64le|riscv64|s390|s390x|src|x86_64"
)
_SUSE_BUILD = re.compile(
    rf"(?P<name>[^\s:/]+)-(?:(?P<epoch>\d+):)?(?P<version>[^\s:/-]+-[^\s:/-]+?)(?:\.(?P<arch>{_ARCHES}))?"
)
_SUSE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+~-]*")


class Component(msgspec.Struct, frozen=True):
    """An rpm package as an advisory names it; ``evr`` is empty where no version is named."""

    name: str
    evr: str
    arch: str
    module: str
    naming: Naming


def component(product: Product) -> Component | None:
    """The package that a product is; None where it is no rpm package."""
    part = product.part
    found = _of_purl(part) if part.purl is not None else _of_text(part)
    outer = next((module for each in product.inside if (module := _module(each))), "")
    return msgspec.structs.replace(found, module=outer) if found is not None and outer and not found.module else found


def _of_purl(part: Identity) -> Component | None:
    purl = part.purl
    if purl is None or purl.type != "rpm":
        return None
    arch = purl.qualifiers.get("arch", "")
    module = _stream(purl.qualifiers.get("rpmmod") or purl.qualifiers.get("modularitylabel") or "")
    named = _NAME.fullmatch(purl.name)
    name = named["name"] if named is not None and named["source"] else purl.name
    source = arch in _SOURCES or name != purl.name
    evr = _evr(purl.qualifiers.get("epoch", ""), purl.version)
    return Component(name, evr, "src" if source else arch, module, "source" if source else "binary")


def _of_text(part: Identity) -> Component | None:
    """By the text alone: where nothing says whether it is a source or a binary package, it may be either."""
    if build := _BUILD.fullmatch(part.text):
        source = build["arch"] in _SOURCES
        return Component(
            build["name"], _evr(build["epoch"], build["version"]), "src" if source else build["arch"],
            _stream(build["module"] or ""), "source" if source else "binary",
        )  # fmt: skip
    if plain := _NAME.fullmatch(part.text):
        return Component(plain["name"], "", "", plain["module"] or "", "source" if plain["source"] else "either")
    return None


def suse_component(product: Product, fixed: bool) -> Component | None:
    """The package that a product of SUSE's is; None where it is no rpm package.

    ``fixed`` says that it is a build; elsewhere a name is a build only where it says of which source or architecture.
    """
    part = product.part
    purl, name = part.purl, part.name or part.text
    if purl is not None:
        if purl.type != "rpm":
            return None
        arch = purl.qualifiers.get("arch", "")
        if purl.version and (fixed or arch or purl.qualifiers.get("upstream")):
            source = arch in _SOURCES
            evr = _evr(purl.qualifiers.get("epoch", "") or _epoch(name), purl.version)
            return Component(purl.name, evr, "src" if source else arch, "", "source" if source else "binary")
        if not part.name:
            name = f"{purl.name}-{purl.version}" if purl.version else purl.name
    if fixed or _epoch(name):
        build = _SUSE_BUILD.fullmatch(name)
        if build is None:
            return Component(name, "", "", "", "binary") if _SUSE_NAME.fullmatch(name) else None
        arch = build["arch"] or ""
        source = arch in _SOURCES
        return Component(
            build["name"], _evr(build["epoch"] or "", build["version"]), "src" if source else arch, "",
            "source" if source else "binary",
        )  # fmt: skip
    if not _SUSE_NAME.fullmatch(name):
        return None
    # Of its source, as a package URL without more says nothing else: it may be the name of one.
    built = purl is not None and bool(purl.qualifiers.get("upstream"))
    return Component(name, "", "", "", "binary" if built else "either")


def _epoch(name: str) -> str:
    """The epoch in how a build is written, "" where it is not written so."""
    found = _SUSE_BUILD.fullmatch(name)
    return (found["epoch"] or "") if found is not None else ""


def _evr(epoch: str, version: str) -> str:
    return f"{epoch}:{version}" if version and epoch not in ("", "0") else version


def _module(one: Identity) -> str:
    """The module that a product is, where a component belongs to it first and then to the platform."""
    purl = one.purl
    return _stream(f"{purl.name}:{purl.version}") if purl is not None and purl.type == "rpmmod" else ""


def _stream(label: str) -> str:
    """``nodejs:18`` of ``nodejs:18:8090020240101:a75119d5``; what is behind names one build of the stream."""
    return ":".join(label.split(":")[:2])
