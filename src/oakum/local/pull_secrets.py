"""The pull secrets of one live cluster, read when a registry wants credentials, and each once."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Self

from oakum.errors import InputError, OakumError
from oakum.fleet.cluster.pulls import PullSecret

if TYPE_CHECKING:
    from oakum.adapters.kubernetes.client import Client
    from oakum.adapters.registry.pull_secrets import Entries


class PullSecrets:
    """Reads Secrets of ``cluster`` or ``cluster:CONTEXT``; usable by several threads, and in a ``with`` statement.

    They stay in this object's memory, and go with it.
    """

    def __init__(self, target: str) -> None:
        self._target = target
        self._client: Client | None = None
        self._known: dict[PullSecret, Entries | OakumError] = {}
        self._lock = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._known.clear()
        if self._client is not None:
            self._client.__exit__()

    def entries(self, secret: PullSecret) -> Entries:
        """What is in a Secret. Raises OakumError, each time the same."""
        with self._lock:
            if secret not in self._known:
                try:
                    self._known[secret] = self._read(secret)
                except OakumError as error:
                    self._known[secret] = error
            found = self._known[secret]
        if isinstance(found, OakumError):
            raise found
        return found

    def _read(self, secret: PullSecret) -> Entries:
        from oakum.adapters.kubernetes.secrets import place_of, read_secret
        from oakum.adapters.registry.pull_secrets import FORMS, entries

        place = place_of(*secret)
        found = read_secret(self._opened(), *secret)
        if found.type not in FORMS:
            remedy = "a pull secret is of the type kubernetes.io/dockerconfigjson"
            raise InputError("it is of a type that no registry is asked with", place=place, remedy=remedy)
        return entries(found.type, found.content(FORMS[found.type][0], place), place)

    def _opened(self) -> Client:
        from oakum.adapters.kubernetes.client import Client
        from oakum.local.clusters import access_of

        if self._client is None:
            self._client = Client(access_of(self._target, os.environ, Path.home()))
        return self._client
