"""Being let in by a registry: its challenge, our credentials, and the token of the server that it names.

Sources: Docker's registry token authentication (token.md, oauth2.md, scope.md), RFC 7617. Only the right to pull is
asked for, and that of one repository, whatever the challenge says. Who has no credentials asks for a token without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import httpx2 as httpx
import msgspec

from oakum import __version__
from oakum.adapters.registry.addresses import address
from oakum.adapters.registry.challenges import Challenge
from oakum.adapters.registry.credentials import BEARER, Credentials
from oakum.adapters.registry.statuses import later
from oakum.adapters.registry.wire import Wire
from oakum.errors import OakumError
from oakum.fleet.images.sources import DeniedError, UnreachedError

_LARGEST = 1 << 20


class _Answer(msgspec.Struct, frozen=True):
    token: str = ""
    access: str = msgspec.field(default="", name="access_token")


class Authority:
    """Who we are to one registry, for one repository. ``header`` is the value of ``Authorization``, "" at first."""

    def __init__(
        self, wire: Wire, registry: str, repository: str, credentials: Callable[[], Credentials | None]
    ) -> None:
        """``credentials`` is asked when the registry wants some, and once."""
        self.header = ""
        self._wire = wire
        self._registry = registry
        self._scope = f"repository:{repository}:pull"
        self._ask = credentials
        self._asked = False
        self._known: Credentials | None = None
        self._whole = False

    def answer(self, asked: Sequence[Challenge], base: httpx.URL, until: float) -> None:
        """Get what ``header`` is made of. Raises UnreachedError where we are not let in."""
        if not self._asked:
            self._known, self._asked = self._told(), True
        if self._known is not None and self._known.token:
            self.header = _bearer(self._known.token)
            return
        self._whole = False
        for challenge in asked:
            if challenge.scheme == "bearer" and challenge.parameters.get("realm"):
                self.header = _bearer(self._token(challenge.parameters, base, until))
                return
        if not any(challenge.scheme == "basic" for challenge in asked):
            what = f"{self._registry} wants to know who asks in a way that is not known here"
            raise UnreachedError(what, remedy="copy the image with skopeo to an OCI layout, and scan that")
        # A name and a password are for all of a registry (RFC 7617, 2.2), a token for one repository.
        self._whole = True
        if self._known is None or not self._known.password:
            raise self.refused()
        self.header = self._known.basic

    def _told(self) -> Credentials | None:
        try:
            return self._ask()
        except OakumError as error:
            raise UnreachedError(error.what, place=error.place, remedy=error.remedy) from None

    def refused(self) -> DeniedError:
        """Why we are not let in."""
        login = f"check the name; docker login {self._registry}, or name the folder of a config.json in DOCKER_CONFIG"
        if self._known is None:
            what = f"{self._registry} wants credentials, and none are known for it"
        else:
            what = f"{self._registry} does not take the credentials that are known for it"
        return DeniedError(what, remedy=login, whole=self._whole)

    def _token(self, parameters: Mapping[str, str], base: httpx.URL, until: float) -> str:
        try:
            realm = self._wire.addresses.led(base, address(parameters["realm"]))
        except UnreachedError as error:
            what = f"{self._registry} names no server of tokens that may be asked: {error.what}"
            raise UnreachedError(what, remedy=error.remedy) from None
        scope = parameters.get("scope", "")
        # Some registries have scopes of their own; of a repository nothing but pulling is ever asked for.
        wanted = {"scope": scope if scope and not scope.startswith("repository:") else self._scope}
        if parameters.get("service"):
            wanted["service"] = parameters["service"]
        with self._request(realm, wanted, until) as response:
            if response.status_code in (400, 401, 403):
                self._whole = response.status_code == 401 and self._known is not None
                raise self.refused()
            if wait := later(response, realm.host, self._wire.clock):
                raise wait
            if response.status_code != 200:
                what = f"{realm.host} answers with {response.status_code} where it was asked for a token"
                raise UnreachedError(what, remedy="try again later")
            body = b""
            for chunk in response.iter_raw():
                body += chunk
                if len(body) > _LARGEST:
                    break
        try:
            answer = msgspec.json.decode(body[: _LARGEST + 1], type=_Answer)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            answer = _Answer()
        found = answer.token or answer.access
        if not BEARER.fullmatch(found):
            raise UnreachedError(f"{realm.host} gave no token", remedy="see to the registry's own settings")
        return found

    @contextmanager
    def _request(self, realm: httpx.URL, wanted: Mapping[str, str], until: float) -> Iterator[httpx.Response]:
        known = self._known
        if known is not None and known.identity:
            form = {"grant_type": "refresh_token", "client_id": f"oakum/{__version__}", "refresh_token": known.identity}
            with self._wire.post(realm, {**wanted, **form}, until) as response:
                yield response
            return
        authorization = known.basic if known is not None else ""
        with self._wire.get(realm.copy_merge_params(wanted), {}, until, authorization) as answer:
            yield answer.response


def _bearer(token: str) -> str:
    if not BEARER.fullmatch(token):
        raise UnreachedError("a token that is known has characters that none has", remedy="docker login anew")
    return f"Bearer {token}"
