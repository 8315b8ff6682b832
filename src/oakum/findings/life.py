"""How far a fix has come: published, available here, installed, effective.

A published fix helps nobody whose repositories do not carry it; an installed one helps nobody whose kernel or process
still runs the old code. Each step is proven by what the asset shows, or is unknown with the reason; nothing is assumed.
"""

from __future__ import annotations

from collections.abc import Sequence

from oakum.findings.kernels import is_image
from oakum.findings.model import Fix, Hit, Step
from oakum.fleet.apt_lists import Offers
from oakum.fleet.assets import Host
from oakum.fleet.entitlement import entitled
from oakum.fleet.packages import Package, PackageSet
from oakum.versions import Scheme, Unparsable

_NOT_HERE = Step("unknown", "only a machine's own package lists can tell; this input has none")


def target(hits: Sequence[Hit], order: Scheme, own: frozenset[str] = frozenset()) -> tuple[str, str]:
    """The version, and its channel, that closes all hits of one group; empty where one of them has no fix.

    Rows of the machine's ``own`` channels count first, then those of the plain one: a fix that needs an entitlement
    which the machine does not have is the way only where there is no other.
    """
    plain = [hit for hit in hits if not hit.detail.channel]
    nearest = [hit for hit in hits if hit.detail.channel in own]
    for part in (nearest, plain, [hit for hit in hits if hit.detail.channel]):
        fixes = [(key, hit) for hit in part if hit.fix and not isinstance(key := order.key(hit.fix), Unparsable)]
        if fixes and (len(fixes) == len(part) or part is not plain):
            _, best = max(fixes, key=lambda pair: pair[0])
            return best.fix, best.detail.channel
    fixes = [(key, hit) for hit in hits if hit.fix and not isinstance(key := order.key(hit.fix), Unparsable)]
    if not fixes:
        return "", ""
    _, best = max(fixes, key=lambda pair: pair[0])
    return best.fix, best.detail.channel


def extended(hits: Sequence[Hit], host: Host | None, release: str) -> frozenset[str]:
    """The channels of extended support for the machine's very ``release`` ("9.2") that it gets: the nearest fixes."""
    channels = {hit.detail.channel for hit in hits if ":" in hit.detail.channel}
    return frozenset(one for one in channels if one.partition(":")[2] == release and entitled(host, one))


def fix_of(hits: Sequence[Hit], order: Scheme, packages: PackageSet, host: Host | None, offers: Offers | None) -> Fix:
    """The life of the fix of one group of hits on one package, on one asset."""
    package = hits[0].package
    release = packages.release.full if packages.release is not None else ""
    version, channel = target(hits, order, extended(hits, host, release))
    if not version:
        words = sorted({f"{hit.record.source.name}: {hit.detail.state or 'no fixed version'}" for hit in hits})
        nothing = Step("no", "no fix is published")
        return Fix("none", "", "", Step("no", "; ".join(words)), nothing, nothing, nothing)
    by = next(hit for hit in hits if hit.fix == version)
    where = f", for {channel} only" if channel else ""
    where += f" ({by.detail.reason})" if where and by.detail.reason else ""
    published = Step("yes", f"{by.record.advisory.id} ({by.record.source.name}): fixed in {version}{where}")
    available = _available(package, hits[0].version, version, channel, order, host, offers)
    installed = _installed(package, version, order, packages.packages, host)
    if installed.answer == "yes":
        effective = Step("no", "the running kernel is older; reboot")
        return Fix("installed", version, channel, published, available, installed, effective)
    effective = Step("no", "not installed")
    return Fix(
        "available" if available.answer == "yes" else "published",
        version,
        channel,
        published,
        available,
        installed,
        effective,
    )


def _available(
    package: Package, compared: str, fix: str, channel: str, order: Scheme, host: Host | None, offers: Offers | None
) -> Step:
    if host is None or offers is None:
        return _NOT_HERE
    fixed = order.key(fix)
    candidates = offers.packages.get(package.name, ())
    by_source = compared != package.evr
    for offer in candidates:
        key = order.key(offer.source_version if by_source else offer.version)
        if not isinstance(key, Unparsable) and not isinstance(fixed, Unparsable) and key >= fixed:
            return Step("yes", f"{offer.version} in {offer.channel}")
    if offers.gaps:
        return Step("unknown", f"{offers.gaps[0].what}: {offers.gaps[0].why}; {offers.gaps[0].remedy}")
    if not candidates:
        return Step("no", "no configured channel offers this package")
    newest = ", ".join(sorted({f"{offer.version} in {offer.channel}" for offer in candidates}))
    if channel:
        return Step("no", f"the fix needs channel {channel}; configured channels offer {newest}")
    return Step("no", f"configured channels offer {newest}")


def _installed(package: Package, fix: str, order: Scheme, packages: Sequence[Package], host: Host | None) -> Step:
    """A machine keeps several kernels: the fix may be installed beside the running one."""
    if host is not None and is_image(package):
        fixed = order.key(fix)
        for other in packages:
            if other.type == package.type and is_image(other) and other is not package:
                key = order.key(other.evr)
                if not isinstance(key, Unparsable) and not isinstance(fixed, Unparsable) and key >= fixed:
                    return Step("yes", f"{other.name} {other.evr} is installed and not running")
    return Step("no", f"{package.evr} is installed")
