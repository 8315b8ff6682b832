"""Tables: how clouds and controllers are told to keep a load balancer inside, and who may come in.

An annotation says what somebody asked for; an address in the status says what was given and counts more. An annotation
that belongs to another provider than the nodes' does nothing. Each row names the page it comes from.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from oakum.fleet.cluster.objects import Map
from oakum.risk.exposure.addresses import Ranges, limits

_SERVICE = "kubernetes.io/docs/concepts/services-networking/service/#internal-load-balancer"


class Sign(msgspec.Struct, frozen=True):
    """An annotation that makes a load balancer internal, or public.

    ``inside`` are the values (lower case) that keep it inside, ``*`` for any but an empty one and "false"; ``outside``
    those that make it public. ``part``: the value need only hold one of them. ``provider`` is how ``spec.providerID``
    of that provider's nodes begins, empty where it is not bound to one.
    """

    key: str
    inside: tuple[str, ...]
    page: str
    provider: str = ""
    outside: tuple[str, ...] = ()
    part: bool = False

    def says(self, annotations: Map) -> Literal["inside", "outside", ""]:
        """What the annotations say by this sign; empty where they say nothing."""
        value = annotations.get(self.key, "").strip().lower()
        if self.part:
            value = value.replace(" ", "")
            return "inside" if any(each in value for each in self.inside) else ""
        if value in self.outside:
            return "outside"
        any_value = "*" in self.inside and value not in ("", "false")
        return "inside" if any_value or (value and value in self.inside) else ""


#: Signs on Services of type LoadBalancer.
SERVICE_SIGNS: tuple[Sign, ...] = (
    Sign(
        "service.beta.kubernetes.io/aws-load-balancer-scheme",
        ("internal",),
        "kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/service/annotations",
        "aws",
        ("internet-facing",),
    ),
    # "false" makes the AWS Load Balancer Controller, whose own default is internal, take a public one
    Sign("service.beta.kubernetes.io/aws-load-balancer-internal", ("*",), _SERVICE, "aws", ("false",)),
    Sign("service.beta.kubernetes.io/azure-load-balancer-internal", ("true",), _SERVICE, "azure"),
    Sign("networking.gke.io/load-balancer-type", ("internal",), _SERVICE, "gce"),
    Sign(
        "cloud.google.com/load-balancer-type",
        ("internal",),
        "cloud.google.com/kubernetes-engine/docs/how-to/internal-load-balancing",
        "gce",
    ),
    Sign("service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type", ("private",), _SERVICE, "ibm", ("public",)),
    Sign("service.beta.kubernetes.io/openstack-internal-load-balancer", ("true",), _SERVICE, "openstack"),
    Sign("service.beta.kubernetes.io/cce-load-balancer-internal-vpc", ("true",), _SERVICE, "cce"),
    Sign("service.kubernetes.io/qcloud-loadbalancer-internal-subnetid", ("*",), _SERVICE, "qcloud"),
    Sign(
        "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type",
        ("intranet",),
        _SERVICE,
        outside=("internet",),
    ),
    Sign(
        "service.beta.kubernetes.io/alicloud-loadbalancer-address-type",
        ("intranet",),
        "alibabacloud.com/help/en/container-service-for-kubernetes/latest/use-annotations-to-configure-load-balancing-1",
        outside=("internet",),
    ),
    Sign("service.beta.kubernetes.io/oci-load-balancer-internal", ("true",), _SERVICE),
    Sign(
        "oci-network-load-balancer.oraclecloud.com/internal",
        ("true",),
        "docs.oracle.com/en-us/iaas/Content/ContEng/Tasks/contengconfiguringloadbalancersnetworkloadbalancers-subtopic.htm",
    ),
    Sign(
        "service.beta.kubernetes.io/do-loadbalancer-network",
        ("internal",),
        "docs.digitalocean.com/products/kubernetes/how-to/configure-load-balancers",
        "digitalocean",
        ("external",),
    ),
    Sign(
        "load-balancer.hetzner.cloud/disable-public-network",
        ("true",),
        "github.com/hetznercloud/hcloud-cloud-controller-manager/blob/main/docs/reference/load_balancer_annotations.md",
        "hcloud",
    ),
    Sign(
        "service.beta.kubernetes.io/scw-loadbalancer-private",
        ("true",),
        "github.com/scaleway/scaleway-cloud-controller-manager/blob/master/docs/loadbalancer-annotations.md",
        "scaleway",
    ),
    Sign(
        "service.beta.kubernetes.io/ncloud-load-balancer-internal",
        ("true",),
        "guide.ncloud-docs.com/docs/en/nks-nks-1-8",
    ),
    Sign(
        "yandex.cloud/load-balancer-type",
        ("internal",),
        "yandex.cloud/en/docs/network-load-balancer/k8s-ref/service",
        "yandex",
        ("external",),
    ),
    Sign(
        "kubernetes.io/elb.autocreate",
        ('"type":"inner"',),
        "support.huaweicloud.com/intl/en-us/usermanual-cce/cce_10_0385.html",
        part=True,
    ),
)

#: Classes of load balancers that are inside unless an annotation says otherwise, and the page that says so.
INSIDE_CLASSES: dict[str, str] = {
    "service.k8s.aws/nlb": "kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/service/nlb",
    "eks.amazonaws.com/nlb": "docs.aws.amazon.com/eks/latest/userguide/auto-configure-nlb.html",
    "tailscale": "tailscale.com/kb/1439/kubernetes-operator-cluster-ingress",
}
#: The values of ``aws-load-balancer-type`` by which the same controller takes a Service without a class.
AWS_TYPE = "service.beta.kubernetes.io/aws-load-balancer-type"
AWS_CONTROLLER_TYPES = ("external", "nlb-ip")

#: Annotations of Services that hold allowed source ranges, separated by commas, used where the spec has none.
SERVICE_RANGES = (
    # kubernetes.io/docs/reference/labels-annotations-taints, and the AWS controller's page above
    "service.beta.kubernetes.io/load-balancer-source-ranges",
    # cloud-provider-azure.sigs.k8s.io/topics/loadbalancer
    "service.beta.kubernetes.io/azure-allowed-ip-ranges",
)


class Controller(msgspec.Struct, frozen=True, kw_only=True):
    """What serves Ingress objects.

    ``controllers`` are values of ``spec.controller`` of an IngressClass, ``classes`` the class names that it takes
    without such an object. ``images`` are the last parts of its proxy's image names (empty: it runs outside of the
    cluster, as a load balancer of the cloud), ``alone`` says that the same image is also a sidecar, beside other
    containers, which is no proxy of the cluster; ``labels`` (an empty value: any) tell its pods where no image does.
    ``gateways`` are values of ``spec.controllerName`` of a GatewayClass. ``by_class``: its option for the name of a
    class holds even where an IngressClass names its controller. ``signs`` and ``inside`` (the default) tell an internal
    load balancer of the cloud; ``allow`` are annotations of the Ingress that hold the allowed sources.
    ``own_kinds`` are kinds of its own by which it forwards too, and which are not read.
    """

    name: str
    controllers: tuple[str, ...]
    classes: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    alone: bool = False
    labels: tuple[tuple[str, str], ...] = ()
    gateways: tuple[str, ...] = ()
    by_class: bool = True
    signs: tuple[Sign, ...] = ()
    inside: bool = False
    allow: tuple[str, ...] = ()
    own_kinds: tuple[str, ...] = ()
    page: str


_NAME = "app.kubernetes.io/name"
_ALB = "kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations"
_NGINX = "kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations"

CONTROLLERS: tuple[Controller, ...] = (
    Controller(
        name="ingress-nginx",
        controllers=("k8s.io/ingress-nginx",),
        classes=("nginx",),
        images=("ingress-nginx/controller", "nginx-ingress-controller", "ingress-nginx-controller"),
        labels=((_NAME, "ingress-nginx"),),
        by_class=False,
        allow=(
            "nginx.ingress.kubernetes.io/whitelist-source-range",
            "nginx.ingress.kubernetes.io/allowlist-source-range",
        ),
        page=_NGINX,
    ),
    Controller(
        name="NGINX Ingress Controller of F5",
        controllers=("nginx.org/ingress-controller",),
        images=("nginx/nginx-ingress", "nginx-plus-ingress", "nginx-ic/nginx-plus-ingress"),
        labels=((_NAME, "nginx-ingress"),),
        own_kinds=("VirtualServer", "VirtualServerRoute", "TransportServer"),
        page="docs.nginx.com/nginx-ingress-controller",
    ),
    Controller(
        name="Traefik",
        controllers=("traefik.io/ingress-controller",),
        classes=("traefik",),
        images=("traefik", "mirrored-library-traefik"),
        labels=((_NAME, "traefik"),),
        gateways=("traefik.io/gateway-controller",),
        own_kinds=("IngressRoute", "IngressRouteTCP", "IngressRouteUDP"),
        page="doc.traefik.io/traefik/providers/kubernetes-ingress",
    ),
    Controller(
        name="HAProxy of HAProxy Technologies",
        controllers=("haproxy.org/ingress-controller/haproxy", "haproxy.org/ingress-controller"),
        images=("haproxytech/kubernetes-ingress",),
        labels=((_NAME, "kubernetes-ingress"),),
        allow=("haproxy.org/allow-list", "haproxy.org/whitelist"),
        page="github.com/haproxytech/kubernetes-ingress/blob/master/documentation/annotations.md",
    ),
    Controller(
        name="HAProxy Ingress",
        controllers=("haproxy-ingress.github.io/controller",),
        classes=("haproxy",),
        images=("haproxy-ingress",),
        labels=((_NAME, "haproxy-ingress"),),
        gateways=("haproxy-ingress.github.io/controller",),
        allow=(
            "haproxy-ingress.github.io/allowlist-source-range",
            "haproxy-ingress.github.io/whitelist-source-range",
        ),
        page="haproxy-ingress.github.io/docs/configuration/keys",
    ),
    Controller(
        name="Contour",
        controllers=("projectcontour.io/ingress-controller", "projectcontour.io/projectcontour/contour"),
        classes=("contour",),
        images=("envoyproxy/envoy", "bitnami/envoy"),
        gateways=("projectcontour.io/gateway-controller",),
        own_kinds=("HTTPProxy",),
        page="projectcontour.io/docs/main/config/ingress",
    ),
    Controller(
        name="Kong",
        controllers=("ingress-controllers.konghq.com/kong",),
        classes=("kong",),
        images=("kong", "kong-gateway"),
        labels=((_NAME, "kong"),),
        gateways=("konghq.com/kic-gateway-controller",),
        own_kinds=("TCPIngress", "UDPIngress"),
        page="docs.konghq.com/kubernetes-ingress-controller",
    ),
    Controller(
        name="Istio",
        controllers=("istio.io/ingress-controller",),
        classes=("istio",),
        images=("proxyv2",),
        labels=(("istio", "ingressgateway"),),
        alone=True,
        gateways=("istio.io/gateway-controller",),
        own_kinds=("VirtualService",),
        page="istio.io/latest/docs/tasks/traffic-management/ingress/kubernetes-ingress",
    ),
    Controller(
        name="AWS Application Load Balancer",
        controllers=("ingress.k8s.aws/alb", "eks.amazonaws.com/alb"),
        classes=("alb",),
        signs=(Sign("alb.ingress.kubernetes.io/scheme", ("internal",), _ALB, outside=("internet-facing",)),),
        inside=True,
        allow=("alb.ingress.kubernetes.io/inbound-cidrs",),
        page=_ALB,
    ),
    Controller(
        name="internal Application Load Balancer of Google Cloud",
        controllers=(),
        classes=("gce-internal",),
        inside=True,
        page="cloud.google.com/kubernetes-engine/docs/how-to/internal-load-balance-ingress",
    ),
    Controller(
        name="external Application Load Balancer of Google Cloud",
        controllers=("k8s.io/ingress-gce",),
        classes=("gce",),
        page="cloud.google.com/kubernetes-engine/docs/concepts/ingress",
    ),
    Controller(
        name="Azure Application Gateway",
        controllers=("azure/application-gateway",),
        classes=("azure/application-gateway",),
        signs=(
            Sign(
                "appgw.ingress.kubernetes.io/use-private-ip",
                ("true",),
                "learn.microsoft.com/azure/application-gateway/ingress-controller-annotations",
            ),
        ),
        page="learn.microsoft.com/azure/application-gateway/ingress-controller-annotations",
    ),
    Controller(
        name="Tailscale",
        controllers=("tailscale.com/ts-ingress",),
        classes=("tailscale",),
        signs=(
            Sign(
                "tailscale.com/funnel",
                (),
                "tailscale.com/kb/1439/kubernetes-operator-cluster-ingress",
                outside=("true",),
            ),
        ),
        inside=True,
        page="tailscale.com/kb/1439/kubernetes-operator-cluster-ingress",
    ),
)
#: OpenShift's router serves Routes; it runs in the cluster.
ROUTER = Controller(
    name="OpenShift router",
    controllers=("openshift.io/ingress-to-route",),
    images=("haproxy-router", "origin-haproxy-router"),
    labels=(("ingresscontroller.operator.openshift.io/deployment-ingresscontroller", ""),),
    allow=("haproxy.router.openshift.io/ip_whitelist", "haproxy.router.openshift.io/ip_allowlist"),
    page="docs.openshift.com/container-platform/latest/networking/routes/route-configuration.html",
)
#: Gateway classes by name whose load balancer of the cloud is inside, or outside.
GATEWAY_CLASSES: dict[str, Literal["inside", "outside"]] = {
    # cloud.google.com/kubernetes-engine/docs/how-to/gatewayclass-capabilities
    "gke-l7-rilb": "inside",
    "gke-l7-rilb-mc": "inside",
    "gke-l7-cross-regional-internal-managed-mc": "inside",
    "gke-l7-gxlb": "outside",
    "gke-l7-gxlb-mc": "outside",
    "gke-l7-global-external-managed": "outside",
    "gke-l7-global-external-managed-mc": "outside",
    "gke-l7-regional-external-managed": "outside",
    "gke-l7-regional-external-managed-mc": "outside",
    # gateway-api-controller.eks.aws.dev: a service network of VPC Lattice is no public address
    "amazon-vpc-lattice": "inside",
}
#: Labels by which Services of a gateway's own proxies name it: name, and namespace where that is another one.
GATEWAY_LABELS = (
    ("gateway.networking.k8s.io/gateway-name", ""),  # gateway-api.sigs.k8s.io/geps/gep-1762
    ("gateway.envoyproxy.io/owning-gateway-name", "gateway.envoyproxy.io/owning-gateway-namespace"),
    ("projectcontour.io/owning-gateway-name", ""),
    ("io.cilium.gateway/owning-gateway", ""),  # docs.cilium.io/en/stable/network/servicemesh/gateway-api
)


def told(signs: tuple[Sign, ...], annotations: Map, providers: frozenset[str]) -> tuple[str, str]:
    """What signs say ("inside", "outside" or nothing) and by which annotation.

    ``providers`` are those of the nodes, empty where they are not known: a sign of another provider says nothing.
    """
    for sign in signs:
        if sign.provider and providers and not any(name.startswith(sign.provider) for name in providers):
            continue
        if word := sign.says(annotations):
            return word, sign.key
    return "", ""


def allowed(keys: tuple[str, ...], annotations: Map) -> Ranges | None:
    """The source ranges that annotations allow; None where they do not limit them."""
    for key in keys:
        if text := annotations.get(key, "").strip():
            return limits(text.replace(",", " ").split())
    return None
