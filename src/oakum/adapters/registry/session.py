"""Whole answers of a registry: asked for as often as it is worth, gone on with where they broke off.

What comes is written down and not believed; its digest is for the reader to compare, so nothing is said here of what
an answer should be, only when to end: the body is followed one byte beyond what is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

import httpx2 as httpx

from oakum.adapters.http.waiting import ATTEMPTS, PATIENCE, Clockwork, pause
from oakum.adapters.registry.addresses import Addresses
from oakum.adapters.registry.challenges import challenges
from oakum.adapters.registry.credentials import Credentials
from oakum.adapters.registry.statuses import later
from oakum.adapters.registry.tokens import Authority
from oakum.adapters.registry.wire import Answer, LaterError, Patience, Wire
from oakum.errors import OakumError
from oakum.fleet.images.sources import DeniedError, UnreachedError

_RANGE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(?:\d{1,18}|\*)")


class Sink(Protocol):
    """Where a body is written to."""

    size: int

    def write(self, data: bytes) -> None:
        """Append."""

    def restart(self) -> None:
        """Forget what was written."""


class Session:
    """A conversation with one registry about one repository; to be closed."""

    def __init__(
        self,
        registry: str,
        repository: str,
        *,
        insecure: frozenset[str],
        credentials: Callable[[], Credentials | None],
        clock: Clockwork,
        patience: Patience,
    ) -> None:
        """``insecure`` are the registries that may be asked over plain http."""
        self._addresses = Addresses(registry, insecure)
        self._registry = registry
        self._repository = repository
        self._clock = clock
        self._patience = patience
        self._wire = Wire(self._addresses, clock, patience)
        self._authority = Authority(self._wire, registry, repository, credentials)
        self._found: httpx.URL | None = None
        self._reached = False

    def close(self) -> None:
        """End all connections."""
        self._wire.close()

    def read(
        self, path: str, accept: str, sink: Sink, most: int, *, resumable: bool = True
    ) -> Mapping[str, str] | None:
        """Write what stands at a path below the repository into ``sink``; its headers, None where nothing does.

        Of more than ``most`` bytes a few more are written and the rest is left. ``resumable`` is what stays the same.
        Raises UnreachedError where it cannot be had.
        """
        until = self._clock.seconds() + self._patience.seconds + most / self._patience.slowest
        for attempt in range(ATTEMPTS):
            try:
                return self._attempt(path, accept, sink, most, until, resumable=resumable)
            except LaterError as problem:
                wait = pause(attempt, self._clock.chance()) if problem.seconds is None else problem.seconds
                late = wait > PATIENCE or self._clock.seconds() + wait > until
                # Who has never answered is more likely to be misspelt than to be busy.
                if attempt + 1 == ATTEMPTS or late or not self._reached:
                    told = f", and asks to come back after {wait:.0f} s" if problem.seconds else ""
                    raise UnreachedError(problem.error.what + told, remedy=problem.error.remedy) from None
                self._clock.sleep(wait)
        raise AssertionError("the last attempt answers or raises")

    def _attempt(
        self, path: str, accept: str, sink: Sink, most: int, until: float, *, resumable: bool
    ) -> Mapping[str, str] | None:
        headers = {"Accept": accept}
        if not resumable:
            sink.restart()
        elif sink.size:
            headers["Range"] = f"bytes={sink.size}-"
        with self._asked(self._base(until).join(f"{self._repository}/{path}"), headers, until) as answer:
            response, code = answer.response, answer.response.status_code
            if code == 404:
                return None
            if wait := later(response, self._host(answer), self._clock):
                raise wait
            part = _RANGE.fullmatch(response.headers.get("content-range", ""))
            if code == 416 or (code == 206 and not (part and int(part[1]) == sink.size)):
                sink.restart()
                raise LaterError(
                    UnreachedError(f"{self._host(answer)} sends another part", remedy="try again later"), 0
                )
            if code not in (200, 206):
                raise self._refused(answer)
            if code == 200:
                sink.restart()
            self._follow(answer, sink, most)
            return dict(response.headers)

    def _follow(self, answer: Answer, sink: Sink, most: int) -> None:
        """Write a body down. Whoever sends less than is worth waiting for is left, however much is still to come."""
        begun, had = self._clock.seconds(), sink.size
        for chunk in answer.response.iter_raw():
            sink.write(chunk)
            if sink.size > most:
                return
            if self._clock.seconds() - begun > self._patience.seconds + (sink.size - had) / self._patience.slowest:
                raise UnreachedError(f"{self._host(answer)} is too slow to wait for", remedy="try again later")

    @contextmanager
    def _asked(self, url: httpx.URL, headers: Mapping[str, str], until: float) -> Iterator[Answer]:
        """The answer to a request, after we were let in where the registry wants that."""
        with self._wire.get(url, headers, until, self._authority.header) as answer:
            self._reached = True
            if answer.response.status_code != 401 or not answer.home:
                yield answer
                return
            asked = challenges(answer.response.headers.get_list("www-authenticate"))
        self._authority.answer(asked, url, until)
        with self._wire.get(url, headers, until, self._authority.header) as answer:
            yield answer

    def _base(self, until: float) -> httpx.URL:
        """The registry's own address.

        One on this machine may speak either way. It is asked without anything first, so that no secret is sent in the
        clear to one that speaks TLS.
        """
        if self._found is None:
            self._found = self._addresses.secure
            if self._addresses.named_insecure or (self._addresses.local and self._speaks_plainly(until)):
                self._found = self._addresses.plain
        return self._found

    def _speaks_plainly(self, until: float) -> bool:
        try:
            with self._wire.get(self._addresses.plain, {}, until) as answer:
                return answer.home and answer.response.status_code in (200, 401)
        except (LaterError, OakumError):
            return False

    def _refused(self, answer: Answer) -> UnreachedError:
        code = answer.response.status_code
        if code == 401 and answer.home:
            return self._authority.refused()
        if code == 403 and answer.home:
            what = f"{self._registry} does not let this be read by whoever asks"
            return DeniedError(what, remedy="ask for the right to pull, or log in as somebody who has it")
        return UnreachedError(f"{self._host(answer)} answers with {code}", remedy="see to the registry's own settings")

    def _host(self, answer: Answer) -> str:
        return self._registry if answer.home else answer.response.url.host
