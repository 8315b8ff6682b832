"""What kubectl drain and uncordon are documented to do, and the loop that people write around them."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from tests.simulation.rivals.shown import SHOWN, shows
from tests.simulation.rivals.worlds import Stage, states

from oakum.simulation.rivals import RIVALS
from oakum.simulation.rivals.draining import DRAINED, Flags, drain
from oakum.simulation.rivals.script import Options, Script

WEB = "{name: web, namespace: shop, replicas: 2, on: [w-1, w-2]}"
AGENT = "{kind: DaemonSet, name: agent, namespace: ops}"
NAKED = "{kind: Pod, name: naked, namespace: shop, on: [w-1]}"
SCRATCH = "{name: scratch, namespace: shop, replicas: 1, local: emptyDir, on: [w-1]}"
NONE_MAY_GO = "{name: web, namespace: shop, for: web, min_available: 2}"
ONE_MAY_GO = "{name: web, namespace: shop, for: web, max_unavailable: 1}"
USUAL = Flags(force=True, ignore_daemonsets=True, delete_emptydir_data=True)
script = "drain-reboot-script"


def drained(stage: Stage, flags: Flags = USUAL, most: float = 5000.0, name: str = "w-1") -> str | None:
    """What a drain comes to; None where it goes on."""
    found: str | None = stage.finish(drain(stage.hands, stage.machine(name), flags), most)
    return found


def names_on(stage: Stage, name: str) -> set[str]:
    return {pod.workload.name for pod in stage.machine(name).pods.values()}


@shows(script, "drain-cordons")
def test_a_drain_cordons_the_node_before_it_evicts() -> None:
    stage = Stage(WEB)
    process = drain(stage.hands, stage.machine("w-1"), USUAL)
    next(process)
    assert stage.machine("w-1").unschedulable
    assert stage.world.evictions == 0
    assert stage.finish(process) == DRAINED
    assert names_on(stage, "w-1") == set()


@shows(script, "daemonsets-stop", "none-evicted")
def test_pods_of_a_daemon_set_stop_a_drain_that_was_not_told_to_ignore_them() -> None:
    stage = Stage(WEB, AGENT)
    why = drained(stage, msgspec.structs.replace(USUAL, ignore_daemonsets=False))
    assert why is not None
    assert "--ignore-daemonsets" in why
    assert stage.world.evictions == 0
    assert names_on(stage, "w-1") == {"web", "agent"}


@shows(script, "daemonsets-stay")
def test_ignored_pods_of_a_daemon_set_stay() -> None:
    stage = Stage(WEB, AGENT)
    assert drained(stage) == DRAINED
    assert names_on(stage, "w-1") == {"agent"}


@shows(script, "unmanaged-stop", "none-evicted")
def test_a_pod_that_nothing_makes_again_stops_a_drain_without_force() -> None:
    stage = Stage(WEB, NAKED)
    why = drained(stage, msgspec.structs.replace(USUAL, force=False))
    assert why is not None
    assert "--force" in why
    assert stage.world.evictions == 0


@shows(script, "unmanaged-deleted")
def test_with_force_it_is_gone_for_good() -> None:
    stage = Stage(NAKED)
    assert drained(stage) == DRAINED
    stage.run(600)
    assert stage.pods("naked") == []


@shows(script, "emptydir-stops", "none-evicted")
def test_local_data_stops_a_drain_without_consent() -> None:
    stage = Stage(WEB, SCRATCH)
    why = drained(stage, msgspec.structs.replace(USUAL, delete_emptydir_data=False))
    assert why is not None
    assert "--delete-emptydir-data" in why
    assert stage.world.evictions == 0


@shows(script, "emptydir-deleted")
def test_with_consent_the_pod_leaves() -> None:
    stage = Stage(SCRATCH)
    (before,) = stage.pods("scratch")
    assert drained(stage) == DRAINED
    stage.run(60)
    assert [each.uid for each in stage.pods("scratch")] != [before.uid]


@shows(script, "budgets", "for-ever")
def test_a_refused_eviction_is_tried_again_for_ever_by_default() -> None:
    stage = Stage(WEB, budgets=(NONE_MAY_GO,))
    process = drain(stage.hands, stage.machine("w-1"), USUAL)
    assert stage.finish(process, 86_400.0) is None
    assert names_on(stage, "w-1") == {"web"}
    stage.world.event("budget", "c", "shop/web=max 1")
    assert stage.finish(process) == DRAINED


@shows(script, "budgets")
def test_evictions_wait_for_each_other_under_one_budget() -> None:
    stage = Stage("{name: web, namespace: shop, replicas: 2, on: [w-1, w-1], starts: 60s}", budgets=(ONE_MAY_GO,))
    began = stage.now
    assert drained(stage) == DRAINED
    assert stage.now - began > 60, "the second left when the replacement of the first was ready"


@shows(script, "two-budgets")
def test_two_budgets_fail_a_drain() -> None:
    stage = Stage(WEB, budgets=(ONE_MAY_GO, ONE_MAY_GO.replace("name: web", "name: more", 1)))
    why = drained(stage)
    assert why is not None
    assert "2 disruption budgets" in why


@shows(script, "timeout", "stays-cordoned")
def test_a_drain_gives_up_when_its_time_is_over_and_leaves_its_cordon() -> None:
    stage = Stage(WEB, budgets=(NONE_MAY_GO,))
    began = stage.now
    why = drained(stage, msgspec.structs.replace(USUAL, timeout=60.0))
    assert why is not None
    assert "1 pods were left" in why
    assert 60 <= stage.now - began < 70
    assert stage.machine("w-1").unschedulable


@shows(script, "waits-for-end")
def test_a_drain_ends_when_the_pods_have_ended() -> None:
    stage = Stage("{name: web, namespace: shop, replicas: 1, on: [w-1], stops: 45s, grace: 60s}")
    began = stage.now
    assert drained(stage) == DRAINED
    assert stage.now - began >= 45


@shows(script, "disable-eviction")
def test_deletions_ask_no_budget() -> None:
    stage = Stage(WEB, budgets=(NONE_MAY_GO,))
    assert drained(stage, msgspec.structs.replace(USUAL, disable_eviction=True)) == DRAINED
    assert stage.world.evictions == 0


@shows(script, "pod-selector")
def test_only_pods_of_the_selector_leave() -> None:
    stage = Stage(WEB, "{name: api, namespace: shop, replicas: 1, on: [w-1]}")
    assert drained(stage, msgspec.structs.replace(USUAL, selector=(("app", "web"),))) == DRAINED
    assert names_on(stage, "w-1") == {"api"}


@shows(script, "skip-wait")
def test_pods_deleted_long_ago_are_not_waited_for() -> None:
    held = "{name: web, namespace: shop, replicas: 1, on: [w-1], held: true}"
    assert drained(Stage(held), most=3600.0) is None
    stage = Stage(held)
    began = stage.now
    assert drained(stage, msgspec.structs.replace(USUAL, skip_wait=30.0)) == DRAINED
    assert 30 <= stage.now - began < 40


@shows(script, "parallel")
def test_several_drains_respect_a_budget_together() -> None:
    stage = Stage("{name: web, namespace: shop, replicas: 2, on: [w-1, w-2], starts: 60s}", budgets=(ONE_MAY_GO,))
    least: list[int] = []

    def one(name: str) -> None:
        process = drain(stage.hands, stage.machine(name), USUAL)

        def counting() -> object:
            for seconds in process:
                least.append(sum(pod.ready for pod in stage.pods("web")))
                yield seconds

        stage.begin(counting())  # type: ignore[arg-type]

    one("w-1")
    one("w-2")
    stage.run(400)
    assert min(least) == 1
    assert names_on(stage, "w-1") == names_on(stage, "w-2") == set()


@shows(script, "uncordon")
def test_an_uncordon_asks_nobody() -> None:
    stage = Stage(WEB)
    stage.world.event("cordon", "c/w-1", by="human")
    assert stage.hands.cordon(stage.machine("w-1"))
    assert stage.machine("w-1").cordoner == "human", "it was cordoned already"
    assert stage.hands.uncordon(stage.machine("w-1"))
    assert not stage.machine("w-1").unschedulable


@shows(script, "one-list")
def test_pods_that_come_back_are_not_noticed() -> None:
    stage = Stage("{name: web, namespace: shop, replicas: 1, on: [w-1], sticks: true}", nodes=1)
    (before,) = stage.pods("web")
    assert drained(stage) == DRAINED
    stage.run(30)
    (after,) = stage.pods("web")
    assert after.uid != before.uid
    assert after.machine is stage.machine("w-1")


def test_the_loop_visits_every_machine_and_uncordons_it() -> None:
    stage = Stage(WEB)
    loop = Script(stage.scene, stage.hands, Options())
    stage.begin(loop.lane(stage.scene.machines()))
    stage.run(3600)
    assert stage.believed == ["w-1", "w-2", "w-3"]
    assert states(stage, "w-1") == ["admitted", "cordoned", "draining", "applying", "rebooting", "done"]
    for name in ("w-1", "w-2", "w-3"):
        assert stage.machine(name).software["linux"].running == "6.1.100"
        assert not stage.machine(name).unschedulable


def test_the_loop_takes_so_many_at_once() -> None:
    stage = Stage()
    loop, queue = Script(stage.scene, stage.hands, Options()), stage.scene.machines()
    for _ in range(2):
        stage.begin(loop.lane(queue))
    stage.run(30)
    assert [each.unschedulable for each in stage.scene.machines()] == [True, True, False]


@pytest.mark.parametrize("trouble", [lambda s: s.world.event("no-boot", "c/w-1"), None])
def test_the_loop_looks_at_no_result_and_goes_on(trouble: Callable[[Stage], object] | None) -> None:
    stage = Stage(WEB, budgets=(NONE_MAY_GO,)) if trouble is None else Stage(WEB)
    if trouble is not None:
        trouble(stage)
    flags = msgspec.structs.replace(USUAL, timeout=60.0)
    stage.begin(Script(stage.scene, stage.hands, Options(flags=flags)).lane(stage.scene.machines()))
    stage.run(3600)
    assert stage.believed == ["w-1", "w-2", "w-3"]


def test_every_behaviour_is_shown() -> None:
    rival = RIVALS[script]
    assert SHOWN[script] == set(rival.behaviours)
    assert len(rival.behaviours) >= 15
