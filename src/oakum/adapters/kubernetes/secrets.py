"""One Secret of a live cluster, by its name, for as long as somebody holds it; nothing of it is kept or told."""

from __future__ import annotations

import base64
import binascii
import re

import msgspec

from oakum.adapters.kubernetes.client import Client, RefusedError
from oakum.errors import InputError, NotAssessableError, OakumError, Place

MANIFEST = "deploy/rbac/oakum-pull-secrets.yaml"
#: Names of namespaces and of Secrets (RFC 1123 subdomains).
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")


class Secret(msgspec.Struct, frozen=True):
    """A Secret: its type, and its contents by key in base64."""

    type: str = ""
    data: dict[str, str] | None = None

    def __repr__(self) -> str:
        return "Secret(...)"

    def content(self, key: str, place: Place) -> bytes:
        """What stands at a key. Raises InputError, without a word of it."""
        try:
            return base64.b64decode((self.data or {})[key], validate=True)
        except (KeyError, binascii.Error, ValueError):
            raise InputError(f"it has nothing at {key}", place=place, remedy="write the Secret anew") from None


def place_of(namespace: str, name: str) -> Place:
    """What a Secret is called in errors."""
    return Place(f"Secret {namespace}/{name}")


def read_secret(client: Client, namespace: str, name: str) -> Secret:
    """Read one. Raises OakumError: where there is none, where it may not be read, as ``Client.get`` else."""
    place = place_of(namespace, name)
    if not _NAME.fullmatch(namespace) or not _NAME.fullmatch(name):
        raise InputError("this is no name of a Secret", place=place, remedy="correct imagePullSecrets of the pod")
    try:
        return client.get(f"/api/v1/namespaces/{namespace}/secrets/{name}", Secret)
    except RefusedError as refused:
        if refused.code == 404:
            raise InputError("there is none", place=place, remedy="correct imagePullSecrets of the pod") from None
        if refused.code == 403:
            what = f"it may not be read: {refused.what}"
            remedy = f"grant the verb get on secrets in namespace {namespace}: see {MANIFEST}"
            raise NotAssessableError(what, place=place, remedy=remedy) from None
        raise
    except OakumError as error:
        # What is wrong with an answer is told in words of the decoder, which has seen the Secret.
        if isinstance(error, NotAssessableError):
            raise
        raise InputError("the API server's answer is no Secret", place=place, remedy=error.remedy) from None
