"""What would change without a policy or with a pod in quarantine, and that the list says what single answers say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.errors import UsageError
from oakum.fleet.cluster.dump import read_value
from oakum.fleet.cluster.snapshot import Snapshot
from oakum.risk.flows import Connection, Network, Ports, difference

Json = dict[str, Any]


def pod(place: str, labels: Json, *, owner: str = "", spec: Json | None = None, address: str = "") -> Json:
    namespace, name = place.split("/")
    meta: Json = {"namespace": namespace, "name": name, "labels": labels}
    if owner:
        meta["ownerReferences"] = [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": owner, "controller": True}]
    status = {"podIPs": [{"ip": each} for each in address.split(",")]} if address else {}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec or {}, "status": status}


def policy(place: str, spec: Json) -> Json:
    namespace, name = place.split("/")
    meta = {"namespace": namespace, "name": name}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": meta, "spec": spec}


def admin(name: str, spec: Json, kind: str = "AdminNetworkPolicy") -> Json:
    meta = {"name": name}
    return {"apiVersion": "policy.networking.k8s.io/v1alpha1", "kind": kind, "metadata": meta, "spec": spec}


def cluster(*objects: Json) -> Snapshot:
    return read_value(list(objects), name="made up")


ANY: Json = {"podSelector": {}}
DENY_ALL = policy("shop/deny-all", {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})
ALLOW_WEB = policy("shop/allow-web", {"podSelector": {"matchLabels": {"app": "web"}}, "ingress": [{"from": [ANY]}]})
WEB, DB = pod("shop/web-1", {"app": "web"}, owner="web"), pod("shop/db", {"app": "db"})
SECOND = pod("shop/web-2", {"app": "web"}, owner="web")


def lines(connections: tuple[Connection, ...]) -> set[str]:
    return {f"{each.from_} > {each.to}: {each.ports.text()}" for each in connections}


def test_trap_01_a_deny_all_beside_an_allow_changes_nothing_but_quarantine_cuts() -> None:
    open_egress = policy("shop/egress", {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]})
    beside = Network(cluster(WEB, DB, ALLOW_WEB, open_egress, DENY_ALL))
    assert "shop/db[Pod] > shop/web[ReplicaSet]: All" in lines(beside.connections())
    apart = Network(cluster(WEB, DB, ALLOW_WEB, open_egress), quarantine=["shop/web-1"])
    assert not [line for line in lines(apart.connections()) if "web-1" in line]


def test_quarantine_is_of_one_pod_and_leaves_its_siblings_as_they_were() -> None:
    snapshot = cluster(WEB, SECOND, DB, ALLOW_WEB)
    before = Network(snapshot, apart=["shop/web-1"]).connections()
    after = Network(snapshot, quarantine=["shop/web-1"]).connections()
    assert not difference(after, before)
    lost = difference(before, after)
    assert lost
    assert all("shop/web-1[Pod]" in (each.from_, each.to) for each in lost)
    assert "shop/db[Pod] > shop/web[ReplicaSet]: All" in lines(after)


def test_quarantine_of_a_workload_is_of_all_its_pods() -> None:
    for name in ("shop/web", "ReplicaSet/shop/web"):
        network = Network(cluster(WEB, SECOND, DB), quarantine=[name])
        assert not [line for line in lines(network.connections()) if "shop/web[" in line]


def test_trap_03_a_pod_on_its_node_s_network_cannot_be_isolated_by_policies() -> None:
    agent = pod("shop/agent", {}, spec={"hostNetwork": True})
    with pytest.raises(UsageError, match="cannot be isolated by network policies"):
        Network(cluster(agent), quarantine=["shop/agent"])


def test_what_a_higher_tier_allows_stays_open_in_quarantine() -> None:
    rule = {"action": "Allow", "from": [{"namespaces": {}}], "ports": [{"portNumber": {"port": 9100}}]}
    allow = admin("monitoring", {"priority": 1, "subject": {"namespaces": {}}, "ingress": [rule]})
    network = Network(cluster(WEB, DB, allow), quarantine=["shop/web-1"])
    source, target = network.peer("shop", "db"), network.peer("shop", "web-1")
    assert source is not None
    assert target is not None
    assert network.ports(source, target) == Ports.of("TCP", 9100, 9100)
    assert network.policies_of(target, "ingress") == ("AdminNetworkPolicy monitoring", "quarantine")


def test_without_leaves_policies_out_by_every_way_of_naming_them() -> None:
    deny = admin(
        "lock",
        {"priority": 3, "subject": {"namespaces": {}}, "ingress": [{"action": "Deny", "from": [{"namespaces": {}}]}]},
    )
    snapshot = cluster(WEB, DB, DENY_ALL, deny)
    wanted = "shop/db[Pod] > shop/web[ReplicaSet]: All"
    assert wanted not in lines(Network(snapshot, without=["shop/deny-all"]).connections())
    for names in (
        ["shop/deny-all", "AdminNetworkPolicy/lock"],
        ["NetworkPolicy/shop/deny-all", "AdminNetworkPolicy/lock"],
    ):
        assert wanted in lines(Network(snapshot, without=names).connections())


@pytest.mark.parametrize("words", [{"without": ["shop/deny-al"]}, {"quarantine": ["shop/wep-1"]}], ids=str)
def test_an_unknown_name_is_answered_with_the_nearest(words: dict[str, list[str]]) -> None:
    with pytest.raises(UsageError, match=r"nearest are.*shop/(deny-all|web-1)"):
        Network(cluster(WEB, DB, DENY_ALL), **words)


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({**ANY, "ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0"}}]}]}, "is no CIDR"),
        (
            {**ANY, "ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["11.0.0.0/9"]}}]}]},
            "smaller part",
        ),
        ({**ANY, "ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}, "podSelector": {}}]}]}, "both"),
        ({**ANY, "ingress": [{"ports": [{"port": 80, "endPort": 79}]}]}, "endPort 79"),
        ({**ANY, "ingress": [{"ports": [{"port": "http", "endPort": 90}]}]}, "without a port number"),
        ({**ANY, "ingress": [{"ports": [{"port": 70000}]}]}, "70000"),
        ({**ANY, "ingress": [{"ports": [{"port": 1, "protocol": "ICMP"}]}]}, "ICMP"),
        ({"podSelector": {"matchExpressions": [{"key": "a", "operator": "Is"}]}}, "operator 'Is'"),
        ({"podSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]}}, "no values"),
        ({**ANY, "policyTypes": ["ingress"]}, "policy type 'ingress'"),
    ],
)
def test_a_policy_that_the_api_server_refuses_is_left_out_and_told(spec: Json, why: str) -> None:
    network = Network(cluster(WEB, DB, policy("shop/bad", spec)))
    assert "shop/db[Pod] > shop/web[ReplicaSet]: All" in lines(network.connections())
    (problem,) = network.problems
    assert problem.what == "NetworkPolicy shop/bad"
    assert why in problem.why


def test_equal_priorities_that_meet_in_a_pod_are_told() -> None:
    spec = {"priority": 1, "subject": {"namespaces": {}}, "ingress": [{"action": "Deny", "from": [{"namespaces": {}}]}]}
    network = Network(cluster(WEB, admin("one", spec), admin("two", spec)))
    assert [problem.what for problem in network.problems] == ["AdminNetworkPolicy one"]
    assert "AdminNetworkPolicy two" in network.problems[0].why


def test_a_range_that_is_only_divided_is_no_difference() -> None:
    whole = (Connection("0.0.0.0-255.255.255.255", "a/b[Pod]", Ports.ALL),)
    tcp = Ports.of("TCP", 80, 80)
    parts = (
        Connection("0.0.0.0-9.255.255.255", "a/b[Pod]", Ports.ALL),
        Connection("10.0.0.0-10.255.255.255", "a/b[Pod]", tcp),
        Connection("11.0.0.0-255.255.255.255", "a/b[Pod]", Ports.ALL),
    )
    assert not difference(parts, whole)
    assert difference(whole, parts) == (Connection("10.0.0.0-10.255.255.255", "a/b[Pod]", Ports.ALL.difference(tcp)),)


LABELS = st.fixed_dictionaries({}, optional={"a": st.sampled_from("xy"), "b": st.sampled_from("xy")})
SELECTORS = st.one_of(
    st.just({}),
    st.builds(lambda labels: {"matchLabels": labels}, LABELS),
    st.builds(
        lambda key, how, values: {
            "matchExpressions": [{"key": key, "operator": how, **({"values": values} if how.endswith("In") else {})}]
        },
        st.sampled_from("ab"),
        st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist"]),
        st.lists(st.sampled_from("xy"), min_size=1, max_size=2),
    ),
)
RANGES = st.sampled_from(["10.0.0.0/8", "10.0.0.0/30", "10.0.0.2/32", "0.0.0.0/0", "fd00::/64", "fd00::2/128", "::/0"])
PEERS = st.one_of(
    st.builds(lambda pods: {"podSelector": pods}, SELECTORS),
    st.builds(lambda pods: {"namespaceSelector": {}, "podSelector": pods}, SELECTORS),
    st.builds(lambda cidr: {"ipBlock": {"cidr": cidr}}, RANGES),
)
PORTS = st.lists(
    st.sampled_from(
        [
            {"port": 80},
            {"port": "http"},
            {"protocol": "UDP"},
            {"port": 70, "endPort": 90},
            {"port": "dns", "protocol": "UDP"},
        ]
    ),
    max_size=2,
)
RULES = st.lists(st.tuples(st.lists(PEERS, max_size=2), PORTS), max_size=2)


@st.composite
def clusters(draw: st.DrawFn) -> Snapshot:
    objects = []
    for number in range(draw(st.integers(1, 6))):
        named = [{"name": "http", "containerPort": draw(st.sampled_from([80, 8080]))}]
        if draw(st.booleans()):
            named.append({"name": "dns", "containerPort": 53, "protocol": "UDP"})
        spec = {"containers": [{"ports": named}], "hostNetwork": draw(st.integers(0, 5)) == 0}
        address = draw(st.sampled_from(["", f"10.0.0.{number}", f"10.0.0.{number},fd00::{number}"]))
        owner = draw(st.sampled_from(["", "w1", "w2"]))
        place = f"{draw(st.sampled_from('mn'))}/p{number}"
        objects.append(pod(place, draw(LABELS), owner=owner, spec=spec, address=address))
    for number in range(draw(st.integers(0, 4))):
        spec = {
            "podSelector": draw(SELECTORS),
            "ingress": [{"from": peers, "ports": ports} for peers, ports in draw(RULES)],
            "egress": [{"to": peers, "ports": ports} for peers, ports in draw(RULES)],
        }
        objects.append(policy(f"{draw(st.sampled_from('mn'))}/q{number}", spec))
    for number in range(draw(st.integers(0, 2))):
        rules = [
            {"action": draw(st.sampled_from(["Allow", "Deny", "Pass"])), "to": [peer], "ports": [{"namedPort": "http"}]}
            for peer in draw(st.lists(st.sampled_from([{"namespaces": {}}, {"networks": ["10.0.0.0/30"]}]), max_size=2))
        ]
        objects.append(admin(f"z{number}", {"priority": number, "subject": {"namespaces": {}}, "egress": rules}))
    return cluster(*objects)


@settings(max_examples=150, deadline=None)
@given(clusters())
def test_the_list_says_what_the_single_answers_say_together(snapshot: Snapshot) -> None:
    """Every pair of pods, and an address of every stretch, asked one by one and united by workload."""
    network = Network(snapshot)
    expected: dict[tuple[str, str], Ports] = {}
    for source in network.peers:
        for target in network.peers:
            if source.text != target.text:
                pair = (source.text, target.text)
                expected[pair] = expected.get(pair, Ports.NONE).union(network.ports(source, target))
    listed = network.connections()
    inside = {(each.from_, each.to): each.ports for each in listed if "/" in each.from_ and "/" in each.to}
    assert inside == {pair: ports for pair, ports in expected.items() if ports}
    for address in ("9.9.9.9", "10.0.0.0", "10.0.0.2", "10.0.0.77", "255.255.255.255"):
        for name in {peer.text for peer in network.peers}:
            pods = [peer for peer in network.peers if peer.text == name]
            assert at(listed, address, name) == Ports.union_of(network.ports(address, peer) for peer in pods)
            assert at(listed, name, address) == Ports.union_of(network.ports(peer, address) for peer in pods)


@settings(max_examples=60, deadline=None)
@given(clusters(), st.data())
def test_trap_04_quarantine_never_widens_a_flow(snapshot: Snapshot, data: st.DataObject) -> None:
    peers = [peer for peer in Network(snapshot).peers if not peer.host_network and peer.pod is not None]
    if not peers:
        return
    chosen = data.draw(st.sampled_from(peers))
    name = f"{chosen.namespace}/{chosen.pod.metadata.name}" if chosen.pod else ""
    before = Network(snapshot, apart=[name]).connections()
    after = Network(snapshot, quarantine=[name]).connections()
    assert not difference(after, before)


def at(connections: tuple[Connection, ...], source: str, target: str) -> Ports:
    def meets(text: str, end: str) -> bool:
        if "/" in end or "/" in text:
            return text == end
        first, last = (
            (tuple(map(int, each.split("."))) for each in text.split("-")) if ":" not in text else ((9,), (0,))
        )
        return first <= tuple(map(int, end.split("."))) <= last

    return Ports.union_of(each.ports for each in connections if meets(each.from_, source) and meets(each.to, target))
