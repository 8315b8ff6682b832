"""Why our answer is silent about a vulnerability that somebody else claims for a package that is here.

Nothing new is judged: what the match cleared, what it could not assess, and what the index says about other versions of
the package are looked up, the nearest evidence first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from oakum.advisories.index import Index, Record, Row
from oakum.findings import kernels
from oakum.findings.component_facts import names_to_ask
from oakum.findings.foreign.model import Claim, Kind, Reason
from oakum.findings.model import COMPONENTS, Cleared, Ground, Matched
from oakum.findings.origin import foreign
from oakum.findings.scopes import Advised, Scopes
from oakum.findings.spoken import Name, spoken
from oakum.findings.unassessed import UNKNOWN
from oakum.fleet.assets import Asset, Gap
from oakum.fleet.ecosystems import OS_TYPES
from oakum.fleet.packages import Package
from oakum.naming import listed
from oakum.versions import Unparsable

_RULES: Mapping[Ground, str] = {
    "vendor": "vendor-word",
    "owner": "owner",
    "fixed": "fix-installed",
    "withdrawn": "withdrawn",
    "platform": "other-platform",
    "build": "other-build",
}
#: Gaps about one package, or one vulnerability of it, whose ``what`` begins with its name.
_OF_PACKAGES = frozenset({"undetermined", "unusable-advisory", "unparsable-version", "vendor-build"})
Identity = tuple[str, str, str, str]


def identity(package: Package) -> Identity:
    """What makes a package the same in equal sets."""
    return package.type, package.name, package.evr, package.arch


class Silence:
    """What is known about one asset beside its findings."""

    def __init__(self, asset: Asset, matched: Matched, index: Index) -> None:
        self._asset = asset
        self._index = index
        self._scopes = Scopes(asset.packages.release, index)
        self._cleared: defaultdict[Identity, list[Cleared]] = defaultdict(list)
        for one in matched.cleared:
            self._cleared[identity(one.package)].append(one)
        self._gaps: defaultdict[str, list[Gap]] = defaultdict(list)
        for gap in matched.gaps:
            if gap.kind in _OF_PACKAGES:
                self._gaps[gap.what.partition(": ")[0].partition(" ")[0]].append(gap)

    def reason(self, claim: Claim, package: Package) -> tuple[Kind, Reason]:
        """Whether they alone say it or nothing can be said here, and why."""
        for one in self._cleared[identity(package)]:
            if names_of(one.record) & claim.names:
                return "theirs", Reason(_RULES[one.ground], one.why)
        if gap := self._undecided(claim, package):
            rule = "vendor-build" if gap.kind == "vendor-build" else "undecided"
            return "unassessed", Reason(rule, f"{gap.what}: {gap.why}")
        scope = self._scopes.of(package)
        where = self._scopes.advised(scope)
        if where is None:
            why = "the release is not known" if scope.endswith(UNKNOWN) else f"no imported source speaks about {scope}"
            return "unassessed", Reason("no-feed", why)
        if foreign(package, self._asset.packages.release):
            return "unassessed", Reason("foreign-package", f"built by {package.vendor}")
        if kernels.elsewhere(package, self._asset.host, image=self._asset.kind == "image") and package.type in OS_TYPES:
            return "theirs", Reason("kernel", f"{package.name} is not what runs here")
        return "theirs", self._other_versions(claim, package, where)

    def _undecided(self, claim: Claim, package: Package) -> Gap | None:
        for gap in self._gaps.get(package.name, ()):
            about, _, advisory = gap.what.partition(": ")
            versioned = about.partition(" ")[2]
            if versioned and versioned not in (package.version, package.evr):
                continue
            told = {advisory} if advisory else set(gap.why.replace("(", " ").replace(";", ",").split(" "))
            named = {word.strip(",:()") for word in told}
            if gap.kind == "unparsable-version" and not advisory:
                return gap
            if named & claim.names:
                return gap
        return None

    def _other_versions(self, claim: Claim, package: Package, where: Advised) -> Reason:
        """What the advisories for this package say about the vulnerability, if they name it."""
        found = list(self._rows(claim, package, where))
        fixed = [(row, record) for row, record, key in found if row.fix and row.high <= key]
        if fixed:
            row, record = max(fixed, key=lambda pair: pair[0].high)
            words = f"{record.advisory.id} ({record.source.name}): fixed in {row.fix}, and {package.evr} is installed"
            return Reason("fix-installed", words)
        for row, record, key in found:
            if not row.low <= key < row.high:
                words = f"{record.advisory.id} ({record.source.name}) does not name {package.evr}"
                return Reason("not-in-range", words)
        if found:
            _, record, _ = found[0]
            return Reason("not-in-range", f"what {record.advisory.id} ({record.source.name}) says is told by others")
        sources = [source.name for source in self._index.coverage(where.scope)]
        if claim.by_cpe:
            return Reason("by-cpe", f"matched by {claim.source or 'CPE'}; {listed(sources, 3)} do not name it")
        return Reason("not-named", f"{listed(sources, 3)} do not name it for {package.name}")

    def _rows(self, claim: Claim, package: Package, where: Advised) -> Iterator[tuple[Row, Record, bytes]]:
        for name, version, naming in self._spoken(package, where):
            key = where.order.key(version)
            if isinstance(key, Unparsable):
                continue
            for row in self._index.rules(where.scope, name, naming).rows:
                record = self._index.record(row.record)
                if record is not None and names_of(record) & claim.names:
                    yield row, record, key

    @staticmethod
    def _spoken(package: Package, where: Advised) -> Iterator[Name]:
        if where.scope == COMPONENTS:
            for name in names_to_ask(package.name):
                for naming in where.namings:
                    yield name, package.version, naming
        else:
            yield from spoken(package, where.namings)


def names_of(record: Record) -> set[str]:
    """Every name of what a record is about."""
    advisory = record.advisory
    return {advisory.id, *advisory.aliases, *advisory.cves}
