"""Random pods and budgets as a real API server takes them, and the two questions that are put to it."""

from __future__ import annotations

import random

from tests.changes.drain.makings import Json, budget, pod
from tests.lab.client import ApiError
from tests.lab.control_plane import ControlPlane

from oakum.changes.drain import Surroundings
from oakum.local.drain import of_value

LISTS = ("/api/v1/pods", "/api/v1/nodes", "/api/v1/namespaces", "/apis/policy/v1/poddisruptionbudgets",
         "/apis/apps/v1/daemonsets", "/apis/apps/v1/replicasets", "/apis/apps/v1/statefulsets",
         "/apis/apps/v1/deployments", "/apis/batch/v1/jobs", "/api/v1/replicationcontrollers")  # fmt: skip


def read(plane: ControlPlane) -> Surroundings:
    """The cluster as it is now."""
    return of_value([plane.request("GET", path) for path in LISTS], "the lab")


def evicted(plane: ControlPlane, space: str, name: str, *, dry: bool = True) -> int:
    """The API server's answer to an eviction."""
    body: Json = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": space}}
    query = "?dryRun=All" if dry else ""
    try:
        plane.request("POST", f"/api/v1/namespaces/{space}/pods/{name}/eviction{query}", body)
    except ApiError as error:
        return error.status
    return 201


def with_image(given: Json) -> Json:
    """A pod that the API server takes: containers need an image."""
    given["spec"]["containers"] = [{"name": "c", "image": "c:1"}]
    given["metadata"].pop("uid")
    return given


def random_pod(dice: random.Random, name: str, space: str, node: str, owner: Json | None = None) -> Json:
    """A pod with anything that an eviction looks at."""
    values = ["web", "db", "api", ""]
    return with_image(
        pod(
            name,
            owner,
            namespace=space,
            node=node,
            labels={key: dice.choice(values) for key in ("app", "tier") if dice.random() < 0.7},
            phase=dice.choice(["Running"] * 6 + ["Pending", "Succeeded", "Failed"]),
            ready=dice.choice([True, True, False, None]),
        )
    )


def random_budget(dice: random.Random, name: str, space: str, observed: tuple[int, ...] = (1, 1, 1, 0)) -> Json:
    """A budget in any state that validation lets pass; 0 in ``observed`` is one that was changed since."""
    key, value = dice.choice(["app", "tier"]), dice.choice(["web", "db", "api"])
    selector: Json | None = dice.choice(
        [{"matchLabels": {key: value}}] * 6
        + [{"matchExpressions": [{"key": key, "operator": "In", "values": [value, "x"]}]},
           {"matchExpressions": [{"key": key, "operator": "NotIn", "values": [value]}]},
           {"matchExpressions": [{"key": key, "operator": "DoesNotExist"}]}, {}, None]
    )  # fmt: skip
    wanted: Json = dice.choice([{"minAvailable": 1}, {"maxUnavailable": 1}, {"minAvailable": "50%"}])
    made = budget(
        name, dice.choice([0, 0, 1, 2]), dice.randint(0, 3), dice.randint(0, 3), namespace=space, selector=selector,
        policy=dice.choice([None, "AlwaysAllow", "IfHealthyBudget"]), observed=dice.choice(observed), **wanted,
    )  # fmt: skip
    made["metadata"].pop("generation")
    return made


def spaces(plane: ControlPlane, prefix: str, count: int) -> list[str]:
    """New namespaces."""
    names = [f"{prefix}-{number}" for number in range(count)]
    plane.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in names)
    return names
