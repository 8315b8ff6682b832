"""Who owns an object of a cluster, by the marks that each tool documents."""

from __future__ import annotations

import pytest

from oakum.actors.owners import owner_of
from oakum.fleet.cluster.objects import Meta, Object

KUSTOMIZE, HELM, ARGO = "kustomize.toolkit.fluxcd.io", "helm.toolkit.fluxcd.io", "argocd.argoproj.io"
BY_FLUX = {f"{KUSTOMIZE}/name": "apps", f"{KUSTOMIZE}/namespace": "flux-system"}
BY_RELEASE = {f"{HELM}/name": "dns", f"{HELM}/namespace": "infra"}
MANAGED = "app.kubernetes.io/managed-by"


@pytest.mark.parametrize(
    ("labels", "notes", "name", "instead"),
    [
        ({}, {}, "", ""),
        ({MANAGED: "oakum"}, {}, "", ""),
        ({MANAGED: "Helm"}, {}, "Helm", "change the version where Helm reads it"),
        ({"app.kubernetes.io/instance": "shop"}, {}, "", ""),
        (BY_FLUX, {}, "Flux", "the Kustomization flux-system/apps reads it"),
        (BY_FLUX, {f"{KUSTOMIZE}/reconcile": "disabled"}, "", ""),
        ({**BY_FLUX, f"{KUSTOMIZE}/reconcile": "disabled"}, {}, "", ""),
        (BY_FLUX, {f"{KUSTOMIZE}/reconcile": "enabled"}, "Flux", "reconcile: disabled"),
        (BY_FLUX, {f"{KUSTOMIZE}/reconcile": "Disabled"}, "", ""),
        (BY_FLUX, {f"{KUSTOMIZE}/ssa": "Ignore"}, "", ""),
        (BY_FLUX, {f"{KUSTOMIZE}/ssa": "IfNotPresent"}, "", ""),
        (BY_FLUX, {f"{KUSTOMIZE}/ssa": "Merge"}, "Flux", "reads it"),
        (BY_FLUX, {f"{KUSTOMIZE}/reconcile": "disabled", f"{ARGO}/tracking-id": "shop:a/b:c/d"}, "Argo CD", "shop"),
        ({f"{KUSTOMIZE}/name": "apps"}, {}, "Flux", "the Kustomization apps reads it"),
        ({**BY_FLUX, MANAGED: "Helm"}, {}, "Flux", "the Kustomization"),
        (BY_RELEASE, {}, "Flux", "the HelmRelease infra/dns"),
        ({**BY_RELEASE, MANAGED: "Helm"}, {}, "Flux", "the HelmRelease infra/dns"),
        ({}, {f"{ARGO}/tracking-id": "shop:apps/Deployment:shop/web"}, "Argo CD", "the application shop reads it"),
        ({f"{ARGO}/instance": "shop"}, {}, "Argo CD", "the application shop reads it"),
        ({MANAGED: "Helm"}, {f"{ARGO}/tracking-id": "shop:apps/Deployment:shop/web"}, "Argo CD", "shop"),
    ],
)
def test_the_owner_is_who_would_put_the_object_back(
    labels: dict[str, str], notes: dict[str, str], name: str, instead: str
) -> None:
    found = owner_of(Object(kind="Deployment", metadata=Meta(name="web", labels=labels, annotations=notes)))
    assert ("" if found is None else found.name) == name
    assert found is None or (instead in found.instead and found.source.startswith("https://"))
