"""The feeds store: sources replaced as a whole or not at all, history that reproduces what was known on a day."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.adapters.feeds.indexing import current_index, rebuild_index
from oakum.adapters.feeds.store import Change, FeedStore
from oakum.advisories.model import Advisory, Fact, Parsed, Problem
from oakum.errors import InputError, UsageError

DAY = "2026-01-0{}T00:00:00Z"


def feed(*ids: str, summary: str = "", problems: tuple[str, ...] = (), format_: str = "osv") -> Parsed:
    facts: list[Fact] = [Advisory(id_, summary=summary) for id_ in ids]
    return Parsed(format=format_, facts=facts, problems=[Problem("f", one, "broken") for one in problems])


def many(count: int) -> tuple[str, ...]:
    return tuple(f"X-{number}" for number in range(count))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FeedStore]:
    with FeedStore.open(tmp_path) as opened:
        yield opened


def history(store: FeedStore, source: str = "s") -> set[tuple[str, str, str, str]]:
    return {
        (one.fact.id, one.fact.summary, one.since, one.until)
        for one in store.facts(source)
        if isinstance(one.fact, Advisory)
    }


def as_of(store: FeedStore, day: str) -> set[tuple[str, str]]:
    return {
        (id_, summary) for id_, summary, since, until in history(store) if since <= day and (not until or day < until)
    }


def test_unchanged_facts_keep_their_time_changed_ones_are_reopened_vanished_ones_closed(store: FeedStore) -> None:
    store.replace("s", feed("A", "B", "C"), DAY.format(1))
    second = Parsed(format="osv", facts=[Advisory("A"), Advisory("B", summary="new"), Advisory("D")], problems=[])
    assert store.replace("s", second, DAY.format(2), allow_shrink=True) == Change(1, 1, 1, 1)
    assert history(store) == {
        ("A", "", DAY.format(1), ""),
        ("B", "", DAY.format(1), DAY.format(2)),
        ("B", "new", DAY.format(2), ""),
        ("C", "", DAY.format(1), DAY.format(2)),
        ("D", "", DAY.format(2), ""),
    }


def test_trap_17_a_past_day_reads_as_it_was_known_then(store: FeedStore) -> None:
    store.replace("s", feed("A", "B"), DAY.format(1))
    store.replace("s", feed("A", "B", summary="worse"), DAY.format(3))
    assert as_of(store, DAY.format(2)) == {("A", ""), ("B", "")}
    assert as_of(store, DAY.format(3)) == {("A", "worse"), ("B", "worse")}


def test_two_imports_of_one_moment_leave_the_second(store: FeedStore) -> None:
    store.replace("s", feed("A"), DAY.format(1))
    store.replace("s", feed("A", summary="again"), DAY.format(1))
    assert history(store) == {("A", "again", DAY.format(1), "")}


@pytest.mark.parametrize(("left", "refused"), [(0, True), (89, True), (90, False), (100, False)])
def test_trap_16_a_source_that_shrank_is_refused_with_the_counts(store: FeedStore, left: int, refused: bool) -> None:
    store.replace("s", feed(*many(100)), DAY.format(1))
    before = (history(store), store.sources(), store.digest())
    if not refused:
        assert store.replace("s", feed(*many(left)), DAY.format(2)).closed == 100 - left
        return
    with pytest.raises(InputError, match=f"from 100 facts to {left}") as caught:
        store.replace("s", feed(*many(left)), DAY.format(2))
    assert "--allow-shrink" in caught.value.remedy
    assert (history(store), store.sources(), store.digest()) == before
    assert store.replace("s", feed(*many(left)), DAY.format(2), allow_shrink=True).closed == 100 - left


def test_trap_16_a_record_that_could_not_be_read_keeps_what_was_known(store: FeedStore) -> None:
    store.replace("s", feed("A", "B"), DAY.format(1))
    store.replace("s", feed("A", problems=("B",)), DAY.format(2))
    assert as_of(store, DAY.format(3)) == {("A", ""), ("B", "")}
    assert [len(one.problems) for one in store.sources()] == [1]


def test_trap_16_a_record_that_vanished_can_come_back_and_both_times_are_known(store: FeedStore) -> None:
    for day, ids in ((1, ("A", "B")), (2, ("A",)), (3, ("A", "B"))):
        store.replace("s", feed(*ids), DAY.format(day), allow_shrink=True)
    assert {row[2:] for row in history(store) if row[0] == "B"} == {
        (DAY.format(1), DAY.format(2)),
        (DAY.format(3), ""),
    }


def test_another_format_or_an_earlier_time_is_refused(store: FeedStore) -> None:
    store.replace("s", feed("A"), DAY.format(2))
    with pytest.raises(InputError, match="holds osv, and this is dsa"):
        store.replace("s", feed("A", format_="dsa"), DAY.format(3))
    with pytest.raises(UsageError, match="last recorded"):
        store.replace("s", feed("A"), DAY.format(1))
    with pytest.raises(UsageError, match="RFC 3339"):
        store.replace("s", feed("A"), "today")
    assert len(store.sources()) == 1


def test_what_is_confirmed_is_recorded_anew_and_keeps_its_facts(store: FeedStore) -> None:
    store.replace("s", feed("A", problems=("B",)), DAY.format(1), digest="sha256:x")
    before, known = store.digest(), history(store)
    store.confirm("s", DAY.format(3))
    (source,) = store.sources()
    assert (source.recorded, source.digest, source.facts) == (DAY.format(3), "sha256:x", 1)
    assert [(one.recorded, one.problems) for one in store.imports("s")] == [(DAY.format(1), 1), (DAY.format(3), 1)]
    assert history(store) == known
    assert store.digest() != before
    for name, time_ in (("s", DAY.format(2)), ("other", DAY.format(4))):
        with pytest.raises(UsageError, match="can be confirmed"):
            store.confirm(name, time_)


def test_a_refused_first_import_leaves_no_source(store: FeedStore) -> None:
    with pytest.raises(UsageError):
        store.replace("s", feed("A"), "")
    assert store.sources() == []


def test_the_digest_is_of_the_state_and_not_of_the_order(tmp_path: Path) -> None:
    digests = set()
    for number, order in enumerate(("ab", "ba")):
        with FeedStore.open(tmp_path / str(number)) as store:
            for source in order:
                store.replace(source, feed("A"), DAY.format(1), digest=source)
            digests.add(store.digest())
    assert len(digests) == 1


@pytest.mark.parametrize("content", [b"garbage" * 1000, b"SQLite format 3\0" + b"\0" * 4096])
def test_a_file_that_is_no_store_is_a_clear_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "feeds.sqlite").write_bytes(content)
    with pytest.raises(InputError, match="feeds store") as caught:
        FeedStore.open(tmp_path)
    assert caught.value.remedy


def test_a_store_of_another_version_is_refused(tmp_path: Path) -> None:
    FeedStore.open(tmp_path).close()
    connection = sqlite3.connect(tmp_path / "feeds.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(InputError, match="another version"):
        FeedStore.open(tmp_path)


def test_a_transaction_that_fails_leaves_nothing_behind(store: FeedStore) -> None:
    store.replace("s", feed("A"), DAY.format(1))
    bad: list[Fact] = [Advisory("A", summary="new"), Advisory("B", summary="\ud800")]
    with pytest.raises(UnicodeEncodeError):
        store.replace("t", Parsed(format="osv", facts=bad, problems=[]), DAY.format(2))
    assert [one.name for one in store.sources()] == ["s"]


def test_a_store_is_read_while_another_process_writes(tmp_path: Path) -> None:
    with FeedStore.open(tmp_path) as writer:
        writer.replace("s", feed("A"), DAY.format(1))
        with writer.exclusive(), FeedStore.open(tmp_path) as reader:
            assert history(reader) == {("A", "", DAY.format(1), "")}


def test_a_store_on_a_read_only_medium_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with FeedStore.open(tmp_path) as store:
        store.replace("s", feed("A"), DAY.format(1))
        path = rebuild_index(store)
    # Root may write everywhere, so the answer of the system stands in for the medium.
    monkeypatch.setattr("os.access", lambda *_: False)
    with FeedStore.open(tmp_path) as store:
        assert history(store) == {("A", "", DAY.format(1), "")}
        assert current_index(store) == path
        with pytest.raises(InputError, match="readonly"):
            store.replace("s", feed("A", "B"), DAY.format(2))


_CHILD = """
import sys
from pathlib import Path
from oakum.adapters.feeds.store import FeedStore
from oakum.advisories.model import Advisory, Parsed
store = FeedStore.open(Path(sys.argv[1]))
number = 0
while True:
    number += 1
    facts = [Advisory(f"X-{one}", summary=str(number)) for one in range(2000)]
    time = f"2026-01-01T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}Z"
    store.replace("s", Parsed(format="osv", facts=facts, problems=[]), time)
    print(number, flush=True)
"""


def test_a_killed_import_leaves_the_old_state_or_the_new_one(tmp_path: Path) -> None:
    for round_ in range(5):
        folder = tmp_path / str(round_)
        child = subprocess.Popen([sys.executable, "-c", _CHILD, str(folder)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        reported = int(child.stdout.readline())
        time.sleep(0.013 * round_)
        child.kill()
        reported = max([reported, *(int(line) for line in child.stdout.read().split())])
        child.wait()
        child.stdout.close()
        with FeedStore.open(folder) as store:
            rows = [row for row in history(store) if not row[3]]
            assert len(rows) == 2000
            (generation,) = {int(row[1]) for row in rows}
            # What was reported is there; at most the one that was under way may have been finished beside it.
            assert generation in (reported, reported + 1)
            assert store.sources()[0].recorded == max(row[2] for row in rows)


def test_the_index_is_current_or_built_anew(tmp_path: Path) -> None:
    with FeedStore.open(tmp_path) as store:
        store.replace("s", feed("A"), DAY.format(1))
        path = rebuild_index(store)
        first = path.stat().st_mtime_ns
        assert current_index(store) == path
        assert path.stat().st_mtime_ns == first
        store.replace("s", feed("A", "B"), DAY.format(2))
        (tmp_path / "index.sqlite.new").write_bytes(b"left by a process that died")
        current_index(store)
        assert path.stat().st_mtime_ns != first
        path.write_bytes(b"damaged")
        current_index(store)
        assert path.stat().st_size > 1000
    assert sorted(one.name for one in tmp_path.iterdir()) == ["feeds.sqlite", "index.sqlite"]


@given(st.lists(st.dictionaries(st.sampled_from("ABCDE"), st.sampled_from("xyz")), min_size=1, max_size=6))
def test_every_past_state_can_be_read_again(
    tmp_path_factory: pytest.TempPathFactory, states: list[dict[str, str]]
) -> None:
    with FeedStore.open(tmp_path_factory.mktemp("store")) as store:
        for day, state in enumerate(states, start=1):
            facts: list[Fact] = [Advisory(id_, summary=text) for id_, text in state.items()]
            parsed = Parsed(format="osv", facts=facts, problems=[])
            store.replace("s", parsed, DAY.format(day), allow_shrink=True)
        for day, state in enumerate(states, start=1):
            assert as_of(store, DAY.format(day)) == set(state.items())
