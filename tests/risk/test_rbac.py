"""What RBAC objects allow: a table from the documentation, and a second, naive reading on random objects.

Sources: kubernetes.io/docs/reference/access-authn-authz/rbac ("Referring to resources", "Referring to subjects",
"Aggregated ClusterRoles", "RoleBinding and ClusterRoleBinding") and the API reference of PolicyRule.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.risk.flows.worlds import snapshot

from oakum.fleet.cluster.objects import PolicyRule
from oakum.risk.rbac import Rbac, Request, account_names, permits

Json = dict[str, Any]


def rule(verbs: str, groups: str, resources: str, names: str = "") -> PolicyRule:
    """Words apart by spaces; ``core`` is the API group with the empty name."""
    return PolicyRule(
        verbs=tuple(verbs.split()),
        api_groups=tuple("" if each == "core" else each for each in groups.split()),
        resources=tuple(resources.split()),
        resource_names=tuple(names.split()),
    )


def ask(words: str) -> Request:
    """``get core/pods/log name``: verb, group/resource[/subresource], name."""
    verb, what, *name = words.split()
    if what.startswith("path:"):
        return Request(verb=verb, path=what.removeprefix("path:"))
    group, resource, *sub = what.split("/")
    return Request(
        verb=verb,
        group="" if group == "core" else group,
        resource=resource,
        subresource="".join(sub),
        name="".join(name),
    )


@pytest.mark.parametrize(
    ("of", "question", "allowed"),
    [
        (rule("get", "core", "pods"), "get core/pods", True),
        (rule("get", "core", "pods"), "get core/pods web", True),
        (rule("get", "core", "pods"), "list core/pods", False),
        (rule("get", "core", "pods"), "get core/secrets", False),
        (rule("get", "core", "pods"), "get apps/pods", False),
        (rule("get", "apps", "deployments"), "get core/deployments", False),
        # subresources are resources of their own
        (rule("get", "core", "pods"), "get core/pods/log", False),
        (rule("get", "core", "pods/log"), "get core/pods/log", True),
        (rule("get", "core", "pods/log"), "get core/pods", False),
        (rule("create", "core", "pods/exec"), "create core/pods/exec web", True),
        (rule("create", "core", "pods/exec"), "create core/pods/attach web", False),
        # wildcards
        (rule("*", "core", "pods"), "deletecollection core/pods", True),
        (rule("get", "*", "pods"), "get metrics.k8s.io/pods", True),
        (rule("get", "core", "*"), "get core/secrets", True),
        (rule("get", "core", "*"), "get core/pods/exec", True),
        (rule("get", "core", "*"), "get apps/deployments", False),
        (rule("update", "*", "*/scale"), "update apps/deployments/scale", True),
        (rule("update", "*", "*/scale"), "update apps/deployments", False),
        (rule("update", "*", "*/scale"), "update apps/deployments/status", False),
        # only these two forms of a wildcard exist
        (rule("get", "core", "pods/*"), "get core/pods/log", False),
        (rule("get", "core", "pods*"), "get core/pods", False),
        (rule("get*", "core", "pods"), "get core/pods", False),
        (rule("get", "*.k8s.io", "pods"), "get metrics.k8s.io/pods", False),
        # names
        (rule("get", "core", "secrets", "db"), "get core/secrets db", True),
        (rule("get", "core", "secrets", "db"), "get core/secrets other", False),
        (rule("get", "core", "secrets", "db"), "get core/secrets", False),
        (rule("list watch", "core", "secrets", "db"), "list core/secrets", False),
        (rule("list watch", "core", "secrets", "db"), "list core/secrets db", True),
        (rule("create", "core", "secrets", "db"), "create core/secrets", False),
        (rule("create", "core", "serviceaccounts/token", "robot"), "create core/serviceaccounts/token robot", True),
        # nothing is nothing
        (rule("", "core", "pods"), "get core/pods", False),
        (rule("get", "", "pods"), "get core/pods", False),
        (rule("get", "core", ""), "get core/pods", False),
        # rules about resources say nothing about paths, and the other way round
        (rule("*", "*", "*"), "get path:/metrics", False),
        (PolicyRule(verbs=("get",), non_resource_urls=("/metrics",)), "get path:/metrics", True),
        (PolicyRule(verbs=("get",), non_resource_urls=("/metrics",)), "get path:/metrics/slis", False),
        (PolicyRule(verbs=("get",), non_resource_urls=("/healthz/*",)), "get path:/healthz/etcd", True),
        (PolicyRule(verbs=("get",), non_resource_urls=("/healthz/*",)), "get path:/healthz", False),
        (PolicyRule(verbs=("get",), non_resource_urls=("*",)), "get path:/logs", True),
        (PolicyRule(verbs=("get",), non_resource_urls=("*",)), "post path:/logs", False),
        (PolicyRule(verbs=("*",), non_resource_urls=("*",)), "get core/pods", False),
    ],
)
def test_a_rule_allows_what_the_documentation_says(of: PolicyRule, question: str, allowed: bool) -> None:
    assert permits(of, ask(question)) is allowed


def role(name: str, *rules: Json, namespace: str = "", labels: dict[str, str] | None = None, **more: Any) -> Json:
    meta = {"name": name, "labels": labels or {}} | ({"namespace": namespace} if namespace else {})
    return {"kind": "Role" if namespace else "ClusterRole", "metadata": meta, "rules": list(rules), **more}


def bound(name: str, to: str, *subjects: Json, namespace: str = "") -> Json:
    kind, _, of = to.partition("/")
    meta = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {
        "kind": "RoleBinding" if namespace else "ClusterRoleBinding",
        "metadata": meta,
        "roleRef": {"kind": kind, "name": of, "apiGroup": "rbac.authorization.k8s.io"},
        "subjects": list(subjects),
    }


READ: Json = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}
ROBOT: Json = {"kind": "ServiceAccount", "name": "robot", "namespace": "shop"}


def group(name: str) -> Json:
    return {"kind": "Group", "name": name, "apiGroup": "rbac.authorization.k8s.io"}


@pytest.mark.parametrize(
    ("objects", "namespace", "allowed"),
    [
        ([role("r", READ), bound("b", "ClusterRole/r", ROBOT)], "other", True),
        ([role("r", READ), bound("b", "ClusterRole/r", ROBOT)], "", True),
        ([role("r", READ), bound("b", "ClusterRole/r", ROBOT, namespace="shop")], "shop", True),
        ([role("r", READ), bound("b", "ClusterRole/r", ROBOT, namespace="shop")], "other", False),
        ([role("r", READ), bound("b", "ClusterRole/r", ROBOT, namespace="shop")], "", False),
        ([role("r", READ, namespace="shop"), bound("b", "Role/r", ROBOT, namespace="shop")], "shop", True),
        # a role of another namespace is another role
        ([role("r", READ, namespace="other"), bound("b", "Role/r", ROBOT, namespace="shop")], "shop", False),
        ([bound("b", "ClusterRole/gone", ROBOT)], "shop", False),
        # an account of another namespace may be bound here
        ([role("r", READ, namespace="db"), bound("b", "Role/r", ROBOT, namespace="db")], "db", True),
        ([role("r", READ), bound("b", "ClusterRole/r", {**ROBOT, "namespace": "db"})], "shop", False),
        # without a namespace it is one of the binding's
        (
            [
                role("r", READ),
                bound("b", "ClusterRole/r", {"kind": "ServiceAccount", "name": "robot"}, namespace="shop"),
            ],
            "shop",
            True,
        ),
        ([role("r", READ), bound("b", "ClusterRole/r", {"kind": "ServiceAccount", "name": "robot"})], "shop", False),
        # groups of every service account, and its name as a user
        ([role("r", READ), bound("b", "ClusterRole/r", group("system:serviceaccounts"))], "shop", True),
        ([role("r", READ), bound("b", "ClusterRole/r", group("system:serviceaccounts:shop"))], "shop", True),
        ([role("r", READ), bound("b", "ClusterRole/r", group("system:serviceaccounts:db"))], "shop", False),
        ([role("r", READ), bound("b", "ClusterRole/r", group("system:authenticated"))], "shop", True),
        ([role("r", READ), bound("b", "ClusterRole/r", group("system:unauthenticated"))], "shop", False),
        (
            [
                role("r", READ),
                bound("b", "ClusterRole/r", {"kind": "User", "name": "system:serviceaccount:shop:robot"}),
            ],
            "shop",
            True,
        ),
        ([role("r", READ), bound("b", "ClusterRole/r", {"kind": "User", "name": "robot"})], "shop", False),
        # aggregation, also through a role between, and where the control plane has not filled it in
        (
            [
                role("sum", aggregationRule={"clusterRoleSelectors": [{"matchLabels": {"part": "yes"}}]}),
                role("part", READ, labels={"part": "yes"}),
                bound("b", "ClusterRole/sum", ROBOT),
            ],
            "shop",
            True,
        ),
        (
            [
                role("sum", aggregationRule={"clusterRoleSelectors": [{"matchLabels": {"part": "no"}}]}),
                role("part", READ, labels={"part": "yes"}),
                bound("b", "ClusterRole/sum", ROBOT),
            ],
            "shop",
            False,
        ),
        (
            [
                role("a", labels={"x": "1"}, aggregationRule={"clusterRoleSelectors": [{"matchLabels": {"x": "1"}}]}),
                role("b", READ, labels={"x": "1"}),
                bound("b", "ClusterRole/a", ROBOT),
            ],
            "shop",
            True,
        ),
    ],
)
def test_a_binding_gives_what_the_documentation_says(objects: list[Json], namespace: str, allowed: bool) -> None:
    request = Request(verb="get", resource="pods", namespace=namespace)
    grant = Rbac(snapshot(*objects)).allows(*account_names("shop", "robot"), request)
    assert (grant is not None) is allowed
    if grant is not None:
        assert "b -> " in grant.via


def test_a_role_binding_allows_nothing_about_paths() -> None:
    objects = [role("r", {"verbs": ["get"], "nonResourceURLs": ["*"]})]
    robot = account_names("shop", "robot")
    inside = Rbac(snapshot(*objects, bound("b", "ClusterRole/r", ROBOT, namespace="shop")))
    assert inside.allows(*robot, Request(verb="get", path="/metrics", namespace="shop")) is None
    assert Rbac(snapshot(*objects, bound("b", "ClusterRole/r", ROBOT))).allows(
        *robot, Request(verb="get", path="/metrics")
    )


# The same, naively: every rule of every binding, by the text of the documentation.

_NAMESPACES = ("shop", "db")
_verbs = st.lists(st.sampled_from(["get", "list", "create", "*"]), max_size=2)
_rules = st.fixed_dictionaries(
    {
        "verbs": _verbs,
        "apiGroups": st.lists(st.sampled_from(["", "apps", "*"]), max_size=2),
        "resources": st.lists(st.sampled_from(["pods", "secrets", "pods/exec", "*/exec", "pods/*", "*"]), max_size=2),
        "resourceNames": st.lists(st.sampled_from(["x", "y"]), max_size=1),
    }
)
_labels = st.dictionaries(st.sampled_from(["k", "l"]), st.sampled_from(["1", "2"]), max_size=2)
_subjects = st.one_of(
    st.fixed_dictionaries(
        {
            "kind": st.just("ServiceAccount"),
            "name": st.sampled_from(["robot", "default"]),
            "namespace": st.sampled_from(["shop", "db", ""]),
        }
    ),
    st.sampled_from(
        [group("system:serviceaccounts"), group("system:serviceaccounts:shop"), group("system:authenticated")]
    ),
    st.just({"kind": "User", "name": "system:serviceaccount:shop:robot"}),
)


@st.composite
def worlds(draw: st.DrawFn) -> list[Json]:
    objects: list[Json] = []
    for number in range(draw(st.integers(0, 4))):
        space = draw(st.sampled_from(["", *_NAMESPACES]))
        more: Json = {}
        if not space and draw(st.booleans()):
            more["aggregationRule"] = {"clusterRoleSelectors": [{"matchLabels": draw(_labels)}]}
        rules = draw(st.lists(_rules, max_size=2))
        objects.append(role(f"r{number}", *rules, namespace=space, labels=draw(_labels), **more))
    for number in range(draw(st.integers(0, 4))):
        space = draw(st.sampled_from(["", *_NAMESPACES]))
        to = f"{draw(st.sampled_from(['Role', 'ClusterRole'])) if space else 'ClusterRole'}/r{draw(st.integers(0, 4))}"
        objects.append(bound(f"b{number}", to, *draw(st.lists(_subjects, max_size=2)), namespace=space))
    return objects


def naive(objects: list[Json], request: Request) -> bool:
    """Whether the account ``robot`` of ``shop`` may."""
    who = {"system:serviceaccounts", "system:serviceaccounts:shop", "system:authenticated"}
    for binding in objects:
        if "roleRef" not in binding:
            continue
        space = binding["metadata"].get("namespace", "")
        if space and space != request.namespace:
            continue
        for subject in binding["subjects"]:
            mine = (
                (subject["kind"] == "Group" and subject["name"] in who)
                or (subject["kind"] == "User" and subject["name"] == "system:serviceaccount:shop:robot")
                or (
                    subject["kind"] == "ServiceAccount"
                    and subject["name"] == "robot"
                    and (subject["namespace"] or space) == "shop"
                )
            )
            if mine and any(said(each, request) for each in rules_of(objects, binding)):
                return True
    return False


def rules_of(objects: list[Json], binding: Json) -> list[Json]:
    ref = binding["roleRef"]
    space = binding["metadata"].get("namespace", "") if ref["kind"] == "Role" else ""
    roles = [one for one in objects if one["kind"] == ref["kind"] and one["metadata"]["name"] == ref["name"]]
    chosen = [one for one in roles if one["metadata"].get("namespace", "") == space]
    cluster = [one for one in objects if one["kind"] == "ClusterRole"]
    grown = -1
    while grown != len(chosen):
        grown = len(chosen)
        for one in list(chosen):
            for selector in one.get("aggregationRule", {}).get("clusterRoleSelectors", []):
                wanted = selector["matchLabels"].items()
                chosen += [o for o in cluster if o not in chosen and wanted <= o["metadata"]["labels"].items()]
    return [each for one in chosen for each in one["rules"]]


def said(rule: Json, request: Request) -> bool:
    what = request.resource + (f"/{request.subresource}" if request.subresource else "")
    fitting = {what, "*"} | ({f"*/{request.subresource}"} if request.subresource else set())
    return (
        bool({request.verb, "*"} & set(rule["verbs"]))
        and bool({request.group, "*"} & set(rule["apiGroups"]))
        and bool(fitting & set(rule["resources"]))
        and (not rule["resourceNames"] or request.name in rule["resourceNames"])
    )


@given(worlds())
def test_random_objects_allow_what_the_naive_reading_allows(objects: list[Json]) -> None:
    rbac = Rbac(snapshot(*objects))
    for space in ("", *_NAMESPACES):
        for verb in ("get", "create", "watch"):
            for api, resource, sub in (("", "pods", ""), ("", "pods", "exec"), ("apps", "secrets", "")):
                for name in ("", "x"):
                    request = Request(
                        verb=verb, group=api, resource=resource, subresource=sub, namespace=space, name=name
                    )
                    grant = rbac.allows(*account_names("shop", "robot"), request)
                    assert (grant is not None) == naive(objects, request), (request, grant)
