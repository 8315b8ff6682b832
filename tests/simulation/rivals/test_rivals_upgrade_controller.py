"""What the system-upgrade-controller is documented to do, of the rival that is written after it."""

from __future__ import annotations

from datetime import time
from typing import Any

import msgspec
import pytest
from tests.simulation.rivals.shown import SHOWN, shows
from tests.simulation.rivals.worlds import KERNEL, Stage, states

from oakum.simulation.rivals import RIVALS
from oakum.simulation.rivals.draining import Flags
from oakum.simulation.rivals.upgrade_controller import DRAIN, LABEL, Controller, Plan, Requirement
from oakum.simulation.rivals.windows import DayWindow, day

WEB = "{name: web, namespace: shop, replicas: 2, on: [w-1, w-2]}"
NONE_MAY_GO = "{name: web, namespace: shop, for: web, min_available: 2}"
controller = "system-upgrade-controller-like"
HOUR = 3600.0


def plan_of(stage: Stage, name: str = "kernel", **fields: object) -> Plan:
    """A Plan for all machines."""
    return Plan(name=name, version="6.1.100", changes=stage.scene.changes, **fields)  # type: ignore[arg-type]


def controlled(stage: Stage, *plans: Plan) -> Controller:
    """A controller at work on some Plans."""
    made = Controller(stage.scene, stage.hands, plans)
    for each in plans:
        stage.begin(made.control(each))
    return made


def visited(stage: Stage) -> list[str]:
    """The machines in the order in which they were admitted."""
    return [name for name, state in stage.entered if state == "admitted"]


@pytest.mark.parametrize(
    ("requirement", "names"),
    [(Requirement(key="pool", operator="In", values=("a",)), ["w-1"]),
     (Requirement(key="pool", operator="NotIn", values=("a",)), ["w-2", "w-3"]),
     (Requirement(key="pool", operator="Exists"), ["w-1", "w-2"]),
     (Requirement(key="pool", operator="DoesNotExist"), ["w-3"])],
)  # fmt: skip
@shows(controller, "selector")
def test_the_selector_selects(requirement: Requirement, names: list[str]) -> None:
    stage = Stage()
    stage.machine("w-1").labels["pool"], stage.machine("w-2").labels["pool"] = "a", "b"
    controlled(stage, plan_of(stage, selector=(requirement,)))
    stage.run(HOUR)
    assert visited(stage) == names


@pytest.mark.parametrize("number", [1, 2, 3])
@shows(controller, "concurrency")
def test_so_many_nodes_at_once(number: int) -> None:
    stage = Stage()
    controlled(stage, plan_of(stage, concurrency=number, cordon=True))
    most = 0
    for _ in range(200):
        stage.run(5.0)
        most = max(most, sum(each.unschedulable for each in stage.scene.machines()))
    assert most == number
    assert len(set(stage.believed)) == 3


@shows(controller, "label", "not-again")
def test_a_done_node_carries_the_hash_and_is_left_alone() -> None:
    stage = Stage()
    plan = plan_of(stage)
    stage.machine("w-2").labels[LABEL + "kernel"] = plan.hash
    made = controlled(stage, plan)
    stage.run(HOUR)
    assert visited(stage) == ["w-1", "w-3"]
    assert {each.labels[LABEL + "kernel"] for each in stage.scene.machines()} == {plan.hash}
    assert made.complete(plan)


@shows(controller, "new-version")
def test_a_changed_plan_is_applied_again() -> None:
    stage = Stage()
    controlled(stage, plan_of(stage))
    stage.run(HOUR)
    again = msgspec.structs.replace(plan_of(stage), version="6.1.110")
    controlled(stage, again)
    stage.run(HOUR)
    assert visited(stage) == ["w-1", "w-2", "w-3"] * 2


@shows(controller, "disabled")
def test_a_node_that_says_disabled_is_left_out() -> None:
    stage = Stage()
    stage.machine("w-1").labels[LABEL + "kernel"] = "disabled"
    controlled(stage, plan_of(stage))
    stage.run(HOUR)
    assert visited(stage) == ["w-2", "w-3"]


@shows(controller, "no-drain")
def test_without_a_drain_no_pod_is_evicted() -> None:
    stage = Stage(WEB)
    controlled(stage, plan_of(stage, cordon=True))
    stage.run(HOUR)
    assert stage.world.evictions == 0
    assert [each.boots for each in stage.scene.machines()] == [2, 2, 2]


@shows(controller, "cordon")
def test_the_node_is_cordoned_before_the_upgrade_and_uncordoned_after() -> None:
    stage = Stage()
    controlled(stage, plan_of(stage, cordon=True))
    stage.run(30.0)
    assert [each.unschedulable for each in stage.scene.machines()] == [True, False, False]
    assert states(stage, "w-1") == ["admitted", "cordoned", "applying"]
    stage.run(HOUR)
    assert not any(each.unschedulable for each in stage.scene.machines())


@shows(controller, "drain-cordons")
def test_a_drain_cordons_whatever_the_plan_says() -> None:
    stage = Stage(WEB)
    controlled(stage, plan_of(stage, cordon=False, drain=DRAIN))
    stage.run(30.0)
    assert stage.machine("w-1").unschedulable
    stage.run(HOUR)
    assert stage.world.evictions >= 2
    assert not any(each.unschedulable for each in stage.scene.machines())


@shows(controller, "untouched", "tolerates-cordon")
def test_with_neither_a_cordoned_node_is_upgraded_and_stays_cordoned() -> None:
    stage = Stage()
    stage.world.event("cordon", "c/w-1", by="human")
    controlled(stage, plan_of(stage))
    stage.run(HOUR)
    assert stage.machine("w-1").software["linux"].running == "6.1.100"
    assert stage.machine("w-1").cordoner == "human"


@pytest.mark.parametrize("how", [{"cordon": True}, {"drain": DRAIN}])
@shows(controller, "uncordons-any", "tolerates-cordon")
def test_with_either_it_is_uncordoned_whoever_cordoned_it(how: dict[str, Any]) -> None:
    stage = Stage()
    stage.world.event("cordon", "c/w-1", by="human")
    controlled(stage, plan_of(stage, **how))
    stage.run(HOUR)
    assert not stage.machine("w-1").unschedulable


@shows(controller, "failed-stays", "deadline")
def test_a_job_over_its_deadline_stops_the_plan_and_leaves_its_node_cordoned() -> None:
    stage = Stage(WEB, budgets=(NONE_MAY_GO,))
    made = controlled(stage, plan_of(stage, drain=DRAIN, deadline=300.0))
    stage.run(24 * HOUR)
    assert visited(stage) == ["w-1"]
    assert stage.machine("w-1").unschedulable
    assert "300 s" in made.given_up["kernel"]


@shows(controller, "deadline-default")
def test_the_deadline_is_fifteen_minutes_by_default() -> None:
    assert plan_of(Stage()).deadline == 900.0


@shows(controller, "no-deadline")
def test_a_deadline_of_nothing_is_none() -> None:
    stage = Stage(WEB, budgets=(NONE_MAY_GO,))
    made = controlled(stage, plan_of(stage, drain=DRAIN, deadline=0.0))
    stage.run(24 * HOUR)
    assert made.given_up == {}
    stage.world.event("budget", "c", "shop/web=max 1")
    stage.run(HOUR)
    assert len(set(stage.believed)) == 3


@shows(controller, "other-taints")
def test_other_taints_have_to_be_tolerated() -> None:
    for tolerated in (frozenset[str](), frozenset({"gpu"})):
        stage = Stage()
        stage.machine("w-1").taints = ("gpu",)
        controlled(stage, plan_of(stage, deadline=0.0, tolerations=tolerated))
        stage.run(HOUR)
        assert ("w-1" in stage.believed) is bool(tolerated)


@shows(controller, "exclusive")
def test_exclusive_plans_do_not_run_side_by_side() -> None:
    for exclusive in (False, True):
        stage = Stage()
        both = [plan_of(stage, name=name, exclusive=exclusive) for name in ("one", "two")]
        made = controlled(stage, *both)
        together = 0
        for _ in range(240):
            stage.run(5.0)
            together += all(made.applying(each) for each in both)
        assert bool(together) is not exclusive


NIGHT = DayWindow(days=frozenset({0}), start=time(14), end=time(14, 1))


@shows(controller, "window")
def test_no_job_is_made_outside_of_the_window() -> None:
    stage = Stage()  # Monday, 12:00 UTC
    controlled(stage, plan_of(stage, windows=(NIGHT,)))
    stage.run(2 * HOUR - 60)
    assert stage.entered == []
    stage.run(24 * HOUR)
    assert visited(stage) == ["w-1"], "the second would have begun when the window was over"


@shows(controller, "window-goes-on")
def test_a_job_that_has_begun_goes_on_after_the_window() -> None:
    stage = Stage()
    controlled(stage, plan_of(stage, windows=(NIGHT,)))
    stage.run(2 * HOUR + 60)
    assert stage.believed == []
    stage.run(HOUR)
    assert stage.believed == ["w-1"]


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 6), ("su", 6), ("sun", 6), ("sunday", 6), ("1", 0), ("mon", 0), ("6", 5), ("saturday", 5), ("we", 2)],
)
@shows(controller, "window-days")
def test_days_of_the_week(text: str, number: int) -> None:
    assert day(text) == number


@shows(controller, "post-complete-delay")
def test_between_two_nodes_lies_the_delay() -> None:
    stage = Stage()
    controlled(stage, plan_of(stage, delay=1800.0))
    times: dict[str, float] = {}
    for _ in range(720):
        stage.run(10.0)
        for name, state in stage.entered:
            times.setdefault(f"{name} {state}", stage.now)
    assert 1800 <= times["w-2 admitted"] - times["w-1 done"] <= 1840


@shows(controller, "disable-eviction")
def test_a_drain_without_evictions_deletes_past_budgets() -> None:
    stage = Stage(WEB, budgets=(NONE_MAY_GO,))
    controlled(stage, plan_of(stage, drain=msgspec.structs.replace(DRAIN, disable_eviction=True)))
    stage.run(HOUR)
    assert len(set(stage.believed)) == 3
    assert stage.world.evictions == 0


@shows(controller, "drain-defaults")
def test_the_defaults_of_its_drain() -> None:
    assert Flags(ignore_daemonsets=True, delete_emptydir_data=True) == DRAIN


@shows(controller, "prepare")
def test_agents_wait_for_the_servers_plan() -> None:
    stage = Stage()
    servers = Plan(name="server", version="2", changes={"c/w-1": (KERNEL,)}, cordon=True)
    agents = Plan(name="agent", version="2", changes={"c/w-2": (KERNEL,)}, after="server", deadline=0.0)
    controlled(stage, servers, agents)
    stage.run(60.0)
    assert states(stage, "w-2") == ["admitted"], "its Job waits in the prepare step, before any cordon"
    stage.run(HOUR)
    assert stage.believed == ["w-1", "w-2"]


@shows(controller, "retries")
def test_a_container_that_failed_is_tried_again() -> None:
    stage = Stage()
    stage.world.event("lock", "c/w-1", lasts=200.0)
    controlled(stage, plan_of(stage))
    stage.run(HOUR)
    assert states(stage, "w-1").count("applying") > 1
    assert "w-1" in stage.believed


def test_every_behaviour_is_shown() -> None:
    rival = RIVALS[controller]
    assert SHOWN[controller] == set(rival.behaviours)
    assert len(rival.behaviours) >= 15
