"""What a scenario says: a world, intents, a policy, what happens, what may strike, and what has to come of it.

Every struct is one mapping of the file, every field one key of it. Durations are written as 30s, 5m, 2h or 1d and are
seconds here; a version is a text (quote one that looks like a number).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from oakum.policy.scopes import Scope


class Seconds(float):
    """A duration; infinite where the file says never."""


NEVER = Seconds("inf")


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mapping of the file; a key that it does not have is a mistake."""


class Pool(_Part, frozen=True, kw_only=True):
    """Like machines, called NAME-1 to NAME-COUNT, spread over ``zones`` in turn.

    ``kernel`` to ``etcd`` are the versions in effect; what has none is not there. ``packages`` gives for each the
    installed version and then those that are offered, ``offers`` the offered ones of the rest by the same word as the
    field. ``keeps``: old versions can be put back. ``schedulable``: takes ordinary pods though it is a control plane.
    ``ours`` are machines that Oakum, or something that it needs, runs on. ``speed`` names the class of machines.
    """

    name: str
    count: int = 1
    role: Literal["control-plane", "worker", ""] = "worker"
    zones: tuple[str, ...] = ()
    cpu: int = 16
    speed: str = "vm"
    snapshots: bool = False
    schedulable: bool = False
    keeps: bool = True
    kernel: str = ""
    kubelet: str = ""
    kube_proxy: str = ""
    runtime: str = ""
    control_plane: str = ""
    etcd: str = ""
    packages: dict[str, tuple[str, ...]] = {}
    offers: dict[str, tuple[str, ...]] = {}
    labels: dict[str, str] = {}
    facts: dict[str, str] = {}
    image: str = ""
    ours: tuple[str, ...] = ()


class Workload(_Part, frozen=True, kw_only=True):
    """What makes pods, as ``things.Workload``; ``on`` places its first pods on these machines in turn."""

    kind: Literal["Deployment", "StatefulSet", "DaemonSet", "Job", "Pod"] = "Deployment"
    namespace: str = "default"
    name: str
    replicas: int = 1
    cpu: int = 1
    starts: Seconds = Seconds(10)
    stops: Seconds = Seconds(2)
    grace: Seconds = Seconds(30)
    runs: Seconds = Seconds(0)
    apart: bool = False
    volume: bool = False
    local: Literal["", "emptyDir", "hostPath", "local-volume"] = ""
    sticks: bool = False
    held: bool = False
    crashes: bool = False
    pools: tuple[str, ...] = ()
    on: tuple[str, ...] = ()
    image: str = "1"


class Budget(_Part, frozen=True, kw_only=True):
    """A PodDisruptionBudget, for the workload of a name (its pods carry ``app: NAME``) or for ``labels``."""

    namespace: str = "default"
    name: str
    labels: dict[str, str] = {}
    of: str = msgspec.field(default="", name="for")
    min_available: int | str | None = None
    max_unavailable: int | str | None = None
    unhealthy: Literal["", "IfHealthyBudget", "AlwaysAllow"] = ""

    @property
    def selector(self) -> dict[str, str]:
        """The labels of the pods that it guards."""
        return {"app": self.of} if self.of else dict(self.labels)


class Webhook(_Part, frozen=True, kw_only=True):
    """An admission webhook for new pods; ``backend`` is Kind/namespace/name of the workload that serves it."""

    name: str
    backend: str
    fail_closed: bool = True
    exempt: tuple[str, ...] = ()


class Etcd(_Part, frozen=True, kw_only=True):
    """Members that are no healthy voters, by machine; every machine with etcd has a member."""

    learners: tuple[str, ...] = ()
    down: tuple[str, ...] = ()


class Actors(_Part, frozen=True, kw_only=True):
    """Who else is at work in a cluster: an autoscaler, machine health checks, GitOps."""

    autoscaler: bool = False
    health_check: bool = False
    gitops: bool = False


class Cluster(_Part, frozen=True, kw_only=True):
    """A cluster; ``managed`` where a provider runs its control plane. ``count`` makes NAME-1 to NAME-COUNT of it."""

    name: str
    count: int = 1
    facts: dict[str, str] = {}
    managed: bool = False
    pools: tuple[Pool, ...] = ()
    etcd: Etcd = Etcd()
    workloads: tuple[Workload, ...] = ()
    budgets: tuple[Budget, ...] = ()
    webhooks: tuple[Webhook, ...] = ()
    actors: Actors = Actors()


class Bad(_Part, frozen=True, kw_only=True):
    """A version that harms: so long after it came into effect, and how that shows."""

    component: str
    version: str
    after: Seconds = Seconds(180)
    shows: Literal["sick", "alarm", "metric"] = "sick"


class World(_Part, frozen=True, kw_only=True):
    """Clusters, hosts outside of any, and bad versions."""

    clusters: tuple[Cluster, ...] = ()
    hosts: tuple[Pool, ...] = ()
    bad: tuple[Bad, ...] = ()


class Wanted(_Part, frozen=True, kw_only=True):
    """An intent, as the files of ``oakum plan --intent`` have it."""

    name: str
    kind: str
    of: dict[str, str | tuple[str, ...] | dict[str, str | tuple[str, ...]]] = msgspec.field(
        default_factory=dict, name="for"
    )
    when: str = ""
    wants: dict[str, str | bool | tuple[str, ...]] = {}
    after: tuple[str, ...] = ()
    whole: bool = False

    @property
    def scope(self) -> Scope:
        """The targets."""
        facts = {name: _values(each) for name, each in self.of.items() if not isinstance(each, dict)}
        labels = self.of.get("labels", {})
        named = {name: _values(each) for name, each in labels.items()} if isinstance(labels, dict) else {}
        return Scope(facts, named, self.when)


def _values(given: str | tuple[str, ...]) -> tuple[str, ...]:
    several = (given,) if isinstance(given, str) else given
    return tuple(sorted("" if each == "none" else each for each in several))


class Approvals(_Part, frozen=True, kw_only=True):
    """When people agree, counted from the start: to the plan, to each forward-only step, to evictions by force."""

    plan: Seconds = Seconds(0)
    steps: Seconds = Seconds(0)
    evict: Seconds = NEVER


class Event(_Part, frozen=True, kw_only=True):
    """Something that happens for certain: ``do`` on ``on`` by ``by``; ``lasts`` where it passes; ``what`` in detail."""

    at: Seconds
    do: str
    on: str = ""
    by: str = ""
    what: str = ""
    lasts: Seconds = NEVER


class Override(_Part, frozen=True, kw_only=True):
    """An emergency override that was recorded: which one of the policy, and why."""

    emergency: str
    reason: str
    by: str = "security"


class Expect(_Part, frozen=True, kw_only=True):
    """How it has to end where nothing strikes but the events: any of ``ends``, and every fact (``facts``).

    ``why_not``: there is no plan at all.
    """

    ends: tuple[Literal["done", "stopped", "held", "why-not"], ...] = ("done",)
    facts: tuple[str, ...] = ()


class Scenario(_Part, frozen=True, kw_only=True):
    """The whole file.

    ``traps`` are the numbers of the known traps of patching that it is about, or the words of one without a number.
    ``lasts`` is how long a run may take before it counts as held. ``faults`` are the kinds that may strike in it, or
    "all". ``policy`` is a policy file as it would stand in a policy folder.
    """

    name: str
    title: str
    about: str
    traps: tuple[str, ...] = ()
    start: datetime
    lasts: Seconds = Seconds(2 * 86_400)
    world: World
    intents: tuple[Wanted, ...]
    policy: dict[str, Any]
    override: Override | None = None
    approvals: Approvals = Approvals()
    events: tuple[Event, ...] = ()
    faults: Literal["all"] | tuple[str, ...] = "all"
    expect: Expect = Expect()

    @property
    def size(self) -> int:
        """How many machines there are at the start."""
        nodes = sum(cluster.count * sum(each.count for each in cluster.pools) for cluster in self.world.clusters)
        return nodes + sum(each.count for each in self.world.hosts)
