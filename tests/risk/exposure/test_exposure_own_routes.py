"""Controllers that may forward by kinds of their own: what they might lead to is not told as measured for good."""

from __future__ import annotations

from typing import Any

import pytest
from tests.risk.exposure import makings as m
from tests.risk.exposure.makings import Json, nginx, on_node_port, pod, policy, port, service, shop

#: image, labels, name, kinds
MAKERS = [
    ("traefik:v3.1", {}, "Traefik", "IngressRoute, IngressRouteTCP and IngressRouteUDP"),
    ("docker.io/istio/proxyv2:1.22.0", {"istio": "ingressgateway"}, "Istio", "VirtualService"),
    ("ghcr.io/envoyproxy/envoy:v1.31.0", {}, "Contour", "HTTPProxy"),
    ("kong:3.7", {}, "Kong", "TCPIngress and UDPIngress"),
    (
        "nginx/nginx-ingress:3.6.1",
        {},
        "NGINX Ingress Controller of F5",
        "VirtualServer, VirtualServerRoute and TransportServer",
    ),
]
EDGE = {"app": "edge"}


def proxy(image: str, labels: dict[str, str] | None = None) -> Json:
    return pod("edge/proxy", {**EDGE, **(labels or {})}, image=image, ports=[port(80)], ip="10.244.0.9")


def before(type_: str = "LoadBalancer", address: str = "", **more: Any) -> Json:
    return service(type_, "edge/proxy", selector=EDGE, address=address or (), **more)


PUBLIC_EDGE = before(address="203.0.113.7")
PRIVATE_EDGE = before("NodePort", ports=on_node_port(targetPort=80))


def unseen(objects: list[Json]) -> tuple[list[str], dict[str, bool]]:
    """The gaps, and for each workload whether its answer says that it rests on there being no such object."""
    found = m.measured(objects)
    told = {
        name: any("which are not read" in text for text in one.assumptions) for name, one in m.exposures(found).items()
    }
    return [gap.what for gap in found.gaps], told


@pytest.mark.parametrize(("image", "labels", "name", "kinds"), MAKERS, ids=[row[2] for row in MAKERS])
def test_what_stands_behind_a_service_may_be_reached_through_kinds_that_are_not_read(
    image: str, labels: dict[str, str], name: str, kinds: str
) -> None:
    objects = shop(service(), proxy(image, labels), PUBLIC_EDGE)
    gaps, told = unseen(objects)
    assert gaps == [f"{kinds} of {name}"]
    assert told == {"shop/web": True, "edge/proxy": False, "n1": False}
    web = m.exposures(m.measured(objects))["shop/web"]
    assert (web.level, web.assumptions) == (
        "controlled",
        (f"{name} forwards nothing to it by {kinds}, which are not read",),
    )


TRAEFIK = proxy("traefik:v3.1")
OPEN_WEB = service("LoadBalancer", address="203.0.113.9")
DENIED_WEB = policy(pods={"matchLabels": m.WEB})


@pytest.mark.parametrize(
    ("why", "objects", "gap", "assumed"),
    [
        ("only the cluster reaches the controller", shop(service(), TRAEFIK, before("ClusterIP")), False, False),
        ("a private network reaches it", shop(service(), TRAEFIK, PRIVATE_EDGE), True, True),
        ("no Service leads to the shop", shop(TRAEFIK, PUBLIC_EDGE), True, False),
        ("the shop is open anyway", shop(OPEN_WEB, TRAEFIK, PUBLIC_EDGE), True, False),
        ("policies let nobody in", shop(service(), TRAEFIK, PUBLIC_EDGE, DENIED_WEB), True, False),
        ("a controller without kinds of its own", shop(service(), nginx(m.edge(address="203.0.113.7"))), False, False),
        ("a sidecar of Istio is no gateway", shop(service(), web=pod(image="istio/proxyv2:1.22.0")), False, False),
    ],
)
def test_where_it_is_told(why: str, objects: list[Json], gap: bool, assumed: bool) -> None:
    gaps, told = unseen(objects)
    assert (bool(gaps), told["shop/web"]) == (gap, assumed), why


def test_the_gap_says_what_to_do() -> None:
    (gap,) = m.measured(shop(service(), TRAEFIK, PUBLIC_EDGE)).gaps
    assert gap.kind == "unread-objects"
    assert "oakum.dev/public-exposure" in gap.remedy
