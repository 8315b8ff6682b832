"""The rules of the version skew policy, as data, and the range of minor versions that they leave to each component.

Source: kubernetes.io/releases/version-skew-policy, with its history in the repository kubernetes/website. API servers
of a highly available cluster narrow every range: the newest one sets the lower end, the oldest one the upper end,
because a component may talk to any of them.

Three minor versions of distance for kubelet and kube-proxy hold since 1.28 (KEP-3935), for those of 1.25 and later;
older ones have two. The rule between kube-proxy and kubelet asked for the same minor version from 1.19 on, was given
up in 2023 because nothing had depended on it since 1.19, and is taken here as it is written today, for all versions.
"""

from __future__ import annotations

import msgspec

from oakum.changes.skew.model import (
    API_SERVER,
    CONTROLLERS,
    KUBE_PROXY,
    KUBECTL,
    KUBELET,
)

_POLICY = "https://kubernetes.io/releases/version-skew-policy/"
_CONTROLLERS_AT = f"{_POLICY}#kube-controller-manager-kube-scheduler-and-cloud-controller-manager"
_NODES = "https://github.com/kubernetes/website/pull/42218"

#: kubelet and kube-proxy of this minor and later may be three minors away, older ones two.
_WIDER_FROM, _WIDE, _NARROW = 25, 3, 2


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule: ``component`` and ``name`` are its id; ``since`` is the release from which on it has been in force.

    ``source`` is where it is written, ``history`` how it came about where it once was another.
    """

    component: str
    name: str
    says: str
    source: str
    since: str
    history: str = ""

    @property
    def id(self) -> str:
        """The rule's name among all: ``kubelet/older``."""
        return f"{self.component}/{self.name}"


def _of_controllers() -> list[Rule]:
    return [
        rule
        for each in CONTROLLERS
        for rule in (
            Rule(
                component=each, name="newer", source=_CONTROLLERS_AT, since="1.13",
                says=f"{each} must not be newer than any kube-apiserver that it may talk to",
            ),
            Rule(
                component=each, name="older", source=_CONTROLLERS_AT, since="1.13",
                says=f"{each} may be one minor version older than the newest kube-apiserver, not more",
            ),
        )
    ]  # fmt: skip


def _of_nodes() -> list[Rule]:
    rules: list[Rule] = []
    for each, since in ((KUBELET, "1.13"), (KUBE_PROXY, "1.19")):
        at = f"{_POLICY}#{each}"
        rules += [
            Rule(
                component=each, name="newer", source=at, since=since,
                says=f"{each} must not be newer than the oldest kube-apiserver",
            ),
            Rule(
                component=each, name="older", source=at, since="1.28",
                says=f"{each} may be three minor versions older than the newest kube-apiserver (before 1.25: two)",
                history=f"two minor versions before 1.28 ({_NODES})",
            ),
        ]  # fmt: skip
    return rules


_ALL = (
    Rule(
        component=API_SERVER, name="ha-skew", source=f"{_POLICY}#kube-apiserver", since="1.13",
        says="the newest and the oldest kube-apiserver must be within one minor version",
    ),
    Rule(
        component=API_SERVER, name="skips-minor", source=f"{_POLICY}#kube-apiserver-1", since="1.13",
        says="kube-apiserver must not skip a minor version when it is upgraded, also where it is the only one",
    ),
    Rule(
        component=API_SERVER, name="downgrade", source=f"{_POLICY}#supported-component-upgrade-order", since="1.13",
        says="the order of upgrades leads to newer minor versions of kube-apiserver only",
    ),
    *_of_controllers(),
    *_of_nodes(),
    Rule(
        component=KUBE_PROXY, name="kubelet-skew", source=f"{_POLICY}#kube-proxy", since="1.28",
        says="kube-proxy may be three minor versions older or newer than the kubelet beside it (before 1.25: two)",
        history="the same minor version from 1.19 on (https://github.com/kubernetes/website/pull/22034); no rule from "
        "April 2023 (https://github.com/kubernetes/website/pull/40672); two from 1.27 "
        f"(https://github.com/kubernetes/website/pull/40932); three from 1.28 ({_NODES})",
    ),
    Rule(
        component=KUBECTL, name="skew", source=f"{_POLICY}#kubectl", since="1.13",
        says="kubectl must be within one minor version, older or newer, of every kube-apiserver",
    ),
)  # fmt: skip

#: Every rule by its id.
RULES = {rule.id: rule for rule in _ALL}


def lowest(component: str, newest: int) -> int:
    """The oldest minor that a component may have beside a newest API server of minor ``newest``."""
    if component in (KUBELET, KUBE_PROXY):
        wide = newest - _WIDE
        return wide if wide >= _WIDER_FROM else newest - _NARROW
    return newest - 1


def highest(component: str, oldest: int) -> int:
    """The newest minor that a component may have beside an oldest API server of minor ``oldest``."""
    return oldest + 1 if component == KUBECTL else oldest


def beside_kubelet(kube_proxy: int) -> int:
    """How many minor versions a kube-proxy of this minor may be away from its kubelet, either way."""
    return _WIDE if kube_proxy >= _WIDER_FROM else _NARROW
