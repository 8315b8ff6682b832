"""The kinds that Oakum reads and Kubernetes does not bring along, as CustomResourceDefinitions that take any content.

Groups, plurals, scopes and served versions are those of Gateway API 1.5 (experimental channel), the network policy API
(v1alpha1 and v1alpha2), OpenShift and KubeVirt. The schemas check nothing: a test states what a field holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from tests.lab.control_plane import ControlPlane


class Custom(NamedTuple):
    """A kind; the first version is the one that is stored."""

    group: str
    kind: str
    plural: str
    versions: tuple[str, ...]
    namespaced: bool = True
    status: bool = True


_GATEWAY = "gateway.networking.k8s.io"
_POLICY = "policy.networking.k8s.io"

CUSTOM = (
    Custom(_GATEWAY, "GatewayClass", "gatewayclasses", ("v1", "v1beta1"), namespaced=False),
    Custom(_GATEWAY, "Gateway", "gateways", ("v1", "v1beta1")),
    Custom(_GATEWAY, "HTTPRoute", "httproutes", ("v1", "v1beta1")),
    Custom(_GATEWAY, "GRPCRoute", "grpcroutes", ("v1",)),
    Custom(_GATEWAY, "TLSRoute", "tlsroutes", ("v1", "v1alpha3", "v1alpha2")),
    Custom(_GATEWAY, "TCPRoute", "tcproutes", ("v1alpha2",)),
    Custom(_GATEWAY, "UDPRoute", "udproutes", ("v1alpha2",)),
    Custom(_GATEWAY, "ReferenceGrant", "referencegrants", ("v1", "v1beta1"), status=False),
    Custom(_POLICY, "AdminNetworkPolicy", "adminnetworkpolicies", ("v1alpha1",), namespaced=False),
    Custom(_POLICY, "BaselineAdminNetworkPolicy", "baselineadminnetworkpolicies", ("v1alpha1",), namespaced=False),
    Custom(_POLICY, "ClusterNetworkPolicy", "clusternetworkpolicies", ("v1alpha2",), namespaced=False),
    Custom("route.openshift.io", "Route", "routes", ("v1",)),
    Custom("config.openshift.io", "ClusterVersion", "clusterversions", ("v1",), namespaced=False),
    Custom("kubevirt.io", "VirtualMachine", "virtualmachines", ("v1",)),
)


def install_crds(plane: ControlPlane) -> None:
    """Make the kinds known to a control plane, and wait until objects of each can be made."""
    plane.apply(_definition(each) for each in CUSTOM)
    wanted = {(each.group, version, each.plural) for each in CUSTOM for version in each.versions}

    def served() -> bool:
        return wanted <= {
            (group, version, resource["name"])
            for group, version in {(group, version) for group, version, _ in wanted}
            for resource in plane.request("GET", f"/apis/{group}/{version}")["resources"]
        }

    plane.wait_until(served, "all custom kinds are served")


def _definition(custom: Custom) -> dict[str, Any]:
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    subresources: dict[str, Any] = {"subresources": {"status": {}}} if custom.status else {}
    versions = [
        {"name": name, "served": True, "storage": name == custom.versions[0], "schema": schema, **subresources}
        for name in custom.versions
    ]
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        # Groups of the Kubernetes community are served only with a word about their review.
        "metadata": {
            "name": f"{custom.plural}.{custom.group}",
            "annotations": {"api-approved.kubernetes.io": "unapproved, a schema for tests"},
        },
        "spec": {
            "group": custom.group,
            "names": {"kind": custom.kind, "listKind": f"{custom.kind}List", "plural": custom.plural},
            "scope": "Namespaced" if custom.namespaced else "Cluster",
            "versions": versions,
        },
    }
