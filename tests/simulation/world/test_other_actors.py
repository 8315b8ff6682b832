"""The others in a cluster: they act by what they document, and leave alone what is marked for them."""

from __future__ import annotations

import pytest
from tests.simulation.world.made import OPENSSL, Made

from oakum.errors import InputError
from oakum.simulation.events import EVENTS
from oakum.simulation.things import NO_REMEDIATION, NO_SCALE_DOWN

AUTOSCALER = ", actors: {autoscaler: true}"
HEALTH_CHECK = ", actors: {health_check: true}"
GITOPS = ", actors: {gitops: true}"


def test_the_autoscaler_deletes_a_node_that_was_empty_for_ten_minutes() -> None:
    made = Made("[{name: web, replicas: 2, on: [w-1, w-2]}]", more=AUTOSCALER)
    made.wait(500)
    assert "c/w-3" in made.world.machines
    made.wait(200)
    assert "c/w-3" not in made.world.machines


def test_the_autoscaler_leaves_a_node_that_we_have_marked() -> None:
    made = Made("[{name: web, replicas: 2, on: [w-1, w-2]}]", more=AUTOSCALER)
    made.lease()
    made.act("claim", "w-3", parameters={"marks": f"annotation:{NO_SCALE_DOWN}=true"})
    made.wait(3600)
    assert "c/w-3" in made.world.machines
    assert not made.world.event("autoscale-in", "c/w-3")
    made.act("release", "w-3")
    made.wait(700)
    assert "c/w-3" not in made.world.machines


def test_the_autoscaler_adds_a_node_of_the_old_image_for_a_pod_that_finds_no_room() -> None:
    made = Made("[{name: web, replicas: 4, cpu: 4}]", nodes=2, more=AUTOSCALER)
    made.lease()
    made.act("claim", "w-1")
    made.evict(next(iter(made.machine("w-1").pods.values())))
    made.wait(400)
    new = made.machine("w-auto-1")
    assert new.ready
    assert new.software["linux"].running == "1"
    assert len(new.pods) == 1


def test_a_health_check_restarts_a_node_after_five_minutes() -> None:
    made = Made(more=HEALTH_CHECK)
    made.world.event("crash", "c/w-1")
    made.wait(330)
    assert not made.machine("w-1").ready
    made.wait(200)
    assert made.machine("w-1").ready
    assert made.machine("w-1").boots == 2


def test_a_health_check_leaves_a_node_that_we_have_marked() -> None:
    made = Made(more=HEALTH_CHECK)
    made.lease()
    made.act("claim", "w-1", parameters={"marks": f"label:{NO_REMEDIATION}=true"})
    made.world.event("crash", "c/w-1")
    made.wait(3600)
    assert made.machine("w-1").boots == 1


def test_a_health_check_does_nothing_where_half_of_the_nodes_are_down() -> None:
    made = Made(nodes=4, more=HEALTH_CHECK)
    for number in (1, 2):
        made.world.event("crash", f"c/w-{number}")
    made.wait(3600)
    assert [made.machine(f"w-{number}").boots for number in (1, 2)] == [1, 1]


def test_gitops_sets_an_image_back() -> None:
    made = Made("[{name: web, replicas: 1}]", more=GITOPS)
    made.world.event("image", "c/Deployment/default/web", "registry.example/web:2")
    made.wait(100)
    assert made.workload("web").image == "registry.example/web:2"
    made.wait(100)
    assert made.workload("web").image == "registry.example/web:1"
    assert made.workload("web").labels["app.kubernetes.io/managed-by"] == "argocd"


WITH_ALL = (
    "[{name: web, replicas: 2, on: [w-1, w-2]}]", "[{name: web, for: web, max_unavailable: 1}]",
)  # fmt: skip
CONTROL = (
    "[{name: cp, role: control-plane, count: 3, kubelet: 1.31.4, control_plane: 1.31.4, etcd: 3.5.15}, "
    "{name: w, count: 3, kubelet: 1.31.4, packages: {openssl: ['3', '4']}}]"
)
HOOK = ", webhooks: [{name: gate, backend: Deployment/default/web}]"
ON = {"admission-down": "c", "budget": "c", "cut": "c", "etcd-down": "c", "autoscale-out": "c",
      "scale": "c/Deployment/default/web", "image": "c/Deployment/default/web"}  # fmt: skip
WHAT = {"budget": "default/web=min 2", "scale": "3", "image": "registry.example/web:2", "alarm": "Loud",
        "clock-jump": "3600", "bad": "openssl 4 sick 10", "wish": "approve:x", "held": "openssl",
        "withdrawn": "openssl"}  # fmt: skip


@pytest.mark.parametrize("do", EVENTS)
def test_every_event_finds_something_to_happen_to(do: str) -> None:
    made = Made(*WITH_ALL, pools=CONTROL, more=HOOK)
    if do == "uncordon":
        made.world.event("cordon", "c/w-1")
    if do == "heal":
        made.world.event("sick", "c/w-1")
    if do in ("lease-lost", "end-work"):
        made.lease()
    if do == "end-work":
        made.act("apply", "w-1", changes=(OPENSSL,))
    assert made.world.event(do, ON.get(do, "c/w-1"), WHAT.get(do, ""), lasts=60.0)
    made.wait(600)


def test_an_event_finds_nothing_where_there_is_nothing() -> None:
    made = Made()
    assert not made.world.event("lease-lost")
    assert not made.world.event("uncordon", "c/w-1")
    assert not made.world.event("cordon", "c/w-99")
    assert not made.world.event("budget", "c", "default/none=min 1")
    assert not made.world.event("freeze-budget", "c/w-1")
    assert not made.world.event("etcd-down", "c")
    with pytest.raises(InputError, match="no event is called"):
        made.world.event("earthquake")


def test_a_cordon_of_a_human_ends_with_its_time_and_another_ones_does_not() -> None:
    made = Made()
    made.lease()
    made.world.event("cordon", "c/w-1", lasts=60.0)
    made.wait(61)
    assert not made.machine("w-1").unschedulable
    made.world.event("cordon", "c/w-1", lasts=60.0)
    made.world.event("uncordon", "c/w-1")
    made.act("claim", "w-1")
    made.wait(61)
    assert made.machine("w-1").unschedulable


def test_a_budget_that_becomes_impossible_refuses_until_its_time_is_over() -> None:
    made = Made(*WITH_ALL)
    made.lease()
    made.world.event("freeze-budget", "c/w-1", lasts=600)
    made.wait(2)
    first = made.pods("web")[0]
    assert made.evict(first).code == "not-now"
    made.wait(600)
    assert made.evict(first).result == "done"


def test_the_clock_of_a_run_jumps_and_the_true_time_does_not() -> None:
    made = Made()
    made.wait(100)
    made.world.event("clock-jump", what="3600")
    assert made.world.timeline.now == 100
    assert (made.world.timeline.wall() - made.world.timeline.start).total_seconds() == 3700
    assert made.world.timeline.seconds(made.world.timeline.wall()) == 100


def test_people_who_ask_to_go_on_end_their_pause() -> None:
    made = Made()
    made.world.event("pause")
    assert made.world.wishes == {"pause"}
    made.world.event("resume")
    assert made.world.wishes == {"resume"}
