"""What runs in a cluster, as far as version skew goes: instances of components, each in one version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from oakum.changes.skew.release import Release

API_SERVER = "kube-apiserver"
CONTROLLER_MANAGER = "kube-controller-manager"
SCHEDULER = "kube-scheduler"
CLOUD_CONTROLLER_MANAGER = "cloud-controller-manager"
KUBELET = "kubelet"
KUBE_PROXY = "kube-proxy"
KUBECTL = "kubectl"

#: What talks to the API server from the control plane; the policy asks for no order among these.
CONTROLLERS = (CONTROLLER_MANAGER, SCHEDULER, CLOUD_CONTROLLER_MANAGER)
#: All components that the policy has rules for, in the order in which they are upgraded.
COMPONENTS = (API_SERVER, *CONTROLLERS, KUBELET, KUBE_PROXY, KUBECTL)


class Instance(msgspec.Struct, frozen=True):
    """One running component. ``name`` is unique among those of its component; ``node`` is empty where nobody says."""

    component: str
    name: str
    release: Release
    node: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from every other instance of a state."""
        return self.component, self.name

    def __str__(self) -> str:
        return f"{self.component} {self.name}"


class State(msgspec.Struct, frozen=True):
    """The instances of a cluster."""

    instances: tuple[Instance, ...]

    def of(self, *components: str) -> tuple[Instance, ...]:
        """The instances of some components, component by component."""
        return tuple(one for component in components for one in self.instances if one.component == component)

    def moved(self, moves: Mapping[tuple[str, str], Release]) -> State:
        """The state with the instances of these keys at other versions."""
        return State(
            tuple(
                Instance(one.component, one.name, moves[one.key], one.node) if one.key in moves else one
                for one in self.instances
            )
        )


def minors(instances: Iterable[Instance]) -> list[int]:
    """The minor versions of instances."""
    return [one.release.minor for one in instances]
