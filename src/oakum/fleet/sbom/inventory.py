"""From one component of any SBOM to one package, and from all of them to a package set and what is missing in
it.

The forms differ only in where they write things. Each reader brings a component's purl and what its
properties say about the source package; here the epoch, the source and the module find their one form
(``fleet.packages``), so that two tools' SBOMs of one image become equal sets. Rules: Debian Policy 5.6.1 (a
package without a Source field is its own source, and the source has the binary's version unless another is
named); purl-spec types; deb-src and rpm file names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from oakum.fleet.assets import Gap
from oakum.fleet.ecosystems import LANGUAGE_TYPES, OS_TYPES
from oakum.fleet.packages import Package, PackageSet, package_set
from oakum.fleet.releases import Release
from oakum.fleet.sbom import evidence
from oakum.fleet.sbom.purls import Purl, parse, source_rpm, upstream

#: purl type -> the type that versions and advisories know it by.
_TYPES = {"k8s": "kubernetes"}
#: Types whose names are only whole with a namespace, which advisories always state.
_GROUPED = {"maven": "group", "composer": "vendor"}
#: Words and templates that tools write where they know no version. Some ecosystems would compare them as one.
_NO_VERSION = frozenset({"unknown", "unspecified", "undefined", "none", "null", "n/a", "latest", "noassertion", "*"})
#: Lock files write a gem's platform behind its version, where the order of versions would take it for a pre-release.
_GEM_PLATFORM = re.compile(
    r"(.+?)-(?:java|jruby|mswin\d*|(?:x86|x64|x86_64|amd64|arm|armv\d\w?|arm64|aarch64|i\d86|universal|ppc64le|s390x"
    r"|riscv64)-[a-z][\w.-]*)"
)
#: The last part of the path of a Go module from its second major version on.
_MAJOR = re.compile(r"v(?:[2-9]|[1-9][0-9]+)")
_EPOCH = re.compile(r"(\d{1,9}):(.+)")
#: rpm keeps the keys that it trusts as packages of this name; they are no software.
_KEY_PACKAGE = "gpg-pubkey"


class Said(msgspec.Struct, gc=False):
    """What an input says about a component beside its purl; empty where it says nothing.

    ``source_version`` is the source's version as its own tools print it, with a deb's epoch; ``source_rpm``
    is a source rpm's file name.
    """

    source: str = ""
    source_version: str = ""
    source_rpm: str = ""
    epoch: str = ""
    module: str = ""
    path: str = ""
    vendor: str = ""


class Inventory:
    """Collects the components of one SBOM; ``finish`` gives the package set and the gaps."""

    def __init__(self) -> None:
        self._packages: list[Package] = []
        self._distros: dict[tuple[str, str], None] = {}
        self._systems: list[tuple[str, Release | None]] = []
        self._unknown: dict[str, list[str]] = {}
        self._unversioned: dict[str, list[str]] = {}
        self._os_packages = 0

    def system(self, given: str, release: Release | None) -> None:
        """An operating system that the SBOM names, with the release that the name was understood as."""
        self._systems.append((given, release))

    def nameless(self, kind: str, name: str) -> None:
        """A component of this kind that has no package URL."""
        self._unknown.setdefault(f"without a package URL ({kind})", []).append(name)

    def add(self, text: str, name: str, version: str, said: Said) -> None:
        """A component with a package URL; ``name`` and ``version`` are those it has beside the URL."""
        purl = parse(text)
        if purl is None:
            self._unknown.setdefault("with an invalid package URL", []).append(name or text[:80])
            return
        type_ = _TYPES.get(purl.type, purl.type)
        if type_ in OS_TYPES:
            if purl.name == _KEY_PACKAGE and type_ == "rpm":
                return
            self._os_packages += 1
            self._distros[purl.namespace, _distro(purl)] = None
        elif type_ not in LANGUAGE_TYPES:
            self._unknown.setdefault(f"of type {type_}", []).append(name or purl.name)
            return
        if type_ in _GROUPED and not purl.namespace:
            self._unknown.setdefault(f"of type {type_} without a {_GROUPED[type_]}", []).append(name or purl.name)
            return
        if not _is_version(purl.version or version):
            self._unversioned.setdefault(type_, []).append(name or purl.name)
            return
        if type_ == "rpm":
            self._packages.append(_rpm(text, purl, version, said))
        elif type_ in OS_TYPES:
            self._packages.append(_deb_or_apk(text, purl, version, said))
        else:
            self._packages.append(_library(text, type_, purl, name, version, said))

    def packages(self) -> Iterator[Package]:
        """The packages so far."""
        return iter(self._packages)

    def finish(self) -> tuple[PackageSet, tuple[Gap, ...]]:
        """The package set under the release that the input proves, and everything that could not be
        assessed."""
        release, gaps = evidence.decide(self._systems, self._distros, self._os_packages)
        gaps += evidence.untold_sources(self._packages)
        if not self._packages and not gaps:
            gaps.append(
                Gap(
                    "incomplete-inventory",
                    "no packages",
                    "the SBOM lists no package of a known kind",
                    "make the SBOM of the finished image or machine, with the tool's package catalogers enabled",
                )
            )
        for kind, names in sorted(self._unknown.items()):
            gaps.append(
                Gap(
                    "unknown-ecosystem",
                    _counted(names, "component", kind),
                    "no advisories and no order of versions are known for them",
                    _REMEDIES.get(kind, "look at them by hand, or use a tool that gives them a known package URL"),
                )
            )
        for kind, names in sorted(self._unversioned.items()):
            gaps.append(
                Gap(
                    "unparsable-version",
                    _counted(names, "package", f"of type {kind}"),
                    "the SBOM names no version",
                    "use a tool that reads installed packages rather than requirements",
                )
            )
        return package_set(release, self._packages), tuple(gaps)


def package_of(text: str, name: str, version: str) -> Package | None:
    """The package of one package URL, in the one form that every SBOM's packages take; None where it has none."""
    inventory = Inventory()
    inventory.add(text, name, version, Said())
    return next(inventory.packages(), None)


_REMEDIES = {
    "of type oci": "make an SBOM of each of these images and scan them too",
    "of type docker": "make an SBOM of each of these images and scan them too",
}


def _is_version(text: str) -> bool:
    return bool(text.strip()) and text.strip().lower() not in _NO_VERSION and not text.startswith(("${", "@", "#{"))


def _counted(names: list[str], noun: str, kind: str) -> str:
    shown = ", ".join(sorted(set(names))[:5])
    more = ", ..." if len(set(names)) > 5 else ""
    return f"{len(names)} {noun}{'s' if len(names) > 1 else ''} {kind} ({shown}{more})"


def _deb_or_apk(text: str, purl: Purl, given: str, said: Said) -> Package:
    """The version carries the epoch, whichever of the two purl styles or the component itself states it."""
    version = purl.version or given
    qualifiers = purl.qualifiers
    if purl.type == "deb" and ":" not in version:
        epoch = qualifiers.get("epoch") or said.epoch
        if epoch and epoch != "0":
            version = f"{epoch}:{version}"
        elif given != version and given.endswith(f":{version}"):
            version = given
    source, source_version = said.source, said.source_version
    if not source and "upstream" in qualifiers:
        source, source_version = upstream(qualifiers["upstream"])
    name = purl.name.lower()
    return Package(
        type=purl.type,
        name=name,
        version=version,
        arch=_architecture(qualifiers),
        source=source or name,
        source_version=source_version or version,
        purl=text,
    )


def _rpm(text: str, purl: Purl, given: str, said: Said) -> Package:
    """The version is without the epoch, which stays None where nobody states one."""
    qualifiers = purl.qualifiers
    version = purl.version or given
    stated = qualifiers.get("epoch") or said.epoch
    if ":" in version and (found := _EPOCH.fullmatch(version)):
        stated, version = found[1], found[2]
    elif not stated and ":" in given and (found := _EPOCH.fullmatch(given)) and found[2] == version:
        stated = found[1]
    source, source_version = said.source, said.source_version
    if not source:
        source, source_version = (
            source_rpm(said.source_rpm) if said.source_rpm else upstream(qualifiers.get("upstream", ""))
        )
    if ":" in source_version:
        source_version = source_version.partition(":")[2]
    return Package(
        type="rpm",
        name=purl.name,
        version=version,
        arch=_architecture(qualifiers),
        epoch=int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 10 else None,
        source=source,
        source_version=source_version or (version if source else ""),
        module=_stream(said.module or qualifiers.get("rpmmod") or qualifiers.get("modularitylabel") or ""),
        vendor=said.vendor,
        purl=text,
    )


def _library(text: str, type_: str, purl: Purl, given_name: str, given: str, said: Said) -> Package:
    name = purl.name
    if type_ == "pypi":
        name = re.sub(r"[-_.]+", "-", name).lower()  # PEP 503
    elif type_ == "npm" and given_name.rpartition("/")[2].lower() == name:
        name = given_name.rpartition("/")[2]  # names from before 2017 may have capitals, which a purl loses
    if purl.namespace:
        name = f"{purl.namespace}{':' if type_ == 'maven' else '/'}{name}"
    version = purl.version or given
    if type_ == "golang":
        name = _module(name, purl.subpath, given_name, version)
    if type_ == "gem" and (found := _GEM_PLATFORM.fullmatch(version)):
        version = found[1]
    return Package(type=type_, name=name, version=version, path=said.path, purl=text)


def _module(name: str, subpath: str, given: str, version: str) -> str:
    """The path of a Go module, of which Syft writes into a purl's subpath what stands behind the repository.

    Otherwise a subpath leads to a package in the module (purl-spec, "golang"). The name that the component has beside
    its purl tells them apart, and keeps capitals; where it has none, the suffix that a major version must have does (Go
    modules reference, "Module paths").
    """
    whole = f"{name}/{subpath}" if subpath else name
    for path in (whole, name):
        if given.lower() == path.lower():
            return given
    first = subpath.partition("/")[0]
    return f"{name}/{first}" if _MAJOR.fullmatch(first) and version.startswith(f"{first}.") else name


def _distro(purl: Purl) -> str:
    """``debian-12``; Docker Scout writes it as ``os_name=debian&os_version=12``."""
    qualifiers = purl.qualifiers
    distro = qualifiers.get("distro", "")
    if not distro and "os_version" in qualifiers:
        return f"{qualifiers.get('os_name', purl.namespace)}-{qualifiers['os_version']}"
    return distro


def _architecture(qualifiers: dict[str, str]) -> str:
    arch = qualifiers.get("arch", "")
    return "" if arch == "None" else arch  # one tool prints a missing architecture as this word


def _stream(label: str) -> str:
    """``nodejs:18`` of a modularity label ``nodejs:18:8080020230718:63b34585``."""
    return ":".join(label.split(":")[:2]) if label else ""
