"""Packages, and content-addressed sets of them.

A thousand machines from one image hold one package set: sets are equal by digest, and equal ones are matched once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Literal

import msgspec

from oakum.fleet.releases import Release

State = Literal["installed", "half-installed", "half-configured", "unpacked", "triggers", "config-files"]


#: As the ``vendor`` of a package: whoever packaged it for the operating system that it is on.
DISTRIBUTION = "the node's distribution"


class Package(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One installed package, in the words of its own ecosystem.

    ``type`` is the purl type (deb, rpm, apk, golang, npm, pypi ...). ``version`` is the full native version without
    the epoch of an rpm and with the epoch of a deb, exactly as the package's own tools print it (deb
    ``1:2.38.1-5``, rpm ``4.4.20-6.el8_10``). ``epoch`` is the rpm's epoch: None means that nobody stated one, which is
    not the same as 0 (a verdict that hangs on it says so). ``source`` and ``source_version`` name the source package:
    always filled for deb, rpm and apk where the input allows it (equal to name and version where the package is its own
    source), empty where the input does not say. ``module`` is an rpm module stream ("nodejs:18"). ``purl`` is the
    package URL exactly as the input gave it, or a canonical one where the input had none. ``owner`` names the package
    of the operating system that its files belong to, where the system's own lists of files say so. ``channel`` names
    the third party whose archive a deb comes from, where the machine's own lists of packages say so.
    """

    type: str
    name: str
    version: str
    arch: str = ""
    epoch: int | None = None
    source: str = ""
    source_version: str = ""
    module: str = ""
    vendor: str = ""
    state: State = "installed"
    held: bool = False
    channel: str = ""
    path: str = ""
    purl: str = ""
    owner: str = ""

    @property
    def evr(self) -> str:
        """The version that comparisons use: with the epoch of an rpm where one is stated and not 0."""
        return f"{self.epoch}:{self.version}" if self.epoch else self.version


class PackageSet(msgspec.Struct, frozen=True):
    """The packages of one asset, with the operating system release that scopes its OS packages.

    ``digest`` is ``sha256:`` over the release and the sorted packages; the order and the purl spelling of the input
    do not change it.
    """

    digest: str
    release: Release | None
    packages: tuple[Package, ...]


def package_set(release: Release | None, packages: Iterable[Package]) -> PackageSet:
    """Build a set: sorted, exact duplicates dropped, addressed by its content."""
    encode = msgspec.msgpack.Encoder().encode
    rows: dict[bytes, Package] = {}
    for package in packages:
        content = (
            package.type, package.name, package.version, package.arch, package.epoch, package.source,
            package.source_version, package.module, package.vendor, package.state, package.held, package.channel,
            package.path, *((package.owner,) if package.owner else ()),
        )  # fmt: skip
        rows.setdefault(encode(content), package)
    digest = hashlib.sha256(encode(release.scope if release else None))
    ordered = sorted(rows)
    for row in ordered:
        digest.update(row)
    return PackageSet(f"sha256:{digest.hexdigest()}", release, tuple(rows[row] for row in ordered))
