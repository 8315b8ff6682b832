"""The facts of a cluster that the condition of an edge may ask for: a name, its type in CEL, and what it means.

Who asks gives the facts that are known; one that is left out is not known, and a condition that needs it is answered
by unknown. Facts about the change itself are worked out from its two versions.
"""

from __future__ import annotations

from oakum.expressions import TypeName
from oakum.risk.conditions import Variable

#: What the two versions of a change tell.
OF_VERSIONS: dict[str, Variable] = {
    "from_major": Variable("int", "the first number of the version before"),
    "from_minor": Variable("int", "the second number of the version before"),
    "to_major": Variable("int", "the first number of the version after"),
    "to_minor": Variable("int", "the second number of the version after"),
    "downgrade": Variable("bool", "whether the version after is the older one"),
}

#: What somebody has to know about the cluster.
OF_CLUSTER: dict[str, Variable] = {
    "control_plane": Variable("string", "who set it up: kubeadm, or another word for the installer or provider"),
    "runtimes": Variable("list of string", "the nodes' runtimes: containerd, cri-o, docker (dockershim), cri-dockerd"),
    "cgroup_versions": Variable("list of string", "the versions of control groups on the nodes: v1, v2"),
    "cgroup_drivers": Variable("list of string", "the drivers of the kubelets: systemd, cgroupfs"),
    "kernels": Variable("list of string", "the releases of the nodes' kernels, as uname -r tells them"),
    "selinux": Variable("bool", "whether a node enforces SELinux"),
    "volume_plugins": Variable(
        "list of string", "in-tree plugins of volumes and storage classes in use: kubernetes.io/aws-ebs"
    ),
    "csi_drivers": Variable("list of string", "the names of the CSIDriver objects: ebs.csi.aws.com"),
    "kubelet_flags": Variable("list of string", "the flags that kubelets are started with, without dashes or values"),
    "selected_labels": Variable("list of string", "the keys of node labels that selectors and affinities ask for"),
    "proxy_modes": Variable("list of string", "the modes of the kube-proxies: iptables, ipvs, nftables, userspace"),
    "pod_security_policies": Variable("int", "how many PodSecurityPolicy objects there are"),
    "etcd_members": Variable("int", "how many members etcd has, learners included"),
    "etcd_auth": Variable("bool", "whether etcd's own authentication is on"),
    "schema_1_images": Variable("bool", "whether an image in use is of Docker's schema 1"),
    "site": Variable("map of string", "whatever a site tells about its cluster, for its own conditions"),
}

#: All facts by name.
FACTS: dict[str, Variable] = OF_VERSIONS | OF_CLUSTER

#: What ``oakum.expressions.compile`` wants.
TYPES: dict[str, TypeName] = {name: variable.type for name, variable in FACTS.items()}
