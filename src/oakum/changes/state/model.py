"""The state that is planned from: machines with their software, and the objects of each cluster.

A machine is what somebody patches by a visit: the machine behind a node, or a host outside of any cluster. Whatever it
carries in a version (packages, kernel, kubelet, container runtime, static pods of the control plane, etcd) is its
``software``, by name. The objects of a cluster are those of its snapshot. What is not known is None or a gap, never a
good sign.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Literal

import msgspec

from oakum.changes.drain import Surroundings
from oakum.fleet.assets import Gap
from oakum.policy.scopes import Target

#: What a piece of software is to its machine.
Part = Literal[
    "package", "kernel", "container-runtime", "kubelet", "kube-proxy", "control-plane", "etcd", "image", "remediation"
]
#: What brings an installed version into effect.
Effect = Literal["reboot", "restart", "at-once"]


class Software(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing in a version on a machine.

    ``running`` is the version in effect, where that is another than the installed one (a kernel before its reboot).
    ``offers`` are the versions that the machine's channels have now, oldest first; None where nobody knows them, which
    is not the same as none. ``kept`` are those that can be put back (they are in a channel, or the machine keeps
    them). ``closes`` names, by version, the findings that it closes; ``security`` the offered versions that are
    security updates. ``packages`` are, by version, the packages that bring it where they have names and versions of
    their own (a kernel's), as NAME=VERSION; an empty version is a package that is not there then. ``ecosystem`` says
    how versions compare (``oakum.versions``).
    """

    installed: str
    running: str = ""
    part: Part = "package"
    effect: Effect = "at-once"
    ecosystem: str = "deb"
    offers: tuple[str, ...] | None = None
    kept: tuple[str, ...] = ()
    closes: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    security: tuple[str, ...] = ()
    packages: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)

    @property
    def current(self) -> str:
        """The version in effect."""
        return self.running or self.installed


class Machine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A machine. ``uid`` is that of its node object, or a host's machine id: another uid is another machine.

    ``role`` is control-plane, worker, or empty outside of a cluster; ``facts`` are environment, region and tier as
    policies ask for them; ``labels`` those of the node, by which policies find its failure domain.
    ``healthy`` is whether it is in service now (a node that is Ready, a host that answers); None where nobody knows.
    ``cordoned`` says that somebody has taken it out of service; ``owner`` which run of ours did, empty for anybody
    else. ``speed`` names the class of machines that start and drain alike (a model, an instance type).
    ``snapshots`` says whether a copy of it can be made and put back; ``image`` is what it was made from. ``ours``
    marks the machine that Oakum itself, or something that it needs to act, runs on. ``kept_away`` names actors
    (``oakum.actors.shields``) that somebody keeps away from it by what they obey elsewhere.
    """

    name: str
    uid: str
    cluster: str = ""
    role: Literal["control-plane", "worker", ""] = ""
    pool: str = ""
    speed: str = ""
    facts: dict[str, str] = msgspec.field(default_factory=dict)
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    healthy: bool | None = None
    cordoned: bool = False
    owner: str = ""
    boot_id: str = ""
    software: dict[str, Software] = msgspec.field(default_factory=dict)
    snapshots: bool = False
    image: str = ""
    ours: bool = False
    kept_away: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """What plans and journals call it: CLUSTER/NAME, or the name of a host outside of a cluster."""
        return f"{self.cluster}/{self.name}" if self.cluster else self.name

    def of(self, *parts: Part) -> Mapping[str, Software]:
        """The software of some parts, by name."""
        return {name: each for name, each in self.software.items() if each.part in parts}

    def target(self, change: str, reversibility: str, domain_label: str = "topology.kubernetes.io/zone") -> Target:
        """The machine as a policy sees it, for one kind of change."""
        return Target(
            cluster=self.cluster,
            environment=self.facts.get("environment"),
            region=self.facts.get("region"),
            tier=self.facts.get("tier"),
            node_role=self.role,
            pool=self.pool,
            zone=self.labels.get(domain_label, ""),
            node=self.name,
            namespace="",
            workload="",
            change=change,
            reversibility=reversibility,
            labels=dict(self.labels),
        )


class EtcdMember(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A member of a cluster's etcd on one of its machines (``machine`` is an id, empty where it runs elsewhere)."""

    name: str
    machine: str = ""
    learner: bool = False
    healthy: bool | None = None


class Webhook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An admission webhook that is asked about new pods. ``pods`` (namespace/name) serve it.

    ``fail_closed`` is its ``failurePolicy: Fail``: without one of these pods no pod is made, except in the namespaces
    ``exempt``.
    """

    name: str
    pods: tuple[str, ...] = ()
    fail_closed: bool = True
    exempt: tuple[str, ...] = ()


class Cluster(msgspec.Struct, frozen=True, kw_only=True):
    """A cluster: its objects, its etcd, and the facts that policies ask for. ``uid`` is that of kube-system.

    ``etcd`` is empty where a provider runs it, which ``managed`` says of the whole control plane.
    """

    name: str
    uid: str
    around: Surroundings
    facts: dict[str, str] = msgspec.field(default_factory=dict)
    etcd: tuple[EtcdMember, ...] = ()
    webhooks: tuple[Webhook, ...] = ()
    managed: bool = False


class State(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Everything that is known at one moment (``at``, UTC). ``digest`` is that of the document it was read from."""

    at: datetime
    digest: str
    machines: tuple[Machine, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    gaps: tuple[Gap, ...] = ()

    @cached_property
    def by_id(self) -> dict[str, Machine]:
        """Machines by their ids."""
        return {each.id: each for each in self.machines}

    @cached_property
    def by_cluster(self) -> dict[str, tuple[Machine, ...]]:
        """The machines of each cluster, those outside of any under the empty name."""
        found: dict[str, list[Machine]] = {}
        for each in self.machines:
            found.setdefault(each.cluster, []).append(each)
        return {name: tuple(several) for name, several in found.items()}

    @cached_property
    def clusters_by_name(self) -> dict[str, Cluster]:
        """Clusters by name."""
        return {each.name: each for each in self.clusters}
