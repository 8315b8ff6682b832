"""The index against a matcher that reads every record: whole feeds, thousands of random packages and versions.

Versions come from the feed's own bounds: each bound itself, just below it, just above it, and with one number changed.
"""

from __future__ import annotations

import json
import random
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from tests.advisories import naive_versions
from tests.advisories.naive_match import (
    Record,
    alpine_records,
    by_package,
    debian_records,
    ids_of,
    osv_records,
)
from tests.advisories.naive_versions import Comparator
from tests.data import shared

from oakum.adapters.feeds.inputs import read_feeds
from oakum.advisories.index import Index, Recorded, SourceFacts, build, scheme_of_scope
from oakum.advisories.model import Advisory, Fact
from oakum.findings.match import match
from oakum.fleet.packages import Package, package_set
from oakum.fleet.releases import Release
from oakum.versions import Unparsable

PROBES = 2500
SCOPES = {"Go": "golang", "Bitnami": "bitnami"}
Named = dict[tuple[str, str], list[tuple[str, Record]]]


class Form(NamedTuple):
    """How a feed is read plainly, its order of versions, and what lies right beside a version in that order."""

    records: Callable[[Path], list[Record]]
    compare: Comparator
    beside: Callable[[str], Sequence[str]]


def _rpm_beside(text: str) -> Sequence[str]:
    return text + "~1", text + "^1", text + ".1", f"1:{text}" if ":" not in text else text.partition(":")[2]


def _deb_beside(text: str) -> Sequence[str]:
    return text + "~", text + "+b1", text + ".1", f"1:{text}" if ":" not in text else text.partition(":")[2]


def _semver_beside(text: str) -> Sequence[str]:
    release = text.partition("+")[0].partition("-")[0]
    major, minor, patch = release.split(".")
    after = f"{major}.{minor}.{int(patch) + 1}"
    before = f"{major}.{minor}.{int(patch) - 1}" if patch != "0" else f"{major}.{minor}.0-alpha"
    return f"{release}-0", f"{release}-rc.1", after, f"{after}-0", before, release, f"{release}-1", f"{text}+meta"


def _apk_beside(text: str) -> Sequence[str]:
    body, dash, build_ = text.partition("-r")
    build = int(build_) if dash else 0
    return (
        f"{body}_rc1-r{build}",
        f"{body}_p1-r{build}",
        f"{body}-r{build + 1}",
        f"{body}-r{max(build - 1, 0)}",
        body + ".0",
    )


FORMS = {
    "go.jsonl.gz": Form(osv_records, naive_versions.semver, _semver_beside),
    "almalinux.jsonl.gz": Form(osv_records, naive_versions.rpm, _rpm_beside),
    "bitnami.jsonl.gz": Form(osv_records, naive_versions.bitnami, _semver_beside),
    "dsa-dla.jsonl.gz": Form(debian_records, naive_versions.deb, _deb_beside),
    "alpine-secdb": Form(alpine_records, naive_versions.apk, _apk_beside),
}


class Fed(NamedTuple):
    """One feed in both readings: ``named`` plainly, ``given`` and ``mixed`` (events shuffled) by the program.

    ``harmless`` are the bug fixes and enhancements that name no vulnerability.
    """

    form: Form
    named: Named
    harmless: set[str]
    given: Index
    mixed: Index


def _indexed(sources: Iterable[tuple[str, list[Fact]]]) -> Index:
    connection = sqlite3.connect(":memory:")
    build(connection, [SourceFacts(name=name, format="", facts=map(Recorded, facts)) for name, facts in sources])
    return Index(connection)


def _shuffled(fact: Fact, chance: random.Random) -> Fact:
    if not isinstance(fact, Advisory):
        return fact
    replace = msgspec.structs.replace
    mixed = [
        replace(
            part,
            ranges=tuple(replace(one, events=tuple(chance.sample(one.events, len(one.events)))) for one in part.ranges),
            versions=tuple(chance.sample(part.versions, len(part.versions))),
        )
        for part in fact.affected
    ]
    return replace(fact, affected=tuple(chance.sample(mixed, len(mixed))))


@pytest.fixture(scope="session", params=FORMS)
def fed(request: pytest.FixtureRequest) -> Fed:
    form = FORMS[request.param]
    path = shared(f"advisories/{request.param}")
    records = form.records(path)
    named = by_package(records)
    sources = [(feed.source, feed.parsed.facts) for feed in read_feeds(path).feeds]
    chance = random.Random(7)
    mixed = [(name, chance.sample([_shuffled(fact, chance) for fact in facts], len(facts))) for name, facts in sources]
    return Fed(form, named, harmless(records), _indexed(sources), _indexed(mixed))


def harmless(records: Iterable[Record]) -> set[str]:
    notices: dict[str, bool] = {}
    for record in records:
        if re.match(r"AL[BE]A-", record["id"]):
            named = any(name.startswith("CVE-") for name in record.get("related", ()))
            notices[record["id"]] = notices.get(record["id"], False) or named
    return {id_ for id_, named in notices.items() if not named}


def scope_of(ecosystem: str) -> str:
    return SCOPES.get(ecosystem, ecosystem.lower())


def readable(form: Form, version: str) -> bool:
    return form.compare is not naive_versions.apk or naive_versions.apk_valid(version)


def only_readable(form: Form, named: list[tuple[str, Record]]) -> list[tuple[str, Record]]:
    """The rows whose bounds have the grammar's form (51 of Alpine's 12,028 have not)."""
    return [
        (id_, affected) for id_, affected in named if all(readable(form, bound) for bound in bounds([(id_, affected)]))
    ]


def bounds(named: Iterable[tuple[str, Record]]) -> list[str]:
    return sorted(
        {
            version
            for _, affected in named
            for range_ in affected["ranges"]
            for event in range_["events"]
            for version in event.values()
            if version != "0"
        }
    )


def probe_version(form: Form, known: list[str], chance: random.Random) -> str:
    """A bound, its neighbour, or the same with one number changed."""
    bound = chance.choice(known)
    kind = chance.randrange(4)
    if kind == 0:
        return bound
    if kind < 3:
        return chance.choice(form.beside(bound))
    at = chance.choice([*re.finditer(r"\d+", bound)])
    number = max(0, int(at[0]) + chance.choice((-1, 1, 10)))
    return bound[: at.start()] + str(number) + bound[at.end() :]


def by_index(index: Index, ecosystem: str, package: str, version: str) -> set[str]:
    """The ids of the rows that hold a version, under every naming that the scope's advisories use."""
    scope = scope_of(ecosystem)
    order = scheme_of_scope(scope)
    assert order is not None
    key = order.key(version)
    assert not isinstance(key, Unparsable), version
    rows = [row for naming in index.namings(scope) for row in index.rules(scope, package, naming).affecting(key)]
    records = [index.record(number) for number in {row.record for row in rows}]
    return {record.advisory.id for record in records if record is not None}


def unreadable_ids(fed: Fed, key: tuple[str, str]) -> set[str]:
    kept = {id_ for id_, _ in only_readable(fed.form, fed.named[key])}
    return {id_ for id_, _ in fed.named[key]} - kept


def test_trap_12_the_index_agrees_with_a_matcher_that_reads_every_record(fed: Fed) -> None:
    chance = random.Random(12)
    packages = sorted(key for key in fed.named if only_readable(fed.form, fed.named[key]))
    affected = 0
    for _ in range(PROBES):
        key = chance.choice(packages)
        named = only_readable(fed.form, fed.named[key])
        known = bounds(named)
        version = probe_version(fed.form, known, chance) if known else "1.0"
        if not readable(fed.form, version):
            continue
        expected = ids_of(version, named, fed.form.compare)
        affected += bool(expected)
        for index in (fed.given, fed.mixed):
            got = {id_ for id_ in by_index(index, *key, version) if _compared(key, id_)} - unreadable_ids(fed, key)
            assert got == expected - unreadable_ids(fed, key), (key, version)
    assert PROBES / 5 < affected < PROBES, "the probes lie on both sides of the bounds"


def _compared(key: tuple[str, str], id_: str) -> bool:
    """The secdb names some flaws by other trackers' ids only; the plain reading takes its CVEs."""
    return not key[0].startswith("alpine:") or id_.startswith("CVE-")


def test_every_package_of_the_feed_is_in_the_index(fed: Fed) -> None:
    for key, named in fed.named.items():
        scope = scope_of(key[0])
        rules = [fed.given.rules(scope, key[1], naming) for naming in fed.given.namings(scope)]
        assert any(each.rows or each.statements for each in rules), (key, named[:1])


def test_ids_that_occur_more_than_once_are_one_record_with_all_their_parts(tmp_path: Path) -> None:
    """AlmaLinux repeats 37 ids, so far with equal parts; here each part says something else, and all of it counts."""
    records = osv_records(shared("advisories/almalinux.jsonl.gz"))
    seen = Counter(record["id"] for record in records)
    repeated = [record for record in records if seen[record["id"]] > 1]
    assert len({record["id"] for record in repeated}) == 37
    parts = [{**record, "affected": record["affected"][at::2]} for record in repeated for at in (0, 1)]
    random.Random(37).shuffle(parts)
    (tmp_path / "parts.jsonl").write_text("".join(json.dumps(part) + "\n" for part in parts))
    facts = [fact for feed in read_feeds(tmp_path / "parts.jsonl").feeds for fact in feed.parsed.facts]
    assert len(facts) == 37
    index = _indexed([("parts", facts)])
    named = by_package(repeated)
    for (ecosystem, package), rows in named.items():
        assert by_index(index, ecosystem, package, "0:0-0~") == ids_of("0:0-0~", rows, naive_versions.rpm)


_SPECIAL = re.compile(r"\.module[_+]|\.ksplice|fips|~esm|\+esm|\Akernel|\Alinux|\Abpftool|\Aperf\Z|python3-perf")
SETS = {
    "almalinux.jsonl.gz": ("AlmaLinux:8", Release("almalinux", "8"), "rpm"),
    "dsa-dla.jsonl.gz": ("debian:8", Release("debian", "8"), "deb"),
    "alpine-secdb": ("alpine:3.10", Release("alpine", "3.10"), "apk"),
    "go.jsonl.gz": ("Go", None, "golang"),
    "bitnami.jsonl.gz": ("Bitnami", None, "bitnami"),
}


def test_whole_package_sets_by_the_matcher(fed: Fed, request: pytest.FixtureRequest) -> None:
    """The match of package sets finds what the plain reading finds.

    Module streams, hot-patched and certified builds, kernels and their parts are left out: there the matcher knows
    more than a version (the stream, the flavour, what runs) and has tests of its own. Bug fixes and enhancements that
    name no CVE are no findings (1,197 of AlmaLinux's 5,680 records).
    """
    name = next(name for name, form in FORMS.items() if form is fed.form)
    ecosystem, release, type_ = SETS[name]
    chance = random.Random(3)
    installed: dict[str, tuple[str, list[tuple[str, Record]]]] = {}
    for key in chance.sample(sorted(fed.named), len(fed.named)):
        named = only_readable(fed.form, fed.named[key])
        known = bounds(named)
        if key[0] != ecosystem or not known or any(_SPECIAL.search(text) for text in (key[1], *known)):
            continue
        version = probe_version(fed.form, known, chance)
        if readable(fed.form, version) and not unreadable_ids(fed, key):
            installed[key[1]] = (version, named)
        if len(installed) == 400:
            break
    packages = [_package(type_, package, version) for package, (version, _) in installed.items()]
    matched = match(package_set(release, packages), fed.given)
    found: dict[str, set[str]] = {package: set() for package in installed}
    for hit in matched.hits:
        if _compared((ecosystem, ""), hit.record.advisory.id):
            found[hit.package.name].add(hit.record.advisory.id)
    expected = {
        package: {id_ for id_ in ids_of(version, named, fed.form.compare) if id_ not in fed.harmless}
        for package, (version, named) in installed.items()
    }
    assert found == expected
    assert sum(map(bool, expected.values())) > len(installed) / 5


def _package(type_: str, name: str, version: str) -> Package:
    epoch, colon, rest = version.partition(":")
    if type_ == "rpm" and colon:
        return Package(type=type_, name=name, version=rest, epoch=int(epoch), source=name, source_version=rest)
    return Package(type=type_, name=name, version=version, source=name, source_version=version)
