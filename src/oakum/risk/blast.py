"""What somebody holds who holds a node: its blast radius, to patch first the nodes that give most away.

Root on a node reads the memory and files of every pod there, and has the kubelet's identity: the node authorizer
(kubernetes.io/docs/reference/access-authn-authz/node) gives it the Secrets that its pods refer to and tokens of their
service accounts, whether they mount them or not. With the accounts comes what RBAC gives them. Pods that the Pod
Security Standards' baseline would refuse are ways from a container to the node. A node of the control plane holds the
keys of the cluster. Pods that have ended count until they are deleted: so long the node may ask for what is theirs.

The value only orders nodes; it is the sum of the parts' weights, so that more is never less. What was not read weighs
as much as the worst that it could hide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from oakum.fleet.cluster.objects import Container, Namespace, Node, Pod
from oakum.fleet.cluster.snapshot import Snapshot
from oakum.naming import listed
from oakum.risk.power import Power, PowerKind, Powers, Right

#: What each power of a service account weighs where it holds in the whole cluster.
POWER_WEIGHTS: dict[PowerKind, float] = {
    "cluster-admin": 100.0,
    "escalation": 100.0,
    "webhooks": 80.0,
    "nodes-proxy": 80.0,
    "csr-approval": 80.0,
    "create-volumes": 80.0,
    "token-request": 80.0,
    "secrets-read": 80.0,
    "create-pods": 60.0,
    "pods-exec": 60.0,
    "namespace-labels": 20.0,
}
#: The part of a power's weight that is left in one namespace, and the part of "secrets-read" for Secrets by name.
ONE_NAMESPACE, BY_NAME = 0.25, 0.2
CONTROL_PLANE = 200.0
UNKNOWN = 100.0
TENANT, SECRET, TOKEN, PRIVILEGED = 5.0, 1.0, 1.0, 3.0

#: Labels of a namespace that name its tenant: of Capsule and of Rancher's projects.
TENANT_LABELS = ("capsule.clastix.io/tenant", "field.cattle.io/projectId")
_SYSTEM = ("kube-system", "kube-public", "kube-node-lease")
_ROLES = tuple(f"node-role.kubernetes.io/{role}" for role in ("control-plane", "controlplane", "master", "etcd"))
_KEY_HOLDERS = ("kube-apiserver", "etcd", "kube-controller-manager")
#: Capabilities that the baseline of the Pod Security Standards lets a container add.
_BASELINE = frozenset(
    {
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP",
        "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
    }
)  # fmt: skip
#: So many names are told, the others counted.
_TOLD = 5


class Part(msgspec.Struct, frozen=True):
    """One part of a blast radius: what it is, all the things it is about (in order), and what it weighs."""

    what: str
    items: tuple[str, ...]
    weight: float

    def __str__(self) -> str:
        if not self.items:
            return self.what
        return f"{self.what}: {listed(self.items, _TOLD)}"


class Blast(msgspec.Struct, frozen=True):
    """What is lost with a node, by its name. ``value`` is the sum of the parts' weights: it orders nodes, no more."""

    node: str
    value: float
    parts: tuple[Part, ...]


def blast(snapshot: Snapshot) -> Iterable[Blast]:
    """The blast radius of every node that was read, the largest first. Never raises for what a snapshot holds."""
    pods: defaultdict[str, list[Pod]] = defaultdict(list)
    for pod in snapshot.of(Pod, "Pod"):
        pods[pod.spec.node_name].append(pod)
    tenants = {one.metadata.name: _tenant(one) for one in snapshot.of(Namespace, "Namespace")}
    powers = Powers(snapshot)
    pods_read = "Pod" in snapshot.listed
    found = []
    for node in snapshot.of(Node, "Node"):
        name = node.metadata.name
        parts = tuple(_parts(node, pods.get(name, ()), tenants, powers, pods_read=pods_read))
        found.append(Blast(name, sum(part.weight for part in parts), parts))
    return sorted(found, key=lambda one: (-one.value, one.node))


def _parts(
    node: Node, pods: Sequence[Pod], tenants: dict[str, str], powers: Powers, *, pods_read: bool
) -> Iterator[Part]:
    if why := _control_plane(node, pods):
        yield Part(f"the keys of the cluster: it is a node of the control plane ({why})", (), CONTROL_PLANE)
    if not pods_read:
        yield Part("not known: the pods of the cluster were not all read", (), UNKNOWN)
    accounts = {(pod.metadata.namespace, pod.spec.service_account_name or "default") for pod in pods}
    yield from _accounts([powers.of(*account) for account in sorted(accounts)])
    spaces = {pod.metadata.namespace for pod in pods} - set(_SYSTEM)
    yield from _counted("tenant", {tenants.get(space, f"namespace {space}") for space in spaces}, TENANT)
    yield from _counted("Secret", {name for pod in pods for name in _secrets(pod)}, SECRET)
    yield from _counted("token for others", {name for pod in pods for name in _tokens(pod)}, TOKEN)
    yield from _counted("privileged pod", {text for pod in pods for text in _privileged(pod)}, PRIVILEGED)


def _counted(thing: str, items: set[str], weight: float) -> Iterator[Part]:
    if items:
        plural = thing.replace("token", "tokens") if thing.startswith("token") else f"{thing}s"
        what = f"{len(items)} {thing if len(items) == 1 else plural}"
        yield Part(what, tuple(sorted(items)), weight * len(items))


def _tenant(namespace: Namespace) -> str:
    labels = namespace.metadata.labels
    named = next((labels[label] for label in TENANT_LABELS if labels.get(label)), "")
    return named or f"namespace {namespace.metadata.name}"


def _control_plane(node: Node, pods: Iterable[Pod]) -> str:
    role = next((f"label {label}" for label in _ROLES if label in node.metadata.labels), "")
    return role or next(
        (
            f"runs {pod.metadata.labels['component']}"
            for pod in pods
            if pod.metadata.namespace == "kube-system" and pod.metadata.labels.get("component") in _KEY_HOLDERS
        ),
        "",
    )


def _accounts(powers: Iterable[Power]) -> Iterator[Part]:
    unknown: list[str] = []
    missing: tuple[str, ...] = ()
    for power in powers:
        name = f"{power.namespace}/{power.account}"
        if power.missing:
            unknown.append(name)
            missing = power.missing
        if power.rights:
            worst = max(power.rights, key=_weight)
            kinds = {right.kind for right in power.rights} - {worst.kind}
            more = f"; also {', '.join(sorted(kinds))}" if kinds else ""
            yield Part(f"service account {name} {worst}{more}", (), _weight(worst))
    if unknown:
        what = f"not known: all that service accounts may do, since {', '.join(missing)} were not all read"
        yield Part(what, tuple(unknown), UNKNOWN)


def _weight(right: Right) -> float:
    weight = POWER_WEIGHTS[right.kind] * (ONE_NAMESPACE if right.namespace else 1)
    return weight * BY_NAME if right.kind == "secrets-read" and right.names else weight


def _containers(pod: Pod) -> Iterator[Container]:
    yield from pod.spec.init_containers
    yield from pod.spec.containers
    yield from pod.spec.ephemeral_containers


def _secrets(pod: Pod) -> Iterator[str]:
    """The Secrets that a pod refers to: its node may read each of them."""
    return (f"{pod.metadata.namespace}/{name}" for name in _secret_names(pod) if name)


def _secret_names(pod: Pod) -> Iterator[str]:
    yield from (each.name for each in pod.spec.image_pull_secrets)
    for volume in pod.spec.volumes:
        if volume.secret is not None:
            yield volume.secret.secret_name
        if volume.projected is not None:
            yield from (each.secret.name for each in volume.projected.sources if each.secret is not None)
    for container in _containers(pod):
        for variable in container.env:
            if variable.value_from is not None and variable.value_from.secret_key_ref is not None:
                yield variable.value_from.secret_key_ref.name
        yield from (each.secret_ref.name for each in container.env_from if each.secret_ref is not None)


def _tokens(pod: Pod) -> Iterator[str]:
    """Tokens of its account that a pod holds for somebody else than the API server."""
    account = f"{pod.metadata.namespace}/{pod.spec.service_account_name or 'default'}"
    for volume in pod.spec.volumes:
        for source in volume.projected.sources if volume.projected else ():
            if source.service_account_token is not None and source.service_account_token.audience:
                yield f"{account} for {source.service_account_token.audience}"


def _privileged(pod: Pod) -> Iterator[str]:
    """A pod that the baseline would refuse, with why."""
    spec = pod.spec
    why: list[str] = []
    containers = tuple(_containers(pod))
    if any(each.security_context.privileged for each in containers):
        why.append("privileged")
    windows = [spec.security_context.windows_options, *(each.security_context.windows_options for each in containers)]
    if any(each.host_process for each in windows):
        why.append("hostProcess")
    why += [
        name
        for name, on in (("hostPID", spec.host_pid), ("hostNetwork", spec.host_network), ("hostIPC", spec.host_ipc))
        if on
    ]
    why += sorted({f"hostPath {volume.host_path.path}" for volume in spec.volumes if volume.host_path is not None})
    added = {
        name.upper().removeprefix("CAP_") for each in containers for name in each.security_context.capabilities.add
    }
    why += sorted(added - _BASELINE)
    if why:
        yield f"{pod.metadata.namespace}/{pod.metadata.name} ({', '.join(why)})"
