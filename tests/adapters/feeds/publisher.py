"""A publisher on loopback: documents with validators, ranges, and whatever may go wrong on the way."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import socket
import ssl
import struct
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

NOW = 1_790_000_000.0
Fault = Callable[["Handler"], bool]


@dataclass
class Document:
    """What lies at a path; ``etag`` None makes one of the content, "" sends none."""

    data: bytes
    etag: str | None = None
    modified: str = ""
    kind: str = "application/octet-stream"
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def tag(self) -> str:
        return f'"{hashlib.sha256(self.data).hexdigest()[:16]}"' if self.etag is None else self.etag


@dataclass
class Asked:
    path: str
    headers: dict[str, str]
    status: int = 0
    sent: int = 0


class Publisher:
    """Change its ``documents`` and ``faults``; read what was ``asked``. A fault that says True has answered."""

    def __init__(self) -> None:
        self.documents: dict[str, Document] = {}
        self.faults: dict[str, list[Fault]] = {}
        self.asked: list[Asked] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.publisher = self  # type: ignore[attr-defined]  # the handler finds it there
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def put(self, path: str, data: bytes, **more: object) -> Document:
        self.documents[path] = Document(data, **more)  # type: ignore[arg-type]  # tests name its fields
        return self.documents[path]

    def fault(self, path: str, *faults: Fault) -> None:
        self.faults.setdefault(path, []).extend(faults)

    def statuses(self, path: str) -> list[int]:
        return [one.status for one in self.asked if one.path == path]

    def counts(self) -> Counter[str]:
        return Counter(one.path for one in self.asked)

    def sent(self, path: str) -> int:
        return sum(one.sent for one in self.asked if one.path == path)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def publisher(self) -> Publisher:
        found: Publisher = self.server.publisher  # type: ignore[attr-defined]  # as it was put there
        return found

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        path = self.path
        if path.startswith("http://"):
            # As a proxy is asked.
            path = "/proxied/" + path.removeprefix("http://")
        self.asked = Asked(path, {name.lower(): value for name, value in self.headers.items()})
        self.publisher.asked.append(self.asked)
        waiting = self.publisher.faults.get(path, [])
        if waiting and waiting.pop(0)(self):
            return
        document = self.publisher.documents.get(path)
        if document is None:
            self.answer(404, b"nothing here", {"Content-Type": "text/plain"})
        else:
            self.serve(document)

    def serve(self, document: Document) -> None:
        headers = {"Content-Type": document.kind, "Date": formatdate(NOW, usegmt=True), **document.headers}
        if document.tag:
            headers["ETag"] = document.tag
        if document.modified:
            headers["Last-Modified"] = document.modified
        asked = self.asked.headers
        if (document.tag and asked.get("if-none-match") == document.tag) or (
            document.modified and asked.get("if-modified-since") == document.modified
        ):
            self.answer(304, b"", headers)
            return
        found = re.fullmatch(r"bytes=(\d+)-", asked.get("range", ""))
        if found and asked.get("if-range") in (document.tag, document.modified):
            start, whole = int(found[1]), len(document.data)
            if start >= whole:
                self.answer(416, b"", headers | {"Content-Range": f"bytes */{whole}"})
                return
            headers["Content-Range"] = f"bytes {start}-{whole - 1}/{whole}"
            self.answer(206, document.data[start:], headers)
            return
        self.answer(200, document.data, headers)

    def answer(
        self, status: int, body: bytes, headers: dict[str, str] | None = None, *, length: int | None = None
    ) -> None:
        self.asked.status = status
        self.send_response_only(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if status != 304:
            self.wfile.write(body)
            self.asked.sent += len(body)

    def cut(self) -> None:
        """The connection is reset, as by a machine that has gone."""
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()


def status(code: int, **headers: str) -> Fault:
    def fault(handler: Handler) -> bool:
        handler.answer(code, b"no", {name.replace("_", "-"): value for name, value in headers.items()})
        return True

    return fault


def cut_after(size: int, *, reset: bool = False) -> Fault:
    """So many bytes of the document come, then the connection ends."""

    def fault(handler: Handler) -> bool:
        document = handler.publisher.documents[handler.asked.path]
        headers = {"ETag": document.tag} if document.tag else {}
        headers |= {"Content-Type": document.kind, "Date": formatdate(NOW, usegmt=True)}
        if document.modified:
            headers["Last-Modified"] = document.modified
        handler.answer(200, document.data[:size], headers, length=len(document.data))
        if reset:
            handler.cut()
        handler.close_connection = True
        return True

    return fault


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[Publisher]:
    publisher = Publisher()
    if tls is not None:
        publisher.server.socket = tls.wrap_socket(publisher.server.socket, server_side=True)
        publisher.url = publisher.url.replace("http://", "https://")
    thread = Thread(target=publisher.server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield publisher
    finally:
        publisher.server.shutdown()
        thread.join()
        publisher.server.server_close()


def osv(name: str, modified: str = "2026-01-02T03:04:05Z", **more: object) -> bytes:
    return json.dumps({"id": name, "modified": modified, "affected": [], **more}).encode()


def zipped(entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def kev(count: int, released: str = "2026-01-01T00:00:00Z", **more: object) -> bytes:
    entries = [{"cveID": f"CVE-2024-{1000 + number}", "dateAdded": "2025-01-01"} for number in range(count)]
    document = {"catalogVersion": "1", "dateReleased": released, "count": count, "vulnerabilities": entries, **more}
    return json.dumps(document).encode()


def epss(count: int, day: str = "2026-01-01") -> bytes:
    lines = "".join(f"CVE-2024-{1000 + number},0.1,0.2\n" for number in range(count))
    head = f"#model_version:v2025.03.14,score_date:{day}T00:00:00Z\ncve,epss,percentile\n"
    return gzip.compress((head + lines).encode(), mtime=0)
