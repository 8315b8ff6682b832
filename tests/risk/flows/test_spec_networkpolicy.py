"""NetworkPolicy v1, each field and default in a case of its own, by the text of the specification.

Sources: CONCEPT = kubernetes.io/docs/concepts/services-networking/network-policies; API = the Kubernetes API
reference, NetworkPolicy networking.k8s.io/v1. Each group names its section. A document without ``namespace`` is a
policy of the namespace shop.
"""

from __future__ import annotations

import pytest
from tests.risk.flows.worlds import WORLD, Case, check, namespace, node, pod, policies, snapshot

from oakum.risk.flows import Network

FOUR = "0.0.0.0-255.255.255.255"
SIX = "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"

# CONCEPT "The two sorts of pod isolation", "Default policies"
ISOLATION = [
    Case(
        "no policy: everything may connect",
        "",
        """
        shop/web > shop/db: all
        ops/mon > shop/web: all
        shop/bare > 203.0.113.9: all
        203.0.113.9 > shop/web: all
        2001:db8::1 > lab/six: all
        """,
    ),
    Case(
        "a policy isolates for ingress the pods that it selects",
        "podSelector: {matchLabels: {app: web}}",
        """
        ops/mon > shop/web: none
        shop/api > shop/web: none
        203.0.113.9 > shop/web: none
        """,
    ),
    Case(
        "pods that it does not select stay open",
        "podSelector: {matchLabels: {app: web}}",
        """
        ops/mon > shop/db: all
        203.0.113.9 > shop/bare: all
        """,
    ),
    Case(
        "isolation for ingress does not touch egress",
        "podSelector: {matchLabels: {app: web}}",
        """
        shop/web > ops/mon: all
        shop/web > 203.0.113.9: all
        """,
    ),
    Case(
        "isolation for egress does not touch ingress",
        "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress]}",
        """
        ops/mon > shop/web: all
        203.0.113.9 > shop/web: all
        shop/web > ops/mon: none
        shop/web > 203.0.113.9: none
        """,
    ),
    Case(
        "an empty podSelector selects every pod of the namespace",
        "podSelector: {}",
        """
        ops/mon > shop/web: none
        ops/mon > shop/db: none
        ops/mon > shop/bare: none
        """,
    ),
    Case(
        "a policy selects no pod of another namespace",
        "podSelector: {}",
        """
        shop/web > ops/web: all
        lab/web > ops/web: all
        203.0.113.9 > lab/web: all
        """,
    ),
    Case(
        "an absent podSelector is an empty one",
        "policyTypes: [Ingress]",
        "ops/mon > shop/bare: none",
    ),
    Case(
        "podSelector with several labels needs all of them",
        "podSelector: {matchLabels: {app: api, tier: back}}",
        """
        ops/mon > shop/api: none
        ops/mon > shop/db: all
        ops/mon > shop/web: all
        """,
    ),
    Case(
        "default deny all ingress",
        "{podSelector: {}, policyTypes: [Ingress]}",
        """
        ops/mon > shop/web: none
        shop/web > shop/db: none
        shop/web > ops/mon: all
        """,
    ),
    Case(
        "default deny all egress",
        "{podSelector: {}, policyTypes: [Egress]}",
        """
        ops/mon > shop/web: all
        shop/web > shop/db: none
        shop/web > ops/mon: none
        """,
    ),
    Case(
        "default deny all ingress and egress",
        "{podSelector: {}, policyTypes: [Ingress, Egress]}",
        """
        ops/mon > shop/web: none
        shop/web > ops/mon: none
        shop/bare > shop/web: none
        203.0.113.9 > shop/bare: none
        shop/bare > 203.0.113.9: none
        """,
    ),
    Case(
        "allow all ingress",
        "{podSelector: {}, policyTypes: [Ingress], ingress: [{}]}",
        """
        ops/mon > shop/web: all
        203.0.113.9 > shop/web: all
        """,
    ),
    Case(
        "allow all egress",
        "{podSelector: {}, policyTypes: [Egress], egress: [{}]}",
        """
        shop/web > ops/mon: all
        shop/web > 203.0.113.9: all
        """,
    ),
    Case(
        "a pod cannot block access to itself",
        "{podSelector: {}, policyTypes: [Ingress, Egress]}",
        """
        shop/web > shop/web: all
        shop/bare > shop/bare: all
        """,
    ),
]

# API NetworkPolicySpec.policyTypes: "If this field is not specified, it will default based on the existence of ingress
# or egress rules; policies that contain an egress section are assumed to affect egress, and all policies (whether or
# not they contain an ingress section) are assumed to affect ingress."
POLICY_TYPES = [
    Case(
        "absent, ingress rules only: ingress",
        "{podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: 80}]}]}",
        """
        ops/mon > shop/web: TCP 80
        shop/web > ops/mon: all
        """,
    ),
    Case(
        "absent, egress rules only: both, so that ingress is denied",
        "{podSelector: {matchLabels: {app: web}}, egress: [{ports: [{port: 443}]}]}",
        """
        ops/mon > shop/web: none
        shop/web > ops/mon: TCP 443
        """,
    ),
    Case(
        "absent, both rules: both",
        "{podSelector: {matchLabels: {app: web}}, ingress: [{}], egress: [{ports: [{port: 443}]}]}",
        """
        ops/mon > shop/web: all
        shop/web > ops/mon: TCP 443
        """,
    ),
    Case(
        "absent, no rules: ingress only",
        "podSelector: {matchLabels: {app: web}}",
        """
        ops/mon > shop/web: none
        shop/web > ops/mon: all
        """,
    ),
    Case(
        "absent, an empty list of egress rules is no egress rule",
        "{podSelector: {matchLabels: {app: web}}, egress: []}",
        """
        ops/mon > shop/web: none
        shop/web > ops/mon: all
        """,
    ),
    Case(
        "an empty list is defaulted like an absent one",
        "{podSelector: {matchLabels: {app: web}}, policyTypes: [], egress: [{ports: [{port: 443}]}]}",
        """
        ops/mon > shop/web: none
        shop/web > ops/mon: TCP 443
        """,
    ),
    Case(
        "an empty list without egress rules: ingress only",
        "{podSelector: {matchLabels: {app: web}}, policyTypes: []}",
        """
        ops/mon > shop/web: none
        shop/web > ops/mon: all
        """,
    ),
    Case(
        "Egress only: ingress stays open",
        "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{ports: [{port: 443}]}]}",
        """
        ops/mon > shop/web: all
        shop/web > ops/mon: TCP 443
        """,
    ),
    Case(
        "Egress only: ingress rules that stand there all the same do nothing",
        "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], ingress: [{ports: [{port: 80}]}]}",
        """
        ops/mon > shop/web: all
        shop/web > ops/mon: none
        """,
    ),
    Case(
        "Ingress only: egress rules that stand there all the same do nothing",
        "{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress], egress: [{ports: [{port: 443}]}]}",
        """
        ops/mon > shop/web: none
        shop/web > ops/mon: all
        """,
    ),
    Case(
        "Ingress and Egress without rules: nothing in, nothing out",
        "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress, Ingress]}",
        """
        ops/mon > shop/web: none
        shop/web > ops/mon: none
        """,
    ),
]

# API NetworkPolicyIngressRule.from and NetworkPolicyEgressRule.to: "If this field is empty or missing, this rule
# matches all sources"; CONCEPT "Behavior of to and from selectors"
PEERS = [
    Case("from absent: all sources", "ingress: [{}]", "ops/mon > shop/web: all\n203.0.113.9 > shop/web: all"),
    Case("from empty: all sources", "ingress: [{from: []}]", "ops/mon > shop/web: all\n203.0.113.9 > shop/web: all"),
    Case("no rule: no source", "ingress: []", "ops/mon > shop/web: none\n203.0.113.9 > shop/web: none"),
    Case(
        "to absent: all destinations",
        "{policyTypes: [Egress], egress: [{}]}",
        "shop/web > ops/mon: all\nshop/web > 203.0.113.9: all",
    ),
    Case(
        "to empty: all destinations",
        "{policyTypes: [Egress], egress: [{to: []}]}",
        "shop/web > ops/mon: all\nshop/web > 203.0.113.9: all",
    ),
    Case(
        "a peer with nothing set is of no known kind and matches nothing",
        "ingress: [{from: [{}]}]",
        "ops/mon > shop/web: none\nshop/api > shop/web: none\n203.0.113.9 > shop/web: none",
    ),
    Case(
        "podSelector alone: the policy's own namespace",
        "ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]",
        """
        shop/web > shop/db: all
        ops/web > shop/db: none
        lab/web > shop/db: none
        shop/api > shop/db: none
        203.0.113.9 > shop/db: none
        """,
    ),
    Case(
        "podSelector empty: every pod of the own namespace",
        "ingress: [{from: [{podSelector: {}}]}]",
        """
        shop/api > shop/db: all
        shop/bare > shop/db: all
        ops/mon > shop/db: none
        203.0.113.9 > shop/db: none
        """,
    ),
    Case(
        "podSelector alone in egress: the policy's own namespace",
        "{policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {app: web}}}]}]}",
        """
        shop/db > shop/web: all
        shop/db > ops/web: none
        shop/db > shop/api: none
        """,
    ),
    Case(
        "namespaceSelector alone: every pod of those namespaces",
        "ingress: [{from: [{namespaceSelector: {matchLabels: {team: b}}}]}]",
        """
        ops/mon > shop/db: all
        ops/web > shop/db: all
        shop/web > shop/db: none
        lab/web > shop/db: none
        203.0.113.9 > shop/db: none
        """,
    ),
    Case(
        "namespaceSelector empty: every pod of every namespace, but no address outside",
        "ingress: [{from: [{namespaceSelector: {}}]}]",
        """
        ops/mon > shop/db: all
        lab/web > shop/db: all
        shop/bare > shop/db: all
        203.0.113.9 > shop/db: none
        """,
    ),
    Case(
        "namespaceSelector in egress",
        "{policyTypes: [Egress], egress: [{to: [{namespaceSelector: {matchLabels: {team: b}}}]}]}",
        """
        shop/db > ops/mon: all
        shop/db > shop/web: none
        shop/db > 203.0.113.9: none
        """,
    ),
    Case(
        "both selectors in one peer: pods in namespaces",
        "ingress: [{from: [{namespaceSelector: {matchLabels: {team: b}}, podSelector: {matchLabels: {app: web}}}]}]",
        """
        ops/web > shop/db: all
        ops/mon > shop/db: none
        shop/web > shop/db: none
        lab/web > shop/db: none
        """,
    ),
    Case(
        "the same selectors as two peers: either",
        "ingress: [{from: [{namespaceSelector: {matchLabels: {team: b}}}, {podSelector: {matchLabels: {app: web}}}]}]",
        """
        ops/web > shop/db: all
        ops/mon > shop/db: all
        shop/web > shop/db: all
        lab/web > shop/db: none
        shop/api > shop/db: none
        """,
    ),
    Case(
        "namespaceSelector empty with podSelector: these pods everywhere",
        "ingress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: {app: web}}}]}]",
        """
        ops/web > shop/db: all
        lab/web > shop/db: all
        shop/web > shop/db: all
        ops/mon > shop/db: none
        """,
    ),
    Case(
        "namespaceSelector with an empty podSelector: every pod of those namespaces",
        "ingress: [{from: [{namespaceSelector: {matchLabels: {team: b}}, podSelector: {}}]}]",
        """
        ops/mon > shop/db: all
        shop/web > shop/db: none
        """,
    ),
    Case(
        "a namespace by its name: the label that the API server sets",
        "ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: lab}}}]}]",
        """
        lab/web > shop/db: all
        ops/web > shop/db: none
        """,
    ),
    Case(
        "namespaceSelector selects by the namespace's labels, not by the pod's",
        "ingress: [{from: [{namespaceSelector: {matchLabels: {app: web}}}]}]",
        """
        ops/web > shop/db: none
        shop/web > shop/db: none
        """,
    ),
    Case(
        "several rules: any of them",
        """
        ingress:
        - from: [{podSelector: {matchLabels: {app: web}}}]
          ports: [{port: 80}]
        - from: [{namespaceSelector: {matchLabels: {team: b}}}]
          ports: [{port: 443}]
        """,
        """
        shop/web > shop/db: TCP 80
        ops/web > shop/db: TCP 443
        shop/api > shop/db: none
        """,
    ),
    Case(
        "a rule needs both: the peer and the port",
        "ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}]",
        """
        shop/web > shop/db: TCP 5432
        shop/api > shop/db: none
        """,
    ),
    Case(
        "the example of the concept page",
        """
        podSelector: {matchLabels: {app: db}}
        policyTypes: [Ingress, Egress]
        ingress:
        - from:
          - ipBlock: {cidr: 172.17.0.0/16, except: [172.17.1.0/24]}
          - namespaceSelector: {matchLabels: {team: b}}
          - podSelector: {matchLabels: {app: web}}
          ports: [{protocol: TCP, port: 6379}]
        egress:
        - to: [{ipBlock: {cidr: 10.0.0.0/24}}]
          ports: [{protocol: TCP, port: 5978}]
        """,
        """
        shop/web > shop/db: TCP 6379
        ops/mon > shop/db: TCP 6379
        lab/web > shop/db: none
        172.17.0.255 > shop/db: TCP 6379
        172.17.1.0 > shop/db: none
        172.17.1.255 > shop/db: none
        172.17.2.0 > shop/db: TCP 6379
        172.17.255.255 > shop/db: TCP 6379
        172.18.0.0 > shop/db: none
        172.16.255.255 > shop/db: none
        shop/db > 10.0.0.0: TCP 5978
        shop/db > 10.0.0.255: TCP 5978
        shop/db > 10.0.1.0: none
        shop/db > ops/mon: none
        """,
    ),
]


def expression(text: str, place: str = "podSelector") -> str:
    """A policy that lets in the pods, of any namespace, of which one expression holds."""
    if place == "podSelector":
        return f"ingress: [{{from: [{{namespaceSelector: {{}}, podSelector: {{matchExpressions: [{text}]}}}}]}}]"
    return f"ingress: [{{from: [{{namespaceSelector: {{matchExpressions: [{text}]}}}}]}}]"


# API LabelSelector and LabelSelectorRequirement; kubernetes.io/docs/concepts/overview/working-with-objects/labels,
# "Set-based requirement": NotIn selects also what has no such key.
EXPRESSIONS = [
    Case(
        "In",
        expression("{key: app, operator: In, values: [web, mon]}"),
        """
        shop/web > shop/db: all
        ops/mon > shop/db: all
        shop/api > shop/db: none
        shop/bare > shop/db: none
        """,
    ),
    Case(
        "NotIn, also where the key is absent",
        expression("{key: app, operator: NotIn, values: [web, mon]}"),
        """
        shop/web > shop/db: none
        ops/mon > shop/db: none
        shop/api > shop/db: all
        shop/bare > shop/db: all
        """,
    ),
    Case(
        "Exists",
        expression("{key: tier, operator: Exists}"),
        """
        shop/web > shop/db: all
        ops/web > shop/db: none
        shop/bare > shop/db: none
        """,
    ),
    Case(
        "DoesNotExist",
        expression("{key: tier, operator: DoesNotExist}"),
        """
        shop/web > shop/db: none
        ops/web > shop/db: all
        shop/bare > shop/db: all
        """,
    ),
    Case(
        "several expressions: all of them",
        expression("{key: tier, operator: Exists}, {key: app, operator: NotIn, values: [web]}"),
        """
        shop/api > shop/db: all
        shop/web > shop/db: none
        ops/mon > shop/db: none
        """,
    ),
    Case(
        "labels and expressions: all of them",
        """
        ingress:
        - from:
          - podSelector:
              matchLabels: {tier: back}
              matchExpressions: [{key: app, operator: In, values: [api, web]}]
        """,
        """
        shop/api > shop/db: all
        shop/web > shop/db: none
        """,
    ),
    Case(
        "In for namespaces",
        expression("{key: team, operator: In, values: [b]}", "namespaceSelector"),
        """
        ops/mon > shop/db: all
        lab/web > shop/db: none
        """,
    ),
    Case(
        "NotIn for namespaces, also where the key is absent",
        expression("{key: team, operator: NotIn, values: [b]}", "namespaceSelector"),
        """
        ops/mon > shop/db: none
        lab/web > shop/db: all
        shop/api > shop/db: all
        203.0.113.9 > shop/db: none
        """,
    ),
    Case(
        "NotIn for a namespace's name",
        expression("{key: kubernetes.io/metadata.name, operator: NotIn, values: [ops, shop]}", "namespaceSelector"),
        """
        ops/mon > shop/db: none
        lab/web > shop/db: all
        """,
    ),
    Case(
        "DoesNotExist for namespaces",
        expression("{key: env, operator: DoesNotExist}", "namespaceSelector"),
        """
        ops/mon > shop/db: none
        lab/web > shop/db: all
        """,
    ),
    Case(
        "an expression chooses the subject: all but one",
        "podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [db]}]}",
        """
        ops/mon > shop/db: all
        ops/mon > shop/web: none
        ops/mon > shop/bare: none
        """,
    ),
    Case(
        "matchExpressions empty is as absent",
        "podSelector: {matchLabels: {app: db}, matchExpressions: []}",
        """
        ops/mon > shop/db: none
        ops/mon > shop/web: all
        """,
    ),
]

# API IPBlock; CONCEPT "Behavior of to and from selectors", ipBlock: meant for addresses outside of the cluster, but a
# range is a range: pods whose address lies in it are matched by it too.
BLOCKS = [
    Case(
        "cidr, at its borders",
        "ingress: [{from: [{ipBlock: {cidr: 203.0.113.64/26}}]}]",
        """
        203.0.113.63 > shop/web: none
        203.0.113.64 > shop/web: all
        203.0.113.127 > shop/web: all
        203.0.113.128 > shop/web: none
        ops/mon > shop/web: none
        """,
    ),
    Case(
        "except, at its borders",
        "ingress: [{from: [{ipBlock: {cidr: 203.0.113.0/24, except: [203.0.113.64/26, 203.0.113.200/32]}}]}]",
        """
        203.0.113.63 > shop/web: all
        203.0.113.64 > shop/web: none
        203.0.113.127 > shop/web: none
        203.0.113.128 > shop/web: all
        203.0.113.199 > shop/web: all
        203.0.113.200 > shop/web: none
        203.0.113.201 > shop/web: all
        """,
    ),
    Case(
        "what one peer excepts another may name",
        """
        ingress:
        - from:
          - ipBlock: {cidr: 203.0.113.0/24, except: [203.0.113.64/26]}
          - ipBlock: {cidr: 203.0.113.80/32}
        """,
        """
        203.0.113.79 > shop/web: none
        203.0.113.80 > shop/web: all
        203.0.113.81 > shop/web: none
        """,
    ),
    Case(
        "0.0.0.0/0: every IPv4 address, pods' too, and no IPv6 address",
        "ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]",
        """
        203.0.113.9 > shop/web: all
        255.255.255.255 > shop/web: all
        ops/mon > shop/web: all
        """,
    ),
    Case(
        "::/0: every IPv6 address and no IPv4 address",
        "{namespace: lab, podSelector: {}, ingress: [{from: [{ipBlock: {cidr: '::/0'}}]}]}",
        """
        2001:db8::1 > lab/six: all
        ops/mon > lab/web: none
        203.0.113.9 > lab/web: none
        """,
    ),
    Case(
        "0.0.0.0/0 lets no IPv6 address in",
        "{namespace: lab, podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}",
        """
        2001:db8::1 > lab/six: none
        203.0.113.9 > lab/web: all
        """,
    ),
    Case(
        "IPv6 cidr and except, at their borders",
        "{namespace: lab, podSelector: {}, ingress: [{from: [{ipBlock: {cidr: '2001:db8::/32', "
        "except: ['2001:db8:1::/48']}}]}]}",
        """
        2001:db8:0:ffff:ffff:ffff:ffff:ffff > lab/six: all
        2001:db8:1:: > lab/six: none
        2001:db8:1:ffff:ffff:ffff:ffff:ffff > lab/six: none
        2001:db8:2:: > lab/six: all
        2001:db9:: > lab/six: none
        2001:db7:ffff:ffff:ffff:ffff:ffff:ffff > lab/six: none
        """,
    ),
    Case(
        "in egress, with a port range",
        """
        policyTypes: [Egress]
        egress: [{to: [{ipBlock: {cidr: 10.0.0.0/24}}], ports: [{protocol: TCP, port: 32000, endPort: 32768}]}]
        """,
        """
        shop/db > 10.0.0.7: TCP 32000-32768
        shop/db > 10.0.1.0: none
        """,
    ),
    Case(
        "an address of a pod in the range",
        "ingress: [{from: [{ipBlock: {cidr: 10.2.0.2/32}}]}]",
        """
        ops/mon > shop/web: all
        ops/web > shop/web: none
        """,
    ),
    Case(
        "an address of a pod in the exception",
        "ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.2.0.0/16]}}]}]",
        """
        ops/mon > shop/web: none
        lab/web > shop/web: all
        """,
    ),
    Case(
        "an address of a pod in the range of an egress rule",
        "{policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.2.0.0/24}}], ports: [{port: 9090}]}]}",
        """
        shop/web > ops/mon: TCP 9090
        shop/web > lab/web: none
        """,
    ),
    Case(
        "an exception bounds only its own peer: the pod may be named by a selector",
        """
        ingress:
        - from: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.2.0.0/16]}}, {namespaceSelector: {matchLabels: {team: b}}}]
        """,
        """
        ops/mon > shop/web: all
        203.0.113.9 > shop/web: all
        """,
    ),
    Case(
        "cidr with bits beyond the prefix",
        "ingress: [{from: [{ipBlock: {cidr: 192.168.1.1/24}}]}]",
        """
        192.168.1.0 > shop/web: all
        192.168.1.255 > shop/web: all
        192.168.2.0 > shop/web: none
        """,
    ),
]

# API NetworkPolicyPort; CONCEPT "Targeting a range of ports"
PORTS = [
    Case("ports absent: all", "ingress: [{from: [{podSelector: {}}]}]", "shop/api > shop/web: all"),
    Case("ports empty: all", "ingress: [{from: [{podSelector: {}}], ports: []}]", "shop/api > shop/web: all"),
    Case("protocol defaults to TCP", "ingress: [{ports: [{port: 80}]}]", "ops/mon > shop/web: TCP 80"),
    Case("TCP", "ingress: [{ports: [{protocol: TCP, port: 80}]}]", "ops/mon > shop/web: TCP 80"),
    Case("UDP", "ingress: [{ports: [{protocol: UDP, port: 53}]}]", "ops/mon > shop/web: UDP 53"),
    Case("SCTP", "ingress: [{ports: [{protocol: SCTP, port: 7777}]}]", "ops/mon > shop/web: SCTP 7777"),
    Case(
        "port absent: all of the protocol", "ingress: [{ports: [{protocol: UDP}]}]", "ops/mon > shop/web: UDP 1-65535"
    ),
    Case("an empty port: all of TCP", "ingress: [{ports: [{}]}]", "ops/mon > shop/web: TCP 1-65535"),
    Case(
        "every protocol without a port: all",
        "ingress: [{ports: [{protocol: TCP}, {protocol: UDP}, {protocol: SCTP}]}]",
        "ops/mon > shop/web: all",
    ),
    Case(
        "several ports: any of them",
        "ingress: [{ports: [{port: 80}, {port: 443}, {protocol: UDP, port: 443}]}]",
        "ops/mon > shop/web: TCP 80, TCP 443, UDP 443",
    ),
    Case(
        "endPort is included",
        "ingress: [{ports: [{port: 8000, endPort: 8080}]}]",
        "ops/mon > shop/web: TCP 8000-8080",
    ),
    Case(
        "endPort equal to port",
        "ingress: [{ports: [{port: 8000, endPort: 8000}]}]",
        "ops/mon > shop/web: TCP 8000",
    ),
    Case(
        "endPort with UDP to the last port",
        "ingress: [{ports: [{protocol: UDP, port: 60000, endPort: 65535}]}]",
        "ops/mon > shop/web: UDP 60000-65535",
    ),
    Case(
        "ranges that touch and overlap",
        "ingress: [{ports: [{port: 100, endPort: 200}, {port: 201, endPort: 300}, {port: 250, endPort: 400}]}]",
        "ops/mon > shop/web: TCP 100-400",
    ),
    Case(
        "the whole range of one protocol is not all",
        "ingress: [{ports: [{port: 1, endPort: 65535}]}]",
        "ops/mon > shop/web: TCP 1-65535",
    ),
    Case(
        "a name: each pod's own number",
        "{podSelector: {}, ingress: [{ports: [{port: http}]}]}\n---\n"
        "{namespace: ops, podSelector: {}, ingress: [{ports: [{port: http}]}]}",
        """
        lab/web > shop/web: TCP 80
        lab/web > shop/api: TCP 8080
        lab/web > ops/web: TCP 9090
        """,
    ),
    Case(
        "a name that the pod does not have: no port",
        "ingress: [{ports: [{port: nosuch}]}]",
        "ops/mon > shop/web: none\nops/mon > shop/bare: none",
    ),
    Case(
        "a name of another protocol: no port",
        "ingress: [{ports: [{port: http}]}]",
        "ops/mon > shop/db: none",
    ),
    Case(
        "a name of the protocol asked for",
        "ingress: [{ports: [{protocol: UDP, port: http}, {protocol: UDP, port: dns}]}]",
        """
        ops/mon > shop/db: UDP 8081
        ops/mon > shop/web: UDP 53
        """,
    ),
    Case(
        "a name in an egress rule is the destination's",
        "{policyTypes: [Egress], egress: [{ports: [{port: http}]}]}",
        """
        shop/web > ops/web: TCP 9090
        shop/db > shop/api: TCP 8080
        shop/api > shop/db: none
        shop/web > shop/bare: none
        shop/web > 203.0.113.9: none
        """,
    ),
    Case(
        "a name beside a number",
        "{policyTypes: [Egress], egress: [{ports: [{port: http}, {port: 443}]}]}",
        """
        shop/web > ops/web: TCP 443, TCP 9090
        shop/web > 203.0.113.9: TCP 443
        """,
    ),
    Case(
        "a name on a range of addresses: the pods in it have names, addresses outside have none",
        "{policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.2.0.0/16}}], ports: [{port: http}]}]}",
        """
        shop/web > ops/web: TCP 9090
        shop/web > 10.2.200.1: none
        """,
    ),
]

# CONCEPT "Network policies do not conflict; they are additive"; "both the egress policy on the source pod and the
# ingress policy on the destination pod need to allow the connection"
TOGETHER = [
    Case(
        "trap 1: a deny-all beside an allow changes nothing",
        "{podSelector: {}, policyTypes: [Ingress, Egress]}\n---\n"
        "{podSelector: {matchLabels: {app: web}}, ingress: [{}]}",
        """
        ops/mon > shop/web: all
        203.0.113.9 > shop/web: all
        ops/mon > shop/db: none
        shop/web > ops/mon: none
        """,
    ),
    Case(
        "the union of two policies",
        "{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 1}]}]}\n---\n"
        "{podSelector: {}, ingress: [{from: [{podSelector: {}}], ports: [{port: 3}]}]}",
        """
        shop/web > shop/db: TCP 1, TCP 3
        shop/api > shop/db: TCP 3
        """,
    ),
    Case(
        "the order of policies changes nothing",
        "{podSelector: {}, ingress: [{from: [{podSelector: {}}], ports: [{port: 3}]}]}\n---\n"
        "{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 1}]}]}",
        """
        shop/web > shop/db: TCP 1, TCP 3
        shop/api > shop/db: TCP 3
        """,
    ),
    Case(
        "two policies do not meet in one rule: peers of one, ports of the other",
        "{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 80}]}]}\n---\n"
        "{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: api}}}], ports: [{port: 443}]}]}",
        """
        shop/web > shop/db: TCP 80
        shop/api > shop/db: TCP 443
        """,
    ),
    Case(
        "ingress allows, egress denies: denied",
        "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{namespaceSelector: {}}]}]}\n---\n"
        "{namespace: ops, podSelector: {}, policyTypes: [Egress]}",
        """
        ops/mon > shop/db: none
        lab/web > shop/db: all
        """,
    ),
    Case(
        "egress allows, ingress denies: denied",
        "{podSelector: {matchLabels: {app: db}}}\n---\n"
        "{namespace: ops, podSelector: {}, policyTypes: [Egress], egress: [{}]}",
        """
        ops/mon > shop/db: none
        ops/mon > shop/web: all
        """,
    ),
    Case(
        "both allow in part: what both allow",
        "{podSelector: {}, ingress: [{ports: [{port: 80, endPort: 90}, {protocol: UDP, port: 53}]}]}\n---\n"
        "{namespace: ops, podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 85, endPort: 99}]}]}",
        """
        ops/mon > shop/db: TCP 85-90
        lab/web > shop/db: TCP 80-90, UDP 53
        ops/mon > lab/web: TCP 85-99
        """,
    ),
    Case(
        "a policy for ingress only does not loosen another's egress",
        "{podSelector: {}, policyTypes: [Egress]}\n---\n{podSelector: {}, ingress: [{}]}",
        """
        shop/web > ops/mon: none
        ops/mon > shop/web: all
        """,
    ),
    Case(
        "one policy of the namespace opens, that of another namespace has no say",
        "{podSelector: {}}\n---\n{namespace: ops, podSelector: {}, ingress: [{}]}",
        """
        lab/web > shop/web: none
        lab/web > ops/web: all
        """,
    ),
]

# CONCEPT "NetworkPolicy and hostNetwork pods", the second and most common way: hostNetwork pods are ignored when
# matching podSelector and namespaceSelector; their traffic is that of the node's address.
HOST_NETWORK = [
    Case(
        "a pod on the host network is not isolated",
        "{namespace: ops, podSelector: {}, policyTypes: [Ingress, Egress]}",
        """
        shop/web > ops/host: all
        ops/host > shop/web: all
        203.0.113.9 > ops/host: all
        ops/host > 203.0.113.9: all
        shop/web > ops/web: none
        """,
    ),
    Case(
        "nor does a namespaceSelector find it",
        "ingress: [{from: [{namespaceSelector: {matchLabels: {team: b}}}]}]",
        """
        ops/host > shop/web: none
        ops/mon > shop/web: all
        """,
    ),
    Case(
        "nor does a podSelector find it",
        "ingress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: {app: web}}}]}]",
        """
        ops/host > shop/db: none
        ops/web > shop/db: all
        """,
    ),
    Case(
        "nor one in an egress rule",
        "{policyTypes: [Egress], egress: [{to: [{namespaceSelector: {}}]}]}",
        """
        shop/web > ops/host: none
        shop/web > ops/mon: all
        """,
    ),
    Case(
        "it is seen by its node's address",
        "ingress: [{from: [{ipBlock: {cidr: 192.168.0.2/32}}]}]",
        """
        ops/host > shop/web: all
        ops/mon > shop/web: none
        """,
    ),
    Case(
        "and reached at its node's address",
        "{policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 192.168.0.2/32}}], ports: [{port: 9100}]}]}",
        "shop/web > ops/host: TCP 9100",
    ),
    Case(
        "a rule without peers lets it in",
        "ingress: [{ports: [{port: 80}]}]",
        "ops/host > shop/web: TCP 80",
    ),
]

CASES = ISOLATION + POLICY_TYPES + PEERS + EXPRESSIONS + BLOCKS + PORTS + TOGETHER + HOST_NETWORK


@pytest.mark.parametrize("by", ["reference", "evaluator"])
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_networkpolicy(case: Case, by: str) -> None:
    check(snapshot(*WORLD, *policies(case.policies)), case.expected, by)


def test_no_two_cases_are_alike() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 100


both = pytest.mark.parametrize("by", ["reference", "evaluator"])


@both
def test_a_namespace_is_found_by_name_also_where_its_object_lacks_the_label(by: str) -> None:
    """The API server sets ``kubernetes.io/metadata.name`` on each namespace; manifests and old dumps lack it."""
    bare = {"kind": "Namespace", "metadata": {"name": "ops", "uid": "ops"}}
    rule = "ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ops}}}]}]"
    cluster = snapshot(namespace("shop"), bare, pod("shop/web"), pod("ops/mon"), pod("lab/x"), *policies(rule))
    check(cluster, "ops/mon > shop/web: all\nlab/x > shop/web: none", by)


@both
def test_a_namespace_whose_object_is_absent_has_only_its_name(by: str) -> None:
    rule = "ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ops}}}]}]"
    cluster = snapshot(pod("shop/web"), pod("ops/mon"), pod("lab/x"), *policies(rule))
    check(cluster, "ops/mon > shop/web: all\nlab/x > shop/web: none", by)


@both
def test_a_pod_of_both_families_is_matched_by_either_address(by: str) -> None:
    """A range of IPv6 lets the pod connect by IPv6, one of IPv4 by IPv4; kubernetes.io, "IPv4/IPv6 dual-stack"."""
    cluster = snapshot(
        namespace("shop"),
        pod("shop/web", "app=web", "10.0.0.1,fd00::1"),
        pod("shop/four", "app=x", "10.0.0.4,fd00::4"),
        *policies("{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{ipBlock: {cidr: 'fd00::/64'}}]}]}"),
    )
    check(cluster, "shop/four > shop/web: all\nfd00::99 > shop/web: all\n10.0.0.99 > shop/web: none", by)


@both
def test_a_name_that_two_containers_give_to_two_ports_means_both(by: str) -> None:
    two = pod("shop/web", "app=web", "10.0.0.1")
    two["spec"]["containers"] = [
        {"name": "a", "ports": [{"name": "http", "containerPort": 80}]},
        {
            "name": "b",
            "ports": [{"name": "http", "containerPort": 81}, {"name": "http", "containerPort": 82, "protocol": "UDP"}],
        },
    ]
    cluster = snapshot(namespace("shop"), two, pod("shop/x"), *policies("ingress: [{ports: [{port: http}]}]"))
    check(cluster, "shop/x > shop/web: TCP 80, TCP 81", by)


@both
def test_a_sidecar_has_names_of_ports_too(by: str) -> None:
    """kubernetes.io, "Sidecar containers": an init container with restartPolicy Always keeps running."""
    one = pod("shop/web", "app=web", "10.0.0.1")
    one["spec"]["initContainers"] = [
        {"name": "a", "restartPolicy": "Always", "ports": [{"name": "metrics", "containerPort": 9100}]},
        {"name": "b", "ports": [{"name": "metrics", "containerPort": 9200}]},
    ]
    cluster = snapshot(namespace("shop"), one, pod("shop/x"), *policies("ingress: [{ports: [{port: metrics}]}]"))
    check(cluster, "shop/x > shop/web: TCP 9100", by)


@both
def test_a_node_has_no_names_of_ports(by: str) -> None:
    """A pod on the host network is its node's address, at which only numbers are known."""
    rule = "{policyTypes: [Egress], egress: [{ports: [{port: http}, {port: 9101}]}]}"
    check(
        snapshot(*WORLD, *policies(rule)), "shop/web > ops/host: TCP 9101\nshop/web > ops/web: TCP 9090, TCP 9101", by
    )


@both
def test_a_container_port_that_says_no_protocol_is_tcp(by: str) -> None:
    one = pod("shop/web", "app=web", "10.0.0.1")
    one["spec"]["containers"] = [{"name": "a", "ports": [{"name": "http", "containerPort": 80}]}]
    cluster = snapshot(namespace("shop"), one, pod("shop/x"), *policies("ingress: [{ports: [{port: http}]}]"))
    check(cluster, "shop/x > shop/web: TCP 80", by)


@both
def test_the_node_of_a_pod_always_reaches_it(by: str) -> None:
    """CONCEPT, entities: "traffic to and from the node where a Pod is running is always allowed, regardless of the IP
    address of the Pod or the node"; and of hostNetwork pods, "connections to those pods will be treated as node
    connections"."""
    cluster = snapshot(
        namespace("shop"),
        node("n1", "192.168.0.1"),
        node("n2", "192.168.0.2"),
        pod("shop/web", "app=web", "10.0.0.1", "n1"),
        pod("shop/near", "", "192.168.0.1", "n1", host_network=True),
        pod("shop/far", "", "192.168.0.2", "n2", host_network=True),
        *policies("{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress, Egress]}"),
    )
    check(
        cluster,
        """
        shop/near > shop/web: all
        shop/web > shop/near: all
        shop/far > shop/web: none
        shop/web > shop/far: none
        """,
        by,
    )


def test_a_policy_that_selects_no_pod_changes_nothing() -> None:
    """Also where it is the only one to name a range: of which family a pod's peers are does not depend on it."""
    base = [namespace("shop"), namespace("ops"), pod("shop/four", "", "10.0.0.1"), pod("shop/six", "", "fd00::1")]
    range_ = "{namespace: ops, podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 203.0.113.0/24}}]}]}"
    answers = []
    for network in (Network(snapshot(*base)), Network(snapshot(*base, *policies(range_)))):
        pods = [network.peer("shop", name) for name in ("four", "six")]
        answers.append(([network.from_outside(each) for each in pods if each], network.connections()))
    assert answers[0] == answers[1]
    assert [[text for text, _ in each] for each in answers[0][0]] == [[FOUR], [SIX]]


def test_pods_of_one_family_each_are_listed_with_ranges_of_their_own() -> None:
    cluster = snapshot(namespace("shop"), pod("shop/four", "", "10.0.0.1"), pod("shop/six", "", "fd00::1"))
    lines = {(each.from_, each.to) for each in Network(cluster).connections() if "/" not in each.from_}
    assert lines == {(FOUR, "shop/four[Pod]"), (SIX, "shop/six[Pod]")}
