"""What a change of policies may do: quarantine only ever takes away, and ``without`` is the cluster without the policy.

From the traps of response: a union of policies (1), what cannot be selected (3), containment that widens access (4).
Each is compared with a cluster that is really changed, and judged by the slow reference.
"""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.risk.flows import reference
from tests.risk.flows.clusters import cluster, outside, points
from tests.risk.flows.test_flows_reference import found
from tests.risk.flows.worlds import Json, snapshot

from oakum.fleet.cluster.objects import Pod
from oakum.risk.flows import Network, Peer, Ports

EXAMPLES = max(15, settings().max_examples // 20)

End = Peer | str


def names(kind: str, objects: list[Json]) -> list[str]:
    """The names by which ``Network`` takes pods or policies."""
    metas = [one["metadata"] for one in objects if one["kind"] == kind]
    if kind in ("Pod", "NetworkPolicy"):
        return [f"{one['namespace']}/{one['name']}" for one in metas]
    return [f"{kind}/{one['name']}" for one in metas]


def ends(objects: list[Json]) -> list[str]:
    own = {one["ip"] for each in objects if each["kind"] == "Pod" for one in each["status"]["podIPs"]}
    return [*names("Pod", objects), *(one for one in outside(objects) if one not in own)]


def at(network: Network, name: str) -> End:
    if "/" not in name:
        return name
    space, pod = name.split("/")
    one = network.peer(space, pod)
    assert one is not None
    return one


def every_pair(objects: list[Json]) -> list[tuple[str, str]]:
    places = ends(objects)
    return [(one, other) for one in places for other in places if "/" in one or "/" in other]


def flows(network: Network, pairs: list[tuple[str, str]]) -> dict[tuple[str, str], Ports]:
    return {(one, other): network.ports(at(network, one), at(network, other)) for one, other in pairs}


def within(less: Ports, more: Ports, objects: list[Json]) -> bool:
    return all(more.contains(*point) for point in points(objects) if less.contains(*point))


def isolable(objects: list[Json]) -> list[str]:
    pods = (one for one in objects if one["kind"] == "Pod" and not one["spec"]["hostNetwork"])
    return [f"{one['metadata']['namespace']}/{one['metadata']['name']}" for one in pods]


def without_selectors(objects: list[Json], name: str) -> list[Json]:
    """The same cluster with the quarantine done by hand: a label that the deny-all selects and others exclude."""
    space, own = name.split("/")
    mark = "quarantine"
    changed = []
    for one in objects:
        meta, spec = one["metadata"], one.get("spec", {})
        if one["kind"] == "Pod" and (meta["namespace"], meta["name"]) == (space, own):
            one = {**one, "metadata": {**meta, "labels": {**meta["labels"], mark: "yes"}}}
        if one["kind"] == "NetworkPolicy":
            selector = spec.get("podSelector", {})
            leave_out = {"key": mark, "operator": "NotIn", "values": ["yes"]}
            expressions = [*selector.get("matchExpressions", []), leave_out]
            one = {**one, "spec": {**spec, "podSelector": {**selector, "matchExpressions": expressions}}}
        changed.append(one)
    deny = {"podSelector": {"matchLabels": {mark: "yes"}}, "policyTypes": ["Ingress", "Egress"]}
    meta = {"namespace": space, "name": "deny-all", "uid": "deny-all"}
    return [*changed, {"kind": "NetworkPolicy", "metadata": meta, "spec": deny}]


@settings(max_examples=EXAMPLES)
@given(st.randoms(use_true_random=False))
def test_trap_04_flows_in_quarantine_are_among_those_before(random: Random) -> None:
    """But for the own node that a baseline policy had forbidden: then the network says so."""
    objects = cluster(random)
    for name in isolable(objects)[:2]:
        pairs = every_pair(objects)
        before = flows(Network(snapshot(*objects)), pairs)
        contained = Network(snapshot(*objects), quarantine=[name])
        after = flows(contained, pairs)
        for pair in pairs:
            if not within(after[pair], before[pair], objects):
                assert pair[0] == name and is_node_of(objects, name, pair[1]), (name, pair, after[pair], before[pair])
                assert any("in quarantine" in each.why for each in contained.problems)


@settings(max_examples=EXAMPLES)
@given(st.randoms(use_true_random=False))
def test_quarantine_changes_nothing_between_others(random: Random) -> None:
    objects = cluster(random)
    for name in isolable(objects)[:2]:
        pairs = [pair for pair in every_pair(objects) if name not in pair]
        before = flows(Network(snapshot(*objects)), pairs)
        assert flows(Network(snapshot(*objects), quarantine=[name]), pairs) == before


@settings(max_examples=EXAMPLES)
@given(st.randoms(use_true_random=False))
def test_quarantine_of_several_is_that_of_each(random: Random) -> None:
    """But for the own nodes, as above."""
    objects = cluster(random)
    chosen = isolable(objects)[:2]
    pairs = every_pair(objects)
    each = [flows(Network(snapshot(*objects), quarantine=[one]), pairs) for one in chosen]
    both = flows(Network(snapshot(*objects), quarantine=chosen), pairs)
    for pair in pairs:
        for one in each:
            own = pair[0] in chosen and is_node_of(objects, *pair)
            assert own or within(both[pair], one[pair], objects), (chosen, pair)


@settings(max_examples=EXAMPLES)
@given(st.randoms(use_true_random=False))
def test_without_admin_policies_a_quarantined_pod_has_only_itself_and_its_node(random: Random) -> None:
    """Trap 1: whatever other NetworkPolicies allow. What is left is what no NetworkPolicy can forbid."""
    objects = [one for one in cluster(random) if not one["kind"].endswith("NetworkPolicy") or is_namespaced(one)]
    for name in isolable(objects):
        truth = snapshot(*objects)
        network = Network(truth, quarantine=[name])
        own = at(network, name)
        for other in ends(objects):
            if other == name:
                assert network.ports(own, own).all
                continue
            for source, target in ((name, other), (other, name)):
                left = network.ports(at(network, source), at(network, target))
                assert not left or is_node_of(objects, name, other), (source, target, left)
        connections = [one for one in network.connections() if f"{name}[Pod]" in (one.from_, one.to)]
        assert not connections


@settings(max_examples=EXAMPLES)
@given(st.randoms(use_true_random=False))
def test_quarantine_is_what_the_label_and_the_deny_all_would_do(random: Random) -> None:
    """As the action carries it out: label the pod, exclude the label from the other policies, deny it everything. The
    label is no peer's, so all else stays; random selectors never name its key."""
    objects = cluster(random)
    for name in isolable(objects)[:1]:
        changed = snapshot(*without_selectors(objects, name))
        network = Network(snapshot(*objects), quarantine=[name])
        pods = {f"{one.metadata.namespace}/{one.metadata.name}": one for one in changed.of(Pod, "Pod")}
        for other in ends(objects):
            for source, target in ((name, other), (other, name)):
                if not all("/" in one or speaks(pods[name], one) for one in (source, target)):
                    continue
                ports = network.ports(at(network, source), at(network, target))
                for protocol, port in points(objects)[::3]:
                    expected = reference.allowed(
                        changed, pods.get(source, source), pods.get(target, target), protocol, port
                    )
                    assert ports.contains(protocol, port) == expected, (name, source, target, protocol, port)


@settings(max_examples=EXAMPLES)
@given(st.randoms(use_true_random=False))
def test_without_a_policy_is_the_cluster_without_it(random: Random) -> None:
    objects = cluster(random)
    policies = [one for one in objects if one["kind"].endswith("NetworkPolicy")]
    for one in policies[:4]:
        (name,) = names(one["kind"], [one])
        rest = [other for other in objects if other is not one]
        asked, real = Network(snapshot(*objects), without=[name]), Network(snapshot(*rest))
        assert asked.connections() == real.connections()
        for pod in snapshot(*objects).of(Pod, "Pod"):
            assert asked.from_outside(found(asked, pod)) == real.from_outside(found(real, pod))
            left, right = asked.from_pods(found(asked, pod)), real.from_pods(found(real, pod))
            assert [(one.key, ports) for one, ports in left] == [(one.key, ports) for one, ports in right]


@settings(max_examples=EXAMPLES)
@given(st.randoms(use_true_random=False))
def test_without_all_policies_everything_is_open(random: Random) -> None:
    objects = cluster(random)
    kinds = {one["kind"] for one in objects if one["kind"].endswith("NetworkPolicy")}
    network = Network(snapshot(*objects), without=[name for kind in kinds for name in names(kind, objects)])
    pods = names("Pod", objects)
    assert all(network.ports(at(network, one), at(network, other)).all for one in pods for other in pods)


def test_trap_04_a_quarantine_that_puts_a_baseline_policy_out_of_force_says_so() -> None:
    """A NetworkPolicy is asked before the baseline, and never about the pod's own node."""
    pod: Json = {"kind": "Pod", "status": {"phase": "Running"}}
    objects: list[Json] = [
        {"kind": "Namespace", "metadata": {"name": "a"}},
        {
            "kind": "Node",
            "metadata": {"name": "n1"},
            "status": {"addresses": [{"type": "InternalIP", "address": "10.9.0.1"}]},
        },
        {
            **pod,
            "metadata": {"namespace": "a", "name": "web", "uid": "1"},
            "spec": {"nodeName": "n1", "hostNetwork": False},
            "status": {"phase": "Running", "podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}]},
        },
        {
            **pod,
            "metadata": {"namespace": "a", "name": "agent", "uid": "2"},
            "spec": {"nodeName": "n1", "hostNetwork": True},
            "status": {"phase": "Running", "podIP": "10.9.0.1", "podIPs": [{"ip": "10.9.0.1"}]},
        },
        {
            "kind": "BaselineAdminNetworkPolicy",
            "metadata": {"name": "default"},
            "spec": {
                "subject": {"namespaces": {}},
                "egress": [{"action": "Deny", "to": [{"nodes": {}}, {"namespaces": {}}]}],
            },
        },
    ]
    for other in ("a/agent", "10.9.0.1"):
        before, after = Network(snapshot(*objects)), Network(snapshot(*objects), quarantine=["a/web"])
        assert not before.ports(at(before, "a/web"), at(before, other))
        assert after.ports(at(after, "a/web"), at(after, other)).all
        assert not before.problems
        (told,) = after.problems
        assert told.what == "BaselineAdminNetworkPolicy default"
        assert "in quarantine" in told.why


def is_namespaced(one: Json) -> bool:
    return bool(one["kind"] == "NetworkPolicy")


def is_node_of(objects: list[Json], name: str, other: str) -> bool:
    by_name = {f"{one['metadata']['namespace']}/{one['metadata']['name']}": one for one in objects if is_pod(one)}
    on = by_name[name]["spec"]["nodeName"]
    if other in by_name:
        spec = by_name[other]["spec"]
        return bool(on) and spec["hostNetwork"] and spec["nodeName"] == on
    nodes = (one for one in objects if one["kind"] == "Node" and one["metadata"]["name"] == on)
    return any(known["address"] == other for node in nodes for known in node["status"]["addresses"])


def is_pod(one: Json) -> bool:
    return bool(one["kind"] == "Pod")


def speaks(pod: Pod, address: str) -> bool:
    return any(not own or (":" in own) == (":" in address) for own in reference.addresses(pod))
