"""What holds of exposure in any cluster: only more can expose more, and a promise is kept."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.risk.exposure.closing import closed, name
from tests.risk.exposure.makings import (
    PRIVATE,
    PUBLIC,
    Json,
    block,
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
from oakum.risk.exposure.measure import Measured
from oakum.risk.exposure.model import LEVELS

OWN = {"gateway.networking.k8s.io/gateway-name": "gate"}
#: Addresses of load balancers: none two objects share one by chance, as in a real network.
EDGE, SHOP, GATE, OTHER = (("", f"203.0.113.{number}", f"10.9.9.{number}") for number in range(1, 5))
RANGES: tuple[list[str], ...] = ([], ["198.51.100.0/24"], ["10.0.0.0/8"], ["0.0.0.0/0"])
BLOCKS = ("0.0.0.0/0", "198.51.100.0/24", "10.0.0.0/24", "10.9.0.0/16", "192.0.2.0/24")
UNREADABLE = (
    "Service", "Ingress", "IngressClass", "NetworkPolicy", "Node", "Gateway", "HTTPRoute", "EndpointSlice", "Pod",
    "Namespace",
)  # fmt: skip
CASES = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def policies(draw: st.DrawFn, number: int = 0) -> Json:
    rules: list[Json] = []
    for _ in range(draw(st.integers(0, 2))):
        kind = draw(st.integers(0, 3))
        if kind == 0:
            rules.append(block(draw(st.sampled_from(BLOCKS)), *draw(st.sampled_from([(), (8080,), (9090,)]))))
        elif kind == 1:
            rules.append({"from": [{"podSelector": {}}]})
        elif kind == 2:
            labels = {"kubernetes.io/metadata.name": draw(st.sampled_from(["shop", "edge"]))}
            rules.append({"from": [{"namespaceSelector": {"matchLabels": labels}}]})
        else:
            rules.append({})
    pods = draw(st.sampled_from([{}, {"matchLabels": {"app": "web"}}, {"matchLabels": {"app": "api"}}]))
    return policy(*rules, name=f"{draw(st.sampled_from(['shop', 'edge']))}/p{number}", pods=pods)


@st.composite
def services(draw: st.DrawFn, /, label: str, addresses: tuple[str, ...] = SHOP, **more: Any) -> Json:
    kind = draw(st.sampled_from(["ClusterIP", "NodePort", "LoadBalancer", "LoadBalancer"]))
    if kind != "ClusterIP" and draw(st.booleans()):
        more["ports"] = on_node_port(name="web")
    if kind == "LoadBalancer":
        address = draw(st.sampled_from(addresses))
        more["address"] = [address] if address else []
        more["loadBalancerSourceRanges"] = draw(st.sampled_from(RANGES))
    if draw(st.integers(0, 5)) == 0:
        more["externalIPs"] = [draw(st.sampled_from(["203.0.113.9", "10.9.9.8"]))]
    if kind != "ClusterIP":
        more["externalTrafficPolicy"] = draw(st.sampled_from(["Local", "Cluster"]))
    return service(kind, label, **more)


@st.composite
def clusters(draw: st.DrawFn, guarded: bool = True) -> list[Json]:
    """Small clusters in which the ways meet: Services, ingresses, gateways, host ports, policies (if ``guarded``)."""
    external = [draw(st.sampled_from(["", "", PUBLIC])) for _ in range(2)]
    nodes = [node("n1", PRIVATE, external=external[0]), node("n2", "10.0.0.2", external=external[1])]
    pods = []
    for number, each in enumerate(("web", "api")):
        ports = [port(hostPort=8081)] if draw(st.integers(0, 5)) == 0 else [port()]
        pods.append(
            pod(
                f"shop/{each}",
                {"app": each},
                ports=ports,
                ip=f"10.244.0.{7 + number}",
                on=draw(st.sampled_from(["n1", "n2"])),
                hostNetwork=draw(st.integers(0, 9)) == 0,
            )
        )
    made = shop(*pods[1:], nodes=nodes, web=pods[0])
    backends = ["web", "api"]
    for each in backends:
        if draw(st.booleans()):
            made.append(draw(services(f"shop/{each}", selector={"app": draw(st.sampled_from(backends))})))
    controlled = draw(st.integers(0, 2)) > 0
    if controlled:
        selector = {"app.kubernetes.io/name": "ingress-nginx"}
        ports = [{"port": 80, "targetPort": "http", "name": "web"}]
        made += nginx(draw(services("edge/nginx", EDGE, selector=selector, ports=ports)))
    for number in range(draw(st.integers(0, 2))):
        class_ = draw(st.sampled_from(["nginx", "nginx", "nginx", "alb", "acme", ""]))
        addresses = (*EDGE, *OTHER) if controlled and class_ == "nginx" else OTHER
        made.append(
            ingress(
                class_,
                backend=draw(st.sampled_from(backends)),
                name=f"shop/i{number}",
                address=draw(st.sampled_from(addresses)),
            )
        )
    if draw(st.integers(0, 2)) == 0:
        made.append(gateway("eg", *filter(None, [draw(st.sampled_from(GATE))])))
        made.append(route(name="shop/r0"))
        if draw(st.booleans()):
            made.append(pod("edge/envoy", OWN, ports=[port(80)], ip="10.244.0.12", on="n2"))
            made.append(draw(services("edge/envoy", GATE, selector=OWN, labels=OWN)))
    if guarded:
        made += [draw(policies(number)) for number in range(draw(st.integers(0, 3)))]
    return made


def levels(found: Measured) -> dict[str, int]:
    """How far each workload and node is exposed, as a number."""
    every = {str(key): one for key, one in found.workloads.items()} | found.nodes
    return {key: LEVELS.index(one.level) for key, one in every.items()}


def raised(before: Measured, after: Measured) -> dict[str, tuple[int, int]]:
    """What is more exposed afterwards, of that which is there both times."""
    first, second = levels(before), levels(after)
    return {key: (first[key], second[key]) for key in first.keys() & second.keys() if second[key] > first[key]}


@CASES
@given(clusters(guarded=False), st.lists(policies(), max_size=3))
def test_policies_never_raise_exposure(objects: list[Json], given_policies: list[Json]) -> None:
    for number, each in enumerate(given_policies):
        each["metadata"]["name"] = f"p{number}"
    assert not raised(measured(objects), measured([*objects, *given_policies]))


@CASES
@given(clusters(), st.sampled_from(["shop", "edge"]))
def test_a_policy_that_allows_nothing_never_raises_exposure(objects: list[Json], space: str) -> None:
    assert not raised(measured(objects), measured([*objects, policy(name=f"{space}/nothing")]))


@CASES
@given(clusters())
def test_removing_what_leads_in_never_raises_exposure(objects: list[Json]) -> None:
    before = measured(objects)
    for each in objects:
        if each["kind"] in ("Service", "Ingress", "Gateway", "HTTPRoute") and name(each) != "edge/envoy":
            assert not raised(before, measured(closed(objects, f"{each['kind']} {name(each)}")))


@CASES
@given(clusters(), st.integers(0, 1000))
def test_the_order_of_objects_does_not_matter(objects: list[Json], seed: int) -> None:
    other = list(objects)
    random.Random(seed).shuffle(other)
    assert measured(other) == measured(objects)


@pytest.mark.parametrize("kind", UNREADABLE)
@settings(CASES, max_examples=25)
@given(clusters())
def test_what_was_not_read_never_lowers_exposure(kind: str, objects: list[Json]) -> None:
    assert not raised(measured(objects, [kind]), measured(objects))


@CASES
@given(clusters(), st.sets(st.sampled_from(UNREADABLE), max_size=1))
def test_a_promise_is_never_better_than_what_a_new_measurement_finds(objects: list[Json], unread: set[str]) -> None:
    objects = [each for each in objects if each["kind"] not in unread]
    found = measured(objects, unread)
    for closing in closings(found):
        after = levels(measured(closed(objects, closing.what), unread))
        promised = {str(key): one for key, one in closing.workloads.items()} | closing.nodes
        for key, left in promised.items():
            assert after[key] <= LEVELS.index(left.level) < levels(found)[key], (closing.what, key)


@CASES
@given(clusters())
def test_no_promise_is_missing(objects: list[Json]) -> None:
    found = measured(objects)
    before = levels(found)
    told = {one.what: one for one in closings(found)}
    for each in objects:
        what = f"{each['kind']} {name(each)}"
        if each["kind"] not in ("Service", "Ingress", "Gateway", "HTTPRoute") or name(each) == "edge/envoy":
            continue
        if each["spec"].get("type") == "ClusterIP" and not each["spec"].get("externalIPs"):
            continue  # it lets nobody in: what leads to it is closed
        after = levels(measured(closed(objects, what)))
        lower = {key: level for key, level in after.items() if level < before[key]}
        one = told.get(what)
        promised = {str(key): left for key, left in one.workloads.items()} | one.nodes if one is not None else {}
        assert {key: LEVELS.index(left.level) for key, left in promised.items()} == lower, what


GARBAGE: tuple[Any, ...] = (
    "", " ", "-", "/", "::", "10.0.0.0/99", "1.2.3.4-", "fe80::1%eth0", "300.1.1.1", "*.", "a.b.svc", "\x00", "0", "é",
    0, -1, 70000, 2**40, None, True, [], {}, [""], {"": ""},
)  # fmt: skip


def _spoiled(part: Any, draw: st.DrawFn) -> Any:
    """A part of an object in which some leaf is garbage."""
    if isinstance(part, dict) and part:
        key = draw(st.sampled_from(sorted(part)))
        return {**part, key: _spoiled(part[key], draw)}
    if isinstance(part, list) and part:
        return [_spoiled(part[0], draw), *part[1:]]
    return draw(st.sampled_from(GARBAGE))


@st.composite
def spoiled(draw: st.DrawFn) -> list[Json]:
    """A cluster of which several objects hold garbage."""
    objects = draw(clusters())
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, len(objects) - 1))
        part = draw(st.sampled_from(["spec", "spec", "metadata", "status"]))
        if objects[place].get(part):
            objects[place] = {**objects[place], part: _spoiled(objects[place][part], draw)}
    return objects


@CASES
@given(spoiled())
def test_nothing_that_was_read_makes_measuring_fail(objects: list[Json]) -> None:
    found = measured(objects)
    before = levels(found)
    for closing in closings(found):
        promised = {str(key): left for key, left in closing.workloads.items()} | closing.nodes
        assert promised, closing.what
        assert all(LEVELS.index(left.level) < before[key] for key, left in promised.items()), closing.what
