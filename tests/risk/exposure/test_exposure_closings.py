"""What is promised of a closing: only what it would do, and nothing where something was not read."""

from __future__ import annotations

from collections.abc import Iterable

from tests.risk.exposure.makings import (
    PRIVATE,
    PUBLIC,
    Json,
    block,
    edge,
    gateway,
    ingress,
    measured,
    nginx,
    node,
    on_node_port,
    pod,
    policy,
    port,
    route,
    service,
    shop,
)

from oakum.risk.exposure.counterfactual import closings

OWN = {"gateway.networking.k8s.io/gateway-name": "gate"}
PUBLIC_NODE = [node("n1", PRIVATE, external=PUBLIC)]


def told(objects: Iterable[Json], unread: Iterable[str] = ()) -> dict[str, dict[str, str]]:
    """By closing: the level that is left, by workload and by node."""
    return {
        one.what: {
            **{f"{key.namespace}/{key.name}": str(left.level) for key, left in one.workloads.items()},
            **{name: str(left.level) for name, left in one.nodes.items()},
        }
        for one in closings(measured(objects, unread))
    }


def lb(name: str = "shop/web", address: str = "203.0.113.7") -> Json:
    return service("LoadBalancer", name, address=address)


def test_the_one_load_balancer() -> None:
    assert told(shop(lb())) == {"Service shop/web": {"shop/web": "controlled", "n1": "controlled"}}


def test_closing_one_of_two_open_ways_changes_nothing() -> None:
    assert told(shop(lb(), lb("shop/second", "203.0.113.8"))) == {}


def test_an_open_and_a_private_way() -> None:
    found = told(shop(lb(), lb("shop/second", "10.9.9.9")))
    assert found == {"Service shop/web": {"shop/web": "controlled", "n1": "controlled"}}


def test_a_service_closes_its_load_balancer_and_its_node_ports() -> None:
    both = service("LoadBalancer", address="203.0.113.7", ports=on_node_port())
    assert told(shop(both, nodes=PUBLIC_NODE)) == {"Service shop/web": {"shop/web": "controlled"}}


def test_behind_an_ingress_either_object_closes_the_shop() -> None:
    found = told(shop(service(), nginx(edge(address="203.0.113.7")), ingress()))
    assert found == {
        "Ingress shop/web": {"shop/web": "controlled"},
        "Service edge/nginx": {"edge/nginx": "controlled", "shop/web": "controlled", "n1": "controlled"},
    }


def test_the_address_of_an_ingress_goes_with_the_service_that_has_it() -> None:
    found = told(shop(service(), nginx(edge(address="203.0.113.7")), ingress(address="203.0.113.7")))
    assert found["Service edge/nginx"] == {"edge/nginx": "controlled", "shop/web": "controlled", "n1": "controlled"}


def test_an_address_of_an_ingress_that_no_service_has_stays() -> None:
    found = told(shop(service(), nginx(edge(address="203.0.113.7")), ingress(address="203.0.113.99")))
    assert found == {
        "Ingress shop/web": {"shop/web": "controlled"},
        "Service edge/nginx": {"edge/nginx": "controlled"},
    }


def test_a_service_and_an_ingress_to_it() -> None:
    found = told(shop(lb(), nginx(edge(address="203.0.113.8")), ingress()))
    assert found["Service shop/web"] == {"shop/web": "controlled"}
    assert "Ingress shop/web" not in found


def test_a_gateway_closes_the_services_made_for_it() -> None:
    made = service("LoadBalancer", "edge/envoy", selector=OWN, labels=OWN, address="203.0.113.7")
    envoy = pod("edge/envoy", OWN, ports=[port(80)], ip="10.244.0.12")
    assert told(shop(service(), gateway("eg"), route(), envoy, made)) == {
        "Gateway edge/gate": {"edge/envoy": "controlled", "shop/web": "controlled", "n1": "controlled"},
        "HTTPRoute shop/web": {"shop/web": "controlled"},
    }


def test_host_ports_and_the_host_network_of_a_public_node() -> None:
    assert told(shop(web=pod(ports=[port(hostPort=8081)]), nodes=PUBLIC_NODE)) == {
        "hostPort 8081 of StatefulSet shop/web": {"shop/web": "controlled"}
    }
    assert told(shop(web=pod(hostNetwork=True), nodes=PUBLIC_NODE)) == {
        "hostNetwork of StatefulSet shop/web": {"shop/web": "controlled"}
    }
    assert told(shop(web=pod(hostNetwork=True, ports=[port(hostPort=8080)]), nodes=PUBLIC_NODE)) == {
        "hostNetwork and host ports of StatefulSet shop/web": {"shop/web": "controlled"}
    }


def test_a_host_network_with_ports_bound_to_loopback_is_not_cut_off() -> None:
    found = measured(shop(web=pod(hostNetwork=True, ports=[port(hostIP="127.0.0.1")]), nodes=PUBLIC_NODE))
    assert [(one.level, str(one.paths[0])) for one in found.workloads.values()] == [
        ("controlled", "cluster -> pod port any -> process web")
    ]


def test_what_only_a_load_balancer_reaches_becomes_small() -> None:
    found = told(shop(lb(), policy(block("198.51.100.0/24"))))
    assert found == {"Service shop/web": {"shop/web": "small"}}


def test_what_was_not_read_gives_no_promise() -> None:
    objects = shop(lb())
    assert told(objects, ["Ingress"]) == {}
    assert told(objects, ["Service"]) == {}
    assert told(shop(lb(), policy()), ["NetworkPolicy"]) == {
        "Service shop/web": {"shop/web": "controlled", "n1": "controlled"}
    }


def test_a_controlled_workload_of_which_nothing_can_be_closed() -> None:
    assert told(shop()) == {}


def test_the_exposure_that_is_left_says_why() -> None:
    (one,) = closings(measured(shop(lb())))
    (left,) = one.workloads.values()
    assert left.why == "cluster -> pod port 8080/TCP -> process web"
    assert left.source == "dump made up"
