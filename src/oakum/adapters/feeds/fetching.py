"""One document fetched by the rules of HTTP: only if it changed, gone on with where it broke off, whole or not at all.

Sources: RFC 9110 (If-None-Match, If-Modified-Since, Range with If-Range, Retry-After), RFC 9530 (Repr-Digest), and the
header ``x-goog-hash`` of Google's storage, in which OSV lies. The body is kept as it is transferred, so that a coding
of gzip is unpacked by whoever reads the feed, within the limits of that.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from functools import partial
from typing import BinaryIO

import httpx2 as httpx
import msgspec

from oakum.adapters.feeds.incoming import Edition, Incoming
from oakum.adapters.feeds.web import Web, unreached
from oakum.adapters.http.waiting import ATTEMPTS, PATIENCE, Clockwork, pause, retry_after
from oakum.errors import InputError, LimitError, OakumError

_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_DIGEST = re.compile(r"(?:^|,)\s*(sha-256|sha-512)=:([A-Za-z0-9+/=]+):")
_GOOGLE = re.compile(r"(?:^|,)\s*md5=([A-Za-z0-9+/=]+)")
#: Seconds between Last-Modified and Date from which on the former tells editions apart (RFC 9110, 8.8.2.2).
_STRONG = 60


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A document: its address, how large it may be (bytes), how long all attempts may take (seconds).

    ``held`` is the edition that is here already; ``coded`` allows its transfer to be packed.
    """

    url: str
    largest: int
    seconds: float
    held: Edition | None = None
    coded: bool = False


class SentAwayError(InputError):
    """The server asks to come back after ``seconds``."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"asks to come back after {seconds:.0f} s", remedy="the next sync after that asks again")
        self.seconds = seconds


class VanishedError(InputError):
    """There is no such document (404, 410)."""


class _LaterError(Exception):
    """Worth another attempt, after ``seconds`` where the server said so."""

    def __init__(self, error: OakumError, seconds: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.seconds = seconds


def fetch(
    web: Web,
    wanted: Wanted,
    incoming: Incoming,
    clock: Clockwork,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Edition | None:
    """The edition that is whole in ``incoming`` now; None where the one that is held is still the publisher's.

    ``progress`` gets the bytes so far and in all (-1: not said). Raises OakumError; what came in so far stays for the
    next time where it may be gone on with.
    """
    until = clock.seconds() + wanted.seconds
    for attempt in range(ATTEMPTS):
        try:
            return _Attempt(web, wanted, incoming, clock, until, progress).made()
        except _LaterError as later:
            seconds = later.seconds
            if seconds is not None and seconds > PATIENCE:
                raise SentAwayError(seconds) from None
            wait = pause(attempt, clock.chance()) if seconds is None else seconds
            if attempt + 1 == ATTEMPTS or clock.seconds() + wait > until:
                raise later.error from None
            clock.sleep(wait)
    raise AssertionError("the last attempt answers or raises")


class _Attempt(msgspec.Struct):
    web: Web
    wanted: Wanted
    incoming: Incoming
    clock: Clockwork
    until: float
    progress: Callable[[int, int], None]

    def made(self) -> Edition | None:
        try:
            begun = self.incoming.edition(self.wanted.url)
            left = self.until - self.clock.seconds()
            with self.web.get(self.wanted.url, self._headers(begun), left) as response:
                return self._answered(response, begun)
        except httpx.TransportError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise unreached(error) from None
            raise _LaterError(unreached(error)) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise InputError(f"cannot be fetched: {str(error)[:200]}", remedy="see to its address") from None

    def _headers(self, begun: Edition | None) -> dict[str, str]:
        headers = {"Accept-Encoding": "gzip" if self.wanted.coded else "identity"}
        known = begun if begun is not None and begun.whole else self.wanted.held
        if known is not None and known.etag:
            headers["If-None-Match"] = known.etag
        elif known is not None and known.modified:
            headers["If-Modified-Since"] = known.modified
        if begun is not None and not begun.whole and begun.range_by:
            headers |= {"Range": f"bytes={self.incoming.size}-", "If-Range": begun.range_by}
        return headers

    def _answered(self, response: httpx.Response, begun: Edition | None) -> Edition | None:
        code = response.status_code
        if code == 304:
            return self._unchanged(begun)
        if code in _LATER:
            text = response.headers.get("retry-after", "")
            error = InputError(f"answers with {code}", remedy="try again later")
            raise _LaterError(error, retry_after(text, self.clock.now()))
        if code == 416:
            self.incoming.drop()
            raise _LaterError(InputError("has no such part any more", remedy="try again later"), 0)
        if code in (404, 410):
            raise VanishedError(f"is not there ({code})", remedy="see to its address; its publisher may have moved it")
        if code not in (200, 206):
            raise InputError(f"answers with {code}", remedy="see to its address, and to who may read it")
        if response.headers.get("content-type", "").lower().startswith("text/html"):
            raise InputError("is a web page and no feed", remedy="see to its address; a proxy may have answered")
        return self._taken(response, begun if code == 206 else None)

    def _unchanged(self, begun: Edition | None) -> Edition | None:
        if begun is not None and begun.whole:
            return begun
        if self.wanted.held is None:
            raise InputError("says that nothing changed, and nothing is here", remedy="try again later")
        self.incoming.drop()
        return None

    def _taken(self, response: httpx.Response, begun: Edition | None) -> Edition:
        edition = _edition_of(response, self.wanted.url)
        if edition.coding not in ("", "gzip"):
            raise InputError(f"comes in the coding {edition.coding[:20]!r}", remedy="see to its address")
        if response.status_code == 206:
            edition = self._part(response, edition, begun)
        if edition.length > self.wanted.largest:
            raise self._too_large()
        with self.incoming.more() if begun is not None else self.incoming.begin(edition) as file:
            self._read(response, file, edition.length)
        if edition.length >= 0 and self.incoming.size != edition.length:
            what = f"{self.incoming.size} bytes came instead of {edition.length}"
            self.incoming.drop()
            raise _LaterError(InputError(what, remedy="try again later"))
        self._check(edition, resumed=begun is not None)
        return self.incoming.end(edition)

    def _part(self, response: httpx.Response, edition: Edition, begun: Edition | None) -> Edition:
        """What a part is a part of. A part that fits nothing here is dropped with what it was to be added to."""
        found = _RANGE.fullmatch(response.headers.get("content-range", ""))
        fits = (
            begun is not None
            and found is not None
            and int(found[1]) == self.incoming.size
            and begun.length in (-1, int(found[3]))
            and edition.etag in ("", begun.etag)
            and edition.coding == begun.coding
        )
        if not fits or begun is None or found is None:
            self.incoming.drop()
            raise _LaterError(InputError("sends a part of something else", remedy="try again later"), 0)
        return msgspec.structs.replace(begun, length=int(found[3]), checksums=begun.checksums or edition.checksums)

    def _read(self, response: httpx.Response, file: BinaryIO, length: int) -> None:
        size = file.tell()
        for chunk in response.iter_raw():
            size += len(chunk)
            if size > self.wanted.largest:
                raise self._too_large()
            file.write(chunk)
            self.progress(size, length)
            if self.clock.seconds() > self.until:
                raise LimitError(
                    f"takes longer than {self.wanted.seconds:.0f} s", remedy="the next sync goes on where it broke off"
                )

    def _check(self, edition: Edition, *, resumed: bool) -> None:
        for kind, wanted in edition.checksums:
            with self.incoming.path.open("rb") as file:
                found = hashlib.file_digest(file, partial(hashlib.new, kind, usedforsecurity=False)).hexdigest()
            if found != wanted:
                self.incoming.drop()
                error = InputError(f"its {kind} is not what its publisher says", remedy="try again later")
                if resumed:
                    # Two parts may be of different editions; one attempt from the beginning tells.
                    raise _LaterError(error, 0)
                raise error

    def _too_large(self) -> LimitError:
        self.incoming.drop()
        return LimitError(
            f"is larger than {self.wanted.largest >> 20} MiB", remedy="see to its address; no such feed is so large"
        )


def _edition_of(response: httpx.Response, url: str) -> Edition:
    headers = response.headers
    etag, modified = headers.get("etag", "")[:1000], headers.get("last-modified", "")[:100]
    coding = headers.get("content-encoding", "").strip().lower()
    length = headers.get("content-length", "")
    return Edition(
        url=url,
        etag=etag,
        modified=modified,
        range_by=_range_by(etag, modified, headers.get("date", "")),
        coding="" if coding == "identity" else coding,
        length=int(length) if length.isascii() and length.isdigit() and len(length) < 16 else -1,
        checksums=_checksums(headers, coded=coding not in ("", "identity")),
    )


def _range_by(etag: str, modified: str, date: str) -> str:
    if etag:
        return "" if etag.startswith("W/") else etag
    try:
        apart = parsedate_to_datetime(date) - parsedate_to_datetime(modified)
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""
    return modified if apart.total_seconds() >= _STRONG else ""


def _checksums(headers: httpx.Headers, *, coded: bool) -> tuple[tuple[str, str], ...]:
    """(Kind for hashlib, hexadecimal digest) of the whole body; Google's is of the document before its coding."""
    found = [(kind.replace("-", ""), text) for kind, text in _DIGEST.findall(headers.get("repr-digest", ""))]
    if not coded:
        found += [("md5", text) for text in _GOOGLE.findall(headers.get("x-goog-hash", ""))]
    sums: list[tuple[str, str]] = []
    for kind, text in found:
        try:
            sums.append((kind, base64.b64decode(text, validate=True).hex()))
        except (binascii.Error, ValueError):
            continue
    return tuple(sums)
