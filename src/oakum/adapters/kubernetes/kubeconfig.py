"""Which API server is asked, and as whom: kubeconfig files as kubectl merges them, or the pod's own account.

Rules (kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig): ``KUBECONFIG`` is a list of
files, of which the first to name a context, cluster, user or current context wins; without it ``~/.kube/config``;
where there is no such file and we run in a pod, the pod's service account. Relative paths are relative to the file in
which they stand. Unlike kubectl, a ``KUBECONFIG`` of which no file exists is an error: whoever named a cluster shall
not scan another one by mistake.

The models are lightkube's, with the fields that it leaves out. ``insecure-skip-tls-verify`` is honoured, since the
owner of the file wrote it there, and is said wherever the snapshot's source is shown (see ``Access.source``).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from lightkube.config import models

from oakum.errors import InputError, OakumError, Place, UsageError
from oakum.fleet.yaml_events import values

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_LARGEST = 16 << 20
_DEEPEST = 32
_REMEDY = "look at it with kubectl config view"

T = TypeVar("T", bound=msgspec.Struct)


class Cluster(models.Cluster, omit_defaults=True):
    """A cluster entry: lightkube's, with the server's name in its certificate and the proxy before it."""

    tls_server_name: str = msgspec.field(default="", name="tls-server-name")
    proxy_url: str = msgspec.field(default="", name="proxy-url")


class Plugin(models.UserExec, omit_defaults=True):
    """An exec plugin: lightkube's, with what decides about standard input and what the plugin is told."""

    interactive_mode: str = msgspec.field(default="IfAvailable", name="interactiveMode")
    provide_cluster_info: bool = msgspec.field(default=False, name="provideClusterInfo")


class User(models.User, omit_defaults=True):
    """A user entry: lightkube's, with impersonation."""

    exec: Plugin | None = None
    impersonate: str = msgspec.field(default="", name="as")
    impersonate_uid: str = msgspec.field(default="", name="as-uid")
    impersonate_groups: list[str] = msgspec.field(default_factory=list, name="as-groups")
    impersonate_extra: dict[str, list[str]] = msgspec.field(default_factory=dict, name="as-user-extra")


class Access(msgspec.Struct, frozen=True):
    """An API server and who asks it. ``name`` is the context; paths in both entries are absolute."""

    name: str
    cluster: Cluster
    user: User

    @property
    def verified(self) -> bool:
        """Whether the server must prove who it is; an authority that is named is used in spite of ``insecure``."""
        return not self.cluster.insecure or bool(self.cluster.certificate_auth or self.cluster.certificate_auth_data)

    @property
    def source(self) -> str:
        """Who answers, for ``Snapshot.source``: it says so where nobody checked who that is."""
        doubt = "" if self.verified else ", identity of the server not verified (insecure-skip-tls-verify)"
        return f"live cluster {self.name}{doubt}"


class _Config(msgspec.Struct):
    """The entries of one or more files, with their values not looked at yet."""

    current: str
    contexts: dict[str, tuple[Any, Path]]
    clusters: dict[str, tuple[Any, Path]]
    users: dict[str, tuple[Any, Path]]


def choose(
    context: str | None, environment: Mapping[str, str], home: Path, *, service_account: Path = SERVICE_ACCOUNT
) -> Access:
    """The access that a context gives; None is the current one, or the pod's own.

    Raises UsageError where nothing is configured or the context is unknown, InputError for a bad file.
    """
    named = [Path(part).expanduser() for part in environment.get("KUBECONFIG", "").split(":") if part]
    files = [path for path in named or [home / ".kube" / "config"] if path.exists()]
    if files:
        return _access(_merged(files), context)
    if named:
        raise UsageError(
            f"none of the files in KUBECONFIG exists: {', '.join(map(str, named))}",
            remedy="name a kubeconfig that exists, or unset KUBECONFIG",
        )
    if context is None and "KUBERNETES_SERVICE_HOST" in environment:
        return _in_cluster(environment, service_account)
    raise UsageError(
        "no kubeconfig: neither KUBECONFIG nor ~/.kube/config names a cluster, and this is no pod",
        remedy="set KUBECONFIG to a file that names the cluster, or scan a dump with --from",
    )


def _in_cluster(environment: Mapping[str, str], folder: Path) -> Access:
    host, port = environment["KUBERNETES_SERVICE_HOST"], environment.get("KUBERNETES_SERVICE_PORT", "443")
    for name in ("token", "ca.crt"):
        if not (folder / name).is_file():
            raise InputError(
                f"this pod has no file {folder / name}, so nothing says who it is",
                remedy="mount a service account token (automountServiceAccountToken), or set KUBECONFIG",
            )
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    cluster = Cluster(server=server, certificate_auth=str(folder / "ca.crt"))
    return Access("in-cluster", cluster, User(token_file=str(folder / "token")))


def _merged(files: Iterable[Path]) -> _Config:
    whole = _Config("", {}, {}, {})
    for path in files:
        one = _read(path)
        whole.current = whole.current or one.current
        whole.contexts = one.contexts | whole.contexts
        whole.clusters = one.clusters | whole.clusters
        whole.users = one.users | whole.users
    return whole


def _read(path: Path) -> _Config:
    place = Place(str(path))
    try:
        if path.stat().st_size > _LARGEST:
            raise InputError(f"larger than {_LARGEST >> 20} MB", place=place, remedy="name a kubeconfig")
        text = path.read_text(encoding="utf-8-sig")
        documents = list(values(text, str(path), deepest=_DEEPEST))
    except OakumError as error:
        raise error.within(str(path)) from None
    except UnicodeDecodeError:
        raise InputError("is not UTF-8 text", place=place, remedy="name a kubeconfig") from None
    except OSError as error:
        raise InputError(error.strerror or str(error), place=place, remedy="name a readable kubeconfig") from None
    if not documents:
        return _Config("", {}, {}, {})
    document = documents[0]
    if len(documents) > 1 or not isinstance(document, dict) or document.get("kind") not in (None, "", "Config"):
        raise InputError("is no kubeconfig", place=place, remedy="name a file of kind Config")
    current = document.get("current-context") or ""
    if not isinstance(current, str):
        raise InputError("is no text", place=Place(str(path), field="current-context"), remedy=_REMEDY)
    parts = {part: _entries(document, part, path) for part in ("contexts", "clusters", "users")}
    return _Config(current, **parts)


def _entries(document: dict[str, Any], part: str, path: Path) -> dict[str, tuple[Any, Path]]:
    found: dict[str, tuple[Any, Path]] = {}
    listed = document.get(part) or []
    for entry in listed if isinstance(listed, list) else [None]:
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or not isinstance(name, str):
            raise InputError("is no list of named entries", place=Place(str(path), field=part), remedy=_REMEDY)
        found.setdefault(name, (entry.get(part[:-1]), path))
    return found


def _access(config: _Config, context: str | None) -> Access:
    name = context if context is not None else config.current
    known = ", ".join(sorted(config.contexts)) or "none"
    if not name:
        raise UsageError("the kubeconfig has no current context", remedy=f"name one as cluster:CONTEXT: {known}")
    if name not in config.contexts:
        raise UsageError(f"no context named {name!r} in the kubeconfig", remedy=f"name one of: {known}")
    chosen, file = _converted(config.contexts, name, models.Context, "contexts")
    if chosen.cluster not in config.clusters:
        raise InputError(
            f"context {name!r} names the cluster {chosen.cluster!r}, which no kubeconfig has",
            place=Place(str(file)),
            remedy=_REMEDY,
        )
    if chosen.user and chosen.user not in config.users:
        raise InputError(
            f"context {name!r} names the user {chosen.user!r}, which no kubeconfig has",
            place=Place(str(file)),
            remedy=_REMEDY,
        )
    cluster, file = _converted(config.clusters, chosen.cluster, Cluster, "clusters")
    cluster.certificate_auth = _absolute(cluster.certificate_auth, file)
    _must_be_base64(cluster.certificate_auth_data, file, "certificate-authority-data")
    user = User()
    if chosen.user:
        user, file = _converted(config.users, chosen.user, User, "users")
        user.client_cert = _absolute(user.client_cert, file)
        user.client_key = _absolute(user.client_key, file)
        user.token_file = _absolute(user.token_file, file)
        _must_be_base64(user.client_cert_data, file, "client-certificate-data")
        _must_be_base64(user.client_key_data, file, "client-key-data")
        if user.exec and "/" in user.exec.command:
            user.exec.command = _absolute(user.exec.command, file) or ""
    return Access(name, cluster, user)


def _converted(entries: dict[str, tuple[Any, Path]], name: str, type_: type[T], part: str) -> tuple[T, Path]:
    """An entry as its type, null fields left out, with its file. msgspec's errors name fields, never their values."""
    value, file = entries[name]
    try:
        return msgspec.convert(_without_nulls(value), type_), file
    except msgspec.ValidationError as error:
        raise InputError(str(error), place=Place(str(file), field=f"{part}: {name}"), remedy=_REMEDY) from None


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_without_nulls(each) for each in value]
    return value


def _absolute(path: str | None, file: Path) -> str | None:
    return str(file.absolute().parent / path) if path else None


def _must_be_base64(data: str | None, file: Path, field: str) -> None:
    try:
        base64.b64decode("".join((data or "").split()), validate=True)
    except (binascii.Error, ValueError):
        raise InputError("is not base64", place=Place(str(file), field=field), remedy=_REMEDY) from None
