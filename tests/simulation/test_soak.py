"""A short soak, and what makes a soak worth something: it can be had again, it counts, it shrinks what fails."""

from __future__ import annotations

import msgspec
import pytest

from oakum.simulation import coverage
from oakum.simulation.faults import KINDS, Schedule, Strike
from oakum.simulation.invariants import Broken
from oakum.simulation.report import markdown, summary
from oakum.simulation.scenarios import Scenario, names, read
from oakum.simulation.shrink import shrink
from oakum.simulation.soak import APART, LEAST, Share, Totals, by_kind, fill, schedule, shares, soak
from oakum.simulation.trials import Trial, attempt

#: Schedules of the short soak, over the worlds of a few nodes.
SHORT, LARGE = 320, 8
SMALL = [name for name in names() if read(name).size <= LARGE]


@pytest.mark.parametrize("part", range(4))
def test_a_short_soak_finds_nothing_unsafe_and_nothing_stuck(part: int) -> None:
    whole = Totals()
    chosen = SMALL[part::4]
    for name in chosen:
        whole.add(soak(Share(name, names().index(name) * APART, max(1, SHORT // len(SMALL)))))
    assert whole.failures == []
    assert whole.unsafe == {}
    assert whole.stranded == 0
    assert whole.delivered >= whole.schedules > 0


def test_a_trial_can_be_had_again_from_its_scenario_and_seed() -> None:
    scenario = read("lost-lease")
    for seed in (3, 4):
        given = schedule(scenario, seed)
        first, again = attempt(scenario, given, trace=True), attempt(scenario, given, trace=True)
        assert first.result is not None and again.result is not None
        assert first.result.trace == again.result.trace
        assert first.result.digest == again.result.digest


def test_runs_follow_the_inverse_of_the_size_and_the_largest_has_its_least() -> None:
    found: dict[str, int] = {}
    for each in shares(100_000):
        found[each.scenario] = found.get(each.scenario, 0) + each.count
    assert set(found) == set(names())
    assert found["five-thousand-nodes"] == LEAST
    assert found["edge-three-nodes"] > 10 * found["forty-clusters"]
    assert 95_000 <= sum(found.values()) <= 105_000


def test_no_seed_is_used_twice() -> None:
    seen: set[tuple[str, int]] = set()
    for each in shares(5_000):
        seeds = {(each.scenario, seed) for seed in range(each.first, each.first + each.count)}
        assert not seen & seeds
        seen |= seeds
    later = shares(5_000, begin=1_000_000)
    assert {each.first for each in later}.isdisjoint(each.first for each in shares(5_000))


def test_totals_are_added_and_survive_being_written() -> None:
    one, other = soak(Share("bare-hosts", 0, 3)), soak(Share("foreign-cordon", 0, 3))
    whole = Totals()
    whole.add(one)
    whole.add(msgspec.json.decode(msgspec.json.encode(other), type=Totals))
    assert whole.schedules == one.schedules + other.schedules == 6
    assert whole.delivered == one.delivered + other.delivered == sum(by_kind(whole).values())
    assert sum(whole.ends.values()) == 6
    assert summary(whole).startswith("6 schedules")
    text = markdown(whole)
    assert all(f"| {kind} |" in text for kind in KINDS)
    assert "bare-hosts | 3" in text


def test_what_is_called_impossible_says_why_and_names_a_fault() -> None:
    for kind, (states, why) in coverage.ONLY.items():
        assert kind in KINDS
        assert why
        assert states < set(coverage.STATES)
        for state in coverage.STATES:
            assert bool(coverage.impossible(kind, state)) is (state not in states)


def test_a_gap_is_a_possible_pair_that_never_struck() -> None:
    everything = {
        f"{kind}/{state}": 1 for kind in KINDS for state in coverage.STATES if not coverage.impossible(kind, state)
    }
    assert coverage.gaps(everything) == []
    assert coverage.surprises(everything) == []
    one = next(iter(everything))
    del everything[one]
    assert ["/".join(each) for each in coverage.gaps(everything)] == [one]


def test_a_failing_schedule_shrinks_to_the_strikes_that_matter() -> None:
    scenario = read("lost-lease")
    needed = Strike(kind="crash", state="draining", nth=3, delay=20.0)
    given = Schedule(seed=7, strikes=(Strike(kind="alarm"), needed, Strike(kind="pause", state="done", nth=2)))

    def trial_of(scenario: Scenario, schedule: Schedule) -> Trial:
        fails = any(each.kind == "crash" and each.nth >= 2 for each in schedule.strikes)
        broken = (Broken(name="quorum", at=1.0, object="etcd", why="by hand"),) if fails else ()
        return Trial(scenario=scenario.name, schedule=schedule, ends="done", why="", broken=broken)

    smallest, tried = shrink(scenario, given, trial_of=trial_of)
    assert smallest == Schedule(seed=0, strikes=(Strike(kind="crash", state="draining", nth=2),))
    assert tried < 40


def test_a_schedule_that_does_not_fail_is_left_as_it_is() -> None:
    given = Schedule(seed=7, strikes=(Strike(kind="killed", state="record", nth=9),))
    assert shrink(read("lost-lease"), given) == (given, 1)


def test_trials_are_aimed_at_what_was_not_met() -> None:
    pairs = [(kind, state) for kind in KINDS for state in coverage.STATES]
    met = {f"{kind}/{state}": 1 for kind, state in pairs if not coverage.impossible(kind, state)}
    del met["killed/snapshotted"], met["alarm/undone"]
    more = fill(Totals(faults=met))
    assert more.faults["killed/snapshotted"] and more.faults["alarm/undone"]
    assert more.failures == []
