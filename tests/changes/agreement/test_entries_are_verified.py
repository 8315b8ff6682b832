"""Where several entries of a policy, or nobody's word, decide for one visit, planner and verifier agree as well."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.changes.agreement.cases import KUBE, Case
from tests.changes.agreement.test_why_not import mended
from tests.changes.verify.worlds import ALL, CONTROL, POLICY, WORKERS, World, control

from oakum.changes.intents.model import Intent
from oakum.changes.plans import Plan, WhyNot
from oakum.policy.entries import Approval, Gate, Metric
from oakum.policy.scopes import Scope

KERNEL, RUNTIME, LIB = (Scope(facts={"change": (kind,)}) for kind in ("kernel", "container-runtime", "packages"))
VISIT = (
    Intent(name="k", kind="kernel", scope=WORKERS),
    Intent(name="cri", kind="container-runtime", scope=WORKERS, wants={"to": "1.7.24"}),
    Intent(name="lib", kind="packages", scope=WORKERS, wants={"names": ("openssl",)}),
)
UPGRADE = Intent(name="cp", kind="control-plane", scope=CONTROL, wants={"to": "1.31.4"})
KUBELETS = Intent(name="kl", kind="kubelet", scope=Scope(facts={"node": ("w-1", "w-2", "w-3")}), wants={"to": "1.30.9"})


def visits(**sections: Any) -> Case:
    """Kernel, container runtime and a package of workers, in one visit each."""
    policy = msgspec.structs.replace(POLICY, **sections)
    return Case(World(policy).state, VISIT, policy)


def planned(case: Case) -> Plan:
    """The plan of a case, when the verifier has nothing against it."""
    found = case.plan()
    assert isinstance(found, Plan), found
    assert case.verify(found) == ()
    return found


def refused(case: Case) -> WhyNot:
    """Why there is no plan, when its remedies together give one that the verifier has nothing against."""
    found = case.plan()
    assert isinstance(found, WhyNot)
    planned(mended(case, found.reasons))
    return found


# Gates


def metric(query: str, name: str = "errors") -> Metric:
    return Metric(name, query, "value < 1.0")


def test_metrics_of_one_name_and_other_queries_are_all_measured() -> None:
    one = Gate("one", KERNEL, metrics=(metric("a"), metric("b", "slow")))
    two = Gate("two", RUNTIME, metrics=(metric("c"), metric("b", "slow")))
    found = planned(visits(gates=(one, two)))
    (group,) = found.groups
    assert {each.name: each.query for each in group.gate.metrics} == {"errors": "a", "slow": "b", "two: errors": "c"}


def test_a_name_that_is_made_for_a_metric_is_that_of_no_other() -> None:
    one = Gate("one", KERNEL, metrics=(metric("a"), metric("b", "two: errors")))
    two = Gate("two", RUNTIME, metrics=(metric("c"),))
    (group,) = planned(visits(gates=(one, two))).groups
    assert [each.query for each in group.gate.metrics] == ["a", "b", "c"]
    assert len({each.name for each in group.gate.metrics}) == 3


# Approvals


def test_people_who_may_agree_to_everything_are_asked() -> None:
    one, two = Approval("one", KERNEL, 3, ("ops", "lead")), Approval("two", ALL, 1, ("dba", "lead"))
    (group,) = planned(visits(approvals=(one, two))).groups
    assert (group.approval.count, group.approval.roles) == (3, ("lead",))


def test_where_nobody_may_agree_to_everything_there_is_no_plan() -> None:
    one, two = Approval("one", KERNEL, 2, ("ops",)), Approval("two", ALL, 1, ("dba",))
    (reason,) = refused(visits(approvals=(one, two))).reasons
    assert (reason.rule, reason.object) == ("approvals", "approvals one, two")
    assert reason.subjects == tuple(f"edge/w-{number}" for number in (1, 2, 3, 4))


def test_where_nobody_may_agree_to_what_has_no_way_back_there_is_no_plan() -> None:
    one, two = Approval("one", KERNEL, forward_only_roles=("ops",)), Approval("two", ALL, forward_only_roles=("dba",))
    (reason,) = refused(visits(approvals=(one, two))).reasons
    assert (reason.rule, reason.object) == ("approvals", "approvals one, two: forward-only")


def test_both_ways_to_agree_are_mended_and_three_entries_as_well() -> None:
    entries = (
        Approval("one", KERNEL, 2, ("ops", "net"), 1, ("ops",)),
        Approval("two", RUNTIME, 1, ("dba", "net"), 1, ("dba",)),
        Approval("three", LIB, 1, ("dba", "ops"), 1, ()),
    )
    assert [each.object for each in refused(visits(approvals=entries)).reasons] == [
        "approvals one, three, two", "approvals one, two: forward-only",
    ]  # fmt: skip


def test_what_nobody_may_agree_to_is_left_out_beside_what_somebody_may() -> None:
    second = Scope(facts={"node": ("w-2",), "change": ("kernel",)})
    case = visits(approvals=(Approval("one", second, 2, ("ops",)), Approval("two", ALL, 1, ("dba",))))
    assert {each.subject: each.rule for each in planned(case).left_out} == {"edge/w-2": "approvals"}


# Kubelets whose version nobody knows


def upgrade(*intents: Intent, **machine: Any) -> Case:
    """A control plane that moves beside a worker w-4 of whose kubelet nothing is known."""
    world = World()
    for number in (1, 2, 3):
        world.change(f"edge/cp-{number}", software=control(KUBE[1], KUBE))
    last = world.machines["edge/w-4"]
    software = {name: each for name, each in last.software.items() if name != "kubelet"}
    world.machines["edge/w-4"] = msgspec.structs.replace(last, software=software, **machine)
    return Case(world.state, intents or (UPGRADE,), world.policy)


@pytest.mark.parametrize("machine", [{}, {"healthy": False}, {"healthy": None}, {"cordoned": True}])
def test_no_api_server_moves_beside_a_kubelet_that_nobody_knows(machine: dict[str, Any]) -> None:
    (reason,) = refused(upgrade(**machine)).reasons
    assert (reason.rule, reason.object) == ("version-unknown", "edge/w-4")


def test_a_kubelet_that_nobody_knows_does_not_hold_the_others_and_what_does_not_move_an_api_server() -> None:
    case = upgrade(KUBELETS)
    offered = [
        msgspec.structs.replace(each, software={**each.software, "kubelet": msgspec.structs.replace(
            each.software["kubelet"], offers=("1.30.9",))}) if each.name in ("w-1", "w-2", "w-3") else each
        for each in case.state.machines
    ]  # fmt: skip
    case = msgspec.structs.replace(case, state=msgspec.structs.replace(case.state, machines=tuple(offered)))
    assert len(planned(case).steps) == 3
