"""Few lines, whatever happened: storms of feeds, and of the real models of EPSS."""

from __future__ import annotations

import gzip
import json
from collections import Counter

import pytest
from tests.data import shared

from oakum.findings.history.model import Event, Item, Kind
from oakum.findings.history.scores import STEP, Move, Score, moves
from oakum.findings.history.telling import STORM, told


def event(number: int, *, asset: int = 0, kind: Kind = "new", cause: str = "debian", first: bool = False) -> Event:
    item = Item(f"a{asset}", "deb", f"p{number}", f"CVE-{number}", f"CVE-{number}", (), "1", ("debian",), "2026-01-01")
    return Event(kind, item, item.id, cause, first=first)


def test_one_finding_on_a_thousand_assets_is_one_line_and_no_storm() -> None:
    (line,) = told([event(1, asset=number) for number in range(1000)], [])
    assert (line.id, line.assets, line.findings, line.storm) == ("CVE-1", 1000, 1, False)


@pytest.mark.parametrize(("count", "storm"), [(STORM, False), (STORM + 1, True)])
def test_what_has_one_cause_is_one_line_as_soon_as_it_would_be_many(count: int, storm: bool) -> None:
    lines = told([event(number, asset=number % 7) for number in range(count)], [])
    assert [line.storm for line in lines] == ([True] if storm else [False] * count)
    if storm:
        assert (lines[0].findings, lines[0].assets, lines[0].cause) == (count, 7, "debian")


def test_many_causes_are_one_line_of_their_kind() -> None:
    (line,) = told([event(number, cause=f"because of {number}") for number in range(STORM + 1)], [])
    assert (line.storm, line.cause, line.findings) == (True, "", STORM + 1)


def test_a_storm_hides_no_other_kind_and_no_other_cause() -> None:
    events = [event(number) for number in range(5000)]
    lines = told([*events, event(1, cause="go"), event(2, kind="reopened")], [Move("kev", "CVE-7")])
    assert [(line.kind, line.id, line.storm) for line in lines] == [
        ("kev", "CVE-7", False), ("reopened", "CVE-2", False), ("new", "", True), ("new", "CVE-1", False),
    ]  # fmt: skip


def test_whatever_happens_no_kind_has_more_lines_than_a_storm_allows_save_kev() -> None:
    events = [event(number, kind=kind, cause=f"{number % 30}") for number in range(900) for kind in ("new", "closed")]
    assert max(Counter(line.kind for line in told(events, [])).values()) <= STORM


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (Score(0.1, False), Score(0.1, True), ["kev"]),
        (Score(0.1, True), Score(0.1, False), ["left-kev"]),
        (Score(0.1, True), Score(0.1, None), []),  # no catalogue is no word about it
        (Score(0.1, None), Score(0.1, True), []),  # the first catalogue is no news
        (Score(0.1, False), Score(0.19, False), []),
        (Score(0.1, False), Score(0.2 + 1e-9, False), ["epss"]),
        (Score(0.9, False), Score(None, False), []),  # a feed that is missing says nothing
        (Score(None, False), Score(0.9, False), []),
    ],
)
def test_what_moved(before: Score, now: Score, expected: list[str]) -> None:
    kept, moved = moves({"CVE-1": before}, {"CVE-1": now})
    assert [one.kind for one in moved] == expected
    after = kept.get("CVE-1", before)
    assert after.kev is not None or before.kev is None, "what was known stays"
    assert not moves({"CVE-1": after}, {"CVE-1": now})[1], "nothing is told twice"


def test_a_slow_drift_is_told_when_it_has_come_far() -> None:
    score, days = Score(0.0, False), []
    for day in range(30):
        kept, moved = moves({"CVE-1": score}, {"CVE-1": Score(day * 0.01, False)})
        score = kept.get("CVE-1", score)
        days += [day] * len(moved)
    assert days == [10, 20]


def test_the_real_series_with_its_storms_is_told_in_few_lines_every_day() -> None:
    series: dict[str, list[tuple[str, str, str]]] = {}
    with gzip.open(shared("intel/epss-kev-series.jsonl.gz"), "rt", encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            series[entry["cve"]] = entry["series"]
    by_day: dict[str, dict[str, Score]] = {}
    for cve, points in series.items():
        for day, value, _ in points:
            by_day.setdefault(day, {})[cve] = Score(float(value), None)
    scores: dict[str, Score] = {}
    storms = {}
    for day in sorted(by_day):
        kept, moved = moves(scores, by_day[day])
        assert all(abs((one.after or 0) - (one.before or 0)) >= STEP for one in moved)
        scores |= kept
        said = told([], moved)
        assert len(said) <= STORM
        if any(line.storm for line in said):
            assert len(said) == 1
            storms[day] = said[0].findings
    worst = sorted(storms, key=lambda day: -storms[day])[:3]
    assert len(worst) == 3
    assert min(storms[day] for day in worst) > 100, "three storms touched hundreds at once, each in one line"
