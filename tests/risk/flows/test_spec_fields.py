"""Every field of every kind of policy stands in some case, and every one that may be absent is absent in another.

The fields are written down from the API references of NetworkPolicy v1, AdminNetworkPolicy and
BaselineAdminNetworkPolicy v1alpha1, and ClusterNetworkPolicy v1alpha2; ``?`` marks those that may be absent, ``[]`` a
list. The fields of label selectors, which all kinds have in common, count once for each kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.risk.flows.alike import as_baseline, as_cluster
from tests.risk.flows.test_spec_adminpolicy import PORTS, SUBJECTS_AND_PEERS, V1ALPHA1, V1ALPHA2
from tests.risk.flows.test_spec_networkpolicy import CASES
from tests.risk.flows.worlds import WORLD, Case, check, policies, snapshot

SHOP = "namespaces: {matchLabels: {team: a}}"
ALL = "namespaces: {}"
#: What no other case says: rules of egress by port, the names of rules, selectors by expression.
BEYOND_NETWORK = [
    Case(
        "egress to pods by expression",
        "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: "
        "[{to: [{podSelector: {matchExpressions: [{key: tier, operator: Exists}]}}], ports: [{protocol: UDP}]}]}",
        "shop/web > shop/db: UDP 1-65535\nshop/web > shop/bare: none\nshop/web > ops/mon: none",
    ),
    Case(
        "egress to namespaces by expression",
        "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: "
        "[{to: [{namespaceSelector: {matchExpressions: [{key: env, operator: In, values: [prod]}]}}]}]}",
        "shop/web > ops/mon: all\nshop/web > shop/db: none",
    ),
    Case(
        "egress to a block with an exception",
        "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: "
        "[{to: [{ipBlock: {cidr: 203.0.113.0/24, except: [203.0.113.128/25]}}]}]}",
        "shop/web > 203.0.113.127: all\nshop/web > 203.0.113.128: none\nshop/web > 198.51.100.1: none",
    ),
]
BEYOND_ADMIN = [
    Case(
        "egress by a number of UDP",
        f"{{priority: 1, subject: {{{SHOP}}}, egress: "
        f"[{{name: no dns, action: Deny, to: [{{{ALL}}}], ports: [{{portNumber: {{protocol: UDP, port: 53}}}}]}}]}}",
        "shop/web > ops/mon: TCP 1-65535, UDP 1-52, UDP 54-65535, SCTP 1-65535",
    ),
    Case(
        "egress by a number without a protocol",
        f"{{priority: 1, subject: {{{SHOP}}}, egress: "
        f"[{{action: Deny, to: [{{{ALL}}}], ports: [{{portNumber: {{port: 53}}}}]}}]}}",
        "shop/web > ops/mon: TCP 1-52, TCP 54-65535, UDP 1-65535, SCTP 1-65535",
    ),
    Case(
        "egress by a range of SCTP",
        f"{{priority: 1, subject: {{{SHOP}}}, egress: "
        f"[{{action: Deny, to: [{{{ALL}}}], ports: [{{portRange: {{protocol: SCTP, start: 2, end: 65535}}}}]}}]}}",
        "shop/web > ops/mon: TCP 1-65535, UDP 1-65535, SCTP 1",
    ),
    Case(
        "egress by a range without a protocol",
        f"{{priority: 1, subject: {{{SHOP}}}, egress: "
        f"[{{action: Deny, to: [{{{ALL}}}], ports: [{{portRange: {{start: 1, end: 65534}}}}]}}]}}",
        "shop/web > ops/mon: TCP 65535, UDP 1-65535, SCTP 1-65535",
    ),
    Case(
        "ingress by a named rule, and one without",
        f"{{priority: 1, subject: {{{SHOP}}}, ingress: "
        f"[{{name: no pods, action: Deny, from: [{{namespaces: {{matchLabels: {{team: b}}}}}}]}}, "
        f"{{action: Allow, from: [{{{ALL}}}]}}]}}",
        "ops/mon > shop/web: none\nlab/web > shop/web: all",
    ),
    Case(
        "domain names: an Allow of them opens nothing to pods",
        f"{{priority: 1, subject: {{{SHOP}}}, egress: "
        f"[{{action: Allow, to: [{{domainNames: ['*.example.com']}}]}}, {{action: Deny, to: [{{{ALL}}}]}}]}}",
        "shop/web > ops/mon: none\nshop/web > 203.0.113.9: all",
    ),
    Case(
        "a subject by pods, with no rule of egress",
        "{priority: 1, subject: {pods: {namespaceSelector: {matchLabels: {team: a}}, podSelector: "
        "{matchExpressions: [{key: app, operator: NotIn, values: [web]}]}}}, ingress: "
        "[{action: Deny, from: [{pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: mon}}}}]}]}",
        "ops/mon > shop/db: none\nops/mon > shop/web: all\nops/web > shop/db: all\nshop/db > ops/mon: all",
    ),
]
BEYOND_CLUSTER = [
    Case(
        f"a whole protocol in {way}: {name}",
        f"{{tier: Admin, priority: 1, subject: {{{SHOP}}}, {way}: "
        f"[{{action: Deny, {peers}: [{{{ALL}}}], protocols: [{{{name.lower()}: {{}}}}]}}]}}",
        f"{ends}: " + ", ".join(f"{each} 1-65535" for each in ("TCP", "UDP", "SCTP") if each != name),
    )
    for name in ("TCP", "UDP", "SCTP")
    for way, peers, ends in (
        ("ingress", "from", "ops/mon > shop/web"),
        ("egress", "to", "shop/web > ops/mon"),
    )
] + [
    Case(
        f"egress by a {what} of UDP",
        f"{{tier: Admin, priority: 1, subject: {{{SHOP}}}, egress: [{{action: Deny, to: [{{{ALL}}}], "
        f"protocols: [{{udp: {{destinationPort: {{{what}: {text}}}}}}}]}}]}}",
        f"shop/web > ops/mon: TCP 1-65535, UDP {rest}, SCTP 1-65535",
    )
    for what, text, rest in (("number", "1", "2-65535"), ("range", "{start: 1, end: 9}", "10-65535"))
]
ADMIN = [*SUBJECTS_AND_PEERS, *PORTS, *BEYOND_ADMIN]
BASELINE = list(as_baseline(ADMIN))
CLUSTER = [*as_cluster(ADMIN), *BEYOND_CLUSTER]
NEW = [
    *(("NetworkPolicy", case) for case in BEYOND_NETWORK),
    *(("AdminNetworkPolicy", case) for case in BEYOND_ADMIN),
    *(("BaselineAdminNetworkPolicy", case) for case in BASELINE),
    *(("ClusterNetworkPolicy", case) for case in CLUSTER),
]
EVERY = [
    *(("NetworkPolicy", case) for case in CASES),
    *(("AdminNetworkPolicy", case) for case in V1ALPHA1),
    *(("ClusterNetworkPolicy", case) for case in V1ALPHA2),
    *NEW,
]


@pytest.mark.parametrize("by", ["reference", "evaluator"])
@pytest.mark.parametrize(("kind", "case"), NEW, ids=[f"{kind} {case.name}" for kind, case in NEW])
def test_a_field_means_what_the_specification_says(kind: str, case: Case, by: str) -> None:
    check(snapshot(*WORLD, *policies(case.policies, kind)), case.expected, by)


def _network_policy(direction: str, way: str) -> str:
    rule, peer = f"{direction}[]", f"{direction}[].{way}[]"
    return f"""
        {rule}? {peer}? {peer}.podSelector? {peer}.namespaceSelector? {peer}.ipBlock? {peer}.ipBlock.cidr
        {peer}.ipBlock.except[]? {rule}.ports[]? {rule}.ports[].protocol? {rule}.ports[].port? {rule}.ports[].endPort?
    """


def _admin(direction: str, way: str, ports: str) -> str:
    rule, peer = f"{direction}[]", f"{direction}[].{way}[]"
    outside = f"{peer}.nodes? {peer}.networks[]? {peer}.domainNames[]?" if way == "to" else ""
    return f"""
        {rule}? {rule}.name? {rule}.action {rule}.{way}[] {peer}.namespaces? {peer}.pods?
        {peer}.pods.namespaceSelector {peer}.pods.podSelector {outside}
    """ + " ".join(f"{rule}.{port}" for port in ports.split())


NUMBERS = """
    ports[]? ports[].portNumber? ports[].portNumber.protocol? ports[].portNumber.port ports[].namedPort?
    ports[].portRange? ports[].portRange.protocol? ports[].portRange.start ports[].portRange.end
"""
MATCHES = "protocols[]? protocols[].destinationNamedPort? " + " ".join(
    f"protocols[].{name}? protocols[].{name}.destinationPort?" for name in ("tcp", "udp", "sctp")
)
PLACES = " ".join(
    f"protocols[].{name}.destinationPort.{field}"
    for name in ("tcp", "udp", "sctp")
    for field in ("number?", "range?", "range.start", "range.end")
)
SUBJECT = "subject.namespaces? subject.pods? subject.pods.namespaceSelector subject.pods.podSelector"
SELECTOR = (
    "matchLabels? matchExpressions[]? matchExpressions[].key matchExpressions[].operator matchExpressions[].values[]?"
)
FIELDS = {
    "NetworkPolicy": f"""
        podSelector policyTypes[]? {_network_policy("ingress", "from")} {_network_policy("egress", "to")}
    """,
    "AdminNetworkPolicy": f"""
        priority {SUBJECT} {_admin("ingress", "from", NUMBERS)} {_admin("egress", "to", NUMBERS)}
    """,
    "BaselineAdminNetworkPolicy": f"{SUBJECT} {_admin('ingress', 'from', NUMBERS)} {_admin('egress', 'to', NUMBERS)}",
    "ClusterNetworkPolicy": f"""
        tier priority {SUBJECT}
        {_admin("ingress", "from", f"{MATCHES} {PLACES}")} {_admin("egress", "to", MATCHES)}
    """,
}


def specs(kind: str) -> Iterator[Any]:
    for usual, case in EVERY:
        for policy in policies(case.policies, usual) if case.policies.strip() else ():
            if policy["kind"] == kind:
                yield policy["spec"]


def stands(value: Any, path: tuple[str, ...]) -> Iterator[bool]:
    """For each place that could hold a field whether it does."""
    head, *rest = path
    name = head.removesuffix("[]")
    if not isinstance(value, dict):
        return
    if not rest:
        yield name in value
        return
    inner = value.get(name)
    for each in inner if head.endswith("[]") and isinstance(inner, list) else [inner]:
        yield from stands(each, tuple(rest))


def selectors(value: Any) -> Iterator[Any]:
    """Every label selector below a value."""
    for key, inner in value.items() if isinstance(value, dict) else ():
        if key in ("podSelector", "namespaceSelector", "namespaces", "nodes"):
            yield inner
        yield from selectors(inner)
    for inner in value if isinstance(value, list) else ():
        yield from selectors(inner)


def missing(values: list[Any], fields: str) -> Iterator[str]:
    for field in fields.split():
        path = tuple(field.removesuffix("?").split("."))
        places = {there for value in values for there in stands(value, path)}
        if True not in places:
            yield f"{field} is in no case"
        if field.endswith("?") and False not in places:
            yield f"{field} is never absent"


@pytest.mark.parametrize("kind", FIELDS)
def test_every_field_stands_in_a_case_and_is_absent_from_another(kind: str) -> None:
    own = list(specs(kind))
    assert list(missing(own, FIELDS[kind])) == []
    assert list(missing([each for spec in own for each in selectors(spec)], SELECTOR)) == []


def test_there_are_as_many_cases_as_asked_for() -> None:
    assert len(EVERY) >= 80
    assert len({(kind, case.name) for kind, case in EVERY}) == len(EVERY)
