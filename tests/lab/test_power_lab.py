"""What service accounts may do, asked of a real API server: a SubjectAccessReview for each of many random questions."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from tests.lab.client import Client as Lab
from tests.lab.control_plane import ControlPlane

from oakum.adapters.kubernetes.client import Client
from oakum.adapters.kubernetes.kubeconfig import choose
from oakum.adapters.kubernetes.reading import read_cluster
from oakum.risk.rbac import Rbac, Request, account_names

NOWHERE = Path("/nonexistent")
QUESTIONS = 300
VERBS = ("get", "list", "create", "update", "impersonate", "escalate", "bind", "deletecollection", "approve")
#: API group, resource, subresource.
RESOURCES = (
    ("", "pods", ""), ("", "pods", "exec"), ("", "pods", "log"), ("", "secrets", ""), ("", "nodes", "proxy"),
    ("", "serviceaccounts", "token"), ("", "namespaces", ""), ("", "persistentvolumes", ""),
    ("apps", "deployments", ""),
    ("apps", "deployments", "scale"), ("apps", "statefulsets", "scale"), ("batch", "jobs", ""),
    ("rbac.authorization.k8s.io", "clusterroles", ""), ("rbac.authorization.k8s.io", "roles", ""),
    ("certificates.k8s.io", "certificatesigningrequests", "approval"),
    ("admissionregistration.k8s.io", "mutatingwebhookconfigurations", ""), ("metrics.k8s.io", "pods", ""),
)  # fmt: skip
PATHS = ("/metrics", "/healthz", "/healthz/etcd", "/logs/kubelet", "/version", "/api")
_GROUP = "rbac.authorization.k8s.io"
Json = dict[str, Any]


def rule(random: Random) -> Json:
    group, resource, sub = random.choice(RESOURCES)
    forms = [f"{resource}/{sub}" if sub else resource, resource, "*"] + ([f"*/{sub}", f"{resource}/*"] if sub else [])
    return {
        "verbs": random.choice([[random.choice(VERBS)], random.sample(VERBS, 3), ["*"]]),
        "apiGroups": random.choice([[group], [group], ["*"], ["", "apps"]]),
        "resources": [random.choice(forms)],
        "resourceNames": random.choice([[], [], [], ["one"]]),
    }


def objects(random: Random, own: str) -> list[Json]:
    """Roles, bindings and accounts, all with names of their own; ``own`` is a namespace that the test may use."""
    meta = {"labels": {"oakum-test": own}}
    made: list[Json] = []
    for number in range(8):
        paths = {"verbs": ["get"], "nonResourceURLs": [random.choice(["/metrics", "/healthz/*", "/logs/*", "*"])]}
        rules = [rule(random) for _ in range(random.randint(0, 3))] + ([paths] if random.random() < 0.3 else [])
        labels = {**meta["labels"], "part": str(number % 3)}
        cluster: Json = {
            "kind": "ClusterRole",
            "metadata": {"name": f"{own}-{number}", "labels": labels},
            "rules": rules,
        }
        made.append(cluster)
        inside = {"name": f"r-{number}", "namespace": own, **meta}
        made.append({"kind": "Role", "metadata": inside, "rules": [rule(random) for _ in range(2)]})
    gathers = [{"matchLabels": {"oakum-test": own, "part": "1"}}]
    made.append(
        {"kind": "ClusterRole", "metadata": {"name": f"{own}-sum", **meta}, "rules": [],
         "aggregationRule": {"clusterRoleSelectors": gathers}}
    )  # fmt: skip
    subjects: list[Json] = [
        *({"kind": "ServiceAccount", "name": f"robot-{number}", "namespace": own} for number in range(6)),
        {"kind": "Group", "name": f"system:serviceaccounts:{own}", "apiGroup": _GROUP},
        {"kind": "User", "name": f"system:serviceaccount:{own}:robot-1", "apiGroup": _GROUP},
    ]
    for number in range(12):
        role = random.choice([f"{own}-{random.randrange(8)}", f"{own}-sum", f"{own}-gone"])
        whom = random.sample(subjects[:-2], 2) + random.sample(subjects[-2:], int(random.random() < 0.2))
        if number % 3 == 0:
            made.append(_binding("ClusterRoleBinding", f"{own}-{number}", "", ("ClusterRole", role), whom, meta))
        else:
            of = ("Role", f"r-{random.randrange(9)}") if number % 3 == 1 else ("ClusterRole", role)
            made.append(_binding("RoleBinding", f"b-{number}", own, of, whom, meta))
    return [{"apiVersion": f"{_GROUP}/v1", **one} for one in made]


def _binding(kind: str, name: str, space: str, of: tuple[str, str], whom: list[Json], meta: Json) -> Json:
    place = {"namespace": space} if space else {}
    reference = {"kind": of[0], "name": of[1], "apiGroup": _GROUP}
    return {"kind": kind, "metadata": {"name": name, **place, **meta}, "roleRef": reference, "subjects": whom}


def question(random: Random, own: str) -> Request:
    if random.random() < 0.1:
        return Request(verb="get", path=random.choice(PATHS))
    group, resource, sub = random.choice(RESOURCES)
    return Request(
        verb=random.choice(VERBS),
        group=group,
        resource=resource,
        subresource=sub if random.random() < 0.8 else "",
        namespace=random.choice([own, own, "default", ""]),
        name=random.choice(["", "", "one", "two"]),
    )


def review(lab: Lab, user: str, groups: tuple[str, ...], request: Request) -> bool:
    spec: Json = {"user": user, "groups": list(groups)}
    if request.path:
        spec["nonResourceAttributes"] = {"verb": request.verb, "path": request.path}
    else:
        spec["resourceAttributes"] = {
            "verb": request.verb, "group": request.group, "resource": request.resource,
            "subresource": request.subresource, "namespace": request.namespace, "name": request.name,
        }  # fmt: skip
    asked = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
    answer = lab.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", asked)
    return bool(answer["status"].get("allowed", False))


def test_service_accounts_may_do_what_a_real_api_server_says(control_plane: ControlPlane, namespace: str) -> None:
    random = Random(namespace)
    made = objects(random, namespace)
    with control_plane.connect() as lab:
        try:
            lab.apply(made)
            _aggregated(lab, f"{namespace}-sum", made)
            with Client(choose(None, {"KUBECONFIG": str(control_plane.admin)}, NOWHERE)) as client:
                rbac = Rbac(read_cluster(client, now=datetime.now(UTC)))
            assert rbac.missing == ()
            answers = []
            for number in range(QUESTIONS):
                user, groups = account_names(namespace, f"robot-{number % 7}")
                request = question(random, namespace)
                grant = rbac.allows(user, groups, request)
                allowed = review(lab, user, groups, request)
                assert (grant is not None) == allowed, (namespace, user, request, grant)
                answers.append(allowed)
            # Random questions of which hardly any is allowed, or denied, would say little.
            assert 0.05 < sum(answers) / QUESTIONS < 0.95
        finally:
            for one in made:
                if one["kind"].startswith("ClusterRole"):
                    lab.request("DELETE", lab.path(one))


def _aggregated(lab: Lab, name: str, made: list[Json]) -> None:
    """Wait until the control plane has gathered the rules of a role."""
    wanted = any(one["rules"] for one in made if one["metadata"]["labels"].get("part") == "1")
    for _ in range(100):
        found = lab.request("GET", f"/apis/{_GROUP}/v1/clusterroles/{name}")
        if bool(found.get("rules")) == wanted:
            return
        time.sleep(0.1)
    raise AssertionError(f"the control plane did not gather the rules of {name}")
