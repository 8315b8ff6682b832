"""Which findings an offered version closes: what a scan has found, laid on what the channels of a machine offer.

A finding speaks of the source package where its feed does, so that the offered package is taken by its source's version
then, as the channel's own list tells it. What has no published fix is closed by nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from oakum.changes.state.inventory import SoftwareEntry
from oakum.fleet.apt_lists import Offer
from oakum.local.offers import offers_of
from oakum.local.targets import Target
from oakum.reports.answer import Answer, FindingEntry
from oakum.versions import compare, scheme

#: Version -> ids of the findings that it closes, by package, by the key of the asset.
Closes = dict[str, dict[str, dict[str, tuple[str, ...]]]]
_SCHEME = scheme("deb")


def closing(answer: Answer, targets: Sequence[Target]) -> Closes:
    """What each offered version of a package closes on each machine of an answer."""
    offered = offers_of(targets)
    by_asset: defaultdict[str, list[FindingEntry]] = defaultdict(list)
    for finding in answer.open:
        for key in finding.assets if finding.fix.version else ():
            by_asset[key].append(finding)
    found: Closes = {}
    for target in targets:
        asset = target.asset
        several = by_asset.get(asset.key, [])
        offers = offered(asset, frozenset(each.package.name for each in several)) if several else None
        if offers is None:
            continue
        by_package = found.setdefault(asset.key, {})
        for finding in several:
            versions = by_package.setdefault(finding.package.name, {})
            for offer in offers.packages.get(finding.package.name, ()):
                if _reaches(offer, finding) and finding.id not in versions.get(offer.version, ()):
                    versions[offer.version] = (*versions.get(offer.version, ()), finding.id)
    return found


def _reaches(offer: Offer, finding: FindingEntry) -> bool:
    """Whether a version is the fixed one or later."""
    package = finding.package
    by_source = package.source_version not in ("", package.version)
    version = offer.source_version if by_source else offer.version
    return _SCHEME is not None and compare(_SCHEME, version, finding.fix.version).sign in ("=", ">")


def with_closes(
    software: Mapping[str, SoftwareEntry], closes: Mapping[str, Mapping[str, tuple[str, ...]]]
) -> dict[str, SoftwareEntry]:
    """The software of a machine with what its offered versions close; what says so itself stays as it is."""
    found = dict(software)
    for name, versions in closes.items():
        entry = found.get(name)
        if entry is None or entry.closes is not None:
            continue
        told = {each: tuple(sorted(versions[each])) for each in entry.offers or () if each in versions}
        if told:
            found[name] = replace(entry, closes=told)
    return found
