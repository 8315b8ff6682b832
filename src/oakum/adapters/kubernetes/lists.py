"""All objects of one kind, in pages.

Rules from kubernetes.io/docs/reference/using-api/api-concepts, "Retrieving large results sets in chunks": a page's
``continue`` token names the moment of the first page, so that all pages are of one moment, and a page that failed can
be asked for again. A token lasts as long as etcd keeps that moment (five minutes by default). When it has expired
(410), or an API server behind the same address does not know it (400), all pages so far are dropped and the list
begins anew; should that happen again, the list is asked for in one piece, which cannot expire. The token that a 410
offers for going on is not used: its pages would be of another moment.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from oakum.adapters.kubernetes.client import Client, RefusedError, UnusableError
from oakum.errors import Place

#: Objects a page, as kubectl asks.
PAGE = 500
#: Two million objects of one kind are more than an etcd of 8 GB holds.
MOST_PAGES = 4_000
_NOTHING = msgspec.Raw(b"null")

Take = Callable[[str, list[msgspec.Raw]], None]


class _Meta(msgspec.Struct, frozen=True):
    next: str | None = msgspec.field(default=None, name="continue")


class _Page(msgspec.Struct, frozen=True):
    """A list. ``items`` may be null where there are none, but must be there: ``{}`` is no empty list."""

    kind: str
    items: list[msgspec.Raw] | None
    api_version: str = msgspec.field(name="apiVersion")
    metadata: _Meta = _Meta()


def list_all(client: Client, path: str, begin: Callable[[], Take]) -> None:
    """Hand each page of a list to what ``begin`` gave: the API version of its items, and the items.

    ``begin`` is called before the first page, and again whenever the list begins anew; what the earlier one took is
    not part of the list then. Raises as ``Client.get``; UnusableError for an answer that is no list or has no end.
    """
    for limit in (PAGE, PAGE, 0):
        try:
            return _list_once(client, path, limit, begin())
        except _ExpiredError as expired:
            last = expired.refused
            client.progress(f"{path}: the list expired between two pages and begins anew")
    raise last


def _list_once(client: Client, path: str, limit: int, take: Take) -> None:
    token = ""
    for _ in range(MOST_PAGES):
        parameters: dict[str, str | int] = {"limit": limit} if limit else {}
        if token:
            parameters["continue"] = token
        try:
            page = client.get(path, _Page, parameters)
        except RefusedError as refused:
            if token and refused.code in (400, 410):
                raise _ExpiredError(refused) from None
            raise
        if not page.kind.endswith("List"):
            raise _unusable(client, f"the answer to {path} is no list but {page.kind[:60]!r}")
        take(page.api_version, page.items or [])
        following = page.metadata.next or ""
        if not following:
            return
        if following == token or not limit:
            raise _unusable(client, f"the list {path} goes on after its end")
        token = following
    raise _unusable(client, f"the list {path} has more than {MOST_PAGES:,} pages")


class _ExpiredError(Exception):
    """The list must begin anew."""

    def __init__(self, refused: RefusedError) -> None:
        super().__init__(refused.what)
        self.refused = refused


def _unusable(client: Client, what: str) -> UnusableError:
    place = Place(f"cluster {client.access.name}")
    return UnusableError(what, place=place, remedy="check that the address is an API server's, not that of a proxy")
