"""Which objects of a cluster speak an API version that the next release drops, however they were read.

The API server answers in the version that it is asked for, so the object itself shows little. What its maker applied
stands in the annotation of ``kubectl apply`` (client side), and which version each client last wrote in stands in
``managedFields`` (server side): a manifest in a repository that still says ``policy/v1beta1`` is found by these. Rules
and dates: kubernetes.io/docs/reference/using-api/deprecation-guide and the life cycle that k8s.io/api declares.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import msgspec

from oakum.changes.compat.model import Api, Knowledge
from oakum.changes.skew.release import Release, line

FoundIn = Literal["object", "last-applied", "managed-fields", "target"]
Fate = Literal["removed", "deprecated", "unknown"]

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """One use of an API version that the target removes or only deprecates, or something that could not be read.

    ``found_in`` says where it stands: ``object`` (read in this version), ``last-applied`` (applied in it),
    ``managed-fields`` (the client ``by`` last wrote in it), ``target`` (the target itself is not known). ``api`` holds
    the releases, the replacement and the source; None for unknown.
    """

    fate: Fate
    found_in: FoundIn
    why: str
    kind: str = ""
    namespace: str = ""
    name: str = ""
    api_version: str = ""
    by: str = ""
    api: Api | None = None


class _Applied(msgspec.Struct, frozen=True):
    """As much as is read of what was applied."""

    api_version: str = msgspec.field(name="apiVersion")
    kind: str


_decode = msgspec.json.Decoder(_Applied).decode


def preflight(objects: Iterable[object], target: Release, knowledge: Knowledge) -> tuple[Hit, ...]:
    """Every hit, object by object; removed and deprecated are told as of the ``target`` release.

    ``objects`` are parsed manifests. What is no object, or has an annotation that cannot be read, is a hit of the fate
    unknown, and so is a target beyond the releases that the files know.
    """
    hits = [hit for each in objects for hit in _object(each, target, knowledge)]
    until = knowledge.apis_until
    if until is None or target.minor > until:
        known = (
            "no file tells which APIs releases remove" if until is None else f"removals are known until {line(until)}"
        )
        hits.append(Hit(fate="unknown", found_in="target", why=f"{known}, the target is {target.line}"))
    return tuple(hits)


def _object(found: object, target: Release, knowledge: Knowledge) -> Iterator[Hit]:
    given = _mapping(found)
    kind, version = given.get("kind"), given.get("apiVersion")
    if not isinstance(kind, str) or not isinstance(version, str):
        yield Hit(fate="unknown", found_in="object", why="this is no object: it has no apiVersion or no kind")
        return
    metadata = _mapping(given.get("metadata"))
    at = _At(kind, str(metadata.get("namespace") or ""), str(metadata.get("name") or ""), target, knowledge)
    yield from at.used(version, kind, "object")
    applied = _mapping(metadata.get("annotations")).get(LAST_APPLIED)
    if applied is not None:
        yield from at.applied(applied)
    managed = metadata.get("managedFields")
    writers = {
        (str(each.get("apiVersion") or ""), str(each.get("manager") or "")): None
        for each in (managed if isinstance(managed, list) else ())
        if isinstance(each, Mapping)
    }
    for wrote, manager in writers:
        yield from at.used(wrote, kind, "managed-fields", manager)


class _At:
    """One object, and what its API versions are looked up in."""

    def __init__(self, kind: str, namespace: str, name: str, target: Release, knowledge: Knowledge) -> None:
        self._kind, self._namespace, self._name = kind, namespace, name
        self._target = target
        self._apis = knowledge.by_api

    def applied(self, text: object) -> Iterator[Hit]:
        """The hits of what was applied."""
        try:
            if not isinstance(text, str):
                raise msgspec.DecodeError("it is no text")
            applied = _decode(text)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
            why = f"what was applied cannot be read: {str(error).partition(chr(10))[0][:100]}"
            yield self._hit("unknown", "last-applied", why)
            return
        yield from self.used(applied.api_version, applied.kind, "last-applied")

    def used(self, api_version: str, kind: str, found_in: FoundIn, by: str = "") -> Iterator[Hit]:
        """A hit where an API version ends at the target or before, or is deprecated there."""
        api = self._apis.get((api_version, kind))
        if api is None:
            return
        then = f"use {api.replacement}" if api.replacement else "there is no replacement"
        if api.removed is not None and api.removed <= self._target.minor:
            why = f"{api_version} {kind} is last served by {line(api.removed - 1)}: {then}"
            yield self._hit("removed", found_in, why, api, by)
        elif api.deprecated is not None and api.deprecated <= self._target.minor:
            end = f" and goes with {line(api.removed)}" if api.removed is not None else ""
            why = f"{api_version} {kind} is deprecated since {line(api.deprecated)}{end}: {then}"
            yield self._hit("deprecated", found_in, why, api, by)

    def _hit(self, fate: Fate, found_in: FoundIn, why: str, api: Api | None = None, by: str = "") -> Hit:
        return Hit(
            fate=fate,
            found_in=found_in,
            why=why,
            kind=self._kind,
            namespace=self._namespace,
            name=self._name,
            api_version=api.api_version if api else "",
            by=by,
            api=api,
        )


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
