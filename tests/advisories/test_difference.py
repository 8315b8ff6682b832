"""What two states of feeds say differently: what decides is told by name, the rest is counted."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fleet.examples import at_least

from oakum.adapters.feeds.indexing import rebuild_index
from oakum.adapters.feeds.states import State, pairs, state_of
from oakum.adapters.feeds.store import FeedStore
from oakum.advisories.difference import Counts, Difference, difference, touched
from oakum.advisories.model import (
    Advisory,
    Affected,
    Enrichment,
    Epss,
    Exploited,
    Fact,
    Lifecycle,
    Parsed,
    Range,
    Severity,
)
from oakum.errors import UsageError
from oakum.local.feeds import open_index

CURL = Affected("debian:12", "curl", "source", ranges=(Range("ECOSYSTEM", (("introduced", "0"), ("fixed", "2"))),))
LATER = Affected("debian:12", "curl", "source", ranges=(Range("ECOSYSTEM", (("introduced", "0"), ("fixed", "3"))),))
GO = Affected("golang", "example.com/x", ranges=(Range("SEMVER", (("introduced", "0"),)),))
ONE = Advisory("CVE-2026-1", affected=(CURL, GO), summary="a")


def told(before: Fact | None, after: Fact | None) -> list[tuple[str, ...]]:
    return [(one.kind, one.name, *one.what) for one in difference([(before, after)]).told]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (None, ONE, [("added", "CVE-2026-1")]),
        (ONE, None, [("removed", "CVE-2026-1")]),
        (None, Advisory("X-1", withdrawn="2026-01-02T00:00:00Z"), [("added", "X-1", "withdrawn 2026-01-02")]),
        (Advisory("X-1"), Advisory("X-1", withdrawn="2026-01-02T00:00:00Z"), [("withdrawn", "X-1")]),
        (Advisory("X-1", withdrawn="2026-01-02T00:00:00Z"), Advisory("X-1"), [("reinstated", "X-1")]),
        (Advisory("X-1", affected=(CURL,)), Advisory("X-1", affected=(LATER,)), [("changed", "X-1", "affected: curl")]),
        (Advisory("X-1"), Advisory("X-1", severities=(Severity("Ubuntu", "high", "Ubuntu"),)),
         [("changed", "X-1", "severities")]),
        (Advisory("X-1"), Advisory("X-1", aliases=("CVE-2026-2",)), [("changed", "X-1", "aliases")]),
        (Advisory("X-1", summary="a"), Advisory("X-1", summary="b", modified="2026-01-02T00:00:00Z"), []),
        (Epss("CVE-1", 0.1, 0.5), Epss("CVE-1", 0.199, 0.9), []),
        (Epss("CVE-1", 0.1, 0.5), Epss("CVE-1", 0.25, 0.9), [("changed", "CVE-1", "0.100 -> 0.250")]),
        (Epss("CVE-1", 0.25, 0.9), Epss("CVE-1", 0.1, 0.5), [("changed", "CVE-1", "0.250 -> 0.100")]),
        (None, Epss("CVE-1", 0.9, 0.9), [("added", "CVE-1", "none -> 0.900")]),
        (None, Epss("CVE-1", 0.01, 0.9), []),
        (None, Exploited("CVE-1", "2026-01-02", "2026-01-05", ransomware=True),
         [("added", "CVE-1", "due 2026-01-05", "ransomware")]),
        (Exploited("CVE-1", "2026-01-02"), None, [("removed", "CVE-1")]),
        (Exploited("CVE-1", "2026-01-02"), Exploited("CVE-1", "2026-01-02", ransomware=True),
         [("changed", "CVE-1", "ransomware: no -> yes")]),
        (Enrichment("CVE-1", "none"), Enrichment("CVE-1", "active"),
         [("changed", "CVE-1", "exploitation: none -> active")]),
        (None, Enrichment("CVE-1", "poc"), [("added", "CVE-1", "exploitation poc")]),
        (Lifecycle("debian", "12"), Lifecycle("debian", "12", eol="2028-06-30"),
         [("changed", "debian 12", "eol: none -> 2028-06-30")]),
    ],
)  # fmt: skip
def test_what_may_change_an_answer_is_told(before: Fact | None, after: Fact | None, words: list[object]) -> None:
    assert told(before, after) == words
    found = difference([(before, after)])
    assert found.counts.minor == (0 if words else 1)
    assert found.counts.added + found.counts.removed + found.counts.changed == 1


def test_only_scopes_that_differ_are_touched() -> None:
    changed = difference([(ONE, Advisory("CVE-2026-1", affected=(LATER, GO)))])
    assert touched([changed, difference([(None, Advisory("X-2", affected=(GO, LATER)))])]) == {
        "debian:12": 2,
        "golang": 1,
    }


def test_a_new_model_of_epss_is_one_word() -> None:
    days = [(Epss(f"CVE-{n}", 0.1, 0.5, model="v3"), Epss(f"CVE-{n}", 0.1001, 0.5, model="v4")) for n in range(50)]
    found = difference(days)
    assert (found.models, found.counts, found.told) == (("v3", "v4"), Counts(changed=50, minor=50), ())


def test_what_is_equal_is_nothing() -> None:
    assert difference([(ONE, ONE), (None, None)]) == Difference(counts=Counts(), told=())


IDS = [f"CVE-2026-{number}" for number in range(6)]
SAID = st.dictionaries(st.sampled_from(IDS), st.sampled_from([CURL, LATER, GO]), max_size=6)


@given(st.lists(st.tuples(st.sampled_from("ab"), SAID), min_size=1, max_size=6), st.integers(0, 6), st.integers(0, 6))
@settings(max_examples=at_least(60))
def test_two_states_differ_by_what_was_recorded_in_between(
    imports: list[tuple[str, dict[str, Affected]]], one: int, other: int
) -> None:
    states: list[dict[str, dict[str, Affected]]] = [{}]
    with TemporaryDirectory() as folder, FeedStore.open(Path(folder)) as store:
        for day, (source, said) in enumerate(imports, start=1):
            facts: list[Fact] = [Advisory(id_, affected=(affected,)) for id_, affected in said.items()]
            parsed = Parsed(format="osv", facts=facts, problems=[])
            digest = f"sha256:{sorted(said.items())}"
            store.replace(source, parsed, f"2026-01-0{day}T06:00:00Z", digest=digest, allow_shrink=True)
            states.append({**states[-1], source: said})
        one, other = min(one, len(imports)), min(other, len(imports))
        before, after = (State(store, f"2026-01-0{day}T06:00:00Z" if day else "2025-12-31T00:00:00Z")
                         for day in (one, other))  # fmt: skip
        for source in "ab":
            then, now = states[one].get(source, {}), states[other].get(source, {})
            found = difference(pairs(before, after, source))
            assert {(each.kind, each.name) for each in found.told} == {
                *(("added", id_) for id_ in now.keys() - then.keys()),
                *(("removed", id_) for id_ in then.keys() - now.keys()),
                *(("changed", id_) for id_ in now.keys() & then.keys() if now[id_] != then[id_]),
            }
        for each in (before, after):
            if each.sources:
                assert state_of(store, each.digest).sources == each.sources
                assert state_of(store, each.snapshot).snapshot == each.snapshot
        with pytest.raises(UsageError, match="never in the state"):
            state_of(store, f"sha256:{'0' * 64}")


def test_a_state_has_the_digest_that_answers_name(tmp_path: Path) -> None:
    with FeedStore.open(tmp_path / "feeds") as store:
        for day, ids in enumerate((["A"], ["A", "B"]), start=1):
            facts: list[Fact] = [Advisory(id_, affected=(CURL,)) for id_ in ids]
            store.replace("s", Parsed(format="osv", facts=facts, problems=[]), f"2026-01-0{day}T06:00:00Z")
        rebuild_index(store)
        for as_of in ("2026-01-01T23:59:59Z", "2026-01-02T23:59:59Z", ""):
            digest = open_index(tmp_path, None, as_of=as_of).digest
            assert digest == State(store, as_of).digest
            assert state_of(store, digest).sources == State(store, as_of).sources
