"""The way to publishers over HTTP: which addresses may be asked, through which proxy, trusting whom, how many at once.

Redirects are followed a few times and only to https; plain http only where the caller allows it, and never from https
down to it. Nothing is sent but what is asked for: no cookie, no password, a user agent that names Oakum.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock
from urllib.parse import urlsplit

import httpx2 as httpx

from oakum import __version__
from oakum.adapters.http.watch import Watch
from oakum.errors import InputError, OakumError, Place, UsageError

#: Redirects that are followed for one answer.
REDIRECTS = 5
#: Requests to one host at once.
AT_ONCE = 2
USER_AGENT = f"oakum/{__version__} (feeds sync)"
_TIMEOUT = httpx.Timeout(15.0, read=30.0)
_MOVED = frozenset({301, 302, 303, 307, 308})


class Web:
    """Answers to GET; usable in a ``with`` statement, from many threads.

    ``proxy`` goes before those of the environment (HTTPS_PROXY, NO_PROXY...); ``ca`` is a PEM file that is trusted
    instead of the system's; ``plain`` allows http.
    """

    def __init__(self, *, proxy: str = "", ca: str = "", plain: bool = False) -> None:
        """Raises UsageError where the proxy or the file of certificates cannot be used."""
        self._plain = plain
        self._lock = Lock()
        self._hosts: dict[str, BoundedSemaphore] = {}
        try:
            context = ssl.create_default_context(cafile=ca) if ca else httpx.create_ssl_context()
        except (OSError, ssl.SSLError) as error:
            raise UsageError(
                f"no certificates can be read: {error}", place=Place(ca), remedy="name a PEM file of authorities"
            ) from None
        try:
            self._client = httpx.Client(
                verify=context,
                proxy=proxy or None,
                timeout=_TIMEOUT,
                headers={"User-Agent": USER_AGENT, "Accept": "*/*"},
            )
        except (ValueError, httpx.InvalidURL, ImportError):
            # The text of these errors repeats the address, which may hold a password.
            raise UsageError("the proxy is no proxy's address", remedy="write http://HOST:PORT") from None

    def __enter__(self) -> Web:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    @contextmanager
    def get(self, url: str, headers: Mapping[str, str], seconds: float) -> Iterator[httpx.Response]:
        """The answer that an address leads to, its body unread; after ``seconds`` its connection is cut.

        Raises OakumError where a redirect may not be followed, httpx.TransportError where nobody answers.
        """
        for _ in range(REDIRECTS + 1):
            self.allowed(url)
            with self._turn(url), Watch(seconds) as watch:
                self._client.cookies.clear()
                request = self._client.build_request(
                    "GET", url, headers=dict(headers), extensions={"trace": watch.traced}
                )
                response = self._client.send(request, stream=True)
                watch.add(response.extensions.get("network_stream"))
                try:
                    if response.status_code not in _MOVED or "location" not in response.headers:
                        yield response
                        return
                    url = self._next(url, response.headers["location"])
                finally:
                    response.close()
        raise InputError(f"leads from address to address, more than {REDIRECTS} times", remedy="see to its address")

    @contextmanager
    def _turn(self, url: str) -> Iterator[None]:
        host = urlsplit(url).netloc
        with self._lock:
            turn = self._hosts.setdefault(host, BoundedSemaphore(AT_ONCE))
        with turn:
            yield

    def allowed(self, url: str) -> None:
        """Raises UsageError where an address may not be asked."""
        try:
            found = httpx.URL(url)
        except httpx.InvalidURL:
            found = httpx.URL("")
        if not found.host or found.userinfo or found.scheme not in ("http", "https"):
            raise UsageError("the address is no https:// address without a password", remedy="see to the settings")
        if found.scheme == "http" and not self._plain:
            raise UsageError(
                f"{found.host} would be asked over plain http",
                remedy="give an https:// address, or --allow-http for a mirror of your own",
            )

    def _next(self, url: str, location: str) -> str:
        try:
            found = httpx.URL(url).join(location)
        except httpx.InvalidURL:
            raise InputError("leads to an address that is none", remedy="try again later") from None
        if found.scheme != "https" and not (found.scheme == "http" and urlsplit(url).scheme == "http" and self._plain):
            raise InputError(
                f"leads to {found.scheme}://{found.host}, and only https is followed", remedy="see to its address"
            )
        return str(found.copy_with(fragment=None))


def unreached(error: httpx.TransportError) -> OakumError:
    """Why nobody answered, in words for people."""
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return InputError(
            "its certificate is signed by nobody who is trusted here",
            remedy="name the authority of your proxy with --ca FILE",
        )
    why = str(error).strip() or type(error).__name__
    return InputError(f"cannot be reached: {why[:200]}", remedy="try again later; see to network and proxy")
