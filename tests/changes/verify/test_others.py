"""Others on the nodes of a plan that is verified: what is wrong, in which words, and whom a way back waits for."""

from __future__ import annotations

import msgspec
import pytest
from tests.changes.drain.makings import Json, node
from tests.changes.verify.worlds import World, kernels

from oakum.changes.plans import Plan

KURED = {"annotations": {"weave.works/kured-reboot-in-progress": "x"}}
REMOVED = {"taints": [{"key": "ToBeDeletedByClusterAutoscaler", "effect": "NoSchedule"}]}


def marked(on: Json, **machine: object) -> tuple[World, Plan]:
    """A plan for kernels, and the world in which the node w-2 has got marks since."""
    world = World()
    plan = kernels(world).plan()
    made = node("w-2")
    made["metadata"]["annotations"] = on.get("annotations", {})
    made["spec"] = {"taints": on.get("taints", [])}
    world.nodes["w-2"] = made
    world.change("edge/w-2", **machine)
    return world, plan


def said(world: World, plan: Plan) -> list[str]:
    """What is wrong with the others of the machine w-2, but for their names in the step."""
    return [
        each.why for each in world.ask(plan)
        if each.rule == "actors" and each.object == "edge/w-2" and not each.why.startswith("others that act")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("on", "undoes", "whys"),
    [
        (KURED, "", ["kured will act on it by itself"]),
        (KURED, "sha256:p", []),
        (REMOVED, "", ["cluster-autoscaler acts on it now"]),
        (REMOVED, "sha256:p", ["cluster-autoscaler acts on it now"]),
        ({**KURED, **REMOVED}, "", ["cluster-autoscaler acts on it now", "kured will act on it by itself"]),
    ],
)
def test_a_way_back_waits_for_those_who_act_now_and_everything_else_for_all(
    on: Json, undoes: str, whys: list[str]
) -> None:
    world, plan = marked(on)
    found = said(world, msgspec.structs.replace(plan, undoes=undoes))
    assert sorted(each.partition(":")[0] for each in found) == whys


def test_who_is_kept_away_by_people_is_not_waited_for() -> None:
    assert said(*marked(KURED, kept_away=("kured",))) == []
    assert said(*marked(REMOVED, kept_away=("cluster-autoscaler",))) != []


def test_a_mark_that_keeps_its_actor_away_tells_nothing_that_it_does() -> None:
    world, plan = marked({"annotations": {"cluster-autoscaler.kubernetes.io/scale-down-disabled": "true"}})
    assert [each for each in world.ask(plan) if each.rule == "actors"] == []
