"""The rules of the path of a journal, one by one: what a record must not say after those before it, and what it may."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from tests.changes.proof.makings import (
    CALENDAR,
    EXECUTOR,
    NOW,
    OTHER,
    RUN,
    UNDER,
    answered,
    change,
    given,
    group,
    journal,
    leased,
    meant,
    noted,
    plan,
    started,
    step,
    turned,
    visited,
)

from oakum.changes.plans.model import Plan, Step, Subject
from oakum.changes.proof.path import legal, read_records, state_of
from oakum.changes.proof.permission import Permission
from oakum.changes.running.acts import Do, Outcome
from oakum.changes.running.journal import Answered, Meant, Record, States, encode

PLAN = plan()
ONE, TWO, THREE = PLAN.steps.values()
WHOLE = journal(PLAN)
#: The first wave alone, and what comes before it.
BEGUN = WHOLE[:3]
FIRST = WHOLE[:16]
OF_ANOTHER = "record 4: the act claim is of run r-2 and plan sha256:"
LATER = NOW + timedelta(days=2)


def allowed(about: Plan, *more: str) -> Permission:
    """Somebody asks, another agrees to the plan and to what is named."""
    agreed = [given(about, "agrees")]
    agreed += [given(about, "fourth", step=each, force_evict=True) for each in more]
    return Permission(about, UNDER, CALENDAR, given(about, "asks", "request"), agreed)


def wrong(records: Sequence[Record], about: Plan = PLAN, permission: Permission | None = None) -> list[str]:
    found = [str(each) for each in legal(about, RUN, records, permission or allowed(about))]
    assert all(each.startswith("journal.jsonl, ") for each in found)
    return [each.removeprefix("journal.jsonl, ") for each in found]


def act(record: Record, **fields: object) -> Record:
    """A record of an act with something changed in the act."""
    assert isinstance(record, Meant)
    return replace(record, act=replace(record.act, **fields))


def walked(of: Step, *states: States, token: int = 1) -> list[Record]:
    return [turned(of, each, token) for each in states]


CLAIM, ANSWER = meant(PLAN, ONE, "claim"), WHOLE[5]
#: Somebody asks for the run and is refused, or is given nothing.
REFUSED = [
    leased(PLAN, 7, OTHER)[0],
    Answered(at=NOW, key=f"{RUN}/lease/{OTHER}/7", outcome=Outcome(result="refused", token=7)),
]
NOBODY, NONE_YET = "nobody had taken the run up", "nobody had the right to carry the run out yet"
LOST = [*FIRST[:6], *leased(PLAN, 2, OTHER)]

LEGAL: dict[str, list[Record]] = {
    "all of it": WHOLE,
    "nothing": [],
    "taken up again": [*WHOLE[:6], started(PLAN), *WHOLE[6:]],
    "taken up after the end by somebody who has not seen it": [*WHOLE, started(PLAN)],
    "an answer that comes after the end": [*WHOLE, ANSWER],
    "a lease after the end": [*WHOLE, *leased(PLAN, 2, OTHER)],
    "a lease that is kept after the end": [*WHOLE, act(leased(PLAN)[0], token=1), leased(PLAN)[1]],
    "what is void after the end": [
        *WHOLE, *leased(PLAN, 2, OTHER), CLAIM, turned(TWO, "admitted"), noted("held"), noted("done"),
    ],
    "a lease that is renewed under its key": [*WHOLE[:6], *leased(PLAN), *WHOLE[6:]],
    "a lease that is asked for in vain": [
        *WHOLE[:6], *REFUSED, *WHOLE[6:],
    ],
    "an act whose answer nobody knows, again": [*WHOLE[:5], answered(CLAIM, "unknown"), CLAIM, *WHOLE[5:]],
    "an act without an answer, again": [*WHOLE[:5], CLAIM, *WHOLE[5:]],
    "a note in the middle": [*WHOLE[:6], noted("held"), *WHOLE[6:]],
    "a step that is left out": [
        *WHOLE[:28], turned(THREE, "skipped"), noted("wave-over", "w-2"), noted("done"),
    ],
    "a run that is stopped": [*FIRST, noted("stopping"), noted("stopped")],
    "a step that waits again lets another begin": [
        *FIRST, *walked(TWO, "admitted", "applying", "waiting"), *visited(PLAN, THREE),
    ],
    "a step that has failed lets another begin": [
        *FIRST, *walked(TWO, "admitted", "failed"), *visited(PLAN, THREE),
    ],
    "states, notes and acts of whoever lost the lease": [
        *LOST, turned(ONE, "done"), noted("wave-over", "w-2"), noted("done"), meant(PLAN, ONE, "reboot"),
        turned(ONE, "applying", 2),
    ],
    "an act that whoever lost the lease meant, and was answered, by whoever has it": [
        *LOST[:3], turned(ONE, "admitted"), *leased(PLAN, 2, OTHER), CLAIM, answered(CLAIM, "refused", code="fenced"),
        act(CLAIM, token=2), ANSWER, turned(ONE, "applying", 2),
    ],
}  # fmt: skip


@pytest.mark.parametrize("records", LEGAL.values(), ids=LEGAL)
def test_what_a_run_may_write_is_no_fault(records: list[Record]) -> None:
    assert wrong(records) == []


WRONG: dict[str, tuple[list[Record], list[str]]] = {
    "taken up as another run": ([started(PLAN, run="r-2")], [f"record 1: it is of run r-2 and plan {PLAN.hash[:24]}"]),
    "taken up for another plan": ([started(PLAN, plan="x")], [f"record 1: it is of run {RUN} and plan x"]),
    "nobody took it up": ([noted("held", token=0)], [f"record 1: {NOBODY}"]),
    "a state without a lease": ([started(PLAN), turned(ONE, "admitted", 0)], [f"record 2: {NONE_YET}"]),
    "an act without a lease": (
        [started(PLAN), meant(PLAN, ONE, "claim", token=0)],
        [f"record 2: {NONE_YET}", "record 2: claim is meant while the step is waiting"]),
    "a lease that was refused": (
        [started(PLAN), *REFUSED, turned(ONE, "skipped", 7)],
        [f"record 4: {NONE_YET}"]),
    "a lease without a token": (
        [started(PLAN), *leased(PLAN, 0)], ["record 3: the fencing token 0 was given to another before"]),
    "a token of two people": (
        [*BEGUN, *leased(PLAN, 1, OTHER)], ["record 5: the fencing token 1 was given to another before"]),
    "a token that nobody was given": (
        [*BEGUN, turned(ONE, "admitted", 2)], ["record 4: the fencing token 2 was given to nobody"]),
    "an act under a token that nobody was given": (
        [*BEGUN, turned(ONE, "admitted"), act(CLAIM, token=2)], ["record 5: the fencing token 2 was given to nobody"]),
    "a token that counts after an older one is renewed": (
        [*LOST, *leased(PLAN, 1), turned(ONE, "done"), turned(ONE, "applying", 2), turned(ONE, "done", 2)],
        ["record 13: packages@web-1 is done after applying, which cannot follow"]),
    "a lease of a step": (
        [started(PLAN), replace(leased(PLAN)[0], step=ONE.id)], ["record 2: a lease is of no step"]),
    "an act of another run": (
        [*BEGUN, turned(ONE, "admitted"), act(CLAIM, run="r-2")],
        [f"record 5: the act claim is of run r-2 and plan {PLAN.hash[:24]}"]),
    "an act of another plan": (
        [*BEGUN, turned(ONE, "admitted"), act(CLAIM, plan="x")],
        [f"record 5: the act claim is of run {RUN} and plan x"]),
    "an act that was answered, again": (
        [*FIRST[:6], CLAIM], ["record 7: claim was answered under this key before, and is meant again"]),
    "an act that was refused, again": (
        [*FIRST[:5], answered(CLAIM, "refused"), CLAIM],
        ["record 7: claim was answered under this key before, and is meant again"]),
    "an act of whoever has the lease, answered, again": (
        [*LOST[:3], turned(ONE, "admitted"), *leased(PLAN, 2, OTHER), CLAIM, act(CLAIM, token=2), ANSWER,
         act(CLAIM, token=2)],
        ["record 10: claim was answered under this key before, and is meant again"]),
    "an act of whoever has the lease, answered after somebody else meant it too, again": (
        [*LOST[:3], turned(ONE, "admitted"), *leased(PLAN, 2, OTHER), act(CLAIM, token=2), CLAIM, ANSWER,
         act(CLAIM, token=2)],
        ["record 10: claim was answered under this key before, and is meant again"]),
    "an act of no step": (
        [*BEGUN, replace(meant(PLAN, ONE, "claim"), step="x")], ["record 4: the plan has no step x"]),
    "an act in another state": (
        [*BEGUN, meant(PLAN, ONE, "claim")], ["record 4: claim is meant while the step is waiting"]),
    "an act under the key of another step": (
        [*BEGUN, turned(ONE, "admitted"), act(CLAIM, key=f"{RUN}/{TWO.id}/claim/1")],
        [f"record 5: its key is that of another act: {RUN}/{TWO.id}/claim/1"]),
    "an act on another machine": (
        [*BEGUN, turned(ONE, "admitted"), act(CLAIM, subject=TWO.subject)],
        ["record 5: claim is meant for web-2, and the step is about web-1"]),
    "a node that is deleted and not the step's": (
        [*BEGUN, turned(ONE, "admitted"), meant(PLAN, ONE, "delete-node", subject=TWO.subject)],
        ["record 5: delete-node is meant for web-2, and the step is about web-1"]),
    "the key of another act": (
        [*FIRST[:5], act(CLAIM, pod="shop/web")],
        [f"record 6: the key {RUN}/{ONE.id}/claim/1 was that of another act"]),
    "changes that the plan does not make": (
        [*FIRST[:7], meant(PLAN, ONE, "apply", changes=(change("1", "3"),))],
        ["record 8: apply makes other changes than the plan"]),
    "a pod that nobody agreed to delete": (
        [*BEGUN, *walked(ONE, "admitted", "cordoned", "draining"), meant(PLAN, ONE, "delete-pod", pod="shop/web")],
        ["record 7: nobody had agreed by then that pods there are deleted past their budget"]),
    "an answer to nothing": (
        [*BEGUN, ANSWER], [f"record 4: an answer to what nobody had meant: {RUN}/{ONE.id}/claim/1"]),
    "a step of no plan": ([*BEGUN, turned(step("x"), "admitted")], ["record 4: the plan has no step packages@x"]),
    "a state that cannot follow": (
        [*BEGUN, turned(ONE, "applying")],
        ["record 4: packages@web-1 is applying after waiting, which cannot follow"]),
    "a step that begins after its end": (
        [*FIRST[:15], turned(ONE, "admitted")],
        ["record 16: packages@web-1 is admitted after done, which cannot follow"]),
    "a step before its wave": (
        [*BEGUN, turned(TWO, "admitted")], ["record 4: packages@web-2 is begun before the wave w-1 was over"]),
    "two at once": (
        [*FIRST, turned(TWO, "admitted"), turned(THREE, "admitted")],
        ["record 18: packages@web-3 is begun beside 1 others of its group, of which 1 may be in hand at once"]),
    "a wave of no plan": ([*BEGUN, noted("wave-over", "x")], ["record 4: the plan has no wave x"]),
    "a wave that is over too soon": (
        [*FIRST, *visited(PLAN, TWO), noted("wave-over", "w-2")],
        ["record 29: the wave w-2 is over, and its step packages@web-3 is not"]),
    "done without the last wave": (
        [*FIRST, noted("done")], ["record 17: the run is done, and the wave w-2 is not over"]),
    "done without any": ([*BEGUN, noted("done")], ["record 4: the run is done, and the wave w-1 is not over"]),
    "a note after the end": ([*WHOLE, noted("held")], ["record 43: the run was done before it"]),
    "a state after the end": (
        [*FIRST, noted("stopped"), turned(TWO, "skipped")], ["record 18: the run was stopped before it"]),
    "an act after the end": (
        [*BEGUN, turned(ONE, "admitted"), noted("stopped"), CLAIM], ["record 6: the run was stopped before it"]),
}  # fmt: skip


@pytest.mark.parametrize(("records", "found"), WRONG.values(), ids=WRONG)
def test_what_no_run_writes_is_named_with_its_record(records: list[Record], found: list[str]) -> None:
    assert wrong(records) == found


def test_the_first_twenty_faults_are_told() -> None:
    assert [each.partition(":")[0] for each in wrong(WHOLE[1:])] == [f"record {n}" for n in range(1, 21)]
    assert len(wrong([noted("held", token=0)] * 19)) == 19


def test_without_leave_a_step_begins_wrongly_and_one_that_goes_on_or_is_left_out_does_not() -> None:
    late = [turned(ONE, "admitted", at=LATER), turned(TWO, "skipped", at=LATER)]
    assert [each.partition(" by then")[0] for each in wrong([*BEGUN, *late])] == [
        "record 4: packages@web-1 is begun: nobody had agreed enough"
    ]
    assert wrong([*FIRST[:4], turned(ONE, "admitted", at=LATER)]) == [], "it is in hand, and is finished"


@pytest.mark.parametrize(("limits", "others"), [
    ({"max_unavailable": 0}, 1), ({"max_unavailable": 1}, 1), ({"max_unavailable": 2}, 2),
    ({"max_unavailable": 3, "serial": True}, 1),
])  # fmt: skip
def test_as_many_of_a_group_are_in_hand_as_the_plan_lets(limits: dict[str, Any], others: int) -> None:
    about = plan(groups=[group(**limits)], waves=[[step("web-1"), step("web-2"), step("web-3")]])
    begun = [turned(each, "admitted") for each in about.steps.values()]
    head = [started(about), *leased(about)]
    assert wrong([*head, *begun[:others]], about) == []
    beside = f"is begun beside {others} others of its group, of which {others} may be in hand at once"
    assert [each for each in wrong([*head, *begun[: others + 1]], about) if each.endswith(beside)]


def test_steps_of_another_group_are_counted_apart() -> None:
    about = plan(groups=[group(), group("store")], waves=[[step("web-1"), step("db-1", group="store")]])
    begun = [turned(each, "admitted") for each in about.steps.values()]
    assert wrong([started(about), *leased(about), *begun], about) == []


def test_a_pod_may_be_deleted_under_an_approval_of_its_own() -> None:
    drained = [*BEGUN, *walked(ONE, "admitted", "cordoned", "draining"), meant(PLAN, ONE, "delete-pod", pod="shop/web")]
    assert wrong(drained, permission=allowed(PLAN, ONE.id)) == []
    assert len(wrong(drained, permission=allowed(PLAN, TWO.id))) == 1, "that is another step's"


def replacing() -> tuple[Plan, Step]:
    """A plan that makes a node anew, and its step."""
    made = change("old", "new", kind="node-replacement", component="image")
    about = plan(waves=[[step("web-1", kind="replace", changes=(made,), back=())]])
    return about, about.steps["packages@web-1"]


@pytest.mark.parametrize(("do", "fault"), [("delete-node", ""), ("create-node", "create-node is meant for web-9")])
def test_only_the_machine_that_is_deleted_may_be_another_one_than_that_of_a_replacement(do: Do, fault: str) -> None:
    about, of = replacing()
    other = Subject(kind="machine", cluster="", name="web-9", uid="uid-web-9")
    records = [started(about), *leased(about), turned(of, "admitted"), meant(about, of, do, subject=other)]
    found = wrong(records, about)
    assert [each.startswith(f"record 5: {fault}") for each in found] == ([True] if fault else [])


def test_a_node_is_made_from_the_image_of_the_plan_and_no_other() -> None:
    about, of = replacing()
    records = [started(about), *leased(about), turned(of, "admitted")]
    assert wrong([*records, meant(about, of, "create-node")], about) == []
    assert wrong([*records, meant(about, of, "create-node", changes=())], about) == [
        "record 5: create-node makes other changes than the plan"
    ]


@pytest.mark.parametrize(("changes", "back", "undone", "right"), [
    ((change(),), (change("2", "1"),), (change("2", "1"),), True),
    ((change(),), (), (change("2", "1"),), True),
    ((change(back="0"),), (), (change("2", "0"),), True),
    ((change(back="0"),), (), (change("2", "1"),), False),
    ((change(),), (change("2", "0"),), (change("2", "0"),), True),
    ((change(),), (), (change("2", "0"),), False),
    ((change(),), (), (change("2", "1"), change("2", "0")), False),
    ((change(),), (), (change("2", "1", component="other"),), False),
    ((change(),), (), (), True),
])  # fmt: skip
def test_the_way_back_leads_to_the_versions_of_the_plan(
    changes: tuple[object, ...], back: tuple[object, ...], undone: tuple[object, ...], right: bool
) -> None:
    about = plan(waves=[[step("web-1", changes=changes, back=back)]])
    of = about.steps["packages@web-1"]
    records = [
        started(about), *leased(about), *walked(of, "admitted", "applying"), meant(about, of, "undo", changes=undone),
    ]  # fmt: skip
    expected = [] if right else ["record 6: undo makes other changes than the way back of the plan"]
    assert wrong(records, about) == expected


def test_the_state_of_a_step_is_what_was_said_last_by_whoever_had_the_lease() -> None:
    assert state_of(PLAN, [*LOST, turned(ONE, "done")]) == {
        ONE.id: "admitted", TWO.id: "waiting", THREE.id: "waiting",
    }  # fmt: skip
    assert set(state_of(PLAN, WHOLE).values()) == {"done"}


def test_a_journal_is_read_up_to_the_first_line_that_is_none() -> None:
    lines = [encode(each) + b"\n" for each in WHOLE[:4]]
    assert read_records(b"".join(lines)) == (WHOLE[:4], [])
    assert read_records(b"") == ([], [])
    for changed, number, why in (
        (b"".join(lines)[:-1], 4, "the last line is cut off"),
        (b"".join([*lines[:2], b"{}\n", lines[3]]), 3, "it is not understood"),
        (b"".join([*lines[:2], b"\n", lines[3]]), 3, "it is not understood"),
        (b"".join([*lines[:2], lines[2].replace(b":", b": ", 1), lines[3]]), 3, "it is not written in its one form"),
        (b"".join([*lines[:2], encode(replace(WHOLE[2], at=NOW.replace(tzinfo=None))) + b"\n"]), 3,
         "it is not written in its one form"),
    ):  # fmt: skip
        records, faults = read_records(changed)
        assert [(each.member, each.part, each.why) for each in faults] == [("journal.jsonl", f"record {number}", why)]
        assert records == ([] if why.startswith("the last") else WHOLE[: number - 1])


def test_whoever_carries_it_out_has_the_token_of_the_run() -> None:
    assert EXECUTOR != OTHER
    assert wrong([*LOST, turned(ONE, "applying", 2)]) == []
    assert wrong([*LOST, turned(ONE, "applying", 3)]) == ["record 9: the fencing token 3 was given to nobody"]
