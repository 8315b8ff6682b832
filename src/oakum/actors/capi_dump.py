"""Reads the objects of Cluster API from a dump as a request gives it: a value or a text.

Of Clusters, MachineSets, and kubeadm's control planes and templates the API versions v1beta1 and v1beta2 are known; any
other makes the question not assessable, because its fields may mean anything. Objects of other kinds are kept as they
are: a cluster may refer to them. Lists may hold lists, and a typed list may leave kind and API version to itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from oakum.actors.capi_objects import BOOTSTRAP, CONTROL_PLANE, CORE, Cluster, MachineSet, Objects, Other, named
from oakum.errors import InputError, NotAssessableError, Place
from oakum.fleet.cluster.dump_text import Parsed, documents
from oakum.fleet.cluster.objects import Meta

_VERSIONS = ("v1beta1", "v1beta2")
#: Kinds of which only some API versions are known here, and their groups.
_STRICT = {
    "Cluster": CORE,
    "MachineSet": CORE,
    "KubeadmControlPlane": CONTROL_PLANE,
    "KubeadmConfigTemplate": BOOTSTRAP,
}
_DEEPEST_LIST = 3
#: Of a text that comes from outside so much is shown.
_SHOWN = 60


def read(dump: Mapping[str, object] | Sequence[object] | str) -> Objects:
    """The objects of a dump: a List, a list of objects, one object, or any of them as JSON or YAML text.

    Raises InputError naming the object, NotAssessableError where an API version is unknown.
    """
    machine_sets: list[MachineSet] = []
    clusters: list[Cluster] = []
    others: list[Other] = []
    for item in _items(dump):
        kind, group = _told(item)
        try:
            if (kind, group) == ("MachineSet", CORE):
                machine_sets.append(msgspec.convert(item, MachineSet))
            elif (kind, group) == ("Cluster", CORE):
                clusters.append(msgspec.convert(item, Cluster))
            else:
                meta = _meta(item)
                others.append(Other(group, kind, meta.namespace, meta.name, item))
        except msgspec.ValidationError as error:
            place = Place(field=_called(kind, item))
            raise InputError(f"not of the expected shape: {error}", place=place, remedy="mend the object") from None
    return Objects(machine_sets, clusters, others)


def _told(item: Mapping[str, object]) -> tuple[str, str]:
    """Kind and group of an object. Raises NotAssessableError for an API version that is unknown here."""
    kind, api_version = item.get("kind"), item.get("apiVersion", "")
    if not isinstance(kind, str) or not isinstance(api_version, str):
        raise InputError("no kind", place=Place(field="dump"), remedy="every object needs kind and apiVersion")
    group, _, version = api_version.rpartition("/")
    known = _STRICT.get(kind)
    if known is not None and group in (known, "") and version not in _VERSIONS:
        raise NotAssessableError(
            f"not assessable: {kind} {api_version[:_SHOWN] or 'without apiVersion'} is unknown",
            place=Place(field=_called(kind, item)), remedy=f"give it in {known}/{_VERSIONS[-1]}",
        )  # fmt: skip
    return kind, group


def _items(dump: Mapping[str, object] | Sequence[object] | str) -> Iterator[dict[str, object]]:
    if not isinstance(dump, str):
        yield from _opened(dump, "dump", "", "", 0)
        return
    for document in documents(dump.encode(errors="replace"), name="the request's dump"):
        yield from _opened(_parsed(document), "dump", "", "", 0)


def _parsed(document: msgspec.Raw | Parsed) -> object:
    if isinstance(document, Parsed):
        return document.value
    try:
        return msgspec.json.decode(document)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"not valid JSON: {error}", place=Place(field="dump"), remedy="write it again") from None


def _opened(value: object, where: str, kind: str, version: str, depth: int) -> Iterator[dict[str, object]]:
    """The objects of a value; the items of a typed list may leave kind and API version to it."""
    items: object = value
    if isinstance(value, dict):
        named = value.get("kind") or kind
        if "items" not in value or not isinstance(named, str) or (named and not named.endswith("List")):
            whole = {"kind": kind, "apiVersion": version, **_tidy(value)}
            yield {key: each for key, each in whole.items() if each != "" or key not in ("kind", "apiVersion")}
            return
        items = [] if value["items"] is None else value["items"]
        kind = named.removesuffix("List")
        api_version = value.get("apiVersion")
        version = api_version if kind and isinstance(api_version, str) else ""
    if not isinstance(items, list) or depth >= _DEEPEST_LIST:
        raise InputError("no object", place=Place(field=where[:_SHOWN]), remedy="give a List of objects")
    for number, item in enumerate(items):
        yield from _opened(item, f"{where}[{number}]", kind, version, depth + 1)


def _tidy(value: Mapping[str, object]) -> dict[str, object]:
    """An object without nulls, which Go writes for parts that are empty."""
    return {
        str(key): _tidy(each) if isinstance(each, dict) else each for key, each in value.items() if each is not None
    }


class _Named(msgspec.Struct):
    metadata: Meta = Meta()


def _meta(item: Mapping[str, object]) -> Meta:
    try:
        return msgspec.convert(item, _Named).metadata
    except msgspec.ValidationError:
        return Meta()


def _called(kind: str, item: Mapping[str, object]) -> str:
    return named(kind[:_SHOWN], _meta(item))
