"""What a cluster's objects expose, case by case: the level, and the way that shows it.

What is expected comes from the documentation that each group names, not from the code. In all cases the pod is that of
the StatefulSet shop/web (see ``makings``), unless the case names another workload or node.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
import pytest
from tests.risk.exposure import makings as m
from tests.risk.exposure.makings import Json, edge, ingress, nginx, node, on_node_port, pod, policy, port, service, shop

from oakum.fleet.assets import Gap
from oakum.risk.exposure.measure import measure

POD = "pod port 8080/TCP -> process web"
INSIDE = f"cluster -> {POD}"
TO_WEB = f"service shop/web -> {POD}"
BY_RULE = "ingress shop/web (shop.example.com)"
THROUGH = f"service edge/nginx -> ingress controller edge/nginx -> {BY_RULE}"
BY_NGINX = f"internet -> load balancer edge/nginx (203.0.113.7) -> {THROUGH} -> {TO_WEB}"
BEFORE = "load balancer shop/web (203.0.113.7)"
PENDING = "load balancer shop/web (no address yet)"
PUBLIC_NODE = [node("n1", m.PRIVATE, external=m.PUBLIC)]
DEFAULT_CLASS = {"ingressclass.kubernetes.io/is-default-class": "true"}
SOME = "198.51.100.0/24"


class Case(NamedTuple):
    """Objects, the level that they make, the first way of the answer (empty: there is none)."""

    name: str
    objects: list[Json]
    level: str
    path: str
    default: bool = False
    unread: tuple[str, ...] = ()
    of: str = "shop/web"


def lb(**more: Any) -> Json:
    return service("LoadBalancer", **more)


def given(**more: Any) -> Json:
    return lb(address="203.0.113.7", **more)


# kubernetes.io/docs/concepts/services-networking/service
SERVICES = [
    Case("no service: pods are not isolated", shop(), "controlled", INSIDE),
    Case("cluster ip", shop(service()), "controlled", INSIDE),
    Case("headless", shop(service(clusterIP="None")), "controlled", INSIDE),
    Case(
        "external name leads elsewhere", shop(service("ExternalName", externalName="a.example")), "controlled", INSIDE
    ),
    Case("load balancer with a public address", shop(given()), "open", f"internet -> {BEFORE} -> {TO_WEB}"),
    Case(
        "load balancer with a private address",
        shop(lb(address="10.9.9.9")),
        "controlled",
        f"private network -> load balancer shop/web (10.9.9.9) -> {TO_WEB}",
    ),
    Case(
        "load balancer with a shared address (RFC 6598)",
        shop(lb(address="100.64.1.1")),
        "controlled",
        f"private network -> load balancer shop/web (100.64.1.1) -> {TO_WEB}",
    ),
    Case(
        "load balancer with a unique local address (RFC 4193)",
        shop(lb(address="fd00::7")),
        "controlled",
        f"private network -> load balancer shop/web (fd00::7) -> {TO_WEB}",
    ),
    Case(
        "load balancer with a public IPv6 address",
        shop(lb(address="2001:db8::7")),
        "open",
        f"internet -> load balancer shop/web (2001:db8::7) -> {TO_WEB}",
    ),
    Case(
        "load balancer with a private and a public address",
        shop(lb(address=["10.9.9.9", "203.0.113.7"])),
        "open",
        f"internet -> load balancer shop/web (10.9.9.9, 203.0.113.7) -> {TO_WEB}",
    ),
    Case("load balancer without an address", shop(lb()), "open", f"internet -> {PENDING} -> {TO_WEB}", default=True),
    Case(
        "load balancer known by name",
        shop(lb(host="lb-1.example.net")),
        "open",
        f"internet -> load balancer shop/web (lb-1.example.net) -> {TO_WEB}",
    ),
    Case(
        "internal load balancer of AWS known by name",
        shop(lb(host="internal-a1-7.eu-west-1.elb.amazonaws.com")),
        "controlled",
        f"private network -> load balancer shop/web (internal-a1-7.eu-west-1.elb.amazonaws.com) -> {TO_WEB}",
    ),
    Case(
        "load balancer whose private address is asked for",
        shop(lb(loadBalancerIP="10.9.9.9")),
        "controlled",
        f"private network -> load balancer shop/web (asked for 10.9.9.9) -> {TO_WEB}",
    ),
    Case("selector of other pods", shop(given(selector={"app": "api"})), "controlled", INSIDE),
    Case("more labels than the pods have", shop(given(selector={**m.WEB, "v": "2"})), "controlled", INSIDE),
    Case("a pod of another namespace", shop(given(name="other/web")), "controlled", INSIDE),
    Case(
        "target port by a name that no container has",
        shop(given(ports=[{"port": 80, "targetPort": "admin"}])),
        "controlled",
        INSIDE,
    ),
    Case(
        "target port by a name of another protocol",
        shop(given(ports=[{"port": 80, "targetPort": "http", "protocol": "UDP"}])),
        "controlled",
        INSIDE,
    ),
    Case(
        "target port that no container names",
        shop(given(ports=[{"port": 80, "targetPort": 9000}])),
        "open",
        f"internet -> {BEFORE} -> service shop/web -> pod port 9000/TCP -> process web",
    ),
    Case(
        "target port defaults to the port",
        shop(given(ports=[{"port": 8080}])),
        "open",
        f"internet -> {BEFORE} -> {TO_WEB}",
    ),
    Case("no selector and no endpoints", shop(given(selector={})), "controlled", INSIDE),
    Case(
        "endpoints written by hand, by address",
        shop(
            given(selector={}),
            m.thing(
                "EndpointSlice",
                "shop/web-1",
                labels={"kubernetes.io/service-name": "web"},
                addressType="IPv4",
                endpoints=[{"addresses": ["10.244.0.7"]}],
                ports=[{"name": "web", "port": 8080}],
            ),
        ),
        "open",
        f"internet -> {BEFORE} -> {TO_WEB}",
    ),
    Case(
        "endpoints written by hand, of another address",
        shop(
            given(selector={}),
            m.thing(
                "EndpointSlice",
                "shop/web-1",
                labels={"kubernetes.io/service-name": "web"},
                addressType="IPv4",
                endpoints=[{"addresses": ["192.0.2.99"]}],
                ports=[{"name": "web", "port": 8080}],
            ),
        ),
        "controlled",
        INSIDE,
    ),
    Case(
        "node port on private nodes",
        shop(service("NodePort", ports=on_node_port())),
        "controlled",
        f"private network -> node port shop/web (10.0.0.1:30080) -> {TO_WEB}",
    ),
    Case(
        "node port on public nodes, whose firewall is not visible",
        shop(service("NodePort", ports=on_node_port()), nodes=PUBLIC_NODE),
        "open",
        f"internet -> node port shop/web (198.51.100.10:30080) -> {TO_WEB}",
        default=True,
    ),
    Case(
        "node port where one of the nodes is public",
        shop(
            service("NodePort", ports=on_node_port()), nodes=[node("n1", m.PRIVATE), node("n2", "10.0.0.2", m.PUBLIC)]
        ),
        "open",
        f"internet -> node port shop/web (198.51.100.10:30080) -> {TO_WEB}",
        default=True,
    ),
    Case(
        "node port on nodes without an address",
        shop(service("NodePort", ports=on_node_port()), nodes=[node("n1")]),
        "open",
        f"unknown -> node port shop/web (30080) -> {TO_WEB}",
        default=True,
    ),
    Case(
        "node port that Local traffic policy keeps on the pod's node",
        shop(service("NodePort", ports=on_node_port(), externalTrafficPolicy="Local"), nodes=PUBLIC_NODE),
        "open",
        f"internet -> node port shop/web (198.51.100.10:30080) -> {TO_WEB}",
        default=True,
    ),
    Case(
        "the node ports behind an internal load balancer on public nodes",
        shop(lb(address="10.9.9.9", ports=on_node_port()), nodes=PUBLIC_NODE),
        "open",
        f"internet -> node port shop/web (198.51.100.10:30080) -> {TO_WEB}",
        default=True,
    ),
    Case(
        "an internal load balancer without node ports on public nodes",
        shop(lb(address="10.9.9.9", allocateLoadBalancerNodePorts=False), nodes=PUBLIC_NODE),
        "controlled",
        f"private network -> load balancer shop/web (10.9.9.9) -> {TO_WEB}",
    ),
    Case(
        "a measured way beside a node port: no guess",
        shop(given(ports=on_node_port()), nodes=PUBLIC_NODE),
        "open",
        f"internet -> {BEFORE} -> {TO_WEB}",
    ),
    Case(
        "public external address",
        shop(service(externalIPs=["203.0.113.9"])),
        "open",
        f"internet -> external address shop/web (203.0.113.9) -> {TO_WEB}",
    ),
    Case(
        "private external address",
        shop(service(externalIPs=["192.168.7.7"])),
        "controlled",
        f"private network -> external address shop/web (192.168.7.7) -> {TO_WEB}",
    ),
    Case(
        "allowed source ranges",
        shop(given(loadBalancerSourceRanges=[SOME])),
        "controlled",
        f"internet (only {SOME}) -> {BEFORE} -> {TO_WEB}",
    ),
    Case(
        "allowed source ranges that are everybody",
        shop(given(loadBalancerSourceRanges=["0.0.0.0/0"])),
        "open",
        f"internet -> {BEFORE} -> {TO_WEB}",
    ),
    Case(
        "allowed source ranges that are everybody in two halves",
        shop(given(loadBalancerSourceRanges=["0.0.0.0/1", "128.0.0.0/1"])),
        "open",
        f"internet -> {BEFORE} -> {TO_WEB}",
    ),
    Case(
        "allowed source ranges inside",
        shop(given(loadBalancerSourceRanges=["10.0.0.0/8"])),
        "controlled",
        f"private network (only 10.0.0.0/8) -> {BEFORE} -> {TO_WEB}",
    ),
    Case(
        "allowed source ranges by annotation",
        shop(given(annotations={"service.beta.kubernetes.io/load-balancer-source-ranges": f"{SOME}, 192.0.2.1/32"})),
        "controlled",
        f"internet (only 192.0.2.1/32, {SOME}) -> {BEFORE} -> {TO_WEB}",
    ),
    Case(
        "allowed source ranges do not guard the node port",
        shop(given(loadBalancerSourceRanges=[SOME], ports=on_node_port()), nodes=PUBLIC_NODE),
        "open",
        f"internet -> node port shop/web (198.51.100.10:30080) -> {TO_WEB}",
        default=True,
    ),
    Case(
        "a pod that is not ready becomes so",
        shop(given(), web=pod(conditions=[{"type": "Ready", "status": "False"}])),
        "open",
        f"internet -> {BEFORE} -> {TO_WEB}",
    ),
    Case(
        "a pod that ended for good",
        shop(given(), web=pod(kind="Job", phase="Succeeded", restartPolicy="Never")),
        "small",
        "",
    ),
    Case(
        "a pod that was evicted is replaced by one of the template",
        shop(
            given(selector={"app": "api"}, ports=[{"port": 80, "targetPort": 9000}]),
            pod("shop/api", {"app": "api"}, kind="Deployment", phase="Failed", on="n1", ip="10.244.0.8"),
            m.thing(
                "Deployment",
                "shop/api",
                {"template": {"metadata": {"labels": {"app": "api"}}, "spec": {"containers": [{"name": "api"}]}}},
            ),
        ),
        "open",
        f"internet -> {BEFORE} -> service shop/web -> pod port 9000/TCP -> process api",
        of="shop/api",
    ),
    Case(
        "a workload without pods stands for what its template makes",
        shop(
            given(selector={"app": "api"}, ports=[{"port": 80, "targetPort": 9000}]),
            m.thing(
                "Deployment",
                "shop/api",
                {
                    "replicas": 0,
                    "template": {"metadata": {"labels": {"app": "api"}}, "spec": {"containers": [{"name": "api"}]}},
                },
            ),
        ),
        "open",
        f"internet -> {BEFORE} -> service shop/web -> pod port 9000/TCP -> process api",
        of="shop/api",
    ),
]

# kubernetes.io/docs/concepts/services-networking/service/#internal-load-balancer and the providers' own pages
INTERNAL = {
    "aws by scheme": {"service.beta.kubernetes.io/aws-load-balancer-scheme": "internal"},
    "aws in tree": {"service.beta.kubernetes.io/aws-load-balancer-internal": "true"},
    "aws by the controller's default": {"service.beta.kubernetes.io/aws-load-balancer-type": "external"},
    "azure": {"service.beta.kubernetes.io/azure-load-balancer-internal": "true"},
    "google": {"networking.gke.io/load-balancer-type": "Internal"},
    "google before 1.17": {"cloud.google.com/load-balancer-type": "Internal"},
    "ibm": {"service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type": "private"},
    "openstack": {"service.beta.kubernetes.io/openstack-internal-load-balancer": "true"},
    "baidu": {"service.beta.kubernetes.io/cce-load-balancer-internal-vpc": "true"},
    "tencent": {"service.kubernetes.io/qcloud-loadbalancer-internal-subnetid": "subnet-7"},
    "alibaba": {"service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type": "intranet"},
    "oracle": {"service.beta.kubernetes.io/oci-load-balancer-internal": "true"},
    "digitalocean": {"service.beta.kubernetes.io/do-loadbalancer-network": "INTERNAL"},
    "hetzner": {"load-balancer.hetzner.cloud/disable-public-network": "true"},
    "scaleway": {"service.beta.kubernetes.io/scw-loadbalancer-private": "true"},
    "yandex": {"yandex.cloud/load-balancer-type": "internal"},
    "huawei": {"kubernetes.io/elb.autocreate": '{"type": "inner", "name": "a"}'},
}
NOT_INTERNAL = {
    "azure says false": {"service.beta.kubernetes.io/azure-load-balancer-internal": "false"},
    "ibm says public": {"service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type": "public"},
    "aws says not internal": {
        "service.beta.kubernetes.io/aws-load-balancer-type": "external",
        "service.beta.kubernetes.io/aws-load-balancer-internal": "false",
    },
    "aws says internet-facing": {"service.beta.kubernetes.io/aws-load-balancer-scheme": "internet-facing"},
    "huawei says public": {"kubernetes.io/elb.autocreate": '{"type": "public"}'},
}
SIGNS = [
    *(
        Case(f"internal: {name}", shop(lb(annotations=each)), "controlled", f"private network -> {PENDING} -> {TO_WEB}")
        for name, each in INTERNAL.items()
    ),
    *(
        Case(
            f"not internal: {name}",
            shop(lb(annotations=each)),
            "open",
            f"internet -> {PENDING} -> {TO_WEB}",
            default="false" in name or "huawei" in name,
        )
        for name, each in NOT_INTERNAL.items()
    ),
    Case(
        "the address counts more than the annotation",
        shop(given(annotations=INTERNAL["azure"])),
        "open",
        f"internet -> {BEFORE} -> {TO_WEB}",
    ),
    Case(
        "an annotation for another provider does nothing",
        shop(lb(annotations=INTERNAL["azure"]), nodes=[node("n1", m.PRIVATE, provider="aws")]),
        "open",
        f"internet -> {PENDING} -> {TO_WEB}",
        default=True,
    ),
    Case(
        "class of the AWS Load Balancer Controller: internal by default",
        shop(lb(loadBalancerClass="service.k8s.aws/nlb")),
        "controlled",
        f"private network -> {PENDING} -> {TO_WEB}",
    ),
    Case(
        "class of the AWS Load Balancer Controller: internet-facing",
        shop(lb(loadBalancerClass="service.k8s.aws/nlb", annotations=NOT_INTERNAL["aws says internet-facing"])),
        "open",
        f"internet -> {PENDING} -> {TO_WEB}",
    ),
    Case(
        "an internal annotation with a name only",
        shop(lb(host="lb-1.example.net", annotations=INTERNAL["aws by scheme"])),
        "controlled",
        f"private network -> load balancer shop/web (lb-1.example.net) -> {TO_WEB}",
    ),
]

# kubernetes.io/docs/concepts/services-networking/network-policies, kubernetes.io/docs/tutorials/services/source-ip,
# network-policy-api.sigs.k8s.io
ADMIN = {"priority": 1, "subject": {"namespaces": {}}}
DENY = {"name": "no", "action": "Deny", "from": [{"namespaces": {}}]}
POLICIES = [
    Case("deny all", shop(policy()), "small", ""),
    Case("deny all before a load balancer", shop(given(), policy()), "small", ""),
    Case(
        "an egress policy isolates nothing here",
        shop(given(), policy(policyTypes=["Egress"])),
        "open",
        f"internet -> {BEFORE} -> {TO_WEB}",
    ),
    Case(
        "a policy for other pods",
        shop(given(), policy(pods={"matchLabels": {"app": "api"}})),
        "open",
        f"internet -> {BEFORE} -> {TO_WEB}",
    ),
    Case(
        "a policy of another namespace",
        shop(given(), policy(name="other/p")),
        "open",
        f"internet -> {BEFORE} -> {TO_WEB}",
    ),
    Case(
        "everybody allowed",
        shop(given(), policy(m.block("0.0.0.0/0", 8080))),
        "open",
        f"internet -> {BEFORE} -> {TO_WEB}",
    ),
    Case("an empty rule allows everybody", shop(given(), policy({})), "open", f"internet -> {BEFORE} -> {TO_WEB}"),
    Case(
        "everybody but a block",
        shop(given(), policy(m.block("0.0.0.0/0", **{"except": [SOME]}))),
        "open",
        f"internet -> {BEFORE} -> {TO_WEB}",
    ),
    Case(
        "some clients, whose addresses are kept",
        shop(given(externalTrafficPolicy="Local"), policy(m.block(SOME))),
        "controlled",
        f"internet (only {SOME}) -> {BEFORE} -> {TO_WEB}",
    ),
    Case(
        "some clients, whose addresses may be rewritten to nodes that are not let in",
        shop(given(), policy(m.block(SOME))),
        "controlled",
        f"internet (only {SOME}) -> {BEFORE} -> {TO_WEB}",
    ),
    Case(
        "the nodes let in, whose addresses may stand for everybody",
        shop(given(), policy(m.block("10.0.0.0/24"))),
        "open",
        f"internet -> {BEFORE} -> {TO_WEB}",
        default=True,
    ),
    Case(
        "the nodes let in, but addresses of clients are kept",
        shop(given(externalTrafficPolicy="Local"), policy(m.block("10.0.0.0/24"))),
        "controlled",
        f"private network (only 10.0.0.0/24) -> {BEFORE} -> {TO_WEB}",
    ),
    Case(
        "another port allowed",
        shop(given(), policy(m.block("0.0.0.0/0", 9090))),
        "controlled",
        "private network -> pod port 9090/TCP -> process web",
        default=True,
    ),
    Case(
        "pods of the namespace allowed",
        shop(given(), pod("shop/api", {"app": "api"}, ip="10.244.0.8"), policy({"from": [{"podSelector": {}}]})),
        "controlled",
        INSIDE,
    ),
    Case(
        "pods of the namespace allowed, at ports that no container names",
        shop(
            pod("shop/api", {"app": "api"}, ip="10.244.0.8"),
            policy({"from": [{"podSelector": {}}], "ports": [{"port": 9000, "endPort": 9010}, {"port": 9090}]}),
        ),
        "controlled",
        "cluster -> pod port 9000-9010/TCP, 9090/TCP -> process web",
    ),
    Case(
        "an admin policy denies pods, not the world",
        shop(given(), m.thing("AdminNetworkPolicy", "p", {**ADMIN, "ingress": [DENY]})),
        "open",
        f"internet -> {BEFORE} -> {TO_WEB}",
    ),
    Case(
        "a baseline policy denies pods, not the world",
        shop(
            given(),
            m.thing("BaselineAdminNetworkPolicy", "default", {"subject": {"namespaces": {}}, "ingress": [DENY]}),
        ),
        "open",
        f"internet -> {BEFORE} -> {TO_WEB}",
    ),
    Case(
        "policies are about pods, not about their node's network",
        shop(policy(), web=pod(hostNetwork=True)),
        "controlled",
        f"private network -> host network 10.0.0.1 -> {POD}",
    ),
]

# kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1 (hostPort, hostIP, hostNetwork) and
# kubernetes.io/docs/concepts/security/pod-security-standards
HOST_PORT = [port(hostPort=8081)]
HOSTS = [
    Case(
        "host port on a private node",
        shop(web=pod(ports=HOST_PORT)),
        "controlled",
        f"private network -> host port 10.0.0.1:8081 -> {POD}",
    ),
    Case(
        "host port on a public node",
        shop(web=pod(ports=HOST_PORT), nodes=PUBLIC_NODE),
        "open",
        f"internet -> host port 198.51.100.10:8081 -> {POD}",
        default=True,
    ),
    Case(
        "host port of loopback only",
        shop(web=pod(ports=[port(hostPort=8081, hostIP="127.0.0.1")])),
        "controlled",
        INSIDE,
    ),
    Case(
        "host port of the private address of a public node",
        shop(web=pod(ports=[port(hostPort=8081, hostIP=m.PRIVATE)]), nodes=PUBLIC_NODE),
        "controlled",
        f"private network -> host port 10.0.0.1:8081 -> {POD}",
    ),
    Case(
        "host port of all addresses",
        shop(web=pod(ports=[port(hostPort=8081, hostIP="0.0.0.0")]), nodes=PUBLIC_NODE),
        "open",
        f"internet -> host port 198.51.100.10:8081 -> {POD}",
        default=True,
    ),
    Case("host port, and all denied", shop(policy(), web=pod(ports=HOST_PORT), nodes=PUBLIC_NODE), "small", ""),
    Case(
        "host port on a node that is not known",
        shop(web=pod(ports=HOST_PORT, on="n9")),
        "open",
        f"unknown -> host port 8081 -> {POD}".replace("port 8081", "port :8081").replace(":8081", "8081"),
        default=True,
    ),
    Case(
        "host network of a private node",
        shop(web=pod(hostNetwork=True)),
        "controlled",
        f"private network -> host network 10.0.0.1 -> {POD}",
    ),
    Case(
        "host network of a public node",
        shop(web=pod(hostNetwork=True), nodes=PUBLIC_NODE),
        "open",
        f"internet -> host network 198.51.100.10 -> {POD}",
        default=True,
    ),
    Case(
        "host network of a public node, and all denied",
        shop(policy(), web=pod(hostNetwork=True), nodes=PUBLIC_NODE),
        "open",
        f"internet -> host network 198.51.100.10 -> {POD}",
        default=True,
    ),
    Case(
        "host network without named ports",
        shop(web=pod(hostNetwork=True, ports=[])),
        "controlled",
        "private network -> host network 10.0.0.1 -> pod port any -> process web",
    ),
    Case(
        "a pod with a public address",
        shop(web=pod(ip="2001:db8::7")),
        "open",
        f"internet -> pod address 2001:db8::7 -> {POD}",
        default=True,
    ),
    Case("a pod with a public address, and all denied", shop(policy(), web=pod(ip="2001:db8::7")), "small", ""),
]

# kubernetes.io/docs/concepts/services-networking/ingress and the pages of the controllers
GIVEN_EDGE = edge(address="203.0.113.7")
ALB = "alb.ingress.kubernetes.io"
NGINX = "nginx.ingress.kubernetes.io"


def cloud(name: str) -> str:
    return f"load balancer {name} -> ingress shop/web (shop.example.com) -> {TO_WEB}"


TWO = [
    pod(
        "edge/inner",
        {"app.kubernetes.io/name": "ingress-nginx", "tier": "inner"},
        ports=[port(80)],
        ip="10.244.0.10",
        image="registry.k8s.io/ingress-nginx/controller:v1.11.2",
        args=["--controller-class=example.com/inner"],
    ),
    service("LoadBalancer", "edge/inner", selector={"tier": "inner"}, address="10.9.9.9"),
    m.ingress_class("inner", "example.com/inner"),
    *nginx(service("LoadBalancer", "edge/nginx", selector={"tier": "outer"}, address="203.0.113.7")),
]
FEW = edge(address="203.0.113.7", loadBalancerSourceRanges=[SOME])
INGRESSES = [
    Case(
        "the address of an ingress is that of the Service before its controller",
        shop(service(), nginx(FEW), ingress(address="203.0.113.7")),
        "controlled",
        f"internet (only {SOME}) -> {BY_NGINX.partition(' -> ')[2]}",
    ),
    Case(
        "the address of an ingress is of something that nobody sees",
        shop(service(), nginx(FEW), ingress(address="203.0.113.8")),
        "open",
        f"internet -> ingress controller ingress-nginx (203.0.113.8) -> {BY_RULE} -> {TO_WEB}",
    ),
    Case(
        "classes that were not read may name another controller",
        shop(service(), nginx(edge(address="10.9.9.9")), ingress()),
        "open",
        f"internet -> ingress controller unknown -> {BY_RULE} -> {TO_WEB}",
        True,
        ("IngressClass",),
    ),
    Case(
        "a class may name another controller than its name says",
        shop(
            service(),
            nginx(GIVEN_EDGE)[:1],
            GIVEN_EDGE,
            m.ingress_class("nginx", "example.com/acme"),
            ingress(address="10.9.9.9"),
        ),
        "controlled",
        f"private network -> ingress controller unknown (10.9.9.9) -> {BY_RULE} -> {TO_WEB}",
    ),
    Case("ingress", shop(service(), nginx(GIVEN_EDGE), ingress()), "open", BY_NGINX),
    Case(
        "ingress by annotation",
        shop(service(), nginx(GIVEN_EDGE), ingress("", annotations={"kubernetes.io/ingress.class": "nginx"})),
        "open",
        BY_NGINX,
    ),
    Case(
        "ingress without a class, and a default class",
        shop(
            service(),
            nginx(GIVEN_EDGE)[:-2],
            GIVEN_EDGE,
            m.ingress_class("nginx", "k8s.io/ingress-nginx", **DEFAULT_CLASS),
            ingress(""),
        ),
        "open",
        BY_NGINX,
    ),
    Case(
        "ingress without any class is served by whoever is there",
        shop(service(), nginx(GIVEN_EDGE), ingress("")),
        "open",
        BY_NGINX,
        default=True,
    ),
    Case(
        "controller behind an internal load balancer",
        shop(service(), nginx(edge(address="10.9.9.9")), ingress()),
        "controlled",
        f"private network -> load balancer edge/nginx (10.9.9.9) -> {THROUGH} -> {TO_WEB}",
    ),
    Case(
        "controller behind a load balancer for some",
        shop(service(), nginx(edge(address="203.0.113.7", loadBalancerSourceRanges=[SOME])), ingress()),
        "controlled",
        f"internet (only {SOME}) -> load balancer edge/nginx (203.0.113.7) -> {THROUGH} -> {TO_WEB}",
    ),
    Case(
        "controller behind node ports of private nodes",
        shop(service(), nginx(edge("NodePort", ports=on_node_port())), ingress()),
        "controlled",
        f"private network -> node port edge/nginx (10.0.0.1:30080) -> {THROUGH} -> {TO_WEB}",
    ),
    Case(
        "controller behind node ports of public nodes",
        shop(service(), nginx(edge("NodePort", ports=on_node_port())), ingress(), nodes=PUBLIC_NODE),
        "open",
        f"internet -> node port edge/nginx (198.51.100.10:30080) -> {THROUGH} -> {TO_WEB}",
        default=True,
    ),
    Case(
        "controller on the host network of a public node",
        shop(service(), nginx(None, hostNetwork=True), ingress(), nodes=PUBLIC_NODE),
        "open",
        f"internet -> host network 198.51.100.10 -> {THROUGH.partition(' -> ')[2]} -> {TO_WEB}",
        default=True,
    ),
    Case(
        "controller that only the cluster reaches",
        shop(service(), nginx(edge("ClusterIP")), ingress()),
        "controlled",
        INSIDE,
    ),
    Case(
        "controller that only the cluster reaches, but the ingress has a public address",
        shop(service(), nginx(edge("ClusterIP")), ingress(address="203.0.113.8")),
        "open",
        "internet -> ingress controller ingress-nginx (203.0.113.8) -> ingress shop/web (shop.example.com) -> "
        + TO_WEB,
    ),
    Case(
        "two controllers: the inner one",
        shop(service(), TWO, ingress("inner")),
        "controlled",
        "private network -> load balancer edge/inner (10.9.9.9) -> service edge/inner -> ingress controller "
        f"edge/inner -> ingress shop/web (shop.example.com) -> {TO_WEB}",
    ),
    Case(
        "unknown controller",
        shop(service(), ingress("acme")),
        "open",
        f"internet -> ingress controller unknown -> ingress shop/web (shop.example.com) -> {TO_WEB}",
        default=True,
    ),
    Case(
        "unknown controller, private address",
        shop(service(), ingress("acme", address="10.9.9.9")),
        "controlled",
        f"private network -> ingress controller unknown (10.9.9.9) -> {BY_RULE} -> {TO_WEB}",
    ),
    Case(
        "unknown controller, public address",
        shop(service(), ingress("acme", address="203.0.113.8")),
        "open",
        f"internet -> ingress controller unknown (203.0.113.8) -> ingress shop/web (shop.example.com) -> {TO_WEB}",
    ),
    Case(
        "load balancer of AWS, internal by default",
        shop(service(), ingress("alb")),
        "controlled",
        f"private network -> {cloud('AWS Application Load Balancer')}",
    ),
    Case(
        "load balancer of AWS, internet-facing",
        shop(service(), ingress("alb", annotations={f"{ALB}/scheme": "internet-facing"})),
        "open",
        f"internet -> {cloud('AWS Application Load Balancer')}",
    ),
    Case(
        "load balancer of AWS, for some",
        shop(service(), ingress("alb", annotations={f"{ALB}/scheme": "internet-facing", f"{ALB}/inbound-cidrs": SOME})),
        "controlled",
        f"internet (only {SOME}) -> {cloud('AWS Application Load Balancer')}",
    ),
    Case(
        "internal load balancer of Google",
        shop(service(), ingress("", annotations={"kubernetes.io/ingress.class": "gce-internal"})),
        "controlled",
        f"private network -> {cloud('internal Application Load Balancer of Google Cloud')}",
    ),
    Case(
        "external load balancer of Google",
        shop(service(), ingress("", annotations={"kubernetes.io/ingress.class": "gce"})),
        "open",
        f"internet -> {cloud('external Application Load Balancer of Google Cloud')}",
        default=True,
    ),
    Case(
        "gateway of Azure with a private address",
        shop(
            service(),
            ingress(
                "",
                annotations={
                    "kubernetes.io/ingress.class": "azure/application-gateway",
                    "appgw.ingress.kubernetes.io/use-private-ip": "true",
                },
            ),
        ),
        "controlled",
        f"private network -> {cloud('Azure Application Gateway')}",
    ),
    Case(
        "ingress for some",
        shop(service(), nginx(GIVEN_EDGE), ingress(annotations={f"{NGINX}/whitelist-source-range": SOME})),
        "controlled",
        f"internet (only {SOME}) -> {BY_NGINX.partition(' -> ')[2]}",
    ),
    Case(
        "ingress for a few who meet nobody that the load balancer lets in",
        shop(
            service(),
            nginx(edge(address="203.0.113.7", loadBalancerSourceRanges=["192.0.2.0/24"])),
            ingress(annotations={f"{NGINX}/whitelist-source-range": SOME}),
        ),
        "controlled",
        INSIDE,
    ),
    Case(
        "ingress to another service", shop(service(), nginx(GIVEN_EDGE), ingress(backend="api")), "controlled", INSIDE
    ),
    Case("ingress to a port by name", shop(service(), nginx(GIVEN_EDGE), ingress(number="web")), "open", BY_NGINX),
    Case(
        "ingress to a port that the service lacks",
        shop(service(), nginx(GIVEN_EDGE), ingress(number=81)),
        "controlled",
        INSIDE,
    ),
    Case(
        "default backend",
        shop(
            service(),
            nginx(GIVEN_EDGE),
            m.thing(
                "Ingress",
                "shop/web",
                {"ingressClassName": "nginx", "defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}},
            ),
        ),
        "open",
        BY_NGINX.replace("shop.example.com", "default backend"),
    ),
    Case(
        "a resource as the backend",
        shop(
            service(),
            nginx(GIVEN_EDGE),
            m.thing(
                "Ingress",
                "shop/web",
                {"ingressClassName": "nginx", "defaultBackend": {"resource": {"kind": "Bucket", "name": "web"}}},
            ),
        ),
        "controlled",
        INSIDE,
    ),
    Case(
        "a policy that lets the controller in",
        shop(
            service(),
            nginx(GIVEN_EDGE),
            ingress(),
            policy({"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "edge"}}}]}),
        ),
        "open",
        BY_NGINX,
    ),
    Case(
        "a policy that keeps the controller out",
        shop(service(), nginx(GIVEN_EDGE), ingress(), policy({"from": [{"podSelector": {}}]})),
        "small",
        "",
    ),
    Case(
        "a policy that keeps the world from the controller",
        shop(service(), nginx(GIVEN_EDGE), ingress(), policy(name="edge/p")),
        "controlled",
        INSIDE,
    ),
    Case(
        "the controller itself",
        shop(service(), nginx(GIVEN_EDGE), ingress()),
        "open",
        "internet -> load balancer edge/nginx (203.0.113.7) -> service edge/nginx -> pod port 80/TCP -> process nginx",
        of="edge/nginx",
    ),
    Case(
        "the load balancer of AWS opens its own connections: a policy for clients lets nobody in",
        shop(service(), ingress("alb", annotations={f"{ALB}/scheme": "internet-facing"}), policy()),
        "small",
        "",
    ),
]

# gateway-api.sigs.k8s.io/reference/spec; docs.openshift.com/container-platform/latest/networking/routes
GATE = f"load balancer edge/gate (203.0.113.7) -> gateway edge/gate -> HTTPRoute shop/web -> {TO_WEB}"
GRANT = m.thing(
    "ReferenceGrant",
    "shop/g",
    {
        "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "other"}],
        "to": [{"group": "", "kind": "Service"}],
    },
)
FAR = m.route(name="other/web", namespace="shop")
OWN = {"gateway.networking.k8s.io/gateway-name": "gate"}
ROUTE = m.thing("Route", "shop/web", {"host": "shop.example.com", "to": {"kind": "Service", "name": "web"}})
ROUTER = pod(
    "edge/router",
    {"ingresscontroller.operator.openshift.io/deployment-ingresscontroller": "default"},
    ports=[port(80)],
    ip="10.244.0.11",
)
GATEWAYS = [
    Case(
        "gateway with a public address",
        shop(service(), m.gateway("acme", "203.0.113.7"), m.route()),
        "open",
        f"internet -> {GATE}",
    ),
    Case(
        "gateway with a private address",
        shop(service(), m.gateway("acme", "10.9.9.9"), m.route()),
        "controlled",
        f"private network -> {GATE.replace('203.0.113.7', '10.9.9.9')}",
    ),
    Case(
        "internal gateway class of Google",
        shop(service(), m.gateway("gke-l7-rilb"), m.route()),
        "controlled",
        f"private network -> {GATE.replace(' (203.0.113.7)', '')}",
    ),
    Case(
        "external gateway class of Google",
        shop(service(), m.gateway("gke-l7-global-external-managed"), m.route()),
        "open",
        f"internet -> {GATE.replace(' (203.0.113.7)', '')}",
    ),
    Case(
        "gateway of which nothing is known",
        shop(service(), m.gateway(), m.route()),
        "open",
        f"internet -> {GATE.replace(' (203.0.113.7)', '')}",
        default=True,
    ),
    Case(
        "listener for routes of its own namespace",
        shop(service(), m.gateway("acme", "203.0.113.7", allowedRoutes={}), m.route()),
        "controlled",
        INSIDE,
    ),
    Case(
        "listener for namespaces by label",
        shop(
            service(),
            m.gateway(
                "acme",
                "203.0.113.7",
                allowedRoutes={
                    "namespaces": {
                        "from": "Selector",
                        "selector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}},
                    }
                },
            ),
            m.route(),
        ),
        "open",
        f"internet -> {GATE}",
    ),
    Case(
        "listener for other namespaces by label",
        shop(
            service(),
            m.gateway(
                "acme",
                "203.0.113.7",
                allowedRoutes={"namespaces": {"from": "Selector", "selector": {"matchLabels": {"team": "a"}}}},
            ),
            m.route(),
        ),
        "controlled",
        INSIDE,
    ),
    Case(
        "another section",
        shop(service(), m.gateway("acme", "203.0.113.7"), m.route(parent={"sectionName": "https"})),
        "controlled",
        INSIDE,
    ),
    Case(
        "another port",
        shop(service(), m.gateway("acme", "203.0.113.7"), m.route(parent={"port": 443})),
        "controlled",
        INSIDE,
    ),
    Case(
        "another kind of route",
        shop(service(), m.gateway("acme", "203.0.113.7"), m.route("TCPRoute")),
        "controlled",
        INSIDE,
    ),
    Case(
        "a route for TCP",
        shop(service(), m.gateway("acme", "203.0.113.7", protocol="TCP"), m.route("TCPRoute")),
        "open",
        f"internet -> {GATE.replace('HTTPRoute', 'TCPRoute')}",
    ),
    Case(
        "a mesh, no gateway",
        shop(
            service(),
            m.gateway("acme", "203.0.113.7"),
            m.route(parent={"group": "", "kind": "Service", "name": "web", "namespace": "shop"}),
        ),
        "controlled",
        INSIDE,
    ),
    Case("weight 0", shop(service(), m.gateway("acme", "203.0.113.7"), m.route(weight=0)), "controlled", INSIDE),
    Case(
        "another namespace without a grant",
        shop(service(), m.gateway("acme", "203.0.113.7"), FAR),
        "controlled",
        INSIDE,
    ),
    Case(
        "another namespace with a grant",
        shop(service(), m.gateway("acme", "203.0.113.7"), FAR, GRANT),
        "open",
        f"internet -> {GATE.replace('HTTPRoute shop', 'HTTPRoute other')}",
    ),
    Case("a gateway that is not there", shop(service(), m.route()), "controlled", INSIDE),
    Case(
        "a gateway's own proxy in the cluster, behind an internal load balancer",
        shop(
            service(),
            m.gateway("eg"),
            m.route(),
            pod("edge/envoy", OWN, ports=[port(80)], ip="10.244.0.12"),
            service("LoadBalancer", "edge/envoy", selector=OWN, labels=OWN, address="10.9.9.9"),
        ),
        "controlled",
        "private network -> load balancer edge/envoy (10.9.9.9) -> service edge/envoy -> gateway proxy edge/envoy -> "
        f"gateway edge/gate -> HTTPRoute shop/web -> {TO_WEB}",
    ),
    Case(
        "a route of OpenShift whose router nobody sees",
        shop(service(), ROUTE),
        "open",
        f"internet -> router OpenShift router -> route shop/web (shop.example.com) -> {TO_WEB}",
        default=True,
    ),
    Case(
        "a route of OpenShift behind an internal load balancer",
        shop(
            service(),
            ROUTE,
            ROUTER,
            service(
                "LoadBalancer",
                "edge/router",
                address="10.9.9.9",
                selector={"ingresscontroller.operator.openshift.io/deployment-ingresscontroller": "default"},
            ),
        ),
        "controlled",
        "private network -> load balancer edge/router (10.9.9.9) -> service edge/router -> router edge/router -> "
        f"route shop/web (shop.example.com) -> {TO_WEB}",
    ),
]


def hidden(kinds: str) -> str:
    return f"unknown -> objects that were not read: {kinds} (ways in may be missing)"


# What could not be read is no good news (SSVC, "System Exposure": open where nobody knows).
UNREAD = [
    Case("services that were not read", shop(), "open", hidden("Service"), True, ("Service",)),
    Case("services that were not read, and all denied", shop(policy()), "open", hidden("Service"), True, ("Service",)),
    Case("ingresses that were not read", shop(service()), "open", hidden("Ingress"), True, ("Ingress",)),
    Case("ingresses that were not read lead to Services only", shop(), "controlled", INSIDE, False, ("Ingress",)),
    Case(
        "ingresses that were not read make no measured way a guess",
        shop(given()),
        "open",
        f"internet -> {BEFORE} -> {TO_WEB}",
        False,
        ("Ingress",),
    ),
    Case(
        "policies that were not read",
        shop(given(), policy()),
        "open",
        f"internet -> {BEFORE} -> {TO_WEB}",
        True,
        ("NetworkPolicy",),
    ),
    Case("policies that were not read, inside", shop(policy()), "controlled", INSIDE, True, ("NetworkPolicy",)),
    Case(
        "admin policies that were not read",
        shop(given()),
        "open",
        f"internet -> {BEFORE} -> {TO_WEB}",
        True,
        ("AdminNetworkPolicy",),
    ),
    Case(
        "nodes that were not read",
        shop(service("NodePort", ports=on_node_port())),
        "open",
        f"unknown -> node port shop/web (30080) -> {TO_WEB}",
        True,
        ("Node",),
    ),
    Case(
        "endpoints that were not read, of a Service made by hand",
        shop(given(selector={})),
        "open",
        hidden("EndpointSlice"),
        True,
        ("EndpointSlice",),
    ),
    Case(
        "gateways that were not read",
        shop(service(), m.route()),
        "open",
        f"internet -> gateway edge/gate -> HTTPRoute shop/web -> {TO_WEB}",
        True,
        ("Gateway",),
    ),
    Case(
        "gateways that were not read, of which no route was read either",
        shop(service()),
        "open",
        hidden("Gateway, HTTPRoute"),
        True,
        ("Gateway", "HTTPRoute"),
    ),
    Case(
        "routes that were not read",
        shop(service(), m.gateway("acme", "203.0.113.7")),
        "open",
        hidden("HTTPRoute"),
        True,
        ("HTTPRoute",),
    ),
]

# kubernetes.io/docs/reference/networking/ports-and-protocols; kubernetes.io/docs/concepts/security
API = m.thing(
    "EndpointSlice",
    "default/kubernetes",
    labels={"kubernetes.io/service-name": "kubernetes"},
    addressType="IPv4",
    endpoints=[{"addresses": [m.PUBLIC]}],
    ports=[{"name": "https", "port": 6443}],
)
NODES = [
    Case(
        "a private node",
        shop(),
        "controlled",
        "private network -> node n1 (10.0.0.1) -> process sshd, kubelet",
        of="n1",
    ),
    Case(
        "a public node",
        shop(nodes=PUBLIC_NODE),
        "open",
        "internet -> node n1 (198.51.100.10) -> process sshd, kubelet",
        True,
        of="n1",
    ),
    Case(
        "a node without addresses",
        shop(nodes=[node("n1")]),
        "open",
        "unknown -> node n1 -> process sshd, kubelet",
        True,
        of="n1",
    ),
    Case("a private node with an open pod", shop(given()), "open", f"internet -> {BEFORE} -> {TO_WEB}", of="n1"),
    Case(
        "a private node with an open pod elsewhere",
        shop(given(), nodes=[node("n1", m.PRIVATE), node("n2", "10.0.0.2")]),
        "controlled",
        "private network -> node n2 (10.0.0.2) -> process sshd, kubelet",
        of="n2",
    ),
    Case(
        "pods of a node that were not read",
        shop(),
        "open",
        "unknown -> objects that were not read: Pod (pods of this node may be missing)",
        True,
        ("Pod",),
        of="n1",
    ),
    Case(
        "a node of the API server",
        shop(API, nodes=PUBLIC_NODE),
        "open",
        "internet -> node n1 (198.51.100.10) -> process kube-apiserver",
        True,
        of="n1",
    ),
]

TABLE = [*SERVICES, *SIGNS, *POLICIES, *HOSTS, *INGRESSES, *GATEWAYS, *UNREAD, *NODES]


@pytest.mark.parametrize("case", TABLE, ids=lambda case: case.name)
def test_exposure(case: Case) -> None:
    one = m.exposures(m.measured(case.objects, case.unread))[case.of]
    assert (one.level, str(one.paths[0]) if one.paths else "", one.default) == (case.level, case.path, case.default)
    assert one.public == (case.level == "open")
    assert one.why.startswith(case.path)
    facts = one.facts()
    assert (facts["public_exposure"].value, facts["system_exposure"].value) == (
        "yes" if one.public else "no",
        one.level,
    )
    assert {fact.default for fact in facts.values()} == {case.default}
    assert {fact.time for fact in facts.values()} == {one.time}


def test_the_table_is_as_large_as_it_must_be() -> None:
    assert len(TABLE) >= 60
    assert len({case.name for case in TABLE}) == len(TABLE)


def _partly(objects: list[Json], what: str) -> tuple[str, str]:
    """The level and the first way of the shop, where some objects of a kind could not be read."""
    gap = Gap("unread-objects", what, "of the wrong shape", "mend it")
    found = measure(msgspec.structs.replace(m.snapshot(objects), gaps=(gap,)))
    one = m.exposures(found)["shop/web"]
    return one.level, str(one.paths[0])


def test_some_nodes_that_were_not_read_may_have_other_addresses() -> None:
    objects = shop(service("NodePort", ports=on_node_port()))
    assert _partly(objects, "2 other Node objects") == ("open", f"unknown -> node port shop/web (30080) -> {TO_WEB}")


def test_a_service_that_was_not_read_may_lead_into_its_own_namespace_only() -> None:
    assert _partly(shop(), "Service shop/second") == ("open", hidden("Service"))
    assert _partly(shop(), "Service other/second") == ("controlled", INSIDE)


def test_what_is_not_about_ways_in_makes_no_difference() -> None:
    assert _partly(shop(), "Role objects") == ("controlled", INSIDE)


@pytest.mark.parametrize("beside", [[], [policy(name="shop/none")]], ids=["allow", "allow and deny all"])
def test_trap_01_a_deny_all_beside_an_allow_changes_nothing(beside: list[Json]) -> None:
    one = m.exposures(m.measured(shop(given(), policy(m.block("0.0.0.0/0")), *beside)))["shop/web"]
    assert (one.level, str(one.paths[0])) == ("open", f"internet -> {BEFORE} -> {TO_WEB}")


def test_trap_03_policies_do_not_isolate_the_host_network_nor_show_whether_a_plugin_keeps_them() -> None:
    cut_off = m.exposures(m.measured(shop(policy())))["shop/web"]
    assert cut_off.assumptions == ("the network plugin keeps the policies that select its pods",)
    on_node = m.exposures(m.measured(shop(policy(), web=pod(hostNetwork=True, labels=m.WEB))))["shop/web"]
    assert on_node.level == "controlled"


def test_trap_08_a_container_shares_the_kernel_of_its_node() -> None:
    found = m.exposures(m.measured(shop(given(), nodes=[node("n1", m.PRIVATE), node("n2", "10.0.0.2")])))
    assert (found["n1"].level, found["n2"].level) == ("open", "controlled")


def test_a_guess_is_marked_as_one_and_says_what_it_hangs_on() -> None:
    one = m.exposures(m.measured(shop(service("NodePort", ports=on_node_port()), nodes=PUBLIC_NODE)))["shop/web"]
    assert one.assumptions == ("firewalls before the nodes are not visible from the cluster",)
    assert {fact.source for fact in one.facts().values()} == {f"default: {one.why}"}
