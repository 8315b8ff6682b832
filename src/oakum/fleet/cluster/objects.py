"""The Kubernetes objects that Oakum reads, as slim structs: the fields that decide something, and no others.

Names and meanings are those of the Kubernetes API reference (kubernetes.io/docs/reference/kubernetes-api), in snake
case; services, routes and policies are in ``networking``. A field that is absent or null has the default given here;
None is kept only where the API tells "absent" from "empty". The contents of Secrets and ConfigMaps are never read.
"""

from __future__ import annotations

import msgspec

#: A map of labels or annotations.
Map = dict[str, str]


class Slim(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False, omit_defaults=True):
    """A part of an object; JSON names are in camel case, and what has its default is not written."""


class OwnerReference(Slim, frozen=True):
    """Who made the object; at most one owner is its controller."""

    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool = False
    api_version: str = ""


class Meta(Slim, frozen=True):
    """Object metadata. ``namespace`` is empty for objects of the cluster; times are RFC 3339 UTC."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    labels: Map = {}
    annotations: Map = {}
    owner_references: tuple[OwnerReference, ...] = ()
    creation_timestamp: str = ""
    deletion_timestamp: str = ""

    @property
    def controller(self) -> OwnerReference | None:
        """The owner that controls this object: the one marked so, None where none is."""
        for owner in self.owner_references:
            if owner.controller:
                return owner
        return None


class Object(Slim, frozen=True):
    """Any object. ``api_version`` and ``kind`` are always filled, also for items of a typed list."""

    api_version: str = ""
    kind: str = ""
    metadata: Meta = Meta()

    @property
    def key(self) -> tuple[str, str, str]:
        """Kind, namespace and name: what a person calls it. The natural key is the uid."""
        return self.kind, self.metadata.namespace, self.metadata.name


# Selectors


class Requirement(Slim, frozen=True):
    """One expression of a label selector: In, NotIn, Exists or DoesNotExist."""

    key: str = ""
    operator: str = ""
    values: tuple[str, ...] = ()


class Selector(Slim, frozen=True):
    """A label selector: all parts must hold; an empty one selects everything, an absent one (None) nothing."""

    match_labels: Map = {}
    match_expressions: tuple[Requirement, ...] = ()


# Nodes and namespaces


class NodeInfo(Slim, frozen=True):
    """What the kubelet says of its machine. ``kube_proxy_version`` is deprecated and only the kubelet's own word."""

    kubelet_version: str = ""
    kube_proxy_version: str = ""
    container_runtime_version: str = ""
    kernel_version: str = ""
    os_image: str = ""
    operating_system: str = ""
    architecture: str = ""
    boot_id: str = msgspec.field(default="", name="bootID")
    machine_id: str = msgspec.field(default="", name="machineID")
    system_uuid: str = msgspec.field(default="", name="systemUUID")


class Condition(Slim, frozen=True):
    """A condition: ``status`` is True, False or Unknown, as text."""

    type: str = ""
    status: str = ""
    reason: str = ""
    last_transition_time: str = ""


class NodeAddress(Slim, frozen=True):
    """An address of a node: InternalIP, ExternalIP, Hostname, InternalDNS or ExternalDNS."""

    type: str = ""
    address: str = ""


class Taint(Slim, frozen=True):
    """A taint of a node."""

    key: str = ""
    value: str = ""
    effect: str = ""


class NodeSpec(Slim, frozen=True):
    """A node's wanted state."""

    unschedulable: bool = False
    taints: tuple[Taint, ...] = ()
    provider_id: str = msgspec.field(default="", name="providerID")


class NodeStatus(Slim, frozen=True):
    """A node's observed state; ``allocatable`` are quantities as text."""

    node_info: NodeInfo = NodeInfo()
    addresses: tuple[NodeAddress, ...] = ()
    conditions: tuple[Condition, ...] = ()
    allocatable: dict[str, int | float | str] = {}


class Node(Object, frozen=True):
    """A node."""

    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


class Namespace(Object, frozen=True):
    """A namespace."""


# Pods


class ContainerPort(Slim, frozen=True):
    """A port that a container names; a port that none names may be open all the same."""

    name: str = ""
    container_port: int = 0
    host_port: int = 0
    host_ip: str = msgspec.field(default="", name="hostIP")
    protocol: str = "TCP"


class Capabilities(Slim, frozen=True):
    """Linux capabilities of a container."""

    add: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()


class WindowsOptions(Slim, frozen=True):
    """What only Windows knows; a host process container runs on its node as a process of it."""

    host_process: bool = False


class PodSecurityContext(Slim, frozen=True):
    """What holds for all containers of a pod."""

    windows_options: WindowsOptions = WindowsOptions()


class SecurityContext(Slim, frozen=True):
    """What a container may do on its node; None where the pod or the runtime decides."""

    privileged: bool = False
    allow_privilege_escalation: bool | None = None
    run_as_non_root: bool | None = None
    run_as_user: int | None = None
    capabilities: Capabilities = Capabilities()
    windows_options: WindowsOptions = WindowsOptions()


class Reference(Slim, frozen=True):
    """A name in the same namespace."""

    name: str = ""
    optional: bool = False


class KeyReference(Slim, frozen=True):
    """Where the value of an environment variable comes from; only Secrets matter here."""

    secret_key_ref: Reference | None = None


class EnvVar(Slim, frozen=True):
    """An environment variable; its value is never read."""

    name: str = ""
    value_from: KeyReference | None = None


class EnvFrom(Slim, frozen=True):
    """A whole Secret as environment variables."""

    secret_ref: Reference | None = None


class Resources(Slim, frozen=True):
    """What a container asks of its node: quantities as text, by resource."""

    requests: dict[str, int | float | str] = {}


class Container(Slim, frozen=True):
    """A container; ``restart_policy`` is Always for a sidecar among the init containers."""

    name: str = ""
    image: str = ""
    ports: tuple[ContainerPort, ...] = ()
    env: tuple[EnvVar, ...] = ()
    env_from: tuple[EnvFrom, ...] = ()
    security_context: SecurityContext = SecurityContext()
    restart_policy: str = ""
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    resources: Resources = Resources()


class SecretVolume(Slim, frozen=True):
    """A Secret as files."""

    secret_name: str = ""


class HostPath(Slim, frozen=True):
    """A path of the node."""

    path: str = ""
    type: str = ""


class TokenProjection(Slim, frozen=True):
    """A service account token as a file."""

    audience: str = ""


class Projection(Slim, frozen=True):
    """One source of a projected volume."""

    secret: Reference | None = None
    service_account_token: TokenProjection | None = None


class Projected(Slim, frozen=True):
    """Several sources in one volume."""

    sources: tuple[Projection, ...] = ()


class ClaimReference(Slim, frozen=True):
    """A persistent volume claim."""

    claim_name: str = ""


class Volume(Slim, frozen=True):
    """A volume of a pod; exactly one source is set where it is a kind that matters here."""

    name: str = ""
    secret: SecretVolume | None = None
    projected: Projected | None = None
    host_path: HostPath | None = None
    empty_dir: dict[str, object] | None = None
    persistent_volume_claim: ClaimReference | None = None


class Toleration(Slim, frozen=True):
    """A toleration of a pod."""

    key: str = ""
    operator: str = ""
    value: str = ""
    effect: str = ""


class AffinityTerm(Slim, frozen=True):
    """Pods that a pod must not share a topology with; no namespaces at all mean the pod's own."""

    label_selector: Selector | None = None
    namespaces: tuple[str, ...] = ()
    namespace_selector: Selector | None = None
    topology_key: str = ""


class PodAntiAffinity(Slim, frozen=True):
    """Only what is required; preferences decide nothing."""

    required_during_scheduling_ignored_during_execution: tuple[AffinityTerm, ...] = ()


class NodeSelectorTerm(Slim, frozen=True):
    """Nodes for which all expressions hold."""

    match_expressions: tuple[Requirement, ...] = ()
    match_fields: tuple[Requirement, ...] = ()


class NodeSelector(Slim, frozen=True):
    """Nodes for which one of the terms holds."""

    node_selector_terms: tuple[NodeSelectorTerm, ...] = ()


class NodeAffinity(Slim, frozen=True):
    """Only what is required; preferences decide nothing."""

    required_during_scheduling_ignored_during_execution: NodeSelector | None = None


class Affinity(Slim, frozen=True):
    """Where a pod may be scheduled, as far as it is required."""

    node_affinity: NodeAffinity | None = None
    pod_anti_affinity: PodAntiAffinity | None = None


class PodSpec(Slim, frozen=True):
    """A pod's wanted state."""

    node_name: str = ""
    host_network: bool = False
    host_pid: bool = msgspec.field(default=False, name="hostPID")
    host_ipc: bool = msgspec.field(default=False, name="hostIPC")
    security_context: PodSecurityContext = PodSecurityContext()
    service_account_name: str = ""
    automount_service_account_token: bool | None = None
    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()
    ephemeral_containers: tuple[Container, ...] = ()
    volumes: tuple[Volume, ...] = ()
    priority_class_name: str = ""
    priority: int | None = None
    runtime_class_name: str = ""
    node_selector: Map = {}
    affinity: Affinity = Affinity()
    tolerations: tuple[Toleration, ...] = ()
    termination_grace_period_seconds: int | None = None
    restart_policy: str = "Always"
    image_pull_secrets: tuple[Reference, ...] = ()


class ContainerStatus(Slim, frozen=True):
    """What runs: ``image_id`` holds the digest that the runtime pulled, ``REPOSITORY@sha256:...``."""

    name: str = ""
    image: str = ""
    image_id: str = msgspec.field(default="", name="imageID")
    container_id: str = msgspec.field(default="", name="containerID")
    ready: bool = False
    restart_count: int = 0


class PodIP(Slim, frozen=True):
    """One address of a pod."""

    ip: str = ""


class PodStatus(Slim, frozen=True):
    """A pod's observed state; ``phase`` is Pending, Running, Succeeded, Failed or Unknown."""

    phase: str = ""
    pod_ip: str = msgspec.field(default="", name="podIP")
    pod_ips: tuple[PodIP, ...] = msgspec.field(default=(), name="podIPs")
    host_ip: str = msgspec.field(default="", name="hostIP")
    conditions: tuple[Condition, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()
    init_container_statuses: tuple[ContainerStatus, ...] = ()
    ephemeral_container_statuses: tuple[ContainerStatus, ...] = ()
    start_time: str = ""


class Pod(Object, frozen=True):
    """A pod."""

    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()


# Workloads


class PodTemplate(Slim, frozen=True):
    """The pods that a workload makes."""

    metadata: Meta = Meta()
    spec: PodSpec = PodSpec()


class WorkloadSpec(Slim, frozen=True):
    """The common part of Deployment, ReplicaSet, StatefulSet, DaemonSet, ReplicationController and Job.

    ``replicas`` None means the kind's default (1; a DaemonSet has none).
    """

    replicas: int | None = None
    template: PodTemplate = PodTemplate()
    paused: bool = False
    suspend: bool = False


class WorkloadStatus(Slim, frozen=True):
    """How many pods a workload has; a DaemonSet counts in its own fields."""

    replicas: int = 0
    ready_replicas: int = 0
    desired_number_scheduled: int = 0
    number_ready: int = 0


class Workload(Object, frozen=True):
    """Deployment, ReplicaSet, StatefulSet, DaemonSet, ReplicationController or Job, told apart by ``kind``.

    ``selector`` of the API is left out: who owns a pod is told by owner references, not by labels.
    """

    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()


class JobTemplate(Slim, frozen=True):
    """The jobs that a CronJob makes."""

    metadata: Meta = Meta()
    spec: WorkloadSpec = WorkloadSpec()


class CronJobSpec(Slim, frozen=True):
    """A CronJob's wanted state."""

    schedule: str = ""
    suspend: bool = False
    job_template: JobTemplate = JobTemplate()


class CronJob(Object, frozen=True):
    """A CronJob."""

    spec: CronJobSpec = CronJobSpec()


class VirtualMachineSpec(Slim, frozen=True):
    """A KubeVirt machine: its template's labels are those of its pod."""

    template: PodTemplate = PodTemplate()


class VirtualMachine(Object, frozen=True):
    """VirtualMachine or VirtualMachineInstance of KubeVirt (kubevirt.io); only labels are read."""

    spec: VirtualMachineSpec = VirtualMachineSpec()


class VersionStep(Slim, frozen=True):
    """A version that an OpenShift cluster was brought to: ``state`` is Completed, or Partial while it is not yet."""

    state: str = ""
    version: str = ""


class ClusterVersionStatus(Slim, frozen=True):
    """The versions that an OpenShift cluster had, the newest first."""

    history: tuple[VersionStep, ...] = ()


class ClusterVersion(Object, frozen=True):
    """The version of an OpenShift cluster (config.openshift.io/v1); there is one, called "version"."""

    status: ClusterVersionStatus = ClusterVersionStatus()


# Disruption and permissions


class DisruptionBudgetSpec(Slim, frozen=True):
    """A budget: a number or a percentage that must stay, or may go. ``selector`` None selects nothing (policy/v1)."""

    min_available: int | str | None = None
    max_unavailable: int | str | None = None
    selector: Selector | None = None
    unhealthy_pod_eviction_policy: str = ""


class DisruptionBudgetStatus(Slim, frozen=True):
    """What the disruption controller last computed.

    ``disrupted_pods`` are those whose eviction it has still to see, by name, with the time when that was granted.
    """

    disruptions_allowed: int = 0
    current_healthy: int = 0
    desired_healthy: int = 0
    expected_pods: int = 0
    observed_generation: int = 0
    disrupted_pods: Map = {}


class DisruptionBudget(Object, frozen=True):
    """A PodDisruptionBudget."""

    spec: DisruptionBudgetSpec = DisruptionBudgetSpec()
    status: DisruptionBudgetStatus = DisruptionBudgetStatus()


class ServiceAccount(Object, frozen=True):
    """A service account; ``image_pull_secrets`` are for pods that name none themselves."""

    automount_service_account_token: bool | None = None
    image_pull_secrets: tuple[Reference, ...] = ()


class PolicyRule(Slim, frozen=True):
    """What a role allows; ``*`` stands for all."""

    verbs: tuple[str, ...] = ()
    api_groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    resource_names: tuple[str, ...] = ()
    non_resource_urls: tuple[str, ...] = msgspec.field(default=(), name="nonResourceURLs")


class AggregationRule(Slim, frozen=True):
    """A ClusterRole whose rules the control plane fills from others."""

    cluster_role_selectors: tuple[Selector, ...] = ()


class Role(Object, frozen=True):
    """Role or ClusterRole, told apart by ``kind``."""

    rules: tuple[PolicyRule, ...] = ()
    aggregation_rule: AggregationRule | None = None


class Subject(Slim, frozen=True):
    """Whom a binding is for: User, Group or ServiceAccount."""

    kind: str = ""
    name: str = ""
    namespace: str = ""
    api_group: str = ""


class RoleReference(Slim, frozen=True):
    """The role that a binding gives."""

    kind: str = ""
    name: str = ""
    api_group: str = ""


class RoleBinding(Object, frozen=True):
    """RoleBinding or ClusterRoleBinding, told apart by ``kind``."""

    role_ref: RoleReference = RoleReference()
    subjects: tuple[Subject, ...] = ()
