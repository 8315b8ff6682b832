"""Which packages of an asset a claim is about, and whether a report is about that asset at all.

A package that is here in another version, another digest or another release are signs of another target; that most of
what a report names is here is the sign of this one. A report that names nothing proves nothing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from oakum.findings.foreign.model import Claim, Fit, Report
from oakum.fleet.assets import Asset
from oakum.fleet.packages import Package
from oakum.naming import listed

_DIGEST = re.compile(r"sha256(?::|%3A)([0-9a-f]{64})")


class Present(msgspec.Struct, frozen=True):
    """The packages that a claim is about; ``elsewhere`` are those of its name at other versions. ``by_source``: the
    claim names their source."""

    packages: tuple[Package, ...]
    elsewhere: tuple[Package, ...] = ()
    by_source: bool = False


class Packages:
    """The packages of an asset by their names, and by the names of their sources."""

    def __init__(self, packages: Iterable[Package]) -> None:
        self._named: defaultdict[str, list[Package]] = defaultdict(list)
        self._sources: defaultdict[str, list[Package]] = defaultdict(list)
        for package in packages:
            self._named[package.name.lower()].append(package)
            if package.source and package.source != package.name:
                self._sources[package.source.lower()].append(package)

    def of(self, claim: Claim) -> Present:
        """What a claim is about."""
        name = claim.package.name if claim.package is not None else claim.named
        named = [each for each in self._named.get(name.lower(), ()) if _same_kind(claim, each)]
        here = tuple(each for each in named if _same_version(claim, each, each.version, each.epoch))
        if named:
            return Present(here, () if here else tuple(named))
        sources = [each for each in self._sources.get(name.lower(), ()) if _same_kind(claim, each)]
        here = tuple(each for each in sources if _same_version(claim, each, each.source_version, each.epoch))
        return Present(here, () if here else tuple(sources), by_source=True)


def _same_kind(claim: Claim, package: Package) -> bool:
    said = claim.package
    return said is None or (
        said.type == package.type and (not said.arch or not package.arch or said.arch == package.arch)
    )


def _same_version(claim: Claim, package: Package, version: str, epoch: int | None) -> bool:
    said = claim.package
    if said is None:
        return claim.version in {version, f"v{version}", version.removeprefix("v"), f"{epoch or 0}:{version}"}
    if said.epoch is not None and epoch is not None and said.epoch != epoch:
        return False
    if package.type == "golang":
        return said.version.removeprefix("v") == version.removeprefix("v")
    return said.version == version


def fit(report: Report, asset: Asset, packages: Packages) -> tuple[Fit, tuple[str, ...]]:
    """Whether a report is about an asset, and every sign that it may not be."""
    doubts: list[str] = []
    ours, theirs = asset.packages.release, report.release
    other_release = False
    if ours is not None and theirs is not None and ours.known and theirs.known and ours.scope != theirs.scope:
        other_release = True
        doubts.append(f"it is about {theirs.scope}, and this is {ours.scope}")
    own = _digests(asset)
    proven = bool(own & report.digests)
    if own and report.digests and not proven:
        doubts.append("none of the digests that it names is that of this image (they may be of an index, or another)")
    named = {(one.named, one.version): packages.of(one) for one in report.claims}
    here = [key for key, found in named.items() if found.packages]
    moved = [(key, found.elsewhere[0]) for key, found in named.items() if found.elsewhere]
    missing = len(named) - len(here) - len(moved)
    if moved:
        words = [f"{name} {version} (here {found.version})" for (name, version), found in moved]
        doubts.append(f"{_number(len(moved))} that it names stand here at other versions: {listed(words, 2)}")
    if missing:
        words = [
            f"{name} {version}" for (name, version), found in named.items() if not (found.packages or found.elsewhere)
        ]
        doubts.append(f"{_number(missing)} that it names are not here: {listed(words, 2)}")
    if not named and not proven:
        doubts.append("it names no package, so nothing shows what it is about")
    if not proven and (other_release or len(moved) > len(here) or (named and not here)):
        return "other", tuple(doubts)
    if proven and not moved:
        return "same", tuple(doubts)
    return "doubtful" if doubts else "fits", tuple(doubts)


def _number(count: int) -> str:
    return f"{count} package{'' if count == 1 else 's'}"


def _digests(asset: Asset) -> set[str]:
    # The key of what is no image may be the digest of a file.
    key = asset.key if asset.kind == "image" else ""
    return {f"sha256:{each}" for each in _DIGEST.findall(" ".join((key, *asset.subject)))}


def best(report: Report, assets: Sequence[Asset]) -> tuple[Asset, Packages, Fit, tuple[str, ...]]:
    """The asset that a report is most likely about; of equals the first. There is at least one."""
    order: tuple[Fit, ...] = ("same", "fits", "doubtful", "other")
    tried: list[tuple[int, int, int, Asset, Packages, Fit, tuple[str, ...]]] = []
    for asset in assets:
        packages = Packages(asset.packages.packages)
        found, doubts = fit(report, asset, packages)
        here = sum(bool(packages.of(one).packages) for one in report.claims)
        tried.append((order.index(found), -here, len(tried), asset, packages, found, doubts))
    _, _, _, asset, packages, found, doubts = min(tried, key=lambda each: each[:3])
    return asset, packages, found, doubts
