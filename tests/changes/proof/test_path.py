"""What the step machine writes is a legal path, whatever struck; a journal in which one thing was changed is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from msgspec.structs import replace

from oakum.changes.approvals import Signed, Statement
from oakum.changes.plans.model import Plan
from oakum.changes.proof.path import WHEN, legal, read_records
from oakum.changes.proof.permission import Permission
from oakum.changes.recorded import over
from oakum.changes.running.acts import ACTS, Outcome
from oakum.changes.running.journal import NEXT, Answered, Meant, Noted, Record, Started, Turned, encode
from oakum.policy.entries import Approver, Escalation
from oakum.policy.entries import Step as Rung
from oakum.policy.scopes import Scope
from oakum.simulation.faults import Schedule
from oakum.simulation.scenarios import names, read
from oakum.simulation.soak import trials
from oakum.simulation.trials import Ready, attempt, ready

#: Fleets that take long to simulate.
LARGE = {"five-thousand-nodes", "forty-clusters"}
Change = Callable[[list[Record]], None]


def permission(given: Ready, *, since: timedelta = timedelta(days=-1), until: timedelta = timedelta(days=60),
               steps: bool = True) -> Permission:  # fmt: skip
    """Somebody asks, and enough others agree to everything, for a time around that of the plan."""
    plan = given.answer
    assert isinstance(plan, Plan)
    people = tuple(
        Approver(f"approver-{number}", tuple(given.policy.roles), (f"ssh-ed25519 {number}",)) for number in range(6)
    )
    agreed = Statement(says="approve", plan=plan.hash, at=plan.at + since, until=plan.at + until)
    says = [agreed]
    for step in plan.steps if steps else ():
        says += [replace(agreed, step=step, force_evict=forced) for forced in (False, True)]
    statements = [Signed(said, each.keys[0]) for each in people[1:] for said in says]
    request = Signed(replace(agreed, says="request", at=plan.at - timedelta(days=1)), people[0].keys[0])
    return Permission(plan, replace(given.policy, approvers=people), given.calendar, request, statements)


def wrong(given: Ready, records: Sequence[Record], allowed: Permission | None = None) -> list[str]:
    assert isinstance(given.answer, Plan)
    return [str(each) for each in legal(given.answer, "run-1", records, allowed or permission(given))]


@pytest.mark.parametrize("name", sorted(set(names()) - LARGE))
def test_whatever_strikes_the_journal_is_a_legal_path(name: str) -> None:
    scenario = read(name)
    given = ready(scenario)
    if not isinstance(given.answer, Plan) or not given.answer.steps:
        pytest.skip("there is no plan in this world")
    for trial in trials(scenario, 1, 2):
        assert trial.result is not None
        assert wrong(given, trial.result.records) == []


def test_every_act_has_the_states_in_which_it_may_be_meant() -> None:
    assert WHEN.keys() | {"lease"} == ACTS.keys()
    assert set().union(*WHEN.values()) <= NEXT.keys()


# One thing changed


@cache
def hosts() -> tuple[Ready, list[Record]]:
    """A few hosts that are patched one after the other, and what was written."""
    scenario = read("bare-hosts")
    result = attempt(scenario, Schedule()).result
    assert result is not None and result.result == "done"
    return ready(scenario), result.records


def at(records: list[Record], what: Callable[[Record], bool], nth: int = 0) -> int:
    """The place of the nth record of a kind."""
    return [place for place, each in enumerate(records) if what(each)][nth]


def act(do: str) -> Callable[[Record], bool]:
    return lambda each: isinstance(each, Meant) and each.act.do == do


def state(name: str) -> Callable[[Record], bool]:
    return lambda each: isinstance(each, Turned) and each.state == name


def note(what: str) -> Callable[[Record], bool]:
    return lambda each: isinstance(each, Noted) and each.what == what


def without(what: Callable[[Record], bool], nth: int = 0) -> Change:
    def change(records: list[Record]) -> None:
        del records[at(records, what, nth)]

    return change


def altered(what: Callable[[Record], bool], nth: int = 0, **fields: object) -> Change:
    def change(records: list[Record]) -> None:
        place = at(records, what, nth)
        records[place] = replace(records[place], **fields)

    return change


def altered_act(do: str, nth: int = 0, **fields: object) -> Change:
    def change(records: list[Record]) -> None:
        place = at(records, act(do), nth)
        meant = records[place]
        assert isinstance(meant, Meant)
        records[place] = replace(meant, act=replace(meant.act, **fields))

    return change


def moved(what: Callable[[Record], bool], to: int) -> Change:
    def change(records: list[Record]) -> None:
        records.insert(to, records.pop(at(records, what)))

    return change


def given_twice(records: list[Record]) -> None:
    """Another takes the run over, and is given the token that somebody has."""
    lease = records[at(records, act("lease"))]
    assert isinstance(lease, Meant)
    key = "run-1/lease/other/later"
    meant = replace(lease, act=replace(lease.act, key=key, parameters={"holder": "other", "seconds": "60"}))
    records[6:6] = [meant, Answered(at=lease.at, key=key, outcome=Outcome(result="done", token=1))]


def again(records: list[Record]) -> None:
    """An act that was answered is meant once more under its key."""
    place = at(records, act("claim"))
    records.insert(place + 2, records[place])


def elsewhere(records: list[Record]) -> None:
    """An act on a machine that is not the step's."""
    place = at(records, act("apply"))
    meant = records[place]
    assert isinstance(meant, Meant)
    records[place] = replace(meant, act=replace(meant.act, subject=replace(meant.act.subject, name="other")))


ENDED = Noted(at=datetime(2030, 1, 1, tzinfo=UTC), what="held", token=9)
WRONG: dict[str, tuple[Change, str]] = {
    "nobody took it up": (without(lambda each: isinstance(each, Started)), "record 1: nobody had taken the run up"),
    "taken up as another run": (altered(lambda each: isinstance(each, Started), run="run-2"), "it is of run run-2"),
    "taken up for another plan": (altered(lambda each: isinstance(each, Started), plan="x"), "plan x"),
    "no lease": (without(lambda each: isinstance(each, Answered)), "nobody had the right to carry the run out"),
    "an answer without its intent": (without(act("apply")), "an answer to what nobody had meant"),
    "an act under a higher token": (altered_act("apply", token=7), "the fencing token 7 was given to nobody"),
    "a state under a higher token": (altered(state("applying"), token=7), "the fencing token 7 was given to nobody"),
    "a token given twice": (given_twice, "the fencing token 1 was given to another before"),
    "an act of another plan": (altered_act("apply", plan="sha256:0"), "apply is of run run-1 and plan sha256:0"),
    "an act on another machine": (elsewhere, "apply is meant for other"),
    "an act under the key of another": (altered_act("apply", key="run-1/x/apply/1"), "its key is that of another act"),
    "an act with other changes": (altered_act("apply", changes=()), "apply makes other changes than the plan"),
    "an act in another state": (moved(act("apply"), 6), "apply is meant while the step is"),
    "an act that was answered, again": (again, "claim was answered under this key before"),
    "a state that was left out": (without(state("applying")), "which cannot follow"),
    "a step that ended twice": (altered(state("verifying"), state="done"), "is done after rebooting, which"),
    "a step of no plan": (altered(state("admitted"), step="x"), "the plan has no step x"),
    "a wave that was not over": (without(note("wave-over")), "is begun before the wave"),
    "a wave over too soon": (moved(note("wave-over"), 8), "and its step"),
    "done without its last wave": (without(note("wave-over"), -1), "the run is done, and the wave"),
    "a wave of no plan": (altered(note("wave-over"), about="x"), "the plan has no wave x"),
    "something after the end": (lambda records: records.append(ENDED), "the run was done before it"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "says"), WRONG.values(), ids=WRONG)
def test_one_thing_changed_is_named_with_its_record(change: Change, says: str) -> None:
    given, records = hosts()
    assert wrong(given, records) == []
    changed = list(records)
    change(changed)
    found = wrong(given, changed)
    assert any(says in each for each in found), found
    assert all(each.startswith("journal.jsonl, record ") for each in found)


def test_a_late_writer_is_void_and_no_fault() -> None:
    given, records = hosts()
    lease = records[at(records, act("lease"))]
    assert isinstance(lease, Meant)
    later = replace(lease.act, key="run-1/lease/other/later", parameters={"holder": "other", "seconds": "60"})
    place = at(records, state("applying"))
    taken: list[Record] = [
        Meant(at=lease.at, act=later),
        Answered(at=lease.at, key=later.key, outcome=Outcome(result="done", token=2)),
    ]
    changed: list[Record] = [*records[:place], *taken, *records[place:]]
    # From here on the first one's records are void: whatever they say, the run has not gone on, and is not over.
    assert wrong(given, changed) == []
    assert over(records) and not over(changed)


# Without leave


def test_a_step_that_was_begun_before_anybody_agreed_or_after_it_had_ended_is_named() -> None:
    given, records = hosts()
    for allowed in (
        permission(given, since=timedelta(days=20)),
        permission(given, since=timedelta(days=-3), until=timedelta(days=-2)),
    ):
        found = wrong(given, records, allowed)
        assert found and all("nobody had agreed enough by then" in each for each in found)


def test_a_step_without_a_way_back_needs_an_approval_of_its_own() -> None:
    given, records = hosts()
    plan = given.answer
    assert isinstance(plan, Plan)
    waves = [
        replace(wave, steps=tuple(replace(step, reversibility="forward-only") for step in wave.steps))
        for wave in plan.waves
    ]
    final = replace(given, answer=replace(plan, waves=tuple(waves)))
    assert isinstance(final.answer, Plan)
    renamed = [_of_plan(each, final.answer.hash) for each in records]
    assert wrong(final, renamed) == []
    found = wrong(final, renamed, permission(final, steps=False))
    assert len(found) == len(plan.steps) and all("it has no way back" in each for each in found)


def _of_plan(record: Record, plan: str) -> Record:
    if isinstance(record, Started):
        return replace(record, plan=plan)
    return replace(record, act=replace(record.act, plan=plan)) if isinstance(record, Meant) else record


def test_a_step_that_was_begun_outside_of_its_window_is_named() -> None:
    given = ready(read("short-window"))
    result = attempt(read("short-window"), Schedule()).result
    assert result is not None
    place = at(result.records, state("admitted"))
    changed = list(result.records)
    changed[place] = replace(changed[place], at=changed[place].at + timedelta(hours=14))
    assert wrong(given, result.records) == []
    assert any("outside of its windows" in each for each in wrong(given, changed))


# The file


def test_a_journal_that_is_not_in_its_one_form_is_named_by_its_line() -> None:
    records = hosts()[1][:5]
    lines = [encode(each) for each in records]
    assert read_records(b"".join(line + b"\n" for line in lines)) == (records, [])
    for changed, number in (
        (b"\n".join(lines), 5), (b"\n".join([lines[0], b"{}", b""]), 2), (b"\n".join([lines[0], b"", b""]), 2),
        (b"\n".join([lines[0], lines[1].replace(b'":', b'": ', 1), b""]), 2),
        (b"\n".join([lines[0], b'{"type":"noted","at":"2026-01-31T06:00:00","what":"done"}', b""]), 2),
        (b"\n".join([lines[0], b"[" * 100_000, b""]), 2), (b"\xff\n", 1),
    ):  # fmt: skip
        _, faults = read_records(changed)
        assert [each.part for each in faults] == [f"record {number}"]


# What only some runs do


@cache
def fleet(name: str) -> tuple[Ready, list[Record]]:
    """A whole run of a scenario in which nothing strikes."""
    result = attempt(read(name), Schedule()).result
    assert result is not None
    return ready(read(name)), result.records


def test_more_at_once_than_a_group_lets_is_named() -> None:
    given, records = fleet("partial-rollback")
    plan = given.answer
    assert isinstance(plan, Plan)
    most = plan.groups[0].max_unavailable
    assert wrong(given, records) == []
    one_less = replace(plan, groups=(replace(plan.groups[0], max_unavailable=most - 1), *plan.groups[1:]))
    renamed = [_of_plan(each, one_less.hash) for each in records]
    found = wrong(replace(given, answer=one_less), renamed)
    assert found and all(f"beside {most - 1} others of its group, of which {most - 1} may" in each for each in found)
    serial = replace(plan, groups=(replace(plan.groups[0], serial=True), *plan.groups[1:]))
    found = wrong(replace(given, answer=serial), [_of_plan(each, serial.hash) for each in records])
    assert any("of which 1 may be in hand at once" in each for each in found)


def test_a_way_back_that_is_not_the_plan_s_is_named() -> None:
    given, records = fleet("partial-rollback")
    place = at(records, act("undo"))
    meant = records[place]
    assert isinstance(meant, Meant) and meant.act.changes
    elsewhere = tuple(replace(each, after="9.9.9") for each in meant.act.changes)
    changed = list(records)
    changed[place] = replace(meant, act=replace(meant.act, changes=(*meant.act.changes, *elsewhere)))
    assert any("undo makes other changes than the way back of the plan" in each for each in wrong(given, changed))


def test_a_pod_that_is_deleted_past_its_budget_needs_an_approval_of_its_own() -> None:
    given, records = fleet("partial-rollback")
    plan = given.answer
    assert isinstance(plan, Plan)
    ladder = Escalation("l", Scope(), (Rung("wait", 60), Rung("force-evict")))
    forcing = replace(plan, groups=tuple(replace(each, escalation=ladder) for each in plan.groups))
    given = replace(given, answer=forcing)
    place = at(records, act("evict"))
    meant = records[place]
    assert isinstance(meant, Meant)
    key = meant.act.key.replace("/evict/", "/delete-pod/")
    forced = replace(meant, act=replace(meant.act, do="delete-pod", key=key))
    changed = [_of_plan(each, forcing.hash) for each in [*records[:place], forced, *records[place:]]]
    assert wrong(given, changed) == []
    found = wrong(given, changed, permission(given, steps=False))
    assert len(found) == 1 and "nobody had agreed by then that pods there are deleted" in found[0]


def test_an_approval_that_ends_between_two_steps_is_enough_for_the_first_alone() -> None:
    given, records = hosts()
    plan = given.answer
    assert isinstance(plan, Plan)
    begun = [each.at for each in records if state("admitted")(each)]
    found = wrong(given, records, permission(given, until=begun[1] - plan.at))
    assert len(found) == len(begun) - 1 and all("nobody had agreed enough" in each for each in found)


def test_what_may_stand_after_the_end_and_what_may_not() -> None:
    given, records = hosts()
    lease = records[at(records, act("lease"))]
    claim = records[at(records, act("claim"))]
    assert isinstance(lease, Meant) and isinstance(claim, Meant)
    key = "run-1/lease/other/later"
    again = Meant(at=lease.at, act=replace(lease.act, key=key, parameters={"holder": "other", "seconds": "60"}))
    given_ = Answered(at=lease.at, key=key, outcome=Outcome(result="done", token=2))
    assert wrong(given, [*records, again, given_, claim]) == [], "a lease, and what is void under it"
    assert any("the run was done before it" in each for each in wrong(given, [*records, claim]))


def test_a_record_whose_time_has_no_zone_is_not_understood() -> None:
    line = encode(Noted(at=datetime(2026, 1, 31), what="done"))
    assert [each.part for each in read_records(line + b"\n")[1]] == ["record 1"]
