"""A host port is open on the address that it is bound to (``hostIP``), and on every address of the node without one.

kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1, "ports.hostIP". The kubelet tells one address of
each kind, so that a node may have others: what a port is bound to counts, also where the node does not tell it.
"""

from __future__ import annotations

import pytest
from tests.risk.exposure.makings import PRIVATE, PUBLIC, measured, node, pod, port, shop

INSIDE_NODE = node("n1", PRIVATE)
PUBLIC_NODE = node("n1", PRIVATE, external=PUBLIC)


@pytest.mark.parametrize(
    ("bound", "public_node", "level", "default", "first"),
    [
        ("", False, "controlled", False, f"private network -> host port {PRIVATE}:8081"),
        ("", True, "open", True, f"internet -> host port {PUBLIC}:8081"),
        ("0.0.0.0", True, "open", True, f"internet -> host port {PUBLIC}:8081"),
        ("::", True, "open", True, f"internet -> host port {PUBLIC}:8081"),
        ("nonsense", True, "open", True, f"internet -> host port {PUBLIC}:8081"),
        (PRIVATE, True, "controlled", False, f"private network -> host port {PRIVATE}:8081"),
        (PUBLIC, True, "open", True, f"internet -> host port {PUBLIC}:8081"),
        ("203.0.113.50", False, "open", True, "internet -> host port 203.0.113.50:8081"),
        ("127.0.0.1", True, "controlled", False, "cluster -> pod port 8080/TCP"),
        ("::1", True, "controlled", False, "cluster -> pod port 8080/TCP"),
    ],
)
def test_a_host_port_is_open_where_it_is_bound(
    bound: str, public_node: bool, level: str, default: bool, first: str
) -> None:
    web = pod(ports=[port(hostPort=8081, hostIP=bound)])
    (found,) = measured(shop(web=web, nodes=[PUBLIC_NODE if public_node else INSIDE_NODE])).workloads.values()
    assert (found.level, found.default) == (level, default)
    assert str(found.paths[0]).startswith(first)
