"""What a product of a statement stands for among the packages and assets here.

A statement holds for exactly what it names (a version where it names one, every qualifier that it names) and for
nothing else: a package of another type, namespace, version, architecture or image is another product. The part of a
product is a package, or the whole asset; what it is inside of is the asset: an image, the subject of an SBOM, an
operating system.
Sources: package-url/purl-spec; OpenVEX specification, "Product" and "Subcomponent".
"""

from __future__ import annotations

import re
from functools import lru_cache

from oakum.advisories.statements.model import Identity, Product
from oakum.findings.statements.platforms import is_platform
from oakum.findings.statements.ranges import contains
from oakum.findings.statements.subjects import subjects
from oakum.fleet.assets import Asset
from oakum.fleet.ecosystems import OS_TYPES, release_from_name
from oakum.fleet.names import canonical
from oakum.fleet.packages import Package
from oakum.fleet.releases import Release
from oakum.fleet.sbom.purls import Purl, parse

_EPOCH = re.compile(r"([0-9]+):(.*)", re.DOTALL)
#: The architectures of a source package's package URL.
_SOURCE = frozenset({"src", "source", "nosrc"})
_OF_DIGEST = frozenset({"arch", "os", "tag"})
#: Docker's registry goes by several names.
_DOCKER = re.compile(r"(?:index\.docker\.io|registry-1\.docker\.io|registry\.hub\.docker\.com)/")


class Place:
    """One asset as statements speak of it."""

    def __init__(self, asset: Asset) -> None:
        self.release = asset.packages.release
        self._texts = {text.lower() for text in asset.subject}
        self._purls = subjects(asset)

    def concerns(self, product: Product, package: Package) -> bool:
        """Whether a product is this package here, or this whole asset with all its packages."""
        part = product.part
        if not self._is_package(part, package) and not self._is_whole(part, package):
            return False
        before = (part, *product.inside)
        return all(
            self._is_whole(each, package) for each, inner in zip(product.inside, before, strict=False)
            if not inner.is_pinned
        )  # fmt: skip

    def _is_whole(self, one: Identity, package: Package) -> bool:
        """Whether it identifies the asset; an operating system is the whole for its own packages."""
        if one.purl is not None:
            return any(self._is_subject(one, text, purl) for text, purl in self._purls)
        if one.cpe:
            return package.type in OS_TYPES and is_platform(one.cpe, self.release)
        return one.text.lower() in self._texts

    def _is_subject(self, one: Identity, text: str, own: Purl) -> bool:
        said = one.purl
        if said is None or not _same_name(said, own) or one.subpath != _subpath(text) or one.versions:
            return False
        if said.version and _bare(said.type, said.version) != _bare(own.type, own.version):
            return False
        # What a digest names has one architecture, whatever tags point to it.
        named = {key: value for key, value in said.qualifiers.items() if not one.is_pinned or key not in _OF_DIGEST}
        return all(
            _repository(said.name, key, own.qualifiers.get(key)) == _repository(said.name, key, value)
            for key, value in named.items()
        )

    def _is_package(self, one: Identity, package: Package) -> bool:
        said = one.purl
        if said is None:
            return False
        own = _own(package)
        of_source = said.qualifiers.get("arch") in _SOURCE and package.type in OS_TYPES
        name = Purl(own.type, own.namespace, package.source, "", {}) if of_source else own
        alike = _same_name(said, name) and one.subpath == _subpath(package.purl)
        if not alike and not _is_module(said, package):
            return False
        version = package.source_version if of_source else package.version
        return self._versions_fit(one, said, own, package, version) and self._qualifiers_fit(
            said, own, package, version
        )

    def _versions_fit(self, one: Identity, said: Purl, own: Purl, package: Package, version: str) -> bool:
        if one.versions:
            return contains(one.versions, package.evr)
        if not said.version:
            return True
        if said.type not in OS_TYPES:
            wanted = _bare(said.type, said.version)
            return wanted in (_bare(said.type, version), _bare(said.type, own.version))
        epoch, rest = _split(said.version)
        stated = epoch or said.qualifiers.get("epoch", "")
        own_epoch, own_rest = _split(version)
        own_epoch = own_epoch or str(package.epoch or 0)
        # Without a word about it, the epoch of a deb is 0, and that of an rpm is left open.
        return rest == own_rest and (stated or ("0" if said.type == "deb" else own_epoch)) == own_epoch

    def _qualifiers_fit(self, said: Purl, own: Purl, package: Package, version: str) -> bool:
        """Whether the package is known to have every qualifier that the statement names."""
        for key, value in said.qualifiers.items():
            if key == "epoch":
                fits = value == (_split(version)[0] or str(package.epoch or 0))
            elif key == "arch":
                fits = value in _SOURCE or value in (package.arch, own.qualifiers.get(key))
            elif key == "distro":
                fits = value == own.qualifiers.get(key) or _is_release(value, self.release)
            elif key == "rpmmod":
                fits = ":".join(value.split(":")[:2]) == package.module
            else:
                fits = value == own.qualifiers.get(key)
            if not fits:
                return False
        return True


@lru_cache(maxsize=4096)
def _own(package: Package) -> Purl:
    """The package URL of a package; made of its name where its input had none."""
    purl = parse(package.purl)
    if purl is not None:
        return purl
    namespace, _, name = package.name.rpartition(":" if package.type == "maven" else "/")
    return Purl(package.type, namespace, name, package.version, {})


def _same_name(said: Purl, own: Purl) -> bool:
    return (
        said.type == own.type
        and canonical(said.type, said.namespace) == canonical(own.type, own.namespace)
        and canonical(said.type, said.name) == canonical(own.type, own.name)
    )


def _is_module(said: Purl, package: Package) -> bool:
    """Whether it is this module of Go, of whose path Syft writes the end into the subpath and others do not."""
    path = "/".join(part for part in (said.namespace, said.name, said.subpath) if part)
    return said.type == package.type == "golang" and canonical("golang", path) == canonical("golang", package.name)


def _bare(type_: str, version: str) -> str:
    """A version without the v that Go's versions have or lack."""
    return version.removeprefix("v") if type_ == "golang" else version


def _split(version: str) -> tuple[str, str]:
    """The epoch, empty where none is written, and the rest."""
    found = _EPOCH.fullmatch(version)
    return (found[1], found[2]) if found else ("", version)


def _subpath(purl: str) -> str:
    return purl.partition("#")[2].strip("/")


def _is_release(distro: str, release: Release | None) -> bool:
    named = release_from_name(distro)
    return named is not None and release is not None and named.known and named.scope == release.scope


def _repository(name: str, key: str, value: str | None) -> str | None:
    """The address of a repository in one spelling: with the image's name at its end."""
    if key != "repository_url" or value is None:
        return value
    address = _DOCKER.sub("docker.io/", value.lower().removeprefix("https://"), count=1).rstrip("/")
    return address if address.rpartition("/")[2] == name else f"{address}/{name}"
