"""A client of the Kubernetes API for tests: one kept connection, JSON in and out, and server-side apply.

Written apart from what it helps to test: the adapters read the cluster through another library.
"""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

Json = Mapping[str, Any]


class ApiError(RuntimeError):
    """The API server refused; ``status`` is HTTP's number, ``reason`` the server's word for it."""

    def __init__(self, status: int, reason: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.reason = reason


class Client:
    """One connection to an API server as whoever a kubeconfig of the lab is for; not for several threads at once."""

    def __init__(self, kubeconfig: Path) -> None:
        config = json.loads(kubeconfig.read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        context = context_of(kubeconfig)
        self._headers = {"Accept": "application/json"}
        if "token" in user:
            self._headers["Authorization"] = f"Bearer {user['token']}"
        server = urlsplit(cluster["server"])
        self._connection = http.client.HTTPSConnection(server.netloc, context=context, timeout=60)
        self._resources: dict[str, dict[str, Json]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the next request opens it again."""
        self._connection.close()

    def request(self, method: str, path: str, body: object = None, content_type: str = "application/json") -> Any:
        """Send a request, and return the answer: JSON as objects, anything else as text.

        Raises ApiError where the server answers 400 or above, OSError or HTTPException where it does not answer.
        """
        data = None if body is None else json.dumps(body).encode()
        headers = self._headers | ({"Content-Type": content_type} if data is not None else {})
        kept = self._connection.sock is not None
        try:
            response, answer = self._exchange(method, path, data, headers)
        except (ConnectionError, http.client.RemoteDisconnected, ssl.SSLEOFError, ssl.SSLZeroReturnError):
            self.close()
            if not kept:
                raise
            # The server closed the kept connection: that alone says nothing about the request.
            response, answer = self._exchange(method, path, data, headers)
        if response.headers.get_content_type() != "application/json":
            if response.status >= 400:
                raise ApiError(response.status, response.reason, f"{method} {path}: {response.status} {answer!r}")
            return answer.decode()
        decoded = json.loads(answer)
        if response.status >= 400:
            reason, message = decoded.get("reason", ""), decoded.get("message", "")
            raise ApiError(response.status, reason, f"{method} {path}: {response.status} {reason}: {message}")
        return decoded

    def _exchange(
        self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]
    ) -> tuple[http.client.HTTPResponse, bytes]:
        try:
            self._connection.request(method, path, data, headers)
            response = self._connection.getresponse()
            return response, response.read()
        except BaseException:
            self.close()  # half an exchange leaves the connection unusable
            raise

    def apply(self, objects: Iterable[Json]) -> list[Json]:
        """Make the objects as they are given, one after the other, each with its status where it has one.

        A status is merged afterwards: the server drops it from the object itself.
        """
        return [self._apply(each) for each in objects]

    def _apply(self, wanted: Json) -> Json:
        path = self.path(wanted)
        made: Json = self.request(
            "PATCH", f"{path}?fieldManager=oakum-lab&force=true", wanted, "application/apply-patch+yaml"
        )
        if "status" in wanted and self._has_status(wanted):
            made = self.request("PATCH", f"{path}/status", {"status": wanted["status"]}, "application/merge-patch+json")
        return made

    def path(self, wanted: Json) -> str:
        """Where an object is, by its apiVersion, kind, name and (``default`` if missing) namespace."""
        resource = self._discovered(wanted["apiVersion"], wanted["kind"])
        metadata = wanted["metadata"]
        space = f"namespaces/{metadata.get('namespace', 'default')}/" if resource["namespaced"] else ""
        return f"{_root(wanted['apiVersion'])}/{space}{resource['name']}/{metadata['name']}"

    def _has_status(self, wanted: Json) -> bool:
        plural = self._discovered(wanted["apiVersion"], wanted["kind"])["name"]
        return f"{plural}/status" in self._resources[wanted["apiVersion"]]

    def _discovered(self, version: str, kind: str) -> Json:
        """What the server says about a kind; asked anew where it is not known yet, since kinds are added."""
        for again in (False, True):
            if again or version not in self._resources:
                listed = self.request("GET", _root(version))["resources"]
                self._resources[version] = {each["name"]: each for each in listed}
            for name, resource in self._resources[version].items():
                if resource["kind"] == kind and "/" not in name:
                    return resource
        raise LookupError(f"the API server has no {kind} in {version}")


def context_of(kubeconfig: Path) -> ssl.SSLContext:
    """TLS as a kubeconfig of the lab wants it: its authority, and its client certificate where it has one."""
    config = json.loads(kubeconfig.read_text())
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    context = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
    if "token" not in user:
        _load_pair(context, user["client-certificate-data"], user["client-key-data"])
    return context


def _load_pair(context: ssl.SSLContext, certificate: str, key: str) -> None:
    """Python takes a client certificate from a file only."""
    with tempfile.NamedTemporaryFile() as pair:
        pair.write(base64.b64decode(certificate) + base64.b64decode(key))
        pair.flush()
        context.load_cert_chain(pair.name)


def _root(version: str) -> str:
    return f"/apis/{version}" if "/" in version else f"/api/{version}"
