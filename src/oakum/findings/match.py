"""Match one package set with the index.

For each package: which scope speaks of it, under which name and version, which rows hold that version, and which of
those are about this build. What no rule could decide becomes a gap; a package never drops out without a word.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from oakum.advisories.index import Index, Record, Row, Rules, Statement, scheme_of_scope
from oakum.advisories.model import Naming
from oakum.findings import kernels, series, unassessed
from oakum.findings.builds import epoch_unstated, other_build, unproven
from oakum.findings.errata import no_vulnerability
from oakum.findings.go_modules import STAGING, affecting, staged_key
from oakum.findings.model import COMPONENTS, Cleared, Coverage, Ground, Hit, Matched
from oakum.findings.origin import foreign
from oakum.findings.ownership import settle
from oakum.findings.releaseless import releaseless
from oakum.findings.scopes import Advised, Scopes
from oakum.findings.spoken import spoken
from oakum.findings.streams import about, fixed_in_line, other_kind, speaks, stream_unnamed
from oakum.findings.twins import denied, disagreement
from oakum.findings.vendor_builds import VENDORS, rebuilt
from oakum.fleet.assets import Gap, Host, Kind
from oakum.fleet.ecosystems import OS_TYPES
from oakum.fleet.packages import Package, PackageSet
from oakum.fleet.products import PRODUCT_TYPES
from oakum.versions import Unparsable
from oakum.versions.schemes import Apart


def match(
    packages: PackageSet, index: Index, *, kind: Kind = "sbom", host: Host | None = None, platform: str = ""
) -> Matched:
    """Everything that the index says about a package set.

    ``kind`` and ``host`` decide about kernels only: an image has none of its own, a machine runs one. ``platform`` is
    the operating system of the node ("linux", "windows", "" where it is not known): it decides about components of
    Kubernetes only.
    """
    return _Matching(packages, index, kind, host, platform).run()


def match_part(packages: PackageSet, index: Index, *, kind: Kind = "sbom", host: Host | None = None) -> Matched:
    """As ``match`` for a part of a set that no other part has a say in; what is said of sets as a whole is left out."""
    return _Matching(packages, index, kind, host, "").part()


def outline(packages: PackageSet, index: Index, *, host: Host | None = None) -> Matched:
    """As ``match``, and only what is said of a set as a whole: its coverage, and whom nobody speaks about."""
    return _Matching(packages, index, "sbom", host, "").outline()


class _Matching:
    def __init__(self, packages: PackageSet, index: Index, kind: Kind, host: Host | None, platform: str) -> None:
        self._packages = packages
        self._index = index
        self._image = kind == "image"
        self._host = host
        self._platform = platform
        self._hits: list[Hit] = []
        self._cleared: list[Cleared] = []
        self._gaps: list[Gap] = []
        self._seen: Counter[str] = Counter()
        self._assessed: Counter[str] = Counter()
        self._unscoped: defaultdict[str, list[str]] = defaultdict(list)
        self._vendors: set[str] = set()
        self._foreign: defaultdict[str, list[str]] = defaultdict(list)
        self._sourceless: defaultdict[str, list[str]] = defaultdict(list)
        self._scopes = Scopes(packages.release, index)
        self._os_scope = self._scopes.system

    def run(self) -> Matched:
        """The whole set."""
        self._each()
        if COMPONENTS in self._seen:
            from oakum.findings.unversioned import unversioned

            self._gaps.extend(unversioned(self._packages, self._index))
        self._gaps.extend(releaseless(self._packages, self._index))
        return self._whole()

    def part(self) -> Matched:
        """Only what is said of single packages."""
        self._each()
        self._gaps.extend(releaseless(self._packages, self._index))
        return Matched(tuple(self._hits), tuple(self._cleared), tuple(self._gaps), ())

    def outline(self) -> Matched:
        """Only what is said of the set as a whole."""
        for package in self._all():
            self._place(package)
        return self._whole()

    def _all(self) -> Iterator[Package]:
        yield from self._packages.packages
        yield from kernels.replaced(self._packages.packages, self._host)

    def _each(self) -> None:
        for package in self._all():
            self._package(package)
        self._settle()
        if not VENDORS.keys().isdisjoint(self._vendors):
            self._hits, gaps = rebuilt(self._hits)
            self._gaps.extend(gaps)

    def _whole(self) -> Matched:
        coverage = tuple(
            Coverage(scope, count, self._assessed[scope], self._sources(scope))
            for scope, count in sorted(self._seen.items())
        )
        self._gaps.extend(unassessed.systems(self._packages))
        self._gaps.extend(unassessed.vendors(self._foreign, self._os_scope))
        self._gaps.extend(unassessed.sourceless(self._sourceless))
        if any(package.type in OS_TYPES for package in self._packages.packages):
            # The packages of the system are judged one by one (Red Hat CoreOS has an rpm database): nobody need speak
            # of it as a whole.
            for type_ in PRODUCT_TYPES:
                self._unscoped.pop(type_, None)
        self._gaps.extend(unassessed.scopes(self._unscoped, self._packages.release, self._os_scope))
        return Matched(tuple(self._hits), tuple(self._cleared), tuple(self._gaps), coverage)

    def _settle(self) -> None:
        """Files of a language ecosystem that an OS package owns are judged by the distribution."""
        if self._os_scope and any(hit.package.path and hit.package.type not in OS_TYPES for hit in self._hits):
            installed = {each.name: each for each in self._packages.packages if each.type in OS_TYPES}
            settled = settle(self._hits, installed, self)
            self._hits = settled.hits
            self._cleared.extend(settled.cleared)
            self._gaps.extend(settled.gaps)

    def speaking_of(self, package: Package) -> Iterator[int]:
        """The records that judge this build of an OS package: those that hit it, and those that speak of its line."""
        where = self._scopes.advised(self._os_scope)
        for name, version, naming in spoken(package, where.namings) if where is not None else ():
            assert where is not None
            rules, key = self._index.rules(where.scope, name, naming), where.order.key(version)
            for row in rules.rows:
                hit = not isinstance(key, Unparsable) and row.low <= key < row.high
                if speaks(package, row, self._index.detail(row.detail), hit=hit):
                    yield row.record
            for each in rules.statements:
                if not each.why and about(package, self._index.detail(each.detail)):
                    yield each.record

    def record(self, number: int) -> Record | None:
        """A record of the index."""
        return self._index.record(number)

    def _sources(self, scope: str) -> tuple[str, ...]:
        where = self._scopes.advised(scope)
        return tuple(source.name for source in self._index.coverage(where.scope)) if where else ()

    def _place(self, package: Package) -> Advised | None:
        """Whose advisories speak about a package; None, and counted among those of its kind, where nobody's do."""
        scope = self._scopes.of(package)
        self._seen[scope] += 1
        where = self._scopes.advised(scope)
        if where is None:
            self._unscoped[scope].append(package.name)
            return None
        if package.vendor:
            self._vendors.add(package.vendor)
        if (package.vendor or package.channel) and (whose := foreign(package, self._packages.release)):
            self._foreign[whose].append(package.name)
            return None
        if package.type in OS_TYPES and not package.source and any(naming != "binary" for naming in where.namings):
            # Its own name is still looked for: what is found under it is true.
            self._sourceless[scope].append(package.name)
        else:
            self._assessed[scope] += 1
        return where

    def _package(self, package: Package) -> None:
        where = self._place(package)
        if where is None:
            if package.type == COMPONENTS:
                self._component(package, None)
            return
        if package.type in OS_TYPES:
            if kernels.elsewhere(package, self._host, image=self._image):
                return
        elif package.type == COMPONENTS:
            self._component(package, where)
            return
        if series.apart(package, where.scope):
            self._series(package, where)
        hit: set[Naming] = set()
        for name, version, naming in spoken(package, where.namings):
            if naming in hit:
                # A feed that names this very package speaks of binaries: what it says of its source is another's.
                continue
            rules = self._index.rules(where.scope, name, naming)
            if (rules.rows or rules.statements) and self._compare(package, where, name, version, rules):
                hit.add(naming)

    def _series(self, package: Package, where: Advised) -> None:
        """A build of whose series no source speaks: that it is above every fix of the others says nothing."""
        rows = self._index.rules(where.scope, package.name, "binary").rows
        if why := series.unspoken(package, rows):
            what = f"{package.name} {package.version}"
            self._gap("no-feed", what, why, "sync a source that speaks about it: oakum feeds sync --list names them")

    def _component(self, package: Package, where: Advised | None) -> None:
        """A component of Kubernetes: what its version says depends on its vendor and its node.

        Where nobody speaks of Kubernetes (a gap), its vendor's bulletins still may of its own builds.
        """
        from oakum.findings.components import assess, bulletins_of

        order = where.order if where is not None else scheme_of_scope(COMPONENTS)
        if order is None or (where is None and not self._index.coverage(bulletins_of(package))):
            return
        found = assess(package, self._index, order, where.namings if where is not None else (), self._platform)
        self._hits.extend(found.hits)
        self._cleared.extend(found.cleared)
        self._gaps.extend(found.gaps)
        for statement in found.statements:
            self._statement(package, statement)

    def _compare(self, package: Package, where: Advised, name: str, version: str, rules: Rules) -> bool:
        """Whether the package was hit, or cannot be compared at all."""
        staged = name in STAGING
        key = staged_key(version, where.order) if staged else where.order.key(version)
        if isinstance(key, Unparsable):
            self._gap(
                "unparsable-version", f"{package.name} {version}", key.why, "correct the version in the inventory"
            )
            return True
        before = len(self._hits)
        rows = affecting(version, key, rules, where.order) if staged else rules.affecting(key)
        if where.order.apart is not None:
            rows = self._comparable(package, version, key, rows, rules, where.order.apart)
        for row in rows:
            self._row(package, where, name, version, key, row, rules)
        for statement in rules.statements:
            self._statement(package, statement)
        return len(self._hits) > before

    def _comparable(
        self, package: Package, version: str, key: bytes, rows: list[Row], rules: Rules, apart: Apart
    ) -> list[Row]:
        """The rows that hold the version, without those whose fix is a build that it cannot be compared with."""
        unclear = {}
        for row in rules.rows:
            if row.fix and row.low <= key and (why := apart(version, row.fix)):
                unclear[row] = why
        for row, why in unclear.items():
            if record := self._index.record(row.record):
                what = f"{package.name} {version}: {record.advisory.id}"
                self._gap("unparsable-version", what, why, "ask the vendor of this build whether it holds the fix")
        return [row for row in rows if row not in unclear]

    def _row(
        self, package: Package, where: Advised, name: str, version: str, key: bytes, row: Row, rules: Rules
    ) -> None:
        record = self._index.record(row.record)
        if record is None:
            if gone := self._index.withdrawn(row.record):
                why = f"{gone.source.name} withdrew it on {gone.advisory.withdrawn[:10]}"
                self._cleared.append(Cleared(package, gone, why, ground="withdrawn"))
            return
        detail = self._index.detail(row.detail)
        why = ""
        ground: Ground = "vendor"
        notes: tuple[str, ...] = ()
        if package.type in OS_TYPES:
            # Errata, module streams, architectures, channels and epochs are the distributions' own.
            if why := no_vulnerability(record.advisory):
                ground = "vendor"
            elif why := other_build(package, row.fix, detail) or other_kind(package, row, rules, self._index):
                ground = "build"
            elif fixed := fixed_in_line(package, key, row, rules, where.order, self._index, where.scope):
                of = f" of channel {fixed.channel}" if fixed.channel else ""
                why, ground = f"{fixed.version}{of} or newer is installed", "fixed"
            elif unnamed := stream_unnamed(package, key, row, rules, where.order, self._index):
                what = f"{package.name} {package.evr}: {record.advisory.id}"
                self._gap("undetermined", what, unnamed, "name the module stream in the inventory, or decide by hand")
                return
            notes = epoch_unstated(package, version, row.fix, where.order)
            if detail.module or package.module:
                notes += unproven(package, row.fix, detail)
        elif package.type in PRODUCT_TYPES and (why := other_build(package, row.fix, detail)):
            ground = "build"
        if not why and where.several and rules.shared:
            why = denied(record, detail, rules, self._index)
            notes += disagreement(record, row, key, rules, where.order, self._index)
        if why:
            self._cleared.append(Cleared(package, record, why, fixed=ground == "fixed", ground=ground))
            return
        self._hits.append(Hit(package, where.scope, name, version, record, detail, row.fix, notes))

    def _statement(self, package: Package, statement: Statement) -> None:
        record = self._index.record(statement.record)
        if record is None:
            return
        detail = self._index.detail(statement.detail)
        if package.type in OS_TYPES and not about(package, detail):
            return
        if statement.why:
            self._gap(
                "unusable-advisory",
                f"{package.name}: {record.advisory.id}",
                f"{record.source.name}: {statement.why}",
                "read the advisory and decide by hand",
            )
        elif detail.state_class == "undetermined":
            self._gap(
                "undetermined",
                f"{package.name}: {record.advisory.id}",
                f"{record.source.name} says {detail.state or 'undetermined'}",
                "wait for the vendor's decision, or decide by hand",
            )
        else:
            reason = f": {detail.reason}" if detail.reason else ""
            self._cleared.append(Cleared(package, record, f"{record.source.name} says {detail.state}{reason}"))

    def _gap(self, kind: str, what: str, why: str, remedy: str) -> None:
        self._gaps.append(Gap(kind, what, why, remedy))
