"""What we say ourselves of vulnerabilities in packages, for others to read: verdicts with the evidence.

Only what our own evidence says is said: what an advisory matches is affected; what the distribution says of its own
package, or a fix of another channel that is installed, makes it not affected or fixed; what no advisory decides is
under investigation. Evidence that holds on one machine only (what runs there, who owns a file) makes no verdict that
others may read, and neither does somebody else's statement.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import msgspec
from packageurl import PackageURL

from oakum.advisories.statements.model import Status
from oakum.findings.groups import group
from oakum.findings.model import Cleared, Finding, Matched
from oakum.findings.statements.model import Ruled
from oakum.findings.statements.subjects import subjects
from oakum.fleet.assets import Asset, Gap
from oakum.fleet.ecosystems import OS_TYPES
from oakum.fleet.packages import Package
from oakum.fleet.releases import Release

#: Gaps about one advisory of one package, whose ``what`` is "PACKAGE: ADVISORY".
_UNDECIDED = frozenset({"undetermined", "unusable-advisory"})


class Verdict(msgspec.Struct, frozen=True, order=True):
    """One status of one vulnerability in a package (a package URL), ``inside`` of an image or of what an SBOM
    describes ("" where that has no package URL).
    """

    vulnerability: str
    product: str
    inside: str
    status: Status
    why: str
    aliases: tuple[str, ...] = ()


def verdicts(assets: Mapping[str, Asset], matched: Mapping[str, Matched], ruled: Iterable[Ruled]) -> list[Verdict]:
    """Every verdict once, in a stable order. ``assets`` and ``matched`` are by key."""
    found: set[Verdict] = set()
    spoken: defaultdict[str, set[tuple[str, Package]]] = defaultdict(set)
    for one in ruled:
        finding = one.finding
        for key in finding.assets:
            names = (finding.id, *finding.aliases, *finding.cves)
            spoken[key].update((name, finding.package) for name in names)
            if not one.suppressed:
                found.add(_affected(finding, assets[key]))
    for key, each in matched.items():
        for cleared in each.cleared:
            found.update(_cleared(cleared, assets[key], spoken[key]))
        for gap in each.gaps:
            found.update(_undecided(gap, assets[key]))
    return sorted(found)


def _affected(finding: Finding, asset: Asset) -> Verdict:
    fix = finding.fix
    where = f" ({fix.channel})" if fix.channel else ""
    if fix.state == "installed":
        why = f"{fix.version}{where} is installed; {fix.effective.proof}"
    else:
        why = f"Upgrade to {fix.version}{where}" if fix.version else "No fix is published; watch for one"
    return _verdict(finding.id, finding.aliases, finding.package, asset, "affected", why)


def _cleared(cleared: Cleared, asset: Asset, spoken: set[tuple[str, Package]]) -> Iterator[Verdict]:
    """A verdict where the distribution speaks of its own package, and no other record of the vulnerability hits it."""
    (one,) = group([cleared.record.advisory])
    names = {one.id, *one.aliases, *one.cves}
    open_ = any((name, cleared.package) in spoken for name in names)
    if cleared.package.type in OS_TYPES and not one.bundle and not open_:
        status: Status = "fixed" if cleared.fixed else "not_affected"
        found = _verdict(one.id, one.aliases, cleared.package, asset, status, cleared.why)
        # Said of the subject of an SBOM, it would be said of all that is in it.
        if found.inside or found.product not in _wholes(asset):
            yield found


def _undecided(gap: Gap, asset: Asset) -> Iterator[Verdict]:
    name, colon, vulnerability = gap.what.partition(": ")
    if gap.kind in _UNDECIDED and colon:
        for package in asset.packages.packages:
            if package.name == name:
                yield _verdict(vulnerability, (), package, asset, "under_investigation", gap.why)


def _verdict(name: str, aliases: tuple[str, ...], package: Package, asset: Asset, status: Status, why: str) -> Verdict:
    whole = next(iter(_wholes(asset)), "")
    product = _product(package, asset.packages.release)
    return Verdict(name, product, "" if whole == product else whole, status, why, aliases)


def _product(package: Package, release: Release | None) -> str:
    """The package URL of a package, with the release that its vendor's word holds for."""
    try:
        purl = PackageURL.from_string(package.purl)
    except ValueError:
        namespace, _, name = package.name.rpartition(":" if package.type == "maven" else "/")
        of_system = package.type in OS_TYPES and release is not None and not namespace
        owner = release.product if of_system and release is not None else namespace
        purl = PackageURL(package.type, owner, name, package.version)
    qualifiers = dict(purl.qualifiers or {})
    if package.type in OS_TYPES and release is not None and release.known and "distro" not in qualifiers:
        qualifiers["distro"] = release.scope.replace(":", "-")
    if package.arch and package.type in OS_TYPES:
        qualifiers.setdefault("arch", package.arch)
    return PackageURL(
        purl.type, purl.namespace, purl.name, purl.version or package.version, qualifiers, purl.subpath
    ).to_string()


def _wholes(asset: Asset) -> list[str]:
    known = [purl for _, purl in subjects(asset)]
    return [PackageURL(one.type, one.namespace, one.name, one.version, one.qualifiers).to_string() for one in known]
