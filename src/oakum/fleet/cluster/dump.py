"""Reads a cluster dump, a folder of dumps or of manifests, or a parsed value, into a ``Snapshot``.

A dump is whatever ``kubectl get -o json`` or ``-o yaml`` writes: a List of objects of any kinds, a list of one kind
(PodList), one object, several after one another. What stands in it is not all that the cluster has, so the reader
says which kinds are known to be complete (``listed``): those that the dump itself names where Oakum wrote it, else
those of which it holds an object or a list; for every other kind that verdicts need there is a gap. Objects of kinds
that are not read (ConfigMaps, Secrets ...) are passed over and never kept.

One object that stands twice counts once. Where the two differ, the one with the higher resourceVersion is kept (the
later one where that says nothing, because resource versions of two clusters are no order), and a gap says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from oakum.errors import InputError, LimitError, OakumError, Place
from oakum.fleet.assets import GAPS, Gap
from oakum.fleet.cluster.decode import CLUSTER_WIDE, decode_item, decode_value, flaw, kind_of, unread
from oakum.fleet.cluster.dump_text import LARGEST, Parsed, documents
from oakum.fleet.cluster.objects import Object
from oakum.fleet.cluster.snapshot import KINDS, Snapshot
from oakum.ports import Tree

#: Annotations of the List that Oakum writes, and the kinds without which verdicts lack something.
VERSION, READ_AT = "oakum.dev/server-version", "oakum.dev/read-at"
LISTED, UNREAD = "oakum.dev/listed", "oakum.dev/unread"
NEEDED = (
    "Pod", "Node", "Namespace", "Service", "Ingress", "NetworkPolicy",
    "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "PodDisruptionBudget",
)  # fmt: skip

MOST_OBJECTS = 5_000_000
#: Gaps told one by one for each kind; more are counted.
_MOST_GAPS = 100
_MOST_FILES, _DEEPEST_FOLDER, _DEEPEST_LIST = 100_000, 50, 3
_SUFFIXES = (".json", ".yaml", ".yml", ".json.gz", ".yaml.gz", ".yml.gz")
_RESOURCES = {kind: f"{resource}.{group}".rstrip(".") for group, resource, kind in KINDS}


def read_dump(data: bytes, *, name: str, limit: int = LARGEST) -> Snapshot:
    """The snapshot of one file. Raises InputError or LimitError where nothing of it can be used."""
    reading = _Reading(name)
    found = documents(data, name=name, limit=limit)
    for number, document in enumerate(found, 1):
        reading.document(document, name if len(found) == 1 else f"document {number} of {name}")
    return reading.snapshot()


def read_folder(tree: Tree, *, name: str, limit: int = LARGEST) -> Snapshot:
    """The snapshot of every .json and .yaml file in a folder and below, in the order of their paths.

    A file that cannot be read is a gap; where none can, InputError. YAML that is no object (a values file) is passed
    over.
    """
    reading = _Reading(name)
    size = 0
    for path in _files(tree, "/", 0):
        file = path.lstrip("/")
        try:
            data = tree.read(path, limit - size)
            size += len(data)
            found = documents(data, name=file, limit=limit)
        except OakumError as error:
            reading.gap(
                Gap("unread-objects", f"the file {file}", str(error), error.remedy or "mend or remove the file")
            )
            continue
        except OSError as error:
            why = error.strerror or type(error).__name__
            reading.gap(Gap("unread-objects", f"the file {file}", why, "make the file readable"))
            continue
        for document in found:
            reading.document(document, f"in {file}", only_objects=False)
    return reading.snapshot()


def read_value(value: object, *, name: str) -> Snapshot:
    """The snapshot of a dump that has already been parsed: a List, a list of objects, or one object."""
    reading = _Reading(name)
    reading.document(Parsed(value), name)
    return reading.snapshot()


def list_annotations(snapshot: Snapshot) -> dict[str, str]:
    """What the writer of a dump puts into the List's annotations, so that reading it gives the snapshot again."""
    return {
        VERSION: snapshot.version,
        READ_AT: snapshot.read_at,
        LISTED: ",".join(sorted(snapshot.listed)),
        UNREAD: msgspec.json.encode(snapshot.gaps).decode(),
    }


def unlisted(kind: str, why: str, remedy: str = "") -> Gap:
    """The gap of a kind of which not all objects were read; the default remedy is the command that reads them."""
    everywhere = "" if kind in CLUSTER_WIDE else " --all-namespaces"
    command = f"add the output of: kubectl get {_RESOURCES[kind]}{everywhere} -o json"
    remedy = remedy or f"{command}; or write the whole dump with: oakum scan cluster --save-dump FILE"
    return Gap("unread-objects", f"{kind} objects", why, remedy)


_NOTHING = msgspec.Raw(b"null")


class _Head(msgspec.Struct, rename="camel"):
    """What tells an object from a list, of JSON text."""

    api_version: str | None = None
    kind: str | None = None
    metadata: msgspec.Raw = _NOTHING
    items: msgspec.Raw = _NOTHING


class _ValueHead(msgspec.Struct, rename="camel"):
    """The same of a parsed value."""

    api_version: str | None = None
    kind: str | None = None
    metadata: object = None
    items: object = None


class _ListMeta(msgspec.Struct):
    """The annotations of a List."""

    annotations: dict[str, str] | None = None


_HEADS = msgspec.json.Decoder(_Head)
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])


class _Reading:
    """Gathers objects of any number of documents."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._objects: dict[tuple[str, str, str], Object] = {}
        self._present: set[str] = set()
        self._told: set[str] | None = None
        self._version = ""
        self._read_at = ""
        self._gaps: list[Gap] = []
        self._counts: Counter[str] = Counter()
        self._documents = 0

    def document(self, given: msgspec.Raw | Parsed, where: str, *, only_objects: bool = True) -> None:
        """Takes one document: a list, a bare list of objects, or one object."""
        document = given.value if isinstance(given, Parsed) else given
        if not only_objects and _is_no_object(document):
            return
        self._documents += 1
        if isinstance(document, list):
            self._each(document, "", "", where, 0)
        elif isinstance(document, msgspec.Raw) and bytes(memoryview(document)[:1]) == b"[":
            self._each(_ITEMS.decode(document), "", "", where, 0)
        else:
            self._take(document, "", "", where, 0)

    def gap(self, gap: Gap, kind: str = "") -> None:
        """Notes what could not be read; beyond a number for each kind only how often."""
        self._counts[kind] += 1
        if self._counts[kind] <= _MOST_GAPS:
            self._gaps.append(gap)

    def snapshot(self) -> Snapshot:
        """All that was gathered. Raises InputError where it is nothing."""
        if not self._objects and self._counts:
            first = self._gaps[0]
            what = f"nothing of it can be read: {first.what}: {first.why}"
            raise InputError(what, place=Place(self._name), remedy=first.remedy)
        if not self._documents:
            what = "it holds no Kubernetes object"
            raise InputError(what, place=Place(self._name), remedy="give the output of kubectl get ... -o json")
        for kind, count in sorted(self._counts.items()):
            if count > _MOST_GAPS:
                what = f"{count - _MOST_GAPS:,} other {kind or 'objects or files'}"
                self._gaps.append(Gap("unread-objects", what, "as those named", self._gaps[0].remedy))
        listed = frozenset(self._present if self._told is None else self._told)
        named = {gap.what for gap in self._gaps}
        for kind in NEEDED:
            missing = unlisted(kind, "the dump holds none and does not say that they were listed")
            if kind not in listed and missing.what not in named:
                self._gaps.append(missing)
        items: dict[str, list[Object]] = {}
        for key in sorted(self._objects):
            items.setdefault(key[0], []).append(self._objects[key])
        return Snapshot(
            source=f"dump {self._name}",
            read_at=self._read_at,
            version=self._version,
            items={kind: tuple(found) for kind, found in items.items()},
            listed=listed,
            gaps=tuple(self._gaps),
        )

    def _take(self, document: object, api_version: str, kind: str, where: str, depth: int) -> None:
        """One list or object; ``api_version`` and ``kind`` are those that the surrounding list says."""
        try:
            head = _head(document)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            self.gap(unread("object", where, f"not a Kubernetes object: {error}"))
            return
        api_version, kind = head.api_version or api_version, head.kind or kind
        if not kind:
            self.gap(unread("object", where, "not a Kubernetes object: it has no kind"))
            return
        if not api_version and _api_version_needed(kind):
            self.gap(unread(kind, where, "it has no apiVersion, so it could be of any API group"))
            return
        entry = kind_of(api_version, kind)
        if entry is not None:
            self._object(kind, document, api_version, where)
        elif kind.endswith("List"):
            self._list(head, api_version, kind.removesuffix("List"), where, depth)

    def _list(self, head: _Head | _ValueHead, api_version: str, kind: str, where: str, depth: int) -> None:
        if depth >= _DEEPEST_LIST:
            self.gap(unread("List", where, "lists in lists in lists"))
            return
        if kind and kind_of(api_version, kind) is None:
            return
        try:
            items = _items(head.items)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            self.gap(unread(f"{kind}List", where, f"items is not a list: {error}"))
            return
        if kind:
            self._present.add(kind)
        elif depth == 0:
            self._annotated(head.metadata)
        self._each(items, api_version if kind else "", kind, where, depth + 1)

    def _each(self, items: Iterable[object], api_version: str, kind: str, where: str, depth: int) -> None:
        for number, item in enumerate(items, 1):
            self._take(item, api_version, kind, f"item {number} of {where}", depth)

    def _object(self, kind: str, document: object, api_version: str, where: str) -> None:
        self._present.add(kind)
        if isinstance(document, msgspec.Raw):
            found = decode_item(kind, document, api_version=api_version, where=where)
            why = flaw(document) if not isinstance(found, Gap) else ""
            if why:
                found = unread(kind, where, why)
        else:
            found = decode_value(kind, document, api_version=api_version, where=where)
        if isinstance(found, Gap):
            self.gap(found, f"{kind} objects")
            return
        before = self._objects.setdefault(found.key, found)
        if before is found:
            if len(self._objects) > MOST_OBJECTS:
                what = f"more than {MOST_OBJECTS:,} objects"
                raise LimitError(what, place=Place(self._name), remedy="divide the dump by namespaces")
        elif before != found:
            self._objects[found.key] = _newer(before, found)
            which = f"{found.metadata.namespace}/{found.metadata.name}".lstrip("/")
            why = "it stands more than once, with different content; the newest is used"
            remedy = "give one dump of one moment"
            self.gap(Gap("unread-objects", f"{kind} {which}", why, remedy), f"{kind} objects")

    def _annotated(self, metadata: object) -> None:
        """What a List that Oakum wrote says about itself; other metadata says nothing."""
        try:
            if isinstance(metadata, msgspec.Raw):
                meta = msgspec.json.decode(metadata, type=_ListMeta | None)
            else:
                meta = msgspec.convert(metadata, _ListMeta | None)
            said = (meta and meta.annotations) or {}
            gaps = msgspec.json.decode(said.get(UNREAD) or "[]", type=list[Gap])
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            self.gap(unread("List", self._name, f"its annotations cannot be understood: {error}"))
            return
        self._version = self._version or said.get(VERSION, "")
        self._read_at = self._read_at or said.get(READ_AT, "")
        self._gaps += [gap for gap in gaps if gap.kind in GAPS]
        if LISTED in said:
            kinds = {kind.strip() for kind in said[LISTED].split(",")}
            self._told = (self._told or set()) | (kinds & _RESOURCES.keys())


def _api_version_needed(kind: str) -> bool:
    """Whether a kind without its group may be one of those that are read."""
    kind = kind if kind in _RESOURCES else kind.removesuffix("List")
    return kind in _RESOURCES and kind_of("", kind) is None


def _head(document: object) -> _Head | _ValueHead:
    if isinstance(document, msgspec.Raw):
        return _HEADS.decode(document)
    return msgspec.convert(document, _ValueHead)


def _items(given: object) -> list[msgspec.Raw] | list[object]:
    if given is None:
        return []
    if isinstance(given, msgspec.Raw):
        return msgspec.json.decode(given, type=list[msgspec.Raw] | None) or []
    return msgspec.convert(given, list[object])


def _is_no_object(document: object) -> bool:
    """Whether a document does not even claim to be an object (a values file, a kustomization without a kind)."""
    if isinstance(document, msgspec.Raw):
        try:
            head = _HEADS.decode(document)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return False
        return head.kind is None and head.api_version is None
    return not isinstance(document, list) and not (
        isinstance(document, dict) and {"kind", "apiVersion"} & document.keys()
    )


def _newer(before: Object, after: Object) -> Object:
    one, two = before.metadata, after.metadata
    versions = (one.resource_version, two.resource_version)
    if one.uid == two.uid and all(
        version.isascii() and version.isdigit() and len(version) < 40 for version in versions
    ):
        return before if int(versions[0]) > int(versions[1]) else after
    return after


def _files(tree: Tree, folder: str, depth: int) -> list[str]:
    """The files to read below a folder; hidden ones and linked folders are left out."""
    found: list[str] = []
    for entry in tree.names(folder):
        path = f"{folder.rstrip('/')}/{entry}"
        kind = None if entry.startswith(".") else tree.kind(path)
        if kind == "directory" and depth < _DEEPEST_FOLDER:
            found += _files(tree, path, depth + 1)
        elif kind in {"file", "link"} and entry.endswith(_SUFFIXES):
            found.append(path)
        if len(found) > _MOST_FILES:
            raise LimitError(f"more than {_MOST_FILES:,} files", place=Place(folder), remedy="give a smaller folder")
    return found
