"""Build the index from the facts of all sources.

Parsers keep what vendors say; here it becomes what can be looked up: scopes and names resolved, events turned into
intervals of keys, everything that cannot be evaluated kept beside its package with the reason, so that a look-up can
never mistake it for silence.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from oakum.advisories.index.ranges import intervals
from oakum.advisories.index.schema import FORMAT, TABLES
from oakum.advisories.index.state import Import
from oakum.advisories.model import (
    Advisory,
    Affected,
    Enrichment,
    Epss,
    Exploited,
    Fact,
    Lifecycle,
    Naming,
    Severity,
)
from oakum.fleet.distributions import distribution
from oakum.fleet.names import canonical
from oakum.versions import Scheme, scheme

#: A scope that a source speaks about, from when and until when.
Spoken = tuple[str, str, str]
INTEL: dict[type, str] = {Exploited: "kev", Epss: "epss", Enrichment: "vulnrichment"}


class Recorded(msgspec.Struct, frozen=True):
    """A fact with the time (RFC 3339 UTC) at which it was recorded, and at which it ended ("" while it holds)."""

    fact: Fact
    since: str = ""
    until: str = ""


class SourceFacts(msgspec.Struct, kw_only=True):
    """One source with its facts; ``as_of`` is the publisher's date, ``recorded`` when this copy was imported.

    ``imports`` are all its imports, this one too, where a store keeps them: by them a past state is named.
    """

    name: str
    format: str
    as_of: str = ""
    recorded: str = ""
    digest: str = ""
    problems: int = 0
    imports: tuple[Import, ...] = ()
    facts: Iterable[Recorded]


class Detail(msgspec.Struct, frozen=True, array_like=True):
    """What a range says beside its bounds: see ``oakum.advisories.model.Affected``."""

    channel: str = ""
    module: str = ""
    arches: tuple[str, ...] = ()
    state: str = ""
    state_class: str = "affected"
    reason: str = ""
    severities: tuple[Severity, ...] = ()


def build(connection: sqlite3.Connection, sources: Iterable[SourceFacts], *, digest: str = "") -> None:
    """Write the index into an empty database; the caller opens it, commits nothing itself, and moves it into place."""
    connection.executescript(TABLES)
    builder = _Builder(connection)
    with connection:
        for number, source in enumerate(sources, start=1):
            builder.source(number, source)
        builder.finish(digest)
    connection.execute("ANALYZE")


class _Builder:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._write = connection.executemany
        self._encode = msgspec.msgpack.Encoder().encode
        self._packages: dict[tuple[str, str, Naming], int] = {}
        self._details: dict[bytes, int] = {}
        self._schemes: dict[str, Scheme | None] = {}
        self._records = 0
        # Package -> name of a vulnerability -> the record that used it first; packages in which two use one name.
        self._names: defaultdict[int, dict[str, int]] = defaultdict(dict)
        self._shared: set[int] = set()
        # Packages that some record names without a usable range.
        self._stated: set[int] = set()

    def source(self, number: int, source: SourceFacts) -> None:
        coverage: Counter[Spoken] = Counter()
        count = 0

        def rows() -> Iterator[tuple[object, ...]]:
            nonlocal count
            for one in source.facts:
                count += 1
                if isinstance(one.fact, Advisory):
                    yield self._advisory(number, one, one.fact, coverage)
                elif isinstance(one.fact, Lifecycle):
                    self._write(
                        "INSERT OR REPLACE INTO lifecycles VALUES (?, ?, ?, ?, ?, ?)",
                        [
                            (
                                one.fact.product,
                                one.fact.cycle,
                                number,
                                one.since,
                                one.until,
                                self._encode(one.fact),
                            )
                        ],
                    )
                else:
                    self._write(
                        "INSERT OR REPLACE INTO intel VALUES (?, ?, ?, ?, ?, ?)",
                        [
                            (
                                one.fact.cve,
                                INTEL[type(one.fact)],
                                number,
                                one.since,
                                one.until,
                                self._encode(one.fact),
                            )
                        ],
                    )

        self._write("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)", rows())
        spoken = [(scope, number, since, until, n) for (scope, since, until), n in coverage.items()]
        self._write("INSERT INTO coverage VALUES (?, ?, ?, ?, ?)", spoken)
        self._write(
            "INSERT INTO sources VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    number,
                    source.name,
                    source.format,
                    source.as_of,
                    source.recorded,
                    source.digest,
                    source.imports[-1].facts if source.imports else count,
                    source.problems,
                )
            ],
        )
        self._write(
            "INSERT INTO imports VALUES (?, ?, ?, ?, ?, ?)",
            [(number, *msgspec.structs.astuple(one)) for one in source.imports],
        )

    def finish(self, digest: str) -> None:
        self._write(
            "INSERT INTO packages VALUES (?, ?, ?, ?, ?, ?)",
            [(*key, id_, id_ in self._shared, id_ in self._stated) for key, id_ in self._packages.items()],
        )
        self._write("INSERT INTO details VALUES (?, ?)", [(id_, body) for body, id_ in self._details.items()])
        self._write("INSERT INTO meta VALUES (?, ?)", [("format", FORMAT), ("digest", digest)])

    def _advisory(
        self, source: int, one: Recorded, advisory: Advisory, coverage: Counter[Spoken]
    ) -> tuple[object, ...]:
        self._records += 1
        ranges: list[tuple[object, ...]] = []
        statements: list[tuple[int, int, int, str]] = []
        for affected in advisory.affected:
            coverage[affected.scope, one.since, one.until] += 1
            self._affected(affected, ranges, statements)
            names = self._names[self._package(affected)]
            for name in (advisory.id, *advisory.aliases, *advisory.cves):
                if names.setdefault(name, self._records) != self._records:
                    self._shared.add(self._package(affected))
        if ranges:
            self._write("INSERT OR IGNORE INTO ranges VALUES (?, ?, ?, ?, ?, ?)", ranges)
        if statements:
            self._stated.update(package for package, *_ in statements)
            self._write("INSERT OR IGNORE INTO statements VALUES (?, ?, ?, ?)", statements)
        body = self._encode(msgspec.structs.replace(advisory, affected=()))
        return self._records, source, body, advisory.published, advisory.withdrawn, one.since, one.until

    def _affected(
        self, affected: Affected, ranges: list[tuple[object, ...]], statements: list[tuple[int, int, int, str]]
    ) -> None:
        package = self._package(affected)
        detail = self._detail(affected)
        order = self._scheme(affected.scope)
        if affected.state_class in ("not-affected", "undetermined"):
            statements.append((package, self._records, detail, ""))
            return
        if order is None:
            statements.append((package, self._records, detail, f"no order of versions is known for {affected.scope!r}"))
            return
        found, unusable = intervals(affected, order)
        ranges.extend((package, part.low, part.high, self._records, detail, part.fix) for part in found)
        statements.extend((package, self._records, detail, part.why) for part in unusable)

    def _package(self, affected: Affected) -> int:
        name = canonical(affected.scope.partition(":")[0], affected.package)
        key = (affected.scope, name, affected.naming)
        return self._packages.setdefault(key, len(self._packages) + 1)

    def _detail(self, affected: Affected) -> int:
        detail = Detail(
            affected.channel, affected.module, affected.arches, affected.state, affected.state_class, affected.reason,
            affected.severities,
        )  # fmt: skip
        return self._details.setdefault(self._encode(detail), len(self._details) + 1)

    def _scheme(self, scope: str) -> Scheme | None:
        product = scope.partition(":")[0]
        if product not in self._schemes:
            self._schemes[product] = scheme_of_scope(scope)
        return self._schemes[product]


def scheme_of_scope(scope: str) -> Scheme | None:
    """How the versions of a scope ("debian:12", "golang", "root:debian:12") are ordered."""
    for name in scope.split(":")[:2]:
        known = distribution(name)
        if (order := scheme(known.type if known else name)) is not None:
            return order
    return None
