"""What the RBAC objects of a cluster allow: the answer of the API server's RBAC authorizer, without asking it.

The rules are those of kubernetes.io/docs/reference/access-authn-authz/rbac. Permissions only add up. A RoleBinding
counts for requests in its own namespace only. ``*`` stands for all verbs, API groups or resources, ``*/scale`` for that
subresource of every resource; ``pods/*`` stands for nothing. A rule with names allows only requests that name one of
them, so that it never allows to create an object. What a ClusterRole gathers by labels is counted whether or not the
control plane has filled it in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from oakum.fleet.cluster.objects import PolicyRule, Role, RoleBinding, Subject
from oakum.fleet.cluster.selecting import selects
from oakum.fleet.cluster.snapshot import Snapshot

#: The kinds that RBAC is made of.
RBAC_KINDS = ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A question to the API server, as in a SubjectAccessReview.

    ``namespace`` empty means no or all namespaces, ``name`` empty no single object. With a ``path`` it is about that
    path of the API server, and nothing else but the verb counts.
    """

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""


class Grant(msgspec.Struct, frozen=True):
    """A rule that somebody has, where (``namespace`` empty: everywhere), and the binding and role that give it."""

    rule: PolicyRule
    namespace: str
    via: str


def permits(rule: PolicyRule, request: Request) -> bool:
    """Whether a rule allows a request, wherever it holds."""
    if "*" not in rule.verbs and request.verb not in rule.verbs:
        return False
    if request.path:
        return any(_path_matches(each, request.path) for each in rule.non_resource_urls)
    resources = {"*", request.resource}
    if request.subresource:
        resources = {"*", f"{request.resource}/{request.subresource}", f"*/{request.subresource}"}
    return (
        not {"*", request.group}.isdisjoint(rule.api_groups)
        and not resources.isdisjoint(rule.resources)
        and (not rule.resource_names or request.name in rule.resource_names)
    )


def account_names(namespace: str, account: str) -> tuple[str, tuple[str, ...]]:
    """The user name and the groups that the API server gives a service account."""
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")
    return f"system:serviceaccount:{namespace}:{account}", groups


class Rbac:
    """The roles and bindings of a cluster. ``missing`` names the kinds of which not all objects were read."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.missing = tuple(kind for kind in RBAC_KINDS if kind not in snapshot.listed)
        self._roles = {role.key: role for kind in ("ClusterRole", "Role") for role in snapshot.of(Role, kind)}
        self._cluster_roles = snapshot.of(Role, "ClusterRole")
        self._bindings: defaultdict[tuple[str, str], list[RoleBinding]] = defaultdict(list)
        for kind in ("ClusterRoleBinding", "RoleBinding"):
            for binding in snapshot.of(RoleBinding, kind):
                for subject in {_subject(each, binding.metadata.namespace) for each in binding.subjects}:
                    self._bindings[subject].append(binding)
        self._rules: dict[tuple[str, str, str], tuple[PolicyRule, ...]] = {}

    def grants(self, user: str, groups: Iterable[str]) -> Iterator[Grant]:
        """Every rule that a user has by name or by a group; one that comes by two ways is given twice."""
        for subject in (("User", user), *(("Group", group) for group in groups)):
            for binding in self._bindings.get(subject, ()):
                yield from self._granted(binding)

    def allows(self, user: str, groups: Iterable[str], request: Request) -> Grant | None:
        """What allows a request, None where nothing does: RBAC has no rule that denies."""
        return next(
            (
                grant
                for grant in self.grants(user, groups)
                if (not grant.namespace or (grant.namespace == request.namespace and not request.path))
                and permits(grant.rule, request)
            ),
            None,
        )

    def _granted(self, binding: RoleBinding) -> Iterator[Grant]:
        namespace, reference = binding.metadata.namespace, binding.role_ref
        key = (reference.kind, namespace if reference.kind == "Role" else "", reference.name)
        if key not in self._roles:
            return  # a binding to a role that is not there gives nothing
        if key not in self._rules:
            self._rules[key] = tuple(dict.fromkeys(self._gathered(self._roles[key])))
        name = f"{namespace}/{binding.metadata.name}" if namespace else binding.metadata.name
        via = f"{binding.kind} {name} -> {reference.kind} {reference.name}"
        for rule in self._rules[key]:
            yield Grant(rule, namespace, via)

    def _gathered(self, role: Role) -> Iterator[PolicyRule]:
        """The rules of a role and of those that it aggregates, each role once. Roles may aggregate in a long chain."""
        waiting = [role]
        seen = {role.key}
        while waiting:
            each = waiting.pop()
            yield from each.rules
            for selector in each.aggregation_rule.cluster_role_selectors if each.aggregation_rule else ():
                for other in self._cluster_roles:
                    if other.key not in seen and selects(selector, other.metadata.labels):
                        seen.add(other.key)
                        waiting.append(other)


def _subject(subject: Subject, namespace: str) -> tuple[str, str]:
    """Whom a subject means; a service account without a namespace is one of the binding's namespace."""
    if subject.kind != "ServiceAccount":
        return subject.kind, subject.name
    space = subject.namespace or namespace
    return ("User", account_names(space, subject.name)[0]) if space else (subject.kind, subject.name)


def _path_matches(allowed: str, path: str) -> bool:
    return allowed in ("*", path) or (allowed.endswith("*") and path.startswith(allowed.rstrip("*")))
