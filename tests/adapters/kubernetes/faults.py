"""A real HTTP server between a reader and an API server (or in the place of one), which goes wrong on demand.

``Between(upstream)`` passes requests on as whoever the upstream kubeconfig is for; ``fault`` sees each request first
and may answer in its place, cut the answer off, or do something meanwhile (restart the API server).
"""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit


class Asked(NamedTuple):
    """One request: ``number`` counts requests of the same path, from 1."""

    path: str
    query: Mapping[str, str]
    number: int
    headers: Mapping[str, str]


class Answer(NamedTuple):
    """An answer in the API server's place. ``length`` is what it claims to be long; less than that is sent."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = {}
    length: int | None = None


class Cut(NamedTuple):
    """Pass the request on, and send only so many bytes of what the API server answers."""

    after: int


Fault = Callable[[Asked], "Answer | Cut | None"]


def status(code: int, reason: str, message: str, **more: Any) -> bytes:
    """A Status as the API server writes it."""
    words = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code}
    return json.dumps(words | {"reason": reason, "message": message} | more).encode()


class Between:
    """The server; ``kubeconfig`` leads to it, ``asked`` is all that it was asked for."""

    def __init__(self, folder: Path, fault: Fault = lambda _: None, upstream: Path | None = None) -> None:
        self.fault = fault
        self.asked: list[Asked] = []
        self._upstream = Upstream(upstream, folder) if upstream else None
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                outer._answer(self)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.kubeconfig = write_kubeconfig(folder / "between.kubeconfig", {"server": self.address}, {})

    def __enter__(self) -> Between:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        if self._upstream:
            self._upstream.close()

    def paths(self, path: str) -> list[Asked]:
        """The requests of one path."""
        return [one for one in self.asked if one.path == path]

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        number = len(self.paths(parts.path)) + 1
        asked = Asked(parts.path, dict(parse_qsl(parts.query)), number, dict(handler.headers.items()))
        self.asked.append(asked)
        answer = self.fault(asked)
        cut = answer.after if isinstance(answer, Cut) else None
        if not isinstance(answer, Answer):
            answer = self._upstream.get(handler.path, asked.headers) if self._upstream else Answer(404)
        length = len(answer.body) if answer.length is None else answer.length
        handler.send_response(answer.status)
        for key, value in ({"Content-Type": "application/json"} | dict(answer.headers)).items():
            handler.send_header(key, value)
        handler.send_header("Content-Length", str(length))
        handler.end_headers()
        handler.wfile.write(answer.body if cut is None else answer.body[:cut])
        if cut is not None or length != len(answer.body):
            handler.wfile.flush()
            handler.close_connection = True


class Upstream:
    """An API server, asked as whoever a kubeconfig of the lab is for."""

    def __init__(self, kubeconfig: Path, folder: Path) -> None:
        config = json.loads(kubeconfig.read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self._server = urlsplit(cluster["server"]).netloc
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        self._context = ssl.create_default_context(cadata=authority)
        pair = folder / "upstream.pem"
        pair.write_bytes(b"".join(base64.b64decode(user[f"client-{part}-data"]) for part in ("certificate", "key")))
        self._context.load_cert_chain(pair)

        self._connection = http.client.HTTPSConnection(self._server, context=self._context, timeout=30)

    def get(self, path: str, headers: Mapping[str, str]) -> Answer:
        """What it answers; 502 where it does not."""
        kept = {key: value for key, value in headers.items() if key.lower() in ("accept", "accept-encoding")}
        try:
            self._connection.request("GET", path, headers=kept)
            response = self._connection.getresponse()
            given = {k: v for k, v in response.getheaders() if k in ("Content-Type", "Content-Encoding", "Retry-After")}
            return Answer(response.status, response.read(), given)
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return Answer(502, b"away")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def write_kubeconfig(path: Path, cluster: Mapping[str, Any], user: Mapping[str, Any], name: str = "test") -> Path:
    """A kubeconfig with one context; JSON is YAML too."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
    path.write_text(json.dumps(config))
    return path
