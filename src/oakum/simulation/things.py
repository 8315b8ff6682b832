"""What a simulated world consists of: plain mutable records, compared by identity, with the indexes beside them.

Machines, pods, workloads, budgets and the rest are data here; what happens to them is told by the modules named after
it (``pods``, ``controllers``, ``hosts``, ...). ``slim`` of each caches its Kubernetes object until it changes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from oakum.actors.shields import SHIELDS
from oakum.changes.running.acts import Outcome
from oakum.changes.running.observed import Claim, Seen, Work
from oakum.changes.state.model import Effect, Part
from oakum.fleet.cluster import objects

#: What makes pods.
Kinds = Literal["Deployment", "StatefulSet", "DaemonSet", "Job", "Pod"]
#: Where the data is that a pod keeps on its node.
Local = Literal["", "emptyDir", "hostPath", "local-volume"]
#: The label of a node's failure domain.
ZONE = "topology.kubernetes.io/zone"
#: The label of a node's pool, by which workloads keep to it, and the taint of control planes.
POOL = "simulation.oakum.dev/pool"
CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
#: What other actors read on a node before they take it away: an annotation, and a label.
NO_SCALE_DOWN = "cluster-autoscaler.kubernetes.io/scale-down-disabled"
NO_REMEDIATION = "remediation.medik8s.io/exclude-from-remediation"
#: The annotation of our record on a node.
CLAIM = "oakum.dev/claim"


#: What the labels begin with that other actors obey.
_LABELS = tuple(each.key for each in SHIELDS.values() if each.on == "label")


class Soft(msgspec.Struct, eq=False, kw_only=True):
    """A piece of software on a machine; the fields are those of ``state.Software``, ``running`` is always filled.

    ``half``: unpacked and not configured, so that it is not in effect. ``put_by``: versions whose packages the machine
    keeps itself, whatever its channels offer.
    """

    installed: str
    running: str
    part: Part = "package"
    effect: Effect = "at-once"
    ecosystem: str = "deb"
    offers: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    closes: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    security: tuple[str, ...] = ()
    packages: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    half: bool = False
    put_by: tuple[str, ...] = ()


class Machine(msgspec.Struct, eq=False, kw_only=True):
    """A node with the machine behind it, or a host outside of any cluster.

    ``alive``: its operating system runs. ``answers``: we can reach it. ``sick``: its kubelet or service does not work
    although it runs. ``ready`` is what the API server says, with its lag, and ``since`` when that changed.
    ``cordoner`` says who has cordoned it ("", "us", "human", ...): ground truth that no API shows. ``token`` is the
    highest fencing token that it has seen. ``down_by`` is who has taken it down. ``known_boot`` is the boot id that its
    kubelet has reported, ``first_boot`` what its first is called in a real state; ``attached`` are the volumes that are
    attached to it. ``found`` and ``told...`` are what our last look at the machine itself found, at ``scanned``;
    ``news`` says that this has changed since. ``since_told`` keeps ``since`` as a time of the run's clock. Of a host
    outside of clusters: ``answered`` are the keys of acts that its program has done, ``tokens`` the highest of each run
    that it has seen, ``shown`` is the last look at it that it answered.
    """

    name: str
    uid: str
    id: str
    cluster: Cluster | None = None
    role: Literal["control-plane", "worker", ""] = ""
    pool: str = ""
    speed: str = ""
    zone: str = ""
    facts: dict[str, str] = msgspec.field(default_factory=dict)
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    annotations: dict[str, str] = msgspec.field(default_factory=dict)
    taints: tuple[str, ...] = ()
    version: int = 1
    cpu: int = 16
    used: int = 0
    unschedulable: bool = False
    cordoner: str = ""
    claim: Claim | None = None
    boots: int = 1
    known_boot: str = ""
    first_boot: str = ""
    alive: bool = True
    answers: bool = True
    sick: bool = False
    ready: bool = True
    since: float = 0.0
    gone: bool = False
    ours: bool = False
    snapshots: bool = False
    image: str = ""
    token: int = 0
    tokens: dict[str, int] = msgspec.field(default_factory=dict)
    answered: dict[str, Outcome] = msgspec.field(default_factory=dict)
    shown: Seen | None = None
    down_by: str = ""
    software: dict[str, Soft] = msgspec.field(default_factory=dict)
    work: dict[str, Work] = msgspec.field(default_factory=dict)
    copies: dict[str, dict[str, tuple[str, str]]] = msgspec.field(default_factory=dict)
    silenced_until: float = -1.0
    scanned: float = -1.0
    found: dict[str, str] = msgspec.field(default_factory=dict)
    news: bool = True
    told: dict[str, Work] = msgspec.field(default_factory=dict)
    told_copies: tuple[str, ...] = ()
    since_told: tuple[float, float, datetime] | None = None
    pods: dict[str, Pod] = msgspec.field(default_factory=dict)
    attached: dict[str, bool] = msgspec.field(default_factory=dict)
    troubles: dict[str, float] = msgspec.field(default_factory=dict)
    slim: objects.Node | None = None

    def marks(self, on: str) -> dict[str, str]:
        """Its annotations or its labels, for whoever means to change them."""
        return self.labels if on == "label" else self.annotations

    @property
    def boot_id(self) -> str:
        """The id of this boot."""
        return self.first_boot if self.first_boot and self.boots == 1 else f"{self.uid}-boot-{self.boots}"

    @property
    def reached(self) -> bool:
        """Whether we get an answer from the machine itself."""
        return self.alive and self.answers

    @property
    def resource_version(self) -> str:
        """The version of its node's object; of a host: its boot, whether somebody took it out, and our record."""
        if self.cluster is not None:
            return str(self.version)
        claim, boot = self.claim, f"{self.boot_id}{'/cordoned' if self.unschedulable else ''}"
        return f"{boot}/{claim.run}/{claim.step}/{claim.token}" if claim is not None else boot

    @property
    def impaired(self) -> bool:
        """Whether it is out of service for anybody who looks."""
        return not self.ready or self.unschedulable

    def of(self, part: Part) -> Soft | None:
        """Its first software of a part."""
        return next((each for each in self.software.values() if each.part == part), None)


class Workload(msgspec.Struct, eq=False, kw_only=True):
    """What makes pods: a Deployment, StatefulSet, DaemonSet or Job; or ``Pod`` for pods that nothing makes again.

    ``starts`` seconds until a pod is ready, ``stops`` until it has ended after its deletion, ``grace`` what it may
    take. ``apart``: at most one of its pods on a node (required anti-affinity). ``volume``: each pod has a volume of
    its zone. ``local``: each pod keeps data on its node (emptyDir, hostPath or a local volume). ``sticks``: its pods
    tolerate the taint of a cordon. ``held``: a finalizer keeps ended pods. ``crashes``: its pods never get ready.
    ``ready`` counts ready pods, ``ending`` deleted ones that are still there; ``missed`` are the pod seconds in which
    one was missing, counted until ``counted``.
    ``rolling`` says that pods of an older generation may still be there; ``budgets`` are those that select its pods.
    """

    kind: Kinds
    namespace: str
    name: str
    uid: str
    replicas: int = 1
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    annotations: dict[str, str] = msgspec.field(default_factory=dict)
    cpu: int = 1
    starts: float = 10.0
    stops: float = 2.0
    grace: int = 30
    runs: float = 0.0
    apart: bool = False
    volume: bool = False
    local: Local = ""
    sticks: bool = False
    held: bool = False
    crashes: bool = False
    pools: tuple[str, ...] = ()
    image: str = ""
    generation: int = 1
    gone: bool = False
    rolling: bool = False
    budgets: tuple[Budget, ...] = ()
    made: int = 0
    ready: int = 0
    ending: int = 0
    missed: float = 0.0
    counted: float = 0.0
    pods: dict[str, Pod] = msgspec.field(default_factory=dict)
    token: int = 0
    waiting: bool = False
    slims: tuple[objects.Workload, ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        """Kind, namespace and name."""
        return self.kind, self.namespace, self.name


class Pod(msgspec.Struct, eq=False, kw_only=True):
    """A pod. ``zone`` is that of its volume, ``pinned`` the node that has its local one. ``turn`` counts its starts."""

    name: str
    uid: str
    workload: Workload
    machine: Machine | None = None
    phase: str = "Pending"
    ready: bool = False
    deleted: float = -1.0
    ordinal: int = -1
    zone: str = ""
    pinned: str = ""
    image: str = ""
    generation: int = 1
    turn: int = 0
    evicted: bool = False
    crashes: bool = False
    budgets: tuple[Budget, ...] = ()
    slim: objects.Pod | None = None

    @property
    def full_name(self) -> str:
        """namespace/name."""
        return f"{self.workload.namespace}/{self.name}"

    @property
    def active(self) -> bool:
        """Whether it counts for its controller: neither deleted nor finished."""
        return self.deleted < 0 and self.phase in ("Pending", "Running")


class Budget(msgspec.Struct, eq=False, kw_only=True):
    """A PodDisruptionBudget with the status that its controller wrote last; ``grants`` are disruptedPods, by name.

    ``labels`` and ``expressions`` are its selector, ``pods`` and ``workloads`` what it selects, by uid.
    """

    namespace: str
    name: str
    uid: str
    labels: dict[str, str]
    expressions: tuple[objects.Requirement, ...] = ()
    min_available: int | str | None = None
    max_unavailable: int | str | None = None
    unhealthy: str = ""
    generation: int = 1
    observed: int = 1
    allowed: int = 0
    healthy: int = 0
    desired: int = 0
    expected: int = 0
    grants: dict[str, float] = msgspec.field(default_factory=dict)
    pods: dict[str, Pod] = msgspec.field(default_factory=dict)
    workloads: dict[str, Workload] = msgspec.field(default_factory=dict)
    waiting: bool = False
    slim: objects.DisruptionBudget | None = None


class Webhook(msgspec.Struct, eq=False, kw_only=True):
    """An admission webhook for new pods: ``backend`` serves it; ``exempt`` namespaces do not ask it.

    ``down_until`` it does not answer, though its backend runs.
    """

    name: str
    backend: Workload
    fail_closed: bool = True
    exempt: tuple[str, ...] = ()
    down_until: float = -1.0


class Member(msgspec.Struct, eq=False, kw_only=True):
    """A member of etcd on a machine. Its process does not run although the machine does where it is ``down``, since a
    change restarts it, or ``stopped``, as a fault has it."""

    name: str
    machine: Machine
    learner: bool = False
    down: bool = False
    stopped: bool = False

    @property
    def healthy(self) -> bool:
        """Whether it takes part."""
        return self.machine.alive and not self.machine.gone and not (self.down or self.stopped)


class Cluster(msgspec.Struct, eq=False, kw_only=True):
    """A cluster.

    ``restarting`` are machines whose API server is restarting; ``cut`` says that we cannot reach its API; ``release``
    is the version of a provider's API server. ``version`` grows with every change of an object, ``shape`` with those of
    workloads and budgets. ``order`` keeps the machines in a row for the scheduler, ``servers`` those with an API
    server; both are made anew when they are empty.
    """

    name: str
    uid: str
    facts: dict[str, str] = msgspec.field(default_factory=dict)
    managed: bool = False
    machines: dict[str, Machine] = msgspec.field(default_factory=dict)
    workloads: dict[tuple[str, str, str], Workload] = msgspec.field(default_factory=dict)
    pods: dict[tuple[str, str], Pod] = msgspec.field(default_factory=dict)
    budgets: dict[tuple[str, str], Budget] = msgspec.field(default_factory=dict)
    webhooks: list[Webhook] = msgspec.field(default_factory=list)
    etcd: list[Member] = msgspec.field(default_factory=list)
    restarting: set[str] = msgspec.field(default_factory=set)
    impaired: dict[str, Machine] = msgspec.field(default_factory=dict)
    pending: dict[str, Pod] = msgspec.field(default_factory=dict)
    cut: bool = False
    release: str = ""
    version: int = 1
    shape: int = 1
    placing: bool = False
    cursor: int = 0
    order: tuple[Machine, ...] = ()
    servers: tuple[Machine, ...] | None = None

    @property
    def quorum(self) -> bool:
        """Whether etcd can decide; a provider's always can."""
        voters = [each for each in self.etcd if not each.learner]
        return not voters or 2 * sum(each.healthy for each in voters) > len(voters)

    @property
    def reachable(self) -> bool:
        """Whether we get an answer from the API server."""
        return not self.cut and self.writable

    @property
    def writable(self) -> bool:
        """Whether the API server answers: etcd decides, and one API server runs."""
        if self.managed or not self.etcd:
            return True
        return self.quorum and any(
            each.machine.alive and not each.machine.sick and each.machine.name not in self.restarting
            for each in self.etcd
        )


def marks_of(machine: Machine) -> dict[str, str]:
    """The marks on a machine by which other actors are kept away; other values of theirs are their own words."""
    return {
        key: value
        for each in SHIELDS.values()
        for key, value in (machine.marks(each.on).items() if each.key else ())
        if key.startswith(each.key) and value == each.value
    }


def unmarked(machine: Machine) -> dict[str, str]:
    """The labels that a machine has from its pool, which another one of the pool gets as well."""
    return {key: value for key, value in machine.labels.items() if not key.startswith(_LABELS)}
