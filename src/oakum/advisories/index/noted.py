"""An index that remembers what it was asked, and tells which of its answers differ since a time.

A match is a function of its packages and of the answers that it gets here. So whatever asked only questions whose
answers are the same as before has the same result as before: nobody has to guess, outside of the matcher, by which
names it would look for a package.

A question is a scope, a name and a naming, as in ``Index.rules``; ``(scope, "", "")`` stands for who speaks about the
scope and how packages are named there, ``(scope, ANY, "")`` for every name in it.
"""

from __future__ import annotations

import sqlite3

import msgspec

from oakum.advisories.index.read import FOREVER, Index, Rules, Source
from oakum.advisories.model import Advisory, Epss, Exploited, Naming
from oakum.fleet.names import canonical

Question = tuple[str, str, str]
#: In place of a name: all of them.
ANY = "*"
_CHANGED = "(recorded_from > ? AND recorded_from <= ?) OR (recorded_to > ? AND recorded_to <= ?)"
_HELD = "recorded_from <= ? AND (recorded_to = '' OR recorded_to > ?)"


class Touched(msgspec.Struct, frozen=True):
    """The questions whose answers may differ, and the CVEs about which KEV, EPSS or Vulnrichment say something else."""

    questions: frozenset[Question]
    cves: frozenset[str]


class NotedIndex(Index):
    """An index whose questions since the last ``noted`` are kept."""

    def __init__(self, connection: sqlite3.Connection, *, as_of: str = "") -> None:
        super().__init__(connection, as_of=as_of)
        self._asked: set[Question] = set()

    @property
    def time(self) -> str:
        """As of when it answers: the time asked about, else that of its last import."""
        return self.as_of or max((source.recorded for source in self.sources.values()), default="")

    def noted(self) -> frozenset[Question]:
        """What was asked since this was called before."""
        asked = frozenset((scope, canonical(scope.partition(":")[0], name), how) for scope, name, how in self._asked)
        self._asked.clear()
        return asked

    def rules(self, scope: str, name: str, naming: Naming) -> Rules:
        """As ``Index.rules``, noted."""
        self._asked.add((scope, name, naming))
        return super().rules(scope, name, naming)

    def coverage(self, scope: str) -> tuple[Source, ...]:
        """As ``Index.coverage``, noted."""
        self._asked.add((scope, "", ""))
        return super().coverage(scope)

    def namings(self, scope: str) -> tuple[Naming, ...]:
        """As ``Index.namings``, noted."""
        self._asked.add((scope, "", ""))
        return super().namings(scope)

    def names(self, scope: str) -> tuple[str, ...]:
        """As ``Index.names``, noted."""
        self._asked.add((scope, ANY, ""))
        return super().names(scope)

    def touched(self, time: str, digest: str) -> Touched | None:
        """What may differ from an index of this store as it was at ``time``; None where that cannot be told.

        ``digest`` is that of the former index: where this store never was in that state (another store, an import that
        was taken back), or where only the publishers' own dates tell what was known, everything may differ.
        """
        then = Index(self._connection, as_of=time) if time else None
        if then is None or self.reconstructed or then.reconstructed or then.digest != digest:
            return None
        low, high = sorted((time, self.as_of or FOREVER))
        rules = self._rules_between(low, high)
        scopes = {scope for scope, _, _ in rules}
        speaking = {(scope, "", "") for scope in self._spoken_between(low, high) | self._named_anew(scopes, low)}
        return Touched(
            frozenset(rules | speaking | {(scope, ANY, "") for scope in scopes}),
            frozenset(self._cves_between(low, high)),
        )

    def _rules_between(self, low: str, high: str) -> set[Question]:
        """The packages that records name which came, ended or were taken back then."""
        records = (
            "SELECT id FROM records WHERE (recorded_from > :low AND recorded_from <= :high)"
            " OR (recorded_to > :low AND recorded_to <= :high) OR (withdrawn > :low AND withdrawn <= :high)"
        )
        rows = self._connection.execute(
            "SELECT scope, name, naming FROM packages WHERE id IN ("  # noqa: S608 (constant)
            f" SELECT package FROM ranges WHERE record IN ({records})"
            f" UNION SELECT package FROM statements WHERE record IN ({records}))",
            {"low": low, "high": high},
        )
        return {(scope, name, naming) for scope, name, naming in rows}

    def _spoken_between(self, low: str, high: str) -> set[str]:
        """The scopes about which other sources speak at the one time than at the other."""
        rows = self._connection.execute(
            f"SELECT DISTINCT scope FROM coverage WHERE {_CHANGED}",  # noqa: S608 (constant)
            (low, high, low, high),
        ).fetchall()
        return {scope for (scope,) in rows if self._sources_at(scope, low) != self._sources_at(scope, high)}

    def _sources_at(self, scope: str, time: str) -> set[int]:
        asked = f"SELECT DISTINCT source FROM coverage WHERE scope = ? AND {_HELD}"  # noqa: S608 (constant)
        return {source for (source,) in self._connection.execute(asked, (scope, time, time))}

    def _named_anew(self, scopes: set[str], low: str) -> set[str]:
        """The scopes in which no record before named packages in a way in which one does now."""
        found: set[str] = set()
        for scope in scopes:
            for naming in Index.namings(self, scope) if len(Index.namings(self, scope)) > 1 else ():
                (before,) = self._connection.execute(
                    "SELECT EXISTS (SELECT 1 FROM packages AS p WHERE scope = ? AND naming = ? AND ("
                    " EXISTS (SELECT 1 FROM ranges JOIN records AS r ON r.id = record"
                    "  WHERE package = p.id AND recorded_from <= ?)"
                    " OR EXISTS (SELECT 1 FROM statements JOIN records AS r ON r.id = record"
                    "  WHERE package = p.id AND recorded_from <= ?)))",
                    (scope, naming, low, low),
                ).fetchone()
                if not before:
                    found.add(scope)
        return found

    def _cves_between(self, low: str, high: str) -> set[str]:
        rows = self._connection.execute(
            f"SELECT DISTINCT cve FROM intel WHERE {_CHANGED}",  # noqa: S608 (constant)
            (low, high, low, high),
        )
        found = {cve for (cve,) in rows}
        if self.as_of:
            # As of a day, an entry counts from its own date on, and that may be later than its import.
            held = f"SELECT cve, kind, body FROM intel WHERE kind != 'vulnrichment' AND {_HELD}"  # noqa: S608 (constant)
            for cve, kind, body in self._connection.execute(held, (high, low)):
                if kind == "kev":
                    day = msgspec.msgpack.decode(body, type=Exploited).added[:10]
                else:
                    day = msgspec.msgpack.decode(body, type=Epss).day[:10]
                if low[:10] < day <= high[:10]:
                    found.add(cve)
        return found


def asked_by(advisory: Advisory) -> frozenset[Question]:
    """The questions that an advisory answers: who has asked one of them may be touched by it."""
    return frozenset(
        question
        for each in advisory.affected
        for question in (
            (each.scope, canonical(each.scope.partition(":")[0], each.package), each.naming),
            (each.scope, ANY, ""),
        )
    )
