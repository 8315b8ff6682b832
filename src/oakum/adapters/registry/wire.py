"""Single requests: to whom they go, what they carry, and when they end.

Whatever lets us in is sent to the server that it is for and to none that it leads to: a registry hands its blobs out
from storage elsewhere, by addresses that are secrets themselves. So no message of ours repeats an address or what the
client says of it, and no cookie is kept.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

import httpx2 as httpx
import msgspec

from oakum import __version__
from oakum.adapters.http.waiting import Clockwork
from oakum.adapters.http.watch import Watch
from oakum.adapters.registry.addresses import Addresses, address, origin
from oakum.errors import OakumError, UsageError
from oakum.fleet.images.sources import UnreachedError

#: Redirects that are followed for one answer.
REDIRECTS = 5
_SETTINGS = "see to the registry's own settings"
_MOVED = frozenset({301, 302, 303, 307, 308})
_TIMEOUT = httpx.Timeout(15.0, read=30.0)
#: A proxy is another machine, which cannot lead to this one.
_DIRECT = ("all://localhost", "all://*.localhost", "all://127.0.0.1", "all://[::1]")


class Patience(msgspec.Struct, frozen=True):
    """How long an answer may take: ``seconds`` for its head, and more for what came, at ``slowest`` bytes in each."""

    seconds: float = 150.0
    slowest: int = 1 << 15


class LaterError(Exception):
    """Worth another attempt, after ``seconds`` where the server said so."""

    def __init__(self, error: OakumError, seconds: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.seconds = seconds


class Answer(NamedTuple):
    """A response, its body unread; ``home`` where the server that was asked gives it, not one that it leads to."""

    response: httpx.Response
    home: bool


class Wire:
    """The connections to a registry and to all that it names; to be closed."""

    def __init__(self, addresses: Addresses, clock: Clockwork, patience: Patience) -> None:
        """Raises UsageError where the environment's certificates or proxy cannot be used."""
        self.addresses = addresses
        self.clock = clock
        self._patience = patience
        for client in ("httpx2", "httpcore2"):
            # They would tell every address, and what a server has sent, to whoever keeps a log.
            logging.getLogger(client).setLevel(logging.WARNING)
        try:
            self._client = httpx.Client(
                verify=httpx.create_ssl_context(),
                timeout=_TIMEOUT,
                # The end of a request is watched at its connection, which only tells of itself when it is made.
                limits=httpx.Limits(max_keepalive_connections=0),
                mounts=dict.fromkeys(_DIRECT),
                headers={"User-Agent": f"oakum/{__version__} (scan)", "Accept-Encoding": "identity"},
            )
        except OSError as error:
            why = error.strerror or "they are not in PEM form"
            remedy = "SSL_CERT_FILE names a PEM file of authorities"
            raise UsageError(f"no certificates can be read: {why}", remedy=remedy) from None
        except (ValueError, httpx.InvalidURL, ImportError):
            # The text of these errors repeats the address, which may hold a password.
            raise UsageError(
                "the environment names no proxy's address", remedy="HTTPS_PROXY=http://HOST:PORT"
            ) from None

    def close(self) -> None:
        """End all connections."""
        self._client.close()

    @contextmanager
    def get(
        self, url: httpx.URL, headers: Mapping[str, str], until: float, authorization: str = ""
    ) -> Iterator[Answer]:
        """The answer that an address leads to; at ``until`` its connection is cut.

        Raises UnreachedError where a redirect may not be followed, LaterError where nobody answers.
        """
        home = origin(url)
        for _ in range(REDIRECTS + 1):
            sent = dict(headers)
            if authorization and origin(url) == home:
                sent["Authorization"] = authorization
            with self._sent(self._client.build_request("GET", url, headers=sent), until) as response:
                if response.status_code not in _MOVED or "location" not in response.headers:
                    yield Answer(response, origin(url) == home)
                    return
                url = self._next(url, response.headers["location"])
        raise UnreachedError(f"leads from address to address, more than {REDIRECTS} times", remedy=_SETTINGS)

    @contextmanager
    def post(self, url: httpx.URL, form: Mapping[str, str], until: float) -> Iterator[httpx.Response]:
        """The answer to a form. It is for one server, so no redirect is followed."""
        with self._sent(self._client.build_request("POST", url, data=dict(form)), until) as response:
            yield response

    @contextmanager
    def _sent(self, request: httpx.Request, until: float) -> Iterator[httpx.Response]:
        host, begun, waiting = request.url.host, self.clock.seconds(), True
        try:
            left = until - begun
            with Watch(left) as watch:
                self._client.cookies.clear()
                with Watch(min(left, self._patience.seconds)) as head:
                    request.extensions["trace"] = partial(_both, watch, head)
                    response = self._client.send(request, stream=True)
                waiting = False
                watch.add(response.extensions.get("network_stream"))
                try:
                    yield response
                finally:
                    response.close()
        except httpx.TransportError as error:
            now = self.clock.seconds()
            if now >= until:
                raise UnreachedError(f"{host} is too slow to wait for", remedy="try again later") from None
            raise _unreached(host, error, slow=waiting and now - begun >= self._patience.seconds) from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError):
            raise UnreachedError(f"{host} does not answer as HTTP has it", remedy=_SETTINGS) from None

    def _next(self, url: httpx.URL, location: str) -> httpx.URL:
        try:
            there = address(str(url.join(location).copy_with(fragment=None)))
        except httpx.InvalidURL:
            raise UnreachedError("it names an address that is none", remedy=_SETTINGS) from None
        return self.addresses.led(url, there)


def _both(watch: Watch, head: Watch, event: str, info: Mapping[str, object]) -> None:
    watch.traced(event, info)
    head.traced(event, info)


def _unreached(host: str, error: httpx.TransportError, *, slow: bool) -> Exception:
    """Why nobody answered, in words for people; the client's own words only where they tell of no address."""
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return UnreachedError(
            f"the certificate of {host} is signed by nobody who is trusted here, or is for another name",
            remedy="name the authority with SSL_CERT_FILE=FILE",
        )
    if isinstance(error, httpx.ConnectError):
        why = str(error).strip()[:200] or "no connection"
    elif slow or isinstance(error, httpx.TimeoutException):
        why = "it does not answer in time"
    else:
        why = "the connection broke off"
    return LaterError(UnreachedError(f"{host} cannot be reached: {why}", remedy="try again later; see to the network"))
