"""Who owns an object of a cluster and puts it back when somebody else has changed it, by the marks that it bears.

The general mark is the label ``app.kubernetes.io/managed-by``. GitOps tools have marks of their own, and obey one that
keeps them away from a single object, or none. Argo CD's older tracking by the label ``app.kubernetes.io/instance`` is
not seen: charts set that label as well.
"""

from __future__ import annotations

import msgspec

from oakum.fleet.cluster.objects import Object

_MANAGED_BY = "app.kubernetes.io/managed-by"
_LABELS = "https://kubernetes.io/docs/reference/labels-annotations-taints/#app-kubernetes-io-managed-by"
_FLUX = "https://fluxcd.io/flux/components/kustomize/kustomizations/#controlling-the-apply-behavior-of-resources"
_HELM_CONTROLLER = "https://fluxcd.io/flux/components/helm/helmreleases/#drift-detection"
_ARGO = "https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/"
_APART, _APPLY = "kustomize.toolkit.fluxcd.io/reconcile", "kustomize.toolkit.fluxcd.io/ssa"
_OURS = frozenset({"", "oakum"})


class Owner(msgspec.Struct, frozen=True):
    """An owner: its name, what it does to a change of somebody else, what keeps it away, and the source."""

    name: str
    does: str
    instead: str
    source: str


def owner_of(one: Object) -> Owner | None:
    """The owner of an object; None where nobody says to be, or only we."""
    labels, notes = one.metadata.labels, one.metadata.annotations
    if "kustomize.toolkit.fluxcd.io/name" in labels and not _is_let_alone(one):
        name = f"{labels.get('kustomize.toolkit.fluxcd.io/namespace', '')}/{labels['kustomize.toolkit.fluxcd.io/name']}"
        return Owner(
            "Flux", "puts it back when it reconciles next",
            f"change it where the Kustomization {name.strip('/')} reads it, or annotate the object {_APART}: disabled",
            _FLUX,
        )  # fmt: skip
    if "argocd.argoproj.io/tracking-id" in notes or "argocd.argoproj.io/instance" in labels:
        app = notes.get("argocd.argoproj.io/tracking-id", "").partition(":")[0]
        app = app or labels.get("argocd.argoproj.io/instance", "")
        return Owner(
            "Argo CD", "puts it back at once where the application heals itself, else at its next sync",
            f"change it where the application {app} reads it", _ARGO,
        )  # fmt: skip
    if "helm.toolkit.fluxcd.io/name" in labels:
        name = f"{labels.get('helm.toolkit.fluxcd.io/namespace', '')}/{labels['helm.toolkit.fluxcd.io/name']}"
        return Owner(
            "Flux", "puts it back at the next upgrade of the release, or when it corrects drift",
            f"change it in the HelmRelease {name.strip('/')}", _HELM_CONTROLLER,
        )  # fmt: skip
    name = labels.get(_MANAGED_BY, "")
    if name in _OURS:
        return None
    return Owner(
        name, "puts its own image back when it acts next", f"change the version where {name} reads it", _LABELS
    )


def _is_let_alone(one: Object) -> bool:
    """Whether kustomize-controller leaves an object as it is: by either field, in any case of letters."""
    marks = one.metadata.labels, one.metadata.annotations
    said = {each.get(key, "").lower() for key in (_APART, _APPLY) for each in marks}
    return not said.isdisjoint({"disabled", "ignore", "ifnotpresent"})
