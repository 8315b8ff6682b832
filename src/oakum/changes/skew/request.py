"""Reads a state as a request or a file gives it: versions of components, and what each node runs.

``components`` maps a name of the policy to the versions of its instances; ``nodes`` is a list of objects with ``name``,
``kubelet`` and, where there is one, ``kube-proxy``. A component for which the policy has no rule is an error and not
left out: nothing would be checked of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from oakum.changes.skew.model import COMPONENTS, KUBE_PROXY, KUBELET, Instance, State
from oakum.changes.skew.release import Release, parse_release
from oakum.errors import InputError, NotAssessableError, Place

#: The fields of a request that tell a state.
FIELDS = ("components", "nodes")
_NODE = ("name", KUBELET, KUBE_PROXY)


def read_state(request: Mapping[str, object]) -> State:
    """The state in ``components`` and ``nodes``. Raises InputError or NotAssessableError naming the field."""
    components, nodes = request.get("components", {}), request.get("nodes", [])
    if not isinstance(components, dict):
        raise InputError("no object", place=Place(field="components"), remedy='give {"kube-apiserver": ["v1.30.1"]}')
    if not isinstance(nodes, list):
        raise InputError("no list", place=Place(field="nodes"), remedy='give [{"name": "n1", "kubelet": "v1.30.1"}]')
    instances = [one for name, versions in components.items() for one in _instances(name, versions)]
    names: set[str] = set()
    for number, node in enumerate(nodes):
        instances += _node(node, number, names)
    return State(tuple(instances))


def read_release(value: object, field: str) -> Release:
    """The version in a field. Raises InputError naming it."""
    place = Place(field=field)
    if not isinstance(value, str):
        raise InputError("no version: a text is needed", place=place, remedy='give one as "v1.29.3"')
    return parse_release(value, place)


def read_releases(value: object, field: str) -> tuple[Release, ...]:
    """The versions in a field that is a list of them. Raises InputError naming the bad one."""
    if not isinstance(value, list):
        raise InputError("no list of versions", place=Place(field=field), remedy='give ["v1.29.3", "v1.30.1"]')
    return tuple(read_release(each, f"{field}[{number}]") for number, each in enumerate(value))


def _instances(name: str, versions: object) -> Iterator[Instance]:
    field = f"components.{name[:40]}"
    if name not in COMPONENTS:
        raise NotAssessableError(
            "the skew policy has no rule for this component",
            place=Place(field=field),
            remedy=f"leave it out, and check it otherwise; known are {', '.join(COMPONENTS)}",
        )
    several = [versions] if isinstance(versions, str) else versions
    for number, release in enumerate(read_releases(several, field)):
        yield Instance(name, f"[{number}]", release)


def _node(node: object, number: int, names: set[str]) -> Iterator[Instance]:
    field = f"nodes[{number}]"
    if not isinstance(node, dict):
        raise InputError("no object", place=Place(field=field), remedy='give {"name": "n1", "kubelet": "v1.30.1"}')
    unknown = next((key for key in node if key not in _NODE), None)
    if unknown is not None:
        place = Place(field=f"{field}.{unknown[:40]}")
        raise InputError("no field of a node", place=place, remedy=f"fields: {', '.join(_NODE)}")
    name = node.get("name", field)
    if not isinstance(name, str) or name in names:
        why = "a second node of this name" if isinstance(name, str) else "no text"
        raise InputError(why, place=Place(field=f"{field}.name"), remedy="give each node its own name")
    names.add(name)
    if KUBELET not in node:
        raise InputError("no kubelet", place=Place(field=field), remedy="give the version of the node's kubelet")
    for component in (KUBELET, KUBE_PROXY):
        if node.get(component) is not None or component == KUBELET:
            yield Instance(component, name, read_release(node[component], f"{field}.{component}"), name)
