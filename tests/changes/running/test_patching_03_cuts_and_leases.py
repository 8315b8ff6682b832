"""Trap 3: whoever is cut off is taken over, whoever comes back late changes nothing, and nothing is stranded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.changes.running.fleets import Process, fleet, left, states
from tests.changes.running.looks import ALWAYS, NEW, Play, plan, step

from oakum.changes.plans import Plan
from oakum.changes.run import Do, Look, Wait, Write, run
from oakum.changes.running.acts import Outcome
from oakum.changes.running.journal import Answered, Journal, Meant, Record, Started, Turned, decode, encode
from oakum.errors import UsageError
from oakum.simulation.world import World

STEPS = {f"kernel@shop/w-{number}" for number in (1, 2)}


def all_well(world: World, records: list[Record]) -> None:
    """Every machine runs the new kernel, restarted once, and nothing of ours is left."""
    assert set(states(records).values()) == {"done"}
    assert set(states(records)) == STEPS
    for machine in world.machines.values():
        assert machine.software["linux"].running == NEW
        assert machine.boots == 2
        assert machine.ready
    assert left(world) == []


def test_patching_03_a_run_without_faults_ends_done() -> None:
    world, made = fleet()
    records: list[Record] = []
    assert Process(world, made, records).finish().result == "done"
    all_well(world, records)


def cuts() -> list[int]:
    """The requests of such a run that leave something behind: a cut after any other is a cut after one of these."""
    world, made = fleet()
    requests = list(Process(world, made, []).requests())
    return [number for number, request in enumerate(requests) if isinstance(request, Write | Do)]


@pytest.mark.parametrize("part", range(4))
def test_patching_03_a_run_that_is_cut_after_any_record_or_act_goes_on_from_its_records(part: int) -> None:
    for cut in cuts()[part::4]:
        world, made = fleet()
        records: list[Record] = []
        first = Process(world, made, records)
        for number, _ in enumerate(first.requests()):
            if number == cut:
                break
        first.machine.close()
        ended = Process(world, made, records, "two").finish()
        assert ended.result == "done", cut
        all_well(world, records)


@given(st.lists(st.integers(0, 120), min_size=1, max_size=6), st.booleans())
def test_patching_03_a_run_that_is_cut_again_and_again_strands_nothing(cuts: list[int], same: bool) -> None:
    world, made = fleet()
    records: list[Record] = []
    for number, cut in enumerate(cuts):
        process = Process(world, made, records, "one" if same else f"number-{number}")
        for count, _ in enumerate(process.requests()):
            if count == cut:
                break
        process.machine.close()
    assert Process(world, made, records, "last").finish().result == "done"
    all_well(world, records)


@given(st.integers(0, 200), st.integers(1, 40))
def test_patching_03_a_zombie_beside_its_successor_ends_fenced_and_does_no_harm(stands: int, burst: int) -> None:
    world, made = fleet()
    records: list[Record] = []
    zombie = Process(world, made, records, "zombie")
    for count, _ in enumerate(zombie.requests()):
        if count == stands:
            break
    if zombie.ended is not None:
        return
    # It stands still for longer than its lease; another takes over, and both go on in turns.
    world.timeline.run_to(world.timeline.now + 1000)
    second = Process(world, made, records, "second")
    while second.ended is None:
        for _ in range(burst):
            if second.ended is None:
                second.next()
        if zombie.ended is None:
            zombie.next()
    if zombie.ended is not None:
        assert zombie.ended.result in ("fenced", "done")
    assert second.ended.result in ("done", "fenced")
    if second.ended.result == "fenced":
        assert Process(world, made, records, "third").finish().result == "done"
    all_well(world, records)


def test_patching_03_nothing_is_done_while_another_holds_the_lease() -> None:
    world, made = fleet()
    records: list[Record] = []
    holder = Process(world, made, records, "holder")
    holder.until(lambda request: isinstance(request, Do) and request.act.do == "claim")
    second = Process(world, made, records, "second")
    for _ in range(12):
        second.next()
    assert {each.do for each in second.asked} == {"lease"}
    assert {each.code for each in second.answered} == {"not-now"}


def test_patching_03_a_lease_is_kept_alive_and_that_is_not_written_down() -> None:
    world, made = fleet()
    records: list[Record] = []
    process = Process(world, made, records)
    process.finish()
    leases = [each for each in process.asked if each.do == "lease"]
    written = [each for each in records if isinstance(each, Meant) and each.act.do == "lease"]
    assert len(written) == 1
    assert len(leases) > 3


def test_patching_03_a_lease_that_was_lost_is_taken_anew_under_a_higher_token() -> None:
    world, made = fleet()
    records: list[Record] = []
    process = Process(world, made, records)
    process.until(lambda request: isinstance(request, Do) and request.act.do == "claim")
    world.lease.lose()
    assert process.finish().result == "done"
    assert Journal(records).token == 2
    all_well(world, records)


def test_patching_03_whoever_sees_another_with_a_newer_token_ends_at_once() -> None:
    world, made = fleet()
    process = Process(world, made, [])
    process.until(lambda request: isinstance(request, Do) and request.act.do == "claim")
    world.lease.lose()
    other = Process(world, made, [], "other")
    other.until(lambda request: isinstance(request, Do))
    asked = len(process.asked)
    ended = process.finish()
    assert ended.result == "fenced"
    assert {each.do for each in process.asked[asked:]} <= {"claim", "silence"}
    assert [each.code for each in process.answered[asked:]] == ["fenced"] * (len(process.asked) - asked)


def test_patching_03_every_act_is_written_before_it_is_tried_and_its_answer_after() -> None:
    world, made = fleet()
    process = Process(world, made, [])
    last: object = None
    for request in process.requests():
        if isinstance(request, Do) and request.act.do != "lease":
            assert isinstance(last, Write)
            assert isinstance(last.record, Meant)
            assert last.record.act == request.act
        if isinstance(last, Do) and last.act.do != "lease":
            assert isinstance(request, Write)
            assert isinstance(request.record, Answered)
            assert request.record.key == last.act.key
        last = request


def test_patching_03_records_of_a_lower_token_are_void() -> None:
    play = Play(plan(step()))
    play.turn()
    stale = Turned(at=play.sight.at, step="kernel@shop/w-1", state="done", token=0)
    play.journal.add(stale)
    assert play.state() == "admitted"


def test_patching_03_keys_of_a_resumed_run_are_those_of_the_run_itself() -> None:
    world, made = fleet()
    records: list[Record] = []
    process = Process(world, made, records)
    process.until(lambda request: isinstance(request, Do) and request.act.do == "apply")
    process.machine.close()
    # The answer was not written: the same key is tried again, and the world does it once.
    second = Process(world, made, records, "two")
    second.finish()
    keys = [each.act.key for each in records if isinstance(each, Meant) and each.act.do == "apply"]
    assert len(set(keys)) == 2
    all_well(world, records)


def test_patching_03_records_survive_as_lines_of_json() -> None:
    world, made = fleet()
    records: list[Record] = []
    Process(world, made, records).finish()
    assert [decode(encode(each)) for each in records] == records


def test_patching_03_a_run_that_has_ended_stays_ended() -> None:
    world, made = fleet()
    records: list[Record] = []
    Process(world, made, records).finish()
    length = len(records)
    again = Process(world, made, records, "again")
    assert again.finish().result == "done"
    assert {each.do for each in again.asked} == {"lease"}
    assert all(isinstance(each, Started | Meant | Answered) for each in records[length:])


def test_patching_03_a_journal_of_another_plan_is_refused() -> None:
    world, made = fleet()
    records: list[Record] = [Started(at=made.at, run="run-1", plan="sha256:other", executor="x")]
    with pytest.raises(UsageError, match="sha256:other"):
        Process(world, made, records).finish()


def test_patching_03_an_unanswered_lease_is_not_taken_for_ours() -> None:
    world, made = fleet()
    machine = run(made, ALWAYS, [], run="run-1", executor="one")
    answer: object = None
    done: list[str] = []
    for _ in range(40):
        request = machine.send(answer)
        answer = None
        if isinstance(request, Look):
            answer = world.port("one").observe(request.about)
        elif isinstance(request, Do):
            done.append(request.act.do)
            answer = Outcome(result="unknown")
        elif isinstance(request, Wait):
            world.timeline.run_to(world.timeline.seconds(request.until))
    assert set(done) == {"lease"}


def test_patching_03_the_plan_is_the_one_that_was_approved() -> None:
    world, made = fleet()
    other: Plan = plan(step("w-1"))
    process = Process(world, other, [])
    for _ in range(60):
        process.next()
    assert {each.do for each in process.asked} == {"lease"}
    assert made.hash != other.hash


def test_patching_03_a_lease_that_cannot_be_kept_for_a_moment_is_no_reason_to_end() -> None:
    world, made = fleet()
    records: list[Record] = []
    process = Process(world, made, records)
    process.until(lambda request: isinstance(request, Do) and request.act.do == "apply")
    for _ in range(3):
        world.port("one").throttled_until = world.timeline.now + 200
        process.until(lambda request: isinstance(request, Do) and request.act.do == "lease")
    assert process.finish().result == "done"
    all_well(world, records)
