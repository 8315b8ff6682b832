"""Real registries (Debian's docker-registry), a server of tokens, and registries that lie, all on this machine."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from tests.fleet.images.builder import Files, digest

NAME, PASSWORD = "reader", "correct horse"
#: bcrypt of the password.
HTPASSWD = f"{NAME}:$2b$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2\n"


def need(*tools: str) -> None:
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def registry(folder: Path, storage: Path, **settings: Any) -> Iterator[str]:
    """A real registry over a storage; its HOST:PORT. ``settings`` are parts of its configuration (auth, http)."""
    need("docker-registry")
    port = free_port()
    config = {
        "version": "0.1",
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(storage)}},
        "http": {"addr": f"127.0.0.1:{port}", "secret": "of the test", **settings.pop("http", {})},
        **settings,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{port}.json").write_text(json.dumps(config))
    with (folder / f"{port}.log").open("wb") as log:
        process = subprocess.Popen(
            ["docker-registry", "serve", str(folder / f"{port}.json")], stdout=log, stderr=subprocess.STDOUT
        )
    try:
        until = time.monotonic() + 60
        while not _listens(port):
            assert process.poll() is None, (folder / f"{port}.log").read_text()
            assert time.monotonic() < until, "it does not listen"
            time.sleep(0.05)
        yield f"localhost:{port}"
    finally:
        process.terminate()
        process.wait(30)


def skopeo(*words: str) -> bytes:
    need("skopeo")
    return subprocess.run(["skopeo", "--insecure-policy", *words], capture_output=True, check=True, timeout=120).stdout


def push(source: str, host: str, name: str, *words: str) -> None:
    skopeo("copy", "--all", "--dest-tls-verify=false", *words, source, f"docker://{host}/{name}")


def docker_config(folder: Path, content: Mapping[str, object]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(content))
    return folder


def basic(name: str = NAME, password: str = PASSWORD) -> str:
    return base64.b64encode(f"{name}:{password}".encode()).decode()


class Request(NamedTuple):
    """What a server was asked."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Reply(NamedTuple):
    """What it answers; of ``body`` only the first ``cut`` bytes are sent, then the connection is closed."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = {}
    cut: int | None = None
    pause: float = 0.0


class Server:
    """A server on this machine that answers as a function of the request says, and keeps what it was asked."""

    def __init__(self, answer: Callable[[Request], Reply], tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[Request] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Request(self.command, self.path, headers, body)
                server.asked.append(request)
                reply = answer(request)
                self.send_response(reply.status)
                for name, value in ({"Content-Length": str(len(reply.body))} | dict(reply.headers)).items():
                    self.send_header(name, value)
                self.end_headers()
                sent = reply.body[: reply.cut]
                try:
                    for at in range(0, len(sent), 1 if reply.pause else max(len(sent), 1)):
                        self.wfile.write(sent[at : at + 1] if reply.pause else sent)
                        self.wfile.flush()
                        time.sleep(reply.pause)
                except OSError:
                    pass
                if reply.cut is not None:
                    self.close_connection = True

            do_GET = do_POST = _answer

            def log_message(self, *_: object) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass

        self._server = Quiet(("127.0.0.1", 0), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self._server.server_address[1]
        self.host = f"localhost:{self.port}"
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def of_layout(files: Files, name: str = "web", tag: str = "1") -> Callable[[Request], Reply]:
    """What an honest registry answers that has the only image of a layout."""
    described = json.loads(files["index.json"])["manifests"][0]
    kinds = {described["digest"]: described["mediaType"]}
    for data in files.values():
        if data.startswith(b"{"):
            for each in json.loads(data).get("manifests", []):
                kinds[each["digest"]] = each["mediaType"]
    by_digest = {digest(data): data for path, data in files.items() if path.startswith("blobs/")}

    def answer(request: Request) -> Reply:
        path = request.path.partition("?")[0]
        if path == "/v2/":
            return Reply(body=b"{}")
        wanted = path.rpartition("/")[2]
        wanted = described["digest"] if wanted == tag else wanted
        if path.startswith(f"/v2/{name}/manifests/") and wanted in kinds:
            headers = {"Content-Type": kinds[wanted], "Docker-Content-Digest": wanted}
            return Reply(body=by_digest[wanted], headers=headers)
        if path.startswith(f"/v2/{name}/blobs/") and wanted in by_digest:
            return Reply(body=by_digest[wanted])
        return Reply(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}')

    return answer


class Tokens:
    """A server of tokens (Docker's token authentication) that docker-registry believes, by its certificate.

    Everybody gets the right to pull what lies below ``public/``, and NAME the right to pull anything. ``identity`` is
    an identity token that stands for NAME.
    """

    SERVICE, ISSUER = "registry of the test", "tokens of the test"

    def __init__(self, folder: Path) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, self.ISSUER)])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(self._key.public_key())
            .serial_number(1)
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self._certificate = certificate.public_bytes(serialization.Encoding.DER)
        self.file = folder / "tokens.pem"
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        self.identity = "an identity token"
        self.server = Server(self._answer)
        self.seconds = 300

    @property
    def auth(self) -> dict[str, Any]:
        """The part of the registry's configuration."""
        realm = f"http://localhost:{self.server.port}/token"
        settings = {"realm": realm, "service": self.SERVICE, "issuer": self.ISSUER, "rootcertbundle": str(self.file)}
        return {"token": settings}

    def _answer(self, request: Request) -> Reply:
        asked = parse_qs(request.body.decode() if request.method == "POST" else urlsplit(request.path).query)
        known = request.headers.get("authorization", "")
        if request.method == "POST":
            let_in = asked["refresh_token"] == [self.identity] and asked["grant_type"] == ["refresh_token"]
        else:
            let_in = known == f"Basic {basic()}"
        if (known or request.method == "POST") and not let_in:
            return Reply(401)
        kind, name, actions = asked["scope"][0].split(":")
        granted = [each for each in actions.split(",") if each == "pull" and (let_in or name.startswith("public/"))]
        access = [{"type": kind, "name": name, "actions": granted}] if granted else []
        token = self._token(asked["service"][0], access)
        content = {"access_token": token} if request.method == "POST" else {"token": token, "expires_in": self.seconds}
        return Reply(body=json.dumps(content).encode())

    def _token(self, service: str, access: list[dict[str, Any]]) -> str:
        now = int(time.time())
        head = {"typ": "JWT", "alg": "RS256", "x5c": [base64.b64encode(self._certificate).decode()]}
        claims = {
            "iss": self.ISSUER, "sub": "", "aud": service, "exp": now + self.seconds, "nbf": now - 60, "iat": now,
            "jti": str(now), "access": access,
        }  # fmt: skip
        signed = b".".join(_url64(json.dumps(each).encode()) for each in (head, claims))
        signature = self._key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
        return b".".join((signed, _url64(signature))).decode()


def _url64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
