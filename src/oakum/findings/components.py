"""Match the components of a cluster: by component, by the node's operating system, and by whose build it is.

A record about Kubernetes says less than its text (see ``component_facts``), and a version says less than it seems to
(see ``vendor_builds``). What a vendor's bulletins say of its own builds stands in a scope of that vendor and is asked
for its builds alone. So a component is affected where the text and the versions say so and its build is upstream's,
a packaging of it, or one that its vendor's own records name; it is clear where the flaw needs another operating system
or its vendor says so; flaws of design stay open in every version; and below the fixed version a vendor's own build is
neither: what is missing is that vendor's word, which is one gap with the names of the vulnerabilities.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec

from oakum.advisories.index import Detail, Index, Record, Row, Rules, Statement
from oakum.advisories.model import NO_VERSIONS, Naming
from oakum.findings.component_facts import ComponentFact, concerned, fact_of, names_to_ask
from oakum.findings.model import COMPONENTS, Cleared, Ground, Hit
from oakum.findings.twins import denied, disagreement
from oakum.findings.vendor_builds import VENDORS, by_base, maker, untold
from oakum.fleet.assets import Gap
from oakum.fleet.packages import Package
from oakum.versions import Scheme, Unparsable, kubernetes

BY_DESIGN = "none by design"
_OTHERS = "it names builds by {}, and different vendors' fixes differ"

Entry = TypeVar("Entry", Row, Statement)


class Assessed(msgspec.Struct, frozen=True):
    """What the advisories say about one component; the lists are filled while it is assessed.

    ``statements`` are about it, have no versions, and are to be judged as those about any other package.
    """

    hits: list[Hit]
    cleared: list[Cleared]
    gaps: list[Gap]
    statements: list[Statement]


class _Said(msgspec.Struct, frozen=True):
    """What one record says about the component: its rows and statements under one name, and what its text adds."""

    record: Record
    rows: tuple[Row, ...]
    statements: tuple[Statement, ...]
    rules: Rules
    fact: ComponentFact
    withdrawn: bool
    #: Whether the maker of the component says it of its own builds.
    theirs: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return (self.record.advisory.id, *self.record.advisory.aliases)


def assess(package: Package, index: Index, order: Scheme, namings: tuple[Naming, ...], platform: str = "") -> Assessed:
    """Everything that the index says about one component.

    ``platform`` is the operating system of its node ("linux", "windows", "" where it is not known).
    """
    found = Assessed([], [], [], [])
    said = list(_said(package, index, COMPONENTS, namings))
    if theirs := bulletins_of(package):
        said.extend(_said(package, index, theirs, index.namings(theirs), theirs=True))
    for one in said:
        if one.fact.by_design and not one.withdrawn:
            found.hits.append(_by_design(package, one, index))
        elif not one.withdrawn:
            found.statements.extend(each for each in one.statements if index.detail(each.detail).reason != NO_VERSIONS)
    key = order.key(package.version)
    if isinstance(key, Unparsable):
        remedy = "find out which version runs, and correct it in the inventory"
        found.gaps.append(Gap("unparsable-version", f"{package.name} {package.version}", key.why, remedy))
        return found
    _Versions(package, key, index, order, platform, found).judge(
        [one for one in said if (one.rows or one.theirs) and (one.withdrawn or not one.fact.by_design)]
    )
    return found


def bulletins_of(package: Package) -> str:
    """The scope of the bulletins of whoever made a component's build; "" where there is none."""
    made_by = maker(package)
    return VENDORS[made_by].scope if made_by in VENDORS else ""


def _said(
    package: Package, index: Index, scope: str, namings: tuple[Naming, ...], *, theirs: bool = False
) -> Iterator[_Said]:
    """Every record of a scope that is about the component, once."""
    seen: set[int] = set()
    for name in names_to_ask(package.name):
        for naming in namings:
            rules = index.rules(scope, name, naming)
            rows = _by_record(rules.rows)
            statements = _by_record(rules.statements)
            for number in rows | statements:
                held = index.record(number)
                record = held or index.withdrawn(number)
                if record is None or number in seen:
                    continue
                fact = fact_of((record.advisory.id, *record.advisory.aliases))
                if concerned(package.name, name, fact):
                    seen.add(number)
                    yield _Said(
                        record,
                        tuple(rows.get(number, ())),
                        tuple(statements.get(number, ())),
                        rules,
                        fact,
                        withdrawn=held is None,
                        theirs=theirs,
                    )


def _by_record(entries: Iterable[Entry]) -> dict[int, list[Entry]]:
    grouped: dict[int, list[Entry]] = {}
    for entry in entries:
        grouped.setdefault(entry.record, []).append(entry)
    return grouped


def _by_design(package: Package, one: _Said, index: Index) -> Hit:
    """A flaw that no version fixes, whatever versions its record names."""
    number = one.rows[0].detail if one.rows else one.statements[0].detail
    detail = msgspec.structs.replace(index.detail(number), state=BY_DESIGN, state_class="will-not-fix", reason="")
    notes = (f"no version will fix it; mitigation: {one.fact.by_design} ({one.fact.source})", *_condition(one.fact))
    return Hit(package, COMPONENTS, package.name, package.version, one.record, detail, "", notes)


class _Versions:
    """The records with versions about one component whose version has a key."""

    def __init__(
        self, package: Package, key: bytes, index: Index, order: Scheme, platform: str, found: Assessed
    ) -> None:
        self._package = package
        self._key = key
        self._index = index
        self._order = order
        self._platform = platform
        self._found = found
        self._maker = maker(package)
        #: Where an interval ends whose last affected version is the one that this build is made of.
        self._last_of_base = self._sortable(kubernetes.base(package.version)) + b"\0"
        self._untold: dict[str, str] = {}  # id of a record -> why it cannot be told

    def judge(self, said: list[_Said]) -> None:
        own: dict[str, list[_Said]] = {}
        for one in said:
            if self._maker and not one.withdrawn and (one.theirs or self._speaks_of_theirs(one)):
                for name in one.names:
                    own.setdefault(name, []).append(one)
        for one in said:
            self._record(one, own)
        self._gap()

    def _speaks_of_theirs(self, one: _Said) -> bool:
        return any(_builder(row.fix) == self._maker for row in one.rows)

    def _record(self, one: _Said, own: dict[str, list[_Said]]) -> None:
        row = self._holding(one)
        announced = self._announced(one)
        beside = self._beside(one)
        if row is None and announced is None and not beside:
            return
        detail = self._index.detail((row or one.rows[0]).detail)
        if closed := self._closed(one, detail):
            self._clear(one.record, *closed)
            return
        fix = self._later(row.fix if row else "", announced)
        if self._maker is not None and self._left_to_maker(one, row, fix, beside, own):
            return
        notes = (*_condition(one.fact), *self._doubts(one, row, fix))
        if row is not None and one.rules.shared:
            notes += disagreement(one.record, row, self._key, one.rules, self._order, self._index)
        package = self._package
        self._found.hits.append(Hit(package, COMPONENTS, package.name, package.version, one.record, detail, fix, notes))

    def _closed(self, one: _Said, detail: Detail) -> tuple[str, Ground] | None:
        """Why, and by what, a record whose versions hold this one is not about it; None where it is."""
        if one.withdrawn:
            return f"{one.record.source.name} withdrew it on {one.record.advisory.withdrawn[:10]}", "withdrawn"
        if one.fact.windows and self._platform not in ("", "windows"):
            words = f"it concerns Windows nodes only ({one.fact.source}); this node runs {self._platform}"
            return words, "platform"
        why = denied(one.record, detail, one.rules, self._index)
        return (why, "vendor") if why else None

    def _left_to_maker(self, one: _Said, row: Row | None, fix: str, beside: str, own: dict[str, list[_Said]]) -> bool:
        """Whether this record cannot decide about a maker's build: that maker has decided, or alone can."""
        builder = self._maker if one.theirs else _builder(row.fix) if row else None
        if builder == self._maker and not beside:
            return False
        theirs = [other for name in one.names for other in own.get(name, ()) if other is not one]
        if any(self._holding(other) for other in theirs):
            return True  # the maker's own record is the finding
        for other in theirs:
            denial = next((each for each in other.statements if self._denies(each)), None)
            if denial is not None:
                said = f"{other.record.source.name} says {self._index.detail(denial.detail).reason}"
                self._clear(one.record, said, "vendor")
                return True
            fixes = [each.fix for each in other.rows if each.fix and each.high <= self._key]
            if fixes and not self._beside(other):
                newest = max(fixes, key=self._sortable)
                said = f"{other.record.source.name} says of {other.record.advisory.id}"
                self._clear(one.record, f"{said} that {newest} has the fix, which is installed", "fixed")
                return True
        if why := beside or self._only_they(builder, fix):
            self._untold[one.record.advisory.id] = why
        return bool(why)

    def _denies(self, statement: Statement) -> bool:
        return not statement.why and self._index.detail(statement.detail).state_class == "not-affected"

    def _only_they(self, builder: str | None, fix: str) -> str:
        """Why only the maker could tell whether its build holds a fix; empty where its base tells."""
        if builder is not None:
            return _OTHERS.format(builder or "somebody unknown")
        if by_base(self._maker):
            return ""
        return f"fixed upstream in {fix}" if fix else "not fixed upstream"

    def _beside(self, one: _Said) -> str:
        """A word where a fix is another build of this very version: in neither order does it say anything."""
        if self._order.apart is None or self._maker is None:
            return ""
        for row in one.rows:
            if row.fix and row.low <= self._key and self._order.apart(self._package.version, row.fix):
                if (builder := _builder(row.fix)) == self._maker and builder:
                    return f"it names {row.fix}, and nothing tells which of the two is newer"
                return _OTHERS.format(builder or "somebody unknown")
        return ""

    def _gap(self) -> None:
        """What only the maker of the build could tell, as one gap."""
        made_by = self._maker
        if made_by == "" or (made_by and self._untold):
            what = "; ".join(f"{name}: {why}" for name, why in sorted(self._untold.items()))
            self._found.gaps.append(untold(self._package, made_by, what))

    def _holding(self, one: _Said) -> Row | None:
        """The row that holds this version; a last affected version holds every build of it."""
        high = self._last_of_base
        return next(
            (row for row in one.rows if row.low <= self._key and (self._key < row.high or row.high == high)), None
        )

    def _announced(self, one: _Said) -> str | None:
        """The fixed version of the announced interval that holds this version ("" for none); None where none does.

        Announcements are upstream's: they add nothing to what a vendor says about its own builds.
        """
        if one.theirs or any(_builder(row.fix) is not None for row in one.rows):
            return None
        for low, fixed in one.fact.announced:
            if (not low or self._sortable(low) <= self._key) and (not fixed or self._key < self._sortable(fixed)):
                return fixed
        return None

    def _later(self, fix: str, announced: str | None) -> str:
        return max(fix, announced or "", key=self._sortable)

    def _sortable(self, version: str) -> bytes:
        key = self._order.key(version)
        return b"" if isinstance(key, Unparsable) else key

    def _doubts(self, one: _Said, row: Row | None, fix: str) -> Iterator[str]:
        if one.fact.windows and not self._platform:
            yield "concerns Windows nodes only, and the operating system of this node is not known"
        if row is None or row.fix != fix:
            named = f"names {row.fix or 'no fix'}" if row else "does not name this version"
            yield f"its record {named}, its announcement does otherwise ({one.fact.source})"

    def _clear(self, record: Record, why: str, ground: Ground) -> None:
        self._found.cleared.append(Cleared(self._package, record, why, ground=ground))


def _builder(fix: str) -> str | None:
    """Whose build a fixed version is: None for upstream's own, and where there is no fix; "" for nobody known."""
    named = kubernetes.vendor(fix) if fix else None
    return named if named is None or named in VENDORS else ""


def _condition(fact: ComponentFact) -> tuple[str, ...]:
    return (f"applies only where {fact.condition}",) if fact.condition else ()
