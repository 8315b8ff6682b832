"""Seconds, bytes and failures: what is over stays over, and what did not come is given back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.errors import UsageError
from oakum.local.pull_limits import Budget, Circuits, SpentError, bytes_of, seconds_of, told_size, told_time


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("10m", 600), ("2h", 7200), (" 1m ", 60)])
def test_a_time_is_read(text: str, seconds: float) -> None:
    assert seconds_of(text, "--x") == seconds


@pytest.mark.parametrize("text", ["", "10", "0m", "-1m", "1.5h", "1d", "m", "1 m", "9" * 30 + "s"])
def test_what_is_no_time_is_told(text: str) -> None:
    with pytest.raises(UsageError, match="--x"):
        seconds_of(text, "--x")


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1", 1), ("1B", 1), ("1kB", 1000), ("1KB", 1000), ("1KiB", 1024), ("500MB", 500_000_000), ("5GiB", 5 << 30),
        ("1.5GB", 1_500_000_000), ("2TiB", 2 << 40), ("1 MB", 1_000_000),
    ],
)  # fmt: skip
def test_a_size_is_read(text: str, size: int) -> None:
    assert bytes_of(text, "--x") == size


@pytest.mark.parametrize("text", ["", "0", "0GB", "-1", "1Gb", "GB", "1e9", "1,5GB", "9" * 30])
def test_what_is_no_size_is_told(text: str) -> None:
    with pytest.raises(UsageError, match="--x"):
        bytes_of(text, "--x")


def test_sizes_and_times_are_told_to_people() -> None:
    assert [told_size(size) for size in (0, 999, 1000, 1_230_000, 5 << 30)] == [
        "0 bytes", "999 bytes", "1 kB", "1.23 MB", "5.37 GB",
    ]  # fmt: skip
    assert [told_time(seconds) for seconds in (5, 90, 600, 7200)] == ["5 s", "90 s", "10 min", "2 h"]


def test_the_time_runs_from_the_first_question_on() -> None:
    now = [100.0]
    budget = Budget(10, 1, lambda: now[0])
    now[0] = 200.0
    budget.check()
    now[0] = 209.9
    budget.check()
    now[0] = 210.0
    for _ in range(2):
        with pytest.raises(SpentError, match="10 s for pulling images"):
            budget.check()


def test_who_stops_it_ends_every_wait() -> None:
    budget = Budget(1000, 1)
    budget.stop()
    with pytest.raises(SpentError, match="interrupted"):
        budget.sleep(1000)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=30))
def test_no_more_is_ever_set_aside_than_there_is(steps: list[tuple[int, int]]) -> None:
    budget = Budget(1000, 100)
    held = 0
    for size, back in steps:
        try:
            budget.take(size)
        except SpentError:
            assert held + size > 100
        else:
            held += size
            assert held <= 100
            budget.give_back(min(back, size))
            held -= min(back, size)
        assert budget.spent == held


def test_so_many_failures_of_one_kind_without_a_success_are_enough() -> None:
    circuits = Circuits(3)
    assert not circuits.failed("a", "busy")
    assert not circuits.failed("a", "busy")
    assert not circuits.failed("a", "away")
    assert not circuits.failed("b", "busy")
    assert circuits.left_alone("a") == ""
    circuits.succeeded("a")
    assert [circuits.failed("a", "busy") for _ in range(5)] == [False, False, True, False, False]
    assert circuits.left_alone("a") == "busy"
    assert circuits.left_alone("b") == ""
