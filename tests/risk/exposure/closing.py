"""What a closing means, done to the objects: what is named goes, and what the cluster would take away with it."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable

from tests.risk.exposure.makings import Json

_OWNER = "gateway.networking.k8s.io/gateway-name"


def closed(objects: Iterable[Json], what: str) -> list[Json]:
    """Copies of the objects without what a closing names.

    The addresses of a Service go with it, also from the status of ingresses and gateways that have them from it; the
    Services that were made for a Gateway go with the Gateway.
    """
    kept = copy.deepcopy(list(objects))
    if found := re.fullmatch(r"hostPort (\d+) of StatefulSet (.+)", what):
        for each in _pods(kept, found[2]):
            for port in _ports(each):
                if port.get("hostPort") == int(found[1]):
                    del port["hostPort"]
        return kept
    if found := re.fullmatch(r"hostNetwork( and host ports)? of StatefulSet (.+)", what):
        for each in _pods(kept, found[2]):
            each["spec"]["hostNetwork"] = False
            for port in _ports(each) if found[1] else ():
                del port["hostPort"]
        return kept
    if found := re.fullmatch(r"Ingress (.+), its rules for Service (.+)", what):
        for each in kept:
            if each["kind"] == "Ingress" and name(each) == found[1]:
                each["spec"]["rules"] = [rule for rule in each["spec"]["rules"] if _service(rule) != found[2]]
        return kept
    kind, _, named = what.partition(" ")
    gone = [each for each in kept if (each["kind"], name(each)) == (kind, named)]
    assert gone, what
    if kind == "Gateway":
        gone += [each for each in kept if each["kind"] == "Service" and _made_for(each) == named]
    addresses = {one["ip"] for each in gone if each["kind"] == "Service" for one in _given(each)}
    kept = [each for each in kept if each not in gone]
    for each in kept:
        if each["kind"] == "Ingress" and each.get("status"):
            each["status"]["loadBalancer"]["ingress"] = [one for one in _given(each) if one["ip"] not in addresses]
        if each["kind"] == "Gateway":
            given = each["status"]["addresses"]
            each["status"]["addresses"] = [one for one in given if one["value"] not in addresses]
    return kept


def name(each: Json) -> str:
    """Namespace and name."""
    meta = each["metadata"]
    return f"{meta['namespace']}/{meta['name']}" if "namespace" in meta else str(meta["name"])


def _pods(objects: list[Json], workload: str) -> list[Json]:
    return [each for each in objects if each["kind"] == "Pod" and name(each) == f"{workload}-0"]


def _ports(pod: Json) -> list[Json]:
    return [port for container in pod["spec"]["containers"] for port in container["ports"]]


def _service(rule: Json) -> str:
    return "shop/" + str(rule["http"]["paths"][0]["backend"]["service"]["name"])


def _made_for(service: Json) -> str:
    label = service["metadata"].get("labels", {}).get(_OWNER, "")
    return f"{service['metadata']['namespace']}/{label}"


def _given(each: Json) -> list[Json]:
    found: list[Json] = each.get("status", {}).get("loadBalancer", {}).get("ingress", [])
    return found
