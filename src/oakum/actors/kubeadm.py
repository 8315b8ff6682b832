"""What ``kubeadm upgrade apply`` would say against a version: mandatory and skippable objections.

Source: ``EnforceVersionPolicies`` in cmd/kubeadm/app/phases/upgrade/policy.go of github.com/kubernetes/kubernetes, as
it is since 1.29, for every version of kubeadm that is asked about: kubelets may be three minor versions older than the
target (before 1.29: one). Mandatory objections end the upgrade whatever is said; skippable ones do so unless
``--force`` is given, and kubeadm comes to them only where no mandatory one is left. Here both are told, in kubeadm's
order, one entry for each error that it collects.

Only minors are subtracted, without a look at majors, and kubeadm's numbers have no sign: from a cluster of minor 0
everything is a downgrade too far.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from oakum.actors.kubeadm_versions import (
    SHOWN,
    WRAP,
    Kubelets,
    Version,
    kubelet_versions,
    parsed,
    read_optional,
    read_version,
)
from oakum.actors.model import Kind, Request, Rule

#: How many minors an upgrade and a downgrade may span, and how many a kubelet may be older than the target.
_STEP, _KUBELET_SKEW = 1, 3
#: The oldest control plane that a kubeadm manages is so many minors older than itself.
_MANAGED = 1
#: So many versions of kubelets are named, the others counted.
_NAMED = 10

_POLICY = "https://github.com/kubernetes/kubernetes/blob/master/cmd/kubeadm/app/phases/upgrade/policy.go"
_CONSTANTS = "https://github.com/kubernetes/kubernetes/blob/master/cmd/kubeadm/app/constants/constants.go"
_APPLY = "https://kubernetes.io/docs/reference/setup-tools/kubeadm/kubeadm-upgrade/#cmd-upgrade-apply"
_SKEW = (
    "https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/create-cluster-kubeadm/#version-skew-policy"
)
_WIDER = "https://github.com/kubernetes/kubernetes/pull/120825"
_VERSION = (
    "https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apimachinery/pkg/util/version/version.go"
)


class KubeadmRequest(Request, frozen=True, kw_only=True):
    """What would this kubeadm object to, if it were to bring the cluster to ``target``? Versions with or without a v.

    ``cluster`` is the API server's version, ``kubeadm`` its own. ``kubelet``: one version, a list, or an object of
    versions with their nodes (or of nodes with their versions); left out or empty means that kubeadm could not ask for
    them. ``minimum_control_plane`` is the oldest control plane that kubeadm manages (default: .0 of the minor before
    its own). ``allow_experimental`` and ``allow_rc`` are the flags --allow-experimental-upgrades and
    --allow-release-candidate-upgrades (default: false).
    """

    cluster: str
    kubeadm: str
    target: str
    kubelet: Kubelets | None = None
    minimum_control_plane: str | None = None
    allow_experimental: bool = False
    allow_rc: bool = False


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """The objections, each "RULE: text": ``mandatory`` ones, and ``skippable`` ones, which --force passes over."""

    mandatory: tuple[str, ...]
    skippable: tuple[str, ...]


def objections(request: KubeadmRequest) -> Reply:
    """What kubeadm objects to. Raises InputError naming the field of a version that is none.

    A kubelet's version that cannot be read is no such error: kubeadm has an objection of its own for it.
    """
    cluster, kubeadm = read_version(request.cluster, "cluster"), read_version(request.kubeadm, "kubeadm")
    target = read_version(request.target, "target")
    lowest = read_optional(request.minimum_control_plane, "minimum_control_plane") or oldest_managed(kubeadm)
    kubelets = kubelet_versions(request.kubelet)

    mandatory: list[str] = []
    skippable: list[str] = []
    # To try what is not released yet, kubeadm lets these two rules be forced.
    unless_released = skippable if target.prerelease else mandatory

    if kubelets is None:
        skippable.append("kubelet-unknown: which versions the kubelets have could not be learned")
    if target.older(lowest):
        text = f"{target.shown} is older than {lowest.shown}, the oldest control plane that this kubeadm manages"
        mandatory.append(f"minimum-control-plane: {text}")
    if target.minor > (cluster.minor + _STEP) % WRAP:
        text = f"from {cluster.shown} to {target.shown} skips minor versions, and an upgrade takes one at a time"
        unless_released.append(f"upgrade-skew: {text}")
    if target.minor < (cluster.minor - _STEP) % WRAP:
        text = f"from {cluster.shown} back to {target.shown} skips minor versions, and a downgrade takes one at a time"
        unless_released.append(f"downgrade-skew: {text}")
    if kubeadm.older(target):
        if target.minor > kubeadm.minor:
            text = f"{kubeadm.shown} knows nothing of the newer minor version of {target.shown}"
            unless_released.append(f"kubeadm-minor: {text}")
        else:
            text = f"{kubeadm.shown} is older than {target.shown}; kubeadm is upgraded first"
            skippable.append(f"kubeadm-older: {text}")
    if kubeadm.major > target.major or kubeadm.minor > target.minor:
        text = f"{kubeadm.shown} upgrades to {kubeadm.major}.{kubeadm.minor} only, and {target.shown} is older"
        skippable.append(f"kubeadm-newer: {text}")
    if not _stable_enough(target, request):
        text = f"{target.shown} is a pre-release, and no flag allows one of its sort"
        skippable.append(f"unstable: {text}")
    if kubelets is not None and (objection := _about_kubelets(kubelets, target)):
        skippable.append(objection)
    return Reply(mandatory=tuple(mandatory), skippable=tuple(skippable))


def oldest_managed(kubeadm: Version) -> Version:
    """The oldest control plane that a kubeadm manages: .0 of the minor before its own, for a pre-release too."""
    minor = (kubeadm.minor - _MANAGED) % WRAP
    return Version(f"v{kubeadm.major}.{minor}.0", kubeadm.major, minor, 0)


def _stable_enough(target: Version, request: KubeadmRequest) -> bool:
    if not target.prerelease or request.allow_experimental:
        return True
    return request.allow_rc and target.prerelease.startswith("rc")


def _about_kubelets(kubelets: Sequence[str], target: Version) -> str:
    """The one objection against the kubelets, "" for none: a version that cannot be read comes before all skew."""
    too_old: list[str] = []
    for text in kubelets:
        version = parsed(text)
        if version is None:
            return f"kubelet-unreadable: {text[:SHOWN]!r} of a kubelet is no version"
        if target.minor > (version.minor + _KUBELET_SKEW) % WRAP:
            too_old.append(version.shown)
    if not too_old:
        return ""
    more = f" and {len(too_old) - _NAMED} more" if len(too_old) > _NAMED else ""
    named = ", ".join(too_old[:_NAMED])
    return f"kubelet-skew: {named}{more} would be over {_KUBELET_SKEW} minor versions older than {target.shown}"


KINDS: tuple[Kind, ...] = (
    Kind(
        command="skew check",
        name="kubeadm",
        actor="kubeadm",
        says="What kubeadm upgrade apply would object to: what ends the upgrade, and what --force skips.",
        request=KubeadmRequest,
        reply=Reply,
        answer=objections,
        rules=(
            Rule(
                id="kubelet-unknown",
                says="Skippable: the versions of the kubelets could not be learned, and nothing else is said of them.",
                source=_POLICY,
            ),
            Rule(
                id="minimum-control-plane",
                says="Mandatory: the target must not be older than the oldest control plane that this kubeadm manages.",
                source=_POLICY,
            ),
            Rule(
                id="minimum-default",
                says="The oldest control plane that a kubeadm manages is .0 of the minor version before its own.",
                source=_CONSTANTS,
            ),
            Rule(
                id="upgrade-skew",
                says="Mandatory, skippable to a pre-release: an upgrade goes one minor version up at most.",
                source=_POLICY,
            ),
            Rule(
                id="downgrade-skew",
                says="Mandatory, skippable to a pre-release: a downgrade goes one minor version down at most.",
                source=_POLICY,
            ),
            Rule(
                id="kubeadm-minor",
                says="Mandatory, skippable to a pre-release: the target must not be of a newer minor than kubeadm.",
                source=_POLICY,
            ),
            Rule(
                id="kubeadm-older",
                says="Skippable: the target must not be newer than kubeadm within one minor version.",
                source=_POLICY,
            ),
            Rule(
                id="kubeadm-newer",
                says="Skippable: kubeadm upgrades to its own minor version only, not to an older one.",
                source=_SKEW,
            ),
            Rule(
                id="unstable",
                says="Skippable: a pre-release needs allow_experimental, or allow_rc where its mark begins with rc.",
                source=_APPLY,
            ),
            Rule(
                id="kubelet-skew",
                says="Skippable, one objection for all: kubelets may be three minor versions older than the target "
                "(before kubeadm 1.29: one).",
                source=_WIDER,
            ),
            Rule(
                id="kubelet-unreadable",
                says="Skippable, in place of kubelet-skew: a kubelet's version that is no semantic version.",
                source=_POLICY,
            ),
            Rule(
                id="order",
                says="Versions compare as semantic versions without build metadata; minors subtract without majors.",
                source=_VERSION,
            ),
        ),
        example={
            "cluster": "v1.30.4",
            "kubelet": {"v1.30.4": ["cp-1", "worker-1"], "v1.28.9": ["worker-2"]},
            "kubeadm": "v1.32.1",
            "target": "v1.32.2",
        },
    ),
)
