"""One object or more of every kind that is read, with secrets where people put them."""

from __future__ import annotations

from typing import Any

SECRET = "hunter2-hunter2"
_ENVIRONMENT = [
    {"name": "PASSWORD", "value": SECRET},
    {"name": "OTHER", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
]
_PROBE = {"httpGet": {"path": "/", "port": 80, "httpHeaders": [{"name": "Authorization", "value": SECRET}]}}
APPLIED = {"kubectl.kubernetes.io/last-applied-configuration": f'{{"env": "{SECRET}"}}', "team": "a"}


def objects(namespace: str) -> list[dict[str, Any]]:
    """Objects that an API server takes; those of the cluster are named after the namespace."""
    labels = {"app": "web"}
    container = {
        "name": "c",
        "image": "registry.example/web:1",
        "env": _ENVIRONMENT,
        "ports": [{"containerPort": 80, "name": "http"}],
        "livenessProbe": _PROBE,
        "lifecycle": {"preStop": _PROBE},
    }
    pod = {"containers": [container], "initContainers": [{"name": "i", "image": "i:1", "env": _ENVIRONMENT}]}
    template = {"metadata": {"labels": labels}, "spec": pod}
    once = {"metadata": {"labels": labels}, "spec": {**pod, "restartPolicy": "Never"}}
    selector = {"matchLabels": labels}
    workload = {"replicas": 0, "selector": selector, "template": template}
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    parents = [{"name": "gate"}]
    rule = {"name": "r", "action": "Deny", "from": [{"namespaces": {}}]}
    admin = {"priority": 7, "subject": {"namespaces": {}}, "ingress": [rule]}
    gateway, policy = "gateway.networking.k8s.io", "policy.networking.k8s.io"
    role, binding = (
        "rbac.authorization.k8s.io/v1",
        {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
    )
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
    subjects = [{"kind": "ServiceAccount", "name": "worker", "namespace": namespace}]
    node = {"nodeInfo": {"kubeletVersion": "v1.35.4", "operatingSystem": "linux"}}

    def one(version: str, kind: str, name: str, **parts: Any) -> dict[str, Any]:
        return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace}, **parts}

    def wide(version: str, kind: str, **parts: Any) -> dict[str, Any]:
        return {"apiVersion": version, "kind": kind, "metadata": {"name": f"{namespace}-{kind.lower()}"}, **parts}

    made = [
        wide("v1", "Node", status=node),
        one("v1", "ServiceAccount", "worker", automountServiceAccountToken=False),
        one("v1", "Secret", "s", stringData={"k": SECRET}),
        one("v1", "ConfigMap", "c", data={"k": SECRET}),
        one("v1", "Pod", "web", spec={"nodeName": "nowhere", **pod}, status={"phase": "Running", "podIP": "10.1.2.3"}),
        one("v1", "Pod", "web-2", spec={"nodeName": "nowhere", **pod}),
        one("v1", "Service", "web", spec={"selector": labels, "ports": [{"port": 80, "targetPort": "http"}]}),
        one("v1", "ReplicationController", "rc", spec={"replicas": 0, "selector": labels, "template": template}),
        one("apps/v1", "Deployment", "deployment", spec=workload),
        one("apps/v1", "ReplicaSet", "replicaset", spec=workload),
        one("apps/v1", "StatefulSet", "statefulset", spec=workload | {"serviceName": "web"}),
        one("apps/v1", "DaemonSet", "daemonset", spec={"selector": selector, "template": template}),
        one("batch/v1", "Job", "job", spec={"suspend": True, "template": once}),
        one(
            "batch/v1",
            "CronJob",
            "cron",
            spec={"schedule": "1 1 1 1 1", "suspend": True, "jobTemplate": {"spec": {"template": once}}},
        ),
        one(
            "discovery.k8s.io/v1",
            "EndpointSlice",
            "slice",
            addressType="IPv4",
            endpoints=[{"addresses": ["10.1.2.3"]}],
            ports=[{"port": 80}],
        ),
        one(
            "networking.k8s.io/v1",
            "Ingress",
            "web",
            spec={"rules": [{"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]},
        ),
        wide("networking.k8s.io/v1", "IngressClass", spec={"controller": "example.com/c"}),
        one("networking.k8s.io/v1", "NetworkPolicy", "deny", spec={"podSelector": {}, "policyTypes": ["Ingress"]}),
        one("policy/v1", "PodDisruptionBudget", "budget", spec={"minAvailable": "50%", "selector": selector}),
        one(role, "Role", "role", rules=rules),
        wide(role, "ClusterRole", rules=rules),
        one(role, "RoleBinding", "binding", roleRef=binding, subjects=subjects),
        wide(role, "ClusterRoleBinding", roleRef=binding, subjects=subjects),
        wide(f"{gateway}/v1", "GatewayClass", spec={"controllerName": "example.com/c"}),
        one(
            f"{gateway}/v1",
            "Gateway",
            "gate",
            spec={"gatewayClassName": "g", "listeners": [{"name": "l", "port": 80, "protocol": "HTTP"}]},
        ),
        one(f"{gateway}/v1", "HTTPRoute", "route", spec={"parentRefs": parents, "hostnames": ["a.example"]}),
        one(f"{gateway}/v1", "GRPCRoute", "route", spec={"parentRefs": parents}),
        one(f"{gateway}/v1", "TLSRoute", "route", spec={"parentRefs": parents}),
        one(f"{gateway}/v1alpha2", "TCPRoute", "route", spec={"parentRefs": parents}),
        one(f"{gateway}/v1alpha2", "UDPRoute", "route", spec={"parentRefs": parents}),
        one(f"{gateway}/v1", "ReferenceGrant", "grant", spec={"to": [{"group": "", "kind": "Service"}]}),
        wide(f"{policy}/v1alpha1", "AdminNetworkPolicy", spec=admin),
        wide(f"{policy}/v1alpha1", "BaselineAdminNetworkPolicy", spec=admin),
        wide(f"{policy}/v1alpha2", "ClusterNetworkPolicy", spec=admin | {"tier": "Admin"}),
        wide(
            "config.openshift.io/v1",
            "ClusterVersion",
            status={"history": [{"state": "Completed", "version": "4.14.20"}]},
        ),
        one(
            "route.openshift.io/v1",
            "Route",
            "route",
            spec={"host": "r.example", "to": {"kind": "Service", "name": "web"}},
        ),
        one(
            "kubevirt.io/v1",
            "VirtualMachine",
            "machine",
            spec={
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {"volumes": [{"name": "v", "cloudInitNoCloud": {"userData": SECRET}}]},
                }
            },
        ),
    ]
    for each in made:
        if "namespace" in each["metadata"] and each["metadata"]["name"].startswith(namespace):
            del each["metadata"]["namespace"]
        each["metadata"]["annotations"] = APPLIED
    return made
