"""Which versions ``kubeadm upgrade plan`` would offer a cluster, in its order.

Source: ``GetAvailableUpgrades`` in cmd/kubeadm/app/phases/upgrade/compute.go of github.com/kubernetes/kubernetes, and
compute_test.go beside it. The published versions come with the request, as kubeadm gets them for its labels: of
``stable`` it takes the newest of its own minor where the published one is of a newer minor (``validateStableVersion``
in cmd/kubeadm/app/util/version.go), and that is the caller's to do, as it is for kubeadm's own tables.

Since 1.30 the cluster's version is the newest of its API servers as their pods tell, not what one of them answers.
Nothing is checked that kubeadm does not check: a label may name a version of another branch, an offer may be of the
cluster's own version, and one version may be offered twice. Neither etcd, its own or an external one, nor what the
policy of ``kubeadm upgrade apply`` objects to (``oakum.actors.kubeadm``) changes the list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from oakum.actors.kubeadm_versions import (
    SHOWN,
    Kubelets,
    Version,
    kubelet_versions,
    parsed,
    read_optional,
    read_version,
)
from oakum.actors.model import Kind, Request, Rule
from oakum.errors import NotAssessableError, Place

#: The components whose versions ``kubeadm upgrade plan`` shows.
_NAMES = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
    "CoreDNS",
    "coredns",
    "etcd",
    "kubelet",
    "kubeadm",
)
_API_SERVER = _NAMES[0]

_COMPUTE = "https://github.com/kubernetes/kubernetes/blob/master/cmd/kubeadm/app/phases/upgrade/compute.go"
_LABELS = "https://github.com/kubernetes/kubernetes/blob/master/cmd/kubeadm/app/util/version.go"
_GETTER = "https://github.com/kubernetes/kubernetes/blob/master/cmd/kubeadm/app/phases/upgrade/versiongetter.go"
_SERVERS = "https://github.com/kubernetes/kubernetes/pull/123578"

_Versions = str | list[str] | dict[str, list[str] | int] | None


class AvailableRequest(Request, frozen=True, kw_only=True):
    """What would this kubeadm offer the cluster? Versions with or without a v; an empty label counts as left out.

    ``cluster`` is the API server's version, ``kubeadm`` its own; ``kubelet`` as for the kind kubeadm, but kubeadm makes
    no plan where it cannot ask for them. ``components``: versions of the API servers (one, a list, or an object of
    versions with their nodes), or an object of components (kube-apiserver, etcd...), each with such versions; an
    external etcd has none. ``stable``, ``stable_of_current_minor`` (stable-1.N of the cluster), ``latest`` and
    ``latest_previous_minor`` (latest-1.N of the minor before that of ``latest``) are the published versions.
    ``target`` is the version given to the command, and stands for them all. ``minimum_control_plane`` changes nothing
    here. ``allow_experimental`` and ``allow_rc`` are the flags of the command (default: false).
    """

    cluster: str
    kubeadm: str
    kubelet: Kubelets
    components: str | list[str] | dict[str, _Versions] | None = None
    stable: str | None = None
    stable_of_current_minor: str | None = None
    latest: str | None = None
    latest_previous_minor: str | None = None
    target: str | None = None
    minimum_control_plane: str | None = None
    allow_experimental: bool = False
    allow_rc: bool = False


class Upgrade(msgspec.Struct, frozen=True, kw_only=True):
    """One offer: the ``version``, what it is ``offered_as``, and the ``kubeadm`` that the upgrade takes.

    Where ``kubeadm`` is not the one in the request, kubeadm itself is upgraded to it first.
    """

    version: str
    offered_as: Literal["patch", "stable", "release-candidate", "experimental"]
    kubeadm: str


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """``targets``: the versions in kubeadm's order, with their v. ``upgrades``: the same, and what is known of each."""

    targets: tuple[str, ...]
    upgrades: tuple[Upgrade, ...]


def offers(request: AvailableRequest) -> Reply:
    """What kubeadm offers.

    Raises InputError naming the field of a version that is none, and NotAssessableError where the answer hangs on a
    published version, a kubelet or a component that the request does not have.
    """
    if kubelet_versions(request.kubelet) is None:
        raise _without("kubelet", "the versions of the kubelets", "give a version, or [] where there is no node")
    cluster, kubeadm = read_version(request.cluster, "cluster"), read_version(request.kubeadm, "kubeadm")
    cluster = _newest_server(request.components) or cluster
    read_optional(request.minimum_control_plane, "minimum_control_plane")
    labels = _labels(request)

    # Both as kubeadm does where it cannot fetch them: itself for the stable version, and no patch at all.
    stable = labels["stable"] or kubeadm
    found = _released(cluster, kubeadm, stable, labels["stable_of_current_minor"])
    found += _unreleased(cluster, labels["latest"], labels["latest_previous_minor"], request)
    return Reply(targets=tuple(each.version for each in found), upgrades=tuple(found))


def _labels(request: AvailableRequest) -> dict[str, Version | None]:
    """The published versions by field; a version that was given to the command stands for all."""
    given = {
        "stable": request.stable,
        "stable_of_current_minor": request.stable_of_current_minor,
        "latest": request.latest,
        "latest_previous_minor": request.latest_previous_minor,
    }
    published = {field: read_optional(text, field) for field, text in given.items()}
    target = read_optional(request.target, "target")
    return published if target is None else dict.fromkeys(given, target)


def _released(cluster: Version, kubeadm: Version, stable: Version, patch: Version | None) -> list[Upgrade]:
    if stable.older(cluster):
        # A cluster newer than what is stable has no branch of patches yet.
        return []
    found: list[Upgrade] = []
    if patch is not None and cluster.older(patch):
        needed = patch if kubeadm.older(patch) else kubeadm
        found.append(Upgrade(version=patch.text, offered_as="patch", kubeadm=needed.text))
    # The stable version is an offer of its own where it is not the patch; without a patch, where it is newer at all.
    if (cluster if patch is None else patch).older(stable):
        found.append(Upgrade(version=stable.text, offered_as="stable", kubeadm=stable.text))
    return found


def _unreleased(
    cluster: Version, latest: Version | None, previous: Version | None, request: AvailableRequest
) -> list[Upgrade]:
    if not (request.allow_experimental or request.allow_rc):
        return []
    if latest is None:
        raise _without("latest", "the latest version", "give it, or allow neither experimental versions nor candidates")
    experimental = request.allow_experimental and cluster.older(latest)
    # The first alpha is tagged when the branch before it is cut, and that branch has more to try.
    instead = experimental and latest.prerelease == "alpha.0"
    if previous is None and (request.allow_rc or instead):
        raise _without("latest_previous_minor", "the latest version of the minor before the latest one", "give it")
    found: list[Upgrade] = []
    if previous is not None and request.allow_rc and previous.prerelease.startswith("rc") and cluster.older(previous):
        found.append(Upgrade(version=previous.text, offered_as="release-candidate", kubeadm=previous.text))
    if experimental:
        shown = previous if previous is not None and instead else latest
        found.append(Upgrade(version=shown.text, offered_as="experimental", kubeadm=shown.text))
    return found


def _newest_server(components: str | list[str] | dict[str, _Versions] | None) -> Version | None:
    """The newest of the API servers, None where the request says nothing about them."""
    if components is None:
        return None
    field = "components"
    servers: str | Iterable[str] = components
    if isinstance(components, Mapping):
        strangers = [name for name in components if name not in _NAMES]
        if not strangers:
            if _API_SERVER not in components:
                return None
            field, servers = f"components.{_API_SERVER}", components[_API_SERVER] or []
        elif len(strangers) < len(components) or any(parsed(name) is None for name in strangers):
            name = next((each for each in strangers if parsed(each) is None), strangers[0])
            raise NotAssessableError(
                f"not assessable: the component {name[:SHOWN]!r} is unknown",
                place=Place(field=f"components.{name[:SHOWN]}"), remedy=f"components: {', '.join(_NAMES)}",
            )  # fmt: skip
    versions = [read_version(text, field) for text in ([servers] if isinstance(servers, str) else servers)]
    if not versions:
        raise _without(field, "the version of any API server", "leave it out where cluster tells it")
    newest = versions[0]
    for each in versions[1:]:
        newest = each if newest.older(each) else newest
    return newest


def _without(field: str, what: str, remedy: str) -> NotAssessableError:
    text = f"not assessable: kubeadm makes no plan without {what}"
    return NotAssessableError(text, place=Place(field=field), remedy=remedy)


KINDS: tuple[Kind, ...] = (
    Kind(
        command="skew check",
        name="available-upgrades",
        actor="kubeadm",
        says="The versions that kubeadm upgrade plan would offer a cluster, in its order, from what is published.",
        request=AvailableRequest,
        reply=Reply,
        answer=offers,
        rules=(
            Rule(
                id="newest-server",
                says="The cluster's version is that of its newest API server (components), else cluster.",
                source=_SERVERS,
            ),
            Rule(
                id="components",
                says="Other components and an external etcd are shown beside the offers, but change none.",
                source=_COMPUTE,
            ),
            Rule(
                id="stable-unknown",
                says="Without a stable version kubeadm takes its own version for it.",
                source=_COMPUTE,
            ),
            Rule(
                id="stable-label",
                says="stable is what kubeadm gets for the label: of its own minor where the published one is newer.",
                source=_LABELS,
            ),
            Rule(
                id="ahead-of-stable",
                says="Neither a patch nor the stable version is offered to a cluster newer than the stable version.",
                source=_COMPUTE,
            ),
            Rule(
                id="patch",
                says="First the stable version of the cluster's minor, where it is newer than the cluster.",
                source=_COMPUTE,
            ),
            Rule(
                id="stable",
                says="Then the stable version, where it is newer than that of the cluster's minor; where that one is "
                "unknown, where it is newer than the cluster.",
                source=_COMPUTE,
            ),
            Rule(
                id="release-candidate",
                says="Then, with allow_rc, the latest version of the minor before the latest one, where its mark "
                "begins with rc and it is newer than the cluster.",
                source=_COMPUTE,
            ),
            Rule(
                id="experimental",
                says="Last, with allow_experimental, the latest version where it is newer than the cluster.",
                source=_COMPUTE,
            ),
            Rule(
                id="alpha-0",
                says="In place of a latest alpha.0 stands the latest version of the minor before, whatever it is.",
                source=_COMPUTE,
            ),
            Rule(
                id="plan-for-version",
                says="A version given to the command (target) stands for every published version.",
                source=_GETTER,
            ),
            Rule(
                id="no-plan",
                says="kubeadm plans nothing without the kubelets, or with a flag without the latest versions.",
                source=_COMPUTE,
            ),
            Rule(
                id="kubeadm-first",
                says="An offer takes a kubeadm of its version; a patch also a newer one.",
                source=_COMPUTE,
            ),
        ),
        example={
            "cluster": "v1.33.2",
            "kubelet": "v1.33.2",
            "kubeadm": "v1.34.1",
            "stable": "v1.34.3",
            "stable_of_current_minor": "v1.33.7",
            "latest": "v1.36.0-alpha.0",
            "latest_previous_minor": "v1.35.0-rc.1",
            "allow_rc": True,
        },
    ),
)
