"""etcd: which member may go, what mends it, and that a control plane changes as a whole or stays as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from tests.changes.planning.worlds import change, cluster, draft, kernel, machine, servers

from oakum.changes.planning.drafts import Draft
from oakum.changes.planning.order import Phase
from oakum.changes.planning.quorum import together, without_quorum
from oakum.changes.planning.reasons import because
from oakum.changes.plans.model import Change
from oakum.changes.plans.why_not import Reason
from oakum.changes.state import EtcdMember

REBOOT = change(reboot=True)
MEMBER = change("etcd", "etcd")


def members(text: str) -> tuple[EtcdMember, ...]:
    """cp-1, cp-2, ... by a letter each: well, sick, unknown, learner, x a learner that is sick."""
    health: dict[str, bool | None] = {"w": True, "s": False, "u": None, "l": True, "x": False}
    return tuple(
        EtcdMember(name=f"e-{n}", machine=f"c/cp-{n}", learner=each in "lx", healthy=health[each])
        for n, each in enumerate(text, 1)
    )


def asked(etcd: Sequence[EtcdMember], *changes: Change, name: str = "cp-1", **more: Any) -> list[Reason]:
    """Why the member of cp-1 may not be taken down; its machine has a control plane."""
    software = more.pop("software", servers() | kernel())
    one = machine(name, role="control-plane", software=software)
    made = draft(one, *(changes or (REBOOT,)))
    made.cluster = cluster("c", [one], etcd=tuple(etcd), **more)
    return list(without_quorum(made))


def rules(*arguments: Any, **named: Any) -> list[str]:
    return [each.rule for each in asked(*arguments, **named)]


@pytest.mark.parametrize(
    ("etcd", "rule"),
    [
        ("w", ["etcd-quorum"]),
        ("ww", ["etcd-quorum"]),
        ("www", []),
        ("wws", ["etcd-quorum"]),
        ("wwu", ["etcd-quorum"]),
        ("sww", []),
        ("uww", []),
        ("wwww", []),
        ("wwws", ["etcd-quorum"]),
        ("wwwww", []),
        ("wwwws", []),
        ("wwwss", ["etcd-quorum"]),
        ("wwwl", ["etcd-learner"]),
        ("wwx", ["etcd-quorum", "etcd-learner"]),
        ("lwww", []),
    ],
)
def test_the_others_have_to_be_a_majority_of_the_voters(etcd: str, rule: list[str]) -> None:
    assert rules(members(etcd)) == rule


@pytest.mark.parametrize(
    ("changes", "down"),
    [
        ([REBOOT], True),
        ([MEMBER], True),
        ([change(), MEMBER], True),
        ([change("image", "node-replacement")], True),
        ([change(), REBOOT], True),
        ([change()], False),
        ([change("kubelet", "kubelet", drain=True)], False),
    ],
)
def test_only_what_takes_a_member_down_asks_for_a_quorum(changes: list[Change], down: bool) -> None:
    assert rules(members("ww"), *changes) == (["etcd-quorum"] if down else [])


def test_a_machine_without_a_member_asks_for_no_quorum() -> None:
    assert rules(members("ww"), name="cp-3") == []
    assert rules(members("wwl"), name="cp-4") == []
    made = draft(machine("h", ""), REBOOT)
    assert list(without_quorum(made)) == [], "it is in no cluster"


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        ({}, ["etcd-unknown"]),
        ({"managed": True}, []),
        ({"software": kernel()}, []),
    ],
)
def test_an_etcd_that_nobody_knows_is_not_taken_down(more: dict[str, Any], rule: list[str]) -> None:
    assert rules((), **more) == rule


def edit_of(reason: Reason) -> list[dict[str, Any]]:
    (edit,) = reason.remedy.edits
    assert (edit.object, edit.field, edit.cluster) == ("c", "etcd", "c")
    assert isinstance(edit.value, list)
    return edit.value


def test_a_missing_majority_is_told_in_numbers_with_who_is_to_be_mended() -> None:
    (reason,) = asked(members("wwsus"))
    assert reason.object == "c: etcd"
    assert reason.why == "without one of its 5 voting members 1 healthy ones would be left, and 3 have to be"
    assert reason.remedy.says == "mend e-3, e-4, e-5 first"
    assert reason.figures == {"voters": 5, "needed": 3}
    assert [each["healthy"] for each in edit_of(reason)] == [True] * 5


@pytest.mark.parametrize(("etcd", "names"), [("w", ["e-1", "new-1", "new-2"]), ("ww", ["e-1", "e-2", "new-1"])])
def test_too_few_members_are_mended_by_more_of_them(etcd: str, names: list[str]) -> None:
    (reason,) = asked(members(etcd))
    assert reason.remedy.says == "add members first, so that there are three or more"
    assert [(each["name"], each["healthy"]) for each in edit_of(reason)] == [(name, True) for name in names]


def test_a_learner_is_told_by_name_and_is_no_voter_that_could_be_missing() -> None:
    quorum, learner = asked(members("wwxl"))
    assert learner.why == "e-3, e-4 is joining as a learner, and does not vote yet"
    assert (learner.rule, learner.figures) == ("etcd-learner", {"learners": 2})
    assert [(each["learner"], each["healthy"]) for each in edit_of(learner)] == [(False, True)] * 4
    assert quorum.figures == {"voters": 2, "needed": 2}
    assert [(each["name"], each["learner"]) for each in edit_of(quorum)] == [
        ("e-1", False), ("e-2", False), ("e-3", True), ("e-4", True), ("new-1", False),
    ]  # fmt: skip


def test_an_unknown_etcd_is_mended_by_three_members() -> None:
    (reason,) = asked(())
    assert [(each["name"], each["healthy"]) for each in edit_of(reason)] == [(f"new-{n}", True) for n in (1, 2, 3)]


# All or none


def plane(name: str, kind: str = "control-plane", in_cluster: str = "c", rank: int = 0, why: str = "") -> Draft:
    made = draft(machine(name, in_cluster, role="control-plane"), change("kube-apiserver", kind))
    made.phase = Phase(0, rank, 0)
    if why:
        made.block(because("held", why, "", "", "", []))
    return made


def kept_out(drafts: Sequence[Draft], *blocked: tuple[str, Reason]) -> list[list[str]]:
    together(drafts, blocked)
    return [[reason.object for reason in each.reasons] for each in drafts]


def test_what_keeps_one_machine_out_keeps_out_the_others_of_its_cluster_and_kind() -> None:
    drafts = [
        plane("cp-1", why="c/cp-1"), plane("cp-2"), plane("cp-3", why="c/cp-3"), plane("cp-1", in_cluster="cd"),
        plane("cp-2", "etcd"), plane("cp-2", rank=1), plane("w-1", "kernel"), plane("w-2", "kernel", why="c/w-2"),
    ]  # fmt: skip
    both = ["c/cp-1", "c/cp-3"]
    assert kept_out(drafts) == [both, both, both[::-1], [], [], [], [], ["c/w-2"]]


def test_targets_that_a_kind_could_not_plan_keep_out_the_others_of_their_cluster() -> None:
    one, other = (because("not-offered", id, "", "", "", []) for id in ("c/cp-9", "cd/cp-9"))
    drafts = [plane("cp-1"), plane("cp-1", in_cluster="cd"), plane("w", "kernel")]
    assert kept_out(drafts, ("c/cp-9", one), ("cd/cp-9", other)) == [["c/cp-9"], ["cd/cp-9"], []]


@pytest.mark.parametrize("out", ["cp-2", "cp-3"])
def test_a_visit_of_both_kinds_binds_them_together(out: str) -> None:
    both = draft(machine("cp-1"), change("kube-apiserver", "control-plane"), change("etcd", "etcd"))
    why = {name: f"c/{name}" if name == out else "" for name in ("cp-2", "cp-3")}
    drafts = [both, plane("cp-2", why=why["cp-2"]), plane("cp-3", "etcd", why=why["cp-3"])]
    assert kept_out(drafts) == [[f"c/{out}"]] * 3
