"""What a draft is and what it becomes: its worst change, its way back, how long it takes and what people notice."""

from __future__ import annotations

from typing import Any

import pytest
from tests.changes.planning.worlds import change, draft, machine, policy

from oakum.changes.durations import Durations, Sample
from oakum.changes.intents.catalogue import KINDS
from oakum.changes.intents.scripts import EFFECT
from oakum.changes.planning.drafts import Draft, natural, offers_of
from oakum.changes.planning.fitness import unfit
from oakum.changes.planning.order import Phase
from oakum.changes.planning.reasons import because
from oakum.changes.planning.steps import Lengths, needs_of, step_of
from oakum.changes.plans.model import Change, Evictions, Step, Subject, Takes, Times
from oakum.changes.state import Software
from oakum.policy import entries
from oakum.policy.scopes import Scope

TAKES = Takes(work=Times(p50=60, p95=600), back=Times(p50=30, p95=300))


def made(*changes: Change, **more: Any) -> Draft:
    return draft(machine("w"), *changes, **{"takes": TAKES, "group": "g", **more})


def step(*changes: Change, **more: Any) -> Step:
    return step_of(made(*changes, **more))


def thing(*changes: Change) -> Draft:
    one = made(*changes)
    one.machine, one.subject = None, Subject(kind="object", cluster="c", name="Deployment/s/dns", uid="u")
    return one


# Drafts


@pytest.mark.parametrize(
    ("classes", "worst"),
    [
        (("reversible", "needs-snapshot"), "needs-snapshot"),
        (("forward-only", "needs-snapshot", "reversible"), "forward-only"),
        (("reversible", "forward-only"), "forward-only"),
        (("reversible", "reversible"), "reversible"),
    ],
)
def test_a_visit_can_be_undone_as_well_as_its_worst_change(classes: tuple[Any, ...], worst: str) -> None:
    assert made(*(change(f"c{n}", reversibility=each) for n, each in enumerate(classes))).reversibility == worst


def test_one_change_is_enough_for_a_drain_a_reboot_or_a_new_machine() -> None:
    plain = change("lib", "packages")
    for more, told in (
        ({"drain": True}, (True, False, False)),
        ({"reboot": True}, (False, True, False)),
        ({"kind": "node-replacement"}, (False, False, True)),
        ({}, (False, False, False)),
    ):
        one = made(plain, change(**more))
        assert (one.drains, one.reboots, one.replaces) == told


def test_a_policy_is_asked_once_for_changes_of_a_kind_and_class() -> None:
    one = made(change("a"), change("b"), change("c", reversibility="forward-only"), change("d", "packages"))
    assert one.doings == (("kernel", "reversible"), ("kernel", "forward-only"), ("packages", "reversible"))


def test_the_same_reason_keeps_a_draft_out_once() -> None:
    one, first = made(), because("held", "c/w", "taken", "", "", [])
    same, other = because("held", "c/w", "in other words", "", "", []), because("held", "c/v", "taken", "", "", [])
    for reason in (first, first, same, other, first, other, same):
        one.block(reason)
    assert one.reasons == [first, other]


@pytest.mark.parametrize(
    ("names", "ordered"),
    [
        (["w-10", "w-2", "w-1"], ["w-1", "w-2", "w-10"]),
        (["b-1", "a-2"], ["a-2", "b-1"]),
        (["w", "w-1", "1-w", "w-1-a"], ["1-w", "w", "w-1", "w-1-a"]),
        (["w-01-b", "w-1-a"], ["w-1-a", "w-01-b"]),
    ],
)
def test_names_are_ordered_as_people_count(names: list[str], ordered: list[str]) -> None:
    assert sorted(names, key=natural) == ordered


def test_offers_are_those_of_the_machine_that_are_known() -> None:
    software = {"a": Software(installed="1", offers=("1", "2")), "b": Software(installed="1")}
    one = machine("w", software=software)
    assert [offers_of(one, name) for name in "abx"] == [("1", "2"), (), ()]
    assert offers_of(None, "a") == ()


# How long


def test_a_visit_takes_as_long_as_its_machine_changes_drain_and_copy_do() -> None:
    samples = [Sample("slow", "kernel", 5_000.0)]
    lengths = Lengths(Durations({name: kind.prior for name, kind in KINDS.items()}, samples))

    def takes(*changes: Change, speed: str = "vm", evictions: Evictions | None = None) -> tuple[int, int]:
        found = lengths.of(draft(machine("w", speed=speed), *changes, evictions=evictions))
        return found.work.p95, found.back.p95

    plain = takes(change())
    assert takes(change(reboot=True)) == (plain[0] + 900, plain[1] + 900)
    assert takes(change(reversibility="needs-snapshot")) == (plain[0] + 600, plain[1])
    assert takes(change("lib"), change(reversibility="needs-snapshot"))[0] == plain[0] + 600
    assert takes(change(reversibility="forward-only")) == plain
    assert takes(change(), change("lib", "packages"))[0] == plain[0] + KINDS["packages"].prior.p95
    assert takes(change(), evictions=Evictions(rounds=1))[0] == plain[0] + 180
    assert takes(change(), evictions=Evictions(rounds=3))[0] == plain[0] + 3 * 180
    assert takes(change(), evictions=Evictions(rounds=3, grace=600))[0] > plain[0] + 3 * 600
    assert takes(change(), speed="slow")[0] > 5_000
    assert takes(change()) == plain
    found = lengths.of(thing(change("image/dns", "add-on")))
    assert found == Durations({name: kind.prior for name, kind in KINDS.items()}).takes("", [change(kind="add-on")])


def test_an_opening_has_to_hold_work_soak_and_way_back() -> None:
    soak = (entries.Soak("s", Scope(), after_node=60, after_wave=7),)
    assert needs_of(draft(machine("w"), rules=policy(soak=soak), takes=TAKES)) == 600 + 60 + 300


# Steps


def test_a_step_is_named_by_what_it_does_and_where() -> None:
    both = change("a"), change("b"), change("c", "packages")
    assert step(*both).id == "kernel+packages@c/w"
    assert step(*both, phase=Phase(1, 50, 1)).id == "kernel+packages~2@c/w"
    assert step(*both, phase=Phase(-1, -50, -2), undoes=True).id == "undo-kernel+packages~3@c/w"


def test_a_step_is_a_visit_a_new_machine_or_the_change_of_an_object() -> None:
    assert step().kind == "visit"
    assert step(change("image", "node-replacement"), change()).kind == "replace"
    assert step_of(thing(change("image/dns", "add-on"))).kind == "set-object"


def test_a_step_has_what_its_draft_found_out() -> None:
    evictions = Evictions(pods=1)
    one = step(change(reboot=True), change("lib", after="3"), evictions=evictions, domain="z")
    assert (one.group, one.takes, one.evictions, one.reboot, one.domain) == ("g", TAKES, evictions, True, "z")
    assert one.after == {"linux": "2", "lib": "3"}
    assert (step().snapshot, step(change("lib"), change(reversibility="needs-snapshot")).snapshot) == (False, True)
    assert step(change()).reboot is False


def test_the_way_back_undoes_the_last_change_first_with_versions_in_exchanged_roles() -> None:
    first = change("a", installed="1.5", closes=("CVE-1",), back="0.9", drain=True)
    back = step(first, change("b")).back
    assert [each.component for each in back] == ["b", "a"]
    last = back[-1]
    assert (last.before, last.after, last.back, last.installed, last.closes, last.drain) == (
        "2",
        "0.9",
        "2",
        "",
        (),
        True,
    )
    assert step(first, change("b", reversibility="forward-only")).back == ()
    assert len(step(change(reversibility="needs-snapshot")).back) == 1


@pytest.mark.parametrize(
    ("changes", "more", "said"),
    [
        ([change()], {}, []),
        ([change(reboot=True)], {}, ["the machine restarts"]),
        ([change("image", "node-replacement")], {}, ["the machine is replaced by a new one and then deleted"]),
        ([change()], {"evictions": Evictions(pods=1, rounds=1, grace=30)},
         ["1 pod moves to other nodes, each with up to 30 s to end"]),
        ([change()], {"evictions": Evictions(pods=3, rounds=2, grace=90)},
         ["3 pods move to other nodes in 2 rounds, each with up to 1 min 30 s to end"]),
        ([change()], {"evictions": Evictions(stay=3)}, []),
        ([change(reversibility="forward-only")], {}, ["there is no way back: it waits for an approval of its own"]),
        ([change(kind="control-plane")], {}, ["the API server of the machine restarts; others answer meanwhile"]),
        ([change(kind="etcd")], {}, ["the etcd member of the machine restarts; the others hold the quorum"]),
        ([change(kind="kubelet")], {}, ["the kubelet restarts, its pods run on"]),
        ([change(kind="kubelet", drain=True)], {}, []),
        ([change(kind="container-runtime")], {}, ["the container runtime restarts"]),
        ([change(kind="container-runtime", reboot=True)], {}, ["the machine restarts"]),
        ([change("remediation/no-smt", "script", parameters={EFFECT: "it is slower."})], {}, ["no-smt: it is slower"]),
        ([change("remediation/no-smt", "script", parameters={EFFECT: "it is slower."})], {"undoes": True}, []),
    ],
)  # fmt: skip
def test_what_people_may_notice_of_a_step_is_told(changes: list[Change], more: dict[str, Any], said: list[str]) -> None:
    assert list(step(*changes, **more).disturbs) == said


def test_the_rollout_of_an_object_is_told_by_its_containers() -> None:
    one = step_of(thing(change("image/dns", "add-on"), change("image/log", "add-on")))
    assert one.disturbs == ("its pods are replaced by its own rollout (dns, log)",)


# Whether a target may be touched


@pytest.mark.parametrize(
    ("odd", "rules", "edits"),
    [
        ({}, [], []),
        ({"uid": ""}, ["uid-unknown"], [("c/w", "uid", "w")]),
        ({"owner": "run-7", "cordoned": True}, ["held"], [("c/w", "owner", ""), ("c/w", "cordoned", False)]),
        ({"owner": "run-7"}, ["held"], [("c/w", "owner", ""), ("c/w", "cordoned", False)]),
        ({"cordoned": True}, ["foreign-cordon"], [("c/w", "cordoned", False)]),
        ({"healthy": None}, ["health-unknown"], [("c/w", "healthy", True)]),
        ({"healthy": False}, ["unhealthy"], [("c/w", "healthy", True)]),
        ({"uid": "", "cordoned": True, "healthy": False}, ["uid-unknown", "foreign-cordon", "unhealthy"], None),
    ],
)
def test_what_others_hold_or_is_not_in_service_is_not_touched(
    odd: dict[str, Any], rules: list[str], edits: list[Any] | None
) -> None:
    found = list(unfit(draft(machine("w", **odd))))
    assert [each.rule for each in found] == rules
    if edits is not None:
        assert [(edit.object, edit.field, edit.value) for each in found for edit in each.remedy.edits] == edits
    back = [each.rule for each in unfit(draft(machine("w", **odd), undoes=True))]
    assert back == [rule for rule in rules if rule not in ("health-unknown", "unhealthy")]


def test_a_foreign_cordon_tells_how_its_owner_lifts_it() -> None:
    (reason,) = unfit(draft(machine("w", cordoned=True)))
    assert reason.remedy.says == "ask whoever cordoned it; when they are done: kubectl uncordon w"


def test_every_protection_of_a_target_is_told_with_the_entry_that_has_to_go() -> None:
    keep = tuple(entries.Protected(name, Scope(), f"it is {name}") for name in ("old", "dear"))
    found = list(unfit(draft(machine("w", healthy=False), rules=policy(protected=keep))))
    assert [each.why for each in found[:2]] == ["protected by dear: it is dear", "protected by old: it is old"]
    assert [(edit.object, edit.value) for each in found[:2] for edit in each.remedy.edits] == [
        ("protected/dear", None), ("protected/old", None),
    ]  # fmt: skip
    assert [each.rule for each in found] == ["protected", "protected", "unhealthy"]
    one = thing(change())
    one.settings = draft(machine("w"), rules=policy(protected=keep)).settings
    assert [each.rule for each in unfit(one)] == ["protected", "protected"]
