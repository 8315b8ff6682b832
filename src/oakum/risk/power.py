"""What a service account may do, sorted into the few powers that turn a stolen token into more.

The powers are the privilege escalation risks of kubernetes.io/docs/concepts/security/rbac-good-practices. A RoleBinding
gives nothing on resources that have no namespace. A right counts by itself, also where a second one (to create the
object that it is about) would be needed to use it. Where RBAC objects were not read, ``Power.missing`` names them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from oakum.fleet.cluster.objects import PolicyRule
from oakum.fleet.cluster.snapshot import Snapshot
from oakum.risk.rbac import Rbac, Request, account_names, permits

PowerKind = Literal[
    "cluster-admin",
    "escalation",
    "webhooks",
    "nodes-proxy",
    "csr-approval",
    "create-volumes",
    "token-request",
    "secrets-read",
    "create-pods",
    "pods-exec",
    "namespace-labels",
]

#: What each power means, the worst first.
POWERS: dict[PowerKind, str] = {
    "cluster-admin": "may do everything",
    "escalation": "may give itself any permission (escalate, bind) or act as somebody else (impersonate)",
    "webhooks": "may configure admission webhooks: sees and changes what others write",
    "nodes-proxy": "may speak to kubelets directly: runs commands in every pod, past audit and admission",
    "csr-approval": "may approve certificates: becomes any user",
    "create-volumes": "may create persistent volumes: reads and writes files of nodes",
    "token-request": "may ask for tokens of service accounts",
    "secrets-read": "may read Secrets, tokens of service accounts among them",
    "create-pods": "may create pods: uses every service account and Secret of the namespace",
    "pods-exec": "may run commands in running pods",
    "namespace-labels": "may change labels of namespaces: lifts pod security and network policies",
}
_RANK = {kind: rank for rank, kind in enumerate(POWERS)}
_RBAC = "rbac.authorization.k8s.io"
_READ = ("get", "list", "watch")
_CHANGE = ("update", "patch")
_WRITE = ("create", *_CHANGE)
_WEBHOOKS = ("validatingwebhookconfigurations", "mutatingwebhookconfigurations")
_APPS = ("deployments", "replicasets", "statefulsets", "daemonsets")

#: Power, verbs, API group, resources, whether a RoleBinding can give it: any of the verbs on any of the resources.
_SIGNS: tuple[tuple[PowerKind, tuple[str, ...], str, tuple[str, ...], bool], ...] = (
    ("escalation", ("escalate",), _RBAC, ("clusterroles",), False),
    ("escalation", ("escalate",), _RBAC, ("roles",), True),
    # "bind" is asked in the namespace of the new binding: a ClusterRole may be bound there by who has it there.
    ("escalation", ("bind",), _RBAC, ("clusterroles", "roles"), True),
    ("escalation", ("impersonate",), "", ("users", "groups"), False),
    ("escalation", ("impersonate",), "", ("serviceaccounts",), True),
    ("webhooks", _WRITE, "admissionregistration.k8s.io", _WEBHOOKS, False),
    ("nodes-proxy", ("get", "create"), "", ("nodes/proxy",), False),
    ("csr-approval", _CHANGE, "certificates.k8s.io", ("certificatesigningrequests/approval",), False),
    ("create-volumes", ("create",), "", ("persistentvolumes",), False),
    ("token-request", ("create",), "", ("serviceaccounts/token",), True),
    ("secrets-read", _READ, "", ("secrets",), True),
    ("create-pods", ("create",), "", ("pods",), True),
    ("create-pods", _WRITE, "", ("replicationcontrollers",), True),
    ("create-pods", _WRITE, "apps", _APPS, True),
    ("create-pods", _WRITE, "batch", ("jobs", "cronjobs"), True),
    ("pods-exec", ("get", "create"), "", ("pods/exec", "pods/attach"), True),
    ("pods-exec", _CHANGE, "", ("pods/ephemeralcontainers",), True),
    ("namespace-labels", _CHANGE, "", ("namespaces",), True),
)
_Sign = tuple[PowerKind, bool, tuple[str, ...]]


class Right(msgspec.Struct, frozen=True):
    """One power: ``namespace`` empty means the whole cluster; ``names`` limits it to those objects, empty: to none.

    ``via`` is the binding and the role that give it.
    """

    kind: PowerKind
    namespace: str
    names: tuple[str, ...]
    via: str

    def __str__(self) -> str:
        where = f"in namespace {self.namespace}" if self.namespace else "in the whole cluster"
        only = f" (only {', '.join(self.names)})" if self.names else ""
        return f"{POWERS[self.kind]}, {where}{only}, by {self.via}"


class Power(msgspec.Struct, frozen=True):
    """What one service account may do, worst first. ``missing`` names kinds that were not read: the rest is unknown."""

    namespace: str
    account: str
    rights: tuple[Right, ...]
    missing: tuple[str, ...] = ()


class Powers:
    """The powers of all service accounts of a cluster; each is worked out when it is first asked for."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._rbac = Rbac(snapshot)
        self._signs: dict[PolicyRule, tuple[_Sign, ...]] = {}
        self._found: dict[tuple[str, str], Power] = {}

    def of(self, namespace: str, account: str) -> Power:
        """What a service account may do; an empty name is the namespace's account ``default``.

        A cluster admin has that one kind of right only: it includes the others.
        """
        key = namespace, account or "default"
        if key not in self._found:
            rights = sorted(
                set(self._rights(*key)), key=lambda one: (_RANK[one.kind], one.namespace, one.names, one.via)
            )
            admin = tuple(one for one in rights if one.kind == "cluster-admin")
            self._found[key] = Power(*key, admin or tuple(rights), self._rbac.missing)
        return self._found[key]

    def _rights(self, namespace: str, account: str) -> Iterator[Right]:
        for grant in self._rbac.grants(*account_names(namespace, account)):
            if grant.rule not in self._signs:
                self._signs[grant.rule] = tuple(dict.fromkeys(_signs(grant.rule)))
            for kind, namespaced, names in self._signs[grant.rule]:
                if namespaced or not grant.namespace:
                    yield Right(kind, grant.namespace, names, grant.via)


def _signs(rule: PolicyRule) -> Iterator[_Sign]:
    if "*" in rule.verbs and "*" in rule.api_groups and "*" in rule.resources and not rule.resource_names:
        yield "cluster-admin", False, ()
    for kind, verbs, group, resources, namespaced in _SIGNS:
        if any(_matches(rule, verb, group, resource) for verb in verbs for resource in resources):
            yield kind, namespaced, rule.resource_names


def _matches(rule: PolicyRule, verb: str, group: str, resource: str) -> bool:
    """Whether a rule allows a verb on some object: one of the rule's names, where the request can have a name."""
    resource, _, subresource = resource.partition("/")
    named = rule.resource_names and (verb != "create" or subresource)
    name = rule.resource_names[0] if named else ""
    return permits(rule, Request(verb=verb, group=group, resource=resource, subresource=subresource, name=name))
