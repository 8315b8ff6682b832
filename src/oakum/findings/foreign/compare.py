"""Our findings and a report's beside each other: who says what, where they differ, and why ours says so.

Both are joined by the package and by any name of the vulnerability that either gives (CVE, GHSA, the vendor's own). A
claim that names a bundle speaks of each finding in it. Neither side is changed by the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from oakum.advisories.index import Index
from oakum.findings.foreign.differences import Judged, differences
from oakum.findings.foreign.model import Claim, Comparison, Difference, Kind, Reason, Report, Row
from oakum.findings.foreign.presence import Packages, Present, best
from oakum.findings.foreign.rules import RULES
from oakum.findings.foreign.silence import Identity, Silence, identity
from oakum.findings.model import Finding, Matched
from oakum.findings.statements.model import Ruled
from oakum.fleet.assets import Asset
from oakum.fleet.ecosystems import OS_TYPES
from oakum.fleet.packages import Package

_ORDER: tuple[Kind, ...] = ("different", "theirs", "ours", "unassessed", "agreed")


def compare(
    report: Report,
    assets: Sequence[Asset],
    matched: Mapping[str, Matched],
    ruled: Iterable[Ruled],
    judged: Mapping[str, Judged],
    index: Index,
) -> Comparison:
    """A report beside our answer about the asset that it fits best; ``judged`` is by the key of a finding."""
    asset, packages, found, doubts = best(report, assets)
    own = [one for one in ruled if asset.key in one.finding.assets]
    beside = _Beside(report, own, judged, packages)
    silence = Silence(asset, matched[asset.key], index)
    rows = sorted(
        (*beside.ours(), *beside.theirs(silence)),
        key=lambda row: (_ORDER.index(row.kind), row.id, row.package, row.version, row.purl),
    )
    return Comparison(report=report, asset=asset.key, fit=found, doubts=doubts, rows=tuple(rows))


class _Beside:
    """The two sides, joined."""

    def __init__(self, report: Report, own: Sequence[Ruled], judged: Mapping[str, Judged], packages: Packages) -> None:
        self._report = report
        self._own = own
        self._judged = judged
        by_package: defaultdict[Identity, list[Ruled]] = defaultdict(list)
        for one in own:
            by_package[identity(one.finding.package)].append(one)
        #: Claims by the finding that says the same, and those about which we say nothing.
        self._joined: defaultdict[int, list[tuple[Claim, Present]]] = defaultdict(list)
        self._alone: list[tuple[Claim, Present]] = []
        for claim in report.claims:
            present = packages.of(claim)
            same = [
                one
                for package in present.packages
                for one in by_package.get(identity(package), ())
                if names_of(one.finding) & claim.names
            ]
            for one in same:
                self._joined[id(one)].append((claim, present))
            if not same and not claim.set_aside:
                self._alone.append((claim, present))
        counted = [claim for claim in report.claims if not claim.set_aside]
        self._only_fixed = bool(counted) and all(claim.fixes for claim in counted)
        self._types = {claim.package.type for claim in counted if claim.package is not None}

    def ours(self) -> Iterator[Row]:
        """A row for each of our findings."""
        for one in self._own:
            finding = one.finding
            joined = self._joined.get(id(one), [])
            if not joined and one.suppressed:
                continue  # neither of us counts it
            claims = tuple(claim for claim, _ in joined)
            found: tuple[Difference, ...] = ()
            if joined:
                by_source = any(present.by_source for _, present in joined)
                found = tuple(differences(one, claims, self._judged.get(finding.key), by_source=by_source))
                kind: Kind = "different" if found else "agreed"
                reason = Reason(found[0].rule, found[0].why) if found else Reason("agreed", RULES["agreed"])
            else:
                kind, reason = "ours", self._alone_with(finding)
            names = {finding.id, *finding.aliases, *(name for claim in claims for name in claim.names)} - {finding.id}
            yield Row(
                kind=kind, id=finding.id, aliases=tuple(sorted(names)), package=finding.package.name,
                version=finding.package.evr, purl=finding.package.purl, finding=finding.key, claims=claims,
                differences=found, rule=reason.rule, why=reason.why,
            )  # fmt: skip

    def _alone_with(self, finding: Finding) -> Reason:
        """Why we say what they do not."""
        evidence = finding.evidence[0] if finding.evidence else None
        words = f"{evidence.record} ({evidence.source})" if evidence is not None else finding.id
        fix = finding.fix.version
        if self._report.built and finding.published[:10] > self._report.built:
            return Reason(
                "newer", f"{words} was published on {finding.published[:10]}, theirs is of {self._report.built}"
            )
        if not fix and self._only_fixed:
            return Reason("unfixed", f"{words} names no fix, and everything in their report has one")
        kind = finding.package.type
        if kind not in OS_TYPES and self._types and kind not in self._types:
            return Reason("not-their-kind", f"{words}; their report names no package of type {kind}")
        return Reason("advisory", f"{words}: " + (f"fixed in {fix}" if fix else "no fixed version"))

    def theirs(self, silence: Silence) -> Iterator[Row]:
        """A row for each vulnerability of a package that they name and we do not."""
        gathered: dict[tuple[object, str], _Gathered] = {}
        for claim, present in self._alone:
            for package in present.packages or (None,):
                where = (claim.named, claim.version) if package is None else identity(package)
                # The same claim for another path, or under another of its names, is the same row.
                known = next((gathered[where, name] for name in sorted(claim.names) if (where, name) in gathered), None)
                if known is not None:
                    known.claims.append(claim)
                    continue
                kind, reason = _absent(claim, present) if package is None else silence.reason(claim, package)
                gathered[where, _id([claim])] = _Gathered(kind, reason, package, [claim])
        for one in gathered.values():
            id_, first, package = _id(one.claims), one.claims[0], one.package
            names = {name for claim in one.claims for name in claim.names} - {id_}
            yield Row(
                kind=one.kind, id=id_, aliases=tuple(sorted(names)),
                package=first.named if package is None else package.name,
                version=first.version if package is None else package.evr,
                purl=first.purl if package is None else package.purl,
                claims=tuple(one.claims), rule=one.reason.rule, why=one.reason.why,
            )  # fmt: skip


class _Gathered(msgspec.Struct):
    """What they say alone about one vulnerability of one package, or of what is no package here."""

    kind: Kind
    reason: Reason
    package: Package | None
    claims: list[Claim]


def names_of(finding: Finding) -> frozenset[str]:
    """Every name under which a finding of ours may be claimed by others."""
    records = (each.record for each in finding.evidence)
    return frozenset((finding.id, *finding.aliases, *finding.cves, *finding.bundles, *records))


def _id(claims: Sequence[Claim]) -> str:
    """The CVE where there is exactly one, as of our own findings; else the name that they use."""
    cves = sorted({name for claim in claims for name in claim.names if name.startswith("CVE-")})
    return cves[0] if len(cves) == 1 else claims[0].id


def _absent(claim: Claim, present: Present) -> tuple[Kind, Reason]:
    if present.elsewhere:
        versions = sorted({package.evr for package in present.elsewhere})
        return "theirs", Reason("other-version", f"{claim.version} is not here; here is {', '.join(versions[:3])}")
    if claim.package is None:
        given = claim.purl or claim.named
        return "unassessed", Reason("unknown-package", f"{given} is of a kind that is not known here")
    return "theirs", Reason("not-here", f"nothing here is called {claim.package.name}")
