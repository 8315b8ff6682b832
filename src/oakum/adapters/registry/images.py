"""The manifests and blobs of one repository, as what ``oakum.fleet.images`` reads from."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from hashlib import sha256

import msgspec

from oakum.adapters.http.waiting import Clockwork
from oakum.adapters.registry.credentials import Credentials, credentials
from oakum.adapters.registry.held import Held, Piece
from oakum.adapters.registry.session import Session
from oakum.adapters.registry.wire import Patience
from oakum.errors import InputError, OakumError, Place
from oakum.fleet.cluster.images import Reference
from oakum.fleet.images import manifests
from oakum.fleet.images.manifests import Descriptor
from oakum.fleet.images.sources import UNPACKED_LIMIT, Source

_DOCUMENTS = manifests.INDEXES | manifests.MANIFESTS
_ACCEPT = ", ".join(sorted(_DOCUMENTS))


class MissingError(InputError):
    """The registry says that it has no such image."""


class _Document(msgspec.Struct, frozen=True, rename="camel"):
    media_type: str = ""


class Repository:
    """A repository of a registry; usable in a ``with`` statement, at whose end only what was read stays."""

    def __init__(
        self,
        reference: Reference,
        *,
        insecure: frozenset[str] = frozenset(),
        known: Callable[[], Credentials | None] | None = None,
        clock: Clockwork | None = None,
        patience: Patience | None = None,
        watch: Callable[[], None] = lambda: None,
    ) -> None:
        """``known`` gives credentials where they are wanted; Docker's own by default. Nothing is asked yet.

        ``watch`` is called whenever something comes or is read, and may raise to end it.
        """
        self._reference = reference
        self._held = Held(watch=watch)
        self._kept: dict[str, Piece] = {}
        self._session = Session(
            reference.registry,
            reference.repository,
            insecure=insecure,
            credentials=known or partial(credentials, reference.registry, os.environ),
            clock=clock or Clockwork(),
            patience=patience or Patience(),
        )

    def __enter__(self) -> Repository:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    @property
    def received(self) -> int:
        """Bytes of manifests and blobs that came."""
        return self._held.end

    def described(self) -> Descriptor:
        """What the reference leads to, a manifest or an index; a digest goes before a tag.

        Raises MissingError where there is none, ChangedError where the answer is another one than was asked for.
        """
        named = self._reference
        place = f"{named}: manifest"
        piece = self._held.piece()
        try:
            headers = self._session.read(
                f"manifests/{named.digest or named.tag}", _ACCEPT, piece, manifests.DOCUMENT_LIMIT, resumable=False
            )
        except OakumError as error:
            raise error.within(place) from None
        if headers is None:
            remedy = "check name and tag; some registries say so where credentials are wanting"
            raise MissingError("there is no such image", place=Place(str(named)), remedy=remedy)
        content = manifests.document(piece, place)
        digest = named.digest or headers.get("docker-content-digest", "")
        if digest:
            manifests.verify(piece, digest, None, place)
        else:
            digest = f"sha256:{sha256(content).hexdigest()}"
        self._kept[digest] = piece
        return Descriptor(_kind(headers.get("content-type", ""), content), digest, len(content))

    def blob(self, descriptor: Descriptor, place: str) -> Source | None:
        """See ``oakum.fleet.images.reading.Blobs``."""
        manifests.blob_path(descriptor.digest, place)
        manifests.limited(descriptor.size, UNPACKED_LIMIT, "bytes", place)
        if (kept := self._kept.get(descriptor.digest)) is not None:
            return kept
        piece = self._held.piece()
        is_document = descriptor.media_type in _DOCUMENTS
        path = f"{'manifests' if is_document else 'blobs'}/{descriptor.digest}"
        try:
            found = self._session.read(
                path, descriptor.media_type if is_document else "*/*", piece, max(descriptor.size, 0)
            )
        except OakumError as error:
            raise error.within(place) from None
        if found is None:
            return None
        self._kept[descriptor.digest] = piece
        return piece


def _kind(header: str, content: bytes) -> str:
    """The media type of a document: the header's, else what it says of itself where the header tells nothing."""
    stated = header.partition(";")[0].strip().lower()
    if stated in _DOCUMENTS:
        return stated
    try:
        return msgspec.json.decode(content, type=_Document).media_type or stated
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return stated
