"""One cluster at one moment: its objects by kind, what was read, and what could not be.

The live cluster and a dump are both brought to this; everything behind it cannot tell which of the two it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar, cast

import msgspec

from oakum.fleet.assets import Gap
from oakum.fleet.cluster import networking, objects
from oakum.fleet.cluster.objects import Object

T = TypeVar("T", bound=Object)

#: Every kind that is read: (API group, resource in the API's plural, kind) -> its type here. The version that is read
#: is the reader's choice; fields are alike in all served ones.
KINDS: dict[tuple[str, str, str], type[Object]] = {
    ("", "nodes", "Node"): objects.Node,
    ("", "namespaces", "Namespace"): objects.Namespace,
    ("", "pods", "Pod"): objects.Pod,
    ("", "services", "Service"): networking.Service,
    ("", "serviceaccounts", "ServiceAccount"): objects.ServiceAccount,
    ("", "replicationcontrollers", "ReplicationController"): objects.Workload,
    ("apps", "deployments", "Deployment"): objects.Workload,
    ("apps", "replicasets", "ReplicaSet"): objects.Workload,
    ("apps", "statefulsets", "StatefulSet"): objects.Workload,
    ("apps", "daemonsets", "DaemonSet"): objects.Workload,
    ("batch", "jobs", "Job"): objects.Workload,
    ("batch", "cronjobs", "CronJob"): objects.CronJob,
    ("kubevirt.io", "virtualmachines", "VirtualMachine"): objects.VirtualMachine,
    ("config.openshift.io", "clusterversions", "ClusterVersion"): objects.ClusterVersion,
    ("discovery.k8s.io", "endpointslices", "EndpointSlice"): networking.EndpointSlice,
    ("networking.k8s.io", "ingresses", "Ingress"): networking.Ingress,
    ("networking.k8s.io", "ingressclasses", "IngressClass"): networking.IngressClass,
    ("networking.k8s.io", "networkpolicies", "NetworkPolicy"): networking.NetworkPolicy,
    ("policy.networking.k8s.io", "adminnetworkpolicies", "AdminNetworkPolicy"): networking.AdminPolicy,
    ("policy.networking.k8s.io", "baselineadminnetworkpolicies", "BaselineAdminNetworkPolicy"): networking.AdminPolicy,
    ("policy.networking.k8s.io", "clusternetworkpolicies", "ClusterNetworkPolicy"): networking.AdminPolicy,
    ("gateway.networking.k8s.io", "gatewayclasses", "GatewayClass"): networking.GatewayClass,
    ("gateway.networking.k8s.io", "gateways", "Gateway"): networking.Gateway,
    ("gateway.networking.k8s.io", "httproutes", "HTTPRoute"): networking.GatewayRoute,
    ("gateway.networking.k8s.io", "grpcroutes", "GRPCRoute"): networking.GatewayRoute,
    ("gateway.networking.k8s.io", "tlsroutes", "TLSRoute"): networking.GatewayRoute,
    ("gateway.networking.k8s.io", "tcproutes", "TCPRoute"): networking.GatewayRoute,
    ("gateway.networking.k8s.io", "udproutes", "UDPRoute"): networking.GatewayRoute,
    ("gateway.networking.k8s.io", "referencegrants", "ReferenceGrant"): networking.ReferenceGrant,
    ("route.openshift.io", "routes", "Route"): networking.Route,
    ("policy", "poddisruptionbudgets", "PodDisruptionBudget"): objects.DisruptionBudget,
    ("rbac.authorization.k8s.io", "roles", "Role"): objects.Role,
    ("rbac.authorization.k8s.io", "clusterroles", "ClusterRole"): objects.Role,
    ("rbac.authorization.k8s.io", "rolebindings", "RoleBinding"): objects.RoleBinding,
    ("rbac.authorization.k8s.io", "clusterrolebindings", "ClusterRoleBinding"): objects.RoleBinding,
}


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The objects of a cluster.

    ``source`` says who read them ("live cluster NAME", "dump FILE"), ``read_at`` when (RFC 3339 UTC, empty where
    nobody said). ``version`` is the API server's own word (its ``/version``), empty where it was not asked. ``items``
    holds the objects by kind in the order of namespace and name. ``listed`` names the kinds of which all objects are
    here, be it none; about any other kind nothing is known. ``gaps`` say what could not be read, and why.
    """

    source: str
    read_at: str = ""
    version: str = ""
    items: dict[str, tuple[Object, ...]] = {}
    listed: frozenset[str] = frozenset()
    gaps: tuple[Gap, ...] = ()

    def all(self, *kinds: str) -> Iterable[Object]:
        """The objects of some kinds, kind by kind."""
        for kind in kinds:
            yield from self.items.get(kind, ())

    def of(self, type_: type[T], kind: str) -> tuple[T, ...]:
        """The objects of one kind, as their type: ``snapshot.of(Pod, "Pod")``."""
        return cast("tuple[T, ...]", self.items.get(kind, ()))

    @property
    def uid(self) -> str:
        """The cluster's identity: the uid of its namespace kube-system; empty where that was not read."""
        return next((one.metadata.uid for one in self.all("Namespace") if one.metadata.name == "kube-system"), "")
