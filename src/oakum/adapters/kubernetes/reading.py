"""Reads a live cluster into a ``Snapshot``, and writes the same as a dump.

Every kind of ``KINDS`` is listed in all namespaces; lists of different kinds are of slightly different moments, as
with any reader. What one kind's list lacks is that kind's gap and the others go on: not permitted (403), not served by
its own API server, unusable answers. What concerns all of them ends the reading: credentials that are not accepted,
a server that is away or throttles for too long. A dump is made by the very reading that gives the snapshot, so both
say the same.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from oakum.adapters.kubernetes.client import Client, RefusedError, UnusableError
from oakum.adapters.kubernetes.discovery import discover
from oakum.adapters.kubernetes.lists import Take, list_all
from oakum.adapters.kubernetes.withheld import shows, without_secrets
from oakum.errors import NotAssessableError, Place
from oakum.fleet.assets import Gap
from oakum.fleet.cluster.decode import decode_item, unread
from oakum.fleet.cluster.dump import list_annotations, unlisted
from oakum.fleet.cluster.objects import Object
from oakum.fleet.cluster.snapshot import KINDS, Snapshot

#: Objects of one kind that are named when they cannot be read; more are counted.
MOST_GAPS = 100
MANIFEST = "deploy/rbac/oakum-reader.yaml"


def read_cluster(client: Client, *, now: datetime) -> Snapshot:
    """The snapshot of a live cluster. Raises OakumError where nothing of it can be read."""
    return _Reading(client, keep=False).run(now)


def dump_cluster(client: Client, *, now: datetime) -> tuple[Snapshot, bytes]:
    """The snapshot, and the dump that ``fleet.cluster.dump`` reads as the same snapshot: a List in JSON.

    Raises OakumError where nothing of it can be read.
    """
    reading = _Reading(client, keep=True)
    snapshot = reading.run(now)
    metadata = msgspec.json.encode({"annotations": list_annotations(snapshot)})
    items = b",\n".join(raw for found in reading.kinds.values() for raw in found.texts())
    head = b'{"apiVersion":"v1","kind":"List","metadata":'
    return snapshot, head + metadata + b',"items":[\n' + items + b"\n]}\n"


class _Kind:
    """The objects of one kind, as the pages bring them."""

    def __init__(self, kind: str, keep: bool) -> None:
        self._kind = kind
        self._keep = keep
        self._found: dict[tuple[str, str, str], tuple[Object, bytes]] = {}
        self._gaps: list[Gap] = []
        self._unnamed = 0

    def take(self, api_version: str, items: list[msgspec.Raw]) -> None:
        """Take a page."""
        for raw in items:
            text = bytes(raw)
            found = self._decoded(api_version, text)
            if not isinstance(found, Gap):
                self._found[found[0].key] = found
            elif len(self._gaps) < MOST_GAPS:
                self._gaps.append(found)
            else:
                self._unnamed += 1

    def _decoded(self, api_version: str, text: bytes) -> tuple[Object, bytes] | Gap:
        if self._keep or shows(self._kind, text):
            try:
                text = without_secrets(api_version, self._kind, text)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                return unread(self._kind, "", f"not a JSON object: {error}")
        found = decode_item(self._kind, text, api_version=api_version)
        return found if isinstance(found, Gap) else (found, text if self._keep else b"")

    def objects(self) -> tuple[Object, ...]:
        """In the order of namespace and name."""
        return tuple(self._found[key][0] for key in sorted(self._found))

    def texts(self) -> list[bytes]:
        """The same as JSON texts, where they were kept."""
        return [self._found[key][1] for key in sorted(self._found)]

    def gaps(self) -> list[Gap]:
        """The objects that could not be read."""
        if not self._unnamed:
            return self._gaps
        what = f"{self._unnamed:,} other {self._kind} objects"
        return [*self._gaps, Gap("unread-objects", what, "as those named", self._gaps[0].remedy)]


class _Reading:
    """One reading of one cluster."""

    def __init__(self, client: Client, *, keep: bool) -> None:
        self.kinds: dict[str, _Kind] = {}
        self._client = client
        self._keep = keep
        self._gaps: list[Gap] = []

    def run(self, now: datetime) -> Snapshot:
        """Read everything."""
        client = self._client
        if not client.access.verified:
            client.progress(f"warning: {client.access.source}: what it answers may be anybody's")
        version = self._version()
        served = discover(client)
        listed = set()
        for entry in KINDS:
            kind = entry[2]
            if kind in served.paths:
                if self._list(entry, served.paths[kind]):
                    listed.add(kind)
            elif kind in served.unknown:
                self._gaps.append(
                    unlisted(kind, served.unknown[kind], "mend the server of this API (kubectl get apiservices)")
                )
            else:
                listed.add(kind)
        if not any(kind in listed for kind in served.paths):
            why = self._gaps[-1].why if self._gaps else "its API server serves none of the kinds that are read"
            raise NotAssessableError(
                f"nothing can be read: {why}",
                place=Place(f"cluster {client.access.name}"),
                remedy=f"grant what {MANIFEST} grants",
            )
        items = {kind: objects for kind, found in self.kinds.items() if (objects := found.objects())}
        count = sum(map(len, items.values()))
        client.progress(f"read {count:,} objects of {len(items)} kinds in {client.calls} calls")
        return Snapshot(
            source=client.access.source,
            read_at=f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            version=version,
            items=items,
            listed=frozenset(listed),
            gaps=tuple(self._gaps),
        )

    def _version(self) -> str:
        try:
            return self._client.get("/version", _Version).git_version
        except RefusedError as refused:
            if refused.code in (401, 429):
                raise
            what, remedy = "the version of the API server", f"grant what {MANIFEST} grants"
            self._gaps.append(Gap("unread-objects", what, refused.what, remedy))
            return ""

    def _list(self, entry: tuple[str, str, str], path: str) -> bool:
        """Whether all objects of the kind are there now; else there is a gap."""
        group, resource, kind = entry

        def begin() -> Take:
            self.kinds[kind] = _Kind(kind, self._keep)
            return self.kinds[kind].take

        try:
            list_all(self._client, path, begin)
        except RefusedError as refused:
            if refused.code in (401, 429):
                raise
            del self.kinds[kind]
            if refused.code == 404 and kind not in discover(self._client).paths:
                return True  # its definition was removed meanwhile, and its objects with it
            remedy = refused.remedy
            if refused.code == 403:
                remedy = f'grant the verb list on {resource} (API group "{group}") in all namespaces: see {MANIFEST}'
            self._gaps.append(unlisted(kind, refused.what, remedy))
            return False
        except UnusableError as unusable:
            self.kinds.pop(kind, None)
            self._gaps.append(unlisted(kind, unusable.what, unusable.remedy))
            return False
        self._gaps += self.kinds[kind].gaps()
        return True


class _Version(msgspec.Struct, frozen=True):
    git_version: str = msgspec.field(name="gitVersion")
