"""What the API server answers to an eviction, and what the controller computes, from the public documentation.

EVICTION: kubernetes.io/docs/concepts/scheduling-eviction/api-eviction. PDB: kubernetes.io/docs/tasks/run-application/
configure-pdb. REF: kubernetes.io/docs/reference/kubernetes-api/policy-resources/pod-disruption-budget-v1.
"""

from __future__ import annotations

from typing import Any

import pytest
from tests.changes.drain.makings import NOW, WEB, Json, ago, budget, controller, owned, pod, surroundings

from oakum.changes.budgets import ask, never_allows, recomputed, scaled
from oakum.errors import InputError
from oakum.fleet.cluster.objects import DisruptionBudget

RS = owned()
SCHEDULED = pod(owner=RS, **WEB)
SCHEDULED["status"]["conditions"] = [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "False"}]

ASKED: list[tuple[str, str, Json, list[Json], int]] = [
    ("no budget", "EVICTION", pod(owner=RS, **WEB), [], 201),
    ("one that allows one", "EVICTION", pod(owner=RS, **WEB), [budget(allowed=1)], 201),
    ("one that allows none", "EVICTION", pod(owner=RS, **WEB), [budget()], 429),
    ("two", "EVICTION", pod(owner=RS, **WEB), [budget("a", 1), budget("b", 1)], 500),
    ("two, one of them for others", "EVICTION", pod(owner=RS, **WEB),
     [budget("a", 1), budget("b", selector={"matchLabels": {"app": "db"}})], 201),
    ("the budget of another namespace", "EVICTION", pod(owner=RS, **WEB), [budget(namespace="x")], 201),
    ("a changed budget", "REF observedGeneration", pod(owner=RS, **WEB), [budget(allowed=1, generation=2)], 429),
    ("a negative allowance", "REF", pod(owner=RS, **WEB), [budget(allowed=-1)], 403),
    ("pending", "EVICTION", pod(owner=RS, phase="Pending", **WEB), [budget()], 201),
    ("pending under two", "EVICTION", pod(owner=RS, phase="Pending", **WEB), [budget("a"), budget("b")], 201),
    ("succeeded", "EVICTION", pod(owner=RS, phase="Succeeded", **WEB), [budget()], 201),
    ("failed", "EVICTION", pod(owner=RS, phase="Failed", **WEB), [budget()], 201),
    ("terminating", "EVICTION", pod(owner=RS, deleted=0, **WEB), [budget()], 201),
    ("of an unknown phase", "EVICTION", pod(owner=RS, phase="Unknown", **WEB), [budget()], 429),
    ("unready, healthy application", "PDB", pod(owner=RS, ready=False, **WEB), [budget(healthy=3)], 201),
    ("unready, sick application", "PDB", pod(owner=RS, ready=False, **WEB), [budget(healthy=2)], 429),
    ("unready, none desired", "PDB", pod(owner=RS, ready=False, **WEB), [budget(healthy=0, desired=0)], 429),
    ("unready, none desired, one allowed", "PDB", pod(owner=RS, ready=False, **WEB),
     [budget(allowed=1, healthy=1, desired=0)], 201),
    ("unready, AlwaysAllow", "PDB", pod(owner=RS, ready=False, **WEB), [budget(healthy=0, policy="AlwaysAllow")], 201),
    ("unready, IfHealthyBudget", "PDB", pod(owner=RS, ready=False, **WEB),
     [budget(healthy=3, policy="IfHealthyBudget")], 201),
    ("unready, changed budget, healthy", "PDB", pod(owner=RS, ready=False, **WEB), [budget(generation=2)], 201),
    ("unready, unknown policy", "REF: disallow", pod(owner=RS, ready=False, **WEB),
     [budget(allowed=1, healthy=3, policy="Sometimes")], 429),
    ("ready, unknown policy", "REF", pod(owner=RS, **WEB), [budget(allowed=1, policy="Sometimes")], 201),
    ("ready, AlwaysAllow", "PDB", pod(owner=RS, **WEB), [budget(healthy=3, policy="AlwaysAllow")], 429),
    ("no condition Ready", "PDB", pod(owner=RS, ready=None, **WEB), [budget(healthy=2)], 429),
    ("unready, AlwaysAllow, two budgets", "EVICTION", pod(owner=RS, ready=False, **WEB),
     [budget("a", policy="AlwaysAllow"), budget("b", policy="AlwaysAllow")], 500),
    ("many granted evictions", "REF disruptedPods", pod(owner=RS, **WEB),
     [budget(allowed=1, status={"disruptedPods": {f"p{n}": ago(1) for n in range(2_001)}})], 403),
    ("as many granted evictions as may be", "REF disruptedPods", pod(owner=RS, **WEB),
     [budget(allowed=1, status={"disruptedPods": {f"p{n}": ago(1) for n in range(2_000)}})], 201),
    ("scheduled but not ready", "PDB", SCHEDULED, [budget(healthy=2)], 429),
    ("scheduled but not ready, healthy application", "PDB", SCHEDULED, [budget(healthy=3)], 201),
    ("no condition Ready, healthy application", "PDB", pod(owner=RS, ready=None, **WEB), [budget(healthy=3)], 201),
    ("unready, the one desired is there", "PDB", pod(owner=RS, ready=False, **WEB),
     [budget(healthy=1, desired=1)], 201),
    ("an empty selector", "PDB", pod(owner=RS), [budget(selector={})], 429),
    ("no selector", "PDB", pod(owner=RS, **WEB), [budget(selector=None)], 201),
    ("an expression", "REF", pod(owner=RS, **WEB),
     [budget(selector={"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "api"]}]})], 429),
    ("an expression for others", "REF", pod(owner=RS, **WEB),
     [budget(selector={"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]})], 201),
]  # fmt: skip


@pytest.mark.parametrize(("name", "source", "one", "budgets", "code"), ASKED, ids=[row[0] for row in ASKED])
def test_an_eviction(name: str, source: str, one: Json, budgets: list[Json], code: int) -> None:
    around = surroundings([one, *budgets])
    (asked,) = around.pods
    assert ask(asked, around.budgets.guarding(asked)).code == code


@pytest.mark.parametrize(
    ("one", "budgets", "spent"),
    [
        (pod(owner=RS, **WEB), [budget(allowed=1)], True),
        (pod(owner=RS, **WEB), [budget()], False),
        (pod(owner=RS, **WEB), [], False),
        (pod(owner=RS, phase="Pending", **WEB), [budget(allowed=1)], False),
        (pod(owner=RS, ready=False, **WEB), [budget(allowed=1, healthy=3)], False),
        (pod(owner=RS, ready=False, **WEB), [budget(allowed=1, healthy=2)], True),
    ],
    ids=["ready", "refused", "no budget", "pending", "unready, healthy application", "unready, sick application"],
)
def test_a_grant_spends_an_allowed_disruption_unless_the_pod_passes_beside_it(
    one: Json, budgets: list[Json], spent: bool
) -> None:
    around = surroundings([one, *budgets])
    (asked,) = around.pods
    assert ask(asked, around.budgets.guarding(asked)).spent is spent


def test_a_budget_is_found_by_its_name_in_its_namespace() -> None:
    budgets = surroundings([budget("a"), budget("b"), budget("c", namespace="x")]).budgets
    found = budgets.named("shop", "b"), budgets.named("x", "c")
    assert [each and each.metadata.name for each in found] == ["b", "c"]
    assert budgets.named("shop", "c") is None
    assert budgets.named("nowhere", "a") is None


def state(*objects: Json) -> tuple[int, int, int, int]:
    """Allowed, healthy, desired and expected of the only budget, computed anew."""
    around = surroundings(objects)
    (one,) = around.snapshot.of(DisruptionBudget, "PodDisruptionBudget")
    status = recomputed(one, around.members(one), around.scales, NOW)
    assert status.observed_generation == one.metadata.generation
    return status.disruptions_allowed, status.current_healthy, status.desired_healthy, status.expected_pods


def fleet(ready: int, sick: int = 0, owner: Json | None = RS) -> list[Json]:
    """So many pods of app: web."""
    return [pod(f"p{number}", owner, ready=number < ready, **WEB) for number in range(ready + sick)]


COMPUTED: list[tuple[str, str, list[Json], dict[str, Any], tuple[int, int, int, int]]] = [
    ("minAvailable", "PDB", fleet(3), {"minAvailable": 2}, (1, 3, 2, 3)),
    ("minAvailable of all", "PDB", fleet(3), {"minAvailable": 3}, (0, 3, 3, 3)),
    ("minAvailable of more", "PDB", fleet(3), {"minAvailable": 9}, (0, 3, 9, 3)),
    ("minAvailable of none", "PDB", fleet(3), {"minAvailable": 0}, (3, 3, 0, 3)),
    ("maxUnavailable", "PDB", [*fleet(3), controller()], {"maxUnavailable": 1}, (1, 3, 2, 3)),
    ("maxUnavailable of none", "PDB", [*fleet(3), controller()], {"maxUnavailable": 0}, (0, 3, 3, 3)),
    ("maxUnavailable with a sick pod", "PDB", [*fleet(2, 1), controller()], {"maxUnavailable": 1}, (0, 2, 2, 3)),
    ("maxUnavailable counts what is wanted", "PDB", [*fleet(3), controller(replicas=5)], {"maxUnavailable": 2},
     (0, 3, 3, 5)),
    ("half of seven must stay: four", "PDB rounding", [*fleet(7), controller(replicas=7)], {"minAvailable": "50%"},
     (3, 7, 4, 7)),
    ("half of seven may go: four", "PDB rounding", [*fleet(7), controller(replicas=7)], {"maxUnavailable": "50%"},
     (4, 7, 3, 7)),
    ("one per cent of three may go: one", "PDB rounding", [*fleet(3), controller()], {"maxUnavailable": "1%"},
     (1, 3, 2, 3)),
    ("30 per cent of ten", "PDB rounding", [*fleet(10), controller(replicas=10)], {"maxUnavailable": "30%"},
     (3, 10, 7, 10)),
    ("nothing expected", "REF", [controller()], {"minAvailable": 0}, (0, 0, 0, 0)),
    ("bare pods and a number", "PDB: arbitrary controllers", fleet(3, owner=None), {"minAvailable": 1}, (2, 3, 1, 3)),
    ("bare pods and maxUnavailable", "PDB", fleet(3, owner=None), {"maxUnavailable": 1}, (0, 3, 0, 0)),
    ("a Deployment's scale counts", "PDB",
     [*fleet(3), controller(owner=owned("Deployment", "d")), controller("Deployment", "d", replicas=4)],
     {"maxUnavailable": 1}, (0, 3, 3, 4)),
    ("two controllers are added", "PDB", [*fleet(3), controller(), pod("db", owned("StatefulSet", "db"), **WEB),
     controller("StatefulSet", "db", replicas=2)], {"maxUnavailable": 1}, (0, 4, 4, 5)),
    ("default of replicas", "PDB", [*fleet(1), controller(replicas=None)], {"maxUnavailable": 1}, (1, 1, 0, 1)),
    ("terminating pods are not healthy", "PDB", [*fleet(3), pod("x", RS, deleted=1, **WEB)], {"minAvailable": 3},
     (0, 3, 3, 4)),
    ("a granted eviction", "REF disruptedPods", fleet(3),
     {"minAvailable": 1, "status": {"disruptedPods": {"p0": ago(119)}}}, (1, 2, 1, 3)),
    ("a granted eviction at its last moment", "REF disruptedPods", fleet(3),
     {"minAvailable": 1, "status": {"disruptedPods": {"p0": ago(120)}}}, (1, 2, 1, 3)),
    ("neither a number that must stay nor one that may go", "REF", [*fleet(3), controller()], {"minAvailable": None},
     (0, 3, 0, 0)),
    ("a ReplicaSet of another controller counts itself", "PDB", [*fleet(3), controller(owner=owned("Rollout", "r"))],
     {"maxUnavailable": 1}, (1, 3, 2, 3)),
    ("a StatefulSet counts itself", "PDB", [*fleet(2, owner=owned("StatefulSet")),
     controller("StatefulSet", replicas=2, owner=owned("Deployment", "d")), controller("Deployment", "d", replicas=9)],
     {"maxUnavailable": 1}, (1, 2, 1, 2)),
    ("a granted eviction that never came", "REF disruptedPods: after some time assumed not to be deleted", fleet(3),
     {"minAvailable": 1, "status": {"disruptedPods": {"p0": ago(121)}}}, (2, 3, 1, 3)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "source", "objects", "spec", "expected"), COMPUTED, ids=[row[0] for row in COMPUTED])
def test_a_status(
    name: str, source: str, objects: list[Json], spec: dict[str, Any], expected: tuple[int, int, int, int]
) -> None:
    assert state(*objects, budget(**spec)) == expected


@pytest.mark.parametrize(
    "objects",
    [
        fleet(3),
        [*fleet(3), controller(uid="new")],
        [*fleet(2), controller(), pod("j", owned("Job"), **WEB), controller("Job")],
        [*fleet(2), controller(), pod("d", owned("DaemonSet", "d"), **WEB), controller("DaemonSet", "d")],
        [*fleet(3), controller(owner=owned("Deployment", "gone"))],
        [*fleet(3), controller(owner=owned("Deployment", "d")), controller("Deployment", "d", uid="new")],
        [*fleet(3, owner=owned(version="example.org/v1")), controller()],
    ],
    ids=[
        "gone",
        "another of that name",
        "a Job",
        "a DaemonSet",
        "a Deployment that is gone",
        "another Deployment",
        "a kind of that name in another group",
    ],
)
def test_a_controller_without_a_scale_stops_every_eviction(objects: list[Json]) -> None:
    """PDB, "Arbitrary workloads and arbitrary selectors": the controller fails to sync, and allows nothing."""
    around = surroundings([*objects, budget(allowed=2, healthy=7, maxUnavailable=1)])
    (one,) = around.snapshot.of(DisruptionBudget, "PodDisruptionBudget")
    status = recomputed(one, around.members(one), around.scales, NOW)
    assert (status.disruptions_allowed, status.current_healthy) == (0, 7)


def test_confirmed_grants_are_forgotten() -> None:
    granted = {"p0": ago(5), "gone": ago(5), "dying": ago(5), "late": ago(500)}
    objects = [*fleet(2), pod("dying", RS, deleted=1, **WEB), pod("late", RS, **WEB)]
    around = surroundings([*objects, budget(minAvailable=1, status={"disruptedPods": granted})])
    (one,) = around.snapshot.of(DisruptionBudget, "PodDisruptionBudget")
    assert set(recomputed(one, around.members(one), around.scales, NOW).disrupted_pods) == {"p0"}
    assert set(recomputed(one, around.members(one), around.scales).disrupted_pods) == {"p0", "late"}


@pytest.mark.parametrize("text", ["50", "-5%", "5.5%", "%", "٣%", "9999999999%", " 5%", "5%%"])
def test_what_is_no_percentage(text: str) -> None:
    assert scaled(text, 10) is None
    assert state_allowed([*fleet(3), controller()], maxUnavailable=text) == 0


def state_allowed(objects: list[Json], **spec: Any) -> int:
    """How many disruptions the budget allows, computed anew."""
    around = surroundings([*objects, budget(**spec)])
    (one,) = around.snapshot.of(DisruptionBudget, "PodDisruptionBudget")
    return recomputed(one, around.members(one), around.scales, NOW).disruptions_allowed


NEVER: list[tuple[str, list[Json], dict[str, Any], bool]] = [
    ("one of three may go", [*fleet(2, 1), controller()], {"maxUnavailable": 1}, False),
    ("none may go", [*fleet(3), controller()], {"maxUnavailable": 0}, True),
    ("all must stay", [*fleet(3), controller()], {"minAvailable": 3}, True),
    ("all must stay, a pod is yet to come", [*fleet(2), controller()], {"minAvailable": 2}, False),
    ("as many as are wanted, one is missing", [*fleet(2), controller()], {"minAvailable": 3}, True),
    ("a percentage of one", [*fleet(1), controller(replicas=1)], {"minAvailable": "1%"}, True),
    ("all may go", [*fleet(0, 1), controller(replicas=1)], {"maxUnavailable": "100%"}, False),
    ("bare pods of which all must stay", fleet(2, owner=None), {"minAvailable": 2}, True),
    ("bare pods of which one must stay", fleet(2, owner=None), {"minAvailable": 1}, False),
    ("bare pods and maxUnavailable", fleet(2, owner=None), {"maxUnavailable": 1}, True),
    ("a Job has no scale", [pod("j", owned("Job"), **WEB)], {"maxUnavailable": 1, "expected": 0}, True),
    ("a Job's pods can be counted", [pod("j", owned("Job"), **WEB)], {"minAvailable": 0, "expected": 1}, False),
    ("nor has a DaemonSet", [*fleet(2), pod("d", owned("DaemonSet"), **WEB)], {"minAvailable": "10%"}, True),
    ("scaled to nothing", [*fleet(1), controller(replicas=0)], {"maxUnavailable": 1}, True),
    ("no percentage", [*fleet(3), controller()], {"maxUnavailable": "half"}, True),
    ("an unknown controller, by its status", fleet(2), {"maxUnavailable": 1, "expected": 3}, False),
    ("a finished bare pod does not help", [*fleet(1, owner=None), pod("job", phase="Succeeded", **WEB)],
     {"minAvailable": 1}, True),
    ("an unknown controller, nothing counted yet", fleet(2), {"maxUnavailable": 1, "expected": 0}, False),
    ("an unknown controller with more to come", fleet(1), {"minAvailable": 1, "expected": 3}, False),
    ("an unknown controller and no percentage", fleet(2), {"maxUnavailable": "half", "expected": 3}, True),
    ("an unknown controller, neither number given", fleet(1), {"minAvailable": None, "expected": 3}, True),
    ("one controller known, the other by the status", [*fleet(1), controller(replicas=1),
     pod("r", owned("Rollout"), **WEB)], {"minAvailable": 1, "expected": 2}, False),
    ("an unknown controller that must keep all", fleet(2), {"minAvailable": 3, "expected": 3}, True),
]  # fmt: skip


@pytest.mark.parametrize(("name", "objects", "spec", "never"), NEVER, ids=[row[0] for row in NEVER])
def test_what_never_allows(name: str, objects: list[Json], spec: dict[str, Any], never: bool) -> None:
    around = surroundings([*objects, budget(**spec)])
    (one,) = around.snapshot.of(DisruptionBudget, "PodDisruptionBudget")
    assert never_allows(one, around.members(one), around.scales) is never


@pytest.mark.parametrize("text", ["yesterday", "2026-01-31T06:00:00"])
def test_a_time_that_is_none(text: str) -> None:
    with pytest.raises(InputError, match=f"disruptedPods: '{text}' is no time"):
        state(*fleet(1), budget(minAvailable=1, status={"disruptedPods": {"p0": text}}))


@pytest.mark.parametrize(("share", "total", "number"), [("50%", 300, 150), ("1%", 300, 3), ("34%", 3, 2), ("0%", 9, 0)])
def test_a_percentage_is_rounded_up(share: str, total: int, number: int) -> None:
    assert scaled(share, total) == number
