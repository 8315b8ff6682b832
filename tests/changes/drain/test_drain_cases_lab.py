"""Random nodes: ``drain explain`` foretells the fate of each pod, the eviction API is asked, and the simulation too.

What is foretold to leave first is really evicted; of every other pod the API server is asked in a dry run after that.
A difference between what was foretold and what is answered has to have one of the explanations of ``WHY``, and each
explanation is shown to be the true one. The simulation may not differ at all. ``OAKUM_DRAIN_CASES`` is how many nodes.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from typing import Any

import pytest
from tests.changes.drain.lab import LISTS, evicted, random_budget, read, spaces, with_image
from tests.changes.drain.makings import Json, pod
from tests.changes.drain.twin import Twin
from tests.lab.control_plane import ControlPlane

from oakum.changes.budgets import ask, is_ready, recomputed
from oakum.changes.drain import Judged, Surroundings, explain
from oakum.fleet.cluster import objects as k
from oakum.local.drain import of_value

CASES = int(os.environ.get("OAKUM_DRAIN_CASES", "40"))
SEED = 20261128
#: Why an answer may be another than foretold, and what shows it.
WHY = {
    "unseen": "the budget was changed and its controller has not looked at it; when it has, the answer is as foretold",
    "last": "nothing replaces the pod, so that a drain asks for it last; the API server would grant it at once",
}
_SAFE = "cluster-autoscaler.kubernetes.io/safe-to-evict"
_OWNERS = ["ReplicaSet"] * 9 + ["StatefulSet"] * 3 + ["Rollout"] * 3 + ["DaemonSet", "gone", "none", "Job"]
_API = {"ReplicaSet": "apps/v1", "StatefulSet": "apps/v1", "DaemonSet": "apps/v1", "Job": "batch/v1"}


def controllers(dice: random.Random, space: str) -> list[Json]:
    """One controller of each kind."""
    labels = {"controlled": "yes"}
    template: Json = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "c:1"}]}}
    found: list[Json] = []
    for kind in _API:
        spec: Json = {"selector": {"matchLabels": labels}, "template": template}
        if kind in ("ReplicaSet", "StatefulSet"):
            spec |= {"replicas": dice.randint(1, 5)}
        if kind == "StatefulSet":
            spec |= {"serviceName": "db"}
        if kind == "Job":
            spec = {"template": {"spec": {**template["spec"], "restartPolicy": "Never"}}}
        meta = {"name": kind.lower(), "namespace": space}
        found.append({"apiVersion": _API[kind], "kind": kind, "metadata": meta, "spec": spec})
    return found


def random_pod(dice: random.Random, name: str, space: str, node: str, uids: dict[str, str]) -> Json:
    """A pod with anything that our own drain looks at."""
    kind, owner = dice.choice(_OWNERS), None
    if kind == "gone":
        owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "gone", "uid": "1", "controller": True}
    elif kind == "Rollout":
        owner = {"apiVersion": "example.org/v1", "kind": kind, "name": "r", "uid": "2", "controller": True}
    elif kind != "none":
        owner = {"apiVersion": _API[kind], "kind": kind, "name": kind.lower(), "uid": uids[kind], "controller": True}
    labels = {key: dice.choice(["web", "web", "db"]) for key in ("app", "tier") if dice.random() < 0.8}
    more: Json = {}
    if dice.random() < 0.08:
        more["annotations"] = {_SAFE: dice.choice(["false", "true"])}
    if dice.random() < 0.08:
        more["volumes"] = [{"name": "scratch", "emptyDir": {}}]
    phase = dice.choice(["Running"] * 9 + ["Pending", "Succeeded", "Failed"])
    ready = dice.choice([True, True, True, False, None])
    given = with_image(pod(name, owner, namespace=space, node=node, labels=labels, phase=phase, ready=ready, **more))
    if dice.random() < 0.08:
        given["metadata"]["finalizers"] = ["example.org/hold"]
    return given


def make(plane: ControlPlane, number: int, space: str) -> None:
    """One case: controllers, one to six pods of one node, none to three budgets with any status."""
    dice = random.Random(f"{SEED}/{number}")
    made = plane.apply(controllers(dice, space))
    uids = {each["kind"]: each["metadata"]["uid"] for each in made}
    for at in range(dice.randint(1, 6)):
        given = random_pod(dice, f"p{at}", space, f"case-{number}", uids)
        plane.apply([given])
        if "finalizers" in given["metadata"]:
            plane.request("DELETE", plane.client.path(given))
    plane.apply(random_budget(dice, f"b{at}", space) for at in range(dice.choice([0, 1, 1, 1, 2, 3])))


def look(plane: ControlPlane, space: str) -> Surroundings:
    """One namespace as it is now."""
    paths = [path.rpartition("/") for path in LISTS if not path.endswith(("/nodes", "/namespaces"))]
    found = [plane.request("GET", f"{before}/namespaces/{space}/{kind}") for before, _, kind in paths]
    return of_value(found, "the lab")


def count(plane: ControlPlane, around: Surroundings, budgets: list[k.DisruptionBudget]) -> None:
    """Writes the statuses that the disruption controller would."""
    for each in budgets:
        found = recomputed(each, around.members(each), around.scales)
        status = {
            "disruptionsAllowed": found.disruptions_allowed, "currentHealthy": found.current_healthy,
            "desiredHealthy": found.desired_healthy, "expectedPods": found.expected_pods,
            "observedGeneration": each.metadata.generation,
        }  # fmt: skip
        path = f"/apis/policy/v1/namespaces/{each.metadata.namespace}/poddisruptionbudgets/{each.metadata.name}/status"
        plane.request("PATCH", path, {"status": status}, "application/merge-patch+json")


class Tally:
    """What was foretold and what was answered, over all cases."""

    def __init__(self) -> None:
        self.answers: Counter[int] = Counter()
        self.foretold: Counter[str] = Counter()
        self.explained: Counter[str] = Counter()
        self.wrong: list[tuple[Any, ...]] = []
        self.counted: set[str] = set()

    def check(self, *parts: Any, right: bool) -> None:
        """Keeps what is wrong."""
        if not right:
            self.wrong.append(parts)


def kind_of(one: Judged) -> str:
    """A verdict in a word or two; the first round leaves now, later ones do not."""
    outcome = one.outcome
    if outcome.verdict == "evict":
        return "leaves" if outcome.order == 1 else "leaves later"
    return " ".join(each for each in (outcome.verdict, outcome.reason) if each)


#: The answers that each verdict foretells; of the others a drain never asks, and nothing is foretold.
FORETOLD = {"leaves": {201}, "leaves later": {403, 429}, "blocked pdb": {403, 429}, "blocked multiple-pdb": {500}}


def play(plane: ControlPlane, number: int, space: str, tally: Tally) -> None:
    """One case: foretold, then asked."""
    around = look(plane, space)
    twin = Twin(around, space)
    judged = sorted(explain(around, [f"case-{number}"]).pods, key=lambda one: is_ready(one.pod))
    for one in judged:
        kind, name = kind_of(one), one.pod.metadata.name
        tally.foretold[kind] += 1
        if kind == "leaves":
            said = evicted(plane, space, name, dry=False)
            tally.answers[said] += 1
            tally.check(space, name, "simulation", said, right=twin.evict(name) == said)
            if said != 201:
                explain_difference(plane, around, one, said, tally)
    after = look(plane, space)
    here = {one.metadata.name: one for one in after.pods if one.metadata.namespace == space}
    for one in judged:
        kind, name = kind_of(one), one.pod.metadata.name
        if kind == "leaves":
            continue
        said = evicted(plane, space, name)
        tally.answers[said] += 1
        tally.check(space, name, "simulation", said, right=twin.asked(name) == said)
        tally.check(space, name, "ask", said, right=ask(here[name], after.budgets.guarding(here[name])).code == said)
        if said not in FORETOLD.get(kind, {said}):
            explain_difference(plane, after, one, said, tally)
    for each in after.snapshot.of(k.DisruptionBudget, "PodDisruptionBudget"):
        mine = twin.budgets.get(each.metadata.name)
        if mine is not None and each.metadata.uid not in tally.counted:
            got = (each.status.disruptions_allowed, set(each.status.disrupted_pods))
            tally.check(space, each.metadata.name, "spent", got, right=got == (mine.allowed, set(mine.grants)))


def explain_difference(plane: ControlPlane, around: Surroundings, one: Judged, said: int, tally: Tally) -> None:
    """Counts the explanation of a difference, when it is shown to be true."""
    meta, kind = one.pod.metadata, kind_of(one)
    guarding = around.budgets.guarding(one.pod)
    unseen = [each for each in guarding if each.status.observed_generation < each.metadata.generation]
    if said == 201 and around.scales.of(one.pod) is None and kind in ("leaves later", "blocked pdb"):
        tally.explained["last"] += 1
    elif unseen:
        count(plane, around, unseen)
        tally.counted |= {each.metadata.uid for each in unseen}
        again = evicted(plane, meta.namespace, meta.name)
        tally.check(meta.namespace, meta.name, kind, said, again, right=again in FORETOLD[kind])
        tally.explained["unseen"] += 1
    else:
        tally.check(meta.namespace, meta.name, kind, said, one.outcome, right=False)


def test_drain_explain_foretells_what_the_eviction_api_answers(
    still_plane: ControlPlane, capsys: pytest.CaptureFixture[str]
) -> None:
    names = spaces(still_plane, "case", CASES)
    for number, space in enumerate(names):
        make(still_plane, number, space)
    whole = read(still_plane)
    for number, space in enumerate(names):
        if number % 2:  # half of the cases have the statuses that a controller would have written
            budgets = whole.snapshot.of(k.DisruptionBudget, "PodDisruptionBudget")
            count(still_plane, whole, [each for each in budgets if each.metadata.namespace == space])
    tally = Tally()
    for number, space in enumerate(names):
        play(still_plane, number, space, tally)
    with capsys.disabled():
        if "OAKUM_DRAIN_CASES" in os.environ:
            print(f"\n{CASES} nodes, {sum(tally.answers.values())} pods")
            for what, counted in (("foretold", tally.foretold), ("answered", tally.answers)):
                print(f"{what}: " + ", ".join(f"{each} {number}" for each, number in counted.most_common()))
            for why, number in tally.explained.items():
                print(f"{number} differences explained: {WHY[why]}")
            print(f"{len(tally.wrong)} differences not explained")
    assert not tally.wrong
    assert {code: tally.answers[code] >= 3 for code in (201, 429, 500)} == {201: True, 429: True, 500: True}
    assert set(FORETOLD) <= set(tally.foretold)
    assert CASES < 200 or set(tally.explained) == set(WHY), "the cases show every explanation"
