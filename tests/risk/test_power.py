"""The powers of service accounts, kind by kind, from the good practices for RBAC of the Kubernetes documentation."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.risk.flows.worlds import snapshot
from tests.risk.test_rbac import ROBOT, Json, bound, role, worlds

from oakum.risk.power import POWERS, PowerKind, Powers
from oakum.risk.rbac import RBAC_KINDS

_RBAC = "rbac.authorization.k8s.io"


def rule(verb: str, group: str, resource: str, *names: str) -> Json:
    return {"verbs": [verb], "apiGroups": [group], "resources": [resource], "resourceNames": list(names)}


#: What is left of everything in one namespace.
_INSIDE: set[PowerKind] = {
    "escalation", "token-request", "secrets-read", "create-pods", "pods-exec", "namespace-labels",
}  # fmt: skip
#: Rule, and the powers that it gives in the whole cluster and through a RoleBinding.
ROWS: list[tuple[Json, set[PowerKind], set[PowerKind]]] = [
    (rule("*", "*", "*"), {"cluster-admin"}, _INSIDE),
    # of objects with a name: whatever is not made, but changed or read
    (rule("*", "*", "*", "one"), set(POWERS) - {"cluster-admin", "create-volumes"}, _INSIDE),
    (rule("escalate", _RBAC, "clusterroles"), {"escalation"}, set()),
    (rule("escalate", _RBAC, "roles"), {"escalation"}, {"escalation"}),
    (rule("bind", _RBAC, "clusterroles"), {"escalation"}, {"escalation"}),
    (rule("bind", _RBAC, "roles", "reader"), {"escalation"}, {"escalation"}),
    (rule("bind", "", "roles"), set(), set()),
    (rule("impersonate", "", "users"), {"escalation"}, set()),
    (rule("impersonate", "", "groups", "system:masters"), {"escalation"}, set()),
    (rule("impersonate", "", "serviceaccounts"), {"escalation"}, {"escalation"}),
    (rule("create", "admissionregistration.k8s.io", "validatingwebhookconfigurations"), {"webhooks"}, set()),
    (rule("patch", "admissionregistration.k8s.io", "mutatingwebhookconfigurations", "x"), {"webhooks"}, set()),
    (rule("get", "admissionregistration.k8s.io", "mutatingwebhookconfigurations"), set(), set()),
    (rule("get", "", "nodes/proxy"), {"nodes-proxy"}, set()),
    (rule("create", "", "nodes/proxy"), {"nodes-proxy"}, set()),
    (rule("get", "", "nodes"), set(), set()),
    (rule("get", "", "nodes/*"), set(), set()),
    (rule("update", "certificates.k8s.io", "certificatesigningrequests/approval"), {"csr-approval"}, set()),
    (rule("create", "certificates.k8s.io", "certificatesigningrequests"), set(), set()),
    (rule("create", "", "persistentvolumes"), {"create-volumes"}, set()),
    (rule("create", "", "persistentvolumeclaims"), set(), set()),
    (rule("create", "", "serviceaccounts/token"), {"token-request"}, {"token-request"}),
    (rule("create", "", "serviceaccounts/token", "robot"), {"token-request"}, {"token-request"}),
    (rule("create", "", "*/token"), {"token-request"}, {"token-request"}),
    (rule("get", "", "secrets"), {"secrets-read"}, {"secrets-read"}),
    (rule("list", "", "secrets"), {"secrets-read"}, {"secrets-read"}),
    (rule("watch", "", "secrets"), {"secrets-read"}, {"secrets-read"}),
    (rule("get", "", "secrets", "db"), {"secrets-read"}, {"secrets-read"}),
    (rule("create", "", "secrets"), set(), set()),
    (rule("get", "", "configmaps"), set(), set()),
    (rule("create", "", "pods"), {"create-pods"}, {"create-pods"}),
    (rule("create", "", "pods", "web"), set(), set()),
    (rule("patch", "apps", "deployments"), {"create-pods"}, {"create-pods"}),
    (rule("patch", "apps", "deployments", "web"), {"create-pods"}, {"create-pods"}),
    (rule("update", "apps", "daemonsets"), {"create-pods"}, {"create-pods"}),
    (rule("create", "batch", "cronjobs"), {"create-pods"}, {"create-pods"}),
    (rule("create", "apps", "jobs"), set(), set()),
    (rule("update", "", "replicationcontrollers"), {"create-pods"}, {"create-pods"}),
    (rule("update", "apps", "deployments/scale"), set(), set()),
    (rule("create", "", "pods/exec"), {"pods-exec"}, {"pods-exec"}),
    (rule("get", "", "pods/exec"), {"pods-exec"}, {"pods-exec"}),
    (rule("create", "", "pods/attach"), {"pods-exec"}, {"pods-exec"}),
    (rule("patch", "", "pods/ephemeralcontainers"), {"pods-exec"}, {"pods-exec"}),
    (rule("get", "", "pods/log"), set(), set()),
    (rule("patch", "", "namespaces"), {"namespace-labels"}, {"namespace-labels"}),
    (rule("get", "", "namespaces"), set(), set()),
]  # fmt: skip


@pytest.mark.parametrize(("given_rule", "everywhere", "inside"), ROWS)
def test_a_rule_gives_these_powers(given_rule: Json, everywhere: set[PowerKind], inside: set[PowerKind]) -> None:
    of = role("r", given_rule)
    for namespace, expected in (("", everywhere), ("shop", inside)):
        world = snapshot(of, bound("b", "ClusterRole/r", ROBOT, namespace=namespace))
        power = Powers(world).of("shop", "robot")
        kinds = {right.kind for right in power.rights}
        assert kinds == expected
        assert all(right.namespace == namespace for right in power.rights)
        assert Powers(world).of("shop", "other").rights == ()


def test_a_power_says_by_what_it_comes() -> None:
    world = snapshot(
        role("reader", rule("get", "", "secrets", "db")), bound("team", "ClusterRole/reader", ROBOT, namespace="shop")
    )
    (right,) = Powers(world).of("shop", "robot").rights
    assert str(right) == (
        "may read Secrets, tokens of service accounts among them, in namespace shop (only db), "
        "by RoleBinding shop/team -> ClusterRole reader"
    )


def test_no_account_name_is_the_default_account() -> None:
    account = {"kind": "ServiceAccount", "name": "default", "namespace": "shop"}
    world = snapshot(role("r", rule("get", "", "secrets")), bound("b", "ClusterRole/r", account))
    assert Powers(world).of("shop", "") == Powers(world).of("shop", "default")
    assert Powers(world).of("shop", "").rights


@pytest.mark.parametrize("unread", RBAC_KINDS)
def test_kinds_that_were_not_read_are_named(unread: str) -> None:
    world = snapshot()
    world = msgspec.structs.replace(world, listed=world.listed - {unread})
    assert Powers(world).of("shop", "robot").missing == (unread,)


@given(worlds(), st.integers(0, 20))
def test_one_more_object_never_takes_a_power_away(objects: list[Json], place: int) -> None:
    """RBAC only adds up."""
    fewer = [one for number, one in enumerate(objects) if number != place]
    less, more = (Powers(snapshot(*each)).of("shop", "robot").rights for each in (fewer, objects))
    kinds = {(right.kind, right.namespace) for right in more}
    spaces = {right.namespace for right in more if right.kind == "cluster-admin"}
    assert all((right.kind, right.namespace) in kinds or spaces for right in less)
