"""Decodes one Kubernetes object, given as JSON text or as a parsed value, into its slim struct.

What is right is decoded straight from the text. Go writes ``null`` for empty lists, maps and times, and reads null as
the zero value (API conventions, "Optional vs. Required"), so where decoding fails it is tried again with nulls
resolved that way: a null field is absent, a null in a list is an empty object, a null label is an empty text. What
fails then has the wrong shape: a gap, and the other objects go on.

Old API groups that differ from the served ones only in name are accepted; two old shapes are brought to the present
one: the backends of Ingress before networking.k8s.io/v1, and the empty selector of policy/v1beta1, which selects
nothing where that of policy/v1 selects everything (deprecation guide, v1.22 and v1.25).
"""

from __future__ import annotations

import json

import msgspec

from oakum.fleet.assets import Gap
from oakum.fleet.cluster.objects import Object
from oakum.fleet.cluster.snapshot import KINDS

Raw = bytes | msgspec.Raw

#: etcd takes no object above 1.5 MiB; indented JSON is several times longer.
LARGEST_OBJECT = 16 << 20
#: Labels, and annotations, of one object; each must still fit into etcd's limit.
MOST_LABELS = 10_000
_DEEPEST = 100

#: Kinds that stand outside of namespaces.
CLUSTER_WIDE = frozenset(
    {
        "Node", "Namespace", "ClusterRole", "ClusterRoleBinding", "IngressClass", "GatewayClass",
        "AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy",
    }
)  # fmt: skip
#: Groups in which kinds were served before they moved to their present group.
_FORMER_GROUPS = {
    "extensions": frozenset({"Ingress", "Deployment", "DaemonSet", "ReplicaSet", "NetworkPolicy"}),
}
_BY_KIND = {entry[2]: entry for entry in KINDS}
_DECODERS = {entry[2]: msgspec.json.Decoder(type_) for entry, type_ in KINDS.items()}
_MAPS = frozenset({"labels", "annotations", "matchLabels", "nodeSelector"})
_REMEDY = "look at the object with kubectl get -o yaml; if it is right, report it as an error of Oakum"


def kind_of(api_version: str, kind: str) -> tuple[str, str, str] | None:
    """The key of ``KINDS`` (group, resource, kind) that an object's own words mean; None where it is not read."""
    entry = _BY_KIND.get(kind)
    if entry is None:
        return None
    group = api_version.rpartition("/")[0]
    if group == entry[0] or kind in _FORMER_GROUPS.get(group, ()):
        return entry
    return None


def decode_item(kind: str, raw: Raw, *, api_version: str = "", where: str = "") -> Object | Gap:
    """One object of a kind of ``KINDS`` from its JSON text, or the gap that says why it could not be read.

    ``api_version`` is that of the list, for items that do not repeat it; ``where`` names the item where it has no name
    ("item 3 of FILE").
    """
    size = memoryview(raw).nbytes
    if size > LARGEST_OBJECT:
        return unread(kind, where, f"{size:,} bytes, more than any object may have ({LARGEST_OBJECT:,})")
    try:
        found = _DECODERS[kind].decode(raw)
        if not _outdated(kind, found.api_version or api_version):
            return _completed(kind, found, api_version, where)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        pass  # the second way says what is wrong, if anything is
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeError) as error:
        return unread(kind, where, f"not valid JSON: {error}")
    except RecursionError:
        return unread(kind, where, "nested too deeply")
    return decode_value(kind, value, api_version=api_version, where=where)


def decode_value(kind: str, value: object, *, api_version: str = "", where: str = "") -> Object | Gap:
    """One object of a kind of ``KINDS`` from its parsed value (of YAML, or of a request); else as ``decode_item``."""
    named = where
    try:
        named = _named(value) or where
        tidy = _without_nulls(value, 0)
        if isinstance(tidy, dict):
            version = tidy.get("apiVersion") or api_version
            if isinstance(version, str) and _outdated(kind, version):
                _modernise(kind, tidy)
        found = msgspec.convert(tidy, _DECODERS[kind].type)
    except msgspec.ValidationError as error:
        return unread(kind, named, f"not of the expected shape: {error}")
    except UnicodeError as error:
        return unread(kind, named, f"not a text: {error}")
    except RecursionError:
        return unread(kind, named, "nested too deeply")
    return _completed(kind, found, api_version, where)


def flaw(raw: Raw) -> str:
    """Why a text, although it was decoded, does not mean the same to every reader of JSON; "" where it does.

    That is a key that stands twice in one object (RFC 8259 section 4), or what is no JSON in a part that is not read.
    An API server writes neither, so a cheap look comes first: a text whose keys are all different has as many colons as
    what it decodes to.
    """
    text = bytes(raw)
    try:
        if text.count(b":") != msgspec.json.encode(msgspec.json.decode(text)).count(b":"):
            json.loads(text, object_pairs_hook=_once, parse_int=len, parse_float=len)
    except _RepeatedError as error:
        return f"the key {str(error)!r} stands twice in one object, and readers differ on which counts"
    except (msgspec.MsgspecError, UnicodeError) as error:
        return f"not valid JSON: {error}"
    except RecursionError:
        return "nested too deeply"
    return ""


class _RepeatedError(Exception):
    """A key that stands twice."""


def _once(pairs: list[tuple[str, object]]) -> None:
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            raise _RepeatedError(key)
        seen.add(key)


def unread(kind: str, which: str, why: str) -> Gap:
    """The gap that one object leaves; ``which`` is its namespace and name, or its place in the input."""
    return Gap("unread-objects", f"{kind} {which}".rstrip(), why, _REMEDY)


def _completed(kind: str, found: Object, api_version: str, where: str) -> Object | Gap:
    """Fills what items of lists leave out, and refuses what no API server would have stored."""
    meta = found.metadata
    if not meta.name:
        return unread(kind, where, "it has no metadata.name")
    if "/" in meta.name or "/" in meta.namespace or not (meta.name + meta.namespace).isprintable():
        return unread(kind, where, "its name or namespace holds a character that no name may have")
    which = f"{meta.namespace}/{meta.name}" if meta.namespace else meta.name
    if len(meta.labels) > MOST_LABELS or len(meta.annotations) > MOST_LABELS:
        count = max(len(meta.labels), len(meta.annotations))
        return unread(kind, which, f"{count:,} labels or annotations, more than any object may have ({MOST_LABELS:,})")
    namespace = "" if kind in CLUSTER_WIDE else meta.namespace or "default"
    changes: dict[str, object] = {}
    if namespace != meta.namespace:
        changes["metadata"] = msgspec.structs.replace(meta, namespace=namespace)
    if found.kind != kind:
        if found.kind:
            return unread(kind, which, f"its kind is {found.kind!r}")
        changes["kind"] = kind
    if not found.api_version:
        changes["api_version"] = api_version or _default_version(kind)
    return msgspec.structs.replace(found, **changes) if changes else found


def _default_version(kind: str) -> str:
    group = _BY_KIND[kind][0]
    return f"{group}/v1" if group else "v1"


def _named(value: object) -> str:
    """Namespace and name of a value, as far as it tells them."""
    meta = value.get("metadata") if isinstance(value, dict) else None
    parts = [meta.get("namespace"), meta.get("name")] if isinstance(meta, dict) else []
    texts = (part[:300].encode(errors="backslashreplace").decode() for part in parts if isinstance(part, str))
    return "/".join(text for text in texts if text)


def _without_nulls(value: object, depth: int) -> object:
    """The value as if fields that are null were absent. Raises UnicodeError for half a surrogate pair, which JSON lets
    be written and which is no character."""
    if depth > _DEEPEST:
        raise RecursionError
    if isinstance(value, dict):
        return {
            _text(key): _with_empty_texts(each) if key in _MAPS else _without_nulls(each, depth + 1)
            for key, each in value.items()
            if each is not None
        }
    if isinstance(value, list):
        return [{} if each is None else _without_nulls(each, depth + 1) for each in value]
    return _text(value)


def _with_empty_texts(value: object) -> object:
    if not isinstance(value, dict):
        return _text(value)
    return {_text(key): "" if each is None else _text(each) for key, each in value.items()}


def _text(value: object) -> object:
    if isinstance(value, str) and not value.isascii():
        value.encode()
    return value


def _outdated(kind: str, api_version: str) -> bool:
    """Whether an object of this version has a shape of its own."""
    if kind == "Ingress":
        return api_version.endswith("/v1beta1")
    return kind == "PodDisruptionBudget" and api_version == "policy/v1beta1"


def _modernise(kind: str, tidy: dict[str, object]) -> None:
    spec = tidy.get("spec")
    if not isinstance(spec, dict):
        return
    if kind == "PodDisruptionBudget":
        selector = spec.get("selector")
        if isinstance(selector, dict) and not any(selector.values()):
            del spec["selector"]
        return
    if "backend" in spec:
        spec["defaultBackend"] = _backend(spec["backend"])
    rules = spec.get("rules")
    for rule in rules if isinstance(rules, list) else ():
        http = rule.get("http") if isinstance(rule, dict) else None
        paths = http.get("paths") if isinstance(http, dict) else None
        for path in paths if isinstance(paths, list) else ():
            if isinstance(path, dict) and "backend" in path:
                path["backend"] = _backend(path["backend"])


def _backend(old: object) -> object:
    """``{serviceName, servicePort}`` as ``{service: {name, port: {number or name}}}``."""
    if not isinstance(old, dict) or "serviceName" not in old:
        return old
    port = old.get("servicePort", 0)
    return {"service": {"name": old["serviceName"], "port": {"name" if isinstance(port, str) else "number": port}}}
