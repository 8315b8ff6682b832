"""Reads the pull secrets of pods, by name and one at a time; nothing of them is kept beyond the scan."""

from __future__ import annotations

import threading
from urllib.parse import quote

import msgspec

from oakum.adapters.kubernetes.client import Client, RefusedError
from oakum.adapters.registry.credentials import Entry
from oakum.adapters.registry.pull_secrets import entries_of
from oakum.errors import NotAssessableError, OakumError, Place

MANIFEST = "deploy/rbac/oakum-pull-secrets.yaml"


class _Secret(msgspec.Struct, frozen=True):
    type: str = ""
    data: dict[str, str] | None = None

    def __repr__(self) -> str:
        return "_Secret(...)"


class PullSecrets:
    """The pull secrets of one cluster; each is asked for once, whatever comes of it."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[tuple[str, str], dict[str, Entry] | OakumError] = {}
        self._lock = threading.Lock()

    def __call__(self, name: tuple[str, str]) -> dict[str, Entry]:
        """The entries of a Secret (namespace, name) by their registries.

        Raises OakumError, without a word of what stands in it, where it may not be read, is not there, or is none.
        """
        with self._lock:  # one client asks one thing at a time
            if name not in self._known:
                try:
                    self._known[name] = self._read(*name)
                except OakumError as error:
                    self._known[name] = error
            found = self._known[name]
        if isinstance(found, OakumError):
            raise found
        return found

    def _read(self, namespace: str, name: str) -> dict[str, Entry]:
        place = Place(f"pull secret {namespace}/{name}")
        try:
            secret = self._client.get(f"/api/v1/namespaces/{quote(namespace)}/secrets/{quote(name)}", _Secret)
        except RefusedError as error:
            if error.code == 404:
                raise NotAssessableError(
                    f"there is no pull secret {namespace}/{name}", remedy="make it, or take its name out of the pods"
                ) from None
            what = f"the pull secret {namespace}/{name} may not be read"
            raise NotAssessableError(what, remedy=f"allow it in that namespace, see {MANIFEST}") from None
        return entries_of(secret.type, secret.data or {}, place)
