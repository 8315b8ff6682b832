"""From hits to findings: one per package and vulnerability group, wherever the package stands.

Records of one vulnerability become one finding with all its evidence; a vendor's bundle whose every CVE already has a
finding of its own on the same package is folded into those; the same finding on several package sets is one item with
many placements.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import get_args

import msgspec

from oakum.advisories.index import scheme_of_scope
from oakum.findings.groups import Group, group
from oakum.findings.kernels import role
from oakum.findings.life import fix_of
from oakum.findings.model import Evidence, Finding, FixState, Hit, Matched
from oakum.fleet.apt_lists import Offers
from oakum.fleet.assets import Host
from oakum.fleet.packages import Package, PackageSet
from oakum.naming import listed

#: So many live patches are named, the others counted.
_PATCHES = 3
_STATES = get_args(FixState)


def judge(
    matched: Matched,
    packages: PackageSet,
    assets: tuple[str, ...],
    *,
    host: Host | None = None,
    offers: Offers | None = None,
) -> list[Finding]:
    """The findings of one package set on the given assets (their keys), in a stable order."""
    by_package: dict[int, list[Hit]] = {}
    for hit in matched.hits:
        by_package.setdefault(id(hit.package), []).append(hit)
    findings: list[Finding] = []
    for hits in by_package.values():
        findings.extend(_of_package(hits, packages, assets, host, offers))
    return findings


def _of_package(
    hits: list[Hit], packages: PackageSet, assets: tuple[str, ...], host: Host | None, offers: Offers | None
) -> Iterable[Finding]:
    groups = group([hit.record.advisory for hit in hits])
    singles = {cve for one in groups if not one.bundle for cve in one.cves}
    folded = [one for one in groups if one.bundle and one.cves and singles.issuperset(one.cves)]
    for one in groups:
        if one in folded:
            continue
        bundles = tuple(bundle.id for bundle in folded if not set(bundle.cves).isdisjoint(one.cves))
        yield _finding(one, bundles, [hits[at] for at in one.members], packages, assets, host, offers)


def _finding(
    one: Group,
    bundles: tuple[str, ...],
    hits: list[Hit],
    packages: PackageSet,
    assets: tuple[str, ...],
    host: Host | None,
    offers: Offers | None,
) -> Finding:
    first = hits[0]
    order = scheme_of_scope(first.scope)
    assert order is not None, "a hit was compared, so its scope has an order"
    severities = {value for hit in hits for value in (*hit.detail.severities, *hit.record.advisory.severities)}
    published = sorted(filter(None, (hit.record.advisory.published for hit in hits)))
    return Finding(
        key=finding_key(first.package, first.scope, one.id),
        id=one.id,
        aliases=one.aliases,
        cves=one.cves,
        bundles=bundles,
        assets=assets,
        package=first.package,
        scope=first.scope,
        evidence=tuple(sorted({_evidence(hit) for hit in hits}, key=msgspec.structs.astuple)),
        fix=fix_of(hits, order, packages, host, offers),
        severities=tuple(sorted(severities, key=msgspec.structs.astuple)),
        summary=next((hit.record.advisory.summary for hit in hits if hit.record.advisory.summary), ""),
        published=published[0] if published else "",
        notes=tuple(sorted({note for hit in hits for note in hit.notes} | set(_state_notes(first.package, host)))),
    )


def _state_notes(package: Package, host: Host | None) -> Iterable[str]:
    """What stands between a package and its fix (a hold, an installation that broke off), or may be in its place."""
    if host is not None and host.live_patches and role(package, host) == "running":
        patches = listed(host.live_patches, _PATCHES)
        yield f"a live patch is loaded ({patches}): whether it holds this fix, its own tool or vendor tells"
    if package.held:
        yield "the package is held: an upgrade leaves it as it is until the hold is released"
    if package.state == "half-installed":
        yield "its installation broke off (half-installed): some of its files may be of another version; reinstall it"
    elif package.state != "installed":
        yield f"its installation is not finished ({package.state}): its files are in place, finish its configuration"


def _evidence(hit: Hit) -> Evidence:
    record, detail = hit.record, hit.detail
    return Evidence(
        record=record.advisory.id,
        source=record.source.name,
        fix=hit.fix,
        channel=detail.channel,
        state=detail.state,
        state_class=detail.state_class,
        reason=detail.reason,
        published=record.advisory.published,
    )


def finding_key(package: Package, scope: str, group_id: str) -> str:
    """The identity of a finding: what is vulnerable and to what; never how bad, how worded or where."""
    identity = "\0".join((scope, package.type, package.name, package.evr, package.arch, group_id))
    return hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def merge(findings: Iterable[Finding]) -> list[Finding]:
    """One item for the same finding on several package sets, with all its placements; the least advanced fix counts."""
    by_key: dict[str, list[Finding]] = {}
    for finding in findings:
        by_key.setdefault(finding.key, []).append(finding)
    merged = [_merged(same) if len(same) > 1 else same[0] for same in by_key.values()]
    return sorted(merged, key=lambda one: (one.id, one.package.name, one.package.evr, one.key))


def _merged(same: list[Finding]) -> Finding:
    least = min(same, key=lambda one: _STATES.index(one.fix.state))
    assets = dict.fromkeys(asset for one in same for asset in one.assets)
    return msgspec.structs.replace(least, assets=tuple(assets))
