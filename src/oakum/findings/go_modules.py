"""In which numbers advisories speak of the Go modules that Kubernetes publishes from its own repository.

Such a module (client-go, apimachinery, apiserver...) carries the minor version of Kubernetes as v0.N
(kubernetes/kubernetes, staging/README.md). Go's database numbers it so, other sources number it as Kubernetes: v0.29.3
is then 1.29.3, and read as it stands it would be older than every fix (github.com/aquasecurity/trivy/issues/3383).
Within Kubernetes itself these modules are replaced by their folders and all say v0.0.0 (its go.mod), which is no
version: read as one it would be older than every fix too.
"""

from __future__ import annotations

import re

from oakum.advisories.index import Row, Rules
from oakum.versions import Scheme, Unparsable

_STAGED = re.compile(r"v?0\.([1-9][0-9]*\.[0-9].*)\Z", re.DOTALL)
#: Modules that are published from the Kubernetes repository (its folder staging/src/k8s.io).
STAGING = frozenset(
    f"k8s.io/{name}"
    for name in (
        "api", "apiextensions-apiserver", "apimachinery", "apiserver", "cli-runtime", "client-go", "cloud-provider",
        "cluster-bootstrap", "code-generator", "component-base", "component-helpers", "controller-manager", "cri-api",
        "cri-client", "csi-translation-lib", "dynamic-resource-allocation", "endpointslice", "externaljwt", "kms",
        "kube-aggregator", "kube-controller-manager", "kube-proxy", "kube-scheduler", "kubectl", "kubelet",
        "legacy-cloud-providers", "metrics", "mount-utils", "pod-security-admission", "sample-apiserver",
        "sample-cli-plugin", "sample-controller",
    )
)  # fmt: skip


def staged_key(version: str, order: Scheme) -> bytes | Unparsable:
    """The sort key of a version of a staging module."""
    if version.removeprefix("v") == "0.0.0":
        return Unparsable(version, "v0.0.0 of this module is built within Kubernetes, whose version alone tells")
    return order.key(version)


def affecting(version: str, key: bytes, rules: Rules, order: Scheme) -> list[Row]:
    """The rows that hold a version of a staging module, each read in the numbers in which it is written."""
    rows = rules.affecting(key)
    found = _STAGED.match(version)
    whole = order.key(f"v1.{found[1]}") if found else None
    if whole is None or isinstance(whole, Unparsable):
        return rows
    first = order.key("v1.0.0")
    assert isinstance(first, bytes), "a version of three numbers has a key"
    own = [row for row in rows if not _whole(row, first, order)]
    return own + [row for row in rules.affecting(whole) if _whole(row, first, order)]


def _whole(row: Row, first: bytes, order: Scheme) -> bool:
    """Whether a row is numbered as Kubernetes itself: it begins or ends at 1.0 or later."""
    end = order.key(row.fix) if row.fix else row.low
    return row.low >= first or (isinstance(end, bytes) and end >= first)
