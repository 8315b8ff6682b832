"""Asks an API server for JSON, and waits patiently where waiting helps.

What may pass is tried again with growing pauses, each kind of failure for its own time (``_PATIENCE``): throttling
(429, whose Retry-After is kept to), a server that is away (it restarts), one that fails (5xx), an answer that is
garbled (cut short, no JSON). 401 and 403 are final, except shortly after the server was away: an API server that has
just started refuses what it will allow once its caches are filled. A server that never answered is not waited for.

What the server says is quoted in errors, without the credentials that a proxy may have echoed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self, TypeVar

import httpx2 as httpx
import msgspec

from oakum.adapters.kubernetes.connect import connect
from oakum.adapters.kubernetes.kubeconfig import Access
from oakum.errors import InputError, LimitError, NotAssessableError, OakumError, Place

T = TypeVar("T")

JSON = "application/json"
#: One answer, unpacked. 500 pods have some 3 MB; a list of one piece is asked for only when pages keep expiring.
LARGEST_ANSWER = 1 << 30
#: Seconds for which a failure of each kind is borne, from its first time on, for one request.
_PATIENCE = {"throttled": 120.0, "away": 60.0, "failing": 10.0, "garbled": 2.0}
#: The same where the server never answered at all.
_PATIENCE_AT_FIRST = 1.0
#: So long after it was away a server's refusals are not believed.
_UNSETTLED = 30.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 8.0
#: One answer may trickle in for this long.
_LONGEST_ANSWER = 300.0


class RefusedError(NotAssessableError):
    """The API server answered, and the answer was no: ``code`` is HTTP's, ``reason`` one word of Kubernetes."""

    def __init__(self, what: str, *, code: int, place: Place, remedy: str, reason: str = "") -> None:
        super().__init__(what, place=place, remedy=remedy)
        self.code = code
        self.reason = reason


class UnusableError(InputError):
    """The API server's answer cannot be used: no JSON, cut short each time, no end to it."""


class _Details(msgspec.Struct, frozen=True):
    retry_after: int | None = msgspec.field(default=None, name="retryAfterSeconds")


class _Status(msgspec.Struct, frozen=True):
    """The API server's words about a failure (meta/v1 Status)."""

    message: str = ""
    reason: str = ""
    details: _Details | None = None


class _Failure(msgspec.Struct, frozen=True):
    """One try that went wrong: ``error`` is raised once patience ends; ``pause`` is the server's wish, in seconds."""

    kind: str
    error: OakumError
    pause: float | None = None


class Client:
    """One API server for the time of one reading; ``calls`` and ``received`` (bytes, unpacked) count what it cost."""

    def __init__(
        self,
        access: Access,
        *,
        progress: Callable[[str], None] = lambda _: None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.access = access
        self.progress = progress
        self.calls = 0
        self.received = 0
        self._http = connect(access)
        self._sleep = sleep
        self._clock = clock
        self._answered = False
        self._troubled: float | None = None
        self._place = Place(f"cluster {access.name}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._http.close()

    def get(
        self, path: str, type_: type[T], parameters: Mapping[str, str | int] | None = None, *, accept: str = JSON
    ) -> T:
        """The answer to a GET as a type. ``path`` begins with a slash.

        Raises RefusedError for an HTTP status that says no, UnusableError for answers that are no such JSON,
        NotAssessableError where the server cannot be reached or throttles for too long, LimitError where an answer
        is too large.
        """
        first: float | None = None
        pause = _FIRST_PAUSE
        while True:
            try:
                return msgspec.json.decode(self._once(path, parameters or {}, accept), type=type_)
            except _FailedError as failed:
                failure = failed.failure
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                failure = _Failure("garbled", self._unusable(path, f"is not the JSON that it should be: {error}"))
            now = self._clock()
            first = now if first is None else first
            wanted = pause if failure.pause is None else max(failure.pause, _FIRST_PAUSE)
            patience = _PATIENCE[failure.kind] if self._answered else _PATIENCE_AT_FIRST
            if now - first + wanted > patience:
                raise failure.error
            if wanted >= 1:
                self.progress(f"{failure.error.what}; trying again in {wanted:.0f} s")
            self._sleep(wanted)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _once(self, path: str, parameters: Mapping[str, str | int], accept: str) -> bytes:
        """The body of one answer that says yes."""
        self.calls += 1
        extensions = {"sni_hostname": name} if (name := self.access.cluster.tls_server_name) else None
        request = self._http.build_request(
            "GET", path, params=dict(parameters), headers={"Accept": accept}, extensions=extensions
        )
        try:
            response = self._http.send(request, stream=True)
            try:
                body = self._body(response, path)
            finally:
                response.close()
        except httpx.TransportError as error:
            raise _FailedError(self._unreached(error)) from None
        except httpx.DecodingError:
            raise _FailedError(_Failure("garbled", self._unusable(path, "cannot be unpacked"))) from None
        self._answered = True
        if response.status_code != 200:
            raise _FailedError(self._refused(path, response, body))
        return body

    def _body(self, response: httpx.Response, path: str) -> bytes:
        end = self._clock() + _LONGEST_ANSWER
        parts, size = [], 0
        for part in response.iter_bytes():
            size += len(part)
            if size > LARGEST_ANSWER:
                raise LimitError(
                    f"the answer to {path} is larger than {LARGEST_ANSWER >> 20} MB",
                    place=self._place,
                    remedy="this is no API server's answer: check the address and the proxies before it",
                )
            if self._clock() > end:
                raise httpx.ReadTimeout(f"not whole after {_LONGEST_ANSWER:.0f} s")
            parts.append(part)
        self.received += size
        return b"".join(parts)

    def _unreached(self, error: httpx.TransportError) -> _Failure:
        self._troubled = self._clock()
        why = self._quotable(str(error)) or type(error).__name__
        server = self.access.cluster.server
        if isinstance(error, httpx.UnsupportedProtocol) or "CERTIFICATE_VERIFY_FAILED" in why:
            # Waiting mends no certificate.
            remedy = "check the address, certificate-authority and tls-server-name of the context's cluster"
            raise NotAssessableError(
                f"the API server at {server} does not prove who it is: {why}", place=self._place, remedy=remedy
            ) from None
        return _Failure(
            "away",
            NotAssessableError(
                f"the API server at {server} cannot be reached: {why}",
                place=self._place,
                remedy="check that it runs, its address, and the proxies in between (HTTPS_PROXY, NO_PROXY, proxy-url)",
            ),
        )

    def _refused(self, path: str, response: httpx.Response, body: bytes) -> _Failure:
        code = response.status_code
        try:
            status = msgspec.json.decode(body, type=_Status)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            status = _Status()
        secret = response.request.headers.get("Authorization", "")
        said = self._quotable(status.message, secret) or f"{path}: HTTP status {code}"
        error = RefusedError(
            f"the API server says: {said}",
            code=code,
            reason=status.reason,
            place=self._place,
            remedy=_remedy(code),
        )
        if code == 429:
            after = response.headers.get("Retry-After", "")
            wish = float(after) if after.isdecimal() and len(after) < 9 else None
            if wish is None and status.details and status.details.retry_after is not None:
                wish = float(status.details.retry_after)
            return _Failure("throttled", error, wish)
        if code >= 500:
            return _Failure("failing", error)
        if code in (401, 403) and self._troubled is not None and self._clock() - self._troubled < _UNSETTLED:
            return _Failure("failing", error)
        raise error

    def _unusable(self, path: str, why: str) -> UnusableError:
        return UnusableError(
            f"the answer to {path} {why}",
            place=self._place,
            remedy="check that the address is an API server's, not that of a sign-in page or a proxy before it",
        )

    @staticmethod
    def _quotable(text: str, secret: str = "") -> str:
        for part in (secret, secret.partition(" ")[2]):
            text = text.replace(part, "***") if part else text
        text = re.sub(r"(?i)\b(bearer|basic)\s+\S+", r"\1 ***", text[:2000])
        return "".join(char if char.isprintable() else " " for char in text)[:300].strip()


class _FailedError(Exception):
    """Carries a failure from one try to the loop that decides whether there is another."""

    def __init__(self, failure: _Failure) -> None:
        super().__init__(failure.kind)
        self.failure = failure


def _remedy(code: int) -> str:
    if code == 401:
        return "sign in anew: the credentials of this context have expired, or are not known to this cluster"
    if code == 403:
        return "grant what deploy/rbac/oakum-reader.yaml grants"
    if code == 429:
        return "scan when the API server is less busy, or ask for a flow schema of its own for this reader"
    if 300 <= code < 400:
        return "the address leads elsewhere, perhaps to a sign-in page: use the API server's own address"
    return "look at the API server's log; kubectl get --raw of the same path should answer likewise"
