"""A real Kubernetes control plane on the loopback address: etcd, API server, controllers and scheduler; no nodes.

TLS, RBAC and the node authorizer are on, as in a cluster made by kubeadm. Several run side by side: each has its own
work folder, ports and certificates. Traps that the flags answer: with an address on loopback the API server must not
publish its own endpoints (validation refuses them); controllers that start before ``/readyz`` find no permissions yet.
"""

from __future__ import annotations

import base64
import http.client
import json
import random
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Self

from tests.lab.build import programs
from tests.lab.client import ApiError, Client, Json
from tests.lab.pki import Authority
from tests.lab.processes import RunFolder

_READY = 120.0  # seconds; it takes three on an idle machine
_AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        # What the control plane says to itself is of no interest.
        {"level": "None", "users": ["system:apiserver", "system:kube-controller-manager", "system:kube-scheduler"]},
        {"level": "None", "userGroups": ["system:serviceaccounts:kube-system"]},
        {"level": "Metadata"},
    ],
}


class ControlPlane:
    """A control plane that runs while the ``with`` block does.

    Without ``controllers`` nothing is garbage collected and no namespace gets its ServiceAccount ``default`` (pods may
    then be made without one); without ``scheduler`` pods stay where ``nodeName`` puts them. ``audit`` records the
    requests of everybody else (``audit_events``). The flags are added to those of the API server and the controllers.

    Raises LabUnavailable where the programs can't be had, ProcessError where one of them does not start.
    """

    def __init__(
        self,
        *,
        controllers: bool = True,
        scheduler: bool = True,
        audit: bool = False,
        apiserver_flags: Sequence[str] = (),
        controller_flags: Sequence[str] = (),
    ) -> None:
        names = ["etcd", "kube-apiserver"]
        names += ["kube-controller-manager"] * controllers + ["kube-scheduler"] * scheduler
        self._programs = programs(*names)
        self._audit = audit
        self._apiserver_flags = list(apiserver_flags)
        self._controller_flags = list(controller_flags)

    def __enter__(self) -> Self:
        self.run = RunFolder()
        try:
            self._start()
        except BaseException:
            self.run.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.run.close()

    @property
    def server(self) -> str:
        """The API server's address."""
        return f"https://127.0.0.1:{self.port}"

    def _start(self) -> None:
        self.authority = Authority(self.run.path)
        self.port, self._etcd_port, peer_port = free_ports(3)
        self.admin = self.kubeconfig_for("admin", ("system:masters",))
        self.client = self.connect()
        self._start_etcd(peer_port)
        self._prepare_apiserver()
        self.start_apiserver()
        # Only now: they would be refused before the API server has made its own roles.
        if "kube-controller-manager" in self._programs:
            self._start_controllers()
        if "kube-scheduler" in self._programs:
            kubeconfig = self.kubeconfig_for("system:kube-scheduler")
            self._run("kube-scheduler", f"--kubeconfig={kubeconfig}", *_QUICK)
        if "kube-controller-manager" in self._programs:
            self.wait_for_service_account("default")

    def _run(self, name: str, *arguments: str) -> None:
        self.run.start(name, self._programs[name], arguments)

    def _start_etcd(self, peer_port: int) -> None:
        client, peer = (f"http://127.0.0.1:{port}" for port in (self._etcd_port, peer_port))
        self._run(
            "etcd",
            "--name=lab",
            f"--data-dir={self.run.path}/etcd",
            "--unsafe-no-fsync",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=lab={peer}",
        )

    def _prepare_apiserver(self) -> None:
        certificate, key = self.authority.server("apiserver")
        self._signing_key, public_key = self.authority.signing_key("service-accounts")
        self._arguments = [
            f"--etcd-servers=http://127.0.0.1:{self._etcd_port}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--secure-port={self.port}",
            "--endpoint-reconciler-type=none",
            f"--tls-cert-file={certificate}",
            f"--tls-private-key-file={key}",
            f"--client-ca-file={self.authority.certificate_file}",
            f"--service-account-key-file={public_key}",
            f"--service-account-signing-key-file={self._signing_key}",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged=true",
        ]
        if "kube-controller-manager" not in self._programs:
            self._arguments.append("--disable-admission-plugins=ServiceAccount")
        if self._audit:
            policy = self.run.path / "audit-policy.json"
            policy.write_text(json.dumps(_AUDIT_POLICY))
            self._arguments += [f"--audit-policy-file={policy}", f"--audit-log-path={self._audit_log}"]
        self._arguments += self._apiserver_flags

    def _start_controllers(self) -> None:
        kubeconfig = self.kubeconfig_for("system:kube-controller-manager")
        self._run(
            "kube-controller-manager",
            f"--kubeconfig={kubeconfig}",
            *_QUICK,
            "--use-service-account-credentials",
            f"--service-account-private-key-file={self._signing_key}",
            f"--root-ca-file={self.authority.certificate_file}",
            f"--cluster-signing-cert-file={self.authority.certificate_file}",
            f"--cluster-signing-key-file={self.authority.key_file}",
            # Nodes without a kubelet renew no lease; they are not to become NotReady in the middle of a test.
            "--node-monitor-grace-period=200s",
            *self._controller_flags,
        )

    # The API server alone: etcd, objects and the port stay.

    def start_apiserver(self) -> None:
        """Start the API server and wait until it is ready."""
        self._run("kube-apiserver", *self._arguments)
        self.wait_until(self._ready, "the API server is ready", "kube-apiserver", "etcd")

    def stop_apiserver(self) -> None:
        """End the API server. It would wait a minute for open watches, so it is killed after two seconds."""
        self.client.close()
        self.run.stop("kube-apiserver", grace=2)

    def restart_apiserver(self) -> None:
        """Stop and start the API server."""
        self.stop_apiserver()
        self.start_apiserver()

    def compact(self) -> None:
        """Let etcd forget every state of the objects but the present one, as it does by itself every five minutes.

        An API server that lists from its own cache remembers longer: start it with ``--watch-cache=false``.
        """

        def ask(path: str, body: Json) -> Json:
            connection = http.client.HTTPConnection("127.0.0.1", self._etcd_port, timeout=10)
            try:
                connection.request("POST", f"/v3/kv/{path}", json.dumps(body))
                return dict(json.loads(connection.getresponse().read()))
            finally:
                connection.close()

        now = ask("range", {"key": _base64(b"any")})["header"]["revision"]
        ask("compaction", {"revision": now, "physical": True})

    def _ready(self) -> bool:
        return bool(self.client.request("GET", "/readyz") == "ok")

    # Access

    def kubeconfig_for(self, user: str, groups: Iterable[str] = ()) -> Path:
        """The file of a kubeconfig for any user in any groups; what they may do is RBAC's to say."""
        certificate, key = self.authority.client(user, tuple(groups))
        return self._kubeconfig(
            user, {"client-certificate-data": _base64(certificate), "client-key-data": _base64(key)}
        )

    def kubeconfig_for_service_account(self, namespace: str, name: str) -> Path:
        """The file of a kubeconfig with a fresh token of an existing ServiceAccount, good for an hour."""
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
        answer = self.request("POST", f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token", body)
        return self._kubeconfig(f"{namespace}.{name}", {"token": answer["status"]["token"]})

    def _kubeconfig(self, user: str, credentials: Json) -> Path:
        """Written as JSON, which is YAML too."""
        cluster = {"server": self.server, "certificate-authority-data": _base64(self.authority.certificate)}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "lab", "cluster": cluster}],
            "users": [{"name": user, "user": credentials}],
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": user}}],
            "current-context": "lab",
        }
        path = self.run.path / f"{user.replace('/', '_').replace(':', '-')}.kubeconfig"
        path.write_text(json.dumps(content))
        path.chmod(0o600)
        return path

    def connect(self) -> Client:
        """A further connection as admin, for a thread of its own; the caller closes it."""
        return Client(self.admin)

    def request(self, method: str, path: str, body: object = None, content_type: str = "application/json") -> Any:
        """A request as admin (``Client.request``)."""
        return self.client.request(method, path, body, content_type)

    def apply(self, objects: Iterable[Json]) -> list[Json]:
        """Make objects as admin (``Client.apply``)."""
        return self.client.apply(objects)

    def audit_events(self) -> list[dict[str, Any]]:
        """Every request that the API server has recorded so far; empty without ``audit``."""
        if not self._audit_log.exists():
            return []
        return [json.loads(line) for line in self._audit_log.read_text().splitlines()]

    @property
    def _audit_log(self) -> Path:
        return self.run.path / "logs/audit.log"

    # Waiting

    def wait_for_service_account(self, namespace: str) -> None:
        """Wait until the namespace's ServiceAccount ``default`` is there, without which no pod can be made."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/default"
        self.wait_until(lambda: bool(self.request("GET", path)), f"{namespace} has a ServiceAccount")

    def wait_until(self, holds: Callable[[], bool], what: str, *needed: str, seconds: float = _READY) -> None:
        """Ask again until something holds; an answer that there is none, or no answer, is taken as "not yet".

        Raises ProcessError when the time is over, or one of the ``needed`` processes has ended.
        """
        deadline = time.monotonic() + seconds
        last: Exception | None = None
        while time.monotonic() < deadline:
            for name in needed:
                self.run.check(name)
            try:
                if holds():
                    return
            except (ApiError, OSError, http.client.HTTPException) as error:
                last = error
            time.sleep(0.05)
        raise self.run.failure(f"after {seconds:.0f} s not yet: {what} ({last})", (*needed, "kube-apiserver")[0])


# The default limits of client requests are made for large clusters, and would slow down small ones. Port 0: they serve
# nothing. One replica needs no election.
_QUICK = ("--kube-api-qps=300", "--kube-api-burst=600", "--secure-port=0", "--leader-elect=false")


def free_ports(count: int) -> list[int]:
    """Ports of the loopback address that nobody has, none of them from the range that the kernel gives to clients.

    From that range a client could get the port of a server that is being restarted.
    """
    first_of_clients = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    ports: list[int] = []
    while len(ports) < count:
        port = random.SystemRandom().randrange(10_000, max(first_of_clients, 11_000))
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in ports:
            ports.append(port)
    return ports


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
