"""Read the index: what is known about a package, which vulnerability facts belong to a CVE, and how old it all is.

The rows of one package are fetched once and kept as two arrays sorted by key, so that a bulk match costs a bisection a
package. Everything here is as of a time: a fact counts if it was recorded and not yet superseded then.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right

import msgspec

from oakum.advisories.index.build import Detail
from oakum.advisories.index.schema import FORMAT
from oakum.advisories.index.state import Import, state_digest
from oakum.advisories.index.voices import Voices
from oakum.advisories.model import Advisory, Enrichment, Epss, Exploited, Lifecycle, Naming
from oakum.errors import InputError
from oakum.fleet.names import canonical

#: "still holds"; also later than every RFC 3339 text, so that one comparison serves both.
FOREVER = "9999"


class Row(msgspec.Struct, frozen=True, gc=False):
    """One interval of one record: ``low <= key < high`` is affected, ``fix`` ends it."""

    low: bytes
    high: bytes
    record: int
    detail: int
    fix: str


class Statement(msgspec.Struct, frozen=True, gc=False):
    """A record that names the package without a usable range: not affected, undetermined, or ``why`` it is unusable."""

    record: int
    detail: int
    why: str


class Rules:
    """Everything that the index holds about one package name in one scope."""

    __slots__ = ("_highs", "_late", "_open", "rows", "shared", "statements", "voices")

    def __init__(self, rows: list[Row], statements: tuple[Statement, ...], *, shared: bool = True) -> None:
        self.rows = rows
        self.statements = statements
        #: Whether two records use one name of a vulnerability: only then may they disagree about it.
        self.shared = shared
        #: Filled by ``Index.voices`` when first asked for.
        self.voices: Voices | None = None
        # Most intervals start at zero: sorted by their end, the ones that hold a key are one slice.
        self._open = sorted((row for row in rows if not row.low), key=lambda row: row.high)
        self._highs = [row.high for row in self._open]
        self._late = [row for row in rows if row.low]

    def affecting(self, key: bytes) -> list[Row]:
        """The rows whose interval holds the key."""
        found = self._open[bisect_right(self._highs, key) :]
        if self._late:
            found.extend(row for row in self._late if row.low <= key < row.high)
        return found


class Source(msgspec.Struct, frozen=True):
    """An imported source: the publisher's date of its data (may be empty), and when this copy was recorded."""

    id: int
    name: str
    format: str
    as_of: str
    recorded: str
    digest: str
    facts: int
    problems: int


class Record(msgspec.Struct, frozen=True):
    """One advisory (without its ranges), its source, and the times between which it was held."""

    id: int
    advisory: Advisory
    source: Source
    since: str
    until: str


class Intel(msgspec.Struct, frozen=True):
    """What is known about a CVE beside the advisories, each with its source."""

    exploited: tuple[Exploited, Source] | None = None
    epss: tuple[Epss, Source] | None = None
    enrichment: tuple[Enrichment, Source] | None = None


NOTHING = Intel()
_NO_RULES = Rules([], ())


class Index:
    """An open index, as of a time (RFC 3339 UTC text; empty for now)."""

    def __init__(self, connection: sqlite3.Connection, *, as_of: str = "") -> None:
        self._connection = connection
        self.as_of = as_of
        try:
            meta = dict(connection.execute("SELECT key, value FROM meta"))
        except sqlite3.DatabaseError as error:
            raise InputError(f"the advisory index cannot be read: {error}", remedy="import the feeds again") from None
        if meta.get("format") != FORMAT:
            raise InputError(
                f"the advisory index has format {meta.get('format')!r}, this version reads {FORMAT!r}",
                remedy="import the feeds again",
            )
        self.digest = meta.get("digest", "")
        columns = "id, name, format, as_of, recorded, digest, facts, problems"
        self.sources = {
            row[0]: Source(*row)
            for row in connection.execute(f"SELECT {columns} FROM sources")  # noqa: S608 (constant)
        }
        earliest = min((source.recorded for source in self.sources.values() if source.recorded), default="")
        #: Asked about a day before anything was recorded, only the publishers' own dates can answer.
        self.reconstructed = bool(as_of) and (not earliest or as_of < self._earliest(earliest))
        if as_of and not self.reconstructed:
            self._return_to(as_of)
        self._coverage: dict[str, tuple[Source, ...]] = {}
        self._namings: dict[str, tuple[Naming, ...]] = {}
        self._rules: dict[tuple[str, str, Naming], Rules] = {}
        self._records: dict[int, Record | None] = {}
        self._withdrawn: dict[int, Record | None] = {}
        self._details: dict[int, Detail] = {}
        self._intel: dict[str, Intel] = {}
        self._decode_advisory = msgspec.msgpack.Decoder(Advisory).decode
        self._has_intel = connection.execute("SELECT EXISTS (SELECT 1 FROM intel)").fetchone()[0]

    def _return_to(self, as_of: str) -> None:
        """The sources as they stood then: each with its last import up to that time, none that came later."""
        then: dict[int, Source] = {}
        rows = self._connection.execute(
            "SELECT source, recorded, as_of, digest, facts, problems FROM imports"
            " WHERE recorded <= ? ORDER BY recorded",
            (as_of,),
        )
        for number, *values in rows:
            one = Import(*values)
            now = self.sources[number]
            then[number] = Source(
                number, now.name, now.format, one.as_of, one.recorded, one.digest, one.facts, one.problems
            )
        if then:
            self.sources = dict(sorted(then.items()))
            self.digest = state_digest((one.name, one.digest, one.recorded, one.facts) for one in then.values())

    def _earliest(self, fallback: str) -> str:
        (found,) = self._connection.execute(
            "SELECT min(recorded_from) FROM records WHERE recorded_from != ''"
        ).fetchone()
        return found or fallback

    def coverage(self, scope: str) -> tuple[Source, ...]:
        """The sources that held advisories for a scope at the time asked about; without any, nothing can be said."""
        covering = self._coverage.get(scope)
        if covering is None:
            rows = self._connection.execute(
                "SELECT source, recorded_from, recorded_to FROM coverage WHERE scope = ? ORDER BY source", (scope,)
            )
            speaking = dict.fromkeys(source for source, since, until in rows if self._holds(since, until))
            covering = self._coverage[scope] = tuple(self.sources[source] for source in speaking)
        return covering

    def covers(self, source: Source) -> bool:
        """Whether a source speaks about packages of any scope, or ever did."""
        found = self._connection.execute("SELECT 1 FROM coverage WHERE source = ? LIMIT 1", (source.id,))
        return found.fetchone() is not None

    def namings(self, scope: str) -> tuple[Naming, ...]:
        """How the advisories of a scope name packages: usually one way."""
        namings = self._namings.get(scope)
        if namings is None:
            rows = self._connection.execute("SELECT DISTINCT naming FROM packages WHERE scope = ?", (scope,))
            namings = self._namings[scope] = tuple(sorted(naming for (naming,) in rows))
        return namings

    def names(self, scope: str) -> tuple[str, ...]:
        """Every package that the advisories of a scope name, or ever did."""
        found = self._connection.execute("SELECT DISTINCT name FROM packages WHERE scope = ? ORDER BY name", (scope,))
        return tuple(name for (name,) in found)

    def scopes(self) -> tuple[str, ...]:
        """Every scope that some source speaks about, or ever did."""
        return tuple(
            scope for (scope,) in self._connection.execute("SELECT DISTINCT scope FROM coverage ORDER BY scope")
        )

    def rules(self, scope: str, name: str, naming: Naming) -> Rules:
        """What is known about a package name; fetched once."""
        key = (scope, name, naming)
        rules = self._rules.get(key)
        if rules is None:
            rules = self._rules[key] = self._fetch(key)
        return rules

    def _fetch(self, key: tuple[str, str, Naming]) -> Rules:
        scope, name, naming = key
        found = self._connection.execute(
            "SELECT id, shared, stated FROM packages WHERE scope = ? AND name = ? AND naming = ?",
            (scope, canonical(scope.partition(":")[0], name), naming),
        ).fetchone()
        if found is None:
            return _NO_RULES
        id_, shared, stated = found
        rows = self._connection.execute("SELECT low, high, record, detail, fix FROM ranges WHERE package = ?", (id_,))
        statements = self._statements(id_) if stated else ()
        return Rules([Row(*row) for row in rows], statements, shared=bool(shared))

    def _statements(self, package: int) -> tuple[Statement, ...]:
        found = self._connection.execute("SELECT record, detail, why FROM statements WHERE package = ?", (package,))
        return tuple(Statement(*row) for row in found)

    def voices(self, rules: Rules) -> Voices:
        """Which records of these rules name the same vulnerability; made once."""
        if rules.voices is None:
            rules.voices = Voices(rules, self)
        return rules.voices

    def record(self, number: int) -> Record | None:
        """A record, or None where it did not count at the time asked about (superseded, withdrawn, not yet known)."""
        if number not in self._records:
            self._records[number] = self._read_record(number)
        return self._records[number]

    def withdrawn(self, number: int) -> Record | None:
        """A record that held at the time asked about and had been taken back by its publisher by then, else None."""
        if number not in self._withdrawn:
            source, body, time, since, until = self._connection.execute(
                "SELECT source, body, withdrawn, recorded_from, recorded_to FROM records WHERE id = ?", (number,)
            ).fetchone()
            gone = bool(time) and self._holds(since, until) and not (self.as_of and time > self.as_of)
            record = Record(number, self._decode_advisory(body), self.sources[source], since, until) if gone else None
            self._withdrawn[number] = record
        return self._withdrawn[number]

    def _read_record(self, number: int) -> Record | None:
        source, body, published, withdrawn, since, until = self._connection.execute(
            "SELECT source, body, published, withdrawn, recorded_from, recorded_to FROM records WHERE id = ?",
            (number,),
        ).fetchone()
        if not self._holds(since, until) or (self.reconstructed and published and published > self.as_of):
            return None
        if withdrawn and (not self.as_of or withdrawn <= self.as_of):
            return None
        return Record(number, self._decode_advisory(body), self.sources[source], since, until)

    def _holds(self, since: str, until: str) -> bool:
        if not self.as_of or self.reconstructed:
            return not until
        return since <= self.as_of < (until or FOREVER)

    def detail(self, number: int) -> Detail:
        """What a row says beside its bounds."""
        detail = self._details.get(number)
        if detail is None:
            (body,) = self._connection.execute("SELECT body FROM details WHERE id = ?", (number,)).fetchone()
            detail = self._details[number] = msgspec.msgpack.decode(body, type=Detail)
        return detail

    def intel(self, cve: str) -> Intel:
        """KEV, EPSS and Vulnrichment about one CVE."""
        if not self._has_intel:
            return NOTHING
        intel = self._intel.get(cve)
        if intel is None:
            intel = self._intel[cve] = self._read_intel(cve)
        return intel

    def _read_intel(self, cve: str) -> Intel:
        exploited = epss = enrichment = None
        rows = self._connection.execute(
            "SELECT kind, source, recorded_from, recorded_to, body FROM intel WHERE cve = ? ORDER BY recorded_from",
            (cve,),
        )
        for kind, number, since, until, body in rows:
            if not self._holds(since, until):
                continue
            source = self.sources[number]
            if kind == "kev":
                entry = msgspec.msgpack.decode(body, type=Exploited)
                # The catalogue dates its entries: as of an earlier day the CVE was not in it.
                if not (self.as_of and entry.added[:10] > self.as_of[:10]):
                    exploited = (entry, source)
            elif kind == "epss":
                score = msgspec.msgpack.decode(body, type=Epss)
                if not (self.as_of and score.day[:10] > self.as_of[:10]):
                    epss = (score, source)
            else:
                enrichment = (msgspec.msgpack.decode(body, type=Enrichment), source)
        return Intel(exploited, epss, enrichment)

    def lifecycles(self, product: str) -> list[tuple[Lifecycle, Source]]:
        """The release cycles of a product as endoflife.date lists them."""
        rows = self._connection.execute(
            "SELECT source, recorded_from, recorded_to, body FROM lifecycles WHERE product = ?", (product,)
        )
        return [
            (msgspec.msgpack.decode(body, type=Lifecycle), self.sources[source])
            for source, since, until, body in rows
            if self._holds(since, until)
        ]
