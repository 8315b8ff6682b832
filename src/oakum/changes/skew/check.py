"""Which rules of the skew policy a state breaks, and which an upgrade of the control plane breaks on its way.

An upgrade takes the API servers one by one, the oldest first, then each other part of the control plane; kubelets,
kube-proxy and kubectl stay (the policy's "supported component upgrade order"). Its way back passes the same states in
the other order, so no two versions stand beside each other that did not on the way there; but it lowers API servers,
which the policy has for patch releases only.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from oakum.changes.skew import violations as found
from oakum.changes.skew.model import (
    API_SERVER,
    CONTROLLERS,
    KUBE_PROXY,
    KUBECTL,
    KUBELET,
    Instance,
    State,
    minors,
)
from oakum.changes.skew.release import Release
from oakum.changes.skew.rules import beside_kubelet, highest, lowest
from oakum.changes.skew.violations import Servers, Violation
from oakum.errors import NotAssessableError


class Stage(msgspec.Struct, frozen=True):
    """One state on the way: ``moved`` is the instance that has just changed, None at the start."""

    moved: Instance | None
    violations: tuple[Violation, ...]


def servers_of(state: State) -> Servers:
    """The API servers of a state. Raises NotAssessableError where it has none: every rule is relative to them."""
    instances = state.of(API_SERVER)
    if not instances:
        raise NotAssessableError(
            "the state has no kube-apiserver, against whose version all others are measured",
            remedy="give the versions of kube-apiserver",
        )
    known = minors(instances)
    return Servers(instances, min(known), max(known))


def check(state: State) -> tuple[Violation, ...]:
    """Every rule that the state breaks, by component in the order of upgrades; empty where all is allowed."""
    servers = servers_of(state)
    broken = [found.apart(one, servers) for one in servers.instances if one.release.minor < servers.newest - 1]
    for one in state.of(*CONTROLLERS, KUBELET, KUBE_PROXY):
        broken += _outside(one, servers)
    broken += _beside_kubelets(state)
    for one in state.of(KUBECTL):
        # One rule for both sides, so it is broken once.
        broken += list(_outside(one, servers))[:1]
    return tuple(broken)


def walk(state: State, target: Release) -> tuple[Stage, ...]:
    """Every state of an upgrade of the control plane to ``target``, the present one first, with what each breaks."""
    servers = servers_of(state).instances
    wrong = [found.lowering(one, target.minor) for one in servers if one.release.minor > target.minor]
    wrong += [found.skipping(one, target.minor) for one in servers if one.release.minor + 1 < target.minor]
    stages = [Stage(None, (*check(state), *wrong))]
    order = sorted(servers, key=lambda one: one.release.minor)
    for one in (*order, *state.of(*CONTROLLERS)):
        state = state.moved({one.key: target})
        moved = Instance(one.component, one.name, target, one.node)
        stages.append(Stage(moved, check(state)))
    return tuple(stages)


def way_back(state: State, target: Release) -> tuple[Violation, ...]:
    """What forbids to bring a control plane back that was upgraded from ``state`` to ``target``."""
    servers = servers_of(state).instances
    return tuple(found.returning(one, target.minor) for one in servers if one.release.minor < target.minor)


def _outside(one: Instance, servers: Servers) -> Iterator[Violation]:
    if one.release.minor > highest(one.component, servers.oldest):
        yield found.newer(one, servers)
    if one.release.minor < lowest(one.component, servers.newest):
        yield found.older(one, servers)


def _beside_kubelets(state: State) -> Iterator[Violation]:
    kubelets = {one.node: one for one in state.of(KUBELET) if one.node}
    for proxy in state.of(KUBE_PROXY):
        kubelet = kubelets.get(proxy.node)
        if kubelet is None:
            continue
        if abs(proxy.release.minor - kubelet.release.minor) > beside_kubelet(proxy.release.minor):
            yield found.away_from_kubelet(proxy, kubelet)
