"""What is evidence that a finding has ended, now that a scan does not show it.

A match says what is affected. That something is no longer said may mean that it was fixed, or that a feed is missing,
too old, unreadable or shrunk, or that the package could not be read: only the first is good news. So whatever said it
before must still speak, about this very vulnerability of this very package, and say something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set

from oakum.advisories.index import Index, Record
from oakum.advisories.model import Naming
from oakum.findings import kernels
from oakum.findings.component_facts import names_to_ask
from oakum.findings.go_modules import STAGING
from oakum.findings.history.model import Ending, Item
from oakum.findings.model import COMPONENTS, Cleared, Matched
from oakum.findings.origin import foreign
from oakum.findings.scopes import Advised, Scopes
from oakum.findings.spoken import Name, spoken
from oakum.fleet.assets import Asset
from oakum.fleet.ecosystems import OS_TYPES
from oakum.fleet.packages import Package
from oakum.versions import Unparsable

#: Gaps of an asset that leave open whether a package is there.
_UNREAD = frozenset({"incomplete-inventory", "unread-image", "unread-node", "unread-objects", "unknown-component"})


class Evidence:
    """What one asset and what is known now say of what a scan no longer shows.

    ``distrusted`` are sources whose word does not count now (too old, records that could not be read), each with why.
    """

    def __init__(self, asset: Asset, matched: Matched, index: Index, distrusted: Mapping[str, str]) -> None:
        self._asset = asset
        self._matched = matched
        self._index = index
        self._distrusted = distrusted
        self._scopes = Scopes(asset.packages.release, index)

    def ending(self, item: Item) -> Ending:
        """The fate of one item."""
        names = {item.called, *item.names}
        packages = [one for one in self._asset.packages.packages if (one.type, one.name) == (item.type, item.package)]
        if any(self._stands(hit.package, hit.record, item, names) for hit in self._matched.hits):
            return Ending("stands", "")
        if not packages:
            return self._removed(item)
        if why := next((f"{name} {self._distrusted[name]}" for name in item.sources if name in self._distrusted), ""):
            return Ending("unknown", why)
        if why := self._gap(item, names):
            return Ending("unknown", why)
        fates = [self._of(package, item, names) for package in packages]
        # Of several versions of one package, each needs its evidence.
        return next((fate for fate in fates if fate.fate == "unknown"), fates[0])

    def _stands(self, package: Package, record: Record, item: Item, names: Set[str]) -> bool:
        return (package.type, package.name) == (item.type, item.package) and _is(record, names)

    def _removed(self, item: Item) -> Ending:
        gap = next((gap for gap in self._asset.gaps if gap.kind in _UNREAD), None)
        if gap is not None:
            return Ending("unknown", f"{gap.what}: {gap.why}")
        if not any(one.type == item.type for one in self._asset.packages.packages):
            # A database that is not there, or a tool that does not look for them, says as much as this.
            return Ending("unknown", f"no {item.type} package of it was read")
        return Ending("removed", f"{item.package} is no longer installed")

    def _gap(self, item: Item, names: Set[str]) -> str:
        for gap in self._matched.gaps:
            what, colon, about = gap.what.partition(": ")
            its = what == item.package or what.startswith(f"{item.package} ")
            if its and (not colon or about in names or " " in about):
                return f"{gap.what}: {gap.why}"
        return ""

    def _of(self, package: Package, item: Item, names: Set[str]) -> Ending:
        scope = self._scopes.of(package)
        where = self._scopes.advised(scope)
        if where is None:
            return Ending("unknown", f"no imported source speaks about {scope}")
        if whose := foreign(package, self._asset.packages.release):
            return Ending("unknown", f"{package.name} is now built by {whose}")
        speaking = {source.name for source in self._index.coverage(where.scope)}
        if missing := sorted(set(item.sources) - speaking):
            return Ending("unknown", f"{', '.join(missing)} said so, and no longer speaks about {scope}")
        image, host = self._asset.kind == "image", self._asset.host
        if package.type in OS_TYPES and kernels.elsewhere(package, host, image=image):
            return Ending("not-running", "another kernel runs") if host is not None else Ending("unknown", "no kernel")
        if (cleared := self._cleared(package, names, item.sources)) is not None:
            return cleared
        return self._by_version(package, item, names, where)

    def _cleared(self, package: Package, names: Set[str], sources: Iterable[str]) -> Ending | None:
        found = [one for one in self._matched.cleared if one.package == package and _is(one.record, names)]
        if not set(sources) <= {one.record.source.name for one in found}:
            return None
        for one in found:
            if one.ground != "withdrawn":
                return Ending("fixed" if one.ground == "fixed" else "not-affected", one.why)
        return self._withdrawn(found)

    def _withdrawn(self, found: Iterable[Cleared]) -> Ending | None:
        for one in found:
            advisory = one.record.advisory
            for cve in (advisory.id, *advisory.aliases, *advisory.cves):
                enrichment = self._index.intel(cve).enrichment
                if enrichment is not None and enrichment[0].state == "REJECTED":
                    return Ending("rejected", f"{cve} was rejected; {one.why}")
            return Ending("withdrawn", one.why)
        return None

    def _by_version(self, package: Package, item: Item, names: Set[str], where: Advised) -> Ending:
        """The same records still stand, and the version is outside of all of them."""
        held: dict[str, str] = {}
        for name, version, naming in _asked(package, where.namings):
            key = where.order.key(version)
            if isinstance(key, Unparsable):
                return Ending("unknown", f"{package.name} {version}: {key.why}")
            for row in self._index.rules(where.scope, name, naming).rows:
                standing = self._index.record(row.record)
                record = standing or self._index.withdrawn(row.record)
                if record is None or not _is(record, names):
                    continue
                # Components and staged modules are compared in ways of their own, by the match alone.
                holds = row.low <= key < row.high and name not in STAGING and package.type != COMPONENTS
                if standing is not None and holds:
                    return Ending("unknown", f"{record.advisory.id} ({record.source.name}) still names {version}")
                fixed = f": fixed in {row.fix}" if row.fix else ""
                held[record.source.name] = f"{record.advisory.id} ({record.source.name}){fixed}"
        if missing := sorted(set(item.sources) - held.keys()):
            return Ending("unknown", f"{', '.join(missing)} said so, and no longer says anything of it")
        said = "; ".join(sorted(held.values()))
        if package.evr in item.version.split(", "):
            return Ending("not-affected", f"{said}; this no longer holds {package.evr}")
        return Ending("fixed", f"{package.evr} is installed; {said}")


def _asked(package: Package, namings: tuple[Naming, ...]) -> Iterator[Name]:
    if package.type == COMPONENTS:
        yield from ((name, package.version, how) for name in names_to_ask(package.name) for how in namings)
    else:
        yield from spoken(package, namings)


def _is(record: Record, names: Set[str]) -> bool:
    advisory = record.advisory
    return not names.isdisjoint((advisory.id, *advisory.aliases))
