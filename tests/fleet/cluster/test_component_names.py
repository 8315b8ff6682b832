"""Well-known components by the names under which their makers, clouds and distributions publish them."""

from __future__ import annotations

import pytest
from tests.data import ROOT

from oakum.fleet.cluster.components import Component, Components, parse_components
from oakum.fleet.cluster.images import Reference, parse

SHIPPED = (ROOT / "src/oakum/fleet/cluster/components.yaml").read_bytes()
COMPONENTS: Components = parse_components(SHIPPED, "components.yaml")
EKS, AKS = "602401143452.dkr.ecr.eu-west-1.amazonaws.com", "mcr.microsoft.com/oss"


def reference(text: str) -> Reference:
    found = parse(text)
    assert found is not None, text
    return found


def by_image(text: str, namespace: str = "kube-system") -> Component | None:
    return COMPONENTS.by_image(reference(text), namespace)


#: image | component | version | vendor | version that advisories are compared with ("" where none are known)
TABLE = f"""
registry.k8s.io/kube-apiserver:v1.29.3 | kube-apiserver | v1.29.3 | | v1.29.3
k8s.gcr.io/kube-apiserver-amd64:v1.14.0 | kube-apiserver | v1.14.0 | | v1.14.0
registry.k8s.io/kube-controller-manager:v1.30.0-rc.1 | kube-controller-manager | v1.30.0-rc.1 | | v1.30.0-rc.1
registry.k8s.io/kube-scheduler:v1.28.0 | kube-scheduler | v1.28.0 | | v1.28.0
registry.k8s.io/kube-proxy:v1.29.3 | kube-proxy | v1.29.3 | | v1.29.3
registry.k8s.io/etcd:3.5.12-0 | etcd | 3.5.12-0 | | v3.5.12
quay.io/coreos/etcd:v3.5.9 | etcd | v3.5.9 | | v3.5.9
registry.k8s.io/coredns/coredns:v1.11.1 | CoreDNS | v1.11.1 | | v1.11.1
registry.k8s.io/coredns:1.7.0 | CoreDNS | 1.7.0 | | v1.7.0
{EKS}/eks/coredns:v1.10.1-eksbuild.1 | CoreDNS | v1.10.1-eksbuild.1 | EKS | v1.10.1
{EKS}/eks/kube-proxy:v1.29.3-eksbuild.2 | kube-proxy | v1.29.3-eksbuild.2 | EKS | v1.29.3-eksbuild.2
{EKS}/amazon-k8s-cni:v1.18.1-eksbuild.1 | AWS VPC CNI | v1.18.1-eksbuild.1 | EKS | v1.18.1
gke.gcr.io/kube-proxy-amd64:v1.29.4-gke.1043002 | kube-proxy | v1.29.4-gke.1043002 | GKE | v1.29.4-gke.1043002
{AKS}/kubernetes/kube-proxy:v1.28.5 | kube-proxy | v1.28.5 | AKS | v1.28.5
{AKS}/kubernetes/coredns:v1.9.4-hotfix.20240704 | CoreDNS | v1.9.4-hotfix.20240704 | AKS | v1.9.4
rancher/mirrored-coredns-coredns:1.10.1 | CoreDNS | 1.10.1 | | v1.10.1
rancher/hardened-coredns:v1.11.1-build20240305 | CoreDNS | v1.11.1 | RKE2 | v1.11.1
rancher/hardened-etcd:v3.5.9-k3s1-build20230802 | etcd | v3.5.9-k3s1 | RKE2 | v3.5.9
registry.k8s.io/dns/k8s-dns-node-cache:1.22.28 | NodeLocal DNSCache | 1.22.28 | | v1.22.28
registry.k8s.io/dns/k8s-dns-kube-dns:1.22.28 | kube-dns | 1.22.28 | | v1.22.28
docker.io/calico/node:v3.27.0 | Calico | v3.27.0 | |
rancher/mirrored-calico-node:v3.27.2 | Calico | v3.27.2 | |
quay.io/tigera/operator:v1.32.5 | Tigera operator | v1.32.5 | | v1.32.5
quay.io/cilium/cilium:v1.15.4@sha256:{"b7" * 32} | Cilium | v1.15.4 | | v1.15.4
quay.io/cilium/operator-generic:v1.15.4 | Cilium | v1.15.4 | | v1.15.4
rancher/mirrored-cilium-cilium:v1.15.5 | Cilium | v1.15.5 | | v1.15.5
docker.io/flannel/flannel:v0.25.1 | Flannel | v0.25.1 | | v0.25.1
rancher/mirrored-flannelcni-flannel:v0.20.2 | Flannel | v0.20.2 | | v0.20.2
quay.io/metallb/speaker:v0.14.4 | MetalLB | v0.14.4 | | v0.14.4
cloudnativelabs/kube-router:v2.1.1 | kube-router | v2.1.1 | | v2.1.1
rancher/klipper-lb:v0.4.7 | k3s service load balancer | v0.4.7 | k3s |
public.ecr.aws/ebs-csi-driver/aws-ebs-csi-driver:v1.30.0 | AWS EBS CSI driver | v1.30.0 | | v1.30.0
mcr.microsoft.com/oss/kubernetes-csi/azuredisk-csi:v1.30.0 | Azure Disk CSI driver | v1.30.0 | AKS | v1.30.0
registry.k8s.io/sig-storage/csi-provisioner:v4.0.1 | CSI external-provisioner | v4.0.1 | | v4.0.1
registry.k8s.io/sig-storage/csi-attacher:v4.5.1 | CSI external-attacher | v4.5.1 | | v4.5.1
registry.k8s.io/sig-storage/csi-node-driver-registrar:v2.10.0 | CSI node-driver-registrar | v2.10.0 | | v2.10.0
registry.k8s.io/sig-storage/livenessprobe:v2.12.0 | CSI livenessprobe | v2.12.0 | | v2.12.0
registry.k8s.io/sig-storage/snapshot-controller:v7.0.2 | CSI external-snapshotter | v7.0.2 | | v7.0.2
quay.io/cephcsi/cephcsi:v3.11.0 | ceph-csi | v3.11.0 | | v3.11.0
longhornio/longhorn-manager:v1.6.1 | Longhorn | v1.6.1 | |
rancher/local-path-provisioner:v0.0.26 | local-path-provisioner | v0.0.26 | | v0.0.26
registry.k8s.io/ingress-nginx/controller:v1.10.0 | ingress-nginx | v1.10.0 | | v1.10.0
rancher/nginx-ingress-controller:nginx-1.9.6-rancher1 | ingress-nginx | 1.9.6-rancher1 | RKE | v1.9.6
nginx/nginx-ingress:3.4.3 | NGINX Ingress Controller | 3.4.3 | | v3.4.3
traefik:v2.11.0 | Traefik | v2.11.0 | | v2.11.0
ghcr.io/traefik/traefik:v3.0.1 | Traefik | v3.0.1 | | v3.0.1
rancher/mirrored-library-traefik:2.10.7 | Traefik | 2.10.7 | | v2.10.7
ghcr.io/projectcontour/contour:v1.28.3 | Contour | v1.28.3 | | v1.28.3
docker.io/envoyproxy/gateway:v1.0.1 | Envoy Gateway | v1.0.1 | | v1.0.1
istio/proxyv2:1.21.1 | Istio | 1.21.1 | |
quay.io/jetstack/cert-manager-controller:v1.14.4 | cert-manager | v1.14.4 | | v1.14.4
registry.k8s.io/metrics-server/metrics-server:v0.7.1 | metrics-server | v0.7.1 | | v0.7.1
rancher/mirrored-metrics-server:v0.7.0 | metrics-server | v0.7.0 | | v0.7.0
registry.k8s.io/autoscaling/cluster-autoscaler:v1.29.2 | cluster-autoscaler | v1.29.2 | |
registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.12.0 | kube-state-metrics | v2.12.0 | | v2.12.0
quay.io/prometheus/node-exporter:v1.8.0 | node-exporter | v1.8.0 | | v1.8.0
quay.io/argoproj/argocd:v2.10.6 | Argo CD | v2.10.6 | | v2.10.6
ghcr.io/kyverno/kyverno:v1.11.4 | Kyverno | v1.11.4 | | v1.11.4
openpolicyagent/gatekeeper:v3.15.1 | Gatekeeper | v3.15.1 | | v3.15.1
velero/velero:v1.13.1 | Velero | v1.13.1 | | v1.13.1
"""
ROWS = [tuple(cell.strip() for cell in line.split("|")) for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][-60:])
def test_a_published_image_is_its_component(row: tuple[str, ...]) -> None:
    image, name, version, vendor, compared = row
    found = by_image(image)
    assert found is not None
    assert (found.name, found.version, found.vendor, found.by_name) == (name, version, vendor, False)
    assert {package.version for package in found.packages} == ({compared} if compared else set())
    assert found.assessable is bool(compared)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][-60:])
def test_a_private_mirror_is_the_same_component_by_name_only(row: tuple[str, ...]) -> None:
    image, name, version, _, _ = row
    whole = reference(image)
    found = by_image(f"harbor.example.com:8443/proxy/{whole.registry}/{whole.repository}:{whole.tag}")
    assert found is not None
    assert (found.name, found.version, found.by_name) == (name, version, True)


@pytest.mark.parametrize(
    "image",
    [
        "nginx:1.25", "redis:7", "busybox:1.36", "registry.k8s.io/pause:3.9", "example.com/my-coredns-fork:v1.0.0",
        "example.com/coredns-exporter:v1.0.0", "example.com/kube-proxyx:v1.0.0", "example.com/kube-proxy/docs:v1.0.0",
        "example.com/traefik-docs:v1.0.0", "example.com/nginx-ingress-docs:v1.0.0", "example.com/etcdctl:v3.5.0",
        "example.com/xetcd:v3.5.0", "example.com/metrics-server-ui:v1.0.0", "example.com/cilium/website:v1.0.0",
        "example.com/calico:v1.0.0", "example.com/cert-manager:v1.0.0", "example.com/prometheus:v1.0.0",
        "example.com/controller:v1.10.0", "example.com/node:v3.27.0", "example.com/operator:v1.0.0",
        "library/node:20.1.0",
        "example.com/kyverno:v1.0.0", "example.com/velero:v1.0.0", "docker.io/rancher/k3s:v1.29.3-k3s1",
    ],
)  # fmt: skip
def test_an_image_that_looks_alike_is_none(image: str) -> None:
    assert by_image(image, "shop") is None


@pytest.mark.parametrize(
    "image", ["attacker/coredns:v1.11.1", "quay.io/attacker/metrics-server:v0.7.1", "ghcr.io/x/etcd:v3.5.0"]
)
def test_where_everybody_may_publish_a_bare_name_is_only_a_name(image: str) -> None:
    found = by_image(image)
    assert found is not None
    assert found.by_name


def test_a_folder_that_is_called_like_a_registry_vouches_for_nothing() -> None:
    for image in ("attacker/k8s.gcr.io/coredns:v1.11.1", "x.example.com/1.dkr.ecr.x/eks/coredns:v1.11.1"):
        found = by_image(image)
        assert found is not None
        assert found.by_name


@pytest.mark.parametrize("name", ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "etcd"])
def test_the_control_plane_is_not_looked_for_in_the_namespaces_of_users(name: str) -> None:
    assert by_image(f"registry.k8s.io/{name}:v1.29.3", "kube-system") is not None
    assert by_image(f"registry.k8s.io/{name}:v1.29.3", "shop") is None


@pytest.mark.parametrize("tag", ["latest", "v3", "v3.1", "stable", "main-abc123", "20240202", "v20240202-8f1494ea", ""])
def test_a_tag_without_three_numbers_tells_no_version(tag: str) -> None:
    found = by_image("coredns/coredns" + (f":{tag}" if tag else f"@sha256:{'a1' * 32}"))
    assert found is not None
    assert (found.version, found.packages, found.assessable) == ("", (), True)


def test_every_rule_is_reached_by_the_images_that_it_names() -> None:
    shadowed = []
    for rule in COMPONENTS.rules.components:
        namespace = next((each for each in rule.namespaces if "*" not in each), "x")
        for image in rule.images:
            if "*" not in image:
                found = by_image(f"mirror.example.com/{image}:v1.2.3", namespace)
                if found is None or found.name != rule.name:
                    shadowed.append((image, rule.name, found and found.name))
    assert shadowed == []


def test_no_two_rules_of_one_component_name_it_differently() -> None:
    names = [rule.name for rule in COMPONENTS.rules.components]
    assert len(names) == len(set(names))
    assert len(names) > 100


#: pod name, namespace, labels, image -> component and version
OPENSHIFT = "quay.io/openshift-release-dev/ocp-v4.0-art-dev@sha256:" + "a1" * 32
BESIDE = [
    (
        "kube-apiserver-cp1",
        "kube-system",
        {},
        "rancher/hardened-kubernetes:v1.28.9-rke2r1-build20240416",
        "kube-apiserver",
        "v1.28.9-rke2r1",
    ),
    ("etcd-cp1", "kube-system", {}, "x.example.com/base@sha256:" + "a1" * 32, "etcd", ""),
    (
        "coredns-5d78c9869d-abcde",
        "kube-system",
        {"k8s-app": "kube-dns"},
        "x.example.com/dns:v1.11.1",
        "CoreDNS",
        "v1.11.1",
    ),
    ("kube-apiserver-m0", "openshift-kube-apiserver", {}, OPENSHIFT, "kube-apiserver", ""),
]


@pytest.mark.parametrize("row", BESIDE, ids=lambda row: row[0])
def test_a_pods_name_or_label_speaks_where_its_image_does_not(
    row: tuple[str, str, dict[str, str], str, str, str],
) -> None:
    pod, namespace, labels, image, name, version = row
    assert COMPONENTS.by_image(reference(image), namespace) is None
    found = COMPONENTS.beside(pod, namespace, labels, reference(image))
    assert found is not None
    assert (found.name, found.version) == (name, version)
    assert COMPONENTS.beside("shop-1", "shop", {}, reference(image)) is None


KUBELETS = {
    "v1.29.3": "",
    "v1.30.0-rc.1": "",
    "v1.29.3-eks-ae9a62a": "EKS",
    "v1.29.4-gke.1043002": "GKE",
    "v1.28.9+rke2r1": "RKE2",
    "v1.29.3+k3s1": "k3s",
    "v1.29.2+k0s.0": "k0s",
    "v1.27.3+vmware.1": "VMware",
    "v1.28.7+IKS": "IBM Cloud",
    "v1.28.11-aliyun.1": "Alibaba Cloud",
    "v1.26.1-tke.1": "Tencent Cloud",
    "": "",
    "nonsense": "",
}


@pytest.mark.parametrize("version", KUBELETS)
def test_a_kubelets_version_tells_its_vendor(version: str) -> None:
    assert COMPONENTS.vendor_of_node(version, {}) == KUBELETS[version]


def test_labels_tell_the_vendor_where_the_version_does_not() -> None:
    labels = {"kubernetes.azure.com/cluster": "x"}
    assert COMPONENTS.vendor_of_node("v1.28.5", labels) == "AKS"
    assert COMPONENTS.vendor_of_node("v1.29.3-eks-ae9a62a", labels) == "EKS"
    assert COMPONENTS.vendor_of_node("v1.28.5", {"kubernetes.io/os": "linux"}) == ""
