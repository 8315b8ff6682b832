"""AdminNetworkPolicy, BaselineAdminNetworkPolicy and ClusterNetworkPolicy, by the text of the specification.

Sources: OVERVIEW = network-policy-api.sigs.k8s.io/api-overview; SPEC = network-policy-api.sigs.k8s.io/reference/spec
(policy.networking.k8s.io/v1alpha1 and v1alpha2). A document without ``kind`` is an AdminNetworkPolicy in the first
groups, a ClusterNetworkPolicy in the last.
"""

from __future__ import annotations

import pytest
from tests.risk.flows.worlds import WORLD, Case, check, namespace, node, pod, policies, snapshot

ALL = "[{namespaces: {}}]"
DENY_IN = f"{{priority: 10, subject: {{namespaces: {{}}}}, ingress: [{{action: Deny, from: {ALL}}}]}}"
SHOP = "namespaces: {matchLabels: {kubernetes.io/metadata.name: shop}}"
OPS = "namespaces: {matchLabels: {kubernetes.io/metadata.name: ops}}"

# OVERVIEW "AdminNetworkPolicy Actions"; SPEC AdminNetworkPolicyIngressRule.action
ACTIONS = [
    Case(
        "Deny drops what matches",
        f"{{priority: 10, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: [{{{OPS}}}]}}]}}",
        """
        ops/mon > shop/web: none
        ops/web > shop/bare: none
        """,
    ),
    Case(
        "there is no implicit isolation: what no rule matches stays as it was",
        f"{{priority: 10, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: [{{{OPS}}}]}}]}}",
        """
        lab/web > shop/web: all
        203.0.113.9 > shop/web: all
        shop/web > ops/mon: all
        ops/mon > lab/web: all
        """,
    ),
    Case(
        "an Allow rule alone isolates nothing either",
        f"{{priority: 10, subject: {{{SHOP}}}, ingress: [{{action: Allow, from: [{{{OPS}}}]}}]}}",
        """
        ops/mon > shop/web: all
        lab/web > shop/web: all
        203.0.113.9 > shop/web: all
        """,
    ),
    Case(
        "Allow goes before a NetworkPolicy that denies",
        f"{{priority: 10, subject: {{{SHOP}}}, ingress: [{{action: Allow, from: [{{{OPS}}}]}}]}}\n---\n"
        "{kind: NetworkPolicy, podSelector: {}}",
        """
        ops/mon > shop/web: all
        lab/web > shop/web: none
        """,
    ),
    Case(
        "Deny goes before a NetworkPolicy that allows",
        f"{{priority: 10, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: [{{{OPS}}}]}}]}}\n---\n"
        "{kind: NetworkPolicy, podSelector: {}, ingress: [{}]}",
        """
        ops/mon > shop/web: none
        lab/web > shop/web: all
        """,
    ),
    Case(
        "Pass leaves it to a NetworkPolicy that denies",
        f"{{priority: 10, subject: {{{SHOP}}}, ingress: [{{action: Pass, from: [{{{OPS}}}]}}]}}\n---\n"
        "{kind: NetworkPolicy, podSelector: {}}",
        "ops/mon > shop/web: none",
    ),
    Case(
        "Pass leaves it to a NetworkPolicy that allows a port",
        f"{{priority: 10, subject: {{{SHOP}}}, ingress: [{{action: Pass, from: {ALL}}}, "
        f"{{action: Deny, from: {ALL}}}]}}\n---\n"
        "{kind: NetworkPolicy, podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: 80}]}]}",
        """
        ops/mon > shop/web: TCP 80
        ops/mon > shop/db: all
        """,
    ),
    Case(
        "Pass skips the rules behind it in its own policy",
        f"{{priority: 10, subject: {{{SHOP}}}, ingress: [{{action: Pass, from: [{{{OPS}}}]}}, "
        f"{{action: Deny, from: {ALL}}}]}}",
        """
        ops/mon > shop/web: all
        lab/web > shop/web: none
        """,
    ),
    Case(
        "Pass skips all admin policies behind it",
        f"{{priority: 10, subject: {{{SHOP}}}, ingress: [{{action: Pass, from: [{{{OPS}}}]}}]}}\n---\n"
        f"{{priority: 20, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: {ALL}}}]}}",
        """
        ops/mon > shop/web: all
        lab/web > shop/web: none
        """,
    ),
    Case(
        "Pass is not Allow: an Allow behind it does not count",
        f"{{priority: 10, subject: {{{SHOP}}}, ingress: [{{action: Pass, from: [{{{OPS}}}]}}]}}\n---\n"
        f"{{priority: 20, subject: {{{SHOP}}}, ingress: [{{action: Allow, from: {ALL}}}]}}\n---\n"
        "{kind: NetworkPolicy, podSelector: {}}",
        """
        ops/mon > shop/web: none
        lab/web > shop/web: all
        """,
    ),
    Case(
        "without any policy behind it Pass ends in the default: allowed",
        f"{{priority: 10, subject: {{{SHOP}}}, ingress: [{{action: Pass, from: {ALL}}}]}}",
        "ops/mon > shop/web: all",
    ),
    Case(
        "egress: Deny at the source",
        f"{{priority: 10, subject: {{{SHOP}}}, egress: [{{action: Deny, to: [{{{OPS}}}]}}]}}",
        """
        shop/web > ops/mon: none
        ops/mon > shop/web: all
        shop/web > lab/web: all
        shop/web > 203.0.113.9: all
        """,
    ),
    Case(
        "egress: Allow goes before a NetworkPolicy's egress, not before the other end's ingress",
        f"{{priority: 10, subject: {{{SHOP}}}, egress: [{{action: Allow, to: {ALL}}}]}}\n---\n"
        "{kind: NetworkPolicy, podSelector: {}, policyTypes: [Egress]}\n---\n"
        "{kind: NetworkPolicy, namespace: ops, podSelector: {matchLabels: {app: mon}}}",
        """
        shop/web > ops/web: all
        shop/web > ops/mon: none
        shop/web > 203.0.113.9: none
        """,
    ),
    Case(
        "ingress: Allow at the target does not undo a Deny in egress at the source",
        f"{{priority: 10, subject: {{{SHOP}}}, ingress: [{{action: Allow, from: {ALL}}}]}}\n---\n"
        f"{{priority: 20, subject: {{{OPS}}}, egress: [{{action: Deny, to: {ALL}}}]}}",
        """
        ops/mon > shop/web: none
        lab/web > shop/web: all
        """,
    ),
    Case(
        "a policy with no ingress rules does not affect ingress",
        f"{{priority: 10, subject: {{{SHOP}}}, ingress: [], egress: [{{action: Deny, to: {ALL}}}]}}",
        """
        ops/mon > shop/web: all
        shop/web > ops/mon: none
        """,
    ),
]

# OVERVIEW "AdminNetworkPolicy Priorities", "AdminNetworkPolicy Rules"; SPEC AdminNetworkPolicySpec.priority, ingress
ORDER = [
    Case(
        "the lower number goes first: Allow before Deny",
        f"{{priority: 5, subject: {{{SHOP}}}, ingress: [{{action: Allow, from: [{{{OPS}}}]}}]}}\n---\n{DENY_IN}",
        "ops/mon > shop/web: all\nlab/web > shop/web: none",
    ),
    Case(
        "the lower number goes first: Deny before Allow",
        f"{{priority: 15, subject: {{{SHOP}}}, ingress: [{{action: Allow, from: [{{{OPS}}}]}}]}}\n---\n{DENY_IN}",
        "ops/mon > shop/web: none",
    ),
    Case(
        "numbers, not texts: 9 before 10, 100 after 20",
        f"{{priority: 100, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: {ALL}}}]}}\n---\n"
        f"{{priority: 20, subject: {{{SHOP}}}, ingress: [{{action: Allow, from: {ALL}, "
        "ports: [{portNumber: {protocol: TCP, port: 80}}]}]}\n---\n"
        f"{{priority: 9, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: [{{{OPS}}}]}}]}}",
        "ops/mon > shop/web: none\nlab/web > shop/web: TCP 80",
    ),
    Case(
        "priority 0 goes first",
        f"{{priority: 1, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: {ALL}}}]}}\n---\n"
        f"{{priority: 0, subject: {{{SHOP}}}, ingress: [{{action: Allow, from: [{{{OPS}}}]}}]}}",
        "ops/mon > shop/web: all\nlab/web > shop/web: none",
    ),
    Case(
        "the first rule of the list that matches decides",
        f"{{priority: 5, subject: {{{SHOP}}}, ingress: [{{action: Allow, from: [{{{OPS}}}], "
        f"ports: [{{portNumber: {{protocol: TCP, port: 80}}}}]}}, {{action: Deny, from: [{{{OPS}}}]}}, "
        f"{{action: Allow, from: {ALL}}}]}}",
        "ops/mon > shop/web: TCP 80\nlab/web > shop/web: all",
    ),
    Case(
        "a Deny in front of an Allow of the same",
        f"{{priority: 5, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: [{{{OPS}}}], "
        f"ports: [{{portNumber: {{protocol: TCP, port: 80}}}}]}}, {{action: Allow, from: [{{{OPS}}}], "
        "ports: [{portRange: {protocol: TCP, start: 79, end: 81}}]}, "
        f"{{action: Deny, from: {ALL}}}]}}",
        "ops/mon > shop/web: TCP 79, TCP 81",
    ),
    Case(
        "the name of a rule decides nothing",
        f"{{priority: 5, subject: {{{SHOP}}}, ingress: [{{name: zz, action: Deny, from: [{{{OPS}}}]}}, "
        f"{{name: aa, action: Allow, from: {ALL}}}]}}",
        "ops/mon > shop/web: none",
    ),
    Case(
        "directions are apart: an egress Allow of a high priority leaves an ingress Deny of a low one",
        f"{{priority: 1, subject: {{{OPS}}}, egress: [{{action: Allow, to: {ALL}}}]}}\n---\n"
        f"{{priority: 99, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: [{{{OPS}}}]}}]}}",
        "ops/mon > shop/web: none",
    ),
]

# SPEC AdminNetworkPolicySubject, NamespacedPod, AdminNetworkPolicyIngressPeer, AdminNetworkPolicyEgressPeer
SUBJECTS_AND_PEERS = [
    Case(
        "subject namespaces empty: every namespace",
        DENY_IN,
        "ops/mon > shop/web: none\nshop/web > ops/mon: none\nlab/six > lab/web: none\n203.0.113.9 > shop/web: all",
    ),
    Case(
        "subject namespaces by expression, also where the key is absent",
        "{priority: 10, subject: {namespaces: {matchExpressions: [{key: team, operator: NotIn, values: [b]}]}}, "
        f"ingress: [{{action: Deny, from: {ALL}}}]}}",
        "ops/mon > lab/web: none\nops/mon > shop/web: none\nshop/web > ops/mon: all",
    ),
    Case(
        "subject pods: both selectors",
        "{priority: 10, subject: {pods: {namespaceSelector: {matchLabels: {team: a}}, "
        f"podSelector: {{matchLabels: {{app: web}}}}}}}}, ingress: [{{action: Deny, from: {ALL}}}]}}",
        "ops/mon > shop/web: none\nops/mon > shop/db: all\nops/mon > lab/web: all\nshop/db > ops/web: all",
    ),
    Case(
        "subject pods with an empty namespaceSelector: every namespace",
        "{priority: 10, subject: {pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: web}}}}, "
        f"ingress: [{{action: Deny, from: {ALL}}}]}}",
        "ops/mon > shop/web: none\nops/mon > lab/web: none\nops/mon > shop/db: all",
    ),
    Case(
        "subject pods with an empty podSelector: every pod",
        "{priority: 10, subject: {pods: {namespaceSelector: {matchLabels: {team: a}}, podSelector: {}}}, "
        f"ingress: [{{action: Deny, from: {ALL}}}]}}",
        "ops/mon > shop/bare: none\nops/mon > shop/db: none\nops/mon > lab/web: all",
    ),
    Case(
        "subject pods with both empty: every pod",
        f"{{priority: 10, subject: {{pods: {{namespaceSelector: {{}}, podSelector: {{}}}}}}, "
        f"ingress: [{{action: Deny, from: {ALL}}}]}}",
        "ops/mon > shop/bare: none\nshop/web > lab/six: none",
    ),
    Case(
        "peer namespaces selects pods, never addresses outside",
        f"{{priority: 10, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: {ALL}}}], "
        f"egress: [{{action: Deny, to: {ALL}}}]}}",
        """
        ops/mon > shop/web: none
        203.0.113.9 > shop/web: all
        shop/web > 203.0.113.9: all
        """,
    ),
    Case(
        "peer pods: both selectors",
        f"{{priority: 10, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: [{{pods: "
        "{namespaceSelector: {matchLabels: {team: b}}, podSelector: {matchLabels: {app: web}}}}]}]}",
        "ops/web > shop/db: none\nops/mon > shop/db: all\nlab/web > shop/db: all\nshop/web > shop/db: all",
    ),
    Case(
        "peer pods in egress",
        f"{{priority: 10, subject: {{{SHOP}}}, egress: [{{action: Deny, to: [{{pods: "
        "{namespaceSelector: {}, podSelector: {matchLabels: {app: web}}}}]}]}",
        "shop/db > ops/web: none\nshop/db > lab/web: none\nshop/db > shop/web: none\nshop/db > ops/mon: all",
    ),
    Case(
        "several peers: any of them",
        f"{{priority: 10, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: [{{{OPS}}}, {{pods: "
        "{namespaceSelector: {}, podSelector: {matchLabels: {app: six}}}}]}]}",
        "ops/mon > shop/db: none\nlab/six > shop/db: none\nlab/web > shop/db: all",
    ),
    Case(
        "peers of the own namespace are meant too",
        f"{{priority: 10, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: [{{{SHOP}}}]}}]}}",
        "shop/web > shop/db: none\nops/mon > shop/db: all",
    ),
    Case(
        "networks in egress: addresses outside, at the borders",
        f"{{priority: 10, subject: {{{SHOP}}}, egress: [{{action: Deny, to: [{{networks: "
        "[203.0.113.64/26, 198.51.100.0/24]}]}]}",
        """
        shop/web > 203.0.113.63: all
        shop/web > 203.0.113.64: none
        shop/web > 203.0.113.127: none
        shop/web > 203.0.113.128: all
        shop/web > 198.51.100.7: none
        shop/web > ops/mon: all
        """,
    ),
    Case(
        "networks in egress: 0.0.0.0/0 means pods too",
        f"{{priority: 10, subject: {{{SHOP}}}, egress: [{{action: Deny, to: [{{networks: [0.0.0.0/0]}}]}}]}}",
        "shop/web > 203.0.113.9: none\nshop/web > ops/mon: none",
    ),
    Case(
        "networks in egress: a pod by its address",
        f"{{priority: 10, subject: {{{SHOP}}}, egress: [{{action: Deny, to: [{{networks: [10.2.0.2/32]}}]}}]}}",
        "shop/web > ops/mon: none\nshop/web > ops/web: all",
    ),
    Case(
        "networks in egress: Pass for all pods in front of it",
        f"{{priority: 10, subject: {{{SHOP}}}, egress: [{{action: Pass, to: {ALL}}}, "
        "{action: Deny, to: [{networks: [0.0.0.0/0]}]}]}",
        "shop/web > 203.0.113.9: none\nshop/web > ops/mon: all",
    ),
    Case(
        "networks of IPv6",
        "{priority: 10, subject: {namespaces: {}}, egress: [{action: Deny, to: [{networks: ['2001:db8::/32']}]}]}",
        "lab/six > 2001:db8::1: none\nlab/six > 2001:db9::: all\nshop/web > 203.0.113.9: all",
    ),
    Case(
        "networks of one family leave the other alone",
        "{priority: 10, subject: {namespaces: {}}, egress: [{action: Deny, to: [{networks: [0.0.0.0/0]}]}]}",
        "lab/six > 2001:db8::1: all\nshop/web > 203.0.113.9: none",
    ),
    Case(
        "nodes in egress: the nodes' addresses",
        f"{{priority: 10, subject: {{{SHOP}}}, egress: [{{action: Deny, to: "
        "[{nodes: {matchLabels: {zone: b}}}]}]}",
        "shop/web > ops/host: none\nshop/web > ops/mon: all",
    ),
    Case(
        "nodes in egress: other nodes are not meant",
        f"{{priority: 10, subject: {{{SHOP}}}, egress: [{{action: Deny, to: "
        "[{nodes: {matchLabels: {zone: a}}}]}]}",
        "shop/web > ops/host: all\nshop/web > ops/mon: all",
    ),
    Case(
        "nodes empty: every node, and neither pods of the pod network nor the outside",
        f"{{priority: 10, subject: {{{SHOP}}}, egress: [{{action: Deny, to: [{{nodes: {{}}}}]}}]}}",
        "shop/web > ops/host: none\nshop/web > ops/mon: all\nshop/web > 203.0.113.9: all",
    ),
    Case(
        "nodes by expression",
        f"{{priority: 10, subject: {{{SHOP}}}, egress: [{{action: Deny, to: [{{nodes: "
        "{matchExpressions: [{key: zone, operator: Exists}]}}]}]}",
        "shop/web > ops/host: none\nshop/web > lab/web: all",
    ),
    Case(
        "domainNames: no pod has one, and an Allow of names opens nothing to pods",
        f"{{priority: 10, subject: {{{SHOP}}}, egress: [{{action: Allow, to: [{{domainNames: ['*.example.com']}}]}}, "
        f"{{action: Deny, to: {ALL}}}]}}",
        "shop/web > ops/mon: none",
    ),
    Case(
        "host-network pods are no subjects",
        f"{{priority: 10, subject: {{{OPS}}}, ingress: [{{action: Deny, from: {ALL}}}], "
        f"egress: [{{action: Deny, to: {ALL}}}]}}",
        "shop/web > ops/host: all\nops/host > shop/web: all\nshop/web > ops/mon: none",
    ),
    Case(
        "host-network pods are no peers of namespaces or pods",
        f"{{priority: 10, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: [{{{OPS}}}, {{pods: "
        "{namespaceSelector: {}, podSelector: {matchLabels: {app: web}}}}]}], "
        f"egress: [{{action: Deny, to: [{{{OPS}}}]}}]}}",
        "ops/host > shop/db: all\nshop/db > ops/host: all\nops/web > shop/db: none",
    ),
    Case(
        "host-network pods are found by networks",
        f"{{priority: 10, subject: {{{SHOP}}}, egress: [{{action: Deny, to: [{{networks: [192.168.0.0/24]}}]}}]}}",
        "shop/web > ops/host: none\nshop/web > ops/mon: all",
    ),
    Case(
        "an Allow rule with a peer of no known kind matches nothing",
        f"{{priority: 10, subject: {{{SHOP}}}, ingress: [{{action: Allow, from: [{{}}]}}, "
        f"{{action: Deny, from: {ALL}}}]}}",
        "ops/mon > shop/web: none",
    ),
    Case(
        "an Allow rule with a peer of no known kind matches nothing, also not by its other peers",
        f"{{priority: 10, subject: {{{SHOP}}}, ingress: [{{action: Allow, from: [{{{OPS}}}, {{}}]}}, "
        f"{{action: Deny, from: {ALL}}}]}}",
        "ops/mon > shop/web: none",
    ),
    Case(
        "a Deny rule with a peer of no known kind denies all, whatever its ports",
        f"{{priority: 10, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: [{{{OPS}}}, {{}}], "
        "ports: [{portNumber: {protocol: TCP, port: 80}}]}]}",
        "ops/mon > shop/web: none\nlab/web > shop/web: none",
    ),
    Case(
        "a Deny rule with a peer of no known kind denies all: fail closed",
        f"{{priority: 10, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: [{{}}]}}]}}",
        "ops/mon > shop/web: none\nlab/web > shop/web: none\nops/mon > lab/web: all",
    ),
    Case(
        "a Pass rule with a peer of no known kind denies all: fail closed",
        f"{{priority: 10, subject: {{{SHOP}}}, egress: [{{action: Pass, to: [{{}}]}}]}}",
        "shop/web > ops/mon: none\nshop/web > 203.0.113.9: none\nops/mon > shop/web: all",
    ),
]


def ports(text: str) -> str:
    """Only these ports are let in; all else from pods is denied."""
    return (
        f"{{priority: 10, subject: {{namespaces: {{}}}}, ingress: [{{action: Allow, from: {ALL}, ports: [{text}]}}, "
        f"{{action: Deny, from: {ALL}}}]}}"
    )


# SPEC AdminNetworkPolicyPort, Port, PortRange
PORTS = [
    Case("portNumber", ports("{portNumber: {protocol: TCP, port: 80}}"), "ops/mon > shop/web: TCP 80"),
    Case("portNumber UDP", ports("{portNumber: {protocol: UDP, port: 53}}"), "ops/mon > shop/web: UDP 53"),
    Case("portNumber SCTP", ports("{portNumber: {protocol: SCTP, port: 99}}"), "ops/mon > shop/web: SCTP 99"),
    Case("portNumber without protocol is TCP", ports("{portNumber: {port: 80}}"), "ops/mon > shop/web: TCP 80"),
    Case(
        "portRange, both ends included",
        ports("{portRange: {protocol: TCP, start: 8000, end: 8080}}"),
        "ops/mon > shop/web: TCP 8000-8080",
    ),
    Case(
        "portRange without protocol is TCP",
        ports("{portRange: {start: 60000, end: 65535}}"),
        "ops/mon > shop/web: TCP 60000-65535",
    ),
    Case("portRange UDP", ports("{portRange: {protocol: UDP, start: 1, end: 2}}"), "ops/mon > shop/web: UDP 1-2"),
    Case(
        "namedPort: the number and protocol of each pod",
        ports("{namedPort: http}"),
        """
        ops/mon > shop/web: TCP 80
        ops/mon > shop/api: TCP 8080
        ops/mon > shop/db: UDP 8081
        ops/mon > shop/bare: none
        """,
    ),
    Case("namedPort that no pod has", ports("{namedPort: nosuch}"), "ops/mon > shop/web: none"),
    Case(
        "several ports: any of them",
        ports(
            "{portNumber: {protocol: TCP, port: 443}}, {portRange: {protocol: UDP, start: 10, end: 20}}, "
            "{namedPort: sql}"
        ),
        "ops/mon > shop/db: TCP 443, TCP 5432, UDP 10-20\nops/mon > shop/web: TCP 443, UDP 10-20",
    ),
    Case(
        "ports absent: every port",
        f"{{priority: 10, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: {ALL}}}]}}",
        "ops/mon > shop/web: none",
    ),
    Case(
        "Deny of a port leaves the rest",
        f"{{priority: 10, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: {ALL}, "
        "ports: [{portNumber: {protocol: TCP, port: 22}}]}]}",
        "ops/mon > shop/web: TCP 1-21, TCP 23-65535, UDP 1-65535, SCTP 1-65535",
    ),
    Case(
        "a namedPort in egress is the destination's",
        f"{{priority: 10, subject: {{{SHOP}}}, egress: [{{action: Allow, to: {ALL}, ports: [{{namedPort: http}}]}}, "
        f"{{action: Deny, to: {ALL}}}]}}",
        "shop/web > ops/web: TCP 9090\nshop/db > shop/api: TCP 8080\nshop/web > ops/mon: none",
    ),
    Case(
        "ports in egress to networks",
        f"{{priority: 10, subject: {{{SHOP}}}, egress: [{{action: Deny, to: [{{networks: [203.0.113.0/24]}}], "
        "ports: [{portRange: {protocol: TCP, start: 1, end: 65535}}]}]}",
        "shop/web > 203.0.113.9: UDP 1-65535, SCTP 1-65535\nshop/web > 203.0.114.1: all",
    ),
    Case(
        "Pass of one port",
        f"{{priority: 10, subject: {{{SHOP}}}, ingress: [{{action: Pass, from: {ALL}, "
        f"ports: [{{portNumber: {{protocol: TCP, port: 80}}}}]}}, {{action: Deny, from: {ALL}}}]}}\n---\n"
        "{kind: NetworkPolicy, podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: 443}]}]}",
        "ops/mon > shop/web: none\nops/mon > shop/db: TCP 80",
    ),
]

BASE = "kind: BaselineAdminNetworkPolicy"

# OVERVIEW "The BaselineAdminNetworkPolicy Resource"; SPEC BaselineAdminNetworkPolicySpec
BASELINE = [
    Case(
        "Deny closes what nothing else decides",
        f"{{{BASE}, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: {ALL}}}]}}",
        "ops/mon > shop/web: none\nops/mon > lab/web: all\n203.0.113.9 > shop/web: all",
    ),
    Case(
        "a NetworkPolicy that selects the pod overrides it",
        f"{{{BASE}, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: {ALL}}}]}}\n---\n"
        "{kind: NetworkPolicy, podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: 80}]}]}",
        "ops/mon > shop/web: TCP 80\nops/mon > shop/db: none",
    ),
    Case(
        "also its Allow: what the NetworkPolicy does not allow stays denied",
        f"{{{BASE}, subject: {{{SHOP}}}, ingress: [{{action: Allow, from: {ALL}}}]}}\n---\n"
        "{kind: NetworkPolicy, podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: 80}]}]}",
        "ops/mon > shop/web: TCP 80\nops/mon > shop/db: all",
    ),
    Case(
        "a NetworkPolicy for ingress leaves the baseline's egress in force",
        f"{{{BASE}, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: {ALL}}}], "
        f"egress: [{{action: Deny, to: {ALL}}}]}}\n---\n"
        "{kind: NetworkPolicy, podSelector: {}, policyTypes: [Ingress], ingress: [{}]}",
        "ops/mon > shop/web: all\nshop/web > ops/mon: none",
    ),
    Case(
        "a NetworkPolicy for egress leaves the baseline's ingress in force",
        f"{{{BASE}, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: {ALL}}}], "
        f"egress: [{{action: Deny, to: {ALL}}}]}}\n---\n"
        "{kind: NetworkPolicy, podSelector: {}, policyTypes: [Egress], egress: [{}]}",
        "ops/mon > shop/web: none\nshop/web > ops/mon: all",
    ),
    Case(
        "rule order decides",
        f"{{{BASE}, subject: {{{SHOP}}}, ingress: [{{action: Allow, from: [{{{OPS}}}], "
        f"ports: [{{portNumber: {{protocol: TCP, port: 80}}}}]}}, {{action: Deny, from: {ALL}}}]}}",
        "ops/mon > shop/web: TCP 80\nlab/web > shop/web: none",
    ),
    Case(
        "an admin Allow goes before it",
        f"{{priority: 900, subject: {{{SHOP}}}, ingress: [{{action: Allow, from: [{{{OPS}}}]}}]}}\n---\n"
        f"{{{BASE}, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: {ALL}}}]}}",
        "ops/mon > shop/web: all\nlab/web > shop/web: none",
    ),
    Case(
        "an admin Deny goes before it",
        f"{{priority: 900, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: [{{{OPS}}}]}}]}}\n---\n"
        f"{{{BASE}, subject: {{{SHOP}}}, ingress: [{{action: Allow, from: {ALL}}}]}}",
        "ops/mon > shop/web: none\nlab/web > shop/web: all",
    ),
    Case(
        "an admin Pass leads to it where no NetworkPolicy selects the pod",
        f"{{priority: 1, subject: {{{SHOP}}}, ingress: [{{action: Pass, from: {ALL}}}]}}\n---\n"
        f"{{{BASE}, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: {ALL}}}]}}\n---\n"
        "{kind: NetworkPolicy, podSelector: {matchLabels: {app: web}}, ingress: [{}]}",
        "ops/mon > shop/db: none\nops/mon > shop/web: all",
    ),
    Case(
        "egress to networks",
        f"{{{BASE}, subject: {{{SHOP}}}, egress: [{{action: Deny, to: [{{networks: [0.0.0.0/0]}}]}}]}}",
        "shop/web > 203.0.113.9: none\nshop/web > ops/mon: none\nops/mon > 203.0.113.9: all",
    ),
    Case(
        "egress to networks under a NetworkPolicy that opens a port",
        f"{{{BASE}, subject: {{{SHOP}}}, egress: [{{action: Deny, to: [{{networks: [0.0.0.0/0]}}]}}]}}\n---\n"
        "{kind: NetworkPolicy, podSelector: {matchLabels: {app: db}}, policyTypes: [Egress], "
        "egress: [{ports: [{port: 443}]}]}",
        "shop/db > 203.0.113.9: TCP 443\nshop/web > 203.0.113.9: none",
    ),
    Case(
        "subject pods",
        f"{{{BASE}, subject: {{pods: {{namespaceSelector: {{}}, podSelector: {{matchLabels: {{app: web}}}}}}}}, "
        f"ingress: [{{action: Deny, from: {ALL}}}]}}",
        "ops/mon > shop/web: none\nops/mon > lab/web: none\nops/mon > shop/db: all\nshop/web > ops/host: all",
    ),
]

# SPEC v1alpha2 ClusterNetworkPolicySpec.tier, priority; ClusterNetworkPolicyIngressRule.action
TIERS = [
    Case(
        "Admin Accept goes before a NetworkPolicy that denies",
        f"{{tier: Admin, priority: 10, subject: {{{SHOP}}}, ingress: [{{action: Accept, from: [{{{OPS}}}]}}]}}\n---\n"
        "{kind: NetworkPolicy, podSelector: {}}",
        "ops/mon > shop/web: all\nlab/web > shop/web: none",
    ),
    Case(
        "Admin Deny goes before a NetworkPolicy that allows",
        f"{{tier: Admin, priority: 10, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: [{{{OPS}}}]}}]}}\n---\n"
        "{kind: NetworkPolicy, podSelector: {}, ingress: [{}]}",
        "ops/mon > shop/web: none\nlab/web > shop/web: all",
    ),
    Case(
        "Baseline Deny is overridden by a NetworkPolicy",
        f"{{tier: Baseline, priority: 10, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: {ALL}}}]}}\n---\n"
        "{kind: NetworkPolicy, podSelector: {matchLabels: {app: web}}, ingress: [{}]}",
        "ops/mon > shop/web: all\nops/mon > shop/db: none",
    ),
    Case(
        "Baseline Accept does not open what a NetworkPolicy isolates",
        f"{{tier: Baseline, priority: 10, subject: {{{SHOP}}}, ingress: [{{action: Accept, from: {ALL}}}]}}\n---\n"
        "{kind: NetworkPolicy, podSelector: {matchLabels: {app: web}}}",
        "ops/mon > shop/web: none\nops/mon > shop/db: all",
    ),
    Case(
        "Admin goes before Baseline whatever the priorities",
        f"{{tier: Baseline, priority: 0, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: {ALL}}}]}}\n---\n"
        f"{{tier: Admin, priority: 1000, subject: {{{SHOP}}}, ingress: [{{action: Accept, from: [{{{OPS}}}]}}]}}",
        "ops/mon > shop/web: all\nlab/web > shop/web: none",
    ),
    Case(
        "priorities within Admin",
        f"{{tier: Admin, priority: 20, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: {ALL}}}]}}\n---\n"
        f"{{tier: Admin, priority: 10, subject: {{{SHOP}}}, ingress: [{{action: Accept, from: [{{{OPS}}}]}}]}}",
        "ops/mon > shop/web: all\nlab/web > shop/web: none",
    ),
    Case(
        "priorities within Baseline",
        f"{{tier: Baseline, priority: 20, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: {ALL}}}]}}\n---\n"
        f"{{tier: Baseline, priority: 10, subject: {{{SHOP}}}, ingress: [{{action: Accept, from: [{{{OPS}}}]}}]}}",
        "ops/mon > shop/web: all\nlab/web > shop/web: none",
    ),
    Case(
        "Pass in Admin skips Admin, then Baseline decides",
        f"{{tier: Admin, priority: 1, subject: {{{SHOP}}}, ingress: [{{action: Pass, from: [{{{OPS}}}]}}]}}\n---\n"
        f"{{tier: Admin, priority: 2, subject: {{{SHOP}}}, ingress: [{{action: Accept, from: {ALL}}}]}}\n---\n"
        f"{{tier: Baseline, priority: 1, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: {ALL}}}]}}",
        "ops/mon > shop/web: none\nlab/web > shop/web: all",
    ),
    Case(
        "Pass in Admin, then a NetworkPolicy decides",
        f"{{tier: Admin, priority: 1, subject: {{{SHOP}}}, ingress: [{{action: Pass, from: {ALL}}}]}}\n---\n"
        f"{{tier: Admin, priority: 2, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: {ALL}}}]}}\n---\n"
        "{kind: NetworkPolicy, podSelector: {}, ingress: [{ports: [{port: 80}]}]}",
        "ops/mon > shop/web: TCP 80",
    ),
    Case(
        "Pass in Baseline skips Baseline: the default is allowed",
        f"{{tier: Baseline, priority: 1, subject: {{{SHOP}}}, ingress: [{{action: Pass, from: [{{{OPS}}}]}}]}}\n---\n"
        f"{{tier: Baseline, priority: 2, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: {ALL}}}]}}",
        "ops/mon > shop/web: all\nlab/web > shop/web: none",
    ),
    Case(
        "Baseline per direction",
        f"{{tier: Baseline, priority: 1, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: {ALL}}}], "
        f"egress: [{{action: Deny, to: {ALL}}}]}}\n---\n{{kind: NetworkPolicy, podSelector: {{}}, ingress: [{{}}]}}",
        "ops/mon > shop/web: all\nshop/web > ops/mon: none",
    ),
    Case(
        "egress Accept leaves the ingress rules at the destination in force",
        f"{{tier: Admin, priority: 1, subject: {{{SHOP}}}, egress: [{{action: Accept, to: {ALL}}}]}}\n---\n"
        f"{{tier: Admin, priority: 2, subject: {{{OPS}}}, ingress: [{{action: Deny, from: [{{{SHOP}}}]}}]}}",
        "shop/web > ops/mon: none\nshop/web > lab/web: all",
    ),
    Case(
        "no implicit isolation",
        f"{{tier: Admin, priority: 1, subject: {{{SHOP}}}, ingress: [{{action: Accept, from: [{{{OPS}}}]}}]}}",
        "lab/web > shop/web: all\n203.0.113.9 > shop/web: all",
    ),
    Case(
        "egress to networks, pods included",
        f"{{tier: Admin, priority: 1, subject: {{{SHOP}}}, egress: [{{action: Accept, to: [{{networks: "
        "[203.0.113.0/25, 10.2.0.2/32]}]}, {action: Deny, to: [{networks: [0.0.0.0/0]}]}]}",
        """
        shop/web > 203.0.113.127: all
        shop/web > 203.0.113.128: none
        shop/web > ops/mon: all
        shop/web > ops/web: none
        """,
    ),
    Case(
        "egress to nodes",
        f"{{tier: Baseline, priority: 1, subject: {{{SHOP}}}, egress: [{{action: Deny, to: [{{nodes: {{}}}}]}}]}}",
        "shop/web > ops/host: none\nshop/web > ops/mon: all",
    ),
    Case(
        "host-network pods are neither subjects nor peers",
        f"{{tier: Admin, priority: 1, subject: {{namespaces: {{}}}}, ingress: [{{action: Deny, from: {ALL}}}], "
        f"egress: [{{action: Deny, to: {ALL}}}]}}",
        "ops/host > shop/web: all\nshop/web > ops/host: all\nops/mon > shop/web: none",
    ),
    Case(
        "a Deny of no known peer denies all",
        f"{{tier: Admin, priority: 1, subject: {{{SHOP}}}, egress: [{{action: Deny, to: [{{}}]}}]}}",
        "shop/web > ops/mon: none\nshop/web > 203.0.113.9: none\nops/mon > shop/web: all",
    ),
    Case(
        "an Accept of no known peer matches nothing",
        f"{{tier: Admin, priority: 1, subject: {{{SHOP}}}, egress: [{{action: Accept, to: [{{}}]}}, "
        f"{{action: Deny, to: {ALL}}}]}}",
        "shop/web > ops/mon: none\nshop/web > 203.0.113.9: all",
    ),
]


def protocols(text: str) -> str:
    """Only these are let in; all else from pods is denied."""
    return (
        "{tier: Admin, priority: 1, subject: {namespaces: {}}, ingress: "
        f"[{{action: Accept, from: {ALL}, protocols: [{text}]}}, {{action: Deny, from: {ALL}}}]}}"
    )


# SPEC v1alpha2 ClusterNetworkPolicyProtocol, Port, PortRange
PROTOCOLS = [
    Case("tcp number", protocols("{tcp: {destinationPort: {number: 80}}}"), "ops/mon > shop/web: TCP 80"),
    Case("udp number", protocols("{udp: {destinationPort: {number: 53}}}"), "ops/mon > shop/web: UDP 53"),
    Case("sctp number", protocols("{sctp: {destinationPort: {number: 99}}}"), "ops/mon > shop/web: SCTP 99"),
    Case(
        "tcp range",
        protocols("{tcp: {destinationPort: {range: {start: 8000, end: 8080}}}}"),
        "ops/mon > shop/web: TCP 8000-8080",
    ),
    Case(
        "udp range: the range's own protocol does not count",
        protocols("{udp: {destinationPort: {range: {start: 60000, end: 65535}}}}"),
        "ops/mon > shop/web: UDP 60000-65535",
    ),
    Case(
        "sctp range",
        protocols("{sctp: {destinationPort: {range: {start: 1, end: 2}}}}"),
        "ops/mon > shop/web: SCTP 1-2",
    ),
    Case("a protocol without a port: all of it", protocols("{udp: {}}"), "ops/mon > shop/web: UDP 1-65535"),
    Case(
        "destinationNamedPort",
        protocols("{destinationNamedPort: http}"),
        "ops/mon > shop/web: TCP 80\nops/mon > shop/db: UDP 8081\nops/mon > shop/bare: none",
    ),
    Case(
        "several protocols: any of them",
        protocols(
            "{tcp: {destinationPort: {number: 443}}}, {udp: {destinationPort: {range: {start: 5, end: 7}}}}, "
            "{destinationNamedPort: sql}"
        ),
        "ops/mon > shop/db: TCP 443, TCP 5432, UDP 5-7\nops/mon > shop/web: TCP 443, UDP 5-7",
    ),
    Case(
        "protocols absent: everything",
        f"{{tier: Admin, priority: 1, subject: {{{SHOP}}}, ingress: [{{action: Deny, from: {ALL}}}]}}",
        "ops/mon > shop/web: none",
    ),
    Case(
        "destinationNamedPort in egress is the destination's",
        f"{{tier: Admin, priority: 1, subject: {{{SHOP}}}, egress: [{{action: Deny, to: {ALL}, "
        "protocols: [{destinationNamedPort: http}]}]}",
        """
        shop/web > ops/web: TCP 1-9089, TCP 9091-65535, UDP 1-65535, SCTP 1-65535
        shop/web > ops/mon: all
        """,
    ),
    Case(
        "a port in egress to networks",
        f"{{tier: Baseline, priority: 1, subject: {{{SHOP}}}, egress: [{{action: Accept, to: "
        "[{networks: [0.0.0.0/0]}], protocols: [{tcp: {destinationPort: {number: 443}}}]}, "
        "{action: Deny, to: [{networks: [0.0.0.0/0]}]}]}",
        "shop/web > 203.0.113.9: TCP 443\nshop/web > ops/mon: TCP 443",
    ),
]

V1ALPHA1 = ACTIONS + ORDER + SUBJECTS_AND_PEERS + PORTS + BASELINE
V1ALPHA2 = TIERS + PROTOCOLS

by = pytest.mark.parametrize("by", ["reference", "evaluator"])


@by
@pytest.mark.parametrize("case", V1ALPHA1, ids=[case.name for case in V1ALPHA1])
def test_adminnetworkpolicy(case: Case, by: str) -> None:
    check(snapshot(*WORLD, *policies(case.policies, "AdminNetworkPolicy")), case.expected, by)


@by
@pytest.mark.parametrize("case", V1ALPHA2, ids=[case.name for case in V1ALPHA2])
def test_clusternetworkpolicy(case: Case, by: str) -> None:
    check(snapshot(*WORLD, *policies(case.policies, "ClusterNetworkPolicy")), case.expected, by)


def test_no_two_cases_are_alike() -> None:
    for cases in (V1ALPHA1, V1ALPHA2):
        assert len({case.name for case in cases}) == len(cases)
    assert len(V1ALPHA1 + V1ALPHA2) >= 100


@by
def test_a_range_of_one_family_denies_only_that_family(by: str) -> None:
    """Two pods of both families meet by IPv6 where only IPv4 is denied."""
    cluster = snapshot(
        namespace("shop"),
        pod("shop/a", "", "10.0.0.1,fd00::1"),
        pod("shop/b", "", "10.0.0.2,fd00::2"),
        pod("shop/four", "", "10.0.0.4"),
        *policies(
            "{priority: 1, subject: {namespaces: {}}, egress: [{action: Deny, to: [{networks: [0.0.0.0/0]}]}]}",
            "AdminNetworkPolicy",
        ),
    )
    check(cluster, "shop/a > shop/b: all\nshop/a > shop/four: none", by)


@by
def test_nodes_are_addresses_of_every_kind_and_family(by: str) -> None:
    """SPEC nodes: "matching on the IPs present in the node.Status.Addresses field of the node"."""
    cluster = snapshot(
        namespace("shop"),
        node("n1", "192.168.0.1", "fd00:ffff::1", zone="a"),
        pod("shop/a", "", "10.0.0.1,fd00::1"),
        pod("shop/host", "", "fd00:ffff::1", "n1", host_network=True),
        *policies(
            "{priority: 1, subject: {namespaces: {}}, egress: [{action: Deny, to: [{nodes: {}}]}]}",
            "AdminNetworkPolicy",
        ),
    )
    check(cluster, "shop/a > shop/host: none\nshop/host > shop/a: all", by)


@by
def test_an_address_of_a_node_is_the_node(by: str) -> None:
    cluster = snapshot(
        *WORLD,
        *policies(
            "{priority: 1, subject: {namespaces: {}}, egress: "
            "[{action: Deny, to: [{nodes: {matchLabels: {zone: b}}}]}]}",
            "AdminNetworkPolicy",
        ),
    )
    check(cluster, "shop/web > 192.168.0.2: none\nshop/web > 192.168.0.3: all", by)


@by
def test_admin_rules_are_read_as_they_stand_also_about_the_own_node(by: str) -> None:
    """That a pod's node is always allowed is NetworkPolicy's rule. Of admin policies OVERVIEW says that rules "should
    be read as-is", so a Deny in egress holds for the pod's own node as well."""
    cluster = snapshot(
        namespace("shop"),
        node("n1", "192.168.0.1"),
        pod("shop/web", "", "10.0.0.1", "n1"),
        pod("shop/host", "", "192.168.0.1", "n1", host_network=True),
        *policies(
            "{priority: 1, subject: {namespaces: {}}, egress: [{action: Deny, to: [{nodes: {}}]}]}",
            "AdminNetworkPolicy",
        ),
        *policies("{podSelector: {}, policyTypes: [Ingress, Egress]}"),
    )
    check(cluster, "shop/web > shop/host: none\nshop/web > 192.168.0.1: none\nshop/host > shop/web: all", by)
