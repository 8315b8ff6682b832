"""Real feeds, day after day: what the delta keeps is what a whole match says."""

from __future__ import annotations

import gzip
import json
import os
import random
from collections import Counter

import msgspec
from tests.data import shared
from tests.findings.delta.worlds import advisory, asset, compare, deb, go_history, go_modules, module, opened

from oakum.advisories.index import Recorded
from oakum.advisories.index.noted import NotedIndex
from oakum.advisories.model import Advisory, Epss, Exploited
from oakum.findings.delta import Standing
from oakum.findings.model import Finding
from oakum.local.context import context_of
from oakum.risk.assess import Assessor

STORMS = 3
#: ``make replay``: every vulnerability of both series, compared on every day; else some, and on some days.
WHOLE = bool(os.environ.get("OAKUM_REPLAY_WHOLE"))


def test_the_go_database_by_the_days_on_which_it_was_seen_equals_the_whole_match_every_day() -> None:
    chance = random.Random(11)
    history = go_history()
    days = sorted({day for day, _ in history})
    facts = [fact for day, record in history for fact in _lived(record, day, days, chance)]
    connection = opened({"go": facts}, recorded=f"{days[0]}T06:00:00Z")
    records = [record for _, record in history]
    fleet = [asset(f"p{number}", go_modules(records, chance, 60), None) for number in range(3)]
    standing = Standing(NotedIndex(connection, as_of=f"{days[0]}T12:00:00Z"))
    for one in fleet:
        standing.add(one)
    matched = whole = 0
    for day in days[1:]:
        index = NotedIndex(connection, as_of=f"{day}T12:00:00Z")
        change = standing.update(index)
        assert change.cves is not None, "the history is known, so nothing is matched but what changed"
        matched += change.matched
        whole += sum(len(one.packages.packages) for one in fleet)
        if chance.random() < 0.2:
            at = chance.randrange(len(fleet))
            standing.remove(standing.add(fleet[at]))
            packages = list(fleet[at].packages.packages)
            moved = chance.randrange(len(packages))
            packages[moved] = module(packages[moved].name, packages[moved].version[1:], chance)
            fleet[at] = asset(fleet[at].key, packages, None)
            standing.add(fleet[at])
        compare(standing, fleet, index)
    assert matched * 20 < whole, "most of it was left alone"
    assert len(days) > 300


def _lived(record: Advisory, day: str, days: list[str], chance: random.Random) -> list[Recorded]:
    """A record through its life: most stay, some are corrected, some withdrawn, some of these come back."""
    later = [each for each in days if each > day]
    if len(later) < 3 or chance.random() < 0.7:
        return [Recorded(record, f"{day}T06:00:00Z")]
    turns = [day, *sorted(chance.sample(later, 3))]
    gone = msgspec.structs.replace(record, withdrawn=f"{turns[1]}T00:00:00Z")
    wider = msgspec.structs.replace(record, affected=record.affected[:1], summary="corrected")
    lives = [record, chance.choice([gone, wider]), chance.choice([record, wider]), record]
    found = []
    for number, (each, since) in enumerate(zip(lives, turns, strict=True)):
        until = f"{turns[number + 1]}T06:00:00Z" if number + 1 < len(turns) else ""
        found.append(Recorded(each, f"{since}T06:00:00Z", until))
    return found if chance.random() < 0.8 else found[:2]


def test_kev_and_epss_day_by_day_with_their_storms_equal_the_whole_judgement() -> None:
    chance = random.Random(12)
    series: dict[str, list[tuple[str, str, str]]] = {}
    with gzip.open(shared("intel/epss-kev-series.jsonl.gz"), "rt", encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            series[entry["cve"]] = entry["series"]
    moved = Counter(day for points in series.values() for day, _, _ in points)
    storms = {day for day, _ in moved.most_common(STORMS)}
    catalogue = json.loads(shared("intel/known_exploited_vulnerabilities.json").read_bytes())["vulnerabilities"]
    added = {entry["cveID"]: entry["dateAdded"] for entry in catalogue}
    cves = sorted(series.keys() | added.keys()) if WHOLE else chance.sample(sorted(series), 200)
    first = min(moved)
    scores = [fact for cve in cves for fact in _scores(cve, series.get(cve, []))]
    entries = [
        # KEV has taken entries back: one in ten is, and comes again.
        *(Recorded(Exploited(cve, added[cve]), f"{max(added[cve], first)}T07:00:00Z") for cve in cves if cve in added),
        *_taken_back(added, cves, first),
    ]
    records = [Recorded(advisory(cve, f"p{number}", "2", cves=(cve,)), f"{first}T01:00:00Z")
               for number, cve in enumerate(cves)]  # fmt: skip
    connection = opened({"debian": records, "epss": scores, "kev": entries}, recorded=f"{first}T07:00:00Z")
    machine = asset("m", [deb(f"p{number}", "1") for number in range(len(cves))])
    # All days on which a score moved or CISA added an entry, the storms among them.
    days = sorted(moved.keys() | {day for day in added.values() if day > first})
    assert storms <= set(days)
    index = NotedIndex(connection, as_of=f"{first}T12:00:00Z")
    standing = Standing(index)
    findings = standing.said(standing.add(machine)).findings
    assert len(findings) == len(cves)
    kept = _judged(findings, index)
    compared = 0
    for day in days[1:]:
        index = NotedIndex(connection, as_of=f"{day}T12:00:00Z")
        change = standing.update(index)
        assert change.matched == 0, "a score is no package"
        assert change.cves is not None
        again = [one for one in findings if not change.cves.isdisjoint(one.cves)]
        kept |= _judged(again, index)
        if day in storms:
            assert len(again) > 100
        if WHOLE or day in storms or day.endswith(("1", "5")):
            assert kept == _judged(findings, index)
            compared += 1
    print(f"{len(cves)} vulnerabilities, {len(scores)} scores, {len(entries)} entries; compared on {compared} days")


def _scores(cve: str, points: list[tuple[str, str, str]]) -> list[Recorded]:
    ends = [*(day for day, _, _ in points[1:]), ""]
    return [
        Recorded(Epss(cve, float(value), float(rank or 0), day), f"{day}T05:00:00Z", f"{end}T05:00:00Z" if end else "")
        for (day, value, rank), end in zip(points, ends, strict=True)
    ]


def _taken_back(added: dict[str, str], cves: list[str], first: str) -> list[Recorded]:
    """Entries dated after their import: as of a day they count from their date on."""
    late = [cve for number, cve in enumerate(cves) if cve not in added and number % 2]
    return [Recorded(Exploited(cve, "2025-06-09"), f"{first}T07:00:00Z", "2025-10-01T07:00:00Z") for cve in late]


def _judged(findings: tuple[Finding, ...] | list[Finding], index: NotedIndex) -> dict[str, tuple[object, ...]]:
    assessor = Assessor(index.intel, as_of=index.as_of)
    context = context_of(None)(asset("m", []))
    judged: dict[str, tuple[object, ...]] = {}
    for finding in findings:
        one = assessor.judge(finding, context)
        judged[finding.key] = (one.kev, one.epss, one.decision.outcome, one.score.value)
    return judged
