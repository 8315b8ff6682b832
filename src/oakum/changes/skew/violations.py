"""What breaks a rule of the skew policy, and the least that mends it.

A remedy never lowers an API server and never weakens a rule. What is newer than the oldest of several API servers is
mended by finishing the upgrade of those, where that is enough; else by bringing the one component back. What is too old
moves up as little as the rules ask for.
"""

from __future__ import annotations

import msgspec

from oakum.changes.skew.model import API_SERVER, KUBECTL, Instance
from oakum.changes.skew.release import line
from oakum.changes.skew.rules import RULES, Rule, highest, lowest


class Move(msgspec.Struct, frozen=True):
    """An instance that has to be brought to a minor version, up or down."""

    instance: Instance
    minor: int

    def __str__(self) -> str:
        way = "upgrade" if self.minor > self.instance.release.minor else "bring back"
        return f"{way} {self.instance} from {self.instance.release.line} to {line(self.minor)}"


class Remedy(msgspec.Struct, frozen=True):
    """What mends a violation: ``moves`` of instances where moving them does, else only ``text``, in words."""

    text: str
    moves: tuple[Move, ...] = ()


class Violation(msgspec.Struct, frozen=True):
    """An object that breaks a rule: ``instance`` is None where the rule is broken by what was asked for."""

    rule: Rule
    instance: Instance | None
    why: str
    remedy: Remedy

    @property
    def component(self) -> str:
        """The component whose rule it is."""
        return self.rule.component


class Servers(msgspec.Struct, frozen=True):
    """The API servers of a state, with the minors of the oldest and the newest."""

    instances: tuple[Instance, ...]
    oldest: int
    newest: int

    @property
    def range(self) -> str:
        """Their minors in words: ``1.29``, or ``1.28 to 1.29``."""
        return line(self.newest) if self.oldest == self.newest else f"{line(self.oldest)} to {line(self.newest)}"


def apart(server: Instance, servers: Servers) -> Violation:
    """An API server that lags more than one minor behind the newest."""
    why = f"{server} is at {server.release.line}, while the newest kube-apiserver is at {line(servers.newest)}"
    return _moving(RULES["kube-apiserver/ha-skew"], server, why, (Move(server, servers.newest - 1),))


def newer(one: Instance, servers: Servers) -> Violation:
    """A component above its range."""
    most = highest(one.component, servers.oldest)
    why = _beyond(one, servers, f"at most {line(most)}")
    excess = one.release.minor - most
    if servers.oldest + excess <= servers.newest:
        behind = [each for each in servers.instances if each.release.minor < servers.oldest + excess]
        moves = tuple(Move(each, servers.oldest + excess) for each in behind)
    else:
        moves = (Move(one, most),)
    return _moving(_range_rule(one, "newer"), one, why, moves)


def older(one: Instance, servers: Servers) -> Violation:
    """A component below its range."""
    least = lowest(one.component, servers.newest)
    why = _beyond(one, servers, f"at least {line(least)}")
    return _moving(_range_rule(one, "older"), one, why, (Move(one, least),))


def away_from_kubelet(proxy: Instance, kubelet: Instance) -> Violation:
    """A kube-proxy too far from the kubelet on its node: the older of the two catches up."""
    why = f"{proxy} is at {proxy.release.line}, and the kubelet beside it at {kubelet.release.line}"
    behind, ahead = sorted((proxy, kubelet), key=lambda each: each.release.minor)
    return _moving(RULES["kube-proxy/kubelet-skew"], proxy, why, (Move(behind, ahead.release.minor),))


def skipping(server: Instance, target: int) -> Violation:
    """An API server that would jump over a minor."""
    why = f"{server} is at {server.release.line}, and {line(target)} is not the next minor version"
    next_ = Remedy(f"upgrade to {line(server.release.minor + 1)} first")
    return Violation(RULES["kube-apiserver/skips-minor"], server, why, next_)


def missing(minor: int) -> Violation:
    """A minor on the way of which no release may be used."""
    why = f"no release of {line(minor)} is available, and kube-apiserver must not skip it"
    return Violation(
        RULES["kube-apiserver/skips-minor"], None, why, Remedy(f"make a release of {line(minor)} available")
    )


def lowering(server: Instance, target: int) -> Violation:
    """An API server that is already newer than the target."""
    why = f"{server} is at {server.release.line}, which is newer than the target {line(target)}"
    remedy = Remedy(f"choose a target of {server.release.line} or newer")
    return Violation(RULES[f"{API_SERVER}/downgrade"], server, why, remedy)


def returning(server: Instance, target: int) -> Violation:
    """An API server whose way back from the target would lower its minor version."""
    why = f"{server} would go back from {line(target)} to {server.release.line}"
    remedy = Remedy("take a snapshot of etcd first: the way back is to restore it beside the old version")
    return Violation(RULES[f"{API_SERVER}/downgrade"], server, why, remedy)


def _range_rule(one: Instance, side: str) -> Rule:
    return RULES["kubectl/skew" if one.component == KUBECTL else f"{one.component}/{side}"]


def _beyond(one: Instance, servers: Servers, allowed: str) -> str:
    return f"{one} is at {one.release.line}; beside kube-apiserver {servers.range} it may be {allowed}"


def _moving(rule: Rule, instance: Instance, why: str, moves: tuple[Move, ...]) -> Violation:
    return Violation(rule, instance, why, Remedy("; ".join(map(str, moves)), moves))
