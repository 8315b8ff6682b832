"""Cases of AdminNetworkPolicy as cases of the two kinds that mean the same by other words.

A BaselineAdminNetworkPolicy has no priority and no Pass, and where no NetworkPolicy selects a pod it decides as an
AdminNetworkPolicy does (network-policy-api.sigs.k8s.io/api-overview). A ClusterNetworkPolicy of the Admin tier says
Accept for Allow, and ``protocols`` for ``ports`` (reference/spec of v1alpha2).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import yaml
from tests.risk.flows.worlds import Case

Spec = dict[str, Any]


def documents(case: Case) -> list[Spec]:
    """The specs of a case, those of other kinds with their ``kind``."""
    return [dict(each) for each in yaml.safe_load_all(case.policies) if each] if case.policies.strip() else []


def as_baseline(cases: Iterable[Case]) -> Iterator[Case]:
    """The cases of one policy that a baseline policy can be."""
    for case in cases:
        specs = documents(case)
        if len(specs) == 1 and "kind" not in specs[0] and "Pass" not in case.policies:
            spec = {key: each for key, each in specs[0].items() if key != "priority"}
            yield Case(f"baseline: {case.name}", yaml.safe_dump(spec), case.expected)


def as_cluster(cases: Iterable[Case]) -> Iterator[Case]:
    """The cases in which every policy is an AdminNetworkPolicy."""
    for case in cases:
        specs = documents(case)
        if specs and not any("kind" in spec for spec in specs):
            told = yaml.safe_dump_all([{"tier": "Admin", **_renamed(spec)} for spec in specs])
            yield Case(f"cluster: {case.name}", told, case.expected)


def _renamed(spec: Spec) -> Spec:
    return {**spec, **{way: [_rule(rule) for rule in spec[way]] for way in ("ingress", "egress") if way in spec}}


def _rule(rule: Spec) -> Spec:
    made = {key: each for key, each in rule.items() if key != "ports"}
    if made["action"] == "Allow":
        made["action"] = "Accept"
    if "ports" in rule:
        made["protocols"] = [_port(port) for port in rule["ports"]]
    return made


def _port(port: Spec) -> Spec:
    if "namedPort" in port:
        return {"destinationNamedPort": port["namedPort"]}
    if "portNumber" in port:
        number: Spec = port["portNumber"]
        return {number.get("protocol", "TCP").lower(): {"destinationPort": {"number": number["port"]}}}
    range_: Spec = port["portRange"]
    return {
        range_.get("protocol", "TCP").lower(): {
            "destinationPort": {"range": {"start": range_["start"], "end": range_["end"]}}
        }
    }
