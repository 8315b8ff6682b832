"""Whose agreement counts for what: a plan with two groups of hosts, four people, and what their statements earn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from tests.changes.proof.makings import NOW, UNDER, given, group, key_of, plan, step

from oakum.changes.approvals import LONGEST, SKEW, Earned, Signed, earned
from oakum.changes.plans.model import Override, Plan
from oakum.policy.entries import Approval, Escalation
from oakum.policy.entries import Step as Rung
from oakum.policy.scopes import Scope

SECOND = timedelta(seconds=1)
HOSTS, STORE = "packages@web-1", "packages@db-1"
#: Nobody forces pods out of the second group, and the security people agree to it as well.
TWO = plan(
    groups=[
        group(),
        group(
            "store", escalation=Escalation("quiet", Scope(), (Rung("wait", 60),)),
            approval=Approval("both", Scope(), 2, (), 2, ()),
        ),
        group("idle", approval=Approval("all", Scope(), 9, (), 9, ())),
    ],
    waves=[[step("web-1")], [step("db-1", group="store", reversibility="forward-only")]],
)  # fmt: skip
ONE = plan(waves=[[step("web-1")]])
#: A step without a way back, on a host from which pods may be forced.
FINAL = plan(waves=[[step("web-1", reversibility="forward-only")]])
ALONE: dict[str, Any] = {"what": "break-glass", "reason": "it burns"}
Said = tuple[str, dict[str, Any]]


def judged(about: Plan, said: Sequence[Said], *, asks: str | None = "asks", now: datetime = NOW) -> Earned:
    """What statements earn of a run that somebody asks for."""
    request = None if asks is None else given(about, asks, "request")
    return earned(about, UNDER, request, [given(about, who, **more) for who, more in said], now)


def wishes(about: Plan, found: Earned) -> set[str]:
    """What was earned, without the hash of the plan."""
    assert all(each.startswith(f"approve:{about.hash}") for each in found.wishes)
    return {each.removeprefix(f"approve:{about.hash}").removeprefix("/") for each in found.wishes}


EARNED: dict[str, tuple[Plan, list[Said], set[str], list[str]]] = {
    "nobody": (ONE, [], set(), ["the plan: 1 more person of platform (for hosts)"]),
    "one of the role": (ONE, [("agrees", {})], {""}, []),
    "one of another role": (ONE, [("fourth", {})], set(), ["the plan: 1 more person of platform (for hosts)"]),
    "a group that the plan has no step of asks nobody": (TWO, [("agrees", {}), ("third", {})], {""}, [
        f"step {STORE}, which has no way back: 2 more people"]),
    "enough for one group of two": (TWO, [("agrees", {})], set(), [
        "the plan: 1 more person (for store)", f"step {STORE}, which has no way back: 2 more people"]),
    "nobody, of two groups": (TWO, [], set(), [
        "the plan: 1 more person of platform (for hosts)", "the plan: 2 more people (for store)",
        f"step {STORE}, which has no way back: 2 more people"]),
    "the step alone": (TWO, [("agrees", {"step": STORE}), ("third", {"step": STORE})], {STORE}, [
        "the plan: 1 more person of platform (for hosts)", "the plan: 2 more people (for store)"]),
    "one of two for the step": (TWO, [("agrees", {"step": STORE})], set(), [
        "the plan: 1 more person of platform (for hosts)", "the plan: 2 more people (for store)",
        f"step {STORE}, which has no way back: 1 more person"]),
    "somebody alone for the step": (TWO, [("fourth", ALONE | {"step": STORE})], {STORE}, [
        "the plan: 1 more person of platform (for hosts)", "the plan: 2 more people (for store)"]),
    "somebody alone for the plan": (TWO, [("fourth", ALONE)], {""}, [
        f"step {STORE}, which has no way back: 2 more people"]),
    "somebody alone who asked": (ONE, [("asks", ALONE)], {""}, []),
    "pods of a step, by the role of the rung": (
        ONE, [("fourth", {"step": HOSTS, "force_evict": True})], {f"{HOSTS}/force-evict"},
        ["the plan: 1 more person of platform (for hosts)"]),
    "pods of a step, by another role": (
        ONE, [("agrees", {"step": HOSTS, "force_evict": True})], set(),
        ["the plan: 1 more person of platform (for hosts)"]),
    "pods of a step, by somebody alone": (
        ONE, [("fourth", ALONE | {"step": HOSTS, "force_evict": True})], {f"{HOSTS}/force-evict"},
        ["the plan: 1 more person of platform (for hosts)"]),
    "pods of a step without a way back are not the step": (
        FINAL, [("agrees", {}), ("fourth", {"step": HOSTS, "force_evict": True})], {"", f"{HOSTS}/force-evict"},
        [f"step {HOSTS}, which has no way back: 1 more person of security"]),
    "a step without a way back is not its pods": (
        FINAL, [("agrees", {}), ("fourth", {"step": HOSTS})], {"", HOSTS}, []),
    "a plan without steps": (plan(waves=[[]]), [("agrees", {})], set(), []),
}  # fmt: skip


@pytest.mark.parametrize(("about", "said", "expected", "missing"), EARNED.values(), ids=EARNED)
def test_what_is_earned_and_what_is_missing(
    about: Plan, said: list[Said], expected: set[str], missing: list[str]
) -> None:
    found = judged(about, said)
    assert (wishes(about, found), list(found.missing)) == (expected, missing)


def test_pods_past_their_budget_need_as_many_people_as_the_plan() -> None:
    two = plan(groups=[group(approval=Approval("two", Scope(), 2, ()))], waves=[[step("web-1")]])
    ladder = Escalation("any", Scope(), (Rung("force-evict"),))
    two = replace(two, groups=(replace(two.groups[0], escalation=ladder),))
    force = {"step": HOSTS, "force_evict": True}
    assert wishes(two, judged(two, [("agrees", force)])) == set()
    assert wishes(two, judged(two, [("agrees", force), ("third", force)])) == {f"{HOSTS}/force-evict"}


def test_where_nobody_has_to_agree_pods_are_forced_out_only_where_the_policy_does_that() -> None:
    nobody = Approval("nobody", Scope(), 0, ())
    for rungs, expected in (((Rung("wait", 60),), {""}), ((Rung("force-evict"),), {"", f"{HOSTS}/force-evict"})):
        about = plan(groups=[group(approval=nobody, escalation=Escalation("l", Scope(), rungs))],
                     waves=[[step("web-1")]])  # fmt: skip
        assert wishes(about, judged(about, [])) == expected


REFUSED: dict[str, tuple[Plan, Said, str | None, str]] = {
    "a stranger": (ONE, ("stranger", {}), "asks", "the policy lists nobody with this key"),
    "another plan": (ONE, ("agrees", {"plan": "sha256:" + "0" * 64}), "asks", "it is about another plan (sha256:00000"),
    "a request": (ONE, ("agrees", {"what": "request"}), "asks", "it asks for the run and agrees to nothing"),
    "it is over": (ONE, ("agrees", {"at": NOW - SECOND, "until": NOW}), "asks", "it ended at 2026-03-02T22:00:00Z"),
    "it is to come": (ONE, ("agrees", {"at": NOW + SKEW + SECOND}), "asks", "it begins at 2026-03-02T22:05:01Z, which"),
    "nobody asks": (ONE, ("agrees", {}), None, "nobody that the policy lists has asked for this run"),
    "a stranger asks": (ONE, ("agrees", {}), "stranger", "nobody that the policy lists has asked for this run"),
    "a step that is not there": (ONE, ("agrees", {"step": "x"}), "asks", "the plan has no step x"),
    "pods of a step that is not there": (
        ONE, ("agrees", {"step": "x", "force_evict": True}), "asks", "the plan has no step x"),
    "pods where nobody forces them": (
        TWO, ("agrees", {"step": STORE, "force_evict": True}), "asks", "the policy forces no pods out there"),
    "a step with a way back": (ONE, ("agrees", {"step": HOSTS}), "asks", "that step has a way back, and needs no"),
    "alone, and not let": (ONE, ("agrees", ALONE), "asks", "the policy does not let agrees break the glass"),
    "whoever asks": (ONE, ("asks", {}), "asks", "whoever asks for a run approves nothing of it"),
    "whoever asks, with another key": (ONE, ("asks-too", {}), "asks", "whoever asks for a run approves nothing of it"),
}  # fmt: skip


@pytest.mark.parametrize(("about", "said", "asks", "why"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_count_says_why(about: Plan, said: Said, asks: str | None, why: str) -> None:
    found = judged(about, [said], asks=asks)
    assert found.judged[0].refused.startswith(why)
    assert found.wishes == frozenset()


COUNTS: dict[str, tuple[Plan, Said, str]] = {
    "until its last second": (ONE, ("agrees", {"at": NOW - LONGEST, "until": NOW + SECOND}), "agrees"),
    "by a clock that is five minutes ahead": (ONE, ("agrees", {"at": NOW + SKEW}), "agrees"),
    "with a second key": (ONE, ("agrees-too", {}), "agrees"),
    "pods of a step with a way back": (ONE, ("fourth", {"step": HOSTS, "force_evict": True}), "fourth"),
    "a step without a way back": (TWO, ("third", {"step": STORE}), "third"),
    "alone": (ONE, ("fourth", ALONE), "fourth"),
    "alone, of whoever asks": (ONE, ("asks", ALONE), "asks"),
    "an approval of whoever may break the glass": (ONE, ("fourth", {}), "fourth"),
}  # fmt: skip


@pytest.mark.parametrize(("about", "said", "who"), COUNTS.values(), ids=COUNTS)
def test_what_counts_is_somebody_s(about: Plan, said: Said, who: str) -> None:
    found = judged(about, [said])
    assert [(each.who, each.refused) for each in found.judged] == [(who, "")]


def test_only_a_request_for_this_plan_asks_for_the_run() -> None:
    given_ = [given(ONE, "agrees")]
    for request, counts in (
        (given(ONE, "asks", "request"), True), (given(ONE, "asks"), False), (given(TWO, "asks", "request"), False),
        (None, False),
    ):  # fmt: skip
        assert bool(earned(ONE, UNDER, request, given_, NOW).wishes) == counts


def test_one_person_with_two_keys_is_one() -> None:
    two = plan(groups=[group(approval=Approval("two", Scope(), 2, ()))], waves=[[step("web-1")]])
    found = judged(two, [("agrees", {}), ("agrees-too", {}), ("agrees", {})])
    assert found.missing == ("the plan: 1 more person (for hosts)",)
    assert judged(two, [("agrees", {}), ("third", {})]).wishes


def test_roles_are_told_with_or() -> None:
    any_ = plan(groups=[group(approval=Approval("any", Scope(), 2, ("platform", "security")))], waves=[[step("web-1")]])
    assert judged(any_, []).missing == ("the plan: 2 more people of platform or security (for hosts)",)
    assert judged(any_, [("agrees", {}), ("fourth", {})]).wishes


def emergency(name: str) -> Plan:
    override = Override(emergency=name, reason="it burns", by=("a",), until=NOW + timedelta(hours=4))
    return replace(ONE, override=override)


@pytest.mark.parametrize(("name", "said", "missing"), [
    ("exploited", ["agrees"], ["the plan: 1 more person of security (for the emergency exploited)"]),
    ("exploited", ["agrees", "fourth"], []),
    ("other", ["agrees", "third"], ["the plan: 3 more people of platform (for the emergency other)"]),
    ("none", ["agrees", "fourth"], ["the plan: the policy has no emergency none"]),
    ("exploited", [], ["the plan: 1 more person of platform (for hosts)",
                       "the plan: 1 more person of security (for the emergency exploited)"]),
])  # fmt: skip
def test_an_emergency_asks_its_own_people_beside_those_of_the_groups(
    name: str, said: list[str], missing: list[str]
) -> None:
    about = emergency(name)
    found = judged(about, [(who, {}) for who in said])
    assert list(found.missing) == missing
    assert bool(found.wishes) == (not missing)
    assert judged(about, [("asks", ALONE)]).missing == (), "whoever breaks the glass is enough"


def test_broken_glass_is_told_where_it_counts_and_no_approval_is() -> None:
    found = judged(ONE, [("asks", ALONE), ("agrees", ALONE), ("third", {})])
    assert [each.who for each in found.broken_glass] == ["asks"]


def test_what_is_earned_holds_until_the_next_statement_begins_or_ends() -> None:
    hour = timedelta(hours=1)
    said: list[Said] = [
        ("agrees", {"until": NOW + 3 * hour}), ("third", {"at": NOW + hour, "until": NOW + 2 * hour}),
    ]  # fmt: skip
    edges = [NOW + hour - SKEW, NOW + 2 * hour, NOW + 3 * hour]
    now = NOW
    for edge in edges:
        assert judged(ONE, said, now=now).until == edge
        now = edge
    last = judged(ONE, said, now=now)
    assert (last.until, last.wishes) == (None, frozenset())


def test_a_statement_says_whose_key_it_is_signed_with() -> None:
    signed = given(ONE, "agrees")
    assert signed == Signed(signed.statement, key_of("agrees"))
    assert not signed.statement.force_evict
