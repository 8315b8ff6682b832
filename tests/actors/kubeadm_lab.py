"""The real kubeadm against a real API server: its nodes and static pods are objects, the published versions a server's.

``Kubeadm.plan`` and ``Kubeadm.apply`` ask it what the kinds ``available-upgrades`` and ``kubeadm`` are asked. What they
simulate is the world outside: ``Front`` passes everything to the API server but its version, and ``Downloads`` answers
for dl.k8s.io. Each call runs in a root folder of its own, where nothing but kubeadm and its configuration is.
"""

from __future__ import annotations

import http.client
import json
import re
import shutil
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from tests.lab.build import kubeadm
from tests.lab.client import context_of
from tests.lab.control_plane import ControlPlane

NODE = "cp-0"
_RELEASES = "dl.k8s.io"
_SECONDS = 60
_CLUSTER = """\
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: {version}
clusterName: lab
"""
_KUBELET = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"
#: kubeadm wants to see the routes of the machine, and has the root folder otherwise for itself; the mount ends with it.
_INSIDE = 'mount --rbind /proc "$1/proc" && exec chroot "$@"'


class _Served(socketserver.BaseServer):
    """A server that a thread runs while the ``with`` block does."""

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class Front(_Served, ThreadingHTTPServer):
    """Passes requests on to an API server as its admin, and answers for its version itself."""

    daemon_threads = True

    def __init__(self, plane: ControlPlane) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.version = ""
        self.plane_port = plane.port
        self.context = context_of(plane.admin)


class _Passing(BaseHTTPRequestHandler):
    server: Front
    protocol_version = "HTTP/1.1"

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.partition("?")[0] == "/version":
            major, minor = self.server.version.lstrip("v").split(".")[:2]
            said = {"major": major, "minor": minor, "gitVersion": self.server.version}
            self._answer(200, "application/json", json.dumps(said).encode())
            return
        port, context = self.server.plane_port, self.server.context
        there = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=30)
        kept = {name: self.headers[name] for name in ("Accept", "Content-Type") if name in self.headers}
        there.request(self.command, self.path, body or None, kept)
        answer = there.getresponse()
        self._answer(answer.status, answer.headers["Content-Type"], answer.read())
        there.close()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


class Downloads(_Served, ThreadingHTTPServer):
    """A proxy behind which only dl.k8s.io is; ``published`` has the versions by label, any other label is not there."""

    daemon_threads = True

    def __init__(self, plane: ControlPlane) -> None:
        super().__init__(("127.0.0.1", 0), _Releases)
        self.published: Mapping[str, str] = {}
        self.asked: list[str] = []
        certificate, key = plane.authority.server("releases", [_RELEASES])
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(certificate, key)


class _Releases(BaseHTTPRequestHandler):
    server: Downloads

    def do_CONNECT(self) -> None:
        if self.path != f"{_RELEASES}:443":
            self.send_error(403)
            return
        self.send_response(200)
        self.end_headers()
        with self.server.context.wrap_socket(self.connection, server_side=True) as secure:
            asked = b""
            while b"\r\n\r\n" not in asked:
                asked += secure.recv(65_536)
            path = asked.split()[1].decode()
            label = path.removeprefix("/release/").removesuffix(".txt")
            self.server.asked.append(label)
            text = self.server.published.get(label)
            status, body = ("404 Not Found", "no") if text is None else ("200 OK", text + "\n")
            head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close"
            secure.sendall(f"{head}\r\n\r\n{body}".encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


class Kubeadm:
    """The real kubeadm in a cluster of objects; ``with`` it, one question after the other.

    Raises LabUnavailable where a kubeadm of a version can't be built.
    """

    def __init__(self, plane: ControlPlane, folder: Path) -> None:
        self.plane, self.folder = plane, folder

    def __enter__(self) -> Self:
        self._open = ExitStack()
        self._front = self._open.enter_context(Front(self.plane))
        self._releases = self._open.enter_context(Downloads(self.plane))
        self._made: list[str] = []
        return self

    def __exit__(self, *_: object) -> None:
        self._clear()
        self._open.close()

    def cluster(self, version: str, kubelets: Sequence[str], servers: Iterable[str]) -> None:
        """Makes a cluster: the API server says ``version``, and there are these kubelets and static API servers."""
        self._clear()
        self._front.version = version
        config = {"ClusterConfiguration": _CLUSTER.format(version="v1.35.4")}
        self._make("ConfigMap", "kubeadm-config", data=config)
        self._make("ConfigMap", "kubelet-config", data={"kubelet": _KUBELET})
        # Nothing can be scheduled: then kubeadm does not try a Job, for which it would wait.
        for number, each in enumerate(kubelets):
            notes = {"kubeadm.alpha.kubernetes.io/cri-socket": "unix:///run/cri.sock"}
            status = {"nodeInfo": _info(each)}
            self._make("Node", f"cp-{number}", annotations=notes, spec={"unschedulable": True}, status=status)
        for number, each in enumerate(servers):
            image = f"registry.k8s.io/kube-apiserver:{each.replace('+', '_')}"
            spec = {"nodeName": f"cp-{number}", "hostNetwork": True, "containers": [{"name": "c", "image": image}]}
            labels = {"component": "kube-apiserver", "tier": "control-plane"}
            notes = {"kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint": "192.0.2.1:6443"}
            self._make("Pod", f"kube-apiserver-{number}", labels=labels, annotations=notes, spec=spec)

    def plan(self, version: str, published: Mapping[str, str], *arguments: str) -> list[str] | str:
        """What ``kubeadm upgrade plan`` of a kubeadm of ``version`` offers, in its order, or its error."""
        self._releases.published = published
        done = self._run(version, "upgrade", "plan", "--output=json", "--ignore-preflight-errors=all", *arguments)
        if done.returncode != 0:
            return done.stderr
        offered = json.loads(done.stdout)["availableUpgrades"] if "{" in done.stdout else []
        return [_new_version(each) for each in offered]

    def apply(self, version: str, target: str, *arguments: str) -> tuple[str, list[str]]:
        """What a kubeadm of ``version`` objects to: "mandatory" or "skippable" with its objections, "" with none.

        Only the check before an upgrade is run (the phase ``preflight``), and nothing is changed. "no" with the error
        where kubeadm does not come to its policy.
        """
        phase = ("upgrade", "apply", "phase", "preflight", target, "--dry-run", "--ignore-preflight-errors=all")
        done = self._run(version, *phase, *arguments)
        if done.returncode == 0:
            return "", []
        found = re.search(r"invalid due to these (fatal )?errors:\n\n((?:\t- .*\n)+)", done.stderr)
        if found is None:
            return "no", [done.stderr]
        return "mandatory" if found[1] else "skippable", re.findall(r"\t- (.*)\n", found[2])

    def _run(self, version: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        root = self._root(version)
        command = ["unshare", "--mount", "sh", "-ec", _INSIDE, "sh", str(root), "/kubeadm", *arguments]
        given = {"HTTPS_PROXY": f"http://127.0.0.1:{self._releases.server_port}", "SSL_CERT_FILE": "/ca.crt"}
        return subprocess.run(
            [*command, "--kubeconfig=/admin.conf"],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **given},
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )

    def _root(self, version: str) -> Path:
        root = self.folder / version
        if not root.is_dir():
            (root / "proc").mkdir(parents=True)
            (root / "etc/kubernetes").mkdir(parents=True)
            shutil.copy(kubeadm(version), root / "kubeadm")
            shutil.copy(self.plane.authority.certificate_file, root / "ca.crt")
            server = f"http://127.0.0.1:{self._front.server_port}"
            node = self.plane.authority.client(f"system:node:{NODE}", ("system:nodes",))
            (root / "admin.conf").write_text(json.dumps(_kubeconfig(server, {})))
            pair = {"client-certificate": "/node.crt", "client-key": "/node.key"}
            (root / "etc/kubernetes/kubelet.conf").write_text(json.dumps(_kubeconfig(server, pair)))
            for name, data in zip(("node.crt", "node.key"), node, strict=True):
                (root / name).write_bytes(data)
        return root

    def _make(self, kind: str, name: str, **fields: Any) -> None:
        meta = {"name": name, "namespace": "kube-system"}
        meta |= {key: fields.pop(key) for key in ("labels", "annotations") if key in fields}
        made = {"apiVersion": "v1", "kind": kind, "metadata": meta, **fields}
        if kind == "Node":
            del meta["namespace"]
        self._made.append(self.plane.client.path(made))
        self.plane.apply([made])

    def _clear(self) -> None:
        for path in reversed(self._made):
            self.plane.request("DELETE", path, {"gracePeriodSeconds": 0} if "/pods/" in path else None)
        self._made = []


def _info(kubelet: str) -> dict[str, str]:
    """A node's own account of itself, all fields of which the API server wants to see."""
    names = ("architecture", "bootID", "containerRuntimeVersion", "kernelVersion", "machineID", "operatingSystem")
    return {**dict.fromkeys((*names, "osImage", "systemUUID", "kubeProxyVersion"), ""), "kubeletVersion": kubelet}


def _kubeconfig(server: str, user: Mapping[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "lab", "cluster": {"server": server}}],
        "users": [{"name": "lab", "user": user}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "lab"}}],
        "current-context": "lab",
    }


def _new_version(upgrade: Mapping[str, Any]) -> str:
    """The version that an offer is of, as the plan shows it beside each component of Kubernetes."""
    (proxy,) = (each for each in upgrade["components"] if each["name"] == "kube-proxy")
    return str(proxy["newVersion"])
